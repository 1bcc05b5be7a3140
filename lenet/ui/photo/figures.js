// What a network says of a photo, in words and figures: from the facts of messages.py to elements.

import { answering, bar, largeLabel, panel } from "../shared/answer.js";
import { make } from "../shared/elements.js";
import { percent, short } from "../shared/format.js";
import { say, spoken, translated, withArticle } from "../shared/language.js";

const FIRST = 3; // bars of a card
const SURELY = 0.995; // from here on a confidence would read 100%

const likeliest = ({ probs }) => Object.entries(probs).sort(([, one], [, other]) => other - one);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// What the network would say, in words.  Things have an article; `known` are those that do, and what a visitor has named
// stands as they wrote it.
export function sentence(answer, known) {
  const { label, confidence, verdict } = answer;
  const thing = (name) => (known.includes(name) ? withArticle(name, translated(name)).join("") : name);
  if (verdict === "unknown") {
    const key = known.includes(label) ? "photo_unknown" : "photo_unknown_own";
    return say(key, { label: translated(label), percent: percent(confidence, 0) });
  }
  if (verdict === "sure") return say(confidence < SURELY ? "photo_is" : "photo_is_surely", { thing: thing(label), percent: percent(confidence, 0) });
  const [[one], [other]] = likeliest(answer);
  return say("photo_or", { one: capital(thing(one)), other: thing(other) });
}

const isNone = ({ verdict }) => verdict === "unknown";

const who = (network) => network && answering(network);

// The answer of `network`, a `PhotoNetwork`, large, what is said of it, and every class's probability; `known` as for
// `sentence`.
export function large(answer, network, known) {
  const { label, probs, verdict } = answer;
  const best = isNone(answer) ? "" : label;
  return panel({
    who: who(network),
    label: best,
    large: largeLabel(best, Object.keys(probs)),
    sentence: sentence(answer, known),
    rows: Object.entries(probs).map(([name, part]) => ({ name: translated(name), part, best: name === best })),
    verdict,
  });
}

// The same before there is anything to answer, of the same size.
export function empty(network) {
  return panel({
    who: who(network) ?? "",
    label: "",
    large: largeLabel("", network.classes),
    sentence: say("photo_empty"),
    rows: network.classes.map((name) => ({ name: translated(name), part: 0, best: false })),
    verdict: "blank",
  });
}

// A card for a network, `PhotoNetwork` of messages.py, without an answer yet.
export function card({ key, caption, parameters, accuracy }) {
  const counted = { parameters: short(parameters) };
  const facts = accuracy === null ? say("photo_facts", counted) : say("photo_facts_tested", { ...counted, accuracy: percent(accuracy) });
  const said = make("span", { className: "said" }, ...noAnswer());
  const title = make("span", { className: "title" }, spoken(caption));
  return make("button", { type: "button", className: "card", "data-network": key }, title, make("span", { className: "facts" }, facts), said);
}

const bars = (rows, properties = {}) => make("span", { className: "bars", ...properties }, ...rows);

// What a card says before there is a photo, in the room of what it will say.
function noAnswer() {
  const rows = Array.from({ length: FIRST }, () => bar("\u00a0", 0, false));
  return [make("span", { className: "named" }, make("b", {}, "?")), make("span", { className: "took" }), bars(rows, { "aria-hidden": "true" })];
}

const milliseconds = (taken) => taken.toFixed(taken < 9.95 ? 1 : 0);

// What a card says: the answer, how sure, how long it took, and the likeliest classes.
export function cardSaid({ answer, milliseconds: taken }, known) {
  const { label, confidence, verdict } = answer;
  const called = translated(label);
  const name = { sure: called, unsure: say("photo_perhaps", { label: called }), unknown: say(known.includes(label) ? "photo_none" : "teach_none") }[verdict];
  const rows = likeliest(answer).slice(0, FIRST);
  return [
    make("span", { className: `named ${verdict}` }, make("b", {}, name), ...(isNone(answer) ? [] : [" ", make("i", {}, percent(confidence, 0))])),
    make("span", { className: "took", title: say("photo_took_why") }, say("photo_took", { milliseconds: milliseconds(taken) })),
    bars(rows.map(([one, part]) => bar(translated(one), part, one === label && !isNone(answer)))),
  ];
}

// The very picture that the network got, to be shown large: the last of its stages.
export function seen({ image, shape: [height, width] }) {
  return make("img", { src: image, alt: say("photo_seen", { width, height }) });
}

// Which parts of the photo were looked at, and what each was taken for.
export function crops(found, photo) {
  const said = found.length > 1 ? say("photo_crops", { count: found.length }) : say("photo_one_crop");
  const shown = found.length > 1 ? found.map((one) => crop(one, photo)) : [];
  return [make("p", { className: "hint" }, said), make("div", { className: "views" }, ...shown)];
}

// Where a background begins, in CSS's percent: of the room that is left.
const position = (start, length) => (length < 1 ? (100 * start) / (1 - length) : 0);

// How a thumbnail is cut from the photo, which shared/style.css knows as --photo.
export function cut([left, top, right, bottom], { width, height }) {
  const [wide, high] = [right - left, bottom - top];
  const percents = (...numbers) => numbers.map((part) => `${part.toFixed(2)}%`).join(" ");
  return {
    aspectRatio: `${(wide * width).toFixed(0)}/${(high * height).toFixed(0)}`,
    backgroundSize: percents(100 / wide, 100 / high),
    backgroundPosition: percents(position(left, wide), position(top, high)),
  };
}

function crop({ box, mirrored, padded, label, confidence, weight }, photo) {
  const said = say("photo_crop", { label: translated(label), percent: percent(confidence, 0) });
  let described = said;
  if (mirrored) described = say("photo_crop_mirrored", { crop: described });
  if (padded) described = say("photo_crop_whole", { crop: described });
  const thumbnail = make("i", { role: "img", "aria-label": described });
  Object.assign(thumbnail.style, cut(box, photo));
  const counts = say("photo_counts", { part: percent(weight, 0) });
  return make(
    "figure",
    { className: "view" },
    make("span", { className: mirrored ? "look mirrored" : "look" }, thumbnail),
    make("figcaption", {}, make("b", {}, said), make("br"), counts),
  );
}

// A button for an example, with its picture small.
export function example([name, address]) {
  const key = `photo_example_${name}`;
  const picture = make("img", { src: address, alt: "" });
  return make("button", { type: "button", className: "example", "data-example": name, "data-say-title": key, "data-say-label": key }, picture);
}
