"""A run on disk, which can continue exactly where it was.

    save_state(path, state)      between two events
    state = load_state(path)     ready for `fit`

The file holds the run's network as any weights file does, so `lenet.inference.pretrained.load` reads it too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from lenet.checkpoint import foreign, read, write
from lenet.data.datasets import DATASETS
from lenet.errors import CheckpointError, Text
from lenet.training.loop import EpochEnd, TrainingState, start
from lenet.training.stored import RESUME, described, fill, lr_changes_of, recipe_of, versions, weights_of


def save_state(path: str | os.PathLike[str], state: TrainingState) -> None:
    """Write all that `state` needs to continue.  Call it between two events.

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
        **described(state.recipe, DATASETS[state.recipe.dataset].classes),
        "metrics": {},
        "versions": versions(),
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
    write(Path(path), header, tensors)


def load_state(path: str | os.PathLike[str], device: str = "auto") -> TrainingState:
    """The run saved at `path`, on `device`, ready for `fit`.

    Raises:
        CheckpointError: see `lenet.training.stored.load_network`; or the file holds only weights.
    """
    path = Path(path)
    header, tensors = read(path)
    resume = header.get("resume")
    if resume is None:
        raise CheckpointError(
            "{path} holds a finished network, not a run to resume: give a .resume.safetensors file.", path=path
        )
    recipe = recipe_of(path, header)
    state = replace(start(recipe.with_changes(init=""), device), recipe=recipe)  # its weights follow
    try:
        fill(path, state.model, _part(tensors, f"{RESUME}model."))
        if state.best is not None:
            fill(path, state.best, _part(tensors, f"{RESUME}best."))
        if state.average is not None:
            fill(path, state.average.module, weights_of(tensors))
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
        state.lr_changes = list(lr_changes_of(header))
        state.teacher = resume.get("teacher")  # older files have none
        _refuse_impossible(state)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise foreign(path, Text("what it needs to resume is damaged: {error}", error=repr(error))) from error
    return state


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _refuse_impossible(state: TrainingState) -> None:
    """Raise ValueError for numbers that no run has.  Otherwise they would fail in the middle of an epoch."""
    if not all(isinstance(number, int) and number >= 0 for number in (state.epoch, state.step)):
        raise ValueError(f"epoch {state.epoch!r}, step {state.step!r}")
    if len(state.history) != state.epoch or not state.seconds >= 0:
        raise ValueError(f"{len(state.history)} epochs of {state.epoch}, {state.seconds!r} seconds")
    moments = [frozenset(own) for own in state.optimizer.state.values()]
    kinds = len(state.optimizer.param_groups)  # Muon keeps other moments of hidden layers than of the rest
    if moments and (len(set(moments)) > kinds or len(moments) != len(list(state.model.parameters()))):
        raise ValueError("the optimizer's moments are not all there")
