"""Pure functions from what is known of the networks to the Zoo tab's HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from html import escape

from lenet.datasets import DATASETS
from lenet.recipes import RECIPES, Recipe
from lenet.training import lr_in_words
from lenet.ui import report_figures
from lenet.ui.figures import short
from lenet.zoo import FLOPS_EACH, Exhibit, LayerRow

# --------------------------------------------------------------------------------------------------
# All networks


def families(exhibits: Mapping[str, Sequence[Exhibit]], chosen: Exhibit) -> str:
    """Each family's networks in a list to choose from, and its figure beside it."""
    return "".join(_family(title, found, chosen) for title, found in exhibits.items() if found)


def own(exhibits: Sequence[Exhibit], chosen: str) -> str:
    """A visitor's own networks in a list of the same kind; `chosen` is the key of one."""
    rows = "".join(_entry(exhibit, exhibit.key == chosen) for exhibit in exhibits)
    return f'<section class="family">{_list("Your own", rows)}</section>' if exhibits else ""


def _family(title: str, exhibits: Sequence[Exhibit], chosen: Exhibit) -> str:
    rows = "".join(_entry(exhibit, exhibit is chosen) for exhibit in exhibits)
    figure = _scatter(exhibits, chosen) if len(exhibits) > 1 else ""
    return f'<section class="family">{_list(title, rows)}{figure}</section>'


def _list(title: str, rows: str) -> str:
    names = ("Test accuracy", "Parameters", "Multiply-adds", "Training", "File")
    head = "".join(f"<span>{name}</span>" for name in names)
    return (
        f'<div class="list" role="group" aria-label="{escape(title)}">'
        f'<div class="head" aria-hidden="true"><h3>{escape(title)}</h3>{head}</div>{rows}</div>'
    )


def _entry(exhibit: Exhibit, chosen: bool) -> str:
    network, recipe, right = exhibit.network, exhibit.network.recipe, accuracy(exhibit)
    # The units are for a phone, where no heading stands above them.
    facts = (
        f"<span>{network.parameters:,}<small> parameters</small></span>"
        f"<span>{short(exhibit.multiply_adds)}<small> multiply-adds</small></span>"
        f'<span class="more">{duration(network.metrics.get("train_seconds"))}'
        f"{'' if network.trained_on == 'cpu' else ', GPU'}</span>"
        f'<span class="more">{size(exhibit.file_bytes)}</span>'
    )
    return (
        f'<button type="button" class="entry{" chosen" if chosen else ""}" aria-pressed="{str(chosen).lower()}" '
        f'data-network="{escape(exhibit.key)}"><span class="who"><b>{escape(exhibit.name)}</b> '
        f"<i>{escape(recipe.model)} on {escape(recipe.dataset)}</i></span>"
        f'<span class="test">{"not measured" if right is None else f"{right:.2%}"}</span>'
        f'<span class="facts">{facts}</span></button>'
    )


def ranked(exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    """The most accurate first, and last those that nobody measured."""
    return sorted(exhibits, key=lambda exhibit: accuracy(exhibit) or 0.0, reverse=True)


def accuracy(exhibit: Exhibit) -> float | None:
    """On its test split; None where nobody measured it."""
    return exhibit.network.metrics.get("test_accuracy")


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.0f} kB"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


# The figure is HTML, for its texts keep their size on a phone; heights are pixels, of style.css too.
HEIGHT, LINE = 190, 16
STEPS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)  # percent between two grid lines


