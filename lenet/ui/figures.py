"""Pure functions from results to what is shown: figures for files, HTML for the page.

Nothing here knows gradio, so the terminal draws its curves with it too.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from lenet.classifier import Prediction
from lenet.preprocess import Stage
from lenet.training import EpochEnd

TRAIN_COLOUR, VAL_COLOUR = "#8a94a6", "#e4572e"  # grey and orange; the page's charts use them too
SHOWN_SIDE = 192  # pixels, twice what style.css gives a stage: larger ones are shrunk before they travel


def curves(history: Sequence[EpochEnd], title: str) -> Figure:
    """Loss and accuracy of each epoch, train and validation, side by side."""
    # Figure, not pyplot: pyplot keeps every figure alive in a global list.
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


# --------------------------------------------------------------------------------------------------
# HTML; every text that is not our own is escaped


def answer(prediction: Prediction) -> str:
    """The answer large, a sentence, and every class's probability in a fixed order."""
    best = prediction.label
    sizes = "long" if len(best) > 1 else "short"
    rows = "".join(_bar(name, p, name == best) for name, p in prediction.probs.items())
    return (
        f'<div class="answer {prediction.verdict}" data-label="{escape(best)}">'
        f'<p class="label {sizes}">{escape(best) or "?"}</p>'
        f'<p class="sentence">{sentence(prediction)}</p>'
        f'<div class="bars" role="img" aria-label="{escape(_spoken(prediction))}">{rows}</div></div>'
    )


def empty_answer(classes: Sequence[str], invitation: str) -> str:
    """The same panel before there is anything to answer, of the same size."""
    rows = "".join(_bar(name, 0.0, False) for name in classes)
    sizes = "long" if max(map(len, classes)) > 1 else "short"
    return (
        f'<div class="answer blank" data-label=""><p class="label {sizes}">?</p>'
        f'<p class="sentence">{escape(invitation)}</p><div class="bars">{rows}</div></div>'
    )


def sentence(prediction: Prediction) -> str:
    """What the network would say, in words."""
    if prediction.verdict == "blank":
        return "Nothing to read here yet: draw something."
    first, second = sorted(prediction.probs, key=prediction.probs.__getitem__, reverse=True)[:2]
    if prediction.verdict == "unsure":
        return f"Unsure: {escape(first)} or {escape(second)}?"
    return f"{prediction.confidence:.1%} sure" if prediction.confidence < 0.9995 else "over 99.9% sure"


def _spoken(prediction: Prediction) -> str:
    return "Probabilities: " + ", ".join(f"{name} {p:.0%}" for name, p in prediction.probs.items())


def _bar(name: str, probability: float, best: bool) -> str:
    return (
        f'<div class="bar{" best" if best else ""}"><span class="name">{escape(name)}</span>'
        f'<span class="track"><span class="fill" style="transform:scaleX({probability:.4f})"></span></span>'
        f'<span class="percent">{100 * probability:.0f}%</span></div>'
    )


def stages(prediction: Prediction) -> str:
    """What the network saw: each step of the road as a small picture with its reason."""
    cards = "".join(_stage(number, stage) for number, stage in enumerate(prediction.preprocessed.stages, start=1))
    return f'<div class="stages">{cards}</div>'


def _stage(number: int, stage: Stage) -> str:
    height, width = stage.image.shape[:2]
    return (
        f'<figure class="stage"><img src="{png_uri(stage.image)}" alt="{escape(stage.name)}, {width}x{height} pixels">'
        f"<figcaption><b>{number}. {escape(stage.name)}</b> <i>{width}&times;{height}</i>"
        f"<br>{escape(stage.why)}</figcaption></figure>"
    )


def png_uri(image: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) as a data: address, no side over SHOWN_SIDE."""
    picture = Image.fromarray(image)
    factor = -(-max(picture.size) // SHOWN_SIDE)  # ceiling division
    buffer = io.BytesIO()
    (picture.reduce(factor) if factor > 1 else picture).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def problem(message: str) -> str:
    """A sentence for the person at the page about what went wrong."""
    return f'<p class="problem" role="alert">{escape(message)}</p>'
