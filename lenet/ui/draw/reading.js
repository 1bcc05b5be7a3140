// What the network reads on the pad, shown from the facts of messages.py: the answer, and a box around each digit.

import { answering, largeLabel, panel } from "../shared/answer.js";
import { make } from "../shared/elements.js";
import { percent } from "../shared/format.js";
import { say, translated } from "../shared/language.js";

const ROOMY = 8; // digits: beside more of them, how sure each is finds no place
const TAG = [0.18, 0.07]; // of the picture: what a box's tag takes, with how sure its digit is

// --- what the facts mean ---------------------------------------------------------------------------------

const rejected = ({ verdict }) => verdict === "not_digit";

// Whether it is likelier to be none than to be another digit.
const perhapsNone = ({ probs, label, p_not_digit: none }) => none > Math.max(...Object.keys(probs).map((name) => (name === label ? 0 : probs[name])));

// Else they are classes that a person named.
const amongDigits = ({ probs }) => Object.keys(probs).every((name) => /^\d$/.test(name));

// Whether a person may say that it is a digit.  Of what may be two that touch, that would take away no doubt.
export const doubted = (digit) => amongDigits(digit) && (rejected(digit) || (digit.verdict === "unsure" && !digit.touching && perhapsNone(digit)));

// What the page calls a digit: nothing where it is none.
export const shown = (digit) => (rejected(digit) ? "" : digit.label);

// What was written beside the digits; all else was drawn or printed for them.
const SIGNS = { point: ".", minus: "−", plus: "+", times: "×", equals: "=", slash: "/", opening: "(", closing: ")", percent: "%" };
const signsBefore = (marks, place) => marks.filter(({ kind, before }) => kind in SIGNS && before === place).map(({ kind }) => SIGNS[kind]).join("");

// What stands there as one number; "?" where a digit is none.
export const numberOf = ({ digits, marks }) =>
  digits.map((digit, i) => signsBefore(marks, i) + (shown(digit) || "?")).join("") + signsBefore(marks, digits.length);

// The places of the digits by rows: a row begins under the digit before, and not to the right of it.
function rowsIn(digits) {
  const rows = [];
  digits.forEach(({ box: [left, top, , bottom] }, i) => {
    const before = i && digits[i - 1].box;
    const below = before && (top + bottom) / 2 > before[3] && left < before[2];
    if (i && !below) rows.at(-1).push(i);
    else rows.push([i]);
  });
  return rows;
}

// Whether one digit is all.
const isAlone = ({ digits, marks }) => digits.length === 1 && !marks.some(({ kind }) => kind in SIGNS);

// The same digit for someone who knows that it is one: as `FoundDigit.without_doubt` in lenet/inference/digits.py.
// From a confidence of `unsureBelow` on it is sure.
export function withoutDoubt(digit, unsureBelow) {
  const total = Object.values(digit.probs).reduce((sum, part) => sum + part, 0);
  if (!digit.p_not_digit || !total) return digit;
  const probs = Object.fromEntries(Object.entries(digit.probs).map(([name, part]) => [name, part / total]));
  const confidence = probs[digit.label];
  const touching = digit.touching && !rejected(digit);
  const verdict = confidence >= unsureBelow && !touching ? "sure" : "unsure";
  return { ...digit, probs, confidence, verdict, touching, among_letters: false, p_not_digit: 0 };
}

// Which of the digits is meant: the one whose box is nearest to `place`, [x, y] in parts of the picture, and of those
// that overlap there the one whose middle is.  Without a place, the first.
export function nearest(digits, place) {
  if (!place) return 0;
  const [x, y] = place;
  const distances = digits.map(({ box: [left, top, right, bottom] }) => [
    Math.max(left - x, 0, x - right) + Math.max(top - y, 0, y - bottom),
    Math.abs(x - (left + right) / 2),
  ]);
  const nearer = (a, b) => a[0] - b[0] || a[1] - b[1];
  return distances.reduce((best, distance, i) => (nearer(distance, distances[best]) < 0 ? i : best), 0);
}

// --- in words --------------------------------------------------------------------------------------------

