// Printed boxes that digits stand in, open grids, lines that digits touch, and empty frames: `printed_box`, `open_grid`,
// `underline` and `is_empty_frame` of lenet/preprocessing/printed.py, which says why.  A mask is {width, height, data}, with
// 1 where ink is.

import { median } from "./layout.js";
import { labelled } from "./mask.js";
import { round } from "./preprocess.js";

const MIN_BOX_SIDE = 20;
const RING = 0.85;
const RING_OF_A_ROW = 0.6;
const RING_DEPTH = 0.08;
const WALL = 0.85;
const HOLDS = 0.25;
const MAX_LEAN = 0.14;
const COMB_WIDTH = 2;
const COMB_LINE = 0.95;
const LEAN_REACH = 0.02;
const GRID = { most: 12, clear: 0.5, end: 0.1, straight: 0.03, true: 0.8, thin: 0.3, cells: 5, cell: 0.5 };
const UNDERLINED = 12;
const UNDERLINED_WIDTH = 1.4;
const UNDER_STRAIGHT = 0.03;
const UNDER_SHARE = 0.8;
const UNDER_THICK = 0.22;
const UNDER_FREE = 0.45;
const UNDER_BEYOND = 1.25;
const UNDER_ONE = 2.2;
const UNDER_WALL = 3;

// The lines of a box, a row of boxes or a grid that fills the mask, as a mask; null where there is none, or where nothing
// of `everything`, all the ink there, stands in it.
export function printedBox(mask, everything) {
  const { width, height } = mask;
  if (Math.min(width, height) < MIN_BOX_SIDE) return null;
  if (isComb(mask)) return mask;
  const lean = leanOf(mask);
  if (!lean) return printedUpright(mask, everything);
  const { places, ...size } = straightened(mask, everything, lean);
  const straight = { ...size, data: new Uint8Array(size.width * size.height) };
  const all = { ...size, data: straight.data.slice() };
  for (const [from, to] of places) [straight.data[to], all.data[to]] = [mask.data[from], 1];
  const found = printedUpright(straight, all);
  if (!found) return null;
  const lines = new Uint8Array(mask.data.length);
  for (const [from, to] of places) lines[from] = found.data[to];
  return { width, height, data: lines };
}

// The lines of an open grid, some each way, as a mask; null where there is none, or where nothing stands in it.
export function openGrid(mask, everything) {
  if (Math.min(mask.width, mask.height) < MIN_BOX_SIDE) return null;
  const down = gridLines(mask);
  const along = down && gridLines(turned(mask));
  if (!along || down.cells + along.cells < GRID.cells) return null;
  if (!holdsSomething(everything, mask, along.cells, 1)) return null;
  const across = turned(along.lines).data;
  return { ...mask, data: down.lines.data.map((ink, i) => ink | across[i]) };
}

// Lines from the top of a mask to its bottom: {lines, cells}, how many cells they part; null without any.
function gridLines({ width, height, data }) {
  const count = usualCrossings({ width, height, data });
  if (!count) return null; // as of most pieces
  const rows = Array.from({ length: height }, (_, y) => {
    const runs = [];
    for (let x = 0; x < width; x += 1)
      if (data[y * width + x]) {
        if (runs.at(-1)?.end === x) runs.at(-1).end += 1;
        else runs.push({ begin: x, end: x + 1 });
      }
    return { y, runs };
  });
  const clear = rows.filter(({ runs }) => runs.length === count);
  if (clear[0].y > GRID.end * height || clear.at(-1).y < (1 - GRID.end) * height - 1) return null;
  const thick = median(clear.flatMap(({ runs }) => runs.map(({ begin, end }) => end - begin)));
  const third = Math.floor(clear.length / 3);
  const ends = [clear.slice(0, third), clear.slice(-third)];
  const [y0, y1] = ends.map((part) => median(part.map(({ y }) => y)));
  const middle = ({ begin, end }) => (begin + end) / 2;
  const [first, last] = ends.map((part) => part[0].runs.map((_, i) => median(part.map(({ runs }) => middle(runs[i])))));
  const straight = (y) => first.map((x, i) => x + (y - y0) * ((last[i] - x) / (y1 - y0)));
  const walls = [0, ...straight(Math.floor(height / 2)), width];
  const narrowest = Math.min(...walls.slice(1).map((x, i) => x - walls[i]));
  if (thick > (GRID.thin * width) / (count + 1) || narrowest < (GRID.cell * width) / (count + 1)) return null;
  const limit = GRID.straight * Math.max(width, height) + 1;
  const isOn = (run, x) => Math.abs(middle(run) - x) <= limit && run.end - run.begin <= 2 * thick;
  const drawn = clear.filter(({ y, runs }) => straight(y).every((x, i) => isOn(runs[i], x)));
  if (drawn.length < GRID.true * clear.length) return null;
  const lines = new Uint8Array(data.length);
  for (let y = 0, at = 0, next = 0; y < height; y += 1) {
    while (next < drawn.length - 1 && drawn[next].y < y) next += 1;
    const [before, after] = [drawn[Math.max(next - 1, 0)], drawn[next]];
    const share = after.y > before.y ? Math.min(Math.max((y - before.y) / (after.y - before.y), 0), 1) : 0;
    const path = after.runs.map((run, i) => middle(before.runs[i]) + share * (middle(run) - middle(before.runs[i])));
    for (let x = 0; x < width; x += 1, at += 1) lines[at] = data[at] & path.some((line) => Math.abs(x + 0.5 - line) <= thick);
  }
  return { lines: { width, height, data: lines }, cells: count + 1 };
}

