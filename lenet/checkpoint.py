"""One .safetensors file that describes itself: weights, and one JSON header under the key "lenet".

    save(path, checkpoint), load(path)          a network to use or ship
    save_state(path, state), load_state(path)   a run to go on with; `load` reads such a file too

Safetensors holds numbers and text and nothing that runs: no pickle, so a stranger's file is safe to
open.  Writing goes to a file beside the target first, which then takes its name: a process killed in
the middle leaves the old file whole.  The header holds a SHA-256 of the rest of it and of all numbers,
so a disk or a download that changed a bit is noticed.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import math
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from lenet import keras_twins
from lenet.datasets import DATASETS, Dataset, Split, answerable
from lenet.errors import CheckpointError, RecipeError
from lenet.looks import STATISTICS, distance, statistics
from lenet.metrics import accuracy, confusion, energy, fit_temperature
from lenet.models import MODELS, Network, count_parameters
from lenet.recipes import Recipe
from lenet.training import EpochEnd, LrChange, TrainingState, device_name, evaluate, start

HEADER = "lenet"
DIGEST = "sha256"  # the header's entry
FORMAT = 1
RESUME = "resume/"  # what tensors that only training needs are called
FIRST = 1000  # of the test images, measured apart
KNOWN = 0.97  # of the validation split's pictures, at least this share are no strangers
AT_MIDDLE = 0.05  # how strange the middle one of them is said to look
FEW = 1_000_000  # parameters; a network of more is kept in half precision
MAX_BYTES = 200_000_000  # far above any network here; a larger file is refused before it is read


@dataclass(frozen=True)
class Gauge:
    """A score that is higher for stranger pictures, as the validation split has it.

    Attributes:
        middle: its median there.
        limit: what only (1 - KNOWN) / 2 of the pictures there exceed.
    """

    middle: float
    limit: float

    def __post_init__(self) -> None:
        if not -math.inf < self.middle <= self.limit < math.inf:
            raise ValueError(f"a gauge from {self.middle!r} to {self.limit!r}")

    @classmethod
    def of(cls, scores: Tensor) -> Gauge:
        shares = torch.tensor([0.5, 1 - (1 - KNOWN) / 2], dtype=scores.dtype)
        return cls(*scores.quantile(shares).tolist())

    def __call__(self, scores: Tensor) -> Tensor:
        """0 to 1, rising: AT_MIDDLE at `middle`, 0.5 at `limit`, a logistic function between and beyond."""
        width = max(self.limit - self.middle, 1e-6) / math.log(1 / AT_MIDDLE - 1)
        return ((scores - self.limit) / width).sigmoid()


@dataclass(frozen=True)
class Calibration:
    """What the validation split says of a network that learned no "none of these".

    Attributes:
        temperature: what its logits are divided by for the lowest cross-entropy (`metrics.fit_temperature`).
        energy: gauges `metrics.energy`: how little a picture is like any class.
        looks: gauges the squared distance of `looks.statistics` from their mean, by `precision` (Mahalanobis):
            how little a picture is like any photo.
        mean, precision: of those statistics, (S,) and (S, S), the inverse of their covariance.
    """

    temperature: float
    energy: Gauge
    looks: Gauge
    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        numbers = (self.temperature, *self.mean, *(value for row in self.precision for value in row))
        if not (self.temperature > 0 and all(math.isfinite(value) for value in numbers)):
            raise ValueError("a calibration that is not of finite numbers")
        if not len(self.mean) == len(self.precision) == STATISTICS or {len(row) for row in self.precision} != {
            STATISTICS
        }:
            raise ValueError(f"a calibration of other than {STATISTICS} statistics")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibration:
        """The inverse of `asdict`, also after a round trip through JSON."""
        gauges = {name: Gauge(**values[name]) for name in ("energy", "looks")}
        precision = tuple(tuple(row) for row in values["precision"])
        return cls(**{**values, **gauges, "mean": tuple(values["mean"]), "precision": precision})

    def stranger(self, logits: Tensor, images: Tensor) -> float:
        """How strange a picture looks, 0 to 1, from its views: logits (V, classes), images uint8 (V, 3, 32, 32).

        A view is as strange as the worse of its two gauges says, and the picture as the least strange of its
        views: what is off the middle is seen in some.  Of the validation split's pictures, a share of KNOWN or
        more is at 0.5 or below.  It is not the probability of a stranger: that depends on how many there are.
        """
        far = distance(statistics(images), self._mean, self._precision)
        return torch.maximum(self.energy(energy(logits, self.temperature)), self.looks(far)).min().item()

    @cached_property
    def _mean(self) -> Tensor:
        return torch.tensor(self.mean, dtype=torch.float64)

    @cached_property
    def _precision(self) -> Tensor:
        return torch.tensor(self.precision, dtype=torch.float64)


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and where it comes from.

    Attributes:
        model: ready to use, in eval mode.
        classes: names, in the order of the logits.
        metrics: what was measured of it; accuracies are fractions.
        versions: of Python and PyTorch, that trained it, or of Keras; the device on which it did; and of a taught
            network, its teacher's name and the beginning of that file's SHA-256.
        confusion: counts on the test split: the row is the label, the column the answer, of the
            `answerable` classes; empty for a network that was not measured.
        calibration: measured on the validation split, of networks that name photos; older files have none.
        lr_changes: where the training left its recipe, see `lenet.training.change_lr`.
    """

    model: Network
    recipe: Recipe
    classes: tuple[str, ...]
    metrics: dict[str, float]
    versions: dict[str, str] = field(default_factory=lambda: _versions())
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: Calibration | None = None
    lr_changes: tuple[LrChange, ...] = ()

    @property
    def temperature(self) -> float:
        """What the logits are divided by: as measured, else as the recipe says."""
        return self.calibration.temperature if self.calibration is not None else self.recipe.temperature


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}


