"""Data sets: whole, split the same way every time, or one sentence that says what is missing."""

from __future__ import annotations

import errno
import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

import lenet.data.datasets
from lenet.data import drawn_digits
from lenet.data.datasets import (
    CIFAR10_CLASSES,
    DATASETS,
    PEN_FILE,
    Dataset,
    Split,
    data_root,
    load,
    load_test,
    read_drawings,
    render,
    writer_split,
)
from lenet.errors import DataError

CIFAR_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]


@pytest.fixture(autouse=True)
def _offline(offline: None) -> None:
    """No test reaches out."""


def check(data: Dataset, sizes: tuple[int, int, int], shape: tuple[int, int, int]) -> None:
    assert (len(data.train), len(data.val), len(data.test)) == sizes
    assert data.classes == DATASETS[data.name].classes
    assert shape[0] == DATASETS[data.name].channels
    for split in (data.train, data.val, data.test):
        assert split.images.dtype == torch.uint8
        assert split.images.shape == (len(split), *shape)
        assert split.labels.dtype == torch.int64
        assert split.labels.shape == (len(split),)
        assert sorted(split.labels.unique().tolist()) == list(range(len(data.classes)))


def rows(split: Split) -> set[bytes]:
    return {image.numpy().tobytes() for image in split.images}


# --------------------------------------------------------------------------------------------------
# The built-in digits


def test_the_built_in_digits_need_nothing(tmp_path):
    data = load("digits", tmp_path)
    check(data, (1297, 200, 300), (1, 28, 28))
    assert not list(tmp_path.iterdir())
    lenet.data.datasets._prepared_digits.cache_clear()  # they are made anew, as another process would
    again = load("digits", tmp_path)
    for name in ("train", "val", "test"):
        a, b = getattr(data, name), getattr(again, name)
        assert torch.equal(a.images, b.images)
        assert torch.equal(a.labels, b.labels)
    # A picture may be in it twice, but not across the splits more often than scikit-learn's own twins.
    assert len(rows(data.train) | rows(data.val) | rows(data.test)) > 1790
    # white ink on black, as large and as bright as MNIST's
    assert data.train.images[:, :, 0].float().mean() < 1
    assert data.train.images.flatten(1).max(dim=1).values.min() == 255


def test_whoever_loads_the_built_in_digits_again_has_their_own():
    first, again = load("digits"), load("digits")
    for one, other in ((first.train, again.train), (first.val, again.val), (first.test, again.test)):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        one.images.zero_()
        one.labels.zero_()
        assert other.images.any()
        assert other.labels.any()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match=r"no data set called 'svhn'.*digits, mnist"):
        load("svhn")


def test_data_lives_where_lenet_data_says(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert data_root() == tmp_path
    for empty in ("", " "):
        monkeypatch.setenv("LENET_DATA", empty)
        assert data_root().name == "lenet"


# --------------------------------------------------------------------------------------------------
# What is missing or torn


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_offline_is_one_sentence_that_names_a_way_out(name, tmp_path):
    with pytest.raises(DataError) as caught:
        load(name, tmp_path)
    sentence = str(caught.value)
    assert "could not be downloaded" in sentence
    assert str(tmp_path) in sentence
    assert "'digits'" in sentence
    assert "LENET_DATA" in sentence


def test_a_folder_that_cannot_be_made_is_a_sentence_too(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="file, which cannot be written"):
        load("mnist", tmp_path / "file")


@pytest.mark.parametrize("name", ["pen", "drawings", "drawings-fold-2"])
def test_missing_strokes(name, tmp_path):
    with pytest.raises(DataError, match=f"{PEN_FILE}|could not be downloaded"):
        load(name, tmp_path)


def write_idx(folder: Path, train: int = 5_100, test: int = 40) -> None:
    """A small MNIST in the real one's format: http://yann.lecun.com/exdb/mnist."""
    folder.mkdir(parents=True)
    for prefix, count in (("train", train), ("t10k", test)):
        generator = np.random.default_rng(count)
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, count, 28, 28) + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 2049, count) + labels.tobytes())


