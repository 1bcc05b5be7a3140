// A network's report, from the facts of messages.py to elements: numbers, matrix, pictures, plots, layers and recipe.

import { bar } from "../shared/answer.js";
import { make, makeSvg } from "../shared/elements.js";
import { number, percent, short, size } from "../shared/format.js";
import { explained } from "../shared/glossary.js";
import { pieces, say, spoken, translated } from "../shared/language.js";

const [RIGHT, WRONG] = ["✓", "✗"]; // beside green and red, for those who see no such difference
const FLOPS_EACH = 2; // a multiply-add is a multiplication and an addition
const LETTERS = 2; // of a class's name, above which it needs room; a Chinese character is as wide as two

const hint = (...said) => make("p", { className: "hint" }, ...said);
const heading = (key) => make("h3", {}, say(key));

// What is known of a network, `AboutNetwork`, and the room, of the right size, for what its test pictures will say.
export function about(found) {
  const { title, about: said, classes, confusion } = found;
  return [
    make("h2", {}, spoken(title)),
    make("p", { className: "lead" }, lead(spoken(said))),
    make(
      "div",
      { className: "report", "aria-busy": "false" },
      make("div", { className: "numbers" }, numbers(beforehand(found))),
      make(
        "div",
        { className: "halves" },
        make("section", { className: "measured" }, ...(confusion.length ? measured(classes, confusion) : [hint(say("matrix_none"))])),
        pictures(found),
      ),
      make(
        "div",
        { className: "halves" },
        make("section", { className: "calibration" }, ...calibration(found.bins, found.few)),
        make("section", { className: "mistakes" }, ...mistakes(null, found)),
      ),
      files(found.files),
    ),
    make("div", { className: "halves" }, make("section", {}, ...layers(found)), make("section", {}, ...recipe(found))),
  ];
}

