"""Teach a network that reads digits from its own mistakes, in seconds, so that it forgets nothing.

    corrections = Corrections.of([(picture, "7"), ...])
    for event in correct(network, recipe, corrections, remembered()):
        ...                 # Progress, and at last Corrected

All layers of a copy learn the corrections, turned, slanted and thickened as digits are in training.  Most of each batch
is remembered: training digits, letters, shapes and scribbles, on which the copy is to say what the network said before
(Li and Hoiem 2016, "Learning without Forgetting").  Then the copy goes back towards the network: of the way between
the two sets of weights it keeps the smallest part with which all corrections are right and sure (Wortsman et al. 2022,
"Robust fine-tuning of zero-shot models", mixes weights in the same way).

What is forgotten is measured on digits that neither has learned: a validation split decides, the test split is
reported.  Should either say that more than MAX_LOST is lost, the copy goes back further.  What may be lost is counted
from the network that nobody had corrected, so a network that is corrected again and again loses no more than once.

`benchmarks corrections` measures all this, and compares learning the last layer alone.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DIGITS, NOT_A_DIGIT, Split, is_downloaded, load
from lenet.errors import TrainingError
from lenet.models import cpu
from lenet.models.network import Network, count_parameters
from lenet.preprocessing.digits import DIGIT_SIDE
from lenet.preprocessing.normalization import to_input
from lenet.training.loop import evaluate
from lenet.training.metrics import likeliest_or_none
from lenet.training.recipes import Recipe
from lenet.training.teaching import Progress, background

MAX_CORRECTIONS = 100
MAX_PARAMETERS = 500_000  # of a network: a larger one would hold up all who wait
MAX_LOST = 0.001  # of the accuracy on remembered digits; of fewer than a thousand, one digit

# Chosen on three validation writers, as `benchmarks corrections --writers val` reads them.
STEPS, LEARNING_RATE = 80, 1e-3  # of AdamW, along half a cosine
MINE, THEIRS, OF_BACKGROUND = 4, 45, 15  # images of a step: corrections, training digits, and what is none
SURE = 0.8  # the probability from which a correction counts as learned
SHARES = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)  # of the way from the old weights to the new ones

REMEMBERED = 3000  # training digits
HOPELESS = 4  # times what may be lost, from which on a part of a split says enough
PART = 1000  # images that are read at once, between two signs of progress
AUGMENTATION = "handwriting"
NONE = len(DIGITS)  # the label of what is no digit


@dataclass(frozen=True)
class Corrections:
    """Digits that were read wrong, and what they are.

    Attributes:
        images: uint8 (N, 1, 28, 28), white ink on black, as the network saw them.
        labels: int64 (N,), 0 to 9, and 10 for what is no digit; 1 to MAX_CORRECTIONS of them.

    Raises:
        TrainingError: they are not so.
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if not 1 <= len(self.labels) <= MAX_CORRECTIONS:
            raise TrainingError(
                "There are {count} corrections: make 1 to {most}.", count=len(self.labels), most=MAX_CORRECTIONS
            )
        if not self.images.flatten(1).any(dim=1).all():
            raise TrainingError("A correction is an empty picture: delete it.")

    @classmethod
    def of(cls, drawn: Sequence[tuple[bytes, str]]) -> Corrections:
        """From the 784 bytes of each picture, and what it is: "0" to "9", or NOT_A_DIGIT.

        Raises:
            TrainingError: there are more or fewer bytes, or it is something else; or see the class.
        """
        classes = (*DIGITS, NOT_A_DIGIT)
        if not all(len(picture) == DIGIT_SIDE**2 and label in classes for picture, label in drawn):
            raise TrainingError("A correction is not a picture of 28x28 pixels with its digit: delete it.")
        pixels = bytearray(b"".join(picture for picture, _ in drawn))
        images = torch.frombuffer(pixels, dtype=torch.uint8) if drawn else torch.zeros(0, dtype=torch.uint8)
        labels = torch.tensor([classes.index(label) for _, label in drawn], dtype=torch.int64)
        return cls(images.view(-1, 1, DIGIT_SIDE, DIGIT_SIDE), labels)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Memory:
    """Digits by which it is known what a network forgets.

    Attributes:
        dataset: whose they are, a name in DATASETS.
        images: uint8 (N, 1, 28, 28), of its training split, to be practised again.
        val: decides how much is learned.
        test: is reported.
    """

    dataset: str
    images: Tensor
    val: Split
    test: Split


def remembered() -> Memory:
    """MNIST's where it has been downloaded, else the digits that come with scikit-learn.  Downloads nothing."""
    return _memory("mnist" if is_downloaded("mnist") else "digits")


