"""What several tabs ask and are answered: facts of a drawing, of a photo, and of a visitor's own network.

They are plain JSON once `dataclasses.asdict` has made dicts of them.  No language and no markup is in them: the
browser says and shows them.  It makes the same ones where it computes an answer itself.  Two fields then differ, so
that nothing is encoded only to be decoded: `cells` is a Uint8Array in place of base64, and a `Stage`'s `image` is
{"shape": [height, width], "cells": Uint8Array} in place of an address.

A class is named as the network names it, in English.  The pictures of digits have H rows and W columns, row by row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lenet.errors import ImageError
from lenet.preprocessing.stages import Box
from lenet.ui.messages import (
    Parsed,
    Question,
    Sentence,
    VisitorKey,
    content,
    field,
    garbled,
    listed,
    number,
    text,
    visitor,
    whole,
)

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class Parts(Parsed):
    """Which parts of a `Behind` are wanted.

    Attributes:
        network: the key of the network that answered.
        why: what spoke for the answer.
        inside: the telling layers; with `every`, all of them.
        steps: what the network saw.
    """

    network: str
    why: bool
    inside: bool
    every: bool
    steps: bool


@dataclass(frozen=True)
class NamePhoto(Parsed):
    """What one network makes of a kept photo.

    Attributes:
        photo, network: their keys.
        box: the part to look at, as fractions of the photo; None for what the network makes of the whole.
    """

    photo: str
    network: str
    box: Box | None

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "photo"), text(question, "network"), _box(question))


def _box(question: Question) -> Box | None:
    if field(question, "box") is None:
        return None
    edges = [number(edge) for edge in listed(question, "box")]
    if len(edges) != 4:
        raise garbled()
    if not all(map(math.isfinite, edges)):
        raise ImageError("The box is not in the picture: drag it again.")
    return edges[0], edges[1], edges[2], edges[3]


@dataclass(frozen=True)
class LookAtPhoto(Parsed):
    """What stood behind the answer to a photo."""

    of: NamePhoto
    parts: Parts


@dataclass(frozen=True)
class TracePhoto(Parsed):
    """How a number of a map came about.

    Attributes:
        of: the answer that the map stands behind.
        layer: its name in the network's table.
        place: map, row and column, from 0.
    """

    MOST: ClassVar = 100_000  # maps, rows or columns

    of: NamePhoto
    layer: str
    place: tuple[int, int, int]

    @classmethod
    def read(cls, question: Question) -> Self:
        channel, row, column = (whole(field(question, name), cls.MOST) for name in ("map", "row", "column"))
        return cls(NamePhoto.read(question), text(question, "layer"), (channel, row, column))


@dataclass(frozen=True)
class OwnNetwork(Parsed):
    """A network that a visitor's browser keeps.

    Attributes:
        network: the key by which the server knew it.
        file: its weights, should the server have forgotten it.
    """

    network: str
    file: bytes | None

    @classmethod
    def read(cls, question: Question) -> Self:
        file = question.get("file")
        return cls(text(question, "network"), None if file is None else content(file))


@dataclass(frozen=True)
class ExportOwn(Parsed):
    """A file of such a network; `kind` as in `FileOffer`."""

    KINDS: ClassVar = ("weights", "onnx", "web")

    visitor: VisitorKey
    own: OwnNetwork
    kind: str

    @classmethod
    def read(cls, question: Question) -> Self:
        kind = text(question, "kind")
        if kind not in cls.KINDS:
            raise garbled()
        return cls(visitor(question), OwnNetwork.read(question), kind)


@dataclass(frozen=True)
class OwnFile:
    """A file of a network, and the key by which the server knows the network now.

    Attributes:
        file: its bytes in base64.
    """

    network: str
    name: str
    file: str


@dataclass(frozen=True)
class Digit:
    """What a network says of one digit of a drawing.

    Attributes:
        label: the likeliest class, also where the verdict is "not_digit"; "" where it is "blank".
        confidence: its probability, 0 to 1.
        probs: each class's probability, 0 to 1, in class order; they sum with `p_not_digit` to 1, or to 0 for "blank".
        p_not_digit: the probability that it is no digit, 0 to 1; null of a network that did not learn what is none.
        verdict: "sure", "unsure", "not_digit" or "blank", see `lenet.inference.digits.DigitPrediction`.
        box: left, top, right, bottom of its ink, as fractions of the picture's width and height, 0 to 1.
        touching: it may be two digits that touch, or a digit and the ring around it.
        among_letters: it may be a letter, for of what stands close beside it much is no digit.
    """

    label: str
    confidence: float
    probs: dict[str, float]
    p_not_digit: float | None
    verdict: str
    box: list[float]
    touching: bool
    among_letters: bool


@dataclass(frozen=True)
class Mark:
    """What stands beside the digits of a drawing and is none.

    Attributes:
        kind: "point" (or a comma), "minus", "plus", "times", "equals", "slash", "opening" and "closing" (brackets) and
            "percent" were written; "box", "line" and "ring" were printed or drawn for the digits.
        box: as in `Digit`.
        before: the place of the digit that it stands before, in reading order; their number after the last one.
    """

    kind: str
    box: list[float]
    before: int


@dataclass(frozen=True)
class Stage:
    """A step of the way from a picture to network input.  The last one shows the very picture that the network sees.

    Attributes:
        name: of the step, in English, such as "Cropped".
        why: it is done.
        shape: [height, width] in pixels.
        image: a data: address, at which there may be fewer pixels than `shape` says.
    """

    name: Sentence
    why: Sentence
    shape: list[int]
    image: str


@dataclass(frozen=True)
class Layer:
    """A layer's answer to one digit, or to one photo.

    Attributes:
        name: in the network's table, such as "pool1".
        kind: what it does, in plain words.
        telling: enough for a first look: the last layer of its group, see `lenet.inference.explain.Layer`.
        shape: [maps, height, width] or [numbers], of what `cells` holds.
        of: how many maps the layer has, where `cells` holds only the strongest ones; else null.
        maps: the places of those, from 0, in order; null where `of` is.
        labels: what each number stands for, in the last layer: the classes in order, and "" for none of them.
            Else null.
        said: what a person hears of each map or number: the strongest value of a map, or the number itself,
            rounded to two decimals.
        signed: how `cells` is to be read.
        scale: the largest absolute value that `cells` holds, above 0.
        cells: a byte for each value, in base64: from 0 for nothing to 255 for `scale`, or of a `signed` layer from
            1 for -`scale` by 128 for nothing to 255.  The last layer's are taken against their mean, since a softmax
            sees no more of them.  Null, as `said` is, for a layer that is not asked for.
    """

    name: str
    kind: Sentence
    telling: bool
    shape: list[int]
    of: int | None
    maps: list[int] | None
    labels: list[str] | None
    said: list[float] | None
    signed: bool
    scale: float
    cells: str | None


@dataclass(frozen=True)
class WorkingsPart:
    """What a number of a map took from one map before it.

    Attributes:
        source: the place of that map, from 0.
        size: rows and columns of the filter and of the patch, which come row by row; no filter in pooling.
        sum: of filter times patch.
    """

    source: int
    size: list[int]
    filter: list[float] | None
    patch: list[float]
    sum: float


@dataclass(frozen=True)
class WorkingsStep:
    """What a layer made of a number."""

    name: str
    value: float


@dataclass(frozen=True)
class Workings:
    """How a number of a map came about.  The browser makes the same where it computes the layers (draw/trace.js).

    Attributes:
        op: of the layer that took it from a patch: "conv", "max" or "mean"; "other" where it is told by `steps` alone.
        parts: those that counted most.
        others, rest: how many more there are, and their sum.
        bias: what was added.
        steps: that layer, and those behind it that changed the number; none where the photo is no longer kept.
    """

    op: str = "other"
    parts: tuple[WorkingsPart, ...] = ()
    others: int = 0
    rest: float = 0.0
    bias: float = 0.0
    steps: tuple[WorkingsStep, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Which ink spoke for a digit's answer, and which for the runner-up.

    Attributes:
        side: the picture's height and width in pixels.
        ink: what the network saw, 0 to 255, (side, side) in base64.
        cells: as in `Layer`, signed, (side, side): positive where the ink spoke for the answer.
        label: the answer; "" where it is that this is no digit.
        runner_up: the likeliest class beside it.
        gain, loss: the sums of what spoke for the one (0 or more) and for the other (0 or less), in logits.
    """

    side: int
    ink: str
    cells: str
    label: str
    runner_up: str
    gain: float
    loss: float


