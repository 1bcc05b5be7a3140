"""Whether decoded pictures and labels are those of a data set: their checksums, and what else is known of them.

What counts is the pixels and labels, for mirrors pack them in files of different kinds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lenet.data.formats import Decoded, Part


@dataclass(frozen=True)
class Block:
    """The SHA-256 of so many pictures in a row, and of their labels."""

    images: str
    labels: str


@dataclass(frozen=True)
class Expected:
    """What a split must be.

    Attributes:
        shape: (N, C, H, W).
        blocks: of all of it, in equal parts; mirrors may have the parts in another order.  () where no copy was at
            hand to make checksums of.
        head: (how many, their Block) of the beginning, where only that is known.
        mean, std: of all pixels as fractions, to 4 digits, where the checksums do not cover all.
        balanced: every label is there equally often.
    """

    shape: tuple[int, int, int, int]
    blocks: tuple[Block, ...] = ()
    head: tuple[int, Block] | None = None
    mean: float | None = None
    std: float | None = None
    balanced: bool = False


def verified(decoded: Decoded, expected: Mapping[str, Expected]) -> Decoded:
    """The same, in the order of the data set's own site.

    Raises:
        ValueError: it is not that data set.
    """
    return {name: _verified(decoded[name], wanted) for name, wanted in expected.items()}


def _verified(part: Part, wanted: Expected) -> Part:
    if part.images.dtype != np.uint8 or part.images.shape != wanted.shape or len(part.labels) != wanted.shape[0]:
        raise ValueError("its shape")
    part = _in_order(part, wanted.blocks)
    if wanted.head is not None:
        count, block = wanted.head
        if _block(part.images[:count], part.labels[:count]) != block:
            raise ValueError("its first pictures")
    if wanted.balanced and len(set(np.bincount(part.labels).tolist())) != 1:
        raise ValueError("its labels")
    if wanted.mean is not None and wanted.std is not None:
        histogram = np.bincount(part.images.reshape(-1), minlength=256) / part.images.size
        levels = np.arange(256) / 255
        mean = float(histogram @ levels)
        if abs(mean - wanted.mean) > 1e-4 or abs(float(histogram @ (levels - mean) ** 2) ** 0.5 - wanted.std) > 1e-4:
            raise ValueError("its pixels")
    return part


def _block(images: np.ndarray, labels: np.ndarray) -> Block:
    pixels = hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
    return Block(pixels, hashlib.sha256(np.ascontiguousarray(labels, dtype=np.uint8).data).hexdigest())


def _in_order(part: Part, blocks: tuple[Block, ...]) -> Part:
    if not blocks:
        return part
    there = {}
    for images, labels in zip(np.split(part.images, len(blocks)), np.split(part.labels, len(blocks)), strict=True):
        there[_block(images, labels)] = Part(images, labels)
    if set(there) != set(blocks):
        raise ValueError("its pictures")
    found = [there[block] for block in blocks]
    return Part(np.concatenate([p.images for p in found]), np.concatenate([p.labels for p in found]))
