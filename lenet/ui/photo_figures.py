"""Pure functions from answers to photos to the HTML that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lenet.classifier import Prediction, View, rival
from lenet.ui.figures import article, bar, png_uri, short

FIRST = 3  # bars of a card


def sentence(prediction: Prediction) -> str:
    """What the network would say, in words."""
    label, percent = escape(prediction.label), f"{prediction.confidence:.0%}"
    if prediction.verdict == "stranger":
        return f"None of my ten classes, I think. Closest: {label} ({percent})"
    if prediction.verdict == "unsure":
        other = rival(prediction)
        return f"{_with_article(label).capitalize()} or {_with_article(escape(other))}?"
    sure = f"{percent} sure" if prediction.confidence < 0.995 else "over 99% sure"
    return f"I think this is {_with_article(label)}: {sure}"


def _with_article(name: str) -> str:
    return f"{article(name)} {name}"


def cards(networks: Sequence[tuple[str, str, int, float | None]], chosen: str) -> str:
    """A card for each network, without an answer yet: (key, caption, parameters, test accuracy or None)."""
    return "".join(_card(*network, network[0] == chosen) for network in networks)


def _card(key: str, caption: str, parameters: int, accuracy: float | None, chosen: bool) -> str:
    facts = f"{short(parameters)} parameters"
    if accuracy is not None:
        facts += f", test {accuracy:.1%}"
    return (
        f'<button type="button" class="card" data-network="{escape(key)}" aria-pressed="{str(chosen).lower()}">'
        f'<span class="title">{escape(caption)}</span><span class="facts">{facts}</span>'
        f'<span class="said">{no_answer()}</span></button>'
    )


def no_answer() -> str:
    """What a card says before there is a photo, in the room of what it will say."""
    bars = bar("\N{NO-BREAK SPACE}", 0.0, False) * FIRST
    return (
        '<span class="named"><b>?</b></span><span class="took"></span>'
        f'<span class="bars" aria-hidden="true">{bars}</span>'
    )


def card(prediction: Prediction, milliseconds: float) -> str:
    """What a card says: the answer, how sure, how long it took, and the likeliest classes."""
    stranger = prediction.verdict == "stranger"
    name = {"sure": prediction.label, "unsure": f"{prediction.label}?", "stranger": "none of the ten"}
    percent = "" if stranger else f" <i>{prediction.confidence:.0%}</i>"
    likeliest = sorted(prediction.probs.items(), key=lambda item: item[1], reverse=True)[:FIRST]
    bars = "".join(bar(label, p, label == prediction.label and not stranger) for label, p in likeliest)
    took = "Computing time on the server, preparing the photo included"
    return (
        f'<span class="named {prediction.verdict}"><b>{escape(name.get(prediction.verdict, "?"))}</b>{percent}</span>'
        f'<span class="took" title="{took}">{_milliseconds(milliseconds)}</span><span class="bars">{bars}</span>'
    )


def _milliseconds(taken: float) -> str:
    return f"{taken:.1f} ms" if taken < 9.95 else f"{taken:.0f} ms"


def seen(prediction: Prediction) -> str:
    """The very picture that the network got, to be shown large."""
    pixels = prediction.preprocessed.stages[-1].image
    height, width = pixels.shape[:2]
    return f'<img src="{png_uri(pixels)}" alt="What the network gets: {width} by {height} pixels">'


def views(prediction: Prediction, size: tuple[int, int]) -> str:
    """Which parts of a picture of `size` (width, height) were looked at, and what each was taken for.

    The thumbnails are cut from the picture that the page shows: style.css knows it as --photo.
    """
    looks = prediction.views
    said = "One look was enough: its answer was sure."
    if len(looks) > 1:
        said = (
            f"{len(looks)} views averaged, because one look did not settle it. "
            "The surer of one thing a view is, the more it counts."
        )
    shown = "".join(_view(view, size) for view in looks) if len(looks) > 1 else ""
    return f'<p class="hint">{said}</p><div class="views">{shown}</div>'


def _view(view: View, size: tuple[int, int]) -> str:
    left, top, right, bottom = view.box
    wide, high = right - left, bottom - top
    style = (
        f"aspect-ratio:{wide * size[0]:.0f}/{high * size[1]:.0f};"
        f"background-size:{100 / wide:.2f}% {100 / high:.2f}%;"
        f"background-position:{_position(left, wide):.2f}% {_position(top, high):.2f}%"
    )
    label, chance = max(view.probs.items(), key=lambda item: item[1])
    kinds = [*(["whole"] if view.padded else []), *(["mirrored"] if view.mirrored else [])]
    spoken = ", ".join([*kinds, f"{label} {chance:.0%}"])
    return (
        f'<figure class="view" style="--weight:{view.weight:.3f}"><span class="look{" mirrored" * view.mirrored}">'
        f'<i role="img" aria-label="{escape(spoken)}" style="{style}"></i></span>'
        f"<figcaption><b>{escape(label)} {chance:.0%}</b><br>counts {view.weight:.0%}</figcaption></figure>"
    )


def _position(start: float, length: float) -> float:
    """Where a background begins, in CSS's percent: of the room that is left."""
    return 100 * start / (1 - length) if length < 1 else 0.0
