"""What networks answer to their test pictures: asked once each, behind the page's back.

Ten thousand pictures take a second, or with millions of parameters many.  So one thread asks one network at
a time, on one core, a batch at a time: the one that somebody looked at last, and first those of its pictures
that they wait for.  Handlers only look how far it is, and the pad goes on answering meanwhile.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from lenet.classifier import Classifier
from lenet.datasets import DATASETS, Split, at_hand, load_test
from lenet.errors import LeNetError, Text
from lenet.report import Answers, Examination
from lenet.ui import cores, networks

KEPT = 32  # networks whose answers are remembered, of 0.2 megabytes each; the oldest go first
PATIENCE = 10  # seconds that the process waits at its end for the batch that is under way

FAILED = Text("Reading the test pictures failed on the server. The fault is ours, and it was logged. Try again.")

_changed = threading.Condition()  # holds the lock of `_askings` and `_ending`
_askings: OrderedDict[str, Asking] = OrderedDict()  # the one that was looked at last comes last
_ending = False
_splits = lru_cache(maxsize=3)(load_test)  # CIFAR-10's has 31 megabytes, the others 8


@dataclass
class Asking:
    """How far one network is with its test pictures; written by one thread and read by others.

    Attributes:
        examination: its answers so far; None until its test pictures are loaded.
        finished: it has answered all of them.
        problem: why they cannot be had, if so.
        began: when it was asked for, by `time.monotonic`.
    """

    network: Classifier
    examination: Examination | None = None
    finished: bool = False
    problem: Text | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def answers(self) -> Answers | None:
        return self.examination.answers if self.examination is not None else None

    def go_on(self) -> None:
        """Load the test pictures, or answer one batch of them."""
        try:
            if self.examination is None:
                self.examination = Examination(self.network, _split(self.network))
            else:
                cores.one()
                self.finished = not self.examination.go_on()
        except LeNetError as error:
            self.problem = error.text
        except Exception:
            logging.exception("asking a network for its test pictures failed")
            self.problem = FAILED


def ask(key: str, again: bool = False) -> Asking:
    """What is known of that network's answers; starts to ask it if nobody has yet.

    Args:
        again: start anew where there was a problem.

    Raises:
        CheckpointError: see `networks.get`.
    """
    network = networks.get(key)
    with _changed:
        asking = _askings.get(key)
        if asking is None or (asking.problem and again):
            asking = _askings[key] = Asking(network)
            _start()
        _askings.move_to_end(key)
        while len(_askings) > KEPT:
            _askings.popitem(last=False)
        _changed.notify()
    return asking


def begun(key: str) -> bool:
    """Whether anybody has asked that network."""
    with _changed:
        return key in _askings


def within_reach(key: str) -> bool:
    """Whether its test pictures need no download.

    Raises:
        CheckpointError: see `networks.get`.
    """
    return at_hand(networks.get(key).recipe.dataset)


def pictures(key: str, positions: Sequence[int]) -> np.ndarray:
    """(N, H, W) or (N, H, W, 3) uint8: those test pictures of the network that `key` names.

    Raises:
        CheckpointError: see `networks.get`.
        DataError: see `lenet.datasets.load_test`.
    """
    found = _split(networks.get(key)).images[list(positions)].permute(0, 2, 3, 1).numpy()
    return found.squeeze(3) if found.shape[3] == 1 else found


def _split(network: Classifier) -> Split:
    name = network.recipe.dataset
    return _splits(DATASETS[name].test_of or name)


@lru_cache(maxsize=1)
def _start() -> None:
    """Start the one thread.  A pool's would be waited for at the process's end, through all of its work."""
    worker = threading.Thread(target=_work_off, name="test", daemon=True)
    worker.start()
    atexit.register(_stop, worker)


def _stop(worker: threading.Thread) -> None:
    """Let the thread end: one that is cut off within PyTorch aborts the process."""
    global _ending
    with _changed:
        _ending = True
        _changed.notify()
    worker.join(PATIENCE)


def _work_off() -> None:
    while (asking := _next()) is not None:
        asking.go_on()


def _next() -> Asking | None:
    """The network to ask, once there is one; None at the process's end."""
    with _changed:
        while not _ending:
            for asking in reversed(_askings.values()):
                if not asking.finished and not asking.problem:
                    return asking
            _changed.wait()
    return None
