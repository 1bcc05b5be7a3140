"""The Zoo tab: every network in weights/ and a visitor's own, what they are made of, and where they err."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from lenet.inference.classifier import Classifier
from lenet.inference.digits import DigitClassifier
from lenet.inference.photos import PhotoClassifier
from lenet.inference.summary import Exhibit
from lenet.inference.untrusted import BYTES_AT_MOST
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, networks, texts
from lenet.ui.tab import Labels, Own, Owner, Source, Tab, Taken, Visitor, with_first, without_networks
from lenet.ui.zoo import figures as zoo_figures
from lenet.ui.zoo import uploads as own

FAMILIES: dict[str, type[Classifier]] = {"family_photos": PhotoClassifier, "family_digits": DigitClassifier}


@messages.answering
def list_networks(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """Every network in weights/, and above them a visitor's own, as far as they are still kept.

    Args:
        question: {"network": the key of the chosen one, "own": keys}.

    Returns:
        {"families": HTML}, or {"problem": a sentence}.
    """
    chosen, own = messages.text(question, "network"), dict.fromkeys(map(str, messages.listed(question, "own")))
    kept = [server.networks.exhibit(key) for key in own if server.networks.kind(key)]
    return {"families": zoo_figures.own(kept, chosen) + zoo_figures.families(_families(server), chosen)}


def _families(server: Server) -> dict[str, list[Exhibit]]:
    """The networks in weights/ under their family's name, the most accurate first."""
    return {
        texts.say(family): zoo_figures.ranked(server.networks.exhibit(name) for _, name in networks.shipped(kind))
        for family, kind in FAMILIES.items()
    }


def shown(own: Sequence[str], key: str = "") -> gr.HTML:
    """The update of the tab that lists a visitor's own networks, and shows the one that `key` names."""
    return gr.HTML(value={"network": key, "own": list(own)})


def _upload(server: Server, event: gr.EventData, own_networks: Own, owner: Owner, path: str | None) -> Taken:
    """What came of an upload: updates of the note, of what is said, and of the list."""
    key, said = own.upload(server, path, owner)
    listed = shown(with_first(key, own_networks), key) if key else gr.skip()
    return Taken(key, (own.remark(said), said, listed))


def build(server: Server, visitor: Visitor, report: Sequence[Callable[..., Any]]) -> Tab:
    """The tab's contents: a place to upload, and below it the networks.

    Args:
        report: the server functions that the report of the chosen network asks.
    """
    listed = [exhibit for exhibits in _families(server).values() for exhibit in exhibits]
    if not listed:
        return without_networks("no_networks")
    place = own.build()
    exhibition = gr.HTML(
        value={"network": listed[0].key, "own": []},
        html_template=assets.template("zoo/tab.html"),
        js_on_load=assets.mount("zoo/view.js", events=["refuse", "seen"]),
        server_functions=server_functions(server, list_networks, *report, lane=server.reports),
        largest=BYTES_AT_MOST,  # of a file that may be uploaded; of a larger one the event "refuse" tells
        elem_id="zoo",
        padding=False,
    )
    # zoo/view.js: trigger("refuse", { name, size })
    exhibition.refuse(own.refuse, visitor.language, [place.note, place.said], queue=False, api_visibility="private")
    # zoo/view.js: trigger("seen")
    exhibition.seen(
        shown,
        visitor.own,
        exhibition,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="always_last",  # a network may be put to use while an earlier question is answered
    )
    source = Source(
        place.button.upload,
        partial(_upload, server),
        inputs=[place.button],
        outputs=[place.note, place.said, exhibition],
        options={"concurrency_limit": 2, "show_progress": "hidden"},  # of at most 20 MB each
    )
    labels = Labels([place.button, place.note], lambda _, said: own.labels(said), [place.said])
    return Tab(source=source, labels=labels)
