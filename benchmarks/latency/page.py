"""How soon does the page answer the pen?  Milliseconds, in a real Chromium.

    python -m benchmarks latency page FILE
    python -m benchmarks latency page FILE --training mnist-demo
    python -m benchmarks latency page FILE --delay 300
    python -m benchmarks latency page FILE --throttle 4

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Starts the app, draws real strokes with the mouse, and takes both times inside the page: when the browser dispatched the
pointer event, and when the frame that shows the newer answer was painted.  Three rows: from stroke-up to the answer to
the whole drawing; from each movement, while the pen is down, to the first answer that knows it; and the server's share,
asked without a browser.

With --training the same visitor's training run goes on meanwhile, and how fast it is then and on its own is
printed too; the server's share is left out, since it is asked in a process without that run.  With --delay every
request of the page takes so many milliseconds more, and with --throttle its processor is so many times slower:
Chromium does both.
"""

from __future__ import annotations

import argparse
import base64
import io
import time
from itertools import islice
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.browser import add_chromium, served
from lenet.data.strokes import Drawing, read_drawings, render
from lenet.ui.draw.tab import read_drawing
from lenet.ui.server import Server

STROKES = 100
WARM_UP = 5  # drawings; the first answers load what later ones find loaded

# In the page: note when a pointer event came, and when the frame with its own answer is painted.  Each
# event adds one change to the pad, and an answer says how many changes it knows.  An answer that a callback of
# requestAnimationFrame gives is painted with that same frame, any other one with the next; a message that is sent
# before a frame is painted arrives after it.
WATCH = """() => {
  const canvas = document.querySelector("canvas.pad");
  const result = document.querySelector("#pad .result");
  window.moves = []; window.ups = [];
  let changes = Number(result.dataset.changes), up = null, waiting = [];
  canvas.addEventListener("pointerdown", () => { changes += 1; });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) waiting.push([++changes, performance.now()]);
  });
  const frame = window.requestAnimationFrame.bind(window);
  let inFrame = false;
  window.requestAnimationFrame = (callback) => frame((time) => {
    inFrame = true;
    try { callback(time); } finally { queueMicrotask(() => { inFrame = false; }); }
  });
  const { port1: ready, port2: painted } = new MessageChannel();
  // What is said once the pen is up stands there with the next frame where the last movement was answered before.
  const seen = () => (inFrame ? ready.postMessage(0) : frame(() => ready.postMessage(0)));
  painted.onmessage = () => {
    const [now, known] = [performance.now(), Number(result.dataset.changes)];
    while (waiting.length && waiting[0][0] <= known) window.moves.push(now - waiting.shift()[1]);
    if (up !== null && known >= changes && result.ariaBusy === "false") { window.ups.push(now - up); up = null; }
  };
  canvas.addEventListener("pointerup", () => { up = performance.now(); waiting = []; seen(); });
  document.querySelector("#pad .clear").addEventListener("click", () => { changes += 1; });
  new MutationObserver(seen).observe(result, { attributes: true, attributeFilter: ["data-changes", "aria-busy"] });
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pen strokes, .jsonl or .jsonl.gz")
    parser.add_argument("--training", metavar="RECIPE", help="draw while this recipe trains on the page")
    parser.add_argument("--strokes", type=int, default=STROKES, help="how many to measure (default: %(default)s)")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds that each request takes more")
    parser.add_argument("--throttle", type=float, default=1, help="how many times slower the page's processor is")
    add_chromium(parser)


def run(options: argparse.Namespace) -> int:
    drawings = read_drawings(options.source)
    drawings = drawings[:: max(1, len(drawings) // 300)]
    with served(options.chromium) as (url, browser):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_selector("canvas.pad")
        trouble(page, options.delay, options.throttle)
        alone = begin(page, options.training) if options.training else 0.0
        before = trained(page) if options.training else (0.0, 0.0)
        ups, moves = in_the_page(page, drawings, options.strokes)
        after = trained(page) if options.training else (0.0, 0.0)
    print("| milliseconds | count | p50 | p95 |\n|---|---:|---:|---:|")
    print(row("stroke-up -> the answer on screen", ups))
    print(row("movement -> new bars, pen down", moves))
    if options.training:
        pace = (after[1] - before[1]) / (after[0] - before[0])
        print(f"\n{options.training}: {alone:.2f} steps/s on its own, {pace:.2f} while drawn upon ({pace / alone:.0%})")
    else:
        print(row("the server's share: decode, prepare, predict, facts", on_the_server(drawings)))
    return 0


def trouble(page: Page, delay: float, throttle: float) -> None:
    session = page.context.new_cdp_session(page)
    unbounded = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", unbounded | {"latency": delay})
    session.send("Emulation.setCPUThrottlingRate", {"rate": throttle})


def begin(page: Page, recipe: str) -> float:
    """Start a long run of `recipe` in the page, see how many steps a second it takes, and go back to the pad."""
    page.get_by_role("tab", name="Train").click()
    page.locator("#set-recipe").select_option(recipe)
    page.locator("#set-epochs").fill("1000")
    page.locator("#start").click()
    page.wait_for_selector(".run[data-status=running]")
    page.wait_for_function(RUNNING)
    page.wait_for_timeout(3000)  # until it is warm
    page.get_by_role("tab", name="Draw").click()
    before = trained(page)
    page.wait_for_timeout(10_000)
    after = trained(page)
    return (after[1] - before[1]) / (after[0] - before[0])


# In the page: whether the run has taken a step, and how many it has.
RUNNING = "() => /[0-9]/.test(document.querySelector('[data-figure=speed]').textContent)"
STEPS = """() => {
  const text = (selector) => document.querySelector(selector).textContent.replaceAll(",", "");
  const numbers = (selector) => text(selector).match(/\\d+/g).map(Number);
  const [[epoch], [step, steps]] = [".run .state", ".run > .told"].map(numbers);
  return (epoch - 1) * steps + step;
}"""


def trained(page: Page) -> tuple[float, float]:
    """When, in seconds, and how many steps the run has taken by then."""
    return time.perf_counter(), page.evaluate(STEPS)


def in_the_page(page: Page, drawings: list[Drawing], strokes: int) -> tuple[list[float], list[float]]:
    for number, drawing in enumerate(drawings):
        if number == WARM_UP:
            page.evaluate(WATCH)
        for stroke in drawing.strokes:
            draw_at_hand_speed(page, stroke)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_timeout(50)
        if number > WARM_UP and page.evaluate("window.ups.length") >= strokes:
            break
    ups, moves = page.evaluate("[window.ups, window.moves]")
    return ups[:strokes], moves


def draw_at_hand_speed(page: Page, stroke: tuple[tuple[float, float], ...]) -> None:
    """One point every 10 ms, as the tablet that recorded them had it."""
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"] / 500, box["y"] + y * box["height"] / 500) for x, y in stroke]
    page.mouse.move(*places[0])
    page.mouse.down()
    began = time.perf_counter()
    for number, place in enumerate(places[1:], start=1):
        time.sleep(max(0.0, began + number / 100 - time.perf_counter()))
        page.mouse.move(*place)
    page.mouse.up()
    page.wait_for_selector("#pad .result[aria-busy=false]")
    page.wait_for_timeout(60)  # for the frame to be drawn, and as a hand pauses


def on_the_server(drawings: list[Drawing]) -> list[float]:
    times, server = [], Server()
    for drawing in islice(drawings, STROKES + WARM_UP):
        buffer = io.BytesIO()
        render(drawing.strokes, 20, 280).convert("RGB").save(buffer, "PNG")
        address = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        began = time.perf_counter()
        read_drawing(server, {"picture": address, "network": "digits", "pipeline": "modern"})
        times.append(1000 * (time.perf_counter() - began))
    return times[WARM_UP:]


def row(name: str, times: list[float]) -> str:
    return f"| {name} | {len(times)} | {np.percentile(times, 50):.1f} | {np.percentile(times, 95):.1f} |"
