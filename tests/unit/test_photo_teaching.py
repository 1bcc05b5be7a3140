"""Teaching a network a person's own photos, and what the page's server makes of it."""

from __future__ import annotations

import base64
import io
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from benchmarks.teach_photos import Photos, with_all_layers
from lenet.data.datasets import load
from lenet.errors import CheckpointError, TrainingError
from lenet.inference.calibration import Calibration
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import Checkpoint, save
from lenet.inference.taught import _answer as taught_answer
from lenet.inference.taught import photo_checkpoint, shipped_detector
from lenet.inference.untrusted import load_untrusted
from lenet.inference.web import to_table
from lenet.preprocessing.photos import Photo
from lenet.preprocessing.separate import separate_drawings
from lenet.training.photo_teaching import (
    BACKGROUND,
    PHOTO_RECIPE,
    PhotoExamples,
    TaughtPhotos,
    crops_of,
    photo_features,
    shipped_base,
    teach_photos,
)
from lenet.training.stored import WEIGHTS
from lenet.training.teaching import Progress
from lenet.ui.photo.tab import EXAMPLES
from lenet.ui.server import Server
from lenet.ui.teach import tab
from tests.unit.test_teaching import VISITOR, ended

CLASSES = {"Fred": "frog", "船": "ship", "cat": "truck"}  # what a person calls them is theirs


def pictures(name: str, count: int, seed: int = 0) -> list[Image.Image]:
    """Cut out of one of the page's own pictures, each a little differently, as a visitor's photos are."""
    rng, found = np.random.default_rng(seed), []
    with Image.open(EXAMPLES[CLASSES[name]]) as file:
        whole = file.convert("RGB")
        whole.thumbnail((176, 176))
        for _ in range(count):
            left, top, right, bottom = rng.integers(0, 16, 4)
            cut = whole.crop((left, top, whole.width - right, whole.height - bottom))
            cut.thumbnail((160, 160))
            found.append(cut)
    return found


def taken(count: int, seed: int = 0) -> PhotoExamples:
    return PhotoExamples.of([(name, [crops_of(Photo(p)) for p in pictures(name, count, seed)]) for name in CLASSES])


def test_an_example_is_answered_by_all_crops_unless_the_first_settles_it() -> None:
    examples = taken(1)
    crops = examples.crops[0]
    others = torch.tensor([[0.0, 9.0, 0.0]]).repeat(len(crops) - 1, 1)
    expected = {0.93: 0, 0.88: 1}  # `SETTLED_ABOVE` is between the two
    for confidence, answer in expected.items():
        first = torch.tensor([[confidence, 1 - confidence, 1e-6]]).log() + 9
        assert taught_answer(torch.cat([first, others]), crops, Calibration(1.0, shipped_detector())) == answer


