"""The part of the Zoo tab where visitors upload networks of their own."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import gradio as gr

from lenet.errors import CheckpointError, LeNetError, Text
from lenet.inference.digits import DigitClassifier
from lenet.inference.untrusted import BYTES_AT_MOST, load_untrusted, too_large
from lenet.ui import environment, messages
from lenet.ui.server import Server
from lenet.ui.shared import figures, texts

SUFFIX = ".safetensors"
FOREIGN = (".pth", ".pt", ".ckpt", ".bin")
INVITATION = texts.Said("upload_note", {"most": f"{BYTES_AT_MOST / 1e6:.0f}"})


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


def refuse(language: str, event: gr.EventData) -> tuple[str, Text]:
    """What is said of a file that is too large to travel, and for `remark`: zoo/view.js sends its name and size."""
    with texts.speaking(language), messages.endpoint("refusing an upload"):
        question = messages.sent(event)
        name, size = messages.text(question, "name"), messages.number(messages.field(question, "size"))
        said = too_large(name[:100], size).text
        return remark(said), said


def _welcome(server: Server, key: str) -> texts.Said:
    kept = server.networks.kept(key)
    tab = texts.Said("tab_draw" if isinstance(kept.classifier, DigitClassifier) else "tab_photo")
    return texts.Said("upload_done", {"name": kept.name, "tab": tab})


def remark(said: texts.Said | Text) -> str:
    """What stands beside the button, in the language that is spoken: a text of the page, or what went wrong."""
    return figures.problem(said) if isinstance(said, Text) else figures.note(str(said))


def labels(said: texts.Said | Text) -> tuple[gr.UploadButton, str]:
    """The updates that say the button, and what stands beside it, in the language that is spoken."""
    return gr.UploadButton(texts.say("upload", suffix=SUFFIX)), remark(said)


class Place(NamedTuple):
    """Where networks are uploaded.

    Attributes:
        said: what is said of the last one, in no language yet; see `remark`.
        note: where that stands.
    """

    button: gr.UploadButton
    said: gr.State
    note: gr.HTML


def build() -> Place:
    """The button, and what is said beside it."""
    said = gr.State(INVITATION)
    with gr.Row(elem_classes="upload", visible=environment.UPLOADS):
        button = gr.UploadButton(
            texts.say("upload", suffix=SUFFIX), file_types=[SUFFIX, *FOREIGN], elem_id="upload", scale=0
        )
        note = gr.HTML(remark(INVITATION))
    return Place(button, said, note)
