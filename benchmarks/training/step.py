"""Seconds an epoch: our loop against the tutorials', Keras's, a fixed batch, and bare arithmetic.

    python -m benchmarks training step                        # LeNet-5 on CIFAR-10, batches of 32
    python -m benchmarks training step --network lenet-wide --batch-size 128
    python -m benchmarks training step --network lenet5-bn    # on MNIST

All of them take turns for some rounds, a number of steps each; an epoch's seconds are those steps' times as
many as the training split has.  A ratio is the median of the rounds' own, so that whatever else the machine
does meanwhile is in both of its numbers.  What a run takes once is left out: starting loader processes,
Keras's tracing.  Keras runs in a process of its own for each backend, and only where it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import Compose, Normalize, Resize, ToTensor

from lenet.data.datasets import Dataset, load
from lenet.models import MODELS
from lenet.preprocessing.normalization import to_input
from lenet.training.keras_backend import build_keras_model
from lenet.training.loop import fit, start
from lenet.training.recipes import RECIPES, Recipe

RECIPE_OF = {"lenet5": "cifar10-lenet5-adam", "lenet-wide": "cifar10-lenet-wide", "lenet5-bn": "mnist-lenet5-bn"}
OURS = "ours"
WARM_UP = 5  # steps
MATMUL_SIDE = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", choices=RECIPE_OF, default="lenet5")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=3200, help="a round's, for each (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--keras", metavar="BACKEND", help="used by this script itself")


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    recipe = RECIPES[RECIPE_OF[options.network]].with_changes(batch_size=options.batch_size, epochs=1)
    data = load(recipe.dataset)
    steps = max(2, options.images // options.batch_size)
    if options.keras:
        serve(keras_loop(recipe, data, options.threads), steps)
        return 0

    network = MODELS[recipe.model].build(data.train.images.shape[1], 10)
    contenders: dict[str, Callable[[int], float]] = {
        "the tutorials' loop, 2 workers": partial(tutorial, recipe, data, 2),
        "the tutorials' loop, no workers": partial(tutorial, recipe, data, 0),
        OURS: partial(ours, recipe, data),
        "forward and backward, one fixed batch": partial(fixed_batch, recipe, network, data),
        "the arithmetic": partial(arithmetic, flops(recipe, network, data)),
    }
    processes = []
    for backend in ("tensorflow", "torch"):
        if importlib.util.find_spec("keras") and importlib.util.find_spec(backend):
            processes.append(subprocess_of(backend))
            contenders[f"Keras fit on {backend}"] = partial(ask, processes[-1])
        else:
            print(f"Keras on {backend} is not installed: left out.\n")
    try:
        seconds = measure(contenders, steps, options.rounds)
    finally:
        for process in processes:
            process.terminate()
    report(recipe, len(data.train), seconds, steps, options)
    return 0


def measure(contenders: Mapping[str, Callable[[int], float]], steps: int, rounds: int) -> dict[str, list[float]]:
    """Each one's seconds a step, round by round."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(run(steps) / steps)
    return seconds


def report(
    recipe: Recipe, images: int, seconds: dict[str, list[float]], steps: int, options: argparse.Namespace
) -> None:
    an_epoch = math.ceil(images / recipe.batch_size)
    print(
        f"{recipe.model} on {recipe.dataset}, batches of {recipe.batch_size}, {options.threads} of {os.cpu_count()} "
        f"cores; an epoch of {images:,} images from {options.rounds} rounds of {steps} of its {an_epoch:,} steps.\n\n"
        "| | seconds an epoch, least | median | most | of ours |\n|---|---:|---:|---:|---:|"
    )
    for name, times in seconds.items():
        epochs = [an_epoch * value for value in times]
        ratio = statistics.median(mine / own for mine, own in zip(times, seconds[OURS], strict=True))
        print(f"| {name} | {min(epochs):.2f} | {statistics.median(epochs):.2f} | {max(epochs):.2f} | {ratio:.2f} |")


# --------------------------------------------------------------------------------------------------
# The contenders, each a function of the number of steps to take that returns the seconds they took


class Pictures(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """What torchvision's data sets are: PIL images and labels, transformed one at a time."""

    def __init__(self, recipe: Recipe, data: Dataset, count: int) -> None:
        arrays = data.train.images[:count].permute(0, 2, 3, 1).squeeze(3).numpy()
        self.pictures = [Image.fromarray(array) for array in arrays]
        self.labels = data.train.labels[:count].tolist()
        form = recipe.input
        sized = [] if self.pictures[0].width == form.size else [Resize((form.size, form.size))]
        self.transform = Compose([*sized, ToTensor(), Normalize(form.mean, form.std)])

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.pictures[index]), self.labels[index]


