"""What a network answers to its test pictures, and what that says of it.

    report = measure(checkpoint, load_test(checkpoint.recipe.dataset))      accuracy, mistakes, calibration, ...

A large network takes its time.  So an `Examination` asks a batch at a time, and those pictures first
that somebody waits for; a `Report` is made of its answers, without a second look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lenet.data.datasets import Split, answer_classes
from lenet.inference.classifier import Classifier
from lenet.inference.pretrained import MAX_FLOAT32_PARAMETERS, Checkpoint
from lenet.training.loop import EpochEnd, evaluate
from lenet.training.metrics import Bin, mean_gap, reliability
from lenet.training.recipes import Recipe

BATCH = 250  # pictures: with four million parameters a third of a second, so that progress is seen
UNKNOWN = -1  # in place of an answer that nobody has asked for
# In bfloat16 the network `photos` gave 23 of CIFAR-10's 10,000 test pictures another answer than in float32; its two
# likeliest classes were then at most 0.055 apart.  Those closer than this, 150 of 10,000, are asked again in float32.
CLOSE = 0.1
MISTAKES = 15  # the most confident ones that a report shows
SAMPLE, SAMPLE_SEED = 25, 0  # pictures, the same ones of a data set for every network


# --------------------------------------------------------------------------------------------------
# Answers


@dataclass(frozen=True)
class Answered:
    """One test picture and what the network took it for.

    Attributes:
        position: in the test split.
        label, answer: indices of the classes.
        confidence: the probability of the answer, 0 to 1.
    """

    position: int
    label: int
    answer: int
    confidence: float

    @property
    def right(self) -> bool:
        return self.label == self.answer


@dataclass(frozen=True)
class Answers:
    """What a network says of the N pictures of a split.

    Attributes:
        labels, given: int64 (N,), what each shows and what was answered, or UNKNOWN: indices of
            `Classifier.classes`.
        confidences: float32 (N,), the probability of the answer, 0 to 1.
    """

    labels: np.ndarray
    given: np.ndarray
    confidences: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def known(self) -> int:
        """How many pictures are answered."""
        return int((self.given != UNKNOWN).sum())

    def at(self, positions: np.ndarray) -> tuple[Answered, ...]:
        """The pictures at these positions, which must be answered."""
        return tuple(
            Answered(int(i), int(self.labels[i]), int(self.given[i]), float(self.confidences[i])) for i in positions
        )

    def among(self, positions: np.ndarray) -> int:
        """How many of the pictures at these positions are."""
        return int((self.given[positions] != UNKNOWN).sum())

    def labelled(self, label: int) -> np.ndarray:
        """Positions of the pictures that show it."""
        return np.flatnonzero(self.labels == label)

    def cell(self, label: int, answer: int) -> np.ndarray:
        """Positions of the pictures in that cell of the confusion matrix, the most confident answer first."""
        return self._sorted(np.flatnonzero((self.labels == label) & (self.given == answer)))

    def mistakes(self) -> np.ndarray:
        """Positions of the wrong answers, the most confident first."""
        return self._sorted(np.flatnonzero((self.given != UNKNOWN) & (self.labels != self.given)))

    def _sorted(self, positions: np.ndarray) -> np.ndarray:
        return positions[np.argsort(-self.confidences[positions], kind="stable")]

    def sample(self, seed: int, count: int) -> np.ndarray:
        """Positions of `count` random pictures, or of all if there are fewer: the same ones for the same seed."""
        return np.random.default_rng(seed).permutation(len(self))[:count]

    def confusion(self, classes: int) -> tuple[tuple[int, ...], ...]:
        """As in `Checkpoint.confusion`, of the pictures that are answered."""
        counts = np.zeros((classes, classes), np.int64)
        known = self.given != UNKNOWN
        np.add.at(counts, (self.labels[known], self.given[known]), 1)
        return tuple(tuple(row) for row in counts.tolist())


def answer(classifier: Classifier, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The network's answers to images uint8 (N, C, H, W): int64 (N,), and their confidences, float32 (N,).

    A network of more than a million parameters computes in bfloat16 where the processor has it, four times
    as fast; the answers are float32's all the same (see `CLOSE`), and of `photos` the confidences are 0.002
    apart in the mean, 0.08 at most.
    """
    fast = classifier.parameters > MAX_FLOAT32_PARAMETERS and torch.cpu._is_avx512_bf16_supported()
    probs = _probabilities(classifier, images, fast)
    if fast:
        best = probs.topk(2).values
        close = best[:, 0] - best[:, 1] < CLOSE
        if close.any():
            probs[close] = _probabilities(classifier, images[close], False)
    found = probs.max(dim=1)
    return found.indices.numpy(), found.values.numpy()


