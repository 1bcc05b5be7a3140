// All that a visitor has made, wherever on the page it is shown: one file for all of it, and one button that deletes it.
//
// A part of the page joins, once it has what the browser keeps of it, with {held(), sound(value), take(value), clear(),
// restore()}: what it has, as the file tells it under its name; that of a file as it may be taken, or null; and what to
// do with it.  `clear` deletes all, which `restore` takes back.  For a part whose tab was not opened yet the browser's
// databases speak, and what a file has for it waits there.

import { download, keptIn } from "./keeping.js";

const KIND = "lenet-own"; // of the file
const FORMAT = 1;
const MAX_BYTES = 21_000_000; // of a file: ten classes of thirty photos have three, a hundred corrections 0.1

const ofClasses = (state) => state.classes.filter(({ name, examples }) => name || examples.length);

// Where each part keeps its state, and what of it the file tells.
export const PLACES = {
  drawings: { ...keptIn("lenet-teach"), told: ofClasses },
  photos: { ...keptIn("lenet-teach", "photos"), told: ofClasses },
  corrections: { ...keptIn("lenet-corrections"), told: (state) => state.corrections },
};
const NAMES = Object.keys(PLACES);
const waiting = Object.fromEntries(NAMES.map((name) => [name, keptIn("lenet-own", name)])); // until the part joins

const parts = new Map(); // name -> part
let gone = {}; // name -> what parts that have not joined lost by `clear`

export async function join(name, part) {
  parts.set(name, part);
  const given = await waiting[name].load().catch(() => null);
  const sound = given && part.sound(given);
  if (given) await waiting[name].forget();
  if (sound?.length) part.take(sound);
}

async function held(name) {
  if (parts.has(name)) return parts.get(name).held();
  const [given, kept] = await Promise.all([waiting[name].load(), PLACES[name].load()]).catch(() => []);
  return given ?? (kept ? PLACES[name].told(kept) : []);
}

export const content = async () =>
  JSON.stringify({ kind: KIND, format: FORMAT, ...Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await held(name)]))) });

export const save = async () => download("my-lenet.json", await content());

// Takes what is in a file (a Blob); what it has nothing of stays as it is.  False where it is none of ours.
export async function open(file) {
  if (file.size > MAX_BYTES) return false;
  const found = await file.text().then(JSON.parse).catch(() => null);
  if (found?.kind !== KIND || found.format !== FORMAT) return false;
  const values = NAMES.map((name) => {
    const value = found[name] ?? [];
    return parts.has(name) ? parts.get(name).sound(value) : Array.isArray(value) ? value : null;
  });
  if (values.includes(null)) return false;
  for (const [at, name] of NAMES.entries()) {
    if (!values[at].length) continue;
    if (parts.has(name)) parts.get(name).take(values[at]);
    else await waiting[name].keep(values[at]).catch(() => null);
  }
  return true;
}

export async function clear() {
  gone = {};
  for (const name of NAMES) {
    if (parts.has(name)) parts.get(name).clear();
    else
      try {
        gone[name] = [await waiting[name].load(), await PLACES[name].load()];
        await Promise.all([waiting[name].forget(), PLACES[name].forget()]);
      } catch {
        // a browser that keeps nothing has nothing to delete
      }
  }
}

export async function restore() {
  const back = gone;
  gone = {};
  for (const part of parts.values()) part.restore();
  for (const [name, [given, kept]] of Object.entries(back)) {
    if (parts.has(name)) {
      const list = given ?? (kept ? PLACES[name].told(kept) : []);
      if (list.length) parts.get(name).take(list); // its tab was opened meanwhile
    } else {
      if (given) await waiting[name].keep(given);
      if (kept) await PLACES[name].keep(kept);
    }
  }
}
