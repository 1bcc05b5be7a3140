// One map of a layer, large, in a dialog; and of the number under the pointer the filter, the patch and their sum.

import { theme } from "../shared/colours.js";
import { make } from "../shared/elements.js";
import { explained } from "../shared/glossary.js";
import { say, translated } from "../shared/language.js";
import { paintSmall, small } from "../shared/layers.js";
import { traced } from "./trace.js";

const SIDE = 336; // pixels of the map's canvas
const PARTS_SHOWN = 4; // of a sum, the strongest
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const figure = (value) => value.toFixed(2).replace("-", "−");
const largest = (numbers) => numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 0) || 1;

function enlarged(canvas, [height, width], colour) {
  paintSmall(width, height, colour);
  const scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  return scale;
}

// Numbers below and above zero, `size` of them.
function grid(numbers, size, key) {
  const canvas = make("canvas", { role: "img", "aria-label": say(key) });
  const [scale, table] = [127 / largest(numbers), theme().signed];
  enlarged(canvas, size, (i) => table[Math.round(128 + scale * numbers[i])]);
  return make("span", {}, canvas, make("small", {}, ...explained(say(key))));
}

function partOf({ from, size, filter, patch, sum }) {
  const patched = grid(patch, size, "closeup_patch");
  if (!filter) return make("p", { className: "part" }, patched);
  const said = say("closeup_of_map", { number: from + 1 });
  return make("p", { className: "part" }, grid(filter, size, "closeup_filter"), "×", patched, "=", make("b", { textContent: figure(sum) }), make("small", { textContent: said }));
}

// How the number came about, as elements.
function workings({ op, parts, bias, steps }) {
  const strong = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const [shown, others] = op === "conv" ? [strong.slice(0, PARTS_SHOWN), strong.slice(PARTS_SHOWN)] : [parts, []];
  const rest = others.reduce((sum, one) => sum + one.sum, 0);
  const lines = [];
  if (others.length) lines.push(say("closeup_others", { count: others.length, sum: figure(rest) }));
  const [first, ...later] = steps;
  if (op === "conv") lines.push(say("closeup_sum", { bias: figure(bias), value: figure(first.value), name: first.name }));
  if (op === "max" || op === "mean") lines.push(say(`closeup_${op}`, { value: figure(first.value), name: first.name }));
  lines.push(...later.map(({ name, value }) => say("closeup_then", { name, value: figure(value) })));
  return [...shown.map(partOf), ...lines.map((line) => make("p", {}, ...explained(line)))];
}

// Opens the dialog about a `Layer` of messages.py and one cell of it; `outputs` are those of all layers, or null where
// only the server has them.
export function openCloseup(layer, cell, outputs) {
  const [count, height, width] = layer.shape;
  const map = layer.maps ? layer.maps[cell] : cell;
  const title = say("layers_at_map", { name: layer.name, number: map + 1, count: layer.of || count, height, width });
  const canvas = make("canvas", { className: "map", tabIndex: 0, role: "img", "aria-label": title });
  const [where, made] = [make("p", { className: "where-in-map" }), make("div", { className: "workings" })];
  const close = make("button", { type: "button", textContent: say("closeup_close") });
  const words = make("div", { "aria-live": "polite" }, make("p", {}, ...explained(translated(layer.kind))), where, made);
  const dialog = make("dialog", { className: "closeup", "aria-label": title }, make("header", {}, make("b", { textContent: title }), close), make("div", { className: "sides" }, canvas, words));
  const cells = layer.cells.subarray(cell * height * width, (cell + 1) * height * width);
  const table = theme()[layer.signed ? "signed" : "unsigned"];
  let place = strongest(cells, layer.signed, width); // [y, x]

  function show() {
    const [y, x] = place;
    const scale = enlarged(canvas, [height, width], (i) => table[cells[i]]);
    const pen = canvas.getContext("2d");
    [pen.lineWidth, pen.strokeStyle] = [2, getComputedStyle(canvas).color];
    pen.strokeRect(x * scale + 1, y * scale + 1, scale - 2, scale - 2);
    where.textContent = say("closeup_where", { row: y + 1, column: x + 1 });
    made.replaceChildren(...(outputs ? workings(traced(outputs, layer.name, map, y, x)) : []));
  }

  function go(y, x) {
    place = [Math.max(0, Math.min(height - 1, y)), Math.max(0, Math.min(width - 1, x))];
    show();
  }

  for (const kind of ["pointermove", "pointerdown"]) {
    canvas.addEventListener(kind, (event) => {
      const box = canvas.getBoundingClientRect();
      go(Math.floor(((event.clientY - box.top) / box.height) * height), Math.floor(((event.clientX - box.left) / box.width) * width));
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    go(place[0] + move[0], place[1] + move[1]);
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  canvas.focus();
  show();
}

function strongest(cells, signed, width) {
  const far = (byte) => (signed ? Math.abs(byte - 128) : byte);
  const at = cells.reduce((best, byte, i) => (far(byte) > far(cells[best]) ? i : best), 0);
  return [Math.floor(at / width), at % width];
}
