"""The Photo tab: a picture, the part of it that is looked at, and what every photo network takes it for."""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.crops import upright
from lenet.datasets import CIFAR10_CLASSES
from lenet.errors import FetchError, ImageError
from lenet.fetch import fetch
from lenet.photos import PhotoClassifier, PhotoPrediction
from lenet.preprocess import Box
from lenet.ui import assets, figures, messages, networks, photo_figures, pictures, texts, why

HERE = Path(__file__).parent
EXAMPLES = {path.stem: path for path in sorted((HERE / "examples").glob("*.jpg"))}
FETCHES = 4  # at once: each may take seconds of the forty threads that serve the whole page

_fetching = threading.BoundedSemaphore(FETCHES)


def uploaded_image(**options: Any) -> gr.Image:
    """A gr.Image that hands over the file's path untouched, so that `open_picture` judges every format.

    Gradio's own preprocess opens the file first, and answers what it cannot open with a traceback.  That the path is
    of an upload has been checked by then, see `files.UploadsOnly`.  (A subclass would be the plainer way, but Gradio
    takes one for a component with a frontend of its own.)
    """
    image = gr.Image(type="filepath", image_mode=None, **options)
    setattr(image, "preprocess", lambda payload: payload.path if payload is not None else None)  # noqa: B010 - for mypy
    return image


@messages.answering
def open_photo(question: dict[str, Any]) -> dict[str, Any]:
    """What the page asks once for each picture: to keep it, and how to show it; or a problem.

    Args:
        question: one of {"picture": data address}, {"url"} and {"example": its name}, and "language".
    """
    key, picture = pictures.keep(_source(question))
    return {"photo": key, "address": pictures.address(picture), "width": picture.width, "height": picture.height}


def _source(question: dict[str, Any]) -> Path | bytes:
    if "example" in question:
        if (name := messages.text(question, "example")) not in EXAMPLES:
            raise messages.garbled()
        return EXAMPLES[name]
    if "url" in question:
        return _fetched(messages.text(question, "url"))
    return pictures.decode(messages.text(question, "picture"))


def _fetched(url: str) -> bytes:
    if not _fetching.acquire(blocking=False):  # to wait would hold a thread too
        raise FetchError("The server is fetching other pictures right now: try again in a few seconds.")
    try:
        return fetch(url)
    finally:
        _fetching.release()


@messages.answering
def name_photo(question: dict[str, Any]) -> dict[str, Any]:
    """What the page asks of each network: HTML for what it says of a kept photo, or a problem.

    Args:
        question: {"photo": key, "network": key, "box": four fractions or null for automatic, "language"}.

    Returns:
        {"gone": true} where the photo is no longer kept.
    """
    network, photo, box = _asked(question)
    named, picture = networks.name(network, photo, box), pictures.get(photo)
    if named is None or picture is None:
        return {"gone": True}
    prediction = named.prediction
    boxes = [list(crop.box) for crop in prediction.crops]
    return {
        "boxes": [box for place, box in enumerate(boxes) if box not in boxes[:place]],
        "card": photo_figures.card(prediction, named.milliseconds),
        "answer": figures.answer(prediction, photo_figures.sentence(prediction)),
        "seen": photo_figures.seen(prediction),
        "crops": photo_figures.crops(prediction, picture.size),
        "steps": figures.stages(prediction),
    }


def _answered(question: dict[str, Any]) -> PhotoPrediction | None:
    """The answer to a question that `name_photo` knows; None where the photo is no longer kept."""
    named = networks.name(*_asked(question))
    return named.prediction if named is not None else None


def _asked(question: dict[str, Any]) -> tuple[str, str, Box | None]:
    """The network, the photo and the box that a question is about."""
    return messages.text(question, "network"), messages.text(question, "photo"), _box(question)


def _box(question: dict[str, Any]) -> Box | None:
    if messages.field(question, "box") is None:
        return None
    edges = [messages.number(edge) for edge in messages.listed(question, "box")]
    if len(edges) != 4:
        raise messages.garbled()
    if not all(map(math.isfinite, edges)):
        raise ImageError("The box is not in the picture: drag it again.")
    return edges[0], edges[1], edges[2], edges[3]


def offer(chosen: str = "", trained: tuple[str, ...] = ()) -> dict[str, Any]:
    """The networks to ask, for the tab's value: those in weights/ and a visitor's own, on cards in each language.

    The default comes first, then the visitor's, then the others, the most accurate before the rest.

    Args:
        chosen: the one to ask from now on; "" leaves that to the visitor.
        trained: the visitor's own, the newest first.

    Returns:
        {"network": the one to ask, "wanted": whether also where the visitor has chosen another, "cards"}.
    """
    shipped = [key for _, key in networks.shipped(PhotoClassifier)]
    others = sorted(shipped[1:], key=lambda key: networks.get(key).metrics.get("test_accuracy", 0.0), reverse=True)
    keys = (*shipped[:1], *trained, *others)
    network = chosen or [*trained, *keys][0]
    cards = texts.in_each(lambda: photo_figures.cards([_listed(key, key in trained) for key in keys], network))
    return {"network": network, "wanted": bool(chosen), "cards": cards}


def _listed(key: str, own: bool) -> tuple[str, str, int, float | None]:
    network = networks.get(key)
    caption = texts.say("yours", name=networks.kept(key).title) if own else networks.caption(network, key)
    return key, caption, network.parameters, network.metrics.get("test_accuracy")


@lru_cache(maxsize=1)
def _examples() -> str:
    """A button for each example, with its picture small."""
    return "".join(
        f'<button type="button" class="example" data-example="{escape(name)}" '
        f'data-say-title="photo_example_{name}" data-say-label="photo_example_{name}">'
        f'<img src="{_thumbnail(path)}" alt=""></button>'
        for name, path in EXAMPLES.items()
    )


def _thumbnail(path: Path) -> str:
    picture = upright(path)
    picture.thumbnail((128, 128))
    return pictures.address(picture)


def build() -> gr.HTML:
    """The tab's contents; returns what holds its choice of network, for the Train tab to add to."""
    value = offer()
    networks.warm(PhotoClassifier)
    studio = gr.HTML(
        value=value,
        html_template=assets.template("photo.html").replace("@examples@", _examples()),
        js_on_load=assets.mount("photo.js"),
        server_functions=[open_photo, name_photo],
        empty=texts.in_each(lambda: figures.empty_answer(CIFAR10_CLASSES, texts.say("photo_empty"))),
        largest=pictures.MAX_BYTES,
        elem_id="studio",
    )
    why.build(_answered, value["network"])
    return studio
