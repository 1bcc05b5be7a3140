// The pad's tools by button and by keyboard: undo, redo, clear, the eraser.

const TYPED = 'input:not([type="range"], [type="checkbox"], [type="radio"]), textarea, [contenteditable]'; // has an undo of its own

// What a key press asks for: "undo", "redo", or undefined.
export function historyKey({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  if (altKey || ctrlKey === metaKey) return undefined;
  return { z: shiftKey ? "redo" : "undo", y: "redo" }[key.toLowerCase()];
}

// Connects the tools in `element` with the pad; returns what to call after each change of it.
export function tools(element, pad) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, eraser] = [".pad", ".eraser"].map(find);
  const press = (pressed) => eraser.setAttribute("aria-pressed", String(pressed));

  find(".undo").addEventListener("click", pad.undo);
  find(".redo").addEventListener("click", pad.redo);
  find(".clear").addEventListener("click", () => pad.show({}));
  eraser.addEventListener("click", () => press(eraser.getAttribute("aria-pressed") !== "true"));

  canvas.addEventListener("pointerdown", () => document.activeElement?.blur()); // a field would keep Ctrl+Z to itself
  document.addEventListener("keydown", (event) => {
    const step = historyKey(event);
    if (!step || canvas.offsetParent === null || event.target.closest(TYPED)) return;
    event.preventDefault();
    pad[step]();
  });

  return () => {
    if (pad.picture || pad.empty) press(false); // there is nothing to rub out
  };
}
