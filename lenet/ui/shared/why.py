"""Why a photo got its answer: the parts of it that spoke for it, and the layers of the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import gradio as gr

from lenet.inference.classifier import Prediction
from lenet.inference.photos import PhotoPrediction
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, facts, why_figures
from lenet.ui.shared.messages import (
    Behind,
    Evidence,
    LookAtPhoto,
    NamePhoto,
    Parts,
    PhotoEvidence,
    Stage,
    TracePhoto,
    Workings,
)

Ask = Callable[[NamePhoto], PhotoPrediction | None]


def look(server: Server, ask: Ask, question: LookAtPhoto) -> Behind:
    """What the page asks when a photo is answered, of the parts that are in view.

    Args:
        ask: the answer to a photo; None where it is no longer known.

    Raises:
        LeNetError: what `ask` raises; or the network is no longer kept.
    """
    prediction = ask(question.of)
    if prediction is None:
        return Behind()

    def explain(network: str) -> PhotoEvidence:
        return why_figures.why(prediction, server.networks.photo_evidence(network, prediction))

    return behind(server, question.parts, prediction, explain)


def behind(
    server: Server,
    parts: Parts,
    prediction: Prediction,
    explain: Callable[[str], Evidence | PhotoEvidence],
    stages: list[Stage] | None = None,
) -> Behind:
    """What stood behind an answer, of the parts that are wanted.

    Args:
        explain: from the network's key to what "why" is told.
        stages: as in `Behind`.

    Raises:
        CheckpointError: the network is no longer kept.
    """
    evidence = explain(parts.network) if parts.why else None
    layers = None
    if parts.inside:
        layers = facts.layers(server.networks.inside(parts.network, prediction), list(prediction.probs), parts.every)
    return Behind(evidence, layers, stages)


def trace(server: Server, ask: Ask, question: TracePhoto) -> Workings:
    """What the page asks of an enlarged map: how the number under the pointer came about.

    Raises:
        LeNetError: as `look`; or there is no such number.
    """
    prediction = ask(question.of)
    if prediction is None:
        return Workings()
    found = server.networks.trace(question.of.network, prediction, question.layer, question.place)
    if found is None:
        raise messages.garbled()
    return facts.workings(found)


def build(server: Server, ask: Ask, network: str) -> gr.HTML:
    """Two parts of the Photo tab, "Why this answer" and "Inside the network", which can be closed.

    They are about the photo whose answer is on the page, as photo/view.js tells shared/why.js: see photo/answer.js.
    Only what is open and in view is asked for.

    Args:
        ask: see `look`.
        network: the key of the one whose layers are shown before there is a photo.
    """

    @messages.answering
    def look_at_photo(server: Server, question: LookAtPhoto) -> Behind:
        return look(server, ask, question)

    @messages.answering
    def trace_photo(server: Server, question: TracePhoto) -> Workings:
        return trace(server, ask, question)

    return gr.HTML(
        html_template=assets.template("shared/why.html").replace("@layers@", assets.template("shared/layers.html")),
        js_on_load=assets.mount("shared/why.js"),
        server_functions=server_functions(server, look_at_photo, trace_photo, lane=server.photos),
        layers=[
            asdict(layer)
            for layer in facts.layers(server.networks.blank(network), server.networks.get(network).classes, every=False)
        ],
        elem_id="photo-why",
    )
