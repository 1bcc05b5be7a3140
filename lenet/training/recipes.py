"""Every training run that the project knows, as a value: `RECIPES[name]`.

The classic ones reproduce a published tutorial each, as it was; the project's own come after them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from lenet.errors import RecipeError, Text
from lenet.preprocessing.normalization import InputFormat
from lenet.training.optim import LOSSES, OPTIMIZERS, SCHEDULES

PRECISIONS = ("float32", "bfloat16")
FRAMEWORKS = ("pytorch", "keras")
KEEP_CHOICES = ("last", "best")


@dataclass(frozen=True)
class Recipe:
    """All that decides a training run: the same recipe and data give the same weights.

    Attributes:
        model: a name in MODELS.
        dataset: a name in DATASETS.
        input: how images become network input.
        momentum: SGD's and Muon's; Adam's betas are PyTorch's own 0.9 and 0.999.
        schedule: "constant"; "plateau" halves lr after more than 5 epochs without a lower validation loss;
            "cosine", "linear" and "one-cycle" reach zero at the end, the last after a linear warm-up.
        loss: "cross-entropy", or "discriminative-map", equation 9 of LeCun et al. 1998.
        augmentation: a name in AUGMENTATIONS.
        init: the weights that training begins with, a name in weights/ or a path; "" for those that the seed gives.
        teacher: a name in weights/ whose opinion of the training images stands for their labels, or "".
        precision: "bfloat16" for the forward pass, by autocast; weights and updates stay float32. With 16
            maps and more it is 1.6 to 2.4 times as fast on a processor with AMX.
        ema: decay a step of the running average of the weights that is evaluated; 0 for none.
        temperature: what the trained network's logits are divided by, so that its probabilities are
            as often right as they say (Guo et al. 2017, "On Calibration of Modern Neural Networks").
        keep: "best" for the weights of the epoch with the lowest validation loss; else those of the last one.
        framework: "keras" for the same network in Keras's own loop (see `keras_backend`), which knows Adam alone.
        source: where the recipe comes from.
        claims: the test accuracy that its source reports, as it says it.
    """

    name: str
    about: str
    model: str
    dataset: str
    input: InputFormat
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    loss: str = "cross-entropy"
    label_smoothing: float = 0.0
    augmentation: str = "none"
    init: str = ""
    teacher: str = ""
    ema: float = 0.0
    precision: str = "float32"
    temperature: float = 1.0
    seed: int = 0
    keep: str = "last"
    framework: str = "pytorch"
    source: str = "this project"
    claims: str = ""

    def __post_init__(self) -> None:
        texts = (self.name, self.about, self.model, self.dataset, self.augmentation, self.init, self.teacher)
        plain = (
            *(self.optimizer, self.schedule, self.loss, self.augmentation, self.precision),
            *(self.init, self.teacher, self.keep),
        )
        in_keras = self.framework == "keras"
        checks = [
            (_is_whole(self.epochs, 1, 10_000), Text("epochs must be a whole number from 1 to 10,000")),
            (_is_whole(self.batch_size, 1, 65_536), Text("the batch size must be a whole number from 1 to 65,536")),
            (0 < self.lr <= 100, Text("the learning rate must be above 0 and at most 100")),
            (_is_whole(self.seed, 0, 2**31 - 1), Text("the seed must be a whole number from 0 to 2**31 - 1")),
            (0 <= self.momentum < 1, Text("momentum must be at least 0 and below 1")),
            (0 <= self.weight_decay <= 1, Text("weight decay must be from 0 to 1")),
            (0 <= self.ema < 1, Text("ema must be at least 0 and below 1")),
            (0 <= self.label_smoothing < 1, Text("label smoothing must be at least 0 and below 1")),
            (self.optimizer in OPTIMIZERS, Text("the optimizer must be one of {names}", names=[*OPTIMIZERS])),
            (self.schedule in SCHEDULES, Text("the schedule must be one of {names}", names=[*SCHEDULES])),
            (self.loss in LOSSES, Text("the loss must be one of {names}", names=[*LOSSES])),
            (not self.teacher or self.loss == "cross-entropy", Text("a teacher needs the loss cross-entropy")),
            (0.1 <= self.temperature <= 10, Text("the temperature must be from 0.1 to 10")),
            (self.precision in PRECISIONS, Text("the precision must be one of {names}", names=PRECISIONS)),
            (self.keep in KEEP_CHOICES, Text("what is kept must be one of {names}", names=KEEP_CHOICES)),
            (self.framework in FRAMEWORKS, Text("the framework must be one of {names}", names=FRAMEWORKS)),
            (
                not in_keras or plain == _PLAIN,
                Text("a recipe in Keras trains with Adam at a constant learning rate, without extras"),
            ),
            (
                not in_keras or not (self.weight_decay or self.label_smoothing or self.ema),
                Text("a recipe in Keras has no weight decay, no label smoothing and no ema"),
            ),
            (
                all(isinstance(text, str) for text in (*texts, self.source, self.claims)),
                Text("its names and descriptions must be text"),
            ),
            (
                _is_sound(self.input),
                Text("its input must have a size, a scaling, and a mean and a positive deviation for each channel"),
            ),
        ]
        for holds, why in checks:
            if not holds:
                raise RecipeError("Recipe {recipe}: {why}.", recipe=self.name, why=why)

    def with_changes(self, **changes: Any) -> Recipe:
        """A copy with these fields changed; a change of None is no change."""
        return replace(self, **{key: value for key, value in changes.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The inverse of `to_dict`, also after a round trip through JSON.

        Raises:
            RecipeError: a field is missing, unknown or out of range.
        """
        try:
            known = {f.name for f in fields(cls)}
            if unknown := set(values) - known:
                raise RecipeError("A recipe has no field called {names}.", names=sorted(unknown))
            form = dict(values["input"])
            form = {**form, "mean": tuple(form["mean"]), "std": tuple(form["std"])}
            return cls(**{**values, "input": InputFormat(**form)})
        except (TypeError, KeyError, ValueError) as error:
            raise RecipeError("This recipe is incomplete or damaged ({error}).", error=error) from error


