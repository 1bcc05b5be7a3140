"""What the Train tab asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lenet.ui.messages import Parsed, Question, Told, field, flag, garbled, named, number, text, visitor

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class LookAtRuns(Parsed):
    """How far a visitor's runs are: see `lenet.ui.train.runs.Runs.look`.

    Attributes:
        known: what the page knows, by run.
        watched: the run that it shows; "" for none.
        wait: answer after a moment, in which something may change.
    """

    visitor: str
    known: dict[str, Any]
    watched: str
    wait: bool

    @classmethod
    def read(cls, question: Question) -> Self:
        watched = question.get("watched")
        return cls(
            visitor(question),
            named(question, "known"),
            watched if isinstance(watched, str) else "",
            flag(question, "wait"),
        )


@dataclass(frozen=True)
class RunsUnderWay:
    """Whether a run of the visitor's waits or trains."""

    active: bool


Settings = dict[str, str | int | float]  # by field, and "recipe"


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

    visitor: str
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

    visitor: str
    run: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(visitor(question), text(question, "run"))


@dataclass(frozen=True)
class TellRun(Parsed):
    """What a visitor wants of a run.

    Attributes:
        order: one of `ORDERS`.
        value: the new name for "rename"; what the learning rate is multiplied by for "scale"; else None.
    """

    ORDERS: ClassVar = ("pause", "resume", "step", "stop", "remove", "rename", "scale")

    visitor: str
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
    """To ask a run's network, at each look at it, also about what the visitor has drawn.

    Attributes:
        picture: a data: address; "" for an empty pad.
    """

    visitor: str
    run: str
    picture: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(visitor(question), text(question, "run"), text(question, "picture"))


@dataclass(frozen=True)
class ShareLink(Parsed):
    """To get a link at an address that others reach.

    Attributes:
        link: the page's address as the visitor sees it, with the settings in its query.
    """

    link: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "link"))


@dataclass(frozen=True)
class NetworkFile:
    """A file that the script hands to its visitor.

    Attributes:
        file: its bytes in base64.
    """

    name: str
    file: str
