"""What a network that learns a person's own drawings takes for none of them: training/digit_background.safetensors.

    python -m tools.digit_background FILE

FILE is pen_digits_30_writers.jsonl.gz.  The result holds what `digits` sees in some of the training writers' digits,
not the digits.  To be made anew when `digits` is trained anew.
"""

from __future__ import annotations

import sys
from collections.abc import Container
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from lenet.data.strokes import Drawing, read_drawings, render, writer_split
from lenet.preprocessing.digits import digit_image
from lenet.training.teaching import DIGITS_FILE, OF_A_DIGIT, SEEN, seen

WIDTHS = (6, 44)  # of the pen, in pixels of 400


def digits(drawings: list[Drawing], writers: Container[int]) -> Tensor:
    """uint8 (10 * OF_A_DIGIT, 1, 28, 28) of these writers, the zeros first."""
    rng, images = np.random.default_rng(0), []
    for label in range(10):
        some = [drawing for drawing in drawings if drawing.label == label and drawing.writer in writers]
        chosen = rng.choice(len(some), OF_A_DIGIT, replace=False)
        images += [digit_image(render(some[i].strokes, rng.uniform(*WIDTHS))) for i in chosen]
    return torch.from_numpy(np.stack(images))[:, None]


def write(path: Path, images: Tensor) -> None:
    """What the base network sees in `images`."""
    both = zip(SEEN, seen(images), strict=True)
    save_file({name: part.half().contiguous() for name, part in both}, path)


if __name__ == "__main__":
    everything = read_drawings(Path(sys.argv[1]))
    training, _, _ = writer_split(drawing.writer for drawing in everything)
    write(DIGITS_FILE, digits(everything, training))
