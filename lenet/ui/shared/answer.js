// An answer: the label large, a sentence, and a bar for each class.  The Draw tab and the Photo tab show it.

import { make } from "./elements.js";
import { percent } from "./format.js";
import { explained } from "./glossary.js";
import { say, spoken, translated } from "./language.js";

// A class and how likely it is, or another part of a whole; of spans, so that a button may hold it too.
export function bar(name, part, best, decimals = 0) {
  const fill = make("span", { className: "fill" });
  fill.style.transform = `scaleX(${part.toFixed(3)})`;
  return make(
    "span",
    { className: best ? "bar best" : "bar" },
    make("span", { className: "name", textContent: name, title: name.length > 12 ? name : "" }), // it may be cut
    make("span", { className: "track" }, fill),
    make("span", { className: "percent", textContent: percent(part, decimals) }),
  );
}

// How large the label of a network that knows these classes may be.
export function sizeFor(classes) {
  const most = Math.max(...classes.map((name) => name.length));
  return most > 12 ? "longer" : most > 1 ? "long" : "short";
}

// The label of one answer; "" is told as "?".
export function largeLabel(label, classes) {
  return make("p", { className: `label ${sizeFor(classes)}`, textContent: label ? translated(label) : "?" });
}

// Who answers: a network's name, as every tab says it, and how good it is.  The keys of visitors' own begin with "own-".
export function answering({ key, caption, accuracy }) {
  const name = spoken(caption);
  if (accuracy === null) return name;
  return say(key?.startsWith("own-") ? "who_answers_own" : "who_answers", { name, accuracy: percent(accuracy) });
}

// The whole panel.  `who` says who answers, "" where that is still unknown, and is left out where there is but one
// network; `large` is an element, `rows` are [{name, part, best}], and `verdict` is the answer's; "blank" is what stands
// there before one.
export function panel({ who, label, large, sentence, rows, verdict }) {
  const bars = make("div", { className: "bars" }, ...rows.map(({ name, part, best }) => bar(name, part, best)));
  if (verdict !== "blank") {
    const chances = rows.map(({ name, part }) => `${name} ${percent(part, 0)}`).join(say("list_comma"));
    bars.setAttribute("role", "img");
    bars.setAttribute("aria-label", say("answer_chances", { chances }));
  }
  const said = make("p", { className: "sentence" });
  said.append(...[sentence].flat());
  const named = who !== undefined && make("p", { className: "who", }, ...explained(who));
  const made = make("div", { className: `answer ${verdict}` }, named, large, said, bars);
  made.dataset.label = label;
  return made;
}
