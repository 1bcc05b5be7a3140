"""How much memory does a run on CIFAR-10 take?  Its peak resident size, of a process of its own.

    python -m benchmarks memory run

Trains LeNet-5 by the recipe cifar10-lenet5-adam for one epoch through train.py, from the first import to the
written weights.  Resident memory counts pages of PyTorch's own libraries too, which a process that only
imports it has as well: the first row.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
GOAL = 1200  # MB


def peak(command: list[str]) -> float:
    """The peak resident size in MB of a child process that runs `command`, of the largest so far in this process."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit((done.stderr.strip() or f"It ended with status {done.returncode}.").splitlines()[-1])
    found = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return found / 1e6 if sys.platform == "darwin" else found * 1024 / 1e6  # bytes there, KiB on Linux


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="cifar10-lenet5-adam")
    parser.add_argument("--device", default="cpu")


def run(options: argparse.Namespace) -> None:
    print("| process | peak resident, MB |\n|---|---|")
    print(f"| import torch | {peak([sys.executable, '-c', 'import torch']):,.0f} |", flush=True)
    with TemporaryDirectory() as folder:
        out = str(Path(folder) / "net.safetensors")
        run = [options.recipe, "--epochs", "1", "--device", options.device, "--out", out]
        found = peak([sys.executable, "train.py", *run])
    print(f"| train.py {' '.join(run[:-2])} | {found:,.0f} |")
    print(f"\n{'Under' if found < GOAL else 'Over'} the goal of {GOAL:,} MB.")
