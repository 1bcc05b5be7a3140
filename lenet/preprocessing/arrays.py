"""From numbers to a picture: arrays, tensors and lists in whatever range and order of axes people have them.

What is clear is read.  What could be meant in two ways, or is no picture, is refused with a sentence that says what to
give: a network answers anything, so a picture that was silently read as black would get an answer too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from lenet.errors import ImageError

CHANNELS = (1, 2, 3, 4)  # grey, with alpha, colour, with alpha
# A float picture in 0 to 1 that was resized may reach a little beyond; one in 0 to 255 that ends here is black.
MAX_UNIT = 2.0
# Of what a white pixel has: resizing may go so far below black.  Normalised network input goes further.
BELOW_BLACK = 0.1
MAX_NORMALISED = 10.0  # a normalised picture's white: MNIST's is 2.8

_SHAPE = (
    "Numbers of shape {shape} are not a picture: give (H, W), (H, W, 3) or (H, W, 4), or channels first, "
    "with or without a batch axis of 1."
)
_RANGE = "The numbers go from {low:g} to {high:g}: give 0 to 255, or fractions from 0 to 1, before any normalisation."


def to_image(numbers: Any) -> Image.Image:
    """The picture in an array, a tensor or nested lists, as an 8-bit image "L", "LA", "RGB" or "RGBA".

    Args:
        numbers: (H, W), (H, W, C), (C, H, W), with or without a batch axis of 1 before them, C from 1 to 4. Bool;
            whole numbers of 8 bits, or of 16 where one is over 255; or floats in 0 to 1 or 0 to 255.

    Raises:
        ImageError: anything else.
    """
    first = hasattr(numbers, "detach")  # a tensor has its channels first, as PyTorch does
    array = _axes(_array(numbers), first)
    pixels = _8_bit(array)
    return Image.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)


def _array(numbers: Any) -> np.ndarray:
    try:
        if hasattr(numbers, "detach"):  # a tensor of PyTorch, on any device; NumPy knows no bfloat16
            tensor = numbers.detach().cpu()
            numbers = tensor.float() if tensor.is_floating_point() else tensor
        array = np.asarray(numbers)
    except (ValueError, TypeError, RuntimeError):  # ragged lists, what is no number, sparse tensors
        array = np.asarray(None)
    if array.dtype.kind not in "buif":
        raise ImageError("This is no array of numbers: give whole numbers from 0 to 255, or fractions from 0 to 1.")
    return array


def _axes(array: np.ndarray, channels_first: bool) -> np.ndarray:
    """(H, W) or (H, W, C) from any order of axes that can be meant."""
    shape = array.shape
    if array.ndim == 4:
        if shape[0] != 1:
            raise ImageError(
                "Numbers of shape {shape} are {count} pictures: give one, or all of them to predict_batch.",
                shape=str(shape),
                count=shape[0],
            )
        array = array[0]
    if array.ndim not in (2, 3) or 0 in shape:
        raise ImageError(_SHAPE, shape=str(shape))
    if array.ndim == 3:
        ends = (0, 2) if channels_first else (2, 0)
        axis = next((axis for axis in ends if array.shape[axis] in CHANNELS), None)
        if axis is None:
            raise ImageError(_SHAPE, shape=str(shape))
        array = np.moveaxis(array, axis, 2)
    return array


def _8_bit(array: np.ndarray) -> np.ndarray:
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ImageError("Some numbers are not finite (NaN or infinity): give 0 to 255, or fractions from 0 to 1.")
    low, high = float(values.min()), float(values.max())
    white = _white(high, array.dtype.kind == "f")
    if low < -BELOW_BLACK * (1.0 if high <= MAX_NORMALISED else white) or high > white * MAX_UNIT:
        raise ImageError(_RANGE, low=low, high=high)
    return np.asarray((values.clip(0, white) * (255 / white)).round().astype(np.uint8))


def _white(high: float, fractions: bool) -> float:
    """What a white pixel has where the brightest has `high`."""
    if high <= (MAX_UNIT if fractions else 1):  # whole numbers of 0 and 1 alone are a mask
        return 1.0
    return 255.0 if high <= 255 * (1 + BELOW_BLACK if fractions else 1) else 65535.0
