// Reads the digits of a drawing in the browser, as lenet/inference/digits.py does on the server, and says the same facts:
// the dataclasses of lenet/ui/draw/messages.py and shared/messages.py, with bytes in place of base64.
//
// const reader = digitReader(table);                null where only the server can compute this network
// const { found, marks } = reader.read(toGrey(imageData));
// found                                             [{digit, ...}], in reading order; `digit` is a `Digit`
// marks                                             [`Mark`]
// reader.read(grey, "modern", { hasty: true })      without second looks, and so `hasty` where one would be taken
// reader.behind(found[0], { every: true })          a `Behind` without `why`

import { network } from "./engine.js";
import { inputOf, layersOf, softmax } from "./outputs.js";
import { classic, fitted, inked } from "./preprocess.js";
import { sheet } from "./segmentation.js";
import { amongLetters, cheapest, holding, mayTouch, printedBars, trials } from "./trials.js";

const PRINTED = new Set(["box", "line", "ring"]); // marks that are no part of a number

export function digitReader(table) {
  const net = network(table);
  if (!net) return null;
  const { classes, limits, input } = table;
  const knowsNonDigits = table.outputs > classes.length;

  function answered(preprocessed, way) {
    const outputs = preprocessed.blank ? [] : net.forward(preprocessed.x);
    return { digit: answer(outputs.at(-1)), outputs, stages: preprocessed.stages, x: preprocessed.x, way };
  }

  function answer(logits) {
    const all = logits ? softmax(logits.data, table.temperature) : new Array(table.outputs).fill(0);
    const probs = Object.fromEntries(classes.map((name, i) => [name, all[i]]));
    const other = all.slice(classes.length).reduce((sum, p) => sum + p, 0);
    const label = classes.reduce((best, name) => (probs[name] > probs[best] ? name : best));
    const about = { probs, p_not_digit: knowsNonDigits ? other : null, box: [0, 0, 1, 1], touching: false, among_letters: false };
    if (!logits) return { label: "", confidence: 0, verdict: "blank", ...about };
    const verdict = other > limits.not_digit ? "not_digit" : probs[label] >= limits.unsure ? "sure" : "unsure";
    return { label, confidence: probs[label], verdict, ...about };
  }

  const doubtful = ({ digit }) => !["sure", "blank"].includes(digit.verdict);

  // Where an answer to all of `ink` is not sure, it is looked at in other sizes too, and the mean of the logits counts.
  function secondLook(one, ink) {
    if (!doubtful(one)) return one;
    const stages = one.stages.slice(0, -1);
    const logits = [one.outputs.at(-1).data];
    limits.sides.forEach((side, i) => {
      const look = fitted([], ink, input, side);
      if (look.blank) return;
      stages.push({ name: table.other_stages[i].name, image: look.stages.at(-2).image });
      logits.push(net.forward(look.x).at(-1).data);
    });
    const mean = logits[0].map((_, i) => logits.reduce((sum, some) => sum + some[i], 0) / logits.length);
    return { ...one, digit: answer({ data: mean }), stages: [...stages, one.stages.at(-1)] };
  }

  const doubt = ({ digit }) => -Math.log(Math.max(digit.confidence, limits.least));

  // What the trials of a sheet read as, and which of them are the answer at which cost.
  function cheapestRow(paper, stages, way) {
    const tried = trials(paper.pieces);
    const inks = tried.map(({ whole }) => paper.inkOf(whole));
    const answers = inks.map((part) => answered(fitted(stages, part, input), way));
    tried.forEach((trial, i) => (trial.digit ||= answers[i].digit.verdict === "sure" && trial.little.includes(answers[i].digit.label)));
    const doubts = answers.map(doubt);
    const row = tried.length ? cheapest(tried, doubts) : [];
    return { paper, tried, inks, answers, doubts, row, cost: row.reduce((sum, i) => sum + tried[i].cost + (tried[i].digit ? doubts[i] : 0), paper.cost) };
  }

  // What is read of a sheet as it is, or with bars or gaps made whole.
  function cheapestOf(paper, stages, way) {
    const read = (some) => some && cheapestRow(some, stages, way);
    const unsure = ({ tried, answers, row }) => row.filter((i) => tried[i].digit && doubtful(answers[i])).length;
    const [row, barred] = [paper, paper.withBars()].map(read);
    const cheaper = barred?.cost < row.cost ? barred : row;
    const closed = read(paper.withGapsClosed(unsure(cheaper) > 0));
    return closed?.cost < cheaper.cost && unsure(closed) <= unsure(cheaper) ? closed : cheaper;
  }

  // Of a drawing's grey picture, see preprocess.js; where no digit is found one answer to all of it, "blank" where nothing
  // is drawn.
  function read(grey, pipeline = "modern", { hasty = false } = {}) {
    const told = (found, marks, first = found) => ({ found, marks, hasty: hasty && first.some(doubtful) });
    if (pipeline === "classic") return { found: [answered(classic(grey, input), "classic")], marks: [], hasty: false };
    const look = hasty ? (one) => one : secondLook;
    const { stages, ink, inverted } = inked(grey);
    const way = inverted ? "inverted" : "straight";
    const asOne = () => look(answered(fitted(stages, ink, input), way), ink);
    if (table.reads_one) return told([asOne()], []);
    const { paper, tried, inks, answers, doubts, row } = cheapestOf(sheet(ink), stages, way);
    const seen = row.filter((i) => tried[i].digit && answers[i].digit.verdict !== "blank");
    const barred = printedBars(seen.map((i) => tried[i].whole), seen.map((i) => inks[i]));
    const bars = seen.filter((_, k) => barred[k]).map((i) => ({ kind: "line", box: tried[i].whole.box }));
    const digits = seen.filter((_, k) => !barred[k]);
    const looked = digits.map((i) => look(answers[i], inks[i]));
    const wholes = digits.map((i) => tried[i].whole);
    const [letters, holds] = [amongLetters(wholes, looked.map(({ digit }) => digit.verdict !== "not_digit")), holding(wholes)];
    const found = digits.map((i, k) => placed(looked[k], fractions(wholes[k].box, ink), holds[k] || mayTouch(inks[i], doubts[i]), letters[k]));
    const points = paper.points(row.filter((i) => !tried[i].digit).map((i) => tried[i].whole));
    const marks = ordered([...paper.marks, ...bars, ...points], digits.map((i) => tried[i].whole.box), paper, ink);
    return found.length ? told(found, marks, looked) : told([asOne()], marks.filter(({ kind }) => PRINTED.has(kind))); // as on the server, all ink as one
  }

  function placed(one, box, touching, among_letters) {
    const verdict = (touching || among_letters) && one.digit.verdict === "sure" ? "unsure" : one.digit.verdict;
    return { ...one, digit: { ...one.digit, verdict, box, touching, among_letters } };
  }

  // What stood behind one of `read`, and the outputs of all layers, the input first: null where nothing is drawn.  `every` layer has its cells, or only the telling ones.
  function behind({ outputs, stages, x, way }, { every = false } = {}) {
    const told = [...table.stages[way], ...table.other_stages];
    return {
      why: null,
      outputs: outputs.length ? [inputOf(table, x), ...outputs] : null,
      get layers() {
        return outputs.length ? layersOf(outputs, classes, every) : null; // only for who looks at them
      },
      stages: stages.map(({ name, image }) => stageOf(told.find((stage) => stage.name === name), image)),
    };
  }

  const blank = layersOf(net.forward(new Float32Array(input.shape.reduce((a, b) => a * b))), classes, true);
  return { table, knowsNonDigits, read, behind, blank };
}

// The marks in reading order, as `Mark`s.
function ordered(marks, digits, { place }, ink) {
  const earlier = ([row, x], [otherRow, otherX]) => row - otherRow || x - otherX;
  const ends = digits.map(place);
  const placed = marks.map(({ kind, box }) => ({ kind, box, at: place(box) })).sort((a, b) => earlier(a.at, b.at));
  return placed.map(({ kind, box, at }) => ({ kind, box: fractions(box, ink), before: ends.filter((end) => earlier(end, at) < 0).length }));
}

const fractions = (box, { width, height }) => box.map((edge, i) => edge / (i % 2 ? height : width));

function stageOf({ name, why }, { width, height, data }) {
  return { name: { template: name, values: {} }, why, shape: [height, width], image: { shape: [height, width], cells: data } };
}
