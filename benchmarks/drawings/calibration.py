"""MNIST's test error, and whether the probabilities mean what they say.

    python -m benchmarks drawings calibration FILE --network runs/digits-fold-*.safetensors

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Of networks of the recipes digits-fold-1 to -5, each one reads the writers that it did not learn from.
A temperature (Guo et al. 2017) is fitted by their negative log-likelihood: for each network on the
*other* networks' writers, so that none is judged by a temperature that saw its answers.  ECE: the
mean gap between confidence and accuracy over 15 bins of equal width, weighted by their size.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.drawings.accuracy import WIDTHS
from benchmarks.held_out import add_source, heading, readers
from lenet.data.datasets import load
from lenet.data.strokes import Drawing, render
from lenet.errors import LeNetError
from lenet.inference.calibration import fit_temperature
from lenet.inference.classifier import Classifier
from lenet.preprocessing.digits import digit_image
from lenet.training.loop import evaluate
from lenet.training.metrics import calibration_error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    if len(options.network) < 2:
        raise LeNetError(
            "Give two networks or more, of the recipes digits-fold-1 to -5: each is judged by the others'."
        )
    test = load("mnist").test
    print(heading(pairs, options) + "\n")

    errors = []
    print("| network | parameters | seed | MNIST test error |\n|---|---:|---:|---:|")
    for name, (classifier, _) in zip(options.network, pairs, strict=True):
        logits = evaluate(classifier.model, test.images, classifier.recipe.input)
        # the answer is the likeliest digit, as in DigitClassifier.predict
        errors.append(float((logits[:, :10].argmax(dim=1) != test.labels).float().mean()))
        print(f"| {Path(name).stem} | {classifier.parameters:,} | {classifier.recipe.seed} | {errors[-1]:.2%} |")
    print(
        f"| mean of {len(errors)} | | | {np.mean(errors):.3%} +- {np.std(errors, ddof=min(1, len(errors) - 1)):.3%} |"
    )

    answers = [read(classifier, drawings) for classifier, drawings in pairs]
    print("\n| network | ECE as trained | temperature, from the others' writers | ECE with it |\n|---|---:|---:|---:|")
    cooled = []
    for number, (name, (logits, labels)) in enumerate(zip(options.network, answers, strict=True)):
        others = [answer for other, answer in enumerate(answers) if other != number]
        temperature = fit_temperature(*(torch.cat(parts) for parts in zip(*others, strict=True)))
        cooled.append((logits / temperature).softmax(dim=1))
        before, after = (calibration_error(probs[:, :10], labels) for probs in (logits.softmax(dim=1), cooled[-1]))
        print(f"| {Path(name).stem} | {before:.2%} | {temperature:.3f} | {after:.2%} |")
    logits, labels = (torch.cat(parts) for parts in zip(*answers, strict=True))
    before, after = (calibration_error(probs[:, :10], labels) for probs in (logits.softmax(dim=1), torch.cat(cooled)))
    print(f"| all | {before:.2%} | {fit_temperature(logits, labels):.3f} on all | {after:.2%} |")
    return 0


def read(classifier: Classifier, drawings: list[Drawing]) -> tuple[Tensor, Tensor]:
    """Logits (N, classes) and labels (N,) of every drawing at every brush width."""
    images = np.stack([digit_image(render(d.strokes, width)) for width in WIDTHS for d in drawings])
    labels = torch.tensor([d.label for d in drawings] * len(WIDTHS))
    return evaluate(classifier.model, torch.from_numpy(images)[:, None], classifier.recipe.input), labels
