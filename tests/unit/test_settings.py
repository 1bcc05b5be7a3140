"""What a visitor may set, and the recipe that comes of it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from lenet.errors import RecipeError
from lenet.training.loop import start
from lenet.training.recipes import RECIPES
from lenet.ui.shared import texts
from lenet.ui.train import settings

HERE = Path(settings.__file__).parent


def of(name: str, **changes: object) -> dict[str, str]:
    """As the page sends them: all text."""
    values = settings.of(RECIPES[name]) | changes
    return {"recipe": name} | {field: str(value) for field, value in values.items()}


@pytest.mark.parametrize("name", settings.listed())
def test_a_recipe_comes_back_as_it_is(name: str) -> None:
    recipe = RECIPES[name]
    if recipe.batch_size <= settings.MAX_BATCH_SIZE:
        assert settings.problems(of(name)) == {}
        assert settings.chosen(of(name)) == recipe


@pytest.mark.parametrize(("field", "number"), settings.NUMBERS.items())
def test_the_limits_are_those_of_a_recipe(field: str, number: settings.Number) -> None:
    tiny = 1 if number.whole else 1e-9
    for value, fine in (
        (number.low, not number.without_low),
        (number.high, not number.without_high),
        (number.low - tiny, False),
        (number.high + tiny, False),
    ):
        assert (number.problem(value) is None) == fine, value
        if field == "batch_size" and value > settings.MAX_BATCH_SIZE:
            continue  # the page's own limit
        change = {field: int(value) if number.whole else float(value)}
        if fine:
            RECIPES["digits-demo"].with_changes(**change)
        else:
            with pytest.raises(RecipeError):
                RECIPES["digits-demo"].with_changes(**change)


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"lr": "fast"}, "lr", "must be a number"),
        ({"lr": "nan"}, "lr", "must be a number"),
        ({"lr": "-1"}, "lr", "above 0 and at most 100"),
        ({"epochs": "2.5"}, "epochs", "whole number"),
        ({"epochs": ""}, "epochs", "whole number"),
        ({"batch_size": "60000"}, "batch_size", "from 1 to 1,024"),
        ({"momentum": "1"}, "momentum", "to below 1"),
        ({"optimizer": "<b>"}, "optimizer", "There is no <b> here"),
        ({"recipe": "digits-fold-9"}, "recipe", "no recipe called digits-fold-9"),
        ({"dataset": "drawings-fold-1"}, "dataset", "There is no drawings-fold-1 here"),
        ({"model": "lenet5-1998", "dataset": "cifar10"}, "model", "cannot learn cifar10"),
    ],
)
def test_a_wrong_setting_gets_a_sentence_at_its_field(changes: dict[str, str], field: str, says: str) -> None:
    found = settings.problems(of("digits-demo") | changes)
    assert list(found) == [field]
    assert says in str(found[field])
    with pytest.raises(RecipeError):
        settings.chosen(of("digits-demo") | changes)


def test_nothing_that_is_no_settings_is_taken_for_them() -> None:
    assert set(settings.problems({})) == {"recipe"}
    assert set(settings.problems({"recipe": "digits-demo"})) == set(settings.FIELDS)


@pytest.mark.parametrize("model", settings.CHOICES["model"])
def test_every_network_that_fits_can_be_built(model: str) -> None:
    for name, dataset in product(("digits-demo", "cifar10-lenet5-sgd"), settings.CHOICES["dataset"]):
        values = of(name, model=model, dataset=dataset)
        if settings.problems(values):
            assert model == "lenet5-1998"
        else:
            start(settings.chosen(values), "cpu")


def test_a_teacher_teaches_only_what_it_knows() -> None:
    assert settings.chosen(of("photos-lenet5")).teacher == "photos"
    assert settings.chosen(of("photos-lenet5", dataset="mnist")).teacher == ""


def test_every_setting_has_its_texts() -> None:
    for field in ("recipe", *settings.FIELDS):
        assert texts.say(field)
    for field in settings.NUMBERS:
        assert texts.say(f"{field}_why")
    for field in ("optimizer", "schedule", "augmentation"):
        for name in settings.CHOICES[field]:
            assert texts.say(f"{field}_{name}")
