"""The command that trains a network again."""

from __future__ import annotations

from lenet.training.recipes import RECIPES
from lenet.ui.report.about import command


def test_a_command_has_the_settings_of_the_run() -> None:
    recipe = RECIPES["digits-demo"]
    assert command(recipe) == "python train.py digits-demo"
    changed = recipe.with_changes(lr=0.01, epochs=2, seed=2**31 - 1)
    assert command(changed) == "python train.py digits-demo --epochs 2 --lr 0.01 --seed 2147483647"
    assert command(recipe.with_changes(momentum=0.3)) == "", "there is no option for it"
