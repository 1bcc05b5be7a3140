"""How well are numbers read that a pen wrote?  Two to four digits of one hand, side by side.

    python -m benchmarks drawings numbers FILE --network runs/digits-fold-*.safetensors
    python -m benchmarks drawings numbers FILE --network digits --writers val --failures OUT

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

(Not numbers.py: a script's folder comes first among the modules, and numbers is one of Python's own.)

Each number's digits are one writer's, 0.85 to 1.15 of their size, up to 8% of their height off the
line, with 3% to 60% of their height between their inks wherever they come closest, as a pen leaves
it: a 7's bar may reach over its neighbour.  Half of them are on a wide canvas, at the size at which
they were drawn; the others fill a square one as large as the page's pad, and the pen with them.

A number is right where it has the right digits in the right order.  Its segmentation is right where
every digit's box is found, whatever is read in it: intersection over union of 0.8 at least.  Pairs
that touch overlap by up to half the pen's width.  "Unsure": any digit's verdict is not "sure".
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.drawings.accuracy import WIDTHS as ALL_WIDTHS
from benchmarks.held_out import Pairs, add_source, heading, readers
from lenet.data.strokes import CANVAS, PEN_TABLET, Drawing, Strokes, render
from lenet.inference.digits import FoundDigit

WIDTHS = (6, 14, 28)  # of 400
PAD = 280  # pixels a side of the page's pad
NUMBERS = 300  # of each length and brush width
PAIRS = 300  # that touch, of each brush width
SAME_BOX = 0.8

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Number:
    """Digits in one picture: what they are, and where, in fractions of its width and height."""

    picture: Image.Image
    labels: str
    boxes: tuple[Box, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument("--failures", type=Path, help="a folder to put pictures of what went wrong into")


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    print(heading(pairs, options) + "\n")
    print_numbers(pairs, options.failures)
    print_touching(pairs, options.failures)
    print_single(pairs, options.failures)
    return 0


def print_numbers(pairs: Pairs, failures: Path | None) -> None:
    print("| digits | count right | all digits right | segmentation right | unsure | wrong though all sure |")
    print("|---|---:|---:|---:|---:|---:|")
    everything = []
    for length, name in ((2, "two"), (3, "three"), (4, "four")):
        rows = []
        for classifier, drawings in pairs:
            for number in numbers(drawings, length, NUMBERS // len(pairs), np.random.default_rng(length)):
                found = classifier.read(number.picture)
                rows.append(judge(number, found))
                if failures and not rows[-1][2]:
                    keep(failures, f"segmentation-{len(rows)}", number, found)
        print_row(name, rows)
        everything += rows
    print_row("all", everything)


def print_touching(pairs: Pairs, failures: Path | None) -> None:
    print("\n| pairs that touch | touching | unsure or touching | read right | wrong though sure |")
    print("|---:|---:|---:|---:|---:|")
    rows = []
    for classifier, drawings in pairs:
        for number in numbers(drawings, 2, PAIRS // len(pairs), np.random.default_rng(0), touching=True):
            found = classifier.read(number.picture)
            right = read(found) == number.labels
            sure = all(f.prediction.verdict == "sure" for f in found)
            rows.append((any(f.touching for f in found), not sure, right, sure and not right))
            if failures and rows[-1][3]:
                keep(failures, f"touching-{len(rows)}", number, found)
    print_row(f"{len(rows)}", rows)


def print_single(pairs: Pairs, failures: Path | None) -> None:
    print("\n| one digit, brush | predict right | read right | not one digit | touching | wrong though sure |")
    print("|---:|---:|---:|---:|---:|---:|")
    everything = []
    for width in ALL_WIDTHS:
        rows = []
        for classifier, drawings in pairs:
            for d in drawings:
                picture = render(d.strokes, width)
                found = classifier.read(picture)
                label = str(d.label)
                right = read(found) == label
                touching = any(f.touching for f in found)
                sure = all(f.prediction.verdict == "sure" for f in found)
                alone = classifier.predict(picture).label == label
                rows.append((alone, right, len(found) != 1, touching, sure and not right))
                if failures and (len(found) != 1 or touching):
                    keep(failures, f"single-{width}-{len(rows)}", Number(picture, label, ()), found)
        print_row(f"{width}", rows)
        everything += rows
    print_row("all", everything)


def print_row(name: str, rows: Sequence[Sequence[bool]]) -> None:
    print(f"| {name} | " + " | ".join(f"{share:.2%}" for share in np.mean(rows, axis=0)) + " |", flush=True)


def read(found: Sequence[FoundDigit]) -> str:
    return "".join(f.prediction.label for f in found)


def judge(number: Number, found: Sequence[FoundDigit]) -> tuple[bool, bool, bool, bool, bool]:
    """Count right, digits right, segmentation right, any unsure, wrong though all sure."""
    count = len(found) == len(number.boxes)
    right = read(found) == number.labels
    sure = all(f.prediction.verdict == "sure" for f in found)
    same = count and all(alike(f.box, box) >= SAME_BOX for f, box in zip(found, number.boxes, strict=True))
    return count, right, same, not sure, sure and not right


def alike(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    common = _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    return common / (_area(a) + _area(b) - common)


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def numbers(
    drawings: Sequence[Drawing], length: int, count: int, random: np.random.Generator, touching: bool = False
) -> Iterator[Number]:
    """`count` numbers of `length` digits for each brush width; one writer's digits in each."""
    writers = sorted({d.writer for d in drawings})
    hands = {writer: [d for d in drawings if d.writer == writer] for writer in writers}
    for width in WIDTHS:
        for i in range(count):
            hand = hands[writers[i % len(writers)]]
            some = [hand[j] for j in random.choice(len(hand), length, replace=False)]
            square = i // len(writers) % 2 == 1
            yield written(some, width * PEN_TABLET / CANVAS, random, square, touching)


