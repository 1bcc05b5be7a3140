"""One loop trains everything: the terminal, the page and the tests read its events.

    state = start(recipe)
    for event in fit(state, dataset):
        ...                        # Step or Validation a few times a second, EpochEnd after each epoch
    logits = evaluate(state.outcome, dataset.test.images, recipe.input)

All randomness is a function of (seed, epoch, step) and is drawn on the CPU.  So every device sees
the same batches, and a run that stops at any event can continue as if it had never stopped.
"""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lenet.data.augmentation import AUGMENTATIONS
from lenet.data.datasets import DATASETS, Dataset, Split
from lenet.errors import DivergedError, RecipeError, Text, TrainingError
from lenet.models import MODELS, cpu
from lenet.models.convnets import Whitening
from lenet.models.network import Network
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.training import distributed
from lenet.training.metrics import accuracy, confusion, cross_entropy
from lenet.training.optim import LOSSES, OPTIMIZERS, SCHEDULES
from lenet.training.recipes import Recipe

SECONDS_BETWEEN_STEPS = 0.1  # between Step events: how often a page can redraw, and how soon a run can stop
EVAL_BATCH_SIZE = 100  # images; the largest network needs half a second for them on one core
WHITENING_IMAGES = 5000  # images, of about 900 patches each


@dataclass(frozen=True)
class Step:
    """What happened since the last Step: means over the batches in between.

    Attributes:
        epoch: from 1.
        step: batches finished in this epoch, out of `total_steps`.
        accuracy: a fraction, on the augmented training images.
    """

    epoch: int
    step: int
    total_steps: int
    loss: float
    accuracy: float
    lr: float
    images_per_second: float


@dataclass(frozen=True)
class Validation:
    """The validation after an epoch's last step: `images` of `total_images` are evaluated."""

    epoch: int
    images: int
    total_images: int


@dataclass(frozen=True)
class EpochEnd:
    """The mean training loss and accuracy during an epoch, and the validation split's after it."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float


Event = Step | Validation | EpochEnd


@dataclass(frozen=True)
class LrChange:
    """The learning rate was changed by hand to `lr`, in `epoch` (from 1), after `step` of its batches."""

    epoch: int
    step: int
    lr: float

    def __post_init__(self) -> None:
        if not (1 <= self.epoch <= 10_000 and self.step >= 0 and 0 < self.lr <= 100):  # as Recipe has it
            raise ValueError(f"a change of the learning rate to {self.lr!r} at {self.epoch!r}, {self.step!r}")


def lr_in_words(lr: float, changes: Sequence[LrChange]) -> Text:
    """A recipe's learning rate `lr` and the changes that were made by hand, in a phrase."""
    if not changes:
        return Text("{lr:g}", lr=lr)
    last = {"now": changes[-1].lr, "epoch": changes[-1].epoch}
    if len(changes) == 1:
        return Text("{lr:g}, changed by hand to {now:g} in epoch {epoch}", lr=lr, **last)
    return Text(
        "{lr:g}, changed by hand {count} times, last to {now:g} in epoch {epoch}", lr=lr, count=len(changes), **last
    )


@dataclass
class TrainingState:
    """All that a run needs to continue: what `fit` changes, and nothing else.

    Attributes:
        model: the weights being trained.
        average: their running average, if the recipe wants one.
        best: a copy of `network` after the epoch with the lowest validation loss, if the recipe keeps it.
        epoch, step: epochs finished, and batches finished in the current one.
        sums: the current epoch's summed loss, correct answers and images, float32 (3,), on the device.
        history: one EpochEnd for each epoch finished.
        lr_changes: what `change_lr` did, the oldest first.
        confusion: the validation split's, after the last epoch that ended here; None before, and of a resumed run.
        teacher: `Dataset.teacher` of the data it learns from; None before the first step.
    """

    recipe: Recipe
    device: torch.device
    model: Network
    optimizer: torch.optim.Optimizer
    plateau: ReduceLROnPlateau | None = None
    average: AveragedModel | None = None
    best: Network | None = None
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    sums: Tensor = field(default_factory=lambda: torch.zeros(3))
    history: list[EpochEnd] = field(default_factory=list)
    lr_changes: list[LrChange] = field(default_factory=list)
    confusion: Tensor | None = None
    teacher: str | None = None

    @property
    def network(self) -> Network:
        """What to evaluate: the average, if there is one."""
        return cast(Network, self.average.module) if self.average is not None else self.model

    @property
    def lr(self) -> float:
        """The peak learning rate that holds now: the recipe's, or the last one set by hand."""
        return self.lr_changes[-1].lr if self.lr_changes else self.recipe.lr

    @property
    def outcome(self) -> Network:
        """The network to ship and use: the best one so far if the recipe keeps it, else `network`."""
        return self.best if self.best is not None and self.history else self.network

    @property
    def done(self) -> bool:
        return self.epoch >= self.recipe.epochs