def tutorial(recipe: Recipe, data: Dataset, workers: int, steps: int) -> float:
    """The loop as the tutorials print it."""
    pictures = Pictures(recipe, data, (steps + WARM_UP) * recipe.batch_size)
    loader = DataLoader(pictures, batch_size=recipe.batch_size, shuffle=True, num_workers=workers)
    network = MODELS[recipe.model].build(data.train.images.shape[1], 10)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.lr)
    running_loss, correct, began = 0.0, 0, 0.0
    for step, (images, labels) in enumerate(loader):
        if step == WARM_UP:
            began = time.perf_counter()
        optimizer.zero_grad()
        outputs = network(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        correct += (outputs.argmax(1) == labels).sum().item()
    return time.perf_counter() - began


def ours(recipe: Recipe, data: Dataset, steps: int) -> float:
    few = data.train.subset(torch.arange(steps * recipe.batch_size) % len(data.train))
    state = start(recipe, "cpu")
    # an epoch without its end: validation is no part of the others' either
    events = fit(state, Dataset(data.name, data.classes, few, data.val, data.test))
    began = time.perf_counter()
    while state.step < steps:
        next(events)
    seconds = time.perf_counter() - began
    del events  # it ends here, in the middle of its epoch
    return seconds


def fixed_batch(recipe: Recipe, network: nn.Module, data: Dataset, steps: int) -> float:
    """PyTorch's own layers on the same numbers again and again, without an update."""
    x, labels = first_batch(recipe, data)
    began = time.perf_counter()
    for _ in range(steps):
        network.zero_grad()
        functional.cross_entropy(network(x), labels).backward()
    return time.perf_counter() - began


def first_batch(recipe: Recipe, data: Dataset) -> tuple[Tensor, Tensor]:
    chosen = data.train.subset(torch.arange(recipe.batch_size))
    return to_input(chosen.images, recipe.input), chosen.labels


def flops(recipe: Recipe, network: nn.Module, data: Dataset) -> int:
    """Of a step's products, forward and backward, an addition and a multiplication each counted."""
    x, labels = first_batch(recipe, data)
    with FlopCounterMode(display=False) as counter:
        functional.cross_entropy(network(x), labels).backward()
    return counter.get_total_flops()


def arithmetic(count: int, steps: int) -> float:
    """As many operations at the speed of one product of large matrices, measured now."""
    a = torch.randn(MATMUL_SIDE, MATMUL_SIDE)
    out = torch.empty_like(a)
    times = []
    for _ in range(10):
        began = time.perf_counter()
        torch.mm(a, a, out=out)
        times.append(time.perf_counter() - began)
    return steps * count * statistics.median(times) / (2 * MATMUL_SIDE**3)


# --------------------------------------------------------------------------------------------------
# Keras, whose backend is chosen when it is imported: one process each, which takes steps when told to


def subprocess_of(backend: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *sys.argv[1:], "--keras", backend],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ask(process)  # it has traced and warmed up when it answers
    return process


def ask(process: subprocess.Popen[str], steps: int = WARM_UP) -> float:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def serve(run: Callable[[int], float], steps: int) -> None:
    run(steps)
    for _ in sys.stdin:
        print(run(steps), flush=True)


def keras_loop(recipe: Recipe, data: Dataset, threads: int) -> Callable[[int], float]:
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        tensorflow: Any = importlib.import_module("tensorflow")
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    keras: Any = importlib.import_module("keras")
    with keras.device("cpu"):
        channels = data.train.images.shape[1]
        keras_model = build_keras_model(
            MODELS[recipe.model].build(channels, len(data.classes)), recipe.input.size, channels
        )
        keras_model.compile(
            keras.optimizers.Adam(recipe.lr), keras.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"]
        )

    def run(steps: int) -> float:
        chosen = data.train.subset(torch.arange(steps * recipe.batch_size) % len(data.train))
        x = to_input(chosen.images, recipe.input).permute(0, 2, 3, 1).contiguous().numpy()  # (N, H, W, C)
        began = time.perf_counter()
        with keras.device("cpu"):
            keras_model.fit(x, chosen.labels.numpy(), recipe.batch_size, epochs=1, verbose=0)
        return time.perf_counter() - began

    return run
