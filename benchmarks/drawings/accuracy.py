"""How well are real pen drawings read?  One row a brush width, the modern pipeline beside the classic.

    python -m benchmarks drawings accuracy FILE --network runs/digits-fold-*.safetensors

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Each drawing is rendered black on white, 400 pixels square, and sent through the public API.  A
second table has the same drawings changed: shrunk, moved, slanted, inverted.  Each network reads the
writers that it did not learn from, unless --writers says otherwise.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from benchmarks.held_out import Pairs, add_source, heading, readers
from lenet.data.strokes import CANVAS, PEN_TABLET, Drawing, Strokes, render
from lenet.inference.classifier import UNSURE_BELOW, Prediction

WIDTHS = (6, 14, 28, 44)
HALF = PEN_TABLET / 2
FILLED = 3  # times the brush's width, below which the longer side of its strokes leaves hardly a hole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    print(heading(pairs, options) + "\n")
    print("| brush width of 400 | modern | right and sure | classic | unsure | wrong though sure |")
    print("|---:|---:|---:|---:|---:|---:|")
    rows = [measure(pairs, width) for width in WIDTHS]
    for width, row in zip(WIDTHS, rows, strict=True):
        print(f"| {width} | " + " | ".join(f"{value:.2%}" for value in row) + " |")
    print("| mean | " + " | ".join(f"{value:.2%}" for value in np.mean(rows, axis=0)) + " |")
    print(f"\nunsure: a confidence below {UNSURE_BELOW}, or not a digit, or blank")
    print(f"{by_size(pairs, WIDTHS[-1])}\n")
    print("| drawings changed | " + " | ".join(f"width {width}" for width in WIDTHS) + " | mean |")
    print("|---|" + "---:|" * (len(WIDTHS) + 1))
    for name, change in CHANGES.items():
        shares = [changed(pairs, width, change) for width in WIDTHS]
        print(f"| {name} | " + " | ".join(f"{value:.2%}" for value in (*shares, np.mean(shares))) + " |", flush=True)
    return 0


def measure(pairs: Pairs, width: int) -> tuple[float, float, float, float, float]:
    """Fractions: right and right and sure by the modern pipeline, right by the classic one, unsure, sure but wrong."""
    right = classic = unsure = misled = 0
    for classifier, drawings in pairs:
        for start in range(0, len(drawings), 500):
            some = drawings[start : start + 500]
            pictures = [render(d.strokes, width) for d in some]
            for d, prediction in zip(some, classifier.predict_batch(pictures), strict=True):
                right += _is(prediction, d)
                unsure += prediction.verdict != "sure"
                misled += prediction.verdict == "sure" and not _is(prediction, d)
            classic += sum(_is(p, d) for p, d in zip(classifier.predict_batch(pictures, "classic"), some, strict=True))
    count = sum(len(drawings) for _, drawings in pairs)
    sure = count - unsure - misled
    return right / count, sure / count, classic / count, unsure / count, misled / count


def by_size(pairs: Pairs, width: int) -> str:
    """How well small and large drawings are read; a brush fills what is small beside it."""
    right: dict[bool, list[tuple[bool, bool]]] = {True: [], False: []}
    for classifier, drawings in pairs:
        for start in range(0, len(drawings), 500):
            some = drawings[start : start + 500]
            for d, prediction in zip(
                some, classifier.predict_batch([render(d.strokes, width) for d in some]), strict=True
            ):
                side = np.ptp(np.concatenate(d.strokes), axis=0).max() * CANVAS / PEN_TABLET
                is_right = _is(prediction, d)
                right[bool(side < FILLED * width)].append((is_right, is_right and prediction.verdict == "sure"))
    said = [
        f"{len(some):,} {which} than {FILLED} brushes: {share:.2%}, {sure:.2%} right and sure"
        for some, which in ((right[True], "drawings smaller"), (right[False], "not smaller"))
        for share, sure in [np.mean(some, axis=0)]
    ]
    return f"brush width {width}: " + "; ".join(said)


def _is(prediction: Prediction, drawing: Drawing) -> bool:
    return prediction.label == str(drawing.label)


# --------------------------------------------------------------------------------------------------
# The same drawings changed: (strokes, brush width, random numbers) -> picture


def shrunk(strokes: Strokes, width: float, rng: np.random.Generator) -> Image.Image:
    """Strokes and brush together, as a smaller picture of the same drawing, in the middle."""
    scale = rng.uniform(0.25, 1)
    return render([(s - HALF) * scale + HALF for s in strokes], max(1, width * scale))


def moved(strokes: Strokes, width: float, rng: np.random.Generator) -> Image.Image:
    """Anywhere on the pad, whole."""
    return render(_anywhere(strokes, width, rng), width)


def slanted(strokes: Strokes, width: float, rng: np.random.Generator) -> Image.Image:
    """By up to 15 degrees either way."""
    return render(_slant(strokes, rng), width)


def inverted(strokes: Strokes, width: float, rng: np.random.Generator) -> Image.Image:
    """White on black."""
    return ImageOps.invert(render(strokes, width))


def everything(strokes: Strokes, width: float, rng: np.random.Generator) -> Image.Image:
    """Slanted, shrunk, moved, and inverted half of the time."""
    scale = rng.uniform(0.25, 1)
    small = [(s - HALF) * scale + HALF for s in _slant(strokes, rng)]
    picture = render(_anywhere(small, width * scale, rng), max(1, width * scale))
    return ImageOps.invert(picture) if rng.random() < 0.5 else picture


def _slant(strokes: Strokes, rng: np.random.Generator) -> Strokes:
    tangent = np.tan(np.radians(rng.uniform(-15, 15)))
    return [s + np.stack([tangent * (HALF - s[:, 1]), np.zeros(len(s))], axis=1) for s in strokes]


def _anywhere(strokes: Strokes, width: float, rng: np.random.Generator) -> Strokes:
    points, margin = np.concatenate(strokes), width / 2 * PEN_TABLET / CANVAS
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    shift = rng.uniform(-low, np.maximum(PEN_TABLET - high, -low))
    return [s + shift for s in strokes]


CHANGES: dict[str, Callable[[Strokes, float, np.random.Generator], Image.Image]] = {
    "not at all": lambda strokes, width, rng: render(strokes, width),
    "shrunk to 25-100%, brush too": shrunk,
    "moved anywhere": moved,
    "slanted by up to 15 degrees": slanted,
    "inverted": inverted,
    "all of these": everything,
}


def changed(pairs: Pairs, width: int, change: Callable[[Strokes, float, np.random.Generator], Image.Image]) -> float:
    """The fraction read right."""
    rng = np.random.default_rng(0)
    right = 0
    for classifier, drawings in pairs:
        for start in range(0, len(drawings), 500):
            some = drawings[start : start + 500]
            pictures = [change([np.array(s) for s in d.strokes], width, rng) for d in some]
            right += sum(_is(p, d) for p, d in zip(classifier.predict_batch(pictures), some, strict=True))
    return right / sum(len(drawings) for _, drawings in pairs)
