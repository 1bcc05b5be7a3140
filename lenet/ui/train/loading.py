"""The data sets of runs, loaded in threads of their own: a slow download holds up nobody who needs another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from lenet.data.datasets import Dataset
from lenet.data.download import Progress, following
from lenet.ui.shared import threads
from lenet.ui.train.messages import Downloading

LOADERS = 8  # data sets that load at once


class Loading:
    """See the module.

    Args:
        load: from a data set's and a teacher's name to the data.
    """

    def __init__(self, load: Callable[[str, str], Dataset]) -> None:
        self._load = load
        self._lock = threading.RLock()  # what has loaded at once tells so in the thread that asks
        self._under_way: dict[tuple[str, str], Future[Dataset]] = {}  # (data set, teacher) ->
        self._downloads: dict[tuple[str, str], Progress] = {}  # how far those are that have to come from far
        self._threads = ThreadPoolExecutor(LOADERS, thread_name_prefix="load", initializer=threads.to_train)

    def ask(self, dataset: str, teacher: str, then: Callable[[Future[Dataset]], None]) -> None:
        """Load the data, once for all who ask meanwhile, and tell `then`, in this thread or another."""
        key = dataset, teacher
        with self._lock:
            loading = self._under_way.get(key)
            if loading is None:
                loading = self._under_way[key] = self._threads.submit(self._load_followed, *key)
                loading.add_done_callback(partial(self._forget, key))
        loading.add_done_callback(then)

    def download(self, dataset: str, teacher: str) -> Downloading | None:
        """How far it is, where it has to come from far."""
        far = self._downloads.get((dataset, teacher))
        return Downloading(far.bytes, far.total, far.seconds_left) if far else None

    def submit(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Do something else beside the training."""
        self._threads.submit(work, *arguments)

    def close(self) -> None:
        """End the threads when they have loaded what they are at."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _load_followed(self, *key: str) -> Dataset:
        dataset, teacher = key
        with following(partial(self._downloads.__setitem__, (dataset, teacher))):
            try:
                return self._load(dataset, teacher)
            finally:
                self._downloads.pop((dataset, teacher), None)

    def _forget(self, key: tuple[str, str], loaded: Future[Dataset]) -> None:
        with self._lock:
            if self._under_way.get(key) is loaded:
                del self._under_way[key]  # which would keep the data
