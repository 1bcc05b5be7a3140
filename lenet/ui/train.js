// The training studio.  The same function body as language.js and charts.js; `element`, `props`, `server` and `trigger` are
// gr.HTML's.
//
// The server knows the runs, and this script asks for what is new of them, while one is under way four or five
// times a second: that it asks is how the server knows that the page is there.  The server's answers are facts;
// all texts come from props.languages.

const find = (selector) => element.querySelector(selector);
const every = (selector) => [...element.querySelectorAll(selector)];
const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

function sayStarts() {
  for (const title of every("[data-start]")) title.textContent = say(title.dataset.start, { seconds: props.limits.mnist_seconds });
  find(".runs-why").textContent = say("runs_why", props.limits);
}

const percent = (part, decimals = 1) => `${(100 * part).toFixed(decimals)}%`;
const number = (value) => Math.round(value).toLocaleString("en");
const rate = (lr) => (lr < 1e-4 ? lr.toExponential(0) : String(Number(lr.toPrecision(2))));
const lossOf = (value) => (value < 0.1 ? value.toPrecision(2) : value.toFixed(3));

function time(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return say("seconds", { seconds: whole });
  if (whole < 3600) return say("minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  return say("hours_minutes", { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60) });
}

const epochsOf = (count) => (count === 1 ? say("epochs_one") : say("epochs_many", { count }));
const nameOf = (run) => run.name || say("run_name", { number: run.number });

onLanguage(() => {
  sayStarts();
  explain();
  checkSettings();
  headRow();
  tableShown = "";
  delete find(".epochs table").dataset.shown;
  charts.forEach((chart) => delete chart.described);
  show();
  for (const run of runs) run.version = -1; // the server says anew what went wrong
  refresh();
});

// --- who this is -------------------------------------------------------------------------------------
// A key that nobody can guess stays in this browser: whoever has it sees the runs.

const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const before = stored(localStorage, "lenet-visitor");
const visitor = /^[0-9a-f]{32}$/.test(before) ? before : fresh(); // in a browser that remembers nothing, of this page
stored(localStorage, "lenet-visitor", visitor);

// --- settings ----------------------------------------------------------------------------------------

const form = find("form");
const NUMBERS = { lr: "decimal", momentum: "decimal", weight_decay: "decimal", batch_size: "numeric", epochs: "numeric", seed: "numeric" };
const FIELDS = Object.keys(props.recipes[props.first].settings);
const fields = new Map(); // name -> {input, why, wrong}

function buildFields() {
  for (const name of ["recipe", ...FIELDS]) {
    const id = `set-${name.replace("_", "-")}`;
    const input = name in NUMBERS
      ? make("input", { id, name, type: "text", autocomplete: "off", spellcheck: false })
      : make("select", { id, name }, ...optionsOf(name).map((value) => make("option", { value, textContent: value })));
    if (name in NUMBERS) input.inputMode = NUMBERS[name];
    const why = make("p", { id: `${id}-why`, className: "told" });
    const wrong = make("p", { id: `${id}-wrong`, className: "wrong" });
    wrong.setAttribute("aria-live", "polite");
    input.setAttribute("aria-describedby", `${why.id} ${wrong.id}`);
    const label = make("label", { htmlFor: id });
    label.dataset.say = name;
    find(".fields").append(make("div", { className: `field of-${name}` }, label, input, why, wrong));
    fields.set(name, { input, why, wrong });
    input.addEventListener("change", () => {
      if (name === "recipe") fill({ recipe: input.value });
      explain();
      checkSettings();
    });
  }
}

function optionsOf(name) {
  return Object.keys(name === "recipe" ? props.recipes : props.choices[name]);
}

// The recipe's own settings, and then what else is known.
function fill(values) {
  const recipe = props.recipes[values.recipe] ? values.recipe : fields.get("recipe").input.value;
  fields.get("recipe").input.value = recipe;
  const all = { ...props.recipes[recipe].settings, ...values };
  for (const name of FIELDS) {
    const { input } = fields.get(name);
    input.value = String(all[name]);
    if (input.value !== String(all[name])) input.value = String(props.recipes[recipe].settings[name]); // no such option
  }
  explain();
}

function explain() {
  const recipe = props.recipes[fields.get("recipe").input.value];
  const told = { about: translated(recipe.about), source: translated(recipe.source), claims: translated(recipe.claims) };
  const claims = recipe.claims ? say("recipe_claims", told) : "";
  const extras = Object.entries(recipe.extras).map(([key, value]) => say(key, { value }));
  const also = extras.length ? ` ${say("recipe_also", { extras: extras.join(say("list_comma")) })}` : "";
  for (const [name, { input, why }] of fields) {
    if (name === "recipe") why.textContent = say("recipe_why", { ...told, claims }) + also;
    else if (name in NUMBERS) why.textContent = say(`${name}_why`);
    else why.textContent = translated(props.choices[name][input.value]) || say(`${name}_${input.value}`);
  }
}

const settings = () => Object.fromEntries([...fields].map(([name, { input }]) => [name, input.value]));

function showProblems(problems) {
  for (const [name, { input, wrong }] of fields) {
    const problem = problems[name];
    wrong.textContent = problem ? say(problem.key, problem.values) : "";
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

async function checkSettings() {
  const asked = settings();
  const reply = await server.check({ language, settings: asked }).catch(() => null);
  if (reply?.problems && JSON.stringify(asked) === JSON.stringify(settings())) showProblems(reply.problems);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  startRun();
});

let starting = false;

async function startRun() {
  if (starting) return; // one click, one run
  starting = true;
  sent("");
  trouble("");
  const reply = (await server.begin({ visitor, language, settings: settings() }).catch(() => null)) ?? { problem: "not_done" };
  starting = false;
  showProblems(reply.problems ?? {});
  if (reply.problem) return sent(reply.problem);
  if (reply.problems) {
    const first = [...fields.values()].find(({ input }) => input.hasAttribute("aria-invalid"));
    find(".settings").open = true;
    first?.input.focus();
    return;
  }
  chosen = reply.run;
  await refresh();
  follow();
  const head = find(".run");
  const { top } = head.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) head.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

// `told` is a key of ours, or the server's sentence in each language; "" says nothing.
function note(selector, told, values = {}) {
  const place = find(selector);
  const each = typeof told === "object";
  place.dataset.say = each ? "" : told;
  place.dataset.said = JSON.stringify(values);
  place.dataset.sayEach = each ? JSON.stringify(told) : "";
  place.textContent = each ? told[language] : say(told, values);
}

function sent(told) {
  note(".sent", told);
  find(".address").hidden = true;
}

// --- links: all settings in the address ----------------------------------------------------------------

find(".link").addEventListener("click", async () => {
  const link = new URL(location.href);
  link.search = new URLSearchParams(settings());
  link.hash = "";
  sent("");
  try {
    await navigator.clipboard.writeText(link.href);
    sent("copied");
  } catch {
    sent("link_here"); // not allowed here: then a person copies it
    const address = find(".address");
    address.value = link.href;
    address.hidden = false;
    address.dataset.sayLabel = "link_here";
    sayAll(find(".send").parentElement);
    address.select();
  }
});

function fromLink() {
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  if (!(asked.recipe in props.recipes)) return;
  fill(asked);
  sent("from_link");
  checkSettings();
}

// --- starts ------------------------------------------------------------------------------------------

function buildStarts() {
  for (const [key, recipe] of Object.entries(props.starts)) {
    const title = make("b");
    const why = make("span");
    const facts = make("i", { textContent: recipe });
    [title.dataset.start, why.dataset.say] = [key, `${key}_why`];
    const button = make("button", { type: "button", className: "begin" }, title, why, facts);
    button.dataset.recipe = recipe;
    button.addEventListener("click", () => {
      fill({ recipe });
      startRun();
    });
    find(".starts").append(button);
  }
}

// --- the runs, as the server tells of them ---------------------------------------------------------------

const ACTIVE = ["loading", "waiting", "running", "measuring"];
let runs = []; // the oldest first
let chosen = null; // the id of the run whose figures are shown
const hidden = new Set(); // ids of those that are not in the charts
const removed = new Set(); // and of those that the visitor wants no more
let following = false;
let silent = false; // the server does not answer
let wished = null; // what the server is being told of a run: what it said before does not undo it

const chosenRun = () => runs.find((run) => run.id === chosen) ?? null;

const knownOf = (run) => [run.version, [run.train.merged, run.train.points.length], [run.val.merged, run.val.points.length], run.looked ?? 0];

async function refresh(wait = false) {
  const question = { visitor, language, known: Object.fromEntries(runs.map((run) => [run.id, knownOf(run)])), watched: chosen, wait };
  const reply = await server.look(question).catch(() => null);
  silent = !reply?.runs;
  if (reply?.runs) take(reply.runs);
  return !silent;
}

function take(facts) {
  const before = new Map(runs.map((run) => [run.id, run]));
  const there = new Set(facts.map((fact) => fact.id));
  const lost = runs.filter((run) => !there.has(run.id) && !removed.has(run.id)); // the server made room, or began anew
  if (lost.length) trouble("runs_lost", { names: lost.map(nameOf).join(say("list_names")) });
  runs = facts.map((fact) => {
    const old = before.get(fact.id);
    if (!("version" in fact)) return old;
    if (old && fact.version < old.version) return old; // two answers that overtook each other
    const joined = { ...old, ...fact, ...(wished?.id === fact.id ? wished : {}) };
    for (const line of ["train", "val"]) joined[line] = joinLine(old?.[line], fact[line]);
    return joined;
  });
  if (!chosenRun()) chosen = runs.at(-1)?.id ?? null;
  show();
}

function joinLine(old, { merged, from, points }) {
  if (!from) return { merged, points };
  return { merged, points: [...old.points.slice(0, from), ...points] };
}

// While something is under way, or the server is silent, ask and ask again; the answers come at the server's pace,
// so that this goes on also in a tab that is not seen, where the browser's own clocks are slowed down.
async function follow() {
  if (following) return;
  following = true;
  while (silent || runs.some((run) => ACTIVE.includes(run.status))) {
    if (await refresh(true)) continue;
    show();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  following = false;
}

async function tell(order, id = chosen, value = null, wish = {}) {
  wished = { id, ...wish };
  const reply = (await server.tell({ visitor, language, run: id, order, value }).catch(() => null)) ?? { problem: "not_done" };
  wished = null;
  trouble(reply.problem ?? "");
  const run = runs.find((other) => other.id === id);
  if (reply.problem && run) run.version = -1; // what a button says already is not so: have it said anew
  await refresh();
  follow();
}

// The server keeps the runs of those whose pages it hears of.
setInterval(() => {
  if (runs.length && !following) refresh().then(follow);
}, 60_000);

document.addEventListener("visibilitychange", async () => {
  if (document.hidden || following) return;
  await refresh(); // another tab of this browser may have begun one
  follow();
});

// --- what is shown -------------------------------------------------------------------------------------

let drawing = false;

function show() {
  showRun();
  showTable();
  showLegend();
  showLooks();
  plan();
}

function trouble(told, values) {
  note(".trouble", told, values);
}

const place = (figure) => find(`[data-figure="${figure}"]`);

function showRun() {
  const run = chosenRun();
  const part = find(".run");
  const status = run?.status ?? "idle";
  part.dataset.status = status;
  part.dataset.run = run?.id ?? "";
  part.style.setProperty("--colour", run ? colourOf(run) : "var(--border-color-primary)");
  find(".run .name").textContent = run ? nameOf(run) : "";
  find(".run .state").textContent = run ? stateOf(run) : say("state_idle");
  find(".run > .told").textContent = run ? whyOf(run) : say("idle_why");
  const done = run ? run.done : 0;
  find(".progress .fill").style.transform = `scaleX(${done})`;
  find(".progress").setAttribute("aria-valuenow", Math.round(100 * done));
  find(".progress").setAttribute("aria-label", run ? `${nameOf(run)}: ${stateOf(run)}` : say("state_idle"));
  const ended = run && ["done", "stopped", "failed"].includes(status);
  place("accuracy").textContent = run?.newest ? percent(run.newest[2]) : "–";
  place("loss").textContent = run?.newest ? lossOf(run.newest[1]) : "–";
  place("lr").textContent = run ? rate(run.lr) : "–";
  place("lr").title = run && run.scale !== 1 ? say("times", { factor: run.scale }) : "";
  place("speed").textContent = run?.speed ? number(run.speed) : "–";
  find(".time-name").textContent = ended ? say("figure_took") : say("figure_left");
  place("time").textContent = ended ? time(run.worked) : run?.left != null ? time(run.left) : "–";
  showControls(run, status, ended);
  speak(run ? `${nameOf(run)}: ${stateOf(run)}. ${spoken(run)}` : "", status);
  if (silent) trouble("no_server");
  else if (find(".trouble").dataset.say === "no_server") trouble("");
  announce(run);
}

function showControls(run, status, ended) {
  const going = ["loading", "waiting", "running"].includes(status);
  const paused = ["paused", "away"].includes(status);
  const pause = find(".pause");
  pause.textContent = paused ? say("resume") : say(run?.pausing ? "pausing" : "pause");
  allow(pause, (going && !run.pausing && !run.stopping) || paused);
  allow(find(".step"), (going && run.until === null) || paused);
  allow(find(".stop"), (going || paused) && !run.stopping);
  find(".stop").textContent = run?.stopping ? say("stopping") : say("stop");
  for (const button of [find(".slower"), find(".faster")]) allow(button, going || paused);
  allow(find(".use"), Boolean(run?.network));
  allow(find(".download"), Boolean(run?.network));
  find(".controls").classList.toggle("ended", Boolean(ended));
  find(".take-digits").hidden = !(run?.without_data && run.dataset !== "digits");
  find(".start").textContent = say(runs.some(({ status: other }) => ACTIVE.includes(other)) ? "start_after" : "start");
}

// A button under the keyboard keeps it: what is disabled at such a moment would lose the focus to nowhere.
function allow(button, allowed) {
  button.disabled = false;
  button.setAttribute("aria-disabled", String(!allowed));
}
const allowed = (button) => button.getAttribute("aria-disabled") !== "true";

function stateOf(run) {
  const epoch = run.status === "running" ? Math.min(run.epoch + 1, run.epochs) : run.epoch;
  return say(`state_${run.status}`, { dataset: run.dataset, epoch, epochs: run.epochs });
}

function whyOf(run) {
  if (run.status === "failed") return run.problem || say("failed_server");
  if (run.status === "waiting") {
    const wait = run.wait_known ? "wait_about" : run.wait >= 1 ? "wait_at_least" : "wait_unknown";
    const said = { place: run.place, wait: say(wait, { time: time(run.wait) }) };
    return say(run.place === 1 ? "waiting_next" : "waiting_place", said);
  }
  if (["done", "stopped"].includes(run.status)) {
    if (!run.network) return say("stopped_empty");
    const epochs = run.epoch < run.epochs ? say("epochs_part", { count: (run.done * run.epochs).toFixed(1), epochs: run.epochs }) : epochsOf(run.epochs);
    const late = run.late ? say("stopped_late", props.limits) : "";
    return late + say("right", { accuracy: percent(run.metrics.test_accuracy, 2), count: number(run.tested), epochs, time: time(run.worked) });
  }
  if (run.status === "running" && !run.step) return "";
  const said = say(`${run.status}_why`, run.step ? { step: number(run.step[1]), steps: number(run.step[2]) } : {});
  return run.status === "running" && run.until !== null ? `${said} ${say("until", { epoch: run.until })}` : said;
}

function spoken(run) {
  if (ACTIVE.includes(run.status) && run.newest) return `${say("figure_accuracy")} ${percent(run.newest[2])}`;
  return whyOf(run);
}

// For those who hear the page: at once where the run's state is another, else every few seconds.
const QUIET = 5000;
let lastSaid = { at: 0, status: "" };

function speak(sentence, status) {
  if (status === lastSaid.status && performance.now() - lastSaid.at < QUIET) return;
  lastSaid = { at: performance.now(), status };
  const line = find(".said");
  if (line.textContent !== sentence) line.textContent = sentence;
}

// The report below is about the network that is looked at: empty until it is measured.
let reported = "";

function announce(run) {
  const network = run?.network || "";
  const title = network && (run.name ? `${run.name}, ${run.recipe}` : say("run_title", run)); // as runs.Run.title
  if (reported === network + title) return;
  reported = network + title;
  props.value = { network, title };
  trigger("report");
}

// --- charts --------------------------------------------------------------------------------------------

const charts = every(".chart").map((figure) => ({
  figure,
  kind: figure.dataset.chart,
  canvas: figure.querySelector("canvas"),
  readout: figure.querySelector(".readout"),
  frame: null,
}));
const zoom = find(".zoom input");
let pointed = null; // an epoch under the mouse
let tops = { runs: "", loss: 0 }; // the loss axis: it rises, and falls only with other runs

function plan() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    charts.forEach(drawOne);
  });
}

