"""Your own classes, a part of the Train tab: draw or photograph a few of each, and a network learns them in seconds.

What a visitor makes stays in their browser (teach/store.js).  The server gets the drawings' pictures of 28x28 pixels,
or small photos, to learn from, and forgets them; the network that comes of it is kept as those of runs are, and by
the browser too.
"""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.checkpoint import foreign
from lenet.data.datasets import TAUGHT, TAUGHT_PHOTOS
from lenet.errors import Text, TrainingError
from lenet.inference.digits import DigitClassifier
from lenet.inference.pretrained import Checkpoint
from lenet.preprocessing.images import is_plain
from lenet.preprocessing.photos import Photo
from lenet.preprocessing.separate import separate_drawings
from lenet.training.photo_teaching import PhotoExamples, crops_of
from lenet.training.teaching import (
    MAX_CLASSES,
    MAX_EXAMPLES,
    MIN_CLASSES,
    MIN_EXAMPLES,
    NAME_LENGTH,
    Examples,
)
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, pictures, returned, texts
from lenet.ui.shared.address import address_of
from lenet.ui.shared.messages import ExportOwn, OwnFile, OwnNetwork
from lenet.ui.shared.teaching import title_of
from lenet.ui.tab import Keys, Owner, Source, Taken
from lenet.ui.teach.messages import BeginTeaching, PrepareTeaching, SeparatedPicture, SeparatePicture

PHOTO_SIDE = 160  # pixels of a photo's longer side, as the browser keeps and sends it: five times what a network sees
PHOTO_BYTES = 40_000  # of it as a JPEG: most have 8,000


@messages.answering
def prepare_teaching(server: Server, question: PrepareTeaching) -> messages.Done:
    """A visitor has begun to draw: what the first one needs is made meanwhile."""
    server.teachings.prepare()
    return messages.Done()


@messages.answering
def begin_teaching(server: Server, question: BeginTeaching, request: gr.Request | None = None) -> messages.Done:
    """Teach a visitor's classes; done once they are in the line.

    Args:
        request: Gradio's, for the address that it comes from.
    """
    server.teachings.begin(question.visitor, _examples(question), address_of(request))
    return messages.Done()


def _examples(question: BeginTeaching) -> Examples | PhotoExamples:
    """Raises ImageError or TrainingError where they are not what they must be."""
    if question.kind == "photos":
        crops = [(name, [crops_of(_photo(one)) for one in files]) for name, files in question.classes]
        photos = PhotoExamples.of(crops)
        photos.refuse_fewer(MIN_EXAMPLES)
        return photos
    drawings = Examples.of(question.classes)
    drawings.refuse_fewer()
    return drawings


def _photo(file: bytes) -> Photo:
    """A photo as the page's script sends it: to decode others would take too long, see `is_plain`.

    Raises:
        TrainingError: it is another file.
        ImageError: it is damaged.
    """
    if len(file) <= PHOTO_BYTES and is_plain(file):
        photo = Photo(file)
        if max(photo.size) <= PHOTO_SIDE:
            return photo
    raise TrainingError("An example is not a photo as this page sends them: delete it, and take another one.")


@messages.answering
def separate_picture(server: Server, question: SeparatePicture) -> SeparatedPicture:
    """The drawings on a picture of paper."""
    found = separate_drawings(pictures.decode(question.picture), MAX_EXAMPLES)
    return SeparatedPicture(tuple(base64.b64encode(image.tobytes()).decode() for image in found))


@messages.answering
def look_at_teaching(server: Server, question: messages.OfVisitor) -> dict[str, Any]:
    """How far it is: see `lenet.ui.shared.teaching.Facts`; once it is done also the network itself.

    Returns:
        the facts, and where the status is "done" {"file": the .safetensors file in base64}, and where it reads
        drawings {"table": see `lenet.inference.web.to_table`}.
    """
    found = server.teachings.look(question.visitor)
    facts = {name: value for name, value in vars(found).items() if name != "problem"}
    if found.problem is not None:
        return facts | {"problem": texts.words(found.problem)}
    if found.status == "done":
        facts["file"] = returned.encoded(server.networks.content(found.network))
        if server.networks.kind(found.network) is DigitClassifier:
            facts["table"] = server.networks.table(found.network)
    return facts


@messages.answering
def export_taught(server: Server, question: ExportOwn, request: gr.Request | None = None) -> OwnFile:
    """A file of a taught network.

    Args:
        request: Gradio's, for the address that it comes from.
    """
    return returned.export(server, question, address_of(request), _title)


def _title(path: Path, checkpoint: Checkpoint) -> str:
    """What to call it; CheckpointError where nobody taught it."""
    if checkpoint.recipe.dataset not in (TAUGHT, TAUGHT_PHOTOS):
        raise foreign(path, Text("nobody taught it classes of their own"))
    return title_of(checkpoint)


def use(server: Server, event: gr.EventData, keys: Keys, owner: Owner) -> Taken:
    """Put a taught network to use in the tab of its kind.

    Raises:
        CheckpointError: the server has forgotten it, and the browser's file is none of ours.
        QuestionError: no script of this page sends that.
    """
    return Taken(returned.restored(server, OwnNetwork.read(messages.sent(event)), owner, _title))


def build(server: Server) -> Source:
    """The part of the tab; returns the event by which its network is put to use."""
    place = gr.HTML(
        html_template=assets.template("teach/tab.html"),
        js_on_load=assets.mount("teach/view.js", events=["use"]),
        server_functions=[
            *server_functions(server, prepare_teaching, begin_teaching, look_at_teaching, export_taught),
            *server_functions(server, separate_picture, lane=server.files),
        ],
        limits={
            "classes": MAX_CLASSES,
            "least_classes": MIN_CLASSES,
            "examples": MAX_EXAMPLES,
            "least_examples": MIN_EXAMPLES,
            "name": NAME_LENGTH,
            "side": PHOTO_SIDE,
            "photo_bytes": PHOTO_BYTES,
            "picture_bytes": pictures.MAX_BYTES,
        },
        elem_id="teach",
        padding=False,
    )
    # teach/view.js: trigger("use", { visitor, language, network, file })
    return Source(place.use, partial(use, server), opens=True, options={"queue": False})
