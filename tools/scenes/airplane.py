"""An airliner above the clouds."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from tools.scenes.painting import Canvas, Mask, ramp, smoothstep
from tools.scenes.surroundings import sky


def airplane() -> Image.Image:
    canvas = Canvas(640, 480, seed=11)
    sky(canvas, [(0, "#2f74c4"), (300, "#7fb4e8"), (480, "#cfe4f5")], cover=0.3, patch=(330, 130))
    bank = canvas.noise(200, 60, octaves=6, gain=0.55) + 0.9 * smoothstep(canvas.y, 330, 500) - 0.3
    canvas.paint(canvas.mask(smoothstep(bank, 0.55, 0.95)), ramp(bank, [(0.5, "#dfeaf5"), (1.3, "#ffffff")]), 0.95)

    canvas.place(86, 200, 4.75, -8)
    jet(canvas)
    return canvas.picture()


def jet(canvas: Canvas) -> None:
    """An airliner 100 long that flies left, seen from a little above; the nose is the origin."""
    livery = "#d8402f"
    jet_far_side(canvas)
    body = fuselage(canvas, livery)
    jet_near_side(canvas, livery, body)


def jet_far_side(canvas: Canvas) -> None:
    engine = canvas.polygon((43.6, 9.6), (44.4, 11.4), (50, 11.6), (54, 10), (50, 7.8), (44.4, 7.8), curved=True)
    canvas.round(engine, "#ccd5de", 1.6)
    far = canvas.polygon((41, 4), (62, 17.5), (66.5, 17.5), (56, 4))
    canvas.paint(far, ramp(canvas.v, [(4, "#8f9dac"), (18, "#c4ced8")]))
    canvas.paint(canvas.polygon((86, 4.5), (96, 10), (99.5, 10), (95, 4)), "#b3bfcb")

    fin = canvas.polygon((77, 5), (83, 7.5), (93, 22.5), (99.6, 22.8), (96.5, 4))
    canvas.paint(fin, ramp(canvas.u, [(78, "#e8543f"), (100, "#b22f22")]))
    canvas.paint(canvas.polygon((86.4, 12), (89.2, 16), (98.4, 15), (97.9, 11)), "#ffffff", 0.95)
    canvas.paint(canvas.line((93.5, 5), (96.8, 22.6), width=0.25), "#7c2119", 0.7)


def fuselage(canvas: Canvas, livery: str) -> Mask:
    body = canvas.polygon(
        (-0.5, -1), (1.5, 1.7), (5.5, 4.4), (12, 6), (22, 6.3), (50, 6.3), (76, 6.2), (90, 5.4), (100, 4.2), (101, 3.4),
        (99, 2.4), (88, -1.8), (76, -5), (62, -6.2), (40, -6.3), (20, -6.2), (9, -5.4), (3, -3.8), curved=True
    )  # fmt: skip
    white = ramp(canvas.v, [(-6, "#a9b6c6"), (-2.2, "#dfe6ee"), (0, "#f6f8fa")])
    canvas.round(body, white, 4.2, sun=(-0.25, -0.75, 0.75), ambient=0.5)
    belly = canvas.polygon(
        (-1, -3.0), (30, -3.0), (70, -2.6), (90, 1.0), (101, 3.6), (101, 2.6), (90, -0.6), (70, -4.0), (-1, -4.0)
    )
    canvas.paint(belly, livery, 0.9, body)
    for x in np.arange(13, 86, 1.9):
        if 46 < x < 48:
            continue
        canvas.paint(canvas.ellipse(x, 1.7 + 0.01 * max(0, x - 70), 0.5, 0.78), "#2c3e52")
    for x in (9.5, 47, 87.2):
        door = canvas.box(x, -1.6, x + 1.9, 3.4)
        canvas.paint(ImageChops.subtract(door, canvas.box(x + 0.25, -1.35, x + 1.65, 3.15)), "#8d99a6", 0.8)
    canvas.paint(canvas.polygon((2.3, 1.9), (4.6, 3.6), (7.0, 3.8), (7.2, 2.0), (3.2, 1.3)), "#1f2d3b")
    canvas.paint(canvas.line((4.7, 1.4), (5.2, 3.7), width=0.3), "#dfe6ee")
    return body


def jet_near_side(canvas: Canvas, livery: str, body: Mask) -> None:
    shadow = canvas.polygon((32, -2.5), (58, -3), (64, -7), (44, -8))
    canvas.paint(canvas.soft(shadow, 1.4), "#3f4f63", 0.55, body)
    nacelle = canvas.polygon(
        (37.6, -9.4), (38.4, -7.2), (42, -6.6), (48, -7.4), (51, -9), (48, -11.6), (42, -12.8), (38.4, -12), curved=True
    )
    canvas.round(nacelle, "#e6ebf0", 2.4, sun=(-0.25, -0.8, 0.6))
    canvas.paint(canvas.ellipse(38.5, -9.6, 1.15, 2.75, 3), "#b9c3cc")
    canvas.paint(canvas.ellipse(38.6, -9.6, 0.85, 2.3, 3), "#25303c")
    wing = canvas.polygon(
        (33.5, -1.8), (37, -3.2), (66, -25.6), (69.2, -26.8), (73, -27), (63, -12), (58.5, -4.2), (57, -2.2)
    )
    canvas.paint(wing, ramp(canvas.v - 0.25 * (canvas.u - 50), [(-32, "#f3f6f9"), (-12, "#cfd8e1"), (0, "#b3bfcc")]))
    canvas.paint(canvas.line((34, -2.2), (37, -3.4), (66, -25.7), (69.2, -26.8), width=0.9, curved=False), "#ffffff")
    canvas.paint(canvas.line((55.6, -3.6), (60.5, -12.2), (70.4, -26.4), width=0.25, curved=False), "#7f8c9a", 0.8)
    canvas.paint(canvas.polygon((69, -26.7), (73, -27), (76, -22.4), (74.2, -22.6)), livery)
    tailplane = canvas.polygon((85, 1.2), (96.5, -6.4), (100.4, -6.8), (95.6, 1.6))
    canvas.paint(tailplane, ramp(canvas.v, [(-7, "#f0f3f6"), (2, "#b9c4cf")]))