const nameOf = (digit) => (shown(digit) ? translated(digit.label) : "?");
const percentOf = (digit) => (shown(digit) ? percent(digit.confidence, 0) : say("answer_none"));

// What the network would say of one digit.
export function sentenceOf(digit) {
  if (digit.verdict === "blank") return say("answer_blank");
  const digits = amongDigits(digit);
  if (rejected(digit)) {
    const key = digits ? (digit.touching ? "answer_touching_not_digit" : "answer_not_digit") : "teach_answer_none";
    return say(key, { label: translated(digit.label) });
  }
  if (digit.touching) return say("answer_touching");
  if (digit.among_letters) return say("answer_among_letters", { label: translated(digit.label) });
  if (digit.verdict === "unsure") {
    if (perhapsNone(digit)) return say(digits ? "answer_unsure_none" : "teach_answer_unsure_none", { label: translated(digit.label) });
    const [one, other] = Object.entries(digit.probs).sort((a, b) => b[1] - a[1]).map(([name]) => translated(name));
    return say("answer_unsure", { one, other });
  }
  return digit.confidence >= 0.9995 ? say("answer_over", { percent: "99.9%" }) : say("answer_sure", { percent: percent(digit.confidence) });
}

function sentenceAmong(digits, chosen) {
  const said = sentenceOf(digits[chosen]);
  if (digits.length === 1 || digits[chosen].touching) return said;
  return say("answer_which", { number: chosen + 1, count: digits.length, said: said[0].toLowerCase() + said.slice(1) });
}

// --- the answer ------------------------------------------------------------------------------------------

function rowsOf({ probs, label, p_not_digit: none, ...digit }) {
  const rows = Object.entries(probs).map(([name, part]) => ({ name: translated(name), part, best: name === label && !rejected(digit) }));
  return none === null ? rows : [...rows, { name: say("answer_none"), part: none, best: rejected(digit) }];
}

function digitButton(digit, pressed) {
  const words = { label: translated(digit.label), percent: percentOf(digit) };
  const button = make("button", { type: "button", className: `digit ${digit.verdict}` }, nameOf(digit), make("small", { textContent: words.percent }));
  button.setAttribute("aria-pressed", String(pressed));
  button.setAttribute("aria-label", say(shown(digit) ? "answer_digit" : "answer_no_digit", words));
  return button;
}

// Several digits large, each to be chosen, with the signs among them: in the rows that they stand in.
function numberLabel({ digits, marks }, chosen) {
  const signs = (place) => [...signsBefore(marks, place)].map((sign) => make("span", { className: "sign", textContent: sign }));
  const part = (i) => [...signs(i), digitButton(digits[i], i === chosen), ...(i === digits.length - 1 ? signs(i + 1) : [])];
  const places = rowsIn(digits);
  const rows = places.map((row) => make("div", { className: "row" }, ...row.flatMap(part)));
  const crowded = rows.length > 1 || digits.length > ROOMY;
  const label = make("div", { className: `label number${crowded ? " crowded" : ""}` }, ...rows);
  label.style.setProperty("--count", Math.max(...places.map((row) => row.length)));
  label.style.setProperty("--rows", rows.length);
  label.setAttribute("role", "group");
  label.setAttribute("aria-label", say("answer_number", { number: numberOf({ digits, marks }) }));
  return label;
}

// What a person presses who knows better.
function certainButton(pressed) {
  const button = make("button", { type: "button", className: "certain", textContent: say("answer_is_digit"), title: say("answer_is_digit_why") });
  button.setAttribute("aria-pressed", String(pressed));
  return button;
}

// While the pen is down, or has drawn more than was read yet, what is read looks like many things: doubts wait.
const waits = (digit, drawing) => drawing && digit.verdict !== "sure";

// What is there and was not read.
function leftOut(marks) {
  const count = (kind) => marks.filter((mark) => mark.kind === kind).length;
  const kinds = { box: ["mark_box", "mark_boxes"], line: ["mark_line", "mark_lines"], ring: ["mark_ring", "mark_rings"] };
  const found = Object.keys(kinds).filter(count).map((kind) => say(kinds[kind][Number(count(kind) > 1)]));
  if (!found.length) return [];
  return [" ", make("span", { className: "left-out", textContent: say("answer_left_out", { what: found.join(say("list_comma")) }) })];
}

