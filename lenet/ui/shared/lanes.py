"""Questions that take a processor's time, on a few threads each kind: drawings, photos, and all the rest.

    lane = Lane("drawings", threads=1)
    answer = await lane.answer(question, read_drawing)      # on the event loop
    answer = await lane.work(lambda: classify(image))       # the same for what is no question of a script

On forty threads, as Gradio has, questions fight for two cores and for Python's lock, and fewer are answered the more
are asked.  Here a kind of question has its own threads, so that photos never hold up drawings, and waits in a line:

- turns go round by network address, so that nobody's many questions come before all others', and of several threads
  one address has half, so that its slow ones do not keep all of them,
- answers that a person waits for come first, before those under a moving pen ("live": true); of one address alone
  none comes twice while another's pen waits,
- of one pad's live questions ("pad") only the newest is answered, in the place of the oldest; the one that it
  replaces is answered at once with {"superseded": true},
- each answer tells how long the pad should rest before its next live question ("rest", milliseconds), so that all
  pads together ask no more than can be answered beside the answers that a person waits for.

Where the line is full, questions of the address that has the most in it are refused with a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from lenet.errors import LeNetError, Text
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
Result = TypeVar("Result")


@dataclass
class _Job:
    work: Callable[[], Any]
    answered: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    address: str
    language: str

    def refuse(self) -> None:
        with texts.speaking(self.language):
            self.tell({"problem": texts.words(BUSY)})

    def tell(self, reply: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended
            self.loop.call_soon_threadsafe(self._set, reply)

    def _set(self, reply: Any) -> None:
        if not self.answered.done():
            self.answered.set_result(reply)


class _Line:
    """Questions that wait.  The addresses have turns, each with the oldest question of its own."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, OrderedDict[Hashable, _Job]] = OrderedDict()  # the address whose turn is next first

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def held(self, address: str) -> int:
        return len(self._of.get(address, ()))

    def addresses(self) -> list[str]:
        """In the order of their turns."""
        return list(self._of)

    def put(self, key: Hashable, job: _Job) -> None:
        """In the place of the address's older question with that key, if there is one."""
        self._of.setdefault(job.address, OrderedDict())[key] = job

    def get(self, key: Hashable, address: str) -> _Job | None:
        waiting = self._of.get(address)
        return waiting.get(key) if waiting is not None else None

    def pop(self, key: Hashable, address: str) -> None:
        if self.get(key, address) is not None:
            self._without(address, key)

    def take(self, address: str) -> _Job:
        """The oldest question of that address, whose next turn comes after all others'."""
        job = self._without(address, next(iter(self._of[address])))
        if address in self._of:
            self._of.move_to_end(address)
        return job

    def newest(self, address: str) -> _Job:
        """The same of the newest one, which is no turn."""
        return self._without(address, next(reversed(self._of[address])))

    def _without(self, address: str, key: Hashable) -> _Job:
        job = self._of[address].pop(key)
        if not self._of[address]:
            del self._of[address]
        return job


class Lane:
    """See the module.

    Args:
        threads: how many questions are answered at once.
        training: whether a network is trained meanwhile.
    """

    def __init__(self, name: str, threads: int = 1, training: Callable[[], bool] = lambda: False) -> None:
        self._training, self._threads = training, threads
        self._working: Counter[str] = Counter()  # questions that are answered just now, by address
        self._worker = Worker(name, self._most_urgent, threads=threads)
        self._final = _Line()
        self._live = _Line()  # by pad, and by what it asks
        self._answered = ""  # the address that the last question came from
        self._seen: OrderedDict[str, float] = OrderedDict()  # pad -> when it asked last, by time.monotonic
        self._seconds = 0.003  # that one question takes, a running mean
        self._way = 0.004  # seconds of the event loop's processor that it takes to come here and go back, the same
        self._looped = 0.0  # those that the event loop had taken at the last question
        self._count = 0  # of questions that a person waits for
        self._urgent: deque[float] = deque()  # when the last of them came, by time.monotonic

    async def answer(self, question: Any, function: Callable[[Any], Any], address: str = "") -> Any:
        """`function(question)`, when its turn comes.

        Args:
            address: that the question comes from.
        """
        loop, language = asyncio.get_running_loop(), messages.language(question)
        job = _Job(partial(function, question), loop.create_future(), loop, address, language)
        asked = question if isinstance(question, dict) else {}
        pad, live = str(asked.get("pad") or "")[:40], bool(asked.get("live"))
        place = pad, getattr(function, "__name__", "")
        self._measure_way()
        older = None
        with self._worker.changed:
            refused = self._refused(job)
            if refused is not job:
                older = self._place(job, place if pad else None, live)
                self._worker.wake()
        if refused is not None:
            refused.refuse()
        if older is not None:
            older.tell({"superseded": True})
        reply = await job.answered
        return reply | {"rest": self.rest()} if pad and isinstance(reply, dict) else reply

    async def work(self, function: Callable[[], Result], address: str = "") -> Result:
        """What `function` returns, when its turn comes; raises what it raises.

        Raises:
            LeNetError: the line is full.
        """
        done: Future[Result] = Future()

        def tried(_: None) -> None:
            try:
                done.set_result(function())
            except Exception as error:
                done.set_exception(error)

        await self.answer(None, tried, address)
        if not done.done():
            raise LeNetError("The server has much to do right now: try again in a minute.")
        return done.result()

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

    def _refused(self, job: _Job) -> _Job | None:
        """Who must go, that `job` may come in; itself where no other address has more in the line."""
        if self._worker.ending:
            return job
        if len(self._final) + len(self._live) < MAX_WAITING:
            return None
        most = max({job.address, *self._final.addresses(), *self._live.addresses()}, key=self._held)
        if self._held(most) <= self._held(job.address):
            return job
        return (self._live if self._live.held(most) else self._final).newest(most)

    def _held(self, address: str) -> int:
        return self._final.held(address) + self._live.held(address)

    def _place(self, job: _Job, place: tuple[str, str] | None, live: bool) -> _Job | None:
        """Put `job` into the line; returns the older question of its pad that it replaces.

        Args:
            place: its pad, and what it asks; None where it names no pad.
        """
        self._see(place[0] if place else "")
        older = self._live.get(place, job.address) if place else None
        if live and place:
            self._live.put(place, job)  # where the older one stood
        else:
            self._live.pop(place, job.address)
            self._count += 1
            self._final.put(self._count, job)
            self._urgent.append(time.monotonic())
        return older

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
        finals, lives = self._with_a_turn(self._final), self._with_a_turn(self._live)
        others = [address for address in lives if address != self._answered] if finals == [self._answered] else []
        if others or (lives and not finals):
            job = self._live.take((others or lives)[0])
        elif finals:
            job = self._final.take(finals[0])
        else:
            return None
        self._answered = job.address
        self._working[job.address] += 1
        return partial(self._work, job)

    def _with_a_turn(self, line: _Line) -> list[str]:
        """The addresses that wait there and do not have their half of the threads."""
        return [address for address in line.addresses() if self._working[address] < max(1, self._threads // 2)]

    # --- a thread's ---

    def _work(self, job: _Job) -> None:
        began = time.monotonic()
        try:
            reply = job.work()
        except Exception as error:  # which `messages.answering` would have told
            reply = {"problem": texts.words(messages.told("a question", error))}
        self._seconds += 0.05 * (time.monotonic() - began - self._seconds)
        with self._worker.changed:
            self._working[job.address] -= 1
            self._working += Counter()  # which drops those at 0
        job.tell(reply)
