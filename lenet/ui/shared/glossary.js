// Technical words, each with its sentence: under the pointer, at a tap, or with the keyboard.

import { make } from "./elements.js";
import { language, say } from "./language.js";

// The keys of each word, of which some are written in several ways, with "|" between them, and of its sentence.
const TERMS = [
  ["term_convolution", "term_convolution_is"],
  ["term_map", "term_map_is"],
  ["term_pooling", "term_pooling_is"],
  ["term_relu", "term_relu_is"],
  ["term_gelu", "term_gelu_is"],
  ["term_squashed", "term_squashed_is"],
  ["term_normalised", "term_normalised_is"],
  ["term_connected", "term_connected_is"],
  ["term_filter", "term_filter_is"],
  ["term_patch", "term_patch_is"],
  ["term_bias", "term_bias_is"],
  ["term_test", "term_test_is"],
  ["term_accuracy", "term_accuracy_is"],
  ["term_share", "term_share_is"],
  ["term_calibration", "term_calibration_is"],
  ["term_parameters", "term_parameters_is"],
  ["term_multiply_adds", "term_multiply_adds_is"],
  ["term_optimiser", "term_optimiser_is"],
  ["term_schedule", "term_schedule_is"],
  ["term_rate", "term_rate_is"],
  ["term_momentum", "term_momentum_is"],
  ["term_decay", "term_decay_is"],
  ["term_loss", "term_loss_is"],
  ["term_augmentation", "term_augmentation_is"],
  ["term_epoch", "term_epoch_is"],
  ["term_batch", "term_batch_is"],
  ["term_validation", "term_validation_is"],
  ["term_precision", "term_precision_is"],
  ["term_logit", "term_logit_is"],
  ["term_teacher", "term_teacher_is"],
];

function term(word, sentence) {
  const meaning = make("span", { className: "meaning", role: "tooltip", textContent: sentence });
  const made = make("span", { className: "term", tabIndex: 0, textContent: word });
  made.append(meaning);
  const inside = () => {
    meaning.style.translate = "";
    const over = meaning.getBoundingClientRect().right - document.documentElement.clientWidth + 8;
    if (over > 0) meaning.style.translate = `${-over}px`;
  };
  made.addEventListener("click", (event) => event.preventDefault()); // in a label: it would go to the field
  made.addEventListener("pointerenter", inside);
  made.addEventListener("focus", inside);
  made.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), event.preventDefault(), made.blur()));
  return made;
}

// The words of the language that is spoken, with their sentences, and what finds them in a text: an answer asks for them
// on every frame while the pen moves.
let known = { language: "" };

function words() {
  if (known.language === language) return known;
  const meanings = new Map(TERMS.flatMap(([key, meaning]) => say(key).split("|").map((word) => [word, say(meaning)])));
  const longest = [...meanings.keys()].sort((a, b) => b.length - a.length).join("|");
  known = { language, meanings, pattern: new RegExp(`(?<![A-Za-z])(${longest})(?![A-Za-z])`) };
  return known;
}

// Say the text of this key in `place`, explained; where it stands there already, its sentences stay open.
export function explainIn(place, key) {
  const which = `${language} ${key}`;
  if (place.dataset.explained === which) return;
  place.dataset.explained = which;
  const held = place.contains(document.activeElement);
  place.replaceChildren(...explained(say(key)));
  if (held) place.querySelector(".term")?.focus(); // or the keyboard would be nowhere
}

// The same for all of `part` that have a key in "data-explain".
export function explainAll(part) {
  for (const place of part.querySelectorAll("[data-explain]")) explainIn(place, place.dataset.explain);
}

// The sentence of the first technical word in `text`, or "": for a field's label, which is to be no longer than it is.
export function meaningOf(text) {
  const { meanings, pattern } = words();
  return meanings.get(text.match(pattern)?.[0]) ?? "";
}

// `text` for `element.append`, each technical word in it with its meaning.
export function explained(text) {
  const { meanings, pattern } = words();
  return text.split(pattern).map((part, i) => (i % 2 ? term(part, meanings.get(part)) : part));
}
