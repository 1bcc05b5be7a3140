// The form of a run's settings, and links that hold them.

import { make, released } from "../shared/elements.js";
import { meaningOf } from "../shared/glossary.js";
import { language, say, sayAll, sayIn } from "../shared/language.js";
import { lockedSettings } from "../shared/link.js";

// The settings that are numbers, with the keyboard that a phone shows for each.
const NUMBERS = { lr: "decimal", momentum: "decimal", weight_decay: "decimal", batch_size: "numeric", epochs: "numeric", seed: "numeric" };

// What a lesson's link says of the page itself stays in the links that are made there.
const OF_THE_PAGE = ["show", "lock"];

// The page's address with these settings in it.
export function linkTo(address, settings) {
  const link = new URL(address);
  const kept = OF_THE_PAGE.filter((name) => link.searchParams.has(name)).map((name) => [name, link.searchParams.get(name)]);
  link.search = new URLSearchParams([...Object.entries(settings), ...kept]);
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
  const fixed = new Set(); // names of settings that a lesson's link fixes

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
      fields.set(name, { label, input, why, wrong });
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

  const settingOf = (name) => fields.get(name).input.value;

  // Whether a recipe can be chosen beside what is fixed: one for other data cannot.
  function isOpen(recipe) {
    if (fixed.has("recipe")) return recipe === settingOf("recipe");
    return !fixed.has("dataset") || props.recipes[recipe]?.settings.dataset === settingOf("dataset");
  }

  // Whether `fill` would put all of these there, and nothing that is fixed would have to change.
  function fits(values) {
    const all = { ...props.recipes[values.recipe].settings, ...values };
    return isOpen(values.recipe) && [...fixed].every((name) => String(all[name]) === settingOf(name));
  }

  // The recipe's own settings, and then what else is known; what is fixed stays.
  function fill(values) {
    const recipe = props.recipes[values.recipe] && isOpen(values.recipe) ? values.recipe : settingOf("recipe");
    fields.get("recipe").input.value = recipe;
    const all = { ...props.recipes[recipe].settings, ...values };
    for (const name of FIELDS.filter((other) => !fixed.has(other))) {
      const { input } = fields.get(name);
      input.value = String(all[name]);
      if (input.value !== String(all[name])) input.value = String(props.recipes[recipe].settings[name]); // no such option
    }
    explain();
  }

  function explain() {
    for (const [name, { label }] of fields) label.title = meaningOf(say(name));
    const recipe = props.recipes[fields.get("recipe").input.value];
    const told = { about: translated(recipe.about).replaceAll("`", ""), source: translated(recipe.source), claims: translated(recipe.claims) };
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
    await released();
    if (reply?.problems && JSON.stringify(asked) === JSON.stringify(settings())) showProblems(reply.problems);
  }

  // Say something below the form's buttons, or in another part with places for what is said of a link.
  function sent(told, part = find("form")) {
    sayIn(part.querySelector("[role=status]"), told);
    part.querySelector(".address").hidden = true;
  }

  // The recipe, and what differs from it.
  function changes(values) {
    const own = props.recipes[values.recipe].settings;
    const others = FIELDS.filter((name) => name in values && String(values[name]) !== String(own[name]));
    return Object.fromEntries(["recipe", ...others].map((name) => [name, values[name]]));
  }

  function differs(values) {
    const { recipe, ...others } = changes(values);
    const own = props.recipes[recipe].settings;
    const said = Object.entries(others).map(([name, value]) => say("link_setting", { name: say(name), value, usual: own[name] }));
    return { recipe, settings: said.join(say("list_comma")) };
  }

  // Copy a link to these settings, and say so in `part`.
  async function copyLink(values, part) {
    const here = linkTo(location.href, changes(values));
    sent("", part);
    const { link = here, code, reach } = (await server.share({ language, link: here }).catch(() => null)) ?? {};
    showCode(part.querySelector(".code"), code, reach);
    try {
      await navigator.clipboard.writeText(link);
      sent("copied", part);
    } catch {
      sent("link_here", part); // not allowed here: then a person copies it
      const address = part.querySelector(".address");
      address.value = link;
      address.hidden = false;
      address.dataset.sayLabel = "link_here";
      sayAll(part);
      address.select();
    }
  }

  find(".link").addEventListener("click", () => copyLink(settings(), find("form")));

  function showCode(place, code, reach) {
    place.hidden = !code;
    if (!code) return;
    place.querySelector("img").src = code;
    sayIn(place.querySelector("p"), `link_${reach}`);
  }

  // Fix what a lesson's link says, and take away the recipes that it rules out.
  function lock() {
    for (const name of lockedSettings()) {
      if (!fields.has(name)) continue;
      fields.get(name).input.disabled = true;
      fixed.add(name);
    }
    for (const card of element.querySelectorAll(".starts [data-recipe]")) card.hidden = !isOpen(card.dataset.recipe);
    for (const option of fields.get("recipe").input.options) option.hidden = option.disabled = !isOpen(option.value);
  }

  function fromLink() {
    const asked = settingsIn(location.search);
    if (!Object.hasOwn(props.recipes, asked.recipe ?? "")) return;
    fill(asked);
    const told = differs(settings());
    sayIn(find(".linked"), told.settings ? "linked_differs" : "linked", told);
    find(".linked").hidden = false;
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
    copyLink,
    explain,
    fill,
    fits,
    fixes: (name) => fixed.has(name),
    focus,
    focusProblem: () => focus([...fields.values()].find(({ input }) => input.hasAttribute("aria-invalid"))),
    fromLink,
    lock,
    sent,
    settings,
    showProblems,
  };
}
