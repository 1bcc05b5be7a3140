"""A training run that a file keeps: begun or resumed, saved every minute, measured at its end.

    run = Run.begin(RECIPES["mnist-demo"], Path("runs/mnist-demo.resume.safetensors"))
    dataset = run.prepare()
    for event in run.events(dataset):   # leave the loop to stop, then `run.keep()`
        print(event)
    checkpoint = run.finish(dataset)

`train.py`, the `lenet` command and the page train this way; nothing here prints.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lenet.checkpoint import save_somewhere
from lenet.data.datasets import Dataset
from lenet.errors import CheckpointError, LeNetError
from lenet.inference.evaluation import finish
from lenet.inference.pretrained import Checkpoint, load
from lenet.training import distributed, keras_backend
from lenet.training.distillation import load_with_soft_labels
from lenet.training.loop import Event, Step, TrainingState, change_lr, fit, start
from lenet.training.recipes import Recipe
from lenet.training.resume import load_state, save_state
from lenet.training.stored import initial_weights

SECONDS_BETWEEN_SAVES = 60
RESUMABLE = ".resume.safetensors"  # how the name of a run's file ends
EXPLODING = 3  # times the loss that a run began with: it will diverge, and is not worth saving


@dataclass(frozen=True)
class NotSaved:
    """The run could not be saved just now; it goes on, and the next event tries again."""

    error: CheckpointError


class Run:
    """One run and the file that it can be resumed from.

    Attributes:
        state: where the training is.
        path: the file that it is saved in, see `load_state`.
        resumed: the file that it was read from, if it was.
        device: what it trains on, see `lenet.training.loop.pick_device`.
        seconds: between two saves; SECONDS_BETWEEN_SAVES if None.
        epoch, step: how far the state in `path` is.
    """

    def __init__(
        self,
        state: TrainingState,
        path: Path,
        device: str = "auto",
        resumed: Path | None = None,
        seconds: float | None = None,
    ) -> None:
        self.state, self.path, self.device, self.resumed = state, path, device, resumed
        self._seconds = SECONDS_BETWEEN_SAVES if seconds is None else seconds
        self.epoch, self.step = state.epoch, state.step
        self._saved = time.monotonic()
        # a loss above it is not worth saving; 0 until there is one to go by
        self._limit = EXPLODING * state.history[0].train_loss if state.history else 0.0

    @classmethod
    def begin(cls, recipe: Recipe, path: Path, device: str = "auto") -> Run:
        """A new run of `recipe`; `prepare` writes its file.

        Raises:
            RecipeError: the weights that the recipe begins with are not there, or are another network's.
        """
        weights = initial_weights(recipe) if recipe.init else None
        return cls(start(recipe, device, weights), path, device)

    @classmethod
    def resume(cls, file: Path, path: Path | None = None, device: str = "auto", lr: float | None = None) -> Run:
        """The run saved in `file`, which goes on in `path`, or in the same file.

        Args:
            lr: another peak learning rate from here on.

        Raises:
            CheckpointError: as for `load_state`.
        """
        state = load_state(file, device)
        if lr is not None:
            change_lr(state, lr)
        return cls(state, path or file, device, file)

    @property
    def in_keras(self) -> bool:
        return self.state.recipe.framework == "keras"

    def prepare(self, root: str | os.PathLike[str] | None = None) -> Dataset:
        """The run's data, and its file written for the first time: what would fail is refused now, not after hours.

        Args:
            root: where data sets live, see `lenet.data.datasets.load`.

        Raises:
            LeNetError: Keras or the data are missing, or the file cannot be written or holds another run.
        """
        recipe = self.state.recipe
        if self.in_keras:
            if distributed.is_launched():
                raise LeNetError("Recipes in Keras train in one process: start `python train.py` without torchrun.")
            keras_backend.load_keras()
        with distributed.main_first():
            dataset = load_with_soft_labels(recipe.dataset, recipe.teacher, root, self.device)
        distributed.on_main(self._claim)
        return dataset

    def events(self, dataset: Dataset) -> Iterator[Event | NotSaved]:
        """Train to the end; saves the state after the first event of each minute, while the network learns.

        The caller may leave between two events, and call `keep`.

        Raises:
            DivergedError: `path` then holds a state from before it, at `epoch` and `step`.
        """
        for event in (keras_backend.fit if self.in_keras else fit)(self.state, dataset):
            yield event
            if distributed.is_main() and (failed := self._save_after(event)):
                yield failed

    def keep(self) -> Path:
        """Save a stopped run, elsewhere if `path` cannot be written; returns the file.

        Raises:
            LeNetError: the run is in Keras, whose runs cannot be resumed before they have trained.
            CheckpointError: no place could be written to.
        """
        if self.in_keras and not self.state.done:
            self.path.unlink()
            raise LeNetError("Stopped. A run in Keras cannot be resumed: start a new run.")
        return save_somewhere(self.path, lambda path: save_state(path, self.state))

    def finish(self, dataset: Dataset) -> Checkpoint:
        """The network that the run has come to, measured on the test split."""
        return finish(self.state, dataset)

    def discard(self) -> None:
        """Delete the file, once the network is kept."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _claim(self) -> None:
        """Write the run's first state, where no other run's may be."""
        if self.path.exists() and not self._may_replace():
            raise LeNetError(
                "{resume} holds an interrupted run: continue it with --resume {resume}, choose another --out, "
                "or delete it first.",
                resume=self.path,
            )
        save_state(self.path, self.state)

    def _may_replace(self) -> bool:
        """Whether the file at `path` holds this run at an earlier step, or one in Keras, which cannot be resumed."""
        if self.resumed and self.resumed.exists() and os.path.samefile(self.resumed, self.path):
            return True
        return (self.resumed is not None and is_behind(self.path, self.state)) or is_in_keras(self.path)

    def _save_after(self, event: Event) -> NotSaved | None:
        if not isinstance(event, Step):
            return None
        self._limit = self._limit or EXPLODING * event.loss
        if event.loss > self._limit or time.monotonic() - self._saved <= self._seconds:
            return None
        self._saved = time.monotonic()
        try:
            save_state(self.path, self.state)
        except CheckpointError as error:
            return NotSaved(error)
        self.epoch, self.step = self.state.epoch, self.state.step
        return None


def is_behind(path: Path, state: TrainingState) -> bool:
    """Whether the file holds the same run at an earlier step, or the same one."""
    try:
        kept = load_state(path, "cpu")
    except LeNetError:
        return False
    same = kept.recipe == state.recipe and kept.lr_changes == state.lr_changes[: len(kept.lr_changes)]
    return same and (kept.epoch, kept.step) <= (state.epoch, state.step)


def is_in_keras(path: Path) -> bool:
    """Whether the file holds a run in Keras."""
    try:
        return load(path).recipe.framework == "keras"
    except LeNetError:
        return False
