"""Brings a data set's files from the nearest place that has them, whatever happens on the way.

    with following(print):
        fetch("cifar10", root, is_there)

Each data set has mirrors, asked in turn: the Hugging Face Hub, which is fast and whose files a Space has at hand, then
its own site.  Whatever a mirror sends, what counts is the decoded pixels and labels: these are compared with checksums
of ours before anything is written, in the layout of the data set's own site.  A transfer that breaks goes on where it
was, also after a restart.  One process downloads; others wait for it.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import itertools
import os
import socket
import ssl
import struct
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from lenet import http_settings
from lenet.errors import DataError, Text

if TYPE_CHECKING:
    import httpx

SILENCE = 20.0  # seconds without a byte, after which a connection is given up
DRIP_SECONDS, DRIP_BYTES = 60.0, 60_000  # as good as silent: CIFAR-10's own site gives 70,000 a second on a bad day
TRIES = 4  # connections in a row that bring nothing
PAUSE = 0.3  # seconds between two connections; doubled for each that brings nothing
BETWEEN_WORDS = 0.2  # seconds between two words on how far it is
SPEED_OVER = 10.0  # seconds: the time that is left is judged by the last ones
WAIT = 0.5  # seconds between two looks at what another process has brought

CIFAR10_FOLDER = "cifar-10-batches-bin"
CIFAR10_FILES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR10_RECORDS, CIFAR10_RECORD = 10_000, 1 + 3 * 32 * 32  # records a file; label byte, then R, G, B planes
MAX_UNZIPPED = 16 + 60_000 * 28 * 28  # bytes of the largest IDX file
IDX_FILES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


# --------------------------------------------------------------------------------------------------
# How far it is


@dataclass(frozen=True)
class Progress:
    """How far a download is.

    Attributes:
        title: of the data set.
        host: where it comes from; "" while another process brings it.
        bytes, total: of all its files.
        seconds_left: None where it is not known yet.
    """

    title: str
    host: str
    bytes: int
    total: int
    seconds_left: float | None


_follower: ContextVar[Callable[[Progress], None] | None] = ContextVar("follower", default=None)


@contextlib.contextmanager
def following(tell: Callable[[Progress], None]) -> Iterator[None]:
    """Within it, `tell` hears a few times a second how far the downloads of this thread are."""
    token = _follower.set(tell)
    try:
        yield
    finally:
        _follower.reset(token)


class _Pace:
    """From bytes so far to words on how far it is, not too many of them."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._marks = title, total, list[tuple[float, int]]()
        self._tell, self._told = _follower.get(), 0.0

    def at(self, done: int, host: str) -> None:
        now = time.monotonic()
        if self._tell is None or now - self._told < BETWEEN_WORDS:
            return
        self._told = now
        self._marks = [mark for mark in self._marks if now - mark[0] <= SPEED_OVER and mark[1] <= done] + [(now, done)]
        (began, before), left = self._marks[0], None
        if done > before and now > began:
            left = max(0, self._total - done) * (now - began) / (done - before)
        self._tell(Progress(self._title, host, min(done, self._total), self._total, left))


# --------------------------------------------------------------------------------------------------
# What is published where, and what it must decode to


@dataclass(frozen=True)
class Part:
    """Pictures uint8 (N, C, H, W) and their labels uint8 (N,)."""

    images: np.ndarray
    labels: np.ndarray


Decoded = Mapping[str, Part]  # by "train" and "test"


@dataclass(frozen=True)
class Block:
    """The SHA-256 of so many pictures in a row, and of their labels."""

    images: str
    labels: str


@dataclass(frozen=True)
class Expected:
    """What a split must be.

    Attributes:
        shape: (N, C, H, W).
        blocks: of all of it, in equal parts; mirrors may have the parts in another order.  () where no copy was at
            hand to make checksums of.
        head: (how many, their Block) of the beginning, where only that is known.
        mean, std: of all pixels as fractions, to 4 digits, where the checksums do not cover all.
        balanced: every label is there equally often.
    """

    shape: tuple[int, int, int, int]
    blocks: tuple[Block, ...] = ()
    head: tuple[int, Block] | None = None
    mean: float | None = None
    std: float | None = None
    balanced: bool = False


