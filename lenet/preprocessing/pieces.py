"""Pieces of ink, what is beside the digits among them, and how they lie to one another.

A box is (left, top, right, bottom) in pixels of the ink.  "Tall" is the tallest piece's height, the measure of how
large the writing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Box = tuple[int, int, int, int]
MarkKind = Literal[
    "point", "minus", "plus", "times", "equals", "slash", "opening", "closing", "percent", "box", "line", "ring"
]

# Of tall:
STANDS = 0.5  # what is at least this high stands in a row of its own
FLAT = 0.3  # a minus and a line are lower than this
LINE = 1.2  # a line under digits is longer than this, and a minus shorter
DOT = 0.3  # what has no longer side than this is no digit by itself
ROUND_POINT = 0.2  # a round piece with no longer side than this may be a decimal point
SMALL = 0.3  # a piece lower than this is part of what stands over or under it
APART = 0.3  # pieces further from one another are two digits


@dataclass(frozen=True)
class Piece:
    """Ink that belongs together: its labels on the sheet, its box, and the row that it stands in, from 0."""

    labels: tuple[int, ...]
    box: Box
    row: int = 0

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def longer(self) -> int:
        return max(self.width, self.height)


@dataclass(frozen=True)
class Mark:
    """What is written or printed beside the digits.

    Attributes:
        kind: "point" (also a comma), "minus", "plus", "times", "equals", "slash", "opening" or "closing" (brackets),
            "percent", "box", "line" (under or over digits) or "ring" (around them).
    """

    kind: MarkKind
    box: Box


def joined(pieces: Sequence[Piece]) -> Piece:
    lefts, tops, rights, bottoms = zip(*(p.box for p in pieces), strict=True)
    labels = tuple(label for p in pieces for label in p.labels)
    return Piece(labels, (min(lefts), min(tops), max(rights), max(bottoms)), pieces[0].row)


def tallest(pieces: Sequence[Piece]) -> int:
    return max((p.height for p in pieces), default=0)


def is_round(piece: Piece) -> bool:
    return piece.longer <= 1.6 * min(piece.width, piece.height)


def is_dot(piece: Piece, tall: int) -> bool:
    return is_round(piece) and piece.longer < ROUND_POINT * tall


def across(piece: Piece) -> int:
    """Twice where its middle is, from left to right."""
    return piece.box[0] + piece.box[2]


def down(piece: Piece) -> int:
    """The same from the top down."""
    return piece.box[1] + piece.box[3]


def overlap(a: Piece, b: Piece, axis: int) -> int:
    """Pixels that both cover along x (0) or y (1); less than 0 where that far apart."""
    return min(a.box[axis + 2], b.box[axis + 2]) - max(a.box[axis], b.box[axis])


def contains(piece: Piece, other: Piece) -> bool:
    """Whether the other one's box is within this one's."""
    return overlap(piece, other, 0) == other.width and overlap(piece, other, 1) == other.height


def distance(a: Piece, b: Piece) -> float:
    """Pixels from the box of one to the box of the other; 0 where they touch or overlap."""
    # np.hypot's value to the last bit, which math.hypot's is not, in half of the time
    return abs(complex(max(-overlap(a, b, 0), 0), max(-overlap(a, b, 1), 0)))


def connected(near: np.ndarray) -> list[list[int]]:
    """Groups of indices that a chain of near ones connects; near is bool (N, N)."""
    left, groups = set(range(len(near))), []
    while left:
        group, new = [], [min(left)]
        left.discard(new[0])
        while new:
            at = new.pop()
            group.append(at)
            others = [i for i in np.flatnonzero(near[at]).tolist() if i in left]
            left.difference_update(others)
            new += others
        groups.append(sorted(group))
    return groups
