"""The Draw tab, by mouse and by finger."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageChops, ImageColor, ImageOps
from playwright.sync_api import FilePayload, Page, Route, expect

from lenet.data.strokes import Drawing, read_drawings, render, writer_split
from tests.e2e.conftest import answer, asked_function, draw, expect_label, settled
from tests.e2e.pad import (
    FOUR_FIRST,
    FOUR_SECOND,
    SEVEN,
    stages,
)

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("in_browser", [True, False])
def test_doubts_speak_when_the_pen_is_up(open_page: Callable[..., Page], in_browser: bool) -> None:
    page = open_page(in_browser=in_browser)
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    for i in range(25):  # a scribble
        x, y = 0.5 + 0.32 * math.sin(1.9 * i), 0.5 + 0.32 * math.cos(2.3 * i)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if i == 0:
            page.mouse.down()
    expect(page.locator("#pad .bar.best .name")).to_have_text("none")  # the bars follow the pen
    expect(page.locator("#pad .sentence")).to_have_text("Drawing…")
    expect(page.locator("#pad .box")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#pad .sentence")).to_contain_text("Not")
    expect(page.get_by_role("button", name="It is a digit")).to_be_visible()
    page.locator("#pad .steps").scroll_into_view_if_needed()
    expect(page.locator("#pad .steps")).to_contain_text("Smaller")  # a second look, for which a moving pen has no time


def test_an_answer_that_follows_the_pen_keeps_what_it_can(page: Page) -> None:
    draw(page, [SEVEN[0][:2]], side=280)
    settled(page)
    page.evaluate("window.bars = [...document.querySelectorAll('#pad .bar')]")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    assert page.evaluate("window.bars.every((bar, i) => bar === document.querySelectorAll('#pad .bar')[i])")
    expect(page.locator("#pad .bar.best")).to_have_count(1)
    expect(page.locator("#pad .bar.best .name")).to_have_text("7")


def test_layers_are_painted_anew_at_another_width(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.locator("#pad .inside").scroll_into_view_if_needed()
    fit = """() => [...document.querySelectorAll("#pad .layer canvas")].filter((canvas) => canvas.checkVisibility())
      .every(({ style, clientWidth: wide, parentElement: { clientWidth: room } }) => style.width && wide <= room)"""
    page.wait_for_function(fit)
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function(fit)
    page.locator("#pad .every").check()
    page.wait_for_function(fit)
    assert page.locator("#pad .layer canvas:visible").count() > page.locator("#pad .layer.telling").count()


def test_a_late_answer_to_the_pens_first_dot_has_no_doubts(open_page: Callable[..., Page]) -> None:
    page = open_page(in_browser=False)
    held: list[Route] = []
    holding = True

    def hold(route: Route) -> None:
        if holding and asked_function(route.request) == "read_drawing":
            held.append(route)
        else:
            route.fallback()

    page.route("**/component_server/**", hold)
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 80)
    with page.expect_request("**/component_server/**"):
        page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 80)
    page.mouse.move(box["x"] + 160, box["y"] + 260)
    page.mouse.up()
    held.pop(0).continue_()
    expect(answer(page)).to_have_class(re.compile("not_digit"))
    expect(page.locator("#pad .sentence")).to_have_text("Drawing…")
    expect(page.locator("#pad .box")).to_have_count(0)
    holding = False
    for route in held:
        route.continue_()
    expect_label(page, "7")


def test_a_second_stroke_updates_and_undo_takes_it_back(page: Page, snap: Callable[[Page, str], None]) -> None:
    draw(page, [FOUR_FIRST], side=280)
    before = settled(page).inner_html()
    draw(page, [FOUR_SECOND], side=280)
    expect_label(page, "4")
    expect(stages(page)).to_have_count(6)
    snap(page, "draw-light-1280")
    page.get_by_role("button", name="Undo").click()
    expect(answer(page)).not_to_have_attribute("data-label", "4")
    assert settled(page).inner_html() == before


def picture_of(points: list[list[tuple[float, float]]]) -> bytes:
    buffer = io.BytesIO()
    render([[(x * 500 / 280, y * 500 / 280) for x, y in stroke] for stroke in points], 20).save(buffer, "PNG")
    return buffer.getvalue()


def test_one_history_holds_strokes_clear_and_pictures(page: Page) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_role("button", name="Clear").click()
    page.locator("#pad input.file").set_input_files(
        {"name": "one.png", "mimeType": "image/png", "buffer": picture_of([[(140, 40), (140, 240)]])}
    )
    expect_label(page, "1")
    page.get_by_label("Network").click()
    page.get_by_role("option", name=re.compile("BatchNorm")).click()
    draw(page, [FOUR_FIRST, FOUR_SECOND], side=280)
    expect_label(page, "4")  # the network's choice no longer has the keyboard
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect_label(page, "1")  # the picture again
    page.get_by_role("button", name="Undo").click()
    expect_label(page, "")
    page.keyboard.press("Control+z")
    expect_label(page, "7")
    page.keyboard.press("Control+Shift+Z")
    expect_label(page, "")
    page.get_by_role("button", name="Redo").click()
    expect_label(page, "1")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+y")
    expect_label(page, "4")
    page.keyboard.press("Control+z")
    draw(page, [FOUR_SECOND], side=280)
    expect_label(page, "4")
    before = ink(page)
    page.keyboard.press("Control+y")  # what was taken back went with the new stroke
    assert ink(page) == before


def test_the_eraser_takes_ink_away(page: Page) -> None:
    eraser = page.get_by_role("button", name="Eraser")
    empty = ink(page)
    eraser.click()
    draw(page, [[(140, 40), (140, 240)]], side=280)  # of nothing
    assert ink(page) == empty
    eraser.click()
    draw(page, [[(100, 40), (100, 240)], [(60, 140), (240, 140)]], side=280)
    before = ink(page)
    eraser.click()
    expect(eraser).to_have_attribute("aria-pressed", "true")
    draw(page, [[(40, 140), (70, 140)], [(130, 140), (260, 140)]], side=280)
    expect_label(page, "1")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert ink(page) == before
    page.get_by_role("button", name="Clear").click()
    expect(eraser).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("width", [390, 820, 1366, 1920])
def test_the_pad_invites_until_it_is_touched(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    invitation = page.locator("#pad .invitation")
    expect(invitation).to_have_text("Draw a digit here")
    snap(page, f"draw-invites-{width}")
    pad, choices = (page.locator(place).bounding_box() for place in ("canvas.pad", ".choices"))
    assert pad is not None
    assert choices is not None
    assert choices["y"] > pad["y"] + pad["height"]
    assert choices["x"] == pytest.approx(pad["x"], abs=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.mouse.move(pad["x"] + 50, pad["y"] + 50)
    page.mouse.down()
    expect(invitation).to_have_count(0)
    page.mouse.up()


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


def test_the_classic_pipeline_is_a_choice(page: Page, snap: Callable[[Page, str], None]) -> None:
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_text("Classic: resize, invert").click()
    expect(stages(page).nth(1)).to_contain_text("Resized")
    snap(page, "draw-classic-1280")
    page.get_by_text("Ours: find, fit, centre").click()
    expect(stages(page).nth(2)).to_contain_text("Cropped")


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


UNREADABLE = "() => { FileReader.prototype.readAsDataURL = function () { setTimeout(() => this.onerror()); }; }"


def test_a_file_that_can_no_longer_be_read_gets_a_sentence(page: Page) -> None:
    page.evaluate(UNREADABLE)
    file = FilePayload(name="a.png", mimeType="image/png", buffer=b"gone")
    page.locator("#pad input.file").set_input_files(file)
    expect(page.locator("#pad .problem")).to_contain_text("can no longer be read")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator("#photo .invite")).to_contain_text("I know ten things")  # now its script listens
    page.locator("#photo input.file").set_input_files(file)
    expect(page.locator("#photo .problem")).to_contain_text("can no longer be read")


def test_of_two_pictures_chosen_the_last_one_is_shown(page: Page) -> None:
    """Though the first takes longer to open."""
    page.evaluate("""() => {
      const open = window.createImageBitmap;
      let slow = 500;
      window.createImageBitmap = async (blob) => {
        const wait = slow;
        slow = 0;
        await new Promise((resolve) => setTimeout(resolve, wait));
        return open(blob);
      };
    }""")
    for strokes in (SEVEN, [[(140, 40), (140, 240)]]):
        content = io.BytesIO()
        render(strokes, 20, 280).save(content, "PNG")
        file = FilePayload(name="a.png", mimeType="image/png", buffer=content.getvalue())
        page.locator("#pad input.file").set_input_files(file)
    expect_label(page, "1")
    page.wait_for_timeout(600)
    expect_label(page, "1")


def test_a_phones_photo_is_sent_small(page: Page) -> None:
    picture = render([[(x * 500 / 280, y * 500 / 280) for x, y in stroke] for stroke in SEVEN], 20).convert("RGB")
    noise = torch.randint(0, 60, (3000, 3000, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    photo = ImageChops.subtract(picture.resize((3000, 3000)), Image.fromarray(noise.numpy()))
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=90)
    assert len(buffer.getvalue()) > 2e6
    sent = []
    page.on("request", lambda request: sent.append(len(request.post_data or "")))
    page.locator("#pad input.file").set_input_files(
        {"name": "seven.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}
    )
    expect_label(page, "7")
    assert 10_000 < max(sent) < 1e6


@pytest.mark.parametrize("ink_colour", ["white", "black"])
def test_ink_on_a_large_transparent_ground_stays(ink_colour: str, page: Page) -> None:
    ink = ImageOps.invert(render([[(x * 500 / 280, y * 500 / 280) for x, y in stroke] for stroke in SEVEN], 20))
    picture = Image.new("RGBA", (1500, 1500), ink_colour)
    picture.putalpha(ink.convert("L").resize((1500, 1500)))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    page.locator("#pad input.file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    expect_label(page, "7")


def test_a_file_that_misses_the_pad_does_not_open_instead_of_the_page(page: Page) -> None:
    drop = """() => {
      const files = new DataTransfer();
      files.items.add(new File(["x"], "x.png"));
      const drop = new DragEvent("drop", { dataTransfer: files, cancelable: true, bubbles: true });
      document.querySelector("#title").dispatchEvent(drop);
      return drop.defaultPrevented;
    }"""
    assert page.evaluate(drop)


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
    tops = [part.bounding_box() for part in map(page.locator, ("#pad .examples", ".choices", "#pad .behind"))]
    heights = [top["y"] for top in tops if top is not None]
    assert heights == sorted(heights)
    assert heights[1] < heights[0] + 100  # whose answer it is stands near the pad
    snap(page, "draw-light-390")


@pytest.mark.parametrize("width", [1280, 390])
def test_dark(open_page: Callable[..., Page], snap: Callable[[Page, str], None], width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme="dark")
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(ImageColor.getrgb(background)) < 150
    snap(page, f"draw-dark-{width}")


# --------------------------------------------------------------------------------------------------
# pens, palms, and browsers that keep things to themselves


class Hand:
    """Pointer events on the pad, as a browser dispatches them: of mice, fingers and pens that Playwright has none of.

    They all go to the pad, as they do while it has captured the pointer.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def send(self, kind: str, x: float, y: float, pointer: int = 1, kind_of: str = "touch", **more: object) -> None:
        """A "pointerdown", "pointermove", ... of pointer number `pointer` at a place on the pad of 280 x 280."""
        self.page.evaluate(
            """([kind, x, y, options]) => {
                const canvas = document.querySelector("canvas.pad");
                const box = canvas.getBoundingClientRect();
                const place = { clientX: box.left + (x * box.width) / 280, clientY: box.top + (y * box.height) / 280 };
                canvas.dispatchEvent(new PointerEvent(kind, { bubbles: true, cancelable: true, ...place, ...options }));
            }""",
            [kind, x, y, {"pointerId": pointer, "pointerType": kind_of, "isPrimary": True, "buttons": 1, **more}],
        )

    def line(self, points: list[tuple[float, float]], *, up: bool = True, **more: object) -> None:
        self.send("pointerdown", *points[0], **more)  # type: ignore[arg-type]
        for point in points[1:]:
            self.send("pointermove", *point, **more)  # type: ignore[arg-type]
        if up:
            self.send("pointerup", *points[-1], **more)  # type: ignore[arg-type]


