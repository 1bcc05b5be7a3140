"""The one way from a picture to network input, with every kind of picture that people have."""

from __future__ import annotations

import io
import struct
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from lenet.errors import ImageError
from lenet.preprocessing.digits import DIGIT_BOX, DIGIT_SIDE, PIPELINES, classic_digit, digit, digit_image
from lenet.preprocessing.images import open_picture
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.preprocessing.photos import Photo

GREY = InputFormat(28)
PADDED = InputFormat(32, (0.1307,), (0.3081,))
RESIZED = InputFormat(32, (0.1307,), (0.3081,), scaling="resize")

FIVE = [(190, 100), (110, 100), (105, 180), (160, 170), (195, 210), (180, 270), (105, 280)]


def five(
    *, scale: float = 1.0, dx: float = 0, dy: float = 0, ink: int = 0, paper: int = 255, side: int = 400
) -> Image.Image:
    """A 5, drawn with a brush that grows with it."""
    picture = Image.new("L", (side, side), paper)
    draw = ImageDraw.Draw(picture)
    points = [(x * scale + dx, y * scale + dy) for x, y in FIVE]
    radius = 12 * scale
    draw.line(points, fill=ink, width=round(2 * radius), joint="curve")
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return picture


def bits(picture) -> torch.Tensor:
    return digit(picture, GREY).x


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The share of a's ink that moved; about 1 for different digits."""
    return ((a - b).abs().sum() / a.sum()).item()


REFERENCE = bits(five())

# --------------------------------------------------------------------------------------------------
# One way


@pytest.mark.parametrize("form", [GREY, PADDED, RESIZED], ids=["28", "padded", "resized"])
def test_training_and_serving_give_the_same_bits(form):
    picture = five(dx=40)
    served = digit(picture, form)
    image = digit_image(picture)  # how data sets are made
    trained = to_input(torch.from_numpy(image)[None, None], form)
    assert torch.equal(served.x, trained)
    shown = next(stage.image for stage in served.stages if stage.name == "Centred")
    assert np.array_equal(shown, image)
    assert served.x.dtype == torch.float32
    assert served.x.shape == (1, 1, form.size, form.size)
    assert not served.blank
    # in company of others, too
    company = to_input(torch.from_numpy(np.stack([255 - image, image]))[:, None], form)
    assert torch.equal(served.x, company[1:])


