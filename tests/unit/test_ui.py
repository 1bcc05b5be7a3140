"""What the tabs are made of, without a server."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from lenet.classifier import Classifier
from lenet.errors import CheckpointError, ImageError
from lenet.strokes import render
from lenet.training import EpochEnd, Step
from lenet.ui import draw, figures, networks
from lenet.ui.train import POINTS_AT_MOST, Curves, Line, _duration, _table

SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels


def address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_the_pad_gets_an_answer_and_six_steps() -> None:
    reply = draw.read_drawing({"picture": address(render(SEVEN, 20, 280)), "network": "digits", "road": "ours"})
    assert 'data-label="7"' in reply["answer"]
    assert reply["steps"].count("<figure") == 6


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "no drawing"),
        ({"picture": 7, "network": "digits", "road": "ours"}, "no picture"),
        ({"picture": "data:image/png;base64,AAAA", "network": "digits", "road": "ours"}, "not a picture"),
        ({"picture": "data:image/png;base64,%%%", "network": "digits", "road": "ours"}, "no picture"),
        ({"picture": "data:image/png;base64,AA\xc4\xc4", "network": "digits", "road": "ours"}, "no picture"),
        ({"picture": "https://example.com/a.png", "network": "digits", "road": "ours"}, "no picture"),
        ({"picture": "data:image/png;base64," + "A" * 27_000_000, "network": "digits", "road": "ours"}, "20 MB"),
    ],
)
def test_what_is_no_drawing_gets_a_sentence(question: dict, says: str) -> None:
    assert says in draw.read_drawing(question)["problem"]


@pytest.mark.parametrize("key", ["../README", "run-guessed", "", "/etc/passwd", ".", "a" * 300])
def test_a_network_is_a_name_and_no_path(key: str) -> None:
    with pytest.raises(CheckpointError):
        networks.get(key)


def test_a_photo_road_is_not_for_drawings() -> None:
    with pytest.raises(ImageError, match="ours or classic"):
        networks.predict("digits", render(SEVEN, 20), "photo")


def test_texts_from_elsewhere_are_escaped() -> None:
    assert "<script>" not in figures.problem("<script>alert(1)</script>")
    assert "<b>" not in figures.empty_answer(["<b>"], "<b>")


def test_an_answer_shows_every_class_in_order() -> None:
    prediction = Classifier.from_pretrained("digits").predict(render(SEVEN, 20))
    html = figures.answer(prediction)
    places = [html.index(f'<span class="name">{digit}</span>') for digit in "0123456789"]
    assert places == sorted(places)
    assert html.count('class="bar best"') == 1


def test_a_stage_travels_as_a_small_png() -> None:
    uri = figures.png_uri(np.zeros((1000, 600), np.uint8))
    picture = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))
    assert max(picture.size) <= figures.SHOWN_SIDE
    assert picture.size[1] > picture.size[0]


def test_a_long_line_is_thinned_and_keeps_its_mean() -> None:
    line = Line()
    for i in range(10_000):
        line.add(i, i % 2)
    assert POINTS_AT_MOST / 2 <= len(line.points) <= POINTS_AT_MOST
    assert line.points == sorted(line.points)
    assert np.mean([y for _, y in line.points]) == pytest.approx(0.5, abs=0.01)


def test_charts_know_both_lines_from_the_start() -> None:
    curves = Curves(epochs=3)
    assert set(_table(curves.loss)["split"]) == {"train", "validation"}
    curves.add(Step(epoch=1, step=5, total_steps=10, loss=2.0, accuracy=0.25, lr=0.1, images_per_second=1.0))
    curves.add(EpochEnd(epoch=1, train_loss=1.5, train_accuracy=0.5, val_loss=1.0, val_accuracy=0.75, seconds=1.0))
    table = _table(curves.accuracy).dropna()
    assert table.to_numpy().tolist() == [[0.5, 25.0, "train"], [1.0, 75.0, "validation"]]


def test_durations_read_well() -> None:
    assert (_duration(5.4), _duration(61)) == ("5 s", "1 min 1 s")


def test_curves_have_axis_names() -> None:
    history = [EpochEnd(i, 1 / i, 0.5, 1 / i, 0.5, 1.0) for i in (1, 2, 3)]
    loss, accuracy = figures.curves(history, "a run").axes
    assert (loss.get_xlabel(), loss.get_ylabel(), accuracy.get_ylabel()) == ("epoch", "loss (nats)", "accuracy (%)")
    assert loss.lines[1].get_ydata().tolist() == [1.0, 0.5, 1 / 3]
