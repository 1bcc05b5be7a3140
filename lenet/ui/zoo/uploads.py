"""The part of the Zoo tab where visitors upload networks of their own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from lenet.errors import CheckpointError, LeNetError, Text
from lenet.inference.digits import DigitClassifier
from lenet.inference.untrusted import MAX_BYTES, load_untrusted, too_large
from lenet.ui import environment, messages
from lenet.ui.server import Server
from lenet.ui.shared import assets, texts
from lenet.ui.zoo.messages import Remark

SUFFIX = ".safetensors"
FOREIGN = (".pth", ".pt", ".ckpt", ".bin", ".tar")  # .pth.tar, as PyTorch's own examples call checkpoints
INVITATION = texts.Said("upload_note", {"most": f"{MAX_BYTES / 1e6:.0f}"})


def upload(server: Server, path: str | None, owner: tuple[str, str]) -> tuple[str, texts.Said | Text]:
    """Take a visitor's file in: the network's key, or "", and what is said of it.

    Args:
        owner: the network address and the session that it comes from.
    """
    try:
        with server.uploads.one_more(owner[1]):
            key = _taken(server, path, owner)
    except LeNetError as error:
        return "", error.text
    return key, _welcome(server, key)


def _taken(server: Server, path: str | None, owner: tuple[str, str]) -> str:
    """The new network's key.

    Raises:
        CheckpointError: the file is none that this page takes.
    """
    if not environment.UPLOADS:
        raise CheckpointError("This server takes in no networks.")
    if path is None:
        raise CheckpointError("No file has arrived. Choose one and try again.")
    if Path(path).suffix.lower() in FOREIGN:
        raise CheckpointError(
            "{name} is a file of PyTorch, which may hold a program, so this page does not open it. "
            "On your own machine, `lenet import {name}` makes a {suffix} file of it without running anything: "
            "upload that.",
            name=Path(path).name,
            suffix=SUFFIX,
        )
    if Path(path).suffix.lower() != SUFFIX:
        raise CheckpointError(
            "{name} is not a {suffix} file: upload one that this project has written.",
            name=Path(path).name,
            suffix=SUFFIX,
        )
    checkpoint = load_untrusted(Path(path))
    key, _ = server.networks.keep(checkpoint, name=Path(path).stem, owner=owner, uploaded=True)
    return key


def refuse(event: gr.EventData) -> dict[str, Any]:
    """The remark on a file that is too large to travel: zoo/view.js sends its name and size."""
    with messages.endpoint("refusing an upload"):
        question = messages.sent(event)
        name, size = messages.text(question, "name"), messages.number(messages.field(question, "size"))
        return remark(too_large(name[:100], size).text)


def _welcome(server: Server, key: str) -> texts.Said:
    kept = server.networks.kept(key)
    tab = texts.Said("tab_draw" if isinstance(kept.classifier, DigitClassifier) else "tab_photo")
    return texts.Said("upload_done", {"name": kept.name, "tab": tab})


def remark(said: texts.Said | Text) -> dict[str, Any]:
    """What stands beside the button: a text of the page, or what went wrong."""
    return asdict(Remark(texts.told(said), problem=isinstance(said, Text)))


def labelled() -> gr.UploadButton:
    """The update that says the button in the language that is spoken."""
    return gr.UploadButton(_label())


def _label() -> str:
    return texts.say("upload", suffix=SUFFIX)


class Place(NamedTuple):
    """Where networks are uploaded.

    Attributes:
        note: where what is said of the last one stands; see `remark`.
    """

    button: gr.UploadButton
    note: gr.HTML


def build() -> Place:
    """The button, and what is said beside it."""
    with gr.Row(elem_classes="upload", visible=environment.UPLOADS):
        # Of any type: Gradio refuses the others in English, and a phone cannot choose what it has no type for.
        button = gr.UploadButton(_label(), elem_id="upload", scale=0)
        note = gr.HTML(value=remark(INVITATION), html_template="", js_on_load=assets.mount("zoo/note.js"))
    return Place(button, note)
