"""Kinds of pictures by what the digits stand on: shaded, squared or patterned ground, a plate, a display."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from benchmarks.pictures.strokes import (
    Hand,
    Kind,
    Sample,
    box_of,
    cover,
    labels,
    light,
    middle,
    moved,
    one,
    painted,
    pen_of,
    rows,
    seen,
    shape_around,
    to_image,
)


def behind_blinds(hand: Hand, rng: Generator) -> Sample:
    """Two rows on paper where a blind's slats throw soft stripes of shadow, each narrower than a digit is high."""
    drawings, strokes, pen, tall = rows(hand, rng, 2, 4)
    shape = shape_around(strokes, tall)
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = (y + rng.uniform(0.2, 0.5) * x) / (tall * rng.uniform(0.55, 1.1))
    stripes = 0.5 + 0.5 * (3 * np.sin(2 * np.pi * across)).clip(-1, 1)
    page = np.full(shape, rng.uniform(205, 240), np.float32)
    page = painted(page, cover(shape, middle(strokes, shape), pen), rng.uniform(30, 80))
    return Sample(seen(page * (1 - 0.35 * stripes) * light(shape, rng, 0.25), rng), labels(drawings))


def pencil_on_squares(hand: Hand, rng: Generator) -> Sample:
    """Two rows of pale pencil, little darker than the fine squares that are printed on the sheet."""
    drawings, strokes, _, tall = rows(hand, rng, 2, 4)
    shape = 600, 900
    step, corner = rng.uniform(0.25, 0.6) * tall, rng.uniform(2, 15, 2)
    lines = [np.array([(0, y), (shape[1], y)]) for y in np.arange(corner[1], shape[0], step)]
    lines += [np.array([(x, 0), (x, shape[0])]) for x in np.arange(corner[0], shape[1], step)]
    page = painted(np.full(shape, 246, np.float32), cover(shape, lines, 1.4), 185)
    page = painted(page, 0.7 * cover(shape, middle(strokes, shape), 0.05 * tall), 120)
    return Sample(seen(page * light(shape, rng, 0.35), rng, noise=2.0), labels(drawings))


def pattern_beside(grain: bool) -> Kind:
    """Paper on a table's grain, or on patterned cloth, which shows at one to four sides."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 420, 560
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        if grain:
            bend = 8 * np.sin(x / rng.uniform(60, 140) + rng.uniform(0, 6))
            ground = rng.uniform(90, 150) + 35 * np.sin((y + bend) / rng.uniform(3, 9)) + 12 * np.sin((y + bend) / 23)
        else:
            step = rng.uniform(18, 40)
            checks = (
                ((x // step + y // step) % 2) if rng.random() < 0.5 else ((x % step < step / 3) | (y % step < step / 3))
            )
            ground = rng.uniform(50, 100) + rng.uniform(60, 110) * checks
        inset = np.where(rng.permutation(4) < rng.integers(1, 5), rng.integers(30, 90, 4), -10)
        slant = rng.uniform(-0.06, 0.06)
        u, v = x - slant * (y - shape[0] / 2), y + slant * (x - shape[1] / 2)
        paper = (u > inset[0]) & (u < shape[1] - inset[1]) & (v > inset[2]) & (v < shape[0] - inset[3])
        area = shape[0] - 2 * 95, shape[1] - 2 * 110
        text, strokes = one(hand, rng, area, 0.5, 0.9)
        strokes = moved(strokes, 110, 95)
        page = np.where(paper, rng.uniform(205, 240), ground)
        page = painted(page, cover(shape, strokes, pen_of(strokes, rng)), rng.uniform(25, 70))
        return Sample(seen(page * light(shape, rng, 0.2), rng), text)

    return kind


def plate(frame: bool) -> Kind:
    """A photographed house number: light strokes on a dark plate, on a lighter wall with grain."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 4)))
        shape = shape_around(strokes, tall * rng.uniform(1.4, 2.2))
        strokes = middle(strokes, shape)
        left, top, right, bottom = box_of(strokes)
        wall = np.asarray(Image.fromarray(rng.normal(0, 1, (9, 12)).astype(np.float32)).resize(shape[::-1]), np.float32)
        page = to_image(rng.uniform(130, 215) + 6 * wall + rng.normal(0, 4, shape))
        draw, rim = ImageDraw.Draw(page), tall * rng.uniform(0.45, 0.7)
        corners = left - rim, top - rim, right + rim, bottom + rim
        dark, bright, bend = int(rng.integers(20, 60)), int(rng.integers(215, 250)), tall * rng.choice([0, 0.2])
        draw.rounded_rectangle(corners, bend, fill=dark)
        if frame:
            draw.rounded_rectangle([c + s * 0.2 * rim for c, s in zip(corners, (1, 1, -1, -1), strict=True)], bend,
                                   outline=bright, width=max(2, round(0.04 * tall)))  # fmt: skip
        pixels = painted(np.asarray(page, np.float32), cover(shape, strokes, max(pen, 0.08 * tall)), bright)
        return Sample(seen(pixels * light(shape, rng, 0.25), rng), labels(drawings))

    return kind


SEGMENTS = {"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2),
            "f": (0, 0, 0, 1), "g": (0, 1, 1, 1)}  # fmt: skip
LIT = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcfgd"]


def display(paper: bool) -> Kind:
    """Two to four digits of seven bars each that do not quite touch, dark on light or light on dark."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        count, wide = int(rng.integers(2, 5)), 60.0
        thick, apart, lean = wide * rng.uniform(0.12, 0.22), rng.uniform(1.5, 4), rng.uniform(0, 0.15)
        text, image = "", Image.new("L", (2 * round(count * 105 + 60), 2 * 190), 0)
        for i in range(count):
            digit = int(rng.integers(10))
            text += str(digit)
            for name in LIT[digit]:
                x0, y0, x1, y1 = (wide * value for value in SEGMENTS[name])
                along = np.array([x1 - x0, y1 - y0]) / wide
                ends = np.array([(x0, y0), (x1, y1)]) + np.array([[1], [-1]]) * along * apart
                ends += np.array([45 + 105 * i, 35])
                ends[:, 0] += lean * (95 - ends[:, 1])
                side = np.array([-along[1], along[0]]) * thick / 2
                inner = ends + np.array([[1], [-1]]) * (ends[1] - ends[0]) * thick / 2 / wide  # pointed, as they are
                corners = np.array([ends[0], *(inner + side), ends[1], *(inner - side)[::-1]])
                ImageDraw.Draw(image).polygon([(2 * x, 2 * y) for x, y in corners], fill=255)
        covered = np.asarray(image.reduce(2), np.float32) / 255
        ground, ink = (
            (rng.uniform(150, 220), rng.uniform(20, 60)) if rng.random() < 0.5 else (20.0, rng.uniform(170, 250))
        )
        page = painted(np.full(covered.shape, ground, np.float32), covered, ink)
        return Sample(seen(page * light(covered.shape, rng, 0.2), rng) if paper else to_image(page), text)

    return kind
