"""What an answer rests on: layers, saliency, counterfactuals."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.transforms.functional import gaussian_blur

from lenet.data.datasets import load
from lenet.data.strokes import read_drawings, render, writer_split
from lenet.inference import explain
from lenet.inference.classifier import Classifier, Prediction
from lenet.models import MODELS
from lenet.models.convnets import ResidualBlock
from lenet.models.network import Network
from lenet.preprocessing.normalization import to_input

SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels
DIGIT_READERS = ("lenet5", "lenet5-linear", "lenet5-sigmoid", "lenet5-bn", "lenet5-1998", "lenet-modern", "lenet-wide")


@pytest.fixture(scope="module")
def digits() -> Classifier:
    return Classifier.from_pretrained("mnist-lenet5-bn")


@pytest.fixture(scope="module")
def seven(digits: Classifier) -> Prediction:
    return digits.predict(render(SEVEN, 20))


def two_best(classifier: Classifier, prediction: Prediction) -> tuple[int, int]:
    first, second = sorted(prediction.probs, key=prediction.probs.__getitem__, reverse=True)[:2]
    return classifier.classes.index(first), classifier.classes.index(second)


def margin(model, x, label, against) -> float:
    with torch.no_grad():
        logits = model(x)[0]
    return float(logits[label] - logits[against])


# --------------------------------------------------------------------------------------------------
# layers


def test_layers_come_from_the_prediction(digits: Classifier, seven: Prediction) -> None:
    layers = explain.layers(digits.model, seven.activations)
    assert [layer.name for layer in layers if layer.telling] == ["pool1", "pool2", "relu3", "relu4", "fc3"]
    assert "flatten" not in [layer.name for layer in layers]
    for layer in layers:
        assert torch.equal(layer.output, seven.activations[layer.name][0])


@pytest.mark.parametrize("name", ["convnet-small", "convnet-medium", "lenet5", "resnet-mini"])
def test_the_parts_of_a_number_give_that_number(name: str) -> None:
    torch.manual_seed(0)
    model = MODELS[name].build(3, 10).eval()
    x = torch.randn(1, 3, MODELS[name].size, MODELS[name].size)
    with torch.inference_mode():
        outputs = model.activations(x)
    operations = set()
    for layer, output in outputs.items():
        if output.dim() != 4:
            continue
        _, maps, height, width = output.shape
        for place in ((0, 0, 0), (maps // 2, height // 2, width - 1)):
            found = explain.trace(model, x, outputs, layer, place)
            assert found.steps[-1] == (layer, float(output[0][place]))
            first = found.steps[0][1]
            if found.op == "conv":
                assert sum(part.amount for part in found.parts) + found.bias == pytest.approx(first, abs=1e-4)
            if found.op == "max":
                assert float(found.parts[0].patch.max()) == first
            if found.op == "mean":
                assert float(found.parts[0].patch.mean()) == pytest.approx(first, abs=1e-6)
            operations.add(found.op)
    assert "conv" in operations
    assert ("other" in operations) == ("block2" in outputs or "block3" in outputs)  # of several layers


def test_a_blank_picture_has_no_layers(digits: Classifier) -> None:
    assert explain.layers(digits.model, {}) == ()


@pytest.mark.parametrize("name", MODELS)
def test_every_architecture_is_told(name: str) -> None:
    torch.manual_seed(0)
    model = MODELS[name].build(1, 10).eval()
    size = MODELS[name].size
    with torch.inference_mode():
        layers = explain.layers(model, model.activations(torch.rand(1, 1, size, size)))
    assert layers[-1].telling
    assert layers[-1].output.shape == (10,)
    assert all(layer.output.dim() in (1, 3) for layer in layers)
    assert not {str(layer.kind) for layer in layers} & {type(m).__name__ for m in model.modules()}, "no plain words"
    c5 = [layer for layer in layers if layer.name == "c5"]
    assert [layer.output.shape for layer in c5] in ([], [(120,)])  # maps of one pixel are numbers


class Whitened(nn.Conv2d):
    """A convolution under another name."""


class SqueezeGate(nn.Module):
    """A block that the tables do not know."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(maps, 4, 1), nn.ReLU(), nn.Conv2d(4, maps, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x).sigmoid()


