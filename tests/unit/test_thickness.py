"""How thick strokes are, of one piece of ink and of all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lenet.preprocessing.thickness import thickness, thicknesses


@pytest.mark.parametrize("width", [1, 2, 3, 6, 12])
def test_a_long_stroke_is_about_as_thick_as_it_was_drawn(width: int) -> None:
    mask = np.zeros((40, 200), bool)
    mask[20 : 20 + width, 10:190] = True
    assert thickness(mask) == pytest.approx(width, abs=1)


def test_nothing_has_no_thickness() -> None:
    assert thickness(np.zeros((9, 9), bool)) == 0


@pytest.mark.parametrize("shape", [(30, 40), (1, 9), (9, 1), (2, 2), (3, 3)])
def test_each_label_is_measured_by_its_own_outline(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.6
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    area = np.bincount(labels.ravel(), minlength=count + 1)
    alone = [thickness(labels == label) for label in range(1, count + 1)]
    assert thicknesses(labels, area)[1:].tolist() == alone
    outline = mask & ~ndimage.binary_erosion(mask)
    assert thickness(mask) == 2 * np.count_nonzero(mask) / np.count_nonzero(outline)
