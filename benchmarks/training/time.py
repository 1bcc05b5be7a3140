"""Seconds of training to 99% on MNIST and to 60% on CIFAR-10, for the page's two quick demos: LeNet-5 with BatchNorm.

    python -m benchmarks training time                       # five seeds of each
    python -m benchmarks training time --recipe cifar10-demo --seeds 2

Each run has its recipe's length, which was chosen on the validation split; the test split is read after it.
The seconds are all of `fit`, from before its first step to after its last epoch's validation.  What comes
before, imports and loading the data, is printed apart, and so is the processor time, of which a busy machine
takes no more.
"""

# ruff: noqa: E402  since the imports are timed too

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import argparse
import os
import resource
import statistics
import sys

import torch

from lenet.data.datasets import Dataset, load
from lenet.models.network import count_parameters
from lenet.training.loop import EpochEnd, evaluate, fit, start
from lenet.training.metrics import accuracy
from lenet.training.recipes import RECIPES, Recipe

IMPORTED = time.perf_counter()
MARKS = {"mnist-demo": 0.99, "cifar10-demo": 0.60}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", choices=MARKS, action="append", help="one of them, else both")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    print(f"{options.threads} of {os.cpu_count()} cores; imports took {IMPORTED - BEGAN:.1f} s.\n")
    reached = [row(RECIPES[name], MARKS[name], options.seeds) for name in options.recipe or MARKS]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**10 if sys.platform == "linux" else 2**20)
    print(f"Peak resident size: {peak:,.0f} MiB.")
    return 0 if all(reached) else 1


def row(recipe: Recipe, mark: float, seeds: int) -> bool:
    """Print a recipe's table; whether every seed reached the mark."""
    began = time.perf_counter()
    data = load(recipe.dataset)
    parameters = count_parameters(start(recipe, "cpu").model)
    print(
        f"{recipe.name}, {parameters:,} parameters, {recipe.epochs} epochs, to {100 * mark:g}% on {data.name}'s test "
        f"split; its data took {time.perf_counter() - began:.1f} s to load.\n\n"
        "| seed | seconds | of processor time | validation | test | reached |\n|---:|---:|---:|---:|---:|---|"
    )
    runs = [trained(recipe.with_changes(seed=seed), data) for seed in range(seeds)]
    for seed, (seconds, busy, val, test) in enumerate(runs):
        reached = "yes" if test >= mark else "no"
        print(f"| {seed} | {seconds:.1f} | {busy:.1f} | {100 * val:.2f}% | {100 * test:.2f}% | {reached} |")
    means = [statistics.mean(values) for values in zip(*runs, strict=True)]
    print(
        f"| mean | {means[0]:.1f} | {means[1]:.1f} | {100 * means[2]:.2f}% | {100 * means[3]:.2f}% | "
        f"{sum(test >= mark for *_, test in runs)} of {seeds} |\n"
    )
    return all(test >= mark for *_, test in runs)


def trained(recipe: Recipe, data: Dataset) -> tuple[float, float, float, float]:
    """Seconds, processor seconds, and the accuracies on the validation and the test split after the last epoch."""
    state = start(recipe, "cpu")
    began, busy = time.perf_counter(), time.process_time()
    end = [event for event in fit(state, data) if isinstance(event, EpochEnd)][-1]
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    logits = evaluate(state.network, data.test.images, recipe.input)
    return seconds, busy, end.val_accuracy, accuracy(logits, data.test.labels)
