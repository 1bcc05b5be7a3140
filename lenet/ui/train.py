"""The Train tab: start a run, watch its curves draw themselves, then use the network."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

import gradio as gr
import pandas as pd

from lenet.checkpoint import finish
from lenet.datasets import DATASETS
from lenet.errors import DataError, LeNetError, RecipeError
from lenet.recipes import RECIPES, recipe_named
from lenet.teacher import lessons
from lenet.training import EpochEnd, Event, Step, TrainingState, fit, start
from lenet.ui import cores, figures, networks, own, report

SECONDS_BETWEEN_FRAMES = 0.3
SECONDS_AT_MOST = 45 * 60  # then a run on the page ends as if stopped, so that a forgotten one frees its place
POINTS_AT_MOST = 240  # of one line in a chart: the page rebuilds the whole chart at each frame

DEFAULT = "digits-demo"
_LISTED = {name: source for name, source in DATASETS.items() if not source.for_measuring}
COLOURS = {"train": figures.TRAIN_COLOUR, "validation": figures.VAL_COLOUR}

BATCH_AT_MOST = 1024  # one step of 65,536 images takes most of a minute, and Stop is heard between steps

# The run of each visitor, by Gradio's session: set to end it.  Looked at ten times a second.
_runs: dict[str, threading.Event] = {}
_loader = ThreadPoolExecutor(max_workers=2, thread_name_prefix="load")
_load = lru_cache(maxsize=2)(lessons)  # a second run on the same data starts at once


# --------------------------------------------------------------------------------------------------
# What a run looks like


@dataclass
class Line:
    """Points of one curve; when there are too many, neighbours become their mean."""

    points: list[tuple[float, float]] = field(default_factory=list)
    merged: int = 1  # how many measurements a full point stands for
    pending: list[tuple[float, float]] = field(default_factory=list)

    def add(self, x: float, y: float) -> None:
        self.pending.append((x, y))
        if len(self.pending) < self.merged:
            return
        self.points.append(_mean(self.pending))
        self.pending = []
        if len(self.points) > POINTS_AT_MOST:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points, self.merged = [_mean(list(pair)) for pair in pairs], self.merged * 2


def _mean(points: list[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


@dataclass
class Curves:
    """The four lines of a run: loss and accuracy, of the training and of the validation images."""

    epochs: int
    loss: dict[str, Line] = field(default_factory=lambda: {"train": Line(), "validation": Line()})
    accuracy: dict[str, Line] = field(default_factory=lambda: {"train": Line(), "validation": Line()})

    def add(self, event: Event) -> None:
        if isinstance(event, Step):
            epoch = event.epoch - 1 + event.step / event.total_steps
            self.loss["train"].add(epoch, event.loss)
            self.accuracy["train"].add(epoch, 100 * event.accuracy)
        else:
            self.loss["validation"].add(event.epoch, event.val_loss)
            self.accuracy["validation"].add(event.epoch, 100 * event.val_accuracy)

    def plots(self) -> tuple[gr.LinePlot, gr.LinePlot]:
        # The axes hold still from the first frame: the untrained network's loss is about the highest.
        highest = max((y for line in self.loss.values() for _, y in line.points[:3]), default=2.4)
        x_lim: list[float | None] = [0, self.epochs]
        return (
            gr.LinePlot(_table(self.loss), x_lim=x_lim, y_lim=[0, round(1.1 * highest, 1)]),
            gr.LinePlot(_table(self.accuracy), x_lim=x_lim, y_lim=[0, 100]),
        )


def _table(lines: dict[str, Line]) -> pd.DataFrame:
    # A row without a value for each line, because a chart that once saw no lines draws none later.
    rows: list[tuple[float, float | None, str]] = [(0, None, name) for name in lines]
    rows += [(x, y, name) for name, line in lines.items() for x, y in line.points]
    return pd.DataFrame(rows, columns=["epoch", "value", "split"]).astype({"epoch": float, "value": float})


class Frame(NamedTuple):
    """What the tab shows, in the order of the event's outputs; None leaves a part as it is."""

    status: str
    loss: Any = None
    accuracy: Any = None
    running: bool = True
    key: str | None = None  # of the trained network
    file: str | None = None  # to download
    offer_digits: bool = False

    def updates(self) -> tuple[Any, ...]:
        """What was made before stays within reach until a new network takes its place."""
        skip = gr.skip()
        made = self.key is not None
        return (
            self.status,
            self.loss if self.loss is not None else skip,
            self.accuracy if self.accuracy is not None else skip,
            gr.Button(interactive=not self.running),
            gr.Button("Stop", interactive=self.running),
            self.key if made else skip,
            gr.DownloadButton(value=self.file, interactive=True) if made else skip,
            gr.Button(interactive=True) if made else skip,
            gr.Button(visible=self.offer_digits),
        )


