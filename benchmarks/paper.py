"""How well are digits on paper read from a phone's photograph?  One row a condition.

    python -m benchmarks paper FILE --network runs/digits-fold-*.safetensors
    python -m benchmarks paper FILE --count 100 --sheet sheet.png

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

The photographs are composites: real pen strokes, drawn with a pen of a real width (in millimetres) on
paper with its texture and printing, under a light, through a lens, a sensor and JPEG.  All of it comes
from one seed, so that two runs read the same pictures.  Each network reads photographs of writers that it did
not learn from, unless --writers says otherwise.  With --sheet, samples of every condition are saved as one
picture, to be looked at, and none is read.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.held_out import Pairs, add_source, heading, readers
from lenet.data.strokes import Drawing
from lenet.inference.classifier import UNSURE_BELOW

# Diameters in millimetres, and how tall people write with such a pen.
PENS = {"ballpoint": (0.45, 0.8, 7, 22), "gel pen": (0.6, 1.1, 7, 26), "felt tip": (1.2, 2.8, 14, 60)}
PENS |= {"marker": (3.0, 6.0, 35, 110), "pencil": (0.5, 0.9, 7, 22)}
INKS = [(28, 28, 34), (45, 45, 50), (35, 50, 140), (25, 35, 95), (60, 90, 175), (185, 35, 40), (25, 105, 65)]
INKS += [(95, 40, 120)]
GRAPHITE = (105, 105, 108)
WHITES = [(250, 250, 248), (246, 247, 250), (244, 241, 234), (250, 243, 224)]
COLOURS = [(250, 233, 130), (190, 218, 240), (246, 200, 208), (200, 230, 190), (214, 210, 203), (205, 172, 132)]
PRINTS = [(150, 180, 215), (175, 190, 205), (170, 170, 175), (195, 180, 215), (160, 205, 185), (205, 205, 208)]
DESKS = [(120, 84, 55), (168, 128, 88), (60, 60, 64), (30, 28, 30), (205, 200, 192), (70, 90, 110)]


@dataclass(frozen=True)
class Scene:
    """What is true of a photograph besides its digit: which kinds of difficulty it has, each 0 or 1."""

    gradient: bool = False
    shadow: bool = False
    printed: str = ""  # "lined" or "squared"
    camera: bool = False  # blur, noise and strong JPEG
    perspective: bool = False
    coloured: bool = False
    desk: bool = False  # the paper ends inside the picture


def mixed(rng: np.random.Generator) -> Scene:
    printed = str(rng.choice(["", "lined", "squared"], p=[0.4, 0.3, 0.3]))
    flags = rng.random(6) < (0.6, 0.4, 0.5, 0.6, 0.3, 0.3)
    return Scene(bool(flags[0]), bool(flags[1]), printed, *map(bool, flags[2:]))


MIXED = "all mixed at random"
CONDITIONS: dict[str, Callable[[np.random.Generator], Scene]] = {
    "plain paper, even light": lambda _: Scene(),
    "light falls off": lambda _: Scene(gradient=True),
    "hard shadow": lambda _: Scene(shadow=True),
    "lined paper": lambda _: Scene(printed="lined"),
    "squared paper": lambda _: Scene(printed="squared"),
    "blur, noise, JPEG": lambda _: Scene(camera=True),
    "perspective and rotation": lambda _: Scene(perspective=True),
    "coloured paper, desk": lambda _: Scene(coloured=True, desk=True),
    MIXED: mixed,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument("--count", type=int, default=80, help="photographs a condition, five times as many mixed")
    parser.add_argument("--sheet", type=Path, help="save samples here instead of reading any")


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    if options.sheet:
        sheet([d for _, some in pairs for d in some]).save(options.sheet)
        return 0
    print(heading(pairs, options) + "\n")
    print("| paper photo | count | ours | classic | ours, unsure |")
    print("|---|---:|---:|---:|---:|")
    rows = []
    for name in CONDITIONS:
        count = options.count * (5 if name == MIXED else 1)
        rows.append(measure(pairs, name, count))
        print(f"| {name} | {count} | " + " | ".join(f"{value:.2%}" for value in rows[-1]) + " |", flush=True)
    print("| mean | | " + " | ".join(f"{sum(column) / len(rows):.2%}" for column in zip(*rows, strict=True)) + " |")
    print(f"\nunsure: a confidence below {UNSURE_BELOW}, or not a digit, or blank")
    return 0


def measure(pairs: Pairs, name: str, count: int) -> tuple[float, float, float]:
    """Fractions: right by the modern pipeline, right by the classic one, unsure; the networks take turns."""
    right = classic = unsure = 0
    for number in range(count):
        classifier, drawings = pairs[number % len(pairs)]
        drawing, photo = sample(drawings, name, number)
        found = classifier.read(photo)  # as the page does
        right += "".join(f.prediction.label for f in found) == str(drawing.label)
        unsure += not found or any(f.prediction.verdict != "sure" for f in found)
        classic += classifier.predict(photo, "classic").label == str(drawing.label)
    return right / count, classic / count, unsure / count


def sample(drawings: Sequence[Drawing], name: str, number: int) -> tuple[Drawing, bytes]:
    """Photograph `number` of a condition: a drawing and a JPEG file of it on paper."""
    rng = np.random.default_rng([list(CONDITIONS).index(name), number])
    drawing = drawings[int(rng.integers(len(drawings)))]
    return drawing, photograph(drawing, CONDITIONS[name](rng), rng)


def sheet(drawings: Sequence[Drawing], side: int = 300) -> Image.Image:
    """Two rows of seven of each condition."""
    page = Image.new("RGB", (7 * side, 2 * len(CONDITIONS) * side))
    for row, name in enumerate(CONDITIONS):
        for number in range(14):
            photo = Image.open(io.BytesIO(sample(drawings, name, number)[1]))
            photo.thumbnail((side - 4, side - 4))
            page.paste(photo, (number % 7 * side, (2 * row + number // 7) * side))
    return page


# --------------------------------------------------------------------------------------------------
# From strokes to a photograph


def photograph(drawing: Drawing, scene: Scene, rng: np.random.Generator) -> bytes:
    """A JPEG file: the drawing on paper, as a phone sees it.  600 to 1,500 pixels on its longer side."""
    longer = int(rng.integers(600, 1501))
    shorter = int(longer * rng.choice([0.75, 0.5625, 1.0]))
    width, height = (longer, shorter) if rng.random() < 0.4 else (shorter, longer)
    pen = str(rng.choice(list(PENS), p=[0.3, 0.25, 0.25, 0.1, 0.1]))
    thin, thick, low, high = PENS[pen]
    written = rng.uniform(low, high)  # millimetres that the digit is tall
    points = [np.array(stroke) for stroke in drawing.strokes]
    corners = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
    box = np.maximum(corners[1] - corners[0], 1)  # tablet pixels (x, y)
    share = np.exp(rng.uniform(np.log(0.15), np.log(0.8)))
    tall = min(share * height, 0.8 * width * box[1] / box[0])  # pixels
    scale = tall / max(written, 1)  # pixels a millimetre
    pen_width = max(rng.uniform(thin, thick) * scale, 1.0)

    # Where the digit's middle stands, in pixels: anywhere that keeps it in the picture.
    half = box * (tall / box[1]) / 2 + pen_width
    room = np.array([width, height]) / 2 - half * 1.12 - 2
    middle = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * np.maximum(room, 0)
    camera = _camera(width, height, scene.perspective, rng)
    flat = [(p - (corners[0] + corners[1]) / 2) * (tall / box[1]) + middle for p in points]
    strokes = [_project(camera, p, width, height) for p in flat]
    inside = np.concatenate(strokes)
    shift = np.clip(0, pen_width - inside.min(axis=0), np.array([width, height]) - pen_width - inside.max(axis=0))
    strokes = [p + shift for p in strokes]

    u, v = _paper_plane(np.linalg.inv(camera), width, height, shift)  # (H, W) pixels on the paper
    image = _paper(u / scale, v / scale, scale, scene, rng)
    ink = GRAPHITE if pen == "pencil" else INKS[int(rng.integers(len(INKS)))]
    image = _write(image, strokes, pen_width, np.array(ink, np.float32), pen, rng)
    if scene.desk:
        image = _desk(image, u, v, np.concatenate(flat), pen_width, rng)
    light = _light(width, height, scene, rng)
    tint = 1 + rng.normal(0, 0.02, 3).astype(np.float32)
    return _expose(image * light[:, :, None] * tint, scene, rng)


def _camera(width: int, height: int, strong: bool, rng: np.random.Generator) -> np.ndarray:
    """3x3: from the plane of the paper to the picture, both in [-1, 1]: a turn, and a view from the side."""
    turn = np.deg2rad(rng.uniform(-10, 10) if strong else rng.uniform(-2, 2))
    aspect = width / height
    rotation = np.array([[np.cos(turn), -np.sin(turn) / aspect], [np.sin(turn) * aspect, np.cos(turn)]])
    camera = np.eye(3)
    camera[:2, :2] = rotation
    camera[2, :2] = rng.uniform(-1, 1, 2) * (0.14 if strong else 0.02)
    return camera


def _project(camera: np.ndarray, points: np.ndarray, width: int, height: int) -> np.ndarray:
    middle = np.array([width, height]) / 2
    unit = np.column_stack([(points - middle) / middle, np.ones(len(points))]) @ camera.T
    return unit[:, :2] / unit[:, 2:] * middle + middle


def _paper_plane(back: np.ndarray, width: int, height: int, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where on the paper, in pixels, each pixel of the picture looks."""
    x = ((np.arange(width, dtype=np.float32) - shift[0]) / (width / 2) - 1)[None, :]
    y = ((np.arange(height, dtype=np.float32) - shift[1]) / (height / 2) - 1)[:, None]
    a, b, w = (np.float32(row[0]) * x + np.float32(row[1]) * y + np.float32(row[2]) for row in back)
    return (a / w + 1) * (width / 2), (b / w + 1) * (height / 2)


