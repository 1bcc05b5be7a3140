"""The Photo tab."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "lenet" / "ui" / "examples"


@pytest.fixture
def photo_tab(page: Page) -> Page:
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator("#photo-answer")).to_contain_text("ten things")
    return page


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]:not(.file)").first.set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def test_an_example_is_named(photo_tab: Page, snap: Callable[[Page, str], None]) -> None:
    photo_tab.locator("button.gallery-item, .gallery button").first.click()
    expect(photo_tab.locator("#photo-answer .answer")).to_have_attribute("data-label", "airplane")
    expect(photo_tab.locator("#photo-steps .stage")).to_have_count(3)
    snap(photo_tab, "photo-light-1280")


@pytest.mark.parametrize("name", ["ship", "automobile", "truck"])  # truck.jpg lies on its side, and EXIF says so
def test_an_upload_is_named(photo_tab: Page, name: str) -> None:
    upload(photo_tab, f"{name}.jpg", (EXAMPLES / f"{name}.jpg").read_bytes())
    expect(photo_tab.locator("#photo-answer .answer")).to_have_attribute("data-label", name)


def test_odd_files_are_named_or_get_a_sentence(photo_tab: Page) -> None:
    ship = Image.open(EXAMPLES / "ship.jpg")
    upload(photo_tab, "cmyk.jpg", encoded(ship.convert("CMYK"), "JPEG"))
    expect(photo_tab.locator("#photo-answer .answer")).to_have_attribute("data-label", "ship")
    photo_tab.get_by_role("button", name="Remove Image").click()
    upload(photo_tab, "broken.png", encoded(ship, "PNG")[:5000])
    expect(photo_tab.locator("#photo-answer .problem")).to_contain_text("damaged")
    expect(photo_tab.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 390), ("dark", 390)])
def test_it_fits(open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.get_by_role("tab", name="Photo").click()
    upload(page, "ship.jpg", (EXAMPLES / "ship.jpg").read_bytes())
    expect(page.locator("#photo-answer .answer")).to_have_attribute("data-label", "ship")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"photo-{scheme}-{width}")
