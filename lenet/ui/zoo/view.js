// The zoo's list of networks; report/view.js shows the chosen one.

import { make } from "../shared/elements.js";
import { language, onLanguage, say } from "../shared/language.js";
import { pause, report, warning } from "../report/view.js";
import { family } from "./list.js";

export function mount({ element, trigger, props, server, watch }) {
  const shown = report({ element, server });
  const list = element.querySelector(".families");

  let asked = 0; // counts questions for the list: only the newest one's answer is shown
  let answer = null; // the newest, see NetworkList in messages.py
  let listed = ""; // what stands in the list

  async function ask() {
    const mine = (asked += 1);
    let reply = await shown.ask("list_networks", { yours: props.value.yours });
    while (mine === asked && reply.lost) { // report/view.js says so
      await pause(reply);
      reply = await shown.ask("list_networks", { yours: props.value.yours });
    }
    if (mine !== asked) return;
    answer = reply;
    show();
  }

  function show() {
    const now = JSON.stringify([language, answer]);
    if (!answer || now === listed) return pick(shown.network); // what stands there keeps the keyboard's place
    list.replaceChildren(...(answer.families ? answer.families.map(family) : [warning(answer.problem)]));
    if (answer.gone) list.prepend(make("p", { className: "gone" }, say("list_gone", { count: answer.gone })));
    listed = now;
    pick(shown.network);
  }

  function pick(name) {
    for (const entry of element.querySelectorAll("[data-network]")) {
      const now = entry.dataset.network === name;
      entry.classList.toggle("chosen", now);
      if (entry.matches("button")) entry.setAttribute("aria-pressed", now);
    }
  }

  element.addEventListener("click", async (event) => {
    const entry = event.target.closest("[data-network]");
    if (!entry || entry.dataset.network === shown.network) return;
    pick(entry.dataset.network);
    await shown.choose(entry.dataset.network);
    const { about } = shown;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (about.getBoundingClientRect().top > innerHeight / 2) about.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  });

  // A visitor's own networks stand above the others; one that was just uploaded is shown.
  function follow() {
    if (props.value.network) shown.choose(props.value.network);
    ask();
  }

  // A file that is too large is refused before it travels: Gradio would only name its own limit.
  document.addEventListener(
    "change",
    (event) => {
      const file = event.target.matches(".upload input[type=file]") && event.target.files[0];
      if (!file || file.size <= props.largest) return;
      event.stopImmediatePropagation();
      event.target.value = "";
      trigger("refuse", { name: file.name, size: file.size });
    },
    true,
  );

  watch("value", follow);
  onLanguage(element, show);
  follow();
  // What was put to use in another tab meanwhile: asked for here, since Gradio empties a tab that it has not
  // built yet when another one updates it.
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting) trigger("seen");
  }).observe(element);
}
