"""Signs between the digits: slashes, brackets, percent signs, minuses, points, and those of a sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product

import numpy as np

from lenet.preprocessing.pieces import (
    FLAT,
    LINE,
    STANDS,
    MarkKind,
    Piece,
    across,
    distance,
    down,
    joined,
    overlap,
    tallest,
)

# Of tall:
POINT_REACH = 0.5  # a point is no further from a digit
SHORT = 0.15  # a minus is longer than this
UNDER = 0.75  # of its width: a point reaches no further under a digit, as slanted ones have it

# A slash, where a 1 may be a straight leaning stroke too:
SLASH_LEAN = 0.2, 1.2  # of its height: so far its upper end is to the right of its foot
SLASH_SLENDER = 3.5  # thicknesses: it is at least this long
SLASH_REACH = 0.8  # of its height: it is as near to what stands before and after it
DATES = {*product((1, 2), (1, 2), (2, 4)), *product((4,), (1, 2), (1, 2))}  # digits before, between, behind two slashes
ALIKE = 0.2  # so much the leans of a date's slashes differ at most; as a share, their heights and those of two brackets
LOW = 0.9  # of the digits' median height: a date's slashes are at least as high
HIGH = 1.15  # of the height of other straight leaning strokes: so high they are, where those may be its slashes too
FRACTION = 1.2  # of the height of all digits in its row: so high is one without another
BEYOND = 0.04  # of its height: so far it reaches over and under the digits beside it
EVEN = 0.6  # of the highest digit's height: the others are at least as high; among digits of all sizes a 1 is as high

# A bracket:
BRACKET_WIDTH = 0.6  # of its height: it is no wider
BRACKET_REACH = 0.8  # of its height: it is as near to a digit
BRACKET_HEIGHT = 0.9  # of the median height of what is no bow in its row: it is at least as high

# A percent sign's rings beside its slash:
LOOP_HEIGHT = 0.15, 0.6  # of the slash's height
LOOP_WIDTH = 0.5, 1.6  # of its own height
LOOP_REACH = 0.35  # of the slash's height: so near it is
LOOP_AWAY = 0.1  # of the slash's height: so far its middle is over or under the slash's
PERCENT_LEAN = 0.15, 1.3  # of the slash's height, as SLASH_LEAN

HANGS = 0.25, 0.78  # of the digit's height: so far down is the middle of a minus, and of a sum's sign

# A sum's sign, by the height of the digit beside it, as chosen on sums of `benchmarks pictures` (seeds 1 and 3):
SUM_HEIGHT = 0.85  # it is no higher
SUM_LONGER = 0.2  # of the left one's: a cross's longer side is no shorter
SUM_REACH = 1.2  # the digit is no further away
SUM_APART = 0.5  # of its own width: what is over or under it is further away
NEIGHBOUR = 0.5  # of its longer side: what is beside it and smaller is dirt
EQUALS_HEIGHT = 0.65  # an equals sign is no higher
EQUALS_WIDTH = 0.2, 1.1  # it is so wide
EQUALS_BAR = 1.8  # of its height: each of its bars is at least so long
EQUALS_ALIKE = 0.6  # of the width of both together: so much of the two bars is over one another
EQUALS_ASLANT = 0.6  # of the lower one's height: boxes of bars that lean overlap by no more
EQUALS_CLOSE = 1.1  # of the width of both together: they are no higher together
EQUALS_THIRD = 1.2  # of that: a third bar is further away
EQUALS_FLAT = 0.62  # of its width: bars that touch at one end are no higher together


def slashes(row: Sequence[Piece], lean_of: Callable[[Piece], float]) -> list[Piece]:
    """Which pieces of a row are slashes: the two of a date, which are alike, or what rises over all digits.

    Args:
        lean_of: a straight stroke, how far its upper end is to the right of its foot, by its height; of others 0.
    """
    tall = tallest(row)
    standing = [p for p in row if p.height >= STANDS * tall]
    leans = [0.0] * len(standing)
    for i, (before, piece, after) in enumerate(zip(standing, standing[1:], standing[2:], strict=False), start=1):
        if max(piece.box[0] - before.box[2], after.box[0] - piece.box[2]) <= SLASH_REACH * piece.height:
            leans[i] = lean_of(piece)
    least, most = SLASH_LEAN
    leaning = [i for i, lean in enumerate(leans) if least <= lean <= most]
    others = [p.height for i, p in enumerate(standing) if i not in leaning]
    if not leaning:
        return []
    heights = [p.height for p in standing]
    pairs = [
        (i, k)
        for i, k in combinations(leaning, 2)
        if (i, k - i - 1, len(standing) - k - 1) in DATES
        and abs(leans[i] - leans[k]) <= ALIKE
        and abs(heights[i] - heights[k]) <= ALIKE * max(heights[i], heights[k])
    ]
    if pairs:
        pair = max(pairs, key=lambda pair: min(heights[i] for i in pair))
        low = min(heights[i] for i in pair)
        rest = max((heights[i] for i in leaning if i not in pair), default=0)
        if low >= LOW * float(np.median(others)) and (len(pairs) == 1 or low >= HIGH * rest):
            return [standing[i] for i in pair]
    if min(others) < EVEN * max(others):
        return []
    high = [i for i in leaning if heights[i] >= FRACTION * max(others)]
    return [standing[i] for i in high if _rises_over(standing[i], standing[i - 1], standing[i + 1])]


def _rises_over(piece: Piece, *beside: Piece) -> bool:
    """Whether a piece reaches further up and down than those beside it."""
    room = BEYOND * piece.height
    return all(p.box[1] - piece.box[1] >= room and piece.box[3] - p.box[3] >= room for p in beside)


def brackets(row: Sequence[Piece], bow_of: Callable[[Piece], float]) -> list[tuple[MarkKind, Piece]]:
    """Which pieces of a row are brackets: two around digits, or one behind them, as tasks are numbered.

    One before them alone is left to the network: nobody writes it so.

    Args:
        bow_of: how far the middle of a bow is to the right of the line between its ends, by its height; of others 0.
    """
    tall = tallest(row)
    standing = [p for p in row if p.height >= STANDS * tall]
    bows = [bow_of(p) if p.width <= BRACKET_WIDTH * p.height else 0.0 for p in standing]
    digits = [p for p, bow in zip(standing, bows, strict=True) if not bow]
    if not digits:
        return []
    high = BRACKET_HEIGHT * float(np.median([p.height for p in digits]))
    found: list[tuple[MarkKind, Piece]] = []
    opening: Piece | None = None
    for i, (piece, bow) in enumerate(zip(standing, bows, strict=True)):
        if not bow or piece.height < high:
            continue
        if bow < 0:
            after = standing[i + 1] if i + 1 < len(standing) else None
            opening = piece if after and after.box[0] - piece.box[2] <= BRACKET_REACH * piece.height else None
        elif i and not bows[i - 1] and piece.box[0] - standing[i - 1].box[2] <= BRACKET_REACH * piece.height:
            if opening and abs(opening.height - piece.height) <= ALIKE * max(opening.height, piece.height):
                found.append(("opening", opening))
            found.append(("closing", piece))
            opening = None
    return found


def percents(
    pieces: Sequence[Piece], lean_of: Callable[[Piece], float], is_loop: Callable[[Piece], bool]
) -> list[tuple[Piece, Piece, Piece]]:
    """The percent signs: a ring at the left of a slash's upper half, and one at the right of its lower half.

    Args:
        lean_of: as for `slashes`.
        is_loop: whether a piece runs around its middle, where it is empty.
    """
    found: list[tuple[Piece, Piece, Piece]] = []
    low, high = LOOP_HEIGHT
    narrow, wide = LOOP_WIDTH
    for slash in pieces:
        small = [
            p
            for p in pieces
            if low * slash.height <= p.height <= high * slash.height
            and narrow * p.height <= p.width <= wide * p.height
            and distance(p, slash) <= LOOP_REACH * slash.height
        ]
        away = 2 * LOOP_AWAY * slash.height
        first = [p for p in small if across(p) < across(slash) and down(p) <= down(slash) - away]
        second = [p for p in small if across(p) > across(slash) and down(p) >= down(slash) + away]
        if not first or not second or not PERCENT_LEAN[0] <= lean_of(slash) <= PERCENT_LEAN[1]:
            continue
        pair = [min(some, key=lambda p: distance(p, slash)) for some in (first, second)]
        if all(is_loop(p) for p in pair):
            found.append((pair[0], slash, pair[1]))
    return found


def sum_signs(
    pieces: Sequence[Piece], cross_of: Callable[[Piece], MarkKind | None], is_double: Callable[[Piece], bool]
) -> list[tuple[MarkKind, Piece]]:
    """The signs of a sum: crosses between two digits, and two bars over one another behind one.

    Args:
        cross_of: "plus" or "times" where a piece is such a cross.
        is_double: whether a piece is two bars over one another that touch at one end.
    """
    found: list[tuple[MarkKind, Piece]] = []
    for piece in pieces:
        left, right = (_beside(piece, pieces, side) for side in (-1, 1))
        if left and right and piece.longer >= SUM_LONGER * left.height and _is_apart(piece, [piece], pieces):
            kind = cross_of(piece)
            found += [(kind, piece)] if kind else []
    crosses = {piece for _, piece in found}
    rest = [p for p in pieces if p not in crosses]
    bars = [p for p in rest if p.width >= EQUALS_BAR * p.height]
    pairs = [pair for pair in combinations(bars, 2) if _are_alike(*pair) and not _has_third(pair, bars)]
    paired = {p for pair in pairs for p in pair}
    doubles = [(p,) for p in rest if p not in paired and p.height <= EQUALS_FLAT * p.width]
    for parts in [*pairs, *doubles]:
        if _may_be_equals(joined(parts), parts, pieces) and (len(parts) == 2 or is_double(parts[0])):
            found.append(("equals", joined(parts)))
    return found


def _beside(sign: Piece, pieces: Sequence[Piece], side: int) -> Piece | None:
    """What is next to a sign at its left (-1) or right (1), if it is near and higher, and the sign hangs beside it."""
    beside = [
        p
        for p in pieces
        if p is not sign
        and (across(p) - across(sign)) * side > 0
        and overlap(p, sign, 1) > 0
        and overlap(p, sign, 0) <= sign.width / 2
        and p.longer >= NEIGHBOUR * sign.longer
    ]
    nearest = min(beside, key=lambda p: distance(p, sign), default=None)
    if nearest is None or sign.height > SUM_HEIGHT * nearest.height:
        return None
    low, high = HANGS
    hangs = low * nearest.height <= down(sign) / 2 - nearest.box[1] <= high * nearest.height
    return nearest if hangs and distance(nearest, sign) <= SUM_REACH * nearest.height else None


def _is_apart(sign: Piece, parts: Sequence[Piece], pieces: Sequence[Piece]) -> bool:
    """Whether no piece but a sign's parts is near it over or under it; what stands beside it may reach over it."""
    near = SUM_APART * sign.width
    others = [p for p in pieces if p not in parts and p.longer >= NEIGHBOUR * sign.longer]
    beside = [p for p in others if overlap(p, sign, 1) > 0 and overlap(p, sign, 0) <= sign.width / 2]
    return not any(overlap(p, sign, 0) > 0 and overlap(p, sign, 1) > -near for p in others if p not in beside)


