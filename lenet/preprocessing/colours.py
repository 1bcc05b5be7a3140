"""Ink that is told from its ground, or from other ink, by its colour and not by its brightness.

    picture in colour -> told_by_colour, or else its plain grey

Light letters on a ground as bright, a yellow pen beside a black one, a highlighter over writing: each becomes a grey in
which all ink is dark, and nothing else.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from lenet.preprocessing.thickness import thickness

COLOUR = 24  # of 255: channels that differ by less are grey, in JPEG's colours too
COLOUR_CONTRAST = 40  # of 255: ink differs so much from its ground, as colours
# Where brightness shows less than this of the difference, colour is looked at instead.
SAME_LUMINANCE = 0.35
GROUND_GREY = 220  # which leaves room for a ground that is not quite even
# Of a photograph what is so far from the ground, by the contrast, and less than this towards the ink, is another pen if
# there is so much of it.
OTHER, OTHER_WAY, OTHER_SHARE = 0.6, 0.3, 0.1
INKED = 99.5  # percentile of the difference from the ground: a thin stroke takes 1% of a picture


def told_by_colour(image: Image.Image, side: int) -> Image.Image | None:
    """Grey in which all ink is dark; None where the plain grey shows it as well, as nearly always.

    Args:
        side: where there are several pens, the grey's longer side at most.
    """
    if image.mode != "RGB":
        return None
    step = max(1, min(image.size) // 96)
    sample = np.asarray(image)[::step, ::step].reshape(-1, 3)
    if np.ptp(sample, axis=1).max() < COLOUR:
        return None
    return _separated(image, sample) or _of_many_pens(image, sample, side) or _of_bright_pens(image, sample, side)


def _separated(image: Image.Image, sample: np.ndarray) -> Image.Image | None:
    """Grey that tells ink from ground where both are as bright: how far each pixel is from the ground towards the ink.

    None where brightness does it, as nearly always.
    """
    sample = sample.astype(np.float32)
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
    other = (away @ towards)[far >= OTHER * contrast] < OTHER_WAY * length**2
    if other.mean() > OTHER_SHARE and not _is_rendered(sample):  # a second pen, which this would hide
        return None
    near = (np.asarray(image, np.float32) - ground) @ (towards / length**2)  # 0 is the ground, about 1 the ink
    return Image.fromarray((GROUND_GREY * (1 - near)).clip(0, 255).astype(np.uint8))


PALE = 60  # of 255: a pen's colour is so far from the ground's in one of the channels, and
PALER = 0.7  # its brightness, by the darkest ink's, less than this of what its colour is, by the strongest's
RENDERED = 0.4  # of a drawing is exactly its ground's colour; a photograph has grain
GRAIN = 8  # of 255: what JPEG changes round a stroke
SLENDER = 0.28  # of its longer side is how thick a piece may be that was written; a button is thicker
LYING = 2.5  # times wider than high is no digit, but a band of a highlighter
LIGHT = 0.4  # of the darkest ink: a highlighter is not so dark
BROAD = 1.5  # times as broad as the pen, or more, is a highlighter
SOLID = 2  # pixels: what is thinner is the soft edge of something else


def _of_many_pens(image: Image.Image, sample: np.ndarray, side: int) -> Image.Image | None:
    """Grey in which a drawing's pale pens are as dark as its others, and in which its highlighters do not show.

    None where brightness shows every pen, and for what is not a drawing.
    """
    if not _is_rendered(sample):
        return None
    ground = np.median(sample, axis=0).astype(np.int16)
    from scipy import ndimage

    image = image.reduce(-(-max(image.size) // side))
    away = np.asarray(image).astype(np.int16) - ground
    far = np.abs(away).max(axis=2).astype(np.int32)
    brightness = np.abs(away @ np.array([0.299, 0.587, 0.114], np.float32))
    pale = (far >= PALE) & (brightness * far.max() < PALER * far * brightness.max())
    if not ndimage.binary_erosion(pale, np.ones((3, 3))).any():  # but JPEG's coloured rims of strokes
        return None
    labels, _ = ndimage.label(far > GRAIN, np.ones((3, 3)))
    light = brightness < LIGHT * brightness.max()
    ink = brightness * (255 / brightness.max())
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        piece = labels[part] == number
        strongest = far[part][piece].max()
        if strongest < PALE:
            continue
        dark = piece & ~pale[part] & (far[part] >= PALE)
        highlit = piece & light[part] & (far[part] >= COLOUR) & ~ndimage.binary_dilation(dark, iterations=2)
        if thickness(dark) < SOLID:  # but the soft edges of a pale pen
            if _is_slender(piece):
                ink[part][piece] = far[part][piece] * (255 / strongest)
        elif _is_inside(part, labels.shape) and _is_band(highlit, thickness(dark)):
            ink[part][piece] = _besides(away[part][piece], np.median(away[part][highlit], axis=0))
    return Image.fromarray((255 - ink).clip(0, 255).astype(np.uint8))


def _is_rendered(sample: np.ndarray) -> bool:
    """Whether much of a picture, (N, 3) uint8, is exactly of one colour."""
    return bool(np.mean((sample == np.median(sample, axis=0).astype(np.uint8)).all(axis=1)) >= RENDERED)


PAPER_GREY, PAPER_TINT = 90, 1.35  # of 255: photographed paper is so pale in each channel, and these differ by no more
SATURATED = 0.15  # of its strongest channel the weakest lacks so much: grain and JPEG's colours lack less
BRIGHT = 0.35  # of the paper: in what is darker colour is noise
STROKE = 0.04  # of the picture's longer side: a smaller piece is dirt
# A patch of colour on paper, as a highlighter's or a note's:
PATCH = 0.01  # of the picture: so large it is,
PATCH_PART = 0.0005  # and each of its parts,
PATCH_HUE = 0.1  # the channels of whose colours differ by no more, by their strongest one
PATCH_NEAR = 3  # pixels: what is written on it reaches so far beyond it,
PATCH_INK = 0.6  # is darker than so much of its grey
PATCH_WRITTEN = 0.01, 0.6  # and takes such a share of it
PATCH_FULL = 0.5  # of what it encloses is of it, or of that; of a ring less is
PATCH_SLIM = 0.18  # of its longer side: how thick it is at least, unless it lies; a marker's 1 is slimmer
INK = 0.8  # of the paper's light: so much a bright pen's stroke takes at its middle, as a dark pen's does


def _of_bright_pens(image: Image.Image, sample: np.ndarray, side: int) -> Image.Image | None:
    """Grey of a photographed page in which strokes of bright colours are as dark as those of other pens.

    What is written on a patch of colour, as a highlighter or a note leaves it, stands on paper in it.  None where there
    is neither, and where the ground is no pale paper.
    """
    from scipy import ndimage

    ground = np.median(sample, axis=0).astype(np.float32) + 1
    if _is_rendered(sample) or ground.min() < PAPER_GREY or ground.max() > PAPER_TINT * ground.min():
        return None
    image = image.reduce(-(-max(image.size) // side))
    balanced = np.asarray(image.filter(ImageFilter.BoxBlur(1)), np.float32) * (ground.max() / ground)
    top = balanced.max(axis=2)
    saturation = 1 - balanced.min(axis=2) / np.maximum(top, 1)
    labels, count = ndimage.label((saturation >= SATURATED) & (top >= BRIGHT * ground.max()), np.ones((3, 3)))
    if count == 0:
        return None
    grey = np.array(image.convert("L"))
    patches = _patches(labels, balanced, grey)
    found = bool(patches.any())
    for number, part in enumerate(ndimage.find_objects(labels), start=1):
        piece = labels[part] == number
        if (
            patches[number]
            or max(piece.shape) < STROKE * max(labels.shape)
            or not _is_inside(part, labels.shape)
            or not _is_slender(piece)
        ):
            continue
        strongest = float(np.percentile(saturation[part][piece], 75))
        darkness = INK * (saturation[part][piece] / strongest).clip(0, 1)
        inked = np.minimum(grey[part][piece], top[part][piece] * (1 - darkness))
        found |= bool((inked < grey[part][piece]).any())
        grey[part][piece] = inked
    if not found:
        return None
    return Image.fromarray(_as_paper(grey, patches[labels]) if patches.any() else grey)


def _patches(labels: np.ndarray, balanced: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """Which labels are patches of colour that something dark is written on, bool (count + 1,).

    The strokes may part a patch, so what is of its colour is of it, however slender.
    """
    from scipy import ndimage

    boxes = ndimage.find_objects(labels)
    area = np.bincount(labels.ravel(), minlength=len(boxes) + 1)
    hues = np.zeros((len(boxes) + 1, 3), np.float32)
    large = np.zeros(len(boxes) + 1, bool)
    for number in 1 + np.flatnonzero(area[1:] >= PATCH_PART * labels.size):
        part = tuple(slice(max(s.start - PATCH_NEAR, 0), s.stop + PATCH_NEAR) for s in boxes[number - 1])
        piece = labels[part] == number
        hues[number] = np.median(balanced[part][piece], axis=0)
        hues[number] /= hues[number].max()
        if area[number] < PATCH * labels.size:
            continue
        strokes = grey[part] < PATCH_INK * np.median(grey[part][piece])
        whole = ndimage.binary_fill_holes(piece | strokes)
        written = np.count_nonzero(strokes) / np.count_nonzero(whole)
        large[number] = (
            PATCH_WRITTEN[0] <= written <= PATCH_WRITTEN[1]
            and np.mean((piece | strokes)[whole]) >= PATCH_FULL
            and (_lies(whole) or thickness(whole) >= PATCH_SLIM * max(whole.shape))
        )
    alike = np.abs(hues[:, None] - hues[None, large]).max(axis=2) <= PATCH_HUE
    found: np.ndarray = alike.any(axis=1) & (hues.max(axis=1) > 0)
    return found


def _as_paper(grey: np.ndarray, patch: np.ndarray) -> np.ndarray:
    """Grey uint8 (H, W) in which patches, bool (H, W), are as bright as the paper around them."""
    from scipy import ndimage

    labels, _ = ndimage.label(ndimage.binary_closing(patch, iterations=PATCH_NEAR))
    gain = np.ones(grey.shape, np.float32)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        part = tuple(slice(max(s.start - 4 * PATCH_NEAR, 0), s.stop + 4 * PATCH_NEAR) for s in box)
        piece = ndimage.binary_fill_holes(labels[part] == number)
        away = ndimage.distance_transform_edt(~piece)
        around = (away > PATCH_NEAR) & (away <= 4 * PATCH_NEAR) & ~patch[part]
        own = piece & patch[part]
        if around.any() and own.any():
            gain[part][away <= 1] = max(float(np.median(grey[part][around]) / max(np.median(grey[part][own]), 1)), 1.0)
    return (grey * ndimage.uniform_filter(gain, 3)).clip(0, 255).astype(np.uint8)


def _is_slender(piece: np.ndarray) -> bool:
    return not _lies(piece) and thickness(piece) <= SLENDER * max(piece.shape)


def _is_band(mask: np.ndarray, pen: float) -> bool:
    """Whether a mask (H, W) bool is what a highlighter laid behind the strokes of a pen, so many pixels thick."""
    return thickness(mask) >= SOLID and (_lies(mask) or thickness(mask) > BROAD * pen)


def _lies(mask: np.ndarray) -> bool:
    """Whether a mask (H, W) bool is far wider than high."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return len(rows) > 0 and np.ptp(columns) + 1 >= LYING * (np.ptp(rows) + 1)


def _is_inside(part: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether a box keeps clear of the picture's edges, where a window has its bars."""
    return all(side.start > 0 and side.stop < size for side, size in zip(part, shape, strict=True))


def _besides(away: np.ndarray, highlight: np.ndarray) -> np.ndarray:
    """(N,) 0 to 255: how far colours (N, 3) are from those between the ground, at 0, and a highlighter's."""
    share = (away @ highlight / (highlight @ highlight)).clip(0, 1)
    beside = np.linalg.norm(away - share[:, None] * highlight, axis=1)
    return beside * (255 / max(float(beside.max()), PALE))
