// Each family's networks in a list to choose from, and its figure beside it.

import { make } from "../shared/elements.js";
import { duration, number, percent, short, size } from "../shared/format.js";
import { say, spoken } from "../shared/language.js";
import { scatter } from "./scatter.js";

const COLUMNS = ["accuracy", "parameters", "multiply_adds", "training", "file"];

function entry(network) {
  const took = duration(network.train_seconds);
  // The units are for a phone, where no heading stands above them.
  const counted = (text, unit) => make("span", {}, text, make("small", {}, ` ${say(unit)}`));
  return make(
    "button",
    { type: "button", className: "entry", "data-network": network.key },
    make("span", { className: "who" }, make("b", {}, spoken(network.name)), " ", make("i", {}, say("model_on_dataset", network))),
    make("span", { className: "test" }, network.accuracy === null ? say("not_measured") : percent(network.accuracy, 2)),
    make(
      "span",
      { className: "facts" },
      counted(number(network.parameters), "unit_parameters"),
      counted(short(network.multiply_adds), "unit_multiply_adds"),
      make("span", { className: "more" }, network.on_gpu ? say("on_gpu", { time: took }) : took),
      make("span", { className: "more" }, size(network.file_bytes)),
    ),
  );
}

// `name` and `networks` as in Family of messages.py.
export function family({ name, networks }) {
  const title = say(`family_${name}`);
  const head = make("div", { className: "head", "aria-hidden": "true" }, make("h3", {}, title));
  head.append(...COLUMNS.map((column) => make("span", {}, say(`list_${column}`))));
  const yours = name === "yours"; // they come one at a time, and compare with nothing
  return make(
    "section",
    { className: yours ? "family yours" : "family" },
    make("div", { className: "list", role: "group", "aria-label": title }, head, ...networks.map(entry)),
    !yours && networks.length > 1 && scatter(networks),
  );
}
