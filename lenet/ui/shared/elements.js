// Elements of the page.  What they say is text: nothing that the server or a visitor wrote is read as HTML.

const SVG = "http://www.w3.org/2000/svg";

// A new element, with children; `properties` are those that it has, or else attributes.  Children that are null or
// false are left out.
export const make = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== false));
  return made;
};

// The same for an element of a picture, which has attributes alone.
export const makeSvg = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

// Make the children of `element` what `parts` are.  Children that need not be replaced stay: then the browser lays out
// anew only what has changed, the keyboard's focus stays where it is, and so does a word's sentence that is open.
export function follow(element, parts) {
  const old = [...element.childNodes];
  parts.forEach((part, i) => {
    if (!old[i]) element.append(part);
    else if (!old[i].isEqualNode(part)) become(old[i], part);
  });
  old.slice(parts.length).forEach((node) => node.remove());
}

function become(node, part) {
  if (node.nodeName !== part.nodeName) node.replaceWith(part);
  else if (part.nodeType === Node.TEXT_NODE) node.data = part.data;
  else {
    // A style stays: by one a word's sentence is moved back into the window.
    for (const { name } of [...node.attributes]) if (name !== "style" && !part.hasAttribute(name)) node.removeAttribute(name);
    for (const { name, value } of part.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
    follow(node, [...part.childNodes]);
  }
}

// Say whether a button may be pressed.  It stays focusable: a button that is disabled while it has the focus loses it.
export function allow(button, may) {
  button.disabled = false;
  button.setAttribute("aria-disabled", String(!may));
}
export const allowed = (button) => button.getAttribute("aria-disabled") !== "true";

// Tells an element that is fixed which part of its frame can be seen, as --seen-top and --seen-below: a frame that grows
// with its page, as on Spaces, is higher than the window, and its foot and its middle are out of sight.
export function keepInSight(element) {
  if (window.parent === window) return;
  const observer = new IntersectionObserver(([{ intersectionRect: seen }]) => {
    observer.disconnect();
    if (!seen.height) return;
    element.style.setProperty("--seen-top", `${Math.max(0, seen.top)}px`);
    element.style.setProperty("--seen-below", `${Math.max(0, innerHeight - seen.bottom)}px`);
  });
  observer.observe(document.documentElement);
}

// Waits while a button is held down: a page that grows between press and release would lose the click.
export const released = () =>
  new Promise((done) => {
    if (!document.querySelector("button:active")) return done();
    const after = new AbortController();
    const end = () => {
      after.abort();
      setTimeout(done); // the click comes first
    };
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, end, { signal: after.signal });
  });