def written(
    some: Sequence[Drawing], pen: float, random: np.random.Generator, square: bool, touching: bool = False
) -> Number:
    """The drawings side by side as one picture; `pen` is the brush in tablet pixels."""
    placed: list[Strokes] = []
    for drawing in some:
        strokes = [np.array(stroke) for stroke in drawing.strokes]
        low, high = extent(strokes)
        size = random.uniform(0.85, 1.15)
        height = (high - low)[1] * size + pen
        off_line = np.array([0, random.uniform(-0.08, 0.08) * height])
        strokes = [(stroke - [low[0], high[1]]) * size + off_line for stroke in strokes]
        gap = pen * random.uniform(-0.5, 0.0) if touching else random.uniform(0.03, 0.6) * height
        placed.append(beside(placed[-1], strokes, pen + gap) if placed else strokes)
    boxes = [np.concatenate([low - pen / 2, high + pen / 2]) for low, high in map(extent, placed)]
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    margin = 40
    long = max(high - low) + 2 * margin
    frame = np.array([long, long]) if square else high - low + 2 * margin
    origin = (low + high) / 2 - frame / 2
    side = PAD if square else round(long * CANVAS / PEN_TABLET)
    scale = PEN_TABLET / long  # `render` draws a square of 500 tablet pixels
    lines = [[(x, y) for x, y in (s - origin) * scale] for strokes in placed for s in strokes]
    picture = render(lines, pen * side / long, side)
    if not square:
        right, bottom = (int(x) for x in frame * side / long)
        picture = picture.crop((0, 0, right, bottom))
    fractions = [tuple(((box.reshape(2, 2) - origin) / frame).ravel()) for box in boxes]
    return Number(picture, "".join(str(d.label) for d in some), tuple(fractions))


def extent(strokes: Strokes) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate(strokes)
    return points.min(axis=0), points.max(axis=0)


def beside(left: Strokes, right: Strokes, distance: float) -> Strokes:
    """`right`, moved so far to the right that its line comes to within `distance` of `left`'s, and no closer."""
    (_, high), (low, _) = extent(left), extent(right)
    here, there = dense(left), dense(right)
    # From far on the right to where it would stand on its neighbour: the last place that is far enough.
    start, end = high[0] - low[0] + distance, (extent(left)[0][0] + high[0]) / 2 - low[0]
    shift = start
    for step in np.arange(start, end, -2.0):
        apart = here[:, None] - (there + np.array([step, 0]))
        if (apart**2).sum(axis=2).min() < distance**2:
            break
        shift = step
    return [stroke + np.array([shift, 0]) for stroke in right]


def dense(strokes: Strokes, step: float = 4.0) -> np.ndarray:
    """Points (N, 2) on the strokes' lines, no two neighbours further apart than `step`."""
    found = []
    for stroke in strokes:
        found.append(stroke[:1])
        for a, b in pairwise(stroke):
            parts = max(1, int(np.ceil(np.hypot(*(b - a)) / step)))
            found.append(a + (b - a) * np.arange(1, parts + 1)[:, None] / parts)
    return np.concatenate(found)


def keep(folder: Path, name: str, number: Number, found: Sequence[FoundDigit]) -> None:
    """The picture with what was found in it."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = number.picture.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for f in found:
        box = [f.box[i] * picture.size[i % 2] for i in range(4)]
        draw.rectangle(box, outline="red" if f.touching else "blue")
        draw.text((box[0], max(0, box[1] - 12)), f"{f.prediction.label} {f.prediction.confidence:.0%}", fill="red")
    picture.save(folder / f"{name}-{number.labels}.png")
