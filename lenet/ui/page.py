"""The page: four tabs, what they share, and the endpoints for programs."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr

from lenet.classifier import Prediction
from lenet.errors import Text
from lenet.ui import assets, draw, files, messages, networks, own, photo, texts, train

TITLE = "LeNet Playground"
Answer = TypeVar("Answer", bound=Prediction)

TABS = ("draw", "photo", "zoo", "train")

# System fonts: the page works without any network.
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
LAUNCH: dict[str, Any] = {
    "theme": gr.themes.Default(
        primary_hue="orange",
        neutral_hue="slate",
        radius_size="lg",
        font=FONTS,
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(
        # The theme's own grey is too pale to be read by all: these stand out 4.5 to 1 also on a button.
        body_text_color_subdued="#5b6575",
        body_text_color_subdued_dark="#a3aec0",
        input_placeholder_color="#5b6575",
        input_placeholder_color_dark="#a3aec0",
    ),
    "css_paths": [Path(__file__).parent / name for name in ("style.css", "report.css")],
    "head": assets.preload(),
    "app_kwargs": {"routes": assets.ROUTES},
    "footer_links": ["api"],
    "ssr_mode": False,  # needs Node
    "allowed_paths": [str(networks.FOLDER)],  # files to download
    "max_file_size": "20mb",  # see also admission.BYTES_AT_MOST, whose sentence is ours
    "show_error": True,
}

# What the first drawing, the first training run and the first picture of curves import: seconds that no visitor
# should wait for, nor the page's start.  An optimizer of PyTorch imports torch._dynamo when it is made.
IMPORTED_AFTER_START = ("scipy.ndimage", "torch._dynamo", "matplotlib.figure")


def warm_up() -> threading.Thread:
    """Import on another thread what the page needs later; returns the thread."""

    def load() -> None:
        for name in IMPORTED_AFTER_START:
            importlib.import_module(name)

    thread = threading.Thread(target=load, name="warm-up", daemon=True)
    thread.start()
    return thread


def build() -> gr.Blocks:
    """The whole page, ready for `launch(**LAUNCH)`."""
    files.use_own_upload_folder()
    with files.UploadsOnly(title=TITLE, analytics_enabled=False, delete_cache=(3600, 86400)) as demo:
        head = gr.HTML(
            html_template=assets.template("head.html"),
            js_on_load=assets.mount("head.js", events=["speak"]),
            tabs=TABS,
            elem_id="title",
            padding=False,
        )
        mine = gr.State([])  # a visitor's own networks, see `own`
        language = gr.State(texts.DEFAULT)  # for what is asked without naming it
        with gr.Tabs(selected="draw", elem_id="tabs") as tabs:
            tab = {name: gr.Tab(texts.say(f"tab_{name}"), id=name) for name in TABS}
            with tab["draw"]:
                drawing = draw.build()
            with tab["photo"]:
                studio = photo.build()
            with tab["zoo"]:
                upload = own.build(mine, language, drawing.network, studio)
            with tab["train"]:
                train.build(drawing.network, studio, tabs, mine)
        # head.js: trigger("speak", { language })
        head.speak(
            speak,
            [mine, upload.said],
            [language, *tab.values(), drawing.network, drawing.pipeline, upload.button, upload.note],
            queue=False,
            api_visibility="private",
            trigger_mode="multiple",  # a second choice, while the first is answered, must not be passed over
        )
        train.keep(tabs)
        _publish(
            classify_digit,
            [
                photo.uploaded_image(render=False),
                gr.Textbox("digits", render=False),
                gr.Textbox("modern", render=False),
            ],
        )
        _publish(classify_photo, [photo.uploaded_image(render=False), gr.Textbox("photos", render=False)])
    # A drawing is answered while a run goes on: only runs wait for each other, in a queue of their own (`runs`).
    # Programs that ask to train pass through Gradio's at once; its length is for a burst of them and a class's uploads.
    demo.queue(max_size=200, default_concurrency_limit=4)
    return demo


def speak(mine: own.Own, uploaded: texts.Said | Text, event: gr.EventData) -> tuple[Any, ...]:
    """Say in the visitor's language what is Gradio's own on the page; the rest has scripts that do."""
    with texts.speaking(str(event.language)):
        tabs = [gr.Tab(texts.say(f"tab_{name}")) for name in TABS]
        return str(event.language), *tabs, *draw.labels(own.choices(mine)), *own.labels(uploaded)


def _publish(function: Any, inputs: list[Any]) -> None:
    """An endpoint of its own name, with inputs that the page does not show."""
    with gr.Row(visible=False):
        for component in inputs:
            component.render()
        gr.Button(function.__name__).click(function, inputs, gr.JSON(), api_name=function.__name__, queue=False)


def classify_digit(image: str, network: str, pipeline: str) -> dict[str, Any]:
    """Read the digit in a picture: {"label", "confidence", "verdict", "probs", "p_not_digit"}.

    The label is the likeliest digit, also where the verdict is "not_digit": no digit, more likely than not.

    Args:
        image: a picture of one handwritten digit.
        network: a name in weights/, such as "digits".
        pipeline: "modern", or "classic" for the tutorials' resize-invert-normalise.
    """
    prediction = _asked(lambda: networks.classify_digit(network, image, pipeline))
    return _answer(prediction) | {"p_not_digit": prediction.p_not_digit}


def classify_photo(image: str, network: str) -> dict[str, Any]:
    """Name what a photo shows: {"label", "confidence", "verdict", "probs", "ood_score", "crops"}.

    The verdict is "unknown" where it seems none of the classes; `crops` are the parts that were looked at,
    with fractions of the upright picture: {"box": [left, top, right, bottom], "mirrored", "padded", "weight"}.

    Args:
        image: a photo.
        network: a name in weights/, such as "photos".
    """
    prediction = _asked(lambda: networks.classify_photo(network, image))
    crops = [
        {"box": list(crop.box), "mirrored": crop.mirrored, "padded": crop.padded, "weight": crop.weight}
        for crop in prediction.crops
    ]
    return _answer(prediction) | {"ood_score": prediction.ood_score, "crops": crops}


def _asked(ask: Callable[[], Answer]) -> Answer:
    with messages.endpoint("classifying a picture"):
        return ask()


def _answer(prediction: Prediction) -> dict[str, Any]:
    return {
        "label": prediction.label,
        "confidence": prediction.confidence,
        "verdict": prediction.verdict,
        "probs": prediction.probs,
    }
