// Guided lessons: a small panel that stays while the visitor goes from tab to tab.
//
// A step is a text, and what its button does: fill in settings, or open a tab or a part of one.  Texts are lesson_NAME, lesson_NAME_1 to
// lesson_NAME_5, in texts.py.

import { keepInSight, make } from "../shared/elements.js";
import { onLanguage, say } from "../shared/language.js";
import { isWanted } from "../shared/link.js";

const STEPS = 5;
const settings = (values) => ({ does: "lesson_set", settings: values });
const open = (tab) => ({ does: "lesson_open", tab });
const unfold = (tab, part, does) => ({ does, tab, part });

const LESSONS = {
  preprocessing: { 1: open("draw"), 3: open("draw"), 4: settings({ recipe: "digits-demo", augmentation: "none" }), 5: settings({ recipe: "digits-demo" }) },
  rate: {
    1: settings({ recipe: "digits-demo" }),
    2: settings({ recipe: "digits-demo", lr: 0.00002 }),
    3: settings({ recipe: "digits-demo", lr: 1 }),
    4: settings({ recipe: "digits-demo", lr: 0.02 }),
  },
  handwriting: { 1: open("draw"), 4: unfold("draw", "#pad .corrections", "lesson_corrections") },
};

// Open a part, once its tab is, and bring it into view.
async function unfolded(part) {
  part.open = true;
  for (let tries = 0; tries < 60 && !part.checkVisibility(); tries += 1) await new Promise(requestAnimationFrame);
  part.querySelector("summary").focus({ preventScroll: true });
  part.scrollIntoView({ block: "center" });
}

// `fill` puts settings into the form, and `fits` says whether nothing that a link fixes is in their way; `openTab` opens a
// tab by its name.  Only the lessons are offered of which every step can be taken.
export function lessons({ element, fits, fill, openTab }) {
  const canBeTaken = ({ tab = "train", settings: values }) => isWanted(tab) && (!values || fits(values));
  const offered = Object.keys(LESSONS).filter((name) => Object.values(LESSONS[name]).every(canBeTaken));
  const panel = make("aside", { className: "lesson", hidden: true });
  const [title, text] = [make("b"), make("p")];
  const act = make("button", { type: "button", className: "act" });
  const [back, next, close] = ["back", "next", "close"].map((name) => make("button", { type: "button", className: name }));
  panel.append(make("header", {}, title, close), text, make("footer", {}, act, back, next));
  document.body.append(panel);

  let [lesson, step] = ["", 0];
  const list = element.querySelector(".lessons");
  element.querySelector(".lessons-row").hidden = !offered.length;
  for (const name of offered) {
    const button = make("button", { type: "button", className: "take" });
    button.dataset.lesson = name;
    button.addEventListener("click", () => go(name, 1));
    list.append(button);
  }

  function go(name, number) {
    [lesson, step] = [name, number];
    keepInSight(panel);
    show();
    text.focus();
  }

  function show() {
    for (const button of list.children) button.textContent = say(`lesson_${button.dataset.lesson}`);
    panel.hidden = !lesson;
    if (!lesson) return;
    const action = LESSONS[lesson][step];
    title.textContent = `${say(`lesson_${lesson}`)} · ${step}/${STEPS}`;
    text.textContent = say(`lesson_${lesson}_${step}`);
    act.hidden = !action;
    if (action) act.textContent = say(action.does, { tab: say(`tab_${action.tab}`) });
    back.textContent = say("lesson_back");
    back.disabled = step === 1;
    next.textContent = say(step === STEPS ? "lesson_end" : "lesson_next");
    close.textContent = "×";
    close.setAttribute("aria-label", say("lesson_close"));
  }

  text.tabIndex = -1;
  act.addEventListener("click", () => {
    const action = LESSONS[lesson][step];
    openTab(action.tab ?? "train");
    if (action.settings) fill(action.settings);
    if (action.part) unfolded(document.querySelector(action.part));
  });
  back.addEventListener("click", () => go(lesson, step - 1));
  next.addEventListener("click", () => (step === STEPS ? go("", 0) : go(lesson, step + 1)));
  close.addEventListener("click", () => go("", 0));
  onLanguage(panel, show);
  show();
}
