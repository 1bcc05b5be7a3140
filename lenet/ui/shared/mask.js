// Where ink is, and which of it hangs together.  A mask is {width, height, data}, with 1 where ink is.

import { picture } from "./preprocess.js";

// Whether any of each factor x factor pixels of a box is ink, above the threshold.
export function reduced({ width, data }, [left, top, right, bottom], factor, threshold) {
  const mask = picture(Math.ceil((right - left) / factor), Math.ceil((bottom - top) / factor));
  for (let y = top; y < bottom; y += 1)
    for (let x = left; x < right; x += 1)
      if (data[y * width + x] > threshold)
        mask.data[Math.floor((y - top) / factor) * mask.width + Math.floor((x - left) / factor)] = 1;
  return mask;
}

// The parts of a mask that hang together, also by corners, from 1 in the order of their first pixels: their labels,
// boxes and areas.
export function labelled({ width, height, data }) {
  const wide = width + 2; // a border, so that every pixel has neighbours
  const marks = new Int32Array(wide * (height + 1));
  const parents = [0]; // of marks that turned out to be one part's: the smallest is its name
  const nameOf = (mark) => {
    let name = mark;
    while (parents[name] !== name) name = parents[name];
    return name;
  };
  for (let y = 0, i = 0; y < height; y += 1)
    for (let x = 0, at = (y + 1) * wide + 1; x < width; x += 1, i += 1, at += 1) {
      if (!data[i]) continue;
      const [before, above, after] = [marks[at - 1] || marks[at - wide - 1], marks[at - wide], marks[at - wide + 1]];
      const mark = above || before || after || parents.push(parents.length) - 1;
      if (before && after && !above) {
        const [one, other] = [nameOf(before), nameOf(after)];
        parents[Math.max(one, other)] = Math.min(one, other);
      }
      marks[at] = mark;
    }
  const numbers = new Int32Array(parents.length); // of each mark's part
  let count = 0;
  for (let mark = 1; mark < parents.length; mark += 1) numbers[mark] = parents[mark] === mark ? (count += 1) : numbers[nameOf(mark)];
  const labels = new Int32Array(data.length);
  const areas = new Array(count).fill(0);
  const boxes = areas.map(() => [width, height, 0, 0]);
  for (let y = 0, i = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!data[i]) continue;
      labels[i] = numbers[marks[(y + 1) * wide + 1 + x]];
      areas[labels[i] - 1] += 1;
      const box = boxes[labels[i] - 1];
      if (x < box[0]) box[0] = x;
      if (x >= box[2]) box[2] = x + 1;
      if (y < box[1]) box[1] = y;
      box[3] = y + 1;
    }
  return { labels, boxes, areas };
}
