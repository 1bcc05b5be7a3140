// What invites to draw on an empty pad: a dotted digit that draws itself once, and a sentence.

import { make, makeSvg } from "../shared/elements.js";
import { say } from "../shared/language.js";

const TWO = "M88 104C88 40 188 40 188 100C188 138 128 172 92 214L194 214";

// Laid over `sheet`; a path without dots uncovers the dotted one.
export function invitation(sheet) {
  const uncovered = makeSvg("mask", { id: "invitation-drawn", maskUnits: "userSpaceOnUse" }, makeSvg("path", { class: "drawn", d: TWO, pathLength: 1 }));
  const dots = makeSvg("path", { class: "dots", d: TWO, mask: "url(#invitation-drawn)" });
  const sentence = make("p", { textContent: say("draw_here") });
  sentence.dataset.say = "draw_here";
  const made = make("div", { className: "invitation", "aria-hidden": "true" }, makeSvg("svg", { viewBox: "0 0 280 280" }, uncovered, dots), sentence);
  sheet.append(made);
  return made;
}
