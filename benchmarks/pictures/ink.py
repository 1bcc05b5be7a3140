"""Kinds of pictures whose ink fades or has gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from benchmarks.pictures.strokes import (
    Hand,
    Kind,
    Sample,
    box_of,
    cover,
    dense,
    light,
    middle,
    one,
    page_of,
    painted,
    pen_of,
    seen,
    sized,
    to_image,
)


def faded(share: float, paper: bool) -> Kind:
    """The stroke fades to `share` of its darkness from its beginning to its end."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 320, 320
        text, strokes = one(hand, rng, shape)
        pen = pen_of(strokes, rng)
        points = [dense(s, 1.5) for s in strokes]
        if rng.random() < 0.5:
            points = [p[::-1] for p in points[::-1]]
        total, past = sum(len(p) for p in points), 0
        covered = np.zeros(shape, np.float32)
        for p in points:
            for start in range(0, len(p), 6):
                strength = 1 - (1 - share) * (past + start) / max(total, 1)
                covered = np.maximum(covered, strength * cover(shape, [p[start : start + 8]], pen))
            past += len(p)
        ground, ink = (rng.uniform(215, 240), rng.uniform(30, 60)) if paper else (255.0, 0.0)
        page = painted(np.full(shape, ground, np.float32), covered, ink)
        picture = seen(page * light(shape, rng, 0.1), rng, noise=2) if paper else to_image(page)
        return Sample(picture, text)

    return kind


def broken_five(hand: Hand, rng: Generator) -> Sample:
    """A 5 of two strokes, whose bar is moved away by 4% to 14% of its height."""
    able = [d for d in hand.drawings if d.label == 5 and len(d.strokes) == 2]
    if not able:
        able = [d for d in hand.drawings if d.label == 5]
    strokes = sized(able[int(rng.integers(len(able)))], rng.uniform(120, 200))
    pen = pen_of(strokes, rng, 0.04, 0.1)
    if len(strokes) == 2:
        shorter = int(np.argmin([len(s) for s in strokes]))
        away = rng.uniform(0.04, 0.14) * box_of(strokes)[3] + 0.7 * pen
        strokes[shorter] = strokes[shorter] + np.array(rng.choice([[0.0, -1.0], [1.0, -0.5], [0.8, 0.0]])) * away
    shape = 320, 320
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), "5")


def gap_in(digits: Sequence[int], low: float, high: float) -> Kind:
    """A pen that was lifted: a gap of `low` to `high` of the digit's height somewhere in its line."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        (drawing,) = hand.some(rng, 1, digits)
        strokes = sized(drawing, rng.uniform(120, 200))
        pen, tall = pen_of(strokes, rng, 0.04, 0.1), box_of(strokes)[3]
        longest = int(np.argmax([len(dense(s, 1)) for s in strokes]))
        points = dense(strokes[longest], 1.0)
        gap = round(rng.uniform(low, high) * tall + pen)
        start = int(rng.integers(len(points) // 8, max(len(points) // 8 + 1, 7 * len(points) // 8 - gap)))
        parts = [points[:start], points[start + gap :]]
        strokes = [*strokes[:longest], *(p for p in parts if len(p) > 1), *strokes[longest + 1 :]]
        shape = 320, 320
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), str(drawing.label))

    return kind


def skipping(paper: bool) -> Kind:
    """A thin ballpoint that skips: two or three gaps of 2% to 7% of the digit's height."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        (drawing,) = hand.some(rng, 1)
        tall = rng.uniform(130, 220)
        strokes, pen = sized(drawing, tall), max(2.0, tall * rng.uniform(0.012, 0.03))
        for _ in range(int(rng.integers(2, 4))):
            longest = int(np.argmax([len(dense(s, 1)) for s in strokes]))
            points, gap = dense(strokes[longest], 1.0), round(rng.uniform(0.02, 0.07) * tall + pen)
            start = int(rng.integers(len(points) // 8, max(len(points) // 8 + 1, 7 * len(points) // 8 - gap)))
            parts = [p for p in (points[:start], points[start + gap :]) if len(p) > 1]
            strokes = [*strokes[:longest], *parts, *strokes[longest + 1 :]]
        shape = 340, 340
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, paper), str(drawing.label))

    return kind


def dotted(apart: float) -> Kind:
    """Dots in a row along the stroke, their gaps `apart` of their diameter."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 320, 320
        text, strokes = one(hand, rng, shape, 0.55, 0.75)
        pen = pen_of(strokes, rng, 0.05, 0.09)
        dots = [p[None] for s in strokes for p in dense(s, pen * (1 + apart))]
        return Sample(page_of(dots, pen, shape, rng, False), text)

    return kind
