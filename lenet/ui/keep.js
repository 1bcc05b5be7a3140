// What of the training studio is needed before its tab is opened, since Gradio builds a tab when it is.
// gr.HTML runs this as a function body with `server` and `trigger`.
//
// A link with settings opens the tab, and so does a page that is reloaded in it.  Elsewhere, a run that was
// under way goes on after a reload: that this asks tells the server that the page is there.

const stored = (store, key) => {
  try {
    return store.getItem(key);
  } catch {
    return null; // a browser that remembers nothing
  }
};

async function keep() {
  const visitor = stored(localStorage, "lenet-visitor");
  while (visitor && !document.querySelector("#training")) {
    const reply = await server.present({ visitor }).catch(() => null);
    if (reply && !reply.active) return;
    if (!reply) await new Promise((resolve) => setTimeout(resolve, 1000)); // one answer that is lost is no reason
  }
}

const linked = new URLSearchParams(location.search).has("recipe");
if (linked || stored(sessionStorage, "lenet-training-open") === "yes") trigger("open");
else keep();
