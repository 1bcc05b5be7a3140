"""Kinds of pictures with lines beside the digits, printed or drawn: boxes, grids, rings, combs, bars."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

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
    page_of,
    painted,
    rows,
    seen,
    shape_around,
    sized,
    to_image,
)


def boxes_kind(paper: bool) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        tall, count = rng.uniform(60, 100), 4
        pen = tall * rng.uniform(0.05, 0.11)
        side, high = tall * rng.uniform(1.25, 1.6), tall * rng.uniform(1.35, 1.7)
        apart = rng.choice([0.0, 0.25]) * tall
        drawings = hand.some(rng, count)
        strokes, printed = [], []
        for i, drawing in enumerate(drawings):
            pens = sized(drawing, tall * rng.uniform(0.8, 1.0))
            width, height = box_of(pens)[2:]
            if width > side - 2.5 * pen:
                pens = [p * ((side - 2.5 * pen) / width) for p in pens]
                width, height = box_of(pens)[2:]
            left = i * (side + apart)
            strokes += moved(pens, left + (side - width) / 2, (high - height) / 2)
            printed.append(np.array([(left, 0), (left + side, 0), (left + side, high), (left, high), (left, 0)]))
        shape = round(high + 1.6 * tall), round(count * (side + apart) - apart + 1.6 * tall)
        strokes, printed = moved(strokes, 0.8 * tall, 0.8 * tall), moved(printed, 0.8 * tall, 0.8 * tall)
        line = max(1.0, tall * rng.uniform(0.015, 0.03))
        ground = np.full(shape, rng.uniform(205, 240) if paper else 255, np.float32)
        page = painted(ground, cover(shape, printed, line), rng.uniform(60, 150) if paper else rng.choice([0, 128]))
        page = painted(page, cover(shape, strokes, pen), rng.uniform(30, 70) if paper else 0)
        picture = seen(page * light(shape, rng, 0.25), rng) if paper else to_image(page)
        return Sample(picture, labels(drawings))

    return kind


def grid(full: float, paper: bool) -> Kind:
    """A Sudoku whose cells hold a digit in so many of a hundred cases; every third line is thicker."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        cell, room, side = 52, 40, 9 * 52
        pen = cell * rng.uniform(0.05, 0.09)
        text, strokes = "", []
        for place in range(81):
            (drawing,) = hand.some(rng, 1, range(1, 10))
            if rng.random() >= full and place != 40:
                continue
            pens = sized(drawing, cell * rng.uniform(0.5, 0.65))
            width, height = box_of(pens)[2:]
            corner = cell * (place % 9) + (cell - width) / 2, cell * (place // 9) + (cell - height) / 2
            strokes += moved(pens, room + corner[0], room + corner[1])
            text += str(drawing.label)
        shape = side + 2 * room, side + 2 * room
        page = np.full(shape, 225 if paper else 255, np.float32)
        for i in range(10):
            ends = np.array([(room, room + cell * i), (room + side, room + cell * i)])
            page = painted(page, cover(shape, [ends, ends[:, ::-1]], 1.5 if i % 3 else 4), 50 if paper else 0)
        page = painted(page, cover(shape, strokes, pen), 45 if paper else 0)
        return Sample(seen(page * light(shape, rng, 0.2), rng) if paper else to_image(page), text)

    return kind


def comb(hand: Hand, rng: Generator) -> Sample:
    """A form's line with short walls, and a digit between each two."""
    tall, count = rng.uniform(60, 100), 4
    side, wall = tall * rng.uniform(1.2, 1.5), tall * rng.uniform(0.4, 0.7)
    drawings, strokes = hand.some(rng, count), []
    for i, drawing in enumerate(drawings):
        pens = sized(drawing, tall * rng.uniform(0.85, 1.0))
        width, height = box_of(pens)[2:]
        pens = [p * min(1, 0.8 * side / width) for p in pens]
        width, height = box_of(pens)[2:]
        strokes += moved(pens, i * side + (side - width) / 2, 0.88 * tall - height)
    line = [np.array([(0, tall), (count * side, tall)])]
    line += [np.array([(i * side, tall - wall), (i * side, tall)]) for i in range(count + 1)]
    room, pen = 0.7 * tall, tall * rng.uniform(0.05, 0.08)
    shape = round(1.5 * tall + 2 * room), round(count * side + 2 * room)
    page = painted(np.full(shape, 235, np.float32), cover(shape, moved(line, room, room), 0.025 * tall), 70)
    page = painted(page, cover(shape, moved(strokes, room, room), pen), 40)
    return Sample(seen(page * light(shape, rng, 0.15), rng, noise=2.0), labels(drawings))


def dotted_line(hand: Hand, rng: Generator) -> Sample:
    """On a form's line of dots, which reaches further on both sides."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(3, 6)))
    left, _, right, bottom = box_of(strokes)
    size = tall * rng.uniform(0.03, 0.06)
    step, y = size * rng.uniform(2, 3.5), bottom + pen + tall * rng.uniform(0, 0.1)
    dots = [np.array([(x, y)]) for x in np.arange(left - tall, right + 2 * tall, step)]
    shape, paper = shape_around([*strokes, *dots], tall), rng.random() < 0.3
    both = middle([*strokes, *dots], shape)
    page = painted(np.full(shape, 235 if paper else 255, np.float32), cover(shape, both[len(strokes) :], size), 40)
    page = painted(page, cover(shape, both[: len(strokes)], pen), 40 if paper else 0)
    return Sample(seen(page * light(shape, rng, 0.2), rng) if paper else to_image(page), labels(drawings))


def underlined(hand: Hand, rng: Generator) -> Sample:
    drawings, strokes, pen, tall = rows(hand, rng, 1, 3)
    left, _, right, bottom = box_of(strokes)
    y = bottom + pen + tall * rng.uniform(0.1, 0.25)
    line = np.array([(left - 0.1 * tall, y), (right + 0.1 * tall, y + rng.uniform(-0.03, 0.03) * (right - left))])
    strokes = [*strokes, line]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def touching_line(hand: Hand, rng: Generator) -> Sample:
    """Underlined so closely that most feet touch the line."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(3, 5)))
    left, _, right, bottom = box_of(strokes)
    y, reach = bottom + pen * rng.uniform(0, 0.9), tall * rng.uniform(0.15, 0.3, 2)
    line = np.array([(left - reach[0], y), (right + reach[1], y + rng.uniform(-0.02, 0.02) * (right - left))])
    strokes = [*strokes, line]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def open_ring(hand: Hand, rng: Generator) -> Sample:
    """Around one digit or two, with a gap of 20 to 45 degrees."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 3)))
    left, top, right, bottom = box_of(strokes)
    gap, turn = np.radians(rng.uniform(20, 45)), rng.uniform(0, 2 * np.pi)
    angles = turn + np.linspace(gap / 2, 2 * np.pi - gap / 2, 80)
    wide, high = (0.5 * side * rng.uniform(1.5, 1.7) + 0.15 * tall for side in (right - left, bottom - top))
    wide = max(wide, high * rng.uniform(0.8, 1.0))  # a circle rather than a 0
    ring = np.column_stack([(left + right) / 2 + wide * np.cos(angles), (top + bottom) / 2 + high * np.sin(angles)])
    strokes = [*strokes, ring]
    shape = shape_around(strokes, 0.5 * tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, False), labels(drawings))


def rings(hand: Hand, rng: Generator) -> Sample:
    """A ring around each of three digits; the gap of one is 75 to 105 degrees wide."""
    tall = rng.uniform(60, 100)
    pen, side = tall * rng.uniform(0.05, 0.09), 2.2 * tall
    drawings, wide, strokes = hand.some(rng, 3), int(rng.integers(3)), []
    for i, drawing in enumerate(drawings):
        pens = sized(drawing, tall * rng.uniform(0.9, 1))
        left, top, right, bottom = box_of(pens)
        strokes += moved(pens, i * side - (left + right) / 2, -(top + bottom) / 2)
        gap, turn = np.radians(rng.uniform(75, 105) if i == wide else 0), rng.uniform(0, 2 * np.pi)
        angles = turn + np.linspace(gap / 2, 2 * np.pi - gap / 2, 80)
        size = tall * rng.uniform(0.85, 0.95, 2)
        strokes.append(np.column_stack([i * side + size[0] * np.cos(angles), size[1] * np.sin(angles)]))
    shape = shape_around(strokes, 0.5 * tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def divided(hand: Hand, rng: Generator) -> Sample:
    """Two columns of two or three numbers, and a line drawn down between them."""
    count = int(rng.integers(2, 4))
    left, strokes, pen, tall = rows(hand, rng, count, 2)
    right, others, _, high = rows(hand, rng, count, 2)
    middle_x = box_of(strokes)[2] + tall * rng.uniform(0.5, 1)
    others = moved([p * (tall / high) for p in others], middle_x + tall * rng.uniform(0.5, 1), 0)
    bottom = box_of(strokes)[3]
    line = np.array([(middle_x, -0.3 * tall), (middle_x + rng.uniform(-0.03, 0.03) * bottom, bottom + 0.3 * tall)])
    text = "".join(labels([*left[2 * i : 2 * i + 2], *right[2 * i : 2 * i + 2]]) for i in range(count))
    strokes = [*strokes, *others, line]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), text)


def beside_frame(hand: Hand, rng: Generator) -> Sample:
    """A number at the left of an empty rectangle, three to five times as high."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 3)))
    high, right = tall * rng.uniform(3, 5), box_of(strokes)[2]
    wide, left = high * rng.uniform(0.9, 1.6), right + tall * rng.uniform(0.4, 1)
    top = tall / 2 - high * rng.uniform(0.3, 0.7)
    corners = np.array([(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)])
    corners += rng.uniform(-0.03, 0.03, (4, 2)) * tall
    strokes = [*strokes, np.array([*corners, corners[0]])]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def open_grid(paper: bool) -> Kind:
    """Digits in most cells of a grid that somebody drew: lines across one another, and nothing around them."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        down, along = [(3, 3), (3, 3), (2, 3), (3, 2), (2, 4), (4, 3)][int(rng.integers(6))]
        high, wide = rng.uniform(85, 125), rng.uniform(90, 140)
        shape, text = (round(down * high + 60), round(along * wide + 60)), ""

        def line(x: float, y: float, right: float, low: float) -> np.ndarray:
            """From about one place to about another, and a little bent."""
            share = np.linspace(0, 1, 25)[:, None]
            ends = np.array([(x, y), (right, low)]) + rng.uniform(-4, 4, (2, 2))
            bend = np.sin(np.pi * share) * rng.normal(0, 3, 2) + np.sin(2 * np.pi * share) * rng.normal(0, 2, 2)
            found: np.ndarray = ends[0] + share * (ends[1] - ends[0]) + bend
            return found

        strokes = [line(30 + i * wide, 30, 30 + i * wide, 30 + down * high) for i in range(1, along)]
        strokes += [line(30, 30 + i * high, 30 + along * wide, 30 + i * high) for i in range(1, down)]
        filled = rng.random(down * along) < 0.7
        filled[rng.integers(down * along)] = True
        for cell in np.flatnonzero(filled):
            (drawing,) = hand.some(rng, 1)
            pens = sized(drawing, high * rng.uniform(0.45, 0.6))
            width, height = box_of(pens)[2:]
            x, y = 30 + (cell % along) * wide + (wide - width) / 2, 30 + (cell // along) * high + (high - height) / 2
            strokes += moved(pens, x, y)
            text += str(drawing.label)
        return Sample(page_of(strokes, high * 0.05, shape, rng, paper), text)

    return kind


def bars(paper: bool) -> Kind:
    """Six bars or more side by side, as of a fence or a barcode, which are no digits."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        high = rng.uniform(90, 160)
        thick, count = high * rng.uniform(0.06, 0.15), int(rng.integers(6, 14))
        widths, gaps = thick * rng.choice([1, 1, 2], count), thick * rng.uniform(1, 2.5, count)
        lefts = 60 + np.concatenate([[0], np.cumsum(widths + gaps)])
        shape = round(high + 120), round(lefts[-1] + 60)
        covered = np.zeros(shape, np.float32)
        for left, width in zip(lefts, widths, strict=False):
            covered[60 : 60 + round(high), round(left) : round(left + width)] = 1
        if not paper:
            return Sample(to_image(255 * (1 - covered)), "")
        page = painted(np.full(shape, rng.uniform(205, 240), np.float32), covered, rng.uniform(30, 80))
        return Sample(seen(page * light(shape, rng, 0.25), rng), "")

    return kind
