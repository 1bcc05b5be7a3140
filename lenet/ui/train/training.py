"""What the thread that trains does with a run in a turn, from where the run was to where it rests.

A run gives way between two steps, or two batches of an evaluation: when its visitor says so, or when the page has not
been heard of for a moment (closed, asleep, being reloaded).  What it needs to go on stays in memory, and since all its
randomness is a function of (seed, epoch, step), a pause changes nothing of what it learns.
"""

from __future__ import annotations

import logging
import time

from lenet.data.datasets import Dataset
from lenet.inference.evaluation import finish
from lenet.run import NotSaved
from lenet.run import Run as Resumable
from lenet.training.loop import EpochEnd, Event, Step, TrainingState, change_lr
from lenet.training.verdict import verdict
from lenet.ui import environment
from lenet.ui.shared import threads
from lenet.ui.shared.worker import Worker
from lenet.ui.train import snapshot
from lenet.ui.train.drawings import Drawings
from lenet.ui.train.queue import Queue
from lenet.ui.train.results import Results
from lenet.ui.train.run import Run, Status
from lenet.ui.train.storage import Storage

BETWEEN_SNAPSHOTS = 1.0  # seconds, at least, between two looks at filters and test pictures
BETWEEN_FIRST_SNAPSHOTS = 0.25  # the same while a run is young
YOUNG_SECONDS = 15.0  # of training
# Of training; then a run ends as if stopped, so that a forgotten one frees its place.
MAX_TRAIN_SECONDS = 60 * environment.TRAIN_MINUTES


class _ForsakenError(Exception):
    """A measurement is given up."""


class Training:
    """See the module.

    Args:
        worker: has the lock of all that runs hold, and says when the page ends.
        queue: says who is awaited, and whether others wait.
        storage: has runs that are not in memory, and saves them.
        results: takes what a run comes to.
        drawings: is told when there is a network to ask.
    """

    def __init__(self, worker: Worker, queue: Queue, storage: Storage, results: Results, drawings: Drawings) -> None:
        self._worker, self._lock = worker, worker.changed
        self._queue, self._storage, self._results, self._drawings = queue, storage, results, drawings

    def take_turn(self, run: Run) -> None:
        """The turn of a run that `Queue.begin_turn` has given."""
        try:
            threads.to_train()
            self._train(run)
        except Exception as error:
            with self._lock:
                self._queue.fail(run, error)
        finally:
            self._storage.clear(run)
            with self._lock:
                self._queue.end_turn(run)

    def _train(self, run: Run) -> None:
        """Train until something else is wanted, or all is learned."""
        data = run.dataset
        if data is None:
            raise RuntimeError("a run without its data")
        training = self._storage.resumable(run)
        with self._lock:
            run.training = training
        if run.row is None:
            run.row = snapshot.row(data)
        self._watch(run, training.state)
        with self._lock:
            status = self._wanted(run, None)
        if status is None:
            status = self._go_on(run, training, data)
        self._watch(run, training.state)
        if status is None or status == "stopped":
            self._measure(run, training.state, data, status or "done")
        else:
            self._lay_down(run, status)

    def _go_on(self, run: Run, training: Resumable, data: Dataset) -> Status | None:
        """Train until something else is wanted, and say what; None where all is learned."""
        state, kept = training.state, (training.epoch, training.step)
        looked = began = time.monotonic()
        for event in training.events(data):
            if isinstance(event, NotSaved):
                logging.warning("a run was not saved: %s", event.error.template)
                continue
            if kept != (training.epoch, training.step):  # saved since the last event
                kept, run.saved = (training.epoch, training.step), True
                self._storage.write(run)
            now = time.monotonic()
            with self._lock:
                run.record(event)
                if isinstance(event, Step):
                    run.rate = state.lr
                run.worked, began = run.worked + now - began, now
                if run.recording is not None:
                    run.recording.add(run.worked, event)
                self._queue.turns.remember(run)
                status = self._wanted(run, event)
                lr = run.recipe.lr * run.scale
            if status is not None:
                return status
            if lr != state.lr:
                change_lr(state, lr)
            if run.check_is_due(event):
                self._check(run, state, data)
            if now - looked >= (BETWEEN_FIRST_SNAPSHOTS if run.worked < YOUNG_SECONDS else BETWEEN_SNAPSHOTS):
                self._watch(run, state)
                looked = time.monotonic()
        return None

    def _wanted(self, run: Run, event: Event | None) -> Status | None:
        """How a run is to rest after this event, or None to go on; under the lock."""
        if run.order == "stop":
            return "stopped"
        if run.order or self._worker.ending:
            return "paused"  # a removed one as well: nobody sees it
        if not self._queue.awaited(run):
            return "away"
        if run.until is not None and run.epoch >= run.until and (event is None or isinstance(event, EpochEnd)):
            run.until = None
            return "paused" if run.epoch < run.recipe.epochs else None
        if run.worked > MAX_TRAIN_SECONDS:
            run.late = True
            return "stopped"
        # Each turn takes a run a step on.
        if event is not None and self._queue.turns.over and self._queue.others_wait(run):
            return "waiting"  # for its owner's next turn
        return None

    def _check(self, run: Run, state: TrainingState, data: Dataset) -> None:
        check = snapshot.check(state, data, run.progress * run.recipe.epochs)
        with self._lock:
            run.record(check)
            if run.recording is not None:
                run.recording.add(run.worked, check)

    def _watch(self, run: Run, state: TrainingState) -> None:
        if run.row is None:
            return
        if run.checked is None and state.confusion is not None:
            run.confusion = state.confusion.tolist()
        view = snapshot.view(state, run.row) | {"confusion": run.confusion}
        with self._lock:
            run.view, run.snapshots, run.version = view, run.snapshots + 1, run.version + 1
            shown = [run]
            if run.recording is not None:
                run.recording.add(run.worked, view)
                shown += self._queue.followers(run.recording)
        self._drawings.answer(shown, state)

    def _lay_down(self, run: Run, status: Status) -> None:
        """Let a run rest that is not at its end."""
        if status != "waiting":
            self._storage.write_state(run)
        with self._lock:
            if status != "waiting":
                self._queue.rest(run, status)
            elif run.order in ("pause", "remove"):  # since it was to give way
                self._queue.rest(run, "paused")
            else:
                run.status, run.version = "waiting", run.version + 1
        self._drawings.answer_at_rest(run)  # about what was drawn while it was saved

    def _measure(self, run: Run, state: TrainingState, data: Dataset, status: Status) -> None:
        if run.last is None:  # stopped before its first step
            with self._lock:
                self._queue.rest(run, status)
            return
        with self._lock:
            run.status, run.version = "measuring", run.version + 1
        try:
            checkpoint = finish(state, data, lambda: self._refuse_forsaken(run))
        except _ForsakenError:
            with self._lock:
                self._queue.rest(run, "away")
                run.order = "stop" if status == "stopped" else ""  # to be measured when its visitor is back
            return
        found = verdict(run.recipe, state.history, state.lr)
        self._results.keep(run, checkpoint, state.history, len(data.test), found, status)

    def _refuse_forsaken(self, run: Run) -> None:
        """_ForsakenError where nobody waits for a run's measurement any more."""
        with self._lock:
            if self._worker.ending or run.order == "remove" or not self._queue.awaited(run):
                raise _ForsakenError
