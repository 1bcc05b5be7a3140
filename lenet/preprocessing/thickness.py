"""How thick pen strokes are, of each piece of ink: twice its area by the length of its outline, in pixels."""

from __future__ import annotations

import numpy as np


def thicknesses(labels: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Of each label, about how many pixels its strokes are thick, float64 (count + 1,); 0 where it has none.

    A pixel is within, and not of the outline, where it and the four beside it are ink; one at the edge never is.

    Args:
        labels: int or bool (H, W), 0 where there is no ink; labels that differ do not lie side by side.
        area: int (count + 1,), how many pixels each label has.
    """
    mask = labels > 0
    inner = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    within = np.bincount(labels[1:-1, 1:-1][inner], minlength=len(area))
    return 2 * area / np.maximum(area - within, 1)


def thickness(mask: np.ndarray) -> float:
    """About how many pixels the strokes of a mask (H, W) bool are thick, all of them together; 0 where it is empty."""
    return float(thicknesses(mask, np.array([0, np.count_nonzero(mask)]))[1])
