"""The Draw tab: strokes that the browser reads itself, with a server and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.conftest import asked_function, draw, expect_label, settled
from tests.e2e.pad import (
    ANSWER,
    SEVEN,
    in_browser,
    painted,
    painted_anew,
    questions,
    stages,
)
from tests.serving import serve

pytestmark = pytest.mark.browser

NETWORKS = ["1998: LeNet-5 as printed", "Tutorial: LeNet-5, sigmoids", "Tutorial: LeNet-5, BatchNorm"]


def test_strokes_ask_the_server_for_nothing_but_why(page: Page) -> None:
    in_browser(page)
    asked = questions(page)
    page.get_by_text("Why this answer", exact=True).click()  # closed
    page.locator(ANSWER).scroll_into_view_if_needed()
    blank = painted(page, ANSWER)
    page.locator("canvas.pad").scroll_into_view_if_needed()
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.locator(ANSWER).scroll_into_view_if_needed()
    painted_anew(page, ANSWER, blank)
    expect(stages(page)).to_have_count(6)
    assert asked == []
    page.get_by_text("Why this answer", exact=True).click()
    page.locator("#pad .evidence").scroll_into_view_if_needed()
    expect(page.locator("#pad .sums")).to_contain_text("In sum")
    assert set(asked) == {"look_inside"}


@pytest.mark.parametrize("network", NETWORKS)
def test_browser_and_server_read_the_same(open_page: Callable[..., Page], network: str) -> None:
    shown = []
    for here in (True, False):
        page = open_page(in_browser=here)
        page.get_by_label("Network").click()
        page.get_by_role("option", name=re.compile(network)).click()
        if here:
            in_browser(page)
        draw(page, SEVEN, side=280)
        expect(page.locator("#pad .ask")).to_be_enabled()
        said = settled(page).inner_text()
        page.locator("#pad .layers").scroll_into_view_if_needed()  # layers out of view stay as they were
        expect(page.locator("#pad .layer .title").last).to_contain_text("10 numbers")
        shown.append([said, *page.locator("#pad .layer .title").all_inner_texts()])
        page.close()
    assert shown[0] == shown[1]


def test_a_question_that_an_older_one_overtook_is_asked_again(open_page: Callable[..., Page]) -> None:
    page = open_page(in_browser=False)
    draw(page, [[(80, 60), (80, 220)]], side=280)
    expect_label(page, "1")
    draw(page, [[(130, 60), (230, 60), (180, 220)]], side=280)
    expect_label(page, "17")
    settled(page)
    overtaken: list[Route] = []

    def overtake(route: Route) -> None:
        if overtaken or asked_function(route.request) != "read_drawing":
            return route.fallback()
        overtaken.append(route)  # the answer is made up: questions under a moving pen get it
        route.fulfill(json={"superseded": True})

    page.route("**/component_server/**", overtake)
    page.get_by_role("button", name="Undo").click()
    expect_label(page, "1")
    assert overtaken


def test_a_layer_that_no_browser_knows_is_left_to_the_server(open_page: Callable[..., Page]) -> None:
    page = open_page()

    def made_up(route: Route) -> None:
        if asked_function(route.request) != "fetch_network":
            return route.fallback()
        reply = route.fetch().json()
        reply["table"]["layers"][0] |= {"op": "unknown", "type": "TimeMachine"}
        route.fulfill(json=reply)

    page.route("**/component_server/**", made_up)
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("Tutorial: LeNet-5, BatchNorm")).click()
    page.wait_for_timeout(1500)
    asked = questions(page)
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    assert "read_drawing" in asked
    page.locator("#pad .rows").scroll_into_view_if_needed()  # what stands in it may be made anew meanwhile
    expect(page.locator("#pad .layer").last).to_contain_text("10 numbers")


@pytest.mark.parametrize("width", [320, 390, 480])
def test_the_brush_is_wide_enough_for_a_finger_in_every_language(open_page: Callable[..., Page], width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    for language in ("en", "zh"):
        page.locator("#title select").select_option(language)
        box = page.locator(".brush input").bounding_box()
        assert box is not None
        assert box["width"] >= 80, language


def test_drawing_goes_on_when_the_server_is_gone(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    offline = page.get_by_text("You are offline: drawing still works.")
    with serve(tmp_path / "app.log") as address:
        page.goto(address)
        page.locator("canvas.pad").hover(trial=True, timeout=60_000)
        in_browser(page)
        expect(offline).to_be_hidden()
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    expect(page.locator("#pad .sentence")).to_contain_text("sure")
    expect(offline).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    draw(page, [[(60, 60), (60, 220)], [(150, 60), (240, 60), (200, 220)]], side=280)
    expect_label(page, "17")
    expect(page.locator("#pad .box")).to_have_count(2)
    expect(page.locator("#pad .stage")).to_have_count(0)
    expect(stages(page)).to_have_count(6)
    context.close()


def test_a_server_that_comes_back_is_noticed_without_a_stroke(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.locator("canvas.pad").hover(trial=True, timeout=60_000)
    offline = page.get_by_text("You are offline: drawing still works.")
    in_browser(page)
    page.route("**/*", lambda route: route.abort())
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    expect(offline).to_be_visible()
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("Tutorial: LeNet-5, BatchNorm")).click()
    expect(page.locator("#pad .problem")).to_contain_text("The server does not answer.")
    expect(offline).to_be_hidden()  # for this network never came
    page.unroute_all()
    expect_label(page, "7")  # without another stroke
    expect(page.locator("#pad .who")).to_contain_text("BatchNorm")

    page.route("**/*", lambda route: route.abort())
    draw(page, [[(60, 60), (60, 220)]], side=280)
    expect(offline).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(offline).to_be_visible()
    page.unroute_all()
    expect(offline).to_be_hidden()  # though there is nothing to ask about
    context.close()


def test_the_layers_stay_when_the_server_has_forgotten_the_network(page: Page) -> None:
    in_browser(page)
    asked = []

    def forgotten(route: Route) -> None:
        if asked_function(route.request) != "look_inside":
            return route.fallback()
        asked.append(route)
        route.fulfill(json={"blank": True, "stages": None, "layers": None, "why": None})

    page.route("**/component_server/**", forgotten)
    colours = """canvas => new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size"""
    page.set_viewport_size({"width": 1280, "height": 2400})
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.wait_for_timeout(500)
    assert asked
    assert page.locator("#pad .layer:visible canvas").first.evaluate(colours) > 20
    expect(stages(page)).to_have_count(6)
