"""Strokes that a pen left open: a ballpoint that skips, a line that was lifted and goes on.

    components -> open_gaps -> the lines that close them

A stroke goes on in another one where both end, and each end points to the other; or it ends near the other's side, and
points there.  Digits side by side do so too, so whether what is closed here reads better than the parts do is for the
network to say: `DigitClassifier.read_page`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lenet.preprocessing.bars import Cells, close_to
from lenet.preprocessing.pieces import Piece, distance, joined

MAX_STROKES = 40  # components: more are a page, or noise
REACH = 0.14  # of the longer side of both strokes together: a wider gap is none
STROKE = 3.0  # thicknesses: a stroke is longer than a point
ENDS = 2.0  # thicknesses: so much of a stroke shows where its end points to
LEAST = 5.0  # cells: and at least so much
SLIM = 1.5  # times the variance across is that along an end; of a stroke's side, or of a corner, it is less
SIDE = 5.0  # thicknesses: so near an end is to the side of another stroke, as a 4's bar to its stem
FACING = 0.6  # cosine: an end points to the other one
MAX_PAIRS = 100_000  # of cells that are compared; of more every second, or third
PLACES = 3  # where two strokes are near one another that are looked at

End = tuple[float, float, float, float]  # x and y of its middle, and the direction that it points to; 0, 0 of a side


@dataclass(frozen=True)
class Gap:
    """From the end of a stroke to that of another, in cells, and how thick they are."""

    begin: tuple[float, float]
    end: tuple[float, float]
    thick: float


def open_gaps(
    pieces: Sequence[Piece],
    thick: Callable[[Piece], float],
    cells: Callable[[Piece], Cells],
    scale: int,
    at_sides: bool,
) -> list[Gap]:
    """The gaps between strokes of which one goes on in the other.

    Args:
        thick: how thick the strokes of each piece are, in cells of the labels.
        cells: where a piece is, in those.
        scale: pixels of a box to a cell.
        at_sides: whether a stroke may go on in another's side too.
    """
    if not 2 <= len(pieces) <= MAX_STROKES:
        return []
    near = [
        (i, k)
        for i, k in combinations(range(len(pieces)), 2)
        if distance(pieces[i], pieces[k]) <= REACH * joined([pieces[i], pieces[k]]).longer
    ]
    places = {i: (cells(pieces[i]), thick(pieces[i])) for pair in near for i in pair}
    found = []
    for i, k in near:
        reach = REACH * joined([pieces[i], pieces[k]]).longer / scale
        (a, one), (b, other) = places[i], places[k]
        if min(pieces[i].longer, pieces[k].longer) >= STROKE * scale * max(one, other):
            found += _gaps(a, b, (one + other) / 2, reach, at_sides)
    return found


def _gaps(a: Cells, b: Cells, thick: float, reach: float, at_sides: bool) -> list[Gap]:
    """The gaps between two strokes, where they are nearest and one of them, or both, point to the other."""
    near_a, near_b = close_to(a, b, reach), close_to(b, a, reach)
    step = math.ceil((len(near_a[0]) * len(near_b[0]) / MAX_PAIRS) ** 0.5)
    if step == 0:
        return []
    near_a, near_b = ((x[::step], y[::step]) for x, y in (near_a, near_b))
    away = (near_a[0][:, None] - near_b[0]) ** 2 + (near_a[1][:, None] - near_b[1]) ** 2
    found = []
    for _ in range(PLACES):
        i, k = divmod(int(away.argmin()), len(near_b[0]))
        if away[i, k] > reach**2:
            break
        at, other = (float(near_a[0][i]), float(near_a[1][i])), (float(near_b[0][k]), float(near_b[1][k]))
        if gap := _between(_end(a, at, thick), _end(b, other, thick), thick, SIDE * at_sides):
            found.append(gap)
        away[_near(near_a, at, 2 * ENDS * thick)] = math.inf
        away[:, _near(near_b, other, 2 * ENDS * thick)] = math.inf
    return found


def _between(one: End, other: End, thick: float, side: float) -> Gap | None:
    """The gap between two ends, or an end and a side within `side`; None where what ends points elsewhere."""
    (x0, y0, u0, v0), (x1, y1, u1, v1) = one, other
    across, down = x1 - x0, y1 - y0
    long = math.sqrt(across * across + down * down)
    ends = [(u, v) for u, v in ((u0, v0), (-u1, -v1)) if u or v]
    if not long or not ends or (len(ends) == 1 and long > side * thick):
        return None
    return Gap((x0, y0), (x1, y1), thick) if min(u * across + v * down for u, v in ends) >= FACING * long else None


def _near(cells: Cells, at: tuple[float, float], reach: float) -> np.ndarray:
    near: np.ndarray = (cells[0] - at[0]) ** 2 + (cells[1] - at[1]) ** 2 <= reach**2
    return near


def _end(cells: Cells, at: tuple[float, float], thick: float) -> End:
    """What is there at a cell: where the middle of a stroke's end is, and the direction that it points to, or none."""
    near, tip = _near(cells, at, max(ENDS * thick, LEAST)), _near(cells, at, max(thick / 2, 1))
    x, y = cells[0][near], cells[1][near]
    x0, y0, x1, y1 = (float(values.mean()) for values in (x, y, cells[0][tip], cells[1][tip]))
    u, v = x1 - x0, y1 - y0
    along, across = u * (x - x0) + v * (y - y0), v * (x - x0) - u * (y - y0)
    if along @ along < SLIM * (across @ across):
        return x1, y1, 0.0, 0.0
    long = math.sqrt(u * u + v * v) or 1.0
    return x1, y1, u / long, v / long
