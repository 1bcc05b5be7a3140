// The layers behind an answer, painted: a row for each.  The Draw tab (draw/inside.js) and the Photo tab (shared/why.js) show them.
//
// Each is a `Layer` of messages.py.  Its numbers are bytes, and they are painted here: for each layer one canvas, for
// which no picture has to be encoded, sent and decoded.

import { theme, unpack } from "./colours.js";
import { explained } from "./glossary.js";
import { onLanguage, say, translated } from "./language.js";

export const small = document.createElement("canvas"); // a map at its own size, before it is enlarged

// Paint a canvas, which gets that size; `colour` gives the packed colour of a pixel.
export function paintCells(canvas, width, height, colour) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const image = pen.createImageData(width, height);
  const pixels = new Int32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = colour(i);
  pen.putImageData(image, 0, 0);
}

const dotsOf = () => Math.max(1, devicePixelRatio); // device pixels in a CSS pixel

// Where the cells of a layer lie on its canvas, in device pixels: rows that fill a width in CSS pixels.
export function arrange({ shape, labels }, width, dots = dotsOf()) {
  const room = Math.floor(width * dots);
  const count = shape[0];
  if (shape.length === 1) {
    const columns = labels ? count : Math.ceil(count / Math.ceil((count * 5 * dots) / room)); // 5 wide at least
    return { count, columns, gap: Math.round(dots), wide: room / columns, high: Math.round((labels ? 30 : 20) * dots) };
  }
  const columns = Math.min(count, count <= 6 ? 6 : width < 520 || count <= 16 ? 8 : 16);
  const gap = Math.round((width < 520 ? 3 : 6) * dots);
  const wide = Math.min((room + gap) / columns, 120 * dots);
  return { count, columns, gap, wide, high: Math.round(((wide - gap) * shape[1]) / shape[2]) + gap };
}

// The rectangle of one cell: [left, top, width, height].
export function placeOf({ columns, wide, high, gap }, cell) {
  const column = cell % columns;
  const left = Math.round(column * wide);
  return [left, Math.floor(cell / columns) * high, Math.round((column + 1) * wide) - left - gap, high - gap];
}

function describe({ shape: [count, height, width], of }) {
  if (!height) return say("layers_numbers", { count });
  return of ? say("layers_strongest_maps", { count, of, height, width }) : say("layers_maps", { count, height, width });
}

// What a cell of the last layer stands for.
const labelOf = (label) => (label ? translated(label) : say("answer_none"));

