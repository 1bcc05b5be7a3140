"""What a network's report asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet.training.metrics import Bin
from lenet.ui.messages import MAX_COUNT, Parsed, Question, Told, field, garbled, listed, whole

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class AskNetwork(Parsed):
    """What is known of a network; or with its test pictures, what came of them.

    Attributes:
        network: its key: a name in weights/, or a visitor's.
        again: a person has asked for its test pictures, which may then be downloaded.
    """

    network: str
    again: bool


@dataclass(frozen=True)
class LayerFacts:
    """A layer, or a part of one: see `lenet.inference.summary.LayerRow`.

    Attributes:
        part: whether it is a part of the layer before it.
    """

    name: str
    part: bool
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class RecipeRow:
    """A setting, or what came of it; `key` is that of the text that names it."""

    key: str
    said: Told


@dataclass(frozen=True)
class FileOffer:
    """A file that can be made for a network.

    Attributes:
        kind: "weights", "onnx", "web", "csv", "png" or "report".
        suffix: of its name.
        bytes: its size; None until it is made.
    """

    kind: str
    suffix: str
    bytes: int | None


Confusion = tuple[tuple[int, ...], ...]  # counts: the row is the label, the column the answer


@dataclass(frozen=True)
class BinFacts:
    """Answers of about the same confidence: see `lenet.training.metrics.Bin`."""

    count: int
    confidence: float
    accuracy: float

    @classmethod
    def of(cls, found: Bin) -> BinFacts:
        return cls(found.count, found.confidence, found.accuracy)


@dataclass(frozen=True)
class AboutNetwork:
    """All that is known of a network without asking it anything.

    Attributes:
        title: what the page calls it.
        about: what its recipe is.
        classes: names, in the order of all indices.
        accuracy: on its test split, 0 to 1; None where nobody measured it.
        confusion: as its file has it; () where it has none.
        bins: of the calibration plot, in the same way.
        calibration_error: 0 to 1; None without bins.
        layers: in order, each followed by its parts.
        parameters: trainable numbers.
        multiply_adds: for one picture.
        recipe: how it was trained, and what came of it.
        command: what to type to train it again; "" where its recipe is not of this project.
        files: what can be downloaded.
        sample, mistakes: how many test pictures are shown at once, and how many of the most confident mistakes.
        few: answers in a bin of the calibration plot, below which their share of right ones says little.
    """

    title: Told
    about: Told
    classes: tuple[str, ...]
    accuracy: float | None
    confusion: Confusion
    bins: tuple[BinFacts, ...]
    calibration_error: float | None
    layers: tuple[LayerFacts, ...]
    parameters: int
    multiply_adds: int
    recipe: tuple[RecipeRow, ...]
    command: str
    files: tuple[FileOffer, ...]
    sample: int
    mistakes: int
    few: int


@dataclass(frozen=True)
class Idle:
    """Nobody has asked for the test pictures yet, and they would have to be downloaded first."""

    idle: bool = True


@dataclass(frozen=True)
class Waiting:
    """How far the network is with the test pictures that are waited for.

    Attributes:
        done, total: how many are answered, of how many; 0 and 0 until they are loaded.
        seconds: since the network was first asked.
    """

    done: int
    total: int
    seconds: float
    waiting: bool = True


@dataclass(frozen=True)
class AnsweredPicture:
    """A test picture and what the network took it for.

    Attributes:
        position: in the test split.
        label, answer: what it shows and what was answered, indices of the classes.
        confidence: the probability of the answer, 0 to 1.
        image: the picture, at a data: address.
    """

    position: int
    label: int
    answer: int
    confidence: float
    image: str


@dataclass(frozen=True)
class Measured:
    """What all test pictures say of a network: see `lenet.inference.report.Report`.

    Attributes:
        accuracy: 0 to 1.
        errors, total: how many pictures were answered wrong, of how many.
        calibration_error: 0 to 1.
        bins: over confidences from 0 to 1, of equal width.
        confusion: counts.
        mistakes: the most confident wrong answers.
    """

    accuracy: float
    errors: int
    total: int
    calibration_error: float
    bins: tuple[BinFacts, ...]
    confusion: Confusion
    mistakes: tuple[AnsweredPicture, ...]


@dataclass(frozen=True)
class ShowPictures(Parsed):
    """Some of a network's test pictures.

    Attributes:
        network, again: as in `AskNetwork`.
        cell: the label and the answer of a cell of the confusion matrix; None for random pictures.
        page: of the cell's pictures, from 0; or random pictures' seed.
    """

    network: str
    again: bool
    cell: tuple[int, int] | None
    page: int

    @classmethod
    def read(cls, question: Question) -> Self:
        asked = AskNetwork.read(question)
        return cls(asked.network, asked.again, _cell(question), whole(field(question, "page"), MAX_COUNT))


def _cell(question: Question) -> tuple[int, int] | None:
    if field(question, "cell") is None:
        return None
    numbers = listed(question, "cell")
    if len(numbers) != 2:
        raise garbled()
    label, answer = (whole(value, MAX_COUNT) for value in numbers)
    return label, answer


@dataclass(frozen=True)
class Pictures:
    """The pictures that were asked for, the most confident answer first if they are of a cell.

    Attributes:
        found: how many there are in the cell, or in the test split.
        first: the place of the first one among these, from 0.
        more: whether there are more.
    """

    pictures: tuple[AnsweredPicture, ...]
    found: int
    first: int
    more: bool


@dataclass(frozen=True)
class KeepFile(Parsed):
    """A file to download; `kind` as in `FileOffer`."""

    network: str
    kind: str


@dataclass(frozen=True)
class KeptFile:
    """A file that Gradio serves: its name, and its path on the server."""

    name: str
    path: str
