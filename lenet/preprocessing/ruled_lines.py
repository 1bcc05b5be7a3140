"""The ruled lines of a photographed page, such as those of squared paper: where they run, and the page without them.

`darkness` is float32 (H, W), 0 for paper and 1 for black, as `lenet.preprocessing.paper` measures it.  Lines run from
left to right here; those from top to bottom are looked for in the page turned over its diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

PITCH = 0.12  # of the distance between two printed lines: how much it varies
COLUMNS = 64  # of the picture in which lines are looked for


@dataclass(frozen=True)
class _Line:
    """A straight course through the picture: its middle row, and how many rows it sinks from left to right.

    cover is the share of it that is dark, whole says that both ends are, darkness is its median.
    """

    score: float
    row: int
    sink: int
    cover: float
    whole: bool
    darkness: float


def find_lines(darkness: np.ndarray) -> np.ndarray:
    """(L, 2): the rows where printed lines meet the left and the right edge, by a Hough transform.

    A stroke of a digit may be as straight as a line, but it does not run through the whole picture.
    """
    from scipy import ndimage

    height, width = darkness.shape
    fold = 2 if height >= 400 else 1
    small = Image.fromarray(np.ascontiguousarray(darkness)).resize((COLUMNS, height // fold), Image.Resampling.BOX)
    dark = np.asarray(small)  # (rows, COLUMNS)
    thin = dark.clip(0, 0.25)
    thin = thin - ndimage.uniform_filter1d(thin, 2 * round(0.035 * max(height, width) / fold) + 1, axis=0)
    family = _family(_candidates(dark, thin, round(0.28 * width / fold)), width / fold)  # up to 16 degrees
    # One line alone must run from edge to edge; many may end at the paper's edge, or under a hand.
    least = 0.65 if len(family) > 3 else 0.8 if len(family) == 3 else 0.92
    sure = [(f.row, f.sink) for f in family if f.cover > least and (f.whole or len(family) > 2)]
    ends = [[(row + 0.5 - sink / 2) * fold - 0.5, (row + 0.5 + sink / 2) * fold - 0.5] for row, sink in sure]
    return np.array(ends).reshape(-1, 2)


def _candidates(dark: np.ndarray, thin: np.ndarray, reach: int) -> list[_Line]:
    """Straight courses that are darker than their neighbours, and so all along.

    Args:
        dark: (rows, COLUMNS) darkness.
        thin: the same, less its surroundings.
        reach: rows that a line may sink or rise from edge to edge.
    """
    from scipy import ndimage

    rows = len(thin)
    padded = np.pad(thin, ((reach, reach), (0, 0)))  # beyond the picture there is no line: 0
    middle = (np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5
    sinks = np.arange(-reach, reach + 1, 2)
    courses = np.rint(sinks[:, None] * middle).astype(int) + reach  # (S, COLUMNS)
    flat = np.ascontiguousarray(padded.T)  # (COLUMNS, rows + 2 * reach)
    score = np.zeros((len(sinks), rows), np.float32)
    for i, sink in enumerate(courses):
        for column in range(COLUMNS):
            score[i] += flat[column, sink[column] : sink[column] + rows]
    best = score.max(axis=0) / COLUMNS
    which = score.argmax(axis=0)
    noise = 1.4826 * float(np.median(np.abs(thin - np.median(thin)))) + 1e-4  # many lines put the paper below 0
    peaks = best >= ndimage.maximum_filter1d(best, 3)
    peaks &= best > max(3 * noise / np.sqrt(COLUMNS), 0.004)
    found: list[_Line] = []
    for row in np.flatnonzero(peaks):
        path = row + courses[which[row]]
        values = np.maximum(
            np.maximum(padded[path - 1, range(COLUMNS)], padded[path, range(COLUMNS)]),
            padded[(path + 1).clip(0, len(padded) - 1), range(COLUMNS)],
        )
        inside = (path >= reach) & (path < reach + rows)
        if inside.sum() < 0.5 * COLUMNS:
            continue
        values = values[inside]
        typical = float(np.median(values))
        there = values > max(2.5 * noise, 0.3 * typical)
        if typical > max(4 * noise, 0.02) and there.mean() > 0.65 and (there[:3].any() or there[-3:].any()):
            cover = float(there.mean())
            whole = bool(there[:2].any() and there[-2:].any())
            full = float(np.median(dark[path[inside] - reach, np.flatnonzero(inside)]))
            found.append(_Line(cover * float(best[row]), int(row), int(sinks[which[row]]), cover, whole, full))
    return found


def _in_its_place(row: int, rows: list[int]) -> bool:
    """Whether a line is as far from its neighbours as they are from one another, as a Sudoku's thicker lines are.

    Or whole times as far, where several thicker lines follow one another.
    """
    if len(rows) < 3:
        return False
    pitch = float(np.median(np.diff(np.sort(rows))))
    before, after = [row - r for r in rows if r < row], [r - row for r in rows if r > row]
    gaps = [min(some) for some in (before, after) if some]
    return all(abs(gap - max(1, round(gap / pitch)) * pitch) <= PITCH * pitch for gap in gaps)


def _family(found: list[_Line], width: float) -> list[_Line]:
    """Those of the lines that one printer can have printed; `width` is the picture's, in rows of theirs."""
    family: list[_Line] = []
    for line in sorted(found, key=lambda line: line.score, reverse=True):  # printed lines neither meet nor cross
        apart = [
            (line.row - f.row + (f.sink - line.sink) / 2, line.row - f.row - (f.sink - line.sink) / 2) for f in family
        ]
        if all(left * right > 0 and min(abs(left), abs(right)) >= 2 for left, right in apart):
            family.append(line)
    if len(family) > 2:  # they are alike: what is far darker is a stroke, unless it stands in its place among them
        usual = float(np.median([f.darkness for f in family]))
        alike = [f.row for f in family if f.darkness < 1.7 * usual]
        family = [f for f in family if f.row in alike or _in_its_place(f.row, alike)]
    while len(family) > 2:  # and turn little from one to the next: a view from the side fans them
        at, sinks = np.array([f.row for f in family]), np.array([f.sink for f in family])
        weights = np.sqrt([f.score for f in family])
        away = np.abs(np.polyval(np.polyfit(at, sinks, 1 if len(family) > 3 else 0, w=weights), at) - sinks)
        if away.max() < 0.03 * width + 2:
            break
        del family[int(away.argmax())]
    return family


