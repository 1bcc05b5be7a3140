// Numbers as people read them.

import { say } from "./language.js";

export const percent = (part, decimals = 1) => `${(100 * part).toFixed(decimals)}%`;
export const number = (value) => Math.round(value).toLocaleString("en");
export const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(1);
export const rate = (lr) => (lr < 1e-4 ? lr.toExponential(0) : String(Number(lr.toPrecision(2))));
export const lossOf = (value) => (value < 0.1 ? value.toPrecision(2) : value.toFixed(3));

export function time(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return say("seconds", { seconds: whole });
  if (whole < 3600) return say("minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  return say("hours_minutes", { hours: Math.floor(whole / 3600), minutes: Math.floor((whole % 3600) / 60) });
}

// A large number as people say it, "62k", "1.97M", "302M": whole thousands, and three digits of what is more.
export function short(count) {
  const units = ["", "k", "M", "G"];
  while (count >= 999.5 && units.length > 1) {
    count /= 1000;
    units.shift();
  }
  const decimals = ["", "k"].includes(units[0]) || count >= 99.95 ? 0 : count >= 9.995 ? 1 : 2;
  return count.toFixed(decimals) + units[0];
}

export const size = (bytes) => (bytes >= 999_500 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(0)} kB`);

// How long a training took; null where nobody knows.
export function duration(seconds) {
  if (seconds === null) return say("time_unknown");
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return say("seconds", { seconds: seconds.toFixed(0) });
  if (minutes < 90) return say("minutes_alone", { minutes });
  return say("hours_minutes", { hours: Math.floor(minutes / 60), minutes: String(minutes % 60).padStart(2, "0") });
}
