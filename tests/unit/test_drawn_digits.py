"""Digits drawn by rule, and what a worse pen does to any digit's strokes."""

from __future__ import annotations

import numpy as np
import pytest

from lenet.data.drawn_digits import GRIDS, RULES, along, angular, apart, digit, dotted, zero
from lenet.data.strokes import PEN_TABLET, fitted, render
from lenet.preprocessing.digits import digit_image

SEVEN = [np.array([[100.0, 100.0], [300.0, 100.0], [150.0, 400.0]])]


def test_digits_stay_on_the_tablet_and_come_again_with_the_same_numbers() -> None:
    for seed in range(100):
        label, strokes = digit(np.random.default_rng(seed))
        points = np.concatenate(strokes)
        assert 0 <= label <= 9
        assert points.min() >= 0
        assert points.max() <= PEN_TABLET
        assert np.array_equal(points, np.concatenate(digit(np.random.default_rng(seed))[1]))


def test_every_label_is_drawn_and_shares_sum_to_one() -> None:
    labels = [digit(np.random.default_rng(seed))[0] for seed in range(300)]
    assert set(labels) == set(range(10))
    assert sum(share for _, share in RULES) == pytest.approx(1)


def test_ways_lie_on_their_grid_and_no_two_digits_share_one() -> None:
    points = np.concatenate([stroke for ways in GRIDS for way in ways for stroke in way])
    assert points.min() == 0
    assert points.max(axis=0).tolist() == [2, 4]
    images = {
        digit_image(render(fitted([s * 80 for s in way]), 10)).tobytes(): label
        for label, ways in enumerate(GRIDS)
        for way in ways
    }
    assert len(images) == sum(map(len, GRIDS))


def test_zeros_are_closed_and_go_from_narrow_to_round() -> None:
    shapes = []
    for seed in range(200):
        _, strokes = zero(np.random.default_rng(seed))
        ring = strokes[0]
        width, height = np.ptp(ring, axis=0)
        shapes.append(width / height)
        image = digit_image(render(fitted([ring]), 12))
        assert image[13:15, 13:15].max() == 0  # a hole in its middle
        sides = image[14, :14], image[14, 14:], image[:14, 14], image[14:, 14]
        assert sum(side.max() > 0 for side in sides) >= 3  # an opening at most on one
    assert min(shapes) < 0.6
    assert max(shapes) > 0.95


def test_an_angular_zero_is_narrower_than_a_box() -> None:
    for seed in range(300):
        label, strokes = angular(np.random.default_rng(seed))
        if label == 0:
            width, height = np.ptp(np.concatenate(strokes), axis=0)
            assert width < 0.62 * height


def test_along_keeps_the_ends_and_the_spacing() -> None:
    points = along(SEVEN[0], 5.0)
    assert points[0].tolist() == [100, 100]
    assert points[-1].tolist() == pytest.approx([150, 400])
    steps = np.hypot(*np.diff(points, axis=0).T)
    assert np.delete(steps, steps.argmin()) == pytest.approx(5.0, rel=0.02)  # but the step around the corner
    assert along(np.array([[3.0, 4.0], [3.0, 4.0]]), 5.0).tolist() == [[3, 4]]


def test_pieces_stand_apart_and_nothing_is_added() -> None:
    for seed in range(40):
        pieces = apart(SEVEN, np.random.default_rng(seed))
        assert 1 <= len(pieces) <= 3
        length = sum(np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces)
        assert 0.8 * 535 < length <= 536  # two gaps of at most a tenth of its height
    assert apart([np.array([[5.0, 5.0]])], np.random.default_rng(0))[0].tolist() == [[5, 5]]


def test_dots_are_single_points_at_the_spacing() -> None:
    dots = dotted(SEVEN, 40.0)
    assert {dot.shape for dot in dots} == {(1, 2)}
    assert len(dots) == 14
