"""Does a whole class train at once?  Seconds until each visitor has their curves and a network of their own.

    python -m benchmarks classroom                 30 visitors press the MNIST card at once
    python -m benchmarks classroom --visitors 10 --recipe digits-demo

A visitor asks as train/view.js does: for what is new, again and again, and at the end for the network's file.  The
visitors are threads of one process, which shares the cores with the server.  Loopback only.  Linux only.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.load import Server, machine_load, resident, served
from lenet.training.recipes import RECIPES
from lenet.ui.train import settings
from lenet.ui.train.run import ACTIVE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--recipe", default="mnist-demo", choices=list(settings.listed()))


@dataclass(frozen=True)
class Pupil:
    """Seconds until their first point, until all is drawn, and until they had the file; its digest; points drawn."""

    first: float
    ended: float
    file: float
    digest: str
    points: int


def run(options: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder, served(Path(folder)) as (url, process):
        pages = [Server(url) for _ in range(options.visitors)]
        alone = _press(pages[0], options.recipe, seed=1)  # what a first run imports and loads is there then
        print(f"One visitor alone: {alone.file:.1f} s.", flush=True)
        before, load = resident(process), machine_load()
        start = threading.Barrier(options.visitors)
        with ThreadPoolExecutor(options.visitors) as pool:
            pupils = list(pool.map(lambda page: _press(page, options.recipe, 0, start), pages))
        print(
            f"{options.visitors} visitors, {options.recipe}; load of the machine {load} before, {machine_load()} after."
        )
        print(f"Memory of the server: {before:,.0f} MB before, {resident(process):,.0f} MB after.")
        print(f"Networks: {len({pupil.digest for pupil in pupils})} by their weights.\n")
        print("| seconds after the press | first | median | last | last after the first |\n|---|---:|---:|---:|---:|")
        for name, seconds in {
            "first point of a curve": [pupil.first for pupil in pupils],
            "curves complete": [pupil.ended for pupil in pupils],
            "own network downloaded": [pupil.file for pupil in pupils],
        }.items():
            row = (min(seconds), np.median(seconds), max(seconds), max(seconds) - min(seconds))
            print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in row) + " |")
        print(f"\nPoints of a training curve: {min(p.points for p in pupils)} to {max(p.points for p in pupils)}.")


def _press(page: Server, recipe: str, seed: int, start: threading.Barrier | None = None) -> Pupil:
    visitor = os.urandom(16).hex()
    wanted = {"recipe": recipe} | settings.of(RECIPES[recipe]) | {"seed": seed}
    if start is not None:
        start.wait()
    began = time.monotonic()
    reply = page.ask("begin", {"visitor": visitor, "settings": wanted})
    run, looked, first = reply["run"], 0, 0.0
    known: dict[str, Any] = {}
    while True:
        (facts,) = page.ask("look", {"visitor": visitor, "known": known, "watched": run, "wait": True})["runs"]
        if "version" not in facts:
            continue
        train = facts["train"]
        points = train["first"] + len(train["points"])
        looked = facts["snapshot"]["number"] if facts["snapshot"] else looked
        known = {run: [facts["version"], [train["merged"], points], [0, 0], looked]}
        first = first or (points and time.monotonic() - began)
        if facts["status"] not in ACTIVE:
            break
    ended = time.monotonic() - began
    assert facts["status"] == "done", facts
    file = base64.b64decode(page.ask("download", {"visitor": visitor, "run": run})["file"])
    return Pupil(first, ended, time.monotonic() - began, hashlib.sha256(file).hexdigest(), points)