def finish(state: TrainingState, dataset: Dataset, before_each: Callable[[], None] = lambda: None) -> Checkpoint:
    """What a run has come to: its network, measured on the test split; `state` stays as it is.

    The metrics are those of `measured`, val_accuracy (of all classes) and train_seconds.

    Args:
        before_each: called before each batch of pictures; what it raises ends the measuring.
    """
    large = count_parameters(state.outcome) > FEW
    network = rounded(state.outcome) if large else state.outcome  # and measured as it is shipped
    logits = evaluate(network, dataset.val.images, state.recipe.input, before_each=before_each)
    metrics = {
        "val_accuracy": accuracy(logits, dataset.val.labels),
        "train_seconds": round(sum(event.seconds for event in state.history) + state.seconds, 1),
    }
    versions = {**_versions(), "device": device_name(state.device)}
    if state.recipe.teacher and state.teacher:
        versions["teacher"] = f"{state.recipe.teacher} {state.teacher[:12]}"
    if state.recipe.framework == "keras":
        versions["keras"] = keras_twins.version()
    checkpoint = Checkpoint(
        network, state.recipe, dataset.classes, metrics, versions, lr_changes=tuple(state.lr_changes)
    )
    checkpoint = measured(checkpoint, dataset.test, before_each)
    return calibrated(checkpoint, dataset.val, logits) if DATASETS[state.recipe.dataset].channels == 3 else checkpoint


def measured(checkpoint: Checkpoint, test: Split, before_each: Callable[[], None] = lambda: None) -> Checkpoint:
    """`checkpoint` with its confusion matrix and test accuracies: what they were before is replaced.

    The metrics are test_accuracy (the answer is the likeliest class but "not a digit", as in
    `Classifier.predict`) and, of a split that has more, test_accuracy_first_1000: those images of
    CIFAR-10's are lossless also where the others were kept as JPEG.

    Args:
        test: the test split of the recipe's data set, see `lenet.datasets.load_test`.
        before_each: as for `finish`.
    """
    logits = evaluate(checkpoint.model, test.images, checkpoint.recipe.input, before_each=before_each)
    logits = logits[:, : len(answerable(checkpoint.classes))]
    metrics = {**checkpoint.metrics, "test_accuracy": accuracy(logits, test.labels)}
    if len(test) > FIRST:
        metrics["test_accuracy_first_1000"] = accuracy(logits[:FIRST], test.labels[:FIRST])
    counts = tuple(tuple(row) for row in confusion(logits, test.labels).tolist())
    return replace(checkpoint, metrics=metrics, confusion=counts)


