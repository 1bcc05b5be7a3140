"""What networks answer to their test pictures: asked once each, behind the page's back.

Ten thousand pictures take a second, or with millions of parameters many.  So one thread asks one network at
a time, on one core, a batch at a time: the one that somebody looked at last, and first those of its pictures
that they wait for.  Handlers only look how far it is, and the pad goes on answering meanwhile.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from lenet.data.datasets import DATASETS, Split, is_downloaded, load_test
from lenet.errors import LeNetError, Text
from lenet.inference.classifier import Classifier
from lenet.inference.report import Answers, Examination
from lenet.ui.shared import threads
from lenet.ui.shared.cache import BoundedCache
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.worker import Work, Worker

MAX_ANSWERED = 32  # networks whose answers are remembered, of 0.2 megabytes each; the least recently asked for go first
LOADERS = 4  # data sets that load at once
SPLITS = 3  # data sets whose test pictures are remembered: CIFAR-10's have 31 megabytes, the others 8

FAILED = Text("Reading the test pictures failed on the server. The fault is ours, and it was logged. Try again.")


@dataclass
class Asking:
    """How far one network is with its test pictures; written by one thread and read by others.

    Attributes:
        loading: gives its test pictures, which may have to come from far and hold up nobody meanwhile.
        examination: its answers so far; None until its test pictures are loaded.
        finished: it has answered all of them.
        problem: why they cannot be had, if so.
        began: when it was asked for, by `time.monotonic`.
    """

    network: Classifier
    loading: Future[Split]
    examination: Examination | None = None
    finished: bool = False
    problem: Text | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def answers(self) -> Answers | None:
        return self.examination.answers if self.examination is not None else None

    def go_on(self) -> None:
        """Take the test pictures, or answer one batch of them."""
        try:
            if self.examination is None:
                self.examination = Examination(self.network, self.loading.result())
            else:
                threads.one()
                self.finished = not self.examination.go_on()
        except LeNetError as error:
            logging.warning("there are no test pictures: %s", error)  # with the folder, which the page does not tell
            self.problem = error.text
        except Exception:
            logging.exception("asking a network for its test pictures failed")
            self.problem = FAILED


class Evaluations:
    """What one page's networks answer to their test pictures.

    Args:
        load: from a data set's name to its test pictures.
    """

    def __init__(self, networks: Networks, load: Callable[[str], Split] = load_test) -> None:
        self._networks, self._load = networks, load
        self._askings: BoundedCache[str, Asking] = BoundedCache(MAX_ANSWERED)
        self._splits: BoundedCache[str, Split] = BoundedCache(SPLITS)
        self._worker = Worker("test", self._most_urgent)
        self._loader = ThreadPoolExecutor(LOADERS, thread_name_prefix="load-test", initializer=threads.one)

    def ask(self, key: str, again: bool = False) -> Asking:
        """What is known of that network's answers; starts to ask it if nobody has yet.

        Args:
            again: start anew where there was a problem.

        Raises:
            CheckpointError: see `Networks.get`.
        """
        network = self._networks.get(key)
        with self._worker.changed:
            asking = self._askings.get(key)
            if asking is None or (asking.problem and again):
                asking = Asking(network, self._loader.submit(self._split, network))
                asking.loading.add_done_callback(lambda _: self._worker.wake())
                self._askings.put(key, asking)
            self._worker.wake()
        return asking

    def begun(self, key: str) -> bool:
        """Whether anybody has asked that network."""
        return key in self._askings

    def within_reach(self, key: str) -> bool:
        """Whether its test pictures need no download.

        Raises:
            CheckpointError: see `Networks.get`.
        """
        return is_downloaded(self._networks.get(key).recipe.dataset)

    def pictures(self, key: str, positions: Sequence[int]) -> np.ndarray:
        """(N, H, W) or (N, H, W, 3) uint8: those test pictures of the network that `key` names.

        Raises:
            CheckpointError: see `Networks.get`.
            DataError: see `lenet.data.datasets.load_test`.
        """
        found = self._split(self._networks.get(key)).images[list(positions)].permute(0, 2, 3, 1).numpy()
        return found.squeeze(3) if found.shape[3] == 1 else found

    def close(self) -> None:
        """End the thread after the batch that is under way, and those that load when they have loaded."""
        self._loader.shutdown(wait=False, cancel_futures=True)
        self._worker.close()

    def _split(self, network: Classifier) -> Split:
        name = DATASETS[network.recipe.dataset].test_of or network.recipe.dataset
        return self._splits.get_or_make(name, lambda: self._load(name))

    def _most_urgent(self) -> Work | None:
        """A step of the network that was asked for last, of those that have pictures to answer."""
        for asking in self._askings.values():
            if not asking.finished and not asking.problem and asking.loading.done():
                return asking.go_on
        return None
