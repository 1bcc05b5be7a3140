"""The LeNet family, each network a named table of layers.

Every network is a `Network`: an `nn.Sequential` whose children have names, so that the table *is*
the forward pass, and `activations` shows each row's output without hooks.  Shapes in comments are
(B, C, H, W) or (B, features); B is the batch.

Parameter counts are asserted layer by layer in tests/unit/test_models.py.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

# --------------------------------------------------------------------------------------------------
# The two ideas that everything below is made of


class Network(nn.Sequential):
    """A named layer table that maps x (B, C, H, W) to logits (B, classes)."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__(OrderedDict(layers))

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Every layer's output by name, in order; the last entry is the logits.

        Args:
            x: network input, float, (B, C, H, W).
        """
        outputs = {}
        for name, layer in self.named_children():
            x = layer(x)
            outputs[name] = x
        return outputs


def count_parameters(module: nn.Module) -> int:
    """How many trainable numbers `module` has."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


# --------------------------------------------------------------------------------------------------
# LeNet-5 as the tutorials build it: max pooling, ReLU, a linear output layer


def lenet5(in_channels: int = 3, classes: int = 10) -> Network:
    """LeNet-5 with ReLU and max pooling, for 32x32 input: 62,006 parameters with 3 channels."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu3=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet5_linear(in_channels: int = 3, classes: int = 10) -> Network:
    """`lenet5` whose two convolutions have no activation behind them (max pooling is all)."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu1=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu2=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet5_sigmoid(in_channels: int = 1, classes: int = 10) -> Network:
    """LeNet-5 with sigmoids and average pooling, for 28x28 input: 44,426 parameters.

    The three linear layers follow each other without an activation, as in its tutorial.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 24, 24)
        sigmoid1=nn.Sigmoid(),
        pool1=nn.AvgPool2d(2),  # (B, 6, 12, 12)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 8, 8)
        sigmoid2=nn.Sigmoid(),
        pool2=nn.AvgPool2d(2),  # (B, 16, 4, 4)
        flatten=nn.Flatten(),  # (B, 256)
        fc1=nn.Linear(256, 120),
        fc2=nn.Linear(120, 84),
        fc3=nn.Linear(84, classes),
    )


def lenet5_bn(in_channels: int = 1, classes: int = 10) -> Network:
    """`lenet5` with BatchNorm after each convolution: 61,750 parameters with 1 channel."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        bn1=nn.BatchNorm2d(6),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        bn2=nn.BatchNorm2d(16),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu3=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet_wide(in_channels: int = 3, classes: int = 10) -> Network:
    """Three 3x3 convolutions of 32, 64 and 64 maps, for 32x32 input: 122,570 parameters.

    Its tutorial calls it "LeNet1"; it is not LeCun's LeNet-1 of 1989.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 32, 3),  # (B, 32, 30, 30)
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 32, 15, 15)
        conv2=nn.Conv2d(32, 64, 3),  # (B, 64, 13, 13)
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 64, 6, 6)
        conv3=nn.Conv2d(64, 64, 3),  # (B, 64, 4, 4)
        relu3=nn.ReLU(),
        flatten=nn.Flatten(),  # (B, 1024)
        fc1=nn.Linear(1024, 64),
        relu4=nn.ReLU(),
        fc2=nn.Linear(64, classes),
    )


def lenet_modern(in_channels: int = 1, classes: int = 10) -> Network:
    """LeNet's plan with what was learned since, for 28x28 input: 51,435 parameters with 11 classes.

    Two 3x3 convolutions behind each other where LeNet-5 has one of 5x5, more maps, BatchNorm after
    each, and in place of three linear layers, which hold 95% of LeNet-5's parameters, a single small one.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 16, 5),  # (B, 16, 24, 24)
        bn1=nn.BatchNorm2d(16),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 16, 12, 12)
        conv2=nn.Conv2d(16, 32, 3, padding=1),
        bn2=nn.BatchNorm2d(32),
        relu2=nn.ReLU(),
        conv3=nn.Conv2d(32, 32, 3, padding=1),  # (B, 32, 12, 12)
        bn3=nn.BatchNorm2d(32),
        relu3=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 32, 6, 6)
        conv4=nn.Conv2d(32, 48, 3, padding=1),
        bn4=nn.BatchNorm2d(48),
        relu4=nn.ReLU(),
        conv5=nn.Conv2d(48, 48, 3),  # (B, 48, 4, 4)
        bn5=nn.BatchNorm2d(48),
        relu5=nn.ReLU(),
        pool3=nn.MaxPool2d(2),  # (B, 48, 2, 2)
        flatten=nn.Flatten(),  # (B, 192)
        fc1=nn.Linear(192, classes),
    )