function sentenceFor({ digits, marks }, chosen, { certain, drawing }) {
  if (waits(digits[chosen], drawing)) return [say("answer_drawing")];
  const button = certain === undefined ? [] : [" ", certainButton(certain)];
  const left = drawing ? [] : leftOut(marks);
  const said = sentenceAmong(digits, chosen);
  return [left.length && !/[.?。？]$/.test(said) ? said + say("full_stop") : said, ...button, ...left];
}

// The answer to what is on the pad, `reading` with its digits and marks: of several digits all large, and the bars of
// the chosen one.  `certain` says whether a person has said that these are digits; it is undefined where the network
// does not doubt it.  `drawing` says that more is to come, and `who` who answers.
export function answerOf(reading, chosen, { certain, who, drawing = false } = {}) {
  const digit = reading.digits[chosen];
  const alone = isAlone(reading);
  return panel({
    who,
    label: alone ? shown(digit) : numberOf(reading),
    large: alone ? largeLabel(shown(digit), Object.keys(digit.probs)) : numberLabel(reading, chosen),
    sentence: sentenceFor(reading, chosen, { certain, drawing }),
    rows: rowsOf(digit),
    verdict: digit.verdict,
  });
}

// What stands there as long as nothing is drawn, of the same size: with a bar for "none" where the network knows it.
export function emptyAnswer(classes, knowsNonDigits, who) {
  const names = [...classes.map(translated), ...(knowsNonDigits ? [say("answer_none")] : [])];
  const rows = names.map((name) => ({ name, part: 0, best: false }));
  return panel({ who, label: "", large: largeLabel("", classes), sentence: say("draw_invitation"), rows, verdict: "blank" });
}

// In small what another network reads in the same drawing, to lay below the answer.
export function besideOf({ digits, marks, ...network }, drawing) {
  const alone = () => (waits(digits[0], drawing) ? say("answer_drawing") : sentenceOf(digits[0]));
  const said = digits.length === 1 ? alone() : digits.map(percentOf).join(say("list_comma"));
  const number = numberOf({ digits, marks });
  const words = make("p", {}, answering(network), make("br"), make("span", { textContent: said }));
  const made = make("div", { className: "beside" }, make("b", { textContent: number }), words);
  made.dataset.label = number;
  return made;
}

// --- where on the picture each digit stands ----------------------------------------------------------------

function boxAt([left, top, right, bottom], kinds) {
  const box = make("span", { className: ["box", ...Object.keys(kinds).filter((kind) => kinds[kind])].join(" ") });
  const percents = { left, top, width: right - left, height: bottom - top };
  for (const [side, value] of Object.entries(percents)) box.style[side] = `${(100 * value).toFixed(2)}%`;
  return box;
}

function boxOf(digit, chosen, crowded) {
  const high = digit.box[1] < (crowded ? 0.04 : 0.09); // no room above for the tag
  const box = boxAt(digit.box, { [digit.verdict]: true, chosen, touching: digit.touching, high, crowded });
  box.append(make("b", {}, `${nameOf(digit)} `, make("i", { textContent: percentOf(digit) })));
  return box;
}

// Whether tags with their percents would cover one another: each stands over the left end of its box.
function crowd(digits) {
  const [wide, high] = TAG;
  return digits.some(({ box: [left, top] }, i) => digits.slice(i + 1).some(({ box: [x, y] }) => Math.abs(x - left) < wide && Math.abs(y - top) < high));
}

// To lay over the picture: nothing where one digit is all, nor while more is to come.
export function boxesOf({ digits, marks }, chosen, drawing) {
  if (drawing) return [];
  const plain = digits.length === 1 && !digits[0].touching;
  const beside = marks.map(({ kind, box }) => boxAt(box, { mark: true, [kind]: true }));
  const crowded = crowd(digits);
  return [...beside, ...(plain ? [] : digits.map((digit, i) => boxOf(digit, i === chosen, crowded)))];
}
