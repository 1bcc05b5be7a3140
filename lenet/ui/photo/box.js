// Squares in a photo: {x, y, side} in its pixels; `photo` is {width, height}.

export const SMALLEST = 0.08; // of the photo's shorter side: the least that a box can be

export const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

const shorterOf = ({ width, height }) => Math.min(width, height);

// The nearest square that lies within the photo and is large enough.
export function fitting({ x, y, side }, photo) {
  const within = clamp(side, SMALLEST * shorterOf(photo), shorterOf(photo));
  return { x: clamp(x, 0, photo.width - within), y: clamp(y, 0, photo.height - within), side: within };
}

// [left, top, right, bottom] in parts of the photo.
export function fractions({ x, y, side }, { width, height }) {
  const parts = [x / width, y / height, (x + side) / width, (y + side) / height];
  return parts.map((part) => clamp(part, 0, 1));
}

// The largest square in the middle of such parts.
export function squareIn([left, top, right, bottom], { width, height }) {
  const [wide, high] = [(right - left) * width, (bottom - top) * height];
  const side = Math.min(wide, high);
  return { x: left * width + (wide - side) / 2, y: top * height + (high - side) / 2, side };
}

// A square of side `to` with the same middle.
export function centred({ x, y, side }, to) {
  return { x: x + (side - to) / 2, y: y + (side - to) / 2, side: to };
}

// The square whose `corner`, such as "nw", is drawn by {x, y}: the opposite corner stays where it is, and the
// square within the photo.
export function stretched({ x, y, side }, corner, by, photo) {
  const [west, north] = [corner.includes("w"), corner.includes("n")];
  const grown = ((west ? -by.x : by.x) + (north ? -by.y : by.y)) / 2;
  const room = Math.min(west ? x + side : photo.width - x, north ? y + side : photo.height - y);
  const to = clamp(side + grown, SMALLEST * shorterOf(photo), room);
  return { x: west ? x + side - to : x, y: north ? y + side - to : y, side: to };
}
