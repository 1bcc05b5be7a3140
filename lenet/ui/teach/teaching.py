"""Visitors' own classes on the server: one network is taught at a time, and the drawings are forgotten after that.

teachings.begin(visitor, examples, address)
teachings.look(visitor)                     a `Facts`, a few times a second: that the page asks keeps it in the line
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from lenet.errors import LeNetError, Text, TrainingError
from lenet.inference.taught import to_checkpoint
from lenet.training.metrics import wilson_interval
from lenet.training.teaching import Examples, Progress, Taught, prepare, teach
from lenet.ui.messages import OURS
from lenet.ui.shared import threads
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.worker import Work, Worker

MOST_WAITING = 60  # visitors: two classes, who wait for about two minutes then
MOST_OF_ADDRESS = 40  # of one network address: a class behind a school's, and not the whole line
PATIENCE = 15.0  # seconds after which a page that asks no more has gone
KEPT = 200  # answers that pages may still ask for

Status = Literal["none", "waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Facts:
    """How far a visitor's teaching is.

    Attributes:
        status: "none" where the server knows of none.
        place: in the line, from 1; 0 where it is not waiting.
        done: how far the running one is, 0 to 1.
        network: the key of the network that came of it, or "".
        answers: see `lenet.training.teaching.Taught`; of the examples in the order in which they came.
        right: how many of them were right.
        low, high: the 95% interval of that share, 0 to 1.
        seconds: that it took.
        problem: what went wrong.
    """

    status: Status
    place: int = 0
    done: float = 0.0
    network: str = ""
    answers: tuple[int, ...] = ()
    right: int = 0
    low: float = 0.0
    high: float = 1.0
    seconds: float = 0.0
    problem: Text | None = None


@dataclass
class _Job:
    visitor: str
    address: str
    examples: Examples | None  # None once it has been learned
    facts: Facts = field(default_factory=lambda: Facts("waiting"))
    heard: float = field(default_factory=time.monotonic)


class Teachings:
    """See the module.

    Args:
        networks: where what came of them is kept.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._jobs: OrderedDict[str, _Job] = OrderedDict()  # by visitor, each with the newest; the oldest first
        self._unprepared = False  # somebody is about to teach, and what that needs is not there yet
        self._worker = Worker("teach", self._most_urgent)

    def prepare(self) -> None:
        """Somebody is about to teach: make what the first one in a process needs, which takes seconds."""
        with self._worker.changed:
            self._unprepared = True
            self._worker.wake()

    def begin(self, visitor: str, examples: Examples, address: str = "") -> None:
        """Put a visitor's examples into the line, in place of those of theirs that wait.

        Raises:
            TrainingError: the line is full, or the visitor's last examples are still being learned.
        """
        with self._worker.changed:
            self._tidy()
            old = self._jobs.get(visitor)
            if old is not None and old.facts.status == "running":
                raise TrainingError("Your last examples are still being learned: wait a few seconds.")
            from_there = sum(job.address == address for job in self._waiting())
            if old is None and (len(self._waiting()) >= MOST_WAITING or from_there >= MOST_OF_ADDRESS):
                raise TrainingError("The server has much to do right now: try again in a minute.")
            self._jobs.pop(visitor, None)
            self._jobs[visitor] = _Job(visitor, address, examples)
            self._worker.wake()

    def look(self, visitor: str) -> Facts:
        """How far it is; that this is asked keeps the visitor in the line."""
        with self._worker.changed:
            job = self._jobs.get(visitor)
            if job is None:
                return Facts("none")
            job.heard = time.monotonic()
            waiting = self._waiting()
            return replace(job.facts, place=1 + waiting.index(job) if job in waiting else 0)

    def close(self) -> None:
        """End the thread after the step that is under way."""
        self._worker.close()

    # --- under the lock ---

    def _waiting(self) -> list[_Job]:
        return [job for job in self._jobs.values() if job.facts.status == "waiting"]

    def _tidy(self) -> None:
        """Those who are gone leave the line, and of the answers the oldest go."""
        now = time.monotonic()
        for job in self._waiting():
            if now - job.heard > PATIENCE:
                del self._jobs[job.visitor]
        ended = [job for job in self._jobs.values() if job.facts.status in ("done", "failed")]
        for job in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[job.visitor]

    def _most_urgent(self) -> Work | None:
        self._tidy()
        job = next(iter(self._waiting()), None)
        if job is None:
            unprepared, self._unprepared = self._unprepared, False
            return prepare if unprepared else None
        job.facts = Facts("running")
        return partial(self._teach, job)

    # --- the thread that learns ---

    def _teach(self, job: _Job) -> None:
        examples, job.examples = job.examples, None
        assert examples is not None
        threads.to_train()
        try:
            for event in teach(examples):
                if self._worker.ending:
                    return
                if isinstance(event, Progress):
                    self._tell(job, Facts("running", done=event.done))
                elif isinstance(event, Taught):
                    self._tell(job, self._kept(job, event))
        except LeNetError as error:
            self._tell(job, Facts("failed", problem=error.text))
        except Exception:
            logging.exception("teaching a visitor's classes failed")
            self._tell(job, Facts("failed", problem=OURS))

    def _kept(self, job: _Job, taught: Taught) -> Facts:
        title = " ".join(taught.classes[:-1])[:40]
        key, _ = self._networks.keep(to_checkpoint(taught), name=title, owner=(job.address, job.visitor))
        self._networks.call(key, title)
        low, high = wilson_interval(taught.right, len(taught.answers))
        return Facts("done", 0, 1.0, key, taught.answers, taught.right, low, high, taught.seconds)

    def _tell(self, job: _Job, facts: Facts) -> None:
        with self._worker.changed:
            job.facts = facts
