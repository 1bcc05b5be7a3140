"""The Photo tab."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from lenet.inference.pretrained import load, save
from lenet.training.stored import WEIGHTS
from tests.e2e.conftest import asked_function
from tests.serving import ROOT, serve

pytestmark = pytest.mark.browser

EXAMPLES = ROOT / "lenet" / "ui" / "photo" / "examples"


def photo_tab_of(page: Page) -> Page:
    page.get_by_role("tab", name="Photo").click()
    expect(page.locator("#photo .invite")).to_contain_text("I know ten things: airplane, automobile,")
    return page


@pytest.fixture
def photo_tab(page: Page) -> Page:
    return photo_tab_of(page)


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("#photo input.file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def upload_example(page: Page, name: str) -> None:
    upload(page, f"{name}.jpg", (EXAMPLES / f"{name}.jpg").read_bytes())


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def aside() -> bytes:
    """A frog at the right end of a wide grey picture."""
    canvas = Image.new("RGB", (900, 300), "#9aa4b0")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    return encoded(canvas, "PNG")


def expect_label(page: Page, label: str | re.Pattern[str]) -> None:
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", label)


def settle(page: Page) -> None:
    """Until there is a photo, and the answer knows its newest box."""
    expect(page.locator("#photo .shown")).to_be_visible()
    expect(page.locator("#photo .result")).to_have_attribute("aria-busy", "false")


def crop(page: Page) -> tuple[float, float, float]:
    """Left, top and width of the box, in parts of the photo's width and height."""
    box, photo = page.locator("#photo .crop").bounding_box(), page.locator("#photo .shown").bounding_box()
    assert box is not None
    assert photo is not None
    return (
        (box["x"] - photo["x"]) / photo["width"],
        (box["y"] - photo["y"]) / photo["height"],
        box["width"] / photo["width"],
    )


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With the mouse, from and to parts of the photo's width and height."""
    photo = page.locator("#photo .shown").bounding_box()
    assert photo is not None
    places = [(photo["x"] + x * photo["width"], photo["y"] + y * photo["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=8)
    page.mouse.up()


def test_an_example_is_named(photo_tab: Page, snap: Callable[[Page, str], None]) -> None:
    photo_tab.get_by_role("button", name="Open the drawn airplane").click()
    expect_label(photo_tab, "airplane")
    expect(photo_tab.locator("#photo .sentence")).to_contain_text("I think this is an airplane")
    expect(photo_tab.locator("#photo .steps .stage")).to_have_count(3)
    seen = photo_tab.locator("#photo .seen img")
    assert seen.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [32, 32]
    assert seen.bounding_box()["width"] >= 192  # type: ignore[index]
    expect(photo_tab.locator("#photo .card").first.locator(".took")).to_have_text(re.compile(r"^[\d.]+ ms$"))
    snap(photo_tab, "photo-light-1280")


@pytest.mark.parametrize("name", ["ship", "truck"])  # truck.jpg lies on its side, and EXIF says so
def test_an_upload_is_named_and_stands_upright(photo_tab: Page, name: str) -> None:
    upload_example(photo_tab, name)
    expect_label(photo_tab, name)
    size = photo_tab.locator("#photo .whole").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == {"ship": [800, 450], "truck": [640, 480]}[name]


def test_what_is_none_of_the_ten_is_said_to_be_none(photo_tab: Page, snap: Callable[[Page, str], None]) -> None:
    noise = torch.randint(0, 256, (300, 300, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    upload(photo_tab, "noise.png", encoded(Image.fromarray(noise.numpy()), "PNG"))
    expect(photo_tab.locator("#photo .result")).to_contain_text("None of my ten classes, I think. Closest:")
    settle(photo_tab)
    snap(photo_tab, "photo-unknown")


def test_nothing_jumps_when_a_photo_comes(photo_tab: Page) -> None:
    places = """() => [".frame", ".tools", ".pictures", ".bars", ".seen", ".count", ".card", ".saw"].map((part) =>
        Math.round(document.querySelector(`#photo ${part}`).getBoundingClientRect().top + scrollY))"""
    before = photo_tab.evaluate(places)
    photo_tab.get_by_role("button", name="Open the drawn airplane").click()
    expect_label(photo_tab, "airplane")
    assert photo_tab.evaluate(places) == before


def test_the_box_is_dragged_and_the_answer_follows(photo_tab: Page, snap: Callable[[Page, str], None]) -> None:
    upload(photo_tab, "aside.png", aside())
    settle(photo_tab)
    expect(photo_tab.get_by_role("button", name="Automatic box")).to_be_disabled()
    expect(photo_tab.locator("#photo .view")).not_to_have_count(0)  # the middle is grey, so more was looked at
    seen = photo_tab.locator("#photo .seen img").get_attribute("src")
    drag(photo_tab, (0.5, 0.5), (0.9, 0.5))
    settle(photo_tab)
    expect_label(photo_tab, "frog")
    assert crop(photo_tab) == pytest.approx((2 / 3, 0, 1 / 3), abs=0.01)  # it stops at the edge
    assert photo_tab.locator("#photo .seen img").get_attribute("src") != seen
    snap(photo_tab, "photo-box-1280")

    corner = (2 / 3 + 0.01, 0.03)
    drag(photo_tab, corner, (corner[0] + 1 / 12, corner[1] + 1 / 4))  # as far down as to the right
    settle(photo_tab)
    left, top, width = crop(photo_tab)
    assert (left, top, width) == pytest.approx((2 / 3 + 1 / 12, 1 / 4, 1 / 4), abs=0.01)  # the far corner holds still

    photo_tab.get_by_role("button", name="Automatic box").click()
    settle(photo_tab)
    expect(photo_tab.locator("#photo .seen img")).to_have_attribute("src", seen or "")


def test_it_answers_while_the_box_moves(photo_tab: Page) -> None:
    upload(photo_tab, "aside.png", aside())
    settle(photo_tab)
    photo = photo_tab.locator("#photo .shown").bounding_box()
    assert photo is not None
    middle = photo["y"] + photo["height"] / 2
    photo_tab.mouse.move(photo["x"] + photo["width"] / 2, middle)
    photo_tab.mouse.down()
    photo_tab.mouse.move(photo["x"] + 0.95 * photo["width"], middle, steps=12)
    expect_label(photo_tab, "frog")
    photo_tab.mouse.up()


def test_the_box_moves_by_keys(photo_tab: Page) -> None:
    upload(photo_tab, "aside.png", aside())
    settle(photo_tab)
    box = photo_tab.locator("#photo .crop")
    box.focus()
    before = crop(photo_tab)
    for _ in range(20):
        photo_tab.keyboard.press("ArrowRight")
    settle(photo_tab)
    after = crop(photo_tab)
    assert after[0] > before[0] + 0.1
    assert after[2] == pytest.approx(before[2], abs=0.005)
    for key in ("-", "-", "Shift+ArrowLeft"):
        photo_tab.keyboard.press(key)
    assert crop(photo_tab)[2] < after[2] - 0.03
    smaller = crop(photo_tab)[2]
    photo_tab.keyboard.press("+")
    assert crop(photo_tab)[2] > smaller
    expect(box).to_have_attribute("aria-label", re.compile(r"\d+% of the width, \d+% from the left"))
    photo_tab.keyboard.press("Escape")
    settle(photo_tab)
    assert crop(photo_tab) == pytest.approx(before, abs=0.005)


def test_a_finger_drags_the_box(open_page: Callable[..., Page], snap: Callable[[Page, str], None]) -> None:
    page = photo_tab_of(open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    upload(page, "aside.png", aside())
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    photo = page.locator("#photo .shown").bounding_box()
    assert photo is not None
    touch = page.context.new_cdp_session(page)
    before = page.evaluate("scrollY")
    for kind, part in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.95), ("touchEnd", None)):
        x, y = photo["x"] + (part or 0) * photo["width"], photo["y"] + photo["height"] / 2
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}] if part else []})
    expect_label(page, "frog")
    expect(page.locator("#photo .result .label")).to_be_in_viewport()
    assert page.evaluate("scrollY") == before
    snap(page, "photo-light-390")


