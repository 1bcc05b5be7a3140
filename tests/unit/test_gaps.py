"""A pen that skips: which strokes go on in which, and what is read once they are drawn on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from lenet.inference.digits import DigitClassifier
from lenet.preprocessing.segmentation import Sheet
from tests.unit.test_numbers import FOUR, ONE, SEVEN, TWO, ZERO, Strokes, at, pad, text


def skipping(strokes: Strokes, *gaps: tuple[float, float]) -> Strokes:
    """The strokes without what lies between shares of the first one's length, such as (0.4, 0.45)."""
    points = np.array(strokes[0], float)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    edges = [0.0, *(edge for gap in gaps for edge in gap), 1.0]
    parts = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        places = np.arange(begin * lengths[-1], end * lengths[-1], 1.0)
        parts.append(
            [(float(np.interp(p, lengths, points[:, 0])), float(np.interp(p, lengths, points[:, 1]))) for p in places]
        )
    return [*parts, *strokes[1:]]


def ballpoint(*digits: Strokes) -> Image.Image:
    return pad(*digits, width=4)


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


SKIPPED = {
    "2": skipping(TWO, (0.3, 0.36), (0.62, 0.67)),
    "7": skipping(SEVEN, (0.15, 0.2), (0.82, 0.87)),
    "0": skipping(ZERO, (0.2, 0.24), (0.6, 0.64)),
    "1": skipping(ONE, (0.4, 0.48), (0.7, 0.76)),
}


@pytest.mark.parametrize("label", SKIPPED)
def test_a_ballpoint_that_skips_writes_one_digit(digits: DigitClassifier, label: str) -> None:
    (found,) = digits.read(ballpoint(at(150, 100, SKIPPED[label], 2.5)))
    assert (found.prediction.label, found.prediction.verdict) == (label, "sure")


def test_it_may_skip_in_a_number(digits: DigitClassifier) -> None:
    number = [at(40 + 110 * i, 180, strokes, 1.2) for i, strokes in enumerate([*SKIPPED.values()])]
    assert text(digits.read(ballpoint(*number))) == "2701"


def test_closed_gaps_are_where_strokes_go_on() -> None:
    sheet = Sheet(255 - np.asarray(ballpoint(at(150, 100, SKIPPED["1"], 2.5))))
    closed = sheet.with_gaps_closed()
    assert closed is not None
    assert len(sheet.pieces) == 3
    assert len(closed.pieces) == 1
    assert closed.cost < 0


def test_strokes_side_by_side_and_points_do_not_go_on() -> None:
    for drawn in (
        [at(150, 100, ONE, 2.5), at(170, 100, ONE, 2.5)],
        [at(150, 100, ONE, 2.5), [[(200, 352), (201, 353)]]],
        [at(100, 100, FOUR, 2.0), at(240, 100, ZERO, 2.0)],
    ):
        assert Sheet(255 - np.asarray(ballpoint(*drawn))).with_gaps_closed(at_sides=True) is None
