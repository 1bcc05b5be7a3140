"""What an answer rests on: the layers behind it, the ink or the parts of a photo that spoke for it, and what
would change it.

Pure functions of a network and its input.  `layers` sorts what the prediction already holds, so that
looking inside costs no second forward pass; `saliency`, `photo_saliency` and `counterfactual` follow
gradients back to the pixels, which no prediction does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lenet.errors import Text
from lenet.models.convnets import ResidualBlock
from lenet.models.lenet_1998 import EuclideanRBF, ScaledTanh, Subsampling, TableConv2d
from lenet.models.network import Network

# --------------------------------------------------------------------------------------------------
# The layers of a network, as a person reads them

# What a layer does, in plain words.  A layer that computes with weights of its own starts a group;
# what follows it - normalisation, activation, pooling - only shapes its answer.
_STARTS: dict[type[nn.Module], Text] = {
    nn.Conv2d: Text("convolution"),
    TableConv2d: Text("convolution, each map from some of the maps before it"),
    ResidualBlock: Text("residual block"),
    nn.Linear: Text("fully connected"),
    EuclideanRBF: Text("distance to ten drawn bitmaps"),
}
_SHAPES: dict[type[nn.Module], Text] = {
    nn.BatchNorm2d: Text("normalised"),
    nn.ReLU: Text("ReLU, negative values become zero"),
    nn.GELU: Text("GELU, negative values become almost zero"),
    ScaledTanh: Text("squashed by tanh"),
    nn.Sigmoid: Text("squashed by a sigmoid"),
    Subsampling: Text("subsampling, the weighted mean of 2x2"),
}
_STILL = (nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)  # in use, they change no number


@dataclass(frozen=True)
class Layer:
    """One layer's answer to one picture.

    Attributes:
        name: its name in the network's table, such as "pool1".
        kind: what it does, in plain words.
        output: float32 (C, H, W) maps, or (F,) numbers.
        telling: the last word of its group - a convolution behind its activation and pooling, or a
            linear layer behind its activation - and so enough for a first look.
    """

    name: str
    kind: Text
    output: Tensor
    telling: bool


def layers(model: Network, activations: dict[str, Tensor]) -> tuple[Layer, ...]:
    """Every layer of one prediction in order, the last one holding the logits.

    What changes no number, such as `Flatten`, is left out.  Maps of a single pixel are numbers and come
    as (F,).  A block of layers is one layer.

    Args:
        activations: `Prediction.activations`, or `Network.activations` of one picture: (1, ...) each;
            empty for a blank picture, and then so is the answer.
    """
    named = [(name, layer) for name, layer in model.named_children() if name in activations]
    named = [(name, layer) for name, layer in named if not isinstance(layer, _STILL)]
    found = []
    for position, (name, layer) in enumerate(named):
        output = activations[name][0]
        if output.dim() == 3 and output.shape[1:] == (1, 1):
            output = output.flatten()
        last = position + 1 == len(named) or _told(named[position + 1][1])[1]
        found.append(Layer(name, _told(layer)[0], output, last))
    return tuple(found)


def _told(layer: nn.Module) -> tuple[Text, bool]:
    """What it does, in plain words, and whether it starts a group."""
    for words_of, starts in ((_STARTS, True), (_SHAPES, False)):
        for known, words in words_of.items():
            if isinstance(layer, known):
                return words, starts
    if isinstance(layer, nn.MaxPool2d):
        return Text("pooling, the strongest of {side}x{side}", side=layer.kernel_size), False
    if isinstance(layer, nn.AvgPool2d):
        return Text("pooling, the mean of {side}x{side}", side=layer.kernel_size), False
    if inside := sum(isinstance(module, tuple(_STARTS)) for module in layer.modules()):
        return (Text("block of {count} layers", count=inside) if inside > 1 else Text("block of 1 layer")), True
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", type(layer).__name__).lower()  # LeakyReLU: leaky relu
    return Text("{name}", name=name), False


# --------------------------------------------------------------------------------------------------
# How one number of a map was computed

_ALONE = (nn.BatchNorm2d, nn.ReLU, nn.GELU, nn.Sigmoid, nn.Tanh, ScaledTanh, *_STILL)  # each number by itself


@dataclass(frozen=True)
class Part:
    """What a number of a map took from one map before it.

    Attributes:
        source: the place of that map.
        filter: (h, w); None where the layer has none, as in pooling.
        patch: (h, w), zeros beyond the map's edge.
        amount: the sum of filter times patch; 0 without a filter.
    """

    source: int
    filter: Tensor | None
    patch: Tensor
    amount: float


@dataclass(frozen=True)
class Trace:
    """How one number of a map was computed.

    Attributes:
        op: of the layer that took it from other places: "conv", "max" or "mean"; "other" has no `parts`.
        parts: one for each map that it looked at.
        bias: what was added to their sum.
        steps: (layer, value) of that layer and of those behind it, up to the one that was asked for.
    """

    op: str
    parts: tuple[Part, ...]
    bias: float
    steps: tuple[tuple[str, float], ...]


def trace(model: Network, x: Tensor, activations: dict[str, Tensor], name: str, place: tuple[int, int, int]) -> Trace:
    """How the number at `place`, (map, row, column) of layer `name`, was computed.

    Args:
        x: network input of one picture, (1, C, H, W).
        activations: of the same picture, as in `layers`.
    """
    table = list(model.named_children())
    position = next(i for i, (known, _) in enumerate(table) if known == name)
    channel, row, column = place
    steps = [(name, float(activations[name][0, channel, row, column]))]
    while position > 0 and isinstance(table[position][1], _ALONE):
        position -= 1
        before = table[position][0]
        steps.insert(0, (before, float(activations[before][0, channel, row, column])))
    layer = table[position][1]
    source = activations[table[position - 1][0]][0] if position else x[0]  # (C, H, W)
    if isinstance(layer, nn.Conv2d) and layer.groups == 1 and layer.padding_mode == "zeros" and layer.padding != "same":
        return Trace("conv", _convolved(layer, source, place), _bias(layer, channel), tuple(steps))
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)) and layer.padding in (0, (0, 0)):
        (high, wide), (down, right) = _pair(layer.kernel_size), _pair(layer.stride)
        patch = source[channel, row * down : row * down + high, column * right : column * right + wide]
        op = "max" if isinstance(layer, nn.MaxPool2d) else "mean"
        return Trace(op, (Part(channel, None, patch, 0.0),), 0.0, tuple(steps))
    return Trace("other", (), 0.0, tuple(steps))


def _convolved(layer: nn.Conv2d, source: Tensor, place: tuple[int, int, int]) -> tuple[Part, ...]:
    channel, row, column = place
    above, left = (0, 0) if isinstance(layer.padding, str) else layer.padding  # "valid" is none
    reach = [step * (side - 1) + 1 for step, side in zip(layer.dilation, layer.kernel_size, strict=True)]
    padded = functional.pad(source, (left, reach[1], above, reach[0]))  # enough behind the last one too
    top, start = row * layer.stride[0], column * layer.stride[1]
    patches = padded[:, top : top + reach[0] : layer.dilation[0], start : start + reach[1] : layer.dilation[1]]
    filters = layer.weight[channel].detach()  # (C, h, w), as the patches
    amounts = (filters * patches).sum(dim=(1, 2)).tolist()
    return tuple(Part(i, filters[i], patches[i], amount) for i, amount in enumerate(amounts))


def _bias(layer: nn.Conv2d, channel: int) -> float:
    return 0.0 if layer.bias is None else float(layer.bias.detach()[channel])


def _pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else value


# --------------------------------------------------------------------------------------------------
# Which ink spoke for the answer, and which against

STEPS = 16  # points on the path from blank paper to the picture; 8 and 32 serve nearly as well
NOISE = 0.1  # standard deviation, as a part of the range from paper to ink
SPREAD = 0.7  # pixels: what one pixel said is shared with its neighbours', as a pen's touch covers several


def saliency(model: Network, x: Tensor, label: int, against: int | None = None, steps: int = STEPS) -> Tensor:
    """How much each pixel's ink spoke for one class, or for it rather than for another.

    Integrated gradients (Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017,
    equation 1): a pixel's ink times the mean gradient of the score on the straight path from blank
    paper to the picture.  Without noise the pixels add up to score(picture) - score(paper), up to the
    sum's error.  The points of that path carry a little noise, the same each time, which averages out
    gradients that hold for one exact picture only (Smilkov et al., "SmoothGrad", 2017, section 3).
    At last each pixel's part is poured out over the ink around it, by a Gaussian of `SPREAD`, which
    leaves the sum as it was.  `benchmarks explain digits` compares this with the other ways.

    Args:
        model: in evaluation mode; with one channel or more.
        x: network input of one picture, (1, C, H, W).  Its least value is taken for the paper.
        label: index of the class.
        against: index of the other class: the score is then the logit margin between the two.

    Returns:
        (H, W), in logits: positive where the ink spoke for `label`, negative where against it, and
        zero where there is none.
    """
    x = x.detach()
    paper, full = x.aminmax()
    ink = x - paper
    parts = ((torch.arange(steps, device=x.device) + 0.5) / steps).view(-1, 1, 1, 1)  # the middle of each step
    path = paper + parts * ink + NOISE * (full - paper) * _noise(steps, x)  # (steps, C, H, W)
    gradient = _gradient(model, path, label, against)
    parts_of = (gradient.mean(dim=0) * ink[0]).sum(dim=0)  # (H, W)
    return _pour(parts_of, ink[0].sum(dim=0))


def _pour(amounts: Tensor, ink: Tensor) -> Tensor:
    """`amounts` (H, W), each spread over its surroundings in proportion to their ink (H, W); the sum stays."""
    reach = torch.arange(-2.0, 3.0, device=ink.device)
    weights = torch.exp(-(reach.square() + reach[:, None].square()) / (2 * SPREAD**2))[None, None]  # (1, 1, 5, 5)

    def around(values: Tensor) -> Tensor:
        return nn.functional.conv2d(values[None, None], weights, padding=2)[0, 0]

    return ink * around(torch.where(ink > 0, amounts / around(ink), 0.0))


def _gradient(model: Network, x: Tensor, label: int, against: int | None = None) -> Tensor:
    """Of the logit, or margin, at each of x (B, C, H, W), with respect to its pixels."""
    x = x.requires_grad_()
    logits = model(x)
    score = logits[:, label] if against is None else logits[:, label] - logits[:, against]
    return torch.autograd.grad(score.sum(), x)[0]


def _noise(count: int, x: Tensor) -> Tensor:
    """Normal, (count, C, H, W), the same at every call: the same drawing gets the same picture."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, *x.shape[1:], generator=generator).to(x.device)


