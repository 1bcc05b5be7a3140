"""The Zoo tab: every network in weights/ and a visitor's own, what they are made of, and where they err."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from lenet.classifier import Classifier
from lenet.digits import DigitClassifier
from lenet.photos import PhotoClassifier
from lenet.ui import assets, messages, networks, report, texts, zoo_figures
from lenet.zoo import Exhibit

FAMILIES: dict[str, type[Classifier]] = {"family_photos": PhotoClassifier, "family_digits": DigitClassifier}


@messages.answering
def list_networks(question: dict[str, Any]) -> dict[str, Any]:
    """Every network in weights/, and above them a visitor's own, as far as they are still kept.

    Args:
        question: {"network": the key of the chosen one, "own": keys}.

    Returns:
        {"families": HTML}, or {"problem": a sentence}.
    """
    chosen, own = messages.text(question, "network"), dict.fromkeys(map(str, messages.listed(question, "own")))
    kept = [report.on_show(key) for key in own if networks.kind(key)]
    return {"families": zoo_figures.own(kept, chosen) + zoo_figures.families(_families(), chosen)}


def _families() -> dict[str, list[Exhibit]]:
    """The networks in weights/ under their family's name, the most accurate first."""
    return {
        texts.say(family): zoo_figures.ranked(report.on_show(name) for _, name in networks.shipped(kind))
        for family, kind in FAMILIES.items()
    }


def shown(own: Sequence[str], key: str = "") -> gr.HTML:
    """The update of the tab that lists a visitor's own networks, and shows the one that `key` names."""
    return gr.HTML(value={"network": key, "own": list(own)})


def build(largest: int) -> gr.HTML:
    """The tab's contents; returns what shows the networks, for uploads to add to.

    Args:
        largest: bytes of a file that may be uploaded; of a larger one the tab's event "refuse" tells.
    """
    first = next(exhibits[0] for exhibits in _families().values() if exhibits)
    return gr.HTML(
        value={"network": first.key, "own": []},
        html_template=assets.template("zoo.html"),
        js_on_load=assets.mount("zoo.js", events=["refuse", "seen"]),
        server_functions=[list_networks, *report.FUNCTIONS],
        largest=largest,
        elem_id="zoo",
        padding=False,
    )
