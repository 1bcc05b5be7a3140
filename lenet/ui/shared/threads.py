"""How many cores the work of the calling thread may use.

PyTorch keeps this number for each thread, and Gradio runs handlers on a pool of threads in turn: so
each handler sets it before it works.
"""

from __future__ import annotations

import torch

# A run of its own has all cores to itself, and is 1.1 to 1.7 times as fast on two.  Behind a page they are not
# free: two threads that wait for each other made 96 steps a second where one made 149.
TRAINING = 1


def one() -> None:
    """For one picture: a second core saves nothing, and waiting for a busy one costs much."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def to_train() -> None:
    """For training, which goes on behind the page."""
    if torch.get_num_threads() != TRAINING:
        torch.set_num_threads(TRAINING)
