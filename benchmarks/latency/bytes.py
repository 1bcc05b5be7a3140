"""How much does the page load before it answers a drawing by itself?  Kilobytes, as they travel.

    python -m benchmarks latency bytes

Starts the app and an empty page of the same Gradio, each in a process of its own, and loads both in a fresh Chromium.
The app's is loaded until the browser has the network and has read an example with it.  What the empty page loads is
Gradio's own; the rest is ours.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser import add_chromium
from tests.e2e.conftest import FLAGS
from tests.serving import serve

EMPTY = """
import gradio as gr
with gr.Blocks() as demo:
    pass
demo.launch()
"""
READ = "#pad .behind.example"  # there once the browser has read an example


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_chromium(parser)


def run(options: argparse.Namespace) -> int:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        log = Path(folder) / "app.log"
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        with serve(log) as url:
            ours = loaded(browser, url, READ)
        with serve(log, "-c", EMPTY) as url:
            gradios = loaded(browser, url, "gradio-app")
        browser.close()
    print("| kB before the first answer | |\n|---|---:|")
    for name, count in sorted((ours - gradios).items()):
        print(f"| {name} | {count / 1000:,.0f} |")
    print(f"| all of the page | {ours.total() / 1000:,.0f} |")
    print(f"| an empty page of Gradio | {gradios.total() / 1000:,.0f} |")
    print(f"| over Gradio's own | {(ours.total() - gradios.total()) / 1000:,.0f} |")
    return 0


def loaded(browser: Browser, url: str, place: str) -> Counter[str]:
    """Bytes that travel, headers included, until `place` is in the page, by the first part of the address's path."""
    page = browser.new_context().new_page()
    sizes = watch(page)
    page.goto(url)
    page.locator(place).first.wait_for(state="attached")
    page.wait_for_timeout(2000)  # for what was on its way
    page.context.close()
    return sizes


def watch(page: Page) -> Counter[str]:
    """What the page has loaded so far; it grows."""
    session = page.context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def asked(event: dict) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def ended(event: dict) -> None:
        part = urlsplit(addresses[event["requestId"]]).path.strip("/").split("/")[0]
        sizes[part or "the page itself"] += event["encodedDataLength"]

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", ended)
    session.send("Network.enable")
    return sizes
