"""What a recipe can choose by name: optimizers, schedules of the learning rate, and losses.

A new one is one entry here, and its name in each language for the page (`schedule_NAME` or `optimizer_NAME` in
lenet/ui/train/texts.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet.training.muon import Muon

# --------------------------------------------------------------------------------------------------
# Optimizers

# `fused` runs one kernel a step instead of one for each operation and layer: 2.5 times as fast on small networks.


def _sgd(model: nn.Sequential, lr: float, momentum: float, weight_decay: float, dtype: torch.dtype) -> Any:
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=weight_decay, fused=True)


def _adam(model: nn.Sequential, lr: float, momentum: float, weight_decay: float, dtype: torch.dtype) -> Any:
    return torch.optim.Adam(model.parameters(), lr=lr, weight_decay=weight_decay, fused=True)


def _adamw(model: nn.Sequential, lr: float, momentum: float, weight_decay: float, dtype: torch.dtype) -> Any:
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay, fused=True)


def _muon(model: nn.Sequential, lr: float, momentum: float, weight_decay: float, dtype: torch.dtype) -> Any:
    return Muon(model, lr=lr, momentum=momentum, weight_decay=weight_decay, dtype=dtype, fused=True)


# (model, lr, momentum, weight decay, dtype of the arithmetic) -> optimizer
OPTIMIZERS: dict[str, Callable[[nn.Sequential, float, float, float, torch.dtype], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "muon": _muon,
}

# --------------------------------------------------------------------------------------------------
# Schedules

WARM_UP = 0.2  # the share of a one-cycle schedule in which the rate rises; then it falls to zero


def cosine(progress: float) -> float:
    """Half a cosine wave, from 1 to 0."""
    return (1 + math.cos(math.pi * progress)) / 2


def linear(progress: float) -> float:
    """A straight line from 1 to 0."""
    return 1 - progress


def one_cycle(progress: float) -> float:
    """Up to 1 during WARM_UP, then down to 0."""
    return min((progress + 1e-3) / WARM_UP, (1 - progress) / (1 - WARM_UP))


# progress, 0 to 1 -> a factor for the recipe's learning rate.  None: the optimizer keeps its own rate, which
# "plateau" halves between epochs
SCHEDULES: dict[str, Callable[[float], float] | None] = {
    "constant": None,
    "plateau": None,
    "cosine": cosine,
    "linear": linear,
    "one-cycle": one_cycle,
}

# --------------------------------------------------------------------------------------------------
# Losses

# The constant j of equation 9 (LeCun et al. 1998).  The paper only says that it is positive.  An output whose penalty
# exceeds it is no longer pushed away.
RUBBISH_PENALTY = 10.0


def cross_entropy(logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
    """Labels are int64 (B,), or float (B, classes)."""
    return functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)


def discriminative_map(logits: Tensor, labels: Tensor, label_smoothing: float) -> Tensor:
    """Equation 9 of LeCun et al. 1998: the mean of y_D + log(exp(-j) + sum_i exp(-y_i)), penalties y = -logits.

    That is cross-entropy with one more class, rubbish, of constant penalty j.
    """
    rubbish = logits.new_full((len(logits), 1), -RUBBISH_PENALTY)
    return functional.cross_entropy(torch.cat([logits, rubbish], dim=1), labels, label_smoothing=label_smoothing)


# (logits (B, classes), labels, label smoothing) -> a scalar
LOSSES: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "cross-entropy": cross_entropy,
    "discriminative-map": discriminative_map,
}
