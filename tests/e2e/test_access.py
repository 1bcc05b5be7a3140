"""The page is for everybody: axe finds nothing in any tab, the keyboard is enough, and nothing need move."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import draw, expect_label

pytestmark = pytest.mark.browser

SEVENTEEN = [[(60, 60), (60, 220)], [(150, 60), (240, 60), (200, 220)]]


@pytest.fixture(scope="module")
def shared(browser: Browser, url: str) -> Iterator[Page]:
    """One page for all tests of axe; each goes to the tab that it is about."""
    # With less motion, for a colour that is still on its way to another is none of either scheme.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url)
    expect(page.locator("canvas.pad")).to_be_visible(timeout=60_000)
    page.evaluate(AXE_SCRIPT)
    yield page
    context.close()


@pytest.fixture
def tab(shared: Page, request: pytest.FixtureRequest) -> Page:
    """The tab that the test names."""
    shared.set_viewport_size({"width": 1280, "height": 900})
    shared.get_by_role("tab", name=request.param).click()
    panel = shared.locator("#tabs > [role=tabpanel]:visible")
    expect(panel.locator(".prose[data-mounted]").first).to_be_visible()
    expect(panel.locator(".prose:not([data-mounted])")).to_have_count(0)  # whose texts are not there yet
    return shared


def findings(page: Page) -> list[str]:
    """A line for each node that axe objects to, whatever the impact."""
    found = []
    for width, scheme in ((1280, "light"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_function("dark => document.body.classList.contains('dark') === dark", arg=scheme == "dark")
        options: dict[str, object] = {"resultTypes": ["violations"], "preload": False}  # no style sheet is fetched
        if scheme == "dark":
            options["runOnly"] = ["color-contrast"]  # all else is the same in both schemes
        elif width == 1280:
            options["rules"] = {"color-contrast": {"enabled": False}}  # and colours are the same at every width
        for result in page.evaluate("options => axe.run(options)", options)["violations"]:
            where = f"{scheme}, {width} px: {result['impact']} {result['id']}"
            found += [f"{where} at {node['target']}: {node['failureSummary']}" for node in result["nodes"]]
    return found


def report_is_whole(page: Page, place: str) -> None:
    expect(page.locator(f"{place} .report")).to_have_attribute("aria-busy", "false", timeout=240_000)
    expect(page.locator(f"{place} .pictures .card")).to_have_count(25)


@pytest.mark.parametrize("tab", ["Draw"], indirect=True)
def test_axe_draw(tab: Page) -> None:
    assert findings(tab) == []
    tab.set_viewport_size({"width": 1280, "height": 900})
    draw(tab, SEVENTEEN, side=280)
    expect_label(tab, "17")
    tab.get_by_label("Every layer").check()
    expect(tab.locator("#pad .sums")).to_contain_text("In sum")
    assert findings(tab) == []


@pytest.mark.parametrize("tab", ["Photo"], indirect=True)
def test_axe_photo(tab: Page) -> None:
    assert findings(tab) == []
    tab.get_by_role("button", name="Open the drawn ship").click()
    expect(tab.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
    expect(tab.locator("#photo .card[aria-busy=true]")).to_have_count(0)
    tab.locator("#photo-why .weighed").scroll_into_view_if_needed()
    expect(tab.locator("#photo-why .heat")).to_be_visible()
    assert findings(tab) == []


@pytest.mark.data
@pytest.mark.parametrize("tab", ["Zoo"], indirect=True)
def test_axe_zoo(tab: Page, mnist_root: Path) -> None:
    tab.locator('#zoo button[data-network="mnist-lenet5-sigmoid"]').click()  # quick to be asked
    expect(tab.locator("#zoo .about h2")).to_have_text("Tutorial: LeNet-5, sigmoids")
    report_is_whole(tab, "#zoo")
    assert findings(tab) == []


@pytest.mark.parametrize("tab", ["Train"], indirect=True)
def test_axe_own_classes(tab: Page, tmp_path: Path) -> None:
    """Before any run, whose report is much to look through; they stay open beside the report of the next test."""
    picture = base64.b64encode(bytes(28 * 14) + b"\xff" * 28 * 14).decode()
    classes = [{"name": name, "examples": [picture] * 3} for name in ("A", "B")]
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"kind": "lenet-own", "format": 1, "drawings": classes}))
    tab.locator("#teach summary").click()
    tab.locator("#teach .file").set_input_files(path)
    expect(tab.locator("#teach .thumbs button")).to_have_count(6)
    assert findings(tab) == []
    tab.locator("#teach .learn").click()
    expect(tab.locator("#teach .outcome")).to_be_visible(timeout=240_000)
    assert findings(tab) == []


@pytest.mark.parametrize("tab", ["Train"], indirect=True)
def test_axe_train(tab: Page) -> None:
    tab.locator("#set-lr").fill("1000")
    tab.locator("#start").click()
    expect(tab.locator("#set-lr-wrong")).not_to_be_empty()
    assert findings(tab) == []
    tab.locator("#set-lr").fill("0.003")
    tab.locator("#set-epochs").fill("2")
    tab.locator("#start").click()
    expect(tab.locator(".run")).to_have_attribute("data-status", "done", timeout=240_000)
    report_is_whole(tab, "#report")
    tab.locator(".epochs summary").click()
    assert findings(tab) == []


# --------------------------------------------------------------------------------------------------
# on a projector

# The size and the font of all text that is in view, each element by its own name; what a chart paints is its own.
TYPE = """() => {
  window.names ??= new Map();
  const classes = ({ tagName, classList }) =>
    [tagName.toLowerCase(), ...classList].filter((one) => !one.startsWith("svelte")).join(".");
  const named = (element) => {
    const name = `${classes(element.parentElement)} > ${classes(element)}`;
    if (!names.has(element)) names.set(element, `${name} ${names.size}`);
    return names.get(element);
  };
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const found = {};
  for (const element of document.body.querySelectorAll("*:not(svg *):not(script):not(style)")) {
    if (!element.checkVisibility() || !(says(element) || element.matches("input, select, textarea"))) continue;
    const { fontSize, fontFamily } = getComputedStyle(element);
    found[named(element)] = [parseFloat(fontSize), fontFamily];
  }
  return found;
}"""


def test_all_type_grows_on_a_projector_and_is_of_one_family(page: Page) -> None:
    draw(page, SEVENTEEN, side=280)
    expect_label(page, "17")
    page.locator("#pad .corrections summary").click()
    seen: set[str] = set()
    for tab in ("Draw", "Photo", "Zoo", "Train"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Photo":
            page.get_by_role("button", name="Open the drawn ship").click()
            expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
        if tab == "Zoo":
            page.locator('#zoo button[data-network="mnist-lenet5-sigmoid"]').click()  # quick to be asked
            expect(page.locator("#zoo .about h2")).to_have_text("Tutorial: LeNet-5, sigmoids")
            report_is_whole(page, "#zoo")
        if tab == "Train":
            page.locator("#teach summary").click()
            page.locator("#set-epochs").fill("1")
            page.locator("#start").click()
            expect(page.locator(".run")).to_have_attribute("data-status", "done", timeout=240_000)
            page.locator(".lessons .take").first.click()
        sizes = []
        for width in (1366, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(300)
            sizes.append(page.evaluate(TYPE))
        usual, large = sizes
        both = usual.keys() & large.keys()
        seen |= both
        smaller = {place: (usual[place], large[place]) for place in both if large[place][0] < 1.24 * usual[place][0]}
        assert smaller == {}
        assert [place for place in both if not re.search("^system-ui|monospace$", large[place][1])] == []
    parts = (" > p.sentence", " > summary", "section.run > p.told", "aside.lesson > p", "button", "label", "input")
    assert not [part for part in parts if not any(part in place for place in seen)]


# --------------------------------------------------------------------------------------------------
# on a phone held sideways


def test_a_phone_held_sideways_has_room_to_scroll(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 844, "height": 390})

    def fits(*touched: str) -> None:
        """Nothing is wider than the window, and what a finger draws on or drags in is lower, with room beside it."""
        assert page.evaluate("document.documentElement.scrollWidth") <= 844
        for part in touched:
            box = page.locator(part).bounding_box()
            assert box is not None
            assert 200 <= box["height"] <= 390 - 100, part

    page.get_by_role("tab", name="Photo").click()
    fits("#photo .frame")
    page.get_by_role("button", name="Open the drawn ship").click()
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
    fits("#photo .frame", "#photo .shown")
    page.locator("#photo .shown").scroll_into_view_if_needed()
    page.mouse.move(422, 200)
    page.mouse.wheel(0, 600)
    page.wait_for_function("scrollY > 300")
    page.get_by_role("tab", name="Zoo").click()
    expect(page.locator("#zoo .about h2")).not_to_be_empty()
    fits()
    page.get_by_role("tab", name="Train").click()
    page.locator("#teach summary").click()
    fits("#teach .teach-pad")
    page.get_by_role("button", name="Built-in digits, at once").click()
    expect(page.locator(".run")).to_have_attribute("data-status", "done", timeout=240_000)
    fits()
    page.get_by_role("button", name="Too fast, too slow").click()
    panel = page.locator(".lesson").bounding_box()
    assert panel is not None
    assert panel["y"] > 100  # the page can be seen above it


# --------------------------------------------------------------------------------------------------
# by keyboard alone


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until what is called `name` has the focus; wherever it stops on the way can be seen."""
    for _ in range(60):
        page.keyboard.press(key)
        said, outline, shown = page.evaluate(
            """() => {
              const { activeElement: held } = document;
              const shown = held.checkVisibility({ opacityProperty: true, visibilityProperty: true });
              const { outlineStyle, outlineWidth } = getComputedStyle(held);
              const label = held.getAttribute("aria-label") ?? held.labels?.[0]?.innerText ?? held.innerText;
              return [label, outlineStyle === "none" ? 0 : parseFloat(outlineWidth), shown];
            }"""
        )
        assert outline >= 1, f"{said} has the focus, which cannot be seen"
        assert shown, f"{said} has the focus and is not shown"
        if re.match(name, said):
            return
    raise AssertionError(f"60 presses of {key} do not lead to {name}")


