// What a script needs to speak the visitor's language, before that script in the same function body.  `element`
// and `props` are gr.HTML's; props.languages has the part's texts, see texts/.
//
// The language is the one that the visitor chose in the page's head (head.js), else the browser's.  Texts that
// stand in the HTML name their key: data-say for what an element says, data-say-label for its aria-label,
// data-say-title for its title, and data-said, as JSON, what is filled in.  data-say-each has, as JSON, what the
// server says in each language.

function stored(store, key, value) {
  try {
    if (value !== undefined) store.setItem(key, value);
    return store.getItem(key);
  } catch {
    return null; // a browser that remembers nothing
  }
}

function preferred() {
  const wishes = [stored(localStorage, "lenet-language"), ...navigator.languages].map((tag) => tag?.split("-")[0]);
  return wishes.find((tag) => tag in props.languages) ?? "en";
}

let language = preferred();

function say(key, values = {}) {
  const text = props.languages[language]?.[key] ?? props.languages.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

// What the server's modules say in English; props.facts has it in the other languages.
const translated = (sentence) => props.facts?.[language]?.[sentence] ?? sentence;

// Every text that stands in the HTML, of all of the component or of a part that is new.
function sayAll(part = element) {
  for (const place of part.querySelectorAll("[data-say], [data-say-label], [data-say-title], [data-say-each]")) {
    const { say: text, sayLabel: label, sayTitle: title, sayEach: each, said } = place.dataset;
    const values = said ? JSON.parse(said) : {};
    if (text) place.textContent = say(text, values);
    if (label) place.setAttribute("aria-label", say(label, values));
    if (title) place.title = say(title, values);
    if (each) place.textContent = JSON.parse(each)[language];
  }
  element.lang = language === "zh" ? "zh-Hans" : language;
}

// The script's part of a change of language: what does not stand in the HTML.
function onLanguage(change) {
  window.addEventListener("lenet-language", ({ detail }) => {
    language = detail;
    sayAll();
    change();
  });
}
