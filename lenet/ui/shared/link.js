// What a lesson's link says of the page: ?show=draw,train names the tabs that it wants, and ?lock=data,lr the settings
// that it fixes.

import { stored } from "./storage.js";

const TABS = ["draw", "photo", "zoo", "train"];

const asked = (name) => new URLSearchParams(location.search).get(name);
const listed = (name) => (asked(name) ?? "").split(",");

// The tabs that are wanted of those that there are, in the link's order; none where all are.
export const wantedTabs = (tabs = TABS) => listed("show").filter((tab) => tabs.includes(tab));

export const isWanted = (tab) => !wantedTabs().length || wantedTabs().includes(tab);

// The tab that the page opens with: Train where the link has settings, or the page was reloaded in it.  "" leaves that to
// the page.
export function firstTab(tabs = TABS) {
  const training = asked("recipe") !== null || stored("sessionStorage", "lenet-training-open") === "yes";
  return training && tabs.includes("train") && isWanted("train") ? "train" : wantedTabs(tabs)[0] ?? "";
}

// The settings that are fixed, by name; "data" is the data set.
export const lockedSettings = () => listed("lock").map((name) => (name === "data" ? "dataset" : name));
