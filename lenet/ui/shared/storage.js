// What a browser remembers of this page.

// Read `key` in the store called `store`, "localStorage" or "sessionStorage"; with a value, write it first.
// A browser that denies storage throws when its name is read, so the name is given, not the store.
export function stored(store, key, value) {
  try {
    if (value !== undefined) window[store].setItem(key, value);
    return window[store].getItem(key);
  } catch {
    return null; // a browser that remembers nothing
  }
}

const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Who this is: a key that nobody can guess stays in this browser.  In one that remembers nothing it is a new one each time.
export function visitorKey() {
  const before = stored("localStorage", "lenet-visitor");
  return /^[0-9a-f]{32}$/.test(before) ? before : stored("localStorage", "lenet-visitor", fresh()) ?? fresh();
}