def calibrated(checkpoint: Checkpoint, val: Split, logits: Tensor | None = None) -> Checkpoint:
    """The same with the calibration that its data set's validation split gives.

    Args:
        logits: the network's for `val`, where they are known already.
    """
    if logits is None:
        logits = evaluate(checkpoint.model, val.images, checkpoint.recipe.input)
    temperature = fit_temperature(logits, val.labels)
    found = torch.cat([statistics(images) for images in val.images.split(500)])  # in double: 12 MB each
    mean, covariance = found.mean(dim=0), found.T.cov()
    # a hundredth of each statistic's own variance keeps those that hardly vary together from deciding alone
    own = covariance.diagonal().clamp(min=1e-12).diag()
    precision = torch.linalg.inv(0.99 * covariance + 0.01 * own)
    calibration = Calibration(
        temperature,
        Gauge.of(energy(logits, temperature)),
        Gauge.of(distance(found, mean, precision)),
        tuple(mean.tolist()),
        tuple(tuple(row) for row in precision.tolist()),
    )
    return replace(checkpoint, calibration=calibration)


def save(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`; the same checkpoint gives the same bytes.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    header = {
        "format": FORMAT,
        "model": checkpoint.recipe.model,
        "classes": checkpoint.classes,
        "recipe": checkpoint.recipe.to_dict(),
        "metrics": checkpoint.metrics,
        "versions": checkpoint.versions,
    }
    if checkpoint.confusion:
        header["confusion"] = checkpoint.confusion
    if checkpoint.calibration is not None:
        header["calibration"] = asdict(checkpoint.calibration)
    if checkpoint.lr_changes:
        header["lr_changes"] = [asdict(change) for change in checkpoint.lr_changes]
    _write(Path(path), _short(checkpoint.model.state_dict()), header)


def save_somewhere(path: Path, write: Callable[[Path], None]) -> Path:
    """`write(path)`, or where that fails the same in a new temporary folder: hours of work have to be kept.

    Returns:
        the path that was written.

    Raises:
        CheckpointError: neither could be.
    """
    try:
        write(path)
        return path
    except CheckpointError as first:
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="lenet-")) / path.name
            write(elsewhere)
        except (CheckpointError, OSError) as second:
            raise CheckpointError(f"{first} The system's temporary folder did not take it either.") from second
        return elsewhere


def rounded(network: Network) -> Network:
    """A copy of `network` whose numbers a file can hold in half precision (10 digits of a binary fraction)."""
    network = copy.deepcopy(network)
    network.load_state_dict(
        {name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    )
    return network


def _short(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same numbers in half precision, where that is exact for all of them."""
    halves = {name: t.half() for name, t in tensors.items() if t.is_floating_point()}
    return (
        {**tensors, **halves} if all(torch.equal(h.float(), tensors[name]) for name, h in halves.items()) else tensors
    )


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """The network in the file at `path`.

    Raises:
        CheckpointError: no file, not one of this project's, torn, or of another shape.
    """
    path = Path(path)
    header, tensors = _read(path)
    recipe = _recipe(path, header)
    weights = {name: tensor.float() for name, tensor in tensors.items() if not name.startswith(RESUME)}
    try:
        classes = tuple(str(name) for name in header["classes"])
        model = MODELS[recipe.model].build(len(recipe.input.mean), len(classes))
        _fill(path, model, weights)
        calibration = Calibration.from_dict(header["calibration"]) if "calibration" in header else None
        counts = _confusion(header.get("confusion", ()), len(answerable(classes)))
        metrics, versions = dict(header["metrics"]), dict(header["versions"])
        changes = _lr_changes(header)
        return Checkpoint(model.eval(), recipe, classes, metrics, versions, counts, calibration, changes)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(_foreign(path, f"its header lacks or garbles {error}")) from error


def _lr_changes(header: Mapping[str, Any]) -> tuple[LrChange, ...]:
    """None in files of before it, and in those of runs that kept to their recipe."""
    return tuple(LrChange(**change) for change in header.get("lr_changes", ()))


def _confusion(rows: Any, classes: int) -> tuple[tuple[int, ...], ...]:
    """A header's confusion matrix; none in files of before it.  ValueError for what no count gives."""
    counts = tuple(tuple(row) for row in rows)
    square = [len(row) for row in counts] == [classes] * classes
    if counts and not (square and all(type(n) is int and n >= 0 for row in counts for n in row)):
        raise ValueError("the confusion matrix")
    return counts


def save_state(path: str | os.PathLike[str], state: TrainingState) -> None:
    """Write all that `state` needs to go on exactly; to be called between two events.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    optimizer = state.optimizer.state_dict()
    tensors = dict(state.network.state_dict())
    tensors |= {f"{RESUME}model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    if state.best is not None:
        tensors |= {f"{RESUME}best.{name}": tensor for name, tensor in state.best.state_dict().items()}
    for index, moments in optimizer["state"].items():
        tensors |= {f"{RESUME}optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    header = {
        "format": FORMAT,
        "model": state.recipe.model,
        "classes": DATASETS[state.recipe.dataset].classes,
        "recipe": state.recipe.to_dict(),
        "metrics": {},
        "versions": _versions(),
        "lr_changes": [asdict(change) for change in state.lr_changes],
        "resume": {
            "epoch": state.epoch,
            "step": state.step,
            "seconds": state.seconds,
            "sums": state.sums.tolist(),
            "history": [asdict(event) for event in state.history],
            "param_groups": optimizer["param_groups"],
            "plateau": state.plateau.state_dict() if state.plateau is not None else None,
            "averaged": int(state.average.n_averaged) if state.average is not None else 0,
            "teacher": state.teacher,
        },
    }
    _write(Path(path), tensors, header)


def load_state(path: str | os.PathLike[str], device: str = "auto") -> TrainingState:
    """The run saved at `path`, on `device`, ready for `fit`.

    Raises:
        CheckpointError: as for `load`, or the file holds only weights.
    """
    path = Path(path)
    header, tensors = _read(path)
    resume = header.get("resume")
    if resume is None:
        raise CheckpointError(f"{path} holds a finished network, not a run to resume: give a .resume.safetensors file.")
    state = start(_recipe(path, header), device)
    try:
        _fill(path, state.model, _part(tensors, f"{RESUME}model."))
        if state.best is not None:
            _fill(path, state.best, _part(tensors, f"{RESUME}best."))
        if state.average is not None:
            _fill(path, state.average.module, {n: t for n, t in tensors.items() if not n.startswith(RESUME)})
            state.average.n_averaged.fill_(resume["averaged"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(f"{RESUME}optimizer."):
                index, moment = name.removeprefix(f"{RESUME}optimizer.").split(".")
                moments.setdefault(int(index), {})[moment] = tensor
        state.optimizer.load_state_dict({"state": moments, "param_groups": resume["param_groups"]})
        # Files hold tensors in plain order; the fused optimizers read a moment's memory in its parameter's order.
        for parameter, own in state.optimizer.state.items():
            for name, moment in own.items():
                if moment.dim() > 0:
                    own[name] = torch.empty_like(parameter).copy_(moment.view_as(parameter))
        if state.plateau is not None:
            state.plateau.load_state_dict(resume["plateau"])
        state.epoch, state.step, state.seconds = resume["epoch"], resume["step"], resume["seconds"]
        state.sums = torch.tensor(resume["sums"], device=state.device).view(3)
        state.history = [EpochEnd(**event) for event in resume["history"]]
        state.lr_changes = list(_lr_changes(header))
        state.teacher = resume.get("teacher")  # None in files of before it
        _refuse_impossible(state)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(_foreign(path, f"what it needs to resume is damaged: {error!r}")) from error
    return state


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _refuse_impossible(state: TrainingState) -> None:
    """ValueError for numbers that no run has; without this they would surface in the middle of an epoch."""
    if not all(isinstance(number, int) and number >= 0 for number in (state.epoch, state.step)):
        raise ValueError(f"epoch {state.epoch!r}, step {state.step!r}")
    if len(state.history) != state.epoch or not state.seconds >= 0:
        raise ValueError(f"{len(state.history)} epochs of {state.epoch}, {state.seconds!r} seconds")
    moments = [frozenset(own) for own in state.optimizer.state.values()]
    kinds = len(state.optimizer.param_groups)  # Muon keeps other moments of hidden layers than of the rest
    if moments and (len(set(moments)) > kinds or len(moments) != len(list(state.model.parameters()))):
        raise ValueError("the optimizer's moments are not all there")


def _write(path: Path, tensors: Mapping[str, Tensor], header: dict[str, Any]) -> None:
    # Tensors are copied because an average and its model may share memory, which safetensors refuses.
    kept = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    header = {**header, DIGEST: _digest(header, kept)}
    write_file(path, to_bytes(kept, metadata={HEADER: json.dumps(header, sort_keys=True)}))


def write_file(path: Path, content: bytes) -> None:
    """Have the file at `path` be `content`, whole, or as it was if anything happens meanwhile.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()  # half a file would keep a full disk full
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror}): free some space, or choose another place."
        ) from error
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Have the new name on the disk too, not only the file, before a power cut; not every system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of a file's header and numbers, of those that have names and shapes too."""
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        size = path.stat().st_size
    except OSError:
        raise CheckpointError(f"There is no weights file at {path}. Check the name.") from None
    if size > MAX_BYTES:
        raise CheckpointError(f"{path.name} has {size / 1e6:.0f} MB; no network of this project is that large.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        header = json.loads(metadata.get(HEADER, "null"))
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is torn or not a .safetensors file ({error}): fetch it again.") from error
    if not isinstance(header, dict):
        raise CheckpointError(_foreign(path, f'it has no "{HEADER}" header'))
    if header.get("format") != FORMAT:
        raise CheckpointError(_foreign(path, f"its format is {header.get('format')}, this version reads {FORMAT}"))
    digest = header.pop(DIGEST, None)  # files of before it have none
    if digest is not None and digest != _digest(header, tensors):
        raise CheckpointError(f"{path.name} is damaged: its numbers are not those that were written. Fetch it again.")
    return header, tensors


def _recipe(path: Path, header: dict[str, Any]) -> Recipe:
    try:
        recipe = Recipe.from_dict(header["recipe"])
    except (KeyError, RecipeError) as error:
        raise CheckpointError(_foreign(path, str(error))) from error
    if recipe.model not in MODELS:
        raise CheckpointError(_foreign(path, f"there is no model called {recipe.model!r}"))
    if recipe.dataset not in DATASETS:
        raise CheckpointError(_foreign(path, f"there is no data set called {recipe.dataset!r}"))
    if recipe.input.size != MODELS[recipe.model].size:
        raise CheckpointError(_foreign(path, f"{recipe.model} does not read {recipe.input.size} pixels"))
    return recipe


def _fill(path: Path, model: torch.nn.Module, weights: dict[str, Tensor]) -> None:
    own = model.state_dict()
    wrong = sorted(set(own) ^ set(weights)) or [n for n in own if own[n].shape != weights[n].shape]
    if wrong:
        raise CheckpointError(_foreign(path, f"its layers do not fit: {', '.join(wrong[:3])}"))
    model.load_state_dict(weights)


def _foreign(path: Path, why: str) -> str:
    return f"{path.name} is not a weights file of this project, or a damaged one ({why}). Train or download one anew."
