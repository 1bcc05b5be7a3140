"""Pure functions from what is known of one network, without asking it anything, to HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from html import escape

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DATASETS
from lenet.inference.classifier import Classifier
from lenet.inference.summary import FLOPS_EACH, Exhibit, LayerRow
from lenet.training.loop import lr_in_words
from lenet.training.recipes import RECIPES, Recipe
from lenet.ui.shared.figures import short
from lenet.ui.shared.texts import say, translated


def about(exhibit: Exhibit, room: str) -> str:
    """All that is known of it without its test pictures, and the room for what these say.

    Args:
        room: see `report_figures.frame`.
    """
    network = exhibit.network
    return (
        f'<h2>{escape(exhibit.name)}</h2><p class="lead">{escape(_sentence(translated(network.recipe.about)))}</p>'
        f"{room}"
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
