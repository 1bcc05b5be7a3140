"""The Zoo tab: every network in weights/, what it is made of, how it was trained, and where it errs."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

from lenet.errors import LeNetError
from lenet.ui import figures, networks, tested, zoo_figures
from lenet.ui.tested import Asking
from lenet.zoo import Exhibit, exhibit

HERE = Path(__file__).parent
AT_ONCE = 25  # pictures, five by five
FAMILIES = {"Photos": "photo", "Digits": "ours"}  # and the road that their pictures take


def choose(question: dict[str, Any]) -> dict[str, str]:
    """All that is known of a network without asking it anything.

    Args:
        question: {"network": a name in weights/}.

    Returns:
        {"about": HTML}, or {"problem": HTML}.
    """
    try:
        return {"about": zoo_figures.about(_exhibit(str(question["network"])))}
    except LeNetError as error:
        return {"problem": figures.problem(str(error))}
    except (KeyError, TypeError, OSError):
        return _NOT_ASKED


def show_pictures(question: dict[str, Any]) -> dict[str, Any]:
    """Test pictures and what the network took them for, once it has been asked for all of them.

    Args:
        question: {"network", "cell": [label, answer] or null for random pictures, "page": from 0; random
            pictures' seed, "again": false where the page only looks how far it is}.

    Returns:
        {"waiting": HTML} until then: the page asks again a few times a second.  {"pictures": HTML, "measured":
        HTML of the matrix where the network's file has none}.  Or {"problem": HTML}.
    """
    try:
        label, answer = question.get("cell") or (None, None)
        exhibit = _exhibit(str(question["network"]))
        asking = tested.ask(exhibit.name, bool(question.get("again")))
        return _pictures(exhibit, asking, label, answer, int(question["page"]))
    except LeNetError as error:
        return {"problem": figures.problem(str(error))}
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, IndexError, OSError):
        return _NOT_ASKED


_NOT_ASKED = {"problem": figures.problem("The page asked for something that is not here. Reload it and try again.")}


def _pictures(exhibit: Exhibit, asking: Asking, label: int | None, answer: int | None, page: int) -> dict[str, Any]:
    if asking.problem:
        return {"problem": figures.problem(f"{asking.problem} All else on this page needs no data.")}
    if asking.answers is None:
        return {"waiting": zoo_figures.waiting(asking.done, asking.total, time.monotonic() - asking.began)}
    answers, classes = asking.answers, exhibit.network.classes
    if label is None or answer is None:
        found, positions = len(answers), answers.sample(page, AT_ONCE)
        said = zoo_figures.sampled(found, page)
    else:
        cell = answers.cell(label, answer)
        found, positions = len(cell), cell[page * AT_ONCE : (page + 1) * AT_ONCE]
        said = zoo_figures.in_cell(classes[label], classes[answer], found, page * AT_ONCE, len(positions))
    cards = zoo_figures.pictures(tested.pictures(exhibit.name, positions), answers, positions, classes)
    reply = {"pictures": said + cards, "more": (page + 1) * AT_ONCE < found}
    if not exhibit.network.confusion:
        reply["measured"] = zoo_figures.measured(classes, answers.confusion(len(classes)))
    return reply


@lru_cache
def _exhibit(name: str) -> Exhibit:
    return exhibit(name, networks.get(name))


def build() -> None:
    """The tab's contents."""
    families = {
        title: zoo_figures.ranked(_exhibit(name) for _, name in networks.shipped(road))
        for title, road in FAMILIES.items()
    }
    first = next(exhibits[0] for exhibits in families.values() if exhibits)
    template = (HERE / "zoo.html").read_text(encoding="utf-8")
    template = template.replace("@families@", zoo_figures.families(families, first))
    gr.HTML(
        value={"network": first.name},
        html_template=template.replace("@about@", zoo_figures.about(first)),
        js_on_load=(HERE / "zoo.js").read_text(encoding="utf-8"),
        server_functions=[choose, show_pictures],
        elem_id="zoo",
        padding=False,
    )
