"""NumPy's arrays and other plain values in a file of PyTorch, read without any of NumPy's own unpickling.

    with safe_globals(PLAIN):
        content = torch.load(path, weights_only=True)

PyTorch lets a caller name further classes that a file may build.  NumPy's would trust what the file says of their
memory, so harmless ones of our own stand for them: an array is its bytes and how to read them, a scalar is nothing, and
a defaultdict is a dict.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

_NUMBERS = re.compile(r"[biufc][1-8]|c16")  # NumPy's names of kinds of plain numbers


class Kind:
    """What numpy.dtype would be: the name of a kind of numbers, and the order of their bytes."""

    def __init__(self, name: Any, *_: Any) -> None:
        self.name, self.order = str(name), "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1])

    def numbers(self) -> np.dtype:
        """The same for NumPy.  ValueError for what is no plain number: texts, dates, objects, records."""
        if not _NUMBERS.fullmatch(self.name) or self.order not in ("<", ">", "=", "|"):
            raise ValueError(f"an array of {self.name}")
        return np.dtype(self.order + self.name)


class Array:
    """What numpy.ndarray would be."""

    shape: tuple[int, ...] = ()

    def __init__(self, *_: Any) -> None:
        self._state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.shape, self._state = tuple(map(int, state[1])), state

    def tensor(self) -> Tensor:
        """Its numbers.  ValueError where they are none, or not as many as its shape has."""
        _, shape, kind, columns_first, content = self._state
        if not (isinstance(kind, Kind) and isinstance(content, bytes)):
            raise ValueError("an array of other things than numbers")
        array = np.frombuffer(content, kind.numbers()).reshape(shape, order="F" if columns_first else "C")
        return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))


def nothing(*_: Any) -> None:
    """What stands for values beside the tensors: NumPy's scalars, and what a defaultdict makes."""


def no_bytes() -> bytes:
    """How a pickle of this protocol says b""."""
    return b""


def plain_dict(*_: Any) -> dict[Any, Any]:
    """What collections.defaultdict would be, while it is empty."""
    return {}


PLAIN: list[Any] = [
    (Kind, "numpy.dtype"),
    (Array, "numpy.ndarray"),
    *((Array, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
    *((nothing, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    (no_bytes, "builtins.bytes"),
    (plain_dict, "collections.defaultdict"),
    *((nothing, f"builtins.{name}") for name in ("dict", "list", "int", "float", "str")),
]
