"""The Train tab: start a run, watch it learn, change it on the way, compare it with others, and use it.

The tab is one component with a script of its own (train/tab.html, train/view.js).  The script asks for
facts four times a second while a run is under way, and that it asks tells that the page is there; what
trains, and when, is `runs`'s; what may be set, `settings`'s; and every text is in `texts`.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from lenet.data.datasets import DATASETS
from lenet.errors import LeNetError
from lenet.models import MODELS
from lenet.preprocessing.digits import digit_image
from lenet.training.recipes import RECIPES, Recipe, recipe_named
from lenet.ui import messages
from lenet.ui.server import Server, bound, server_functions
from lenet.ui.shared import assets, pictures, texts
from lenet.ui.shared.address import address_of
from lenet.ui.tab import Keys, Owner, Source, Tab, Taken, Visitor
from lenet.ui.train import settings, sharing
from lenet.ui.train.example import example
from lenet.ui.train.messages import (
    AskedDrawing,
    BeginRun,
    BegunRun,
    CheckSettings,
    FoundRuns,
    LookAtRuns,
    NetworkFile,
    OfRun,
    Problems,
    RunFacts,
    RunsUnderWay,
    Settings,
    ShareLink,
    ShowDrawing,
    TellRun,
)
from lenet.ui.train.queue import KEPT_SECONDS, MAX_RUNS_PER_OWNER
from lenet.ui.train.run import ACTIVE, Run
from lenet.ui.train.runs import MAX_NAME_LENGTH
from lenet.ui.train.training import MAX_TRAIN_SECONDS

DEFAULT = "digits-demo"
# A button each above the settings: the texts' key, and the recipe, or what stands in for it until there is one.
STARTS = {
    "start_mnist": ("mnist-demo",),
    "start_digits": ("digits-demo",),
    "start_cifar10": ("cifar10-demo", "cifar10-lenet5-adam"),
    "start_1998": ("mnist-lenet5-1998",),
}
MNIST_SECONDS = 6  # that mnist-demo takes on one core, see Time to accuracy in docs/results.md
SECONDS_BETWEEN_FRAMES = 0.2  # and what the way there and back takes: four or five a second
FEW_PAGES = 8  # get so many; a class of 30 takes too much of the cores that train
MAX_SECONDS_BETWEEN_FRAMES = 0.7  # well within runs.PATIENCE, after which a page counts as gone
PROGRAM_FRAMES = 0.3  # the same for programs
READER_LOOKS = 7  # PROGRAM_FRAMES apart, so two seconds, in which a program must have read what it was sent
UNREAD = "Nobody reads this run, so it does not train: read its event stream within two seconds, as gradio_client does."


# --------------------------------------------------------------------------------------------------
# What the script asks


@messages.answering
async def look(server: Server, question: LookAtRuns) -> FoundRuns:
    """How far the visitor's runs are."""
    server.runs.prepare()
    if question.wait:
        server.runs.heard(question.visitor)
        frame = SECONDS_BETWEEN_FRAMES * max(1.0, server.runs.crowd() / FEW_PAGES)
        await asyncio.sleep(min(frame, MAX_SECONDS_BETWEEN_FRAMES))
    return FoundRuns(server.runs.look(question.visitor, question.known, question.watched))


@messages.answering
async def present(server: Server, question: messages.OfVisitor) -> RunsUnderWay:
    """A page is there, though this tab is not open: whether a run of its visitor is under way, after a moment."""
    server.runs.heard(question.visitor)
    await asyncio.sleep(SECONDS_BETWEEN_FRAMES)
    return RunsUnderWay(server.runs.active(question.visitor))


@messages.answering
def check(server: Server, question: CheckSettings) -> Problems:
    """What is wrong with settings."""
    return _problems(question.settings)


