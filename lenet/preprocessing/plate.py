"""A plate with digits on a wall: a house number, a door sign, a board that does not fill the picture.

A plate is one region of a simple shape, darker than all around it, and what is written on it is lighter.  Light plates
are read as paper is.  It is looked for at several levels of grey, as maximally stable regions are (Matas et al.
2002).  Greys are compared as logarithms, since light multiplies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

SMALL = 256  # pixels of the longer side, at most, that the plate is looked for in
LEVELS = 12  # of grey, between the picture's darkest and lightest
OFFSET = 8  # of 255, added to greys: the noise of the darkest is no contrast
AREA, MOST = 0.04, 0.97  # of the picture: a smaller region is no plate, a larger one is all of it
SOLID = 0.93  # of its convex hull is plate: of rectangles and ovals, not of digits but 0 and 8
NEAR, FAR = 4, 10  # pixels beyond its edge: a plate differs from what is there, a box only from its own line
SIDES = 0.9  # of its edge differs, by so many times
CONTRAST = 1.15
GROUND = 0.4  # of the plate, at least, is not written on
INNER = 0.4  # of the plate is within its own frame line
# What is written: one piece is so large, by the plate's shorter side; no such piece is thicker, by its longer side; and
# its edge is so sharp, where a shadow's is soft.
HELD, THICK, SHARP = 0.2, 0.32, 1.3
HULL = 0.85  # of its convex hull: a piece that fills more is the hole of a written 0 or 8, but for a lone 1,
ROOM = 1.5  # which has so many times its width, and the room above or below it, at both sides
# Screws, and the rest of a frame line: so small, by the largest piece, or within so much of the plate's depth.
SCREW, RIM = 0.3, 0.25
MARGIN = 2  # pixels that a soft edge takes


@dataclass(frozen=True)
class Plate:
    """Where a dark plate is, bool (H, W), and its ground everywhere, uint8 (H, W)."""

    mask: np.ndarray
    ground: np.ndarray

    def darkness(self, grey: np.ndarray) -> np.ndarray:
        """(H, W) float32: 0 is the plate's ground, and near 1 is what differs most from it, in light and shadow."""
        seen, ground = (np.asarray(part, np.float32) + OFFSET for part in (grey, self.ground))
        return np.where(self.mask, 1 - ground / seen, np.float32(0))


