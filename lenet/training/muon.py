"""Muon: optimizer steps in which every direction of a weight matrix counts equally.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024: the momentum of a
weight matrix is replaced by the nearest matrix with orthonormal rows or columns, so that directions
which the gradient seldom shows are learned as fast as the few that dominate it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

# Steps of Newton and Schulz's iteration, and the coefficients a, b, c of a X + b (X X') X + c (X X')^2 X, which
# bring singular values from 0.01 to 1 to between 0.7 and 1.2 in five of them (ibid.): near enough to 1 for a step.
ITERATIONS = 5
COEFFICIENTS = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.AdamW):
    """Muon for the weights of hidden layers, AdamW for biases, BatchNorm and the last layer.

    A step of learning rate lr turns the weights of a hidden layer by about lr and keeps their norm.  So they need
    no weight decay, and one learning rate fits layers of every size.  The norm itself does not matter, because
    BatchNorm or another layer that can scale follows.

    Args:
        model: a table of layers whose last one is linear.
        lr: for hidden layers; AdamW gets `REST` times as much.
        momentum: Nesterov momentum, 0 to below 1.
        weight_decay: for AdamW.
        dtype: of the iteration; bfloat16 is precise enough, and faster if the device has it.
    """

    REST = 0.05

    def __init__(
        self,
        model: nn.Sequential,
        lr: float,
        momentum: float,
        weight_decay: float,
        dtype: torch.dtype = torch.float32,
        **options: Any,
    ) -> None:
        last = {id(parameter) for parameter in model[-1].parameters()}
        hidden = [p for p in model.parameters() if p.dim() > 1 and id(p) not in last]
        turned = {id(parameter) for parameter in hidden}
        rest = [p for p in model.parameters() if id(p) not in turned]
        self.turning, self.dtype = momentum, dtype
        groups = [
            {"params": hidden, "turned": True, "share": 1.0},
            {"params": rest, "turned": False, "share": self.REST, "lr": self.REST * lr},
        ]
        super().__init__(groups, lr=lr, weight_decay=weight_decay, **options)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"] if group["turned"] else []:
                if parameter.grad is not None:
                    if parameter not in self.state:  # AdamW wants a "step" of every parameter that has a state
                        self.state[parameter] = {"step": torch.tensor(0.0), "momentum": torch.zeros_like(parameter)}
                    momentum = self.state[parameter]["momentum"]
                    momentum.lerp_(parameter.grad, 1 - self.turning)
                    _turn(parameter, parameter.grad.lerp(momentum, self.turning), group["lr"], self.dtype)
                    parameter.grad = None  # so AdamW skips it
        super().step()


def _turn(weight: Tensor, towards: Tensor, angle: float, dtype: torch.dtype) -> None:
    """Move `weight` against the orthogonalised `towards` by `angle` times its norm, which it keeps."""
    norm = weight.norm()
    step = orthogonalised(towards.flatten(1).to(dtype)).to(weight.dtype).view_as(weight)
    weight.sub_(step * (angle * norm / step.norm().clamp(min=1e-12)))
    weight.mul_(norm / weight.norm())


def orthogonalised(matrix: Tensor) -> Tensor:
    """The (rows, columns) matrix with its singular values brought to about 1; a row or column of zeros stays."""
    a, b, c = COEFFICIENTS
    x = matrix.T if len(matrix) > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if len(matrix) > matrix.shape[1] else x
