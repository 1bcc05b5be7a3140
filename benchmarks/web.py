"""Does the browser read drawings as Python does, and how fast?

    python -m benchmarks web FILE
    python -m benchmarks web FILE --network mnist-lenet5-1998 --drawings 500

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Each picture goes to `DigitClassifier.read_page` and, in Chromium, to shared/reader.js, as the same grey pixels.  They
agree where they find as many digits, each with the same label and verdict, and the same signs, printed boxes and lines
in the same places; every other picture is listed with both answers.  The difference of a picture is the largest of its
probabilities' differences.  Pictures whose ground is not flat are left out: the browser reads a pad, whose ground is.

"antialiased" are drawings at the pad's size with soft edges, as a canvas draws them.  A forward pass is one of a
network on one picture, in Chromium, every layer's output included.
"""

from __future__ import annotations

import argparse
import base64
import posixpath
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright
from playwright.sync_api import Page as BrowserPage

from benchmarks.browser import add_chromium
from benchmarks.drawings.accuracy import CHANGES, WIDTHS
from benchmarks.drawings.numbers import PAD, numbers
from benchmarks.pictures.kinds import KINDS
from benchmarks.pictures.strokes import Hand
from lenet.data.strokes import Drawing, read_drawings, render
from lenet.inference.digits import WRITTEN, DigitClassifier
from lenet.inference.pretrained import load
from lenet.inference.web import Table, to_table
from lenet.preprocessing.images import open_picture
from lenet.preprocessing.ink import is_flat, to_grey
from lenet.training.stored import weights_file
from lenet.ui.shared import assets
from tests.e2e.conftest import FLAGS

ORIGIN = "http://scripts.invalid/"  # nothing is asked there: what a page wants of it is given here
AT_ONCE = 100  # pictures in a question to the browser
CHANGED = 2000  # drawings that are shrunk, moved, slanted
NUMBERS = 100  # of each length and brush width: 900
LAYOUTS = (
    *("form boxes", "underlined", "a decimal point", "a minus", "two rows of three"),
    *("prices in a column", "an exponent", "in a ring that is open", "digits of very different size"),
    *("a date with slashes", "a mark such as 8/10", "in rings, one with a wide gap", "columns with a line between"),
    *("beside an empty frame", "underlined, touching the line", "on a form's dotted line"),
    *("some two to four times as high", "two rows, some two to four times as high", "a ballpoint that skips"),
    *("a number such as 1)", "a number such as (42)", "a percentage", "a temperature", "a sum", "a product"),
    *("in an open grid", "bars and no digit"),
)
SOFT = 4  # a picture is drawn so many times as large, for its edges


@dataclass(frozen=True)
class Answer:
    """What one side says of one digit."""

    label: str
    verdict: str
    probs: list[float]  # of each class, and of what is no digit


@dataclass(frozen=True)
class Page:
    """What one side says of one picture."""

    digits: list[Answer]
    marks: list[tuple[str, int]]  # of each its kind, and the place of the digit that it stands before


@dataclass(frozen=True)
class Difference:
    """A picture on which the two sides do not say the same."""

    name: str
    python: Page
    browser: Page