// How many runs of ink most rows of a mask have; 0 where they are too few or too many for a grid's lines.
function usualCrossings({ width, height, data }) {
  const counts = new Uint32Array(width + 1);
  for (let y = 0, at = 0; y < height; y += 1) {
    let runs = 0;
    for (let x = 0, before = 0; x < width; x += 1, at += 1) {
      runs += data[at] > before;
      before = data[at];
    }
    counts[runs] += 1;
  }
  const most = Math.max(...counts);
  const count = counts.indexOf(most);
  return count <= GRID.most && most >= Math.max(GRID.clear * height, 3) ? count : 0;
}

// A straight line in which a piece ends below, as digits do that touch it, as a mask; null where it has none.
export function underline(mask) {
  const { width, height, data } = mask;
  if (height < UNDERLINED || width < UNDERLINED_WIDTH * height) return null;
  const runs = Array.from({ length: width }, (_, x) => {
    const at = (row) => data[(height - 1 - row) * width + x]; // from below
    let begin = 0;
    while (begin < height && !at(begin)) begin += 1;
    if (begin === height) return { begin: 0, thick: 0, covered: false };
    let end = begin;
    while (end < height && at(end)) end += 1;
    return { begin, thick: end - begin, covered: true };
  });
  if (runs.filter(({ covered }) => covered).length / width < COMB_LINE) return null;
  const third = Math.floor(width / 3);
  const middle = Math.floor(third / 2);
  const [y0, y1] = [runs.slice(0, third), runs.slice(-third)].map((end) => end.map(({ begin }) => begin).sort((a, b) => a - b)[middle]);
  const lineAt = (x) => y0 + ((y1 - y0) * (x - middle)) / (width - third);
  const onIt = runs.filter(({ begin }, x) => Math.abs(begin - lineAt(x)) <= UNDER_STRAIGHT * height + 1);
  if (onIt.length < UNDER_SHARE * width) return null;
  const usual = median(onIt.map(({ thick }) => thick));
  const free = onIt.filter(({ thick }) => thick <= 1.5 * usual + 1);
  if (usual > UNDER_THICK * height || free.length < UNDER_FREE * width) return null;
  const lines = data.map((ink, i) => ink & (height - 1 - Math.floor(i / width) < lineAt(i % width) + usual + 1));
  const { labels, boxes } = labelled(without(mask, lines));
  const stands = boxes.map(([, top, , bottom]) => bottom - top > usual);
  labels.forEach((label, i) => {
    if (label && !stands[label - 1]) lines[i] = 1; // where the line is thicker
  });
  const standing = boxes.filter((_, i) => stands[i]);
  if (Math.max(0, ...standing.map(([left, , right]) => right - left)) <= UNDER_WALL * usual) return null;
  const beyond = Math.min(...standing.flatMap(([left, , right]) => [left, width - right]));
  const enough = width >= UNDER_ONE * height || standing.length > 1;
  return enough && beyond >= UNDER_BEYOND * usual ? { width, height, data: lines } : null;
}

// Whether a piece is a rectangle of four lines and nothing else.
export function isEmptyFrame(mask) {
  const { width, height, data } = mask;
  const depth = depthOf(mask);
  if (Math.min(width, height) < MIN_BOX_SIDE || !isRing(mask, depth)) return false;
  for (let y = 2 * depth.down; y < height - 2 * depth.down; y += 1)
    for (let x = 2 * depth.across; x < width - 2 * depth.across; x += 1) if (data[y * width + x]) return false;
  return true;
}

const depthOf = ({ width, height }) => ({ down: Math.max(2, round(RING_DEPTH * height)), across: Math.max(2, round(RING_DEPTH * width)) });

