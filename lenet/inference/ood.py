"""How unlike its training data a photo is: out-of-distribution (OOD) detection.

    detector = OodDetector.of(logits, images, temperature)    from a validation split
    detector.score(logits, images, temperature)               of one photo: 0 is like them, 1 is not

Two scores, and the worse of them counts.  The energy of the logits says how little a photo is like any class.
The statistics of its pixels say how little it is like any photo: photos of the world are alike in their colours
and edges, most neighbouring pixels differ little and a few by much, at every scale (Ruderman, "The statistics of
natural images", 1994).  Drawings, text, plain colours and noise are not, though a network that knows nothing else
may be sure of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

KNOWN_SHARE = 0.97  # of the validation split's photos, at least this share get a score of 0.5 or less
MEDIAN_SCORE = 0.05  # of the validation split's median photo
CHUNK = 500  # photos whose statistics are computed at once: in double precision 12 MB

SCALES = 4  # 32, 16, 8 and 4 pixels
STATISTICS = 8 + SCALES * 2 * 4
FLAT = 4 / 255  # neighbours that differ by less are alike


def image_statistics(images: Tensor) -> Tensor:
    """(N, STATISTICS), float64, of images uint8 (N, 3, 32, 32).

    Each channel's mean and deviation; the mean and deviation of how far channels are from grey; and of grey, at
    each scale, across and down: the logarithms of the mean, the root mean square and the first quartile of the
    neighbours' differences, and the share of them that is flat.
    """
    x = images.double() / 255
    grey = x.mean(dim=1)  # (N, H, W)
    colour = (x - grey[:, None]).flatten(1)
    found = [x.mean(dim=(2, 3)), x.std(dim=(2, 3)), colour.abs().mean(1, keepdim=True), colour.std(1, keepdim=True)]
    for scale in range(SCALES):
        if scale:
            grey = torch.nn.functional.avg_pool2d(grey, 2)
        for difference in (grey.diff(dim=2), grey.diff(dim=1)):
            edges = difference.abs().flatten(1)
            sizes = edges.mean(1), edges.square().mean(1).sqrt(), edges.quantile(0.25, dim=1)
            # a thousandth or two is a quarter to a half of a grey level: below it there is nothing to tell
            logs = [(size + least).log() for size, least in zip(sizes, (1e-3, 1e-3, 2e-3), strict=True)]
            found.append(torch.stack([*logs, (edges < FLAT).double().mean(1)], dim=1))
    return torch.cat(found, dim=1)


def mahalanobis(found: Tensor, mean: Tensor, precision: Tensor) -> Tensor:
    """Squared Mahalanobis distance, (N,), of statistics (N, S) from their mean (S,); precision is (S, S)."""
    away = found - mean
    return ((away @ precision) * away).sum(dim=1)


def energy(logits: Tensor, temperature: float) -> Tensor:
    """-T log sum exp(z / T), (N,): the higher, the less a row looks like any class (Liu et al. 2020)."""
    return -temperature * (logits.double() / temperature).logsumexp(dim=1)


@dataclass(frozen=True)
class ScoreScale:
    """Brings a measure that is higher for odder photos to 0 to 1, by its values on the validation split.

    Attributes:
        median: its median there.
        limit: what only (1 - KNOWN_SHARE) / 2 of the photos there exceed.
    """

    median: float
    limit: float

    def __post_init__(self) -> None:
        if not -math.inf < self.median <= self.limit < math.inf:
            raise ValueError(f"a score scale from {self.median!r} to {self.limit!r}")

    @classmethod
    def of(cls, values: Tensor) -> ScoreScale:
        shares = torch.tensor([0.5, 1 - (1 - KNOWN_SHARE) / 2], dtype=values.dtype)
        return cls(*values.quantile(shares).tolist())

    def __call__(self, values: Tensor) -> Tensor:
        """0 to 1, rising: MEDIAN_SCORE at `median`, 0.5 at `limit`, a logistic function between and beyond."""
        width = max(self.limit - self.median, 1e-6) / math.log(1 / MEDIAN_SCORE - 1)
        return ((values - self.limit) / width).sigmoid()


@dataclass(frozen=True)
class OodDetector:
    """What a validation split's photos are like.

    Attributes:
        energy: the scale of their `energy`.
        distance: the scale of the Mahalanobis distance of their `image_statistics` from the mean.
        mean, precision: of those statistics, (S,) and (S, S), the inverse of their covariance.
    """

    energy: ScoreScale
    distance: ScoreScale
    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for row in (self.mean, *self.precision) for value in row):
            raise ValueError("statistics that are not of finite numbers")
        if not len(self.mean) == len(self.precision) == STATISTICS or {len(row) for row in self.precision} != {
            STATISTICS
        }:
            raise ValueError(f"other than {STATISTICS} statistics")

    @classmethod
    def of(cls, logits: Tensor, images: Tensor, temperature: float) -> OodDetector:
        """From a validation split's images uint8 (N, 3, 32, 32), and a network's logits (N, classes) for them."""
        found = torch.cat([image_statistics(some) for some in images.split(CHUNK)])
        mean, covariance = found.mean(dim=0), found.T.cov()
        # a hundredth of each statistic's own variance keeps those that hardly vary together from deciding alone
        own = covariance.diagonal().clamp(min=1e-12).diag()
        precision = torch.linalg.inv(0.99 * covariance + 0.01 * own)
        return cls(
            ScoreScale.of(energy(logits, temperature)),
            ScoreScale.of(mahalanobis(found, mean, precision)),
            tuple(mean.tolist()),
            tuple(tuple(row) for row in precision.tolist()),
        )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> OodDetector:
        """The inverse of `asdict`, also after a round trip through JSON."""
        scales = {name: ScoreScale(**values[name]) for name in ("energy", "distance")}
        precision = tuple(tuple(row) for row in values["precision"])
        return cls(**{**values, **scales, "mean": tuple(values["mean"]), "precision": precision})

    def score(self, logits: Tensor, images: Tensor, temperature: float) -> float:
        """How odd a photo is, 0 to 1, from its crops: logits (V, classes), images uint8 (V, 3, 32, 32).

        A crop is as odd as the worse of its two scores says, and the photo as the least odd of its crops: what is
        off the middle is seen in some.  Of the validation split's photos, a share of KNOWN_SHARE or more is at 0.5
        or below.  It is no probability of an unknown subject: that depends on how many there are.
        """
        far = mahalanobis(image_statistics(images), self._mean, self._precision)
        return torch.maximum(self.energy(energy(logits, temperature)), self.distance(far)).min().item()

    @cached_property
    def _mean(self) -> Tensor:
        return torch.tensor(self.mean, dtype=torch.float64)

    @cached_property
    def _precision(self) -> Tensor:
        return torch.tensor(self.precision, dtype=torch.float64)
