// A network that names photos in a file to take home: a place for a picture, and the answer that the browser computes.
// `page.py` puts it there together with the modules that it needs.

import { finish, layersIn } from "./frame.js";
import { largeLabel, panel } from "../shared/answer.js";
import { readsBack } from "../shared/canvas.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { fill, onLanguage, pieces, say, translated, withArticle } from "../shared/language.js";
import { photoNamer } from "../shared/namer.js";

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

export function show(element, table) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, result, boxes, seen] = [".photo", ".result", ".boxes", ".seen"].map(find);
  const namer = photoNamer(table);
  let answer = null;
  let problem = "";
  let opening = 0; // counts the pictures chosen; the newest is the one that is wanted
  const showLayers = layersIn(element, namer.blank, (every) => answer && namer.behind(answer, every));

  async function open(file) {
    if (!file) return;
    const number = ++opening;
    const image = await createImageBitmap(file).catch(() => null);
    if (number !== opening) return image?.close();
    problem = !readsBack() ? "picture_altered" : image ? "" : "home_unreadable";
    answer = problem ? null : namer.name(shown(image));
    image?.close(); // of 48 megapixels it would hold 190 MB
    if (problem) for (const place of [canvas, seen]) place.width = place.width; // empties it: no picture of an answer that is gone
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
  finish(element, table);
}
