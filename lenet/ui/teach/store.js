// What a visitor has made, kept in their browser: classes with examples, and the network that learned them, once of
// drawings and once of photos.
//
// A state is {classes: [{name, examples}], taught}.  An example is in base64: of a drawing the 784 bytes of a picture of
// 28x28 pixels, white ink on black; of a photo a small JPEG.  `taught` is what the server said of the network, with the
// network itself, or null.

import { decoded, isPicture, keptIn } from "../shared/keeping.js";
import { isJpeg } from "./pictures.js";

const KIND = "lenet-own-classes"; // of the file
const FORMAT = 1;
const MAX_BYTES = 20_000_000; // of a file: ten classes of thirty photos have three

// --- in the browser ------------------------------------------------------------------------------------------

const PLACES = { drawings: keptIn("lenet-teach"), photos: keptIn("lenet-teach", "photos") };
export const KINDS = Object.keys(PLACES);
export const load = (kind) => PLACES[kind].load();
export const keep = (kind, state) => PLACES[kind].keep(state);
export const forget = () => Promise.all(KINDS.map((kind) => PLACES[kind].forget()));

// --- as a file -----------------------------------------------------------------------------------------------

export const toFile = ({ drawings, photos }) =>
  JSON.stringify({ kind: KIND, format: FORMAT, classes: drawings.classes, photos: photos.classes });

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

// The classes of each kind in a file (a Blob), {drawings, photos}; null where it is none of ours.  Older files have no
// photos.
export async function fromFile(file, limits) {
  if (file.size > MAX_BYTES) return null;
  try {
    const { kind, format, classes, photos = [] } = JSON.parse(await file.text());
    if (kind !== KIND || format !== FORMAT) return null;
    const found = { drawings: classes, photos };
    for (const [of, some] of Object.entries(found)) {
      if (!Array.isArray(some) || some.length > limits.classes || !some.every((one) => isClass(of, one, limits))) return null;
      found[of] = some.map(({ name, examples }) => ({ name, examples: [...examples] }));
    }
    return found;
  } catch {
    return null; // no JSON, or no object
  }
}
