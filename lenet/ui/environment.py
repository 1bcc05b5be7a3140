"""What whoever runs the page may set, by environment variables; docs/hosting.md has the same table.

A wrong value is one sentence at the start, and not a surprise later.
"""

from __future__ import annotations

import os

from lenet.errors import LeNetError

_ON, _OFF = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


def switch(name: str, default: bool) -> bool:
    """Whether the variable is on.

    Raises:
        LeNetError: it is neither on nor off.
    """
    said = os.environ.get(name, "").strip().lower()
    if said and said not in _ON + _OFF:
        raise LeNetError("{name} is {said!r}: set it to on or off.", name=name, said=said)
    return said in _ON if said else default


def whole(name: str, default: int, low: int, high: int) -> int:
    """The whole number that the variable is.

    Raises:
        LeNetError: it is none, or not from `low` to `high`.
    """
    said = os.environ.get(name, "").strip()
    try:
        number = int(said) if said else default
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise LeNetError(
            "{name} is {said!r}: set it to a whole number from {low:,} to {high:,}.",
            name=name,
            said=said,
            low=low,
            high=high,
        )
    return number


TRAINING = switch("LENET_TRAINING", True)
FETCHING = switch("LENET_FETCH", True)
UPLOADS = switch("LENET_UPLOADS", True)
MCP = switch("LENET_MCP", False)
TRAIN_MINUTES = whole("LENET_TRAIN_MINUTES", 45, 1, 7 * 24 * 60)
RUNS = whole("LENET_MAX_RUNS", 200, 2, 200)  # fewer than networks.MAX_NETWORKS; a class behind one address has 3 each
