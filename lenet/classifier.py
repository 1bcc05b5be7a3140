"""From a picture to an answer.

reader = Classifier.from_pretrained("digits")
reader.predict("five.png").label        # "5"
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from lenet.checkpoint import Checkpoint, load
from lenet.datasets import DATASETS, answerable
from lenet.errors import CheckpointError, ImageError
from lenet.models import count_parameters
from lenet.numbers import Sheet, cheapest, may_touch, trials
from lenet.preprocess import ROADS, Picture, Preprocessed, fitted, inked

WEIGHTS = Path(__file__).parent.parent / "weights"

# Below this probability the answer is called unsure.  Chosen on fold 1's writers, where it calls 1.8% of
# the digits unsure, leaves 0.07% wrong though sure, and lets 3% of the strangers pass as sure, for 5.5%
# at 0.7.  benchmarks/drawings.py and strangers.py print these shares for all folds.
UNSURE_BELOW = 0.85
STRANGER_ABOVE = 0.5
LEAST = 0.01  # the probability at which a network's doubt ends: below, it is no better measured


Verdict = Literal["sure", "unsure", "stranger", "blank"]


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        label: the likeliest class, or "" where the verdict is "blank".
        confidence: its probability, 0 to 1.
        probs: every class's probability, in class order; with `stranger` they sum to 1, or to 0 for "blank".
        stranger: the probability that it is none of the classes; 0 for a network that did not learn what
            they are not.
        verdict: "sure", "unsure" (the confidence is below `UNSURE_BELOW`), "stranger" (it is none of the
            classes, more likely than not) or "blank" (nothing is drawn).
        preprocessed: how the picture became network input.
        activations: every layer's output by name, float32 (1, ...); empty for "blank".
    """

    label: str
    confidence: float
    probs: dict[str, float]
    stranger: float
    verdict: Verdict
    preprocessed: Preprocessed
    activations: dict[str, Tensor]


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
        road: the name in ROADS that `predict` takes by default: "ours" for networks of one channel,
            "photo" for those of three.
        parameters: how many trainable numbers the network has.
        confusion: as in `Checkpoint.confusion`.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = checkpoint.model.eval()
        self.recipe = checkpoint.recipe
        self.classes = answerable(checkpoint.classes)
        self.metrics = checkpoint.metrics
        self.confusion = checkpoint.confusion
        self.parameters = count_parameters(checkpoint.model)
        self.road = "ours" if DATASETS[checkpoint.recipe.dataset].channels == 1 else "photo"

    @classmethod
    def from_pretrained(cls, name: str | os.PathLike[str]) -> Classifier:
        """The network called `name` in weights/, such as "digits" or "photos", or in a file at that path.

        Raises:
            CheckpointError: there is none, or the file is not a whole one of this project's.
        """
        shipped = WEIGHTS / f"{name}.safetensors"
        if shipped.parent == WEIGHTS and shipped.exists():
            return cls(load(shipped))
        if not os.path.exists(name):
            there = ", ".join(sorted(path.stem for path in WEIGHTS.glob("*.safetensors")))
            raise CheckpointError(f"There are no weights called {name}: give a path, or one of {there}.")
        return cls(load(name))

    def predict(self, image: Picture, road: str | None = None) -> Prediction:
        """The answer to one picture.

        Args:
            image: a PIL image, a path, or an array; see `lenet.preprocess.open_picture`.
            road: a name in ROADS; None for this network's own.

        Raises:
            ImageError: the picture cannot be read, or the road is not one for this network.
        """
        return self.predict_batch([image], road)[0]

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

    def predict_batch(self, images: Sequence[Picture], road: str | None = None) -> list[Prediction]:
        """`predict` for many pictures, in one forward pass."""
        if not images:
            return []
        prepare = ROADS[self._fitting(road)]
        return self._predictions([prepare(image, self.recipe.input) for image in images])

    def _fitting(self, road: str | None) -> str:
        road = road or self.road
        if road not in ROADS or (road == "photo") != (self.road == "photo"):
            fitting = [name for name in ROADS if (name == "photo") == (self.road == "photo")]
            raise ImageError(f"This network's pictures cannot be prepared by {road!r}: choose {' or '.join(fitting)}.")
        return road

    def _predictions(self, preprocessed: Sequence[Preprocessed]) -> list[Prediction]:
        activations = self._activations(torch.cat([p.x for p in preprocessed]))
        logits = list(activations.values())[-1]
        probs = (logits / self.recipe.temperature).softmax(dim=1)  # (B, classes), and one more for strangers
        if len(preprocessed) == 1:
            return [self._prediction(preprocessed[0], probs[0], activations)]
        return [
            self._prediction(p, probs[i], {name: output[i : i + 1] for name, output in activations.items()})
            for i, p in enumerate(preprocessed)
        ]

    @torch.inference_mode()
    def _activations(self, x: Tensor) -> dict[str, Tensor]:
        return self.model.activations(x)

    @staticmethod
    def _doubt(prediction: Prediction) -> float:
        """-log of the probability that this is the digit that it looks most like."""
        return -math.log(max(prediction.confidence, LEAST))

    def _prediction(self, preprocessed: Preprocessed, probs: Tensor, activations: dict[str, Tensor]) -> Prediction:
        if preprocessed.blank:
            return Prediction("", 0.0, dict.fromkeys(self.classes, 0.0), 0.0, "blank", preprocessed, {})
        known = probs[: len(self.classes)].tolist()
        stranger = float(probs[len(self.classes) :].sum())
        named = dict(zip(self.classes, known, strict=True))
        label = max(named, key=named.__getitem__)
        verdict: Verdict = "sure" if named[label] >= UNSURE_BELOW else "unsure"
        if stranger > STRANGER_ABOVE:
            verdict = "stranger"
        return Prediction(label, named[label], named, stranger, verdict, preprocessed, activations)


def _alone(prediction: Prediction) -> Prediction:
    """The same, without holding on to the batch that it was one of."""
    return replace(prediction, activations={name: output.clone() for name, output in prediction.activations.items()})


def _found(box: tuple[float, float, float, float], prediction: Prediction, touching: bool) -> Found:
    if touching and prediction.verdict == "sure":
        prediction = replace(prediction, verdict="unsure")
    return Found(box, prediction, touching)
