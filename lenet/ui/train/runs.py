"""The training runs of all visitors: one trains at a time, and turns go round by address, then by visitor.

    runs = Runs(networks)
    run = runs.begin(visitor, recipe)      # a visitor is known by a key that nobody can guess
    runs.look(visitor, {})                 # facts for the page; that it was asked tells that the page is there

A thread of its own trains, so handlers only look and tell.  Here is what visitors ask; `queue` has the runs and says
which trains next, `training` trains it for a turn, `followers` shows what another run with the same recipe has come
to, `results` keeps what a run comes to, and `storage` saves runs.

Nothing here knows gradio.
"""

from __future__ import annotations

import importlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np

from lenet.data.datasets import Dataset
from lenet.errors import CheckpointError, LeNetError, RecipeError
from lenet.training.distillation import load_with_soft_labels
from lenet.training.recipes import Recipe
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.worker import Work, Worker
from lenet.ui.train.drawings import Drawings
from lenet.ui.train.facts import ahead_of, facts_of
from lenet.ui.train.followers import Followers
from lenet.ui.train.loading import Loading
from lenet.ui.train.messages import Known, RunFacts, SameRun, Snapshot
from lenet.ui.train.queue import KEPT_SECONDS, MAX_RUNS_PER_OWNER, Queue
from lenet.ui.train.results import Results
from lenet.ui.train.run import ACTIVE, ENDED, Run
from lenet.ui.train.saved import SavedRuns
from lenet.ui.train.storage import Storage
from lenet.ui.train.training import Training
from lenet.ui.train.turns import TURN_SECONDS

