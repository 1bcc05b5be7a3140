"""Digits made of bars that do not quite touch: seven-segment displays, stencils, strokes that nearly meet.

    components -> end_to_end -> the same, with those together that may be one digit

Two components meet where one is a straight bar and the other lies before its end, nearer than the bar is thick.  What
lies beside the middle of a bar does not meet it, so that 11 stays two digits.  Once there are such bars, other
components meet where spots of each, no larger than strokes' ends, are as near: bars that touch are one component.

Whether what is joined here reads better than the parts do is for the network to say: `DigitClassifier.read_page`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lenet.preprocessing.pieces import MarkKind, Piece, distance, joined, tallest

MAX_BARS = 100  # components: a dozen digits have 84; more are dots, or noise
GAP = 0.85  # of a bar's thickness: what is further from its end does not meet it
GRID = 1.5  # cells of the labels: a gap may look so much wider than it is
LONG, FULL = 1.6, 0.75  # a bar is at least so many thicknesses long, and fills so much of such a rectangle
MIDDLE = 0.25  # of its length, from its centre: what is near there lies beside a bar
SPOT = 2.5  # squares of the thickness: the ends of two strokes are no larger, strokes side by side are
MIN_CELLS = 6  # fewer show no direction
MAX_PAIRS = 1_000_000  # of cells that are compared: 10 ms

# A stroke that is a bow, such as a bracket: 395 of 400 drawn ones.  Of 7,494 digits that 30 people wrote two are bows,
# drawn with a pen of 16 on 280 pixels: a 1 to the left, and a 1 to the right.
BOW = 0.08  # of its height: its middle is so far from the line between its ends
BOW_ROWS = 12  # cells: it is at least so high
BOW_ENDS = 0.1  # of its height: what an end is
BOW_EVEN = 0.4, 1.05  # of its middle's distance: that of its parts above and below
BOW_THICK = 1.8  # of its mean thickness: it is nowhere thicker
BOW_SLENDER = 6.0  # thicknesses: it is at least as high; a thick pen fills the loop of a 9

# A cross, by the directions from its middle to its ends.  Times four, the directions of four arms at right angles are
# one, so the mean of their unit vectors has a length of 1.
CROSS_NEAR, CROSS_FAR = 0.2, 0.5  # of its longest arm: cells further from its middle show where arms begin, and end
CROSS_SHARE = 0.08  # of these cells, and of those: each arm has as many
CROSS_BETWEEN = 0.03  # of the latter: no more are further than 30 degrees from all arms, as the bars of a Z are
# The least mean, and from how many degrees to how many it leans; one that leans by 15 to 30 may be either.
CROSSES: dict[MarkKind, tuple[float, float, float]] = {"plus": (0.65, 0, 15), "times": (0.5, 30, 45)}
# Two bars that touch at one end:
DOUBLE = 0.5  # of all columns, and of the quarter at one end: so many cross both
BENT = 2.0  # of the mean length of a column's run: at the open end no single run is longer, as that of a 0 is
PARALLEL = 0.6  # of their gap at the open end: so wide it is in the middle, where that of < is half

Cells = tuple[np.ndarray, np.ndarray]  # x and y of each, float


@dataclass(frozen=True)
class Bar:
    """A straight bar: its centre and direction, x and y, and how long and thick it is, in cells."""

    centre: tuple[float, float]
    along: tuple[float, float]
    long: float
    thick: float


def end_to_end(
    pieces: Sequence[Piece], areas: Sequence[int], cells: Callable[[Piece], Cells], scale: int
) -> tuple[list[Piece], list[float]]:
    """The pieces, with those made one that meet, nearest first, while that is no larger than a digit; and the gaps.

    Args:
        areas: of each piece, in cells of the labels.
        cells: where a piece is, in those.
        scale: pixels of a box to a cell.
    """
    if not 2 <= len(pieces) <= MAX_BARS:
        return [*pieces], []
    # Of a bar, its area by its longer side is at least its thickness.
    most = [GAP * area * scale / piece.longer + GRID for area, piece in zip(areas, pieces, strict=True)]
    near = [
        (i, k)
        for i, k in combinations(range(len(pieces)), 2)
        if distance(pieces[i], pieces[k]) <= scale * max(most[i], most[k])
    ]
    places = {i: cells(pieces[i]) for pair in near for i in pair}
    bars = {i: bar_of(some) for i, some in places.items()}
    gaps = {(i, k): min(_before(bars[i], places[k]), _before(bars[k], places[i])) for i, k in near}
    edges = [(gap, *pair) for pair, gap in gaps.items() if gap < math.inf]
    if not edges:
        return [*pieces], []
    thick = float(np.median([bar.thick for bar in bars.values() if bar]))
    edges += [
        (gap, i, k)
        for i, k in near
        if not (bars[i] or bars[k]) and (gap := _between(places[i], places[k], thick)) < math.inf
    ]
    limit = tallest(_united(pieces, edges, math.inf)[0])
    return _united(pieces, sorted(edges), limit)


def bar_of(cells: Cells) -> Bar | None:
    """The bar that a component is, by its cells' moments: those of a slender rectangle."""
    x, y = cells
    count = len(x)
    if count < MIN_CELLS:
        return None
    left, top = x.sum() / count, y.sum() / count
    xx, yy, xy = x @ x / count - left * left, y @ y / count - top * top, x @ y / count - left * top
    mean, spread = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    long, thick = (math.sqrt(12 * max(moment, 1 / 12)) for moment in (mean + spread, mean - spread))
    if long < LONG * thick or count < FULL * long * thick:
        return None
    turn = math.atan2(2 * xy, xx - yy) / 2
    return Bar((left, top), (math.cos(turn), math.sin(turn)), long, thick)


