// The drawings that a click puts onto a pad, for those who do not draw.

import { make } from "../shared/elements.js";

// An example small: lines of [x, y] on a pad of 280 pixels.
function thumbnail(width, lines) {
  const svg = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };
  const paths = lines.map((points) => svg("polyline", { points: points.join(" ") }));
  return svg("svg", { viewBox: "0 0 280 280", "stroke-width": width }, ...paths);
}

// A button for each of these [{name, width, strokes: [[[x, y]]]}]; `choose` gets a pad's strokes.
export function exampleButtons(examples, choose) {
  return examples.map(({ name, width, strokes: lines }) => {
    const button = make("button", { type: "button" }, thumbnail(width, lines));
    button.dataset.sayTitle = button.dataset.sayLabel = `draw_${name}`;
    button.addEventListener("click", () => choose(lines.map((points) => ({ width, points: points.map(([x, y]) => ({ x, y })) }))));
    return button;
  });
}
