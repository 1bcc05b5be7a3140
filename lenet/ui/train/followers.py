"""Runs that train nothing, for another with the same recipe comes to the same bits, or has come to them.

Their visitors are shown the other's events, see `replay`, and get a copy of its network at the end.
"""

from __future__ import annotations

from threading import Condition

from lenet.errors import RecipeError
from lenet.training.loop import EpochEnd
from lenet.ui.train.loading import Loading
from lenet.ui.train.queue import Queue
from lenet.ui.train.replay import Fact, Playback, Recording
from lenet.ui.train.results import Results
from lenet.ui.train.run import Run

REPLAYED = "This run shows another one with the same settings, so it cannot be changed: start one with another seed."


class Followers:
    """See the module; but for `_hand_over`, all is called under the lock.

    Args:
        lock: of all that runs hold.
        queue: says who follows whom.
        results: keeps the network that is handed over.
        loading: has threads, in which networks are handed over.
    """

    def __init__(self, lock: Condition, queue: Queue, results: Results, loading: Loading) -> None:
        self._lock, self._queue, self._results, self._loading = lock, queue, results, loading

    def play(self, run: Run) -> None:
        """Show what is due of the other run; where the run follows none, nothing."""
        playback = run.playback
        if playback is None or run.status != "running":
            return
        if playback.recording.status == "broken":
            run.playback = None
            run.begin_anew()
            self._queue.enqueue(run)
            return
        while run.status == "running" and (due := playback.due()):
            self._show(run, *due)
        if run.status == "running" and playback.at_end and not playback.live:
            self._end(run, playback.recording)

    def _show(self, run: Run, worked: float, fact: Fact) -> None:
        run.worked = worked
        if isinstance(fact, dict):
            run.view, run.snapshots, run.version = fact, run.snapshots + 1, run.version + 1
            return
        run.record(fact)
        if isinstance(fact, EpochEnd) and run.until is not None and run.until <= run.epoch < run.recipe.epochs:
            run.until = None
            self._queue.rest(run, "paused")

    def skip(self, run: Run, playback: Playback) -> None:
        """Show the other run to its end at once.

        Raises:
            RecipeError: it still trains.
        """
        if playback.live:
            raise RecipeError(REPLAYED)
        run.until = None
        playback.skip()
        self._queue.enqueue(run)
        self.play(run)

    def refuse_change(self, run: Run) -> None:
        """RecipeError where the run is not trained but follows another."""
        if run.playback is not None:
            raise RecipeError(REPLAYED)

    def _end(self, run: Run, recording: Recording) -> None:
        if recording.problem is not None:
            self._queue.fail(run, recording.problem)
            return
        run.status, run.version = "measuring", run.version + 1
        self._loading.submit(self._hand_over, run, recording)

    def _hand_over(self, run: Run, recording: Recording) -> None:
        """Give the visitor a network of their own."""
        assert recording.checkpoint is not None
        try:
            self._results.keep(
                run, recording.checkpoint, recording.history, recording.tested, recording.verdict, "done"
            )
        except Exception as error:
            with self._lock:
                self._queue.fail(run, error)
