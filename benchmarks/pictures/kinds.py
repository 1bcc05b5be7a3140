"""The kinds of pictures that people send besides one clean digit, each a rule that composes one."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from benchmarks.pictures.signs import bracketed, decimal, exponent, minus, percentage, prices, slashed
from benchmarks.pictures.strokes import (
    Colour,
    Hand,
    Kind,
    Sample,
    box_of,
    cover,
    dense,
    labels,
    light,
    middle,
    moved,
    on_paper,
    one,
    page_of,
    painted,
    pen_of,
    row_of,
    rows,
    seen,
    shape_around,
    sized,
    to_image,
)

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


# --------------------------------------------------------------------------------------------------
# Paper


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


# --------------------------------------------------------------------------------------------------
# Plates and displays


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


# --------------------------------------------------------------------------------------------------
# Borders


def at_border(hand: Hand, rng: Generator, falls: float, apart: float = 0.0) -> Sample:
    shape = 400, 480
    text, strokes = one(hand, rng, shape, 0.4, 0.7)
    pen = pen_of(strokes, rng)
    left, top, right, bottom = box_of(strokes)
    side, inside = int(rng.integers(4)), pen / 2 + apart - (0 if apart else 0.25 * pen)
    x = (inside - left, shape[1] - inside - right, 0, 0)[side]
    y = (0, 0, inside - top, shape[0] - inside - bottom)[side]
    return Sample(on_paper(moved(strokes, x, y), pen, shape, rng, falls), text)


def at_borders(hand: Hand, rng: Generator) -> Sample:
    """A row on paper, cropped so close that half of the pen is lost wherever a digit ends."""
    tall = rng.uniform(120, 200)
    pen = tall * rng.uniform(0.04, 0.08)
    drawings = hand.some(rng, int(rng.integers(2, 5)))
    strokes = [p for pens in row_of(drawings, tall, 0.25 * tall, pen, rng) for p in pens]
    _, top, right, bottom = box_of(strokes)
    shape = round(bottom - top), round(right)
    return Sample(on_paper(moved(strokes, 0, -top), pen, shape, rng, 0.15), labels(drawings))


def tall_one(paper: bool) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 360, int(rng.integers(240, 480))
        share, slant = rng.uniform(0.96, 1.0), rng.uniform(-0.04, 0.12)
        x, pen = shape[1] * rng.uniform(0.3, 0.7), rng.uniform(8, 26)
        rest = (1 - share) * shape[0]
        top = rest * rng.uniform(0.2, 0.8) + pen / 2
        bottom = top + share * shape[0] - pen
        lean = slant * shape[0] / 2
        stroke = np.linspace((x + lean, top), (x - lean, bottom), 12) + rng.normal(0, 0.8, (12, 1)) * (1, 0)
        return Sample(page_of([stroke], pen, shape, rng, paper), "1")

    return kind


# --------------------------------------------------------------------------------------------------
# Frames, bars and patches on clean pictures


def pad_picture(hand: Hand, rng: Generator, shape: tuple[int, int] = (280, 280)) -> tuple[str, np.ndarray]:
    text, strokes = one(hand, rng, shape)
    return text, painted(np.full(shape, 255, np.float32), cover(shape, strokes, pen_of(strokes, rng)), 0)


def framed(hand: Hand, rng: Generator) -> Sample:
    text, page = pad_picture(hand, rng)
    line, grey = int(rng.integers(1, 7)), rng.choice([0, 60, 120, 180])
    dark = rng.random() < 0.25
    page = 255 - page if dark else page
    return Sample(to_image(np.pad(page, line, constant_values=255 - grey if dark else grey)), text)


def framed_apart(hand: Hand, rng: Generator) -> Sample:
    """The line is round the pad, and the page goes on outside."""
    text, page = pad_picture(hand, rng)
    framed = np.pad(page, int(rng.integers(1, 7)), constant_values=rng.choice([0, 60, 120, 180]))
    return Sample(to_image(np.pad(framed, rng.integers(4, 60, (2, 2)), constant_values=255)), text)


def letterboxed(hand: Hand, rng: Generator) -> Sample:
    text, page = pad_picture(hand, rng)
    bar, across = rng.integers(20, 160, 2), rng.random() < 0.5
    width = [tuple(bar), (0, 0)] if across else [(0, 0), tuple(bar)]
    return Sample(to_image(np.pad(page, width, constant_values=rng.choice([0, 20, 40]))), text)


def dark_pad(hand: Hand, rng: Generator) -> Sample:
    text, page = pad_picture(hand, rng)
    dark = 255 - page * rng.uniform(0.8, 1.0)
    return Sample(to_image(np.pad(dark, rng.integers(15, 120, (2, 2)), constant_values=255)), text)


def scan_edge(sides: int) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        text, page = pad_picture(hand, rng, (400, 320))
        for side in rng.permutation(4)[:sides]:
            thick, slant = rng.uniform(3, 22), rng.uniform(0, 6)
            edge = thick + np.linspace(0, slant, page.shape[side % 2]) + rng.normal(0, 0.5, page.shape[side % 2])
            turned = np.rot90(page, side)
            edge = edge if turned.shape[1] == len(edge) else thick + np.linspace(0, slant, turned.shape[1])
            turned = np.where(np.arange(turned.shape[0])[:, None] < edge, 12, turned)
            page = np.rot90(turned, -side)
        return Sample(to_image(page + rng.normal(0, 1, page.shape)) if rng.random() < 0.5 else to_image(page), text)

    return kind


def patch(hand: Hand, rng: Generator) -> Sample:
    """A photo of grey paper, pasted on a white square."""
    shape = (int(rng.integers(220, 400)), int(rng.integers(220, 400)))
    text, strokes = one(hand, rng, shape)
    page = np.full(shape, rng.uniform(215, 237), np.float32)
    page = painted(page, cover(shape, strokes, pen_of(strokes, rng)), rng.uniform(20, 70))
    page = page * light(shape, rng, rng.uniform(0, 0.06)) + rng.normal(0, rng.uniform(0.5, 2), shape)
    side = max(shape) + int(rng.integers(0, 80))
    canvas = np.full((side, side), 255, np.float32)
    y, x = (side - shape[0]) // 2, (side - shape[1]) // 2
    canvas[y : y + shape[0], x : x + shape[1]] = page.clip(0, 255)
    return Sample(to_image(canvas), text)


def window(hand: Hand, rng: Generator) -> Sample:
    """A screenshot: a window's title bar with its buttons over the white ground."""
    text, page = pad_picture(hand, rng, (int(rng.integers(260, 420)), int(rng.integers(300, 520))))
    bar = int(rng.integers(22, 40))
    wide = page.shape[1]
    shot = np.repeat(
        np.concatenate([np.full((bar, wide), rng.choice([40, 90, 200, 222])), page])[:, :, None], 3, axis=2
    )
    image = to_image(shot)
    draw = ImageDraw.Draw(image)
    for i, colour in enumerate([(255, 95, 86), (255, 189, 46), (39, 201, 63)]):
        x = 14 + 20 * i
        draw.ellipse((x - 6, bar / 2 - 6, x + 6, bar / 2 + 6), fill=colour)
    draw.text((wide / 2 - 20, bar / 2 - 6), "drawing", fill=BLACK if shot[0, 0, 0] > 128 else WHITE)
    return Sample(image, text)


