"""Where in a picture somebody wrote: within the lines, bars and margins that a program or a scanner put round it.

A screenshot has bars, a scan has black edges, a pad has a line round it, and apps paste photographs on white squares.
What is written there stands in a rectangle with a ground of its own; all outside is cut off before the ground is
measured.  A plain drawing is its own canvas: the cheap test for that comes first.
"""

from __future__ import annotations

import numpy as np

from lenet.preprocessing.thickness import thicknesses

MIN_SIDE = 40  # pixels: what is smaller has no frame
MIN_INNER = 24  # pixels: nor is a canvas smaller than this
SAME = 10  # of 255: greys that differ by less are one ground, for the noise and JPEG of a real picture
RENDERED = 1  # but where a program drew a ground, its grey is exact: a toolbar may be nearly as white as the page
FLAT = 4  # rows past a rendered bar are one ground too; a gradient's are not
UNIFORM = 0.95  # of a side's outermost line is one grey where a bar is
BAR = 0.6  # and of its further lines: a window's bar has buttons
JUMP = 0.9  # of a line differs at once where the bar ends
DEEPEST = 0.45  # of the side: what is deeper is no bar but the ground itself, beside a shadow or a desk
STEP = 2  # times that what a bar's grey has changed by before its end, its end changes it
SLANT = 0.06  # of the picture's side: a scan's edge takes so long to end
RING = 0.9  # of each of a patch's sides differs from what is round it
MIN_PATCH = 0.05  # of the picture
# A patch with round corners fills so much of its box, where an ellipse, as a thick 0 is, fills 0.79; and its shorter
# side is so long, by the picture's.
ROUNDED, ROUNDED_SIDE = 0.88, 0.3
# Something on it is no hole of a bold 8: it fills less of its box than this, or is so many times as long as wide.
STROKE, LONG = 0.7, 2.5
CONTRAST = 24  # of 255: something on the canvas differs by so much from its ground
MARK = 1 / 3  # of the contrast of the darkest mark: what is as dark is a mark
ALIKE = 2.0  # the factor by which marks of one hand differ at most, in size and thickness
SPECK = 0.04  # of the longer side: what is smaller is no mark
NESTED = 6  # frames within frames: a window, in a letterbox, in a page

Region = tuple[slice, slice]


def canvas(grey: np.ndarray) -> Region:
    """The rows and columns of `grey` (H, W) uint8 that are written on; nearly always all."""
    whole = slice(0, grey.shape[0]), slice(0, grey.shape[1])
    region = whole
    if min(grey.shape) < MIN_SIDE:
        return region
    for _ in range(NESTED):
        smaller = _inner(grey[region])
        if smaller is None:
            break
        region = _within(region, smaller)
    return region if region == whole or _is_written_on(grey[region]) else whole


def _within(outer: Region, inner: Region) -> Region:
    y, x = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(outer, inner, strict=True))
    return y, x


def _is_written_on(grey: np.ndarray) -> bool:
    ground = int(np.median(grey[::2, ::2]))
    return bool((np.abs(grey.astype(np.int16) - ground) >= CONTRAST).any())


