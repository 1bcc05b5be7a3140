"""Teaching classes of one's own: how accurate with how many examples a class, by which way, and how fast.

    python -m benchmarks teach FILE --folds FOLDS --photos HALVES

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet, FOLDS are five networks that know a part of
these people each, and HALVES are two networks for photos: see docs/data.md.  The table of photos is made by
benchmarks/teach_photos.py.

Each row teaches one person's drawings and asks about other drawings of that person, each drawn with a pen of its own
width.  Letters are drawn by rule, see benchmarks/drawn_letters.py; a validation writer's digits are none of them.
Digits are of the tablet's validation writers: all ten, and 0 to 4, for which 5 to 9 are none of the classes.  The base
network has learned from these writers too, as from all of the file, so their digits are easier than a stranger's.  With
--folds the base of each of 15 writers is the fold that has never seen them, and below the table stands what the folds
read by themselves, untaught.

"right" is the share of drawings that get their class; "refused" the share of drawings of other things that are called
none of the classes; "left out" is what cross-validation on the examples says, of all of them together.  The seconds are
those of one core, with the cross-validation that only the first way has here.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from benchmarks import teach_photos
from benchmarks.drawn_letters import LETTERS, Hand
from benchmarks.held_out import FOLD
from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.strokes import Drawing, read_drawings, render, writer_fold, writer_split
from lenet.models import MODELS, cpu
from lenet.models.network import Network
from lenet.preprocessing.digits import digit_image
from lenet.preprocessing.normalization import to_input
from lenet.training import teaching
from lenet.training.metrics import wilson_interval
from lenet.training.stored import load_network, weights_file
from lenet.training.teaching import (
    BACKGROUND,
    RECIPE,
    Examples,
    Taught,
    answered,
    background,
    background_features,
    base_network,
    features,
    prepare,
    teach,
    unlike,
)
from tools import digit_background

SHOTS = (1, 3, 5, 10, 20)
ASKED = 20  # letters of each class that the network is asked about; of digits it is all that are not taught
WIDTHS = (8, 36)  # of the pen, in pixels of 400
OF_A_FOLD = 3  # of the six writers whom a fold does not know
SLOW_SHOTS = (5,)  # for the ways to learn that take long, which are not cross-validated
LAST_LAYER = "last-layer"  # the way of `lenet.training.teaching`
ALL_LAYERS = {  # steps, learning rate, and whether from random weights
    "fine-tuning": (150, 1e-3, False),
    "from-scratch": (300, 5e-3, True),
}
METHODS = (LAST_LAYER, *ALL_LAYERS)
BATCH, OF_BACKGROUND = 64, 16  # images of a step when all layers learn, and how many of them are none of the classes


@dataclass(frozen=True)
class Base:
    """The network on whose features is taught, and the file of what it sees in people's digits."""

    network: str = teaching.BASE
    digits_file: Path = teaching.DIGITS_FILE

    def use(self) -> None:
        """From now on."""
        teaching.BASE, teaching.DIGITS_FILE = self.network, self.digits_file


@dataclass(frozen=True)
class Task:
    """One person's drawings, in a random order.

    Attributes:
        images, labels: uint8 (N, 1, 28, 28) and int64 (N,), to teach and to ask.
        others: uint8 (M, 1, 28, 28), none of the classes; without any where all ten digits are taught.
    """

    kind: str
    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor
    others: Tensor
    base: Base = Base()

    def asked(self) -> Tensor:
        """The places, int64, of those that are never taught."""
        return torch.cat([(self.labels == label).nonzero()[max(SHOTS) :, 0] for label in range(len(self.classes))])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pen_digits_30_writers.jsonl.gz")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--folds", nargs="*", default=[], help="of the recipes digits-fold-1 to -5")
    parser.add_argument("--photos", nargs="*", type=Path, default=[], metavar="HALVES", help="for the table of photos")


def run(options: argparse.Namespace) -> None:
    torch.set_num_threads(1)  # as behind the page
    began = time.process_time()
    prepare()
    print(f"Once a process, {time.process_time() - began:.1f} s of a core to draw what is none of the classes.\n")
    drawings = read_drawings(options.source)
    _, writers, _ = writer_split(drawing.writer for drawing in drawings)
    drawn = digits(drawings, writers)
    table(options.methods, [*letters(drawn), *drawn, *map(only_small, drawn)])
    if options.folds:
        print("\nDigits of writers whom the base has never seen.\n")
        with TemporaryDirectory() as folder:
            unseen = [task for path in options.folds for task in of_fold(drawings, path, Path(folder))]
            table(options.methods, [*unseen, *map(only_small, unseen)])
            right = np.mean([untaught(task) for task in unseen])
            print(f"\nThe folds by themselves, untaught: {right:.1%} of the ten digits right.")
    if options.photos:
        print("\nThe same for photos.\n")
        for line in teach_photos.table(options.photos, options.methods):
            print(line, flush=True)


