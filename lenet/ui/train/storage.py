"""What goes to the disk of runs while they go on and when they end, and comes back from there after the server's death.

`saved` has the folder; where the server has none, nothing is saved.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Condition
from typing import Any

from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint
from lenet.inference.pretrained import load as load_checkpoint
from lenet.inference.pretrained import save as save_checkpoint
from lenet.run import Run as Resumable
from lenet.training.loop import EpochEnd, start
from lenet.training.resume import load_state, save_state
from lenet.ui.shared.networks import Networks
from lenet.ui.train.run import ENDED, Run, from_record, record_of
from lenet.ui.train.saved import SavedRuns

SECONDS_BETWEEN_SAVES = 10.0  # a state of 60 MB takes a fifth of a second


class Storage:
    """See the module; but for `remove`, nothing is called under the lock, for writing a state takes a while.

    Args:
        lock: of all that runs hold.
        runs: those that the server holds, by their ids; of others nothing stays on the disk.
        networks: gets the networks of restored runs.
        saved: the folder, or None.
    """

    def __init__(self, lock: Condition, runs: Mapping[str, Run], networks: Networks, saved: SavedRuns | None) -> None:
        self._lock, self._runs, self._networks, self._saved = lock, runs, networks, saved

    def adopt(self, seconds: float) -> Iterable[dict[str, Any]]:
        """Records of the runs that servers that have died have left within the last `seconds`."""
        return self._saved.adopt(seconds) if self._saved is not None else ()

    def restored(self, record: dict[str, Any]) -> Run | None:
        """The run of a record, with its network if it has ended; None where that is not there.

        Raises:
            LeNetError, KeyError, TypeError, ValueError, AttributeError: it is of another version, or damaged.
        """
        assert self._saved is not None
        run = from_record(record)
        if run.status in ENDED and not self._saved.network(run.id).exists():
            self._saved.remove(run.id)
            return None
        if run.status in ENDED:
            checkpoint = load_checkpoint(self._saved.network(run.id))
            curves = [EpochEnd(**event) for event in record["history"]]
            owner = (run.address, run.visitor)
            run.key, run.path = self._networks.keep(checkpoint, curves, str(run.title), owner)
            self._networks.call(run.key, run.title)
        elif not self._saved.state(run.id).exists():  # it had not come far
            run.begin_anew()
        if run.status not in ENDED:
            run.status, run.saved = "paused", self._saved.state(run.id).exists()
        return run

    def resumable(self, run: Run) -> Resumable:
        """The run where it was: in memory, on disk, or at its beginning."""
        if run.training is not None:
            return run.training
        file = self._saved.state(run.id) if self._saved is not None else Path(os.devnull)
        state = load_state(file, "cpu") if run.saved else start(run.recipe)
        return Resumable(state, file, seconds=SECONDS_BETWEEN_SAVES if self._saved is not None else math.inf)

    def write(self, run: Run) -> None:
        """Save the facts of a run."""
        if self._saved is not None:
            with self._lock:
                record = record_of(run)
            self._saved.write(record)
            self.clear(run)

    def write_state(self, run: Run) -> None:
        """Save a run that rests, so that it need not stay in memory."""
        if self._saved is None or run.training is None or run.order == "remove":
            return
        try:
            save_state(self._saved.state(run.id), run.training.state)
            run.saved = True
        except CheckpointError as error:  # it stays in memory
            logging.warning("a run was not saved: %s", error.template)
        self.write(run)

    def write_network(self, run: Run, checkpoint: Checkpoint, history: Sequence[EpochEnd]) -> None:
        """Save what a run has come to, in place of its state."""
        if self._saved is not None and run.id in self._runs:
            try:
                save_checkpoint(self._saved.network(run.id), checkpoint)
                self._saved.state(run.id).unlink(missing_ok=True)
            except (CheckpointError, OSError):
                logging.warning("a run's network was not saved")
            with self._lock:
                record = record_of(run)
            self._saved.write(record | {"history": [asdict(event) for event in history]})
            self.clear(run)

    def clear(self, run: Run) -> None:
        """Remove what was saved of a run that was removed meanwhile."""
        with self._lock:
            if run.id not in self._runs:
                self.remove(run.id)

    def remove(self, id: str) -> None:
        if self._saved is not None:
            self._saved.remove(id)

    def close(self) -> None:
        """Give up the folder; where runs are left, the next server finds them in it."""
        if self._saved is not None:
            self._saved.close(keep=bool(self._runs))
