"""The same networks and recipes in Keras: `compile` and `fit`, read as the events of `lenet.training.loop`.

    state = start(RECIPES["keras-lenet"])
    for event in fit(state, dataset):
        ...                        # Step and EpochEnd, as from `lenet.training.loop.fit`

Keras is an optional extra (requirements-keras.txt), imported only when it is asked for; KERAS_BACKEND chooses
"tensorflow" or "torch".  Keras's own `fit` does the training.  After each epoch its weights are copied into
`state.model`, so what comes out is a `Network` like any other: measured, saved, served and explained alike.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import torch
from torch import Tensor, nn

from lenet.data.datasets import Dataset
from lenet.errors import PackageError, RecipeError, TrainingError
from lenet.models.network import Network
from lenet.preprocessing.normalization import to_input
from lenet.training.loop import SECONDS_BETWEEN_STEPS, EpochEnd, Event, Step, TrainingState, evaluate
from lenet.training.metrics import accuracy, cross_entropy

INSTALL = "`pip install -r requirements-keras.txt`, or only `pip install keras` to run it on PyTorch"


def load_keras() -> Any:
    """The package keras, on the backend that KERAS_BACKEND names, else on TensorFlow or, where that is not, PyTorch.

    Raises:
        PackageError: it, or its backend, is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "torch"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only: no word about the processor at each start
    try:
        return importlib.import_module("keras")
    except ImportError as error:
        raise PackageError(
            "This recipe trains in Keras, which is not installed here ({error}): {install}.",
            error=error,
            install=INSTALL,
        ) from error


def version() -> str:
    """For a file's header: Keras's version and its backend's."""
    keras = load_keras()
    backend = importlib.import_module(keras.backend.backend())
    return f"{keras.__version__} on {keras.backend.backend()} {backend.__version__.split('+')[0]}"


# --------------------------------------------------------------------------------------------------
# The network


def build_keras_model(network: Network, size: int, channels: int) -> Any:
    """A Keras model with the same table of layers, its weights fresh and as Keras starts them.

    It maps (B, size, size, channels) to logits (B, classes): Keras's layout has the channels last.

    Raises:
        PackageError: Keras is not installed.
        RecipeError: a layer of the network has no counterpart in Keras here.
    """
    keras = load_keras()
    last: dict[str, Any] = {"data_format": "channels_last"}  # whatever ~/.keras/keras.json says
    layers: list[Any] = [keras.Input((size, size, channels))]
    for name, layer in network.named_children():
        match layer:
            case nn.Conv2d(padding=(0, 0), stride=(1, 1)):
                layers.append(keras.layers.Conv2D(layer.out_channels, layer.kernel_size, name=name, **last))
            case nn.BatchNorm2d(momentum=float(momentum)):  # of the new value; Keras's is of the old
                options = {"momentum": 1 - momentum, "epsilon": layer.eps}
                layers.append(keras.layers.BatchNormalization(axis=-1, name=name, **options))
            case nn.MaxPool2d():
                layers.append(keras.layers.MaxPooling2D(layer.kernel_size, name=name, **last))
            case nn.ReLU():
                layers.append(keras.layers.ReLU(name=name))
            case nn.Flatten():
                layers.append(keras.layers.Flatten(name=name, **last))
            case nn.Linear():
                layers.append(keras.layers.Dense(layer.out_features, name=name))
            case _:
                raise RecipeError(
                    "There is no Keras layer for {name}, {layer}: take lenet5 or lenet-wide.", name=name, layer=layer
                )
    return keras.Sequential(layers)


