// A small pad beside the charts: the network of the run that is looked at is asked about the visitor's own digit too.
//
// An answer bears its drawing's name, and one to another drawing, of before or of another page, is not shown.

import { padOn } from "../draw/pad.js";
import { greyAddress } from "../draw/png.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { say } from "../shared/language.js";

const PAUSE = 150; // milliseconds between a change and its question
const BRUSH = { value: 20 };
const ENDED = ["done", "stopped", "failed"];

// `send(run, picture)` tells the server what is on the pad, a data: address or "" for an empty one, for the run of that
// id, and gives its reply, null where there was none; `sent(run)` is called after it, and awaited.
export function ownDigit({ element, send, sent }) {
  const part = element.querySelector(".own-part");
  const bars = part.querySelector(".own-bars");
  let shown = null; // the run
  let told = { run: "", drawing: "" }; // which run the server was told of what is on the pad, and what it calls that
  let timer = 0;
  let sending = false;

  const pad = padOn(part.querySelector("canvas"), { brush: BRUSH, changed, ended: changed });
  part.querySelector(".own-clear").addEventListener("click", () => pad.show({}));

  function changed() {
    part.classList.toggle("drawn", !pad.empty);
    told = { run: "", drawing: "" };
    show(shown);
    plan();
  }

  function plan() {
    clearTimeout(timer);
    timer = setTimeout(tell, PAUSE);
  }

  // One after the other, so that the newest is what the server knows last.
  async function tell() {
    timer = 0;
    if (sending) return plan();
    if (!shown?.digits) return; // until there is a run that reads digits
    sending = true;
    const mine = (told = { run: shown.id, drawing: "" });
    const reply = await send(mine.run, await address());
    sending = false;
    if (told !== mine) return; // changed meanwhile
    if (!reply) return (told = { run: "", drawing: "" }); // once more, when there is news
    mine.drawing = reply.drawing ?? "";
    await sent(shown);
    show(shown);
  }

  async function address() {
    if (pad.empty) return "";
    const { data, width, height } = pad.grey();
    return greyAddress(data, width, height);
  }

  for (let digit = 0; digit < 10; digit += 1) {
    bars.append(make("li", {}, make("b", { textContent: digit }), make("span", { className: "bar" })));
  }

  function whyOf(run, probs) {
    if (pad.empty) return "own_why";
    if (probs) return "own_said";
    if (ENDED.includes(run?.status)) return run.network && !run.gone ? "own_asks" : "own_none";
    if (run?.replay && !run.replay.live) return "own_replayed";
    if (!["paused", "away"].includes(run?.status)) return "own_waits";
    return told.drawing ? "own_paused" : "own_asks"; // one whose state is on the server's disk answers when it goes on
  }

  // The bars of a run; without them the pad waits.
  function show(run) {
    shown = run;
    part.hidden = !run?.digits;
    if (run?.digits && !pad.empty && told.run !== run.id && !timer) plan();
    const drawn = !pad.empty && told.drawing && run?.drawn?.drawing === told.drawing;
    const probs = drawn ? run.drawn.probs : null;
    const likeliest = probs ? probs.indexOf(Math.max(...probs)) : -1;
    [...bars.children].forEach((bar, digit) => {
      bar.classList.toggle("likeliest", digit === likeliest);
      bar.style.setProperty("--part", probs ? probs[digit] : 0);
      bar.title = probs ? `${digit}: ${percent(probs[digit])}` : "";
    });
    part.querySelector(".own-told").textContent = say(whyOf(run, probs), { digit: likeliest, percent: probs ? percent(probs[likeliest], 0) : "" });
  }

  return { show };
}
