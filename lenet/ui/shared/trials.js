// Which pieces of ink are one digit: lenet/preprocessing/trials.py, which says why, and where its numbers come from.  A
// box is [left, top, right, bottom] in pixels of the ink; a piece is {labels, box, row}.

import { APART, DOT, ROUND_POINT, SMALL, contains, heightOf, isDot, isPoint, isRound, joined, longerOf, overlap, tallest, widthOf } from "./layout.js";
import { INK_THRESHOLD, crop, extent } from "./preprocess.js";

const [DEGREE, FULL_HEIGHT] = [0.38, 0.6];
const LITTLE = 0.2;
const DOT_GAP = 0.08;
const MAX_PIECES_OF_A_DIGIT = 3;
const UNLIKELY = 1;
const JOIN = { constant: -6.5, gap: 4, lower: 2.7, taller: 4.3, narrower: 2.9, aspect: 0.7 };
const RAISED = 0.6;
const UPRIGHT = 1.3;
const STACK = { constant: -3, gap: 9, overlap: 0.3, height: 1.5, slim: 0.3 };
const BARS = { least: 6, full: 0.9, edge: 0.03 };
const WORD_GAP = 0.6;
const LETTERS = 1 / 3;
const SIGN_ROOM = 0.06;
const WELL_READ = 0.05;
const TOUCHING = { above: 1.7, strokes: 0.3, doubt: 1.2 };
const NARROW = 0.75;
const WIDE = 1.25;

// Every run of neighbouring pieces that may be one digit, by its first piece: [{first, last, whole, cost, digit,
// little}].
export function trials(pieces) {
  const tall = tallest(pieces);
  const dots = pieces.map((piece) => longerOf(piece) < DOT * tall);
  const points = pieces.map((piece) => isRound(piece) && isPoint(piece, pieces, tall, ROUND_POINT));
  const single = pieces.map(({ row }) => pieces.filter((other) => other.row === row).length === 1); // in its row
  const found = [];
  pieces.forEach((piece, first) => {
    const digit = !dots[first] && !mayBeDegree(pieces, first, tall);
    found.push({ first, last: first + 1, whole: piece, cost: 0, digit, little: digit ? "" : littleOf(piece, pieces, tall) });
    let [whole, cost] = [piece, 0];
    for (let last = first + 1; last < Math.min(first + MAX_PIECES_OF_A_DIGIT, pieces.length); last += 1) {
      if (points[last] || points[last - 1] || (isDot(pieces[last], tall) && isDot(pieces[last - 1], tall))) break;
      if (pieces[last].row !== piece.row) {
        if (!single[last - 1] || !single[last]) break;
        cost += stack(pieces[last - 1], pieces[last]);
      } else {
        const gap = pieces[last].box[0] - whole.box[2];
        if (gap > (dots[last] || dots[last - 1] ? DOT_GAP : APART) * tall) break;
        cost += join(whole, pieces[last]);
      }
      whole = joined([whole, pieces[last]]);
      if (cost < UNLIKELY && (pieces[last].row === piece.row || !isColumn(pieces, first, last, whole))) found.push({ first, last: last + 1, whole, cost, digit: true });
    }
  });
  return found;
}

// Which digits a dot may be, much smaller than others; behind another, a comma looks like a 1, a degree like a 0.
function littleOf(dot, pieces, tall) {
  if (heightOf(dot) < LITTLE * tall) return "";
  const before = pieces.filter((p) => p.row === dot.row && heightOf(p) >= DOT * tall && p.box[0] < dot.box[0]);
  if (before.length && isRaised(dot, before.at(-1))) return longerOf(dot) < DOT * tall ? "23456789" : "123456789";
  return before.length && isPoint(dot, pieces, tall, DOT) ? "023456789" : "0123456789";
}

// Whether a piece is raised and little at the end of its row, beside a digit of full height.
function mayBeDegree(pieces, i, tall) {
  const [before, piece, after] = [pieces[i - 1], pieces[i], pieces[i + 1]];
  if (!before || after?.row === piece.row || before.row !== piece.row || longerOf(piece) >= DEGREE * tall) return false;
  return heightOf(before) >= FULL_HEIGHT * tall && isRaised(piece, before);
}

// Whether pieces under one another, from the first to the last, are too high together for the parts of one digit.
function isColumn(pieces, first, last, whole) {
  const others = tallest([...pieces.slice(0, first), ...pieces.slice(last + 1)]);
  const isSlim = (piece) => widthOf(piece) < STACK.slim * heightOf(piece);
  const isWide = (piece) => widthOf(piece) > STACK.slim * heightOf(piece);
  return (isSlim(whole) && pieces.slice(first, last + 1).some(isWide)) || (others > 0 && STACK.height * others < heightOf(whole));
}

