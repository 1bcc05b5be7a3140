"""Kinds of pictures with signs among the digits, as a person writes them: each a rule that composes one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from benchmarks.pictures.strokes import (
    Hand,
    Kind,
    Sample,
    box_of,
    labels,
    middle,
    moved,
    page_of,
    row_of,
    rows,
    shape_around,
    sized,
)


def decimal(hand: Hand, rng: Generator) -> Sample:
    tall = rng.uniform(60, 100)
    pen = tall * rng.uniform(0.06, 0.11)
    drawings = hand.some(rng, 3)
    first, *rest = row_of(drawings, tall, 0.3 * tall, pen, rng)
    point = np.array([[box_of(first)[2] + 0.15 * tall + pen, tall]])
    strokes = [*first, point + 0.3, *(p for pens in rest for p in moved(pens, 0.25 * tall, 0)), point]
    shape = shape_around(strokes, tall)
    text = labels(drawings[:1]) + "." + labels(drawings[1:])
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), text)


def prices(paper: bool) -> Kind:
    """Four prices in a column, the point of each under the one before; on paper they are a receipt's, and small."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(24, 36) if paper else rng.uniform(50, 80)
        pen = tall * rng.uniform(0.06, 0.1)
        text, strokes = "", []
        for i in range(4):
            drawings = hand.some(rng, int(rng.integers(3, 5)))
            row = row_of(drawings, tall, 0.3 * tall, pen, rng)
            end = box_of(row[-3])[2]  # of what stands before the point
            at, down = end + 0.2 * tall + pen, 1.7 * tall * i
            strokes += [p for pens in row[:-2] for p in moved(pens, -at, down)]
            strokes += [np.array([[0.0, tall + down], [0.3, tall + down]])]
            strokes += [p for pens in row[-2:] for p in moved(pens, 0.25 * tall - at, down)]
            text += labels(drawings[:-2]) + "." + labels(drawings[-2:])
        shape = (round(12 * tall), round(14 * tall)) if paper else shape_around(strokes, tall)
        return Sample(page_of(middle(strokes, shape), pen, shape, rng, paper), text)

    return kind


def exponent(hand: Hand, rng: Generator) -> Sample:
    tall = rng.uniform(80, 120)
    pen = tall * rng.uniform(0.05, 0.08)
    drawings = hand.some(rng, 2)
    (base,) = row_of(drawings[:1], tall, 0, pen, rng)
    small = sized(drawings[1], tall * rng.uniform(0.4, 0.5))
    right, top = box_of(base)[2], box_of(base)[1]
    strokes = [*base, *moved(small, right + pen + tall * rng.uniform(0.05, 0.2), top - tall * rng.uniform(0.05, 0.2))]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), labels(drawings))


def minus(hand: Hand, rng: Generator) -> Sample:
    drawings, strokes, pen, tall = rows(hand, rng, 1, 2)
    left, _, _, bottom = box_of(strokes)
    x, y = left - tall * rng.uniform(0.2, 0.4) - pen, bottom - tall * rng.uniform(0.4, 0.6)
    strokes = [*strokes, np.array([(x - tall * rng.uniform(0.3, 0.5), y), (x, y + rng.uniform(-3, 3))])]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), "-" + labels(drawings))


def slashed(form: Sequence[tuple[int, int]], high: tuple[float, float], paper: bool) -> Kind:
    """Numbers with slashes between them, `high` times as high as the digits.

    Args:
        form: how many digits at least and at most, for each number.
    """

    def kind(hand: Hand, rng: Generator) -> Sample:
        counts = [int(rng.integers(low, most + 1)) for low, most in form]
        tall = rng.uniform(50, 100)
        pen, gap = tall * rng.uniform(0.05, 0.11), tall * rng.uniform(0.15, 0.3)
        rise, lean = tall * (rng.uniform(*high) - 1), rng.uniform(0.25, 0.6)
        drawings = hand.some(rng, sum(counts))
        row, text, x, at = [], "", 0.0, 0
        for i, count in enumerate(counts):
            if i:
                across = lean * (tall + rise) * rng.uniform(0.9, 1.1)
                text += "/"
                row.append(np.array([(x, tall + rise / 2), (x + across, -rise / 2)]))
                x += across + gap + pen
            for pens in row_of(drawings[at : at + count], tall, gap, pen, rng):
                row += moved(pens, x, 0)
            x = box_of(row)[2] + gap + pen
            text += labels(drawings[at : at + count])
            at += count
        shape = shape_around(row, tall)
        return Sample(page_of(middle(row, shape), pen, shape, rng, paper), text)

    return kind


