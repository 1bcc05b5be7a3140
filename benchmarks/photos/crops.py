"""Which further crops of a photo help, and how to average them?  On CIFAR-10's validation split: for choosing.

    python -m benchmarks photos crops --network photos

Each picture as it is; cut to 4:3 and longer, so that its ends are missing from the middle; enlarged and laid on a
longer canvas, in the middle, at one end, anywhere; smaller than the canvas is high; a part of it alone; grey; and out
of focus.  The canvas is plain or another picture, blurred.  A row is a set of crops, each also mirrored, looked at
where the central square alone is below `SETTLED_ABOVE`; "power" is that of its confidence by which a crop counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from lenet.data.datasets import load
from lenet.inference.classifier import UNSURE_BELOW
from lenet.inference.photos import CONFIDENCE_POWER, SETTLED_ABOVE, PhotoClassifier
from lenet.preprocessing.normalization import to_input
from lenet.preprocessing.photos import WHOLE, Photo, Square, first_square

COUNT = 500  # pictures of each kind
SIDE = 128  # pixels of an enlarged picture: four times its own
ASPECTS = (4 / 3, 3 / 2, 16 / 9, 2)

Size = tuple[int, int]
Rng = np.random.Generator
Looks = dict[str, Tensor]  # logits (N, classes) of each place, as it is and, as "NAME mirrored", the other way round


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", nargs="+", default=["photos"], help="names in weights/, or paths")
    parser.add_argument("--count", type=int, default=COUNT, help="pictures of each kind")


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    classifiers = [PhotoClassifier.from_pretrained(name) for name in options.network]
    val = load("cifar10").val
    labels = val.labels[: options.count]
    plain = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in val.images[: options.count]]
    rng = np.random.default_rng(0)
    pictures = {
        kind: [make(rng, one, plain[int(rng.integers(len(plain)))]) for one in plain] for kind, make in KINDS.items()
    }
    for name, classifier in zip(options.network, classifiers, strict=True):
        seen = {kind: look(classifier, some) for kind, some in pictures.items()}
        print(f"\n| {Path(name).stem}, {len(labels)} of each kind | {' | '.join(KINDS)} | mean | sure but wrong |")
        print("|---|" + "---:|" * (len(KINDS) + 2))
        for row, (places, power) in ROWS.items():
            print(f"| {row} | " + " | ".join(f"{value:.1%}" for value in measure(seen, labels, places, power)) + " |")
    return 0


def look(classifier: PhotoClassifier, pictures: list[Image.Image]) -> Looks:
    found: Looks = {}
    for name, place in PLACES.items():
        images = torch.cat([Photo(picture).crops([place(picture.size)]) for picture in pictures])
        for suffix, some in (("", images), (" mirrored", images.flip(3))):
            with torch.inference_mode():
                x = to_input(some, classifier.recipe.input)
                found[name + suffix] = torch.cat([classifier.model(part) for part in x.split(500)])
            found[name + suffix] = found[name + suffix] / classifier.temperature
    return found


def measure(seen: dict[str, Looks], labels: Tensor, places: tuple[str, ...], power: float) -> list[float]:
    """The fraction right of each kind, their mean, and the mean fraction wrong though sure."""
    right, misled = [], []
    for looks in seen.values():
        names = [name + suffix for name in places for suffix in ("", " mirrored")] if places else []
        probs = torch.stack([looks[name].softmax(dim=1) for name in names or ["middle"]])  # (V, N, classes)
        weights = probs.amax(dim=2, keepdim=True) ** power
        settled = probs[0].amax(dim=1, keepdim=True) >= SETTLED_ABOVE
        answer = torch.where(settled, probs[0], (weights * probs).sum(dim=0) / weights.sum(dim=0))
        confidence, best = answer.max(dim=1)
        right.append((best == labels).double().mean().item())
        misled.append(((best != labels) & (confidence >= UNSURE_BELOW)).double().mean().item())
    return [*right, float(np.mean(right)), float(np.mean(misled))]


def _shifted(way: int) -> Callable[[Size], Square]:
    def place(size: Size) -> Square:
        middle = first_square(size)
        step = way * round(middle.side / 32)
        return Square(middle.left + step, middle.top + step, middle.side)

    return place


def _tighter(size: Size) -> Square:
    middle = first_square(size)
    margin = round(middle.side * 0.075)
    return Square(middle.left + margin, middle.top + margin, middle.side - 2 * margin)


PLACES: dict[str, Callable[[Size], Square]] = {
    "middle": first_square,
    "one end": lambda size: Square(0, 0, min(size)),
    "other end": lambda size: Square(size[0] - min(size), size[1] - min(size), min(size)),
    "whole": lambda size: first_square(size, WHOLE),
    "up left": _shifted(-1),
    "down right": _shifted(1),
    "tighter": _tighter,
}
ENDS = ("one end", "other end")
ROWS: dict[str, tuple[tuple[str, ...], float]] = {
    "central square": ((), 0),
    "and mirrored": (("middle",), 0),
    "and a pixel to and fro": (("middle", "up left", "down right"), 0),
    "and the ends": (("middle", *ENDS), 0),
    "and the whole": (("middle", "whole"), 0),
    "and both": (("middle", *ENDS, "whole"), 0),
    f"and both, power {CONFIDENCE_POWER}": (("middle", *ENDS, "whole"), CONFIDENCE_POWER),
    "and both, power 4": (("middle", *ENDS, "whole"), 4),
    f"and both and tighter, power {CONFIDENCE_POWER}": (("middle", *ENDS, "whole", "tighter"), CONFIDENCE_POWER),
    f"a pixel to and fro, power {CONFIDENCE_POWER}": (("middle", "up left", "down right"), CONFIDENCE_POWER),
}


# --------------------------------------------------------------------------------------------------
# The pictures: (random numbers, a picture of 32x32, another one) -> picture


def as_it_is(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return one


def cut_long(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    """A part of it as long as it is, and 18 to 24 of 32 pixels wide."""
    lost = int(rng.integers(4, 8))
    box = (0, lost, 32, 32 - lost) if rng.random() < 0.5 else (lost, 0, 32 - lost, 32)
    part = one.crop(box)
    return part.resize((part.width * 4, part.height * 4), Image.Resampling.BICUBIC)


def in_the_middle(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return _laid(rng, one, other, 1, (0.5, 0.5))


def at_one_end(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return _laid(rng, one, other, 1, (float(rng.integers(2)),) * 2)


def anywhere(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return _laid(rng, one, other, 1, (rng.random(), rng.random()))


def small(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return _laid(rng, one, other, rng.uniform(0.55, 0.95), (rng.random(), rng.random()))


def close(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    """A part of 18 to 26 of its 32 pixels: a face or a wheel fills the picture."""
    side = int(rng.integers(18, 27))
    left, top = (int(start) for start in rng.integers(0, 33 - side, 2))
    part = one.crop((left, top, left + side, top + side))
    return part.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def grey(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    return one.convert("L").convert("RGB")


def blurred(rng: Rng, one: Image.Image, other: Image.Image) -> Image.Image:
    """Out of focus by 0.75 to 1.5 of its 32 pixels."""
    enlarged = one.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return enlarged.filter(ImageFilter.GaussianBlur(rng.uniform(0.75, 1.5) * SIDE / 32))


def _laid(rng: Rng, one: Image.Image, other: Image.Image, part: float, place: tuple[float, float]) -> Image.Image:
    """On a canvas of which it takes `part` of the shorter side, at fractions of the room that is left."""
    short = round(SIDE / part)
    long = round(short * ASPECTS[rng.integers(len(ASPECTS))])
    size = (long, short) if rng.random() < 0.5 else (short, long)
    kind = rng.integers(3)
    if kind == 0:
        blur = ImageFilter.GaussianBlur(size[0] / 20)
        canvas = other.resize(size, Image.Resampling.BICUBIC).filter(blur)
    else:
        pixels = np.asarray(one).reshape(-1, 3).mean(axis=0) if kind == 1 else rng.integers(0, 256, 3)
        red, green, blue = (int(value) for value in pixels)
        canvas = Image.new("RGB", size, (red, green, blue))
    x, y = (round((room - SIDE) * at) for room, at in zip(size, place, strict=True))
    canvas.paste(one.resize((SIDE, SIDE), Image.Resampling.BICUBIC), (x, y))
    return canvas


KINDS: dict[str, Callable[[Rng, Image.Image, Image.Image], Image.Image]] = {
    "as it is": as_it_is,
    "cut long": cut_long,
    "in the middle": in_the_middle,
    "at one end": at_one_end,
    "anywhere": anywhere,
    "small": small,
    "close": close,
    "grey": grey,
    "blurred": blurred,
}
