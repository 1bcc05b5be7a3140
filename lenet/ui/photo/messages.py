"""What the Photo tab asks and is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lenet.inference.photos import Crop, PhotoPrediction
from lenet.preprocessing.stages import Box
from lenet.ui.messages import Parsed, Question, Told, text
from lenet.ui.shared.messages import Stage

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on


@dataclass(frozen=True)
class OpenPhoto(Parsed):
    """To keep a photo; one of the three says where it is.

    Attributes:
        picture: a data: address.
        url: a web address.
        example: the name of one of the page's own.
    """

    picture: str | None = None
    url: str | None = None
    example: str | None = None

    @classmethod
    def read(cls, question: Question) -> Self:
        source = next((name for name in ("example", "url") if name in question), "picture")
        return cls(**{source: text(question, source)})


@dataclass(frozen=True)
class OpenedPhoto:
    """A photo that the server keeps.

    Attributes:
        photo: the key by which it is known.
        address: a data: address at which it stands upright.
        width, height: in pixels.
    """

    photo: str
    address: str
    width: int
    height: int


@dataclass(frozen=True)
class PhotoCrop:
    """A part of a photo that a network looked at.

    Attributes:
        box: left, top, right, bottom, as fractions of the upright photo, 0 to 1.
        mirrored: left and right were swapped.
        padded: it reaches beyond the photo, which goes on there as in a mirror.
        label, confidence: the likeliest class from this crop alone, and its probability, 0 to 1.
        weight: how much the crop counts in the answer; the weights of all sum to 1.
    """

    box: Box
    mirrored: bool
    padded: bool
    label: str
    confidence: float
    weight: float


@dataclass(frozen=True)
class PhotoAnswer:
    """What a network says of a photo.  A class is named as the network names it, in English.

    Attributes:
        label: the likeliest class, also where the verdict is "unknown".
        confidence: its probability, 0 to 1.
        verdict: "sure", "unsure", or "unknown" where the photo seems to show none of the classes.
        probs: each class's probability, in class order; they sum to 1.
        ood_score: how unlike the training data the photo is, 0 to 1; see `lenet.inference.photos`.
        crops: what was looked at, the first one first.
    """

    label: str
    confidence: float
    verdict: str
    probs: dict[str, float]
    ood_score: float
    crops: tuple[PhotoCrop, ...]

    @classmethod
    def of(cls, prediction: PhotoPrediction) -> PhotoAnswer:
        return cls(
            label=prediction.label,
            confidence=prediction.confidence,
            verdict=prediction.verdict,
            probs=prediction.probs,
            ood_score=prediction.ood_score,
            crops=tuple(map(_crop, prediction.crops)),
        )


def _crop(crop: Crop) -> PhotoCrop:
    label, confidence = max(crop.probs.items(), key=lambda item: item[1])
    return PhotoCrop(crop.box, crop.mirrored, crop.padded, label, confidence, crop.weight)


@dataclass(frozen=True)
class NamedPhoto:
    """An answer, and how it came about.

    Attributes:
        milliseconds: of one core, preparing the photo included.
        stages: from the photo to the very picture that the network saw.
    """

    answer: PhotoAnswer
    milliseconds: float
    stages: list[Stage]


@dataclass(frozen=True)
class Gone:
    """The photo is no longer kept."""

    gone: bool = True


@dataclass(frozen=True)
class PhotoNetwork:
    """A network that can be asked about photos.

    Attributes:
        key: what the page knows it by.
        caption: what the page calls it.
        parameters: trainable numbers.
        accuracy: on its test split, 0 to 1; None where nobody measured it.
        classes: names.
    """

    key: str
    caption: Told
    parameters: int
    accuracy: float | None
    classes: tuple[str, ...]


@dataclass(frozen=True)
class PhotoNetworks:
    """The networks to ask about photos; the value of the Photo tab.

    Attributes:
        network: the key of the one to ask.
        wanted: whether also where the visitor has chosen another.
        networks: the default one, the visitor's own, and then the others, the most accurate first.
    """

    network: str
    wanted: bool
    networks: tuple[PhotoNetwork, ...]
