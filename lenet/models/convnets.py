"""Networks for photographs: whitened patches, 3x3 convolutions, and a small residual network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lenet.models.network import Network

# --------------------------------------------------------------------------------------------------
# Networks for photographs: the shape of Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
# 2024, which goes back to Page, "How to Train Your ResNet", 2019


class Whitening(nn.Conv2d):
    """A fixed first layer that turns patches of 2x2 pixels into uncorrelated numbers of equal variance.

    The filters are the principal components of the training images' patches, each divided by its standard
    deviation.  Each comes with both signs, because a GELU follows.  `fit` sets them; training does not change them.

    Args:
        in_channels: of the images; each channel gets 8 filters.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels, 8 * in_channels, 2, bias=False)
        weight = self.weight.detach()
        del self.weight
        self.register_buffer("weight", weight)

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Set the filters from network input x (B, C, H, W)."""
        patches = nn.functional.unfold(x, 2).transpose(1, 2).flatten(0, 1)  # (patches, 4 C)
        # on the CPU, because Apple's devices have no float64
        variances, components = torch.linalg.eigh(patches.T.cov().cpu().double())
        # 5e-4: the finest components are mostly noise, which the division would amplify
        filters = (components / (variances + 5e-4).sqrt()).T.view(-1, *self.weight.shape[1:])
        self.weight.copy_(torch.cat([filters, -filters]))


def _convnet(in_channels: int, classes: int, *blocks: tuple[int, ...]) -> Network:
    """Whitened patches, blocks of 3x3 convolutions with these numbers of maps, and one linear layer.

    The resolution halves after the first convolution of each block.  At the end only each map's maximum is left.
    """
    layers: dict[str, nn.Module] = {"whiten": Whitening(in_channels), "gelu0": nn.GELU()}  # (B, 24, 31, 31)
    maps, number = 8 * in_channels, 0
    for block, widths in enumerate(blocks, start=1):
        for position, width in enumerate(widths):
            number += 1
            layers[f"conv{number}"] = nn.Conv2d(maps, width, 3, padding=1, bias=False)
            if position == 0:
                layers[f"pool{block}"] = nn.MaxPool2d(2)  # (B, width, 15, 15), then 7 and 3
            layers[f"bn{number}"] = nn.BatchNorm2d(width)
            layers[f"gelu{number}"] = nn.GELU()
            maps = width
    layers[f"pool{len(blocks) + 1}"] = nn.MaxPool2d(31 // 2 ** len(blocks))  # (B, maps, 1, 1)
    return Network(**layers, flatten=nn.Flatten(), fc1=nn.Linear(maps, classes))


def convnet_medium(in_channels: int = 3, classes: int = 10) -> Network:
    """Three blocks of 64, 256 and 256 maps, for 32x32 input: 1,972,490 trainable parameters."""
    return _convnet(in_channels, classes, (64, 64), (256, 256), (256, 256))


def convnet_large(in_channels: int = 3, classes: int = 10) -> Network:
    """Three blocks of 128, 384 and 384 maps, for 32x32 input: 4,606,218 trainable parameters."""
    return _convnet(in_channels, classes, (128, 128), (384, 384), (384, 384))


# --------------------------------------------------------------------------------------------------
# A small residual network


class ResidualBlock(nn.Module):
    """conv-BN-ReLU-conv-BN plus the input, with no ReLU after the sum and no stride.

    Where the channels differ, the input goes through a 1x1 convolution and BatchNorm first.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


def resnet_mini(in_channels: int = 3, classes: int = 10) -> Network:
    """Two residual blocks at full resolution, for 32x32 input: 347,498 parameters."""
    return Network(
        conv1=nn.Conv2d(in_channels, 16, 3, padding=1),  # (B, 16, 32, 32)
        bn1=nn.BatchNorm2d(16),
        relu1=nn.ReLU(),
        block1=ResidualBlock(16, 16),  # (B, 16, 32, 32)
        block2=ResidualBlock(16, 32),  # (B, 32, 32, 32)
        flatten=nn.Flatten(),  # (B, 32768)
        fc1=nn.Linear(32 * 32 * 32, classes),
    )


def convnet_small(in_channels: int = 3, classes: int = 10) -> Network:
    """Whitened patches, three 3x3 convolutions and two residual blocks, for 32x32 input: 95,426 parameters."""
    return Network(
        whiten=Whitening(in_channels),  # (B, 24, 31, 31) of 3 channels
        gelu0=nn.GELU(),
        conv1=nn.Conv2d(8 * in_channels, 24, 3, padding=1, bias=False),  # (B, 24, 31, 31)
        bn1=nn.BatchNorm2d(24),
        gelu1=nn.GELU(),
        conv2=nn.Conv2d(24, 32, 3, padding=1, bias=False),
        pool2=nn.MaxPool2d(2),  # (B, 32, 15, 15)
        bn2=nn.BatchNorm2d(32),
        gelu2=nn.GELU(),
        block3=ResidualBlock(32, 32),
        gelu3=nn.GELU(),
        conv4=nn.Conv2d(32, 52, 3, padding=1, bias=False),
        pool4=nn.MaxPool2d(2),  # (B, 52, 7, 7)
        bn4=nn.BatchNorm2d(52),
        gelu4=nn.GELU(),
        block5=ResidualBlock(52, 52),
        gelu5=nn.GELU(),
        pool5=nn.MaxPool2d(7),  # (B, 52, 1, 1)
        flatten=nn.Flatten(),
        fc1=nn.Linear(52, classes),
    )
