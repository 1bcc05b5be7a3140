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
