"""The page: four tabs, what they share, and the endpoints for programs."""

from __future__ import annotations

import importlib
import importlib.util
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from lenet.errors import LeNetError, PackageError
from lenet.inference.digits import WHOLE_PICTURE, DigitClassifier, FoundDigit
from lenet.inference.photos import PhotoClassifier
from lenet.models.cpu import give_freed_memory_back
from lenet.preprocessing.images import Picture, open_picture
from lenet.signals import told_to_end
from lenet.ui import environment, messages, surroundings
from lenet.ui.draw import tab as draw
from lenet.ui.photo import tab as photo
from lenet.ui.photo.messages import PhotoAnswer
from lenet.ui.report import tab as report
from lenet.ui.server import Server, bound
from lenet.ui.shared import assets, facts, files, texts
from lenet.ui.shared.address import address_of
from lenet.ui.shared.event_streams import forgive_readers_who_left
from lenet.ui.shared.networks import shipped
from lenet.ui.shared.requests import Compressed, Guard
from lenet.ui.tab import Keys, Source, Tab, Visitor, with_first
from lenet.ui.teach import tab as teach
from lenet.ui.train import tab as train
from lenet.ui.zoo import tab as zoo

TITLE = "LeNet Playground"

# System fonts: the page works without any network.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
# Gradio's own, in rem in place of px: they grow with all else on a projector, and with the size that a browser has.
TEXT_SIZES = gr.themes.Size(
    xxs="0.5625rem", xs="0.625rem", sm="0.75rem", md="0.875rem", lg="1rem", xl="1.375rem", xxl="1.625rem"
)
SESSIONS = 1000  # whose states Gradio keeps, of 100 kB each
LAUNCH: dict[str, Any] = {
    "theme": gr.themes.Default(
        primary_hue="orange",
        neutral_hue="slate",
        radius_size="lg",
        text_size=TEXT_SIZES,
        font=FONTS,
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(
        # The theme's own grey is too pale to be read by all: these stand out 4.5 to 1 also on a button.
        body_text_color_subdued="#5b6575",
        body_text_color_subdued_dark="#a3aec0",
        input_placeholder_color="#5b6575",
        input_placeholder_color_dark="#a3aec0",
    ),
    "css_paths": [
        Path(__file__).parent / name
        for name in ("shared/style.css", "draw/wrong.css", "report/style.css", "teach/style.css")
    ],
    "head": assets.preload("shared/head.js", "train/heartbeat.js", "draw/view.js"),
    "footer_links": ["api"],
    "ssr_mode": False,  # needs Node
    "max_file_size": files.MAX_BYTES,  # see also untrusted.MAX_BYTES, whose sentence is ours
    "run_history": False,  # on a Space it would fetch the web addresses in what endpoints are given, to keep them
    "show_error": True,
    "enable_monitoring": False,  # it would write an address into the log at which anybody may see who asks what
}

# What the first drawing needs, seconds that no visitor should wait for, nor the page's start.  Not what training
# needs (`runs.prepare` imports it for who opens that tab), nor matplotlib, which the first picture of curves imports.
IMPORTED_AFTER_START = ("scipy.ndimage",)


def warm_up(page: Page) -> threading.Thread:
    """Do on another thread what would make the first answers slow; returns the thread."""

    def load() -> None:
        for name in IMPORTED_AFTER_START:
            importlib.import_module(name)
        for kind in (DigitClassifier, PhotoClassifier):
            page.holds.networks.warm(kind)
        give_freed_memory_back()  # what the networks' files were read into

    # No daemon: a program that ends meanwhile, for want of a port, would be aborted within PyTorch.
    thread = threading.Thread(target=load, name="warm-up")
    thread.start()
    return thread


class Page(files.UploadsOnly):
    """The page, and what it holds; both end with `close`."""

    holds: Server

    def fetch(self, url: str) -> bytes:
        return self.holds.pictures.fetch(url)

    def launch(self, *args: Any, until: Callable[[], bool] = lambda: False, **options: Any) -> Any:
        """As Gradio's; it returns once `until` says so, where Gradio's would wait for Ctrl-C."""
        self.holds.keep_tidy()
        self._until = until
        # `_frontend=False` skips a check that ends the program where the page's first answer takes over three seconds.
        try:
            return super().launch(*args, **{"state_session_capacity": SESSIONS, "_frontend": False, **options})
        except OSError as error:
            if "empty port" not in str(error):  # Gradio's words
                raise
            raise LeNetError(
                "The page finds no port to listen at, from {port} on: end what uses it, or set GRADIO_SERVER_PORT to "
                "another, 1024 or higher.",
                port=os.environ.get("GRADIO_SERVER_PORT", "7860"),
            ) from error

    def block_thread(self) -> None:
        try:
            while self.is_running and not self._until():
                time.sleep(0.1)
        finally:
            self.close(verbose=False)

    def close(self, verbose: bool = True) -> None:
        super().close(verbose)
        self.holds.close()


def serve(page: Page, options: Mapping[str, Any]) -> None:
    """Launch it, and return once the process is told to end."""
    with told_to_end() as told:
        warm_up(page)
        page.launch(**options, until=told)


def launch_options(page: Page) -> dict[str, Any]:
    """What to launch it with.

    Raises:
        PackageError: LENET_MCP is on, and what Gradio needs for it is not installed.
    """
    if environment.MCP:
        if importlib.util.find_spec("mcp") is None:
            raise PackageError("LENET_MCP needs what `pip install 'gradio[mcp]'` installs.")
        importlib.import_module("lenet.ui.tools")
    guards = [Middleware(Guard, uploads=page.holds.uploaded), Middleware(files.ClosedRoutes)]
    app = {"routes": assets.ROUTES, "middleware": [Middleware(Compressed), *guards]}
    folders = [str(page.holds.downloads)]
    return LAUNCH | {"allowed_paths": folders, "app_kwargs": app, "mcp_server": environment.MCP}


# --------------------------------------------------------------------------------------------------
# The tabs


def _zoo(server: Server, visitor: Visitor) -> Tab:
    return zoo.build(server, visitor, report.FUNCTIONS)


def _train(server: Server, visitor: Visitor) -> Tab:
    taught = teach.build(server)
    tab = train.build(server, visitor)
    place = report.build(server)
    # train/view.js: trigger("report").  In the browser alone, so that the last word is the newest.
    tab.training.report(None, tab.training, place, js="(report) => report", api_visibility="private")
    return replace(tab, sources=[*tab.sources, taught])


# In the order of the page; `tab_NAME` in the texts is what each is called.
TABS: dict[str, Callable[[Server, Visitor], Tab]] = {
    "draw": draw.build,
    "photo": photo.build,
    "zoo": _zoo,
    "train": _train,
}


# --------------------------------------------------------------------------------------------------
# The page


def build(saved: Path | None = None) -> Page:
    """The whole page, ready for `launch(**launch_options(page))`.

    Args:
        saved: see `Server`.

    Raises:
        LeNetError: no temporary folder can be written.
    """
    surroundings.temporary_folder()
    server = Server(saved)
    offered = {name: build_tab for name, build_tab in TABS.items() if name != "train" or environment.TRAINING}
    with Page(title=TITLE, analytics_enabled=False, delete_cache=(600, 3600)) as page:
        page.holds, page.state_session_capacity = server, SESSIONS
        head = gr.HTML(
            html_template=assets.template("shared/head.html"),
            js_on_load=assets.mount("shared/head.js", events=["speak"]),
            tabs=list(offered),
            elem_id="title",
            padding=False,
        )
        visitor = Visitor(networks=gr.State([]), language=gr.State(texts.DEFAULT))
        heads, built = {}, {}
        with gr.Tabs(selected="draw", elem_id="tabs") as tabs:
            for name, build_tab in offered.items():
                with gr.Tab(texts.say(f"tab_{name}"), id=name) as heads[name]:
                    built[name] = build_tab(server, visitor)
        _connect_language(head, visitor, heads, built)
        for tab in built.values():
            for source in tab.sources:
                _connect_source(server, source, visitor, tabs, built)
        for name, tab in built.items():
            if tab.ahead is not None:
                tab.ahead()(_selecting(name), None, tabs, queue=False, api_visibility="private")
        _publish_endpoints(server)
    _tune_queue(page)
    return page


def _tune_queue(page: Page) -> None:
    """How Gradio works off the events of the page."""
    # A drawing is answered while a run goes on: only runs wait for each other, in a queue of their own (`runs`).
    # Programs that ask to train pass through Gradio's at once; its length is for a burst of them and a class's uploads.
    page.queue(max_size=200, default_concurrency_limit=4, api_open=False)  # no event passes the queue by
    # With nobody there, Gradio looks for work 1,000 times a second, which costs 8% of a core, and 100 times for news of
    # a `gr.Progress`, which costs 1%; the page has none.
    page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free = 0.02, 1.0
    forgive_readers_who_left(page._queue)


def _selecting(name: str) -> Callable[[], gr.Tabs]:
    return lambda: gr.Tabs(selected=name)


def _connect_language(head: gr.HTML, visitor: Visitor, heads: Mapping[str, gr.Tab], built: Mapping[str, Tab]) -> None:
    """Say in the visitor's language what is Gradio's own on the page; the rest has scripts that do."""
    spoken = [tab.labels for tab in built.values() if tab.labels is not None]

    def speak(event: gr.EventData, keys: Keys, *states: Any) -> list[Any]:
        remaining = iter(states)
        language = messages.language(getattr(event, "_data", None))
        with texts.speaking(language):
            updates: list[Any] = [language, *(gr.Tab(texts.say(f"tab_{name}")) for name in heads)]
            for labels in spoken:
                updates += labels.say(keys, *(next(remaining) for _ in labels.states))
        return updates

    # shared/head.js: trigger("speak", { language })
    head.speak(
        speak,
        [visitor.networks, *(state for labels in spoken for state in labels.states)],
        [visitor.language, *heads.values(), *(component for labels in spoken for component in labels.components)],
        queue=False,
        api_visibility="private",
        trigger_mode="multiple",  # a second choice, while the first is answered, must not be passed over
    )


def _connect_source(server: Server, source: Source, visitor: Visitor, tabs: gr.Tabs, built: Mapping[str, Tab]) -> None:
    """Offer a visitor's new network in each tab that has a choice of networks."""
    choices = {name: tab.choice for name, tab in built.items() if tab.choice is not None}

    def take(event: gr.EventData, request: gr.Request, keys: Keys, language: str, *values: Any) -> list[Any]:
        owner = address_of(request), request.session_hash or ""
        with texts.speaking(language), messages.endpoint("offering a network"):
            taken = source.take(event, keys, owner, *values)
            keys = with_first(taken.key, keys) if taken.key else keys
            updates = [keys, *taken.updates, *(choice.offer(keys, taken.key) for choice in choices.values())]
        if source.opens:
            kind = server.networks.kind(taken.key)
            selected = [name for name, choice in choices.items() if choice.kind is kind]
            updates.append(gr.Tabs(selected=selected[0]) if selected else gr.skip())
        return updates

    source.event(
        take,
        [visitor.networks, visitor.language, *source.inputs],
        [
            visitor.networks,
            *source.outputs,
            *(choice.component for choice in choices.values()),
            *([tabs] if source.opens else []),
        ],
        api_visibility="private",
        **source.options,
    )


# --------------------------------------------------------------------------------------------------
# For programs


def _publish_endpoints(server: Server) -> None:
    """All but `train`, which its tab publishes."""
    picture, choice = partial(photo.uploaded_image, render=False), partial(gr.Textbox, render=False)
    _publish(bound(server, classify_digit), [picture(), choice("digits"), choice("modern")])
    _publish(bound(server, classify_photo), [picture(), choice("photos")])
    _publish(bound(server, networks), [])
    _publish(bound(server, report_of), [choice("digits")], "report")


def _publish(function: Any, inputs: list[Any], name: str = "") -> None:
    """An endpoint called `name`, or as the function is, with inputs that the page does not show."""
    name = name or function.__name__
    with gr.Row(visible=False):
        for component in inputs:
            component.render()
        gr.Button(name).click(function, inputs, gr.JSON(), api_name=name, queue=False)


async def classify_digit(
    server: Server, image: str, network: str, pipeline: str, request: gr.Request | None = None
) -> dict[str, Any]:
    """Read the digit in a picture, as the page does: a `Digit`, such as {"label", "confidence", "verdict"}.

    The label is the likeliest digit, also where the verdict is "not_digit": no digit, more likely than not.

    Args:
        image: a picture of one handwritten digit.
        network: a name that /networks lists, such as "digits".
        pipeline: "modern", or "classic" for the tutorials' resize-invert-normalise.
    """

    def answer(picture: Picture) -> dict[str, Any]:
        prediction = server.networks.classify_digit(str(network), picture, str(pipeline))
        whole = FoundDigit(WHOLE_PICTURE, prediction, touching=False)
        return asdict(facts.digit(whole, server.networks.digit_reader(str(network)).knows_non_digits))

    return await _classified(server, image, answer, request)


async def classify_photo(server: Server, image: str, network: str, request: gr.Request | None = None) -> dict[str, Any]:
    """Name what a photo shows, as the page does: a `PhotoAnswer`, such as {"label", "confidence", "verdict"}.

    It has "probs" too; "ood_score", how unlike the training data the photo is; and "crops", the parts that were
    looked at: {"box": [left, top, right, bottom] in fractions of the upright photo, "mirrored", "padded", "label",
    "confidence", "weight"}.  The verdict is "sure", "unsure", or "unknown" where it seems none of the classes.

    Args:
        image: a photo.
        network: a name that /networks lists, such as "photos".
    """

    def answer(picture: Picture) -> dict[str, Any]:
        return asdict(PhotoAnswer.of(server.networks.classify_photo(str(network), picture)))

    return await _classified(server, image, answer, request)


def networks(server: Server) -> list[dict[str, Any]]:
    """List the networks of this server: {"name", "reads", "model", "dataset", "parameters", "test_accuracy"} each.

    `reads` is "digits" for those that /classify_digit takes, and "photos" for those that /classify_photo takes.
    """
    return [
        _facts(server, name, reads)
        for reads, kind in (("digits", DigitClassifier), ("photos", PhotoClassifier))
        for _, name in shipped(kind)
    ]


def report_of(server: Server, network: str) -> dict[str, Any]:
    """Report how good a network is: what /networks says of it, and {"classes", "confusion", "accuracies", "metrics"}.

    Row i, column j of `confusion` counts the test pictures of class i that were taken for class j; `accuracies` has
    the fraction of each class that was right.

    Args:
        network: a name that /networks lists, such as "digits".
    """
    with messages.endpoint("reporting on a network"):
        network = str(network)  # a program may send anything
        found = server.networks.get(network)
        reads = "digits" if isinstance(found, DigitClassifier) else "photos"
        right = {found.classes[i]: row[i] / max(sum(row), 1) for i, row in enumerate(found.confusion)}
        measured = {"confusion": [list(row) for row in found.confusion], "accuracies": right, "metrics": found.metrics}
        return _facts(server, network, reads) | {"classes": list(found.classes)} | measured


def _facts(server: Server, name: str, reads: str) -> dict[str, Any]:
    found = server.networks.get(name)
    return {
        "name": name,
        "reads": reads,
        "model": found.recipe.model,
        "dataset": found.recipe.dataset,
        "parameters": found.parameters,
        "test_accuracy": found.metrics.get("test_accuracy"),
    }


async def _classified(
    server: Server, image: str, answer: Callable[[Picture], dict[str, Any]], request: gr.Request | None
) -> dict[str, Any]:
    """What `answer` says of the picture in that file.  Programs wait as photos do, for a few threads."""
    with messages.endpoint("classifying a picture"):
        address = address_of(request)
        picture = await server.files.work(lambda: open_picture(image), address)
        return await server.photos.work(lambda: answer(picture), address)
