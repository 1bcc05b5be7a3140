"""Ink on photographed paper: whatever light falls there, and whatever is printed on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from lenet.inference.digits import DigitClassifier
from lenet.preprocessing import paper
from lenet.preprocessing.colours import told_by_colour
from lenet.preprocessing.digits import digit, inked
from lenet.preprocessing.ink import extract, is_flat, to_grey
from lenet.preprocessing.normalization import InputFormat
from lenet.preprocessing.paper import _is_of_a_box, from_paper
from lenet.preprocessing.plate import find_plate
from lenet.preprocessing.sheet import without_surroundings
from lenet.preprocessing.stages import Preprocessed

GREY = InputFormat(28)
FIVE = [(190, 100), (110, 100), (105, 180), (160, 170), (195, 210), (180, 270), (105, 280)]
SHAPE = (450, 600)


def five(width: int = 12, ink: float = 45, paper: float = 225) -> np.ndarray:
    """(450, 600) float: a 5 on plain paper."""
    picture = Image.new("L", (2 * SHAPE[1], 2 * SHAPE[0]), 0)
    points = [(2 * x + 260, 2 * y + 40) for x, y in FIVE]
    draw = ImageDraw.Draw(picture)
    draw.line(points, fill=255, width=2 * width, joint="curve")
    for x, y in points:
        draw.ellipse((x - width, y - width, x + width, y + width), fill=255)
    cover = np.asarray(picture.reduce(2), np.float32) / 255
    return paper + cover * (ink - paper)


def seen(page: np.ndarray, noise: float = 1.5, blur: float = 0.8, seed: int = 0) -> Image.Image:
    """`page` as a sensor sees it."""
    sharp = Image.fromarray(page.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    grain = np.random.default_rng(seed).normal(0, noise, page.shape)
    return Image.fromarray((np.asarray(sharp) + grain).clip(0, 255).astype(np.uint8))


Y, X = np.mgrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j].astype(np.float32)
LIGHTS = {
    "even": np.ones(SHAPE, np.float32),
    "falls off": 0.95 - 0.3 * (X + 1) / 2 - 0.15 * (Y + 1) / 2,
    "corners": 1 - 0.3 * (X**2 + Y**2) / 2,
    "shadow's edge": np.where(X + 0.6 * Y > 0.1, 0.55, 1.0).astype(np.float32),
    "a hand": np.where((X - 0.7) ** 2 + (Y - 0.8) ** 2 < 0.6, 0.6, 1.0).astype(np.float32),
}
LINED = (np.arange(SHAPE[0])[:, None] + 0.04 * np.arange(SHAPE[1])) % 48 < 2
SQUARED = LINED | ((np.arange(SHAPE[1])[None, :] - 0.04 * np.arange(SHAPE[0])[:, None]) % 48 < 2)


def printed(page: np.ndarray, lines: np.ndarray) -> np.ndarray:
    return np.where(lines, page * 0.78, page)


def read(page: np.ndarray, **camera: Any) -> Preprocessed:
    return digit(seen(page, **camera), GREY)


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The share of a's ink that moved; about 1 for different digits."""
    return ((a - b).abs().sum() / a.sum()).item()


PLAIN = read(five()).x


def names(result: Preprocessed) -> list[str]:
    return [stage.name for stage in result.stages]


# --------------------------------------------------------------------------------------------------
# A flat ground keeps the short way


def drawn(side: int, width: int, ink: int = 0, paper: int = 255) -> Image.Image:
    picture = Image.new("L", (side, side), paper)
    points = [(x * side / 400, y * side / 400) for x, y in FIVE]
    ImageDraw.Draw(picture).line(points, fill=ink, width=width, joint="curve")
    return picture


