"""One .safetensors file that describes itself: weights, and one JSON header under the key "lenet".

    save(path, checkpoint), load(path)          a network to use or ship
    save_state(path, state), load_state(path)   a run to go on with; `load` reads such a file too

Safetensors holds numbers and text and nothing that runs: no pickle, so a stranger's file is safe to
open.  Writing goes to a file beside the target first, which then takes its name: a process killed in
the middle leaves the old file whole.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from lenet.datasets import DATASETS, Dataset, Split, answerable
from lenet.errors import CheckpointError, RecipeError
from lenet.metrics import accuracy, energy, fit_temperature
from lenet.models import MODELS, Network
from lenet.recipes import Recipe
from lenet.training import EpochEnd, TrainingState, evaluate, start

HEADER = "lenet"
FORMAT = 1
RESUME = "resume/"  # what tensors that only training needs are called
KNOWN = 0.97  # of the validation split's pictures are no strangers
AT_MIDDLE = 0.05  # how strange the middle one of them is said to look
MAX_BYTES = 200_000_000  # far above any network here; a larger file is refused before it is read


@dataclass(frozen=True)
class Calibration:
    """What the validation split says of a network's logits, for a network that learned no "none of these".

    Attributes:
        temperature: what they are divided by for the lowest cross-entropy (`metrics.fit_temperature`).
        middle: the median of its pictures' energies (`metrics.energy`).
        limit: the energy that KNOWN of its pictures stay under.
    """

    temperature: float
    middle: float
    limit: float

    def __post_init__(self) -> None:
        if not (0 < self.temperature < math.inf and -math.inf < self.middle <= self.limit < math.inf):
            raise ValueError(f"a calibration of {self.temperature!r}, {self.middle!r}, {self.limit!r}")

    def stranger(self, logits: Tensor) -> float:
        """How strange a picture looks, 0 to 1, from the logits of its views, (V, classes).

        A logistic function of their mean energy: 0.5 at `limit`, and AT_MIDDLE at `middle`.  Not the
        probability of a stranger, which depends on how many strangers there are.
        """
        above = float(energy(logits, self.temperature).mean()) - self.limit
        width = max(self.limit - self.middle, 1e-6) / math.log(1 / AT_MIDDLE - 1)
        return float(torch.tensor(above / width).sigmoid())


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and where it comes from.

    Attributes:
        model: ready to use, in eval mode.
        classes: names, in the order of the logits.
        metrics: what was measured of it; accuracies are fractions.
        versions: of Python and PyTorch, that trained it.
        calibration: measured on the validation split, of networks that name photos; older files have none.
    """

    model: Network
    recipe: Recipe
    classes: tuple[str, ...]
    metrics: dict[str, float]
    versions: dict[str, str] = field(default_factory=lambda: _versions())
    calibration: Calibration | None = None

    @property
    def temperature(self) -> float:
        """What the logits are divided by: as measured, else as the recipe says."""
        return self.calibration.temperature if self.calibration is not None else self.recipe.temperature


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}


def finish(state: TrainingState, dataset: Dataset) -> Checkpoint:
    """What a run has come to: its network, measured on the test split.

    The metrics are test_accuracy (the answer is the likeliest class but "not a digit", as in
    `Classifier.predict`), val_accuracy (of all classes, after the last whole epoch, if there is one) and
    train_seconds.
    """
    logits = evaluate(state.network, dataset.test.images, state.recipe.input)
    logits = logits[:, : len(answerable(dataset.classes))]
    metrics = {
        "test_accuracy": accuracy(logits, dataset.test.labels),
        "train_seconds": round(sum(event.seconds for event in state.history) + state.seconds, 1),
    }
    if state.history:
        metrics["val_accuracy"] = state.history[-1].val_accuracy
    checkpoint = Checkpoint(state.network, state.recipe, dataset.classes, metrics)
    return calibrated(checkpoint, dataset.val) if DATASETS[state.recipe.dataset].channels == 3 else checkpoint


def calibrated(checkpoint: Checkpoint, val: Split) -> Checkpoint:
    """The same with the calibration that its data set's validation split gives."""
    logits = evaluate(checkpoint.model, val.images, checkpoint.recipe.input)
    temperature = fit_temperature(logits, val.labels)
    energies = energy(logits, temperature)
    middle, limit = energies.quantile(torch.tensor([0.5, KNOWN], dtype=energies.dtype)).tolist()
    return replace(checkpoint, calibration=Calibration(temperature, middle, limit))


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
    if checkpoint.calibration is not None:
        header["calibration"] = asdict(checkpoint.calibration)
    _write(Path(path), checkpoint.model.state_dict(), header)


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
        calibration = Calibration(**header["calibration"]) if "calibration" in header else None
        return Checkpoint(model.eval(), recipe, classes, dict(header["metrics"]), dict(header["versions"]), calibration)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(_foreign(path, f"its header lacks or garbles {error}")) from error


def save_state(path: str | os.PathLike[str], state: TrainingState) -> None:
    """Write all that `state` needs to go on exactly; to be called between two events.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    optimizer = state.optimizer.state_dict()
    tensors = dict(state.network.state_dict())
    tensors |= {f"{RESUME}model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    for index, moments in optimizer["state"].items():
        tensors |= {f"{RESUME}optimizer.{index}.{name}": tensor for name, tensor in moments.items()}
    header = {
        "format": FORMAT,
        "model": state.recipe.model,
        "classes": DATASETS[state.recipe.dataset].classes,
        "recipe": state.recipe.to_dict(),
        "metrics": {},
        "versions": _versions(),
        "resume": {
            "epoch": state.epoch,
            "step": state.step,
            "seconds": state.seconds,
            "sums": state.sums.tolist(),
            "history": [asdict(event) for event in state.history],
            "param_groups": optimizer["param_groups"],
            "plateau": state.plateau.state_dict() if state.plateau is not None else None,
            "averaged": int(state.average.n_averaged) if state.average is not None else 0,
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
        trained = {n.removeprefix(f"{RESUME}model."): t for n, t in tensors.items() if n.startswith(f"{RESUME}model.")}
        _fill(path, state.model, trained)
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
        _refuse_impossible(state)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(_foreign(path, f"what it needs to resume is damaged: {error!r}")) from error
    return state


def _refuse_impossible(state: TrainingState) -> None:
    """ValueError for numbers that no run has; without this they would surface in the middle of an epoch."""
    if not all(isinstance(number, int) and number >= 0 for number in (state.epoch, state.step)):
        raise ValueError(f"epoch {state.epoch!r}, step {state.step!r}")
    if len(state.history) != state.epoch or not state.seconds >= 0:
        raise ValueError(f"{len(state.history)} epochs of {state.epoch}, {state.seconds!r} seconds")
    moments = [frozenset(own) for own in state.optimizer.state.values()]
    if moments and (len(set(moments)) > 1 or len(moments) != len(list(state.model.parameters()))):
        raise ValueError("the optimizer's moments are not all there")


def _write(path: Path, tensors: Mapping[str, Tensor], header: dict[str, Any]) -> None:
    # Tensors are copied because an average and its model may share memory, which safetensors refuses.
    content = to_bytes(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
        metadata={HEADER: json.dumps(header, sort_keys=True)},
    )
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror}): free some space, or choose another place."
        ) from error


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
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is torn or not a .safetensors file ({error}): fetch it again.") from error
    if not isinstance(header, dict):
        raise CheckpointError(_foreign(path, f'it has no "{HEADER}" header'))
    if header.get("format") != FORMAT:
        raise CheckpointError(_foreign(path, f"its format is {header.get('format')}, this version reads {FORMAT}"))
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
