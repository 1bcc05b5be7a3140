// What a visitor made, kept in their browser and as files.

export const PIXELS = 28 * 28; // of a digit's picture, a byte each

export const encoded = (bytes) => btoa(String.fromCharCode(...bytes));
export const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// Whether a text is such a picture in base64.
export function isPicture(text) {
  if (typeof text !== "string" || text.length > 2 * PIXELS) return false;
  try {
    return decoded(text).length === PIXELS;
  } catch {
    return false;
  }
}

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function opened(database) {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("state");
  return settled(request);
}

async function inStore(name, mode, act) {
  const database = await opened(name);
  try {
    const transaction = database.transaction("state", mode);
    const written = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error); // a full disk may say so only at the end
    });
    const [result] = await Promise.all([settled(act(transaction.objectStore("state"))), written]);
    return result;
  } finally {
    database.close();
  }
}

// Keeps one value under that key in the browser's database of that name; `load` gives null where there is none.  A
// browser that keeps nothing makes these throw.  `follow` is given what to do when another page of this browser has kept
// or forgotten it: without it, the page that keeps last would undo what was made in the others.
export function keptIn(database, key = "state") {
  const pages = new BroadcastChannel(`${database} ${key}`);
  const told = (result) => {
    pages.postMessage(null);
    return result;
  };
  return {
    load: () => inStore(database, "readonly", (store) => store.get(key)).then((state) => state ?? null),
    keep: (state) => inStore(database, "readwrite", (store) => store.put(state, key)).then(told),
    forget: () => inStore(database, "readwrite", (store) => store.delete(key)).then(told),
    follow: (act) => pages.addEventListener("message", act),
  };
}

// A picture of 28x28 pixels, white ink on black in base64, as black ink on a white canvas.
export function sketch(canvas, picture) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  decoded(picture).forEach((ink, at) => image.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * at));
  pen.putImageData(image, 0, 0);
  return canvas;
}

// A file as a data: address; null where it cannot be read: moved, deleted, or not this person's.
export function addressOf(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => resolve(null);
    reader.readAsDataURL(blob);
  });
}

// Hand the visitor a file.
export function download(name, content) {
  const address = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