def test_the_keyboard_is_enough(page: Page) -> None:
    press = page.keyboard.press
    tab_to(page, "Draw a crossed seven")
    press("Enter")
    expect_label(page, "7")

    page.evaluate("document.activeElement.blur()")
    page.get_by_role("tab", name="Draw").focus()
    tab_to(page, "Photo")
    press("Enter")
    expect(page.get_by_role("button", name="Open the drawn frog")).to_be_visible()
    tab_to(page, "Open the drawn frog")
    press("Space")
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "frog")
    tab_to(page, "The part that the network looks at", "Shift+Tab")
    press("-")
    press("ArrowLeft")
    expect(page.locator("#photo .note")).to_contain_text("Your box")
    tab_to(page, "Automatic box")
    press("Enter")
    expect(page.locator("#photo .note")).to_contain_text("Automatic")
    expect(page.locator("#photo .crop")).to_be_focused()
    tab_to(page, "LeNet-5: our training")
    press("Enter")
    expect(page.locator("#photo .card[aria-pressed=true]")).to_contain_text("LeNet-5: our training")

    page.get_by_role("tab", name="Zoo").focus()
    press("Enter")
    expect(page.locator("#zoo [data-network]").first).to_be_visible()
    tab_to(page, "1998: LeNet-5 as printed")
    press("Enter")
    expect(page.locator("#zoo .about h2")).to_have_text("1998: LeNet-5 as printed")
    tab_to(page, "0 called 0")
    press("ArrowDown")
    expect(page.locator('#zoo td[data-cell="1,0"]')).to_be_focused()

    page.get_by_role("tab", name="Train").focus()
    press("Enter")
    expect(page.get_by_label("Epochs")).to_be_visible()
    tab_to(page, "Epochs$")
    page.keyboard.type("9000")  # it is not to end before it is told to
    tab_to(page, "Start training")
    press("Enter")
    run = page.locator(".run")
    expect(run).to_have_attribute("data-status", "running", timeout=60_000)
    expect(page.locator("#start")).to_be_focused()
    tab_to(page, "Pause")
    press("Space")
    expect(run).to_have_attribute("data-status", "paused")
    press("Space")
    expect(run).to_have_attribute("data-status", "running")
    tab_to(page, "Stop")
    press("Enter")
    expect(run).to_have_attribute("data-status", "stopped", timeout=60_000)
    tab_to(page, "Rename Run 1")
    press("Enter")
    page.keyboard.type("by keys")
    press("Enter")
    expect(page.locator(".run .name")).to_have_text("by keys")
    expect(page.get_by_role("button", name="Rename by keys")).to_be_focused()
    tab_to(page, "Use it", "Shift+Tab")
    press("Enter")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    tab_to(page, "Network")
    expect(page.get_by_label("Network").first).to_have_value(re.compile("^by keys"))