def _inner(grey: np.ndarray) -> Region | None:
    """What is left without the outermost frame, bar or margin; None where there is none."""
    sides = [int(np.median(line)) for line in (grey[0], grey[-1], grey[:, 0], grey[:, -1])]
    same = max(sides) - min(sides) <= SAME
    patch = _patch(grey, sides[0]) if same else None
    if patch or max(sides) == min(sides):
        return patch
    height, width = grey.shape
    turned = grey, grey[::-1], grey.T, grey.T[::-1]
    depths = [_bar(each, RENDERED) or (0 if same else _bar(each, SAME)) for each in turned]
    # Seen from the other side the canvas is a bar as well: the thinner one is.
    bars = sorted((depth, side) for side, depth in enumerate(depths) if depth)
    depth, side = next(((depth, side) for depth, side in bars if not _is_written_across(turned[side], depth)), (0, 0))
    across = (height, width)[side // 2]
    if not depth or depth > DEEPEST * across or across - depth < MIN_INNER:
        return None
    rows = slice(depth if side == 0 else 0, height - depth if side == 1 else height)
    columns = slice(depth if side == 2 else 0, width - depth if side == 3 else width)
    return rows, columns


def _bar(grey: np.ndarray, same: int) -> int:
    """How many rows at the top are a bar of one grey that ends all along at once; 0 where there is none.

    Greys that differ by no more than `same` are one: SAME, or RENDERED for grounds that a program drew.
    """
    value = int(np.median(grey[0]))
    if same == RENDERED and np.count_nonzero(grey[0] == value) < UNIFORM * grey.shape[1]:
        return 0
    other = np.abs(grey.astype(np.int16) - value) > same
    share = other.mean(axis=1)  # of each row, what is not the bar's
    if share[0] > 1 - UNIFORM:
        return 0
    ends = np.flatnonzero((share[1:] > 1 - BAR) & (share[:-1] <= 1 - BAR)) + 1
    slant = max(2, round(SLANT * len(grey)))
    if same == RENDERED:  # a row of large buttons may fill the bar, but it does not end there
        ends = ends[[(share[end : end + slant] >= JUMP).any() for end in ends]]
    if len(ends) == 0:
        return 0
    within = share[ends[0] : ends[0] + slant]
    past = np.flatnonzero(within >= JUMP)
    if len(past) == 0:
        return 0
    clear = np.flatnonzero(within >= 0.995)
    depth = int(ends[0] + (clear if len(clear) else past)[0])
    depth += _soft(grey, depth, same)
    if same == RENDERED and np.ptp(np.median(grey[depth : depth + FLAT], axis=1)) > RENDERED:
        return 0
    # Paper in uneven light too leaves its first grey behind, but has nearly done so before.
    last = ends[0] - (2 if same == RENDERED and ends[0] > 1 else 1)  # a rendered edge may take a row that is a mixture
    before, after = (int(np.median(grey[row])) for row in (last, min(depth, len(grey) - 1)))
    return depth if abs(after - before) > STEP * abs(before - value) else 0


def _is_written_across(grey: np.ndarray, depth: int) -> bool:
    """Whether marks as below, or all marks, stand in the first `depth` rows: they are no bar, but paper in a shadow.

    A bar has a title and buttons, of another size and thickness than what is written; a scan's edge has nothing.
    """
    grounds = [int(np.median(part)) for part in (grey[:depth], grey[depth:])]
    for dark, ground in ((255 - grey, 255 - min(grounds)), (grey, max(grounds))):
        contrast = int(dark.max()) - ground
        if contrast < CONTRAST:
            continue
        marks = dark > ground + MARK * contrast  # darker than the ground in and out of the shadow
        above, below = (_measured(part) for part in (marks[:depth], marks[depth:]))
        alike = np.abs(np.log(above[:, None] / below[None])) < np.log(ALIKE)
        if alike.all(axis=2).any() or (len(above) and not len(below)):
            return True
    return False


def _measured(marks: np.ndarray) -> np.ndarray:
    """(N, 2): of each piece that is no speck its longer side and about how thick its strokes are, in pixels."""
    from scipy import ndimage

    labels, count = ndimage.label(marks, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    longer = np.array([max(y.stop - y.start, x.stop - x.start) for y, x in boxes] or np.zeros(0))
    thick = thicknesses(labels, np.bincount(labels.ravel(), minlength=count + 1))[1:]
    return np.stack([longer, thick], axis=1)[longer >= SPECK * max(marks.shape)]


def _soft(grey: np.ndarray, depth: int, same: int) -> int:
    """How many more rows are the soft edge of a bar that was drawn or shrunk."""
    medians = np.median(grey[depth : depth + 4], axis=1)
    steps = np.flatnonzero(np.abs(np.diff(medians)) > same)
    return int(steps[-1]) + 1 if len(steps) else 0


def _patch(grey: np.ndarray, around: int) -> Region | None:
    """A rectangle with a ground of its own, in even surroundings of the grey `around`; its corners may be round."""
    other = np.abs(grey.astype(np.int16) - around) > SAME - 2
    rows, columns = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
    if len(rows) < MIN_INNER or len(columns) < MIN_INNER:
        return None
    inside = other[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if inside.size < MIN_PATCH * grey.size or inside.size == grey.size or inside.mean() < 0.5:
        return None
    depth = _corner(inside)
    within = inside[depth : inside.shape[0] - depth, depth : inside.shape[1] - depth]
    if min(within.shape) < MIN_INNER:
        return None
    if depth and (min(within.shape) < ROUNDED_SIDE * min(grey.shape) or _is_cut(inside, depth)):
        return None
    ring = [within[:2].any(axis=0), within[-2:].any(axis=0), within[:, :2].any(axis=1), within[:, -2:].any(axis=1)]
    if min(side.mean() for side in ring) < RING:  # a digit, or the line of a box
        return None
    top, bottom = int(rows[0]) + depth, int(rows[-1]) - depth
    left, right = int(columns[0]) + depth, int(columns[-1]) - depth
    region = slice(top + 1, bottom), slice(left + 1, right)
    return region if not depth or _holds_strokes(grey[region]) else None


def _is_cut(inside: np.ndarray, depth: int) -> bool:
    """Whether something is written between the corners of a patch (H, W) bool, as near its sides as they are."""
    corner = 4 * depth  # of a quarter of a circle, 0.29 of whose radius is `depth`
    sides = (np.rot90(inside, turn) for turn in range(4))
    return any(not side[1:depth, corner : side.shape[1] - corner].all() for side in sides)


def _holds_strokes(grey: np.ndarray) -> bool:
    """Whether there are strokes on the ground, and not only the holes of a bold digit."""
    from scipy import ndimage

    marks = np.abs(grey.astype(np.int16) - int(np.median(grey))) >= CONTRAST
    labels, _ = ndimage.label(marks, np.ones((3, 3)))
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        short, long = sorted(side.stop - side.start for side in part)
        written = np.mean(labels[part] == number) < STROKE or long > LONG * short
        if written and long >= SPECK * max(grey.shape):
            return True
    return False


def _corner(inside: np.ndarray) -> int:
    """How far from all sides of its box the corners of a patch (H, W) bool are its own: 0 where none is round."""
    spans = [np.count_nonzero(np.maximum.accumulate(row) & np.maximum.accumulate(row[::-1])[::-1]) for row in inside]
    if sum(spans) < ROUNDED * inside.size:
        return 0
    size = min(inside.shape) // 2
    steps = np.arange(size)
    own = np.all([inside[a, b] for a in (steps, -1 - steps) for b in (steps, -1 - steps)], axis=0)
    return int(own.argmax()) if own.any() else 0
