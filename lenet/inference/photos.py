"""From a photograph to an answer.

namer = PhotoClassifier.from_pretrained("photos")
namer.predict("cat.jpg").label                      # "cat"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lenet.inference.classifier import UNSURE_BELOW, Classifier, Prediction, row
from lenet.preprocessing.images import Picture
from lenet.preprocessing.normalization import to_input
from lenet.preprocessing.photos import Photo, Square, first_square, further_squares
from lenet.preprocessing.stages import Box, Preprocessed

UNKNOWN_ABOVE = 0.5  # the OOD score above which a photo is called unknown
# A photo's crops count by this power of their confidence: those that miss what it shows are seldom sure of
# anything.  On changed photos 2 is worth 1.3 points over a plain mean, at 0.4 points more that are wrong though
# sure; 4 is worth 0.8 more, at 0.3 points more: `benchmarks photos crops`.
CONFIDENCE_POWER = 2
# From this confidence on the first crop alone is the answer.  On changed photos 0.92 instead of UNSURE_BELOW leaves 2.5
# instead of 3.9% wrong though sure, and 89.8 instead of 89.6% right: `benchmarks photos crops`.
SETTLED_ABOVE = 0.92

Verdict = Literal["sure", "unsure", "unknown"]


def crop_weights(probs: Tensor) -> Tensor:
    """How much each crop counts, (V,), of their probabilities (V, classes); they sum to 1."""
    weights = probs.amax(dim=1) ** CONFIDENCE_POWER
    return weights / weights.sum()


@dataclass(frozen=True)
class Crop:
    """One part of a photo, as the network saw it.

    Attributes:
        box: the part of the upright picture that it shows.
        mirrored: left and right were swapped.
        padded: it reaches beyond the picture, which goes on there as in a mirror.
        probs: every class's probability from this crop alone, in class order; they sum to 1.
        weight: how much they count in the answer; the weights of all crops sum to 1.
    """

    box: Box
    mirrored: bool
    padded: bool
    probs: dict[str, float]
    weight: float


@dataclass(frozen=True)
class PhotoPrediction(Prediction):
    """What a network says of one photo; `probs` sum to 1.

    Attributes:
        verdict: "sure", "unsure" (the confidence is below `UNSURE_BELOW`) or "unknown" (it seems to show none of
            the classes: `ood_score` is above `UNKNOWN_ABOVE`).
        ood_score: how unlike the training data it is, 0 to 1, see `OodDetector.score`; no probability.  0 for a
            network without a calibration.
        crops: the parts of it that were looked at, whose probabilities `probs` averages by their weights;
            `preprocessed` and `activations` belong to the first one.
    """

    verdict: Verdict
    ood_score: float
    crops: tuple[Crop, ...]


class PhotoClassifier(Classifier, channels=3):
    """A network that names photos."""

    def predict(self, image: Picture, box: Box | None = None) -> PhotoPrediction:
        """The answer to one photo.

        Args:
            image: a PIL image, a path, or an array; see `lenet.preprocessing.images.open_picture`.
            box: the part of it to look at; None for its central square.  Where the answer to that is not "sure",
                or its confidence is below `SETTLED_ABOVE`, further crops are looked at too, see
                `lenet.preprocessing.photos`.

        Raises:
            ImageError: the picture cannot be read, or the box is not within it.
        """
        return self.predict_batch([image], box)[0]

    def predict_batch(self, images: Sequence[Picture], box: Box | None = None) -> list[PhotoPrediction]:
        """`predict` for many photos: one forward pass for their first crops, and one for all further crops."""
        # The first crop of each photo.
        photos = [Photo(image) for image in images]
        if not photos:
            return []
        squares = [(first_square(photo.size, box),) for photo in photos]
        x = self._input(photos, squares)
        activations = self.activations(x)
        *_, logits = activations.values()  # (B, classes)
        first_logits = logits.split(1)
        predictions = []
        for i, photo in enumerate(photos):
            preprocessed = Preprocessed(photo.stages(*squares[i], chosen=box is not None), x[i : i + 1])
            predictions.append(self._answer(photo, squares[i], first_logits[i], preprocessed, row(activations, i)))
        # Further crops of those photos that it does not settle.
        doubtful = [
            i for i, first in enumerate(predictions) if first.verdict != "sure" or first.confidence < SETTLED_ABOVE
        ]
        if not doubtful:
            return predictions
        further = [further_squares(photos[i].size, box) for i in doubtful]
        more_logits = self.logits(self._input([photos[i] for i in doubtful], further)).split([*map(len, further)])
        for i, more, logits in zip(doubtful, further, more_logits, strict=True):
            first = predictions[i]
            both = torch.cat([first_logits[i], logits])
            predictions[i] = self._answer(photos[i], (*squares[i], *more), both, first.preprocessed, first.activations)
        return predictions

    def _input(self, photos: Sequence[Photo], squares: Sequence[Sequence[Square]]) -> Tensor:
        """Network input x for all squares of each photo, float32 (V, 3, size, size)."""
        crops = [photo.crops(some) for photo, some in zip(photos, squares, strict=True)]
        return to_input(torch.cat(crops), self.recipe.input)

    def _answer(
        self,
        photo: Photo,
        squares: Sequence[Square],
        logits: Tensor,
        preprocessed: Preprocessed,
        activations: dict[str, Tensor],
    ) -> PhotoPrediction:
        """The answer to a photo, seen in `squares`, with logits (V, classes)."""
        probs = (logits / self.temperature).softmax(dim=1)  # (V, classes)
        weights = crop_weights(probs)
        crops = tuple(
            Crop(square.box(photo.size), square.mirrored, square.padded(photo.size), self._named(p), float(weight))
            for square, p, weight in zip(squares, probs, weights, strict=True)
        )
        named = self._named(weights @ probs)
        label = max(named, key=named.__getitem__)
        verdict: Verdict = "sure" if named[label] >= UNSURE_BELOW else "unsure"
        ood_score = 0.0
        if self.calibration is not None:
            ood_score = self.calibration.ood.score(logits, photo.crops(squares), self.temperature)
        if ood_score > UNKNOWN_ABOVE:
            verdict = "unknown"
        return PhotoPrediction(label, named[label], named, verdict, preprocessed, activations, ood_score, crops)
