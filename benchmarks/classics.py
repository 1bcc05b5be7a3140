"""Are the published claims reproduced?  Every classic recipe, three seeds each, as one table.

    python -m benchmarks classics --out runs/classics --jobs 2

Each run is `python train.py RECIPE --seed N` in a process of its own, and its network stays in the folder:
what was interrupted goes on where it was, and what is done is only read.  The claims are of the official test
images; where this was measured, 9,000 of CIFAR-10's 10,000 were JPEG copies (quality 75) and the first 1,000
lossless, so both are given and a claim is held against all of them.  Accuracies are those of the network that
the recipe keeps, the last epoch's or the best by validation loss, and no run is left out.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from statistics import mean

from lenet.data.datasets import load as load_dataset
from lenet.errors import LeNetError
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.models.network import count_parameters
from lenet.training.loop import evaluate, pick_device
from lenet.training.metrics import accuracy
from lenet.training.recipes import RECIPES, Recipe, recipe_named

TRAIN = Path(__file__).parents[1] / "train.py"
# `Recipe.claims` as numbers: test accuracies, of which "60-odd" says no more than 0.6
CLAIMS = {
    "mnist-lenet5-1998": 1 - 0.0095,
    "mnist-lenet5-sigmoid": 0.9826,
    "mnist-lenet5-bn": 0.988,
    "cifar10-lenet5-sgd": 0.5931,
    "cifar10-lenet5-linear": 0.6,
    "cifar10-resnet-mini": 0.6,
    "cifar10-lenet5-adam": 0.6,
    "cifar10-lenet-wide": 0.72,
    "keras-lenet": 0.6,
    "keras-lenet-wide": 0.7,
}
TOLERANCE = 0.01  # a mean this far below its claim still reproduces it
CLASSICS = [name for name, recipe in RECIPES.items() if recipe.source != "this project"]
HEAD = (
    "| recipe | claim | runs | first 1,000 | all test images | lowest to highest | training images "
    "| parameters | seconds a run | device | reproduced |\n|---|---|" + "---:|" * 7 + "---|---|"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="+", metavar="RECIPE", help="default: all that have a source")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N - 1")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time; they share the processor")
    parser.add_argument("--data", metavar="DIR", help="where data sets live (default: LENET_DATA, or the cache)")
    parser.add_argument("--out", type=Path, default=Path("runs/classics"), metavar="DIR", help="where networks stay")


def run(options: argparse.Namespace) -> int:
    if min(options.seeds, options.jobs) < 1:
        raise LeNetError("--seeds and --jobs must be 1 or more.")
    try:
        recipes = [recipe_named(name) for name in options.only or CLASSICS]
        report(recipes, options, pick_device(options.device).type)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130  # what a shell reports for a program that Ctrl-C ended
    return 0


def report(recipes: Sequence[Recipe], options: argparse.Namespace, device: str) -> None:
    """Do the runs, say on stderr how each ended, and print the table."""
    runs: dict[str, list[Checkpoint]] = {recipe.name: [] for recipe in recipes}
    skipped: dict[str, str] = {}
    seeds = range(options.seeds)
    todo = [recipe.with_changes(seed=seed) for recipe in recipes for seed in seeds]
    for recipe, found in measured(todo, options.out, device, options.jobs, options.data):
        if isinstance(found, str):
            skipped[recipe.name] = found
            continue
        runs[recipe.name].append(found)
        metrics = found.metrics
        sentence = f"{metrics['test_accuracy']:.2%} after {metrics['train_seconds']:,.0f} s"
        print(f"{recipe.name}, seed {recipe.seed}: {sentence}", file=sys.stderr, flush=True)
    print(HEAD)
    for name, found_runs in runs.items():
        if found_runs:
            print(table_row(name, found_runs))
    for name, sentence in skipped.items():
        print(f"\n`{name}` was skipped: {sentence}")


# --------------------------------------------------------------------------------------------------
# The runs


def measured(
    recipes: Sequence[Recipe], out: Path, device: str, jobs: int, data: str | None = None
) -> Iterator[tuple[Recipe, Checkpoint | str]]:
    """Each recipe with its network, or with the sentence that says why there is none, in the order they end.

    A network that `out` holds already is not trained again, unless its recipe has changed since.

    Args:
        jobs: how many train at the same time, each in a process of its own.
    """
    threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or max(1, (os.cpu_count() or 1) // jobs)
    pool = ThreadPoolExecutor(max_workers=jobs)
    runs = {}
    for recipe in recipes:
        path = out / f"{recipe.name}-seed-{recipe.seed}.safetensors"
        runs[pool.submit(trained, recipe, path, device, threads, data)] = recipe, path
    try:
        for run in as_completed(runs):
            recipe, path = runs[run]
            yield recipe, run.result() or _completed(path, device, _shared(device, threads, jobs), data)
    finally:  # Ctrl-C stops the running ones too, which save what they have
        pool.shutdown(cancel_futures=True)


def trained(recipe: Recipe, path: Path, device: str, threads: int, data: str | None = None) -> str:
    """See to it that `path` holds this recipe's network; "" or, where that cannot be, train.py's own sentence."""
    resume = path.with_name(f"{path.stem}.resume.safetensors")
    if _is_of(path, recipe):
        return ""
    if resume.exists() and (recipe.framework == "keras" or not _is_of(resume, recipe)):
        resume.unlink()  # Keras cannot go on where it was
    run = ["--resume", str(resume)] if resume.exists() else [recipe.name, "--seed", str(recipe.seed)]
    done = subprocess.run(
        [
            *(sys.executable, str(TRAIN), *run, "--device", device, "--out", str(path)),
            *(("--data", data) if data else ()),
        ],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    *_, last = ["train.py said nothing.", *filter(None, (line.strip() for line in re.split(r"[\r\n]", done.stderr)))]
    return last.removeprefix("error: ")


def _is_of(path: Path, recipe: Recipe) -> bool:
    try:
        found = load(path).recipe
        return found == recipe.with_changes(about=found.about, source=found.source, claims=found.claims)
    except LeNetError:
        return False


def _completed(path: Path, device: str, shared: str, data: str | None) -> Checkpoint:
    """The network at `path`, whose file says after this also what it gets right of what it learned from."""
    checkpoint = load(path)
    if "train_accuracy" in checkpoint.metrics:
        return checkpoint
    train = _dataset(checkpoint.recipe.dataset, data).train
    logits = evaluate(checkpoint.model.to(pick_device(device)), train.images, checkpoint.recipe.input)
    checkpoint = replace(
        checkpoint,
        metrics={**checkpoint.metrics, "train_accuracy": accuracy(logits, train.labels)},
        versions={**checkpoint.versions, "device": checkpoint.versions.get("device", device) + shared},
    )
    save(path, checkpoint)
    return checkpoint


_dataset = lru_cache(maxsize=2)(load_dataset)


def _shared(device: str, threads: int, jobs: int) -> str:
    """How much of the machine a run had, to be read behind the device's name."""
    own = f", {threads} thread{'s' if threads > 1 else ''}" if device == "cpu" else ""
    return own + (f", {jobs} at a time" if jobs > 1 else "")


