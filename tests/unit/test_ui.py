"""What the tabs are made of, without a server."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lenet.data.strokes import render
from lenet.errors import CheckpointError, ImageError
from lenet.inference.digits import DigitClassifier, DigitPrediction, FoundDigit, FoundMark, Reading, Verdict
from lenet.inference.pretrained import load
from lenet.training.loop import EpochEnd
from lenet.training.stored import WEIGHTS
from lenet.ui.draw import tab as draw
from lenet.ui.server import Server
from lenet.ui.shared import facts, figures, networks, pictures
from lenet.ui.train.runs import Runs

SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels


def address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_the_pad_gets_an_answer_and_six_steps(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = draw.read_drawing(server, question())
    (digit,) = reply["digits"]
    assert (digit["label"], digit["verdict"], digit["touching"]) == ("7", "sure", False)
    assert list(digit["probs"]) == [*"0123456789"]
    assert sum(digit["probs"].values()) + digit["p_not_digit"] == pytest.approx(1, abs=1e-5)
    assert reply["beside"] is None
    assert reply["milliseconds"] > 0
    assert not reply["training"]
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "busy", True)
        assert draw.read_drawing(server, question())["training"]
    stages = draw.look_inside(server, question(steps=True))["stages"]
    assert [stage["name"]["template"] for stage in stages] == [
        "Grey",
        "Ink",
        "Cropped",
        "Fitted",
        "Centred",
        "Normalised",
    ]
    assert stages[-1]["shape"] == [28, 28]
    assert stages[-1]["why"]["values"].keys() == {"low", "high"}


def test_all_that_is_told_of_a_drawing_is_plain_json(server: Server) -> None:
    asked = question(why=True, inside=True, every=True, steps=True)
    for ask in (draw.read_drawing, draw.look_inside, draw.what_if):
        reply = ask(server, asked)
        assert json.loads(json.dumps(reply, allow_nan=False)) == reply


def test_beside_ones_own_network_the_shipped_one_answers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    own, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"))
    reply = draw.read_drawing(server, question(network=own))
    beside = reply["beside"]
    assert [digit["label"] for digit in beside["digits"]] == ["7"]
    assert beside["caption"]["template"] == "LeNet, modern"
    assert beside["accuracy"] > 0.99
    assert reply["digits"][0]["p_not_digit"] is None  # it learned nothing but digits
    assert beside["digits"][0]["p_not_digit"] >= 0
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
        ({"picture": "data:image/png;base64,%%%", "network": "digits", "pipeline": "modern"}, "No picture"),
        ({"picture": "data:image/png;base64,AA\xc4\xc4", "network": "digits", "pipeline": "modern"}, "No picture"),
        ({"picture": "https://example.com/a.png", "network": "digits", "pipeline": "modern"}, "No picture"),
        ({"picture": "data:image/png;base64," + "A" * 27_000_000, "network": "digits", "pipeline": "modern"}, "20 MB"),
    ],
)
def test_what_is_no_drawing_gets_a_sentence(server: Server, question: dict, says: str) -> None:
    assert says in draw.read_drawing(server, question)["problem"]["en"]


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


def test_a_stage_travels_as_a_small_png() -> None:
    address = facts.png_address(np.zeros((1000, 600), np.uint8))
    picture = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))
    assert max(picture.size) <= facts.SHOWN_SIDE
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


TWENTY = Reading(
    (
        FoundDigit((0.1, 0.3, 0.4, 0.7), said("2", 0.98), False),
        FoundDigit((0.6, 0.05, 0.9, 0.7), said("0", 0.55, "unsure"), False),
    ),
    (FoundMark("point", (0.45, 0.6, 0.5, 0.7), 1),),
)


def test_a_number_is_told_from_left_to_right(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.networks, "read", lambda key, image, pipeline: TWENTY)
    reading = draw.read_drawing(server, question())
    two, zero = reading["digits"]
    assert (two["label"], two["verdict"], two["box"]) == ("2", "sure", [0.1, 0.3, 0.4, 0.7])
    assert (zero["label"], zero["verdict"], zero["probs"]["5"]) == ("0", "unsure", pytest.approx(0.45))
    assert reading["marks"] == [{"kind": "point", "box": [0.45, 0.6, 0.5, 0.7], "before": 1}]


def test_the_digit_that_is_chosen_is_looked_into(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.networks, "read", lambda key, image, pipeline: TWENTY)
    assert [draw.look_inside(server, question(why=True, digit=i))["why"]["label"] for i in range(2)] == ["2", "0"]
    assert draw.look_inside(server, question(why=True, digit=2))["blank"]
    assert draw.what_if(server, question(digit=2))["problem"]["key"] == "draw_change_gone"
    for nowhere in (-1, 0.5, "second", None):
        for ask in (draw.look_inside, draw.what_if):
            assert "does not understand" in ask(server, question(why=True, digit=nowhere))["problem"]["en"]


def test_who_knows_that_it_is_a_digit_gets_an_answer_without_the_doubt() -> None:
    scribble = FoundDigit((0.1, 0.3, 0.4, 0.7), said("5", 0.3, "not_digit"), touching=False)
    certain = scribble.without_doubt().prediction
    assert (certain.verdict, certain.confidence, certain.p_not_digit) == ("sure", 1.0, 0.0)
    assert certain.runner_up != "5"
    assert replace(scribble, touching=True).without_doubt() == scribble.without_doubt(), "it is one"
    doubtful = replace(TWENTY.digits[0].prediction, confidence=0.89, p_not_digit=0.1)
    assert FoundDigit((0.1, 0.3, 0.4, 0.7), doubtful, touching=True).without_doubt().prediction.verdict == "unsure"
    two = TWENTY.digits[0]
    assert two.without_doubt() == two
    blank = DigitClassifier.from_pretrained("digits").predict(Image.new("L", (280, 280), 255))
    assert blank.without_doubt() == blank


def test_why_a_scribble_is_no_digit(server: Server) -> None:
    rng = np.random.default_rng(0)
    picture = render([rng.uniform(100, 400, (25, 2))], 12)
    asked = question(picture=address(picture))
    (found,) = server.networks.read("digits", pictures.decode(asked["picture"]), "modern").digits
    assert found.prediction.verdict == "not_digit"
    why = draw.look_inside(server, asked | {"why": True})["why"]
    assert (why["label"], why["runner_up"]) == ("", found.prediction.label)
    assert draw.what_if(server, asked)["target"] == found.prediction.label
    certain = asked | {"certain": True}
    why = draw.look_inside(server, certain | {"why": True})["why"]
    assert why["label"] == found.prediction.label
    assert draw.what_if(server, certain)["target"] == why["runner_up"] not in ("", why["label"])


# --------------------------------------------------------------------------------------------------
# behind the answer


def question(**more: object) -> dict:
    return {
        "picture": address(render(SEVEN, 20, 280)),
        "network": "digits",
        "pipeline": "modern",
        "digit": 0,
        **more,
    }


def test_inside_sends_what_is_in_view(server: Server) -> None:
    nothing = {"why": None, "layers": None, "stages": None, "blank": False}
    assert draw.look_inside(server, question()) == nothing
    reply = draw.look_inside(server, question(inside=True))
    assert reply == nothing | {"layers": reply["layers"]}
    by_name = {row["name"]: row for row in reply["layers"]}
    assert list(by_name) == [n for n in DigitClassifier.from_pretrained("digits").model._modules if n != "flatten"]
    assert by_name["conv1"]["cells"] is by_name["conv1"]["said"] is None
    assert len(base64.b64decode(by_name["pool1"]["cells"])) == 16 * 12 * 12
    assert (by_name["pool1"]["shape"], len(by_name["pool1"]["said"])) == ([16, 12, 12], 16)
    assert by_name["fc1"]["labels"] == [*"0123456789", ""]
    assert by_name["fc1"]["kind"] == {"template": "fully connected", "values": {}}
    assert int(np.argmax(by_name["fc1"]["said"])) == 7
    every = draw.look_inside(server, question(inside=True, every=True))["layers"]
    assert all(row["cells"] for row in every)
    assert every[0]["signed"]
    assert not by_name["pool1"]["signed"]


def test_bytes_can_be_read_back() -> None:
    values = np.array([-2.0, -1.0, 0.0, 0.5, 1.0], np.float32)
    packed = facts.packed(values, True)
    back = (np.frombuffer(base64.b64decode(packed["cells"]), np.uint8).astype(float) - 128) / 127 * packed["scale"]
    np.testing.assert_allclose(back, values, atol=2 / 127)
    packed = facts.packed(values.clip(0), False)
    back = np.frombuffer(base64.b64decode(packed["cells"]), np.uint8) / 255 * packed["scale"]
    np.testing.assert_allclose(back, values.clip(0), atol=1 / 255)
    assert set(base64.b64decode(facts.packed(np.zeros(3), True)["cells"])) == {128}


def test_looking_inside_asks_the_network_no_second_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    draw.read_drawing(server, question())
    monkeypatch.setattr(DigitClassifier, "activations", lambda *_: pytest.fail("a second forward pass"))
    assert draw.look_inside(server, question(inside=True))["layers"]


def test_why_names_the_answer_and_the_runner_up(server: Server) -> None:
    why = draw.look_inside(server, question(why=True))["why"]
    assert why["label"] == "7"
    assert why["runner_up"] in set("012345689")
    assert why["gain"] > 0 > why["loss"]
    assert why["side"] == 28
    assert len(base64.b64decode(why["ink"])) == len(base64.b64decode(why["cells"])) == 28 * 28


def test_what_if_says_whether_it_is_enough(server: Server) -> None:
    reply = draw.what_if(server, question())
    assert reply["reached"]
    assert reply["probability"] > 0.5
    assert len(base64.b64decode(reply["cells"])) == len(base64.b64decode(reply["ink"])) == 28 * 28
    assert draw.what_if(server, {})["problem"]


def test_a_network_for_photos_reads_no_drawing(server: Server) -> None:
    crafted = question(network="photos", pipeline="photo", why=True, inside=True)
    assert "names photos" in draw.read_drawing(server, crafted)["problem"]["en"]
    assert draw.look_inside(server, crafted)["blank"]
    assert draw.what_if(server, crafted)["problem"]


def test_nothing_is_behind_a_blank_picture(server: Server) -> None:
    blank = question(picture=address(Image.new("L", (280, 280), 255)), why=True, inside=True)
    assert draw.read_drawing(server, blank)["digits"][0]["verdict"] == "blank"
    assert draw.look_inside(server, blank) == {"why": None, "layers": None, "stages": None, "blank": True}
    assert len(draw.look_inside(server, blank | {"steps": True})["stages"]) == 3
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


def test_a_network_is_fetched_to_be_computed_by_the_browser(server: Server) -> None:
    reply = draw.fetch_network(server, {"network": "digits"})
    assert reply["beside"] == ""
    accuracy = load(WEIGHTS / "digits.safetensors").metrics["test_accuracy"]
    assert reply["called"] == {"caption": {"template": "LeNet, modern", "values": {}}, "accuracy": accuracy}
    assert reply["table"]["classes"] == [*"0123456789"]
    assert len(json.dumps(reply, allow_nan=False)) < 400_000
    assert draw.fetch_network(server, {"network": "digits"})["table"] is reply["table"], "it is made once"
    own, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"))
    mine = draw.fetch_network(server, {"network": own})
    assert (mine["beside"], mine["called"]["caption"]) == ("digits", server.networks.called(own))
    assert "names photos" in draw.fetch_network(server, {"network": "photos-lenet5"})["problem"]["en"]
    assert "no network called gone" in draw.fetch_network(server, {"network": "gone"})["problem"]["en"]
