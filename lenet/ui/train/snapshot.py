"""What a network looks like while it learns: its first layer's filters, and its answers to a few pictures.

The pictures are of the validation split: the network never learns from them, and the test split is read
once, at the end.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lenet.data.datasets import Dataset
from lenet.models import Network
from lenet.preprocessing.normalization import InputFormat, stacked
from lenet.training.loop import TrainingState, evaluate
from lenet.training.metrics import accuracy, confusion, cross_entropy
from lenet.ui.shared import facts

FILTERS_SHOWN = 32
CHECKED = 1000  # pictures of the validation split, within an epoch


@dataclass(frozen=True)
class Check:
    """How a network does in the middle of an epoch, on the first CHECKED pictures of the validation split.

    Attributes:
        epoch: epochs so far, with a fraction.
        loss, accuracy: of the validation pictures.
        confusion: counts, a row for each label and a column for each answer.
    """

    epoch: float
    loss: float
    accuracy: float
    confusion: list[list[int]]


def check(state: TrainingState, data: Dataset, epoch: float) -> Check:
    """The same for a network between two steps of `fit`; it changes nothing of what is learned."""
    labels = data.val.labels[:CHECKED]
    logits = evaluate(state.network, data.val.images[:CHECKED], state.recipe.input)
    counts = confusion(logits, labels).tolist()
    return Check(epoch, cross_entropy(logits, labels), accuracy(logits, labels), counts)


@dataclass(frozen=True)
class Row:
    """A picture of each class, in their order.

    Attributes:
        images: uint8 (N, C, H, W).
        shown: the same as data: addresses.
        labels: (N,), places in `classes`.
    """

    images: Any
    shown: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]


def row(data: Dataset) -> Row:
    """The first picture of each class in the validation split, which is in random order."""
    labels = data.val.labels.tolist()
    places = [labels.index(label) for label in range(len(data.classes)) if label in labels]
    images = data.val.images[places]
    pixels = images.permute(0, 2, 3, 1).numpy()
    shown = tuple(facts.png_address(picture.squeeze(2) if picture.shape[2] == 1 else picture) for picture in pixels)
    return Row(images, shown, tuple(labels[place] for place in places), data.classes)


def view(state: TrainingState, row: Row) -> dict[str, Any]:
    """For the page: "pictures", each with its label, the network's answer and how sure it is; and "filters"."""
    logits = evaluate(state.network, row.images, state.recipe.input)
    sure, answers = logits.softmax(dim=1).max(dim=1)
    pictures = [
        {"image": image, "label": row.classes[label], "answer": row.classes[answer], "sure": round(p, 3)}
        for image, label, answer, p in zip(row.shown, row.labels, answers.tolist(), sure.tolist(), strict=True)
    ]
    return {"pictures": pictures, "filters": filters(state.network)}


def answers(
    network: Network, form: InputFormat, drawings: Sequence[np.ndarray], temperature: float = 1.0
) -> list[list[float]]:
    """What the network makes of drawings, uint8 (28, 28) each: a probability for each class."""
    probs: list[list[float]] = (evaluate(network, stacked(drawings), form) / temperature).softmax(dim=1).tolist()
    return [[round(p, 4) for p in row] for row in probs]


def filters(network: Network) -> dict[str, Any] | None:
    """The first layer's filters as bytes: grey ones signed as `facts.packed`, (N, H, W), those of three
    channels as colours around a middle grey, (N, H, W, 3).  None where the first layer has none."""
    named = ((name, tensor) for name, tensor in network.state_dict().items() if tensor.ndim == 4)
    name, weight = next(named, ("", None))
    if weight is None or weight.shape[1] not in (1, 3):
        return None
    values = weight[:FILTERS_SHOWN].detach().float().cpu().numpy().transpose(0, 2, 3, 1)  # (N, H, W, C)
    count, high, wide, channels = values.shape
    packed = facts.packed(values, signed=True)["cells"] if channels == 1 else _coloured(values)
    learned = name in dict(network.named_parameters())
    return {"shape": [count, high, wide, channels], "bytes": packed, "learned": learned}


def _coloured(values: np.ndarray) -> str:
    parts = 127.5 + 127.5 * values / (float(np.abs(values).max()) or 1.0)
    return base64.b64encode(np.rint(parts).astype(np.uint8).tobytes()).decode()
