"""A lorry on a road, in perspective."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tools.scenes.painting import Camera, Canvas, Point3, ramp
from tools.scenes.surroundings import grass, hills, sky, trees


def truck() -> Image.Image:
    canvas = Canvas(640, 480, seed=8)
    sky(canvas, [(0, "#5b9bd8"), (270, "#d9e9f4")], cover=0.5, patch=(280, 90))
    hills(canvas, 300, (240, 214, 243, 206, 240), "#86a08f")
    trees(canvas, 300, 60, ("#45703a", "#5a8440", "#385f33", "#7a9648"))
    canvas.paint(canvas.box(0, 292, 640, 480), ramp(canvas.y, [(292, "#9aa860"), (480, "#7c9148")]))
    canvas.defocus(2.6)
    grass(canvas, 345, 500, 2200, (4, 16), ("#7c9148", "#8fa356", "#6b813b", "#a0b062"))

    camera = Camera(canvas, eye=(-7.4, 1.75, -8.6), target=(3.2, 1.8, 1.0), focal=820)
    ground = canvas.noise(6, 2.4, octaves=3, gain=0.8)
    asphalt = ramp(canvas.y, [(290, "#a3a09b"), (480, "#77767a")]) * (0.91 + 0.18 * ground)[..., None]
    canvas.paint(camera.plane((-6, 0, -3.6), (60, 0, 4.6)), asphalt)
    canvas.paint(camera.plane((-5, 0, -1.6), (60, 0, -1.45)), "#ece8da", 0.9)
    canvas.paint(camera.plane((-5, 0, 4.2), (60, 0, 4.35)), "#ece8da", 0.9)
    lorry(canvas, camera)
    return canvas.picture()


def lorry(canvas: Canvas, camera: Camera) -> None:
    """A lorry that heads for -x; its front is at x = 0, its near side at z = 0."""
    side = 2.5
    shadow = camera.plane((-0.3, 0, -0.5), (7.6, 0, side))
    canvas.paint(canvas.soft(shadow, 5), "#101216", 0.75)
    canvas.paint(camera.plane((0.4, 0.1, side), (7.2, 1.0, side)), "#1b1d20")
    tyre(canvas, camera, 1.15, side - 0.3)
    canvas.paint(camera.plane((1.5, 0.55, 0.3), (7.2, 1.1, 0.3)), "#25272b")
    cargo_box(canvas, camera, side)
    tank = camera.plane((2.6, 0.45, 0.05), (3.7, 0.95, 0.05))
    canvas.paint(tank, ramp(canvas.y, [(330, "#c9ced2"), (375, "#5b6166")]))
    for y in (0.55, 0.8):
        canvas.paint(camera.line((3.85, y, 0), (5.0, y, 0), width=3), "#b4babf")
    tyre(canvas, camera, 5.95, 0.0)
    cab(canvas, camera, side)
    tyre(canvas, camera, 1.15, 0.0)


def cargo_box(canvas: Canvas, camera: Camera, side: float) -> None:
    low, high, front, back = 1.05, 3.65, 2.15, 7.5
    canvas.paint(camera.plane((front, low, 0), (front, high, side)), "#b9c2ca")
    box = camera.plane((front, low, 0), (back, high, 0))
    canvas.paint(box, ramp(canvas.y, [(90, "#ffffff"), (330, "#d5dbe0")]))
    canvas.paint(camera.plane((front, 1.45, 0), (back, 1.95, 0)), "#2b66b0")
    canvas.paint(camera.plane((front, 2.02, 0), (back, 2.12, 0)), "#f0a52c")
    for x in np.arange(front + 0.42, back, 0.42):
        canvas.paint(camera.line((x, low, 0), (x, high, 0), width=0.9), "#8f9aa5", 0.35)
    for y in (low, high):
        canvas.paint(camera.line((front, y, 0), (back, y, 0), width=3), "#9aa4ad")
    canvas.paint(camera.line((front, low, 0), (front, high, 0), width=3), "#9aa4ad")


def cab(canvas: Canvas, camera: Camera, side: float) -> None:
    waist, top, slope, back, low = 1.5, 2.75, 0.38, 2.0, 0.5
    paint = ramp(canvas.y, [(150, "#3f86d6"), (380, "#1c4d94")])
    front = ramp(canvas.y, [(150, "#2f6fbe"), (400, "#153c78")])
    profile = camera.face((0, low, 0), (0, waist, 0), (slope, top, 0), (back, top, 0), (back, low, 0))
    canvas.paint(profile, paint)
    canvas.paint(camera.plane((0, low, 0), (0, waist, side)), front)
    canvas.paint(camera.face((0, waist, 0), (slope, top, 0), (slope, top, side), (0, waist, side)), front)
    # the wind deflector on the roof
    canvas.paint(camera.face((slope + 0.3, top, 0.1), (1.9, top, 0.1), (1.9, 3.45, 0.25)), paint * 0.9)
    deflector = ((slope + 0.3, top, 0.1), (1.9, 3.45, 0.25), (1.9, 3.45, side - 0.25), (slope + 0.3, top, side - 0.1))
    canvas.paint(camera.face(*deflector), front * 1.15)
    cab_glass(canvas, camera, side, waist, top, slope)
    canvas.paint(camera.line((0, waist, 0), (slope, top, 0), width=1.6), "#8fbdf0", 0.8)
    canvas.paint(camera.line((0, low, 0), (0, waist, 0), width=1.6), "#8fbdf0", 0.6)
    cab_front(canvas, camera, side)


def cab_glass(canvas: Canvas, camera: Camera, side: float, waist: float, top: float, slope: float) -> None:
    """Windscreen and door."""

    def on_screen(height: float, z: float) -> Point3:
        return (slope * (height - waist) / (top - waist), height, z)

    glass = ramp(canvas.y - 0.2 * canvas.x, [(120, "#b8d2e4"), (200, "#5d7f99"), (250, "#22313f")])
    corners = ((1.6, 0.14), (2.55, 0.16), (2.55, side - 0.16), (1.6, side - 0.14))
    canvas.paint(camera.face(*(on_screen(height, z) for height, z in corners)), glass)
    canvas.paint(camera.line(on_screen(1.62, 0.9), on_screen(1.85, 1.6), width=2), "#111519")
    canvas.paint(camera.face((0.32, 1.58, 0), (0.58, 2.5, 0), (1.45, 2.5, 0), (1.45, 1.58, 0)), glass)
    canvas.paint(camera.line((0.2, 1.5, 0), (1.55, 1.5, 0), (1.55, 0.7, 0), width=1.2), "#0e2a54", 0.8)
    canvas.paint(camera.line((1.55, 1.5, 0), (1.55, 2.6, 0), width=1.2), "#0e2a54", 0.8)
    canvas.paint(camera.line((1.2, 1.35, 0), (1.42, 1.35, 0), width=3), "#0d1d36")


def cab_front(canvas: Canvas, camera: Camera, side: float) -> None:
    """Grille, bumper, lamps, wheel arch and mirror."""
    canvas.paint(camera.plane((0, 0.85, 0.5), (0, 1.4, side - 0.5)), "#15181c")
    for y in (0.95, 1.06, 1.17, 1.28):
        canvas.paint(camera.line((0, y, 0.55), (0, y, side - 0.55), width=2), "#aab2ba")
    canvas.paint(camera.plane((-0.12, 0.32, -0.02), (-0.12, 0.78, side)), "#d9dde0")
    canvas.paint(camera.plane((-0.12, 0.32, -0.02), (0.5, 0.78, -0.02)), "#b5bbc0")
    canvas.paint(camera.plane((-0.13, 0.36, 0.8), (-0.13, 0.5, side - 0.8)), "#2a2d31")
    for z in (0.1, side - 0.5):
        canvas.paint(camera.plane((-0.13, 0.53, z), (-0.13, 0.74, z + 0.4)), "#fff6d8")
    canvas.paint(camera.disc(1.15, 0.52, -0.01, 0.66), "#101113")
    glass = camera.face((0.05, 1.75, -0.22), (0.05, 2.3, -0.22), (0.22, 2.3, -0.12), (0.22, 1.75, -0.12))
    canvas.round(glass, "#1d2024", 3)


def tyre(canvas: Canvas, camera: Camera, x: float, z: float) -> None:
    radius = 0.52
    for depth in np.linspace(0.32, 0.0, 14):
        canvas.paint(camera.disc(x, radius, z + depth, radius), "#17181a")
    canvas.paint(camera.disc(x, radius, z, radius), "#2b2c2f")
    canvas.paint(camera.disc(x, radius, z, radius * 0.62), "#c4cacf")
    canvas.paint(camera.disc(x, radius, z, radius * 0.52), "#84898e")
    canvas.paint(camera.disc(x, radius, z, radius * 0.22), "#dde2e5")
    for turn in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        hole = camera.disc(x + 0.37 * radius * np.cos(turn), radius + 0.37 * radius * np.sin(turn), z, radius * 0.07)
        canvas.paint(hole, "#3a3d40")
