"""Learning from digits that were read wrong, and what the page's server makes of it."""

from __future__ import annotations

import base64
import math
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lenet.data.datasets import NOT_A_DIGIT, Split
from lenet.data.strokes import render
from lenet.errors import TrainingError
from lenet.inference import pretrained
from lenet.inference.corrected import corrected_checkpoint, is_corrected, origin
from lenet.inference.digits import DigitClassifier
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.inference.untrusted import load_untrusted
from lenet.preprocessing.digits import digit_image
from lenet.training import correcting
from lenet.training.correcting import (
    MAX_CORRECTIONS,
    MAX_LOST,
    Corrected,
    Corrections,
    Memory,
    answers_of,
    between,
    correct,
    refuse_other,
    remembered,
)
from lenet.training.stored import WEIGHTS
from lenet.training.teaching import Progress
from lenet.ui import environment
from lenet.ui.draw import tab as draw
from lenet.ui.draw import wrong
from lenet.ui.server import Server
from lenet.ui.shared import returned, texts
from lenet.ui.zoo.counts import UPLOADS
from tests.unit.test_ui import address
from tests.unit.test_ui import question as drawn

Strokes = list[list[tuple[float, float]]]

VISITOR = "0123456789abcdef" * 2
DIGITS = load(WEIGHTS / "digits.safetensors")
# On a pad of 280 pixels: a 1 with a flag and a foot, and a 7, so aslant that `digits` takes them for something else.
ONE: Strokes = [[(100, 110), (150, 60), (150, 220)], [(100, 220), (200, 220)]]
SEVEN: Strokes = [[(70, 70), (200, 70), (120, 230)]]
ASLANT = ((ONE, -58, 1), (ONE, -52, 1), (ONE, -62, 1), (SEVEN, 45, 7))


def picture(strokes: Strokes, degrees: float = 0) -> np.ndarray:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cos, sin], [-sin, cos]])
    return digit_image(render([((np.array(stroke) - 140) @ turn + 140) * 500 / 280 for stroke in strokes], 29))


def aslant() -> Corrections:
    images = np.stack([picture(strokes, degrees) for strokes, degrees, _ in ASLANT])
    return Corrections(torch.from_numpy(images)[:, None], torch.tensor([label for *_, label in ASLANT]))


@pytest.fixture(scope="module", autouse=True)
def fewer_steps() -> Iterator[None]:
    """Half as many as on the page, which are enough here: the suite is long."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(correcting, "STEPS", 40)
        yield


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    """What a server without MNIST remembers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LENET_DATA", str(tmp_path_factory.mktemp("empty")))
        return remembered()


@pytest.fixture(scope="module")
def found(memory: Memory) -> Corrected:
    *progress, last = correct(DIGITS.model, DIGITS.recipe, aslant(), memory)
    done = [event.done for event in progress if isinstance(event, Progress)]
    assert done == sorted(done)
    assert isinstance(last, Corrected)
    return last


def test_it_learns_and_forgets_nothing(found: Corrected, memory: Memory) -> None:
    assert memory.dataset == "digits"
    assert (len(memory.images), len(memory.val), len(memory.test)) == (1297, 200, 300)
    assert sum(found.right_before) == 0
    assert sum(found.right_after) >= 3
    assert 0 < found.share <= 1
    assert found.test_before - found.test_after <= max(1, MAX_LOST * len(memory.test))
    assert load(WEIGHTS / "digits.safetensors").model.fc1.weight.equal(DIGITS.model.fc1.weight)  # a copy learned


def test_what_would_forget_too_much_is_not_learned(memory: Memory) -> None:
    images = torch.from_numpy(np.stack([picture(SEVEN, degrees) for degrees in range(-5, 5)]))[:, None]
    sevens = Split(images, torch.full((10,), 7))
    unsound = Corrections(images[3:7], torch.full((4,), 2))
    *progress, found = correct(DIGITS.model, DIGITS.recipe, unsound, replace(memory, val=sevens, test=sevens))
    done = [event.done for event in progress if isinstance(event, Progress)]
    assert done == sorted(done), "to go back further is progress too"
    assert len({one for one in done if one >= 0.8}) >= 3, "it went back more than once"
    assert isinstance(found, Corrected)
    assert found.held_back
    assert (found.share, found.test_before, found.test_after) == (0, 10, 10)
    assert not any(found.right_after)
    weights = zip(found.model.state_dict().values(), DIGITS.model.state_dict().values(), strict=True)
    assert all(torch.equal(mine, old) for mine, old in weights)