def test_idx_files_are_read_held_out_and_never_downloaded(tmp_path):
    write_idx(tmp_path / "MNIST/raw")
    data = load("mnist", tmp_path)
    check(data, (100, 5_000, 40), (1, 28, 28))
    assert not rows(data.train) & rows(data.val)
    assert len(rows(data.train) | rows(data.val)) == 5_100
    assert data.test.labels.tolist() == [i % 10 for i in range(40)]
    assert data.test.images[3].numpy().tobytes() == (
        np.random.default_rng(40).integers(0, 256, (40, 28, 28), dtype=np.uint8)[3].tobytes()
    )
    again = load("mnist", tmp_path)
    assert torch.equal(data.val.images, again.val.images)


@pytest.mark.parametrize("keep", [0, 3, 10, 16, 5000, -1])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_a_torn_idx_file_is_named(name, keep, tmp_path):
    write_idx(tmp_path / "MNIST/raw")
    path = tmp_path / "MNIST/raw" / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=f"{name} is incomplete or damaged: delete it"):
        load("mnist", tmp_path)


def test_a_foreign_idx_file_is_named(tmp_path):
    write_idx(tmp_path / "MNIST/raw")
    (tmp_path / "MNIST/raw/t10k-images-idx3-ubyte").write_bytes(b"<html>please sign in to this network</html>")
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte is incomplete or damaged"):
        load("mnist", tmp_path)


def write_cifar(root: Path, monkeypatch, records: int = 1_010) -> None:
    monkeypatch.setattr(lenet.data.datasets, "CIFAR10_RECORDS", records)
    folder = root / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for number, name in enumerate(CIFAR_FILES):
        content = np.random.default_rng(number).integers(0, 256, (records, 3073), dtype=np.uint8)
        content[:, 0] = np.arange(records) % 10
        (folder / name).write_bytes(content.tobytes())


def test_cifar_records_are_a_label_and_three_planes(tmp_path, monkeypatch):
    write_cifar(tmp_path, monkeypatch)
    data = load("cifar10", tmp_path)
    check(data, (50, 5_000, 1_010), (3, 32, 32))
    raw = (tmp_path / "cifar-10-batches-bin/test_batch.bin").read_bytes()
    record = raw[7 * 3073 : 8 * 3073]
    assert data.test.labels[7] == record[0]
    # red plane first, row by row
    assert data.test.images[7, 0, 2, 5] == record[1 + 2 * 32 + 5]
    assert data.test.images[7, 2, 31, 0] == record[1 + 2048 + 31 * 32]
    assert not rows(data.train) & rows(data.val)


def test_a_torn_cifar_file_is_named(tmp_path, monkeypatch):
    write_cifar(tmp_path, monkeypatch)
    path = tmp_path / "cifar-10-batches-bin/data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"data_batch_3.bin has 3,103,729 bytes instead of 3,103,730: delete it"):
        load("cifar10", tmp_path)


def test_a_foreign_cifar_file_is_named(tmp_path, monkeypatch):
    write_cifar(tmp_path, monkeypatch)
    path = tmp_path / "cifar-10-batches-bin/data_batch_2.bin"
    path.write_bytes(b"\xff" * path.stat().st_size)
    with pytest.raises(DataError, match=r"data_batch_2.bin has labels over 9"):
        load("cifar10", tmp_path)


# --------------------------------------------------------------------------------------------------
# Pen strokes

LINE = {"label": 3, "writer": 7, "strokes": [[[0, 0], [500, 500]], [[250, 10]]]}


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_drawings_are_read(name, tmp_path):
    content = (json.dumps(LINE) + "\n").encode() * 2
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    first, second = read_drawings(tmp_path / name)
    assert first == second
    assert (first.label, first.writer) == (3, 7)
    assert first.strokes == (((0.0, 0.0), (500.0, 500.0)), ((250.0, 10.0),))


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        '{"label": 1}',
        json.dumps({**LINE, "strokes": [[[1, 2, 3]]]}),
        json.dumps({**LINE, "strokes": 5}),
        json.dumps({**LINE, "label": "x"}),
        json.dumps({**LINE, "label": None}),
    ],
)
def test_damaged_drawings_name_their_line(line, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE) + "\n" + line + "\n")
    with pytest.raises(DataError, match=r"a.jsonl is damaged after line [12] .*copy it again"):
        read_drawings(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(b"x" * 999)[:-9], gzip.compress(b"\xff\xfe")], ids=["foreign", "torn", "text"]
)
def test_a_damaged_archive_of_drawings(content, tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"a.jsonl.gz is damaged"):
        read_drawings(tmp_path / "a.jsonl.gz")


