"""The part of the Zoo tab where visitors upload networks of their own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from lenet.errors import CheckpointError, LeNetError, Text
from lenet.inference.digits import DigitClassifier
from lenet.inference.untrusted import BYTES_AT_MOST, load_untrusted, too_large
from lenet.ui import messages
from lenet.ui.messages import Remark
from lenet.ui.server import Server
from lenet.ui.shared import assets, texts

UPLOADS = 6  # networks of one visitor
SUFFIX = ".safetensors"
INVITATION = texts.Said("upload_note", {"most": f"{BYTES_AT_MOST / 1e6:.0f}"})


def upload(server: Server, path: str | None, count: int) -> tuple[str, int, texts.Said | Text]:
    """Take a visitor's file in: the network's key, or "", how many uploads that makes, and what is said of it."""
    try:
        key = _taken(server, path, count)
    except LeNetError as error:
        return "", count, error.text
    return key, count + 1, _welcome(server, key)


def _taken(server: Server, path: str | None, count: int) -> str:
    """The new network's key.

    Raises:
        CheckpointError: the file is none that this page takes.
    """
    if path is None:
        raise CheckpointError("No file has arrived. Choose one and try again.")
    if count >= UPLOADS:
        raise CheckpointError("One visitor can upload {count} networks: reload the page to start again.", count=UPLOADS)
    if Path(path).suffix != SUFFIX:
        raise CheckpointError(
            "{name} is not a {suffix} file: upload one that this project has written.",
            name=Path(path).name,
            suffix=SUFFIX,
        )
    key, _ = server.networks.keep(load_untrusted(Path(path)), name=Path(path).stem)
    return key


def refuse(event: gr.EventData) -> dict[str, Any]:
    """The remark on a file that is too large to travel: zoo/view.js sends its name and size."""
    with messages.endpoint("refusing an upload"):
        return remark(too_large(str(event.name)[:100], messages.number(event.size)).text)


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
        uploaded: how many the visitor has uploaded.
        note: where what is said of the last one stands; see `remark`.
    """

    button: gr.UploadButton
    uploaded: gr.State
    note: gr.HTML


def build() -> Place:
    """The button, and what is said beside it."""
    uploaded = gr.State(0)
    with gr.Row(elem_classes="upload"):
        button = gr.UploadButton(_label(), file_types=[SUFFIX], elem_id="upload", scale=0)
        note = gr.HTML(value=remark(INVITATION), html_template="", js_on_load=assets.mount("zoo/note.js"))
    return Place(button, uploaded, note)
