"""Pure functions from results to what is shown: figures for files, HTML for the page.

Nothing here knows gradio, so the terminal draws its curves with it too.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from lenet.errors import Text
from lenet.inference.classifier import Prediction
from lenet.inference.digits import DigitPrediction, FoundDigit
from lenet.inference.explain import Counterfactual, Layer
from lenet.preprocessing.digits import DIGIT_SIDE
from lenet.preprocessing.stages import Stage
from lenet.training.loop import EpochEnd
from lenet.ui.shared import texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAIN_COLOUR, VAL_COLOUR = "#8a94a6", "#e4572e"  # grey and orange
MAPS_SHOWN = 32  # of a layer: two rows of sixteen; a strong network has hundreds
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


def reading(found: Sequence[FoundDigit], chosen: int) -> str:
    """`answer` for what stands on the pad: of several digits all large, and the bars of the chosen one."""
    one = found[chosen].prediction
    said = sentence(one)
    if len(found) > 1:
        said = texts.say("answer_which", number=chosen + 1, count=len(found), said=said[0].lower() + said[1:])
    if found[chosen].touching:
        said = texts.say("answer_touching_not_digit" if one.rejected else "answer_touching")
    if len(found) == 1:
        return _panel(_shown(one), _large(one), said, one, _p_not_digit(one))
    number = "".join(_shown(f.prediction) or "?" for f in found)
    digits = "".join(_digit(f, position == chosen) for position, f in enumerate(found))
    large = (
        f'<div class="label number" style="--count:{len(found)}" role="group" '
        f'aria-label="{escape(texts.say("answer_number", number=number))}">{digits}</div>'
    )
    return _panel(number, large, said, one, _p_not_digit(one))


def _p_not_digit(prediction: DigitPrediction) -> float | None:
    """None where the network has no answer for what is not a digit: no logit beside its classes'."""
    *_, logits = prediction.activations.values() or [None]
    return prediction.p_not_digit if logits is None or logits.shape[1] > len(prediction.probs) else None


def beside(title: str, found: Sequence[FoundDigit]) -> str:
    """In small what another network reads in the same picture, to lay below the answer."""
    number = "".join(_shown(f.prediction) or "?" for f in found)
    percents = texts.say("list_comma").join(_percent(f.prediction) for f in found)
    said = sentence(found[0].prediction) if len(found) == 1 else percents
    return (
        f'<div class="beside" data-label="{escape(number)}"><b>{escape(number)}</b>'
        f"<p>{escape(title)}<br><span>{said}</span></p></div>"
    )


def _digit(found: FoundDigit, chosen: bool) -> str:
    prediction, (left, top, right, bottom) = found.prediction, found.box
    label, percent = called(prediction.label), _percent(prediction)
    spoken = texts.say("answer_digit" if _shown(prediction) else "answer_no_digit", label=label, percent=percent)
    return (
        f'<button type="button" class="digit {prediction.verdict}" aria-pressed="{str(chosen).lower()}" '
        f'data-x="{(left + right) / 2:.4f}" data-y="{(top + bottom) / 2:.4f}" '
        f'aria-label="{spoken}">{_name(prediction)}<small>{percent}</small></button>'
    )


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


def boxes(found: Sequence[FoundDigit], chosen: int) -> str:
    """Where on the picture each digit stands, to lay over it: nothing where one digit is all."""
    if len(found) == 1 and not found[0].touching:
        return ""
    return "".join(_box(f, position == chosen) for position, f in enumerate(found))


def _box(found: FoundDigit, chosen: bool) -> str:
    left, top, right, bottom = (100 * part for part in found.box)
    more = {"chosen": chosen, "touching": found.touching, "high": top < 9}  # "high": no room above for the tag
    kinds = ["box", found.prediction.verdict, *(name for name, holds in more.items() if holds)]
    said = f"{_name(found.prediction)} <i>{_percent(found.prediction)}</i>"
    return (
        f'<span class="{" ".join(kinds)}" style="left:{left:.2f}%;top:{top:.2f}%;'
        f'width:{right - left:.2f}%;height:{bottom - top:.2f}%"><b>{said}</b></span>'
    )


def empty_answer(classes: Sequence[str], invitation: str, non_digits: bool = False) -> str:
    """The same panel before there is anything to answer, of the same size."""
    rows = "".join(bar(name, 0.0, False) for name in [*classes, *([texts.say("answer_none")] if non_digits else [])])
    return (
        f'<div class="answer blank" data-label=""><p class="label {_sizes(classes)}">?</p>'
        f'<p class="sentence">{escape(invitation)}</p><div class="bars">{rows}</div></div>'
    )


def sentence(prediction: Prediction) -> str:
    """What the network would say, in words."""
    if prediction.verdict == "blank":
        return texts.say("answer_blank")
    if prediction.rejected:
        closest = called(prediction.label)
        return texts.say("answer_not_digit", label=closest, percent=f"{prediction.confidence:.0%}")
    first, second = sorted(prediction.probs, key=prediction.probs.__getitem__, reverse=True)[:2]
    if prediction.verdict == "unsure":
        return texts.say("answer_unsure", one=called(first), other=called(second))
    if prediction.confidence >= 0.9995:
        return texts.say("answer_over", percent="99.9%")
    return texts.say("answer_sure", percent=f"{prediction.confidence:.1%}")


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