function axesOf(kind, shown) {
  const epochs = Math.max(1, ...shown.map((run) => run.epochs));
  const shared = { epochs, xName: say("epoch_axis"), yName: say(`${kind}_axis`) };
  if (kind === "accuracy") return { ...shared, low: zoom.checked ? 90 : 0, high: 100, decimals: () => 0 };
  const which = shown.map((run) => run.id).join();
  if (tops.runs !== which) tops = { runs: which, loss: 0 };
  // The first figures are about the highest: an untrained network's.
  const highest = Math.max(0, ...shown.flatMap((run) => [...run.train.points.slice(0, 3), ...run.val.points].map((point) => point[1])));
  tops.loss = Math.max(tops.loss, roof(highest || 2.4));
  return { ...shared, low: 0, high: tops.loss, decimals: (value) => (tops.loss < 1 ? 2 : Number.isInteger(value) && tops.loss >= 5 ? 0 : 1) };
}

function drawOne(chart) {
  const shown = runs.filter((run) => !hidden.has(run.id));
  const column = chart.kind === "loss" ? 1 : 2;
  const scale = chart.kind === "loss" ? 1 : 100;
  const pick = ({ points }) => points.map((point) => [point[0], scale * point[column]]);
  const lines = shown.map((run) => ({
    run,
    train: pick(run.train),
    val: pick(run.val),
    best: run.best && [run.best[0], scale * run.best[column]],
    chosen: run.id === chosen,
  }));
  chart.frame = drawChart(chart.canvas, lines, axesOf(chart.kind, shown), pointed);
  readOut(chart, shown);
}