# --------------------------------------------------------------------------------------------------
# The run


def train(
    recipe: str, dataset: str, epochs: float, batch_size: float, lr: float, seed: float, request: gr.Request
) -> Iterator[tuple[Any, ...]]:
    """Train a network, answering with the state of the page several times a second.

    Args:
        recipe: a name that `python train.py --list` shows.
        dataset: the data set to learn from, with as many channels as the recipe's own.
        epochs: how often to go through it.
        batch_size: images a step.
        lr: the peak learning rate.
        seed: the same seed gives the same network.
    """
    session = request.session_hash or ""
    stopping = _runs.setdefault(session, threading.Event())
    try:
        # At once, before any work: the page answers the click, and a visitor who leaves can be noticed.
        yield Frame(_status("Starting", f"{recipe} on {dataset}")).updates()
        if (_whole(batch_size) or 0) > BATCH_AT_MOST:
            raise RecipeError(f"On this page the batch size is at most {BATCH_AT_MOST:,}; the terminal takes more.")
        changes = {"dataset": dataset, "epochs": _whole(epochs), "batch_size": _whole(batch_size)}
        state = start(recipe_named(recipe).with_changes(**changes, lr=lr, seed=_whole(seed)))
        for frame in _frames(state, stopping):
            yield frame.updates()
    except DataError as error:
        hint = "" if dataset == "digits" else " The button below takes the built-in digits instead."
        yield Frame(figures.problem(str(error) + hint), running=False, offer_digits=dataset != "digits").updates()
    except LeNetError as error:
        yield Frame(figures.problem(str(error)), running=False).updates()
    except Exception:
        logging.exception("a run on the page failed")
        sentence = "The run failed on the server, which has noted why. Try it again, or with a smaller batch."
        yield Frame(figures.problem(sentence), running=False).updates()
    finally:
        _runs.pop(session, None)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _frames(state: TrainingState, stopping: threading.Event) -> Iterator[Frame]:
    """The run's frames, and at its end, however it comes, the trained network's."""
    recipe = state.recipe
    charts = Curves(recipe.epochs)
    began = shown = time.monotonic()
    # On another thread, so that Stop is heard and a visitor who leaves is noticed meanwhile.
    loading = _loader.submit(_load, recipe.dataset, recipe.teacher)
    while not loading.done():
        yield Frame(_status("Loading", f"{recipe.dataset}, {_duration(time.monotonic() - began)}"), *charts.plots())
        if stopping.wait(SECONDS_BETWEEN_FRAMES):
            yield Frame(_status("Stopped", "before the data was loaded: there is no network yet"), running=False)
            return
    dataset = loading.result()
    began, stopped = time.monotonic(), ""
    for event in _on_all_cores(fit(state, dataset)):
        charts.add(event)
        now = time.monotonic()
        if isinstance(event, Step) and now - shown >= SECONDS_BETWEEN_FRAMES:
            shown = now
            yield Frame(_progress(event, state, now - began), *charts.plots())
        if stopping.is_set():
            stopped = "Stopped"
        elif now - began > SECONDS_AT_MOST:
            stopped = f"Stopped after {SECONDS_AT_MOST // 60} minutes, the most that this page gives a run"
        if stopped:
            break
    yield Frame(_status("Measuring", "on the test images, which it has never seen"), *charts.plots())
    checkpoint = finish(state, dataset)
    key, path = networks.keep(checkpoint, state.history)
    right = f"{checkpoint.metrics['test_accuracy']:.2%} of {len(dataset.test):,} test images right"
    took = f"after {_epochs(state)} and {_duration(checkpoint.metrics['train_seconds'])}"
    status = _status(stopped or "Done", f"{right}, {took}", done=state.epoch / recipe.epochs)
    yield Frame(status, *charts.plots(), False, key, str(path))