def _scatter(exhibits: Sequence[Exhibit], chosen: Exhibit) -> str:
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
    dots, lowest = "", {"west": math.inf, "east": math.inf}
    for exhibit, x, y in sorted(points, key=lambda point: -point[2]):
        across, up = (x - left) / (right - left), HEIGHT * (y - low) / (high - low)
        side = "west" if across > 0.5 else "east"  # of its dot stands the name, below the one before it
        lowest[side] = min(up, lowest[side] - LINE)
        dots += (
            f'<span class="dot {side}{" chosen" if exhibit is chosen else ""}" data-network="{escape(exhibit.key)}" '
            f'style="left:{across:.2%};bottom:{up:.0f}px"><b style="top:{up - lowest[side]:.0f}px">'
            f"{escape(exhibit.name)}</b></span>"
        )
    said = ", ".join(f"{exhibit.name} {y:.2f}% with {exhibit.network.parameters:,}" for exhibit, _, y in points)
    return (
        f'<figure class="scatter" role="img" aria-label="{escape(f"Test accuracy against parameters: {said}")}">'
        f"<figcaption>Test accuracy against parameters</figcaption>"
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


# --------------------------------------------------------------------------------------------------
# One network


def about(exhibit: Exhibit, kept: Sequence[tuple[str, str, str]]) -> str:
    """All that is known of it without its test pictures, and the room for what these say.

    Args:
        kept: see `report_figures.frame`.
    """
    network = exhibit.network
    return (
        f'<h2>{escape(exhibit.name)}</h2><p class="lead">{escape(_sentence(network.recipe.about))}</p>'
        f"{report_figures.frame(network, kept)}"
        f'<div class="halves"><section>{layer_rows(exhibit)}</section><section>{recipe_words(exhibit)}</section></div>'
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def layer_rows(exhibit: Exhibit) -> str:
    """The layers as a table that scrolls sideways by itself, and what its columns count."""
    nested = any(len(row.path) > 1 for row in exhibit.layers)
    switch = '<label><input type="checkbox" class="parts"> Inside the blocks</label>' if nested else ""
    rows = "".join(_layer(row) for row in exhibit.layers)
    total = exhibit.multiply_adds
    return (
        f'<div class="over"><h3>Layers</h3>{switch}</div>'
        f'<div class="wide" tabindex="0" role="region" aria-label="Layers"><table class="layers"><thead><tr>'
        f'<th scope="col">Layer</th><th scope="col">Kind</th><th scope="col">Output</th>'
        f'<th scope="col">Parameters</th><th scope="col">Multiply-adds</th></tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr><th scope="row" colspan="3">Together</th><td>{exhibit.network.parameters:,}</td>'
        f"<td>{total:,}</td></tr></tfoot></table></div>"
        f'<p class="hint">Multiply-adds (MACs) of convolutions and matrix products, for one picture; each is two '
        f"floating-point operations, so together {short(FLOPS_EACH * total)} FLOPs. Biases, normalisation, activations "
        f"and pooling are not counted.</p>"
    )


def _layer(row: LayerRow) -> str:
    shape = "&times;".join(map(str, row.shape))
    name = escape(".".join(row.path[1:] or row.path))
    counts = "".join(f"<td>{n:,}</td>" if n else "<td>&middot;</td>" for n in (row.parameters, row.multiply_adds))
    return (
        f'<tr{" class=part" if len(row.path) > 1 else ""}><th scope="row">{name}</th><td>{escape(row.kind)}</td>'
        f"<td>{shape}</td>{counts}</tr>"
    )


SCHEDULES = {
    "constant": "the same throughout",
    "plateau": "halved after 5 epochs without a lower validation loss",
    "cosine": "down to zero along a cosine",
    "linear": "in a straight line down to zero",
    "one-cycle": "up in a straight line for a fifth of the run, then down to zero",
}
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
PRECISIONS = {"float32": "float32", "bfloat16": "bfloat16 for the forward pass, float32 for weights and updates"}
TOLD = {"name", "about", "model", "dataset", "input", "epochs", "batch_size", "optimizer", "lr", "momentum"} | {
    *("weight_decay", "schedule", "loss", "augmentation", "precision", "seed", "source", "claims"),
    *("temperature", "ema", "label_smoothing"),
}


def recipe_words(exhibit: Exhibit) -> str:
    """How it was trained and what came of it, in words."""
    network = exhibit.network
    recipe, metrics, temperature = network.recipe, network.metrics, network.temperature
    place = "a processor" if network.trained_on == "cpu" else network.trained_on
    colour = "colour" if len(recipe.input.mean) == 3 else "grey"
    more = {"momentum": recipe.momentum, "weight decay": recipe.weight_decay, "label smoothing": recipe.label_smoothing}
    rate = f"learning rate {lr_in_words(recipe.lr, network.lr_changes)}"
    optimizer = [OPTIMIZERS.get(recipe.optimizer, recipe.optimizer), rate]
    optimizer += [f"{name} {value:g}" for name, value in more.items() if value]
    measured_on = DATASETS[recipe.dataset].test_of or recipe.dataset
    told = {
        "Data": f"{recipe.dataset}: {DATASETS[recipe.dataset].about}",
        "Input": f"{recipe.input.size}×{recipe.input.size} pixels, {colour}",
        "Length": f"{recipe.epochs} epochs in batches of {recipe.batch_size}; "
        f"{duration(metrics.get('train_seconds'))} on {place}, seed {recipe.seed}",
        "Optimiser": ", ".join(optimizer),
        "Schedule": f"{recipe.schedule}: {SCHEDULES.get(recipe.schedule, '')}",
        "Loss": recipe.loss,
        "Augmentation": recipe.augmentation,
        "Precision": PRECISIONS.get(recipe.precision, recipe.precision),
        "Average": f"of its weights over the last steps, with a decay of {recipe.ema:g}" if recipe.ema else "",
        "Confidence": f"logits are divided by {temperature:.3g}" if temperature != 1 else "",
        **_others(recipe),
        "Source": recipe.source,
        "It reports": recipe.claims,
        "File": f"{size(exhibit.file_bytes)}, weights and all that stands here",
        "Measured": _accuracies(metrics, measured_on),
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in told.items() if said)
    again = f"<dt>Again</dt><dd><code>python train.py {escape(recipe.name)}</code></dd>"
    return f'<h3>Recipe</h3><dl class="recipe">{rows}{again if recipe.name in RECIPES else ""}</dl>'


def _others(recipe: Recipe) -> dict[str, str]:
    """What else the recipe sets that others leave as it is."""
    return {
        field.name.replace("_", " ").capitalize(): str(getattr(recipe, field.name))
        for field in fields(recipe)
        if field.name not in TOLD and getattr(recipe, field.name) != field.default
    }


def _accuracies(metrics: Mapping[str, float], dataset: str) -> str:
    names = {
        "test_accuracy": f"of {dataset}'s test pictures right",
        "test_accuracy_first_1000": "of the first 1,000 of them",
        "val_accuracy": "of the validation pictures",
    }
    return ", ".join(f"{metrics[name]:.2%} {said}" for name, said in names.items() if name in metrics)
