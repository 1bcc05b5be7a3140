"""A network's report: what its test pictures say of it, in the Zoo tab and at the end of a run.

    place = report.build(server)    shows the report of the network that its value names

Each question of the page names its "language", and is answered in it.
The page asks for a network's room first (`choose`), and then, a few times a second while the network is
being asked for its test pictures, for what has come of it (`measure`, `show_pictures`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from lenet.inference.report import MISTAKES, SAMPLE, Answered, Report, report
from lenet.ui import messages
from lenet.ui.report import exports
from lenet.ui.report import figures as report_figures
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import about_figures, assets, texts
from lenet.ui.shared.evaluation import Asking

PAGES_AT_MOST = 1_000_000  # of test pictures: no data set here has as many


@messages.answering
def choose(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """All that is known of a network without asking it anything.

    Args:
        question: {"network": a name in weights/, or a visitor's key}.

    Returns:
        {"about": HTML}, or {"problem": a sentence}.
    """
    key = messages.text(question, "network")
    exhibit = server.networks.exhibit(key)
    room = report_figures.frame(exhibit.network, exports.offered(server, key))
    return {"about": about_figures.about(exhibit, room)}


@messages.answering
def measure(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """What came of the network's test pictures.

    Args:
        question: {"network", "again": true where a person has asked for it}.

    Returns:
        {"idle": true} where nobody asked and the pictures would have to be downloaded first; {"waiting": HTML}
        until all are answered; then {"numbers", "calibration", "mistakes": HTML, "matrix": HTML where it is not
        the one in the network's file}.  Or {"problem": a sentence}.
    """
    key = messages.text(question, "network")
    asking = _asking(server, key, messages.flag(question, "again"))
    if asking is None:
        return {"idle": True}
    if asking.problem:
        return {"problem": texts.translated(asking.problem)}
    if not asking.finished:
        answers = asking.answers
        return _waiting(asking, answers.known, len(answers)) if answers is not None else _waiting(asking)
    found = measured(server, key, asking)
    images = server.evaluations.pictures(key, [one.position for one in found.mistakes])
    return {
        "numbers": report_figures.numbers(found.accuracy, found.errors, found.count, found.calibration_error),
        "calibration": report_figures.calibration(found.bins),
        "mistakes": report_figures.mistakes(images, found, room=MISTAKES),
        "matrix": report_figures.measured(found.classes, found.confusion)
        if found.confusion != asking.network.confusion
        else "",
    }


@messages.answering
def show_pictures(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """Test pictures and what the network took them for, once it has been asked for these.

    Args:
        question: {"network", "again" as for `measure`, "cell": [label, answer] or null for random pictures,
            "page": from 0; random pictures' seed}.

    Returns:
        {"idle"} or {"waiting"} as `measure`, else {"said", "pictures": HTML, "more": whether there are}.
        Or {"problem": a sentence}.
    """
    key, cell = messages.text(question, "network"), _cell_asked(question)
    page = messages.whole(messages.field(question, "page"), PAGES_AT_MOST)
    asking = _asking(server, key, messages.flag(question, "again"))
    if asking is None:
        return {"idle": True}
    if asking.problem:
        return {"problem": texts.say("tests_no_data", problem=texts.translated(asking.problem))}
    if cell is None:
        return _sample(server, key, asking, page)
    return _cell(server, key, asking, *cell, page)


@messages.answering
def keep(server: Server, question: dict[str, Any]) -> dict[str, Any]:
    """A file to download.

    Args:
        question: {"network", "kind": one of `exports.KINDS`}.

    Returns:
        {"name", "path"} of a file that Gradio serves, or {"problem": a sentence}.
    """
    key, kind = messages.text(question, "network"), messages.text(question, "kind")
    asking = server.evaluations.ask(key) if kind == "report" else None
    if asking is not None and not asking.finished:
        return {"problem": texts.say("report_still_asked")}
    path = exports.write(server, key, kind, measured(server, key, asking) if asking is not None else None)
    return {"name": path.name, "path": str(path)}


FUNCTIONS = (choose, measure, show_pictures, keep)  # what report/view.js asks of the component that it is part of


def measured(server: Server, key: str, asking: Asking) -> Report:
    """The report on a network that has answered all of its test pictures.

    Raises:
        CheckpointError: it is no longer kept.
    """
    assert asking.answers is not None
    return report(server.networks.checkpoint(key), asking.answers, server.networks.kept(key).curves)


def _asking(server: Server, key: str, again: bool) -> Asking | None:
    """None where nobody has asked yet, and that would begin with a download that nobody wanted."""
    known = server.evaluations
    return known.ask(key, again) if again or known.begun(key) or known.within_reach(key) else None


def _waiting(asking: Asking, done: int = 0, total: int = 0) -> dict[str, str]:
    """How many of the pictures that are waited for are answered; `total` is 0 until they are loaded."""
    return {"waiting": report_figures.waiting(done, total, time.monotonic() - asking.began)}


def _cell_asked(question: dict[str, Any]) -> tuple[int, int] | None:
    """The cell of the confusion matrix that is asked about."""
    if messages.field(question, "cell") is None:
        return None
    numbers = messages.listed(question, "cell")
    if len(numbers) != 2:
        raise messages.garbled()
    label, answer = (messages.whole(value, PAGES_AT_MOST) for value in numbers)
    return label, answer


def _sample(server: Server, key: str, asking: Asking, seed: int) -> dict[str, Any]:
    if asking.examination is None:
        return _waiting(asking)
    answers = asking.examination.answers
    positions = answers.sample(seed, SAMPLE)
    if not asking.examination.want(positions):
        return _waiting(asking, answers.among(positions), len(positions))
    said = report_figures.sampled(len(answers), seed)
    return _pictures(server, key, asking, answers.at(positions), said) | {"more": (seed + 1) * SAMPLE < len(answers)}


def _cell(server: Server, key: str, asking: Asking, label: int, answer: int, page: int) -> dict[str, Any]:
    classes = asking.network.classes
    if max(label, answer) >= len(classes):
        raise messages.garbled()
    if asking.examination is None:
        return _waiting(asking)
    answers = asking.examination.answers
    needed = answers.labelled(label)
    if not asking.examination.want(needed):
        return _waiting(asking, answers.among(needed), len(needed))
    found, first = answers.cell(label, answer), page * SAMPLE
    positions = found[first : first + SAMPLE]
    said = report_figures.in_cell(classes[label], classes[answer], len(found), first, len(positions))
    return _pictures(server, key, asking, answers.at(positions), said) | {"more": first + SAMPLE < len(found)}


def _pictures(server: Server, key: str, asking: Asking, shown: Sequence[Answered], said: str) -> dict[str, str]:
    images = server.evaluations.pictures(key, [one.position for one in shown])
    return {"said": said, "pictures": report_figures.pictures(images, shown, asking.network.classes, room=SAMPLE)}


def build(server: Server) -> gr.HTML:
    """A place for the report of the network that its value names, {"network": key, "title"}; empty for the key ""."""
    return gr.HTML(
        value={"network": "", "title": ""},
        html_template=assets.template("report/tab.html"),
        js_on_load=assets.mount("report/place.js"),
        server_functions=server_functions(server, *FUNCTIONS, lane=server.reports),
        elem_id="report",
        padding=False,
    )
