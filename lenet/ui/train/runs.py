"""The training runs of all visitors: one trains at a time, and turns go round by address, then by visitor.

    runs = Runs(networks)
    run = runs.begin(visitor, recipe)      # a visitor is known by a key that nobody can guess
    runs.look(visitor, {})                 # facts for the page; that it was asked tells that the page is there

A thread of its own trains, so handlers only look and tell.  A run gives way between two steps, or two batches
of an evaluation: when its visitor says so, or when the page has not been heard of for a moment (closed, asleep,
being reloaded).  What it needs to go on stays in memory, and since all its randomness is a function of (seed,
epoch, step), a pause changes nothing of what it learns.

Turns go round the addresses and the owners of runs, see `turns`.  An owner is a visitor of the page, or all programs of
one address together.  A network address has at most half of all places, however many visitors it says it is.

A run with the same recipe as one that trains, or has trained a while ago, would come to the same bits.  So it takes no
turn: its visitor is shown the other's events, see `replay`, and gets a copy of the network.

Nothing here knows gradio.
"""

from __future__ import annotations

import importlib
import logging
import math
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lenet.data.datasets import Dataset
from lenet.errors import CheckpointError, DataError, DivergedError, LeNetError, RecipeError, Text
from lenet.inference.evaluation import finish
from lenet.inference.pretrained import Checkpoint
from lenet.inference.pretrained import load as load_checkpoint
from lenet.inference.pretrained import save as save_checkpoint
from lenet.run import NotSaved
from lenet.run import Run as Resumable
from lenet.training.distillation import load_with_soft_labels
from lenet.training.loop import EpochEnd, Event, Step, TrainingState, change_lr, start
from lenet.training.recipes import Recipe
from lenet.training.resume import load_state, save_state
from lenet.training.verdict import verdict
from lenet.ui import environment
from lenet.ui.shared import threads
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.worker import Work, Worker
from lenet.ui.train import snapshot
from lenet.ui.train.drawings import Drawings
from lenet.ui.train.facts import ahead_of, facts_of
from lenet.ui.train.loading import Loading
from lenet.ui.train.messages import Known, RunFacts, SameRun, Snapshot
from lenet.ui.train.replay import Fact, Playback, Recording, Recordings
from lenet.ui.train.run import ACTIVE, ENDED, Run, Status, from_record, record_of
from lenet.ui.train.saved import SavedRuns
from lenet.ui.train.turns import TURN_SECONDS, Turns, owner_of

PATIENCE = 1.3  # seconds without a word from a page, after which its run gives way
TICK = 0.1  # seconds between two looks at who is there, while nobody trains
BETWEEN_SNAPSHOTS = 1.0  # seconds, at least, between two looks at filters and test pictures
BETWEEN_FIRST_SNAPSHOTS = 0.25  # the same while a run is young
YOUNG_SECONDS = 15.0  # of training
# Of training; then a run ends as if stopped, so that a forgotten one frees its place.
MAX_TRAIN_SECONDS = 60 * environment.TRAIN_MINUTES

MAX_RUNS_PER_OWNER = 8  # runs of one owner: as many as there are colours
MAX_NAME_LENGTH = 40  # characters of a name that a visitor gives a run
MAX_RUNS = environment.RUNS  # runs of all; one address has half
MAX_STATES = 16  # runs in memory that can go on, of up to 60 megabytes each; others wait on disk
MAX_PROGRAM_CALLS = 24  # calls that are answered at once, of the 40 events that Gradio works on at once
SECONDS_BETWEEN_SAVES = 10.0  # a state of 60 MB takes a fifth of a second
KEPT_SECONDS = 2 * 3600.0  # since their visitor was last heard of

REPLAYED = "This run shows another one with the same settings, so it cannot be changed: start one with another seed."

# --------------------------------------------------------------------------------------------------


class _ForsakenError(Exception):
    """A measurement is given up."""


