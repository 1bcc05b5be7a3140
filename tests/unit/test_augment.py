"""Augmentations move pictures about and nothing else: batch in, batch out, the generator decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from lenet.data.augmentation import (
    AUGMENTATIONS,
    Affine,
    Augmentation,
    Chain,
    Cutout,
    FlipShift,
    Grayscale,
    Jpeg,
    StrokeWidth,
    Zoom,
)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def same_picture(count: int, channels: int = 1, side: int = 28) -> torch.Tensor:
    """One picture `count` times, uint8, so that differences between them are the augmentation's."""
    picture = torch.zeros(channels, side, side, dtype=torch.uint8)
    picture[:, 6:22, 10:13] = 255
    picture[:, 6:9, 10:20] = 180
    return picture.repeat(count, 1, 1, 1)


RANDOM: dict[str, Augmentation] = {
    "flip-shift": FlipShift(pixels=3),
    "affine": Affine(degrees=15, scale=0.2, shear=0.2, pixels=2),
    "strokes": StrokeWidth(share=1.0),
    "handwriting": AUGMENTATIONS["handwriting"],
    "cutout": Cutout(pixels=8),
    "zoom": Zoom(share=1.0, part=(0.5, 1.5)),
}


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_whatever_is_drawn(name, dtype):
    images = same_picture(16).to(dtype)
    before = images.clone()
    out = RANDOM[name](images, seeded())
    assert torch.equal(images, before), "the caller's pictures were changed in place"
    assert out.shape == images.shape
    assert out.min() >= 0
    assert out.max() <= 255 + 1e-2
    assert torch.equal(out, RANDOM[name](images, seeded())), "the same generator gave other pictures"
    assert not torch.equal(out, RANDOM[name](images, seeded(1)))
    assert len({tuple(picture.flatten().tolist()) for picture in out}) > 1, "every picture drew the same parameters"


def test_global_randomness_is_not_touched():
    before = torch.get_rng_state()
    for augmentation in (*RANDOM.values(), *AUGMENTATIONS.values()):
        augmentation(same_picture(4), seeded())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("augmentation", "tolerance"),
    [
        (Chain(), 0.0),
        (StrokeWidth(share=0.0), 0.0),
        (Zoom(share=1.0, part=(1.0, 1.0)), 0.5),  # sampled between pixels by a rounding error
        (Grayscale(share=0.0), 0.0),
        (Affine(degrees=0, scale=0, shear=0, pixels=0), 0.05),  # interpolation rounds
    ],
)
def test_without_reach_nothing_happens(augmentation, tolerance):
    images = torch.randint(0, 256, (8, 3, 32, 32), generator=seeded(), dtype=torch.uint8)
    torch.testing.assert_close(augmentation(images, seeded()).float(), images.float(), atol=tolerance, rtol=0)


def test_flip_shift_is_one_of_the_reflected_shifts():
    pixels = 2
    image = torch.randint(0, 256, (1, 3, 8, 8), generator=seeded(), dtype=torch.uint8)
    padded = torch.nn.functional.pad(image.float(), (pixels,) * 4, mode="reflect").to(torch.uint8)
    shifts = [padded[0, :, y : y + 8, x : x + 8] for y in range(5) for x in range(5)]
    allowed = {tuple(s.flatten().tolist()) for s in shifts} | {tuple(s.flip(2).flatten().tolist()) for s in shifts}
    out = FlipShift(pixels)(image.expand(400, -1, -1, -1), seeded())
    seen = {tuple(picture.flatten().tolist()) for picture in out}
    assert out.dtype == torch.uint8
    assert seen <= allowed
    assert len(seen) == len(allowed) == 50, "some shift or flip is never drawn"


def test_affine_moves_by_as_much_as_it_says():
    images = torch.zeros(200, 1, 29, 29)
    images[:, :, 14, 14] = 255
    out = Affine(degrees=0, scale=0, shear=0, pixels=3)(images, seeded())[:, 0]
    rows = (out.sum(dim=2) * torch.arange(29)).sum(dim=1) / out.sum(dim=(1, 2))
    assert (rows - 14).abs().max() <= 3.01
    assert (rows - 14).min() < -2
    assert (rows - 14).max() > 2


