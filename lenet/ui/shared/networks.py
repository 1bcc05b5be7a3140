"""The networks that the page can ask: those in weights/, and those that visitors have trained or uploaded.

A visitor's own is known by a key that nobody can guess, so each visitor sees only theirs.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import logging
import re
import secrets
import shutil
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from lenet.errors import CheckpointError, ImageError, LeNetError
from lenet.inference.classifier import Classifier, Prediction
from lenet.inference.digits import WHOLE_PICTURE, WRITTEN, DigitClassifier, DigitPrediction, FoundDigit, Reading
from lenet.inference.explain import (
    Counterfactual,
    Layer,
    Trace,
    counterfactual,
    layers,
    photo_saliency,
    saliency,
    trace,
)
from lenet.inference.photos import PhotoClassifier, PhotoPrediction
from lenet.inference.pretrained import Checkpoint, load, save, to_bytes
from lenet.inference.summary import Exhibit, exhibit
from lenet.inference.web import Table, to_table
from lenet.models.network import count_parameters
from lenet.preprocessing.images import Picture
from lenet.preprocessing.stages import Box
from lenet.training.loop import EpochEnd
from lenet.training.stored import WEIGHTS
from lenet.ui.shared import texts, threads
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.shared.pictures import Pictures

REMEMBERED = 16  # readings, of about 0.4 megabytes a digit: what was just answered is looked into
TABLES = 32  # of a few hundred kilobytes each: those of a class that shares its networks, and the shipped ones
NAMED = 16  # answers to photos, of up to a few megabytes each: those of every network to the newest one
MAX_NETWORKS = 256  # networks that runs have trained, and as many uploads
MAX_NETWORK_BYTES = 250_000_000  # that each of these take together: a small one a quarter of a megabyte, the largest 18
MISSING = "The server no longer keeps this network: choose another, or train or upload it again."
NO_ROOM = "The server's disk is full, so this file cannot be made now. The network stays in memory: try again later."


_OWN_KEY = re.compile(r"own-[\w-]{12}")  # as `Networks.keep` makes them


@dataclass(frozen=True)
class Named:
    """What a network says of a kept photo, and how many milliseconds of one core that took."""

    prediction: PhotoPrediction
    milliseconds: float


@dataclass(frozen=True)
class Kept:
    """A network and what is known of it.

    Attributes:
        name: its file's, without .safetensors.
        checkpoint: all that its file says; the network itself is the classifier's.
        path: of that file, which has `file_bytes`, or will have about that many once there is room for it.
        title: what a visitor calls it, of any characters, or what is said of it where they call it nothing; of a
            shipped one its name.
        curves: an EpochEnd for each epoch of its run; () where they were not kept.
        owner: who it counts for, the network address and the visitor.
        saved: its file has been written.
    """

    name: str
    classifier: Classifier
    checkpoint: Checkpoint
    path: Path
    file_bytes: int
    title: str | texts.Said
    curves: tuple[EpochEnd, ...] = ()
    owner: tuple[str, str] = ("", "")
    saved: bool = True


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Kept]:
    """The networks in weights/ by name, the default ones first; a file that cannot be read is left out.

    All pages of a process share them: they are read only, and their files are part of the program.
    """
    found = {}
    for path in sorted(WEIGHTS.glob("*.safetensors"), key=lambda path: path.stem not in ("digits", "photos")):
        if path.name.endswith(".resume.safetensors"):
            continue
        try:
            checkpoint = load(path)
            size = path.stat().st_size
            found[path.stem] = Kept(path.stem, Classifier.of(checkpoint), checkpoint, path, size, path.stem)
        except LeNetError as error:
            warnings.warn(str(error), stacklevel=2)
    return found


def shipped(kind: type[Classifier]) -> list[tuple[str, str]]:
    """(title, key) of every network of that kind in weights/."""
    return [(title(one.classifier, name), name) for name, one in _shipped().items() if isinstance(one.classifier, kind)]


@lru_cache
def _shipped_exhibit(name: str) -> Exhibit:
    """Its layers are counted by sending a picture through; so all pages share that too."""
    kept = _shipped()[name]
    return exhibit(name, kept.classifier, kept.file_bytes)


# What the shipped ones are to a visitor.
TITLES = {
    "digits": "LeNet, modern",
    "mnist-lenet5-1998": "1998: LeNet-5 as printed",
    "mnist-lenet5-sigmoid": "Tutorial: LeNet-5, sigmoids",
    "mnist-lenet5-bn": "Tutorial: LeNet-5, BatchNorm",
    "photos": "ConvNet, large",
    "photos-medium": "ConvNet, medium",
    "photos-small": "ConvNet, small",
    "photos-lenet-wide": "LeNet, wider: our training",
    "photos-lenet5": "LeNet-5: our training",
    "cifar10-lenet5-sgd": "Tutorial: LeNet-5, SGD",
    "cifar10-lenet5-linear": "Tutorial: LeNet-5, linear",
}


def english_caption(classifier: Classifier, name: str) -> str:
    """What the page calls it, in English."""
    return TITLES.get(name, f"{name}, {classifier.recipe.model}")


def caption(classifier: Classifier, name: str) -> str:
    """What the page calls it."""
    return texts.translated(english_caption(classifier, name))


def title(classifier: Classifier, name: str) -> str:
    """The same, with its test accuracy."""
    return with_accuracy(classifier, caption(classifier, name))


def with_accuracy(classifier: Classifier, said: str) -> str:
    """What is said of it, with its test accuracy."""
    accuracy = classifier.metrics.get("test_accuracy")
    return said + (f" ({accuracy:.1%})" if accuracy is not None else "")


def no_room() -> CheckpointError:
    """What to raise where a file cannot be written."""
    return CheckpointError(NO_ROOM)


def plain(name: str) -> str:
    """`name` as a file may be called anywhere: a visitor chose it, and it must not lead out of its folder."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "network"


