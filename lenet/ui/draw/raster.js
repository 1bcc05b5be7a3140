// The pixels of strokes, computed from the strokes themselves: some browsers alter what a canvas gives back.
//
// A stroke is {width, points: [{x, y}], erases} in pixels, (0, 0) being the picture's top left corner: a line with round
// ends and round corners, and a dot where it is one point.  A pixel on its edge is as dark as much of it the line covers;
// two strokes that cross darken their edges as two coats of paint do.  A stroke that erases takes away the ink below it.
// A canvas draws the same but for a few levels of 255 (tests/e2e/test_scripts_pad.py compares them).

const DIAGONAL = Math.SQRT1_2; // a pixel reaches no further than this from its middle

// How much of a pixel lies behind a straight edge, 0 to 1: its middle lies `inside` that edge by so many pixels, and
// the edge looks in the direction (x, y), of length 1.
export function covered(inside, x, y) {
  const [long, short] = [Math.max(Math.abs(x), Math.abs(y)), Math.min(Math.abs(x), Math.abs(y))];
  const off = Math.abs(inside);
  if (off >= (long + short) / 2) return inside > 0 ? 1 : 0;
  if (off <= (long - short) / 2) return 0.5 + inside / long; // the edge crosses two opposite sides
  const corner = ((long + short) / 2 - off) ** 2 / (2 * long * short);
  return inside > 0 ? 1 - corner : corner;
}

// Mark in `ink` (width x height, 0 to 1) the line from one point to the next, `reach` pixels to each side: in the rows from
// the first that is returned to before the second.
function line(ink, width, height, from, to, reach) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const [inner, outer] = [Math.max(0, reach - DIAGONAL) ** 2, (reach + DIAGONAL) ** 2];
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach - 1));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + reach));
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach - 1));
  const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + reach));
  for (let row = top; row <= bottom; row += 1) {
    const y = row + 0.5 - from.y;
    for (let column = left, i = row * width + left; column <= right; column += 1, i += 1) {
      const x = column + 0.5 - from.x;
      const part = length ? Math.min(1, Math.max(0, (x * dx + y * dy) / length)) : 0;
      const [across, down] = [x - part * dx, y - part * dy]; // from the line to the pixel's middle
      const square = across * across + down * down;
      if (square >= outer || ink[i] === 1) continue;
      const distance = Math.sqrt(square);
      const share = square <= inner ? 1 : covered(reach - distance, across / distance, down / distance);
      if (share > ink[i]) ink[i] = share;
    }
  }
  return [top, bottom + 1];
}

// What is left white where a stroke covers so much of a pixel that has so much ink.
const whiteUnder = (erases) => (erases ? (ink, cover) => 1 - ink * (1 - cover) : (ink, cover) => (1 - ink) * (1 - cover));

// A function from strokes to their picture, Uint8Array (width x height): black (0) on white (255).
// It remembers the last ones, so that a further point or stroke costs no more than itself.
export function raster(width, height) {
  const below = new Float32Array(width * height); // the ink of all strokes but the last
  const newest = new Float32Array(width * height); // of the last one
  let known = []; // the strokes whose ink that is
  let points = 0; // of the last one
  const pixels = new Uint8Array(width * height); // the picture
  let [top, bottom] = [0, height]; // the rows of it that are to be computed anew

  function forget() {
    below.fill(0);
    newest.fill(0);
    [known, points, top, bottom] = [[], 0, 0, height];
  }

  const newestOver = () => whiteUnder(known.at(-1)?.erases);

  function begin(stroke) {
    const white = newestOver();
    for (let i = 0; i < below.length; i += 1) below[i] = 1 - white(below[i], newest[i]);
    newest.fill(0);
    known.push(stroke);
    [points, top, bottom] = [0, 0, height];
  }

  function goOn(stroke) {
    for (; points < stroke.points.length; points += 1) {
      const to = stroke.points[points];
      const [first, end] = line(newest, width, height, stroke.points[Math.max(0, points - 1)], to, stroke.width / 2);
      [top, bottom] = [Math.min(top, first), Math.max(bottom, end)];
    }
  }

  return (strokes) => {
    const more = known.every((stroke, i) => stroke === strokes[i]) && points <= (known.at(-1)?.points.length ?? 0);
    if (!more) forget();
    if (known.length) goOn(known.at(-1));
    strokes.slice(known.length).forEach((stroke) => {
      begin(stroke);
      goOn(stroke);
    });
    const white = newestOver();
    // a plain loop: Uint8Array.from with a function takes twenty times as long, at each movement of the pen
    for (let i = top * width; i < bottom * width; i += 1) pixels[i] = Math.round(255 * white(below[i], newest[i]));
    [top, bottom] = [height, 0];
    return pixels.slice();
  };
}