def test_a_drag_that_ends_where_nobody_sees_it_ends(photo_tab: Page) -> None:
    upload_example(photo_tab, "ship")
    settle(photo_tab)
    crop = photo_tab.locator("#photo .crop")
    box = crop.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    photo_tab.mouse.move(x, y)
    photo_tab.mouse.down()
    photo_tab.mouse.move(x + 20, y)
    crop.dispatch_event("pointermove", {"pointerId": 1, "buttons": 0, "clientX": x + 20, "clientY": y})
    assert photo_tab.locator("#photo .dragging").count() == 0
    moved = crop.bounding_box()
    photo_tab.mouse.move(x - 40, y)
    assert crop.bounding_box() == moved
    photo_tab.mouse.up()
    crop.dispatch_event("pointerdown", {"pointerId": 7, "isPrimary": True, "button": 0, "buttons": 1})
    photo_tab.mouse.move(x + 20, y)
    photo_tab.mouse.down()  # though that one never came up
    photo_tab.mouse.move(x - 30, y)
    photo_tab.mouse.up()
    assert crop.bounding_box() != moved


@pytest.mark.parametrize("width", [1280, 390])
def test_dark(open_page: Callable[..., Page], snap: Callable[[Page, str], None], width: int) -> None:
    page = photo_tab_of(open_page(viewport={"width": width, "height": 844}, color_scheme="dark"))
    upload_example(page, "ship")
    expect_label(page, "ship")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"photo-dark-{width}")


