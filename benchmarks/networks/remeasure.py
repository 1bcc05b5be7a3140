"""Measure networks again and write what was found into their own headers.

    python -m benchmarks networks remeasure weights/*.safetensors

For files written before their headers held all of it: test accuracies, confusion matrix, reliability,
and of networks that name photos the calibration.  Weights, training seconds and validation accuracy stay as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lenet.data.datasets import DATASETS, load_test
from lenet.data.datasets import load as load_dataset
from lenet.inference.evaluation import calibrated, measured
from lenet.inference.pretrained import Checkpoint, load, save


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("weights", nargs="+", type=Path, metavar="WEIGHTS")
    parser.add_argument("--dry-run", action="store_true", help="measure, and write nothing")


def run(options: argparse.Namespace) -> int:
    print("| network | test accuracy in its header | measured now | first 1,000 |\n|---|---:|---:|---:|")
    for path in options.weights:
        checkpoint = load(path)
        now = remeasured(checkpoint)
        if not options.dry_run:
            save(path, now)
        names = ("test_accuracy", "test_accuracy_first_1000")
        before, after, first = checkpoint.metrics.get(names[0]), *(now.metrics.get(name) for name in names)
        cells = (path.stem, *("" if value is None else f"{value:.2%}" for value in (before, after, first)))
        print("| " + " | ".join(cells) + " |", flush=True)
    return 0


def remeasured(checkpoint: Checkpoint) -> Checkpoint:
    """What `lenet.inference.evaluation.finish` measures, but the seconds and the validation accuracy."""
    name = checkpoint.recipe.dataset
    if DATASETS[name].channels != 3:
        return measured(checkpoint, load_test(name))
    dataset = load_dataset(name)
    return measured(calibrated(checkpoint, dataset.val), dataset.test)