def test_affine_turns_and_scales_about_the_middle():
    images = torch.zeros(50, 1, 28, 28)
    images[:, :, 8:20, 8:20] = 255
    ones = Affine(degrees=45, scale=0.2, shear=0, pixels=0)(images, seeded())
    mass = ones.sum(dim=(1, 2, 3)) / images[0].sum()
    assert mass.min() < 0.85
    assert mass.max() > 1.15
    assert mass.min() > 1 / 1.2**2 - 0.05
    assert mass.max() < 1.2**2 + 0.05
    centre = (ones[:, 0].sum(dim=1) * torch.arange(28)).sum(dim=1) / ones.sum(dim=(1, 2, 3))
    torch.testing.assert_close(centre, torch.full((50,), 13.5), atol=0.1, rtol=0)


def test_jpeg_changes_its_share_a_little_and_by_many_qualities():
    ramp = torch.arange(32, dtype=torch.uint8) * 8
    image = torch.stack([ramp.expand(32, 32), ramp[:, None].expand(32, 32), 255 - ramp.expand(32, 32)])
    image[:, 10:20, 10:20] = torch.tensor([250, 20, 120], dtype=torch.uint8)[:, None, None]
    images = image.repeat(400, 1, 1, 1)
    out = Jpeg(share=0.5, quality=(40, 95))(images, seeded())
    difference = (out.float() - images.float()).abs().mean(dim=(1, 2, 3))
    assert out.dtype == torch.uint8
    assert torch.equal(images, image.repeat(400, 1, 1, 1)), "the caller's pictures were changed in place"
    assert 150 < (difference > 0).sum() < 250
    assert difference.max() < 20
    assert len(difference.unique()) > 8, "every file drew the same quality"
    assert torch.equal(out, Jpeg(share=0.5, quality=(40, 95))(images, seeded()))
    assert torch.equal(Jpeg(share=0.0)(images, seeded()), images)


def test_zoom_shows_a_part_or_more_than_the_picture():
    square = torch.zeros(300, 3, 32, 32, dtype=torch.uint8)
    square[:, :, 12:20, 12:20] = 200
    nearer = Zoom(share=1.0, part=(0.5, 0.5))(square, seeded())
    further = Zoom(share=1.0, part=(2.0, 2.0))(square, seeded())
    inside = (further > 100).float().sum(dim=(1, 2, 3)) / 3
    assert (nearer > 100).float().sum(dim=(1, 2, 3)).max() == 3 * 16 * 16  # twice the side
    assert 16 <= inside.min() <= inside.median() <= 80, "16 pixels at half the side, and their reflections"
    rows = (nearer[:, 0] > 100).any(dim=2).float().argmax(dim=1)
    assert len(rows.unique()) > 8, "every picture showed the same part"
    some = Zoom(share=0.25, part=(0.5, 1.5))(square, seeded())
    assert 40 < (some != square).any(dim=(1, 2, 3)).sum() < 110


def test_grayscale_is_pillows_own():
    images = torch.randint(0, 256, (40, 3, 8, 8), generator=seeded(), dtype=torch.uint8)
    grey = Grayscale(share=1.0)(images, seeded())
    assert (grey == grey[:, :1]).all()
    for image, found in zip(images, grey, strict=True):
        pillows = np.asarray(Image.fromarray(image.permute(1, 2, 0).numpy()).convert("L"), dtype=int)
        assert abs(found[0].numpy().astype(int) - pillows).max() <= 1
    some = Grayscale(share=0.25)(images, seeded())
    assert 4 <= (some != images).any(dim=(1, 2, 3)).sum() <= 18
    one = images[:, :1]
    assert torch.equal(Grayscale(share=1.0)(one, seeded()), one)


def test_cutout_hides_one_square_of_its_size_anywhere():
    images = torch.full((300, 3, 32, 32), 255, dtype=torch.uint8)
    hidden = Cutout(pixels=10)(images, seeded()) == 127
    assert (hidden.sum(dim=(2, 3)) == 100).all()
    rows, columns = hidden[:, 0].any(dim=2), hidden[:, 0].any(dim=1)
    assert (rows.sum(dim=1) == 10).all()
    assert (columns.sum(dim=1) == 10).all()
    first = rows.float().argmax(dim=1)
    assert set(first.tolist()) == set(range(23)), "some place is never hidden, or lies outside"


def test_strokes_get_thinner_in_some_pictures_and_thicker_in_others():
    images = same_picture(300)
    mass = StrokeWidth(share=0.5)(images, seeded()).sum(dim=(1, 2, 3)) / images[0].sum()
    thinner, same, thicker = (mass < 0.98).sum(), (mass == 1).sum(), (mass > 1.02).sum()
    assert thinner + same + thicker == 300
    assert 45 < thinner < 105  # a quarter of 300, give or take four standard deviations
    assert 45 < thicker < 105
