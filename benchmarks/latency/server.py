"""Milliseconds from a drawing to its answer on the server: one thread, one picture at a time.

    python -m benchmarks latency server FILE

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

300 pen drawings as the pad sends them, PNG files of 280x280 pixels, after 50 to warm up.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.held_out import add_source, readers
from lenet.data.strokes import Drawing, render
from lenet.preprocessing.digits import digit
from lenet.preprocessing.images import open_picture

WARM_UP, COUNT, PAD = 50, 300, 280


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)


def run(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    pairs = readers(options)
    print(
        "| network | decode | and preprocess | and predict, p50 | p95 | p50 less decode |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    for name, (classifier, drawings) in zip(options.network, pairs, strict=True):
        pictures = [png(d) for d in drawings[: WARM_UP + COUNT]]
        prepare = partial(digit, form=classifier.recipe.input)
        decode = [clock(open_picture, picture) for picture in pictures][WARM_UP:]
        preprocess = [clock(prepare, picture) for picture in pictures][WARM_UP:]
        predict = [clock(classifier.predict, picture) for picture in pictures][WARM_UP:]
        middles = [np.median(times) for times in (decode, preprocess, predict)]
        cells = (*middles, np.quantile(predict, 0.95), middles[2] - middles[0])
        print(f"| {Path(name).stem} | " + " | ".join(f"{value:.2f}" for value in cells) + " |")
    return 0


def png(drawing: Drawing) -> bytes:
    file = io.BytesIO()
    render(drawing.strokes, 20, PAD).convert("RGB").save(file, "PNG")
    return file.getvalue()


def clock(function: Callable[[bytes], object], picture: bytes) -> float:
    began = time.perf_counter()
    function(picture)
    return (time.perf_counter() - began) * 1000
