"""The only way from a picture of a digit to network input, for training and for serving.

    picture -> open_picture -> digit | classic_digit -> images uint8 -> to_input -> x

Training images enter at `images` (they were made by these same functions, or by their data set's
authors in the same way), a visitor's picture enters at the top, and both leave through `to_input`.

Throughout, `images` are uint8 (N, C, H, W), and a digit is white ink (255) on black (0), as in MNIST.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageFilter

from lenet.errors import Text
from lenet.preprocessing.canvas import canvas
from lenet.preprocessing.images import Picture, open_picture
from lenet.preprocessing.ink import MIN_CONTRAST, WORKING_SIDE, evened, extract, is_flat, to_grey
from lenet.preprocessing.normalization import InputFormat, form_range, to_input
from lenet.preprocessing.paper import from_paper
from lenet.preprocessing.stages import Preprocessed, Stage

# MNIST's own construction: "the images were centered in a 28x28 image by computing the center of
# mass", after fitting them "in a 20x20 pixel box while preserving their aspect ratio" (LeCun et al.
# 1998, section III.A).
DIGIT_SIDE = 28
DIGIT_BOX = 20

# A pen of a pixel or two on a large picture all but vanishes when shrunk: it is made as broad as this first, in pixels
# of the small picture.  No brush of the pad is so fine.
FINE, FINE_PEN = 48, 0.6

INK_THRESHOLD = 64  # of 255: ink of at least this much says where a digit begins and ends


def digit(source: Picture, form: InputFormat) -> Preprocessed:
    """A drawn, scanned or photographed digit, made to look as MNIST's digits do.

    Dark on light or light on dark, any size, place and brush width.

    Raises:
        ImageError: see `open_picture`.
    """
    return fitted(*inked(source), form)


def inked(source: Picture, side: int = WORKING_SIDE) -> tuple[list[Stage], np.ndarray]:
    """The first half of `digit`: its stages so far, and white ink on black (H, W) uint8, no side over `side`.

    Raises:
        ImageError: see `open_picture`.
    """
    grey = to_grey(open_picture(source), side)
    stages = [Stage("Grey", grey, Text("Colour says nothing about which digit it is."))]
    region = canvas(grey)
    written = grey[region]
    if written.shape != grey.shape:
        stages.append(Stage("Unframed", written, Text("Lines, bars and margins around the drawing are cut off.")))
    if is_flat(written):
        ink, inverted = extract(written)
        ink = evened(ink)
    else:
        paper = from_paper(written)
        ink, inverted = paper.ink, paper.inverted
        why = Text("Each place is compared with the paper around it, so shadows disappear.")
        stages.append(Stage("Evened", paper.evened, why))
        if paper.unlined is not None:
            why = Text("Lines that run straight through the whole picture were printed, so they are removed.")
            stages.append(Stage("Unlined", paper.unlined, why))
    if written.shape != grey.shape:
        ink, inner = np.zeros_like(grey), ink
        ink[region] = inner
    if inverted:
        why = Text("The paper is light, so light and dark are swapped: the network learned white ink on black.")
    else:
        why = Text("The background is dark already, as in the pictures that the network learned from.")
    stages.append(Stage("Ink", ink, why))
    return stages, ink


def fitted(stages: Sequence[Stage], ink: np.ndarray, form: InputFormat, side: int = DIGIT_BOX) -> Preprocessed:
    """The second half of `digit`: all of `ink` (H, W) as one digit, its longer side `side` pixels.

    Args:
        stages: those before.
        side: 1 to `DIGIT_SIDE`.
    """
    stages = [*stages]
    return _finish(stages, *_fit(ink, stages, side), form)


def digit_image(source: Picture) -> np.ndarray:
    """The 28x28 uint8 image that `digit` makes of a picture: how data sets prepare theirs."""
    return _fit(inked(source)[1], [])[0]


def classic_digit(source: Picture, form: InputFormat) -> Preprocessed:
    """The tutorials' pipeline: grey, squeeze to 28x28, invert, normalise.  Kept for comparison.

    It believes that every picture is dark on light, and that the digit fills it as MNIST's do.
    """
    grey = to_grey(open_picture(source))
    small = np.asarray(Image.fromarray(grey).resize((DIGIT_SIDE, DIGIT_SIDE), Image.Resampling.BILINEAR))
    inverted = 255 - small
    stages = [
        Stage("Grey", grey, Text("Colour says nothing about which digit it is.")),
        Stage("Resized", small, Text("The whole picture is squeezed to 28x28, with all its empty paper.")),
        Stage("Inverted", inverted, Text("Light and dark are swapped, whatever the paper was.")),
    ]
    return _finish(stages, inverted, int(inverted.max()) - int(inverted.min()) < MIN_CONTRAST, form)


PIPELINES = {"modern": digit, "classic": classic_digit}  # a picture -> one digit


def _fit(ink: np.ndarray, stages: list[Stage], side: int = DIGIT_BOX) -> tuple[np.ndarray, bool]:
    """The digit of `ink`, placed in 28x28 uint8 as MNIST's are; and whether there is none."""
    marked = ink > INK_THRESHOLD
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if len(rows) == 0:
        return np.zeros((DIGIT_SIDE, DIGIT_SIDE), np.uint8), True
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    stages.append(Stage("Cropped", crop, Text("Its place on the pad and its size do not matter.")))

    scale = side / max(crop.shape)
    height, width = (max(1, round(length * scale)) for length in crop.shape)
    small = np.asarray(Image.fromarray(crop).resize((width, height), Image.Resampling.LANCZOS))
    if small.max() < FINE:
        if np.count_nonzero(marked) < max(crop.shape) / 2:  # a few specks far apart: no digit
            return np.zeros((DIGIT_SIDE, DIGIT_SIDE), np.uint8), True
        broad = Image.fromarray(crop).filter(ImageFilter.MaxFilter(2 * round(FINE_PEN / 2 / scale) + 1))
        small = np.asarray(broad.resize((width, height), Image.Resampling.LANCZOS))
    # A thin pen fades to grey when shrunk; MNIST's strokes reach white.
    small = (small * (255 / small.max())).astype(np.uint8)
    stages.append(Stage("Fitted", small, Text("The longest side becomes 20 pixels; the proportions stay.")))

    mass = small.astype(np.float32)
    y = mass.sum(axis=1) @ np.arange(height) / mass.sum()
    x = mass.sum(axis=0) @ np.arange(width) / mass.sum()
    top = min(max(round(DIGIT_SIDE / 2 - 0.5 - y), 0), DIGIT_SIDE - height)
    left = min(max(round(DIGIT_SIDE / 2 - 0.5 - x), 0), DIGIT_SIDE - width)
    centred = np.zeros((DIGIT_SIDE, DIGIT_SIDE), np.uint8)
    centred[top : top + height, left : left + width] = small
    stages.append(Stage("Centred", centred, Text("Its centre of mass moves to the middle of 28x28, as in MNIST.")))
    return centred, False


def _finish(stages: list[Stage], image: np.ndarray, blank: bool, form: InputFormat) -> Preprocessed:
    x = to_input(torch.from_numpy(image.copy())[None, None], form)
    shown = x[0, 0].numpy()
    low, high = form_range(form)
    pixels = ((shown - low) * (255 / (high - low)) + 0.5).astype(np.uint8)
    why = Text(
        "Pixels become numbers from {low:.2f} (black) to {high:.2f} (white), the range that the network learned with.",
        low=low,
        high=high,
    )
    return Preprocessed((*stages, Stage("Normalised", pixels, why)), x, blank)
