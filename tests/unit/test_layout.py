"""How digits stand on a page: rows, columns, boxes, lines, signs, and strokes that a pen left broken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from lenet.data.strokes import render
from lenet.inference.digits import DigitClassifier
from lenet.preprocessing import paper
from lenet.preprocessing.around import is_crossed
from lenet.preprocessing.bars import cross_of
from lenet.preprocessing.digits import inked
from lenet.preprocessing.layout import in_rows
from lenet.preprocessing.pieces import Piece
from lenet.preprocessing.segmentation import Sheet
from lenet.preprocessing.separate import separate_drawings
from lenet.preprocessing.trials import holding
from tests.unit.test_numbers import FOUR, ONE, SEVEN, TWO, ZERO, Strokes, at, pad, text


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


def with_boxes(picture: Image.Image, boxes: list[tuple[int, int, int, int]], line: int, grey: int) -> Image.Image:
    for box in boxes:
        ImageDraw.Draw(picture).rectangle(box, outline=grey, width=line)
    return picture


def dots(strokes: Strokes, step: float) -> Strokes:
    """One dot each `step` along the strokes."""
    found = []
    for stroke in strokes:
        points = np.array(stroke)
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        places = np.arange(0, lengths[-1], step)
        found += [[(np.interp(p, lengths, points[:, 0]), np.interp(p, lengths, points[:, 1]))] for p in places]
    return found


def with_point(gap: float) -> Image.Image:
    """2.7, the point so far from the 2."""
    x = 190 + gap
    return pad(at(110, 200, TWO), [[(x, 296), (x + 1, 297)]], at(x + 40, 200, SEVEN))


def prices() -> Image.Image:
    """2.7, 4.0 and 7.2 in a column, each point under the one before."""
    pairs = [(TWO, SEVEN), (FOUR, ZERO), (SEVEN, TWO)]
    rows = [
        [*at(100, 30 + 160 * i, whole), [(190, 126 + 160 * i), (191, 127 + 160 * i)], *at(230, 30 + 160 * i, part)]
        for i, (whole, part) in enumerate(pairs)
    ]
    return pad(*rows, width=8)


def comb(*digits: Strokes) -> Image.Image:
    """Digits over a line with short walls between them, as forms have it."""
    walls = [[(40 + 140 * i, 330), (40 + 140 * i, 260)] for i in range(len(digits) + 1)]
    line = [[(40, 330), (40 + 140 * len(digits), 330)]]
    return pad(*(at(78 + 140 * i, 200, strokes) for i, strokes in enumerate(digits)), walls, line, width=4)


def raised(strokes: Strokes, size: float) -> Image.Image:
    """7 and what stands over its right end."""
    return pad(at(150, 200, SEVEN), at(240, 185, strokes, size), width=5)


def high_exponent() -> Image.Image:
    """7 and a 2 that hardly reaches below its top."""
    return pad(at(150, 200, SEVEN), at(240, 152, TWO, 0.6), width=5)


def little(strokes: Strokes = SEVEN, y: float = 230) -> Image.Image:
    """2, and another digit that is a quarter as high; at y = 292 both stand on one line, at 100 they begin on one."""
    return pad(at(60, 100, TWO, 2.6), at(260, y, strokes, 0.66), width=4)


def with_comma() -> Image.Image:
    """2,7 with a comma that is a quarter as high as its digits."""
    return pad(at(60, 180, TWO), [[(160, 268), (154, 286)]], at(190, 180, SEVEN), width=6)


def barcode(count: int, uneven: int = 0) -> Image.Image:
    """Bars side by side, every second one higher at its top by so many pixels."""
    picture = Image.new("L", (280, 280), 255)
    for i in range(count):
        x = 30 + 24 * i
        ImageDraw.Draw(picture).rectangle((x, 90 - uneven * (i % 2), x + 6 + 4 * (i % 3 == 0), 190), fill=0)
    return picture


def wide_barcode(paper: bool) -> Image.Image:
    """Eight bars, some twice as wide as others, too wide for a pen, or on paper for what looks for one."""
    thick = 16 if paper else 13
    picture = Image.new("L", (470, 260), 225 if paper else 255)
    x = 61
    for wide in (2, 1, 1, 2, 1, 1, 1, 1):
        ImageDraw.Draw(picture).rectangle((x, 60, x + wide * thick, 199), fill=50 if paper else 0)
        x += wide * thick + 2 * thick
    if not paper:
        return picture
    light = np.linspace(1, 0.75, picture.width)
    blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8))) * light
    grain = np.random.default_rng(0).normal(0, 2, blurred.shape)
    return Image.fromarray((blurred + grain).clip(0, 255).astype(np.uint8))


def two_rows_of_heights() -> Image.Image:
    """2 7 4 over 0 7 2: the first 7 stands at the foot of the upper row, the 4 at its top, the 2 at the lower one's."""
    upper = at(60, 50, TWO, 1.6), at(190, 150, SEVEN, 0.6), at(260, 50, FOUR, 0.6)
    return pad(*upper, at(60, 270, ZERO, 1.6), at(190, 270, SEVEN, 1.6), at(320, 270, TWO, 0.6), width=6)


def with_dash(before: float, after: float) -> Image.Image:
    """2-7, the dash so far from either."""
    x = 190 + before
    return pad(at(110, 200, TWO), [[(x, 254), (x + 50, 252)]], at(x + 66 + after, 200, SEVEN))


def slashed(number: str, high: float, one: Strokes = ONE) -> Image.Image:
    """Digits half the usual size, and slashes `high` times as high as they are."""
    rise, strokes = 50 * (high - 1) / 2, dict(zip("01247", [ZERO, one, TWO, FOUR, SEVEN], strict=True))
    slash = [[(5, 50 + rise), (30, -rise)]]
    drawn = [
        at(30 + 55 * i, 200, slash if sign == "/" else strokes[sign], 1 if sign == "/" else 0.5)
        for i, sign in enumerate(number)
    ]
    return pad(*drawn, width=4)


LEANING: Strokes = [[(45, 0), (5, 100)]]


