"""Pure functions from what is known of the networks to the Zoo tab's HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from lenet.inference.summary import Exhibit
from lenet.ui.shared.about_figures import duration, size
from lenet.ui.shared.figures import short
from lenet.ui.shared.texts import say

# --------------------------------------------------------------------------------------------------
# All networks


def families(exhibits: Mapping[str, Sequence[Exhibit]], chosen: str) -> str:
    """Each family's networks in a list to choose from, and its figure beside it; `chosen` is the key of one."""
    return "".join(_family(title, found, chosen) for title, found in exhibits.items() if found)


def own(exhibits: Sequence[Exhibit], chosen: str) -> str:
    """A visitor's own networks in a list of the same kind."""
    rows = "".join(_entry(exhibit, chosen) for exhibit in exhibits)
    return f'<section class="family own">{_list(say("family_own"), rows)}</section>' if exhibits else ""


def _family(title: str, exhibits: Sequence[Exhibit], chosen: str) -> str:
    rows = "".join(_entry(exhibit, chosen) for exhibit in exhibits)
    figure = _scatter(exhibits, chosen) if len(exhibits) > 1 else ""
    return f'<section class="family">{_list(title, rows)}{figure}</section>'


def _list(title: str, rows: str) -> str:
    columns = ("accuracy", "parameters", "multiply_adds", "training", "file")
    head = "".join(f"<span>{say(f'list_{column}')}</span>" for column in columns)
    return (
        f'<div class="list" role="group" aria-label="{escape(title)}">'
        f'<div class="head" aria-hidden="true"><h3>{escape(title)}</h3>{head}</div>{rows}</div>'
    )


def _entry(exhibit: Exhibit, chosen: str) -> str:
    network, recipe, right = exhibit.network, exhibit.network.recipe, accuracy(exhibit)
    took = duration(network.metrics.get("train_seconds"))
    # The units are for a phone, where no heading stands above them.
    facts = (
        f"<span>{network.parameters:,}<small> {say('unit_parameters')}</small></span>"
        f"<span>{short(exhibit.multiply_adds)}<small> {say('unit_multiply_adds')}</small></span>"
        f'<span class="more">{took if network.trained_on == "cpu" else say("on_gpu", time=took)}</span>'
        f'<span class="more">{size(exhibit.file_bytes)}</span>'
    )
    now = exhibit.key == chosen
    made = say("model_on_dataset", model=recipe.model, dataset=recipe.dataset)
    return (
        f'<button type="button" class="entry{" chosen" if now else ""}" aria-pressed="{str(now).lower()}" '
        f'data-network="{escape(exhibit.key)}"><span class="who"><b>{escape(exhibit.name)}</b> '
        f"<i>{escape(made)}</i></span>"
        f'<span class="test">{say("not_measured") if right is None else f"{right:.2%}"}</span>'
        f'<span class="facts">{facts}</span></button>'
    )


def ranked(exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    """The most accurate first, and last those that nobody measured."""
    return sorted(exhibits, key=lambda exhibit: accuracy(exhibit) or 0.0, reverse=True)


def accuracy(exhibit: Exhibit) -> float | None:
    """On its test split; None where nobody measured it."""
    return exhibit.network.metrics.get("test_accuracy")


# The figure is HTML, for its texts keep their size on a phone; heights are pixels, of shared/style.css too.
HEIGHT, LINE = 190, 16
STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)  # percent between two grid lines


def _scatter(exhibits: Sequence[Exhibit], chosen: str) -> str:
    """Accuracy against parameters, these on a logarithmic scale; a dot with its name each."""
    points = [
        (exhibit, math.log10(exhibit.network.parameters), 100 * measured)
        for exhibit in exhibits
        if (measured := accuracy(exhibit)) is not None
    ]
    if not points:
        return ""
    left, right = _padded([x for _, x, _ in points], 0.12)
    low, high = _padded([y for _, _, y in points], 0.5)
    high = min(high, 100.0)
    step = next((step for step in STEPS if (high - low) / step <= 4), STEPS[-1])
    levels = [step * level for level in range(math.ceil(low / step), math.floor(high / step) + 1)]
    grid = "".join(
        f'<i class="level" style="bottom:{(level - low) / (high - low):.2%}"><u>{level:g}%</u></i>' for level in levels
    )
    axis = "".join(
        f'<i class="tick" style="left:{(math.log10(tick) - left) / (right - left):.2%}">{_round(tick)}</i>'
        for tick in _ticks(10**left, 10**right)
    )
    dots, lowest = "", math.inf
    for exhibit, x, y in sorted(points, key=lambda point: -point[2]):
        across, up = (x - left) / (right - left), HEIGHT * (y - low) / (high - low)
        side = "west" if across > 0.5 else "east"  # of its dot stands the name, below the one before it
        lowest = min(up, lowest - LINE)
        now = " chosen" if exhibit.key == chosen else ""
        dots += (
            f'<span class="dot {side}{now}" data-network="{escape(exhibit.key)}" '
            f'style="left:{across:.2%};bottom:{up:.0f}px"><b style="top:{up - lowest:.0f}px">'
            f"{escape(exhibit.name)}</b></span>"
        )
    said = say("list_comma").join(
        say("scatter_dot", name=exhibit.name, accuracy=f"{y:.2f}%", parameters=f"{exhibit.network.parameters:,}")
        for exhibit, _, y in points
    )
    return (
        f'<figure class="scatter" role="img" aria-label="{escape(say("scatter_said", networks=said))}">'
        f"<figcaption>{say('scatter')}</figcaption>"
        f'<div class="plane">{grid}{axis}{dots}</div></figure>'
    )


def _ticks(low: float, high: float) -> list[int]:
    """Round numbers between the two: 1, 2 and 5 times a power of ten, or all digits where that gives but one."""
    for digits in ((1, 2, 5), range(1, 10)):
        ticks = [digit * 10**power for power in range(3, 9) for digit in digits if low <= digit * 10**power <= high]
        if len(ticks) > 1:
            break
    return ticks


def _round(tick: int) -> str:
    return f"{tick // 1_000_000}M" if tick >= 1_000_000 else f"{tick // 1000}k"


def _padded(values: Sequence[float], least: float) -> tuple[float, float]:
    """The range of `values` with a margin, and a range of `least` at the least."""
    low, high = min(values), max(values)
    margin = max(0.12 * (high - low), (least - (high - low)) / 2)
    return low - margin, high + margin
