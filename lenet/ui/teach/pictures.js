// A visitor's pictures, made small before they are kept: from files, the clipboard, and the camera.

const QUALITY = 0.88;
const PAPER_SIDE = 1600; // of a picture of paper: more than our reader works with

// A small JPEG of what can be drawn on a canvas: an image, a video's frame.  `side` is the most of its longer side.
function small(source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  const pen = canvas.getContext("2d", { alpha: false });
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "white"; // behind what is transparent, as the Photo tab has it
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", QUALITY);
}

const bytesOf = (address) => Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0));

export const isJpeg = (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

// The same JPEG without what some browsers write beside the picture (Exif, profiles, comments), which the server does
// not take.
export function bare(bytes) {
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const marker = bytes[at + 1];
    const end = at + 2 + 256 * bytes[at + 2] + bytes[at + 3];
    const beside = marker === 0xfe || (marker > 0xe0 && marker <= 0xef && marker !== 0xee); // JFIF and Adobe stay
    if (!beside) kept.push(bytes.subarray(at, end));
    at = end;
  }
  kept.push(bytes.subarray(at)); // the scan, and what follows
  const whole = new Uint8Array(kept.reduce((sum, part) => sum + part.length, 0));
  kept.reduce((place, part) => (whole.set(part, place), place + part.length), 0);
  return whole;
}

// The picture in a file (a Blob), upright; null where this browser cannot read it.
async function imageIn(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

// The photo in a file as the bytes of a small JPEG; null where this browser cannot read it.
export async function photoOf(file, side) {
  const image = await imageIn(file);
  return image && bare(bytesOf(small(image, image.naturalWidth, image.naturalHeight, side)));
}

// What the camera shows now, likewise.
export const frameOf = (video, side) => bare(bytesOf(small(video, video.videoWidth, video.videoHeight, side)));

// The picture of paper in a file at a data: address; null where this browser cannot read it.
export async function paperOf(file) {
  const image = await imageIn(file);
  return image && small(image, image.naturalWidth, image.naturalHeight, PAPER_SIDE);
}
