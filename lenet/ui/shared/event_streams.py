"""What Gradio's queue keeps for those who read its event streams, where a reader may have left.

Gradio looks a session up that another of its tasks has just dropped, and fails with a KeyError: a traceback in the log,
where nobody is left to miss a message.
"""

from __future__ import annotations

from asyncio import Queue
from typing import Any

from gradio.utils import LRUCache


class Unread(LRUCache[str, "Queue[Any]"]):
    """Messages by session; those to a session that is gone are dropped."""

    def __missing__(self, session: str) -> Queue[Any]:
        return Queue()

    def __delitem__(self, session: str) -> None:
        if session in self:
            super().__delitem__(session)


class Pending(dict[str, set[str]]):
    """Events under way by session; one that is gone has none."""

    def __missing__(self, session: str) -> set[str]:
        return set()


def forgive_readers_who_left(queue: Any) -> None:
    """Give one of Gradio's queues, before its first event, what minds no session that is gone."""
    queue.pending_messages_per_session = Unread(queue.pending_messages_per_session.max_size)
    queue.pending_event_ids_session = Pending()