def _are_alike(a: Piece, b: Piece) -> bool:
    """Whether two bars are about as long, and close over one another."""
    whole, lower = joined([a, b]), min(a.height, b.height)
    over = overlap(a, b, 0) >= EQUALS_ALIKE * whole.width and overlap(a, b, 1) <= EQUALS_ASLANT * lower
    return over and whole.height <= EQUALS_CLOSE * whole.width


def _has_third(pair: tuple[Piece, Piece], bars: Sequence[Piece]) -> bool:
    """Whether a third bar is near over or under two, as in a display's digit."""
    whole = joined(pair)
    return any(
        overlap(p, whole, 0) >= EQUALS_ALIKE * whole.width and -overlap(p, whole, 1) <= EQUALS_THIRD * whole.width
        for p in bars
        if p not in pair
    )


def _may_be_equals(sign: Piece, parts: Sequence[Piece], pieces: Sequence[Piece]) -> bool:
    """Whether a sign has the size of an equals sign behind the digit at its left, and is alone there."""
    left = _beside(sign, [p for p in pieces if p not in parts], -1)
    if left is None or sign.height > EQUALS_HEIGHT * left.height:
        return False
    least, most = EQUALS_WIDTH
    return least * left.height <= sign.width <= most * left.height and _is_apart(sign, parts, pieces)


