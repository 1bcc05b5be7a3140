// What of the Train tab is needed before its tab is opened, since Gradio builds a tab when it is.
//
// It opens the tab where that is the first to be seen, see shared/link.js.  Elsewhere, a run that was
// under way goes on after a reload: that this asks tells the server that the page is there.

import { firstTab } from "../shared/link.js";
import { stored } from "../shared/storage.js";

export function mount({ trigger, server }) {
  if (firstTab() === "train") trigger("open");
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
