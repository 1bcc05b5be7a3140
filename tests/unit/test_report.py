"""A report: its arithmetic by answers made by hand, its HTML, its files, and how the page asks for it."""

from __future__ import annotations

import base64
import csv
import io
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from lenet.data import datasets
from lenet.data.datasets import Split, load_test
from lenet.errors import CheckpointError, DataError
from lenet.inference.classifier import Classifier
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.inference.report import BATCH, MISTAKES, UNKNOWN, Answers, Examination, answer, measure, report
from lenet.inference.summary import exhibit
from lenet.training.loop import EpochEnd, evaluate
from lenet.training.metrics import BINS, Bin, accuracy, calibration_error, confusion, mean_gap
from lenet.training.stored import WEIGHTS
from lenet.ui import messages
from lenet.ui.report import document, exports, plots
from lenet.ui.report import tab as report_tab
from lenet.ui.server import Server
from lenet.ui.shared import texts
from lenet.ui.shared.evaluation import Asking, Evaluations
from lenet.ui.shared.networks import Networks

CURVES = tuple(EpochEnd(i, 2.0 / i, 0.3 * i, 1.5 / i, 0.25 * i, 1.5) for i in (1, 2, 3))


def some_answers() -> Answers:
    return Answers(
        np.array([3, 5, 3, 3, 3]), np.array([3, 3, 5, 5, 5]), np.array([0.9, 0.8, 0.5, 0.7, 0.6], np.float32)
    )


@pytest.fixture
def digits() -> Checkpoint:
    return load(WEIGHTS / "digits.safetensors")


# --------------------------------------------------------------------------------------------------
# Answers


def test_a_cells_pictures_and_the_mistakes_come_most_confident_first() -> None:
    answers = some_answers()
    assert answers.cell(3, 5).tolist() == [3, 4, 2]
    assert answers.cell(5, 3).tolist() == [1]
    assert answers.cell(0, 0).tolist() == []
    assert answers.mistakes().tolist() == [1, 3, 4, 2]
    assert answers.labelled(5).tolist() == [1]
    counts = answers.confusion(10)
    assert (counts[3][5], counts[5][3], counts[3][3], sum(map(sum, counts))) == (3, 1, 1, 5)


def test_what_nobody_asked_counts_nowhere() -> None:
    answers = replace(some_answers(), given=np.array([3, UNKNOWN, 5, UNKNOWN, 5]))
    assert answers.known == 3
    assert answers.mistakes().tolist() == [4, 2]
    assert sum(map(sum, answers.confusion(10))) == 3


def test_a_seed_gives_the_same_pictures_and_another_gives_others() -> None:
    answers = replace(some_answers(), labels=np.arange(1000))
    first = answers.sample(0, 25)
    assert first.tolist() == answers.sample(0, 25).tolist()
    assert len(set(first.tolist())) == 25
    assert first.tolist() != answers.sample(1, 25).tolist()
    assert sorted(some_answers().sample(0, 25).tolist()) == [0, 1, 2, 3, 4]


def test_answers_are_the_classifiers_and_what_is_wanted_comes_first() -> None:
    reader = Classifier.from_pretrained("digits")
    images = torch.randint(0, 256, (2 * BATCH + 7, 1, 28, 28), dtype=torch.uint8)
    examination = Examination(reader, Split(images, torch.arange(len(images)) % 10))
    sevens = examination.answers.labelled(7)
    assert not examination.want(sevens)
    assert examination.go_on()
    assert examination.want(sevens)
    assert examination.answers.known == len(sevens)
    while examination.go_on():
        pass
    answers = examination.answers
    assert answers.known == len(images)
    with torch.no_grad():
        x = (images[:5].float() / 255 - reader.recipe.input.mean[0]) / reader.recipe.input.std[0]
        probs = (reader.model(x) / reader.recipe.temperature).softmax(dim=1)[:, :10]
    assert answers.given[:5].tolist() == probs.argmax(dim=1).tolist()
    assert answers.confidences[:5] == pytest.approx(probs.max(dim=1).values.numpy(), abs=1e-5)


