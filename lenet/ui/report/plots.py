"""Where the lines and bars of a report's plots stand, for the file to keep: document.html.jinja draws them.

Coordinates are units of an SVG, about a pixel each.  On the page report/figures.js draws the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lenet.training.loop import EpochEnd
from lenet.training.metrics import Bin
from lenet.ui.shared.texts import say

WIDE, HIGH = 400, 280
LEFT, RIGHT, TOP, BOTTOM = 52, 392, 8, 236
PERCENTS = [(part, f"{part:.0%}") for part in (0, 0.25, 0.5, 0.75, 1)]
FEW_ANSWERS = 20  # in a bin of the calibration plot: their share of right ones says little


@dataclass(frozen=True)
class Tick:
    """A number beside an axis; `last` at the end of it."""

    at: float
    text: str
    last: bool


@dataclass(frozen=True)
class Bar:
    """A bin: how often it is right, and below or above that how sure it is.

    Attributes:
        kind: "lacking" or "above".
        few: there are few pictures in it.
        x, width: of both rectangles.
        y, height: of the one up to the lower of the two.
        gap_y, gap_height: of the one between the two.
    """

    said: str
    kind: str
    few: bool
    x: float
    width: float
    y: float
    height: float
    gap_y: float
    gap_height: float


@dataclass(frozen=True)
class Line:
    """Of "train" or "val", as points, "x,y x,y", and the last of them."""

    kind: str
    points: str
    x: float
    y: float


@dataclass(frozen=True)
class Plot:
    """Axes with names and ticks, and bars or lines."""

    about: str
    x_name: str
    y_name: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()


def _across(part: float) -> float:
    return LEFT + part * (RIGHT - LEFT)


def _up(part: float) -> float:
    return BOTTOM - part * (BOTTOM - TOP)


def calibration(bins: Sequence[Bin]) -> Plot:
    """The reliability diagram of a report's bins."""
    said = say("list_semicolon").join(_bin_words(found) for found in bins if found.count)
    width = (RIGHT - LEFT) / len(bins)
    return Plot(
        about=say("calibration_said", bins=said),
        x_name=say("calibration_x"),
        y_name=say("calibration_y"),
        x_ticks=_ticks(PERCENTS, _across),
        y_ticks=_ticks(PERCENTS, _up),
        bars=tuple(_bar(found, LEFT + i * width, width) for i, found in enumerate(bins) if found.count),
    )


def _bar(found: Bin, left: float, width: float) -> Bar:
    reached, expected = _up(found.accuracy), _up(found.confidence)
    low = max(reached, expected)  # on the page, where y grows downwards
    return Bar(
        said=_bin_words(found),
        kind="lacking" if found.accuracy < found.confidence else "above",
        few=found.count < FEW_ANSWERS,
        x=left + 1,
        width=width - 2,
        y=low,
        height=BOTTOM - low,
        gap_y=min(reached, expected),
        gap_height=abs(reached - expected),
    )


def _bin_words(found: Bin) -> str:
    said = {"confidence": f"{found.confidence:.0%}", "accuracy": f"{found.accuracy:.0%}"}
    return say("bin_one" if found.count == 1 else "bin_many", **said, count=f"{found.count:,}")


def curves(history: Sequence[EpochEnd]) -> list[Plot]:
    """Loss and accuracy of each epoch, train and validation: a plot each."""
    highest = round_up(max(max(event.train_loss, event.val_loss) for event in history))
    last = history[-1]
    loss = {"train": f"{last.train_loss:.3f}", "val": f"{last.val_loss:.3f}", "epoch": last.epoch}
    accuracy = {"train": f"{last.train_accuracy:.1%}", "val": f"{last.val_accuracy:.1%}", "epoch": last.epoch}
    levels = [(part, f"{part * highest:g}") for part, _ in PERCENTS]
    return [
        _curves(
            history,
            [(event.train_loss / highest, event.val_loss / highest) for event in history],
            levels,
            say("curves_loss", **loss),
            say("loss_axis"),
        ),
        _curves(
            history,
            [(event.train_accuracy, event.val_accuracy) for event in history],
            PERCENTS,
            say("curves_accuracy", **accuracy),
            say("accuracy_axis"),
        ),
    ]


def _curves(
    history: Sequence[EpochEnd],
    heights: Sequence[tuple[float, float]],
    y_ticks: Iterable[tuple[float, str]],
    about: str,
    y_name: str,
) -> Plot:
    """Two lines over the epochs; `heights` are parts of the axis, of training and validation."""
    last = history[-1].epoch
    step = max(1, math.ceil(last / 10))
    x_ticks = [(epoch / last, str(epoch)) for epoch in range(step, last + 1, step)]
    lines = []
    for kind, parts in zip(("train", "val"), zip(*heights, strict=True), strict=True):
        places = [(_across(event.epoch / last), _up(part)) for event, part in zip(history, parts, strict=True)]
        lines.append(Line(kind, " ".join(f"{x:.1f},{y:.1f}" for x, y in places), *places[-1]))
    return Plot(about, say("epoch_axis"), y_name, _ticks(x_ticks, _across), _ticks(y_ticks, _up), lines=tuple(lines))


def _ticks(ticks: Iterable[tuple[float, str]], place: Callable[[float], float]) -> tuple[Tick, ...]:
    return tuple(Tick(place(part), text, part == 1) for part, text in ticks)


def round_up(value: float) -> float:
    """The next number above `value` of which a quarter is round: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6) / 4))
    return next(4 * digit * power for digit in (1, 2, 5, 10) if 4 * digit * power >= value)
