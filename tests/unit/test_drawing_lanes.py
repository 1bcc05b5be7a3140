"""In which lane a question about a drawing waits, and that its address goes with it."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.helpers import special_args
from PIL import Image

from lenet.ui import page
from lenet.ui.draw import tab as draw
from lenet.ui.photo import tab as photo
from lenet.ui.server import Server, server_functions
from lenet.ui.shared.lanes import Lane


def question(kind: str, size: tuple[int, int] = (300, 300)) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("L", size, 255).save(buffer, kind)
    address = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"picture": address, "network": "digits", "pipeline": "modern"}


def test_what_the_pad_sends_waits_among_drawings(server: Server) -> None:
    asked = question("PNG")
    sent: list[Any] = [asked, {"of": asked, "parts": {}}, {"network": "digits"}, None, [], {"of": 1}, {"picture": "x"}]
    for one in sent:
        assert draw._lane(server, one) is server.drawings


def test_a_picture_that_needs_a_process_of_its_own_waits_among_files(server: Server) -> None:
    tiff, giant = question("TIFF"), question("PNG", (4000, 4000))
    long = {"picture": "data:image/png;base64," + "A" * 2_000_000}
    for one in (tiff, {"of": tiff, "parts": {}}, giant, long):
        assert draw._lane(server, one) is server.files


def test_no_answer_waits_behind_a_photo_that_is_opened_or_fetched(server: Server) -> None:
    assert photo._lane(server, {"picture": "data:"}) is server.files
    assert photo._lane(server, {"url": "https://example.org/slow.jpg"}) is server.fetches


def test_pictures_of_programs_wait_as_those_of_the_page(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Image.new("RGB", (40, 40), 255).save(tmp_path / "white.png")
    heard: list[tuple[Lane, str]] = []

    async def work(self: Lane, function: Any, address: str = "") -> Any:
        heard.append((self, address))
        return function()

    monkeypatch.setattr(Lane, "work", work)
    request = gr.Request(SimpleNamespace(client=SimpleNamespace(host="192.0.2.7")))  # type: ignore[arg-type]
    path = str(tmp_path / "white.png")
    assert asyncio.run(page.classify_digit(server, path, "digits", "modern", request))["verdict"] == "blank"
    assert asyncio.run(page.classify_photo(server, path, "photos-lenet5", request))["label"]
    assert heard == 2 * [(server.files, "192.0.2.7"), (server.photos, "192.0.2.7")]


def test_a_lane_is_told_where_a_question_comes_from(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[Lane, str, str]] = []

    async def answer(self: Lane, question: Any, function: Any, address: str = "") -> dict[str, Any]:
        heard.append((self, function.__name__, address))
        return {}

    monkeypatch.setattr(Lane, "answer", answer)
    lanes: Any = (server.photos, lambda question: server.reports)
    for lane in lanes:
        (served,) = server_functions(server, draw.fetch_network, lane=lane)
        request = gr.Request(SimpleNamespace(client=SimpleNamespace(host="192.0.2.7")))  # type: ignore[arg-type]
        given, *_ = special_args(served, [{"network": "digits"}], request)  # as Gradio calls it
        assert asyncio.run(served(*given)) == {}
    assert heard == [
        (server.photos, "fetch_network", "192.0.2.7"),
        (server.reports, "fetch_network", "192.0.2.7"),
    ]