def test_to_input_is_value_minus_mean_over_std():
    images = torch.randint(0, 256, (2, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    form = InputFormat(32, (0.1, 0.5, 0.9), (0.2, 0.5, 1.0))
    expected = (images.double() / 255 - torch.tensor(form.mean).view(3, 1, 1)) / torch.tensor(form.std).view(3, 1, 1)
    torch.testing.assert_close(to_input(images, form), expected.float(), atol=1e-5, rtol=1e-5)


def test_padding_is_black_paper_after_normalisation_and_centred():
    x = to_input(torch.full((1, 1, 28, 28), 255, dtype=torch.uint8), PADDED)
    white, black = (1 - 0.1307) / 0.3081, -0.1307 / 0.3081
    torch.testing.assert_close(x[0, 0, 2:30, 2:30], torch.full((28, 28), white))
    torch.testing.assert_close(x[0, 0, [0, 1, 30, 31]], torch.full((4, 32), black))
    with pytest.raises(ValueError, match="do not fit"):
        to_input(torch.zeros(1, 1, 32, 32), GREY)


# --------------------------------------------------------------------------------------------------
# A digit


def test_light_on_dark_is_the_same_digit():
    assert torch.equal(bits(ImageOps.invert(five())), REFERENCE)


@pytest.mark.parametrize(
    "picture",
    [
        five(dx=120, dy=90),
        five(dx=-80, dy=-60),
        five(scale=0.5, dx=200),
        five(scale=1.4, dx=-60, dy=-60),
        five(scale=2, side=800),
        five(ink=90, paper=200),
        five(ink=230, paper=120),
        five().convert("RGB").resize((397, 397)),
    ],
    ids=["moved", "corner", "small", "large", "finer", "faint", "faint, light on dark", "resized"],
)
def test_place_size_and_contrast_do_not_matter(picture):
    assert distance(REFERENCE, bits(picture)) < 0.2
    assert distance(REFERENCE, bits(five().transpose(Image.Transpose.FLIP_LEFT_RIGHT))) > 0.5  # the measure can fail


@pytest.mark.parametrize("box", [(150, 50, 170, 350), (50, 180, 350, 210), (100, 100, 300, 300), (399, 399, 400, 400)])
def test_proportions_are_kept_and_the_mass_is_in_the_middle(box):
    picture = Image.new("L", (400, 400), 255)
    picture.paste(0, box)
    image = digit_image(picture).astype(float)
    rows, columns = np.flatnonzero(image.max(axis=1) > 64), np.flatnonzero(image.max(axis=0) > 64)
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(height, width) == DIGIT_BOX
    assert abs(width / height - (box[2] - box[0]) / (box[3] - box[1])) < 0.12
    middle = (DIGIT_SIDE - 1) / 2
    assert abs(image.sum(axis=1) @ np.arange(DIGIT_SIDE) / image.sum() - middle) <= 0.5
    assert abs(image.sum(axis=0) @ np.arange(DIGIT_SIDE) / image.sum() - middle) <= 0.5
    assert image.max() == 255


def test_uneven_paper_is_not_ink():
    shade = np.linspace(200, 240, 400)[None, :] + np.random.default_rng(0).normal(0, 3, (400, 400))
    picture = np.where(np.asarray(five()) < 128, 30, shade).clip(0, 255).astype(np.uint8)
    assert distance(REFERENCE, bits(picture)) < 0.2


def test_a_digit_that_touches_the_edge():
    close = five().crop((93, 88, 207, 292))
    edges = np.asarray(close) < 128
    assert edges[0].any() or edges[-1].any() or edges[:, 0].any()
    assert distance(REFERENCE, bits(close)) < 0.2
    assert distance(REFERENCE, bits(ImageOps.invert(close))) < 0.2


def test_a_thin_pen_is_as_white_as_a_thick_one():
    picture = Image.new("L", (400, 400), 255)
    ImageDraw.Draw(picture).line(FIVE, fill=0, width=2)
    assert digit_image(picture).max() >= 254


@pytest.mark.parametrize("paper", [230, 25])
def test_a_faint_shadow_is_paper_and_a_faint_pencil_is_ink(paper):
    for darker, blank in ((20, True), (60, False)):
        ink = paper - darker if paper > 128 else paper + darker
        assert digit(five(ink=ink, paper=paper), GREY).blank is blank


def test_stages_tell_the_whole_story():
    stages = digit(five(), PADDED).stages
    assert [s.name for s in stages] == ["Grey", "Ink", "Cropped", "Fitted", "Centred", "Normalised"]
    assert all(s.image.dtype == np.uint8 and s.image.ndim == 2 and str(s.why).endswith(".") for s in stages)
    assert stages[-1].image.shape == (32, 32)
    assert np.array_equal(stages[-1].image[2:30, 2:30], stages[-2].image), "the last stage does not show x"


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (300, 300), 255),
        Image.new("L", (300, 300), 0),
        Image.new("RGBA", (300, 300), (0, 0, 0, 0)),
        Image.new("RGBA", (300, 300), (255, 255, 255, 0)),
        Image.new("RGB", (1, 1), (10, 200, 30)),
        Image.new("L", (1, 50), 255),
        np.random.default_rng(0).integers(200, 212, (300, 300), dtype=np.uint8),
    ],
    ids=["white", "black", "clear", "clear white", "1x1", "1x50", "paper grain"],
)
def test_an_empty_picture_is_blank(picture):
    result = digit(picture, GREY)
    assert result.blank
    assert result.x.shape == (1, 1, 28, 28)
    assert result.x.abs().max() == 0


def test_a_dot_is_not_blank():
    picture = Image.new("L", (300, 300), 255)
    picture.putpixel((150, 150), 0)
    assert not digit(picture, GREY).blank


# --------------------------------------------------------------------------------------------------
# Every kind of file


