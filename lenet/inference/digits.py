"""From a drawn, scanned or photographed digit to an answer.

reader = DigitClassifier.from_pretrained("digits")
reader.predict("five.png").label                            # "5"
[found.prediction.label for found in reader.read("2026.png")]     # ["2", "0", "2", "6"]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lenet.data.datasets import TAUGHT
from lenet.errors import ImageError, Text
from lenet.inference.classifier import UNSURE_BELOW, Classifier, Prediction, row
from lenet.inference.pretrained import Checkpoint
from lenet.preprocessing.digits import PIPELINES, fitted, inked
from lenet.preprocessing.images import Picture, open_picture
from lenet.preprocessing.ink import WORKING_SIDE
from lenet.preprocessing.pieces import Mark, MarkKind
from lenet.preprocessing.segmentation import MASK_PIXELS, Sheet
from lenet.preprocessing.stages import Box, Preprocessed, Stage
from lenet.preprocessing.trials import Trial, among_letters, cheapest, holding, may_touch, printed_bars, trials
from lenet.training.metrics import NOT_DIGIT_ABOVE

MIN_PROBABILITY = 0.01  # at which a network's doubt ends: smaller ones are no better measured
# Where an answer is not sure, the digit is looked at a bit smaller and larger than MNIST's 20 pixels too.  On half of
# the drawings of the five folds' writers, mean of four brush widths, that makes 97.95 instead of 97.63% right and sure,
# 99.29 instead of 99.20% right, and leaves 0.26% wrong though sure.  Turned copies and more sizes were worth no more.
OTHER_SIDES = (18, 22)
OTHER_STAGES = (
    ("Smaller", Text("The first answer was not sure, so the digit is looked at in another size too.")),
    ("Larger", Text("And once more. The bars are the mean of the three; the layers are of the first.")),
)
# Digits that are lower than so many pixels of the first look are looked at more closely until all are sure.  So is what
# is no digit: it may be a grid, whose lines only a closer look tells from writing.
SMALL = 26
# From the first look to the closest: the longest side of the picture, and the pixels of the masks that divide it.
LOOKS = ((WORKING_SIDE, (MASK_PIXELS, 16 * MASK_PIXELS)), (2 * WORKING_SIDE, (4 * MASK_PIXELS, 16 * MASK_PIXELS)))
WHOLE_PICTURE: Box = (0.0, 0.0, 1.0, 1.0)

Verdict = Literal["sure", "unsure", "not_digit", "blank"]


@dataclass(frozen=True)
class DigitPrediction(Prediction):
    """What a network says of one picture of a digit.

    Where its first look was not sure, `probs` and `p_not_digit` are of the mean of three looks, see `OTHER_SIDES`, and
    `preprocessed` shows all three; its `x` and `activations` are always of the first one.

    Attributes:
        verdict: "sure", "unsure" (the confidence is below `UNSURE_BELOW`), "not_digit" (`p_not_digit` is above
            `NOT_DIGIT_ABOVE`) or "blank" (nothing is drawn).
        p_not_digit: the probability that it is no digit; 0 for a network that did not learn what is none.
            It sums with `probs` to 1, or to 0 for "blank".
    """

    verdict: Verdict
    p_not_digit: float

    def without_doubt(self) -> DigitPrediction:
        """The same for someone who knows that it is a digit: `probs` sum to 1, and the verdict is never "not_digit"."""
        total = sum(self.probs.values())
        if not self.p_not_digit or not total:
            return self
        probs = {name: p / total for name, p in self.probs.items()}
        confidence = probs[self.label]
        verdict: Verdict = "sure" if confidence >= UNSURE_BELOW else "unsure"
        return replace(self, confidence=confidence, probs=probs, verdict=verdict, p_not_digit=0.0)


@dataclass(frozen=True)
class FoundDigit:
    """One digit of a picture.

    Attributes:
        box: left, top, right, bottom of its ink, as fractions of the picture's width and height.
        prediction: what `DigitClassifier.predict` would say of its ink alone; never "sure" where `touching` or
            `among_letters`.
        touching: it may be two digits that touch, or a digit and the ring around it.
        among_letters: it may be a letter, for of what stands close beside it much is no digit.
    """

    box: Box
    prediction: DigitPrediction
    touching: bool
    among_letters: bool = False

    def without_doubt(self) -> FoundDigit:
        """The same for someone who knows that it is a digit, and so one: see `DigitPrediction.without_doubt`."""
        return _found(self.box, self.prediction.without_doubt(), self.touching and not self.prediction.rejected)


@dataclass(frozen=True)
class FoundMark:
    """What stands beside the digits of a picture and is none.

    Attributes:
        kind: "point" (or a comma), "minus", "plus", "times", "equals", "slash", "opening" and "closing" (brackets) and
            "percent" were written; "box", "line" and "ring" were printed or drawn for the digits.
        box: as in `FoundDigit`.
        before: the index of the digit that it stands before, in reading order.
    """

    kind: MarkKind
    box: Box
    before: int


# Marks that are part of a number; all others were printed or drawn for it.
WRITTEN = {
    "point": ".",
    "minus": "-",
    "plus": "+",
    "times": "×",
    "equals": "=",
    "slash": "/",
    "opening": "(",
    "closing": ")",
    "percent": "%",
}


@dataclass(frozen=True)
class Reading:
    """All that was found in one picture, in reading order: rows from the top down, each from left to right."""

    digits: tuple[FoundDigit, ...]
    marks: tuple[FoundMark, ...] = ()

    @property
    def text(self) -> str:
        """The digits with the signs among them, such as "-3.14"."""
        signs = [
            "".join(WRITTEN.get(m.kind, "") for m in self.marks if m.before == i) for i in range(len(self.digits) + 1)
        ]
        return (
            "".join(sign + digit.prediction.label for sign, digit in zip(signs, self.digits, strict=False)) + signs[-1]
        )


@dataclass(frozen=True)
class _Row:
    """What a sheet's trials read as, and which of them are the answer."""

    sheet: Sheet
    tried: list[Trial]
    inks: list[np.ndarray]
    predictions: list[DigitPrediction]
    doubts: list[float]
    chosen: list[int]

    @property
    def cost(self) -> float:
        """As for `cheapest`, but for dots, of which another row may have more."""
        row = sum(self.tried[i].cost + (self.doubts[i] if self.tried[i].digit else 0) for i in self.chosen)
        return row + self.sheet.cost

    @property
    def digits(self) -> list[int]:
        """Which trials are a digit of the answer."""
        return [i for i in self.chosen if self.tried[i].digit and self.predictions[i].verdict != "blank"]

    @property
    def verdicts(self) -> list[Verdict]:
        return [self.predictions[i].verdict for i in self.digits]

    @property
    def height(self) -> float:
        """The median of its digits, as a share of the picture's; infinite where there are none."""
        heights = [bottom - top for _, top, _, bottom in (self.tried[i].whole.box for i in self.digits)]
        return float(np.median(heights)) / len(self.sheet.ink) if heights else math.inf

    @property
    def clear(self) -> int:
        """How many more digits are sure than not."""
        return sum(1 if verdict == "sure" else -1 for verdict in self.verdicts)

    @property
    def unsure(self) -> int:
        """How many digits are not sure."""
        return sum(verdict != "sure" for verdict in self.verdicts)

    @property
    def is_sure(self) -> bool:
        """Whether there are digits, and all are."""
        return self.clear == len(self.digits) > 0

    def tells_all_of(self, other: _Row) -> bool:
        """Whether it is sure, and has no fewer digits than the other one, but for those that the other rejects."""
        return self.is_sure and len(self.digits) >= sum(verdict != "not_digit" for verdict in other.verdicts)