# --------------------------------------------------------------------------------------------------
# Which parts of a photo spoke for the answer, and which against

PHOTO_STEPS = 8  # points on the path from the blurred photo; fewer serve worse on large networks
BLUR = 4.0  # pixels: a photo of 32x32 so blurred keeps its colours and shows nothing
SOFTENED = 1.0  # pixels, as SPREAD: what is said of a part holds for its surroundings


def photo_saliency(model: Network, x: Tensor, label: int, steps: int = PHOTO_STEPS) -> Tensor:
    """How much each part of a photo spoke for one class.

    Integrated gradients as in `saliency`, computed by captum, and from another start: a photo has no blank
    paper, and black or grey would speak too, so the path begins at the same photo, blurred (Sturmfels,
    Lundberg and Lee, "Visualizing the Impact of Feature Attribution Baselines", 2020).  With many
    steps the pixels add up to score(photo) - score(blurred photo); with PHOTO_STEPS about: on `photos` the sum was
    0.7 to 1.2 times that over the example photos, and with 3 steps 0 to 1.8 times.  Of the ways that
    `benchmarks explain photos` compares it is the most faithful, for a small network and for the largest, at the
    price of `steps` forward and backward passes.

    Args:
        model: in evaluation mode.
        x: network input of one photo, (1, C, H, W), more than 12 pixels a side.
        label: index of the class.

    Returns:
        (H, W), in logits: positive where the photo spoke for `label`, negative where against it.
    """
    from captum.attr import IntegratedGradients  # here, for importing it takes half a second

    x = x.clone()  # a tensor made in inference mode has no gradient, but its copy may
    found = IntegratedGradients(model).attribute(x, blurred(x), target=label, n_steps=steps)
    return blurred(found.detach().sum(dim=1, keepdim=True), SOFTENED)[0, 0]


