"""Your own classes, a part of the Train tab: draw a few examples of each, and a network learns them in seconds.

What a visitor draws stays in their browser (teach/store.js).  The server gets the examples' pictures of 28x28 pixels to
learn from, and forgets them; the network that comes of it is kept as those of runs are, and by the browser too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.checkpoint import foreign
from lenet.data.datasets import TAUGHT
from lenet.errors import Text
from lenet.inference.pretrained import Checkpoint
from lenet.training.teaching import (
    MAX_CLASSES,
    MAX_EXAMPLES,
    MIN_CLASSES,
    MIN_EXAMPLES,
    NAME_LENGTH,
    Examples,
)
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, returned, texts
from lenet.ui.shared.address import address_of
from lenet.ui.tab import Own, Owner, Source, Taken


@messages.answering_in_each
def prepare_teaching(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """A visitor has begun to draw: what the first one needs is made meanwhile.

    Args:
        question: {}.
    """
    server.teachings.prepare()
    return {}


@messages.answering_in_each
def begin_teaching(server: Server, question: dict[str, Any], request: gr.Request | None = None) -> dict[str, Any]:
    """Teach a visitor's classes: {} once they are in the line, or {"problem"}.

    Args:
        question: {"visitor", "classes": [{"name", "examples": [the 784 bytes of 28x28 pixels in base64]}]}.
        request: Gradio's, for the address that it comes from.
    """
    visitor = messages.visitor(question)
    server.teachings.begin(visitor, _examples(question), address_of(request))
    return {}


def _examples(question: dict[str, Any]) -> Examples:
    """Raises QuestionError or TrainingError where they are not what they must be."""
    classes = messages.listed(question, "classes")
    if len(classes) > MAX_CLASSES or not all(isinstance(one, dict) for one in classes):
        raise messages.garbled()
    drawn = []
    for one in classes:
        pictures = messages.listed(one, "examples")
        if len(pictures) > MAX_EXAMPLES:
            raise messages.garbled()
        drawn.append((messages.text(one, "name"), list(map(returned.decoded, pictures))))
    examples = Examples.of(drawn)
    examples.refuse_fewer()
    return examples


@messages.answering_in_each
def look_at_teaching(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """How far it is: see `lenet.ui.teach.teaching.Facts`; once it is done also the network itself.

    Args:
        question: {"visitor"}.

    Returns:
        the facts, and where the status is "done" {"table": see `lenet.inference.web.to_table`, "file": the
        .safetensors file in base64}.
    """
    found = server.teachings.look(messages.visitor(question))
    facts = {name: value for name, value in vars(found).items() if name != "problem"}
    if found.problem is not None:
        return facts | {"problem": texts.words(found.problem)}
    if found.status == "done":
        file = returned.encoded(server.networks.file(found.network))
        facts |= {"table": server.networks.table(found.network), "file": file}
    return facts


@messages.answering_in_each
def export_taught(server: Server, question: dict[str, Any], request: gr.Request | None = None) -> dict[str, Any]:
    """A file of a taught network: {"name", "file": in base64}, and {"network": its key}.

    Args:
        question: {"visitor", "network": its key, "file": its weights, should the server have forgotten it, "kind": one
            of `returned.FILES`}.
        request: Gradio's, for the address that it comes from.
    """
    return returned.export(server, question, (address_of(request), messages.visitor(question)), _title)


def _title(path: Path, checkpoint: Checkpoint) -> str:
    """What to call it; CheckpointError where nobody taught it."""
    if checkpoint.recipe.dataset != TAUGHT:
        raise foreign(path, Text("nobody taught it classes of their own"))
    return " ".join(checkpoint.classes[:-1])[:40]


def use(server: Server, event: gr.EventData, own: Own, owner: Owner) -> Taken:
    """Put a taught network to use in the Draw tab.

    Raises:
        CheckpointError: the server has forgotten it, and the browser's file is none of ours.
        QuestionError: no script of this page sends that.
    """
    return Taken(returned.restored(server, messages.sent(event), owner, _title))


def build(server: Server) -> Source:
    """The part of the tab; returns the event by which its network is put to use."""
    place = gr.HTML(
        html_template=assets.template("teach/tab.html"),
        js_on_load=assets.mount("teach/view.js", events=["use"]),
        server_functions=server_functions(server, prepare_teaching, begin_teaching, look_at_teaching, export_taught),
        limits={
            "classes": MAX_CLASSES,
            "least_classes": MIN_CLASSES,
            "examples": MAX_EXAMPLES,
            "least_examples": MIN_EXAMPLES,
            "name": NAME_LENGTH,
        },
        elem_id="teach",
        padding=False,
    )
    # teach/view.js: trigger("use", { visitor, language, network, file })
    return Source(place.use, partial(use, server), opens=True, options={"queue": False})