# --------------------------------------------------------------------------------------------------
# Ink


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


# --------------------------------------------------------------------------------------------------
# Layouts


def column(hand: Hand, rng: Generator) -> Sample:
    drawings, strokes, pen, tall = rows(hand, rng, 3, 1)
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


def underlined(hand: Hand, rng: Generator) -> Sample:
    drawings, strokes, pen, tall = rows(hand, rng, 1, 3)
    left, _, right, bottom = box_of(strokes)
    y = bottom + pen + tall * rng.uniform(0.1, 0.25)
    line = np.array([(left - 0.1 * tall, y), (right + 0.1 * tall, y + rng.uniform(-0.03, 0.03) * (right - left))])
    strokes = [*strokes, line]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


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


def touching_line(hand: Hand, rng: Generator) -> Sample:
    """Underlined so closely that most feet touch the line."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(3, 5)))
    left, _, right, bottom = box_of(strokes)
    y, reach = bottom + pen * rng.uniform(0, 0.9), tall * rng.uniform(0.15, 0.3, 2)
    line = np.array([(left - reach[0], y), (right + reach[1], y + rng.uniform(-0.02, 0.02) * (right - left))])
    strokes = [*strokes, line]
    shape = shape_around(strokes, tall)
    return Sample(page_of(middle(strokes, shape), pen, shape, rng, rng.random() < 0.3), labels(drawings))


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


# --------------------------------------------------------------------------------------------------
# Colours


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


# --------------------------------------------------------------------------------------------------
# Files


def fine_pen(hand: Hand, rng: Generator) -> Sample:
    """One pixel wide and not smoothed, in 1000 x 1000."""
    text, strokes = one(hand, rng, (1000, 1000), 0.3, 0.8)
    canvas = Image.new("L", (1000, 1000), 255)
    for stroke in strokes:
        ImageDraw.Draw(canvas).line([(x, y) for x, y in stroke], fill=0, width=1)
    return Sample(canvas, text)


def deep(bits: int) -> Kind:
    """A 16-bit PNG whose values go no higher than `bits` bits do."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        text, page = pad_picture(hand, rng)
        page = 255 - page if rng.random() < 0.5 else page
        image = Image.fromarray((page / 255 * (2**bits - 1)).astype(np.uint16))
        file = io.BytesIO()
        image.save(file, "PNG")
        return Sample(file.getvalue(), text)

    return kind


