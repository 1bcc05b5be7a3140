"""How pieces of ink stand on a page: dots that are one stroke or a line to write on, and rows of digits.

    pieces -> without dotted_line -> bridged -> in_rows

What is decided here is decided by place and shape alone; `segmentation` and the network decide the rest.  What was
printed for the digits to stand in or on is in `printed`, what was drawn around, under and beside them in `around`, and
the signs between them in `signs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lenet.preprocessing.pieces import STANDS, Piece, across, connected, distance, down, joined, overlap, tallest

# A dotted pen: so many dots at least, of about one size, each this near to the next.  A page of dirt has its specks
# further apart.
MIN_DOTS = 6
DOT_RANGE = 2.0  # of the median dot: larger ones are no dots
DOT_FULL = 0.5  # of its box: a disc fills 0.79, a short dash aslant 0.5, a small zero less
DOT_EXTENT = 5.0  # of the median dot: what dots make up is larger than this
DOTTED = 0.5  # of what follows on one another: fewer are the ones of a page of small digits
DOT_REACH = 1.6  # of the median dot: the gap that is bridged
MAX_DOTS = 400  # more pieces than this are noise, and would take time

# A line of printed dots to write on:
LINE_DOTS = 8  # it has at least so many
LINE_SHARE = 0.8  # of all dots are on it: of a dotted 7 fewer are on its bar
LINE_EXTENT = 12.0  # of the median dot: it is at least so long
LINE_SLOPE = 0.2  # 11 degrees, as paper lies: the line of a dotted 1 is steeper

# Of tall:
BROKEN = 0.12  # parts of a broken digit that stand over one another are no further apart, nor overlap more
WHOLE = 1.15  # and together they are no higher than this
ASIDE = 0.05  # and no further from one another sideways

SAME_ROW = 0.4  # of the lower one's height: pieces that overlap by as much stand in one row
BESIDE, MUCH_HIGHER = 0.8, 1.5  # of its height: so much of a piece is beside one that is higher by so many times
EXPONENT, EXPONENT_REACH = 0.75, 0.5  # of the height of what it follows: an exponent is lower, and as near
RAISED_OVERLAP = 0.15  # of its height: by so much it overlaps what it follows


# --------------------------------------------------------------------------------------------------
# A dotted pen


def dotted_line(pieces: Sequence[Piece], full: Sequence[float]) -> list[Piece]:
    """The dots of a line that digits were written on, as forms have it; none where there is no such line.

    Args:
        full: as for `bridged`.
    """
    if not LINE_DOTS <= len(pieces) <= MAX_DOTS:
        return []
    dots = sorted((p for p, dot in zip(pieces, _dots(pieces, full), strict=True) if dot), key=across)
    if len(dots) < LINE_DOTS:
        return []
    third = len(dots) // 3
    ends = dots[:third], dots[-third:]
    x0, x1 = (float(np.median([across(p) for p in end])) for end in ends)
    y0, y1 = (float(np.median([down(p) for p in end])) for end in ends)
    if abs(y1 - y0) > LINE_SLOPE * (x1 - x0):
        return []
    size = float(np.median([p.longer for p in dots]))
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    line = [p for p in dots if abs(down(p) - y0 - slope * (across(p) - x0)) <= 2 * size]  # both are of two sides
    if len(line) < max(LINE_DOTS, LINE_SHARE * len(dots)) or joined(line).width < LINE_EXTENT * size:
        return []
    return line if tallest([p for p in pieces if p not in line]) > DOT_EXTENT * size else []


def bridged(pieces: list[Piece], full: Sequence[float]) -> list[Piece]:
    """The pieces, with dots that follow on one another made one piece.

    Args:
        full: how much of its box each fills, and 0 for what has holes or bays.
    """
    if not MIN_DOTS <= len(pieces) <= MAX_DOTS:
        return pieces
    dots = _dots(pieces, full)
    if np.count_nonzero(dots) < MIN_DOTS:
        return pieces
    boxes = np.array([p.box for p in pieces])
    reach = DOT_REACH * float(np.median([p.longer for p, dot in zip(pieces, dots, strict=True) if dot]))
    gaps = [
        np.maximum(
            np.maximum(boxes[:, None, k], boxes[None, :, k]) - np.minimum(boxes[:, None, k + 2], boxes[None, :, k + 2]),
            0,
        )
        for k in (0, 1)
    ]
    near = (np.hypot(*gaps) <= reach) & (dots[:, None] | dots[None, :])
    groups = connected(near)
    found = []
    for group in groups:
        together = [pieces[i] for i in group]
        whole = joined(together)
        count = sum(bool(dots[i]) for i in group)
        if count >= max(MIN_DOTS, DOTTED * len(group)) and whole.longer > DOT_EXTENT / DOT_REACH * reach:
            found.append(whole)
        else:
            found += together
    return found


def _dots(pieces: Sequence[Piece], full: Sequence[float]) -> np.ndarray:
    """Which pieces are dots of one pen: of about one size, that of most."""
    sizes = np.array([p.longer for p in pieces])
    usual = float(np.median(sizes))
    round_ = np.array([2.5 * min(p.width, p.height) >= p.longer for p in pieces])
    of_a_size: np.ndarray = (sizes <= DOT_RANGE * usual) & (sizes * DOT_RANGE >= usual)
    return round_ & of_a_size & (np.array(full) >= DOT_FULL)


# --------------------------------------------------------------------------------------------------
# Rows


def in_rows(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces in reading order, with their rows: from the top down, in each from left to right.

    The halves of a broken digit stand in one row, one after the other.
    """
    if len(pieces) < 2:
        return tuple(pieces)
    tall = tallest(pieces)
    parts = _broken(pieces, tall)
    wholes = [joined(some) for some in parts]
    higher_one = _beside_higher(wholes)
    standing = sorted((p for p in wholes if p.height >= STANDS * tall and p not in higher_one), key=across)
    near = np.eye(len(standing), dtype=bool)
    for i, piece in enumerate(standing):
        beside = [j for j in range(i + 1, len(standing)) if _one_row(piece, standing[j])]
        if beside:  # only with its neighbour: rows that run uphill pass one another further on
            j = min(beside, key=lambda j: standing[j].box[0])
            near[i, j] = near[j, i] = True
    rows = [[standing[i] for i in group] for group in connected(near)]
    rows.sort(key=lambda row: float(np.mean([p.box[1] + p.box[3] for p in row])))
    for piece in wholes:
        if piece.height < STANDS * tall and piece not in higher_one:
            min(rows, key=lambda row: min(distance(piece, p) for p in row if p.height >= STANDS * tall)).append(piece)
    for piece in sorted(higher_one, key=lambda p: -p.height):
        next(row for row in rows if higher_one[piece] in row).append(piece)
    return tuple(
        replace(p, row=number)
        for number, row in enumerate(rows)
        for whole in sorted(row, key=across)
        for p in sorted(parts[wholes.index(whole)], key=across)
    )


