"""The real page, served by a process of its own, in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FrameLocator,
    Locator,
    Page,
    Request,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)

from lenet.inference.pretrained import load
from lenet.training.stored import WEIGHTS
from lenet.ui.shared import assets
from tests.serving import serve

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera of the browser's own, for pages that are allowed one
    "--host-resolver-rules=MAP class.test 127.0.0.1",  # a name as of another machine
]
PATIENCE = 60_000  # milliseconds that a browser may take: two cores may have other work
expect.set_options(timeout=PATIENCE)

Points = Sequence[tuple[float, float]]
DIGITS_ACCURACY: float = load(WEIGHTS / "digits.safetensors").metrics["test_accuracy"]


@pytest.fixture(scope="package")
def url(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("server") / "app.log") as address:
        yield address


@pytest.fixture(scope="package")  # Playwright's loop runs until it ends, and unit tests of the same process want theirs
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


USUAL: ViewportSize = {"width": 1280, "height": 900}
# With less motion, for what moves costs a page half as much again; one test is about motion and asks for it.
MEDIA: dict[str, Any] = {"color_scheme": "light", "reduced_motion": "reduce", "forced_colors": "none"}


class _Renewed:
    """A page that tests get one after another, each as if nobody had been there."""

    def __init__(self, browser: Browser, url: str, options: dict[str, Any]) -> None:
        self.url, self.permissions = url, options.get("permissions", [])
        self.page = browser.new_context(**options).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        report_errors(self.page, self.errors)

    def set(self, viewport: ViewportSize = USUAL, **media: Any) -> None:
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(**MEDIA | media)

    def forget(self) -> None:
        page = self.page
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.unroute_all(behavior="ignoreErrors")
        page.context.clear_permissions()
        if self.permissions:
            page.context.grant_permissions(self.permissions)
        page.mouse.up()
        page.mouse.move(0, 0)  # else it points at something of the next test
        page.evaluate("sessionStorage.clear()")
        page.goto("about:blank")  # for what a page does when it is left; and there is nothing to paint there
        session = page.context.new_cdp_session(page)
        stored = "cookies,local_storage,indexeddb,cache_storage,service_workers"
        session.send("Storage.clearDataForOrigin", {"origin": self.url, "storageTypes": stored})
        session.detach()
        self.errors.clear()

    def drop(self) -> None:
        self.page.context.close()


class _Pages:
    """The pages that wait for a test, those of a kind together: a kind is what no page can be told later.

    Another page takes three seconds of CPU time, for it fetches and compiles everything; one that was here takes one.
    """

    MOST = 6  # that wait: each has 100 MB

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.waiting: list[tuple[dict[str, Any], _Renewed]] = []

    def take(self, viewport: ViewportSize = USUAL, **options: Any) -> tuple[dict[str, Any], _Renewed]:
        kind = {name: option for name, option in options.items() if name not in MEDIA}
        media = {name: option for name, option in options.items() if name in MEDIA}
        found = next((one for one in self.waiting if one[0] == kind), None)
        if found is None:
            found = kind, _Renewed(self.browser, self.url, kind)
        else:
            self.waiting.remove(found)
        found[1].set(viewport, **media)
        return found

    def give_back(self, kind: dict[str, Any], renewed: _Renewed) -> None:
        renewed.forget()
        self.waiting.append((kind, renewed))
        if len(self.waiting) > self.MOST:
            self.waiting.pop(0)[1].drop()


@pytest.fixture(scope="package")
def _pages(browser: Browser, url: str) -> Iterator[_Pages]:
    pages = _Pages(browser, url)
    yield pages
    for _, renewed in pages.waiting:
        renewed.drop()


def report_errors(page: Page, errors: list[str]) -> None:
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))


@pytest.fixture
def open_page(
    browser: Browser, url: str, _pages: _Pages, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Opens the page with options for the browser's context; fails the test on any console error.

    With `in_browser=False` the server reads the drawings, as it does for a network that a browser cannot compute.
    """
    errors: list[str] = []
    contexts: list[BrowserContext] = []
    taken: list[tuple[dict[str, Any], _Renewed]] = []
    failed = request.session.testsfailed

    def open_it(address: str = url, in_browser: bool = True, **options: Any) -> Page:
        if address == url:
            taken.append(_pages.take(**options))
            page = taken[-1][1].page
        else:
            contexts.append(browser.new_context(**{"viewport": USUAL, **MEDIA, **options}))
            page = contexts[-1].new_page()
            page.set_default_timeout(PATIENCE)
            report_errors(page, errors)
        if not in_browser:
            page.route("**/component_server/**", no_table)
        page.goto(address)
        page.locator("canvas.pad").hover(trial=True)  # once it is there, still, and not covered
        return page

    yield open_it
    for context in contexts:
        context.close()
    found = errors + [error for _, renewed in taken for error in renewed.errors]
    for kind, renewed in taken:
        if found or request.session.testsfailed > failed or renewed.page.is_closed():
            renewed.drop()
        else:
            _pages.give_back(kind, renewed)
    assert not found


