"""What runs come to: a network for its visitor, the end of a recording for who follows it, and a file on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition

from lenet.errors import Text
from lenet.inference.pretrained import Checkpoint
from lenet.training.loop import EpochEnd
from lenet.ui.shared.networks import Networks
from lenet.ui.train.drawings import Drawings
from lenet.ui.train.queue import Queue
from lenet.ui.train.run import Run, Status
from lenet.ui.train.storage import Storage


class Results:
    """See the module.

    Args:
        lock: of all that runs hold.
        networks: gets the network.
        queue: lays the run to rest.
        storage: writes the network to the disk.
        drawings: of what runs are asked while they learn.
    """

    def __init__(self, lock: Condition, networks: Networks, queue: Queue, storage: Storage, drawings: Drawings) -> None:
        self._lock, self._networks, self._queue = lock, networks, queue
        self._storage, self._drawings = storage, drawings

    def keep(
        self,
        run: Run,
        checkpoint: Checkpoint,
        history: Sequence[EpochEnd],
        tested: int,
        verdict: Text | None,
        status: Status,
    ) -> None:
        """Keep what a run has come to, for its visitor and for those with the same recipe."""
        key, path = self._networks.keep(checkpoint, history, str(run.title), (run.address, run.visitor))
        copied = self._networks.checkpoint(key)  # apart from the run, and on the CPU
        with self._lock:
            if run.id not in self._queue.runs:  # its visitor removed it meanwhile
                self._networks.forget(key)
            run.key, run.path, run.metrics, run.tested, run.verdict = key, path, checkpoint.metrics, tested, verdict
            self._networks.call(key, run.title)  # of any characters, where a file has but plain ones
            if run.recording is not None and status == "done":
                run.recording.finish(copied, history, tested, verdict)
            self._queue.rest(run, status)
        self._drawings.answer_at_rest(run)
        self._storage.write_network(run, checkpoint, history)
