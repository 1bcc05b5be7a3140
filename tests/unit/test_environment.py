"""What the environment says of the machine around the page."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from lenet.ui import surroundings

VISITOR, SPACE_PROXY = "203.0.113.7", "10.16.3.80"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", *surroundings.EMPTY_IS_UNSET):
        monkeypatch.setenv(name, "")  # so that what the code sets is taken back
        monkeypatch.delenv(name)


def seen(forwarded: str, connection: str = SPACE_PROXY) -> str:
    """The address that a request has for the page, served as the environment says."""
    found: list[str] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"][0])

    config = uvicorn.Config(page)
    served = ProxyHeadersMiddleware(page, trusted_hosts=config.forwarded_allow_ips)
    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope: Any = {"type": "http", "client": (connection, 1), "headers": headers, "scheme": "http"}
    asyncio.run(served(scope, None, None))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("forwarded", [VISITOR, f"6.6.6.6, {VISITOR}", f"6.6.6.6, {VISITOR}, 10.0.4.4"])
def test_visitors_of_a_space_have_their_own_address(forwarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings.believe_a_spaces_proxies()
    assert seen(forwarded) == SPACE_PROXY, "elsewhere it is the connection's"
    monkeypatch.setenv("SPACE_ID", "somebody/lenet-playground")
    surroundings.believe_a_spaces_proxies()
    assert seen(forwarded) == VISITOR
    assert seen(forwarded, connection="198.51.100.1") == "198.51.100.1", "which is no proxy of the Space"


def test_what_the_host_of_a_space_says_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/lenet-playground")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    surroundings.believe_a_spaces_proxies()
    assert os.environ["FORWARDED_ALLOW_IPS"] == "127.0.0.1"


@pytest.mark.parametrize("name", surroundings.EMPTY_IS_UNSET)
def test_an_empty_variable_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for empty in ("", " "):
        monkeypatch.setenv(name, empty)
        surroundings.forget_empty_settings()
        assert name not in os.environ
    monkeypatch.setenv(name, "1")
    surroundings.forget_empty_settings()
    assert os.environ[name] == "1"


COMPONENT = """
from gradio.components.base import Component

class Counting(Component):
    EVENTS = ["change"]
"""


def test_gradio_writes_no_stub_beside_a_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counting_component.py").write_text(COMPONENT)
    monkeypatch.syspath_prepend(tmp_path)
    counting = importlib.import_module("counting_component")
    assert callable(counting.Counting.change)
    assert list(tmp_path.glob("*.pyi")) == []


def test_pandas_is_whole_for_who_wants_it() -> None:
    assert isinstance(importlib.import_module("pandas").DataFrame, type)


def test_garbage_is_collected_again_once_a_start_is_over() -> None:
    with surroundings.nothing_collected():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()  # for the tests that come after this one