@torch.no_grad()
def copy_weights(keras_model: Any, network: Network) -> None:
    """Copy the weights of `keras_model`, made by `build_keras_model(network, ...)`, into `network`.

    Keras keeps kernels as (height, width, in, out) and (in, out).  Where it flattens maps the channels come last,
    where PyTorch does they come first, which moves the inputs of the linear layer behind.
    """
    maps: tuple[int, ...] = ()  # (height, width, channels) that were flattened, until a linear layer reads them
    for name, layer in network.named_children():
        if isinstance(layer, nn.Flatten):
            maps = tuple(keras_model.get_layer(name).input.shape[1:])
        if not isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
            continue
        numbers = [torch.tensor(array) for array in keras_model.get_layer(name).get_weights()]
        if isinstance(layer, nn.BatchNorm2d):
            for own, its in zip(
                (layer.weight, layer.bias, layer.running_mean, layer.running_var), numbers, strict=True
            ):
                assert own is not None  # which mypy cannot see
                own.copy_(its)
            continue
        kernel, bias = numbers
        layer.weight.copy_(kernel.permute(3, 2, 0, 1) if isinstance(layer, nn.Conv2d) else _from_dense(kernel, maps))
        assert layer.bias is not None  # which mypy cannot see; a network without one would have failed above
        layer.bias.copy_(bias)
        maps = ()


def _from_dense(kernel: Tensor, maps: tuple[int, ...]) -> Tensor:
    """(in, out) to (out, in)."""
    if maps:
        kernel = kernel.unflatten(0, maps).permute(2, 0, 1, 3).flatten(0, 2)  # (H W C, out) to (C H W, out)
    return kernel.T


# --------------------------------------------------------------------------------------------------
# The run


@dataclass(frozen=True)
class _Epoch:
    """What Keras says of an epoch: means of loss and accuracy as it went, and the seconds it took."""

    loss: float
    accuracy: float
    seconds: float


Report = Callable[[Step | _Epoch], bool]  # tells, and answers whether anybody reads on


