"""What do `import lenet` and the page's start cost over `import torch` and `import gradio`?

    python -m benchmarks memory imports

Each row is the median of fresh processes, which take turns. Megabytes are of resident memory. The goal for
`import lenet` is 0.3 s and 40 MB. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from statistics import median

ROWS = {  # what is measured, and what the process has imported before
    "import lenet": "torch",
    "import lenet, lenet.ui.page": "torch, gradio",
    "import lenet.ui.page; demo = lenet.ui.page.build()": "torch, gradio",
    "import torchvision": "torch",
}
PROGRAM = """
import time, {before}
def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) * 1024 / 1e6
megabytes, began = resident(), time.perf_counter()
{statement}
print(time.perf_counter() - began, resident() - megabytes)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=5, help="processes a row (default: %(default)s)")


def run(options: argparse.Namespace) -> None:
    found: dict[str, list[tuple[float, float]]] = {statement: [] for statement in ROWS}
    for _ in range(options.times):
        for statement, before in ROWS.items():
            found[statement].append(cost(statement, before))
    print("| statement | after importing | seconds | MB |\n|---|---|---:|---:|")
    for statement, costs in found.items():
        seconds, megabytes = (median(column) for column in zip(*costs, strict=True))
        print(f"| `{statement}` | {ROWS[statement]} | {seconds:.2f} | {megabytes:.0f} |")


def cost(statement: str, before: str) -> tuple[float, float]:
    """Seconds and megabytes that a statement takes in a fresh process that has imported `before`."""
    program = PROGRAM.format(statement=statement, before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split()[-2:])
    return seconds, megabytes
