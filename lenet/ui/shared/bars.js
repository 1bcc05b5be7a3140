// Digits made of bars that do not quite touch: lenet/preprocessing/bars.py, which says why.  Cells are [x, y], those of a
// component in two arrays; a bar is {centre, along, long, thick}.

import { gap, joined, longerOf, median, tallest } from "./layout.js";
import { round } from "./preprocess.js";

const MAX_BARS = 100;
const GAP = 0.85;
const GRID = 1.5;
const LONG = 1.6;
const FULL = 0.75;
const MIDDLE = 0.25;
const SPOT = 2.5;
const MIN_CELLS = 6;
const MAX_PAIRS = 1_000_000;
const BOW = { least: 0.08, rows: 12, ends: 0.1, even: [0.4, 1.05], thick: 1.8, slender: 6 };
const CROSS = { near: 0.2, far: 0.5, share: 0.08, between: 0.03 };
const CROSSES = { plus: [0.65, 0, 15], times: [0.5, 30, 45] };
const DOUBLE = 0.5;
const BENT = 2;
const PARALLEL = 0.6;

// The pieces, with those made one that meet, nearest first, while that is no larger than a digit; and the gaps: {whole, gaps}.
export function endToEnd(pieces, areas, cellsOf, scale) {
  if (pieces.length < 2 || pieces.length > MAX_BARS) return { whole: pieces, gaps: [] };
  const most = pieces.map((piece, i) => (GAP * areas[i] * scale) / longerOf(piece) + GRID);
  const near = [];
  for (let i = 0; i < pieces.length; i += 1)
    for (let k = i + 1; k < pieces.length; k += 1) if (gap(pieces[i], pieces[k]) <= scale * Math.max(most[i], most[k])) near.push([i, k]);
  const places = new Map([...new Set(near.flat())].map((i) => [i, cellsOf(pieces[i])]));
  const bars = new Map([...places].map(([i, cells]) => [i, barOf(cells)]));
  const edges = near.map(([i, k]) => [Math.min(before(bars.get(i), places.get(k)), before(bars.get(k), places.get(i))), i, k]).filter(([apart]) => apart < Infinity);
  if (!edges.length) return { whole: pieces, gaps: [] };
  const thick = median([...bars.values()].filter(Boolean).map((bar) => bar.thick));
  for (const [i, k] of near) {
    const apart = bars.get(i) || bars.get(k) ? Infinity : between(places.get(i), places.get(k), thick);
    if (apart < Infinity) edges.push([apart, i, k]);
  }
  const limit = tallest(united(pieces, edges, Infinity).whole);
  return united(pieces, edges.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]), limit);
}

// The bar that a component is; null where it is none.
export function barOf([xs, ys]) {
  const count = xs.length;
  if (count < MIN_CELLS) return null;
  let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    x += xs[i];
    y += ys[i];
    xx += xs[i] * xs[i];
    yy += ys[i] * ys[i];
    xy += xs[i] * ys[i];
  }
  const centre = [x / count, y / count];
  [xx, yy, xy] = [xx / count - centre[0] ** 2, yy / count - centre[1] ** 2, xy / count - centre[0] * centre[1]];
  const [mean, spread] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  const [long, thick] = [mean + spread, mean - spread].map((moment) => Math.sqrt(12 * Math.max(moment, 1 / 12)));
  if (long < LONG * thick || count < FULL * long * thick) return null;
  const turn = Math.atan2(2 * xy, xx - yy) / 2;
  return { centre, along: [Math.cos(turn), Math.sin(turn)], long, thick };
}

// How far the middle of a bow lies to the right of the line between its ends, by its height; 0 of any other stroke.
export function bowOf([xs, ys]) {
  const [top, bottom] = range(ys);
  const high = bottom - top + 1;
  const usual = xs.length / high;
  if (high < Math.max(BOW.rows, BOW.slender * usual)) return 0;
  const [thick, sums, lefts, rights] = [0, 0, Infinity, -Infinity].map((value) => new Float64Array(high).fill(value));
  for (let i = 0; i < xs.length; i += 1) {
    const row = ys[i] - top;
    thick[row] += 1;
    sums[row] += xs[i];
    lefts[row] = Math.min(lefts[row], xs[i]);
    rights[row] = Math.max(rights[row], xs[i]);
  }
  if (thick.some((count) => !count || count > BOW.thick * usual)) return 0;
  if (thick.filter((count, row) => rights[row] - lefts[row] + 1 > count).length > high / 20) return 0;
  const middle = sums.map((sum, row) => sum / thick[row]);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const end = Math.max(1, Math.trunc(BOW.ends * high));
  const [upper, lower] = [mean(middle.subarray(0, end)), mean(middle.subarray(-end))];
  const away = middle.map((x, row) => x - upper - ((lower - upper) * (row - (end - 1) / 2)) / (high - end));
  const fifth = Math.floor(high / 5);
  const [above, bow, below] = [1, 2, 3].map((i) => mean(away.subarray(i * fifth, (i + 1) * fifth)) / high);
  const even = [above, below].every((part) => part / bow >= BOW.even[0] && part / bow <= BOW.even[1]);
  return Math.abs(bow) >= BOW.least && even ? bow : 0;
}