# --------------------------------------------------------------------------------------------------


class Networks:
    """The networks that one page can ask, and its last answers.

    Args:
        place: a folder; visitors' networks have one each in it, which Gradio may serve to who knows the key.
        pictures: where photos are kept.
        most: MAX_NETWORKS.
    """

    def __init__(self, place: Path, pictures: Pictures, most: int = MAX_NETWORKS) -> None:
        self.place, self._pictures = place, pictures
        self._trained, self._uploaded = self._shelf(most), self._shelf(most)
        self._readings: BoundedCache[tuple[str, str, bytes], Reading] = BoundedCache(REMEMBERED)
        self._tables: BoundedCache[str, Table] = BoundedCache(TABLES)
        self._named: BoundedCache[tuple[str, str, Box | None], Named] = BoundedCache(NAMED)

    def _shelf(self, most: int) -> BoundedCache[str, Kept]:
        """Room for visitors' networks: one for those of runs and one for uploads, which push each other out never."""
        return BoundedCache(
            most,
            weigh=lambda kept: 4 * kept.classifier.parameters,  # of four bytes each
            heaviest=MAX_NETWORK_BYTES,
            on_evict=lambda key, _: shutil.rmtree(self.place / key, ignore_errors=True),
            owner=lambda kept: kept.owner,
        )

    def called(self, key: str) -> str | texts.Said:
        """What every tab calls the network that `key` names, for `texts.spoken` and `texts.told`.

        Raises:
            CheckpointError: it is no longer kept.
        """
        found = self.kept(key)
        return texts.English(english_caption(found.classifier, key)) if key in _shipped() else found.title

    def title(self, key: str) -> str:
        """The same in the visitor's language, with its test accuracy.

        Raises:
            CheckpointError: it is no longer kept.
        """
        return with_accuracy(self.get(key), texts.spoken(self.called(key)))

    def default(self, key: str) -> str:
        """The shipped network to set beside a visitor's own; "" where `key` is shipped itself."""
        if key in _shipped():
            return ""
        of_a_kind = self.kind(key)
        return next((known for _, known in shipped(of_a_kind)), "") if of_a_kind else ""

    def get(self, key: str) -> Classifier:
        """The network that `key` names.

        Raises:
            CheckpointError: it is no longer kept, or never was.
        """
        return self.kept(key).classifier

    def kept(self, key: str) -> Kept:
        """The network that `key` names, with its file.

        Raises:
            CheckpointError: it is no longer kept, or never was.
        """
        found = self._trained.get(key) or self._uploaded.get(key) or _shipped().get(key)
        if found is not None:
            return found
        if _OWN_KEY.fullmatch(key):
            raise CheckpointError(MISSING)
        raise CheckpointError(
            "There is no network called {name} here: choose one of {there}.", name=key[:60], there=tuple(_shipped())
        )

    def checkpoint(self, key: str) -> Checkpoint:
        """All that its file says of the network that `key` names; not to be changed.

        Raises:
            CheckpointError: see `kept`.
        """
        return self.kept(key).checkpoint

    def content(self, key: str) -> bytes:
        """The file of the network that `key` names, also where the disk has no room for it.

        Raises:
            CheckpointError: see `kept`.
        """
        kept = self.kept(key)
        if kept.saved:
            with contextlib.suppress(OSError):  # a cleaner of temporary files may have taken it
                return kept.path.read_bytes()
        return to_bytes(kept.checkpoint)

    def file(self, key: str) -> Path:
        """The file of the network that `key` names.

        Raises:
            CheckpointError: see `kept`; or there is no room for it.
        """
        kept = self.kept(key)
        if not (kept.saved and kept.path.exists()):
            try:
                self._make_place()
                save(kept.path, kept.checkpoint)
                size = kept.path.stat().st_size
            except (CheckpointError, OSError):  # whose sentence names a path of the server
                raise no_room() from None
            for shelf in (self._trained, self._uploaded):
                shelf.change(key, lambda kept: replace(kept, saved=True, file_bytes=size))
        return kept.path

    def folder(self, key: str) -> Path:
        """Where files to download for the network that `key` names are made; it goes when the network does.

        Raises:
            CheckpointError: see `kept`; or there is no room for it.
        """
        self.kept(key)
        place = self.place / key
        try:
            self._make_place()
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise no_room() from None
        return place

    def _make_place(self) -> None:
        """Make the folder anew where a cleaner of temporary files has taken it: nobody else may look into it."""
        self.place.parent.mkdir(0o700, parents=True, exist_ok=True)

    def of_kind(self, kind: type[Classifier], keys: Iterable[str]) -> list[str]:
        """Those of `keys` that name a network of that kind which is still kept."""
        return [key for key in keys if self.kind(key) is kind]

    def exhibit(self, key: str) -> Exhibit:
        """The network that `key` names, with its layers.

        Raises:
            CheckpointError: see `kept`.
        """
        kept = self.kept(key)
        if kept.path.stem == key:
            return _shipped_exhibit(key)
        return replace(exhibit(key, kept.classifier, kept.file_bytes), name=str(kept.title))

    def kind(self, key: str) -> type[Classifier] | None:
        """What the network does, or None where it is no longer kept."""
        try:
            return type(self.get(key))
        except CheckpointError:
            return None

    def digit_reader(self, key: str) -> DigitClassifier:
        """The network that `key` names.

        Raises:
            CheckpointError: see `get`.
            ImageError: it reads no digits.
        """
        network = self.get(key)
        if not isinstance(network, DigitClassifier):
            raise ImageError("This network names photos: ask it in the Photo tab, or choose one that reads digits.")
        return network

    def table(self, key: str) -> Table:
        """The network that `key` names as a browser computes it; the last few are kept.

        Raises:
            CheckpointError: see `get`.
        """
        kept = self.kept(key)
        return self._tables.get_or_make(key, lambda: to_table(kept.checkpoint, str(kept.title), date.today()))

    def photo_namer(self, key: str) -> PhotoClassifier:
        """The network that `key` names.

        Raises:
            CheckpointError: see `get`.
            ImageError: it names no photos.
        """
        network = self.get(key)
        if not isinstance(network, PhotoClassifier):
            raise ImageError("This network reads digits: ask it in the Draw tab, or choose one that names photos.")
        return network

    def classify_digit(self, key: str, image: Picture, pipeline: str) -> DigitPrediction:
        """What the network that `key` names says of one digit; `pipeline` as in `DigitClassifier.predict`.

        Raises:
            CheckpointError: see `get`.
            ImageError: the picture cannot be read, or the network reads no digits.
        """
        threads.one()
        return self.digit_reader(key).predict(image, pipeline)

    def classify_photo(self, key: str, image: Picture) -> PhotoPrediction:
        """What the network that `key` names says of one photo.

        Raises:
            CheckpointError: see `get`.
            ImageError: the picture cannot be read, or the network names no photos.
        """
        threads.one()
        return self.photo_namer(key).predict(image)

    def read(self, key: str, image: bytes, pipeline: str) -> Reading:
        """What stands on one picture; where that is no digit, all of it as one.  The last few readings are kept.

        The page asks twice about each drawing: for the answer, and then for what stood behind it.  So the
        second question finds the first one's prediction, activations and all.

        Raises:
            CheckpointError: see `get`.
            ImageError: the picture cannot be read, or the network reads no digits.
        """
        name = (key, pipeline, hashlib.sha256(image).digest())
        found = self._readings.get(name)
        if found is not None:
            return found
        threads.one()
        network = self.digit_reader(key)
        found = network.read_page(image, pipeline)
        if not found.digits:  # an empty pad is one picture too, of nothing
            whole = FoundDigit(WHOLE_PICTURE, network.predict(image, pipeline), False)
            printed = tuple(mark for mark in found.marks if mark.kind not in WRITTEN)
            found = replace(found, digits=(whole,), marks=printed)
        self._readings.put(name, found)
        return found

    def name(self, key: str, photo: str, box: Box | None) -> Named | None:
        """What the network that `key` names says of a photo that `pictures` keeps; None where it is kept no longer.

        The last few answers are, activations and all: so the page can ask what stood behind one.

        Args:
            box: the part to look at; None for what the network makes of the whole.

        Raises:
            CheckpointError: see `get`.
            ImageError: the box is none, or the network names no photos.
        """
        asked = (key, photo, box)
        known = self._named.get(asked)
        if known is not None:
            return known
        picture = self._pictures.get(photo)
        if picture is None:
            return None
        threads.one()
        network = self.photo_namer(key)
        began = time.thread_time()  # which another visitor's question does not lengthen
        prediction = network.predict(picture, box=box)
        named = Named(prediction, 1000 * (time.thread_time() - began))
        self._named.put(asked, named)
        return named

    def warm(self, kind: type[Classifier]) -> None:
        """One answer of each shipped network of that kind: the first in a process is the slowest."""
        threads.one()
        for _, key in shipped(kind):
            self.get(key).predict(Image.new("RGB", (32, 32)))

    def blank(self, key: str) -> tuple[Layer, ...]:
        """The layers of that network for some picture, so that their room on the page is known before there is one."""
        network = self.get(key)
        side = network.recipe.input.size
        return layers(network.model, network.predict(np.eye(side, dtype=np.float32)).activations)

    def inside(self, key: str, prediction: Prediction) -> tuple[Layer, ...]:
        """The layers behind a prediction of the network that `key` names."""
        return layers(self.get(key).model, prediction.activations)

    def trace(self, key: str, prediction: Prediction, layer: str, place: tuple[int, int, int]) -> Trace | None:
        """How a number behind a prediction was computed, at (map, row, column) of a layer; None where there is none."""
        output = prediction.activations.get(layer)
        if (
            output is None
            or output.dim() != 4
            or any(at >= size for at, size in zip(place, output.shape[1:], strict=True))
        ):
            return None
        return trace(self.get(key).model, prediction.preprocessed.x, prediction.activations, layer, place)

    def evidence(self, key: str, prediction: Prediction) -> np.ndarray:
        """(H, W): which ink spoke for the answer (positive) and which for the runner-up, in logits."""
        threads.one()
        network = self.get(key)
        # the logit of "not a digit" comes after all classes'
        label = len(network.classes) if prediction.rejected else network.classes.index(prediction.label)
        against = network.classes.index(prediction.runner_up)
        return saliency(network.model, prediction.preprocessed.x, label, against).numpy()

    def photo_evidence(self, key: str, prediction: Prediction) -> np.ndarray:
        """(H, W): which parts of a photo spoke for the answer (positive) and which against, in logits."""
        threads.one()
        network = self.get(key)
        label = network.classes.index(prediction.label)
        return photo_saliency(network.model, prediction.preprocessed.x, label).numpy()

    def what_if(self, key: str, prediction: Prediction) -> Counterfactual:
        """What would make the runner-up the answer."""
        threads.one()
        network = self.get(key)
        target = network.classes.index(prediction.runner_up)
        return counterfactual(network.model, prediction.preprocessed.x, target, network.recipe.temperature)

    def keep(
        self,
        checkpoint: Checkpoint,
        curves: Sequence[EpochEnd] = (),
        name: str = "",
        owner: tuple[str, str] = ("", ""),
        uploaded: bool = False,
    ) -> tuple[str, Path]:
        """Keep a visitor's network for the page; its key, and where its file is, or will be once there is room.

        Args:
            curves: an EpochEnd for each epoch of its run, where they are known.
            name: what to call it, of any characters; its recipe's name by default.
            owner: see `Kept`.
            uploaded: it comes from no run of this page.
        """
        key = f"own-{secrets.token_urlsafe(9)}"
        # A folder each, so that the download has a plain name.
        path = self.place / key / f"{plain(name or checkpoint.recipe.name)}.safetensors"
        saved = True
        try:
            self._make_place()
            save(path, checkpoint)
            size = path.stat().st_size
            kept = load(path)  # from the file: on the CPU, and apart from the run
        except (CheckpointError, OSError) as error:
            why = error.template if isinstance(error, CheckpointError) else error.strerror
            logging.warning("a visitor's network stays in memory: %s", why)
            kept, saved = replace(checkpoint, model=copy.deepcopy(checkpoint.model).cpu()), False
            size = 4 * count_parameters(checkpoint.model)
        shelf = self._uploaded if uploaded else self._trained
        classifier, called = Classifier.of(kept), path.stem
        shelf.put(key, Kept(called, classifier, kept, path, size, called, tuple(curves), owner, saved))
        return key, path

    def call(self, key: str, title: str | texts.Said) -> None:
        """Call a visitor's network `title`, if it is still kept."""
        for shelf in (self._trained, self._uploaded):
            shelf.change(key, lambda kept: replace(kept, title=title))

    def forget(self, key: str) -> None:
        """Keep a visitor's network no longer."""
        self._trained.pop(key)
        self._uploaded.pop(key)
