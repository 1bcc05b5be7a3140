"""Faster training on a processor.  Networks and their answers stay the same to within rounding.

    keep_freed_memory()       malloc keeps the memory that a step frees for the next step
    prepare(model)            convolutions of narrow maps learn from several images in a row (`SideBySide`)
    forward(network, x)       a small convolution and the pooling after it as one matrix product

Libraries are slow at convolutions of 3, 6 or 16 maps, because their vectors hold 16 numbers and more.  But if 2x2
pooling follows, 4 neighbouring outputs can be computed together.  They see a window of k+1 pixels a side, so

    4 neighbours (4 O, fields)  =  kernels at 4 offsets (4 O, C (k+1)^2)  @  windows (C (k+1)^2, fields)

is a product of well-shaped matrices.  Its windows overlap far less than those of a convolution, and pooling is
the maximum of its 4 blocks of rows.  Maps come first and images last, (C, H, W, B), so that numbers which are
moved or compared together lie side by side in memory.  Images last is Krizhevsky's idea (cuda-convnet, 2012).
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache, lru_cache
from typing import Any, cast

import torch
from torch import Tensor, nn


def prepare(model: nn.Module) -> None:
    """Make the convolutions of `model` `SideBySide` ones.  Layers, parameters and answers stay the same."""
    for layer in model.modules():
        if type(layer) is not nn.Conv2d or layer.bias is not None or layer.stride != (1, 1):
            continue
        if layer.padding == tuple(side // 2 for side in layer.kernel_size):
            layer.__class__ = SideBySide  # it keeps its parameters


class SideBySide(nn.Conv2d):
    """A convolution that is as fast on narrow maps as on wide ones: it joins several images in a row.

    oneDNN sums the gradient of bfloat16 weights along image rows.  It is fast with rows of 32 numbers and slow with
    7 or 3.  The zeros between the joined images are the padding that each image has anyway, so the result is the
    same to within rounding.  Forward and backward together take two thirds of the time with 7x7 maps and a third
    with 3x3.  A batch of a prime number of images gains nothing.

    Its stride is 1, and its output as large as its input.
    """

    WIDE, NARROW = 40, 8  # numbers in a row of joined images, and in a row of one of them, at most

    def forward(self, x: Tensor) -> Tensor:
        together = self._together(x)
        if together == 1:
            return super().forward(x)
        pictures = nn.functional.pad(x.permute(0, 2, 3, 1), (0, 0, 0, self.kernel_size[1] // 2))  # (B, H, W + 1, C)
        rows = pictures.view(-1, together, *pictures.shape[1:]).transpose(1, 2)  # (B / n, H, n, W + 1, C)
        z = super().forward(rows.flatten(2, 3).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)  # (B / n, H, n (W + 1), O)
        apart = z.unflatten(2, (together, -1))[:, :, :, : x.shape[3]].transpose(1, 2)  # (B / n, n, H, W, O)
        return apart.flatten(0, 1).permute(0, 3, 1, 2)

    def _together(self, x: Tensor) -> int:
        """How many images of x (B, C, H, W) to join in a row; 1 if joining is no faster."""
        if not (self.training and x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and len(x)):
            return 1
        if x.shape[3] > self.NARROW:
            return 1
        most = self.WIDE // (x.shape[3] + self.kernel_size[1] // 2)
        return max(n for n in range(1, most + 1) if len(x) % n == 0)


# Where this is faster than PyTorch's own layers: `benchmarks training step`
MOST_MAPS, MOST_IMAGES = 16, 256


def forward(network: nn.Sequential, x: Tensor) -> Tensor:
    """network(x) for x (B, C, H, W).  Each small convolution with 2x2 maximum pooling is one product."""
    if len(x) > MOST_IMAGES:
        return cast(Tensor, network(x.contiguous(memory_format=torch.channels_last)))
    layers = list(network)
    while layers:
        if not _pooled(layers, x.shape[2:4]):
            x = layers.pop(0)(x)
            continue
        x = x.permute(1, 2, 3, 0)  # (C, H, W, B)
        while layers and (count := _pooled(layers, x.shape[1:3])):
            x = _conv_and_pool(x.contiguous(), layers[:count])
            del layers[:count]
        x = x.permute(3, 0, 1, 2)
    return x


def _pooled(layers: list[nn.Module], sides: tuple[int, ...]) -> int:
    """How many of the first layers are a convolution up to its pooling; 0 if they are not."""
    kinds = [type(layer) for layer in layers[:4]]
    if kinds[0] is not nn.Conv2d or nn.MaxPool2d not in kinds:
        return 0
    between = kinds[1 : kinds.index(nn.MaxPool2d)]
    conv, pool = cast(nn.Conv2d, layers[0]), cast(nn.MaxPool2d, layers[len(between) + 1])
    k = conv.kernel_size[0]
    fits = (
        conv.out_channels <= MOST_MAPS
        and (conv.stride, conv.padding, conv.dilation, conv.groups) == ((1, 1), (0, 0), (1, 1), 1)
        and conv.kernel_size == (k, k)
        and k % 2 == 1
        and conv.bias is not None
        and between in ([], [nn.ReLU], [nn.BatchNorm2d], [nn.BatchNorm2d, nn.ReLU])
        and (pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode) == (2, 2, 0, 1, False)
        # BatchNorm also counts the odd last row, which pooling drops
        and (nn.BatchNorm2d not in between or all((side - k + 1) % 2 == 0 for side in sides))
    )
    return len(between) + 2 if fits else 0


def _conv_and_pool(x: Tensor, layers: list[nn.Module]) -> Tensor:
    conv = cast(nn.Conv2d, layers[0])
    z = cast(Tensor, _Neighbours.apply(x, conv.weight, conv.bias))  # (4, O, fields, B)
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            z = layer(z)
    pooled = cast(Tensor, _Largest.apply(z))  # (O, fields, B)
    if any(isinstance(layer, nn.ReLU) for layer in layers):
        pooled = pooled.relu()  # behind the pooling, where it is the same and has a quarter of the work
    down, across = ((side - conv.kernel_size[0] + 1) // 2 for side in x.shape[1:3])
    return pooled.view(-1, down, across, x.shape[3])


@lru_cache(maxsize=64)
def _windows(channels: int, height: int, width: int, k: int) -> Tensor:
    """Which of C x H x W pixels each place (C, k+1, k+1) of each field's window shows, int64."""
    pixels = torch.arange(channels * height * width).view(channels, height, width)
    windows = pixels.unfold(1, k + 1, 2).unfold(2, k + 1, 2)  # (C, fields down, fields across, k+1, k+1)
    return windows.permute(0, 3, 4, 1, 2).reshape(-1)


