"""Which ink of a picture is one digit: a number such as 2026, cut into what may be its digits.

    ink -> pieces -> trials, each perhaps one digit -> the network reads them -> the cheapest row of trials

"Heuristic over-segmentation" (LeCun et al. 1998, section VII): what the pen left apart is never too
few pieces, except where digits touch; so neighbours are tried together too, the network says how well
each trial reads, and the row of trials that costs least is the answer.  The paper cuts ink as well,
where digits touch.  Here nothing is cut: what looks like two digits is said to, and not guessed.

A box is (left, top, right, bottom) in pixels of the ink.  "Tall" is the tallest piece's height, the
measure of how large the writing is.

The numbers below were chosen on the train and val writers of the pen drawings; what they are worth is
printed by `benchmarks drawings numbers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lenet.preprocessing.digits import INK_THRESHOLD

Box = tuple[int, int, int, int]

MASK_PIXELS = 40_000  # ink is labelled in a mask of no more than this: 0.15 ms
EIGHT = np.ones((3, 3), bool)  # pixels that meet at a corner belong together

# Of tall:
SPECK = 0.08  # ink with no longer side than this is dirt
DOT = 0.3  # and with no longer side than this, no digit by itself
DOT_GAP = 0.08  # but part of one that is as close as this
SMALL = 0.3  # a piece lower than this is part of what stands over or under it
APART = 0.3  # pieces further from one another are two digits
OVERLAP = 0.5  # of the narrower one's width: then they stand over one another

MAX_PIECES = 24  # the largest; the rest of a noisy photo is dirt
MAX_PIECES_OF_A_DIGIT = 3

UNLIKELY = 1.0  # trials whose joins cost more are not read at all

# Logistic regression on 6,511 pairs of neighbouring pieces, beside the difference of the network's doubts,
# whose weight is 1 here.  622 of them are of one digit, most because its strokes were moved apart a little;
# those were weighted by 10, so that either kind weighs the same.  The constant came out as -7.0; at -6.5 the
# val writers' numbers are cut rightly more often, 99.6% for 98.4%, and strokes apart split in 0.5% for 0.3%.
JOIN, JOIN_GAP, JOIN_LOWER, JOIN_TALLER, JOIN_NARROWER, JOIN_ASPECT = -6.5, 4.0, 2.7, 4.3, 2.9, 0.7

# The same on 6,564 single digits and 2,020 pairs that touch: of the single ones, 1.8% of the train writers'
# and 1.1% of the val writers' were sure until then.  A badly read digit that is no wider than most digits
# has something else the matter with it.
TOUCHING, TOUCHING_STROKES, TOUCHING_DOUBT = 1.7, 0.3, 1.2
NARROW, WIDE = 0.75, 1.25  # width by height: below, a digit is not called touching; above, always


@dataclass(frozen=True)
class Piece:
    """Ink that belongs together: its labels on the sheet, and its box."""

    labels: tuple[int, ...]
    box: Box

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Trial:
    """pieces[first:last] taken for one digit, and what that costs before anybody reads it."""

    first: int
    last: int
    whole: Piece
    cost: float
    digit: bool = True  # else a dot, which is left out


class Sheet:
    """The ink of a picture, and the pieces that it falls into.

    Attributes:
        ink: white on black, (H, W) uint8.
        pieces: left to right; none where nothing is drawn.
    """

    def __init__(self, ink: np.ndarray) -> None:
        from scipy import ndimage

        self.ink = ink
        self.pieces: tuple[Piece, ...] = ()
        marked = ink > INK_THRESHOLD
        rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
        if len(rows) == 0:
            return
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        self._corner = left, top
        self._factor = int(np.ceil(((right - left) * (bottom - top) / MASK_PIXELS) ** 0.5))
        self._labels, self._count = ndimage.label(_reduced(marked[top:bottom, left:right], self._factor), EIGHT)
        if self._count == 1:
            self.pieces = (Piece((1,), (left, top, right, bottom)),)
        else:
            self.pieces = _merged(self._components())

    def _components(self) -> list[Piece]:
        from scipy import ndimage

        areas = np.bincount(self._labels.ravel())[1:]
        slices = ndimage.find_objects(self._labels)
        (left, top), factor = self._corner, self._factor
        found = []
        for i in np.argsort(areas)[-MAX_PIECES:]:
            y, x = slices[i]
            right = min(x.stop * factor + left, self.ink.shape[1])
            bottom = min(y.stop * factor + top, self.ink.shape[0])
            found.append(Piece((int(i) + 1,), (x.start * factor + left, y.start * factor + top, right, bottom)))
        return found

    def ink_of(self, piece: Piece) -> np.ndarray:
        """What of the ink is in this piece's box, (h, w) uint8, without that of other pieces."""
        from scipy import ndimage

        left, top, right, bottom = piece.box
        ink = self.ink[top:bottom, left:right]
        if len(self.pieces) == 1:
            return ink
        (x, y), factor = self._corner, self._factor
        rows, columns = (np.arange(top, bottom) - y) // factor, (np.arange(left, right) - x) // factor
        # One more on each side: a neighbour's edge is too faint to be labelled, so what adjoins it goes with it.
        above, before = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
        labels = self._labels[above : rows[-1] + 2, before : columns[-1] + 2]
        own = np.zeros(self._count + 1, bool)
        own[[*piece.labels]] = True
        foreign = (labels > 0) & ~own[labels]
        if foreign.any():
            foreign = ndimage.binary_dilation(foreign, EIGHT) & ~own[labels]
        return np.where(foreign[np.ix_(rows - above, columns - before)], np.uint8(0), ink)

    def fractions(self, piece: Piece) -> tuple[float, float, float, float]:
        """Its box in fractions of the picture's width and height."""
        height, width = self.ink.shape
        left, top, right, bottom = piece.box
        return left / width, top / height, right / width, bottom / height


