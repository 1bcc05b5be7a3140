"""The real page, served by a process of its own, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect, sync_playwright

from tests.serving import serve

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera of the browser's own, for pages that are allowed one
]
expect.set_options(timeout=30_000)  # two cores may have other work

Points = Sequence[tuple[float, float]]


@pytest.fixture(scope="session")
def url(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("server") / "app.log") as address:
        yield address


@pytest.fixture(scope="module")  # Playwright's loop runs until it ends, and unit tests of the same process want theirs
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


def _reports(page: Page, errors: list[str]) -> None:
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))


def _take_strokes(page: Page) -> None:
    page.locator("canvas.pad").hover(trial=True, timeout=30_000)  # once it is there, still, and not covered


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Opens the page with options for the browser's context; fails the test on any console error.

    With `in_browser=False` the server reads the drawings, as it does for a network that a browser cannot compute.
    """
    errors: list[str] = []
    contexts = []

    def open_it(address: str = url, in_browser: bool = True, **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        if not in_browser:
            page.route("**/component_server/**", no_table)
        _reports(page, errors)
        page.goto(address)
        _take_strokes(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not errors


def asked_function(request: Request) -> str:
    """The server function that a script asks."""
    asked: Any = request.post_data_json
    return str(asked["fn_name"])


def no_table(route: Route) -> None:
    """Answers the page that this network is the server's to compute."""
    if asked_function(route.request) == "fetch_network":
        route.fulfill(json=route.fetch().json() | {"table": None})
    else:
        route.fallback()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@dataclass
class _Shared:
    """The page that tests of a module share, until one leaves it otherwise than it found it."""

    page: Page | None = None
    errors: list[str] = field(default_factory=list)

    def drop(self) -> None:
        if self.page is not None:
            self.page.context.close()
        self.page = None


@pytest.fixture(scope="module")
def _shared(browser: Browser) -> Iterator[_Shared]:
    shared = _Shared()
    yield shared
    shared.drop()


@pytest.fixture
def pad(_shared: _Shared, browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The Draw tab with an empty pad, for tests that leave nothing there but what Clear takes away.

    Opening a page costs two cores three seconds, so these tests use one after another.
    """
    _shared.errors.clear()
    failed = request.session.testsfailed
    if _shared.page is None:
        _shared.page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        _reports(_shared.page, _shared.errors)
        _shared.page.goto(url)
    _take_strokes(_shared.page)
    yield _shared.page
    if request.session.testsfailed > failed:
        _shared.drop()
        return
    if _shared.page.locator("#pad .clear").is_enabled():
        _shared.page.locator("#pad .clear").click()
    _shared.page.mouse.move(1, 1)
    _shared.page.evaluate("scrollTo(0, 0)")
    settled(_shared.page)
    assert not _shared.errors


@pytest.fixture
def snap(artifacts: Path) -> Callable[[Page, str], None]:
    """Keep a screenshot for a person to look at."""
    return lambda page, name: (page.screenshot(path=artifacts / f"{name}.png", full_page=True), None)[1]


def draw(page: Page, strokes: Sequence[Points], side: float) -> None:
    """Draw with the mouse, strokes in a square of `side` units, as fast as the browser takes it."""
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    for stroke in strokes:
        places = [(box["x"] + x * box["width"] / side, box["y"] + y * box["height"] / side) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def answer(page: Page) -> Locator:
    return page.locator("#pad .answer")


def settled(page: Page) -> Locator:
    """The answer, once nothing is being asked any more."""
    expect(page.locator("#pad .result")).to_have_attribute("aria-busy", "false")
    return answer(page)


def expect_label(page: Page, label: str) -> None:
    expect(answer(page)).to_have_attribute("data-label", label)
