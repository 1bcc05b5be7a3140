"""README's pictures of the page: python -m tools.screenshots

Starts the app, and in a real Chromium writes 1998 on the pad, opens an example photo, and trains with two
optimisers on the built-in digits to compare them; a picture of each lands in docs/.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from benchmarks.browser import add_chromium, served

ROOT = Path(__file__).parents[1]
STROKES = json.loads((ROOT / "lenet/ui/draw/examples.json").read_text(encoding="utf-8"))
YEAR = ["flagged_one", "g-shaped_nine", "g-shaped_nine", "thick_eight"]
SIZE: ViewportSize = {"width": 1280, "height": 960}
RUNS = ({"optimizer": "adamw", "lr": "0.004"}, {"optimizer": "sgd", "lr": "0.05"})
MINUTE = 60_000  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder for the pictures")
    add_chromium(parser)
    options = parser.parse_args()
    with served(options.chromium) as (url, browser):
        page = browser.new_context(viewport=SIZE, locale="en").new_page()
        page.goto(url)
        for name, show in (("draw", draw), ("photo", photo), ("train", train)):
            show(page)
            page.wait_for_timeout(1000)  # what fades in has done so
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            path = options.out / f"{name}.png"
            picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def draw(page: Page) -> None:
    """The year of LeNet-5, a digit behind the other, in strokes that the page offers to draw."""
    pad = page.locator("canvas.pad")
    expect(pad).to_be_visible()
    box = pad.bounding_box()
    assert box is not None
    page.locator("#pad .brush input").fill("8")
    for place, name in enumerate(YEAR):
        digit = next(example for example in STROKES if example["name"] == name)
        for stroke in digit["strokes"]:
            # each digit in a quarter of the pad's width, its strokes in a square of 280
            parts = [((place + x / 280) / 4, 0.3 + y / 750) for x, y in stroke]
            points = [(box["x"] + box["width"] * right, box["y"] + box["height"] * down) for right, down in parts]
            page.mouse.move(*points[0])
            page.mouse.down()
            for point in points[1:]:
                page.mouse.move(*point)
            page.mouse.up()
    expect(page.locator("#pad .result .digit")).to_have_count(len(YEAR))


def photo(page: Page) -> None:
    page.get_by_role("tab", name="Photo").click()
    page.locator("#photo [data-example=horse]").click()
    expect(page.locator("#photo .cards .bar").first).to_be_visible()


def train(page: Page) -> None:
    page.get_by_role("tab", name="Train").click()
    for number, settings in enumerate(RUNS, start=1):
        page.locator("#set-optimizer").select_option(settings["optimizer"])
        page.locator("#set-lr").fill(settings["lr"])
        page.locator("#start").click()
        page.wait_for_selector(f".run[data-status=done]:has-text('Run {number}')", timeout=MINUTE)
    page.locator(".run").evaluate(
        "(run) => scrollTo(0, run.getBoundingClientRect().top + scrollY - 24)"
    )  # and the charts


if __name__ == "__main__":
    main()
