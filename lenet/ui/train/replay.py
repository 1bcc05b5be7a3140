"""What a run's page was shown, kept for visitors who ask for a run with the same settings.

The same recipe gives the same bits, so a second run of it would compute what is known.  The second visitor is shown
the first one's events at their own speed instead, while they come or later, and gets a copy of the network.

Nothing here knows gradio.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from lenet.errors import DivergedError, Text
from lenet.inference.pretrained import Checkpoint
from lenet.training.loop import EpochEnd, Event
from lenet.training.recipes import Recipe
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.train.snapshot import Check

RECORDINGS = 24
RECORDING_BYTES = 60_000_000  # of all together, networks included
EVENT_BYTES = 400  # about what an event takes in memory
MAX_VIEWS = 400  # of filters and pictures, of a run; the events go on without them
SECONDS_KEPT = 2 * 3600.0  # since it was last replayed

Fact: TypeAlias = "Event | Check | dict[str, Any]"  # the last is a view of filters and pictures


@dataclass
class Recording:
    """A run's events and views, each with the seconds that the run had trained by then.

    Attributes:
        status: "live" while its run trains, "broken" where that run will not end as its recipe says.
        checkpoint: what the run has come to, once it is done.
        problem: why the run failed: every run of this recipe fails so.
        ended: when, by time.monotonic.
    """

    recipe: Recipe
    status: Literal["live", "done", "failed", "broken"] = "live"
    facts: list[tuple[float, Fact]] = field(default_factory=list)
    views: int = 0
    bytes: int = 0
    checkpoint: Checkpoint | None = None
    history: tuple[EpochEnd, ...] = ()
    tested: int = 0
    verdict: Text | None = None
    problem: DivergedError | None = None
    ended: float = 0.0

    def add(self, worked: float, fact: Fact) -> None:
        if isinstance(fact, dict):
            if self.views >= MAX_VIEWS:
                return
            self.views += 1
            self.bytes += _view_bytes(fact)
        else:
            self.bytes += EVENT_BYTES
        self.facts.append((worked, fact))

    def finish(self, checkpoint: Checkpoint, history: Sequence[EpochEnd], tested: int, verdict: Text | None) -> None:
        self.checkpoint, self.history, self.tested, self.verdict = checkpoint, tuple(history), tested, verdict
        self.bytes += sum(part.nbytes for part in checkpoint.model.state_dict().values())
        self.status, self.ended = "done", time.monotonic()

    def fail(self, problem: DivergedError) -> None:
        self.problem, self.status, self.ended = problem, "failed", time.monotonic()


def _view_bytes(view: dict[str, Any]) -> int:
    """About what a view takes in memory; all views of a run share their pictures."""
    filters = view.get("filters") or {}
    return 300 * len(view.get("pictures", ())) + len(filters.get("bytes", ""))


class Recordings:
    """The recordings by recipe: those whose runs train now, and the last ones that are complete."""

    def __init__(self) -> None:
        self._live: dict[Recipe, Recording] = {}
        self._kept: BoundedCache[Recipe, Recording] = BoundedCache(
            RECORDINGS, SECONDS_KEPT, weigh=lambda recording: recording.bytes, heaviest=RECORDING_BYTES
        )

    def find(self, recipe: Recipe) -> Recording | None:
        return self._live.get(recipe) or self._kept.get(recipe)

    def begin(self, recipe: Recipe) -> Recording:
        recording = self._live[recipe] = Recording(recipe)
        return recording

    def end(self, recording: Recording) -> None:
        """It grows no more: where it is complete it stays, else who follows it trains."""
        self._live.pop(recording.recipe, None)
        if recording.status == "live":
            recording.status = "broken"
        elif recording.status != "broken":
            self._kept.put(recording.recipe, recording)


@dataclass
class Playback:
    """How far a visitor has been shown a recording.

    Attributes:
        clock: seconds of it.
        shown: facts of it.
        since: when `clock` was set, by time.monotonic; None while it is paused.
    """

    recording: Recording
    clock: float = 0.0
    shown: int = 0
    since: float | None = None

    @property
    def live(self) -> bool:
        return self.recording.status == "live"

    @property
    def at_end(self) -> bool:
        return self.shown == len(self.recording.facts)

    def play(self) -> None:
        self.since = time.monotonic()

    def pause(self) -> None:
        self.since = None

    def skip(self) -> None:
        """All that is left is due now."""
        self.clock = float("inf")

    def due(self) -> tuple[float, Fact] | None:
        """The next fact, once its time has come; None before that, and where there is none."""
        if self.since is None or self.at_end:
            return None
        now = time.monotonic()
        self.clock, self.since = self.clock + now - self.since, now
        worked, fact = self.recording.facts[self.shown]
        if worked > self.clock:
            return None
        self.shown += 1
        return worked, fact