def _reduced(mask: np.ndarray, factor: int) -> np.ndarray:
    """Whether any of each factor x factor pixels is set."""
    if factor == 1:
        return mask
    height, width = mask.shape
    mask = np.pad(mask, ((0, -height % factor), (0, -width % factor)))
    rows = np.logical_or.reduce([mask[i::factor] for i in range(factor)])
    return np.logical_or.reduce([rows[:, i::factor] for i in range(factor)])


def _joined(pieces: Sequence[Piece]) -> Piece:
    lefts, tops, rights, bottoms = zip(*(p.box for p in pieces), strict=True)
    labels = tuple(label for p in pieces for label in p.labels)
    return Piece(labels, (min(lefts), min(tops), max(rights), max(bottoms)))


def _tall(pieces: Sequence[Piece]) -> int:
    return max((p.height for p in pieces), default=0)


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Left to right, without specks, and a small one made one with what it stands over, under or in."""
    tall = _tall(pieces)
    pieces = [p for p in pieces if max(p.width, p.height) >= SPECK * tall]
    while pair := _over_one_another(pieces, tall):
        pieces = [p for p in pieces if p not in pair] + [_joined(pair)]
    return tuple(sorted(pieces, key=lambda p: p.box[0] + p.box[2]))


def _over_one_another(pieces: Sequence[Piece], tall: int) -> tuple[Piece, Piece] | None:
    for i, a in enumerate(pieces):
        for b in pieces[:i]:
            beside, over = (max(a.box[k], b.box[k]) - min(a.box[k + 2], b.box[k + 2]) for k in (0, 1))
            small = min(a.height, b.height) < SMALL * tall
            if small and -beside >= OVERLAP * min(a.width, b.width) and over <= APART * tall:
                return a, b
    return None


def trials(pieces: Sequence[Piece]) -> list[Trial]:
    """Every run of neighbouring pieces that may be one digit, by its first piece."""
    tall = _tall(pieces)
    dots = [max(p.width, p.height) < DOT * tall for p in pieces]
    found = []
    for first, piece in enumerate(pieces):
        found.append(Trial(first, first + 1, piece, 0.0, not dots[first]))
        whole, cost = piece, 0.0
        for last in range(first + 1, min(first + MAX_PIECES_OF_A_DIGIT, len(pieces))):
            gap = pieces[last].box[0] - whole.box[2]
            if gap > (DOT_GAP if dots[last] or dots[last - 1] else APART) * tall:
                break
            cost += _join(whole, pieces[last])
            whole = _joined([whole, pieces[last]])
            if cost < UNLIKELY:
                found.append(Trial(first, last + 1, whole, cost))
    return found


def _join(a: Piece, b: Piece) -> float:
    """The cost of taking two neighbours for one digit; below 0 where it is likelier than not."""
    whole = _joined([a, b])
    lower, taller = sorted([a.height / whole.height, b.height / whole.height])
    narrower = min(a.width, b.width) / whole.height
    gap = (b.box[0] - a.box[2]) / whole.height
    aspect = whole.width / whole.height
    shape = JOIN_LOWER * lower + JOIN_TALLER * taller + JOIN_NARROWER * narrower + JOIN_ASPECT * aspect
    return JOIN + JOIN_GAP * gap + shape


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


def may_touch(ink: np.ndarray, doubt: float) -> bool:
    """Whether what was taken for one digit may be two that touch: wide, with many strokes, badly read.

    Args:
        ink: (h, w), of this digit alone, not wider or higher than it.
        doubt: as for `cheapest`.
    """
    marked = ink > INK_THRESHOLD
    height, width = ink.shape
    aspect = width / height
    if not NARROW < aspect <= WIDE:
        return aspect > WIDE
    strokes = (np.count_nonzero(marked[1:] & ~marked[:-1]) + np.count_nonzero(marked[0])) / width  # in a mean column
    return bool(aspect + TOUCHING_STROKES * strokes + TOUCHING_DOUBT * doubt > TOUCHING)
