"""What the Draw tab asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet.training.correcting import MAX_CORRECTIONS
from lenet.ui.messages import (
    MAX_COUNT,
    Parsed,
    Question,
    Told,
    VisitorKey,
    content,
    dicts,
    field,
    flag,
    text,
    visitor,
    whole,
)
from lenet.ui.shared.messages import Digit, Mark, Parts

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class ReadDrawing(Parsed):
    """What is on the pad, and whom it is shown to.

    Attributes:
        picture: the file's data: address.
        network: the key of the network that is asked.
        pipeline: "modern" or "classic", as in `DigitClassifier.predict`.
    """

    picture: str
    network: str
    pipeline: str


@dataclass(frozen=True)
class FetchNetwork(Parsed):
    """A network that the browser is to compute by itself; its key."""

    network: str


@dataclass(frozen=True)
class OfDigit(Parsed):
    """Something about one digit of a drawing.

    Attributes:
        digit: its place in `Reading.digits`.
        certain: a person has said that it is a digit.
    """

    drawing: ReadDrawing
    digit: int
    certain: bool

    @classmethod
    def read(cls, question: Question) -> Self:
        digit = whole(field(question, "digit"), MAX_COUNT)
        return cls(ReadDrawing.read(question), digit, flag(question, "certain"))


@dataclass(frozen=True)
class LookInside(Parsed):
    """What stood behind the answer to a digit."""

    of: OfDigit
    parts: Parts


@dataclass(frozen=True)
class SeenDigit:
    """The picture of 28x28 pixels that a network saw of a digit, a byte each in base64."""

    picture: str


@dataclass(frozen=True)
class Beside:
    """What the shipped network reads in a drawing that a visitor's own one is asked about.

    Attributes:
        caption: what every tab calls the network.
        accuracy: of its test pictures, a fraction; null where it was not measured.
        digits, marks: as in `Reading`.
    """

    caption: Told
    accuracy: float | None
    digits: list[Digit]
    marks: list[Mark]


@dataclass(frozen=True)
class Reading:
    """The answer to a drawing.

    Attributes:
        digits: in reading order; of an empty pad one, whose verdict is "blank".
        marks: what stands beside them, in reading order.
        beside: null where the network that is asked is shipped itself.
        milliseconds: that reading it took, preprocessing and network; 0.0 where the server still knew the answer.
        training: a network is trained on the same cores meanwhile, so the page should ask less often.
    """

    digits: list[Digit]
    marks: list[Mark]
    beside: Beside | None
    milliseconds: float
    training: bool


@dataclass(frozen=True)
class BeginCorrecting(Parsed):
    """To have a copy of a network learn a visitor's corrections.

    Attributes:
        network: its key.
        corrections: of each the 784 bytes of 28x28 pixels, and what it is: "0" to "9" or "not a digit".
    """

    visitor: VisitorKey
    network: str
    corrections: tuple[tuple[bytes, str], ...]

    @classmethod
    def read(cls, question: Question) -> Self:
        given = dicts(question, "corrections", MAX_CORRECTIONS)
        made = ((content(field(one, "picture")), text(one, "truth")) for one in given)
        return cls(visitor(question), text(question, "network"), tuple(made))
