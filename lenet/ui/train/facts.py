"""What the page is told of a run."""

from __future__ import annotations

import time

from lenet.ui.shared import texts
from lenet.ui.train import settings
from lenet.ui.train.messages import Ahead, Downloading, Known, Replayed, RunFacts, Snapshot, Waiting
from lenet.ui.train.replay import Playback
from lenet.ui.train.run import Run, Series

AHEAD_POINTS = 60  # of a line of a run that others watch while they wait


def facts_of(
    run: Run,
    known: Known,
    snapshot: Snapshot | None,
    left: float | None,
    download: Downloading | None,
    waiting: Waiting | None,
    ahead: Ahead | None,
) -> RunFacts:
    """All of a run, but for the points of its lines that the page knows; in the language that is spoken.

    Args:
        left: seconds of training that it still needs, where they can be told.
        ahead: see `ahead_of`.
    """
    recipe, step, best = run.recipe, run.last, run.best
    return RunFacts(
        id=run.id,
        version=run.version,
        number=run.number,
        name=run.name,
        colour=run.colour,
        status=run.status,
        problem=texts.translated(run.problem) if run.problem else "",
        without_data=run.without_data,
        late=run.late,
        pausing=run.order == "pause",
        stopping=run.order == "stop",
        until=run.until,
        recipe=recipe.name,
        settings={"recipe": recipe.name} | settings.of(recipe),
        dataset=recipe.dataset,
        digits=run.reads_digits,
        drawn=run.drawn,
        grey=len(recipe.input.mean) == 1,
        epochs=recipe.epochs,
        epoch=run.epoch,
        step=(step.epoch, step.step, step.total_steps) if step else None,
        done=run.progress,
        lr=_lr(run),
        scale=run.scale,
        rescaled=run.rescaled,
        speed=step.images_per_second if step else None,
        left=left,
        worked=run.worked,
        best=(best.epoch, best.val_loss, best.val_accuracy) if best else None,
        newest=run.validated,
        restored=run.restored,
        replay=_replayed(run.playback) if run.playback else None,
        network="" if run.gone else run.key,
        gone=run.gone,
        metrics=run.metrics,
        verdict=texts.translated(run.verdict) if run.verdict else "",
        tested=run.tested,
        train=run.train.since(known.train),
        val=run.val.since(known.val),
        download=download,
        waiting=waiting,
        ahead=ahead,
        snapshot=snapshot,
    )


def ahead_of(run: Run) -> Ahead:
    """What a run's queue may see of it: how it learns, and not whose it is or what they call it."""
    return Ahead(run.recipe.name, run.recipe.epochs, run.progress, _few(run.train), _few(run.val))


def _few(line: Series) -> list[list[float]]:
    step = max(1, len(line.points) // AHEAD_POINTS)
    return [[float(f"{value:.4g}") for value in point[:3]] for point in line.points[::step]]


def _lr(run: Run) -> float:
    """Its last step's learning rate, as it would be with what the visitor has wanted since."""
    wanted = run.recipe.lr * run.scale
    if run.last is None:
        return wanted
    return run.last.lr * (wanted / run.rate if run.training is not None else 1.0)


def _replayed(playback: Playback) -> Replayed:
    return Replayed(playback.live, 0.0 if playback.live else time.monotonic() - playback.recording.ended)