PATIENCE = 1.3  # seconds without a word from a page, after which its run gives way
TICK = 0.1  # seconds between two looks at who is there, while nobody trains
MAX_NAME_LENGTH = 40  # characters of a name that a visitor gives a run
MAX_PROGRAM_CALLS = 24  # calls that are answered at once, of the 40 events that Gradio works on at once


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
        self.networks = networks
        self._worker = Worker("train", self._most_urgent, TICK)
        self._lock = self._worker.changed
        self._prepared = False
        self._programs: Counter[str] = Counter()  # address -> calls under way
        runs: dict[str, Run] = {}
        self._loading = Loading(load)
        self._storage = Storage(self._lock, runs, networks, saved)
        self._queue = Queue(self._lock, runs, networks, self._storage, self._loading, patience, turn)
        self._drawings = Drawings(self._lock, networks)
        results = Results(self._lock, networks, self._queue, self._storage, self._drawings)
        self._followers = Followers(self._lock, self._queue, results, self._loading)
        self._training = Training(self._worker, self._queue, self._storage, results, self._drawings)

    def restore(self) -> None:
        """Offer again what servers that have died were training or had trained."""
        for record in self._storage.adopt(KEPT_SECONDS):
            try:
                run = self._storage.restored(record)
                if run is not None:
                    with self._lock:
                        self._queue.add_restored(run)
            except (LeNetError, KeyError, TypeError, ValueError, AttributeError):  # of another version, or damaged
                logging.warning("a saved run cannot be read")
        if self._queue.runs:
            self._worker.wake()

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
        with self._lock:
            run = self._queue.add(visitor, recipe, name, owner or visitor, address)
            self._worker.wake()
        self._storage.write(run)
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
            own = self._queue.of(visitor)
            if own:
                self._queue.hear(visitor)
            for run in own:
                if run.status == "away":
                    self._queue.enqueue(run)  # with the ticket that it had

    def left(self, visitor: str) -> None:
        """A visitor's page is gone for good: no need to wait whether it speaks again."""
        with self._lock:
            self._queue.leave(visitor)

    def pause(self, visitor: str, id: str) -> None:
        with self._theirs(visitor, id) as run:
            if run.status in ("running", "waiting", "loading") and run.order != "stop":
                run.order = "pause"
                if run.status != "running" or run.playback is not None:
                    self._queue.rest(run, "paused")

    def resume(self, visitor: str, id: str, epochs: int | None = None) -> None:
        """Go on, when its turn comes; with `epochs` for so many, then pause."""
        with self._theirs(visitor, id) as run:
            if run.status in ENDED or run.status == "measuring":
                return
            run.until = None if epochs is None else run.epoch + epochs
            if run.order == "pause":
                run.order = ""
            if run.status in ("paused", "away"):
                self._queue.rejoin(run)

    def stop(self, visitor: str, id: str) -> None:
        """End it; what it has learned is measured and kept.  One that is replayed is shown to its end at once.

        Raises:
            RecipeError: it shows another run that still trains.
        """
        with self._theirs(visitor, id) as run:
            if run.status in ENDED or run.status == "measuring":
                return
            if run.playback is not None:
                self._followers.skip(run, run.playback)
                return
            if run.last is None and run.status != "running":
                self._queue.rest(run, "stopped")
                return
            run.order = "stop"
            if run.status in ("paused", "away"):
                self._queue.enqueue(run)  # with the ticket that it had: measuring takes a moment

    def remove(self, visitor: str, id: str) -> None:
        with self._theirs(visitor, id) as run:
            self._queue.forget(run)

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
        self._storage.write(run)

    def scale(self, visitor: str, id: str, factor: float) -> None:
        """Multiply its schedule's learning rate by `factor`, once more if it was before.

        Raises:
            RecipeError: no recipe may have such a learning rate, or the run is not trained but replayed.
        """
        with self._theirs(visitor, id) as run:
            self._followers.refuse_change(run)
            scale = run.scale * factor
            run.recipe.with_changes(lr=run.recipe.lr * scale)
            run.scale, run.rescaled = scale, True
            self._queue.end_recording(run)

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
            self._queue.tidy()
            for run in self._queue.of(visitor):
                self._followers.play(run)
            yield self._queue.of(visitor)

    @property
    def busy(self) -> bool:
        """Whether a network is trained behind the page, so that what is not urgent may wait."""
        return self._queue.training is not None

    def crowd(self) -> int:
        """How many pages are there."""
        with self._lock:
            return sum(map(self._queue.present, self._queue.heard))

    def run(self, visitor: str, id: str) -> Run:
        """The visitor's run.

        Raises:
            CheckpointError: there is none.
        """
        with self._theirs(visitor, id) as run:
            return run

    def _new(self, run: Run, known: Known, watched: bool) -> RunFacts | SameRun:
        if run.key and not run.gone and self.networks.kind(run.key) is None:
            run.gone, run.version = True, run.version + 1
        fresh = watched and known.snapshot != run.snapshots
        if known.version == run.version and run.status not in ACTIVE and not fresh:
            return SameRun(run.id)
        loading, waiting = run.status == "loading", run.status == "waiting"
        recipe, training = run.recipe, self._queue.training
        ahead = training if waiting and watched and training and training.visitor != run.visitor else None
        return facts_of(
            run,
            known,
            snapshot=Snapshot(run.snapshots, run.view) if fresh else None,
            left=self._queue.turns.left(run),
            download=self._loading.download(recipe.dataset, recipe.teacher) if loading else None,
            waiting=self._queue.turns.wait(run, self._queue.waiting(), training) if waiting else None,
            ahead=ahead_of(ahead) if ahead else None,
        )

    @contextmanager
    def _theirs(self, visitor: str, id: str) -> Iterator[Run]:
        """The visitor's run, to be looked at or changed."""
        with self._lock:
            run = self._queue.runs.get(id)
            if run is None or run.visitor != visitor:
                raise CheckpointError("The server no longer keeps this run.")
            self._queue.hear(visitor)
            yield run
            run.version += 1
            self._lock.notify_all()

    def close(self) -> None:
        """End the threads: the one that trains between two steps, those that load when they have loaded."""
        self._loading.close()
        self._worker.close()
        self._storage.close()

    # --- the thread that trains ---

    def _most_urgent(self) -> Work | None:
        run = self._queue.begin_turn()
        return None if run is None else partial(self._training.take_turn, run)
