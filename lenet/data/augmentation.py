"""Augmentations: batch in, batch out, with the randomness passed in.

Each is a small value object, called with images (B, C, H, W) in 0 to 255, uint8 or float, and a
`torch.Generator` on the CPU, so that every device sees the same batches.  Every image of a batch
draws its own parameters (torchvision's v2 transforms draw one set for the whole batch).
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional

Augmentation = Callable[[Tensor, Generator], Tensor]


def _uniform(count: int, reach: float, generator: Generator) -> Tensor:
    """(count,) numbers from -reach to reach."""
    return (torch.rand(count, generator=generator) * 2 - 1) * reach


@dataclass(frozen=True)
class FlipShift:
    """Mirrored left to right half of the time, and moved by up to `pixels` each way.

    Both in one gather.  What moves in from outside is the picture's own reflection.
    """

    pixels: int

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        count, channels, height, width = images.shape
        rows = self._positions(count, height, generator)  # (B, H)
        columns = self._positions(count, width, generator)  # (B, W)
        mirrored = torch.rand(count, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
        index = (rows[:, :, None] * width + columns[:, None, :]).view(count, 1, -1)  # (B, 1, H * W)
        index = index.expand(-1, channels, -1).to(images.device)
        return images.flatten(2).gather(2, index).view_as(images)

    def _positions(self, count: int, side: int, generator: Generator) -> Tensor:
        offsets = torch.randint(-self.pixels, self.pixels + 1, (count, 1), generator=generator)
        positions = (torch.arange(side) + offsets).abs()
        return torch.where(positions >= side, 2 * (side - 1) - positions, positions)


TOGETHER = 16  # images that share a JPEG file, and with it a quality: a file each took seven times as long


@dataclass(frozen=True)
class Jpeg:
    """Written as a JPEG and read back, as nearly every uploaded photo was.

    A few images stand below each other in one file, as if cut out of a larger picture.

    Attributes:
        share: the share of images to which this happens.
        quality: least and greatest, 1 to 100; one is drawn for every `TOGETHER` of them.
    """

    share: float
    quality: tuple[int, int] = (50, 95)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        chosen = _chosen(len(images), self.share, generator).split(TOGETHER)
        low, high = self.quality
        qualities = torch.randint(low, high + 1, (len(chosen),), generator=generator).tolist()
        images = images.clone()
        for group, quality in zip(chosen, qualities, strict=True):
            which = group.to(images.device)
            images[which] = _jpeg(images[which].cpu(), quality).to(images.device)
        return images


def _jpeg(images: Tensor, quality: int) -> Tensor:
    """What one JPEG of this quality keeps of images uint8 (B, C, H, W), of one or three channels."""
    if not len(images):
        return images
    count, channels, height, width = images.shape
    file = io.BytesIO()
    pixels = images.permute(0, 2, 3, 1).reshape(count * height, width, channels)
    Image.fromarray(pixels.squeeze(2).numpy()).save(file, "JPEG", quality=quality)
    kept = torch.from_numpy(np.array(Image.open(file))).view(count, height, width, channels)
    return kept.permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Cutout:
    """A square of `pixels` a side, anywhere inside, turned into mid-grey (DeVries and Taylor 2017)."""

    pixels: int

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        count, _, height, width = images.shape
        rows = self._hidden(count, height, generator)  # (B, H)
        columns = self._hidden(count, width, generator)  # (B, W)
        hidden = (rows[:, None, :, None] & columns[:, None, None, :]).to(images.device)  # (B, 1, H, W)
        return images.masked_fill(hidden, 127)

    def _hidden(self, count: int, side: int, generator: Generator) -> Tensor:
        first = torch.randint(side - self.pixels + 1, (count, 1), generator=generator)
        place = torch.arange(side)
        return (place >= first) & (place < first + self.pixels)


@dataclass(frozen=True)
class Grayscale:
    """As a photo in black and white; luma of ITU-R BT.601, as Pillow's mode "L".

    Attributes:
        share: the share of images to which this happens.
    """

    share: float

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        if images.shape[1] == 1:
            return images
        which = _chosen(len(images), self.share, generator).to(images.device)
        red, green, blue = images[which].float().unbind(1)
        images = images.clone()
        images[which] = (0.299 * red + 0.587 * green + 0.114 * blue).round().to(images.dtype)[:, None]
        return images


@dataclass(frozen=True)
class Zoom:
    """A part of the picture at full size, out of focus as it then is, or the whole from further away.

    A person crops a photo otherwise than CIFAR-10's authors did: a face fills it, or a bird is small in it.  What
    moves in from outside is the picture's own reflection.

    Attributes:
        share: the share of images to which this happens.
        part: least and greatest side of what is seen, in sides of the picture; more than 1 is further away.
    """

    share: float
    part: tuple[float, float]

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        which = _chosen(len(images), self.share, generator)
        low, high = (math.log(limit) for limit in self.part)
        part = torch.exp(low + (high - low) * torch.rand(len(which), generator=generator))
        room = (1 - part).abs()  # affine_grid's coordinates run from -1 to 1: a part of half a side moves by half
        theta = torch.zeros(len(which), 2, 3)
        theta[:, 0, 0] = theta[:, 1, 1] = part
        for axis in range(2):
            theta[:, axis, 2] = room * (torch.rand(len(which), generator=generator) * 2 - 1)
        which, theta = which.to(images.device), theta.to(images.device)
        grid = functional.affine_grid(theta, [len(which), *images.shape[1:]], align_corners=False)
        seen = images[which].float()
        seen = functional.grid_sample(seen, grid, padding_mode="reflection", align_corners=False)
        images = images.clone()
        images[which] = seen.round().to(images.dtype)
        return images


def _chosen(count: int, share: float, generator: Generator) -> Tensor:
    """Which of so many, each with the probability `share`."""
    return (torch.rand(count, generator=generator) < share).nonzero()[:, 0]


@dataclass(frozen=True)
class Affine:
    """Turned, scaled, slanted and moved, in one resampling; bilinear, black outside.

    Attributes:
        degrees: rotation either way.
        scale: relative change of size either way, drawn for height and width apart.
        shear: horizontal slant either way, as a tangent.
        pixels: movement either way.
    """

    degrees: float
    scale: float
    shear: float
    pixels: float

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        count, _, height, width = images.shape
        angle = _uniform(count, math.radians(self.degrees), generator)
        scale_x, scale_y = (torch.exp(_uniform(count, math.log1p(self.scale), generator)) for _ in range(2))
        shear = _uniform(count, self.shear, generator)
        # affine_grid's coordinates run from -1 to 1, so half a side is 1
        move_x = _uniform(count, self.pixels * 2 / width, generator)
        move_y = _uniform(count, self.pixels * 2 / height, generator)
        cos, sin = angle.cos(), angle.sin()
        # output position -> input position: rotation, then shear and scale
        theta = torch.stack(
            [
                torch.stack([cos * scale_x, (shear * cos - sin) * scale_y, move_x], dim=1),
                torch.stack([sin * scale_x, (shear * sin + cos) * scale_y, move_y], dim=1),
            ],
            dim=1,
        )  # (B, 2, 3)
        grid = functional.affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
        return functional.grid_sample(images.float(), grid, align_corners=False)


@dataclass(frozen=True)
class StrokeWidth:
    """Pen strokes made thinner or thicker: grey erosion or dilation at twice the resolution.

    Attributes:
        share: the share of images that is changed, half of them each way.
    """

    share: float

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        choice = torch.rand(images.shape[0], generator=generator)
        thinner = (choice < self.share / 2).nonzero()[:, 0].to(images.device)
        thicker = (choice > 1 - self.share / 2).nonzero()[:, 0].to(images.device)
        changed = images.float()
        if changed is images:
            changed = images.clone()
        for which, sign in ((thinner, -1), (thicker, 1)):
            if len(which):
                double = functional.interpolate(changed[which], scale_factor=2, mode="bilinear", align_corners=False)
                changed[which] = functional.avg_pool2d(sign * _largest_of_3x3(sign * double), 2)
        return changed


def _largest_of_3x3(images: Tensor) -> Tensor:
    """Each pixel's largest neighbour or self: what max_pool2d does with stride 1, which is much slower on a CPU."""
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    rows = torch.maximum(torch.maximum(padded[..., :-2], padded[..., 1:-1]), padded[..., 2:])
    return torch.maximum(torch.maximum(rows[..., :-2, :], rows[..., 1:-1, :]), rows[..., 2:, :])


@dataclass(frozen=True)
class Chain:
    """One augmentation after another."""

    parts: tuple[Augmentation, ...] = ()

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        for part in self.parts:
            images = part(images, generator)
        return images


AUGMENTATIONS: dict[str, Augmentation] = {
    "none": Chain(),
    "flip-shift": FlipShift(pixels=2),
    "flip-shift-4": FlipShift(pixels=4),
    "photographed": Chain((Jpeg(share=0.5), FlipShift(pixels=2))),
    "photographed-hidden": Chain((Jpeg(share=0.5), FlipShift(pixels=2), Cutout(pixels=12))),
    "photographed-anyhow": Chain(
        (Zoom(share=0.5, part=(0.5, 1.5)), Grayscale(share=0.1), Jpeg(share=0.5), FlipShift(pixels=2))
    ),
    "handwriting": Chain((StrokeWidth(share=0.5), Affine(degrees=12, scale=0.15, shear=0.2, pixels=2))),
}
