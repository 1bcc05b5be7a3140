"""Which pieces of ink are one digit: a number such as 2026, cut into its digits.

    pieces -> trials, each perhaps one digit -> the network reads them -> the row of trials that costs least

"Heuristic over-segmentation" (LeCun et al. 1998, section VII): what the pen left apart is never too
few pieces, except where digits touch; so neighbours are tried together too, the network says how well
each trial reads, and the row of trials that costs least is the answer.  The paper cuts ink as well,
where digits touch.  Here nothing is cut: what looks like two digits is said to, and not guessed.

The numbers below were chosen on the train and val writers of the pen drawings; what they are worth is
printed by `benchmarks drawings numbers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lenet.preprocessing.digits import INK_THRESHOLD
from lenet.preprocessing.pieces import (
    APART,
    DOT,
    ROUND_POINT,
    SMALL,
    Piece,
    contains,
    is_dot,
    is_round,
    joined,
    overlap,
    tallest,
)
from lenet.preprocessing.signs import is_point

# Of tall:
LITTLE = 0.2  # a dot is no digit unless it is higher than this, and surely read
DOT_GAP = 0.08  # but part of one that is as close as this
DEGREE = 0.38  # a raised piece at the end of a row with no longer side than this may be a degree sign
FULL_HEIGHT = 0.6  # where the digit before it is at least this high

MAX_PIECES_OF_A_DIGIT = 3

UNLIKELY = 1.0  # trials whose joins cost more are not read at all

# Logistic regression on 6,511 pairs of neighbouring pieces, beside the difference of the network's doubts,
# whose weight is 1 here.  622 of them are of one digit, most because its strokes were moved apart a little;
# those were weighted by 10, so that either kind weighs the same.  The constant came out as -7.0; at -6.5 the
# val writers' numbers are cut rightly more often, 99.6% for 98.4%, and strokes apart split in 0.5% for 0.3%.
JOIN, JOIN_GAP, JOIN_LOWER, JOIN_TALLER, JOIN_NARROWER, JOIN_ASPECT = -6.5, 4.0, 2.7, 4.3, 2.9, 0.7
# But an exponent is never joined: its foot is this far down the digit before it at most, and it is no wider than this.
RAISED, UPRIGHT = 0.6, 1.3

# The same on 6,564 single digits and 2,020 pairs that touch: of the single ones, 1.8% of the train writers'
# and 1.1% of the val writers' were sure until then.  A badly read digit that is no wider than most digits
# has something else the matter with it.
TOUCHING, TOUCHING_STROKES, TOUCHING_DOUBT = 1.7, 0.3, 1.2
NARROW, WIDE = 0.75, 1.25  # width by height: below, a digit is not called touching; above, always
# But for what reads this well: of 866 pairs that touch 0.2% do, of 1,394 single digits by the same writers 98%.
WELL_READ = 0.05

# The same for pieces that stand under one another: the two halves of a broken digit are nearer than two rows.
# The gap is measured by the taller of the two neighbours, so that a column of three is as easily told as one of two.
STACK, STACK_GAP = -3.0, 9.0
OVERLAP_STACK = 0.3  # of the narrower one's width
# A column: together they are higher than so many of all others, or slimmer than so much of their height, as a broken 1
# is too, but its parts are as slim.
STACKED, SLIM = 1.5, 0.3

# A row of printed bars has so many, each fills so much of its box, and their ends are off by less, of their height; of
# ones that a hand wrote some lean, and their ends are less even.
MIN_BARS, BAR_FULL, BAR_EDGE = 6, 0.9, 0.03

# Digits of a number and letters of a word are no further apart, of the higher one's height.
WORD_GAP = 0.6
LETTERS = 1 / 3  # of a word: where so many are no digits, it is a word, and none of the others is surely one
SIGN_ROOM = 0.06  # of a neighbour's height: a sign such as < has as much above and below, letters stand on the line


@dataclass(frozen=True)
class Trial:
    """pieces[first:last] taken for one digit, and what that costs before anybody reads it."""

    first: int
    last: int
    whole: Piece
    cost: float
    digit: bool = True  # else a dot or perhaps a degree sign, which are left out
    little: str = ""  # of these, the digits that it is all the same where it surely reads as one of them


def trials(pieces: Sequence[Piece]) -> list[Trial]:
    """Every run of neighbouring pieces that may be one digit, by its first piece."""
    tall = tallest(pieces)
    dots = [p.longer < DOT * tall for p in pieces]
    points = [is_round(p) and is_point(p, pieces, tall, ROUND_POINT) for p in pieces]
    alone = [sum(p.row == q.row for q in pieces) == 1 for p in pieces]
    found = []
    for first, piece in enumerate(pieces):
        is_digit = not (dots[first] or _may_be_degree(pieces, first, tall))
        found.append(Trial(first, first + 1, piece, 0.0, is_digit, "" if is_digit else _little(piece, pieces, tall)))
        whole, cost = piece, 0.0
        for last in range(first + 1, min(first + MAX_PIECES_OF_A_DIGIT, len(pieces))):
            colon = is_dot(pieces[last], tall) and is_dot(pieces[last - 1], tall)
            if points[last] or points[last - 1] or colon:
                break
            if pieces[last].row != piece.row:
                if not (alone[last - 1] and alone[last]):
                    break
                cost += _stack(pieces[last - 1], pieces[last])
            else:
                gap = pieces[last].box[0] - whole.box[2]
                if gap > (DOT_GAP if dots[last] or dots[last - 1] else APART) * tall:
                    break
                cost += _join(whole, pieces[last])
            whole = joined([whole, pieces[last]])
            if cost < UNLIKELY and not (pieces[last].row != piece.row and _is_column(pieces, first, last, whole)):
                found.append(Trial(first, last + 1, whole, cost))
    return found


def _little(piece: Piece, pieces: Sequence[Piece], tall: int) -> str:
    """Which digits a piece may be that is much smaller than others.

    Behind another a comma is like a 1, a degree sign like a 0, and a little stroke that is raised like a 1 too.
    """
    if piece.height < LITTLE * tall:
        return ""
    before = [p for p in pieces if p.row == piece.row and p.height >= DOT * tall and p.box[0] < piece.box[0]]
    if before and _is_raised(piece, before[-1]):
        return "23456789" if piece.longer < DOT * tall else "123456789"
    return "023456789" if before and is_point(piece, pieces, tall, DOT) else "0123456789"


def _may_be_degree(pieces: Sequence[Piece], i: int, tall: int) -> bool:
    """Whether a piece is raised and little at the end of its row, beside a digit of full height."""
    if i == 0:
        return False
    piece, before = pieces[i], pieces[i - 1]
    is_last = i + 1 == len(pieces) or pieces[i + 1].row != piece.row
    if not is_last or before.row != piece.row or piece.longer >= DEGREE * tall:
        return False
    return before.height >= FULL_HEIGHT * tall and _is_raised(piece, before)


def _is_column(pieces: Sequence[Piece], first: int, last: int, whole: Piece) -> bool:
    """Whether pieces[first : last + 1], under one another, are too high together for the parts of one digit."""
    others = tallest([*pieces[:first], *pieces[last + 1 :]])
    slim = whole.width < SLIM * whole.height and any(p.width > SLIM * p.height for p in pieces[first : last + 1])
    return slim or 0 < STACKED * others < whole.height


def _stack(a: Piece, b: Piece) -> float:
    """The cost of taking for one digit what stands under one another, alone in two rows: a broken 8, or a column."""
    if overlap(a, b, 0) < OVERLAP_STACK * min(a.width, b.width):
        return UNLIKELY
    return STACK + STACK_GAP * max(-overlap(a, b, 1), 0) / max(a.height, b.height)


def _join(a: Piece, b: Piece) -> float:
    """The cost of taking two neighbours for one digit; below 0 where it is likelier than not."""
    whole = joined([a, b])
    lower, taller = sorted([a.height / whole.height, b.height / whole.height])
    narrower = min(a.width, b.width) / whole.height
    gap = (b.box[0] - a.box[2]) / whole.height
    if gap >= 0 and _is_exponent(b, a):
        return math.inf
    aspect = whole.width / whole.height
    shape = JOIN_LOWER * lower + JOIN_TALLER * taller + JOIN_NARROWER * narrower + JOIN_ASPECT * aspect
    return JOIN + JOIN_GAP * gap + shape


def _is_exponent(piece: Piece, other: Piece) -> bool:
    """Whether a piece is raised beside another, as large as a digit may be, and no bar, as that of a broken 5."""
    raised = _is_raised(piece, other)
    return raised and piece.height >= SMALL * other.height and piece.width <= UPRIGHT * piece.height


def _is_raised(piece: Piece, other: Piece) -> bool:
    """Whether a piece stands beside the upper part of another."""
    return piece.box[3] - other.box[1] <= RAISED * other.height


def cheapest(tried: Sequence[Trial], doubts: Sequence[float]) -> list[int]:
    """Which of `trials(pieces)` follow on one another from the first piece to the last, at the least cost.

    Args:
        doubts: how badly each reads, -log of the probability of the digit that it looks most like.
    """
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for i, (trial, doubt) in enumerate(zip(tried, doubts, strict=True)):
        before, row = best[trial.first]  # final: those that end there came earlier
        cost = before + trial.cost + doubt
        if trial.last not in best or cost < best[trial.last][0]:
            best[trial.last] = cost, [*row, i]
    return best[max(best)][1]


def among_letters(pieces: Sequence[Piece], are_digits: Sequence[bool]) -> list[bool]:
    """Which pieces, in reading order, stand in a word: close together in one row, and not all of them digits."""
    words: list[list[int]] = []
    for i, piece in enumerate(pieces):
        before = pieces[i - 1] if i else piece
        apart = piece.box[0] - before.box[2] > WORD_GAP * max(piece.height, before.height)
        if i == 0 or before.row != piece.row or apart:
            words.append([])
        words[-1].append(i)
    found = [False] * len(pieces)
    for word in words:
        row = [pieces[i] for i in word]
        letters = sum(not are_digits[i] and not _is_sign(row, place) for place, i in enumerate(word))
        for i in word:
            found[i] = letters >= LETTERS * len(word)
    return found


def _is_sign(row: Sequence[Piece], i: int) -> bool:
    """Whether a piece hangs in the middle of its neighbours' height, as < does, or a + at the end of a row."""
    above, below = row[i].box[1], row[i].box[3]
    beside = [*row[max(i - 1, 0) : i], *row[i + 1 : i + 2]]
    return bool(beside) and all(
        p.box[1] + SIGN_ROOM * p.height <= above and below <= p.box[3] - SIGN_ROOM * p.height for p in beside
    )


