// One map of a layer, large, in a dialog; and of the number under the pointer the filter, the patch and their sum.

import { theme } from "./colours.js";
import { keepInSight, make } from "./elements.js";
import { explained } from "./glossary.js";
import { say, translated } from "./language.js";
import { paintCells, small } from "./layers.js";

const SIDE = 336; // pixels of the map's canvas
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const POOLED = { max: "closeup_max", mean: "closeup_mean" };

const figure = (value) => value.toFixed(2).replace("-", "−");
const largest = (numbers) => numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 0) || 1;

function enlarged(canvas, [height, width], colour) {
  paintCells(small, width, height, colour);
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

function partOf({ source, size, filter, patch, sum }) {
  const patched = grid(patch, size, "closeup_patch");
  if (!filter) return make("p", { className: "part" }, patched);
  const said = say("closeup_of_map", { number: source + 1 });
  return make("p", { className: "part" }, grid(filter, size, "closeup_filter"), "×", patched, "=", make("b", { textContent: figure(sum) }), make("small", { textContent: said }));
}

// How the number came about, a `Workings` of messages.py, as elements.
function workings({ op, parts, others, rest, bias, steps }) {
  const lines = [];
  if (others) lines.push(say("closeup_others", { count: others, sum: figure(rest) }));
  const then = ({ name, value }) => say("closeup_then", { name, value: figure(value) });
  const [first, ...later] = steps;
  if (op === "conv") lines.push(say("closeup_sum", { bias: figure(bias), value: figure(first.value), name: first.name }));
  else if (POOLED[op]) lines.push(say(POOLED[op], { value: figure(first.value), name: first.name }));
  else if (first) lines.push(then(first));
  lines.push(...later.map(then));
  return [...parts.map(partOf), ...lines.map((line) => make("p", {}, ...explained(line)))];
}

// Opens the dialog about a `Layer` of messages.py and one cell of it.  `trace(map, row, column)` gives the `Workings` of a
// number, or resolves to them; null where they are not known.
export function openCloseup(layer, cell, trace) {
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
    work();
  }

  let working = false; // one question at a time, and the newest place is the next

  async function work() {
    if (working) return;
    working = true;
    for (let told = null; told !== place && dialog.open; ) {
      told = place;
      const found = await trace(map, ...told);
      made.replaceChildren(...(found ? workings(found) : []));
    }
    working = false;
  }

  function go(y, x) {
    const next = [Math.max(0, Math.min(height - 1, y)), Math.max(0, Math.min(width - 1, x))];
    if (next.join() === place.join()) return;
    place = next;
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
  keepInSight(dialog);
  dialog.showModal();
  canvas.focus();
  show();
}

function strongest(cells, signed, width) {
  const far = (byte) => (signed ? Math.abs(byte - 128) : byte);
  const at = cells.reduce((best, byte, i) => (far(byte) > far(cells[best]) ? i : best), 0);
  return [Math.floor(at / width), at % width];
}
