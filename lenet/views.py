"""More looks at a photo, for an answer that is unsure: which squares of it, and why those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lenet.preprocess import Box, Square, square_of

Size = tuple[int, int]  # width and height of an upright picture

TIGHT = 0.75  # of the first square's side


def mirrored(first: Square, size: Size) -> Iterator[Square]:
    yield replace(first, mirrored=not first.mirrored)


def shifted(first: Square, size: Size) -> Iterator[Square]:
    step = max(1, round(first.side / 32))
    for way in (-step, step):
        yield replace(first, left=first.left + way, top=first.top + way)


def tighter(first: Square, size: Size) -> Iterator[Square]:
    side = max(1, round(TIGHT * first.side))
    margin = (first.side - side) // 2
    yield Square(first.left + margin, first.top + margin, side)


def ends(first: Square, size: Size) -> Iterator[Square]:
    side = min(size)
    yield Square(0, 0, side)
    yield Square(size[0] - side, size[1] - side, side)


def whole(first: Square, size: Size) -> Iterator[Square]:
    yield square_of(size, (0, 0, 1, 1))


Look = Callable[[Square, Size], Iterator[Square]]
VIEWS: dict[Look, str] = {
    mirrored: "most things look as likely from the other side, and the network learned both",
    shifted: "a pixel to and fro tells an answer from an accident of the sampling",
}
ANYWHERE: dict[Look, str] = {
    ends: "what a photo shows often stands to one side",
    whole: "or is larger than the middle",
    tighter: "or smaller",
}


def more(size: Size, box: Box | None = None) -> tuple[Square, ...]:
    """The squares to look at in a picture of `size` beside `square_of(size, box)`: each of them once.

    A chosen box says where to look: only without one is it looked for elsewhere.
    """
    first = square_of(size, box)
    looks = (*VIEWS, *(ANYWHERE if box is None else ()))
    squares = dict.fromkeys(square for look in looks for square in look(first, size))
    squares.pop(first, None)
    return tuple(squares)