def blurred(x: Tensor, deviation: float = BLUR) -> Tensor:
    """x (B, C, H, W) under a Gaussian of so many pixels, mirrored at its edges."""
    reach, channels = round(3 * deviation), x.shape[1]
    places = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    weights = (-0.5 * (places / deviation) ** 2).softmax(dim=0)
    kernel = (weights[:, None] * weights).expand(channels, 1, -1, -1)
    return functional.conv2d(functional.pad(x, (reach,) * 4, mode="reflect"), kernel, groups=channels)


# --------------------------------------------------------------------------------------------------
# What would make it another digit

TOUCHES = 8  # pen touches at most; two or three do nearly always
GOAL = 0.7  # probability of the wanted class at which no more is changed
TRIED = 12  # touches tried in earnest each time, of all those that the gradient ranks
BRUSH_RADIUS = 1.2  # pixels: as thick as the strokes of a digit that is 20 pixels high
BRUSH_SIDE = 7  # pixels of the square that holds a touch


@dataclass(frozen=True)
class Counterfactual:
    """A change of a picture, made for a wanted answer.

    Attributes:
        x: the changed network input, (1, 1, H, W), within the range of the original's values.
        change: (H, W) in -1 to 1: ink added (positive) or taken away (negative), where 1 is full ink.
        probability: of the wanted class, once changed.
        reached: the wanted class is now the likeliest.
    """

    x: Tensor
    change: Tensor
    probability: float
    reached: bool


