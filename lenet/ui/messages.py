"""What the scripts ask the server and what it answers, and how a failure is told.

    @answering
    def list_networks(server: Server, question: ListNetworks) -> NetworkList:
        ...                                     # a LeNetError, or a bug

A question arrives as a dict that anybody may have written.  `answering` reads it once, with the `read` of the
class that the function names: only `read` may say that the question is wrong.  After that the function calls the
modules, and `answering` turns what they raise into the "problem" of an answer: a `LeNetError` says what is wrong,
and anything else is a bug, which is logged with its traceback and told as a fault of ours.

An answer is a dataclass of facts, without markup: the tab's script makes the page of them, in any language.
What a fact says in words is a `Told`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import inspect
import logging
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar, get_type_hints

import gradio as gr

from lenet.errors import ImageError, LeNetError, Text
from lenet.inference.photos import Crop, PhotoPrediction
from lenet.inference.untrusted import BYTES_AT_MOST
from lenet.preprocessing.stages import Box
from lenet.training.correcting import MAX_CORRECTIONS
from lenet.training.metrics import Bin
from lenet.training.teaching import MAX_CLASSES, MAX_EXAMPLES
from lenet.ui.shared import texts, threads

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on

Question = dict[str, Any]
Answer = dict[str, Any]
# Words for shared/language.js's `spoken`: a text of the page as {"key", "values"}, what a module says as a `Sentence`,
# or as {language: words}, several of these as a list, or what is the same in each language as a string.
Told = dict[str, Any] | list[Any] | str

COUNT_AT_MOST = 1_000_000  # of test pictures, or of pages of them: no data set here has as many

GARBLED = "The page asked something that the server does not understand. Reload the page and try again."
OURS = Text("Something failed on the server. The fault is ours, and it was logged. Try again, or reload the page.")


class QuestionError(LeNetError):
    """A question that no script of this page asks."""


# --------------------------------------------------------------------------------------------------
# Reading a question


def garbled() -> QuestionError:
    return QuestionError(GARBLED)


def field(question: Question, name: str) -> Any:
    """What the question says of `name`; all of these raise QuestionError where it is not what it must be."""
    if name not in question:
        raise garbled()
    return question[name]


def text(question: Question, name: str) -> str:
    value = field(question, name)
    if not isinstance(value, str):
        raise garbled()
    return value


def flag(question: Question, name: str) -> bool:
    """Whether `name` is true; one that is missing is not."""
    return bool(question.get(name))


def listed(question: Question, name: str) -> list[Any]:
    value = field(question, name)
    if not isinstance(value, (list, tuple)):
        raise garbled()
    return list(value)


def named(question: Question, name: str) -> dict[str, Any]:
    value = field(question, name)
    if not isinstance(value, dict):
        raise garbled()
    return dict(value)


def number(value: Any) -> float:
    """A number, of any size; not finite where it is too large."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise garbled()
    try:
        return float(value)
    except OverflowError:  # of hundreds of digits
        return math.inf
    except ValueError:
        raise garbled() from None


def whole(value: Any, most: int) -> int:
    """A whole number from 0 to `most`."""
    found = number(value)
    if not (0 <= found <= most and found == int(found)):
        raise garbled()
    return int(found)


def content(value: Any) -> bytes:
    """What stands there in base64, of no more bytes than a file may have."""
    if not isinstance(value, str) or len(value) > BYTES_AT_MOST * 4 // 3 + 4:
        raise garbled()
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise garbled() from None


def visitor(question: Question) -> str:
    """The key by which a browser is known.

    Raises:
        QuestionError: it is not 32 hex digits.
    """
    key = text(question, "visitor")
    if not re.fullmatch("[0-9a-f]{32}", key):
        raise garbled()
    return key


def sent(event: gr.EventData) -> Question:
    """What a script has given to `trigger`."""
    data = getattr(event, "_data", None)
    if not isinstance(data, dict):
        raise garbled()
    return data


def language(question: Any) -> str:
    """The language that the question names; English where it names none."""
    return str(question.get("language")) if isinstance(question, dict) else texts.DEFAULT


# --------------------------------------------------------------------------------------------------
# Questions and answers


@dataclass(frozen=True)
class Parsed:
    """A question that `answering` has read; each kind has the fields that it needs."""

    @classmethod
    def read(cls, question: Question) -> Self:
        """Raises QuestionError where the question is not what it must be."""
        raise NotImplementedError


# --- the Zoo tab ---


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


# --- the Draw tab ---


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

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(*(text(question, name) for name in ("picture", "network", "pipeline")))