# --------------------------------------------------------------------------------------------------
# Networks for photographs: the shape of Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
# 2024, which goes back to Page, "How to Train Your ResNet", 2019


class Whitening(nn.Conv2d):
    """Patches of 2x2 pixels as 24 uncorrelated numbers of equal variance, in place of a learned first layer.

    The filters are the principal components of the training images' patches, each divided by its
    deviation, once with either sign, since a GELU follows.  They are set by `fit` and never trained.

    Args:
        in_channels: of the images; there are 8 filters for each.
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
        # on the CPU, since Apple's devices know no double
        variances, components = torch.linalg.eigh(patches.T.cov().cpu().double())
        # 5e-4: the finest components are mostly noise, and would be blown up
        filters = (components / (variances + 5e-4).sqrt()).T.view(-1, *self.weight.shape[1:])
        self.weight.copy_(torch.cat([filters, -filters]))


class SideBySide(nn.Conv2d):
    """A convolution that learns from narrow maps as from wide ones: some pictures in a row, zeros between them.

    oneDNN sums the gradient towards bfloat16 weights along image rows, and is quick with rows of 32 numbers, not
    with 7 or 3.  The zeros are the padding that each picture has anyway, so what comes out is the same to within
    rounding, in two thirds of the time with 7x7 and a third with 3x3, forward and backward together.  A batch
    of a prime number of pictures gains nothing.

    Its stride is 1, and its output as large as its input.
    """

    WIDE, NARROW = 40, 8  # numbers: a row of pictures at most, and one of them at most

    def forward(self, x: Tensor) -> Tensor:
        together = self._together(x)
        if together == 1:
            return super().forward(x)
        pictures = nn.functional.pad(x.permute(0, 2, 3, 1), (0, 0, 0, self.kernel_size[1] // 2))  # (B, H, W + 1, C)
        rows = pictures.view(-1, together, *pictures.shape[1:]).transpose(1, 2)  # (B / n, H, n, W + 1, C)
        z = super().forward(rows.flatten(2, 3).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # (B / n, H, n (W + 1), O)
        apart = z.unflatten(2, (together, -1))[:, :, :, : x.shape[3]].transpose(1, 2)  # (B / n, n, H, W, O)
        return apart.flatten(0, 1).permute(0, 3, 1, 2)

    def _together(self, x: Tensor) -> int:
        """How many pictures of x (B, C, H, W) stand in a row; 1 where that is no faster."""
        if not (self.training and x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and len(x)):
            return 1
        if x.shape[3] > self.NARROW:
            return 1
        most = self.WIDE // (x.shape[3] + self.kernel_size[1] // 2)
        return max(n for n in range(1, most + 1) if len(x) % n == 0)


def _convnet(in_channels: int, classes: int, *blocks: tuple[int, ...]) -> Network:
    """Whitened patches, blocks of 3x3 convolutions with these numbers of maps, and one linear layer.

    Behind each block's first convolution the resolution halves; behind the last, each map's maximum is left.
    """
    layers: dict[str, nn.Module] = {"whiten": Whitening(in_channels), "gelu0": nn.GELU()}  # (B, 24, 31, 31)
    maps, number = 8 * in_channels, 0
    for block, widths in enumerate(blocks, start=1):
        for position, width in enumerate(widths):
            number += 1
            layers[f"conv{number}"] = SideBySide(maps, width, 3, padding=1, bias=False)
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


# --------------------------------------------------------------------------------------------------
# LeNet-5 as printed: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document
# Recognition", Proc. IEEE 86(11), 1998, section II.B.  Equations and tables below are the paper's.


class ScaledTanh(nn.Module):
    """Equation 6, f(a) = A tanh(S a), with A = 1.7159 and S = 2/3 (appendix A): f(+-1) = +-1."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * (2 / 3))