def strong() -> Network:
    """Of the kinds of layers that networks for photos have."""
    torch.manual_seed(0)
    return Network(
        white=Whitened(3, 24, 2),
        gelu0=nn.GELU(),
        conv1=nn.Conv2d(24, 512, 3, padding=1, bias=False),
        pool1=nn.MaxPool2d(2),
        bn1=nn.BatchNorm2d(512),
        gelu1=nn.GELU(),
        block1=nn.Sequential(nn.Conv2d(512, 64, 1), nn.BatchNorm2d(64), nn.GELU()),
        drop=nn.Dropout(0.5),
        block2=ResidualBlock(64, 96),
        gate=SqueezeGate(96),
        leaky=nn.LeakyReLU(),
        pool2=nn.MaxPool2d(15),
        flatten=nn.Flatten(),
        fc=nn.Linear(96, 10),
    ).eval()


def test_blocks_and_layers_of_other_names_are_told() -> None:
    model = strong()
    with torch.inference_mode():
        layers = explain.layers(model, model.activations(torch.rand(1, 3, 32, 32)))
    told = {layer.name: str(layer.kind) for layer in layers}
    assert told["white"] == "convolution"
    assert told["block1"] == "block of 1 layer"
    assert told["gate"] == "block of 2 layers"
    assert told["leaky"] == "leaky relu"
    assert told["pool2"] == "pooling, the strongest of 15x15"
    assert not {"drop", "flatten"} & set(told)
    assert [layer.name for layer in layers if layer.telling] == ["gelu0", "gelu1", "block1", "block2", "pool2", "fc"]
    assert layers[-2].output.shape == (96,)


# --------------------------------------------------------------------------------------------------
# saliency


def test_ink_has_a_say_and_paper_has_none(digits: Classifier, seven: Prediction) -> None:
    x = seven.preprocessed.x
    said = explain.saliency(digits.model, x, *two_best(digits, seven))
    assert said.shape == x.shape[2:]
    assert said[x[0, 0] == x.min()].abs().max() == 0
    assert said.max() > 0


def test_what_the_ink_said_adds_up(digits: Classifier, seven: Prediction, monkeypatch: pytest.MonkeyPatch) -> None:
    """Completeness (Sundararajan et al. 2017, proposition 1) without noise, and nearly so with it."""
    x, best = seven.preprocessed.x, two_best(digits, seven)
    whole = margin(digits.model, x, *best) - margin(digits.model, torch.full_like(x, float(x.min())), *best)
    assert float(explain.saliency(digits.model, x, *best).sum()) == pytest.approx(whole, rel=0.35)
    monkeypatch.setattr(explain, "NOISE", 0.0)
    assert float(explain.saliency(digits.model, x, *best, steps=256).sum()) == pytest.approx(whole, rel=0.02)


def test_the_other_way_round_it_says_the_opposite(digits: Classifier, seven: Prediction) -> None:
    x, (label, against) = seven.preprocessed.x, two_best(digits, seven)
    there = explain.saliency(digits.model, x, label, against)
    torch.testing.assert_close(there, -explain.saliency(digits.model, x, against, label))
    alone = explain.saliency(digits.model, x, label) - explain.saliency(digits.model, x, against)
    torch.testing.assert_close(there, alone, atol=1e-4, rtol=1e-3)


def without(x: torch.Tensor, order: torch.Tensor, part: float) -> torch.Tensor:
    ink = (x[0, 0] > x.min() + 0.3).flatten().nonzero()[:, 0]
    first = ink[order.flatten()[ink].argsort(descending=True)][: round(part * len(ink))]
    changed = x.clone().flatten()
    changed[first] = x.min()
    return changed.view_as(x)


