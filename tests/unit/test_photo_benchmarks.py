"""The benchmarks of photos, on a few pictures made here: what they count, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.photos import folders, unknown
from lenet.data.datasets import CIFAR10_CLASSES, Split
from lenet.data.strokes import Drawing
from lenet.errors import LeNetError
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.training.recipes import RECIPES


@pytest.fixture
def folder(tmp_path):
    """Two trucks, a ship, one of another class, and a file that is no picture."""
    for name, size in (("truck/a.jpg", (90, 60)), ("Trucks/b.png", (31, 77)), ("boat/c.webp", (200, 50))):
        (tmp_path / name).parent.mkdir()
        Image.effect_noise(size, 60).convert("RGB").save(tmp_path / name)
    (tmp_path / "other").mkdir()
    Image.new("L", (40, 40), 200).save(tmp_path / "other" / "d.gif")
    (tmp_path / "truck" / "notes.txt").write_text("not a picture")
    (tmp_path / "truck" / ".DS_Store").write_text("hidden")
    return tmp_path


def trucker() -> PhotoClassifier:
    """Calls everything a truck, surely."""
    model = MODELS["lenet5"].build(3, 10)
    last: Any = model[-1]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([0.0] * 9 + [9.0])
    return PhotoClassifier(Checkpoint(model, RECIPES["photos"], CIFAR10_CLASSES, {}))


def test_folders_give_the_labels_and_what_cannot_be_read_is_named(folder):
    pictures, damaged = folders.readable(folders.labelled(folder))
    assert {(path.name, label) for path, label in pictures} == {
        ("a.jpg", "truck"),
        ("b.png", "truck"),
        ("c.webp", "ship"),
        ("d.gif", folders.OTHER),
    }
    (sentence,) = damaged
    assert "notes.txt" in sentence
    assert "is not a picture" in sentence


def test_shares_are_of_the_ten_classes(folder):
    row = folders.measure(trucker(), folders.readable(folders.labelled(folder))[0])
    assert (row.ours, row.centre, row.bilinear, row.nearest) == pytest.approx((2 / 3,) * 4)
    assert (row.unsure, row.unknown, row.caught) == (0, 0, 0)
    assert row.milliseconds > 0
    assert "| 66.7% |" in folders.table_row("trucker", row)


def test_folders_that_do_not_fit_are_refused_with_a_sentence(tmp_path):
    with pytest.raises(LeNetError, match="There is no folder"):
        folders.labelled(tmp_path / "nowhere")
    with pytest.raises(LeNetError, match="one folder a class"):
        folders.labelled(tmp_path)
    (tmp_path / "teapots").mkdir()
    with pytest.raises(LeNetError, match=r"teapots is a folder of none of the ten classes: call it one of airplane"):
        folders.labelled(tmp_path)
    with pytest.raises(LeNetError, match="give a network of photos"):
        folders.photo_network("digits")


@pytest.mark.parametrize("kind", unknown.KINDS)
def test_every_unknown_kind_is_a_picture_and_differs_from_the_last(kind):
    generator = torch.Generator().manual_seed(0)
    split = Split(
        torch.randint(0, 256, (3, 3, 32, 32), generator=generator, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64)
    )
    sources = unknown.Sources(
        Split(split.images[:, :1, :28, :28], split.labels), split, [Drawing(0, 1, (((10, 10), (400, 300)),))]
    )
    rng = np.random.default_rng(0)
    first, second = (unknown.KINDS[kind](rng, sources) for _ in range(2))
    assert min(first.size) >= 32
    assert (first.size, first.tobytes()) != (second.size, second.tobytes())
