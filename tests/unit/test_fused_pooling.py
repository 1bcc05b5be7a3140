"""A convolution and its pooling as one product: the same numbers as the table of layers, forward and backward."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import lenet.models.cpu
from lenet.data.datasets import Dataset, Split
from lenet.models import MODELS
from lenet.models.cpu import forward
from lenet.models.network import Network
from lenet.training.loop import fit, start
from lenet.training.recipes import RECIPES


def odd_sides(in_channels: int) -> Network:
    """Odd rows that pooling drops, in front of which BatchNorm stands or does not, and a last layer without pooling."""
    return Network(
        conv1=nn.Conv2d(in_channels, 4, 3),  # (B, 4, 37, 39)
        pool1=nn.MaxPool2d(2),  # (B, 4, 18, 19)
        conv2=nn.Conv2d(4, 8, 3),  # (B, 8, 16, 17)
        bn2=nn.BatchNorm2d(8),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 8, 8, 8)
        conv3=nn.Conv2d(8, 6, 3),
        bn3=nn.BatchNorm2d(6),
        pool3=nn.MaxPool2d(2),  # (B, 6, 3, 3)
        conv4=nn.Conv2d(6, 6, 3),
        relu4=nn.ReLU(),
        flatten=nn.Flatten(),
        fc1=nn.Linear(6, 10),
    )


NETWORKS = {
    name: (partial(MODELS[name].build, channels, 10), channels, (MODELS[name].size,) * 2)
    for name, channels in (
        ("lenet5", 3),
        ("lenet5-linear", 3),
        ("lenet5-bn", 1),
        ("lenet-modern", 1),
        ("lenet-wide", 3),
    )
} | {"odd sides": (lambda: odd_sides(2), 2, (39, 41))}


def results(network: Network, through, x: Tensor) -> dict[str, Tensor]:
    """Logits, all gradients, and what BatchNorm remembers."""
    network.train()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    x = x.clone().requires_grad_()
    logits = through(x)
    labels = torch.arange(len(x)) % logits.shape[1]
    functional.cross_entropy(logits, labels).backward()
    found = {"logits": logits.detach(), "x": x.grad} | {n: b.clone() for n, b in network.named_buffers()}
    for name, parameter in network.named_parameters():
        found[f"to {name}"], parameter.grad = parameter.grad, None
    network.load_state_dict(state)
    return found


def assert_same(network: Network, x: Tensor, *, whole_pictures: bool = False) -> None:
    theirs, ours = results(network, network, x), results(network, lambda x: forward(network, x), x)
    if whole_pictures:
        theirs["x"], ours["x"] = theirs["x"].sum((2, 3)), ours["x"].sum((2, 3))
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, atol=1e-5, rtol=2e-4, msg=partial("{}: {}".format, key))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("threshold", [None, 1.5], ids=["noise", "two colours"])
def test_it_is_the_table_of_layers(name, threshold):
    torch.manual_seed(0)
    build, channels, sides = NETWORKS[name]
    network, x = build(), torch.randn(9, channels, *sides)
    assert_same(network, x if threshold is None else (x > threshold).float())


@pytest.mark.parametrize("name", ["lenet5", "lenet5-linear"])
def test_of_four_that_are_equal_one_gets_the_gradient(name):
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 9).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    # which one, rounding decides, so pixels differ, but not what they get together
    assert_same(MODELS[name].build(3, 10), x, whole_pictures=True)


LENET5, LENET5_BN = list(MODELS["lenet5"].build(3, 10)), list(MODELS["lenet5-bn"].build(1, 10))


@pytest.mark.parametrize(
    ("layers", "sides", "count"),
    [
        (LENET5, (32, 32), 3),
        (LENET5, (33, 33), 3),
        (LENET5_BN, (32, 32), 4),
        (LENET5_BN, (33, 33), 0),  # BatchNorm sees the row that pooling drops
        (LENET5[:2], (32, 32), 0),
        (LENET5[2:], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5), nn.MaxPool2d(2)], (32, 32), 2),
        ([nn.Conv2d(3, 32, 5), nn.MaxPool2d(2)], (32, 32), 0),  # wide layers are fast as they are
        ([nn.Conv2d(3, 6, 4), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, (3, 5)), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5, padding=2), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5, stride=2), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5, bias=False), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5), nn.MaxPool2d(3, 2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5), nn.Tanh(), nn.MaxPool2d(2)], (32, 32), 0),
        ([nn.Conv2d(3, 6, 5), nn.AvgPool2d(2)], (32, 32), 0),
    ],
    ids=str,
)
def test_what_it_takes_over(layers, sides, count):
    assert lenet.models.cpu._pooled(layers, sides) == count


@pytest.mark.parametrize("name", ["cifar10-lenet5-adam", "mnist-lenet5-bn"])
def test_training_is_that_of_the_plain_loop(name):
    """Twelve steps, against the loop that every tutorial has."""
    recipe = RECIPES[name].with_changes(epochs=3, batch_size=8, input=RECIPES["cifar10-lenet5-adam"].input)
    recipe = recipe.with_changes(dataset="cifar10")
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (30, 3, 32, 32), generator=generator, dtype=torch.uint8)
    split = Split(images, torch.arange(30) % 10)
    state = start(recipe, "cpu")
    plain = start(recipe, "cpu").model.train()
    list(fit(state, Dataset("noise", tuple("0123456789"), split, split, split)))

    optimizer = torch.optim.Adam(plain.parameters(), lr=recipe.lr)
    for epoch in range(3):
        order = torch.randperm(30, generator=lenet.training.loop._generator(recipe.seed, epoch))
        for batch in order.split(8):
            loss = functional.cross_entropy(plain((images[batch] / 255 - 0.5) / 0.5), split.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for (key, ours), theirs in zip(state.model.state_dict().items(), plain.state_dict().values(), strict=True):
        if key in ("conv1.bias", "conv2.bias") and "bn1.weight" in plain.state_dict():
            continue  # BatchNorm takes them out again: their gradient is rounding, of which Adam makes whole steps
        if "running" not in key:
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3, msg=partial("{}: {}".format, key))
