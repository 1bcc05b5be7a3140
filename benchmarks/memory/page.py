"""Does the Train tab stay as large as it is?  Megabytes of the server and of the page, on Linux.

    python -m benchmarks memory page                      30 runs in a row, and one of 10,000 steps
    python -m benchmarks memory page --runs 10 --steps 2000

Starts the app and trains in a real Chromium, on the built-in digits.  The server's figure is its resident
memory; the page's are what its JavaScript holds after a garbage collection, and its DOM nodes, detached ones
included.  A visitor keeps the newest eight runs, and each keeps its network, so the first eight may grow.
Below the table stand the errors that the page wrote to its console; there must be none.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

from playwright.sync_api import CDPSession, Page

from benchmarks.browser import add_chromium, served
from lenet.data.datasets import load

BATCH = 8  # images a step of the long run: small, since steps are what is counted
MINUTE = 60_000.0  # milliseconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=10_000)
    add_chromium(parser)


def run(options: argparse.Namespace) -> int:
    with served(options.chromium) as (url, browser):
        server = server_process()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.get_by_role("tab", name="Train").click()
        page.wait_for_selector("#start")
        heap = page.context.new_cdp_session(page)
        print("| | server, MB | page, MB | DOM nodes |\n|---|---:|---:|---:|")
        print(row("before the first run", server, heap))
        for number in range(1, options.runs + 1):
            begin(page, epochs=1)
            page.wait_for_selector(f".run[data-status=done]:has-text('Run {number}')", timeout=2 * MINUTE)
            if number in (1, 8) or number % 10 == 0:
                print(row(f"after run {number}", server, heap), flush=True)
        long_run(page, options.steps, server, heap, options.runs + 1)
    print("\n".join([f"\nErrors in the page's console: {len(errors)}", *errors]))
    return 1 if errors else 0


def long_run(page: Page, steps: int, server: int, heap: CDPSession, number: int) -> None:
    """One run of at least `steps` steps, with a row at each quarter."""
    epochs = math.ceil(steps * BATCH / len(load("digits").train))
    begin(page, epochs=epochs, batch_size=BATCH)
    name = f"Run {number}"
    for quarter in (1, 2, 3, 4):
        wanted = f"{name}: {epochs * quarter // 4} of {epochs} epochs"
        page.wait_for_function(
            """([name, epoch]) => {
              const text = (place) => document.querySelector(place).textContent;
              const [run, state] = [".run .name", ".run .state"].map(text);
              const ended = document.querySelector(".run").dataset.status === "done";
              return run === name && (ended || Number(state.match(/[0-9]+/)?.[0]) > epoch);
            }""",
            arg=[name, epochs * quarter // 4],
            timeout=20 * MINUTE,
        )
        print(row(wanted, server, heap), flush=True)


def begin(page: Page, **settings: int) -> None:
    for name, value in settings.items():
        page.locator(f"#set-{name.replace('_', '-')}").fill(str(value))
    page.locator("#start").click()


def server_process() -> int:
    """The id of the app that this process has started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return next(int(child) for child in children if b"app.py" in Path(f"/proc/{child}/cmdline").read_bytes())


def row(name: str, server: int, heap: CDPSession) -> str:
    lines = Path(f"/proc/{server}/status").read_text().splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1000
    heap.send("HeapProfiler.collectGarbage")
    used, nodes = heap.send("Runtime.getHeapUsage")["usedSize"] / 1e6, heap.send("Memory.getDOMCounters")["nodes"]
    return f"| {name} | {resident:.0f} | {used:.1f} | {nodes:,} |"
