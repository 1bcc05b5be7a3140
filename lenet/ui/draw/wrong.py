"""What a visitor does about a wrong answer in the Draw tab: a copy of the network learns what it really was.

The corrections stay in the visitor's browser (draw/wrong.js).  The server gets their pictures of 28x28 pixels to learn
from, and forgets them; the network that comes of it is kept as those of runs are, and by the browser too.
"""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.checkpoint import foreign
from lenet.errors import ImageError, Text
from lenet.inference.corrected import base_name, is_corrected
from lenet.inference.digits import FoundDigit
from lenet.inference.pretrained import Checkpoint
from lenet.training.correcting import Corrections
from lenet.ui import messages
from lenet.ui.draw.messages import BeginCorrecting
from lenet.ui.server import Server
from lenet.ui.shared import networks, returned, texts
from lenet.ui.shared.address import address_of
from lenet.ui.shared.messages import ExportOwn, OwnFile, OwnNetwork
from lenet.ui.shared.teaching import Mistakes
from lenet.ui.tab import Keys, Owner, Taken

SEEN = ("Centred", "Inverted")  # the stages whose image is what `to_input` gets, by either pipeline


def seen(digit: FoundDigit) -> str:
    """The picture of 28x28 pixels that a network saw of a digit, a byte each in base64.

    Raises:
        ImageError: nothing is drawn.
    """
    for stage in digit.prediction.preprocessed.stages:
        if stage.name in SEEN:
            return base64.b64encode(stage.image.tobytes()).decode()
    raise ImageError("Nothing is drawn, so nothing can be corrected.")


@messages.answering
def begin_correcting(server: Server, question: BeginCorrecting, request: gr.Request | None = None) -> messages.Done:
    """Have a copy of a network learn a visitor's corrections; done once they are in the line.

    Args:
        request: Gradio's, for the address that it comes from.
    """
    mistakes = Mistakes(question.network, Corrections.of(question.corrections))
    server.networks.digit_reader(mistakes.network)
    server.teachings.begin(question.visitor, mistakes, address_of(request))
    return messages.Done()


@messages.answering
def look_at_correcting(server: Server, question: messages.OfVisitor) -> dict[str, Any]:
    """How far it is: see `lenet.ui.shared.teaching.Facts`; with the network's file once it is done and there is one.

    Returns:
        {"status", "place", "done", "network", "seconds", "improved"}, and {"file": in base64, "called": what the
        network is called} or {"problem"}.
    """
    found = server.teachings.look(question.visitor, "corrections")
    facts = {name: getattr(found, name) for name in ("status", "place", "done", "network", "seconds")}
    facts["improved"] = asdict(found.improved) if found.improved is not None else None
    if found.problem is not None:
        return facts | {"problem": texts.words(found.problem)}
    if found.network:
        facts["file"] = returned.encoded(server.networks.content(found.network))
        facts["called"] = texts.told(server.networks.called(found.network))
    return facts


@messages.answering
def export_corrected(server: Server, question: ExportOwn, request: gr.Request | None = None) -> OwnFile:
    """A file of a corrected network.

    Args:
        request: Gradio's, for the address that it comes from.
    """
    return returned.export(server, question, address_of(request), _title)


def _title(path: Path, checkpoint: Checkpoint) -> texts.Said:
    """What to call it; CheckpointError where nobody corrected it."""
    if not is_corrected(checkpoint):
        raise foreign(path, Text("nobody corrected it"))
    name = base_name(checkpoint.recipe.name)
    return texts.Said("wrong_network", {"name": texts.English(networks.TITLES.get(name, name))})


def use(server: Server, event: gr.EventData, keys: Keys, owner: Owner) -> Taken:
    """Put a corrected network to use.

    Raises:
        CheckpointError: the server has forgotten it, and the browser's file is none of ours.
        QuestionError: no script of this page sends that.
    """
    return Taken(returned.restored(server, OwnNetwork.read(messages.sent(event)), owner, _title))
