"""What several processes train, for tests/integration/test_parallel.py; without torchrun, what one does.

torchrun --nproc-per-node 2 tests/ranks.py FOLDER
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from torch.nn import functional

import lenet.training.loop
from lenet.data.datasets import Dataset, load
from lenet.models import MODELS
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.training import distributed
from lenet.training.loop import TrainingState, fit, start
from lenet.training.recipes import RECIPES
from lenet.training.resume import load_state, save_state

lenet.training.loop.SECONDS_BETWEEN_STEPS = 0.01  # so that a run can be stopped within an epoch

# 1,297 pictures in batches of 81 leave one over: in two processes one of them has nothing to do then.
# Not Adam, whose steps are as long for a gradient that is only rounding as for any other.
DEMO = RECIPES["digits-demo"].with_changes(epochs=2, batch_size=81, optimizer="sgd", lr=0.02, momentum=0.9, ema=0.9)
PLAIN = DEMO.with_changes(model="lenet5", input=InputFormat(32, (0.1307,), (0.3081,)), augmentation="handwriting")
RUNS = {
    "sgd": PLAIN,
    "muon": PLAIN.with_changes(optimizer="muon", schedule="plateau"),
    "batch-norm": DEMO.with_changes(model="lenet5-bn", label_smoothing=0.1),
}
STOPS_AT = 5  # steps, or a few more


def train(state: TrainingState, data: Dataset, path: Path, steps: int | None = None) -> None:
    """To the end or for some steps, then save it."""
    for event in fit(state, data):
        if distributed.is_main():
            print(path.name, event)
        if steps is not None and state.step >= steps:
            break
    # every rank has the same weights, though only one of them is asked for them
    for tensor in state.network.state_dict().values():
        assert distributed.all_reduce(tensor).equal(tensor * distributed.world_size())
    if distributed.is_main():
        save_state(path, state)


def batch_norm_error(data: Dataset, count: int) -> float:
    """How far gradients of all ranks' `count` pictures are from those that one process finds in double precision."""
    recipe = RUNS["batch-norm"]
    torch.manual_seed(0)
    model = MODELS["lenet5-bn"].build(1, 10)
    exact = copy.deepcopy(model).double().train()
    x, labels = to_input(data.train.images[:count], recipe.input), data.train.labels[:count]
    functional.cross_entropy(exact(x.double()), labels).backward()
    mine = distributed.part(count)
    replica = distributed.replica(model).train()  # which averages gradients for as long as it lives
    loss = functional.cross_entropy(replica(x[mine]), labels[mine])
    distributed.weighted_loss(loss, len(labels[mine]), count).backward()
    errors = [
        (own.grad - right.grad).norm() / (1e-3 + right.grad.norm())
        for own, right in zip(model.parameters(), exact.parameters(), strict=True)
        if own.grad is not None and right.grad is not None
    ]
    buffers = zip(model.buffers(), exact.buffers(), strict=True)
    errors += [(own - right).double().norm() / (1e-3 + right.double().norm()) for own, right in buffers]
    return float(max(errors))


def main(folder: Path) -> None:
    """Each run in three ways: whole, only begun, and gone on with where one process began it."""
    data = load("digits")
    with distributed.process_group("cpu"):
        assert batch_norm_error(data, 81) < 1e-2
        assert batch_norm_error(data, 1) < 1e-2
        for name, recipe in RUNS.items():
            train(start(recipe, "cpu"), data, folder / f"{name}.whole")
            train(start(recipe, "cpu"), data, folder / f"{name}.begun", STOPS_AT)
            train(load_state(folder / f"{name}.begun-by-one", "cpu"), data, folder / f"{name}.gone-on-with")
    assert not gloo_threads(), "they may abort the process when Python ends"


def gloo_threads() -> list[str]:
    """The names of this process's threads that belong to a process group; none where there is no /proc."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if "gloo" in name]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
