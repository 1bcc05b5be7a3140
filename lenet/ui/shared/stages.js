// What the network saw: each step of the preprocessing as a small picture, with its reason.

import { make } from "./elements.js";
import { say, translated } from "./language.js";

// A picture of grey pixels, {shape: [height, width], cells}, on a canvas of its own size.
function grey({ shape: [height, width], cells }) {
  const canvas = make("canvas", { width, height });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = (255 << 24) | (cells[i] * 0x010101);
  pen.putImageData(image, 0, 0);
  return canvas;
}

// A `Stage`'s image (messages.py), whether the server or the browser made it.
export function pictureOf(image, described) {
  if (typeof image === "string") return make("img", { src: image, alt: described });
  const canvas = grey(image);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", described);
  return canvas;
}

function card({ name, why, shape: [height, width], image }, i) {
  const called = translated(name);
  const words = make("figcaption", {}, make("b", { textContent: `${i + 1}. ${called}` }), " ", make("i", { textContent: `${width}×${height}` }));
  words.append(make("br"), translated(why));
  return make("figure", { className: "stage" }, pictureOf(image, say("draw_step", { name: called, width, height })), words);
}

// The cards of these stages.
export const stagesOf = (stages) => make("div", { className: "stages" }, ...stages.map(card));

// What stands there before there are any.
export const noStages = (key) => make("p", { className: "hint", textContent: say(key) });
