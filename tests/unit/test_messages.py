"""Questions of the page: what is wrong with one is told, and a bug is logged and told as a fault of ours."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import gradio as gr
import pytest
import torch

from lenet.errors import ImageError, Text
from lenet.ui import messages
from lenet.ui.draw import tab as draw
from lenet.ui.draw import wrong
from lenet.ui.messages import Answer, Question
from lenet.ui.photo import tab as photo
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import networks, pictures, texts, why
from lenet.ui.shared.evaluation import Evaluations
from lenet.ui.shared.messages import NamePhoto
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.teaching import Teachings
from lenet.ui.teach import tab as teach
from lenet.ui.train import tab as train
from lenet.ui.train.runs import Runs
from lenet.ui.zoo import tab as zoo
from tests.unit.test_ui import question

TEMPLATE = "There is no picture at {path}. Check the path."


def awaited(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it returns, from a thread of its own: Playwright leaves a running event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True)
class Said(messages.Parsed):
    what: str
    number: int

    @classmethod
    def read(cls, question: Question) -> Said:
        return cls(messages.text(question, "what"), messages.whole(question.get("number", 1), 9))


SENTENCE = {"en": "There is no picture at a.png. Check the path.", "zh": "a.png 处没有图片。请检查路径。"}


@messages.answering
def echo(server: object, asked: Said) -> Answer:
    match asked.what:
        case "said":
            return {"said": texts.say("language")}
        case "sentence":
            raise ImageError(TEMPLATE, path="a.png")
        case _:
            raise ZeroDivisionError("a secret of the server's")


@messages.answering
async def echo_later(server: object, asked: Said) -> Answer:
    await asyncio.sleep(0)
    if asked.what == "sentence":
        raise ImageError(TEMPLATE, path="a.png")
    return {"said": texts.say("language"), "broken": 1 / asked.number}


def test_an_answer_is_in_the_questions_language() -> None:
    assert echo(None, {"what": "said", "language": "zh"}) == {"said": "语言"}
    assert echo(None, {"what": "said", "language": "tlh"}) == echo(None, {"what": "said"}) == {"said": "Language"}
    assert texts.say("language") == "Language"
    assert echo.__name__ == "echo"


@dataclass(frozen=True)
class Sum(messages.Parsed):
    parts: tuple[float, ...]

    @classmethod
    def read(cls, question: Question) -> Sum:
        return cls(tuple(map(messages.number, messages.listed(question, "parts"))))


@dataclass(frozen=True)
class Total:
    total: float
    parts: tuple[float, ...]


@messages.answering
def add(server: object, question: Sum) -> Total:
    assert torch.get_num_threads() == 1
    if len(question.parts) > 9:
        raise ImageError(TEMPLATE, path="a.png")
    return Total(sum(question.parts), question.parts)


def test_a_question_is_parsed_and_facts_come_back() -> None:
    torch.set_num_threads(2)
    assert add(None, {"parts": [1, 2]}) == {"total": 3.0, "parts": (1.0, 2.0)}
    assert torch.get_num_threads() == 1
    for asked in ({}, {"parts": 7}, {"parts": ["much"]}, None, 7):
        assert add(None, asked) == {"problem": texts.words(Text(messages.GARBLED))}
    assert add(None, {"parts": [1] * 10, "language": "zh"}) == {"problem": SENTENCE}


def test_an_error_is_told_in_each_language(caplog: pytest.LogCaptureFixture) -> None:
    assert echo(None, {"what": "sentence"}) == {"problem": SENTENCE}
    assert caplog.records == []


@pytest.mark.parametrize("asked", [{}, None, [], 7, {"what": None}, {"what": 7}, {"what": ["said"]}])
def test_a_malformed_question_is_told_as_one(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert echo(None, asked)["problem"]["en"] == messages.GARBLED
    assert caplog.records == []


def test_a_bug_is_logged_and_told_as_ours(caplog: pytest.LogCaptureFixture) -> None:
    problem = echo(None, {"what": "bug"})["problem"]
    assert problem["en"] == str(messages.OURS)
    assert "这是我们的错误" in problem["zh"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "echo failed" in caplog.text
    assert "ZeroDivisionError: a secret of the server's" in caplog.text
    assert "Traceback" in caplog.text


def test_a_coroutine_answers_in_each_language(caplog: pytest.LogCaptureFixture) -> None:
    def ask(asked: Question) -> Answer:
        return awaited(echo_later(None, asked))

    assert ask({"what": "said", "number": 1, "language": "zh"}) == {"said": "语言", "broken": 1}
    assert ask({"what": "sentence"}) == {"problem": SENTENCE}
    assert ask({})["problem"]["en"] == messages.GARBLED
    assert caplog.records == []
    assert ask({"what": "said", "number": 0})["problem"]["en"] == str(messages.OURS)
    assert "ZeroDivisionError" in caplog.text


def test_an_endpoint_tells_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error, match=r"There is no picture at a\.png"), messages.endpoint("reading"):
        raise ImageError(TEMPLATE, path="a.png")
    assert [record.getMessage() for record in caplog.records] == [f"reading was refused: {TEMPLATE}"]
    with pytest.raises(gr.Error) as caught, messages.endpoint("reading"):
        raise ZeroDivisionError("a secret of the server's")
    assert caught.value.message == str(messages.OURS)
    assert "a secret of the server's" in caplog.text


def test_fields_are_read() -> None:
    asked = {"name": "a", "items": [1], "facts": {"b": 2}, "yes": True}
    assert messages.text(asked, "name") == "a"
    assert messages.listed(asked, "items") == [1]
    assert messages.named(asked, "facts") == {"b": 2}
    assert (messages.flag(asked, "yes"), messages.flag(asked, "no")) == (True, False)
    assert [messages.number(value) for value in (1, 0.5, "2", 10**400)] == [1.0, 0.5, 2.0, float("inf")]
    assert messages.whole(3.0, 3) == 3
    for read, name in ((messages.text, "items"), (messages.listed, "facts"), (messages.named, "name")):
        with pytest.raises(messages.QuestionError):
            read(asked, name)


@pytest.mark.parametrize("value", [None, True, "much", [1], {}])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(messages.QuestionError):
        messages.number(value)


@pytest.mark.parametrize("value", [-1, 4, 0.5, float("nan"), float("inf"), 10**400, "three"])
def test_what_is_no_whole_number_in_range_is_refused(value: Any) -> None:
    with pytest.raises(messages.QuestionError):
        messages.whole(value, 3)


# --------------------------------------------------------------------------------------------------
# The page's own server functions

VISITOR = {"visitor": "a" * 32, "run": "x", "order": "stop", "known": {}, "settings": {}}
BYTES = base64.b64encode(bytes(range(196)) * 4).decode()
CORRECT = VISITOR | {"network": "digits", "corrections": [{"picture": BYTES, "truth": "7"}]}
TEACH = VISITOR | {"kind": "drawings", "classes": [{"name": name, "examples": [BYTES] * 3} for name in "AB"]}
PAGE: dict[str, tuple[Callable[..., Any], Question, Any, str]] = {
    "fetch_network": (draw.fetch_network, {"network": "digits"}, Networks, "table"),
    "read_drawing": (draw.read_drawing, question(), Networks, "read"),
    "look_inside": (draw.look_inside, question(why=True), Networks, "read"),
    "what_if": (draw.what_if, question(), Networks, "read"),
    "open_photo": (photo.open_photo, {"url": "x"}, pictures, "fetch"),
    "name_photo": (photo.name_photo, {"photo": "x", "network": "photos", "box": None}, Networks, "name"),
    "choose": (report.choose, {"network": "digits"}, Networks, "kept"),
    "measure": (report.measure, {"network": "digits"}, Evaluations, "begun"),
    "show_pictures": (report.show_pictures, {"network": "digits", "cell": None, "page": 0}, Evaluations, "begun"),
    "keep": (report.keep, {"network": "digits", "kind": "weights"}, report.exports, "write"),
    "list_networks": (zoo.list_networks, {"yours": []}, networks, "shipped"),
    "look": (train.look, VISITOR, Runs, "look"),
    "present": (train.present, VISITOR, Runs, "active"),
    "check": (train.check, VISITOR, train.settings, "problems"),
    "begin": (train.begin, VISITOR, train.settings, "problems"),
    "what_was_seen": (draw.what_was_seen, question(), Networks, "read"),
    "begin_correcting": (wrong.begin_correcting, CORRECT, Teachings, "begin"),
    "look_at_correcting": (wrong.look_at_correcting, VISITOR, Teachings, "look"),
    "begin_teaching": (teach.begin_teaching, TEACH, Teachings, "begin"),
    "look_at_teaching": (teach.look_at_teaching, VISITOR, Teachings, "look"),
    "export_taught": (teach.export_taught, VISITOR | {"network": "x", "kind": "web"}, Networks, "kept"),
    "draw": (train.draw, VISITOR | {"picture": ""}, Runs, "draw"),
    "share": (train.share, {"link": "http://127.0.0.1/"}, train.sharing, "shared"),
    "tell": (train.tell, VISITOR, Runs, "stop"),
    "download": (train.download, VISITOR, Runs, "run"),
}


@pytest.mark.parametrize("name", PAGE)
@pytest.mark.parametrize("bug", [KeyError, TypeError, ValueError, AttributeError, IndexError, OSError])
def test_a_bug_behind_any_question_is_ours(
    server: Server, name: str, bug: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ask, asked, module, called = PAGE[name]

    def broken(*_: object, **__: object) -> None:
        raise bug("a bug of ours")

    monkeypatch.setattr(module, called, broken)
    reply = ask(server, asked)
    problem = (awaited(reply) if asyncio.iscoroutine(reply) else reply)["problem"]
    assert problem["en"] == str(messages.OURS)
    assert "a bug of ours" in caplog.text
    assert f"{name} failed" in caplog.text


@pytest.mark.parametrize("name", PAGE)
@pytest.mark.parametrize("asked", [None, [], 7, "x"])
def test_no_question_at_all_is_told_as_one(
    server: Server, name: str, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reply = PAGE[name][0](server, asked)
    reply = awaited(reply) if asyncio.iscoroutine(reply) else reply
    assert reply["problem"]["en"] == messages.GARBLED
    assert caplog.records == []  # which is no fault of ours


def test_a_bug_behind_a_photos_answer_is_ours(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(asked: NamePhoto) -> None:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(why.gr, "HTML", lambda **options: options["server_functions"])
    ask, *_ = why.build(server, broken, "photos")  # type: ignore[attr-defined]  # the functions, by the line above
    asked = {"photo": "x", "network": "photos", "box": None}
    assert awaited(ask(asked))["problem"]["en"] == str(messages.OURS)
    assert "a bug of ours" in caplog.text
