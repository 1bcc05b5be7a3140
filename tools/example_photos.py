"""The example pictures of the Photo tab: scenes drawn by this script, not photographed.

Every picture in this folder comes from here, so that the project ships no one else's pictures.  The
scenes show six of the ten CIFAR-10 classes; their sizes differ on purpose, one is stored lying on its
side with an EXIF orientation tag, as phones store theirs, and in one what it shows stands far to the side.

    python -m tools.example_photos [name ...]

A scene is painted back to front on a canvas three times as large as the picture, then averaged down.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

EXAMPLES = Path(__file__).parents[1] / "lenet" / "ui" / "photo" / "examples"
SCALE = 3  # canvas pixels per picture pixel, each way
QUALITY = 85
UPRIGHT_IS_CLOCKWISE = 6  # EXIF orientation: viewers turn the stored picture a quarter clockwise
ORIENTATION_TAG = 0x0112

Point = tuple[float, float]
Point3 = tuple[float, float, float]
Mask = Image.Image  # mode "L", of canvas size: 255 where the shape is
Colour = str | np.ndarray  # "#rrggbb", or one colour (3,) or a canvas of colours (H, W, 3) in 0 to 1
Stops = Sequence[tuple[float, str]]  # (position, colour), ascending


# --------------------------------------------------------------------------------------------------
# Arithmetic


def rgb(colour: Colour) -> np.ndarray:
    """A colour as float32 in 0 to 1."""
    if isinstance(colour, np.ndarray):
        return colour
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255


def ramp(values: np.ndarray, stops: Stops) -> np.ndarray:
    """Colours (..., 3) that run from stop to stop as `values` grow."""
    positions = [position for position, _ in stops]
    colours = np.stack([rgb(colour) for _, colour in stops])
    return np.stack([np.interp(values, positions, colours[:, i]) for i in range(3)], axis=-1).astype(np.float32)


def smoothstep(values: np.ndarray, low: float, high: float) -> np.ndarray:
    t = ((values - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


def blur(values: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of (H, W) floats, where 8-bit blurring would leave steps."""
    rows = np.fft.fftfreq(values.shape[0])[:, None]
    columns = np.fft.rfftfreq(values.shape[1])[None]
    gauss = np.exp(-2 * (np.pi * radius) ** 2 * (rows**2 + columns**2))
    return np.fft.irfft2(np.fft.rfft2(values) * gauss, values.shape)


def curve(points: Sequence[tuple[float, ...]], closed: bool, steps: int = 10) -> np.ndarray:
    """A Catmull-Rom spline through `points`, of as many coordinates as they have."""
    p = np.array(points, float)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    spline = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    flat = spline.reshape(-1, p.shape[1])
    return flat if closed else np.concatenate([flat, p[-1:]])


# --------------------------------------------------------------------------------------------------
# The canvas