function readOut(chart, shown) {
  const column = chart.kind === "loss" ? 1 : 2;
  const worded = (value) => (chart.kind === "loss" ? lossOf(value) : percent(value));
  const run = chosenRun();
  const point = pointed !== null && run && nearest(run.val.points, pointed);
  chart.readout.textContent = point
    ? say("pointed", { epoch: point[0], val: worded(point[column]), train: worded(point[column + 2]) })
    : run?.best ? say("best_value", { value: worded(run.best[column]) }) : "";
  if (performance.now() - (chart.described ?? -QUIET) < QUIET) return;
  chart.described = performance.now();
  const name = say(chart.kind);
  const said = run?.newest
    ? say("chart_said", { chart: name, runs: shown.map(nameOf).join(say("list_names")), name: nameOf(run), value: worded(run.newest[column]), epoch: run.epoch, epochs: run.epochs })
    : say("chart_empty", { chart: name });
  chart.canvas.setAttribute("aria-label", said);
}

function nearest(points, epoch) {
  let best = null;
  for (const point of points) if (!best || Math.abs(point[0] - epoch) < Math.abs(best[0] - epoch)) best = point;
  return best;
}

for (const chart of charts) {
  chart.canvas.addEventListener("pointermove", (event) => {
    const { frame } = chart;
    const run = chosenRun();
    if (!frame?.wide || !run) return;
    const x = event.clientX - chart.canvas.getBoundingClientRect().left;
    const epoch = ((x - frame.left) / (frame.right - frame.left)) * frame.epochs;
    pointed = nearest(run.val.points, epoch)?.[0] ?? null;
    plan();
  });
  chart.canvas.addEventListener("pointerleave", () => {
    pointed = null;
    plan();
  });
  new ResizeObserver(plan).observe(chart.canvas);
}
zoom.addEventListener("change", plan);
new MutationObserver(() => show()).observe(document.body, { attributes: true, attributeFilter: ["class"] }); // light or dark