def _blotches(shape: tuple[int, ...], cells: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth random (H, W) of mean 0 and deviation near 1, with `cells` bumps across."""
    small = rng.normal(0, 1, (max(2, cells * shape[0] // shape[1]), cells)).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def _paper(u: np.ndarray, v: np.ndarray, scale: float, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) in 0 to 255: paper with its texture and its printed lines; u, v in millimetres."""
    sorts = COLOURS if scene.coloured else WHITES
    paper = np.array(sorts[int(rng.integers(len(sorts)))], np.float32)
    rough = rng.uniform(0.003, 0.02)
    texture = rough * (_blotches(u.shape, u.shape[1] // 3, rng) + 0.7 * _blotches(u.shape, 30, rng))
    image = paper * (1 + texture[:, :, None])
    if not scene.printed:
        return image
    printed = np.array(PRINTS[int(rng.integers(len(PRINTS)))], np.float32)
    strength = rng.uniform(0.5, 1.0)
    thickness = rng.uniform(0.12, 0.35)
    spacing = rng.uniform(6.5, 9.5) if scene.printed == "lined" else rng.uniform(4.0, 6.0)
    # Paper is seldom quite flat: its lines bend by up to half a millimetre.
    bend = rng.uniform(0, 0.5) * np.sin(u / rng.uniform(60, 200) + rng.uniform(0, 6))
    cover = _lines(v + bend, spacing, rng.uniform(0, spacing), thickness, scale)
    if scene.printed == "squared":
        cover = np.maximum(cover, _lines(u, spacing, rng.uniform(0, spacing), thickness, scale))
    image = image + (strength * cover)[:, :, None] * (np.minimum(printed, paper) * printed / 255 - image)
    if scene.printed == "lined" and rng.random() < 0.4:  # the margin, in red
        place = rng.choice([0.1, 0.9]) * float(u.max())
        margin = (0.5 - np.abs(u - place) * scale + thickness * scale * 0.65).clip(0, 1)
        image = image + (strength * margin)[:, :, None] * (np.array((225, 130, 140), np.float32) - image)
    return image


def _lines(at: np.ndarray, spacing: float, phase: float, thickness: float, scale: float) -> np.ndarray:
    """How much of each pixel a printed line covers, 0 to 1; `at` in millimetres across the lines."""
    distance = np.abs((at + phase) % spacing - spacing / 2)
    half = max(thickness, 1e-3) * scale / 2
    return (0.5 + half - distance * scale).clip(0, min(1.0, 2 * half))


def _write(
    image: np.ndarray, strokes: list[np.ndarray], width: float, ink: np.ndarray, pen: str, rng: np.random.Generator
) -> np.ndarray:
    """`image` with the strokes on it, in an ink that lets some paper through, unevenly."""
    height, across = image.shape[:2]
    fine = 2
    mask = Image.new("L", (across * fine, height * fine))
    draw = ImageDraw.Draw(mask)
    radius = width * fine / 2
    for stroke in strokes:
        points = [(x * fine, y * fine) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=255, width=max(1, round(width * fine)), joint="curve")
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    cover = np.asarray(mask.reduce(fine), np.float32) / 255
    uneven = {"ballpoint": 0.12, "pencil": 0.2, "marker": 0.04}.get(pen, 0.06)
    density = rng.uniform(0.8, 0.97) + uneven * _blotches(cover.shape, across // 4, rng)
    cover = cover * density.clip(0.3, 1)
    return image + cover[:, :, None] * (ink * image / 255 * 0.3 + ink * 0.7 - image)


def _desk(
    image: np.ndarray, u: np.ndarray, v: np.ndarray, written: np.ndarray, width: float, rng: np.random.Generator
) -> np.ndarray:
    """`image` with the paper cut off at one or two edges, and the desk, with its grain, behind them."""
    desk = np.array(DESKS[int(rng.integers(len(DESKS)))], np.float32)
    grain = 0.06 * _blotches((image.shape[1], image.shape[0]), 5, rng).T + 0.03 * _blotches(image.shape, 40, rng)
    for side in rng.permutation(4)[: rng.integers(1, 3)]:
        at = (u, v)[side % 2] * (1 if side < 2 else -1)
        start = float(at.min())
        nearest = float((written[:, side % 2] * (1 if side < 2 else -1)).min()) - 2 * width
        depth = rng.uniform(0.0, 0.15) * float(at.max() - start)
        edge = min(start + depth, nearest)
        beyond = (edge - at + 0.5).clip(0, 1)[:, :, None]
        shade = 1 - 0.35 * np.exp(-((edge - at).clip(0) / (0.01 * image.shape[0])))  # the paper's own shadow
        image = image + beyond * (desk * ((1 + grain) * shade)[:, :, None] - image)
    return image


def _light(width: int, height: int, scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(H, W): what share of full light falls where."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = np.full((height, width), rng.uniform(0.72, 1.04), np.float32)
    if scene.gradient:
        turn = rng.uniform(0, 2 * np.pi)
        along = (np.cos(turn) * x + np.sin(turn) * y) / 1.42  # -1 to 1
        light *= 1 - rng.uniform(0.2, 0.6) * ((along + 1) / 2) ** rng.uniform(0.8, 2)
        light *= 1 - rng.uniform(0, 0.3) * (x**2 + y**2) / 2
    else:
        light *= 1 - rng.uniform(0, 0.08) * (x**2 + y**2) / 2
    if scene.shadow:
        if rng.random() < 0.5:  # an edge
            turn = rng.uniform(0, 2 * np.pi)
            dark = np.cos(turn) * x + np.sin(turn) * y > rng.uniform(-0.5, 0.5)
        else:  # a hand, or a phone
            cx, cy, rx, ry = *rng.uniform(-1, 1, 2), *rng.uniform(0.35, 1.0, 2)
            dark = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        soft = float(np.exp(rng.uniform(np.log(0.002), np.log(0.03)))) * max(width, height)
        shade = Image.fromarray((dark * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(soft))
        light *= 1 - rng.uniform(0.2, 0.55) * np.asarray(shade, np.float32) / 255
    return light


def _expose(image: np.ndarray, scene: Scene, rng: np.random.Generator) -> bytes:
    """Lens, sensor and JPEG."""
    longer = max(image.shape)
    blur = float(rng.uniform(0.0008, 0.003)) * longer if scene.camera else rng.uniform(0.3, 0.7)
    sharp = Image.fromarray(image.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    pixels: np.ndarray = np.asarray(sharp, np.float32)
    level = rng.uniform(2, 9) if scene.camera else rng.uniform(0.5, 2)
    grain = rng.normal(0, 1, image.shape[:2]).astype(np.float32)[:, :, None]
    colour = np.repeat(np.repeat(rng.normal(0, 1, (-(-image.shape[0] // 2), -(-image.shape[1] // 2), 3)), 2, 0), 2, 1)
    noise = grain + 0.6 * colour[: image.shape[0], : image.shape[1]].astype(np.float32)
    pixels = pixels + level * noise * np.sqrt(0.3 + pixels / 255)
    file = io.BytesIO()
    quality = int(rng.integers(35, 80) if scene.camera else rng.integers(85, 95))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return file.getvalue()
