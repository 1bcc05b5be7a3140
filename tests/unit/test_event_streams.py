"""Gradio's queue, where those who read it have left."""

from __future__ import annotations

from typing import Any

import pytest

from lenet.ui.page import build

# Gradio makes event loops while it builds a page, and leaves them unclosed.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_a_session_that_is_gone_is_no_error() -> None:
    page = build()
    try:
        queue: Any = page._queue
        queue.pending_messages_per_session["gone"].put_nowait("nobody reads it")
        assert "gone" not in queue.pending_messages_per_session
        del queue.pending_messages_per_session["gone"]
        assert queue.pending_event_ids_session["gone"] == set()
        assert "gone" not in queue.pending_event_ids_session
    finally:
        page.close()


def test_the_oldest_sessions_go_where_there_are_too_many() -> None:
    page = build()
    try:
        unread: Any = page._queue.pending_messages_per_session
        for number in range(unread.max_size + 1):
            unread[f"session {number}"] = unread["new"]
        assert len(unread) == unread.max_size
        assert "session 0" not in unread
    finally:
        page.close()
