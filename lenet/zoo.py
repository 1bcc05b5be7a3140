"""What there is to know of a network beside its accuracy: its layers, and its answer to each test picture.

layer_table(classifier.model, (3, 32, 32))     shapes, parameters and multiply-adds
for answers in answer_all(classifier, test):   all of a test split, with its progress
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lenet.classifier import WEIGHTS, Classifier
from lenet.datasets import Split
from lenet.models import Network, count_parameters
from lenet.training import evaluate

BATCH = 250  # pictures: with four million parameters about a second, so that progress is seen
FLOPS_EACH = 2  # a multiply-add is a multiplication and an addition


# --------------------------------------------------------------------------------------------------
# Layers


@dataclass(frozen=True)
class LayerRow:
    """A layer, or a part of one.

    Attributes:
        path: its name, below its block's, below ...: ("block1", "body", "0"); a layer of the network's
            own table has one name.
        kind: what it is called in PyTorch or in lenet/models.py, and the size of its window if it has one.
        shape: of its output for one picture: (C, H, W) or (F,).
        parameters: trainable numbers, of all its parts.
        multiply_adds: for one picture, of all its parts; see `layer_table`.
    """

    path: tuple[str, ...]
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_table(model: Network, shape: tuple[int, int, int]) -> tuple[LayerRow, ...]:
    """Every layer in order, each followed by the parts that it is made of; parts that only hold parts are left out.

    Multiply-adds (MACs, two FLOPs each) are counted while one picture goes through, by PyTorch's own
    counter: those of convolutions and matrix products, which are nearly all there is.  Biases,
    normalisation, activations and pooling count as none.  (torchinfo reads them off the parameters, biases
    included: 1 to 2% more for these networks, but nothing of what a layer computes in functions.)

    Args:
        shape: of one picture, (C, H, W).
    """
    model = copy.deepcopy(model).cpu().eval()  # hooks on the one that answers would see others' pictures too
    parts = {name: part for name, part in model.named_modules() if name}
    shapes: dict[str, tuple[int, ...]] = {}
    flops: dict[str, int] = {}
    # The counter also counts by module, but over all threads together; its total is this thread's alone.
    counter = FlopCounterMode(display=False)

    def enter(name: str, *_: object) -> None:
        flops[name] = -counter.get_total_flops()

    def leave(name: str, part: nn.Module, given: object, output: Tensor) -> None:
        flops[name] += counter.get_total_flops()
        shapes[name] = tuple(output.shape[1:])

    for name, part in parts.items():
        part.register_forward_pre_hook(partial(enter, name))
        part.register_forward_hook(partial(leave, name))
    with counter, torch.no_grad():
        model(torch.zeros(1, *shape))
    return tuple(
        LayerRow(tuple(name.split(".")), _kind(part), shapes[name], count_parameters(part), flops[name] // FLOPS_EACH)
        for name, part in parts.items()
        if name in shapes and ("." not in name or not list(part.children()))
    )


def _kind(part: nn.Module) -> str:
    window = getattr(part, "kernel_size", ())
    sides = window if isinstance(window, tuple) else (window, window)
    return " ".join([type(part).__name__, "x".join(map(str, sides))]).strip()


@dataclass(frozen=True)
class Exhibit:
    """A network in weights/, and what can be said of it without asking it anything.

    Attributes:
        name: its file's, without .safetensors.
        file_bytes: its file's size.
    """

    name: str
    network: Classifier
    layers: tuple[LayerRow, ...]
    file_bytes: int

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.layers if len(row.path) == 1)


def exhibit(name: str, network: Classifier) -> Exhibit:
    """`network` with its layers and its file's size; `name` is one in weights/."""
    form = network.recipe.input
    table = layer_table(network.model, (len(form.mean), form.size, form.size))
    return Exhibit(name, network, table, (WEIGHTS / f"{name}.safetensors").stat().st_size)


# --------------------------------------------------------------------------------------------------
# Answers


@dataclass(frozen=True)
class Answers:
    """What a network said of the first N pictures of a split.

    Attributes:
        labels, given: int64 (N,), what each shows and what was answered: indices of `Classifier.classes`.
        confidences: float32 (N,), the probability of the answer, 0 to 1.
    """

    labels: np.ndarray
    given: np.ndarray
    confidences: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def cell(self, label: int, answer: int) -> np.ndarray:
        """Positions of the pictures in that cell of the confusion matrix, the most confident answer first."""
        found = np.flatnonzero((self.labels == label) & (self.given == answer))
        return found[np.argsort(-self.confidences[found], kind="stable")]

    def sample(self, seed: int, count: int) -> np.ndarray:
        """Positions of `count` random pictures, or of all if there are fewer: the same ones for the same seed."""
        return np.random.default_rng(seed).permutation(len(self))[:count]

    def confusion(self, classes: int) -> tuple[tuple[int, ...], ...]:
        """As in `Checkpoint.confusion`."""
        counts = np.zeros((classes, classes), np.int64)
        np.add.at(counts, (self.labels, self.given), 1)
        return tuple(tuple(row) for row in counts.tolist())


def answer_all(classifier: Classifier, test: Split) -> Iterator[Answers]:
    """The answers to the first pictures of `test`, to more of them, ..., and at last to all."""
    given, confidences = np.empty(len(test), np.int64), np.empty(len(test), np.float32)
    for start in range(0, len(test), BATCH):
        images = test.images[start : start + BATCH]
        logits = evaluate(classifier.model, images, classifier.recipe.input)
        probs = (logits / classifier.temperature).softmax(dim=1)[:, : len(classifier.classes)]
        best = probs.max(dim=1)
        end = start + len(images)
        given[start:end], confidences[start:end] = best.indices.numpy(), best.values.numpy()
        yield Answers(test.labels[:end].numpy(), given[:end], confidences[:end])
