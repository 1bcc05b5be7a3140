"""Two pages in one process know nothing of each other, and one ends without the other."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from lenet.errors import CheckpointError
from lenet.inference.classifier import Classifier
from lenet.inference.digits import DigitClassifier
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import load
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from lenet.ui import page
from lenet.ui.draw import tab as draw
from lenet.ui.page import Page, build, launch_options
from lenet.ui.photo import tab as photo
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import networks
from lenet.ui.shared.evaluation import Evaluations
from lenet.ui.train import settings
from lenet.ui.train import tab as train
from lenet.ui.train.runs import Runs
from lenet.ui.zoo import tab as zoo
from tests.unit.test_runs import DATA, has_learned, until
from tests.unit.test_ui import question

# Gradio makes event loops while it builds a page, and leaves them unclosed.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

ANNE = "a" * 32
SETTINGS = {"recipe": "digits-demo"} | settings.of(RECIPES["digits-demo"])


def bare(made: Page) -> Page:
    """With data made up."""
    made.holds.runs = Runs(made.holds.networks, patience=1000, load=lambda dataset, teacher: DATA)
    made.holds.evaluations = Evaluations(made.holds.networks, load=lambda name: DATA.test)
    return made


@pytest.fixture(autouse=True)
def no_loops_are_left() -> Iterator[None]:
    """Those of Gradio are collected while their warning is ignored."""
    yield
    asyncio.set_event_loop(None)
    gc.collect()


@pytest.fixture
def pages() -> Iterator[tuple[Page, Page]]:
    both = bare(build()), bare(build())
    yield both
    for one in both:
        one.close()


def begun(one: Page, epochs: int) -> str:
    asked = {"visitor": ANNE, "settings": SETTINGS | {"epochs": str(epochs)}}
    return train.begin(one.holds, asked)["run"]


def asked_of(one: Page, name: str, question: dict[str, Any]) -> Any:
    """The answer of a server function of the page's own, which Gradio finds by its name and awaits."""
    found = [getattr(block, name) for block in one.blocks.values() if name in _names(block)]
    return asyncio.run(found[0](question))


def _names(block: Any) -> list[str]:
    return [function.__name__ for function in getattr(block, "server_fns", [])]


# --------------------------------------------------------------------------------------------------


def test_two_pages_know_nothing_of_each_other(pages: tuple[Page, Page]) -> None:
    mine, other = pages
    key, _ = mine.holds.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"), name="holiday")
    picture = photo.open_photo(mine.holds, {"example": "ship"})["photo"]
    run = begun(mine, 1)
    until(lambda: bool(mine.holds.runs.run(ANNE, run).key))
    trained = mine.holds.runs.run(ANNE, run).key
    report.measure(mine.holds, {"network": key, "again": True})

    assert "gone" not in photo.name_photo(mine.holds, {"photo": picture, "network": "photos", "box": None})
    assert photo.name_photo(other.holds, {"photo": picture, "network": "photos", "box": None}) == {"gone": True}
    for own in (key, trained):
        assert draw.read_drawing(mine.holds, question(network=own))["digits"]
        assert "no longer keeps" in draw.read_drawing(other.holds, question(network=own))["problem"]["en"]
        listed = [zoo.list_networks(one.holds, {"yours": [own]})["families"] for one in pages]
        assert [families[0]["name"] == "yours" for families in listed] == [True, False]
    assert other.holds.runs.look(ANNE, {}) == ()
    with pytest.raises(CheckpointError):
        other.holds.runs.run(ANNE, run)
    assert mine.holds.evaluations.begun(key)
    assert not other.holds.evaluations.begun(key)

    folders = [Path(*launch_options(one)["allowed_paths"]) for one in pages]
    assert (folders[0] / key).is_dir()
    assert list(folders[1].iterdir()) == []
    assert page.LAUNCH.keys() == launch_options(mine).keys() - {"allowed_paths", "app_kwargs", "mcp_server"}


def test_a_busy_page_slows_no_other_down(pages: tuple[Page, Page]) -> None:
    mine, _ = pages
    run = begun(mine, 5000)
    until(lambda: mine.holds.runs.run(ANNE, run).last is not None)
    assert [draw.read_drawing(one.holds, question())["training"] for one in pages] == [True, False]


def test_gradio_asks_the_pages_own_server(pages: tuple[Page, Page]) -> None:
    mine, other = pages
    reply = asked_of(mine, "open_photo", {"example": "ship"})
    assert mine.holds.pictures.get(reply["photo"]) is not None
    assert other.holds.pictures.get(reply["photo"]) is None
    asked = {"photo": reply["photo"], "network": "photos", "box": None}
    assert [("gone" in asked_of(one, "name_photo", asked)) for one in pages] == [False, True]


