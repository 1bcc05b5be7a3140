"""Does a recipe come to the same in float32, on a processor without bfloat16?

    python -m benchmarks training precision                            # photos-small, 3 epochs, 3 seeds
    python -m benchmarks training precision --recipe photos-medium --epochs 2

Each seed is trained in both precisions, without a teacher, and read on the validation split.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import mean, stdev

import torch

from lenet.data.datasets import Dataset, load
from lenet.training.loop import fit, in_bfloat16, start
from lenet.training.recipes import PRECISIONS, Recipe, recipe_named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="photos-small")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)


def run(options: argparse.Namespace) -> None:
    recipe = recipe_named(options.recipe).with_changes(epochs=options.epochs, teacher="")
    if not in_bfloat16(recipe.with_changes(precision="bfloat16"), torch.device("cpu")):
        sys.exit("error: this processor has no bfloat16, so there is nothing to compare.")
    data = load(recipe.dataset)
    print(f"{recipe.name}, {recipe.epochs} epochs, without distillation, {torch.get_num_threads()} threads.\n")
    print("| precision | validation accuracy, mean | spread | seeds | seconds an epoch |\n|---|---:|---:|---:|---:|")
    for precision in PRECISIONS:
        found = [trained(recipe.with_changes(precision=precision, seed=seed), data) for seed in range(options.seeds)]
        accuracies, seconds = zip(*found, strict=True)
        spread = f"{100 * stdev(accuracies):.2f}" if len(accuracies) > 1 else "-"
        cells = f"{mean(accuracies):.2%} | {spread} | {len(accuracies)} | {mean(seconds) / recipe.epochs:.1f}"
        print(f"| {precision} | {cells} |", flush=True)


def trained(recipe: Recipe, data: Dataset) -> tuple[float, float]:
    """The last epoch's validation accuracy, and the seconds that the run took."""
    state, began = start(recipe, "cpu"), time.perf_counter()
    for _ in fit(state, data):
        pass
    return state.history[-1].val_accuracy, time.perf_counter() - began