@dataclass(frozen=True)
class FetchNetwork(Parsed):
    """A network that the browser is to compute by itself; its key."""

    network: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "network"))


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
        digit = whole(field(question, "digit"), COUNT_AT_MOST)
        return cls(ReadDrawing.read(question), digit, flag(question, "certain"))


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

    @classmethod
    def read(cls, question: Question) -> Self:
        wanted = (flag(question, name) for name in ("why", "inside", "every", "steps"))
        return cls(text(question, "network"), *wanted)


@dataclass(frozen=True)
class LookInside(Parsed):
    """What stood behind the answer to a digit."""

    of: OfDigit
    parts: Parts

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(OfDigit.read(question), Parts.read(question))


@dataclass(frozen=True)
class SeenDigit:
    """The picture of 28x28 pixels that a network saw of a digit, a byte each in base64."""

    picture: str


# --- the Photo tab ---


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
class LookAtPhoto(Parsed):
    """What stood behind the answer to a photo."""

    of: NamePhoto
    parts: Parts

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(NamePhoto.read(question), Parts.read(question))


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


# --- a network's report ---


@dataclass(frozen=True)
class AskNetwork(Parsed):
    """What is known of a network; or with its test pictures, what came of them.

    Attributes:
        network: its key: a name in weights/, or a visitor's.
        again: a person has asked for its test pictures, which may then be downloaded.
    """

    network: str
    again: bool

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "network"), flag(question, "again"))


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
class Problem:
    """What went wrong, where an answer has more to say of it than an error."""

    problem: Told


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
        return cls(asked.network, asked.again, _cell(question), whole(field(question, "page"), COUNT_AT_MOST))


def _cell(question: Question) -> tuple[int, int] | None:
    if field(question, "cell") is None:
        return None
    numbers = listed(question, "cell")
    if len(numbers) != 2:
        raise garbled()
    label, answer = (whole(value, COUNT_AT_MOST) for value in numbers)
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

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "network"), text(question, "kind"))


@dataclass(frozen=True)
class KeptFile:
    """A file that Gradio serves: its name, and its path on the server."""

    name: str
    path: str


# --- the Train tab ---


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
class OfVisitor(Parsed):
    """Something that only says whose it is."""

    visitor: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(visitor(question))


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


@dataclass(frozen=True)
class Done:
    """What was asked for is done."""


# --- networks that learn from a visitor's own examples, and that their browser keeps ---


@dataclass(frozen=True)
class PrepareTeaching(Parsed):
    """A visitor has begun: what the first one needs is made meanwhile."""

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls()


@dataclass(frozen=True)
class BeginTeaching(Parsed):
    """To teach a visitor's classes.

    Attributes:
        kind: "drawings" or "photos".
        classes: each one's name and examples: of a drawing the 784 bytes of 28x28 pixels, of a photo a small JPEG.
    """

    visitor: str
    kind: str
    classes: tuple[tuple[str, tuple[bytes, ...]], ...]

    @classmethod
    def read(cls, question: Question) -> Self:
        kind, classes = text(question, "kind"), _dicts(question, "classes", MAX_CLASSES)
        examples = [listed(one, "examples") for one in classes]
        if kind not in ("drawings", "photos") or max(map(len, examples), default=0) > MAX_EXAMPLES:
            raise garbled()
        made = ((text(one, "name"), tuple(map(content, of))) for one, of in zip(classes, examples, strict=True))
        return cls(visitor(question), kind, tuple(made))


def _dicts(question: Question, name: str, most: int) -> list[Question]:
    found = listed(question, name)
    if len(found) > most or not all(isinstance(one, dict) for one in found):
        raise garbled()
    return found


@dataclass(frozen=True)
class SeparatePicture(Parsed):
    """To find the drawings on a picture of paper.

    Attributes:
        picture: a data: address.
    """

    picture: str

    @classmethod
    def read(cls, question: Question) -> Self:
        return cls(text(question, "picture"))


@dataclass(frozen=True)
class SeparatedPicture:
    """Drawings, the 784 bytes of 28x28 pixels each, in base64."""

    examples: tuple[str, ...]


@dataclass(frozen=True)
class BeginCorrecting(Parsed):
    """To have a copy of a network learn a visitor's corrections.

    Attributes:
        network: its key.
        corrections: of each the 784 bytes of 28x28 pixels, and what it is: "0" to "9" or "not a digit".
    """

    visitor: str
    network: str
    corrections: tuple[tuple[bytes, str], ...]

    @classmethod
    def read(cls, question: Question) -> Self:
        given = _dicts(question, "corrections", MAX_CORRECTIONS)
        made = ((content(field(one, "picture")), text(one, "truth")) for one in given)
        return cls(visitor(question), text(question, "network"), tuple(made))


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

    visitor: str
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