@pytest.mark.data
def test_deleting_what_spoke_for_it_costs_more_than_deleting_any_ink(digits: Classifier, pen_file) -> None:
    drawings = read_drawings(pen_file)
    writer = min(writer_split(d.writer for d in drawings)[1])
    some = [d for d in drawings if d.writer == writer][::10]
    torch.manual_seed(0)
    by_saliency, by_chance, against = [], [], []
    for prediction in digits.predict_batch([render(d.strokes, 20) for d in some]):
        x, best = prediction.preprocessed.x, two_best(digits, prediction)
        said = explain.saliency(digits.model, x, *best)
        by_saliency.append(margin(digits.model, without(x, said, 0.1), *best))
        by_chance.append(margin(digits.model, without(x, torch.rand_like(said), 0.1), *best))
        against.append(margin(digits.model, without(x, -said, 0.1), *best))
    mean = [sum(values) / len(values) for values in (by_saliency, by_chance, against)]
    assert mean[0] + 4 < mean[1] < mean[2], mean


@pytest.mark.parametrize("name", DIGIT_READERS)
def test_every_architecture_can_be_asked(name: str) -> None:
    torch.manual_seed(0)
    model = MODELS[name].build(1, 10).eval()
    x = torch.zeros(1, 1, MODELS[name].size, MODELS[name].size)
    x[0, 0, 6:22, 12:15] = 1
    assert explain.saliency(model, x, 1, 2).isfinite().all()
    changed = explain.counterfactual(model, x, 3)
    assert changed.x.shape == x.shape
    assert 0 <= changed.probability <= 1


# --------------------------------------------------------------------------------------------------
# saliency of photos


@pytest.fixture(scope="module")
def photos() -> Classifier:
    return Classifier.from_pretrained("photos")


@pytest.fixture(scope="module")
def ship(photos: Classifier) -> Prediction:
    return photos.predict(Path(explain.__file__).parents[1] / "ui" / "photo" / "examples" / "ship.jpg")


def test_what_a_photo_said_adds_up(photos: Classifier, ship: Prediction) -> None:
    """To score(photo) - score(blurred photo), but for what softening moves over the edge."""
    x, label = ship.preprocessed.x, photos.classes.index("ship")
    with torch.no_grad():
        sharp, vague = photos.model(torch.cat([x, explain.blurred(x)]))[:, label].tolist()
    said = explain.photo_saliency(photos.model, x, label, steps=64)
    assert said.shape == x.shape[2:]
    assert float(said.sum()) == pytest.approx(sharp - vague, rel=0.05)


