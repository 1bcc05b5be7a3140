// "It was wrong": one tap says what a digit really is.  The corrections stay in the browser, and a copy of the network
// learns from them.
//
// A state is {corrections: [{picture, answer, truth}], learned}.  A picture is the 784 bytes of 28x28 pixels that the
// network saw, white ink on black, in base64; `answer` and `truth` are classes' names.  `learned` is what the server said
// of the newest copy, with its file, or null.

import { allow, allowed, make } from "../shared/elements.js";
import { number, percent } from "../shared/format.js";
import { decoded, download, isPicture, sketch } from "../shared/keeping.js";
import { language, onLanguage, say, sayIn, spoken } from "../shared/language.js";
import * as all from "../shared/own.js";
import { visitorKey } from "../shared/storage.js";

const BETWEEN_QUESTIONS = 300; // milliseconds between two questions about a network that learns
const SIDE = 28;
const DIGITS = [..."0123456789"];
export const NONE = "not a digit"; // the class of lenet/data/datasets.py

const CLASSES = new Set([...DIGITS, NONE]);
const isCorrection = (one) => isPicture(one?.picture) && CLASSES.has(one.answer) && CLASSES.has(one.truth);
const empty = () => ({ corrections: [], learned: null });
const shown = (name) => (name === NONE ? say("wrong_none_short") : name);

// The first of each picture, `most` at most.
const distinct = (corrections, most) => [...new Map(corrections.map((one) => [one.picture, one])).values()].slice(0, most);

// The corrections of a file, without what else may stand there; null where they cannot be.
export function soundCorrections(corrections, most) {
  if (!Array.isArray(corrections) || corrections.length > most || !corrections.every(isCorrection)) return null;
  return corrections.map(({ picture, answer, truth }) => ({ picture, answer, truth }));
}

