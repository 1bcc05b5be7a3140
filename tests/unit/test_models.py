"""Every network against its published figures, and the 1998 paper's details one by one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lenet.models import MODELS
from lenet.models.convnets import Whitening
from lenet.models.cpu import SideBySide
from lenet.models.lenet_1998 import TABLE_I, EuclideanRBF, ScaledTanh, Subsampling, digit_bitmaps
from lenet.models.network import Network, count_parameters

# Layer by layer; the totals and the LeNet rows are the ones that the tutorials and the paper print.
LENET5 = {"conv1": 456, "conv2": 2416, "fc1": 48120, "fc2": 10164, "fc3": 850}
PUBLISHED = {
    "lenet5": (62_006, LENET5),
    "lenet5-linear": (62_006, LENET5),
    "lenet5-sigmoid": (44_426, {"conv1": 156, "conv2": 2416, "fc1": 30840, "fc2": 10164, "fc3": 850}),
    "lenet5-bn": (
        61_750,
        {"conv1": 156, "bn1": 12, "conv2": 2416, "bn2": 32, "fc1": 48120, "fc2": 10164, "fc3": 850},
    ),
    "lenet5-1998": (60_000, {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48120, "f6": 10164}),
    # 3x3 x in x out + out, and two numbers a map for BatchNorm
    "lenet-modern": (
        51_242,
        {
            "conv1": 416,
            "bn1": 32,
            "conv2": 4640,
            "bn2": 64,
            "conv3": 9248,
            "bn3": 64,
            "conv4": 13872,
            "bn4": 96,
            "conv5": 20784,
            "bn5": 96,
            "fc1": 1930,
        },
    ),
    "lenet-wide": (122_570, {"conv1": 896, "conv2": 18496, "conv3": 36928, "fc1": 65600, "fc2": 650}),
    "convnet-small": (
        95_426,
        {"conv1": 5184, "bn1": 48, "conv2": 6912, "bn2": 64, "block3": 18624, "conv4": 14976, "bn4": 104}
        | {"block5": 48984, "fc1": 530},
    ),
    "convnet-medium": (
        1_972_490,
        {
            "conv1": 13824,
            "bn1": 128,
            "conv2": 36864,
            "bn2": 128,
            "conv3": 147456,
            "bn3": 512,
            "conv4": 589824,
            "bn4": 512,
        }
        | {"conv5": 589824, "bn5": 512, "conv6": 589824, "bn6": 512, "fc1": 2570},
    ),
    "convnet-large": (
        4_606_218,
        {"conv1": 27648, "bn1": 256, "conv2": 147456, "bn2": 256, "conv3": 442368, "bn3": 768, "conv4": 1327104}
        | {"bn4": 768, "conv5": 1327104, "bn5": 768, "conv6": 1327104, "bn6": 768, "fc1": 3850},
    ),
    # blocks by hand: 2 x (3x3x16x16 + 16) + 2 x 32; (3x3x16x32 + 32) + (3x3x32x32 + 32) + (16x32 + 32) + 3 x 64
    "resnet-mini": (347_498, {"conv1": 448, "bn1": 32, "block1": 4704, "block2": 14624, "fc1": 327690}),
}


def build(name: str) -> Network:
    torch.manual_seed(0)
    model = MODELS[name]
    return model.build(model.channels, 10).eval()


def an_input(name: str, batch: int = 3) -> torch.Tensor:
    model = MODELS[name]
    return torch.randn(batch, model.channels, model.size, model.size, generator=torch.Generator().manual_seed(1))


def test_every_network_has_published_figures():
    assert set(PUBLISHED) == set(MODELS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_layer_by_layer(name):
    total, layers = PUBLISHED[name]
    network = build(name)
    counts = {child: count_parameters(layer) for child, layer in network.named_children() if count_parameters(layer)}
    assert counts == layers
    assert count_parameters(network) == total == sum(layers.values())


def test_channels_and_classes_are_arguments():
    assert count_parameters(MODELS["lenet5"].build(1, 10)) == 61_706
    assert MODELS["lenet5"].build(3, 7)(an_input("lenet5")).shape == (3, 7)
    with pytest.raises(ValueError, match="1 channel"):
        MODELS["lenet5-1998"].build(3, 10)


@pytest.mark.parametrize("name", MODELS)
def test_activations_are_the_forward_pass(name):
    network, x = build(name), an_input(name)
    with torch.no_grad():
        logits, activations = network(x), network.activations(x)
    assert logits.shape == (3, 10)
    assert list(activations) == [child for child, _ in network.named_children()]
    assert torch.equal(list(activations.values())[-1], logits)


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("lenet5", "conv1", (6, 28, 28)),
        ("lenet5", "pool2", (16, 5, 5)),
        ("lenet5-sigmoid", "pool2", (16, 4, 4)),
        ("lenet5-1998", "c5", (120, 1, 1)),
        ("lenet5-1998", "tanh6", (84,)),
        ("lenet-wide", "conv3", (64, 4, 4)),
        ("resnet-mini", "block2", (32, 32, 32)),
        ("convnet-small", "whiten", (24, 31, 31)),
        ("convnet-small", "block5", (52, 7, 7)),
        ("convnet-small", "flatten", (52,)),
        ("convnet-large", "conv6", (384, 3, 3)),
    ],
)
def test_shapes_in_the_middle(name, layer, shape):
    assert build(name).activations(an_input(name))[layer].shape[1:] == shape


def test_whitened_patches_are_uncorrelated_and_of_one_variance():
    x = 10 * torch.randn(200, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    x = nn.functional.avg_pool2d(x, 3, stride=1) * torch.tensor([0.5, 1.0, 2.0]).view(1, 3, 1, 1)  # neighbours alike
    x = torch.cat([x[:, :2], x[:, 1:] + x[:, :1]], dim=1)[:, [0, 1, 3]]  # and channels
    layer = Whitening(3)
    layer.fit(x)
    out = layer(x).transpose(0, 1).flatten(1)  # (24, patches)
    torch.testing.assert_close(out[:12].cov(), torch.eye(12), atol=0.05, rtol=0)
    torch.testing.assert_close(out[12:], -out[:12])
    assert count_parameters(layer) == 0
    assert set(layer.state_dict()) == {"weight"}


@pytest.mark.parametrize(("count", "side", "wide"), [(20, 7, 5), (6, 3, 6), (7, 7, 1), (4, 15, 1), (0, 7, 1)])
def test_pictures_side_by_side_learn_as_each_alone(monkeypatch, count, side, wide):
    layer = SideBySide(5, 6, 3, padding=1, bias=False)
    x = torch.randn(count, 5, side, side, generator=torch.Generator().manual_seed(0), requires_grad=True)
    weighed = torch.randn(count, 6, side, side, generator=torch.Generator().manual_seed(1))

    def gradients(together):
        monkeypatch.setattr(SideBySide, "_together", lambda layer, x: together)
        out = layer(x)
        return out, *torch.autograd.grad((out * weighed).sum(), (x, layer.weight))

    with torch.autocast("cpu", torch.bfloat16):
        assert layer._together(x) == wide
        assert layer.eval()._together(x) == 1  # an answer is always computed in the same way
    assert layer.train()._together(x) == 1  # float32 is no faster so
    for got, expected in zip(gradients(wide), gradients(1), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)  # another order of the same sums


# --------------------------------------------------------------------------------------------------
# The paper


def test_table_i_is_the_papers():
    pairs = [(row, column) for row, columns in enumerate(TABLE_I) for column in columns]
    assert len(pairs) == len(set(pairs)) == 60
    assert [sum(column == s2 for _, column in pairs) for s2 in range(6)] == [10] * 6
    assert [len(columns) for columns in TABLE_I] == [3] * 6 + [4] * 9 + [6]
    # "The first six C3 feature maps take inputs from every contiguous subsets of three feature maps"
    assert {frozenset(columns) for columns in TABLE_I[:6]} == {
        frozenset((i + k) % 6 for k in range(3)) for i in range(6)
    }
    assert {frozenset(columns) for columns in TABLE_I[6:12]} == {
        frozenset((i + k) % 6 for k in range(4)) for i in range(6)
    }


def test_c3_maps_react_to_exactly_the_maps_that_table_i_names():
    c3 = build("lenet5-1998").c3
    x = torch.randn(1, 6, 14, 14, generator=torch.Generator().manual_seed(2))
    before = c3(x)
    for s2 in range(6):
        moved = x.clone()
        moved[:, s2] += 1
        changed = (c3(moved) != before).flatten(2).any(dim=2)[0].tolist()
        assert changed == [s2 in columns for columns in TABLE_I]


def test_c3_is_the_convolution_with_those_kernels():
    c3 = build("lenet5-1998").c3
    x = torch.randn(2, 6, 14, 14, generator=torch.Generator().manual_seed(2))
    kernels = iter(c3.weight)
    for row, columns in enumerate(TABLE_I):
        expected = sum(nn.functional.conv2d(x[:, [c]], next(kernels)[None, None]) for c in columns) + c3.bias[row]
        torch.testing.assert_close(c3(x)[:, [row]], expected)


def test_subsampling_is_coefficient_times_sum_plus_bias():
    layer = Subsampling(2)
    x = torch.arange(32.0).view(1, 2, 4, 4)
    torch.testing.assert_close(layer(x), nn.functional.avg_pool2d(x, 2))  # how it starts
    with torch.no_grad():
        layer.coefficient[1], layer.bias[1] = 2.0, -1.0
    assert layer(x)[0, 1, 0, 0].item() == 2 * (16 + 17 + 20 + 21) - 1


def test_scaled_tanh_maps_plus_and_minus_1_to_themselves():
    values = ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0, 100.0]))
    torch.testing.assert_close(values, torch.tensor([-1.0, 0.0, 1.0, 1.7159]), atol=1e-4, rtol=0)


def test_bitmaps_are_ten_different_digits_of_7_by_12():
    bitmaps = digit_bitmaps()
    assert bitmaps.shape == (10, 7 * 12)
    assert set(bitmaps.unique().tolist()) == {-1.0, 1.0}
    differing = (bitmaps[:, None] != bitmaps).sum(dim=2) + 84 * torch.eye(10, dtype=torch.int64)
    assert differing.min() >= 4


def test_rbf_is_the_negative_squared_distance_and_is_not_trained():
    rbf = EuclideanRBF(digit_bitmaps())
    x = torch.randn(4, 84, generator=torch.Generator().manual_seed(3))
    naive = [[-sum((a - b) ** 2 for a, b in zip(row, centre, strict=True)) for centre in digit_bitmaps().tolist()]
             for row in x.tolist()]  # fmt: skip
    torch.testing.assert_close(rbf(x), torch.tensor(naive), rtol=1e-5, atol=1e-3)
    assert count_parameters(rbf) == 0
    assert rbf(digit_bitmaps()).argmax(dim=1).tolist() == list(range(10))
    assert rbf(digit_bitmaps()).diagonal().abs().max() == 0
