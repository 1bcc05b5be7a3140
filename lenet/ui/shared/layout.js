// How pieces of ink stand on a pad: pieces.py, layout.py, around.py and signs.py of lenet/preprocessing, which say why.
// They are one script here, for the file to take home must stay small; printed boxes are in printed.js.  A piece is
// {labels, box, row}, its box [left, top, right, bottom] in pixels of the ink.

const MIN_DOTS = 6;
const DOT_RANGE = 2;
const DOT_FULL = 0.5;
const DOT_EXTENT = 5;
const DOTTED = 0.5;
const DOT_REACH = 1.6;
export const MAX_DOTS = 400;
const LINE_DOTS = 8;
const LINE_SHARE = 0.8;
const LINE_EXTENT = 12;
const LINE_SLOPE = 0.2;
const STANDS = 0.5;
const FLAT = 0.3;
const LINE = 1.2;
export const DOT = 0.3;
export const ROUND_POINT = 0.2;
export const SMALL = 0.3;
export const APART = 0.3;
const POINT_REACH = 0.5;
const SHORT = 0.15;
const UNDER = 0.75;
const BROKEN = 0.12;
const WHOLE = 1.15;
const ASIDE = 0.05;
const DIVIDER = 0.12;
const LARGER = 2;
const DIVIDED = 3;
const FIGURES = 0.15;
const HELD = 0.45;
const HELD_BESIDE = 0.25;
const AROUND = 0.9;
const OPEN = 0.4;
const RING_WIDTH = 0.75;
const RING_HEIGHT = 1.15;
const INSIDE = [0.2, 0.3];
const CROSSED = 0.35;
const AS_HIGH = [0.75, 1.33];
const SAME_ROW = 0.4;
const BESIDE = 0.8;
const MUCH_HIGHER = 1.5;
const EXPONENT = 0.75;
const EXPONENT_REACH = 0.5;
const RAISED_OVERLAP = 0.15;
const SLASH_LEAN = [0.2, 1.2];
export const SLASH_SLENDER = 3.5;
const SLASH_REACH = 0.8;
const DATE = /^([12],[12],[24]|4,[12],[12])$/;
const ALIKE = 0.2;
const LOW = 0.9;
const HIGH = 1.15;
const FRACTION = 1.2;
const BEYOND = 0.04;
const EVEN = 0.6;
const BRACKET = { width: 0.6, reach: 0.8, height: 0.9 };
const LOOP = { height: [0.15, 0.6], width: [0.5, 1.6], reach: 0.35, away: 0.1 };
const PERCENT_LEAN = [0.15, 1.3];
const HANGS = [0.25, 0.78];
const SUM = { height: 0.85, longer: 0.2, reach: 1.2, apart: 0.5 };
const NEIGHBOUR = 0.5;
const EQUALS = { height: 0.65, width: [0.2, 1.1], bar: 1.8, alike: 0.6, aslant: 0.6, close: 1.1, third: 1.2, flat: 0.62 };

export const widthOf = ({ box }) => box[2] - box[0];
export const heightOf = ({ box }) => box[3] - box[1];
export const longerOf = (piece) => Math.max(widthOf(piece), heightOf(piece));
export const isRound = (piece) => longerOf(piece) <= 1.6 * Math.min(widthOf(piece), heightOf(piece));
export const isDot = (piece, tall) => isRound(piece) && longerOf(piece) < ROUND_POINT * tall;
export const tallest = (pieces) => Math.max(0, ...pieces.map(heightOf));

// Pixels that both cover along x (0) or y (1); less than 0 where that far apart.
export const overlap = (a, b, axis) => Math.min(a.box[axis + 2], b.box[axis + 2]) - Math.max(a.box[axis], b.box[axis]);

// Pixels between two boxes.
export const gap = (a, b) => Math.hypot(Math.max(-overlap(a, b, 0), 0), Math.max(-overlap(a, b, 1), 0));
const across = ({ box }) => box[0] + box[2];
const down = ({ box }) => box[1] + box[3];

