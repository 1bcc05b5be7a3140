"""How pieces of ink stand on a page: rows of digits, dots that are one stroke, and what is no digit at all.

    pieces -> bridged -> without_printed -> in_rows -> marks

A box is (left, top, right, bottom) in pixels of the ink.  "Tall" is the tallest piece's height, the measure of how
large the writing is.  What is decided here is decided by place and shape alone; `segmentation` and the network decide
the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal

import numpy as np

Box = tuple[int, int, int, int]
MarkKind = Literal["point", "minus", "slash", "opening", "closing", "percent", "box", "line", "ring"]

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
STANDS = 0.5  # what is at least this high stands in a row of its own
FLAT = 0.3  # a minus and a line are lower than this
LINE = 1.2  # a line under digits is longer than this, and a minus shorter
POINT_REACH = 0.5  # a point is no further from a digit
SHORT = 0.15  # a minus is longer than this
UNDER = 0.75  # of its width: a point reaches no further under a digit, as slanted ones have it

BROKEN = 0.12  # parts of a broken digit that stand over one another are no further apart, nor overlap more
WHOLE = 1.15  # and together they are no higher than this
ASIDE = 0.05  # and no further from one another sideways

SAME_ROW = 0.4  # of the lower one's height: pieces that overlap by as much stand in one row
BESIDE, MUCH_HIGHER = 0.8, 1.5  # of its height: so much of a piece is beside one that is higher by so many times
EXPONENT, EXPONENT_REACH = 0.75, 0.5  # of the height of what it follows: an exponent is lower, and as near
RAISED_OVERLAP = 0.15  # of its height: by so much it overlaps what it follows

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

# A printed box or row of boxes:
MIN_BOX_SIDE = 20  # of the mask's pixels
RING = 0.85  # of each side is ink
RING_OF_A_ROW = 0.6  # the same above and below boxes that stand apart
RING_DEPTH = 0.08  # of the box: its line is found within this of its side, and of a cell what is left of the lines
WALL = 0.85  # of its height: what runs down so far is a wall
HOLDS = 0.25  # of its height: a digit in it is at least this high
MAX_LEAN = 0.14  # rows to a column: 8 degrees, as paper lies
COMB_WIDTH = 2.0  # of its height: a comb is at least this wide
COMB_LINE = 0.95  # of its width: so much of its line is ink
LEAN_REACH = 0.02  # of its height: so near its upper side is a line

# A line under digits that touches them, so that all are one piece:
UNDERLINED = 12  # of the mask's pixels: the piece is at least so high
UNDERLINED_WIDTH = 1.4  # of its height: and so wide, as a 2 with a flat foot is not
UNDER_STRAIGHT = 0.03  # of its height: its lower side runs so near to the line
UNDER_SHARE = 0.8  # and does so for so much of its width
UNDER_THICK = 0.22  # of its height: the line is no thicker
UNDER_FREE = 0.45  # of its width: nothing stands on it
UNDER_BEYOND = 1.25  # thicknesses: so far it reaches further, at both ends, than what stands on it; no foot does
UNDER_ONE = 2.2  # of its height: so wide the piece is where one digit stands on it, for the foot of a 2 may be long
UNDER_WALL = 3.0  # thicknesses: something on it is wider; the walls of a comb are not

# What was drawn beside digits, much larger than they are:
DIVIDER = 0.12  # of its height: a line drawn down the page is no wider
LARGER = 2.0  # of the digits' height: it is at least as high, and so is a frame
DIVIDED = 3  # rows that stand at its left and at its right: at a high 1 stand two, one on each side, or a fraction's
FIGURES = 0.15  # of a frame's height: the digits beside it are higher, dirt is not

# A ring around digits:
HELD = 0.45  # of its height: a digit in it is at least this high
AROUND = 0.9  # of what it holds: so much of each side sees the ring
OPEN = 0.4  # or of one side, for it may not be closed
RING_WIDTH = 0.75  # of its height: a narrower one is a 0 with a slash in it
RING_HEIGHT = 1.15  # of the digits beside it: so is a lower one
AS_HIGH = 0.75, 1.33  # of the rings' median height: what holds a digit too is a ring as they are


@dataclass(frozen=True)
class Piece:
    """Ink that belongs together: its labels on the sheet, its box, and the row that it stands in, from 0."""

    labels: tuple[int, ...]
    box: Box
    row: int = 0

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def longer(self) -> int:
        return max(self.width, self.height)


@dataclass(frozen=True)
class Mark:
    """What is written or printed beside the digits.

    Attributes:
        kind: "point" (also a comma), "minus", "slash", "opening" or "closing" (brackets), "percent", "box", "line"
            (under or over digits) or "ring" (around them).
    """

    kind: MarkKind
    box: Box


def joined(pieces: Sequence[Piece]) -> Piece:
    lefts, tops, rights, bottoms = zip(*(p.box for p in pieces), strict=True)
    labels = tuple(label for p in pieces for label in p.labels)
    return Piece(labels, (min(lefts), min(tops), max(rights), max(bottoms)), pieces[0].row)


def tallest(pieces: Sequence[Piece]) -> int:
    return max((p.height for p in pieces), default=0)


def overlap(a: Piece, b: Piece, axis: int) -> int:
    """Pixels that both cover along x (0) or y (1); less than 0 where that far apart."""
    return min(a.box[axis + 2], b.box[axis + 2]) - max(a.box[axis], b.box[axis])


def distance(a: Piece, b: Piece) -> float:
    """Pixels from the box of one to the box of the other; 0 where they touch or overlap."""
    # np.hypot's value to the last bit, which math.hypot's is not, in half of the time
    return abs(complex(max(-overlap(a, b, 0), 0), max(-overlap(a, b, 1), 0)))


# --------------------------------------------------------------------------------------------------
# A dotted pen


def dotted_line(pieces: Sequence[Piece], full: Sequence[float]) -> list[Piece]:
    """The dots of a line that digits were written on, as forms have it; none where there is no such line.

    Args:
        full: as for `bridged`.
    """
    if not LINE_DOTS <= len(pieces) <= MAX_DOTS:
        return []
    dots = sorted((p for p, dot in zip(pieces, _dots(pieces, full), strict=True) if dot), key=_across)
    if len(dots) < LINE_DOTS:
        return []
    third = len(dots) // 3
    ends = dots[:third], dots[-third:]
    x0, x1 = (float(np.median([_across(p) for p in end])) for end in ends)
    y0, y1 = (float(np.median([_down(p) for p in end])) for end in ends)
    if abs(y1 - y0) > LINE_SLOPE * (x1 - x0):
        return []
    size = float(np.median([p.longer for p in dots]))
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    line = [p for p in dots if abs(_down(p) - y0 - slope * (_across(p) - x0)) <= 2 * size]  # both are of two sides
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
    groups = _connected(near)
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


def _connected(near: np.ndarray) -> list[list[int]]:
    """Groups of indices that a chain of near ones connects; near is bool (N, N)."""
    left, groups = set(range(len(near))), []
    while left:
        group, new = [], [min(left)]
        left.discard(new[0])
        while new:
            at = new.pop()
            group.append(at)
            others = [i for i in np.flatnonzero(near[at]).tolist() if i in left]
            left.difference_update(others)
            new += others
        groups.append(sorted(group))
    return groups


# --------------------------------------------------------------------------------------------------
# What was printed for the digits to stand in or on


def printed_box(mask: np.ndarray, everything: np.ndarray) -> np.ndarray | None:
    """The lines of a box, a row of boxes, a grid or a comb that fills the mask, bool (H, W); None where there is none.

    All but a comb may lean by a few degrees.  Only what holds something is a printed box: an 8 or a 0 of straight
    strokes is one too, but an empty one.

    Args:
        mask: one piece of ink, or all of it.
        everything: all the ink there.
    """
    if min(mask.shape) < MIN_BOX_SIDE:
        return None
    if _is_comb(mask):
        return mask
    lean = _lean(mask)
    if lean == 0:
        return _printed_upright(mask, everything)
    y, x = np.nonzero(everything)
    up = y - np.floor(lean * x + 0.5).astype(int)
    across = x + np.floor(lean * up + 0.5).astype(int)
    own = mask[y, x]
    up, across = up - up[own].min(), across - across[own].min()
    height, width = int(up[own].max()) + 1, int(across[own].max()) + 1
    inside = (up >= 0) & (up < height) & (across >= 0) & (across < width)
    straight, all_straight = np.zeros((2, height, width), bool)
    straight[up[own], across[own]] = True
    all_straight[up[inside], across[inside]] = True
    found = _printed_upright(straight, all_straight)
    if found is None:
        return None
    lines = np.zeros_like(mask)
    lines[y[inside], x[inside]] = found[up[inside], across[inside]]
    return lines


def _is_comb(mask: np.ndarray) -> bool:
    """Whether a piece is a line with three walls on it or more, as forms have them for a digit between each two."""
    height, width = mask.shape
    deep = max(2, round(RING_DEPTH * height))
    line, above = mask[-deep:].any(axis=0), mask[:-deep]
    walls = np.flatnonzero(np.diff(above.any(axis=0).astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    if width < COMB_WIDTH * height or line.mean() < COMB_LINE or len(walls) < 3:
        return False
    narrow = np.diff(walls, axis=1).max() <= 2 * deep and walls[0, 0] < deep and walls[-1, 1] > width - deep
    return bool(narrow) and all(above[:, begin:end].any(axis=1).mean() >= WALL for begin, end in walls)


def _lean(mask: np.ndarray) -> float:
    """How many rows the mask's upper side sinks from one column to the next; 0 where that is no leaning line."""
    columns = np.flatnonzero(mask.any(axis=0))
    first = mask.argmax(axis=0)[columns]
    third = len(columns) // 3
    if third == 0:
        return 0.0
    x0, x1 = (int(end[third // 2]) for end in (columns[:third], columns[-third:]))
    y0, y1 = (int(np.sort(end)[third // 2]) for end in (first[:third], first[-third:]))
    lean = (y1 - y0) / (x1 - x0)
    if abs(lean) > MAX_LEAN or abs(lean) * max(mask.shape) < 1:
        return 0.0
    on_it = np.abs(first - (y0 + lean * (columns - x0))) <= LEAN_REACH * len(mask) + 1
    return lean if np.count_nonzero(on_it) >= RING_OF_A_ROW * len(columns) else 0.0


def _printed_upright(mask: np.ndarray, everything: np.ndarray) -> np.ndarray | None:
    """`printed_box` where it does not lean."""
    deep = [max(2, round(RING_DEPTH * side)) for side in mask.shape]
    if min(mask.shape) < MIN_BOX_SIDE or not _is_ring(mask, deep):
        return None
    lines = np.zeros_like(mask)
    for turn in range(4):
        turned, found = np.rot90(mask, turn), np.rot90(lines, turn)
        found |= _first_runs(turned, deep[turn % 2])
    rows, columns = 1, 1 + _add_walls(mask & ~lines, lines, deep[1])
    if columns > 1:  # no stroke of a digit runs through boxes side by side
        rows += _add_walls((mask & ~lines).T, lines.T, deep[0])
    in_cell = [max(2, side // cells) for side, cells in zip(deep, (rows, columns), strict=True)]
    lines |= _crumbs(mask & ~lines, in_cell)
    return lines if _holds_something(everything, lines, rows, min(in_cell)) else None


def _add_walls(inner: np.ndarray, lines: np.ndarray, depth: int) -> int:
    """Adds the walls among `inner` to `lines`, without the strokes that cross them; how many stand between boxes."""
    walls = _walls(inner)
    for wall in walls:
        part = inner[:, wall]
        lines[:, wall] |= part & ~_wide_rows(part)
    return sum(wall.start > depth and wall.stop < inner.shape[1] - depth for wall in walls)


def _crumbs(mask: np.ndarray, deep: Sequence[int]) -> np.ndarray:
    """What is left of a box's lines at its sides: small pieces, such as its corners."""
    from scipy import ndimage

    crumbs = np.zeros_like(mask)
    labels, _ = ndimage.label(mask, np.ones((3, 3), bool))
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        sides = zip(part, mask.shape, deep, strict=True)
        if all(p.stop - p.start <= 2 * d for p, _, d in sides) and any(
            p.start < d or p.stop > side - d for p, side, d in zip(part, mask.shape, deep, strict=True)
        ):
            crumbs[part] |= labels[part] == number
    return crumbs


def _is_ring(mask: np.ndarray, deep: Sequence[int]) -> bool:
    """Whether ink runs along all four sides of the mask; boxes in a row leave gaps above and below."""
    y, x = deep
    along = mask[:y].any(axis=0).mean(), mask[-y:].any(axis=0).mean()
    if min(along) < RING_OF_A_ROW:
        return False
    if mask.shape[1] < 2 * mask.shape[0] and min(along) < RING:
        return False
    if min(mask[:, :x].any(axis=1).mean(), mask[:, -x:].any(axis=1).mean()) < RING:
        return False
    corners = mask[:y, :x], mask[:y, -x:], mask[-y:, :x], mask[-y:, -x:]
    return all(bool(corner.any()) for corner in corners)


def _first_runs(mask: np.ndarray, depth: int) -> np.ndarray:
    """The first ink from above in each column, where it begins within `depth` and is no thicker than usual."""
    height = len(mask)
    begin = mask.argmax(axis=0)
    below = np.arange(height)[:, None] >= begin
    ends = np.where(below & ~mask, np.arange(height)[:, None], height).min(axis=0)
    here = mask.any(axis=0) & (begin < depth)
    if not here.any():
        return np.zeros_like(mask)
    usual = float(np.median((ends - begin)[here]))
    thin = here & (ends - begin <= 1.5 * usual + 1) & (ends <= 2 * depth)
    rows = np.arange(height)[:, None]
    return (rows >= begin) & (rows < ends) & thin


def _walls(mask: np.ndarray) -> list[slice]:
    """Columns in which ink runs down nearly the whole mask: between boxes, or a box's own sides."""
    near = mask | np.roll(mask, 1, axis=1) | np.roll(mask, -1, axis=1)
    full = np.flatnonzero(near.mean(axis=0) >= WALL)
    groups = np.split(full, np.flatnonzero(np.diff(full) > 1) + 1) if len(full) else []
    return [slice(max(int(group[0]) - 1, 0), int(group[-1]) + 2) for group in groups]


def _wide_rows(part: np.ndarray) -> np.ndarray:
    """(H, 1): the rows of a wall that a stroke crosses, where all of it is ink."""
    covered = part.sum(axis=1, keepdims=True)
    usual = np.median(covered[covered > 0]) if covered.any() else 0
    return (covered > 1.5 * usual + 1) & part.all(axis=1, keepdims=True)


def _holds_something(everything: np.ndarray, lines: np.ndarray, rows: int, margin: int) -> bool:
    """Whether some ink is high enough to be a digit in a box, of which so many stand over one another.

    Ink within `margin` of the lines is theirs: what is left of thick ones, as of the bars of an 8.
    """
    from scipy import ndimage

    free = everything & ~ndimage.binary_dilation(lines, iterations=margin)
    labels, _ = ndimage.label(free, np.ones((3, 3), bool))
    heights = [y.stop - y.start for y, _ in ndimage.find_objects(labels)]
    return max(heights, default=0) * rows >= HOLDS * len(everything)


def underline(mask: np.ndarray) -> np.ndarray | None:
    """A straight line in which a piece, bool (H, W), ends below, as digits do that touch it; None where it has none."""
    from scipy import ndimage

    height, width = mask.shape
    if height < UNDERLINED or width < UNDERLINED_WIDTH * height or mask.any(axis=0).mean() < COMB_LINE:
        return None
    turned = mask[::-1]
    rows = np.arange(height)[:, None]
    begin = turned.argmax(axis=0)
    ends = np.where((rows >= begin) & ~turned, rows, height).min(axis=0)
    third, columns = width // 3, np.arange(width)
    y0, y1 = (int(np.sort(end)[third // 2]) for end in (begin[:third], begin[-third:]))
    line = y0 + (y1 - y0) * (columns - third // 2) / (width - third)
    on_it = np.abs(begin - line) <= UNDER_STRAIGHT * height + 1
    if np.count_nonzero(on_it) < UNDER_SHARE * width:
        return None
    usual = float(np.median((ends - begin)[on_it]))
    free = on_it & (ends - begin <= 1.5 * usual + 1)
    if usual > UNDER_THICK * height or np.count_nonzero(free) < UNDER_FREE * width:
        return None
    found: np.ndarray = turned & (rows < line + usual + 1)
    labels, _ = ndimage.label(turned & ~found, np.ones((3, 3), bool))
    standing = []
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        if part[0].stop - part[0].start > usual:
            standing.append(part[1])
        else:  # where the line is thicker
            found[part] |= labels[part] == number
    if max((part.stop - part.start for part in standing), default=0) <= UNDER_WALL * usual:
        return None
    beyond = min(*(part.start for part in standing), *(width - part.stop for part in standing))
    enough = width >= UNDER_ONE * height or len(standing) > 1
    return found[::-1] if enough and beyond >= UNDER_BEYOND * usual else None


def is_empty_frame(mask: np.ndarray) -> bool:
    """Whether a piece, bool (H, W), is a rectangle of four lines and nothing else."""
    deep = [max(2, round(RING_DEPTH * side)) for side in mask.shape]
    if min(mask.shape) < MIN_BOX_SIDE or not _is_ring(mask, deep):
        return False
    y, x = deep
    return not mask[2 * y : -2 * y, 2 * x : -2 * x].any()


def frames(pieces: Sequence[Piece], is_empty: Callable[[Piece], bool]) -> list[Piece]:
    """Which pieces are figures that were drawn beside digits: empty frames, too large and wide to be a 0."""
    wide = [p for p in pieces if p.width >= RING_WIDTH * p.height and is_empty(p)]
    empty = [p for p in wide if not any(_within(q, p) for q in pieces if q is not p)]
    beside = tallest([p for p in pieces if p not in empty])
    return [p for p in empty if p.height >= LARGER * beside and beside >= FIGURES * p.height]


def dividers(pieces: Sequence[Piece]) -> list[Piece]:
    """Which pieces are lines drawn down the page beside rows of digits: what is only higher than others may be a 1."""
    found = []
    for piece in pieces:
        others = [p for p in pieces if p.height * LARGER <= piece.height]
        tall = tallest(others)
        standing = [p for p in others if p.height >= STANDS * tall and overlap(p, piece, 1) > 0]
        left = [p for p in standing if _across(p) < _across(piece)]
        right = [p for p in standing if _across(p) > _across(piece)]
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
    """What a ring may hold: the highest piece in another one's box, and all in it; none where no digit is so high."""
    inside = [p for p in pieces if p is not piece and _within(p, piece)]
    high = piece.width >= RING_WIDTH * piece.height and tallest(inside) >= HELD * piece.height
    return [max(inside, key=lambda p: p.height), joined(inside)] if inside and high else []


def higher(rings: Sequence[Piece], pieces: Sequence[Piece]) -> list[Piece]:
    """Those of what may be rings that are higher than the pieces beside them all, but for what holds digits too."""
    others = [p for p in pieces if p not in rings and not any(_within(p, ring) for ring in rings)]
    beside = tallest([p for p in others if not held(p, pieces)])
    return [ring for ring in rings if ring.height >= RING_HEIGHT * beside]


def as_high(rings: Sequence[Piece], pieces: Sequence[Piece]) -> list[Piece]:
    """Those other pieces that are about as high as the rings are; none where there are no rings."""
    usual = float(np.median([ring.height for ring in rings])) if rings else 0.0
    least, most = AS_HIGH
    return [p for p in pieces if p not in rings and least * usual <= p.height <= most * usual]


def _within(piece: Piece, other: Piece) -> bool:
    return overlap(piece, other, 0) == piece.width and overlap(piece, other, 1) == piece.height


def runs_around(mask: np.ndarray, box: Box, open_ring: bool = False) -> bool:
    """Whether ink of the mask, bool (H, W), is seen from all four sides of a box in it, from one perhaps with a gap.

    Args:
        open_ring: whether two sides will do, as of a ring with a wide gap.
    """
    left, top, right, bottom = box
    sides = mask[top:bottom, :left], mask[top:bottom, right:], mask[:top, left:right].T, mask[bottom:, left:right].T
    least, second, third, _ = sorted(float(side.any(axis=1).mean()) for side in sides)
    return third >= AROUND if open_ring else least >= OPEN and second >= AROUND


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
    standing = sorted((p for p in wholes if p.height >= STANDS * tall and p not in higher_one), key=_across)
    near = np.eye(len(standing), dtype=bool)
    for i, piece in enumerate(standing):
        beside = [j for j in range(i + 1, len(standing)) if _one_row(piece, standing[j])]
        if beside:  # only with its neighbour: rows that run uphill pass one another further on
            j = min(beside, key=lambda j: standing[j].box[0])
            near[i, j] = near[j, i] = True
    rows = [[standing[i] for i in group] for group in _connected(near)]
    rows.sort(key=lambda row: float(np.mean([p.box[1] + p.box[3] for p in row])))
    for piece in wholes:
        if piece.height < STANDS * tall and piece not in higher_one:
            min(rows, key=lambda row: min(distance(piece, p) for p in row if p.height >= STANDS * tall)).append(piece)
    for piece in sorted(higher_one, key=lambda p: -p.height):
        next(row for row in rows if higher_one[piece] in row).append(piece)
    return tuple(
        replace(p, row=number)
        for number, row in enumerate(rows)
        for whole in sorted(row, key=_across)
        for p in sorted(parts[wholes.index(whole)], key=_across)
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


def _across(piece: Piece) -> int:
    return piece.box[0] + piece.box[2]


def _down(piece: Piece) -> int:
    return piece.box[1] + piece.box[3]


def _one_row(a: Piece, b: Piece) -> bool:
    """Whether two pieces stand in one row, `a` before `b`; so does an exponent that stands higher than that."""
    least = RAISED_OVERLAP if _may_be_exponent(b, a) else SAME_ROW
    return overlap(a, b, 1) >= least * min(a.height, b.height)


def _may_be_exponent(piece: Piece, other: Piece) -> bool:
    """Whether a piece is smaller than another, near at its right, and higher up."""
    near = -0.1 * other.height <= piece.box[0] - other.box[2] <= EXPONENT_REACH * other.height
    return near and piece.height <= EXPONENT * other.height and piece.box[1] < other.box[1]


# --------------------------------------------------------------------------------------------------
# Signs between the digits


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
        first = [p for p in small if _across(p) < _across(slash) and _down(p) <= _down(slash) - away]
        second = [p for p in small if _across(p) > _across(slash) and _down(p) >= _down(slash) + away]
        if not first or not second or not PERCENT_LEAN[0] <= lean_of(slash) <= PERCENT_LEAN[1]:
            continue
        pair = [min(some, key=lambda p: distance(p, slash)) for some in (first, second)]
        if all(is_loop(p) for p in pair):
            found.append((pair[0], slash, pair[1]))
    return found


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
    return all(0.25 < (middle - p.box[1]) / p.height < 0.78 for p in beside)


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
