"""A visitor's own networks, trained or uploaded: listed in the tabs that they fit.

What a visitor has is a list of keys, the newest first, in a `gr.State`: it is the server's, for each open page,
and no other visitor's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from lenet.admission import BYTES_AT_MOST, admit, too_large
from lenet.classifier import Classifier
from lenet.digits import DigitClassifier
from lenet.errors import CheckpointError, LeNetError, Text
from lenet.photos import PhotoClassifier
from lenet.ui import figures, messages, networks, photo, texts, zoo

Own = list[str]
UPLOADS = 6  # networks of one visitor
SUFFIX = ".safetensors"
INVITATION = texts.Said("upload_note", {"most": f"{BYTES_AT_MOST / 1e6:.0f}"})


def added(key: str, own: Own) -> Own:
    """`own` with the network that `key` names first.

    Raises:
        CheckpointError: it is no longer kept.
    """
    networks.kept(key)
    return [key, *(other for other in own if other != key)]


def choices(own: Own) -> list[tuple[str, str]]:
    """(title, key) of the networks that read drawings: the visitor's, and those in weights/."""
    return [
        *((networks.yours(key), key) for key in _of_a_kind(DigitClassifier, own)),
        *networks.shipped(DigitClassifier),
    ]


def _of_a_kind(kind: type[Classifier], own: Own) -> list[str]:
    """The visitor's networks of that kind, of those that are still kept."""
    return [key for key in own if networks.kind(key) is kind]


def offered(key: str, own: Own) -> tuple[Any, Any]:
    """The updates of the Draw tab's choice and of the Photo tab: one of them has `key` chosen.

    Raises:
        CheckpointError: it is no longer kept.
    """
    if isinstance(networks.get(key), PhotoClassifier):
        return gr.skip(), _photos(own, key)
    return gr.Dropdown(choices(own), value=key), _photos(own)


def _photos(own: Own, chosen: str = "") -> dict[str, Any]:
    """The value of the Photo tab with the visitor's networks, and `chosen`, or what is chosen there.

    Always a value: in a tab that is not built yet, Gradio loses all of a part that gets an update, `gr.skip()` too.
    """
    return photo.offer(chosen, tuple(_of_a_kind(PhotoClassifier, own)))


def upload(path: str | None, own: Own, uploads: int, language: str) -> tuple[Any, ...]:
    """Take a visitor's file in: what is said of it, the updates of all that lists networks, and for `remark`."""
    with texts.speaking(language), messages.endpoint("taking an upload in"):
        said: texts.Said | Text
        lists: tuple[Any, ...] = (gr.skip(), gr.skip(), _photos(own))
        try:
            key, own = _taken(path, own, uploads)
            said, lists, uploads = _welcome(key), (zoo.shown(own, key), *offered(key, own)), uploads + 1
        except LeNetError as error:
            said = error.text
        return remark(said), own, uploads, *lists, said


def _taken(path: str | None, own: Own, uploads: int) -> tuple[str, Own]:
    """The new network's key, and `own` with it.

    Raises:
        CheckpointError: the file is none that this page takes.
    """
    if path is None:
        raise CheckpointError("No file has arrived. Choose one and try again.")
    if uploads >= UPLOADS:
        raise CheckpointError("One visitor can upload {count} networks: reload the page to start again.", count=UPLOADS)
    if Path(path).suffix != SUFFIX:
        raise CheckpointError(
            "{name} is not a {suffix} file: upload one that this project has written.",
            name=Path(path).name,
            suffix=SUFFIX,
        )
    key, _ = networks.keep(admit(Path(path)), name=Path(path).stem)
    return key, added(key, own)


def refuse(language: str, event: gr.EventData) -> tuple[str, Text]:
    """What is said of a file that is too large to travel, and for `remark`: zoo.js sends its name and size alone."""
    with texts.speaking(language), messages.endpoint("refusing an upload"):
        said = too_large(str(event.name)[:100], messages.number(event.size)).text
        return remark(said), said


def _welcome(key: str) -> texts.Said:
    kept = networks.kept(key)
    tab = texts.Said("tab_draw" if isinstance(kept.classifier, DigitClassifier) else "tab_photo")
    return texts.Said("upload_done", {"name": kept.name, "tab": tab})


def remark(said: texts.Said | Text) -> str:
    """What stands beside the button, in the language that is spoken: a text of the page, or what went wrong."""
    return figures.problem(said) if isinstance(said, Text) else figures.note(str(said))


class Place(NamedTuple):
    """Where networks are uploaded.

    Attributes:
        said: what is said of the last one, in no language yet; see `remark`.
        note: where that stands.
    """

    button: gr.UploadButton
    said: gr.State
    note: gr.HTML


def labels(said: texts.Said | Text) -> tuple[gr.UploadButton, str]:
    """The updates that say the button, and what stands beside it, in the language that is spoken."""
    return gr.UploadButton(texts.say("upload", suffix=SUFFIX)), remark(said)


def build(own: gr.State, language: gr.State, draw_network: gr.Dropdown, studio: gr.HTML) -> Place:
    """The Zoo tab's contents: a place to upload, which is returned, and below it the networks."""
    uploads, said = gr.State(0), gr.State(INVITATION)
    with gr.Row(elem_classes="upload"):
        button = gr.UploadButton(texts.say("upload", suffix=SUFFIX), file_types=[SUFFIX], elem_id="upload", scale=0)
        note = gr.HTML(remark(INVITATION))
    exhibition = zoo.build(largest=BYTES_AT_MOST)
    # zoo.js: trigger("refuse", { name, size })
    exhibition.refuse(refuse, language, [note, said], queue=False, api_visibility="private")
    # zoo.js: trigger("seen")
    exhibition.seen(
        zoo.shown,
        own,
        exhibition,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="always_last",  # a network may be put to use while an earlier question is answered
    )
    button.upload(
        upload,
        [button, own, uploads, language],
        [note, own, uploads, exhibition, draw_network, studio, said],
        concurrency_limit=2,  # of at most 20 MB each
        show_progress="hidden",
        api_visibility="private",
    )
    return Place(button, said, note)
