"""Metrics against counting by hand."""

from __future__ import annotations

import math

import pytest
import torch

from lenet.inference.calibration import fit_temperature
from lenet.inference.ood import energy
from lenet.training.metrics import (
    accuracy,
    accuracy_per_class,
    calibration_error,
    confusion,
    cross_entropy,
    likeliest_or_none,
    reliability,
)

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.5]])
LABELS = torch.tensor([0, 1, 1, 0, 0])  # answers 0, 1, 0, 2, 0


def test_accuracy_is_exact_for_any_number():
    assert accuracy(LOGITS, LABELS) == 3 / 5
    assert accuracy(LOGITS[:3], LABELS[:3]) == 2 / 3


def test_none_of_the_classes_is_the_answer_where_it_is_more_likely_than_not():
    probs = torch.tensor([[0.3, 0.2, 0.5], [0.3, 0.19, 0.51], [0.2, 0.45, 0.35], [0.0, 0.0, 1.0]])
    assert likeliest_or_none(probs, 2).tolist() == [0, 2, 1, 2]
    assert likeliest_or_none(probs, 3).tolist() == [2, 2, 1, 2]  # which has no such probability


def test_confusion_has_labels_in_rows_and_answers_in_columns():
    assert confusion(LOGITS, LABELS).tolist() == [[2, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_accuracy_per_class_is_nan_without_labels():
    first, second, third = accuracy_per_class(LOGITS, LABELS)
    assert (first, second) == (2 / 3, 1 / 2)
    assert math.isnan(third)


def test_cross_entropy_is_the_mean_negative_log_probability():
    expected = 0.0
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        expected -= math.log(math.exp(row[label]) / sum(map(math.exp, row))) / len(LABELS)
    assert cross_entropy(LOGITS, LABELS) == pytest.approx(expected, rel=1e-12)
    # float32 would lose this
    assert cross_entropy(torch.tensor([[1e4, 0.0]]), torch.tensor([1])) == pytest.approx(1e4)


def test_calibration_error_is_the_gap_of_each_bin_by_its_share():
    probs = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    # three at 0.9 of which two are right, one at 0.6 that is right
    assert calibration_error(probs, torch.tensor([0, 0, 1, 1])) == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.4)
    assert calibration_error(torch.eye(3), torch.arange(3)) == 0
    # gaps of opposite signs in one bin cancel, in two bins they do not
    apart = torch.tensor([[0.99, 0.01], [0.55, 0.45]])
    assert calibration_error(apart, torch.tensor([1, 0])) > calibration_error(apart, torch.tensor([1, 0]), bins=1)


def test_reliability_counts_each_bin():
    confidence, right = torch.tensor([0.05, 0.5, 0.92, 0.95, 1.0]), torch.tensor([False, True, True, False, True])
    bins = reliability(confidence, right, bins=10)
    assert [one.count for one in bins] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 3]  # a confidence of one is in the last bin
    assert [one.confidence for one in bins] == pytest.approx([0.05, 0, 0, 0, 0, 0.5, 0, 0, 0, 2.87 / 3])
    assert [one.accuracy for one in bins] == pytest.approx([0, 0, 0, 0, 0, 1, 0, 0, 0, 2 / 3])


def test_the_temperature_that_generated_the_labels_is_found():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 10, generator=generator) * 3
    labels = (logits / 2.5).softmax(dim=1).multinomial(1, generator=generator)[:, 0]
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(2.5, rel=0.03)
    assert calibration_error((logits / temperature).softmax(dim=1), labels) < 0.01
    assert calibration_error(logits.softmax(dim=1), labels) > 0.1


def test_the_energy_is_low_for_what_looks_like_a_class():
    expected = -2 * math.log(math.exp(1) + math.exp(0.5) + 1)
    values = energy(torch.tensor([[2.0, 1.0, 0.0], [4.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1e4, 0.0, 0.0]]), 2.0)
    assert values[0].item() == pytest.approx(expected)
    assert values[1] < values[0] < values[2]
    assert values[3].item() == pytest.approx(-1e4)
