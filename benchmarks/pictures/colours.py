"""Kinds of pictures by the colours of the ink and the ground, and by pen: ballpoint, marker, pencil, chalk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.pictures.strokes import (
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
    one,
    painted,
    pen_of,
    row_of,
    rows,
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


DYES: list[Colour] = [(255, 240, 60), (150, 255, 120), (255, 150, 210), (255, 190, 90)]
NOTES: list[Colour] = [(250, 235, 110), (255, 170, 190), (160, 220, 250), (180, 235, 150)]


def highlit(hand: Hand, rng: Generator) -> Sample:
    """A row on photographed paper with a highlighter's band over all of it, or over its beginning."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 5)))
    shape = shape_around(strokes, tall)
    strokes = middle(strokes, shape)
    left, top, right, bottom = box_of(strokes)
    end = right + tall * rng.uniform(0, 0.3) if rng.random() < 0.6 else left + (right - left) * rng.uniform(0.4, 0.8)
    corners = [(left - tall * rng.uniform(0, 0.3), top), (end, top), (end, bottom), (left, bottom)]
    band = Image.new("L", shape[::-1], 0)
    shaken = [(x + rng.uniform(-5, 5), y + tall * rng.uniform(-0.15, 0.15)) for x, y in corners]
    ImageDraw.Draw(band).polygon(shaken, fill=255)
    covered = np.asarray(band.filter(ImageFilter.GaussianBlur(1)), np.float32)[:, :, None] / 255
    dye = np.array(DYES[int(rng.integers(len(DYES)))], np.float32) / 255
    page = np.full((*shape, 3), (225, 223, 218), np.float32) * (1 - covered * (1 - dye))
    page = painted(page, cover(shape, strokes, pen), (35, 35, 45))
    return Sample(seen(page * light(shape, rng, 0.2)[:, :, None], rng), labels(drawings))


def on_note(hand: Hand, rng: Generator) -> Sample:
    """One or two digits on a square note of some colour, on a desk or a wall."""
    drawings, strokes, pen, tall = rows(hand, rng, 1, int(rng.integers(1, 3)))
    shape = shape_around(strokes, 2.2 * tall)
    strokes = middle(strokes, shape)
    left, top, right, bottom = box_of(strokes)
    half, turn = max(right - left, bottom - top) / 2 + tall * rng.uniform(0.5, 0.8), rng.uniform(-0.15, 0.15)
    along = half * np.array([np.cos(turn), np.sin(turn)])
    aside = np.array([-along[1], along[0]])
    centre = np.array([shape[1] / 2, shape[0] / 2])
    corners = [centre + along + aside, centre + along - aside, centre - along - aside, centre - along + aside]
    note = Image.new("L", shape[::-1], 0)
    ImageDraw.Draw(note).polygon([(float(x), float(y)) for x, y in corners], fill=255)
    ground = [(235, 235, 232), (150, 120, 95), (90, 95, 105), (200, 190, 170)][int(rng.integers(4))]
    page = np.full((*shape, 3), ground, np.float32)
    page = painted(page, np.asarray(note, np.float32) / 255, NOTES[int(rng.integers(len(NOTES)))])
    page = painted(page, cover(shape, strokes, pen), (40, 40, 60))
    return Sample(seen(page * light(shape, rng, 0.25)[:, :, None], rng), labels(drawings))
