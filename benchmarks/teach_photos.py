"""The photos of `python -m benchmarks teach`: five of CIFAR-10's classes, for a network that knows the other five.

No class that is taught here was seen by the network whose features are used.  The shipped network, photos-small, has
seen all ten, and so may see more in a visitor's photos than these do.  Photos of CIFAR-10's classes differ more than
those of a visitor's own things do, in one room and by one camera.

Each row has DRAWS random choices of examples for each of the two networks.  Where three classes are taught, the other
two of the five are none of them.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import CIFAR10_CLASSES, Split, load
from lenet.inference.ood import OodDetector
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import Checkpoint
from lenet.inference.pretrained import load as load_checkpoint
from lenet.inference.taught import photo_checkpoint
from lenet.models import MODELS, cpu
from lenet.models.network import Network
from lenet.preprocessing.normalization import to_input
from lenet.preprocessing.photos import Photo
from lenet.training.metrics import wilson_interval
from lenet.training.photo_teaching import (
    BACKGROUND,
    PHOTO_RECIPE,
    Base,
    PhotoExamples,
    TaughtPhotos,
    crops_of,
    photo_features,
    teach_photos,
)

SHOTS = (1, 3, 5, 10, 20)
SLOW_SHOTS = (10,)  # for the ways to learn that take long
DRAWS = 2  # of examples, for each network and count
ASKED = 30  # photos of each class
LAST_LAYER = "last-layer"  # the way of `lenet.training.photo_teaching`
ALL_LAYERS = {"fine-tuning": (100, 2e-3, False), "from-scratch": (200, 5e-3, True)}  # steps, lr, from random weights
METHODS = (LAST_LAYER, *ALL_LAYERS)
BATCH = 64


@dataclass(frozen=True)
class Half:
    """A network of five classes.

    Attributes:
        unknown: labels of the other five.
        photos: what photos are like, by its own validation images.
    """

    base: Base
    photos: OodDetector
    unknown: tuple[int, ...]

    @classmethod
    def of(cls, file: Path) -> Half:
        checkpoint = load_checkpoint(file)
        assert checkpoint.calibration is not None
        own = load(checkpoint.recipe.dataset).val.images[:BACKGROUND]
        unknown = tuple(i for i, name in enumerate(CIFAR10_CLASSES) if name not in checkpoint.classes)
        base = Base(checkpoint.model, photo_features(checkpoint.model, own))
        return cls(base, checkpoint.calibration.ood, unknown)


def table(files: Sequence[Path], methods: Sequence[str]) -> Iterator[str]:
    """The lines of the table, each when it is known."""
    halves = [Half.of(file) for file in files]
    data = load("cifar10")
    yield "| way to learn | classes | examples a class | right | refused | left out, 95% interval | seconds of a core |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for method in methods:
        for count in (5, 3):
            for shots in SHOTS if method == LAST_LAYER else SLOW_SHOTS:
                yield row(halves, data.train, data.test, method, count, shots)


def row(halves: Sequence[Half], taught: Split, asked: Split, method: str, count: int, shots: int) -> str:
    """`count` of the five classes are taught; the others of the five are none of them."""
    right, refused, left_out, total, seconds = list[float](), list[float](), 0, 0, list[float]()
    for half in halves:
        for draw in range(DRAWS):
            rng = np.random.default_rng((draw, shots))
            labels = [int(label) for label in rng.permutation(half.unknown)]
            examples = some(taught, labels[:count], shots, rng)
            began = time.process_time()
            checkpoint, answers = learned(examples, half, method)
            seconds.append(time.process_time() - began)
            namer = PhotoClassifier(checkpoint)
            mine, theirs = (some(asked, part, ASKED, rng) for part in (labels[:count], labels[count:]))
            said = answered(namer, mine)
            right.append(float(np.mean([answer == label for answer, label in zip(said, mine.labels, strict=True)])))
            if theirs.crops:
                refused.append(float(np.mean([answer == count for answer in answered(namer, theirs)])))
            left_out += sum(answer == label for answer, label in zip(answers, examples.labels.tolist(), strict=False))
            total += len(answers)
    without = "-"
    if total and shots > 1:
        low, high = wilson_interval(left_out, total)
        without = f"{left_out} of {total}, {low:.0%} to {high:.0%}"
    no = f"{np.mean(refused):.1%}" if refused and method == LAST_LAYER else "-"
    return f"| {method} | {count} | {shots} | {np.mean(right):.1%} | {no} | {without} | {np.mean(seconds):.1f} |"


@dataclass(frozen=True)
class Photos:
    """Photos that may be too many to teach, or of one class; see `PhotoExamples`."""

    classes: tuple[str, ...]
    crops: tuple[Tensor, ...]
    labels: Tensor
    images: Tensor  # uint8 (N, 3, 32, 32)


def some(split: Split, labels: Sequence[int], each: int, rng: np.random.Generator) -> Photos:
    """`each` photos of each of these labels, which become 0, 1, 2 and so on."""
    picked = [rng.permutation((split.labels == label).nonzero()[:, 0].numpy())[:each] for label in labels]
    images = split.images[torch.from_numpy(np.concatenate(picked))] if picked else split.images[:0]
    crops = tuple(crops_of(Photo(image)) for image in images)
    names = tuple(CIFAR10_CLASSES[label] for label in labels)
    return Photos(names, crops, torch.arange(len(labels)).repeat_interleave(each), images)


def answered(namer: PhotoClassifier, photos: Photos) -> list[int]:
    """The index of each answer; the number of classes for none of them."""
    found = namer.predict_batch(list(photos.images))
    return [len(namer.classes) if one.rejected else namer.classes.index(one.label) for one in found]


def learned(photos: Photos, half: Half, method: str) -> tuple[Checkpoint, tuple[int, ...]]:
    """The network, and the answers of cross-validation where the way has one."""
    examples = PhotoExamples(photos.classes, photos.crops, photos.labels)
    if method in ALL_LAYERS:
        network = with_all_layers(photos, half.base.network, *ALL_LAYERS[method])
        return Checkpoint(network, PHOTO_RECIPE, photos.classes, {}), ()
    *_, taught = teach_photos(examples, half.base)
    assert isinstance(taught, TaughtPhotos)
    return photo_checkpoint(taught, examples, half.photos)


def with_all_layers(photos: Photos, base: Network, steps: int, lr: float, fresh: bool) -> Network:
    """All layers learn, by AdamW with a one-cycle schedule; what is none of the classes is not learned."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MODELS[PHOTO_RECIPE.model].build(3, len(photos.classes))
    if fresh:
        network.whiten.load_state_dict(base.whiten.state_dict())  # which no training changes
    else:
        last, network = network.fc1, copy.deepcopy(base)
        network.fc1 = last
    cpu.prepare(network)
    network.requires_grad_(True).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(steps):
        which = torch.randint(len(photos.images), (BATCH,), generator=generator)
        batch = AUGMENTATIONS[PHOTO_RECIPE.augmentation](photos.images[which], generator)
        logits = cpu.forward(network, to_input(batch, PHOTO_RECIPE.input))
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(logits, photos.labels[which]).backward()
        optimizer.step()
        schedule.step()
    return network.eval()
