"""Gradio's queue, where those who read it have left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from lenet.ui.page import build


async def built() -> Any:
    """A page made while an event loop runs: else Gradio makes loops of its own, and leaves them unclosed."""
    return build()


@pytest.fixture
def queue() -> Iterator[Any]:
    page = asyncio.run(built())
    yield page._queue
    page.close()


def test_a_session_that_is_gone_is_no_error(queue: Any) -> None:
    queue.pending_messages_per_session["gone"].put_nowait("nobody reads it")
    assert "gone" not in queue.pending_messages_per_session
    del queue.pending_messages_per_session["gone"]
    assert queue.pending_event_ids_session["gone"] == set()
    assert "gone" not in queue.pending_event_ids_session


def test_the_oldest_sessions_go_where_there_are_too_many(queue: Any) -> None:
    unread: Any = queue.pending_messages_per_session
    for number in range(unread.max_size + 1):
        unread[f"session {number}"] = unread["new"]
    assert len(unread) == unread.max_size
    assert "session 0" not in unread
