"""From a picture to an answer.

reader = Classifier.from_pretrained("digits")
reader.predict("five.png").label        # "5"
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lenet.datasets import DATASETS, answerable
from lenet.errors import ImageError
from lenet.models import count_parameters
from lenet.numbers import Sheet, cheapest, may_touch, trials
from lenet.preprocess import (
    ROADS,
    Box,
    Picture,
    Preprocessed,
    Square,
    cuts,
    fitted,
    framed,
    inked,
    photo_input,
    square_of,
    upright,
)
from lenet.pretrained import Checkpoint, load
from lenet.stored import weights_file
from lenet.views import more

# Below this probability the answer is called unsure.  Chosen on fold 1's writers, where it calls 1.8% of
# the digits unsure, leaves 0.07% wrong though sure, and lets 3% of the strangers pass as sure, for 5.5%
# at 0.7.  benchmarks/drawings.py and strangers.py print these shares for all folds.
UNSURE_BELOW = 0.85
STRANGER_ABOVE = 0.5
# A photo's views count by this power of their confidence: those that miss what it shows are seldom sure of
# anything.  On changed photos 2 is worth 1.3 points over a plain mean, at 0.4 points more that are wrong though
# sure; 4 is worth 0.8 more, at 0.3 points more: benchmarks/photo_views.py.
TRUST = 2
LEAST = 0.01  # the probability at which a network's doubt ends: below, it is no better measured


Verdict = Literal["sure", "unsure", "stranger", "blank"]


@dataclass(frozen=True)
class View:
    """One look at a photo.

    Attributes:
        box: the part of the upright picture that it shows.
        mirrored: left and right were swapped.
        padded: it reaches beyond the picture, which goes on there as in a mirror.
        probs: every class's probability from this look alone, in class order; they sum to 1.
        weight: how much they count in the answer; the weights of all looks sum to 1.
    """

    box: Box
    mirrored: bool
    padded: bool
    probs: dict[str, float]
    weight: float


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        label: the likeliest class, or "" where the verdict is "blank".
        confidence: its probability, 0 to 1.
        probs: every class's probability, in class order; of a digit they sum with `stranger` to 1, or to 0
            for "blank"; of a photo they alone sum to 1.
        stranger: of a digit, the probability that it is none of the classes; 0 for a network that did not
            learn what they are not.  Of a photo, how strange it looks, which is no probability and adds
            nothing to `probs`: see `OodDetector.score`; 0 for a network without one.
        verdict: "sure", "unsure" (the confidence is below `UNSURE_BELOW`), "stranger" (it is none of the
            classes: `stranger` is above `STRANGER_ABOVE`) or "blank" (nothing is drawn).
        preprocessed: how the picture became network input.
        activations: every layer's output by name, float32 (1, ...); empty for "blank".
        views: of a photo, the looks at it whose probabilities `probs` averages by their weights;
            `preprocessed` and `activations` belong to the first one.  There are none of a digit.
    """

    label: str
    confidence: float
    probs: dict[str, float]
    stranger: float
    verdict: Verdict
    preprocessed: Preprocessed
    activations: dict[str, Tensor]
    views: tuple[View, ...] = ()


def rival(prediction: Prediction) -> str:
    """What it may be instead: the likeliest class that is not the answer, or of a stranger the likeliest of all."""
    if prediction.verdict == "stranger":
        return prediction.label
    others = {name: p for name, p in prediction.probs.items() if name != prediction.label}
    return max(others, key=others.__getitem__)


@dataclass(frozen=True)
class Found:
    """One digit of a picture.

    Attributes:
        box: left, top, right, bottom of its ink, as fractions of the picture's width and height.
        prediction: what `Classifier.predict` would say of its ink alone; never "sure" where `touching`.
        touching: it may be two digits that touch.
    """

    box: tuple[float, float, float, float]
    prediction: Prediction
    touching: bool


