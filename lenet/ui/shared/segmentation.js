// Which ink of a drawing belongs together: lenet/preprocessing/segmentation.py, which says why, and where its numbers
// come from.  A box is [left, top, right, bottom] in pixels of the ink; a piece is {labels, box, row}.

import { barOf, bowOf, crossOf, endToEnd, isDouble } from "./bars.js";
import { openGaps } from "./gaps.js";
import { APART, DOT, MAX_DOTS, ROUND_POINT, SLASH_SLENDER, SMALL, asHigh, brackets, bridged, dividers, dottedLine, frames, heightOf, held, higher, inRows, isCrossed, isDot, isMinus, isPoint, isRound, joined, least, linesAlong, longerOf, percents, runsAround, slashes, sumSigns, tallest, widthOf } from "./layout.js";
import { labelled, reduced } from "./mask.js";
import { INK_THRESHOLD, crop, extent, picture, round } from "./preprocess.js";
import { isEmptyFrame, openGrid, printedBox, underline } from "./printed.js";

const FAINT = 24;
const MASK_PIXELS = 40000;
const SPECK = 0.08;
const POINT = 0.04;
const OVERLAP = 0.5;
const MAX_PIECES = 100;
const JOINT = -3;
const UNBOXED = 3;
const CLOSED = -3;

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
    const boxed = areas.length > 1 ? (printedBox(own, everything) ?? openGrid(own, everything)) : null;
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

// Whether two pieces over one another are a colon, or one is a digit's decimal point.
function areSigns(a, b, pieces, tall) {
  const dots = [a, b].filter((piece) => isDot(piece, tall));
  return dots.length === 2 || dots.some((piece) => isPoint(piece, pieces, tall, ROUND_POINT));
}
