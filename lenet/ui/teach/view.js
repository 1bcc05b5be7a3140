// Your own classes: draw examples, have them learned, try what came of it.
//
// The state lives in the browser (store.js), and all that is shown follows from it.  The server learns, and is asked
// how far it is; the network that comes of it answers here, without the server.

import { padOn } from "../draw/pad.js";
import { largeLabel, panel } from "../shared/answer.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { decoded, download, encoded, sketch } from "../shared/keeping.js";
import { language, onLanguage, say, sayAll, sayIn } from "../shared/language.js";
import { fitted, inked } from "../shared/preprocess.js";
import { digitReader } from "../shared/reader.js";
import { visitorKey } from "../shared/storage.js";
import { forget, fromFile, keep, load, toFile } from "./store.js";

const PAUSE = 1100; // milliseconds without a pen, after which a drawing is taken as an example
const BETWEEN_LOOKS = 300; // milliseconds between two questions about a network that learns
const SIDE = 28;
const FORM = { size: SIDE, mean: [0], std: [1], scaling: "pad" }; // the picture itself

const empty = () => ({ classes: [{ name: "", examples: [] }, { name: "", examples: [] }], taught: null });

// The picture of 28x28 pixels that the network would see of a drawing; null where nothing is drawn.
function pictureOf(grey) {
  const { stages, ink } = inked(grey);
  return fitted(stages, ink, FORM).stages.find(({ name }) => name === "Centred")?.image.data ?? null;
}

