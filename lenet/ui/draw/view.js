// The drawing pad.
//
// A drawing is a list of strokes; undo drops the last, and everything shown follows from the list.
// Each change asks the server to read the pad: two questions under way at most, and of what comes
// meanwhile only the newest state, so that slow answers never queue up behind a fast hand.

import { inside } from "./inside.js";
import { answerOf, besideOf, boxesOf, emptyAnswer, nearest, withoutDoubt } from "./reading.js";
import { make } from "../shared/elements.js";
import { language, onLanguage, say } from "../shared/language.js";

const AT_ONCE = 2; // the second leaves while the first is on its way back: an answer a frame, not every other
const SPARING = 100; // milliseconds between two questions under a moving pen while a network trains on the same cores

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

  let strokes = []; // [{width, points: [{x, y}]}] in canvas pixels
  let picture = null; // {address, image}: shown and read in place of strokes
  let refused = false; // the picture that was last chosen, for its size
  let active = null; // the stroke under the pen
  let pointer = null; // the pointer that draws it: a second finger does nothing
  let training = false; // a network is trained behind the page, as the newest answer says
  let version = 0; // counts what makes an answer under way wrong, not merely early: clear, undo, a picture
  let changes = 0; // counts all that changes the pad
  let place = null; // [x, y], parts of the picture: of the digit that is meant; null for the first
  let certain = false; // a person has said that the drawing shows digits
  let reading = null; // the newest answer, of messages.py, or null

  // --- drawing ---------------------------------------------------------------------------------------

  function wipe() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }

  // Everything anew, also for one more point: adding to the last line would darken its soft edges, and
  // the same strokes would then not always be the same picture.
  function redraw() {
    changes += 1;
    place = null;
    refused = false;
    certain &&= strokes.length > 0;
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

  function pointOf(event) {
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
    active = { width: Number(brush.value), points: [pointOf(event)] };
    strokes.push(active);
    redraw();
    read();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    active.points.push(...(moves.length ? moves : [event]).map(pointOf));
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
    if (!newStrokes.every((stroke) => strokes.includes(stroke))) certain = false; // it is another drawing
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
    certain = false;
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
    const rest = training && active ? left + SPARING - performance.now() : 0;
    if (rest > 0) wait = setTimeout(read, rest);
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
    try {
      const empty = !strokes.length && !picture;
      const question = empty || refused ? null : { picture: picture ? picture.address : canvas.toDataURL(), ...props.value };
      const reply = question ? await server.read_drawing({ ...question, language }) : null;
      training = reply?.training ?? training;
      if (of === version && known >= shown) {
        if (refused || reply?.problem) complain(refused ? say("picture_too_large") : reply.problem);
        else show(reply && { ...reply, question });
      }
    } catch {
      complain(say("draw_no_server"));
    }
    asking -= 1;
    shown = Math.max(shown, known);
    result.dataset.changes = shown; // which state of the pad is answered; `benchmarks latency page` reads it
    if (asked !== changes) read();
    else if (!asking) result.setAttribute("aria-busy", "false");
  }

  // --- the answer --------------------------------------------------------------------------------------

  // Which digit of several is meant: the one that a person chose, else the one last drawn.
  function focus() {
    if (place || picture || !strokes.length) return place;
    const { x, y } = strokes.at(-1).points.at(-1);
    return [x / canvas.width, y / canvas.height];
  }

  // A new answer, or null for an empty pad; and then, once nothing is more urgent, what stood behind it.
  function show(next) {
    reading = next;
    render();
    lookBehind();
  }

  function digitsOf({ digits }) {
    return certain ? digits.map((digit) => withoutDoubt(digit, props.unsureBelow)) : digits;
  }

  function render() {
    const held = element.contains(document.activeElement) ? document.activeElement.className : ""; // under the keyboard
    const number = [...result.querySelectorAll(".digit")].indexOf(document.activeElement);
    if (!reading) {
      result.replaceChildren(emptyAnswer(props.classes, props.knowing.includes(props.value.network)));
      boxes.replaceChildren();
      return;
    }
    const digits = digitsOf(reading);
    const chosen = nearest(digits, focus());
    const doubted = reading.digits.some(({ verdict }) => verdict === "not_digit");
    const parts = [answerOf(digits, chosen, doubted ? certain : undefined)];
    if (reading.beside) parts.push(besideOf({ ...reading.beside, digits: digitsOf(reading.beside) }));
    result.replaceChildren(...parts);
    boxes.replaceChildren(...boxesOf(digits, chosen));
    if (number >= 0) result.querySelectorAll(".digit")[number]?.focus();
    if (held === "certain") result.querySelector(".certain")?.focus();
  }

  function lookBehind() {
    behind.look(reading && { ...reading.question, digit: nearest(reading.digits, focus()), certain });
  }

  result.addEventListener("click", (event) => {
    const digit = [...result.querySelectorAll(".digit")].indexOf(event.target.closest(".digit"));
    if (digit >= 0) {
      const [left, top, right, bottom] = reading.digits[digit].box;
      place = [(left + right) / 2, (top + bottom) / 2];
    } else if (event.target.closest(".certain")) certain = !certain;
    else return;
    render();
    lookBehind();
  });

  function complain(message) {
    const line = make("p", { className: "problem", textContent: message });
    line.setAttribute("role", "alert");
    result.replaceChildren(line);
    boxes.replaceChildren();
    reading = null;
    behind.look(null);
  }

  watch("value", () => {
    refused = false; // another network, or another pipeline, for what is on the pad
    readAnew();
  });

  onLanguage(element, () => {
    if (result.querySelector(".problem")) readAnew(); // to be told why in this language
    else render();
  });

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
  render();

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
      get training() {
        return training;
      },
    },
  });
}