let legendShown = "";

function showLegend() {
  const shown = runs.filter((run) => !hidden.has(run.id));
  const which = JSON.stringify([language, shown.map((run) => [nameOf(run), colourOf(run)])]);
  if (which === legendShown) return;
  legendShown = which;
  const named = shown.map((run) => {
    const dot = make("i", { className: "dot" });
    dot.style.setProperty("--colour", colourOf(run));
    return make("span", { className: "of-run" }, dot, nameOf(run));
  });
  const kinds = { thick: "legend_val", thin: "legend_train", ring: "legend_best" };
  const lines = Object.entries(kinds).map(([kind, key]) => make("span", {}, make("i", { className: `sample ${kind}` }), say(key)));
  find(".legend").replaceChildren(...named, ...lines);
}

// --- filters and answers ---------------------------------------------------------------------------------

const RAMP = { // as in layers.js: orange above zero, blue below
  light: { zero: [246, 247, 249], plus: [214, 92, 36], minus: [50, 117, 188] },
  dark: { zero: [30, 36, 48], plus: [242, 140, 70], minus: [106, 168, 236] },
};
let lookShown = "";

function showLooks() {
  const run = chosenRun();
  const which = run?.view ? [run.id, run.looked, dark(), language].join() : "";
  if (which === lookShown && which) return;
  lookShown = which;
  const view = run?.view;
  showFilters(view?.filters ?? null);
  showAnswers(view?.pictures ?? []);
}

