"""From an upright picture to grey, and the ink on a flat ground, such as a pad or a scan.

    picture -> to_grey -> is_flat? extract : paper.from_paper -> ink

A drawing has one ground, and ink is what differs from it.  Ink is white (255) on black (0), uint8 (H, W), however
dark or light the pen and the paper were.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

WORKING_SIDE = 512  # digits are looked at no larger than this: 25 times what the network sees
MIN_CONTRAST = 24  # of 255: fainter than this is paper, not ink
PAPER_MIN_SIDE = 100  # pixels: what is smaller is no photograph


def flatten(image: Image.Image, background: int) -> Image.Image:
    """Without transparency: over a plain background of this grey."""
    if image.mode != "RGBA":
        return image
    canvas = Image.new("RGBA", image.size, (background, background, background, 255))
    return Image.alpha_composite(canvas, image).convert("RGB")


def to_grey(image: Image.Image) -> np.ndarray:
    """(H, W) uint8, no side over WORKING_SIDE."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        # White ink on a transparent ground would vanish on white paper: lay light ink on black.
        luminance, alpha = (np.asarray(band, np.float32) for band in image.convert("LA").split())
        light_ink = float((luminance * alpha).sum()) > 127.5 * float(alpha.sum())
        image = flatten(image, 0 if light_ink and alpha.min() < 128 else 255)
    grey = _separated(image) or _of_many_pens(image) or image.convert("L")
    factor = -(-max(grey.size) // WORKING_SIDE)  # ceiling division
    return np.array(grey.reduce(factor) if factor > 1 else grey)


COLOUR = 24  # of 255: channels that differ by less are grey, in JPEG's colours too
COLOUR_CONTRAST = 40  # of 255: ink differs so much from its ground, as colours
# Where brightness shows less than this of the difference, colour is looked at instead.
SAME_LUMINANCE = 0.35
INKED = 99.5  # percentile of the difference from the ground: a thin stroke takes 1% of a picture


def _separated(image: Image.Image) -> Image.Image | None:
    """Grey that tells ink from ground where both are as bright: how far each pixel is from the ground towards the ink.

    None where brightness does it, as nearly always.
    """
    if image.mode != "RGB":
        return None
    step = max(1, min(image.size) // 96)
    sample = np.asarray(image)[::step, ::step].reshape(-1, 3).astype(np.float32)
    if np.ptp(sample, axis=1).max() < COLOUR:
        return None
    ground = np.median(sample, axis=0)
    away = sample - ground
    far = np.linalg.norm(away, axis=1)
    contrast = float(np.percentile(far, INKED))
    if contrast < COLOUR_CONTRAST:
        return None
    brightness = np.abs(away @ np.array([0.299, 0.587, 0.114], np.float32))
    if float(np.percentile(brightness, INKED)) > SAME_LUMINANCE * contrast:
        return None
    towards = away[far >= contrast].mean(axis=0)
    if (length := float(np.linalg.norm(towards))) < 0.5 * contrast:  # not one ink but many colours: a photograph
        return None
    near = (np.asarray(image, np.float32) - ground) @ (towards / length**2)  # 0 is the ground, about 1 the ink
    return Image.fromarray((GROUND_GREY * (1 - near)).clip(0, 255).astype(np.uint8))


PALE = 60  # of 255: a pen's colour is so far from the ground's in one of the channels, and
PALER = 0.7  # its brightness, by the darkest ink's, less than this of what its colour is, by the strongest's
EVEN_GROUND = 0.5  # of a drawing is as good as one colour
GRAIN = 8  # of 255: that colour differs by no more, in JPEG too


def _of_many_pens(image: Image.Image) -> Image.Image | None:
    """Grey in which the pale pens of a drawing are as dark as the others: each piece by its own strongest colour.

    None where brightness shows every pen, as nearly always, and where the ground is not even.
    """
    if image.mode != "RGB":
        return None
    step = max(1, min(image.size) // 96)
    sample = np.asarray(image)[::step, ::step].reshape(-1, 3).astype(np.int16)
    ground = np.median(sample, axis=0).astype(np.int16)
    if np.ptp(sample, axis=1).max() < COLOUR or np.mean(np.abs(sample - ground).max(axis=1) <= GRAIN) < EVEN_GROUND:
        return None
    from scipy import ndimage

    image = image.reduce(-(-max(image.size) // WORKING_SIDE))
    away = np.asarray(image).astype(np.int16) - ground
    far = np.abs(away).max(axis=2).astype(np.int32)
    brightness = np.abs(away @ np.array([0.299, 0.587, 0.114], np.float32))
    pale = (far >= PALE) & (brightness * far.max() < PALER * far * brightness.max())
    if not ndimage.binary_erosion(pale, np.ones((3, 3))).any():  # but JPEG's coloured rims of strokes
        return None
    labels, count = ndimage.label(far > GRAIN, np.ones((3, 3)))
    strongest = ndimage.maximum(far, labels, np.arange(count + 1))
    strongest = np.where(strongest >= PALE, strongest, 255)
    return Image.fromarray((255 - 255 * far / strongest[labels]).clip(0, 255).astype(np.uint8))


GROUND_GREY = 220  # which leaves room for a ground that is not quite even


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

    Where it is not, light, lines or a desk have to be told from the ink (`from_paper`).  A small
    picture is no photograph and always counts as flat.
    """
    if min(grey.shape) < PAPER_MIN_SIDE:
        return True
    frame = np.concatenate([grey[0], grey[:, -1], grey[-1, ::-1], grey[::-1, 0]]).astype(np.int16)  # once around
    off = frame != np.median(frame)
    if np.count_nonzero(off) > 0.5 * len(frame):
        return False
    # A drawn stroke that leaves the picture is one grey too, but for its soft edges; a shadow has grain.
    # Printed lines cross the frame often.
    changes = np.diff(frame) != 0
    crossings = np.count_nonzero(off[1:] != off[:-1])
    return bool(crossings <= 16 and np.count_nonzero(changes) <= 0.05 * len(frame) + 2 * crossings)
