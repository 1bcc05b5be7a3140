"""Scenes are painted with this: a canvas of shapes and light, and a camera for what stands in perspective.

A canvas is three times as large as its picture, which is averaged down at the end; a scene is painted back to front.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SCALE = 3  # canvas pixels per picture pixel, each way

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
