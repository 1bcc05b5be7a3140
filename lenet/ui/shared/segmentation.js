// Which ink of a drawing is one digit: lenet/preprocessing/segmentation.py, which says why, and where its numbers come
// from.  A box is [left, top, right, bottom] in pixels of the ink; a piece is {labels, box}.

import { barOf, bowOf, crossOf, endToEnd, isDouble } from "./bars.js";
import { openGaps } from "./gaps.js";
import { MAX_DOTS, SLASH_SLENDER, asHigh, brackets, bridged, contains, dividers, dottedLine, frames, heightOf, held, higher, inRows, isCrossed, isMinus, isPoint, joined, least, linesAlong, longerOf, overlap, percents, runsAround, slashes, sumSigns, tallest, widthOf } from "./layout.js";
import { labelled, reduced } from "./mask.js";
import { crop, extent, picture, round } from "./preprocess.js";
import { isEmptyFrame, printedBox, underline } from "./printed.js";

const INK_THRESHOLD = 64;
const FAINT = 24;
const MASK_PIXELS = 40000;
const SPECK = 0.08;
const POINT = 0.04;
const DOT = 0.3;
const [DEGREE, FULL_HEIGHT] = [0.38, 0.6];
const LITTLE = 0.2;
const DOT_GAP = 0.08;
const ROUND_POINT = 0.2;
const SMALL = 0.3;
const APART = 0.3;
const OVERLAP = 0.5;
const MAX_PIECES = 100;
const MAX_PIECES_OF_A_DIGIT = 3;
const UNLIKELY = 1;
const JOIN = { constant: -6.5, gap: 4, lower: 2.7, taller: 4.3, narrower: 2.9, aspect: 0.7 };
const RAISED = 0.6;
const UPRIGHT = 1.3;
const STACK = { constant: -3, gap: 9, overlap: 0.3, height: 1.5, slim: 0.3 };
const JOINT = -3;
const UNBOXED = 3;
const CLOSED = -3;
const BARS = { least: 6, full: 0.9, edge: 0.03 };
const WORD_GAP = 0.6;
const LETTERS = 1 / 3;
const SIGN_ROOM = 0.06;
const WELL_READ = 0.05;
const TOUCHING = { above: 1.7, strokes: 0.3, doubt: 1.2 };
const NARROW = 0.75;
const WIDE = 1.25;

// The ink of a drawing and what it falls into: {pieces, marks, inkOf, points, place, cost, withBars, withGapsClosed}.
// Pieces are in reading order, and marks are [{kind, box}] of what stands beside them, without points.  `withBars` gives
// the same ink with bars that meet end to end made one piece, and what looks like printed boxes kept, `withGapsClosed`
// with strokes drawn on where they go on beyond a gap; null where there are none.  `taken` are marks of what is out of
// the ink already.
export function sheet(drawn, unboxed = true, taken = []) {
  const { ink, printed } = unboxed ? withoutBoxes(drawn) : { ink: drawn, printed: taken };
  const keeping = () => {
    const barred = sheet(drawn, false).withBars();
    return barred && { ...barred, cost: barred.cost + UNBOXED };
  };
  const none = { pieces: [], marks: [], inkOf: null, points: () => [], place: () => [0, 0], cost: 0, withBars: printed.length ? keeping : () => null, withGapsClosed: () => null };
  const found = parted(ink, INK_THRESHOLD);
  if (!found) return { ...none, marks: printed };
  const { areas, boxes } = found;
  const order = areas.map((_, i) => i).sort((a, b) => areas[a] - areas[b]);
  const chosen = order.slice(areas.length <= MAX_DOTS ? -MAX_DOTS : -MAX_PIECES);
  const all = chosen.map((i) => ({ labels: [i + 1], box: boxOf(ink, found, boxes[i]), row: 0 }));
  if (areas.length === 1 && !printed.length) return { ...none, pieces: all, inkOf: (piece) => crop(ink, ...piece.box) };
  const dots = dottedLine(all, chosen.map((i) => fullness(found, i)));
  const marks = dots.length ? [...printed, { kind: "line", box: joined(dots).box }] : printed;
  const components = all.filter((piece) => !dots.includes(piece));
  const full = components.map(({ labels }) => fullness(found, labels[0] - 1));
  const withBars = () => {
    if (2 * components.filter(isRound).length >= components.length) return null; // a dotted pen's
    const isSign = ({ labels }) => asItIs.sumLabels.has(labels[0]); // the bars of = are near at their ends too
    const others = components.filter((piece) => !isSign(piece));
    const othersAreas = others.map(({ labels }) => areas[labels[0] - 1]);
    const { whole, gaps } = endToEnd(others, othersAreas, (piece) => cellsOf(piece, found), found.factor);
    if (!gaps.length) return null;
    const bridge = (round(Math.max(...gaps) * found.factor) + 2) | 1;
    return { ...none, ...placed([...whole, ...components.filter(isSign)], ink, found, marks, bridge), cost: JOINT * (gaps.length - 1) };
  };
  const asItIs = placed(bridged(components, full), ink, found, marks, 0);
  const withGapsClosed = (atSides) => {
    const own = new Set([...asItIs.pieces, ...asItIs.along].flatMap(({ labels }) => labels));
    const strokes = components.filter(({ labels }) => labels.some((label) => own.has(label)));
    const gaps = openGaps(strokes, (piece) => thicknessOf(piece, found), (piece) => cellsOf(piece, found), found.factor, atSides);
    return gaps.length ? { ...sheet(drawnOn(ink, gaps, found), false, printed), cost: CLOSED * gaps.length } : null;
  };
  return { ...none, ...asItIs, withBars: printed.length ? keeping : withBars, withGapsClosed };
}

