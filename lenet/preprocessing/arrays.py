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
# Of what a white pixel has: resizing may go so far above it, which is what the corner of a white square gains by a
# bicubic filter; and so far below black.  Normalised network input goes further.
ABOVE_WHITE, BELOW_BLACK = 0.25, 0.1
# Fractions that end between 1 and here: normalised input (MNIST's white is 2.8), scikit-learn's digits (16), or nearly
# black, in which nothing is read anyway.
MAX_UNCLEAR = 16.0
MAX_WHOLE = 65535  # of 16 bits; whole numbers beyond are no picture's

_TOO_LARGE = "The picture has more than {count} megapixels: make it smaller and try again."
_SHAPE = (
    "Numbers of shape {shape} are not a picture: give (H, W), (H, W, 3) or (H, W, 4), or channels first, "
    "with or without a batch axis of 1."
)
_RANGE = "The numbers go from {low:g} to {high:g}: give 0 to 255, or fractions from 0 to 1, before any normalisation."


def to_image(numbers: Any, max_pixels: int) -> Image.Image:
    """The picture in an array, a tensor or nested lists, as an 8-bit image "L", "LA", "RGB" or "RGBA".

    Args:
        numbers: (H, W), (H, W, C), (C, H, W), with or without a batch axis of 1 before them, C from 1 to 4. Bool;
            whole numbers of 8 bits, or of 9 to 16, as many as they take; or floats in 0 to 1 or 0 to 255.
        max_pixels: H * W at most; more are refused before they are worked through, which takes seconds.

    Raises:
        ImageError: anything else.
    """
    first = hasattr(numbers, "detach")  # a tensor has its channels first, as PyTorch does
    array = _axes(_array(numbers), first)
    if array.shape[0] * array.shape[1] > max_pixels:
        raise ImageError(_TOO_LARGE, count=max_pixels // 1_000_000)
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
    # Whole numbers below black were computed, as fractions are.
    white = white_of_floats(values) if array.dtype.kind == "f" or low < 0 else white_of_whole(high)
    if white is None or white > MAX_WHOLE or low < -BELOW_BLACK * white:
        raise ImageError(_RANGE, low=low, high=high)
    return np.asarray((values.clip(0, white) * (255 / white)).round().astype(np.uint8))


def white_of_whole(high: float) -> float:
    """What a white pixel has in whole numbers whose brightest is `high`.

    Sensors of 10, 12 or 14 bits write numbers of 16: white is the most that as many bits hold as the picture takes.
    """
    if high <= 1:  # a mask
        return 1.0
    return 255.0 if high <= 255 else 2.0 ** int(high).bit_length() - 1


def white_of_floats(values: np.ndarray) -> float | None:
    """What a white pixel has in `values` that may be fractions, or may have been resized.

    None where that depends on the bits of the sensor, and fractions do not tell them.

    Raises:
        ImageError: they may be in 0 to 1 or in 0 to 255, and would be another picture.
    """
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    if high <= 1 + ABOVE_WHITE:
        return 1.0
    if high <= MAX_UNCLEAR:
        raise ImageError(_RANGE, low=low, high=high)
    if high <= 255 * (1 + ABOVE_WHITE):
        return 255.0
    return white_of_whole(high) if np.array_equal(values, values.round()) else None
