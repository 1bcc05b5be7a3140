"""The Photo tab: a picture, the part of it that is looked at, and what every photo network takes it for."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.inference.photos import PhotoClassifier, PhotoPrediction
from lenet.preprocessing.decoding import shrunk
from lenet.ui import messages
from lenet.ui.photo.messages import Gone, NamedPhoto, OpenedPhoto, OpenPhoto, PhotoAnswer, PhotoNetwork, PhotoNetworks
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, facts, networks, pictures, texts, why
from lenet.ui.shared.lanes import Lane
from lenet.ui.shared.messages import NamePhoto
from lenet.ui.tab import Choice, Keys, Tab, Visitor, without_networks

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
def open_photo(server: Server, question: OpenPhoto) -> OpenedPhoto:
    """What the page asks once for each picture: to keep it, and how to show it."""
    key, picture = server.pictures.keep(_source(server, question))
    return OpenedPhoto(key, pictures.address(picture), picture.width, picture.height)


def _lane(server: Server, question: Any) -> Lane:
    """Where `open_photo` waits: answers never behind a file or a web server that is slow on purpose."""
    return server.fetches if isinstance(question, dict) and "url" in question else server.files


def _source(server: Server, question: OpenPhoto) -> Path | bytes:
    if question.example is not None:
        if question.example not in EXAMPLES:
            raise messages.garbled()
        return EXAMPLES[question.example]
    if question.url is not None:
        return server.pictures.fetch(question.url)
    assert question.picture is not None
    return pictures.decode(question.picture)


@messages.answering
def name_photo(server: Server, question: NamePhoto) -> NamedPhoto | Gone:
    """What the page asks of each network: what it says of a kept photo."""
    named = server.networks.name(question.network, question.photo, question.box)
    if named is None:
        return Gone()
    return NamedPhoto(PhotoAnswer.of(named.prediction), named.milliseconds, facts.stages(named.prediction))


def _answered(server: Server, question: NamePhoto) -> PhotoPrediction | None:
    """The answer to a question that `name_photo` knows; None where the photo is no longer kept."""
    named = server.networks.name(question.network, question.photo, question.box)
    return named.prediction if named is not None else None


def offer(server: Server, keys: Keys, chosen: str) -> dict[str, Any]:
    """The tab's value, `PhotoNetworks`.

    It is always a value: in a tab that is not built yet, Gradio loses all of a part that gets an update, `gr.skip()`
    too.

    Args:
        own: the visitor's own networks, of which those that name photos are offered.
        chosen: the one to ask from now on; "", or one of another kind, leaves that to the visitor.
    """
    trained = server.networks.of_kind(PhotoClassifier, keys)
    if chosen not in trained:
        chosen = ""
    first, *others = (_listed(server, key) for _, key in networks.shipped(PhotoClassifier))
    others.sort(key=lambda network: network.accuracy or 0.0, reverse=True)
    listed = (first, *(_listed(server, key) for key in trained), *others)
    return asdict(PhotoNetworks(chosen or [*trained, first.key][0], bool(chosen), listed))


def _listed(server: Server, key: str) -> PhotoNetwork:
    network = server.networks.get(key)
    return PhotoNetwork(
        key,
        texts.told(server.networks.called(key)),
        network.parameters,
        network.metrics.get("test_accuracy"),
        network.classes,
    )


@lru_cache(maxsize=1)
def _examples() -> dict[str, str]:
    """Each example by name, small, at a data: address."""
    return {name: _thumbnail(path) for name, path in EXAMPLES.items()}


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
    photo = gr.HTML(
        value=value,
        html_template=assets.template("photo/tab.html"),
        js_on_load=assets.mount("photo/view.js"),
        server_functions=[
            *server_functions(server, open_photo, lane=partial(_lane, server)),
            *server_functions(server, name_photo, lane=server.photos),
        ],
        classes=CIFAR10_CLASSES,  # that a photo is named by
        examples=_examples(),
        largest=pictures.MAX_BYTES,
        elem_id="photo",
    )
    why.build(server, partial(_answered, server), value["network"])
    return Tab(choice=Choice(PhotoClassifier, photo, partial(offer, server)))
