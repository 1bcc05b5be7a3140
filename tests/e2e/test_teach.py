"""Your own classes, in the Train tab: drawn, learned, tried, put to use, kept, and deleted."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from lenet.inference.pretrained import load
from lenet.ui.photo.tab import EXAMPLES
from tests.e2e.conftest import answer, draw

pytestmark = pytest.mark.browser

Strokes = list[list[tuple[float, float]]]

CROSS: Strokes = [[(60, 60), (220, 220)], [(220, 60), (60, 220)]]
CIRCLE: Strokes = [[(140 + 90 * float(np.cos(a)), 140 + 90 * float(np.sin(a))) for a in np.linspace(0, 6.4, 24)]]
TRIANGLE: Strokes = [[(140, 50), (60, 220), (230, 215), (140, 50)]]


def opened(page: Page) -> Locator:
    page.get_by_role("tab", name="Train").click()
    teach = page.locator("#teach")
    expect(teach.locator("summary")).to_be_visible()
    if teach.locator("details").get_attribute("open") is None:
        teach.locator("summary").click()
    expect(teach.locator(".classes")).to_be_visible()
    return teach


def put(page: Page, strokes: Strokes, shift: float = 0) -> None:
    """Draw on the pad for examples, in its own pixels."""
    pad = page.locator(".teach-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for stroke in strokes:
        places = [(box["x"] + (x + shift) * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


def teach_two(page: Page, teach: Locator, cross: str = "×") -> None:
    for index, (name, strokes) in enumerate({cross: CROSS, "圆": CIRCLE}.items()):
        teach.locator(".classes input").nth(index).fill(name)
        teach.locator(".draw-for").nth(index).click()
        thumbs = teach.locator(".classes > li").nth(index).locator(".thumbs button")
        for number in range(3):
            put(page, strokes, shift=6 * number)
            teach.locator(".add").click()
            expect(thumbs).to_have_count(number + 1)
    expect(teach.locator(".learn")).to_be_enabled()
    teach.locator(".learn").click()
    expect(teach.locator(".outcome")).to_be_visible(timeout=240_000)


def test_classes_are_learned_tried_and_kept(page: Page, snap: Callable[[Page, str], None], tmp_path: Path) -> None:
    teach = opened(page)
    expect(teach.locator(".learn")).to_be_disabled()
    expect(teach.locator(".missing")).to_have_text("Give each class a name.")
    teach_two(page, teach)
    expect(teach.locator(".right")).to_contain_text("of 6 right")
    put(page, CROSS, shift=10)
    expect(teach.locator(".answer")).to_have_attribute("data-label", "×")
    teach.locator(".wipe").click()
    put(page, TRIANGLE)
    expect(teach.locator(".answer")).to_be_visible()
    snap(page, "teach-tried")

    with page.expect_download() as download:
        teach.locator('.get[data-kind="weights"]').click()
    path = tmp_path / "own.safetensors"
    download.value.save_as(path)
    assert load(path).classes == ("×", "圆", "not a digit")
    with page.expect_download() as download:
        teach.locator(".save").click()
    download.value.save_as(tmp_path / "own.json")
    assert [one["name"] for one in json.loads((tmp_path / "own.json").read_text())["drawings"]] == ["×", "圆"]

    page.reload()
    teach = page.locator("#teach")
    expect(teach.locator(".thumbs button")).to_have_count(6)  # then it is open already
    opened(page)
    teach.locator(".delete-all").click()
    expect(teach.locator(".thumbs button")).to_have_count(0)
    teach.locator(".undo-delete").click()
    expect(teach.locator(".thumbs button")).to_have_count(6)
    teach.locator(".delete-all").click()
    teach.locator(".file").set_input_files(tmp_path / "own.json")
    expect(teach.locator(".thumbs button")).to_have_count(6)
    bad = {"kind": "lenet-own", "format": 1, "drawings": [{"name": "<b>", "examples": ["AAAA"]}]}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    teach.locator(".file").set_input_files(tmp_path / "bad.json")
    expect(teach.locator(".teach-trouble")).to_contain_text("not a file that this page saved")
    expect(teach.locator(".thumbs button")).to_have_count(6)


def test_typing_a_name_loses_no_press_and_no_focus(page: Page) -> None:
    teach = opened(page)
    first = teach.locator(".classes > li").first
    first.locator("input").press_sequentially("○")
    put(page, CIRCLE)
    teach.locator(".add").click()
    first.locator("input").press_sequentially("o")  # a change that ends with the press of a button in the same row
    first.locator(".thumbs button").click()
    expect(first.locator(".thumbs button")).to_have_count(0)
    first.locator("input").focus()
    page.keyboard.type("!")
    page.keyboard.press("Tab")
    expect(first.locator(".draw-for")).to_be_focused()
    expect(first.locator(".draw-for")).to_have_accessible_name(re.compile(r"!.*○|○.*!"))


def test_a_taught_network_answers_in_draw(page: Page) -> None:
    teach = opened(page)
    teach_two(page, teach)
    teach.locator(".use").click()
    expect(page.locator("canvas.pad")).to_be_visible()
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    for stroke in CROSS:
        page.mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
        page.mouse.down()
        page.mouse.move(box["x"] + stroke[1][0], box["y"] + stroke[1][1], steps=5)
        page.mouse.up()
    expect(answer(page)).to_have_attribute("data-label", "×")
    page.locator("#title select").select_option("zh")
    for names in ("#pad .answer .bar .name", "#pad .inside .labels span"):
        page.locator(names).last.scroll_into_view_if_needed()  # what is out of sight may be of the network before
        expect(page.locator(names)).to_have_text(["×", "圆", "都不是"])  # not "no digit": these classes are none


def test_a_phone_shows_what_each_press_is_about(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None]
) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    teach = opened(page)
    named = "WWWWWWWW WWWWWWWWWWW"  # as long as a name may be, and as wide
    teach_two(page, teach, named)
    put(page, CROSS)
    label, bars = (teach.locator(f".answer {part}").bounding_box() for part in (".label", ".bars"))
    assert label is not None
    assert bars is not None
    assert teach.locator(".answer .label").evaluate("(it) => it.scrollHeight") <= label["height"] + 1
    assert label["y"] + label["height"] <= bars["y"]
    for bar in teach.locator(".bar").all():
        track, percent = (bar.locator(part).bounding_box() for part in (".track", ".percent"))
        assert track
        assert percent
        assert track["width"] > 20
        assert percent["x"] + percent["width"] <= teach.evaluate("(it) => it.getBoundingClientRect().right")
    snap(page, "teach-390")
    teach.locator(".draw-for").last.click()
    expect(teach.locator(".teach-pad")).to_be_in_viewport(ratio=1)
    teach.locator(".use").click()
    pad = page.locator("canvas.pad")
    expect(pad).to_be_in_viewport(ratio=1)
    draw(page, CROSS, side=280)
    expect(answer(page)).to_have_attribute("data-label", named)
    assert answer(page).locator(".label").evaluate("(it) => it.scrollHeight - it.clientHeight") <= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_held_sideways_breaks_no_button_of_a_class(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 844, "height": 390})
    teach = opened(page)
    heights = [teach.locator(part).first.bounding_box() for part in (".draw-for", ".count")]
    assert [box is not None and box["height"] < 45 for box in heights] == [True, True]  # one line each
    teach.locator(".draw-for").first.click()
    expect(teach.locator(".teach-pad")).to_be_in_viewport(ratio=0.99)


def test_the_pad_stays_beside_the_last_of_ten_classes(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    teach = opened(page)
    for _ in range(8):
        teach.locator(".more").click()
    expect(teach.locator(".more")).to_be_disabled()
    teach.locator(".classes input").last.click()
    expect(teach.locator(".teach-pad")).to_be_in_viewport(ratio=1)


def test_a_pause_takes_the_drawing_and_a_tap_deletes_it(page: Page) -> None:
    teach = opened(page)
    put(page, CROSS)
    expect(teach.locator(".thumbs button")).to_have_count(1)
    put(page, CIRCLE)
    expect(teach.locator(".thumbs button")).to_have_count(2)
    teach.locator(".thumbs button").first.click()
    expect(teach.locator(".thumbs button")).to_have_count(1)
    teach.locator(".undo-delete").click()
    expect(teach.locator(".thumbs button")).to_have_count(2)


def test_two_pages_of_a_browser_undo_nothing_of_each_other(page: Page, url: str) -> None:
    teach = opened(page)
    other_page = page.context.new_page()
    other_page.goto(url)
    other = opened(other_page)
    page.bring_to_front()
    teach.locator(".classes input").first.fill("Δ")
    put(page, TRIANGLE)
    teach.locator(".add").click()
    expect(other.locator(".thumbs button")).to_have_count(1)
    expect(other.locator(".classes input").first).to_have_value("Δ")
    other_page.bring_to_front()
    put(other_page, TRIANGLE, shift=9)
    other.locator(".add").click()
    expect(teach.locator(".thumbs button")).to_have_count(2)
    teach.locator(".thumbs button").first.click()
    expect(other.locator(".thumbs button")).to_have_count(1)
    page.reload()
    expect(page.locator("#teach .thumbs button")).to_have_count(1)
    expect(page.locator("#teach .classes input").first).to_have_value("Δ")


# --- photos --------------------------------------------------------------------------------------------------


def cuts(name: str, count: int, folder: Path) -> list[Path]:
    """Photos of one thing, each cut a little differently, in one of the browser's many formats."""
    paths = []
    with Image.open(EXAMPLES[name]) as whole:
        for number in range(count):
            edges = 6 * number, 4 * number, whole.width - 5 * number, whole.height - 3 * number
            paths.append(folder / f"{name}-{number}.webp")
            whole.convert("RGB").crop(edges).save(paths[-1])
    return paths