@messages.answering
def begin(server: Server, question: BeginRun, request: gr.Request | None = None) -> BegunRun | Problems:
    """Start a run.

    Args:
        request: Gradio's, for the address that it comes from.
    """
    wrong = _problems(question.settings)
    if wrong.problems:
        return wrong
    wanted = settings.chosen(question.settings)
    return BegunRun(server.runs.begin(question.visitor, wanted, address=address_of(request)).id)


def _problems(values: Settings) -> Problems:
    return Problems({field: texts.told(said) for field, said in settings.problems(values).items()})


@messages.answering
def tell(server: Server, question: TellRun) -> messages.Done:
    """Do what a visitor wants of a run."""
    runs, whose = server.runs, (question.visitor, question.run)
    match question.order, question.value:
        case "pause", _:
            runs.pause(*whose)
        case "resume", _:
            runs.resume(*whose)
        case "step", _:
            runs.resume(*whose, epochs=1)
        case "stop", _:
            runs.stop(*whose)
        case "remove", _:
            runs.remove(*whose)
        case "rename", str(name):
            runs.rename(*whose, name)
        case "scale", float(factor):
            runs.scale(*whose, factor)
    return messages.Done()


@messages.answering
def draw(server: Server, question: ShowDrawing) -> AskedDrawing:
    """Ask a run's network about what the visitor has drawn: at each look at it, and at its end."""
    image = digit_image(pictures.decode(question.picture)) if question.picture else None
    return AskedDrawing(server.runs.draw(question.visitor, question.run, image))


@messages.answering
def share(server: Server, question: ShareLink) -> sharing.Shared:
    """A link at an address that others reach."""
    if not sharing.is_link(question.link):
        raise messages.garbled()
    return sharing.shared(question.link)


@messages.answering
def download(server: Server, question: OfRun) -> NetworkFile:
    """The trained network as a file."""
    run = server.runs.run(question.visitor, question.run)
    if run.path is None:
        raise messages.garbled()
    return NetworkFile(run.path.name, base64.b64encode(server.networks.content(run.key)).decode())


# --------------------------------------------------------------------------------------------------
# What happens elsewhere on the page


def use(server: Server, event: gr.EventData, keys: Keys, owner: Owner) -> Taken:
    """Put a trained network to use.

    Raises:
        CheckpointError: the run or its network is no longer kept.
        QuestionError: no script of this page sends that.
    """
    question = OfRun.read(messages.sent(event))
    key = server.runs.run(question.visitor, question.run).key
    server.networks.kept(key)
    return Taken(key)


# --------------------------------------------------------------------------------------------------
# What a program asks


async def train(
    server: Server,
    recipe: str,
    dataset: str,
    epochs: float,
    batch_size: float,
    lr: float,
    seed: float,
    request: gr.Request,
) -> AsyncIterator[tuple[str, dict[str, Any], str | None]]:
    """Train a network; one trains at a time, and others wait for their turn.

    An answer has three parts: how far the run is, in a line; {"loss", "accuracy"}, of each {"train", "validation"}:
    [epoch, value] pairs; and at the end the file of the trained network.  A program is answered several times a
    second, and its run ends when it does not read for two seconds.  A language model is answered at the end.

    Args:
        recipe: a recipe of the Train tab, such as "digits-demo", which takes seconds, "mnist-demo" or "cifar10-demo".
        dataset: "digits", which is here, or what is downloaded: "mnist", "fashion-mnist", "cifar10".
        epochs: how often to go through it.
        batch_size: images a step.
        lr: the peak learning rate.
        seed: the same seed gives the same network.
    """
    read, address, visitor = _reader(request), address_of(request), secrets.token_hex(16)
    curves = _curves([], [])
    yield _status("Starting", f"{recipe} on {dataset}"), curves, None
    run: Run | None = None
    try:
        wanted = _asked(recipe, dataset=dataset, epochs=epochs, batch_size=batch_size, lr=lr, seed=seed)
        with server.runs.program(address):
            while await _is_read(read):
                if run is None:
                    run = server.runs.begin(visitor, wanted, owner=f"programs of {address}", address=address)
                facts = server.runs.facts(visitor, run.id)
                curves = _curves(facts.train.points, facts.val.points)
                yield _said(facts), curves, str(run.path) if run.path else None
                if facts.status not in ACTIVE:
                    return
        yield UNREAD, curves, None
    except LeNetError as error:
        yield texts.translated(error), curves, None
    finally:  # also where the program is gone: then this generator is closed, or not asked any more
        if run is not None and run.status in ACTIVE:
            server.runs.remove(visitor, run.id)
        server.runs.left(visitor)


