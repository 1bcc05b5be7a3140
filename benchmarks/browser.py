"""The app in a process of its own and a Chromium beside it, for what is measured in the page."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.conftest import FLAGS
from tests.serving import serve


def add_chromium(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser"))


@contextmanager
def served(chromium: str | None) -> Iterator[tuple[str, Browser]]:
    """Yields the page's address and the browser; both end with it."""
    with TemporaryDirectory() as folder, serve(Path(folder) / "app.log") as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield url, browser
        browser.close()
