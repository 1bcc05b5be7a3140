"""From an upright picture to grey, and the ink on a flat ground, such as a pad or a scan.

    picture -> to_grey -> is_flat? extract : paper.from_paper -> ink

A drawing has one ground, and ink is what differs from it.  Ink is white (255) on black (0), uint8 (H, W), however
dark or light the pen and the paper were.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from lenet.preprocessing.colours import told_by_colour

WORKING_SIDE = 512  # digits are looked at no larger than this: 25 times what the network sees
MIN_CONTRAST = 24  # of 255: fainter than this is paper, not ink
MIN_SIDE = 40  # pixels: what is smaller is no photograph
PAPER_MIN_SIDE = 100  # pixels: nor is what is smaller, unless in two shades
SHADES = (10, 90)  # percentiles of the frame, which strokes that leave the picture seldom reach


def flatten(image: Image.Image, background: int) -> Image.Image:
    """Without transparency: over a plain background of this grey."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGBA", image.size, (background, background, background, 255))
    return Image.alpha_composite(canvas, image).convert("RGB")


def to_grey(image: Image.Image, side: int = WORKING_SIDE) -> np.ndarray:
    """(H, W) uint8, no side over `side`."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        # White ink on a transparent ground would vanish on white paper: lay light ink on black.
        luminance, alpha = (np.asarray(band, np.float32) for band in image.convert("LA").split())
        light_ink = float((luminance * alpha).sum()) > 127.5 * float(alpha.sum())
        image = flatten(image, 0 if light_ink and alpha.min() < 128 else 255)
    grey = told_by_colour(image, side) or image.convert("L")
    factor = -(-max(grey.size) // side)  # ceiling division
    return np.array(grey.reduce(factor) if factor > 1 else grey)


# In a stroke that fades:
FAINT = 24  # of 255: what is fainter is no ink
STRONG = 170  # of 255: half of the ink of an even stroke is at least this dark, but for its soft edges
EVEN = 0.45
ROOTED = 128  # of 255: a piece that is nowhere darker is dirt, not the end of a stroke
REACH = 0.03  # of the picture: as far as that a stroke is about as dark as it is here; a pen's width, more or less


def evened(ink: np.ndarray) -> np.ndarray:
    """The ink of strokes that fade, everywhere as dark as their surroundings allow; that of others as it is.

    Args:
        ink: as `extract` gives it, (H, W) uint8.
    """
    if min(ink.shape) < PAPER_MIN_SIDE:
        return ink
    if np.count_nonzero(ink >= STRONG) >= EVEN * np.count_nonzero(ink >= FAINT):
        return ink
    return strengthened(ink, ink > FAINT)


def strengthened(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """`ink`, within `mask` (H, W) bool everywhere as dark as near by; pieces that are faint all over stay so."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, np.ones((3, 3), bool))
    if count == 0:
        return ink
    rooted = ndimage.maximum(ink, labels, np.arange(count + 1)) >= ROOTED
    rooted[0] = False
    strokes = np.where(rooted[labels], ink, np.uint8(0))
    size = 2 * round(REACH * max(ink.shape) / 2) + 1
    local = ndimage.uniform_filter(ndimage.maximum_filter(strokes, size).astype(np.float32), size)
    gain = 255 / np.maximum(local, 2 * FAINT)
    return np.where(rooted[labels], (ink * np.maximum(gain, 1)).clip(0, 255), ink).astype(np.uint8)


def extract(grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """White ink on black (H, W) uint8 at full contrast, and whether that took inverting.

    The background is the median of the picture's frame, where a digit seldom is.  Ink is whatever
    lies further from it, darker or lighter.  What the frame itself shows of that side - paper grain,
    uneven light - is taken off.
    """
    frame = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = int(np.median(frame))
    inverted = background - int(grey.min()) >= int(grey.max()) - background
    if inverted:
        grey, frame, background = 255 - grey, 255 - frame, 255 - background
    grain = min(3 * max(int(np.percentile(frame, 75)) - background, 0), int(grey.max() - background) // 2)
    floor = background + grain
    span = int(grey.max()) - floor
    if span < MIN_CONTRAST:
        return np.zeros_like(grey), inverted
    table = ((np.arange(256) - floor).clip(0, span) * (255 / span) + 0.5).astype(np.uint8)
    return np.take(table, grey), inverted  # three times as fast as table[grey]


# --------------------------------------------------------------------------------------------------
# Photographs of paper


def is_flat(grey: np.ndarray) -> bool:
    """Whether the picture's ground is one grey, as on a pad or a rendered drawing, by its frame alone.

    Where it is not, light, lines or a desk have to be told from the ink (`from_paper`).  Of a small picture the frame
    has to show two shades as well: its grain alone is no paper's.
    """
    if min(grey.shape) < MIN_SIDE:
        return True
    frame = np.concatenate([grey[0], grey[:, -1], grey[-1, ::-1], grey[::-1, 0]]).astype(np.int16)  # once around
    if min(grey.shape) < PAPER_MIN_SIDE and np.ptp(np.percentile(frame, SHADES)) < MIN_CONTRAST:
        return True
    off = frame != np.median(frame)
    if np.count_nonzero(off) > 0.5 * len(frame):
        return False
    # A drawn stroke that leaves the picture is one grey too, but for its soft edges; a shadow has grain.
    # Printed lines cross the frame often.
    changes = np.diff(frame) != 0
    crossings = np.count_nonzero(off[1:] != off[:-1])
    return bool(crossings <= 16 and np.count_nonzero(changes) <= 0.05 * len(frame) + 2 * crossings)
