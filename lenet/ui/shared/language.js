// The visitor's language, and the page's texts in it; all scripts share this module.
//
// The language is the one that the visitor chose in the page's head (shared/head.js), else the browser's.  Texts that
// stand in the HTML name their key: data-say for what an element says, data-say-label for its aria-label,
// data-say-title for its title, and data-said, as JSON, what is filled in.  data-say-each has, as JSON, words of
// the server's.

import { stored } from "./storage.js";
import { SENTENCES, TEXTS } from "../texts.js"; // made by assets.py

// The first of the tags `wishes`, such as "zh-Hans", that is among the languages `known`; else English.
export function preferred(wishes, known) {
  return wishes.map((tag) => tag?.split("-")[0]).find((tag) => known.includes(tag)) ?? "en";
}

export let language = preferred([stored("localStorage", "lenet-language"), ...navigator.languages], Object.keys(TEXTS));

// The languages, each with its own name for itself.
export const LANGUAGES = Object.entries(TEXTS).map(([tag, { language_name: name }]) => ({ tag, name }));

// A language as an element's lang names it.
export const langOf = (tag) => (tag === "zh" ? "zh-Hans" : tag);

// `text` with its words in braces filled in.
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? values[name] : whole));
}

export function say(key, values = {}) {
  return fill(TEXTS[language][key] ?? TEXTS.en[key] ?? key, values);
}

// What a module of the server's says in English, in the visitor's language: a `Sentence` of lenet/ui/messages.py, or the template
// of one without values.  Of Python's formats it knows those that such templates have: {low:.2f}, {part:.0%}, {size:,}, {lr:g};
// and {name!r}, without the quotes.
export function translated(said) {
  const { template, values = {} } = typeof said === "string" ? { template: said } : said;
  const known = SENTENCES[language] ?? {};
  const text = Object.hasOwn(known, template) ? known[template] : template; // a class may be called "constructor"
  if (!Object.keys(values).length) return text; // as it is: it may hold braces
  return text.replace(/\{(\w+)(?:!r)?(?::([^}]+))?\}/g, (whole, name, format) => (Object.hasOwn(values, name) ? told(values[name], format) : whole));
}

function told(value, format = "") {
  if (Array.isArray(value)) return value.map((item) => told(item)).join(translated(", "));
  if (typeof value === "object" && value !== null) return translated(value);
  const [, decimals, kind] = /^\.(\d+)([f%])$/.exec(format) ?? [];
  if (kind) return kind === "f" ? value.toFixed(decimals) : `${(100 * value).toFixed(decimals)}%`;
  if (format === "g") return String(Number(value.toPrecision(6)));
  return format === "," ? value.toLocaleString("en") : String(value);
}

// `say` in pieces, for `element.append`: a value may be an element, or such pieces in their turn.
export function pieces(key, values) {
  const text = TEXTS[language][key] ?? TEXTS.en[key];
  return text.split(/\{(\w+)\}/).flatMap((part, i) => (i % 2 ? values[part] ?? `{${part}}` : part));
}

// A class of a network's with its article, for `pieces`; `shown` stands for it.
export const withArticle = (name, shown) => pieces(/^[8aeiou]/i.test(name) ? "article_an" : "article_a", { name: shown });

// The server's words in the visitor's language, see `Told` in lenet/ui/messages.py.
export function spoken(words) {
  if (Array.isArray(words)) return words.map(spoken).join(say("list_comma"));
  if (words === null || typeof words !== "object") return String(words ?? "");
  if (words.template) return translated(words);
  if (!words.key) return words[language] ?? words.en;
  return say(words.key, Object.fromEntries(Object.entries(words.values).map(([name, value]) => [name, spoken(value)])));
}

// Say every text that stands in the HTML of `part`.
export function sayAll(part) {
  for (const place of part.querySelectorAll("[data-say], [data-say-label], [data-say-title], [data-say-each]")) {
    const { say: text, sayLabel: label, sayTitle: title, sayEach: each, said } = place.dataset;
    const values = said ? JSON.parse(said) : {};
    if (text) place.textContent = say(text, values);
    if (label) place.setAttribute("aria-label", say(label, values));
    if (title) place.title = say(title, values);
    if (each) place.textContent = spoken(JSON.parse(each));
  }
}

// Say something in `place` that stays said, whichever language is chosen next.  `told` is a key of ours, or the server's
// words, see `spoken`; "" says nothing.
export function sayIn(place, told, values = {}) {
  const each = typeof told === "object";
  place.dataset.say = each ? "" : told;
  place.dataset.said = JSON.stringify(values);
  place.dataset.sayEach = each ? JSON.stringify(told) : "";
  place.textContent = each ? spoken(told) : say(told, values);
}

// A change is an event on the window, so that it reaches also scripts whose import was tried a second time, and which
// then have a copy of this module.  This listener is the first: the others find `language` changed.
const CHANGE = "lenet-language";
window.addEventListener(CHANGE, ({ detail }) => {
  language = detail;
});

export function chooseLanguage(tag) {
  stored("localStorage", "lenet-language", tag);
  window.dispatchEvent(new CustomEvent(CHANGE, { detail: tag }));
}

// Say that `element` is in the visitor's language.  After each change, say the texts that stand in it, and call
// `change` for those that do not.
export function onLanguage(element, change) {
  element.lang = langOf(language);
  window.addEventListener(CHANGE, () => {
    element.lang = langOf(language);
    sayAll(element);
    change();
  });
}