def test_a_large_network_gives_float32s_answers_in_bfloat16_too(monkeypatch: pytest.MonkeyPatch) -> None:
    photos = Classifier.from_pretrained("photos")
    colours = torch.randint(0, 256, (8, 3, 4, 4), generator=torch.Generator().manual_seed(0)).float()
    patterns = torch.nn.functional.interpolate(colours, size=(32, 32), mode="bilinear")
    its_answers = evaluate(photos.model, patterns.byte(), photos.recipe.input).argmax(dim=1)
    other = int((its_answers != its_answers[0]).nonzero()[0])
    shares = torch.linspace(0, 1, 60)[:, None, None, None]  # from one answer to another: some lie close between them
    images = torch.lerp(patterns[0], patterns[other], shares).byte()
    asked = []

    def noted(model, images, form, bfloat16):  # that bfloat16 is used wherever this test runs
        asked.append((len(images), bfloat16))
        return evaluate(model, images, form, bfloat16=bfloat16)

    monkeypatch.setattr("lenet.inference.report.evaluate", noted)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    given, confidences = answer(photos, images)
    logits = evaluate(photos.model, images, photos.recipe.input)
    assert given.tolist() == logits.argmax(dim=1).tolist()
    assert confidences == pytest.approx((logits / photos.temperature).softmax(dim=1).amax(dim=1).numpy(), abs=0.1)
    assert asked[0] == (60, True)
    (close, bfloat16) = asked[1]
    assert 0 < close < 60
    assert bfloat16 is False


# --------------------------------------------------------------------------------------------------
# The report


def test_a_report_adds_up(digits: Checkpoint) -> None:
    found = report(digits, some_answers(), CURVES)
    assert (found.accuracy, found.count, found.errors) == (1 / 5, 5, 4)
    assert found.by_class == (None, None, None, 1 / 4, None, 0.0, None, None, None, None)
    assert [(m.position, m.label, m.answer) for m in found.mistakes] == [(1, 5, 3), (3, 3, 5), (4, 3, 5), (2, 3, 5)]
    assert found.mistakes[0].confidence == pytest.approx(0.8)
    assert not found.mistakes[0].right
    assert len(found.bins) == BINS
    filled = {i: (b.count, b.accuracy) for i, b in enumerate(found.bins) if b.count}
    assert filled == {13: (1, 1.0), 12: (1, 0.0), 7: (1, 0.0), 10: (1, 0.0), 9: (1, 0.0)}
    # every bin holds one answer: 0.9 lacks 0.1, the others lack all they claim
    assert found.calibration_error == pytest.approx((0.1 + 0.8 + 0.5 + 0.7 + 0.6) / 5)
    assert found.curves == CURVES


def test_a_report_says_what_the_metrics_say(digits: Checkpoint) -> None:
    test = datasets.load("digits").test
    found = measure(replace(digits, recipe=digits.recipe.with_changes(dataset="digits")), test)
    logits = evaluate(digits.model, test.images, digits.recipe.input)
    assert found.accuracy == accuracy(logits[:, :10], test.labels)
    assert found.confusion == tuple(tuple(row) for row in confusion(logits[:, :10], test.labels).tolist())
    probs = (logits / digits.temperature).softmax(dim=1)[:, :10]
    assert found.calibration_error == pytest.approx(calibration_error(probs, test.labels), abs=1e-6)
    assert [one.position for one in found.sample] == measured_again(digits, test)


def measured_again(checkpoint: Checkpoint, test: Split) -> list[int]:
    return [one.position for one in measure(checkpoint, test).sample]


# --------------------------------------------------------------------------------------------------
# Its plots, in the file to keep


def test_squares_are_shaded_by_the_row_and_errors_by_the_commonest() -> None:
    assert document.shades([[3, 1], [4, 0]]) == [[0.75, 0.5], [1.0, 0.0]]
    assert document.shades([[0, 0], [0, 0]]) == [[0, 0], [0, 0]]


def test_the_calibration_plot_has_bars_to_scale_and_words() -> None:
    plot = plots.calibration([Bin(0, 0.0, 0.0), Bin(40, 0.75, 0.5), Bin(3, 0.9, 1.0)])
    lacking, above = plot.bars
    height = plots.BOTTOM - plots.TOP
    assert (lacking.kind, lacking.few, above.kind, above.few) == ("lacking", False, "above", True)
    assert (lacking.height, lacking.gap_height) == pytest.approx((0.5 * height, 0.25 * height))
    assert (above.height, above.gap_height) == pytest.approx((0.9 * height, 0.1 * height))
    assert lacking.said == "75% sure: 50% right of 40 pictures"
    assert plot.about == f"Calibration plot. {lacking.said}; {above.said}"
    assert (plot.x_name, plot.y_name) == ("how sure the network is", "how often it is right")


