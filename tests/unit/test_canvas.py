"""What stands round a drawing is not written: lines, bars, a scan's edges, the page that a photograph was pasted on."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from lenet.data.strokes import render
from lenet.inference.digits import DigitClassifier
from lenet.preprocessing.canvas import canvas
from lenet.preprocessing.digits import digit, inked
from lenet.preprocessing.images import open_picture
from lenet.preprocessing.ink import evened, extract, to_grey
from lenet.preprocessing.normalization import InputFormat
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


def rounded(radius: int, pad_grey: int, page_grey: int = 255, margin: int = 50) -> np.ndarray:
    """A pad with round corners on a page, and a 2 on it that is as light as the page, or black."""
    size = 280 + 2 * margin
    page = Image.new("L", (size, size), page_grey)
    corners = (margin, margin, size - margin - 1, size - margin - 1)
    ImageDraw.Draw(page).rounded_rectangle(corners, radius=radius, fill=pad_grey)
    ink = 0 if pad_grey > 128 else 255
    written = np.pad((255 - PICTURE) / 255, margin)
    return (np.asarray(page) * (1 - written) + ink * written).round().astype(np.uint8)


@pytest.mark.parametrize("radius", [0, 8, 30, 60, 90])
@pytest.mark.parametrize(("pad_grey", "page_grey"), [(20, 255), (82, 250), (225, 255), (40, 200)])
def test_a_pad_may_have_round_corners(digits: DigitClassifier, radius: int, pad_grey: int, page_grey: int) -> None:
    found = digits.read(rounded(radius, pad_grey, page_grey))
    assert text(found) == "2"
    assert found[0].prediction.verdict == "sure"


@pytest.mark.parametrize("digit", ["0", "8", "6", "1"])
@pytest.mark.parametrize("width", [60, 90])
def test_a_digit_of_a_brush_that_nearly_fills_it_is_no_pad(digit: str, width: int) -> None:
    loops = {
        "0": [[(200 + 80 * np.cos(t), 200 + 120 * np.sin(t)) for t in np.linspace(0, 6.3, 40)]],
        "8": [[(200 + 70 * np.sin(2 * t), 200 + 120 * np.cos(t)) for t in np.linspace(0, 6.3, 60)]],
        "6": [[(240, 80), (150, 200), (150, 300), (200, 330), (260, 290), (230, 220), (150, 250)]],
        "1": [[(200, 80), (200, 320)]],
    }
    picture = np.asarray(pad(loops[digit], width=width))
    assert picture[canvas(picture)].shape == picture.shape


@pytest.mark.parametrize("factor", [8, 10, 16])
@pytest.mark.parametrize("soft", [Image.Resampling.BICUBIC, Image.Resampling.BILINEAR])
@pytest.mark.parametrize("width", [3, 4, 6])
def test_a_1_that_was_enlarged_is_no_pad(factor: int, soft: Image.Resampling, width: int) -> None:
    one = Image.new("L", (28, 28), 0)
    ImageDraw.Draw(one).rectangle((12, 4, 11 + width, 23), fill=254)
    picture = np.asarray(one.resize((28 * factor, 28 * factor), soft))
    assert picture[canvas(picture)].shape == picture.shape


def test_a_bold_8_with_round_corners_is_no_pad(digits: DigitClassifier) -> None:
    eight = Image.new("L", (400, 400), 255)
    pen = ImageDraw.Draw(eight)
    pen.rounded_rectangle((100, 60, 300, 340), 50, fill=0)
    for top in (105, 225):
        pen.rounded_rectangle((160, top, 240, top + 70), 25, fill=255)
    assert text(digits.read(eight)) == "8"


def test_a_digit_near_the_side_of_a_round_pad_is_not_cut_off(digits: DigitClassifier) -> None:
    page = Image.new("L", (440, 440), 255)
    pen = ImageDraw.Draw(page)
    pen.rounded_rectangle((50, 50, 389, 389), 90, fill=20)
    pen.line((64, 150, 64, 290), fill=255, width=10)
    pen.line([(180, 130), (280, 130), (220, 300)], fill=255, width=10)
    assert [f.prediction.verdict for f in digits.read(page)] != ["sure"]  # 17, or a doubt, but not 7


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


# --------------------------------------------------------------------------------------------------
# Colours and files


@pytest.mark.parametrize(
    ("ink", "ground"),
    [((205, 60, 60), (60, 120, 60)), ((255, 130, 170), (167, 167, 167)), ((230, 120, 30), (90, 150, 255))],
    ids=["red on green", "pink on grey", "orange on blue"],
)
def test_ink_as_bright_as_its_ground_is_told_by_its_colour(
    digits: DigitClassifier, ink: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    covered = (255 - PICTURE[:, :, None]) / 255
    picture = (covered * np.array(ink) + (1 - covered) * np.array(ground)).round().astype(np.uint8)
    found = digits.read(picture)
    assert text(found) == "2"
    assert found[0].prediction.verdict == "sure"


@pytest.mark.parametrize("pale", [(250, 200, 30), (255, 230, 60), (255, 180, 200), (160, 220, 250)])
def test_a_pale_pen_beside_a_dark_one_is_read_too(digits: DigitClassifier, pale: tuple[int, int, int]) -> None:
    covered = (255 - PICTURE[:, :, None]) / 255
    both = np.concatenate([255 - covered * (255 - np.array(colour)) for colour in ((0, 0, 0), pale)], axis=1)
    found = digits.read(both.round().astype(np.uint8))
    assert text(found) == "22"
    assert {f.prediction.verdict for f in found} == {"sure"}


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("under", [(60, 60, 250, 250), (90, 205, 230, 235)])  # all of the digit, or its foot
@pytest.mark.parametrize("highlighter", [(255, 240, 60), (120, 240, 120), (255, 150, 200)])
def test_a_highlighter_in_a_drawing_is_no_ink(
    digits: DigitClassifier, highlighter: tuple[int, int, int], under: tuple[int, int, int, int], quality: int | None
) -> None:
    covered = np.tile((255 - PICTURE[:, :, None]) / 255, (1, 2, 1))
    drawn = Image.new("RGB", covered.shape[1::-1], "white")
    ImageDraw.Draw(drawn).rectangle(under, fill=highlighter)
    found = digits.read(as_file(np.asarray(drawn) * (1 - covered), quality))
    assert text(found) == "22"
    assert {f.prediction.verdict for f in found} == {"sure"}


SMALL_TEXT = [[(100 + 30 * i, 250), (110 + 30 * i, 250), (105 + 30 * i, 270)] for i in range(14)]
MARKERS = {
    "2 across small text": (SMALL_TEXT, [(220, 158), (268, 110), (348, 126), (364, 190), (220, 390), (396, 390)], 12),
    "0 around a black mark": (
        [[(280, 200), (340, 200), (300, 300)]],
        [(310 + 75 * np.cos(t), 250 + 145 * np.sin(t)) for t in np.arange(0, 7, 0.1)],
        10,
    ),
    "1 across a black stroke": ([[(250, 120), (390, 330)]], [(320, 110), (318, 390)], 24),
}


@pytest.mark.parametrize("colour", [(240, 130, 30), (150, 210, 60), (60, 160, 235), (240, 100, 160)])
@pytest.mark.parametrize("name", MARKERS)
def test_a_markers_digit_across_other_ink_is_no_patch(
    digits: DigitClassifier, name: str, colour: tuple[int, int, int]
) -> None:
    others, stroke, width = MARKERS[name]
    page = Image.new("RGB", (640, 480), (225, 223, 218))
    pen = ImageDraw.Draw(page)
    for other in others:
        pen.line(other, fill=(35, 35, 45), width=5)
    pen.line(stroke, fill=colour, width=width, joint="curve")
    light = np.linspace(1, 0.8, 640)[None, :, None]
    seen = np.asarray(page.filter(ImageFilter.GaussianBlur(1))) * light
    seen = seen + np.random.default_rng(0).normal(0, 3, seen.shape)
    assert text(digits.read(seen.clip(0, 255).astype(np.uint8))) == name[0]


def test_a_coloured_thing_beside_what_is_written_on_paper_is_no_pen(digits: DigitClassifier) -> None:
    rng = np.random.default_rng(3)
    scene = Image.new("RGB", (500, 420), (238, 237, 234))
    ImageDraw.Draw(scene).rounded_rectangle((60, 330, 160, 390), 12, fill=(250, 230, 90))
    covered = np.pad((255 - PICTURE[:, :, None]) / 255, ((10, 130), (100, 120), (0, 0)))
    photo = np.asarray(scene) * (1 - 0.85 * covered) + rng.normal(0, 2, covered.shape)
    image = as_file(photo, 92)
    assert np.array_equal(to_grey(image), np.asarray(image.convert("L")))
    assert text(digits.read(image)) == "2"


def as_file(pixels: np.ndarray, quality: int | None) -> Image.Image:
    """A picture in colour (H, W, 3), as a JPEG of this quality or without loss."""
    image = Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
    if quality is None:
        return image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 150, 60), (220, 30, 40), (30, 90, 220)])
def test_one_pen_is_told_by_its_brightness(colour: tuple[int, int, int], quality: int | None) -> None:
    covered = (255 - PICTURE[:, :, None]) / 255
    image = as_file(255 - covered * (255 - np.array(colour)), quality)
    assert np.array_equal(to_grey(image), np.asarray(image.convert("L")))


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_few_bits_in_a_16_bit_file_fill_the_range(digits: DigitClassifier, bits: int) -> None:
    white = 2**bits - 1
    deep = Image.fromarray((PICTURE.astype(np.uint32) * white // 255).astype(np.uint16))
    assert np.ptp(np.asarray(open_picture(deep))) >= 254
    assert text(digits.read(deep)) == "2"


def test_a_pen_of_one_pixel_on_a_large_picture(digits: DigitClassifier) -> None:
    picture = Image.new("L", (1000, 1000), 255)
    for stroke in TWO:
        ImageDraw.Draw(picture).line([(100 + 8 * x, 100 + 8 * y) for x, y in stroke], fill=0)
    assert text(digits.read(picture)) == "2"


def test_specks_far_apart_are_still_no_digit() -> None:
    picture = np.full((600, 600), 255, np.uint8)
    picture[[20, 300, 580], [40, 500, 60]] = 0
    assert digit(picture, InputFormat(28)).blank


# --------------------------------------------------------------------------------------------------
# Strokes that fade


@pytest.mark.parametrize("width", [2, 6, 14, 40])
def test_even_ink_keeps_its_bits(width: int) -> None:
    for strokes in (TWO, FOUR, SEVEN, FIVE):
        rough = pad(at(150, 150, strokes), width=width)
        smooth = render([[(x, y) for x, y in stroke] for stroke in at(150, 150, strokes)], 2 * width, 560).reduce(2)
        for picture in (rough, smooth):
            ink, _ = extract(np.asarray(picture))
            assert np.array_equal(evened(ink), ink)


@pytest.mark.parametrize("share", [0.3, 0.2])
def test_a_stroke_that_fades_is_read_as_a_whole(digits: DigitClassifier, share: float) -> None:
    fading = 1 - (1 - share) * np.arange(280)[:, None] / 280
    found = digits.read((255 - (255 - PICTURE) * fading).round().astype(np.uint8))
    assert text(found) == "2"
    assert found[0].prediction.verdict == "sure"
    (whole,) = digits.read(PICTURE)
    assert found[0].box == pytest.approx(whole.box, abs=0.02)


@pytest.mark.parametrize("turn", range(4))
def test_paper_beside_a_desk_is_no_bar(turn: int) -> None:
    page = np.full((300, 300), 205, np.uint8)
    page[:, 262:] = np.random.default_rng(0).normal(110, 40, (300, 38)).clip(0, 255)  # wood: not one grey
    page[90:210, 100:112] = 40  # what is written
    turned = np.rot90(page, turn)
    assert (turned[canvas(turned)] == 40).sum() >= 120 * 12


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("across", [0.1, 0.25, 0.4])  # of the light is lost from one side to the other
def test_paper_in_uneven_light_has_no_bar(turns: int, across: float) -> None:
    rng = np.random.default_rng(turns)
    for shape in ((120, 400), (240, 600), (300, 300)):
        light = np.linspace(1, 1 - across, shape[0])[:, None] * np.ones(shape)
        grey = np.rot90(230 * light + rng.normal(0, 2, shape), turns).clip(0, 255).astype(np.uint8)
        height, width = grey.shape
        grey[height // 3 : height // 2, width // 3 : width // 3 + 8] = 40
        assert canvas(grey) == (slice(0, height), slice(0, width))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("shade", [0.8, 0.5])  # of the light is left
@pytest.mark.parametrize("soft", [0, 6])  # pixels
def test_paper_half_in_shade_keeps_what_is_written_there(turns: int, shade: float, soft: int) -> None:
    page = np.full((300, 400), 235.0)
    for left in (60, 300):
        page[90:210, left : left + 10] = page[90:100, left : left + 60] = 40
    light = np.interp(np.arange(400), (240, 241 + soft), (1, shade))
    page = page * light + np.random.default_rng(turns).normal(0, 2, page.shape)
    grey = np.rot90(page.clip(0, 255).astype(np.uint8), turns)
    assert grey[canvas(grey)].shape == grey.shape


def test_a_stroke_that_crosses_into_the_shade_is_not_cut() -> None:
    page = np.full((300, 400), 235.0)
    page[140:152, 100:320] = 40
    page[:, 240:] *= 0.7
    assert page[canvas(page.astype(np.uint8))].shape == page.shape


@pytest.mark.parametrize("bar", [40, 200, 222])
def test_a_bar_with_a_title_and_buttons_is_cut(bar: int) -> None:
    shot = Image.fromarray(padded((40, 0), (0, 0), bar))
    pen = ImageDraw.Draw(shot)
    pen.text((130, 12), "drawing", fill=0 if bar > 128 else 255)
    for left in (10, 34, 58):
        pen.ellipse((left, 12, left + 16, 28), fill=10)
    assert canvas(np.asarray(shot)) == (slice(40, 320), slice(0, 280))


@pytest.mark.parametrize("side", range(4))
def test_a_bar_full_of_round_buttons_is_cut(side: int) -> None:
    shot = Image.fromarray(padded((0, 60), (0, 0), 240))
    for i, grey in enumerate((90, 130, 120, 200, 30)):
        ImageDraw.Draw(shot).ellipse((14 + 54 * i, 294, 46 + 54 * i, 326), fill=grey)
    picture = np.rot90(np.asarray(shot), side)
    assert picture[canvas(picture)].shape == (280, 280)


@pytest.mark.parametrize("ground", [255, 20])
@pytest.mark.parametrize("step", [3, 8, 12])  # between the bar's grey and the page's
@pytest.mark.parametrize("mixed", [False, True])  # the picture was shrunk: one row is half of either
def test_a_bar_nearly_as_bright_as_the_page_is_cut(ground: int, step: int, mixed: bool) -> None:
    bar = ground - step if ground > 128 else ground + step
    page = np.minimum(PICTURE, ground) if ground > 128 else np.maximum(255 - PICTURE, ground)
    picture = padded((40, 0), (0, 0), bar, page)
    if mixed:
        picture[39] = (bar + ground) // 2
    shot = Image.fromarray(picture)
    pen = ImageDraw.Draw(shot)
    pen.text((130, 12), "drawing", fill=60 if ground > 128 else 200)
    pen.ellipse((10, 12, 26, 28), fill=120)
    rows, columns = canvas(np.asarray(shot))
    assert (rows.stop, columns) == (320, slice(0, 280))
    assert rows.start in (39, 40)  # the mixture may be the page's grey but for one


@pytest.mark.parametrize("rise", [0.1, 0.3, 0.7, 1.5])  # of a grey from row to row
def test_a_rendered_gradient_has_no_bar(rise: float) -> None:
    page = np.broadcast_to((120 + rise * np.arange(90)).astype(np.uint8)[:, None], (90, 120)).copy()
    page[30:60, 50:56] = 20
    assert page[canvas(page)].shape == page.shape
