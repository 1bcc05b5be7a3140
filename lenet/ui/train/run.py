"""A visitor's run: its facts, its curves, and what is saved of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lenet.data.datasets import DATASETS, Dataset
from lenet.errors import Text
from lenet.run import Run as Resumable
from lenet.training.loop import EpochEnd, Event, Step, TrainingState
from lenet.training.recipes import Recipe
from lenet.ui.shared import texts
from lenet.ui.train import snapshot
from lenet.ui.train.messages import Drawn, Line
from lenet.ui.train.replay import Playback, Recording

CHECKS = 8  # of the validation in an epoch, where a run has so few that its curves would have no shape
FEW_EPOCHS = 2
MAX_POINTS = 240  # of one line in a chart; an even number, since pairs become one

Status = Literal["loading", "waiting", "running", "measuring", "paused", "away", "done", "stopped", "failed"]
ACTIVE = ("loading", "waiting", "running", "measuring")  # the page keeps looking
ENDED = ("done", "stopped", "failed")
RESTING = ("paused", "away")  # no thread changes its state

Point = tuple[float, ...]
DIGITS = tuple("0123456789")


@dataclass
class Series:
    """Points of a line, first the place on the x axis; when there are too many, neighbours become one.

    Attributes:
        mean: whether two points become their mean; else the later one stays, as it was measured.
        merged: how many measurements a point stands for.
    """

    mean: bool
    points: list[Point] = field(default_factory=list)
    merged: int = 1
    pending: list[Point] = field(default_factory=list)

    def add(self, *point: float) -> None:
        self.pending.append(point)
        if len(self.pending) < self.merged:
            return
        self.points.append(self._one(self.pending))
        self.pending = []
        if len(self.points) == MAX_POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points, self.merged = [self._one(pair) for pair in pairs], self.merged * 2

    def _one(self, points: tuple[Point, ...] | list[Point]) -> Point:
        return tuple(sum(values) / len(points) for values in zip(*points, strict=True)) if self.mean else points[-1]

    def since(self, known: tuple[int, int]) -> Line:
        """What is new to one who knows (merged, number of points)."""
        merged, count = known
        first = count if merged == self.merged and 0 <= count <= len(self.points) else 0
        return Line(self.merged, first, [_short(point) for point in self.points[first:]])


def _short(point: Point) -> list[float]:
    return [float(f"{value:.5g}") for value in point]


@dataclass(frozen=True, eq=False)
class Drawing:
    """What a visitor has drawn, uint8 (28, 28), and the name that its answer bears, which is another for each."""

    id: str
    image: np.ndarray


@dataclass
class Run:
    """A visitor's run; written under the lock of all that runs hold, see `Runs`.

    Attributes:
        colour: its place in the page's palette, among the visitor's runs its own.
        owner: who it counts for: the visitor, or the programs of its address.
        address: the network address that began it; "" where that is not known.
        ticket: among its owner's runs, lower ones come first.
        order: what is wanted of it at its next event.
        until: the epoch after which it pauses, or None.
        worked: seconds of training, evaluation included.
        rate: what `last` was taken with, of the schedule's learning rate.
        train: (epochs so far, loss, accuracy, learning rate), means over a moment each.
        val: (epoch, validation loss and accuracy, training loss and accuracy).
        best: the epoch with the lowest validation loss.
        checked: the newest check within the epoch that is under way.
        confusion: of the newest validation, whole or a check.
        usual: how many steps a point of `train` is about.
        version: counts all that changes what the page shows.
        training, dataset: what it needs to go on, while it may.
        saved: its state is on disk as well, as it is in `training`, or would be.
        restored: it comes from a server that has died.
        key: of the trained network, and `path` its file; `gone`: it made room for others.
        verdict: what is wrong with it, if anything.
        recording: what others with the same recipe are shown of it, while it trains as that says.
        drawing: what its visitor has drawn, for its network or for that of the run that it shows live.
        drawn: the newest answer to it.
        playback: the other run that it shows, where it does not train itself.
    """

    id: str
    visitor: str
    number: int
    colour: int
    recipe: Recipe
    owner: str
    address: str
    ticket: int
    name: str = ""
    status: Status = "loading"
    problem: Text | None = None
    without_data: bool = False
    late: bool = False
    order: Literal["", "pause", "stop", "remove"] = ""
    until: int | None = None
    scale: float = 1.0
    rescaled: bool = False
    worked: float = 0.0
    last: Step | None = None
    rate: float = 0.0
    epoch: int = 0
    train: Series = field(default_factory=lambda: Series(mean=True))
    val: Series = field(default_factory=lambda: Series(mean=False))
    best: EpochEnd | None = None
    newest: EpochEnd | None = None
    checked: snapshot.Check | None = None
    confusion: list[list[int]] | None = None
    usual: int = 0
    version: int = 0
    training: Resumable | None = None
    saved: bool = False
    restored: bool = False
    dataset: Dataset | None = None
    row: snapshot.Row | None = None
    snapshots: int = 0
    view: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    gone: bool = False
    path: Path | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    verdict: Text | None = None
    tested: int = 0
    recording: Recording | None = None
    drawing: Drawing | None = None
    drawn: Drawn | None = None
    playback: Playback | None = None

    @property
    def reads_digits(self) -> bool:
        source = DATASETS[self.recipe.dataset]
        return source.channels == 1 and tuple(source.classes) == DIGITS

    @property
    def resting(self) -> TrainingState | None:
        """Under the lock: its state, where that is in memory, nothing changes it and the page shows it."""
        shown = self.status in RESTING and self.playback is None
        return self.training.state if self.training is not None and shown else None

    @property
    def progress(self) -> float:
        """The fraction of the run that is done."""
        if self.last is None or self.last.epoch <= self.epoch:
            return self.epoch / self.recipe.epochs
        return (self.epoch + self.last.step / self.last.total_steps) / self.recipe.epochs

    @property
    def title(self) -> str | texts.Said:
        """What it is called where it stands apart from the visitor's other runs."""
        if self.name:
            return f"{self.name}, {self.recipe.name}"
        return texts.Said("run_title", {"number": self.number, "recipe": self.recipe.name})

    def _steps(self, event: Step) -> int:
        """How many steps the event is about."""
        return event.step - (self.last.step if self.last and self.last.epoch == event.epoch else 0)

    @property
    def validated(self) -> tuple[float, float, float] | None:
        """The newest validation: epochs so far, loss, accuracy."""
        if self.checked is not None:
            return self.checked.epoch, self.checked.loss, self.checked.accuracy
        newest = self.newest
        return None if newest is None else (newest.epoch, newest.val_loss, newest.val_accuracy)

    def check_is_due(self, event: Event) -> bool:
        """Whether the curves want a point of the validation between two epochs."""
        if not isinstance(event, Step) or self.recipe.epochs > FEW_EPOCHS or event.step == event.total_steps:
            return False
        eighths = CHECKS * self.progress * self.recipe.epochs
        return eighths >= 1 + (CHECKS * self.checked.epoch if self.checked else CHECKS * self.epoch)

    def record(self, event: Event | snapshot.Check) -> None:
        self.version += 1
        if isinstance(event, Step):
            steps, self.last = self._steps(event), event
            if event.step == event.total_steps and steps < min(self.usual / 2, event.step):
                return  # the few that end an epoch: their mean would jump about
            self.usual = steps
            x = event.epoch - 1 + event.step / event.total_steps
            self.train.add(x, event.loss, event.accuracy, event.lr)
        elif isinstance(event, snapshot.Check):
            self.checked, self.confusion = event, event.confusion
            train = self.train.points[-1] if self.train.points else (0.0, event.loss, event.accuracy, 0.0)
            self.val.add(event.epoch, event.loss, event.accuracy, train[1], train[2])
        elif isinstance(event, EpochEnd):
            self._end_epoch(event)

    def begin_anew(self) -> None:
        """Nothing of it was trained yet."""
        self.last, self.epoch, self.worked, self.best, self.newest, self.usual = None, 0, 0.0, None, None, 0
        self.checked, self.confusion, self.view = None, None, {}
        self.train, self.val = Series(mean=True), Series(mean=False)

    def _end_epoch(self, event: EpochEnd) -> None:
        self.epoch, self.newest, self.checked = event.epoch, event, None
        self.val.add(event.epoch, event.val_loss, event.val_accuracy, event.train_loss, event.train_accuracy)
        if self.best is None or event.val_loss < self.best.val_loss:
            self.best = event