def signed(text: str, bow: float = 20) -> Image.Image:
    """Digits half the usual size, with brackets a little higher than they are, percent signs, and the signs of sums."""
    bowed = [(bow * (1 - (2 * t - 1) ** 2), 60 * t - 5) for t in np.linspace(0, 1, 12)]
    turn = np.linspace(0, 2 * np.pi, 13)
    ring = [(9 * float(np.cos(angle)), 9 * float(np.sin(angle))) for angle in turn]
    signs: dict[str, Strokes] = {
        ")": [bowed],
        "(": [[(20 - x, y) for x, y in bowed]],
        "%": [[(x + 9, y + 9) for x, y in ring], [(38, 0), (12, 50)], [(x + 42, y + 41) for x, y in ring]],
        "+": [[(0, 26), (30, 24)], [(14, 10), (16, 40)]],
        "×": [[(0, 10), (28, 42)], [(28, 12), (2, 40)]],
        "=": [[(0, 18), (30, 17)], [(1, 34), (29, 33)]],
        "-": [[(0, 26), (30, 25)]],
    }
    digits = dict(zip("01247", [ZERO, ONE, TWO, FOUR, SEVEN], strict=True))
    drawn = [
        at(30 + 55 * i, 200, signs[sign] if sign in signs else digits[sign], 1 if sign in signs else 0.5)
        for i, sign in enumerate(text)
    ]
    return pad(*drawn, width=4)


def broken_one() -> Image.Image:
    """2, a 4 whose strokes stand apart, and a 1 in two halves."""
    four = [[(286, 44), (243, 157), (293, 156)], [(304, 93), (301, 179)]]
    one = [[(357, 71), (386, 43), (384, 114)], [(382, 123), (379, 179)]]
    return pad(at(140, 44, TWO, 1.35), four, one, width=3)


def ringed(strokes: Strokes, width: float = 170, height: float = 170, gap: float = 0) -> Image.Image:
    """In a ring that a gap of so many degrees leaves open at the right."""
    turn = np.radians(np.linspace(gap / 2, 360 - gap / 2, 60))
    ring = np.stack([230 + width / 2 * np.cos(turn), 250 + height / 2 * np.sin(turn)], axis=1)
    return pad(at(200, 200, strokes), [[(float(x), float(y)) for x, y in ring]], width=6)


def rings(gap: float) -> Image.Image:
    """2, 7 and 4 in a ring each; that of the 7 is open by so many degrees."""
    drawn = []
    for i, (strokes, wide) in enumerate([(TWO, 0.0), (SEVEN, gap), (FOUR, 0.0)]):
        turn = np.radians(40 + np.linspace(wide / 2, 360 - wide / 2, 60))
        ring = np.stack([90 + 160 * i + 68 * np.cos(turn), 250 + 68 * np.sin(turn)], axis=1)
        drawn += [at(66 + 160 * i, 212, strokes, 0.75), [[(float(x), float(y)) for x, y in ring]]]
    return pad(*drawn, width=5)


def columns() -> Image.Image:
    """24 and 7, 12 and 0, and a line between the two columns."""
    rows = [at(60, 120, TWO), at(150, 120, FOUR), at(330, 120, SEVEN), at(80, 270, ONE), at(150, 270, TWO)]
    return pad(*rows, at(330, 270, ZERO), [[(270, 80), (276, 410)]], width=5)


def framed(strokes: Strokes, width: float = 300, height: float = 260) -> Image.Image:
    """Beside a rectangle of this size with nothing in it."""
    frame = [[(150, 60), (150 + width, 62), (150 + width, 60 + height), (151, 60 + height), (150, 60)]]
    return pad(at(40, 150, strokes, 0.8), frame, width=5)


def on_a_line(*digits: Strokes, y: float = 300) -> Image.Image:
    """Digits with their feet at 300, and a line at `y`."""
    line = [[(60, y), (130 + 110 * len(digits), y - 2)]]
    return pad(*(at(90 + 110 * i, 200, strokes) for i, strokes in enumerate(digits)), line, width=6)


def on_dots(*digits: Strokes) -> Image.Image:
    """Digits over a form's line of dots."""
    row = [[(20 + 11.5 * i, 312 + 0.1 * i)] for i in range(40)]
    return pad(*(at(90 + 90 * i, 200, strokes) for i, strokes in enumerate(digits)), row, width=3)


def test_a_column_is_read_from_the_top_down(digits: DigitClassifier) -> None:
    column = [at(200, 20 + 160 * i, strokes) for i, strokes in enumerate([TWO, FOUR, SEVEN])]
    found = digits.read(pad(*column))
    assert text(found) == "247"
    assert found[0].box[3] < found[1].box[1]


def column(gap: float) -> Image.Image:
    """2, 0 and 7 under one another, so far apart."""
    return pad(*(at(200, 30 + (100 + gap) * i, digit) for i, digit in enumerate((TWO, ZERO, SEVEN))), width=7)


@pytest.mark.parametrize("gap", [18, 24])
def test_a_close_column_is_no_broken_digit(digits: DigitClassifier, gap: float) -> None:
    assert text(digits.read(column(gap))) == "207"


def test_two_rows_that_run_uphill_are_read_one_after_the_other(digits: DigitClassifier) -> None:
    first = [at(30 + 140 * i, 90 - 30 * i, strokes) for i, strokes in enumerate([TWO, ZERO, SEVEN])]
    second = [at(30 + 140 * i, 290 - 30 * i, strokes) for i, strokes in enumerate([FOUR, ONE, TWO])]
    assert text(digits.read(pad(*first, *second))) == "207412"


@pytest.mark.parametrize(("line", "grey"), [(1, 140), (2, 0)])
@pytest.mark.parametrize("apart", [0, 12])
def test_form_boxes_are_printed_and_not_digits(digits: DigitClassifier, line: int, grey: int, apart: int) -> None:
    picture = pad(*(at(40 + 150 * i, 200, strokes) for i, strokes in enumerate([TWO, SEVEN, FOUR])), width=8)
    wide = 84 - apart
    boxes = [(8 + 84 * i, 90, 8 + 84 * i + wide, 190) for i in range(3)]
    reading = digits.read_page(with_boxes(picture, boxes, line, grey))
    assert text(reading.digits) == "274"
    assert {mark.kind for mark in reading.marks} == {"box"}


