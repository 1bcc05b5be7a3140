"""Digits that people draw and MNIST and the tablet hardly hold: round zeros, a clock's digits, a dash for a 1.

Nobody collected them: they are drawn here by rule, as pen strokes, and rendered as the tablet's are.
What a letter or a shape shares with a digit counts as the digit, for that is what people draw on a pad
for digits: a circle is a 0, a zigzag like Z is a 2, like S a 5, a b of straight strokes a 6, a q a 9.
`non_digits` leaves all of these out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from lenet.data.strokes import Strokes, bent, fitted, parse_strokes

# Straight strokes on a grid 2 wide and 4 high, y downwards, see `parse_strokes`: as a clock shows them, and as people
# draw them with a ruler in mind.  A digit has several ways.
ANGULAR = (
    ("0020240400", "10212314030110"),
    ("1014", "011014", "011014 0424"),
    ("002022020424", "00200424", "0020220424", "011021220424"),
    ("00202404 0222", "0020122404", "001021122304"),
    ("000222 2024", "100323 1114", "14100323", "200222 2024"),
    ("200002222404", "20000212231404", "0002222404 0020"),
    ("200004242202", "0004242202", "100204242202", "200204242202"),
    ("002024", "002004", "002014", "01002024", "002014 0222", "002004 0222"),
    ("0020240400 0222", "0020042400", "1021120110 1223140312"),
    ("220200202404", "2202002024", "211201102114"),
)
GRIDS = [[parse_strokes(way) for way in ways] for ways in ANGULAR]
_CELL = 80  # tablet pixels a step of the grid: digits 320 high


def angular(rng: Generator) -> tuple[int, Strokes]:
    """A digit of straight strokes: its corners sharp, its points a little off, narrow to wide."""
    label = int(rng.integers(10))
    ways = GRIDS[label]
    # a wide rectangle is a box, which nobody takes for a zero
    widest = 0.9 if label == 0 else 1.5
    cell = np.array([_CELL * rng.uniform(0.6, widest), _CELL])
    return label, [(s + rng.normal(0, 0.09, s.shape)) * cell for s in ways[rng.integers(len(ways))]]


def zero(rng: Generator) -> tuple[int, Strokes]:
    """A closed, wobbly ellipse, narrow to wider than high; its ends overlap, meet, or nearly do.

    One in six has a slash, one in fifteen a dot, as some people and most programmers write it.
    """
    turn = 2 * math.pi
    overlap = rng.choice([rng.normal(0, 0.02), rng.uniform(0, 0.3), rng.uniform(-0.08, 0)])
    angle = rng.uniform(0, turn) + rng.choice([-1, 1]) * np.linspace(0, turn * (1 + overlap), 72)
    radius = 1 + rng.normal(0, 0.05) * np.linspace(-1, 1, len(angle))  # a pen does not come back to where it began
    for waves in (1, 2, 3, 4):
        radius += rng.normal(0, 0.03) * np.sin(waves * angle + rng.uniform(0, turn))
    size = 170 * np.array([rng.uniform(0.5, 1.0), 1.0])
    ring = size * np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    inside = rng.random()
    if inside < 1 / 6:
        end = size * rng.uniform((0.45, 0.5), (0.8, 0.95)) * (1, -1)
        return 0, [ring, np.stack([-end, end])]
    if inside < 1 / 6 + 1 / 15:
        return 0, [ring, rng.normal(0, 12, (1, 2))]
    return 0, [ring]


def dash(rng: Generator) -> tuple[int, Strokes]:
    """A 1 as one stroke, straight or a little curved, upright or leaning as people lean it."""
    length, lean, belly = rng.uniform(60, 340), rng.normal(0.1, 0.16), rng.normal(0, 0.03)
    t = np.linspace(-0.5, 0.5, 9)
    return 1, [length * np.stack([-lean * t + belly * (1 - 4 * t**2), t], axis=1)]


RULES: tuple[tuple[Callable[[Generator], tuple[int, Strokes]], float], ...] = (
    (angular, 0.5),
    (zero, 0.35),
    (dash, 0.15),
)  # and their shares


def digit(rng: Generator) -> tuple[int, Strokes]:
    """The label and the strokes of a digit drawn by rule, 0 to 500 tablet pixels."""
    rules, shares = zip(*RULES, strict=True)
    label, strokes = rules[rng.choice(len(rules), p=shares)](rng)
    return label, fitted(bent(strokes, rng), rng.uniform(0.4, 1.2))


# --------------------------------------------------------------------------------------------------
# What a pen, a ballpoint or chalk does to any digit's strokes


def apart(strokes: Strokes, rng: Generator) -> Strokes:
    """Cut in two or three; the pieces stand up to a tenth of the digit's height from each other.

    A 5 whose bar does not touch, an 8 with a gap, a stroke where the ballpoint gave no ink.
    """
    height = float(np.ptp(np.concatenate(strokes), axis=0).max())
    pieces = [along(stroke, 2.0) for stroke in strokes]
    for _ in range(rng.integers(1, 3)):
        lengths = np.array([len(piece) for piece in pieces], float)
        index = int(rng.choice(len(pieces), p=lengths / lengths.sum()))
        piece, gap = pieces[index], int(rng.uniform(0.02, 0.1) * height / 2.0)
        if len(piece) < 3 * gap + 6:
            continue
        cut = int(rng.integers(gap + 2, len(piece) - gap - 2))
        moved = piece[cut + gap :] + rng.normal(0, 0.03 * height, 2)
        pieces[index : index + 1] = [piece[:cut], moved]
    return pieces


def dotted(strokes: Strokes, spacing: float) -> Strokes:
    """Single points, about `spacing` tablet pixels from one to the next."""
    return [point[None] for stroke in strokes for point in along(stroke, spacing)]


def along(stroke: np.ndarray, spacing: float) -> np.ndarray:
    """Points (N, 2) at equal distances of about `spacing` along a stroke, both its ends among them."""
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    if way[-1] == 0:
        return stroke[:1]
    places = np.linspace(0, way[-1], max(2, round(way[-1] / spacing) + 1))
    return np.stack([np.interp(places, way, stroke[:, axis]) for axis in (0, 1)], axis=1)
