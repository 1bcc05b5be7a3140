"""What one running page holds: its networks, pictures, runs and evaluations, their threads and their folder.

`page.build()` makes one, and every handler gets it as its first argument.  Two pages in one process have one each
and know nothing of each other.  What they share are values that nobody changes, made of the program's own files: the
networks in weights/, their layers, texts, examples.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

from lenet.data.datasets import Dataset
from lenet.models.cpu import give_freed_memory_back, share_freed_memory
from lenet.training.distillation import load_with_soft_labels
from lenet.ui.shared.address import address_of
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.shared.evaluation import Evaluations
from lenet.ui.shared.lanes import Lane
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.pictures import FETCHES, Pictures
from lenet.ui.shared.teaching import Teachings
from lenet.ui.shared.uploaded import Uploads
from lenet.ui.shared.worker import Work, Worker
from lenet.ui.temporary import LockedFolder, sweep
from lenet.ui.train.runs import Runs
from lenet.ui.train.saved import SavedRuns
from lenet.ui.zoo.counts import Counts

FOLDER = "lenet-page-"  # how the names of the folders begin
EXPORTS = 1000  # files that are known to be made; the others would be made again
RESTORED = 1000  # files that browsers have brought back, which are read once each
DRAWERS = 1  # threads for drawings: the other core takes the questions in, and Python's lock allows no more
OPENERS = 2  # threads for files to decode, some of which take seconds: as many as `images.Decodes` has places for
TIDY_SECONDS = 30.0
DATASETS_KEPT = 2  # a second run on the same data starts at once; CIFAR-10 takes 184 megabytes


class Server:
    """See the module.  It ends with the process, or before it by `close`.

    Args:
        saved: the folder that runs outlive the process in, see `lenet.ui.train.saved`; None for nowhere.

    Attributes:
        folder: of its own, and of nobody else's; it goes at the end.
        downloads: the folder in it from which Gradio may serve files.
        exports: the files of networks that were made to be downloaded, so that each is made once.
        restored: the keys of networks that visitors' browsers have brought back, by what the file is.
        drawings, photos, reports, files, fetches: where questions wait.  What decodes a stranger's file or fetches one
            waits apart from the rest, for a file may be slow on purpose.
    """

    def __init__(self, saved: Path | None = None) -> None:
        sweep(FOLDER)
        self._temporary = LockedFolder(FOLDER)
        self.folder = self._temporary.path
        self.downloads = self.folder / "networks"
        self.downloads.mkdir()
        self._data: BoundedCache[tuple[str, str], Dataset] = BoundedCache(DATASETS_KEPT)
        self.exports: BoundedCache[Path, Path] = BoundedCache(EXPORTS)
        self.restored: BoundedCache[tuple[str, str], str] = BoundedCache(RESTORED)
        self.uploads, self.uploaded = Counts(), Uploads()
        self.pictures = Pictures()
        self.networks = Networks(self.downloads, self.pictures)
        self.runs = Runs(self.networks, load=self._load, saved=_saved_runs(saved))
        self.runs.restore()
        self.teachings = Teachings(self.networks)
        self.evaluations = Evaluations(self.networks)
        self._tidied = time.monotonic()
        self._tidy = Worker("tidy", self._untidy, TIDY_SECONDS)
        self.drawings = Lane("drawings", DRAWERS, training=lambda: self.runs.busy)
        self.photos, self.reports = Lane("photos"), Lane("reports")
        self.files, self.fetches = Lane("files", OPENERS), Lane("fetches", FETCHES)
        atexit.register(self.close)

    def close(self) -> None:
        """End the threads between two steps, and remove the folder.

        At the end of the process too: a thread that is cut off within PyTorch aborts it.
        """
        atexit.unregister(self.close)
        self.runs.close()
        self.teachings.close()
        self.evaluations.close()
        self._tidy.close()
        for lane in (self.drawings, self.photos, self.reports, self.files, self.fetches):
            lane.close()
        self._temporary.close()

    def keep_tidy(self) -> None:
        """From now on give memory that is free back to the system, and remove old uploads, every half minute."""
        share_freed_memory()
        self._tidy.wake()

    def _untidy(self) -> Work | None:
        if time.monotonic() - self._tidied < TIDY_SECONDS:
            return None
        self._tidied = time.monotonic()
        return self._clean

    def _clean(self) -> None:
        self.uploaded.sweep()
        give_freed_memory_back()

    def _load(self, dataset: str, teacher: str) -> Dataset:
        return self._data.get_or_make((dataset, teacher), lambda: load_with_soft_labels(dataset, teacher))


def _saved_runs(folder: Path | None) -> SavedRuns | None:
    try:
        return SavedRuns(folder) if folder is not None else None
    except OSError as error:
        logging.warning("runs are not saved, for %s cannot be written to: %s", folder, error.strerror)
        return None


def bound(server: Server, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the server as its first argument, for an event of Gradio's."""
    return MethodType(function, server)


def server_functions(
    server: Server, *functions: Callable[..., Any], lane: Lane | Callable[[Any], Lane] | None = None
) -> list[Callable[..., Any]]:
    """The same for `gr.HTML(server_functions=...)`, which marks each with an attribute that no method can have.

    Args:
        lane: where the questions wait for their turn, or what tells of a question where it does; without one,
            threads of Gradio's answer them.
    """
    return [_function(MethodType(function, server), lane) for function in functions]


def _function(method: Callable[..., Any], lane: Lane | Callable[[Any], Lane] | None) -> Callable[..., Any]:
    if lane is not None:
        return _in_turn(method, lane)

    async def later(*args: Any) -> Any:
        return await method(*args)

    def at_once(*args: Any) -> Any:
        return method(*args)

    served: Callable[..., Any] = later if inspect.iscoroutinefunction(method) else at_once
    functools.update_wrapper(served, method)  # its name, and where its annotations are from
    setattr(served, "__signature__", inspect.signature(method))  # noqa: B010 - for mypy
    return served


def _in_turn(method: Callable[..., Any], lane: Lane | Callable[[Any], Lane]) -> Callable[..., Any]:
    async def in_turn(question: Any, request: gr.Request | None = None) -> Any:
        waits_in = lane if isinstance(lane, Lane) else lane(question)
        return await waits_in.answer(question, method, address_of(request))

    in_turn.__name__ = in_turn.__qualname__ = method.__name__
    return in_turn
