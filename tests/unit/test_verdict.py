"""A run that learned nothing is said, with what to try; one that learned is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lenet.cli import train_main
from lenet.data.datasets import DATASETS, load
from lenet.training.loop import EpochEnd, fit, start
from lenet.training.recipes import RECIPES, Recipe
from lenet.training.verdict import usual_lr, verdict


def run(**changes: object) -> tuple[Recipe, list[EpochEnd]]:
    recipe = RECIPES["digits-demo"].with_changes(epochs=2, **changes)
    state = start(recipe, "cpu")
    for _ in fit(state, load("digits")):
        pass
    return recipe, state.history


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lr": 50.0}, "where guessing gets 10.0%. The learning rate, 50, is probably too high: try "),
        ({"lr": 1e-9}, "where guessing gets 10.0%. The learning rate, 1e-09, is probably too low: try "),
    ],
)
def test_a_run_that_learned_nothing_says_what_to_try(changes: dict[str, float], says: str) -> None:
    recipe, history = run(**changes)
    said = str(verdict(recipe, history))
    assert said.startswith("It learned nothing: ")
    assert said.endswith(f"{says}{RECIPES['digits-demo'].lr:g}.")


def test_a_run_that_learned_says_nothing() -> None:
    assert verdict(*run()) is None


def epochs(*accuracies: float, loss: float = 2.3) -> Sequence[EpochEnd]:
    return [EpochEnd(i + 1, loss, accuracy, loss, accuracy, 1.0) for i, accuracy in enumerate(accuracies)]


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ([], "None"),
        (epochs(0.3, 0.6, 0.8), "None"),
        (epochs(0.3, 0.6, 0.5), "None"),
        (epochs(0.8, 0.1), "It lost what it had learned: 80.0% of the validation images right after epoch 1, 10.0%"),
        (epochs(0.1), "Try more epochs"),
        (epochs(0.1, loss=9.0), "too high"),
    ],
)
def test_the_epochs_decide(history: Sequence[EpochEnd], says: str) -> None:
    assert says in str(verdict(RECIPES["digits-demo"], history))


@pytest.mark.parametrize(
    ("classes", "accuracy", "nothing"),
    [(2, 0.99, False), (2, 0.6, False), (2, 0.52, True), (5, 0.35, False), (10, 0.15, True)],
)
def test_what_guessing_gets_depends_on_the_classes(
    classes: int, accuracy: float, nothing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(DATASETS["digits"], classes=DATASETS["digits"].classes[:classes])
    monkeypatch.setitem(DATASETS, "digits", few)
    said = str(verdict(RECIPES["digits-demo"], epochs(accuracy)))
    assert said.startswith("It learned nothing") == nothing


def test_a_usual_learning_rate_is_one_of_that_optimizer() -> None:
    recipe = RECIPES["digits-demo"]
    assert usual_lr(recipe.with_changes(lr=7.0)) == recipe.lr
    for optimizer in ("sgd", "adam", "adamw", "muon"):
        assert 1e-4 < usual_lr(recipe.with_changes(optimizer=optimizer)) < 1


def test_the_terminal_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "net.safetensors")]
    assert train_main("", ["digits-demo", "--epochs", "1", "--lr", "50", *out]) == 0
    assert "It learned nothing: " in capsys.readouterr().out