@lru_cache(maxsize=8)
def _offsets(k: int) -> Tensor:
    """0 or 1, (k*k, 4 (k+1)^2): where each of a kernel's numbers stands in a window, for each of its 4 offsets."""
    places = torch.zeros(k, k, 2, 2, k + 1, k + 1)
    for down in range(2):
        for across in range(2):
            places[:, :, down, across, down : down + k, across : across + k] = torch.eye(k * k).view(k, k, k, k)
    return places.view(k * k, -1)


class _Neighbours(torch.autograd.Function):
    """x (C, H, W, B), kernels (O, C, k, k) and biases (O,) -> the 4 outputs of each 2x2 field, (4, O, fields, B)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor, biases: Tensor) -> Tensor:
        o, c, k, _ = kernels.shape
        count = x.shape[3]
        windows = x.view(-1, count).index_select(0, _windows(*x.shape[:3], k)).view(c * (k + 1) ** 2, -1)
        spread = (kernels.reshape(o * c, -1) @ _offsets(k)).view(o, c, 4, -1).permute(2, 0, 1, 3).reshape(4 * o, -1)
        ctx.save_for_backward(windows, spread)
        ctx.shapes = x.shape, kernels.shape
        return torch.addmm(biases.repeat(4)[:, None], spread, windows).view(4, o, -1, count)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        windows, spread = ctx.saved_tensors
        shape, (o, c, k, _) = ctx.shapes
        flat = grad.reshape(4 * o, -1)
        to_spread = (flat @ windows.T).view(4, o, c, -1).permute(1, 2, 0, 3).reshape(o * c, -1)
        to_kernels = (to_spread @ _offsets(k).T).view(o, c, k, k)
        to_x = None
        if ctx.needs_input_grad[0]:
            to_windows = (spread.T @ flat).view(-1, shape[3])
            to_x = grad.new_zeros(shape[:3].numel(), shape[3]).index_add_(0, _windows(*shape[:3], k), to_windows)
            to_x = to_x.view(shape)
        return to_x, to_kernels, grad.sum((0, 2, 3))


class _Largest(torch.autograd.Function):
    """The largest of 4, (4, ...) -> (...); the gradient goes to the first of them, as in max_pool2d."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        rows = torch.maximum(z[0::2], z[1::2])
        ctx.save_for_backward(z, rows)
        return torch.maximum(rows[0], rows[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        z, rows = ctx.saved_tensors
        # comparisons are written as 0.0 and 1.0, since a processor is seven times as slow with booleans
        to_rows, to_z = torch.empty_like(rows), torch.empty_like(z)
        torch.ge(rows[0], rows[1], out=to_rows[0]).mul_(grad)
        torch.sub(grad, to_rows[0], out=to_rows[1])
        torch.ge(z[0::2], z[1::2], out=to_z[0::2]).mul_(to_rows)
        torch.sub(to_rows, to_z[0::2], out=to_z[1::2])
        return to_z


# of glibc's malloc.h
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8


@cache
def keep_freed_memory() -> bool:
    """Make malloc keep freed memory for the rest of this process; returns whether that worked.

    By default glibc takes the memory of a large tensor from the system and returns it at once.  Then every step
    waits while the system clears the same pages again: an eighth of its time with 500 photos a batch.  Other C
    libraries are left as they are.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


@cache
def share_freed_memory(arenas: int = 2) -> bool:
    """Have all threads take memory from so few places, for the rest of this process; whether that could be had.

    By default glibc gives each new thread a place of its own, up to eight a core, and what a thread has freed there no
    other finds: a server with forty threads keeps many times what it uses.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, arenas))


def give_freed_memory_back() -> None:
    """Give the system what is free, which `keep_freed_memory` has malloc keep; it takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
