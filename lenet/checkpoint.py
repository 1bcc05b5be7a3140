"""One .safetensors file that describes itself: tensors by name, and one JSON header under the key "lenet".

    write(path, header, tensors)
    header, tensors = read(path)

This is the file format and nothing else: `lenet.inference.pretrained` and `lenet.training.resume` say what headers
hold.

Safetensors holds numbers and text and nothing that runs: no pickle, so a stranger's file is safe to
open.  Writing goes to a file beside the target first, which then takes its name: a process killed in
the middle leaves the old file whole.  The header holds a SHA-256 of the rest of it and of all numbers,
so a disk or a download that changed a bit is noticed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized
from torch import Tensor

from lenet.errors import CheckpointError, Text

HEADER = "lenet"
DIGEST = "sha256"  # the header's entry
FORMAT = 1
MAX_BYTES = 200_000_000  # far above any network here; a larger file is refused before it is read


def read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The header and the tensors of the file at `path`.

    Raises:
        CheckpointError: no file, too large, torn, damaged, or not one of this project's.
    """
    try:
        size = path.stat().st_size
    except OSError:
        raise CheckpointError("There is no weights file at {path}. Check the name.", path=path) from None
    if size > MAX_BYTES:
        raise CheckpointError(
            "{name} has {size:.0f} MB; no network of this project is that large.", name=path.name, size=size / 1e6
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        header = json.loads(metadata.get(HEADER, "null"))
    except (SafetensorError, OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            "{name} is incomplete or not a .safetensors file ({error}): download it again.", name=path.name, error=error
        ) from error
    if not isinstance(header, dict):
        raise foreign(path, Text("it has no {header!r} header", header=HEADER))
    try:
        json.dumps(header, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # no page could show it
        raise foreign(path, Text("its header holds half a letter")) from None
    if header.get("format") != FORMAT:
        raise foreign(
            path,
            Text("its format is {format}, this version reads {known}", format=header.get("format"), known=FORMAT),
        )
    digest = header.pop(DIGEST, None)  # files of before it have none
    if digest is not None and digest != _digest(header, tensors):
        raise CheckpointError(
            "{name} is damaged: its numbers are not those that were written. Download it again.", name=path.name
        )
    return header, tensors


def write(path: Path, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write what `read` gives back; the same header and tensors give the same bytes.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    write_file(path, to_bytes(header, tensors))


def to_bytes(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """The file that `write` writes."""
    # Tensors are copied because an average and its model may share memory, which safetensors refuses.
    kept = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    said = {**header, "format": FORMAT}
    said[DIGEST] = _digest(said, kept)
    return serialized(kept, metadata={HEADER: json.dumps(said, sort_keys=True)})


def _digest(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of a file's header and numbers, of those that have names and shapes too."""
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def write_file(path: Path, content: bytes) -> None:
    """Have the file at `path` be `content`, whole, or as it was if anything happens meanwhile.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()  # half a file would keep a full disk full
        raise CheckpointError(
            "{path} cannot be written ({error}): free some space, or choose another place.",
            path=path,
            error=error.strerror,
        ) from error
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Have the new name on the disk too, not only the file, before a power cut; not every system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def save_somewhere(path: Path, write: Callable[[Path], None]) -> Path:
    """`write(path)`, or where that fails the same in a new temporary folder: hours of work have to be kept.

    Returns:
        the path that was written.

    Raises:
        CheckpointError: neither could be.
    """
    try:
        write(path)
        return path
    except CheckpointError as first:
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="lenet-")) / path.name
            write(elsewhere)
        except (CheckpointError, OSError) as second:
            raise CheckpointError(
                "{first} The system's temporary folder cannot be written either.", first=first
            ) from second
        return elsewhere


def foreign(path: Path, why: Text) -> CheckpointError:
    """What to raise for a whole file that does not say what a file of ours says."""
    return CheckpointError(
        "{name} is not a weights file of this project, or it is damaged ({why}): train or download it again.",
        name=path.name,
        why=why,
    )
