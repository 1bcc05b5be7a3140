// What of the Train tab is needed before its tab is opened, since Gradio builds a tab when it is.
//
// A link with settings opens the tab, and so does a page that is reloaded in it.  Elsewhere, a run that was
// under way goes on after a reload: that this asks tells the server that the page is there.

import { stored } from "../shared/storage.js";

export function mount({ trigger, server }) {
  const asked = new URLSearchParams(location.search);
  const linked = asked.has("recipe") || asked.get("show") === "train";
  if (linked || stored("sessionStorage", "lenet-training-open") === "yes") trigger("open");
  else keep(server);
}

async function keep(server) {
  const visitor = stored("localStorage", "lenet-visitor");
  while (visitor && !document.querySelector("#training")) {
    const reply = await server.present({ visitor }).catch(() => null);
    if (reply && !reply.active) return;
    if (!reply) await new Promise((resolve) => setTimeout(resolve, 1000)); // one answer that is lost is no reason
  }
}
