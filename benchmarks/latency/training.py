"""How lively is the Train tab?  How soon a closed tab's place is free, and how often the page tells of a run.

    python -m benchmarks latency training                       the built-in digits
    python -m benchmarks latency training --recipe photos       the largest network; its steps take the longest

Starts the app; two visitors, each in a Chromium context of their own, train the same recipe.  The first closes the
tab, some seconds after its run is under way or as soon as the second one waits, and it is counted how long the second
one then waits.  Then one visitor watches a run: how often its figures change, the longest time
between two changes, and how many of the page's own tasks held it up for more than 50 ms.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.browser import add_chromium, served

EPOCHS = 5000  # longer than anybody watches
WAITS = (3.0, 0.0)  # seconds from when the second visitor waits to the closing of the first one's tab

# In the page: when the run's told progress changed, and the tasks that took long.
WATCH = """() => {
  window.changes = []; window.tasks = 0;
  new MutationObserver(() => window.changes.push(performance.now()))
    .observe(document.querySelector(".run > .told"), { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((list) => { window.tasks += list.getEntries().length; }).observe({ type: "longtask" });
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="digits-demo")
    parser.add_argument("--times", type=int, default=5, help="how often a tab is closed (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="how long a run is watched (default: %(default)s)")
    add_chromium(parser)


def run(options: argparse.Namespace) -> int:
    with served(options.chromium) as (url, browser):
        print(f"{options.recipe}: seconds until a closed tab's place was free, {options.times} times\n")
        print("| closed after its run had gone on for | median | most |\n|---|---:|---:|")
        for wait in WAITS:
            ages, found = zip(*(freed(browser, url, options.recipe, wait) for _ in range(options.times)), strict=True)
            print(f"| {min(ages):.1f} to {max(ages):.1f} s | {median(found):.2f} | {max(found):.2f} |", flush=True)
        gaps, tasks = watched(browser, url, options.recipe, options.seconds)
    print(f"\nIn {options.seconds} s the page told {len(gaps) + 1} times of the run,")
    if gaps:
        print(f"every {median(gaps):.2f} s in the median and {max(gaps):.2f} s at most; {tasks} tasks took over 50 ms.")
    return 0


def visitor(browser: Browser, url: str, recipe: str) -> Page:
    """A page of its own, where a long run of the recipe can be started."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    page.get_by_role("tab", name="Train").click()
    page.wait_for_selector("#start")
    page.locator("#set-recipe").select_option(recipe)
    page.locator("#set-epochs").fill(str(EPOCHS))
    return page


def freed(browser: Browser, url: str, recipe: str, wait: float) -> tuple[float, float]:
    """Seconds from the start of the first visitor's run to the closing of its tab, and from there to the next run."""
    first, second = visitor(browser, url, recipe), visitor(browser, url, recipe)
    first.locator("#start").click()
    first.wait_for_selector(".run[data-status=running]")
    began = time.monotonic()
    second.locator("#start").click()
    second.wait_for_selector(".run[data-status=waiting]")
    first.wait_for_timeout(1000 * wait)
    closed = time.monotonic()
    first.context.close()
    second.wait_for_selector(".run[data-status=running]", timeout=60_000)
    seconds = time.monotonic() - closed
    second.context.close()
    return closed - began, seconds


def watched(browser: Browser, url: str, recipe: str, seconds: int) -> tuple[list[float], int]:
    """The seconds between two changes of what the page tells of a run, and its long tasks."""
    page = visitor(browser, url, recipe)
    page.locator("#start").click()
    page.wait_for_function("() => /[0-9]/.test(document.querySelector('[data-figure=speed]').textContent)")
    page.evaluate(WATCH)
    page.wait_for_timeout(1000 * seconds)
    changes, tasks = page.evaluate("[window.changes, window.tasks]")
    page.context.close()
    return [(after - before) / 1000 for before, after in pairwise(changes)], tasks
