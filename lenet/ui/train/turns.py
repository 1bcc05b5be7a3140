"""Whose run trains next, and how long the others wait.

Turns go round the network addresses that runs come from, and those of an address round its owners: who says to be
many visitors has no more turns for it.  Each turn trains the owner's oldest waiting run until it ends; when other
owners wait, the turn ends after TURN_SECONDS, and the run goes on at its owner's next turn.  So nobody's long runs
hold up the others' short ones.

Nothing here is locked: who asks holds the lock of all that runs hold.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from lenet.ui.shared.cache import BoundedCache
from lenet.ui.train.messages import Waiting
from lenet.ui.train.run import ACTIVE, Run

TURN_SECONDS = 15.0  # of a turn, when others wait: mnist-demo ends in its first, at half the speed of our two cores too
PACES = 100  # that are remembered, of networks on data sets

Key = TypeVar("Key", bound=Hashable)
Owner = tuple[str, str]  # the address, and the owner there


def owner_of(run: Run) -> Owner:
    return run.address, run.owner


@dataclass(frozen=True)
class _Share:
    """What an owner, or all of an address, train before somebody's run.

    Attributes:
        owners, runs: how many they are.
        turns, seconds: that it takes.
        known: whether all their runs are known to take so long.
    """

    owners: int
    runs: int
    turns: int
    seconds: float
    known: bool


class Turns:
    """The round of the addresses, and the rounds of their owners.

    Args:
        seconds: of a turn, when others wait.
    """

    def __init__(self, seconds: float = TURN_SECONDS) -> None:
        self._seconds = seconds
        self._began = 0.0  # when the turn under way began, by time.monotonic
        self._tickets = itertools.count(1)
        self._addresses: dict[str, int] = {}  # address -> place in the round: lower ones have the next turns
        self._owners: dict[Owner, int] = {}  # the same of those of an address
        self._paces: BoundedCache[tuple[str, str], float] = BoundedCache(PACES)  # (model, data set) -> seconds an epoch

    def ticket(self, owner: Owner, runs: Iterable[Run]) -> int:
        """A run's new ticket; who has nothing under way among `runs` comes last in the round, an address too."""
        ticket = next(self._tickets)
        active = {owner_of(run) for run in runs if run.status in ACTIVE}
        if owner not in active:
            self._owners[owner] = ticket
        if owner[0] not in {address for address, _ in active}:
            self._addresses[owner[0]] = ticket
        return ticket

    def keep(self, owners: set[Owner]) -> None:
        """Forget all others."""
        there = {address for address, _ in owners}
        self._addresses = {address: place for address, place in self._addresses.items() if address in there}
        self._owners = {owner: place for owner, place in self._owners.items() if owner in owners}

    def order(self, runs: Iterable[Run]) -> list[Run]:
        """Those that wait: the address whose turn is next first, of it the owner, and of an owner the lowest ticket."""
        return sorted((run for run in runs if run.status == "waiting"), key=self._place)

    def _place(self, run: Run) -> tuple[int, int, int]:
        return self._addresses.get(run.address, 0), self._owners.get(owner_of(run), 0), run.ticket

    def begin(self) -> None:
        self._began = time.monotonic()

    def end(self, owner: Owner) -> None:
        self._addresses[owner[0]] = self._owners[owner] = next(self._tickets)  # the last of both rounds now

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
        line, mine = [*([training] if training else []), *waiting], owner_of(run)
        before = [one for one in line if owner_of(one) != mine or one is training or one.ticket < run.ticket]
        own = self._share([one for one in before if owner_of(one) == mine], training)
        shares = [own]
        owners = _places(map(owner_of, line))
        for owner in owners:
            if owner != mine and owner[0] == run.address:
                its = [one for one in before if owner_of(one) == owner]
                shares.append(self._share(its, training, own.turns + (owners[owner] < owners[mine])))
        turns = sum(share.turns for share in shares)  # of its address
        addresses = _places(one.address for one in line)
        for address in addresses:
            if address != run.address:
                its = _by_turns(one for one in before if one.address == address)
                shares.append(self._share(its, training, turns + (addresses[address] < addresses[run.address])))
        place = 1 + own.runs - own.owners + sum(share.owners for share in shares) - (training is not None)
        return Waiting(place, sum(share.seconds for share in shares), all(share.known for share in shares))

    def _share(self, runs: list[Run], training: Run | None, turns: int | None = None) -> _Share:
        """What is trained of `runs`, which come in this order.

        Args:
            turns: that there are for them; all that they need where it is left out.
        """
        lefts = [self.left(run) for run in runs[:turns]]  # a turn trains one run
        known = [left or 0 for left in lefts]
        needed, seconds, owners = sum(map(self._turns_of, known)), sum(known), len(set(map(owner_of, runs)))
        if turns is not None:
            owners, needed = min(turns, owners), min(turns, needed)
            spent = [time.monotonic() - self._began if run is training else 0 for run in runs[:owners]]
            first = sum(min(left, max(0, self._seconds - over)) for left, over in zip(known, spent, strict=False))
            seconds = min(first + (turns - owners) * self._seconds, seconds)
        return _Share(owners, len(lefts), needed, seconds, None not in lefts)

    def _turns_of(self, left: float) -> int:
        return max(1, math.ceil(left / self._seconds))


def _places(keys: Iterable[Key]) -> dict[Key, int]:
    """Each key's place among those that are different."""
    return {key: place for place, key in enumerate(dict.fromkeys(keys))}


def _by_turns(runs: Iterable[Run]) -> list[Run]:
    """The first of each owner, then the second ones, and so on."""
    count: Counter[Owner] = Counter()
    rounds: list[tuple[int, Run]] = []
    for run in runs:
        rounds.append((count[owner_of(run)], run))
        count[owner_of(run)] += 1
    return [run for _, run in sorted(rounds, key=lambda one: one[0])]