def find_plate(grey: np.ndarray) -> Plate | None:
    """The dark plate, or all of them, in a photograph `grey` (H, W) uint8; None where there is none."""
    from scipy import ndimage

    factor = -(-max(grey.shape) // SMALL)
    small = np.asarray(Image.fromarray(grey).reduce(factor))
    logs = np.log(small.astype(np.float32) + OFFSET)
    best, plate, own = 0.0, None, None
    lowest, highest = np.percentile(logs, (1, 99))
    for level in np.linspace(lowest, highest, LEVELS + 2)[1:-1]:
        dark = logs < level
        score, found = _plates(logs, dark)
        if score > best:
            best, plate, own = score, found, found & dark
    if plate is None or own is None:
        return None
    inside = ndimage.binary_erosion(plate, iterations=MARGIN, border_value=1)
    inside &= ~ndimage.binary_dilation(_aside(plate, own), iterations=MARGIN)
    ground = ndimage.binary_erosion(own, iterations=MARGIN, border_value=1)
    rows, columns = ndimage.distance_transform_edt(~ground, return_distances=False, return_indices=True)
    smooth = ndimage.uniform_filter(small[rows, columns], 3)
    return Plate(_enlarged(inside, factor, grey.shape), _enlarged(smooth, factor, grey.shape))


def _enlarged(small: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    size = small.shape[1] * factor, small.shape[0] * factor
    return np.asarray(Image.fromarray(small).resize(size))[: shape[0], : shape[1]]


def _plates(grey: np.ndarray, dark: np.ndarray) -> tuple[float, np.ndarray]:
    """How clearly there are plates among the `dark` pieces, 0 where there are none, and where, within their frames."""
    from scipy import ndimage

    labels, count = ndimage.label(dark)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    outlines = [ndimage.binary_fill_holes(labels == i) for i in np.flatnonzero(area[1:] > AREA * dark.size) + 1]
    outlines = [o for o in outlines if o.mean() <= MOST and _solidity(o) >= SOLID]
    score, found = 0.0, np.zeros_like(dark)
    for outline in outlines:
        if any(other is not outline and not (outline & ~other).any() for other in outlines):
            continue  # it is within another one
        panel = _framed(grey, dark, outline)
        plate = outline if panel is None else panel
        if panel is None and not _is_written_on(grey, dark, outline):
            continue
        contrast = _contrast(grey, outline)
        if contrast >= np.log(CONTRAST):
            score += contrast * float(outline.mean()) * (1.0 if panel is None else 1.2)  # else the frame is in the way
            found |= plate
    return score, found


def _solidity(mask: np.ndarray) -> float:
    """The share of its convex hull that a mask fills."""
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(mask.any(axis=1))
    first, last = mask.argmax(axis=1)[rows], mask.shape[1] - mask[:, ::-1].argmax(axis=1)[rows]
    corners = [np.stack([rows + below, x], axis=1) for below in (0, 1) for x in (first, last)]
    return float(np.count_nonzero(mask) / ConvexHull(np.concatenate(corners)).volume)


def _framed(grey: np.ndarray, dark: np.ndarray, outline: np.ndarray) -> np.ndarray | None:
    """What is within a plate's own frame line; None where it has none."""
    from scipy import ndimage

    held, _ = ndimage.label(outline & ~dark, np.ones((3, 3)))
    edge = outline & ~ndimage.binary_erosion(outline, border_value=1)
    least = INNER * np.count_nonzero(outline)
    for number, (y, x) in enumerate(ndimage.find_objects(held), start=1):
        if (y.stop - y.start) * (x.stop - x.start) < least:
            continue
        within, _ = ndimage.label(outline & (held != number))
        area = np.bincount(within.ravel())
        area[within[edge]] = area[0] = 0
        panel = within == area.argmax()
        if area.max() > least and _is_written_on(grey, dark, panel):
            return panel
    return None


def _is_written_on(grey: np.ndarray, dark: np.ndarray, plate: np.ndarray) -> bool:
    """Whether what is lighter on a plate are strokes."""
    from scipy import ndimage

    light = plate & ~dark
    edge = light & ~ndimage.binary_erosion(light)
    if np.count_nonzero(plate & dark) < GROUND * np.count_nonzero(plate) or not edge.any():
        return False
    ranges = ndimage.maximum_filter(grey, 5) - ndimage.minimum_filter(grey, 5)
    if np.percentile(ranges[edge], 25) < np.log(SHARP):
        return False
    ((top, bottom), (left, right)) = (
        (lines[0], lines[-1] + 1) for lines in (np.flatnonzero(plate.any(axis=axis)) for axis in (1, 0))
    )
    labels, _ = ndimage.label(light, np.ones((3, 3)))
    written = False
    for y, x in ndimage.find_objects(labels):
        longer, width = max(y.stop - y.start, x.stop - x.start), x.stop - x.start
        if longer < HELD * min(bottom - top, right - left):
            continue
        if 2 * ndimage.distance_transform_edt(np.pad(light[y, x], 1)).max() > THICK * longer:
            return False
        beside, over = min(x.start - left, right - x.stop), min(y.start - top, bottom - y.stop)
        written |= _solidity(light[y, x]) < HULL or beside > ROOM * max(width, over)
    return written


def _contrast(grey: np.ndarray, plate: np.ndarray) -> float:
    """By how much a plate is darker than what is near, along nearly all of its edge; 0 where what is far is not so."""
    from scipy import ndimage

    away = ndimage.distance_transform_edt(~plate)
    edge = plate & ~ndimage.binary_erosion(plate, border_value=1)
    rim = plate & (_depth(plate) <= 1 + NEAR) & ~edge
    steps = []
    for out, reach in (((away > 1) & (away <= 1 + NEAR), NEAR), ((away > NEAR) & (away <= FAR), FAR)):
        greys = []
        there = edge
        for part in (out, rim):
            share = ndimage.uniform_filter(part.astype(np.float32), 2 * reach + 1)
            there = there & (share > 0.02)
            greys.append(ndimage.uniform_filter(np.where(part, grey, 0), 2 * reach + 1) / np.maximum(share, 1e-6))
        if not there.any():
            return 0.0
        steps.append((greys[0] - greys[1])[there])
    near = float(np.percentile(steps[0], 100 * (1 - SIDES)))
    return near if np.median(steps[1]) >= np.log(CONTRAST) else 0.0


def _depth(plate: np.ndarray) -> np.ndarray:
    """How far each place is from the plate's edge; where the picture ends it has none."""
    from scipy import ndimage

    depth: np.ndarray = ndimage.distance_transform_edt(plate)
    return depth


def _aside(plate: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Where the screws are, and what is left of a frame line."""
    from scipy import ndimage

    labels, count = ndimage.label(plate & ~own, np.ones((3, 3)))
    depth = _depth(plate)
    deep = ndimage.maximum(depth, labels, np.arange(1, count + 1)) > RIM * depth.max()
    box = np.array([[(s.start, s.stop) for s in part] for part in ndimage.find_objects(labels)]).reshape(-1, 2, 2)
    longer = np.ptp(box, axis=2).max(axis=1)
    if not deep.any():
        return np.zeros_like(plate)
    large = longer >= SCREW * longer[deep].max()
    first, last = box[large & deep, :, 0].min(axis=0), box[large & deep, :, 1].max(axis=0)
    beyond = ((box[:, :, 1] <= first) | (box[:, :, 0] >= last)).any(axis=1)
    return np.isin(labels, 1 + np.flatnonzero(np.where(deep, beyond & ~large, beyond | large)))