@dataclass(frozen=True)
class Mirror:
    """A place that has the data set.

    Attributes:
        urls: of its files.
        bytes: of all of them, about.
        md5: of its files, where the data set's own site gives them; the only checksums of pictures of which no copy
            was at hand.
        decode: from the files to what is in them; anything that it raises means that they are not what they should be.
        at_hand: finds a file that is on this machine already, from its URL; None where it is not.
    """

    urls: tuple[str, ...]
    bytes: int
    decode: Callable[[Sequence[Path]], Decoded]
    at_hand: Callable[[str], Path | None] = lambda url: None
    md5: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """A data set, where it is published, and how its files are laid out here."""

    title: str
    mirrors: Callable[[], tuple[Mirror, ...]]
    expected: Mapping[str, Expected]
    write: Callable[[Path, Decoded], None]


# --------------------------------------------------------------------------------------------------
# From files to pictures


def _unzipped(path: Path) -> bytes:
    with gzip.open(path) as file:
        content = file.read(MAX_UNZIPPED + 1)
    if len(content) > MAX_UNZIPPED:  # whatever a mirror sends, it does not fill the memory
        raise ValueError(path.name)
    return content


def _from_idx(files: Sequence[Path]) -> Decoded:
    """Four gzipped files, http://yann.lecun.com/exdb/mnist: images and labels for training and for testing."""
    arrays = [read_idx(_unzipped(path)) for path in files]
    return {
        "train": Part(arrays[0][:, None], arrays[1]),
        "test": Part(arrays[2][:, None], arrays[3]),
    }


def read_idx(content: bytes) -> np.ndarray:
    """The numbers of an IDX file of bytes: uint8, read-only, in the shape that it names, (N, H, W) or (N,)."""
    dimensions = content[3]
    shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _from_cifar10_archive(files: Sequence[Path]) -> Decoded:
    with tarfile.open(files[0]) as archive:
        batches = [_records(archive, f"{CIFAR10_FOLDER}/{name}") for name in CIFAR10_FILES]
    train = np.concatenate(batches[:-1])
    return {
        name: Part(r[:, 1:].reshape(-1, 3, 32, 32), r[:, 0]) for name, r in (("train", train), ("test", batches[-1]))
    }


def _records(archive: tarfile.TarFile, name: str) -> np.ndarray:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(name)
    return np.frombuffer(file.read(CIFAR10_RECORDS * CIFAR10_RECORD), np.uint8).reshape(-1, CIFAR10_RECORD)


def _from_parquet(image: str, label: str) -> Callable[[Sequence[Path]], Decoded]:
    """Two files of the Hub's, for training and for testing: a column of encoded pictures and one of labels."""

    def decode(files: Sequence[Path]) -> Decoded:
        return {name: _parquet(path, image, label) for name, path in zip(("train", "test"), files, strict=True)}

    return decode