def pick_device(name: str = "auto") -> torch.device:
    """The device called "cpu", "cuda" or "mps"; "auto" is the fastest one on this machine.

    Raises:
        RecipeError: this machine does not have it.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if os.environ.get("SPACES_ZERO_GPU"):
        there["cuda"] = False  # which is pretended there: see `lenet.ui.surroundings.mark_a_function_for_zero_gpu`
    if distributed.is_launched():
        there["mps"] = False  # where processes cannot talk to each other
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if name not in there:
        raise RecipeError("There is no device called {name!r}: choose auto, cpu, cuda or mps.", name=name)
    if not there[name]:
        raise RecipeError("PyTorch finds no {name} device on this machine: choose auto or cpu.", name=name)
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """What to call `device` in a table: a GPU's product name, else "cpu" or "mps"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def start(recipe: Recipe, device: str = "auto", weights: Mapping[str, Tensor] | None = None) -> TrainingState:
    """A run of `recipe` that has not begun.

    Args:
        weights: what it begins with, a state dict; None for weights that depend only on the recipe's seed.

    Raises:
        RecipeError: the recipe names something unknown, or a model that does not fit its data; or it begins with
            weights, and none are given.
    """
    _refuse_unknown(recipe)
    if recipe.init and weights is None:
        raise RecipeError(
            "Recipe {recipe} begins with the weights {init}: give them, see `lenet.training.stored.initial_weights`.",
            recipe=recipe.name,
            init=recipe.init,
        )
    place = pick_device(device)
    if place.type == "cpu":
        cpu.keep_freed_memory()
    model = _fresh_model(recipe)
    if weights is not None:
        model.load_state_dict(weights)
    if place.type == "cuda":
        torch.backends.cudnn.deterministic = True  # else its convolutions' gradients differ from run to run
    if place.type == "cpu":
        cpu.prepare(model)
    model = model.to(place).to(memory_format=torch.channels_last)
    dtype = torch.bfloat16 if in_bfloat16(recipe, place) else torch.float32
    build = OPTIMIZERS[recipe.optimizer]
    optimizer = build(model, recipe.lr, recipe.momentum, recipe.weight_decay, dtype)
    return TrainingState(
        recipe=recipe,
        device=place,
        model=model,
        optimizer=optimizer,
        sums=torch.zeros(3, device=place),
        plateau=ReduceLROnPlateau(optimizer, factor=0.5, patience=5, min_lr=1e-6)
        if recipe.schedule == "plateau"
        else None,
        average=AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)
        if recipe.ema
        else None,
        best=copy.deepcopy(model) if recipe.keep == "best" else None,
    )


def _refuse_unknown(recipe: Recipe) -> None:
    """Raises RecipeError where the recipe names something that is not there."""
    for kind, name, known in (
        (Text("model"), recipe.model, MODELS),
        (Text("data set"), recipe.dataset, DATASETS),
        (Text("augmentation"), recipe.augmentation, AUGMENTATIONS),
    ):
        if name not in known:
            raise RecipeError(
                "Recipe {recipe}: there is no {kind} called {name!r}.", recipe=recipe.name, kind=kind, name=name
            )