def test_one_page_ends_and_the_other_goes_on() -> None:
    before = set(threading.enumerate())
    mine, other = bare(build()), bare(build())
    try:
        for one in (mine, other):
            run = begun(one, 5000)
            until(partial(has_learned, one.holds.runs.run(ANNE, run)))
            report.measure(one.holds, {"network": "digits", "again": True})
        theirs = [thread for thread in set(threading.enumerate()) - before if thread.name in ("train", "test")]
        assert sorted(thread.name for thread in theirs) == ["test", "test", "train", "train"]
        folder = mine.holds.folder
        mine.close()
        assert not folder.exists()
        alive = [thread.name for thread in theirs if thread.is_alive()]
        assert sorted(alive) == ["test", "train"], "the other's"

        step = other.holds.runs.run(ANNE, run).last
        until(lambda: other.holds.runs.run(ANNE, run).last != step)
        assert other.holds.folder.is_dir()
        assert draw.read_drawing(other.holds, question())["digits"][0]["label"] == "7"
        mine.close()  # once more does no harm
    finally:
        other.close()
    left = [
        thread for thread in set(threading.enumerate()) - before if thread.name.startswith(("train", "test", "load"))
    ]
    deadline = time.monotonic() + 60
    while any(thread.is_alive() for thread in left) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [thread.name for thread in left if thread.is_alive()] == []


def test_every_tab_is_connected(pages: tuple[Page, Page]) -> None:
    """A new network is offered in each tab that has a choice, and every label of Gradio's own is said anew."""
    ids = {getattr(block, "elem_id", None): number for number, block in pages[0].blocks.items()}
    outputs = [set(event["outputs"]) for event in pages[0].config["dependencies"]]
    assert sum(ids["photo"] in found for found in outputs) == 4, "an upload, a trained, a taught and a corrected one"
    assert any({ids["photo"], ids["zoo"]} <= found for found in outputs), "an upload"
    assert any({ids["photo"], ids["tabs"]} <= found and ids["zoo"] not in found for found in outputs), "a trained one"
    spoken = next(found for found in outputs if ids["upload"] in found and ids["zoo"] not in found)
    tabs = {number for number, block in pages[0].blocks.items() if type(block).__name__ == "Tab"}
    assert tabs < spoken
    assert len(tabs) == len(page.TABS)


def test_tabs_do_not_know_each_other() -> None:
    from tests.unit.test_architecture import GRAPH

    folders = ("draw", "photo", "zoo", "train", "report")
    texts = {f"lenet.ui.{folder}.texts" for folder in folders}  # which the texts of all languages are put together of
    for folder in folders:
        own = {name for name in GRAPH if name.startswith(f"lenet.ui.{folder}.")}
        others = {f"lenet.ui.{other}." for other in folders if other != folder}
        known = {other for name in own for other in GRAPH[name] if other.startswith(tuple(others))}
        assert known == set(), folder
    tabs = {f"lenet.ui.{folder}.tab" for folder in folders}
    knowing = {name for name, found in GRAPH.items() if found & tabs}
    assert knowing == {"lenet.ui.page"}
    assert {name for name, found in GRAPH.items() if found & texts} == {"lenet.ui.shared.texts"}


@pytest.mark.parametrize("missing", [DigitClassifier, PhotoClassifier, Classifier])
def test_the_page_starts_without_networks(missing: type[Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    there = {key: kept for key, kept in networks._shipped().items() if not isinstance(kept.classifier, missing)}
    monkeypatch.setattr(networks, "_shipped", lambda: there)
    demo = build()
    try:
        said = [str(block.value) for block in demo.blocks.values() if isinstance(block, gr.HTML)]
        wanted = {DigitClassifier: "reads digits", PhotoClassifier: "names photos"}.get(
            missing, "There are no networks"
        )
        assert [text for text in said if "problem" in text and wanted in text]
        asked = "photos" if missing is PhotoClassifier else "digits"
        with pytest.raises(CheckpointError, match=f"There is no network called {asked}"):
            demo.holds.networks.get(asked)
    finally:
        demo.close()


def test_old_uploads_go_by_the_servers_own_timer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    old, new = tmp_path / "old", tmp_path / "new"
    for path in (old, new):
        path.write_bytes(b"a")
    os.utime(old, (0, 0))
    server = Server()
    monkeypatch.setattr(server, "_tidied", 0.0)
    work = server._untidy()
    assert work is not None
    work()
    assert [path.exists() for path in (old, new)] == [False, True]
    server.close()
