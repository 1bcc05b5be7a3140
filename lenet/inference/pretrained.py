"""A trained network, and where it comes from, to use or ship.

checkpoint = load(weights_file("digits"))
save(path, checkpoint)
"""

from __future__ import annotations

import copy
import os
from dataclasses import asdict, astuple, dataclass, field
from typing import Any

import torch
from torch import Tensor

from lenet import checkpoint as files
from lenet.checkpoint import foreign, write_file
from lenet.data.datasets import answer_classes
from lenet.errors import Text
from lenet.inference.calibration import Calibration
from lenet.models.network import Network
from lenet.paths import expanded
from lenet.training.loop import LrChange
from lenet.training.metrics import Bin
from lenet.training.recipes import Recipe
from lenet.training.stored import described, load_network, lr_changes_of, versions

MAX_FLOAT32_PARAMETERS = 1_000_000  # a network of more is kept in half precision


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and where it comes from.

    Attributes:
        model: ready to use, in eval mode.
        classes: names, in the order of the logits.
        metrics: what was measured of it; accuracies are fractions.
        versions: of Python and PyTorch, that trained it, or of Keras; the device on which it did; and of a distilled
            network, its teacher's name and the beginning of that file's SHA-256.
        confusion: counts on the test split: the row is the label, the column the answer, of the
            `answer_classes`; empty for a network that was not measured.
        bins: how sure it was of the test split's pictures, and how often right; empty in older files.
            See `lenet.training.metrics.reliability`.
        calibration: measured on the validation split, of networks that name photos; older files have none.
        lr_changes: where the training left its recipe, see `lenet.training.loop.change_lr`.
    """

    model: Network
    recipe: Recipe
    classes: tuple[str, ...]
    metrics: dict[str, float]
    versions: dict[str, str] = field(default_factory=versions)
    confusion: tuple[tuple[int, ...], ...] = ()
    bins: tuple[Bin, ...] = ()
    calibration: Calibration | None = None
    lr_changes: tuple[LrChange, ...] = ()

    @property
    def temperature(self) -> float:
        """What the logits are divided by: as measured, else as the recipe says."""
        return self.calibration.temperature if self.calibration is not None else self.recipe.temperature


def save(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`; the same checkpoint gives the same bytes.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    write_file(expanded(path), to_bytes(checkpoint))


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """The file that `save` writes."""
    header: dict[str, Any] = {
        **described(checkpoint.recipe, checkpoint.classes),
        "metrics": checkpoint.metrics,
        "versions": checkpoint.versions,
    }
    if checkpoint.confusion:
        header["confusion"] = checkpoint.confusion
    if checkpoint.bins:
        header["reliability"] = [astuple(one) for one in checkpoint.bins]
    if checkpoint.calibration is not None:
        header["calibration"] = asdict(checkpoint.calibration)
    if checkpoint.lr_changes:
        header["lr_changes"] = [asdict(change) for change in checkpoint.lr_changes]
    return files.to_bytes(header, _short(checkpoint.model.state_dict()))


def rounded(network: Network) -> Network:
    """A copy of `network` whose numbers a file can hold in half precision (10 digits of a binary fraction)."""
    network = copy.deepcopy(network)
    network.load_state_dict(
        {name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    )
    return network


def _short(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers in half precision, where that is exact for all of them."""
    halves = {name: t.half() for name, t in tensors.items() if t.is_floating_point()}
    return (
        {**tensors, **halves} if all(torch.equal(h.float(), tensors[name]) for name, h in halves.items()) else tensors
    )


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """The network in the file at `path`.

    Raises:
        CheckpointError: no file, not one of this project's, torn, or of another shape.
    """
    path = expanded(path)
    stored = load_network(path)
    header = stored.header
    try:
        return Checkpoint(
            stored.model,
            stored.recipe,
            stored.classes,
            metrics=dict(header["metrics"]),
            versions=dict(header["versions"]),
            confusion=_confusion(header.get("confusion", ()), len(answer_classes(stored.classes))),
            bins=tuple(_bin(*row) for row in header.get("reliability", ())),
            calibration=Calibration.from_dict(header["calibration"]) if "calibration" in header else None,
            lr_changes=lr_changes_of(header),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise foreign(path, Text("its header is incomplete or damaged: {error}", error=error)) from error


def _bin(count: Any, confidence: Any, accuracy: Any) -> Bin:
    """A header's bin.  ValueError for what no answers give."""
    found = Bin(count, float(confidence), float(accuracy))
    if type(count) is not int or count < 0 or not (0 <= found.confidence <= 1 and 0 <= found.accuracy <= 1):
        raise ValueError("the reliability")
    return found


def _confusion(rows: Any, classes: int) -> tuple[tuple[int, ...], ...]:
    """A header's confusion matrix; none in files of before it.  ValueError for what no count gives."""
    counts = tuple(tuple(row) for row in rows)
    square = [len(row) for row in counts] == [classes] * classes
    if counts and not (square and all(type(n) is int and n >= 0 for row in counts for n in row)):
        raise ValueError("the confusion matrix")
    return counts
