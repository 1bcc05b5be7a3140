"""A report as one HTML file that needs nothing beside it: no link, no script, pictures within."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup

from lenet.inference.report import SAMPLE_SEED, Report
from lenet.inference.summary import Exhibit
from lenet.ui.report import about, plots
from lenet.ui.shared import facts
from lenet.ui.shared.texts import say, spoken, translated

HERE = Path(__file__).parent
LETTERS = 2  # of a class's name, above which it needs room; a Chinese character is as wide as two


def document(title: str, found: Report, images: Mapping[int, np.ndarray], exhibit: Exhibit) -> str:
    """The file's contents, in the language that is spoken.

    Args:
        title: what the network is called.
        images: uint8 (H, W) or (H, W, 3), by position, of the report's mistakes and sample.
        exhibit: the network.
    """
    rights = [(name, part) for name, part in zip(found.classes, found.by_class, strict=True) if part is not None]
    return (
        _environment()
        .get_template("document.html.jinja")
        .render(
            title=title,
            found=found,
            classes=found.classes,
            words=_need_room(found.classes),
            images={position: facts.png_address(image) for position, image in images.items()},
            shades=shades(found.confusion),
            rights=rights,
            rights_said=say("list_comma").join(f"{translated(name)} {part:.1%}" for name, part in rights),
            seed=SAMPLE_SEED,
            calibration=plots.calibration(found.bins),
            curves=plots.curves(found.curves) if found.curves else [],
            recipe=about.recipe_rows(exhibit),
            command=about.command(exhibit.network.recipe),
            versions=", ".join(f"{what} {which}" for what, which in sorted(found.versions.items())),
            style=Markup((HERE / "style.css").read_text(encoding="utf-8")),  # our own
            space=plots,
        )
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = say
    environment.filters |= {
        "translated": translated,
        "spoken": spoken,
        "percent": lambda part, decimals: f"{part:.{decimals}%}",
        "number": lambda count: f"{count:,}",
        "unit": lambda place: f"{place:.1f}",
    }
    return environment


def _need_room(classes: Sequence[str]) -> bool:
    names = [translated(name) for name in classes]
    return max(len(name) * (1 if name.isascii() else 2) for name in names) > LETTERS


def shades(counts: Sequence[Sequence[int]]) -> list[list[float]]:
    """How dark each square is, 0 to 1: right answers by their share of the row, errors against the commonest one."""
    most = max((n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j), default=0)
    # The root, so that a single error is seen too.
    return [
        [n / max(1, sum(row)) if i == j else math.sqrt(n / max(1, most)) for j, n in enumerate(row)]
        for i, row in enumerate(counts)
    ]