def test_odd_files_are_named_or_get_a_sentence_and_nothing_is_lost(photo_tab: Page) -> None:
    ship = Image.open(EXAMPLES / "ship.jpg")
    upload(photo_tab, "cmyk.jpg", encoded(ship.convert("CMYK"), "JPEG"))
    expect_label(photo_tab, "ship")
    upload(photo_tab, "broken.png", encoded(ship, "PNG")[:5000])
    expect(photo_tab.locator("#photo .trouble")).to_contain_text("damaged")
    expect_label(photo_tab, "ship")
    expect(photo_tab.locator("#photo .whole")).to_be_visible()
    upload_example(photo_tab, "airplane")
    expect_label(photo_tab, "airplane")
    expect(photo_tab.locator("#photo .trouble")).to_be_hidden()


def fetches(request: Request) -> bool:
    return "/component_server" in request.url and asked_function(request) == "fetch_network"


@pytest.mark.parametrize(("tab", "file", "says"), [("Photo", "#photo", ".trouble"), ("Draw", "#pad", ".problem")])
def test_a_picture_that_is_too_large_gets_a_sentence_and_does_not_travel(
    page: Page, tab: str, file: str, says: str, tmp_path: Path
) -> None:
    page.get_by_role("tab", name=tab).click()
    large = tmp_path / "large.png"
    with large.open("wb") as sparse:
        sparse.truncate(20_000_001)
    sent: list[str] = []
    # however late the page fetches its network
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" and not fetches(one) else None)
    page.locator(f"{file} input.file").set_input_files(large)
    expect(page.locator(f"{file} {says}")).to_contain_text("over 20 MB: make it smaller")
    assert sent == []


def test_a_web_address_that_is_refused_gets_its_sentence(photo_tab: Page) -> None:
    upload_example(photo_tab, "ship")
    expect_label(photo_tab, "ship")
    address, trouble = photo_tab.get_by_label("Web address of a picture"), photo_tab.locator("#photo .trouble")
    for typed, says in (
        ("http://localhost/cat.jpg", "not on the public internet"),
        ("file:///etc/passwd", "begin with http"),
        ("", "Give the address"),
    ):
        address.fill(typed)
        address.press("Enter")
        expect(trouble).to_contain_text(says)
        expect(address).to_have_value(typed)
    expect_label(photo_tab, "ship")