// How many rows the mask's upper side sinks from one column to the next; 0 where that is no leaning line.
function leanOf({ width, height, data }) {
  const firsts = [];
  for (let x = 0; x < width; x += 1) {
    let y = 0;
    while (y < height && !data[y * width + x]) y += 1;
    if (y < height) firsts.push([x, y]);
  }
  const third = Math.floor(firsts.length / 3);
  if (!third) return 0;
  const middle = Math.floor(third / 2);
  const [[x0, y0], [x1, y1]] = [firsts.slice(0, third), firsts.slice(-third)].map((end) => [end[middle][0], end.map(([, y]) => y).sort((a, b) => a - b)[middle]]);
  const lean = (y1 - y0) / (x1 - x0);
  if (Math.abs(lean) > MAX_LEAN || Math.abs(lean) * Math.max(width, height) < 1) return 0;
  const onIt = firsts.filter(([x, y]) => Math.abs(y - (y0 + lean * (x - x0))) <= LEAN_REACH * height + 1).length;
  return onIt >= RING_OF_A_ROW * firsts.length ? lean : 0;
}

// Where each of the ink's pixels comes to stand as the mask is made upright, and how large that is then.
function straightened({ width, height, data }, everything, lean) {
  const moved = [];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let y = 0, from = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, from += 1) {
      if (!everything.data[from]) continue;
      const up = y - Math.floor(lean * x + 0.5);
      const across = x + Math.floor(lean * up + 0.5);
      moved.push([from, across, up]);
      if (!data[from]) continue;
      [left, right] = [Math.min(left, across), Math.max(right, across + 1)];
      [top, bottom] = [Math.min(top, up), Math.max(bottom, up + 1)];
    }
  const inside = moved.filter(([, across, up]) => across >= left && across < right && up >= top && up < bottom);
  return { width: right - left, height: bottom - top, places: inside.map(([from, across, up]) => [from, (up - top) * (right - left) + across - left]) };
}

// `printedBox` where it does not lean.
function printedUpright(mask, everything) {
  const { width, height } = mask;
  const depth = depthOf(mask);
  if (Math.min(width, height) < MIN_BOX_SIDE || !isRing(mask, depth)) return null;
  const lines = new Uint8Array(mask.data.length);
  for (const side of sidesOf(mask, depth)) addFirstRuns(mask, side, lines);
  let rows = 1;
  const columns = 1 + addWalls(without(mask, lines), depth.across, lines);
  if (columns > 1) { // no stroke of a digit runs through boxes side by side
    const across = turned({ width, height, data: lines });
    rows += addWalls(turned(without(mask, lines)), depth.down, across.data);
    lines.set(turned(across).data);
  }
  const inCell = (side, cells) => Math.max(2, Math.floor(side / cells));
  const [down, across] = [inCell(depth.down, rows), inCell(depth.across, columns)];
  addCrumbs(without(mask, lines), { down, across }, lines);
  const found = { width, height, data: lines };
  return holdsSomething(everything, found, rows, Math.min(down, across)) ? found : null;
}

// Whether some ink, clear of the lines, is high enough to be a digit in a box, of which so many stand over one another.
function holdsSomething(everything, lines, rows, margin) {
  const { boxes } = labelled(without(everything, grown(lines, margin)));
  return boxes.some(([, top, , bottom]) => (bottom - top) * rows >= HOLDS * everything.height);
}

// Adds the walls, and says how many stand between boxes.
function addWalls(inner, depth, lines) {
  const found = walls(inner);
  for (const [from, to] of found) addWall(inner, from, to, lines);
  return found.filter(([from, to]) => from > depth && to < inner.width - depth).length;
}

// With rows for columns.
function turned({ width, height, data }) {
  return { width: height, height: width, data: Uint8Array.from(data, (_, i) => data[(i % height) * width + Math.floor(i / height)]) };
}

// The data with all that is as near, in steps up, down or aside.
function grown({ width, height, data }, steps) {
  let now = data;
  for (let step = 0; step < steps; step += 1)
    now = now.map((ink, i) => ink | (i % width && now[i - 1]) | ((i + 1) % width && now[i + 1]) | (i >= width && now[i - width]) | now[i + width]);
  return now;
}

const without = ({ width, height, data }, lines) => ({ width, height, data: data.map((ink, i) => ink & ~lines[i]) });

// The mask as each of its sides sees it: `lines` lines of `steps` pixels inwards, and where each of them is in the data.
function sidesOf({ width, height }, { down, across }) {
  return [
    { lines: width, steps: height, depth: down, at: (line, step) => step * width + line },
    { lines: width, steps: height, depth: down, at: (line, step) => (height - 1 - step) * width + line },
    { lines: height, steps: width, depth: across, at: (line, step) => line * width + step },
    { lines: height, steps: width, depth: across, at: (line, step) => line * width + width - 1 - step },
  ];
}

