"""Teaching a visitor's own classes over HTTP, as the page's script asks for it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks.drawn_letters import Hand
from lenet.data.strokes import render
from lenet.preprocessing.digits import digit_image
from tests.integration.test_files import App
from tests.integration.test_hostile import ask
from tests.serving import serve

VISITOR, STRANGER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("page")
    with serve(folder / "app.log", GRADIO_TEMP_DIR=str(folder / "uploads")) as url:
        app = App(url, folder / "uploads")
        yield app
        app.http.close()


def said(app: App, name: str, **question: Any) -> dict[str, Any]:
    answer = ask(app, name, {"language": "en", **question})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def letters(names: str, each: int) -> list[dict[str, Any]]:
    hand, rng = Hand.of(0), np.random.default_rng(0)
    return [
        {
            "name": name,
            "examples": [
                base64.b64encode(digit_image(render(hand.write(name, rng), hand.width)).tobytes()).decode()
                for _ in range(each)
            ],
        }
        for name in names
    ]


def test_a_visitor_teaches_classes_and_takes_the_network_home(app: App) -> None:
    assert said(app, "begin_teaching", visitor=VISITOR, kind="drawings", classes=letters("AK", 3)) == {}
    deadline = time.monotonic() + 120
    while (facts := said(app, "look_at_teaching", visitor=VISITOR))["status"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert facts["status"] == "done"
    assert facts["table"]["classes"] == ["A", "K"]
    assert len(facts["answers"]) == 6
    assert said(app, "look_at_teaching", visitor=STRANGER)["status"] == "none"
    own = {"visitor": VISITOR, "network": facts["network"], "file": facts["file"]}
    for kind, at, begin in (("weights", 8, b'{"'), ("web", 0, b"<!doctype html>")):
        file = said(app, "export_taught", **own, kind=kind)
        content = base64.b64decode(file["file"])
        assert content[at:].startswith(begin)
        assert len(content) > 100_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"classes": []}, "There are 0 classes"),
        ({"kind": "songs"}, "does not understand"),
        ({"visitor": "x"}, "does not understand"),
    ],
)
def test_what_cannot_be_taught_gets_a_sentence(app: App, change: dict[str, Any], sentence: str) -> None:
    question = {"visitor": VISITOR, "kind": "drawings", "classes": letters("AK", 1)} | change
    assert sentence in said(app, "begin_teaching", **question)["problem"]["en"]
