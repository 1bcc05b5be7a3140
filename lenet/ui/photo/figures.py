"""Pure functions from answers to photos to the HTML that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lenet.inference.photos import Crop, PhotoPrediction
from lenet.ui.shared import texts
from lenet.ui.shared.figures import bar, called, png_uri, short, with_article

FIRST = 3  # bars of a card


def sentence(prediction: PhotoPrediction) -> str:
    """What the network would say, in words."""
    percent = f"{prediction.confidence:.0%}"
    if prediction.verdict == "unknown":
        return texts.say("photo_unknown", label=called(prediction.label), percent=percent)
    thing = _with_article(prediction.label)
    if prediction.verdict == "unsure":
        return texts.say("photo_or", one=thing.capitalize(), other=_with_article(prediction.runner_up))
    return texts.say("photo_is" if prediction.confidence < 0.995 else "photo_is_surely", thing=thing, percent=percent)


def _with_article(name: str) -> str:
    return with_article(name, called(name))


def cards(networks: Sequence[tuple[str, str, int, float | None]], chosen: str) -> str:
    """A card for each network, without an answer yet: (key, caption, parameters, test accuracy or None)."""
    return "".join(_card(*network, network[0] == chosen) for network in networks)


def _card(key: str, caption: str, parameters: int, accuracy: float | None, chosen: bool) -> str:
    facts = texts.say("photo_facts", parameters=short(parameters))
    if accuracy is not None:
        facts = texts.say("photo_facts_tested", parameters=short(parameters), accuracy=f"{accuracy:.1%}")
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


def card(prediction: PhotoPrediction, milliseconds: float) -> str:
    """What a card says: the answer, how sure, how long it took, and the likeliest classes."""
    unknown = prediction.verdict == "unknown"
    label = called(prediction.label)
    name = {"sure": label, "unsure": texts.say("photo_perhaps", label=label), "unknown": texts.say("photo_none")}
    percent = "" if unknown else f" <i>{prediction.confidence:.0%}</i>"
    likeliest = sorted(prediction.probs.items(), key=lambda item: item[1], reverse=True)[:FIRST]
    bars = "".join(bar(label, p, label == prediction.label and not unknown) for label, p in likeliest)
    took = texts.say("photo_took", milliseconds=_milliseconds(milliseconds))
    return (
        f'<span class="named {prediction.verdict}"><b>{name.get(prediction.verdict, "?")}</b>{percent}</span>'
        f'<span class="took" title="{texts.say("photo_took_why")}">{took}</span><span class="bars">{bars}</span>'
    )


def _milliseconds(taken: float) -> str:
    return f"{taken:.1f}" if taken < 9.95 else f"{taken:.0f}"


def seen(prediction: PhotoPrediction) -> str:
    """The very picture that the network got, to be shown large."""
    pixels = prediction.preprocessed.stages[-1].image
    height, width = pixels.shape[:2]
    return f'<img src="{png_uri(pixels)}" alt="{texts.say("photo_seen", width=width, height=height)}">'


def crops(prediction: PhotoPrediction, size: tuple[int, int]) -> str:
    """Which parts of a picture of `size` (width, height) were looked at, and what each was taken for.

    The thumbnails are cut from the picture that the page shows: shared/style.css knows it as --photo.
    """
    found = prediction.crops
    said = texts.say("photo_crops", count=len(found)) if len(found) > 1 else texts.say("photo_one_crop")
    shown = "".join(_crop(crop, size) for crop in found) if len(found) > 1 else ""
    return f'<p class="hint">{said}</p><div class="views">{shown}</div>'


def _crop(crop: Crop, size: tuple[int, int]) -> str:
    left, top, right, bottom = crop.box
    wide, high = right - left, bottom - top
    style = (
        f"aspect-ratio:{wide * size[0]:.0f}/{high * size[1]:.0f};"
        f"background-size:{100 / wide:.2f}% {100 / high:.2f}%;"
        f"background-position:{_position(left, wide):.2f}% {_position(top, high):.2f}%"
    )
    label, chance = max(crop.probs.items(), key=lambda item: item[1])
    spoken = said = texts.say("photo_crop", label=called(label), percent=f"{chance:.0%}")
    if crop.mirrored:
        spoken = texts.say("photo_crop_mirrored", crop=spoken)
    if crop.padded:
        spoken = texts.say("photo_crop_whole", crop=spoken)
    counts = texts.say("photo_counts", part=f"{crop.weight:.0%}")
    return (
        f'<figure class="view" style="--weight:{crop.weight:.3f}"><span class="look{" mirrored" * crop.mirrored}">'
        f'<i role="img" aria-label="{spoken}" style="{style}"></i></span>'
        f"<figcaption><b>{said}</b><br>{counts}</figcaption></figure>"
    )


def _position(start: float, length: float) -> float:
    """Where a background begins, in CSS's percent: of the room that is left."""
    return 100 * start / (1 - length) if length < 1 else 0.0
