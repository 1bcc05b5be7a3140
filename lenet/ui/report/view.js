// A network's report, in `.about`: for zoo/view.js, and for report/place.js.
//
// Choosing a network asks the server for what is known of it.  Its test pictures come at once where that
// needs no download, else when a person wants them; while the network is being asked for them, the page
// asks again and says how far it is.  What the server said is kept, and said anew in another language.

import { make } from "../shared/elements.js";
import { download } from "../shared/keeping.js";
import { language, onLanguage, say, sayAll, spoken } from "../shared/language.js";
import * as figures from "./figures.js";

const PAUSE = 250; // milliseconds between two looks at how far it is
const SILENCE = 1000; // and at whether a server answers again that did not
const LOST = { problem: { key: "report_no_answer", values: {} }, lost: true };
const ANY = { cell: null, page: 0 }; // pictures at random
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export const pause = (reply) => new Promise((resolve) => setTimeout(resolve, reply.lost ? SILENCE : PAUSE));

// A line that says what went wrong.
export const warning = (problem) => make("p", { className: "problem", role: "alert" }, spoken(problem));

// How far it is, or what went wrong.
const progress = (reply) => (reply.waiting ? figures.waiting(reply) : warning(reply.problem));

// What stands there already is not said again to those who hear the page.
function put(place, line) {
  if (place.firstChild?.isEqualNode(line) && place.childNodes.length === 1) return;
  place.replaceChildren(line);
}

// The row and the column of a square of the confusion matrix.
export const cellOf = (square) => square.dataset.cell.split(",").map(Number);

