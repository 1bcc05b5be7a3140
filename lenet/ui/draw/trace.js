// How one number of a map was computed, from the outputs of all layers (shared/engine.js).

import { values } from "../shared/engine.js";

const ALONE = new Set(["relu", "gelu", "sigmoid", "tanh", "affine", "same"]); // each number by itself
const PARTS_SHOWN = 4;
const known = new WeakMap(); // tensors of the table -> their numbers

function numbersOf(tensor) {
  if (!known.has(tensor)) known.set(tensor, values(tensor));
  return known.get(tensor);
}

// The numbers of one map in a window whose top left corner is [top, left]; zeros outside of the map.
function patchOf({ shape: [, height, width], data }, map, [top, left], [high, wide], [down, right] = [1, 1]) {
  return Float32Array.from({ length: high * wide }, (_, i) => {
    const [y, x] = [top + down * Math.floor(i / wide), left + right * (i % wide)];
    return y < 0 || x < 0 || y >= height || x >= width ? 0 : data[(map * height + y) * width + x];
  });
}

function convolved({ weight, stride, padding, dilation }, before, map, y, x) {
  const [, maps, ...size] = weight.shape;
  const area = size[0] * size[1];
  const corner = [y * stride[0] - padding[0], x * stride[1] - padding[1]];
  return Array.from({ length: maps }, (_, from) => {
    const start = (map * maps + from) * area;
    const filter = numbersOf(weight).subarray(start, start + area);
    const patch = patchOf(before, from, corner, size, dilation);
    return { source: from, size, filter, patch, sum: filter.reduce((sum, one, i) => sum + one * patch[i], 0) };
  });
}

const pooled = ({ size, stride }, before, map, y, x) => [{ source: map, size, filter: null, patch: patchOf(before, map, [y * stride[0], x * stride[1]], size) }];
const PARTS = { conv: convolved, max: pooled, mean: pooled };

// {op, parts: [{source, size, filter, patch, sum}], bias, steps: [{name, value}]} of the number at (y, x) of a map: the
// layer that computed it from a patch, what it took from each map before it, and what the layers up to `name` made of
// it.  `outputs` begin with the network's input.
export function traced(outputs, name, map, y, x) {
  const steps = [];
  let i = outputs.findIndex(({ layer }) => layer.name === name) + 1;
  do {
    i -= 1;
    const { layer, shape: [, height, width], data } = outputs[i];
    steps.unshift({ name: layer.name, value: data[(map * height + y) * width + x] });
  } while (ALONE.has(outputs[i].layer.op));
  const { layer } = outputs[i];
  const bias = layer.op === "conv" && layer.bias ? numbersOf(layer.bias)[map] : 0;
  return { op: layer.op, parts: PARTS[layer.op]?.(layer, outputs[i - 1], map, y, x) ?? [], bias, steps };
}

// The same as a `Workings` of messages.py: of a sum its strongest parts.
export function workingsOf({ op, parts, bias, steps }) {
  const shown = op === "conv" ? [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)) : parts;
  const others = shown.slice(PARTS_SHOWN);
  return { op, parts: shown.slice(0, PARTS_SHOWN), others: others.length, rest: others.reduce((sum, one) => sum + one.sum, 0), bias, steps };
}
