"""What the Train tab asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lenet.ui.messages import Parsed, Question, Told, VisitorKey, field, flag, garbled, named, number, text, visitor

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


Settings = dict[str, str | int | float]  # by field, and "recipe"


@dataclass(frozen=True)
class Known:
    """What the page knows of a run, so that it is told the rest.

    Attributes:
        version: of the facts.
        train, val: of each line how many measurements a point stands for, and how many points there are.
        snapshot: its number.
    """

    version: int = -1
    train: tuple[int, int] = (0, 0)
    val: tuple[int, int] = (0, 0)
    snapshot: int = 0

    @classmethod
    def of(cls, said: Any) -> Known:
        """From [version, [merged, points], [merged, points], snapshot]; of what is not so, nothing is known."""
        try:
            version, train, val, snapshot = said
            (merged, points), (val_merged, val_points) = train, val
            return cls(int(version), (int(merged), int(points)), (int(val_merged), int(val_points)), int(snapshot))
        except (TypeError, ValueError, OverflowError):
            return cls()


@dataclass(frozen=True)
class LookAtRuns(Parsed):
    """How far a visitor's runs are.

    Attributes:
        known: by run.
        watched: the run that the page shows; "" for none.
        wait: answer after a moment, in which something may change.
    """

    visitor: VisitorKey
    known: dict[str, Known]
    watched: str
    wait: bool

    @classmethod
    def read(cls, question: Question) -> Self:
        watched = question.get("watched")
        return cls(
            visitor(question),
            {run: Known.of(said) for run, said in named(question, "known").items()},
            watched if isinstance(watched, str) else "",
            flag(question, "wait"),
        )


@dataclass(frozen=True)
class Line:
    """What is new of a line in a chart.

    Attributes:
        merged: how many measurements a point stands for.
        first: the place of the first of these points, from 0; what the page knows before it stays.
        points: the place on the x axis, in epochs, and what was measured there.
    """

    merged: int
    first: int
    points: list[list[float]]


@dataclass(frozen=True)
class Waiting:
    """Where a run is in the queue.

    Attributes:
        place: from 1.
        seconds: until its turn.
        known: whether all runs before it are known to take so long.
    """

    place: int
    seconds: float
    known: bool


@dataclass(frozen=True)
class Ahead:
    """Another visitor's run that trains just now, to be watched by those who wait.

    Attributes:
        recipe: a name in RECIPES.
        epochs: of the whole run.
        done: the fraction of it that is done.
        train: (epochs so far, loss, accuracy), few points.
        val: (epochs so far, validation loss and accuracy).
    """

    recipe: str
    epochs: int
    done: float
    train: list[list[float]]
    val: list[list[float]]


@dataclass(frozen=True)
class Downloading:
    """How far a data set is on its way from the web; `seconds` that are left, or None where nobody knows."""

    bytes: int
    total: int
    seconds: float | None


@dataclass(frozen=True)
class Replayed:
    """That a run shows another one with the same settings.

    Attributes:
        live: whether that one trains just now.
        ago: seconds since it ended.
    """

    live: bool
    ago: float


@dataclass(frozen=True)
class Snapshot:
    """What a network looks like while it learns; `number` counts them.

    Attributes:
        view: see `lenet.ui.train.snapshot.view`, and "confusion": counts, a row for each label.
    """

    number: int
    view: dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """A network's answer to a drawing.

    Attributes:
        drawing: which one, see `AskedDrawing`.
        probs: a probability for each class.
    """

    drawing: str
    probs: list[float]


@dataclass(frozen=True)
class SameRun:
    """A run of which the page knows all, by its id."""

    id: str


@dataclass(frozen=True)
class RunFacts:
    """A run.

    Attributes:
        id: what the page knows it by.
        version: counts all that changes what the page shows.
        number: among the visitor's runs, from 1.
        name: what its visitor calls it, or "".
        colour: its place in the page's palette.
        status: "loading", "waiting", "running", "measuring", "paused", "away", "done", "stopped" or "failed".
        problem: why it failed, or rests without having been told to, in the language that is spoken, or "".
        without_data: that is because its data set cannot be had here.
        late: it was stopped because a run may take no longer.
        pausing, stopping: what it will do at its next step.
        until: the epoch after which it pauses, or None.
        recipe, dataset: names in RECIPES and DATASETS.
        settings: by field of the form.
        digits: whether its network reads digits, so that it can be asked about a drawing.
        drawn: its network's newest answer to the newest drawing; None without one.
        grey: whether its pictures have one channel.
        epochs: of the whole run.
        epoch: how many are done.
        step: epoch, step and steps an epoch of its last step; None before the first.
        done: the fraction of the run that is done.
        lr: the learning rate of its next step; `scale` times the schedule's, and `rescaled` if that was changed.
        speed: images a second; None before the first step.
        left: seconds of training that it still needs; None where nobody knows.
        worked: seconds of training, evaluation included.
        best: epoch, validation loss and accuracy of the epoch with the lowest loss; None before the first.
        newest: epochs so far, validation loss and accuracy; None before the first validation.
        restored: it comes from a server that has died.
        replay: None where it is trained itself.
        network: the key of what it has learned, or "".
        gone: its network made room for others.
        metrics: of its network, as in its weights file; {} before its end.
        verdict: what is wrong with it, in the language that is spoken, or "".
        tested: on how many test pictures its network was measured.
        train: (epochs so far, loss, accuracy, learning rate), means over a moment each.
        val: (epochs so far, validation loss and accuracy, training loss and accuracy).
        download: where its data set is on its way.
        waiting: where it is in the queue.
        ahead: while it waits and the page shows it, the run that trains; None where that is the visitor's own.
        snapshot: where the page shows this run, and does not know the newest one.
    """

    id: str
    version: int
    number: int
    name: str
    colour: int
    status: str
    problem: str
    without_data: bool
    late: bool
    pausing: bool
    stopping: bool
    until: int | None
    recipe: str
    settings: Settings
    dataset: str
    digits: bool
    drawn: Drawn | None
    grey: bool
    epochs: int
    epoch: int
    step: tuple[int, int, int] | None
    done: float
    lr: float
    scale: float
    rescaled: bool
    speed: float | None
    left: float | None
    worked: float
    best: tuple[int, float, float] | None
    newest: tuple[float, float, float] | None
    restored: bool
    replay: Replayed | None
    network: str
    gone: bool
    metrics: dict[str, float]
    verdict: str
    tested: int
    train: Line
    val: Line
    download: Downloading | None
    waiting: Waiting | None
    ahead: Ahead | None
    snapshot: Snapshot | None


@dataclass(frozen=True)
class Example:
    """A run that was trained before, for charts that have none.

    Attributes:
        name: its recipe's.
        epochs: of the whole run.
        train: (epochs so far, loss, accuracy).
        val: (epochs so far, validation loss and accuracy).
        confusion: of the test images: counts, a row for each label.
        filters: see `lenet.ui.train.snapshot.filters`.
    """

    name: str
    epochs: int
    train: list[list[float]]
    val: list[list[float]]
    confusion: list[list[int]]
    filters: dict[str, Any] | None


@dataclass(frozen=True)
class FoundRuns:
    """The visitor's runs, the oldest first."""

    runs: tuple[RunFacts | SameRun, ...]


