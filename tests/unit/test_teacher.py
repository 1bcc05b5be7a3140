"""A teacher's opinion softens the training labels, and nothing else."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch

import lenet.training.loop
from lenet.data.datasets import Dataset, load
from lenet.errors import CheckpointError, RecipeError, TrainingError
from lenet.inference.evaluation import finish
from lenet.inference.pretrained import Checkpoint, save
from lenet.training.distillation import load_with_soft_labels, with_soft_labels
from lenet.training.loop import fit, start
from lenet.training.optim import cross_entropy
from lenet.training.recipes import RECIPES
from lenet.training.resume import load_state, save_state
from lenet.training.stored import StoredNetwork, load_network


@pytest.fixture
def digits() -> Dataset:
    return load("digits")


@pytest.fixture
def its_file(digits: Dataset, tmp_path: Path) -> Path:
    state = start(RECIPES["digits-demo"].with_changes(epochs=2), "cpu")
    list(fit(state, digits))
    path = tmp_path / "teacher.safetensors"
    save(path, Checkpoint(state.network, state.recipe, digits.classes, {}))
    return path


@pytest.fixture
def teacher(its_file: Path) -> StoredNetwork:
    return load_network(its_file)


def test_soft_labels_are_the_teachers_opinion(digits, teacher):
    soft = with_soft_labels(digits.train, teacher).soft
    assert soft is not None
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(len(soft)))
    # of two epochs, and half of it of mirrored digits
    assert (soft.argmax(dim=1) == digits.train.labels).float().mean() > 0.5, "not what the teacher thinks"
    assert soft.max() < 0.9, "a softened opinion is never nearly certain"
    others = soft.scatter(1, digits.train.labels[:, None], 0)
    assert others.std(dim=1).mean() > 0, "the teacher has no opinion on which other class is likelier"
    mirrored = with_soft_labels(type(digits.train)(digits.train.images.flip(3), digits.train.labels), teacher).soft
    torch.testing.assert_close(mirrored, soft)


def test_lessons_are_the_data_set_with_a_softened_training_split(its_file):
    plain, softened = load_with_soft_labels("digits"), load_with_soft_labels("digits", str(its_file))
    assert plain.train.soft is None
    assert torch.equal(softened.train.images, plain.train.images)
    assert torch.equal(softened.train.labels, plain.train.labels)
    assert softened.train.soft is not None
    assert softened.val.soft is None
    assert softened.test.soft is None
    assert (plain.teacher, len(softened.teacher)) == ("", 64)
    state = start(RECIPES["digits-demo"].with_changes(epochs=1, teacher=str(its_file)), "cpu")
    other = start(RECIPES["digits-demo"].with_changes(epochs=1), "cpu")
    list(fit(state, softened))
    list(fit(other, plain))
    assert state.history[0].train_loss != other.history[0].train_loss
    assert state.history[0].val_accuracy > 0.3


def test_soft_labels_that_are_certain_are_labels():
    logits, labels = torch.randn(8, 10, generator=torch.Generator().manual_seed(0)), torch.arange(8)
    certain = torch.nn.functional.one_hot(labels, 10).float()
    torch.testing.assert_close(cross_entropy(logits, certain, 0.1), cross_entropy(logits, labels, 0.1))


def test_a_resumed_run_asks_the_same_teacher_again(its_file, tmp_path, monkeypatch):
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 0)
    recipe = RECIPES["digits-demo"].with_changes(epochs=2, batch_size=500, teacher=str(its_file))
    whole = start(recipe, "cpu")
    list(fit(whole, load_with_soft_labels("digits", recipe.teacher)))
    stopped = start(recipe, "cpu")
    list(islice(fit(stopped, load_with_soft_labels("digits", recipe.teacher)), 2))
    save_state(tmp_path / "run", stopped)
    resumed = load_state(tmp_path / "run", "cpu")
    list(fit(resumed, load_with_soft_labels("digits", recipe.teacher)))
    assert all(map(torch.equal, whole.model.state_dict().values(), resumed.model.state_dict().values()))


def test_a_teacher_that_changed_meanwhile_is_a_sentence(its_file, tmp_path, monkeypatch):
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 0)
    recipe = RECIPES["digits-demo"].with_changes(epochs=1, batch_size=500, teacher=str(its_file))
    state = start(recipe, "cpu")
    list(islice(fit(state, load_with_soft_labels("digits", recipe.teacher)), 1))
    save_state(tmp_path / "run", state)
    fresh = start(recipe.with_changes(seed=1), "cpu")
    save(its_file, Checkpoint(fresh.network, fresh.recipe, tuple("0123456789"), {}))
    with pytest.raises(TrainingError, match=r"teacher .*teacher\.safetensors changed since .*bring the old file back"):
        next(fit(load_state(tmp_path / "run", "cpu"), load_with_soft_labels("digits", recipe.teacher)))
    with pytest.raises(RecipeError, match=r"digits-demo learns from .*teacher\.safetensors: load its data with"):
        next(fit(load_state(tmp_path / "run", "cpu"), load_with_soft_labels("digits")))


def test_a_teacher_that_is_not_there_or_knows_other_things(teacher, tmp_path):
    with pytest.raises(CheckpointError, match="no weights called nobody"):
        load_with_soft_labels("digits", "nobody")
    with pytest.raises(RecipeError, match="digits cannot teach digits"):
        load_with_soft_labels("digits", "digits")  # which also knows what is none
    path = tmp_path / "other.safetensors"
    letters = tuple("abcdefghij")
    save(path, Checkpoint(teacher.model, teacher.recipe, letters, {}))
    with pytest.raises(RecipeError, match="cannot teach digits"):
        load_with_soft_labels("digits", str(path))


def test_who_is_to_learn_from_a_teacher_needs_one(digits, its_file):
    recipe = RECIPES["digits-demo"].with_changes(epochs=1, teacher=str(its_file))
    with pytest.raises(RecipeError, match=r"digits-demo learns from .*teacher\.safetensors: load its data with"):
        next(fit(start(recipe, "cpu"), digits))
    with pytest.raises(RecipeError, match=r"no teacher: load its data with `load_with_soft_labels\('digits', ''\)`"):
        next(fit(start(recipe.with_changes(teacher=""), "cpu"), load_with_soft_labels("digits", str(its_file))))


def test_the_finished_file_names_its_teachers_weights(its_file):
    recipe = RECIPES["digits-demo"].with_changes(epochs=1, batch_size=500, teacher=str(its_file))
    state, data = start(recipe, "cpu"), load_with_soft_labels("digits", recipe.teacher)
    list(fit(state, data))
    assert finish(state, data).versions["teacher"] == f"{its_file} {data.teacher[:12]}"
