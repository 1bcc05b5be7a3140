// A picture that is read in place of strokes: from a file, small enough to travel with every question about it.

import { readsBack } from "../shared/canvas.js";
import { addressOf } from "../shared/keeping.js";

function smaller(image, side) {
  const scale = side / Math.max(image.width, image.height);
  const still = document.createElement("canvas");
  [still.width, still.height] = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
  const context = still.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, still.width, still.height);
  image.close(); // of 48 megapixels it would hold 190 MB
  return still;
}

// {address, image}: of a picture file, with no side over `side` where the browser can shrink it; null where the file
// cannot be read.
export async function opened(blob, side) {
  // What the browser cannot show, such as TIFF, the server may still read.
  const image = await createImageBitmap(blob).catch(() => document.createElement("canvas"));
  if (Math.max(image.width, image.height) <= side || !readsBack()) {
    const address = await addressOf(blob);
    return address && { address, image };
  }
  const still = smaller(image, side);
  // of other kinds, some may be transparent
  return { address: still.toDataURL(blob.type === "image/jpeg" ? blob.type : "image/png", 0.92), image: still };
}