// `network()` is {key, called, knowing} of the one that is chosen: `knowing` whether it knows what is no digit.  `use`
// is given what puts a network to use.  Returns what view.js calls: `follow` with each answer, `moved` at each change of
// the pad, and `network` for another network.
export function wrongAnswers({ element, server, most, network, use }) {
  const find = (selector) => element.querySelector(selector);
  const [open, truths, keptAs] = [".it-was-wrong", ".truths", ".kept-as"].map(find);
  const trouble = (words, values) => sayIn(find(".wrong-trouble"), words ?? "", values);
  const { load, keep, forget, follow: followOthers } = all.PLACES.corrections;
  const visitor = visitorKey();

  let state = empty();
  let subject = null; // {answer, knowing, picture()}: the digit that is meant, or null
  let busy = false; // the server is learning
  let before = null; // the state before the last deletion
  let everything = false; // other parts of the page lost theirs with it
  let keeping = Promise.resolve(); // one after the other, so that the newest is the last

  function change(next) {
    state = next;
    keeping = keeping.then(() => keep(next)).catch(() => trouble("wrong_no_storage"));
    show();
  }

  // The same with other corrections, which the copy has not learned.
  const withCorrections = (corrections) => ({ corrections, learned: state.learned && { ...state.learned, stale: true } });

  // --- one tap ---------------------------------------------------------------------------------------------

  function follow(next) {
    subject = next;
    open.hidden = !subject || !truths.hidden;
    if (!subject) fold();
    else if (!truths.hidden) offer();
  }

  // Something else is on the pad.
  function moved() {
    toldOf = null;
    sayIn(keptAs, "");
  }

  function fold() {
    truths.hidden = true;
    open.hidden = !subject;
  }

  // What it may be: the buttons stay the same, so that the keyboard stays where it is.
  function offer() {
    for (const button of truths.children) {
      const { truth } = button.dataset;
      if (truth === NONE) button.hidden = !subject.knowing;
      button.disabled = truth === subject.answer;
    }
  }

  for (const name of [...DIGITS, NONE]) {
    const button = make("button", { type: "button" });
    button.dataset.truth = name;
    button.addEventListener("click", () => correct(name));
    truths.append(button);
  }

  function sayTruths() {
    for (const button of truths.children) {
      const { truth } = button.dataset;
      button.textContent = shown(truth);
      button.setAttribute("aria-label", truth === NONE ? say("wrong_is_none") : say("wrong_is", { label: truth }));
    }
  }

  open.addEventListener("click", () => {
    sayIn(keptAs, "");
    truths.hidden = false;
    open.hidden = true;
    offer();
    truths.querySelector("button:enabled").focus();
  });

  truths.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    fold();
    open.focus();
  });

  document.addEventListener("pointerdown", ({ target }) => {
    if (!truths.hidden && !truths.contains(target)) fold();
  });

  async function correct(truth) {
    const { answer, picture } = subject;
    const held = truths.contains(document.activeElement);
    fold();
    if (held) open.focus();
    const seen = await picture().catch(() => null);
    if (!seen) return sayIn(keptAs, "wrong_not_seen");
    const others = state.corrections.filter((one) => one.picture !== seen);
    if (others.length >= most) return sayIn(keptAs, "wrong_full", { most });
    settleDeletion();
    change(withCorrections([...others, { picture: seen, answer, truth }]));
    toldOf = { answer, truth };
    sayKept();
  }

  let toldOf = null; // the correction that the line beside the button speaks of

  function sayKept() {
    if (!toldOf) return;
    const list = make("button", { type: "button", className: "to-list", textContent: say("wrong_to_list", { count: state.corrections.length }) });
    list.addEventListener("click", () => {
      find(".corrections").open = true;
      find(".corrections > summary").focus();
      find(".corrections").scrollIntoView({ block: "nearest" });
    });
    const held = keptAs.contains(document.activeElement);
    keptAs.dataset.say = "";
    keptAs.replaceChildren(say("wrong_kept_as", { answer: shown(toldOf.answer), truth: shown(toldOf.truth) }), " ", list);
    if (held) list.focus();
  }

  // --- the list --------------------------------------------------------------------------------------------

  function itemOf({ picture, answer, truth }, i) {
    const words = { answer: shown(answer), truth: shown(truth) };
    const canvas = sketch(make("canvas", { width: SIDE, height: SIDE }), picture);
    const button = make("button", { type: "button", title: say("wrong_one", words) }, canvas, make("span", {}, `${words.answer} → `, make("b", { textContent: words.truth })));
    button.setAttribute("aria-label", say("wrong_one", words));
    button.addEventListener("click", () => {
      remove(withCorrections(state.corrections.filter((_, at) => at !== i)));
      const rest = find(".mistakes").querySelectorAll("button");
      (rest[Math.min(i, rest.length - 1)] ?? find(".bring-back")).focus();
    });
    return make("li", {}, button);
  }

  // Something goes, and can be brought back.
  function remove(next, ofAll = false) {
    [before, everything] = [state, ofAll];
    moved();
    sayIn(find(".gone"), "teach_deleted");
    find(".bring-back").hidden = false;
    change(next);
  }

  function settleDeletion() {
    before = null;
    sayIn(find(".gone"), "");
    find(".bring-back").hidden = true;
  }

  function restore() {
    if (!before) return;
    const next = before;
    settleDeletion();
    change(next);
  }

  function clear() {
    trouble("");
    remove(empty(), true);
    keeping = keeping.then(forget).catch(() => null);
  }

  find(".bring-back").addEventListener("click", () => {
    (everything ? all.restore : restore)();
    find(".save-corrections").focus();
  });
  find(".delete-corrections").addEventListener("click", async () => {
    await all.clear();
    find(".bring-back").focus();
  });

  // --- learning --------------------------------------------------------------------------------------------

  // Those that the chosen network can learn.
  const learnable = () => state.corrections.filter(({ truth }) => truth !== NONE || network().knowing);

  const ask = async (question) => (await question.catch(() => null)) ?? { problem: null };

  find(".learn").addEventListener("click", async ({ currentTarget: learn }) => {
    if (!allowed(learn)) return;
    busy = true;
    trouble("");
    settleDeletion();
    showState();
    sayIn(find(".progress"), "wrong_running", { percent: percent(0, 0) });
    const corrections = learnable();
    const reply = await ask(server.begin_correcting({ visitor, language, network: network().key, corrections }));
    const found = "problem" in reply ? reply : await learned();
    busy = false;
    if (found.status === "done") take(found, corrections);
    else trouble(found.status === "none" ? "teach_lost" : found.problem ?? "wrong_no_server");
    showState();
  });

  // The server's facts, once it has learned or failed.
  async function learned() {
    for (;;) {
      const facts = await ask(server.look_at_correcting({ visitor, language }));
      if (facts.status === "waiting") sayIn(find(".progress"), "teach_waiting", { place: facts.place });
      else if (facts.status === "running") sayIn(find(".progress"), "wrong_running", { percent: percent(facts.done, 0) });
      else return facts;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_QUESTIONS));
    }
  }

  function take({ network: key, file, called, improved, seconds }, corrections) {
    const stale = JSON.stringify(corrections) !== JSON.stringify(learnable());
    change({ ...state, learned: { network: key, file, called, improved, seconds, stale } });
    find(".outcome").scrollIntoView({ block: "nearest" });
  }

  find(".outcome .use").addEventListener("click", () => {
    const { network: key, file } = state.learned;
    use({ visitor, language, network: key, file });
    find(".result").scrollIntoView({ block: "nearest" }); // where it answers, which on a phone is far above
  });

  for (const button of find(".outcome").querySelectorAll(".get")) {
    button.addEventListener("click", async () => {
      const { network: key, file } = state.learned;
      const reply = await ask(server.export_corrected({ visitor, language, network: key, file, kind: button.dataset.kind }));
      if ("problem" in reply) return trouble(reply.problem ?? "wrong_no_server");
      trouble("");
      download(reply.name, decoded(reply.file));
    });
  }

  // --- with all else that a visitor has made, as a file -----------------------------------------------------------

  const file = find(".corrections-file");
  find(".save-corrections").addEventListener("click", all.save);
  find(".open-corrections").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [opened] = file.files;
    const sound = opened && (await all.open(opened));
    file.value = "";
    if (opened) trouble(sound ? "" : "teach_bad_file");
  });

  const part = {
    held: () => all.PLACES.corrections.told(state),
    sound: (corrections) => soundCorrections(corrections, most),
    take(found) {
      remove(withCorrections(distinct([...state.corrections, ...found], most)));
      sayIn(find(".gone"), "wrong_opened", { count: found.length });
    },
    clear,
    restore,
  };

  // --- what is shown -----------------------------------------------------------------------------------------

  // What has the keyboard keeps it, though its item is a new one.
  function show() {
    const list = find(".mistakes");
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    list.replaceChildren(...state.corrections.map(itemOf));
    list.querySelectorAll("button")[at]?.focus();
    showState();
  }

  function showState() {
    const count = state.corrections.length;
    sayIn(find(".corrections > summary"), "wrong_list", { count });
    find(".none-yet").hidden = count > 0;
    const some = learnable().length;
    allow(find(".learn"), !busy && some > 0);
    if (!busy) sayIn(find(".progress"), some && network().called ? "wrong_learner" : "", { name: spoken(network().called), count: some });
    showOutcome();
    sayKept();
  }

  function showOutcome() {
    const { learned: found } = state;
    find(".outcome").hidden = !found;
    if (!found) return;
    const { right_before: was, right_after: is, dataset, test_before: less, test_after: more, test_total: total, held_back: held } = found.improved;
    const count = (right) => right.filter(Boolean).length;
    const share = (right) => percent(right / total, 2);
    find(".yours").textContent = say("wrong_yours", { before: count(was), after: count(is), total: was.length });
    find(".remembers").textContent = say(dataset === "mnist" ? "wrong_mnist" : "wrong_digits", { count: number(total), before: share(less), after: share(more) });
    const took = say(held ? "wrong_held" : "wrong_took", { seconds: found.seconds.toFixed(1) });
    const said = [found.network ? took : say("wrong_nothing"), ...(found.stale ? [say("wrong_stale")] : [])];
    find(".held").textContent = said.join(" ");
    for (const button of find(".outcome").querySelectorAll("button")) button.hidden = !found.network;
  }

  onLanguage(element, () => {
    sayTruths();
    show();
  });
  // Another page of this browser has changed them.
  followOthers(async () => {
    const kept = await keeping.then(load).catch(() => null);
    state = Array.isArray(kept?.corrections) ? kept : empty();
    settleDeletion();
    show();
  });
  sayTruths();
  show();
  load()
    .then((kept) => {
      if (!Array.isArray(kept?.corrections) || state.corrections.length) return;
      state = kept;
      show();
    })
    .catch(() => null)
    .then(() => all.join("corrections", part));
  return { follow, moved, network: showState };
}
