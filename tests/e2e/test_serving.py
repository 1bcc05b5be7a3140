"""The page where hosts put it: under a sub-path, in an iframe, behind a proxy, and where a script does not arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, Request, Route, expect

from tests.e2e.conftest import asked_function, draw, report_errors
from tests.integration.test_endpoints import SEVEN
from tests.serving import ROOT, serve

SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"

# Two pages in one process, each under a path of its own; and one page of somebody's with one of them in a frame.
MOUNTED = """
import os
import fastapi, gradio, uvicorn
from lenet.ui.page import build, launch_options

app = fastapi.FastAPI()

@app.get("/", response_class=fastapi.responses.HTMLResponse)
def framed() -> str:
    return '<!doctype html><link rel="icon" href="data:,"><iframe src="/two/deep/" style="width: 100%; height: 1400px">'

@app.get("/sandboxed", response_class=fastapi.responses.HTMLResponse)
def sandboxed() -> str:
    return framed().replace("<iframe", '<iframe sandbox="allow-scripts allow-downloads"')

@app.get("/grown", response_class=fastapi.responses.HTMLResponse)
def grown() -> str:
    return framed().replace("1400px", "4000px")

for path in ("/one", "/two/deep"):
    page = build()
    gradio.mount_gradio_app(app, page, path=path, **launch_options(page))
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["GRADIO_SERVER_PORT"]), log_level="warning")
"""
# Behind a proxy that takes "/proxied" off the path, as root_path says.
PROXIED = """
from lenet.ui.page import build, launch_options
page = build()
page.launch(root_path="/proxied", **launch_options(page))
"""


@pytest.fixture(scope="module")
def mounted(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("mounted") / "app.log", "-c", MOUNTED) as address:
        yield address


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    """A page at no address yet; fails the test on any error of a script."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def scripts_of(page: Page) -> list[str]:
    """The addresses of the scripts that `page` asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/scripts/" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


def expect_alive(page: Page | FrameLocator) -> None:
    """The page answers a drawing, speaks Chinese, and shows the networks."""
    page.locator("canvas.pad").hover(trial=True, timeout=240_000)
    page.locator("#pad .examples button").first.click()
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", "7", timeout=60_000)
    page.locator("#title select").select_option("zh")
    expect(page.locator("#pad .clear")).to_have_text("清空")
    page.get_by_role("tab", name="模型库").click()
    expect(page.locator("#zoo .families button").first).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("path", ["/one/", "/one"])
def test_under_a_sub_path(blank: Page, mounted: str, path: str) -> None:
    asked = scripts_of(blank)
    blank.goto(mounted + path)
    expect_alive(blank)
    assert asked
    assert all(address.startswith(f"{mounted}{path.rstrip('/')}/scripts/") for address in asked)


def test_in_a_frame(blank: Page, mounted: str) -> None:
    blank.goto(mounted)
    expect_alive(blank.frame_locator("iframe"))


def test_in_a_frame_that_grows_what_is_fixed_can_be_seen(blank: Page, mounted: str) -> None:
    """As on Spaces, where the frame is as high as its page, and the window around it is what scrolls."""
    blank.goto(f"{mounted}/grown")
    page = blank.frame_locator("iframe")
    page.locator("canvas.pad").hover(trial=True, timeout=240_000)

    def expect_in_sight(part: Locator) -> None:
        for _ in range(50):
            box = part.bounding_box()
            if box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 900:
                return
            blank.wait_for_timeout(100)
        raise AssertionError(f"{part} is out of sight: {box}")

    expect(page.locator("#pad .behind.example")).to_be_attached(timeout=240_000)
    page.locator("#pad .layer.telling canvas").nth(1).scroll_into_view_if_needed()
    page.locator("#pad .layer.telling canvas").nth(1).click()
    expect_in_sight(page.locator("dialog.closeup"))
    blank.keyboard.press("Escape")
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Too fast, too slow").click()
    expect_in_sight(page.locator(".lesson"))
    blank.mouse.move(600, 300)
    blank.mouse.wheel(0, 700)
    blank.wait_for_function("scrollY > 600")
    page.locator(".lesson .next").press("Enter")
    expect_in_sight(page.locator(".lesson"))


def test_in_a_sandboxed_frame_of_no_origin(blank: Page, mounted: str) -> None:
    """Where a page has no origin a browser denies it all storage, submits no forms, and opens files instead of keeping
    them; and fetches say "null", which Gradio refuses at this machine's own names."""
    errors: list[str] = []
    report_errors(blank, errors)
    asked: list[str] = []
    blank.on("request", lambda one: asked.append(asked_function(one)) if "/component_server" in one.url else None)
    blank.set_viewport_size({"width": 1280, "height": 1500})
    blank.goto(mounted.replace("127.0.0.1", "class.test") + "/sandboxed")
    page = blank.frame_locator("iframe")
    page.locator("canvas.pad").hover(trial=True, timeout=240_000)
    assert blank.frames[1].evaluate("self.origin") == "null"

    for _ in range(40):  # until its network has come the server reads
        before = len(asked)
        draw(page, SEVEN, side=500)
        expect(page.locator("#pad .answer")).to_have_attribute("data-label", "7")
        if "read_drawing" not in asked[before:]:
            break
        blank.wait_for_timeout(500)
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#pad .answer")).not_to_have_attribute("data-label", "7")
    assert "fetch_network" in asked
    assert "read_drawing" not in asked[before:]  # the browser read it
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator("#photo .invite")).to_contain_text("I know ten things")
    page.locator("#photo input.file").set_input_files(SHIP)
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
    page.locator("#photo .url").fill("http://nothing.invalid/")
    page.locator("#photo .url").press("Enter")
    expect(page.locator("#photo [role=alert]").first).to_contain_text("nothing.invalid")
    page.get_by_role("tab", name="Zoo").click()
    page.locator('#zoo button[data-network="digits"]').click()
    expect(page.locator("#zoo .report .matrix td.right").first).to_be_visible()

    page.get_by_role("tab", name="Train").click()
    expect(page.locator(".starts button").last).to_be_visible()
    page.locator("#set-epochs").fill("1")
    page.locator("#start").click()
    expect(page.locator("#report h2")).to_have_text("Run 1, digits-demo", timeout=240_000)
    expect(page.locator("[data-chart=loss] canvas")).to_have_attribute("aria-label", re.compile("^Loss of Run 1"))
    for kind in ("csv", "web"):
        with blank.expect_download() as download:
            page.locator(f'#report [data-keep="{kind}"]').click()
        assert kind in download.value.suggested_filename
    page.locator("#use").click()
    expect(page.get_by_label("Network").first).to_have_value(re.compile("^Run 1, digits-demo"))
    assert not errors