def table(methods: Sequence[str], tasks: list[Task]) -> None:
    print(
        "| way to learn | classes | examples a class | right | refused | left out, 95% interval | seconds of a core |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for method in methods:
        for kind in dict.fromkeys(task.kind for task in tasks):
            for shots in SHOTS if method == LAST_LAYER else SLOW_SHOTS:
                print(row(method, shots, [task for task in tasks if task.kind == kind]), flush=True)


def row(method: str, shots: int, tasks: list[Task]) -> str:
    right, refused, left_out, total, seconds = list[float](), list[float](), 0, 0, list[float]()
    for task in tasks:
        task.base.use()
        chosen = torch.cat([(task.labels == label).nonzero()[:shots, 0] for label in range(len(task.classes))])
        began = time.process_time()
        network, found = learned(Examples(task.classes, task.images[chosen], task.labels[chosen]), method)
        spent = time.process_time() - began
        asked = task.asked()
        right.append((answered(network, task.images[asked]) == task.labels[asked]).float().mean().item())
        if len(task.others):
            answers = answered(network, task.others)
            refused.append((answers == len(task.classes)).float().mean().item())
        if found is not None:
            left_out, total = left_out + found.right, total + len(found.answers)
        seconds.append(spent)
    said = f"{np.mean(refused):.1%}" if refused else "-"
    without = "-"
    if total and shots > 1:
        low, high = wilson_interval(left_out, total)
        without = f"{left_out} of {total}, {low:.0%} to {high:.0%}"
    return (
        f"| {method} | {tasks[0].kind} | {shots} | {np.mean(right):.1%} | {said} | {without} | {np.mean(seconds):.1f} |"
    )


def untaught(task: Task) -> float:
    """The share of the same digits that the base reads right."""
    task.base.use()
    asked = task.asked()
    with torch.no_grad():
        logits = base_network()(to_input(task.images[asked], RECIPE.input))
    return (logits[:, :10].argmax(dim=1) == task.labels[asked]).float().mean().item()


def learned(examples: Examples, method: str) -> tuple[Network, Taught | None]:
    """The network, and what cross-validation says where the way has one."""
    if method in ALL_LAYERS:
        return with_all_layers(examples, *ALL_LAYERS[method]), None
    *_, taught = teach(examples)
    assert isinstance(taught, Taught)
    return taught.model, taught


# --------------------------------------------------------------------------------------------------
# The other ways to learn


def with_all_layers(examples: Examples, steps: int, lr: float, fresh: bool, seed: int = 0) -> Network:
    """All layers learn, by AdamW with a one-cycle schedule.

    Args:
        fresh: from random weights; else from those of the base network, the last layer apart.
    """
    generator, none = torch.Generator().manual_seed(seed), len(examples.classes)
    images, labels = examples.images, examples.labels
    others = background()[unlike(background_features().drawn[:BACKGROUND], features(images), labels)]
    network = beginning(none + 1, seed, fresh)
    cpu.prepare(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    share = 1 / labels.bincount()[labels].float()
    wanted = torch.full((OF_BACKGROUND,), none)
    network.train()
    for _ in range(steps):
        mine = torch.multinomial(share, BATCH - OF_BACKGROUND, replacement=True, generator=generator)
        theirs = torch.randint(len(others), (OF_BACKGROUND,), generator=generator)
        batch = AUGMENTATIONS[RECIPE.augmentation](torch.cat([images[mine], others[theirs]]), generator)
        logits = cpu.forward(network, to_input(batch, RECIPE.input))
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(logits, torch.cat([labels[mine], wanted])).backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def beginning(outputs: int, seed: int, fresh: bool) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        built = MODELS[RECIPE.model].build(1, outputs)
    if fresh:
        return built
    network = copy.deepcopy(base_network())
    network.fc1 = built.fc1
    return network


# --------------------------------------------------------------------------------------------------
# Drawings


def of_fold(drawings: list[Drawing], path: str, folder: Path) -> list[Task]:
    """The digits of writers whom this fold has never seen."""
    name = load_network(weights_file(path)).recipe.dataset
    everybody = {drawing.writer for drawing in drawings}
    unknown = writer_fold(everybody, int(name.removeprefix(FOLD)))
    base = Base(path, folder / f"{name}.safetensors")
    Base(path).use()
    digit_background.write(base.digits_file, digit_background.digits(drawings, everybody - unknown))
    return digits(drawings, sorted(unknown)[:OF_A_FOLD], base)


def digits(drawings: list[Drawing], writers: Iterable[int], base: Base = Base()) -> list[Task]:  # frozen
    tasks = []
    for writer in sorted(writers):
        rng = np.random.default_rng((writer, 8))
        of_writer = [drawing for drawing in drawings if drawing.writer == writer]
        rng.shuffle(of_writer)  # type: ignore[arg-type]  # a list is fine
        images = prepared([render(drawing.strokes, rng.uniform(*WIDTHS)) for drawing in of_writer])
        labels = torch.tensor([drawing.label for drawing in of_writer])
        tasks.append(Task("ten digits", tuple("0123456789"), images, labels, images[:0], base))
    return tasks


def only_small(task: Task) -> Task:
    """The same person's 0 to 4; their other digits are none of the classes."""
    small = task.labels < 5
    return Task("0 to 4", task.classes[:5], task.images[small], task.labels[small], task.images[~small], task.base)


def letters(digits: list[Task]) -> Iterator[Task]:
    """A person's letters for each writer of digits."""
    for writer, task in enumerate(digits):
        hand, rng = Hand.of(writer), np.random.default_rng((writer, 7))
        count = max(SHOTS) + ASKED
        images = [render(hand.write(name, rng), hand.width) for name in LETTERS for _ in range(count)]
        labels = torch.arange(len(LETTERS)).repeat_interleave(count)
        yield Task("ten letters", LETTERS, prepared(images), labels, task.images)


def prepared(pictures: list[Image.Image]) -> Tensor:
    return torch.from_numpy(np.stack([digit_image(picture) for picture in pictures]))[:, None]
