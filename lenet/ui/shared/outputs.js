// What a network in the browser (engine.js) has put out, as facts that are shown.

import { round } from "./preprocess.js";

const MAPS_SHOWN = 32; // of a layer, the strongest: shared/facts.py

export function softmax(logits, temperature) {
  const scaled = Array.from(logits, (value) => value / temperature);
  const most = Math.max(...scaled);
  const parts = scaled.map((value) => Math.exp(value - most));
  const sum = parts.reduce((all, part) => all + part, 0);
  return parts.map((part) => part / sum);
}

// A network's input, as if a layer had put it out.
export const inputOf = ({ input }, x) => ({ layer: { name: "", op: "input" }, shape: input.shape, data: x });

// The layers that are shown, as `Layer`s.
export function layersOf(outputs, classes, every) {
  const shown = outputs.filter(({ layer }) => layer.kind);
  return shown.map(({ layer, shape, data }, i) => {
    const last = i === shown.length - 1;
    const flat = shape.slice(1).every((side) => side === 1) ? shape.slice(0, 1) : shape;
    const maps = flat.length === 3 && flat[0] > MAPS_SHOWN ? strongest(data, flat) : null;
    return {
      name: layer.name,
      kind: layer.kind,
      telling: layer.telling,
      shape: maps ? [MAPS_SHOWN, ...flat.slice(1)] : flat,
      of: maps && flat[0],
      maps: every || layer.telling ? maps : null,
      labels: last ? [...classes, ""].slice(0, data.length) : null,
      ...(every || layer.telling ? cellsOf(maps ? chosen(data, maps, flat) : data, flat, last) : { said: null, signed: false, scale: 1, cells: null }),
    };
  });
}

const areaOf = ([, height = 1, width = 1]) => height * width;

// Plain loops from here on: on a phone, half of a frame went into calls of a function for each number.
function extreme(values) {
  let [most] = values;
  for (let i = 1; i < values.length; i += 1) if (Math.abs(values[i]) > Math.abs(most)) most = values[i];
  return most;
}

// Each map's strongest value, or each number.
function peaks(data, shape) {
  const area = areaOf(shape);
  return Array.from({ length: data.length / area }, (_, map) => extreme(data.subarray(map * area, (map + 1) * area)));
}

// The places of the maps with the strongest values, in order.
function strongest(data, shape) {
  const sizes = peaks(data, shape).map(Math.abs);
  return sizes.map((_, map) => map).sort((a, b) => sizes[a] - sizes[b]).slice(-MAPS_SHOWN).sort((a, b) => a - b);
}

function chosen(data, maps, shape) {
  const area = areaOf(shape);
  const found = new Float32Array(maps.length * area);
  maps.forEach((map, i) => found.set(data.subarray(map * area, (map + 1) * area), i * area));
  return found;
}

function cellsOf(data, shape, centred) {
  const said = peaks(data, shape).map((value) => round(value * 100) / 100);
  const mean = centred ? data.reduce((sum, value) => sum + value, 0) / data.length : 0;
  let [scale, signed] = [0, false];
  for (let i = 0; i < data.length; i += 1) {
    scale = Math.max(scale, Math.abs(data[i] - mean));
    signed ||= data[i] < mean;
  }
  scale ||= 1;
  const [zero, steps] = signed ? [128, 127 / scale] : [0, 255 / scale];
  const cells = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 1) cells[i] = round(zero + steps * (data[i] - mean));
  return { said, signed, scale, cells };
}