def no_stages(said: str) -> str:
    """What stands there before there is an answer."""
    return f'<p class="hint">{escape(said)}</p>'


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


# --------------------------------------------------------------------------------------------------
# Numbers for the browser to paint: bytes, for a PNG of each map would take longer to make and to open


def inside(found: Sequence[Layer], classes: Sequence[str], every: bool) -> list[dict[str, Any]]:
    """What stood behind an answer, a layer each: name, kind, shape, what of it is painted, and its bytes.

    `said` holds what a person hears of each cell: the strongest value of a map, or the number itself.
    The bytes run from 0 (nothing) to 255 (`scale`), or for a `signed` layer from 1 (-`scale`) by 128
    (nothing) to 255.  The last layer has the `labels` of its cells and is painted against its mean,
    since a softmax sees no more of it.  A layer that is not shown has no bytes.  Where a layer has more
    than `MAPS_SHOWN` maps (`of`), the strongest are shown, in order; `maps` are their places.  `kind` and
    `labels` come in every language, {language: words}.
    """
    rows = []
    for layer in found:
        row: dict[str, Any] = {"name": layer.name, "kind": _in_each(layer.kind), "telling": layer.telling}
        row["shape"] = list(layer.output.shape)
        crowded = layer.output.ndim == 3 and len(layer.output) > MAPS_SHOWN
        if crowded:
            row |= {"of": len(layer.output), "shape": [MAPS_SHOWN, *layer.output.shape[1:]]}
        if layer is found[-1]:
            labels = [*map(_in_each, classes), texts.in_each(lambda: texts.say("answer_none"))]
            row["labels"] = labels[: len(layer.output)]
        if every or layer.telling:
            output = layer.output.numpy()
            if crowded:
                row["maps"] = (strongest := _strongest(output)).tolist()
                output = output[strongest]
            row |= _cells(output, "labels" in row)
        rows.append(row)
    return rows


@lru_cache(maxsize=512)
def _in_each(words: str | Text) -> dict[str, str]:
    """What a module says in English, in each language."""
    return texts.in_each(lambda: texts.translated(words))


def _strongest(maps: np.ndarray) -> np.ndarray:
    """(MAPS_SHOWN,) places, in order, of those of `maps` (C, H, W) with the strongest values."""
    return np.sort(np.abs(maps).max(axis=(1, 2)).argsort()[-MAPS_SHOWN:])


def _cells(output: np.ndarray, centred: bool) -> dict[str, Any]:
    said = output
    if output.ndim == 3:
        flat = output.reshape(len(output), -1)
        said = flat[np.arange(len(flat)), np.abs(flat).argmax(axis=1)]
    shown = output - output.mean() if centred else output
    return {"said": [round(float(value), 2) for value in said], **packed(shown, bool(shown.min() < 0))}


def packed(values: np.ndarray, signed: bool) -> dict[str, Any]:
    """{"signed", "scale", "bytes"}: numbers as bytes in base64, as `inside` says."""
    scale = float(np.abs(values).max()) or 1.0
    parts = 128 + 127 / scale * values if signed else 255 / scale * values
    content = np.rint(parts).astype(np.uint8).tobytes()
    return {"signed": signed, "scale": scale, "bytes": base64.b64encode(content).decode()}


def why(prediction: Prediction, evidence: np.ndarray) -> dict[str, Any]:
    """The picture that the network saw, which of its ink spoke for what, and a line that says so."""
    other = prediction.runner_up
    label = called(_shown(prediction)) or texts.say("draw_why_no_digit")
    plus, minus = (texts.say("draw_why_for", label=name) for name in (label, called(other)))
    return {
        "side": _middle(evidence).shape[-1],
        "ink": _ink(prediction),
        "evidence": packed(_middle(evidence), True)["bytes"],
        "legend": f"{_swatch('plus', plus)} {_swatch('minus', minus)}",
        "question": texts.say("draw_change", other=with_article(other, texts.translated(other))),
        "sums": texts.say("why_sums", gain=_signed(evidence.clip(min=0)), loss=_signed(evidence.clip(max=0))),
    }


def _swatch(kind: str, said: str) -> str:
    return f'<span><i class="swatch {kind}"></i>{said}</span>'


def what_if(prediction: Prediction, changed: Counterfactual) -> dict[str, Any]:
    """The same picture, the ink that a change adds and takes away, and whether it is enough."""
    other = with_article(prediction.runner_up, f"<b>{called(prediction.runner_up)}</b>")
    reached = "draw_change_reached" if changed.reached else "draw_change_not_reached"
    said = texts.say(reached, other=other, percent=f"{changed.probability:.0%}")
    change = _middle(changed.change.numpy())
    return {
        "side": change.shape[-1],
        "ink": _ink(prediction),
        "change": packed(change, True)["bytes"],
        "said": said,
    }


def _signed(values: np.ndarray) -> str:
    return f"{values.sum():+.1f}".replace("-", "\N{MINUS SIGN}")


def _ink(prediction: Prediction) -> str:
    return base64.b64encode(_middle(prediction.preprocessed.stages[-1].image).tobytes()).decode()


def _middle(picture: np.ndarray) -> np.ndarray:
    """(H, W) without the border that some networks have around the digit."""
    border = max(0, picture.shape[-1] - DIGIT_SIDE) // 2
    return picture[border:-border, border:-border] if border else picture


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