def _fresh_model(recipe: Recipe) -> Network:
    """The recipe's model with the weights that its seed gives; raises RecipeError where it does not fit the data."""
    source = DATASETS[recipe.dataset]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        try:
            model = MODELS[recipe.model].build(source.channels, len(source.classes))
        except ValueError as error:
            raise RecipeError(
                "Recipe {recipe}: {model} cannot be trained on {dataset} ({error}).",
                recipe=recipe.name,
                model=recipe.model,
                dataset=recipe.dataset,
                error=error,
            ) from error
    if recipe.input.size != MODELS[recipe.model].size or len(recipe.input.mean) != source.channels:
        raise RecipeError(
            "Recipe {recipe}: {model} reads {size} pixels and {dataset} has {channels} channels, "
            "but its input is {pixels} pixels with {means} channels.",
            recipe=recipe.name,
            model=recipe.model,
            size=MODELS[recipe.model].size,
            dataset=recipe.dataset,
            channels=source.channels,
            pixels=recipe.input.size,
            means=len(recipe.input.mean),
        )
    return model


def change_lr(state: TrainingState, lr: float) -> None:
    """Continue with `lr` in place of the recipe's learning rate.  Call it between two events.

    The schedule continues, and the halvings of a plateau stay.

    Raises:
        RecipeError: it is out of range.
    """
    state.recipe.with_changes(lr=lr)
    if lr == state.lr or state.done:
        return  # the rate is the same, or no step will use it
    for group in state.optimizer.param_groups:
        group["lr"] *= lr / state.lr  # for the schedules that keep their state there
    change = LrChange(state.epoch + 1, state.step, lr)
    earlier = [c for c in state.lr_changes if (c.epoch, c.step) != (change.epoch, change.step)]
    state.lr_changes = [*earlier, change]


def fit(state: TrainingState, dataset: Dataset) -> Iterator[Event]:
    """Train from where `state` is to its recipe's last epoch, and change `state` in place.

    Between any two events the state is complete: it can be saved, evaluated, used, or dropped.

    Raises:
        RecipeError: the recipe trains in another framework, or the data does not have the recipe's teacher.
        DivergedError: the loss is no longer finite.  `state` is lost; a saved copy of it is not.
        TrainingError: the teacher is not the one that the run began with.
    """
    _refuse_other_data(state, dataset)
    state.teacher = dataset.teacher
    # The whole data set is on the device, so a batch is one index and no loader is needed.
    train = dataset.train.to(state.device)
    state.sums = distributed.share(state.sums)
    if state.epoch == state.step == 0:
        _whiten(state, train.images[:WHITENING_IMAGES])
    replica = distributed.replica(state.model)
    while not state.done:
        yield from _steps(state, replica, train)
        yield from _end_epoch(state, dataset.val)


def _refuse_other_data(state: TrainingState, dataset: Dataset) -> None:
    """Raises what `fit` does where the recipe cannot be trained here, or not on this data."""
    recipe = state.recipe
    if recipe.framework != "pytorch":
        raise RecipeError(
            "Recipe {recipe} trains in {framework}: run `python train.py {recipe}`.",
            recipe=recipe.name,
            framework=recipe.framework,
        )
    if bool(recipe.teacher) != bool(dataset.teacher):
        raise RecipeError(
            "Recipe {recipe} learns from {teacher}: "
            "load its data with `load_with_soft_labels({dataset!r}, {name!r})` of lenet.training.distillation.",
            recipe=recipe.name,
            teacher=recipe.teacher or Text("no teacher"),
            dataset=recipe.dataset,
            name=recipe.teacher,
        )
    if state.teacher not in (None, dataset.teacher):
        raise TrainingError(
            "The weights of the teacher {teacher} changed since this run began, so the run cannot go on as before: "
            "bring the old file back, or start a new run.",
            teacher=recipe.teacher,
        )