def test_corrected_again_and_again_it_loses_no_more_than_once(memory: Memory, found: Corrected) -> None:
    again = corrected_checkpoint(DIGITS, found, memory)
    assert origin(again, memory) == found.origin == (int(found.before.val.sum()), found.test_before)
    small, more = replace(memory, val=part(memory.val), test=part(memory.test)), aslant()
    *_, twice = correct(again.model, again.recipe, more, small)
    assert isinstance(twice, Corrected)
    assert twice.share > 0
    spent = twice.origin._replace(test=twice.test_before + 2)  # as if more than may be lost had been lost before
    *_, held = correct(again.model, again.recipe, more, small, origin=spent)
    assert isinstance(held, Corrected)
    assert (held.share, held.held_back, held.origin) == (0, True, spent)


@pytest.mark.parametrize("told", [math.nan, math.inf, -1.0, 1e9, None])
def test_a_file_that_tells_nonsense_of_its_origin_tells_nothing(memory: Memory, found: Corrected, told: Any) -> None:
    checkpoint = corrected_checkpoint(DIGITS, found, memory)
    assert origin(DIGITS, memory) is None
    assert origin(checkpoint, replace(memory, dataset="mnist")) is None
    assert origin(replace(checkpoint, metrics=checkpoint.metrics | {"digits_val_right_at_first": told}), memory) is None


def test_a_network_without_a_class_for_non_digits_learns_too(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correcting, "STEPS", 8)
    small = replace(memory, val=part(memory.val), test=part(memory.test))
    for name in ("mnist-lenet5-1998", "mnist-lenet5-bn"):
        known = load(WEIGHTS / f"{name}.safetensors")
        *_, found = correct(known.model, known.recipe, aslant(), small)
        assert isinstance(found, Corrected)
        assert all(bool(weight.isfinite().all()) for weight in found.model.parameters())


def part(split: Split) -> Split:
    return split.subset(slice(60))


def test_answers_are_those_of_the_classifier() -> None:
    logits = torch.tensor([[0.0] * 10 + [9.0], [5.0] + [0.0] * 10])
    answers, probability = answers_of(logits)
    assert answers.tolist() == [10, 0]
    assert (probability > 0.9).all()


def test_weights_lie_between_two_networks() -> None:
    other = load(WEIGHTS / "digits.safetensors").model
    with torch.no_grad():
        other.fc1.bias.add_(1.0)
    assert torch.allclose(between(DIGITS.model, other, 0.25).fc1.bias, DIGITS.model.fc1.bias + 0.25)
    assert between(DIGITS.model, other, 0.0).fc1.bias.equal(DIGITS.model.fc1.bias)


def test_mnist_is_remembered_where_it_is(mnist_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LENET_DATA", str(mnist_root))
    found = remembered()
    assert (found.dataset, len(found.images), len(found.val), len(found.test)) == ("mnist", 3000, 5000, 10_000)


PIXELS = bytes([0] * 783 + [9])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "There are 0 corrections"),
        ([(PIXELS, "7")] * (MAX_CORRECTIONS + 1), "make 1 to 100"),
        ([(PIXELS, "x")], "with its digit"),
        ([(PIXELS[1:], "7")], "with its digit"),
        ([(bytes(784), "7")], "empty"),
    ],
)
def test_corrections_that_cannot_be(given: list[tuple[bytes, str]], why: str) -> None:
    with pytest.raises(TrainingError, match=why):
        Corrections.of(given)


def test_networks_that_cannot_learn_them() -> None:
    none = Corrections.of([(PIXELS, NOT_A_DIGIT)])
    refuse_other(DIGITS.model, DIGITS.classes, none)
    with pytest.raises(TrainingError, match="does not know"):
        refuse_other(DIGITS.model, DIGITS.classes[:10], none)
    with pytest.raises(TrainingError, match="digits 0 to 9"):
        refuse_other(DIGITS.model, ("A", "B", NOT_A_DIGIT), none)
    with pytest.raises(TrainingError, match="500,000"):
        refuse_other(torch.nn.Linear(1000, 501), DIGITS.classes, none)  # type: ignore[arg-type]  # counted alone