@lru_cache(maxsize=2)
def _memory(name: str) -> Memory:
    dataset = load(name)
    return Memory(name, dataset.train.images[:REMEMBERED].clone(), dataset.val, dataset.test)  # 14 MB, and not 47 more


class Right(NamedTuple):
    """Which digits of a `Memory` a network reads right, bool (N,) each."""

    val: Tensor
    test: Tensor


class Origin(NamedTuple):
    """How many digits of a `Memory` the network read right that nobody had corrected."""

    val: int
    test: int


@dataclass(frozen=True)
class Corrected:
    """What came of it.

    Attributes:
        model: ready to use, in eval mode; with the old weights where `share` is 0.
        share: of the way from the old weights to those that were learned, 0 to 1.
        held_back: more of it would have lost more than MAX_LOST.
        right_before, right_after: bool (N,), which of the corrections were and are right.
        before: which digits of the memory were right.
        origin: how many were, before any correcting.
        test_before, test_after: how many of its test split were and are right.
        seconds: that it took.
    """

    model: Network
    share: float
    held_back: bool
    right_before: tuple[bool, ...]
    right_after: tuple[bool, ...]
    before: Right
    origin: Origin
    test_before: int
    test_after: int
    seconds: float


def refuse_other(network: Network, classes: Sequence[str], corrections: Corrections) -> None:
    """Raises TrainingError unless a network with these classes can learn these corrections here."""
    if tuple(classes) not in (DIGITS, (*DIGITS, NOT_A_DIGIT)):
        raise TrainingError("Only networks that read the digits 0 to 9 can be corrected: choose another one.")
    if count_parameters(network) > MAX_PARAMETERS:
        raise TrainingError(
            "This network has more than {most:,} parameters, too many to be corrected here: choose a smaller one.",
            most=MAX_PARAMETERS,
        )
    if len(classes) == NONE and bool((corrections.labels == NONE).any()):
        raise TrainingError("This network does not know what is no digit: delete those corrections, or choose another.")


def correct(
    network: Network,
    recipe: Recipe,
    corrections: Corrections,
    memory: Memory,
    before: Right | None = None,
    origin: Origin | None = None,
    last_layer: bool = False,
    seed: int = 0,
) -> Iterator[Progress | Corrected]:
    """Learn `corrections`; the last event is `Corrected`.  `network` stays as it is.

    Args:
        network: reads digits, see `refuse_other`.
        recipe: the network's, for its input and temperature.
        before: how many of the memory are right, where that is known.
        origin: where `network` was corrected before, of the network that it came of.
        last_layer: learn that alone, for comparison.
    """
    began = time.perf_counter()
    yield Progress(0.0)
    was = right_of(network, recipe, corrections)[0]
    new = copy.deepcopy(network).eval()  # BatchNorm keeps its statistics: a few drawings would spoil them
    for step in _learn(new, network, recipe, corrections, memory, last_layer, seed):
        if step % 4 == 0:
            yield Progress(0.6 * step / STEPS)
    if before is None:
        val = yield from _asked(network, recipe, memory.val, 0.6)
        test = yield from _asked(network, recipe, memory.test, 0.65)
        before = Right(val, test)
    if origin is None:
        origin = Origin(int(before.val.sum()), int(before.test.sum()))
    mixed, share, held_back, after = yield from _as_much_as_may_be(
        network, new, recipe, corrections, memory, before, origin
    )
    now = right_of(mixed, recipe, corrections)[0]
    if held_back and int(now.sum()) <= int(was.sum()):  # the little that may be learned is worth nothing
        mixed, after, now, share = copy.deepcopy(network).eval(), before.test, was, 0.0
    yield Corrected(
        mixed,
        share,
        held_back,
        tuple(was.tolist()),
        tuple(now.tolist()),
        before,
        origin,
        int(before.test.sum()),
        int(after.sum()),
        time.perf_counter() - began,
    )


def _as_much_as_may_be(
    old: Network,
    new: Network,
    recipe: Recipe,
    corrections: Corrections,
    memory: Memory,
    before: Right,
    origin: Origin,
) -> Generator[Progress, None, tuple[Network, float, bool, Tensor]]:
    """The network between both that learned most without losing too much of the memory.

    Returns:
        It, its share of the new one, whether that was held back, and which of the memory's test pictures are right.
    """
    share, held_back, left = _enough(old, new, recipe, corrections), False, 0.2  # of the work, about
    while share:
        mixed = between(old, new, share)
        val = yield from _asked(mixed, recipe, memory.val, 1 - left, before.val)
        left /= 2
        if origin.val - int(val.sum()) <= _may_lose(memory.val):
            after = yield from _asked(mixed, recipe, memory.test, 1 - left, before.test)
            if origin.test - int(after.sum()) <= _may_lose(memory.test):
                return mixed, share, held_back, after
        share, held_back = max((smaller for smaller in SHARES if smaller <= 0.75 * share), default=0.0), True
    return copy.deepcopy(old).eval(), share, held_back, before.test