def test_curves_end_at_the_last_epoch() -> None:
    loss, accuracy = plots.curves(CURVES)
    train, val = loss.lines
    assert (train.kind, val.kind) == ("train", "val")
    assert train.x == plots.RIGHT
    height = plots.BOTTOM - plots.TOP
    assert plots.BOTTOM - train.y == pytest.approx(height * (2 / 3) / plots.round_up(2.0))
    assert [tick.text for tick in loss.x_ticks] == ["1", "2", "3"]
    assert plots.BOTTOM - accuracy.lines[0].y == pytest.approx(0.9 * height)


@pytest.mark.parametrize(("value", "above"), [(2.0, 2.0), (2.1, 4.0), (0.3, 0.4), (7, 8)])
def test_an_axis_ends_at_a_round_number(value: float, above: float) -> None:
    assert plots.round_up(value) == pytest.approx(above)


def test_texts_from_a_file_are_escaped(digits: Checkpoint, tmp_path: Path) -> None:
    odd = "<script>alert(1)</script>"
    recipe = digits.recipe.with_changes(about=odd, name=odd, source=odd, claims=odd)
    lying = replace(digits, recipe=recipe, classes=(odd,) * 10, versions={odd: odd})
    save(tmp_path / "odd.safetensors", lying)
    shown = exhibit("odd", Classifier.of(lying), 1)
    found = report(lying, some_answers(), CURVES)
    images = {one.position: np.zeros((28, 28), np.uint8) for one in (*found.sample, *found.mistakes)}
    html = document.document(odd, found, images, shown)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 40  # the title, classes, pictures, squares, the recipe and versions


# --------------------------------------------------------------------------------------------------
# Files


@pytest.fixture
def own(server: Server, digits: Checkpoint) -> str:
    """A visitor's network that is tested on the built-in digits."""
    key, _ = server.networks.keep(
        replace(digits, recipe=digits.recipe.with_changes(dataset="digits")), CURVES, "../a run <b>"
    )
    return key


def finished(server: Server, key: str) -> Asking:
    until = time.monotonic() + 60
    while not (asking := server.evaluations.ask(key)).finished and time.monotonic() < until:
        time.sleep(0.01)
    assert asking.finished
    return asking


def test_a_report_is_one_file_that_needs_nothing_beside_it(server: Server, own: str) -> None:
    server.networks.call(own, "Run 3, digits-demo")
    path = exports.write(server, own, "report", report_tab.measured(server, own, finished(server, own)))
    html = path.read_text(encoding="utf-8")
    assert path.name == "Run-3-digits-demo.html"
    assert "<title>Run 3, digits-demo</title>" in html
    assert "<h1>Run 3, digits-demo</h1>" in html
    assert not re.search(r"https?:|src=\"(?!data:)|href=|<link|<script|@import|url\(", html)
    assert html.count("<img") >= 25
    assert html.count("<polyline") == 4
    assert "prefers-color-scheme: dark" in html
    assert len(html) < 500_000


def test_curves_are_rows_and_a_picture(server: Server, own: str) -> None:
    rows = list(csv.DictReader(io.StringIO(exports.write(server, own, "csv", None).read_text(encoding="utf-8"))))
    assert [float(row["val_loss"]) for row in rows] == [event.val_loss for event in CURVES]
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    with Image.open(exports.write(server, own, "png", None)) as picture:
        assert (picture.format, picture.width) == ("PNG", 1350)


def test_weights_to_keep_are_those_that_are_used(server: Server, own: str) -> None:
    path = exports.write(server, own, "weights", None)
    assert path.name == "a-run-b.safetensors"  # whatever a visitor calls it, it stays in its folder
    assert path.parent.parent == server.downloads
    assert torch.equal(
        load(path).model.state_dict()["fc1.bias"], server.networks.get(own).model.state_dict()["fc1.bias"]
    )
    assert (
        exports.write(server, "digits", "weights", None).read_bytes() == (WEIGHTS / "digits.safetensors").read_bytes()
    )


def test_a_network_without_curves_offers_none(server: Server, own: str) -> None:
    assert {"csv", "png"} <= {offer.kind for offer in exports.offered(server, own)}
    assert not {"csv", "png"} & {offer.kind for offer in exports.offered(server, "digits")}
    with pytest.raises(CheckpointError, match="no such file"):
        exports.write(server, "digits", "csv", None)


def test_a_network_is_kept_as_onnx_too(server: Server, own: str) -> None:
    path = exports.write(server, own, "onnx", None)
    assert path.name == "a-run-b.onnx"
    onnx.checker.check_model(onnx.load(path))


def test_a_network_is_kept_as_a_page_to_take_home_too(server: Server, own: str) -> None:
    path = exports.write(server, own, "web", None)
    assert path.name == "a-run-b.web.html"
    assert path != exports.write(server, own, "weights", None)
    assert "lenet/home/digits.js" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("network", "fits"), [("digits", True), ("photos-small", True), ("photos-medium", False)])
