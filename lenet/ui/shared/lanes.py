"""Questions that take a processor's time, on a few threads each kind: drawings, photos, and all the rest.

    lane = Lane("drawings", threads=1)
    answer = await lane.answer(question, read_drawing)      # on the event loop

On forty threads, as Gradio has, questions fight for two cores and for Python's lock, and fewer are answered the more
are asked.  Here a kind of question has its own threads, so that photos never hold up drawings, and waits in a line:

- answers that a person waits for come first, before those under a moving pen ("live": true),
- of one pad's live questions ("pad") only the newest is answered, in the place of the oldest; the one that it
  replaces is answered at once with {"superseded": true},
- each answer tells how long the pad should rest before its next live question ("rest", milliseconds), so that all
  pads together ask no more than can be answered beside the answers that a person waits for.

Where the line is full, questions are refused with a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from lenet.errors import Text
from lenet.ui import messages
from lenet.ui.shared import texts
from lenet.ui.shared.worker import Work, Worker

MAX_WAITING = 500  # questions in a line; 200 pads have at most two each
BUSY = Text("The server has much to do right now: try again in a minute.")

SEEN_SECONDS = 6.0  # a pad that asked within them is drawn on
WINDOW_SECONDS = 2.0  # seconds over which questions are counted
SHARE = 0.5  # of one processor's time, for all questions; at 0.85 a crowd that comes at once waited for seconds
MIN_SHARE = 0.1  # of it that questions under moving pens have, however many others there are
SHORT, LONG = 20.0, 10_000.0  # milliseconds: a shorter rest is none, and nobody rests longer
TRAINING_REST = 100.0  # milliseconds, at least, while a network trains on the same cores

Question = dict[str, Any]


@dataclass
class _Job:
    work: Callable[[], Any]
    answered: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop

    def tell(self, reply: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended
            self.loop.call_soon_threadsafe(self._set, reply)

    def _set(self, reply: Any) -> None:
        if not self.answered.done():
            self.answered.set_result(reply)


class Lane:
    """See the module.

    Args:
        threads: how many questions are answered at once.
        training: whether a network is trained meanwhile.
    """

    def __init__(self, name: str, threads: int = 1, training: Callable[[], bool] = lambda: False) -> None:
        self._training, self._threads = training, threads
        self._worker = Worker(name, self._most_urgent, threads=threads)
        self._final: OrderedDict[int, _Job] = OrderedDict()
        self._live: OrderedDict[tuple[str, str], _Job] = OrderedDict()  # by pad, and by what it asks
        self._seen: OrderedDict[str, float] = OrderedDict()  # pad -> when it asked last, by time.monotonic
        self._seconds = 0.003  # that one question takes, a running mean
        self._way = 0.004  # seconds of the event loop's processor that it takes to come here and go back, the same
        self._looped = 0.0  # those that the event loop had taken at the last question
        self._count = 0  # of questions that a person waits for
        self._urgent: deque[float] = deque()  # when the last of them came, by time.monotonic

    async def answer(self, question: Any, function: Callable[[Any], Any]) -> Any:
        """`function(question)`, when its turn comes."""
        loop = asyncio.get_running_loop()
        job = _Job(partial(function, question), loop.create_future(), loop)
        asked = question if isinstance(question, dict) else {}
        pad, live = str(asked.get("pad") or "")[:40], bool(asked.get("live"))
        place = pad, getattr(function, "__name__", "")
        self._measure_way()
        with self._worker.changed:
            if len(self._final) + len(self._live) >= MAX_WAITING or self._worker.ending:
                with texts.speaking(messages.language(question)):
                    return {"problem": texts.words(BUSY)}
            self._see(pad)
            older = self._live.get(place) if pad else None
            if live and pad:
                self._live[place] = job  # where the older one stood
            else:
                self._live.pop(place, None)
                self._count += 1
                self._final[self._count] = job
                self._urgent.append(time.monotonic())
            self._worker.wake()
        if older is not None:
            older.tell({"superseded": True})
        reply = await job.answered
        return reply | {"rest": self.rest()} if pad and isinstance(reply, dict) else reply

    def rest(self) -> int:
        """Milliseconds that a pad should leave between two live questions."""
        cost = self._way + self._seconds / self._threads
        share = max(MIN_SHARE, SHARE - cost * len(self._urgent) / WINDOW_SECONDS)
        rest = 1000 * cost / share * len(self._seen)
        if self._training():
            rest = max(2 * rest, TRAINING_REST)
        return 0 if rest < SHORT else round(min(rest, LONG))

    def close(self) -> None:
        """End the threads after the questions that they are at."""
        self._worker.close()

    def _measure_way(self) -> None:
        now = time.thread_time()
        if self._looped:
            self._way += 0.05 * (min(now - self._looped, 0.1) - self._way)
        self._looped = now

    # --- under the lock ---

    def _see(self, pad: str) -> None:
        now = time.monotonic()
        if pad:
            self._seen[pad] = now
            self._seen.move_to_end(pad)
        while self._urgent and now - self._urgent[0] > WINDOW_SECONDS:
            self._urgent.popleft()
        while self._seen and (now - next(iter(self._seen.values())) > SEEN_SECONDS or len(self._seen) > MAX_WAITING):
            self._seen.popitem(last=False)

    def _most_urgent(self) -> Work | None:
        line: OrderedDict[Any, _Job] = self._final if self._final else self._live
        return partial(self._work, line.popitem(last=False)[1]) if line else None

    def _work(self, job: _Job) -> None:
        began = time.monotonic()
        try:
            reply = job.work()
        except Exception as error:  # which `messages.answering` would have told
            reply = {"problem": texts.words(messages.told("a question", error))}
        self._seconds += 0.05 * (time.monotonic() - began - self._seconds)
        job.tell(reply)
