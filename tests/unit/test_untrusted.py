"""Uploaded files: what is whole and ours is let in, and each other kind gets a sentence that names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from lenet.errors import CheckpointError
from lenet.inference import pretrained, untrusted
from lenet.inference.pretrained import load
from lenet.inference.untrusted import MAX_BYTES, MAX_HEADER_BYTES, MAX_TENSORS, load_untrusted
from lenet.training.stored import WEIGHTS
from lenet.ui.draw import tab as draw
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import networks, texts
from lenet.ui.zoo import tab as zoo
from lenet.ui.zoo import uploads
from lenet.ui.zoo.counts import UPLOADS

SHIPPED = WEIGHTS / "digits.safetensors"
OWNER = "192.0.2.1", "somebody"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a copy of a shipped file whose header or tensors a function has changed."""

    def write(change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None], text: str | None = None) -> Path:
        with safe_open(SHIPPED, framework="pt") as file:
            header = json.loads(file.metadata()["lenet"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        header.pop("sha256", None)  # who changes a file on purpose leaves out or renews its checksum
        change(header, tensors)
        path = tmp_path / "odd.safetensors"
        path.write_bytes(save(tensors, metadata={"lenet": json.dumps(header) if text is None else text}))
        return path

    return write


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse
    with pytest.raises(CheckpointError, match=r"large\.safetensors has 20\.0 MB, .* at most 20 MB: choose"):
        load_untrusted(path)
    # What the browser tells of one that has not even travelled.
    said = uploads.refuse(gr.EventData(None, {"name": "<b>.safetensors", "size": 31_400_000}))["said"]
    assert said["template"].format(**said["values"]).startswith("<b>.safetensors has 31.4 MB")


def test_a_file_of_this_project_is_let_in(changed: Callable[..., Path]) -> None:
    path = changed(lambda header, tensors: None)
    assert load_untrusted(path).recipe.model == load(SHIPPED).recipe.model


CHANGES: dict[str, tuple[Callable[[dict[str, Any], dict[str, torch.Tensor]], Any], str]] = {
    "not finite": (lambda h, t: t["fc1.bias"].fill_(float("nan")), "not finite"),
    "a variance below zero": (lambda h, t: t["bn1.running_var"].fill_(-1.0), "not finite"),
    "30,000 classes": (lambda h, t: h.update(classes=["x"] * 30_000), "classes or channels"),
    "30,000 channels": (
        lambda h, t: h["recipe"]["input"].update(mean=[0.5] * 30_000, std=[1] * 30_000),
        "classes or channels",
    ),
    "a mean beyond all pixels": (lambda h, t: h["recipe"]["input"].update(mean=[2**63]), "mean or deviation"),
    "hardly a deviation": (lambda h, t: h["recipe"]["input"].update(std=[1e-300]), "mean or deviation"),
    "a mean below all pixels": (lambda h, t: h["recipe"]["input"].update(mean=[-1e308]), "mean or deviation"),
    "another network's layers": (lambda h, t: t.pop("fc1.bias"), "layers do not fit"),
    "an accuracy above one": (lambda h, t: h["metrics"].update(test_accuracy=7.0), "impossible"),
    "an accuracy in words": (lambda h, t: h["metrics"].update(test_accuracy="best"), "impossible"),
    "more pictures than there are": (lambda h, t: h["confusion"][0].__setitem__(0, 10**300), "impossible"),
    "a number beyond all numbers": (lambda h, t: h["recipe"].update(lr=10**400), "odd.safetensors"),
    "a very long name": (lambda h, t: h["recipe"].update(about="x" * 100_000), "header is too long"),
    "no recipe": (lambda h, t: h.pop("recipe"), "not a weights file of this project"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_odd_gets_a_sentence_that_names_the_file(name: str, changed: Callable[..., Path]) -> None:
    change, says = CHANGES[name]
    with pytest.raises(CheckpointError, match=says) as refusal:
        load_untrusted(changed(change))
    assert "odd.safetensors" in str(refusal.value)


def test_a_header_of_many_brackets_gets_a_sentence(changed: Callable[..., Path]) -> None:
    with pytest.raises(CheckpointError, match=r"odd\.safetensors"):
        load_untrusted(changed(lambda header, tensors: None, "[" * 200_000))


TENSOR = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
LONG_HEADERS: dict[str, Callable[[], bytes]] = {  # made only by the test that is about it
    "brackets": lambda: b'{"__metadata__":{},"a":[' + b"[]," * 4_000_000 + b"[]]}",
    "tensors": lambda: json.dumps({f"{i}": TENSOR for i in range(200_000)}).encode(),
}


@pytest.mark.parametrize("kind", LONG_HEADERS)
def test_a_long_header_is_not_parsed(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*args: Any, **options: Any) -> None:
        raise AssertionError("it is parsed")

    monkeypatch.setattr(untrusted, "safe_open", parse)
    monkeypatch.setattr(untrusted, "load", parse)
    header, path = LONG_HEADERS[kind](), tmp_path / "odd.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match=r"odd\.safetensors .*its header is too long"):
        load_untrusted(path)


def test_many_tensors_are_not_read(changed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted, "load", lambda path: pytest.fail("it is read"))
    path = changed(lambda header, tensors: tensors.update({f"{i}": torch.zeros(0) for i in range(MAX_TENSORS)}))
    assert path.stat().st_size < MAX_HEADER_BYTES
    with pytest.raises(CheckpointError, match="its header is too long"):
        load_untrusted(path)


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.safetensors")), ids=lambda path: path.stem)
def test_our_own_files_are_far_within_the_bounds(path: Path) -> None:
    with path.open("rb") as file:
        assert int.from_bytes(file.read(8), "little") < MAX_HEADER_BYTES / 10
    with safe_open(path, framework="pt") as opened:
        assert len(opened.keys()) < MAX_TENSORS / 10


def test_torn_and_foreign_files_get_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    for content in (b"", b"PK\3\4 a zip", SHIPPED.read_bytes()[:-1000], save({"weight": torch.zeros(3)})):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"odd\.safetensors"):
            load_untrusted(path)


# --------------------------------------------------------------------------------------------------
# On the page


def test_an_upload_is_kept_for_its_visitor(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(SHIPPED.read_bytes())
    key, said = uploads.upload(server, str(path), OWNER)
    assert "mine is yours on this page: it answers in the Draw tab" in texts.spoken(said)
    assert server.networks.get(key).classes == tuple("0123456789")


def test_a_refused_upload_does_not_count(server: Server, tmp_path: Path) -> None:
    path, whole = tmp_path / "torn.safetensors", tmp_path / "whole.safetensors"
    path.write_bytes(SHIPPED.read_bytes()[:-1000])
    whole.write_bytes(SHIPPED.read_bytes())
    refused = [
        (str(path), "torn.safetensors"),
        (str(tmp_path / "a.h5"), "a.h5 is not a .safetensors file"),
        (None, "No file has arrived"),
    ]
    for file, says in refused * 3:
        key, said = uploads.upload(server, file, OWNER)
        assert key == ""
        assert says in texts.spoken(said)
    assert all(uploads.upload(server, str(whole), OWNER)[0] for _ in range(UPLOADS))
    key, said = uploads.upload(server, str(whole), OWNER)
    assert key == ""
    assert f"can upload {UPLOADS} networks" in texts.spoken(said)
    assert uploads.upload(server, str(whole), ("1.1.1.1", "another"))[0]


def test_uploads_at_once_are_counted_too(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(SHIPPED.read_bytes())
    with ThreadPoolExecutor(20) as pool:
        keys = [key for key, _ in pool.map(lambda _: uploads.upload(server, str(path), OWNER), range(20)) if key]
    assert len(keys) == UPLOADS
    assert all(server.networks.get(key) for key in keys)


def test_strangers_uploads_push_out_nobodys_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MAX_NETWORK_BYTES", 20 * 4 * 60_000)
    server = Server()
    try:
        checkpoint = load(SHIPPED)
        trained, _ = server.networks.keep(checkpoint, owner=("1.1.1.1", "pupil"))
        uploaded, _ = server.networks.keep(checkpoint, owner=("1.1.1.1", "pupil"), uploaded=True)
        for visitor in range(66):  # of one address, each with a session of its own
            server.networks.keep(checkpoint, owner=("2.2.2.2", f"stranger {visitor}"), uploaded=True)
        assert server.networks.get(trained)
        assert server.networks.get(uploaded)
    finally:
        server.close()


def test_a_full_disk_loses_no_network(server: Server) -> None:
    home = server.networks.place
    server.networks.place = Path("/dev/full")  # where nothing can be written
    key, path = server.networks.keep(load(SHIPPED))
    picture = np.full((280, 280), 255, "uint8")
    picture[60:220, 130:150] = 0
    assert server.networks.digit_reader(key).predict(picture).label == "1"
    assert server.networks.exhibit(key).file_bytes > 100_000
    assert server.networks.checkpoint(key).metrics == load(SHIPPED).metrics
    with pytest.raises(CheckpointError) as refused:
        server.networks.file(key)
    assert str(refused.value) == networks.NO_ROOM
    assert str(path) not in str(refused.value)
    # there is room again
    server.networks.place = home
    server.networks._trained.change(key, lambda kept: replace(kept, path=home / key / "mine.safetensors"))
    assert load(server.networks.file(key)).metrics == load(SHIPPED).metrics
    assert server.networks.kept(key).saved


def test_a_full_disk_keeps_no_network_from_its_visitor(server: Server) -> None:
    server.networks.place = Path("/dev/full")
    key, _ = server.networks.keep(load(SHIPPED))
    assert draw.fetch_network(server, {"network": key})["table"]["classes"] == list("0123456789")
    assert server.networks.content(key) == pretrained.to_bytes(load(SHIPPED))
    question = {"network": key, "kind": "weights"}
    assert report.keep(server, question)["problem"]["en"] == networks.NO_ROOM


def test_a_cleaner_of_temporary_files_takes_no_network(server: Server) -> None:
    key, path = server.networks.keep(load(SHIPPED))
    content, size = path.read_bytes(), path.stat().st_size
    shutil.rmtree(server.folder)
    assert server.networks.exhibit(key).file_bytes == size
    assert "problem" not in zoo.list_networks(server, {"yours": [key]})
    assert "problem" not in report.choose(server, {"network": key})
    assert server.networks.checkpoint(key).metrics == load(SHIPPED).metrics
    assert server.networks.content(key) == content
    kept = report.keep(server, {"network": key, "kind": "weights"})
    assert Path(kept["path"]).read_bytes() == content
    assert server.folder.stat().st_mode & 0o077 == 0, "the keys in it are its visitors' secrets"
    assert server.networks.file(key).read_bytes() == content
    shutil.rmtree(server.folder)
    other, path = server.networks.keep(load(SHIPPED))
    assert path.exists()
    assert server.networks.kept(other).saved


def test_all_networks_together_stay_below_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MAX_NETWORK_BYTES", 4 * 60_000)
    server = Server()
    try:
        checkpoint = load(SHIPPED)
        first, _ = server.networks.keep(checkpoint)
        second, _ = server.networks.keep(replace(checkpoint))
        assert server.networks.get(second).parameters < 60_000
        with pytest.raises(CheckpointError, match="no longer keeps"):
            server.networks.get(first)
    finally:
        server.close()
