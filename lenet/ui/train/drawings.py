"""What visitors draw beside their charts, and what the networks of their runs make of it.

Nothing here knows gradio.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Sequence
from contextlib import suppress
from threading import Condition

import numpy as np

from lenet.errors import CheckpointError
from lenet.models import Network
from lenet.preprocessing.normalization import InputFormat
from lenet.training.loop import TrainingState
from lenet.ui.shared import threads
from lenet.ui.shared.networks import Networks
from lenet.ui.train import snapshot
from lenet.ui.train.messages import Drawn
from lenet.ui.train.run import ENDED, Drawing, Run


class Drawings:
    """See the module.

    Args:
        lock: of all that runs hold.
        networks: has what runs have come to.
    """

    def __init__(self, lock: Condition, networks: Networks) -> None:
        self._lock, self._networks = lock, networks

    def put(self, run: Run, image: np.ndarray | None) -> str:
        """Under the lock: from now on ask about this drawing, uint8 (28, 28), with None about none.

        Returns:
            The name that its answer will bear; "" where nothing is asked.
        """
        asked = image if run.reads_digits else None
        drawing = None if asked is None else Drawing(secrets.token_urlsafe(9), asked)
        run.drawing, run.drawn = drawing, None
        return drawing.id if drawing else ""

    def answer(self, runs: Sequence[Run], state: TrainingState) -> None:
        """Ask the network that is trained about what was drawn for it, by its visitor and by those who are shown it."""
        with self._lock:
            asked = [(one, one.drawing) for one in runs if one.drawing is not None]
        if not asked:
            return
        images = [drawing.image for _, drawing in asked]
        answers = snapshot.answers(state.network, state.recipe.input, images)
        with self._lock:
            for (one, drawing), answer in zip(asked, answers, strict=True):
                self._take(one, drawing, answer)

    def answer_at_rest(self, run: Run) -> None:
        """Ask the network of a run that has ended, or that rests, about what its visitor has drawn.

        One that trains is asked at its next look, and one that waits on disk when it goes on: reading 60 MB for each
        stroke would hold up others.
        """
        with self._lock:
            drawing, key = run.drawing, run.key if run.status in ENDED else ""
            # A copy of the network, for the run may go on meanwhile, and evaluating changes how its layers work.
            network = copy.deepcopy(run.resting.network) if drawing and run.resting else None
        if drawing is None:
            return
        threads.one()
        if network is not None:
            self._ask(run, drawing, network, run.recipe.input)
        elif key:
            with suppress(CheckpointError):  # it made room for others
                reader = self._networks.digit_reader(key)
                self._ask(run, drawing, reader.model, reader.recipe.input, reader.temperature)

    def _ask(self, run: Run, drawing: Drawing, network: Network, form: InputFormat, temperature: float = 1.0) -> None:
        (probs,) = snapshot.answers(network, form, [drawing.image], temperature)
        with self._lock:
            self._take(run, drawing, probs)

    def _take(self, run: Run, drawing: Drawing, probs: list[float]) -> None:
        """Under the lock; what was drawn meanwhile is asked about on its own."""
        if run.drawing is drawing:
            run.drawn, run.version = Drawn(drawing.id, probs), run.version + 1
