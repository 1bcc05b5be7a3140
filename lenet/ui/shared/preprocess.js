// From a pad's drawing to network input, as lenet/preprocessing does it (ink.py, digits.py, normalization.py), for
// flat grounds: no paper, no light.  Python is the reference: what is here must give the same bytes, and
// `python -m benchmarks web` compares the two.
//
// A picture is {width, height, data}, a byte a pixel, row by row.  Of ink, `inside` is a box beyond which there is none.

const WORKING_SIDE = 512;
const MIN_CONTRAST = 24;
const DIGIT_SIDE = 28;
const DIGIT_BOX = 20;
export const INK_THRESHOLD = 64;

// --- pictures ------------------------------------------------------------------------------------------------

export const picture = (width, height, data = new Uint8Array(width * height)) => ({ width, height, data });

// Python's rounding: halves to the even number.
export function round(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

export function crop({ width, data }, left, top, right, bottom) {
  const found = picture(right - left, bottom - top);
  for (let y = top; y < bottom; y += 1)
    found.data.set(data.subarray(y * width + left, y * width + right), (y - top) * found.width);
  return found;
}

// Lay `image` onto another picture.
function paste(onto, { width, height, data }, left, top) {
  for (let y = 0; y < height; y += 1) onto.data.set(data.subarray(y * width, (y + 1) * width), (top + y) * onto.width + left);
}

// Each pixel by a table of 256.  A plain loop, as everywhere that a moving pen waits for: a call for each pixel takes longer.
function mapped({ width, height, data }, table) {
  const found = picture(width, height);
  for (let i = 0; i < data.length; i += 1) found.data[i] = table[data[i]];
  return found;
}

// The box of what is not `ground`; null where everything is.  Most of a pad is empty: that is passed over by 4 pixels.
function differing({ width, height, data }, ground) {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
  const empty = ground * 0x01010101;
  let [first, last] = [0, words.length - 1];
  while (first < words.length && words[first] === empty) first += 1;
  while (last >= 0 && words[last] === empty) last -= 1;
  let end = data.length; // of what the words do not hold
  while (end > 4 * words.length && data[end - 1] === ground) end -= 1;
  if (end === 4 * words.length) end = 4 * (last + 1);
  if (!end) return null;
  const [top, bottom] = [Math.floor((4 * first) / width), Math.ceil(end / width)];
  let [left, right] = [width, 0];
  for (let y = top; y < bottom; y += 1) {
    const row = y * width;
    let x = 0;
    while (x < left && data[row + x] === ground) x += 1;
    if (x < left) left = x;
    for (x = width; x > right && data[row + x - 1] === ground; ) x -= 1;
    if (x > right) right = x;
  }
  return [left, top, right, bottom];
}

// The least and the largest pixel.
function range({ data }) {
  let low = 255;
  let high = 0;
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

const sinc = (x) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
// A filter keeps the windows that it was asked for: the box of a drawing often stays while the pen moves on within it.
export const LANCZOS = { support: 3, weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0), kept: new Map() };
export const BILINEAR = { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)), kept: new Map() };
const MAX_KEPT = 64;

// Which pixels of `length` make each of `count`, with which weights, as Pillow has it (Resample.c): [{from, weights}].
// `length` need not be whole; there are `limit` pixels.
function windows(length, count, filter, limit) {
  const { kept } = filter;
  const key = [length, count, limit].join();
  if (!kept.has(key) && kept.size === MAX_KEPT) kept.clear();
  if (!kept.has(key)) kept.set(key, windowsOf(length, count, filter, limit));
  return kept.get(key);
}

function windowsOf(length, count, { support, weigh }, limit) {
  const scale = length / count;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(centre - support * stretch + 0.5));
    const to = Math.min(limit, Math.trunc(centre + support * stretch + 0.5));
    const weights = Array.from({ length: to - from }, (_, k) => weigh((from + k - centre + 0.5) / stretch));
    const sum = weights.reduce((all, one) => all + one, 0);
    return { from, weights: weights.map((weight) => weight / sum) };
  });
}

const BITS = 22; // of a weight's fraction, in Pillow's whole numbers
const whole = (weight) => Math.trunc(weight * (1 << BITS) + (weight < 0 ? -0.5 : 0.5));