def test_a_picture_behind_a_web_address_is_fetched(photo_tab: Page) -> None:
    """What the server would fetch is made by hand: no test reaches out of this machine."""
    page = photo_tab
    page.get_by_role("button", name="Open the drawn ship").click()
    expect_label(page, "ship")
    held: list[Route] = []

    def hold(route: Route) -> None:
        body: Any = route.request.post_data_json
        if body["fn_name"] == "open_photo" and "url" in str(body["data"]):
            held.append(route)
        else:
            route.continue_()

    page.route("**/component_server/**", hold)
    with page.expect_response(lambda r: "open_photo" in (r.request.post_data or "")) as kept:
        page.get_by_role("button", name="Open the drawn airplane").click()
    expect_label(page, "airplane")
    reply = kept.value.text()
    page.get_by_role("button", name="Open the drawn ship").click()
    expect_label(page, "ship")
    page.get_by_label("Web address of a picture").fill("https://example.org/plane.png")
    with page.expect_request(lambda request: "example.org" in (request.post_data or "")):
        page.get_by_role("button", name="Fetch").click()
        expect(page.locator("#photo .working")).to_be_visible(timeout=1_000)
        expect(page.locator("#photo .working")).to_have_text("Fetching the picture")
    while not held:
        page.wait_for_timeout(20)  # its handler is called a little later
    held[0].fulfill(content_type="application/json", body=reply)
    expect_label(page, "airplane")
    expect(page.locator("#photo .working")).to_be_hidden()


def test_a_forgotten_photo_is_sent_again(photo_tab: Page) -> None:
    gone = 0

    def forget_once(route: Route) -> None:
        nonlocal gone
        body: Any = route.request.post_data_json
        if body["fn_name"] == "name_photo" and not gone:
            gone += 1
            route.fulfill(content_type="application/json", body='{"gone": true}')
        else:
            route.continue_()

    photo_tab.route("**/component_server/**", forget_once)
    upload_example(photo_tab, "ship")
    expect_label(photo_tab, "ship")
    assert gone == 1


def test_a_photo_outlives_a_visit_to_another_tab(photo_tab: Page) -> None:
    upload_example(photo_tab, "ship")
    expect_label(photo_tab, "ship")
    photo_tab.get_by_role("tab", name="Train").click()
    expect(photo_tab.locator("#photo .frame")).to_be_hidden()
    photo_tab.get_by_role("tab", name="Photo").click()
    expect_label(photo_tab, "ship")
    expect(photo_tab.locator("#photo .whole")).to_be_visible()


def test_a_refused_camera_gets_a_sentence(open_page: Callable[..., Page]) -> None:
    page = photo_tab_of(open_page())  # a browser that nobody can ask refuses
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#photo .trouble")).to_contain_text("allow it in the browser")
    expect(page.get_by_role("button", name="Camera")).to_be_enabled()
    upload(page, "aside.png", aside())
    expect(page.locator("#photo .trouble")).to_be_empty()


def test_the_camera_takes_a_picture(open_page: Callable[..., Page]) -> None:
    page = photo_tab_of(open_page(permissions=["camera"]))
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#photo .live")).to_be_visible()
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#photo .whole")).to_be_visible()
    expect(page.locator("#photo .seen img")).to_be_visible()
    expect(page.locator("#photo .live")).to_be_hidden()
    expect(page.get_by_role("button", name="Camera")).to_be_visible()


def test_a_browser_that_alters_pictures_takes_none_by_the_camera(altered: Page) -> None:
    photo_tab_of(altered).get_by_role("button", name="Camera").click()
    expect(altered.locator("#photo .trouble")).to_contain_text("alters the pixels")
    expect(altered.locator("#photo .live")).to_be_hidden()
    upload_example(altered, "ship")  # a file goes to the server as it is
    expect_label(altered, "ship")


