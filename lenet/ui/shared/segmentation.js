// Which ink of a drawing is one digit: lenet/preprocessing/segmentation.py, which says why, and where its numbers come
// from.  A box is [left, top, right, bottom] in pixels of the ink; a piece is {labels, box}.

import { MAX_DOTS, bridged, heightOf, inRows, isMinus, joined, linesAlong, longerOf, overlap, tallest, widthOf } from "./layout.js";
import { crop, extent, picture } from "./preprocess.js";

const INK_THRESHOLD = 64;
const MASK_PIXELS = 40000;
const SPECK = 0.08;
const DOT = 0.3;
const DOT_GAP = 0.08;
const SMALL = 0.3;
const APART = 0.3;
const OVERLAP = 0.5;
const MAX_PIECES = 24;
const MAX_PIECES_OF_A_DIGIT = 3;
const UNLIKELY = 1;
const JOIN = { constant: -6.5, gap: 4, lower: 2.7, taller: 4.3, narrower: 2.9, aspect: 0.7 };
const STACK = { constant: -3, gap: 20, overlap: 0.3 };
const WELL_READ = 0.05;
const TOUCHING = { above: 1.7, strokes: 0.3, doubt: 1.2 };
const NARROW = 0.75;
const WIDE = 1.25;

// The ink of a drawing and the pieces that it falls into, in reading order: {pieces, inkOf}.
export function sheet(ink) {
  const whole = extent(ink);
  if (!whole) return { pieces: [], inkOf: null };
  const [left, top, right, bottom] = whole;
  const factor = Math.ceil(Math.sqrt(((right - left) * (bottom - top)) / MASK_PIXELS));
  const mask = reduced(ink, whole, factor);
  const { labels, boxes, areas } = labelled(mask);
  const order = areas.map((_, i) => i).sort((a, b) => areas[a] - areas[b]);
  const chosen = order.slice(areas.length <= MAX_DOTS ? -MAX_DOTS : -MAX_PIECES);
  const components = chosen.map((i) => {
    const [x0, y0, x1, y1] = boxes[i].map((edge) => edge * factor);
    return { labels: [i + 1], box: [x0 + left, y0 + top, Math.min(x1 + left, ink.width), Math.min(y1 + top, ink.height)], row: 0 };
  });
  if (areas.length === 1) return { pieces: components, inkOf: (piece) => crop(ink, ...piece.box) };
  const full = chosen.map((i) => areas[i] / ((boxes[i][2] - boxes[i][0]) * (boxes[i][3] - boxes[i][1])));
  const { pieces, marked } = divided(bridged(components, full));
  const inkOf = (piece) => (pieces.length === 1 && !marked ? crop(ink, ...piece.box) : alone(ink, piece, labels, mask, left, top, factor));
  return { pieces, inkOf };
}

// What of the components is a digit or a part of one; `marked` says that something is not: a minus, a line.
function divided(components) {
  const area = (piece) => widthOf(piece) * heightOf(piece);
  const found = [...components].sort((a, b) => area(a) - area(b)).slice(-MAX_PIECES);
  const lines = linesAlong(found);
  const rest = found.filter((piece) => !lines.includes(piece));
  const tall = tallest(rest);
  const rows = inRows(merged(rest));
  const pieces = rows.filter((piece) => !isMinus(piece, rows.filter(({ row }) => row === piece.row), tall));
  return { pieces, marked: lines.length > 0 || pieces.length < rows.length };
}

// Whether any of each factor x factor pixels of a box is ink.
function reduced({ width, data }, [left, top, right, bottom], factor) {
  const mask = picture(Math.ceil((right - left) / factor), Math.ceil((bottom - top) / factor));
  for (let y = top; y < bottom; y += 1)
    for (let x = left; x < right; x += 1)
      if (data[y * width + x] > INK_THRESHOLD)
        mask.data[Math.floor((y - top) / factor) * mask.width + Math.floor((x - left) / factor)] = 1;
  return mask;
}

// The parts of a mask that hang together, also by corners, from 1 in the order of their first pixels: their labels,
// boxes and areas.
function labelled({ width, height, data }) {
  const wide = width + 2; // a border, so that every pixel has neighbours
  const marks = new Int32Array(wide * (height + 1));
  const parents = [0]; // of marks that turned out to be one part's: the smallest is its name
  const nameOf = (mark) => {
    let name = mark;
    while (parents[name] !== name) name = parents[name];
    return name;
  };
  for (let y = 0, i = 0; y < height; y += 1)
    for (let x = 0, at = (y + 1) * wide + 1; x < width; x += 1, i += 1, at += 1) {
      if (!data[i]) continue;
      const [before, above, after] = [marks[at - 1] || marks[at - wide - 1], marks[at - wide], marks[at - wide + 1]];
      const mark = above || before || after || parents.push(parents.length) - 1;
      if (before && after && !above) {
        const [one, other] = [nameOf(before), nameOf(after)];
        parents[Math.max(one, other)] = Math.min(one, other);
      }
      marks[at] = mark;
    }
  const numbers = new Int32Array(parents.length); // of each mark's part
  let count = 0;
  for (let mark = 1; mark < parents.length; mark += 1) numbers[mark] = parents[mark] === mark ? (count += 1) : numbers[nameOf(mark)];
  const labels = new Int32Array(data.length);
  const areas = new Array(count).fill(0);
  const boxes = areas.map(() => [width, height, 0, 0]);
  for (let y = 0, i = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!data[i]) continue;
      labels[i] = numbers[marks[(y + 1) * wide + 1 + x]];
      areas[labels[i] - 1] += 1;
      const box = boxes[labels[i] - 1];
      if (x < box[0]) box[0] = x;
      if (x >= box[2]) box[2] = x + 1;
      if (y < box[1]) box[1] = y;
      box[3] = y + 1;
    }
  return { labels, boxes, areas };
}

