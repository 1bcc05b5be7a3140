// What the charts show while there is no run: one that was trained before, in grey, and named as an example.

// As a run that only charts and snapshots know; `facts` are an `Example` of messages.py.
export function exampleRun(facts) {
  const { name, epochs, train, val, filters, confusion } = facts;
  const snapshot = { number: 1, view: { pictures: [], filters, confusion } };
  return { id: "example", example: name, epochs, train: { points: train }, val: { points: val }, snapshot };
}

// The sentences that name it, of which shared/style.css shows none beside a run.
export function nameExample(element, run) {
  for (const told of element.querySelectorAll(".example-told")) told.dataset.said = JSON.stringify({ name: run.example });
}
