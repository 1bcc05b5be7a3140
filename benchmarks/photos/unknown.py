"""Is what is none of the ten classes told from photos of them?  And do probabilities mean what they say?

    python -m benchmarks photos unknown --network photos weights/photos-small.safetensors

Known are CIFAR-10's test pictures; the unknown are made here by rule, or are digits and pen drawings: none
were trained on.  A column a score: AUROC, from the first crop's logits z for the four scores of the
literature, and for "ours", `PhotoPrediction.ood_score`, as the page has it.  Then: how many of the unknown pass when
95% of the known do, and how many are called unknown.  ECE: 15 bins, the central view of the test split.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sklearn.metrics import roc_auc_score
from torch import Tensor

from lenet.data.datasets import Dataset, Split, data_root, load
from lenet.data.non_digits import non_digit
from lenet.data.strokes import PEN_FILE, Drawing, read_drawings, render
from lenet.inference.ood import KNOWN_SHARE, energy
from lenet.inference.photos import UNKNOWN_ABOVE, PhotoClassifier
from lenet.training.loop import evaluate
from lenet.training.metrics import accuracy, calibration_error

EACH = 300  # pictures of each unknown kind
LOSSLESS = 1000  # of the test pictures, the first; the others may be JPEG copies
BATCH = 500

Rng = np.random.Generator
Scores = dict[str, np.ndarray]  # (N,) by name: the higher, the less known


@dataclass(frozen=True)
class Sources:
    """What unknown pictures are made of: MNIST's test digits, CIFAR-10's test pictures, pen drawings."""

    digits: Split
    photos: Split
    drawings: list[Drawing]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", nargs="+", default=["photos"], help="names in weights/, or paths")
    parser.add_argument("--each", type=int, default=EACH, help="pictures of each unknown kind")


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    classifiers = [PhotoClassifier.from_pretrained(name) for name in options.network]
    photos, digits = load("cifar10"), load("mnist")
    drawings = read_drawings(data_root() / PEN_FILE)
    unknown = made(Sources(digits.test, photos.test, drawings), options.each, np.random.default_rng(0))
    for name, classifier in zip(options.network, classifiers, strict=True):
        print(report(Path(name).stem, classifier, photos, unknown) + "\n", flush=True)
    return 0


def made(sources: Sources, each: int, rng: Rng) -> dict[str, list[Image.Image]]:
    """`each` pictures of every kind."""
    return {name: [make(rng, sources) for _ in range(each)] for name, make in KINDS.items()}


def report(name: str, classifier: PhotoClassifier, photos: Dataset, unknown: dict[str, list[Image.Image]]) -> str:
    known = scores(classifier, (image.permute(1, 2, 0).numpy() for image in photos.test.images))
    odd = {kind: scores(classifier, pictures) for kind, pictures in unknown.items()}
    everything = {score: np.concatenate([some[score] for some in odd.values()]) for score in known}
    first = {score: values[:LOSSLESS] for score, values in known.items()}
    lines = [
        f"{name}: {len(photos.test):,} known pictures, {len(unknown)} unknown kinds\n",
        f"| unknown | {' | '.join(known)} | ours: pass when 95% of the known do | ours: called unknown |",
        "|---|" + "---:|" * (len(known) + 2),
        *(row(kind, known, some) for kind, some in odd.items()),
        row("all of them", known, everything),
        row(f"all of them, known: the first {LOSSLESS:,}", first, everything),
        f"\nCalled unknown though known: {np.mean(known['ours'] > UNKNOWN_ABOVE):.2%} of all, "
        f"{np.mean(first['ours'] > UNKNOWN_ABOVE):.2%} of the first {LOSSLESS:,}; of the validation split, "
        f"by its first crop, {1 - KNOWN_SHARE:.0%} by rule.",
        trust(classifier, photos.test),
    ]
    return "\n".join(lines)


def scores(classifier: PhotoClassifier, pictures: Iterable[Image.Image | np.ndarray]) -> Scores:
    some, parts = list(pictures), []
    for start in range(0, len(some), BATCH):
        predictions = classifier.predict_batch(some[start : start + BATCH])
        logits = torch.cat([list(p.activations.values())[-1] for p in predictions])
        ours = np.array([p.ood_score for p in predictions])
        parts.append({**{name: score(logits, classifier.temperature) for name, score in SCORES.items()}, "ours": ours})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def probability(z: Tensor, temperature: float) -> np.ndarray:
    return -(z / temperature).softmax(dim=1).amax(dim=1).numpy()


def logit(z: Tensor, temperature: float) -> np.ndarray:
    return -z.amax(dim=1).numpy()


def free_energy(z: Tensor, temperature: float) -> np.ndarray:
    return energy(z, temperature).numpy()


def entropy(z: Tensor, temperature: float) -> np.ndarray:
    log = (z / temperature).log_softmax(dim=1)
    return -(log.exp() * log).sum(dim=1).numpy()


SCORES: dict[str, Callable[[Tensor, float], np.ndarray]] = {
    "largest probability": probability,
    "largest logit": logit,
    "energy": free_energy,
    "entropy": entropy,
}


def row(kind: str, known: Scores, odd: Scores) -> str:
    cells = [f"{auroc(known[score], odd[score]):.3f}" for score in known]
    passed = np.mean(odd["ours"] <= np.quantile(known["ours"], 0.95))
    return f"| {kind} | {' | '.join(cells)} | {passed:.1%} | {np.mean(odd['ours'] > UNKNOWN_ABOVE):.1%} |"


def auroc(known: np.ndarray, odd: np.ndarray) -> float:
    return float(roc_auc_score(np.r_[np.zeros(len(known)), np.ones(len(odd))], np.r_[known, odd]))


def trust(classifier: PhotoClassifier, test: Split) -> str:
    """ECE before and after the temperature."""
    logits = evaluate(classifier.model, test.images, classifier.recipe.input)
    before, after = (
        calibration_error((logits / temperature).softmax(dim=1), test.labels)
        for temperature in (1.0, classifier.temperature)
    )
    return (
        f"ECE {before:.2%} as trained, {after:.2%} with temperature {classifier.temperature:.3f}; "
        f"accuracy of the central view {accuracy(logits, test.labels):.2%}"
    )


# --------------------------------------------------------------------------------------------------
# The unknown pictures: (random numbers, sources) -> picture


def _size(rng: Rng) -> tuple[int, int]:
    return SIZES[rng.integers(len(SIZES))]


SIZES = ((240, 240), (320, 240), (240, 320), (384, 216))


def _colour(rng: Rng) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def _digit(rng: Rng, sources: Sources, side: int) -> Image.Image:
    image = sources.digits.images[int(rng.integers(len(sources.digits)))][0]
    return Image.fromarray(image.numpy()).resize((side, side), Image.Resampling.BICUBIC)


def digits_as_they_are(rng: Rng, sources: Sources) -> Image.Image:
    return _digit(rng, sources, 224)


def digits_in_colour(rng: Rng, sources: Sources) -> Image.Image:
    size, side = _size(rng), int(rng.integers(120, 240))
    picture = Image.new("RGB", size, _colour(rng))
    place = (size[0] - side) // 2, (size[1] - side) // 2
    picture.paste(Image.new("RGB", (side, side), _colour(rng)), place, _digit(rng, sources, side))
    return picture


def digits_on_paper(rng: Rng, sources: Sources) -> Image.Image:
    """Dark ink on a light sheet, lit from one side, with grain."""
    size, side = _size(rng), int(rng.integers(80, 220))
    ink = Image.new("L", size)
    ink.paste(_digit(rng, sources, side), ((size[0] - side) // 2, (size[1] - side) // 2))
    paper = rng.uniform(170, 250, 3) * np.linspace(rng.uniform(0.75, 1), 1, size[0])[None, :, None]
    covered = np.asarray(ink)[:, :, None] / 255
    return _picture(paper * (1 - 0.85 * covered) + rng.normal(0, 3, (size[1], size[0], 1)))


def pen_drawings(rng: Rng, sources: Sources) -> Image.Image:
    strokes = [np.array(s) for s in sources.drawings[int(rng.integers(len(sources.drawings)))].strokes]
    return render(strokes, float(rng.uniform(6, 30)), 240)


def letters_and_scribbles(rng: Rng, sources: Sources) -> Image.Image:
    return render(non_digit(rng)[0], float(rng.uniform(6, 30)), 240)


def white_noise(rng: Rng, sources: Sources) -> Image.Image:
    """In grains of 1 to 30 pixels, grey or coloured."""
    size, grain = _size(rng), int(rng.integers(1, 31))
    shape = -(-size[1] // grain), -(-size[0] // grain), int(rng.choice([1, 3]))
    grains = rng.integers(0, 256, shape).repeat(grain, axis=0).repeat(grain, axis=1)
    return _picture(grains[: size[1], : size[0]])


def clouds(rng: Rng, sources: Sources) -> Image.Image:
    """Noise whose amplitude falls with frequency as f^-1 to f^-3; photos have about f^-1 (Field 1987)."""
    size = _size(rng)
    frequency = np.hypot(np.fft.fftfreq(size[1])[:, None], np.fft.rfftfreq(size[0])[None, :])
    frequency[0, 0] = 1
    weight = frequency ** -rng.uniform(1, 3)
    layers = [np.fft.irfft2(np.fft.rfft2(rng.normal(size=size[::-1])) * weight, size[::-1]) for _ in range(3)]
    mixed = np.stack(layers, axis=2) @ rng.normal(size=(3, 3))
    return _picture(128 + 50 * (mixed - mixed.mean()) / mixed.std())


def blurred_noise(rng: Rng, sources: Sources) -> Image.Image:
    soft = np.asarray(white_noise(rng, sources).filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 25)))), float)
    return _picture((soft - soft.min()) * 255 / max(float(np.ptp(soft)), 1))


def gradients(rng: Rng, sources: Sources) -> Image.Image:
    """From one colour to another, along a line or around a point."""
    x, y = _grid(_size(rng))
    angle, (cx, cy) = rng.uniform(0, 2 * math.pi), rng.uniform(0, 1, 2)
    t = np.hypot(x - cx, y - cy) if rng.random() < 0.5 else x * math.cos(angle) + y * math.sin(angle)
    return _mixed(rng, (t - t.min()) / np.ptp(t))


def stripes_and_checkers(rng: Rng, sources: Sources) -> Image.Image:
    x, y = _grid(_size(rng))
    angle, count = rng.uniform(0, math.pi), rng.uniform(2, 20)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    bands = np.floor(u * count) + (np.floor(v * count) if rng.random() < 0.5 else 0)
    return _mixed(rng, bands % 2)


def flat_colours(rng: Rng, sources: Sources) -> Image.Image:
    """With the grain that a camera leaves."""
    size = _size(rng)
    return _picture(rng.uniform(0, 255, 3) + rng.normal(0, 3, (size[1], size[0], 3)))


def shapes(rng: Rng, sources: Sources) -> Image.Image:
    """One to five discs, boxes and triangles on a plain ground."""
    size = _size(rng)
    picture = Image.new("RGB", size, _colour(rng))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(1, 6)):
        radius, (cx, cy) = rng.uniform(20, 110), rng.uniform(0.2, 0.8, 2) * size
        box = (cx - radius, cy - radius, cx + radius, cy + radius)
        kind, angle = rng.integers(3), rng.uniform(0, 360)
        if kind == 0:
            draw.ellipse(box, _colour(rng))
        else:
            draw.regular_polygon((cx, cy, radius), 3 if kind == 1 else 4, angle, _colour(rng))
    return picture


WORDS = ("the", "of", "network", "and", "to", "layer", "a", "gradient", "is", "weights", "error", "in", "by", "LeNet")


def text(rng: Rng, sources: Sources) -> Image.Image:
    """Lines of words, from small print to headlines."""
    size, height = _size(rng), int(rng.integers(10, 60))
    dark, light = sorted((_colour(rng), _colour(rng)), key=sum)
    ink, paper = (dark, light) if rng.random() < 0.7 else (light, dark)
    picture = Image.new("RGB", size, paper)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(height)
    for y in range(5, size[1], round(1.3 * height)):
        draw.text((5, y), " ".join(rng.choice(WORDS, 40)), ink, font)
    return picture


def pages(rng: Rng, sources: Sources) -> Image.Image:
    """A page: a headline, columns of grey lines, and a box."""
    size = _size(rng)
    picture = Image.new("RGB", size, (250, 250, 250))
    draw, columns = ImageDraw.Draw(picture), int(rng.integers(1, 4))
    draw.rectangle((12, 12, int(size[0] * rng.uniform(0.4, 0.9)), 30), _colour(rng))
    width = (size[0] - 12) // columns
    for column in range(columns):
        for y in range(44, size[1] - 12, 9):
            grey = int(rng.integers(60, 140))
            right = 12 + column * width + int((width - 12) * rng.uniform(0.7, 1))
            draw.rectangle((12 + column * width, y, right, y + 3), (grey, grey, grey))
    x, y = (int(rng.uniform(0.1, 0.5) * side) for side in size)
    draw.rectangle((x, y, x + size[0] // 3, y + size[1] // 3), _colour(rng))
    return picture


def charts(rng: Rng, sources: Sources) -> Image.Image:
    """Bars, lines, points or a pie, as matplotlib draws them."""
    canvas = FigureCanvasAgg(figure := Figure(figsize=(3.2, 2.4), dpi=80))
    axes, count, kind = figure.subplots(), int(rng.integers(3, 12)), rng.integers(4)
    if kind == 0:
        axes.bar(range(count), rng.random(count), color=rng.random(3))
    elif kind == 1:
        axes.plot(rng.normal(size=(30, rng.integers(1, 5))).cumsum(axis=0))
    elif kind == 2:
        axes.scatter(*rng.normal(size=(2, 60)), color=rng.random(3))
    else:
        axes.pie(rng.random(count) + 0.1)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def mosaics(rng: Rng, sources: Sources) -> Image.Image:
    """A photo's own 16 patches in another order."""
    image = sources.photos.images[int(rng.integers(len(sources.photos)))].permute(1, 2, 0).numpy()
    patches = image.reshape(4, 8, 4, 8, 3).swapaxes(1, 2).reshape(16, 8, 8, 3)[rng.permutation(16)]
    return Image.fromarray(patches.reshape(4, 4, 8, 8, 3).swapaxes(1, 2).reshape(32, 32, 3))