def grid(*rows: list[Strokes], pitch: int = 70, width: float = 8, lines: bool = True) -> Image.Image:
    """A digit in each cell of a printed grid, or without its lines; an empty cell where there are no strokes."""
    picture = Image.new("L", (pitch * len(rows[0]) + 60, pitch * len(rows) + 60), 255)
    pen = ImageDraw.Draw(picture)
    for i in range(len(rows) + 1 if lines else 0):
        pen.line((30, 30 + pitch * i, 30 + pitch * len(rows[0]), 30 + pitch * i), fill=0, width=2)
    for i in range(len(rows[0]) + 1 if lines else 0):
        pen.line((30 + pitch * i, 30, 30 + pitch * i, 30 + pitch * len(rows)), fill=0, width=2)
    for i, row in enumerate(rows):
        for k, strokes in enumerate(row):
            cell = pad(at(0, 0, strokes, 1.0), width=width) if strokes else Image.new("L", (20, 20), 255)
            tight = cell.crop(Image.eval(cell, lambda grey: 255 - grey).getbbox() or (0, 0, 1, 1))
            tight.thumbnail((pitch * 0.6, pitch * 0.6))
            left, top = 30 + pitch * k + (pitch - tight.width) // 2, 30 + pitch * i + (pitch - tight.height) // 2
            picture.paste(tight, (left, top))
    return picture


def drawn_grid(*rows: list[Strokes], lean: float = 3, bend: float = 0) -> Image.Image:
    """A digit in each cell between lines that a hand drew, nearly straight, with nothing around them."""
    down, across, pitch = len(rows), len(rows[0]), 120
    along = np.linspace(0, 1, 30)
    off = lean * (2 * along - 1) + bend * np.sin(2 * np.pi * along)
    lines = [list(zip(20 + pitch * i + off, 20 + pitch * down * along, strict=True)) for i in range(1, across)]
    lines += [list(zip(20 + pitch * across * along, 20 + pitch * i - off, strict=True)) for i in range(1, down)]
    places = [(60 + pitch * k, 45 + pitch * i, strokes) for i, row in enumerate(rows) for k, strokes in enumerate(row)]
    return pad(lines, *(at(x, y, strokes, 0.6) for x, y, strokes in places), width=5)


GRID: list[list[Strokes]] = [[TWO, SEVEN, FOUR], [ONE, ZERO, TWO], [SEVEN, FOUR, ONE]]


@pytest.mark.parametrize("lean", [-4, -1.5, 0, 2.5, 6])  # degrees
@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (GRID, "274102741"),
        ([[TWO, [], FOUR], [[], ZERO, []], [SEVEN, [], []]], "2407"),
        ([[TWO, SEVEN, FOUR, ONE, ZERO, TWO]], "274102"),
    ],
)
def test_a_grid_or_a_row_of_boxes_may_lean(
    digits: DigitClassifier, lean: float, cells: list[list[Strokes]], expected: str
) -> None:
    picture = grid(*cells).rotate(lean, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    reading = digits.read_page(picture)
    assert text(reading.digits) == expected
    assert [mark.kind for mark in reading.marks] == ["box"]


NINE: list[list[Strokes]] = [[[ZERO, ONE, TWO, FOUR, SEVEN][(2 * i + k) % 5] for k in range(9)] for i in range(9)]


@pytest.mark.parametrize("pitch", [36, 50])  # pixels
@pytest.mark.parametrize("lines", [True, False])
def test_a_page_of_eighty_digits_is_read_row_by_row(digits: DigitClassifier, pitch: int, lines: bool) -> None:
    reading = digits.read_page(grid(*NINE, pitch=pitch, lines=lines))
    assert text(reading.digits) == "".join("01247"[(2 * i + k) % 5] for i in range(9) for k in range(9))
    assert [mark.kind for mark in reading.marks] == ["box"] * lines


def test_small_ones_are_no_dotted_pen(digits: DigitClassifier) -> None:
    rows: list[list[Strokes]] = [[ONE, TWO, ONE], [SEVEN, ONE, ZERO], [ONE, FOUR, ONE]]
    assert text(digits.read(grid(*rows, pitch=24, width=20, lines=False))) == "121710141"


def test_a_zero_of_straight_strokes_is_no_box(digits: DigitClassifier) -> None:
    square = [[(0, 0), (60, 0), (60, 100), (0, 100), (0, 0)]]
    eight = [*square, [(0, 50), (60, 50)]]
    for shape in (square, eight):
        reading = digits.read_page(pad(at(200, 200, shape)))
        assert len(reading.digits) == 1
        assert not reading.marks


def test_an_underline_is_printed(digits: DigitClassifier) -> None:
    number = [at(100 + 110 * i, 200, strokes) for i, strokes in enumerate([TWO, FOUR])]
    reading = digits.read_page(pad(*number, [[(80, 325), (300, 322)]]))
    assert text(reading.digits) == "24"
    assert [mark.kind for mark in reading.marks] == ["line"]


def test_a_point_and_a_minus_are_said(digits: DigitClassifier) -> None:
    number = [
        [[(20, 255), (70, 253)]],
        at(110, 200, TWO),
        [[(205, 296), (206, 297)]],
        at(240, 200, SEVEN),
        at(350, 200, ONE),
    ]
    reading = digits.read_page(pad(*number))
    assert reading.text == "-2.71"
    assert [(mark.kind, mark.before) for mark in reading.marks] == [("minus", 0), ("point", 1)]


@pytest.mark.parametrize("gap", [5, 8, 15])
def test_a_point_near_its_digit_is_one(digits: DigitClassifier, gap: float) -> None:
    assert digits.read_page(with_point(gap)).text == "2.7"


def test_the_points_of_a_column_are_no_colons(digits: DigitClassifier) -> None:
    assert digits.read_page(prices()).text == "2.74.07.2"
    assert digits.read_page(pad(at(110, 200, TWO), *COLON, at(240, 200, SEVEN))).text == "27"


COLON = [[[(210, 230), (211, 231)]], [[(210, 280), (211, 281)]]]


def test_an_exponent_is_a_digit_and_a_degree_sign_is_none(digits: DigitClassifier) -> None:
    assert text(digits.read(raised(TWO, 0.5))) == "72"
    assert [text(digits.read(raised(ZERO, size))) for size in (0.15, 0.24, 0.3)] == ["7", "7", "7"]
    assert text(digits.read(raised(TWO, 0.35))) == "72"
    assert text(digits.read(high_exponent())) == "72"


@pytest.mark.parametrize("y", [100, 230, 292])
def test_a_digit_may_be_a_quarter_as_high_as_another(digits: DigitClassifier, y: float) -> None:
    assert digits.read_page(little(SEVEN, y)).text == "27"


def test_of_what_is_much_smaller_a_comma_and_a_degree_sign_are_no_digits(digits: DigitClassifier) -> None:
    assert digits.read_page(with_comma()).text == "2.7"
    assert text(digits.read(little(ZERO, 230))) == "20"
    assert text(digits.read(little(ZERO, 100))) == "2"


@pytest.mark.parametrize(("lean", "bend"), [(0, 0), (3, 0), (-6, 0), (0, 5), (3, -8)])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[TWO, [], SEVEN], [[], FOUR, []], [ZERO, [], TWO]], "27402"),
        ([[[], [], []], [[], SEVEN, []], [[], [], []]], "7"),
        ([[TWO, SEVEN], [FOUR, ZERO], [SEVEN, TWO]], "274072"),
        ([[TWO, SEVEN, FOUR], [ZERO, SEVEN, TWO]], "274072"),
    ],
    ids=["3 by 3", "one digit", "2 by 3", "3 by 2"],
)
def test_what_stands_in_an_open_grid_is_read_without_it(
    digits: DigitClassifier, rows: list[list[Strokes]], expected: str, lean: float, bend: float
) -> None:
    reading = digits.read_page(drawn_grid(*rows, lean=lean, bend=bend))
    assert text(reading.digits) == expected
    assert all(found.prediction.verdict == "sure" for found in reading.digits)
    assert [mark.kind for mark in reading.marks] == ["box"]


