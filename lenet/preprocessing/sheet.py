"""A sheet of paper on a ground with a pattern: a checked cloth, a grained table, a keyboard.

What is written stands on the sheet; a pattern has strokes too.  A plain desk needs none of this: it runs out of the
picture in one piece, and `lenet.preprocessing.paper` leaves such pieces out.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

SMALL = 280  # pixels of the longer side that the sheet is looked for in: noise is averaged away
NEAR, SAME = 5, 10  # pixels, and of 255: where all greys so near differ by no more it is smooth
SHEET = 0.15  # of the picture: a smaller smooth piece is no sheet
AROUND = 0.03  # of the picture: where less is left there is nothing to leave out
ALONG = 0.9  # of one side of the picture: a digit at its border takes less
FULL = 0.7  # of its own outline is smooth: ink and its insides are not
PLAIN, PIECE = 0.3, 0.02  # of what is left is in smooth pieces of so much of the picture: a desk, a shadow
APART = 1.15  # times lighter or darker than what is left
WIDE, STRONG = 15, 0.25  # pixels, and of its own grey: a pattern differs by more within so many, paper's grain by less
MARGIN = 3  # of those pixels, which the sheet's soft edge takes
BLUR = 6  # pixels


def without_surroundings(grey: np.ndarray) -> np.ndarray:
    """`grey` (H, W) uint8 with the sheet's own grey all round it; as it is where no pattern surrounds a sheet."""
    sheet = _sheet(grey)
    if sheet is None:
        return grey
    from scipy import ndimage

    # from a blurred copy, or else each grain at the sheet's edge would become a line
    rows, columns = ndimage.distance_transform_edt(
        ~ndimage.binary_erosion(sheet, iterations=BLUR, border_value=1), return_distances=False, return_indices=True
    )
    blurred = np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(BLUR)))
    return np.where(sheet, grey, blurred[rows, columns])


def _sheet(grey: np.ndarray) -> np.ndarray | None:
    """Where the sheet is, bool (H, W); None where no pattern surrounds one."""
    from scipy import ndimage

    factor = -(-max(grey.shape) // SMALL)
    small = np.asarray(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey
    labels, count = ndimage.label(_ranges(small, NEAR) <= SAME)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    area[0] = 0
    main = int(area.argmax())
    if area[main] < SHEET * small.size:
        return None
    smooth = labels == main
    outline = _between(smooth) | _between(smooth.T).T  # ink may take a bite out of either
    left = ~outline
    sides = (left[0], left[-1], left[:, 0], left[:, -1])
    if left.mean() < AROUND or max(side.mean() for side in sides) < ALONG:
        return None
    if area[main] < FULL * np.count_nonzero(outline):
        return None
    pieces = area >= PIECE * small.size
    if pieces[labels[left]].mean() > PLAIN:
        return None
    sheets, others = (float(np.median(small[part])) + 1 for part in (smooth, left))
    if max(sheets / others, others / sheets) < APART:
        return None
    if np.median(_ranges(small, WIDE)[left]) < STRONG * np.median(small[left]):
        return None
    inside = ndimage.binary_erosion(outline, iterations=MARGIN, border_value=1)
    whole = np.repeat(np.repeat(inside, factor, axis=0), factor, axis=1)
    return whole[: grey.shape[0], : grey.shape[1]] if inside.any() else None


def _ranges(grey: np.ndarray, window: int) -> np.ndarray:
    """How much greys differ in the window round each place."""
    from scipy import ndimage

    return ndimage.maximum_filter(grey, window, mode="nearest") - ndimage.minimum_filter(grey, window, mode="nearest")


def _between(mask: np.ndarray) -> np.ndarray:
    """All that lies between the first and the last of each row of `mask`."""
    x = np.arange(mask.shape[1])
    first, last = mask.argmax(axis=1), len(x) - 1 - mask[:, ::-1].argmax(axis=1)
    between = (x >= first[:, None]) & (x <= last[:, None])
    return np.where(mask.any(axis=1, keepdims=True), between, False)