def test_a_browser_that_alters_pictures_keeps_none(altered: Page, tmp_path: Path) -> None:
    teach = opened(altered)
    teach.locator('.kind[data-kind="photos"]').click()
    teach.locator(".picture-files").set_input_files(cuts("ship", 1, tmp_path))
    expect(teach.locator(".teach-trouble")).to_contain_text("alters the pixels")
    expect(teach.locator(".thumbs img")).to_have_count(0)
    teach.locator(".camera").click()
    expect(teach.locator(".teach-trouble")).to_contain_text("alters the pixels")
    expect(teach.locator(".teach-live")).to_be_hidden()


def test_photos_are_taken_learned_and_kept(
    open_page: Callable[..., Page], tmp_path: Path, snap: Callable[[Page, str], None]
) -> None:
    page = open_page(permissions=["camera"])
    teach = opened(page)
    teach.locator('.kind[data-kind="photos"]').click()
    expect(teach.locator(".teach-pad")).to_be_hidden()
    rows, files = teach.locator(".classes > li"), teach.locator(".picture-files")
    rows.nth(0).locator("input").fill("Tug")
    files.set_input_files(cuts("ship", 3, tmp_path))
    expect(rows.nth(0).locator(".thumbs img")).to_have_count(3)
    (tmp_path / "no.png").write_bytes(b"no picture")
    files.set_input_files(tmp_path / "no.png")
    expect(teach.locator(".teach-trouble")).to_contain_text("can read")

    rows.nth(1).locator("input").fill("吃豆人")
    teach.locator(".camera").click()
    expect(teach.locator(".teach-live")).to_be_visible()
    expect(teach.locator(".camera")).to_have_text("Take 10 photos")
    teach.locator(".camera").click()
    photos = rows.nth(1).locator(".thumbs button")
    expect(photos.nth(2)).to_be_visible()
    rows.nth(0).locator("input").focus()
    page.keyboard.type("!")  # while photos come: the field keeps the keyboard
    expect(rows.nth(0).locator("input")).to_have_value("Tug!")
    expect(teach.locator(".camera")).to_have_text("Take 10 photos")  # another class was chosen, so it stopped
    taken = photos.count()
    assert 3 <= taken <= 10
    photos.first.click()
    expect(photos).to_have_count(taken - 1)
    expect(photos.first).to_be_focused()
    rows.nth(1).locator(".draw-for").click()
    teach.locator(".camera").click()
    expect(teach.locator(".camera")).to_have_text("Stop")
    expect(teach.locator(".camera")).to_have_text("Take 10 photos")
    expect(teach.locator(".burst")).to_contain_text("Photo 10 of 10 of 吃豆人")
    page.keyboard.press("Escape")
    expect(teach.locator(".teach-live")).to_be_hidden()
    expect(photos).to_have_count(taken + 9)

    teach.locator(".learn").click()
    expect(teach.locator(".outcome")).to_be_visible(timeout=240_000)
    expect(teach.locator(".right")).to_contain_text(f"of {taken + 12} right")
    snap(page, "teach-photos")
    with page.expect_download() as download:
        teach.locator('.get[data-kind="weights"]').click()
    download.value.save_as(tmp_path / "own.safetensors")
    assert load(tmp_path / "own.safetensors").classes == ("Tug!", "吃豆人")
    with page.expect_download() as download:
        teach.locator(".save").click()
    download.value.save_as(tmp_path / "own.json")

    page.reload()
    expect(page.locator("#teach .thumbs img")).to_have_count(taken + 12)  # then it is open already
    teach = opened(page)
    teach.locator(".delete-all").click()
    expect(teach.locator(".thumbs img")).to_have_count(0)
    teach.locator(".file").set_input_files(tmp_path / "own.json")
    expect(teach.locator(".thumbs img")).to_have_count(taken + 12)
    teach.locator(".undo-delete").click()
    expect(teach.locator(".thumbs img")).to_have_count(0)
    teach.locator('.kind[data-kind="drawings"]').click()
    expect(teach.locator(".teach-pad")).to_be_visible()


