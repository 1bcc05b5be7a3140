"""Which way of telling the parts of a photo that counted is the most faithful?  Deletion and insertion.

    python -m benchmarks explain photos --network photos

The pictures are CIFAR-10's validation images, whatever the network answers.  For each, its 64 patches of
4x4 pixels are ordered by what a method says they spoke for the answer.  Deletion takes them away, the
strongest first, and insertion brings them back, the strongest first, to a picture of which nothing is left;
each figure is the mean probability of the answer on that way (Petsiuk, Das and Saenko, "RISE", 2018,
section 4.2: the area under the curve).  Low for deletion and high for insertion is good.  What is taken away
turns into a blurred picture, or into the mean colour of CIFAR-10: a method that itself compares with one of
them may be at an advantage there, so both are printed.  Milliseconds are of one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Occlusion
from torch import Tensor, nn

from lenet.data.datasets import load
from lenet.inference import explain
from lenet.inference.classifier import Classifier
from lenet.models.network import Network
from lenet.preprocessing.normalization import InputFormat, to_input

PATCH = 4
STEPS = 16  # points of a curve behind its first one
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)  # of its training pixels, in 0 to 1
BLACK = (0.0, 0.0, 0.0)

Method = Callable[[Network, Tensor, int], Tensor]  # network, x (1, 3, H, W), class -> (H, W)
Fill = Callable[[Tensor], Tensor]  # x -> what is left where nothing is to be seen


def filled(colour: tuple[float, float, float], form: InputFormat) -> Fill:
    """All of that colour, given in 0 to 1, in the network's numbers."""
    pixel = to_input(255 * torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, form.size, form.size), form)
    return lambda x: pixel.expand_as(x)


# --------------------------------------------------------------------------------------------------
# The methods


def random_order(model: Network, x: Tensor, label: int) -> Tensor:
    return torch.rand(x.shape[2:])


def middle_first(model: Network, x: Tensor, label: int) -> Tensor:
    """No method either: photographers put what they mean in the middle."""
    place = torch.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    return -(place.square() + place[:, None].square())


def occlusion(window: int, stride: int, fill: Fill) -> Method:
    """Zeiler and Fergus 2014, by captum: how much the logit falls when a window is filled."""

    def method(model: Network, x: Tensor, label: int) -> Tensor:
        sides, steps = (3, window, window), (3, stride, stride)
        with torch.no_grad():
            found = Occlusion(model).attribute(x, sides, steps, fill(x), label, perturbations_per_eval=64)
        return found[0].sum(dim=0)

    return method


def integrated(steps: int, fill: Fill) -> Method:
    """Sundararajan et al. 2017, by captum, without what `lenet.inference.explain` adds."""

    def method(model: Network, x: Tensor, label: int) -> Tensor:
        found = IntegratedGradients(model).attribute(x, fill(x), target=label, n_steps=steps)
        return found[0].sum(dim=0).detach()

    return method


def gradient_x_input(fill: Fill) -> Method:
    def method(model: Network, x: Tensor, label: int) -> Tensor:
        return (explain._gradient(model, x.clone(), label) * (x - fill(x)))[0].sum(dim=0)

    return method


def grad_cam(layer: str) -> Method:
    """Selvaraju et al. 2017, by captum."""

    def method(model: Network, x: Tensor, label: int) -> Tensor:
        found = LayerGradCam(model, getattr(model, layer)).attribute(x, target=label)
        return LayerAttribution.interpolate(found, x.shape[2:], "bicubic")[0, 0].detach()

    return method


