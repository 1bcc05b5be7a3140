"""From a photographed page, in grey, to the ink on it.

On a photographed page light falls unevenly, lines are printed, and the desk may show: the page is compared
with itself place by place, its lines are subtracted, and the digit is chosen among what stays.

Ink is white (255) on black (0), uint8 (H, W), however dark or light the pen and the paper were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from lenet.preprocessing.ink import PAPER_MIN_SIDE, strengthened
from lenet.preprocessing.plate import find_plate
from lenet.preprocessing.ruled_lines import find_lines, without_lines
from lenet.preprocessing.sheet import without_surroundings
from lenet.preprocessing.thickness import thickness, thicknesses

PAPER_CONTRAST = 0.1  # what darkens paper by less is texture, not ink
GRAIN_SPREADS, GRAIN_MOST = 4.5, 0.5  # so many of its spreads is grain, but nothing that takes half of the light
ENLARGED = 200  # pixels, or more, that a small picture's shorter side is made
PIECES = 200  # of ink that are looked at, the weightiest
MIN_SIZE = 12  # pixels of a digit's longer side; what is smaller is dirt, or wants a closer look
# A stroke that leaves the picture, not a shadow or a desk: what of its longer side lies on the edge, or else how far it
# reaches inward and how thick it is.  One that is flatter than this is the rest of a ruled line.
CONTACT, INWARD, SLENDER, FLAT_BY_HEIGHT = 0.3, 0.6, 0.25, 6.0
# Or a thin stroke that bends away: what of its longer side lies on the edge at most, how many of its thicknesses it
# reaches inward, and how thick it is at most.
BENT, BEND, FINE = 0.8, 4.0, 0.15
# What else the pen wrote that wrote the first digit: as dark, as large, as thick, by these factors, and this near; what
# is smaller, such as a decimal point, is nearer.
AKIN_DARKNESS, AKIN_SIZE, AKIN_THICKNESS, AKIN_REACH, AKIN_DOT = 0.65, 0.3, 2.0, 2.0, 0.5
# A decimal point is so large, by the digit, and so many times as long as wide at most.  It is blurred to its middle, so
# only its darkest pixel is as dark, by the pen.  Where more pieces are as small, they are scraps of a printed line.
POINT_LEAST, POINT_SIZE, POINT_LONG, POINT_DARKNESS, MAX_POINTS = 0.06, 0.2, 1.5, 0.65, 6
# What is so much like it was written by it however far away it stands.
KIN_DARKNESS, KIN_SIZE, KIN_THICKNESS = 0.8, 0.5, 1.5
# What is left of a printed box: paler and thinner than the pen by these factors, this share of it lies this near the
# edges of its own rectangle, and it is larger than this by the digit.
BOX_DARKNESS, BOX_THICKNESS, BOX_SHARE, BOX_REACH, BOX_SIZE = 0.8, 0.9, 0.95, 0.03, 0.2
# A bar: its length in widths, and how much of such a rectangle it fills.  It is no digit's main piece beside others of
# these shares of its ink and its length, and not of that digit if so much longer, and thicker or lying: a pen, the edge
# of a sheet.
BAR_SLENDER, BAR_FULL, BAR_COMPANY, BAR_COMPANY_SIZE, BAR_SIZE, BAR_THICKNESS = 5.0, 0.7, 0.1, 0.2, 1.5, 1.4
# A fence, such as a barcode: at least so many bars, each fills so much of its box, and their ends are off by less, of
# their height.
MIN_FENCE, FENCE_FULL, FENCE_EDGE = 6, 0.85, 0.03
# Faded parts of strokes: each so large, by the ink that is known, and so thick, by the pen; all together so large.
FADED_AREA, FADED_THICKNESS, FADED_MOST = 0.03, (0.5, 1.6), 3.0
ONE_STROKE = 0.3  # of the picture's width: a 1 leans over no more
# At most so many lines from edge to edge may be stems: as dark and as thick as the other strokes, by these factors, of
# which one reaches over so much of the picture's height.
MAX_STEMS, STEM_DARKNESS, STEM_THICKNESS, STEM_COMPANY = 4, 0.75, 0.6, 0.75
LONE_DARKNESS = 0.3  # a single line from top to bottom that is paler is a margin's
# The ground at a place is the median of so much of the longer side, in a picture of so many pixels; its grain, as a
# logarithm, is no ink.
GROUND_WINDOW, GROUND_SIDE, GROUND_GRAIN = 0.3, 60, 0.1
WINDOWS = (0.05, 0.12, 0.28)  # of the longer side: strokes are narrower, shadows and desks wider


@dataclass(frozen=True)
class Paper:
    """What `from_paper` makes of a photograph, all uint8 (H, W).

    Attributes:
        ink: white ink on black.
        inverted: the paper was the lighter side.
        evened: the picture as it would be in even light.
        unlined: the same without its printed lines, or None where it has none.
    """

    ink: np.ndarray
    inverted: bool
    evened: np.ndarray
    unlined: np.ndarray | None


def from_paper(grey: np.ndarray) -> Paper:
    """The ink of a photographed page; `grey` as `to_grey` gives it."""
    factor = -(-ENLARGED // min(grey.shape)) if min(grey.shape) < PAPER_MIN_SIDE else 1
    if factor > 1:  # strokes of a small picture are narrower than what is measured in pixels here
        paper = from_paper(_enlarged(grey, factor))
        return replace(
            paper,
            ink=_reduced(paper.ink, factor),
            evened=_reduced(paper.evened, factor),
            unlined=None if paper.unlined is None else _reduced(paper.unlined, factor),
        )
    sheet, plate = without_surroundings(grey), find_plate(grey)
    if plate and np.mean((sheet == grey)[plate.mask]) > 0.5:  # else it is of the pattern round a sheet
        darkness = plate.darkness(grey)
        return Paper(_strokes(darkness).ink, False, _shown(darkness), None)
    grey = sheet
    inverted = not _light_ink(grey)
    if not inverted:
        grey = 255 - grey
    evened = _darkness(grey, WINDOWS[0])
    rows, columns = find_lines(evened), find_lines(evened.T)
    strokes = _strokes(without_lines(evened, rows, columns))
    if 0 < len(rows) + len(columns) <= MAX_STEMS and (written := _with_stems(evened, strokes)):
        rows, columns, strokes = rows[:0], columns[:0], written
    if len(columns) and not len(rows) and np.ptp(columns) < ONE_STROKE * evened.shape[1]:
        wider = _darkness(grey, WINDOWS[1])  # such a stroke may be broader than the narrow window
        if lone := _lone_one(wider, strokes):
            columns, evened, strokes = columns[:0], wider, lone
    for window in WINDOWS[1:]:
        wider = _darkness(grey, window)
        if np.count_nonzero((wider > _ink_above(strokes)) & ~strokes.mask) <= 0.03 * np.count_nonzero(strokes.mask):
            break  # nothing else is as dark: most pens end here
        more = _strokes(without_lines(wider, rows, columns))
        if not (_reveals(more, strokes) or _is_fence(more.mask)):
            break
        evened, strokes = wider, more
    if not len(rows) + len(columns):  # what is left of printed lines is pale too, and hangs on the digits
        strokes = _with_faded_ends(strokes)
    lined = len(rows) + len(columns) > 0
    return Paper(strokes.ink, inverted, _shown(evened), _shown(strokes.darkness) if lined else None)


def _enlarged(grey: np.ndarray, factor: int) -> np.ndarray:
    height, width = grey.shape
    size = width * factor, height * factor
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def _reduced(picture: np.ndarray, factor: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).reduce(factor))


def _with_faded_ends(strokes: _Strokes) -> _Strokes:
    """The same with the parts that fade: paler than half of the ink, but joined to it and as thick as the pen."""
    from scipy import ndimage

    known = np.count_nonzero(strokes.mask)
    low = _floor(strokes.darkness)
    labels, count = ndimage.label(strokes.darkness > low, structure=np.ones((3, 3)))
    joined = np.zeros(count + 1, bool)
    joined[np.unique(labels[strokes.mask])] = True
    for side in np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]:
        joined[np.unique(labels[side][~strokes.mask[side]])] = False  # a shadow, or the desk
    joined[0] = False
    pale = joined[labels] & ~ndimage.binary_dilation(strokes.mask, iterations=2)
    parts, _ = ndimage.label(pale, structure=np.ones((3, 3)))
    area = np.bincount(parts.ravel())
    thick = thicknesses(parts, area)
    usual = thickness(strokes.mask)
    faded = (area > FADED_AREA * known) & (thick > FADED_THICKNESS[0] * usual) & (thick < FADED_THICKNESS[1] * usual)
    faded[0] = False
    if not faded.any() or area[faded].sum() > FADED_MOST * known:
        return strokes
    mask = strokes.mask | (joined[labels] & ndimage.binary_dilation(strokes.mask | faded[parts], iterations=2))
    ink = _ink_of(strokes.darkness, mask, low)
    return _Strokes(strengthened(ink, mask), mask, strokes.darkness, strokes.level)


def _with_stems(darkness: np.ndarray, unlined: _Strokes) -> _Strokes | None:
    """The strokes with what was taken for lines, where the pen wrote it: a crop may be no higher than a digit."""
    from scipy import ndimage

    labels, _ = ndimage.label(unlined.mask, structure=np.ones((3, 3)))
    spans = max((part[0].stop - part[0].start for part in ndimage.find_objects(labels)), default=0) / len(labels)
    if spans < STEM_COMPANY:
        return None
    strokes = _strokes(darkness)
    lines = strokes.mask & ~unlined.mask
    dark = lines.any() and float(darkness[lines].mean()) > STEM_DARKNESS * unlined.level
    return strokes if dark and thickness(lines) > STEM_THICKNESS * thickness(unlined.mask) else None


def _lone_one(darkness: np.ndarray, unlined: _Strokes) -> _Strokes | None:
    """The strokes of a page whose one line, from the top to the bottom, is all that is on it: a 1, not printed."""
    from scipy import ndimage

    strokes = _strokes(darkness)
    labels, _ = ndimage.label(strokes.mask, structure=np.ones((3, 3)))
    tall = [
        i for i, part in enumerate(ndimage.find_objects(labels), 1) if part[0].stop - part[0].start > 0.85 * len(labels)
    ]
    near = ndimage.binary_dilation(np.isin(labels, tall), iterations=4)
    alone = len(tall) == 1 and not (unlined.mask & ~near).any()
    return strokes if alone and strokes.level > LONE_DARKNESS else None


def _ink_above(strokes: _Strokes) -> float:
    """What is darker than this may be of the same ink; a shadow seldom takes so much light."""
    return max(0.8 * strokes.level, 0.4)


def _reveals(wide: _Strokes, narrow: _Strokes) -> bool:
    """Whether a wider window shows ink that the narrower one took for paper, and not a shadow."""
    from scipy import ndimage

    added = wide.mask & ~narrow.mask
    known = np.count_nonzero(narrow.mask)
    same = np.count_nonzero(wide.mask & narrow.mask) > 0.7 * known
    if same:  # such ink hangs on the ink that was seen; a shadow lies elsewhere
        labels, _ = ndimage.label(wide.mask)
        attached = np.isin(labels, np.unique(labels[wide.mask & narrow.mask]))
        if np.count_nonzero(attached & added & (wide.darkness > _ink_above(narrow))) > 0.03 * known:
            return True
    # Or the narrow window saw but scraps of a broad pen's strokes.
    return bool(np.count_nonzero(added & (wide.darkness > 0.5)) > (3 if same else 0.5) * known)


def _is_fence(mask: np.ndarray) -> bool:
    """Whether most of a mask is bars of one fence; a barcode has a number below it."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count < MIN_FENCE:
        return False
    everything = np.arange(count + 1) > 0
    box = np.array([[0, 0, 0, 0], *([y.start, y.stop, x.start, x.stop] for y, x in ndimage.find_objects(labels))])
    area = np.bincount(labels.ravel())
    return bool(2 * area[_fence(box, area, everything, everything)].sum() > area[1:].sum())


