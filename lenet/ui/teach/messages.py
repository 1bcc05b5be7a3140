"""What "Your own classes" asks and is answered; what comes of it is kept as `lenet.ui.shared.messages` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet.training.teaching import MAX_CLASSES, MAX_EXAMPLES
from lenet.ui.messages import Parsed, Question, VisitorKey, content, dicts, garbled, listed, text, visitor

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class PrepareTeaching(Parsed):
    """A visitor has begun: what the first one needs is made meanwhile."""


@dataclass(frozen=True)
class BeginTeaching(Parsed):
    """To teach a visitor's classes.

    Attributes:
        kind: "drawings" or "photos".
        classes: each one's name and examples: of a drawing the 784 bytes of 28x28 pixels, of a photo a small JPEG.
    """

    visitor: VisitorKey
    kind: str
    classes: tuple[tuple[str, tuple[bytes, ...]], ...]

    @classmethod
    def read(cls, question: Question) -> Self:
        kind, classes = text(question, "kind"), dicts(question, "classes", MAX_CLASSES)
        examples = [listed(one, "examples") for one in classes]
        if kind not in ("drawings", "photos") or max(map(len, examples), default=0) > MAX_EXAMPLES:
            raise garbled()
        made = ((text(one, "name"), tuple(map(content, of))) for one, of in zip(classes, examples, strict=True))
        return cls(visitor(question), kind, tuple(made))


@dataclass(frozen=True)
class SeparatePicture(Parsed):
    """To find the drawings on a picture of paper.

    Attributes:
        picture: a data: address.
    """

    picture: str


@dataclass(frozen=True)
class SeparatedPicture:
    """Drawings, the 784 bytes of 28x28 pixels each, in base64."""

    examples: tuple[str, ...]