def _reader(request: gr.Request) -> Callable[[], bool]:
    """Whether a program has read all that it was sent: Gradio keeps what nobody has read of its event stream.

    A tool of a language model has none, and no session: its call is cancelled when its client leaves.
    """
    if request.session_hash is None:
        return lambda: True
    blocks = LocalContext.blocks.get()
    messages = blocks._queue.pending_messages_per_session if blocks is not None else {}
    unread = messages.get(request.session_hash or "")
    return lambda: unread is not None and unread.empty()


async def _is_read(read: Callable[[], bool]) -> bool:
    """Wait until the program has read what it was sent.  Looks are counted, as a busy server is late for both."""
    for _ in range(READER_LOOKS):
        await asyncio.sleep(PROGRAM_FRAMES)
        if read():
            return True
    return False


def _asked(recipe: str, **changes: Any) -> Recipe:
    """The same as a visitor of the page could choose.

    Raises:
        RecipeError: there is no such recipe here, or a setting is wrong.
    """
    return settings.chosen(settings.of(recipe_named(recipe)) | changes | {"recipe": recipe})


def _curves(train: Sequence[Sequence[float]], validation: Sequence[Sequence[float]]) -> dict[str, Any]:
    """What `train` tells of the lines of a run, whose points are (epochs, loss, accuracy, ...)."""
    lines = {"train": train, "validation": validation}
    return {
        name: {split: [[point[0], point[column]] for point in points] for split, points in lines.items()}
        for column, name in enumerate(("loss", "accuracy"), start=1)
    }


def _said(facts: RunFacts) -> str:
    """How far a run is, in a line."""
    if facts.status == "failed":
        return facts.problem or texts.say("failed_server")
    counted = {"epoch": facts.epoch + 1, "epochs": facts.epochs}
    headline = texts.say(f"state_{facts.status}", dataset=facts.dataset, **counted)
    if facts.waiting:
        return _status(headline, f"place {facts.waiting.place} in the queue")
    if facts.download:
        done, total = facts.download.bytes, facts.download.total
        return _status(headline, texts.say("loading_far", done=round(done / 1e6), total=round(total / 1e6)))
    if facts.network:
        accuracy, took = facts.metrics["test_accuracy"], facts.metrics["train_seconds"]
        epochs = texts.say("epochs_one") if facts.epoch == 1 else texts.say("epochs_many", count=facts.epoch)
        right = {"accuracy": f"{accuracy:.2%}", "count": f"{facts.tested:,}", "epochs": epochs, "time": f"{took} s"}
        return _status(headline, ". ".join(filter(None, [texts.say("right", **right), facts.verdict])))
    if facts.step:
        newest = f", validation accuracy {facts.newest[2]:.1%}" if facts.newest else ""
        return _status(headline, f"{facts.done:.1%} done{newest}")
    return headline


def _status(headline: str, text: str) -> str:
    return f"{headline}: {text}"


# --------------------------------------------------------------------------------------------------
# The tab


@dataclass(frozen=True)
class TrainTab(Tab):
    """What else can be connected of it.

    Attributes:
        training: its event "report" asks for the report of the network that its value then names.
    """

    training: gr.HTML = field(kw_only=True)


