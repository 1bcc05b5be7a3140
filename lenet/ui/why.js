// Why a photo got its answer.  gr.HTML runs this, behind layers.js, as a function body with `element`,
// `props` and `server`.  Only what is open and in view is asked for, one question at a time.

const find = (selector) => element.querySelector(selector);
const [weighed, inside, every, scene] = [".weighed", ".inside", ".every", ".scene"].map(find);
const [under, heat, legend, sums] = [".under", ".heat", ".legend", ".sums"].map(find);
const resting = [legend.innerHTML, sums.textContent];

let question = null; // about the photo whose answer is on the page
let number = 0; // of that question
let known = ""; // the number of the question, and the parts of it, that were last answered
let looking = false;
const inView = new Set();

function ask(next) {
  question = next;
  number += 1;
  heat.hidden = true; // it belongs to another answer
  if (question) return look();
  under.hidden = true;
  [legend.innerHTML, sums.textContent] = resting;
  emptyLayers();
}

async function look() {
  const views = { why: inView.has(weighed), inside: inView.has(inside), every: every.checked };
  const wanted = [number, ...Object.values(views)].join();
  if (looking || !question || wanted === known || !(views.why || views.inside)) return;
  looking = true;
  const of = number;
  const reply = await server
    .look_at_photo({ ...question, ...views })
    .catch(() => ({ problem: "The server does not answer. Check the connection and try again." }));
  looking = false;
  known = wanted; // also after a problem, which asking again at once would not end
  if (of === number) show(reply);
  look(); // for what was asked, or came into view, meanwhile
}

function show(reply) {
  if (reply.problem) sums.textContent = reply.problem;
  if (reply.layers) showLayers(reply.layers);
  if (!reply.why) return;
  [under.src, heat.src] = [reply.why.frame, reply.why.heat];
  under.hidden = heat.hidden = false;
  [legend.innerHTML, sums.textContent] = [reply.why.legend, reply.why.sums];
}

find(".strength input").addEventListener("input", (event) => scene.style.setProperty("--strength", event.target.value));

every.addEventListener("change", () => {
  rows.classList.toggle("all", every.checked);
  paintRows();
  look();
});

const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
  look();
});
[weighed, inside].forEach((part) => observer.observe(part));

// At another width, or in view again, all is painted anew from what is known.
new ResizeObserver(paintRows).observe(inside);

document.addEventListener("photo-answered", (event) => ask(event.detail));

sayAll();
buildRows(props.layers);
emptyLayers();