@pytest.fixture(scope="module")
def made() -> tuple[Checkpoint, tuple[int, ...]]:
    examples = taken(4)
    *progress, found = teach_photos(examples)
    assert isinstance(found, TaughtPhotos)
    done = [event.done for event in progress if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == 1
    return photo_checkpoint(found, examples)


def test_a_few_photos_are_learned(made: tuple[Checkpoint, tuple[int, ...]]) -> None:
    checkpoint, answers = made
    assert checkpoint.classes == tuple(CLASSES)
    assert sum(answer == i // 4 for i, answer in enumerate(answers)) == checkpoint.metrics[
        "cross_validation_accuracy"
    ] * len(answers)
    namer = PhotoClassifier(checkpoint)
    found = [namer.predict(picture).label == name for name in CLASSES for picture in pictures(name, 4, seed=1)]
    assert sum(found) >= 11
    noise = torch.randint(256, (32, 32, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8).numpy()
    assert namer.predict(noise).verdict == "unknown"


def test_the_same_photos_give_the_same_bits(made: tuple[Checkpoint, tuple[int, ...]]) -> None:
    *_, again = teach_photos(taken(4))
    assert isinstance(again, TaughtPhotos)
    assert torch.equal(again.model.fc1.weight.half().float(), made[0].model.fc1.weight)


def test_an_unusual_cameras_photos_are_not_unknown_for_that() -> None:
    """Flat pictures are unlike all photos that the base network knows; where a class is of such, they are like it."""
    rng = np.random.default_rng(0)
    flat = []
    for _ in range(4):
        picture = Image.new("RGB", (160, 120), (0, 130, 0))
        x, y = rng.integers(20, 100, 2)
        ImageDraw.Draw(picture).ellipse((x, y - 20, x + 40, y + 20), fill=(60, 255, 20))
        flat.append(picture)
    examples = PhotoExamples.of(
        [("flat", [crops_of(Photo(p)) for p in flat]), ("Fred", [crops_of(Photo(p)) for p in pictures("Fred", 4)])]
    )
    *_, found = teach_photos(examples)
    assert isinstance(found, TaughtPhotos)
    checkpoint, answers = photo_checkpoint(found, examples)
    assert answers == (0, 0, 0, 0, 1, 1, 1, 1)
    assert PhotoClassifier(checkpoint).predict(flat[0]).verdict != "unknown"


def test_its_file_is_uploaded_and_named_by_a_browser(made: tuple[Checkpoint, tuple[int, ...]], tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    save(path, made[0])
    checkpoint = load_untrusted(path)
    assert checkpoint.classes == tuple(CLASSES)
    table = to_table(checkpoint, "own", date(2026, 1, 1))
    assert (table["classes"], table["outputs"], "ood" in table) == ([*CLASSES], 3, True)
    save(path, Checkpoint(made[0].model, made[0].recipe, ("a", "a", "b"), {}))
    with pytest.raises(CheckpointError):
        load_untrusted(path)


@pytest.mark.parametrize("fresh", [False, True])
def test_all_layers_may_learn_too(fresh: bool) -> None:
    examples = taken(3)
    photos = Photos(examples.classes, examples.crops, examples.labels, torch.stack([v[0] for v in examples.crops]))
    network = with_all_layers(photos, shipped_base().network, steps=2, lr=1e-3, fresh=fresh)
    assert network.fc1.out_features == 3
    assert all(bool(weight.isfinite().all()) for weight in network.parameters())


@pytest.mark.data
@pytest.mark.usefixtures("cifar_root")
def test_the_background_is_what_the_base_network_sees() -> None:
    base = shipped_base()
    images = load("cifar10").val.images[:20]
    assert len(base.background) == BACKGROUND
    assert torch.allclose(photo_features(base.network, images), base.background[:20], atol=2e-2)


@pytest.mark.data
@pytest.mark.usefixtures("cifar_root")
def test_a_halfs_classes_are_the_other_halfs_unknown_ones() -> None:
    one, two = load("cifar10-half-1"), load("cifar10-half-2")
    assert set(one.classes) | set(two.classes) == set(load("cifar10").classes)
    assert len(one.train) + len(two.train) == 45_000
    assert one.train.labels.unique().tolist() == [0, 1, 2, 3, 4]


def test_photos_that_cannot_be() -> None:
    crops = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    with pytest.raises(TrainingError, match="not a photo"):
        PhotoExamples.of([("a", [crops[:, :1]]), ("b", [crops])])
    with pytest.raises(TrainingError, match="The class b has 2 examples"):
        PhotoExamples.of([("a", [crops] * 3), ("b", [crops] * 2)]).refuse_fewer(3)
    assert PHOTO_RECIPE.input.size == 32


# --------------------------------------------------------------------------------------------------
# Drawings on paper


def paper(crosses: int) -> Image.Image:
    """Crosses and rings in rows of three, of a pen, on paper in uneven light."""
    y, x = np.mgrid[:600, :900]
    shade = 235 - 40 * np.hypot(x - 300, y - 200) / 700 + np.random.default_rng(0).normal(0, 2, (600, 900))
    picture = Image.fromarray(shade.astype(np.uint8)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for number in range(crosses):
        x, y = 150 + 280 * (number % 3), 150 + 280 * (number // 3)
        pen.line((x - 60, y - 60, x + 60, y + 60), fill=(40, 40, 70), width=9)
        if number % 2:
            pen.line((x - 60, y + 60, x - 12, y + 16), fill=(40, 40, 70), width=9)  # a stroke that stops short
        else:
            pen.ellipse((x - 40, y - 75, x - 20, y - 55), outline=(40, 40, 70), width=6)  # a part that stands apart
    return picture


@pytest.mark.parametrize("count", [1, 5])
def test_each_drawing_of_a_sheet_is_an_example(count: int) -> None:
    found = separate_drawings(paper(count), 30)
    assert len(found) == count
    assert all(image.shape == (28, 28) and image.dtype == np.uint8 and image.max() > 200 for image in found)
    assert len(separate_drawings(paper(count), 1)) == 1


def test_an_empty_sheet_has_none() -> None:
    assert separate_drawings(Image.new("RGB", (300, 200), "white"), 30) == []


# --------------------------------------------------------------------------------------------------
# On the page's server


def jpeg(picture: Image.Image, **options: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def question(count: int = 3) -> dict[str, Any]:
    classes = [{"name": name, "examples": [jpeg(p) for p in pictures(name, count)]} for name in CLASSES]
    return {"visitor": VISITOR, "kind": "photos", "classes": classes}


def test_a_visitor_teaches_photos_exports_and_restores(server: Server) -> None:
    assert tab.begin_teaching(server, question()) == {}
    facts = ended(server)
    assert (facts["status"], len(facts["answers"]), "table" in facts) == ("done", 9, False)
    assert [job.examples for job in server.teachings._jobs.values()] == [None]  # no photo is kept
    assert server.networks.photo_namer(facts["network"]).classes == tuple(CLASSES)
    asked = {"visitor": VISITOR, "network": facts["network"], "file": facts["file"], "kind": "onnx"}
    assert tab.export_taught(server, asked)["name"].endswith(".onnx")
    server.networks.forget(facts["network"])  # as after a restart
    restored = tab.export_taught(server, asked | {"kind": "web"})
    assert restored["network"] != facts["network"]
    assert server.networks.photo_namer(restored["network"]).classes == tuple(CLASSES)


def test_only_photos_as_the_page_sends_them_are_decoded(server: Server) -> None:
    small = pictures("Fred", 1)[0]
    exif = Image.Exif()
    exif[0x0112] = 3
    buffer = io.BytesIO()
    Image.new("RGB", (161, 20)).save(buffer, "PNG")
    others = [
        jpeg(small, exif=exif),
        jpeg(small.resize((320, 240))),
        base64.b64encode(buffer.getvalue()).decode(),
        base64.b64encode(b"\xff\xd8\xff" + bytes(50_000)).decode(),
        base64.b64encode(b"GIF89a").decode(),
        jpeg(small)[:400],
    ]
    for other in others:
        asked = question()
        asked["classes"][0]["examples"][1] = other
        reply = tab.begin_teaching(server, asked)
        assert set(reply) == {"problem"}
        assert "fault is ours" not in reply["problem"]["en"]


def test_a_picture_of_paper_becomes_examples(server: Server) -> None:
    address = f"data:image/jpeg;base64,{jpeg(paper(4))}"
    found = tab.separate_picture(server, {"picture": address})["examples"]
    assert [len(base64.b64decode(example)) for example in found] == [784] * 4
    for bad in ({}, {"picture": 3}, {"picture": "data:image/png;base64,AAAA"}, {"picture": "http://example.org"}):
        reply = tab.separate_picture(server, bad)
        assert set(reply) == {"problem"}
        assert "fault is ours" not in reply["problem"]["en"]


def test_only_taught_networks_come_back_from_a_browser(server: Server) -> None:
    file = base64.b64encode((WEIGHTS / "photos-lenet5.safetensors").read_bytes()).decode()
    asked = {"visitor": VISITOR, "network": "own-000000000000", "file": file, "kind": "weights"}
    assert "nobody taught it" in tab.export_taught(server, asked)["problem"]["en"]