def _shown(darkness: np.ndarray) -> np.ndarray:
    return ((1 - darkness).clip(0, 1) * 255).astype(np.uint8)


def _light_ink(grey: np.ndarray) -> bool:
    """Whether the ink is lighter than its ground, as chalk is: what stands out of its surroundings mostly is."""
    from scipy import ndimage

    reduced = Image.fromarray(grey).reduce(max(1, max(grey.shape) // GROUND_SIDE))
    small = np.log(np.asarray(reduced, np.float32) + 8)  # light multiplies
    window = round(GROUND_WINDOW * max(small.shape))
    ground = ndimage.median_filter(
        ndimage.median_filter(small, (1, window), mode="nearest"), (window, 1), mode="nearest"
    )
    away = small - ground
    return bool((away - GROUND_GRAIN).clip(0).sum() > (-away - GROUND_GRAIN).clip(0).sum())


def _darkness(grey: np.ndarray, share: float) -> np.ndarray:
    """(H, W) float32: 0 is paper, 1 is black, whatever light falls there.

    The paper's brightness at a place is the grey closing around it: it fills what is narrower than
    the window, strokes and lines, and keeps the edges of what is wider, such as a shadow or the desk.

    Args:
        share: the window, as a share of the picture's longer side.
    """
    from scipy import ndimage

    window = round(share * max(grey.shape))
    smooth = np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(1)))
    paper = smooth
    # The minimum reaches a little further than the maximum did, so that a shadow's sharp edge leaves no line.
    for turn, size in ((ndimage.maximum_filter1d, window), (ndimage.minimum_filter1d, window + 6)):
        for axis in (0, 1):
            paper = turn(paper, size | 1, axis=axis, mode="nearest")
    paper = np.asarray(Image.fromarray(paper).filter(ImageFilter.BoxBlur(1)), np.float32)
    bright = (grey + np.float32(1)) / (paper + 1)
    return 1 - bright / max(float(np.median(bright[::3, ::3])), 0.05)


