"""What a pen did: digits as strokes, read from a file and rendered as a pad shows them."""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from lenet.errors import DataError

PEN_FILE = "pen_digits_30_writers.jsonl.gz"
PEN_TABLET = 500  # strokes run from 0 to 500 tablet pixels
CANVAS = 400  # pixels a side, where they are rendered

Strokes = list[np.ndarray]  # (points, 2) each: x and y in tablet pixels, y downwards


@dataclass(frozen=True)
class Drawing:
    """One digit as a pen drew it: strokes of (x, y) points, 0 to 500 tablet pixels, y downwards."""

    label: int
    writer: int
    strokes: tuple[tuple[tuple[float, float], ...], ...]


def parse_strokes(text: str) -> Strokes:
    """Strokes on a grid, (points, 2) each, from words of figures: two a point, x and y, as in "0006 1434"."""
    return [
        np.array([(int(word[i]), int(word[i + 1])) for i in range(0, len(word) - 1, 2)], float) for word in text.split()
    ]


def read_drawings(path: str | os.PathLike[str]) -> list[Drawing]:
    """The drawings of a .jsonl or .jsonl.gz file: one {"label", "writer", "strokes"} a line.

    Raises:
        DataError: no such file, or a line that is not such an object.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(
            "There are no pen strokes at {path}. Put {file} into the folder that LENET_DATA names.",
            path=path,
            file=PEN_FILE,
        )
    number = 0
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            drawings = []
            for number, line in enumerate(lines, start=1):  # noqa: B007 - the except clause tells it
                row = json.loads(line)
                strokes = tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in row["strokes"])
                drawings.append(Drawing(int(row["label"]), int(row["writer"]), strokes))
            return drawings
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            "{path} is damaged after line {number} ({error}): copy it again.",
            path=path,
            number=number,
            error=repr(error),
        ) from error


def render(
    strokes: Iterable[Sequence[tuple[float, float]] | np.ndarray], width: float, side: int = CANVAS
) -> Image.Image:
    """Strokes drawn with a round black brush on white: an "L" image, `side` pixels square.

    Args:
        strokes: points in 0 to 500.
        width: the brush's diameter in pixels.
    """
    canvas = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(canvas)
    radius = width / 2
    for stroke in strokes:
        points = [(x * side / PEN_TABLET, y * side / PEN_TABLET) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=0, width=round(width), joint="curve")
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return canvas


def writer_split(writers: Iterable[int]) -> tuple[set[int], set[int], set[int]]:
    """Writers for train, val and test, of each ten 7, 1 and 2: nobody is in two of them."""
    order = sorted(set(writers))
    val = set(order[3::10])
    test = set(order[4::5])
    return set(order) - val - test, val, test


FOLDS = 5


def writer_fold(writers: Iterable[int], fold: int) -> set[int]:
    """The writers that fold 1, 2, ... or FOLDS leaves out: every fifth; each is in one fold."""
    return set(sorted(set(writers))[fold - 1 :: FOLDS])


def cut_corners(points: np.ndarray) -> np.ndarray:
    """Chaikin's corner cutting (1974), once: points (N, 2) become (2N - 2, 2); the ends stay."""
    if len(points) < 3:
        return points
    near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
    middle = np.stack([near, far], axis=1).reshape(-1, 2)
    return np.concatenate([points[:1], middle[1:-1], points[-1:]])


def bent(strokes: Strokes, rng: Generator) -> Strokes:
    """As another hand might have written them: turned, slanted, stretched and softly waved.

    Up to 12 degrees, a slant of 0.25, a fifth wider or narrower, and waves of up to 14 tablet pixels.
    """
    angle, slant, stretch = rng.uniform(-0.21, 0.21), rng.uniform(-0.25, 0.25), math.exp(rng.uniform(-0.2, 0.2))
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[stretch * cos, -sin], [stretch * sin + slant, cos]]).T
    waves = rng.uniform(-14, 14, (2, 2, 1))
    phase = rng.uniform(0, 2 * math.pi, (2, 2, 1))
    period = rng.uniform(250, 700, (2, 2, 1))
    moved = []
    for stroke in strokes:
        points = (np.asarray(stroke, float) - PEN_TABLET / 2) @ turn.T + PEN_TABLET / 2
        # each coordinate moves by one wave along x and one along y
        shift = (waves * np.sin(2 * math.pi * points.T[None] / period + phase)).sum(axis=1)
        moved.append(points + shift.T)
    return moved


def fitted(strokes: Strokes, scale: float = 1.0) -> Strokes:
    """Made `scale` times as large, in the middle of the tablet; less where that would not fit on it."""
    everything = np.concatenate(strokes)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = min(scale, 0.9 * PEN_TABLET / max(float((high - low).max()), 1.0))
    return [(stroke - (low + high) / 2) * scale + PEN_TABLET / 2 for stroke in strokes]
