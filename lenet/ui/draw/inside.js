// What stood behind the answer on the pad: its evidence, the layers, and what the network saw.  draw/view.js calls `look`
// after each answer.
//
// This is never more urgent than the answer: it is asked for after one, only while it is in view, a few
// times a second under a moving pen, one question at a time.

import { mix, onTheme, packed, theme, unpack } from "../shared/colours.js";
import { language, say, sayAll } from "../shared/language.js";
import { layers, paintSmall, small } from "../shared/layers.js";

const APART = 120; // milliseconds between two questions under a moving pen
const FAR_APART = 360; // while a network trains on the same cores
const SILENCE = 1000; // between two tries to reach a server that does not answer

// `pad` is {drawing, version, training}: whether the pen is down, what draw/view.js counts, whether a network is trained.
export function inside({ element, props, server, pad }) {
  const find = (selector) => element.querySelector(selector);
  const painted = layers(element);
  const why = find(".why");
  const rows = find(".inside");
  const steps = find(".steps");
  const every = find(".every");
  const askChange = find(".ask");
  const verdict = find(".verdict");

  let answered = null; // the question whose answer is on screen, or null
  const told = [find(".evidence + figcaption .legend"), find(".sums"), askChange, verdict]; // where the texts change
  const resting = told.map((line) => line.innerHTML);

  // --- why: the drawing, and what its ink said, or what ink would change it -------------------------------

  const EMPTY = { side: props.seen, ink: null, tint: null };
  const figures = new Map([[find(".evidence"), EMPTY], [find(".change"), EMPTY]]);

  let explained = null; // the question that the figures show
  let changed = null; // the one for which a change is shown

  function paintFigure(target, { side, ink, tint } = figures.get(target)) {
    figures.set(target, { side, ink, tint });
    const { zero, ink: grey, strong } = theme();
    paintSmall(side, side, (i) => {
      let colour = ink ? mix(zero, grey, ink[i] / 255) : zero;
      const part = tint ? (tint[i] - 128) / 127 : 0;
      if (part) colour = mix(colour, part > 0 ? strong.plus : strong.minus, Math.min(1, Math.abs(part)) ** 0.75);
      return packed(colour);
    });
    const scale = Math.max(1, Math.round((target.clientWidth * devicePixelRatio) / side)) || 1;
    [target.width, target.height] = [side * scale, side * scale];
    const pen = target.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, target.width, target.height);
  }

  function showWhy(reply, question) {
    if (reply && explained === question) return;
    explained = question;
    if (reply) {
      const ink = unpack(reply.ink);
      paintFigure(find(".evidence"), { side: reply.side, ink, tint: unpack(reply.evidence) });
      [told[0].innerHTML, told[1].textContent, askChange.textContent] = [reply.legend, reply.sums, reply.question];
      if (changed !== question) paintFigure(find(".change"), { side: reply.side, ink, tint: null });
    } else {
      told.forEach((line, i) => (line.innerHTML = resting[i]));
      for (const target of figures.keys()) paintFigure(target, EMPTY);
    }
    if (!reply || changed !== question) verdict.innerHTML = resting[3];
    sayAll(why);
    askChange.disabled = !reply;
  }

  async function whatIf() {
    const question = answered;
    if (!question) return;
    const reply = (await server.what_if(question).catch(() => null)) ?? { problem: say("draw_change_no_server") };
    if (question !== answered) return; // drawn on meanwhile
    verdict.innerHTML = reply.problem || reply.said;
    if (!reply.problem) changed = question;
    if (!reply.problem) paintFigure(find(".change"), { side: reply.side, ink: unpack(reply.ink), tint: unpack(reply.change) });
  }

  askChange.addEventListener("click", whatIf);

  // --- asking ----------------------------------------------------------------------------------------

  let looked = ""; // what the views know: the question's number and which views there were
  let number = 0; // of `answered`
  let looking = false; // a question is under way
  let last = 0; // when the last one left
  let timer = null;
  const inView = new Set();

  function look(question) {
    const before = answered;
    answered = question;
    number += 1;
    // A change that is shown is told in the language that was chosen now.
    if (question && before && changed === before && question.language !== before.language && question.picture === before.picture) {
      changed = question;
      whatIf();
    }
    if (!question || !inView.has(steps)) steps.innerHTML = props.empty[language].steps; // not an older answer's
    if (question) return plan();
    clearTimeout(timer);
    rest();
  }

  function rest() {
    showWhy(null, null);
    painted.empty();
  }

  function plan() {
    clearTimeout(timer);
    // A pen at rest sees all at once; while it moves, the answer comes first.
    const apart = Math.max(pad.training ? FAR_APART : APART, 2 * pad.rest);
    timer = setTimeout(askInside, pad.drawing ? Math.max(0, last + apart - performance.now()) : 0);
  }

  async function askInside() {
    const views = { why: inView.has(why), inside: inView.has(rows), steps: inView.has(steps), every: every.checked };
    const wanted = [number, pad.version, ...Object.values(views)].join();
    if (looking || !answered || wanted === looked || !inView.size) return;
    looking = true;
    last = performance.now();
    const [of, question] = [pad.version, answered];
    try {
      const reply = await server.look_inside({ ...question, ...views });
      if (of === pad.version && answered) {
        if (reply.steps) steps.innerHTML = reply.steps;
        if (reply.why) showWhy(reply.why, question);
        if (reply.layers) painted.show(reply.layers);
        if (reply.blank) rest();
      }
      looked = wanted;
    } catch {
      looked = ""; // the answer's own question tells the person
      looking = false;
      clearTimeout(timer);
      timer = setTimeout(plan, SILENCE);
      return;
    }
    looking = false;
    plan(); // for what was drawn, or came into view, meanwhile; what is known is not asked again
  }

  every.addEventListener("change", () => {
    painted.all(every.checked);
    plan();
  });

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    plan();
  });
  [why, rows, steps].forEach((view) => observer.observe(view));

  // At another width, in view again, or in the dark, all is painted anew from what is known.
  function paintAll() {
    painted.paint();
    [...figures.keys()].forEach((target) => paintFigure(target));
  }
  new ResizeObserver(paintAll).observe(find(".behind"));
  onTheme(paintAll);

  sayAll(element);
  painted.build(props.layers);
  look(null);
  return { look };
}
