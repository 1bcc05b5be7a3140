"""What stands round a drawing is not written: lines, bars, a scan's edges, the page that a photograph was pasted on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lenet.inference.digits import DigitClassifier
from lenet.preprocessing.canvas import canvas
from lenet.preprocessing.digits import inked
from tests.unit.test_numbers import FIVE, FOUR, SEVEN, TWO, at, pad, text

PICTURE = np.asarray(pad(at(120, 80, [[(3 * x, 3 * y) for x, y in stroke] for stroke in TWO]), width=14))


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


def padded(before: tuple[int, int], after: tuple[int, int], grey: int, picture: np.ndarray = PICTURE) -> np.ndarray:
    """Lines of one grey over and left of the picture, and under and right of it."""
    return np.pad(picture, list(zip(before, after, strict=True)), constant_values=grey)


FRAMED = {
    "a thin line": padded((1, 1), (1, 1), 120),
    "a thick line": padded((6, 6), (6, 6), 0),
    "a light line round a dark pad": padded((3, 3), (3, 3), 200, 255 - PICTURE),
    "bars at the sides": padded((0, 90), (0, 120), 0),
    "bars above and below": padded((40, 0), (180, 0), 20),
    "a dark pad on a white page": padded((30, 60), (90, 20), 255, 255 - PICTURE),
    "a scan's edge": padded((0, 12), (0, 0), 15),
    "two edges": padded((0, 0), (9, 14), 15),
    "a line, and bars outside": padded((0, 80), (0, 80), 0, padded((2, 2), (2, 2), 150)),
}


@pytest.mark.parametrize("name", FRAMED)
def test_what_stands_round_a_drawing_changes_nothing(digits: DigitClassifier, name: str) -> None:
    plain = digits.predict(PICTURE)
    found = digits.read(FRAMED[name])
    assert text(found) == "2"
    assert found[0].prediction.verdict == "sure"
    assert (found[0].prediction.preprocessed.x - plain.preprocessed.x).abs().max() < 0.02
    assert [stage.name for stage in found[0].prediction.preprocessed.stages][:2] == ["Grey", "Unframed"]


def test_boxes_stay_fractions_of_the_whole_picture(digits: DigitClassifier) -> None:
    (found,) = digits.read(FRAMED["bars at the sides"])
    (plain,) = digits.read(PICTURE)
    wide = 280 + 90 + 120
    expected = [(plain.box[0] * 280 + 90) / wide, plain.box[1], (plain.box[2] * 280 + 90) / wide, plain.box[3]]
    assert found.box == pytest.approx(expected, abs=0.01)


def test_a_slanted_edge_of_a_noisy_scan(digits: DigitClassifier) -> None:
    edge = 10 + np.linspace(0, 6, 280)
    scan = np.where(np.arange(280)[None, :] < edge[:, None], 12, PICTURE).astype(float)
    scan = (scan + np.random.default_rng(0).normal(0, 1, scan.shape)).clip(0, 255).astype(np.uint8)
    assert text(digits.read(scan)) == "2"


def test_grey_paper_pasted_on_white(digits: DigitClassifier) -> None:
    rng = np.random.default_rng(0)
    photo = 226 - (255 - PICTURE.astype(float)) * 0.7 + rng.normal(0, 1.2, PICTURE.shape)
    page = padded((40, 0), (40, 0), 255, photo.clip(0, 255).astype(np.uint8))
    found = digits.read(page)
    assert text(found) == "2"
    assert found[0].prediction.verdict == "sure"


@pytest.mark.parametrize("strokes", [TWO, FOUR, SEVEN, FIVE])
@pytest.mark.parametrize("width", [4, 40])
def test_a_plain_drawing_is_its_own_canvas(strokes: list[list[tuple[float, float]]], width: int) -> None:
    picture = np.asarray(pad(at(150, 150, strokes), width=width))
    ink_rows, ink_columns = np.flatnonzero((picture < 128).any(axis=1)), np.flatnonzero((picture < 128).any(axis=0))
    close = picture[ink_rows[0] : ink_rows[-1] + 1, ink_columns[0] : ink_columns[-1] + 1]
    for drawing in (picture, 255 - picture, np.ascontiguousarray(close)):
        assert drawing[canvas(drawing)].shape == drawing.shape


def test_a_thick_stroke_with_square_ends_is_no_page() -> None:
    picture = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(picture).rectangle((110, 30, 170, 250), fill=0)
    _, ink = inked(picture)
    assert ink[40:240, 120:160].min() == 255
