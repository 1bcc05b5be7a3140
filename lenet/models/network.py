"""The two ideas that all networks here are made of: a named layer table, and its activations."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn


class Network(nn.Sequential):
    """A named layer table that maps x (B, C, H, W) to logits (B, classes)."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__(OrderedDict(layers))

    if TYPE_CHECKING:  # `network.conv1` is a layer; only the reader of the table knows its type

        def __getattr__(self, name: str) -> Any: ...

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
    """The number of trainable parameters of `module`."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)