class Canvas:
    """A picture being painted.

    Shapes take coordinates in picture pixels, y down, until `place` sets up local ones, y up.
    `x` and `y` hold every canvas pixel's picture coordinates, `u` and `v` its local ones.
    """

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.width, self.height = width, height
        self.size = (width * SCALE, height * SCALE)
        self.rng = np.random.default_rng(seed)
        y, x = np.mgrid[0 : height * SCALE, 0 : width * SCALE].astype(np.float32)
        self.x, self.y = (x + 0.5) / SCALE, (y + 0.5) / SCALE
        self.rgb = np.zeros((*x.shape, 3), np.float32)
        self.unplace()

    # Coordinates

    def place(self, x: float, y: float, scale: float, degrees: float = 0.0) -> None:
        """Local coordinates: their origin at (x, y), y up, turned counter-clockwise."""
        turn = np.deg2rad(degrees)
        self._set_frame(x, y, scale * np.array([[np.cos(turn), -np.sin(turn)], [-np.sin(turn), -np.cos(turn)]]))

    def unplace(self) -> None:
        self._set_frame(0, 0, np.eye(2))

    def _set_frame(self, x: float, y: float, matrix: np.ndarray) -> None:
        self.origin, self.matrix = np.array([x, y]), matrix
        back = np.linalg.inv(matrix)
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        self.u, self.v = back[0, 0] * dx + back[0, 1] * dy, back[1, 0] * dx + back[1, 1] * dy
        self.unit = float(np.sqrt(abs(np.linalg.det(matrix))))  # picture pixels per local unit

    def _pixels(self, points: np.ndarray) -> list[Point]:
        return [tuple(p) for p in (points @ self.matrix.T + self.origin) * SCALE - 0.5]

    # Shapes

    def polygon(self, *points: Point, curved: bool = False) -> Mask:
        mask = Image.new("L", self.size)
        outline = curve(points, closed=True) if curved else np.array(points, float)
        ImageDraw.Draw(mask).polygon(self._pixels(outline), fill=255)
        return mask

    def box(self, left: float, low: float, right: float, high: float) -> Mask:
        return self.polygon((left, low), (right, low), (right, high), (left, high))

    def ellipse(self, x: float, y: float, rx: float, ry: float | None = None, degrees: float = 0.0) -> Mask:
        t, turn = np.linspace(0, 2 * np.pi, 120, endpoint=False), np.deg2rad(degrees)
        a, b = rx * np.cos(t), (rx if ry is None else ry) * np.sin(t)
        return self.polygon(
            *zip(x + a * np.cos(turn) - b * np.sin(turn), y + a * np.sin(turn) + b * np.cos(turn), strict=True)
        )

    def tube(self, *points: Point3) -> Mask:
        """A limb: a spline through (x, y) that is `radius` thick at each (x, y, radius)."""
        mask = Image.new("L", self.size)
        draw = ImageDraw.Draw(mask)
        spline = curve(points, closed=False, steps=40)
        for (x, y), radius in zip(self._pixels(spline[:, :2]), spline[:, 2] * self.unit * SCALE, strict=True):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        return mask

    def line(self, *points: Point, width: float = 1.0, curved: bool = True) -> Mask:
        mask = Image.new("L", self.size)
        path = self._pixels(curve(points, closed=False) if curved else np.array(points, float))
        ImageDraw.Draw(mask).line(path, fill=255, width=max(1, round(width * self.unit * SCALE)), joint="curve")
        return mask

    def mask(self, values: np.ndarray) -> Mask:
        """A mask from (H, W) opacities in 0 to 1."""
        return Image.fromarray((values.clip(0, 1) * 255 + 0.5).astype(np.uint8))

    def soft(self, mask: Mask, radius: float) -> Mask:
        """Its edge blurred over `radius` local units."""
        return mask.filter(ImageFilter.GaussianBlur(radius * self.unit * SCALE))

    def noise(self, width: float, height: float, octaves: int = 4, gain: float = 0.5) -> np.ndarray:
        """Clouds in about 0 to 1: patches of `width` by `height` picture pixels, and finer ones on them."""
        total = np.zeros(self.x.shape, np.float32)
        for octave in range(octaves):
            grid = (round(self.width * 2**octave / width) + 3, round(self.height * 2**octave / height) + 3)
            values = Image.fromarray(self.rng.normal(size=grid[::-1]).astype(np.float32))
            total += gain**octave * np.asarray(values.resize(self.size, Image.Resampling.BICUBIC))
        return 0.5 + 0.22 * total / np.sqrt(sum(gain ** (2 * octave) for octave in range(octaves)))

    # Paint

    def paint(self, mask: Mask, colour: Colour, opacity: float = 1.0, within: Mask | None = None) -> None:
        mask = mask if within is None else ImageChops.multiply(mask, within)
        box = mask.getbbox()
        if box is None:
            return
        area = np.s_[box[1] : box[3], box[0] : box[2]]
        colours = rgb(colour)
        colours = colours[area] if colours.ndim == 3 else colours
        alpha = np.asarray(mask.crop(box), np.float32)[..., None] * (opacity / 255)
        self.rgb[area] += (colours - self.rgb[area]) * alpha

    def round(
        self,
        mask: Mask,
        colour: Colour,
        radius: float,
        shine: float = 0.0,
        sun: Point3 = (-0.45, -0.7, 0.6),
        ambient: float = 0.42,
    ) -> None:
        """Paint the shape as a solid one, its edges rounded over `radius` local units.

        `sun` is where the light comes from: right, down, towards the viewer.  `ambient` is the
        brightness of what it does not reach, `shine` that of its mirror image.
        """
        flat = np.asarray(mask.reduce(SCALE), np.float32) / 255
        bulge = np.zeros_like(flat)
        for part in (1.0, 0.5, 0.25):
            reach = radius * self.unit * part
            bulge += reach * np.sqrt((2 * blur(flat, reach) - 1).clip(0, 1))
        down, right = np.gradient(blur(bulge * 0.8, 1.0))
        normal = np.stack([-right, -down, np.ones_like(flat)]) / np.sqrt(right**2 + down**2 + 1)
        direction = np.array(sun) / np.linalg.norm(sun)
        facing = np.tensordot(direction, normal, 1).clip(0, 1)
        half = direction + np.array([0, 0, 1])
        gloss = shine * np.tensordot(half / np.linalg.norm(half), normal, 1).clip(0, 1) ** 40
        shade, gloss = (
            np.asarray(Image.fromarray(a.astype(np.float32)).resize(self.size, Image.Resampling.BILINEAR))[..., None]
            for a in (ambient + (1.25 - ambient) * facing, gloss)
        )
        self.paint(mask, (rgb(colour) * shade + gloss).clip(0, 1).astype(np.float32))

    def glow(
        self, x: float, y: float, rx: float, ry: float, colour: str, opacity: float, within: Mask | None = None
    ) -> None:
        """A soft spot of colour: a shadow, a highlight, a muscle."""
        dx, dy = (self.u - x) / rx, (self.v - y) / ry
        spot = self.mask(np.exp(-2 * (dx * dx + dy * dy)))
        self.paint(spot, colour, opacity, within)

    def defocus(self, radius: float, across: float = 0.0) -> None:
        """Blur all that is painted so far; `across`: sideways too, as a camera that pans does."""
        image = self.image().filter(ImageFilter.GaussianBlur((max(radius, across) * SCALE, radius * SCALE)))
        self.rgb = np.asarray(image, np.float32) / 255

    def strokes(self, paths: Sequence[tuple[np.ndarray, float, str]]) -> None:
        """Many thin lines at once: (points in picture pixels, width, colour)."""
        image = self.image()
        draw = ImageDraw.Draw(image)
        for points, width, colour in paths:
            draw.line([tuple(p) for p in points * SCALE], fill=colour, width=max(1, round(width * SCALE)))
        self.rgb = np.asarray(image, np.float32) / 255

    def image(self) -> Image.Image:
        return Image.fromarray((self.rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8))

    def picture(self, grain: float = 0.007, vignette: float = 0.10) -> Image.Image:
        """The finished picture: averaged down, darker towards the corners, with a little film grain."""
        small = np.asarray(self.image().reduce(SCALE), np.float32) / 255
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        small = small * (1 - vignette * ((x**2 + y**2) / 2) ** 2)[..., None]
        small = small + self.rng.normal(scale=grain, size=small.shape[:2])[..., None]
        return Image.fromarray((small.clip(0, 1) * 255 + 0.5).astype(np.uint8))


