// The photo and its crop box.
//
// A photo travels once: the server keeps it under a key.  Each change of the box then asks only what the
// chosen network makes of it, two questions under way at most; when the hand rests, the other networks
// are asked in turn, one at a time, so that none is timed while another works.

import { centred, fitting, fractions, squareIn, stretched } from "./box.js";
import { noStages, stagesOf } from "../shared/stages.js";
import { onLanguage, say, sayAll, sayIn } from "../shared/language.js";
import { addressOf } from "../shared/keeping.js";
import { readsBack } from "../shared/canvas.js";
import { answered } from "./answer.js";
import * as figures from "./figures.js";

const MAX_QUESTIONS = 2; // questions, as for the pad: the second leaves while the first is on its way back

const LIVE_SIDE = 320; // pixels of what the camera is asked about live: ten times what a network sees
const LIVE_PAUSE = 150; // milliseconds between an answer and the next question

export function mount({ element, props, server, watch }) {
  const find = (selector) => element.querySelector(selector);
  const [frame, shown, whole, crop, crops] = [".frame", ".shown", ".whole", ".crop", ".crops"].map(find);
  const [result, seen, views, steps, cards] = [".result", ".seen", ".views-used", ".steps", ".cards"].map(find);
  const [trouble, note, automatic, camera, live] = [".trouble", ".note", ".automatic", ".camera", ".live"].map(find);
  const [file, url] = [".file", ".url"].map(find);

  let photo = null; // {photo: the server's key, source: what to open it from again, width, height}
  let box = null; // {x, y, side} in the photo's pixels, or null: automatic
  let chosen = null; // the network whose answer is shown large
  let keys = []; // of the networks, as their cards stand
  let changes = 0; // counts photos and boxes
  let opened = 0; // the number of changes when the photo came: what is older is about another
  let opening = 0; // counts photos asked for; the newest is the one that is wanted
  let example = null; // {photo, network, reply}: what is shown until there is a photo
  let lookedAt = false; // whether what stands behind an answer was in view
  let dragging = false;
  let asking = 0; // questions under way
  const asked = new Map(); // network -> the number of changes that its newest question knows
  const networkOf = (key) => props.value.networks.find((network) => network.key === key);
  const replies = new Map(); // network -> {known, reply}, the newest

  function putLabel(place, key, values = {}) {
    Object.assign(place.dataset, { sayLabel: key, said: JSON.stringify(values) });
    place.setAttribute("aria-label", say(key, values));
  }

  // What no element can name a key for.
  function sayRest() {
    url.placeholder = say("photo_address_like");
    crop.setAttribute("aria-roledescription", say("photo_box_kind"));
    if (result.dataset.changes) return;
    result.replaceChildren(figures.empty(networkOf(chosen))); // nothing is answered yet
    steps.replaceChildren(example ? stagesOf(example.reply.stages) : noStages("photo_steps"));
  }

  // What stands behind an example, for views that would else be empty, once they are in view.
  async function showExample() {
    const [name] = Object.keys(props.examples);
    if (opening || !lookedAt || !name || example?.network === chosen) return;
    const network = chosen;
    const kept = example ?? (await server.open_photo({ example: name }).catch(() => null));
    const question = { photo: kept?.photo, network, box: null };
    const reply = kept?.photo && (await server.name_photo(question).catch(() => null));
    if (opening || network !== chosen || !reply?.stages) return;
    example = { photo: kept.photo, network, reply };
    sayRest();
    find(".behind").classList.add("example");
    answered({ ...question, example: true });
  }

  // What is known is said anew, without a question.
  onLanguage(element, () => {
    sayRest();
    listNetworks();
  });

  // --- photos ----------------------------------------------------------------------------------------

  async function open(source) {
    const number = ++opening;
    complain("");
    frame.classList.add("busy");
    find(".working").hidden = false;
    sayIn(find(".working span"), source.url ? "photo_fetching" : "photo_opening");
    const reply = await server.open_photo(source).catch(() => null);
    if (number !== opening) return; // another one is wanted by now
    frame.classList.remove("busy");
    find(".working").hidden = true;
    if (!reply) return complain("photo_no_server");
    if (reply.problem) return complain(reply.problem); // the photo before it stays
    stopCamera();
    if (source.url) source = { picture: reply.address }; // what is fetched once need not be again
    photo = { ...reply, source };
    whole.src = reply.address;
    whole.classList.toggle("tiny", Math.max(reply.width, reply.height) <= 128);
    shown.style.setProperty("--aspect", reply.width / reply.height);
    element.style.setProperty("--photo", `url(${reply.address})`);
    shown.hidden = false;
    frame.classList.remove("empty");
    find(".invite").hidden = true;
    find(".behind").classList.remove("example");
    setBox(null);
    opened = changes;
  }

  // The server forgets photos at last, and all of them when it starts anew.
  async function openAgain() {
    const number = opening;
    photo.photo = null; // asked for once
    const reply = await server.open_photo(photo.source).catch(() => null);
    if (number !== opening) return;
    if (!reply) return complain("photo_open_again");
    if (reply.problem) return complain(reply.problem);
    photo.photo = reply.photo;
    asked.clear();
    ask();
  }

  // A key of ours, or the server's words; "" where all is well.
  function complain(told) {
    sayIn(trouble, told);
    trouble.classList.toggle("problem", Boolean(told));
  }

  async function openFile(blob) {
    if (!blob) return;
    if (blob.size > props.largest) return complain("picture_too_large");
    const picture = await addressOf(blob);
    if (picture) open({ picture });
    else complain("picture_unreadable");
  }

  find(".open").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    openFile(file.files[0]);
    file.value = "";
  });
  for (const kind of ["dragenter", "dragover"])
    frame.addEventListener(kind, (event) => {
      event.preventDefault();
      frame.classList.add("over");
    });
  frame.addEventListener("dragleave", () => frame.classList.remove("over"));
  frame.addEventListener("drop", (event) => {
    event.preventDefault();
    frame.classList.remove("over");
    openFile(event.dataTransfer.files[0]);
  });
  frame.addEventListener("click", () => {
    if (!photo && live.hidden) file.click();
  });
  document.addEventListener("paste", (event) => {
    if (element.offsetParent === null || event.target === url) return; // another tab of the page is open
    const item = [...event.clipboardData.items].find(({ type }) => type.startsWith("image/"));
    if (item) openFile(item.getAsFile());
  });
  find(".fetch").addEventListener("click", (event) => {
    event.preventDefault(); // Enter clicks it too; a sandboxed frame submits no forms
    if (url.value.trim()) open({ url: url.value });
    else complain("photo_no_address");
  });
  find(".pictures").addEventListener("click", (event) => {
    const example = event.target.closest(".example");
    if (example) open({ example: example.dataset.example });
  });

  // --- the camera: the first click shows what it sees, the second takes it ----------------------------------

  const [cancel, lively] = [".cancel", ".lively"].map(find);
  const answersLive = lively.querySelector("input");

  function stopCamera() {
    live.srcObject?.getTracks().forEach((track) => track.stop());
    live.srcObject = null;
    live.hidden = cancel.hidden = lively.hidden = true;
    sayIn(camera, "photo_camera");
  }

  // What the camera sees now, with no side over `side`.
  function still(side) {
    const scale = Math.min(1, side / Math.max(live.videoWidth, live.videoHeight));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [live.videoWidth, live.videoHeight].map((length) => Math.round(length * scale));
    canvas.getContext("2d").drawImage(live, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.92);
  }

  let answering = false; // the loop below runs

  async function answerLive() {
    if (answering) return;
    answering = true;
    while (live.srcObject && answersLive.checked) {
      const network = chosen;
      const seenNow = await server.open_photo({ picture: still(LIVE_SIDE) }).catch(() => null);
      const reply = seenNow?.photo && (await server.name_photo({ photo: seenNow.photo, network, box: null }).catch(() => null));
      if (live.srcObject && reply?.answer) result.replaceChildren(figures.large(reply.answer, networkOf(network), props.classes));
      await new Promise((resolve) => setTimeout(resolve, LIVE_PAUSE));
    }
    answering = false;
  }

  function cancelCamera() {
    if (!live.srcObject) return;
    stopCamera();
    sayRest();
    show(chosen); // what was answered before
    camera.focus();
  }

  cancel.addEventListener("click", cancelCamera);
  element.addEventListener("keydown", (event) => event.key === "Escape" && cancelCamera());
  answersLive.addEventListener("change", answerLive);

  camera.hidden = !navigator.mediaDevices?.getUserMedia; // it needs https, or this very machine
  camera.addEventListener("click", async () => {
    complain("");
    if (live.srcObject) return open({ picture: still(Infinity) });
    if (!readsBack()) return complain("picture_altered");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      // The browser asked, and meanwhile another tab of the page was opened, or the button pressed again.
      if (live.srcObject || element.offsetParent === null) return stream.getTracks().forEach((track) => track.stop());
      live.srcObject = stream;
      live.hidden = false;
      await live.play();
      sayIn(camera, "photo_take");
      cancel.hidden = lively.hidden = false;
      answerLive();
    } catch {
      stopCamera();
      complain("photo_no_camera");
    }
  });
  new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting && element.offsetParent === null) stopCamera(); // another tab of the page was opened
  }).observe(frame);

  // --- the box -----------------------------------------------------------------------------------------

  function setBox(next) {
    box = next && fitting(next, photo);
    automatic.disabled = !box;
    complain("");
    if (box) {
      sayIn(note, "photo_chosen");
      placeBox(fractions(box, photo));
      crops.replaceChildren();
    }
    askAnew();
  }

  // What every network has said is no longer what is asked.
  function askAnew() {
    changes += 1;
    for (const card of cards.children) card.setAttribute("aria-busy", String(photo !== null));
    ask();
  }

  // The square that a drag or a key changes: the chosen one, or the one that is drawn.
  function current() {
    return box ?? squareIn(placed, photo);
  }

  function place(target, [left, top, right, bottom]) {
    const percent = (part) => `${(100 * part).toFixed(3)}%`;
    Object.assign(target.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
  }

  let placed = [0, 0, 1, 1]; // where the box is drawn, by whoever chose it
  function placeBox(parts) {
    placed = parts;
    place(crop, parts);
    const [left, top, right] = parts.map((part) => Math.round(100 * part));
    putLabel(crop, "photo_box_at", { width: right - left, left, top });
  }

  // A photo's pixels at the pointer.
  function at(event) {
    const rectangle = shown.getBoundingClientRect();
    return {
      x: ((event.clientX - rectangle.left) * photo.width) / rectangle.width,
      y: ((event.clientY - rectangle.top) * photo.height) / rectangle.height,
    };
  }

  let drag = null; // {pointer, from, start, corner}
  crop.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || (drag && !event.isPrimary)) return; // a second finger does nothing
    event.preventDefault();
    event.stopPropagation();
    crop.focus({ preventScroll: true });
    try {
      crop.setPointerCapture(event.pointerId);
    } catch {
      // it is up again already
    }
    drag = { pointer: event.pointerId, from: at(event), start: current(), corner: event.target.tagName === "I" ? event.target.className : "" };
    dragging = true;
    frame.classList.add("dragging");
  });
  crop.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (!event.buttons) return drop(); // it was released where nobody saw it
    const { x, y } = at(event);
    const by = { x: x - drag.from.x, y: y - drag.from.y };
    const { start, corner } = drag;
    setBox(corner ? stretched(start, corner, by, photo) : { x: start.x + by.x, y: start.y + by.y, side: start.side });
  });
  function drop() {
    drag = null;
    dragging = false;
    frame.classList.remove("dragging");
    ask();
  }
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
    crop.addEventListener(end, (event) => {
      if (event.pointerId === drag?.pointer) drop();
    });

  // A click beside the box brings it there.
  shown.addEventListener("click", (event) => {
    if (crop.contains(event.target)) return;
    const [{ x, y }, { side }] = [at(event), current()];
    setBox({ x: x - side / 2, y: y - side / 2, side });
  });

  crop.addEventListener("keydown", (event) => {
    if (!photo || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = current();
    const step = 0.02 * Math.min(photo.width, photo.height);
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const grow = event.shiftKey ? right - down : { "+": 1, "=": 1, "-": -1, _: -1 }[event.key] ?? 0;
    if (event.key === "Escape") setBox(null);
    else if (grow) setBox(centred(now, now.side + 2 * grow * step));
    else if (right || down) setBox({ ...now, x: now.x + right * step, y: now.y + down * step });
    else return;
    event.preventDefault();
  });

  automatic.addEventListener("click", () => {
    crop.focus({ preventScroll: true }); // a disabled button would lose the keyboard to nowhere
    setBox(null);
  });

  // --- answers -----------------------------------------------------------------------------------------

  // The network to ask next, or null.
  function wanted() {
    const behind = (key) => (asked.get(key) ?? -1) < changes;
    if (behind(chosen)) return asking < MAX_QUESTIONS ? chosen : null;
    if (dragging || asking) return null;
    return keys.find(behind) ?? null;
  }

  function questionTo(network) {
    return { photo: photo.photo, network, box: box && fractions(box, photo) };
  }

  async function ask() {
    const network = photo?.photo && wanted();
    if (photo) result.setAttribute("aria-busy", String((replies.get(chosen)?.known ?? -1) < changes));
    if (!network) return;
    const known = changes;
    asked.set(network, known);
    asking += 1;
    const question = questionTo(network);
    const reply = (await server.name_photo(question).catch(() => null)) ?? { problem: "photo_no_server" };
    asking -= 1;
    if (reply.gone) {
      if (question.photo === photo.photo) return openAgain();
    } else if (known >= opened && known > (replies.get(network)?.known ?? -1)) {
      if (network === chosen && replies.get(network)?.reply.problem) complain("");
      replies.set(network, { known, reply });
      show(network);
    }
    ask();
  }

  function cardOf(network) {
    return [...cards.children].find((card) => card.dataset.network === network);
  }

  function show(network) {
    const { known, reply } = replies.get(network) ?? {};
    if (!reply) return;
    const card = cardOf(network);
    if (card) {
      card.setAttribute("aria-busy", String(known < changes));
      const said = card.querySelector(".said");
      if (reply.problem) sayIn(said, reply.problem);
      else said.replaceChildren(...figures.cardSaid(reply, props.classes));
    }
    if (network !== chosen) return;
    if (reply.problem) return complain(reply.problem);
    result.replaceChildren(figures.large(reply.answer, networkOf(chosen), props.classes));
    seen.replaceChildren(figures.seen(reply.stages.at(-1)));
    views.replaceChildren(...figures.crops(reply.answer.crops, photo));
    steps.replaceChildren(stagesOf(reply.stages));
    result.dataset.changes = known; // which state of the photo is answered
    result.setAttribute("aria-busy", String(known < changes));
    if (known === changes) answered(questionTo(network));
    if (box || known < changes) return;
    const [first, ...others] = apart(reply.answer.crops);
    sayIn(note, others.length ? "photo_further" : "photo_sure");
    placeBox(first);
    crops.replaceChildren(...others.map((parts) => {
      const look = document.createElement("span");
      place(look, parts);
      return look;
    }));
  }

  // The boxes of these crops, each once: a part that is looked at mirrored too is one.
  const apart = (crops) => [...new Map(crops.map(({ box: parts }) => [parts.join(), parts])).values()];

  cards.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (!card) return;
    complain(""); // of another network, perhaps
    choose(card.dataset.network);
  });

  function choose(network) {
    chosen = network;
    showExample();
    if (replies.get(network)?.reply.problem) {
      asked.delete(network); // and so it is asked again
      replies.delete(network);
      complain("");
    }
    for (const card of cards.children) card.setAttribute("aria-pressed", String(card.dataset.network === chosen));
    sayRest();
    show(chosen);
    ask();
  }

  // The networks to choose from: at first, when another tab adds one, and in another language.
  function listNetworks() {
    cards.replaceChildren(...props.value.networks.map(figures.card));
    keys = props.value.networks.map(({ key }) => key);
    sayIn(find(".count"), keys.length > 1 ? "photo_networks" : "photo_network", { count: keys.length });
    const next = keys.includes(chosen) ? chosen : keys[0];
    keys.filter((key) => key !== next).forEach(show);
    choose(next);
  }

  function offer() {
    if (props.value.wanted || !chosen) chosen = props.value.network;
    listNetworks();
  }

  find(".pictures").append(...Object.entries(props.examples).map(figures.example));
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    lookedAt = true;
    showExample();
  }).observe(find(".saw"));
  watch("value", offer);
  sayAll(element);
  offer();
}