def test_a_number_sign_and_digits_of_straight_strokes_are_no_grid() -> None:
    sign = [[(40, 0), (30, 100)], [(80, 0), (70, 100)], [(10, 35), (105, 30)], [(5, 70), (100, 65)]]
    hooked = [[(55, 15), (40, 0), (30, 100)], [(80, 0), (70, 100), (85, 90)], *sign[2:]]
    eight = [[(0, 0), (60, 0), (60, 120), (0, 120), (0, 0)], [(0, 60), (60, 60)]]
    for strokes in (sign, hooked, eight, FOUR):
        sheet = Sheet(inked(pad(at(90, 150, strokes), at(240, 150, SEVEN)))[1])
        assert [mark.kind for mark in sheet.marks] == []
        assert len(sheet.pieces) == 2


def test_six_bars_of_one_height_are_printed_and_fewer_or_uneven_ones_are_digits(digits: DigitClassifier) -> None:
    reading = digits.read_page(barcode(8))
    assert reading.digits == ()
    assert [mark.kind for mark in reading.marks] == ["line"] * 8
    assert text(digits.read(barcode(5))) == "11111"
    assert text(digits.read(barcode(8, 8))) == "11111111"


@pytest.mark.parametrize("paper", [False, True])
def test_bars_are_printed_however_wide_some_of_them_are(digits: DigitClassifier, paper: bool) -> None:
    reading = digits.read_page(wide_barcode(paper))
    assert reading.digits == ()
    assert len(reading.marks) == 8


def photographed_price() -> Image.Image:
    """2.74 in a photograph, the point paler than the digits, for it is hardly larger than the blur."""
    digits = pad(at(150, 200, TWO, 0.55), at(250, 200, SEVEN, 0.55), at(320, 200, FOUR, 0.55), width=3)
    written = np.minimum(np.asarray(digits), np.asarray(pad([[(228, 253), (228.5, 253)]], width=2)))
    blurred = np.asarray(Image.fromarray(written).filter(ImageFilter.GaussianBlur(1)), np.float32)
    grain = np.random.default_rng(0).normal(0, 2, blurred.shape)
    page = (60 + 0.7 * blurred) * np.linspace(0.8, 1, 280) + grain
    return Image.fromarray(page.clip(0, 255).astype(np.uint8))


def test_a_point_that_a_photograph_blurs_is_read(digits: DigitClassifier) -> None:
    assert digits.read_page(photographed_price()).text == "2.74"


def test_what_stands_beside_a_much_higher_digit_is_in_its_row(digits: DigitClassifier) -> None:
    assert text(digits.read(two_rows_of_heights())) == "274072"


def test_two_rows_beside_a_high_one_stay_two() -> None:
    high = Piece((1,), (0, 10, 20, 160))
    small = [Piece((2 + i,), (40 * x, 95 * y, 40 * x + 20, 95 * y + 75)) for i, (x, y) in enumerate(PLACES)]
    assert [p.labels[0] for p in in_rows([high, *small]) if p.labels != (1,)] == [2, 3, 4, 5]


PLACES = [(1, 0), (2, 0), (1, 1), (2, 1)]


def test_a_comb_is_printed(digits: DigitClassifier) -> None:
    reading = digits.read_page(comb(TWO, SEVEN, FOUR))
    assert text(reading.digits) == "274"
    assert [mark.kind for mark in reading.marks] == ["box"]


@pytest.mark.parametrize(("before", "after"), [(15, 45), (30, 30), (45, 15)])
def test_a_dash_may_be_nearer_to_either_digit(digits: DigitClassifier, before: float, after: float) -> None:
    reading = digits.read_page(with_dash(before, after))
    assert reading.text == "2-7"
    assert [(mark.kind, mark.before) for mark in reading.marks] == [("minus", 1)]