class Camera:
    """Perspective: world points (x, y up, z) to picture pixels."""

    def __init__(self, canvas: Canvas, eye: Point3, target: Point3, focal: float) -> None:
        self.canvas, self.focal = canvas, focal
        self.eye = np.array(eye, float)
        ahead = np.array(target, float) - self.eye
        self.ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(self.ahead, (0, 1, 0))
        self.right = right / np.linalg.norm(right)
        self.up = np.cross(self.right, self.ahead)

    def see(self, points: np.ndarray) -> np.ndarray:
        away = np.asarray(points, float) - self.eye
        depth = away @ self.ahead
        across, up = self.focal * (away @ self.right) / depth, self.focal * (away @ self.up) / depth
        return np.stack([self.canvas.width / 2 + across, self.canvas.height / 2 - up], axis=-1)

    def face(self, *points: Point3) -> Mask:
        return self.canvas.polygon(*self.see(np.array(points)))

    def plane(self, corner: Point3, opposite: Point3) -> Mask:
        """A rectangle along two of the axes: its corners share x, y or z."""
        (x, y, z), (right, top, far) = corner, opposite
        if x == right:
            return self.face(corner, (x, top, z), opposite, (x, y, far))
        if y == top:
            return self.face(corner, (right, y, z), opposite, (x, y, far))
        return self.face(corner, (x, top, z), opposite, (right, y, z))

    def line(self, *points: Point3, width: float = 1.0) -> Mask:
        return self.canvas.line(*self.see(np.array(points)), width=width, curved=False)

    def disc(self, x: float, y: float, z: float, radius: float) -> Mask:
        """An upright disc that faces along z."""
        t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        return self.face(*zip(x + radius * np.cos(t), y + radius * np.sin(t), np.full(90, z), strict=True))