def test_its_file_is_uploaded_and_reads(found: Corrected, memory: Memory, tmp_path: Path) -> None:
    checkpoint = corrected_checkpoint(DIGITS, found, memory)
    save(tmp_path / "mine.safetensors", checkpoint)
    again = load_untrusted(tmp_path / "mine.safetensors")
    assert is_corrected(again)
    assert not is_corrected(DIGITS)
    first = {"digits_val_right_at_first", "digits_test_right_at_first"}
    assert again.metrics.keys() == {"corrections", "train_seconds", *first}  # nobody asked it MNIST's
    assert DigitClassifier(again).classes == tuple("0123456789")
    twice = corrected_checkpoint(checkpoint, found, replace(memory, dataset="mnist"))
    assert twice.recipe.name == "digits-corrected"
    assert twice.metrics["test_accuracy"] == found.test_after / 300


# --------------------------------------------------------------------------------------------------
# On the page's server


def asked(**changes: Any) -> dict[str, Any]:
    corrections = aslant()
    given = [
        {"picture": base64.b64encode(image.numpy().tobytes()).decode(), "truth": str(int(label))}
        for image, label in zip(corrections.images, corrections.labels, strict=True)
    ]
    return {"visitor": VISITOR, "network": "digits", "corrections": given, **changes}


def ended(server: Server) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        facts = wrong.look_at_correcting(server, {"visitor": VISITOR})
        if facts["status"] not in ("waiting", "running"):
            return facts
        time.sleep(0.05)
    raise AssertionError("it did not end")