def test_only_small_networks_are_offered_to_take_home(server: Server, network: str, fits: bool) -> None:
    assert ("web" in {offer.kind for offer in exports.offered(server, network)}) == fits


def test_files_go_when_their_network_does(server: Server, digits: Checkpoint) -> None:
    server.networks = Networks(server.downloads, server.pictures, most=1)
    own, _ = server.networks.keep(digits, CURVES)
    path = exports.write(server, own, "csv", None)
    server.networks.keep(digits)
    assert not path.exists()
    with pytest.raises(CheckpointError, match="no longer keeps"):
        server.networks.kept(own)


# --------------------------------------------------------------------------------------------------
# What the page asks


QUESTIONS = [report_tab.choose, report_tab.measure, report_tab.show_pictures, report_tab.keep]


@pytest.mark.parametrize(
    "question", [{}, {"network": "own-guessed"}, {"network": "../README"}, {"network": None}, None]
)
def test_what_is_no_network_gets_a_sentence(server: Server, question) -> None:
    for ask in QUESTIONS:
        asked = {"kind": "weights", "page": 0, "cell": None, **question} if question else question
        assert ask(server, asked)["problem"]["en"].endswith(".")


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": [99, 0]},
        {"cell": [10**400, 0]},
        {"cell": "ab"},
        {"cell": [1]},
        {"cell": ["a", "b"]},
        {"cell": 7},
        {"page": None},
        {"page": -1},
        {"page": float("inf")},
    ],
)
def test_what_are_no_pictures_gets_a_sentence(server: Server, changes, own: str) -> None:
    finished(server, own)
    question = {"network": own, "cell": None, "page": 0}
    assert len(report_tab.show_pictures(server, question)["pictures"]) == 25
    assert report_tab.show_pictures(server, {**question, "cell": [0, 0], "page": 1})["more"] is False
    reply = report_tab.show_pictures(server, {**question, **changes})
    assert reply["problem"]["en"] == messages.GARBLED


def test_a_cells_pictures_come_in_pages(server: Server, own: str) -> None:
    asking = finished(server, own)
    assert asking.answers is not None
    question = {"network": own, "cell": [3, 3], "page": 0}
    first = report_tab.show_pictures(server, question)
    assert {(one["label"], one["answer"]) for one in first["pictures"]} == {(3, 3)}
    assert first["found"] == asking.answers.confusion(10)[3][3]
    confidences = [one["confidence"] for one in first["pictures"]]
    assert confidences == sorted(confidences, reverse=True)
    second = report_tab.show_pictures(server, question | {"page": 1})
    assert (first["first"], second["first"]) == (0, 25)
    assert not {one["position"] for one in first["pictures"]} & {one["position"] for one in second["pictures"]}
    none = report_tab.show_pictures(server, question | {"cell": [3, 0]})
    assert none == {"pictures": (), "found": 0, "first": 0, "more": False}


def test_all_that_is_measured_comes_at_once(server: Server, own: str) -> None:
    asking = finished(server, own)
    assert asking.answers is not None
    reply = report_tab.measure(server, {"network": own, "again": False})
    assert len(reply["mistakes"]) == min(MISTAKES, reply["errors"])
    assert all(one["label"] != one["answer"] for one in reply["mistakes"])
    with Image.open(io.BytesIO(base64.b64decode(reply["mistakes"][0]["image"].split(",")[1]))) as picture:
        assert picture.size == (28, 28)
    assert len(reply["bins"]) == BINS
    assert sum(one["count"] for one in reply["bins"]) == reply["total"] == 300
    assert reply["confusion"] == asking.answers.confusion(10)
    assert reply["accuracy"] == pytest.approx(1 - reply["errors"] / 300)
    assert report_tab.keep(server, {"network": own, "kind": "report"})["name"] == "a-run-b.html"


def test_the_report_to_keep_is_a_file_in_each_language(server: Server, own: str) -> None:
    finished(server, own)
    names = {}
    for language in ("en", "zh"):
        names[language] = report_tab.keep(server, {"network": own, "kind": "report", "language": language})["name"]
        html = (server.networks.folder(own) / names[language]).read_text(encoding="utf-8")
        assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in html
        found = english_in(re.sub(r"<title>.*?</h1>|<p class=\"hint origin\">.*?</p>|<code>.*?</code>", "", html))
        assert bool(found) == (language == "en"), found
    assert names == {"en": "a-run-b.html", "zh": "a-run-b.zh-Hans.html"}
    kept = [exports.write(server, own, kind, None).name for kind in ("weights", "csv", "png")]
    with texts.speaking("zh"):
        assert [exports.write(server, own, kind, None).name for kind in ("weights", "csv", "png")] == kept


