"""Where else a photo is looked at: nothing twice, and nothing outside a chosen box's reason."""

from __future__ import annotations

import pytest

from lenet.preprocess import Square, square_of
from lenet.views import more


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (301, 300), (32, 32), (1, 1), (1, 90)])
@pytest.mark.parametrize("box", [None, (0.0, 0.0, 1.0, 1.0), (0.25, 0.25, 0.5, 0.5)])
def test_no_view_is_there_twice_and_each_is_there_mirrored(size, box):
    squares = (square_of(size, box), *more(size, box))
    assert len(set(squares)) == len(squares)
    plain = {(s.left, s.top, s.side) for s in squares if not s.mirrored}
    assert plain == {(s.left, s.top, s.side) for s in squares if s.mirrored}
    for square in squares:
        left, top, right, bottom = square.inside(size)
        assert left < right
        assert top < bottom


def test_a_wide_photo_is_looked_at_at_both_ends_and_whole():
    plain = [square for square in more((300, 200)) if not square.mirrored]
    assert plain == [Square(0, 0, 200), Square(100, 0, 200), Square(0, -50, 300)]
    assert len(more((300, 200))) == 7


def test_a_square_photo_is_its_own_ends_and_whole_so_it_is_shifted():
    plain = [square for square in more((32, 32)) if not square.mirrored]
    assert plain == [Square(-1, -1, 32), Square(1, 1, 32)]


def test_a_chosen_box_is_not_left():
    for square in more((300, 200), (0.5, 0.5, 0.6, 0.65)):
        assert abs(square.left - 150) <= 1
        assert abs(square.top - 100) <= 1
        assert square.side == 30
