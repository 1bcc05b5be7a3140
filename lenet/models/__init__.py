"""The LeNet family, each network a named table of layers.

Every network is a `Network`: an `nn.Sequential` whose children have names, so that the table *is*
the forward pass, and `activations` shows each row's output without hooks.  Shapes in comments are
(B, C, H, W) or (B, features); B is the batch.

Parameter counts are asserted layer by layer in tests/unit/test_models.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lenet.models.convnets import convnet_large, convnet_medium, convnet_small, resnet_mini
from lenet.models.lenet import lenet5, lenet5_bn, lenet5_linear, lenet5_sigmoid, lenet_modern, lenet_wide
from lenet.models.lenet_1998 import lenet5_1998
from lenet.models.network import Network


@dataclass(frozen=True)
class Model:
    """An architecture: what builds it, and what it reads.

    Attributes:
        build: (in_channels, classes) -> Network with fresh weights from torch's global generator.
        size: height and width of its input in pixels.
        channels: input channels that `build` takes by default.
        about: one sentence for a list.
    """

    build: Callable[[int, int], Network]
    size: int
    channels: int
    about: str


MODELS: dict[str, Model] = {
    "lenet5": Model(lenet5, 32, 3, "LeNet-5 with ReLU and max pooling, as today's tutorials build it"),
    "lenet5-linear": Model(lenet5_linear, 32, 3, "LeNet-5 without activations after its convolutions"),
    "lenet5-sigmoid": Model(lenet5_sigmoid, 28, 1, "LeNet-5 with sigmoids and average pooling"),
    "lenet5-bn": Model(lenet5_bn, 32, 1, "LeNet-5 with ReLU, max pooling and BatchNorm"),
    "lenet5-1998": Model(lenet5_1998, 32, 1, "LeNet-5 as printed in 1998: Table I, RBF output"),
    "lenet-modern": Model(lenet_modern, 28, 1, "LeNet's plan today: 3x3 convolutions in pairs, more maps, BatchNorm"),
    "lenet-wide": Model(lenet_wide, 32, 3, "three 3x3 convolutions of 32, 64 and 64 maps"),
    "convnet-small": Model(convnet_small, 32, 3, "whitened patches, three 3x3 convolutions and two residual blocks"),
    "convnet-medium": Model(convnet_medium, 32, 3, "whitened patches and six 3x3 convolutions of 64 to 256 maps"),
    "convnet-large": Model(convnet_large, 32, 3, "whitened patches and six 3x3 convolutions of 128 to 384 maps"),
    "resnet-mini": Model(resnet_mini, 32, 3, "two residual blocks at full resolution"),
}
