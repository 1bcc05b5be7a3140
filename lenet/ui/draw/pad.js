// The pad: strokes as data, drawn by mouse, finger or pen, or a picture in their place.
//
// Everything shown follows from the strokes.  The canvas only shows them: what is read is computed from the strokes
// (raster.js), since some browsers alter what a canvas gives back.

import { raster } from "./raster.js";

const PALM_REST = 1000; // milliseconds after a pen's last sign in which a touch is taken for the hand that holds it
const TOUCH_REST = 500; // after which a touch without a sign may have been lost, so that another may draw
const REMEMBERED = 200; // changes that undo takes back

function trace(pen, { width, points, erases }) {
  const [first] = points;
  pen.strokeStyle = erases ? "white" : "black";
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  if (points.length === 1) pen.arc(first.x, first.y, 0.001, 0, 7); // a canvas draws no line to where it already is
  pen.moveTo(first.x, first.y);
  points.forEach(({ x, y }) => pen.lineTo(x, y));
  pen.stroke();
}

// `eraser`, where there is one, is a button that is pressed where strokes take ink away.  `changed` is called after each
// change of what is on the pad, and `ended` when a stroke is.
export function padOn(canvas, { brush, eraser, changed, ended }) {
  const pen = canvas.getContext("2d", { alpha: false });
  const { width, height } = canvas;
  const pixelsOf = raster(width, height);

  let strokes = []; // [{width, points: [{x, y}], erases}] in canvas pixels
  let picture = null; // {address, image}: shown and read in place of strokes
  let pointer = null; // {id, type, seen}: what draws the last stroke, and when it last gave a sign
  let penSeen = -Infinity; // when a pen last gave a sign
  let past = []; // {strokes, picture} before each change that can be taken back, the newest last
  let future = []; // after each that was, the next one last

  // Everything anew, also for one more point: adding to the last line would darken its soft edges, and
  // the same strokes would then not always be the same picture.
  function paint() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, width, height);
    if (picture) {
      const [left, top, wide, high] = pictureBox();
      pen.drawImage(picture.image, left * width, top * height, wide * width, high * height);
    }
    strokes.forEach((stroke) => trace(pen, stroke));
  }

  function redraw() {
    paint();
    changed();
  }

  // --- history -----------------------------------------------------------------------------------------

  const state = () => ({ strokes: [...strokes], picture });

  function remember() {
    past = [...past, state()].slice(-REMEMBERED);
    future = [];
  }

  // Back, or forth again.
  function travel(from, to) {
    if (!from.length) return;
    pointer = null;
    to.push(state());
    ({ strokes, picture } = from.pop());
    redraw();
  }

  // Where the picture lies on the pad, as parts of it: [left, top, width, height].
  function pictureBox() {
    if (!picture) return [0, 0, 1, 1];
    const { image } = picture;
    const scale = Math.min(width / image.width, height / image.height);
    const [wide, high] = [(image.width * scale) / width, (image.height * scale) / height];
    return [(1 - wide) / 2, (1 - high) / 2, wide, high];
  }

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * width) / box.width, y: ((event.clientY - box.top) * height) / box.height };
  }

  // --- strokes ---------------------------------------------------------------------------------------

  function end() {
    if (!pointer) return;
    pointer = null;
    ended();
  }

  // What another pointer that comes down does to the one that draws: "ignore" the new one, "drop" the old one's stroke,
  // or "end" it, for its own end may never have come.
  function against(event, now) {
    if (event.pointerType === "touch" && now - penSeen < PALM_REST) return "ignore"; // the hand that holds the pen
    if (!pointer) return "end";
    if (event.pointerType === "pen" && pointer.type === "touch") return "drop"; // the palm came before the pen
    const second = event.pointerType === "touch" && pointer.type === "touch" && !event.isPrimary;
    return second && now - pointer.seen < TOUCH_REST ? "ignore" : "end"; // a second finger does nothing
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const verdict = against(event, event.timeStamp);
    if (verdict === "ignore") return;
    event.preventDefault();
    if (verdict === "drop") ({ strokes, picture } = past.pop());
    end();
    const erases = eraser?.getAttribute("aria-pressed") === "true";
    if (!erases) begin(event, false);
    else if (strokes.length) begin(event, true); // of a picture, and of an empty pad, there is nothing to rub out
  });

  function begin(event, erases) {
    pointer = { id: event.pointerId, type: event.pointerType, seen: event.timeStamp };
    if (event.pointerType === "pen") penSeen = event.timeStamp;
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // it is up already; then its next sign has no button down, and ends the stroke
    }
    remember();
    if (picture) [picture, strokes] = [null, []];
    strokes.push({ width: Number(brush.value), points: [pointOf(event)], erases });
    redraw();
  }

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "pen") penSeen = event.timeStamp; // in the air too
    if (event.pointerId !== pointer?.id) return;
    if (event.buttons === 0) return end(); // it went up where the page does not hear of it
    pointer.seen = event.timeStamp;
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    strokes.at(-1).points.push(...(moves.length ? moves : [event]).map(pointOf));
    redraw();
  });

  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(kind, (event) => {
      if (event.pointerId === pointer?.id) end();
    });
  }

  paint();

  return {
    get strokes() {
      return strokes;
    },
    get picture() {
      return picture;
    },
    get drawing() {
      return pointer !== null;
    },
    get empty() {
      return !strokes.length && !picture;
    },
    pictureBox,
    // These strokes, or this picture, in place of what is there.
    show(next) {
      if (strokes.length || picture || next.strokes || next.picture) remember();
      [strokes, picture, pointer] = [next.strokes ?? [], next.picture ?? null, null];
      redraw();
    },
    undo: () => travel(past, future),
    redo: () => travel(future, past),
    // Where the pen was last, as parts of the pad, or null.
    get last() {
      const point = strokes.at(-1)?.points.at(-1);
      return point ? [point.x / width, point.y / height] : null;
    },
    // The strokes as a grey picture, {width, height, data: Uint8Array}: black (0) on white (255).
    grey: () => ({ width, height, data: pixelsOf(strokes) }),
  };
}
