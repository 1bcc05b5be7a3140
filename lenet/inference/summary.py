"""What there is to know of a network without asking it anything: its layers, their sizes and their work.

layer_table(classifier.model, (3, 32, 32))     shapes, parameters and multiply-adds
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lenet.inference.classifier import Classifier
from lenet.models.cpu import SideBySide
from lenet.models.network import Network, count_parameters

# --------------------------------------------------------------------------------------------------
# Layers


@dataclass(frozen=True)
class LayerRow:
    """A layer, or a part of one.

    Attributes:
        path: its name, below its block's, below ...: ("block1", "body", "0"); a layer of the network's
            own table has one name.
        kind: what it is called in PyTorch or in lenet/models/__init__.py, and the size of its window if it has one.
        shape: of its output for one picture: (C, H, W) or (F,).
        parameters: trainable numbers, of all its parts.
        multiply_adds: for one picture, of all its parts; see `layer_table`.
    """

    path: tuple[str, ...]
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_table(model: Network, shape: tuple[int, int, int]) -> tuple[LayerRow, ...]:
    """Every layer in order, each followed by the parts that it is made of; parts that only hold parts are left out.

    Multiply-adds (MACs, two FLOPs each) are counted while one picture goes through: those of convolutions and
    matrix products, which are nearly all there is.  Biases, normalisation, activations and pooling count as none.
    (torchinfo reads them off the parameters, biases included: 1 to 2% more for these networks, but nothing of what
    a layer computes in functions.  PyTorch's own counter gives the same numbers, but importing it imports
    torch._dynamo: seconds and 150 MB at the page's start.)

    Args:
        shape: of one picture, (C, H, W).
    """
    model = copy.deepcopy(model).cpu().eval()  # hooks on the one that answers would see others' pictures too
    parts = {name: part for name, part in model.named_modules() if name}
    shapes: dict[str, tuple[int, ...]] = {}
    counts: dict[str, int] = {}
    counter = _MultiplyAdds()

    def enter(name: str, *_: object) -> None:
        counts[name] = -counter.total

    def leave(name: str, part: nn.Module, given: object, output: Tensor) -> None:
        counts[name] += counter.total
        shapes[name] = tuple(output.shape[1:])

    for name, part in parts.items():
        part.register_forward_pre_hook(partial(enter, name))
        part.register_forward_hook(partial(leave, name))
    with counter, torch.no_grad():
        model(torch.zeros(1, *shape))
    return tuple(
        LayerRow(tuple(name.split(".")), _kind(part), shapes[name], count_parameters(part), counts[name])
        for name, part in parts.items()
        if name in shapes and ("." not in name or not list(part.children()))
    )


class _MultiplyAdds(TorchFunctionMode):
    """Counts the multiply-adds of what this thread computes within it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if terms := _TERMS.get(function):
            self.total += result.numel() * terms(*args)
        return result


# How many products each number of the output sums up, from the arguments; all of a matrix product's spellings.
_TERMS: dict[Any, Callable[..., int]] = {
    torch.conv2d: lambda x, kernels, *_: kernels[0].numel(),  # also of a group, which sees its part of x
    torch.nn.functional.linear: lambda x, weights, *_: x.shape[-1],
    torch.addmm: lambda bias, a, b, *_: a.shape[-1],
    torch.baddbmm: lambda bias, a, b, *_: a.shape[-1],
    **dict.fromkeys(
        (torch.matmul, torch.mm, torch.bmm, Tensor.matmul, Tensor.__matmul__, Tensor.mm, Tensor.bmm),
        lambda a, b, *_: a.shape[-1],
    ),
}


def _kind(part: nn.Module) -> str:
    window = getattr(part, "kernel_size", ())
    sides = window if isinstance(window, tuple) else (window, window)
    name = "Conv2d" if isinstance(part, SideBySide) else type(part).__name__  # which is how it learns, not what
    return " ".join([name, "x".join(map(str, sides))]).strip()


@dataclass(frozen=True)
class Exhibit:
    """A network, and what can be said of it without asking it anything.

    Attributes:
        key: what the page knows it by; of one in weights/ it is the name.
        name: its file's, without .safetensors, or what a visitor calls it.
        file_bytes: its file's size.
    """

    key: str
    name: str
    network: Classifier
    layers: tuple[LayerRow, ...]
    file_bytes: int

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.layers if len(row.path) == 1)


def exhibit(key: str, network: Classifier, file_bytes: int) -> Exhibit:
    """`network`, whose file has so many bytes, with its layers."""
    form = network.recipe.input
    table = layer_table(network.model, (len(form.mean), form.size, form.size))
    return Exhibit(key, key, network, table, file_bytes)
