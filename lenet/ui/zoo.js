// The zoo.  gr.HTML runs this as a function body with `element`, `props` and `server`.
//
// Choosing a network asks the server for all that is said of it; its test pictures come when a person
// wants them, and while the network is still being asked for them, the page asks again and says how far it is.

const find = (selector) => element.querySelector(selector);
const about = find(".about");
const PAUSE = 250; // milliseconds between two looks at how far it is
const NO_ANSWER = '<p class="problem" role="alert">The server does not answer: check the connection, then try again.</p>';

let network = props.value.network;
let wanted = { cell: null, page: 0 }; // the pictures that are shown, or asked for
let asked = 0; // counts questions: only the newest one's answer is shown

// --- networks ----------------------------------------------------------------------------------------

async function choose(name) {
  network = name;
  for (const entry of element.querySelectorAll("[data-network]")) {
    const chosen = entry.dataset.network === name;
    entry.classList.toggle("chosen", chosen);
    if (entry.matches("button")) entry.setAttribute("aria-pressed", chosen);
  }
  const question = (asked += 1);
  about.setAttribute("aria-busy", "true");
  const reply = await server.choose({ network }).catch(() => ({ problem: NO_ANSWER }));
  if (question !== asked) return;
  about.innerHTML = reply.about || reply.problem;
  about.setAttribute("aria-busy", "false");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (about.getBoundingClientRect().top > innerHeight / 2) about.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}

// --- pictures ----------------------------------------------------------------------------------------

async function showPictures(cell, page) {
  wanted = { cell, page };
  const question = (asked += 1);
  const place = find(".pictures");
  const room = place.querySelector(".cards");
  place.setAttribute("aria-busy", "true");
  mark(cell);
  for (let again = true; ; again = false) {
    const reply = await server.show_pictures({ network, cell, page, again }).catch(() => ({ problem: NO_ANSWER }));
    if (question !== asked) return;
    if (reply.measured && !find(".matrix")) find(".measured").innerHTML = reply.measured;
    room.innerHTML = reply.pictures || reply.waiting || reply.problem;
    if (!reply.waiting) {
      mark(cell);
      if (!reply.problem) label(cell, reply.more);
      place.setAttribute("aria-busy", "false");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (question !== asked) return;
  }
}

// What the buttons below the pictures offer next.
function label(cell, more) {
  const [next, any] = [find(".next"), find(".any")];
  next.textContent = cell ? "More of these" : "Another 25";
  next.hidden = !more;
  any.hidden = !cell;
  find(".start").hidden = true;
}

about.addEventListener("click", (event) => {
  const square = event.target.closest(".matrix td[data-cell]");
  if (square) return open(square);
  if (event.target.closest(".start, .any")) return showPictures(null, 0);
  if (event.target.closest(".next")) showPictures(wanted.cell, wanted.page + 1);
});

element.addEventListener("click", (event) => {
  const entry = event.target.closest("[data-network]");
  if (entry && entry.dataset.network !== network) choose(entry.dataset.network);
});

// --- the confusion matrix: one stop of the Tab key, arrows go from square to square -------------------

const cellOf = (square) => square.dataset.cell.split(",").map(Number);
const squareAt = (row, column) => find(`.matrix td[data-cell="${row},${column}"]`);

function open(square) {
  hold(square);
  showPictures(cellOf(square), 0);
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

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

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