def counterfactual(model: Network, x: Tensor, target: int, temperature: float = 1.0) -> Counterfactual:
    """The few touches of pen and eraser that make the network read a picture as another class.

    Gradient ascent on single pixels finds a haze that no hand would draw.  So the change is made of
    touches: a dot or a short line, in one of four directions, that is drawn so that it hangs on what
    is there, or erased.  Each time, the gradient of the target's log-probability ranks every touch at
    every place by what it promises to first order, averaged over slightly noisy copies of the
    picture; the most promising are tried in earnest, and the best one stays (a greedy search, as in
    Goyal et al., "Counterfactual Visual Explanations", 2019, with touches for their patches).

    Args:
        model: in evaluation mode, with one input channel.
        x: network input of one picture, (1, 1, H, W), light ink on dark paper; its least and greatest
            values are paper and full ink.
        target: index of the wanted class.
        temperature: what the logits are divided by, as in `Recipe.temperature`.
    """
    x = x.detach()
    paper, full = x.aminmax()
    scale = (full - paper).clamp(min=1e-6)
    original = ink = (x - paper) / scale  # (1, 1, H, W) in 0 to 1
    brushes = _brushes().to(x.device)
    noise = 0.15 * _noise(3, x)
    for _ in range(TOUCHES):
        copies = torch.cat([ink, ink + noise]).requires_grad_()
        chances = (model(paper + scale * copies) / temperature).log_softmax(dim=1)[:, target]  # (4,)
        if chances[0].exp() >= GOAL:
            break
        gradient = torch.autograd.grad(chances.sum(), copies)[0].mean(dim=0, keepdim=True)
        candidates = _touched(ink, gradient, brushes)
        with torch.no_grad():
            chances = (model(paper + scale * candidates) / temperature).log_softmax(dim=1)[:, target]
            ink = candidates[chances.argmax()][None]
    changed = paper + scale * ink
    with torch.no_grad():
        probs = (model(changed) / temperature).softmax(dim=1)[0]
    reached = int(probs.argmax()) == target
    return Counterfactual(changed, (ink - original)[0, 0], float(probs[target]), reached)


def _touched(ink: Tensor, gradient: Tensor, brushes: Tensor) -> Tensor:
    """`ink` (1, 1, H, W) with each of the TRIED most promising touches, (TRIED, 1, H, W)."""
    height, width = ink.shape[2:]
    places, margin = height * width, BRUSH_SIDE // 2
    kinds = len(brushes)
    touch = brushes.flatten(1)[:, :, None]  # (kinds, pixels of a brush, 1)
    there = nn.functional.unfold(ink, BRUSH_SIDE, padding=margin)  # (1, pixels of a brush, places)
    slope = nn.functional.unfold(gradient, BRUSH_SIDE, padding=margin)
    drawn = (slope * (touch - there).clamp(min=0)).sum(dim=1)  # (kinds, places), first-order gain
    erased = -(slope * (touch + there - 1).clamp(min=0)).sum(dim=1)
    hangs_on = torch.minimum(touch, there).sum(dim=1) > 1  # a pixel's worth of ink is touched
    gain = torch.cat([drawn.masked_fill(~hangs_on, 0.0), erased])  # (2 kinds, places)
    best = gain.flatten().topk(TRIED).indices
    where, which = best % places, best // places
    marks = ink.new_zeros(TRIED, 1, height + 2 * margin, width + 2 * margin)
    for mark, spot, brush in zip(marks, where.tolist(), (which % kinds).tolist(), strict=True):
        top, left = divmod(spot, width)
        mark[0, top : top + BRUSH_SIDE, left : left + BRUSH_SIDE] = brushes[brush]
    marks = marks[:, :, margin:-margin, margin:-margin]  # (TRIED, 1, H, W)
    draws = (which < kinds).view(-1, 1, 1, 1)
    return torch.where(draws, torch.maximum(ink, marks), torch.minimum(ink, 1 - marks))


def _brushes() -> Tensor:
    """A dot, and lines of four pixels at 0, 45, 90 and 135 degrees: (5, BRUSH_SIDE, BRUSH_SIDE) in 0 to 1."""
    half = torch.arange(BRUSH_SIDE) - float(BRUSH_SIDE // 2)
    y, x = torch.meshgrid(half, half, indexing="ij")
    shapes = [(x.square() + y.square()).sqrt()]  # distance of each pixel from the dot ...
    for angle in torch.arange(4) * (torch.pi / 4):
        along = (x * angle.cos() + y * angle.sin()).clamp(-2, 2)
        shapes.append(((x - along * angle.cos()).square() + (y - along * angle.sin()).square()).sqrt())  # ... or line
    return (BRUSH_RADIUS + 0.5 - torch.stack(shapes)).clamp(0, 1)
