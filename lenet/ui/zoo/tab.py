"""The Zoo tab: every network in weights/ and a visitor's own, what they are made of, and where they err."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import gradio as gr

from lenet.inference.classifier import Classifier
from lenet.inference.digits import DigitClassifier
from lenet.inference.photos import PhotoClassifier
from lenet.inference.untrusted import MAX_BYTES
from lenet.ui import messages
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, networks, texts
from lenet.ui.tab import Keys, Labels, Owner, Source, Tab, Taken, Visitor, with_first, without_networks
from lenet.ui.zoo import uploads
from lenet.ui.zoo.messages import Family, ListNetworks, NetworkList, NetworkRow

FAMILIES: dict[str, type[Classifier]] = {"photos": PhotoClassifier, "digits": DigitClassifier}


@messages.answering
def list_networks(server: Server, question: ListNetworks) -> NetworkList:
    """Every network in weights/, and above them a visitor's own, as far as they are still kept."""
    yours = tuple(_row(server, key) for key in question.yours if server.networks.kind(key))
    families = (Family("yours", yours), *_families(server))
    return NetworkList(tuple(family for family in families if family.networks), len(question.yours) - len(yours))


def _families(server: Server) -> list[Family]:
    """The networks in weights/, the most accurate first, and last those that nobody measured."""
    return [
        Family(name, ranked(_row(server, key) for _, key in networks.shipped(kind))) for name, kind in FAMILIES.items()
    ]


def ranked(rows: Iterable[NetworkRow]) -> tuple[NetworkRow, ...]:
    return tuple(sorted(rows, key=lambda row: row.accuracy or 0.0, reverse=True))


def _row(server: Server, key: str) -> NetworkRow:
    exhibit = server.networks.exhibit(key)
    network = exhibit.network
    return NetworkRow(
        key=key,
        name=texts.told(server.networks.called(key)),
        model=network.recipe.model,
        dataset=network.recipe.dataset,
        parameters=network.parameters,
        multiply_adds=exhibit.multiply_adds,
        accuracy=network.metrics.get("test_accuracy"),
        train_seconds=network.metrics.get("train_seconds"),
        on_gpu=network.trained_on != "cpu",
        file_bytes=exhibit.file_bytes,
    )


def shown(yours: Sequence[str], key: str = "") -> gr.HTML:
    """The update of the tab that lists a visitor's own networks, and shows the one that `key` names."""
    return gr.HTML(value={"network": key, "yours": list(yours)})


def _upload(server: Server, event: gr.EventData, keys: Keys, owner: Owner, path: str | None) -> Taken:
    """What came of an upload: updates of the note and of the list."""
    key, said = uploads.upload(server, path, owner)
    listed = shown(with_first(key, keys), key) if key else gr.skip()
    return Taken(key, (uploads.remark(said), listed))


def build(server: Server, visitor: Visitor, report: Sequence[Callable[..., Any]]) -> Tab:
    """The tab's contents: a place to upload, and below it the networks.

    Args:
        report: the server functions that the report of the chosen network asks.
    """
    listed = [row for family in _families(server) for row in family.networks]
    if not listed:
        return without_networks("no_networks")
    place = uploads.build()
    exhibition = gr.HTML(
        value={"network": listed[0].key, "yours": []},
        html_template=assets.template("zoo/tab.html"),
        js_on_load=assets.mount("zoo/view.js", events=["refuse", "seen"]),
        server_functions=server_functions(server, list_networks, *report, lane=server.reports),
        largest=MAX_BYTES,  # of a file that may be uploaded; of a larger one the event "refuse" tells
        elem_id="zoo",
        padding=False,
    )
    # zoo/view.js: trigger("refuse", { name, size })
    exhibition.refuse(uploads.refuse, None, place.note, queue=False, api_visibility="private")
    # zoo/view.js: trigger("seen")
    exhibition.seen(
        shown,
        visitor.networks,
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
        outputs=[place.note, exhibition],
        options={"concurrency_limit": 2, "show_progress": "hidden"},  # of at most 20 MB each
    )
    labels = Labels([place.button], lambda _: [uploads.labelled()])
    return Tab(sources=[source], labels=labels)