def bracketed(opening: bool, paper: bool) -> Kind:
    """One or two digits before a bracket, as tasks are numbered, or between two, as accounts have negative ones."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(50, 100)
        pen, gap = tall * rng.uniform(0.05, 0.11), tall * rng.uniform(0.15, 0.3)
        drawings = hand.some(rng, int(rng.integers(1, 3)))
        row = [p for pens in row_of(drawings, tall, gap, pen, rng) for p in pens]
        left, _, right, _ = box_of(row)
        high, bow, lean = tall * rng.uniform(1.0, 1.5), rng.uniform(0.12, 0.28), rng.uniform(-0.1, 0.15)
        down, apart = (tall - high) / 2 + tall * rng.uniform(-0.05, 0.15), gap * rng.uniform(0.4, 1) + pen
        curves = [arc(high, bow * rng.uniform(0.8, 1.2), lean, rng) for _ in range(1 + opening)]
        row += moved([curves[0]], right + apart - curves[0][:, 0].min(), down)
        if opening:
            before = curves[1] * (-1, 1)
            row += moved([before], left - apart - before[:, 0].max(), down)
        shape = shape_around(row, tall)
        text = f"({labels(drawings)})" if opening else f"{labels(drawings)})"
        return Sample(page_of(middle(row, shape), pen, shape, rng, paper), text)

    return kind


def arc(high: float, bow: float, lean: float, rng: Generator) -> np.ndarray:
    """A closing bracket's points, (n, 2): as a hand draws it, with its widest place not quite in the middle."""
    t = np.linspace(0, 1, 14)
    bent = t ** rng.uniform(0.8, 1.25)
    x = high * (bow * (1 - (2 * bent - 1) ** 2) - lean * t)
    return np.stack([x, high * t], axis=1) + rng.normal(0, 0.006 * high, (14, 2))


def percentage(paper: bool) -> Kind:
    """One or two digits and a percent sign: two small rings and a slash between them."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(50, 100)
        pen, gap = tall * rng.uniform(0.04, 0.09), tall * rng.uniform(0.15, 0.3)
        drawings = hand.some(rng, int(rng.integers(1, 3)))
        row = [p for pens in row_of(drawings, tall, gap, pen, rng) for p in pens]
        high, lean, size = tall * rng.uniform(0.85, 1.15), rng.uniform(0.35, 0.75), tall * rng.uniform(0.28, 0.45)
        x, y = box_of(row)[2] + gap + pen, (tall - high) / 2
        apart = 0.12 * tall + pen
        across = lean * high
        first = ring(size, rng)
        second = ring(size * rng.uniform(0.85, 1.15), rng)
        slash = np.array([(x + size + apart + across / 4, y), (x + size + apart - across * 3 / 4, y + high)])
        slash += (max(0.0, x + size * 0.4 - slash[1, 0]), 0)
        low = slash[:, 0].mean() + apart + rng.uniform(0, 0.1) * tall
        row += [*moved([first], x, y + rng.uniform(0, 0.08) * tall), slash, *moved([second], low, y + high - size)]
        shape = shape_around(row, tall)
        return Sample(page_of(middle(row, shape), pen, shape, rng, paper), labels(drawings) + "%")

    return kind


def temperature(paper: bool) -> Kind:
    """One or two digits and a degree sign: a ring a fifth to a third as high, beside the top of the last one."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(50, 100)
        pen, gap = tall * rng.uniform(0.04, 0.08), tall * rng.uniform(0.15, 0.3)
        drawings = hand.some(rng, int(rng.integers(1, 3)))
        row = [p for pens in row_of(drawings, tall, gap, pen, rng) for p in pens]
        _, top, right, _ = box_of(row)
        sign = ring(tall * rng.uniform(0.18, 0.3), rng)
        row += moved([sign], right + pen + tall * rng.uniform(0.04, 0.2), top + tall * rng.uniform(-0.1, 0.05))
        shape = shape_around(row, tall)
        return Sample(page_of(middle(row, shape), pen, shape, rng, paper), labels(drawings))

    return kind


def ring(size: float, rng: Generator) -> np.ndarray:
    """A small circle's points, (n, 2), which need not close quite."""
    begin, turn = rng.uniform(0, 2 * np.pi), 2 * np.pi * rng.uniform(0.97, 1.05)
    angle = begin + np.linspace(0, turn, 16)
    wide = rng.uniform(0.8, 1.1)
    return size / 2 * np.stack([wide * (1 + np.cos(angle)), 1 + np.sin(angle)], axis=1)


def equation(signs: str, paper: bool) -> Kind:
    """Two numbers of one or two digits, one of these signs between them, an equals sign and another number."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        tall = rng.uniform(50, 90)
        pen, gap = tall * rng.uniform(0.05, 0.1), tall * rng.uniform(0.2, 0.5)
        row, text, x = [], "", 0.0
        for sign in (str(rng.choice([*signs])), "=", ""):
            drawings = hand.some(rng, int(rng.integers(1, 3)))
            for pens in row_of(drawings, tall, 0.2 * tall, pen, rng):
                row += moved(pens, x, 0)
            text += labels(drawings) + sign
            if not sign:
                break
            size = tall * rng.uniform(0.4, 0.7)
            at, down = box_of(row)[2] + gap + pen, (tall - size) / 2 + tall * rng.uniform(-0.05, 0.1)
            row += moved(sign_strokes(sign, size, rng), at, down)
            x = box_of(row)[2] + gap + pen
        shape = shape_around(row, tall)
        return Sample(page_of(middle(row, shape), pen, shape, rng, paper), text)

    return kind


def sign_strokes(sign: str, size: float, rng: Generator) -> list[np.ndarray]:
    """The strokes of +, ×, - or =, each (2, 2), in a square of `size`, as a hand draws them."""
    ends: dict[str, list[list[tuple[float, float]]]] = {
        "+": [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
        "×": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
        "-": [[(0, 0.5), (1, 0.5)]],
        "=": [[(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]],
    }
    wide = rng.uniform(0.8, 1.1)
    strokes = [(np.array(points) + rng.normal(0, 0.05, (2, 2))) * (wide, 1) * size for points in ends[sign]]
    left, _, _, _ = box_of(strokes)
    return moved(strokes, -left, 0)
