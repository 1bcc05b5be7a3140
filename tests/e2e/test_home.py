"""The file to take home, opened from a disk, with the network off."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from lenet.data.strokes import Drawing, read_drawings
from lenet.inference.digits import DigitClassifier
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import load
from lenet.training.stored import WEIGHTS
from lenet.ui.home.page import document
from lenet.ui.shared import assets
from tests.e2e.conftest import ALTERED, DIGITS_ACCURACY, draw

Open = Callable[..., Page]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
EXAMPLES = assets.HERE / "photo" / "examples"


@pytest.fixture
def take_home(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a network's file, with other classes if asked; fails the test on any error, and on any request."""
    troubles: list[str] = []
    contexts = []

    def open_it(name: str, classes: tuple[str, ...] = (), **options: Any) -> Page:
        path = tmp_path / f"{name}.html"
        checkpoint = load(WEIGHTS / path.with_suffix(".safetensors").name)
        if classes:
            checkpoint = replace(checkpoint, classes=classes)
        path.write_text(document(checkpoint, name, date(2026, 1, 2)), "utf-8")
        contexts.append(browser.new_context(offline=True, **{"locale": "en-GB", **options}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(path.as_uri())
        page.on("request", lambda request: troubles.append(request.url))
        expect(page.locator(".answer")).to_be_visible()
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not troubles


def touch(page: Page, drawing: Drawing) -> None:
    """Draw with a finger."""
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    for stroke in drawing.strokes:
        places = [{"x": box["x"] + x * box["width"] / 500, "y": box["y"] + y * box["height"] / 500} for x, y in stroke]
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [places[0]]})
        for place in places[1:]:
            session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
        page.wait_for_timeout(100)  # it comes to rest: after a flick Chromium takes the next tap as the flick's end
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [places[-1]]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


