// The drawing pad.
//
// A drawing is a list of strokes; undo drops the last, and everything shown follows from the list.
// Each change asks the server to read the pad: two questions under way at most, and of what comes
// meanwhile only the newest state, so that slow answers never queue up behind a fast hand.

import { inside } from "./inside.js";
import { language, onLanguage, say } from "../shared/language.js";

const AT_ONCE = 2; // the second leaves while the first is on its way back: an answer a frame, not every other
const fresh = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function trace(pen, { width, points }) {
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(points[0].x, points[0].y);
  points.forEach(({ x, y }) => pen.lineTo(x, y)); // to itself first, so that a lone point is a dot
  pen.stroke();
}

// A file as a data: address.
function whole(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
}

// A phone's photo has megabytes, and goes to the server with every question about it.
function smaller(image, side) {
  const scale = side / Math.max(image.width, image.height);
  const still = document.createElement("canvas");
  [still.width, still.height] = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
  const context = still.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, still.width, still.height);
  image.close(); // of 48 megapixels it would hold 190 MB
  return still;
}

export function mount({ element, props, server, watch }) {
  const find = (selector) => element.querySelector(selector);
  const canvas = find(".pad");
  const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true }); // in memory: read at each move
  const result = find(".result");
  const boxes = find(".boxes");
  const brush = find(".brush input");
  const file = find(".file");

  const name = fresh(); // by which the server tells this pad's questions from others'
  let strokes = []; // [{width, points: [{x, y}]}] in canvas pixels
  let picture = null; // {address, image}: shown and read in place of strokes
  let refused = false; // the picture that was last chosen, for its size
  let active = null; // the stroke under the pen
  let pointer = null; // the pointer that draws it: a second finger does nothing
  let rest = 0; // milliseconds between two questions under a moving pen, as the newest answer says
  let training = false; // a network is trained behind the page, as the newest answer says
  let version = 0; // counts what makes an answer under way wrong, not merely early: clear, undo, a picture
  let changes = 0; // counts all that changes the pad
  let chosen = null; // [x, y], parts of the picture: the digit that a person chose to look into

  // --- drawing ---------------------------------------------------------------------------------------

  function wipe() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }

  // Everything anew, also for one more point: adding to the last line would darken its soft edges, and
  // the same strokes would then not always be the same picture.
  function redraw() {
    changes += 1;
    chosen = null;
    refused = false;
    wipe();
    boxes.style.inset = 0;
    if (picture) {
      const scale = Math.min(canvas.width / picture.image.width, canvas.height / picture.image.height);
      const [width, height] = [picture.image.width * scale, picture.image.height * scale];
      const [left, top] = [(canvas.width - width) / 2, (canvas.height - height) / 2];
      pen.drawImage(picture.image, left, top, width, height);
      boxes.style.inset = `${(100 * top) / canvas.height}% ${(100 * left) / canvas.width}%`; // they lie on the picture
    }
    strokes.forEach((stroke) => trace(pen, stroke));
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * canvas.width) / box.width,
      y: ((event.clientY - box.top) * canvas.height) / box.height,
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pointer = event.pointerId;
    if (picture) setPicture(null);
    active = { width: Number(brush.value), points: [place(event)] };
    strokes.push(active);
    redraw();
    read();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    active.points.push(...(moves.length ? moves : [event]).map(place));
    redraw();
    read();
  });

  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = active = null;
      read();
    });
  }

  function replace(newStrokes) {
    strokes = newStrokes;
    picture = null;
    version += 1;
    redraw();
    read();
  }

  find(".undo").addEventListener("click", () => replace(strokes.slice(0, -1)));
  find(".clear").addEventListener("click", () => replace([]));

  // --- pictures --------------------------------------------------------------------------------------

  function setPicture(next) {
    picture = next;
    strokes = [];
    version += 1;
    redraw();
  }

  async function openPicture(blob) {
    if (!blob) return;
    if (blob.size > props.largest) {
      refused = true;
      return readAnew();
    }
    // What the browser cannot show, such as TIFF, the server may still read.
    let image = await createImageBitmap(blob).catch(() => document.createElement("canvas"));
    const large = Math.max(image.width, image.height) > props.side;
    if (large) image = smaller(image, props.side);
    // of other kinds, some may be transparent
    const address = large ? image.toDataURL(blob.type === "image/jpeg" ? blob.type : "image/png", 0.92) : await whole(blob);
    setPicture({ address, image });
    read();
  }

  find(".open").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    openPicture(file.files[0]);
    file.value = "";
  });
  canvas.addEventListener("dragover", (event) => event.preventDefault());
  canvas.addEventListener("drop", (event) => {
    event.preventDefault();
    openPicture(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (canvas.offsetParent === null) return; // another tab of the page is open
    const item = [...event.clipboardData.items].find(({ type }) => type.startsWith("image/"));
    if (item) openPicture(item.getAsFile());
  });

  // --- reading ---------------------------------------------------------------------------------------

  let asking = 0; // questions under way
  let asked = -1; // the number of changes that the newest question knows
  let shown = -1; // and that the answer on screen knows
  let left = 0; // when the newest question left
  let wait = null; // until the next one may

  function read() {
    if (asking === AT_ONCE || (asking && asked === changes)) return;
    result.setAttribute("aria-busy", "true");
    clearTimeout(wait);
    const early = active ? left + rest - performance.now() : 0;
    if (early > 0) wait = setTimeout(read, early);
    else ask();
  }

  // What is shown may be wrong by now, though nobody drew.
  function readAnew() {
    version += 1;
    changes += 1;
    read();
  }

  async function ask() {
    asking += 1;
    asked = changes;
    left = performance.now();
    const [known, of] = [asked, version];
    let superseded = false; // by a newer question of this pad
    try {
      const empty = !strokes.length && !picture;
      const question = empty || refused ? null : { picture: picture ? picture.address : canvas.toDataURL(), focus: focus(), language, pad: name, live: active !== null, ...props.value };
      const reply = question ? await server.read_drawing(question) : refused ? { problem: say("picture_too_large") } : nothing();
      training = reply.training ?? training;
      rest = reply.rest ?? rest;
      superseded = Boolean(reply.superseded);
      if (!superseded && of === version && known >= shown) {
        show(reply);
        behind.look(reply.problem ? null : question); // once nothing is more urgent
      }
    } catch {
      complain(say("draw_no_server"));
    }
    asking -= 1;
    if (!superseded) shown = Math.max(shown, known);
    result.dataset.changes = shown; // which state of the pad is answered; `benchmarks latency page` reads it
    if (asked !== changes) read();
    else if (!asking) result.setAttribute("aria-busy", "false");
  }

  // The answer to an empty pad, with the bars that the network's answers will have.
  function nothing() {
    const empty = props.empty[language];
    return props.knowing.includes(props.value.network) ? empty : { ...empty, answer: empty.plain };
  }

  // Which digit of several is meant: the one that a person chose, else the one last drawn.
  function focus() {
    if (chosen || picture || !strokes.length) return chosen;
    const { x, y } = strokes.at(-1).points.at(-1);
    return [x / canvas.width, y / canvas.height];
  }

  function show(reply) {
    if (reply.problem) return complain(reply.problem);
    const held = [...result.querySelectorAll(".digit")].indexOf(document.activeElement); // a digit under the keyboard
    [result.innerHTML, boxes.innerHTML] = [reply.answer, reply.boxes];
    if (held >= 0) result.querySelectorAll(".digit")[held]?.focus();
  }

  result.addEventListener("click", (event) => {
    const digit = event.target.closest(".digit");
    if (!digit) return;
    chosen = [Number(digit.dataset.x), Number(digit.dataset.y)];
    changes += 1;
    read();
  });

  function complain(message) {
    const line = document.createElement("p");
    line.className = "problem";
    line.setAttribute("role", "alert");
    line.textContent = message;
    result.replaceChildren(line);
    boxes.replaceChildren();
  }

  watch("value", () => {
    refused = false; // another network, or another pipeline, for what is on the pad
    readAnew();
  });

  onLanguage(element, readAnew);

  // --- examples --------------------------------------------------------------------------------------

  for (const { name, width, strokes: lines } of props.examples) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.sayTitle = button.dataset.sayLabel = `draw_${name}`;
    const paths = lines.map((points) => `<polyline points="${points.join(" ")}"/>`).join("");
    button.innerHTML = `<svg viewBox="0 0 280 280" stroke-width="${width}">${paths}</svg>`;
    button.addEventListener("click", () =>
      replace(lines.map((points) => ({ width, points: points.map(([x, y]) => ({ x, y })) }))),
    );
    find(".examples").append(button);
  }

  wipe();
  show(nothing());

  const behind = inside({
    element,
    props,
    server,
    pad: {
      get drawing() {
        return active !== null;
      },
      get version() {
        return version;
      },
      get rest() {
        return rest;
      },
      get training() {
        return training;
      },
    },
  });
}