def _on_all_cores(events: Iterator[Event]) -> Iterator[Event]:
    """The same events; Gradio may ask for each on another thread."""
    while True:
        cores.all_of_them()
        event = next(events, None)
        if event is None:
            return
        yield event


def _epochs(state: TrainingState) -> str:
    total = state.recipe.epochs
    if state.done:
        return f"{total} epoch{'s' if total > 1 else ''}"
    return f"{state.epoch if state.step == 0 else state.epoch + 1} of {total} epochs"


def _progress(event: Step, state: TrainingState, seconds: float) -> str:
    done = (event.epoch - 1 + event.step / event.total_steps) / state.recipe.epochs
    left = _duration(seconds / done * (1 - done))
    last: EpochEnd | None = state.history[-1] if state.history else None
    validation = f" &middot; validation accuracy {last.val_accuracy:.1%}" if last else ""
    return _status(
        f"Epoch {event.epoch} of {state.recipe.epochs}",
        f"step {event.step:,} of {event.total_steps:,}, {event.images_per_second:,.0f} images/s, {left} left",
        f"loss {event.loss:.3f} &middot; accuracy {event.accuracy:.1%}{validation}",
        done,
    )


def _status(headline: str, text: str, numbers: str = "&nbsp;", done: float = 0.0) -> str:
    return (
        f'<div class="status" data-state="{escape(headline.split()[0].lower())}"><p><b>{escape(headline)}</b> '
        f'<span>{escape(text)}</span></p><p class="numbers">{numbers}</p>'
        f'<div class="track"><span class="fill" style="transform:scaleX({done:.4f})"></span></div></div>'
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# --------------------------------------------------------------------------------------------------
# The tab


def _wait(recipe: str, request: gr.Request) -> tuple[Any, ...]:
    """At the click, before there is a place in the queue: one run trains at a time."""
    _runs[request.session_hash or ""] = threading.Event()
    text = f"{recipe} is next. If another visitor's network is training, this one waits for it to end."
    return _status("Waiting", text), gr.Button(interactive=False), gr.Button("Stop", interactive=True)


def stop(request: gr.Request) -> gr.Button:
    """End this visitor's run, or let it end as soon as its turn comes."""
    if run := _runs.get(request.session_hash or ""):
        run.set()
    return gr.Button("Stopping", interactive=False)


def leave(request: gr.Request) -> None:
    """A visitor has closed the page."""
    if run := _runs.pop(request.session_hash or "", None):
        run.set()


def _settings(name: str) -> tuple[Any, ...]:
    """A recipe's own settings, into the fields."""
    recipe = RECIPES[name]
    dataset = gr.Dropdown(_fitting(name), value=recipe.dataset)
    return dataset, recipe.epochs, recipe.batch_size, recipe.lr, recipe.seed, _about(name)


def _fitting(name: str) -> list[tuple[str, str]]:
    """(title, name) of the data sets with as many channels as the recipe's own."""
    channels = DATASETS[RECIPES[name].dataset].channels
    return _titles(key for key, source in _LISTED.items() if source.channels == channels)


def _titles(datasets: Iterable[str]) -> list[tuple[str, str]]:
    return [(f"{name}: {DATASETS[name].about}", name) for name in datasets]


def _digits_instead(name: str) -> tuple[str, str]:
    """The recipe on the built-in digits, or where it wants photographs the demo's."""
    return (name if DATASETS[RECIPES[name].dataset].channels == 1 else DEFAULT), "digits"


def _about(name: str) -> str:
    recipe = RECIPES[name]
    claim = f" It reports {recipe.claims}." if recipe.claims else ""
    taught = f"Teacher: {recipe.teacher}. " if recipe.teacher else ""
    return (
        f"**{name}**: {recipe.about}. `{recipe.model}`, {recipe.optimizer} ({recipe.schedule}), "
        f"augmentation: {recipe.augmentation}. {taught}Source: {recipe.source}.{claim}"
    )


def _use(key: str, mine: own.Own) -> tuple[Any, ...]:
    """Add the trained network to the tab that it fits, choose it there, and go there."""
    mine = own.added(key, mine)
    return mine, *own.offered(key, mine), gr.Tabs(selected="draw" if networks.road(key) == "ours" else "photo")


def build(draw_network: gr.Dropdown, studio: gr.HTML, tabs: gr.Tabs, mine: gr.State) -> None:
    """The tab's contents; a trained network goes into one of the other tabs."""
    trained_here = [r for r in RECIPES.values() if r.dataset in _LISTED and r.framework == "pytorch"]
    recipes = [(f"{recipe.name}: {recipe.about}", recipe.name) for recipe in trained_here]
    recipes.sort(key=lambda choice: not choice[1].endswith("-demo"))
    default = RECIPES[DEFAULT]
    key = gr.State()
    with gr.Row(elem_classes="choices"):
        recipe = gr.Dropdown(recipes, value=DEFAULT, label="Recipe")
        # All of them, because Gradio lets programs choose only from what stands here; a recipe narrows it.
        dataset = gr.Dropdown(_titles(_LISTED), value=default.dataset, label="Data set")
    explanation = gr.Markdown(_about(DEFAULT), elem_classes="about")
    with gr.Accordion("Settings", open=False), gr.Row():
        numbers = [
            gr.Number(default.epochs, label="Epochs", info="times through the data", precision=0),
            gr.Number(default.batch_size, label="Batch size", info="images a step", precision=0),
            gr.Number(default.lr, label="Learning rate", info="at its peak"),
            gr.Number(default.seed, label="Seed", info="the same gives the same", precision=0),
        ]
    with gr.Row():
        start_button = gr.Button("Start training", variant="primary", elem_id="start")
        stop_button = gr.Button("Stop", interactive=False, elem_id="stop")
    status = gr.HTML(
        _status("Ready", "Start a run: the first one takes seconds and needs no download."), elem_id="status"
    )
    digits_button = gr.Button("Take the built-in digits", visible=False, elem_id="take-digits")
    with gr.Row():
        loss = _chart("Loss", "loss (nats)", Curves(default.epochs).loss, [0, 2.5])
        acc = _chart("Accuracy", "accuracy (%)", Curves(default.epochs).accuracy, [0, 100])
    with gr.Row():
        download = gr.DownloadButton("Download the network", interactive=False, elem_id="download")
        use = gr.Button("Use it: let it answer", interactive=False, elem_id="use")
    place = report.component()

    recipe.change(_settings, recipe, [dataset, *numbers, explanation], queue=False, api_visibility="private")
    run: dict[str, Any] = {
        "fn": train,
        "inputs": [recipe, dataset, *numbers],
        "outputs": [status, loss, acc, start_button, stop_button, key, download, use, digits_button],
        "concurrency_limit": 1,
        "concurrency_id": "train",
        "show_progress": "minimal",
        "show_progress_on": status,
    }
    waiting = [status, start_button, stop_button]
    start_button.click(_wait, recipe, waiting, queue=False, api_visibility="private").then(**run, api_name="train")
    digits_button.click(_digits_instead, recipe, [recipe, dataset], queue=False, api_visibility="private").then(
        **run, api_visibility="private"
    )
    key.change(report.shown, key, place, queue=False, api_visibility="private")
    stop_button.click(stop, None, stop_button, queue=False, api_visibility="private")
    use.click(
        _use,
        [key, mine],
        [mine, draw_network, studio, tabs],
        queue=False,
        api_visibility="private",
    )


def _chart(name: str, axis: str, lines: dict[str, Line], y_lim: list[float | None]) -> gr.LinePlot:
    return gr.LinePlot(
        _table(lines),
        x="epoch",
        y="value",
        color="split",
        color_map=COLOURS,
        title=name,
        x_title="epoch",
        y_title=axis,
        x_lim=[0, RECIPES[DEFAULT].epochs],
        y_lim=y_lim,
        height=280,
        elem_id=f"{name.lower()}-chart",
        buttons=[],
    )
