"""The Draw tab: a pad, and beside it what the network reads in it, while the pen moves."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.errors import ImageError, LeNetError
from lenet.ui import figures, networks

HERE = Path(__file__).parent
MAX_BYTES = 20_000_000  # of a picture, encoded; the pad itself sends about a thousand
INVITATION = "Draw something: a digit, anywhere, any size."
STEPS_HINT = '<p class="hint">Each step from your drawing to the network\'s numbers appears here, with its reason.</p>'

ROAD_CHOICES = [("Ours: find, fit, centre", "ours"), ("Classic: resize, invert", "classic")]


def read_drawing(question: dict[str, Any]) -> dict[str, str]:
    """What the pad asks after each move: {"picture": data address, "network", "road"} -> HTML, or a problem."""
    try:
        prediction = networks.predict(str(question["network"]), decode(str(question["picture"])), str(question["road"]))
    except LeNetError as error:
        return {"problem": str(error)}
    except (KeyError, TypeError):
        return {"problem": "The pad sent something that is no drawing. Reload the page and try again."}
    return {"answer": figures.answer(prediction), "steps": figures.stages(prediction)}


def decode(address: str) -> bytes:
    """The file in a data: address.

    Raises:
        ImageError: it is too large, or no such address.
    """
    header, _, content = address.partition(",")
    if not header.startswith("data:") or not header.endswith(";base64"):
        raise ImageError("The pad sent no picture. Reload the page and try again.")
    if len(content) > MAX_BYTES * 4 / 3:
        raise ImageError("This picture has over 20 MB: make it smaller and try again.")
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        raise ImageError("The pad sent no picture. Reload the page and try again.") from None


def build() -> gr.Dropdown:
    """The tab's contents; returns its choice of network, for the Train tab to add to."""
    choices = networks.shipped("ours")
    template = (HERE / "pad.html").read_text(encoding="utf-8")
    template = template.replace("@answer@", figures.empty_answer("0123456789", INVITATION))
    pad = gr.HTML(
        value={"network": choices[0][1], "road": "ours"},
        html_template=template.replace("@steps@", STEPS_HINT),
        js_on_load=(HERE / "pad.js").read_text(encoding="utf-8"),
        server_functions=[read_drawing],
        examples=json.loads((HERE / "examples" / "strokes.json").read_text(encoding="utf-8")),
        elem_id="pad",
    )
    with gr.Row(elem_classes="choices"):
        network = gr.Dropdown(choices, value=choices[0][1], label="Network", scale=2)
        road = gr.Radio(ROAD_CHOICES, value="ours", label="How the drawing is prepared", scale=3)
    # In the browser alone: the pad then asks again with the new choice.
    gr.on(
        [network.change, road.change],
        fn=None,
        inputs=[network, road],
        outputs=pad,
        js="(network, road) => ({ network, road })",
    )
    return network
