"""What the charts show while a visitor has no run: one that was trained before, by `python -m tools.example_run`."""

from __future__ import annotations

import json
from pathlib import Path

from lenet.ui.train.messages import Example

FILE = Path(__file__).with_suffix(".json")


def example() -> Example:
    """A point for each epoch of that run."""
    return Example(**json.loads(FILE.read_text("utf-8")))
