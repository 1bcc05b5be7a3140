"""A network that another program trained: a plain `state_dict`, recognised by the shapes of its layers.

    found = recognised("LeNet.pth", read_tensors(Path("LeNet.pth")))
    checkpoint = imported(found, "lenet5-sigmoid", "mnist", InputFormat(28))

Tutorials save `model.state_dict()` under names of their own: `conv1.0.weight`, `layer1.0.weight`, `module.fc.weight`.
Names differ, but a network's layers come in their order, and their shapes say which network it is.  Where two networks
have the same shapes, such as LeNet-5 with and without activations, the caller says which one is meant.

A .pth file is a pickle.  It is read with `weights_only`, by which PyTorch builds tensors and plain containers and runs
nothing else, and only up to a size that networks here have; see `lenet.inference.numpy_pickles` for NumPy's arrays.
"""

from __future__ import annotations

import contextlib
import math
import pickle
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import safe_globals

from lenet.data.datasets import DATASETS
from lenet.errors import CheckpointError
from lenet.inference.numpy_pickles import PLAIN, Array
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.models.network import Network
from lenet.paths import expanded
from lenet.preprocessing.normalization import InputFormat
from lenet.training.recipes import CIFAR10_STATISTICS, FASHION_STATISTICS, MNIST_STATISTICS, Recipe

MAX_BYTES = 200_000_000  # of a file, and of what a compressed one unpacks to: as for our own files
MAX_TENSORS = 500  # ours have at most 49
MAX_CLASSES = 1000  # ImageNet's; more than any data set here has, so that a sentence can say that
ABOUT = "imported; how it was trained is not known"
MAX_DEPTH = 3  # of the mapping that holds the tensors, within those of training programs
_PYTORCH = (b"PK\3\4", b"\x80")  # its files begin so: a zip archive, or a pickle, as older versions write them
# The network itself, where a training program keeps several state dicts: a moving average of it, a teacher ...
_WITHIN = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "model_state")
# What a program that counts multiplications (thop) leaves in a network: no answer depends on it.
_COUNTERS = ("num_batches_tracked", "total_ops", "total_params")
_DECIMALS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Layer:
    """A layer's name and its tensors by part: "weight", "bias", "running_mean" ..."""

    name: str
    tensors: Mapping[str, Tensor]

    @property
    def shapes(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        return tuple(sorted((part, tuple(tensor.shape)) for part, tensor in self.tensors.items()))

    def __str__(self) -> str:
        if "weight" in self.tensors:
            return "x".join(map(str, self.tensors["weight"].shape))
        return " ".join(f"{self.name}.{part}".removeprefix(".") for part in self.tensors)


@dataclass(frozen=True)
class Found:
    """A state dict that is one of our networks'.

    Attributes:
        name: of the file, for sentences.
        weights: of each network in MODELS whose shapes these are, by its own names, in single precision.
        channels: of its images.
        classes: how many it answers.
    """

    name: str
    weights: Mapping[str, Mapping[str, Tensor]]
    channels: int
    classes: int

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.weights)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a .pth, .pt or plain .safetensors file, by their names in it, in its order.

    Raises:
        CheckpointError: no file, too large, damaged, or it holds more than tensors and plain containers.
    """
    path = expanded(path)
    if not path.is_file():
        raise CheckpointError("There is no weights file at {path}. Check the name.", path=path)
    try:
        _refuse_large(path)
        if _is_safetensors(path):
            content: Any = load_file(path)
        else:
            _refuse_foreign(path)
            with safe_globals(PLAIN), path.open("rb") as file:  # of a path, PyTorch too goes by the name
                content = torch.load(file, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        raise _more_than_numbers(path) from error
    except Exception as error:  # a file that is torn, or made to be, raises nearly everything
        raise CheckpointError(
            "{name} cannot be read as a file of PyTorch ({error}): save or download it again.",
            name=path.name,
            error=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
        ) from error
    return _state_dict(path.name, content)


def _is_safetensors(path: Path) -> bool:
    """Whether it begins as such a file does, whatever its name; by its name where it begins as no other either."""
    with path.open("rb") as file:
        start = file.read(9)
    if start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size:  # the header, behind its length
        return True
    return path.suffix.lower() == ".safetensors" and not start.startswith(_PYTORCH)


def _refuse_foreign(path: Path) -> None:
    """What no state dict is, before PyTorch warns of it or takes it for a pickle."""
    with path.open("rb") as file:
        if not file.read(4).startswith(_PYTORCH):
            raise CheckpointError(
                "{name} is no file of PyTorch: in the program that made the network, save its state dict with "
                "torch.save(model.state_dict(), FILE), and import that.",
                name=path.name,
            )
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(name.endswith("/constants.pkl") for name in names):  # TorchScript, as torch.jit.save has it
            raise _more_than_numbers(path)


def _more_than_numbers(path: Path) -> CheckpointError:
    return CheckpointError(
        "{name} holds more than numbers, and nothing in it was run. Save it again from the program that made it, "
        "with torch.save(model.state_dict(), FILE), and import that.",
        name=path.name,
    )


def _refuse_large(path: Path) -> None:
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = max(size, sum(entry.file_size for entry in archive.infolist()))
    if size > MAX_BYTES:
        raise CheckpointError(
            "{name} has {size:.0f} MB; no network of this project is that large.", name=path.name, size=size / 1e6
        )


def _state_dict(name: str, content: Any) -> dict[str, Tensor]:
    """The tensors in what was read, wherever a training program put them, without the numbers and texts beside them."""
    found = [*_state_dicts("", content, set())]
    chosen = next((one for known in _WITHIN for key, one in found if key == known), found[0][1] if found else {})
    if len(found) > 1 and not any(key in _WITHIN for key, _ in found):
        raise CheckpointError(
            "{name} holds several state dicts, {keys}: save the one that is meant, with torch.save(STATE_DICT, FILE).",
            name=name,
            keys=[key for key, _ in found][:12],
        )
    tensors = {str(key): tensor for key, value in chosen.items() if (tensor := _tensor(value)) is not None}
    if not tensors or len(tensors) > MAX_TENSORS:
        raise CheckpointError(
            "{name} holds no state dict: save it with torch.save(model.state_dict(), FILE).", name=name
        )
    return tensors


def _state_dicts(name: str, content: Any, seen: set[int]) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """The mappings with the weight of a layer, each once and with the key that it stands under.

    A program names the key as it likes, so it is searched for, down to `MAX_DEPTH` within others.
    """
    level = [(name, content)]
    for _ in range(MAX_DEPTH + 1):
        level = [(key, one) for key, one in level if isinstance(one, Mapping) and id(one) not in seen]
        inner: list[tuple[str, Any]] = []
        for key, one in level:
            if id(one) in seen:
                continue
            seen.add(id(one))
            if any(_is_weight(*item) for item in one.items()):
                yield key, one
            else:
                inner += [(str(within), value) for within, value in one.items()]
        level = inner


def _is_weight(key: Any, value: Any) -> bool:
    return str(key).rpartition(".")[2] == "weight" and isinstance(value, (Tensor, Array)) and len(value.shape) > 0


def _tensor(value: Any) -> Tensor | None:
    """A tensor or an array of NumPy's as a tensor; None for what else there is."""
    if isinstance(value, Array):
        with contextlib.suppress(ValueError):
            return value.tensor()
    return value.detach() if isinstance(value, Tensor) else None


