// Your own classes: draw examples or take photos, have them learned, try what came of it.
//
// The state lives in the browser (store.js), and all that is shown follows from it.  The server learns, and is asked
// how far it is; a network that learned drawings answers here, without the server, and one that learned photos in the
// Photo tab.

import { padOn } from "../draw/pad.js";
import { largeLabel, panel } from "../shared/answer.js";
import { readsBack } from "../shared/canvas.js";
import { allow, allowed, make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { decoded, download, encoded, sketch } from "../shared/keeping.js";
import * as all from "../shared/own.js";
import { language, onLanguage, say, sayAll, sayIn } from "../shared/language.js";
import { fitted, inked } from "../shared/preprocess.js";
import { digitReader } from "../shared/reader.js";
import { visitorKey } from "../shared/storage.js";
import { frameOf, paperOf, photoOf } from "./pictures.js";
import { KINDS, follow, forget, keep, load, soundClasses } from "./store.js";

const PAUSE = 1100; // milliseconds without a pen, after which a drawing is taken as an example
const BETWEEN_QUESTIONS = 300; // milliseconds between two questions about a network that learns
const BURST = 10; // photos that one press takes
const BETWEEN_PHOTOS = 300; // milliseconds
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

  let kind = "drawings"; // or "photos"
  const states = { drawings: empty(), photos: empty() };
  let state = states[kind];
  let chosen = 0; // the class that examples are added to
  let mode = "draw"; // what the pad is for; or "try"
  let busy = false; // the server is learning
  let before = null; // {states, kind, chosen, everything} before the last deletion: whether other parts lost theirs too
  let reader = null; // of states.drawings.taught
  let prepared = false; // the server knows that it will be asked to learn
  let pause = null; // until the drawing is taken

  const visitor = visitorKey();

  // --- the state -----------------------------------------------------------------------------------------

  const trouble = (words, values) => sayIn(find(".teach-trouble"), words, values);
  const ask = async (question) => (await question.catch(() => null)) ?? { problem: null };

  let keeping = Promise.resolve(); // one after the other, so that the newest is the last

  function change(next) {
    store(next);
    show();
  }

  function store(next, of = kind) {
    states[of] = next;
    if (of === kind) state = next;
    keeping = keeping.then(() => keep(of, next)).catch(() => trouble("teach_no_storage"));
  }

  function readerOf({ taught }) {
    return taught ? digitReader(taught.table) : null;
  }

  // The same with other examples, which the network has not learned.
  const withClasses = (classes) => ({ classes, taught: state.taught && { ...state.taught, stale: true } });
  const withClass = (index, one) => withClasses(state.classes.map((old, i) => (i === index ? one : old)));

  function canUndo(told, values, everything = false) {
    burst = null;
    before = { states: { ...states }, kind, chosen, everything };
    sayIn(find(".undone span"), told, values);
    find(".undo-delete").hidden = false;
  }

  // Something goes, and can be taken back.
  function remove(next) {
    canUndo("teach_deleted");
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
    const picture = pad.empty ? null : pictureOf(pad.grey());
    if (!picture || !addExamples(chosen, [encoded(picture)])) return;
    if (!prepared) server.prepare_teaching({ language }).catch(() => null);
    prepared = true;
    pad.show({});
  }

  // Adds them to a class, as many as it takes, and says whether it took any.  The rows stay as they are: new ones would
  // lose a press or the focus.
  function addExamples(index, more) {
    const one = state.classes[index];
    if (!one || !more.length) return false;
    const taken = more.slice(0, limits.examples - one.examples.length);
    trouble(taken.length < more.length ? "teach_full" : "", { most: limits.examples });
    if (!taken.length) return false;
    settleDeletion();
    store(withClass(index, { ...one, examples: [...one.examples, ...taken] }));
    const rows = find(".classes").children;
    rows[index].querySelector(".thumbs").append(...taken.map((_, i) => thumbnail(index, one.examples.length + i)));
    rows[index].querySelector(".count").textContent = countOf(index);
    [...rows].forEach(nameIn);
    showState();
    return true;
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

  for (const button of element.querySelectorAll(".kind")) {
    button.addEventListener("click", () => {
      if (!pad.empty && mode === "draw") add(); // it was drawn for a class of drawings
      switchTo(button.dataset.kind);
    });
  }

  function switchTo(other) {
    stopCamera();
    pad.show({});
    [kind, state, chosen, mode] = [other, states[other], 0, "draw"];
    trouble("");
    show();
  }

  function answer() {
    const place = find(".verdict");
    if (!reader) return place.replaceChildren();
    const [{ digit }] = reader.read(pad.grey()).found;
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

  // --- pictures: from files, the clipboard, and the camera ---------------------------------------------------

  const [live, camera, files] = [".teach-live", ".camera", ".picture-files"].map(find);

  // Photos become examples; of pictures of paper, what is drawn on them does.
  async function addPictures(pictures) {
    const [of, index] = [kind, chosen];
    if (!readsBack()) return trouble("picture_altered");
    let wrong = ""; // what is wrong with one that gave none
    for (const picture of pictures) {
      const found = await (of === "photos" ? photosIn(picture) : drawingsOn(picture));
      if (of !== kind) return;
      if (found?.problem !== undefined) return trouble(found.problem ?? "teach_no_server");
      if (found?.length) addExamples(index, found);
      else wrong = found ? "teach_no_drawing" : "teach_unreadable";
      if (state.classes[index]?.examples.length >= limits.examples) break;
    }
    if (wrong) trouble(wrong);
  }

  async function photosIn(file) {
    const photo = await photoOf(file, limits.side);
    return photo && photo.length <= limits.photo_bytes ? [encoded(photo)] : null;
  }

  async function drawingsOn(file) {
    const picture = await paperOf(file);
    if (!picture) return null;
    const reply = await ask(server.separate_picture({ language, picture }));
    return reply.examples ?? reply;
  }

  for (const button of element.querySelectorAll(".add-pictures")) button.addEventListener("click", () => files.click());
  files.addEventListener("change", async () => {
    const pictures = [...files.files];
    files.value = "";
    await addPictures(pictures);
  });
  const board = find(".teach-board");
  for (const type of ["dragenter", "dragover"])
    board.addEventListener(type, (event) => {
      event.preventDefault();
      board.classList.add("over");
    });
  board.addEventListener("dragleave", () => board.classList.remove("over"));
  board.addEventListener("drop", (event) => {
    event.preventDefault();
    board.classList.remove("over");
    addPictures([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    if (board.offsetParent === null) return; // another tab of the page is open, or this part is closed
    const pictures = [...event.clipboardData.items].filter(({ type }) => type.startsWith("image/")).map((item) => item.getAsFile());
    if (pictures.length) addPictures(pictures);
  });

  let burst = null; // of photos, while it is taken

  function showCamera() {
    const on = Boolean(live.srcObject);
    live.hidden = find(".camera-off").hidden = !on;
    find(".teach-frame .invite").hidden = on;
    sayIn(camera, !on ? "teach_camera" : burst ? "teach_stop" : "teach_take", { count: BURST });
  }

  function stopCamera() {
    burst = null;
    live.srcObject?.getTracks().forEach((track) => track.stop());
    live.srcObject = null;
    sayIn(find(".burst"), "");
    showCamera();
  }

  async function takeBurst() {
    const [mine, index] = [{}, chosen];
    burst = mine;
    showCamera();
    for (let number = 1; number <= BURST; number += 1) {
      const frame = frameOf(live, limits.side);
      if (!addExamples(index, [encoded(frame)])) break;
      sayIn(find(".burst"), "teach_burst", { number, count: BURST, name: nameOf(index) });
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_PHOTOS));
      if (burst !== mine) break; // it was stopped, or the camera was
    }
    if (burst === mine) burst = null;
    showCamera();
  }

  camera.hidden = !navigator.mediaDevices?.getUserMedia; // it needs https, or this very machine
  camera.addEventListener("click", async () => {
    if (burst) burst = null;
    else if (live.srcObject) takeBurst();
    else await startCamera();
  });

  async function startCamera() {
    trouble("");
    if (!readsBack()) return trouble("picture_altered");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      // The browser asked, and meanwhile something else was opened, or the button pressed again.
      if (live.srcObject || live.parentElement.offsetParent === null) return stream.getTracks().forEach((track) => track.stop());
      live.srcObject = stream;
      showCamera();
      await live.play();
    } catch {
      stopCamera();
      trouble("teach_no_camera");
    }
  }

  function closeCamera() {
    stopCamera();
    camera.focus();
  }

  find(".camera-off").addEventListener("click", closeCamera);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !live.srcObject) return;
    if (burst) burst = null;
    else closeCamera();
  });
  new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting && live.srcObject && live.parentElement.offsetParent === null) stopCamera(); // out of sight
  }).observe(live.parentElement);

  // --- classes ---------------------------------------------------------------------------------------------

  const nameOf = (index) => state.classes[index]?.name.trim() || say("teach_class_number", { number: index + 1 });
  const answerName = (index) => (index < state.classes.length ? nameOf(index) : say("teach_none"));

  function pictured(example) {
    if (kind === "photos") return make("img", { src: `data:image/jpeg;base64,${example}`, alt: "" });
    return sketch(make("canvas", { width: SIDE, height: SIDE }), example);
  }

  function thumbnail(index, i) {
    const button = make("button", { type: "button" }, pictured(state.classes[index].examples[i]));
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

  function countOf(index) {
    const count = state.classes[index].examples.length;
    return say(count < limits.least_examples ? "teach_count" : "teach_count_many", { count, least: limits.least_examples });
  }

  function rowOf(index) {
    const { name, examples } = state.classes[index];
    const row = make("li", { className: index === chosen && mode === "draw" ? "chosen" : "" });
    const field = make("input", { type: "text", value: name, maxLength: limits.name, placeholder: say("teach_name_here") });
    field.setAttribute("aria-label", say("teach_class_name", { number: index + 1 }));
    field.addEventListener("focus", () => choose(index));
    field.addEventListener("input", () => {
      state = states[kind] = withClass(index, { ...state.classes[index], name: field.value }); // the field stays as it is
      showState();
    });
    field.addEventListener("change", () => {
      field.value = field.value.trim();
      store(withClass(index, { ...state.classes[index], name: field.value }));
      nameIn(row, index); // a new row would lose the press or the focus that ended the typing
      showState();
    });
    const draw = make("button", { type: "button", className: "draw-for", textContent: say(kind === "photos" ? "teach_photo_here" : "teach_draw_here") });
    draw.setAttribute("aria-pressed", String(index === chosen && mode === "draw"));
    draw.addEventListener("click", () => {
      mode = "draw";
      choose(index);
      show();
      if (kind === "photos") find(".picture-files").click();
      else find(".teach-pad").scrollIntoView({ block: "nearest" }); // on a phone it is far above
    });
    const count = make("span", { className: "count", textContent: countOf(index) });
    const gone = make("button", { type: "button", className: "remove-class", textContent: "×" });
    gone.addEventListener("click", () => {
      chosen = Math.max(0, Math.min(chosen, state.classes.length - 2));
      remove(withClasses(state.classes.filter((_, i) => i !== index)));
      find(".undo-delete").focus();
    });
    row.append(field, draw, count, gone, make("div", { className: "thumbs" }, ...examples.map((_, i) => thumbnail(index, i))));
    nameIn(row, index);
    return row;
  }

  // The class's name in what its row's buttons are called, and which examples were taken for something else.
  function nameIn(row, index) {
    const name = nameOf(index);
    row.querySelector(".draw-for").setAttribute("aria-label", say(kind === "photos" ? "teach_photo_for" : "teach_draw_for", { name }));
    row.querySelector(".remove-class").setAttribute("aria-label", say("teach_remove", { name }));
    const missed = missesOf(index);
    for (const [i, button] of row.querySelectorAll(".thumbs button").entries()) {
      const words = { number: i + 1, name };
      const label = missed[i] === null ? say("teach_example", words) : say("teach_example_missed", { ...words, answer: answerName(missed[i]) });
      button.classList.toggle("missed", missed[i] !== null);
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  }

  function choose(index) {
    if (chosen === index) return;
    if (!pad.empty && mode === "draw") add(); // it was drawn for the other one
    burst = null;
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
    for (const button of element.querySelectorAll(".kind")) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    find(".drawing").hidden = kind !== "drawings";
    find(".photographing").hidden = kind !== "photos";
    find(".for-photos").textContent = say("teach_photographing", { name: nameOf(chosen) });
    for (const button of element.querySelectorAll(".mode")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    find('[data-mode="try"]').disabled = !reader;
    find(".for").textContent = drawing ? say("teach_drawing", { name: nameOf(chosen) }) : say("teach_trying");
    find(".pause").textContent = drawing ? say("teach_pause") : "";
    find(".verdict").hidden = drawing;
    find(".more").disabled = state.classes.length >= limits.classes;
    const lacks = missing();
    allow(find(".learn"), !busy && !lacks);
    const count = state.classes.reduce((sum, { examples }) => sum + examples.length, 0);
    if (!busy) find(".missing").textContent = lacks || say("teach_ready", { count, classes: state.classes.length });
    showOutcome();
  }

  function showOutcome() {
    const { taught } = state;
    find(".outcome").hidden = !taught;
    if (!taught) return;
    sayIn(find(".use"), kind === "photos" ? "teach_use_photo" : "teach_use");
    const total = taught.answers.length;
    find(".right").textContent = say("teach_right", { right: taught.right, total });
    find(".interval").textContent = say("teach_interval", { low: percent(taught.low, 0), high: percent(taught.high, 0), seconds: taught.seconds.toFixed(1) });
    find(".outcome .missed").textContent = taught.right < total && !taught.stale ? say("teach_missed") : "";
    find(".stale").textContent = taught.stale ? say("teach_stale") : "";
  }

  // --- learning ----------------------------------------------------------------------------------------------

  const progress = find(".learning");

  find(".learn").addEventListener("click", async ({ currentTarget: learn }) => {
    if (!allowed(learn)) return;
    busy = true;
    trouble("");
    settleDeletion();
    stopCamera();
    showState();
    progress.hidden = false;
    progress.value = 0;
    sayIn(find(".missing"), "teach_running");
    const [of, classes] = [kind, namesTrimmed(state)];
    const reply = await ask(server.begin_teaching({ visitor, language, kind: of, classes }));
    const found = "problem" in reply ? reply : await learned();
    busy = false;
    progress.hidden = true;
    delete find(".missing").dataset.say;
    if (found.status === "done") return take(found, of, classes);
    trouble(found.status === "none" ? "teach_lost" : found.problem ?? "teach_no_server");
    showState();
  });

  const namesTrimmed = ({ classes }) => classes.map(({ name, examples }) => ({ name: name.trim(), examples }));

  // The server's facts, once it has learned or failed.
  async function learned() {
    for (;;) {
      const facts = await ask(server.look_at_teaching({ visitor, language }));
      if (facts.status !== "waiting" && facts.status !== "running") return facts;
      if (facts.status === "waiting") sayIn(find(".missing"), "teach_waiting", { place: facts.place });
      else {
        sayIn(find(".missing"), "teach_running");
        progress.value = facts.done;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_QUESTIONS));
    }
  }

  function take(found, of, classes) {
    const { network, answers, right, low, high, seconds, table, file } = found;
    const same = JSON.stringify(classes) === JSON.stringify(namesTrimmed(states[of]));
    store({ ...states[of], taught: { network, answers, right, low, high, seconds, table, file, stale: !same } }, of);
    if (of === "drawings") reader = readerOf(states[of]);
    if (of === "drawings" && of === kind) {
      mode = "try";
      pad.show({});
    }
    show();
    if (of === kind) find(".outcome").scrollIntoView({ block: "nearest" });
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

  // --- all that a visitor has made -----------------------------------------------------------------------------

  const file = find(".file");
  find(".save").addEventListener("click", all.save);
  find(".open-file").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [opened] = file.files;
    const sound = opened && (await all.open(opened));
    file.value = "";
    if (opened) trouble(sound ? "" : "teach_bad_file");
  });

  const used = (of) => states[of].classes.some(({ examples }) => examples.length);
  const switchToUsed = () => switchTo(used("drawings") || !used("photos") ? "drawings" : "photos");

  function takeClasses(of, classes) {
    const count = classes.reduce((sum, { examples }) => sum + examples.length, 0);
    canUndo("teach_opened", { count, classes: classes.length });
    reader = null;
    store({ classes, taught: null }, of);
    switchToUsed();
  }

  function clear() {
    canUndo("teach_deleted", {}, true);
    reader = null;
    for (const of of KINDS) store(empty(), of);
    keeping = keeping.then(forget).catch(() => null);
    switchTo(kind);
  }

  function restore() {
    if (!before) return;
    const old = before;
    settleDeletion();
    for (const of of KINDS) if (states[of] !== old.states[of]) store(old.states[of], of);
    reader = readerOf(states.drawings);
    if (kind !== old.kind) stopCamera();
    [kind, state, chosen] = [old.kind, states[old.kind], old.chosen];
    if (!reader) mode = "draw";
    show();
  }

  function joinAll() {
    for (const of of KINDS) {
      const both = of === KINDS[0] ? { clear, restore } : { clear: () => {}, restore: () => {} }; // which act on both kinds
      const held = () => all.PLACES[of].told(states[of]);
      all.join(of, { held, sound: (classes) => soundClasses(of, classes, limits), take: (classes) => takeClasses(of, classes), ...both });
    }
  }

  find(".delete-all").addEventListener("click", async () => {
    await all.clear();
    find(".undo-delete").focus();
  });
  find(".undo-delete").addEventListener("click", () => {
    (before?.everything ? all.restore : restore)();
    find(".more").focus();
  });

  // --- at the beginning ----------------------------------------------------------------------------------------

  // Another page of this browser has changed them.
  async function renew(of) {
    const kept = await keeping.then(() => load(of)).catch(() => null);
    states[of] = kept?.classes ? kept : empty();
    if (of === "drawings") reader = readerOf(states.drawings);
    if (of !== kind) return;
    state = states[kind];
    chosen = Math.max(0, Math.min(chosen, state.classes.length - 1));
    if (!reader) mode = "draw";
    settleDeletion();
    show();
  }

  onLanguage(element, show);
  sayAll(element);
  showCamera();
  show();
  for (const of of KINDS) follow(of, () => renew(of));
  Promise.all(KINDS.map(load))
    .then((kept) => {
      if (!kept.some((one) => one?.classes)) return;
      KINDS.forEach((of, i) => kept[i]?.classes && (states[of] = kept[i]));
      reader = readerOf(states.drawings);
      element.querySelector("details").open = true;
      switchToUsed();
    })
    .catch(() => null)
    .then(joinAll);
}
