"""A number on one picture: which ink is one digit, and what is said of digits that touch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import lenet.ui
from lenet.data.strokes import render
from lenet.inference.digits import DigitClassifier, FoundDigit
from lenet.preprocessing.segmentation import Sheet
from lenet.preprocessing.trials import Trial, cheapest, trials

Strokes = Sequence[Sequence[tuple[float, float]]]

EXAMPLES = json.loads((Path(lenet.ui.__file__).parent / "draw" / "examples.json").read_text(encoding="utf-8"))

# Each in a box 100 high, y downwards.
TWO = [[(5, 20), (20, 3), (40, 3), (55, 18), (52, 38), (30, 65), (2, 98), (30, 95), (62, 96)]]
ZERO = [[(35, 0), (15, 10), (3, 35), (2, 65), (14, 92), (33, 100), (54, 92), (66, 66), (65, 34), (55, 10), (35, 0)]]
ONE = [[(20, 0), (19, 50), (18, 100)]]
FOUR = [[(30, 0), (18, 35), (5, 62), (35, 62), (68, 60)], [(50, 30), (48, 65), (46, 100)]]
SEVEN = [[(2, 4), (35, 2), (64, 0), (48, 40), (30, 100)], [(20, 52), (62, 48)]]
APART = [FOUR[0], [(82, 30), (81, 65), (80, 100)]]  # a 4 whose strokes do not meet
FIVE = [[(14, 8), (10, 46), (32, 40), (54, 52), (58, 75), (40, 96), (4, 94)], [(28, 4), (66, 0)]]  # its bar apart


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


def at(x: float, y: float, strokes: Strokes, size: float = 1.0) -> Strokes:
    return [[(x + size * a, y + size * b) for a, b in stroke] for stroke in strokes]


def pad(*digits: Strokes, width: float = 10) -> Image.Image:
    """As the page sends it; strokes in 0 to 500, `width` in pixels of 280."""
    return render([stroke for strokes in digits for stroke in strokes], width, 280)


def text(found: Sequence[FoundDigit]) -> str:
    return "".join(f.prediction.label for f in found)


def test_two_digits_are_read_left_to_right(digits: DigitClassifier) -> None:
    found = digits.read(pad(at(300, 200, ZERO), at(150, 180, TWO)))
    assert text(found) == "20"
    assert [f.prediction.verdict for f in found] == ["sure", "sure"]
    assert not any(f.touching for f in found)
    assert [f.prediction.preprocessed.x.shape for f in found] == [digits.predict(pad(TWO)).preprocessed.x.shape] * 2


def test_boxes_are_fractions_of_the_picture(digits: DigitClassifier) -> None:
    whole = pad(at(50, 100, TWO), at(300, 200, ZERO))
    wide = Image.new("L", (560, 280), 255)
    wide.paste(whole, (0, 0))
    margin = 5 / 280  # half the brush
    left, top, right, bottom = digits.read(whole)[1].box
    assert (left, top) == pytest.approx((302 / 500 - margin, 200 / 500 - margin), abs=0.005)
    assert (right, bottom) == pytest.approx((366 / 500 + margin, 300 / 500 + margin), abs=0.005)
    assert digits.read(wide)[1].box == pytest.approx((left / 2, top, right / 2, bottom), abs=0.005)


def test_a_year_on_a_slanted_line_in_several_sizes(digits: DigitClassifier) -> None:
    number = [at(20, 220, TWO), at(130, 200, ZERO, 0.9), at(240, 170, TWO, 1.1), at(360, 160, SEVEN, 0.95)]
    assert text(digits.read(pad(*number))) == "2027"
    light = Image.fromarray(255 - np.asarray(pad(*number)))
    assert text(digits.read(light)) == "2027"


def test_six_digits(digits: DigitClassifier) -> None:
    number = [at(10 + 82 * i, 200, strokes, 0.9) for i, strokes in enumerate([TWO, ZERO, FOUR, ONE, SEVEN, TWO])]
    assert text(digits.read(pad(*number, width=6))) == "204172"


@pytest.mark.parametrize("strokes", [FIVE, APART], ids=["five", "four"])
def test_a_digit_of_two_strokes_stays_whole(digits: DigitClassifier, strokes: Strokes) -> None:
    picture = pad(at(200, 180, strokes), width=4)
    assert len(np.unique(Sheet(255 - np.asarray(picture))._labels)) == 3  # nothing, and two strokes apart
    (found,) = digits.read(picture)
    assert found.prediction.label == digits.predict(picture).label
    assert found.prediction.probs == pytest.approx(digits.predict(picture).probs, abs=1e-4)
    beside = digits.read(pad(at(60, 180, ZERO), at(200, 180, strokes), at(340, 180, TWO), width=4))
    assert len(beside) == 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_one_digit_is_read_as_predict_reads_it(digits: DigitClassifier, example: dict) -> None:
    picture = render(
        [[(x * 500 / 280, y * 500 / 280) for x, y in s] for s in example["strokes"]], example["width"], 280
    )
    (found,) = digits.read(picture)
    prediction = digits.predict(picture)
    assert found.prediction.probs == prediction.probs
    assert found.prediction.verdict == prediction.verdict
    assert [s.name for s in found.prediction.preprocessed.stages] == [s.name for s in prediction.preprocessed.stages]


@pytest.mark.parametrize("pipeline", ["modern", "classic"])
def test_an_empty_page_has_no_digits(digits: DigitClassifier, pipeline: str) -> None:
    assert digits.read(Image.new("L", (280, 280), 255), pipeline) == ()


def test_specks_and_dots_are_left_out(digits: DigitClassifier) -> None:
    picture = pad(at(100, 150, TWO), at(300, 150, ZERO))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((250, 20, 254, 24), fill=0)  # dirt
    draw.ellipse((128, 130, 140, 142), fill=0)  # a point between the digits
    assert text(digits.read(picture)) == "20"


def test_digits_that_touch_are_said_to(digits: DigitClassifier) -> None:
    (found,) = digits.read(pad(at(100, 150, TWO), at(158, 150, ZERO)))
    assert found.touching
    assert found.prediction.verdict != "sure"
    first, second = digits.read(pad(at(60, 150, ZERO), at(230, 150, ZERO), at(294, 150, ZERO)))
    assert (first.touching, second.touching) == (False, True)


def test_the_classic_pipeline_never_splits(digits: DigitClassifier) -> None:
    picture = pad(at(100, 150, TWO), at(300, 150, ZERO))
    (found,) = digits.read(picture, "classic")
    assert found.box == (0.0, 0.0, 1.0, 1.0)
    assert found.prediction.probs == digits.predict(picture, "classic").probs


def test_a_neighbours_ink_is_not_in_a_digits_picture() -> None:
    """A 7's bar reaches over the 4: each box holds ink of the other."""
    ink = 255 - np.asarray(pad(at(100, 150, [[(0, 0), (140, 0)], [(70, 0), (20, 100)]]), at(180, 180, ONE)))
    sheet = Sheet(ink)
    seven, one = sheet.pieces
    assert one.box[0] < seven.box[2]
    kept = sum(int((sheet.ink_of(piece) > 64).sum()) for piece in sheet.pieces)
    assert kept == (ink > 64).sum()
    assert sheet.ink_of(one)[0, :].max() > 0


def test_the_cheapest_row_covers_every_piece() -> None:
    sheet = Sheet(255 - np.asarray(pad(at(100, 150, APART), at(400, 150, ONE), width=4)))
    tried = trials(sheet.pieces)
    assert [(t.first, t.last) for t in tried] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    row = [Trial(0, 1, t.whole, 0.0) if i == 0 else t for i, t in enumerate(tried)]
    for doubts in ([0, 9, 0, 0], [9, 0, 9, 0]):
        chosen = [(row[i].first, row[i].last) for i in cheapest(row, doubts)]
        assert chosen == ([(0, 1), (1, 2), (2, 3)] if doubts[0] == 0 else [(0, 2), (2, 3)])


def test_noise_is_no_crowd(digits: DigitClassifier) -> None:
    noise = np.random.default_rng(0).random((300, 300)) < 0.01
    assert len(digits.read(np.where(noise, 0, 255).astype(np.uint8))) <= 24
