"""Downloads from a server that cuts, stalls, lies, and answers what it likes."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lenet.data import checksums, download, formats, published, transfer
from lenet.data.checksums import Block, Expected, verified
from lenet.data.datasets import load
from lenet.data.download import Progress, fetch, following
from lenet.data.formats import CIFAR10_FILES, CIFAR10_RECORDS, IDX_FILES, Part
from lenet.data.published import PUBLISHED, Mirror, Published
from lenet.errors import DataError

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
TEN = Part(RNG.integers(0, 256, (10, 1, 28, 28), np.uint8), np.arange(10, dtype=np.uint8))
COLOURS = Part(RNG.integers(0, 256, (10, 3, 32, 32), np.uint8), np.arange(10, dtype=np.uint8))


def block_of(part: Part) -> Block:
    return checksums._block(part.images, part.labels)


def parquet(part: Part, image: str = "image") -> bytes:
    """As the Hub has data sets: a struct of an encoded picture and a path, and a label."""
    from arro3.core import Array, DataType, Field, Schema, Table, struct_array
    from arro3.io import write_parquet

    pictures = []
    for pixels in part.images:
        buffer = io.BytesIO()
        Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    fields = [Field("bytes", DataType.binary()), Field("path", DataType.string())]
    paths = Array([None] * len(pictures), DataType.string())
    column = struct_array([Array(pictures, DataType.binary()), paths], fields=fields)
    labels = Array(part.labels.tolist(), DataType.int64())
    names = [Field(image, column.type), Field("label", DataType.int64())]
    file = io.BytesIO()
    write_parquet(Table.from_arrays([column, labels], schema=Schema(names)), file)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
    return gzip.compress(head + array.tobytes())


# --------------------------------------------------------------------------------------------------
# The server


@dataclass
class Web:
    """What is served, and how badly.

    Attributes:
        behave: what a request does before anything is sent; True where it has answered itself.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    behave: Callable[[Any, bytes, int], bool] = lambda handler, content, start: False
    ranges: bool = True
    asked: list[tuple[str, int]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def web() -> Iterator[Web]:
    served = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = served.files.get(self.path)
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if served.ranges else 0
            served.asked.append((self.path, start))
            if content is None:
                return self.send_error(404)
            if served.behave(self, content, start):
                return None
            self.begin(content, start)
            self.wfile.write(content[start:])
            return None

        def begin(self, content: bytes, start: int, kind: str = "application/octet-stream") -> None:
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client hangs up on what it will not have
    served.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SILENCE", 1.0)
    monkeypatch.setattr(download, "BETWEEN_WORDS", 0.0)
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    monkeypatch.setattr(download, "WAIT", 0.02)


@pytest.fixture
def small(web: Web, monkeypatch: pytest.MonkeyPatch, offline: None) -> Web:
    """A MNIST of ten pictures a split: as Parquet from a hub, else as IDX from a site."""
    files = {"/hub/train": parquet(TEN), "/hub/test": parquet(TEN)}
    for name, array in zip(IDX_FILES, (TEN.images[:, 0], TEN.labels) * 2, strict=True):
        files[f"/site/{name}.gz"] = idx(array)
    web.files = files
    hub = Mirror((f"{web.url}/hub/train", f"{web.url}/hub/test"), 20_000, formats.from_parquet("image", "label"))
    expected = Expected(TEN.images.shape, (block_of(TEN),))
    mirrors = hub, published._site(f"{web.url}/site/", 20_000)
    monkeypatch.setitem(
        PUBLISHED,
        "mnist",
        replace(PUBLISHED["mnist"], mirrors=lambda: mirrors, expected={"train": expected, "test": expected}),
    )
    return web


def bring(root: Path) -> None:
    fetch("mnist", root, lambda: all((root / "MNIST/raw" / name).exists() for name in IDX_FILES))


def is_whole(root: Path) -> bool:
    content = (root / "MNIST/raw/t10k-images-idx3-ubyte").read_bytes()
    return content[16:] == TEN.images.tobytes() and not list((root / ".mnist.download").glob("*.part"))


# --------------------------------------------------------------------------------------------------


def test_it_comes_from_the_first_mirror(small: Web, tmp_path: Path) -> None:
    told: list[Progress] = []
    with following(told.append):
        bring(tmp_path)
    assert is_whole(tmp_path)
    assert [path for path, _ in small.asked] == ["/hub/train", "/hub/test"]
    assert told[-1].host == "127.0.0.1"
    assert 0 < told[0].bytes <= told[-1].bytes <= told[-1].total
    bring(tmp_path)  # which asks nobody
    assert len(small.asked) == 2


def status(code: int) -> Callable[[Any, bytes, int], bool]:
    return lambda handler, content, start: (handler.send_error(code), True)[1]


def web_page(handler: Any, content: bytes, start: int) -> bool:
    handler.begin(b"<html>sign in", 0, "text/html; charset=utf-8")
    handler.wfile.write(b"<html>sign in")
    return True


def stall(handler: Any, content: bytes, start: int) -> bool:
    handler.begin(content, start)
    handler.wfile.flush()
    time.sleep(2.5)
    handler.close_connection = True
    return True


def cut_at_once(handler: Any, content: bytes, start: int) -> bool:
    handler.begin(content, start)
    handler.close_connection = True
    return True


def other_data(handler: Any, content: bytes, start: int) -> bool:
    handler.begin(content, start)
    handler.wfile.write(bytes(len(content) - start))
    return True


def endless(handler: Any, content: bytes, start: int) -> bool:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(bytes(10_000))
    except OSError:
        pass
    handler.close_connection = True
    return True


def too_long(handler: Any, content: bytes, start: int) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    handler.close_connection = True
    return True


def torn(handler: Any, content: bytes, start: int) -> bool:
    """Without a length nobody sees that it breaks off."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content[:-20])
    handler.close_connection = True
    return True


def nothing(handler: Any, content: bytes, start: int) -> bool:
    handler.begin(b"", 0)
    return True


TROUBLE = [
    (status(403), "refuses it (403)"),
    (status(404), "no longer has it (404)"),
    (status(503), "is overloaded or out of order (503)"),
    (status(429), "is overloaded or out of order (429)"),
    (status(418), "answers 418"),
    (web_page, "sends a web page in its place: does this network want a sign-in?"),
    (stall, "says nothing for 1 s"),
    (cut_at_once, "breaks off again and again"),
    (other_data, "sends other data than was published"),
    (torn, "sends other data than was published"),
    (nothing, "sends other data than was published"),
    (endless, "sends more than was published"),
    (too_long, "sends more than was published"),
]
IDS = ["403", "404", "503", "429", "418", "html", "stall", "cut", "lie", "torn", "nothing", "endless", "too-long"]


@pytest.mark.parametrize(("behave", "says"), TROUBLE, ids=IDS)
def test_trouble_is_one_sentence(
    behave: Any, says: str, small: Web, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    small.behave = behave
    with pytest.raises(DataError) as caught:
        bring(tmp_path)
    assert str(caught.value).startswith(f"MNIST is not in {tmp_path} and could not be downloaded (127.0.0.1 {says}, ")
    assert not (tmp_path / "MNIST").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("behave", "says"), TROUBLE, ids=IDS)
def test_the_next_mirror_helps(behave: Any, says: str, small: Web, tmp_path: Path) -> None:
    small.behave = lambda handler, content, start: "/hub/" in handler.path and behave(handler, content, start)
    bring(tmp_path)
    assert is_whole(tmp_path)


def cut_after(count: int) -> Callable[[Any, bytes, int], bool]:
    """Sends so many bytes a connection."""

    def behave(handler: Any, content: bytes, start: int) -> bool:
        handler.begin(content, start)
        handler.wfile.write(content[start : start + count])
        handler.close_connection = True
        return True

    return behave


def test_a_transfer_that_breaks_goes_on_where_it_was(small: Web, tmp_path: Path) -> None:
    small.behave = cut_after(700)
    bring(tmp_path)
    assert is_whole(tmp_path)
    starts = [start for path, start in small.asked if path == "/hub/train"]
    assert starts == list(range(0, len(small.files["/hub/train"]), 700))


def test_it_begins_anew_where_ranges_are_ignored(small: Web, tmp_path: Path) -> None:
    small.ranges = False
    first = iter([True])
    small.behave = lambda h, c, s: next(first, False) and cut_after(700)(h, c, s)
    bring(tmp_path)
    assert is_whole(tmp_path)


def test_it_goes_on_after_a_restart(small: Web, tmp_path: Path) -> None:
    small.behave = lambda h, c, s: cut_after(700)(h, c, s) if s == 0 else status(503)(h, c, s)
    with pytest.raises(DataError):
        bring(tmp_path)
    small.behave, small.asked = Web().behave, []
    bring(tmp_path)
    assert is_whole(tmp_path)
    assert small.asked[0] == ("/hub/train", 700)


def test_a_file_that_changed_meanwhile_is_brought_anew(small: Web, tmp_path: Path) -> None:
    small.behave = lambda h, c, s: cut_after(700)(h, c, s) if s == 0 else status(503)(h, c, s)
    with pytest.raises(DataError):
        bring(tmp_path)
    small.behave, small.asked = Web().behave, []
    for part in (tmp_path / ".mnist.download").glob("*.part"):
        part.write_bytes(bytes(700))
    bring(tmp_path)
    assert is_whole(tmp_path)


def test_what_is_longer_than_the_file_is_begun_anew(small: Web, tmp_path: Path) -> None:
    small.behave = lambda h, c, s: s >= len(c) and status(416)(h, c, s)
    place = tmp_path / ".mnist.download"
    place.mkdir()
    for mirror in PUBLISHED["mnist"].mirrors():
        for url in mirror.urls:
            download._part(url, place).write_bytes(bytes(30_000))
    bring(tmp_path)
    assert is_whole(tmp_path)


def test_no_network_says_so(tmp_path: Path, offline: None) -> None:
    with pytest.raises(DataError, match=r"huggingface.co cannot be looked up: is this machine online\?"):
        load("cifar10", tmp_path)


def test_a_proxy_that_is_not_there_says_so(
    small: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: None
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"huggingface.co cannot be reached|proxy does not reach huggingface.co"):
        load("cifar10", tmp_path)


def test_a_full_disk_says_so(small: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats, "_write", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\): free some space"):
        bring(tmp_path)


def test_a_read_only_folder_that_has_it_is_enough(small: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: Path, *_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system", str(path))

    bring(tmp_path)
    shutil.rmtree(tmp_path / ".mnist.download")
    monkeypatch.setattr(Path, "mkdir", read_only)
    monkeypatch.setattr("filelock.FileLock.acquire", read_only)
    bring(tmp_path)
    shutil.rmtree(tmp_path / "MNIST")
    with pytest.raises(DataError, match="which cannot be written"):
        bring(tmp_path)


def test_one_brings_it_and_the_others_wait(small: Web, tmp_path: Path) -> None:
    slow = threading.Event()

    def behave(handler: Any, content: bytes, start: int) -> bool:
        handler.begin(content, start)
        handler.wfile.write(content[start : start + 500])
        handler.wfile.flush()
        slow.wait(0.3)
        handler.wfile.write(content[start + 500 :])
        return True

    small.behave = behave
    told: list[list[Progress]] = [[], [], []]

    def run(mine: list[Progress]) -> None:
        with following(mine.append):
            bring(tmp_path)

    threads = [threading.Thread(target=run, args=(mine,)) for mine in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert is_whole(tmp_path)
    assert len(small.asked) == 2
    assert sum(any(word.host == "" for word in mine) for mine in told) == 2


def test_what_the_hub_has_here_already_is_not_brought(small: Web, tmp_path: Path) -> None:
    hub, site = PUBLISHED["mnist"].mirrors()
    for name in ("train", "test"):
        (tmp_path / name).write_bytes(small.files[f"/hub/{name}"])
    at_hand = replace(hub, at_hand=lambda url: tmp_path / url.rsplit("/", 1)[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PUBLISHED, "mnist", replace(PUBLISHED["mnist"], mirrors=lambda: (at_hand, site)))
        bring(tmp_path)
    assert is_whole(tmp_path)
    assert small.asked == []
    assert (tmp_path / "train").exists()


# --------------------------------------------------------------------------------------------------
# What was sent


def test_a_parquet_of_ten_colour_pictures(tmp_path: Path) -> None:
    (tmp_path / "ten").write_bytes(parquet(COLOURS, "img"))
    part = formats._parquet(tmp_path / "ten", "img", "label")
    assert np.array_equal(part.images, COLOURS.images)
    assert np.array_equal(part.labels, COLOURS.labels)


def test_batches_in_another_order_are_put_in_order() -> None:
    halves = [Part(COLOURS.images[i : i + 5], COLOURS.labels[i : i + 5]) for i in (0, 5)]
    expected = {"train": Expected(COLOURS.images.shape, tuple(map(block_of, halves)))}
    turned = Part(np.roll(COLOURS.images, 5, 0), np.roll(COLOURS.labels, 5))
    for part in (COLOURS, turned):
        assert np.array_equal(verified({"train": part}, expected)["train"].images, COLOURS.images)
    for odd in (np.roll(COLOURS.images, 1, 0), COLOURS.images ^ 1, COLOURS.images[:9], COLOURS.images.astype(float)):
        with pytest.raises(ValueError):
            verified({"train": Part(odd, COLOURS.labels)}, expected)


@pytest.mark.parametrize(
    "wanted",
    [
        {"head": (3, Block("", ""))},
        {"mean": 0.1, "std": 0.3},
        {"mean": float(TEN.images.mean() / 255), "std": 0.1},
    ],
)
def test_each_mark_is_looked_at(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        verified({"test": TEN}, {"test": Expected(TEN.images.shape, **wanted)})


def test_marks_that_fit_pass() -> None:
    head = Part(TEN.images[:3], TEN.labels[:3])
    mean, std = float(TEN.images.mean() / 255), float(TEN.images.std() / 255)
    count, channels, height, width = TEN.images.shape
    marks = Expected((count, channels, height, width), head=(3, block_of(head)), mean=mean, std=std, balanced=True)
    assert verified({"test": TEN}, {"test": marks})["test"] is TEN
    with pytest.raises(ValueError):
        verified({"test": Part(TEN.images, TEN.labels // 2 * 3)}, {"test": replace(marks, head=None)})


def test_the_archive_of_its_own_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "CIFAR10_RECORDS", 2)
    batches = [RNG.integers(0, 10, (2, 3073), np.uint8) for _ in range(6)]
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        for name, records in zip(CIFAR10_FILES, batches, strict=True):
            entry = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            entry.size = records.nbytes
            archive.addfile(entry, io.BytesIO(records.tobytes()))
    decoded = formats.from_cifar10_archive([tmp_path / "x.tar.gz"])
    formats.write_cifar10(tmp_path, decoded)
    for name, records in zip(CIFAR10_FILES, batches, strict=True):
        assert (tmp_path / "cifar-10-batches-bin" / name).read_bytes() == records.tobytes()


@pytest.mark.data
def test_the_real_mnist_has_our_checksums(mnist_root: Path) -> None:
    raw = [(mnist_root / "MNIST/raw" / name).read_bytes() for name in IDX_FILES]
    arrays = [formats.read_idx(content) for content in raw]
    decoded = {"train": Part(arrays[0][:, None], arrays[1]), "test": Part(arrays[2][:, None], arrays[3])}
    verified(decoded, PUBLISHED["mnist"].expected)


@pytest.mark.data
def test_the_real_cifar10_has_our_checksums(cifar_root: Path) -> None:
    files = [np.fromfile(cifar_root / "cifar-10-batches-bin" / name, np.uint8) for name in CIFAR10_FILES]
    records = [file.reshape(CIFAR10_RECORDS, 3073) for file in files]
    expected = PUBLISHED["cifar10"].expected
    for name, found in (("train", np.concatenate([*records[1:5], records[0]])), ("test", records[5])):
        part = Part(found[:, 1:].reshape(-1, 3, 32, 32), found[:, 0])
        verified({name: part}, {name: expected[name]})


@pytest.mark.parametrize(
    ("named", "site"),
    [
        (None, "https://huggingface.co"),
        ("", "https://huggingface.co"),  # as compose files and a Space's settings leave it
        (" ", "https://huggingface.co"),
        ("hf-mirror.com", "https://hf-mirror.com"),
        ("https://hf-mirror.com/", "https://hf-mirror.com"),
        ("http://localhost:8000/hub", "http://localhost:8000/hub"),
    ],
)
def test_the_hub_may_have_a_mirror(named: str | None, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    if named is not None:
        monkeypatch.setenv("HF_ENDPOINT", named)
    for one in PUBLISHED.values():
        assert one.mirrors()[0].urls[0].startswith(f"{site}/datasets/")


@pytest.mark.parametrize("named", ["ftp://mirror.example", "http://[mirror", "http://mirror.example:port", "https://"])
def test_a_mirror_that_is_no_web_address_is_named(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: None
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", named)
    with pytest.raises(DataError) as caught:
        load("cifar10", tmp_path)
    assert "mirror" in str(caught.value) or "://" in str(caught.value)
    assert "breaks off" not in str(caught.value)


def test_the_hubs_own_package_may_refuse_the_mirror() -> None:
    """In a process of its own, since it looks at the name when it is imported."""
    script = "from lenet.data.published import PUBLISHED; print(PUBLISHED['mnist'].mirrors()[0].at_hand('x'))"
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "HF_ENDPOINT": "http://[mirror"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert told.stdout.endswith("None\n"), told.stderr


def test_every_data_set_has_two_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    for one in PUBLISHED.values():
        assert isinstance(one, Published)
        assert len(one.mirrors()) == 2
        assert "huggingface.co" in one.mirrors()[0].urls[0]


def test_a_file_that_unpacks_to_more_than_any_has_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(formats.MAX_UNZIPPED + 1)))
    with pytest.raises(ValueError, match=r"bomb\.gz"):
        formats.from_idx([tmp_path / "bomb.gz"])