# What of a run is saved as it is.
_PLAIN = (
    *("id", "visitor", "number", "colour", "owner", "address", "name", "status", "scale", "rescaled", "late"),
    *("worked", "rate", "epoch", "usual", "metrics", "tested"),
)


def record_of(run: Run) -> dict[str, Any]:
    """What is to be known of a run after the server's death, as JSON."""
    events = {name: asdict(event) if (event := getattr(run, name)) else None for name in ("last", "best", "newest")}
    lines = {name: asdict(getattr(run, name)) for name in ("train", "val")}
    plain = {name: getattr(run, name) for name in _PLAIN}
    return plain | events | lines | {"recipe": run.recipe.to_dict(), "history": []}


def from_record(record: dict[str, Any]) -> Run:
    plain = {name: record[name] for name in _PLAIN}
    lines: dict[str, Any] = {
        name: Series(**record[name] | {"points": [tuple(point) for point in record[name]["points"]], "pending": []})
        for name in ("train", "val")
    }
    kinds = {"last": Step, "best": EpochEnd, "newest": EpochEnd}
    events: dict[str, Any] = {name: kind(**record[name]) if record[name] else None for name, kind in kinds.items()}
    return Run(recipe=Recipe.from_dict(record["recipe"]), ticket=0, **plain, **lines, **events)
