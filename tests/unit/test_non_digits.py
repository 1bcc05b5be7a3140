"""What is no digit, and strokes bent and fitted."""

from __future__ import annotations

import numpy as np
import pytest

from lenet.data.non_digits import GLYPHS, RULES, non_digit
from lenet.data.strokes import PEN_TABLET, Drawing, bent, cut_corners, fitted, parse_strokes, render, writer_fold
from lenet.preprocessing.digits import digit_image

DIGIT = Drawing(4, 0, (((200.0, 150.0), (170.0, 250.0), (260.0, 250.0)), ((240.0, 160.0), (235.0, 330.0))))


@pytest.mark.parametrize("draw", [rule.draw for rule in RULES], ids=lambda draw: draw.__name__)
def test_every_rule_draws_something_new_each_time(draw):
    rng = np.random.default_rng(0)
    first, second = (fitted(draw(rng)) for _ in range(2))
    images = [digit_image(render(strokes, 12)) for strokes in (first, second)]
    assert all(image.max() >= 250 for image in images)
    assert not np.array_equal(images[0], images[1])


def test_non_digits_stay_on_the_tablet_and_come_again_with_the_same_numbers():
    for seed in range(60):
        strokes, widest = non_digit(np.random.default_rng(seed), [DIGIT])
        assert 0 <= widest <= PEN_TABLET / 6
        points = np.concatenate(strokes)
        assert np.isfinite(points).all()
        assert points.min() >= 0
        assert points.max() <= PEN_TABLET
        again = np.concatenate(non_digit(np.random.default_rng(seed), [DIGIT])[0])
        assert np.array_equal(points, again)


def test_shares_sum_to_one_and_glyphs_lie_on_their_grid():
    assert sum(rule.share for rule in RULES) == pytest.approx(1)
    points = np.array([point for glyph in GLYPHS for stroke in glyph for point in stroke])
    assert points.min() >= 0
    assert points[:, 0].max() <= 6
    assert points[:, 1].max() <= 6
    assert all(len(stroke) > 0 for glyph in GLYPHS for stroke in glyph)


def test_strokes_are_read_from_two_figures_a_point():
    strokes = parse_strokes("000613 20")
    assert [stroke.tolist() for stroke in strokes] == [[[0, 0], [0, 6], [1, 3]], [[2, 0]]]
    assert {stroke.dtype for stroke in strokes} == {np.dtype(float)}


def test_corners_are_cut_and_ends_stay():
    corner = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])
    assert cut_corners(corner).tolist() == [[0, 0], [3, 0], [4, 1], [4, 4]]
    for count in (1, 2):
        assert np.array_equal(cut_corners(corner[:count]), corner[:count])


def test_bent_is_another_hand_not_another_digit():
    plain = [np.array(stroke) for stroke in DIGIT.strokes]
    before = digit_image(render(plain, 14)).astype(float)
    for seed in range(20):
        moved = bent(plain, np.random.default_rng(seed))
        assert [s.shape for s in moved] == [s.shape for s in plain]
        shift = max(np.abs(a - b).max() for a, b in zip(plain, moved, strict=True))
        assert 2 < shift < 120
        after = digit_image(render(fitted(moved), 14)).astype(float)
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.2
    assert np.array_equal(bent(plain, np.random.default_rng(1))[0], bent(plain, np.random.default_rng(1))[0])


def test_fitted_scales_moves_to_the_middle_and_stays_inside():
    square = [np.array([[0.0, 0.0], [100.0, 50.0]])]
    assert fitted(square)[0].tolist() == [[200, 225], [300, 275]]
    assert fitted(square, 2)[0].tolist() == [[150, 200], [350, 300]]
    assert fitted(square, 100)[0].tolist() == [[25, 137.5], [475, 362.5]]
    assert fitted([np.array([[3.0, 4.0]])])[0].tolist() == [[250, 250]]  # a dot


def test_folds_share_nobody_and_miss_nobody():
    folds = [writer_fold(range(1, 31), fold) for fold in range(1, 6)]
    assert sorted(writer for fold in folds for writer in fold) == list(range(1, 31))
    assert {len(fold) for fold in folds} == {6}
