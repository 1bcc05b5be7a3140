"""A network that learned from its own mistakes, as a file to keep: see `lenet.training.correcting`."""

from __future__ import annotations

import math
from dataclasses import replace

from lenet.data.datasets import DATASETS
from lenet.inference.pretrained import Checkpoint
from lenet.training.correcting import Corrected, Memory, Origin
from lenet.training.stored import versions

ABOUT = "a network that a person corrected by drawings of their own"
SUFFIX = "-corrected"


def corrected_checkpoint(known: Checkpoint, found: Corrected, memory: Memory) -> Checkpoint:
    """The network that came of `known`.

    Its metrics are corrections (how many it learned from), train_seconds, what `origin` reads, and test_accuracy where
    `memory` has the test pictures of its data set; what was measured of `known` is left out.
    """
    recipe = known.recipe
    metrics = {"corrections": float(len(found.right_after)), "train_seconds": round(found.seconds, 1)}
    metrics |= dict(zip(_origin_metrics(memory), map(float, found.origin), strict=True))
    if memory.dataset == (DATASETS[recipe.dataset].test_of or recipe.dataset):
        metrics["test_accuracy"] = found.test_after / len(memory.test)
    return replace(
        known,
        model=found.model,
        recipe=recipe.with_changes(name=base_name(recipe.name) + SUFFIX, about=ABOUT),
        metrics=metrics,
        versions={**versions(), "device": "cpu"},
        confusion=(),
        lr_changes=(),
    )


def origin(known: Checkpoint, memory: Memory) -> Origin | None:
    """What a corrected network's file tells of the network that it came of; None where it tells nothing that can be."""
    if not is_corrected(known):
        return None
    told = [known.metrics.get(name) for name in _origin_metrics(memory)]
    counts = [int(count) for count in told if isinstance(count, (int, float)) and math.isfinite(count)]
    if len(counts) != 2 or not (0 <= counts[0] <= len(memory.val) and 0 <= counts[1] <= len(memory.test)):
        return None
    return Origin(*counts)


def _origin_metrics(memory: Memory) -> tuple[str, str]:
    """The names of how many digits of the validation and of the test split were right before any correcting."""
    return f"{memory.dataset}_val_right_at_first", f"{memory.dataset}_test_right_at_first"


def base_name(name: str) -> str:
    """The name of the recipe from which a corrected network's began."""
    return name.removesuffix(SUFFIX)


def is_corrected(checkpoint: Checkpoint) -> bool:
    """Whether it came of `corrected_checkpoint`, as far as its file says."""
    return checkpoint.recipe.name.endswith(SUFFIX) and checkpoint.recipe.about == ABOUT
