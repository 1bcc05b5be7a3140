"""What a photo looks like before any network sees it: statistics of its colours and edges.

Photos of the world are alike in them: most neighbouring pixels differ little and a few by much, at every
scale (Ruderman, "The statistics of natural images", 1994).  Drawings, text, plain colours and noise are
not, though a network that knows nothing else may be sure of them.
"""

from __future__ import annotations

import torch
from torch import Tensor

SCALES = 4  # 32, 16, 8 and 4 pixels
STATISTICS = 8 + SCALES * 2 * 4
FLAT = 4 / 255  # neighbours that differ by less are alike


def statistics(images: Tensor) -> Tensor:
    """(N, STATISTICS), float64, of images uint8 (N, 3, 32, 32).

    Each channel's mean and deviation; the mean and deviation of how far channels are from grey; and of grey, at
    each scale, across and down: the logarithms of the mean, the root mean square and the first quartile of the
    neighbours' differences, and the share of them that is flat.
    """
    x = images.double() / 255
    grey = x.mean(dim=1)  # (N, H, W)
    colour = (x - grey[:, None]).flatten(1)
    found = [x.mean(dim=(2, 3)), x.std(dim=(2, 3)), colour.abs().mean(1, keepdim=True), colour.std(1, keepdim=True)]
    for scale in range(SCALES):
        if scale:
            grey = torch.nn.functional.avg_pool2d(grey, 2)
        for difference in (grey.diff(dim=2), grey.diff(dim=1)):
            edges = difference.abs().flatten(1)
            sizes = edges.mean(1), edges.square().mean(1).sqrt(), edges.quantile(0.25, dim=1)
            # a thousandth or two is a quarter to a half of a grey level: below it there is nothing to tell
            logs = [(size + least).log() for size, least in zip(sizes, (1e-3, 1e-3, 2e-3), strict=True)]
            found.append(torch.stack([*logs, (edges < FLAT).double().mean(1)], dim=1))
    return torch.cat(found, dim=1)


def distance(found: Tensor, mean: Tensor, precision: Tensor) -> Tensor:
    """Squared Mahalanobis distance, (N,), of statistics (N, S) from their mean (S,); precision is (S, S)."""
    away = found - mean
    return ((away @ precision) * away).sum(dim=1)
