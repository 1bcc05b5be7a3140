// What stood behind the answer on the pad: its evidence, the layers, and what the network saw.  draw/view.js calls `look`
// after each answer.
//
// Where the browser has computed the answer, it shows the layers and what the network saw at once, and asks the server
// for the evidence alone, when the pen rests.  Else all is asked for: never more urgently than the answer, only while
// it is in view, a few times a second under a moving pen, one question at a time.

import { mix, onTheme, packed, theme, unpack } from "../shared/colours.js";
import { openCloseup } from "../shared/closeup.js";
import { make } from "../shared/elements.js";
import { percent, signed } from "../shared/format.js";
import { language, onLanguage, pieces, say, sayAll, spoken, translated, withArticle } from "../shared/language.js";
import { layers, paintCells } from "../shared/layers.js";
import { noStages, stagesOf } from "../shared/stages.js";
import { traced, workingsOf } from "./trace.js";

const APART = 120; // milliseconds between two questions under a moving pen
const FAR_APART = 360; // while a network trains on the same cores
const SILENCE = 1000; // between two tries to reach a server that does not answer

// `example(options)` is a `Behind` to show while the pad is empty, with whom it is `of` and what the server is to be asked
// for its evidence, or null.  `pad` is {drawing, version, training}: whether the pen is down, what draw/view.js counts, whether a network is trained.
// `heard` is told after each question whether the server answered.
export function inside({ element, props, server, pad, example, heard }) {
  const find = (selector) => element.querySelector(selector);
  const painted = layers(element, (layer, cell) => {
    const from = outputs; // the map stays as it is while the pen goes on
    openCloseup(layer, cell, (...place) => from && workingsOf(traced(from, layer.name, ...place)));
  });
  let outputs = null; // of all layers, where the browser computed those that are shown
  const why = find(".why");
  const rows = find(".inside");
  const steps = find(".steps");
  const behind = find(".behind");
  const every = find(".every");
  const [legend, sums] = [find(".evidence + figcaption .legend"), find(".sums")];
  const [askChange, verdict] = [find(".ask"), find(".verdict")];

  let answered = null; // the answer on screen, as `look` is told of it, or null

  // --- why: the drawing, and what its ink said, or what ink would change it -------------------------------

  const EMPTY = { side: props.seen, ink: null, tint: null };
  const figures = new Map([[find(".evidence"), EMPTY], [find(".change"), EMPTY]]);

  let evidence = null; // what the first figure shows, of messages.py, or null
  let ink = null; // what both show before that, {side, ink}
  let change = null; // and the second one, or why there is none: {problem: words}
  let stages = null; // what stands under "What the network saw"

  function paintFigure(target, { side, ink, tint } = figures.get(target)) {
    figures.set(target, { side, ink, tint });
    const { zero, ink: grey, inked, strong } = theme();
    // At its own size, which CSS enlarges: to ask how wide it is shown would lay the page out once more a movement.
    paintCells(target, side, side, (i) => {
      const part = tint ? (tint[i] - 128) / 127 : 0;
      if (!part) return inked[ink ? ink[i] : 0];
      const below = ink ? mix(zero, grey, ink[i] / 255) : zero;
      return packed(mix(below, part > 0 ? strong.plus : strong.minus, Math.min(1, Math.abs(part)) ** 0.75));
    });
  }

  // The middle of a stage's image of the browser's own: some networks have a border around the digit.
  function inkOf({ shape: [side], cells }) {
    const border = Math.max(0, side - props.seen) >> 1;
    const inner = side - 2 * border;
    return { side: inner, ink: cells.filter((_, i) => [i % side, Math.floor(i / side)].every((at) => at >= border && at < border + inner)) };
  }

  function paintWhy() {
    const [first, second] = figures.keys();
    const inked = ({ side, ink: pixels, cells }, tint = cells) => ({ side, ink: unpack(pixels), tint: tint ? unpack(tint) : null });
    const plain = evidence ?? ink;
    paintFigure(first, plain ? inked(plain) : EMPTY);
    paintFigure(second, change?.cells ? inked(change) : plain ? inked(plain, null) : EMPTY);
  }

  // The words beside the figures, in the visitor's language.
  function sayWhy() {
    const line = (kind, said) => make("span", {}, make("i", { className: `swatch ${kind}` }), said);
    const of = (label) => say("draw_why_for", { label: label ? translated(label) : say("draw_why_no_digit") });
    const words = evidence ? [of(evidence.label), of(evidence.runner_up)] : [say("draw_why_answer"), say("draw_why_rival")];
    legend.replaceChildren(line("plus", words[0]), " ", line("minus", words[1]));
    sums.textContent = evidence ? say("why_sums", { gain: signed(evidence.gain), loss: signed(evidence.loss) }) : say("why_strong");
    const rival = answered && evidence?.runner_up; // an example is not to be changed
    askChange.replaceChildren(...(rival ? pieces("draw_change", { other: withArticle(rival, translated(rival)) }).flat() : [say("draw_change_any")]));
    askChange.disabled = !rival;
    verdict.replaceChildren(...verdictPieces());
  }

  function verdictPieces() {
    if (!change) return [say("draw_change_few")];
    if (change.problem) return [spoken(change.problem)];
    const { target, probability, reached } = change;
    const other = withArticle(target, make("b", { textContent: translated(target) }));
    return pieces(reached ? "draw_change_reached" : "draw_change_not_reached", { other, percent: percent(probability, 0) }).flat();
  }

  async function whatIf() {
    const answer = answered;
    if (!answer) return;
    const asked = server.what_if({ ...(await answer.question()), language });
    const reply = (await asked.catch(() => null)) ?? { problem: say("draw_change_no_server") };
    if (answer !== answered) return; // drawn on meanwhile
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

  // `answer` is about the digit that is shown large, or null: {question, here}.  `question()` resolves to what the server
  // is to be asked, and `here(options)` is what the browser itself knows, a `Behind`; null where it is the server's answer.
  function look(answer) {
    answered = answer;
    number += 1;
    if (change) {
      change = null;
      paintWhy();
      sayWhy();
    }
    if (stages && (!answer || !inView.has(steps))) {
      stages = null; // not an older answer's
      showStages();
    }
    if (!answer) {
      clearTimeout(timer);
      rest();
      return showExample();
    }
    behind.classList.remove("example");
    if (answer.here) showHere();
    plan();
  }

  function showLayers(shown, computed) {
    outputs = computed;
    painted.show(shown);
  }

  function showHere() {
    const found = answered.here({ every: every.checked });
    if (inView.has(steps)) {
      ({ stages } = found);
      showStages();
    }
    if (!found.outputs) return rest(); // nothing is drawn
    if (inView.has(rows)) showLayers(found.layers, found.outputs);
    if (!inView.has(why)) return;
    ink = inkOf(found.stages.at(-1).image);
    const older = evidence !== null; // of another drawing
    evidence = null;
    paintWhy();
    if (older) sayWhy();
  }

  function showExample() {
    const found = example({ every: every.checked });
    behind.classList.toggle("example", found !== null);
    if (!found) return;
    if (inView.has(rows)) showLayers(found.layers, found.outputs);
    if (inView.has(why)) showExamplesInk(found);
    if (!inView.has(steps)) return;
    ({ stages } = found);
    showStages();
  }

  let examples = { of: "", why: null }; // the evidence of the newest example

  function showExamplesInk(found) {
    if (examples.of !== found.of) {
      examples = { of: found.of, why: null };
      askExample(found.question, examples);
    }
    evidence = examples.why;
    ink = inkOf(found.stages.at(-1).image);
    paintWhy();
    sayWhy();
  }

  async function askExample(question, asked) {
    const only = { why: true, inside: false, steps: false, every: false, language };
    const reply = await server.look_inside({ ...(await question()), ...only }).catch(() => null);
    if (asked !== examples) return; // another network's by now
    if (!reply?.why) asked.of = ""; // to be asked again when this comes into view
    else asked.why = reply.why;
    if (asked.why && !answered) showExample();
  }

  function rest() {
    evidence = change = ink = null;
    paintWhy();
    sayWhy();
    painted.empty();
  }

  function plan() {
    clearTimeout(timer);
    if (answered?.here && pad.drawing) return; // the end of the stroke plans anew
    // A pen at rest sees all at once; while it moves, the answer comes first.
    const apart = Math.max(pad.training ? FAR_APART : APART, 2 * pad.rest);
    timer = setTimeout(askInside, pad.drawing ? Math.max(0, last + apart - performance.now()) : 0);
  }

  async function askInside() {
    const views = { why: inView.has(why), inside: inView.has(rows), steps: inView.has(steps), every: every.checked };
    if (answered?.here) Object.assign(views, { inside: false, steps: false, every: false });
    const wanted = [number, pad.version, ...Object.values(views)].join();
    if (looking || !answered || wanted === looked || !(views.why || views.inside || views.steps)) return;
    looking = true;
    last = performance.now();
    const [of, answer] = [pad.version, answered];
    try {
      const reply = await server.look_inside({ ...(await answer.question()), ...views, language });
      const newest = answer.here ? answer === answered : of === pad.version && answered;
      if (newest) show(reply);
      looked = wanted;
      heard(true);
    } catch {
      heard(false);
      looked = ""; // to be asked again
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
    if (reply.blank) {
      if (!answered.here) rest();
      return; // else what the browser computed stays: the server has forgotten the network, after a restart
    }
    if (reply.layers) showLayers(reply.layers, null);
    if (!reply.why) return;
    evidence = reply.why;
    paintWhy();
    sayWhy();
  }

  // Another part came into view.
  function followView() {
    if (answered?.here) {
      const known = evidence;
      showHere();
      if (known) {
        evidence = known; // it is of this very drawing
        paintWhy();
        sayWhy();
      }
    }
    if (!answered) showExample();
    plan();
  }

  every.addEventListener("change", () => {
    painted.all(every.checked);
    followView();
  });

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    followView();
  });
  [why, rows, steps].forEach((view) => observer.observe(view));

  // At another width, in view again, or in the dark, all is painted anew from what is known.
  function paintAll() {
    painted.paint();
    [...figures.keys()].forEach((target) => paintFigure(target));
  }
  new ResizeObserver(paintAll).observe(behind);
  onTheme(paintAll);

  onLanguage(element, () => {
    showStages();
    sayWhy();
  });

  sayAll(element);
  painted.build(props.layers);
  showStages();
  rest();
  return { look, rested: plan };
}