const lead = (said) => say("about_network", { about: said.charAt(0).toUpperCase() + said.slice(1).replace(/\.$|`/g, "") }); // ` is for terminals

// The numbers as the network's own file has them.
function beforehand({ accuracy, confusion, calibration_error }) {
  if (!confusion.length) return { accuracy, errors: null, total: 0, calibration_error };
  const total = confusion.flat().reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, row, i) => sum + row[i], 0);
  return { accuracy, errors: total - right, total, calibration_error };
}

// The report in three numbers; a dash for what is not known yet.
export function numbers({ accuracy, errors, total, calibration_error: gap }) {
  const dash = "–";
  const shown = {
    report_accuracy: [accuracy === null ? dash : percent(accuracy, 2)],
    report_errors: errors === null ? [dash] : [number(errors), " ", make("i", {}, say("report_errors_of", { total: number(total) }))],
    report_gap: [gap === null ? dash : percent(gap)],
  };
  const rows = Object.entries(shown).map(([key, said]) => make("div", {}, make("dt", {}, ...explained(say(key))), make("dd", {}, ...said)));
  return make("dl", {}, ...rows);
}

// How far a network is with its test pictures; `total` is 0 until these are loaded.
export function waiting({ done, total, seconds }) {
  const values = { done: number(done), total: number(total), seconds: seconds.toFixed(0) };
  const fill = make("span", { className: "fill", style: `transform:scaleX(${(total ? done / total : 0).toFixed(4)})` });
  const said = make("p", {}, say(total ? "report_asking" : "report_loading", values));
  return make("div", { className: "waiting" }, said, make("div", { className: "track" }, fill));
}

// --- the confusion matrix, and each class's accuracy --------------------------------------------------------

export const measured = (classes, counts) => [...matrix(classes, counts), ...byClass(classes, counts)];

// Whether names of classes need room.
export const needRoom = (names) => names.some((name) => name.length * (/^[\x20-\x7e]*$/.test(name) ? 1 : 2) > LETTERS);

const words = (classes) => (needRoom(classes.map(translated)) ? " words" : "");

// How dark each square is, 0 to 1: right answers by their share of the row, errors against the commonest one.
export function shades(counts) {
  const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const all = counts.map((row) => Math.max(1, row.reduce((sum, count) => sum + count, 0)));
  // The root, so that a single error is seen too.
  return counts.map((row, i) => row.map((count, j) => (i === j ? count / all[i] : Math.sqrt(count / most))));
}

function matrix(classes, counts) {
  const names = classes.map(translated);
  const dark = shades(counts);
  const square = (count, i, j) => {
    const said = say("matrix_cell", { label: names[i], answer: names[j], count: number(count) });
    const place = { role: "gridcell", tabIndex: i || j ? -1 : 0, "aria-selected": "false", "data-cell": `${i},${j}` };
    const seen = { className: i === j ? "right" : "wrong", style: `--shade:${dark[i][j].toFixed(3)}` };
    return make("td", { ...place, ...seen, "aria-label": said, title: said }, count ? String(count) : "");
  };
  const head = names.map((name) => make("th", { scope: "col" }, make("span", {}, name)));
  const rows = counts.map((row, i) =>
    make("tr", {}, make("th", { scope: "row" }, names[i]), ...row.map((count, j) => square(count, i, j))),
  );
  return [
    heading("matrix"),
    hint(say("matrix_why"), say("matrix_click")),
    make(
      "table",
      { className: `matrix${words(classes)}`, role: "grid", "aria-label": say("matrix") },
      make("thead", {}, make("tr", {}, make("td"), ...head)),
      make("tbody", {}, ...rows),
    ),
  ];
}

function byClass(classes, counts) {
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const parts = classes.map((name, i) => [translated(name), counts[i][i] / sums[i]]).filter((_, i) => sums[i]);
  const said = parts.map(([name, part]) => `${name} ${percent(part)}`).join(say("list_comma"));
  const rows = parts.map(([name, part]) => bar(name, part, false, 1));
  const label = say("by_class_said", { classes: said });
  return [heading("by_class"), make("div", { className: "bars", role: "img", "aria-label": label }, ...rows)];
}

// --- pictures ----------------------------------------------------------------------------------------------

// The room for test pictures, and what asks for others.
function pictures({ sample, classes }) {
  const button = (kind, key) => make("button", { type: "button", className: kind, hidden: true }, say(key));
  return make(
    "section",
    { className: "pictures", "aria-live": "polite", "aria-busy": "false" },
    heading("tests"),
    make("div", { className: "said" }, hint(say("tests_why"))),
    make("div", { className: "cards" }, grid([], sample, classes, " blank")),
    make("div", { className: "further" }, button("start", "tests_start"), button("next", "tests_another"), button("any", "tests_random")),
  );
}

function grid(cards, room, classes, kind = "") {
  const gaps = Array.from({ length: Math.max(0, room - cards.length) }, () => make("span", { className: "gap" }));
  return make("div", { className: `grid${words(classes)}${kind}` }, ...cards, ...gaps);
}

// A card for each picture: "predicted (true)" and the confidence; at least as much room as for `room` of them.
export const cards = (shown, classes, room = 0) => grid(shown.map((one) => card(one, classes)), room, classes);

function card({ position, label, answer, confidence, image }, classes) {
  const [sign, verdict] = label === answer ? [RIGHT, "right"] : [WRONG, "wrong"];
  const [given, shown] = [answer, label].map((index) => translated(classes[index]));
  const said = say(`tests_${verdict}`, { position, answer: given, label: shown });
  return make(
    "figure",
    { className: `card ${verdict}` },
    make("img", { src: image, alt: said }),
    make("figcaption", {}, make("b", {}, `${sign} ${given}`), ` (${shown})`, make("i", {}, percent(confidence, 0))),
  );
}

// What the pictures are, `Pictures`: those of a cell of the matrix, or where it is null random ones of that seed.
export function whichPictures({ found, first, pictures: shown }, classes, cell, seed) {
  if (!cell) return hint(say("tests_sample", { total: number(found), seed }));
  const [label, answer] = cell.map((index) => make("b", {}, translated(classes[index])));
  if (!found) return hint(...pieces("tests_cell_none", { label, answer }));
  const key = found > shown.length ? "tests_cell_part" : "tests_cell_all";
  const which = say(key, { first: first + 1, last: first + shown.length, found: number(found) });
  return hint(...pieces("tests_cell", { label, answer, which }));
}

// The most confident wrong answers of `Measured`; null where they are not known yet.
export function mistakes(measured, { classes, mistakes: room }) {
  const none = measured && !measured.mistakes.length;
  const said = none ? say("mistakes_none", { count: number(measured.total) }) : say("mistakes_why");
  const shown = measured ? cards(measured.mistakes, classes, room) : grid([], room, classes, " blank");
  return [heading("mistakes"), hint(said), make("div", { className: "cards" }, shown)];
}

// --- the calibration plot: coordinates are units of the SVG, about a pixel each, as in plots.py ---------------------

const [WIDE, HIGH] = [400, 280];
const [LEFT, EDGE, TOP, BOTTOM] = [52, 392, 8, 236];
const PARTS = [0, 0.25, 0.5, 0.75, 1];
const across = (part) => LEFT + part * (EDGE - LEFT);
const up = (part) => BOTTOM - part * (BOTTOM - TOP);

// The reliability diagram; without bins its axes alone, of the same size.
export function calibration(bins, few) {
  const width = (EDGE - LEFT) / Math.max(1, bins.length);
  const filled = bins.map((bin, i) => ({ ...bin, left: LEFT + i * width })).filter(({ count }) => count);
  const said = filled.map(binWords).join(say("list_semicolon"));
  const label = said ? say("calibration_said", { bins: said }) : say("calibration_empty");
  const ideal = makeSvg("line", { class: "ideal", x1: LEFT, y1: BOTTOM, x2: EDGE, y2: TOP });
  const why = make("div", { className: "said" }, hint(say("calibration_why", { few })));
  return [
    heading("calibration"),
    why,
    makeSvg("svg", { class: "plot", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label }, axes(), ...filled.map((bin) => bars(bin, width, few)), ideal),
  ];
}

function binWords({ count, confidence, accuracy }) {
  const said = { confidence: percent(confidence, 0), accuracy: percent(accuracy, 0), count: number(count) };
  return say(count === 1 ? "bin_one" : "bin_many", said);
}

function bars(bin, width, few) {
  const [reached, expected] = [up(bin.accuracy), up(bin.confidence)];
  const low = Math.max(reached, expected); // on the page, where y grows downwards
  const unit = (place) => place.toFixed(1);
  const rectangle = (kind, y, height) =>
    makeSvg("rect", { class: kind, x: unit(bin.left + 1), y: unit(y), width: unit(width - 2), height: unit(height) });
  return makeSvg(
    "g",
    { class: bin.count < few ? "bin few" : "bin" },
    makeSvg("title", {}, binWords(bin)),
    rectangle("reached", low, BOTTOM - low),
    rectangle(bin.accuracy < bin.confidence ? "lacking" : "above", Math.min(reached, expected), Math.abs(reached - expected)),
  );
}

function axes() {
  const text = (attributes, said) => makeSvg("text", attributes, said);
  const middle = (TOP + BOTTOM) / 2;
  return makeSvg(
    "g",
    { class: "axes" },
    ...PARTS.flatMap((part) => [
      makeSvg("line", { x1: LEFT, y1: up(part), x2: EDGE, y2: up(part) }),
      text({ x: LEFT - 6, y: up(part) + 4, "text-anchor": "end" }, percent(part, 0)),
      text({ x: across(part), y: BOTTOM + 16, "text-anchor": part === 1 ? "end" : "middle" }, percent(part, 0)),
    ]),
    text({ class: "axis", x: (LEFT + EDGE) / 2, y: HIGH - 8, "text-anchor": "middle" }, say("calibration_x")),
    text({ class: "axis", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, say("calibration_y")),
  );
}

// --- files, layers and recipe --------------------------------------------------------------------------------

function files(offers) {
  const button = ({ kind, suffix, bytes }) => {
    const remark = bytes === null ? suffix : `${suffix}, ${size(bytes)}`;
    const waits = kind === "report"; // it is made of the answers
    return make("button", { type: "button", "data-keep": kind, disabled: waits }, say(`keep_${kind}`), " ", make("small", {}, remark));
  };
  return make(
    "section",
    { className: "keep" },
    heading("keep_files"),
    make("div", { className: "files" }, ...offers.map(button)),
    make("p", { className: "hint", "aria-live": "polite" }),
  );
}

// The layers as a table that scrolls sideways by itself, and what its columns count.
function layers({ layers: rows, parameters, multiply_adds: total }) {
  const nested = rows.some(({ part }) => part);
  const columns = ["table_layer", "table_kind", "table_output", "list_parameters", "list_multiply_adds"];
  const head = make("tr", {}, ...columns.map((key) => make("th", { scope: "col" }, say(key))));
  const sums = make("tr", {}, make("th", { scope: "row", colSpan: 3 }, say("table_together")), ...[parameters, total].map((count) => make("td", {}, number(count))));
  const table = make("table", { className: "layers" }, make("thead", {}, head), make("tbody", {}, ...rows.map(layer)), make("tfoot", {}, sums));
  const inside = make("label", {}, make("input", { type: "checkbox", className: "parts" }), ` ${say("table_parts")}`);
  return [
    make("div", { className: "over" }, heading("table_layers"), nested && inside),
    make("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": say("table_layers") }, table),
    hint(...explained(say("table_why", { flops: short(FLOPS_EACH * total) }))),
  ];
}

function layer({ name, part, kind, shape, parameters, multiply_adds: work }) {
  const cells = [kind, shape.join("×"), ...[parameters, work].map((count) => (count ? number(count) : "·"))];
  return make("tr", { className: part ? "part" : "" }, make("th", { scope: "row" }, name), ...cells.map((said) => make("td", {}, said)));
}

// How it was trained and what came of it.
function recipe({ recipe: rows, command }) {
  const list = make("dl", { className: "recipe" });
  for (const { key, said } of rows) list.append(make("dt", {}, ...explained(say(key))), make("dd", {}, ...explained(spoken(said))));
  if (command) list.append(make("dt", {}, say("fact_again")), make("dd", {}, make("code", {}, command)));
  return [heading("recipe"), list];
}