def build(server: Server, visitor: Visitor) -> TrainTab:
    """The tab's contents."""
    training = gr.HTML(
        html_template=assets.template("train/tab.html"),
        js_on_load=assets.mount("train/view.js", events=["use", "report"]),
        server_functions=server_functions(server, look, check, begin, tell, draw, share, download),
        elem_id="training",
        padding=False,
        facts=texts.translations(_facts()),
        recipes={name: _described(recipe) for name, recipe in settings.listed().items()},
        choices=_choices(),
        starts={key: next(name for name in names if name in RECIPES) for key, names in STARTS.items()},
        first=DEFAULT,
        example=asdict(example()),
        active=ACTIVE,
        limits={
            "most": MAX_RUNS_PER_OWNER,
            "name": MAX_NAME_LENGTH,
            "hours": round(KEPT_SECONDS / 3600),
            "minutes": round(MAX_TRAIN_SECONDS / 60),
            "mnist_seconds": MNIST_SECONDS,
        },
    )
    _publish(server)
    # train/view.js: trigger("use", { visitor, language, run })
    source = Source(training.use, partial(use, server), opens=True, options={"queue": False})
    return TrainTab(sources=[source], ahead=partial(_ahead, server), training=training)


def _ahead(server: Server) -> Callable[..., Any]:
    """Tells the server that the page is there, also where this tab was never opened."""
    kept = gr.HTML(
        html_template="",
        js_on_load=assets.mount("train/heartbeat.js", events=["open"]),
        server_functions=server_functions(server, present),
        elem_id="keep",
    )
    return kept.open  # train/heartbeat.js: trigger("open")


def _described(recipe: Recipe) -> dict[str, Any]:
    """What the page knows of a recipe: its settings, and what of it cannot be set here."""
    extras = {
        "extra_teacher": recipe.teacher,
        "extra_loss": "" if recipe.loss == "cross-entropy" else recipe.loss,
        "extra_label_smoothing": recipe.label_smoothing,
        "extra_ema": recipe.ema,
        "extra_keep": recipe.keep == "best",
        "extra_precision": "" if recipe.precision == "float32" else recipe.precision,
    }
    return {
        "about": recipe.about,
        "source": recipe.source,
        "claims": recipe.claims,
        "extras": {key: value for key, value in extras.items() if value},
        "settings": settings.of(recipe),
    }


def _facts() -> set[str]:
    """What the page says of recipes, networks, and data sets and their classes, as their modules say it."""
    recipes = settings.listed().values()
    told = {text for recipe in recipes for text in (recipe.about, recipe.source, recipe.claims) if text}
    told |= {text for known in _choices().values() for text in known.values() if text}
    return told | {name for source in settings.LISTED.values() for name in source.classes}


def _choices() -> dict[str, dict[str, str]]:
    """The names that a choice has, each with what is told of it; "" where `texts` tells it."""
    known = {"model": {name: model.about for name, model in MODELS.items()}}
    known["dataset"] = {name: DATASETS[name].about for name in settings.LISTED}
    return {field: known.get(field) or dict.fromkeys(names, "") for field, names in settings.CHOICES.items()}


def _publish(server: Server) -> None:
    """The endpoint for programs, with inputs and outputs that the page does not show."""
    usual = RECIPES[DEFAULT]
    with gr.Row(visible=False):
        inputs = [
            gr.Textbox(DEFAULT, label="recipe"),
            gr.Textbox(usual.dataset, label="dataset"),
            gr.Number(usual.epochs, label="epochs"),
            gr.Number(usual.batch_size, label="batch_size"),
            gr.Number(usual.lr, label="lr"),
            gr.Number(usual.seed, label="seed"),
        ]
        outputs = [gr.Textbox(label="status"), gr.JSON(label="curves"), gr.File(label="network")]
        # They wait for their turn like everybody, in the queue of `runs`.  In Gradio's none may wait: it has a
        # length, and uploads stand in it too.
        gr.Button("train").click(bound(server, train), inputs, outputs, api_name="train", concurrency_limit=None)