def english_in(html: str) -> list[str]:
    """Runs of English words in what is read or read out."""
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    said = [*re.findall(r'(?:aria-label|title|alt)="([^"]*)"', html), re.sub(r"<[^>]+>", "\n", html)]
    return [run for text in said for run in re.findall(r"[A-Za-z]{2,}(?:[ ,:]+[A-Za-z]{2,})+", text)]


def test_nothing_is_downloaded_that_nobody_wanted(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    server.evaluations = Evaluations(server.networks, load=lambda name: pytest.fail("asked for"))
    question = {"network": "photos", "cell": None, "page": 0, "again": False}
    assert report_tab.measure(server, question) == report_tab.show_pictures(server, question) == {"idle": True}


def test_without_data_there_is_a_sentence_and_the_next_click_tries_again(server: Server) -> None:
    tries = []

    def refuse(name):
        tries.append(name)
        raise DataError("MNIST is not here.")

    server.evaluations = Evaluations(server.networks, load=refuse)
    question = {"network": "digits", "cell": None, "page": 0}
    for _ in range(2):
        report_tab.show_pictures(server, {**question, "again": True})
        until = time.monotonic() + 10
        while "waiting" in (reply := report_tab.show_pictures(server, question)) and time.monotonic() < until:
            time.sleep(0.01)
        assert reply["problem"]["key"] == "tests_no_data"
        assert reply["problem"]["values"] == {"problem": {"template": "MNIST is not here.", "values": {}}}
    assert report_tab.measure(server, question)["problem"] == {"template": "MNIST is not here.", "values": {}}
    assert tries == ["mnist", "mnist"]  # whose pictures the readers of drawings are tested on


def test_a_download_holds_up_no_other_report(server: Server, own: str) -> None:
    arrived = threading.Event()

    def load_slowly(name: str) -> Split:
        if name == "cifar10":
            arrived.wait(30)
            raise DataError("CIFAR-10 is not here.")
        return datasets.load("digits").test

    evaluations = Evaluations(server.networks, load=load_slowly)
    far, near = evaluations.ask("photos-lenet5"), evaluations.ask(own)
    until = time.monotonic() + 20
    while not near.finished and time.monotonic() < until:
        time.sleep(0.01)
    assert (near.finished, near.problem, far.examination, far.problem) == (True, None, None, None)
    arrived.set()
    while far.problem is None and time.monotonic() < until:
        time.sleep(0.01)
    assert "CIFAR-10 is not here." in str(far.problem)
    evaluations.close()


def test_an_accident_while_asking_gets_a_sentence_and_a_note(caplog) -> None:
    loading: Future[Split] = Future()
    loading.set_exception(ZeroDivisionError())
    asking = Asking(Classifier.from_pretrained("digits"), loading)
    asking.go_on()
    assert "The fault is ours" in str(asking.problem)
    assert "ZeroDivisionError" in caplog.text


def test_the_process_ends_while_networks_are_asked() -> None:
    script = """
import time
from lenet.ui.shared import evaluation as tested
from lenet.ui.server import Server

class Slow:
    done = 0

    def __init__(self, network, test):
        pass

    def go_on(self):
        Slow.done += 1
        time.sleep(0.05)
        return True

tested.Examination = Slow
server = Server()
server.evaluations = tested.Evaluations(server.networks, load=lambda name: object())
server.evaluations.ask("digits")
server.evaluations.ask("mnist-lenet5-bn")
while not Slow.done:
    time.sleep(0.01)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.data
def test_the_counts_are_those_in_the_networks_file(mnist_root: Path) -> None:
    checkpoint = load(WEIGHTS / "mnist-lenet5-sigmoid.safetensors")
    found = measure(checkpoint, load_test("mnist"))
    assert found.accuracy == pytest.approx(checkpoint.metrics["test_accuracy"], abs=5e-4)
    assert found.count == 10_000
    assert found.calibration_error == pytest.approx(mean_gap(checkpoint.bins), abs=5e-4)


@pytest.mark.data
def test_cifar10s_test_pictures_are_the_same_alone(cifar_root: Path) -> None:
    alone, whole = load_test("cifar10"), datasets.load("cifar10").test
    assert datasets.is_downloaded("cifar10")
    assert torch.equal(alone.images, whole.images)
    assert torch.equal(alone.labels, whole.labels)
