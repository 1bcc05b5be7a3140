"""Pure functions from a report to its HTML: on the page, and as a file of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from lenet.inference.classifier import Classifier
from lenet.inference.report import MISTAKES, SAMPLE, SAMPLE_SEED, Answered, Bin, Report
from lenet.training.loop import EpochEnd
from lenet.ui.shared.figures import bar, called, png_uri
from lenet.ui.shared.texts import say, translated

RIGHT, WRONG = "\N{CHECK MARK}", "\N{BALLOT X}"  # beside green and red, for those who see no such difference
FEW_ANSWERS = 20  # in a bin of the calibration plot: their share of right ones says little

# --------------------------------------------------------------------------------------------------
# On the page: the room for a report, and what comes into it


def frame(network: Classifier, kept: Iterable[tuple[str, str, str]]) -> str:
    """What the network's own file says of it, and the room, of the right size, for what its answers will.

    Args:
        kept: (kind, name, remark) of what can be downloaded.
    """
    counts, accuracy = network.confusion, network.metrics.get("test_accuracy")
    total = sum(map(sum, counts))
    errors = total - sum(row[i] for i, row in enumerate(counts)) if counts else None
    found = measured(network.classes, counts) if counts else f'<p class="hint">{say("matrix_none")}</p>'
    words = _words(network.classes)
    return (
        f'<div class="report" aria-busy="false"><div class="numbers">{numbers(accuracy, errors, total, None)}</div>'
        f'<div class="halves"><section class="measured">{found}</section>'
        f'<section class="pictures" aria-live="polite" aria-busy="false"><h3>{say("tests")}</h3>'
        f'<div class="said"><p class="hint">{say("tests_why")}</p></div>'
        f'<div class="cards">{_empty(SAMPLE, words)}</div>'
        f'<div class="further"><button type="button" class="start" hidden>{say("tests_start")}</button>'
        f'<button type="button" class="next" hidden>{say("tests_another")}</button>'
        f'<button type="button" class="any" hidden>{say("tests_random")}</button></div></section></div>'
        f'<div class="halves"><section class="calibration">{calibration(())}</section>'
        f'<section class="mistakes"><h3>{say("mistakes")}</h3><p class="hint">{say("mistakes_why")}</p>'
        f'<div class="cards">{_empty(MISTAKES, words)}</div></section></div>'
        f'<section class="keep"><h3>{say("keep_files")}</h3>'
        f'<div class="files">{"".join(_button(*entry) for entry in kept)}</div>'
        f'<p class="hint" aria-live="polite"></p></section></div>'
    )


def _button(kind: str, name: str, remark: str) -> str:
    # What is made from the answers waits for them.
    waits = " disabled" if kind == "report" else ""
    said = f"{escape(name)} <small>{escape(remark)}</small>"
    return f'<button type="button" data-keep="{escape(kind)}"{waits}>{said}</button>'


def numbers(accuracy: float | None, errors: int | None, total: int, calibration_error: float | None) -> str:
    """The report in three numbers; a dash for what is not known yet."""
    of_all = say("report_errors_of", total=f"{total:,}")
    told = {
        "report_accuracy": "\N{EN DASH}" if accuracy is None else f"{accuracy:.2%}",
        "report_errors": "\N{EN DASH}" if errors is None else f"{errors:,} <i>{of_all}</i>",
        "report_gap": "\N{EN DASH}" if calibration_error is None else f"{calibration_error:.1%}",
    }
    return f"<dl>{''.join(f'<div><dt>{say(name)}</dt><dd>{said}</dd></div>' for name, said in told.items())}</dl>"


def waiting(done: int, total: int, seconds: float) -> str:
    """How far a network is with its test pictures; `total` is 0 until these are loaded."""
    key = "report_asking" if total else "report_loading"
    said = say(key, done=f"{done:,}", total=f"{total:,}", seconds=f"{seconds:.0f}")
    return (
        f'<div class="waiting"><p>{said}</p><div class="track">'
        f'<span class="fill" style="transform:scaleX({done / total if total else 0:.4f})"></span></div></div>'
    )


def sampled(total: int, seed: int) -> str:
    return f'<p class="hint">{say("tests_sample", total=f"{total:,}", seed=seed)}</p>'


def in_cell(label: str, answer: str, found: int, first: int, count: int) -> str:
    """What the pictures of a square of the matrix are, and which of them are shown."""
    part = "tests_cell_part" if found > count else "tests_cell_all"
    which = say(part, first=first + 1, last=first + count, found=f"{found:,}")
    names = {"label": f"<b>{called(label)}</b>", "answer": f"<b>{called(answer)}</b>"}
    return f'<p class="hint">{say("tests_cell" if found else "tests_cell_none", **names, which=which)}</p>'


# --------------------------------------------------------------------------------------------------
# The confusion matrix, and each class's accuracy


def measured(classes: Sequence[str], counts: Sequence[Sequence[int]], clickable: bool = True) -> str:
    """The confusion matrix, and below it each class's own accuracy."""
    return _matrix(classes, counts, clickable) + _by_class(classes, counts)