export function joined(pieces) {
  const box = [Math.min, Math.min, Math.max, Math.max].map((extreme, edge) => extreme(...pieces.map((piece) => piece.box[edge])));
  return { labels: pieces.flatMap(({ labels }) => labels), box, row: pieces[0].row };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

// The first of the values for which `key` is least.
export function least(values, key) {
  const keys = values.map(key);
  return values[keys.indexOf(Math.min(...keys))];
}

// Groups of places from 0 that a chain of near ones connects.
function connected(count, near) {
  const left = new Set(Array(count).keys());
  const groups = [];
  for (const first of Array(count).keys()) {
    if (!left.delete(first)) continue;
    const group = [first];
    for (let at = 0; at < group.length; at += 1)
      for (const other of [...left]) if (near(group[at], other) && left.delete(other)) group.push(other);
    groups.push(group.sort((a, b) => a - b));
  }
  return groups;
}

// Of each piece, whether it is a dot of one pen: of about one size, that of most.
function dotsAmong(pieces, full) {
  const sizes = pieces.map(longerOf);
  const usual = median(sizes);
  const round = (piece) => 2.5 * Math.min(widthOf(piece), heightOf(piece)) >= longerOf(piece);
  return pieces.map((piece, i) => round(piece) && sizes[i] <= DOT_RANGE * usual && sizes[i] * DOT_RANGE >= usual && full[i] >= DOT_FULL);
}

// The dots of a line that digits were written on, as forms have it; none where there is no such line.
export function dottedLine(pieces, full) {
  if (pieces.length < LINE_DOTS || pieces.length > MAX_DOTS) return [];
  const are = dotsAmong(pieces, full);
  const dots = pieces.filter((_, i) => are[i]).sort((a, b) => across(a) - across(b));
  if (dots.length < LINE_DOTS) return [];
  const third = Math.floor(dots.length / 3);
  const [[x0, y0], [x1, y1]] = [dots.slice(0, third), dots.slice(-third)].map((end) => [median(end.map(across)), median(end.map(down))]);
  if (Math.abs(y1 - y0) > LINE_SLOPE * (x1 - x0)) return [];
  const size = median(dots.map(longerOf));
  const slope = x1 > x0 ? (y1 - y0) / (x1 - x0) : 0;
  const line = dots.filter((p) => Math.abs(down(p) - y0 - slope * (across(p) - x0)) <= 2 * size); // both are of two sides
  if (line.length < Math.max(LINE_DOTS, LINE_SHARE * dots.length) || widthOf(joined(line)) < LINE_EXTENT * size) return [];
  return tallest(pieces.filter((p) => !line.includes(p))) > DOT_EXTENT * size ? line : [];
}

// The pieces, with dots that follow on one another made one piece; `full` is how much of its box each fills, and 0
// for what has holes or bays.
export function bridged(pieces, full) {
  if (pieces.length < MIN_DOTS || pieces.length > MAX_DOTS) return pieces;
  const dots = dotsAmong(pieces, full);
  if (dots.filter(Boolean).length < MIN_DOTS) return pieces;
  const reach = DOT_REACH * median(pieces.filter((_, i) => dots[i]).map(longerOf));
  const near = (i, k) => (dots[i] || dots[k]) && gap(pieces[i], pieces[k]) <= reach;
  return connected(pieces.length, near).flatMap((group) => {
    const together = group.map((i) => pieces[i]);
    const whole = joined(together);
    const dotted = group.filter((i) => dots[i]).length >= Math.max(MIN_DOTS, DOTTED * group.length) && longerOf(whole) > (DOT_EXTENT / DOT_REACH) * reach;
    return dotted ? [whole] : together;
  });
}

// The pieces that are figures drawn beside digits: empty frames, too large and wide to be a 0.
export function frames(pieces, isEmpty) {
  const wide = pieces.filter((p) => widthOf(p) >= RING_WIDTH * heightOf(p) && isEmpty(p));
  const empty = wide.filter((p) => !pieces.some((q) => q !== p && contains(p, q)));
  const beside = tallest(pieces.filter((p) => !empty.includes(p)));
  return empty.filter((p) => heightOf(p) >= LARGER * beside && beside >= FIGURES * heightOf(p));
}

// The pieces that are lines drawn down the page beside rows of digits.
export function dividers(pieces) {
  const overAnother = (some) => {
    let [count, bottom] = [0, -1];
    for (const { box } of some.sort((a, b) => a.box[3] - b.box[3])) if (box[1] >= bottom) [count, bottom] = [count + 1, box[3]];
    return count;
  };
  return pieces.filter((piece) => {
    const isLower = (p) => heightOf(p) * LARGER <= heightOf(piece);
    const others = pieces.filter(isLower);
    if (pieces.some((p) => !isLower(p) && widthOf(p) > DIVIDER * heightOf(p))) return false;
    const tall = tallest(others);
    const standing = others.filter((p) => heightOf(p) >= STANDS * tall && overlap(p, piece, 1) > 0);
    const sides = [standing.filter((p) => across(p) < across(piece)), standing.filter((p) => across(p) > across(piece))];
    return overAnother(sides[0]) + overAnother(sides[1]) >= DIVIDED;
  });
}

// The pieces that are lines under or over digits.
export function linesAlong(pieces) {
  const tall = tallest(pieces.filter((piece) => widthOf(piece) < 3 * heightOf(piece)));
  return pieces.filter((piece) => {
    const [width, height] = [widthOf(piece), heightOf(piece)];
    if (!tall || height > FLAT * tall || width < 4 * height) return false;
    const digits = pieces.filter((p) => p !== piece && heightOf(p) >= STANDS * tall && overlap(p, piece, 0) > 0.5 * widthOf(p));
    const clear = digits.filter((p) => overlap(p, piece, 1) <= 0.1 * tall);
    const widest = clear.length ? Math.max(...clear.map(widthOf)) : width;
    const reaches = width >= LINE * tall || width > 1.15 * widest;
    return digits.length > 0 && clear.length === digits.length && reaches && (clear.length > 1 || width >= LINE * tall);
  });
}

// Whether the other one's box is within this one's.
export const contains = (piece, other) => overlap(piece, other, 0) === widthOf(other) && overlap(piece, other, 1) === heightOf(other);

// What a ring may hold: the highest piece in another one's box, and all in it; none where no digit is so high.
export function held(piece, pieces) {
  const inside = pieces.filter((p) => p !== piece && contains(piece, p));
  const several = inside.filter((p) => heightOf(p) >= HELD_BESIDE * heightOf(piece)).length > 1;
  const high = tallest(inside) >= HELD * heightOf(piece) || several;
  return inside.length && high && widthOf(piece) >= RING_WIDTH * heightOf(piece) ? [inside.find((p) => heightOf(p) === tallest(inside)), joined(inside)] : [];
}

// Those of what may be rings that are higher than the pieces beside them all, but for what holds digits too.
export function higher(rings, pieces) {
  const others = pieces.filter((p) => !rings.includes(p) && !rings.some((ring) => contains(ring, p)));
  const beside = tallest(others.filter((p) => !held(p, pieces).length));
  return rings.filter((ring) => heightOf(ring) >= RING_HEIGHT * beside);
}

// Those other pieces that are about as high as the rings are; none where there are no rings.
export function asHigh(rings, pieces) {
  const usual = rings.length ? median(rings.map(heightOf)) : 0;
  return pieces.filter((p) => !rings.includes(p) && heightOf(p) >= AS_HIGH[0] * usual && heightOf(p) <= AS_HIGH[1] * usual);
}

// Whether a ring, a mask, has ink in its inside: a digit that touches it would go with it.
export function isCrossed({ width, height, data }) {
  const [left, top] = [width, height].map((side, i) => Math.floor(INSIDE[i] * side));
  let rows = 0;
  for (let y = top; y < height - top; y += 1) rows += data.subarray(y * width + left, (y + 1) * width - left).some(Boolean);
  return rows >= CROSSED * (height - 2 * top);
}

// Whether ink is seen from all four sides of a box, or from two, as of an open ring with a wide gap; `isInk` of x and y
// is asked within a ring's box only.
export function runsAround(isInk, ring, [left, top, right, bottom], openRing) {
  const any = (from, to, has) => {
    for (let i = from; i < to; i += 1) if (has(i)) return true;
    return false;
  };
  const seen = (from, to, has) => {
    let count = 0;
    for (let i = from; i < to; i += 1) count += has(i);
    return count / (to - from);
  };
  const sides = [
    seen(top, bottom, (y) => any(ring[0], left, (x) => isInk(x, y))),
    seen(top, bottom, (y) => any(right, ring[2], (x) => isInk(x, y))),
    seen(left, right, (x) => any(ring[1], top, (y) => isInk(x, y))),
    seen(left, right, (x) => any(bottom, ring[3], (y) => isInk(x, y))),
  ];
  const [smallest, second, third] = sides.sort((a, b) => a - b);
  return openRing ? third >= AROUND : smallest >= OPEN && second >= AROUND;
}

// The pieces in reading order, with their rows: from the top down, in each from left to right.
export function inRows(pieces) {
  if (pieces.length < 2) return pieces;
  const tall = tallest(pieces);
  const wholes = broken(pieces, tall).map((parts) => ({ ...joined(parts), parts }));
  const stands = (piece) => heightOf(piece) >= STANDS * tall;
  const higherOne = besideHigher(wholes);
  const standing = wholes.filter((piece) => stands(piece) && !higherOne.has(piece)).sort((a, b) => across(a) - across(b));
  const links = new Set();
  standing.forEach((piece, i) => {
    const shared = (k) => (mayBeExponent(standing[k], piece) ? RAISED_OVERLAP : SAME_ROW);
    const oneRow = (k) => overlap(piece, standing[k], 1) >= shared(k) * Math.min(heightOf(piece), heightOf(standing[k]));
    const beside = [...standing.keys()].filter((k) => k > i && oneRow(k));
    if (beside.length) links.add(`${i},${least(beside, (k) => standing[k].box[0])}`);
  });
  const near = (i, k) => links.has(`${Math.min(i, k)},${Math.max(i, k)}`);
  const middle = (row) => row.reduce((sum, { box }) => sum + box[1] + box[3], 0) / row.length;
  const rows = connected(standing.length, near).map((group) => group.map((i) => standing[i]));
  rows.sort((a, b) => middle(a) - middle(b));
  for (const piece of wholes)
    if (!stands(piece) && !higherOne.has(piece)) least(rows, (row) => Math.min(...row.filter(stands).map((p) => gap(piece, p)))).push(piece);
  for (const piece of [...higherOne.keys()].sort((a, b) => heightOf(b) - heightOf(a)))
    rows.find((row) => row.includes(higherOne.get(piece))).push(piece);
  const inOrder = (some) => some.sort((a, b) => across(a) - across(b));
  return rows.flatMap((row, number) => inOrder(row).flatMap(({ parts }) => inOrder(parts).map((piece) => ({ ...piece, row: number }))));
}

// Of each piece that stands beside a much higher one, wherever on its height, the nearest such; it is in its row.  What
// stands over another piece beside the same one does not: these may be two rows.
function besideHigher(pieces) {
  const found = new Map();
  for (const piece of pieces) {
    const beside = pieces.filter((p) => heightOf(p) >= MUCH_HIGHER * heightOf(piece) && overlap(p, piece, 1) >= BESIDE * heightOf(piece));
    if (beside.length) found.set(piece, least(beside, (p) => gap(piece, p)));
  }
  const isOver = ([piece, other], [p, third]) => third === other && overlap(piece, p, 0) > 0 && overlap(piece, p, 1) <= 0;
  return new Map([...found].filter((entry) => ![...found].some((another) => isOver(entry, another))));
}

// Whether a piece is smaller than another, near at its right, and higher up.
function mayBeExponent(piece, other) {
  const high = heightOf(other);
  const apart = piece.box[0] - other.box[2];
  return apart >= -0.1 * high && apart <= EXPONENT_REACH * high && heightOf(piece) <= EXPONENT * high && piece.box[1] < other.box[1];
}

// The pieces, with those together that may be one broken digit: over one another, and no higher than a digit.
function broken(pieces, tall) {
  const over = (a, b) => {
    const [one, other] = [joined(a), joined(b)];
    const near = Math.abs(overlap(one, other, 1)) <= BROKEN * tall && overlap(one, other, 0) >= -ASIDE * tall;
    return near && heightOf(joined([one, other])) <= WHOLE * tall;
  };
  const pairOf = (groups) => {
    for (const [i, a] of groups.entries()) for (const b of groups.slice(0, i)) if (over(a, b)) return [a, b];
    return null;
  };
  let groups = pieces.map((piece) => [piece]);
  for (let pair = pairOf(groups); pair; pair = pairOf(groups))
    groups = [...groups.filter((group) => !pair.includes(group)), [...pair[1], ...pair[0]]];
  return groups;
}

// Which pieces of a row are slashes: the two of a date, which are alike, or what rises over all digits.  `leanOf` a
// straight stroke is how far its upper end is to the right of its foot, by its height; of others 0.
export function slashes(row, leanOf) {
  const standing = row.filter((p) => heightOf(p) >= STANDS * tallest(row));
  const last = standing.length - 1;
  const apart = (i) => Math.max(standing[i].box[0] - standing[i - 1].box[2], standing[i + 1].box[0] - standing[i].box[2]);
  const leans = standing.map((p, i) => (i > 0 && i < last && apart(i) <= SLASH_REACH * heightOf(p) ? leanOf(p) : 0));
  const leaning = [...leans.keys()].filter((i) => leans[i] >= SLASH_LEAN[0] && leans[i] <= SLASH_LEAN[1]);
  if (!leaning.length) return [];
  const heights = standing.map(heightOf);
  const others = heights.filter((_, i) => !leaning.includes(i));
  const alike = ([i, k]) => Math.abs(leans[i] - leans[k]) <= ALIKE && Math.abs(heights[i] - heights[k]) <= ALIKE * Math.max(heights[i], heights[k]);
  const pairs = leaning.flatMap((i) => leaning.filter((k) => k > i && DATE.test([i, k - i - 1, last - k])).map((k) => [i, k])).filter(alike);
  if (pairs.length) {
    const low = (pair) => Math.min(...pair.map((i) => heights[i]));
    const pair = least(pairs, (some) => -low(some));
    const rest = Math.max(0, ...leaning.filter((i) => !pair.includes(i)).map((i) => heights[i]));
    if (low(pair) >= LOW * median(others) && (pairs.length === 1 || low(pair) >= HIGH * rest)) return pair.map((i) => standing[i]);
  }
  const highest = Math.max(...others);
  if (Math.min(...others) < EVEN * highest) return [];
  const room = (i) => BEYOND * heights[i];
  const risesOver = (i, { box }) => box[1] - standing[i].box[1] >= room(i) && standing[i].box[3] - box[3] >= room(i);
  const isHigh = (i) => heights[i] >= FRACTION * highest && risesOver(i, standing[i - 1]) && risesOver(i, standing[i + 1]);
  return leaning.filter(isHigh).map((i) => standing[i]);
}

// Which pieces of a row are brackets: two around digits, or one behind them: [{kind, piece}].
export function brackets(row, bowOf) {
  const standing = row.filter((p) => heightOf(p) >= STANDS * tallest(row));
  const bows = standing.map((p) => (widthOf(p) <= BRACKET.width * heightOf(p) ? bowOf(p) : 0));
  const digits = standing.filter((_, i) => !bows[i]);
  if (!digits.length) return [];
  const high = BRACKET.height * median(digits.map(heightOf));
  const near = (i) => i > 0 && i < standing.length && standing[i].box[0] - standing[i - 1].box[2];
  const found = [];
  let opening = null;
  standing.forEach((piece, i) => {
    const [bow, reach] = [bows[i], BRACKET.reach * heightOf(piece)];
    if (!bow || heightOf(piece) < high) return;
    if (bow < 0) opening = i + 1 < standing.length && near(i + 1) <= reach ? piece : null;
    else if (i && !bows[i - 1] && near(i) <= reach) {
      const alike = opening && Math.abs(heightOf(opening) - heightOf(piece)) <= ALIKE * Math.max(heightOf(opening), heightOf(piece));
      if (alike) found.push({ kind: "opening", piece: opening });
      found.push({ kind: "closing", piece });
      opening = null;
    }
  });
  return found;
}

// The percent signs, as three pieces each: a ring at the left of a slash's upper half, and one at the right of its lower half.
export function percents(pieces, leanOf, isLoop) {
  return pieces.flatMap((slash) => {
    const high = heightOf(slash);
    const small = pieces.filter((p) => {
      const wide = widthOf(p) / heightOf(p);
      const sized = heightOf(p) >= LOOP.height[0] * high && heightOf(p) <= LOOP.height[1] * high;
      return sized && wide >= LOOP.width[0] && wide <= LOOP.width[1] && gap(p, slash) <= LOOP.reach * high;
    });
    const away = 2 * LOOP.away * high;
    const first = small.filter((p) => across(p) < across(slash) && down(p) <= down(slash) - away);
    const second = small.filter((p) => across(p) > across(slash) && down(p) >= down(slash) + away);
    if (!first.length || !second.length) return [];
    const lean = leanOf(slash);
    if (lean < PERCENT_LEAN[0] || lean > PERCENT_LEAN[1]) return [];
    const [one, other] = [first, second].map((some) => least(some, (p) => gap(p, slash)));
    return isLoop(one) && isLoop(other) ? [[one, slash, other]] : [];
  });
}

// The signs of a sum, {kind, piece}: crosses between two digits, and two bars over one another behind one.
export function sumSigns(pieces, crossOf, isDouble) {
  const crosses = pieces.flatMap((piece) => {
    const [left, right] = [-1, 1].map((side) => beside(piece, pieces, side));
    const fits = left && right && longerOf(piece) >= SUM.longer * heightOf(left) && isApart(piece, [piece], pieces);
    const kind = fits ? crossOf(piece) : null;
    return kind ? [{ kind, piece }] : [];
  });
  const rest = pieces.filter((p) => !crosses.some(({ piece }) => piece === p));
  const bars = rest.filter((p) => widthOf(p) >= EQUALS.bar * heightOf(p));
  const alike = bars.flatMap((a, i) => bars.slice(i + 1).filter((b) => areAlike(a, b)).map((b) => [a, b]));
  const pairs = alike.filter((pair) => !hasThird(pair, bars));
  const doubles = rest.filter((p) => !pairs.flat().includes(p) && heightOf(p) <= EQUALS.flat * widthOf(p)).map((p) => [p]);
  const equals = [...pairs, ...doubles].filter((parts) => mayBeEquals(joined(parts), parts, pieces) && (parts.length === 2 || isDouble(parts[0])));
  return [...crosses, ...equals.map((parts) => ({ kind: "equals", piece: joined(parts) }))];
}

// What is next to a sign at its left (-1) or right (1), if it is near and higher, and the sign hangs beside it; else null.
function beside(sign, pieces, side) {
  const near = pieces.filter(
    (p) => p !== sign && (across(p) - across(sign)) * side > 0 && overlap(p, sign, 1) > 0 && overlap(p, sign, 0) <= widthOf(sign) / 2 && longerOf(p) >= NEIGHBOUR * longerOf(sign),
  );
  if (!near.length) return null;
  const nearest = least(near, (p) => gap(p, sign));
  const [high, at] = [heightOf(nearest), down(sign) / 2 - nearest.box[1]];
  const hangs = at >= HANGS[0] * high && at <= HANGS[1] * high;
  return heightOf(sign) <= SUM.height * high && hangs && gap(nearest, sign) <= SUM.reach * high ? nearest : null;
}

// Whether no piece but a sign's parts is near it over or under it; what stands beside it may reach over it.
function isApart(sign, parts, pieces) {
  const near = SUM.apart * widthOf(sign);
  const others = pieces.filter((p) => longerOf(p) >= NEIGHBOUR * longerOf(sign) && !parts.includes(p));
  const stands = (p) => overlap(p, sign, 1) > 0 && overlap(p, sign, 0) <= widthOf(sign) / 2;
  return !others.some((p) => !stands(p) && overlap(p, sign, 0) > 0 && overlap(p, sign, 1) > -near);
}

// Whether two bars are about as long, and close over one another.
function areAlike(a, b) {
  const [whole, lower] = [joined([a, b]), Math.min(heightOf(a), heightOf(b))];
  const over = overlap(a, b, 0) >= EQUALS.alike * widthOf(whole) && overlap(a, b, 1) <= EQUALS.aslant * lower;
  return over && heightOf(whole) <= EQUALS.close * widthOf(whole);
}

// Whether a third bar is near over or under two, as in a display's digit.
function hasThird(pair, bars) {
  const whole = joined(pair);
  const wide = widthOf(whole);
  return bars.some((p) => !pair.includes(p) && overlap(p, whole, 0) >= EQUALS.alike * wide && -overlap(p, whole, 1) <= EQUALS.third * wide);
}

// Whether a sign has the size of an equals sign behind the digit at its left, and is alone there.
function mayBeEquals(sign, parts, pieces) {
  const left = beside(sign, pieces.filter((p) => !parts.includes(p)), -1);
  if (!left || heightOf(sign) > EQUALS.height * heightOf(left)) return false;
  const [narrow, wide] = EQUALS.width.map((share) => share * heightOf(left));
  return widthOf(sign) >= narrow && widthOf(sign) <= wide && isApart(sign, parts, pieces);
}

// Whether a piece of a row is a minus or a dash: flat, at half the height, apart from all others, before a digit.
export function isMinus(piece, row, tall) {
  const [width, height] = [widthOf(piece), heightOf(piece)];
  const others = row.filter((p) => p !== piece && heightOf(p) >= STANDS * tall);
  const after = others.filter((p) => p.box[0] > piece.box[0]);
  if (height > FLAT * tall || width < 1.8 * height || width < SHORT * tall || !after.length || width > LINE * tall) return false;
  if (others.some((p) => overlap(piece, p, 0) > -0.05 * tall)) return false;
  const nearest = [others, after].map((some) => least(some, (p) => gap(piece, p)));
  const at = (p) => ((piece.box[1] + piece.box[3]) / 2 - p.box[1]) / heightOf(p);
  return nearest.every((p) => at(p) > HANGS[0] && at(p) < HANGS[1]);
}

// Whether both are a colon: dots over one another in one row.
function isTwin(other, dot, tall) {
  const near = overlap(other, dot, 0) > 0 && -overlap(other, dot, 1) < tall;
  return other !== dot && near && longerOf(other) < 1.5 * longerOf(dot);
}

// Whether a piece is a decimal point or a comma: at most `dot` of tall, beside a digit's foot.
export function isPoint(piece, pieces, tall, dot) {
  const others = pieces.filter((p) => p !== piece && heightOf(p) >= STANDS * tall);
  if (longerOf(piece) >= dot * tall || !others.length || pieces.some((p) => isTwin(p, piece, tall))) return false;
  const nearest = least(others, (p) => gap(piece, p));
  const at = ((piece.box[1] + piece.box[3]) / 2 - nearest.box[1]) / heightOf(nearest);
  return at > 0.75 && at < 1.3 && overlap(piece, nearest, 0) <= UNDER * widthOf(piece) && gap(piece, nearest) < POINT_REACH * tall;
}
