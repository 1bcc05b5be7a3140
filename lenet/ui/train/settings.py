"""What a visitor can set of a run: which values are fine, and the recipe that comes of them.

Nothing here knows gradio.  A problem is the key of a sentence in `texts`, so that the page says it in the
visitor's language, at the field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DATASETS
from lenet.errors import RecipeError
from lenet.models import MODELS
from lenet.preprocessing.normalization import InputFormat
from lenet.training.optim import OPTIMIZERS, SCHEDULES
from lenet.training.recipes import RECIPES, Recipe, recipe_named
from lenet.ui.shared import texts

MAX_BATCH_SIZE = 1024  # one step of 65,536 images takes most of a minute, and Stop is heard between steps
LISTED = {name: source for name, source in DATASETS.items() if not source.benchmark_only}


class Number(NamedTuple):
    """A setting that is a number, from `low` to `high`: the same limits as Recipe's own, see tests."""

    low: float
    high: float
    whole: bool = False
    without_low: bool = False
    without_high: bool = False

    def problem(self, value: Any) -> texts.Said | None:
        number = read_number(value)
        if number is None or (self.whole and number != int(number)):
            return texts.Said("not_whole" if self.whole else "not_a_number")
        low_enough = number < self.high if self.without_high else number <= self.high
        high_enough = number > self.low if self.without_low else number >= self.low
        if low_enough and high_enough:
            return None
        kind = "above_and_up_to" if self.without_low else "from_to_below" if self.without_high else "from_to"
        return texts.Said(kind, {"low": _plain(self.low), "high": _plain(self.high)})


NUMBERS = {
    "lr": Number(0, 100, without_low=True),
    "momentum": Number(0, 1, without_high=True),
    "weight_decay": Number(0, 1),
    "batch_size": Number(1, MAX_BATCH_SIZE, whole=True),
    "epochs": Number(1, 10_000, whole=True),
    "seed": Number(0, 2**31 - 1, whole=True),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "model": tuple(MODELS),
    "dataset": tuple(LISTED),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "augmentation": tuple(AUGMENTATIONS),
}
# In the order of the page.
FIELDS = (
    "model",
    "dataset",
    "optimizer",
    "lr",
    "schedule",
    "momentum",
    "weight_decay",
    "batch_size",
    "augmentation",
    "epochs",
    "seed",
)


def read_number(value: Any) -> float | None:
    """A finite number from what a field or a link holds; None for what is none."""
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _plain(number: float) -> str:
    return f"{number:,.0f}"


def listed() -> dict[str, Recipe]:
    """The recipes that the page offers, quick ones first.

    They are for PyTorch, of data sets not only for the benchmarks, and begin with no file that a server may not have.
    """
    trained_here = (recipe for recipe in RECIPES.values() if recipe.framework == "pytorch" and not recipe.init)
    found = {recipe.name: recipe for recipe in trained_here if recipe.dataset in LISTED}
    return dict(sorted(found.items(), key=lambda item: not item[0].endswith("-demo")))


def of(recipe: Recipe) -> dict[str, Any]:
    """The recipe's own settings."""
    return {name: getattr(recipe, name) for name in FIELDS}


def problems(values: Mapping[str, Any]) -> dict[str, texts.Said]:
    """What is wrong with settings as `of` gives them and a "recipe", by field; empty where all is well."""
    if values.get("recipe") not in listed():
        return {"recipe": texts.Said("no_recipe", {"name": str(values.get("recipe"))[:60]})}
    found = {}
    for name, known in CHOICES.items():
        if values.get(name) not in known:
            found[name] = texts.Said("not_known", {"name": str(values.get(name))[:60]})
    for name, number in NUMBERS.items():
        if wrong := number.problem(values.get(name)):
            found[name] = wrong
    if not {"model", "dataset"} & set(found) and not fits(str(values["model"]), str(values["dataset"])):
        found["model"] = texts.Said("does_not_fit", {"model": values["model"], "dataset": values["dataset"]})
    return found


def fits(model: str, dataset: str) -> bool:
    """Whether that network can be built for that data set's channels and classes."""
    source = DATASETS[dataset]
    try:
        MODELS[model].build(source.channels, len(source.classes))
    except ValueError:
        return False
    return True


def chosen(values: Mapping[str, Any]) -> Recipe:
    """The recipe that `values` describe: the named one with what differs from it changed.

    Raises:
        RecipeError: a setting is wrong; the page asks `problems` first and says each at its field.
    """
    if wrong := problems(values):
        name, sentence = next(iter(wrong.items()))
        raise RecipeError("{field}: {problem}", field=texts.say(name), problem=sentence)
    recipe = recipe_named(str(values["recipe"]))
    changes: dict[str, Any] = {name: str(values[name]) for name in CHOICES}
    for name, number in NUMBERS.items():
        value = float(str(values[name]))
        changes[name] = int(value) if number.whole else value
    form = _input(recipe, changes["model"], changes["dataset"])
    # a teacher knows the classes of one data set
    teacher = recipe.teacher if changes["dataset"] == recipe.dataset else ""
    return replace(recipe, **changes, input=form, teacher=teacher)


def _input(recipe: Recipe, model: str, dataset: str) -> InputFormat:
    """How that network wants those images: as in this recipe, else with the data set's statistics as in another."""
    form, channels = recipe.input, DATASETS[dataset].channels
    if len(form.mean) != channels:
        known = (r.input for r in RECIPES.values() if r.dataset == dataset)
        form = next(known, InputFormat(form.size, (0.5,) * channels, (0.5,) * channels))
    size = MODELS[model].size
    if size == form.size:
        return form
    # images of 32 pixels do not fit 28 by padding
    return replace(form, size=size, scaling="resize" if channels == 3 and size < 32 else form.scaling)
