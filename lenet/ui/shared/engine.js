// A network in the browser: computes what PyTorch computes, layer by layer, from the table that inference/web.py makes.
//
// const net = network(table);                       null where `unknown(table)` names a layer
// const outputs = net.forward(x);                   [{layer, shape, data}], the last one holds the logits
//
// Convolutions and linear layers are sums of products, see shared/kernel.wat; everything else is a loop here.  A
// browser without WebAssembly's vectors, or a site that forbids it, computes the same in JavaScript, at a sixth of the
// speed.

import { KERNEL } from "./kernel.js"; // made by assets.py

export const FORMAT = 1; // of the table: inference/web.py

// --- tensors -------------------------------------------------------------------------------------------------

function half(bits) {
  const [exponent, rest] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? rest * 2 ** -24 : (1 + rest / 1024) * 2 ** (exponent - 15);
  return bits >> 15 ? -size : size;
}

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// The numbers of a tensor.
export function values({ f16, f32, f64 }) {
  if (f16 !== undefined) return Float32Array.from(new Uint16Array(bytesOf(f16).buffer), half);
  return f32 !== undefined ? new Float32Array(bytesOf(f32).buffer) : new Float64Array(bytesOf(f64).buffer);
}

const product = (numbers) => numbers.reduce((all, one) => all * one, 1);
const upTo = (number, step) => Math.ceil(number / step) * step;

// --- sums of products ----------------------------------------------------------------------------------------

let compiled; // the kernel; null where this browser does not take it

function kernelOf(memory) {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(bytesOf(KERNEL));
    } catch {
      compiled = null;
    }
  }
  return compiled ? new WebAssembly.Instance(compiled, { engine: { memory } }).exports.products : plain(memory);
}

// What kernel.wat does, for 4 outputs of 2 pixels at once.
export function plain(memory) {
  const [floats, ints] = [new Float32Array(memory.buffer), new Int32Array(memory.buffer)];
  return (...bytes) => {
    const [x, pixels, places, offsets, terms, weights, bias, out, outputs] = bytes.map((value, i) => (i === 2 || i === 4 || i === 8 ? value : value >> 2));
    for (let output = 0; output < outputs; output += 4) {
      const [b0, b1, b2, b3] = floats.subarray(bias + output, bias + output + 4);
      for (let place = 0; place < places; place += 2) {
        const [p, q] = [x + (ints[pixels + place] >> 2), x + (ints[pixels + place + 1] >> 2)];
        let [a0, a1, a2, a3, c0, c1, c2, c3] = [b0, b1, b2, b3, b0, b1, b2, b3];
        let w = weights + (output & ~7) * terms + (output & 4);
        for (let i = 0; i < terms; i += 1, w += 8) {
          const at = ints[offsets + i] >> 2;
          const [u, v] = [floats[p + at], floats[q + at]];
          const [w0, w1, w2, w3] = [floats[w], floats[w + 1], floats[w + 2], floats[w + 3]];
          a0 += w0 * u;
          a1 += w1 * u;
          a2 += w2 * u;
          a3 += w3 * u;
          c0 += w0 * v;
          c1 += w1 * v;
          c2 += w2 * v;
          c3 += w3 * v;
        }
        floats.set([a0, a1, a2, a3], out + place * outputs + output);
        floats.set([c0, c1, c2, c3], out + (place + 1) * outputs + output);
      }
    }
  };
}

// The memory that a network's kernel works in: parts are reserved first, and filled once all are known.
function workspace() {
  const fills = [];
  let [size, input, output] = [0, 0, 0]; // bytes; the scratch before and behind the kernel, which all layers share
  const reserve = (bytes) => (size += upTo(bytes, 16)) - upTo(bytes, 16);
  const space = {
    reserve(numbers, Type) {
      const at = reserve(numbers.length * 4);
      fills.push(() => new Type(space.memory.buffer, at, numbers.length).set(numbers));
      return at;
    },
    scratch(before, behind) {
      [input, output] = [Math.max(input, before * 4), Math.max(output, behind * 4)];
    },
    done() {
      [space.input, space.output] = [reserve(input), reserve(output)];
      space.memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65536) });
      fills.forEach((fill) => fill());
      space.floats = new Float32Array(space.memory.buffer);
      space.products = kernelOf(space.memory);
    },
  };
  return space;
}

