"""A visitor's own networks, trained or uploaded: listed in the tabs that they fit.

What a visitor has is a list of keys, the newest first, in a `gr.State`: it is the server's, for each open page,
and no other visitor's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from lenet.admission import BYTES_AT_MOST, admit, too_large
from lenet.errors import CheckpointError, LeNetError
from lenet.ui import figures, networks, photo, texts, zoo

Own = list[str]
UPLOADS = 6  # networks of one visitor
SUFFIX = ".safetensors"


def added(key: str, own: Own) -> Own:
    """`own` with the network that `key` names first.

    Raises:
        CheckpointError: it is no longer kept.
    """
    networks.kept(key)
    return [key, *(other for other in own if other != key)]


def choices(own: Own) -> list[tuple[str, str]]:
    """(title, key) of the networks that read drawings: the visitor's, and those in weights/."""
    return [*((networks.yours(key), key) for key in _taking("ours", own)), *networks.shipped("ours")]


def _taking(road: str, own: Own) -> list[str]:
    """The visitor's networks whose pictures take `road`, of those that are still kept."""
    return [key for key in own if networks.road(key) == road]


def offered(key: str, own: Own) -> tuple[Any, Any]:
    """The updates of the Draw tab's choice and of the Photo tab: one of them has `key` chosen.

    Raises:
        CheckpointError: it is no longer kept.
    """
    road = networks.get(key).road
    if road == "ours":
        return gr.Dropdown(choices(own), value=key), gr.skip()
    return gr.skip(), photo.offer(key, tuple(_taking(road, own)))


def upload(path: str | None, own: Own, uploads: int, language: str) -> tuple[Any, ...]:
    """Take a visitor's file in: what is said of it, and the updates of all that lists networks."""
    with texts.speaking(language):
        return _uploaded(path, own, uploads)


def _uploaded(path: str | None, own: Own, uploads: int) -> tuple[Any, ...]:
    try:
        if path is None:
            raise CheckpointError("No file has arrived. Choose one and try again.")
        if uploads >= UPLOADS:
            raise CheckpointError(f"One visitor can upload {UPLOADS} networks: reload the page to begin anew.")
        if Path(path).suffix != SUFFIX:
            raise CheckpointError(f"{Path(path).name} is no {SUFFIX} file: upload one that this project has written.")
        key, _ = networks.keep(admit(Path(path)), name=Path(path).stem)
        own = added(key, own)
        draw_network, studio = offered(key, own)
    except LeNetError as error:
        return figures.problem(texts.translated(str(error))), own, uploads, gr.skip(), gr.skip(), gr.skip()
    shown = zoo.shown(key, [known for known in own if networks.road(known)])
    return _welcome(key), own, uploads + 1, shown, draw_network, studio


def refuse(language: str, event: gr.EventData) -> str:
    """What is said of a file that is too large to travel: zoo.js sends its name and size alone."""
    with texts.speaking(language):
        return figures.problem(texts.translated(too_large(str(event.name)[:100], float(event.size))))


def _welcome(key: str) -> str:
    kept = networks.kept(key)
    tab = "Draw" if kept.classifier.road == "ours" else "Photo"
    return figures.note(f"{kept.name} is yours on this page: it answers in the {tab} tab now, and its report is below.")


def label() -> gr.UploadButton:
    """The update that says the button in the language that is spoken."""
    return gr.UploadButton(texts.say("upload", suffix=SUFFIX))


def build(own: gr.State, language: gr.State, draw_network: gr.Dropdown, studio: gr.HTML) -> gr.UploadButton:
    """The Zoo tab's contents: a place to upload, which is returned, and below it the networks."""
    uploads = gr.State(0)
    with gr.Row(elem_classes="upload"):
        button = gr.UploadButton(texts.say("upload", suffix=SUFFIX), file_types=[SUFFIX], elem_id="upload", scale=0)
        most = f"{BYTES_AT_MOST / 1e6:.0f} MB"
        said = gr.HTML(
            figures.note(f"One that was trained here and downloaded, of at most {most}, answers again in any tab.")
        )
    exhibition = zoo.build(largest=BYTES_AT_MOST)
    # zoo.js: trigger("refuse", { name, size })
    exhibition.refuse(refuse, language, said, queue=False, api_visibility="private")
    button.upload(
        upload,
        [button, own, uploads, language],
        [said, own, uploads, exhibition, draw_network, studio],
        concurrency_limit=2,  # of at most 20 MB each
        show_progress="hidden",
        api_visibility="private",
    )
    return button
