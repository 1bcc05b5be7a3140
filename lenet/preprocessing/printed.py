"""What was printed for the digits to stand in or on: boxes, rows of boxes, combs, lines that they touch, empty frames.

    mask -> printed_box, open_grid, underline -> the lines alone, to be taken out of the ink

A mask is bool (H, W), of one piece of ink or of all of it.  The ruled lines of a whole page are in `ruled_lines`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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

# An open grid, as for noughts and crosses: lines across one another, and nothing around them.
MAX_GRID_LINES = 12  # of either direction
GRID_CLEAR = 0.5  # of its rows, and of its columns, at least are crossed by those lines alone,
GRID_END = 0.1  # and some so near its ends
GRID_STRAIGHT = 0.03  # of its longer side: by no more its lines leave the straight ones,
GRID_TRUE = 0.8  # in so many of those rows
GRID_THIN = 0.3  # of a cell: its lines are no thicker
GRID_CELLS = 5  # in a row and in a column of it, together at least: with two of each it is a cross, or a 4
GRID_CELL = 0.5  # of the mean cell: so wide are all of them

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


def open_grid(mask: np.ndarray, everything: np.ndarray) -> np.ndarray | None:
    """The lines of an open grid, bool (H, W): three or more, some each way; None where there is none.

    Only what holds something beside it is one; a # is none.

    Args:
        mask: one piece of ink; digits that touch the lines may be of it.
        everything: all the ink there.
    """
    if min(mask.shape) < MIN_BOX_SIDE:
        return None
    found = _grid_lines(mask)
    across = _grid_lines(mask.T) if found else None
    if not found or not across:
        return None
    (down, columns), (along, rows) = found, across
    if columns + rows < GRID_CELLS or not _holds_something(everything, mask, rows, 1):
        return None
    lines: np.ndarray = down | along.T
    return lines


def _grid_lines(mask: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Lines from the top of a mask to its bottom: where, and how many cells they part; None where there are none."""
    height, width = mask.shape
    edges = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    counts = (edges > 0).sum(axis=1)
    lines = int(np.bincount(counts).argmax())
    clear = np.flatnonzero(counts == lines)
    if not 0 < lines <= MAX_GRID_LINES or len(clear) < max(GRID_CLEAR * height, 3):
        return None
    if clear[0] > GRID_END * height or clear[-1] < (1 - GRID_END) * height - 1:
        return None
    begins, ends = (np.nonzero(edges[clear] == sign)[1].reshape(-1, lines) for sign in (1, -1))
    middles, thick = (begins + ends) / 2, float(np.median(ends - begins))
    third = len(clear) // 3
    at = [float(np.median(part)) for part in (clear[:third], clear[-third:])]
    first, last = (np.median(part, axis=0) for part in (middles[:third], middles[-third:]))
    straight = first + (np.arange(height)[:, None] - at[0]) * ((last - first) / (at[1] - at[0]))  # (H, lines)
    off = np.abs(middles - straight[clear]) > GRID_STRAIGHT * max(mask.shape) + 1
    true = ~(off | (ends - begins > 2 * thick)).any(axis=1)  # not where the lines of the other direction lie aslant
    cells = np.diff(np.pad(straight[height // 2], 1, constant_values=(0, width)))
    if (
        thick > GRID_THIN * width / (lines + 1)
        or true.mean() < GRID_TRUE
        or cells.min() < GRID_CELL * width / (lines + 1)
    ):
        return None
    near = np.zeros_like(mask)
    for middle in middles[true].T:  # as the hand drew it; past a crossing, from the row before to the one after
        path = np.interp(np.arange(height), clear[true], middle)
        near |= np.abs(np.arange(width) + 0.5 - path[:, None]) <= thick
    return mask & near, lines + 1


def is_empty_frame(mask: np.ndarray) -> bool:
    """Whether a piece, bool (H, W), is a rectangle of four lines and nothing else."""
    deep = [max(2, round(RING_DEPTH * side)) for side in mask.shape]
    if min(mask.shape) < MIN_BOX_SIDE or not _is_ring(mask, deep):
        return False
    y, x = deep
    return not mask[2 * y : -2 * y, 2 * x : -2 * x].any()