def ink(page: Page) -> bytes:
    """What the canvas shows."""
    return str(page.evaluate("document.querySelector('canvas.pad').toDataURL()")).encode()


@pytest.fixture
def hand(page: Page) -> Hand:
    return Hand(page)


def test_a_touch_whose_end_never_comes_does_not_hold_the_pad(page: Page, hand: Hand) -> None:
    hand.line([(80, 62), (205, 58), (172, 120), (132, 232)], up=False)
    page.wait_for_timeout(100)
    hand.line([(105, 140), (195, 128)], pointer=2)  # the browser knows of no other finger: it is the first again
    expect_label(page, "7")
    hand.send("pointermove", 30, 30)  # the first one's
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect_label(page, "")


def test_a_second_finger_draws_nothing_until_the_first_is_lost(page: Page, hand: Hand) -> None:
    hand.line([(140, 40), (140, 240)], up=False)
    before = ink(page)
    hand.line([(20, 20), (60, 60)], pointer=2, isPrimary=False)
    assert ink(page) == before
    page.wait_for_timeout(700)
    hand.line([(20, 20), (60, 60)], pointer=3, isPrimary=False)
    assert ink(page) != before


def test_a_pen_beats_a_palm(page: Page, hand: Hand) -> None:
    empty = ink(page)
    hand.line([(200, 260), (210, 265)], up=False)  # the palm lies down first
    assert ink(page) != empty
    hand.line([(140, 40), (140, 240)], pointer=7, kind_of="pen")
    one = ink(page)
    hand.send("pointermove", 260, 200)  # the palm slides along
    hand.send("pointerup", 260, 200)
    hand.line([(20, 20), (60, 60)], pointer=2)  # and lies down anew between two strokes
    assert ink(page) == one
    expect_label(page, "1")
    page.get_by_role("button", name="Undo").click()
    assert ink(page) == empty
    page.wait_for_timeout(1200)
    hand.line([(20, 20), (60, 60)], pointer=3)  # a finger without a pen draws
    assert ink(page) != empty


