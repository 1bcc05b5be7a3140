"""A network in one file of HTML, to take home: it opens from a disk, without a server or the internet.

It is made of the page's own scripts.  A file cannot import others from a disk, so each module stands in it as a data:
address under the name `lenet/NAME`, by an import map, and imports the others by those names.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint
from lenet.inference.web import Table, to_table
from lenet.models.network import count_parameters
from lenet.ui.shared import assets, texts

MAX_PHOTO_PARAMETERS = 130_000  # of a network for photos: larger ones take a phone too long, and half a megabyte more
DIGITS, PHOTOS = "home/digits.js", "home/photos.js"  # of which one is what the file begins with
TEMPLATE, LAYERS = "home/page.html", "shared/layers.html"
STYLES = ("shared/style.css", "report/style.css", "home/style.css")
CSS_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
COMMENT = re.compile(r"(^|\s)//.*")  # of a script, to the line's end
GOES_ON = ";{,(["  # behind one of these the end of a line means nothing
ESCAPED = str.maketrans({"%": "%25", "#": "%23", "\n": "%0A"})  # what ends an address, or is not let into one
WORD = re.compile(r'"(\w+)"')  # what a script or a template says is named there by its key


def fits(channels: int, parameters: int) -> bool:
    """Whether a network that reads images of so many channels goes into a file."""
    return channels == 1 or parameters <= MAX_PHOTO_PARAMETERS


def document(checkpoint: Checkpoint, name: str, made: date) -> str:
    """The file.

    Args:
        name: what the network is called.
        made: the day, to be shown.

    Raises:
        CheckpointError: the network is too large, or has a layer that no browser computes.
    """
    channels, parameters = len(checkpoint.recipe.input.mean), count_parameters(checkpoint.model)
    if not fits(channels, parameters):
        raise CheckpointError(
            "{name} has {count:,} parameters, too many for a file to take home: choose a network for photos of at most "
            "{most:,}.",
            name=name,
            count=parameters,
            most=MAX_PHOTO_PARAMETERS,
        )
    table = to_table(checkpoint, name, made)
    unknown = [layer["name"] for layer in table["layers"] if layer["op"] == "unknown"]
    if unknown:
        raise CheckpointError(
            "{name} has layers that no browser computes: {layers}. Export it as ONNX.", name=name, layers=unknown
        )
    reads_digits = channels == 1
    entry = DIGITS if reads_digits else PHOTOS
    examples = json.loads(assets.template("draw/examples.json")) if reads_digits else []
    return _template().render(
        name=name,
        css=Markup(CSS_COMMENT.sub("", "".join(map(assets.template, STYLES)))),
        imports=_json({"imports": _modules(entry, table, examples)}),
        entry=entry,
        network=_json(table),
        examples=_json(examples),
        no_script=texts.say("home_no_script"),
        layers=Markup(assets.template(LAYERS)),
        reads_digits=reads_digits,
    )


def _template() -> Any:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(assets.template(TEMPLATE))


def _json(value: Any) -> Markup:
    """For a script element, which would end at "</script"."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


def _address(code: str) -> str:
    """A data: address of the script without indentation, comments, and line ends that mean nothing: a sixth less.

    Every text and template of our scripts is on one line, and none looks like a comment (a test holds that).
    """
    lines = (COMMENT.sub("", line).strip() for line in code.split("\n"))
    lean = "".join(line if line[-1] in GOES_ON else line + "\n" for line in lines if line)
    return "data:text/javascript;charset=utf-8," + lean.translate(ESCAPED)


def _modules(entry: str, table: Table, examples: list[Any]) -> dict[str, str]:
    """The addresses of the scripts that `entry` needs, by name, with the texts that they say."""
    files = {name: assets.scripts().files[name].decode() for name in assets.needed(entry)}
    del files["texts.js"]
    said = {
        word for code in (*files.values(), *map(assets.template, (TEMPLATE, LAYERS))) for word in WORD.findall(code)
    }
    said |= {f"draw_{example['name']}" for example in examples}
    files["texts.js"] = assets.texts_script(said, {*_templates(table), *table["classes"], ", "}).decode()
    return {f"lenet/{name}": _address(_by_name(name, code)) for name, code in files.items()}


def _templates(value: Any) -> Iterator[str]:
    """The English templates and names of all sentences in a table."""
    if isinstance(value, dict):
        yield from (text for key in ("template", "name") if isinstance(text := value.get(key), str))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _templates(item)


def _by_name(name: str, code: str) -> str:
    """A module that imports the others by name rather than by place."""

    def named(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[1]))
        return found[0].replace(f'"{found[1]}"', f'"lenet/{place}"')

    return assets.IMPORT.sub(named, code)
