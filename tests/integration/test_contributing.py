"""The diffs of docs/contributing.md, applied to a copy of the project: it trains what they add, and has their tab."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIFFS = re.findall(r"^```diff\n(.*?)^```", (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8"), re.M | re.S)

TRAINED = """
import lenet
from lenet.training.recipes import UNIT_GREY

added = {"optimizer": "rmsprop", "schedule": "square", "loss": "hinge", "augmentation": "moved"}
recipe = lenet.RECIPES["digits-demo"].with_changes(model="lenet-tiny", dataset="stripes", input=UNIT_GREY, **added)
state = lenet.start(recipe.with_changes(epochs=3, lr=1e-3), "cpu")
for event in lenet.fit(state, lenet.load_dataset("stripes")):
    pass
print(state.history[-1].val_accuracy)
"""
BUILT = """
from lenet.ui.page import build
from lenet.ui.train import settings

page = build()
assert any(getattr(block, "elem_id", None) == "about" for block in page.blocks.values())
for name, value in (("model", "lenet-tiny"), ("dataset", "stripes"), ("optimizer", "rmsprop"), ("schedule", "square")):
    assert value in settings.CHOICES[name], name
page.close()
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("there is no git to apply the diffs with")
    copy = tmp_path_factory.mktemp("contributing")
    ignore = shutil.ignore_patterns("__pycache__", "*.pyi")
    shutil.copytree(ROOT / "lenet", copy / "lenet", ignore=ignore)
    (copy / "weights").symlink_to(ROOT / "weights")
    for diff in DIFFS:
        subprocess.run(["git", "apply", "-"], input=diff, text=True, cwd=copy, check=True)
    (copy / "lenet" / "ui" / "about" / "__init__.py").touch()
    return copy


def run(copy: Path, program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_a_diff_for_each_thing_to_add() -> None:
    assert len(DIFFS) == 5


def test_what_they_add_is_trained(changed: Path) -> None:
    assert float(run(changed, TRAINED)) > 0.9


def test_the_page_offers_it_and_has_the_tab(changed: Path) -> None:
    run(changed, BUILT)
