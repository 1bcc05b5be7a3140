"""A photo -> crops of 32x32, the only way from a photograph to what a network sees.

    photo = Photo("cat.jpg")
    squares = (first_square(photo.size), *further_squares(photo.size))
    images = photo.crops(squares)            # uint8 (V, 3, 32, 32)
    x = to_input(images, form)

The further squares are for a photo whose first crop gives no sure answer (test-time augmentation):

| crop | why |
|---|---|
| both ends of the longer side | what a photo shows often stands to one side |
| the whole picture, padded | or is longer than the middle is wide |
| a pixel to and fro | where there is nowhere else to look: an answer should not hang on how the pixels fell |
| each of these mirrored | most things look as likely the other way round |

Chosen on CIFAR-10's validation split, as it is, cut to other proportions, and on canvases off the middle:
`benchmarks photos crops`.  A tighter middle was tried there, and did harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lenet.errors import ImageError, Text
from lenet.preprocessing.images import Picture, open_picture
from lenet.preprocessing.ink import WORKING_SIDE, flatten
from lenet.preprocessing.stages import Box, Stage

PHOTO_SIDE = 32
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


# --------------------------------------------------------------------------------------------------
# Where to look


@dataclass(frozen=True)
class Square:
    """A square of an upright picture, in its pixels.  It may reach beyond the edges.

    Attributes:
        mirrored: it is looked at in a mirror, left and right swapped.
    """

    left: int
    top: int
    side: int
    mirrored: bool = False

    def inside(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of its part within a picture of `size` (width, height)."""
        width, height = size
        right, bottom = self.left + self.side, self.top + self.side
        return max(self.left, 0), max(self.top, 0), min(right, width), min(bottom, height)

    def box(self, size: tuple[int, int]) -> Box:
        """The same as fractions of the picture's width and height."""
        left, top, right, bottom = self.inside(size)
        width, height = size
        return left / width, top / height, right / width, bottom / height

    def padded(self, size: tuple[int, int]) -> bool:
        """Whether it reaches beyond the edges of a picture of `size`."""
        return self.inside(size) != (self.left, self.top, self.left + self.side, self.top + self.side)


