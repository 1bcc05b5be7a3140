"""Whether a run learned anything, read off its epochs, and what to try where it did not.

verdict(state.recipe, state.history)       None, or a sentence for the terminal and the page

A run whose loss stops being finite ends with a `DivergedError`, which says so itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from lenet.data.datasets import DATASETS
from lenet.errors import Text
from lenet.training.loop import EpochEnd
from lenet.training.recipes import RECIPES, Recipe

# Of the way from what guessing gets right to all: with ten classes, twice what guessing gets.  The worst first epoch of
# any recipe here gets three times that; a dead run gets once, and one whose learning rate is far too high 1.5 times.
LEARNED_SHARE = 1 / 9
LOST_SHARE = 0.5  # of the best epoch's accuracy: noise between epochs is a few percent
USUAL_FACTOR = 3.0  # a learning rate within so many times the usual one is not what is wrong


def verdict(recipe: Recipe, epochs: Sequence[EpochEnd], lr: float | None = None) -> Text | None:
    """What is wrong with what a run has come to; None where nothing is, or no epoch has ended.

    Args:
        epochs: all of the run, in order.
        lr: what it was changed to by hand, if it was.
    """
    if not epochs:
        return None
    classes = len(DATASETS[recipe.dataset].classes)
    best = max(epochs, key=lambda epoch: epoch.val_accuracy)
    remedy = _remedy(recipe, recipe.lr if lr is None else lr, epochs[-1], classes)
    if best.val_accuracy < 1 / classes + LEARNED_SHARE * (1 - 1 / classes):
        return Text(
            "It learned nothing: {accuracy:.1%} of the validation images right, where guessing gets {chance:.1%}. "
            "{try_it}",
            accuracy=best.val_accuracy,
            chance=1 / classes,
            try_it=remedy,
        )
    if epochs[-1].val_accuracy < LOST_SHARE * best.val_accuracy:
        return Text(
            "It lost what it had learned: {best:.1%} of the validation images right after epoch {epoch}, "
            "{last:.1%} at the end. {try_it}",
            best=best.val_accuracy,
            epoch=best.epoch,
            last=epochs[-1].val_accuracy,
            try_it=_lower(recipe, recipe.lr if lr is None else lr),
        )
    return None


def _remedy(recipe: Recipe, lr: float, last: EpochEnd, classes: int) -> Text:
    usual = usual_lr(recipe)
    worse_than_chance = last.train_loss > 1.05 * math.log(classes)  # than answering all classes alike
    if lr > USUAL_FACTOR * usual or worse_than_chance:
        return _lower(recipe, lr)
    if lr < usual / USUAL_FACTOR:
        return Text("The learning rate, {lr:g}, is probably too low: try {usual:g}.", lr=lr, usual=usual)
    return Text("Try more epochs, a smaller batch, or another optimizer.")


def _lower(recipe: Recipe, lr: float) -> Text:
    usual = usual_lr(recipe)
    return Text(
        "The learning rate, {lr:g}, is probably too high: try {usual:g}.", lr=lr, usual=usual if usual < lr else lr / 10
    )


def usual_lr(recipe: Recipe) -> float:
    """The learning rate of the recipe of that name, else the middle one of those with its optimizer."""
    named = RECIPES.get(recipe.name)
    if named is not None and named.optimizer == recipe.optimizer:
        return named.lr
    return median(other.lr for other in RECIPES.values() if other.optimizer == recipe.optimizer)