@dataclass(frozen=True)
class _Strokes:
    """The digit's ink uint8, where it is (bool), how dark everything is, and how dark the ink: 0 to 1."""

    ink: np.ndarray
    mask: np.ndarray
    darkness: np.ndarray
    level: float


def _strokes(darkness: np.ndarray) -> _Strokes:
    """The digit among what is dark; nothing where there is none."""
    from scipy import ndimage

    nothing = np.zeros(darkness.shape, np.uint8)
    floor = _floor(darkness)
    dark = darkness > floor
    best: tuple[_Try, float] | None = None
    counted = dark
    for _ in range(2):
        values = darkness[counted]
        if len(values) < 20:
            break
        level = float(np.median(values[values >= _otsu(values)]))
        for share in (0.5, 0.65, 0.8):  # what a printed line ties to the picture's edge, a higher share may free
            tried = _try(darkness, max(share * level, floor))
            if tried.score > (1.3 * best[0].score if best else 0):
                best = tried, level
            if tried.weight > 0.5 * tried.heaviest_outside:
                break
        if tried.weight > tried.weight_outside:
            break
        # What runs out of the picture is a desk or a shadow: without it, ink may be fainter.
        counted = dark & ~ndimage.binary_dilation(tried.outside, iterations=3)
    if best is None:
        return _Strokes(nothing, nothing > 0, darkness, 0.0)
    tried, level = best
    mask = np.isin(tried.labels, _akin(tried.labels, darkness, tried.fit, tried.pieces))
    low = max(0.25 * level, min(floor, 0.5 * level))
    return _Strokes(_ink_of(darkness, mask, low), mask, darkness, level)


