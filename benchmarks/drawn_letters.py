"""Ten letters drawn by rule, as several people would write them: what benchmarks and tests teach a network.

`lenet.data.non_digits` draws letters too, to say what is no digit.  These have templates and hands of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from lenet.data.strokes import Strokes, bent, cut_corners, fitted, parse_strokes

# Pen strokes on a grid 6 wide and 8 high, y downwards, see `parse_strokes`; people have a way each.
WAYS: dict[str, tuple[str, ...]] = {
    "A": ("083068 1545", "0830 3068 1555", "08273068 1656"),
    "B": ("0008 0040524404 0444564808", "0800306143046467 6708"),
    "E": ("60000868 0454", "600008 0868 0444"),
    "F": ("600008 0454", "0060 1018 1454"),
    "H": ("0008 6068 0464", "1018 5058 1353"),
    "K": ("0008 600468", "1018 501458"),
    "M": ("0800346068", "0810353068"),
    "N": ("08006860", "1800 0068 6860"),
    "R": ("0800506243040468", "1810406153141458"),
    "T": ("0060 3038", "1060 4038"),
}
LETTERS = tuple(WAYS)
_CELL = (50.0, 45.0)  # tablet pixels a step of the grid


@dataclass(frozen=True)
class Hand:
    """How one person writes.

    Attributes:
        seed: which of the ways they know they write each letter in.
        slant: to the right, as a tangent.
        stretch: width, as a factor.
        rounds: how often corners are cut.
        width: of the pen, in pixels of 400.
    """

    seed: int
    slant: float
    stretch: float
    rounds: int
    width: float

    @classmethod
    def of(cls, writer: int) -> Hand:
        rng = np.random.default_rng((writer, 3))
        slant, stretch = rng.normal(0, 0.15), math.exp(rng.normal(0, 0.15))
        return cls(writer, slant, stretch, int(rng.integers(0, 3)), rng.uniform(10, 34))

    def write(self, letter: str, rng: Generator) -> Strokes:
        """The strokes of a letter in LETTERS, 0 to 500 tablet pixels: no two are alike."""
        ways = WAYS[letter]
        way = ways[(self.seed + LETTERS.index(letter)) % len(ways)]
        strokes = []
        for points in parse_strokes(way):
            points += rng.normal(0, 0.3, points.shape)
            for _ in range(self.rounds):
                points = cut_corners(points)
            points *= _CELL
            points[:, 0] = points[:, 0] * self.stretch - points[:, 1] * self.slant
            strokes.append(points)
        return fitted(bent(strokes, rng), rng.uniform(0.6, 1.2))
