"""The Draw tab in another language: nothing of it is left in English."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lenet.data.strokes import render
from lenet.errors import Text
from lenet.inference import explain
from lenet.inference.digits import DigitClassifier
from lenet.preprocessing import digits
from lenet.ui.draw import tab as draw
from lenet.ui.draw import texts as draw_texts
from lenet.ui.server import Server
from lenet.ui.shared import networks, texts
from tests.unit.test_ui import SEVEN, address, question

# What stays in Chinese: names, terms and units, the first of each network's layers among them.
KEPT = re.compile(r"MNIST|PNG|JPEG|ReLU|GELU|tanh|sigmoid|logit|LeNet|BatchNorm|[a-z]+\d|\d+x\d+")


def english(said: str) -> list[str]:
    """The words of two letters or more that a person would read or hear there."""
    return re.findall(r"[A-Za-z]{2,}", KEPT.sub("", said))


def rendered(sentence: dict[str, Any], language: str) -> str:
    return Text(sentence["template"], **sentence["values"]).render(texts.SENTENCES.get(language, {}))


def chinese(**more: object) -> dict[str, Any]:
    return question(language="zh", **more)


def scribble() -> Image.Image:
    """Zigzags over all of the pad, which are no digit."""
    return render([[(100 + 300 * (i % 2), 80 + 14 * i) for i in range(25)], [(90, 400), (380, 90), (200, 60)]], 14)


def test_english_is_found() -> None:
    assert english("网络 7: Take it, 28x28") == ["Take", "it"]
    assert english("与 MNIST 一致，28x28，pool1") == []


@pytest.mark.parametrize("pipeline", ["modern", "classic"])
@pytest.mark.parametrize("picture", [render(SEVEN, 20, 280), scribble(), Image.new("L", (280, 280), 255)])
def test_every_step_can_be_told_in_each_language(server: Server, picture: Image.Image, pipeline: str) -> None:
    stages = draw.look_inside(server, question(picture=address(picture), pipeline=pipeline, steps=True))["stages"]
    for stage in stages:
        for sentence in (stage["name"], stage["why"]):
            assert english(rendered(sentence, "en")) != []
            assert english(rendered(sentence, "zh")) == []
    assert rendered(stages[0]["name"], "zh") == "灰度"


@pytest.mark.parametrize("ask", [draw.read_drawing, draw.what_if])
@pytest.mark.parametrize(
    "wrong",
    [{"picture": 7}, {"picture": "data:image/png;base64,AAAA"}, {"pipeline": ["new"]}, {"network": "own-aaaaaaaaaaaa"}],
)
def test_what_goes_wrong_is_told_in_the_visitors_language(
    server: Server, ask: Callable[[Server, dict[str, Any]], dict[str, Any]], wrong: dict[str, object]
) -> None:
    problem = ask(server, question(**wrong))["problem"]
    assert english(spoken(problem, "zh")) == []
    assert english(spoken(problem, "en")) != []


def spoken(words: dict[str, Any], language: str) -> str:
    """As `spoken` of shared/language.js."""
    with texts.speaking(language):
        return texts.say(words["key"], **words["values"]) if "key" in words else words[language]


@pytest.mark.parametrize("network", [key for _, key in networks.shipped(DigitClassifier)])
def test_every_layer_of_every_shipped_network_can_be_told_in_each_language(server: Server, network: str) -> None:
    for layer in draw.look_inside(server, chinese(network=network, inside=True))["layers"]:
        told = rendered(layer["kind"], "en")
        assert english(told) or "ReLU" in told
        assert english(rendered(layer["kind"], "zh")) == []


def test_the_scripts_and_the_texts_of_the_tab_agree() -> None:
    page = Path(draw.__file__).parents[1]
    files = (*(page / "draw").glob("*.*"), *(page / "shared").glob("*.js"), page / "shared" / "figures.py")
    read = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "texts.py")
    used = set(re.findall(r'"((?:draw|answer)_\w[\w-]*)"', read))
    examples = json.loads((page / "draw" / "examples.json").read_text(encoding="utf-8"))
    made = {f"draw_{example['name']}" for example in examples}  # put together there
    known = {key for key in draw_texts.ENGLISH if key.startswith(("draw_", "answer_"))}
    assert used | made == known


def test_whatever_a_layer_does_is_known_in_every_language() -> None:
    told = {words.template for table in (explain._STARTS, explain._SHAPES) for words in table.values()}
    for language, known in texts.SENTENCES.items():
        assert told <= set(known), language


def test_every_step_is_known_in_every_language() -> None:
    """The reasons are texts, which test_texts.py looks for."""
    tree = ast.parse(Path(digits.__file__).read_text(encoding="utf-8"))
    steps = [node.args for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Stage"]
    names = {ast.literal_eval(args[0]) for args in steps}
    assert len(names) == 11
    for language, known in texts.SENTENCES.items():
        assert names <= set(known), language