def _floor(darkness: np.ndarray) -> float:
    """What is less dark is the paper's grain."""
    sample = darkness[::3, ::3]
    noise = 1.4826 * float(np.median(np.abs(sample - np.median(sample))))
    return min(max(GRAIN_SPREADS * noise, PAPER_CONTRAST), GRAIN_MOST)


def _ink_of(darkness: np.ndarray, mask: np.ndarray, low: float) -> np.ndarray:
    """White ink on black, uint8: what is in `mask`, from `low` on."""
    from scipy import ndimage

    top = float(np.percentile(darkness[mask], 75))
    ink = ((darkness - 0.7 * low) / max(top - 0.7 * low, 1e-3)).clip(0, 1)
    return (ink * ndimage.binary_dilation(mask, iterations=2) * 255).astype(np.uint8)


@dataclass(frozen=True)
class _Try:
    """What is darker than some threshold: a digit perhaps, and what runs out of the picture.

    Attributes:
        score: much ink, and dark; 0 where there is no digit.
        weight: the digit's summed darkness.
        mask: where it is, bool (H, W).
        labels: of all that is darker, int (H, W).
        fit: which of them may be written, bool (count + 1,).
        pieces: which of them are the digit.
        outside: where what runs out of the picture is, bool (H, W).
        weight_outside, heaviest_outside: the darkness of all that, and of the heaviest piece of it.
    """

    score: float
    weight: float
    mask: np.ndarray
    labels: np.ndarray
    fit: np.ndarray
    pieces: np.ndarray
    outside: np.ndarray
    weight_outside: float
    heaviest_outside: float