// What these components are to a reader; in the ink of each, gaps narrower than `bridge` are filled.
function placed(components, ink, found, printed, bridge) {
  const { pieces, specks, along, sumLabels, ...beside } = divided(components, found);
  const marks = [...beside.marks, ...printed];
  const whole = pieces.length === 1 && !marks.length;
  return {
    pieces,
    marks,
    along,
    sumLabels,
    inkOf: (piece) => closed(whole ? crop(ink, ...piece.box) : alone(ink, piece, found), bridge),
    points: (dots) => pointsAmong([...dots, ...specks], pieces, specks),
    place: (box) => placeOf(box, pieces),
  };
}

// Where a piece is in the mask: the x and the y of its cells.
function cellsOf({ labels: own }, { labels, boxes, mask }) {
  const [xs, ys] = [[], []];
  for (const label of own) {
    const [left, top, right, bottom] = boxes[label - 1];
    for (let y = top; y < bottom; y += 1)
      for (let x = left; x < right; x += 1) {
        if (labels[y * mask.width + x] !== label) continue;
        xs.push(x);
        ys.push(y);
      }
  }
  return [xs, ys];
}

// How thick a component's strokes are, in cells: twice its area by the length of its outline.
function thicknessOf({ labels: [label] }, { labels, areas, boxes, mask }) {
  const [left, top, right, bottom] = boxes[label - 1];
  let within = 0;
  for (let y = top + 1; y < bottom - 1; y += 1)
    for (let x = left + 1, at = y * mask.width + x; x < right - 1; x += 1, at += 1)
      within += [at, at - 1, at + 1, at - mask.width, at + mask.width].every((cell) => labels[cell] === label);
  const area = areas[label - 1];
  return (2 * area) / Math.max(area - within, 1);
}

// The ink, with a line of full strength over each gap.
function drawnOn({ width, height, data }, gaps, { left, top, factor }) {
  const ink = picture(width, height, data.slice());
  for (const { begin, end, thick } of gaps) {
    const [x0, y0, x1, y1] = [...begin, ...end].map((value, i) => (value + 0.5) * factor + [left, top][i % 2] - 0.5);
    const half = Math.max(thick * factor, 1) / 2;
    const [across, down] = [x1 - x0, y1 - y0];
    const from = (...values) => Math.max(Math.trunc(Math.min(...values) - half), 0);
    const to = (size, ...values) => Math.min(Math.trunc(Math.max(...values) + half) + 2, size);
    for (let y = from(y0, y1); y < to(height, y0, y1); y += 1)
      for (let x = from(x0, x1); x < to(width, x0, x1); x += 1) {
        const at = Math.min(Math.max(((x - x0) * across + (y - y0) * down) / (across ** 2 + down ** 2), 0), 1);
        if ((x - x0 - at * across) ** 2 + (y - y0 - at * down) ** 2 <= half ** 2) ink.data[y * width + x] = 255;
      }
  }
  return ink;
}