class DigitClassifier(Classifier, channels=1):
    """A network that reads digits, or whatever else FashionMNIST and its like show in grey.

    Attributes:
        knows_non_digits: whether it also learned what is not a digit.
        reads_one: whether all ink of a picture is one answer, as of classes that a person taught: a character may have
            parts that stand apart.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self.knows_non_digits = len(checkpoint.classes) > len(self.classes)
        self.reads_one = checkpoint.recipe.dataset == TAUGHT

    def predict(self, image: Picture, pipeline: str = "modern") -> DigitPrediction:
        """The answer to one picture.

        Args:
            image: a PIL image, a path, or an array; see `lenet.preprocessing.images.open_picture`.
            pipeline: "modern" finds the ink, and fits and centres it; "classic" is the tutorials'
                resize-invert-normalise.

        Raises:
            ImageError: the picture cannot be read, or there is no such pipeline.
        """
        return self.predict_batch([image], pipeline)[0]

    def predict_batch(self, images: Sequence[Picture], pipeline: str = "modern") -> list[DigitPrediction]:
        """`predict` for many pictures: one forward pass for all, and one more for those that it leaves unsure."""
        if pipeline not in PIPELINES:
            raise ImageError(
                "There is no pipeline called {name!r}: choose one of {known}.",
                name=pipeline,
                known=[*PIPELINES],
            )
        if pipeline != "modern":
            return self._answers([PIPELINES[pipeline](image, self.recipe.input) for image in images])
        pictures = [inked(image) for image in images]
        predictions = self._answers([fitted(stages, ink, self.recipe.input) for stages, ink in pictures])
        return self._second_look(predictions, [ink for _, ink in pictures])

    def read(self, image: Picture, pipeline: str = "modern") -> tuple[FoundDigit, ...]:
        """Every digit of one picture in reading order; none where nothing is drawn.

        Only the modern pipeline looks for several: to the classic one the whole picture is one digit.  Takes and
        raises what `predict` does.
        """
        return self.read_page(image, pipeline).digits

    def read_page(self, image: Picture, pipeline: str = "modern") -> Reading:
        """`read`, and what the modern pipeline finds beside digits: signs that were written, and what was printed."""
        if pipeline != "modern" or self.reads_one:
            prediction = self.predict(image, pipeline)
            blank = prediction.verdict == "blank"
            return Reading(() if blank else (FoundDigit(WHOLE_PICTURE, prediction, False),))
        row = self._clearest_row(open_picture(image))
        sheet, tried, inks, predictions, digits = row.sheet, row.tried, row.inks, row.predictions, row.digits
        barred = printed_bars([tried[i].whole for i in digits], [inks[i] for i in digits])
        bars = [Mark("line", tried[i].whole.box) for i, bar in zip(digits, barred, strict=True) if bar]
        digits = [i for i, bar in zip(digits, barred, strict=True) if not bar]
        answers = self._second_look([predictions[i] for i in digits], [inks[i] for i in digits])
        marks = [*sheet.marks, *bars, *sheet.points([tried[i].whole for i in row.chosen if not tried[i].digit])]
        places = [sheet.place(mark.box) for mark in marks]
        ends = [sheet.place(tried[i].whole.box) for i in digits]
        wholes = [tried[i].whole for i in digits]
        letters = among_letters(wholes, [answer.verdict != "not_digit" for answer in answers])
        return Reading(
            tuple(
                _found(
                    sheet.fractions(tried[i].whole.box),
                    _alone(answer) if len(tried) > 1 else answer,
                    holds or may_touch(inks[i], row.doubts[i]),
                    letter,
                )
                for i, answer, letter, holds in zip(digits, answers, letters, holding(wholes), strict=True)
            ),
            tuple(
                FoundMark(mark.kind, sheet.fractions(mark.box), sum(end < place for end in ends))
                for place, mark in sorted(zip(places, marks, strict=True), key=lambda pair: pair[0])
            ),
        )

    def _clearest_row(self, picture: Image.Image) -> _Row:
        """Of the first look, or of a closer one: see `SMALL`."""
        looks = self._looks(picture)
        row = next(looks)
        small = SMALL / len(row.sheet.ink)
        hard = row.height < small or "not_digit" in row.verdicts or not row.digits
        if hard and max(picture.size) > WORKING_SIDE:
            for closer in looks:
                if row.is_sure:
                    break
                if closer.clear > row.clear and (closer.height < 2 * small or closer.tells_all_of(row)):
                    row = closer
        return row

    def _looks(self, picture: Image.Image) -> Iterator[_Row]:
        """What is read of a picture, each time looked at more closely."""
        for side, masks in LOOKS:
            stages, ink = inked(picture, side)
            for mask_pixels in masks:
                sheet = Sheet(ink, mask_pixels=mask_pixels)
                yield self._cheapest_of(stages, sheet)

    def _cheapest_of(self, stages: Sequence[Stage], sheet: Sheet) -> _Row:
        """What is read of a sheet as it is, or with bars or gaps made whole."""
        row = self._cheapest_row(stages, sheet)
        if barred := sheet.with_bars():
            row = min(row, self._cheapest_row(stages, barred), key=lambda one: one.cost)
        if closed := sheet.with_gaps_closed(at_sides=row.unsure > 0):
            whole = self._cheapest_row(stages, closed)
            if whole.cost < row.cost and whole.unsure <= row.unsure:
                row = whole
        return row

    def _cheapest_row(self, stages: Sequence[Stage], sheet: Sheet) -> _Row:
        tried = trials(sheet.pieces)
        inks = [sheet.ink_of(trial.whole) for trial in tried]
        predictions = self._answers([fitted(stages, ink, self.recipe.input) for ink in inks])
        tried = [
            replace(trial, digit=True) if prediction.verdict == "sure" and prediction.label in trial.little else trial
            for trial, prediction in zip(tried, predictions, strict=True)
        ]
        doubts = [_doubt(prediction) for prediction in predictions]
        return _Row(sheet, tried, inks, predictions, doubts, cheapest(tried, doubts))

    def _answers(self, preprocessed: Sequence[Preprocessed]) -> list[DigitPrediction]:
        if not preprocessed:
            return []
        activations = self.activations(torch.cat([p.x for p in preprocessed]))
        *_, logits = activations.values()
        probs = (logits / self.temperature).softmax(dim=1)  # (B, classes), and one more for what is no digit
        return [self._answer(p, probs[i], row(activations, i)) for i, p in enumerate(preprocessed)]

    def _second_look(self, predictions: Sequence[DigitPrediction], inks: Sequence[np.ndarray]) -> list[DigitPrediction]:
        """The same answers, but those that are not sure by the mean of the logits in MNIST's size and `OTHER_SIDES`.

        Args:
            inks: the ink that each answer is to, (H, W) uint8.
        """
        found = [*predictions]
        looks: dict[int, list[tuple[Stage, Tensor]]] = {}
        for i, (first, ink) in enumerate(zip(predictions, inks, strict=True)):
            if first.verdict in ("sure", "blank"):
                continue
            looks[i] = []
            for side, (name, why) in zip(OTHER_SIDES, OTHER_STAGES, strict=True):
                look = fitted([], ink, self.recipe.input, side)
                if not look.blank:
                    looks[i].append((Stage(name, look.stages[-2].image, why), look.x))
        seen = [x for some in looks.values() for _, x in some]
        if not seen:
            return found
        others = self.logits(torch.cat(seen))  # one pass for all: many may be unsure
        for (i, some), more in zip(looks.items(), others.split([len(some) for some in looks.values()]), strict=True):
            first = predictions[i]
            *stages, last = first.preprocessed.stages
            *_, logits = first.activations.values()  # (1, classes)
            probs = (torch.cat([logits, more]).mean(dim=0) / self.temperature).softmax(dim=0)
            shown = replace(first.preprocessed, stages=(*stages, *(stage for stage, _ in some), last))
            found[i] = self._answer(shown, probs, first.activations)
        return found

    def _answer(self, preprocessed: Preprocessed, probs: Tensor, activations: dict[str, Tensor]) -> DigitPrediction:
        if preprocessed.blank:
            return DigitPrediction("", 0.0, dict.fromkeys(self.classes, 0.0), "blank", preprocessed, {}, 0.0)
        named = self._named(probs[: len(self.classes)])
        p_not_digit = float(probs[len(self.classes) :].sum())
        label = max(named, key=named.__getitem__)
        verdict: Verdict = "sure" if named[label] >= UNSURE_BELOW else "unsure"
        if p_not_digit > NOT_DIGIT_ABOVE:
            verdict = "not_digit"
        return DigitPrediction(label, named[label], named, verdict, preprocessed, activations, p_not_digit)


def _doubt(prediction: DigitPrediction) -> float:
    """-log of the probability that this is the digit that it looks most like."""
    return -math.log(max(prediction.confidence, MIN_PROBABILITY))


def _alone(prediction: DigitPrediction) -> DigitPrediction:
    """The same, without holding on to the batch that it was one of."""
    return replace(prediction, activations={name: output.clone() for name, output in prediction.activations.items()})


def _found(box: Box, prediction: DigitPrediction, touching: bool, among_letters: bool = False) -> FoundDigit:
    if (touching or among_letters) and prediction.verdict == "sure":
        prediction = replace(prediction, verdict="unsure")
    return FoundDigit(box, prediction, touching, among_letters)
