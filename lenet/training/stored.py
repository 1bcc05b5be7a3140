"""The network and the recipe that a weights file describes.

    stored = load_network(weights_file("photos"))
    logits = stored.model(x)

`lenet.training.resume`, `lenet.training.distillation` and `lenet.inference.pretrained` all read files through this.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lenet.checkpoint import foreign, read
from lenet.data.datasets import DATASETS
from lenet.errors import CheckpointError, RecipeError, Text
from lenet.models import MODELS
from lenet.models.network import Network
from lenet.paths import expanded
from lenet.training.loop import LrChange
from lenet.training.recipes import Recipe

_HOME = Path(__file__).parents[1]
_INSTALLED, _CHECKOUT = _HOME / "weights", _HOME.parent / "weights"
WEIGHTS = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT  # pip puts the folder into the package
RESUME = "resume/"  # what the names of tensors that only training needs begin with


@dataclass(frozen=True)
class StoredNetwork:
    """What a file says of its network.

    Attributes:
        model: the network with its weights, in eval mode.
        classes: names, in the order of the logits.
        temperature: the logits are divided by it before they become probabilities.  It is the measured one if the
            file has it, else the recipe's.
        header: everything that the file's header says.
    """

    model: Network
    recipe: Recipe
    classes: tuple[str, ...]
    temperature: float
    header: dict[str, Any]


def weights_file(name: str | os.PathLike[str]) -> Path:
    """The file of the network called `name` in weights/, or the file at that path.

    Raises:
        CheckpointError: there is no such file.
    """
    shipped = WEIGHTS / f"{name}.safetensors"
    if shipped.parent == WEIGHTS and shipped.exists():
        return shipped
    path = expanded(name)
    if not path.exists():
        there = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))
        raise CheckpointError(
            "There are no weights called {name}: give a path, or one of {there}.", name=name, there=there
        )
    return path


def load_network(path: Path) -> StoredNetwork:
    """The network in the file at `path`.  The file of a run to resume has one too.

    Raises:
        CheckpointError: the file is missing, damaged, or not of this project.
    """
    header, tensors = read(path)
    recipe = recipe_of(path, header)
    try:
        classes = tuple(str(name) for name in header["classes"])
        model = MODELS[recipe.model].build(len(recipe.input.mean), len(classes))
        fill(path, model, weights_of(tensors))
        measured = header.get("calibration", {"temperature": recipe.temperature})
        return StoredNetwork(model.eval(), recipe, classes, float(measured["temperature"]), header)
    except (KeyError, TypeError, ValueError) as error:
        raise foreign(path, Text("its header is incomplete or damaged: {error}", error=error)) from error


def initial_weights(recipe: Recipe) -> dict[str, Tensor]:
    """The weights that the recipe says it begins with.

    Raises:
        RecipeError: they are not there, damaged, or another model's or data set's.
    """
    try:
        begun = load_network(weights_file(recipe.init))
    except CheckpointError as error:
        raise RecipeError(
            "Recipe {recipe} begins with the weights {init}, which could not be read: train them first. {error}",
            recipe=recipe.name,
            init=recipe.init,
            error=error.text,
        ) from error
    if (begun.recipe.model, begun.classes) != (recipe.model, DATASETS[recipe.dataset].classes):
        raise RecipeError(
            "Recipe {recipe} begins with the weights {init}, but they are of another model or of other classes.",
            recipe=recipe.name,
            init=recipe.init,
        )
    return begun.model.state_dict()


def weights_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's weights in single precision, without a file's other tensors."""
    return {name: tensor.float() for name, tensor in tensors.items() if not name.startswith(RESUME)}


def described(recipe: Recipe, classes: tuple[str, ...]) -> dict[str, Any]:
    """What every header says of its network, and `load_network` reads."""
    return {"model": recipe.model, "classes": classes, "recipe": recipe.to_dict()}


def versions() -> dict[str, str]:
    """The versions of Python and PyTorch on this machine."""
    return {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}


def lr_changes_of(header: Mapping[str, Any]) -> tuple[LrChange, ...]:
    """The changes of the learning rate made by hand; older files do not list them."""
    return tuple(LrChange(**change) for change in header.get("lr_changes", ()))


def recipe_of(path: Path, header: dict[str, Any]) -> Recipe:
    """The recipe that a header names.

    Raises:
        CheckpointError: this version does not know the recipe's model, data set or settings.
    """
    try:
        recipe = Recipe.from_dict(header["recipe"])
    except KeyError as error:
        raise foreign(path, Text("its header is incomplete or damaged: {error}", error=error)) from error
    except RecipeError as error:
        raise foreign(path, error.text) from error
    if recipe.model not in MODELS:
        raise foreign(path, Text("there is no model called {name!r}", name=recipe.model))
    if recipe.dataset not in DATASETS:
        raise foreign(path, Text("there is no data set called {name!r}", name=recipe.dataset))
    if recipe.input.size != MODELS[recipe.model].size:
        raise foreign(path, Text("{model} does not read {size} pixels", model=recipe.model, size=recipe.input.size))
    return recipe


def fill(path: Path, model: torch.nn.Module, weights: dict[str, Tensor]) -> None:
    """Load `weights`, which the file at `path` holds, into `model`.

    Raises:
        CheckpointError: their names or shapes do not fit the model.
    """
    own = model.state_dict()
    wrong = sorted(set(own) ^ set(weights)) or [n for n in own if own[n].shape != weights[n].shape]
    if wrong:
        raise foreign(path, Text("its layers do not fit: {names}", names=wrong[:3]))
    model.load_state_dict(weights)
