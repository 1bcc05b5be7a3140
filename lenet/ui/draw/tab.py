"""The Draw tab: a pad, and beside it what the network reads in it, while the pen moves."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.errors import LeNetError
from lenet.inference.digits import DigitClassifier, FoundDigit
from lenet.preprocessing.digits import PIPELINES
from lenet.preprocessing.ink import WORKING_SIDE
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, figures, networks, pictures, texts, why
from lenet.ui.tab import Choice, Labels, Own, Tab, Visitor, without_networks

HERE = Path(__file__).parent


@messages.answering
def read_drawing(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What the pad asks after each move; see `_asked`.

    Returns:
        {"answer", "boxes": HTML, "training": whether it should ask less often, since a network is trained
        meanwhile}, or {"problem": a sentence}.
    """
    found, chosen = _asked(server, question)
    return {
        "answer": figures.reading(found, chosen) + _beside(server, question),
        "boxes": figures.boxes(found, chosen),
        "training": server.runs.busy,
    }


def _empty(classes: Sequence[str]) -> dict[str, str]:
    """What `read_drawing` would say of an empty pad, "plain" by a network that knows only digits; and "steps"."""
    return {
        "answer": figures.empty_answer(classes, texts.say("draw_invitation"), non_digits=True),
        "plain": figures.empty_answer(classes, texts.say("draw_invitation")),
        "boxes": "",
        "steps": figures.no_stages(texts.say("draw_steps")),
    }


def _beside(server: Server, question: dict[str, Any]) -> str:
    """What the shipped network reads in the same drawing, beside the answer of a visitor's own."""
    other = server.networks.default(messages.text(question, "network"))
    if not other:
        return ""
    found, _ = _asked(server, question | {"network": other})
    return figures.beside(networks.title(server.networks.get(other), other), found)


@messages.answering
def look_inside(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What the pad asks when a drawing is answered: what stood behind it, of the parts that are in view.

    The question has four words more than `read_drawing`'s: "why", "inside", "every", "steps" - true where the
    evidence, the telling layers, all layers, and what the network saw are wanted.

    Returns:
        As `why.behind`, and "steps", HTML; of a blank picture, or of none that can be answered, "blank", true.
    """
    try:
        found, chosen = _asked(server, question)
        prediction = found[chosen].prediction
        steps = {"steps": figures.stages(prediction)} if question.get("steps") else {}
        if prediction.verdict == "blank":
            return steps | {"blank": True}
        return steps | why.behind(
            server, question, prediction, lambda key: figures.why(prediction, server.networks.evidence(key, prediction))
        )
    except LeNetError:
        return {"blank": True}  # the answer's own question has said so


@messages.answering
def what_if(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What the button asks: the change that would give the runner-up, or a problem."""
    try:
        found, chosen = _asked(server, question)
        prediction = found[chosen].prediction
        if prediction.verdict == "blank":
            return {"problem": texts.say("draw_change_first")}
        return figures.what_if(prediction, server.networks.what_if(messages.text(question, "network"), prediction))
    except LeNetError:
        return {"problem": texts.say("draw_change_gone")}


def _asked(server: Server, question: dict[str, Any]) -> tuple[tuple[FoundDigit, ...], int]:
    """What is found on the pad, and which of it is asked about.

    Args:
        question: {"picture": data address, "network", "pipeline", "focus": [x, y] or null, "language"}: the
            digit whose box is nearest to `focus`, in parts of the picture, is meant; else the first.

    Raises:
        QuestionError: no script of this page asks that.
        ImageError: there is no picture.
        CheckpointError: the network is no longer kept.
    """
    network, picture, pipeline = (messages.text(question, name) for name in ("network", "picture", "pipeline"))
    x, y = _focus(question)
    found = server.networks.read(network, pictures.decode(picture), pipeline)
    if math.isnan(x):
        return found, 0
    return found, min(range(len(found)), key=lambda i: _distance(found[i].box, x, y))


def _focus(question: dict[str, Any]) -> tuple[float, float]:
    """The place that is asked about; not a number where it is none in particular."""
    if not question.get("focus"):
        return math.nan, math.nan
    place = [messages.number(value) for value in messages.listed(question, "focus")]
    if len(place) != 2:
        raise messages.garbled()
    return place[0], place[1]


def _distance(box: tuple[float, float, float, float], x: float, y: float) -> tuple[float, float]:
    """Of a point from a box; inside it, and so among boxes that overlap, from its middle."""
    left, top, right, bottom = box
    outside = max(left - x, 0, x - right) + max(top - y, 0, y - bottom)
    return outside, abs(x - (left + right) / 2)


def _choices(server: Server, own: Own) -> list[tuple[str, str]]:
    """(title, key) of the networks that read drawings: the visitor's, and those in weights/."""
    known = server.networks
    return [
        *((known.yours(key), key) for key in known.of_kind(DigitClassifier, own)),
        *networks.shipped(DigitClassifier),
    ]


def offer(server: Server, own: Own, chosen: str) -> Any:
    """The update of the tab's choice: with `chosen`, if it reads drawings; else none."""
    if server.networks.kind(chosen) is not DigitClassifier:
        return gr.skip()
    return gr.Dropdown(_choices(server, own), value=chosen)


def labels(server: Server, own: Own) -> tuple[gr.Dropdown, gr.Radio]:
    """The updates that say the choices in the language that is spoken."""
    network = gr.Dropdown(_choices(server, own), label=texts.say("network"))
    return network, gr.Radio(_pipelines(), label=texts.say("pipeline"))


def _pipelines() -> list[tuple[str, str]]:
    return [(texts.say(f"pipeline_{name}"), name) for name in PIPELINES]


def build(server: Server, visitor: Visitor) -> Tab:
    """The tab's contents."""
    choices = networks.shipped(DigitClassifier)
    if not choices:
        return without_networks("no_digit_networks")
    default = choices[0][1]
    with gr.Row(elem_classes="choices"):
        network = gr.Dropdown(choices, value=default, label=texts.say("network"), scale=2)
        pipeline = gr.Radio(_pipelines(), value="modern", label=texts.say("pipeline"), scale=3)
    classes = server.networks.get(default).classes
    pad = gr.HTML(
        value={"network": default, "pipeline": "modern"},
        html_template=assets.template("draw/tab.html").replace("@layers@", assets.template("shared/layers.html")),
        js_on_load=assets.mount("draw/view.js"),
        server_functions=server_functions(server, read_drawing, look_inside, what_if, lane=server.drawings),
        examples=json.loads((HERE / "examples.json").read_text(encoding="utf-8")),
        empty=texts.in_each(lambda: _empty(classes)),
        knowing=[
            name for _, name in choices if server.networks.digit_reader(name).knows_non_digits
        ],  # of a visitor's own hardly any
        layers=figures.inside(server.networks.blank(default), classes, every=False),
        largest=pictures.MAX_BYTES,
        side=2 * WORKING_SIDE,  # of a picture's longer side: twice what is looked at, and quickly sent
        seen=server.networks.get(default).recipe.input.size,
        elem_id="pad",
    )
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
        labels=Labels([network, pipeline], partial(labels, server)),
    )
