// What a visitor has drawn, kept in their browser: classes with examples, and the network that learned them.
//
// A state is {classes: [{name, examples}], taught}.  An example is the 784 bytes of a picture of 28x28 pixels, white
// ink on black, in base64.  `taught` is what the server said of the network, with the network itself, or null.

const DATABASE = "lenet-teach";
const KIND = "lenet-own-classes"; // of the file
const FORMAT = 1;
const PIXELS = 28 * 28;
const MOST_BYTES = 2_000_000; // of a file: ten classes of thirty examples have 320 kB

export const encoded = (bytes) => btoa(String.fromCharCode(...bytes));
export const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// --- in the browser ------------------------------------------------------------------------------------------

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function opened() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("state");
  return settled(request);
}

async function inStore(mode, act) {
  const database = await opened();
  try {
    return await settled(act(database.transaction("state", mode).objectStore("state")));
  } finally {
    database.close();
  }
}

// The state that was kept; null where there is none.  A browser that keeps nothing makes these throw.
export const load = () => inStore("readonly", (store) => store.get("state")).then((state) => state ?? null);
export const keep = (state) => inStore("readwrite", (store) => store.put(state, "state"));
export const forget = () => inStore("readwrite", (store) => store.delete("state"));

// --- as a file -----------------------------------------------------------------------------------------------

export const toFile = ({ classes }) => JSON.stringify({ kind: KIND, format: FORMAT, classes });

function isExample(text) {
  if (typeof text !== "string" || text.length > 2 * PIXELS) return false;
  try {
    return decoded(text).length === PIXELS;
  } catch {
    return false;
  }
}

const isClass = (one, limits) =>
  typeof one?.name === "string" &&
  [...one.name].length <= limits.name &&
  Array.isArray(one.examples) &&
  one.examples.length <= limits.examples &&
  one.examples.every(isExample);

// The classes of a file (a Blob); null where it is none of ours.
export async function fromFile(file, limits) {
  if (file.size > MOST_BYTES) return null;
  try {
    const { kind, format, classes } = JSON.parse(await file.text());
    if (kind !== KIND || format !== FORMAT || !Array.isArray(classes)) return null;
    if (classes.length > limits.classes || !classes.every((one) => isClass(one, limits))) return null;
    return classes.map(({ name, examples }) => ({ name, examples: [...examples] }));
  } catch {
    return null; // no JSON, or no object
  }
}
