"""The runs that a server holds: whose pages are there, who may have one more, and which trains next.

Turns go round the addresses and the owners of runs, see `turns`.  An owner is a visitor of the page, or all programs of
one address together.  A network address has at most half of all places, however many visitors it says it is.

A run with the same recipe as one that trains, or has trained a while ago, would come to the same bits.  So it takes no
turn: it follows the other's recording, see `followers`.
"""

from __future__ import annotations

import logging
import secrets
import time
from concurrent.futures import Future
from functools import partial
from threading import Condition

from lenet.data.datasets import Dataset
from lenet.errors import DataError, DivergedError, LeNetError, RecipeError
from lenet.training.recipes import Recipe
from lenet.ui import environment
from lenet.ui.shared.networks import Networks
from lenet.ui.train.loading import Loading
from lenet.ui.train.replay import Playback, Recording, Recordings
from lenet.ui.train.run import ACTIVE, ENDED, Run, Status
from lenet.ui.train.storage import Storage
from lenet.ui.train.turns import Turns, owner_of

MAX_RUNS_PER_OWNER = 8  # runs of one owner: as many as there are colours
MAX_RUNS = environment.RUNS  # runs of all; one address has half
MAX_STATES = 16  # runs in memory that can go on, of up to 60 megabytes each; others wait on disk
KEPT_SECONDS = 2 * 3600.0  # since their visitor was last heard of


