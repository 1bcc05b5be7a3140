"""The Draw tab: how an answer is told, in both languages."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict

import pytest
from playwright.sync_api import Page, Route, expect

from lenet.data.strokes import render
from lenet.inference.digits import DigitClassifier, FoundDigit
from lenet.training.stored import WEIGHTS
from lenet.ui.draw.messages import Reading
from lenet.ui.shared import facts
from tests.e2e.conftest import DIGITS_ACCURACY, answer, asked_function, draw, expect_label, settled
from tests.e2e.pad import (
    LOADED,
    POOL1,
    SEVEN,
    painted,
    stages,
)

pytestmark = pytest.mark.browser


def test_a_number_is_read(page: Page) -> None:
    draw(page, [[(60, 60), (60, 220)], [(150, 60), (240, 60), (200, 220)]], side=280)
    expect_label(page, "17")
    expect(page.locator("#pad .box")).to_have_count(2)
    expect(page.locator("#pad .digit")).to_have_count(2)


SIGNED = [
    [(20, 140), (50, 140)],
    [(90, 70), (90, 210)],
    [(130, 210), (131, 210)],
    [(180, 70), (250, 70), (215, 210)],
]
BOXED = [[(40, 40), (240, 40), (240, 240), (40, 240), (40, 40)], [(110, 80), (170, 80), (130, 200)]]


@pytest.mark.parametrize("here", [True, False], ids=["browser", "server"])
def test_signs_are_shown_among_the_digits(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], here: bool
) -> None:
    page = open_page(in_browser=here, viewport={"width": 390, "height": 844})
    draw(page, SIGNED, side=280)
    expect_label(page, "−1.7")
    expect(page.locator("#pad .number .sign")).to_have_text(["−", "."])
    expect(page.get_by_role("group", name="Read as −1.7.")).to_be_visible()
    expect(page.locator("#pad .box.minus, #pad .box.point")).to_have_count(2)
    expect(page.locator("#pad .left-out")).to_have_count(0)
    snap(page, f"signs-{here}")


@pytest.mark.parametrize(("locale", "said"), [("en-GB", "% sure. Left out: a box."), ("zh-CN", "。 未读：方框。")])
def test_what_is_left_out_is_said(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], locale: str, said: str
) -> None:
    page = open_page(locale=locale)
    draw(page, BOXED, side=280)
    expect_label(page, "7")
    expect(page.locator("#pad p:has(.left-out)")).to_contain_text(said)
    expect(page.locator("#pad .box")).to_have_count(1)  # the printed one
    snap(page, f"boxed-{locale}")


def test_a_scribble_is_no_digit(page: Page) -> None:
    places = [(140 + 90 * math.sin(1.9 * i), 140 + 90 * math.cos(2.3 * i)) for i in range(25)]
    draw(page, [places], side=280)
    expect(page.locator("#pad .sentence")).to_contain_text("digit, I think. Most like ")
    expect(page.locator("#pad .bar.best .name")).to_have_text("none")
    expect(page.locator("#pad .label")).to_have_text("?")


def test_one_click_says_that_it_is_a_digit(page: Page, snap: Callable[[Page, str], None]) -> None:
    places = [(140 + 90 * math.sin(1.9 * i), 140 + 90 * math.cos(2.3 * i)) for i in range(25)]
    draw(page, [places], side=280)
    certain, sentence = page.get_by_role("button", name="It is a digit"), page.locator("#pad .sentence")
    legend = page.locator("#pad .evidence + figcaption .legend")
    expect(sentence).to_contain_text("digit, I think")
    closest = re.findall(r"Most like (\d)", sentence.inner_text())[0]
    expect(legend).to_contain_text("spoke for none of these")
    certain.focus()
    page.keyboard.press("Enter")
    expect_label(page, closest)
    expect(certain).to_be_focused()
    expect(certain).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#pad .bar.best .name")).to_have_text(closest)
    expect(page.locator("#pad .bar .percent").last).to_have_text("0%")
    expect(legend).to_contain_text(f"spoke for {closest}")
    snap(page, "certain-light-1280")
    draw(page, [[(20, 20), (24, 20)]], side=280)  # the same drawing
    expect(sentence).not_to_contain_text("digit, I think")
    page.get_by_role("button", name="Undo").click()
    certain.click()
    expect_label(page, "")
    certain.click()
    page.get_by_role("button", name="Clear").click()
    draw(page, [places], side=280)  # another one
    expect(sentence).to_contain_text("digit, I think")


def asks_for(route: Route, network: str) -> bool:
    """Whether the browser wants to compute this network by itself."""
    return asked_function(route.request) == "fetch_network" and network in str(route.request.post_data)


def test_the_answer_names_who_answers(open_page: Callable[..., Page]) -> None:
    page = open_page()
    who = page.locator("#pad .answer .who")
    expect(who).to_contain_text(f"LeNet, modern: {DIGITS_ACCURACY:.1%} of its test pictures", timeout=LOADED)
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    expect(who).to_contain_text(f"LeNet, modern: {DIGITS_ACCURACY:.1%} of its test pictures")
    page.get_by_role("tab", name="Zoo").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#upload").click()
    chooser.value.set_files(WEIGHTS / "mnist-lenet5-bn.safetensors")
    expect(page.locator("#zoo .yours .entry")).to_have_count(1)
    page.get_by_role("tab", name="Draw").click()
    expect(who).to_contain_text("mnist-lenet5-bn, your own: 9")
    expect_label(page, "7")  # what was drawn is still there
    expect(page.locator("#pad .beside")).to_have_attribute("data-label", "7")
    expect(page.locator("#pad .beside")).to_contain_text("LeNet, modern")
    held: list[Route] = []
    page.route(
        "**/component_server/**", lambda route: held.append(route) if asks_for(route, "1998") else route.fallback()
    )
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("as printed")).click()
    expect(page.locator("#pad .beside")).to_have_count(0)
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("^mnist-lenet5-bn")).click()
    expect(page.locator("#pad .beside")).to_contain_text("LeNet, modern")
    assert held
    held[0].continue_()
    expect(page.locator("#pad .beside")).to_contain_text("as printed")  # the one before, as soon as it is there
    speak(page, "zh")
    expect(who).to_contain_text("您的网络")


def test_the_keyboard_stays_among_the_layers_when_they_are_of_another_network(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    held: list[Route] = []
    page.route(
        "**/component_server/**",
        lambda route: held.append(route) if not held and asks_for(route, "1998") else route.fallback(),
    )
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("as printed")).click()
    layers = page.locator("#pad .rows canvas:visible")
    first = layers.first.get_attribute("aria-label")
    layers.last.focus()
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(layers.first).not_to_have_attribute("aria-label", str(first))
    expect(page.locator("#pad .rows canvas:focus")).to_have_count(1)


@pytest.mark.parametrize("network", ["1998: LeNet-5 as printed", "Tutorial: LeNet-5, sigmoids"])
def test_networks_of_thirty_years_answer_the_same_drawing(page: Page, network: str) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile(network)).click()
    page.locator("#pad .rows").scroll_into_view_if_needed()  # what stands in it may be made anew meanwhile
    expect(page.locator("#pad .layer").last).to_contain_text("10 numbers")
    expect(page.locator("#pad .result")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", re.compile("^[0-9]$"))
    expect(page.locator("#pad .bar")).to_have_count(10)
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_contain_text("Draw something")
    expect(page.locator("#pad .bar")).to_have_count(10)  # "none" is no answer of theirs


def test_a_number_is_boxed_and_each_digit_can_be_chosen(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None]
) -> None:
    """The reading is made by hand, so that this is about the page alone."""
    page = open_page(in_browser=False)
    one = DigitClassifier.from_pretrained("digits").predict(render([[(250, 100), (250, 400)]], 20))
    seven = DigitClassifier.from_pretrained("digits").predict(render([[(140, 110), (365, 105), (235, 415)]], 20))
    found = (FoundDigit((0.1, 0.2, 0.4, 0.8), one, False), FoundDigit((0.5, 0.2, 0.9, 0.8), seven, touching=True))

    def answer_by_hand(route: Route) -> None:
        if asked_function(route.request) != "read_drawing":
            return route.fallback()
        reading = Reading([facts.digit(digit, True) for digit in found], [], None, 1.0, training=False)
        route.fulfill(content_type="application/json", body=json.dumps(asdict(reading)))

    page.route("**/component_server/**", answer_by_hand)
    draw(page, [[(60, 60), (60, 220)], [(150, 60), (240, 60), (200, 220)]], side=280)
    expect_label(page, "17")
    expect(page.locator("#pad .box")).to_have_count(2)
    expect(page.locator("#pad .digit[aria-pressed=true]")).to_have_text(f"7{seven.confidence:.0%}")
    expect(page.locator("#pad .sentence")).to_contain_text("leave a gap")
    box, pad = page.locator("#pad .box").first.bounding_box(), page.locator("canvas.pad").bounding_box()
    assert box is not None
    assert pad is not None
    assert box["x"] - pad["x"] == pytest.approx(0.1 * pad["width"], abs=3)
    assert box["height"] == pytest.approx(0.6 * pad["height"], abs=3)
    page.locator("#pad .digit").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pad .digit[aria-pressed=true]")).to_have_text(f"1{one.confidence:.0%}")
    expect(page.locator("#pad .sentence")).to_contain_text("Digit 1 of 2")
    assert page.evaluate("document.activeElement.textContent") == f"1{one.confidence:.0%}"
    snap(page, "number-light-1280")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#pad .box")).to_have_count(0)


# --------------------------------------------------------------------------------------------------
# in another language

# Names and terms that stay; what is left of two letters or more would be English.
KEPT = re.compile(r"BatchNorm|Ctrl|Shift|LeNet(-5)?|MNIST|ReLU|logit|[a-z]+\d|\d+x\d+")
HEARD = """() => [document.querySelector("#pad").innerText, ...[...document.querySelectorAll("#pad *")].flatMap((one) =>
    [one.title, one.getAttribute("aria-label"), one.getAttribute("alt")])].join("\\n")"""


def english(page: Page) -> list[str]:
    return re.findall(r"[A-Za-z]{2,}", KEPT.sub("", page.evaluate(HEARD)))


def speak(page: Page, language: str) -> None:
    page.locator("#title select").select_option(language)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_chinese_browser_sees_no_english(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="zh-CN")
    expect(answer(page)).to_contain_text("请写一个数字")
    assert english(page) == []
    draw(page, SEVEN, side=280)
    expect(page.locator("#pad .sentence")).to_contain_text("置信度")
    page.locator("#pad .weighed").scroll_into_view_if_needed()
    page.locator("#pad .ask").click()
    expect(page.locator("#pad .verdict")).to_contain_text("改动")
    page.locator(POOL1).first.focus()
    page.keyboard.press("Home")
    expect(page.locator("#pad .pointed")).to_contain_text("第 1/16 张特征图")
    assert english(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"draw-zh-{scheme}-{width}")


def test_a_change_of_language_loses_nothing(page: Page) -> None:
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("Tutorial: LeNet-5, BatchNorm")).click()
    page.get_by_text("Inside the network", exact=True).click()  # closed
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.locator("#pad .ask").click()
    expect(page.locator("#pad .verdict")).to_contain_text("changed, it")
    change, drawing = painted(page, "#pad .change"), painted(page, "canvas.pad")
    sure = re.findall(r"[\d.]+%", settled(page).locator(".sentence").inner_text())
    speak(page, "zh")
    expect(page.locator("#pad .verdict")).to_contain_text("这样改动")
    expect(stages(page).first).to_contain_text("灰度")
    expect(page.locator("#pad .evidence + figcaption .legend")).to_contain_text("支持 7")
    assert english(page) == []
    expect_label(page, "7")
    assert re.findall(r"[\d.]+%", settled(page).locator(".sentence").inner_text()) == sure
    assert (painted(page, "#pad .change"), painted(page, "canvas.pad")) == (change, drawing)
    expect(page.locator("#pad details.layers")).not_to_have_attribute("open", re.compile(""))
    speak(page, "en")
    expect(page.locator("#pad .verdict")).to_contain_text("changed, it")
    expect(page.locator("#pad .evidence + figcaption .legend")).to_contain_text("spoke for 7")
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_contain_text("Draw something")
    speak(page, "zh")
    expect(answer(page)).to_contain_text("请写一个数字")
    assert english(page) == []


def test_a_picture_that_is_too_large_is_refused_in_either_language(page: Page) -> None:
    page.evaluate("""() => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(20_000_001)], "huge.png", { type: "image/png" }));
      document.querySelector("canvas.pad").dispatchEvent(new DragEvent("drop", { dataTransfer: files }));
    }""")
    expect(page.locator("#pad .problem")).to_contain_text("over 20 MB")
    speak(page, "zh")
    expect(page.locator("#pad .problem")).to_contain_text("超过 20 MB")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
