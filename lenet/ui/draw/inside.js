// What stood behind the answer on the pad: its evidence, the layers, and what the network saw.  draw/view.js calls `look`
// after each answer.
//
// This is never more urgent than the answer: it is asked for after one, only while it is in view, a few
// times a second under a moving pen, one question at a time.

import { mix, onTheme, packed, theme, unpack } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { percent, signed } from "../shared/format.js";
import { language, onLanguage, pieces, say, sayAll, translated, withArticle } from "../shared/language.js";
import { layers, paintSmall, small } from "../shared/layers.js";
import { noStages, stagesOf } from "../shared/stages.js";

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
  const [legend, sums] = [find(".evidence + figcaption .legend"), find(".sums")];
  const [askChange, verdict] = [find(".ask"), find(".verdict")];

  let answered = null; // the question whose answer is on screen, or null

  // --- why: the drawing, and what its ink said, or what ink would change it -------------------------------

  const EMPTY = { side: props.seen, ink: null, tint: null };
  const figures = new Map([[find(".evidence"), EMPTY], [find(".change"), EMPTY]]);

  let evidence = null; // what the first figure shows, of messages.py, or null
  let change = null; // and the second one, or why there is none: {problem: a sentence}
  let stages = null; // what stands under "What the network saw"

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

  function paintWhy() {
    const [first, second] = figures.keys();
    const inked = ({ side, ink, cells }, tint = cells) => ({ side, ink: unpack(ink), tint: tint && unpack(tint) });
    paintFigure(first, evidence ? inked(evidence) : EMPTY);
    paintFigure(second, change?.cells ? inked(change) : evidence ? inked(evidence, null) : EMPTY);
  }

  // The words beside the figures, in the visitor's language.
  function sayWhy() {
    const line = (kind, said) => make("span", {}, make("i", { className: `swatch ${kind}` }), said);
    const of = (label) => say("draw_why_for", { label: label ? translated(label) : say("draw_why_no_digit") });
    const words = evidence ? [of(evidence.label), of(evidence.runner_up)] : [say("draw_why_answer"), say("draw_why_rival")];
    legend.replaceChildren(line("plus", words[0]), " ", line("minus", words[1]));
    sums.textContent = evidence ? say("why_sums", { gain: signed(evidence.gain), loss: signed(evidence.loss) }) : say("why_strong");
    const rival = evidence?.runner_up;
    askChange.replaceChildren(...(rival ? pieces("draw_change", { other: withArticle(rival, translated(rival)) }).flat() : [say("draw_change_any")]));
    askChange.disabled = !evidence;
    verdict.replaceChildren(...verdictPieces());
  }

  function verdictPieces() {
    if (!change) return [say("draw_change_few")];
    if (change.problem) return [change.problem];
    const { target, probability, reached } = change;
    const other = withArticle(target, make("b", { textContent: translated(target) }));
    return pieces(reached ? "draw_change_reached" : "draw_change_not_reached", { other, percent: percent(probability, 0) }).flat();
  }

  async function whatIf() {
    const question = answered;
    if (!question) return;
    const reply = (await server.what_if({ ...question, language }).catch(() => null)) ?? { problem: say("draw_change_no_server") };
    if (question !== answered) return; // drawn on meanwhile
    change = reply;
    paintWhy();
    sayWhy();
  }

  askChange.addEventListener("click", whatIf);

  function showStages() {
    steps.replaceChildren(stages ? stagesOf(stages) : noStages("draw_steps"));
  }

  // --- asking ----------------------------------------------------------------------------------------

  let looked = ""; // what the views know: the question's number and which views there were
  let number = 0; // of `answered`
  let looking = false; // a question is under way
  let last = 0; // when the last one left
  let timer = null;
  const inView = new Set();

  // `question` is about the digit that is shown large, or null.
  function look(question) {
    answered = question;
    number += 1;
    if (change) {
      change = null;
      paintWhy();
      sayWhy();
    }
    if (stages && (!question || !inView.has(steps))) {
      stages = null; // not an older answer's
      showStages();
    }
    if (question) return plan();
    clearTimeout(timer);
    rest();
  }

  function rest() {
    evidence = change = null;
    paintWhy();
    sayWhy();
    painted.empty();
  }

  function plan() {
    clearTimeout(timer);
    // A pen at rest sees all at once; while it moves, the answer comes first.
    timer = setTimeout(askInside, pad.drawing ? Math.max(0, last + (pad.training ? FAR_APART : APART) - performance.now()) : 0);
  }

  async function askInside() {
    const views = { why: inView.has(why), inside: inView.has(rows), steps: inView.has(steps), every: every.checked };
    const wanted = [number, pad.version, ...Object.values(views)].join();
    if (looking || !answered || wanted === looked || !inView.size) return;
    looking = true;
    last = performance.now();
    const [of, question] = [pad.version, answered];
    try {
      const reply = await server.look_inside({ ...question, ...views, language });
      if (of === pad.version && answered) show(reply);
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

  function show(reply) {
    if (reply.stages) {
      stages = reply.stages;
      showStages();
    }
    if (reply.blank) return rest();
    if (reply.layers) painted.show(reply.layers);
    if (!reply.why) return;
    evidence = reply.why;
    paintWhy();
    sayWhy();
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

  onLanguage(element, () => {
    showStages();
    sayWhy();
  });

  sayAll(element);
  painted.build(props.layers);
  showStages();
  rest();
  return { look };
}
