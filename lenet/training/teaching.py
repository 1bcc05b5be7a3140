"""Teach a network classes of a person's own, from a few drawings of each, in seconds.

    examples = Examples(("A", "B"), images, labels)
    for event in teach(examples):       # Progress, and at last Taught
        ...

The shipped network `digits` has learned on a hundred thousand drawings what pen strokes look like.  Its layers stay
as they are, and a new last layer learns the new classes from what they say of the examples, turned, slanted and
thickened as its own training images were.  `benchmarks teach` compares two other ways.

One more class is for what is none of them.  It is learned from letters, shapes, scribbles and digits drawn by rule,
without those that look like one of the examples, and from the digits that people drew on a tablet, without those that
the examples are read as.

How often the network is right is measured by cross-validation: the same learning, repeated without some of the
examples, is asked about those.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import NOT_A_DIGIT, TAUGHT
from lenet.data.drawn_digits import digit
from lenet.data.non_digits import non_digit
from lenet.data.strokes import CANVAS, PEN_TABLET, render
from lenet.errors import TrainingError
from lenet.models.network import Network
from lenet.preprocessing.digits import DIGIT_SIDE, digit_image
from lenet.preprocessing.normalization import to_input
from lenet.training.metrics import likeliest_or_none
from lenet.training.recipes import RECIPES, Recipe
from lenet.training.stored import load_network, weights_file

MIN_CLASSES, MAX_CLASSES = 2, 10
MIN_EXAMPLES, MAX_EXAMPLES = 3, 30  # of one class; from fewer it learns too, but nothing says how well
NAME_LENGTH = 20  # characters of a class's name
# That join letters, or signs to one emoji (a family, the flag of Wales), which Python does not call printable.
JOINING = {0x200C, 0x200D, *range(0xE0020, 0xE0080)}
BASE = "digits"  # the network whose features are used, a name in weights/

MIN_COPIES, MAX_COPIES = 4, 24  # augmented copies of an example
ROWS = 1200  # augmented copies of all examples together, about
BACKGROUND = 400  # drawings of other things; each has one augmented copy
DIGITS_FILE = Path(__file__).with_name("digit_background.safetensors")  # by tools/digit_background.py
OF_A_DIGIT = 30  # drawings in it
READ_AS = 0.3  # of a class's examples: it may be the digit that so many are read as
FOLDS = 20  # at most; up to so many examples, each is left out alone
STEPS, LEARNING_RATE, WEIGHT_DECAY = 60, 0.1, 2e-3  # of the last layer, by Adam on all rows at once

RECIPE = Recipe(
    name=TAUGHT,
    about="a person's own classes, taught by a few drawings of each: a new last layer on the features of digits",
    model=RECIPES[BASE].model,
    dataset=TAUGHT,
    input=RECIPES[BASE].input,
    epochs=STEPS,
    batch_size=ROWS,
    optimizer="adam",
    lr=LEARNING_RATE,
    weight_decay=WEIGHT_DECAY,
    schedule="cosine",
    augmentation="handwriting",
)


@dataclass(frozen=True)
class Examples:
    """Drawings of a person's own classes.

    Attributes:
        classes: MIN_CLASSES to MAX_CLASSES different names, of 1 to NAME_LENGTH characters.
        images: uint8 (N, 1, 28, 28), as `lenet.preprocessing.digits.digit_image` makes them.
        labels: int64 (N,), indices of classes; 1 to MAX_EXAMPLES of each.

    Raises:
        TrainingError: they are not so.
    """

    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        check_classes(self.classes)
        self.refuse_fewer(1)
        if not self.images.flatten(1).any(dim=1).all():
            raise TrainingError("An example is empty: delete it, and draw it again.")

    @classmethod
    def of(cls, drawn: Sequence[tuple[str, Sequence[bytes]]]) -> Examples:
        """From each class's name and the 784 bytes of each of its pictures, white ink on black.

        Raises:
            TrainingError: there are more or fewer bytes; or see the class.
        """
        pictures = [picture for _, pictures in drawn for picture in pictures]
        if any(len(picture) != DIGIT_SIDE**2 for picture in pictures):
            raise TrainingError("An example is not a picture of 28x28 pixels: draw it again.")
        images = torch.frombuffer(bytearray(b"".join(pictures)), dtype=torch.uint8) if pictures else torch.zeros(0)
        counts = torch.tensor([len(pictures) for _, pictures in drawn], dtype=torch.int64)
        labels = torch.arange(len(drawn)).repeat_interleave(counts)
        return cls(tuple(name for name, _ in drawn), images.byte().view(-1, 1, DIGIT_SIDE, DIGIT_SIDE), labels)

    def refuse_fewer(self, least: int = MIN_EXAMPLES) -> None:
        """Raises TrainingError where a class has fewer examples, or more than MAX_EXAMPLES."""
        check_counts(self.classes, self.labels, least)

    def __len__(self) -> int:
        return len(self.labels)


def check_classes(classes: tuple[str, ...]) -> None:
    """Raises TrainingError unless these may be the classes of a taught network."""
    if not MIN_CLASSES <= len(classes) <= MAX_CLASSES:
        raise TrainingError(
            "There are {count} classes: make {least} to {most}.",
            count=len(classes),
            least=MIN_CLASSES,
            most=MAX_CLASSES,
        )
    for name in classes:
        if "\ufffd" in name:  # `requests.whole_letters` has put it in the place of half a letter
            raise TrainingError("This name holds half a letter: type it again.")
        if name == NOT_A_DIGIT:
            raise TrainingError("No class can be called {name}, for the network has that answer already.", name=name)
        visible = name.translate(dict.fromkeys(JOINING))
        if not (visible and len(name) <= NAME_LENGTH and name.strip() == name and visible.isprintable()):
            raise TrainingError("A class needs a name of 1 to {most} letters or signs.", most=NAME_LENGTH)
    if len(set(classes)) < len(classes):
        raise TrainingError("Two classes have the same name: give each its own.")


def check_counts(classes: tuple[str, ...], labels: Tensor, least: int) -> None:
    """Raises TrainingError where a class has fewer of labels int64 (N,), or more than MAX_EXAMPLES."""
    counts = labels.bincount(minlength=len(classes)).tolist()
    for name, count in zip(classes, counts, strict=True):
        if not least <= count <= MAX_EXAMPLES:
            raise TrainingError(
                "The class {name} has {count} examples: make {least} to {most} of each class.",
                name=name,
                count=count,
                least=MIN_EXAMPLES,
                most=MAX_EXAMPLES,
            )


@dataclass(frozen=True)
class Progress:
    """How far the teaching is, 0 to 1."""

    done: float


@dataclass(frozen=True)
class Taught:
    """What came of it.

    Attributes:
        model: ready to use, in eval mode; its last logit is for what is none of the classes.
        classes: names in the order of the logits, `NOT_A_DIGIT` last.
        answers: of each example, the class that was answered by a network that did not learn from it: its index, or
            the number of classes for none of them.
        right: how many of `answers` are right.
        seconds: that it took.
    """

    model: Network
    classes: tuple[str, ...]
    answers: tuple[int, ...]
    right: int
    seconds: float


def teach(examples: Examples, seed: int = 0) -> Iterator[Progress | Taught]:
    """Learn `examples`, and measure how well by cross-validation; the last event is `Taught`."""
    began = time.perf_counter()
    yield Progress(0.0)
    held_out = folds(examples.labels)
    answers = torch.full_like(examples.labels, len(examples.classes))
    everybody = torch.zeros(1, len(examples), dtype=torch.bool)  # held out by none: the network that is wanted
    network: Network | None = None
    for number, (mask, network) in enumerate(_last_layers(examples, ~torch.cat([held_out, everybody]), seed)):
        if not mask.all():
            answers[~mask] = answered(network, examples.images[~mask])
        yield Progress((number + 1) / (len(held_out) + 1))
    assert network is not None
    yield Taught(
        network,
        (*examples.classes, NOT_A_DIGIT),
        tuple(answers.tolist()),
        int((answers == examples.labels).sum()),
        time.perf_counter() - began,
    )


def folds(labels: Tensor) -> Tensor:
    """bool (folds, N): which of the labels int64 (N,) each fold leaves out, at most FOLDS.

    Each is left out once, and a fold is spread over classes.
    """
    place = torch.empty_like(labels)
    place[labels.argsort(stable=True)] = torch.arange(len(labels))
    count = min(len(labels), FOLDS)
    return place % count == torch.arange(count)[:, None]


@torch.no_grad()
def answered(network: Network, images: Tensor) -> Tensor:
    """What a taught network answers to images uint8 (N, 1, 28, 28): int64 (N,), the last for none of its classes."""
    probs = network.eval()(to_input(images, RECIPE.input)).softmax(dim=1)
    return likeliest_or_none(probs, probs.shape[1] - 1)


def prepare() -> None:
    """Make what the first `teach` of a process would make; seconds."""
    background_features()


# --------------------------------------------------------------------------------------------------
# What is none of the classes


@lru_cache(maxsize=1)
def background() -> Tensor:
    """uint8 (BACKGROUND, 1, 28, 28): letters, shapes, scribbles and digits drawn by rule, always the same."""
    rng = np.random.default_rng(0)
    images = [_something(rng) for _ in range(BACKGROUND)]
    return torch.from_numpy(np.stack(images))[:, None]


def _something(rng: np.random.Generator) -> np.ndarray:
    width = rng.uniform(6, 44)
    if rng.random() < 0.25:
        return digit_image(render(digit(rng)[1], width))
    strokes, widest = non_digit(rng)
    return digit_image(render(strokes, max(2.0, min(width, widest * CANVAS / PEN_TABLET))))


def unlike(background: Tensor, examples: Tensor, labels: Tensor) -> Tensor:
    """bool (M,): which of the background look like no example, to the base network.

    One that is as near to an example as half of the examples are to another of their class counts as that class.
    Where no class has two examples, all of it is used.

    Args:
        background: features (M, F).
        examples: features (N, F).
        labels: int64 (N,).
    """
    known, others = functional.normalize(examples, dim=1), functional.normalize(background, dim=1)
    alike = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    nearest = (known @ known.T).masked_fill(~alike, -1).amax(dim=1)[alike.any(dim=1)]
    within = nearest.median() if len(nearest) else 1
    return (others @ known.T).amax(dim=1) < within


def read_as(read: Tensor, labels: Tensor) -> Tensor:
    """bool (11,): which digits the examples may be; the last one, for what is no digit, is never any.

    Args:
        read: int64 (N,), what the base network reads in each, 10 for no digit.
        labels: int64 (N,), what each is.
    """
    shares = torch.stack(
        [functional.one_hot(read[labels == label], 11).float().mean(dim=0) for label in labels.unique()]
    )
    found = (shares > READ_AS).any(dim=0)
    found[10] = False
    return found


# --------------------------------------------------------------------------------------------------
# A new last layer


def base_network() -> Network:
    return _network(BASE)


@lru_cache(maxsize=5)  # `benchmarks teach` has several bases
def _network(name: str) -> Network:
    return load_network(weights_file(name)).model


@torch.no_grad()
def features(images: Tensor) -> Tensor:
    """float32 (N, F): what the base network's last layer sees of images (N, 1, 28, 28) in 0 to 255."""
    layers = nn.Sequential(*list(base_network().children())[:-1])
    return torch.cat([layers(to_input(part, RECIPE.input)) for part in images.split(500)])