# The pad's grey pixels, as a text: Playwright wraps each number of an array on its way.
PIXELS = """() => {
  const pad = document.querySelector("canvas.pad");
  const { data } = pad.getContext("2d").getImageData(0, 0, pad.width, pad.height);
  return Array.from({ length: data.length / 4 }, (_, i) => String.fromCharCode(data[4 * i])).join("");
}"""


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_real_strokes_are_read_on_a_phone_in_every_language(take_home: Open, pen_file: Path, language: str) -> None:
    page = take_home("digits", **PHONE, locale=language)
    classifier = DigitClassifier.from_pretrained("digits")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for drawing in random.Random(0).sample(read_drawings(pen_file), 5):
        page.evaluate("scrollTo(0, 0)")
        touch(page, drawing)
        pixels = np.frombuffer(page.evaluate(PIXELS).encode("latin-1"), np.uint8).reshape(280, 280)
        number = "".join(found.prediction.label for found in classifier.read(Image.fromarray(pixels)))
        expect(page.locator(".answer")).to_have_attribute("data-label", number)
        page.locator(".clear").tap()
        expect(page.locator(".answer.blank")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == {"en-GB": "en", "zh-CN": "zh-Hans"}[language]


def test_what_stands_behind_an_answer_follows_the_pen(take_home: Open) -> None:
    page = take_home("digits")
    expect(page.locator(".about")).to_contain_text(
        f"lenet-modern, 51,435 parameters, {DIGITS_ACCURACY:.1%} of its test pictures right."
    )
    expect(page.locator(".about")).to_contain_text("2026-01-02")
    expect(page.locator(".steps .stage")).to_have_count(0)
    page.locator(".examples button").nth(1).click()
    expect(page.locator(".answer")).to_have_attribute("data-label", "9")
    expect(page.locator(".steps .stage")).to_have_count(6)
    expect(page.locator(".layer.telling")).to_have_count(6)
    before = page.locator(".layer canvas").nth(3).evaluate("(canvas) => canvas.toDataURL()")
    page.locator(".every").check()
    expect(page.locator(".layer:visible")).to_have_count(19)
    page.locator(".undo").click()
    expect(page.locator(".answer.blank")).to_be_visible()
    assert page.locator(".layer canvas").nth(3).evaluate("(canvas) => canvas.toDataURL()") != before


def test_two_digits_have_boxes_and_each_can_be_chosen_by_keyboard(take_home: Open) -> None:
    page = take_home("digits")
    draw(page, [[(150.0, 100.0), (150.0, 400.0)], [(350.0, 100.0), (350.0, 400.0)]], 500)
    expect(page.locator(".boxes .box")).to_have_count(2)
    first = page.locator(".answer .digit").first
    expect(first).to_have_attribute("aria-pressed", "false")  # the one last drawn is
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answer .digit").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".answer .digit").first).to_be_focused()


def test_the_language_can_be_changed_and_the_dark_is_the_systems(take_home: Open) -> None:
    page = take_home("mnist-lenet5-1998", color_scheme="dark")
    assert "dark" in (page.locator("body").get_attribute("class") or "")
    page.locator(".examples button").first.click()
    expect(page.locator(".steps .stage").first).to_contain_text("Grey")
    page.locator("#title select").select_option("zh")
    expect(page.locator(".undo")).to_have_text("撤销")
    expect(page.locator(".steps .stage").first).not_to_contain_text("Grey")
    expect(page.locator(".about")).to_contain_text("60,000 个参数")
    page.emulate_media(color_scheme="light")
    expect(page.locator("body")).not_to_have_class("dark")


@pytest.mark.parametrize("photo", ["horse", "ship", "truck"])
def test_a_small_network_names_a_picture_as_python_does(take_home: Open, photo: str) -> None:
    page = take_home("photos-lenet5", **PHONE)
    path = EXAMPLES / f"{photo}.jpg"
    expected = PhotoClassifier.from_pretrained("photos-lenet5").predict(path)
    page.locator(".file").set_input_files(path)
    label = "" if expected.verdict == "unknown" else expected.label
    expect(page.locator(f".answer.{expected.verdict}")).to_have_attribute("data-label", label)
    found = [int(text.removesuffix("%")) for text in page.locator(".bar .percent").all_inner_texts()]
    assert found == pytest.approx([100 * p for p in expected.probs.values()], abs=3)  # they decode a JPEG differently
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_browser_that_alters_pictures_is_told_so(take_home: Open) -> None:
    page = take_home("photos-lenet5")
    page.evaluate(f"() => {{ {ALTERED} }}")
    page.locator(".file").set_input_files(EXAMPLES / "ship.jpg")
    expect(page.locator(".sentence")).to_contain_text("alters the pixels")
    expect(page.locator(".answer")).to_have_attribute("data-label", "")


def test_what_is_no_picture_is_told(take_home: Open, tmp_path: Path) -> None:
    page = take_home("photos-lenet5")
    (tmp_path / "notes.jpg").write_text("no picture")
    page.locator(".file").set_input_files(tmp_path / "notes.jpg")
    expect(page.locator(".sentence")).to_contain_text("cannot be opened")


def test_nothing_of_the_picture_before_stays_beside_what_is_no_picture(take_home: Open, tmp_path: Path) -> None:
    page = take_home("photos-lenet5")
    painted = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"""
    page.locator(".file").set_input_files(EXAMPLES / "ship.jpg")
    expect(page.locator(".answer.sure")).to_be_visible()
    assert [page.locator(part).evaluate(painted) for part in (".photo", ".seen")] == [True, True]
    (tmp_path / "notes.jpg").write_text("no picture")
    page.locator(".file").set_input_files(tmp_path / "notes.jpg")
    expect(page.locator(".sentence")).to_contain_text("cannot be opened")
    assert [page.locator(part).evaluate(painted) for part in (".photo", ".seen")] == [False, False]


# A browser that takes a second for a large picture.
SLOW = """() => {
  const open = window.createImageBitmap;
  window.createImageBitmap = async (file) => {
    const image = await open(file);
    if (image.width > 1000) await new Promise((done) => setTimeout(done, 1000));
    return image;
  };
}"""


def test_the_newest_of_two_pictures_is_the_one_that_is_named(take_home: Open, tmp_path: Path) -> None:
    page = take_home("photos-lenet5")
    Image.open(EXAMPLES / "ship.jpg").resize((6000, 4500)).save(tmp_path / "slow.jpg")
    Image.open(EXAMPLES / "horse.jpg").resize((90, 60)).save(tmp_path / "quick.jpg")
    page.evaluate(SLOW)
    page.locator(".file").set_input_files(tmp_path / "slow.jpg")
    page.locator(".file").set_input_files(tmp_path / "quick.jpg")
    page.wait_for_timeout(1500)
    assert page.locator(".photo").evaluate("({ width, height }) => [width, height]") == [90, 60]


@pytest.mark.parametrize("network", ["digits", "photos-lenet5"])
def test_a_map_can_be_enlarged_with_how_its_numbers_came_about(take_home: Open, network: str) -> None:
    page = take_home(network)
    first = page.locator(".layer:visible canvas").first
    first.click()
    expect(page.locator("dialog")).to_have_count(0)  # there is nothing to enlarge yet
    if network == "digits":
        page.locator(".examples button").first.click()
    else:
        page.locator(".file").set_input_files(EXAMPLES / "ship.jpg")
    expect(page.locator(".answer.sure")).to_be_visible()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog .workings")).to_contain_text("pool1: the largest number of the patch")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(first).to_be_focused()


ODD = ("👨‍👩‍👧‍👦", "猫 与 狗", "</script>", "\"q'<b>&amp;", "constructor", "__proto__", "{name}", "W" * 60, "10", "2")


@pytest.mark.parametrize("network", ["mnist-lenet5-bn", "photos-lenet5"])
def test_classes_of_odd_names_are_written_as_they_are(take_home: Open, network: str) -> None:
    page = take_home(network, ODD, **PHONE, locale="zh-CN")
    if network == "photos-lenet5":
        page.locator(".file").set_input_files(EXAMPLES / "horse.jpg")
    else:
        page.locator(".examples button").nth(2).tap()
    label = "W" * 60 if network == "photos-lenet5" else "constructor"
    expect(page.locator(".answer.sure")).to_have_attribute("data-label", label)
    expect(page.locator(".answer .label")).to_contain_text(label)
    assert {name.rstrip("…") for name in page.locator(".bar > :first-child").all_inner_texts()} == set(ODD)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("sandbox", ["", 'sandbox="allow-scripts"'], ids=["free", "sandboxed"])
def test_it_answers_in_a_frame_of_another_page(browser: Browser, tmp_path: Path, sandbox: str) -> None:
    (tmp_path / "digits.html").write_text(document(load(WEIGHTS / "digits.safetensors"), "digits", date(2026, 1, 2)))
    (tmp_path / "mine.html").write_text(
        f'<!doctype html><iframe {sandbox} src="digits.html" width="100%" height="900">'
    )
    context = browser.new_context(offline=True, locale="en-GB", viewport={"width": 390, "height": 844})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "mine.html").as_uri())
    frame = page.frame_locator("iframe")
    draw(frame, [[(250.0, 80.0), (250.0, 420.0)]], 500)
    expect(frame.locator(".answer")).to_have_attribute("data-label", "1")
    frame.locator("#title select").select_option("zh")
    expect(frame.locator(".undo")).to_have_text("撤销")
    context.close()
    assert not errors
