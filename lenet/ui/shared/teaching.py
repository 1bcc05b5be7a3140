"""Visitors' own classes and corrections on the server: one network learns at a time, and forgets the examples.

teachings.begin(visitor, examples, address)
teachings.look(visitor)                     a `Facts`, a few times a second: that the page asks keeps it in the line

Turns go round the network addresses; of each the oldest is next.  A visitor may have one of each kind in the line:
`Examples` of classes, and `Mistakes` to learn from.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from lenet.data.datasets import answer_classes
from lenet.errors import LeNetError, Text, TrainingError
from lenet.inference.corrected import corrected_checkpoint, is_corrected, origin
from lenet.inference.pretrained import Checkpoint
from lenet.inference.taught import photo_checkpoint, to_checkpoint
from lenet.training.correcting import Corrections, Right, correct, refuse_other, remembered
from lenet.training.metrics import wilson_interval
from lenet.training.photo_teaching import PhotoExamples, TaughtPhotos, teach_photos
from lenet.training.teaching import Examples, Progress, prepare, teach
from lenet.ui.messages import OURS
from lenet.ui.shared import texts, threads
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.worker import Work, Worker

MAX_WAITING = 60  # visitors: two classes, who wait for about two minutes then
MAX_WAITING_PER_ADDRESS = 40  # of one network address: a class behind a school's, and not the whole line
PATIENCE = 15.0  # seconds after which a page that asks no more has gone
MAX_ANSWERS = 200  # answers that pages may still ask for
MEASURED = 64  # networks of which it is known what they read right

TITLE_LENGTH = 40  # characters of what a network is called

Status = Literal["none", "waiting", "running", "done", "failed"]
Kind = Literal["classes", "corrections"]


@dataclass(frozen=True)
class Mistakes:
    """Digits that the network of that key read wrong."""

    network: str
    corrections: Corrections


@dataclass(frozen=True)
class Improvement:
    """What a network has learned from corrections, and what it lost: see `lenet.training.correcting.Corrected`.

    Attributes:
        right_before, right_after: of each correction in the order in which they came.
        dataset: whose test pictures were asked: "mnist", or "digits" where MNIST is not on the server.
        test_before, test_after: how many of them are right, of `test_total`.
        share: of what it learned that was kept, 0 to 1; with 0 there is no network.
        held_back: more of it would have lost too much.
    """

    right_before: tuple[bool, ...]
    right_after: tuple[bool, ...]
    dataset: str
    test_before: int
    test_after: int
    test_total: int
    share: float
    held_back: bool


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
        improved: what came of corrections; `answers` and what follows from them are of examples.
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
    improved: Improvement | None = None
    problem: Text | None = None


@dataclass
class _Job:
    visitor: str
    address: str
    examples: Examples | PhotoExamples | Mistakes | None  # None once it has been learned
    kind: Kind
    facts: Facts = field(default_factory=lambda: Facts("waiting"))
    heard: float = field(default_factory=time.monotonic)


def title_of(checkpoint: Checkpoint) -> str:
    """What a taught network is called: its classes."""
    return " ".join(answer_classes(checkpoint.classes))[:TITLE_LENGTH]


class Teachings:
    """See the module.

    Args:
        networks: where what came of them is kept.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        # by visitor and kind, each with the newest; the oldest first
        self._jobs: OrderedDict[tuple[str, Kind], _Job] = OrderedDict()
        self._tickets = itertools.count(1)
        self._round: dict[str, int] = {}  # address -> place in the round: lower ones have the next turns
        self._right: BoundedCache[tuple[str, str], Right] = BoundedCache(MEASURED)  # by data set and network
        self._unprepared = False  # somebody is about to teach, and what that needs is not there yet
        self._worker = Worker("teach", self._most_urgent)

    def prepare(self) -> None:
        """Somebody is about to teach: make what the first one in a process needs, which takes seconds."""
        with self._worker.changed:
            self._unprepared = True
            self._worker.wake()

    def begin(self, visitor: str, examples: Examples | PhotoExamples | Mistakes, address: str = "") -> None:
        """Put a visitor's examples into the line, in place of those of theirs that wait.

        Raises:
            TrainingError: the line is full, or the visitor's last examples are still being learned; or the network
                cannot learn these mistakes.
            CheckpointError: it is no longer kept.
        """
        kind: Kind = "corrections" if isinstance(examples, Mistakes) else "classes"
        if isinstance(examples, Mistakes):
            known = self._networks.checkpoint(examples.network)
            refuse_other(known.model, known.classes, examples.corrections)
        with self._worker.changed:
            self._tidy()
            old = self._jobs.get((visitor, kind))
            if old is not None and old.facts.status == "running":
                raise TrainingError("Your last examples are still being learned: wait a few seconds.")
            from_there = sum(job.address == address for job in self._waiting())
            if old is None and (len(self._waiting()) >= MAX_WAITING or from_there >= MAX_WAITING_PER_ADDRESS):
                raise TrainingError("The server has much to do right now: try again in a minute.")
            self._jobs.pop((visitor, kind), None)
            self._jobs[visitor, kind] = _Job(visitor, address, examples, kind)
            self._round.setdefault(address, next(self._tickets))
            self._worker.wake()

    def look(self, visitor: str, kind: Kind = "classes") -> Facts:
        """How far it is; that this is asked keeps the visitor in the line."""
        with self._worker.changed:
            job = self._jobs.get((visitor, kind))
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
        """One of each address whose turn is next first, then the second ones, and so on."""
        count: Counter[str] = Counter()
        rounds: list[tuple[int, int, _Job]] = []
        for job in self._jobs.values():
            if job.facts.status == "waiting":
                rounds.append((count[job.address], self._round[job.address], job))
                count[job.address] += 1
        return [job for *_, job in sorted(rounds, key=lambda one: one[:2])]

    def _tidy(self) -> None:
        """Those who are gone leave the line, and of the answers the oldest go."""
        now = time.monotonic()
        for job in self._waiting():
            if now - job.heard > PATIENCE:
                del self._jobs[job.visitor, job.kind]
        active = {job.address for job in self._jobs.values() if job.facts.status in ("waiting", "running")}
        self._round = {address: place for address, place in self._round.items() if address in active}
        ended = [job for job in self._jobs.values() if job.facts.status in ("done", "failed")]
        for job in ended[: max(0, len(ended) - MAX_ANSWERS)]:
            del self._jobs[job.visitor, job.kind]

    def _most_urgent(self) -> Work | None:
        self._tidy()
        job = next(iter(self._waiting()), None)
        if job is None:
            unprepared, self._unprepared = self._unprepared, False
            return prepare if unprepared else None
        job.facts = Facts("running")
        self._round[job.address] = next(self._tickets)  # the last of the round now
        return partial(self._teach, job)

    # --- the thread that learns ---

    def _teach(self, job: _Job) -> None:
        examples, job.examples = job.examples, None
        assert examples is not None
        threads.to_train()
        try:
            if isinstance(examples, Mistakes):
                return self._correct(job, examples)
            for event in teach_photos(examples) if isinstance(examples, PhotoExamples) else teach(examples):
                if self._worker.ending:
                    return
                if isinstance(event, Progress):
                    self._tell(job, Facts("running", done=event.done))
                elif isinstance(event, TaughtPhotos):
                    assert isinstance(examples, PhotoExamples)
                    checkpoint, answers = photo_checkpoint(event, examples)
                    self._tell(job, self._kept(job, checkpoint, answers, event.seconds))
                else:
                    self._tell(job, self._kept(job, to_checkpoint(event), event.answers, event.seconds))
        except LeNetError as error:
            self._tell(job, Facts("failed", problem=error.text))
        except Exception:
            logging.exception("learning a visitor's drawings failed")
            self._tell(job, Facts("failed", problem=OURS))

    def _correct(self, job: _Job, mistakes: Mistakes) -> None:
        known, memory = self._networks.checkpoint(mistakes.network), remembered()
        before = self._right.get((memory.dataset, mistakes.network))
        for event in correct(known.model, known.recipe, mistakes.corrections, memory, before, origin(known, memory)):
            if self._worker.ending:
                return
            if isinstance(event, Progress):
                self._tell(job, Facts("running", done=event.done))
                continue
            self._right.put((memory.dataset, mistakes.network), event.before)
            improved = Improvement(
                event.right_before,
                event.right_after,
                memory.dataset,
                event.test_before,
                event.test_after,
                len(memory.test),
                event.share,
                event.held_back,
            )
            key = ""
            if event.share:
                checkpoint = corrected_checkpoint(known, event, memory)
                called = self._networks.called(mistakes.network)
                title = called if is_corrected(known) else texts.Said("wrong_network", {"name": called})
                key, _ = self._networks.keep(checkpoint, name=str(title), owner=(job.address, job.visitor))
                self._networks.call(key, title)
            self._tell(job, Facts("done", done=1.0, network=key, seconds=event.seconds, improved=improved))

    def _kept(self, job: _Job, checkpoint: Checkpoint, answers: tuple[int, ...], seconds: float) -> Facts:
        title = title_of(checkpoint)
        key, _ = self._networks.keep(checkpoint, name=title, owner=(job.address, job.visitor))
        self._networks.call(key, title)
        right = round(checkpoint.metrics["cross_validation_accuracy"] * len(answers))
        low, high = wilson_interval(right, len(answers))
        return Facts("done", 0, 1.0, key, answers, right, low, high, seconds)

    def _tell(self, job: _Job, facts: Facts) -> None:
        with self._worker.changed:
            job.facts = facts
