"""What one running page holds: its networks, pictures, runs and evaluations, their threads and their folder.

`page.build()` makes one, and every handler gets it as its first argument.  Two pages in one process have one each
and know nothing of each other.  What they share are values that nobody changes, made of the program's own files: the
networks in weights/, their layers, texts, examples.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import MethodType
from typing import Any

from lenet.data.datasets import Dataset
from lenet.training.distillation import load_with_soft_labels
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.shared.evaluation import Evaluations
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.pictures import Pictures
from lenet.ui.train.runs import Runs

DATASETS_KEPT = 2  # a second run on the same data starts at once; CIFAR-10 takes 184 megabytes


class Server:
    """See the module.  It ends with the process, or before it by `close`.

    Attributes:
        folder: of its own, and of nobody else's; it goes at the end.
        downloads: the folder in it from which Gradio may serve files.
    """

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="lenet-page-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        self.downloads = self.folder / "networks"
        self.downloads.mkdir()
        self._data: BoundedCache[tuple[str, str], Dataset] = BoundedCache(DATASETS_KEPT)
        self.pictures = Pictures()
        self.networks = Networks(self.downloads, self.pictures)
        self.runs = Runs(self.networks, load=self._load)
        self.evaluations = Evaluations(self.networks)
        atexit.register(self.close)

    def close(self) -> None:
        """End the threads between two steps, and remove the folder.

        At the end of the process too: a thread that is cut off within PyTorch aborts it.
        """
        atexit.unregister(self.close)
        self.runs.close()
        self.evaluations.close()
        self._temporary.cleanup()

    def _load(self, dataset: str, teacher: str) -> Dataset:
        return self._data.get_or_make((dataset, teacher), lambda: load_with_soft_labels(dataset, teacher))


def bound(server: Server, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with the server as its first argument, for an event of Gradio's."""
    return MethodType(function, server)


def server_functions(server: Server, *functions: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The same for `gr.HTML(server_functions=...)`, which marks each with an attribute that no method can have."""
    return [_function(MethodType(function, server)) for function in functions]


def _function(method: Callable[..., Any]) -> Callable[..., Any]:
    async def later(*args: Any) -> Any:
        return await method(*args)

    def at_once(*args: Any) -> Any:
        return method(*args)

    served: Callable[..., Any] = later if inspect.iscoroutinefunction(method) else at_once
    functools.update_wrapper(served, method)  # its name, and where its annotations are from
    setattr(served, "__signature__", inspect.signature(method))  # noqa: B010 - for mypy
    return served