// The sums of products of a layer: `weight` (outputs, terms); `pixels` and `offsets` are places in its input.
function products(space, weight, bias, outputs, pixels, offsets) {
  const [wide, terms] = [upTo(outputs, 8), offsets.length];
  const packed = new Float32Array(wide * terms); // as [wide / 8][terms][8]
  for (let o = 0; o < outputs; o += 1)
    for (let i = 0; i < terms; i += 1) packed[((o & ~7) * terms) + i * 8 + (o & 7)] = weight[o * terms + i];
  const [count, places] = [pixels.length, upTo(pixels.length, 4)];
  const inBytes = (list, length) => Int32Array.from({ length }, (_, i) => 4 * list[Math.min(i, list.length - 1)]);
  const summands = new Float32Array(wide);
  if (bias) summands.set(bias);
  const at = {
    pixels: space.reserve(inBytes(pixels, places), Int32Array),
    offsets: space.reserve(inBytes(offsets, terms), Int32Array),
    weights: space.reserve(packed, Float32Array),
    bias: space.reserve(summands, Float32Array),
  };
  space.scratch(0, places * wide);
  return () => {
    space.products(space.input, at.pixels, places, at.offsets, terms, at.weights, at.bias, space.output, wide);
    const [found, from, floats] = [new Float32Array(outputs * count), space.output >> 2, space.floats];
    for (let o = 0; o < outputs; o += 1)
      for (let i = 0; i < count; i += 1) found[o * count + i] = floats[from + i * wide + o];
    return found;
  };
}

// --- layers --------------------------------------------------------------------------------------------------

// erf to 1.5e-7: Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

// A layer that changes each number by itself.
const each = (change) => (layer, shape) => ({
  shape,
  run(data) {
    const found = new Float32Array(data.length);
    for (let i = 0; i < data.length; i += 1) found[i] = change(data[i], layer);
    return found;
  },
});

// The same for the one that large layers have most, without a call for each number.
function relu(layer, shape) {
  const run = (data) => {
    const found = new Float32Array(data.length);
    for (let i = 0; i < data.length; i += 1) found[i] = data[i] > 0 ? data[i] : 0;
    return found;
  };
  return { shape, run };
}

// The largest of each window, or with `mean` their mean.
const pooled = (mean) => ({ size: [high, wide], stride: [down, right] }, [maps, height, width]) => {
  const shape = [maps, Math.floor((height - high) / down) + 1, Math.floor((width - wide) / right) + 1];
  const run = (data) => {
    const found = new Float32Array(product(shape));
    let to = 0;
    for (let map = 0; map < maps; map += 1)
      for (let top = 0; top + high <= height; top += down)
        for (let left = 0; left + wide <= width; left += right, to += 1) {
          let value = mean ? 0 : -Infinity;
          for (let y = top; y < top + high; y += 1)
            for (let i = (map * height + y) * width + left, end = i + wide; i < end; i += 1)
              value = mean ? value + data[i] : data[i] > value ? data[i] : value;
          found[to] = mean ? value / (high * wide) : value;
        }
    return found;
  };
  return { shape, run };
};

// Copies maps into the kernel's input, with `padding` zeros around each.
function padded(space, [maps, height, width], [above, before]) {
  const [high, wide] = [height + 2 * above, width + 2 * before];
  space.scratch(maps * high * wide, 0);
  return (data) => {
    const [{ floats }, from] = [space, space.input >> 2];
    if (!above && !before) return floats.set(data, from);
    floats.fill(0, from, from + maps * high * wide);
    for (let row = 0; row < maps * height; row += 1) {
      const to = from + ((Math.floor(row / height) * high + above + (row % height)) * wide + before);
      floats.set(data.subarray(row * width, (row + 1) * width), to);
    }
  };
}