class Classifier:
    """A trained network together with the road that its pictures take.

    Attributes:
        classes: what it can answer.
        knows_strangers: whether it also learned what is none of them.
        road: the name in ROADS that `predict` takes by default: "ours" for networks of one channel,
            "photo" for those of three.
        parameters: how many trainable numbers the network has.
        trained_on: the device, "cpu" or a GPU's name.
        lr_changes, confusion: as in `Checkpoint`.
        temperature: what its logits are divided by before they become probabilities.
        calibration: what the validation split says of its logits; None where that was not measured.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = checkpoint.model.eval()
        self.recipe = checkpoint.recipe
        self.classes = answerable(checkpoint.classes)
        self.knows_strangers = len(checkpoint.classes) > len(self.classes)
        self.metrics = checkpoint.metrics
        self.trained_on = checkpoint.versions.get("device", "cpu")  # what older files do not say was a processor
        self.lr_changes = checkpoint.lr_changes
        self.confusion = checkpoint.confusion
        self.temperature = checkpoint.temperature
        self.calibration = checkpoint.calibration
        self.parameters = count_parameters(checkpoint.model)
        self.road = "ours" if DATASETS[checkpoint.recipe.dataset].channels == 1 else "photo"

    @classmethod
    def from_pretrained(cls, name: str | os.PathLike[str]) -> Classifier:
        """The network called `name` in weights/, such as "digits" or "photos", or in a file at that path.

        Raises:
            CheckpointError: there is none, or the file is not a whole one of this project's.
        """
        return cls(load(weights_file(name)))

    def predict(self, image: Picture, road: str | None = None, box: Box | None = None) -> Prediction:
        """The answer to one picture.

        Args:
            image: a PIL image, a path, or an array; see `lenet.preprocess.open_picture`.
            road: a name in ROADS; None for this network's own.
            box: the part of a photo to look at; None for its central square.  Where the answer to that is
                not "sure", the other views in `lenet.views` are looked at too.

        Raises:
            ImageError: the picture cannot be read, the road is not one for this network, or the box is
                not within the picture or not for a photo.
        """
        return self.predict_batch([image], road, box)[0]

    def read(self, image: Picture, road: str | None = None) -> tuple[Found, ...]:
        """Every digit of one picture, left to right; none where nothing is drawn.

        Only our road looks for several: by the others the whole picture is one digit.  Takes and
        raises what `predict` does.
        """
        road = self._fitting(road)
        if road != "ours":
            prediction = self.predict(image, road)
            return () if prediction.verdict == "blank" else (Found((0.0, 0.0, 1.0, 1.0), prediction, False),)
        stages, ink = inked(image)
        sheet = Sheet(ink)
        tried = trials(sheet.pieces)
        if not tried:
            return ()
        inks = [sheet.ink_of(trial.whole) for trial in tried]
        predictions = self._predictions([fitted(stages, ink, self.recipe.input) for ink in inks])
        doubts = [self._doubt(p) for p in predictions]
        return tuple(
            _found(
                sheet.fractions(tried[i].whole),
                _alone(predictions[i]) if len(tried) > 1 else predictions[i],
                may_touch(inks[i], doubts[i]),
            )
            for i in cheapest(tried, doubts)
            if tried[i].digit and predictions[i].verdict != "blank"
        )

    def predict_batch(
        self, images: Sequence[Picture], road: str | None = None, box: Box | None = None
    ) -> list[Prediction]:
        """`predict` for many pictures, in one forward pass, and one more for the further views of photos."""
        road = self._fitting(road)
        if box is not None and road != "photo":
            raise ImageError("A box can be chosen in photos only: a digit is found wherever it stands.")
        if not images:
            return []
        if road == "photo":
            return self._photos([upright(image) for image in images], box)
        return self._predictions([ROADS[road](image, self.recipe.input) for image in images])

    def _fitting(self, road: str | None) -> str:
        road = road or self.road
        if road not in ROADS or (road == "photo") != (self.road == "photo"):
            fitting = [name for name in ROADS if (name == "photo") == (self.road == "photo")]
            raise ImageError(f"This network's pictures cannot be prepared by {road!r}: choose {' or '.join(fitting)}.")
        return road

    def _predictions(self, preprocessed: Sequence[Preprocessed]) -> list[Prediction]:
        activations = self._activations(torch.cat([p.x for p in preprocessed]))
        logits = list(activations.values())[-1]
        probs = (logits / self.temperature).softmax(dim=1)  # (B, classes), and one more for strangers
        if len(preprocessed) == 1:
            return [self._prediction(preprocessed[0], probs[0], activations)]
        return [self._prediction(p, probs[i], _row(activations, i)) for i, p in enumerate(preprocessed)]

    def _photos(self, pictures: Sequence[Image.Image], box: Box | None) -> list[Prediction]:
        preprocessed = [framed(picture, self.recipe.input, box) for picture in pictures]
        firsts = [square_of(picture.size, box) for picture in pictures]
        activations = self._activations(torch.cat([p.x for p in preprocessed]))
        logits = list(activations.values())[-1]  # (B, classes)
        predictions = [
            self._photo(picture.size, [firsts[i]], [p.stages[-1].image], logits[i : i + 1], p, _row(activations, i))
            for i, (picture, p) in enumerate(zip(pictures, preprocessed, strict=True))
        ]
        unsettled = [i for i, prediction in enumerate(predictions) if prediction.verdict != "sure"]
        looks = {i: (firsts[i], *more(pictures[i].size, box)) for i in unsettled}
        images = {i: cuts(pictures[i], looks[i]) for i in unsettled}
        further = [image for some in images.values() for image in some[1:]]
        if not further:
            return predictions
        rows = self._logits(photo_input(further, self.recipe.input)).split([len(looks[i]) - 1 for i in unsettled])
        for i, more_logits in zip(unsettled, rows, strict=True):
            both, inside = torch.cat([logits[i : i + 1], more_logits]), predictions[i].activations
            predictions[i] = self._photo(pictures[i].size, looks[i], images[i], both, preprocessed[i], inside)
        return predictions

    def _photo(
        self,
        size: tuple[int, int],
        squares: Sequence[Square],
        images: Sequence[np.ndarray],
        logits: Tensor,
        preprocessed: Preprocessed,
        activations: dict[str, Tensor],
    ) -> Prediction:
        """The answer to a picture of `size`, seen in `squares` as `images`, with logits (V, classes)."""
        probs = (logits / self.temperature).softmax(dim=1)
        weights = probs.amax(dim=1) ** TRUST
        weights /= weights.sum()
        views = tuple(
            View(_fractions(square, size), square.mirrored, square.padded(size), self._by_name(row), float(weight))
            for square, row, weight in zip(squares, probs, weights, strict=True)
        )
        stranger = 0.0
        if self.calibration is not None:
            stranger = self.calibration.ood.score(
                logits, torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2), self.temperature
            )
        return self._answer(weights @ probs, stranger, preprocessed, activations, views)

    @torch.inference_mode()
    def _activations(self, x: Tensor) -> dict[str, Tensor]:
        return self.model.activations(x)

    @torch.inference_mode()
    def _logits(self, x: Tensor) -> Tensor:
        logits: Tensor = self.model(x)
        return logits

    @staticmethod
    def _doubt(prediction: Prediction) -> float:
        """-log of the probability that this is the digit that it looks most like."""
        return -math.log(max(prediction.confidence, LEAST))

    def _prediction(self, preprocessed: Preprocessed, probs: Tensor, activations: dict[str, Tensor]) -> Prediction:
        if preprocessed.blank:
            return Prediction("", 0.0, dict.fromkeys(self.classes, 0.0), 0.0, "blank", preprocessed, {})
        stranger = float(probs[len(self.classes) :].sum())
        return self._answer(probs[: len(self.classes)], stranger, preprocessed, activations)

    def _answer(
        self,
        probs: Tensor,
        stranger: float,
        preprocessed: Preprocessed,
        activations: dict[str, Tensor],
        views: tuple[View, ...] = (),
    ) -> Prediction:
        """From the probabilities (classes,) of what it may be."""
        named = self._by_name(probs)
        label = max(named, key=named.__getitem__)
        verdict: Verdict = "sure" if named[label] >= UNSURE_BELOW else "unsure"
        if stranger > STRANGER_ABOVE:
            verdict = "stranger"
        return Prediction(label, named[label], named, stranger, verdict, preprocessed, activations, views)

    def _by_name(self, probs: Tensor) -> dict[str, float]:
        return dict(zip(self.classes, probs.tolist(), strict=True))


def _row(activations: dict[str, Tensor], i: int) -> dict[str, Tensor]:
    """Those of picture `i` of a batch."""
    return {name: output[i : i + 1] for name, output in activations.items()}


def _fractions(square: Square, size: tuple[int, int]) -> Box:
    left, top, right, bottom = square.inside(size)
    width, height = size
    return left / width, top / height, right / width, bottom / height


def _alone(prediction: Prediction) -> Prediction:
    """The same, without holding on to the batch that it was one of."""
    return replace(prediction, activations={name: output.clone() for name, output in prediction.activations.items()})


def _found(box: tuple[float, float, float, float], prediction: Prediction, touching: bool) -> Found:
    if touching and prediction.verdict == "sure":
        prediction = replace(prediction, verdict="unsure")
    return Found(box, prediction, touching)
