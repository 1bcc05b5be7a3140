"""Muon: orthogonal steps for hidden weights, AdamW for everything else."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from lenet.training.muon import Muon, orthogonalised


def model() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 36, 16),
        nn.Linear(16, 4),
    )


def learn(network: nn.Sequential, optimizer: Muon) -> None:
    x = torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    nn.functional.cross_entropy(network(x), torch.arange(20) % 4).backward()
    optimizer.step()


def test_singular_values_come_close_to_one_and_directions_stay():
    matrix = torch.randn(20, 50, generator=torch.Generator().manual_seed(0))
    for some in (matrix, matrix.T):
        before, after = torch.linalg.svd(some, full_matrices=False), orthogonalised(some)
        values = torch.linalg.svdvals(after)
        assert values.min() > 0.6
        assert values.max() < 1.3
        # U' X V is diagonal, where U and V are the matrix's own
        turned = before.U.T @ after @ before.Vh.T
        torch.testing.assert_close(turned, turned.diagonal().diag(), atol=1e-3, rtol=0)
    assert torch.equal(orthogonalised(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_hidden_weights_turn_by_the_learning_rate_and_keep_their_norm():
    network = model()
    optimizer = Muon(network, lr=0.01, momentum=0.6, weight_decay=0.0)
    hidden = {0: network[0].weight, 4: network[4].weight}
    before = {i: weight.detach().clone() for i, weight in hidden.items()}
    learn(network, optimizer)
    for i, weight in hidden.items():
        torch.testing.assert_close(weight.norm(), before[i].norm())
        turned = (weight - before[i]).norm() / before[i].norm()
        assert 0.009 < turned < 0.0101


def test_the_rest_is_adamws():
    network, other = model(), model()
    optimizer = Muon(network, lr=0.01, momentum=0.6, weight_decay=0.1)
    rest = [p for i in (1, 5) for p in other[i].parameters()] + [other[4].bias]
    adamw = torch.optim.AdamW(rest, lr=Muon.REST * 0.01, weight_decay=0.1)
    x = torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    nn.functional.cross_entropy(other(x), torch.arange(20) % 4).backward()
    adamw.step()
    learn(network, optimizer)
    for i in (1, 5):
        for own, reference in zip(network[i].parameters(), other[i].parameters(), strict=True):
            torch.testing.assert_close(own, reference)
    torch.testing.assert_close(network[4].bias, other[4].bias)


def test_it_learns_in_bfloat16_too():
    network = model()
    optimizer = Muon(network, lr=0.05, momentum=0.6, weight_decay=0.0, dtype=torch.bfloat16)
    x = torch.randn(20, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(x), torch.arange(20) % 4)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3


def test_a_layer_without_a_gradient_stays_and_stays_finite():
    network = model()
    optimizer = Muon(network, lr=0.01, momentum=0.6, weight_decay=0.0)
    before = network[0].weight.detach().clone()
    network[0].weight.grad = torch.zeros_like(before)
    optimizer.step()
    torch.testing.assert_close(network[0].weight, before)