def transparent(ink: int, mode: str) -> Image.Image:
    """A digit in `ink` on nothing; the hidden colour under the nothing is black."""
    shape = five(ink=255, paper=0)
    picture = Image.new("RGBA", shape.size, (0, 0, 0, 0))
    picture.paste((ink, ink, ink, 255), mask=shape)
    return picture.convert(mode)


KINDS = {
    "1-bit": lambda: five().convert("1"),
    "grey": five,
    "colour": lambda: five().convert("RGB"),
    "CMYK": lambda: five().convert("RGB").convert("CMYK"),
    "YCbCr": lambda: five().convert("RGB").convert("YCbCr"),
    "palette": lambda: five().convert("P"),
    "dark on transparent": lambda: transparent(0, "RGBA"),
    "light on transparent": lambda: transparent(255, "RGBA"),
    "dark on transparent grey": lambda: transparent(0, "LA"),
    "light on transparent grey": lambda: transparent(255, "LA"),
    "16-bit": lambda: Image.fromarray(np.asarray(five(), np.uint16) * 257),
    "32-bit": lambda: Image.fromarray(np.asarray(five(), np.int32) * 257),
    "float": lambda: Image.fromarray(np.asarray(five(), np.float32) / 255),
    "float to 255": lambda: Image.fromarray(np.asarray(five(), np.float32)),
}
ARRAYS = {
    "uint8": lambda: np.asarray(five()),
    "float64": lambda: np.asarray(five()) / 255,
    "float32": lambda: np.asarray(five(), np.float32) / 255,
    "bool": lambda: np.asarray(five()) > 127,
    "int64": lambda: np.asarray(five(), np.int64),
    "(H, W, 1)": lambda: np.asarray(five())[:, :, None],
    "(H, W, 3)": lambda: np.asarray(five().convert("RGB")),
    "(H, W, 4)": lambda: np.asarray(transparent(0, "RGBA")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_mode_shows_the_same_digit(kind):
    assert distance(REFERENCE, bits(KINDS[kind]())) < 0.12


@pytest.mark.parametrize("kind", ARRAYS)
def test_every_array_shows_the_same_digit(kind):
    assert distance(REFERENCE, bits(ARRAYS[kind]())) < 0.01


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *[(kind, "a.png") for kind in ("1-bit", "grey", "palette", "dark on transparent", "16-bit")],
        *[(kind, "a.jpg") for kind in ("grey", "colour", "CMYK")],
        *[("colour", f"a.{ending}") for ending in ("gif", "bmp", "webp", "tiff")],
        ("light on transparent", "a.gif"),
        ("float to 255", "a.tiff"),
    ],
)
def test_every_format_shows_the_same_digit(kind, name, tmp_path):
    KINDS[kind]().save(tmp_path / name)
    assert distance(REFERENCE, bits(tmp_path / name)) < 0.2
    assert distance(REFERENCE, bits(str(tmp_path / name))) < 0.2


