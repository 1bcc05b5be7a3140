"""Whose run trains next, and how long the others wait.

Turns go round the owners of runs.  Each turn trains the owner's oldest waiting run until it ends; when other owners
wait, the turn ends after TURN_SECONDS, and the run goes on at its owner's next turn.  So nobody's long runs hold up
the others' short ones.

Nothing here is locked: `Runs` asks under its own lock.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable

from lenet.ui.shared.cache import BoundedCache
from lenet.ui.train.messages import Waiting
from lenet.ui.train.run import ACTIVE, Run

TURN_SECONDS = 15.0  # of a turn, when others wait: mnist-demo ends in its first, at half the speed of our two cores too
PACES = 100  # that are remembered, of networks on data sets


class Turns:
    """The round of the owners.

    Args:
        seconds: of a turn, when others wait.
    """

    def __init__(self, seconds: float = TURN_SECONDS) -> None:
        self._seconds = seconds
        self._began = 0.0  # when the turn under way began, by time.monotonic
        self._tickets = itertools.count(1)
        self._round: dict[str, int] = {}  # owner -> place in the round: lower ones have the next turns
        self._paces: BoundedCache[tuple[str, str], float] = BoundedCache(PACES)  # (model, data set) -> seconds an epoch

    def ticket(self, owner: str, runs: Iterable[Run]) -> int:
        """A run's new ticket; an owner who has nothing under way among `runs` comes last in the round."""
        ticket = next(self._tickets)
        if not any(run.owner == owner and run.status in ACTIVE for run in runs):
            self._round[owner] = ticket
        return ticket

    def keep(self, owners: set[str]) -> None:
        """Forget all others."""
        self._round = {owner: place for owner, place in self._round.items() if owner in owners}

    def order(self, runs: Iterable[Run]) -> list[Run]:
        """Those that wait: the owner whose turn is next first, and of an owner the lowest ticket."""
        waiting = (run for run in runs if run.status == "waiting")
        return sorted(waiting, key=lambda run: (self._round.get(run.owner, 0), run.ticket))

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self, owner: str) -> None:
        self._round[owner] = next(self._tickets)  # the last of the round now

    @property
    def over(self) -> bool:
        """Whether the turn under way has lasted as long as it may when others wait."""
        return time.monotonic() - self._began >= self._seconds

    def remember(self, run: Run) -> None:
        """How fast this run trains tells how long others like it will."""
        if run.progress > 0.01 and run.worked > 0.5:
            pace = run.worked / (run.progress * run.recipe.epochs)
            self._paces.put((run.recipe.model, run.recipe.dataset), pace)

    def left(self, run: Run) -> float | None:
        """Seconds of training that a run still needs; None where no run like it has told."""
        if run.progress > 0.01 and run.worked > 0.5:
            return run.worked / run.progress * (1 - run.progress)
        pace = self._paces.get((run.recipe.model, run.recipe.dataset))
        return None if pace is None else pace * run.recipe.epochs * (1 - run.progress)

    def wait(self, run: Run, waiting: list[Run], training: Run | None) -> Waiting:
        """Where a run is in the queue.

        Args:
            waiting: as `order` has them.
            training: the run whose turn is under way.
        """
        owners = list(dict.fromkeys(other.owner for other in ([training] if training else []) + waiting))
        times: dict[str, list[float | None]] = {owner: [] for owner in owners}  # of the runs that train before it
        if training:
            times[training.owner].append(self.left(training))
        for other in waiting:
            if other.owner != run.owner or other.ticket < run.ticket:
                times[other.owner].append(self.left(other))
        own = times.pop(run.owner)
        turns = sum(max(1, math.ceil((left or 0) / self._seconds)) for left in own)  # of its owner's, before its own
        place, seconds, known = 1 + len(own), sum(left or 0 for left in own), None not in own
        for owner, lefts in times.items():
            ahead = turns + (owners.index(owner) < owners.index(run.owner))  # turns that this owner has before it
            before = lefts[:ahead]  # a turn trains one run
            spent = time.monotonic() - self._began if training and training.owner == owner else 0
            place, known = place + (ahead > 0), known and None not in before
            seconds += min(max(0, ahead * self._seconds - spent), sum(left or 0 for left in before))
        return Waiting(place - (training is not None), seconds, known)