def fit(state: TrainingState, dataset: Dataset) -> Iterator[Event]:
    """Train `state.recipe` in Keras, from its beginning to its end; see `lenet.training.loop.fit`.

    Keras's weights, batches and global seeds are its own, so another backend gives another network.
    Between two events `state` is as the last epoch left it: a Keras run can be stopped, but not gone on with.

    Raises:
        PackageError: Keras is not installed.
        RecipeError: a layer of the network has no counterpart in Keras.
        TrainingError: the loss is no longer finite, or the run has begun before.
    """
    recipe = state.recipe
    if state.done:  # and only to be measured
        return
    if state.epoch:
        raise TrainingError("A run in Keras cannot be resumed, because its optimizer is not saved: start a new run.")
    keras = load_keras()
    keras.utils.set_random_seed(recipe.seed)
    with _device(state):
        keras_model = build_keras_model(state.model, recipe.input.size, len(recipe.input.mean))
        keras_model.compile(
            optimizer=keras.optimizers.Adam(state.lr),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
    images = to_input(dataset.train.images, recipe.input).permute(0, 2, 3, 1).contiguous().numpy()  # (N, H, W, C)
    labels, threads = dataset.train.labels.numpy(), torch.get_num_threads()

    def train(report: Report) -> None:
        torch.set_num_threads(threads)  # a new thread would take all cores
        callbacks = [_Listener(keras_model, recipe.batch_size, len(labels), report).callback()]
        with _device(state):
            keras_model.fit(images, labels, recipe.batch_size, recipe.epochs, verbose=0, callbacks=callbacks)

    for found in _reported(train):
        if not math.isfinite(found.loss):
            raise TrainingError(
                "The loss stopped being a finite number in epoch {epoch}. "
                "The learning rate, {lr:g}, is probably too high: try a tenth of it.",
                epoch=state.epoch + 1,
                lr=state.lr,
            )
        yield found if isinstance(found, Step) else _end_epoch(state, keras_model, dataset, found)


def _end_epoch(state: TrainingState, keras_model: Any, dataset: Dataset, found: _Epoch) -> EpochEnd:
    copy_weights(keras_model, state.model)
    logits = evaluate(state.model, dataset.val.images, state.recipe.input)
    event = EpochEnd(
        epoch=state.epoch + 1,
        train_loss=found.loss,
        train_accuracy=found.accuracy,
        val_loss=cross_entropy(logits, dataset.val.labels),
        val_accuracy=accuracy(logits, dataset.val.labels),
        seconds=found.seconds,
    )
    state.epoch += 1
    state.history.append(event)
    return event


def _device(state: TrainingState) -> AbstractContextManager[Any]:
    """Keras's name for the run's device, which holds for one thread."""
    keras = load_keras()
    if state.device.type == "cpu" or keras.backend.backend() == "torch":
        return keras.device(str(state.device).replace("cuda", "gpu"))
    return keras.device("gpu:0")


class _Listener:
    """Hears from Keras how its `fit` goes, and reports it; ends the run when nobody reads on."""

    def __init__(self, keras_model: Any, batch_size: int, images: int, report: Report) -> None:
        self.model, self.batch_size, self.images, self.report = keras_model, batch_size, images, report
        self.total_steps = math.ceil(images / batch_size)
        self.epoch, self.began, self.shown_at = 0, 0.0, 0.0
        self.shown = torch.zeros(3, dtype=torch.float64)  # the epoch's loss, correct answers, images up to that

    def callback(self) -> Any:
        # At a batch's beginning: a callback at its end would make Keras wait for the loss of every batch.
        return load_keras().callbacks.LambdaCallback(
            on_epoch_begin=self._begin, on_train_batch_begin=self._step, on_epoch_end=self._end
        )

    def _begin(self, epoch: int, logs: object) -> None:
        self.epoch, self.shown = epoch + 1, torch.zeros_like(self.shown)
        self.began = self.shown_at = time.perf_counter()

    def _step(self, batch: int, logs: object) -> None:
        if batch and time.perf_counter() - self.shown_at >= SECONDS_BETWEEN_STEPS:
            self._show(batch, self.model.get_metrics_result())

    def _end(self, epoch: int, logs: dict[str, float]) -> None:
        seconds = time.perf_counter() - self.began
        if not self.model.stop_training:
            self._show(self.total_steps, logs)
            self.model.stop_training = not self.report(_Epoch(logs["loss"], logs["accuracy"], seconds))

    def _show(self, steps: int, means: Mapping[str, Any]) -> None:
        """Report what happened since the last time; Keras's means are of the epoch so far."""
        now, count = time.perf_counter(), min(steps * self.batch_size, self.images)
        sums = count * torch.tensor([float(means["loss"]), float(means["accuracy"]), 1.0], dtype=torch.float64)
        loss, correct, images = (sums - self.shown).tolist()
        found = Step(
            epoch=self.epoch,
            step=steps,
            total_steps=self.total_steps,
            loss=loss / images,
            accuracy=correct / images,
            lr=float(self.model.optimizer.learning_rate),
            images_per_second=images / (now - self.shown_at),
        )
        self.model.stop_training = not self.report(found)
        self.shown, self.shown_at = sums, time.perf_counter()
        self.began += self.shown_at - now  # what its reader took is not the epoch's


def _reported(work: Callable[[Report], None]) -> Iterator[Step | _Epoch]:
    """What `work` reports, as it reports it: a call that takes a callback, turned into a generator.

    It runs on a thread of its own, and stands still while what it reported is being read.
    """
    reports: SimpleQueue[Step | _Epoch | None] = SimpleQueue()
    read: SimpleQueue[None] = SimpleQueue()
    left = threading.Event()
    failures: list[BaseException] = []

    def report(found: Step | _Epoch) -> bool:
        if not left.is_set():
            reports.put(found)
            read.get()
        return not left.is_set()

    def run() -> None:
        try:
            work(report)
        except BaseException as error:  # to be raised where it can be seen
            failures.append(error)
        reports.put(None)

    thread = threading.Thread(target=run, name="keras", daemon=True)
    thread.start()
    try:
        while (found := reports.get()) is not None:
            yield found
            read.put(None)
    finally:
        left.set()
        read.put(None)
        thread.join()
    if failures:
        raise failures[0]
