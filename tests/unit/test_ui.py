"""What the tabs are made of, without a server."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lenet.data.strokes import render
from lenet.errors import CheckpointError, ImageError, Text
from lenet.inference.digits import DigitClassifier, DigitPrediction, FoundDigit, Verdict
from lenet.inference.pretrained import load
from lenet.training.loop import EpochEnd
from lenet.training.stored import WEIGHTS
from lenet.ui import messages
from lenet.ui.draw import tab as draw
from lenet.ui.server import Server
from lenet.ui.shared import figures, networks, pictures
from lenet.ui.train.runs import Runs

SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels


def address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_the_pad_gets_an_answer_and_six_steps(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"picture": address(render(SEVEN, 20, 280)), "network": "digits", "pipeline": "modern"}
    reply = draw.read_drawing(server, asked)
    assert 'data-label="7"' in reply["answer"]
    assert not reply["training"]
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "busy", True)
        assert draw.read_drawing(server, asked)["training"]
    assert draw.look_inside(server, asked | {"steps": True})["steps"].count("<figure") == 6


def test_beside_ones_own_network_the_shipped_one_answers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"picture": address(render(SEVEN, 20, 280)), "network": "digits", "pipeline": "modern"}
    assert "beside" not in draw.read_drawing(server, asked)["answer"]
    own, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"))
    reply = draw.read_drawing(server, asked | {"network": own})
    assert '<div class="beside" data-label="7"><b>7</b><p>Today: ours' in reply["answer"]
    server.networks.forget(own)
    with pytest.raises(CheckpointError, match="no longer keeps"):
        server.networks.get(own)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "does not understand"),
        ([], "does not understand"),
        ({"picture": 7, "network": "digits", "pipeline": "modern"}, "does not understand"),
        ({"picture": "data:image/png;base64,AAAA", "network": "digits", "pipeline": "modern"}, "not a picture"),
        ({"picture": "data:image/png;base64,%%%", "network": "digits", "pipeline": "modern"}, "no picture"),
        ({"picture": "data:image/png;base64,AA\xc4\xc4", "network": "digits", "pipeline": "modern"}, "no picture"),
        ({"picture": "https://example.com/a.png", "network": "digits", "pipeline": "modern"}, "no picture"),
        ({"picture": "data:image/png;base64," + "A" * 27_000_000, "network": "digits", "pipeline": "modern"}, "20 MB"),
    ],
)
def test_what_is_no_drawing_gets_a_sentence(server: Server, question: dict, says: str) -> None:
    assert says in draw.read_drawing(server, question)["problem"]


@pytest.mark.parametrize("key", ["../README", "run-guessed", "", "/etc/passwd", ".", "a" * 300])
def test_a_network_is_a_name_and_no_path(server: Server, key: str) -> None:
    with pytest.raises(CheckpointError):
        server.networks.get(key)


def test_each_kind_of_network_is_asked_its_own_question(server: Server) -> None:
    with pytest.raises(ImageError, match="one of modern, classic"):
        server.networks.classify_digit("digits", render(SEVEN, 20), "photo")
    with pytest.raises(ImageError, match="names photos"):
        server.networks.classify_digit("photos-lenet5", render(SEVEN, 20), "modern")
    with pytest.raises(ImageError, match="reads digits"):
        server.networks.classify_photo("digits", render(SEVEN, 20))


def test_texts_from_elsewhere_are_escaped() -> None:
    assert "<script>" not in figures.problem(Text("{name} is damaged.", name="<script>alert(1)</script>"))
    assert "<b>" not in figures.empty_answer(["<b>"], "<b>")


def test_an_answer_shows_every_class_in_order() -> None:
    prediction = DigitClassifier.from_pretrained("digits").predict(render(SEVEN, 20))
    html = figures.answer(prediction, figures.sentence(prediction))
    places = [html.index(f'<span class="name">{digit}</span>') for digit in "0123456789"]
    assert places == sorted(places)
    assert html.count('class="bar best"') == 1


def test_a_stage_travels_as_a_small_png() -> None:
    uri = figures.png_uri(np.zeros((1000, 600), np.uint8))
    picture = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))
    assert max(picture.size) <= figures.SHOWN_SIDE
    assert picture.size[1] > picture.size[0]


# --------------------------------------------------------------------------------------------------
# several digits, and none


def said(label: str, confidence: float, verdict: Verdict = "sure") -> DigitPrediction:
    """A prediction made by hand: the rest of the probability goes to another class, or to none."""
    probs = dict.fromkeys("0123456789", 0.0)
    probs[label] = confidence
    p_not_digit = 1 - confidence if verdict == "not_digit" else 0.0
    probs["5" if label != "5" else "6"] += 1 - confidence - p_not_digit
    one = DigitClassifier.from_pretrained("digits").predict(render(SEVEN, 20))
    return replace(one, label=label, confidence=confidence, verdict=verdict, probs=probs, p_not_digit=p_not_digit)


TWENTY = (
    FoundDigit((0.1, 0.3, 0.4, 0.7), said("2", 0.98), False),
    FoundDigit((0.6, 0.05, 0.9, 0.7), said("0", 0.55, "unsure"), False),
)


def test_a_number_is_read_from_left_to_right() -> None:
    html = figures.reading(TWENTY, 1)
    assert 'data-label="20"' in html
    assert html.index(">2<small>98%") < html.index(">0<small>55%")
    assert html.count('aria-pressed="true"') == 1
    assert "Read as 20" in html
    assert "Digit 2 of 2: unsure: 0 or 5?" in html
    assert 'bar best"><span class="name">0<' in html


def test_one_digit_is_shown_as_ever() -> None:
    one = (FoundDigit((0.0, 0.0, 1.0, 1.0), said("2", 0.98), False),)
    html = figures.reading(one, 0)
    assert '<p class="label short">2</p>' in html
    assert html.count('class="bar') == 11 + 1  # the digits and none, and their frame
    assert figures.answer(one[0].prediction, "").count('class="bar') == 10 + 1
    assert figures.boxes(one, 0) == ""


def test_a_network_that_knows_only_digits_has_no_row_for_the_rest() -> None:
    for name, rows in (("digits", 11), ("mnist-lenet5-1998", 10)):
        found = DigitClassifier.from_pretrained(name).read(render(SEVEN, 20))
        assert figures.reading(found, 0).count('class="bar') == rows + 1


def test_boxes_lie_where_the_digits_are() -> None:
    html = figures.boxes(TWENTY, 0)
    assert 'class="box sure chosen" style="left:10.00%;top:30.00%;width:30.00%;height:40.00%"' in html
    assert 'class="box unsure high"' in html
    assert "<b>0 <i>55%</i></b>" in html


def test_digits_that_touch_are_said_to() -> None:
    touching = (replace(TWENTY[0], touching=True), TWENTY[1])
    assert "leave a gap" in figures.reading(touching, 0)
    assert "leave a gap" not in figures.reading(touching, 1)
    doubtful = (FoundDigit((0.1, 0.1, 0.9, 0.5), said("8", 0.1, "not_digit"), True),)
    assert "Not one digit, I think. If these are two that touch" in figures.reading(doubtful, 0)
    assert "<b>? <i>none</i></b>" in figures.boxes(doubtful, 0)
    assert "touching" in figures.boxes(touching, 1)
    assert "touching" in figures.boxes(touching[:1], 0)


def test_the_digit_under_the_pen_is_meant(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.networks, "read", lambda key, image, pipeline: TWENTY)
    question = {"picture": address(render(SEVEN, 20)), "network": "digits", "pipeline": "modern"}
    for focus, chosen in ((None, "1"), ([0.7, 0.5], "2"), ([0.2, 0.9], "1"), ([0.51, 0.5], "2"), ([1, 1], "2")):
        assert f"Digit {chosen} of 2" in draw.read_drawing(server, question | {"focus": focus})["answer"], focus
    for garbled in ("here", [0.5], [0.5, "here"], [0.5, None], {"x": 1}):
        assert draw.read_drawing(server, question | {"focus": garbled})["problem"] == messages.GARBLED


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0"), (610, "610"), (1000, "1k"), (62_006, "62k"), (999_499, "999k"), (999_500, "1.00M"),
     (1_966_000, "1.97M"), (20_168_704, "20.2M"), (301_899_776, "302M"), (2.5e9, "2.50G")],
)  # fmt: skip
def test_large_numbers_as_people_say_them(count: float, said: str) -> None:
    assert figures.short(count) == said


def test_no_digit_has_no_name_but_a_closest_one() -> None:
    scribble = said("5", 0.12, "not_digit")
    html = figures.reading((FoundDigit((0.1, 0.3, 0.4, 0.7), scribble, False),), 0)
    assert 'data-label=""><p class="label short">?</p>' in html
    assert "Not a digit, I think. Closest: 5 (12%)" in html
    assert 'bar best"><span class="name">none<' in html
    assert html.count("bar best") == 1
    assert "none 88%" in html
    assert scribble.runner_up == "5"
    assert "label short" in figures.empty_answer(["1", "2"], "", non_digits=True)


def test_why_a_scribble_is_no_digit(server: Server) -> None:
    rng = np.random.default_rng(0)
    picture = render([rng.uniform(100, 400, (25, 2))], 12)
    asked = question(picture=address(picture))
    (found,) = server.networks.read("digits", pictures.decode(asked["picture"]), "modern")
    assert found.prediction.verdict == "not_digit"
    why = draw.look_inside(server, asked | {"why": True})["why"]
    assert "spoke for no digit" in why["legend"]
    assert f"spoke for {found.prediction.label}" in why["legend"]
    assert found.prediction.label in draw.what_if(server, asked)["said"]


# --------------------------------------------------------------------------------------------------
# behind the answer


def question(**more: object) -> dict:
    return {
        "picture": address(render(SEVEN, 20, 280)),
        "network": "digits",
        "pipeline": "modern",
        "focus": None,
        **more,
    }


def test_inside_sends_what_is_in_view(server: Server) -> None:
    assert draw.look_inside(server, question()) == {}
    reply = draw.look_inside(server, question(inside=True))
    assert list(reply) == ["layers"]
    by_name = {row["name"]: row for row in reply["layers"]}
    assert list(by_name) == [n for n in DigitClassifier.from_pretrained("digits").model._modules if n != "flatten"]
    assert "bytes" not in by_name["conv1"]
    assert len(base64.b64decode(by_name["pool1"]["bytes"])) == 16 * 12 * 12
    assert (by_name["pool1"]["shape"], len(by_name["pool1"]["said"])) == ([16, 12, 12], 16)
    assert [label["en"] for label in by_name["fc1"]["labels"]] == [*"0123456789", "none"]
    assert by_name["fc1"]["kind"] == {"en": "fully connected", "zh": "全连接"}
    assert int(np.argmax(by_name["fc1"]["said"])) == 7
    every = draw.look_inside(server, question(inside=True, every=True))["layers"]
    assert all("bytes" in row for row in every)
    assert every[0]["signed"]
    assert not by_name["pool1"]["signed"]


def test_bytes_can_be_read_back() -> None:
    values = np.array([-2.0, -1.0, 0.0, 0.5, 1.0], np.float32)
    packed = figures.packed(values, True)
    back = (np.frombuffer(base64.b64decode(packed["bytes"]), np.uint8).astype(float) - 128) / 127 * packed["scale"]
    np.testing.assert_allclose(back, values, atol=2 / 127)
    packed = figures.packed(values.clip(0), False)
    back = np.frombuffer(base64.b64decode(packed["bytes"]), np.uint8) / 255 * packed["scale"]
    np.testing.assert_allclose(back, values.clip(0), atol=1 / 255)
    assert set(base64.b64decode(figures.packed(np.zeros(3), True)["bytes"])) == {128}


def test_looking_inside_asks_the_network_no_second_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    draw.read_drawing(server, question())
    monkeypatch.setattr(DigitClassifier, "activations", lambda *_: pytest.fail("a second forward pass"))
    assert draw.look_inside(server, question(inside=True))["layers"]


def test_why_names_the_answer_and_the_runner_up(server: Server) -> None:
    why = draw.look_inside(server, question(why=True))["why"]
    assert "spoke for 7" in why["legend"]
    assert why["question"].startswith("What would make it a")
    assert why["side"] == 28
    assert len(base64.b64decode(why["ink"])) == len(base64.b64decode(why["evidence"])) == 28 * 28


def test_what_if_says_whether_it_is_enough(server: Server) -> None:
    reply = draw.what_if(server, question())
    assert "So changed, it reads" in reply["said"]
    assert len(base64.b64decode(reply["change"])) == 28 * 28
    assert draw.what_if(server, {})["problem"]


def test_a_network_for_photos_reads_no_drawing(server: Server) -> None:
    crafted = question(network="photos", pipeline="photo", why=True, inside=True)
    assert "names photos" in draw.read_drawing(server, crafted)["problem"]
    assert draw.look_inside(server, crafted) == {"blank": True}
    assert draw.what_if(server, crafted)["problem"]


def test_a_place_beyond_all_numbers_is_a_place(server: Server) -> None:
    crafted = question(focus=[10**400, 0])
    assert "problem" not in draw.read_drawing(server, crafted)
    assert draw.look_inside(server, crafted) != {"blank": True}


def test_nothing_is_behind_a_blank_picture(server: Server) -> None:
    blank = question(picture=address(Image.new("L", (280, 280), 255)), why=True, inside=True)
    assert draw.look_inside(server, blank) == {"blank": True}
    assert draw.look_inside(server, blank | {"steps": True})["steps"].count("<figure") == 3
    assert draw.what_if(server, blank)["problem"]


def test_readings_are_forgotten_at_last(server: Server) -> None:
    for width in range(networks.REMEMBERED + 5):
        picture = Image.new("L", (30 + width, 30), 255)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        server.networks.read("digits", buffer.getvalue(), "modern")
    assert len(server.networks._readings) == networks.REMEMBERED


def test_curves_have_axis_names() -> None:
    history = [EpochEnd(i, 1 / i, 0.5, 1 / i, 0.5, 1.0) for i in (1, 2, 3)]
    loss, accuracy = figures.curves(history, "a run").axes
    assert (loss.get_xlabel(), loss.get_ylabel(), accuracy.get_ylabel()) == ("epoch", "loss (nats)", "accuracy (%)")
    assert np.asarray(loss.lines[1].get_ydata()).tolist() == [1.0, 0.5, 1 / 3]