class Queue:
    """See the module; its methods are called under the lock, which it takes itself where data have come.

    Args:
        lock: of all that runs hold.
        runs: the runs by their ids, which only the queue changes; `Storage` reads them, and the queue needs `Storage`.
        networks: forgets what a run has come to, with the run.
        storage: the same.
        loading: has the runs' data.
        patience: seconds without a word from a page, after which its runs give way.
        turn: seconds, see `Turns`.

    Attributes:
        training: the run whose turn is under way.
        heard: when each visitor was last heard of, by time.monotonic.
        turns: whose turn is next.
    """

    def __init__(
        self,
        lock: Condition,
        runs: dict[str, Run],
        networks: Networks,
        storage: Storage,
        loading: Loading,
        patience: float,
        turn: float,
    ) -> None:
        self._lock, self.runs, self._networks, self._storage, self._loading = lock, runs, networks, storage, loading
        self._patience = patience
        self.training: Run | None = None
        self.heard: dict[str, float] = {}
        self.turns = Turns(turn)
        self._recordings = Recordings()

    # --- who is there ---

    def of(self, visitor: str) -> list[Run]:
        return [run for run in self.runs.values() if run.visitor == visitor]

    def hear(self, visitor: str) -> None:
        """A visitor's page is there."""
        self.heard[visitor] = time.monotonic()

    def leave(self, visitor: str) -> None:
        """A visitor's page is gone."""
        if visitor in self.heard:
            self.heard[visitor] = min(self.heard[visitor], time.monotonic() - self._patience)

    def present(self, visitor: str) -> bool:
        return time.monotonic() - self.heard.get(visitor, float("-inf")) < self._patience

    def awaited(self, run: Run) -> bool:
        """Whether its visitor's page is there, or that of another who is shown it."""
        followers = self.followers(run.recording) if run.recording is not None else []
        return any(self.present(one.visitor) for one in [run, *followers])

    def _in_use(self, run: Run) -> bool:
        """Whether somebody watches it train, or wait for its turn."""
        return run.status in ACTIVE and self.awaited(run)

    # --- who comes and goes ---

    def add(self, visitor: str, recipe: Recipe, name: str, owner: str, address: str) -> Run:
        """A new run, see `Runs.begin`.

        Raises:
            RecipeError: the owner, the address or all together have as many under way or paused as may be.
        """
        own = [run for run in self.runs.values() if run.owner == owner]
        if not self._room(own, MAX_RUNS_PER_OWNER):
            raise RecipeError("You have {count} unfinished runs: remove one first.", count=MAX_RUNS_PER_OWNER)
        there = [run for run in self.runs.values() if address and run.address == address]
        if not self._room(there, MAX_RUNS // 2):
            raise RecipeError("Your network address has as many runs under way as it may: wait until one ends.")
        if len(self.runs) >= MAX_RUNS and all(map(self._in_use, self.runs.values())):
            raise RecipeError("This server has as many runs under way as it can hold: try again in a minute.")
        self.hear(visitor)
        own = [run for run in own if run.id in self.runs]
        colour = min(set(range(MAX_RUNS_PER_OWNER)) - {run.colour for run in own})
        number = max((run.number for run in own), default=0) + 1
        ticket = self.turns.ticket((address, owner), self.runs.values())
        run = Run(secrets.token_urlsafe(9), visitor, number, colour, recipe, owner, address, ticket, name)
        self.runs[run.id] = run
        self.tidy()
        self.enqueue(run)
        return run

    def add_restored(self, run: Run) -> None:
        """A run that a server has left that has died."""
        run.restored, run.ticket = True, self.turns.ticket(owner_of(run), self.runs.values())
        self.runs[run.id] = run
        self.hear(run.visitor)

    def _room(self, those: list[Run], most: int) -> bool:
        """Whether `those` may be one more; for that an ended one goes, of whom nothing was heard for the longest."""
        if len(those) < most:
            return True
        ended = [run for run in those if run.status in ENDED]
        if ended:
            self.forget(min(ended, key=lambda run: (self.heard.get(run.visitor, 0.0), run.ticket)))
        return bool(ended)

    def forget(self, run: Run) -> None:
        run.order = "remove"
        if run is not self.training:
            self.rest(run, "stopped")
        self.runs.pop(run.id, None)
        self._storage.remove(run.id)
        if run.key:
            self._networks.forget(run.key)

    def tidy(self) -> None:
        """What is too old goes, and of too many those whose visitors have been away the longest."""
        now = time.monotonic()
        by_absence = sorted(
            self.runs.values(),
            key=lambda run: (self._in_use(run), self.heard.get(run.visitor, 0.0), run.ticket),
        )
        kept = len(by_absence)
        states = sum(run.training is not None for run in by_absence)
        for run in by_absence:
            old = now - self.heard.get(run.visitor, 0.0) > KEPT_SECONDS
            heavy = states > MAX_STATES and run.training is not None and run.status not in ACTIVE
            if heavy and run.saved and not old and kept <= MAX_RUNS:
                run.training, states = None, states - 1  # it waits on disk
            elif old or kept > MAX_RUNS or heavy:
                kept -= 1
                states -= run.training is not None
                self.forget(run)
        self.turns.keep(set(map(owner_of, self.runs.values())))
        there = {run.visitor for run in self.runs.values()}
        self.heard = {v: at for v, at in self.heard.items() if v in there or now - at < KEPT_SECONDS}

    # --- turns ---

    def waiting(self) -> list[Run]:
        """Those that wait for their turn, in its order."""
        return self.turns.order(self.runs.values())

    def enqueue(self, run: Run) -> None:
        """First its data, which may have to come from far and holds up nobody meanwhile; then its turn."""
        if self._follow(run):
            return
        run.status, run.version = "loading", run.version + 1
        self._loading.ask(run.recipe.dataset, run.recipe.teacher, partial(self._loaded, run))

    def rejoin(self, run: Run) -> None:
        """The same with a new ticket, for a run that has rested."""
        run.ticket, run.restored = self.turns.ticket(owner_of(run), self.runs.values()), False
        self.enqueue(run)

    def _loaded(self, run: Run, loaded: Future[Dataset]) -> None:
        """What became of a run's data: told by a thread that loads, so not under the lock."""
        with self._lock:
            if loaded.cancelled():
                return
            problem = loaded.exception()
            if run.status != "loading":
                return  # paused, stopped or removed meanwhile
            if isinstance(problem, DataError) and run.last is not None:
                self.fail(run, problem, "paused")  # what it has learned goes on once the data are there again
            elif problem is not None:
                self.fail(run, problem)
            elif not self._follow(run):
                run.problem, run.without_data = None, False
                run.dataset, run.status, run.version = loaded.result(), "waiting", run.version + 1
            self._lock.notify_all()

    def begin_turn(self) -> Run | None:
        """The run that trains now; None where none can."""
        run = self._next()
        if run is None:
            self.tidy()
            return None
        self.training, run.status, run.version = run, "running", run.version + 1
        if run.last is None and run.training is None and not run.rescaled and not run.saved:
            run.recording = self._recordings.begin(run.recipe)
            for other in self.waiting():
                if other.recipe == run.recipe:
                    self._follow(other)
        self.turns.begin()
        return run

    def end_turn(self, run: Run) -> None:
        self.training = None
        self.turns.end(owner_of(run))

    def _next(self) -> Run | None:
        for run in self.waiting():
            if not self.awaited(run):
                self.rest(run, "away")
            elif self._fits(run):
                return run
        return None

    def _fits(self, run: Run) -> bool:
        """Whether there is memory for it: one that has begun has it, others wait until one of those ends."""
        begun = [other for other in self.runs.values() if other.training is not None and other.status in ACTIVE]
        from_there = sum(other.address == run.address for other in begun if run.address)
        return run.training is not None or (len(begun) < MAX_STATES and from_there < MAX_STATES // 2)

    def others_wait(self, run: Run) -> bool:
        """Whether a run of another owner, whose page is there, could train in place of this one."""
        others = (one for one in self.waiting() if owner_of(one) != owner_of(run) and self.present(one.visitor))
        return any(map(self._fits, others))

    def rest(self, run: Run, status: Status) -> None:
        """Not under way any more; the data can be had again, and what has ended needs no state."""
        run.status, run.order, run.dataset, run.version = status, "", None, run.version + 1
        self.end_recording(run)
        if run.playback is not None:
            run.playback.pause()
        if status in ENDED:
            run.training = None

    def fail(self, run: Run, error: BaseException, status: Status = "failed") -> None:
        if isinstance(error, LeNetError):
            run.problem, run.without_data = error.text, isinstance(error, DataError)
            if run.without_data:
                logging.warning("a run has no data: %s", error)  # with the folder, which the page does not tell
            if run.recording is not None and isinstance(error, DivergedError):
                run.recording.fail(error)
        else:
            logging.error("a run on the page failed", exc_info=error)
            run.problem = None
        self.rest(run, status)

    # --- who is shown another's run ---

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

    def followers(self, recording: Recording) -> list[Run]:
        return [run for run in self.runs.values() if run.playback is not None and run.playback.recording is recording]

    def end_recording(self, run: Run) -> None:
        if run.recording is not None:
            self._recordings.end(run.recording)
            run.recording = None
