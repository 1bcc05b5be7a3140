// A network in a file to take home: a pad, or a place for a picture, and the answer that the browser computes.
// `page.py` puts it there together with the modules that it needs.

import { photoNamer } from "../shared/namer.js";
import { largeLabel, panel } from "../shared/answer.js";
import { exampleButtons } from "../draw/examples.js";
import { invitation } from "../draw/invitation.js";
import { padOn } from "../draw/pad.js";
import { answerOf, boxesOf, doubted, emptyAnswer, nearest, withoutDoubt } from "../draw/reading.js";
import { tools } from "../draw/tools.js";
import { readsBack } from "../shared/canvas.js";
import { onTheme } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { number, percent } from "../shared/format.js";
import { mount } from "../shared/head.js";
import { fill, onLanguage, pieces, say, sayAll, sayIn, translated, withArticle } from "../shared/language.js";
import { layers } from "../shared/layers.js";
import { digitReader } from "../shared/reader.js";
import { noStages, stagesOf } from "../shared/stages.js";

export function show(element, table, examples) {
  followTheme();
  const values = { model: table.model, parameters: number(table.parameters), date: table.made };
  const tested = table.accuracy !== null;
  if (tested) values.accuracy = percent(table.accuracy);
  sayIn(element.querySelector(".about"), tested ? "home_network_tested" : "home_network", values);
  (table.input.shape[0] === 1 ? digits : photos)(element, table, examples);
  sayAll(element);
  mount({ element, trigger: () => {}, props: { tabs: [] } });
}

function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

// The layers of the answer, and whether all of them are shown.
function layersIn(element, blank, behind) {
  const painted = layers(element);
  const every = element.querySelector(".every");
  const show = () => {
    const found = behind(every.checked);
    if (found) painted.show(found);
    else painted.empty();
  };
  every.addEventListener("change", () => {
    painted.all(every.checked);
    show();
  });
  painted.build(blank);
  painted.empty();
  new ResizeObserver(painted.paint).observe(element.querySelector(".behind"));
  onTheme(painted.paint);
  return show;
}

// --- digits --------------------------------------------------------------------------------------------------

function digits(element, table, examples) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, result, boxes, steps] = [".pad", ".result", ".boxes", ".steps"].map(find);
  const reader = digitReader(table);
  let [found, marks] = [[], []]; // what is on the pad
  let place = null; // [x, y], parts of the pad: of the digit that a person chose
  let certain = false; // a person has said that the drawing shows digits
  let waiting = false; // for the next frame

  const pad = padOn(canvas, { brush: find(".brush input"), eraser: find(".eraser"), changed, ended: changed });
  const followPad = tools(element, pad);
  const invited = invitation(find(".sheet"));
  const chosen = () => nearest(found.map(({ digit }) => digit), place ?? pad.last);
  const showLayers = layersIn(element, reader.blank, (every) => found.length && reader.behind(found[chosen()], { every }).layers);

  function changed() {
    invited.remove();
    followPad();
    place = null;
    if (pad.empty) certain = false;
    if (!waiting) requestAnimationFrame(read);
    waiting = true;
  }

  function read() {
    waiting = false;
    ({ found, marks } = pad.empty ? { found: [], marks: [] } : reader.read(pad.grey()));
    render();
  }

  function render() {
    const held = [...result.querySelectorAll("button")].indexOf(document.activeElement); // under the keyboard
    const plain = found.map(({ digit }) => digit);
    const told = { digits: certain ? plain.map((digit) => withoutDoubt(digit, table.limits.unsure)) : plain, marks };
    const { drawing } = pad;
    const answer = () => answerOf(told, chosen(), { certain: plain.some(doubted) ? certain : undefined, drawing });
    result.replaceChildren(found.length ? answer() : emptyAnswer(table.classes, reader.knowsNonDigits));
    boxes.replaceChildren(...(found.length ? boxesOf(told, chosen(), drawing) : []));
    result.querySelectorAll("button")[held]?.focus();
    showBehind();
  }

  function showBehind() {
    steps.replaceChildren(found.length ? stagesOf(reader.behind(found[chosen()]).stages) : noStages("draw_steps"));
    showLayers();
  }

  result.addEventListener("click", (event) => {
    const digit = [...result.querySelectorAll(".digit")].indexOf(event.target.closest(".digit"));
    if (digit >= 0) {
      const [left, top, right, bottom] = found[digit].digit.box;
      place = [(left + right) / 2, (top + bottom) / 2];
    } else if (event.target.closest(".certain")) certain = !certain;
    else return;
    render();
  });

  find(".examples").append(...exampleButtons(examples, (strokes) => pad.show({ strokes })));
  onLanguage(element, render);
  render();
}

// --- photos --------------------------------------------------------------------------------------------------

const TAUGHT_PHOTOS = "taught-photos"; // the data set of networks whose classes a person named
const LARGEST = 1024; // pixels of a picture's longer side: many times what the network sees

// What the network would say of a photo; classes that a person named, `own`, have no article.
function sentenceOf({ verdict, label, confidence, runner_up: other }, own) {
  const thing = (name) => (own ? name : withArticle(name, translated(name)).join(""));
  const sure = { thing: thing(label), percent: percent(confidence, 0) };
  if (verdict === "unknown") return say(own ? "photo_unknown_own" : "photo_unknown", { label: translated(label), percent: sure.percent });
  if (verdict === "unsure") return fill(pieces("photo_or", {}).join(""), { one: thing(label), other: thing(other) });
  return say(confidence < 0.995 ? "photo_is" : "photo_is_surely", sure);
}

function photos(element, table) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, result, boxes, seen] = [".photo", ".result", ".boxes", ".seen"].map(find);
  const namer = photoNamer(table);
  let answer = null;
  let problem = "";
  const showLayers = layersIn(element, namer.blank, (every) => answer && namer.layers(answer, every));

  async function open(file) {
    if (!file) return;
    const image = await createImageBitmap(file).catch(() => null);
    problem = !readsBack() ? "picture_altered" : image ? "" : "home_unreadable";
    answer = problem ? null : namer.name(shown(image));
    render();
  }

  // Shows a picture; returns its pixels, on white where it is transparent.
  function shown(image) {
    const scale = Math.min(1, LARGEST / Math.max(image.width, image.height));
    [canvas.width, canvas.height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  }

  function render() {
    const { probs, label = "", verdict = "blank", box, image } = answer ?? {};
    const sure = verdict !== "unknown";
    const rows = table.classes.map((name) => ({ name: translated(name), part: probs?.[name] ?? 0, best: sure && name === label }));
    const sentence = problem ? say(problem) : answer ? sentenceOf(answer, table.dataset === TAUGHT_PHOTOS) : say("home_invitation");
    result.replaceChildren(panel({ label: sure ? label : "", large: largeLabel(sure ? label : "", table.classes), sentence, rows, verdict }));
    boxes.replaceChildren();
    if (box) {
      const [left, top, right, bottom] = box.map((part) => `${(100 * part).toFixed(2)}%`);
      boxes.append(make("span", { className: "box chosen" }));
      Object.assign(boxes.firstChild.style, { left, top, width: `calc(${right} - ${left})`, height: `calc(${bottom} - ${top})` });
    }
    if (image) seen.getContext("2d").putImageData(image, 0, 0);
    showLayers();
  }

  for (const [button, input] of [[".choose", ".file"], [".camera", ".shot"]].map((pair) => pair.map(find))) {
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      open(input.files[0]);
      input.value = "";
    });
  }
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    open(event.dataTransfer.files[0]);
  });
  onLanguage(element, render);
  render();
}