def bow_of(cells: Cells) -> float:
    """How far the middle of a bow lies to the right of the line between its ends, by its height; 0 of any other stroke.

    Args:
        cells: row by row, each from left to right.
    """
    x, y = cells
    row = (y - y.min()).astype(int)
    thick = np.bincount(row)
    high = len(thick)
    usual = len(x) / high
    if high < max(BOW_ROWS, BOW_SLENDER * usual) or (thick == 0).any() or thick.max() > BOW_THICK * usual:
        return 0.0
    ends = np.cumsum(thick)
    if np.count_nonzero(x[ends - 1] - x[ends - thick] + 1 > thick) > high / 20:  # two strokes side by side
        return 0.0
    middle = np.bincount(row, x) / thick
    end = max(1, int(BOW_ENDS * high))
    upper, lower = middle[:end].sum() / end, middle[-end:].sum() / end
    away = middle - upper - (lower - upper) * (np.arange(high) - (end - 1) / 2) / (high - end)
    fifth = high // 5
    above, bow, below = (float(away[i * fifth : (i + 1) * fifth].sum()) / fifth / high for i in (1, 2, 3))
    least, most = BOW_EVEN
    if abs(bow) < BOW or not all(least <= part / bow <= most for part in (above, below)):
        return 0.0
    return bow


def cross_of(cells: Cells) -> MarkKind | None:
    """Whether a stroke is a "plus" or a "times": four arms, at about right angles."""
    if len(cells[0]) < MIN_CELLS:
        return None
    x, y = (values - np.median(values) for values in cells)
    away = x * x + y * y
    ends = away > CROSS_FAR**2 * away.max()
    turns = np.arctan2(y, x)
    mean = np.exp(4j * turns[ends]).mean()
    lean = math.atan2(mean.imag, mean.real) / 4
    arm = np.round((turns - lean) / (math.pi / 2)).astype(int) % 4
    for some in (ends, (away > CROSS_NEAR**2 * away.max()) & ~ends):
        if np.bincount(arm[some], minlength=4).min() <= CROSS_SHARE * np.count_nonzero(some):
            return None
    if (np.cos(4 * (turns[ends] - lean)) < -0.5).mean() > CROSS_BETWEEN:
        return None
    for kind, (alike, least, most) in CROSSES.items():
        if abs(mean) >= alike and least <= abs(math.degrees(lean)) <= most:
            return kind
    return None