// One direction of `resize`: lines that are `step` apart, of pixels that are `stride` apart.
function resized(data, lines, step, stride, places, out, outStep, outStride) {
  for (let i = 0; i < places.length; i += 1) {
    const weights = Int32Array.from(places[i].weights.map(whole));
    const first = places[i].from * stride;
    for (let line = 0; line < lines; line += 1) {
      let sum = 1 << (BITS - 1);
      for (let k = 0, at = line * step + first; k < weights.length; k += 1, at += stride) sum = (sum + weights[k] * data[at]) | 0;
      const value = sum >> BITS;
      out[line * outStep + i * outStride] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}

// As Pillow resizes bytes: across, then down, each rounded; `size` is the part that is shown, of the whole by default.
export function resize(image, width, height, filter, size = [image.width, image.height]) {
  let now = image;
  if (width !== now.width || size[0] !== now.width) {
    const next = picture(width, now.height);
    resized(now.data, now.height, now.width, 1, windows(size[0], width, filter, now.width), next.data, width, 1);
    now = next;
  }
  if (height !== now.height || size[1] !== now.height) {
    const next = picture(now.width, height);
    resized(now.data, now.width, 1, now.width, windows(size[1], height, filter, now.height), next.data, 1, now.width);
    now = next;
  }
  return now;
}

// The means of each across x down pixels, as Pillow reduces (Reduce.c): what is left at the edges counts too.
export function reduce({ width, height, data }, across, down = across) {
  const found = picture(Math.ceil(width / across), Math.ceil(height / down));
  for (let y = 0, to = 0; y < height; y += down)
    for (let x = 0; x < width; x += across, to += 1) {
      const [right, bottom] = [Math.min(x + across, width), Math.min(y + down, height)];
      const count = (right - x) * (bottom - y);
      let sum = Math.floor(count / 2);
      for (let row = y; row < bottom; row += 1) for (let i = x; i < right; i += 1) sum += data[row * width + i];
      found.data[to] = Math.floor((sum * Math.floor(2 ** 24 / count)) / 2 ** 24);
    }
  return found;
}

// The grey of a canvas's picture without transparency, an ImageData, no side over WORKING_SIDE.
export function toGrey({ width, height, data }) {
  const grey = picture(width, height);
  for (let i = 0; i < grey.data.length; i += 1)
    grey.data[i] = (data[4 * i] * 19595 + data[4 * i + 1] * 38470 + data[4 * i + 2] * 7471 + 0x8000) >> 16;
  const factor = Math.ceil(Math.max(width, height) / WORKING_SIDE);
  return factor > 1 ? reduce(grey, factor) : grey;
}

// --- ink -----------------------------------------------------------------------------------------------------

// The pixels of a picture's frame, in no order; those of the corners twice.
function frameOf({ width, height, data }) {
  const found = new Uint8Array(2 * (width + height));
  found.set(data.subarray(0, width));
  found.set(data.subarray((height - 1) * width), width);
  for (let y = 0, i = 2 * width; y < height; y += 1) {
    found[i++] = data[y * width];
    found[i++] = data[(y + 1) * width - 1];
  }
  return found;
}

// As numpy's percentile, of `share` from 0 to 1: between two values in proportion.
function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (place - low);
}

// White ink on black at full contrast, and whether that took inverting: {ink, inverted}.
export function extract(grey) {
  const frame = frameOf(grey).sort();
  const ground = Math.floor(quantile(frame, 0.5));
  const inside = differing(grey, ground) ?? [0, 0, 0, 0];
  const drawn = crop(grey, ...inside); // all else is ground
  const [darkest, lightest] = range(drawn);
  const [low, high] = [Math.min(ground, darkest), Math.max(ground, lightest)];
  const inverted = ground - low >= high - ground;
  const [background, top] = inverted ? [255 - ground, 255 - low] : [ground, high];
  const upper = inverted ? 255 - quantile(frame, 0.25) : quantile(frame, 0.75);
  const grain = Math.min(3 * Math.max(Math.floor(upper) - background, 0), Math.floor((top - background) / 2));
  const floor = background + grain;
  const span = top - floor;
  const ink = { ...picture(grey.width, grey.height), inside };
  if (span < MIN_CONTRAST) return { ink, inverted };
  const table = Uint8Array.from({ length: 256 }, (_, value) => {
    const of = inverted ? 255 - value : value;
    return Math.min(span, Math.max(0, of - floor)) * (255 / span) + 0.5;
  });
  paste(ink, mapped(drawn, table), inside[0], inside[1]);
  return { ink, inverted };
}

// Left, top, right and bottom of what is surely ink; null where there is none.
export function extent({ width, height, data, inside = [0, 0, width, height] }, threshold = INK_THRESHOLD) {
  const holds = (from, to, step) => {
    for (let i = from; i < to; i += step) if (data[i] > threshold) return true;
    return false;
  };
  let [left, top, right, bottom] = inside;
  while (top < bottom && !holds(top * width + left, top * width + right, 1)) top += 1;
  if (top === bottom) return null;
  while (!holds((bottom - 1) * width + left, (bottom - 1) * width + right, 1)) bottom -= 1;
  while (!holds(top * width + left, bottom * width, width)) left += 1;
  while (!holds(top * width + right - 1, bottom * width, width)) right -= 1;
  return [left, top, right, bottom];
}

// --- digits --------------------------------------------------------------------------------------------------

// The first half: {stages, ink}.  A stage is {name, image}; "Ink" also says `inverted`.
export function inked(grey) {
  const { ink, inverted } = extract(grey);
  return { stages: [{ name: "Grey", image: grey }, { name: "Ink", image: ink }], ink, inverted };
}

// The second half: all of `ink` as one digit, its longer side so many pixels, {stages, x, blank}.
export function fitted(stages, ink, form, side = DIGIT_BOX) {
  const found = [...stages];
  const image = placed(ink, found, side);
  return finished(found, image ?? picture(DIGIT_SIDE, DIGIT_SIDE), image === null, form);
}

// The digit of `ink` in 28x28, as MNIST's are; null where there is none.
function placed(ink, stages, longer) {
  const box = extent(ink);
  if (!box) return null;
  const cut = crop(ink, ...box);
  stages.push({ name: "Cropped", image: cut });
  const scale = longer / Math.max(cut.width, cut.height);
  const [width, height] = [cut.width, cut.height].map((side) => Math.max(1, round(side * scale)));
  const small = resize(cut, width, height, LANCZOS);
  const most = range(small)[1];
  if (most < MIN_CONTRAST) return null;
  const bright = mapped(small, Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, value * (255 / most))));
  stages.push({ name: "Fitted", image: bright });
  const centred = centre(bright);
  stages.push({ name: "Centred", image: centred });
  return centred;
}