# --------------------------------------------------------------------------------------------------
# Which network is it


def recognised(name: str, tensors: Mapping[str, Tensor]) -> Found:
    """Which of our networks have these layers, in this order.

    Args:
        name: of the file, for sentences.
        tensors: by any names that end in "weight", "bias" and BatchNorm's; their order is the layers'.

    Raises:
        CheckpointError: none has, or its tensors are not plain finite numbers.
    """
    layers = _layers(_single(name, tensors))
    fits: dict[str, dict[str, Tensor]] = {}
    sizes = None
    for classes in _possible_classes(layers):
        for model in MODELS:
            for channels in (1, 3):
                matched = _matched(model, channels, classes, layers)
                if matched is not None:
                    fits[model], sizes = matched, (channels, classes)
        if sizes:
            break
    else:
        raise CheckpointError(
            "{name} has the layers of no network here: {layers}. These are known: {known}.",
            name=name,
            layers=[str(layer) for layer in layers][:12],
            known=[*MODELS],
        )
    return Found(name, fits, *sizes)


def _possible_classes(layers: Sequence[Layer]) -> list[int]:
    """What a linear layer gives, or lenet5-1998 compares with; the last one's first, for most define it last."""
    linear = [tensor for layer in reversed(layers) for tensor in layer.tensors.values() if tensor.ndim == 2]
    return list(dict.fromkeys(map(len, linear)))


