"""Statistics of pictures: what they count, and that drawn things differ from noise and from photos."""

from __future__ import annotations

import pytest
import torch

from lenet.inference.ood import STATISTICS, image_statistics, mahalanobis


def test_a_plain_colour_is_flat_at_every_scale():
    image = torch.tensor([51, 102, 204], dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    (found,) = image_statistics(image)
    assert found.shape == (STATISTICS,)
    assert found[:6].tolist() == pytest.approx([0.2, 0.4, 0.8, 0, 0, 0], abs=1e-9)
    grey = (0.2 + 0.4 + 0.8) / 3
    assert found[6].item() == pytest.approx(sum(abs(value - grey) for value in (0.2, 0.4, 0.8)) / 3)
    assert found[8 + 3 :: 4].tolist() == [1.0] * 8


def test_stripes_differ_across_and_not_down():
    image = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    image[..., ::2] = 255
    (found,) = image_statistics(image)
    across, down = found[8:12], found[12:16]
    assert across.exp()[:2].tolist() == pytest.approx([1.001, 1.001])
    assert across[3] == 0
    assert down[3] == 1
    assert found[16 + 3] == 1  # of the next scale, where they are one grey


def test_each_row_is_on_its_own():
    images = torch.randint(0, 256, (5, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    torch.testing.assert_close(image_statistics(images)[3:4], image_statistics(images[3:4]))


def test_distance_is_mahalanobis():
    precision = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    found = mahalanobis(torch.tensor([[2.0, 0.0], [1.0, 2.0]]), torch.tensor([1.0, 0.0]), precision)
    assert found.tolist() == [2.0, 12.0]