// Its centre of mass in the middle of 28x28.
function centre({ width, height, data }) {
  let [mass, across, down] = [0, 0, 0];
  data.forEach((value, i) => {
    mass += value;
    across += value * (i % width);
    down += value * Math.floor(i / width);
  });
  const start = (moment, side) => Math.min(Math.max(round(DIGIT_SIDE / 2 - 0.5 - moment / mass), 0), DIGIT_SIDE - side);
  const found = picture(DIGIT_SIDE, DIGIT_SIDE);
  paste(found, { width, height, data }, start(across, width), start(down, height));
  return found;
}

// The tutorials' way: the whole picture squeezed to 28x28 and inverted.
export function classic(grey, form) {
  const small = resize(grey, DIGIT_SIDE, DIGIT_SIDE, BILINEAR);
  const image = mapped(small, Uint8Array.from({ length: 256 }, (_, value) => 255 - value));
  const stages = [{ name: "Grey", image: grey }, { name: "Resized", image: small }, { name: "Inverted", image }];
  const [low, high] = range(image);
  return finished(stages, image, high - low < MIN_CONTRAST, form);
}

function finished(stages, image, blank, form) {
  const x = toInput([image], form);
  const [low, high] = [(0 - form.mean[0]) / form.std[0], (1 - form.mean[0]) / form.std[0]];
  const shown = picture(form.size, form.size);
  for (let i = 0; i < shown.data.length; i += 1) shown.data[i] = (x[i] - low) * (255 / (high - low)) + 0.5;
  return { stages: [...stages, { name: "Normalised", image: shown }], x, blank };
}

// Network input (C, size, size) from square pictures, one a channel.
export function toInput(channels, { size, mean, std, scaling }) {
  const found = new Float32Array(channels.length * size * size);
  channels.forEach((channel, c) => {
    const values = scaling === "resize" ? stretched(channel, size) : bordered(channel, size);
    const [scale, shift] = [Math.fround(1 / (255 * std[c])), Math.fround(-mean[c] / std[c])];
    for (let i = 0; i < values.length; i += 1) found[c * size * size + i] = Math.fround(values[i] * scale) + shift;
  });
  return found;
}

function bordered(image, size) {
  const [found, border] = [picture(size, size), Math.floor((size - image.width) / 2)];
  paste(found, image, border, border);
  return found.data;
}

// As torch's bilinear, antialiased interpolation, without rounding.
function stretched({ width, data }, size) {
  const places = windows(width, size, BILINEAR, width);
  const along = (of) => ({ from, weights }) => weights.reduce((sum, weight, k) => sum + weight * of(from + k), 0);
  const across = Array.from({ length: width }, (_, y) => places.map(along((x) => data[y * width + x])));
  return Float32Array.from({ length: size * size }, (_, i) => along((y) => across[y][i % size])(places[Math.floor(i / size)]));
}