def _beside_higher(pieces: Sequence[Piece]) -> dict[Piece, Piece]:
    """Of each piece that stands beside a much higher one, wherever on its height, the nearest such; it is in its row.

    What stands over another piece beside the same one does not: these may be two rows.
    """
    found: dict[Piece, Piece] = {}
    for piece in pieces:
        beside = [
            p
            for p in pieces
            if p.height >= MUCH_HIGHER * piece.height and overlap(p, piece, 1) >= BESIDE * piece.height
        ]
        if beside:
            found[piece] = min(beside, key=lambda p: distance(piece, p))
    return {
        piece: other
        for piece, other in found.items()
        if not any(
            third == other and overlap(piece, p, 0) > 0 and overlap(piece, p, 1) <= 0 for p, third in found.items()
        )
    }


def _broken(pieces: Sequence[Piece], tall: int) -> list[list[Piece]]:
    """The pieces, with those together that may be one broken digit: over one another, and no higher than a digit."""
    groups = [([p], p) for p in pieces]
    while pair := next(((a, b) for i, a in enumerate(groups) for b in groups[:i] if _over(a[1], b[1], tall)), None):
        (after, one), (before, other) = pair
        groups = [group for group in groups if group not in pair] + [(before + after, joined([other, one]))]
    return [group for group, _ in groups]


def _over(a: Piece, b: Piece, tall: int) -> bool:
    near = abs(overlap(a, b, 1)) <= BROKEN * tall and overlap(a, b, 0) >= -ASIDE * tall
    return near and joined([a, b]).height <= WHOLE * tall


def _one_row(a: Piece, b: Piece) -> bool:
    """Whether two pieces stand in one row, `a` before `b`; so does an exponent that stands higher than that."""
    least = RAISED_OVERLAP if _may_be_exponent(b, a) else SAME_ROW
    return overlap(a, b, 1) >= least * min(a.height, b.height)


def _may_be_exponent(piece: Piece, other: Piece) -> bool:
    """Whether a piece is smaller than another, near at its right, and higher up."""
    near = -0.1 * other.height <= piece.box[0] - other.box[2] <= EXPONENT_REACH * other.height
    return near and piece.height <= EXPONENT * other.height and piece.box[1] < other.box[1]
