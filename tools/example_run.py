"""Trains what the Train tab shows before a visitor's first run, and writes it to lenet/ui/train/example.json.

python -m tools.example_run
"""

from __future__ import annotations

import json
from dataclasses import asdict

from lenet.data.datasets import load
from lenet.inference.evaluation import finish
from lenet.training.loop import EpochEnd, fit, start
from lenet.training.recipes import RECIPES
from lenet.ui.train import example, snapshot
from lenet.ui.train.messages import Example

RECIPE = RECIPES["digits-demo"]


def record() -> Example:
    """Train it, and keep what its charts, its confusion matrix and its filters show."""
    state, dataset = start(RECIPE, "cpu"), load(RECIPE.dataset)
    events = [event for event in fit(state, dataset) if isinstance(event, EpochEnd)]
    return Example(
        name=RECIPE.name,
        epochs=RECIPE.epochs,
        train=[[event.epoch, round(event.train_loss, 4), round(event.train_accuracy, 4)] for event in events],
        val=[[event.epoch, round(event.val_loss, 4), round(event.val_accuracy, 4)] for event in events],
        confusion=[list(row) for row in finish(state, dataset).confusion],
        filters=snapshot.filters(state.network),
    )


if __name__ == "__main__":
    example.FILE.write_text(json.dumps(asdict(record())) + "\n", "utf-8")
