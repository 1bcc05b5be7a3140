// The form of a run's settings, and links that hold them.

import { make } from "../shared/elements.js";
import { language, say, sayAll, sayIn } from "../shared/language.js";

// The settings that are numbers, with the keyboard that a phone shows for each.
const NUMBERS = { lr: "decimal", momentum: "decimal", weight_decay: "decimal", batch_size: "numeric", epochs: "numeric", seed: "numeric" };

// The page's address with all settings in it.
export function linkTo(address, settings) {
  const link = new URL(address);
  link.search = new URLSearchParams(settings);
  link.hash = "";
  return link.href;
}

// The settings in an address's search part, as texts.
export function settingsIn(search) {
  return Object.fromEntries(new URLSearchParams(search));
}

// `translated` puts what the server's modules say in English into the visitor's language.
export function settingsForm({ element, props, server, translated }) {
  const find = (selector) => element.querySelector(selector);
  const FIELDS = Object.keys(props.recipes[props.first].settings);
  const fields = new Map(); // name -> {input, why, wrong}

  function buildFields() {
    for (const name of ["recipe", ...FIELDS]) {
      const id = `set-${name.replace("_", "-")}`;
      const input = name in NUMBERS
        ? make("input", { id, name, type: "text", autocomplete: "off", spellcheck: false })
        : make("select", { id, name }, ...optionsOf(name).map((value) => make("option", { value, textContent: value })));
      if (name in NUMBERS) input.inputMode = NUMBERS[name];
      const why = make("p", { id: `${id}-why`, className: "told" });
      const wrong = make("p", { id: `${id}-wrong`, className: "wrong" });
      wrong.setAttribute("aria-live", "polite");
      input.setAttribute("aria-describedby", `${why.id} ${wrong.id}`);
      const label = make("label", { htmlFor: id });
      label.dataset.say = name;
      find(".fields").append(make("div", { className: `field of-${name}` }, label, input, why, wrong));
      fields.set(name, { input, why, wrong });
      input.addEventListener("change", () => {
        if (name === "recipe") fill({ recipe: input.value });
        explain();
        checkSettings();
      });
    }
  }

  function optionsOf(name) {
    return Object.keys(name === "recipe" ? props.recipes : props.choices[name]);
  }

  // The recipe's own settings, and then what else is known.
  function fill(values) {
    const recipe = props.recipes[values.recipe] ? values.recipe : fields.get("recipe").input.value;
    fields.get("recipe").input.value = recipe;
    const all = { ...props.recipes[recipe].settings, ...values };
    for (const name of FIELDS) {
      const { input } = fields.get(name);
      input.value = String(all[name]);
      if (input.value !== String(all[name])) input.value = String(props.recipes[recipe].settings[name]); // no such option
    }
    explain();
  }

  function explain() {
    const recipe = props.recipes[fields.get("recipe").input.value];
    const told = { about: translated(recipe.about), source: translated(recipe.source), claims: translated(recipe.claims) };
    const claims = recipe.claims ? say("recipe_claims", told) : "";
    const extras = Object.entries(recipe.extras).map(([key, value]) => say(key, { value }));
    const also = extras.length ? ` ${say("recipe_also", { extras: extras.join(say("list_comma")) })}` : "";
    for (const [name, { input, why }] of fields) {
      if (name === "recipe") why.textContent = say("recipe_why", { ...told, claims }) + also;
      else if (name in NUMBERS) why.textContent = say(`${name}_why`);
      else why.textContent = translated(props.choices[name][input.value]) || say(`${name}_${input.value}`);
    }
  }

  const settings = () => Object.fromEntries([...fields].map(([name, { input }]) => [name, input.value]));

  function showProblems(problems) {
    for (const [name, { input, wrong }] of fields) {
      const problem = problems[name];
      wrong.textContent = problem ? say(problem.key, problem.values) : "";
      if (problem) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  async function checkSettings() {
    const asked = settings();
    const reply = await server.check({ language, settings: asked }).catch(() => null);
    if (reply?.problems && JSON.stringify(asked) === JSON.stringify(settings())) showProblems(reply.problems);
  }

  function sent(told) {
    sayIn(find(".sent"), told);
    find(".address").hidden = true;
  }

  find(".link").addEventListener("click", async () => {
    const link = linkTo(location.href, settings());
    sent("");
    try {
      await navigator.clipboard.writeText(link);
      sent("copied");
    } catch {
      sent("link_here"); // not allowed here: then a person copies it
      const address = find(".address");
      address.value = link;
      address.hidden = false;
      address.dataset.sayLabel = "link_here";
      sayAll(find(".send").parentElement);
      address.select();
    }
  });

  function fromLink() {
    const asked = settingsIn(location.search);
    if (!Object.hasOwn(props.recipes, asked.recipe ?? "")) return;
    fill(asked);
    sent("from_link");
    checkSettings();
  }

  // Open the form with the keyboard in its first field, or in the first that is wrong.
  function focus(chosen = fields.get("recipe")) {
    find(".settings").open = true;
    chosen?.input.focus();
  }

  buildFields();
  fill({ recipe: props.first });
  return {
    names: FIELDS,
    check: checkSettings,
    explain,
    fill,
    focus,
    focusProblem: () => focus([...fields.values()].find(({ input }) => input.hasAttribute("aria-invalid"))),
    fromLink,
    sent,
    settings,
    showProblems,
  };
}