function conv({ weight, bias, stride, padding, dilation }, shape, space) {
  const [outputs, maps, tall, broad] = weight.shape;
  const [high, wide] = [shape[1] + 2 * padding[0], shape[2] + 2 * padding[1]];
  const [rows, columns] = [high - dilation[0] * (tall - 1), wide - dilation[1] * (broad - 1)].map((length, i) => Math.ceil(length / stride[i]));
  const grid = (count, down, right, across) => Array.from({ length: count }, (_, i) => Math.floor(i / across) * down * wide + (i % across) * right);
  const window = grid(tall * broad, dilation[0], dilation[1], broad);
  const offsets = Array.from({ length: maps }, (_, map) => window.map((at) => map * high * wide + at)).flat();
  const put = padded(space, shape, padding);
  const sum = products(space, values(weight), bias && values(bias), outputs, grid(rows * columns, ...stride, columns), offsets);
  return { shape: [outputs, rows, columns], run: (data) => (put(data), sum()) };
}

function linear({ weight, bias }, shape, space) {
  const [outputs, inputs] = weight.shape;
  const put = padded(space, [1, 1, inputs], [0, 0]);
  const sum = products(space, values(weight), bias && values(bias), outputs, [0], [...Array(inputs).keys()]);
  return { shape: [outputs], run: (data) => (put(data), sum()) };
}

function affine({ factor, summand }, shape) {
  const [factors, summands, area] = [values(factor), values(summand), product(shape.slice(1))];
  const run = (data) => {
    const found = new Float32Array(data.length);
    for (let map = 0, i = 0; map < factors.length; map += 1)
      for (const end = i + area; i < end; i += 1) found[i] = data[i] * factors[map] + summands[map];
    return found;
  };
  return { shape, run };
}

function rbf({ centres }, shape) {
  const [[count, length], places] = [centres.shape, values(centres)];
  const distance = (data, c) => data.reduce((sum, value, i) => sum + (value - places[c * length + i]) ** 2, 0);
  return { shape: [count], run: (data) => Float32Array.from({ length: count }, (_, c) => -distance(data, c)) };
}

// Layers behind each other.
function chain({ layers }, shape, space) {
  const steps = layers.map((layer) => {
    const step = OPERATIONS[layer.op](layer, shape, space);
    ({ shape } = step);
    return step;
  });
  return { shape, run: (data) => steps.reduce((now, step) => step.run(now), data) };
}

// Layers beside each other, whose outputs are added.
function sum({ layers }, shape, space) {
  const branches = layers.map((layer) => OPERATIONS[layer.op](layer, shape, space));
  const added = (one, other) => one.map((value, i) => value + other[i]);
  return { shape: branches[0].shape, run: (data) => branches.map((branch) => branch.run(data)).reduce(added) };
}

// Each takes a row of the table, the shape of its input and the workspace, and gives {shape, run}.
const OPERATIONS = {
  conv,
  linear,
  affine,
  rbf,
  chain,
  sum,
  relu,
  gelu: each((value) => 0.5 * value * (1 + erf(value * Math.SQRT1_2))),
  sigmoid: each((value) => 1 / (1 + Math.exp(-value))),
  tanh: each((value, { height, slope }) => height * Math.tanh(slope * value)),
  max: pooled(false),
  mean: pooled(true),
  flatten: (layer, shape) => ({ shape: [product(shape)], run: (data) => data }),
  same: (layer, shape) => ({ shape, run: (data) => data }),
};

// --- networks ------------------------------------------------------------------------------------------------

// The layers of a table that only the server can compute, by name.
export function unknown({ format, layers }) {
  const known = (layer) => Object.hasOwn(OPERATIONS, layer.op) && (layer.layers ?? []).every(known);
  return layers.filter((layer) => format !== FORMAT || !known(layer)).map(({ name }) => name);
}

// The network of a table, {table, forward}; null where a layer is unknown.  `forward` takes network input (C, H, W) as
// a Float32Array.
export function network(table) {
  if (unknown(table).length) return null;
  const space = workspace();
  let { shape } = table.input;
  const steps = table.layers.map((layer) => {
    const step = OPERATIONS[layer.op](layer, shape, space);
    ({ shape } = step);
    return { layer, step };
  });
  space.done();
  const forward = (x) => {
    let data = x;
    return steps.map(({ layer, step }) => {
      data = step.run(data);
      return { layer, shape: step.shape, data };
    });
  };
  return { table, forward };
}