// Whether a piece is a line with three walls on it or more.
function isComb({ width, height, data }) {
  const deep = Math.max(2, round(RING_DEPTH * height));
  if (width < COMB_WIDTH * height) return false;
  const any = (x, top, bottom) => {
    for (let y = top; y < bottom; y += 1) if (data[y * width + x]) return true;
    return false;
  };
  const columns = Array.from({ length: width }, (_, x) => x);
  if (columns.filter((x) => any(x, height - deep, height)).length < COMB_LINE * width) return false;
  const walls = [];
  for (const x of columns.filter((at) => any(at, 0, height - deep))) {
    if (walls.at(-1)?.end === x) walls.at(-1).end += 1;
    else walls.push({ begin: x, end: x + 1 });
  }
  if (walls.length < 3 || walls[0].begin >= deep || walls.at(-1).end <= width - deep) return false;
  return walls.every(({ begin, end }) => {
    let rows = 0;
    for (let y = 0; y < height - deep; y += 1) rows += columns.slice(begin, end).some((x) => data[y * width + x]);
    return end - begin <= 2 * deep && rows >= WALL * (height - deep);
  });
}

// Whether ink runs along all four sides of the mask; boxes in a row leave gaps above and below.
function isRing(mask, depth) {
  const { width, height, data } = mask;
  const [top, bottom, left, right] = sidesOf(mask, depth).map(({ lines, depth: deep, at }) => {
    let found = 0;
    for (let line = 0; line < lines; line += 1) for (let step = 0; step < deep; step += 1) if (data[at(line, step)]) [found, step] = [found + 1, deep];
    return found / lines;
  });
  if (Math.min(top, bottom) < (width < 2 * height ? RING : RING_OF_A_ROW) || Math.min(left, right) < RING) return false;
  const corner = (x0, y0) => {
    for (let y = y0; y < y0 + depth.down; y += 1) for (let x = x0; x < x0 + depth.across; x += 1) if (data[y * width + x]) return true;
    return false;
  };
  const [x, y] = [width - depth.across, height - depth.down];
  return corner(0, 0) && corner(x, 0) && corner(0, y) && corner(x, y);
}

// Adds the first ink inwards from a side, where it begins near it and is no thicker than usual.
function addFirstRuns({ data }, { lines: count, steps, depth, at }, lines) {
  const runs = [];
  for (let line = 0; line < count; line += 1) {
    let begin = 0;
    while (begin < Math.min(depth, steps) && !data[at(line, begin)]) begin += 1;
    if (begin === Math.min(depth, steps)) continue;
    let end = begin;
    while (end < steps && data[at(line, end)]) end += 1;
    runs.push([line, begin, end]);
  }
  const usual = median(runs.map(([, begin, end]) => end - begin));
  for (const [line, begin, end] of runs)
    if (end - begin <= 1.5 * usual + 1 && end <= 2 * depth) for (let step = begin; step < end; step += 1) lines[at(line, step)] = 1;
}

// Columns in which ink runs down nearly the whole mask: between boxes, or a box's own sides; [from, to) each.
function walls({ width, height, data }) {
  const full = [];
  for (let x = 0; x < width; x += 1) {
    const near = [(x + width - 1) % width, x, (x + 1) % width];
    let covered = 0;
    for (let y = 0; y < height; y += 1) covered += near.some((column) => data[y * width + column]);
    if (covered / height >= WALL) full.push(x);
  }
  const begins = full.filter((x, i) => x - 1 !== full[i - 1]);
  const ends = full.filter((x, i) => x + 1 !== full[i + 1]);
  return begins.map((x, i) => [Math.max(x - 1, 0), Math.min(ends[i] + 2, width)]);
}

// Adds a wall without the rows that a stroke crosses, where all of it is ink.
function addWall({ width, height, data }, from, to, lines) {
  const covered = Array.from({ length: height }, (_, y) => data.subarray(y * width + from, y * width + to).reduce((sum, ink) => sum + ink, 0));
  const usual = median(covered.filter(Boolean)) || 0;
  for (let y = 0; y < height; y += 1) {
    if (covered[y] > 1.5 * usual + 1 && covered[y] === to - from) continue;
    for (let x = from; x < to; x += 1) lines[y * width + x] |= data[y * width + x];
  }
}

// Adds what is left of the lines at the mask's sides: small pieces, such as corners.
function addCrumbs(mask, { down, across }, lines) {
  const { width, height } = mask;
  const { labels, boxes } = labelled(mask);
  const crumbs = boxes.map(([left, top, right, bottom]) => {
    const small = right - left <= 2 * across && bottom - top <= 2 * down;
    return small && (left < across || right > width - across || top < down || bottom > height - down);
  });
  labels.forEach((label, i) => {
    if (label && crumbs[label - 1]) lines[i] = 1;
  });
}