@dataclass(frozen=True)
class Change:
    """The ink that would make a digit another one.

    Attributes:
        side, ink: as in `Evidence`.
        cells: as in `Layer`, signed, (side, side): positive where ink is added, negative where it is taken away.
        target: the class that is wanted.
        probability: of it, once changed.
        reached: it is then the likeliest.
    """

    side: int
    ink: str
    cells: str
    target: str
    probability: float
    reached: bool


@dataclass(frozen=True)
class PhotoEvidence:
    """Which parts of a photo spoke for its answer, and which against.

    Attributes:
        frame: a data: address of the square that the network looked at.
        heat: a data: address of the colours to lay over it: the stronger what a part said, the less transparent.
        label: the answer.
        gain, loss: the sums of what spoke for it (0 or more) and against it (0 or less), in logits.
    """

    frame: str
    heat: str
    label: str
    gain: float
    loss: float


@dataclass(frozen=True)
class Behind:
    """What stood behind the answer to one digit, or to one photo; null where it is not asked for, or nothing is drawn.

    Attributes:
        layers: in order, the last one holding the logits.
        stages: from the picture to what the network saw; of an empty pad too.
        blank: nothing is drawn.
    """

    why: Evidence | PhotoEvidence | None = None
    layers: list[Layer] | None = None
    stages: list[Stage] | None = None
    blank: bool = False
