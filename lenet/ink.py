"""From an upright picture to the ink on it: grey, which side the paper is, and what stands out.

    picture -> to_grey -> extract -> ink

Ink is white (255) on black (0), uint8 (H, W), however dark or light the pen and the paper were.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

WORKING_SIDE = 512  # digits are looked at no larger than this: 25 times what the network sees
MIN_CONTRAST = 24  # of 255: fainter than this is paper, not ink


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
    grey = image.convert("L")
    factor = -(-max(grey.size) // WORKING_SIDE)  # ceiling division
    return np.array(grey.reduce(factor) if factor > 1 else grey)


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
    return table[grey], inverted
