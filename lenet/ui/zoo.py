"""The Zoo tab: every network in weights/ and a visitor's own, what they are made of, and where they err."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr

from lenet.ui import exports, networks, parts, report, zoo_figures

FAMILIES = {"Photos": "photo", "Digits": "ours"}  # and the road that their pictures take


def shown(key: str, own: Sequence[str]) -> gr.HTML:
    """The update of the tab that shows the network that `key` names, and lists a visitor's own ones."""
    return gr.HTML(value={"network": key, "own": zoo_figures.own([report.on_show(one) for one in own], key)})


def build(largest: int) -> gr.HTML:
    """The tab's contents; returns what shows the networks, for uploads to add to.

    Args:
        largest: bytes of a file that may be uploaded; of a larger one the tab's event "refuse" tells.
    """
    families = {
        title: zoo_figures.ranked(report.on_show(name) for _, name in networks.shipped(road))
        for title, road in FAMILIES.items()
    }
    first = next(exhibits[0] for exhibits in families.values() if exhibits)
    template = parts.read("zoo.html").replace("@families@", zoo_figures.families(families, first))
    return gr.HTML(
        value={"network": first.name, "own": ""},
        html_template=template.replace("@about@", zoo_figures.about(first, exports.offered(first.key))),
        js_on_load=parts.read("report.js", "zoo.js"),  # one function body
        server_functions=report.FUNCTIONS,
        largest=largest,
        elem_id="zoo",
        padding=False,
    )
