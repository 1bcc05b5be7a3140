// The zoo's list of networks; report.js, before it, shows the chosen one.

function pick(name) {
  for (const entry of element.querySelectorAll("[data-network]")) {
    const now = entry.dataset.network === name;
    entry.classList.toggle("chosen", now);
    if (entry.matches("button")) entry.setAttribute("aria-pressed", now);
  }
}

element.addEventListener("click", async (event) => {
  const entry = event.target.closest("[data-network]");
  if (!entry || entry.dataset.network === network) return;
  pick(entry.dataset.network);
  const mine = choose(entry.dataset.network);
  await mine;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (about.getBoundingClientRect().top > innerHeight / 2) about.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
});

// A visitor's own networks stand above the others; a new one is shown.
watch("value", () => {
  find(".own").innerHTML = props.value.own;
  pick(props.value.network);
  choose(props.value.network);
});

// A file that is too large is refused before it travels: Gradio would only name its own limit.
document.addEventListener(
  "change",
  (event) => {
    const file = event.target.matches(".upload input[type=file]") && event.target.files[0];
    if (!file || file.size <= props.largest) return;
    event.stopImmediatePropagation();
    event.target.value = "";
    trigger("refuse", { name: file.name, size: file.size });
  },
  true,
);

network = props.value.network;
begin(false);