export function mount({ element, trigger, props, server }) {
  const find = (selector) => element.querySelector(selector);
  const { limits } = props;

  let state = empty();
  let chosen = 0; // the class that is drawn for
  let mode = "draw"; // or "try"
  let busy = false; // the server is learning
  let before = null; // the state before the last deletion
  let reader = null; // of state.taught
  let prepared = false; // the server knows that it will be asked to learn
  let pause = null; // until the drawing is taken

  const visitor = visitorKey();

  // --- the state -----------------------------------------------------------------------------------------

  let keeping = Promise.resolve(); // one after the other, so that the newest is the last

  function change(next) {
    store(next);
    show();
  }

  function store(next) {
    state = next;
    keeping = keeping.then(() => keep(next)).catch(() => sayIn(find(".teach-trouble"), "teach_no_storage"));
  }

  // The same with other examples, which the network has not learned.
  const withClasses = (classes) => ({ classes, taught: state.taught && { ...state.taught, stale: true } });
  const withClass = (index, one) => withClasses(state.classes.map((old, i) => (i === index ? one : old)));

  // Something goes, and can be taken back.
  function remove(next) {
    before = { state, chosen };
    sayIn(find(".undone span"), "teach_deleted");
    find(".undo-delete").hidden = false;
    change(next);
  }

  function settleDeletion() {
    before = null;
    find(".undone span").textContent = find(".undone span").dataset.say = "";
    find(".undo-delete").hidden = true;
  }

  // --- the pad ---------------------------------------------------------------------------------------------

  const pad = padOn(find(".teach-pad"), { brush: find(".brush input"), changed, ended });

  function changed() {
    clearTimeout(pause);
    showTools();
    if (mode === "try") answer();
  }

  function ended() {
    clearTimeout(pause);
    if (mode === "draw" && !pad.empty) pause = setTimeout(add, PAUSE);
  }

  function add() {
    clearTimeout(pause);
    const one = state.classes[chosen];
    const picture = pad.empty || !one ? null : pictureOf(pad.grey());
    if (!picture) return;
    if (one.examples.length >= limits.examples) return sayIn(find(".teach-trouble"), "teach_full", { most: limits.examples });
    if (!prepared) server.prepare_teaching({ language }).catch(() => null);
    prepared = true;
    settleDeletion();
    pad.show({});
    change(withClass(chosen, { ...one, examples: [...one.examples, encoded(picture)] }));
  }

  find(".add").addEventListener("click", add);
  find(".take-back").addEventListener("click", () => {
    pad.show({ strokes: pad.strokes.slice(0, -1) });
    ended();
  });
  find(".wipe").addEventListener("click", () => pad.show({}));

  for (const button of element.querySelectorAll(".mode")) {
    button.addEventListener("click", () => {
      mode = button.dataset.mode;
      pad.show({});
      show();
    });
  }

  function answer() {
    const place = find(".verdict");
    if (!reader) return place.replaceChildren();
    const [{ digit }] = reader.read(pad.grey());
    const none = digit.verdict === "not_digit";
    const blank = digit.verdict === "blank";
    const names = Object.keys(digit.probs);
    const rows = reader.table.classes.map((name) => ({ name, part: digit.probs[name], best: name === digit.label && !none }));
    const sentence = blank
      ? say("teach_invite")
      : none
        ? say("teach_says_none", { label: digit.label })
        : say(digit.verdict === "sure" ? "teach_sure" : "teach_perhaps", { percent: percent(digit.confidence, 0) });
    place.replaceChildren(
      panel({
        label: none ? "" : digit.label,
        large: largeLabel(none ? "" : digit.label, names),
        sentence,
        rows: [...rows, { name: say("teach_none"), part: digit.p_not_digit ?? 0, best: none }],
        verdict: digit.verdict,
      }),
    );
  }

  // --- classes ---------------------------------------------------------------------------------------------

  const nameOf = (index) => state.classes[index]?.name.trim() || say("teach_class_number", { number: index + 1 });
  const answerName = (index) => (index < state.classes.length ? nameOf(index) : say("teach_none"));

  function thumbnail(index, i, missed) {
    const canvas = sketch(make("canvas", { width: SIDE, height: SIDE }), state.classes[index].examples[i]);
    const button = make("button", { type: "button", className: missed === null ? "" : "missed" }, canvas);
    button.addEventListener("click", () => {
      const one = state.classes[index];
      remove(withClass(index, { ...one, examples: one.examples.filter((_, at) => at !== i) }));
      const rest = find(".classes").children[index].querySelectorAll(".thumbs button");
      (rest[Math.min(i, rest.length - 1)] ?? find(".undo-delete")).focus();
    });
    return button;
  }

  // What each example of a class was taken for when it was left out; null where it was right, or nobody asked.
  function missesOf(index) {
    const { taught } = state;
    const first = state.classes.slice(0, index).reduce((sum, { examples }) => sum + examples.length, 0);
    return state.classes[index].examples.map((_, i) => {
      const said = taught && !taught.stale ? taught.answers[first + i] : index;
      return said === index ? null : said;
    });
  }

  function rowOf(index) {
    const { name, examples } = state.classes[index];
    const row = make("li", { className: index === chosen && mode === "draw" ? "chosen" : "" });
    const field = make("input", { type: "text", value: name, maxLength: limits.name, placeholder: say("teach_name_here") });
    field.setAttribute("aria-label", say("teach_class_name", { number: index + 1 }));
    field.addEventListener("focus", () => choose(index));
    field.addEventListener("input", () => {
      state = withClass(index, { ...state.classes[index], name: field.value }); // the field stays as it is
      showState();
    });
    field.addEventListener("change", () => {
      field.value = field.value.trim();
      store(withClass(index, { ...state.classes[index], name: field.value }));
      nameIn(row, index); // a new row would lose the press or the focus that ended the typing
      showState();
    });
    const draw = make("button", { type: "button", className: "draw-for", textContent: say("teach_draw_here") });
    draw.setAttribute("aria-pressed", String(index === chosen && mode === "draw"));
    draw.addEventListener("click", () => {
      mode = "draw";
      choose(index);
      show();
    });
    const few = examples.length < limits.least_examples;
    const count = make("span", { className: "count", textContent: say(few ? "teach_count" : "teach_count_many", { count: examples.length, least: limits.least_examples }) });
    const gone = make("button", { type: "button", className: "remove-class", textContent: "×" });
    gone.addEventListener("click", () => {
      chosen = Math.max(0, Math.min(chosen, state.classes.length - 2));
      remove(withClasses(state.classes.filter((_, i) => i !== index)));
      find(".undo-delete").focus();
    });
    const missed = missesOf(index);
    row.append(field, draw, count, gone, make("div", { className: "thumbs" }, ...examples.map((_, i) => thumbnail(index, i, missed[i]))));
    nameIn(row, index);
    return row;
  }

  // The class's name in what its row's buttons are called.
  function nameIn(row, index) {
    const name = nameOf(index);
    row.querySelector(".draw-for").setAttribute("aria-label", say("teach_draw_for", { name }));
    row.querySelector(".remove-class").setAttribute("aria-label", say("teach_remove", { name }));
    const missed = missesOf(index);
    for (const [i, button] of row.querySelectorAll(".thumbs button").entries()) {
      const words = { number: i + 1, name };
      const label = missed[i] === null ? say("teach_example", words) : say("teach_example_missed", { ...words, answer: answerName(missed[i]) });
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  }

  function choose(index) {
    if (chosen === index) return;
    if (!pad.empty && mode === "draw") add(); // it was drawn for the other one
    chosen = index;
    for (const [i, row] of [...find(".classes").children].entries()) {
      row.classList.toggle("chosen", i === chosen);
      row.querySelector(".draw-for").setAttribute("aria-pressed", String(i === chosen));
    }
    showState();
  }

  find(".more").addEventListener("click", () => {
    if (state.classes.length >= limits.classes) return;
    chosen = state.classes.length;
    mode = "draw";
    change(withClasses([...state.classes, { name: "", examples: [] }]));
    find(".classes").lastElementChild.querySelector("input").focus();
  });

  // --- what is shown -----------------------------------------------------------------------------------------

  // What is missing until it can be taught; "" for nothing.
  function missing() {
    const names = state.classes.map(({ name }) => name.trim());
    if (names.length < limits.least_classes) return say("teach_missing_classes", { count: limits.least_classes });
    if (names.some((name) => !name)) return say("teach_missing_name");
    if (new Set(names).size < names.length) return say("teach_missing_twice");
    const few = state.classes.findIndex(({ examples }) => examples.length < limits.least_examples);
    if (few >= 0) return say("teach_missing_examples", { name: nameOf(few), count: limits.least_examples - state.classes[few].examples.length });
    return "";
  }

  // What has the keyboard keeps it, though its row is a new one.
  function show() {
    const list = find(".classes");
    const row = [...list.children].findIndex((one) => one.contains(document.activeElement));
    const at = [...(list.children[row]?.querySelectorAll("input, button") ?? [])].indexOf(document.activeElement);
    list.replaceChildren(...state.classes.map((_, index) => rowOf(index)));
    list.children[row]?.querySelectorAll("input, button")[at]?.focus();
    showState();
    if (mode === "try") answer();
  }

  function showTools() {
    find(".add").disabled = pad.empty || mode === "try";
    find(".take-back").disabled = find(".wipe").disabled = pad.empty;
  }

  function showState() {
    showTools();
    const drawing = mode === "draw";
    for (const button of element.querySelectorAll(".mode")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    find('[data-mode="try"]').disabled = !reader;
    find(".for").textContent = drawing ? say("teach_drawing", { name: nameOf(chosen) }) : say("teach_trying");
    find(".pause").textContent = drawing ? say("teach_pause") : "";
    find(".verdict").hidden = drawing;
    find(".more").disabled = state.classes.length >= limits.classes;
    const lacks = missing();
    find(".learn").disabled = busy || Boolean(lacks);
    const count = state.classes.reduce((sum, { examples }) => sum + examples.length, 0);
    if (!busy) find(".missing").textContent = lacks || say("teach_ready", { count, classes: state.classes.length });
    showOutcome();
  }

  function showOutcome() {
    const { taught } = state;
    find(".outcome").hidden = !taught;
    if (!taught) return;
    const total = taught.answers.length;
    find(".right").textContent = say("teach_right", { right: taught.right, total });
    find(".interval").textContent = say("teach_interval", { low: percent(taught.low, 0), high: percent(taught.high, 0), seconds: taught.seconds.toFixed(1) });
    find(".missed").textContent = taught.right < total && !taught.stale ? say("teach_missed") : "";
    find(".stale").textContent = taught.stale ? say("teach_stale") : "";
  }

  // --- learning ----------------------------------------------------------------------------------------------

  const trouble = (words) => sayIn(find(".teach-trouble"), words ?? "");
  const ask = async (question) => (await question.catch(() => null)) ?? { problem: null };

  find(".learn").addEventListener("click", async () => {
    busy = true;
    trouble("");
    settleDeletion();
    showState();
    sayIn(find(".missing"), "teach_running");
    const classes = state.classes.map(({ name, examples }) => ({ name: name.trim(), examples }));
    const reply = await ask(server.begin_teaching({ visitor, language, classes }));
    const found = "problem" in reply ? reply : await learned();
    busy = false;
    delete find(".missing").dataset.say;
    if (found.status === "done") return take(found, classes);
    trouble(found.status === "none" ? "teach_lost" : found.problem ?? "teach_no_server");
    showState();
  });

  // The server's facts, once it has learned or failed.
  async function learned() {
    for (;;) {
      const facts = await ask(server.look_at_teaching({ visitor, language }));
      if (facts.status !== "waiting" && facts.status !== "running") return facts;
      if (facts.status === "waiting") sayIn(find(".missing"), "teach_waiting", { place: facts.place });
      else sayIn(find(".missing"), "teach_running");
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    }
  }

  function take(found, classes) {
    const { network, answers, right, low, high, seconds, table, file } = found;
    const same = JSON.stringify(classes) === JSON.stringify(state.classes.map(({ name, examples }) => ({ name: name.trim(), examples })));
    reader = digitReader(table);
    mode = "try";
    pad.show({});
    change({ ...state, taught: { network, answers, right, low, high, seconds, table, file, stale: !same } });
    find(".outcome").scrollIntoView({ block: "nearest" });
  }

  find(".use").addEventListener("click", () => {
    const { network, file } = state.taught;
    trigger("use", { visitor, language, network, file });
  });

  for (const button of element.querySelectorAll(".get")) {
    button.addEventListener("click", async () => {
      const { network, file } = state.taught;
      const reply = await ask(server.export_taught({ visitor, language, network, file, kind: button.dataset.kind }));
      if ("problem" in reply) return trouble(reply.problem ?? "teach_no_server");
      download(reply.name, decoded(reply.file));
    });
  }

  // --- the drawings as a file ----------------------------------------------------------------------------------

  const file = find(".file");
  find(".save").addEventListener("click", () => download("my-classes.json", toFile(state)));
  find(".open-file").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [opened] = file.files;
    const classes = opened && (await fromFile(opened, limits));
    file.value = "";
    if (!opened) return;
    if (!classes) return trouble("teach_bad_file");
    trouble("");
    before = { state, chosen };
    [reader, mode, chosen] = [null, "draw", 0];
    change({ classes, taught: null });
    const count = classes.reduce((sum, { examples }) => sum + examples.length, 0);
    sayIn(find(".undone span"), "teach_opened", { count, classes: classes.length });
    find(".undo-delete").hidden = false;
  });

  find(".delete-all").addEventListener("click", () => {
    [reader, mode, chosen] = [null, "draw", 0];
    pad.show({});
    remove(empty());
    keeping = keeping.then(forget).catch(() => null);
    find(".undo-delete").focus();
  });

  find(".undo-delete").addEventListener("click", () => {
    if (!before) return;
    ({ chosen } = before);
    const next = before.state;
    reader = next.taught ? digitReader(next.taught.table) : null;
    settleDeletion();
    change(next);
    find(".more").focus();
  });

  // --- at the beginning ----------------------------------------------------------------------------------------

  onLanguage(element, show);
  sayAll(element);
  show();
  load()
    .then((kept) => {
      if (!kept?.classes) return;
      state = kept;
      reader = kept.taught ? digitReader(kept.taught.table) : null;
      element.querySelector("details").open = true;
      show();
    })
    .catch(() => null);
}
