"""Recipes: the classic ones as published, and no way to make a wrong one."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DATASETS
from lenet.errors import RecipeError
from lenet.models import MODELS
from lenet.training.recipes import RECIPES, Recipe, recipe_named

SIGNED = (32, (0.5,) * 3, (0.5,) * 3, "pad")
COLOUR = (32, (0.0,) * 3, (1.0,) * 3, "pad")

# model, data set, input, optimizer, lr, momentum, weight decay, schedule, batch size, epochs; as published
CLASSIC = {
    "cifar10-lenet5-sgd": ("lenet5", "cifar10", SIGNED, "sgd", 0.1, 0.9, 5e-4, "plateau", 128, 20),
    "mnist-lenet5-sigmoid": (
        *("lenet5-sigmoid", "mnist", (28, (0.0,), (1.0,), "pad")),
        *("adam", 1e-3, 0.0, 0.0, "constant", 64, 10),
    ),
    "cifar10-lenet5-linear": ("lenet5-linear", "cifar10", COLOUR, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "cifar10-resnet-mini": ("resnet-mini", "cifar10", COLOUR, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "cifar10-lenet5-adam": ("lenet5", "cifar10", SIGNED, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "cifar10-lenet-wide": ("lenet-wide", "cifar10", SIGNED, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "keras-lenet": ("lenet5", "cifar10", COLOUR, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "keras-lenet-wide": ("lenet-wide", "cifar10", COLOUR, "adam", 1e-3, 0.0, 0.0, "constant", 32, 10),
    "mnist-lenet5-bn": (
        *("lenet5-bn", "mnist", (32, (0.1307,), (0.3081,), "resize")),
        *("adam", 1e-3, 0.0, 0.0, "constant", 64, 10),
    ),
}


@pytest.mark.parametrize("name", CLASSIC)
def test_classic_recipes_are_as_published(name):
    r = RECIPES[name]
    form = (r.input.size, r.input.mean, r.input.std, r.input.scaling)
    rest = (r.optimizer, r.lr, r.momentum, r.weight_decay, r.schedule, r.batch_size, r.epochs)
    assert (r.model, r.dataset, form, *rest) == CLASSIC[name]
    assert (r.loss, r.augmentation, r.ema, r.label_smoothing) == ("cross-entropy", "none", 0.0, 0.0)
    assert r.framework == ("keras" if name.startswith("keras-") else "pytorch")
    assert r.source != "this project"
    assert r.claims


def test_the_paper():
    r = RECIPES["mnist-lenet5-1998"]
    assert (r.model, r.dataset, r.epochs, r.loss) == ("lenet5-1998", "mnist", 20, "discriminative-map")
    # "the background level (white) corresponds to a value of -0.1 and the foreground (black) to 1.175"
    assert (0 - r.input.mean[0]) / r.input.std[0] == pytest.approx(-0.1)
    assert (1 - r.input.mean[0]) / r.input.std[0] == pytest.approx(1.175)
    assert (r.input.size, r.input.scaling) == (32, "pad")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_names_things_that_exist_and_fit(recipe):
    assert RECIPES[recipe.name] is recipe
    assert recipe.augmentation in AUGMENTATIONS
    assert recipe.input.size == MODELS[recipe.model].size
    assert len(recipe.input.mean) == len(recipe.input.std) == DATASETS[recipe.dataset].channels
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_changed_recipe_is_a_new_one():
    recipe = RECIPES["digits-demo"]
    changed = recipe.with_changes(lr=0.5, seed=7, epochs=None)
    assert (changed.lr, changed.seed, changed.epochs) == (0.5, 7, recipe.epochs)
    assert RECIPES["digits-demo"] == recipe != changed
    with pytest.raises(FrozenInstanceError):
        recipe.lr = 1.0  # type: ignore[misc]  # which is the point


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": 0}, "epochs must be"),
        ({"epochs": 10_001}, "epochs must be"),
        ({"epochs": 2.5}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch size"),
        ({"batch_size": True}, "batch size"),
        ({"batch_size": 1.5}, "batch size"),
        ({"lr": 0.0}, "learning rate"),
        ({"lr": float("nan")}, "learning rate"),
        ({"lr": float("inf")}, "learning rate"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"momentum": 1.0}, "momentum"),
        ({"weight_decay": -0.1}, "weight decay"),
        ({"ema": 1.0}, "ema"),
        ({"label_smoothing": 1.5}, "label smoothing"),
        ({"optimizer": "lbfgs"}, "sgd, adam, adamw, muon"),
        ({"schedule": "step"}, "constant, plateau, cosine, linear, one-cycle"),
        ({"loss": "hinge"}, "cross-entropy, discriminative-map"),
        ({"framework": "jax"}, "pytorch, keras"),
        ({"framework": "keras"}, "Keras trains with Adam at a constant learning rate"),
        (
            {"framework": "keras", "optimizer": "adam", "schedule": "constant", "augmentation": "none", "ema": 0.9},
            "Keras has no weight decay, no label smoothing and no ema",
        ),
    ],
    ids=str,
)
def test_wrong_changes_are_refused_with_a_sentence(change, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        RECIPES["digits-demo"].with_changes(**change)
    assert str(caught.value).startswith("Recipe digits-demo: ")


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": None},
        {"epochs": "many"},
        {"input": None},
        {"input": "x"},
        {"input": []},
        {"input": {"size": 32}},
        {"input": {"size": 32, "mean": [0.1], "std": [0.0], "scaling": "pad"}},
        {"input": {"size": 32, "mean": [0.1], "std": [1.0, 1.0], "scaling": "pad"}},
        {"input": {"size": "big", "mean": [0.1], "std": [1.0], "scaling": "pad"}},
        {"input": {"size": 32, "mean": ["a"], "std": [1.0], "scaling": "pad"}},
        {"input": {"size": 32, "mean": [0.1], "std": [1.0], "scaling": "stretch"}},
        {"colour": "red"},
        {"model": ["lenet5"]},
        {"name": 3},
    ],
    ids=str,
)
def test_a_foreign_dict_is_refused(change):
    with pytest.raises(RecipeError):
        Recipe.from_dict({**RECIPES["digits-demo"].to_dict(), **change})


def test_an_unknown_name_says_how_to_see_the_known_ones():
    with pytest.raises(RecipeError, match=r"no recipe called 'dgits'.*--list"):
        recipe_named("dgits")
