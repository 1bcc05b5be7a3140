"""What the Zoo tab asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet.ui.messages import Parsed, Question, Told, listed

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class ListNetworks(Parsed):
    """Which networks there are.

    Attributes:
        yours: keys of the visitor's own networks, the newest first.
    """

    yours: tuple[str, ...]

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(tuple(dict.fromkeys(map(str, listed(question, "yours")))))


@dataclass(frozen=True)
class NetworkRow:
    """A network in the list.

    Attributes:
        key: what the page knows it by.
        name: what it is called, by its file or by a visitor.
        model, dataset: names in MODELS and DATASETS.
        parameters: trainable numbers.
        multiply_adds: for one picture.
        accuracy: on its test split, 0 to 1; None where nobody measured it.
        train_seconds: None where nobody knows.
        on_gpu: whether it was trained on one.
        file_bytes: its file's size.
    """

    key: str
    name: Told
    model: str
    dataset: str
    parameters: int
    multiply_adds: int
    accuracy: float | None
    train_seconds: float | None
    on_gpu: bool
    file_bytes: int


@dataclass(frozen=True)
class Family:
    """Networks of one kind.

    Attributes:
        name: "yours", "photos" or "digits".
        networks: of "photos" and "digits" the most accurate first; of "yours" the newest.
    """

    name: str
    networks: tuple[NetworkRow, ...]


@dataclass(frozen=True)
class NetworkList:
    """All networks that a visitor can look at; a family without any is left out.

    Attributes:
        gone: how many of the visitor's own are kept no longer.
    """

    families: tuple[Family, ...]
    gone: int


@dataclass(frozen=True)
class Remark:
    """What is said of an upload, or why it was refused.

    Attributes:
        problem: whether something went wrong.
    """

    said: Told
    problem: bool
