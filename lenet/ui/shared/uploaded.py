"""The files that visitors upload: how many bytes of the disk they may take, and when they go.

They count from their first byte on.  Gradio leaves what it has written of an upload that breaks off, or that holds what
it does not expect; so each file that it opens is noted here, and `temporary_files` removes what is left of them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from gradio import route_utils
from gradio.utils import get_upload_folder
from starlette.formparsers import MultiPartException

from lenet.ui.shared.cache import BoundedCache

FILES = 2000  # at once
BYTES = 500_000_000  # of all together: 25 of the largest; each is looked at within seconds of its arrival
SECONDS = 1800.0
SWEEP = 60.0  # seconds between two looks through the folder


class _File(NamedTuple):
    """What somebody has uploaded; `arriving` is the name of an upload that goes on."""

    address: str
    size: int
    arriving: str = ""


class Uploads:
    """Remembers what arrived, and from where; of too much, what goes is of the address that holds the most.

    That is the oldest of its files, or an upload that is larger than all of these.
    """

    def __init__(self, most_bytes: float = BYTES) -> None:
        self._files: BoundedCache[str, _File] = BoundedCache(
            FILES,
            SECONDS,
            weigh=lambda file: file.size,
            heaviest=most_bytes,
            on_evict=lambda path, _: self._end(path),
            owner=lambda file: (file.address, file.arriving),
        )
        self._swept = 0.0
        self._numbers = itertools.count()
        self._arriving: dict[str, Callable[[], None]] = {}

    def take(self, paths: Any, address: str) -> None:
        """These have arrived from that network address."""
        self.sweep()
        for path in paths if isinstance(paths, list) else []:
            with contextlib.suppress(OSError):
                self._files.put(str(path), _File(address, os.stat(path).st_size))

    @contextmanager
    def arriving(self, address: str, stop: Callable[[], None]) -> Iterator[Callable[[int], None]]:
        """An upload from that address; yields what to tell how many bytes of it are here.

        Args:
            stop: ends the upload, where there is no room for it.
        """
        name = f"upload {next(self._numbers)}"
        self._arriving[name] = stop
        self._files.put(name, _File(address, 0, name))

        def grown(size: int) -> None:
            if name in self._arriving:
                self._files.put(name, _File(address, size, name))

        try:
            yield grown
        finally:
            self._arriving.pop(name, None)
            self._files.pop(name)

    def _end(self, path: str) -> None:
        stop = self._arriving.pop(path, None)
        if stop is not None:
            stop()
        elif os.path.isabs(path):
            _remove(path)

    def sweep(self) -> None:
        """Remove what nobody has told of and is old: uploads that broke off, copies that Gradio made."""
        now = time.time()
        if abs(now - self._swept) < SWEEP:
            return
        self._swept = now
        for path in Path(get_upload_folder()).rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and str(path) not in self._files and now - path.stat().st_mtime > SECONDS:
                    path.unlink()


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
        Path(path).parent.rmdir()  # each has a folder of its own


# --------------------------------------------------------------------------------------------------
# Gradio's reader of uploads

_opened: ContextVar[list[str]] = ContextVar("opened")  # by the upload that this task reads


@contextmanager
def temporary_files() -> Iterator[None]:
    """Remove at the end of the block what Gradio has written to the disk within it, and has not made an upload of."""
    opened: list[str] = []
    before = _opened.set(opened)
    try:
        yield
    finally:
        _opened.reset(before)
        for path in opened:
            with contextlib.suppress(OSError):
                os.unlink(path)


class Reader(route_utils.GradioMultiPartParser):
    """Takes files of the field "files" and nothing else: Gradio holds other fields in memory, and keeps other files."""

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part = self._current_part
        if part.file is not None:
            _opened.get([]).append(part.file.file.name)  # type: ignore[attr-defined]  # of a named temporary file
        if part.file is None or part.field_name != "files":
            raise MultiPartException("This is no file.")


setattr(route_utils, "GradioMultiPartParser", Reader)  # noqa: B010 - for mypy
