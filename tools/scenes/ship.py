"""A freighter at sea, and its image in the waves."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from tools.scenes.painting import SCALE, Canvas, Mask, ramp, rgb, smoothstep
from tools.scenes.surroundings import sky


def ship() -> Image.Image:
    canvas = Canvas(800, 450, seed=3)
    sky(canvas, [(0, "#4f8fd0"), (140, "#94bfe6"), (262, "#dbe9f2")], cover=0.42, patch=(300, 70))
    horizon, waterline = 258.0, 328.0
    coast = canvas.polygon((480, 262), (560, 244), (640, 236), (700, 243), (810, 232), (810, 262), curved=True)
    canvas.paint(coast, "#8fa9bf", 0.8)

    slopes = swell(canvas, horizon)
    near = smoothstep(canvas.y, horizon, canvas.height)
    water = ramp(canvas.y, [(horizon, "#7fa6c4"), (300, "#3f7aa6"), (450, "#174f7d")])
    light = ramp(canvas.y, [(horizon, "#b9d3e6"), (450, "#7fb4d8")])
    water += (light - water) * (0.30 + 0.55 * slopes).clip(0, 1)[..., None]
    canvas.paint(canvas.mask(smoothstep(canvas.y, horizon - 0.7, horizon + 0.7)), water)

    before = canvas.rgb.copy()
    freighter(canvas, 197, waterline)
    changed = np.abs(canvas.rgb - before).max(axis=2)
    mirror(canvas, canvas.soft(canvas.mask(changed * 60), 1.2), waterline, slopes, near)

    canvas.unplace()
    foam = canvas.noise(26, 5, octaves=4, gain=0.7)
    for x, y, rx, ry, strength in ((204, 331, 34, 4.5, 1.2), (400, 331, 215, 3.5, 0.7), (625, 332, 60, 3.5, 1.0)):
        spot = np.exp(-(((canvas.x - x) / rx) ** 2) - ((canvas.y - y) / ry) ** 2)
        canvas.paint(canvas.mask(spot * smoothstep(foam + strength * spot, 0.7, 1.4)), "#f4f9fc", 0.95)
    return canvas.picture()


def swell(canvas: Canvas, horizon: float, focal: float = 330.0) -> np.ndarray:
    """Slopes of a sea in about -1 to 1, in perspective: waves flatten and shorten towards the horizon."""
    below = (canvas.y - horizon).clip(0.5)
    across, away = (canvas.x - canvas.width / 2) / below, focal / below
    slopes = np.zeros_like(across)
    for _ in range(60):
        length = 0.035 * 30 ** canvas.rng.random()  # in camera heights
        angle = canvas.rng.normal(0, 0.5)
        wave = 2 * np.pi / length * (np.sin(angle) * across + np.cos(angle) * away)
        pixels = length * below**2 / focal  # how many picture pixels a wavelength spans
        slopes += smoothstep(pixels, 0.8, 3.0) * np.sin(wave + canvas.rng.uniform(0, 7)) * length**0.2
    return slopes / 4.5


def mirror(canvas: Canvas, what: Mask, waterline: float, slopes: np.ndarray, near: np.ndarray) -> None:
    """What stands above the waterline, shown again in the water, broken up by the waves."""
    rows = (2 * waterline - canvas.y + slopes * (5 + 30 * near)) * SCALE
    columns = (canvas.x + slopes * (3 + 8 * near)) * SCALE
    rows = rows.clip(0, waterline * SCALE - 1).astype(int)
    columns = columns.clip(0, canvas.size[0] - 1).astype(int)
    image = np.asarray(canvas.image().filter(ImageFilter.GaussianBlur(1.5 * SCALE)), np.float32)[rows, columns] / 255
    alpha = np.asarray(what, np.float32)[rows, columns] / 255
    fade = 0.68 * (1 - 0.6 * smoothstep(canvas.y, waterline, canvas.height)) * (canvas.y > waterline)
    canvas.paint(canvas.mask(alpha * fade), image * 0.75 + rgb("#1d4f78") * 0.25)


def freighter(canvas: Canvas, x: float, waterline: float) -> None:
    """A ship 440 long that heads left."""
    canvas.place(x, waterline, 0.94)
    cranes(canvas)
    containers(canvas)
    bridge(canvas)
    hull(canvas)


def cranes(canvas: Canvas) -> None:
    for foot, top in ((120, 128), (196, 128)):
        canvas.paint(canvas.line((foot, 60), (foot, top), width=4), "#c9a552")
        canvas.paint(canvas.line((foot, 74), (foot + 44, top - 6), width=2.6), "#b08d3f")
        canvas.paint(canvas.line((foot, top), (foot + 44, top - 6), width=0.8), "#4a4a4a")
    canvas.paint(canvas.line((30, 74), (30, 112), width=2.4), "#d8d8d4")


def containers(canvas: Canvas) -> None:
    colours = ("#c1502e", "#2f6fa8", "#d9a441", "#3d8a62", "#8c3b3b", "#c8ccd0")
    for row in range(3):
        for column in range(8):
            if row == 2 and column in (0, 3, 7):
                continue
            left, low = 66 + column * 27, 56 + row * 14
            box = canvas.box(left, low, left + 26, low + 13)
            base = rgb(colours[int(canvas.rng.integers(len(colours)))])
            ribs = 0.92 + 0.08 * np.sign(np.sin(canvas.u * 2.6))
            canvas.paint(box, (base * ribs[..., None] * (0.85 + 0.012 * (canvas.v[..., None] - low))).clip(0, 1))


def bridge(canvas: Canvas) -> None:
    white = [(48, "#b9c3cc"), (150, "#fbfbf8")]
    for left, right, low, high in ((296, 398, 50, 78), (300, 394, 80, 98), (304, 388, 100, 118), (300, 372, 120, 138)):
        canvas.paint(canvas.box(left, low, right, high), ramp(canvas.v, white))
        canvas.paint(canvas.box(left - 3, high, right + 3, high + 2.4), "#ffffff")
        canvas.paint(canvas.box(left, high - 3, right, high), "#6f7f8f", 0.6)
        for pane in np.arange(left + 6, right - 8, 9.5):
            canvas.paint(canvas.box(pane, high - 11, pane + 5.5, high - 5), "#33475c")
    canvas.paint(canvas.box(302, 124, 370, 134), "#22384d")
    for pane in range(312, 370, 10):
        canvas.paint(canvas.line((pane, 124), (pane, 134), width=1.2), "#e9eef2")
    canvas.round(canvas.polygon((376, 118), (404, 118), (400, 156), (380, 156)), "#c8372d", 9)
    canvas.round(canvas.polygon((379.4, 148), (400.6, 148), (400, 157), (380, 157)), "#2b2b2e", 9)
    canvas.paint(canvas.line((340, 138), (340, 172), width=2), "#e6e6e2")
    canvas.paint(canvas.line((330, 160), (350, 160), width=1.4), "#e6e6e2")


def hull(canvas: Canvas) -> None:
    side = canvas.polygon(
        (-14, 78), (34, 70), (60, 57), (300, 53), (410, 55), (446, 62), (438, 20), (430, -6), (24, -6), (12, 20)
    )
    paint = [(0, "#7e2a22"), (11, "#a63a2d"), (12.5, "#e9e9e4"), (14, "#16304f"), (70, "#28507c")]
    canvas.paint(side, ramp(canvas.v, paint))
    canvas.glow(60, 40, 150, 40, "#8db4d8", 0.35, side)
    canvas.glow(440, 20, 70, 60, "#0a1626", 0.5, side)
    for seam in range(60, 430, 46):
        canvas.paint(canvas.line((seam, 0), (seam, 60), width=0.8), "#0c1c30", 0.35, side)
    rail = canvas.line((-13, 77), (34, 69), (60, 56), (300, 52), (410, 54), (445, 61), width=2.2, curved=False)
    canvas.paint(rail, "#eef1f2")
    canvas.paint(canvas.ellipse(22, 52, 3.2, 4.5), "#0b1420")