class Runs:
    """See the module.

    Args:
        networks: gets what is trained.
        patience: PATIENCE.
        load: from a data set's and a teacher's name to the data; `load_with_soft_labels`.
        turn: TURN_SECONDS.
        saved: where runs are saved; None for nowhere.
    """

    def __init__(
        self,
        networks: Networks,
        patience: float = PATIENCE,
        load: Callable[[str, str], Dataset] = load_with_soft_labels,
        turn: float = TURN_SECONDS,
        saved: SavedRuns | None = None,
    ) -> None:
        self.networks, self._patience, self._saved = networks, patience, saved
        self._worker = Worker("train", self._most_urgent, TICK)
        self._lock = self._worker.changed
        self._drawings = Drawings(self._lock, networks)
        self._runs: dict[str, Run] = {}
        self._heard: dict[str, float] = {}  # visitor -> when, by time.monotonic
        self._training: Run | None = None
        self._turns = Turns(turn)
        self._programs: Counter[str] = Counter()  # address -> calls under way
        self._recordings = Recordings()
        self._prepared = False
        self._loading = Loading(load)

    def prepare(self) -> None:
        """Somebody may train soon: import what making an optimizer imports, seconds and 150 MB that most never need."""
        with self._lock:
            if not self._prepared and not self._worker.ending:
                self._prepared = True
                self._loading.submit(importlib.import_module, "torch._dynamo")

    # --- what a visitor wants ---

    def begin(self, visitor: str, recipe: Recipe, name: str = "", owner: str = "", address: str = "") -> Run:
        """A new run, which trains when its turn comes.

        Args:
            owner: see `Run`; the visitor where it is left out.
            address: see `Run`.

        Raises:
            RecipeError: the owner, the address or all together have as many under way or paused as may be.
        """
        owner = owner or visitor
        with self._lock:
            own = [run for run in self._runs.values() if run.owner == owner]
            if not self._room(own, MAX_RUNS_PER_OWNER):
                raise RecipeError("You have {count} unfinished runs: remove one first.", count=MAX_RUNS_PER_OWNER)
            there = [run for run in self._runs.values() if address and run.address == address]
            if not self._room(there, MAX_RUNS // 2):
                raise RecipeError("Your network address has as many runs under way as it may: wait until one ends.")
            if len(self._runs) >= MAX_RUNS and all(map(self._in_use, self._runs.values())):
                raise RecipeError("This server has as many runs under way as it can hold: try again in a minute.")
            self._heard[visitor] = time.monotonic()
            own = [run for run in own if run.id in self._runs]
            colour = min(set(range(MAX_RUNS_PER_OWNER)) - {run.colour for run in own})
            number = max((run.number for run in own), default=0) + 1
            ticket = self._turns.ticket((address, owner), self._runs.values())
            run = Run(secrets.token_urlsafe(9), visitor, number, colour, recipe, owner, address, ticket, name)
            self._runs[run.id] = run
            self._tidy()
            self._enqueue(run)
            self._worker.wake()
        self._write(run)
        return run

    @contextmanager
    def program(self, address: str) -> Iterator[None]:
        """A call of a program is answered meanwhile.

        Raises:
            RecipeError: that address, or all together, have as many calls under way as may be.
        """
        with self._lock:
            if self._programs[address] >= MAX_RUNS_PER_OWNER or self._programs.total() >= MAX_PROGRAM_CALLS:
                raise RecipeError("As many programs train here as may: wait until one of their runs ends.")
            self._programs[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._programs[address] -= 1
                self._programs += Counter()  # which drops those at 0

    def heard(self, visitor: str) -> None:
        """A visitor's page is there: what was paused because it was not, goes on."""
        with self._lock:
            own = self._of(visitor)
            if own:
                self._heard[visitor] = time.monotonic()
            for run in own:
                if run.status == "away":
                    self._enqueue(run)  # with the ticket that it had

    def left(self, visitor: str) -> None:
        """A visitor's page is gone for good: no need to wait whether it speaks again."""
        with self._lock:
            if visitor in self._heard:
                self._heard[visitor] = min(self._heard[visitor], time.monotonic() - self._patience)

    def pause(self, visitor: str, id: str) -> None:
        with self._theirs(visitor, id) as run:
            if run.status in ("running", "waiting", "loading") and run.order != "stop":
                run.order = "pause"
                if run.status != "running" or run.playback is not None:
                    self._rest(run, "paused")

    def resume(self, visitor: str, id: str, epochs: int | None = None) -> None:
        """Go on, when its turn comes; with `epochs` for so many, then pause."""
        with self._theirs(visitor, id) as run:
            if run.status in ENDED or run.status == "measuring":
                return
            run.until = None if epochs is None else run.epoch + epochs
            if run.order == "pause":
                run.order = ""
            if run.status in ("paused", "away"):
                run.ticket, run.restored = self._turns.ticket(owner_of(run), self._runs.values()), False
                self._enqueue(run)

    def stop(self, visitor: str, id: str) -> None:
        """End it; what it has learned is measured and kept.  One that is replayed is shown to its end at once.

        Raises:
            RecipeError: it shows another run that still trains.
        """
        with self._theirs(visitor, id) as run:
            if run.status in ENDED or run.status == "measuring":
                return
            if run.playback is not None:
                self._skip(run, run.playback)
                return
            if run.last is None and run.status != "running":
                self._rest(run, "stopped")
                return
            run.order = "stop"
            if run.status in ("paused", "away"):
                self._enqueue(run)  # with the ticket that it had: measuring takes a moment

    def remove(self, visitor: str, id: str) -> None:
        with self._theirs(visitor, id) as run:
            self._forget(run)

    def rename(self, visitor: str, id: str, name: str) -> None:
        """Call it `name`.

        Raises:
            RecipeError: half a letter is in the name: `requests.whole_letters` has put this sign in its place.
        """
        if "\ufffd" in name:
            raise RecipeError("This name holds half a letter: type it again.")
        with self._theirs(visitor, id) as run:
            run.name = name.strip()[:MAX_NAME_LENGTH]
            self.networks.call(run.key, run.title)
        self._write(run)

    def scale(self, visitor: str, id: str, factor: float) -> None:
        """Multiply its schedule's learning rate by `factor`, once more if it was before.

        Raises:
            RecipeError: no recipe may have such a learning rate, or the run is not trained but replayed.
        """
        with self._theirs(visitor, id) as run:
            if run.playback is not None:
                raise RecipeError(REPLAYED)
            scale = run.scale * factor
            run.recipe.with_changes(lr=run.recipe.lr * scale)
            run.scale, run.rescaled = scale, True
            self._end_recording(run)

    def draw(self, visitor: str, id: str, image: np.ndarray | None) -> str:
        """Ask its network about this drawing, uint8 (28, 28), at each look from now on, and at once where it rests or
        has ended; with None about none.

        Returns:
            The name that its answer will bear; "" where nothing is asked.
        """
        with self._theirs(visitor, id) as run:
            name = self._drawings.put(run, image)
        self._drawings.answer_at_rest(run)
        return name

    # --- what a visitor sees ---

    def look(self, visitor: str, known: Mapping[str, Known], watched: str = "") -> tuple[RunFacts | SameRun, ...]:
        """All the visitor's runs, the oldest first; tells, too, that the page is there.

        A problem is said in the language that is spoken.

        Args:
            known: what the page knows, by the runs' ids.
            watched: the run whose snapshots the page shows.
        """
        with self._brought_up(visitor) as own:
            return tuple(self._new(run, known.get(run.id, Known()), run.id == watched) for run in own)

    def facts(self, visitor: str, id: str) -> RunFacts:
        """All of one run.

        Raises:
            CheckpointError: there is none.
        """
        found = next((facts for facts in self.look(visitor, {}) if facts.id == id), None)
        if not isinstance(found, RunFacts):
            raise CheckpointError("The server no longer keeps this run.")
        return found

    def active(self, visitor: str) -> bool:
        """Whether a run of the visitor's is under way; tells, too, that the page is there."""
        with self._brought_up(visitor) as own:
            return any(run.status in ACTIVE for run in own)

    @contextmanager
    def _brought_up(self, visitor: str) -> Iterator[list[Run]]:
        """The visitor's runs as they are now, which nothing changes meanwhile; that this is asked tells of the page."""
        self.heard(visitor)
        with self._lock:
            self._tidy()
            for run in self._of(visitor):
                self._play(run)
            yield self._of(visitor)

    @property
    def busy(self) -> bool:
        """Whether a network is trained behind the page, so that what is not urgent may wait."""
        return self._training is not None

    def crowd(self) -> int:
        """How many pages are there."""
        with self._lock:
            return sum(map(self._present, self._heard))

    def run(self, visitor: str, id: str) -> Run:
        """The visitor's run.

        Raises:
            CheckpointError: there is none.
        """
        with self._theirs(visitor, id) as run:
            return run

    def close(self) -> None:
        """End the threads: the one that trains between two steps, those that load when they have loaded."""
        self._loading.close()
        self._worker.close()
        if self._saved is not None:
            self._saved.close(keep=bool(self._runs))

    # --- on disk ---

    def restore(self) -> None:
        """Offer again what servers that have died were training or had trained."""
        for record in self._saved.adopt(KEPT_SECONDS) if self._saved is not None else ():
            try:
                self._restore(record)
            except (LeNetError, KeyError, TypeError, ValueError, AttributeError):  # of another version, or damaged
                logging.warning("a saved run cannot be read")
        if self._runs:
            self._worker.wake()

    def _restore(self, record: dict[str, Any]) -> None:
        assert self._saved is not None
        run = from_record(record)
        if run.status in ENDED and not self._saved.network(run.id).exists():
            self._saved.remove(run.id)
            return
        if run.status in ENDED:
            checkpoint = load_checkpoint(self._saved.network(run.id))
            curves = [EpochEnd(**event) for event in record["history"]]
            owner = (run.address, run.visitor)
            run.key, run.path = self.networks.keep(checkpoint, curves, str(run.title), owner)
            self.networks.call(run.key, run.title)
        elif not self._saved.state(run.id).exists():  # it had not come far
            run.begin_anew()
        if run.status not in ENDED:
            run.status, run.saved = "paused", self._saved.state(run.id).exists()
        with self._lock:
            run.restored, run.ticket = True, self._turns.ticket(owner_of(run), self._runs.values())
            self._runs[run.id] = run
            self._heard[run.visitor] = time.monotonic()

    def _write(self, run: Run) -> None:
        """Save the facts of a run."""
        if self._saved is not None:
            with self._lock:
                record = record_of(run)
            self._saved.write(record)
            self._clear(run)

    def _clear(self, run: Run) -> None:
        """Remove what was saved of a run that was removed meanwhile."""
        with self._lock:
            if self._saved is not None and run.id not in self._runs:
                self._saved.remove(run.id)

    def _keep_state(self, run: Run) -> None:
        """Save a run that rests, so that it need not stay in memory."""
        if self._saved is None or run.training is None or run.order == "remove":
            return
        try:
            save_state(self._saved.state(run.id), run.training.state)
            run.saved = True
        except CheckpointError as error:  # it stays in memory
            logging.warning("a run was not saved: %s", error.template)
        self._write(run)

    def _resumable(self, run: Run) -> Resumable:
        """The run where it was: in memory, on disk, or at its beginning."""
        if run.training is not None:
            return run.training
        file = self._saved.state(run.id) if self._saved is not None else Path(os.devnull)
        state = load_state(file, "cpu") if run.saved else start(run.recipe)
        return Resumable(state, file, seconds=SECONDS_BETWEEN_SAVES if self._saved is not None else math.inf)

    # --- facts ---

    def _new(self, run: Run, known: Known, watched: bool) -> RunFacts | SameRun:
        if run.key and not run.gone and self.networks.kind(run.key) is None:
            run.gone, run.version = True, run.version + 1
        fresh = watched and known.snapshot != run.snapshots
        if known.version == run.version and run.status not in ACTIVE and not fresh:
            return SameRun(run.id)
        loading, waiting = run.status == "loading", run.status == "waiting"
        recipe, training = run.recipe, self._training
        ahead = training if waiting and watched and training and training.visitor != run.visitor else None
        return facts_of(
            run,
            known,
            snapshot=Snapshot(run.snapshots, run.view) if fresh else None,
            left=self._turns.left(run),
            download=self._loading.download(recipe.dataset, recipe.teacher) if loading else None,
            waiting=self._turns.wait(run, self._queue(), training) if waiting else None,
            ahead=ahead_of(ahead) if ahead else None,
        )

    # --- the queue; all under the lock ---

    def _of(self, visitor: str) -> list[Run]:
        return [run for run in self._runs.values() if run.visitor == visitor]

    @contextmanager
    def _theirs(self, visitor: str, id: str) -> Iterator[Run]:
        """The visitor's run, to be looked at or changed."""
        with self._lock:
            run = self._runs.get(id)
            if run is None or run.visitor != visitor:
                raise CheckpointError("The server no longer keeps this run.")
            self._heard[visitor] = time.monotonic()
            yield run
            run.version += 1
            self._lock.notify_all()

    def _present(self, visitor: str) -> bool:
        return time.monotonic() - self._heard.get(visitor, float("-inf")) < self._patience

    def _awaited(self, run: Run) -> bool:
        """Whether its visitor's page is there, or that of another who is shown it."""
        followers = self._followers(run.recording) if run.recording is not None else []
        return any(self._present(one.visitor) for one in [run, *followers])

    def _in_use(self, run: Run) -> bool:
        """Whether somebody watches it train, or wait for its turn."""
        return run.status in ACTIVE and self._awaited(run)

    def _room(self, those: list[Run], most: int) -> bool:
        """Whether `those` may be one more; for that an ended one goes, of whom nothing was heard for the longest."""
        if len(those) < most:
            return True
        ended = [run for run in those if run.status in ENDED]
        if ended:
            self._forget(min(ended, key=lambda run: (self._heard.get(run.visitor, 0.0), run.ticket)))
        return bool(ended)

    def _queue(self) -> list[Run]:
        return self._turns.order(self._runs.values())

    def _enqueue(self, run: Run) -> None:
        """First its data, which may have to come from far and holds up nobody meanwhile; then its turn."""
        if self._follow(run):
            return
        run.status, run.version = "loading", run.version + 1
        self._loading.ask(run.recipe.dataset, run.recipe.teacher, partial(self._loaded, run))

    def _loaded(self, run: Run, loaded: Future[Dataset]) -> None:
        with self._lock:
            if loaded.cancelled():
                return
            problem = loaded.exception()
            if run.status != "loading":
                return  # paused, stopped or removed meanwhile
            if isinstance(problem, DataError) and run.last is not None:
                self._fail(run, problem, "paused")  # what it has learned goes on once the data are there again
            elif problem is not None:
                self._fail(run, problem)
            elif not self._follow(run):
                run.problem, run.without_data = None, False
                run.dataset, run.status, run.version = loaded.result(), "waiting", run.version + 1
            self._lock.notify_all()

    def _rest(self, run: Run, status: Status) -> None:
        """Not under way any more; the data can be had again, and what has ended needs no state."""
        run.status, run.order, run.dataset, run.version = status, "", None, run.version + 1
        self._end_recording(run)
        if run.playback is not None:
            run.playback.pause()
        if status in ENDED:
            run.training = None

    def _fail(self, run: Run, error: BaseException, status: Status = "failed") -> None:
        if isinstance(error, LeNetError):
            run.problem, run.without_data = error.text, isinstance(error, DataError)
            if run.without_data:
                logging.warning("a run has no data: %s", error)  # with the folder, which the page does not tell
            if run.recording is not None and isinstance(error, DivergedError):
                run.recording.fail(error)
        else:
            logging.error("a run on the page failed", exc_info=error)
            run.problem = None
        self._rest(run, status)

    def _forget(self, run: Run) -> None:
        run.order = "remove"
        if run is not self._training:
            self._rest(run, "stopped")
        self._runs.pop(run.id, None)
        if self._saved is not None:
            self._saved.remove(run.id)
        if run.key:
            self.networks.forget(run.key)

    def _tidy(self) -> None:
        """What is too old goes, and of too many those whose visitors have been away the longest."""
        now = time.monotonic()
        by_absence = sorted(
            self._runs.values(),
            key=lambda run: (self._in_use(run), self._heard.get(run.visitor, 0.0), run.ticket),
        )
        kept = len(by_absence)
        states = sum(run.training is not None for run in by_absence)
        for run in by_absence:
            old = now - self._heard.get(run.visitor, 0.0) > KEPT_SECONDS
            heavy = states > MAX_STATES and run.training is not None and run.status not in ACTIVE
            if heavy and run.saved and not old and kept <= MAX_RUNS:
                run.training, states = None, states - 1  # it waits on disk
            elif old or kept > MAX_RUNS or heavy:
                kept -= 1
                states -= run.training is not None
                self._forget(run)
        self._turns.keep(set(map(owner_of, self._runs.values())))
        there = {run.visitor for run in self._runs.values()}
        self._heard = {v: at for v, at in self._heard.items() if v in there or now - at < KEPT_SECONDS}

    def _next(self) -> Run | None:
        for run in self._queue():
            if not self._awaited(run):
                self._rest(run, "away")
            elif self._fits(run):
                return run
        return None

    def _fits(self, run: Run) -> bool:
        """Whether there is memory for it: one that has begun has it, others wait until one of those ends."""
        begun = [other for other in self._runs.values() if other.training is not None and other.status in ACTIVE]
        from_there = sum(other.address == run.address for other in begun if run.address)
        return run.training is not None or (len(begun) < MAX_STATES and from_there < MAX_STATES // 2)

    # --- runs that show another's; all under the lock, but for `_hand_over` ---

    def _follow(self, run: Run) -> bool:
        """Show the other run with this recipe, if there is one, from where this one was shown it."""
        if run.playback is None:
            recording = self._recordings.find(run.recipe)
            if recording is None or run.last is not None or run.rescaled or run.training is not None:
                return False
            run.playback = Playback(recording)
        run.playback.play()
        run.status, run.order, run.dataset, run.version = "running", "", None, run.version + 1
        return True

    def _play(self, run: Run) -> None:
        """Show what is due of the other run."""
        playback = run.playback
        if playback is None or run.status != "running":
            return
        if playback.recording.status == "broken":
            run.playback = None
            run.begin_anew()
            self._enqueue(run)
            return
        while run.status == "running" and (due := playback.due()):
            self._show(run, *due)
        if run.status == "running" and playback.at_end and not playback.live:
            self._end_replay(run, playback.recording)

    def _show(self, run: Run, worked: float, fact: Fact) -> None:
        run.worked = worked
        if isinstance(fact, dict):
            run.view, run.snapshots, run.version = fact, run.snapshots + 1, run.version + 1
            return
        run.record(fact)
        if isinstance(fact, EpochEnd) and run.until is not None and run.until <= run.epoch < run.recipe.epochs:
            run.until = None
            self._rest(run, "paused")

    def _skip(self, run: Run, playback: Playback) -> None:
        if playback.live:
            raise RecipeError(REPLAYED)
        run.until = None
        playback.skip()
        self._enqueue(run)
        self._play(run)

    def _end_replay(self, run: Run, recording: Recording) -> None:
        if recording.problem is not None:
            self._fail(run, recording.problem)
            return
        run.status, run.version = "measuring", run.version + 1
        self._loading.submit(self._hand_over, run, recording)

    def _hand_over(self, run: Run, recording: Recording) -> None:
        """Give the visitor a network of their own."""
        assert recording.checkpoint is not None
        try:
            self._keep(run, recording.checkpoint, recording.history, recording.tested, recording.verdict, "done")
        except Exception as error:
            with self._lock:
                self._fail(run, error)

    def _followers(self, recording: Recording) -> list[Run]:
        return [run for run in self._runs.values() if run.playback is not None and run.playback.recording is recording]

    def _end_recording(self, run: Run) -> None:
        if run.recording is not None:
            self._recordings.end(run.recording)
            run.recording = None

    # --- the thread that trains ---

    def _most_urgent(self) -> Work | None:
        run = self._next()
        if run is None:
            self._tidy()
            return None
        self._training, run.status, run.version = run, "running", run.version + 1
        if run.last is None and run.training is None and not run.rescaled and not run.saved:
            run.recording = self._recordings.begin(run.recipe)
            for other in self._queue():
                if other.recipe == run.recipe:
                    self._follow(other)
        self._turns.begin()
        return partial(self._take_turn, run)

    def _take_turn(self, run: Run) -> None:
        try:
            threads.to_train()
            self._train(run)
        except Exception as error:
            with self._lock:
                self._fail(run, error)
        finally:
            self._clear(run)
            with self._lock:
                self._training = None
                self._turns.end(owner_of(run))

    def _train(self, run: Run) -> None:
        """Train until something else is wanted, or all is learned."""
        data = run.dataset
        if data is None:
            raise RuntimeError("a run without its data")
        training = self._resumable(run)
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
                self._write(run)
            now = time.monotonic()
            with self._lock:
                run.record(event)
                if isinstance(event, Step):
                    run.rate = state.lr
                run.worked, began = run.worked + now - began, now
                if run.recording is not None:
                    run.recording.add(run.worked, event)
                self._turns.remember(run)
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

    def _lay_down(self, run: Run, status: Status) -> None:
        """Let a run rest that is not at its end."""
        if status != "waiting":
            self._keep_state(run)
        with self._lock:
            if status != "waiting":
                self._rest(run, status)
            elif run.order in ("pause", "remove"):  # since it was to give way
                self._rest(run, "paused")
            else:
                run.status, run.version = "waiting", run.version + 1
        self._drawings.answer_at_rest(run)  # about what was drawn while it was saved

    def _wanted(self, run: Run, event: Event | None) -> Status | None:
        """How a run is to rest after this event, or None to go on; under the lock."""
        if run.order == "stop":
            return "stopped"
        if run.order or self._worker.ending:
            return "paused"  # a removed one as well: nobody sees it
        if not self._awaited(run):
            return "away"
        if run.until is not None and run.epoch >= run.until and (event is None or isinstance(event, EpochEnd)):
            run.until = None
            return "paused" if run.epoch < run.recipe.epochs else None
        if run.worked > MAX_TRAIN_SECONDS:
            run.late = True
            return "stopped"
        if event is not None and self._turns.over:  # each turn takes it a step on
            others = (one for one in self._queue() if owner_of(one) != owner_of(run) and self._present(one.visitor))
            if any(map(self._fits, others)):
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
                shown += self._followers(run.recording)
        self._drawings.answer(shown, state)

    def _refuse_forsaken(self, run: Run) -> None:
        """_ForsakenError where nobody waits for a run's measurement any more."""
        with self._lock:
            if self._worker.ending or run.order == "remove" or not self._awaited(run):
                raise _ForsakenError

    def _measure(self, run: Run, state: TrainingState, data: Dataset, status: Status) -> None:
        if run.last is None:  # stopped before its first step
            with self._lock:
                self._rest(run, status)
            return
        with self._lock:
            run.status, run.version = "measuring", run.version + 1
        try:
            checkpoint = finish(state, data, lambda: self._refuse_forsaken(run))
        except _ForsakenError:
            with self._lock:
                self._rest(run, "away")
                run.order = "stop" if status == "stopped" else ""  # to be measured when its visitor is back
            return
        found = verdict(run.recipe, state.history, state.lr)
        self._keep(run, checkpoint, state.history, len(data.test), found, status)

    def _keep(
        self,
        run: Run,
        checkpoint: Checkpoint,
        history: Sequence[EpochEnd],
        tested: int,
        found: Text | None,
        status: Status,
    ) -> None:
        """Keep what a run has come to, for its visitor and for those with the same recipe."""
        key, path = self.networks.keep(checkpoint, history, str(run.title), (run.address, run.visitor))
        copied = self.networks.checkpoint(key)  # apart from the run, and on the CPU
        with self._lock:
            if run.id not in self._runs:  # its visitor removed it meanwhile
                self.networks.forget(key)
            run.key, run.path, run.metrics, run.tested, run.verdict = key, path, checkpoint.metrics, tested, found
            self.networks.call(key, run.title)  # of any characters, where a file has but plain ones
            if run.recording is not None and status == "done":
                run.recording.finish(copied, history, tested, found)
            self._rest(run, status)
        self._drawings.answer_at_rest(run)
        if self._saved is not None and run.id in self._runs:
            try:
                save_checkpoint(self._saved.network(run.id), checkpoint)
                self._saved.state(run.id).unlink(missing_ok=True)
            except (CheckpointError, OSError):
                logging.warning("a run's network was not saved")
            self._saved.write(record_of(run) | {"history": [asdict(event) for event in history]})
            self._clear(run)
