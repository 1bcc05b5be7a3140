"""A network that a person taught classes of their own, as a file to keep: see `lenet.training.teaching`."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from lenet.inference.calibration import Calibration
from lenet.inference.ood import OodDetector, ScoreScale, energy, image_statistics, mahalanobis
from lenet.inference.photos import SETTLED_ABOVE, UNKNOWN_ABOVE, crop_weights
from lenet.inference.pretrained import Checkpoint, load, rounded
from lenet.training.photo_teaching import BASE, PHOTO_RECIPE, PhotoExamples, TaughtPhotos
from lenet.training.stored import versions, weights_file
from lenet.training.teaching import RECIPE, Taught

# Above it a photo is none of the classes.  At 0 that is as likely as one of them, by the other photos that the last
# layer learned from.  On CIFAR-10's validation images of classes that the network did not know, 0 refuses 10% of what
# is none of three classes with ten examples each, and 4% of what is one of them; -0.8 refuses 21% and 9%.
ENERGY_LIMIT = -0.8


def to_checkpoint(taught: Taught) -> Checkpoint:
    """The network, whose file says how often it was right in cross-validation.

    The metrics are cross_validation_accuracy (of all examples), examples (how many) and train_seconds.
    """
    metrics = _metrics(taught.right, len(taught.answers), taught.seconds)
    return Checkpoint(rounded(taught.model), RECIPE, taught.classes, metrics, {**versions(), "device": "cpu"})


def _metrics(right: int, total: int, seconds: float) -> dict[str, float]:
    return {
        "cross_validation_accuracy": right / total,
        "examples": float(total),
        "train_seconds": round(seconds, 1),
    }


# --------------------------------------------------------------------------------------------------
# Photos


@lru_cache(maxsize=1)
def shipped_detector() -> OodDetector:
    """How the base network's file says what photos are like."""
    calibration = load(weights_file(BASE)).calibration
    assert calibration is not None  # weights/ is part of the program
    return calibration.ood


def photo_checkpoint(
    taught: TaughtPhotos, examples: PhotoExamples, photos: OodDetector | None = None
) -> tuple[Checkpoint, tuple[int, ...]]:
    """The network as a file, and what was answered to each example by one that had not learned from it.

    An answer is the index of a class, or the number of classes for none of them.

    Args:
        photos: what photos are like; None for `shipped_detector()`.
    """
    ood = _detector(taught, examples, photos or shipped_detector())
    calibration = Calibration(1.0, ood)
    answers = tuple(
        _answer(logits, crops, calibration) for logits, crops in zip(taught.left_out, examples.crops, strict=True)
    )
    right = sum(answer == label for answer, label in zip(answers, examples.labels.tolist(), strict=True))
    metrics = _metrics(right, len(answers), taught.seconds)
    made = {**versions(), "device": "cpu"}
    return Checkpoint(
        rounded(taught.model), PHOTO_RECIPE, taught.classes, metrics, made, calibration=calibration
    ), answers


def _detector(taught: TaughtPhotos, examples: PhotoExamples, photos: OodDetector) -> OodDetector:
    """What is none of a person's classes.

    By the energy of the logits.  And by the pixels as the base network has it; but a person's camera may make other
    pixels than the base network's photos have, and where the photos of a class are odder than those, as much odder may
    be what is asked.
    """
    energies = torch.stack([energy(logits, 1.0).min() for logits in taught.left_out])
    mean, precision = (torch.tensor(values, dtype=torch.float64) for values in (photos.mean, photos.precision))
    distances = torch.stack([mahalanobis(image_statistics(crops), mean, precision).min() for crops in examples.crops])
    of_classes = [distances[examples.labels == label].median() for label in range(len(examples.classes))]
    odder = max(1.0, float(max(of_classes)) / photos.distance.median)
    scale = photos.distance
    return replace(
        photos,
        energy=ScoreScale(min(float(energies.median()), ENERGY_LIMIT - 1), ENERGY_LIMIT),
        distance=ScoreScale(odder * scale.median, odder * scale.limit),
    )


def _answer(logits: Tensor, crops: Tensor, calibration: Calibration) -> int:
    """What `PhotoClassifier` answers to a photo with these logits (C, classes), of its crops (C, 3, 32, 32)."""
    for count in (1, len(logits)):
        probs = (logits[:count] / calibration.temperature).softmax(dim=1)
        found = crop_weights(probs) @ probs
        unknown = calibration.ood.score(logits[:count], crops[:count], calibration.temperature) > UNKNOWN_ABOVE
        if found.max() >= SETTLED_ABOVE and not unknown:
            break
    return len(found) if unknown else int(found.argmax())