def first_square(size: tuple[int, int], box: Box | None = None) -> Square:
    """The square to look at first in a picture of `size` (width, height): the central one, or one around `box`.

    A box that is not square grows: within the picture, moving away from an edge where it must; and where
    the picture itself is too narrow, beyond its edges on both sides.

    Raises:
        ImageError: the box has no area, or is not within the picture.
    """
    width, height = size
    if box is None:
        side = min(size)
        return Square((width - side) // 2, (height - side) // 2, side)
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ImageError(
            "The box ({left:g}, {top:g}, {right:g}, {bottom:g}) is not in the picture: give left, top, right and "
            "bottom as fractions from 0 to 1, left before right and top before bottom.",
            **dict(zip(("left", "top", "right", "bottom"), box, strict=True)),
        )
    side = max(1, round(max((right - left) * width, (bottom - top) * height)))
    return Square(_placed((left + right) / 2, side, width), _placed((top + bottom) / 2, side, height), side)


def _placed(middle: float, side: int, length: int) -> int:
    """Where `side` pixels about the fraction `middle` begin, within `length` pixels, or about their middle."""
    if side >= length:
        return (length - side) // 2
    return min(max(round(middle * length - side / 2), 0), length - side)


def further_squares(size: tuple[int, int], box: Box | None = None) -> tuple[Square, ...]:
    """The squares to look at in a picture of `size` (width, height) beside `first_square(size, box)`, each once.

    A chosen box says where to look: only without one are the ends and the whole looked at.
    """
    first = first_square(size, box)
    places = dict.fromkeys((first, *(_elsewhere(size) if box is None else ())))
    if len(places) == 1:
        places |= dict.fromkeys(_shifted(first))
    _, *others = (replace(place, mirrored=mirrored) for place in places for mirrored in (False, True))
    return tuple(others)


def _elsewhere(size: tuple[int, int]) -> tuple[Square, ...]:
    side = min(size)
    return Square(0, 0, side), Square(size[0] - side, size[1] - side, side), first_square(size, WHOLE)


def _shifted(first: Square) -> tuple[Square, ...]:
    """Up and to the left, and down and to the right, by a pixel of what the network sees, if there are as many."""
    step = round(first.side / PHOTO_SIDE)
    return tuple(replace(first, left=first.left + way, top=first.top + way) for way in (-step, step))


# --------------------------------------------------------------------------------------------------
# A photo, and its crops


def upright(source: Picture) -> Image.Image:
    """`source` as an "RGB" image, turned as the camera was held, and laid on white where it is transparent.

    Raises:
        ImageError: see `open_picture`.
    """
    return flatten(open_picture(source), 255).convert("RGB")


class Photo:
    """A photograph: opened once, and each square of it cut out and resized once.

    Attributes:
        image: "RGB", upright.

    Raises:
        ImageError: see `open_picture`.
    """

    def __init__(self, source: Picture) -> None:
        self.image = upright(source)
        self._resized: dict[Square, np.ndarray] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size

    def crops(self, squares: Sequence[Square]) -> Tensor:
        """What `squares` show at 32x32, uint8 (V, 3, 32, 32); what lies beyond the photo's edges is mirrored."""
        return torch.from_numpy(np.stack([self._crop(square) for square in squares])).permute(0, 3, 1, 2)

    def _crop(self, square: Square) -> np.ndarray:
        """(32, 32, 3).  A square and the same in a mirror are cut once."""
        place = replace(square, mirrored=False)
        if place not in self._resized:
            self._resized[place] = _resized(self.image, place)
        return self._resized[place][:, ::-1] if square.mirrored else self._resized[place]

    def stages(self, square: Square, chosen: bool) -> tuple[Stage, ...]:
        """The steps from the photo to its crop, to be shown; the last one is the very crop.

        Args:
            chosen: a person chose that square.
        """
        whole, frame = self.image.copy(), self.image.crop(square.inside(self.size))
        for shown in (whole, frame):
            shown.thumbnail((WORKING_SIDE, WORKING_SIDE))
        if chosen:
            cut = Text("The part that was chosen is cut out as a square: squeezing it would distort it.")
        else:
            cut = Text("The middle is cut out as a square: squeezing the picture would distort it.")
        if square.padded(self.size):
            why = Text(
                "The picture is shrunk to the size of those that the network learned from. "
                "Beyond its edge it is mirrored."
            )
        else:
            why = Text("The picture is shrunk to the size of those that the network learned from.")
        turned = Text("The picture is turned as the camera was held. Transparent parts become white.")
        return (
            Stage("Upright", np.asarray(whole), turned),
            Stage("Square", np.asarray(frame), cut),
            Stage("32x32", self._crop(square), why),
        )


def _resized(image: Image.Image, square: Square) -> np.ndarray:
    """What `square` shows of an "RGB" image, uint8 (32, 32, 3)."""
    inside = square.inside(image.size)
    left, right = _filled(inside[0] - square.left, inside[2] - square.left, square.side)
    top, bottom = _filled(inside[1] - square.top, inside[3] - square.top, square.side)
    part = image.crop(inside).resize((right - left, bottom - top), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.pad(np.asarray(part), ((top, PHOTO_SIDE - bottom), (left, PHOTO_SIDE - right), (0, 0)), mode="symmetric")


def _filled(start: int, end: int, side: int) -> tuple[int, int]:
    """Which of the 32 columns or rows show the pixels `start` to `end` of `side`: one at least."""
    first = min(round(PHOTO_SIDE * start / side), PHOTO_SIDE - 1)
    return first, max(round(PHOTO_SIDE * end / side), first + 1)