@dataclass(frozen=True)
class Background:
    """What the base network sees of things that are none of the classes.

    Attributes:
        drawn: features (M, F).
        moved: the same of an augmented copy of each.
        digits: int64 (M,), which digit each is; 10 for all that was drawn by rule.
    """

    drawn: Tensor
    moved: Tensor
    digits: Tensor


def background_features() -> Background:
    return _background_features(BASE, DIGITS_FILE)


@lru_cache(maxsize=5)
def _background_features(base: str, digits_file: Path) -> Background:
    by_rule = seen(background())
    by_people = load_file(digits_file)
    drawn, moved = (torch.cat([part, by_people[name].float()]) for part, name in zip(by_rule, SEEN, strict=True))
    digits = torch.cat([torch.full((BACKGROUND,), 10), torch.arange(10).repeat_interleave(OF_A_DIGIT)])
    return Background(drawn, moved, digits)


SEEN = ("drawn", "moved")  # the names of both in the file


def seen(images: Tensor) -> tuple[Tensor, Tensor]:
    """Features of images uint8 (N, 1, 28, 28), and of an augmented copy of each."""
    augment = AUGMENTATIONS[RECIPE.augmentation]
    return features(images), features(augment(images, torch.Generator().manual_seed(0)))


def _last_layers(examples: Examples, masks: Tensor, seed: int) -> Iterator[tuple[Tensor, Network]]:
    """For each of masks, bool (R, N), what has learned from those examples; all learn at once."""
    copies = max(MIN_COPIES, min(MAX_COPIES, ROWS // len(examples)))
    augment = AUGMENTATIONS[RECIPE.augmentation]
    repeated = examples.images.repeat(copies, 1, 1, 1)
    plain = features(examples.images)
    own = torch.cat([plain, features(augment(repeated, torch.Generator().manual_seed(seed)))])
    others = background_features()
    read, none = base_network().fc1(plain).argmax(dim=1), len(examples.classes)
    other = torch.stack([_others(others, plain[mask], read[mask], examples.labels[mask]) for mask in masks])  # (R, M)
    x = torch.cat([own, others.drawn, others.moved])
    labels = torch.cat([examples.labels.repeat(copies + 1), torch.full((2 * len(others.drawn),), none)])
    used = torch.cat([masks.repeat(1, copies + 1), other, other], dim=1)  # (R, rows of x)
    for mask, layer in zip(masks, logistic_regressions(x, labels, used), strict=True):
        network = copy.deepcopy(base_network())
        network.fc1 = layer
        yield mask, network.eval()


def _others(background: Background, plain: Tensor, read: Tensor, labels: Tensor) -> Tensor:
    """bool (M,): which of the background are none of the classes; the rest as in `unlike` and `read_as`."""
    return unlike(background.drawn, plain, labels) & ~read_as(read, labels)[background.digits]


def logistic_regressions(
    x: Tensor, labels: Tensor, used: Tensor, weight_decay: float = WEIGHT_DECAY
) -> list[nn.Linear]:
    """A linear layer for each row of `used`, which tells labels from features; each class counts alike.

    Args:
        x: features (N, F).
        labels: int64 (N,).
        used: bool (R, N): what each layer learns from.
    """
    classes, layers = int(labels.max()) + 1, len(used)
    mean, deviation = x.mean(dim=0), x.std(dim=0) + 1e-3
    x = (x - mean) / deviation
    counts = (used.float() @ functional.one_hot(labels, classes).float()).clamp(min=1)  # (R, classes)
    share = used.T / (classes * counts[:, labels].T)  # (N, R): of each row in each layer's loss
    weight = torch.zeros(x.shape[1], layers * classes, requires_grad=True)
    bias = torch.zeros(layers * classes, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], LEARNING_RATE, weight_decay=weight_decay)
    wanted = labels[:, None, None].expand(-1, layers, 1)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        logits = torch.addmm(bias, x, weight).view(len(x), layers, classes)
        losses = logits.logsumexp(dim=2) - logits.gather(2, wanted)[:, :, 0]
        optimizer.zero_grad()
        (losses * share).sum().backward()
        optimizer.step()
    # what was done to x is done by the layers themselves from now on
    weights = (weight.detach() / deviation[:, None]).T.view(layers, classes, -1)
    biases = bias.detach().view(layers, classes) - weights @ mean
    return [_linear(*pair) for pair in zip(weights, biases, strict=True)]


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer
