"""It was wrong, in the Draw tab: one tap, kept, learned, put to use, saved, and deleted."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from lenet.inference.pretrained import load
from tests.e2e.conftest import DIGITS_ACCURACY, Points, draw, settled

pytestmark = pytest.mark.browser


def aslant(strokes: list[Points], degrees: float) -> list[Points]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = [[((x - 140), (y - 140)) for x, y in stroke] for stroke in strokes]
    return [[(x * cos - y * sin + 140, x * sin + y * cos + 140) for x, y in stroke] for stroke in turned]


# `digits` takes all of these for something else.
ONE: list[Points] = [[(100, 110), (150, 60), (150, 220)], [(100, 220), (200, 220)]]
SEVEN: list[Points] = [[(70, 70), (200, 70), (120, 230)]]
DRAWN = {"1": (-58, -52, -62), "7": (45,)}


# Whether the database has corrections of these digits by now: a page says what it knows before it has written it.
KEPT = """(truths) => new Promise((resolve) => {
  const request = indexedDB.open("lenet-corrections");
  request.onsuccess = () => {
    const database = request.result;
    const stored = database.transaction("state").objectStore("state").get("state");
    stored.onsuccess = () => {
      database.close();
      resolve(stored.result?.corrections.map(({ truth }) => truth).join() === truths.join());
    };
  };
})"""


def put(page: Page, strokes: list[Points]) -> None:
    page.locator("#pad .clear").click()
    page.locator("canvas.pad").scroll_into_view_if_needed()
    draw(page, strokes, side=280)
    settled(page)


def corrected(page: Page, truth: str) -> None:
    page.locator("#pad .it-was-wrong").click()
    page.locator(f'#pad .truths button[data-truth="{truth}"]').click()


def mistakes(page: Page) -> Locator:
    return page.locator("#pad .mistakes button")


def unfold(page: Page) -> Locator:
    part = page.locator("#pad .corrections")
    if part.get_attribute("open") is None:
        part.locator("summary").click()
    return part


def test_corrections_are_kept_learned_used_saved_and_deleted(
    page: Page, snap: Callable[[Page, str], None], tmp_path: Path
) -> None:
    expect(page.locator("#pad .it-was-wrong")).to_be_hidden()  # nothing is drawn
    places = """() => [".mend", ".corrections", ".weighed"].map((part) =>
        Math.round(document.querySelector(`#pad ${part}`).getBoundingClientRect().top + scrollY))"""
    before = page.evaluate(places)
    count = 0
    for truth, angles in DRAWN.items():
        for degrees in angles:
            put(page, aslant(ONE if truth == "1" else SEVEN, degrees))
            corrected(page, truth)
            count += 1
            expect(mistakes(page)).to_have_count(count)
            if count == 1:
                assert page.evaluate(places) == before  # nothing has moved
    expect(page.locator("#pad .kept-as")).to_contain_text("Kept: no digit was 7.")
    corrected(page, "4")  # another tap on the same drawing is a second thought
    expect(mistakes(page)).to_have_count(count)
    expect(mistakes(page).last).to_have_attribute("aria-label", re.compile("was 4"))
    corrected(page, "7")
    expect(mistakes(page).last).to_have_attribute("aria-label", re.compile("was 7"))
    page.wait_for_function(KEPT, arg=["1", "1", "1", "7"])

    page.reload()
    page.locator("canvas.pad").hover(trial=True)
    part = unfold(page)
    expect(mistakes(page)).to_have_count(count)
    expect(part.locator(".progress")).to_have_text("A copy of LeNet, modern learns 4.")
    part.locator(".learn").click()
    expect(part.locator(".outcome")).to_be_visible(timeout=240_000)
    yours = part.locator(".yours").inner_text()
    right = re.match(r"Yours: 0 of 4 right before, (\d) of 4 after\.", yours)
    assert right, yours
    assert int(right[1]) >= 2
    expect(part.locator(".remembers")).to_have_text(
        re.compile(rf"10,000 test pictures.*{DIGITS_ACCURACY:.2%} right before, 99\.\d\d% after")
    )
    put(page, aslant(ONE, -58))
    part.locator(".use").click()
    expect(page.locator("#pad .answer .who")).to_be_in_viewport()
    expect(page.locator("#pad .answer .who")).to_contain_text("LeNet, modern, corrected by you")
    expect(page.locator("#pad .beside")).to_contain_text("LeNet, modern:")
    snap(page, "wrong-learned")

    with page.expect_download() as download:
        part.locator('.get[data-kind="weights"]').click()
    network = tmp_path / "mine.safetensors"
    download.value.save_as(network)
    assert load(network).recipe.name == "digits-corrected"
    with page.expect_download() as download:
        part.locator(".save-corrections").click()
    kept = tmp_path / "mine.json"
    download.value.save_as(kept)
    assert [one["truth"] for one in json.loads(kept.read_text())["corrections"]] == ["1", "1", "1", "7"]

    mistakes(page).first.click()
    expect(mistakes(page)).to_have_count(count - 1)
    expect(mistakes(page).first).to_be_focused()
    part.locator(".bring-back").click()
    expect(mistakes(page)).to_have_count(count)
    part.locator(".delete-corrections").click()
    expect(mistakes(page)).to_have_count(0)
    expect(part.locator(".outcome")).to_be_hidden()
    (tmp_path / "bad.json").write_text('{"kind": "lenet-own", "format": 1, "corrections": [{"truth": "<b>"}]}')
    part.locator(".corrections-file").set_input_files(tmp_path / "bad.json")
    expect(part.locator(".wrong-trouble")).to_contain_text("not a file that this page saved")
    part.locator(".corrections-file").set_input_files(kept)
    expect(mistakes(page)).to_have_count(count)

    page.get_by_role("tab", name="Zoo").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#upload").click()
    chooser.value.set_files(network)
    expect(page.locator(".upload")).to_contain_text("mine is yours")


def test_two_pages_of_a_browser_keep_the_corrections_of_both(page: Page, url: str) -> None:
    put(page, SEVEN)
    other = page.context.new_page()
    other.goto(url)
    other.locator("canvas.pad").hover(trial=True)
    page.bring_to_front()
    corrected(page, "1")
    expect(mistakes(other)).to_have_count(1)
    other.bring_to_front()
    put(other, aslant(SEVEN, 45))
    corrected(other, "7")
    expect(mistakes(page)).to_have_count(2)


def test_one_file_and_one_button_hold_all_that_a_visitor_made(page: Page, tmp_path: Path) -> None:
    picture = base64.b64encode(bytes([255] * 784)).decode()
    own = {
        "kind": "lenet-own",
        "format": 1,
        "drawings": [{"name": "×", "examples": [picture]}],
        "corrections": [{"picture": picture, "answer": "1", "truth": "7"}],
    }
    (tmp_path / "own.json").write_text(json.dumps(own))
    part, thumbs = unfold(page), page.locator("#teach .thumbs button")
    part.locator(".corrections-file").set_input_files(tmp_path / "own.json")
    expect(mistakes(page)).to_have_count(1)
    assert saved(page, tmp_path) == own | {"photos": []}  # though the tab of classes was never opened
    page.get_by_role("tab", name="Train").click()
    expect(thumbs).to_have_count(1)
    page.get_by_role("tab", name="Draw").click()
    assert saved(page, tmp_path) == own | {"photos": []}
    part.locator(".delete-corrections").click()
    expect(mistakes(page)).to_have_count(0)
    expect(thumbs).to_have_count(0)
    part.locator(".bring-back").click()
    expect(mistakes(page)).to_have_count(1)
    expect(thumbs).to_have_count(1)
    page.reload()
    part = unfold(page)
    expect(mistakes(page)).to_have_count(1)
    part.locator(".delete-corrections").click()
    expect(mistakes(page)).to_have_count(0)
    assert saved(page, tmp_path)["drawings"] == []
    part.locator(".bring-back").click()
    expect(mistakes(page)).to_have_count(1)
    assert saved(page, tmp_path) == own | {"photos": []}


def saved(page: Page, folder: Path) -> Any:
    with page.expect_download() as download:
        page.locator("#pad .save-corrections").click()
    download.value.save_as(folder / "saved.json")
    return json.loads((folder / "saved.json").read_text())


@pytest.mark.parametrize("denied", [False, True])
def test_one_tap_by_keyboard_on_a_phone(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], denied: bool
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    if denied:  # a browser that keeps nothing
        page.evaluate("void (IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError') })")
    put(page, SEVEN)
    page.locator("#pad .it-was-wrong").focus()
    page.keyboard.press("Enter")
    expect(page.locator('#pad .truths button[data-truth="0"]')).to_be_focused()
    expect(page.locator('#pad .truths button[data-truth="7"]')).to_be_disabled()  # that was the answer
    snap(page, "wrong-dark-390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    expect(page.locator("#pad .it-was-wrong")).to_be_focused()
    page.locator("#pad .it-was-wrong").click()
    page.mouse.click(5, 5)  # a press elsewhere is no answer
    expect(page.locator("#pad .truths")).to_be_hidden()
    page.locator("#pad .it-was-wrong").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pad .it-was-wrong")).to_be_focused()
    expect(page.locator("#pad .kept-as")).to_contain_text("7 其实是 1")
    expect(mistakes(page)).to_have_count(1)
    if denied:
        expect(page.locator("#pad .wrong-trouble")).to_contain_text("什么也不保存")
