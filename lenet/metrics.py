"""Pure functions of (logits, labels).  Logits are float (N, classes), labels int64 (N,)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The fraction of rows whose largest logit is the label's; 0.0 to 1.0."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


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
