"""Ctrl-C and SIGTERM, heard where the program can end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def told_to_end() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether Ctrl-C or SIGTERM, as of `docker stop`, has come.

    It sets a flag, for an exception in the middle of a step would leave half of it done, is lost in a destructor, and
    in an import leaves a lock taken.  The second one ends the program at once.  torchrun hands both on to every
    process.  On a thread other than the main one, such as that of `gradio app.py`, nothing is heard.
    """
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)
        signal.signal(number, before[signal.Signals(number)])

    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
