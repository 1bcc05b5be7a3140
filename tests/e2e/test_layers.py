"""The Draw tab: what stands behind an answer, the layers and why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.e2e.conftest import asked_function, draw, expect_label, settled
from tests.e2e.pad import (
    ANSWER,
    FOUR_FIRST,
    FOUR_SECOND,
    LOADED,
    POOL1,
    SEVEN,
    painted,
    painted_anew,
    stages,
)

pytestmark = pytest.mark.browser


def test_the_inside_follows_each_stroke(page: Page, snap: Callable[[Page, str], None]) -> None:
    page.locator(POOL1).first.scroll_into_view_if_needed()
    expect(page.locator("#pad .behind.example")).to_be_attached(timeout=LOADED)
    page.wait_for_timeout(200)  # until the example is painted
    height = page.locator("#pad .behind").bounding_box()["height"]  # type: ignore[index]
    empty, evidence = painted(page, POOL1), painted(page, "#pad .evidence")
    draw(page, [FOUR_FIRST], side=280)
    first = painted_anew(page, POOL1, empty)
    drawn = painted_anew(page, "#pad .evidence", evidence)
    draw(page, [FOUR_SECOND], side=280)
    painted_anew(page, POOL1, first)
    painted_anew(page, "#pad .evidence", drawn)
    expect(page.locator("#pad .evidence + figcaption .legend")).to_contain_text("spoke for 4")
    assert abs(page.locator("#pad .behind").bounding_box()["height"] - height) < 40  # type: ignore[index]
    snap(page, "inside-light-1280")
    page.get_by_role("button", name="Clear").click()
    assert painted_anew(page, POOL1, first) == empty
    expect(page.locator("#pad .ask")).to_be_disabled()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pad_takes_strokes_where_it_appears(browser: Browser, url: str, width: int) -> None:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.add_init_script(
        """
        window.seen = new Set();
        (function look() {
          const pad = document.querySelector("canvas.pad");
          if (pad?.checkVisibility({ visibilityProperty: true })) {
            const { left, top } = pad.getBoundingClientRect();
            const free = document.elementFromPoint(left + 50, top + 50) === pad;
            seen.add(`${top} px, below ${free ? "nothing" : "a cover"}`);
          }
          requestAnimationFrame(look);
        })();
        """
    )
    held = []

    def hold_the_choices(route: Route) -> None:
        response = route.fetch()
        if "combobox" in response.text():  # Gradio's dropdown, above the pad
            held.append(lambda: route.fulfill(response=response))
        else:
            route.fulfill(response=response)

    page.route("**/assets/*.js", hold_the_choices)
    page.goto(url)
    expect(page.locator("canvas.pad")).to_be_attached(timeout=60_000)
    page.wait_for_timeout(200)
    assert held
    for release in held:
        release()
    page.locator("canvas.pad").hover(trial=True)
    seen = page.evaluate("[...seen]")
    page.context.close()
    assert len(seen) == 1, seen
    assert seen[0].endswith("nothing")


def test_nothing_above_the_inside_jumps_at_the_first_stroke(page: Page) -> None:
    places = """() => ["summary", ".layer.telling canvas", ".evidence", ".change", ".ask", ".pointed"].map((part) =>
        Math.round(document.querySelector(`#pad .behind ${part}`).getBoundingClientRect().top + scrollY))"""
    before = page.evaluate(places)
    draw(page, SEVEN, side=280)
    expect(page.locator("#pad .ask")).to_be_enabled()
    assert page.evaluate(places) == before


@pytest.mark.parametrize(("locale", "said"), [("en-GB", "of an example, until you draw"), ("zh-CN", "示例，等您来写")])
def test_an_empty_pad_shows_an_example_behind_it(open_page: Callable[..., Page], locale: str, said: str) -> None:
    page = open_page(locale=locale)
    mark = page.locator("#pad details.saw .of-example")
    expect(mark).to_have_text(said)
    expect(mark).to_be_visible(timeout=LOADED)
    expect(stages(page)).to_have_count(6)
    page.locator(POOL1).first.scroll_into_view_if_needed()
    example = painted(page, POOL1)
    page.locator("#pad .evidence").scroll_into_view_if_needed()
    expect(page.locator("#pad .weighed .of-example")).to_have_text(said)
    expect(page.locator("#pad .evidence + figcaption .legend")).to_contain_text("7")  # what spoke for it
    expect(page.locator("#pad .sums")).to_contain_text("logit")
    expect(page.locator("#pad .ask")).to_be_disabled()
    page.locator("canvas.pad").scroll_into_view_if_needed()
    draw(page, [FOUR_FIRST, FOUR_SECOND], side=280)
    expect(mark).to_be_hidden()
    page.locator(POOL1).first.scroll_into_view_if_needed()
    drawn = painted_anew(page, POOL1, example)
    page.locator("#pad .clear").click()
    assert painted_anew(page, POOL1, drawn) == example
    expect(mark).to_be_visible()


def test_a_map_says_what_it_is(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    line = page.locator("#pad .pointed")
    maps = page.locator(POOL1).first
    maps.scroll_into_view_if_needed()
    expect(page.locator("#pad .ask")).to_be_enabled()
    box = maps.bounding_box()
    assert box is not None
    maps.hover(position={"x": box["width"] * 2.5 / 8, "y": 10})
    expect(line).to_contain_text("pool1, map 3 of 16, 12×12, strongest")
    maps.focus()
    page.keyboard.press("Home")
    expect(line).to_contain_text("map 1 of 16")
    page.keyboard.press("ArrowRight")
    expect(line).to_contain_text("map 2 of 16")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # there is none
    expect(line).to_contain_text("map 16 of 16")
    page.locator(ANSWER).focus()
    page.keyboard.press("End")
    expect(line).to_contain_text("fc1, none: score")
    page.locator("#pad .every").focus()
    expect(line).to_contain_text("Point at a map")


@pytest.mark.parametrize(
    ("locale", "width", "close", "words"),
    [("en-GB", 1366, "Close", ("filter", "patch", "conv2")), ("zh-CN", 390, "关闭", ("卷积核", "局部区域", "conv2"))],
)
def test_a_map_is_enlarged_and_says_how_a_number_came_about(
    open_page: Callable[..., Page],
    snap: Callable[[Page, str], None],
    locale: str,
    width: int,
    close: str,
    words: tuple[str, ...],
) -> None:
    page = open_page(locale=locale, viewport={"width": width, "height": 844})
    expect(page.locator("#pad .behind.example")).to_be_attached(timeout=LOADED)  # an example's maps can be enlarged too
    maps = page.locator(POOL1).nth(1)
    maps.scroll_into_view_if_needed()
    maps.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#pad .pointed")).to_contain_text(re.compile("strongest|最强"))  # the numbers are there
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.closeup")
    for word in words:
        expect(dialog).to_contain_text(word)
    expect(dialog.locator(".part")).to_have_count(4)
    expect(dialog.get_by_role("tooltip")).to_have_count(0)  # all are hidden
    where = dialog.locator(".where-in-map").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(dialog.locator(".where-in-map")).not_to_have_text(where)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"closeup-{locale}")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(maps).to_be_focused()
    maps.click()
    dialog.get_by_role("button", name=close).click()
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "width", "word", "meaning"),
    [("en-GB", 820, "pooling", "one number"), ("zh-CN", 390, "池化", "变成一个数")],
)
def test_a_technical_word_has_its_sentence(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], locale: str, width: int, word: str, meaning: str
) -> None:
    page = open_page(locale=locale, viewport={"width": width, "height": 844})
    expect(page.locator("#pad .behind.example")).to_be_attached(timeout=LOADED)  # whose layers come last
    term = page.locator("#pad .layer.telling .term").filter(has_text=word).first
    sentence = term.get_by_role("tooltip")
    expect(sentence).to_be_hidden()
    term.hover()
    expect(sentence).to_contain_text(meaning)
    expect(sentence).to_be_visible()
    box = sentence.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    snap(page, f"term-{width}")
    page.mouse.move(1, 1)
    expect(sentence).to_be_hidden()
    term.focus()
    expect(sentence).to_be_visible()
    page.keyboard.press("Escape")
    expect(sentence).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_vanishes_in_forced_colours(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str
) -> None:
    page = open_page(forced_colors="active", color_scheme=scheme)
    expect(page.locator("#pad .invitation p")).to_have_css("color", "rgb(91, 101, 117)")  # on a pad that stays white
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_role("button", name="Eraser").click()
    expect(page.get_by_role("button", name="Eraser")).to_have_css("outline-style", "solid")
    background = "(one) => getComputedStyle(one).backgroundColor"
    assert page.locator("#pad .bar.best .fill").evaluate(background) != page.locator("body").evaluate(background)
    snap(page, f"draw-forced-{scheme}")


def test_every_layer_is_a_choice(page: Page, snap: Callable[[Page, str], None]) -> None:
    draw(page, SEVEN, side=280)
    expect(page.locator("#pad .layer:visible")).to_have_count(6)
    expect_label(page, "7")
    page.locator(POOL1).first.scroll_into_view_if_needed()
    blank = painted(page, "#pad .layer canvas")  # of conv1, which is not computed yet
    page.locator("#pad .every").check()
    expect(page.locator("#pad .layer:visible")).to_have_count(19)
    painted_anew(page, "#pad .layer canvas", blank)
    snap(page, "inside-every-1280")
    page.locator("#pad .every").uncheck()
    expect(page.locator("#pad .layer:visible")).to_have_count(6)


def test_what_would_make_it_another(page: Page) -> None:
    ask, verdict = page.locator("#pad .ask"), page.locator("#pad .verdict")
    expect(ask).to_be_disabled()
    draw(page, SEVEN, side=280)
    expect(ask).to_be_enabled()
    expect(ask).to_contain_text("What would make it a")
    before = painted(page, "#pad .change")
    ask.focus()
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text(re.compile("So changed, it reads a|Even so changed, it is not yet a"))
    after = painted_anew(page, "#pad .change", before)
    page.get_by_label("Every layer").check()  # asks again what is inside, and leaves this alone
    page.wait_for_timeout(300)
    assert painted(page, "#pad .change") == after
    draw(page, [[(30, 30), (60, 30)]], side=280)
    expect(verdict).not_to_contain_text(re.compile("[Ss]o changed"))


def test_what_spoke_for_the_example_is_asked_for_again_where_the_server_did_not_say(page: Page) -> None:
    failures: list[Request] = []
    says = False

    def fail_at_first(route: Route) -> None:
        if asked_function(route.request) != "look_inside" or says:
            return route.fallback()
        failures.append(route.request)
        return route.fulfill(json={"problem": {"en": "Not now."}})

    page.route("**/component_server/**", fail_at_first)
    with page.expect_response(lambda reply: reply.request in failures, timeout=LOADED):
        page.reload()
        page.locator("canvas.pad").hover(trial=True)
        sums = page.locator("#pad .sums")
        expect(page.locator("#pad .behind.example")).to_be_attached(timeout=LOADED)
        sums.scroll_into_view_if_needed()  # only now, for what has loaded may have moved it out of view
    page.wait_for_timeout(500)  # in which it might be said, or asked again and again
    assert len(failures) <= 3  # while the page is laid out, it may come into view more than once
    expect(sums).not_to_contain_text("logit")
    says = True
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(300)
    sums.scroll_into_view_if_needed()
    expect(sums).to_contain_text("logit")


def test_what_is_closed_is_not_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.post_data or "") if "component_server" in request.url else None
    )
    for summary in ("Why this answer", "Inside the network", "What the network saw"):
        page.get_by_text(summary, exact=True).click()
    page.wait_for_timeout(300)
    asked.clear()  # what the example had
    draw(page, SEVEN, side=280)
    settled(page)
    page.wait_for_timeout(300)
    assert not any("look_inside" in body for body in asked)
    with page.expect_request(lambda request: "look_inside" in (request.post_data or "")):
        page.get_by_text("Why this answer", exact=True).click()  # the layers are the browser's own
        page.locator("#pad .weighed").scroll_into_view_if_needed()