def test_few_steps_point_to_the_same_parts_as_many(photos: Classifier, ship: Prediction) -> None:
    """They do not add up, but the map that the page shows is much the same: it correlated at 0.92."""
    x, label = ship.preprocessed.x, photos.classes.index("ship")
    few, many = (explain.photo_saliency(photos.model, x, label, steps).flatten() for steps in (explain.PHOTO_STEPS, 64))
    assert torch.corrcoef(torch.stack([few, many]))[0, 1] > 0.8
    strongest = many.abs().topk(len(many) // 10).indices
    assert (few[strongest].sign() == many[strongest].sign()).float().mean() > 0.9


def test_a_photo_of_nothing_says_nothing(photos: Classifier) -> None:
    plain = torch.full((1, 3, 32, 32), 0.3)
    assert explain.photo_saliency(photos.model, plain, 2).abs().max() < 1e-4


def test_it_may_be_asked_of_what_a_prediction_holds(photos: Classifier, ship: Prediction) -> None:
    with torch.inference_mode():
        x = ship.preprocessed.x * 1.0  # has no gradient
    assert explain.photo_saliency(photos.model, x, 8).isfinite().all()
    assert not any(p.grad is not None for p in photos.model.parameters())
    assert torch.equal(explain.photo_saliency(photos.model, x, 8), explain.photo_saliency(photos.model, x, 8))


def test_networks_of_many_kinds_of_layers_can_be_asked_of_a_photo() -> None:
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    said = explain.photo_saliency(strong(), x, 3)
    assert said.isfinite().all()
    assert said.abs().max() > 0


@pytest.mark.data
def test_blurring_what_spoke_for_it_costs_more_than_blurring_any_part(photos: Classifier, cifar_root: Path) -> None:
    xs = to_input(load("cifar10", cifar_root).val.images[:40], photos.recipe.input)
    with torch.no_grad():
        labels = photos.model(xs).argmax(dim=1).tolist()
    torch.manual_seed(0)
    said = torch.stack([explain.photo_saliency(photos.model, x[None], y) for x, y in zip(xs, labels, strict=True)])
    falls = []
    for order in (said, torch.rand_like(said), -said):
        patches = nn.functional.avg_pool2d(order[:, None], 4).flatten(1)  # (N, 64)
        chosen = (patches >= patches.topk(16, dim=1).values[:, -1:]).view(-1, 1, 8, 8)
        mask = chosen.repeat_interleave(4, 2).repeat_interleave(4, 3)
        with torch.no_grad():
            probs = photos.model(torch.where(mask, explain.blurred(xs), xs)).softmax(dim=1)
        falls.append(float(probs[range(len(xs)), labels].mean()))
    assert falls[0] + 0.2 < falls[1] < falls[2], falls


# --------------------------------------------------------------------------------------------------
# counterfactuals


def test_a_few_touches_change_the_answer(digits: Classifier, seven: Prediction) -> None:
    x = seven.preprocessed.x
    for target in (1, 2, 3, 9):
        changed = explain.counterfactual(digits.model, x, target)
        with torch.no_grad():
            probs = digits.model(changed.x).softmax(dim=1)[0]
        assert changed.reached
        assert int(probs.argmax()) == target
        assert changed.probability == pytest.approx(float(probs[target]), abs=1e-5)
        assert x.min() - 1e-5 <= changed.x.min() <= changed.x.max() <= x.max() + 1e-5
        scale = float(x.max() - x.min())
        torch.testing.assert_close((changed.x - x)[0, 0] / scale, changed.change, atol=1e-5, rtol=1e-4)
        assert changed.change.abs().max() <= 1


def test_the_runner_up_is_near(digits: Classifier, seven: Prediction) -> None:
    x = seven.preprocessed.x
    change = explain.counterfactual(digits.model, x, two_best(digits, seven)[1]).change
    drawn = float((x - x.min()).sum() / (x.max() - x.min()))
    assert change.abs().sum() < 0.6 * drawn


def test_what_is_it_already_stays_as_it_is(digits: Classifier, seven: Prediction) -> None:
    changed = explain.counterfactual(digits.model, seven.preprocessed.x, 7)
    assert changed.reached
    assert changed.change.abs().max() == 0


def test_added_ink_hangs_on_what_is_there(digits: Classifier, seven: Prediction) -> None:
    x = seven.preprocessed.x
    change = explain.counterfactual(digits.model, x, 2).change
    ink = ((x[0, 0] - x.min()) / (x.max() - x.min()) + change).clamp(0, 1) > 0.3
    near = torch.nn.functional.max_pool2d((x > x.min() + 0.3)[0].float(), 2 * 8 + 1, 1, 8)[0]
    assert not (ink & (near == 0)).any()


def test_it_says_when_it_did_not_succeed() -> None:
    torch.manual_seed(0)
    model = MODELS["lenet5-bn"].build(1, 10).eval()
    with torch.no_grad():
        model.fc3.bias[4] = -100.0
    x = torch.zeros(1, 1, 32, 32)
    x[0, 0, 6:22, 12:15] = 1
    changed = explain.counterfactual(model, x, 4)
    assert not changed.reached
    assert changed.probability < 0.01


def test_the_same_drawing_gets_the_same_picture(digits: Classifier, seven: Prediction) -> None:
    x = seven.preprocessed.x
    assert torch.equal(explain.saliency(digits.model, x, 7, 1), explain.saliency(digits.model, x, 7, 1))
    assert torch.equal(explain.counterfactual(digits.model, x, 2).x, explain.counterfactual(digits.model, x, 2).x)


@pytest.mark.parametrize(("shape", "deviation"), [((2, 3, 32, 32), explain.BLUR), ((1, 1, 28, 28), explain.SOFTENED)])
def test_blurring_is_torchvisions(shape: tuple[int, ...], deviation: float) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    side = 2 * round(3 * deviation) + 1
    expected = gaussian_blur(x, [side, side], [deviation, deviation])
    torch.testing.assert_close(explain.blurred(x, deviation), expected, atol=1e-6, rtol=0)
