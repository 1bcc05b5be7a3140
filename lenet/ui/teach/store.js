// What a visitor has made, kept in their browser: classes with examples, and the network that learned them, once of
// drawings and once of photos.
//
// A state is {classes: [{name, examples}], taught}.  An example is in base64: of a drawing the 784 bytes of a picture of
// 28x28 pixels, white ink on black; of a photo a small JPEG.  `taught` is what the server said of the network, with the
// network itself, or null.

import { decoded, isPicture } from "../shared/keeping.js";
import { PLACES } from "../shared/own.js";
import { isJpeg } from "./pictures.js";

// --- in the browser ------------------------------------------------------------------------------------------

export const KINDS = ["drawings", "photos"];
export const load = (kind) => PLACES[kind].load();
export const keep = (kind, state) => PLACES[kind].keep(state);
export const follow = (kind, act) => PLACES[kind].follow(act);
export const forget = () => Promise.all(KINDS.map((kind) => PLACES[kind].forget()));

// --- in a file -----------------------------------------------------------------------------------------------

function isPhoto(text, limits) {
  if (typeof text !== "string" || text.length > 2 * limits.photo_bytes) return false;
  try {
    const bytes = decoded(text);
    return bytes.length <= limits.photo_bytes && isJpeg(bytes);
  } catch {
    return false;
  }
}

const isClass = (kind, one, limits) =>
  typeof one?.name === "string" &&
  [...one.name].length <= limits.name &&
  Array.isArray(one.examples) &&
  one.examples.length <= limits.examples &&
  one.examples.every((example) => (kind === "photos" ? isPhoto(example, limits) : isPicture(example)));

// The classes of that kind in a file, without what else may stand there; null where they cannot be.
export function soundClasses(kind, classes, limits) {
  const sound = Array.isArray(classes) && classes.length <= limits.classes && classes.every((one) => isClass(kind, one, limits));
  return sound ? classes.map(({ name, examples }) => ({ name, examples: [...examples] })) : null;
}