// The ink in a piece's box without that of other pieces, and without what adjoins it: too faint to be labelled.
function alone(ink, piece, labels, mask, left, top, factor) {
  const own = new Set(piece.labels);
  const found = crop(ink, ...piece.box);
  const foreign = (x, y) => {
    const label = x < 0 || y < 0 || x >= mask.width || y >= mask.height ? 0 : labels[y * mask.width + x];
    return label > 0 && !own.has(label);
  };
  const near = (x, y) => {
    if (x >= 0 && y >= 0 && x < mask.width && y < mask.height && own.has(labels[y * mask.width + x])) return false;
    for (let dy = -1; dy <= 1; dy += 1) for (let dx = -1; dx <= 1; dx += 1) if (foreign(x + dx, y + dy)) return true;
    return false;
  };
  const columns = Math.ceil((piece.box[2] - left) / factor) + 1;
  const known = new Map(); // a cell of the mask has many pixels
  for (let i = 0; i < found.data.length; i += 1) {
    if (!found.data[i]) continue;
    const x = Math.floor(((i % found.width) + piece.box[0] - left) / factor);
    const y = Math.floor((Math.floor(i / found.width) + piece.box[1] - top) / factor);
    const cell = y * columns + x;
    if (!known.has(cell)) known.set(cell, near(x, y));
    if (known.get(cell)) found.data[i] = 0;
  }
  return found;
}

// Without specks, and a small one made one with what it stands over, under or in.
function merged(pieces) {
  const tall = tallest(pieces);
  let kept = pieces.filter((piece) => longerOf(piece) >= SPECK * tall);
  for (let pair = overOneAnother(kept, tall); pair; pair = overOneAnother(kept, tall))
    kept = [...kept.filter((piece) => !pair.includes(piece)), joined(pair)];
  return kept;
}

function overOneAnother(pieces, tall) {
  for (let i = 0; i < pieces.length; i += 1)
    for (let k = 0; k < i; k += 1) {
      const [a, b] = [pieces[i], pieces[k]];
      const [beside, over] = [0, 1].map((edge) => Math.max(a.box[edge], b.box[edge]) - Math.min(a.box[edge + 2], b.box[edge + 2]));
      const small = Math.min(heightOf(a), heightOf(b)) < SMALL * tall;
      if (small && -beside >= OVERLAP * Math.min(widthOf(a), widthOf(b)) && over <= APART * tall) return [a, b];
    }
  return null;
}

// Every run of neighbouring pieces that may be one digit, by its first piece: [{first, last, whole, cost, digit}].
export function trials(pieces) {
  const tall = tallest(pieces);
  const dots = pieces.map((piece) => longerOf(piece) < DOT * tall);
  const single = pieces.map(({ row }) => pieces.filter((other) => other.row === row).length === 1); // in its row
  const found = [];
  pieces.forEach((piece, first) => {
    found.push({ first, last: first + 1, whole: piece, cost: 0, digit: !dots[first] });
    let [whole, cost] = [piece, 0];
    for (let last = first + 1; last < Math.min(first + MAX_PIECES_OF_A_DIGIT, pieces.length); last += 1) {
      if (pieces[last].row !== piece.row) {
        if (!single[last - 1] || !single[last]) break;
        cost += stack(whole, pieces[last]);
      } else {
        const gap = pieces[last].box[0] - whole.box[2];
        if (gap > (dots[last] || dots[last - 1] ? DOT_GAP : APART) * tall) break;
        cost += join(whole, pieces[last]);
      }
      whole = joined([whole, pieces[last]]);
      if (cost < UNLIKELY) found.push({ first, last: last + 1, whole, cost, digit: true });
    }
  });
  return found;
}

// The cost of taking for one digit what stands under one another, alone in two rows.
function stack(a, b) {
  if (overlap(a, b, 0) < STACK.overlap * Math.min(widthOf(a), widthOf(b))) return UNLIKELY;
  return STACK.constant + (STACK.gap * Math.max(-overlap(a, b, 1), 0)) / heightOf(joined([a, b]));
}

// The cost of taking two neighbours for one digit.
function join(a, b) {
  const whole = joined([a, b]);
  const high = heightOf(whole);
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

// Whether what was taken for one digit may be two that touch.
export function mayTouch({ width, height, data }, doubt) {
  const aspect = width / height;
  if (doubt < WELL_READ) return false;
  if (aspect <= NARROW || aspect > WIDE) return aspect > WIDE;
  let starts = 0;
  for (let i = 0; i < data.length; i += 1) starts += data[i] > INK_THRESHOLD && !(i >= width && data[i - width] > INK_THRESHOLD);
  return aspect + (TOUCHING.strokes * starts) / width + TOUCHING.doubt * doubt > TOUCHING.above;
}
