"""A bay horse in a meadow: in the middle of the picture, and far to one side."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from tools.scenes.painting import Canvas, Mask, curve, ramp, smoothstep
from tools.scenes.surroundings import grass, hills, sky, trees


def horse() -> Image.Image:
    canvas = Canvas(480, 640, seed=21)
    sky(canvas, [(0, "#5fa0dc"), (330, "#e6eff2")], cover=0.4, patch=(240, 90))
    hills(canvas, 380, (300, 268, 300, 262, 290), "#8fabb4")
    trees(canvas, 372, 62, ("#55803c", "#467036", "#6d9347", "#3b6433"), count=90)
    meadow = canvas.noise(160, 24, octaves=4)
    green = ramp(meadow + (canvas.y - 500) / 700, [(0.2, "#9db553"), (0.5, "#7fa545"), (0.9, "#527f30")])
    canvas.paint(canvas.mask(smoothstep(canvas.y, 362, 368)), green)
    canvas.defocus(3.2)
    blades = ("#6f9a3c", "#85ad48", "#5c8a34", "#9abb58", "#4b7a2c")
    grass(canvas, 400, 520, 2600, (4, 13), blades)

    canvas.place(150, 498, 2.62)
    canvas.paint(canvas.soft(canvas.ellipse(54, 0, 66, 4.5), 3), "#1c2c10", 0.65)
    bay(canvas)
    canvas.unplace()
    grass(canvas, 502, 560, 1500, (13, 22), blades)
    grass(canvas, 560, 680, 900, (24, 46), blades)
    return canvas.picture()


def horse_aside() -> Image.Image:
    """The same horse far to one side of a wide pasture: the middle of the picture holds none of it."""
    canvas = Canvas(960, 400, seed=22)
    sky(canvas, [(0, "#5fa0dc"), (210, "#e6eff2")], cover=0.4, patch=(300, 70))
    hills(canvas, 236, (168, 190, 160, 186, 172, 158, 180), "#8fabb4")
    trees(canvas, 230, 40, ("#55803c", "#467036", "#6d9347", "#3b6433"), count=180)
    meadow = canvas.noise(220, 16, octaves=4)
    green = ramp(meadow + (canvas.y - 310) / 430, [(0.2, "#9db553"), (0.5, "#7fa545"), (0.9, "#527f30")])
    canvas.paint(canvas.mask(smoothstep(canvas.y, 224, 228)), green)
    canvas.defocus(2.0)
    blades = ("#6f9a3c", "#85ad48", "#5c8a34", "#9abb58", "#4b7a2c")
    grass(canvas, 250, 330, 3600, (3, 9), blades)

    canvas.place(750, 346, 1.92)
    canvas.paint(canvas.soft(canvas.ellipse(54, 0, 66, 4.5), 3), "#1c2c10", 0.65)
    bay(canvas)
    canvas.unplace()
    grass(canvas, 350, 380, 1700, (9, 16), blades)
    grass(canvas, 380, 430, 1200, (16, 30), blades)
    return canvas.picture()


def bay(canvas: Canvas) -> None:
    """A horse that looks left, 100 tall at the withers; the origin is on the ground below its chest."""
    coat = ramp(canvas.v, [(0, "#2a1a12"), (22, "#2f1c12"), (38, "#7a4422"), (60, "#98582b"), (130, "#a8642f")])
    shade = coat * 0.55
    black = "#241a16"
    # the legs of the far side
    canvas.round(canvas.tube((22, 58, 8), (15, 44, 5.4), (8, 30, 4.2), (7, 18, 2.7), (5, 8, 3), (1, 3, 3)), shade, 3)
    far_hind = canvas.tube((84, 62, 12), (84, 48, 7), (88, 37, 4.4), (83, 20, 2.8), (81, 9, 3.2), (77, 3, 3.2))
    canvas.round(far_hind, shade, 3)
    horse_tail(canvas, black)
    body = canvas.polygon(
        (-12, 129), (-20, 126), (-27, 114), (-35, 103), (-40, 95), (-38.5, 89.5), (-33, 87.6), (-29, 90), (-22, 96),
        (-14, 99.5), (-8, 101), (-4, 95), (-2, 84), (-3, 72), (2, 62), (12, 55), (30, 50), (50, 48), (66, 51), (78, 57),
        (90, 54), (99, 66), (102, 80), (98, 92), (88, 99.5), (76, 100), (62, 95.5), (48, 93.5), (36, 96), (27, 101),
        (17, 107), (6, 118), (-4, 127), curved=True
    )  # fmt: skip
    hind = canvas.tube(
        (86, 74, 15), (88, 60, 11), (93, 47, 6.6), (97, 38, 4.8), (93.5, 24, 3.1), (92.5, 12, 3.2), (89.5, 6.5, 3)
    )
    fore = canvas.tube(
        (16, 72, 12), (17, 56, 8), (16, 43, 5.6), (14.5, 31, 4.5), (13.5, 19, 2.9), (13, 10, 3.3), (10, 6, 3)
    )
    whole = ImageChops.lighter(body, ImageChops.lighter(hind, fore))
    canvas.round(whole, coat, 10, shine=0.12)

    horse_muscles(canvas, whole)
    hooves(canvas)
    horse_head(canvas, coat)
    mane(canvas, black)


def horse_muscles(canvas: Canvas, whole: Mask) -> None:
    """Light on the muscles, shadows in the folds."""
    for x, y, rx, ry, colour, opacity in (
        (50, 52, 34, 8, "#2a1408", 0.50), (30, 66, 5, 16, "#3a1d0d", 0.35), (76, 62, 6, 12, "#3a1d0d", 0.45),
        (10, 84, 6, 20, "#d79a5c", 0.18), (17, 78, 10, 12, "#d79a5c", 0.25), (86, 84, 12, 12, "#dca066", 0.28),
        (50, 84, 24, 7, "#dca066", 0.25), (-2, 106, 5, 10, "#3a1d0d", 0.35), (-15, 106, 6, 7, "#d79a5c", 0.30),
        (-36, 92, 7, 7, "#1d120d", 0.75), (3, 66, 6, 8, "#2a1408", 0.35),
    ):  # fmt: skip
        canvas.glow(x, y, rx, ry, colour, opacity, whole)


def hooves(canvas: Canvas) -> None:
    for hoof in (((9.5, 6.5), (5.5, 0), (15, 0), (14, 6.5)), ((89, 7), (84.5, 0), (95, 0), (93.5, 7)),
                 ((-0.5, 5), (-4, 0), (4.5, 0), (4, 5)), ((75.6, 5), (72.4, 0), (81, 0), (80, 5))):  # fmt: skip
        canvas.round(canvas.polygon(*hoof), "#3a3330", 2)


def horse_head(canvas: Canvas, coat: np.ndarray) -> None:
    """Ears, blaze, eye, nostril and mouth."""
    canvas.round(canvas.polygon((-11, 126), (-12.4, 134), (-9.6, 139), (-6.5, 133), (-6.4, 126), curved=True), coat, 2)
    ear = canvas.polygon((-10.6, 128), (-10.8, 133), (-9.6, 136), (-8.2, 132), (-8.4, 128), curved=True)
    canvas.paint(ear, "#3a2014", 0.8)
    canvas.paint(canvas.soft(canvas.line((-23.5, 120), (-30, 109), (-35.5, 101), width=2.4), 0.5), "#f2ece2", 0.9)
    canvas.paint(canvas.ellipse(-19.4, 115.6, 1.9, 1.5, 20), "#120c0a")
    canvas.paint(canvas.ellipse(-19.9, 116.1, 0.5), "#ffffff")
    canvas.paint(canvas.line((-21.6, 117), (-19.4, 117.9), (-17.2, 116.6), width=0.6), "#4a2916")
    canvas.paint(canvas.ellipse(-37.2, 95, 0.9, 1.5, -30), "#0d0807")
    canvas.paint(canvas.line((-37.5, 90.6), (-34, 91.6), (-31, 93.2), width=0.5), "#140c09", 0.8)


def horse_tail(canvas: Canvas, black: str) -> None:
    canvas.round(canvas.tube((98, 90, 2.6), (105, 84, 4.5), (108, 66, 6), (108, 44, 5.5), (112, 26, 1.5)), black, 3)
    for _ in range(40):
        out, end = canvas.rng.uniform(-4.2, 4.2), canvas.rng.uniform(20, 38)
        strand = canvas.line((101, 88), (107 + out, 66), (108.5 + out, 46), (112 + out * 0.5, end), width=0.5)
        canvas.paint(strand, ("#130e0c", "#46352a")[canvas.rng.integers(2)], 0.55)


def mane(canvas: Canvas, black: str) -> None:
    crest = curve([(-10, 130), (-3, 128.5), (7, 119), (18, 108), (26, 102.5)], closed=False, steps=26)
    for x, y in crest:
        fall, back = canvas.rng.uniform(13, 17) * (1 - 0.012 * x), canvas.rng.uniform(0.5, 3.5)
        lock = canvas.tube((x, y, 1.3), (x + back * 0.4, y - fall * 0.5, 1.3), (x + back - 2, y - fall, 0.3))
        canvas.paint(lock, (black, "#33251d", "#1c1411", "#46352a")[canvas.rng.integers(4)])
    canvas.round(canvas.tube((-10, 130, 1.5), (-16, 125, 1.8), (-20, 119, 0.5)), black, 1.2)
