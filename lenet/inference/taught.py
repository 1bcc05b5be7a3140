"""A network that a person taught classes of their own, as a file to keep: see `lenet.training.teaching`."""

from __future__ import annotations

from lenet.inference.pretrained import Checkpoint, rounded
from lenet.training.stored import versions
from lenet.training.teaching import RECIPE, Taught


def to_checkpoint(taught: Taught) -> Checkpoint:
    """The network, whose file says how often it was right in cross-validation.

    The metrics are cross_validation_accuracy (of all examples), examples (how many) and train_seconds.
    """
    total = len(taught.answers)
    metrics = {
        "cross_validation_accuracy": taught.right / total,
        "examples": float(total),
        "train_seconds": round(taught.seconds, 1),
    }
    return Checkpoint(rounded(taught.model), RECIPE, taught.classes, metrics, {**versions(), "device": "cpu"})
