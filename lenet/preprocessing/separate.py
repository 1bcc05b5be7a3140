"""A picture of paper with one or several drawings -> each of them by itself, as examples to learn from.

No network says here what belongs together, as it does where digits are read: nobody knows yet what is drawn.  So the
drawings must stand apart, by more than the parts of one of them do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lenet.preprocessing.digits import DIGIT_SIDE, fitted, inked
from lenet.preprocessing.images import Picture
from lenet.preprocessing.normalization import InputFormat
from lenet.preprocessing.pieces import Piece, joined, tallest
from lenet.preprocessing.segmentation import Sheet

FORM = InputFormat(DIGIT_SIDE)
SPECK = 0.25  # of the tallest piece: what is smaller, and stands alone, is dirt
APART = 0.15  # of the tallest piece: parts that are further from one another are of two drawings


def separate_drawings(picture: Picture, most: int) -> list[np.ndarray]:
    """The drawings of a picture in reading order, uint8 (28, 28) each, as `digit_image` makes them.

    Args:
        most: drawings; those that come after so many are left out.

    Raises:
        ImageError: see `lenet.preprocessing.images.open_picture`.
    """
    sheet = Sheet(inked(picture)[1])
    found = []
    for piece in groups((*sheet.pieces, *sheet.rings, *sheet.frames))[:most]:
        preprocessed = fitted([], sheet.ink_of(piece), FORM)
        if not preprocessed.blank:
            found.append(next(stage.image for stage in preprocessed.stages if stage.name == "Centred"))
    return found


def groups(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces of ink, each with those that are as near as parts of one drawing; without dirt; in their order."""
    if not pieces:
        return []
    tall = tallest(pieces)
    found: list[list[Piece]] = []
    for piece in pieces:
        near = [group for group in found if any(_gap(piece, other) < APART * tall for other in group)]
        merged = [part for group in near for part in group] + [piece]
        found = [group for group in found if group not in near] + [merged]
    found.sort(key=lambda group: min(pieces.index(piece) for piece in group))
    whole = [joined(group) for group in found]
    return [piece for piece in whole if piece.longer >= SPECK * tall]


def _gap(a: Piece, b: Piece) -> int:
    """Pixels between two boxes, the wider way; below 0 where they overlap."""
    return max(max(a.box[k], b.box[k]) - min(a.box[k + 2], b.box[k + 2]) for k in (0, 1))