# --------------------------------------------------------------------------------------------------
# less motion


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_what_moves_is_what_a_visitor_wants(open_page: Callable[..., Page], wish: str) -> None:
    page = open_page(viewport={"width": 390, "height": 700}, reduced_motion=wish)
    page.evaluate(
        """() => {
          [window.moved, window.places] = [new Set(), new Set()];
          const look = () => {
            const long = ({ effect }) => effect.getComputedTiming().activeDuration > 20; // milliseconds
            for (const one of document.getAnimations().filter(long)) moved.add(one.constructor.name);
            places.add(scrollY);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Open the drawn ship").click()
    expect(page.locator("#photo .result .answer")).to_have_attribute("data-label", "ship")
    page.get_by_role("tab", name="Zoo").click()
    entry = page.locator('#zoo button[data-network="cifar10-lenet5-sgd"]')
    entry.scroll_into_view_if_needed()
    page.evaluate("places.clear()")
    entry.click()
    expect(page.locator("#zoo .about h2")).to_have_text("Tutorial: LeNet-5, SGD")
    expect(page.locator("#zoo .about h2")).to_be_in_viewport()
    page.wait_for_timeout(500)
    moved, places = page.evaluate("[[...moved], [...places]]")
    if wish == "reduce":
        assert moved == []
        assert len(places) <= 3, f"it scrolled by {places}"
    else:
        assert moved
        assert len(places) > 3