# --------------------------------------------------------------------------------------------------
# The page without them


def without_lines(darkness: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`darkness` less its lines.

    Args:
        rows: those from left to right, by `find_lines(darkness)`.
        columns: those from top to bottom, by `find_lines(darkness.T)`.
    """
    if len(rows):
        darkness = _subtract(darkness, rows)
    return _subtract(darkness.T, columns).T if len(columns) else darkness


def _subtract(darkness: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """`darkness` less the lines of `find_lines`, each as its own median profile: a stroke that crosses stays."""
    from scipy import ndimage

    height, width = darkness.shape
    x = np.arange(width)
    middles = np.sort(lines.mean(axis=1))
    spacing = float(np.median(np.diff(middles))) if len(middles) > 1 else 60.0
    radius = int(np.clip(0.4 * spacing, 3, 24))
    at = lines[:, :1] + (lines[:, 1:] - lines[:, :1]) * (x / (width - 1))  # (L, W) rows
    at = at + _bend(darkness, at, radius)
    base = np.floor(at).astype(int)
    part = (at - base).astype(np.float32)  # (L, W)
    offsets = np.arange(-radius, radius + 1)
    rows = base[:, :, None] + offsets  # (L, W, O)
    around = darkness[rows.clip(0, height - 1), x[None, :, None]]
    following = darkness[(rows + 1).clip(0, height - 1), x[None, :, None]]
    level = around + part[:, :, None] * (following - around)
    profile = np.median(level[:, ::2], axis=1)  # (L, O)
    ends = np.minimum(profile[:, :1], profile[:, -1:])
    profile = (profile - np.maximum(ends, 0)).clip(0)
    profile[profile < 0.12 * profile.max(axis=1, keepdims=True)] = 0
    # at row base + k the offset from the line is k - part
    shifted = np.concatenate([np.zeros_like(profile[:, :1]), profile[:, :-1]], axis=1)
    taken = profile[:, None, :] + part[:, :, None] * (shifted - profile)[:, None, :]
    cleaned, touched = darkness.copy(), np.zeros(darkness.shape, bool)
    for line in range(len(lines)):
        inside = (rows[line] >= 0) & (rows[line] < height) & (taken[line] > 0)
        r, c = rows[line][inside], np.broadcast_to(x[:, None], rows[line].shape)[inside]
        touched[r, c] = True
        cleaned[r, c] = np.minimum(cleaned[r, c], darkness[r, c] - 1.15 * taken[line][inside])
    # Mend what the subtraction cut: a stroke goes on where it stands on both sides of a line.
    widths = 2 * np.count_nonzero(profile, axis=1).max() // 2 + 3
    mended = cleaned
    for turn in (ndimage.maximum_filter1d, ndimage.minimum_filter1d):
        mended = turn(mended, widths | 1, axis=0)
    return np.where(touched, np.minimum(np.maximum(mended, cleaned), darkness), cleaned)


def _bend(darkness: np.ndarray, at: np.ndarray, radius: int) -> np.ndarray:
    """(L, W): how far each line really runs from its straight course, as a parabola through what is seen."""
    height, width = darkness.shape
    pieces = 16
    edges = np.linspace(0, width, pieces + 1).astype(int)
    reach = min(radius, 6)
    offsets = np.arange(-reach, reach + 1)
    rows = np.rint(at).astype(int)[:, :, None] + offsets
    seen = darkness[rows.clip(0, height - 1), np.arange(width)[None, :, None]].clip(0, 0.3)  # (L, W, O)
    seen = np.add.reduceat(seen, edges[:-1], axis=1) / np.diff(edges)[None, :, None]  # (L, pieces, O)
    seen = seen - seen.min(axis=2, keepdims=True)
    strength = seen**4
    shift = (strength * offsets).sum(axis=2) / np.maximum(strength.sum(axis=2), 1e-9)  # (L, pieces)
    weight = np.minimum(seen.max(axis=2), np.median(seen.max(axis=2), axis=1, keepdims=True)) + 1e-6
    t = (edges[:-1] + edges[1:]) / (2 * width) * 2 - 1
    basis = np.stack([np.ones_like(t), t, t**2], axis=1)  # (pieces, 3)
    full = np.linspace(-1, 1, width)
    curve = np.stack([np.ones_like(full), full, full**2], axis=1)
    bends = np.zeros(at.shape)
    for line in range(len(at)):
        w = weight[line]
        for _ in range(3):
            fit = np.linalg.lstsq(basis * w[:, None], shift[line] * w, rcond=None)[0]
            w = weight[line] / (1 + (shift[line] - basis @ fit) ** 2)
        bends[line] = (curve @ fit).clip(-reach, reach)
    return bends
