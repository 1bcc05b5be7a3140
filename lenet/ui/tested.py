"""What the shipped networks answer to their test pictures: asked once each, behind the page's back.

Ten thousand pictures take seconds to minutes.  So one thread asks one network at a time, on one core,
and handlers only look how far it is: the pad goes on answering meanwhile.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue

import numpy as np

from lenet.classifier import Classifier
from lenet.datasets import DATASETS, Split, load_test
from lenet.errors import LeNetError
from lenet.ui import cores, networks
from lenet.zoo import Answers, answer_all

KEPT = 32  # networks whose answers are remembered, of 0.2 megabytes each; the oldest go first
PATIENCE = 10  # seconds that the process waits at its end for the pictures that are under way

_lock = threading.Lock()
_askings: OrderedDict[str, Asking] = OrderedDict()
_queue: SimpleQueue[tuple[Asking, Classifier] | None] = SimpleQueue()
_ending = threading.Event()
_splits = lru_cache(maxsize=3)(load_test)  # CIFAR-10's has 31 megabytes, the others 8


@dataclass
class Asking:
    """How far one network is with its test pictures; written by one thread and read by others.

    Attributes:
        total: pictures to answer; 0 until they are loaded.
        done: pictures answered.
        answers: to all of them, or None until then.
        problem: a sentence, where they cannot be had.
        began: when it was asked for, by `time.monotonic`.
    """

    total: int = 0
    done: int = 0
    answers: Answers | None = None
    problem: str = ""
    began: float = field(default_factory=time.monotonic)


def ask(key: str, again: bool) -> Asking:
    """What is known of that network's answers; starts to ask it if nobody has yet.

    Args:
        again: start anew where there was a problem.

    Raises:
        CheckpointError: see `networks.get`.
    """
    network = networks.get(key)
    with _lock:
        asking = _askings.get(key)
        if asking is None or (asking.problem and again):
            asking = _askings[key] = Asking()
            _start()
            _queue.put((asking, network))
        _askings.move_to_end(key)
        while len(_askings) > KEPT:
            _askings.popitem(last=False)
    return asking


def pictures(key: str, positions: np.ndarray) -> np.ndarray:
    """(N, H, W) or (N, H, W, 3) uint8: those test pictures of the network that `key` names.

    Raises:
        CheckpointError: see `networks.get`.
        DataError: see `lenet.datasets.load_test`.
    """
    found = _split(networks.get(key)).images[positions.tolist()].permute(0, 2, 3, 1).numpy()
    return found.squeeze(3) if found.shape[3] == 1 else found


def _split(network: Classifier) -> Split:
    name = network.recipe.dataset
    return _splits(DATASETS[name].test_of or name)


@lru_cache(maxsize=1)
def _start() -> None:
    """Start the one thread.  A pool's would be waited for at the process's end, through all of its queue."""
    worker = threading.Thread(target=_work_off, name="test", daemon=True)
    worker.start()
    atexit.register(_stop, worker)


def _stop(worker: threading.Thread) -> None:
    """Let the thread end: one that is cut off within PyTorch aborts the process."""
    _ending.set()
    _queue.put(None)
    worker.join(PATIENCE)


def _work_off() -> None:
    while (task := _queue.get()) is not None and not _ending.is_set():
        _work(*task)


def _work(asking: Asking, network: Classifier) -> None:
    try:
        test = _split(network)
        asking.total = len(test)
        cores.one()
        answers = None
        for answers in answer_all(network, test):
            asking.done = len(answers)
            if _ending.is_set():
                return
        asking.answers = answers
    except LeNetError as error:
        asking.problem = str(error)
    except Exception:
        logging.exception("asking a network for its test pictures failed")
        asking.problem = "Reading the test pictures failed on the server, which has noted why. Try it again."
