"""From what the modules answer to the facts that `lenet.ui.messages` defines.  No language and no markup is in them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from lenet.inference import explain
from lenet.inference.classifier import Prediction
from lenet.inference.digits import DigitPrediction, FoundDigit, FoundMark
from lenet.inference.explain import Counterfactual
from lenet.preprocessing.digits import DIGIT_SIDE
from lenet.ui.messages import Sentence
from lenet.ui.shared.messages import Change, Digit, Evidence, Layer, Mark, Stage, Workings, WorkingsPart, WorkingsStep

MAPS_SHOWN = 32  # of a layer: two rows of sixteen; a strong network has hundreds
SHOWN_SIDE = 192  # pixels, twice what shared/style.css gives a stage: larger ones are shrunk before they travel


def digit(found: FoundDigit, knows_non_digits: bool) -> Digit:
    """Args: knows_non_digits: whether the network has an answer for what is not a digit."""
    prediction = found.prediction
    return Digit(
        label=prediction.label,
        confidence=prediction.confidence,
        probs=prediction.probs,
        p_not_digit=prediction.p_not_digit if knows_non_digits else None,
        verdict=prediction.verdict,
        box=list(found.box),
        touching=found.touching,
        among_letters=found.among_letters,
    )


def mark(found: FoundMark) -> Mark:
    return Mark(found.kind, list(found.box), found.before)


# --------------------------------------------------------------------------------------------------
# Pictures


def stages(prediction: Prediction) -> list[Stage]:
    """What the network saw, and how the picture became that."""
    return [
        Stage(Sentence.of(stage.name), Sentence.of(stage.why), list(stage.image.shape[:2]), png_address(stage.image))
        for stage in prediction.preprocessed.stages
    ]


def png_address(image: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) as a data: address, no side over SHOWN_SIDE."""
    picture = Image.fromarray(image)
    factor = -(-max(picture.size) // SHOWN_SIDE)  # ceiling division
    buffer = io.BytesIO()
    (picture.reduce(factor) if factor > 1 else picture).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


# --------------------------------------------------------------------------------------------------
# Numbers for the browser to paint: bytes, for a PNG of each map would take longer to make and to open


def layers(found: Sequence[explain.Layer], classes: Sequence[str], every: bool) -> list[Layer]:
    """What stood behind an answer.

    Args:
        classes: what the network can answer.
        every: whether layers that are not telling are asked for too.
    """
    return [_layer(layer, classes if layer is found[-1] else None, every or layer.telling) for layer in found]


def _layer(layer: explain.Layer, classes: Sequence[str] | None, asked_for: bool) -> Layer:
    output = layer.output.numpy()
    of, maps = None, None
    if output.ndim == 3 and len(output) > MAPS_SHOWN:
        of, strongest = len(output), _strongest(output)
        maps, output = strongest.tolist(), output[strongest]
    return Layer(
        name=layer.name,
        kind=Sentence.of(layer.kind),
        telling=layer.telling,
        shape=list(output.shape),
        of=of,
        maps=maps if asked_for else None,
        labels=[*classes, ""][: len(output)] if classes is not None else None,
        **_cells(output, classes is not None) if asked_for else {"said": None, **NO_CELLS},
    )


NO_CELLS: dict[str, Any] = {"signed": False, "scale": 1.0, "cells": None}


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
    """{"signed", "scale", "cells"}: numbers as bytes in base64, as `Layer` says."""
    scale = float(np.abs(values).max()) or 1.0
    parts = 128 + 127 / scale * values if signed else 255 / scale * values
    content = np.rint(parts).astype(np.uint8).tobytes()
    return {"signed": signed, "scale": scale, "cells": base64.b64encode(content).decode()}


PARTS_SHOWN = 4  # of a sum, the strongest: a strong network adds up hundreds


def workings(found: explain.Trace) -> Workings:
    ordered = sorted(found.parts, key=lambda part: -abs(part.amount))
    rest = ordered[PARTS_SHOWN:]
    return Workings(
        op=found.op,
        parts=tuple(map(_part, ordered[:PARTS_SHOWN])),
        others=len(rest),
        rest=_rounded(sum(part.amount for part in rest)),
        bias=_rounded(found.bias),
        steps=tuple(WorkingsStep(name, _rounded(value)) for name, value in found.steps),
    )


def _part(part: explain.Part) -> WorkingsPart:
    weights = None if part.filter is None else _numbers(part.filter.numpy())
    size, patch = list(part.patch.shape), _numbers(part.patch.numpy())
    return WorkingsPart(part.source, size, weights, patch, _rounded(part.amount))


def _numbers(grid: np.ndarray) -> list[float]:
    return [_rounded(value) for value in grid.flatten().tolist()]


def _rounded(value: float) -> float:
    return round(value, 4)  # two decimals are shown


# --------------------------------------------------------------------------------------------------
# Why a digit got its answer, and what would change it


def evidence(prediction: DigitPrediction, parts: np.ndarray) -> Evidence:
    """Args: parts: (H, W), positive where the ink spoke for the answer, in logits."""
    return Evidence(
        **_ink(prediction),
        cells=packed(_middle(parts), True)["cells"],
        label="" if prediction.rejected else prediction.label,
        runner_up=prediction.runner_up,
        gain=float(parts.clip(min=0).sum()),
        loss=float(parts.clip(max=0).sum()),
    )


def change(prediction: DigitPrediction, changed: Counterfactual) -> Change:
    """Args: changed: the prediction's picture, so that it becomes the runner-up."""
    return Change(
        **_ink(prediction),
        cells=packed(_middle(changed.change.numpy()), True)["cells"],
        target=prediction.runner_up,
        probability=changed.probability,
        reached=changed.reached,
    )


def _ink(prediction: Prediction) -> dict[str, Any]:
    """{"side", "ink"}: the very picture that the network saw."""
    picture = _middle(prediction.preprocessed.stages[-1].image)
    return {"side": picture.shape[-1], "ink": base64.b64encode(picture.tobytes()).decode()}


def _middle(picture: np.ndarray) -> np.ndarray:
    """(H, W) without the border that some networks have around the digit."""
    border = max(0, picture.shape[-1] - DIGIT_SIDE) // 2
    return picture[border:-border, border:-border] if border else picture
