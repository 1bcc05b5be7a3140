// What stood behind the answer: its evidence, the layers, and what the network saw.  The same function body as
// language.js, layers.js and pad.js, from which it has `find`, `server`, `props`, `active`, `version` and `training`;
// pad.js calls `look` after each answer.
//
// This is never more urgent than the answer: it is asked for after one, only while it is in view, a few
// times a second under a moving pen, one question at a time.

const why = find(".why");
const inside = find(".inside");
const steps = find(".steps");
const every = find(".every");
const askChange = find(".ask");
const verdict = find(".verdict");

let answered = null; // the question whose answer is on screen, or null
const APART = 120; // milliseconds between two questions under a moving pen
const FAR_APART = 360; // while a network trains on the same cores
const SILENCE = 1000; // between two tries to reach a server that does not answer
const told = [find(".evidence + figcaption .legend"), find(".sums"), askChange, verdict]; // where the texts change
const resting = told.map((line) => line.innerHTML);

// --- why: the drawing, and what its ink said, or what ink would change it -------------------------------

const EMPTY = { side: 28, ink: null, tint: null };
const figures = new Map([[find(".evidence"), EMPTY], [find(".change"), EMPTY]]);

let explained = null; // the question that the figures show
let changed = null; // the one for which a change is shown

function paintFigure(target, { side, ink, tint } = figures.get(target)) {
  figures.set(target, { side, ink, tint });
  const { zero, ink: grey, strong } = theme();
  paintSmall(side, side, (i) => {
    let colour = ink ? mix(zero, grey, ink[i] / 255) : zero;
    const part = tint ? (tint[i] - 128) / 127 : 0;
    if (part) colour = mix(colour, part > 0 ? strong.plus : strong.minus, Math.min(1, Math.abs(part)) ** 0.75);
    return (255 << 24) | (colour[2] << 16) | (colour[1] << 8) | colour[0];
  });
  const scale = Math.max(1, Math.round((target.clientWidth * devicePixelRatio) / side)) || 1;
  [target.width, target.height] = [side * scale, side * scale];
  const pen = target.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, target.width, target.height);
}

function showWhy(reply, question) {
  if (reply && explained === question) return;
  explained = question;
  if (reply) {
    const ink = unpack(reply.ink);
    paintFigure(find(".evidence"), { side: reply.side, ink, tint: unpack(reply.evidence) });
    [told[0].innerHTML, told[1].textContent, askChange.textContent] = [reply.legend, reply.sums, reply.question];
    if (changed !== question) paintFigure(find(".change"), { side: reply.side, ink, tint: null });
  } else {
    told.forEach((line, i) => (line.innerHTML = resting[i]));
    for (const target of figures.keys()) paintFigure(target, EMPTY);
  }
  if (!reply || changed !== question) verdict.innerHTML = resting[3];
  sayAll(why);
  askChange.disabled = !reply;
}

async function whatIf() {
  const question = answered;
  if (!question) return;
  const reply = (await server.what_if(question).catch(() => null)) ?? { problem: say("draw_change_no_server") };
  if (question !== answered) return; // drawn on meanwhile
  verdict.innerHTML = reply.problem || reply.said;
  if (!reply.problem) changed = question;
  if (!reply.problem) paintFigure(find(".change"), { side: reply.side, ink: unpack(reply.ink), tint: unpack(reply.change) });
}

askChange.addEventListener("click", whatIf);

// --- asking ----------------------------------------------------------------------------------------

let looked = ""; // what the views know: the question's number and which views there were
let number = 0; // of `answered`
let looking = false; // a question is under way
let last = 0; // when the last one left
let timer = null;
const inView = new Set();

function look(question) {
  const before = answered;
  answered = question;
  number += 1;
  // A change that is shown is told in the language that was chosen now.
  if (question && before && changed === before && question.language !== before.language && question.picture === before.picture) {
    changed = question;
    whatIf();
  }
  if (!question || !inView.has(steps)) steps.innerHTML = props.empty[language].steps; // not an older answer's
  if (question) return plan();
  clearTimeout(timer);
  rest();
}

function rest() {
  showWhy(null, null);
  emptyLayers();
}

function plan() {
  clearTimeout(timer);
  // A pen at rest sees all at once; while it moves, the answer comes first.
  timer = setTimeout(askInside, active ? Math.max(0, last + (training ? FAR_APART : APART) - performance.now()) : 0);
}

async function askInside() {
  const views = { why: inView.has(why), inside: inView.has(inside), steps: inView.has(steps), every: every.checked };
  const wanted = [number, version, ...Object.values(views)].join();
  if (looking || !answered || wanted === looked || !inView.size) return;
  looking = true;
  last = performance.now();
  const [of, question] = [version, answered];
  try {
    const reply = await server.look_inside({ ...question, ...views });
    if (of === version && answered) {
      if (reply.steps) steps.innerHTML = reply.steps;
      if (reply.why) showWhy(reply.why, question);
      if (reply.layers) showLayers(reply.layers);
      if (reply.blank) rest();
    }
    looked = wanted;
  } catch {
    looked = ""; // the answer's own question tells the person
    looking = false;
    clearTimeout(timer);
    timer = setTimeout(plan, SILENCE);
    return;
  }
  looking = false;
  plan(); // for what was drawn, or came into view, meanwhile; what is known is not asked again
}

every.addEventListener("change", () => {
  rows.classList.toggle("all", every.checked);
  paintRows();
  plan();
});

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
  plan();
});
[why, inside, steps].forEach((view) => observer.observe(view));

// At another width, in view again, or in the dark, all is painted anew from what is known.
function paintAll() {
  paintRows();
  [...figures.keys()].forEach((target) => paintFigure(target));
}
new ResizeObserver(paintAll).observe(find(".behind"));
new MutationObserver(paintAll).observe(document.body, { attributes: true, attributeFilter: ["class"] });

sayAll();
buildRows(props.layers);
look(null);