def is_double(mask: np.ndarray) -> bool:
    """Whether a stroke, bool (H, W), is two bars over one another that are joined at one end."""
    begins = np.count_nonzero(mask & ~np.pad(mask, ((1, 0), (0, 0)))[:-1], axis=0)
    two = begins == 2
    quarter = max(len(begins) // 4, 1)
    ends = slice(None, quarter), slice(-quarter, None)
    open_end = max(ends, key=lambda end: np.count_nonzero(two[end]))
    if two.mean() < DOUBLE or two[open_end].mean() < DOUBLE:
        return False
    ink = np.count_nonzero(mask, axis=0)
    if ink[open_end][begins[open_end] == 1].max(initial=0) > BENT * ink.sum() / begins.sum():
        return False
    high = len(mask) - np.argmax(mask[::-1], axis=0) - np.argmax(mask, axis=0)  # of what a column crosses, with its gap
    gap = np.where(two, high - ink, 0)
    middle = slice(len(begins) * 3 // 8, len(begins) * 5 // 8 + 1)
    return bool(gap[middle].mean() >= PARALLEL * gap[open_end].mean())


def _before(bar: Bar | None, other: Cells) -> float:
    """How far a component is from the end of the bar that it lies before; infinite where it does not."""
    if bar is None or _extent(*other) < LONG * bar.thick:  # a point is no part of a digit
        return math.inf
    (left, top), (cos, sin) = bar.centre, bar.along
    x, y = other[0] - left, other[1] - top
    forward, aside = np.abs(x * cos + y * sin), np.abs(y * cos - x * sin)
    away = np.hypot((forward - bar.long / 2).clip(0), (aside - bar.thick / 2).clip(0))
    near = away <= GAP * bar.thick + GRID
    if not near.any() or forward[near].min() < MIDDLE * bar.long:
        return math.inf
    return float(away.min())


def _between(a: Cells, b: Cells, thick: float) -> float:
    """How far two components are from one another, where that is near at their ends only; else infinite."""
    reach = GAP * thick + GRID
    (ax, ay), (bx, by) = close_to(a, b, reach), close_to(b, a, reach)
    if min(_extent(*a), _extent(*b)) < LONG * thick or not 0 < len(ax) * len(bx) <= MAX_PAIRS:
        return math.inf
    away = np.hypot(ax[:, None] - bx, ay[:, None] - by)
    near = away <= reach
    spot = max(np.count_nonzero(near.any(axis=axis)) for axis in (0, 1))
    return float(away.min()) if 0 < spot <= SPOT * thick**2 else math.inf


def close_to(cells: Cells, other: Cells, reach: float) -> Cells:
    """The cells that are as near to the box of another component."""
    near = np.ones(len(cells[0]), bool)
    for mine, its in zip(cells, other, strict=True):
        near &= (mine >= its.min() - reach) & (mine <= its.max() + reach)
    return cells[0][near], cells[1][near]


def _extent(x: np.ndarray, y: np.ndarray) -> float:
    return float(max(np.ptp(x), np.ptp(y))) + 1


def _united(
    pieces: Sequence[Piece], edges: Sequence[tuple[float, int, int]], limit: float
) -> tuple[list[Piece], list[float]]:
    """The pieces, made one along the edges in order where that is no wider or higher than `limit`; and the gaps."""
    group = list(range(len(pieces)))
    wholes = dict(enumerate(pieces))
    gaps = []
    for gap, i, k in edges:
        a, b = group[i], group[k]
        if a != b and (whole := joined([wholes[a], wholes[b]])).longer <= limit:
            wholes[a] = whole
            del wholes[b]
            group = [a if g == b else g for g in group]
            gaps.append(gap)
    return list(wholes.values()), gaps
