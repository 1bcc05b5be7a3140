"""How well are photos named?  The photo classifier beside the central square alone and the naive squash.

    python -m benchmarks photos folders DIR --network photos weights/photos-small.safetensors

DIR has one folder a class, of pictures of any sizes and formats: `cat`, `car` or `automobile`, `plane` or
`airplane`, ...; what is in `other` is none of the ten.  Naive is what tutorials do: the whole picture
squashed to 32x32, each pixel taken from the few around its place (bilinear, or the nearest one), without
averaging.  Unsure, unknown and the time (median milliseconds of `predict`, file to answer, one thread)
are of the photo classifier; accuracies are of the pictures of the ten classes.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.errors import ImageError, LeNetError
from lenet.inference.classifier import Classifier
from lenet.inference.photos import PhotoClassifier, PhotoPrediction
from lenet.preprocessing.photos import PHOTO_SIDE, upright

OTHER = ""  # the class of what is none of the ten
SYNONYMS = {
    **{"plane": "airplane", "aeroplane": "airplane", "aircraft": "airplane", "car": "automobile", "auto": "automobile"},
    **{
        "boat": "ship",
        "lorry": "truck",
        "kitten": "cat",
        "puppy": "dog",
        "toad": "frog",
        "other": OTHER,
        "none": OTHER,
    },
}
NAIVE = ("bilinear", "nearest")
Labelled = list[tuple[Path, str]]


@dataclass(frozen=True)
class Row:
    """What one network made of the pictures; fractions, and milliseconds."""

    ours: float
    centre: float
    bilinear: float
    nearest: float
    unsure: float
    unknown: float
    caught: float
    milliseconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="one folder a class")
    parser.add_argument("--network", nargs="+", default=["photos"], help="names in weights/, or paths")


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    pictures, damaged = readable(labelled(options.folder))
    classifiers = [photo_network(name) for name in options.network]
    for sentence in damaged:
        print(f"skipped: {sentence}", file=sys.stderr)
    known = sum(label != OTHER for _, label in pictures)
    print(f"{options.folder}: {known:,} pictures of the ten classes, {len(pictures) - known:,} others\n")
    print(
        "| network | ours | central square | squashed, bilinear | squashed, nearest | unsure | called unknown "
        "| others called unknown | ms, p50 |\n|---|" + "---:|" * 8
    )
    for name, classifier in zip(options.network, classifiers, strict=True):
        print(table_row(Path(name).stem, measure(classifier, pictures)), flush=True)
    return 0


def photo_network(name: str) -> PhotoClassifier:
    """The network called `name`.

    Raises:
        LeNetError: there is none, or it names no photos.
    """
    classifier = Classifier.from_pretrained(name)
    if not isinstance(classifier, PhotoClassifier) or classifier.classes != CIFAR10_CLASSES:
        raise LeNetError(f"{name} does not know CIFAR-10's ten classes: give a network of photos.")
    return classifier


def labelled(folder: Path) -> Labelled:
    """Every file in the class folders of `folder`, with its class, or OTHER.

    Raises:
        LeNetError: no folder, an unknown class, or no files.
    """
    if not folder.is_dir():
        raise LeNetError(f"There is no folder {folder}. Check the path.")
    found: Labelled = []
    for part in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        name = part.name.strip().lower()
        singular = name if name in SYNONYMS or name in CIFAR10_CLASSES else name.removesuffix("s")
        label = SYNONYMS.get(singular, singular)
        if label != OTHER and label not in CIFAR10_CLASSES:
            raise LeNetError(
                f"{part} is a folder of none of the ten classes: call it one of {', '.join(CIFAR10_CLASSES)}, or other."
            )
        files = sorted(path for path in part.rglob("*") if path.is_file() and not path.name.startswith("."))
        found += [(path, label) for path in files]
    if not found:
        raise LeNetError(f"There are no pictures in {folder}: put them in one folder a class.")
    return found


def readable(pictures: Labelled) -> tuple[Labelled, list[str]]:
    """Those that can be read, and a sentence for each that cannot."""
    good, damaged = [], []
    for path, label in pictures:
        try:
            upright(path)
            good.append((path, label))
        except ImageError as error:
            damaged.append(str(error) if str(path) in str(error) else f"{path}: {error}")
    if not good:
        raise LeNetError("None of the files is a picture that can be read.")
    return good, damaged


def measure(classifier: PhotoClassifier, pictures: Labelled) -> Row:
    classifier.predict(pictures[0][0])  # to warm up
    predictions, seconds, right = [], [], []
    for path, label in pictures:
        began = time.perf_counter()
        prediction = classifier.predict(path)
        seconds.append(time.perf_counter() - began)
        predictions.append(prediction)
        answers = (prediction.label, first_crop(prediction), *(squashed(classifier, path, mode) for mode in NAIVE))
        right.append([answer == label for answer in answers])
    known = np.array([label != OTHER for _, label in pictures])
    verdicts = np.array([prediction.verdict for prediction in predictions])
    ours, centre, bilinear, nearest = (share(column, known) for column in np.array(right).T)
    return Row(
        ours,
        centre,
        bilinear,
        nearest,
        share(verdicts == "unsure", known),
        share(verdicts == "unknown", known),
        share(verdicts == "unknown", ~known),
        1000 * float(np.median(seconds)),
    )


def first_crop(prediction: PhotoPrediction) -> str:
    probs = prediction.crops[0].probs
    return max(probs, key=probs.__getitem__)


def squashed(classifier: PhotoClassifier, path: Path, mode: str) -> str:
    """The answer to the whole picture at 32x32, without regard to its proportions and without averaging."""
    pixels = torch.from_numpy(np.array(upright(path))).permute(2, 0, 1)[None].float()  # (1, 3, H, W)
    small = interpolate(pixels, (PHOTO_SIDE, PHOTO_SIDE), mode=mode)[0].round().byte()
    return first_crop(classifier.predict(small.permute(1, 2, 0).numpy()))


def share(holds: np.ndarray, among: np.ndarray) -> float:
    return float(holds[among].mean()) if among.any() else float("nan")


def table_row(name: str, row: Row) -> str:
    shares = (row.ours, row.centre, row.bilinear, row.nearest, row.unsure, row.unknown, row.caught)
    cells = ["-" if np.isnan(value) else f"{value:.1%}" for value in shares]
    return f"| {name} | {' | '.join(cells)} | {row.milliseconds:.1f} |"
