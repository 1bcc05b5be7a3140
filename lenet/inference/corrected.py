"""A network that learned from its own mistakes, as a file to keep: see `lenet.training.correcting`."""

from __future__ import annotations

from dataclasses import replace

from lenet.data.datasets import DATASETS
from lenet.inference.pretrained import Checkpoint
from lenet.training.correcting import Corrected, Memory
from lenet.training.stored import versions

ABOUT = "a network that a person corrected by drawings of their own"
SUFFIX = "-corrected"


def corrected_checkpoint(known: Checkpoint, found: Corrected, memory: Memory) -> Checkpoint:
    """The network that came of `known`.

    Its metrics are corrections (how many it learned from), train_seconds, and test_accuracy where `memory` has the
    test pictures of its data set; what was measured of `known` is left out.
    """
    recipe = known.recipe
    metrics = {"corrections": float(len(found.right_after)), "train_seconds": round(found.seconds, 1)}
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


def base_name(name: str) -> str:
    """The name of the recipe from which a corrected network's began."""
    return name.removesuffix(SUFFIX)


def is_corrected(checkpoint: Checkpoint) -> bool:
    """Whether it came of `corrected_checkpoint`, as far as its file says."""
    return checkpoint.recipe.name.endswith(SUFFIX) and checkpoint.recipe.about == ABOUT
