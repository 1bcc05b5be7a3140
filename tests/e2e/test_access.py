"""What everybody needs to use the page: axe finds nothing in any tab, in both schemes, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import draw, expect_label

pytestmark = pytest.mark.browser

SEVENTEEN = [[(60, 60), (60, 220)], [(150, 60), (240, 60), (200, 220)]]


@pytest.fixture(scope="module")
def shared(browser: Browser, url: str) -> Iterator[Page]:
    """One page for all tests of axe; each goes to the tab that it is about."""
    # With less motion, for a colour that is still on its way to another is none of either scheme.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    expect(page.locator("canvas.pad")).to_be_visible(timeout=30_000)
    page.evaluate(AXE_SCRIPT)
    yield page
    context.close()


@pytest.fixture
def tab(shared: Page, request: pytest.FixtureRequest) -> Page:
    """The tab that the test names."""
    shared.set_viewport_size({"width": 1280, "height": 900})
    shared.get_by_role("tab", name=request.param).click()
    return shared


def findings(page: Page) -> list[str]:
    """A line for each node that axe objects to, whatever the impact."""
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_function("dark => document.body.classList.contains('dark') === dark", arg=scheme == "dark")
            for result in page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]:
                where = f"{scheme}, {width} px: {result['impact']} {result['id']}"
                found += [f"{where} at {node['target']}: {node['failureSummary']}" for node in result["nodes"]]
    return found


def report_is_whole(page: Page, place: str) -> None:
    expect(page.locator(f"{place} .report")).to_have_attribute("aria-busy", "false", timeout=120_000)
    expect(page.locator(f"{place} .pictures .card")).to_have_count(25)


@pytest.mark.parametrize("tab", ["Draw"], indirect=True)
def test_axe_draw(tab: Page) -> None:
    assert findings(tab) == []
    tab.set_viewport_size({"width": 1280, "height": 900})
    draw(tab, SEVENTEEN, side=280)
    expect_label(tab, "17")
    tab.get_by_label("Every layer").check()
    expect(tab.locator("#pad .sums")).to_contain_text("In sum")
    assert findings(tab) == []


@pytest.mark.parametrize("tab", ["Photo"], indirect=True)
def test_axe_photo(tab: Page) -> None:
    assert findings(tab) == []
    tab.get_by_role("button", name="Open the drawn ship").click()
    expect(tab.locator("#studio .result .answer")).to_have_attribute("data-label", "ship")
    expect(tab.locator("#studio .card[aria-busy=true]")).to_have_count(0)
    tab.locator("#photo-why .weighed").scroll_into_view_if_needed()
    expect(tab.locator("#photo-why .heat")).to_be_visible()
    assert findings(tab) == []


@pytest.mark.data
@pytest.mark.parametrize("tab", ["Zoo"], indirect=True)
def test_axe_zoo(tab: Page, mnist_root: Path) -> None:
    tab.locator('#zoo button[data-network="mnist-lenet5-sigmoid"]').click()  # quick to be asked
    expect(tab.locator("#zoo .about h2")).to_have_text("mnist-lenet5-sigmoid")
    report_is_whole(tab, "#zoo")
    assert findings(tab) == []


@pytest.mark.parametrize("tab", ["Train"], indirect=True)
def test_axe_train(tab: Page) -> None:
    tab.locator("#set-lr").fill("1000")
    tab.locator("#start").click()
    expect(tab.locator("#set-lr-wrong")).not_to_be_empty()
    assert findings(tab) == []
    tab.locator("#set-lr").fill("0.003")
    tab.locator("#set-epochs").fill("2")
    tab.locator("#start").click()
    expect(tab.locator(".run")).to_have_attribute("data-status", "done", timeout=60_000)
    report_is_whole(tab, "#report")
    tab.locator(".epochs summary").click()
    assert findings(tab) == []