def test_behind_a_proxy_that_takes_the_path_off(blank: Page, tmp_path: Path) -> None:
    with serve(tmp_path / "app.log", "-c", PROXIED) as url:
        proxied = f"{url}/proxied/"

        def proxy(route: Route) -> None:
            route.continue_(url=route.request.url.replace("/proxied/", "/", 1))

        blank.route(f"{proxied}**", proxy)
        asked = scripts_of(blank)
        blank.goto(proxied)
        expect_alive(blank)
        assert asked
        assert all(address.startswith(f"{proxied}scripts/") for address in asked)


def test_scripts_are_fetched_once_and_kept(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    fetched: list[str] = []
    page.on("response", lambda answer: fetched.append(answer.url) if "/scripts/" in answer.url else None)
    page.goto(url)
    page.locator("canvas.pad").hover(trial=True, timeout=240_000)
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#training .starts button").first).to_be_visible(timeout=60_000)
    assert len(fetched) > 15
    assert len(fetched) == len(set(fetched)), fetched
    context.close()


# --- scripts that do not arrive ------------------------------------------------------------------------------


@pytest.fixture
def losing(browser: Browser, url: str) -> Iterator[Callable[[str, Callable[[str], bool]], Page]]:
    """Opens the page, of which requests for one script get lost where the function says so of their address."""
    contexts = []

    def open_it(script: str, lost: Callable[[str], bool]) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.route(f"**/{script}", lambda route: route.abort() if lost(route.request.url) else route.continue_())
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()


@pytest.mark.parametrize("script", ["shared/layers.js", "shared/language.js"])
def test_a_script_that_gets_lost_is_asked_for_again(
    losing: Callable[[str, Callable[[str], bool]], Page], script: str
) -> None:
    page = losing(script, lambda address: "-again/" not in address)
    page.locator("canvas.pad").hover(trial=True, timeout=240_000)
    page.locator("#pad .examples button").first.click()
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", "7", timeout=60_000)
    page.locator("#title select").select_option("zh")
    expect(page.locator("#pad .clear")).to_have_text("清空")  # where it has another copy of shared/language.js, too


def test_a_component_without_its_script_says_so_in_both_languages(
    losing: Callable[[str, Callable[[str], bool]], Page],
) -> None:
    page = losing("draw/view.js", lambda address: True)
    line = page.locator("#pad [role=alert]")
    expect(line).to_be_visible(timeout=60_000)
    expect(line).to_contain_text("This part of the page did not load. Reload the page to try again.")
    expect(line).to_contain_text("页面的这一部分没有加载成功")
    expect(page.locator("canvas.pad")).to_have_count(0)
    page.locator("#title select").select_option("zh")  # the rest is alive
    expect(page.locator("#title p")).to_contain_text("写一个数字")


def test_the_pad_appears_when_its_script_takes_strokes(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    held: list[Route] = []
    page.route("**/draw/view.js", lambda route: held.append(route))
    page.goto(url)
    expect(page.locator("#title p")).to_contain_text("Draw a digit", timeout=240_000)
    expect(page.locator(".choices input").last).to_be_visible(timeout=60_000)
    page.wait_for_timeout(500)
    expect(page.locator("canvas.pad")).to_be_attached()
    assert not page.locator("canvas.pad").is_visible()
    for route in held:
        route.continue_()
    page.locator("canvas.pad").hover(trial=True, timeout=60_000)
    page.locator("#pad .examples button").first.click()
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", "7", timeout=60_000)
    context.close()


def test_a_tab_appears_when_its_script_has_put_its_texts_in(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    held: list[Route] = []
    page.route("**/photo/view.js", lambda route: held.append(route))
    page.goto(url)
    page.get_by_role("tab", name="Photo").click()
    tab = page.locator("#photo .frame")
    expect(tab).to_be_attached()
    page.wait_for_timeout(300)
    assert not tab.is_visible()
    for route in held:
        route.continue_()
    expect(tab).to_be_visible()
    assert page.locator("#photo [data-say]:not([data-say='']):empty").count() == 0
    context.close()


def test_a_browser_that_denies_storage_has_a_page_all_the_same(blank: Page, url: str) -> None:
    blank.add_init_script(
        """
        for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
        }
        """
    )
    blank.goto(url)
    expect_alive(blank)
