"""Pure functions of (logits, labels).  Logits are float (N, classes), labels int64 (N,)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

BINS = 15  # of confidences, as in Guo et al. 2017
NOT_DIGIT_ABOVE = 0.5  # the probability of "not a digit" above which that is the verdict


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The fraction of rows whose largest logit is the label's; 0.0 to 1.0."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


def likeliest_or_none(probs: Tensor, classes: int) -> Tensor:
    """What is answered, int64 (N,), as by `DigitClassifier`: the likeliest class, or `classes` for none of them.

    It is none of them where that is more likely than NOT_DIGIT_ABOVE.

    Args:
        probs: (N, classes), 0 to 1; or (N, classes + 1), where the last one is that of none of them.
        classes: how many can be answered.
    """
    likeliest = probs[:, :classes].argmax(dim=1)
    if probs.shape[1] == classes:
        return likeliest
    return torch.where(probs[:, classes] > NOT_DIGIT_ABOVE, classes, likeliest)


def wilson_interval(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """The accuracies, 0 to 1, that `right` of `total` answers agree with, by Wilson's score interval (1927).

    Args:
        total: at least 1.
        z: 1.96 standard deviations for an interval that holds the true accuracy 95% of the time.
    """
    share, weight = right / total, z**2 / total
    middle = (share + weight / 2) / (1 + weight)
    reach = math.sqrt(share * (1 - share) / total + weight / (4 * total)) * z / (1 + weight)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def cross_entropy(logits: Tensor, labels: Tensor) -> float:
    """Mean negative log probability of the labels, in nats."""
    return functional.cross_entropy(logits.double(), labels).item()


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """Counts, int64 (classes, classes): the row is the label, the column the answer."""
    classes = logits.shape[1]
    return (labels * classes + logits.argmax(dim=1)).bincount(minlength=classes**2).view(classes, classes)


def accuracy_per_class(logits: Tensor, labels: Tensor) -> list[float]:
    """Each class's own accuracy, in class order; NaN for a class without labels."""
    counts = confusion(logits, labels).double()
    return (counts.diagonal() / counts.sum(dim=1)).tolist()


@dataclass(frozen=True)
class Bin:
    """The answers of about the same confidence.

    Attributes:
        count: how many there are.
        confidence, accuracy: their mean confidence, and the fraction that is right; 0.0 where there are none.
    """

    count: int
    confidence: float
    accuracy: float


def reliability(confidence: Tensor, right: Tensor, bins: int = BINS) -> tuple[Bin, ...]:
    """What a reliability diagram shows (Guo et al. 2017): bins of equal width, over confidences from 0 to 1.

    Args:
        confidence: (N,), 0 to 1, of the answers.
        right: bool (N,), whether each answer is right.
    """
    confidence = confidence.double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    rows = torch.stack([torch.ones_like(confidence), confidence, right.double()])
    sums = rows.new_zeros(3, bins).index_add(1, which, rows)
    return tuple(Bin(int(count), said / max(1, count), so / max(1, count)) for count, said, so in sums.T.tolist())


def mean_gap(bins: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015), 0 to 1: each bin's gap, weighted by its count."""
    gaps = sum(one.count * abs(one.confidence - one.accuracy) for one in bins)
    return gaps / max(1, sum(one.count for one in bins))


def calibration_error(probs: Tensor, labels: Tensor, bins: int = BINS) -> float:
    """How far confidence is from accuracy: the `mean_gap` of probabilities.

    Args:
        probs: (N, classes), 0 to 1; confidence is a row's largest.
    """
    confidence, answers = probs.max(dim=1)
    return mean_gap(reliability(confidence, answers == labels, bins))
