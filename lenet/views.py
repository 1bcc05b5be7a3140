"""More looks at a photo where the first gives no sure answer: which squares of it, and why those.

| look | why |
|---|---|
| both ends of the longer side | what a photo shows often stands to one side |
| the whole picture, padded | or is longer than the middle is wide |
| a pixel to and fro | where there is nowhere else to look: an answer should not hang on how the pixels fell |
| each of these mirrored | most things look as likely the other way round |

Chosen on CIFAR-10's validation split, as it is, cut to other proportions, and on canvases off the middle:
benchmarks/photo_views.py.  A tighter middle was tried there, and did harm.
"""

from __future__ import annotations

from dataclasses import replace

from lenet.preprocess import PHOTO_SIDE, Box, Square, square_of

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def more(size: tuple[int, int], box: Box | None = None) -> tuple[Square, ...]:
    """The squares to look at in a picture of `size` (width, height) beside `square_of(size, box)`, each once.

    A chosen box says where to look: only without one are the ends and the whole looked at.
    """
    first = square_of(size, box)
    places = dict.fromkeys((first, *(_elsewhere(size) if box is None else ())))
    if len(places) == 1:
        places |= dict.fromkeys(_shifted(first))
    _, *others = (replace(place, mirrored=mirrored) for place in places for mirrored in (False, True))
    return tuple(others)


def _elsewhere(size: tuple[int, int]) -> tuple[Square, ...]:
    side = min(size)
    return Square(0, 0, side), Square(size[0] - side, size[1] - side, side), square_of(size, WHOLE)


def _shifted(first: Square) -> tuple[Square, ...]:
    """Up and to the left, and down and to the right, by a pixel of what the network sees, if there are as many."""
    step = round(first.side / PHOTO_SIDE)
    return tuple(replace(first, left=first.left + way, top=first.top + way) for way in (-step, step))