def methods(form: InputFormat) -> dict[str, Method]:
    mean, black, blur = filled(CIFAR10_MEAN, form), filled(BLACK, form), explain.blurred
    return {
        "random": random_order,
        "the middle first": middle_first,
        "`explain.saliency`, as for digits": explain.saliency,
        "gradient x (picture - blur)": gradient_x_input(blur),
        "integrated gradients from black, 16 steps": integrated(16, black),
        "integrated gradients from mean, 16 steps": integrated(16, mean),
        "integrated gradients from blur, 4 steps": integrated(4, blur),
        "integrated gradients from blur, 16 steps": integrated(16, blur),
        "occlusion 4x4, stride 4, mean": occlusion(4, 4, mean),
        "occlusion 8x8, stride 4, mean": occlusion(8, 4, mean),
        "occlusion 8x8, stride 4, black": occlusion(8, 4, black),
        "occlusion 4x4, stride 4, blur": occlusion(4, 4, blur),
        "occlusion 8x8, stride 4, blur": occlusion(8, 4, blur),
        "occlusion 8x8, stride 2, blur": occlusion(8, 2, blur),
        "`explain.photo_saliency`": explain.photo_saliency,
        "the same, 2 steps": partial(explain.photo_saliency, steps=2),
        "the same, 4 steps": partial(explain.photo_saliency, steps=4),
        "the same, 8 steps": partial(explain.photo_saliency, steps=8),
    }


def of_layers(model: Network, x: Tensor) -> dict[str, Method]:
    """Grad-CAM at the last layer of each size of maps, the deepest first."""
    with torch.no_grad():
        shapes = {name: output.shape for name, output in model.activations(x).items() if output.dim() == 4}
    last = {shape[2:]: name for name, shape in shapes.items() if min(shape[2:]) > 1}
    return {f"Grad-CAM at {name} ({high}x{wide})": grad_cam(name) for (high, wide), name in reversed(last.items())}


# --------------------------------------------------------------------------------------------------
# Measuring


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", default="photos", help="a name in weights/, or a path")
    parser.add_argument("--pictures", type=int, default=200)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    classifier, val = Classifier.from_pretrained(options.network), load("cifar10").val
    model, form = classifier.model, classifier.recipe.input
    xs = to_input(val.images[: options.pictures], form)
    fills = {"blur": explain.blurred, "mean": filled(CIFAR10_MEAN, form)}
    print(f"{len(xs)} pictures, {options.network}: {classifier.parameters:,} parameters\n")
    heads = [f"{way}, {fill}" for fill in fills for way in ("deletion", "insertion")]
    print("| method | " + " | ".join(heads) + " | ms |\n|---|" + "---:|" * (len(heads) + 1))
    for name, method in (methods(form) | of_layers(model, xs[:1])).items():
        areas, milliseconds = measure(model, xs, method, list(fills.values()))
        cells = " | ".join(f"{area:.3f}" for area in areas)
        print(f"| {name} | {cells} | {milliseconds:.1f} |", flush=True)
    return 0


def measure(model: Network, xs: Tensor, method: Method, fills: Sequence[Fill]) -> tuple[list[float], float]:
    """Mean areas under deletion and insertion for each of `fills`, and the median of a picture's milliseconds."""
    areas, seconds = [], []
    for x in xs.split(1):
        with torch.no_grad():
            label = int(model(x).argmax())
        began = time.perf_counter()
        said = method(model, x, label)
        seconds.append(time.perf_counter() - began)
        ends = [pair for fill in fills for pair in ((x, fill(x)), (fill(x), x))]
        pictures = torch.cat([curve(start, end, said) for start, end in ends])
        with torch.no_grad():
            probs = model(pictures).softmax(dim=1)[:, label]
        areas.append(torch.trapezoid(probs.view(2 * len(fills), STEPS + 1), dim=1) / STEPS)
    return torch.stack(areas).mean(dim=0).tolist(), 1000 * sorted(seconds)[len(seconds) // 2]


def curve(start: Tensor, end: Tensor, said: Tensor) -> Tensor:
    """`start` (1, 3, H, W), and STEPS pictures in which more and more of its patches are those of `end`."""
    patches = nn.functional.avg_pool2d(said[None, None], PATCH)[0, 0]  # (H / PATCH, W / PATCH)
    rank = patches.flatten().argsort(descending=True).argsort().view_as(patches)  # 0 for the strongest
    turned = torch.arange(STEPS + 1).view(-1, 1, 1) * (patches.numel() / STEPS)
    mask = (rank < turned).repeat_interleave(PATCH, 1).repeat_interleave(PATCH, 2)  # (STEPS + 1, H, W)
    return torch.where(mask[:, None], end, start)
