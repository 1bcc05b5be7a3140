"""Correcting a network by a person's own digits: what it learns of them, what it forgets, and how fast.

    python -m benchmarks corrections FILE

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Each row takes k digits of one writer that the network read wrong or was unsure of, has it learn them, and asks it about
all other digits of that writer, each drawn with a pen of its own width.  `mnist-lenet5-bn` learned from MNIST alone, so
it knows none of the writers.  `digits` learned from all of them and reads nearly all that they drew; so its drawings
are turned by 35 degrees, as by a person whose tablet lies aslant.

"corrections" counts those that were right before and are after; "others" is the mean share of the writers' other
digits.  "lost" is the mean of what MNIST's test set lost, in points, and the most that any writer's copy did.  "back"
counts the copies that went back further so as to forget less.  The seconds are those of one core.  Below the table, one
network is corrected by all writers, one after the other.  `--writers val`
takes the three writers by whom the settings of `lenet.training.correcting` were chosen, else the six test writers.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lenet.data.strokes import PEN_TABLET, Drawing, Strokes, read_drawings, render, writer_split
from lenet.inference.classifier import UNSURE_BELOW
from lenet.preprocessing.digits import digit_image
from lenet.training.correcting import Corrected, Corrections, Memory, Right, answers_of, correct, remembered
from lenet.training.loop import evaluate
from lenet.training.stored import StoredNetwork, load_network, weights_file
from lenet.training.teaching import background

COUNTS = (1, 3, 5, 10)
WIDTHS = (8, 36)  # of the pen, in pixels of 400
TURNED = {"digits": 35.0}  # degrees, one way or the other
WAYS = {"all layers": False, "last layer": True}
COMPARED = 5  # corrections, for the way that the page does not take


@dataclass(frozen=True)
class Writer:
    """One person's digits: uint8 (N, 1, 28, 28) and int64 (N,), and the places of those to correct, in random order."""

    images: Tensor
    labels: Tensor
    doubtful: Tensor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pen_digits_30_writers.jsonl.gz")
    parser.add_argument("--network", nargs="+", default=["mnist-lenet5-bn", "digits"], help="names in weights/")
    parser.add_argument("--writers", choices=("test", "val"), default="test")


def run(options: argparse.Namespace) -> None:
    torch.set_num_threads(1)  # as behind the page
    drawings, memory = read_drawings(options.source), remembered()
    background()  # so that its drawing is not timed
    _, val, test = writer_split(drawing.writer for drawing in drawings)
    wanted = val if options.writers == "val" else test
    chosen = [drawing for drawing in drawings if drawing.writer in wanted]
    print("| network | way | k | writers | corrections right | others right | lost, mean; most | back | seconds |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    in_turn = []
    for name in options.network:
        network = load_network(weights_file(name))
        writers = list(doubted(network, chosen, TURNED.get(name, 0.0)))
        before: Right | None = None
        for way in WAYS:
            for count in COUNTS if way == "all layers" else [COMPARED]:
                line, before = row(name, network, way, count, writers, memory, before)
                print(line, flush=True)
        in_turn.append(one_after_the_other(name, network, writers, memory))
    print("\n" + "\n".join(in_turn))


def row(
    name: str, network: StoredNetwork, way: str, count: int, writers: list[Writer], memory: Memory, before: Right | None
) -> tuple[str, Right | None]:
    was, now, lost, back, seconds = list[float](), list[float](), list[int](), 0, list[float]()
    learned_before = learned_after = total = 0
    for writer in writers:
        if len(writer.doubtful) < count:
            continue
        mine = writer.doubtful[:count]
        began = time.process_time()
        *_, found = correct(
            network.model,
            network.recipe,
            Corrections(writer.images[mine], writer.labels[mine]),
            memory,
            before,
            last_layer=WAYS[way],
        )
        seconds.append(time.process_time() - began)
        assert isinstance(found, Corrected)
        before = found.before
        rest = torch.ones(len(writer.labels), dtype=torch.bool)
        rest[mine] = False
        for model, shares in ((network.model, was), (found.model, now)):
            answers, _ = asked(network, model, writer.images[rest])
            shares.append((answers == writer.labels[rest]).double().mean().item())
        learned_before += sum(found.right_before)
        learned_after += sum(found.right_after)
        total += count
        lost.append(found.test_before - found.test_after)
        back += found.held_back
    points = [100 * one / len(memory.test) for one in lost]
    line = (
        f"| {name} | {way} | {count} | {len(seconds)} | {learned_before} to {learned_after} of {total} | "
        f"{np.mean(was):.1%} to {np.mean(now):.1%} | {np.mean(points):.3f}; {max(points):.2f} | {back} | "
        f"{np.mean(seconds):.1f} |"
    )
    return line, before


def one_after_the_other(name: str, network: StoredNetwork, writers: list[Writer], memory: Memory) -> str:
    """What one network loses by the corrections of all writers."""
    model, origin, lost, learned, total = network.model, None, list[int](), 0, 0
    for writer in writers:
        mine = writer.doubtful[:COMPARED]
        if not len(mine):
            continue
        *_, found = correct(
            model, network.recipe, Corrections(writer.images[mine], writer.labels[mine]), memory, origin=origin
        )
        assert isinstance(found, Corrected)
        model, origin = found.model, found.origin
        lost.append(origin.test - found.test_after)
        learned += sum(found.right_after)
        total += len(mine)
    points = ", ".join(f"{100 * one / len(memory.test):.2f}" for one in lost)
    return f"{name}, corrected by one writer after the other: {learned} of {total} learned; points lost: {points}"


@torch.no_grad()
def asked(network: StoredNetwork, model: torch.nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    return answers_of(evaluate(model, images, network.recipe.input), network.temperature)


# --------------------------------------------------------------------------------------------------
# Drawings


def doubted(network: StoredNetwork, drawings: list[Drawing], turned: float) -> Iterator[Writer]:
    """Each writer, with what this network reads wrong or is unsure of."""
    model = copy.deepcopy(network.model)
    for number in sorted({drawing.writer for drawing in drawings}):
        rng = np.random.default_rng((number, 9))
        mine = [drawing for drawing in drawings if drawing.writer == number]
        degrees = turned if number % 2 else -turned
        pictures = [render(turn(drawing, degrees), rng.uniform(*WIDTHS)) for drawing in mine]
        images = torch.from_numpy(np.stack([digit_image(picture) for picture in pictures]))[:, None]
        labels = torch.tensor([drawing.label for drawing in mine])
        answers, probability = asked(network, model, images)
        doubtful = ((answers != labels) | (probability < UNSURE_BELOW)).nonzero()[:, 0]
        yield Writer(images, labels, doubtful[torch.from_numpy(rng.permutation(len(doubtful)))])


def turn(drawing: Drawing, degrees: float) -> Strokes:
    """Its strokes, turned about the middle of the tablet."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = PEN_TABLET / 2
    return [(np.array(stroke) - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle for stroke in drawing.strokes]
