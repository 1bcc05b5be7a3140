"""Is what is no digit told from digits?  AUROC, and how much of it passes when 95% of the digits do.

    python -m benchmarks drawings not_digits FILE --network runs/digits-fold-*.safetensors

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

The digits are pen drawings of writers that the network did not learn from, at brush widths 6, 14, 28
and 44 of 400.  What is no digit comes from other sources than those of lenet/data/non_digits.py, from which
the network learned: printed letters and signs of matplotlib's own fonts, scribbles of another kind,
filled shapes and textures; only the pairs of digits that touch are made as there, of other writers.
What cannot be told from a digit even by a person is left out, as there.  The score is 1 - `p_not_digit`;
a blank scores 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sklearn.metrics import roc_auc_score

from benchmarks.drawings.accuracy import WIDTHS
from benchmarks.held_out import add_source, heading, readers
from lenet.data.strokes import CANVAS, Drawing, fitted, render
from lenet.inference.digits import DigitPrediction

EACH = 1000  # drawings of each kind

LATIN = "ABCDEFGHJKLMNPQRTUVWXYacdefhkmnprtuvwx"
# without those that are digits in another script's order: omicron, iota, zeta; Ze, be, che, short u, dze
OTHERS = "ΓΔΘΛΞΠΣΦΨΩαβγδεηθκλμνξπρτφχψωБДЖИЙЛПФЦШЩЫЭЮЯвгджийклнпфцшщыэюя"
SIGNS = "←↑→↓↔∀∂∃∅∆∇∈∏∑√∞∩∪≈≠≡≤≥⊂⊕⊗★☆☎☺☻♀♂♠♣♥♦♪♫✈✉✌✎✓✗✿❄❤➔@#&%*+=<>?!{}~^"
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono-Oblique.ttf")

Rng = np.random.Generator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    digits: list[DigitPrediction] = []
    others: dict[str, list[DigitPrediction]] = {name: [] for name in KINDS}
    for number, (classifier, drawings) in enumerate(pairs):
        rng = np.random.default_rng(number)
        for start in range(0, len(drawings), 500):
            some = drawings[start : start + 500]
            digits += classifier.predict_batch([render(d.strokes, WIDTHS[rng.integers(4)]) for d in some])
        for name, draw in KINDS.items():
            others[name] += classifier.predict_batch([draw(rng, drawings) for _ in range(EACH // len(pairs))])
    print(heading(pairs, options) + "\n")
    print("| not a digit | AUROC | pass when 95% of digits do | called no digit | called sure | over 99% confident |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, predictions in others.items():
        print(row(name, digits, predictions))
    print(row("all of them", digits, [p for some in others.values() for p in some]))
    refused = np.mean([p.verdict == "not_digit" for p in digits])
    print(f"\n{refused:.2%} of the digits are called not a digit.")
    return 0


def row(name: str, digits: list[DigitPrediction], others: list[DigitPrediction]) -> str:
    known, odd = (np.array([score(p) for p in some]) for some in (digits, others))
    auroc = roc_auc_score(np.r_[np.ones(len(known)), np.zeros(len(odd))], np.r_[known, odd])
    passed = np.mean(odd >= np.quantile(known, 0.05))
    refused = np.mean([p.verdict in ("not_digit", "blank") for p in others])
    sure = np.mean([p.verdict == "sure" for p in others])
    certain = np.mean([p.confidence > 0.99 for p in others])
    return f"| {name} | {auroc:.4f} | {passed:.2%} | {refused:.2%} | {sure:.2%} | {certain:.2%} |"


def score(prediction: DigitPrediction) -> float:
    """How much like one digit it looks, 0 to 1."""
    return 0.0 if prediction.verdict == "blank" else 1 - prediction.p_not_digit


# --------------------------------------------------------------------------------------------------
# What is no digit: (random numbers, drawings of held-out writers) -> picture


def letters(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    return _printed(LATIN, rng)


def other_scripts(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    return _printed(OTHERS, rng)


def signs(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    return _printed(SIGNS, rng, FONTS[:1])


def _printed(alphabet: str, rng: Rng, fonts: tuple[str, ...] = FONTS) -> Image.Image:
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / fonts[rng.integers(len(fonts))]
    font = ImageFont.truetype(str(path), int(rng.integers(80, 300)))
    picture = Image.new("L", (CANVAS, CANVAS), 255)
    ImageDraw.Draw(picture).text((200, 200), alphabet[rng.integers(len(alphabet))], 0, font, anchor="mm")
    return picture.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, fillcolor=255)


def scribbles(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    """A hand in motion: a sum of swings of four random frequencies, with a drift."""
    t = np.linspace(0, 1, 240)[:, None]
    swings = rng.normal(0, 1, (4, 2)) * np.sin(
        2 * np.pi * (rng.uniform(1, 9, (4, 2)) * t[:, :, None].transpose(0, 2, 1) + rng.random((4, 2)))
    )
    path = swings.sum(axis=1) * 90 + t * rng.normal(0, 200, 2)
    return render(fitted([path], rng.uniform(0.4, 1.0)), float(rng.uniform(4, 24)))


def filled(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    """A disc, a box, a triangle or a star, filled, not thin enough for a one."""
    picture = Image.new("L", (CANVAS, CANVAS), 255)
    draw = ImageDraw.Draw(picture)
    width, height = rng.uniform(60, 360), 0.0
    height = width * rng.uniform(0.5, 1.6)
    box = (200 - width / 2, 200 - min(height, 380) / 2, 200 + width / 2, 200 + min(height, 380) / 2)
    kind = rng.integers(4)
    if kind == 0:
        draw.ellipse(box, fill=0)
    elif kind == 1:
        draw.rectangle(box, fill=0)
    else:
        corners = int(rng.integers(3, 7)) * (1 if kind == 2 else 2)
        radius = np.where(np.arange(corners) % 2, 0.5 if kind == 3 else 1.0, 1.0) * width / 2
        angle = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 7)
        draw.polygon([(200 + r * np.cos(a), 200 + r * np.sin(a)) for r, a in zip(radius, angle, strict=True)], fill=0)
    return picture


def textures(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    """Noise, soft or coarse, all over the picture."""
    noise = Image.fromarray(rng.integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8))
    soft = np.asarray(noise.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 20)))), np.float32)
    low, high = soft.min(), soft.max()
    return Image.fromarray(((soft - low) * (255 / (high - low))).astype(np.uint8))


def touching_pairs(rng: Rng, drawings: list[Drawing]) -> Image.Image:
    """Two digits of held-out writers side by side, a fifth of their height into one another."""
    left, right = ([np.array(s) for s in drawings[int(i)].strokes] for i in rng.integers(0, len(drawings), 2))
    overlap = 0.2 * min(np.ptp(np.concatenate(some)[:, 1]) for some in (left, right))
    shift = max(s[:, 0].max() for s in left) - min(s[:, 0].min() for s in right) - overlap
    return render(fitted(left + [s + np.array([shift, 0]) for s in right]), float(rng.uniform(6, 28)))


KINDS: dict[str, Callable[[Rng, list[Drawing]], Image.Image]] = {
    "printed letters": letters,
    "Greek and Cyrillic letters": other_scripts,
    "signs and symbols": signs,
    "scribbles": scribbles,
    "filled shapes": filled,
    "textures": textures,
    "two digits that touch": touching_pairs,
}