def test_a_camera_held_sideways(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees clockwise to view"
    five().transpose(Image.Transpose.ROTATE_90).convert("RGB").save(tmp_path / "phone.jpg", exif=exif, quality=95)
    assert distance(REFERENCE, bits(tmp_path / "phone.jpg")) < 0.15
    assert distance(REFERENCE, bits(five().transpose(Image.Transpose.ROTATE_90))) > 0.5


def test_an_animation_is_its_first_frame(tmp_path):
    frames = [five().convert("P"), Image.new("L", (400, 400), 255).convert("P")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=100)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 2  # type: ignore[attr-defined]  # a GIF has it
    assert distance(REFERENCE, bits(tmp_path / "a.gif")) < 0.12


def test_twenty_megapixels(tmp_path):
    five(scale=10, side=4500).convert("RGB").save(tmp_path / "large.jpg", quality=60)
    assert distance(REFERENCE, bits(tmp_path / "large.jpg")) < 0.15
    result = digit(tmp_path / "large.jpg", GREY)
    assert max(result.stages[0].image.shape) <= 512


def test_the_visitors_picture_is_left_as_it_was():
    picture = five().convert("RGB")
    before = picture.tobytes()
    for prepare in PIPELINES.values():
        prepare(picture, GREY)
    Photo(picture)
    assert (picture.size, picture.mode, picture.tobytes()) == ((400, 400), "RGB", before)


# --------------------------------------------------------------------------------------------------
# What is no picture


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def torn(name: str, tmp_path) -> bytes:
    path = tmp_path / f"whole.{name}"
    Image.effect_noise((200, 200), 60).save(path)
    return path.read_bytes()[: path.stat().st_size // 2]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.png", lambda _: b"not a picture", "notes.png is not a picture in a format that can be read"),
        ("empty.png", lambda _: b"", "empty.png is not a picture"),
        ("torn.png", lambda tmp: torn("png", tmp), "is damaged and cannot be read"),
        ("torn.jpg", lambda tmp: torn("jpg", tmp), "is damaged and cannot be read"),
        ("torn.webp", lambda tmp: torn("webp", tmp), "damaged|not a picture"),
        ("large.png", lambda _: png_header(8_000, 7_000), "more than 25 megapixels: make it smaller"),
        ("larger.png", lambda _: png_header(11_000, 11_000), "more than 25 megapixels: make it smaller"),
        ("bomb.png", lambda _: png_header(60_000, 60_000), "more than 50 megapixels: make it smaller"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
@pytest.mark.parametrize("prepare", [*(partial(prepare, form=GREY) for prepare in PIPELINES.values()), Photo])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # Pillow's own, before our refusal
def test_what_cannot_be_read_is_refused_with_a_sentence(prepare, name, content, sentence, tmp_path):
    (tmp_path / name).write_bytes(content(tmp_path))
    with pytest.raises(ImageError, match=sentence):
        prepare(tmp_path / name)


def test_no_picture_at_all(tmp_path):
    with pytest.raises(ImageError, match=r"There is no picture at .*nowhere.png. Check the path"):
        open_picture(tmp_path / "nowhere.png")
    with pytest.raises(ImageError):
        open_picture(tmp_path)
    for shape in ((5,), (0, 5), (5, 5, 7), (1, 1, 5, 5, 3)):
        with pytest.raises(ImageError, match="are not a picture: give"):
            open_picture(np.zeros(shape, np.uint8))


# --------------------------------------------------------------------------------------------------
# The tutorials' pipeline


@pytest.mark.parametrize("picture", [five(), five().convert("RGB").resize((300, 200))], ids=["square", "wide"])
def test_the_classic_pipeline_is_the_tutorials(picture):
    small = np.asarray(picture.convert("L").resize((28, 28), Image.Resampling.BILINEAR), np.float64)
    expected = ((255 - small) / 255 - 0.1307) / 0.3081
    x = classic_digit(picture, InputFormat(28, (0.1307,), (0.3081,))).x
    np.testing.assert_allclose(x[0, 0].numpy(), expected, atol=1e-5)


def test_the_classic_pipeline_knows_an_empty_picture():
    assert classic_digit(Image.new("L", (300, 300), 255), GREY).blank
    assert not classic_digit(five(), GREY).blank


def test_a_few_far_apart_specks_are_no_digit() -> None:
    picture = np.full((512, 512), 255, np.uint8)
    picture[5, 5] = picture[500, 500] = 0
    assert digit(picture, PADDED).blank
    assert not digit_image(picture).any()


def test_a_transparent_colour_key_is_flattened(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / "key.png", transparency=(9, 9, 9))
    assert open_picture(tmp_path / "key.png").mode == "RGBA"


def test_the_callers_own_picture_stays_as_it_was(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 3000)).save(tmp_path / "large.jpg")
    with Image.open(tmp_path / "large.jpg") as mine:
        assert max(open_picture(mine).size) <= 4000
        assert mine.size == (4000, 3000)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_damage_anywhere_gives_a_sentence_or_a_picture(kind: str) -> None:
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(buffer, kind)
    whole = buffer.getvalue()
    refused = 0
    for _ in range(60 if kind == "PNG" else 8):  # others are decoded by a process of their own, in 0.1 s each
        torn = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.5 else whole)
        for place in rng.integers(0, min(len(torn), 200), 4):
            torn[place] = rng.integers(0, 255)
        try:
            open_picture(bytes(torn))
        except ImageError:  # anything else would end the test
            refused += 1
    assert refused
