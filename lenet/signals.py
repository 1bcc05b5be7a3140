"""Ctrl-C and SIGTERM, heard where the program can end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def told_to_end() -> Iterator[Callable[[], bool]]:
    """Yields what tells whether Ctrl-C was pressed, or the process told to end as by `docker stop`.

    No exception, as Python makes of Ctrl-C: it would leave half of a training step done, is lost where it meets a
    destructor, and leaves a lock taken where it meets an import.  Told again, the program ends at once.  torchrun hands
    both on to every process.
    """
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)
        signal.signal(number, before[signal.Signals(number)])

    before = {}
    if threading.current_thread() is threading.main_thread():  # no other may, such as the one of `gradio app.py`
        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
