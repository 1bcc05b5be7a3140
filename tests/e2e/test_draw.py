"""The Draw tab, by mouse and by finger."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageChops, ImageColor, ImageOps
from playwright.sync_api import Browser, FilePayload, Locator, Page, Request, Route, expect

from lenet.data.strokes import Drawing, read_drawings, render, writer_split
from lenet.inference.digits import DigitClassifier, FoundDigit
from lenet.training.stored import WEIGHTS
from lenet.ui.draw.messages import Reading
from lenet.ui.shared import facts
from tests.e2e.conftest import DIGITS_ACCURACY, answer, asked_function, draw, expect_label, settled
from tests.serving import serve

pytestmark = pytest.mark.browser

LOADED = 120_000  # milliseconds until the browser has the network, of a server that has just started on a busy machine

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


def stages(page: Page) -> Locator:
    """What the network saw, which is asked for only in view."""
    page.locator("#pad .steps").scroll_into_view_if_needed()
    return page.locator("#pad .stage")


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
# behind the answer


def painted(page: Page, selector: str) -> str:
    """What a canvas shows now."""
    return page.locator(selector).first.evaluate("canvas => canvas.toDataURL()")


def painted_anew(page: Page, selector: str, before: str) -> str:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).toDataURL() !== before", arg=[selector, before]
    )
    return painted(page, selector)


POOL1 = "#pad .layer.telling canvas"
ANSWER = "#pad .layer:last-child canvas"


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


# --------------------------------------------------------------------------------------------------
# the browser reads


NETWORKS = ["1998: LeNet-5 as printed", "Tutorial: LeNet-5, sigmoids", "Tutorial: LeNet-5, BatchNorm"]


def questions(page: Page) -> list[str]:
    """The names of what the page asks the server from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "component_server" in request.url:
            asked.append(asked_function(request))

    page.on("request", note)
    return asked


def in_browser(page: Page) -> None:
    """Wait until the browser has the network: then a stroke is read within a frame or two, and asks nothing."""
    for _ in range(40):
        asked = questions(page)
        draw(page, [[(140, 60), (140, 220)]], side=280)
        expect_label(page, "1")
        page.get_by_role("button", name="Clear").click()
        settled(page)
        if "read_drawing" not in asked:
            return
        page.wait_for_timeout(500)
    raise AssertionError("the browser never read a stroke by itself")


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
        overtaken.append(route)
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
