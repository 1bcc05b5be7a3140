"""Links to settings that others can open."""

from __future__ import annotations

import base64
import urllib.parse

import pytest

from lenet.ui.train import sharing

QUERY = "?recipe=mnist-demo&lr=0.5"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "network_address", lambda: "192.168.1.7")
    monkeypatch.setattr(sharing, "qr_code", lambda link: "")


@pytest.mark.parametrize(
    ("listens", "link", "shared"),
    [
        ("0.0.0.0", "http://127.0.0.1:7860/", ("http://192.168.1.7:7860/", "network")),
        ("0.0.0.0", "http://localhost:7860/", ("http://192.168.1.7:7860/", "network")),
        ("::", "http://[::1]/page", ("http://192.168.1.7/page", "network")),
        ("127.0.0.1", "http://127.0.0.1:7860/", ("http://127.0.0.1:7860/", "nobody")),
        ("0.0.0.0", "http://10.0.0.2:7860/", ("http://10.0.0.2:7860/", "anybody")),
        ("127.0.0.1", "https://someone-lenet.hf.space/", ("https://someone-lenet.hf.space/", "anybody")),
    ],
)
def test_a_link_is_at_an_address_that_others_reach(
    monkeypatch: pytest.MonkeyPatch, listens: str, link: str, shared: tuple[str, str]
) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", listens)
    found = sharing.shared(link + QUERY)
    assert (found.link, found.reach) == (shared[0] + QUERY, shared[1])


def test_a_machine_without_a_network_keeps_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setattr(sharing, "network_address", lambda: None)
    assert sharing.shared("http://127.0.0.1:7860/").reach == "nobody"


@pytest.mark.parametrize(
    "link", ["", "javascript:alert(1)", "http://", "http://a:99999/", "http://[::1", "http://a/?" + "x" * 2000]
)
def test_what_is_no_link_is_refused(link: str) -> None:
    assert not sharing.is_link(link)
    assert sharing.is_link("http://127.0.0.1:7860/" + QUERY)


def test_the_code_is_a_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pytest.importorskip("segno")
    header, _, body = sharing.qr_code("http://192.168.1.7:7860/" + QUERY).partition(",")
    assert header.startswith("data:image/svg+xml")
    drawing = base64.b64decode(body).decode() if header.endswith("base64") else urllib.parse.unquote(body)
    assert "<svg" in drawing
    assert "<script" not in drawing