def _words(classes: Sequence[str]) -> str:
    """A class for names that need room: more than two letters; a Chinese character is as wide as two."""
    names = [translated(name) for name in classes]
    return " words" if max(len(name) * (1 if name.isascii() else 2) for name in names) > 2 else ""


def _matrix(classes: Sequence[str], counts: Sequence[Sequence[int]], clickable: bool) -> str:
    """Counts, their squares shaded: right answers by their share of the row, errors against the commonest one."""
    most = max((n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j), default=0)
    names = [called(name) for name in classes]
    head = "".join(f'<th scope="col"><span>{name}</span></th>' for name in names)
    rows = ""
    for i, row in enumerate(counts):
        cells = ""
        for j, count in enumerate(row):
            # The root, so that a single error is seen too.
            shade = count / max(1, sum(row)) if i == j else math.sqrt(count / max(1, most))
            said = say("matrix_cell", label=names[i], answer=names[j], count=f"{count:,}")
            click = f'role="gridcell" tabindex="{0 if i == j == 0 else -1}" aria-selected="false" ' if clickable else ""
            cells += (
                f'<td {click}data-cell="{i},{j}" aria-label="{said}" title="{said}" '
                f'class="{"right" if i == j else "wrong"}" style="--shade:{shade:.3f}">{count or ""}</td>'
            )
        rows += f'<tr><th scope="row">{names[i]}</th>{cells}</tr>'
    how = say("matrix_click") if clickable else ""
    role = 'role="grid" ' if clickable else ""
    return (
        f'<h3>{say("matrix")}</h3><p class="hint">{say("matrix_why")}{how}</p>'
        f'<table class="matrix{_words(classes)}" {role}aria-label="{say("matrix")}">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _by_class(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    parts = {name: counts[i][i] / sum(counts[i]) for i, name in enumerate(classes) if sum(counts[i])}
    said = say("list_comma").join(f"{called(name)} {part:.1%}" for name, part in parts.items())
    rows = "".join(bar(name, part, False, decimals=1) for name, part in parts.items())
    return (
        f'<h3>{say("by_class")}</h3><div class="bars" role="img" '
        f'aria-label="{say("by_class_said", classes=said)}">{rows}</div>'
    )


# --------------------------------------------------------------------------------------------------
# Pictures


def pictures(images: Iterable[np.ndarray], answered: Sequence[Answered], classes: Sequence[str], room: int = 0) -> str:
    """A card for each picture: "predicted (true)" and the confidence.

    Args:
        images: uint8 (H, W) or (H, W, 3) each, in the order of `answered`.
        room: for how many there is room at least, so that what stands below keeps its place.
    """
    cards = ""
    for image, one in zip(images, answered, strict=True):
        sign, verdict = (RIGHT, "right") if one.right else (WRONG, "wrong")
        given, label = called(classes[one.answer]), called(classes[one.label])
        said = say(f"tests_{verdict}", position=one.position, answer=given, label=label)
        cards += (
            f'<figure class="card {verdict}"><img src="{png_uri(image)}" alt="{said}"><figcaption><b>{sign} '
            f"{given}</b> ({label})<i>{one.confidence:.0%}</i></figcaption></figure>"
        )
    return _grid(cards, room - len(answered), _words(classes))


def mistakes(images: Iterable[np.ndarray], found: Report, room: int = 0) -> str:
    """The most confident wrong answers; `images` and `room` as for `pictures`."""
    said = say("mistakes_why") if found.mistakes else say("mistakes_none", count=f"{found.count:,}")
    cards = pictures(images, found.mistakes, found.classes, room)
    return f'<h3>{say("mistakes")}</h3><p class="hint">{said}</p><div class="cards">{cards}</div>'


def _empty(count: int, words: str) -> str:
    return _grid("", count, words + " blank")


def _grid(cards: str, gaps: int, kinds: str) -> str:
    return f'<div class="grid{kinds}">{cards}{max(0, gaps) * "<span class=gap></span>"}</div>'


# --------------------------------------------------------------------------------------------------
# Plots, in SVG: coordinates are its units, about a pixel each

WIDE, HIGH = 400, 280
LEFT, RIGHT_EDGE, TOP, BOTTOM = 52, 392, 8, 236


def calibration(bins: Sequence[Bin]) -> str:
    """The reliability diagram of a report's bins; without them its axes alone, of the same size."""
    said = say("list_semicolon").join(_bin_words(found) for found in bins if found.count)
    width = (RIGHT_EDGE - LEFT) / max(1, len(bins))
    bars = "".join(_bin(found, LEFT + i * width, width) for i, found in enumerate(bins) if found.count)
    ideal = f'<line class="ideal" x1="{LEFT}" y1="{BOTTOM}" x2="{RIGHT_EDGE}" y2="{TOP}"/>'
    percents = [(part, f"{part:.0%}") for part in (0, 0.25, 0.5, 0.75, 1)]
    about = say("calibration_said", bins=said) if said else say("calibration_empty")
    return (
        f'<h3>{say("calibration")}</h3><div class="said"><p class="hint">{say("calibration_why", few=FEW_ANSWERS)}</p>'
        f"</div>{_plane(about, percents, percents, say('calibration_x'), say('calibration_y'), bars + ideal)}"
    )


def _bin(found: Bin, left: float, width: float) -> str:
    reached, expected = (BOTTOM - part * (BOTTOM - TOP) for part in (found.accuracy, found.confidence))
    kind = "lacking" if found.accuracy < found.confidence else "above"
    few = " few" if found.count < FEW_ANSWERS else ""
    top, height = min(reached, expected), abs(reached - expected)
    return (
        f'<g class="bin{few}"><title>{_bin_words(found)}</title>'
        f'<rect class="reached" x="{left + 1:.1f}" y="{max(reached, expected):.1f}" width="{width - 2:.1f}" '
        f'height="{BOTTOM - max(reached, expected):.1f}"/>'
        f'<rect class="{kind}" x="{left + 1:.1f}" y="{top:.1f}" width="{width - 2:.1f}" height="{height:.1f}"/></g>'
    )


def curves(history: Sequence[EpochEnd]) -> str:
    """Loss and accuracy of each epoch, train and validation, side by side."""
    highest = _round_up(max(max(event.train_loss, event.val_loss) for event in history))
    levels = [(part, f"{part * highest:g}") for part in (0, 0.25, 0.5, 0.75, 1)]
    percents = [(part, f"{part:.0%}") for part in (0, 0.25, 0.5, 0.75, 1)]
    loss = [(event.train_loss / highest, event.val_loss / highest) for event in history]
    accuracy = [(event.train_accuracy, event.val_accuracy) for event in history]
    last = history[-1]
    said = say("curves_loss", train=f"{last.train_loss:.3f}", val=f"{last.val_loss:.3f}", epoch=last.epoch)
    right = say("curves_accuracy", train=f"{last.train_accuracy:.1%}", val=f"{last.val_accuracy:.1%}", epoch=last.epoch)
    return (
        f'<h3>{say("curves")}</h3><p class="hint">{say("curves_why")}</p><div class="halves">'
        f"{_lines(said, levels, say('loss_axis'), history, loss)}"
        f"{_lines(right, percents, say('accuracy_axis'), history, accuracy)}</div>"
    )


def _round_up(value: float) -> float:
    """The next number above `value` of which a quarter is round: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6) / 4))
    return next(4 * digit * power for digit in (1, 2, 5, 10) if 4 * digit * power >= value)


def _lines(
    about: str,
    y_ticks: Iterable[tuple[float, str]],
    y_name: str,
    history: Sequence[EpochEnd],
    heights: Sequence[tuple[float, float]],
) -> str:
    """Two lines over the epochs; `heights` are parts of the axis, of training and validation."""
    last = history[-1].epoch
    step = max(1, math.ceil(last / 10))
    epochs = [(epoch / last, str(epoch)) for epoch in range(step, last + 1, step)]
    lines = ""
    for kind, parts in zip(("train", "val"), zip(*heights, strict=True), strict=True):
        places = [
            f"{LEFT + event.epoch / last * (RIGHT_EDGE - LEFT):.1f},{BOTTOM - part * (BOTTOM - TOP):.1f}"
            for event, part in zip(history, parts, strict=True)
        ]
        lines += f'<polyline class="{kind}" points="{" ".join(places)}"/>'
        x, y = places[-1].split(",")
        lines += f'<circle class="{kind}" cx="{x}" cy="{y}" r="3.5"/>'  # all there is of a single epoch
    return _plane(about, epochs, y_ticks, say("epoch_axis"), y_name, lines)


def _bin_words(found: Bin) -> str:
    said = {"confidence": f"{found.confidence:.0%}", "accuracy": f"{found.accuracy:.0%}"}
    return say("bin_one" if found.count == 1 else "bin_many", **said, count=f"{found.count:,}")


def _plane(
    about: str,
    x_ticks: Iterable[tuple[float, str]],
    y_ticks: Iterable[tuple[float, str]],
    x_name: str,
    y_name: str,
    content: str,
) -> str:
    """An SVG with axes and their names; ticks stand at parts of an axis, from 0 to 1.  `content` is SVG."""
    across, down = RIGHT_EDGE - LEFT, BOTTOM - TOP
    levels = "".join(
        f'<line x1="{LEFT}" y1="{BOTTOM - part * down:.1f}" x2="{RIGHT_EDGE}" y2="{BOTTOM - part * down:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{BOTTOM - part * down + 4:.1f}" text-anchor="end">{escape(text)}</text>'
        for part, text in y_ticks
    )
    feet = "".join(
        f'<text x="{LEFT + part * across:.1f}" y="{BOTTOM + 16}" text-anchor="{"end" if part == 1 else "middle"}">'
        f"{escape(text)}</text>"
        for part, text in x_ticks
    )
    middle = (TOP + BOTTOM) / 2
    return (
        f'<svg class="plot" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(about)}">'
        f'<g class="axes">{levels}{feet}'
        f'<text class="axis" x="{(LEFT + RIGHT_EDGE) / 2}" y="{HIGH - 8}" text-anchor="middle">{escape(x_name)}</text>'
        f'<text class="axis" x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        f"{escape(y_name)}</text></g>{content}</svg>"
    )


# --------------------------------------------------------------------------------------------------
# A file of its own

# What Gradio's theme gives the page.
COLOURS = """
:root { color-scheme: light dark; --body-text-color: #1f2937; --body-text-color-subdued: #5b6575;
  --border-color-primary: #e2e5ea; --background-fill-secondary: #f3f4f6; --lenet-accent: #e4572e;
  --lenet-calm: #8a94a6; --radius-md: 6px; background: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --body-text-color: #eef0f4; --body-text-color-subdued: #a3acba; --border-color-primary: #333a46;
    --background-fill-secondary: #1b2029; background: #0f1218; }
  .zoo { --lenet-right: #4ade80; --lenet-wrong: #ff8078; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--body-text-color); max-width: 1180px; margin: 2rem auto;
  padding: 0 1.2rem; }
.matrix td[data-cell] { cursor: default; }
.zoo .origin { margin: 1.2rem 0; }
"""


def document(name: str, found: Report, images: Mapping[int, np.ndarray], recipe: str) -> str:
    """The report as one HTML file that needs nothing beside it: no link, no script, pictures within.

    It is in the language that is spoken.

    Args:
        images: uint8 (H, W) or (H, W, 3), by position, of the report's mistakes and sample.
        recipe: HTML that says how the network was trained.
    """

    def shown(answered: Sequence[Answered]) -> str:
        return pictures([images[one.position] for one in answered], answered, found.classes)

    versions = ", ".join(f"{escape(what)} {escape(which)}" for what, which in sorted(found.versions.items()))
    made = say("model_on_dataset", model=escape(found.recipe.model), dataset=escape(found.recipe.dataset))
    sample = f"{sampled(found.count, SAMPLE_SEED)}{shown(found.sample)}"
    parts = [
        f'<h1>{escape(name)}</h1><p class="lead">{made}</p>',
        f'<div class="numbers">{numbers(found.accuracy, found.errors, found.count, found.calibration_error)}</div>',
        f'<div class="halves"><section>{measured(found.classes, found.confusion, clickable=False)}</section>'
        f"<section><h3>{say('tests')}</h3>{sample}</section></div>",
        f'<div class="halves"><section>{calibration(found.bins)}</section>'
        f"<section>{mistakes([images[one.position] for one in found.mistakes], found)}</section></div>",
        f"<section>{curves(found.curves)}</section>" if found.curves else "",
        f'<section>{recipe}</section><p class="hint origin">{say("report_origin", versions=versions)}</p>',
    ]
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8") + COLOURS
    return (
        f'<!doctype html><html lang="{say("report_language")}"><head><meta charset="utf-8">'
        f"<title>{escape(name)}</title>"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
        f'<body><main class="zoo"><div>{"".join(parts)}</div></main></body></html>\n'
    )
