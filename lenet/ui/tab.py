"""What a tab lets page.py connect.  The tabs do not know each other.

Each is built by `build(server, visitor)`, within its place on the page, and returns a `Tab`; one that needs nothing
of the others returns `Tab()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import gradio as gr
from gradio.blocks import Block

from lenet.inference.classifier import Classifier
from lenet.ui.shared import texts

Keys = list[str]  # of a visitor's own networks, the newest first
Owner = tuple[str, str]  # who a request is from: the network address, and the session


@dataclass(frozen=True)
class Visitor:
    """What Gradio keeps for each open page, apart from every other.

    Attributes:
        networks: the keys of their networks, see `Keys`.
        language: the one that they read.
    """

    networks: gr.State
    language: gr.State


@dataclass(frozen=True)
class Taken:
    """What came of an event by which a visitor may get a network.

    Attributes:
        key: the network's; "" where there is none.
        updates: of the source's `outputs`.
    """

    key: str
    updates: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Source:
    """An event by which a visitor may get a network.

    Attributes:
        event: Gradio's listener, such as `button.upload`.
        take: answers the event: from it, the visitor's networks, who it is from, and the values of `inputs`.
        opens: whether the tab that takes the network is opened then.
        options: of the listener.
    """

    event: Callable[..., Any]
    take: Callable[..., Taken]
    inputs: Sequence[Block] = ()
    outputs: Sequence[Block] = ()
    opens: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """Where networks of one kind are put to use.

    Attributes:
        component: what offers them.
        offer: its update, from the visitor's own networks and the one to choose; that one may be of another kind,
            or "" for none.
    """

    kind: type[Classifier]
    component: Block
    offer: Callable[[Keys, str], Any]


@dataclass(frozen=True)
class Labels:
    """What Gradio itself says in a tab; the rest has scripts that say it.

    Attributes:
        say: the updates of `components` in the language that is spoken, from the visitor's own networks and the
            values of `states`.
    """

    components: Sequence[Block]
    say: Callable[..., Sequence[Any]]
    states: Sequence[gr.State] = ()


@dataclass(frozen=True)
class Tab:
    """See the module.

    Attributes:
        ahead: makes what must be on the page before the tab is opened, and shows nothing; gives the event that
            opens it.
    """

    choice: Choice | None = None
    sources: Sequence[Source] = ()
    labels: Labels | None = None
    ahead: Callable[[], Callable[..., Any]] | None = None


def without_networks(text: str) -> Tab:
    """The contents of a tab that has no network to ask: `texts` has the sentence that says so, under that key."""

    def said() -> str:
        return f'<p class="problem" role="alert">{escape(texts.say(text))}</p>'

    place = gr.HTML(said())
    return Tab(labels=Labels([place], lambda keys: [said()]))


def with_first(key: str, keys: Keys) -> Keys:
    """The visitor's networks with the one that `key` names first."""
    return [key, *(other for other in keys if other != key)]
