"""The networks in weights/, as their own headers describe them: prints weights/README.md.

python -m benchmarks networks table > weights/README.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lenet.inference.pretrained import load
from lenet.models.network import count_parameters
from lenet.training.stored import WEIGHTS

HEAD = """# Weights

Each `NAME.safetensors` carries one JSON header, under the key `lenet`, that says how it was made: recipe, data,
seed, accuracy, versions. This page is printed from those headers by `python -m benchmarks networks table`; a test
compares them. Any of them is made anew by `python train.py NAME` (`digits` needs the pen strokes, see docs/data.md,
and `photos` the network of `python train.py photos-base`), and measured by
`python train.py --evaluate weights/NAME.safetensors`.

| name | network | parameters | learned from | epochs | test accuracy | its first 1,000 | seconds | on | torch |
|---|---|---:|---|---:|---:|---:|---:|---|---|
"""

FOOT = """
The test accuracy is the last epoch's, for `cifar10-lenet5-*` that of the epoch with the lowest validation loss, of one
view of each picture: MNIST's 10,000 test images for the readers of digits, of which `digits` answers with the likeliest
digit though it knows what is none; CIFAR-10's 10,000 for the namers of photos, of which the first 1,000 were lossless
and the others JPEG copies (quality 75) where this was measured.
Networks of more than a million parameters are kept in half precision, and were measured so. The seconds are those of
a two-core machine: of `photos-medium` with both cores and nothing else running, of the others busy with other work,
one thread each, but two for `photos` and the first 35 epochs of `photos-small`.
`photos` begins with `photos-base`: 48 epochs before its 15, in 3,387 seconds with nothing else running, to 91.98% and
94.20%. `photos-lenet5` and `photos-lenet-wide` learned from that network, and `photos-small` from one of 30 epochs, by
an older distillation (docs/results.md, Photos): their commands make other networks now.
`digits` learned from all 30 writers of the tablet: what a new writer gets is measured by five networks of its
recipe that did not know a fifth of them each (docs/results.md).
"""


def page() -> str:
    return HEAD + "".join(row(path) for path in sorted(WEIGHTS.glob("*.safetensors"))) + FOOT


def row(path: Path) -> str:
    checkpoint = load(path)
    recipe, metrics = checkpoint.recipe, checkpoint.metrics
    cells = (
        f"`{path.stem}`",
        recipe.model,
        f"{count_parameters(checkpoint.model):,}",
        recipe.dataset,
        str(recipe.epochs),
        f"{metrics['test_accuracy']:.2%}",
        f"{metrics['test_accuracy_first_1000']:.2%}",
        f"{metrics['train_seconds']:,.0f}",
        checkpoint.versions.get("device", "cpu"),  # older headers name none: all of those were trained on a processor
        checkpoint.versions["torch"],
    )
    return "| " + " | ".join(cells) + " |\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None: it prints all of weights/."""


def run(options: argparse.Namespace) -> None:
    print(page(), end="")
