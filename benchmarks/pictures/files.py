"""Kinds of pictures by their files: 16 bits or 1, transparent, or with a digit very thin, small or large in them."""

from __future__ import annotations

import io

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from benchmarks.pictures.strokes import (
    Hand,
    Kind,
    Sample,
    box_of,
    middle,
    moved,
    one,
    pad_picture,
    page_of,
    pen_of,
    sized,
    to_image,
)


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
