"""The Photo tab: a picture, the part of it that is looked at, and what every photo network takes it for."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.errors import ImageError
from lenet.inference.photos import PhotoClassifier, PhotoPrediction
from lenet.preprocessing.decoding import shrunk
from lenet.preprocessing.stages import Box
from lenet.ui import messages
from lenet.ui.photo import figures as photo_figures
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, figures, networks, pictures, texts, why
from lenet.ui.tab import Choice, Own, Tab, Visitor, without_networks

HERE = Path(__file__).parent
EXAMPLES = {path.stem: path for path in sorted((HERE / "examples").glob("*.jpg"))}


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
def open_photo(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What the page asks once for each picture: to keep it, and how to show it; or a problem.

    Args:
        question: one of {"picture": data address}, {"url"} and {"example": its name}, and "language".
    """
    key, picture = server.pictures.keep(_source(server, question))
    return {"photo": key, "address": pictures.address(picture), "width": picture.width, "height": picture.height}


def _source(server: Server, question: dict[str, Any]) -> Path | bytes:
    if "example" in question:
        if (name := messages.text(question, "example")) not in EXAMPLES:
            raise messages.garbled()
        return EXAMPLES[name]
    if "url" in question:
        return server.pictures.fetch(messages.text(question, "url"))
    return pictures.decode(messages.text(question, "picture"))


@messages.answering
def name_photo(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What the page asks of each network: HTML for what it says of a kept photo, or a problem.

    Args:
        question: {"photo": key, "network": key, "box": four fractions or null for automatic, "language"}.

    Returns:
        {"gone": true} where the photo is no longer kept.
    """
    network, photo, box = _asked(question)
    named, picture = server.networks.name(network, photo, box), server.pictures.get(photo)
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


def _answered(server: Server, question: dict[str, Any]) -> PhotoPrediction | None:
    """The answer to a question that `name_photo` knows; None where the photo is no longer kept."""
    named = server.networks.name(*_asked(question))
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


def offer(server: Server, own: Own, chosen: str) -> dict[str, Any]:
    """The networks to ask, for the tab's value: those in weights/ and the visitor's own, on cards in each language.

    The default comes first, then the visitor's, then the others, the most accurate before the rest.  It is always a
    value: in a tab that is not built yet, Gradio loses all of a part that gets an update, `gr.skip()` too.

    Args:
        own: the visitor's own networks, of which those that name photos are offered.
        chosen: the one to ask from now on; "", or one of another kind, leaves that to the visitor.

    Returns:
        {"network": the one to ask, "wanted": whether also where the visitor has chosen another, "cards"}.
    """
    trained = server.networks.of_kind(PhotoClassifier, own)
    if chosen not in trained:
        chosen = ""
    shipped = [key for _, key in networks.shipped(PhotoClassifier)]
    others = sorted(
        shipped[1:], key=lambda key: server.networks.get(key).metrics.get("test_accuracy", 0.0), reverse=True
    )
    keys = (*shipped[:1], *trained, *others)
    network = chosen or [*trained, *keys][0]
    cards = texts.in_each(lambda: photo_figures.cards([_listed(server, key, key in trained) for key in keys], network))
    return {"network": network, "wanted": bool(chosen), "cards": cards}


def _listed(server: Server, key: str, own: bool) -> tuple[str, str, int, float | None]:
    network = server.networks.get(key)
    caption = texts.say("yours", name=server.networks.kept(key).title) if own else networks.caption(network, key)
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
    with Image.open(path) as file:  # one of the program's own files: no need of a process apart
        picture = shrunk(file).convert("RGB")
    picture.thumbnail((128, 128))
    return pictures.address(picture)


def build(server: Server, visitor: Visitor) -> Tab:
    """The tab's contents."""
    if not networks.shipped(PhotoClassifier):
        return without_networks("no_photo_networks")
    value = offer(server, [], "")
    studio = gr.HTML(
        value=value,
        html_template=assets.template("photo/tab.html").replace("@examples@", _examples()),
        js_on_load=assets.mount("photo/view.js"),
        server_functions=server_functions(server, open_photo, name_photo, lane=server.photos),
        empty=texts.in_each(lambda: figures.empty_answer(CIFAR10_CLASSES, texts.say("photo_empty"))),
        largest=pictures.MAX_BYTES,
        elem_id="studio",
    )
    why.build(server, partial(_answered, server), value["network"])
    return Tab(choice=Choice(PhotoClassifier, studio, partial(offer, server)))
