"""What the namers of photographs reach on CIFAR-10's test split, with and without test-time augmentation.

    python -m benchmarks photos accuracy [FILES or names in weights/]

Files of one recipe, trained with several seeds, are one row: their mean and, in brackets, their spread.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from statistics import mean, stdev

import torch
from torch import Tensor
from torch.nn import functional

from lenet.data.datasets import Split, load
from lenet.inference.classifier import Classifier
from lenet.models.network import Network
from lenet.preprocessing.normalization import InputFormat
from lenet.training.loop import evaluate
from lenet.training.metrics import accuracy
from lenet.training.recipes import Recipe
from lenet.training.stored import WEIGHTS

LOSSLESS = 1000  # of the test images where this was measured; the others are JPEG copies (quality 75)
SHIFT = 1  # pixels


def views(images: Tensor) -> list[Tensor]:
    """A batch (N, C, H, W), itself and mirrored, in place and moved by a pixel to two corners."""
    padded = functional.pad(images.float(), (SHIFT,) * 4, mode="reflect").to(images.dtype)
    side = images.shape[-1]
    moved = [padded[:, :, at : at + side, at : at + side] for at in (0, 2 * SHIFT)]
    return [view for batch in (images, *moved) for view in (batch, batch.flip(3))]


def with_views(network: Network, images: Tensor, form: InputFormat) -> Tensor:
    """The mean logits (N, classes) of all views, those in place counting twice."""
    in_place, mirrored, *moved = (evaluate(network, view, form) for view in views(images))
    return (2 * in_place + 2 * mirrored + sum(moved)) / (4 + len(moved))


def figures(classifier: Classifier, test: Split) -> tuple[float, ...]:
    """Accuracy on the lossless images and on all; then the same with views."""
    logits = [ask(classifier.model, test.images, classifier.recipe.input) for ask in (evaluate, with_views)]
    return tuple(accuracy(some[:n], test.labels[:n]) for some in logits for n in (LOSSLESS, len(test)))


def shown(values: list[float]) -> str:
    return f"{mean(values):.2%}" + (f" ({100 * stdev(values):.2f})" if len(values) > 1 else "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("networks", nargs="*", help="default: all in weights/ that learned from CIFAR-10")


def run(options: argparse.Namespace) -> None:
    names = options.networks or sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
    opened = [Classifier.from_pretrained(name) for name in names]
    opened = [one for one in opened if one.recipe.dataset == "cifar10"]
    test = load("cifar10").test
    rows: dict[Recipe, list[tuple[float, ...]]] = defaultdict(list)  # seeds of one recipe become one row
    parameters: dict[Recipe, int] = {}
    with torch.inference_mode():
        for one in opened:
            seconds = one.metrics["train_seconds"]
            recipe = one.recipe.with_changes(seed=0, about="", source="", claims="")
            rows[recipe].append((*figures(one, test), seconds))
            parameters[recipe] = one.parameters
    print(
        "| recipe | network | parameters | epochs | runs | minutes | 1,000 lossless | all 10,000 | with views | all |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for recipe, runs in rows.items():
        *accuracies, times = (list(column) for column in zip(*runs, strict=True))
        cells = " | ".join(shown(column) for column in accuracies)
        about = f"`{recipe.name}` | {recipe.model} | {parameters[recipe]:,} | {recipe.epochs}"
        print(f"| {about} | {len(runs)} | {mean(times) / 60:.1f} | {cells} |")