@pytest.mark.parametrize(
    ("number", "high"),
    [
        ("27/4/20", 1.0),
        ("2/7/40", 1.3),
        ("2024/7/4", 1.1),
        ("1/12/24", 1.2),
        ("7/20", 1.4),
        ("2/4", 1.4),
        ("7/4/0/2", 1.4),
        ("10/07", 1.9),  # no percent sign
    ],
)
def test_slashes_are_no_ones(digits: DigitClassifier, number: str, high: float) -> None:
    reading = digits.read_page(slashed(number, high))
    assert reading.text == number
    assert {mark.kind for mark in reading.marks} == {"slash"}


@pytest.mark.parametrize("number", ["2141", "214", "27141", "2141721", "141", "41411"])
def test_ones_that_lean_are_no_slashes(digits: DigitClassifier, number: str) -> None:
    reading = digits.read_page(slashed(number, 1.0, LEANING))
    assert (reading.text, reading.marks) == (number, ())


@pytest.mark.parametrize("number", ["7)", "1)", "24)", "(7)", "(40)", "(4)(2)", "7%", "20%"])
def test_brackets_and_percent_signs_are_no_digits(digits: DigitClassifier, number: str) -> None:
    reading = digits.read_page(signed(number))
    assert reading.text == number
    assert {mark.kind for mark in reading.marks} <= {"opening", "closing", "percent"}


@pytest.mark.parametrize("number", ["2+7=4", "4×7", "20+4-7=1", "0×2=0", "7="])
def test_the_signs_of_a_sum_are_read(digits: DigitClassifier, number: str) -> None:
    reading = digits.read_page(signed(number))
    assert reading.text == number
    assert [found.prediction.verdict for found in reading.digits] == ["sure"] * len(reading.digits)


def between(*strokes: Sequence[tuple[float, float]]) -> Image.Image:
    """2 and 7, and these strokes in a square of 60 between them, in the middle of their height."""
    return pad(
        at(60, 180, TWO, 0.8), at(160, 196, [[*stroke] for stroke in strokes]), at(245, 180, SEVEN, 0.8), width=5
    )


TOUCHING_EQUALS = [(0, 18), (50, 16), (58, 20), (58, 32), (50, 36), (2, 35)]
NO_SIGNS = {
    "three bars": ([(0, 0), (50, 0)], [(0, 27), (50, 27)], [(0, 54), (50, 54)]),
    "two bars and one further down": ([(0, 0), (50, 0)], [(0, 18), (50, 18)], [(0, 62), (50, 62)]),
    "a flat <": ([(60, 15), (0, 30), (60, 45)],),
    "a flat >": ([(0, 15), (60, 30), (0, 45)],),
    "a flat 0": ([(14, 14), (2, 14), (0, 24), (10, 34), (60, 34), (66, 22), (58, 12), (40, 10)],),
    "a colon of dashes": ([(16, 6), (38, 6)], [(16, 48), (38, 48)]),
    "a Z": ([(0, 10), (60, 10), (0, 50), (60, 50)],),
    "a K": ([(12, 5), (12, 55)], [(48, 5), (12, 30), (48, 55)]),
    "an H": ([(10, 5), (10, 55)], [(50, 5), (50, 55)], [(10, 30), (50, 30)]),
    "a plus over a bar": ([(10, 15), (50, 15)], [(30, 0), (30, 30)], [(10, 45), (50, 45)]),
    "a plus that leans": ([(4, 20), (56, 40)], [(40, 4), (20, 56)]),
}


@pytest.mark.parametrize("strokes", NO_SIGNS.values(), ids=NO_SIGNS)
def test_what_is_like_a_sign_is_none(strokes: Sequence[Sequence[tuple[float, float]]]) -> None:
    kinds = {mark.kind for mark in Sheet(255 - np.asarray(between(*strokes))).marks}
    assert kinds.isdisjoint({"plus", "times", "equals"})


def test_a_digit_may_reach_over_a_sign_beside_it() -> None:
    seven = [[(205, 190), (290, 190), (262, 280)]]  # its bar begins over the plus
    plus = [[(165, 240), (215, 240)], [(190, 215), (190, 265)]]
    marks = Sheet(255 - np.asarray(pad(at(60, 180, TWO, 0.8), plus, seven, width=5))).marks
    assert [mark.kind for mark in marks] == ["plus"]


@pytest.mark.parametrize("count", [6, 7])
def test_where_many_pieces_are_small_none_is_a_point(count: int) -> None:
    labels = np.zeros((60, 200), int)
    labels[5:45, 5:25] = 1
    for i in range(count):
        labels[40:44, 30 + 10 * i : 34 + 10 * i] = i + 2
    box = np.array([[0] * 4, [5, 45, 5, 25], *([40, 44, 30 + 10 * i, 34 + 10 * i] for i in range(count))])
    found = paper._points(labels, 0.7 * (labels > 0), np.ones(count + 2, bool), box, size=40, dark=1)
    assert np.flatnonzero(found).tolist() == ([*range(2, 8)] if count == 6 else [])


def test_bars_that_touch_are_an_equals_sign_too(digits: DigitClassifier) -> None:
    assert digits.read_page(between(TOUCHING_EQUALS)).text == "2=7"


def test_a_sign_of_a_sum_stands_beside_digits_that_are_higher() -> None:
    for number in ("×7", "2+", "=7"):
        assert Sheet(255 - np.asarray(signed(number))).marks == ()
    high = between([(8, -12), (52, 60)], [(52, -12), (8, 60)])  # as an X in a word
    assert Sheet(255 - np.asarray(high)).marks == ()
    assert Sheet(255 - np.asarray(between([(8, 0), (52, 60)], [(52, 0), (8, 60)]))).marks


def test_two_minuses_over_one_another_are_no_equals_sign(digits: DigitClassifier) -> None:
    bracket, minuses = [[(120, 60), (122, 330)]], [[(150, float(y)), (200, float(y))] for y in (120, 270)]
    column = pad(bracket, minuses, at(215, 80, TWO, 0.8), at(215, 230, SEVEN, 0.8), width=5)
    assert "equals" not in {mark.kind for mark in digits.read_page(column).marks}