function showFilters(filters) {
  const place = find(".filters");
  find(".filters-part").classList.toggle("empty", !filters);
  const [count, high, wide, channels] = filters?.shape ?? [6, 5, 5, 1];
  while (place.children.length > count) place.lastChild.remove();
  while (place.children.length < count) place.append(make("canvas"));
  place.classList.toggle("many", count > 8);
  place.setAttribute("aria-label", filters ? say("filters_said", { count, side: high }) : say("looks_empty"));
  find(".filters-why").textContent = say(!filters ? "looks_empty" : filters.learned ? "filters_why" : "filters_fixed");
  const bytes = filters && Uint8Array.from(atob(filters.bytes), (letter) => letter.charCodeAt(0));
  const { zero, plus, minus } = RAMP[dark() ? "dark" : "light"];
  [...place.children].forEach((canvas, i) => {
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(wide, high);
    for (let pixel = 0; pixel < wide * high; pixel += 1) {
      const at = (i * wide * high + pixel) * channels;
      const part = bytes && channels === 1 ? (bytes[at] - 128) / 127 : 0;
      const mixed = zero.map((value, c) => value + ((part < 0 ? minus : plus)[c] - value) * Math.min(1, Math.abs(part)));
      image.data.set(bytes && channels === 3 ? bytes.subarray(at, at + 3) : mixed, 4 * pixel);
      image.data[4 * pixel + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  });
}

function showAnswers(pictures) {
  const place = find(".answers");
  const count = pictures.length || 10;
  place.style.setProperty("--count", count);
  while (place.children.length > count) place.lastChild.remove();
  while (place.children.length < count) {
    place.append(make("li", {}, make("img", { alt: "" }), make("b"), make("span")));
  }
  [...place.children].forEach((item, i) => {
    const picture = pictures[i];
    const [image, answer, sure] = item.children;
    const [label, taken] = picture ? [translated(picture.label), translated(picture.answer)] : [];
    item.className = !picture ? "none" : picture.answer === picture.label ? "right" : "wrong";
    if (!picture) image.replaceWith(make("img", { alt: "" })); // one that loses its source is painted as broken
    else if (image.src !== picture.image) image.src = picture.image;
    image.alt = picture ? say("answer_said", { label, answer: taken, percent: percent(picture.sure, 0) }) : "";
    answer.textContent = picture ? taken : " ";
    sure.textContent = picture ? percent(picture.sure, 0) : " ";
  });
}

// --- the table of runs -------------------------------------------------------------------------------------

const COLUMNS = ["shown", "run", "settings", "epochs", "best", "loss", "test", "took", "does"];
let tableShown = "";
const body = find(".runs tbody");

function showTable() {
  find(".runs-part").classList.toggle("empty", !runs.length);
  const ids = runs.map((run) => run.id).join();
  if (ids !== tableShown) {
    tableShown = ids;
    body.replaceChildren(...[...runs].reverse().map(rowOf));
  }
  for (const run of runs) fillRow(body.querySelector(`[data-run="${run.id}"]`), run);
  if (find(".epochs").open) showEpochs();
}

function rowOf(run) {
  const shown = make("input", { type: "checkbox", checked: !hidden.has(run.id) });
  shown.addEventListener("change", () => {
    if (shown.checked) hidden.delete(run.id);
    else hidden.add(run.id);
    showLegend();
    plan();
  });
  const open = make("button", { type: "button", className: "open" });
  open.addEventListener("click", () => choose(run.id));
  const name = make("input", { type: "text", className: "new-name", maxLength: 40, hidden: true });
  name.setAttribute("aria-label", say("name_of"));
  const cells = {
    shown: [shown],
    run: [make("i", { className: "dot" }), open, name, make("small", { className: "status" })],
    does: ["rename", "again", "remove"].map((order) => make("button", { type: "button", className: order, textContent: say(order), title: order === "again" ? say("again_why") : "" })),
  };
  const row = make("tr", {}, ...COLUMNS.map((column) => {
    const cell = make(column === "run" ? "th" : "td", { className: `of-${column}` }, ...(cells[column] ?? []));
    if (column === "run") cell.scope = "row";
    cell.dataset.name = say(`column_${column}`);
    return cell;
  }));
  row.dataset.run = run.id;
  const [rename, again, remove] = row.querySelectorAll(".of-does button");
  rename.addEventListener("click", () => {
    [open.hidden, name.hidden] = [true, false];
    name.value = nameOf(runs.find(({ id }) => id === run.id));
    name.select();
  });
  const named = (keep) => {
    if (name.hidden) return;
    [open.hidden, name.hidden] = [false, true];
    if (keep && name.value !== open.textContent) tell("rename", run.id, name.value);
  };
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // it would press the button that gets the focus now
    named(event.key === "Enter");
    rename.focus();
  });
  name.addEventListener("blur", () => named(true));
  again.addEventListener("click", () => {
    fill(runs.find(({ id }) => id === run.id).settings);
    checkSettings();
    find(".settings").open = true;
    fields.get("recipe").input.focus();
  });
  remove.addEventListener("click", async () => {
    removed.add(run.id);
    await tell("remove", run.id);
    (body.querySelector(".open") ?? find(".start")).focus(); // the row that had the focus is gone
  });
  return row;
}

