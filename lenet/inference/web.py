"""A trained network as JSON, for the page's scripts: lenet/ui/shared/engine.js computes what PyTorch computes.

table = to_table(checkpoint, "digits", date.today())      of plain values, for json.dumps

`layers` is the network's own table: each row says its name, the operation that it does ("op"), what that needs, and
what a person is told of it.  BatchNorm comes as one factor and one summand a map.  A layer that has no operation here
comes as {"op": "unknown", "type": its class}, and a browser leaves such a network to the server.

A tensor is {"shape", "f16" | "f32" | "f64": its numbers in base64, little-endian}.  Weights are halved where that
changes no answer: see `_half_is_enough`.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor, nn

from lenet.data.datasets import TAUGHT, answer_classes
from lenet.data.non_digits import figure, letter, scribble, shape
from lenet.data.strokes import fitted, render
from lenet.errors import Text
from lenet.inference.classifier import UNSURE_BELOW
from lenet.inference.digits import MIN_PROBABILITY, OTHER_SIDES, OTHER_STAGES
from lenet.inference.explain import layers as told_layers
from lenet.inference.photos import CONFIDENCE_POWER, SETTLED_ABOVE, UNKNOWN_ABOVE
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.models.convnets import ResidualBlock
from lenet.models.lenet_1998 import EuclideanRBF, ScaledTanh, Subsampling, TableConv2d
from lenet.models.network import Network, count_parameters
from lenet.preprocessing.digits import classic_digit, digit, digit_image
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.preprocessing.stages import Preprocessed
from lenet.training.metrics import NOT_DIGIT_ABOVE

Table = dict[str, Any]

FORMAT = 1  # of the table; a script refuses another
PROBES = 200  # pictures on which halved weights must answer as whole ones do
SAME_PROBABILITY = 2e-3  # and by how much a probability may differ there: nobody sees a fifth of a percent


def to_table(checkpoint: Checkpoint, name: str, made: date) -> Table:
    """The network as plain values; what a verdict needs is among them.

    Args:
        name: what it is called.
        made: the day, to be shown.
    """
    recipe, model = checkpoint.recipe, MODELS[checkpoint.recipe.model]
    channels = len(recipe.input.mean)
    network = copy.deepcopy(checkpoint.model).cpu().float().eval()
    table: Table = {
        "format": FORMAT,
        "name": name,
        "made": made.isoformat(),
        "model": recipe.model,
        "dataset": recipe.dataset,
        "accuracy": checkpoint.metrics.get("test_accuracy"),
        "parameters": count_parameters(checkpoint.model),
        "classes": list(answer_classes(checkpoint.classes)),
        "outputs": len(checkpoint.classes),
        "reads_one": recipe.dataset == TAUGHT,
        "temperature": checkpoint.temperature,
        "input": {**asdict(recipe.input), "shape": [channels, model.size, model.size]},
        "limits": {
            "unsure": UNSURE_BELOW,
            "not_digit": NOT_DIGIT_ABOVE,
            "settled": SETTLED_ABOVE,
            "unknown": UNKNOWN_ABOVE,
            "least": MIN_PROBABILITY,
            "power": CONFIDENCE_POWER,
            "sides": list(OTHER_SIDES),
        },
        "layers": _rows(network, channels, model.size, _half_is_enough(checkpoint, network)),
    }
    if channels == 1:
        table["stages"] = {way: _stages(preprocessed) for way, preprocessed in _examples(recipe.input).items()}
        table["other_stages"] = [{"name": name, "why": _sentence(why)} for name, why in OTHER_STAGES]
    if checkpoint.calibration is not None:
        ood = checkpoint.calibration.ood
        table["ood"] = {
            "energy": asdict(ood.energy),
            "distance": asdict(ood.distance),
            "mean": _tensor(torch.tensor(ood.mean, dtype=torch.float64), "f64"),
            "precision": _tensor(torch.tensor(ood.precision, dtype=torch.float64), "f64"),
        }
    return table


def _examples(form: InputFormat) -> dict[str, Preprocessed]:
    """A drawing on its ways through the preprocessing: dark on light, light on dark, and the classic one."""
    dark = render([[(250.0, 100.0), (250.0, 400.0)]], 20)
    return {
        "inverted": digit(dark, form),
        "straight": digit(ImageOps.invert(dark), form),
        "classic": classic_digit(dark, form),
    }


def _stages(preprocessed: Preprocessed) -> list[Table]:
    """What the steps are called, and why they are done; so the scripts need not say it a second time."""
    return [{"name": stage.name, "why": _sentence(stage.why)} for stage in preprocessed.stages]


def _sentence(said: Text) -> Table:
    """As `lenet.ui.messages.Sentence`."""
    return {"template": said.template, "values": dict(said.values)}


def _rows(network: Network, channels: int, size: int, half: bool) -> list[Table]:
    with torch.inference_mode():
        told = {
            layer.name: layer
            for layer in told_layers(network, network.activations(torch.zeros(1, channels, size, size)))
        }
    rows = []
    for name, layer in network.named_children():
        row = {"name": name, **_row(layer, "f16" if half else "f32")}
        if name in told:  # else it changes no number, and is not shown
            kind = told[name].kind
            row |= {"kind": _sentence(kind), "telling": told[name].telling}
        rows.append(row)
    return rows


# --------------------------------------------------------------------------------------------------
# What a layer is to the scripts; `_UnknownError` where it is nothing to them


class _UnknownError(Exception):
    pass


def _row(layer: nn.Module, kind: str) -> Table:
    """`kind` is how its weights are written."""
    for known, make in _ROWS.items():
        if isinstance(layer, known):
            try:
                return make(layer, kind)
            except _UnknownError:
                break
    return {"op": "unknown", "type": type(layer).__name__}


def _conv(layer: nn.Conv2d, kind: str) -> Table:
    if layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise _UnknownError
    placed = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
    return {"op": "conv", **placed, **_weights(layer.weight, layer.bias, kind)}


def _table_conv(layer: TableConv2d, kind: str) -> Table:
    dense = torch.zeros(layer.dense_shape).index_put((layer.rows, layer.columns), layer.weight.detach())
    placed = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)}
    return {"op": "conv", **placed, **_weights(dense, layer.bias, kind)}


def _linear(layer: nn.Linear, kind: str) -> Table:
    return {"op": "linear", **_weights(layer.weight, layer.bias, kind)}


def _weights(weight: Tensor, bias: Tensor | None, kind: str) -> Table:
    return {"weight": _tensor(weight, kind), "bias": None if bias is None else _tensor(bias, "f32")}


def _affine(factor: Tensor, summand: Tensor) -> Table:
    return {"op": "affine", "factor": _tensor(factor.flatten(), "f32"), "summand": _tensor(summand.flatten(), "f32")}


def _batch_norm(layer: nn.BatchNorm2d, kind: str) -> Table:
    if layer.running_mean is None or layer.running_var is None:
        raise _UnknownError
    mean, variance = layer.running_mean.double(), layer.running_var.double()
    factor = (variance + layer.eps).rsqrt() * (1 if layer.weight is None else layer.weight.double())
    return _affine(factor, (0 if layer.bias is None else layer.bias.double()) - mean * factor)


def _pool(layer: nn.MaxPool2d | nn.AvgPool2d, kind: str) -> Table:
    odd = layer.ceil_mode, getattr(layer, "dilation", 1) not in (1, (1, 1)), getattr(layer, "divisor_override", None)
    if any(odd) or layer.padding not in (0, (0, 0)):
        raise _UnknownError
    return {
        "op": "max" if isinstance(layer, nn.MaxPool2d) else "mean",
        "size": _pair(layer.kernel_size),
        "stride": _pair(layer.stride),
    }


def _pair(value: Any) -> Sequence[int]:
    return [value, value] if isinstance(value, int) else list(value)


def _subsampling(layer: Subsampling, kind: str) -> Table:
    mean = {"op": "mean", "size": [2, 2], "stride": [2, 2]}
    return {"op": "chain", "layers": [mean, _affine(4 * layer.coefficient, layer.bias)]}


def _gelu(layer: nn.GELU, kind: str) -> Table:
    if layer.approximate != "none":
        raise _UnknownError
    return {"op": "gelu"}


def _chain(layer: nn.Module, kind: str) -> Table:
    rows = [_row(inner, kind) for inner in layer.children()]
    if any(row["op"] == "unknown" for row in rows):
        raise _UnknownError
    return {"op": "chain", "layers": rows}


def _residual(layer: ResidualBlock, kind: str) -> Table:
    return {"op": "sum", "layers": [_row(layer.body, kind), _row(layer.shortcut, kind)]}


_ROWS: dict[type[nn.Module], Callable[[Any, str], Table]] = {
    nn.Conv2d: _conv,
    TableConv2d: _table_conv,
    nn.Linear: _linear,
    nn.BatchNorm2d: _batch_norm,
    nn.MaxPool2d: _pool,
    nn.AvgPool2d: _pool,
    Subsampling: _subsampling,
    nn.ReLU: lambda layer, kind: {"op": "relu"},
    nn.GELU: _gelu,
    nn.Sigmoid: lambda layer, kind: {"op": "sigmoid"},
    nn.Tanh: lambda layer, kind: {"op": "tanh", "height": 1, "slope": 1},
    ScaledTanh: lambda layer, kind: {"op": "tanh", "height": 1.7159, "slope": 2 / 3},
    EuclideanRBF: lambda layer, kind: {"op": "rbf", "centres": _tensor(layer.centres, "f32")},
    nn.Flatten: lambda layer, kind: {"op": "flatten"},
    nn.Identity: lambda layer, kind: {"op": "same"},
    nn.Dropout: lambda layer, kind: {"op": "same"},
    nn.Dropout2d: lambda layer, kind: {"op": "same"},
    ResidualBlock: _residual,
    nn.Sequential: _chain,
}

_DTYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8"}


def _tensor(values: Tensor, kind: str) -> Table:
    content = values.detach().numpy().astype(_DTYPES[kind]).tobytes()
    return {"shape": list(values.shape), kind: base64.b64encode(content).decode()}


# --------------------------------------------------------------------------------------------------
# Whether half of a number's digits are enough


def _half_is_enough(checkpoint: Checkpoint, network: Network) -> bool:
    """Whether weights in half precision give the same answers, on pictures that are hard to answer.

    Those of a network that reads digits are of what is no digit, on which it is seldom sure; a network that names
    photos gets soft noise in colour.
    """
    halved = copy.deepcopy(network)
    weights = [m.weight for m in halved.modules() if isinstance(m, (nn.Conv2d, nn.Linear, TableConv2d))]
    for weight in weights:
        weight.data = weight.data.half().float()
    if not all(weight.isfinite().all() for weight in weights):
        return False  # one was too large
    images = _drawn() if len(checkpoint.recipe.input.mean) == 1 else _noise()
    x = to_input(images, checkpoint.recipe.input)
    with torch.inference_mode():
        whole, half = ((one(x) / checkpoint.temperature).softmax(dim=1) for one in (network, halved))
    same = (whole.argmax(dim=1) == half.argmax(dim=1)).all()
    return bool(same and (whole - half).abs().max() < SAME_PROBABILITY)


@lru_cache(maxsize=1)
def _drawn() -> Tensor:
    """(PROBES, 1, 28, 28) uint8."""
    rng = np.random.default_rng(0)
    kinds = (letter, shape, figure, scribble)
    drawn = [fitted(kinds[i % len(kinds)](rng), rng.uniform(0.35, 1.2)) for i in range(PROBES)]
    images = [digit_image(render(strokes, rng.uniform(6, 44))) for strokes in drawn]
    return torch.from_numpy(np.stack(images))[:, None]


@lru_cache(maxsize=1)
def _noise() -> Tensor:
    """(PROBES, 3, 32, 32) uint8: 4x4 colours at random, blurred."""
    colours = torch.rand(PROBES, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return (nn.functional.interpolate(colours, size=(32, 32), mode="bicubic").clamp(0, 1) * 255).byte()