def is_minus(piece: Piece, row: Sequence[Piece], tall: int) -> bool:
    """Whether a piece of a row is a minus or a dash: flat, at half the height, apart from all others, before a digit.

    It may be nearer to the digit at its left, as the dashes of a date may be.
    """
    flat = piece.height <= FLAT * tall and piece.width >= 1.8 * piece.height and piece.width >= SHORT * tall
    others = [p for p in row if p is not piece and p.height >= STANDS * tall]
    after = [p for p in others if p.box[0] > piece.box[0]]
    if not flat or not after or piece.width > LINE * tall:
        return False
    if any(overlap(piece, p, 0) > -0.05 * tall for p in others):
        return False
    beside = [min(some, key=lambda p: distance(piece, p)) for some in (others, after)]
    middle = (piece.box[1] + piece.box[3]) / 2
    return all(HANGS[0] < (middle - p.box[1]) / p.height < HANGS[1] for p in beside)


def is_point(piece: Piece, pieces: Sequence[Piece], tall: int, dot: float) -> bool:
    """Whether a piece is a decimal point or a comma: at most `dot` of tall, beside a digit's foot."""
    others = [p for p in pieces if p is not piece and p.height >= STANDS * tall]
    if piece.longer >= dot * tall or not others or any(_is_twin(p, piece, tall) for p in pieces):
        return False
    nearest = min(others, key=lambda p: distance(piece, p))
    at = ((piece.box[1] + piece.box[3]) / 2 - nearest.box[1]) / nearest.height
    return (
        0.75 < at < 1.3
        and overlap(piece, nearest, 0) <= UNDER * piece.width
        and distance(piece, nearest) < POINT_REACH * tall
    )


def _is_twin(other: Piece, dot: Piece, tall: int) -> bool:
    """Whether both are a colon: dots over one another in one row, where the points of a column are further apart."""
    near = overlap(other, dot, 0) > 0 and -overlap(other, dot, 1) < tall
    return other is not dot and near and other.longer < 1.5 * dot.longer