function fillRow(row, run) {
  row.style.setProperty("--colour", colourOf(run));
  row.classList.toggle("chosen", run.id === chosen);
  const write = (column, text) => {
    const cell = row.querySelector(`.of-${column}`);
    if (cell.textContent !== text) cell.textContent = text;
  };
  const [open, name] = [row.querySelector(".open"), nameOf(run)];
  if (open.textContent !== name) open.textContent = name;
  open.setAttribute("aria-label", say("open_run", { name }));
  open.setAttribute("aria-pressed", String(run.id === chosen));
  row.querySelector("input[type=checkbox]").setAttribute("aria-label", say("show_run", { name }));
  for (const order of ["rename", "again", "remove"]) row.querySelector(`button.${order}`).setAttribute("aria-label", say(`${order}_run`, { name }));
  const state = stateOf(run);
  const status = row.querySelector(".status");
  if (status.textContent !== state) status.textContent = state;
  write("settings", differences(run));
  write("epochs", run.epoch === run.epochs ? String(run.epoch) : `${run.epoch} / ${run.epochs}`);
  write("best", run.best ? percent(run.best[2]) : "–");
  write("loss", run.best ? lossOf(run.best[1]) : "–");
  write("test", run.metrics.test_accuracy !== undefined ? percent(run.metrics.test_accuracy, 2) : "–");
  write("took", run.worked ? time(run.worked) : "–");
}