// Grey closing by a square of an odd side; 0 leaves the ink as it is.
function closed(ink, side) {
  if (!side) return ink;
  const reach = (side - 1) / 2;
  let now = picture(ink.width + 2 * reach, ink.height + 2 * reach);
  for (let y = 0; y < ink.height; y += 1) now.data.set(ink.data.subarray(y * ink.width, (y + 1) * ink.width), (y + reach) * now.width + reach);
  for (const pick of [Math.max, Math.min]) for (const along of [true, false]) now = picked(now, reach, pick, along);
  return crop(now, reach, reach, reach + ink.width, reach + ink.height);
}

// Each pixel the largest or least of those within `reach` in its row or its column.
function picked({ width, height, data }, reach, pick, along) {
  const found = picture(width, height);
  const [step, count] = along ? [1, width] : [width, height];
  for (let i = 0; i < data.length; i += 1) {
    const at = along ? i % width : Math.floor(i / width);
    let value = data[i];
    for (let k = -Math.min(reach, at); k <= Math.min(reach, count - 1 - at); k += 1) value = pick(value, data[i + k * step]);
    found.data[i] = value;
  }
  return found;
}

// The ink above a threshold: its mask, at the scale of 1 to `factor`, from the corner [left, top] on, and its labels;
// null where there is none.
function parted(ink, threshold) {
  const whole = extent(ink, threshold);
  if (!whole) return null;
  const [left, top, right, bottom] = whole;
  const factor = Math.ceil(Math.sqrt(((right - left) * (bottom - top)) / MASK_PIXELS));
  const mask = reduced(ink, whole, factor, threshold);
  return { mask, left, top, factor, ...labelled(mask) };
}

// How much of its box a piece fills; 0 where it has holes or bays, as most digits have and no dot has.
function fullness({ mask, labels, areas, boxes }, i) {
  const [left, top, right, bottom] = boxes[i];
  const own = (x, y) => x < right && y < bottom && labels[y * mask.width + x] === i + 1;
  const ends = (x, y, dx, dy) => own(x, y) && !own(x + dx, y + dy);
  for (let y = top; y < bottom; y += 1) for (let x = left, runs = 0; x < right; x += 1) if (ends(x, y, 1, 0) && (runs += 1) > 1) return 0;
  for (let x = left; x < right; x += 1) for (let y = top, runs = 0; y < bottom; y += 1) if (ends(x, y, 0, 1) && (runs += 1) > 1) return 0;
  return areas[i] / ((right - left) * (bottom - top));
}

// A box of the mask as a box of the ink.
function boxOf({ width, height }, { left, top, factor }, [x0, y0, x1, y1]) {
  return [x0 * factor + left, y0 * factor + top, Math.min(x1 * factor + left, width), Math.min(y1 * factor + top, height)];
}

// The ink without printed boxes and lines that digits touch, and the marks that they are.
function withoutBoxes(ink) {
  const found = parted(ink, FAINT);
  if (!found) return { ink, printed: [] };
  const { mask, areas } = found;
  const whole = [0, 0, mask.width, mask.height];
  const lines = printedBox(mask, mask);
  if (lines) return { ink: erased(ink, found, whole, lines), printed: [{ kind: "box", box: boxOf(ink, found, whole) }] };
  const printed = [];
  if (areas.length > MAX_DOTS) return { ink, printed };
  found.boxes.forEach((box, i) => {
    const everything = crop(mask, ...box);
    const own = maskOf([i + 1], box, found);
    const boxed = areas.length > 1 ? printedBox(own, everything) : null;
    const its = boxed ?? underline(own);
    if (!its) return;
    const [dx, dy] = box;
    const [left, top, right, bottom] = boxed ? [0, 0, own.width, own.height] : extent(its, 0);
    printed.push({ kind: boxed ? "box" : "line", box: boxOf(ink, found, [left + dx, top + dy, right + dx, bottom + dy]) });
    ink = erased(ink, found, box, its);
  });
  return { ink, printed };
}

