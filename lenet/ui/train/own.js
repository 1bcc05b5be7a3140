// A small pad beside the charts: the network that trains is asked about the visitor's own digit too.
//
// `sent` gets the drawing as a data: address, or "" for an empty pad, a moment after the last stroke's change.

import { padOn } from "../draw/pad.js";
import { greyAddress } from "../draw/png.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { say } from "../shared/language.js";

const PAUSE = 150; // milliseconds between a change and its question
const BRUSH = { value: 20 };

export function ownDigit({ element, sent }) {
  const part = element.querySelector(".own-part");
  const bars = part.querySelector(".own-bars");
  let timer = 0;

  const pad = padOn(part.querySelector("canvas"), { brush: BRUSH, changed: plan, ended: plan });
  part.querySelector(".own-clear").addEventListener("click", () => pad.show({}));

  function plan() {
    part.classList.toggle("drawn", !pad.empty);
    clearTimeout(timer);
    timer = setTimeout(async () => sent(await address()), PAUSE);
  }

  async function address() {
    if (pad.empty) return "";
    const { data, width, height } = pad.grey();
    return greyAddress(data, width, height);
  }

  for (let digit = 0; digit < 10; digit += 1) {
    bars.append(make("li", {}, make("b", { textContent: digit }), make("span", { className: "bar" })));
  }

  return {
    address,
    // The bars of a run; without them the pad waits.
    show(run) {
      part.hidden = !run?.digits;
      const probs = pad.empty ? null : run?.drawn;
      const likeliest = probs ? probs.indexOf(Math.max(...probs)) : -1;
      [...bars.children].forEach((bar, digit) => {
        bar.classList.toggle("likeliest", digit === likeliest);
        bar.style.setProperty("--part", probs ? probs[digit] : 0);
        bar.title = probs ? `${digit}: ${percent(probs[digit])}` : "";
      });
      const why = pad.empty ? "own_why" : run?.replay && !run.replay.live ? "own_replayed" : probs ? "own_said" : "own_waits";
      part.querySelector(".own-told").textContent = say(why, { digit: likeliest, percent: probs ? percent(probs[likeliest], 0) : "" });
    },
  };
}