def one_bit(hand: Hand, rng: Generator) -> Sample:
    """A scan in black and white, with specks."""
    text, page = pad_picture(hand, rng, (400, 320))
    dirt = rng.random(page.shape) < 0.0008
    return Sample(to_image(np.where(dirt, 0, page)).point(lambda value: 255 * (value > 127)).convert("1"), text)


def transparent(white: bool) -> Kind:
    def kind(hand: Hand, rng: Generator) -> Sample:
        text, page = pad_picture(hand, rng)
        alpha = to_image(255 - page)
        image = Image.merge("RGBA", [Image.new("L", alpha.size, 255 if white else 0)] * 3 + [alpha])
        return Sample(image, text)

    return kind


def share_of_picture(low: float, high: float, paper: bool) -> Kind:
    """A digit as small as a stamp, or one that fills the picture."""

    def kind(hand: Hand, rng: Generator) -> Sample:
        shape = 420, 420
        (drawing,) = hand.some(rng, 1)
        strokes = sized(drawing, 420 * rng.uniform(low, high))
        pen = pen_of(strokes, rng, 0.06, 0.12)
        _, _, width, height = box_of(strokes)
        if high > 0.5:
            strokes = [p * (1 - pen / 420) for p in middle(strokes, shape)]
            strokes = middle(strokes, shape)
        else:
            strokes = moved(strokes, rng.uniform(20, 400 - width), rng.uniform(20, 400 - height))
        return Sample(page_of(strokes, pen, shape, rng, paper), str(drawing.label))

    return kind


