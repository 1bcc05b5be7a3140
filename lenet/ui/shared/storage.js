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
