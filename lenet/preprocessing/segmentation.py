"""Which ink of a picture is one digit: a number such as 2026, cut into what may be its digits.

    ink -> pieces -> trials, each perhaps one digit -> the network reads them -> the cheapest row of trials

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
from copy import copy
from dataclasses import dataclass

import numpy as np

from lenet.preprocessing.around import as_high, dividers, frames, held, higher, is_crossed, lines_along, runs_around
from lenet.preprocessing.bars import bar_of, bow_of, cross_of, end_to_end, is_double
from lenet.preprocessing.digits import INK_THRESHOLD
from lenet.preprocessing.gaps import Gap, open_gaps
from lenet.preprocessing.layout import MAX_DOTS, bridged, dotted_line, in_rows
from lenet.preprocessing.pieces import Box, Mark, Piece, contains, joined, overlap, tallest
from lenet.preprocessing.printed import is_empty_frame, printed_box, underline
from lenet.preprocessing.signs import SLASH_SLENDER, brackets, is_minus, is_point, percents, slashes, sum_signs
from lenet.preprocessing.thickness import thicknesses

FAINT = 24  # of 255: printed boxes may be fainter than ink
MASK_PIXELS = 40_000  # ink is labelled in a mask of no more than this: 0.15 ms
EIGHT = np.ones((3, 3), bool)  # pixels that meet at a corner belong together

# Of tall:
SPECK = 0.08  # ink with no longer side than this is dirt
POINT = 0.04  # but for a fine pen's decimal point
DOT = 0.3  # and with no longer side than this, no digit by itself
LITTLE = 0.2  # unless it is higher than this, and surely read
DOT_GAP = 0.08  # but part of one that is as close as this
ROUND_POINT = 0.2  # unless it is a point: round, and with no longer side than this
DEGREE = 0.38  # a raised piece at the end of a row with no longer side than this may be a degree sign
FULL_HEIGHT = 0.6  # where the digit before it is at least this high
SMALL = 0.3  # a piece lower than this is part of what stands over or under it
APART = 0.3  # pieces further from one another are two digits
OVERLAP = 0.5  # of the narrower one's width: then they stand over one another

MAX_PIECES = 100  # the largest: a full Sudoku has 81 digits; the rest of a noisy photo is dirt
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

# Of each place but one where bars meet end to end, for taking them for one digit: halves of an 8 read as 1, and well.
# Of 1,800 written numbers 19 have one such place, none has two.
JOINT = -3.0
UNBOXED = 3.0  # of taking what looks like printed boxes for bars: mostly they are boxes
CLOSED = -3.0  # of each gap of a stroke that is closed: what goes on elsewhere is likelier one digit than two

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


class Sheet:
    """The ink of a picture, and the pieces that it falls into.

    Args:
        unboxed: whether printed boxes, and lines that digits touch, are taken out.
        mask_pixels: how many the mask may have in which the ink is divided into pieces.
        printed: marks of what was taken out of the ink already.

    Attributes:
        ink: white on black, (H, W) uint8.
        pieces: in reading order: rows from the top down, each from left to right; none where nothing is drawn.
        marks: what stands beside them: signs but for points, printed boxes and lines, and rings.
        rings: the pieces that were drawn around others.
        frames: empty ones, which were drawn beside others.
        cost: of reading the ink in this way rather than another, as that of a trial.
    """

    def __init__(
        self, ink: np.ndarray, unboxed: bool = True, mask_pixels: int = MASK_PIXELS, printed: Sequence[Mark] = ()
    ) -> None:
        self._mask_pixels = mask_pixels
        self.ink = self._drawn = ink
        self.pieces: tuple[Piece, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.rings: tuple[Piece, ...] = ()
        self.frames: tuple[Piece, ...] = ()
        self._specks: list[Piece] = []
        self._printed = [*printed]
        self._dotted: list[Mark] = []
        self._found: list[Piece] = []
        self._along: list[Piece] = []  # what looks like lines under or over digits: the foot of a broken 2 does too
        self._sum_labels: set[int] = set()  # labels of a sum's signs
        self.cost = 0.0
        self._bridge = 0
        if unboxed and self._label(FAINT) and (printed := self._without_printed()):
            self._printed = printed
            if not (self.ink > INK_THRESHOLD).any():
                return
        if not self._label(INK_THRESHOLD):
            return
        if self._count == 1 and not self._printed:
            self.pieces = (Piece((1,), self._box((slice(0, self._labels.shape[0]), slice(0, self._labels.shape[1])))),)
        else:
            self._found = self._components()
            full = {p: _fullness(self._mask_of(p)) for p in self._found}
            if dots := dotted_line(self._found, [*full.values()]):
                self._dotted.append(Mark("line", joined(dots).box))
                self._found = [p for p in self._found if p not in dots]
            self._divide(bridged(self._found, [full[p] for p in self._found]))

    def with_bars(self) -> Sheet | None:
        """The same ink with bars that meet end to end made one piece; None where there are none.

        What looks like printed boxes is kept in it: the bars of an 8 may.
        """
        if self.ink is not self._drawn:
            barred = Sheet(self._drawn, False, self._mask_pixels).with_bars()
            if barred:
                barred.cost += UNBOXED
            return barred
        if 2 * sum(_is_round(p) for p in self._found) >= len(self._found):  # a dotted pen's, or none
            return None
        # The bars of = are near one another at their ends too.
        found = [p for p in self._found if p.labels[0] not in self._sum_labels]
        areas = [self._areas[p.labels[0]] for p in found]
        pieces, gaps = end_to_end(found, areas, self._cells_of, self._factor)
        if not gaps:
            return None
        sheet = copy(self)
        sheet.cost = JOINT * (len(gaps) - 1)
        sheet._bridge = (round(max(gaps) * self._factor) + 2) | 1
        sheet._divide([*pieces, *(p for p in self._found if p not in found)])
        return sheet

    def with_gaps_closed(self, at_sides: bool = False) -> Sheet | None:
        """The same ink with strokes drawn on where they go on beyond a gap; None where there is no such gap.

        Args:
            at_sides: whether they may go on in the side of another too; so do digits that stand close.
        """
        if len(self._found) < 2:
            return None
        labels = {label for p in (*self.pieces, *self._along) for label in p.labels}
        strokes = [p for p in self._found if not labels.isdisjoint(p.labels)]
        gaps = open_gaps(strokes, self._thickness_of, self._cells_of, self._factor, at_sides)
        if not gaps:
            return None
        sheet = Sheet(self._drawn_on(gaps), False, self._mask_pixels, self._printed)
        sheet.cost = CLOSED * len(gaps)
        return sheet

    def _drawn_on(self, gaps: Sequence[Gap]) -> np.ndarray:
        """The ink, with a line of full strength over each gap."""
        ink = self.ink.copy()
        (left, top), factor = self._corner, self._factor
        for gap in gaps:
            # where a cell's middle is, and how far from the line ink is
            x0, y0, x1, y1 = (
                (value + 0.5) * factor + corner - 0.5
                for value, corner in zip((*gap.begin, *gap.end), (left, top, left, top), strict=True)
            )
            half = max(gap.thick * factor, 1) / 2
            columns = np.arange(max(int(min(x0, x1) - half), 0), min(int(max(x0, x1) + half) + 2, ink.shape[1]))
            rows = np.arange(max(int(min(y0, y1) - half), 0), min(int(max(y0, y1) + half) + 2, ink.shape[0]))[:, None]
            across, down = x1 - x0, y1 - y0
            at = (((columns - x0) * across + (rows - y0) * down) / (across**2 + down**2)).clip(0, 1)
            near = (columns - x0 - at * across) ** 2 + (rows - y0 - at * down) ** 2 <= half**2
            part = ink[rows[0, 0] : rows[-1, 0] + 1, columns[0] : columns[-1] + 1]
            part[near] = 255
        return ink

    def _thickness_of(self, piece: Piece) -> float:
        """How thick a component's strokes are, in cells."""
        mask = self._mask_of(piece)
        return float(thicknesses(np.pad(mask, 1), np.array([0, np.count_nonzero(mask)]))[1])

    def _label(self, threshold: int) -> bool:
        """Labels the ink above this threshold; False where there is none."""
        from scipy import ndimage

        marked = self.ink > threshold
        rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
        if len(rows) == 0:
            return False
        left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        self._corner = left, top
        self._factor = int(np.ceil(((right - left) * (bottom - top) / self._mask_pixels) ** 0.5))
        self._labels, self._count = ndimage.label(_reduced(marked[top:bottom, left:right], self._factor), EIGHT)
        return True

    def _without_printed(self) -> list[Mark]:
        """Takes printed boxes, and lines that digits touch, out of the ink; says where they were."""
        mask = self._labels > 0
        whole = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
        lines = printed_box(mask, mask)
        if lines is not None:
            self._erase(whole, lines)
            return [Mark("box", self._box(whole))]
        found = []
        for number, part in enumerate(self._parts(), start=1):
            piece = self._labels[part] == number
            lines = printed_box(piece, mask[part]) if self._count > 1 else None
            if lines is not None:
                found.append(Mark("box", self._box(part)))
            elif (lines := underline(piece)) is not None:
                found.append(Mark("line", self._box(_part_of(lines, part))))
            if lines is not None:
                self._erase(part, lines)
        return found

    def _parts(self) -> list[tuple[slice, slice]]:
        """Where each label is; none where there are too many to be pieces."""
        from scipy import ndimage

        return ndimage.find_objects(self._labels) if self._count <= MAX_DOTS else []

    def _box(self, part: tuple[slice, slice]) -> Box:
        """A part of the labels as a box of the ink."""
        (left, top), factor, (y, x) = self._corner, self._factor, part
        right = min(x.stop * factor + left, self.ink.shape[1])
        bottom = min(y.stop * factor + top, self.ink.shape[0])
        return x.start * factor + left, y.start * factor + top, right, bottom

    def _erase(self, part: tuple[slice, slice], lines: np.ndarray) -> None:
        """Sets the ink of `lines`, and of their soft edges, to 0."""
        from scipy import ndimage

        left, top, right, bottom = self._box(part)
        soft = ndimage.binary_dilation(lines, EIGHT) & ((self._labels[part] == 0) | lines)
        large = soft.repeat(self._factor, axis=0).repeat(self._factor, axis=1)[: bottom - top, : right - left]
        self.ink = self.ink.copy()
        self.ink[top:bottom, left:right][large] = 0

    def _divide(self, components: list[Piece]) -> None:
        """Find `pieces` and `marks` among the components."""
        found = largest(components)
        self.frames = tuple(frames(found, lambda p: is_empty_frame(self._mask_of(p))))
        found = [p for p in found if p not in self.frames]
        down = dividers(found)
        found = [p for p in found if p not in down]
        lines = lines_along(found)
        self._along = [found[i] for i in lines]
        rest = [p for i, p in enumerate(found) if i not in lines]
        rings = higher([p for p in rest if self._is_ring(p, rest)], rest)
        self.rings = (*rings, *(p for p in as_high(rings, rest) if self._is_ring(p, rest, True)))
        rest = [p for p in rest if p not in self.rings]
        signs = percents(rest, self._lean, self._is_loop)
        rest = [p for p in rest if not any(p in sign for sign in signs)]
        summed = sum_signs(rest, lambda p: cross_of(self._cells_of(p)), lambda p: is_double(self._mask_of(p)))
        self._sum_labels = {label for _, sign in summed for label in sign.labels}
        rest = [p for p in rest if self._sum_labels.isdisjoint(p.labels)]
        in_order = in_rows(_merged(rest))
        curved = [
            bracket
            for row in sorted({p.row for p in in_order})
            for bracket in brackets([p for p in in_order if p.row == row], lambda p: bow_of(self._cells_of(p)))
        ]
        in_order = tuple(p for p in in_order if all(p is not bracket for _, bracket in curved))
        leaning = [
            p
            for row in sorted({p.row for p in in_order})
            for p in slashes([p for p in in_order if p.row == row], self._lean)
        ]
        pieces = [p for p in in_order if p not in leaning]
        gone = {label for p in (*leaning, *(bracket for _, bracket in curved)) for label in p.labels}
        rest = [p for p in rest if gone.isdisjoint(p.labels)]
        tall = tallest(rest)
        self._specks = [p for p in rest if POINT * tall <= p.longer < SPECK * tall]
        minus = [p for p in pieces if is_minus(p, [q for q in pieces if q.row == p.row], tall)]
        self.pieces = tuple(p for p in pieces if p not in minus)
        self.marks = (
            *(Mark("percent", joined(sign).box) for sign in signs),
            *(Mark(kind, p.box) for kind, p in (*summed, *curved)),
            *(Mark("slash", p.box) for p in leaning),
            *(Mark("minus", p.box) for p in minus),
            *(Mark("line", p.box) for p in down),
            *(Mark("line", found[i].box) for i in lines),
            *(Mark("ring", p.box) for p in self.rings),
            *(Mark("box", p.box) for p in self.frames),
            *self._printed,
            *self._dotted,
        )

    def _is_ring(self, piece: Piece, pieces: Sequence[Piece], open_ring: bool = False) -> bool:
        """Whether a piece was drawn around a digit, or several, and touches none; `open_ring` as in `runs_around`."""
        left, top, *_ = self._cells(piece.box)
        boxes = [self._cells(inner.box) for inner in held(piece, pieces)]
        if not boxes:
            return False
        around = ((x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in boxes)
        mask = self._mask_of(piece)
        return any(runs_around(mask, box, open_ring) for box in around) and not is_crossed(mask)

    def _is_loop(self, piece: Piece) -> bool:
        """Whether a piece runs around its middle, where it is empty."""
        mask = self._mask_of(piece)
        down, across = (2 * side // 5 for side in mask.shape)
        inner = across, down, mask.shape[1] - across, mask.shape[0] - down
        left, top, right, bottom = inner
        return not mask[top:bottom, left:right].any() and runs_around(mask, inner)

    def _lean(self, piece: Piece) -> float:
        """How far a straight stroke's upper end is to the right of its foot, by its height; 0 of what is none."""
        bar = bar_of(self._cells_of(piece))
        if bar is None or bar.long < SLASH_SLENDER * bar.thick or not bar.along[1]:
            return 0.0
        return -bar.along[0] / bar.along[1]

    def _cells(self, box: Box) -> Box:
        """A box of the ink as one of the labels."""
        (x, y), factor = self._corner, self._factor
        left, top, right, bottom = box
        return (left - x) // factor, (top - y) // factor, -(-(right - x) // factor), -(-(bottom - y) // factor)

    def _mask_of(self, piece: Piece) -> np.ndarray:
        """Where this piece is in its box, bool, at the scale of the labels."""
        left, top, right, bottom = self._cells(piece.box)
        labels = self._labels[top:bottom, left:right]
        return np.isin(labels, piece.labels) if len(piece.labels) > 1 else labels == piece.labels[0]

    def _cells_of(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """Where this piece is: x and y in cells of the labels."""
        y, x = np.nonzero(self._mask_of(piece))
        left, top, *_ = self._cells(piece.box)
        return x + float(left), y + float(top)

    def _components(self) -> list[Piece]:
        from scipy import ndimage

        self._areas = np.bincount(self._labels.ravel())
        areas = self._areas[1:]
        parts = ndimage.find_objects(self._labels)
        chosen = np.argsort(areas, kind="stable")[-(MAX_DOTS if self._count <= MAX_DOTS else MAX_PIECES) :]
        return [Piece((int(i) + 1,), self._box(parts[i])) for i in chosen]

    def ink_of(self, piece: Piece) -> np.ndarray:
        """What of the ink is in this piece's box, (h, w) uint8, without that of other pieces."""
        from scipy import ndimage

        left, top, right, bottom = piece.box
        ink = self.ink[top:bottom, left:right]
        if len(self.pieces) > 1 or self.marks:
            ink = self._own(ink, piece)
        if side := self._bridge:
            ink = ndimage.grey_closing(np.pad(ink, side), (side, side))[side:-side, side:-side]
        return ink

    def _own(self, ink: np.ndarray, piece: Piece) -> np.ndarray:
        """`ink`, what is in this piece's box, without that of other pieces."""
        from scipy import ndimage

        left, top, right, bottom = piece.box
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

    def points(self, dots: Sequence[Piece]) -> list[Mark]:
        """Which of the dots, and of what is smaller, are decimal points or commas; the others are dirt."""
        tall, pieces = tallest(self.pieces), (*self.pieces, *self._specks)
        return [Mark("point", dot.box) for dot in (*dots, *self._specks) if is_point(dot, pieces, tall, DOT)]

    def place(self, box: Box) -> tuple[int, float]:
        """Where a box comes in reading order: the row of the piece nearest in height, and its middle in x."""
        middle = box[1] + box[3]
        nearest = min(self.pieces, key=lambda p: abs(p.box[1] + p.box[3] - middle), default=None)
        return (nearest.row if nearest else 0), (box[0] + box[2]) / 2

    def fractions(self, box: Box) -> tuple[float, float, float, float]:
        """A box in fractions of the picture's width and height."""
        height, width = self.ink.shape
        left, top, right, bottom = box
        return left / width, top / height, right / width, bottom / height


def _part_of(mask: np.ndarray, part: tuple[slice, slice]) -> tuple[slice, slice]:
    """Where the ink of a part's mask is."""
    (y, x), rows, columns = part, np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = y.start + int(rows[0]), x.start + int(columns[0])
    return slice(top, y.start + int(rows[-1]) + 1), slice(left, x.start + int(columns[-1]) + 1)


def _reduced(mask: np.ndarray, factor: int) -> np.ndarray:
    """Whether any of each factor x factor pixels is set."""
    if factor == 1:
        return mask
    height, width = mask.shape
    mask = np.pad(mask, ((0, -height % factor), (0, -width % factor)))
    rows = np.logical_or.reduce([mask[i::factor] for i in range(factor)])
    return np.logical_or.reduce([rows[:, i::factor] for i in range(factor)])


def _fullness(mask: np.ndarray) -> float:
    """How much of its box a piece fills; 0 where it has holes or bays, as most digits have and no dot has."""
    runs = [
        np.count_nonzero(np.diff(turned.astype(np.int8), axis=1, prepend=0) > 0, axis=1) for turned in (mask, mask.T)
    ]
    return float(mask.mean()) if max(int(some.max()) for some in runs) == 1 else 0.0


def largest(pieces: Sequence[Piece]) -> list[Piece]:
    """At most MAX_PIECES of them."""
    return sorted(pieces, key=lambda p: p.width * p.height)[-MAX_PIECES:]


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Without specks, and a small one made one with what it stands over, under or in."""
    tall = tallest(pieces)
    pieces = [p for p in pieces if p.longer >= SPECK * tall]
    while pair := _over_one_another(pieces, tall):
        pieces = [p for p in pieces if p not in pair] + [joined(pair)]
    return pieces


def _over_one_another(pieces: Sequence[Piece], tall: int) -> tuple[Piece, Piece] | None:
    for i, a in enumerate(pieces):
        for b in pieces[:i]:
            if min(a.height, b.height) >= SMALL * tall or -overlap(a, b, 1) > APART * tall:
                continue
            if overlap(a, b, 0) >= OVERLAP * min(a.width, b.width) and not _are_signs(a, b, pieces, tall):
                return a, b
    return None


def _are_signs(a: Piece, b: Piece, pieces: Sequence[Piece], tall: int) -> bool:
    """Whether two pieces over one another are a colon, or one is a digit's decimal point."""
    dots = [p for p in (a, b) if _is_dot(p, tall)]
    return len(dots) == 2 or any(is_point(p, pieces, tall, ROUND_POINT) for p in dots)


def _is_dot(piece: Piece, tall: int) -> bool:
    return _is_round(piece) and piece.longer < ROUND_POINT * tall


def trials(pieces: Sequence[Piece]) -> list[Trial]:
    """Every run of neighbouring pieces that may be one digit, by its first piece."""
    tall = tallest(pieces)
    dots = [p.longer < DOT * tall for p in pieces]
    points = [_is_round(p) and is_point(p, pieces, tall, ROUND_POINT) for p in pieces]
    alone = [sum(p.row == q.row for q in pieces) == 1 for p in pieces]
    found = []
    for first, piece in enumerate(pieces):
        is_digit = not (dots[first] or _may_be_degree(pieces, first, tall))
        found.append(Trial(first, first + 1, piece, 0.0, is_digit, "" if is_digit else _little(piece, pieces, tall)))
        whole, cost = piece, 0.0
        for last in range(first + 1, min(first + MAX_PIECES_OF_A_DIGIT, len(pieces))):
            colon = _is_dot(pieces[last], tall) and _is_dot(pieces[last - 1], tall)
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


def _is_round(piece: Piece) -> bool:
    return piece.longer <= 1.6 * min(piece.width, piece.height)


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
    full = [float((ink > INK_THRESHOLD).mean()) >= BAR_FULL for ink in inks]
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
