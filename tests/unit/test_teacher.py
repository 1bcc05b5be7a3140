"""A teacher's opinion softens the training labels, and nothing else."""

from __future__ import annotations

import pytest
import torch

import lenet.teacher
from lenet.checkpoint import Checkpoint
from lenet.classifier import Classifier
from lenet.datasets import Dataset, load
from lenet.errors import CheckpointError, RecipeError
from lenet.recipes import RECIPES
from lenet.teacher import SHARE, lessons, taught
from lenet.training import fit, loss_of, start


@pytest.fixture
def digits() -> Dataset:
    return load("digits")


@pytest.fixture
def teacher(digits: Dataset) -> Classifier:
    state = start(RECIPES["digits-demo"].with_changes(epochs=2), "cpu")
    list(fit(state, digits))
    return Classifier(Checkpoint(state.network, state.recipe, digits.classes, {}))


def test_soft_labels_are_the_label_and_an_opinion(digits, teacher):
    soft = taught(digits.train, teacher).soft
    assert soft is not None
    torch.testing.assert_close(soft.sum(dim=1), torch.ones(len(soft)))
    own = soft.gather(1, digits.train.labels[:, None])
    assert own.min() >= 1 - SHARE - 1e-6
    others = soft.scatter(1, digits.train.labels[:, None], 0)
    assert others.std(dim=1).mean() > 0, "the teacher has no opinion on which other class is likelier"
    mirrored = taught(type(digits.train)(digits.train.images.flip(3), digits.train.labels), teacher).soft
    torch.testing.assert_close(mirrored, soft)


def test_lessons_are_the_data_set_with_a_softened_training_split(digits, teacher, monkeypatch):
    monkeypatch.setattr(lenet.teacher.Classifier, "from_pretrained", lambda name: teacher)
    plain, softened = lessons("digits"), lessons("digits", "some-teacher")
    assert plain.train.soft is None
    assert torch.equal(softened.train.images, plain.train.images)
    assert torch.equal(softened.train.labels, plain.train.labels)
    assert softened.train.soft is not None
    assert softened.val.soft is None
    assert softened.test.soft is None
    state = start(RECIPES["digits-demo"].with_changes(epochs=1), "cpu")
    other = start(RECIPES["digits-demo"].with_changes(epochs=1), "cpu")
    list(fit(state, softened))
    list(fit(other, plain))
    assert state.history[0].train_loss != other.history[0].train_loss
    assert state.history[0].val_accuracy > 0.3


def test_soft_labels_that_are_certain_are_labels():
    logits, labels = torch.randn(8, 10, generator=torch.Generator().manual_seed(0)), torch.arange(8)
    recipe = RECIPES["digits-demo"].with_changes(label_smoothing=0.1)
    certain = torch.nn.functional.one_hot(labels, 10).float()
    torch.testing.assert_close(loss_of(logits, certain, recipe), loss_of(logits, labels, recipe))


def test_a_teacher_that_is_not_there_or_knows_other_things(teacher, monkeypatch):
    with pytest.raises(CheckpointError, match="no weights called nobody"):
        lessons("digits", "nobody")
    monkeypatch.setattr(teacher, "classes", ("cat", "dog"))
    monkeypatch.setattr(lenet.teacher.Classifier, "from_pretrained", lambda name: teacher)
    with pytest.raises(RecipeError, match="cannot teach digits"):
        lessons("digits", "some-teacher")
