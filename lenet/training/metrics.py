"""Pure functions of (logits, labels).  Logits are float (N, classes), labels int64 (N,)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The fraction of rows whose largest logit is the label's; 0.0 to 1.0."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


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


def calibration_error(probs: Tensor, labels: Tensor, bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015), a fraction: how far confidence is from accuracy.

    Args:
        probs: (N, classes), 0 to 1; confidence is a row's largest.
        bins: of equal width, over 0 to 1; each one's gap counts by its share of the rows.
    """
    confidence, answers = probs.max(dim=1)
    _, expected, right = reliability(confidence, answers == labels, bins)
    return (expected - right).abs().sum().item() / len(labels)


def reliability(confidence: Tensor, right: Tensor, bins: int = 15) -> Tensor:
    """What a reliability diagram shows (Guo et al. 2017), float64 (3, bins).

    The rows are each bin's count, its summed confidence (how many of its answers should be right), and how
    many of its answers are right.

    Args:
        confidence: (N,), 0 to 1, of the answers.
        right: bool (N,), whether each answer is right.
        bins: of equal width, over 0 to 1.
    """
    confidence = confidence.double()
    which = (confidence * bins).long().clamp(max=bins - 1)
    rows = torch.stack([torch.ones_like(confidence), confidence, right.double()])
    return rows.new_zeros(3, bins).index_add(1, which, rows)