@pytest.mark.parametrize("width", [4, 15, 40])
def test_a_brush_is_as_wide_as_it_says(width):
    image = np.asarray(render([[(100, 250), (400, 250)]], width))
    assert image.shape == (400, 400)
    ink = image < 128
    assert abs(ink[:, 200].sum() - width) <= 1.5
    columns = np.flatnonzero(ink.any(axis=0))
    assert abs(columns[0] - (80 - width / 2)) <= 1.5
    assert abs(columns[-1] - (320 + width / 2)) <= 1.5
    area = (np.asarray(render([[(250, 250)]], width)) < 128).sum()  # a dot is a disc
    assert np.pi * (width - 1.5) ** 2 / 4 < area < np.pi * (width + 1.5) ** 2 / 4


def test_nobody_writes_in_two_splits():
    for count in (10, 30, 44):
        train, val, test = writer_split([w for w in range(count) for _ in range(3)])
        assert train | val | test == set(range(count))
        assert len(train) + len(val) + len(test) == count
    assert [len(group) for group in writer_split(range(100, 130))] == [21, 3, 6]


def test_the_pen_data_set_is_split_by_writer(tmp_path):
    small_tablet(tmp_path)
    data = load("pen", tmp_path)
    check(data, (7 * 100, 100, 2 * 100), (1, 28, 28))
    assert not rows(data.train) & rows(data.test)
    assert torch.equal(data.train.images, load("pen", tmp_path).train.images)


def small_tablet(folder, writers=10):
    lines = []
    for writer in range(writers):
        for label in range(10):
            stroke = [[10 + 40 * label, 20 + 30 * writer], [490, 480 - 7 * writer], [20 + writer, 400]]
            lines.append(json.dumps({"label": label, "writer": writer, "strokes": [stroke]}))
    (folder / PEN_FILE).write_bytes(gzip.compress("\n".join(lines).encode()))


@pytest.fixture
def small_drawings(tmp_path, monkeypatch):
    """A root with ten writers' strokes; MNIST is two images a split, and little that is no digit."""
    small_tablet(tmp_path)
    plain = Split(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.tensor([3, 4]))
    mnist = Dataset("mnist", lenet.data.datasets.DIGITS, plain, plain, plain)
    monkeypatch.setattr(lenet.data.datasets, "_idx_dataset", lambda *_: mnist)
    source = lenet.data.datasets.DATASETS["mnist"]
    monkeypatch.setitem(
        lenet.data.datasets.DATASETS, "mnist", lenet.data.datasets.replace(source, read=lambda _: mnist)
    )
    monkeypatch.setattr(lenet.data.datasets, "NON_DIGITS", 40)
    monkeypatch.setattr(lenet.data.datasets, "NON_DIGITS_HELD_OUT", 10)
    monkeypatch.setattr(lenet.data.datasets, "BY_RULE", 60)
    monkeypatch.setattr(lenet.data.datasets, "BY_RULE_HELD_OUT", 20)
    return tmp_path


def test_drawings_have_an_eleventh_class(small_drawings):
    data = load("drawings", small_drawings)
    assert data.classes == (*"0123456789", "not a digit")
    by_rule = torch.tensor([drawn_digits.digit(np.random.default_rng((number, 2)))[0] for number in range(80)])
    collected = torch.tensor([100, 100, 100, 101, 101, 100, 100, 100, 100, 100, 40])
    assert torch.equal(data.train.labels.bincount(), collected + by_rule[:60].bincount(minlength=11))
    collected = torch.tensor([0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 10])
    assert torch.equal(data.val.labels.bincount(minlength=11), collected + by_rule[60:].bincount(minlength=11))
    assert data.test.labels.tolist() == [3, 4]