// Where these labels are in a box of the mask.
function maskOf(own, box, { labels, mask }) {
  const found = picture(box[2] - box[0], box[3] - box[1]);
  for (let y = box[1], at = 0; y < box[3]; y += 1) for (let x = box[0]; x < box[2]; x += 1, at += 1) found.data[at] = own.includes(labels[y * mask.width + x]);
  return found;
}

// The ink without what `lines` of this box of the mask cover, and without their soft edges.
function erased(ink, { mask, labels, factor, ...corner }, box, lines) {
  const [left, top, right, bottom] = boxOf(ink, { factor, ...corner }, box);
  const near = (x, y) => {
    for (let i = Math.max(y - 1, 0); i < Math.min(y + 2, lines.height); i += 1)
      for (let k = Math.max(x - 1, 0); k < Math.min(x + 2, lines.width); k += 1) if (lines.data[i * lines.width + k]) return true;
    return false;
  };
  const data = ink.data.slice();
  for (let y = 0; y < lines.height; y += 1)
    for (let x = 0; x < lines.width; x += 1) {
      if (!lines.data[y * lines.width + x] && (labels[(y + box[1]) * mask.width + x + box[0]] || !near(x, y))) continue;
      for (let i = top + y * factor; i < Math.min(top + (y + 1) * factor, bottom); i += 1)
        data.fill(0, i * ink.width + left + x * factor, i * ink.width + Math.min(left + (x + 1) * factor, right));
    }
  return { ...ink, data };
}

// What of the components is a digit or a part of one, what is a mark beside them, and what is too small for either.
function divided(components, parts) {
  const area = (piece) => widthOf(piece) * heightOf(piece);
  const every = [...components].sort((a, b) => area(a) - area(b)).slice(-MAX_PIECES);
  const empty = frames(every, (piece) => isEmptyFrame(maskOf(piece.labels, cellsIn(piece, parts), parts)));
  const withDividers = every.filter((piece) => !empty.includes(piece));
  const drawnDown = dividers(withDividers);
  const found = withDividers.filter((piece) => !drawnDown.includes(piece));
  const lines = linesAlong(found);
  const digits = found.filter((piece) => !lines.includes(piece));
  const closedRings = higher(digits.filter((piece) => isRing(piece, digits, parts)), digits);
  const rings = [...closedRings, ...asHigh(closedRings, digits).filter((piece) => isRing(piece, digits, parts, true))];
  const unringed = digits.filter((piece) => !rings.includes(piece));
  const signs = percents(unringed, (piece) => leanOf(piece, parts), (piece) => isLoop(piece, parts));
  const unsummed = unringed.filter((piece) => !signs.some((sign) => sign.includes(piece)));
  const summed = sumSigns(unsummed, (piece) => crossOf(cellsOf(piece, parts)), (piece) => isDouble(maskOf(piece.labels, cellsIn(piece, parts), parts)));
  const sumLabels = new Set(summed.flatMap(({ piece }) => piece.labels));
  const withSlashes = unsummed.filter(({ labels }) => !labels.some((label) => sumLabels.has(label)));
  const ordered = inRows(merged(withSlashes));
  const byRows = (some, find) => [...new Set(some.map(({ row }) => row))].flatMap((row) => find(some.filter((piece) => piece.row === row)));
  const curved = byRows(ordered, (row) => brackets(row, (piece) => bowOf(cellsOf(piece, parts))));
  const all = ordered.filter((piece) => !curved.some((bracket) => bracket.piece === piece));
  const leaning = byRows(all, (row) => slashes(row, (piece) => leanOf(piece, parts)));
  const gone = new Set([...leaning, ...curved.map(({ piece }) => piece)].flatMap(({ labels }) => labels));
  const [rest, rows] = [withSlashes, all].map((some) => some.filter(({ labels }) => !labels.some((label) => gone.has(label))));
  const tall = tallest(rest);
  const minus = rows.filter((piece) => isMinus(piece, rows.filter(({ row }) => row === piece.row), tall));
  const as = (kind) => ({ box }) => ({ kind, box });
  return {
    pieces: rows.filter((piece) => !minus.includes(piece)),
    sumLabels, // of a sum's signs
    along: lines, // what looks like them: the foot of a broken 2 does too
    specks: rest.filter((piece) => longerOf(piece) >= POINT * tall && longerOf(piece) < SPECK * tall),
    marks: [...signs.map(joined).map(as("percent")), ...[...summed, ...curved].map(({ kind, piece: { box } }) => ({ kind, box })), ...leaning.map(as("slash")), ...minus.map(as("minus")), ...[...drawnDown, ...lines].map(as("line")), ...rings.map(as("ring")), ...empty.map(as("box"))],
  };
}

