"""A green frog on a mossy stone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from tools.scenes.painting import Canvas, Mask, ramp, rgb, smoothstep


def frog() -> Image.Image:
    canvas = Canvas(640, 480, seed=4)
    backdrop = canvas.noise(240, 200, octaves=3)
    canvas.rgb[:] = ramp(backdrop - 0.1 * canvas.y / 480, [(0.1, "#1f3318"), (0.45, "#4b6a2b"), (0.9, "#a8b866")])
    for _ in range(26):  # light between the leaves, out of focus
        x, y, radius = canvas.rng.uniform(0, 640), canvas.rng.uniform(0, 300), canvas.rng.uniform(10, 30)
        canvas.paint(canvas.soft(canvas.ellipse(x, y, radius), 1.5), "#dbe6a0", canvas.rng.uniform(0.08, 0.28))
    canvas.defocus(3)

    stone = canvas.polygon(
        (-60, 400), (60, 372), (240, 360), (430, 366), (580, 384), (700, 410), (700, 520), (-60, 520), curved=True
    )
    texture = 0.75 * canvas.noise(60, 22, octaves=6, gain=0.65) + 0.35 * canvas.noise(5, 3, octaves=2)
    canvas.round(stone, ramp(texture, [(0.25, "#4c4a45"), (0.55, "#8b867b"), (0.85, "#c0b9a8")]), 22, ambient=0.5)
    moss = canvas.mask(smoothstep(canvas.noise(150, 40, octaves=5, gain=0.6), 0.52, 0.7))
    canvas.paint(moss, ramp(texture, [(0.3, "#3f5522"), (0.8, "#8ba048")]), 0.75, stone)

    canvas.place(102, 398, 4.45)
    canvas.paint(canvas.soft(canvas.ellipse(52, 0, 48, 5), 2), "#14160e", 0.7)
    green_frog(canvas)
    return canvas.picture()


def green_frog(canvas: Canvas) -> None:
    """A frog 95 long that looks left; the origin is on the ground below its snout."""
    mottle = canvas.noise(26, 22, octaves=5, gain=0.7)
    skin = ramp(canvas.v + 26 * (mottle - 0.5), [(-10, "#4c7d22"), (25, "#69a530"), (70, "#a2cc4c")])
    dark = "#2f5518"
    frog_far_side(canvas, skin * 0.62)
    body = frog_body(canvas, skin, dark)
    frog_face(canvas, skin, dark)
    frog_legs(canvas, skin, dark, body)


def frog_far_side(canvas: Canvas, skin: np.ndarray) -> None:
    """The foreleg and the eye that the body half hides."""
    canvas.round(canvas.tube((22, 24, 5), (17, 13, 3.8), (11, 5, 2.8)), skin, 3)
    for toe in ((2, 3), (3.5, 0.5), (7, -0.5)):
        canvas.round(canvas.tube((11, 4.5, 1.5), (*toe, 1.0), (*toe, 1.5)), skin, 1)
    canvas.round(canvas.ellipse(10.5, 57.5, 5.4, 5), skin, 3)


def frog_body(canvas: Canvas, skin: np.ndarray, dark: str) -> Mask:
    body = canvas.polygon(
        (-0.5, 43), (2, 48), (8, 53.5), (16, 58), (28, 60), (42, 58.5), (58, 52), (72, 42), (84, 29), (91, 16), (90, 6),
        (76, 2), (56, 3), (42, 8), (32, 15), (24, 24), (14, 31), (5, 36.5), (0.5, 40), curved=True
    )  # fmt: skip
    under = canvas.polygon(
        (-3, 41), (8, 41), (20, 40), (31, 42), (38, 36), (46, 24), (60, 12), (60, -3), (30, -3), (-5, 30), curved=True
    )
    coat = skin.copy()
    blend = np.asarray(canvas.soft(under, 1.6), np.float32)[..., None] / 255
    coat += (rgb("#efeeca") - coat) * blend
    canvas.round(body, coat, 11, shine=0.22)
    back = ImageChops.subtract(body, canvas.soft(under, 1.5))
    spots = ((46, 53, 3.4, 2), (57, 47, 4, 2.4), (67, 40, 3.2, 2.3), (49, 44, 2.6, 1.9), (77, 33, 3, 2.4),
             (60, 36, 2.4, 1.8), (39, 55, 2, 1.3), (84, 22, 2.6, 2.6))  # fmt: skip
    for x, y, rx, ry in spots:
        spot = canvas.soft(canvas.ellipse(x, y, rx, ry, -30), 0.5)
        canvas.paint(spot, dark, 0.6, back)
    fold = canvas.line((28, 54), (40, 52), (56, 43.5), (70, 33), (80, 22), width=1.5)
    canvas.paint(canvas.soft(fold, 0.5), "#c9e67c", 0.8)
    return body


def frog_face(canvas: Canvas, skin: np.ndarray, dark: str) -> None:
    """Mouth, stripe, eardrum, nostril and eye."""
    mouth = canvas.line((0, 42.6), (8, 41.2), (18, 40.6), (27, 42.2), (32, 45.5), width=1.1)
    canvas.paint(canvas.soft(mouth, 0.3), "#27420f", 0.9)
    canvas.paint(canvas.soft(canvas.line((2, 47), (9, 49), (16, 51), width=2.2), 0.8), "#3f3013", 0.45)
    canvas.paint(canvas.soft(canvas.line((27, 53), (33, 50), (38, 44), width=4), 1.2), "#3f3013", 0.4)
    canvas.paint(canvas.soft(canvas.ellipse(33.8, 49.2, 3.5, 3.9), 0.3), "#56662a", 0.8)
    canvas.paint(canvas.soft(canvas.ellipse(33.4, 49.4, 2.8, 3.2), 0.4), "#8f9f4c", 0.9)
    canvas.paint(canvas.soft(canvas.ellipse(33.5, 49.4, 1.2, 1.4), 0.4), "#5d6c2d", 0.8)
    canvas.paint(canvas.ellipse(3.6, 47.8, 0.8, 0.55, 40), "#1c2b0c")
    canvas.round(canvas.ellipse(20.5, 57, 8.4, 7.8), skin, 4, shine=0.1)
    canvas.paint(canvas.ellipse(19.8, 57, 6.5, 6.1), "#20310f")
    canvas.round(canvas.ellipse(19.8, 57, 5.9, 5.5), "#e0a93a", 3)
    canvas.paint(canvas.ellipse(19.6, 57, 4.0, 2.7), "#0c0c0a")
    canvas.paint(canvas.soft(canvas.ellipse(17.6, 59.4, 1.5, 1.2), 0.2), "#ffffff", 0.95)
    canvas.paint(canvas.line((12.8, 59.5), (15.5, 62.8), (20.5, 64), (26, 62), (27.6, 58.5), width=1.1), dark, 0.6)


def frog_legs(canvas: Canvas, skin: np.ndarray, dark: str, body: Mask) -> None:
    """The hind leg and the foreleg of the near side."""
    canvas.paint(canvas.soft(canvas.tube((86, 18, 11), (70, 22, 12), (55, 17, 9)), 1.8), "#1e3a0e", 0.5, body)
    canvas.round(canvas.tube((87, 4.5, 3.6), (70, 2.6, 2.6), (56, 1.6, 2.2)), skin * 0.8, 3)
    for toe in ((40, 2.4), (41, -1), (46, -3.4)):
        canvas.round(canvas.tube((57, 1.4, 1.7), ((57 + toe[0]) / 2, toe[1] / 2 + 1, 1.2), (*toe, 1.7)), skin, 1.2)
    canvas.round(canvas.tube((55, 15, 5), (70, 9, 5), (87, 6, 4.2)), skin * 0.85, 5, shine=0.15)
    thigh = canvas.tube((86, 15, 8.5), (76, 20.5, 10), (64, 21.5, 8.8), (54, 17, 5.6))
    canvas.round(thigh, skin, 8, shine=0.2)
    for x, y in ((62, 23.5), (71, 24.5), (80, 20), (67, 17)):
        canvas.paint(canvas.soft(canvas.ellipse(x, y, 2.6, 1.5, 70), 0.5), dark, 0.5)
    canvas.paint(canvas.soft(canvas.tube((35, 23, 7), (38, 13, 5)), 1.5), "#4a5a25", 0.35, body)
    canvas.round(canvas.tube((35, 26, 6.2), (38.5, 14, 4.6), (34, 7.5, 3.6), (28, 3, 2.8)), skin, 5, shine=0.15)
    for across, up in ((15.5, 2.4), (16.5, -1.6), (22.0, -4.0), (30.0, -4.2)):
        canvas.round(canvas.tube((28, 2.6, 1.6), ((28 + across) / 2, up / 2 + 1, 1.2), (across, up, 1.8)), skin, 1.2)