def _steps(state: TrainingState, replica: nn.Module, train: Split) -> Iterator[Step]:
    """The steps of the epoch that are left.

    Args:
        replica: see `_learn`.
    """
    recipe, augmentation = state.recipe, AUGMENTATIONS[state.recipe.augmentation]
    total_steps = math.ceil(len(train) / recipe.batch_size)
    order = torch.randperm(len(train), generator=_generator(recipe.seed, state.epoch)).to(state.device)
    pace, shown = distributed.Pace(SECONDS_BETWEEN_STEPS), distributed.all_reduce(state.sums)
    sums: list[Tensor] = []  # after each step since the last event; reading them would wait for the device
    while state.step < total_steps:
        began = time.perf_counter()
        batch = order[state.step * recipe.batch_size : (state.step + 1) * recipe.batch_size]
        chosen = train.subset(batch)
        images = augmentation(chosen.images, _generator(recipe.seed, state.epoch, state.step))
        mine = distributed.part(len(chosen))
        lr = _set_lr(state, (state.epoch * total_steps + state.step) / (recipe.epochs * total_steps))
        _learn(state, replica, to_input(images[mine], recipe.input), chosen.subset(mine), len(chosen))
        state.step += 1
        sums.append(state.sums)
        show = pace.due(time.perf_counter()) or state.step == total_steps
        if show:
            total = distributed.all_reduce(state.sums)
            loss, correct, count = (total - shown).tolist()  # waits for the device
        now = time.perf_counter()
        state.seconds += now - began
        if show:
            _refuse_not_finite(loss, state, sums)
            state.sums, shown, sums = distributed.share(total), total, []
            yield Step(
                epoch=state.epoch + 1,
                step=state.step,
                total_steps=total_steps,
                loss=loss / count,
                accuracy=correct / count,
                lr=lr,
                images_per_second=count / (now - pace.since),
            )
            pace.wait()


def _whiten(state: TrainingState, images: Tensor) -> None:
    """Set the layers that learn from images without labels, before the first step."""
    for network in (state.model, state.network):
        for layer in network:
            if isinstance(layer, Whitening):
                layer.fit(to_input(images, state.recipe.input))


def _generator(*key: int) -> torch.Generator:
    """A separate stream of random numbers for each (seed, epoch) and each (seed, epoch, step)."""
    mixed = 0
    for number in (*key, len(key)):
        mixed = (mixed * 1_000_003 + number + 1) % (2**61 - 1)
    return torch.Generator().manual_seed(mixed)


def _set_lr(state: TrainingState, progress: float) -> float:
    """Set and return this step's learning rate.  `progress` is the finished fraction of the run."""
    recipe, groups = state.recipe, state.optimizer.param_groups
    schedule = SCHEDULES[recipe.schedule]
    if schedule is None:
        return groups[0]["lr"]
    lr = state.lr * schedule(progress)
    for group in groups:
        group["lr"] = lr * group.get("share", 1.0)
    return lr


def _learn(state: TrainingState, replica: nn.Module, x: Tensor, batch: Split, whole: int) -> None:
    """One step: forward, backward, update.  The sums stay on the device, so no step waits for it.

    Args:
        replica: `state.model`, or its distributed wrapper if there are several processes.
        x, batch: this process's part of a batch of `whole` pictures.
    """
    # The setting belongs to the thread, and another user of the thread may have changed it.  The momentum of a dead
    # unit shrinks below 1e-38, and a processor computes with such numbers many times more slowly: LeNet-5 with Muon
    # took 101 ms a step with them and 16 ms without.
    torch.set_flush_denormal(True)
    if not replica.training:  # the caller may have evaluated after the last event
        replica.train()
    bfloat16 = in_bfloat16(state.recipe, state.device)
    with torch.autocast(state.device.type, torch.bfloat16, enabled=bfloat16):
        if replica is state.model and state.device.type == "cpu" and not bfloat16:
            logits = cpu.forward(state.model, x)
        else:
            logits = replica(x.contiguous(memory_format=torch.channels_last))
    labels = batch.labels if batch.soft is None else batch.soft
    loss = LOSSES[state.recipe.loss](logits.float(), labels, state.recipe.label_smoothing)
    state.optimizer.zero_grad(set_to_none=True)
    distributed.weighted_loss(loss, len(batch), whole).backward()
    state.optimizer.step()
    if state.average is not None:
        state.average.update_parameters(state.model)
    if len(batch) == 0:
        return  # an empty batch has no mean loss
    with torch.no_grad():
        correct = (logits.argmax(dim=1) == batch.labels).sum()
        state.sums = state.sums + torch.stack([loss * len(batch), correct, torch.full_like(loss, len(batch))])