# As privacy modes do it: every read-back of a canvas is another picture.
ALTERED = """
    const noise = (data) => data.forEach((_, i) => (data[i] = (i * 7919) % 256));
    const read = CanvasRenderingContext2D.prototype.getImageData;
    CanvasRenderingContext2D.prototype.getImageData = function (...place) {
        const image = read.apply(this, place);
        noise(image.data);
        return image;
    };
    HTMLCanvasElement.prototype.toDataURL = () => "data:image/png;base64,iVBORw0KGgo=";
    HTMLCanvasElement.prototype.toBlob = (done) => done(null);
"""


@pytest.fixture
def altered(browser: Browser, url: str) -> Iterator[Page]:
    """The page in a browser that alters what a canvas gives back, with a camera."""
    context = browser.new_context(viewport=USUAL, permissions=["camera"])
    context.add_init_script(ALTERED)
    page = context.new_page()
    page.goto(url)
    page.locator("canvas.pad").hover(trial=True, timeout=PATIENCE)
    yield page
    context.close()


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


@pytest.fixture
def snap() -> Callable[[Page, str], None]:
    """Keeps a screenshot for a person to look at, in the folder LENET_ARTIFACTS; nothing where none is named."""

    def keep(page: Page, name: str) -> None:
        if folder := os.environ.get("LENET_ARTIFACTS"):
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep


def draw(page: Page | FrameLocator, strokes: Sequence[Points], side: float) -> None:
    """Draw with the mouse, strokes in a square of `side` units, as fast as the browser takes it."""
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    mouse = page.mouse if isinstance(page, Page) else page.owner.page.mouse
    for stroke in strokes:
        places = [(box["x"] + x * box["width"] / side, box["y"] + y * box["height"] / side) for x, y in stroke]
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place)
        mouse.up()


def answer(page: Page) -> Locator:
    return page.locator("#pad .answer")


def settled(page: Page) -> Locator:
    """The answer, once nothing is being asked any more."""
    expect(page.locator("#pad .result")).to_have_attribute("aria-busy", "false")
    return answer(page)


def expect_label(page: Page, label: str) -> None:
    expect(answer(page)).to_have_attribute("data-label", label)


class Scripts:
    """A page from which modules are imported."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, module: str, code: str, given: Any = None) -> Any:
        """What the function body `code` returns, with the module's exports in `m` and `given` in `given`."""
        return self.page.evaluate(
            f"async (given) => {{ const m = await import('./{module}'); {code} }}",
            given,
        )


@pytest.fixture(scope="module")
def scripts(browser: Browser, url: str) -> Iterator[Scripts]:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{url}/scripts/{assets.scripts().version}/texts.js")  # a text; what is imported has its origin
    page.evaluate("document.body.replaceChildren()")
    page.add_style_tag(content=(assets.HERE / "shared/style.css").read_text(encoding="utf-8"))
    yield Scripts(page)
    context.close()