@pytest.mark.parametrize(
    ("degrees", "kind"),
    [(0, "plus"), (-12, "plus"), (14, "plus"), (20, None), (31, "times"), (45, "times"), (-40, "times")],
)
def test_a_cross_is_told_by_how_it_leans(degrees: float, kind: str | None) -> None:
    turns = np.radians(degrees + np.array([0, 90, 180, 270]))
    along = np.linspace(0, 40, 81)[:, None]
    x, y = (np.round(along * part).ravel() for part in (np.cos(turns), np.sin(turns)))
    assert cross_of((x, y)) == kind


def test_a_bow_is_a_bracket_beside_a_digit_alone() -> None:
    for number in (")", "(", "(7", "2(4", ")7"):
        assert Sheet(255 - np.asarray(signed(number))).marks == ()
    assert Sheet(255 - np.asarray(signed("71)", bow=4))).marks == ()  # a straight 1 at its end


def word() -> Image.Image:
    """27, and in a word of its own a 0 between an H and an M."""
    h = [[(0, 0), (0, 100)], [(60, 0), (60, 100)], [(0, 50), (60, 50)]]
    m = [[(0, 100), (5, 0), (35, 60), (65, 0), (70, 100)]]
    signs = zip((20, 75, 220, 280, 340), (TWO, SEVEN, h, ZERO, m), strict=True)
    return pad(*(at(x, 200, sign, 0.7) for x, sign in signs), width=6)


def comparison() -> Image.Image:
    """2 < 7 > 4, its signs in the middle of the digits' height."""
    less, greater = [[(60, 20), (0, 50), (60, 80)]], [[(0, 20), (60, 50), (0, 80)]]
    signs = zip((20, 115, 190, 270, 345), (TWO, less, SEVEN, greater, FOUR), strict=True)
    return pad(*(at(x, 200, sign, 0.7) for x, sign in signs), width=6)


def test_a_high_one_that_leans_far_from_others_is_no_slash(digits: DigitClassifier) -> None:
    reading = digits.read_page(
        pad(at(60, 210, TWO, 0.7), [[(255, 200), (230, 300)]], at(400, 210, SEVEN, 0.7), width=6)
    )
    assert (reading.text, reading.marks) == ("217", ())


def test_no_letter_of_a_word_is_surely_a_digit(digits: DigitClassifier) -> None:
    two, seven, h, o, m = digits.read(word())
    assert [f.prediction.verdict for f in (two, seven, h, m)] == ["sure", "sure", "not_digit", "not_digit"]
    assert (o.prediction.label, o.prediction.verdict, o.among_letters) == ("0", "unsure", True)
    assert o.prediction.confidence > 0.9
    assert o.without_doubt().prediction.verdict == "sure"


def test_signs_that_are_not_known_are_no_letters(digits: DigitClassifier) -> None:
    found = digits.read(comparison())
    assert [f.prediction.label for f in found if f.prediction.verdict == "sure"] == ["2", "7", "4"]
    assert not any(f.among_letters for f in found)


def test_a_broken_digit_stands_in_one_row_beside_another() -> None:
    pieces = Sheet(255 - np.asarray(broken_one())).pieces
    assert [piece.row for piece in pieces] == [0] * 5
    middles = [piece.box[0] + piece.box[2] for piece in pieces]
    assert max(middles[:3]) < min(middles[3:])


def ringed_number(apart: float) -> Image.Image:
    """7 and 0 in one ring; the bar of the 7 begins so far from the ring's left side."""
    turn = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([250 + 130 * np.cos(turn), 250 + 95 * np.sin(turn)], axis=1)
    seven = [(120 + apart, 240), (222, 232), (200, 270), (182, 305)]
    return pad([seven], at(240, 200, ZERO, 0.8), [[(float(x), float(y)) for x, y in ring]], width=6)


def test_a_digit_that_touches_its_ring_does_not_go_with_it(digits: DigitClassifier) -> None:
    assert digits.read_page(ringed_number(40)).text == "70"
    touching = digits.read_page(ringed_number(0))
    assert [found.prediction.verdict for found in touching.digits] == ["unsure", "sure"]
    assert not touching.marks
    assert holding([Piece((1,), (0, 0, 90, 90)), Piece((2,), (20, 20, 50, 80))]) == [True, False]


def test_a_ring_with_ink_in_its_inside_is_none() -> None:
    ring = np.zeros((40, 60), bool)
    ring[:2] = ring[-2:] = ring[:, :2] = ring[:, -2:] = True
    assert not is_crossed(ring)
    ring[8:32, 20:23] = True  # a 1
    assert is_crossed(ring)


def test_a_ring_around_a_digit_is_left_out(digits: DigitClassifier) -> None:
    for strokes, label in ((TWO, "2"), (SEVEN, "7"), (ZERO, "0")):
        reading = digits.read_page(ringed(strokes))
        assert text(reading.digits) == label
        assert [mark.kind for mark in reading.marks] == ["ring"]


@pytest.mark.parametrize("gap", [20, 40])
def test_a_ring_may_be_open(digits: DigitClassifier, gap: float) -> None:
    reading = digits.read_page(ringed(TWO, gap=gap))
    assert text(reading.digits) == "2"
    assert [mark.kind for mark in reading.marks] == ["ring"]


def test_a_ring_around_two_digits_may_be_open_over_one(digits: DigitClassifier) -> None:
    turn = np.radians(-65 + np.linspace(20, 340, 60))
    ring = np.stack([222 + 170 * np.cos(turn), 252 + 100 * np.sin(turn)], axis=1)
    number = at(140, 205, TWO, 0.9), at(240, 200, SEVEN)
    reading = digits.read_page(pad(*number, [[(float(x), float(y)) for x, y in ring]], width=6))
    assert text(reading.digits) == "27"
    assert [mark.kind for mark in reading.marks] == ["ring"]