class Subsampling(nn.Module):
    """S2 and S4: the sum of each 2x2 field times one trainable coefficient a map, plus one bias."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        # The sum is four times the mean, so a coefficient of 1/4 starts this layer as an average.
        self.coefficient = nn.Parameter(torch.full((maps, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return 4 * nn.functional.avg_pool2d(x, 2) * self.coefficient + self.bias


# Table I: which maps of S2 (columns) feed each map of C3 (rows).
TABLE_I = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)


class TableConv2d(nn.Module):
    """C3: a 5x5 convolution in which each output map sees only the inputs that its row names.

    The weights are kept as the (connections, 5, 5) kernels that exist, so that counting parameters
    counts the paper's 60 x 25 + 16 = 1,516, and are scattered into a dense kernel to compute.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, in_channels: int, table: tuple[tuple[int, ...], ...], kernel_size: int) -> None:
        super().__init__()
        pairs = [(row, column) for row, columns in enumerate(table) for column in columns]
        self.dense_shape = (len(table), in_channels, kernel_size, kernel_size)
        # (connections,) each: where a kernel goes in the dense (out, in) grid
        self.register_buffer("rows", torch.tensor([row for row, _ in pairs]), persistent=False)
        self.register_buffer("columns", torch.tensor([column for _, column in pairs]), persistent=False)
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(table)))
        fan_in = torch.tensor([len(columns) * kernel_size**2 for columns in table])[self.rows]
        with torch.no_grad():
            self.weight.uniform_(-1, 1).mul_((2.4 / fan_in)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        dense = x.new_zeros(self.dense_shape).index_put((self.rows, self.columns), self.weight)
        return nn.functional.conv2d(x, dense, self.bias)


# The ten targets of the output layer, 7x12 pixels each.  The paper prints its set only as a figure
# (3), of which these are redrawn in the same stylised manner; an independent drawing, not a scan.
DIGIT_BITMAPS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
.#####. ...##.. .#####. ####### ....##. ####### ..####. ####### .#####. .#####.
##...## ..###.. ##...## .....## ...###. ##..... .##.... ##...## ##...## ##...##
##...## .####.. .....## ....##. ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## ...##.. .##.##. ######. ##..... ....##. ##...## ##...##
##...## ...##.. ....##. ..####. ##..##. .....## ######. ....##. .#####. .######
##...## ...##.. ..###.. .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ...##.. ##...## .....##
##...## ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ....##.
.#####. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


def digit_bitmaps() -> Tensor:
    """The RBF centres, (10, 84), -1 for background and +1 for ink (section II.B)."""
    rows = [line.split() for line in DIGIT_BITMAPS.split("\n") if line]  # 12 rows of 10 strings
    glyphs = ["".join(row[digit] for row in rows) for digit in range(10)]
    return torch.tensor([[1.0 if pixel == "#" else -1.0 for pixel in glyph] for glyph in glyphs])


class EuclideanRBF(nn.Module):
    """The output layer, equation 7: y_i = sum_j (x_j - w_ij)^2, with w fixed.  Nothing is trained.

    y is a penalty, small for the right class.  Logits are its negative, so that argmax, softmax and
    the rest of the project read this network like any other.
    """

    centres: Tensor

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, x: Tensor) -> Tensor:
        return -(x[:, None, :] - self.centres).square().sum(dim=2)  # (B, 1, 84) - (10, 84) -> (B, 10)


def lenet5_1998(in_channels: int = 1, classes: int = 10) -> Network:
    """LeNet-5 as printed in 1998, for 1x32x32 input: 60,000 trainable parameters.

    Layer by layer 156, 12, 1516, 32, 48120 and 10164, as in the paper.  Weights start uniform in
    +-2.4/fan-in (appendix A).  The paper puts the squashing function after every layer up to F6,
    the subsampling layers included; so does this.

    Raises:
        ValueError: for other than one channel and ten classes, which the bitmaps fix.
    """
    if (in_channels, classes) != (1, 10):
        raise ValueError("lenet5-1998 reads 1 channel and knows 10 digits: Table I and its bitmaps are fixed")
    network = Network(
        c1=nn.Conv2d(1, 6, 5),  # (B, 6, 28, 28)
        tanh1=ScaledTanh(),
        s2=Subsampling(6),  # (B, 6, 14, 14)
        tanh2=ScaledTanh(),
        c3=TableConv2d(6, TABLE_I, 5),  # (B, 16, 10, 10)
        tanh3=ScaledTanh(),
        s4=Subsampling(16),  # (B, 16, 5, 5)
        tanh4=ScaledTanh(),
        c5=nn.Conv2d(16, 120, 5),  # (B, 120, 1, 1)
        tanh5=ScaledTanh(),
        flatten=nn.Flatten(),  # (B, 120)
        f6=nn.Linear(120, 84),
        tanh6=ScaledTanh(),
        rbf=EuclideanRBF(digit_bitmaps()),
    )
    for layer in (network.c1, network.c5, network.f6):
        assert isinstance(layer, nn.Conv2d | nn.Linear)  # which mypy cannot see in a table of layers
        assert layer.bias is not None
        fan_in = layer.weight[0].numel()
        nn.init.uniform_(layer.weight, -2.4 / fan_in, 2.4 / fan_in)
        nn.init.zeros_(layer.bias)
    return network


# --------------------------------------------------------------------------------------------------
# The registry


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
