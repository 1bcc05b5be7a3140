// What a visitor has drawn, kept in their browser: classes with examples, and the network that learned them.
//
// A state is {classes: [{name, examples}], taught}.  An example is the 784 bytes of a picture of 28x28 pixels, white
// ink on black, in base64.  `taught` is what the server said of the network, with the network itself, or null.

import { isPicture, keptIn } from "../shared/keeping.js";

const KIND = "lenet-own-classes"; // of the file
const FORMAT = 1;
const MOST_BYTES = 2_000_000; // of a file: ten classes of thirty examples have 320 kB

// --- in the browser ------------------------------------------------------------------------------------------

const place = keptIn("lenet-teach");
export const load = place.load;
export const keep = place.keep;
export const forget = place.forget;

// --- as a file -----------------------------------------------------------------------------------------------

export const toFile = ({ classes }) => JSON.stringify({ kind: KIND, format: FORMAT, classes });

const isClass = (one, limits) =>
  typeof one?.name === "string" &&
  [...one.name].length <= limits.name &&
  Array.isArray(one.examples) &&
  one.examples.length <= limits.examples &&
  one.examples.every(isPicture);

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
