// Accuracy against parameters: where the parts of the figure stand, and the figure.
//
// It is made of HTML, for its texts keep their size on a phone.

import { make } from "../shared/elements.js";
import { number, percent } from "../shared/format.js";
import { explained } from "../shared/glossary.js";
import { say, spoken } from "../shared/language.js";

export const HEIGHT = 190; // pixels, as in shared/style.css
export const LINE = 16; // pixels between two names
const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]; // percent between two grid lines
const MAX_LEVELS = 4; // grid lines, about
const MARGIN = 0.12; // of the range, on each side
const MIN_DECADES = 0.12; // that the axis of parameters has
const MIN_PERCENT = 0.5; // that the axis of accuracy has

// The range of `values` with a margin, and a range of `least` at the least.
function padded(values, least) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(MARGIN * (high - low), (least - (high - low)) / 2);
  return [low - margin, high + margin];
}

// Round numbers between the two: 1, 2 and 5 times a power of ten, or all digits where that gives but one.
export function ticks(low, high) {
  const every = (digits) =>
    [3, 4, 5, 6, 7, 8].flatMap((power) => digits.map((digit) => digit * 10 ** power)).filter((tick) => low <= tick && tick <= high);
  const few = every([1, 2, 5]);
  return few.length > 1 ? few : every([1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

const round = (tick) => (tick >= 1e6 ? `${Math.floor(tick / 1e6)}M` : `${Math.floor(tick / 1e3)}k`);

// {levels, ticks: [{part, text}], dots: [{network, part, up, drop, side}]}: `part` is of the axis, 0 to 1, and parameters
// stand on a logarithmic one; `up` is in pixels; the name is `drop` pixels below its dot, on its `side`, and so below
// the name before it.  `networks` are measured: {parameters, accuracy}.
export function layout(networks) {
  const points = networks.map((network) => ({ network, x: Math.log10(network.parameters), y: 100 * network.accuracy }));
  const [left, right] = padded(points.map(({ x }) => x), MIN_DECADES);
  let [low, high] = padded(points.map(({ y }) => y), MIN_PERCENT);
  high = Math.min(high, 100);
  const step = STEPS.find((one) => (high - low) / one <= MAX_LEVELS) ?? STEPS.at(-1);
  const levels = [];
  for (let level = Math.ceil(low / step); level <= Math.floor(high / step); level += 1) {
    levels.push({ part: (level * step - low) / (high - low), text: `${Number((level * step).toPrecision(6))}%` });
  }
  let lowest = Infinity;
  const dots = points
    .sort((one, other) => other.y - one.y)
    .map(({ network, x, y }) => {
      const part = (x - left) / (right - left);
      const up = (HEIGHT * (y - low)) / (high - low);
      lowest = Math.min(up, lowest - LINE);
      return { network, part, up, drop: up - lowest, side: part > 0.5 ? "west" : "east" };
    });
  const feet = ticks(10 ** left, 10 ** right);
  return { levels, ticks: feet.map((tick) => ({ part: (Math.log10(tick) - left) / (right - left), text: round(tick) })), dots };
}

const percents = (part) => `${(100 * part).toFixed(2)}%`;

// The figure of those that somebody measured; null where there are none.
export function scatter(networks) {
  const measured = networks.filter(({ accuracy }) => accuracy !== null);
  if (!measured.length) return null;
  const { levels, ticks: feet, dots } = layout(measured);
  const said = measured.map(({ name, accuracy, parameters }) =>
    say("scatter_dot", { name: spoken(name), accuracy: percent(accuracy, 2), parameters: number(parameters) }),
  );
  return make(
    "figure",
    { className: "scatter", role: "img", "aria-label": say("scatter_said", { networks: said.join(say("list_comma")) }) },
    make("figcaption", {}, ...explained(say("scatter"))),
    make(
      "div",
      { className: "plane" },
      ...levels.map(({ part, text }) => make("i", { className: "level", style: `bottom:${percents(part)}` }, make("u", {}, text))),
      ...feet.map(({ part, text }) => make("i", { className: "tick", style: `left:${percents(part)}` }, text)),
      ...dots.map(({ network, part, up, drop, side }) =>
        make(
          "span",
          { className: `dot ${side}`, "data-network": network.key, style: `left:${percents(part)};bottom:${up.toFixed(0)}px` },
          make("b", { style: `top:${drop.toFixed(0)}px` }, spoken(network.name)),
        ),
      ),
    ),
  );
}
