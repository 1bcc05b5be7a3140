// Why a photo got its answer.  Only what is open and in view is asked for, one question at a time.

import { openCloseup } from "./closeup.js";
import { onTheme } from "./colours.js";
import { make } from "./elements.js";
import { signed } from "./format.js";
import { language, onLanguage, say, sayAll, spoken, translated } from "./language.js";
import { layers } from "./layers.js";
import { onAnswer } from "../photo/answer.js";

export function mount({ element, props, server }) {
  const find = (selector) => element.querySelector(selector);
  const [weighed, inside, every, scene] = [".weighed", ".inside", ".every", ".scene"].map(find);
  const [under, heat, legend, sums] = [".under", ".heat", ".legend", ".sums"].map(find);
  const painted = layers(element, enlarge);

  let layersOf = null; // the question that the layers on the page answer
  let question = null; // about the photo whose answer is on the page
  let number = 0; // of that question
  let known = ""; // the number of the question, and the parts of it, that were last answered
  let looking = false;
  const inView = new Set();

  // What stands there as long as nothing is known of an answer.
  function rest() {
    sayLegend("photo_why_for_any", "photo_why_against_any");
    sums.textContent = say("why_strong");
  }

  function sayLegend(plus, minus, values) {
    const line = (kind, key) => make("span", {}, make("i", { className: `swatch ${kind}` }), say(key, values));
    legend.replaceChildren(line("for", plus), " ", line("against", minus));
  }

  // The Photo tab asks anew in the new language, and then so does this.
  onLanguage(element, rest);

  function ask({ example = false, ...next }) {
    element.querySelector(".behind").classList.toggle("example", example);
    question = next;
    number += 1;
    heat.hidden = true; // it belongs to another answer
    look();
  }

  async function look() {
    const views = { why: inView.has(weighed), inside: inView.has(inside), every: every.checked };
    const wanted = [number, ...Object.values(views)].join();
    if (looking || !question || wanted === known || !(views.why || views.inside)) return;
    looking = true;
    const of = number;
    const about = question;
    const asked = server.look_at_photo({ ...about, ...views, language });
    const reply = (await asked.catch(() => null)) ?? { problem: say("photo_no_server") };
    looking = false;
    known = wanted; // also after a problem, which asking again at once would not end
    if (of === number) show(reply, about);
    look(); // for what was asked, or came into view, meanwhile
  }

  function show(reply, about) {
    if (reply.problem) sums.textContent = spoken(reply.problem);
    if (reply.layers) {
      layersOf = about;
      painted.show(reply.layers);
    }
    if (!reply.why) return;
    const { frame, heat: colours, label, gain, loss } = reply.why;
    [under.src, heat.src] = [frame, colours];
    under.hidden = heat.hidden = false;
    sayLegend("photo_why_for", "photo_why_against", { name: translated(label) });
    sums.textContent = say("why_sums", { gain: signed(gain), loss: signed(loss) });
  }

  // A map, large; the server has the numbers from which those under the pointer came about.
  function enlarge(layer, cell) {
    const about = layersOf;
    openCloseup(layer, cell, async (map, row, column) => {
      const reply = await server.trace_photo({ ...about, layer: layer.name, map, row, column, language }).catch(() => null);
      return reply?.steps ? reply : null;
    });
  }

  find(".strength input").addEventListener("input", (event) => scene.style.setProperty("--strength", event.target.value));

  every.addEventListener("change", () => {
    painted.all(every.checked);
    look();
  });

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    look();
  });
  [weighed, inside].forEach((part) => observer.observe(part));

  // At another width, in view again, or in the dark, all is painted anew from what is known.
  new ResizeObserver(painted.paint).observe(inside);
  onTheme(painted.paint);

  sayAll(element);
  rest();
  painted.build(props.layers);
  painted.empty();
  onAnswer(ask);
}