def in_bfloat16(recipe: Recipe, device: torch.device) -> bool:
    """Whether the recipe wants bfloat16 and the device has it in hardware; emulating it is slow."""
    if recipe.precision != "bfloat16":
        return False
    return device.type != "cpu" or torch.cpu._is_avx512_bf16_supported()


def _refuse_not_finite(loss: float, state: TrainingState, sums: list[Tensor]) -> None:
    """Raise DivergedError if the loss since the last event, or a weight, is not a finite number.

    The weights are checked so that a lost state is never saved over a good one.

    Args:
        sums: `state.sums` after each step since the last event; read only if something is wrong.
    """
    weights = torch.stack([parameter.detach().sum() for parameter in state.model.parameters()]).sum()
    if not math.isfinite(loss + float(weights)):
        losses = distributed.all_reduce(torch.stack(sums))[:, 0]  # (steps,); once it is not finite, a sum stays so
        late = int(losses.isfinite().logical_not().sum())
        what = (
            Text("The loss stopped being a finite number") if late else Text("The weights stopped being finite numbers")
        )
        step = state.step - max(late - 1, 0)
        raise DivergedError(
            "{what} in epoch {epoch}, at step {step}. "
            "The learning rate, {lr:g}, is probably too high: try a tenth of it.",
            what=what,
            epoch=state.epoch + 1,
            step=step,
            lr=state.lr,
        )


def _end_epoch(state: TrainingState, val: Split) -> Iterator[Event]:
    """Evaluate, then go to the next epoch.  The evaluation does not change the state, so it can stop and restart."""
    bfloat16 = in_bfloat16(state.recipe, state.device)
    pace, found, done = distributed.Pace(SECONDS_BETWEEN_STEPS), list[Tensor](), 0
    for images in val.images.split(EVAL_BATCH_SIZE * distributed.world_size()):
        if done and pace.due(time.perf_counter()):
            yield Validation(state.epoch + 1, done, len(val))
            pace.wait()
        mine = evaluate(state.network, images[distributed.part(len(images))], state.recipe.input, bfloat16=bfloat16)
        found.append(distributed.all_gather(mine, len(images), state.device))
        done += len(images)
    logits = torch.cat(found)
    loss, correct, count = distributed.all_reduce(state.sums).tolist()
    event = EpochEnd(
        epoch=state.epoch + 1,
        train_loss=loss / count,
        train_accuracy=correct / count,
        val_loss=cross_entropy(logits, val.labels),
        val_accuracy=accuracy(logits, val.labels),
        seconds=state.seconds,
    )
    if state.plateau is not None:
        state.plateau.step(event.val_loss)
    state.confusion = confusion(logits, val.labels)
    state.epoch, state.step, state.seconds, state.sums = state.epoch + 1, 0, 0.0, torch.zeros_like(state.sums)
    if state.best is not None and all(event.val_loss < earlier.val_loss for earlier in state.history):
        state.best.load_state_dict(state.network.state_dict())
    state.history.append(event)
    yield event


@torch.inference_mode()
def evaluate(
    network: nn.Module,
    images: Tensor,
    form: InputFormat,
    batch_size: int = EVAL_BATCH_SIZE,
    bfloat16: bool = False,
    before_each: Callable[[], None] = lambda: None,
) -> Tensor:
    """Logits, float32 (N, classes) on the CPU, for images uint8 (N, C, H, W).

    Args:
        bfloat16: compute in bfloat16, which is faster: for validation during a run, soft labels, and a large network's
            report.  The accuracies in weights files never come from it.
        before_each: called before each batch; an error that it raises ends the evaluation.
    """
    network.eval()
    device = next(network.parameters()).device
    logits = []
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
        for batch in images.split(batch_size):
            before_each()
            x = to_input(batch.to(device), form)
            logits.append(network(x.contiguous(memory_format=torch.channels_last)).float().cpu())
    return torch.cat(logits)