# --------------------------------------------------------------------------------------------------
# Surroundings


def sky(canvas: Canvas, stops: Stops, cover: float = 0.5, patch: Point = (260, 90), opacity: float = 0.9) -> None:
    """A sky of these colours by picture y; clouds, lit from the upper left, take about `cover` of it."""
    canvas.rgb[:] = ramp(canvas.y, stops)
    density = canvas.noise(*patch, octaves=6, gain=0.52)
    lit = np.pad(density, ((5 * SCALE, 0), (4 * SCALE, 0)), mode="edge")[: len(density), : density.shape[1]]
    shade = ramp(0.55 + 3.0 * (density - lit), [(0, "#aab8c8"), (0.5, "#dfe6ee"), (1, "#ffffff")])
    canvas.paint(canvas.mask(smoothstep(density, 0.82 - 0.5 * cover, 1.12 - 0.5 * cover)), shade, opacity)


def hills(canvas: Canvas, foot: float, crests: Sequence[float], colour: str) -> None:
    """Distant hills down to picture y = `foot`, with crests at these heights from left to right."""
    across = np.linspace(-30, canvas.width + 30, len(crests))
    ridge = list(zip(across, crests, strict=True))
    canvas.paint(canvas.polygon((-30, foot), *ridge, (canvas.width + 30, foot), curved=True), colour)


def trees(canvas: Canvas, base: float, height: float, colours: Sequence[str], count: int = 120) -> None:
    """A row of crowns whose feet stand at picture y = `base`."""
    for _ in range(count):
        size = height * canvas.rng.uniform(0.25, 0.5)
        x, y = canvas.rng.uniform(-20, canvas.width + 20), base - canvas.rng.uniform(0.1, 0.65) * height
        colour = colours[int(canvas.rng.integers(len(colours)))]
        canvas.round(canvas.ellipse(x, y, size * 0.8, size), colour, size * 0.5)


def grass(canvas: Canvas, top: float, bottom: float, count: int, length: Point, colours: Sequence[str]) -> None:
    """Blades between picture y = `top` and `bottom`, longer in front: from length[0] to length[1]."""
    feet = np.sort(top + (bottom - top) * canvas.rng.random(count))
    paths = []
    for y in feet:
        near = (y - top) / (bottom - top)
        size = (length[0] + (length[1] - length[0]) * near) * canvas.rng.uniform(0.5, 1.1)
        x, lean = canvas.rng.uniform(-5, canvas.width + 5), canvas.rng.normal(0.12, 0.3) * size
        blade = np.array([(x, y), (x + lean * 0.3, y - size * 0.6), (x + lean, y - size)])
        paths.append((blade, 0.5 + 0.9 * near, colours[int(canvas.rng.integers(len(colours)))]))
    canvas.strokes(paths)


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


# --------------------------------------------------------------------------------------------------
# Scenes


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
        (6, 30), (1, 46), (3, 62), (14, 76), (60, 89), (112, 98), (150, 124), (180, 140), (228, 147), (290, 145), (350, 133),
        (392, 112), (424, 106), (441, 98), (448, 78), (447, 50), (440, 30), (400, 23), (225, 20), (50, 22), curved=True
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


SCENES: dict[str, Callable[[], Image.Image]] = {
    "airplane": airplane,
    "automobile": automobile,
    "frog": frog,
    "horse": horse,
    "horse-aside": horse_aside,
    "ship": ship,
    "truck": truck,
}
LYING = ("truck",)


def save(name: str, picture: Image.Image) -> Path:
    path = EXAMPLES / f"{name}.jpg"
    exif = Image.Exif()
    if name in LYING:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION_TAG] = UPRIGHT_IS_CLOCKWISE
    picture.save(path, quality=QUALITY, optimize=True, exif=exif)
    return path


if __name__ == "__main__":
    for scene in sys.argv[1:] or SCENES:
        written = save(scene, SCENES[scene]())
        print(f"{written.name}: {written.stat().st_size / 1024:.0f} KB")