def _may_lose(split: Split) -> float:
    """How many digits: MAX_LOST of the split, but at least one, for a server without MNIST remembers few hundred."""
    return max(1, MAX_LOST * len(split))


def _learn(
    new: Network,
    old: Network,
    recipe: Recipe,
    corrections: Corrections,
    memory: Memory,
    last_layer: bool,
    seed: int,
) -> Iterator[int]:
    """Train `new`; the number of each step that was done."""
    generator = torch.Generator().manual_seed(seed)
    augment = AUGMENTATIONS[AUGMENTATION]
    layers = [layer for layer in new.children() if any(True for _ in layer.parameters())]
    parameters = list(layers[-1].parameters() if last_layer else new.parameters())
    optimizer = torch.optim.AdamW(parameters, LEARNING_RATE, weight_decay=0.0)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        mine = _some(len(corrections), MINE, generator)
        theirs = _some(len(memory.images), THEIRS, generator)
        others = _some(len(background()), OF_BACKGROUND, generator)
        images = torch.cat([corrections.images[mine], memory.images[theirs], background()[others]])
        x = to_input(augment(images, generator), recipe.input)
        soft = _probs(old, x[MINE:])
        logits = cpu.forward(new, x)
        optimizer.zero_grad(set_to_none=True)
        losses = functional.cross_entropy(logits[:MINE], corrections.labels[mine], reduction="sum")
        losses = losses + functional.cross_entropy(logits[MINE:], soft, reduction="sum")
        (losses / len(x)).backward()
        optimizer.step()
        yield step + 1


def _some(count: int, wanted: int, generator: torch.Generator) -> Tensor:
    return torch.randint(count, (wanted,), generator=generator)


@torch.no_grad()
def _probs(network: Network, x: Tensor) -> Tensor:
    return cpu.forward(network, x).softmax(dim=1)


def between(old: Network, new: Network, share: float) -> Network:
    """A network whose weights are `share`, 0 to 1, of the way from those of `old` to those of `new`."""
    mixed, target = copy.deepcopy(old).eval(), new.state_dict()
    mixed.load_state_dict(
        {
            name: torch.lerp(tensor, target[name], share) if tensor.is_floating_point() else tensor
            for name, tensor in old.state_dict().items()
        }
    )
    return mixed


def _enough(old: Network, new: Network, recipe: Recipe, corrections: Corrections) -> float:
    """The smallest share with which all corrections are right and sure; 1 where none is."""
    for share in SHARES:
        right, sure = right_of(between(old, new, share), recipe, corrections)
        if bool((right & sure).all()):
            return share
    return 1.0


# --------------------------------------------------------------------------------------------------
# What is right


def answers_of(logits: Tensor, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """What is answered, int64 (N,), and how likely that is, 0 to 1, from logits (N, 10 or 11).

    An answer is a digit, or NONE: see `likeliest_or_none`.
    """
    probs = (logits / temperature).softmax(dim=1)
    answers = likeliest_or_none(probs, NONE)
    return answers, probs.gather(1, answers[:, None])[:, 0]


@torch.no_grad()
def right_of(network: Network, recipe: Recipe, corrections: Corrections) -> tuple[Tensor, Tensor]:
    """Which of the corrections are right, and which answers are SURE, bool (N,) each."""
    answers, probability = answers_of(evaluate(network, corrections.images, recipe.input), recipe.temperature)
    return answers == corrections.labels, probability >= SURE


def _asked(
    network: Network, recipe: Recipe, split: Split, done: float, before: Tensor | None = None
) -> Generator[Progress, None, Tensor]:
    """Which digits of the split are right, bool (N,), by the likeliest digit, as in a test accuracy.

    Args:
        before: which were; where very many more are wrong, the rest is not asked, and counts as wrong.
    """
    right = torch.zeros(len(split), dtype=torch.bool)
    for first in range(0, len(split), PART):
        part = slice(first, first + PART)
        right[part] = _right(network, recipe, split.images[part], split.labels[part])
        yield Progress(done)
        if before is not None and _lost(before[: part.stop], right[: part.stop]) > HOPELESS * _may_lose(split):
            break
    return right


@torch.no_grad()
def _right(network: Network, recipe: Recipe, images: Tensor, labels: Tensor) -> Tensor:
    return evaluate(network, images, recipe.input)[:, :NONE].argmax(dim=1) == labels


def _lost(before: Tensor, after: Tensor) -> int:
    """How many fewer are right."""
    return int(before.sum()) - int(after.sum())
