"""Teach a network classes of a person's own photos, from a few of each, in seconds.

    examples = PhotoExamples(("Tom", "Mia"), crops, labels)
    for event in teach_photos(examples):       # Progress, and at last TaughtPhotos
        ...

As `lenet.training.teaching` does for drawings: the layers of a shipped network stay as they are, and a new last layer
learns the classes from what they say of the examples.  Each example is seen in all the crops that a `PhotoClassifier`
looks at, and in augmented copies of them.

What is none of the classes is learned too, from photos that the shipped network knows (`Base.background`).  It has no
answer of its own: its logit is taken from all others, so that it would be 0.  The energy of the others,
-log sum exp, then says how much likelier none of them is than one of them.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import TAUGHT_PHOTOS
from lenet.errors import TrainingError
from lenet.models.network import Network
from lenet.preprocessing.normalization import to_input
from lenet.preprocessing.photos import PHOTO_SIDE, Photo, first_square, further_squares
from lenet.training.recipes import RECIPES
from lenet.training.stored import load_network, weights_file
from lenet.training.teaching import (
    RECIPE,
    STEPS,
    Progress,
    check_classes,
    check_counts,
    folds,
    logistic_regressions,
    unlike,
)

BASE = "photos-small"  # the network whose features are used, a name in weights/: a browser computes it, too
BACKGROUND_FILE = Path(__file__).with_name("photo_background.safetensors")  # by tools/photo_background.py
BACKGROUND = 500  # photos in it

MIN_COPIES, MAX_COPIES = 1, 4  # augmented copies of each crop of an example
ROWS = 1200  # crops and copies of all examples together, about
# Of the last layer.  On CIFAR-10's validation images of classes that the network did not know, ten examples a class:
# probabilities that are as often right as they say, where that of drawings makes 20% of the sure answers wrong.
WEIGHT_DECAY = 0.1
CROPS_PER_BATCH = 100  # crops that go through the network at once: how often progress is told

PHOTO_RECIPE = RECIPE.with_changes(
    name=TAUGHT_PHOTOS,
    about="a person's own classes, taught by a few photos of each: a new last layer on the features of photos-small",
    model=RECIPES[BASE].model,
    dataset=TAUGHT_PHOTOS,
    input=RECIPES[BASE].input,
    epochs=STEPS,
    batch_size=ROWS,
    weight_decay=WEIGHT_DECAY,
    augmentation="photographed",
)


@dataclass(frozen=True)
class PhotoExamples:
    """Photos of a person's own classes.

    Attributes:
        classes: 2 to 10 different names, see `lenet.training.teaching.check_classes`.
        crops: of each photo the crops that are looked at, uint8 (C, 3, 32, 32); see `crops_of`.
        labels: int64 (N,), indices of classes; 1 to MAX_EXAMPLES of each.

    Raises:
        TrainingError: they are not so.
    """

    classes: tuple[str, ...]
    crops: tuple[Tensor, ...]
    labels: Tensor

    def __post_init__(self) -> None:
        check_classes(self.classes)
        self.refuse_fewer(1)
        if any(some.shape[1:] != (3, PHOTO_SIDE, PHOTO_SIDE) for some in self.crops):
            raise TrainingError("An example is not a photo: delete it, and take another one.")

    @classmethod
    def of(cls, taken: Sequence[tuple[str, Sequence[Tensor]]]) -> PhotoExamples:
        """From each class's name and the crops of each of its photos."""
        counts = torch.tensor([len(photos) for _, photos in taken], dtype=torch.int64)
        crops = tuple(crops for _, photos in taken for crops in photos)
        return cls(tuple(name for name, _ in taken), crops, torch.arange(len(taken)).repeat_interleave(counts))

    def refuse_fewer(self, least: int) -> None:
        """Raises TrainingError where a class has fewer photos, or more than MAX_EXAMPLES."""
        check_counts(self.classes, self.labels, least)

    def __len__(self) -> int:
        return len(self.labels)


def crops_of(photo: Photo) -> Tensor:
    """uint8 (C, 3, 32, 32): all crops of a photo that a `PhotoClassifier` may look at, the first one first."""
    return photo.crops((first_square(photo.size), *further_squares(photo.size)))


@dataclass(frozen=True)
class Base:
    """A network whose features are used.

    Attributes:
        network: in eval mode.
        background: features (M, F) of photos that are none of a person's classes.
    """

    network: Network
    background: Tensor