@pytest.mark.parametrize("name", ["drawings", "drawings-fold-3"])
def test_the_test_split_of_drawings_needs_no_strokes(small_drawings, name):
    (small_drawings / PEN_FILE).unlink()
    assert load_test(name, small_drawings).labels.tolist() == [3, 4]
    with pytest.raises(DataError, match="no data set called"):
        load_test("drawings-fold-9", small_drawings)


def test_each_writer_is_left_out_by_one_fold(small_drawings):
    everything = rows(load("drawings", small_drawings).train)
    by_rule = rows(lenet.data.datasets._by_rule(small_drawings))
    seen = []
    for fold in range(1, lenet.data.datasets.FOLDS + 1):
        data = load(f"drawings-fold-{fold}", small_drawings)
        digits = data.val.labels < 10
        held = rows(data.val.subset(digits.nonzero()[:, 0])) - by_rule - {bytes(28 * 28)}
        assert held
        assert held <= everything
        assert not held & rows(data.train)
        seen.append(held)
    assert not set.intersection(*seen)
    assert len(set.union(*seen)) == sum(map(len, seen))


def test_renderings_are_kept_and_stale_ones_found_out(tmp_path):
    made = []

    def make(shade):
        def one(number):
            made.append(number)
            return np.full((2, 2), shade + number, np.uint8)

        return one

    path = tmp_path / "some.safetensors"
    first = lenet.data.datasets._cached(path, "a", 40, make(0))
    assert len(made) == 40
    made.clear()
    assert torch.equal(lenet.data.datasets._cached(path, "a", 40, make(0)), first)
    assert not made
    assert lenet.data.datasets._cached(path, "b", 40, make(100))[0, 0, 0] == 100  # another version draws differently
    assert lenet.data.datasets._cached(path, "b", 39, make(50))[0, 0, 0] == 50
    path.write_bytes(b"torn")
    assert lenet.data.datasets._cached(path, "b", 3, make(7))[:, 0, 0].tolist() == [7, 8, 9]
    assert [p.name for p in tmp_path.iterdir()] == ["some.safetensors"]


def test_a_read_only_folder_keeps_no_renderings(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lenet.data.datasets, "save_file", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert lenet.data.datasets._cached(
        tmp_path / "some.safetensors", "a", 2, lambda i: np.full((1, 1), i, np.uint8)
    ).flatten().tolist() == [0, 1]


# --------------------------------------------------------------------------------------------------
# The real ones


@pytest.mark.data
def test_mnist(mnist_root):
    data = load("mnist", mnist_root)
    check(data, (55_000, 5_000, 10_000), (1, 28, 28))
    counts = (data.train.labels.bincount() + data.val.labels.bincount()).tolist()
    assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert data.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    pixels = torch.cat([data.train.images, data.val.images]).float() / 255
    assert pixels.mean().item() == pytest.approx(0.1307, abs=5e-4)
    assert pixels.std().item() == pytest.approx(0.3081, abs=5e-4)


@pytest.mark.data
def test_cifar10(cifar_root):
    data = load("cifar10", cifar_root)
    check(data, (45_000, 5_000, 10_000), (3, 32, 32))
    assert data.test.labels.bincount().tolist() == [1000] * 10
    assert (data.train.labels.bincount() + data.val.labels.bincount()).tolist() == [5000] * 10
    assert [CIFAR10_CLASSES[i] for i in data.test.labels[:4]] == ["cat", "ship", "ship", "airplane"]
    # published means of the training pixels, channel by channel: red, green, blue
    means = torch.cat([data.train.images, data.val.images]).float().mean(dim=(0, 2, 3)) / 255
    torch.testing.assert_close(means, torch.tensor([0.4914, 0.4822, 0.4465]), atol=2e-3, rtol=0)


@pytest.mark.data
def test_the_pen_strokes(pen_file):
    drawings = read_drawings(pen_file)
    assert len(drawings) == 7_494
    assert len({d.writer for d in drawings}) == 30
    assert {d.label for d in drawings} == set(range(10))
    points = np.array([point for d in drawings for stroke in d.strokes for point in stroke])
    assert points.min() >= 0
    assert points.max() <= 500
