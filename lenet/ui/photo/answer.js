// The question about the photo whose answer is on the page: photo/view.js tells it, and shared/why.js hears of it.

let newest = null; // told to those who come later, too
const listeners = new Set();

export function answered(question) {
  newest = question;
  listeners.forEach((listen) => listen(question));
}

export function onAnswer(listen) {
  listeners.add(listen);
  if (newest) listen(newest);
}
