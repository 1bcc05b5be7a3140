"""A visitor's own networks, trained or uploaded: listed in the tabs that they fit.

What a visitor has is a list of (title, key), the newest first, in a `gr.State`: it is the server's, for each
open page, and no other visitor's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from lenet.admission import BYTES_AT_MOST, admit, too_large
from lenet.errors import CheckpointError, LeNetError
from lenet.ui import figures, networks, photo, zoo

Own = list[tuple[str, str]]
UPLOADS = 6  # networks of one visitor
SUFFIX = ".safetensors"


def added(key: str, own: Own) -> Own:
    """`own` with the network that `key` names first.

    Raises:
        CheckpointError: it is no longer kept.
    """
    kept = networks.kept(key)
    title = networks.with_accuracy(kept.classifier, f"Yours: {kept.title}")
    return [(title, key), *(other for other in own if other[1] != key)]


def offered(key: str, own: Own) -> tuple[Any, Any]:
    """The updates of the Draw tab's choice and of the Photo tab: one of them has `key` chosen.

    Raises:
        CheckpointError: it is no longer kept.
    """
    road = networks.get(key).road
    yours = [(title, known) for title, known in own if networks.road(known) == road]
    if road == "ours":
        return gr.Dropdown([*yours, *networks.shipped("ours")], value=key), gr.skip()
    return gr.skip(), photo.offer(key, tuple(known for _, known in yours))


def upload(path: str | None, own: Own, uploads: int) -> tuple[Any, ...]:
    """Take a visitor's file in: what is said of it, and the updates of all that lists networks."""
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
        return figures.problem(str(error)), own, uploads, gr.skip(), gr.skip(), gr.skip()
    shown = zoo.shown(key, [known for _, known in own if networks.road(known)])
    return _welcome(key), own, uploads + 1, shown, draw_network, studio


def refuse(event: gr.EventData) -> str:
    """What is said of a file that is too large to travel: zoo.js sends its name and size alone."""
    return figures.problem(too_large(str(event.name)[:100], float(event.size)))


def _welcome(key: str) -> str:
    kept = networks.kept(key)
    tab = "Draw" if kept.classifier.road == "ours" else "Photo"
    return figures.note(f"{kept.name} is yours on this page: it answers in the {tab} tab now, and its report is below.")


def build(own: gr.State, draw_network: gr.Dropdown, studio: gr.HTML) -> None:
    """The Zoo tab's contents: a place to upload, and below it the networks."""
    uploads = gr.State(0)
    with gr.Row(elem_classes="upload"):
        button = gr.UploadButton(f"Upload a network ({SUFFIX})", file_types=[SUFFIX], elem_id="upload", scale=0)
        most = f"{BYTES_AT_MOST / 1e6:.0f} MB"
        said = gr.HTML(
            figures.note(f"One that was trained here and downloaded, of at most {most}, answers again in any tab.")
        )
    exhibition = zoo.build(largest=BYTES_AT_MOST)
    # zoo.js: trigger("refuse", { name, size })
    exhibition.refuse(refuse, None, said, queue=False, api_visibility="private")
    button.upload(
        upload,
        [button, own, uploads],
        [said, own, uploads, exhibition, draw_network, studio],
        concurrency_limit=2,  # of at most 20 MB each
        show_progress="hidden",
        api_visibility="private",
    )
