"""Which way of telling the ink that counted is the most faithful?  Deletion, on real pen drawings.

    python -m benchmarks explain digits FILE

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

The drawings are those of three writers, from whom the shipped `digits` has learned too: here methods are
compared, not networks.  For each, the pixels of its ink are ordered by what a method says they spoke for the
answer rather than for the runner-up, and the first 5, 10, 20, 30 and 50%
are turned to paper.  The faster the answer's probability falls, the better the order.  The last column
takes away the 20% that are said to have spoken most against the answer: there the margin between the two
classes, in logits, had better stay high.  Milliseconds are of one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from lenet.data.strokes import read_drawings, render, writer_split
from lenet.inference import explain
from lenet.inference.digits import DigitClassifier, DigitPrediction
from lenet.models.network import Network

PARTS = (0.05, 0.1, 0.2, 0.3, 0.5)
Method = Callable[[Network, Tensor, int, int], Tensor]


def random_order(model: Network, x: Tensor, label: int, against: int) -> Tensor:
    return torch.rand(x.shape[2:])


def gradient(model: Network, x: Tensor, label: int, against: int) -> Tensor:
    return explain._gradient(model, x.clone(), label, against)[0, 0]


def gradient_x_ink(model: Network, x: Tensor, label: int, against: int) -> Tensor:
    return gradient(model, x, label, against) * (x - x.min())[0, 0]


def integrated(steps: int) -> Method:
    """Sundararajan et al. 2017, from blank paper, without what `lenet.inference.explain` adds."""

    def method(model: Network, x: Tensor, label: int, against: int) -> Tensor:
        parts = ((torch.arange(steps) + 0.5) / steps).view(-1, 1, 1, 1)
        path = x.min() + parts * (x - x.min())
        return (explain._gradient(model, path, label, against).mean(dim=0) * (x - x.min())[0])[0]

    return method


def smooth(count: int, noise: float) -> Method:
    """SmoothGrad (Smilkov et al. 2017) times ink."""

    def method(model: Network, x: Tensor, label: int, against: int) -> Tensor:
        copies = x + noise * (x.max() - x.min()) * explain._noise(count, x)
        return (explain._gradient(model, copies, label, against).mean(dim=0) * (x - x.min())[0])[0]

    return method


@torch.no_grad()
def occlusion(model: Network, x: Tensor, label: int, against: int) -> Tensor:
    """How much the margin falls when a square of 4x4 is paper; the mean over the squares of a pixel."""
    side, paper = x.shape[-1], x.min()
    places = [(i, j) for i in range(0, side - 3, 2) for j in range(0, side - 3, 2)]
    places = [(i, j) for i, j in places if x[0, 0, i : i + 4, j : j + 4].max() > paper + 0.05]
    covered = x.repeat(len(places) + 1, 1, 1, 1)
    for copy, (i, j) in zip(covered[1:], places, strict=True):
        copy[0, i : i + 4, j : j + 4] = paper
    logits = model(covered)
    margin = logits[:, label] - logits[:, against]
    total, times = torch.zeros(side, side), torch.zeros(side, side)
    for (i, j), fall in zip(places, (margin[0] - margin[1:]).tolist(), strict=True):
        total[i : i + 4, j : j + 4] += fall
        times[i : i + 4, j : j + 4] += 1
    return total / times.clamp(min=1)


METHODS: dict[str, Method] = {
    "random": random_order,
    "gradient": gradient,
    "gradient x ink": gradient_x_ink,
    "integrated gradients, 8 steps": integrated(8),
    "integrated gradients, 16 steps": integrated(16),
    "integrated gradients, 32 steps": integrated(32),
    "SmoothGrad x ink, 16 copies, noise 0.1": smooth(16, 0.1),
    "SmoothGrad x ink, 16 copies, noise 0.2": smooth(16, 0.2),
    "occlusion, 4x4": occlusion,
    "lenet.inference.explain.saliency": explain.saliency,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pen strokes, .jsonl or .jsonl.gz")
    parser.add_argument("--network", default="digits")
    parser.add_argument("--drawings", type=int, default=250)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    classifier = DigitClassifier.from_pretrained(options.network)
    drawings = read_drawings(options.source)
    _, writers, _ = writer_split(d.writer for d in drawings)
    drawings = [d for d in drawings if d.writer in writers]
    drawings = drawings[:: max(1, len(drawings) // options.drawings)]
    predictions = classifier.predict_batch([render(d.strokes, 20) for d in drawings])
    predictions = [p for p in predictions if p.verdict != "blank"]
    print(f"{len(predictions)} drawings; mean probability of the answer, and mean margin in the last column\n")
    print("| method | whole | " + " | ".join(f"-{p:.0%}" for p in PARTS) + " | -20% of those against | ms |")
    print("|---|" + "---:|" * (len(PARTS) + 3))
    for name, method in METHODS.items():
        probs, margins, milliseconds = measure(classifier, predictions, method)
        cells = " | ".join(f"{p:.3f}" for p in probs.mean(dim=0).tolist())
        print(f"| {name} | {cells} | {margins.mean():.1f} | {milliseconds:.1f} |", flush=True)
    return 0


def measure(
    classifier: DigitClassifier, predictions: Sequence[DigitPrediction], method: Method
) -> tuple[Tensor, Tensor, float]:
    """(N, 1 + parts) probabilities behind deletion, (N,) margins without the ink against, milliseconds each."""
    probs, margins, seconds = [], [], 0.0
    for prediction in predictions:
        x = prediction.preprocessed.x
        first, second = sorted(prediction.probs, key=prediction.probs.__getitem__, reverse=True)[:2]
        label, against = classifier.classes.index(first), classifier.classes.index(second)
        began = time.perf_counter()
        said = method(classifier.model, x, label, against)
        seconds += time.perf_counter() - began
        pictures = torch.cat([x, *(without(x, said, p) for p in PARTS), without(x, -said, 0.2)])
        with torch.no_grad():
            logits = classifier.model(pictures)
        probs.append(logits.softmax(dim=1)[:-1, label])
        margins.append(logits[-1, label] - logits[-1, against])
    return torch.stack(probs), torch.stack(margins), 1000 * seconds / len(predictions)


def without(x: Tensor, order: Tensor, part: float) -> Tensor:
    """x with that part of its ink turned to paper, the pixels of the greatest `order` first."""
    ink = (x[0, 0] > x.min() + 0.1 * (x.max() - x.min())).flatten().nonzero()[:, 0]
    first = ink[order.flatten()[ink].argsort(descending=True)][: round(part * len(ink))]
    changed = x.clone().flatten()
    changed[first] = x.min()
    return changed.view_as(x)
