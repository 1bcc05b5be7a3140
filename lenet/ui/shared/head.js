// The page's head, with the switch of language.
//
// Scripts change their texts themselves (shared/language.js); what is Gradio's own, such as the names of the tabs, is the
// server's to say (page.speak).

import { LANGUAGES, chooseLanguage, langOf, language, onLanguage, say, sayAll } from "./language.js";
import { firstTab, wantedTabs } from "./link.js";

// Hide the tabs that a lesson's link does not want, and open its first one.
async function showWanted(tabs) {
  const wanted = wantedTabs(tabs);
  const hidden = wanted.length ? tabs.flatMap((name, i) => (wanted.includes(name) ? [] : [`#tabs [role="tab"]:nth-of-type(${i + 1})`])) : [];
  const sheet = new CSSStyleSheet();
  if (hidden.length) sheet.replaceSync(`${hidden.join(", ")} { display: none; }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  const first = tabs.indexOf(firstTab(tabs));
  if (first < 0 || tabs[first] === "train") return; // that one is opened by train/heartbeat.js
  const place = () => document.querySelectorAll('#tabs [role="tab"]')[first];
  for (let tries = 0; tries < 50 && place()?.getAttribute("aria-selected") !== "true"; tries += 1) {
    place()?.click(); // Gradio builds them in its own time
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export function mount({ element, trigger, props }) {
  const choice = element.querySelector("select");
  for (const { tag, name } of LANGUAGES) {
    choice.append(Object.assign(document.createElement("option"), { value: tag, textContent: name, lang: tag }));
  }
  choice.value = language;

  function speak() {
    document.documentElement.lang = langOf(language);
    trigger("speak", { language });
  }

  // Gradio loses the names of tabs that come while it builds these, one time in eight: so until they are there.
  async function speakFirst() {
    const names = props.tabs.map((tab) => say(`tab_${tab}`));
    for (let tries = 0; tries < 20; tries += 1) {
      const tabs = [...document.querySelectorAll("#tabs [role=tab]")];
      if (tabs.length && tabs.every((tab) => names.includes(tab.textContent.trim()))) return;
      speak();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  // A file that misses its place would open instead of the page, and all that was made on it be gone.
  for (const kind of ["dragover", "drop"]) {
    window.addEventListener(kind, (event) => {
      if (!event.defaultPrevented && event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
  }

  // A tab that is opened from far down in another, as by "Use it", is seen from its beginning.
  const opened = ({ target }) => target.matches('#tabs [role="tab"][aria-selected="true"]');
  new MutationObserver((changes) => {
    const tabs = changes.some(opened) && document.querySelector("#tabs");
    if (tabs && tabs.getBoundingClientRect().top < 0) tabs.scrollIntoView();
  }).observe(document.body, { subtree: true, attributeFilter: ["aria-selected"] });

  showWanted(props.tabs);
  choice.addEventListener("change", () => chooseLanguage(choice.value));
  onLanguage(element, speak);
  sayAll(element);
  if (language !== "en") speakFirst(); // the server has built the page in English
}
