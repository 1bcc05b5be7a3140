"""One run in several processes, on one machine or more, started by PyTorch's own launcher.

    torchrun --nproc-per-node 2 train.py RECIPE

Every process, called a rank, holds the whole network and all pictures and takes a part of each batch, whose size
stays the recipe's.  DistributedDataParallel averages the gradients, so that all ranks take the same step.  BatchNorm
reckons with the whole batch too.  Sums that are split round otherwise: after an epoch by SGD without BatchNorm the
weights are one process's to 2e-5; Muon and BatchNorm amplify the difference, and learn as well towards other weights.

Augmentation is done for the whole batch on every rank: which numbers a picture draws must not depend on how many
ranks there are.  Files are read by all ranks and written by the main one, so that several machines need a folder
that they share.

In a process that nobody launched this way all of this does nothing.
"""

from __future__ import annotations

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

MOST_STEPS_AHEAD = 1000  # that ranks agree on without another word


def is_launched() -> bool:
    """Whether torchrun started this process, and others with it."""
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
    """Whether this process talks to others: within `process_group`, where it was launched with them."""
    return dist.is_available() and dist.is_initialized()


@contextmanager
def process_group(device: str = "auto") -> Iterator[None]:
    """Within it the ranks talk to each other; on "cuda", and "auto" where it is there, each has a GPU of its own.

    Raises:
        TrainingError: there are too few GPUs; or another rank ended, and nothing can be agreed on any more.
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
    """The first rank of each machine goes through it before the others: what it downloads, they find."""
    first = not initialized() or is_local_main()
    if not first:
        dist.barrier()
    try:
        yield
    finally:
        if first and initialized():
            dist.barrier()


def on_main(act: Callable[[], None]) -> None:
    """Have the leading rank `act`.

    Raises:
        LeNetError: it did there; every rank raises it.
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
    """Whether it is so on any rank."""
    return bool(all_reduce(torch.tensor(float(mine))))


def all_reduce(numbers: Tensor) -> Tensor:
    """The sum over the ranks, on each: a new tensor."""
    numbers = numbers.clone()
    if initialized():
        dist.all_reduce(numbers)
    return numbers


def own(total: Tensor) -> Tensor:
    """What a rank keeps of an `all_reduce` that will be summed again: the main one all of it, the others nothing."""
    return total if is_main() else torch.zeros_like(total)


def part(count: int) -> slice:
    """This rank's of `count` things: neighbours, about as many as the others', and none where they are too few."""
    if not initialized():
        return slice(0, count)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    return slice(count * rank // ranks, count * (rank + 1) // ranks)


def weighted_loss(loss: Tensor, own: int, whole: int) -> Tensor:
    """The mean loss of `own` of a batch's `whole` pictures, such that the ranks' average is the batch's mean."""
    return loss if not initialized() else loss * (own * dist.get_world_size() / whole)


def all_gather(rows: Tensor, count: int, device: torch.device) -> Tensor:
    """The rows (count, ...) of which each rank brings its `part`, on the CPU; `device` is where ranks can talk."""
    if not initialized():
        return rows
    everyone = rows.new_zeros(count, *rows.shape[1:])
    everyone[part(count)] = rows
    return all_reduce(everyone.to(device)).cpu()


class Pace:
    """Says after which steps to show how it goes: every `seconds`, and after the same ones on all ranks.

    Asking after each step would double the time of a small network's, so the leading rank's clock decides at each
    showing how many steps on the next one is.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.ahead = seconds, 1
        self.wait()

    def wait(self) -> None:
        """Begin to wait for the next showing."""
        self.since, self.steps = time.perf_counter(), 0

    def due(self, now: float) -> bool:
        """To be asked once after each step, by the clock `time.perf_counter`."""
        self.steps += 1
        if not initialized():
            return now - self.since >= self.seconds
        if self.steps < self.ahead:
            return False
        ahead = self.steps * self.seconds / max(now - self.since, 1e-9)
        self.ahead = int(all_reduce(own(torch.tensor(min(max(ahead, 1.0), MOST_STEPS_AHEAD)))))
        return True


# --------------------------------------------------------------------------------------------------
# The network


def replica(model: nn.Module) -> nn.Module:
    """What to call in place of `model` in training, for gradients and BatchNorm's statistics of all ranks' pictures."""
    if not initialized():
        return model
    for layer in model.modules():
        if type(layer) is nn.BatchNorm2d:
            layer.__class__ = SharedBatchNorm2d  # the same layer, parameters and buffers
    return DistributedDataParallel(model)


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm whose mean and variance are those of all ranks' pictures; PyTorch's own SyncBatchNorm needs a GPU."""

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
    """`all_reduce`, through which gradients flow: each rank's numbers are in every rank's sum."""

    @staticmethod
    def forward(ctx: FunctionCtx, numbers: Tensor) -> Tensor:
        return all_reduce(numbers)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return all_reduce(gradient)
