"""LeNet-5 as printed in 1998.

LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86(11), 1998,
section II.B.  Equations and tables below are the paper's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lenet.models.network import Network


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

    y is a penalty: it is small for the right class.  The logits are its negative, so argmax, softmax and the
    rest of the project read this network like any other.
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