def test_a_visitor_corrects_exports_and_restores(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert wrong.look_at_correcting(server, {"visitor": VISITOR})["status"] == "none"
    assert wrong.begin_correcting(server, asked()) == {}
    facts = ended(server)
    assert facts["status"] == "done", facts
    improved = facts["improved"]
    assert sum(improved["right_after"]) > sum(improved["right_before"]) == 0
    assert (improved["dataset"], improved["test_total"]) == ("digits", 300)
    assert texts.spoken(server.networks.called(facts["network"])) == "LeNet, modern, corrected by you"
    assert [job.examples for job in server.teachings._jobs.values()] == [None]  # the server keeps no picture
    question = {"visitor": VISITOR, "network": facts["network"], "file": facts["file"]}
    for kind, end in (("web", ".web.html"), ("onnx", ".onnx"), ("weights", ".safetensors")):
        assert wrong.export_corrected(server, question | {"kind": kind})["name"].endswith(end)
    server.networks.forget(facts["network"])  # as after a restart
    restored = wrong.export_corrected(server, question | {"kind": "weights"})
    assert restored["file"] == facts["file"]
    assert texts.spoken(server.networks.called(restored["network"])) == "LeNet, modern, corrected by you"
    with texts.speaking("zh"):
        assert texts.spoken(server.networks.called(restored["network"])).endswith("由您更正")
    monkeypatch.setattr(environment, "UPLOADS", False)
    server.networks.forget(restored["network"])
    assert "takes in no networks" in wrong.export_corrected(server, question | {"kind": "web"})["problem"]["en"]


@pytest.mark.parametrize(
    "change",
    [
        {"corrections": None},
        {"corrections": []},
        {"corrections": "A"},
        {"corrections": [1]},
        {"corrections": [{"picture": "AAAA", "truth": "7"}]},
        {"corrections": [{"picture": "<script>", "truth": "7"}]},
        {"corrections": [{"picture": 7, "truth": "7"}]},
        {"corrections": [{"truth": "7"}]},
        {"corrections": [{"picture": base64.b64encode(PIXELS).decode(), "truth": "77"}]},
        {"corrections": [{"picture": base64.b64encode(PIXELS).decode(), "truth": ["7"]}]},
        {"corrections": [{"picture": base64.b64encode(PIXELS).decode(), "truth": "7"}] * 101},
        {"network": "photos"},
        {"network": "own-000000000000"},
        {"network": None},
        {"visitor": "me"},
    ],
)
def test_hostile_questions_get_a_sentence(server: Server, change: dict[str, Any]) -> None:
    reply = wrong.begin_correcting(server, asked(**change))
    assert set(reply) == {"problem"}
    assert len(reply["problem"]["en"]) < 200
    assert "fault is ours" not in reply["problem"]["en"]


def test_only_what_was_corrected_comes_back_from_a_browser(server: Server) -> None:
    file = base64.b64encode((WEIGHTS / "mnist-lenet5-bn.safetensors").read_bytes()).decode()
    question = {"visitor": VISITOR, "network": "own-000000000000", "file": file, "kind": "weights"}
    assert "nobody corrected it" in wrong.export_corrected(server, question)["problem"]["en"]


@pytest.fixture
def brought(found: Corrected, memory: Memory) -> dict[str, Any]:
    """What a browser asks with a corrected network that the server has forgotten."""
    file = pretrained.to_bytes(corrected_checkpoint(DIGITS, found, memory))
    own = {"network": "own-000000000000", "file": base64.b64encode(file).decode()}
    return {"visitor": VISITOR, "kind": "weights", **own}


def test_a_network_that_is_brought_back_many_times_is_read_once(
    server: Server, brought: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def reading(path: Path) -> Checkpoint:
        read.append(path)
        return load_untrusted(path)

    monkeypatch.setattr(returned, "load_untrusted", reading)

    def ask(number: int) -> str:
        visitors = {"visitor": f"{number:032x}", "network": f"own-{number:012}"}
        return wrong.export_corrected(server, brought | visitors)["network"]

    with ThreadPoolExecutor(10) as pool:
        keys = set(pool.map(ask, range(10)))
    assert (len(keys), len(read)) == (1, 1)
    server.networks.forget(*keys)
    assert ask(0) not in keys
    assert len(read) == 2


def test_networks_that_are_brought_back_count_as_uploads(
    server: Server, brought: dict[str, Any], found: Corrected, memory: Memory
) -> None:
    known = corrected_checkpoint(DIGITS, found, memory)

    def ask(number: int, visitor: str = VISITOR) -> dict[str, Any]:
        other = replace(known, metrics=known.metrics | {"train_seconds": float(number)})
        file = base64.b64encode(pretrained.to_bytes(other)).decode()
        return wrong.export_corrected(server, brought | {"visitor": visitor, "file": file})

    assert all("network" in ask(number) for number in range(UPLOADS))
    assert f"can upload {UPLOADS} networks" in ask(UPLOADS)["problem"]["en"]
    assert "network" in ask(0), "it is there"
    assert "network" in ask(UPLOADS, "b" * 32)


def test_a_full_disk_refuses_what_is_brought_back_with_a_sentence(
    server: Server, brought: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "folder", Path("/dev/full"))
    assert wrong.export_corrected(server, brought)["problem"]["en"] == returned.FULL


def test_what_is_brought_back_needs_no_folder_that_a_cleaner_has_taken(server: Server, brought: dict[str, Any]) -> None:
    shutil.rmtree(server.folder)
    assert wrong.export_corrected(server, brought)["file"] == brought["file"]


def test_a_full_disk_keeps_no_corrected_network_back(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    server.networks.place = Path("/dev/full")
    assert wrong.begin_correcting(server, asked()) == {}
    facts = ended(server)
    assert "problem" not in facts
    assert base64.b64decode(facts["file"]) == pretrained.to_bytes(server.networks.checkpoint(facts["network"]))


@pytest.mark.parametrize("pipeline", ["modern", "classic"])
def test_the_server_tells_what_a_network_saw(server: Server, pipeline: str) -> None:
    seen = base64.b64decode(draw.what_was_seen(server, drawn(digit=0, pipeline=pipeline))["picture"])
    assert len(seen) == 784
    assert max(seen) > 200
    assert seen[0] == 0


def test_of_an_empty_pad_there_is_nothing_to_correct(server: Server) -> None:
    empty = drawn(digit=0) | {"picture": address(Image.new("L", (280, 280), 255))}
    assert "Nothing is drawn" in draw.what_was_seen(server, empty)["problem"]["en"]
