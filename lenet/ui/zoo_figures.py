"""Pure functions from what is known of the networks to the Zoo tab's HTML."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from html import escape

from lenet.augment import AUGMENTATIONS
from lenet.classifier import Classifier
from lenet.datasets import DATASETS
from lenet.recipes import RECIPES, Recipe
from lenet.training import lr_in_words
from lenet.ui import report_figures
from lenet.ui.figures import short
from lenet.ui.texts import say, translated
from lenet.zoo import FLOPS_EACH, Exhibit, LayerRow

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


def size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.0f} kB"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return say("time_unknown")
    minutes = round(seconds / 60)
    if seconds < 90:
        return say("seconds", seconds=f"{seconds:.0f}")
    if minutes < 90:
        return say("minutes_alone", minutes=minutes)
    return say("hours_minutes", hours=minutes // 60, minutes=f"{minutes % 60:02}")


# The figure is HTML, for its texts keep their size on a phone; heights are pixels, of style.css too.
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


# --------------------------------------------------------------------------------------------------
# One network


def about(exhibit: Exhibit, kept: Sequence[tuple[str, str, str]]) -> str:
    """All that is known of it without its test pictures, and the room for what these say.

    Args:
        kept: see `report_figures.frame`.
    """
    network = exhibit.network
    return (
        f'<h2>{escape(exhibit.name)}</h2><p class="lead">{escape(_sentence(translated(network.recipe.about)))}</p>'
        f"{report_figures.frame(network, kept)}"
        f'<div class="halves"><section>{layer_rows(exhibit)}</section><section>{recipe_words(exhibit)}</section></div>'
    )


def _sentence(text: str) -> str:
    return say("about_network", about=text[:1].upper() + text[1:].removesuffix("."))


def layer_rows(exhibit: Exhibit) -> str:
    """The layers as a table that scrolls sideways by itself, and what its columns count."""
    nested = any(len(row.path) > 1 for row in exhibit.layers)
    switch = f'<label><input type="checkbox" class="parts"> {say("table_parts")}</label>' if nested else ""
    rows = "".join(_layer(row) for row in exhibit.layers)
    total = exhibit.multiply_adds
    columns = ("table_layer", "table_kind", "table_output", "list_parameters", "list_multiply_adds")
    head = "".join(f'<th scope="col">{say(column)}</th>' for column in columns)
    return (
        f'<div class="over"><h3>{say("table_layers")}</h3>{switch}</div>'
        f'<div class="wide" tabindex="0" role="region" aria-label="{say("table_layers")}"><table class="layers">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        f'<tfoot><tr><th scope="row" colspan="3">{say("table_together")}</th><td>{exhibit.network.parameters:,}</td>'
        f"<td>{total:,}</td></tr></tfoot></table></div>"
        f'<p class="hint">{say("table_why", flops=short(FLOPS_EACH * total))}</p>'
    )


def _layer(row: LayerRow) -> str:
    shape = "&times;".join(map(str, row.shape))
    name = escape(".".join(row.path[1:] or row.path))
    counts = "".join(f"<td>{n:,}</td>" if n else "<td>&middot;</td>" for n in (row.parameters, row.multiply_adds))
    return (
        f'<tr{" class=part" if len(row.path) > 1 else ""}><th scope="row">{name}</th><td>{escape(row.kind)}</td>'
        f"<td>{shape}</td>{counts}</tr>"
    )


OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
TOLD = {"name", "about", "model", "dataset", "input", "epochs", "batch_size", "optimizer", "lr", "momentum"} | {
    *("weight_decay", "schedule", "loss", "augmentation", "precision", "seed", "source", "claims"),
    *("temperature", "ema", "label_smoothing", "keep"),
}


def recipe_words(exhibit: Exhibit) -> str:
    """How it was trained and what came of it, in words."""
    network = exhibit.network
    recipe, metrics, temperature = network.recipe, network.metrics, network.temperature
    place = say("fact_processor") if network.trained_on == "cpu" else network.trained_on
    took = duration(metrics.get("train_seconds"))
    data = DATASETS[recipe.dataset]
    told = {
        "data": _with_why(recipe.dataset, translated(data.about)),
        "input": say(f"fact_input_{'colour' if len(recipe.input.mean) == 3 else 'grey'}", side=recipe.input.size),
        "length": say(
            "fact_length_said",
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            time=took,
            place=place,
            seed=recipe.seed,
        ),
        "optimizer": _optimizer(network),
        "schedule": _with_why(recipe.schedule, say(f"schedule_{recipe.schedule}")),
        "loss": say(f"fact_loss_{recipe.loss}"),
        "augmentation": _with_why(recipe.augmentation, say(f"augmentation_{recipe.augmentation}"))
        if recipe.augmentation in AUGMENTATIONS
        else recipe.augmentation,
        "precision": say(f"fact_precision_{recipe.precision}"),
        "average": say("fact_average_said", decay=f"{recipe.ema:g}") if recipe.ema else "",
        "keep": say("fact_keep_said") if recipe.keep == "best" else "",
        "confidence": say("fact_confidence_said", temperature=f"{temperature:.3g}") if temperature != 1 else "",
        **_others(recipe),
        "source": translated(recipe.source),
        "claims": translated(recipe.claims),
        "file": say("fact_file_said", size=size(exhibit.file_bytes)),
        "measured": _accuracies(metrics, data.test_of or recipe.dataset),
    }
    rows = "".join(f"<dt>{say(f'fact_{name}')}</dt><dd>{escape(said)}</dd>" for name, said in told.items() if said)
    again = f"<dt>{say('fact_again')}</dt><dd><code>python train.py {escape(recipe.name)}</code></dd>"
    return f'<h3>{say("recipe")}</h3><dl class="recipe">{rows}{again if recipe.name in RECIPES else ""}</dl>'


def _with_why(name: str, why: str) -> str:
    return say("name_and_why", name=name, why=why)


def _optimizer(network: Classifier) -> str:
    """Its name and its settings, of which 0 is none."""
    recipe, names = network.recipe, ("momentum", "weight_decay", "label_smoothing")
    said = [say("extra_lr", value=translated(lr_in_words(recipe.lr, network.lr_changes)))]
    said += [say(f"extra_{name}", value=f"{getattr(recipe, name):g}") for name in names if getattr(recipe, name)]
    return say("list_comma").join([OPTIMIZERS.get(recipe.optimizer, recipe.optimizer), *said])


def _others(recipe: Recipe) -> dict[str, str]:
    """What else the recipe sets that others leave as it is."""
    return {
        field.name: str(getattr(recipe, field.name))
        for field in fields(recipe)
        if field.name not in TOLD and getattr(recipe, field.name) != field.default
    }


def _accuracies(metrics: Mapping[str, float], dataset: str) -> str:
    names = {"test_accuracy": "test", "test_accuracy_first_1000": "first", "val_accuracy": "val"}
    said = [
        say(f"fact_measured_{key}", accuracy=f"{metrics[name]:.2%}", dataset=dataset)
        for name, key in names.items()
        if name in metrics
    ]
    return say("list_comma").join(said)
