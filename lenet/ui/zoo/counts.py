"""How many networks each visitor has uploaded or brought back, also where many arrive at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lenet.errors import CheckpointError
from lenet.ui.shared.cache import BoundedCache

UPLOADS = 6  # networks of one visitor
VISITORS = 10_000  # whose uploads are counted
SECONDS = 3600.0  # since a visitor's last upload, after which they are counted anew


class Counts:
    """See the module.  Of too many visitors, those are forgotten who uploaded the longest ago."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: BoundedCache[str, int] = BoundedCache(VISITORS, SECONDS)

    @contextmanager
    def one_more(self, visitor: str) -> Iterator[None]:
        """The visitor uploads one; it does not count where that fails.

        Raises:
            CheckpointError: they have uploaded, or upload just now, as many as may be.
        """
        with self._lock:
            if (count := self._counts.get(visitor) or 0) >= UPLOADS:
                raise CheckpointError(
                    "One visitor can upload {count} networks: reload the page, or try again in an hour.", count=UPLOADS
                )
            self._counts.put(visitor, count + 1)
        try:
            yield
        except BaseException:
            with self._lock:
                self._counts.change(visitor, lambda count: count - 1)
            raise