@pytest.mark.parametrize("gap", [0, 75, 105])
def test_a_ring_among_others_may_be_wide_open(digits: DigitClassifier, gap: float) -> None:
    reading = digits.read_page(rings(gap))
    assert text(reading.digits) == "274"
    assert [mark.kind for mark in reading.marks] == ["ring"] * 3


def test_a_line_between_columns_is_no_one(digits: DigitClassifier) -> None:
    reading = digits.read_page(columns())
    assert text(reading.digits) == "247120"
    assert [mark.kind for mark in reading.marks] == ["line"]


def test_a_high_one_between_small_digits_is_no_line(digits: DigitClassifier) -> None:
    small = at(100, 310, TWO, 0.9), at(300, 310, SEVEN, 0.9)
    reading = digits.read_page(pad(*small, at(190, 200, ONE, 2), width=6))
    assert (text(reading.digits), reading.marks) == ("217", ())
    fraction = at(260, 60, TWO, 1.2), at(260, 240, SEVEN, 1.2)
    assert not Sheet(255 - np.asarray(pad(*fraction, at(140, 60, ONE, 3), width=6))).marks


def test_an_empty_frame_beside_a_number_is_none(digits: DigitClassifier) -> None:
    reading = digits.read_page(framed(TWO))
    assert text(reading.digits) == "2"
    assert [mark.kind for mark in reading.marks] == ["box"]


def test_a_large_zero_of_straight_strokes_is_no_frame() -> None:
    assert not Sheet(255 - np.asarray(framed(TWO, 170, 260))).marks
    assert not Sheet(255 - np.asarray(framed(TWO, 120, 110))).marks


def test_a_square_in_a_drawing_to_learn_from_is_kept() -> None:
    assert len(separate_drawings(framed(TWO), 30)) == 2


@pytest.mark.parametrize("y", [302, 305])
def test_an_underline_may_touch_the_feet(digits: DigitClassifier, y: float) -> None:
    reading = digits.read_page(on_a_line(FOUR, ONE, SEVEN, y=y))
    assert text(reading.digits) == "417"
    assert [mark.kind for mark in reading.marks] == ["line"]


@pytest.mark.parametrize(
    "strokes",
    [
        [[(10, 30), (30, 3), (60, 3), (75, 30), (5, 98), (150, 98)]],  # a 2 with a long foot
        [[(0, 98), (80, 0), (160, 98), (0, 98)]],
        [[(0, 60), (160, 60)], [(0, 98), (160, 98)], [(20, 60), (20, 98)]],
    ],
)
def test_a_flat_foot_is_no_underline(strokes: Strokes) -> None:
    assert not Sheet(255 - np.asarray(pad(at(100, 200, strokes), width=6))).marks


def test_a_line_of_dots_is_printed(digits: DigitClassifier) -> None:
    reading = digits.read_page(on_dots(TWO, ONE, SEVEN))
    assert text(reading.digits) == "217"
    assert [mark.kind for mark in reading.marks] == ["line"]


def test_the_dots_of_a_digit_are_no_line() -> None:
    for strokes in (ONE, SEVEN, FOUR):
        large = at(120, 100, [[(3 * x, 3 * y) for x, y in stroke] for stroke in strokes])
        sheet = Sheet(255 - np.asarray(pad(dots(large, 22), at(400, 120, ONE, 2.5), width=7)))
        assert (len(sheet.pieces), sheet.marks) == (2, ())


@pytest.mark.parametrize(
    ("inside", "width"), [([[(30, 50), (31, 51)]], 170), ([[(48, 28), (8, 68)]], 170), ([[(40, 15), (22, 85)]], 105)]
)
def test_a_zero_with_a_dot_or_a_slash_in_it_has_no_ring(inside: Strokes, width: float) -> None:
    assert not Sheet(255 - np.asarray(ringed(inside, width))).marks


def test_a_ring_in_a_drawing_to_learn_from_is_kept() -> None:
    (found,) = separate_drawings(ringed(TWO), 30)
    assert (found > 0).sum() > 1.3 * (separate_drawings(pad(at(200, 200, TWO), width=6), 30)[0] > 0).sum()


def test_dots_along_a_stroke_are_one_digit(digits: DigitClassifier) -> None:
    for strokes, label in ((TWO, "2"), (SEVEN, "7")):
        large = at(120, 100, [[(3 * x, 3 * y) for x, y in stroke] for stroke in strokes])
        found = digits.read(pad(dots(large, 26), width=9))
        assert text(found) == label == digits.predict(pad(dots(large, 26), width=9)).label


def test_eight_strokes_in_a_row_are_no_dots(digits: DigitClassifier) -> None:
    assert text(digits.read(pad(*(at(40 + 50 * i, 200, ONE) for i in range(8)), width=9))) == "1" * 8


def test_a_stroke_with_a_gap_is_one_digit_and_two_far_apart_are_two(digits: DigitClassifier) -> None:
    halves = [[(250, 100), (250, 230)], [(250, 262), (250, 390)]]
    assert text(digits.read(pad(halves, width=10))) == "1"
    column = [[(250, 60), (250, 180)], [(250, 260), (250, 380)]]
    assert text(digits.read(pad(column, width=10))) == "11"


# --------------------------------------------------------------------------------------------------
# The same on photographed paper


