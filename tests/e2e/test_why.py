"""Why a photo got its answer, in the Photo tab."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WHY, MAPS = "#photo-why", "#photo-why .layer.telling canvas"


def open_example(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Photo").click()
    page.locator(f'#photo .example[data-example="{name}"]').click()
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", name)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_parts_that_counted_lie_over_the_photo(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator(MAPS).first).to_be_attached()  # the tab's script has made it
    height = page.locator(WHY).bounding_box()["height"]  # type: ignore[index]
    open_example(page, "ship")
    page.locator(f"{WHY} .weighed").scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .heat")).to_be_visible()
    expect(page.locator(f"{WHY} .legend")).to_contain_text("spoke for ship")
    page.locator(MAPS).first.scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .layer:last-child .labels")).to_contain_text("ship")
    assert abs(page.locator(WHY).bounding_box()["height"] - height) < 2, "nothing jumps"  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"why-{scheme}-{width}")
    page.get_by_label("Strength of the colours").fill("0")
    expect(page.locator(f"{WHY} .heat")).to_have_css("opacity", "0")


def test_until_there_is_a_photo_an_example_fills_what_is_looked_at(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator(MAPS).first).to_be_attached()
    page.wait_for_timeout(300)
    assert not any("name_photo" in body for body in asked), "nothing of it is in view"
    page.locator("#photo .saw").scroll_into_view_if_needed()
    expect(page.locator("#photo .stage")).to_have_count(3)
    page.locator(f"{WHY} .weighed").scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .legend")).to_contain_text("spoke for airplane")
    label = page.locator("#photo .saw .of-example")
    expect(label).to_have_text("of an example, until you choose a photo")
    expect(page.locator(f"{WHY} .of-example").first).to_be_visible()
    page.locator("#photo .card").nth(1).click()
    expect(label).to_be_visible()
    open_example(page, "ship")
    expect(label).to_be_hidden()
    page.locator(f"{WHY} .weighed").scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .legend")).to_contain_text("spoke for ship")
    expect(page.locator(f"{WHY} .of-example").first).to_be_hidden()


def test_another_photo_gets_another_map(page: Page) -> None:
    open_example(page, "frog")
    page.locator(f"{WHY} .weighed").scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .heat")).to_be_visible()
    before = page.locator(f"{WHY} .heat").get_attribute("src")
    open_example(page, "horse")
    page.locator(f"{WHY} .weighed").scroll_into_view_if_needed()
    expect(page.locator(f"{WHY} .legend")).to_contain_text("spoke for horse")
    assert page.locator(f"{WHY} .heat").get_attribute("src") != before


def test_what_is_closed_is_not_asked_for(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    page.get_by_role("tab", name="Photo").click()
    for summary in ("Why this answer", "Inside the network"):
        page.locator(WHY).get_by_text(summary, exact=True).click()
    open_example(page, "frog")
    page.locator(WHY).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert any("name_photo" in body for body in asked)
    assert not any("look_at_photo" in body for body in asked)
    with page.expect_request(lambda request: "look_at_photo" in (request.post_data or "")):
        page.locator(WHY).get_by_text("Why this answer", exact=True).click()
