"""What the Train tab's script asks, without a server."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.inference.pretrained import load
from lenet.preprocessing.digits import digit_image
from lenet.training.recipes import RECIPES
from lenet.ui import messages
from lenet.ui.report import exports
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import pictures, texts
from lenet.ui.train import example, settings
from lenet.ui.train import tab as train
from lenet.ui.train.run import ENDED
from lenet.ui.train.runs import Runs
from tests.unit.test_runs import DATA
from tools import example_run

ANNE = "0123456789abcdef" * 2
SETTINGS = {"recipe": "digits-demo"} | settings.of(RECIPES["digits-demo"]) | {"epochs": "1"}


@pytest.fixture(autouse=True)
def runs(server: Server) -> Runs:
    server.runs = Runs(server.networks, patience=1000, load=lambda dataset, teacher: DATA)
    return server.runs


def answer(question: Coroutine[Any, Any, dict]) -> dict:
    """What a handler answers; on a thread of its own, since Playwright's loop may be running on this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, question).result()


def look(server: Server, **more: object) -> dict:
    return answer(train.look(server, {"visitor": ANNE, "known": {}, **more}))


def finished(server: Server) -> str:
    run = train.begin(server, {"visitor": ANNE, "settings": SETTINGS})["run"]
    deadline = time.monotonic() + 30
    while look(server)["runs"][0]["status"] not in ENDED:
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.01)
    return run


def test_from_settings_to_a_file(server: Server, tmp_path) -> None:
    run = finished(server)
    (facts,) = look(server, watched=run, wait=True)["runs"]
    assert (facts["id"], facts["status"], facts["settings"]["epochs"]) == (run, "done", 1)
    reply = train.download(server, {"visitor": ANNE, "run": run})
    (tmp_path / reply["name"]).write_bytes(base64.b64decode(reply["file"]))
    assert load(tmp_path / "Run-1-digits-demo.safetensors").metrics == facts["metrics"]
    assert answer(train.present(server, {"visitor": ANNE})) == {"active": False}


def spoken_title(server: Server, key: str) -> str:
    """What the page calls the network, as its script says it in English."""
    title = report.choose(server, {"network": key})["title"]
    assert title == texts.told(server.networks.kept(key).title)
    return str(server.networks.kept(key).title)


def test_a_report_names_its_run(server: Server) -> None:
    run = finished(server)
    key = look(server)["runs"][0]["network"]
    assert spoken_title(server, key) == "Run 1, digits-demo"
    assert exports.write(server, key, "csv", None).name == "Run-1-digits-demo.csv"
    train.tell(server, {"visitor": ANNE, "run": run, "order": "rename", "value": "by <Adam>"})
    assert spoken_title(server, key) == "by <Adam>, digits-demo"
    assert exports.write(server, key, "csv", None).name == "by-Adam-digits-demo.csv"


def test_orders_are_followed(server: Server) -> None:
    run = train.begin(server, {"visitor": ANNE, "settings": SETTINGS | {"epochs": "5000"}})["run"]
    assert answer(train.present(server, {"visitor": ANNE})) == {"active": True}
    for order, value in (("scale", 0.5), ("rename", "mine"), ("pause", None), ("step", None), ("resume", None)):
        assert train.tell(server, {"visitor": ANNE, "run": run, "order": order, "value": value}) == {}
    (facts,) = look(server)["runs"]
    assert (facts["name"], facts["scale"]) == ("mine", 0.5)
    for order in ("stop", "remove"):
        assert train.tell(server, {"visitor": ANNE, "run": run, "order": order}) == {}
    assert look(server)["runs"] == ()
    assert "no longer keeps" in train.tell(server, {"visitor": ANNE, "run": run, "order": "stop"})["problem"]["en"]
    assert "no longer keeps" in train.download(server, {"visitor": ANNE, "run": run})["problem"]["en"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),  # one customer has them all
        ("testclient", "testclient"),
    ],
)
def test_a_run_knows_the_address_that_began_it(server: Server, runs: Runs, host: str, address: str) -> None:
    request = gr.Request(client={"host": host, "port": 1})
    run = train.begin(server, {"visitor": ANNE, "settings": SETTINGS | {"epochs": "5000"}}, request)["run"]
    assert runs.run(ANNE, run).address == address


def test_wrong_settings_start_nothing(server: Server) -> None:
    reply = train.begin(server, {"visitor": ANNE, "settings": SETTINGS | {"lr": "1000"}})
    assert reply == {"problems": {"lr": {"key": "above_and_up_to", "values": {"low": "0", "high": "100"}}}}
    assert look(server)["runs"] == ()


@pytest.mark.parametrize(
    "question",
    [{}, {"visitor": "anne"}, {"visitor": None, "settings": 7}, {"visitor": ANNE}, {"visitor": ANNE, "run": 7}],
)
def test_what_no_page_asks_gets_a_sentence(server: Server, question: dict) -> None:
    asked = [train.begin, train.tell, train.download]
    replies = [ask(server, question) for ask in asked] + [answer(train.look(server, question)), train.check(server, {})]
    assert all(reply["problem"] for reply in replies)
    assert train.tell(server, {"visitor": ANNE, "run": "x", "order": "explode"})["problem"]["en"] == messages.GARBLED
    much = train.tell(server, {"visitor": ANNE, "run": "x", "order": "scale", "value": "much"})
    assert much["problem"]["en"] == messages.GARBLED
    too_much = train.tell(server, {"visitor": ANNE, "run": finished(server), "order": "scale", "value": "1e9"})[
        "problem"
    ]
    assert "most 100" in too_much["en"]
    assert "学习率" in too_much["zh"]


def test_the_example_is_what_its_tool_records() -> None:
    shown, anew = example.example(), example_run.record()
    assert (shown.name, shown.epochs) == (anew.name, anew.epochs)
    for kept, measured in ((shown.train, anew.train), (shown.val, anew.val)):
        assert [point[0] for point in kept] == [*range(1, shown.epochs + 1)]
        # other processors round otherwise
        assert [point[1] for point in kept] == pytest.approx([point[1] for point in measured], abs=0.15)
        assert [point[2] for point in kept] == pytest.approx([point[2] for point in measured], abs=0.08)
    assert sum(map(sum, shown.confusion)) == sum(map(sum, anew.confusion))
    assert shown.filters is not None
    assert shown.filters["shape"] == [6, 5, 5, 1]
    assert len(json.dumps(asdict(shown))) < 2500, "it comes with the page"


def test_a_drawing_is_asked_of_the_run_as_a_data_set_holds_it(server: Server) -> None:
    run = train.begin(server, {"visitor": ANNE, "settings": SETTINGS | {"epochs": "5000"}})["run"]
    seven = Image.new("L", (120, 120), "white")
    ImageDraw.Draw(seven).line([(30, 30), (90, 30), (50, 100)], fill=0, width=10)
    asked = {"visitor": ANNE, "run": run, "picture": pictures.address(seven)}
    name = train.draw(server, asked)["drawing"]
    drawing = server.runs.run(ANNE, run).drawing
    assert drawing is not None
    assert drawing.id == name
    assert np.array_equal(drawing.image, digit_image(seven))
    assert "en" in train.draw(server, asked | {"picture": "data:image/png;base64,x"})["problem"]
    train.draw(server, asked | {"picture": ""})
    assert server.runs.run(ANNE, run).drawing is None
    server.runs.remove(ANNE, run)
