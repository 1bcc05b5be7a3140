"""Which ink of a picture belongs together: the pieces of a sheet, in reading order, and what stands beside them.

Which of the pieces are one digit is decided by `trials` and the network.  The numbers were chosen as those of `trials`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from lenet.preprocessing.around import as_high, dividers, frames, held, higher, is_crossed, lines_along, runs_around
from lenet.preprocessing.bars import bar_of, bow_of, cross_of, end_to_end, is_double
from lenet.preprocessing.digits import INK_THRESHOLD
from lenet.preprocessing.gaps import Gap, open_gaps
from lenet.preprocessing.layout import MAX_DOTS, bridged, dotted_line, in_rows
from lenet.preprocessing.pieces import (
    APART,
    DOT,
    ROUND_POINT,
    SMALL,
    Box,
    Mark,
    Piece,
    is_dot,
    is_round,
    joined,
    overlap,
    tallest,
)
from lenet.preprocessing.printed import is_empty_frame, open_grid, printed_box, underline
from lenet.preprocessing.signs import SLASH_SLENDER, brackets, is_minus, is_point, percents, slashes, sum_signs
from lenet.preprocessing.thickness import thicknesses

FAINT = 24  # of 255: printed boxes may be fainter than ink
MASK_PIXELS = 40_000  # ink is labelled in a mask of no more than this: 0.15 ms
EIGHT = np.ones((3, 3), bool)  # pixels that meet at a corner belong together

# Of tall:
SPECK = 0.08  # ink with no longer side than this is dirt
POINT = 0.04  # but for a fine pen's decimal point
OVERLAP = 0.5  # of the narrower one's width: then they stand over one another

MAX_PIECES = 100  # the largest: a full Sudoku has 81 digits; the rest of a noisy photo is dirt

# The costs of other readings of the same ink, as those of trials.
# Of each place but one where bars meet end to end, for taking them for one digit: halves of an 8 read as 1, and well.
# Of 1,800 written numbers 19 have one such place, none has two.
JOINT = -3.0
UNBOXED = 3.0  # of taking what looks like printed boxes for bars: mostly they are boxes
CLOSED = -3.0  # of each gap of a stroke that is closed: what goes on elsewhere is likelier one digit than two


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
        if 2 * sum(is_round(p) for p in self._found) >= len(self._found):  # a dotted pen's, or none
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
            lines = None
            if self._count > 1:
                lines = printed_box(piece, mask[part])
                lines = open_grid(piece, mask[part]) if lines is None else lines
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
    dots = [p for p in (a, b) if is_dot(p, tall)]
    return len(dots) == 2 or any(is_point(p, pieces, tall, ROUND_POINT) for p in dots)
