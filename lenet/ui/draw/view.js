// The Draw tab: a pad, and beside it what the network reads there.
//
// The browser reads strokes itself, on the frame after each change, once it has the network.  Until then, and for what
// it cannot compute, pictures among them, it asks the server: two questions under way at most, and of what comes
// meanwhile only the newest state, so that slow answers never queue up behind a fast hand.

import { exampleButtons, strokesOf } from "./examples.js";
import { inside } from "./inside.js";
import { invitation } from "./invitation.js";
import { padOn } from "./pad.js";
import { opened } from "./pictures.js";
import { greyAddress } from "./png.js";
import { raster } from "./raster.js";
import { readersOf } from "./readers.js";
import { answerOf, besideOf, boxesOf, doubted, emptyAnswer, nearest, withoutDoubt } from "./reading.js";
import { tools } from "./tools.js";
import { NONE, wrongAnswers } from "./wrong.js";
import { answering } from "../shared/answer.js";
import { follow, make } from "../shared/elements.js";
import { encoded } from "../shared/keeping.js";
import { language, onLanguage, say, spoken } from "../shared/language.js";

const SILENCE = 2000; // milliseconds between two tries to reach a server that does not answer
const MAX_QUESTIONS = 2; // the second leaves while the first is on its way back: an answer a frame, not every other
const fresh = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function mount({ element, trigger, props, server, watch }) {
  const find = (selector) => element.querySelector(selector);
  const [canvas, result, boxes, file, offline] = [".pad", ".result", ".boxes", ".file", ".offline"].map(find);

  const name = fresh(); // by which the server tells this pad's questions from others'
  let refused = ""; // why the picture that was last chosen is not shown, as a key of the texts
  let opening = 0; // counts pictures chosen; the newest is the one that is wanted
  let rest = null; // milliseconds between two questions under a moving pen, as the newest answer says; null before the first
  let training = false; // a network is trained behind the page, as the newest answer says
  let version = 0; // counts what makes an answer under way wrong, not merely early: clear, undo, a picture
  let changes = 0; // counts all that changes the pad
  let place = null; // [x, y], parts of the picture: of the digit that is meant; null for the first
  let certain = false; // a person has said that the drawing shows digits
  let reading = null; // the newest answer, of messages.py, or null
  let asks = props.value.network; // the network that is asked
  let asksBefore = ""; // and the one that was before it
  let before = { strokes: new Set(), picture: null }; // what was on the pad when it last changed

  // --- the pad ---------------------------------------------------------------------------------------

  const pad = padOn(canvas, { brush: find(".brush input"), eraser: find(".eraser"), changed, ended });
  const followPad = tools(element, pad);
  const invited = invitation(find(".sheet"));
  const readers = readersOf({ server, arrived: (network) => [asks, asksBefore].includes(network) && arrived() });
  const wrong = wrongAnswers({
    element,
    server,
    most: props.mostCorrections,
    network: () => ({ key: props.value.network, called: readers.called(props.value.network)?.caption, knowing: knows() }),
    use: (network) => trigger("use", network),
  });

  // Whether the network that is asked knows what is no digit.
  function knows() {
    const { network } = props.value;
    return readers.of(network)?.reader.knowsNonDigits ?? props.knowing.includes(network);
  }

  function arrived() {
    wrong.network();
    sayOffline();
    readAnew();
  }

  function ended() {
    if (reading) render(); // with what waited for the pen to go up
    if (reading?.here && !reading.hasty) behind.rested();
    else read();
  }

  function changed() {
    invited.remove();
    followPad();
    wrong.moved();
    changes += 1;
    place = null;
    refused = "";
    const kept = pad.strokes.filter((stroke) => before.strokes.has(stroke)).length;
    if (!kept) certain = false; // it is another drawing
    if (kept < before.strokes.size || pad.picture !== before.picture) version += 1;
    before = { strokes: new Set(pad.strokes), picture: pad.picture };
    const [left, top] = pad.pictureBox();
    boxes.style.inset = `${100 * top}% ${100 * left}%`; // they lie on the picture
    read();
  }

  // Gradio's choices stand below the board, in the same column: as high as it is, and as sticky.
  const board = find(".board");
  new ResizeObserver(() => element.closest("#drawing").style.setProperty("--board", `${board.offsetHeight}px`)).observe(board);

  // --- pictures --------------------------------------------------------------------------------------

  async function openPicture(blob) {
    if (!blob) return;
    const number = ++opening;
    const picture = blob.size > props.largest ? null : await opened(blob, props.side);
    if (number !== opening) return;
    if (picture) return pad.show({ picture });
    refused = blob.size > props.largest ? "picture_too_large" : "picture_unreadable";
    readAnew();
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
  let frame = 0; // on which the browser reads the pad itself

  function read() {
    const mine = pad.picture || refused ? null : readers.of(props.value.network);
    if (mine || (pad.empty && !refused)) return readHere(mine);
    if (asking === (rest === null ? 1 : MAX_QUESTIONS) || (asking && asked === changes)) return;
    result.setAttribute("aria-busy", "true");
    clearTimeout(wait);
    const early = pad.drawing ? left + rest - performance.now() : 0;
    if (early > 0) wait = setTimeout(read, early);
    else ask();
  }

  // On the next frame, for however many changes there are until then.
  function readHere(mine) {
    result.setAttribute("aria-busy", "true");
    clearTimeout(wait);
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      asked = shown = changes;
      try {
        show(pad.empty || !mine ? null : readingOf(mine));
      } catch (error) {
        console.error(error);
        readers.giveUp(props.value.network);
        return ask();
      }
      result.dataset.changes = shown;
      result.setAttribute("aria-busy", "false");
    });
  }

  function readingOf({ reader, beside }) {
    const { pipeline } = props.value;
    const grey = pad.grey();
    const { found, marks, hasty } = reader.read(grey, pipeline, { hasty: pad.drawing });
    const other = beside && besideHere(beside, grey, pipeline);
    return {
      digits: found.map(({ digit }) => digit),
      marks,
      hasty: hasty || Boolean(other?.hasty),
      beside: other,
      asked: async () => ({ picture: await greyAddress(grey.data, grey.width, grey.height), ...props.value }),
      here: (digit, options) => reader.behind(found[digit], options),
    };
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
      const question = refused ? null : { picture: await address(), ...props.value };
      const reply = question && (await server.read_drawing({ ...question, language, pad: name, live: pad.drawing }));
      training = reply?.training ?? training;
      rest = reply?.rest ?? rest;
      superseded = Boolean(reply?.superseded);
      if (!superseded && of === version && known >= shown) {
        shown = known;
        if (refused || reply?.problem) complain(refused ? say(refused) : spoken(reply.problem));
        else show({ ...reply, asked: async () => question });
      }
    } catch {
      complain(say("draw_no_server"));
      heard(false);
    }
    asking -= 1;
    if (!superseded) shown = Math.max(shown, known);
    else if (known === asked) asked = -1; // the newest, overtaken on its way by an older one: it is asked again
    result.dataset.changes = shown; // which state of the pad is answered; `benchmarks latency page` reads it
    if (asked !== changes) read();
    else if (!asking) result.setAttribute("aria-busy", "false");
  }

  async function address() {
    if (pad.picture) return pad.picture.address;
    const { data, width, height } = pad.grey();
    return greyAddress(data, width, height);
  }

  // What stands behind an example, for views that would else be empty; null where only the server could say.
  let example = null; // {grey, of, found}: the newest, and whom it was shown to

  function exampleBehind(options) {
    const mine = readers.of(props.value.network);
    if (!mine || !props.examples.length) return null;
    const { network, pipeline } = props.value;
    const of = `${network} ${pipeline}`;
    const grey = example?.grey ?? { width: canvas.width, height: canvas.height, data: raster(canvas.width, canvas.height)(strokesOf(props.examples[0])) };
    if (example?.of !== of) example = { grey, of, found: mine.reader.read(grey, pipeline).found[0] };
    const { width, height, data } = grey;
    const question = async () => ({ picture: await greyAddress(data, width, height), network, pipeline, digit: 0, certain: false });
    return Object.assign(mine.reader.behind(example.found, options), { of, question });
  }

  // What another network reads in what a visitor's own one is asked: the one that was asked before, else the shipped one.
  function besideHere(shipped, grey, pipeline) {
    const key = asksBefore && readers.of(asksBefore) ? asksBefore : shipped;
    const other = readers.of(key);
    if (!other) return null;
    const { found, marks, hasty } = other.reader.read(grey, pipeline, { hasty: pad.drawing });
    return { ...readers.called(key), digits: found.map(({ digit }) => digit), marks, hasty };
  }

  // Without the server the pad goes on, where it has the network, and says so.
  let gone = false; // the server has not answered
  let trial = null; // until it is asked whether it is back: an empty pad, or one out of view, has no other question

  function heard(answered) {
    const back = answered && gone;
    gone = !answered;
    sayOffline();
    clearTimeout(trial);
    if (gone) trial = setTimeout(tryServer, SILENCE);
    if (back && result.querySelector(".problem")) readAnew();
  }

  function sayOffline() {
    offline.hidden = !((gone || !navigator.onLine) && readers.here(props.value.network));
  }

  // This script's own address: an answer of a few bytes.
  const tryServer = () => fetch(import.meta.url, { method: "HEAD", cache: "no-store" }).then(({ status }) => heard(status < 500), () => heard(false));

  window.addEventListener("offline", () => heard(false));
  window.addEventListener("online", () => heard(true));

  // --- the answer --------------------------------------------------------------------------------------

  // Which digit of several is meant: the one that a person chose, else the one last drawn.
  const focus = () => place ?? pad.last;

  // A new answer, or null for an empty pad; and then, once nothing is more urgent, what stood behind it.
  function show(next) {
    reading = next;
    render();
    lookBehind();
  }

  // A reading as it is told.
  function told(read) {
    return certain ? { ...read, digits: read.digits.map((digit) => withoutDoubt(digit, props.unsureBelow)) } : read;
  }

  function render() {
    const held = element.contains(document.activeElement) ? document.activeElement.className : ""; // under the keyboard
    const number = [...result.querySelectorAll(".digit")].indexOf(document.activeElement);
    const called = readers.called(props.value.network);
    const who = called ? answering(called) : "";
    if (!reading) {
      result.replaceChildren(emptyAnswer(props.classes, props.knowing.includes(props.value.network), who));
      boxes.replaceChildren();
      wrong.follow(null);
      return;
    }
    const said = told(reading);
    const chosen = nearest(said.digits, focus());
    const drawing = pad.drawing || reading.hasty || shown !== changes; // or there is more on the pad than is answered yet
    const parts = [answerOf(said, chosen, { certain: reading.digits.some(doubted) ? certain : undefined, drawing, who })];
    if (reading.beside) parts.push(besideOf(told(reading.beside), drawing));
    follow(result, parts);
    follow(boxes, boxesOf(said, chosen, drawing));
    if (number >= 0) result.querySelectorAll(".digit")[number]?.focus();
    if (held === "certain") result.querySelector(".certain")?.focus();
    wrong.follow(toCorrect(reading, said.digits[chosen], chosen));
  }

  // The digit that is meant, for wrong.js; null where there is none, or the network reads something else than digits.
  function toCorrect(answer, digit, place) {
    if (digit.verdict === "blank" || Object.keys(digit.probs).join("") !== "0123456789") return null;
    const none = digit.verdict === "not_digit";
    return { answer: none ? NONE : digit.label, knowing: digit.p_not_digit !== null, picture: () => pictureOf(answer, place) };
  }

  // What the network saw of it, 28x28 pixels in base64.
  async function pictureOf(answer, place) {
    if (!answer.here) return (await server.what_was_seen({ ...(await answer.asked()), digit: place, language })).picture;
    const seen = answer.here(place).stages.find(({ name: { template } }) => ["Centred", "Inverted"].includes(template));
    return encoded(seen.image.cells);
  }

  function lookBehind() {
    if (!reading) return behind.look(null);
    const [answer, digit, knowing] = [reading, nearest(reading.digits, focus()), certain];
    behind.look({
      question: async () => ({ ...(await answer.asked()), digit, certain: knowing }),
      here: answer.here ? (options) => answer.here(digit, options) : null,
    });
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
    wrong.follow(null);
    behind.look(null);
  }

  watch("value", () => {
    if (props.value.network !== asks) [asksBefore, asks] = [asks, props.value.network];
    refused = ""; // another network, or another pipeline, for what is on the pad
    readers.of(props.value.network);
    arrived();
  });

  onLanguage(element, () => {
    if (result.querySelector(".problem")) readAnew(); // to be told why in this language
    else render();
  });

  // --- examples --------------------------------------------------------------------------------------

  find(".examples").append(...exampleButtons(props.examples, (strokes) => pad.show({ strokes })));

  render();
  readers.of(props.value.network); // so that it is there when the first stroke is

  const behind = inside({
    element,
    props,
    server,
    heard,
    example: exampleBehind,
    pad: {
      get drawing() {
        return pad.drawing;
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