@pytest.mark.parametrize("side", [28, 90, 280, 400, 1000])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 200)])
def test_a_drawing_gives_the_very_ink_of_the_flat_way(side, ink, paper):
    for width in (1, side // 40 + 1, side // 9):
        picture = drawn(side, width, ink, paper)
        result = digit(picture, GREY)
        expected, _ = extract(to_grey(picture))
        assert names(result)[:2] == ["Grey", "Ink"]
        assert np.array_equal(result.stages[1].image, expected)


def test_a_drawing_may_leave_the_pad():
    close = drawn(400, 24).crop((104, 96, 200, 284)).resize((200, 390))
    assert is_flat(np.asarray(close))
    picture = drawn(280, 12)
    ImageDraw.Draw(picture).line([(0, 20), (200, 279), (279, 100)], fill=0, width=20)
    assert is_flat(np.asarray(picture))


@pytest.mark.parametrize("light", sorted(set(LIGHTS) - {"even"}))
def test_uneven_light_is_not_flat(light):
    assert not is_flat(to_grey(seen(five() * LIGHTS[light])))


def test_printed_lines_are_not_flat_even_where_they_were_rendered():
    assert not is_flat(printed(five(), LINED).astype(np.uint8))


# --------------------------------------------------------------------------------------------------
# Photographs


@pytest.mark.parametrize("light", LIGHTS)
def test_uneven_light_alone_does_not_change_the_reading(light):
    assert distance(PLAIN, read(five() * LIGHTS[light]).x) < 0.12


@pytest.mark.parametrize("side", [60, 90])
@pytest.mark.parametrize("light", ["shadow's edge", "a hand"])
def test_a_small_photo_in_two_shades_is_read_as_paper(light, side):
    page = Image.fromarray(five() * LIGHTS[light])
    shrunk = page.resize((round(side * SHAPE[1] / SHAPE[0]), side), Image.Resampling.BOX)
    small = seen(np.asarray(shrunk), blur=0.4)
    found = DigitClassifier.from_pretrained("digits").read(small)
    assert [(f.prediction.label, f.prediction.verdict) for f in found] == [("5", "sure")]
    assert names(digit(small, GREY))[:2] == ["Grey", "Evened"]


@pytest.mark.parametrize("lines", [LINED, SQUARED], ids=["lined", "squared"])
@pytest.mark.parametrize("light", ["even", "falls off", "shadow's edge"])
def test_printed_lines_are_taken_out(lines, light):
    result = read(printed(five(), lines) * LIGHTS[light])
    assert "Unlined" in names(result)
    assert distance(PLAIN, result.x) < 0.15


def test_a_bar_along_a_line_stays():
    lines = np.zeros(SHAPE, bool)
    lines[[70, 71, 120, 121, 170, 171, 220, 221, 320, 321, 370, 371]] = True  # 120: the bar of the 5
    assert distance(PLAIN, read(printed(five(), lines)).x) < 0.15


@pytest.mark.parametrize(
    ("width", "noise", "blur"), [(3, 2, 0.6), (6, 6, 1.5), (40, 2, 1.0)], ids=["ballpoint", "grainy", "marker"]
)
def test_thin_and_thick_pens(width, noise, blur):
    page = five(width) * LIGHTS["falls off"]
    still = read(five(width), noise=0.5).x
    assert distance(still, read(page, noise=noise, blur=blur).x) < 0.3


def test_a_desk_beside_the_paper():
    page = five()
    page[:, :50] = 60
    page[-30:] = 90
    assert distance(PLAIN, read(page).x) < 0.12


def test_coloured_ink_on_coloured_paper():
    cover = ((225 - five()) / 180)[:, :, None]
    page = np.array([250, 233, 130]) * (1 - cover) + np.array([185, 35, 40]) * cover
    page = (page * LIGHTS["falls off"][:, :, None]).clip(0, 255).astype(np.uint8)
    assert distance(PLAIN, digit(Image.fromarray(page), GREY).x) < 0.15


Colour = tuple[int, int, int]
BLACK, ORANGE, PINK, SKY = (40, 40, 44), (240, 140, 40), (245, 140, 190), (130, 190, 240)


def two_pens(one: Colour, other: Colour, paper: Colour = (236, 234, 230)) -> Image.Image:
    """5 and 5 side by side on photographed paper, each of its pen."""
    cover = ((225 - five()) / 180)[:, 120:480, None]
    page = np.concatenate([np.array(paper) + cover * (np.array(ink) - np.array(paper)) for ink in (one, other)], axis=1)
    light = np.linspace(1, 0.75, page.shape[1])[:, None]
    grain = np.random.default_rng(0).normal(0, 3, (*page.shape[:2], 1))
    return Image.fromarray((page * light + grain).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "pens", [(BLACK, ORANGE), (PINK, BLACK), (BLACK, SKY), (ORANGE, SKY)], ids=["orange", "pink", "sky", "both"]
)
def test_of_two_pens_on_paper_the_bright_one_is_read_too(pens):
    left, right = (half.sum() for half in np.split(inked(two_pens(*pens))[1].astype(float), 2, axis=1))
    assert 0.7 < left / right < 1.4


def test_only_written_colour_is_darkened():
    """Not a coloured band at the border or a broad coloured button, nor the tint of all the paper."""
    page = np.asarray(two_pens(BLACK, BLACK)).copy()
    assert told_by_colour(Image.fromarray(page), 512) is None
    page[:, :6] = page[200:260, 300:420] = ORANGE
    assert told_by_colour(Image.fromarray(page), 512) is None
    assert told_by_colour(two_pens(BLACK, BLACK, (250, 235, 205)), 512) is None


PATCHES = {
    "a highlighter over all": (110, 190, 370, 1000),
    "a highlighter over a part": (140, 150, 420, 640),
    "a note": (20, 40, 430, 1160),
}


@pytest.mark.parametrize("colour", [(250, 235, 60), (150, 250, 120), (250, 150, 210), (250, 190, 90)])
@pytest.mark.parametrize("name", PATCHES)
def test_what_is_written_on_a_patch_of_colour_stands_on_paper(name: str, colour: Colour) -> None:
    top, left, bottom, right = PATCHES[name]
    page = np.asarray(two_pens(BLACK, BLACK)).astype(float)
    patched = page.copy()
    patched[top:bottom, left:right] *= np.array(colour) / 255  # dye takes light; ink stays dark
    plain, found = (inked(Image.fromarray(each.astype(np.uint8)))[1].astype(float) for each in (page, patched))
    assert np.abs(found - plain).sum() < 0.25 * plain.sum()


def test_a_patch_that_strokes_part_is_one_patch() -> None:
    page = np.asarray(two_pens(BLACK, BLACK)).astype(float)
    for left in (560, 578):
        page[60:400, left : left + 8] = BLACK
    patched = page.copy()
    patched[110:370, 190:1000] *= np.array(PINK) / 255
    plain, found = (inked(Image.fromarray(each.astype(np.uint8)))[1].astype(float) for each in (page, patched))
    assert np.abs(found - plain).sum() < 0.25 * plain.sum()


def eight(width: int, ink: float, paper: float) -> np.ndarray:
    """(450, 600) float: two rings, whose insides are as dark on paper as strokes are on a board."""
    picture = Image.new("L", (SHAPE[1], SHAPE[0]), 0)
    for box in (220, 40, 380, 220), (200, 220 - width, 400, 420):
        ImageDraw.Draw(picture).ellipse(box, outline=255, width=width)
    return paper + np.asarray(picture, np.float32) / 255 * (ink - paper)


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("width", [12, 34])
@pytest.mark.parametrize("digit", [five, eight])
def test_chalk_on_a_board_and_paper_in_the_dark(digit, width, light):
    for ink, ground in ((215, 55), (20, 80)):
        page = digit(width, ink=ink, paper=ground) * LIGHTS[light]
        assert from_paper(to_grey(seen(page))).inverted is (ink < ground)


def test_chalk_is_read_as_ink_is():
    for light in LIGHTS.values():
        assert distance(PLAIN, read(five(ink=215, paper=55) * light).x) < 0.2


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize(("slope", "middle"), [(0, 380), (0.15, 350), (-0.4, 375)])
def test_a_pen_that_lies_beside_what_it_wrote(slope, middle, light):
    x, y = np.arange(SHAPE[1]), np.arange(SHAPE[0])[:, None]
    lying = (abs(y - middle - slope * (x - 300)) < 11) & (abs(x - 330) < 190)
    page = np.where(lying, 35, five(6, ink=60))
    assert distance(read(five(6, ink=60)).x, read(page * LIGHTS[light]).x) < 0.15


@pytest.mark.parametrize("width", [5, 14])
def test_a_straight_one_is_no_pen(width):
    page = Image.new("L", (SHAPE[1], SHAPE[0]), 225)
    ImageDraw.Draw(page).line([(300, 100), (280, 330)], fill=45, width=width)
    ink = from_paper(to_grey(seen(np.asarray(page, np.float32) * LIGHTS["falls off"]))).ink
    assert np.ptp(np.flatnonzero((ink > 64).any(axis=1))) > 105  # at half size
    ImageDraw.Draw(page).line([(380, 110), (470, 110), (420, 330)], fill=45, width=width)  # and a 7
    ink = from_paper(to_grey(seen(np.asarray(page, np.float32) * LIGHTS["falls off"]))).ink
    assert (ink[:, :160] > 64).any()
    assert (ink[:, 180:] > 64).any()


def pattern(name: str) -> np.ndarray:
    """(450, 600) float: a checked cloth, or a table's grain."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    if name == "checks":
        return np.where((x // 30 + y // 30) % 2, 70.0, 140.0)
    return 90 + 45 * np.sin((y + 8 * np.sin(x / 90)) / 5)


@pytest.mark.parametrize("light", ["even", "falls off", "corners"])
@pytest.mark.parametrize("corners", [(130, 60, 480, 390), (0, 0, 470, 380), (190, 80, 600, 450)])
@pytest.mark.parametrize("name", ["checks", "grain"])
def test_a_pattern_beside_the_paper_is_not_read(name, corners, light):
    left, top, right, bottom = corners
    slant = 0.03 * np.arange(SHAPE[0])[:, None]  # nobody lays a sheet quite straight
    x, y = np.arange(SHAPE[1])[None, :] + slant, np.arange(SHAPE[0])[:, None]
    sheet = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    page = np.where(sheet, five(), pattern(name))
    assert distance(PLAIN, read(page * LIGHTS[light]).x) < 0.12


@pytest.mark.parametrize("light", ["shadow's edge", "a hand"])
@pytest.mark.parametrize("size", [1, 3])
def test_paper_with_grain_is_no_pattern_round_its_shade(size, light):
    grain = ndimage.gaussian_filter(np.random.default_rng(0).normal(0, 1, SHAPE), size)
    page = to_grey(seen(five() * LIGHTS[light] * (1 + 0.02 * grain / grain.std())))
    assert without_surroundings(page) is page


def test_a_stroke_at_the_border_is_no_pattern_beside_a_sheet():
    page = Image.fromarray((225 * LIGHTS["falls off"]).astype(np.uint8))
    ImageDraw.Draw(page).line([(0, 230), (40, 160), (30, 450)], fill=40, width=60)
    grey = to_grey(seen(np.asarray(page, np.float32)))
    assert without_surroundings(grey) is grey


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("lines", [LINED, SQUARED], ids=["lined", "squared"])
def test_printed_lines_are_no_pattern_round_a_sheet(light, lines):
    page = (printed(five(), lines) * LIGHTS[light]).clip(0, 255).astype(np.uint8)
    assert without_surroundings(page) is page


def nine(right: int) -> np.ndarray:
    """A 9 whose stem runs down at `right`, and bends away below."""
    page = Image.new("L", SHAPE[::-1], 225)
    loop = [(60, 62), (48, 50), (20, 66), (2, 110), (12, 142), (44, 132), (68, 92), (78, 62)]
    stem = [(78, 62), (84, 140), (82, 200), (62, 250), (0, 296)]
    for part in (loop, stem):
        ImageDraw.Draw(page).line([(x + right - 84, y + 40) for x, y in part], fill=40, width=13, joint="curve")
    return np.asarray(page, np.float32)


@pytest.mark.parametrize("inside", [3, 4, 5, 9])
def test_a_stem_that_runs_along_the_border_and_bends_away_was_written(inside):
    page = nine(SHAPE[1] - inside)
    drawn_so, photographed = digit(page.astype(np.uint8), GREY), read(page * LIGHTS["falls off"])
    assert not photographed.blank
    assert distance(drawn_so.x, photographed.x) < 0.3


def test_the_detached_bar_of_a_five_stays_and_a_crumb_goes():
    page = five()
    page[108:132, 240:252] = 225  # cut the bar off
    result = read(page)
    ink = next(stage.image for stage in result.stages if stage.name == "Ink")
    assert ink[58:62, 130:155].min() > 200  # at half size
    page[400:404, 40:44] = 60
    assert distance(result.x, read(page).x) < 0.05


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("lines", [None, LINED, SQUARED], ids=["plain", "lined", "squared"])
def test_an_empty_page_is_blank(light, lines):
    page = np.full(SHAPE, 225, np.float32)
    page = page if lines is None else printed(page, lines)
    result = read(page * LIGHTS[light])
    assert result.blank
    assert result.x.abs().max() == 0


@pytest.mark.parametrize("step", [25, 31, 40])
def test_all_lines_of_fine_squares_are_taken_out(step):
    """They cover so much of the sheet that the paper between them is no ground of 0 any more."""
    lines = (np.arange(12, 612)[:, None] % step < 2) | (np.arange(12, 912)[None, :] % step < 2)
    result = digit(seen(np.where(lines, 185, np.full((600, 900), 246)), noise=2.0), GREY)
    assert result.blank


def test_stripes_of_shadow_are_not_the_grain_of_paper():
    stripes = 0.5 + 0.5 * (3 * np.sin(2 * np.pi * (np.arange(450)[:, None] + 0.3 * np.arange(600)) / 80)).clip(-1, 1)
    result = read(five() * (1 - 0.35 * stripes))
    assert distance(PLAIN, result.x) < 0.15


def test_the_stages_show_what_was_done():
    result = read(printed(five(), LINED) * LIGHTS["falls off"])
    assert names(result) == ["Grey", "Evened", "Unlined", "Ink", "Cropped", "Fitted", "Centred", "Normalised"]
    assert all(stage.image.dtype == np.uint8 and str(stage.why).endswith(".") for stage in result.stages)
    assert "Unlined" not in names(read(five() * LIGHTS["falls off"]))


@pytest.mark.parametrize("shape", [(100, 100), (100, 640), (640, 101), (333, 217)])
def test_any_shape_and_any_noise_is_worked_through(shape):
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        paper = from_paper(noise)
        assert paper.ink.shape == paper.evened.shape == shape


def test_of_a_page_of_dots_only_the_weightiest_are_looked_at() -> None:
    """Ten thousand pieces took seconds, and anybody may send such a picture."""
    labels = np.zeros((400, 400), np.int32)
    places = np.arange(1, 10_001).reshape(100, 100)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        labels[row::4, column::4] = places
    fit = np.ones(10_001, bool)
    chosen = paper._digit_among(labels, np.where(labels > 0, np.float32(0.8), np.float32(0)), fit)
    assert len(chosen) <= paper.PIECES


def test_what_is_left_of_a_printed_box_is_no_digit() -> None:
    box = np.zeros((60, 80), bool)
    box[0] = box[:, 0] = box[:, -1] = True
    wall = np.ones((70, 2), bool)
    seven = np.zeros((60, 40), bool)
    seven[:3] = True
    np.fill_diagonal(seven[3:43], True)
    assert [_is_of_a_box(piece) for piece in (box, box.T, wall, seven)] == [True, True, True, False]


@pytest.mark.parametrize("seed", range(3))
def test_pale_boxes_on_paper_are_left_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    light = np.linspace(235, 180, 600)[None, :] * np.ones((240, 600))
    page = Image.fromarray((light + rng.normal(0, 3, light.shape)).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(page)
    for left in range(50, 500, 125):
        pen.rectangle((left, 60, left + 110, 170), outline=int(rng.integers(85, 95)), width=1)
        pen.line([(left + 30, 80), (left + 75, 80), (left + 45, 150)], fill=30, width=6)
    ink = from_paper(np.asarray(page)).ink
    labels, count = ndimage.label(ink > 100, np.ones((3, 3)))
    assert count == 4
    assert all(part[0].stop - part[0].start < 90 for part in ndimage.find_objects(labels))


@pytest.mark.parametrize("strongest", ["top", "bottom"])
@pytest.mark.parametrize("weakest", [0.2, 0.3])
def test_a_stroke_on_paper_that_fades_is_read_whole(strongest: str, weakest: float) -> None:
    rng = np.random.default_rng(0)
    drawn = Image.new("L", (320, 320))
    ImageDraw.Draw(drawn).line([(90, 60), (220, 60), (140, 270)], fill=255, width=14, joint="curve")
    fade = np.linspace(1, weakest, 320)[:, None] if strongest == "top" else np.linspace(weakest, 1, 320)[:, None]
    light = np.linspace(225, 190, 320)[None, :]
    page = light * (1 - 0.8 * fade * np.asarray(drawn, np.float32) / 255) + rng.normal(0, 2, (320, 320))
    ink = from_paper(page.clip(0, 255).astype(np.uint8)).ink
    seen = ink[np.asarray(drawn) > 0] > 100
    assert seen.mean() > 0.85
    assert (ink[np.asarray(drawn) == 0] > 100).mean() < 0.02


# --------------------------------------------------------------------------------------------------
# Light digits on a dark plate on a lighter wall


def on_plate(plate: str, frame: bool = False, left: int = 170) -> np.ndarray:
    """(450, 600) float: a light 5 on a dark plate, "rectangle" or "ellipse", that leans by 4 degrees."""
    picture = Image.new("L", (2 * SHAPE[1], 2 * SHAPE[0]), 200)
    draw = ImageDraw.Draw(picture)
    box = (2 * left, 100, 2 * left + 540, 800)
    getattr(draw, plate)(box, fill=45)
    if frame:
        getattr(draw, plate)((box[0] + 24, box[1] + 24, box[2] - 24, box[3] - 24), outline=225, width=10)
    points = [(2 * x - 30 + box[0], 1.6 * y + 156) for x, y in FIVE]
    draw.line(points, fill=225, width=36, joint="curve")
    return np.asarray(picture.rotate(4, fillcolor=200).reduce(2), np.float32)


PLATES = {
    "rectangle": on_plate("rectangle"),
    "ellipse": on_plate("ellipse"),
    "rectangle, frame": on_plate("rectangle", frame=True),
    "ellipse, frame": on_plate("ellipse", frame=True),
    "at the edge": on_plate("rectangle", left=-20),
    "in a shadow": on_plate("rectangle") * LIGHTS["shadow's edge"],
}


@pytest.mark.parametrize("plate", PLATES)
def test_light_digits_on_a_dark_plate_are_read(plate):
    found = DigitClassifier.from_pretrained("digits").read(seen(PLATES[plate]))
    assert [(f.prediction.label, f.prediction.verdict) for f in found] == [("5", "sure")]


@pytest.mark.parametrize("width", [12, 40, 60])
def test_a_written_0_is_no_plate(width):
    picture = Image.fromarray(np.full(SHAPE, 225, np.uint8))
    ImageDraw.Draw(picture).ellipse((200, 90, 400, 360), outline=45, width=width)
    page = np.asarray(seen(np.asarray(picture) * LIGHTS["falls off"]))
    assert find_plate(page) is None


def test_paper_in_a_shadow_is_no_plate():
    for light in LIGHTS.values():
        assert find_plate(np.asarray(seen(five() * light))) is None
