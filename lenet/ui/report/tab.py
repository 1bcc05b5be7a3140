"""A network's report: what its test pictures say of it, in the Zoo tab and at the end of a run.

    place = report.build(server)    shows the report of the network that its value names

The page asks what is known of a network first (`choose`), and then, a few times a second while the network is
being asked for its test pictures, for what has come of it (`measure`, `show_pictures`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import gradio as gr

from lenet.inference.report import SAMPLE, Answered, Examination, Report, report
from lenet.ui import messages
from lenet.ui.messages import Problem
from lenet.ui.report import about, exports
from lenet.ui.report.messages import (
    AboutNetwork,
    AnsweredPicture,
    AskNetwork,
    BinFacts,
    Idle,
    KeepFile,
    KeptFile,
    Measured,
    Pictures,
    ShowPictures,
    Waiting,
)
from lenet.ui.server import Server, server_functions
from lenet.ui.shared import assets, facts, texts
from lenet.ui.shared.evaluation import Asking


@messages.answering
def choose(server: Server, question: AskNetwork) -> AboutNetwork:
    """All that is known of a network without asking it anything."""
    key = question.network
    return about.about(server.networks.exhibit(key), server.networks.called(key), exports.offered(server, key))


@messages.answering
def measure(server: Server, question: AskNetwork) -> Idle | Waiting | Problem | Measured:
    """What came of the network's test pictures, once it has answered all of them."""
    asking = _asking(server, question.network, question.again)
    if asking is None:
        return Idle()
    if asking.problem:
        return Problem(texts.told(asking.problem))
    if not asking.finished:
        answers = asking.answers
        return _waiting(asking, answers.known, len(answers)) if answers is not None else _waiting(asking)
    found = measured(server, question.network, asking)
    return Measured(
        accuracy=found.accuracy,
        errors=found.errors,
        total=found.count,
        calibration_error=found.calibration_error,
        bins=tuple(map(BinFacts.of, found.bins)),
        confusion=found.confusion,
        mistakes=_pictures(server, question.network, found.mistakes),
    )


@messages.answering
def show_pictures(server: Server, question: ShowPictures) -> Idle | Waiting | Problem | Pictures:
    """Test pictures and what the network took them for, once it has been asked for these."""
    asking = _asking(server, question.network, question.again)
    if asking is None:
        return Idle()
    if asking.problem:
        return Problem(texts.told(texts.Said("tests_no_data", {"problem": asking.problem})))
    if question.cell is not None and max(question.cell) >= len(asking.network.classes):
        raise messages.garbled()
    if asking.examination is None:
        return _waiting(asking)
    show = _sample if question.cell is None else _cell
    return show(server, asking, asking.examination, question)


@messages.answering
def keep(server: Server, question: KeepFile) -> KeptFile | Problem:
    """A file to download."""
    key, kind = question.network, question.kind
    asking = server.evaluations.ask(key) if kind == "report" else None
    if asking is not None and not asking.finished:
        return Problem(texts.told(texts.Said("report_still_asked")))
    path = exports.write(server, key, kind, measured(server, key, asking) if asking is not None else None)
    return KeptFile(path.name, str(path))


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


def _waiting(asking: Asking, done: int = 0, total: int = 0) -> Waiting:
    """How many of the pictures that are waited for are answered; `total` is 0 until they are loaded."""
    return Waiting(done, total, time.monotonic() - asking.began)


def _sample(server: Server, asking: Asking, examination: Examination, question: ShowPictures) -> Waiting | Pictures:
    answers, seed = examination.answers, question.page
    positions = answers.sample(seed, SAMPLE)
    if not examination.want(positions):
        return _waiting(asking, answers.among(positions), len(positions))
    shown = _pictures(server, question.network, answers.at(positions))
    return Pictures(shown, len(answers), seed * SAMPLE, more=(seed + 1) * SAMPLE < len(answers))


def _cell(server: Server, asking: Asking, examination: Examination, question: ShowPictures) -> Waiting | Pictures:
    assert question.cell is not None
    answers = examination.answers
    needed = answers.labelled(question.cell[0])
    if not examination.want(needed):
        return _waiting(asking, answers.among(needed), len(needed))
    found, first = answers.cell(*question.cell), question.page * SAMPLE
    shown = _pictures(server, question.network, answers.at(found[first : first + SAMPLE]))
    return Pictures(shown, len(found), first, more=first + SAMPLE < len(found))


def _pictures(server: Server, key: str, shown: Sequence[Answered]) -> tuple[AnsweredPicture, ...]:
    images = server.evaluations.pictures(key, [one.position for one in shown])
    return tuple(
        AnsweredPicture(one.position, one.label, one.answer, one.confidence, facts.png_address(image))
        for one, image in zip(shown, images, strict=True)
    )


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