def _probabilities(classifier: Classifier, images: Tensor, bfloat16: bool) -> Tensor:
    """(N, classes), of the `answer_classes`: with a chance of "none of these" they sum to less than 1."""
    logits = evaluate(classifier.model, images, classifier.recipe.input, bfloat16=bfloat16)
    return (logits / classifier.temperature).softmax(dim=1)[:, : len(classifier.classes)]


class Examination:
    """A network and its test pictures, asked a batch at a time.

    One thread calls `go_on`; others may read `answers` meanwhile, and say what they `want` first.
    """

    def __init__(self, classifier: Classifier, test: Split) -> None:
        self.classifier = classifier
        self.test = test
        self.answers = Answers(test.labels.numpy(), np.full(len(test), UNKNOWN), np.zeros(len(test), np.float32))
        self._wanted = np.empty(0, np.int64)

    def want(self, positions: np.ndarray) -> bool:
        """Whether all of these are answered; if not, they are what the next batches are made of."""
        missing = positions[self.answers.given[positions] == UNKNOWN]
        if len(missing):
            self._wanted = missing
        return not len(missing)

    def go_on(self) -> bool:
        """Answer one more batch; False where all pictures are answered already."""
        given = self.answers.given
        wanted = self._wanted[given[self._wanted] == UNKNOWN]
        batch = (wanted if len(wanted) else np.flatnonzero(given == UNKNOWN))[:BATCH]
        if not len(batch):
            return False
        found, confidences = answer(self.classifier, self.test.images[torch.from_numpy(batch)])
        self.answers.confidences[batch] = confidences  # before the answer, which says that both are there
        given[batch] = found
        return True


# --------------------------------------------------------------------------------------------------
# The report


@dataclass(frozen=True)
class Report:
    """What came of a training run, measured on the test split.

    Attributes:
        classes: names, in the order of all indices below.
        accuracy: the fraction of the test pictures that were answered right.
        by_class: the same of each class's pictures; None for a class without any.
        confusion: counts: the row is the label, the column the answer.
        mistakes: the most confident wrong answers, at most MISTAKES of them.
        bins: see `lenet.training.metrics.reliability`.
        calibration_error: the mean gap between a bin's confidence and accuracy, weighted by count (ECE).
        sample: SAMPLE pictures, the same ones for every network of the data set.
        curves: an EpochEnd for each epoch; () where they were not kept.
        versions: see `Checkpoint`.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    accuracy: float
    by_class: tuple[float | None, ...]
    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Answered, ...]
    bins: tuple[Bin, ...]
    calibration_error: float
    sample: tuple[Answered, ...]
    curves: tuple[EpochEnd, ...]
    versions: dict[str, str]

    @property
    def count(self) -> int:
        """Test pictures."""
        return sum(map(sum, self.confusion))

    @property
    def errors(self) -> int:
        return self.count - sum(self.confusion[i][i] for i in range(len(self.classes)))


def report(checkpoint: Checkpoint, answers: Answers, curves: Sequence[EpochEnd] = ()) -> Report:
    """A report on `checkpoint` from its `answers` to the whole test split."""
    classes = answer_classes(checkpoint.classes)
    counts = answers.confusion(len(classes))
    right = torch.from_numpy(answers.labels == answers.given)
    bins = reliability(torch.from_numpy(answers.confidences), right)
    return Report(
        recipe=checkpoint.recipe,
        classes=classes,
        accuracy=right.double().mean().item(),
        by_class=tuple(row[i] / sum(row) if sum(row) else None for i, row in enumerate(counts)),
        confusion=counts,
        mistakes=answers.at(answers.mistakes()[:MISTAKES]),
        bins=bins,
        calibration_error=mean_gap(bins),
        sample=answers.at(answers.sample(SAMPLE_SEED, SAMPLE)),
        curves=tuple(curves),
        versions=checkpoint.versions,
    )


def measure(checkpoint: Checkpoint, test: Split, curves: Sequence[EpochEnd] = ()) -> Report:
    """A report on `checkpoint` from the test split of its recipe's data set; each picture is asked once."""
    examination = Examination(Classifier.of(checkpoint), test)
    while examination.go_on():
        pass
    return report(checkpoint, examination.answers, curves)
