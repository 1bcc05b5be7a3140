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
// boxes and areas.  Found run by run, a run being ink without a gap in one row.
export function labelled({ width, data }) {
  const wide = width + 1; // so that the end of a row does not touch the start of the next
  const runs = []; // [first pixel, row, start, end]; from `start` on, places count `wide` a row
  const parents = []; // of runs that turned out to be one part's: the first is its name
  const nameOf = (run) => {
    let name = run;
    while (parents[name] !== name) name = parents[name];
    return name;
  };
  let above = 0; // the first run that may touch the next one from above
  for (let first = data.indexOf(1), end = 0; first >= 0; first = data.indexOf(1, end)) {
    const y = Math.floor(first / width);
    for (end = first + 1; data[end] && end < (y + 1) * width; ) end += 1;
    const [from, to] = [first + y, end + y];
    const run = parents.push(parents.length) - 1;
    runs.push([first, y, from, to]);
    while (runs[above][3] + wide < from) above += 1;
    for (let other = above; runs[other][2] + wide <= to; other += 1) {
      const [one, its] = [nameOf(other), nameOf(run)];
      parents[Math.max(one, its)] = Math.min(one, its);
    }
  }
  const [labels, boxes, areas] = [new Int32Array(data.length), [], []];
  const numbers = []; // of each run's part
  runs.forEach(([first, y, from, to], run) => {
    const [left, right] = [first - y * width, first - y * width + to - from];
    const number = (numbers[run] = parents[run] === run ? boxes.push([left, y, right, y + 1]) : numbers[nameOf(run)]);
    labels.fill(number, first, first + to - from);
    areas[number - 1] = (areas[number - 1] ?? 0) + to - from;
    const box = boxes[number - 1];
    [box[0], box[2], box[3]] = [Math.min(box[0], left), Math.max(box[2], right), y + 1];
  });
  return { labels, boxes, areas };
}