// How far a straight stroke's upper end is to the right of its foot, by its height; 0 of what is none.
function leanOf(piece, parts) {
  const bar = barOf(cellsOf(piece, parts));
  const [across, down] = bar?.along ?? [0, 0];
  return down && bar.long >= SLASH_SLENDER * bar.thick ? -across / down : 0;
}

// Whether a piece runs around its middle, where it is empty.
function isLoop(piece, parts) {
  const own = new Set(piece.labels);
  const isInk = (x, y) => own.has(parts.labels[y * parts.mask.width + x]);
  const ring = cellsIn(piece, parts);
  const middle = (from, to, away = Math.floor((2 * (to - from)) / 5)) => [from + away, to - away];
  const [[left, right], [top, bottom]] = [middle(ring[0], ring[2]), middle(ring[1], ring[3])];
  for (let y = top; y < bottom; y += 1) for (let x = left; x < right; x += 1) if (isInk(x, y)) return false;
  return runsAround(isInk, ring, [left, top, right, bottom], false);
}

// A piece's box in the mask.
const cellsIn = ({ box }, { left, top, factor }) => [0, 1, 2, 3].map((edge) => (edge < 2 ? Math.floor : Math.ceil)((box[edge] - [left, top][edge % 2]) / factor));

// Whether a piece was drawn around another, as high as a digit; `openRing` as in `runsAround`.
function isRing(piece, pieces, parts, openRing) {
  const own = new Set(piece.labels);
  const isInk = (x, y) => own.has(parts.labels[y * parts.mask.width + x]);
  const around = held(piece, pieces).some((inner) => runsAround(isInk, cellsIn(piece, parts), cellsIn(inner, parts), openRing));
  return around && !isCrossed(maskOf(piece.labels, cellsIn(piece, parts), parts));
}

// Which of the dots, and of what is smaller, are decimal points or commas; the others are dirt.
function pointsAmong(dots, pieces, specks) {
  const tall = tallest(pieces);
  return dots.filter((dot) => isPoint(dot, [...pieces, ...specks], tall, DOT)).map(({ box }) => ({ kind: "point", box }));
}

// Where a box comes in reading order: [the row of the piece nearest in height, its middle in x].
function placeOf([left, top, right, bottom], pieces) {
  const nearest = pieces.length ? least(pieces, ({ box }) => Math.abs(box[1] + box[3] - top - bottom)) : null;
  return [nearest?.row ?? 0, (left + right) / 2];
}

// The ink in a piece's box without that of other pieces, and without what adjoins it: too faint to be labelled.
function alone(ink, piece, { labels, mask, left, top, factor }) {
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
      const small = Math.min(heightOf(a), heightOf(b)) < SMALL * tall && !areSigns(a, b, pieces, tall);
      if (small && -beside >= OVERLAP * Math.min(widthOf(a), widthOf(b)) && over <= APART * tall) return [a, b];
    }
  return null;
}

const isDot = (piece, tall) => isRound(piece) && longerOf(piece) < ROUND_POINT * tall;

// Whether two pieces over one another are a colon, or one is a digit's decimal point.
function areSigns(a, b, pieces, tall) {
  const dots = [a, b].filter((piece) => isDot(piece, tall));
  return dots.length === 2 || dots.some((piece) => isPoint(piece, pieces, tall, ROUND_POINT));
}

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

const isRound = (piece) => longerOf(piece) <= 1.6 * Math.min(widthOf(piece), heightOf(piece));

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
  const full = inks.map(({ data }) => data.reduce((sum, value) => sum + (value > INK_THRESHOLD), 0) / data.length >= BARS.full);
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