# --------------------------------------------------------------------------------------------------
# Answering a question


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a server function answer in its question's language, on one core, also where it fails.

    The question is read by the class that the function's second argument is annotated with.  A failure is
    {"problem": {language: sentence}}, for what stays on the page when the language changes.  An answer that is a
    dataclass becomes a dict.  What Gradio adds to the question, such as the request, is handed on.
    """
    _, second, *_ = inspect.signature(function).parameters
    kind: type[Parsed] = get_type_hints(function)[second]

    def failure(error: Exception) -> Answer:
        return {"problem": texts.words(told(function.__name__, error))}

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer_later(server: Any, question: Question, *context: Any) -> Any:
            with texts.speaking(language(question)):
                try:
                    return _plain(await function(server, kind.read(_dict(question)), *context))
                except Exception as error:
                    return failure(error)

        return answer_later

    @functools.wraps(function)
    def answer(server: Any, question: Question, *context: Any) -> Any:
        threads.one()
        with texts.speaking(language(question)):
            try:
                return _plain(function(server, kind.read(_dict(question)), *context))
            except Exception as error:
                return failure(error)

    return answer


def _plain(answer: Any) -> Any:
    return asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer


def _dict(question: Any) -> Question:
    if not isinstance(question, dict):
        raise garbled()
    return question


@contextmanager
def endpoint(name: str) -> Iterator[None]:
    """For what Gradio itself calls: a failure within becomes an error of Gradio's, in the language that is spoken."""
    try:
        yield
    except Exception as error:
        if isinstance(error, LeNetError):
            logging.warning("%s was refused: %s", name, error.template)  # without its values: names of visitors' files
        raise gr.Error(texts.translated(told(name, error)), print_exception=False) from None


def told(name: str, error: Exception) -> Text:
    """What to tell of an error that ended `name`; one that nobody raised on purpose is logged with its traceback."""
    if isinstance(error, LeNetError):
        return error.text
    logging.error("%s failed", name, exc_info=error)
    return OURS


# --------------------------------------------------------------------------------------------------
# Facts: what an answer tells of a drawing
#
# They are plain JSON once `dataclasses.asdict` has made dicts of them.  No language and no markup is in them: the
# browser says and shows them.  It makes the same ones where it computes an answer itself.  Two fields then differ, so
# that nothing is encoded only to be decoded: `cells` is a Uint8Array in place of base64, and a `Stage`'s `image` is
# {"shape": [height, width], "cells": Uint8Array} in place of an address.
#
# A class is named as the network names it, in English.  The pictures of digits have H rows and W columns, row by row.


@dataclass(frozen=True)
class Sentence:
    """What a module says in English, and in other languages in `lenet.ui.shared.sentences`: see `lenet.errors.Text`.

    Attributes:
        template: English, with names in braces, as "from {low:.2f} to {high:.2f}".
        values: what is filled in: numbers, strings, sentences, or lists of these.
    """

    template: str
    values: dict[str, Any]

    @classmethod
    def of(cls, said: Text | str) -> Sentence:
        """From a module's; a value that is an error becomes its sentence."""
        if isinstance(said, str):
            return cls(said, {})
        return cls(said.template, {name: _value(value) for name, value in said.values.items()})


def _value(value: Any) -> Any:
    if isinstance(value, LeNetError):
        value = value.text
    if isinstance(value, Text):
        return Sentence.of(value)
    return [_value(item) for item in value] if isinstance(value, (list, tuple)) else value


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
        touching: it may be two digits that touch.
    """

    label: str
    confidence: float
    probs: dict[str, float]
    p_not_digit: float | None
    verdict: str
    box: list[float]
    touching: bool


@dataclass(frozen=True)
class Beside:
    """What the shipped network reads in a drawing that a visitor's own one is asked about.

    Attributes:
        caption: what every tab calls the network.
        accuracy: of its test pictures, a fraction; null where it was not measured.
        digits: left to right.
    """

    caption: Told
    accuracy: float | None
    digits: list[Digit]


@dataclass(frozen=True)
class Reading:
    """The answer to a drawing.

    Attributes:
        digits: left to right; of an empty pad one, whose verdict is "blank".
        beside: null where the network that is asked is shipped itself.
        milliseconds: that reading it took, preprocessing and network; 0.0 where the server still knew the answer.
        training: a network is trained on the same cores meanwhile, so the page should ask less often.
    """

    digits: list[Digit]
    beside: Beside | None
    milliseconds: float
    training: bool


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
