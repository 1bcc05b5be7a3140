// What is said beside the button that uploads a network: its value is a Remark of messages.py.

import { make } from "../shared/elements.js";
import { onLanguage, spoken } from "../shared/language.js";

export function mount({ element, props, watch }) {
  function show() {
    const { said, problem } = props.value;
    const kind = problem ? { className: "problem", role: "alert" } : { className: "note", "aria-live": "polite" };
    element.replaceChildren(make("p", kind, spoken(said)));
  }

  watch("value", show);
  onLanguage(element, show);
  show();
}