// The cost of taking for one digit what stands under one another, alone in two rows.
function stack(a, b) {
  if (overlap(a, b, 0) < STACK.overlap * Math.min(widthOf(a), widthOf(b))) return UNLIKELY;
  return STACK.constant + (STACK.gap * Math.max(-overlap(a, b, 1), 0)) / Math.max(heightOf(a), heightOf(b));
}

// The cost of taking two neighbours for one digit.
function join(a, b) {
  const whole = joined([a, b]);
  const high = heightOf(whole);
  if (b.box[0] >= a.box[2] && isExponent(b, a)) return Infinity;
  const heights = [heightOf(a), heightOf(b)].map((height) => height / high);
  return (
    JOIN.constant +
    (JOIN.gap * (b.box[0] - a.box[2])) / high +
    JOIN.lower * Math.min(...heights) +
    JOIN.taller * Math.max(...heights) +
    (JOIN.narrower * Math.min(widthOf(a), widthOf(b))) / high +
    (JOIN.aspect * widthOf(whole)) / high
  );
}

// Whether a piece is raised beside another, as large as a digit may be, and no bar.
function isExponent(piece, other) {
  const raised = isRaised(piece, other);
  return raised && heightOf(piece) >= SMALL * heightOf(other) && widthOf(piece) <= UPRIGHT * heightOf(piece);
}

// Whether a piece stands beside the upper part of another.
const isRaised = (piece, other) => piece.box[3] - other.box[1] <= RAISED * heightOf(other);

// Which trials follow on one another from the first piece to the last, at the least cost.
export function cheapest(tried, doubts) {
  const best = new Map([[0, { cost: 0, row: [] }]]);
  tried.forEach((trial, i) => {
    const before = best.get(trial.first);
    const cost = before.cost + trial.cost + doubts[i];
    if (!best.has(trial.last) || cost < best.get(trial.last).cost) best.set(trial.last, { cost, row: [...before.row, i] });
  });
  return best.get(Math.max(...best.keys())).row;
}

// Which pieces, in reading order, stand in a word: close together in one row, and not all of them digits.
export function amongLetters(pieces, areDigits) {
  const words = [];
  pieces.forEach((piece, i) => {
    const before = pieces[i - 1];
    const apart = !before || before.row !== piece.row || piece.box[0] - before.box[2] > WORD_GAP * Math.max(heightOf(piece), heightOf(before));
    if (apart) words.push([]);
    words.at(-1).push(i);
  });
  return words.flatMap((word) => {
    const row = word.map((i) => pieces[i]);
    const letters = word.filter((i, place) => !areDigits[i] && !isSign(row, place)).length;
    return word.map(() => letters >= LETTERS * word.length);
  });
}

// Whether a piece hangs in the middle of its neighbours' height, as + and = do in a sum.
function isSign(row, i) {
  const [, above, , below] = row[i].box;
  const beside = [row[i - 1], row[i + 1]].filter(Boolean);
  const hangs = (p) => p.box[1] + SIGN_ROOM * heightOf(p) <= above && below <= p.box[3] - SIGN_ROOM * heightOf(p);
  return beside.length > 0 && beside.every(hangs);
}

// Which pieces, in reading order, are of a row of bars, as of a barcode or a fence: filled, and cut at one height.
export function printedBars(pieces, inks) {
  if (pieces.length < BARS.least) return pieces.map(() => false); // most drawings
  const full = inks.map((ink) => filled(ink) >= BARS.full);
  const runs = [[]];
  pieces.forEach((piece, i) => {
    const first = pieces[runs.at(-1)[0]];
    const off = first ? Math.max(...[1, 3].map((edge) => Math.abs(piece.box[edge] - first.box[edge]))) : 0;
    if (first && (!full[i] || off > BARS.edge * heightOf(first))) runs.push([]);
    if (full[i]) runs.at(-1).push(i);
  });
  const barred = new Set(runs.filter((run) => run.length >= BARS.least).flat());
  return pieces.map((_, i) => barred.has(i));
}

// How much of its box the ink fills, without its edges, which may be too pale.
function filled(ink) {
  const box = extent(ink);
  if (!box) return 0;
  const { data } = crop(ink, ...box);
  return data.reduce((sum, value) => sum + (value > INK_THRESHOLD), 0) / data.length;
}

// Which pieces have another one wholly in their box, as a ring that a digit touches has: digits hardly ever do.
export const holding = (pieces) => pieces.map((piece) => pieces.some((other) => other !== piece && contains(piece, other)));

// Whether what was taken for one digit may be two that touch.
export function mayTouch({ width, height, data }, doubt) {
  const aspect = width / height;
  if (doubt < WELL_READ) return false;
  if (aspect <= NARROW || aspect > WIDE) return aspect > WIDE;
  let starts = 0;
  for (let i = 0; i < data.length; i += 1) starts += data[i] > INK_THRESHOLD && !(i >= width && data[i - width] > INK_THRESHOLD);
  return aspect + (TOUCHING.strokes * starts) / width + TOUCHING.doubt * doubt > TOUCHING.above;
}
