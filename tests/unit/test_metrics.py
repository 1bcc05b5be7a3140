"""Metrics against counting by hand."""

from __future__ import annotations

import math

import pytest
import torch

from lenet.metrics import accuracy, accuracy_per_class, confusion, cross_entropy

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [5.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.5]])
LABELS = torch.tensor([0, 1, 1, 0, 0])  # answers 0, 1, 0, 2, 0


def test_accuracy_is_exact_for_any_number():
    assert accuracy(LOGITS, LABELS) == 3 / 5
    assert accuracy(LOGITS[:3], LABELS[:3]) == 2 / 3


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