@dataclass(frozen=True)
class Agreement:
    """Of some pictures: how many there are, how many have no flat ground, what differs, and by how much."""

    count: int
    left: int
    differences: list[Difference]
    distances: list[float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pen strokes, .jsonl or .jsonl.gz")
    parser.add_argument("--network", default="digits", help="a name in weights/, or a path")
    parser.add_argument("--drawings", type=int, help="so many of them only, for a first look")
    add_chromium(parser)


def run(options: argparse.Namespace) -> int:
    drawings = read_drawings(options.source)
    some = drawings[:: max(1, len(drawings) // (options.drawings or len(drawings)))]
    classifier = DigitClassifier.from_pretrained(options.network)
    print(f"{options.network}: {len(some):,} drawings\n")
    print("| pictures | count | not flat | same label and verdict | largest difference: median | 99% | most |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    found = []
    with chromium(options.chromium) as browser:
        page = BrowserReader(browser, table_of(options.network))
        for name, pictures in sets(some, drawings):
            found.append(compare(name, page, classifier, pictures))
            print(row(name, found[-1]), flush=True)
        print(row("all", joined(found)) + "\n")
        print("| differs | Python | browser |\n|---|---|---|")
        for difference in joined(found).differences:
            print(f"| {difference.name} | {told(difference.python)} | {told(difference.browser)} |")
        print("\n| forward pass, ms | p50 | p95 |\n|---|---:|---:|")
        for name in dict.fromkeys((options.network, "mnist-lenet5-bn", "mnist-lenet5-1998", "photos-small")):
            median, most = forward_passes(browser, table_of(name))
            print(f"| {name} | {median:.2f} | {most:.2f} |")
    return 0


def table_of(network: str) -> Table:
    return to_table(load(weights_file(network)), network, date.today())


def sets(some: Sequence[Drawing], drawings: Sequence[Drawing]) -> Iterator[tuple[str, Iterable[Image.Image]]]:
    """Pictures to read, by what they are."""
    for width in WIDTHS:
        yield f"width {width}", (render(d.strokes, width) for d in some)
    yield "antialiased", (antialiased(d) for d in some)
    rng = np.random.default_rng(0)
    kinds = [change for name, change in CHANGES.items() if name != "not at all"]
    chosen = [some[i] for i in rng.integers(0, len(some), min(CHANGED, len(some)))]
    yield (
        "shrunk, moved, slanted, inverted",
        (
            kinds[i % len(kinds)]([np.array(s) for s in d.strokes], WIDTHS[i % len(WIDTHS)], rng)
            for i, d in enumerate(chosen)
        ),
    )
    count = max(1, NUMBERS * len(some) // len(drawings))
    yield "numbers", (n.picture for length in (2, 3, 4) for n in numbers(drawings, length, count, rng))
    for name in LAYOUTS:
        yield name, layouts(drawings, name, count, rng)


def layouts(drawings: Sequence[Drawing], name: str, count: int, rng: np.random.Generator) -> Iterator[Image.Image]:
    """Digits that stand in boxes, on lines, or with signs: what `benchmarks pictures` puts on white."""
    for _ in range(count):
        yield open_picture((KINDS["layouts"] | KINDS["broken"])[name](Hand(list(drawings)), rng).picture)


def antialiased(drawing: Drawing) -> Image.Image:
    return render(drawing.strokes, 20 * SOFT, PAD * SOFT).reduce(SOFT)


# --------------------------------------------------------------------------------------------------
# Both sides


@contextmanager
def chromium(path: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def scripts_page(browser: Browser) -> BrowserPage:
    """A page with nothing on it, from which the page's scripts can be imported without a server."""
    page = browser.new_context().new_page()
    page.route(ORIGIN + "**", _give)
    page.goto(ORIGIN)
    return page


def _give(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN)
    content = assets.scripts().files.get(name, b"<!doctype html>")
    kind = "text/javascript" if posixpath.splitext(name)[1] == ".js" else "text/html"
    route.fulfill(body=content, content_type=kind)


# In the page: greys are base64 of zlib's bytes.  A canvas's picture has four bytes a pixel.
READ = """async ({ pictures, pipeline }) => {
  const { toGrey } = await import("./shared/preprocess.js");
  const greys = await Promise.all(pictures.map(async ({ width, height, grey }) => {
    const packed = new Blob([Uint8Array.from(atob(grey), (letter) => letter.charCodeAt(0))]);
    const plain = packed.stream().pipeThrough(new DecompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(plain).arrayBuffer());
    const pixels = Uint32Array.from(bytes, (value) => 0x010101 * value);
    return toGrey({ width, height, data: new Uint8ClampedArray(pixels.buffer) });
  }));
  const said = ({ digit: { label, verdict, probs, p_not_digit: none } }) =>
    ({ label, verdict, probs: [...Object.values(probs), none ?? 0] });
  const read = (grey) => {
    const { found, marks } = window.reader.read(grey, pipeline);
    return { digits: found.map(said), marks: marks.map(({ kind, before }) => [kind, before]) };
  };
  return greys.map(read);
}"""

START = """async (table) => {
  const { digitReader } = await import("./shared/reader.js");
  window.reader = digitReader(table);
}"""

FORWARD = """async (table) => {
  const { network } = await import("./shared/engine.js");
  const net = network(table);
  const x = Float32Array.from({ length: table.input.shape.reduce((a, b) => a * b) }, () => Math.random());
  const times = [];
  for (let i = 0; i < 400; i += 1) {
    const began = performance.now();
    net.forward(x);
    times.push(performance.now() - began);
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return times.slice(100).sort((a, b) => a - b);
}"""


class BrowserReader:
    """A network in a page of its own."""

    def __init__(self, browser: Browser, table: Table) -> None:
        self.page = scripts_page(browser)
        self.page.evaluate(START, table)

    def read(self, pictures: Sequence[Image.Image], pipeline: str = "modern") -> list[Page]:
        """What stands on each."""
        asked = [{"width": p.width, "height": p.height, "grey": packed(p)} for p in pictures]
        answers = self.page.evaluate(READ, {"pictures": asked, "pipeline": pipeline})
        return [_page(answer["digits"], answer["marks"]) for answer in answers]


def _page(digits: Sequence[dict[str, Any]], marks: Sequence[tuple[str, int]]) -> Page:
    return Page([Answer(**digit) for digit in digits], [(kind, before) for kind, before in marks])


def packed(picture: Image.Image) -> str:
    return base64.b64encode(zlib.compress(picture.convert("L").tobytes(), 1)).decode()


def page_of(classifier: DigitClassifier, picture: Image.Image, pipeline: str = "modern") -> Page:
    """As the server answers the page: of what has no digits, all of it as one."""
    reading = classifier.read_page(picture, pipeline)
    predictions = [f.prediction for f in reading.digits] or [classifier.predict(picture, pipeline)]
    answers = [Answer(p.label, p.verdict, [*p.probs.values(), p.p_not_digit]) for p in predictions]
    marks = [mark for mark in reading.marks if reading.digits or mark.kind not in WRITTEN]
    return Page(answers, [(mark.kind, mark.before) for mark in marks])


def compare(
    name: str,
    page: BrowserReader,
    classifier: DigitClassifier,
    pictures: Iterable[Image.Image],
    pipeline: str = "modern",
) -> Agreement:
    """Both sides on the same pictures."""
    pictures, count, left = iter(pictures), 0, 0
    differences: list[Difference] = []
    distances: list[float] = []
    while chunk := list(islice(pictures, AT_ONCE)):
        flat = [(i, picture) for i, picture in enumerate(chunk, start=count + 1) if is_flat(to_grey(picture))]
        count, left = count + len(chunk), left + len(chunk) - len(flat)
        answers = page.read([picture for _, picture in flat], pipeline)
        for (number, picture), browser in zip(flat, answers, strict=True):
            python = page_of(classifier, picture, pipeline)
            if verdicts(python) != verdicts(browser):
                differences.append(Difference(f"{name}, {number}", python, browser))
            if len(python.digits) == len(browser.digits):
                distances.append(max(distance(*both) for both in zip(python.digits, browser.digits, strict=True)))
    return Agreement(count, left, differences, distances)


def verdicts(page: Page) -> tuple[list[tuple[str, str]], list[tuple[str, int]]]:
    return [(answer.label, answer.verdict) for answer in page.digits], page.marks


def distance(a: Answer, b: Answer) -> float:
    return max(abs(p - q) for p, q in zip(a.probs, b.probs, strict=True))


def joined(found: Sequence[Agreement]) -> Agreement:
    return Agreement(
        sum(f.count for f in found),
        sum(f.left for f in found),
        [d for f in found for d in f.differences],
        [d for f in found for d in f.distances],
    )


def row(name: str, found: Agreement) -> str:
    both = found.count - found.left
    median, most = np.quantile(found.distances or [0.0], (0.5, 0.99))
    return (
        f"| {name} | {found.count:,} | {found.left} | {(both - len(found.differences)) / max(both, 1):.3%} | "
        f"{median:.1e} | {most:.1e} | {max(found.distances, default=0.0):.1e} |"
    )


def told(page: Page) -> str:
    digits = [f"{a.label} {a.verdict} {max(a.probs[:-1]):.4f}, none {a.probs[-1]:.4f}" for a in page.digits]
    return "; ".join([*digits, *(f"{kind} before {before}" for kind, before in page.marks)])


def forward_passes(browser: Browser, table: Table) -> tuple[float, float]:
    """Milliseconds of one: the median and the 95th percentile."""
    times = scripts_page(browser).evaluate(FORWARD, table)
    median, most = np.quantile(times, (0.5, 0.95))
    return float(median), float(most)