// The rows in `element`, which has the markup of shared/layers.html.  `enlarge` is called with a layer and a cell, for a map
// that is clicked.
export function layers(element, enlarge) {
  const rows = element.querySelector(".rows");
  const pointedLine = element.querySelector(".pointed");

  let shownLayers = []; // [{layer, line, canvas, grid, width}], in order; grid says where its cells lie, 0 is no width yet
  let every = false; // every layer is shown, or only the telling ones
  let pointed = null; // {row, cell} under the mouse, the finger or the keyboard

  function buildRows(layers) {
    pointed = null;
    rows.replaceChildren();
    shownLayers = layers.map((layer) => {
      const line = document.createElement("div");
      line.className = layer.telling ? "layer telling" : "layer";
      const [name, kind, canvas] = ["b", "span", "canvas"].map((tag) => document.createElement(tag));
      kind.className = "kind";
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "img");
      const title = document.createElement("div");
      title.className = "title";
      title.append(name, kind);
      const picture = document.createElement("div");
      picture.className = "picture";
      picture.append(canvas);
      if (layer.labels) {
        const labels = document.createElement("div");
        labels.className = "labels";
        labels.append(...layer.labels.map(() => document.createElement("span")));
        picture.append(labels);
      }
      line.append(title, picture);
      rows.append(line);
      const row = { layer, line, canvas, grid: null, width: 0 };
      sayRow(row);
      listen(row);
      return row;
    });
  }

  function sayRow({ layer, line, canvas }) {
    const { name } = layer;
    const told = say("layers_kind", { kind: translated(layer.kind), size: describe(layer) });
    line.querySelector(".title b").textContent = layer.labels ? say("layers_answer", { name }) : name;
    line.querySelector(".title .kind").replaceChildren(...explained(told));
    canvas.setAttribute("aria-label", say("layers_said", { name, told }));
    line.querySelectorAll(".labels span").forEach((place, i) => {
      place.textContent = place.title = labelOf(layer.labels[i]);
    });
  }

  onLanguage(element, () => {
    shownLayers.forEach(sayRow);
    sayPointed();
  });

  function paintRow(row) {
    const { layer, canvas } = row;
    if (!row.width) row.width = canvas.parentElement.clientWidth;
    if (!row.width) return; // not in view
    const grid = (row.grid = arrange(layer, row.width));
    const { columns, wide, high, gap, count } = grid;
    const flush = layer.shape.length === 1 ? 0 : gap; // no gap behind the last
    resizeTo(canvas, Math.round(columns * wide) - flush, Math.ceil(count / columns) * high - gap);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    const table = theme()[layer.signed ? "signed" : "unsigned"];
    const [mapHigh, mapWide] = layer.shape.length === 3 ? layer.shape.slice(1) : [1, 1];
    const { cells } = layer;
    const zero = theme().unsigned[0];
    paintCells(small, mapWide, mapHigh * count, cells ? (i) => table[cells[i]] : () => zero); // all maps, one above the other
    for (let cell = 0; cell < count; cell += 1)
      pen.drawImage(small, 0, cell * mapHigh, mapWide, mapHigh, ...placeOf(grid, cell));
    if (pointed && pointed.row === row) {
      pen.lineWidth = 4 * dotsOf(); // half of it falls outside
      pen.strokeStyle = getComputedStyle(canvas).color;
      pen.save();
      pen.beginPath();
      pen.rect(...placeOf(grid, pointed.cell));
      pen.clip();
      pen.stroke();
      pen.restore();
    }
  }

  function sayPointed() {
    pointedLine.classList.toggle("on", pointed !== null);
    pointedLine.textContent = pointed ? cellOf(pointed) : say("layers_hint");
  }

  // What a person hears of a cell: where it is and, once there is an answer, its value.
  function cellOf({ row, cell }) {
    const { name, shape: [count, height, width], labels, said, maps, of } = row.layer;
    const value = said && said[cell].toFixed(2).replace("-", "−");
    const number = (maps ? maps[cell] : cell) + 1;
    if (labels) return say("layers_at_label", { name, label: labelOf(labels[cell]) }) + (value ? say("layers_score", { value }) : "");
    if (height) return say("layers_at_map", { name, number, count: of || count, height, width }) + (value ? say("layers_strongest", { value }) : "");
    return say("layers_at_number", { name, number, count }) + (value ? say("layers_value", { value }) : "");
  }

  function point(row, cell) {
    const before = pointed;
    if (before && before.row === row && before.cell === cell) return;
    pointed = cell === null ? null : { row, cell };
    if (before && before.row !== row) paintRow(before.row);
    paintRow(row);
    sayPointed();
  }

  function open(row, cell) {
    if (row.layer.cells && row.layer.shape.length === 3) enlarge(row.layer, cell);
  }

  function listen(row) {
    const { canvas } = row;
    if (row.layer.shape.length === 3) canvas.classList.add("enlarges");
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const { columns, wide, high, count } = row.grid;
      const column = Math.floor(((event.clientX - box.left) * canvas.width) / box.width / wide);
      const cell = Math.floor(((event.clientY - box.top) * canvas.height) / box.height / high) * columns + column;
      return Math.max(0, Math.min(count - 1, cell));
    };
    for (const kind of ["pointerdown", "pointermove"]) canvas.addEventListener(kind, (event) => point(row, under(event)));
    canvas.addEventListener("click", (event) => open(row, under(event)));
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== canvas && pointed?.row === row) point(row, null);
    });
    canvas.addEventListener("focus", () => {
      if (canvas.matches(":focus-visible")) point(row, 0);
    });
    canvas.addEventListener("blur", () => {
      if (pointed && pointed.row === row) point(row, null);
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") return open(row, pointed?.row === row ? pointed.cell : 0);
      const { columns, count } = row.grid;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? count - 1 : step ? (pointed ? pointed.cell : 0) + step : -1;
      if (to < 0 || to >= count) return;
      event.preventDefault();
      point(row, to);
    });
  }

  function resizeTo(canvas, width, height) {
    const dots = dotsOf(); // as in `arrange`
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    canvas.style.width = `${width / dots}px`;
    canvas.style.height = `${height / dots}px`;
  }

  // At another width, or in other colours.  To ask for the width lays the page out, which a moving pen has no time for.
  function measureAndPaint() {
    for (const row of shownLayers) row.width = 0;
    paintRows();
    paintCells(element.querySelector(".ramp"), 255, 1, (i) => theme().signed[i + 1]);
  }

  function paintRows() {
    for (const row of shownLayers) if (every || row.layer.telling) paintRow(row);
  }

  function showLayers(layers) {
    const held = shownLayers.findIndex(({ line }) => line.contains(document.activeElement));
    const frame = (list) => JSON.stringify(list.map(({ name, kind, shape, of, labels }) => [name, kind, shape, of, labels]));
    if (frame(layers) !== frame(shownLayers.map(({ layer }) => layer))) buildRows(layers);
    layers.forEach((layer, i) => {
      shownLayers[i].layer = { ...layer, cells: layer.cells && unpack(layer.cells) };
    });
    paintRows();
    sayPointed();
    if (held >= 0 && document.activeElement === document.body) keepFocus(held);
  }

  // Rows that were built anew under the keyboard: it stays among them, or it would begin again at the top of the page.
  function keepFocus(held) {
    const inView = shownLayers.filter(({ canvas }) => canvas.checkVisibility());
    inView[Math.min(held, inView.length - 1)]?.canvas.focus({ preventScroll: true });
  }

  function emptyLayers() {
    showLayers(shownLayers.map(({ layer }) => ({ ...layer, cells: null, said: null })));
  }

  return {
    build: buildRows,
    show: showLayers,
    empty: emptyLayers,
    paint: measureAndPaint,
    // Show every layer, or only the telling ones.
    all(shown) {
      every = shown;
      rows.classList.toggle("all", every);
      measureAndPaint();
    },
  };
}
