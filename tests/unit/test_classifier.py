"""The public API: from a picture to an answer, with the shipped networks."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import lenet
from lenet.data.datasets import DATASETS
from lenet.data.strokes import render
from lenet.errors import CheckpointError, ImageError
from lenet.inference.calibration import Calibration
from lenet.inference.classifier import UNSURE_BELOW, Classifier
from lenet.inference.digits import DigitClassifier
from lenet.inference.ood import STATISTICS, OodDetector, ScoreScale
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.preprocessing import photos
from lenet.preprocessing.digits import fitted, inked
from lenet.preprocessing.normalization import to_input
from lenet.preprocessing.photos import Photo, first_square
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS

ROOT = Path(lenet.__file__).parents[1]
SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels


@pytest.fixture(scope="module")
def digits() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


def test_the_public_names_are_there() -> None:
    missing = [name for name in lenet.__all__ if not hasattr(lenet, name)]
    assert not missing
    assert {"load_dataset", "fit", "RECIPES", "MODELS"} <= set(lenet.__all__)
    kinds = {"Classifier", "DigitClassifier", "PhotoClassifier", "Prediction", "DigitPrediction", "PhotoPrediction"}
    assert kinds | {"FoundDigit", "Crop"} <= set(lenet.__all__)


def test_a_drawing_is_read(digits: DigitClassifier) -> None:
    prediction = digits.predict(render(SEVEN, 20))
    assert (prediction.label, prediction.verdict) == ("7", "sure")
    assert prediction.confidence == prediction.probs["7"] > UNSURE_BELOW
    assert list(prediction.probs) == list("0123456789")
    assert sum(prediction.probs.values()) + prediction.p_not_digit == pytest.approx(1, abs=1e-5)
    assert list(prediction.activations) == [name for name, _ in digits.model.named_children()]
    assert [stage.name for stage in prediction.preprocessed.stages][-1] == "Normalised"


def test_a_batch_answers_as_one_by_one(digits: DigitClassifier) -> None:
    pictures = [render(SEVEN, width) for width in (6, 14, 28)]
    together = digits.predict_batch(pictures)
    for picture, prediction in zip(pictures, together, strict=True):
        alone = digits.predict(picture)
        torch.testing.assert_close(list(alone.probs.values()), list(prediction.probs.values()), atol=1e-5, rtol=1e-4)
    assert digits.predict_batch([]) == []


def test_an_empty_page_names_no_digit(digits: DigitClassifier) -> None:
    prediction = digits.predict(Image.new("L", (280, 280), 255))
    assert (prediction.label, prediction.verdict, prediction.confidence) == ("", "blank", 0.0)
    assert set(prediction.probs.values()) == {0.0}


def constant(logits: list[float], temperature: float = 1.0) -> DigitClassifier:
    """A network that knows what is no digit and always answers the same."""
    recipe = RECIPES["digits"].with_changes(temperature=temperature)
    classes = DATASETS["drawings"].classes
    model = MODELS[recipe.model].build(1, len(classes))
    last: Any = model[-1]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor(logits, dtype=torch.float32)
    return DigitClassifier(Checkpoint(model, recipe, classes, {}))


def test_a_coin_toss_is_unsure() -> None:
    prediction = constant([0.0] * 10 + [-99.0]).predict(render(SEVEN, 20))
    assert prediction.verdict == "unsure"
    assert prediction.confidence == pytest.approx(0.1)
    assert prediction.p_not_digit == pytest.approx(0)


@pytest.mark.parametrize("radius", [30, 70, 120])
@pytest.mark.parametrize("shape", ["disc", "box", "triangle"])
def test_a_filled_shape_is_no_digit(digits: DigitClassifier, shape: str, radius: int) -> None:
    picture = Image.new("L", (280, 280), 255)
    corners = {"box": (4, 45), "triangle": (3, 0)}
    if shape == "disc":
        ImageDraw.Draw(picture).ellipse((140 - radius, 140 - radius, 140 + radius, 140 + radius), fill=0)
    else:
        count, rotation = corners[shape]
        ImageDraw.Draw(picture).regular_polygon((140, 140, radius), count, rotation, fill=0)
    assert digits.predict(picture).verdict == "not_digit"


def test_what_is_no_digit_is_said_to_be_none_and_the_likeliest_is_named() -> None:
    prediction = constant([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4]).predict(render(SEVEN, 20))
    assert (prediction.label, prediction.verdict) == ("5", "not_digit")
    assert list(prediction.probs) == list("0123456789")
    assert prediction.p_not_digit == pytest.approx(math.exp(4) / (math.exp(4) + math.exp(1) + 9))
    assert prediction.p_not_digit + sum(prediction.probs.values()) == pytest.approx(1)
    assert prediction.confidence == prediction.probs["5"] < 0.1


def test_a_temperature_cools_the_answer_and_does_not_change_it() -> None:
    logits = [0.0, 3.0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    hot, cold = (constant(logits, temperature).predict(render(SEVEN, 20)) for temperature in (1.0, 2.0))
    assert hot.label == cold.label == "1"
    assert cold.confidence == pytest.approx(math.exp(1.5) / (math.exp(1.5) + math.exp(0.5) + 9))
    assert cold.confidence < hot.confidence


def test_a_network_that_knows_only_digits_takes_everything_for_one() -> None:
    reader = DigitClassifier.from_pretrained("mnist-lenet5-bn")
    prediction = reader.predict(render(SEVEN, 20))
    assert not reader.knows_non_digits
    assert prediction.p_not_digit == 0
    assert sum(prediction.probs.values()) == pytest.approx(1, abs=1e-5)


def test_a_sure_answer_shows_one_size(digits: DigitClassifier) -> None:
    prediction = digits.predict(render(SEVEN, 20))
    assert prediction.verdict == "sure"
    assert "Larger" not in [stage.name for stage in prediction.preprocessed.stages]


def test_an_answer_that_is_not_sure_is_the_mean_of_three_sizes() -> None:
    torch.manual_seed(0)
    recipe = RECIPES["digits"]
    classes = DATASETS[recipe.dataset].classes
    reader = DigitClassifier(Checkpoint(MODELS[recipe.model].build(1, len(classes)), recipe, classes, {}))
    picture = render(SEVEN, 20)
    prediction = reader.predict(picture)
    assert prediction.verdict == "unsure"
    _, ink = inked(picture)
    looks = torch.cat([fitted([], ink, recipe.input, side).x for side in (18, 20, 22)])
    longest = [max(int(look.gt(look.min()).any(dim=1 - i).sum()) for i in (0, 1)) for look in looks[:, 0]]
    assert longest == [18, 20, 22]
    expected = (reader.logits(looks).mean(dim=0) / reader.temperature).softmax(dim=0)
    assert [*prediction.probs.values(), prediction.p_not_digit] == pytest.approx(expected.tolist(), abs=1e-6)
    assert torch.equal(prediction.preprocessed.x, looks[1:2])
    shown = {stage.name: stage.image for stage in prediction.preprocessed.stages}
    assert [*shown][-4:] == ["Centred", "Smaller", "Larger", "Normalised"]
    boxes = [Image.fromarray(shown[name]).getbbox() for name in ("Smaller", "Centred", "Larger")]
    assert [max(box[2] - box[0], box[3] - box[1]) for box in boxes if box] == [18, 20, 22]
    (found,) = reader.read(picture)
    assert [*found.prediction.probs.values()] == pytest.approx(expected.tolist()[:10], abs=1e-6)


def test_a_sure_answer_needs_one_size(digits: DigitClassifier) -> None:
    passes: list[int] = []
    first, *_ = digits.model.children()
    hook = first.register_forward_hook(lambda layer, inputs, output: passes.append(len(output)))
    assert digits.predict(render(SEVEN, 20)).verdict == "sure"
    hook.remove()
    assert passes == [1]


def test_the_classic_pipeline_is_another(digits: DigitClassifier) -> None:
    small = Image.new("L", (400, 400), 255)
    small.paste(render(SEVEN, 8, 100), (280, 20))
    assert digits.predict(small).label == "7"
    assert digits.predict(small, "classic").preprocessed.x.ne(digits.predict(small).preprocessed.x).any()


# --------------------------------------------------------------------------------------------------
# Photos


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)).resize((width, height))


@pytest.fixture(scope="module")
def doubter() -> PhotoClassifier:
    """A namer of photos that is never sure: random weights."""
    torch.manual_seed(0)
    recipe = RECIPES["photos"]
    return PhotoClassifier(Checkpoint(MODELS[recipe.model].build(3, 10), recipe, DATASETS["cifar10"].classes, {}))


def certain(logits: list[float], calibration: Calibration | None = None) -> PhotoClassifier:
    """A namer of photos that always answers the same."""
    recipe = RECIPES["photos"]
    model = MODELS[recipe.model].build(3, 10)
    last: Any = model[-1]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor(logits)
    return PhotoClassifier(Checkpoint(model, recipe, DATASETS["cifar10"].classes, {}, calibration=calibration))


def test_a_sure_answer_needs_one_look() -> None:
    prediction = certain([0.0] * 9 + [9.0]).predict(noise(300, 200))
    assert (prediction.label, prediction.verdict, prediction.ood_score) == ("truck", "sure", 0.0)
    (crop,) = prediction.crops
    assert (crop.mirrored, crop.padded, crop.weight) == (False, False, 1.0)
    assert crop.box == pytest.approx((1 / 6, 0, 5 / 6, 1))
    assert crop.probs == prediction.probs


@pytest.mark.parametrize(("confidence", "looks"), [(0.86, 8), (0.91, 8), (0.93, 1)])
def test_an_answer_that_is_hardly_sure_needs_more_looks(confidence: float, looks: int) -> None:
    prediction = certain([0.0] * 9 + [math.log(9 * confidence / (1 - confidence))]).predict(noise(300, 200))
    assert (prediction.verdict, len(prediction.crops)) == ("sure", looks)
    assert prediction.confidence == pytest.approx(confidence)


def test_an_unsure_answer_is_the_mean_of_its_crops_by_their_weights(doubter: PhotoClassifier) -> None:
    picture = noise(300, 200)
    prediction = doubter.predict(picture)
    assert prediction.verdict == "unsure"
    assert len(prediction.crops) == 8
    assert sum(crop.weight for crop in prediction.crops) == pytest.approx(1)
    assert sum(prediction.probs.values()) == pytest.approx(1)
    for name, p in prediction.probs.items():
        assert p == pytest.approx(sum(crop.weight * crop.probs[name] for crop in prediction.crops), abs=1e-6)
    surest, vaguest = (of(prediction.crops, key=lambda crop: max(crop.probs.values())) for of in (max, min))
    assert surest.weight > vaguest.weight
    # what a single look at the same place sees
    end = next(crop for crop in prediction.crops if crop.box[0] == 0 and not crop.mirrored and not crop.padded)
    alone = doubter.predict(picture, box=end.box).crops[0]
    assert list(alone.probs.values()) == pytest.approx(list(end.probs.values()), abs=1e-5)
    seen = to_input(Photo(picture).crops([first_square(picture.size)]), doubter.recipe.input)
    assert torch.equal(prediction.preprocessed.x, seen)
    main = list(prediction.activations.values())[-1].softmax(dim=1)[0]
    assert main.tolist() == pytest.approx(list(prediction.crops[0].probs.values()), abs=1e-5)


def test_crops_that_fall_together_are_computed_once(doubter: PhotoClassifier) -> None:
    found = doubter.predict(noise(32, 32)).crops
    assert len({(crop.box, crop.mirrored) for crop in found}) == len(found) == 6


def test_a_chosen_box_is_looked_at_and_nothing_else(doubter: PhotoClassifier) -> None:
    prediction = doubter.predict(noise(300, 200), box=(0.5, 0.25, 0.75, 0.625))
    assert prediction.crops[0].box == pytest.approx((0.5, 0.25, 0.75, 0.625))
    for crop in prediction.crops:
        assert crop.box == pytest.approx((0.5, 0.25, 0.75, 0.625), abs=0.03)
    assert doubter.predict(noise(300, 200), box=(0, 0, 1, 1)).crops[0].padded


def test_a_batch_of_photos_answers_as_one_by_one_in_two_passes(doubter: PhotoClassifier) -> None:
    pictures = [noise(300, 200), noise(32, 32), noise(90, 200)]
    passes: list[int] = []
    first, *_ = doubter.model.children()
    hook = first.register_forward_hook(lambda layer, inputs, output: passes.append(len(output)))
    together = doubter.predict_batch(pictures)
    hook.remove()
    assert passes == [3, 7 + 5 + 7]
    for picture, prediction in zip(pictures, together, strict=True):
        alone = doubter.predict(picture)
        assert list(prediction.probs.values()) == pytest.approx(list(alone.probs.values()), abs=1e-5)
        assert [crop.box for crop in prediction.crops] == [crop.box for crop in alone.crops]
        assert all(len(output) == 1 for output in prediction.activations.values())


def test_a_photo_like_no_class_is_unknown_and_is_looked_at_again() -> None:
    nothing = (0.0,) * STATISTICS  # by its statistics, no picture is odd
    energy, distance = ScoreScale(median=-12.0, limit=-8.0), ScoreScale(median=1.0, limit=2.0)
    calibration = Calibration(2.0, OodDetector(energy, distance, nothing, (nothing,) * STATISTICS))
    known = certain([0.0] * 9 + [12.0], calibration).predict(noise(300, 200))
    assert (known.verdict, len(known.crops)) == ("sure", 1)
    assert known.ood_score == pytest.approx(0.05, abs=0.01)
    assert known.confidence == pytest.approx(math.exp(6) / (math.exp(6) + 9))
    odd = certain([0.0] * 9 + [7.0], calibration).predict(noise(300, 200))
    assert (odd.label, odd.verdict, len(odd.crops)) == ("truck", "unknown", 8)
    assert odd.ood_score > 0.5
    assert sum(odd.probs.values()) == pytest.approx(1)


def test_a_box_must_be_in_the_photo(doubter: PhotoClassifier) -> None:
    with pytest.raises(ImageError, match="is not in the picture"):
        doubter.predict(noise(40, 40), box=(0.5, 0, 0.5, 1))
    assert doubter.predict_batch([]) == []


def test_errors_are_sentences(digits: DigitClassifier, tmp_path) -> None:
    with pytest.raises(CheckpointError, match="digits, mnist-lenet5-1998"):
        Classifier.from_pretrained("nothing")
    with pytest.raises(ImageError, match="no picture at"):
        digits.predict(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="shape"):
        digits.predict(np.zeros((2, 3, 4, 5)))
    for pipeline in ("scenic", ""):
        with pytest.raises(ImageError, match=f"no pipeline called '{pipeline}': choose one of modern, classic"):
            digits.predict(render(SEVEN, 20), pipeline)
        with pytest.raises(ImageError, match="choose one of modern, classic"):
            digits.read(render(SEVEN, 20), pipeline)


def test_a_name_gives_the_classifier_that_fits() -> None:
    assert type(Classifier.from_pretrained("mnist-lenet5-sigmoid")) is DigitClassifier
    assert type(Classifier.from_pretrained("photos-lenet5")) is PhotoClassifier
    with pytest.raises(CheckpointError, match=r"^photos-lenet5 is a PhotoClassifier, not a DigitClassifier"):
        DigitClassifier.from_pretrained("photos-lenet5")
    with pytest.raises(CheckpointError, match=r"^digits is a DigitClassifier, not a PhotoClassifier"):
        PhotoClassifier.from_pretrained("digits")


def test_whoever_imports_the_base_alone_gets_the_classifier_that_fits() -> None:
    """In a process of its own, where nothing else has imported the two kinds."""
    code = (
        "from lenet.inference.classifier import Classifier; print(type(Classifier.from_pretrained('digits')).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, "DigitClassifier\n"), done.stderr


def test_a_photo_is_opened_once_and_each_part_of_it_resized_once(monkeypatch, doubter: PhotoClassifier) -> None:
    opened, resized = [], []
    open_picture, resize = photos.open_picture, photos._resized
    monkeypatch.setattr(photos, "open_picture", lambda source: opened.append(source) or open_picture(source))
    monkeypatch.setattr(photos, "_resized", lambda image, square: resized.append(square) or resize(image, square))
    prediction = doubter.predict(noise(300, 200))
    assert len(prediction.crops) == 8
    assert (len(opened), len(resized), len(set(resized))) == (1, 4, 4)  # the others are these in a mirror


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.safetensors")), ids=lambda path: path.stem)
def test_a_shipped_network_was_made_by_a_recipe_that_is_here(path) -> None:
    classifier = Classifier.from_pretrained(path.stem)
    assert classifier.recipe == RECIPES[path.stem]
    assert path.stat().st_size < 10_000_000


# parameters at most, and test accuracy at least, of which a JPEG copy of CIFAR-10's test set takes one to three points
@pytest.mark.parametrize(
    ("name", "parameters", "accuracy"),
    [
        ("digits", 62_500, 0.993),
        ("photos", 10_000_000, 0.91),
        ("photos-lenet5", 62_006, 0.73),
        ("photos-lenet-wide", 122_570, 0.78),
    ],
)
def test_the_shipped_networks_are_as_small_and_good_as_they_are_said_to_be(name, parameters, accuracy) -> None:
    classifier = Classifier.from_pretrained(name)
    assert classifier.parameters <= parameters
    assert classifier.metrics["test_accuracy"] > accuracy


@pytest.mark.data
def test_the_header_of_digits_says_what_the_test_split_says(mnist_root, digits: DigitClassifier) -> None:
    dataset = lenet.load_dataset("mnist", mnist_root)
    logits = lenet.evaluate(digits.model, dataset.test.images, digits.recipe.input)[:, : len(digits.classes)]
    right = (logits.argmax(1) == dataset.test.labels).double().mean().item()
    assert right == pytest.approx(digits.metrics["test_accuracy"], abs=5e-4)


@pytest.mark.data
def test_the_header_of_photos_says_what_the_test_split_says(cifar_root) -> None:
    photos = Classifier.from_pretrained("photos-lenet-wide")
    dataset = lenet.load_dataset("cifar10", cifar_root)
    right = lenet.evaluate(photos.model, dataset.test.images, photos.recipe.input).argmax(1) == dataset.test.labels
    assert right.double().mean().item() == pytest.approx(photos.metrics["test_accuracy"], abs=5e-4)
    first = right[:1000].double().mean().item()
    assert first == pytest.approx(photos.metrics["test_accuracy_first_1000"], abs=2e-3)
