"""Teaching a network a person's own classes, and what the page's server makes of it."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.drawn_letters import LETTERS, Hand
from benchmarks.teach import with_all_layers
from lenet.checkpoint import read, write
from lenet.data.datasets import NOT_A_DIGIT, load
from lenet.data.non_digits import scribble
from lenet.data.strokes import Drawing, fitted, read_drawings, render, writer_split
from lenet.errors import CheckpointError, DataError, TrainingError
from lenet.inference.digits import DigitClassifier
from lenet.inference.pretrained import save
from lenet.inference.taught import to_checkpoint
from lenet.inference.untrusted import load_untrusted
from lenet.inference.web import to_table
from lenet.preprocessing.digits import digit_image
from lenet.training.metrics import wilson_interval
from lenet.training.stored import WEIGHTS
from lenet.training.teaching import (
    BACKGROUND,
    Examples,
    Progress,
    Taught,
    answered,
    background_features,
    base_network,
    check_classes,
    folds,
    read_as,
    seen,
    teach,
    unlike,
)
from lenet.ui import environment
from lenet.ui.server import Server
from lenet.ui.shared import texts
from lenet.ui.shared.teaching import MAX_WAITING_PER_ADDRESS, Facts
from lenet.ui.teach import tab
from tools.digit_background import digits

VISITOR = "0123456789abcdef" * 2


def letters(classes: str, each: int, writer: int = 0, seed: int = 0) -> Examples:
    hand, rng = Hand.of(writer), np.random.default_rng((writer, seed))
    images = [digit_image(render(hand.write(name, rng), hand.width)) for name in classes for _ in range(each)]
    labels = torch.arange(len(classes)).repeat_interleave(each)
    return Examples(tuple(classes), torch.from_numpy(np.stack(images))[:, None], labels)


@pytest.fixture(scope="module")
def taught() -> Taught:
    *progress, found = teach(letters("AKT", 4))
    assert isinstance(found, Taught)
    assert [event.done for event in progress if isinstance(event, Progress)][-1] == 1
    return found


def test_a_few_letters_are_learned(taught: Taught) -> None:
    asked = letters("AKT", 12, seed=1)
    right = (answered(taught.model, asked.images) == asked.labels).float().mean()
    assert right > 0.9
    assert taught.right >= 10
    assert len(taught.answers) == 12
    assert taught.classes == ("A", "K", "T", NOT_A_DIGIT)


def test_scribbles_are_none_of_them(taught: Taught) -> None:
    rng = np.random.default_rng(5)
    images = np.stack([digit_image(render(fitted(scribble(rng)), 12)) for _ in range(40)])
    answers = answered(taught.model, torch.from_numpy(images)[:, None])
    assert (answers == 3).float().mean() > 0.8


def test_the_same_examples_give_the_same_bits(taught: Taught) -> None:
    *_, again = teach(letters("AKT", 4))
    assert isinstance(again, Taught)
    assert again.answers == taught.answers
    assert torch.equal(again.model.fc1.weight, taught.model.fc1.weight)


@pytest.mark.parametrize("fresh", [False, True])
def test_all_layers_may_learn_too(fresh: bool) -> None:
    network = with_all_layers(letters("AK", 3), steps=3, lr=1e-3, fresh=fresh)
    assert network.fc1.out_features == 3
    assert all(bool(weight.isfinite().all()) for weight in network.parameters())


@pytest.mark.parametrize(("each", "count"), [(3, 9), (20, 20)])
def test_each_example_is_left_out_once(each: int, count: int) -> None:
    labels = torch.arange(3).repeat(each)
    masks = folds(labels)
    assert masks.shape == (count, len(labels))
    assert (masks.sum(dim=0) == 1).all()
    left = torch.stack([labels[~mask].bincount(minlength=3) for mask in masks])
    assert (left >= each - -(-each // count) - 1).all()


def test_what_looks_like_an_example_is_no_background() -> None:
    examples = torch.eye(4).repeat_interleave(2, dim=0)
    labels = torch.arange(4).repeat_interleave(2)
    background = torch.stack([torch.eye(4)[0], torch.ones(4)])
    assert unlike(background, examples, labels).tolist() == [False, True]


def test_the_digits_that_a_class_may_be_are_those_that_many_of_its_examples_are_read_as() -> None:
    read = torch.tensor([0, 0, 10, 7, 10, 10, 10, 10])
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
    assert read_as(read, labels).nonzero().flatten().tolist() == [0]


def test_the_digits_of_the_background_are_what_the_base_network_sees(pen_file: Path) -> None:
    others = background_features()
    drawings = read_drawings(pen_file)
    writers, _, _ = writer_split(drawing.writer for drawing in drawings)
    drawn, moved = seen(digits(drawings, writers))
    assert torch.allclose(others.drawn[BACKGROUND:], drawn, rtol=1e-3, atol=2e-2)
    assert torch.allclose(others.moved[BACKGROUND:], moved, rtol=1e-3, atol=2e-2)
    read = base_network().fc1(others.drawn).argmax(dim=1)
    assert (read == others.digits)[BACKGROUND:].float().mean() > 0.97


def test_digits_are_none_of_a_persons_own_classes_unless_they_are_taught(pen_file: Path) -> None:
    drawings = read_drawings(pen_file)
    _, writers, _ = writer_split(drawing.writer for drawing in drawings)
    writer = min(writers)
    images = {label: [one for one in drawings if one.writer == writer and one.label == label] for label in range(10)}
    pictures = {label: pictures_of(some) for label, some in images.items()}
    taught = Examples(
        tuple("01234"), torch.cat([pictures[i][:5] for i in range(5)]), torch.arange(5).repeat_interleave(5)
    )
    *_, found = teach(taught)
    assert isinstance(found, Taught)
    own = [(answered(found.model, pictures[i][5:]) == i).float().mean().item() for i in range(5)]
    refused = [(answered(found.model, pictures[i]) == 5).float().mean().item() for i in range(5, 10)]
    assert np.mean(own) > 0.95
    assert np.mean(refused) > 0.7


def pictures_of(drawings: Sequence[Drawing]) -> torch.Tensor:
    return torch.from_numpy(np.stack([digit_image(render(drawing.strokes, 20)) for drawing in drawings]))[:, None]


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        (("A",), "There are 1 classes"),
        (tuple("ABCDEFGHIJK"), "There are 11"),
        (("A", ""), "needs a name"),
        (("A", "x" * 21), "needs a name"),
        (("A", "b\n"), "needs a name"),
        (("A", "b\u202e"), "needs a name"),  # what turns the letters after it around
        (("A", "\u200d"), "needs a name"),  # nothing that is seen
        (("A", NOT_A_DIGIT), "No class can be called not a digit"),
        (("A", "A"), "same name"),
    ],
)
def test_classes_that_cannot_be(classes: tuple[str, ...], why: str) -> None:
    labels = torch.arange(len(classes)).repeat_interleave(3)
    with pytest.raises(TrainingError, match=why):
        Examples(classes, torch.ones(len(labels), 1, 28, 28, dtype=torch.uint8), labels)


FAMILY, WALES = "👨\u200d👩\u200d👧", "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"


@pytest.mark.parametrize("name", [FAMILY, WALES, "❤\ufe0f", "می\u200cخواهم", "7", "קו"])
def test_signs_of_several_letters_are_names_too(name: str) -> None:
    check_classes(("A", name))


def test_examples_that_cannot_be() -> None:
    images = torch.ones(4, 1, 28, 28, dtype=torch.uint8)
    with pytest.raises(TrainingError, match="The class B has 0 examples"):
        Examples(("A", "B"), images, torch.zeros(4, dtype=torch.int64))
    with pytest.raises(TrainingError, match="has 2 examples: make 3 to 30"):
        Examples(("A", "B"), images, torch.tensor([0, 0, 1, 1])).refuse_fewer()
    with pytest.raises(TrainingError, match="empty"):
        Examples(("A", "B"), images * 0, torch.tensor([0, 0, 1, 1]))


def test_its_file_is_uploaded_read_and_exported(taught: Taught, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save(path, to_checkpoint(taught))
    checkpoint = load_untrusted(path)
    reader = DigitClassifier(checkpoint)
    assert reader.classes == ("A", "K", "T")
    hand, rng = Hand.of(0), np.random.default_rng(9)
    (found,) = reader.read(render(hand.write("K", rng), hand.width))
    assert found.prediction.label == "K"
    table = to_table(checkpoint, "own", date(2026, 1, 1))
    assert (table["classes"], table["outputs"], table["reads_one"]) == (["A", "K", "T"], 4, True)
    with pytest.raises(DataError, match="stayed with the person"):
        load("taught")


@pytest.mark.parametrize("classes", [["A", "A", "T", NOT_A_DIGIT], ["A", "K", "T", "U"], ["A", 3, "T", NOT_A_DIGIT]])
def test_a_file_with_impossible_classes_is_refused(classes: list[Any], taught: Taught, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save(path, to_checkpoint(taught))
    header, tensors = read(path)
    write(path, {**header, "classes": classes}, tensors)
    with pytest.raises(CheckpointError):
        load_untrusted(path)


def test_wilsons_interval() -> None:
    assert wilson_interval(16, 18) == pytest.approx((0.6720, 0.9690), abs=1e-4)
    assert wilson_interval(0, 5)[0] == 0
    assert wilson_interval(5, 5)[1] == 1


def test_every_letter_has_ways_within_the_tablet() -> None:
    rng = np.random.default_rng(0)
    for writer in range(4):
        for letter in LETTERS:
            points = np.concatenate(Hand.of(writer).write(letter, rng))
            assert points.min() >= 0
            assert points.max() <= 500


# --------------------------------------------------------------------------------------------------
# On the page's server


def asked(examples: Examples) -> dict[str, Any]:
    classes = []
    for label, name in enumerate(examples.classes):
        pictures = [image.numpy().tobytes() for image in examples.images[examples.labels == label]]
        classes.append({"name": name, "examples": [base64.b64encode(picture).decode() for picture in pictures]})
    return {"visitor": VISITOR, "kind": "drawings", "classes": classes}


def ended(server: Server) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        facts = tab.look_at_teaching(server, {"visitor": VISITOR})
        if facts["status"] not in ("waiting", "running"):
            return facts
        time.sleep(0.05)
    raise AssertionError("it did not end")


def test_a_visitor_teaches_exports_and_restores(server: Server) -> None:
    assert tab.look_at_teaching(server, {"visitor": VISITOR})["status"] == "none"
    assert tab.begin_teaching(server, asked(letters("AK", 3))) == {}
    facts = ended(server)
    assert facts["status"] == "done"
    assert (facts["table"]["classes"], len(facts["answers"])) == (["A", "K"], 6)
    assert texts.spoken(server.networks.called(facts["network"])) == "A K"
    question = {"visitor": VISITOR, "network": facts["network"], "file": facts["file"], "kind": "web"}
    assert tab.export_taught(server, question)["name"].endswith(".web.html")
    server.networks.forget(facts["network"])  # as after a restart
    restored = tab.export_taught(server, question | {"kind": "weights"})
    assert restored["network"] != facts["network"]
    assert restored["file"] == facts["file"]


@pytest.mark.parametrize(
    "classes",
    [
        None,
        "A",
        [1, 2],
        [{"name": "A"}],
        [{"name": "A", "examples": "AAAA"}] * 2,
        [{"name": 3, "examples": []}] * 2,
        [{"name": "A", "examples": ["<script>"]}, {"name": "B", "examples": []}],
        [{"name": "A", "examples": [7]}, {"name": "B", "examples": []}],
        [{"name": "A", "examples": ["AAAA"]}, {"name": "B", "examples": ["AAAA"]}],
        [{"name": "A", "examples": []}, {"name": "B", "examples": []}],
        [{"name": str(number), "examples": []} for number in range(2000)],
        [{"name": "A", "examples": ["AAAA"] * 5000}, {"name": "B", "examples": []}],
    ],
)
@pytest.mark.parametrize("kind", ["drawings", "photos"])
def test_hostile_questions_get_a_sentence(server: Server, classes: Any, kind: str) -> None:
    reply = tab.begin_teaching(server, {"visitor": VISITOR, "kind": kind, "classes": classes})
    assert set(reply) == {"problem"}
    assert len(reply["problem"]["en"]) < 200
    assert "fault is ours" not in reply["problem"]["en"]


@pytest.mark.parametrize(
    "change", [{"kind": "png"}, {"network": 3}, {"file": "AAAA"}, {"file": None}, {"visitor": "x"}]
)
def test_hostile_exports_get_a_sentence(server: Server, change: dict[str, Any]) -> None:
    question = {"visitor": VISITOR, "network": "own-000000000000", "file": "!", "kind": "weights"}
    reply = tab.export_taught(server, question | change)
    assert set(reply) == {"problem"}
    assert "fault is ours" not in reply["problem"]["en"]


def test_only_what_was_taught_comes_back_from_a_browser(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    file = base64.b64encode((WEIGHTS / "mnist-lenet5-bn.safetensors").read_bytes()).decode()
    question = {"visitor": VISITOR, "network": "own-000000000000", "file": file, "kind": "weights"}
    assert "nobody taught it" in tab.export_taught(server, question)["problem"]["en"]
    monkeypatch.setattr(environment, "UPLOADS", False)
    assert tab.export_taught(server, question)["problem"]["en"] == "This server takes in no networks."


def test_one_address_does_not_fill_the_line(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    teachings, examples = server.teachings, letters("AK", 3)
    monkeypatch.setattr(teachings._worker, "wake", lambda: None)
    for number in range(MAX_WAITING_PER_ADDRESS):
        teachings.begin(f"{number}", examples, "192.0.2.1")
    with pytest.raises(TrainingError, match="much to do"):
        teachings.begin("one more", examples, "192.0.2.1")
    teachings.begin("0", examples, "192.0.2.1")  # who is in it may change what they wait with
    teachings.begin("another", examples, "192.0.2.2")


def test_the_server_keeps_no_drawing(server: Server) -> None:
    server.teachings.begin(VISITOR, letters("AK", 3))
    ended(server)
    assert [job.examples for job in server.teachings._jobs.values()] == [None]


def test_the_line_has_places_and_forgets_who_has_gone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    teachings, examples = server.teachings, letters("AK", 3)
    monkeypatch.setattr(teachings._worker, "wake", lambda: None)
    for number in range(60):
        teachings.begin(f"{number}", examples, f"192.0.2.{number % 2}")
    assert teachings.look("7").place == 8
    with pytest.raises(TrainingError, match="much to do"):
        teachings.begin("60", examples, "192.0.2.2")
    for job in teachings._jobs.values():
        job.heard -= 100
    teachings.begin("60", examples)
    assert teachings.look("60") == Facts("waiting", place=1)
    assert teachings.look("7").status == "none"


def test_turns_to_learn_go_round_by_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    teachings, examples = server.teachings, letters("AK", 3)
    monkeypatch.setattr(teachings._worker, "wake", lambda: None)
    for number in range(5):
        teachings.begin(f"invented {number}", examples, "192.0.2.1")
    for visitor, address in (("one", "192.0.2.2"), ("two", "192.0.2.2"), ("three", "192.0.2.3")):
        teachings.begin(visitor, examples, address)
    order = ["invented 0", "one", "three", "invented 1", "two", "invented 2", "invented 3", "invented 4"]
    assert [teachings.look(visitor).place for visitor in order] == [*range(1, 9)]
    began = []
    while teachings._most_urgent() is not None:
        (running,) = (job for job in teachings._jobs.values() if job.facts.status == "running")
        running.facts = Facts("done")
        began.append(running.visitor)
        if len(began) == 2:
            assert teachings.look("three").place == 1
            teachings.begin("one", examples, "192.0.2.2")  # again: behind those who have not had a turn since
    assert began == [*order[:5], "invented 2", "one", "invented 3", "invented 4"]
