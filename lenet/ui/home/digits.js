// A network that reads digits in a file to take home: a pad, and the answer that the browser computes.  `page.py` puts it
// there together with the modules that it needs.

import { finish, layersIn } from "./frame.js";
import { exampleButtons } from "../draw/examples.js";
import { invitation } from "../draw/invitation.js";
import { padOn } from "../draw/pad.js";
import { answerOf, boxesOf, doubted, emptyAnswer, nearest, withoutDoubt } from "../draw/reading.js";
import { tools } from "../draw/tools.js";
import { follow } from "../shared/elements.js";
import { onLanguage } from "../shared/language.js";
import { digitReader } from "../shared/reader.js";
import { noStages, stagesOf } from "../shared/stages.js";

export function show(element, table, examples) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, result, boxes, steps] = [".pad", ".result", ".boxes", ".steps"].map(find);
  const reader = digitReader(table);
  let [found, marks] = [[], []]; // what is on the pad
  let hasty = false; // a second look is to follow, once the pen is up
  let place = null; // [x, y], parts of the pad: of the digit that a person chose
  let certain = false; // a person has said that the drawing shows digits
  let waiting = false; // for the next frame

  const pad = padOn(canvas, { brush: find(".brush input"), eraser: find(".eraser"), changed, ended: changed });
  const followPad = tools(element, pad);
  const invited = invitation(find(".sheet"));
  const chosen = () => nearest(found.map(({ digit }) => digit), place ?? pad.last);
  const showLayers = layersIn(element, reader.blank, (every) => (found.length ? reader.behind(found[chosen()], { every }) : null));

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
    ({ found, marks, hasty } = pad.empty ? { found: [], marks: [], hasty: false } : reader.read(pad.grey(), "modern", { hasty: pad.drawing }));
    render();
  }

  function render() {
    const held = [...result.querySelectorAll("button")].indexOf(document.activeElement); // under the keyboard
    const plain = found.map(({ digit }) => digit);
    const told = { digits: certain ? plain.map((digit) => withoutDoubt(digit, table.limits.unsure)) : plain, marks };
    const drawing = pad.drawing || hasty;
    const answer = () => answerOf(told, chosen(), { certain: plain.some(doubted) ? certain : undefined, drawing });
    follow(result, [found.length ? answer() : emptyAnswer(table.classes, reader.knowsNonDigits)]);
    follow(boxes, found.length ? boxesOf(told, chosen(), drawing) : []);
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
  finish(element, table);
}
