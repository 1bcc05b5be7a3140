"""What reading digits and naming photos have in common.

reader = Classifier.from_pretrained("digits")       a lenet.inference.digits.DigitClassifier
namer = Classifier.from_pretrained("photos")        a lenet.inference.photos.PhotoClassifier
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from lenet.data.datasets import DATASETS, answer_classes
from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint, load
from lenet.models.network import count_parameters
from lenet.preprocessing.images import Picture
from lenet.preprocessing.stages import Preprocessed
from lenet.training.stored import weights_file

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on

# Below this probability the answer is called unsure.  Chosen on fold 1's writers, where it calls 1.8% of
# the digits unsure, leaves 0.07% wrong though sure, and lets 3% of what is no digit pass as sure, for 5.5%
# at 0.7.  `benchmarks drawings accuracy` and `not_digits` print these shares for all folds.
UNSURE_BELOW = 0.85


@dataclass(frozen=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        label: the likeliest class, or "" where the verdict is "blank".
        confidence: its probability, 0 to 1.
        probs: every class's probability, in class order.
        verdict: what the answer is worth, in a word: see the two kinds of predictions.
        preprocessed: how the picture became network input.
        activations: every layer's output by name, float32 (1, ...); empty for "blank".
    """

    label: str
    confidence: float
    probs: dict[str, float]
    verdict: str
    preprocessed: Preprocessed
    activations: dict[str, Tensor]

    @property
    def rejected(self) -> bool:
        """Whether the picture seems to show none of the classes."""
        return self.verdict in ("not_digit", "unknown")

    @property
    def runner_up(self) -> str:
        """What it may be instead: the likeliest class but the answer, or of a rejected picture the likeliest of all."""
        if self.rejected:
            return self.label
        others = {name: p for name, p in self.probs.items() if name != self.label}
        return max(others, key=others.__getitem__)


class Classifier(ABC):
    """A trained network that answers pictures.

    Attributes:
        classes: what it can answer.
        parameters: how many trainable numbers the network has.
        trained_on: the device, "cpu" or a GPU's name.
        lr_changes, confusion, bins, calibration: as in `Checkpoint`.
        temperature: what its logits are divided by before they become probabilities.
    """

    _kinds: ClassVar[dict[int, type[Classifier]]] = {}  # by the channels of their images; importing lenet fills it

    def __init_subclass__(cls, channels: int | None = None) -> None:
        """Args: channels: of the images that networks of this kind read."""
        super().__init_subclass__()
        if channels is not None:
            Classifier._kinds[channels] = cls

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.model = checkpoint.model.eval()
        self.recipe = checkpoint.recipe
        self.classes = answer_classes(checkpoint.classes)
        self.metrics = checkpoint.metrics
        self.trained_on = checkpoint.versions.get("device", "cpu")  # what older files do not say was a processor
        self.lr_changes = checkpoint.lr_changes
        self.confusion = checkpoint.confusion
        self.bins = checkpoint.bins
        self.temperature = checkpoint.temperature
        self.calibration = checkpoint.calibration
        self.parameters = count_parameters(checkpoint.model)

    @classmethod
    def from_pretrained(cls, name: str | os.PathLike[str]) -> Self:
        """The network called `name` in weights/, such as "digits" or "photos", or in a file at that path.

        `Classifier.from_pretrained` gives a `DigitClassifier` or a `PhotoClassifier`, whichever fits.

        Raises:
            CheckpointError: there is none, the file is not a whole one of this project's, or its network is
                not of this kind.
        """
        found = Classifier.of(load(weights_file(name)))
        if not isinstance(found, cls):
            raise CheckpointError(
                "{name} is a {kind}, not a {wanted}: choose another network.",
                name=name,
                kind=type(found).__name__,
                wanted=cls.__name__,
            )
        return found

    @staticmethod
    def of(checkpoint: Checkpoint) -> Classifier:
        """The classifier that fits the network: a `DigitClassifier` for grey images, a `PhotoClassifier` for colour."""
        return Classifier._kinds[DATASETS[checkpoint.recipe.dataset].channels](checkpoint)

    @abstractmethod
    def predict(self, image: Picture) -> Prediction:
        """The answer to one picture."""

    @abstractmethod
    def predict_batch(self, images: Sequence[Picture]) -> Sequence[Prediction]:
        """`predict` for many pictures at once."""

    @torch.inference_mode()
    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Every layer's output by name for network input x (B, C, size, size); the last one is the logits."""
        return self.model.activations(x)

    @torch.inference_mode()
    def logits(self, x: Tensor) -> Tensor:
        """(B, classes), the same without what stands behind them."""
        logits: Tensor = self.model(x)
        return logits

    def _named(self, probs: Tensor) -> dict[str, float]:
        """Each class's probability by its name, from (classes,)."""
        return dict(zip(self.classes, probs.tolist(), strict=True))


def row(activations: dict[str, Tensor], i: int) -> dict[str, Tensor]:
    """Those of picture `i` of a batch."""
    return {name: output[i : i + 1] for name, output in activations.items()}
