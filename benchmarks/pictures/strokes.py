"""Pen strokes put on a page: drawings of one writer, pens, grounds, and a phone's photograph of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

from lenet.data.strokes import Drawing
from lenet.preprocessing.images import Picture

Pens = list[np.ndarray]  # strokes, (points, 2) each: x and y in pixels of the picture
Colour = tuple[int, int, int]
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@dataclass(frozen=True)
class Sample:
    """A picture, and what is written on it in reading order: digits, and signs of lenet.inference.digits.WRITTEN."""

    picture: Picture
    text: str


Kind = Callable[["Hand", Generator], Sample]


@dataclass(frozen=True)
class Hand:
    """One writer's drawings."""

    drawings: list[Drawing]

    def some(self, rng: Generator, count: int, labels: Iterable[int] = range(10)) -> list[Drawing]:
        wanted = set(labels)
        able = [d for d in self.drawings if d.label in wanted]
        return [able[int(i)] for i in rng.integers(len(able), size=count)]


def sized(drawing: Drawing, tall: float) -> Pens:
    """The drawing `tall` pixels high (or, of a flat one, at most as wide), its box's corner at (0, 0)."""
    points = np.concatenate([np.array(s) for s in drawing.strokes])
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1)
    scale = tall / max(size[1], 0.7 * size[0])
    return [(np.array(s) - low) * scale for s in drawing.strokes]


def moved(pens: Pens, x: float, y: float) -> Pens:
    return [p + np.array([x, y]) for p in pens]


def box_of(pens: Pens) -> tuple[float, float, float, float]:
    points = np.concatenate(pens)
    return (*points.min(axis=0), *points.max(axis=0))


def row_of(drawings: Sequence[Drawing], tall: float, gap: float, pen: float, rng: Generator) -> list[Pens]:
    """Side by side from (0, 0), `gap` pixels of paper between their inks' boxes, nearly on one line."""
    found, x = [], 0.0
    for drawing in drawings:
        pens = sized(drawing, tall * rng.uniform(0.9, 1.1))
        width, height = box_of(pens)[2:]
        found.append(moved(pens, x, tall - height + tall * rng.uniform(-0.04, 0.04)))
        x += width + gap + pen
    return found


def cover(shape: tuple[int, int], strokes: Pens, pen: float) -> np.ndarray:
    """(H, W) float in 0 to 1: how much of each pixel the pen covers."""
    height, width = shape
    canvas = Image.new("L", (2 * width, 2 * height), 0)
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes:
        points = [(2 * x + 0.5, 2 * y + 0.5) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=255, width=max(1, round(2 * pen)), joint="curve")
        for x, y in points:
            draw.ellipse((x - pen, y - pen, x + pen, y + pen), fill=255)
    return np.asarray(canvas.reduce(2), np.float32) / 255


def middle(strokes: Pens, shape: tuple[int, int]) -> Pens:
    left, top, right, bottom = box_of(strokes)
    return moved(strokes, (shape[1] - left - right) / 2, (shape[0] - top - bottom) / 2)


def dense(stroke: np.ndarray, step: float) -> np.ndarray:
    """Points on the stroke's line, `step` apart."""
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    at = np.arange(0, lengths[-1] + step / 2, step)
    return np.column_stack([np.interp(at, lengths, stroke[:, i]) for i in (0, 1)])


def painted(ground: np.ndarray, covered: np.ndarray, ink: float | Colour) -> np.ndarray:
    """Ink over a ground, (H, W) or (H, W, 3) float."""
    if ground.ndim == 3:
        covered = covered[:, :, None]
    return ground + covered * (np.asarray(ink, np.float32) - ground)


def to_image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray((pixels + 0.5).clip(0, 255).astype(np.uint8))


def one(hand: Hand, rng: Generator, shape: tuple[int, int], low: float = 0.4, high: float = 0.75) -> tuple[str, Pens]:
    """A digit somewhere in the picture, `low` to `high` of its shorter side."""
    (drawing,) = hand.some(rng, 1)
    pens = sized(drawing, min(shape) * rng.uniform(low, high))
    _, _, width, height = box_of(pens)
    room = 0.08 * min(shape)
    x = rng.uniform(room, max(room, shape[1] - room - width))
    y = rng.uniform(room, max(room, shape[0] - room - height))
    return str(drawing.label), moved(pens, x, y)


def pen_of(strokes: Pens, rng: Generator, low: float = 0.04, high: float = 0.12) -> float:
    """A pen's width, as a share of how large is written."""
    left, top, right, bottom = box_of(strokes)
    return max(1.5, max(right - left, bottom - top) * rng.uniform(low, high))


def pad_picture(hand: Hand, rng: Generator, shape: tuple[int, int] = (280, 280)) -> tuple[str, np.ndarray]:
    text, strokes = one(hand, rng, shape)
    return text, painted(np.full(shape, 255, np.float32), cover(shape, strokes, pen_of(strokes, rng)), 0)


# --------------------------------------------------------------------------------------------------
# Paper


def light(shape: tuple[int, int], rng: Generator, falls: float) -> np.ndarray:
    """(H, W): the share of the light that falls there, `falls` less on one side than on the other."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    along = (np.cos(turn) * x + np.sin(turn) * y) / (abs(np.cos(turn)) + abs(np.sin(turn)))
    return 1 - falls * (along + 1) / 2


def seen(page: np.ndarray, rng: Generator, noise: float = 3.0, quality: int = 80) -> bytes:
    """A page as a phone's JPEG."""
    blurred = to_image(page).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.2)))
    pixels: np.ndarray = np.asarray(blurred, np.float32)
    grain = rng.normal(0, noise, pixels.shape[:2]).astype(np.float32)
    file = io.BytesIO()
    to_image(pixels + (grain if pixels.ndim == 2 else grain[:, :, None])).save(file, "JPEG", quality=quality)
    return file.getvalue()


def on_paper(strokes: Pens, pen: float, shape: tuple[int, int], rng: Generator, falls: float = 0.25) -> bytes:
    page = painted(np.full(shape, rng.uniform(205, 240), np.float32), cover(shape, strokes, pen), rng.uniform(30, 80))
    return seen(page * light(shape, rng, falls), rng, noise=rng.uniform(2, 5))


def rows(hand: Hand, rng: Generator, count: int, long: int) -> tuple[list[Drawing], Pens, float, float]:
    """`count` rows of `long` digits: the drawings in reading order, their strokes, the pen, how tall they are."""
    tall = rng.uniform(60, 100)
    pen = tall * rng.uniform(0.05, 0.11)
    drawings = hand.some(rng, count * long)
    strokes = []
    for i in range(count):
        row = row_of(drawings[i * long : (i + 1) * long], tall, tall * rng.uniform(0.2, 0.5), pen, rng)
        strokes += [p for pens in row for p in moved(pens, 0, i * tall * 1.6)]
    return drawings, strokes, pen, tall


def shape_around(strokes: Pens, room: float) -> tuple[int, int]:
    left, top, right, bottom = box_of(strokes)
    return round(bottom - top + 2 * room), round(right - left + 2 * room)


def labels(drawings: Iterable[Drawing]) -> str:
    return "".join(str(d.label) for d in drawings)


def page_of(strokes: Pens, pen: float, shape: tuple[int, int], rng: Generator, paper: bool) -> Picture:
    """On photographed paper, or black on white as a pad has it."""
    if paper:
        return on_paper(strokes, pen, shape, rng)
    return to_image(painted(np.full(shape, 255, np.float32), cover(shape, strokes, pen), 0))
