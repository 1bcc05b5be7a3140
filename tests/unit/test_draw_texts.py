"""The Draw tab in another language: nothing of it is left in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lenet.data.strokes import render
from lenet.inference import explain
from lenet.inference.digits import DigitClassifier
from lenet.preprocessing import digits
from lenet.ui.draw import tab as draw
from lenet.ui.server import Server
from lenet.ui.shared import figures, networks, texts
from tests.unit.test_ui import SEVEN, TWENTY, address, question

# What stays in Chinese: names, terms and units, the first of each network's layers among them.
KEPT = re.compile(r"MNIST|PNG|JPEG|ReLU|GELU|tanh|sigmoid|logit|LeNet|BatchNorm|[a-z]+\d|\d+x\d+")
ADDRESS = re.compile(r"data:[^\"]+")


def english(html: str) -> list[str]:
    """The words of two letters or more that a person would read or hear there."""
    html = unescape(ADDRESS.sub("", html))
    heard = re.findall(r'(?:alt|title|aria-label)="([^"]*)"', html)
    return re.findall(r"[A-Za-z]{2,}", KEPT.sub("", " ".join([re.sub("<[^>]*>", " ", html), *heard])))


def chinese(**more: object) -> dict[str, Any]:
    return question(language="zh", **more)


def scribble() -> Image.Image:
    """Zigzags over all of the pad, which are no digit."""
    return render([[(100 + 300 * (i % 2), 80 + 14 * i) for i in range(25)], [(90, 400), (380, 90), (200, 60)]], 14)


def test_english_is_found() -> None:
    assert english('<p title="Take it">网络 7</p><img src="data:image/png;base64,ABcd" alt="Grey">') == [
        "Take",
        "it",
        "Grey",
    ]
    assert english("<b>与 MNIST 一致，28x28，pool1</b>") == []


@pytest.mark.parametrize("pipeline", ["modern", "classic"])
@pytest.mark.parametrize("picture", [render(SEVEN, 20, 280), scribble(), Image.new("L", (280, 280), 255)])
def test_an_answer_is_in_the_visitors_language(server: Server, picture: Image.Image, pipeline: str) -> None:
    reply = draw.read_drawing(server, chinese(picture=address(picture), pipeline=pipeline))
    assert set(reply) == {"answer", "boxes", "training"}
    steps = draw.look_inside(server, chinese(picture=address(picture), pipeline=pipeline, steps=True))["steps"]
    assert english(reply["answer"] + reply["boxes"] + steps) == []
    assert "灰度" in steps
    assert (
        "Grey" in draw.look_inside(server, question(picture=address(picture), pipeline=pipeline, steps=True))["steps"]
    )


def test_several_digits_are_told_in_the_visitors_language(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.networks, "read", lambda key, image, pipeline: TWENTY)
    reply = draw.read_drawing(server, chinese(focus=[0.7, 0.5]))
    assert "第 2 个数字，共 2 个：不确定：是 0 还是 5？" in reply["answer"]
    assert english(reply["answer"] + reply["boxes"]) == []


@pytest.mark.parametrize("ask", [draw.read_drawing, draw.what_if])
@pytest.mark.parametrize(
    "wrong", [{"picture": 7}, {"picture": "data:image/png;base64,AAAA"}, {"focus": "here"}, {"network": "gone"}]
)
def test_what_goes_wrong_is_told_in_the_visitors_language(
    server: Server, ask: Callable[[Server, dict[str, Any]], dict[str, Any]], wrong: dict[str, object]
) -> None:
    problem = ask(server, chinese(**wrong))["problem"]
    assert english(problem) == []
    assert english(ask(server, question(**wrong))["problem"]) != []


@pytest.mark.parametrize("picture", [render(SEVEN, 20, 280), scribble()])
def test_what_stood_behind_it_is_told_in_the_visitors_language(server: Server, picture: Image.Image) -> None:
    why = draw.look_inside(server, chinese(picture=address(picture), why=True))["why"]
    assert english(why["legend"] + why["question"] + why["sums"]) == []
    said = draw.what_if(server, chinese(picture=address(picture)))["said"]
    assert english(said) == []
    assert re.search(r"读作 <b>\d</b>", said)  # no article


@pytest.mark.parametrize("network", [key for _, key in networks.shipped(DigitClassifier)])
def test_every_layer_of_every_shipped_network_is_told_in_each_language(server: Server, network: str) -> None:
    for layer in draw.look_inside(server, chinese(network=network, inside=True))["layers"]:
        assert set(layer["kind"]) == set(texts.LANGUAGES)
        assert english(layer["kind"]["en"]) or "ReLU" in layer["kind"]["en"]
        assert english(layer["kind"]["zh"]) == []


def test_an_empty_pad_invites_in_each_language() -> None:
    empty = texts.in_each(lambda: draw._empty([*"0123456789"]))
    assert "Draw something" in empty["en"]["answer"]
    assert english("".join(empty["zh"].values())) == []
    assert empty["zh"]["answer"].count('class="bar"') == 11


def test_whatever_a_layer_does_is_known_in_every_language() -> None:
    told = {words.template for table in (explain._STARTS, explain._SHAPES) for words in table.values()}
    for language, known in texts.SENTENCES.items():
        assert told <= set(known), language


def test_every_step_is_known_in_every_language() -> None:
    """The reasons are texts, which test_texts.py looks for."""
    tree = ast.parse(Path(digits.__file__).read_text(encoding="utf-8"))
    steps = [node.args for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Stage"]
    names = {ast.literal_eval(args[0]) for args in steps}
    assert len(names) == 10
    for language, known in texts.SENTENCES.items():
        assert names <= set(known), language


def test_classes_are_named_in_the_visitors_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(texts.SENTENCES["zh"], "cat", "猫")
    with texts.speaking("zh"):
        assert '<span class="name">猫</span>' in figures.bar("cat", 0.5, False)
        assert "猫" in figures.empty_answer(["cat"], "")
    assert '<span class="name">cat</span>' in figures.bar("cat", 0.5, False)