// Whether a stroke is a "plus" or a "times", four arms at about right angles; else null.
export function crossOf(cells) {
  if (cells[0].length < MIN_CELLS) return null;
  const [x, y] = cells.map((values) => {
    const sorted = Int32Array.from(values).sort();
    const middle = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
    return Float64Array.from(values, (value) => value - middle);
  });
  const away = x.map((value, i) => value * value + y[i] * y[i]);
  const longest = away.reduce((most, value) => Math.max(most, value), 0);
  const [near, far] = [CROSS.near ** 2 * longest, CROSS.far ** 2 * longest];
  const sums = [0, 0];
  let count = 0;
  const turns = x.map((value, i) => Math.atan2(y[i], value));
  turns.forEach((turn, i) => {
    if (away[i] <= far) return;
    sums[0] += Math.cos(4 * turn);
    sums[1] += Math.sin(4 * turn);
    count += 1;
  });
  const lean = Math.atan2(sums[1], sums[0]) / 4;
  const arms = [new Array(4).fill(0), new Array(4).fill(0)]; // where they end, and where they begin
  turns.forEach((turn, i) => {
    if (away[i] > near) arms[away[i] > far ? 0 : 1][(round((turn - lean) / (Math.PI / 2)) + 4) % 4] += 1;
  });
  if (arms.some((some) => Math.min(...some) <= CROSS.share * some.reduce((sum, value) => sum + value))) return null;
  if (turns.filter((turn, i) => away[i] > far && Math.cos(4 * (turn - lean)) < -0.5).length > CROSS.between * count) return null;
  const degrees = Math.abs((lean * 180) / Math.PI);
  const kinds = Object.entries(CROSSES).filter(([, [alike, least, most]]) => Math.hypot(...sums) / count >= alike && degrees >= least && degrees <= most);
  return kinds.length ? kinds[0][0] : null;
}

// Whether a stroke, a mask, is two bars over one another that are joined at one end.
export function isDouble({ width, height, data }) {
  const columns = Array.from({ length: width }, (_, x) => {
    let [begins, first, last, ink] = [0, height, -1, 0];
    for (let y = 0; y < height; y += 1) {
      if (!data[y * width + x]) continue;
      if (!y || !data[(y - 1) * width + x]) begins += 1;
      [first, last, ink] = [Math.min(first, y), y, ink + 1];
    }
    return { begins, ink, gap: begins === 2 ? last - first + 1 - ink : 0 };
  });
  const sum = (some, key) => some.reduce((all, column) => all + column[key], 0);
  const two = (some) => some.filter(({ gap }) => gap).length / some.length;
  const meanGap = (some) => sum(some, "gap") / some.length;
  const quarter = Math.max(Math.floor(width / 4), 1);
  const [left, right] = [columns.slice(0, quarter), columns.slice(-quarter)];
  const open = two(right) > two(left) ? right : left;
  if (two(columns) < DOUBLE || two(open) < DOUBLE) return false;
  if (open.some(({ begins, ink }) => begins === 1 && ink > (BENT * sum(columns, "ink")) / sum(columns, "begins"))) return false;
  return meanGap(columns.slice(Math.floor((width * 3) / 8), Math.floor((width * 5) / 8) + 1)) >= PARALLEL * meanGap(open);
}

// How far a component is from the end of the bar that it lies before; infinite where it does not.
function before(bar, [xs, ys]) {
  if (!bar || extent(xs, ys) < LONG * bar.thick) return Infinity;
  const { centre, along: [cos, sin], long, thick } = bar;
  let [least, first] = [Infinity, Infinity];
  for (let i = 0; i < xs.length; i += 1) {
    const [x, y] = [xs[i] - centre[0], ys[i] - centre[1]];
    const forward = Math.abs(x * cos + y * sin);
    const away = Math.hypot(Math.max(forward - long / 2, 0), Math.max(Math.abs(y * cos - x * sin) - thick / 2, 0));
    if (away > GAP * thick + GRID) continue;
    least = Math.min(least, away);
    first = Math.min(first, forward);
  }
  return first < MIDDLE * long ? Infinity : least;
}

// How far two components are from one another, where that is near at their ends only; else infinite.
function between(a, b, thick) {
  const reach = GAP * thick + GRID;
  const [[ax, ay], [bx, by]] = [closeTo(a, b, reach), closeTo(b, a, reach)];
  if (Math.min(extent(...a), extent(...b)) < LONG * thick || !ax.length || !bx.length || ax.length * bx.length > MAX_PAIRS) return Infinity;
  let least = Infinity;
  const [one, other] = [new Set(), new Set()];
  for (let i = 0; i < ax.length; i += 1)
    for (let k = 0; k < bx.length; k += 1) {
      const away = Math.hypot(ax[i] - bx[k], ay[i] - by[k]);
      if (away > reach) continue;
      least = Math.min(least, away);
      one.add(i);
      other.add(k);
    }
  return one.size && Math.max(one.size, other.size) <= SPOT * thick ** 2 ? least : Infinity;
}

// The least and the largest.
function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

// The cells that are as near to the box of another component.
export function closeTo([xs, ys], other, reach) {
  const [[left, right], [top, bottom]] = other.map(range);
  const near = (_, i) => xs[i] >= left - reach && xs[i] <= right + reach && ys[i] >= top - reach && ys[i] <= bottom + reach;
  return [xs.filter(near), ys.filter(near)];
}

const extent = (...places) => Math.max(...places.map(range).map(([low, high]) => high - low)) + 1;

// The pieces, made one along the edges in their order where that is no wider or higher than `limit`; and the gaps.
function united(pieces, edges, limit) {
  const group = [...pieces.keys()];
  const wholes = new Map(pieces.entries());
  const gaps = [];
  for (const [apart, i, k] of edges) {
    const [a, b] = [group[i], group[k]];
    if (a === b) continue;
    const whole = joined([wholes.get(a), wholes.get(b)]);
    if (longerOf(whole) > limit) continue;
    wholes.set(a, whole);
    wholes.delete(b);
    group.forEach((g, at) => (group[at] = g === b ? a : g));
    gaps.push(apart);
  }
  return { whole: [...wholes.values()], gaps };
}
