// Names photos in the browser, as lenet/inference/photos.py does on the server: crops, probabilities, and how unlike
// the training pictures a photo is (ood.py).
//
// const namer = photoNamer(table);                  null where only the server can compute this network
// namer.name(imageData)                             {label, confidence, probs, verdict, ood_score, box, image, ...}

import { network, values } from "./engine.js";
import { inputOf, layersOf, softmax } from "./outputs.js";
import { LANCZOS, crop, picture, reduce, resize, round, toInput } from "./preprocess.js";

const SIDE = 32;
const REDUCING_GAP = 3; // Pillow's: a picture is averaged first to no less than so many times the size that is wanted
const SCALES = 4;
const FLAT = 4 / 255;
const MEDIAN_SCORE = 0.05;

// --- where to look: lenet/preprocessing/photos.py --------------------------------------------------------------

function squaresOf(width, height) {
  const side = Math.min(width, height);
  const first = { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
  const whole = Math.max(width, height);
  const places = [first, { left: 0, top: 0, side }, { left: width - side, top: height - side, side }];
  places.push({ left: Math.floor((width - whole) / 2), top: Math.floor((height - whole) / 2), side: whole });
  const same = (a, b) => a.left === b.left && a.top === b.top && a.side === b.side;
  let kept = places.filter((place, i) => places.findIndex((other) => same(place, other)) === i);
  const step = round(side / SIDE);
  if (kept.length === 1) kept = [first, ...(step ? [-step, step].map((way) => ({ ...first, left: first.left + way, top: first.top + way })) : [])];
  return kept.flatMap((place) => [{ ...place, mirrored: false }, { ...place, mirrored: true }]);
}

// Which of the 32 columns or rows show the pixels `start` to `end` of `side`: one at least.
function filled(start, end, side) {
  const first = Math.min(round((SIDE * start) / side), SIDE - 1);
  return [first, Math.max(round((SIDE * end) / side), first + 1)];
}

// What a square shows of one channel, 32x32; beyond the picture's edges it is mirrored.
function shownIn(channel, { left, top, side, mirrored }) {
  const inside = [Math.max(left, 0), Math.max(top, 0), Math.min(left + side, channel.width), Math.min(top + side, channel.height)];
  const [x0, x1] = filled(inside[0] - left, inside[2] - left, side);
  const [y0, y1] = filled(inside[1] - top, inside[3] - top, side);
  const part = shrunk(crop(channel, ...inside), x1 - x0, y1 - y0);
  const found = picture(SIDE, SIDE);
  const back = (at, from, to) => {
    const [length, place] = [to - from, at - from];
    const turn = ((place % (2 * length)) + 2 * length) % (2 * length);
    return turn < length ? turn : 2 * length - 1 - turn;
  };
  for (let y = 0; y < SIDE; y += 1)
    for (let x = 0; x < SIDE; x += 1)
      found.data[y * SIDE + (mirrored ? SIDE - 1 - x : x)] = part.data[back(y, y0, y1) * part.width + back(x, x0, x1)];
  return found;
}

function shrunk(image, width, height) {
  const [across, down] = [image.width / width, image.height / height].map((factor) => Math.max(1, Math.floor(factor / REDUCING_GAP)));
  const small = across > 1 || down > 1 ? reduce(image, across, down) : image;
  return resize(small, width, height, LANCZOS, [image.width / across, image.height / down]);
}

// --- how unlike the training pictures: lenet/inference/ood.py ----------------------------------------------------

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

function deviation(list) {
  const middle = mean(list);
  return Math.sqrt(list.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (list.length - 1));
}

function edgesOf(grey, side, [dx, dy]) {
  const found = [];
  for (let y = 0; y + dy < side; y += 1)
    for (let x = 0; x + dx < side; x += 1) found.push(Math.abs(grey[(y + dy) * side + x + dx] - grey[y * side + x]));
  return found;
}

function quarter(list) {
  const sorted = Float64Array.from(list).sort();
  const place = 0.25 * (sorted.length - 1);
  const low = Math.floor(place);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (place - low);
}

function statistics(channels) {
  const x = channels.map(({ data }) => Array.from(data, (value) => value / 255));
  let grey = x[0].map((_, i) => mean(x.map((channel) => channel[i])));
  const colour = x.flatMap((channel) => channel.map((value, i) => value - grey[i]));
  const found = [...x.map(mean), ...x.map(deviation), mean(colour.map(Math.abs)), deviation(colour)];
  for (let scale = 0, side = SIDE; scale < SCALES; scale += 1, side /= 2) {
    for (const way of [[1, 0], [0, 1]]) {
      const edges = edgesOf(grey, side, way);
      const sizes = [[mean(edges), 1e-3], [Math.sqrt(mean(edges.map((edge) => edge ** 2))), 1e-3], [quarter(edges), 2e-3]];
      found.push(...sizes.map(([size, least]) => Math.log(size + least)), mean(edges.map((edge) => (edge < FLAT ? 1 : 0))));
    }
    const [before, half] = [grey, side / 2];
    grey = Array.from({ length: half * half }, (_, i) => {
      const corner = 2 * Math.floor(i / half) * side + 2 * (i % half);
      return (before[corner] + before[corner + 1] + before[corner + side] + before[corner + side + 1]) / 4;
    });
  }
  return found;
}

function detector({ energy, distance, mean: middle, precision }) {
  const [centre, matrix] = [values(middle), values(precision)];
  const scored = ({ median, limit }, value) => {
    const width = Math.max(limit - median, 1e-6) / Math.log(1 / MEDIAN_SCORE - 1);
    return 1 / (1 + Math.exp(-(value - limit) / width));
  };
  const far = (found) => {
    const away = found.map((value, i) => value - centre[i]);
    return away.reduce((sum, a, i) => sum + a * away.reduce((all, b, k) => all + b * matrix[i * away.length + k], 0), 0);
  };
  return (logits, channels, temperature) => {
    const most = Math.max(...logits);
    const sum = logits.reduce((all, value) => all + Math.exp((value - most) / temperature), 0);
    const energyOf = -temperature * (most / temperature + Math.log(sum));
    return Math.max(scored(energy, energyOf), scored(distance, far(statistics(channels))));
  };
}

// --- the answer --------------------------------------------------------------------------------------------------

export function photoNamer(table) {
  const net = network(table);
  if (!net) return null;
  const { classes, limits, input, temperature } = table;
  const oddness = table.ood && detector(table.ood);

  function look(channels, square) {
    const shown = channels.map((channel) => shownIn(channel, square));
    const x = toInput(shown, input);
    const outputs = [inputOf(table, x), ...net.forward(x)];
    const logits = outputs.at(-1).data;
    const odd = oddness ? oddness(logits, shown, temperature) : 0;
    return { square, shown, outputs, odd, probs: softmax(logits, temperature) };
  }

  function answer(crops, width, height) {
    const weights = crops.map(({ probs }) => Math.max(...probs) ** limits.power);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const all = classes.map((_, i) => crops.reduce((sum, { probs }, k) => sum + (weights[k] / total) * probs[i], 0));
    const order = classes.map((_, i) => i).sort((a, b) => all[b] - all[a]);
    const ood = Math.min(...crops.map(({ odd }) => odd));
    const [{ square, shown, outputs }] = crops;
    const edges = [square.left / width, square.top / height, (square.left + square.side) / width, (square.top + square.side) / height];
    return {
      label: classes[order[0]],
      runner_up: classes[order[1]],
      confidence: all[order[0]],
      probs: Object.fromEntries(classes.map((name, i) => [name, all[i]])),
      verdict: ood > limits.unknown ? "unknown" : all[order[0]] >= limits.unsure ? "sure" : "unsure",
      ood_score: ood,
      box: edges.map((edge) => Math.min(1, Math.max(0, edge))),
      image: coloured(shown),
      outputs,
    };
  }

  // Of a picture's pixels, an ImageData without transparency.
  function name({ width, height, data }) {
    const channels = [0, 1, 2].map((channel) => picture(width, height, Uint8Array.from({ length: width * height }, (_, i) => data[4 * i + channel])));
    const [first, ...further] = squaresOf(width, height);
    const crops = [look(channels, first)];
    const found = answer(crops, width, height);
    const settled = found.verdict === "sure" && found.confidence >= limits.settled;
    return settled ? found : answer([...crops, ...further.map((square) => look(channels, square))], width, height);
  }

  const blank = layersOf(net.forward(new Float32Array(input.shape.reduce((a, b) => a * b))), classes, true);
  const behind = ({ outputs }, every) => ({ outputs, layers: layersOf(outputs, classes, every) });
  return { table, name, blank, behind };
}

function coloured(channels) {
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i += 1) image.data.set([...channels.map(({ data }) => data[i]), 255], 4 * i);
  return image;
}
