"""A red car on a road, the land behind it blurred by the panning camera."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tools.scenes.painting import Canvas, ramp, smoothstep
from tools.scenes.surroundings import hills, sky, trees


def automobile() -> Image.Image:
    canvas = Canvas(640, 480, seed=5)
    sky(canvas, [(0, "#6aa5dd"), (250, "#dcebf5")], cover=0.45, patch=(300, 80))
    hills(canvas, 262, (205, 172, 198, 166, 195, 160), "#7d9bb0")
    trees(canvas, 268, 85, ("#3f6d33", "#4f7f3a", "#2f5a2e", "#6a8f42"))
    canvas.paint(canvas.box(0, 262, 640, 310), ramp(canvas.y, [(262, "#7fa04e"), (310, "#8fae5c")]))
    canvas.defocus(2.2, across=14)

    road = canvas.noise(5, 2, octaves=3, gain=0.8)
    asphalt = ramp(canvas.y, [(300, "#9b9a98"), (480, "#6d6d70")]) * (0.9 + 0.2 * road)[..., None]
    canvas.paint(canvas.mask(smoothstep(canvas.y, 303, 305)), asphalt)
    canvas.paint(canvas.mask(smoothstep(canvas.y, 301, 302) - smoothstep(canvas.y, 306, 307)), "#c9c6bd")
    for left in (-60, 190, 440):
        dash = canvas.polygon((left, 456), (left + 150, 456), (left + 142, 468), (left - 12, 468))
        canvas.paint(dash, "#e9e6da", 0.85)
    below = canvas.noise(240, 30, octaves=2)
    canvas.paint(canvas.mask(smoothstep(below, 0.5, 1.0) * (canvas.y > 307)), "#3c3c40", 0.25)

    canvas.place(320 - 232, 412, 1.03)
    canvas.paint(canvas.soft(canvas.ellipse(232, -1, 232, 10), 5), "#141418", 0.75)
    canvas.paint(canvas.soft(canvas.ellipse(226, 4, 200, 6), 3), "#0a0a0c", 0.8)
    saloon(canvas)
    return canvas.picture()


def saloon(canvas: Canvas) -> None:
    """A car 450 long that heads left; the origin is on the ground at its front bumper."""
    coachwork(canvas)
    windows(canvas)
    fittings(canvas)
    for x in (84, 358):
        canvas.paint(canvas.ellipse(x, 36, 41), "#0c0c0e")
        wheel(canvas, x, 33, 34)


def coachwork(canvas: Canvas) -> None:
    body = canvas.polygon(
        (6, 30), (1, 46), (3, 62), (14, 76), (60, 89), (112, 98), (150, 124), (180, 140), (228, 147), (290, 145),
        (350, 133), (392, 112), (424, 106), (441, 98), (448, 78), (447, 50), (440, 30), (400, 23), (225, 20),
        (50, 22), curved=True
    )  # fmt: skip
    red = [(20, "#5a0d10"), (34, "#8e1519"), (52, "#b81c20"), (66, "#a3171c"), (74, "#c9272a"), (86, "#e2423f"),
           (96, "#f27a70"), (101, "#d22b2c"), (130, "#d83432"), (147, "#f4a39a")]  # fmt: skip
    canvas.paint(canvas.tube((60, 30, 14), (390, 30, 14)), "#0b0b0d")
    canvas.paint(body, ramp(canvas.v + 0.012 * (canvas.u - 225), red))
    canvas.glow(40, 84, 70, 9, "#ffd0c8", 0.55, body)
    canvas.glow(446, 60, 22, 50, "#4a080b", 0.6, body)
    canvas.glow(0, 50, 26, 30, "#4a080b", 0.45, body)
    shoulder = canvas.line((30, 74), (130, 84), (300, 88), (440, 86), width=2.2)
    canvas.paint(canvas.soft(shoulder, 0.6), "#ffb3a8", 0.7, body)
    canvas.paint(canvas.soft(canvas.line((100, 42), (220, 38), (330, 44), width=3), 1.2), "#ff8a7e", 0.45, body)


def windows(canvas: Canvas) -> None:
    sky_in_glass = [(98, "#1d2a35"), (112, "#34495a"), (122, "#7d9db4"), (140, "#b5cfdf")]
    frame = canvas.polygon(
        (121, 99), (154, 122), (184, 136), (228, 142), (288, 140), (340, 129), (372, 111), (366, 101), (240, 98)
    )
    canvas.paint(frame, "#15171a")
    for pane in (
        ((131, 101), (158, 121), (186, 133), (222, 138), (224, 100)),
        ((231, 100), (229, 138.5), (286, 137), (308, 133), (314, 102)),
        ((320, 102.5), (314, 131.5), (338, 126), (362, 111), (358, 103.5)),
    ):
        glass = canvas.polygon(*pane)
        canvas.paint(glass, ramp(canvas.v - 0.06 * (canvas.u - 225), sky_in_glass))
    for x in (190, 272):  # seats
        canvas.paint(canvas.soft(canvas.tube((x, 101, 8), (x + 2, 118, 6.5)), 0.8), "#10161c", 0.5)
    trim = canvas.line((122, 99), (154, 122.5), (184, 136.5), (228, 142.5), (288, 140.5), (340, 129.5), width=1.3)
    canvas.paint(trim, "#d9dfe4", 0.9)


def fittings(canvas: Canvas) -> None:
    """Seams, door handles, mirror, lamps, grille and sill."""
    for seam in (
        ((124, 97), (120, 60), (128, 28)),
        ((227, 98), (229, 60), (226, 26)),
        ((318, 101), (326, 76), (312, 50)),
    ):
        canvas.paint(canvas.line(*seam, width=0.9), "#4d0a0d", 0.9)
    for x in (198, 296):
        canvas.round(canvas.tube((x, 81, 1.8), (x + 15, 81.5, 1.8)), "#d8403c", 1.5, shine=0.5)
    mirror_case = canvas.polygon((132, 99), (131, 108), (140, 112), (148, 107), (147, 100), curved=True)
    canvas.round(mirror_case, "#cf2c2c", 4, shine=0.4)
    canvas.paint(canvas.polygon((5, 62), (14, 74), (46, 82), (52, 76), (34, 67), curved=True), "#e9f1f6")
    canvas.paint(canvas.polygon((10, 65), (17, 73), (36, 78), (38, 74), (26, 68), curved=True), "#8fa5b5")
    canvas.paint(canvas.ellipse(22, 71.5, 4, 3.2), "#ffffff")
    canvas.paint(canvas.polygon((446, 94), (432, 97), (408, 94), (416, 86), (446, 82), curved=True), "#7d0d10")
    canvas.paint(canvas.polygon((443, 92), (430, 94), (418, 92), (424, 88), (443, 86), curved=True), "#ff5a48")
    canvas.paint(canvas.polygon((1, 44), (3, 34), (28, 32), (34, 42)), "#1a1b1e")
    canvas.paint(canvas.polygon((50, 20), (400, 21), (392, 28), (58, 28)), "#17181a")


def wheel(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.round(canvas.ellipse(x, y, radius), "#2a2a2d", radius * 0.12)
    canvas.paint(canvas.ellipse(x, y, radius * 0.70), "#8d949b")
    canvas.paint(canvas.ellipse(x, y, radius * 0.66), "#1b1c1f")
    canvas.paint(canvas.ellipse(x, y, radius * 0.46), "#55585c")
    for spoke in np.deg2rad(np.arange(5) * 72 + 12):
        side, ahead = np.array([-np.sin(spoke), np.cos(spoke)]), np.array([np.cos(spoke), np.sin(spoke)])
        hub, rim = np.array([x, y]) + ahead * radius * 0.08, np.array([x, y]) + ahead * radius * 0.67
        arms = [
            hub + side * radius * 0.10,
            rim + side * radius * 0.15,
            rim - side * radius * 0.15,
            hub - side * radius * 0.10,
        ]
        canvas.paint(
            canvas.polygon(*((float(x), float(y)) for x, y in arms)),
            ramp(canvas.v, [(y - radius, "#8f979f"), (y + radius, "#f2f5f7")]),
        )
    canvas.round(canvas.ellipse(x, y, radius * 0.15), "#c9ced3", radius * 0.08)
