// The drawings that a click puts onto a pad, for those who do not draw.

import { make } from "../shared/elements.js";

// A button for each of these [{name, width, strokes: [[[x, y]]]}]; `choose` gets a pad's strokes.
export function exampleButtons(examples, choose) {
  return examples.map(({ name, width, strokes }) => {
    const button = make("button", { type: "button" });
    button.dataset.sayTitle = button.dataset.sayLabel = `draw_${name}`;
    const paths = strokes.map((points) => `<polyline points="${points.join(" ")}"/>`).join("");
    button.innerHTML = `<svg viewBox="0 0 280 280" stroke-width="${width}">${paths}</svg>`;
    button.addEventListener("click", () => choose(strokes.map((points) => ({ width, points: points.map(([x, y]) => ({ x, y })) }))));
    return button;
  });
}
