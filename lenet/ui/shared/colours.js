// The colours that scripts paint with.  shared/style.css has them, as variables in light and in dark; here they become numbers.

export const isDark = () => document.body.classList.contains("dark");

// "#rrggbb" as [red, green, blue].
export function rgb(text) {
  const digits = /^#([0-9a-f]{6})$/i.exec(text.trim())?.[1];
  if (!digits) throw new Error(`${JSON.stringify(text)} is not a colour of the form #rrggbb`);
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

// The value of a variable of shared/style.css.
export const variable = (name) => getComputedStyle(document.body).getPropertyValue(`--lenet-${name}`).trim();

export function mix(from, to, part) {
  return from.map((value, i) => value + (to[i] - value) * part);
}

// The colour at `part`, 0 to 1, of the way along `stops`.
export function along(stops, part) {
  const place = part * (stops.length - 1);
  const stop = Math.min(Math.floor(place), stops.length - 2);
  return mix(stops[stop], stops[stop + 1], place - stop);
}

// A colour as the number that four bytes of an image make.
export const packed = ([r, g, b]) => (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);

// 256 packed colours from -1 by 0 (at 128) to 1, and 256 from 0 to 1.
export function tables({ zero, plus, minus }) {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const signed = (part) => along([zero, ...(part < 0 ? minus : plus)], Math.min(1, Math.abs(part)));
  return {
    signed: Int32Array.from(bytes, (byte) => packed(signed((byte - 128) / 127))),
    unsigned: Int32Array.from(bytes, (byte) => packed(signed(byte / 255))),
  };
}

const themes = new Map(); // dark or not -> what `theme` returns

// {zero, plus, minus, ink, strong: {plus, minus}, signed, unsigned, inked}: the ramps, and their tables; `inked` has the
// 256 packed colours from nothing to ink.
export function theme() {
  const dark = isDark();
  if (!themes.has(dark)) {
    const colour = (name) => rgb(variable(name));
    const [plus, minus] = ["plus", "minus"].map((side) => [1, 2, 3, 4].map((stop) => colour(`ramp-${side}-${stop}`)));
    const ramp = { zero: colour("ramp-zero"), plus, minus };
    const strong = { plus: colour("plus"), minus: colour("minus") };
    const ink = colour("ramp-ink");
    const inked = Int32Array.from({ length: 256 }, (_, byte) => packed(mix(ramp.zero, ink, byte / 255)));
    themes.set(dark, { ...ramp, ink, inked, strong, ...tables(ramp) });
  }
  return themes.get(dark);
}

// Bytes in base64, as the server sends maps of numbers; a script's own are bytes already.
export function unpack(text) {
  if (typeof text !== "string") return text;
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// Call `change` when the page becomes light or dark.
export function onTheme(change) {
  new MutationObserver(change).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