def _parquet(path: Path, image: str, label: str) -> Part:
    from arro3.io import read_parquet
    from PIL import Image

    _refuse_torn_parquet(path)
    images, labels = [], list[int]()
    for batch in read_parquet(path):
        for row in batch.column(image).to_pylist():
            with Image.open(io.BytesIO(row["bytes"]), formats=["PNG"]) as picture:
                pixels = np.asarray(picture)
            images.append(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
        labels += batch.column(label).to_pylist()
    return Part(np.stack(images), np.array(labels, np.uint8))


def _refuse_torn_parquet(path: Path) -> None:
    """Before its reader, which would write a backtrace of its own to the terminal."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(-min(4, path.stat().st_size), io.SEEK_END)
        if start != b"PAR1" or file.read() != b"PAR1":
            raise ValueError(path.name)


# --------------------------------------------------------------------------------------------------
# Checksums


def verified(decoded: Decoded, expected: Mapping[str, Expected]) -> Decoded:
    """The same, in the order of the data set's own site.

    Raises:
        ValueError: it is not that data set.
    """
    return {name: _verified(decoded[name], wanted) for name, wanted in expected.items()}


def _verified(part: Part, wanted: Expected) -> Part:
    if part.images.dtype != np.uint8 or part.images.shape != wanted.shape or len(part.labels) != wanted.shape[0]:
        raise ValueError("its shape")
    part = _in_order(part, wanted.blocks)
    if wanted.head is not None:
        count, block = wanted.head
        if _block(part.images[:count], part.labels[:count]) != block:
            raise ValueError("its first pictures")
    if wanted.balanced and len(set(np.bincount(part.labels).tolist())) != 1:
        raise ValueError("its labels")
    if wanted.mean is not None and wanted.std is not None:
        histogram = np.bincount(part.images.reshape(-1), minlength=256) / part.images.size
        levels = np.arange(256) / 255
        mean = float(histogram @ levels)
        if abs(mean - wanted.mean) > 1e-4 or abs(float(histogram @ (levels - mean) ** 2) ** 0.5 - wanted.std) > 1e-4:
            raise ValueError("its pixels")
    return part


def _block(images: np.ndarray, labels: np.ndarray) -> Block:
    pixels = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    return Block(pixels, hashlib.sha256(np.ascontiguousarray(labels, dtype=np.uint8).data).hexdigest())


def _in_order(part: Part, blocks: tuple[Block, ...]) -> Part:
    if not blocks:
        return part
    there = {}
    for images, labels in zip(np.split(part.images, len(blocks)), np.split(part.labels, len(blocks)), strict=True):
        there[_block(images, labels)] = Part(images, labels)
    if set(there) != set(blocks):
        raise ValueError("its pictures")
    found = [there[block] for block in blocks]
    return Part(np.concatenate([p.images for p in found]), np.concatenate([p.labels for p in found]))


# --------------------------------------------------------------------------------------------------
# From pictures to files


def _write_idx(folder: str) -> Callable[[Path, Decoded], None]:
    def write(root: Path, decoded: Decoded) -> None:
        arrays = itertools.chain.from_iterable((p.images[:, 0], p.labels) for p in (decoded["train"], decoded["test"]))
        for name, array in zip(IDX_FILES, arrays, strict=True):
            head = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
            _write(root / folder / "raw" / name, head + array.tobytes())

    return write


def _write_cifar10(root: Path, decoded: Decoded) -> None:
    batches = itertools.chain(_records_of(decoded["train"], len(CIFAR10_FILES) - 1), _records_of(decoded["test"], 1))
    for name, records in zip(CIFAR10_FILES, batches, strict=True):
        _write(root / CIFAR10_FOLDER / name, records.tobytes())


def _records_of(part: Part, files: int) -> list[np.ndarray]:
    return np.split(np.concatenate([part.labels[:, None], part.images.reshape(len(part.labels), -1)], axis=1), files)


def _write(path: Path, content: bytes) -> None:
    """Under its own name only once it is whole: others read it without a lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


# --------------------------------------------------------------------------------------------------
# Where


def hub_site() -> str:
    """The Hugging Face Hub, or what HF_ENDPOINT names in its place, with or without its https://."""
    named = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or "https://huggingface.co"
    return named if "://" in named else f"https://{named}"


def _hub(repository: str, files: tuple[str, str], image: str, size: int) -> Mirror:
    """A data set on the Hugging Face Hub, or on its mirror."""
    begin = f"{hub_site()}/datasets/{repository}/resolve/main/"

    def at_hand(url: str) -> Path | None:
        try:
            from huggingface_hub import try_to_load_from_cache
        except (ImportError, ValueError):  # it looks at HF_ENDPOINT when it is imported
            return None
        found = try_to_load_from_cache(repository, url.removeprefix(begin), repo_type="dataset")
        return Path(found) if isinstance(found, str) else None

    return Mirror(tuple(begin + name for name in files), size, _from_parquet(image, "label"), at_hand)


def _site(begin: str, size: int, md5: tuple[str, ...] = ()) -> Mirror:
    return Mirror(tuple(f"{begin}{name}.gz" for name in IDX_FILES), size, _from_idx, md5=md5)


def _parquet_files(folder: str) -> tuple[str, str]:
    return f"{folder}/train-00000-of-00001.parquet", f"{folder}/test-00000-of-00001.parquet"


PUBLISHED = {
    "mnist": Published(
        "MNIST",
        lambda: (
            _hub("ylecun/mnist", _parquet_files("mnist"), "image", 18_200_000),
            _site("https://ossci-datasets.s3.amazonaws.com/mnist/", 11_600_000),  # as torchvision has it
        ),
        {
            "train": Expected(
                (60_000, 1, 28, 28),
                (
                    Block(
                        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
                        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
                    ),
                ),
            ),
            "test": Expected(
                (10_000, 1, 28, 28),
                (
                    Block(
                        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
                        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
                    ),
                ),
            ),
        },
        _write_idx("MNIST"),
    ),
    "fashion-mnist": Published(
        "FashionMNIST",
        lambda: (
            _hub("zalando-datasets/fashion_mnist", _parquet_files("fashion_mnist"), "image", 36_000_000),
            _site(
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                30_900_000,
                (  # as its README and torchvision give them
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
            ),
        ),
        {  # the mean and deviation that are published of its training pixels
            "train": Expected((60_000, 1, 28, 28), mean=0.2860, std=0.3530, balanced=True),
            "test": Expected((10_000, 1, 28, 28), balanced=True),
        },
        _write_idx("FashionMNIST"),
    ),
    "cifar10": Published(
        "CIFAR-10",
        lambda: (
            _hub("uoft-cs/cifar10", _parquet_files("plain_text"), "img", 144_000_000),
            Mirror(
                ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
                170_052_171,
                _from_cifar10_archive,
                md5=("c32a1d4ab5d03f1284b67883e8d87530",),  # as https://www.cs.toronto.edu/~kriz/cifar.html gives it
            ),
        ),
        {
            "train": Expected(
                (50_000, 3, 32, 32),
                (
                    Block(
                        "a50e8b48728e1667d682a807155c375279d5ae321fb12242c02e3104a6bc8b21",
                        "d829dbdf32167c9d7b3687cee66d92d80d46c441308b5aca0d11e8b69e27dac9",
                    ),
                    Block(
                        "0b825e5592c3b72ea18d6ec2ff5f5b19d33e41a75f5039054a9bb87be3cf69a0",
                        "5d18f7371ed35ea9ade77952fe958b0660a45cd6c8b8a8970030f21612cfd7e3",
                    ),
                    Block(
                        "c6ee1dd4601a69ec085d8ebf53ee6441775491a6839a0a9ae8fa198e88a3a429",
                        "32cf77b0ee2e790b1c4384d2d82e42dc1571b87e67f6da8f444b2725b2973f65",
                    ),
                    Block(
                        "1f6b6c799cff375a9f8fae2fac909d51ee09f38a6a60eebb9e8fec6f47ddc48f",
                        "d2815e3f8f656272864920fc0edde56b04ec9cf81bf397c0dd3069f4aea51aeb",
                    ),
                    Block(
                        "58e3bbf713e28357476a351d3a05d056372f94c681d04ca9d62a076fdf2a643b",
                        "2ddf3ab27d5d04409c94ce7b56849c243129c10de1058ae0bfe14c77e934800c",
                    ),
                ),
            ),
            # Of its test images, only the first were at hand as they are published.
            "test": Expected(
                (10_000, 3, 32, 32),
                head=(
                    1_000,
                    Block(
                        "f167149948fc8fe0b9a76ba86421e987817f98b63761ba9415c5d42664d51f03",
                        "636a087e604331a0b9dafc94b6e9ade0c9cec72c4400d12473ccdb3e264474c1",
                    ),
                ),
                balanced=True,
            ),
        },
        _write_cifar10,
    ),
}


# --------------------------------------------------------------------------------------------------
# One process brings it


def fetch(name: str, root: Path, is_there: Callable[[], bool]) -> None:
    """Have the files of PUBLISHED[name] below `root`; waits where another process brings them.

    Args:
        is_there: whether all of them are there now.

    Raises:
        DataError: no mirror has it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout  # which torch needs too

    published = PUBLISHED[name]
    place = root / f".{name}.download"
    pace = _Pace(published.title, published.mirrors()[0].bytes)
    try:
        if is_there():  # then the folder may be read-only
            return
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / "lock")
        while not is_there():
            try:
                with lock.acquire(timeout=0):
                    if not is_there():
                        _bring(published, place, root)
            except Timeout:
                pace.at(_size(place), "")
                time.sleep(WAIT)
    except OSError as error:
        raise DataError(
            "{title} is not in {folder}, which cannot be written ({error}): free some space, "
            "or set LENET_DATA to a folder that has it, or that can be written.",
            title=published.title,
            folder=root,
            error=error.strerror or error,
        ) from error


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.glob("*.part"))


def _bring(published: Published, place: Path, root: Path) -> None:
    """From the first mirror that has it."""
    reasons = []
    for mirror in published.mirrors():
        try:
            decoded = _from(mirror, published, place)
        except _UselessError as useless:
            reasons.append(useless.why)
            continue
        published.write(root, decoded)
        _clear(place)
        return
    raise DataError(
        "{title} is not in {folder} and could not be downloaded ({reason}). "
        "Go online once, set LENET_DATA to a folder that has it, or use the built-in data set 'digits'.",
        title=published.title,
        folder=root,
        reason=reasons,
    )


def _from(mirror: Mirror, published: Published, place: Path) -> Decoded:
    """What the mirror has.  What an earlier try left half may no longer fit the other half: then all of it anew."""
    begun = any(_part(url, place).exists() for url in mirror.urls)
    try:
        return _decoded(mirror, _files(mirror, place, published.title), published.expected)
    except _OtherDataError:
        if not begun:
            raise
        return _decoded(mirror, _files(mirror, place, published.title), published.expected)


def _decoded(mirror: Mirror, files: Sequence[Path], expected: Mapping[str, Expected]) -> Decoded:
    try:
        for path, md5 in zip(files, mirror.md5, strict=bool(mirror.md5)):
            if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != md5:
                raise ValueError(md5)
        return verified(mirror.decode(files), expected)
    except ImportError as error:
        raise _UselessError(Text("reading its files needs {package}", package=error.name or "arro3")) from error
    except BaseException as error:  # gzip, tarfile and PNG raise nearly everything over what is not theirs
        # ... and Parquet's reader what is no Exception.
        foreign = isinstance(error, Exception) or type(error).__name__ == "PanicException"
        if not foreign or isinstance(error, MemoryError):
            raise
        for path in files:
            if path.suffix == ".part":  # begin anew next time
                path.unlink(missing_ok=True)
                path.with_suffix(".whole").unlink(missing_ok=True)
        raise _OtherDataError(Text("{host} sends other data than was published", host=_host(mirror.urls[0]))) from error


def _clear(place: Path) -> None:
    for path in (*place.glob("*.part"), *place.glob("*.whole")):
        path.unlink()


# --------------------------------------------------------------------------------------------------
# One file


class _UselessError(Exception):
    """A mirror does not have it, now."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


class _OtherDataError(_UselessError):
    """What it has is not the data set."""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:  # HF_ENDPOINT may be anything
        return url


def _part(url: str, place: Path) -> Path:
    """Where what has arrived from there is kept."""
    return place / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"


def _files(mirror: Mirror, place: Path, title: str) -> list[Path]:
    """The mirror's files, brought here where they are not yet."""
    pace, before, files = _Pace(title, mirror.bytes), 0, []
    for url in mirror.urls:
        path = mirror.at_hand(url)
        if path is None:
            path = _part(url, place)
            for size in _transfer(url, path, limit=2 * mirror.bytes):
                pace.at(before + size, _host(url))
        before += path.stat().st_size
        files.append(path)
    return files


def _transfer(url: str, path: Path, limit: int) -> Iterator[int]:
    """Bring what is at `url` to `path`, from where it broke off; yields its size so far.

    Raises:
        _UselessError: it cannot be had.
    """
    whole = path.with_suffix(".whole")
    if whole.exists() and path.exists():
        yield path.stat().st_size
        return
    fruitless = 0
    while True:
        size = path.stat().st_size if path.exists() else 0
        try:
            yield from _connection(url, path, size, limit)
            whole.touch()
            return
        except _BrokenError as broken:
            grown = (path.stat().st_size if path.exists() else 0) > size
            fruitless = 0 if grown else fruitless + 1
            if fruitless >= TRIES:
                raise _UselessError(broken.why) from broken
            time.sleep(PAUSE * 2**fruitless)


class _BrokenError(Exception):
    """A connection ended early; another one may go on."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


def _connection(url: str, path: Path, have: int, limit: int) -> Iterator[int]:
    import httpx  # here, for `import lenet` must not load it

    headers = {"Accept-Encoding": "identity", "User-Agent": "lenet-playground"}
    if have:
        headers["Range"] = f"bytes={have}-"
    client = _client(_host(url))
    try:
        with client, client.stream("GET", url, headers=headers) as reply:
            if reply.status_code == 416:  # what is here is longer than what is there: begin anew
                path.unlink()
                raise _BrokenError(Text("{host} sends something else each time", host=_host(url)))
            _refuse_status(_host(url), reply.status_code)
            if "html" in reply.headers.get("content-type", ""):
                raise _UselessError(
                    Text("{host} sends a web page in its place: does this network want a sign-in?", host=_host(url))
                )
            resumed = reply.status_code == 206 and reply.headers.get("content-range", "").startswith(f"bytes {have}-")
            yield from _received(reply, path, have if resumed else 0, limit, _host(url))
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ssl.SSLError) as error:
        raise _reason(_host(url), error) from error


def _client(host: str) -> httpx.Client:
    """What asks `host`, by the proxy and with the certificates that the environment names."""
    import httpx

    try:
        return httpx.Client(timeout=SILENCE, follow_redirects=True)
    except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
        if names := http_settings.unusable():
            raise _UselessError(Text("{names} cannot be used: correct it, or unset it", names=names)) from error
        raise _reason(host, error) from error


def _received(reply: Any, path: Path, have: int, limit: int, host: str) -> Iterator[int]:
    size, mark, at_mark = have, time.monotonic(), have
    length = reply.headers.get("content-length", "")
    total = have + int(length) if length.isdigit() else None
    if (total or 0) > limit:
        raise _UselessError(Text("{host} sends more than was published", host=host))
    with path.open("r+b" if have else "wb") as file:
        file.seek(have)
        for block in reply.iter_raw():
            file.write(block)
            size += len(block)
            if size > limit:
                raise _UselessError(Text("{host} sends more than was published", host=host))
            yield size
            now = time.monotonic()
            if now - mark > DRIP_SECONDS:
                if size - at_mark < DRIP_BYTES:
                    raise _UselessError(Text("{host} sends next to nothing", host=host))
                mark, at_mark = now, size
    if total is not None and size < total:
        raise _BrokenError(Text("{host} breaks off again and again", host=host))


def _refuse_status(host: str, status: int) -> None:
    if status in (200, 206):
        return
    if status in (401, 403, 407, 451):
        raise _UselessError(Text("{host} refuses it ({status})", host=host, status=status))
    if status in (404, 410):
        raise _UselessError(Text("{host} no longer has it ({status})", host=host, status=status))
    if status == 429 or status >= 500:
        raise _BrokenError(Text("{host} is overloaded or out of order ({status})", host=host, status=status))
    raise _UselessError(Text("{host} answers {status}", host=host, status=status))


def _reason(host: str, error: Exception) -> Exception:
    """What to raise for what went wrong below HTTP."""
    import httpx

    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return _UselessError(
            Text("{host} cannot prove that it is {host}: does a proxy of this network stand between?", host=host)
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _UselessError(Text("{host} cannot be looked up: is this machine online?", host=host))
    if isinstance(error, httpx.ProxyError):
        return _UselessError(Text("this network's proxy does not reach {host}", host=host))
    if isinstance(error, httpx.TimeoutException):
        return _BrokenError(Text("{host} says nothing for {seconds:.0f} s", host=host, seconds=SILENCE))
    if isinstance(error, httpx.ConnectError):
        return _UselessError(Text("{host} cannot be reached", host=host))
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return _BrokenError(Text("{host} breaks off again and again", host=host))
    return _UselessError(Text("{host}: {error}", host=host, error=error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
