"""Kinds of pictures by the colours of the ink and the ground, and by pen: ballpoint, marker, pencil, chalk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.pictures.strokes import (
    Colour,
    Hand,
    Kind,
    Sample,
    box_of,
    cover,
    labels,
    light,
    moved,
    one,
    painted,
    pen_of,
    row_of,
    seen,
    shape_around,
    to_image,
)


def coloured(ink: Colour, ground: Colour, paper: bool = False, falls: float = 0.25) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 340, 340
        text, strokes = one(hand, rng, shape)
        page = painted(np.full((*shape, 3), ground, np.float32), cover(shape, strokes, pen_of(strokes, rng)), ink)
        if not paper:
            return Sample(to_image(page), text)
        return Sample(seen(page * light(shape, rng, falls)[:, :, None], rng), text)

    return kind


def pens_kind(inks: Sequence[Colour], others: Sequence[Colour]) -> Kind:
    """Three digits on photographed paper, of two pens, one of these inks and one of the others."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        drawings, tall = hand.some(rng, 3), rng.uniform(80, 130)
        pen = tall * rng.uniform(0.06, 0.11)
        row = row_of(drawings, tall, tall * rng.uniform(0.25, 0.5), pen, rng)
        flat = [p for pens in row for p in pens]
        shape, (left, top, right, bottom) = shape_around(flat, 0.9 * tall), box_of(flat)
        two = inks[int(rng.integers(len(inks)))], others[int(rng.integers(len(others)))]
        page = np.full((*shape, 3), 238, np.float32) + rng.uniform(-8, 8) * np.array([0.2, 0, -0.6], np.float32)
        for pens, which in zip(row, rng.permutation([0, 1, int(rng.integers(2))]), strict=True):
            there = moved(pens, (shape[1] - left - right) / 2, (shape[0] - top - bottom) / 2)
            page = painted(page, cover(shape, there, pen), two[which])
        return Sample(seen(page * light(shape, rng, 0.25)[:, :, None], rng), labels(drawings))

    return kind


def with_pen(low: float, high: float, inks: Sequence[Colour], strength: float = 1.0, squares: bool = False) -> Kind:
    """On photographed paper, with a pen of `low` to `high` of the digit's size."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 480, 560
        text, strokes = one(hand, rng, shape, 0.3, 0.7)
        page = np.full((*shape, 3), 238, np.float32) + rng.normal(0, 1.5, (*shape, 1))
        if squares:
            step, x, y = rng.uniform(26, 44), np.arange(shape[1]), np.arange(shape[0])
            lines = (x[None, :] % step < 1.6) | (y[:, None] % step < 1.6)
            page = np.where(lines[:, :, None], np.array([165, 185, 215]), page)
        covered = cover(shape, strokes, max(2, pen_of(strokes, rng, low, high))) * strength
        if strength < 1:  # graphite skips over the paper's grain
            covered = covered * rng.uniform(0.55, 1, shape).astype(np.float32)
        ink = inks[int(rng.integers(len(inks)))]
        return Sample(seen(painted(page, covered, ink) * light(shape, rng, 0.25)[:, :, None], rng), text)

    return kind


def chalk(hand: Hand, rng: Generator) -> Sample:
    shape = 400, 480
    text, strokes = one(hand, rng, shape, 0.3, 0.7)
    board = np.array([(38, 62, 50), (45, 45, 48), (30, 50, 45)][int(rng.integers(3))], np.float32)
    smears = np.asarray(Image.fromarray(rng.normal(0, 1, (6, 8)).astype(np.float32)).resize(shape[::-1]), np.float32)
    page = board + 6 * smears[:, :, None]
    covered = cover(shape, strokes, pen_of(strokes, rng, 0.05, 0.1)) * rng.uniform(0.5, 1, shape).astype(np.float32)
    return Sample(seen(painted(page, covered, (225, 225, 218)) * light(shape, rng, 0.25)[:, :, None], rng), text)


def light_on_dark(hand: Hand, rng: Generator) -> Sample:
    shape = 400, 480
    text, strokes = one(hand, rng, shape, 0.3, 0.7)
    page = np.full(shape, rng.uniform(40, 80), np.float32)
    page = painted(page, cover(shape, strokes, pen_of(strokes, rng)), rng.uniform(190, 240))
    return Sample(seen(page * light(shape, rng, 0.25), rng), text)