def photographed(picture: Image.Image, noise: float = 3.0) -> Image.Image:
    """Dark ink on light paper, under light that falls off by a quarter from one side to the other."""
    page = 50 + np.asarray(picture, np.float32) / 255 * 175
    page = page * np.linspace(1, 0.75, page.shape[1]) + np.random.default_rng(0).normal(0, noise, page.shape)
    return Image.fromarray(page.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("gap", [15, 25, 40, 60])
def test_a_row_on_paper_is_read_at_any_distance(digits: DigitClassifier, gap: int) -> None:
    row = [at(40 + (65 + gap) * i, 200, strokes) for i, strokes in enumerate([TWO, ZERO, SEVEN, FOUR])]
    lines = [[(x / 1.25, y / 1.25) for x, y in stroke] for strokes in row for stroke in strokes]
    assert text(digits.read(photographed(render(lines, 12, 500)))) == "2074"


@pytest.mark.parametrize("apart", [100, 250, 400])  # of 500 pixels; the digits are 48 high
def test_numbers_far_apart_on_paper_are_both_read(digits: DigitClassifier, apart: int) -> None:
    page = Image.new("L", (500, 500), 255)
    for i, strokes in enumerate([TWO, ZERO, SEVEN, FOUR]):
        one = render(at(0, 0, strokes), 14, 240).crop((0, 0, 48, 54))
        page.paste(one, (30 + 50 * (i % 2) + apart * (i // 2) * 3 // 4, 30 + apart * (i // 2)))
    assert text(digits.read(photographed(page))) == "2074"


def test_the_thicker_lines_of_a_grid_on_paper_are_printed_too(digits: DigitClassifier) -> None:
    sparse = [[strokes if (i + k) % 3 == 0 else [] for k, strokes in enumerate(row)] for i, row in enumerate(NINE)]
    page = grid(*sparse, pitch=50)
    for i in (0, 3, 6, 9):
        ImageDraw.Draw(page).line((30 + 50 * i, 30, 30 + 50 * i, 480), fill=0, width=6)
        ImageDraw.Draw(page).line((30, 30 + 50 * i, 480, 30 + 50 * i), fill=0, width=6)
    close = photographed(page.crop((24, 24, 486, 486)))
    expected = "".join("01247"[(2 * i + k) % 5] for i in range(9) for k in range(9) if (i + k) % 3 == 0)
    assert text(digits.read(close)) == expected


@pytest.mark.parametrize("lean", [0, 2, -3])  # degrees
@pytest.mark.parametrize("paper", [False, True])
def test_small_digits_in_a_grid_are_looked_at_closely(digits: DigitClassifier, paper: bool, lean: float) -> None:
    sparse = [[strokes if (i + k) % 3 == 0 else [] for k, strokes in enumerate(row)] for i, row in enumerate(NINE)]
    page = grid(*sparse, pitch=51, width=5)  # 519 pixels: at half the size digits are 15 high
    for i in (0, 3, 6, 9):
        ImageDraw.Draw(page).line((30 + 51 * i, 30, 30 + 51 * i, 489), fill=0, width=4)
        ImageDraw.Draw(page).line((30, 30 + 51 * i, 489, 30 + 51 * i), fill=0, width=4)
    page = page.rotate(lean, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    expected = "".join("01247"[(2 * i + k) % 5] for i in range(9) for k in range(9) if (i + k) % 3 == 0)
    assert text(digits.read(photographed(page) if paper else page)) == expected


def test_small_print_on_large_paper_is_looked_at_closely(digits: DigitClassifier) -> None:
    page = Image.new("L", (1500, 2000), 255)
    for i, strokes in enumerate([TWO, ZERO, SEVEN]):
        one = render(at(14, 14, strokes), 8, 240).crop((0, 0, 50, 62)).resize((40, 50), Image.Resampling.BICUBIC)
        page.paste(one, (900 + 44 * i, 700))  # ten pixels high at the first look
    assert text(digits.read(photographed(page, noise=1))) == "207"


def test_prices_on_a_receipt_keep_their_points(digits: DigitClassifier) -> None:
    page = Image.new("L", (500, 700), 255)
    page.paste(prices().resize((180, 180), Image.Resampling.BICUBIC), (290, 60))  # digits of 36 pixels
    page.paste(prices().resize((180, 180), Image.Resampling.BICUBIC), (290, 400))
    assert digits.read_page(photographed(page)).text == 2 * "2.74.07.2"


def test_two_rows_and_form_boxes_on_paper(digits: DigitClassifier) -> None:
    rows = [at(60 + 130 * (i % 3), 60 + 170 * (i // 3), s) for i, s in enumerate([TWO, ZERO, SEVEN, FOUR, ONE, TWO])]
    page = render([stroke for strokes in rows for stroke in strokes], 12, 500)
    assert text(digits.read(photographed(page))) == "207412"
    row = [at(60 + 130 * i, 200, strokes) for i, strokes in enumerate([TWO, ZERO, SEVEN])]
    page = render([stroke for strokes in row for stroke in strokes], 12, 500)
    boxes = [(35 + 130 * i, 170, 35 + 130 * i + 115, 330) for i in range(3)]
    reading = digits.read_page(photographed(with_boxes(page, boxes, 2, 100)))
    assert text(reading.digits) == "207"


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_a_digit_on_paper_may_touch_the_border(digits: DigitClassifier, side: str) -> None:
    large = [[(3 * x, 3 * y) for x, y in stroke] for stroke in TWO]
    x, y = {"left": (-10, 100), "top": (150, 0), "right": (318, 100), "bottom": (150, 203)}[side]
    found = digits.read(photographed(render(at(x, y, large), 16)))
    assert text(found) == "2"


def test_digits_on_paper_may_touch_several_borders(digits: DigitClassifier) -> None:
    row = [stroke for i, strokes in enumerate([ZERO, FOUR, TWO]) for stroke in at(4 + 250 * i, 4, strokes, 2.3)]
    page = photographed(render([[(x / 2, y / 2) for x, y in stroke] for stroke in row], 8, 800))
    assert text(digits.read(page.crop((5, 4, 520, 186)))) == "042"


def test_a_stem_from_edge_to_edge_of_a_low_picture_is_no_printed_line(digits: DigitClassifier) -> None:
    row = [stroke for i, strokes in enumerate([TWO, ONE, FOUR]) for stroke in at(40 + 220 * i, 3, strokes, 2.2)]
    page = photographed(render([[(x / 2, y / 2) for x, y in stroke] for stroke in row], 9, 800))
    assert text(digits.read(page.crop((0, 3, 560, 182)))) == "214"


@pytest.mark.parametrize("width", [10, 30])
def test_a_one_as_high_as_the_paper_is_no_printed_line(digits: DigitClassifier, width: int) -> None:
    picture = render([[(250, 10), (246, 250), (240, 490)]], width)
    found = digits.read(photographed(picture))
    assert text(found) == "1"
