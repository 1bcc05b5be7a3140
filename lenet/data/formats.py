"""The files that data sets are published in, and what is in them: IDX, Parquet, and CIFAR-10's archive of records.

    files -> from_idx, from_parquet, from_cifar10_archive -> Decoded -> write_idx, write_cifar10 -> files

Decoders raise anything over what is not theirs.
"""

from __future__ import annotations

import gzip
import io
import itertools
import struct
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CIFAR10_FOLDER = "cifar-10-batches-bin"
CIFAR10_FILES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR10_RECORDS, CIFAR10_RECORD = 10_000, 1 + 3 * 32 * 32  # records a file; label byte, then R, G, B planes
MAX_UNZIPPED = 16 + 60_000 * 28 * 28  # bytes of the largest IDX file
IDX_FILES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))


@dataclass(frozen=True)
class Part:
    """Pictures uint8 (N, C, H, W) and their labels uint8 (N,)."""

    images: np.ndarray
    labels: np.ndarray


Decoded = Mapping[str, Part]  # by "train" and "test"


# --------------------------------------------------------------------------------------------------
# From files to pictures


def _unzipped(path: Path) -> bytes:
    with gzip.open(path) as file:
        content = file.read(MAX_UNZIPPED + 1)
    if len(content) > MAX_UNZIPPED:  # whatever a mirror sends, it does not fill the memory
        raise ValueError(path.name)
    return content


def from_idx(files: Sequence[Path]) -> Decoded:
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


def from_cifar10_archive(files: Sequence[Path]) -> Decoded:
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


def from_parquet(image: str, label: str) -> Callable[[Sequence[Path]], Decoded]:
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
# From pictures to files


def write_idx(folder: str) -> Callable[[Path, Decoded], None]:
    def write(root: Path, decoded: Decoded) -> None:
        arrays = itertools.chain.from_iterable((p.images[:, 0], p.labels) for p in (decoded["train"], decoded["test"]))
        for name, array in zip(IDX_FILES, arrays, strict=True):
            head = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
            _write(root / folder / "raw" / name, head + array.tobytes())

    return write


def write_cifar10(root: Path, decoded: Decoded) -> None:
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
