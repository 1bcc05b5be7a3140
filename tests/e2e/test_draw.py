"""The Draw tab, by mouse and by finger."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from lenet.strokes import Drawing, read_drawings, render, writer_split
from tests.e2e.conftest import answer, draw, expect_label, settled

pytestmark = pytest.mark.browser

SEVEN = [[(80, 62), (205, 58), (172, 120), (132, 232)], [(105, 140), (195, 128)]]
FOUR_FIRST, FOUR_SECOND = [(108, 50), (92, 100), (74, 150), (130, 154), (206, 148)], [(172, 92), (162, 236)]
EXAMPLES = {
    "a crossed seven": "7",
    "a g-shaped nine": "9",
    "an open four": "4",
    "a flagged one": "1",
    "a small five in a corner": "5",
    "a slanted two with a thin pen": "2",
    "a thick eight": "8",
    "a curly three": "3",
}


def held_out(pen_file: Path) -> list[Drawing]:
    """The first drawing of each digit by a writer whom the shipped network never saw."""
    drawings = read_drawings(pen_file)
    writer = min(writer_split(d.writer for d in drawings)[2])
    return [next(d for d in drawings if d.writer == writer and d.label == label) for label in range(10)]


def test_every_example_is_read(page: Page) -> None:
    for name, label in EXAMPLES.items():
        page.get_by_role("button", name=f"Draw {name}", exact=True).click()
        expect_label(page, label)


@pytest.mark.data
def test_real_strokes_are_read(page: Page, pen_file: Path, snap: Callable[[Page, str], None]) -> None:
    wrong = []
    for drawing in held_out(pen_file):
        draw(page, [list(stroke) for stroke in drawing.strokes], side=500)
        label = settled(page).get_attribute("data-label")
        if label != str(drawing.label):
            wrong.append((drawing.label, label))
        page.get_by_role("button", name="Clear").click()
    assert len(wrong) <= 1, wrong  # about one real digit in a hundred is unreadable


def test_it_answers_while_the_pen_is_down(page: Page) -> None:
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40, steps=10)
    expect_label(page, "1")
    page.mouse.up()


def test_a_second_stroke_updates_and_undo_takes_it_back(page: Page, snap: Callable[[Page, str], None]) -> None:
    draw(page, [FOUR_FIRST], side=280)
    before = settled(page).inner_html()
    draw(page, [FOUR_SECOND], side=280)
    expect_label(page, "4")
    expect(page.locator("#pad .stage")).to_have_count(6)
    snap(page, "draw-light-1280")
    page.get_by_role("button", name="Undo").click()
    expect(answer(page)).not_to_have_attribute("data-label", "4")
    assert settled(page).inner_html() == before


def test_clear_names_no_digit_and_the_next_stroke_draws(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_contain_text("Draw something")
    expect_label(page, "")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")


def test_undo_of_the_only_stroke_empties_the_pad(page: Page) -> None:
    draw(page, [[(100, 40), (100, 240)]], side=280)
    expect(answer(page)).not_to_have_attribute("data-label", "")
    page.get_by_role("button", name="Undo").click()
    expect_label(page, "")
    expect(answer(page)).to_contain_text("Draw something")


def test_a_drawing_outlives_a_visit_to_another_tab(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator("canvas.pad")).to_be_hidden()
    page.get_by_role("tab", name="Draw").click()
    expect_label(page, "7")
    draw(page, [[(30, 270), (31, 270)]], side=280)
    page.get_by_role("button", name="Undo").click()
    expect_label(page, "7")


def test_the_classic_road_is_a_choice(page: Page, snap: Callable[[Page, str], None]) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_text("Classic: resize, invert").click()
    expect(page.locator("#pad .stage").nth(1)).to_contain_text("Resized")
    snap(page, "draw-classic-1280")
    page.get_by_text("Ours: find, fit, centre").click()
    expect(page.locator("#pad .stage").nth(2)).to_contain_text("Cropped")


@pytest.mark.parametrize("ink", ["dark on light", "light on dark"])
def test_a_picture_can_be_read_instead(page: Page, ink: str) -> None:
    picture = render([[(x * 500 / 280, y * 500 / 280) for x, y in stroke] for stroke in SEVEN], 20)
    if ink == "light on dark":
        picture = ImageOps.invert(picture)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    page.locator("#pad input.file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    expect_label(page, "7")
    draw(page, [[(140, 40), (140, 240)]], side=280)  # a stroke takes the picture's place
    expect_label(page, "1")


def test_a_file_that_is_no_picture_gets_a_sentence(page: Page) -> None:
    page.locator("#pad input.file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"not a PNG"})
    expect(page.locator("#pad .problem")).to_contain_text("not a picture")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")


def test_a_finger_draws_and_does_not_scroll(open_page: Callable[..., Page], snap: Callable[[Page, str], None]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": box["x"] + x * box["width"] / 280, "y": box["y"] + y * box["height"] / 280} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    for stroke in SEVEN:
        send("touchStart", stroke[0])
        for point in stroke[1:]:
            send("touchMove", point)
        send("touchEnd")
    expect_label(page, "7")
    expect(page.locator("#pad .label")).to_be_in_viewport()
    assert page.evaluate("window.scrollY") == 0
    snap(page, "draw-light-390")


@pytest.mark.parametrize("width", [1280, 390])
def test_dark(open_page: Callable[..., Page], snap: Callable[[Page, str], None], width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme="dark")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(Image.new("RGB", (1, 1), background).getpixel((0, 0))) < 150
    snap(page, f"draw-dark-{width}")