@pytest.mark.parametrize("kind", ["lostpointercapture", "pointercancel", "pointermove without a button"])
def test_a_stroke_ends_where_the_pad_loses_its_pointer(page: Page, hand: Hand, kind: str) -> None:
    hand.line([(140, 40), (140, 240)], up=False, kind_of="mouse")
    drawn = ink(page)
    hand.send(kind.split()[0], 240, 240, kind_of="mouse", buttons=0)
    hand.send("pointermove", 240, 240, kind_of="mouse", buttons=0)
    assert ink(page) == drawn
    expect_label(page, "1")
    expect(page.locator("#pad .result")).to_have_attribute("aria-busy", "false")
    hand.line([(20, 20), (60, 60)], kind_of="mouse")
    assert ink(page) != drawn


def test_a_button_released_outside_the_window_ends_the_stroke(page: Page) -> None:
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40)
    page.evaluate("document.querySelector('canvas.pad').releasePointerCapture(1)")
    page.mouse.move(box["x"] + box["width"] + 200, box["y"] + 100)
    page.mouse.up()
    drawn = ink(page)
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.move(box["x"] + 60, box["y"] + 90)
    assert ink(page) == drawn


def test_strokes_are_read_where_a_browser_alters_what_a_canvas_gives_back(altered: Page) -> None:
    draw(altered, SEVEN, side=280)
    expect_label(altered, "7")


def test_a_large_picture_is_read_there_too(altered: Page) -> None:
    buffer = io.BytesIO()
    render([[(x * 500 / 280, y * 500 / 280) for x, y in stroke] for stroke in SEVEN], 100, 1400).save(buffer, "PNG")
    altered.locator("#pad input.file").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    expect_label(altered, "7")


@pytest.mark.parametrize(("width", "height"), [(844, 390), (667, 375), (683, 384), (320, 568)])
def test_a_low_window_holds_the_pad_and_leaves_room_to_scroll(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], width: int, height: int
) -> None:
    """A phone held sideways, and a laptop's window at 200%."""
    page = open_page(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(box["width"], abs=1)
    assert 200 <= box["height"] <= height - 100
    page.evaluate(f"window.scrollTo(0, {box['y']} - 20)")
    around = "[[innerWidth / 2, innerHeight - 20], [innerWidth - 4, 100]]"
    free = f"{around}.some(([x, y]) => !document.elementFromPoint(x, y).closest('canvas'))"
    assert page.evaluate(free), "a finger finds a place beside the pad"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    draw(page, SEVEN, side=280)
    expect_label(page, "7")
    page.evaluate("window.scrollTo(0, 0)")
    snap(page, f"draw-low-{width}")