def _try(darkness: np.ndarray, threshold: float) -> _Try:
    from scipy import ndimage

    labels, count = ndimage.label(darkness > threshold, structure=np.ones((3, 3)))
    edge = np.zeros(count + 1, bool)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        edge[side] = True
    edge[0] = False
    edge &= ~_leaving_strokes(labels, edge)
    pieces = _digit_among(labels, darkness, ~edge)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    weight = np.bincount(labels.ravel(), darkness.ravel(), minlength=count + 1)
    found = float(weight[pieces].sum())
    return _Try(
        score=found * (found / area[pieces].sum()) ** 2 if found > 0 else 0.0,
        weight=found,
        mask=np.isin(labels, pieces),
        labels=labels,
        fit=~edge,
        pieces=pieces,
        outside=edge[labels],
        weight_outside=float(weight[edge].sum()),
        heaviest_outside=float(weight[edge].max(initial=0.0)),
    )


def _leaving_strokes(labels: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Which of the labels at the picture's edge are strokes that leave it, and no shadow, desk or printed line.

    Bool (count + 1,).  A stroke crosses the edge where it is narrow, or lies along one side with a part of it; a desk
    lies along all of a side.
    """
    from scipy import ndimage

    sides = np.array(
        [np.bincount(s, minlength=len(edge)) for s in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    )
    area = np.bincount(labels.ravel(), minlength=len(edge))
    parts = ndimage.find_objects(labels)
    thick = thicknesses(labels, area)
    found = np.zeros(len(edge), bool)
    for label in np.flatnonzero(edge & (area > 20) & (area < 0.3 * labels.size)):
        height, width = (part.stop - part.start for part in parts[label - 1])
        longer, contact = max(height, width), sides[:, label]
        inward = min(height if contact[:2].any() else width, width if contact[2:].any() else height)
        along = inward >= INWARD * longer and thick[label] <= SLENDER * longer and np.count_nonzero(contact) == 1
        bends = contact.max() <= BENT * longer and inward >= BEND * thick[label] and thick[label] <= FINE * longer
        slender = contact.sum() <= CONTACT * longer or along or bends
        found[label] = slender and width <= FLAT_BY_HEIGHT * height and longer >= 0.1 * max(labels.shape)
    return found


def _akin(labels: np.ndarray, darkness: np.ndarray, fit: np.ndarray, digit: np.ndarray) -> np.ndarray:
    """The labels of a digit, and of all that the same pen wrote as large and as dark in the picture.

    Args:
        fit: which labels may be chosen, bool (count + 1,).
        digit: the labels of the digit that was found first.
    """
    from scipy import ndimage

    if len(digit) == 0:
        return digit
    count = len(fit)
    area = np.bincount(labels.ravel(), minlength=count)
    mean = np.bincount(labels.ravel(), darkness.ravel(), minlength=count) / np.maximum(area, 1)
    slices = ndimage.find_objects(labels)
    box = np.array([[0, 0, 0, 0], *([y.start, y.stop, x.start, x.stop] for y, x in slices)])
    longer = np.maximum(box[:, 1] - box[:, 0], box[:, 3] - box[:, 2])
    size, dark = float(longer[digit].max()), float(np.average(mean[digit], weights=area[digit]))
    whole = max(size, float(box[digit, 1].max() - box[digit, 0].min()))  # a digit may be made of bars
    thick = thicknesses(labels, area)
    usual = float(np.average(thick[digit], weights=area[digit]))
    fit = fit & (area >= 2)
    alike = fit & ((mean > AKIN_DARKNESS * dark) | _points(labels, darkness, fit, box, size, dark))
    alike[0] = False
    pale = alike & (mean < BOX_DARKNESS * dark) & (thick < BOX_THICKNESS * usual)
    for label in np.flatnonzero(pale & (longer > BOX_SIZE * size)):  # smaller ones may be points
        alike[label] = not _is_of_a_box(labels[slices[label - 1]] == label)
    for label in np.flatnonzero(alike & (longer > BAR_SIZE * whole)):
        piece = labels[slices[label - 1]] == label
        thicker = thick[label] > BAR_THICKNESS * usual
        alike[label] = not (_is_bar(piece) and (thicker or piece.shape[1] > piece.shape[0]))

    def like(darkness: float, least: float, thickness: float) -> np.ndarray:
        digits = alike & (mean > darkness * dark) & (longer > least * size) & (longer < size / least)
        return digits & (thick > usual / thickness) & (thick < thickness * usual)

    member = like(KIN_DARKNESS, KIN_SIZE, KIN_THICKNESS)
    member[digit] = True
    digits = like(AKIN_DARKNESS, AKIN_SIZE, AKIN_THICKNESS)
    for candidates, reach in ((digits, AKIN_REACH * whole), (alike & (longer <= size / AKIN_SIZE), AKIN_DOT * whole)):
        member = _reached(box, member, candidates, reach)
    return np.flatnonzero(member | _fence(box, area, member, fit))


def _fence(box: np.ndarray, area: np.ndarray, member: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """Which labels are of a fence that some members are of, bool (count + 1,): taken whole, it is known for one.

    Of a barcode's bars the wide ones are thicker than any pen that wrote the narrow ones.
    """
    sides = box[:, 1::2] - box[:, ::2]
    bars = fit & (area >= FENCE_FULL * sides.prod(axis=1)) & (sides[:, 0] >= MIN_SIZE)
    bars[0] = False
    found = np.zeros(len(bars), bool)
    if (bars & member).any():
        first = box[np.argmax(np.where(bars & member, sides[:, 0], 0))]  # the highest: others may be of a number below
        off = np.abs(box[:, :2] - first[:2]).max(axis=1)
        found = bars & (off <= FENCE_EDGE * (first[1] - first[0]))
    return found & (np.count_nonzero(found) >= MIN_FENCE)


def _points(
    labels: np.ndarray, darkness: np.ndarray, fit: np.ndarray, box: np.ndarray, size: float, dark: float
) -> np.ndarray:
    """Which labels may be decimal points, bool (count + 1,).

    Args:
        fit: as for `_akin`.
        box: top, bottom, left and right of each label.
        size, dark: of the digit, its longer side and its mean darkness.
    """
    sides = box[:, 1::2] - box[:, ::2]
    shorter, longer = sides.min(axis=1), sides.max(axis=1)
    small = fit & (longer <= POINT_SIZE * size)
    small[0] = False
    found = small & (longer >= POINT_LEAST * size) & (longer <= POINT_LONG * shorter)
    if np.count_nonzero(small) > MAX_POINTS:
        found[:] = False
    for label in np.flatnonzero(found):
        top, bottom, left, right = box[label]
        place = np.s_[top:bottom, left:right]
        found[label] = darkness[place][labels[place] == label].max() > POINT_DARKNESS * dark
    return found


def _heaviest(weights: np.ndarray, longer: np.ndarray, is_bar: Callable[[int], bool]) -> int:
    """Which piece has most ink; a pen that lies beside what it wrote has more, but is a bar.

    Args:
        longer: each piece's longer side: a stroke's dot is no company.
    """
    first = int(weights.argmax())
    company = np.flatnonzero((weights > BAR_COMPANY * weights[first]) & (longer > BAR_COMPANY_SIZE * longer[first]))
    order = [int(piece) for piece in company[np.argsort(-weights[company])]]
    return next((piece for piece in order if not is_bar(piece)), first)


def _is_bar(piece: np.ndarray) -> bool:
    """Whether a piece (H, W) bool is one long straight bar: its pixels' moments are a slender rectangle's."""
    places = np.argwhere(piece).astype(np.float32)
    if len(places) < 20:
        return False
    across, along = np.sqrt(12 * np.linalg.eigvalsh(np.cov(places.T)).clip(1 / 12))
    return bool(along > BAR_SLENDER * across and len(places) > BAR_FULL * along * across)


def _is_of_a_box(piece: np.ndarray) -> bool:
    """Whether a piece (H, W) bool is a wall, a corner or all of a printed box."""
    y, x = np.nonzero(piece)
    height, width = piece.shape
    away = np.minimum(np.minimum(y, height - 1 - y), np.minimum(x, width - 1 - x))
    return bool(np.mean(away <= 1 + BOX_REACH * max(piece.shape)) >= BOX_SHARE)


def _reached(box: np.ndarray, member: np.ndarray, candidates: np.ndarray, reach: float) -> np.ndarray:
    """`member` and those of the candidates that a chain of gaps of at most `reach` leads to."""
    member, left = member.copy(), candidates & ~member
    new = np.flatnonzero(member)
    while len(new) and left.any():
        at = np.flatnonzero(left)
        gap_y = np.maximum(box[at, None, 0], box[None, new, 0]) - np.minimum(box[at, None, 1], box[None, new, 1])
        gap_x = np.maximum(box[at, None, 2], box[None, new, 2]) - np.minimum(box[at, None, 3], box[None, new, 3])
        near = (np.hypot(gap_y.clip(0), gap_x.clip(0)) <= reach).any(axis=1)
        new = at[near]
        member[new], left[new] = True, False
    return member


def _otsu(values: np.ndarray) -> float:
    """The split that leaves two groups of least spread (Otsu 1979)."""
    counts, edges = np.histogram(values, 64)
    middles = (edges[1:] + edges[:-1]) / 2
    below, mass = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    between = (mass[-1] * below / below[-1] - mass) ** 2 / np.maximum(below * above, 1)
    return float(edges[1 + int(np.argmax(between[:-1]))])


def _digit_among(labels: np.ndarray, darkness: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """Labels of the pieces that are the digit: the weightiest that is fit, and what belongs to it.

    Args:
        fit: which labels may be chosen, bool (count + 1,).
    """
    from scipy import ndimage

    flat = labels.ravel()
    area = np.bincount(flat, minlength=len(fit))
    weight = np.bincount(flat, darkness.ravel(), minlength=len(fit))
    pieces = np.flatnonzero(fit & (area >= 4) & (np.arange(len(fit)) > 0))
    if len(pieces) == 0:
        return pieces
    if len(pieces) > PIECES:  # a page of dots: a digit is not among its lightest
        pieces = np.sort(pieces[np.argsort(weight[pieces])[-PIECES:]])
    number = np.zeros(len(fit), np.int32)
    number[pieces] = np.arange(1, len(pieces) + 1)
    numbered = number[labels]
    slices = ndimage.find_objects(numbered)
    box = np.array([[edge for part in found for edge in (part.start, part.stop)] for found in slices])
    area, weight = area[pieces], weight[pieces]
    mean = weight / area
    is_bar = cache(lambda piece: _is_bar(numbered[slices[piece]] == piece + 1))
    longer = np.maximum(box[:, 1] - box[:, 0], box[:, 3] - box[:, 2])
    main = _heaviest(weight * mean, longer, is_bar)
    member = np.zeros(len(pieces), bool)
    member[main] = True
    while True:
        reach = np.array([*box[member].min(axis=0), *box[member].max(axis=0)])[[0, 5, 2, 7]]
        size = max(reach[1] - reach[0], reach[3] - reach[2])
        gap_y = np.maximum(np.maximum(reach[0] - box[:, 1], box[:, 0] - reach[1]), 0)
        gap_x = np.maximum(np.maximum(reach[2] - box[:, 3], box[:, 2] - reach[3]), 0)
        joined = (np.hypot(gap_x, gap_y) < 0.2 * size) & (weight > 0.015 * weight[member].sum())
        joined &= mean > 0.7 * mean[main]
        for piece in np.flatnonzero(joined & ~member & (longer > BAR_SIZE * size)):
            joined[piece] = not is_bar(piece)
        if not (joined & ~member).any():
            break
        member |= joined
    if size < MIN_SIZE:
        return pieces[:0]
    return pieces[member]
