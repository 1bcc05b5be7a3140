"""What is known of one network without asking it anything, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DATASETS
from lenet.inference import imported
from lenet.inference.classifier import Classifier
from lenet.inference.report import MISTAKES, SAMPLE
from lenet.inference.summary import Exhibit, LayerRow
from lenet.training.loop import lr_in_words
from lenet.training.metrics import mean_gap
from lenet.training.recipes import RECIPES, Recipe
from lenet.ui.report.messages import AboutNetwork, BinFacts, FileOffer, LayerFacts, RecipeRow
from lenet.ui.report.plots import FEW_ANSWERS
from lenet.ui.shared import texts
from lenet.ui.shared.texts import English, Said

OPTIONS = ("epochs", "batch_size", "lr", "seed")  # of train.py
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "muon": "Muon"}
TOLD = {"name", "about", "model", "dataset", "input", "epochs", "batch_size", "optimizer", "lr", "momentum"} | {
    *("weight_decay", "schedule", "loss", "augmentation", "precision", "seed", "source", "claims"),
    *("temperature", "ema", "label_smoothing", "keep"),
}


def about(exhibit: Exhibit, title: str | Said, files: tuple[FileOffer, ...]) -> AboutNetwork:
    """All that is known of it without its test pictures.

    Args:
        title: what the page calls it.
        files: what can be downloaded.
    """
    network = exhibit.network
    return AboutNetwork(
        title=texts.told(title),
        about=texts.told(English(network.recipe.about)),
        classes=tuple(network.classes),
        accuracy=network.metrics.get("test_accuracy"),
        confusion=network.confusion,
        bins=tuple(map(BinFacts.of, network.bins)),
        calibration_error=mean_gap(network.bins) if network.bins else None,
        layers=tuple(map(_layer, exhibit.layers)),
        parameters=network.parameters,
        multiply_adds=exhibit.multiply_adds,
        recipe=tuple(RecipeRow(name, texts.told(said)) for name, said in recipe_rows(exhibit)),
        command=command(network.recipe),
        files=files,
        sample=SAMPLE,
        mistakes=MISTAKES,
        few=FEW_ANSWERS,
    )


def _layer(row: LayerRow) -> LayerFacts:
    name = ".".join(row.path[1:] or row.path)
    return LayerFacts(name, len(row.path) > 1, row.kind, row.shape, row.parameters, row.multiply_adds)


def command(recipe: Recipe) -> str:
    """What to type to train it again; "" where the recipe is not of this project, or was changed as no option can."""
    own = RECIPES.get(recipe.name)
    if own is None:
        return ""
    changed = {name: getattr(recipe, name) for name in OPTIONS if getattr(recipe, name) != getattr(own, name)}
    if own.with_changes(**changed) != recipe:
        return ""
    flags = (f" --{name.replace('_', '-')} {value}" for name, value in changed.items())
    return f"python train.py {recipe.name}{''.join(flags)}"


def recipe_rows(exhibit: Exhibit) -> list[tuple[str, Any]]:
    """How it was trained and what came of it: pairs of a text's key and what `texts.spoken` says."""
    network = exhibit.network
    recipe, temperature = network.recipe, network.temperature
    data = DATASETS[recipe.dataset]
    told = {
        "data": _with_why(recipe.dataset, English(data.about)),
        "input": Said(f"fact_input_{'colour' if len(recipe.input.mean) == 3 else 'grey'}", {"side": recipe.input.size}),
        **(_training(network) if recipe.about != imported.ABOUT else {}),
        "confidence": Said("fact_confidence_said", {"temperature": f"{temperature:.3g}"}) if temperature != 1 else "",
        "source": English(recipe.source),
        "claims": English(recipe.claims),
        "file": Said("fact_file_said", {"size": size(exhibit.file_bytes)}),
        "measured": _accuracies(network.metrics, data.test_of or recipe.dataset),
    }
    return [(f"fact_{name}", said) for name, said in told.items() if said]


def _training(network: Classifier) -> dict[str, Any]:
    recipe = network.recipe
    return {
        "length": _length(network),
        "optimizer": _optimizer(network),
        "schedule": _with_why(recipe.schedule, Said(f"schedule_{recipe.schedule}")),
        "loss": Said(f"fact_loss_{recipe.loss}"),
        "augmentation": _with_why(recipe.augmentation, Said(f"augmentation_{recipe.augmentation}"))
        if recipe.augmentation in AUGMENTATIONS
        else recipe.augmentation,
        "precision": Said(f"fact_precision_{recipe.precision}"),
        "average": Said("fact_average_said", {"decay": f"{recipe.ema:g}"}) if recipe.ema else "",
        "keep": Said("fact_keep_said") if recipe.keep == "best" else "",
        **_others(recipe),
    }


def _with_why(name: str, why: str | Said) -> Said:
    return Said("name_and_why", {"name": name, "why": why})


def _length(network: Classifier) -> Said:
    recipe = network.recipe
    values = {
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "time": duration(network.metrics.get("train_seconds")),
        "place": Said("fact_processor") if network.trained_on == "cpu" else network.trained_on,
        "seed": recipe.seed,
    }
    return Said("fact_length_said", values)


def _optimizer(network: Classifier) -> list[Any]:
    """Its name and its settings, of which 0 is none."""
    recipe, names = network.recipe, ("momentum", "weight_decay", "label_smoothing")
    said = [Said("extra_lr", {"value": lr_in_words(recipe.lr, network.lr_changes)})]
    said += [Said(f"extra_{name}", {"value": f"{getattr(recipe, name):g}"}) for name in names if getattr(recipe, name)]
    return [OPTIMIZERS.get(recipe.optimizer, recipe.optimizer), *said]


def _others(recipe: Recipe) -> dict[str, str]:
    """What else the recipe sets that others leave as it is."""
    return {
        field.name: str(getattr(recipe, field.name))
        for field in fields(recipe)
        if field.name not in TOLD and getattr(recipe, field.name) != field.default
    }


def _accuracies(metrics: Mapping[str, float], dataset: str) -> list[Said]:
    names = {"test_accuracy": "test", "test_accuracy_first_1000": "first", "val_accuracy": "val"}
    return [
        Said(f"fact_measured_{key}", {"accuracy": f"{metrics[name]:.2%}", "dataset": dataset})
        for name, key in names.items()
        if name in metrics
    ]


def size(count: int) -> str:
    """As `size` of shared/format.js."""
    return f"{count / 1e6:.1f} MB" if count >= 999_500 else f"{count / 1e3:.0f} kB"


def duration(seconds: float | None) -> Said:
    """As `duration` of shared/format.js."""
    if seconds is None:
        return Said("time_unknown")
    minutes = round(seconds / 60)
    if seconds < 90:
        return Said("seconds", {"seconds": f"{seconds:.0f}"})
    if minutes < 90:
        return Said("minutes_alone", {"minutes": minutes})
    return Said("hours_minutes", {"hours": minutes // 60, "minutes": f"{minutes % 60:02}"})