@dataclass(frozen=True)
class RunsUnderWay:
    """Whether a run of the visitor's waits or trains."""

    active: bool


def _settings(question: Question) -> Settings:
    values = named(question, "settings")
    if not all(isinstance(value, (str, int, float)) for value in values.values()):
        raise garbled()
    return values


@dataclass(frozen=True)
class CheckSettings(Parsed):
    """What is wrong with settings."""

    settings: Settings

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(_settings(question))


@dataclass(frozen=True)
class Problems:
    """What is wrong with settings, by field."""

    problems: dict[str, Told]


@dataclass(frozen=True)
class BeginRun(Parsed):
    """To start a run."""

    visitor: VisitorKey
    settings: Settings

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(visitor(question), _settings(question))


@dataclass(frozen=True)
class BegunRun:
    """A run that waits or trains, by its id."""

    run: str


@dataclass(frozen=True)
class OfRun(Parsed):
    """Something that only says which run is meant, by its id."""

    visitor: VisitorKey
    run: str


@dataclass(frozen=True)
class TellRun(Parsed):
    """What a visitor wants of a run.

    Attributes:
        order: one of `ORDERS`.
        value: the new name for "rename"; what the learning rate is multiplied by for "scale"; else None.
    """

    ORDERS: ClassVar = ("pause", "resume", "step", "stop", "remove", "rename", "scale")

    visitor: VisitorKey
    run: str
    order: str
    value: str | float | None

    @classmethod
    def read(cls, question: Question) -> Self:
        order = text(question, "order")
        if order not in cls.ORDERS:
            raise garbled()
        value: str | float | None = None
        if order == "rename":
            value = text(question, "value")
        elif order == "scale":
            value = number(field(question, "value"))
        return cls(visitor(question), text(question, "run"), order, value)


@dataclass(frozen=True)
class ShowDrawing(Parsed):
    """To ask a run's network about what the visitor has drawn: at each look at it, and at its end.

    Attributes:
        picture: a data: address; "" for an empty pad.
    """

    visitor: VisitorKey
    run: str
    picture: str


@dataclass(frozen=True)
class AskedDrawing:
    """The name that a drawing's answer will bear; "" where nothing is asked."""

    drawing: str


@dataclass(frozen=True)
class ShareLink(Parsed):
    """To get a link at an address that others reach.

    Attributes:
        link: the page's address as the visitor sees it, with the settings in its query.
    """

    link: str


@dataclass(frozen=True)
class NetworkFile:
    """A file that the script hands to its visitor.

    Attributes:
        file: its bytes in base64.
    """

    name: str
    file: str
