"""Kinds of pictures by where the digits stand, and how large: in rows and columns, far apart, of different sizes."""

from __future__ import annotations

from numpy.random import Generator

from benchmarks.pictures.strokes import (
    Hand,
    Kind,
    Sample,
    box_of,
    labels,
    middle,
    moved,
    on_paper,
    page_of,
    row_of,
    rows,
    shape_around,
    sized,
)


def paper_row(gap: float, falls: float = 0.25) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(70, 130)
        pen = tall * rng.uniform(0.05, 0.12)
        drawings = hand.some(rng, 4)
        row = [p for pens in row_of(drawings, tall, gap * tall, pen, rng) for p in pens]
        right, bottom = box_of(row)[2:]
        shape = round(max(bottom + 1.2 * tall, 0.5 * right)), round(right + 1.6 * tall)
        picture = on_paper(middle(row, shape), pen, shape, rng, falls)
        return Sample(picture, "".join(str(d.label) for d in drawings))

    return kind


def rows_kind(count: int, long: int, paper: bool) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        drawings, strokes, pen, tall = rows(hand, rng, count, long)
        shape = shape_around(strokes, tall)
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, paper), labels(drawings))

    return kind


def column(hand: Hand, rng: Generator) -> Sample:
    drawings, strokes, pen, tall = rows(hand, rng, 3, 1)
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def far_apart(hand: Hand, rng: Generator) -> Sample:
    """Two numbers on one sheet, one to six heights of paper between them."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, 2)
    others, below, _, _ = rows(hand, rng, 1, 2)
    away = tall * rng.uniform(1, 6)
    across, down = moved(strokes, 0, 0), box_of(strokes)[3] + away
    below = moved([p * (tall / max(box_of(below)[3], 1)) for p in below], away * rng.uniform(-1, 1), down)
    both = [*across, *below]
    shape = shape_around(both, tall)
    return Sample(page_of(middle(both, shape), pen, shape, rng, True), labels([*drawings, *others]))


def small_print(hand: Hand, rng: Generator) -> Sample:
    """Two to four digits 5 to 8 mm high, somewhere on a sheet of A4 at 150 dots an inch."""
    shape, tall = (1754, 1240), rng.uniform(30, 47)
    drawings = hand.some(rng, int(rng.integers(2, 5)))
    pen = tall * rng.uniform(0.08, 0.12)
    strokes = [p for pens in row_of(drawings, tall, 0.3 * tall, pen, rng) for p in pens]
    x, y = rng.uniform(100, 900), rng.uniform(100, 1600)
    return Sample(on_paper(moved(strokes, x, y), pen, shape, rng), labels(drawings))


def sizes(low: float, high: float) -> Kind:
    """Three digits, each this high in pixels, on one line."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        drawings = hand.some(rng, 3)
        strokes, x = [], 0.0
        pen = 6.0
        for drawing in drawings:
            pens = sized(drawing, rng.uniform(low, high))
            _, _, width, height = box_of(pens)
            strokes += moved(pens, x, high - height)
            x += width + rng.uniform(25, 50)
        shape = shape_around(strokes, 50)
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), labels(drawings))

    return kind


def heights(count: int, paper: bool) -> Kind:
    """Rows of two to four digits, some two to four times as high as the others, which stand anywhere beside them."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        large, times = rng.uniform(100, 200), rng.uniform(2, 4)
        small = large / times
        pen = max(3.0, small * rng.uniform(0.07, 0.11))
        text, strokes = "", []
        for row in range(count):
            drawings, x = hand.some(rng, int(rng.integers(2, 5))), rng.uniform(0, 0.2) * large
            lower = rng.permutation(len(drawings)) < rng.integers(1, len(drawings))
            for drawing, low in zip(drawings, lower, strict=True):
                pens = sized(drawing, (small if low else large) * rng.uniform(0.93, 1.07))
                _, _, width, height = box_of(pens)
                strokes += moved(pens, x, 1.45 * large * row + (large - height) * rng.choice([0, 0.5, 1]))
                x += width + pen + small * rng.uniform(0.35, 0.9)
            text += labels(drawings)
        shape = shape_around(strokes, 60)
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, paper), text)

    return kind
