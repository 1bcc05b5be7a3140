// The page's head, with the switch of language.  The same function body as language.js; `trigger` is gr.HTML's.
//
// Scripts hear of a change by an event on the window; what is Gradio's own, such as the names of the tabs, is
// the server's to say (page.speak).

const choice = element.querySelector("select");
for (const [tag, { language_name: name }] of Object.entries(props.languages)) {
  choice.append(Object.assign(document.createElement("option"), { value: tag, textContent: name, lang: tag }));
}
choice.value = language;

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  trigger("speak", { language });
}

choice.addEventListener("change", () => {
  stored(localStorage, "lenet-language", choice.value);
  window.dispatchEvent(new CustomEvent("lenet-language", { detail: choice.value }));
});
onLanguage(speak);
sayAll();
speak();
