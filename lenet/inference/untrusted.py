"""A weights file from a stranger, looked at harder than one of our own before anything answers with it.

    checkpoint = load_untrusted(path)

`checkpoint.load` refuses what is torn or foreign.  A file may also be whole and still lie: name a layer of
a million classes to take all memory, carry numbers that are not finite, or texts that fill the page.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from lenet.checkpoint import HEADER, foreign
from lenet.data.datasets import DATASETS, NOT_A_DIGIT, TAUGHT, TAUGHT_PHOTOS
from lenet.errors import CheckpointError, LeNetError, Text
from lenet.inference.pretrained import Checkpoint, load
from lenet.training.metrics import BINS
from lenet.training.teaching import check_classes

MAX_BYTES = 20_000_000  # the largest network has 18 million in single precision
MAX_HEADER_BYTES = 500_000  # our longest has 40,000; a confusion matrix of 100 classes as many
MAX_TENSORS = 1000  # ours have at most 49, and a run to resume four times as many
MAX_TEXT_LENGTH = 500  # characters of any text in a header; ours have about a hundred
MAX_COUNT = 10**7  # of test pictures in a cell
MAX_MEAN, MIN_STD, MAX_STD = 10.0, 1e-3, 1e3  # of pixels in [0, 1]; recipes have 0 to 0.5 and 0.24 to 1


def load_untrusted(path: Path) -> Checkpoint:
    """The network in the file at `path`, fit to be shown and asked.

    Raises:
        CheckpointError: the file is too large, torn, foreign, or not what it says; the sentence names it.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise too_large(path.name, size)
        _refuse_long_headers(path)
        _refuse_giants(path)
        checkpoint = load(path)
        _refuse_lies(path, checkpoint)
        return checkpoint
    except LeNetError:
        raise
    except Exception as error:  # whatever else a file may be made to cause
        raise foreign(path, Text("reading it failed: {error}", error=type(error).__name__)) from error


def too_large(name: str, size: float) -> CheckpointError:
    """Why a file of `size` bytes is not taken in."""
    return CheckpointError(
        "{name} has {size:.1f} MB, and this page takes networks of at most {most:.0f} MB: choose a smaller one. "
        "On your own machine, python train.py --evaluate FILE reads larger ones.",
        name=name,
        size=size / 1e6,
        most=MAX_BYTES / 1e6,
    )


def _refuse_long_headers(path: Path) -> None:
    """Before anything parses it, which would hold Python's lock for seconds, and with it all other answers."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")  # as the format begins
    if MAX_HEADER_BYTES < length <= path.stat().st_size:  # one that is longer than its file is no header at all
        raise foreign(path, Text("its header is too long"))


def _refuse_giants(path: Path) -> None:
    """Before a network of the size that the header gives is built: are these its data set's classes and channels?"""
    try:
        with safe_open(path, framework="pt") as file:
            many = len(file.keys()) > MAX_TENSORS
            header = json.loads((file.metadata() or {}).get(HEADER, "null"))
    except (SafetensorError, OSError, ValueError):
        return  # `load` says so
    if many:
        raise foreign(path, Text("its header is too long"))
    if isinstance(header, dict):
        name = str(_inside(header, "recipe", "dataset"))
        source = DATASETS.get(name)
        mean, classes = _inside(header, "recipe", "input", "mean"), header.get("classes")
        taught = name in (TAUGHT, TAUGHT_PHOTOS)
        known = _are_taught(name, classes) if taught else source and classes == [*source.classes]
        if source and not (isinstance(mean, list) and len(mean) == source.channels and known):
            raise foreign(path, Text("its classes or channels are not those of its data set"))


def _are_taught(dataset: str, classes: Any) -> bool:
    """Whether a person may have taught a network these; of drawings also what is none of them."""
    if not (isinstance(classes, list) and classes and all(isinstance(name, str) for name in classes)):
        return False
    named = classes[:-1] if dataset == TAUGHT else classes
    try:
        check_classes(tuple(named))
    except LeNetError:
        return False
    return dataset != TAUGHT or classes[-1] == NOT_A_DIGIT


def _inside(values: Any, *names: str) -> Any:
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values


def _refuse_lies(path: Path, checkpoint: Checkpoint) -> None:
    recipe, metrics = checkpoint.recipe, checkpoint.metrics
    texts = [value for field in fields(recipe) if isinstance(value := getattr(recipe, field.name), str)]
    for name, version in checkpoint.versions.items():
        texts += [str(name), str(version)]
    counts = [count for row in checkpoint.confusion for count in row] + [one.count for one in checkpoint.bins]
    many = len(checkpoint.versions) > 10 or len(metrics) > 20 or len(checkpoint.bins) > BINS
    if many or max(map(len, texts)) > MAX_TEXT_LENGTH:
        raise foreign(path, Text("its header is too long"))
    if max(counts, default=0) > MAX_COUNT or not all(_sound(*metric) for metric in metrics.items()):
        raise foreign(path, Text("it holds measurements that are impossible"))
    form = recipe.input
    if not all(abs(mean) <= MAX_MEAN for mean in form.mean) or not all(MIN_STD <= std <= MAX_STD for std in form.std):
        raise foreign(path, Text("the mean or deviation of its input is impossible"))
    if not _finite(checkpoint):
        raise CheckpointError(
            "{name} holds numbers that are not finite, so it cannot answer: "
            "upload a network of a run that did not diverge.",
            name=path.name,
        )


def _sound(name: str, value: float) -> bool:
    """Whether a number may be what its name says; an accuracy is a fraction."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return False
    return 0 <= value <= 1 if "accuracy" in name else 0 <= value < 1e9


@torch.inference_mode()
def _finite(checkpoint: Checkpoint) -> bool:
    """Whether all its numbers are, and its answers to two pictures, which a variance below 0 would spoil."""
    form = checkpoint.recipe.input
    x = torch.stack([torch.full((len(form.mean), form.size, form.size), level) for level in (-1.0, 1.0)])
    numbers = [t for t in checkpoint.model.state_dict().values() if t.is_floating_point()]
    return all(bool(t.isfinite().all()) for t in (*numbers, checkpoint.model(x)))