# --------------------------------------------------------------------------------------------------
# The table


def table_row(name: str, runs: Sequence[Checkpoint]) -> str:
    """One line of the table; the seconds are of training alone, without start and data."""
    recipe = runs[0].recipe
    found = [run.metrics["test_accuracy"] for run in runs]
    first = mean(run.metrics["test_accuracy_first_1000"] for run in runs) if recipe.dataset == "cifar10" else None
    cells = (
        f"`{name}`",
        recipe.claims or "-",
        str(len(runs)),
        "-" if first is None else f"{first:.2%}",
        f"{mean(found):.2%}",
        f"{min(found):.2%} to {max(found):.2%}",
        f"{mean(run.metrics['train_accuracy'] for run in runs):.2%}",
        f"{count_parameters(runs[0].model):,}",
        f"{mean(run.metrics['train_seconds'] for run in runs):,.0f}",
        "; ".join(sorted({_where(run) for run in runs})),
        verdict(CLAIMS.get(name), found),
    )
    return "| " + " | ".join(cells) + " |"


def _where(run: Checkpoint) -> str:
    keras = run.versions.get("keras")
    return run.versions["device"] + (f", Keras {keras}" if keras else "")


def verdict(claim: float | None, accuracies: Sequence[float]) -> str:
    """Whether the mean accuracy is within TOLERANCE of the claim, or better; "-" where nothing was claimed."""
    if claim is None:
        return "-"
    missing = claim - mean(accuracies)
    return "yes" if missing <= TOLERANCE + 1e-9 else f"no, {100 * missing:.1f} points short"
