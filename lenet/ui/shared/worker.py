"""A thread, or a few, for work that goes on behind the page: one piece at a time each, and the most urgent first.

    worker = Worker("train", self._most_urgent)
    with worker.changed:                # the lock of all that decides what is most urgent
        ...
        worker.wake()                   # there may be something to do now

A thread that is cut off within PyTorch aborts the whole process.  So `close` lets it finish what it is at; long
work looks at `ending` between two steps.  It is no thread of a pool, for which Python would wait at the end of the
process through all of its work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

PATIENCE = 10.0  # seconds that `close` waits for the step that is under way

Work = Callable[[], None]


class Worker:
    """See the module.

    Args:
        name: the thread's.
        most_urgent: what to do now, or None where there is nothing; it is called under `changed`.
        tick: seconds after which it is asked again while there is nothing to do; None where only `wake` tells.
        threads: how many work at once.

    Attributes:
        changed: holds the lock of whatever `most_urgent` reads.
        ending: the work that is under way should end soon.
    """

    def __init__(
        self, name: str, most_urgent: Callable[[], Work | None], tick: float | None = None, threads: int = 1
    ) -> None:
        self.changed = threading.Condition()
        self.ending = False
        self._name, self._most_urgent, self._tick = name, most_urgent, tick
        self._count, self._threads = threads, list[threading.Thread]()

    def wake(self) -> None:
        """There may be something to do; the threads start with the first call, and with none after `close`."""
        with self.changed:
            while len(self._threads) < self._count and not self.ending:
                self._threads.append(threading.Thread(target=self._work_off, name=self._name, daemon=True))
                self._threads[-1].start()
            self.changed.notify_all()

    def close(self) -> None:
        """End the threads between two steps, and wait for that; nothing is worked at any more."""
        with self.changed:
            self.ending = True
            self.changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(PATIENCE)

    def _work_off(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                logging.exception("work of the thread %s failed", self._name)

    def _next(self) -> Work | None:
        """What to do, once there is something; None at the end."""
        with self.changed:
            while not self.ending:
                if (work := self._most_urgent()) is not None:
                    return work
                self.changed.wait(self._tick)
        return None
