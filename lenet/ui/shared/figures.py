"""Pure functions from results to what is shown: figures for files, HTML for the page.

Nothing here knows gradio, so the terminal draws its curves with it too.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lenet.errors import Text
from lenet.inference.classifier import Prediction
from lenet.preprocessing.stages import Stage
from lenet.training.loop import EpochEnd
from lenet.ui.shared import texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN_COLOUR, VAL_COLOUR = "#8a94a6", "#e4572e"  # grey and orange
SHOWN_SIDE = 192  # pixels, twice what shared/style.css gives a stage: larger ones are shrunk before they travel


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


# --------------------------------------------------------------------------------------------------
# HTML; every text that is not our own is escaped


def answer(prediction: Prediction, said: str) -> str:
    """The answer large, what is said of it, and every class's probability in a fixed order."""
    return _panel(_shown(prediction), _large(prediction), said, prediction)


def _large(prediction: Prediction) -> str:
    return f'<p class="label {_sizes(list(prediction.probs))}">{_name(prediction)}</p>'


def _shown(prediction: Prediction) -> str:
    """What the page calls it: nothing where it is none of the classes."""
    return "" if prediction.rejected else prediction.label


def _name(prediction: Prediction) -> str:
    """The same for people, as HTML."""
    return called(_shown(prediction)) or "?"


def called(label: str) -> str:
    """A class in the language that is spoken, as HTML."""
    return escape(texts.translated(label))


def _percent(prediction: Prediction) -> str:
    """How sure the network is of what the page shows."""
    return f"{prediction.confidence:.0%}" if _shown(prediction) else texts.say("answer_none")


def _panel(label: str, large: str, said: str, prediction: Prediction, p_not_digit: float | None = None) -> str:
    best, rejected = prediction.label, prediction.rejected
    rows = "".join(bar(name, p, name == best and not rejected) for name, p in prediction.probs.items())
    if p_not_digit is not None:
        rows += bar(texts.say("answer_none"), p_not_digit, rejected)
    return (
        f'<div class="answer {prediction.verdict}" data-label="{escape(label)}">{large}<p class="sentence">{said}</p>'
        f'<div class="bars" role="img" aria-label="{_spoken(prediction, p_not_digit)}">{rows}</div></div>'
    )


def empty_answer(classes: Sequence[str], invitation: str, non_digits: bool = False) -> str:
    """The same panel before there is anything to answer, of the same size."""
    rows = "".join(bar(name, 0.0, False) for name in [*classes, *([texts.say("answer_none")] if non_digits else [])])
    return (
        f'<div class="answer blank" data-label=""><p class="label {_sizes(classes)}">?</p>'
        f'<p class="sentence">{escape(invitation)}</p><div class="bars">{rows}</div></div>'
    )


def _sizes(names: Sequence[str]) -> str:
    """How large labels may be."""
    return "long" if max(map(len, names)) > 1 else "short"


def _spoken(prediction: Prediction, p_not_digit: float | None) -> str:
    chances = [f"{called(name)} {p:.0%}" for name, p in prediction.probs.items()]
    if p_not_digit is not None:
        chances.append(f"{texts.say('answer_none')} {p_not_digit:.0%}")
    return texts.say("answer_chances", chances=texts.say("list_comma").join(chances))


def bar(name: str, part: float, best: bool, decimals: int = 0) -> str:
    """A class and how likely it is, or another part of a whole; of spans, so that a button may hold it too."""
    return (
        f'<span class="bar{" best" if best else ""}"><span class="name">{called(name)}</span>'
        f'<span class="track"><span class="fill" style="transform:scaleX({part:.4f})"></span></span>'
        f'<span class="percent">{100 * part:.{decimals}f}%</span></span>'
    )


def stages(prediction: Prediction) -> str:
    """What the network saw: each step of the preprocessing as a small picture with its reason."""
    cards = "".join(_stage(number, stage) for number, stage in enumerate(prediction.preprocessed.stages, start=1))
    return f'<div class="stages">{cards}</div>'


def _stage(number: int, stage: Stage) -> str:
    height, width = stage.image.shape[:2]
    name = escape(texts.translated(stage.name))
    described = texts.say("draw_step", name=name, width=width, height=height)
    return (
        f'<figure class="stage"><img src="{png_uri(stage.image)}" alt="{described}">'
        f"<figcaption><b>{number}. {name}</b> <i>{width}&times;{height}</i>"
        f"<br>{escape(texts.translated(stage.why))}</figcaption></figure>"
    )


def png_uri(image: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) as a data: address, no side over SHOWN_SIDE."""
    picture = Image.fromarray(image)
    factor = -(-max(picture.size) // SHOWN_SIDE)  # ceiling division
    buffer = io.BytesIO()
    (picture.reduce(factor) if factor > 1 else picture).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def short(count: float) -> str:
    """A large number as people say it, "62k", "1.97M", "302M": whole thousands, and three digits of what is more."""
    for unit in ("", "k", "M", "G"):
        if count < 999.5 or unit == "G":
            break
        count /= 1000
    decimals = 0 if unit in ("", "k") or count >= 99.95 else 1 if count >= 9.995 else 2
    return f"{count:.{decimals}f}{unit}"


def with_article(name: str, shown: str) -> str:
    """`shown`, which stands for a class called `name`, behind the article that goes with it."""
    return texts.say("article_an" if name[:1].lower() in "8aeiou" else "article_a", name=shown)


def problem(message: Text) -> str:
    """A sentence for the person at the page about what went wrong."""
    return f'<p class="problem" role="alert">{escape(texts.translated(message))}</p>'


def note(message: str) -> str:
    """A quiet sentence, in the place where `problem` would stand."""
    return f'<p class="note" aria-live="polite">{escape(message)}</p>'
