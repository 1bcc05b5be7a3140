"""What the training studio's script asks, without a server."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import pytest

from lenet.pretrained import load
from lenet.recipes import RECIPES
from lenet.ui import exports, messages, report, settings, train
from lenet.ui.runs import ENDED, Runs
from tests.unit.test_runs import DATA

ANNE = "0123456789abcdef" * 2
SETTINGS = {"recipe": "digits-demo"} | settings.of(RECIPES["digits-demo"]) | {"epochs": "1"}


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    made = Runs(patience=1000, load=lambda dataset, teacher: DATA)
    monkeypatch.setattr(train, "RUNS", made)
    yield made
    made.close()


def answer(question: Coroutine[Any, Any, dict]) -> dict:
    """What a handler answers; on a thread of its own, since Playwright's loop may be running on this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, question).result()


def look(**more: object) -> dict:
    return answer(train.look({"visitor": ANNE, "known": {}, **more}))


def finished() -> str:
    run = train.begin({"visitor": ANNE, "settings": SETTINGS})["run"]
    deadline = time.monotonic() + 30
    while look()["runs"][0]["status"] not in ENDED:
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.01)
    return run


def test_from_settings_to_a_file(tmp_path) -> None:
    run = finished()
    (facts,) = look(watched=run, wait=True)["runs"]
    assert (facts["id"], facts["status"], facts["settings"]["epochs"]) == (run, "done", 1)
    reply = train.download({"visitor": ANNE, "run": run})
    (tmp_path / reply["name"]).write_bytes(base64.b64decode(reply["file"]))
    assert load(tmp_path / "Run-1-digits-demo.safetensors").metrics == facts["metrics"]
    assert answer(train.present({"visitor": ANNE})) == {"active": False}


def test_a_report_names_its_run() -> None:
    run = finished()
    key = look()["runs"][0]["network"]
    assert "<h2>Run 1, digits-demo</h2>" in report.choose({"network": key})["about"]
    assert exports.write(key, "csv", None).name == "Run-1-digits-demo.csv"
    train.tell({"visitor": ANNE, "run": run, "order": "rename", "value": "by <Adam>"})
    assert "<h2>by &lt;Adam&gt;, digits-demo</h2>" in report.choose({"network": key})["about"]
    assert exports.write(key, "csv", None).name == "by-Adam-digits-demo.csv"


def test_orders_are_followed() -> None:
    run = train.begin({"visitor": ANNE, "settings": SETTINGS | {"epochs": "5000"}})["run"]
    assert answer(train.present({"visitor": ANNE})) == {"active": True}
    for order, value in (("scale", 0.5), ("rename", "mine"), ("pause", None), ("step", None), ("resume", None)):
        assert train.tell({"visitor": ANNE, "run": run, "order": order, "value": value}) == {}
    (facts,) = look()["runs"]
    assert (facts["name"], facts["scale"]) == ("mine", 0.5)
    for order in ("stop", "remove"):
        assert train.tell({"visitor": ANNE, "run": run, "order": order}) == {}
    assert look()["runs"] == []
    assert "no longer keeps" in train.tell({"visitor": ANNE, "run": run, "order": "stop"})["problem"]["en"]
    assert "no longer keeps" in train.download({"visitor": ANNE, "run": run})["problem"]["en"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),  # one customer has them all
        ("testclient", "testclient"),
    ],
)
def test_a_run_knows_the_address_that_began_it(registry: Runs, host: str, address: str) -> None:
    request = gr.Request(client={"host": host, "port": 1})
    run = train.begin({"visitor": ANNE, "settings": SETTINGS | {"epochs": "5000"}}, request)["run"]
    assert registry.run(ANNE, run).address == address


def test_wrong_settings_start_nothing() -> None:
    reply = train.begin({"visitor": ANNE, "settings": SETTINGS | {"lr": "1000"}})
    assert reply == {"problems": {"lr": {"key": "above_and_up_to", "values": {"low": "0", "high": "100"}}}}
    assert look()["runs"] == []


@pytest.mark.parametrize(
    "question",
    [{}, {"visitor": "anne"}, {"visitor": None, "settings": 7}, {"visitor": ANNE}, {"visitor": ANNE, "run": 7}],
)
def test_what_no_page_asks_gets_a_sentence(question: dict) -> None:
    asked = [train.begin, train.tell, train.download]
    replies = [ask(question) for ask in asked] + [answer(train.look(question)), train.check({})]
    assert all(reply["problem"] for reply in replies)
    assert train.tell({"visitor": ANNE, "run": "x", "order": "explode"})["problem"]["en"] == messages.GARBLED
    much = train.tell({"visitor": ANNE, "run": "x", "order": "scale", "value": "much"})
    assert much["problem"]["en"] == messages.GARBLED
    too_much = train.tell({"visitor": ANNE, "run": finished(), "order": "scale", "value": "1e9"})["problem"]
    assert "most 100" in too_much["en"]
    assert "学习率" in too_much["zh"]
