"""The picture of a run's curves, for a file.  Nothing here knows gradio: the terminal draws its curves with it too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lenet.training.loop import EpochEnd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN_COLOUR, VAL_COLOUR = "#8a94a6", "#e4572e"  # grey and orange


def curves(history: Sequence[EpochEnd], title: str) -> Figure:
    """Loss and accuracy of each epoch, train and validation, side by side."""
    # Here, for importing it takes seconds.  Not pyplot: it keeps every figure alive in a global list.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), dpi=150, layout="constrained")
    figure.suptitle(title)
    epochs = [event.epoch for event in history]
    loss, accuracy = figure.subplots(1, 2)
    loss.plot(epochs, [e.train_loss for e in history], color=TRAIN_COLOUR, label="train (augmented)")
    loss.plot(epochs, [e.val_loss for e in history], color=VAL_COLOUR, label="validation")
    loss.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, None))
    accuracy.plot(epochs, [100 * e.train_accuracy for e in history], color=TRAIN_COLOUR, label="train (augmented)")
    accuracy.plot(epochs, [100 * e.val_accuracy for e in history], color=VAL_COLOUR, label="validation")
    accuracy.set(xlabel="epoch", ylabel="accuracy (%)")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.25)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
