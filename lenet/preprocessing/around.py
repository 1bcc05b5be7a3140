"""What was drawn around, under and beside digits: rings, empty frames, dividers and lines, told by where they are.

What was printed, and may be one piece with the digits, is in `printed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lenet.preprocessing.pieces import FLAT, LINE, STANDS, Box, Piece, across, contains, joined, overlap, tallest

# What was drawn beside digits, much larger than they are:
DIVIDER = 0.12  # of its height: a line drawn down the page is no wider
LARGER = 2.0  # of the digits' height: it is at least as high, and so is a frame
DIVIDED = 3  # rows that stand at its left and at its right: at a high 1 stand two, one on each side, or a fraction's
FIGURES = 0.15  # of a frame's height: the digits beside it are higher, dirt is not

# A ring around digits:
HELD = 0.45  # of its height: a digit in it is at least this high
HELD_BESIDE = 0.25  # where it stands beside another
AROUND = 0.9  # of what it holds: so much of each side sees the ring
OPEN = 0.4  # or of one side, for it may not be closed
RING_WIDTH = 0.75  # of its height: a narrower one is a 0 with a slash in it
RING_HEIGHT = 1.15  # of the digits beside it: so is a lower one
INSIDE = 0.2, 0.3  # of its width, and of its height: what is further from its sides is its inside
CROSSED = 0.35  # of the rows of its inside: where it has ink in so many, a digit touches it
AS_HIGH = 0.75, 1.33  # of the rings' median height: what holds a digit too is a ring as they are


def frames(pieces: Sequence[Piece], is_empty: Callable[[Piece], bool]) -> list[Piece]:
    """Which pieces are figures that were drawn beside digits: empty frames, too large and wide to be a 0."""
    wide = [p for p in pieces if p.width >= RING_WIDTH * p.height and is_empty(p)]
    empty = [p for p in wide if not any(contains(p, q) for q in pieces if q is not p)]
    beside = tallest([p for p in pieces if p not in empty])
    return [p for p in empty if p.height >= LARGER * beside and beside >= FIGURES * p.height]


def dividers(pieces: Sequence[Piece]) -> list[Piece]:
    """Which pieces are lines drawn down the page beside rows of digits: what is only higher than others may be a 1."""
    found = []
    for piece in pieces:
        others = [p for p in pieces if p.height * LARGER <= piece.height]
        tall = tallest(others)
        standing = [p for p in others if p.height >= STANDS * tall and overlap(p, piece, 1) > 0]
        left = [p for p in standing if across(p) < across(piece)]
        right = [p for p in standing if across(p) > across(piece)]
        as_high = (p for p in pieces if p.height * LARGER > piece.height)
        if (
            all(p.width <= DIVIDER * p.height for p in as_high)
            and _over_another(left) + _over_another(right) >= DIVIDED
        ):
            found.append(piece)
    return found


def _over_another(pieces: Sequence[Piece]) -> int:
    """How many pieces stand over one another at most."""
    count, bottom = 0, -1
    for piece in sorted(pieces, key=lambda p: p.box[3]):
        if piece.box[1] >= bottom:
            count, bottom = count + 1, piece.box[3]
    return count


def lines_along(pieces: Sequence[Piece]) -> list[int]:
    """Which pieces are lines under or over digits: flat, long, and beside what stands on them."""
    tall = tallest([p for p in pieces if p.width < 3 * p.height])
    if tall == 0:
        return []
    found = []
    for i, piece in enumerate(pieces):
        if piece.height > FLAT * tall or piece.width < 4 * piece.height:
            continue
        digits = [
            p for p in pieces if p is not piece and p.height >= STANDS * tall and overlap(p, piece, 0) > 0.5 * p.width
        ]
        clear = [p for p in digits if overlap(p, piece, 1) <= 0.1 * tall]
        reaches = piece.width >= LINE * tall or piece.width > 1.15 * max((p.width for p in clear), default=piece.width)
        if digits and len(clear) == len(digits) and reaches and (len(clear) > 1 or piece.width >= LINE * tall):
            found.append(i)
    return found


def held(piece: Piece, pieces: Sequence[Piece]) -> list[Piece]:
    """What a ring may hold: the highest piece in another one's box, and all in it.

    Nothing, where no digit is in it that is as high as HELD or HELD_BESIDE say.
    """
    inside = [p for p in pieces if p is not piece and contains(piece, p)]
    several = sum(p.height >= HELD_BESIDE * piece.height for p in inside) > 1
    high = tallest(inside) >= HELD * piece.height or several
    if not inside or not high or piece.width < RING_WIDTH * piece.height:
        return []
    return [max(inside, key=lambda p: p.height), joined(inside)]


def higher(rings: Sequence[Piece], pieces: Sequence[Piece]) -> list[Piece]:
    """Those of what may be rings that are higher than the pieces beside them all, but for what holds digits too."""
    others = [p for p in pieces if p not in rings and not any(contains(ring, p) for ring in rings)]
    beside = tallest([p for p in others if not held(p, pieces)])
    return [ring for ring in rings if ring.height >= RING_HEIGHT * beside]


def as_high(rings: Sequence[Piece], pieces: Sequence[Piece]) -> list[Piece]:
    """Those other pieces that are about as high as the rings are; none where there are no rings."""
    usual = float(np.median([ring.height for ring in rings])) if rings else 0.0
    least, most = AS_HIGH
    return [p for p in pieces if p not in rings and least * usual <= p.height <= most * usual]


def runs_around(mask: np.ndarray, box: Box, open_ring: bool = False) -> bool:
    """Whether ink of the mask, bool (H, W), is seen from all four sides of a box in it, from one perhaps with a gap.

    Args:
        open_ring: whether two sides will do, as of a ring with a wide gap.
    """
    left, top, right, bottom = box
    sides = mask[top:bottom, :left], mask[top:bottom, right:], mask[:top, left:right].T, mask[bottom:, left:right].T
    least, second, third, _ = sorted(float(side.any(axis=1).mean()) for side in sides)
    return third >= AROUND if open_ring else least >= OPEN and second >= AROUND


def is_crossed(mask: np.ndarray) -> bool:
    """Whether a ring, bool (H, W), has ink in its inside: a digit that touches it would go with it."""
    left, top = (int(share * side) for share, side in zip(INSIDE, mask.shape[::-1], strict=True))
    inside = mask[top : mask.shape[0] - top, left : mask.shape[1] - left]
    return bool(inside.any(axis=1).mean() >= CROSSED)
