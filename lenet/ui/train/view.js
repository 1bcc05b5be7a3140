// The Train tab.
//
// The server knows the runs, and this script asks for what is new of them, while one is under way four or five
// times a second: that it asks is how the server knows that the page is there.  The server's answers are facts;
// all texts come from shared/language.js.

import { drawChart, joinLine, nearest, roof, smooth } from "../shared/charts.js";
import { onTheme, unpack, variable } from "../shared/colours.js";
import { allow, allowed, make } from "../shared/elements.js";
import { explainAll, explainIn } from "../shared/glossary.js";
import { lossOf, number, percent, rate, time } from "../shared/format.js";
import { language, onLanguage, say, sayAll, sayIn } from "../shared/language.js";
import { exampleRun, nameExample } from "./example.js";
import { lessons } from "./lessons.js";
import { ownDigit } from "./own.js";
import { runSnapshots } from "./snapshot.js";
import { settingsForm } from "./settings.js";
import { stored, visitorKey } from "../shared/storage.js";
import { download } from "../shared/keeping.js";

const COLUMNS = ["shown", "run", "settings", "epochs", "best", "loss", "test", "took", "does"];

export function mount({ element, trigger, props, server }) {
  const find = (selector) => element.querySelector(selector);
  const every = (selector) => [...element.querySelectorAll(selector)];

  function sayStarts() {
    for (const title of every("[data-start]")) title.textContent = say(title.dataset.start, { seconds: props.limits.mnist_seconds });
    find(".runs-why").textContent = say("runs_why", props.limits);
  }

  // What the server's modules say in English, in the visitor's language.
  const translated = (sentence) => props.facts[language]?.[sentence] ?? sentence;
  const epochsOf = (count) => (count === 1 ? say("epochs_one") : say("epochs_many", { count }));
  const AHEAD = () => variable("chart-pointed");
  const colourOf = (run) => (run.example ? AHEAD() : variable(`run-${run.colour % props.limits.most}`));
  const nameOf = (run) => (run.example ? say("legend_example", { name: run.example }) : run.name || say("run_name", { number: run.number }));

  onLanguage(element, () => {
    explainAll(element);
    sayStarts();
    form.explain();
    form.check();
    headRow();
    tableShown = "";
    delete find(".epochs table").dataset.shown;
    charts.forEach((chart) => delete chart.described);
    show();
    for (const run of runs) run.version = -1; // the server says anew what went wrong
    refresh();
  });

  const visitor = visitorKey(); // whoever has it sees the runs

  // --- settings ----------------------------------------------------------------------------------------

  const form = settingsForm({ element, props, server, translated });
  const snapshots = runSnapshots({ element, translated });

  const own = ownDigit({
    element,
    send: (run, picture) => server.draw({ visitor, language, run, picture }).catch(() => null),
    sent: (run) => (following && props.active.includes(run.status)) || refresh(), // one that rests or has ended says it at once
  });

  find(".start").addEventListener("click", (event) => {
    event.preventDefault(); // Enter clicks it too; a sandboxed frame submits no forms
    startRun();
  });

  let starting = false;

  async function startRun() {
    if (starting) return; // one click, one run
    starting = true;
    form.sent("");
    trouble("");
    const reply = (await server.begin({ visitor, language, settings: form.settings() }).catch(() => null)) ?? { problem: "not_done" };
    starting = false;
    form.showProblems(reply.problems ?? {});
    if (reply.problem) return form.sent(reply.problem);
    if (reply.problems) return form.focusProblem();
    chosen = reply.run;
    forgetLink();
    await refresh();
    follow();
    const { top } = find(".run").getBoundingClientRect();
    if (top < 0 || find(".under-charts").getBoundingClientRect().bottom > innerHeight) find(".run").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  function fillForm(settings) {
    form.fill(settings);
    form.check();
    form.focus();
  }

  function openTab(name) {
    const tabs = [...document.querySelectorAll('#tabs [role="tab"]')];
    tabs.find((tab) => tab.textContent.trim() === say(`tab_${name}`))?.click();
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
        form.fill({ recipe });
        startRun();
      });
      find(".starts").append(button);
    }
  }

  // --- the runs, as the server tells of them ---------------------------------------------------------------

  let runs = []; // the oldest first
  let chosen = null; // the id of the run whose figures are shown
  const hidden = new Set(); // ids of those that are not in the charts
  const removed = new Set(); // and of those that the visitor wants no more
  let following = false;
  let silent = false; // the server does not answer
  const example = exampleRun(props.example);
  let asked = false; // the server has said whether there are runs
  let wished = null; // what the server is being told of a run: what it said before does not undo it

  const chosenRun = () => runs.find((run) => run.id === chosen) ?? null;
  const shownExample = () => (asked && !runs.length ? example : null);
  const charted = () => (shownExample() ? [example] : runs.filter((run) => !hidden.has(run.id)));

  const knownOf = (run) => [run.version, [run.train.merged, run.train.points.length], [run.val.merged, run.val.points.length], run.snapshot?.number ?? 0];

  async function refresh(wait = false) {
    const question = { visitor, language, known: Object.fromEntries(runs.map((run) => [run.id, knownOf(run)])), watched: chosen, wait };
    const reply = await server.look(question).catch(() => null);
    silent = !reply?.runs;
    if (reply?.runs) take(reply.runs);
    return !silent;
  }

  function take(facts) {
    asked = true;
    const before = new Map(runs.map((run) => [run.id, run]));
    const there = new Set(facts.map((fact) => fact.id));
    const lost = runs.filter((run) => !there.has(run.id) && !removed.has(run.id)); // the server made room, or began anew
    if (lost.length) trouble("runs_lost", { names: lost.map(nameOf).join(say("list_names")) });
    runs = facts.map((fact) => {
      const old = before.get(fact.id);
      if (!("version" in fact)) return old;
      if (old && fact.version < old.version) return old; // two answers that overtook each other
      const joined = { ...old, ...fact, ...(wished?.id === fact.id ? wished : {}) };
      joined.snapshot = fact.snapshot ?? old?.snapshot; // without one it is still the newest that is known
      for (const line of ["train", "val"]) joined[line] = joinLine(old?.[line], fact[line]);
      return joined;
    });
    if (!chosenRun()) chosen = runs.at(-1)?.id ?? null;
    show();
  }

  // While something is under way, or the server is silent, ask and ask again; the answers come at the server's pace,
  // so that this goes on also in a tab that is not seen, where the browser's own clocks are slowed down.
  async function follow() {
    if (following) return;
    following = true;
    while (silent || runs.some((run) => props.active.includes(run.status))) {
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
    snapshots.show(chosenRun() ?? shownExample());
    find(".live").classList.toggle("example", Boolean(shownExample()));
    own.show(chosenRun());
    plan();
  }

  function trouble(told, values) {
    sayIn(find(".trouble"), told, values);
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
    const [kind, accuracy, loss] = newestOf(run);
    explainIn(find(".accuracy-name"), `figure_${kind}_accuracy`);
    explainIn(find(".loss-name"), kind === "train" ? "figure_train_loss" : "figure_loss");
    place("accuracy").textContent = accuracy == null ? "–" : percent(accuracy, kind === "test" ? 2 : 1);
    place("loss").textContent = loss == null ? "–" : lossOf(loss);
    place("lr").textContent = run ? rate(run.lr) : "–";
    place("lr").title = run && run.scale !== 1 ? say("times", { factor: run.scale }) : "";
    place("speed").textContent = run?.speed ? number(run.speed) : "–";
    find(".time-name").textContent = ended ? say("figure_took") : say("figure_left");
    place("time").textContent = ended ? time(run.worked) : run?.left != null ? time(run.left) : "–";
    showControls(run, status);
    speak(run ? `${nameOf(run)}: ${stateOf(run)}. ${spoken(run)}` : "", status);
    if (silent) trouble("no_server");
    else if (find(".trouble").dataset.say === "no_server") trouble("");
    announce(run);
  }

  // What is known best of a run: [of which images, accuracy, loss].
  function newestOf(run) {
    const [last, newest] = [run?.train.points.at(-1), run?.newest];
    if (run?.metrics.test_accuracy !== undefined) return ["test", run.metrics.test_accuracy, newest?.[1]];
    if (newest || !last) return ["val", newest?.[2], newest?.[1]];
    return ["train", last[2], last[1]];
  }

  function showControls(run, status) {
    const going = ["loading", "waiting", "running"].includes(status);
    const paused = ["paused", "away"].includes(status);
    const pause = find(".pause");
    pause.textContent = paused ? say("resume") : say(run?.pausing ? "pausing" : "pause");
    allow(pause, (going && !run.pausing && !run.stopping) || paused);
    allow(find(".step"), (going && run.until === null) || paused);
    allow(find(".stop"), (going || paused) && !run.stopping && !run.replay?.live);
    find(".stop").textContent = say(run?.stopping ? "stopping" : run?.replay ? "skip" : "stop");
    for (const button of [find(".slower"), find(".faster")]) allow(button, (going || paused) && !run.replay);
    allow(find(".use"), Boolean(run?.network));
    allow(find(".download"), Boolean(run?.network));
    find(".take-digits").hidden = !(run?.without_data && run.dataset !== "digits" && !form.fixes("dataset"));
    find(".start").textContent = say(runs.some(({ status: other }) => props.active.includes(other)) ? "start_after" : "start");
  }

  function stateOf(run) {
    const epoch = run.status === "running" ? Math.min(run.epoch + 1, run.epochs) : run.epoch;
    return say(`state_${run.status}`, { dataset: run.dataset, epoch, epochs: run.epochs });
  }

  function whyOf(run) {
    if (run.status === "failed") return run.problem || say("failed_server");
    if (run.status === "waiting") {
      const { place, seconds, known } = run.waiting;
      const wait = known ? "wait_about" : seconds >= 1 ? "wait_at_least" : "wait_unknown";
      const said = say(place === 1 ? "waiting_next" : "waiting_place", { place, wait: say(wait, { time: time(seconds) }) });
      return run.ahead ? `${said} ${say("waiting_watch", { recipe: run.ahead.recipe, done: percent(run.ahead.done, 0) })}` : said;
    }
    if (["done", "stopped"].includes(run.status)) {
      if (run.gone) return say("network_gone");
      if (!run.network) return say("stopped_empty");
      const epochs = run.epoch < run.epochs ? say("epochs_part", { count: (run.done * run.epochs).toFixed(1), epochs: run.epochs }) : epochsOf(run.epochs);
      const late = run.late ? say("stopped_late", props.limits) : "";
      const right = { accuracy: percent(run.metrics.test_accuracy, 2), count: number(run.tested), epochs, time: time(run.worked) };
      return `${late}${say("right", right)}${run.verdict && ". "}${run.verdict}`;
    }
    if (run.status === "loading" && run.download) {
      const { bytes, total, seconds: left } = run.download;
      const far = { done: number(Math.round(bytes / 1e6)), total: number(Math.round(total / 1e6)) };
      return say("loading_far", far) + (left === null ? "" : ` ${say("loading_left", { time: time(left) })}`);
    }
    if (run.problem) return `${run.problem} ${say("paused_why")}`; // its data are gone
    if (run.restored) return say("restored_why");
    if (run.status === "running" && run.replay) return say(run.replay.live ? "replay_live" : "replay_kept", { time: time(run.replay.ago) });
    if (run.status === "running" && !run.step) return "";
    const said = say(`${run.status}_why`, run.step ? { step: number(run.step[1]), steps: number(run.step[2]) } : {});
    return run.status === "running" && run.until !== null ? `${said} ${say("until", { epoch: run.until })}` : said;
  }

  function spoken(run) {
    if (props.active.includes(run.status) && run.newest) return `${say("figure_val_accuracy")} ${percent(run.newest[2])}`;
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
  const smoothing = find(".smoothing input");
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
    const ahead = watched();
    const epochs = Math.max(1, ahead ? Math.ceil(ahead.done * ahead.epochs) : 1, ...shown.map((run) => run.epochs));
    const shared = { epochs, xName: say("epoch_axis"), yName: say(`${kind}_axis`) };
    if (kind === "accuracy") return { ...shared, low: zoom.checked ? 90 : 0, high: 100, decimals: () => 0 };
    const which = shown.map((run) => run.id).join();
    if (tops.runs !== which) tops = { runs: which, loss: 0 };
    // The first figures are about the highest: an untrained network's.
    const lines = shown.map((run) => [run.train.points, run.val.points]);
    if (ahead) lines.push([ahead.train, ahead.val]);
    const highest = Math.max(0, ...lines.flatMap(([train, val]) => [...train.slice(0, 3), ...val].map((point) => point[1])));
    tops.loss = Math.max(tops.loss, roof(highest || 2.4));
    return { ...shared, low: 0, high: tops.loss, decimals: (value) => (tops.loss < 1 ? 2 : Number.isInteger(value) && tops.loss >= 5 ? 0 : 1) };
  }

  // Another visitor's run that trains while the chosen one waits for its turn, or null.
  const watched = () => chosenRun()?.ahead ?? null;

  function drawOne(chart) {
    const shown = charted();
    const column = chart.kind === "loss" ? 1 : 2;
    const scale = chart.kind === "loss" ? 1 : 100;
    const pick = ({ points }) => points.map((point) => [point[0], scale * point[column]]);
    const weight = Number(smoothing.value);
    const lines = shown.map((run) => ({
      colour: colourOf(run),
      raw: weight ? [pick(run.train), pick(run.val)] : [],
      train: smooth(pick(run.train), weight),
      val: smooth(pick(run.val), weight),
      best: run.best && [run.best[0], scale * run.best[column]],
      chosen: run.id === chosen,
    }));
    const ahead = watched();
    if (ahead) lines.push({ colour: AHEAD(), raw: [], train: smooth(pick({ points: ahead.train }), weight), val: smooth(pick({ points: ahead.val }), weight), best: null, chosen: false });
    chart.frame = drawChart(chart.canvas, lines, axesOf(chart.kind, shown), pointed);
    readOut(chart, shown);
  }

  function readOut(chart, shown) {
    const column = chart.kind === "loss" ? 1 : 2;
    const worded = (value) => (chart.kind === "loss" ? lossOf(value) : percent(value));
    const run = chosenRun();
    const point = pointed !== null && run && nearest(run.val.points, pointed);
    chart.readout.textContent = point
      ? say("pointed", { epoch: Number(point[0].toFixed(2)), val: worded(point[column]), train: worded(point[column + 2]) })
      : run?.best ? say("best_value", { value: worded(run.best[column]) }) : "";
    const subject = run && `${run.id} ${run.status}`; // while it learns, screen readers hear of it now and then
    if (run && subject === chart.subject && performance.now() - chart.described < QUIET) return;
    chart.subject = subject;
    chart.described = performance.now();
    const name = say(chart.kind);
    const said = run?.newest
      ? say("chart_said", { chart: name, runs: shown.map(nameOf).join(say("list_names")), name: nameOf(run), value: worded(run.newest[column]), epoch: run.epoch, epochs: run.epochs })
      : shownExample() ? say("chart_example", { chart: name, name: example.example }) : say("chart_empty", { chart: name });
    chart.canvas.setAttribute("aria-label", said);
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
  smoothing.addEventListener("input", plan);
  onTheme(show);

  let legendShown = "";

  function showLegend() {
    const shown = charted();
    const ahead = watched();
    const which = JSON.stringify([language, ahead?.recipe, shown.map((run) => [nameOf(run), colourOf(run)])]);
    if (which === legendShown) return;
    legendShown = which;
    const entries = shown.map((run) => [colourOf(run), nameOf(run)]);
    if (ahead) entries.push([AHEAD(), say("legend_ahead", { recipe: ahead.recipe })]);
    const named = entries.map(([colour, name]) => {
      const dot = make("i", { className: "dot" });
      dot.style.setProperty("--colour", colour);
      return make("span", { className: "of-run" }, dot, name);
    });
    const kinds = { thick: "legend_val", thin: "legend_train", ring: "legend_best" };
    const lines = Object.entries(kinds).map(([kind, key]) => make("span", {}, make("i", { className: `sample ${kind}` }), say(key)));
    find(".legend").replaceChildren(...named, ...lines);
  }

  // --- the table of runs -------------------------------------------------------------------------------------

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
    const name = make("input", { type: "text", className: "new-name", maxLength: props.limits.name, hidden: true });
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
      fillForm(runs.find(({ id }) => id === run.id).settings);
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
    const others = form.names.filter((name) => name in own && run.settings[name] !== own[name]);
    const said = others.map((name) => `${say(name).toLocaleLowerCase()} ${run.settings[name]}`);
    if (run.rescaled) said.push(say("changed_rate"));
    return [run.recipe, ...said].join(say("list_comma"));
  }

  function choose(id) {
    chosen = id;
    trouble("");
    forgetLink();
    hidden.delete(id);
    const box = body.querySelector(`[data-run="${id}"] input[type=checkbox]`);
    if (box) box.checked = true;
    snapshots.forget();
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
    const whole = (run?.val.points ?? []).filter(([epoch]) => Number.isInteger(epoch)); // the others are of few pictures
    const rows = whole.map(([epoch, valLoss, valAccuracy, trainLoss, trainAccuracy]) => {
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
    form.fill({ ...(recipe === run.recipe ? run.settings : {}), recipe, dataset: "digits" });
    startRun();
    find(".pause").focus(); // this button goes
  });
  const aboutLink = find(".about-link");
  find(".link-run").addEventListener("click", () => form.copyLink(chosenRun()?.settings ?? form.settings(), aboutLink));

  // What was said of a link is no longer about what is shown.
  function forgetLink() {
    form.sent("", aboutLink);
    aboutLink.querySelector(".code").hidden = true;
  }

  onClick(".download", async (run) => {
    const reply = (await server.download({ visitor, language, run: run.id }).catch(() => null)) ?? { problem: "not_done" };
    if (reply.problem) return trouble(reply.problem);
    download(reply.name, unpack(reply.file));
  });

  // --- at the beginning --------------------------------------------------------------------------------------

  // So that a page which is reloaded in this tab opens in it: train/heartbeat.js.
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting) return stored("sessionStorage", "lenet-training-open", "yes");
    if (document.hidden || element.offsetParent !== null) return;
    stored("sessionStorage", "lenet-training-open", "no");
    if (used) document.querySelector('[role="tab"][aria-selected="true"]')?.focus(); // the keyboard goes along
    used = false;
  }).observe(element);

  buildStarts();
  nameExample(element, example);
  sayAll(element);
  explainAll(element);
  sayStarts();
  headRow();
  if (matchMedia("(max-width: 900px)").matches) find(".settings").open = false;
  form.fromLink();
  form.lock();
  lessons({ element, fits: form.fits, fill: fillForm, openTab });
  show();
  refresh().then(follow);
}