BRIGHTS: list[Colour] = [(240, 140, 40), (245, 140, 190), (245, 215, 60), (130, 190, 240), (150, 210, 90)]
DARKS: list[Colour] = [(205, 45, 45), (40, 60, 160), (30, 130, 70), (40, 40, 44)]
BLUES, REDS = [(35, 50, 140), (60, 90, 175)], [(185, 35, 40), (220, 60, 60)]
KINDS: dict[str, dict[str, Kind]] = {
    "paper rows": {
        **{f"four digits, gap {gap} of their height": paper_row(gap) for gap in (0.15, 0.25, 0.4, 0.6, 1.0)},
        "four digits, gap 0.4, even light": paper_row(0.4, 0.0),
        "two rows of three on paper": rows_kind(2, 3, True),
        "two rows in a blind's shadow": behind_blinds,
        "pale pencil on fine squares": pencil_on_squares,
        "digits in form boxes on paper": boxes_kind(True),
        "two numbers far apart on paper": far_apart,
        "prices on a receipt": prices(True),
        "5 to 8 mm high on A4": small_print,
    },
    "pages": {
        "five rows of eight": rows_kind(5, 8, False),
        "five rows of eight on paper": rows_kind(5, 8, True),
        "a third of a Sudoku": grid(0.35, False),
        "a third of a Sudoku on paper": grid(0.35, True),
    },
    "plates": {
        "light digits on a dark plate": plate(False),
        "light digits on a framed dark plate": plate(True),
        "a seven-segment display": display(False),
        "a seven-segment display, photographed": display(True),
    },
    "borders": {
        "touches one border, paper graded 10%": lambda hand, rng: at_border(hand, rng, 0.1),
        "15 pixels from the border, paper graded 10%": lambda hand, rng: at_border(hand, rng, 0.1, 15),
        "touches several borders, paper": at_borders,
        "a 1 of 96% to 100% of the picture, pad": tall_one(False),
        "a 1 of 96% to 100% of the picture, paper": tall_one(True),
    },
    "frames": {
        "a line of 1 to 6 pixels round the pad": framed,
        "a line round the pad, white outside": framed_apart,
        "letterboxed": letterboxed,
        "a dark pad on a white page": dark_pad,
        "a scan's black edge at one side": scan_edge(1),
        "a scan's black edge at two sides": scan_edge(2),
        "grey paper pasted on white": patch,
        "a screenshot with a window's bar": window,
    },
    "ink": {
        "fades to 0.3 of its darkness, pad": faded(0.3, False),
        "fades to 0.2 of its darkness, pad": faded(0.2, False),
        "fades to 0.3 of its darkness, paper": faded(0.3, True),
        "fades to 0.2 of its darkness, paper": faded(0.2, True),
    },
    "grounds": {
        "a table's grain beside the paper": pattern_beside(True),
        "patterned cloth beside the paper": pattern_beside(False),
    },
    "broken": {
        "a 5 whose bar stands apart": broken_five,
        "an 8 with a gap": gap_in([8], 0.03, 0.12),
        "any digit with a gap": gap_in(range(10), 0.03, 0.12),
        "a ballpoint that skips": skipping(False),
        "a ballpoint that skips, on paper": skipping(True),
        "dots, half a diameter apart": dotted(0.5),
        "dots, a diameter apart": dotted(1.0),
    },
    "layouts": {
        "a column of three": column,
        "two rows of three": rows_kind(2, 3, False),
        "form boxes": boxes_kind(False),
        "underlined": underlined,
        "a decimal point": decimal,
        "a minus": minus,
        "a date with slashes": slashed([(1, 2), (1, 2), (2, 2)], (1.0, 1.4), False),
        "a mark such as 8/10": slashed([(1, 2), (2, 2)], (1.3, 1.6), False),
        "a number such as 1)": bracketed(False, False),
        "a number such as 1), on paper": bracketed(False, True),
        "a number such as (42)": bracketed(True, False),
        "a number such as (42), on paper": bracketed(True, True),
        "a percentage": percentage(False),
        "a percentage, on paper": percentage(True),
        "digits of different size": sizes(50, 150),
        "digits of very different size": sizes(50, 220),
        "some two to four times as high": heights(1, False),
        "some two to four times as high, on paper": heights(1, True),
        "two rows, some two to four times as high": heights(2, False),
        "two rows, some two to four times as high, on paper": heights(2, True),
        "bars and no digit": bars(False),
        "bars and no digit, on paper": bars(True),
        "prices in a column": prices(False),
        "an exponent": exponent,
        "in a ring that is open": open_ring,
        "in rings, one with a wide gap": rings,
        "columns with a line between": divided,
        "beside an empty frame": beside_frame,
        "underlined, touching the line": touching_line,
        "on a form's dotted line": dotted_line,
        "over a form's comb": comb,
    },
    "colours": {
        "red on green of equal luminance": coloured((205, 60, 60), (60, 120, 60)),
        "pink on grey of equal luminance": coloured((255, 130, 170), (167, 167, 167)),
        "orange on blue of equal luminance": coloured((230, 120, 30), (90, 150, 255)),
        "red on green, photographed": coloured((205, 60, 60), (60, 120, 60), True),
        "black on yellow": coloured(BLACK, (250, 225, 40)),
    },
    "files": {
        "a pen of 1 pixel in 1000 x 1000": fine_pen,
        "10 bits in a file of 16": deep(10),
        "12 bits in a file of 16": deep(12),
        "1 bit, with specks": one_bit,
        "transparent, black ink": transparent(False),
        "transparent, white ink": transparent(True),
        "as small as a stamp": share_of_picture(0.06, 0.12, False),
        "as small as a stamp, on paper": share_of_picture(0.08, 0.14, True),
        "fills the picture": share_of_picture(0.93, 0.99, False),
        "fills the picture, on paper": share_of_picture(0.93, 0.99, True),
    },
    "pens": {
        "light ink on dark paper": light_on_dark,
        "chalk on a board": chalk,
        "blue pen": with_pen(0.03, 0.07, BLUES),
        "red pen": with_pen(0.03, 0.07, REDS),
        "two pens of dark colours": pens_kind(DARKS[:2], DARKS[2:]),
        "a bright pen and a dark one": pens_kind(BRIGHTS, DARKS),
        "two bright pens": pens_kind(BRIGHTS[:3], BRIGHTS[3:]),
        "thick marker": with_pen(0.14, 0.22, [(30, 30, 34), (35, 50, 140)]),
        "pencil": with_pen(0.03, 0.06, [(90, 90, 95)], 0.75),
        "on squared paper": with_pen(0.04, 0.09, BLUES, squares=True),
    },
}
