"""From images to network input: how a network wants its images, and the only function that makes them so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class InputFormat:
    """How a network wants its images.

    Attributes:
        size: height and width in pixels.
        mean, std: per channel, for pixel values in [0, 1]: x = (value - mean) / std.
        scaling: how an image smaller than `size` gets there: a black border, or bilinear resizing.
    """

    size: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    scaling: Literal["pad", "resize"] = "pad"


def to_input(images: Tensor, form: InputFormat) -> Tensor:
    """Network input x, float32 (N, C, size, size), from images (N, C, H, W) in 0 to 255.

    Args:
        images: uint8, or float where an augmentation left it so.
    """
    x = images.float()
    side = images.shape[-1]
    if side != form.size and form.scaling == "resize":
        x = torch.nn.functional.interpolate(x, size=(form.size, form.size), mode="bilinear", antialias=True)
    elif side < form.size:
        before = (form.size - side) // 2
        after = form.size - side - before
        x = torch.nn.functional.pad(x, (before, after, before, after))
    elif side > form.size:
        raise ValueError(f"images of {side} pixels do not fit a network of {form.size} pixels by padding")
    # (value / 255 - mean) / std as one multiplication and one addition
    scale, shift = [1 / (255 * s) for s in form.std], [-m / s for m, s in zip(form.mean, form.std, strict=True)]
    if len(scale) == 1:  # the same numbers, without the time it takes to make tensors of them
        return x * scale[0] + shift[0]
    return x * torch.tensor(scale, device=x.device).view(1, -1, 1, 1) + torch.tensor(shift, device=x.device).view(
        1, -1, 1, 1
    )


def form_range(form: InputFormat) -> tuple[float, float]:
    """The numbers that a black and a white pixel of the first channel become."""
    return (0 - form.mean[0]) / form.std[0], (1 - form.mean[0]) / form.std[0]


def stacked(pictures: Sequence[np.ndarray]) -> Tensor:
    """Grey pictures, uint8 (H, W) each, as a data set holds them: uint8 (N, 1, H, W)."""
    return torch.from_numpy(np.stack(pictures)[:, None])
