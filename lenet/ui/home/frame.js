// What every file to take home shows around its pad or its picture: what the network is, and the layers of its answer.

import { traced, workingsOf } from "../draw/trace.js";
import { openCloseup } from "../shared/closeup.js";
import { onTheme } from "../shared/colours.js";
import { number, percent } from "../shared/format.js";
import { mount } from "../shared/head.js";
import { sayAll, sayIn } from "../shared/language.js";
import { layers } from "../shared/layers.js";

// Say all texts of the file, once everything is there.
export function finish(element, table) {
  followTheme();
  const values = { model: table.model, parameters: number(table.parameters), date: table.made };
  const tested = table.accuracy !== null;
  if (tested) values.accuracy = percent(table.accuracy);
  sayIn(element.querySelector(".about"), tested ? "home_network_tested" : "home_network", values);
  sayAll(element);
  mount({ element, trigger: () => {}, props: { tabs: [] } });
}

function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

// The layers of the answer, and whether all of them are shown; a map can be enlarged.  `behind` gives them and all
// outputs, of shared/engine.js; null while there is no answer.
export function layersIn(element, blank, behind) {
  let outputs = null;
  const painted = layers(element, (layer, cell) => {
    const from = outputs;
    openCloseup(layer, cell, (...place) => workingsOf(traced(from, layer.name, ...place)));
  });
  const every = element.querySelector(".every");
  const show = () => {
    const found = behind(every.checked);
    outputs = found?.outputs;
    if (found?.outputs) painted.show(found.layers);
    else painted.empty();
  };
  every.addEventListener("change", () => {
    painted.all(every.checked);
    show();
  });
  painted.build(blank);
  painted.empty();
  new ResizeObserver(painted.paint).observe(element.querySelector(".behind"));
  onTheme(painted.paint);
  return show;
}