def _single(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors that answers depend on, in single precision.

    Numbers without an axis are left out: how many batches BatchNorm saw, how many networks were averaged.
    """
    found = {key: tensor for key, tensor in tensors.items() if tensor.ndim}
    if sum(tensor.numel() for tensor in found.values()) > MAX_BYTES:  # a tensor may repeat one number, in few bytes
        raise CheckpointError("{name} holds more numbers than any network of this project.", name=name)
    for key, tensor in found.items():
        if kind := _no_decimals(tensor):
            raise CheckpointError(
                "{tensor} in {name} is {kind}, and only dense decimal numbers are imported: save the network in single "
                "precision, before it is compressed.",
                tensor=key,
                name=name,
                kind=kind,
            )
        found[key] = tensor.float()
        if not found[key].isfinite().all():
            raise CheckpointError(
                "{name} holds numbers that are not finite (NaN or infinity), so it cannot answer: import a network of "
                "a run that did not diverge.",
                name=name,
            )
    return found


def _no_decimals(tensor: Tensor) -> str:
    """What a tensor is in PyTorch's words, where it is not plain decimal numbers."""
    if tensor.is_meta:
        return "meta"
    if tensor.is_quantized:
        return "quantized"
    if tensor.is_nested or tensor.layout != torch.strided:
        return "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
    return "" if tensor.dtype in _DECIMALS else str(tensor.dtype).removeprefix("torch.")


def _layers(tensors: Mapping[str, Tensor]) -> list[Layer]:
    """In order; a layer is what its tensors' names have before the last dot."""
    layers: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        layer, _, part = key.rpartition(".")
        if part not in _COUNTERS:
            layers.setdefault(layer, {})[part] = tensor
    return [Layer(name, parts) for name, parts in layers.items()]


def _matched(model: str, channels: int, classes: int, layers: list[Layer]) -> dict[str, Tensor] | None:
    """The weights by the model's own names, where its layers have these shapes; None where they do not.

    Programs define layers in orders of their own: a residual block's shortcut first or last, all BatchNorms behind all
    convolutions.  So a layer goes where its shapes fit, together with the BatchNorm behind it; among those of one shape
    the order decides.  Where shapes are all different, each layer may stand anywhere.
    """
    own = _empty(model, channels, classes)
    if own is None:
        return None
    wanted = _layers(own.state_dict())
    layers = [_flat(layer, wanted) for layer in layers]
    pairs = _paired(_units(wanted), _units(layers)) or _paired([[one] for one in wanted], [[one] for one in layers], 1)
    if pairs is None:
        return None
    counters = {name: torch.tensor(0) for name in own.state_dict() if name.endswith("num_batches_tracked")}
    return counters | {
        f"{layer.name}.{part}": tensor for layer, found in pairs for part, tensor in found.tensors.items()
    }


def _flat(layer: Layer, wanted: Sequence[Layer]) -> Layer:
    """A convolution over all of its input as the linear layer that is wanted: the paper has C5 as one."""
    shapes = {one.shapes for one in wanted}
    weight = layer.tensors.get("weight")
    if weight is None or weight.ndim != 4 or layer.shapes in shapes:
        return layer
    flat = Layer(layer.name, {**layer.tensors, "weight": weight.flatten(1)})
    return flat if flat.shapes in shapes else layer


def _units(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Each layer with the BatchNorms behind it."""
    units: list[list[Layer]] = []
    for layer in layers:
        if units and "running_mean" in layer.tensors:
            units[-1].append(layer)
        else:
            units.append([layer])
    return units


def _paired(
    wanted: list[list[Layer]], found: list[list[Layer]], most_alike: int | None = None
) -> list[tuple[Layer, Layer]] | None:
    """Each wanted layer with the one that was found for it; None where their shapes are not the same ones.

    Args:
        most_alike: how many may have the same shapes, where their order must not decide.
    """
    waiting: dict[Any, list[list[Layer]]] = {}
    for unit in found:
        waiting.setdefault(tuple(layer.shapes for layer in unit), []).append(unit)
    if len(wanted) != len(found) or (most_alike and max(map(len, waiting.values())) > most_alike):
        return None
    pairs = []
    for unit in wanted:
        alike = waiting.get(tuple(layer.shapes for layer in unit))
        if not alike:
            return None
        pairs += list(zip(unit, alike.pop(0), strict=True))
    return pairs


def _empty(model: str, channels: int, classes: int) -> Network | None:
    """That network on no memory; None where there is none with so many channels and classes."""
    if not 2 <= classes <= MAX_CLASSES:
        return None
    try:
        with torch.device("meta"):
            return MODELS[model].build(channels, classes)
    except (ValueError, NotImplementedError, RuntimeError):
        return None


# --------------------------------------------------------------------------------------------------
# Ours


# What training programs do to pixels in [0, 1], by the name of an option.
UNIT, SIGNED, STATISTICS = "unit", "signed", "statistics"
INPUTS = {
    UNIT: "nothing more: ToTensor() alone, or division by 255",
    SIGNED: "Normalize(0.5, 0.5), which gives -1 to 1",
    STATISTICS: "Normalize with the data set's own mean and deviation",
}
KNOWN_STATISTICS = {
    "mnist": MNIST_STATISTICS,
    "fashion-mnist": FASHION_STATISTICS,
    "cifar10": (CIFAR10_STATISTICS.mean, CIFAR10_STATISTICS.std),
}


def data_sets(found: Found) -> list[str]:
    """The names in DATASETS that it may have learned from.

    Raises:
        CheckpointError: none has its channels and classes.
    """
    fits = (found.channels, found.classes)
    known = {name: (one.channels, len(one.classes)) for name, one in DATASETS.items() if not one.benchmark_only}
    there = [name for name, sizes in known.items() if sizes == fits]
    if not there:
        raise CheckpointError(
            "{name} reads {channels} channels and answers {classes} classes, as no data set here has them: "
            "it cannot be imported. These are known: {known}.",
            name=found.name,
            channels=found.channels,
            classes=found.classes,
            known=[f"{name} ({channels}, {classes})" for name, (channels, classes) in known.items()],
        )
    return there


def check_model(found: Found, model: str) -> None:
    """CheckpointError unless it is one of `found.models`."""
    if model not in found.models:
        raise CheckpointError(
            "{name} has not the layers of {model}: choose {models}.", name=found.name, model=model, models=found.models
        )


def check_dataset(found: Found, dataset: str) -> None:
    """CheckpointError unless it is one of `data_sets(found)`."""
    if dataset not in (there := data_sets(found)):
        raise CheckpointError(
            "{name} reads {channels} channels and answers {classes} classes, which {dataset} has not: choose {there}.",
            name=found.name,
            channels=found.channels,
            classes=found.classes,
            dataset=dataset,
            there=there,
        )


def input_format(kind: str, model: str, dataset: str, scaling: str = "pad") -> InputFormat:
    """How a training program made network input of pictures.

    Args:
        kind: a name in INPUTS, or a mean and a deviation a channel, such as "0.13,0.31" or "0.5,0.5,0.5,0.2,0.2,0.2".
        scaling: "pad" or "resize", where pictures are smaller than what the network reads.

    Raises:
        CheckpointError: it is none of these.
    """
    channels, size = DATASETS[dataset].channels, MODELS[model].size
    known = {UNIT: ((0.0,) * channels, (1.0,) * channels), SIGNED: ((0.5,) * channels, (0.5,) * channels)}
    mean, std = known.get(kind) or (_statistics(dataset) if kind == STATISTICS else _numbers(kind, channels))
    if scaling not in ("pad", "resize"):
        raise CheckpointError("There is no scaling called {name!r}: choose pad or resize.", name=scaling)
    return InputFormat(size, mean, std, "resize" if scaling == "resize" else "pad")


def _statistics(dataset: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if dataset not in KNOWN_STATISTICS:
        raise CheckpointError("The mean and deviation of {dataset} are not known: give them.", dataset=dataset)
    return KNOWN_STATISTICS[dataset]


def _numbers(kind: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    try:
        numbers = tuple(float(number) for number in kind.replace("/", ",").split(","))
    except ValueError:
        numbers = ()
    mean, std = numbers[:channels], numbers[channels:]
    if len(numbers) != 2 * channels or not all(map(math.isfinite, numbers)) or min(std) <= 0:
        raise CheckpointError(
            "{kind!r} is no input: choose {known}, or give a mean and a positive deviation for each of {count} "
            "channels, with commas between them.",
            kind=kind,
            known=[*INPUTS],
            count=channels,
        )
    return mean, std


def imported(found: Found, model: str, dataset: str, form: InputFormat) -> Checkpoint:
    """A checkpoint of ours with these weights.  Nothing is known of how it was trained, and its metrics are empty.

    Args:
        model: one of `found.models`.
        dataset: one of `data_sets(found)`: what it learned from, whose classes its answers are.
        form: how its training made network input of pictures, see `input_format`.

    Raises:
        CheckpointError: it is no such network, or has not that data set's channels and classes.
    """
    check_model(found, model)
    check_dataset(found, dataset)
    network = MODELS[model].build(found.channels, found.classes)
    network.load_state_dict(dict(found.weights[model]))
    recipe = Recipe(
        name=Path(found.name).stem[:60] or "imported",
        about=ABOUT,
        model=model,
        dataset=dataset,
        input=form,
        epochs=1,
        batch_size=1,
        optimizer="sgd",
        lr=1.0,
        source=found.name[:100],
    )
    return Checkpoint(network.eval(), recipe, DATASETS[dataset].classes, {}, {})
