"""The files that visitors have uploaded: how many bytes of the disk they may take, and when they go."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from lenet.ui.shared.cache import BoundedCache

FILES = 2000  # at once
BYTES = 500_000_000  # of all together: 25 of the largest; each is looked at within seconds of its arrival
SECONDS = 1800.0
SWEEP = 60.0  # seconds between two looks through the folder


class Uploads:
    """Remembers what arrived, and from where; of too much, what goes is of the address that holds the most."""

    def __init__(self, most_bytes: float = BYTES) -> None:
        self._files: BoundedCache[str, tuple[str, int]] = BoundedCache(
            FILES,
            SECONDS,
            weigh=lambda file: file[1],
            heaviest=most_bytes,
            on_evict=lambda path, _: _remove(path),
            owner=lambda file: (file[0],),
        )
        self._swept = 0.0

    def take(self, paths: Any, address: str) -> None:
        """These have arrived from that network address."""
        self._sweep()
        for path in paths if isinstance(paths, list) else []:
            with contextlib.suppress(OSError):
                self._files.put(str(path), (address, os.stat(path).st_size))

    def _sweep(self) -> None:
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
