"""Kinds of pictures by what is at their borders: ink that touches them, lines, bars, a scan's black edges."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from benchmarks.pictures.strokes import (
    BLACK,
    WHITE,
    Colour,
    Hand,
    Kind,
    Sample,
    box_of,
    cover,
    labels,
    light,
    middle,
    moved,
    on_paper,
    one,
    pad_picture,
    page_of,
    painted,
    pen_of,
    row_of,
    rows,
    shape_around,
    to_image,
)

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


def rounded_pad(hand: Hand, rng: Generator) -> Sample:
    """One to four digits on a dark or a light pad with round corners, on a white page."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 5)))
    inner, margin = shape_around(strokes, 0.7 * tall), int(rng.integers(15, 90))
    shape = inner[0] + 2 * margin, inner[1] + 2 * margin
    dark = rng.random() < 0.6
    pad = Image.new("L", (2 * shape[1], 2 * shape[0]), 0)
    corners = 2 * margin, 2 * margin, 2 * (shape[1] - margin), 2 * (shape[0] - margin)
    ImageDraw.Draw(pad).rounded_rectangle(corners, 2 * min(inner) * rng.uniform(0.03, 0.3), fill=255)
    covered = np.asarray(pad.reduce(2), np.float32) / 255
    page = painted(np.full(shape, 255, np.float32), covered, rng.choice([0, 20, 40] if dark else [235, 225, 210]))
    page = painted(page, cover(shape, middle(strokes, shape), pen), 255 if dark else 0)
    return Sample(to_image(page), labels(drawings))


PALETTE: list[Colour] = [(230, 60, 60), (60, 140, 240), (60, 180, 90), (250, 200, 40), (30, 30, 30)]


def palette(hand: Hand, rng: Generator) -> Sample:
    """A drawing app's screenshot: a bar above, and one below with round buttons of colour."""
    text, page = pad_picture(hand, rng, (int(rng.integers(260, 420)), int(rng.integers(300, 520))))
    wide, below = page.shape[1], int(rng.integers(50, 110))
    shot = np.concatenate([np.full((int(rng.integers(30, 60)), wide), 246), page, np.full((below, wide), 241)])
    image = to_image(np.repeat(shot[:, :, None], 3, axis=2))
    radius = rng.uniform(0.15, 0.35) * below
    for i, colour in enumerate(PALETTE):
        x, y = wide * (i + 0.5) / len(PALETTE), len(shot) - below / 2
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return Sample(image, text)


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