def _grid(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, (H, W) each, as fractions of the height."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width] / height
    return x, y


def _mixed(rng: Rng, t: np.ndarray) -> Image.Image:
    """One colour where t (H, W) is 0, another where it is 1."""
    one, other = rng.uniform(0, 255, (2, 3))
    return _picture(one + t[:, :, None] * (other - one))


def _picture(pixels: np.ndarray) -> Image.Image:
    """From values (H, W, 3 or 1) that may leave 0 to 255."""
    image = pixels.clip(0, 255).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(image, (*image.shape[:2], 3)).copy())


KINDS: dict[str, Callable[[Rng, Sources], Image.Image]] = {
    "digits, white on black": digits_as_they_are,
    "digits in colour": digits_in_colour,
    "digits on paper": digits_on_paper,
    "pen drawings of digits": pen_drawings,
    "drawn letters and scribbles": letters_and_scribbles,
    "white noise, fine to coarse": white_noise,
    "clouds (1/f to 1/f^3)": clouds,
    "blurred noise": blurred_noise,
    "gradients": gradients,
    "stripes and checkers": stripes_and_checkers,
    "flat colours": flat_colours,
    "geometric shapes": shapes,
    "text": text,
    "page layouts": pages,
    "charts": charts,
    "CIFAR-10 pictures, patches shuffled": mosaics,
}