@torch.no_grad()
def photo_features(network: Network, images: Tensor) -> Tensor:
    """float32 (N, F): what a network's last layer sees of images uint8 (N, 3, 32, 32)."""
    layers = nn.Sequential(*list(network.children())[:-1])
    parts = [to_input(part, PHOTO_RECIPE.input) for part in images.split(CROPS_PER_BATCH)]
    # channels last: in half the time
    return torch.cat([layers(part.to(memory_format=torch.channels_last)) for part in parts])


@lru_cache(maxsize=1)
def shipped_base() -> Base:
    """`BASE`, with the features that it sees in CIFAR-10's validation images."""
    return Base(load_network(weights_file(BASE)).model, load_file(BACKGROUND_FILE)["features"].float())


@dataclass(frozen=True)
class TaughtPhotos:
    """What came of it.

    Attributes:
        model: ready to use, in eval mode.
        classes: names in the order of the logits.
        left_out: of each example, the logits (C, classes) of its crops by a network that did not learn from it.
        seconds: that it took.
    """

    model: Network
    classes: tuple[str, ...]
    left_out: tuple[Tensor, ...]
    seconds: float


def teach_photos(examples: PhotoExamples, base: Base | None = None, seed: int = 0) -> Iterator[Progress | TaughtPhotos]:
    """Learn `examples`, and measure how well by cross-validation; the last event is `TaughtPhotos`.

    Args:
        base: the network whose features are used; None for `shipped_base()`.
    """
    began = time.perf_counter()
    yield Progress(0.0)
    base = base or shipped_base()
    crops = torch.cat(examples.crops)
    owner = torch.arange(len(examples)).repeat_interleave(torch.tensor([*map(len, examples.crops)]))
    copies = max(MIN_COPIES, min(MAX_COPIES, ROWS // len(crops)))
    augment, generator = AUGMENTATIONS[PHOTO_RECIPE.augmentation], torch.Generator().manual_seed(seed)
    images = torch.cat([crops, *(augment(crops, generator) for _ in range(copies))])
    parts = []
    for number, part in enumerate(images.split(CROPS_PER_BATCH)):
        parts.append(photo_features(base.network, part))
        yield Progress(0.8 * min(1.0, (number + 1) * CROPS_PER_BATCH / len(images)))
    features = torch.cat(parts)
    held_out = folds(examples.labels)
    masks = torch.cat([~held_out, torch.ones(1, len(examples), dtype=torch.bool)])
    heads = _heads(features, owner.repeat(copies + 1), examples.labels, masks, base.background)
    yield Progress(0.95)
    plain = features[: len(crops)]
    left_out: list[Tensor] = [torch.empty(0)] * len(examples)
    with torch.no_grad():
        for mask, head in zip(held_out, heads[:-1], strict=True):
            for photo in mask.nonzero()[:, 0].tolist():
                left_out[photo] = head(plain[owner == photo])
    network = copy.deepcopy(base.network)
    network.fc1 = heads[-1]
    yield Progress(1.0)
    yield TaughtPhotos(network.eval(), examples.classes, tuple(left_out), time.perf_counter() - began)


def _heads(features: Tensor, owner: Tensor, labels: Tensor, masks: Tensor, background: Tensor) -> list[nn.Linear]:
    """For each of masks, bool (R, N), a last layer that has learned from those examples; all learn at once.

    Args:
        features: (rows, F) of the examples' crops.
        owner: int64 (rows,), the example that each is a crop of.
        labels: int64 (N,).
        background: features (M, F).
    """
    none = int(labels.max()) + 1
    first = torch.stack([features[(owner == photo).nonzero()[0, 0]] for photo in range(len(labels))])
    other = torch.stack([unlike(background, first[mask], labels[mask]) for mask in masks])  # (R, M)
    x = torch.cat([features, background])
    answers = torch.cat([labels[owner], torch.full((len(background),), none)])
    used = torch.cat([masks[:, owner], other], dim=1)
    return [_without_none(layer) for layer in logistic_regressions(x, answers, used, PHOTO_RECIPE.weight_decay)]


def _without_none(layer: nn.Linear) -> nn.Linear:
    """The same with the last logit taken from all others, and left out."""
    shorter = nn.Linear(layer.in_features, layer.out_features - 1)
    with torch.no_grad():
        shorter.weight.copy_(layer.weight[:-1] - layer.weight[-1:])
        shorter.bias.copy_(layer.bias[:-1] - layer.bias[-1:])
    return shorter.requires_grad_(False)
