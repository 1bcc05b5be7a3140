"""What a training run has come to: its network, measured on the splits that it did not learn from.

checkpoint = finish(state, dataset)
checkpoint.metrics["test_accuracy"]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from lenet.data.datasets import DATASETS, Dataset, Split, answer_classes
from lenet.inference.calibration import Calibration
from lenet.inference.pretrained import MAX_FLOAT32_PARAMETERS, Checkpoint, rounded
from lenet.models.network import count_parameters
from lenet.training import keras_backend
from lenet.training.loop import TrainingState, device_name, evaluate
from lenet.training.metrics import accuracy, confusion, reliability
from lenet.training.stored import versions

FIRST_TEST_IMAGES = 1000  # measured apart


def finish(state: TrainingState, dataset: Dataset, before_each: Callable[[], None] = lambda: None) -> Checkpoint:
    """What a run has come to: its network, measured on the test split; `state` stays as it is.

    The metrics are those of `measured`, val_accuracy (of all classes) and train_seconds.

    Args:
        before_each: called before each batch of pictures; what it raises ends the measuring.
    """
    large = count_parameters(state.outcome) > MAX_FLOAT32_PARAMETERS
    network = rounded(state.outcome) if large else state.outcome  # and measured as it is shipped
    logits = evaluate(network, dataset.val.images, state.recipe.input, before_each=before_each)
    metrics = {
        "val_accuracy": accuracy(logits, dataset.val.labels),
        "train_seconds": round(sum(event.seconds for event in state.history) + state.seconds, 1),
    }
    trained_with = {**versions(), "device": device_name(state.device)}
    if state.recipe.teacher and state.teacher:
        trained_with["teacher"] = f"{state.recipe.teacher} {state.teacher[:12]}"
    if state.recipe.framework == "keras":
        trained_with["keras"] = keras_backend.version()
    checkpoint = Checkpoint(
        network, state.recipe, dataset.classes, metrics, trained_with, lr_changes=tuple(state.lr_changes)
    )
    if DATASETS[state.recipe.dataset].channels == 3:
        checkpoint = calibrated(checkpoint, dataset.val, logits)
    return measured(checkpoint, dataset.test, before_each)


def measured(checkpoint: Checkpoint, test: Split, before_each: Callable[[], None] = lambda: None) -> Checkpoint:
    """`checkpoint` with its confusion matrix, bins and test accuracies: what they were before is replaced.

    The metrics are test_accuracy (the answer is the likeliest class but "not a digit", as in
    `DigitClassifier.predict`) and, of a split that has more, test_accuracy_first_1000: those images of
    CIFAR-10's are lossless also where the others were kept as JPEG.

    Args:
        test: the test split of the recipe's data set, see `lenet.data.datasets.load_test`.
        before_each: as for `finish`.
    """
    logits = evaluate(checkpoint.model, test.images, checkpoint.recipe.input, before_each=before_each)
    answers = len(answer_classes(checkpoint.classes))
    confidence, found = (logits / checkpoint.temperature).softmax(dim=1)[:, :answers].max(dim=1)
    logits = logits[:, :answers]
    metrics = {**checkpoint.metrics, "test_accuracy": accuracy(logits, test.labels)}
    if len(test) > FIRST_TEST_IMAGES:
        metrics["test_accuracy_first_1000"] = accuracy(logits[:FIRST_TEST_IMAGES], test.labels[:FIRST_TEST_IMAGES])
    counts = tuple(tuple(row) for row in confusion(logits, test.labels).tolist())
    bins = reliability(confidence, found == test.labels)
    return replace(checkpoint, metrics=metrics, confusion=counts, bins=bins)


def calibrated(checkpoint: Checkpoint, val: Split, logits: Tensor | None = None) -> Checkpoint:
    """The same with the calibration that its data set's validation split gives.

    Args:
        logits: the network's for `val`, where they are known already.
    """
    if logits is None:
        logits = evaluate(checkpoint.model, val.images, checkpoint.recipe.input)
    return replace(checkpoint, calibration=Calibration.of(logits, val.labels, val.images))
