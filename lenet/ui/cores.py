"""How many cores the work of the calling thread may use.

PyTorch keeps this number for each thread, and Gradio runs handlers on a pool of threads in turn: so
each handler sets it before it works.
"""

from __future__ import annotations

import torch

_ALL = torch.get_num_threads()


def one() -> None:
    """For one picture: a second core saves nothing, and waiting for a busy one costs much (results.md, latency)."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def all_of_them() -> None:
    """For training."""
    if torch.get_num_threads() != _ALL:
        torch.set_num_threads(_ALL)
