"""What tests of the Draw tab do with its pad, and look at."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Request

from tests.e2e.conftest import asked_function, draw, expect_label, settled

LOADED = 120_000  # milliseconds until the browser has the network, of a server that has just started on a busy machine
SEVEN = [[(80, 62), (205, 58), (172, 120), (132, 232)], [(105, 140), (195, 128)]]
FOUR_FIRST, FOUR_SECOND = [(108, 50), (92, 100), (74, 150), (130, 154), (206, 148)], [(172, 92), (162, 236)]
POOL1 = "#pad .layer.telling canvas"
ANSWER = "#pad .layer:last-child canvas"


def stages(page: Page) -> Locator:
    """What the network saw, which is asked for only in view."""
    page.locator("#pad .steps").scroll_into_view_if_needed()
    return page.locator("#pad .stage")


def painted(page: Page, selector: str) -> str:
    """What a canvas shows now."""
    return page.locator(selector).first.evaluate("canvas => canvas.toDataURL()")


def painted_anew(page: Page, selector: str, before: str) -> str:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).toDataURL() !== before", arg=[selector, before]
    )
    return painted(page, selector)


def questions(page: Page) -> list[str]:
    """The names of what the page asks the server from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "component_server" in request.url:
            asked.append(asked_function(request))

    page.on("request", note)
    return asked


def in_browser(page: Page) -> None:
    """Wait until the browser has the network: then a stroke is read within a frame or two, and asks nothing."""
    asked = questions(page)
    for _ in range(40):
        asked.clear()
        draw(page, [[(140, 60), (140, 220)]], side=280)
        expect_label(page, "1")
        page.get_by_role("button", name="Clear").click()
        settled(page)
        if "read_drawing" not in asked:
            return
        page.wait_for_timeout(500)
    raise AssertionError("the browser never read a stroke by itself")
