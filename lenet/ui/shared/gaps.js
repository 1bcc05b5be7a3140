// Strokes that a pen left open: lenet/preprocessing/gaps.py, which says why.  Cells are [x, y], those of a component in two
// arrays; what a stroke shows at a place is [x, y, u, v], the middle of its end and the direction that it points to.

import { closeTo } from "./bars.js";
import { gap, joined, longerOf } from "./layout.js";

const MAX_STROKES = 40;
const REACH = 0.14;
const STROKE = 3;
const ENDS = 2;
const LEAST = 5;
const SLIM = 1.5;
const SIDE = 5;
const FACING = 0.6;
const MAX_PAIRS = 100_000;
const PLACES = 3;

// The gaps between strokes of which one goes on in the other, `atSides` in its side too: [{begin,
// end, thick}], in cells.
export function openGaps(pieces, thickOf, cellsOf, scale, atSides) {
  if (pieces.length < 2 || pieces.length > MAX_STROKES) return [];
  const near = [];
  for (let i = 0; i < pieces.length; i += 1)
    for (let k = i + 1; k < pieces.length; k += 1) {
      const reach = REACH * longerOf(joined([pieces[i], pieces[k]]));
      if (gap(pieces[i], pieces[k]) <= reach) near.push([i, k, reach / scale]);
    }
  const places = new Map([...new Set(near.flatMap(([i, k]) => [i, k]))].map((i) => [i, { cells: cellsOf(pieces[i]), thick: thickOf(pieces[i]) }]));
  return near.flatMap(([i, k, reach]) => {
    const [a, b] = [places.get(i), places.get(k)];
    const short = Math.min(longerOf(pieces[i]), longerOf(pieces[k])) < STROKE * scale * Math.max(a.thick, b.thick);
    return short ? [] : gapsBetween(a.cells, b.cells, (a.thick + b.thick) / 2, reach, atSides ? SIDE : 0);
  });
}

// The gaps between two strokes, where they are nearest and one of them, or both, point to the other.
function gapsBetween(a, b, thick, reach, side) {
  let [[ax, ay], [bx, by]] = [closeTo(a, b, reach), closeTo(b, a, reach)];
  const step = Math.ceil(Math.sqrt((ax.length * bx.length) / MAX_PAIRS));
  if (!step) return [];
  [ax, ay, bx, by] = [ax, ay, bx, by].map((values) => values.filter((_, i) => i % step === 0));
  const [doneA, doneB] = [ax, bx].map((values) => new Uint8Array(values.length));
  const found = [];
  for (let place = 0; place < PLACES; place += 1) {
    let [least, i, k] = [Infinity, 0, 0];
    for (let m = 0; m < ax.length; m += 1)
      for (let n = 0; n < bx.length; n += 1) {
        const away = (ax[m] - bx[n]) ** 2 + (ay[m] - by[n]) ** 2;
        if (away < least && !doneA[m] && !doneB[n]) [least, i, k] = [away, m, n];
      }
    if (least > reach ** 2) break;
    const [at, other] = [[ax[i], ay[i]], [bx[k], by[k]]];
    const between = gapOf(endOf(a, at, thick), endOf(b, other, thick), thick, side);
    if (between) found.push(between);
    ax.forEach((x, m) => (doneA[m] ||= isNear(x, ay[m], at, 2 * ENDS * thick)));
    bx.forEach((x, n) => (doneB[n] ||= isNear(x, by[n], other, 2 * ENDS * thick)));
  }
  return found;
}

// The gap between two ends, or an end and a side within `side`; null where what ends does not point to the other.
function gapOf([x0, y0, u0, v0], [x1, y1, u1, v1], thick, side) {
  const [across, down] = [x1 - x0, y1 - y0];
  const long = Math.sqrt(across * across + down * down);
  const ends = [[u0, v0], [-u1, -v1]].filter(([u, v]) => u || v);
  if (!long || !ends.length || (ends.length === 1 && long > side * thick)) return null;
  const facing = ends.every(([u, v]) => u * across + v * down >= FACING * long);
  return facing ? { begin: [x0, y0], end: [x1, y1], thick } : null;
}

const isNear = (x, y, at, reach) => (x - at[0]) ** 2 + (y - at[1]) ** 2 <= reach ** 2;

// What is there at a cell: the middle of a stroke's end, and the direction that it points to, 0 and 0 of a side.
function endOf([xs, ys], at, thick) {
  const within = (reach) => [...xs.keys()].filter((i) => isNear(xs[i], ys[i], at, reach));
  const mean = (places, values) => places.reduce((sum, i) => sum + values[i], 0) / places.length;
  const [near, tip] = [within(Math.max(ENDS * thick, LEAST)), within(Math.max(thick / 2, 1))];
  const [x0, y0, x1, y1] = [mean(near, xs), mean(near, ys), mean(tip, xs), mean(tip, ys)];
  const [u, v] = [x1 - x0, y1 - y0];
  let [along, across] = [0, 0];
  for (const i of near) {
    along += (u * (xs[i] - x0) + v * (ys[i] - y0)) ** 2;
    across += (v * (xs[i] - x0) - u * (ys[i] - y0)) ** 2;
  }
  if (along < SLIM * across) return [x1, y1, 0, 0];
  const long = Math.sqrt(u * u + v * v) || 1;
  return [x1, y1, u / long, v / long];
}
