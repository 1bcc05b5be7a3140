"""What a validation split says of a network's confidence.

calibration = Calibration.of(logits, labels, images)
probs = (logits / calibration.temperature).softmax(dim=1)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from lenet.inference.ood import OodDetector
from lenet.training.metrics import cross_entropy


@dataclass(frozen=True)
class Calibration:
    """What the validation split says of a network that learned no "none of these".

    Attributes:
        temperature: what its logits are divided by for the lowest cross-entropy, see `fit_temperature`.
        ood: how unlike the validation split a photo is.
    """

    temperature: float
    ood: OodDetector

    def __post_init__(self) -> None:
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"a temperature of {self.temperature!r}")

    @classmethod
    def of(cls, logits: Tensor, labels: Tensor, images: Tensor) -> Calibration:
        """From a validation split: logits (N, classes), labels (N,), and images uint8 (N, 3, 32, 32)."""
        temperature = fit_temperature(logits, labels)
        return cls(temperature, OodDetector.of(logits, images, temperature))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibration:
        """The inverse of `asdict`, also after a round trip through JSON; reads older files too."""
        values = values if "ood" in values else _from_gauges(**values)
        return cls(**{**values, "ood": OodDetector.from_dict(values["ood"])})


def _from_gauges(temperature: float, energy: Any, looks: Any, mean: Any, precision: Any) -> dict[str, Any]:
    """The values of an older file, which calls the two scales gauges, "energy" and "looks", each with a "middle"."""
    scales = {
        name: {"median": gauge["middle"], "limit": gauge["limit"]}
        for name, gauge in (("energy", energy), ("distance", looks))
    }
    return {"temperature": temperature, "ood": {**scales, "mean": mean, "precision": precision}}


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number by which to divide the logits for the lowest cross-entropy (Guo et al. 2017).

    From 0.1 to 10; the cross-entropy is convex in its reciprocal, so a golden section finds it.
    """
    low, high = 0.1, 10.0  # of the reciprocal
    golden = (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if cross_entropy(logits * left, labels) < cross_entropy(logits * right, labels):
            high = right
        else:
            low = left
    return 2 / (low + high)
