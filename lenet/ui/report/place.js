// A place for one report: it follows its value, which train/view.js gives it, and is empty where that names no network.

import { report } from "./view.js";

export function mount({ element, props, server, watch }) {
  const shown = report({ element, server });

  function follow() {
    const { network, title } = props.value;
    if (network && network === shown.network && shown.rename(title)) return;
    if (network) shown.choose(network);
    else shown.clear();
  }

  watch("value", follow);
  follow();
}
