"""The Photo tab: a picture, and which of ten things a network takes it for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from lenet.datasets import CIFAR10_CLASSES
from lenet.errors import LeNetError
from lenet.ui import figures, networks

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.jpg"))
INVITATION = "Choose, drop or paste a photo: I know ten things."


def uploaded_image(**options: Any) -> gr.Image:
    """A gr.Image that hands over the file's path untouched, so that `open_picture` judges every format.

    Gradio's own preprocess opens the file first, and answers what it cannot open with a traceback.  (A
    subclass would be the plainer way, but Gradio takes one for a component with a frontend of its own.)
    """
    image = gr.Image(type="filepath", image_mode=None, **options)
    setattr(image, "preprocess", lambda payload: payload.path if payload is not None else None)  # noqa: B010 - for mypy
    return image


def classify(path: str | None, network: str) -> tuple[str, str]:
    """HTML of the answer and of what the network saw."""
    if path is None:
        return figures.empty_answer(CIFAR10_CLASSES, INVITATION), ""
    try:
        prediction = networks.predict(network, path)
    except LeNetError as error:
        return figures.problem(str(error)), ""
    return figures.answer(prediction), figures.stages(prediction)


def build() -> gr.Dropdown:
    """The tab's contents; returns its choice of network, for the Train tab to add to."""
    choices = networks.shipped("photo")
    network = gr.Dropdown(choices, value=choices[0][1], label="Network")
    with gr.Row(elem_classes="sides"):
        with gr.Column(scale=1, min_width=300):
            photo = uploaded_image(sources=["upload", "clipboard", "webcam"], label="Photo", height=320)
            gr.Examples([[str(path)] for path in EXAMPLES], photo, label="Examples, drawn for this page")
        with gr.Column(scale=1, min_width=300):
            answer = gr.HTML(figures.empty_answer(CIFAR10_CLASSES, INVITATION), elem_id="photo-answer")
    with gr.Accordion("What the network saw", open=True):
        steps = gr.HTML(elem_id="photo-steps")
    gr.on(
        [photo.change, network.change],
        classify,
        [photo, network],
        [answer, steps],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return network
