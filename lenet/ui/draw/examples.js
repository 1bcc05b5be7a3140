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

// The strokes of an example, as a pad has them.
export const strokesOf = ({ width, strokes: lines }) => lines.map((points) => ({ width, points: points.map(([x, y]) => ({ x, y })) }));

// A button for each of these [{name, width, strokes: [[[x, y]]]}]; `choose` gets a pad's strokes.
export function exampleButtons(examples, choose) {
  return examples.map((example) => {
    const { name, width, strokes: lines } = example;
    const button = make("button", { type: "button" }, thumbnail(width, lines));
    button.dataset.sayTitle = button.dataset.sayLabel = `draw_${name}`;
    button.addEventListener("click", () => choose(strokesOf(example)));
    return button;
  });
}
