"""The steps from a picture to network input, kept so that they can be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from lenet.errors import Text

Box = tuple[float, float, float, float]  # left, top, right, bottom, as fractions of the upright picture


@dataclass(frozen=True)
class Stage:
    """One step of the way, to be shown: uint8 pixels (H, W) or (H, W, 3), and why it was done."""

    name: str
    image: np.ndarray
    why: Text


@dataclass(frozen=True)
class Preprocessed:
    """A picture on its way into a network.

    Attributes:
        stages: every step in order; the last shows x itself.
        x: network input, float32 (1, C, size, size).
        blank: no ink was found, so that x holds nothing to read.
    """

    stages: tuple[Stage, ...]
    x: Tensor
    blank: bool = False