// What a component's script needs of the report in it.
export function report({ element, server }) {
  const find = (selector) => element.querySelector(selector);
  const about = find(".about");

  let network = "";
  let wanted = ANY; // the pictures that are shown, or asked for
  let asked = 0; // counts questions about pictures: only the newest one's answer is shown
  let chosen = 0; // counts networks, in the same way

  // The server's newest answers about the network, null where there is none yet: what is known of it; what came of all
  // its pictures, and what is said of that meanwhile; pictures, which ones, and what is said of these meanwhile.
  const nothing = { known: null, measured: null, measuring: null, pictures: null, which: ANY, looking: null };
  let facts = nothing;

  async function ask(name, question) {
    const reply = await server[name]({ language, network, ...question }).catch(() => null);
    return reply ?? LOST;
  }

  // `pictures`: which of its test pictures to begin with.
  async function choose(name, pictures = ANY) {
    network = name;
    const mine = (chosen += 1);
    asked += 1;
    about.setAttribute("aria-busy", "true");
    let reply = await ask("choose");
    while (mine === chosen && reply.lost) {
      put(about, warning(reply.problem));
      await pause(reply);
      reply = await ask("choose");
    }
    if (mine !== chosen) return;
    facts = { ...nothing, known: reply };
    draw();
    about.setAttribute("aria-busy", "false");
    if (!reply.problem) begin(false, pictures);
  }

  // `wish`: a person asked for it.
  function begin(wish, { cell, page } = ANY) {
    showPictures(cell, page, wish);
    measure(wish);
  }

  // All that is known.
  function draw() {
    const { known } = facts;
    if (known.problem) return about.replaceChildren(warning(known.problem));
    about.replaceChildren(...figures.about(known));
    drawMeasured();
    drawPictures();
    drawLooking();
  }

  onLanguage(element, () => {
    if (!facts.known) return;
    const inside = find(".parts")?.checked;
    const busy = [".report", ".pictures"].map((part) => find(part)?.getAttribute("aria-busy"));
    draw();
    if (facts.known.problem) return;
    if (find(".parts")) find(".parts").checked = inside;
    [".report", ".pictures"].forEach((part, i) => find(part).setAttribute("aria-busy", busy[i]));
    mark(wanted.cell);
  });

  // --- what all of its test pictures say -----------------------------------------------------------------

  async function measure(wish) {
    const mine = chosen;
    find(".report").setAttribute("aria-busy", "true");
    for (let again = wish; ; ) {
      const reply = await ask("measure", { again });
      if (mine !== chosen) return;
      again = again && Boolean(reply.lost);
      if (reply.waiting || reply.problem) facts.measuring = reply;
      else if (!reply.idle) Object.assign(facts, { measured: reply, measuring: null });
      drawMeasured();
      if (!reply.waiting && !reply.lost) break; // one answer that is lost is no reason to give up
      await pause(reply);
      if (mine !== chosen) return;
    }
    find(".report").setAttribute("aria-busy", "false");
  }

  function drawMeasured() {
    const { known, measured, measuring } = facts;
    if (measuring) put(find(".calibration .said"), progress(measuring));
    if (!measured || measuring) return;
    find(".numbers").replaceChildren(figures.numbers(measured));
    find(".calibration").replaceChildren(...figures.calibration(measured.bins, known.few));
    find(".mistakes").replaceChildren(...figures.mistakes(measured, known));
    find('[data-keep="report"]').disabled = false;
    if (String(measured.confusion) === String(known.confusion)) return; // as in the network's own file
    find(".measured").replaceChildren(...figures.measured(known.classes, measured.confusion));
    mark(wanted.cell);
  }

  // --- pictures ----------------------------------------------------------------------------------------

  async function showPictures(cell, page, wish = true) {
    wanted = { cell, page };
    const question = (asked += 1);
    find(".pictures").setAttribute("aria-busy", "true");
    mark(cell);
    for (let again = wish; ; ) {
      const reply = await ask("show_pictures", { cell, page, again });
      if (question !== asked) return;
      again = again && Boolean(reply.lost);
      facts.looking = reply.pictures ? null : reply;
      if (reply.pictures) Object.assign(facts, { pictures: reply, which: wanted });
      if (reply.pictures) drawPictures();
      drawLooking();
      if (!reply.waiting && !reply.lost) return find(".pictures").setAttribute("aria-busy", "false");
      await pause(reply);
      if (question !== asked) return;
    }
  }

  function drawPictures() {
    const { known, pictures, which } = facts;
    if (!pictures) return;
    find(".pictures .cards").replaceChildren(figures.cards(pictures.pictures, known.classes, known.sample));
    put(find(".pictures .said"), figures.whichPictures(pictures, known.classes, which.cell, which.page));
    label(which.cell, pictures.more);
  }

  function drawLooking() {
    const { looking } = facts;
    if (looking && !looking.idle) put(find(".pictures .said"), progress(looking));
    if (!looking?.waiting && !looking?.lost) find(".start").hidden = !looking;
  }

  // What the buttons below the pictures offer next.
  function label(cell, more) {
    const [next, any] = [find(".next"), find(".any")];
    const held = [next, any, find(".start")].includes(document.activeElement); // the keyboard is where a button may go
    next.textContent = say(cell ? "tests_more" : "tests_another");
    next.hidden = !more;
    any.hidden = !cell;
    if (held) (more ? next : squareAt(0, 0))?.focus();
  }

  about.addEventListener("click", (event) => {
    const square = event.target.closest(".matrix td[data-cell]");
    const file = event.target.closest("[data-keep]");
    if (square) open(square);
    else if (file) keep(file);
    else if (event.target.closest(".start")) begin(true);
    else if (event.target.closest(".any")) showPictures(null, 0);
    else if (event.target.closest(".next")) showPictures(wanted.cell, wanted.page + 1);
  });

  // --- the confusion matrix: one stop of the Tab key, arrows go from square to square -------------------

  const squareAt = (row, column) => find(`.matrix td[data-cell="${row},${column}"]`);

  function open(square) {
    hold(square);
    const first = !find(".start").hidden; // then the rest of the report has not been asked for either
    showPictures(cellOf(square), 0);
    if (first) measure(true);
    if (matchMedia("(max-width: 900px)").matches) find(".pictures").scrollIntoView();
  }

  function hold(square) {
    for (const other of element.querySelectorAll('.matrix td[tabindex="0"]')) other.tabIndex = -1;
    square.tabIndex = 0;
    square.focus();
  }

  function mark(cell) {
    for (const square of element.querySelectorAll(".matrix td[data-cell]")) {
      square.setAttribute("aria-selected", String(square.dataset.cell === String(cell)));
    }
  }

  about.addEventListener("keydown", (event) => {
    const square = event.target.closest(".matrix td[data-cell]");
    if (!square) return;
    const [row, column] = cellOf(square);
    if (event.key === "Enter" || event.key === " ") open(square);
    else if (event.key in MOVES) {
      const next = squareAt(row + MOVES[event.key][0], column + MOVES[event.key][1]);
      if (next) hold(next);
    } else return;
    event.preventDefault();
  });

  // --- files -------------------------------------------------------------------------------------------

  async function keep(button) {
    const mine = network;
    const note = find(".keep .hint");
    if (button.ariaBusy === "true") return; // not disabled, for that would lose the keyboard to nowhere
    button.ariaBusy = "true";
    note.textContent = say("keep_making");
    const reply = await ask("keep", { kind: button.dataset.keep });
    const file = reply.problem ? null : await fetched(reply.path);
    if (mine !== network) return;
    button.ariaBusy = "false";
    note.replaceChildren(...(file ? [] : [warning(reply.problem ?? LOST.problem)]));
    if (file) download(reply.name, file);
  }

  // The file at that path of the server, or null.  A link to it would do, but a sandboxed frame opens what that leads to.
  async function fetched(path) {
    const answer = await fetch(`gradio_api/file=${encodeURI(path)}`).catch(() => null);
    return answer?.ok ? answer.blob().catch(() => null) : null;
  }

  // Show no network.
  function clear() {
    network = "";
    chosen += 1;
    asked += 1;
    facts = nothing;
    about.replaceChildren();
    about.setAttribute("aria-busy", "false");
  }

  // Call the network that is shown `title`; false where none is.
  function rename(title) {
    if (!facts.known || facts.known.problem) return false;
    facts.known.title = title;
    find(".about h2").textContent = title;
    return true;
  }

  sayAll(element);
  return {
    about,
    ask,
    choose,
    clear,
    rename,
    get network() {
      return network;
    },
  };
}
