"""Writes a run's figures for TensorBoard.

with tensorboard_writer(folder, state, dataset) as note:
    for event in fit(state, dataset):
        note(event)
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lenet.data.datasets import Dataset
from lenet.errors import CheckpointError, PackageError, RecipeError
from lenet.paths import expanded
from lenet.training.loop import Event, Step, TrainingState, Validation


def logs(flag: str, folder: Path) -> Path:
    """The folder that a flag "tensorboard:DIR" names; plain "tensorboard" means `folder`.

    Raises:
        RecipeError: the flag names another program.
        PackageError: tensorboard is not installed.
    """
    kind, _, place = flag.partition(":")
    if kind != "tensorboard":
        raise RecipeError("There is no log called {kind!r}: choose tensorboard, or tensorboard:DIR.", kind=kind)
    try:
        for package in ("tensorboard", "torch.utils.tensorboard"):
            importlib.import_module(package)
    except ImportError as error:
        raise PackageError("--log tensorboard needs tensorboard: `pip install tensorboard` installs it.") from error
    return expanded(place) if place else folder


@contextmanager
def tensorboard_writer(
    folder: Path | None, state: TrainingState, dataset: Dataset
) -> Iterator[Callable[[Event], None]]:
    """A function to call with every event, so that `tensorboard --logdir FOLDER` shows it.

    The horizontal axis counts steps.  A resumed run replaces the figures that were written after its checkpoint.
    If the disk fills up, the log ends and the run continues.  Without a folder nothing is written.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    if folder is None:
        yield lambda event: None
        return
    from torch.utils.tensorboard import SummaryWriter  # optional, see `logs`

    total_steps = math.ceil(len(dataset.train) / state.recipe.batch_size)
    try:
        writer = SummaryWriter(str(folder), purge_step=state.epoch * total_steps + state.step + 1)
    except OSError as error:
        raise CheckpointError(
            "{folder} cannot be written ({error}): choose another folder.", folder=folder, error=error.strerror
        ) from error
    failed = False

    def note(event: Event) -> None:
        nonlocal failed
        if failed:
            return
        try:
            for name, value in _figures(event).items():
                step = event.step if isinstance(event, Step) else total_steps
                writer.add_scalar(name, value, (event.epoch - 1) * total_steps + step)
        except OSError as error:
            failed = True
            logging.warning("%s cannot be written any more (%s): the run goes on without a log.", folder, error)

    try:
        yield note
    finally:
        with contextlib.suppress(OSError):
            writer.close()


def _figures(event: Event) -> dict[str, float]:
    if isinstance(event, Step):
        return {
            "loss/train": event.loss,
            "accuracy/train": event.accuracy,
            "learning rate": event.lr,
            "images per second": event.images_per_second,
        }
    if isinstance(event, Validation):
        return {}
    return {"loss/validation": event.val_loss, "accuracy/validation": event.val_accuracy}
