"""One run in several processes, on one machine or more, started by PyTorch's own launcher.

    torchrun --nproc-per-node 2 train.py RECIPE

Every process (a rank) holds the whole network and all images, and takes a part of each batch.  The batch keeps the
recipe's size.  DistributedDataParallel averages the gradients, so all ranks take the same step.  BatchNorm uses the
statistics of the whole batch too.  A sum that is split is rounded differently: after an epoch of SGD without BatchNorm
the weights differ from those of a single process by 2e-5.  Muon and BatchNorm amplify the difference; the accuracy is
as good, but the weights are others.

Every rank augments the whole batch, because the random numbers of an image must not depend on the number of ranks.
All ranks read files and the main one writes them, so several machines need a shared folder.

In a process that torchrun did not start, none of this has an effect.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn.parallel import DistributedDataParallel

from lenet.errors import LeNetError, TrainingError

MAX_STEPS_AHEAD = 1000  # steps between two agreements of the ranks, at most


def is_launched() -> bool:
    """Whether torchrun started this process together with others."""
    return dist.is_available() and dist.is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) > 1


def world_size() -> int:
    """How many processes train together."""
    return int(os.environ["WORLD_SIZE"]) if is_launched() else 1


def is_main() -> bool:
    """Whether this is the one process that prints and writes."""
    return not is_launched() or os.environ["RANK"] == "0"


def is_local_main() -> bool:
    """Whether this is the first process of its machine."""
    return not is_launched() or os.environ["LOCAL_RANK"] == "0"


def initialized() -> bool:
    """Whether this process can talk to others: it was launched with them and is within `process_group`."""
    return dist.is_available() and dist.is_initialized()


@contextmanager
def process_group(device: str = "auto") -> Iterator[None]:
    """Connect the ranks for the duration of a `with` block.  With GPUs ("cuda" or "auto"), each rank has its own.

    Raises:
        TrainingError: there are too few GPUs; or another rank ended, so this one cannot continue.
    """
    if not is_launched():
        yield
        return
    gpus = torch.cuda.device_count() if device != "cpu" else 0
    if gpus:
        if int(os.environ["LOCAL_WORLD_SIZE"]) > gpus:
            raise TrainingError(
                "This machine has {gpus} GPUs: start at most as many processes, or add --device cpu.", gpus=gpus
            )
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # Its functions name the group of the moment of its import as a default, and DistributedDataParallel imports it:
    # they would keep the group, and so Gloo's threads, until Python ends, when such a thread may abort the process.
    importlib.import_module("torch.distributed.nn.functional")
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo")
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "peer" in str(error):
            raise TrainingError(
                "Another process of this run ended, so this one ended too: the message of the other is above."
            ) from error
        raise
    finally:
        dist.destroy_process_group()


@contextmanager
def main_first() -> Iterator[None]:
    """Let the first rank of each machine run the block before the others, so that they find what it downloads."""
    first = not initialized() or is_local_main()
    if not first:
        dist.barrier()
    try:
        yield
    finally:
        if first and initialized():
            dist.barrier()


def on_main(act: Callable[[], None]) -> None:
    """Call `act` on the main rank only.

    Raises:
        LeNetError: `act` raised it; every rank raises it then.
    """
    if not initialized():
        return act()
    failure: list[LeNetError | None] = [None]
    if is_main():
        try:
            act()
        except LeNetError as error:
            failure = [error]
    dist.broadcast_object_list(failure)
    if failure[0] is not None:
        raise failure[0]


def any_process(mine: bool) -> bool:
    """Whether `mine` is true on any rank."""
    return bool(all_reduce(torch.tensor(float(mine))))


def all_reduce(numbers: Tensor) -> Tensor:
    """The sum over all ranks, as a new tensor on each of them."""
    numbers = numbers.clone()
    if initialized():
        dist.all_reduce(numbers)
    return numbers


def share(total: Tensor) -> Tensor:
    """A rank's share of a total that will be summed again: all of it on the main rank, zeros on the others."""
    return total if is_main() else torch.zeros_like(total)


def part(count: int) -> slice:
    """Which of `count` items this rank takes: a contiguous slice, about as long as the others', possibly empty."""
    if not initialized():
        return slice(0, count)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    return slice(count * rank // ranks, count * (rank + 1) // ranks)


def weighted_loss(loss: Tensor, count: int, total: int) -> Tensor:
    """Weight the mean loss of `count` out of `total` images so that the ranks' average is the batch's mean."""
    return loss if not initialized() else loss * (count * dist.get_world_size() / total)


def all_gather(rows: Tensor, count: int, device: torch.device) -> Tensor:
    """All rows (count, ...), on the CPU; each rank brings its `part`.  The ranks communicate through `device`."""
    if not initialized():
        return rows
    everyone = rows.new_zeros(count, *rows.shape[1:])
    everyone[part(count)] = rows
    return all_reduce(everyone.to(device)).cpu()


class Pace:
    """Decides after which steps to report: about every `seconds`, and after the same steps on all ranks.

    To agree after each step would double a small network's time.  So at each report the main rank's clock decides
    how many steps later the next one comes.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.ahead = seconds, 1
        self.wait()

    def wait(self) -> None:
        """Begin to wait for the next report."""
        self.since, self.steps = time.perf_counter(), 0

    def due(self, now: float) -> bool:
        """Whether to report now.  Call it once after each step with `time.perf_counter()`."""
        self.steps += 1
        if not initialized():
            return now - self.since >= self.seconds
        if self.steps < self.ahead:
            return False
        ahead = self.steps * self.seconds / max(now - self.since, 1e-9)
        self.ahead = int(all_reduce(share(torch.tensor(min(max(ahead, 1.0), MAX_STEPS_AHEAD)))))
        return True


# --------------------------------------------------------------------------------------------------
# The network


def replica(model: nn.Module) -> nn.Module:
    """What to train in place of `model`, so that gradients and BatchNorm's statistics are those of all ranks."""
    if not initialized():
        return model
    for layer in model.modules():
        if type(layer) is nn.BatchNorm2d:
            layer.__class__ = SharedBatchNorm2d  # the same layer, parameters and buffers
    return DistributedDataParallel(model)


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm with the mean and variance over all ranks' images.  PyTorch's own SyncBatchNorm needs a GPU."""

    def forward(self, x: Tensor) -> Tensor:
        if not initialized() or not self.training:
            return super().forward(x)
        assert self.running_mean is not None  # of all BatchNorms here; mypy cannot know
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        dtype, x = x.dtype, x.float()
        each = x.new_tensor([x.numel() / x.shape[1]])
        sums = torch.cat([x.sum(dim=(0, 2, 3)), x.square().sum(dim=(0, 2, 3)), each])
        total = cast(Tensor, _AllReduce.apply(sums))
        count = total[-1].detach()
        mean, square = (total[:-1] / count).chunk(2)  # (C,) each
        variance = (square - mean.square()).clamp(min=0)  # rounding may take it below
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
            self.num_batches_tracked += 1
        scale = (variance + self.eps).rsqrt() * self.weight
        return torch.addcmul((self.bias - mean * scale)[:, None, None], x, scale[:, None, None]).to(dtype)


class _AllReduce(torch.autograd.Function):
    """`all_reduce` with a gradient: each rank's numbers are part of every rank's sum."""

    @staticmethod
    def forward(ctx: FunctionCtx, numbers: Tensor) -> Tensor:
        return all_reduce(numbers)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return all_reduce(gradient)
