"""A recipe that begins with the weights of another."""

from __future__ import annotations

import pytest
import torch

from lenet.data.datasets import load
from lenet.errors import CheckpointError, RecipeError
from lenet.inference.pretrained import Checkpoint, save
from lenet.run import Run
from lenet.training.loop import start
from lenet.training.recipes import RECIPES
from lenet.ui.train import settings

DEMO = RECIPES["digits-demo"].with_changes(epochs=1, batch_size=500, ema=0.9, keep="best")
CLASSES = tuple("0123456789")


@pytest.fixture
def begun(tmp_path):
    """The file of a network whose weights no seed gives."""
    model = start(DEMO.with_changes(seed=7), "cpu").model
    save(tmp_path / "begun.safetensors", Checkpoint(model.eval(), DEMO, CLASSES, {}))
    return tmp_path / "begun.safetensors"


def test_it_begins_there_and_goes_on_as_any_run(begun, tmp_path):
    path = tmp_path / "run.resume.safetensors"
    run = Run.begin(DEMO.with_changes(init=str(begun)), path, "cpu")
    other = start(DEMO.with_changes(seed=7), "cpu").model.state_dict()
    assert all(torch.equal(tensor, other[name]) for name, tensor in run.state.model.state_dict().items())
    for _ in run.events(run.prepare()):
        pass
    checkpoint = run.finish(load("digits"))
    assert checkpoint.recipe.init == str(begun)
    trained = checkpoint.model.state_dict()
    assert any(not torch.equal(tensor, trained[name]) for name, tensor in other.items())


def test_a_resumed_run_no_longer_needs_the_file(begun, tmp_path):
    path = tmp_path / "run.resume.safetensors"
    Run.begin(DEMO.with_changes(init=str(begun)), path, "cpu").prepare()
    begun.unlink()
    resumed = Run.resume(path, device="cpu")
    other = start(DEMO.with_changes(seed=7), "cpu").model.state_dict()
    assert all(torch.equal(tensor, other[name]) for name, tensor in resumed.state.model.state_dict().items())


def test_weights_that_are_not_there_or_do_not_fit_are_a_sentence(begun, tmp_path):
    with pytest.raises(RecipeError, match=r"digits-demo begins with the weights .*: train them first\. There are"):
        Run.begin(DEMO.with_changes(init=str(tmp_path / "none.safetensors")), tmp_path / "run", "cpu")
    begun.write_bytes(begun.read_bytes()[:1000])
    with pytest.raises(RecipeError, match="could not be read") as error:
        Run.begin(DEMO.with_changes(init=str(begun)), tmp_path / "run", "cpu")
    assert isinstance(error.value.__cause__, CheckpointError)
    with pytest.raises(RecipeError, match="another model or of other classes"):
        Run.begin(DEMO.with_changes(init="mnist-lenet5-1998"), tmp_path / "run", "cpu")
    with pytest.raises(RecipeError, match="begins with the weights digits: give them"):
        start(DEMO.with_changes(init="digits"), "cpu")


def test_the_page_offers_no_recipe_that_needs_a_file():
    assert "photos-base" in settings.listed()
    assert "photos" not in settings.listed()
