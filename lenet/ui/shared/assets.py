"""The page's files: its templates, and its scripts, which the app serves as ES modules.

A gr.HTML component gets a few lines of JavaScript that import its module and call the module's `mount`:

    html = assets.template("zoo/tab.html")
    gr.HTML(html_template=html, js_on_load=assets.mount("zoo/view.js", events=["refuse", "seen"]))

The app serves all of the scripts under scripts/VERSION/, beside Gradio's own files: see `ROUTES`, which `page.LAUNCH`
hands to Gradio.  The version is a hash of their contents.  So browsers may keep them for good, and no browser mixes
old scripts with new ones.  Among them are `texts.js`, made of `texts`: `TEXTS` by language and key, and `SENTENCES` by
language and English template; and `shared/kernel.js`, made of kernel.wat.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import posixpath
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lenet.ui.shared import texts, wasm
from lenet.ui.shared.requests import mark_said

HERE = Path(__file__).parents[1]
KERNEL = Path(__file__).parent / "kernel.wat"
IMPORT = re.compile(r'^import .* from "(\.[\w./-]+)";', re.MULTILINE)
AGAIN = "-again"  # behind the version in the second try's addresses: a browser remembers what it failed to import

# What gr.HTML runs, as a function body with `element`, `trigger`, `props`, `server` and `watch`.  The page's <base>
# is the app's root, under a sub-path too.  `data-mounted` tells shared/style.css that the component is alive, or says
# why not.
MOUNT = """// events: @events@
const address = (name, again = "") => new URL(`scripts/@version@${again}/${name}`, document.baseURI).href;
const load = (again) => import(address("@script@", again));
for (const name of @needed@) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: address(name) }));
}
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
load("")
  .catch(() => pause().then(() => load("@again@")))
  .then(({ mount }) => mount({ element, trigger, props, server, watch }))
  .catch((error) => {
    console.error(error);
    const line = document.createElement("p");
    line.className = "problem";
    line.setAttribute("role", "alert");
    line.textContent = @problem@;
    element.replaceChildren(line);
  })
  .finally(() => element.setAttribute("data-mounted", ""));
"""


class Scripts(NamedTuple):
    """All scripts, by name, and the version that they are together."""

    version: str
    files: dict[str, bytes]


@functools.lru_cache(maxsize=1)
def scripts() -> Scripts:
    """The scripts in this folder, and those that are made here."""
    files = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in sorted(HERE.rglob("*.js"))}
    files["texts.js"] = texts_script(
        set(texts.ENGLISH), {template for known in texts.SENTENCES.values() for template in known}
    )
    kernel = wasm.assemble(KERNEL.read_text(encoding="utf-8"))
    files["shared/kernel.js"] = _constant("KERNEL", base64.b64encode(kernel).decode())
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    return Scripts(digest.hexdigest()[:12], files)


def texts_script(keys: set[str], templates: set[str]) -> bytes:
    """`texts.js` with the texts of these keys, and the sentences of these templates."""
    said, known = (
        {language: {key: text for key, text in all_of.items() if key in wanted} for language, all_of in source.items()}
        for source, wanted in ((texts.LANGUAGES, keys | {"language_name"}), (texts.SENTENCES, templates))
    )
    return _constant("TEXTS", said) + _constant("SENTENCES", known)


def _constant(name: str, value: object) -> bytes:
    return f"export const {name} = {json.dumps(value, ensure_ascii=False)};\n".encode()


def needed(*names: str) -> list[str]:
    """These scripts and all that they import, in alphabetical order."""
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            imports = IMPORT.findall(scripts().files[name].decode())
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in imports]
    return sorted(found)


def template(name: str) -> str:
    """The HTML file of that name."""
    return (HERE / name).read_text(encoding="utf-8")


def mount(script: str, events: Sequence[str] = ()) -> str:
    """What a gr.HTML component runs to import `script` and call its `mount`.

    `mount` is called with {element, trigger, props, server, watch}, which gr.HTML's documentation explains.  An
    import that fails is tried a second time; then the component says so, in every language.

    Args:
        events: the names that the script gives to `trigger`.  gr.HTML has a listener for each name that stands in
            quotes in what it runs.
    """
    values = {
        "events": ", ".join(f'"{name}"' for name in events),
        "version": scripts().version,
        "script": script,
        "needed": json.dumps(needed(script)),
        "again": AGAIN,
        "problem": json.dumps(" ".join(texts.in_each(lambda: texts.say("no_script")).values()), ensure_ascii=False),
    }
    body = MOUNT
    for name, value in values.items():
        body = body.replace(f"@{name}@", value)
    return body


def preload(*names: str) -> str:
    """Links for the page's head: the browser fetches these scripts and what they import at once.

    Name those that the page shows first.  A component of a tab that opens later fetches its own in the same way.
    """
    version = scripts().version
    return "".join(f'<link rel="modulepreload" href="scripts/{version}/{name}">\n' for name in needed(*names))


async def _serve(request: Request) -> Response:
    mark_said(request.scope)
    version = request.path_params["version"].removesuffix(AGAIN)
    if version != scripts().version:
        scripts.cache_clear()  # `gradio app.py` reloads the page after a change
    if version != scripts().version:
        return PlainTextResponse("These scripts are of another version of the page. Reload it.", 404)
    content = scripts().files.get(request.path_params["name"])
    if content is None:
        return PlainTextResponse("There is no script of this name.", 404)
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(content, media_type="text/javascript", headers=headers)


ROUTES = [Route("/scripts/{version}/{name:path}", _serve)]