def printed_bars(pieces: Sequence[Piece], inks: Sequence[np.ndarray]) -> list[bool]:
    """Which pieces, in reading order, are of a row of bars, as of a barcode or a fence: filled, and cut at one height.

    Args:
        inks: as for `may_touch`.
    """
    if len(pieces) < MIN_BARS:
        return [False] * len(pieces)
    full = [_filled(ink > INK_THRESHOLD) >= BAR_FULL for ink in inks]
    runs: list[list[int]] = [[]]
    for i, piece in enumerate(pieces):
        if runs[-1]:
            first = pieces[runs[-1][0]]
            off = max(abs(piece.box[1] - first.box[1]), abs(piece.box[3] - first.box[3]))
            if not full[i] or off > BAR_EDGE * first.height:
                runs.append([])
        if full[i]:
            runs[-1].append(i)
    barred = {i for run in runs if len(run) >= MIN_BARS for i in run}
    return [i in barred for i in range(len(pieces))]


def _filled(marked: np.ndarray) -> float:
    """How much of its box what is marked fills: the box around it alone, for a piece's edges may be too pale."""
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return 0.0
    return float(marked[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean())


def holding(pieces: Sequence[Piece]) -> list[bool]:
    """Which pieces have another one wholly in their box, as a ring that a digit touches has: digits hardly ever do."""
    return [any(contains(piece, other) for other in pieces if other is not piece) for piece in pieces]


def may_touch(ink: np.ndarray, doubt: float) -> bool:
    """Whether what was taken for one digit may be two that touch: wide, with many strokes, and not read well.

    Args:
        ink: (h, w), of this digit alone, not wider or higher than it.
        doubt: as for `cheapest`.
    """
    marked = ink > INK_THRESHOLD
    height, width = ink.shape
    aspect = width / height
    if doubt < WELL_READ:
        return False
    if not NARROW < aspect <= WIDE:
        return aspect > WIDE
    strokes = (np.count_nonzero(marked[1:] & ~marked[:-1]) + np.count_nonzero(marked[0])) / width  # in a mean column
    return bool(aspect + TOUCHING_STROKES * strokes + TOUCHING_DOUBT * doubt > TOUCHING)
