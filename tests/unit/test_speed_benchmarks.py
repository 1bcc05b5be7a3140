"""What the two benchmarks of speed count and compare."""

from __future__ import annotations

import argparse
from functools import partial

import pytest
import torch

from benchmarks.training import precision, step, time
from lenet.data.datasets import Dataset, Split, load
from lenet.models import MODELS
from lenet.training.recipes import RECIPES

RECIPE = RECIPES["cifar10-lenet5-adam"].with_changes(batch_size=4, epochs=1)


@pytest.fixture
def data() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (60, 3, 32, 32), generator=generator, dtype=torch.uint8)
    split = Split(images, torch.arange(60) % 10)
    return Dataset("noise", tuple("0123456789"), split, split, split)


def test_operations_are_those_of_the_products(data):
    conv1, conv2 = 28 * 28 * 6 * 75, 10 * 10 * 16 * 150  # multiplications an image
    linear = 400 * 120 + 120 * 84 + 84 * 10
    # forward, to the weights, and to the layer's input, which the first layer's images need not have
    assert step.flops(RECIPE, MODELS["lenet5"].build(3, 10), data) == 4 * 2 * (2 * conv1 + 3 * conv2 + 3 * linear)


def test_the_tutorials_pictures_are_our_input(data):
    pictures = step.Pictures(RECIPE, data, 4)
    theirs = torch.stack([pictures[i][0] for i in range(4)])
    torch.testing.assert_close(theirs, step.first_batch(RECIPE, data)[0])
    assert [pictures[i][1] for i in range(4)] == [0, 1, 2, 3]


def test_every_contender_takes_its_steps(data):
    network = MODELS["lenet5"].build(3, 10)
    assert step.ours(RECIPE, data, 3) > 0
    assert step.tutorial(RECIPE, data, 0, 3) > 0
    before = [p.clone() for p in network.parameters()]
    assert step.fixed_batch(RECIPE, network, data, 3) > 0
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert step.arithmetic(10**6, 20) > 0


def test_a_precision_is_trained_and_validated():
    accuracy, seconds = precision.trained(RECIPES["digits-demo"].with_changes(epochs=4), load("digits"))
    assert 0.5 < accuracy <= 1
    assert seconds > 0


def test_contenders_take_turns_and_a_ratio_is_of_one_round(capsys):
    turns, speeds = [], {"ours": iter([1.0, 10.0, 1.0]), "slower": iter([2.0, 20.0, 3.0])}

    def contender(name: str, steps: int) -> float:
        turns.append(name)
        return next(speeds[name]) * steps

    pair = {name: partial(contender, name) for name in speeds}
    seconds = step.measure(pair, 5, 3)
    assert turns == ["ours", "slower"] * 3
    assert seconds == {"ours": [1, 10, 1], "slower": [2, 20, 3]}
    step.report(RECIPE, 40, seconds, 5, argparse.Namespace(threads=1, rounds=3))
    assert "| slower | 20.00 | 30.00 | 200.00 | 2.00 |" in capsys.readouterr().out


def test_a_table_says_which_seeds_reached_the_mark(monkeypatch, capsys, data):
    monkeypatch.setattr(time, "load", lambda name: data)
    recipe = RECIPE.with_changes(batch_size=30)
    assert time.row(recipe, 0.0, 2)
    assert "2 of 2" in capsys.readouterr().out
    assert not time.row(recipe, 1.01, 1)
    assert "0 of 1" in capsys.readouterr().out


def test_the_demos_have_the_sizes_that_they_claim():
    for name in time.MARKS:
        recipe = RECIPES[name]
        assert recipe.model == "lenet5-bn"
        assert recipe.teacher == "", "a demo must not wait for a teacher's opinion"
