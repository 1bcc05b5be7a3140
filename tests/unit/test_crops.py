"""The one way from a photo to crops of 32x32; where else one is looked at, and nothing twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from lenet.errors import ImageError
from lenet.preprocessing.images import Picture
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.preprocessing.photos import Photo, Square, first_square, further_squares
from lenet.preprocessing.stages import Box, Stage

COLOUR = InputFormat(32, (0.5,) * 3, (0.5,) * 3)


def first(source: Picture, box: Box | None = None) -> tuple[np.ndarray, torch.Tensor, tuple[Stage, ...]]:
    """The first crop as (32, 32, 3), as network input (1, 3, 32, 32), and what is shown of it."""
    photo = Photo(source)
    square = first_square(photo.size, box)
    images = photo.crops([square])
    return images[0].permute(1, 2, 0).numpy(), to_input(images, COLOUR), photo.stages(square, chosen=box is not None)


def one(photo: Photo, square: Square) -> np.ndarray:
    return photo.crops([square])[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (301, 300), (32, 32), (1, 1), (1, 90)])
@pytest.mark.parametrize("box", [None, (0.0, 0.0, 1.0, 1.0), (0.25, 0.25, 0.5, 0.5)])
def test_no_crop_is_there_twice_and_each_is_there_mirrored(size, box):
    squares = (first_square(size, box), *further_squares(size, box))
    assert len(set(squares)) == len(squares)
    plain = {(s.left, s.top, s.side) for s in squares if not s.mirrored}
    assert plain == {(s.left, s.top, s.side) for s in squares if s.mirrored}
    for square in squares:
        left, top, right, bottom = square.inside(size)
        assert left < right
        assert top < bottom


def test_a_wide_photo_is_looked_at_at_both_ends_and_whole():
    plain = [square for square in further_squares((300, 200)) if not square.mirrored]
    assert plain == [Square(0, 0, 200), Square(100, 0, 200), Square(0, -50, 300)]
    assert len(further_squares((300, 200))) == 7


def test_a_square_photo_is_its_own_ends_and_whole_so_it_is_shifted():
    plain = [square for square in further_squares((32, 32)) if not square.mirrored]
    assert plain == [Square(-1, -1, 32), Square(1, 1, 32)]


def test_a_chosen_box_is_not_left():
    for square in further_squares((300, 200), (0.5, 0.5, 0.6, 0.65)):
        assert abs(square.left - 150) <= 1
        assert abs(square.top - 100) <= 1
        assert square.side == 30


@pytest.mark.parametrize("size", [(96, 96), (160, 96), (96, 300)])
def test_a_photo_is_its_central_square_not_squeezed(size):
    picture = Image.new("RGB", size, (0, 0, 255))
    left, top = (size[0] - 96) // 2, (size[1] - 96) // 2
    picture.paste((255, 0, 0), (left, top, left + 96, top + 96))
    picture.paste((0, 255, 0), (left + 24, top + 24, left + 72, top + 72))  # a square in the middle: 16 of 32
    image, x, stages = first(picture)
    assert image.shape == (32, 32, 3)
    assert np.array_equal(stages[-1].image, image)
    assert [tuple(image[y, x]) for y, x in ((0, 0), (31, 31), (0, 31), (15, 15))] == [(255, 0, 0)] * 3 + [(0, 255, 0)]
    green = image[:, :, 1] > 128
    assert (green.any(axis=0).sum(), green.any(axis=1).sum()) == (16, 16)
    expected = to_input(torch.from_numpy(image.copy()).permute(2, 0, 1)[None], COLOUR)
    assert torch.equal(x, expected)


def test_a_photo_of_32_by_32_arrives_bit_for_bit():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert torch.equal(first(pixels)[1], to_input(torch.from_numpy(pixels).permute(2, 0, 1)[None], COLOUR))


@pytest.mark.parametrize(
    ("size", "box", "square"),
    [
        ((200, 100), None, (50, 0, 100)),
        ((200, 100), (0.0, 0.0, 0.5, 1.0), (0, 0, 100)),  # square already
        ((200, 100), (0.25, 0.4, 0.5, 0.6), (50, 25, 50)),  # grows upwards and downwards
        ((200, 100), (0.5, 0.0, 0.6, 0.6), (80, 0, 60)),  # to both sides
        ((200, 100), (0.25, 0.0, 0.5, 0.2), (50, 0, 50)),  # downwards only: above, the picture ends
        ((200, 100), (0.95, 0.0, 1.0, 1.0), (100, 0, 100)),  # leftwards only
        ((200, 100), (0.0, 0.0, 1.0, 1.0), (0, -50, 200)),  # the whole, padded above and below
        ((100, 200), (0.0, 0.1, 1.0, 0.9), (-30, 20, 160)),
        ((200, 100), (0.2, 0.7, 0.9, 0.8), (40, -20, 140)),  # padded on both sides, wherever the box is
        ((200, 100), (0.5, 0.5, 0.5001, 0.5001), (100, 50, 1)),  # a pixel at least
        ((1, 1), (0.0, 0.0, 1.0, 1.0), (0, 0, 1)),
    ],
)
def test_a_box_becomes_a_square(size, box, square):
    assert first_square(size, box) == Square(*square)


@pytest.mark.parametrize(
    "box", [(0.5, 0, 0.5, 1), (0.6, 0, 0.5, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (0, float("nan"), 1, 1), (0, 1, 1, 0)]
)
def test_a_box_outside_the_picture_is_refused(box):
    with pytest.raises(ImageError, match=r"is not in the picture: give left, top, right and bottom as fractions"):
        first(Image.new("RGB", (40, 40)), box)


def test_a_box_shows_its_part_of_the_picture():
    picture = Image.new("RGB", (300, 200), (0, 0, 255))
    picture.paste((255, 0, 0), (180, 40, 240, 100))
    image, x, stages = first(picture, (180 / 300, 40 / 200, 240 / 300, 100 / 200))
    assert {tuple(colour) for colour in image.reshape(-1, 3)} == {(255, 0, 0)}
    assert stages[1].image.shape == (60, 60, 3)
    assert "chosen" in str(stages[1].why)
    assert torch.equal(x[0, 0], torch.ones(32, 32))


def test_a_box_in_a_picture_held_sideways_is_where_the_eye_sees_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate by 90 degrees clockwise to view"
    upright = Image.new("RGB", (200, 400), (0, 0, 255))
    upright.paste((255, 0, 0), (0, 0, 100, 100))
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "phone.png", exif=exif)
    assert first(tmp_path / "phone.png", (0, 0, 0.5, 0.25))[1][0, 0].min() == 1


def test_a_box_too_wide_for_its_picture_is_padded_by_a_mirror():
    rows = np.repeat(np.arange(0, 160, 10, dtype=np.uint8), 2)  # 32 rows in 16 pairs
    picture = np.broadcast_to(rows[8:24, None, None], (16, 32, 3))
    image = first(picture, (0, 0, 1, 1))[0][:, 5, 0]
    assert np.array_equal(image[8:24], rows[8:24])
    assert np.array_equal(image[:8], rows[8:16][::-1])
    assert np.array_equal(image[24:], rows[16:24][::-1])


def test_a_square_that_reaches_beyond_is_padded_there_alone():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    photo = Photo(pixels)
    shifted = one(photo, Square(-1, 1, 32))
    assert np.array_equal(shifted[:31, 1:], pixels[1:, :31])
    assert np.array_equal(shifted[:31, 0], pixels[1:, 0])
    assert np.array_equal(shifted[31, 1:], pixels[31, :31])
    assert np.array_equal(one(photo, Square(0, 0, 32, mirrored=True)), pixels[:, ::-1])
    squares = [Square(0, 0, 32), Square(0, 0, 32, mirrored=True), Square(3, 4, 20), Square(3, 4, 20, mirrored=True)]
    for square, image in zip(squares, photo.crops(squares), strict=True):
        assert np.array_equal(image.permute(1, 2, 0), one(Photo(pixels), square))
    assert Square(-1, 1, 32).padded((32, 32))
    assert Square(-1, 1, 32).inside((32, 32)) == (0, 1, 31, 32)
    assert not Square(1, 1, 31).padded((32, 32))


@pytest.mark.parametrize("size", [(1, 500), (500, 1), (3, 33)])
def test_a_thin_picture_still_shows_a_column(size):
    assert first(Image.new("RGB", size, (255, 0, 0)), (0, 0, 1, 1))[1][0, 0].min() == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (31, 33)])
def test_photos_of_odd_sizes(size):
    assert first(Image.new("RGB", size, (255, 0, 0)))[1][0, 0].min() == 1


def test_a_transparent_photo_lies_on_white():
    assert first(Image.new("RGBA", (40, 40), (0, 0, 0, 0)))[1].min() == 1