_PLAIN = ("adam", "constant", "cross-entropy", "none", "float32", "", "", "last")


def _is_whole(number: object, low: int, high: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and low <= number <= high


def _is_sound(form: InputFormat) -> bool:
    return (
        _is_whole(form.size, 1, 1024)
        and form.scaling in ("pad", "resize")
        and len(form.mean) == len(form.std) > 0
        and all(math.isfinite(value) for value in (*form.mean, *form.std))
        and min(form.std) > 0
    )


def recipe_named(name: str) -> Recipe:
    """RECIPES[name].

    Raises:
        RecipeError: an unknown name.
    """
    if name not in RECIPES:
        raise RecipeError("There is no recipe called {name!r}. `python train.py --list` shows all recipes.", name=name)
    return RECIPES[name]


# --------------------------------------------------------------------------------------------------
# Input formats, named after where their constants come from

UNIT_GREY = InputFormat(28)  # [0, 1]
UNIT_COLOUR = InputFormat(32, mean=(0.0,) * 3, std=(1.0,) * 3)
SIGNED_COLOUR = InputFormat(32, mean=(0.5,) * 3, std=(0.5,) * 3)  # [-1, 1]
# mean and standard deviation of MNIST's training pixels, as PyTorch's own MNIST example has them
MNIST_STATISTICS = (0.1307,), (0.3081,)
FASHION_STATISTICS = (0.2860,), (0.3530,)  # of FashionMNIST's training pixels
MNIST_RESIZED = InputFormat(32, *MNIST_STATISTICS, scaling="resize")
MNIST_PADDED = InputFormat(32, *MNIST_STATISTICS)
MNIST_AS_IS = InputFormat(28, *MNIST_STATISTICS)
CIFAR10_STATISTICS = InputFormat(32, (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))  # of its training pixels
# "The values of the input pixels are normalized so that the background level (white) corresponds to
# a value of -0.1 and the foreground (black) corresponds to 1.175" (LeCun et al. 1998, section II.B)
PAPER_1998 = InputFormat(32, mean=(0.1 / 1.275,), std=(1 / 1.275,))

# --------------------------------------------------------------------------------------------------

_CLASSIC = [
    Recipe(
        name="mnist-lenet5-1998",
        about="LeNet-5 as printed in 1998, with Table I, trainable subsampling and RBF output",
        model="lenet5-1998",
        dataset="mnist",
        input=PAPER_1998,
        epochs=20,
        batch_size=64,
        optimizer="adam",  # in place of the paper's stochastic diagonal Levenberg-Marquardt
        lr=1e-3,
        schedule="cosine",
        loss="discriminative-map",
        source="LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998",
        claims="0.95% error on the test set",
    ),
    Recipe(
        name="mnist-lenet5-sigmoid",
        about="LeNet-5 with sigmoids and average pooling",
        model="lenet5-sigmoid",
        dataset="mnist",
        input=UNIT_GREY,
        epochs=10,
        batch_size=64,
        optimizer="adam",
        lr=1e-3,
        source="tutorial",
        claims="98.26% test",
    ),
    Recipe(
        name="mnist-lenet5-bn",
        about="LeNet-5 with BatchNorm",
        model="lenet5-bn",
        dataset="mnist",
        input=MNIST_RESIZED,
        epochs=10,
        batch_size=64,
        optimizer="adam",
        lr=1e-3,
        source="tutorial, whose test normalisation and missing eval() are put right",
        claims="98.8% test",
    ),
    # The tutorials keep the best weights on disk; on CIFAR-10, whose images they come to know by heart, it matters.
    Recipe(
        name="cifar10-lenet5-sgd",
        about="LeNet-5 on photographs, SGD that slows down on plateaus",
        model="lenet5",
        dataset="cifar10",
        input=SIGNED_COLOUR,
        epochs=20,
        batch_size=128,
        optimizer="sgd",
        lr=0.1,
        momentum=0.9,
        weight_decay=5e-4,
        schedule="plateau",
        keep="best",
        source="tutorial",
        claims="59.31% test",
    ),
    Recipe(
        name="cifar10-lenet5-linear",
        about="LeNet-5 without activations after its convolutions",
        model="lenet5-linear",
        dataset="cifar10",
        input=UNIT_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        keep="best",
        source="tutorial, the first 10 of its 100 epochs",
        claims="over 60% test",
    ),
    Recipe(
        name="cifar10-resnet-mini",
        about="two residual blocks at full resolution",
        model="resnet-mini",
        dataset="cifar10",
        input=UNIT_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        keep="best",
        source="tutorial, the first 10 of its 100 epochs",
        claims="about 60% test",
    ),
    Recipe(
        name="cifar10-lenet5-adam",
        about="LeNet-5 on photographs, Adam",
        model="lenet5",
        dataset="cifar10",
        input=SIGNED_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        keep="best",
        source="tutorial",
        claims="60-odd% test",
    ),
    Recipe(
        name="cifar10-lenet-wide",
        about="three wider 3x3 convolutions on photographs",
        model="lenet-wide",
        dataset="cifar10",
        input=SIGNED_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        keep="best",
        source="tutorial",
        claims="72% test",
    ),
    Recipe(
        name="keras-lenet",
        about="LeNet-5 on photographs in Keras: compile and fit",
        model="lenet5",
        dataset="cifar10",
        input=UNIT_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        framework="keras",
        source="tutorial",
        claims="60-odd% test, in half the PyTorch loop's time",
    ),
    Recipe(
        name="keras-lenet-wide",
        about="three wider 3x3 convolutions in Keras",
        model="lenet-wide",
        dataset="cifar10",
        input=UNIT_COLOUR,
        epochs=10,
        batch_size=32,
        optimizer="adam",
        lr=1e-3,
        framework="keras",
        source="tutorial",
        claims="70% test, in half the PyTorch loop's time",
    ),
    Recipe(
        name="fashion-lenet5-bn",
        about="LeNet-5 with BatchNorm on clothes, suggested as future work by the tutorials",
        model="lenet5-bn",
        dataset="fashion-mnist",
        input=InputFormat(32, *FASHION_STATISTICS),
        epochs=10,
        batch_size=64,
        optimizer="adam",
        lr=1e-3,
        source="suggested by the tutorials",
    ),
]

DIGITS = Recipe(
    name="digits",
    about="the shipped reader of drawings: MNIST, pen strokes, and what is no digit",
    model="lenet-modern",
    dataset="drawings",
    input=MNIST_AS_IS,
    epochs=18,
    batch_size=128,
    optimizer="adamw",
    lr=5e-3,
    weight_decay=0.05,
    schedule="one-cycle",
    augmentation="handwriting",
    ema=0.999,
    precision="bfloat16",
    temperature=0.931,  # of the five folds on their own writers: `benchmarks drawings calibration`
)

# How far the same network goes on MNIST alone, where `digits` shares it with pens and what is no digit.
_MNIST = DIGITS.with_changes(
    name="mnist-modern",
    about="the same network on MNIST alone",
    dataset="mnist",
    epochs=24,
    temperature=1.0,
)

# The same without a fifth of the tablet's writers each, who then measure what a new writer gets.
_FOLDS = [
    DIGITS.with_changes(
        name=f"digits-fold-{fold}",
        about=f"digits without the writers of fold {fold}, for the benchmarks",
        dataset=f"drawings-fold-{fold}",
        temperature=1.0,
        seed=fold,
    )
    for fold in range(1, 6)
]

_DEMOS = [
    Recipe(
        name="digits-demo",
        about="LeNet-5 with BatchNorm on the built-in digits, in seconds",
        model="lenet5-bn",
        dataset="digits",
        input=MNIST_PADDED,
        epochs=12,
        batch_size=64,
        optimizer="adamw",
        lr=4e-3,
        schedule="one-cycle",
        augmentation="handwriting",
    ),
    # These two are timed to 99% and to 60% by `benchmarks training time`.
    Recipe(
        name="mnist-demo",
        about="LeNet-5 with BatchNorm on MNIST, in seconds",
        model="lenet5-bn",
        dataset="mnist",
        input=MNIST_PADDED,
        epochs=1,
        batch_size=192,
        optimizer="muon",
        lr=0.1,
        momentum=0.6,
        schedule="linear",
        label_smoothing=0.1,
    ),
    Recipe(
        name="cifar10-demo",
        about="LeNet-5 with BatchNorm on photographs, in seconds",
        model="lenet5-bn",
        dataset="cifar10",
        input=CIFAR10_STATISTICS,
        epochs=2,
        batch_size=128,
        optimizer="muon",
        lr=0.1,
        momentum=0.9,
        schedule="one-cycle",
    ),
]

_PHOTOS_BASE = Recipe(
    name="photos-base",
    about="four million parameters, an hour of two processor cores: what `photos` begins with",
    model="convnet-large",
    dataset="cifar10",
    input=CIFAR10_STATISTICS,
    epochs=48,
    batch_size=500,
    optimizer="muon",
    lr=0.1,
    momentum=0.6,
    schedule="linear",
    label_smoothing=0.2,
    augmentation="photographed-hidden",
    precision="bfloat16",
)

# In two stages: some more epochs are enough to get used to further views (docs/results.md, Photos).
PHOTOS = _PHOTOS_BASE.with_changes(
    name="photos",
    about="the shipped namer of photographs: `photos-base`, used to other views and to grey photos",
    init="runs/photos-base.safetensors",
    epochs=15,
    lr=0.03,
    augmentation="photographed-anyhow",
)

_SMALLER_PHOTOS = [
    _PHOTOS_BASE.with_changes(
        name="photos-medium",
        about="two million parameters, ten minutes of two processor cores",
        model="convnet-medium",
        epochs=16,
        augmentation="photographed",
    ),
]

# Small networks learn from the large one's answers; they underfit, so nothing else holds them back.
_TAUGHT = _PHOTOS_BASE.with_changes(
    batch_size=128,
    momentum=0.9,
    label_smoothing=0.0,
    augmentation="photographed",
    teacher="photos",
)
_STUDENTS = [
    _TAUGHT.with_changes(
        name="photos-small",
        about="less than a hundred thousand parameters",
        model="convnet-small",
        epochs=120,
        batch_size=500,
        lr=0.1,
        momentum=0.6,
    ),
    _TAUGHT.with_changes(
        name="photos-lenet-wide",
        about="three wider 3x3 convolutions, as far as 122,570 parameters went",
        model="lenet-wide",
        epochs=90,
        lr=0.05,
    ),
    _TAUGHT.with_changes(
        name="photos-lenet5",
        about="LeNet-5 on photographs, as far as 62,006 parameters went",
        model="lenet5",
        epochs=200,
        lr=0.02,
        precision="float32",  # so few maps are no faster in bfloat16
    ),
]

# Networks that do not know the other five classes, which measure how a person's own are learned.
_HALVES = [
    _PHOTOS_BASE.with_changes(
        name=f"photos-small-half-{half}",
        about=f"a small network of five of CIFAR-10's classes, half {half}, for the benchmarks",
        model="convnet-small",
        dataset=f"cifar10-half-{half}",
        epochs=6,
        batch_size=250,
        label_smoothing=0.0,
        augmentation="photographed",
        precision="float32",
    )
    for half in (1, 2)
]

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *(*_CLASSIC, DIGITS, _MNIST, *_DEMOS, _PHOTOS_BASE, PHOTOS),
        *(*_SMALLER_PHOTOS, *_STUDENTS, *_FOLDS, *_HALVES),
    )
}