// What a run is: its recipe, and what was set otherwise.
function differences(run) {
  const own = props.recipes[run.recipe]?.settings ?? {};
  const others = FIELDS.filter((name) => name in own && run.settings[name] !== own[name]);
  const said = others.map((name) => `${say(name).toLocaleLowerCase()} ${run.settings[name]}`);
  if (run.rescaled) said.push(say("changed_rate"));
  return [run.recipe, ...said].join(say("list_comma"));
}

function choose(id) {
  chosen = id;
  trouble("");
  hidden.delete(id);
  const box = body.querySelector(`[data-run="${id}"] input[type=checkbox]`);
  if (box) box.checked = true;
  lookShown = "";
  charts.forEach((chart) => delete chart.described);
  show();
  refresh(); // its filters and pictures
}

function headRow() {
  find(".runs thead").replaceChildren(make("tr", {}, ...COLUMNS.map((column) => make("th", { scope: "col", className: `of-${column}`, textContent: say(`column_${column}`) }))));
}

// Each epoch's figures, for those who do not see the charts, and for those who want the numbers.
function showEpochs() {
  const run = chosenRun();
  const table = find(".epochs table");
  const which = run ? [run.id, run.val.merged, run.val.points.length].join() : "";
  if (table.dataset.shown === which) return;
  table.dataset.shown = which;
  const names = ["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"];
  table.tHead.replaceChildren(make("tr", {}, ...names.map((name) => make("th", { scope: "col", textContent: say(`column_${name}`) }))));
  table.caption.textContent = run ? (run.val.merged > 1 ? say("epoch_table_of", { name: nameOf(run), nth: run.val.merged }) : nameOf(run)) : "";
  const rows = (run?.val.points ?? []).map(([epoch, valLoss, valAccuracy, trainLoss, trainAccuracy]) => {
    const row = make("tr", {}, make("th", { scope: "row", textContent: epoch }));
    for (const text of [lossOf(trainLoss), percent(trainAccuracy), lossOf(valLoss), percent(valAccuracy)]) row.append(make("td", { textContent: text }));
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
}
find(".epochs").addEventListener("toggle", showEpochs);

let used = false; // a network is on its way into another tab

// --- what a visitor does ---------------------------------------------------------------------------------

function onClick(selector, act) {
  const button = find(selector);
  button.addEventListener("click", () => {
    if (allowed(button) && chosenRun()) act(chosenRun());
  });
}

onClick(".pause", (run) => {
  const paused = ["paused", "away"].includes(run.status);
  run.pausing = !paused;
  showRun();
  tell(paused ? "resume" : "pause", run.id, null, { pausing: !paused });
});
onClick(".step", () => tell("step"));
onClick(".stop", (run) => {
  run.stopping = true;
  showRun();
  tell("stop", run.id, null, { stopping: true });
});
onClick(".slower", (run) => tell("scale", run.id, 0.5));
onClick(".faster", (run) => tell("scale", run.id, 2));
onClick(".use", (run) => {
  used = true;
  trigger("use", { visitor, language, run: run.id });
});
onClick(".take-digits", (run) => {
  const recipe = Object.keys(props.recipes).includes(run.recipe) && run.grey ? run.recipe : props.first;
  fill({ ...(recipe === run.recipe ? run.settings : {}), recipe, dataset: "digits" });
  startRun();
  find(".pause").focus(); // this button goes
});
onClick(".download", async (run) => {
  const reply = (await server.download({ visitor, language, run: run.id }).catch(() => null)) ?? { problem: "not_done" };
  if (reply.problem) return trouble(reply.problem);
  const bytes = Uint8Array.from(atob(reply.file), (letter) => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  make("a", { href: address, download: reply.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
});

// --- at the beginning --------------------------------------------------------------------------------------

// So that a page which is reloaded in this tab opens in it: keep.js.
new IntersectionObserver(([entry]) => {
  if (entry.isIntersecting) return stored(sessionStorage, "lenet-training-open", "yes");
  if (document.hidden || element.offsetParent !== null) return;
  stored(sessionStorage, "lenet-training-open", "no");
  if (used) document.querySelector('[role="tab"][aria-selected="true"]')?.focus(); // the keyboard goes along
  used = false;
}).observe(element);

buildFields();
buildStarts();
sayAll();
sayStarts();
headRow();
fill({ recipe: props.first });
if (matchMedia("(max-width: 900px)").matches) find(".settings").open = false;
fromLink();
show();
refresh().then(follow);
