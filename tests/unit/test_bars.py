"""Digits made of bars that do not quite touch, as displays have them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from lenet.inference.digits import DigitClassifier
from lenet.preprocessing.segmentation import Sheet
from tests.unit.test_layout import photographed
from tests.unit.test_numbers import SEVEN, TWO, at, pad

# Of a seven-segment digit 2 high and 1 wide: each bar's ends, and the bars that make a digit.
BARS = {
    "a": (0, 0, 1, 0),
    "b": (1, 0, 1, 1),
    "c": (1, 1, 1, 2),
    "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2),
    "f": (0, 0, 0, 1),
    "g": (0, 1, 1, 1),
}
DIGITS = ["abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcfgd"]


def display(text: str, thick: float = 9, gap: float = 3, slant: float = 0, pitch: float = 80) -> Image.Image:
    """Digits, colons and points; `gap` is between the pointed ends of two bars in line."""
    side, left = 50.0, 40.0
    width = round(left + pitch * sum(letter.isdigit() for letter in text) + 60)
    picture = Image.new("L", (2 * width, 360), 255)
    pen = ImageDraw.Draw(picture)

    def polygon(points: list[tuple[float, float]]) -> None:
        pen.polygon([(2 * (x - slant * (y - 90)), 2 * y) for x, y in points], fill=0)

    for letter in text:
        if not letter.isdigit():
            x = left - (pitch - side) / 2
            for y in (75, 105) if letter == ":" else (140,):
                polygon([(x + a * thick / 2, y + b * thick / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
            continue
        for bar in DIGITS[int(letter)]:
            x0, y0, x1, y1 = (left + side * v if i % 2 == 0 else 40 + side * v for i, v in enumerate(BARS[bar]))
            tips, half = np.array([(x0, y0), (x1, y1)]), thick / 2
            along = (tips[1] - tips[0]) / side
            aside = along[::-1] * half
            first, last = tips[0] + along * gap / 2, tips[1] - along * gap / 2
            inner = first + along * half, last - along * half
            sides = [first, inner[0] + aside, inner[1] + aside, last, inner[1] - aside, inner[0] - aside]
            polygon([(float(x), float(y)) for x, y in sides])
        left += pitch
    return picture.reduce(2)


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("8", {}),
        ("17", {"gap": 5}),
        ("6204", {"thick": 6, "gap": 4}),
        ("359", {"thick": 12, "slant": 0.15}),
        ("48", {"gap": 6, "pitch": 66}),
    ],
)
def test_a_display_is_read(digits: DigitClassifier, text: str, look: dict[str, float]) -> None:
    assert digits.read_page(display(text, **look)).text == text


@pytest.mark.parametrize(("text", "read"), [("2.5", "2.5"), ("36.4", "36.4"), ("12:08", "1208"), ("9:41", "941")])
def test_points_of_a_display_are_read_and_colons_left_out(digits: DigitClassifier, text: str, read: str) -> None:
    assert digits.read_page(display(text)).text == read


def test_a_point_may_stand_under_a_slanted_digit(digits: DigitClassifier) -> None:
    assert digits.read_page(display("7.4", slant=0.12)).text == "7.4"


@pytest.mark.parametrize(("text", "pitch"), [("61", 105), ("20.5", 90), ("1818", 80)])
def test_a_photographed_display_is_read(digits: DigitClassifier, text: str, pitch: int) -> None:
    picture = Image.new("L", (480, 300), 255)
    shown = display(text, gap=5, pitch=pitch)
    picture.paste(shown, ((480 - shown.width) // 2, 60))
    assert digits.read_page(photographed(picture)).text == text


@pytest.mark.parametrize(("text", "gap"), [("8", 1), ("83", 2), ("88", 3)])
def test_an_eight_whose_bars_all_but_touch_is_no_box(digits: DigitClassifier, text: str, gap: float) -> None:
    reading = digits.read_page(display(text, 8, gap).filter(ImageFilter.GaussianBlur(0.7)))
    assert reading.text == text
    assert not reading.marks


def test_bars_side_by_side_and_written_digits_do_not_meet() -> None:
    for picture in (display("11", pitch=16), pad(at(100, 150, TWO), at(168, 150, SEVEN))):
        sheet = Sheet(255 - np.asarray(picture))
        barred = sheet.with_bars()
        assert len((barred or sheet).pieces) == 2