def test_taught_photos_answer_in_photo(page: Page, tmp_path: Path) -> None:
    teach = opened(page)
    teach.locator('.kind[data-kind="photos"]').click()
    for index, (called, name) in enumerate({"Tug": "ship", "Fred": "frog"}.items()):
        row = teach.locator(".classes > li").nth(index)
        row.locator("input").fill(called)
        with page.expect_file_chooser() as chooser:
            row.locator(".draw-for").click()
        chooser.value.set_files(cuts(name, 4, tmp_path))
        expect(row.locator(".thumbs img")).to_have_count(4)
    teach.locator(".learn").click()
    expect(teach.locator(".outcome")).to_be_visible(timeout=240_000)
    teach.locator(".use").click()
    photo = page.locator("#photo")
    expect(photo.locator(".result .bar .name")).to_have_text(["Tug", "Fred"])
    photo.locator(".file").set_input_files(EXAMPLES["frog"])
    expect(photo.locator(".result .answer")).to_have_attribute("data-label", "Fred")
    expect(photo.locator(".result .sentence")).to_contain_text("this is Fred:")


# Files as another program of the visitor's computer hands them over, which Playwright has no call for.
GIVE = """([name, base64, how, place]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type: "image/webp" }));
  const told = { bubbles: true, cancelable: true };
  const event = how === "paste"
    ? new ClipboardEvent(how, { ...told, clipboardData: given })
    : new DragEvent(how, { ...told, dataTransfer: given });
  document.querySelector(place).dispatchEvent(event);
}"""


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_photos_are_pasted_and_dropped(page: Page, tmp_path: Path, how: str) -> None:
    teach = opened(page)
    teach.locator('.kind[data-kind="photos"]').click()
    rows = teach.locator(".classes > li")
    for index, name in enumerate(("ship", "frog")):
        rows.nth(index).locator("input").focus()
        for count, path in enumerate(cuts(name, 2, tmp_path), start=1):
            packed = base64.b64encode(path.read_bytes()).decode()
            page.evaluate(GIVE, [path.name, packed, how, "#teach .teach-board"])
            expect(rows.nth(index).locator(".thumbs img")).to_have_count(count)


def test_drawings_on_paper_become_examples(page: Page, tmp_path: Path) -> None:
    sheet = Image.new("RGB", (900, 500), (230, 226, 215))
    pen = ImageDraw.Draw(sheet)
    for x in (150, 450, 750):
        pen.line((x - 60, 180, x + 60, 300), fill=(40, 40, 70), width=9)
        pen.line((x + 60, 180, x - 60, 300), fill=(40, 40, 70), width=9)
    sheet.save(tmp_path / "sheet.png")
    teach = opened(page)
    teach.locator(".picture-files").set_input_files(tmp_path / "sheet.png")
    expect(teach.locator(".thumbs canvas")).to_have_count(3)
    Image.new("RGB", (300, 200), "white").save(tmp_path / "empty.png")
    teach.locator(".picture-files").set_input_files(tmp_path / "empty.png")
    expect(teach.locator(".teach-trouble")).to_contain_text("No drawing was found")
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.4")
    teach.locator(".picture-files").set_input_files(tmp_path / "no.pdf")
    expect(teach.locator(".teach-trouble")).to_contain_text("no pictures that this browser can read")
    expect(teach.locator(".thumbs canvas")).to_have_count(3)