@pytest.mark.parametrize(
    ("locale", "words"), [("en-GB", ("Camera", "Answer live", "Cancel")), ("zh-CN", ("相机", "实时回答", "取消"))]
)
def test_the_camera_answers_live_and_can_be_cancelled(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], locale: str, words: tuple[str, str, str]
) -> None:
    page = open_page(permissions=["camera"], locale=locale)
    page.get_by_role("tab").nth(1).click()
    camera, lively, cancel = words
    expect(page.get_by_role("button", name=cancel)).to_be_hidden()
    page.get_by_role("button", name=camera).click()
    expect(page.locator("#photo .live")).to_be_visible()
    expect(page.locator("#photo .answer.blank")).to_be_visible()
    page.get_by_label(lively).check()
    expect(page.locator("#photo .answer:not(.blank)")).to_be_visible()
    snap(page, f"camera-live-{locale}")
    page.get_by_role("button", name=cancel).click()
    expect(page.locator("#photo .live")).to_be_hidden()
    expect(page.locator("#photo .answer.blank")).to_be_visible()
    expect(page.get_by_role("button", name=camera)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#photo .live")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#photo .live")).to_be_hidden()


# --------------------------------------------------------------------------------------------------
# several networks, one photo

SERVED = """
import sys
from pathlib import Path
import lenet.training.stored
lenet.training.stored.WEIGHTS = Path(sys.argv[1])
from lenet.ui.page import build, launch_options
page = build()
page.launch(**launch_options(page))
"""


@pytest.fixture(scope="module")
def two_networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with the shipped networks, and one that takes everything for a cat."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("digits", "photos"):
        shutil.copy(WEIGHTS / f"{name}.safetensors", folder)
    checkpoint = load(folder / "photos.safetensors")
    with torch.no_grad():
        list(checkpoint.model.parameters())[-1][checkpoint.classes.index("cat")] += 1000  # the last bias
    save(folder / "photos-cats.safetensors", checkpoint)
    with serve(folder / "app.log", "-c", SERVED, str(folder)) as url:
        yield url


def test_every_network_answers_and_one_is_chosen(
    two_networks: str, open_page: Callable[..., Page], snap: Callable[[Page, str], None]
) -> None:
    page = photo_tab_of(open_page(two_networks))
    expect(page.locator("#photo .count")).to_have_text("2 networks, one photo")
    ours, cats = page.locator("#photo .card").all()
    places = [card.bounding_box() for card in (ours, cats)]
    page.get_by_role("button", name="Open the drawn ship").click()
    expect(ours.locator(".named b")).to_have_text("ship")
    expect(cats.locator(".named b")).to_have_text("cat")
    expect(ours).to_contain_text("4.61M parameters")
    expect(cats.locator(".took")).to_have_text(re.compile(r"^[\d.]+ ms$"))
    expect(cats.locator(".bar")).to_have_count(3)
    assert [card.bounding_box() for card in (ours, cats)] == places
    expect_label(page, "ship")
    snap(page, "photo-two-1280")
    cats.click()
    expect_label(page, "cat")
    expect(cats).to_have_attribute("aria-pressed", "true")
    expect(ours).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Open the drawn airplane").click()  # the choice stays
    expect(ours.locator(".named b")).to_have_text("airplane")
    expect_label(page, "cat")
    ours.focus()
    page.keyboard.press("Enter")
    expect_label(page, "airplane")


def test_while_the_box_moves_only_the_chosen_network_is_asked(
    two_networks: str, open_page: Callable[..., Page]
) -> None:
    page = photo_tab_of(open_page(two_networks))
    upload(page, "aside.png", aside())
    last = page.locator("#photo .card").last
    expect(last.locator(".named b")).to_have_text("cat")
    expect(last).to_have_attribute("aria-busy", "false")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    photo = page.locator("#photo .shown").bounding_box()
    assert photo is not None
    middle = photo["y"] + photo["height"] / 2
    page.mouse.move(photo["x"] + photo["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(photo["x"] + 0.95 * photo["width"], middle, steps=10)
    expect_label(page, "frog")
    settle(page)
    assert asked
    assert not any("photos-cats" in body for body in asked)
    with page.expect_request(lambda request: "photos-cats" in (request.post_data or "")):
        page.mouse.up()


HOSTILE = "<img src=x onerror=window.hacked=1>"


def test_what_a_network_is_called_is_text_in_every_tab(
    open_page: Callable[..., Page], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    for name, copy in (("digits", "digits"), ("photos", "photos"), ("photos-lenet5", HOSTILE)):
        shutil.copy(WEIGHTS / f"{name}.safetensors", folder / f"{copy}.safetensors")
    with serve(folder / "app.log", "-c", SERVED, str(folder)) as url:
        page = photo_tab_of(open_page(url))
        card = page.locator("#photo .card", has_text=f"{HOSTILE}, lenet5")
        page.get_by_role("button", name="Open the drawn ship").click()
        expect(card.locator(".took")).to_contain_text("ms")
        card.click()
        settle(page)
        page.get_by_role("tab", name="Zoo").click()
        entry = page.locator("#zoo .entry", has_text=HOSTILE)
        entry.click()
        expect(page.locator("#zoo .about h2")).to_contain_text(HOSTILE)
        expect(page.locator("#zoo .dot.chosen b")).to_contain_text(HOSTILE)
        expect(page.locator("#zoo .about")).to_have_attribute("aria-busy", "false")
        assert page.locator("img[src=x]").count() == 0
        assert page.evaluate("window.hacked") is None
        page.close()  # before its server goes


# --------------------------------------------------------------------------------------------------
# in Chinese

# All that is read or read out, of a text node or an attribute each.
READ = """() => [...document.querySelectorAll("#photo, #photo-why")].flatMap((part) => {
  const texts = document.evaluate(".//text()", part, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
  const names = ["title", "alt", "aria-label", "aria-roledescription", "placeholder"];
  return [
    ...Array.from({ length: texts.snapshotLength }, (_, i) => texts.snapshotItem(i).textContent),
    ...[...part.querySelectorAll("*")].flatMap((place) => names.map((name) => place.getAttribute(name) ?? "")),
  ];
})"""
# Names of layers, functions and networks, and units.
KEPT = re.compile(
    r"photos-cats, \S+|whiten|conv\d|bn\d|gelu\d?|relu|BatchNorm|pool\d|fc\d|\dx\d|LeNet|SGD|\d[kM] |logit|https://",
    re.ASCII | re.IGNORECASE,
)


def english(page: Page) -> list[str]:
    return [text for text in page.evaluate(READ) if re.search("[A-Za-z]", KEPT.sub("", text))]


def chinese(page: Page) -> list[str]:
    return [text for text in page.evaluate(READ) if re.search("[\u4e00-\u9fff]", text)]


def speak(page: Page, language: str) -> None:
    page.locator("#title select").select_option(language)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_tab_is_chinese(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="zh-CN")
    page.get_by_role("tab", name="照片").click()
    expect(page.locator("#photo .invite")).to_contain_text("飞机、汽车、")
    assert english(page) == []
    page.get_by_role("button", name="打开示例：船").click()
    expect_label(page, "ship")
    expect(page.locator("#photo .sentence")).to_contain_text("我认为这是船")
    expect(page.locator("#photo .card[aria-busy=true]")).to_have_count(0)
    page.locator("#photo-why .weighed").scroll_into_view_if_needed()
    expect(page.locator("#photo-why .legend")).to_contain_text("支持“船”")
    assert english(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"photo-chinese-{scheme}-{width}")


def test_a_change_of_language_loses_nothing(two_networks: str, open_page: Callable[..., Page]) -> None:
    page = photo_tab_of(open_page(two_networks))
    upload(page, "aside.png", aside())
    settle(page)
    drag(page, (0.5, 0.5), (0.7, 0.5))
    cats = page.locator("#photo .card").last
    cats.click()
    expect(page.locator("#photo .sentence")).to_contain_text("cat")
    page.locator("#photo-why .weighed").scroll_into_view_if_needed()
    expect(page.locator("#photo-why .legend")).to_contain_text("spoke for cat")
    page.locator("#photo-why summary").last.click()
    before = crop(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    speak(page, "zh")
    expect(page.locator("#photo-why .legend")).to_contain_text("支持“猫”")
    expect(page.locator("#photo .count")).to_have_text("2 个网络，一张照片")
    expect(page.locator("#photo .sentence")).to_contain_text("猫")
    expect(page.locator("#photo .card[aria-busy=true]")).to_have_count(0)
    expect(cats).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#photo-why details").last).not_to_have_attribute("open", re.compile(""))
    assert crop(page) == pytest.approx(before, abs=0.01)
    assert english(page) == []
    assert not [body for body in asked if "name_photo" in body or "open_photo" in body]  # what is known is said anew
    speak(page, "en")
    expect(page.locator("#photo .sentence")).to_contain_text("cat")
    expect(page.locator("#photo .card[aria-busy=true]")).to_have_count(0)
    expect(page.locator("#photo-why .heat")).to_be_visible()
    assert chinese(page) == []


def test_a_refusal_is_told_in_each_language(photo_tab: Page) -> None:
    trouble = photo_tab.locator("#photo .trouble")
    photo_tab.get_by_role("button", name="Fetch").click()
    expect(trouble).to_contain_text("Give the address")
    speak(photo_tab, "zh")
    expect(trouble).to_contain_text("请给出图片的网址")
    photo_tab.get_by_label("图片的网址").fill("http://127.0.0.1/cat.png")
    photo_tab.get_by_role("button", name="获取").click()
    expect(trouble).to_contain_text("不在公共互联网上")
    speak(photo_tab, "en")
    expect(trouble).to_contain_text("not on the public internet")
    assert chinese(photo_tab) == []


@pytest.mark.parametrize(("locale", "width", "word"), [("en-GB", 1366, "filter"), ("zh-CN", 390, "卷积核")])
def test_a_map_is_enlarged_and_says_how_a_number_came_about(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], locale: str, width: int, word: str
) -> None:
    page = open_page(locale=locale, viewport={"width": width, "height": 844})
    page.locator("#tabs [role=tab]").nth(1).click()
    page.locator('#photo .example[data-example="ship"]').click()
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
    inside = page.locator("#photo-why .inside")
    inside.locator(".every").check()
    maps = inside.locator(".layer:has-text('gelu6') canvas")
    maps.scroll_into_view_if_needed()
    maps.hover()
    expect(inside.locator(".pointed")).to_contain_text(re.compile("strongest|最强"))  # the numbers are there
    sizes: list[int] = []

    def weigh(request: Request) -> None:
        if "trace_photo" in (request.post_data or ""):
            sizes.append(request.sizes()["responseBodySize"])

    page.on("requestfinished", weigh)
    maps.click(position={"x": 10, "y": 10})
    dialog = page.locator("dialog.closeup")
    expect(dialog.locator(".part")).to_have_count(4)
    expect(dialog.locator(".part").first).to_contain_text(word)
    expect(dialog.locator(".workings")).to_contain_text("conv6")
    expect(dialog.locator(".workings")).to_contain_text("gelu6")
    before = dialog.locator(".workings").inner_text()
    dialog.locator("canvas.map").hover(position={"x": 20, "y": 20})
    dialog.locator("canvas.map").hover(position={"x": 200, "y": 200})
    expect(dialog.locator(".workings")).not_to_have_text(before)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"closeup-photo-{locale}")
    assert max(sizes) < 10_000
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
