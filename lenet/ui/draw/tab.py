"""The Draw tab: a pad, and beside it what the network reads in it, while the pen moves."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.errors import LeNetError
from lenet.inference import digits
from lenet.inference.classifier import UNSURE_BELOW
from lenet.inference.digits import DigitClassifier, FoundDigit
from lenet.preprocessing.digits import PIPELINES
from lenet.preprocessing.ink import WORKING_SIDE
from lenet.training.correcting import MAX_CORRECTIONS
from lenet.ui import messages
from lenet.ui.draw import wrong
from lenet.ui.draw.messages import Beside, FetchNetwork, LookInside, OfDigit, ReadDrawing, Reading, SeenDigit
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, facts, networks, pictures, texts, why
from lenet.ui.shared.lanes import Lane
from lenet.ui.shared.messages import Behind, Change, Evidence
from lenet.ui.tab import Choice, Keys, Labels, Source, Tab, Visitor, without_networks

HERE = Path(__file__).parent


@messages.answering
def read_drawing(server: Server, question: ReadDrawing) -> Reading:
    """What the pad asks after each move."""
    began = time.thread_time()  # which another visitor's question does not lengthen
    found = _found(server, question)
    milliseconds = 1000 * (time.thread_time() - began)
    return Reading(**found, beside=_beside(server, question), milliseconds=milliseconds, training=server.runs.busy)


def _read(server: Server, drawing: ReadDrawing) -> digits.Reading:
    """What stands on it; of an empty pad one digit that is blank.

    Raises:
        ImageError: there is no picture.
        CheckpointError: the network is no longer kept.
    """
    return server.networks.read(drawing.network, pictures.decode(drawing.picture), drawing.pipeline)


def _found(server: Server, drawing: ReadDrawing) -> dict[str, Any]:
    """{"digits", "marks"}, as in `Reading`."""
    reading = _read(server, drawing)
    knows_non_digits = server.networks.digit_reader(drawing.network).knows_non_digits
    return {
        "digits": [facts.digit(digit, knows_non_digits) for digit in reading.digits],
        "marks": [facts.mark(mark) for mark in reading.marks],
    }


def _beside(server: Server, drawing: ReadDrawing) -> Beside | None:
    other = server.networks.default(drawing.network)
    if not other:
        return None
    return Beside(**_named(server, other), **_found(server, replace(drawing, network=other)))


@messages.answering
def fetch_network(server: Server, question: FetchNetwork) -> dict[str, Any]:
    """What the page asks once for each network, to read strokes by itself from then on.

    Returns:
        {"table": see `lenet.inference.web.to_table`; "called": {"caption", "accuracy"} as in `Beside`;
        "beside": the key of the shipped network to set beside a visitor's own, or ""}.
    """
    key = question.network
    server.networks.digit_reader(key)
    table = server.networks.table(key)
    return {"table": table, "called": _named(server, key), "beside": server.networks.default(key)}


def _named(server: Server, key: str) -> dict[str, Any]:
    accuracy = server.networks.get(key).metrics.get("test_accuracy")
    return {"caption": texts.told(server.networks.called(key)), "accuracy": accuracy}


@messages.answering
def look_inside(server: Server, question: LookInside) -> Behind:
    """What the pad asks when a drawing is answered, of the parts that are in view."""
    try:
        prediction = _chosen(server, question.of).prediction
        stages = facts.stages(prediction) if question.parts.steps else None
        if prediction.verdict == "blank":
            return Behind(stages=stages, blank=True)

        def explain(network: str) -> Evidence:
            return facts.evidence(prediction, server.networks.evidence(network, prediction))

        return why.behind(server, question.parts, prediction, explain, stages)
    except LeNetError:
        return Behind(blank=True)  # the answer's own question has said so


@messages.answering
def what_if(server: Server, question: OfDigit) -> Change | messages.Problem:
    """What the button asks: what would give the runner-up."""
    try:
        prediction = _chosen(server, question).prediction
        if prediction.verdict == "blank":
            return messages.Problem(texts.told(texts.Said("draw_change_first")))
        changed = server.networks.what_if(question.drawing.network, prediction)
        return facts.change(prediction, changed)
    except LeNetError:
        return messages.Problem(texts.told(texts.Said("draw_change_gone")))


@messages.answering
def what_was_seen(server: Server, question: OfDigit) -> SeenDigit:
    """The picture to correct, where the server has read it."""
    return SeenDigit(wrong.seen(_chosen(server, question)))


def _chosen(server: Server, question: OfDigit) -> FoundDigit:
    found = _read(server, question.drawing).digits
    if question.digit >= len(found):
        raise messages.garbled()
    digit = found[question.digit]
    return digit.without_doubt() if question.certain else digit


def _lane(server: Server, question: Any) -> Lane:
    """Where a question waits: drawings never behind a picture that has to be decoded in a process of its own."""
    asked = question.get("of", question) if isinstance(question, dict) else None
    picture = asked.get("picture") if isinstance(asked, dict) else None
    return server.drawings if pictures.is_quick(picture) else server.files


def _choices(server: Server, keys: Keys) -> list[tuple[str, str]]:
    """(title, key) of the networks that read drawings: the visitor's, and those in weights/."""
    known = server.networks
    return [
        *((known.title(key), key) for key in known.of_kind(DigitClassifier, keys)),
        *networks.shipped(DigitClassifier),
    ]


def offer(server: Server, keys: Keys, chosen: str) -> Any:
    """The update of the tab's choice: with `chosen`, if it reads drawings; else none."""
    if server.networks.kind(chosen) is not DigitClassifier:
        return gr.skip()
    return gr.Dropdown(_choices(server, keys), value=chosen)


def labels(server: Server, keys: Keys) -> tuple[gr.Dropdown, gr.Radio]:
    """The updates that say the choices in the language that is spoken."""
    network = gr.Dropdown(_choices(server, keys), label=texts.say("network"))
    return network, gr.Radio(_pipelines(), label=texts.say("pipeline"))


def _pipelines() -> list[tuple[str, str]]:
    return [(texts.say(f"pipeline_{name}"), name) for name in PIPELINES]


def _pad(server: Server, default: str, names: list[str]) -> gr.HTML:
    """The pad and all beside it, which the tab's script makes.

    Args:
        default: the network that it begins with.
        names: the networks in weights/ that read drawings.
    """
    classes = server.networks.get(default).classes
    return gr.HTML(
        value={"network": default, "pipeline": "modern"},
        html_template=assets.template("draw/tab.html").replace("@layers@", assets.template("shared/layers.html")),
        js_on_load=assets.mount("draw/view.js", events=["use"]),
        server_functions=[
            *server_functions(
                server,
                fetch_network,
                read_drawing,
                look_inside,
                what_if,
                what_was_seen,
                lane=partial(_lane, server),
            ),
            *server_functions(server, wrong.begin_correcting, wrong.look_at_correcting, wrong.export_corrected),
        ],
        mostCorrections=MAX_CORRECTIONS,
        examples=json.loads((HERE / "examples.json").read_text(encoding="utf-8")),
        classes=classes,
        # Of a visitor's own hardly any.
        knowing=[name for name in names if server.networks.digit_reader(name).knows_non_digits],
        layers=[asdict(layer) for layer in facts.layers(server.networks.blank(default), classes, every=False)],
        unsureBelow=UNSURE_BELOW,
        largest=pictures.MAX_BYTES,
        side=2 * WORKING_SIDE,  # of a picture's longer side: twice what is looked at, and quickly sent
        seen=server.networks.get(default).recipe.input.size,
        elem_id="pad",
    )


def build(server: Server, visitor: Visitor) -> Tab:
    """The tab's contents."""
    choices = networks.shipped(DigitClassifier)
    if not choices:
        return without_networks("no_digit_networks")
    default = choices[0][1]
    with gr.Column(elem_id="drawing"):
        pad = _pad(server, default, [name for _, name in choices])
        with gr.Row(elem_classes="choices"):
            network = gr.Dropdown(choices, value=default, label=texts.say("network"), scale=2)
            pipeline = gr.Radio(_pipelines(), value="modern", label=texts.say("pipeline"), scale=3)
    # In the browser alone: the pad then asks again with the new choice.
    gr.on(
        [network.change, pipeline.change],
        fn=None,
        inputs=[network, pipeline],
        outputs=pad,
        js="(network, pipeline) => ({ network, pipeline })",
    )
    return Tab(
        choice=Choice(DigitClassifier, network, partial(offer, server)),
        # draw/wrong.js: trigger("use", { visitor, language, network, file })
        sources=[Source(pad.use, partial(wrong.use, server), options={"queue": False})],
        labels=Labels([network, pipeline], partial(labels, server)),
    )
