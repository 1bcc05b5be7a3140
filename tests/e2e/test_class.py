"""A whole class at the Train tab: replays, one's own digit, links, lessons."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from lenet.ui.shared import texts
from tests.e2e.conftest import settled
from tests.e2e.test_train import OWN_ONE, OWN_SEVEN, begin, draw_own, opened, status, told
from tests.e2e.test_wrong import ONE, aslant, corrected, put

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


def test_a_run_fits_one_screen_and_the_next_visitor_sees_it_again(open_page: Open, url: str) -> None:
    first = opened(open_page(viewport={"width": 1366, "height": 768}))
    begin(first, epochs=5, seed=41)
    expect(first.locator("[data-figure=accuracy]")).to_contain_text("%", timeout=60_000)
    expect(first.locator(".charts")).to_be_in_viewport(ratio=1)
    expect(first.locator(".run .figures")).to_be_in_viewport(ratio=1)
    expect(first.locator(".answers")).to_be_in_viewport(ratio=1)
    expect(first.locator(".confusion-part .axes")).to_be_in_viewport(ratio=1)
    expect(first.locator(".confusion-part .axes")).to_have_text("row: what it is, column: what it says")
    status(first, "done", timeout=240_000)
    expect(first.locator(".accuracy-name")).to_have_text("test images right", use_inner_text=True)
    expect(first.locator(".confusion tbody tr")).to_have_count(10)

    second = opened(open_page())
    begin(second, epochs=5, seed=41)
    expect(told(second)).to_contain_text("with the same settings")
    expect(second.locator(".slower")).to_have_attribute("aria-disabled", "true")
    expect(second.locator(".own-told")).to_be_visible()
    second.get_by_role("button", name="To its end").click()
    status(second, "done")
    assert told(second).inner_text() == told(first).inner_text()
    second.locator("#use").click()
    expect(settled(second)).to_be_visible()


# How often each second the curve of the loss was another, in the first two seconds that it was there.
CURVES = """() => new Promise((resolve) => {
  const canvas = document.querySelector("[data-chart=loss] canvas");
  const seen = new Set();
  let began = 0;
  const look = () => {
    seen.add(canvas.toDataURL());
    if (!began && seen.size > 2) began = performance.now(); // the axes, and the first points
    if (began && performance.now() - began > 2000) return resolve(seen.size / 2);
    setTimeout(look, 40);
  };
  look();
})"""


def test_the_curves_follow_at_once_and_the_accuracy_is_the_largest_figure(open_page: Open) -> None:
    page = opened(open_page())
    page.locator("#set-epochs").fill("400")
    page.locator("#set-seed").fill("43")
    page.locator("#start").click()
    assert page.evaluate(CURVES) >= 3  # about four; the machine may have other work
    page.locator("#stop").click()
    status(page, "stopped")
    expect(page.locator(".accuracy-name")).to_have_text(re.compile("^test images.*right"))
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        sizes = page.locator(".run *").evaluate_all(
            "(all) => all.map((one) => [parseFloat(getComputedStyle(one).fontSize), one.dataset.figure ?? ''])"
        )
        assert max(sizes)[1] == "accuracy"
        assert sorted(size for size, _ in sizes)[-2] < max(sizes)[0]


def test_the_network_is_asked_about_ones_own_digit_while_it_learns(open_page: Open) -> None:
    page = opened(open_page())
    begin(page, epochs=10_000, seed=42)
    expect(page.locator(".own-part")).to_be_visible()
    draw_own(page, OWN_SEVEN)
    expect(page.locator(".own-bars .likeliest")).to_have_count(1)
    page.get_by_role("button", name="Clear").last.click()
    expect(page.locator(".own-bars .likeliest")).to_have_count(0)
    for width in (1920, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        last, said = (page.locator(part).bounding_box() for part in (".own-bars li:last-child b", ".own-part .hint"))
        assert last is not None
        assert said is not None
        assert last["y"] + last["height"] <= said["y"], width
    page.locator("#stop").click()


def test_a_run_that_has_ended_answers_what_is_on_the_pad_now(open_page: Open) -> None:
    page = opened(open_page())
    likeliest = page.locator(".own-bars .likeliest b")
    begin(page, epochs=12, seed=43)
    expect(page.locator(".own-part")).to_be_visible()
    draw_own(page, OWN_SEVEN)
    status(page, "done", timeout=240_000)
    expect(likeliest).to_have_text("7")
    page.get_by_role("button", name="Clear").last.click()
    expect(likeliest).to_have_count(0)
    draw_own(page, OWN_ONE)
    expect(likeliest).to_have_text("1")
    expect(page.locator(".own-told")).to_have_text(re.compile("^1, "))

    begin(page)  # the same again
    status(page, "running")
    expect(likeliest).to_have_count(0)
    expect(page.locator(".own-told")).to_have_text("Asked when the replay ends.")
    page.get_by_role("button", name="To its end").click()
    status(page, "done")
    expect(likeliest).to_have_text("1")  # of the drawing that was there before
    page.get_by_role("button", name="Clear").last.click()
    draw_own(page, OWN_SEVEN)
    expect(likeliest).to_have_text("7")
    page.get_by_role("button", name="Look at Run 1").click()
    expect(page.locator(".run .name")).to_have_text("Run 1")
    expect(likeliest).to_have_text("7")  # not what Run 1 said of the drawing before


def test_a_link_says_what_differs_and_shows_what_a_lesson_wants(open_page: Open, url: str) -> None:
    page = open_page()
    page.goto(f"{url}?recipe=digits-demo&lr=0.02&show=draw,train&lock=data")
    expect(page.locator(".linked")).to_contain_text("digits-demo, but Learning rate 0.02 instead of 0.004")
    expect(page.locator("#set-dataset")).to_be_disabled()
    expect(page.get_by_role("tab", name="Draw")).to_be_visible()
    expect(page.get_by_role("tab", name="Zoo")).to_be_hidden()
    expect(page.locator(".starts button:visible")).to_have_count(1)
    page.locator(".link").click()
    expect(page.locator(".sent")).not_to_be_empty()


@pytest.mark.parametrize(
    ("link", "there", "first"),
    [
        ("show=photo", ["Photo"], "Photo"),
        ("show=zoo,train", ["Zoo", "Train"], "Zoo"),
        ("show=train,zoo", ["Zoo", "Train"], "Train"),
        ("show=zoo,train&recipe=digits-demo", ["Zoo", "Train"], "Train"),
        ("show=photo,draw&recipe=digits-demo", ["Draw", "Photo"], "Photo"),
        ("show=nothing", ["Draw", "Photo", "Zoo", "Train"], "Draw"),
    ],
)
def test_a_link_opens_the_first_tab_that_it_wants(
    open_page: Open, url: str, link: str, there: list[str], first: str
) -> None:
    page = open_page()
    page.goto(f"{url}?{link}")
    expect(page.locator("#tabs [role=tab]:visible")).to_have_text(there)
    expect(page.get_by_role("tab", selected=True)).to_have_text(first)
    parts = {"Draw": "canvas.pad", "Photo": "#photo .frame", "Zoo": "#zoo .entry", "Train": ".starts button"}
    expect(page.locator(parts[first]).first).to_be_visible()
    if first != "Draw":
        expect(page.locator("canvas.pad")).to_be_hidden()


def test_a_run_has_its_link_beside_its_other_buttons(open_page: Open, snap: Callable[[Page, str], None]) -> None:
    page = opened(open_page(viewport={"width": 1366, "height": 768}))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begin(page, recipe="digits-demo", epochs=1, lr=0.003)
    status(page, "done", timeout=240_000)
    page.locator("#set-lr").fill("0.5")  # of another run, to be
    button, stop = page.locator(".link-run"), page.locator("#stop")
    first, second = button.bounding_box(), stop.bounding_box()
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert first["y"] < 768
    button.click()
    expect(page.locator(".about-link .link-told")).to_contain_text("Copied")
    expect(page.locator(".about-link .code img")).to_be_visible()
    snap(page, "train-link-of-a-run")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(copied).query) == {"recipe": ["digits-demo"], "lr": ["0.003"], "epochs": ["1"]}
    page.locator("#set-lr").fill("0.004")
    page.locator("#start").click()
    expect(page.locator(".about-link .link-told")).to_be_hidden()  # it was of the other one


def lessons(page: Page) -> Locator:
    return page.locator(".lessons .take")


def test_what_a_link_fixes_stays_as_it_is(open_page: Open, url: str) -> None:
    page = open_page()
    page.goto(f"{url}?recipe=digits-demo&lr=0.02&show=draw,train&lock=data,lr")
    dataset, lr = page.locator("#set-dataset"), page.locator("#set-lr")
    expect(lr).to_be_disabled()
    expect(lessons(page)).to_have_text(["Teach it your handwriting"])  # the others set a rate, or open no data's recipe
    begin(page, batch_size=32, epochs=1)
    status(page, "done", timeout=240_000)
    expect(page.locator("#set-epochs")).to_have_value("1")
    page.locator("#set-epochs").fill("5")
    page.locator(".runs .again").click()
    expect(page.locator("#set-epochs")).to_have_value("1")  # what is not fixed is filled in
    expect(dataset).to_have_value("digits")
    expect(lr).to_have_value("0.02")

    page.goto(f"{url}?show=draw,train&lock=lr")  # its recipe's own rate
    rate = lr.input_value()
    page.get_by_role("button", name="LeNet-5 on CIFAR-10").click()
    expect(dataset).to_have_value("cifar10")
    expect(lr).to_have_value(rate)
    page.locator("#stop").click()


@pytest.mark.parametrize(
    ("link", "offered"),
    [
        ("show=train", ["Too fast, too slow: the learning rate"]),
        ("show=draw,train&recipe=mnist-demo&lock=data", ["Teach it your handwriting"]),
        ("show=draw,train&lock=seed", ["Why preprocessing", "Too fast, too slow", "Teach it your handwriting"]),
        ("show=draw,train&lock=augmentation", ["Too fast, too slow", "Teach it your handwriting"]),
        ("show=train&lock=lr", []),
    ],
)
def test_only_lessons_that_fit_the_link_are_offered(open_page: Open, url: str, link: str, offered: list[str]) -> None:
    page = open_page()
    page.goto(f"{url}?{link}")
    page.get_by_role("tab", name="Train").click()
    expect(page.locator(".starts button").last).to_be_attached()
    expect(lessons(page)).to_have_count(len(offered))
    expect(lessons(page)).to_contain_text(offered)
    expect(page.locator(".lessons-row")).to_be_visible(visible=bool(offered))


def test_a_lesson_leads_from_tab_to_tab(open_page: Open) -> None:
    page = opened(open_page())
    page.get_by_role("button", name="Too fast, too slow").click()
    panel = page.locator(".lesson")
    panel.get_by_role("button", name="Next").click()
    panel.get_by_role("button", name="Fill in these settings").click()
    expect(page.locator("#set-lr")).to_have_value("0.00002")
    panel.get_by_role("button", name="Close the lesson").click()
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Teach it your handwriting").click()
    panel.get_by_role("button", name="Open Draw").click()
    expect(page.locator("canvas.pad")).to_be_visible()
    expect(panel).to_be_visible()


def test_the_handwriting_lesson_teaches_the_network(open_page: Open, snap: Callable[[Page, str], None]) -> None:
    page = opened(open_page())
    page.get_by_role("button", name="Teach it your handwriting").click()
    panel = page.locator(".lesson")

    def step(number: int, text: str) -> None:
        expect(panel.locator("header b")).to_have_text(f"Teach it your handwriting · {number}/5")
        expect(panel.locator("p")).to_contain_text(text)

    step(1, "Draw a digit in your own way")
    panel.get_by_role("button", name="Open Draw").click()
    put(page, aslant(ONE, -58))
    panel.get_by_role("button", name="Next").click()
    step(2, "Press “It was wrong”")
    snap(page, "lesson-handwriting")
    corrected(page, "1")
    panel.get_by_role("button", name="Next").click()
    step(3, "three corrections or more")
    for degrees in (-52, -62):
        put(page, aslant(ONE, degrees))
        corrected(page, "1")
    expect(page.locator("#pad .mistakes button")).to_have_count(3)
    panel.get_by_role("button", name="Next").click()
    step(4, "Learn from these")
    page.get_by_role("tab", name="Train").click()  # and somebody who has gone elsewhere is led back
    panel.get_by_role("button", name="Open your corrections").click()
    learn = page.locator("#pad .learn")
    expect(learn).to_be_in_viewport()
    learn.click()
    expect(page.locator("#pad .outcome .yours")).to_contain_text("0 of 3 right before", timeout=240_000)
    panel.get_by_role("button", name="Next").click()
    step(5, "Use it")
    page.locator("#pad .outcome .use").click()
    put(page, aslant(ONE, -58))
    expect(page.locator("#pad .answer .who")).to_contain_text("LeNet, modern, corrected by you")
    expect(page.locator("#pad .beside")).to_contain_text("LeNet, modern:")
    panel.get_by_role("button", name="End").click()
    expect(panel).to_be_hidden()


def test_the_first_lesson_step_by_step_in_chinese(open_page: Open) -> None:
    page = open_page()
    page.locator("#title select").select_option("zh")
    page.get_by_role("tab", name="训练").click()
    said = texts.CHINESE
    lessons(page).first.click()
    panel = page.locator(".lesson")
    act, following = panel.locator(".act"), panel.locator(".next")
    for number in range(1, 6):
        expect(panel.locator("header b")).to_have_text(f"预处理为什么重要 · {number}/5")
        expect(panel.locator("p")).to_have_text(said[f"lesson_preprocessing_{number}"])
        assert panel.locator("button:visible:not(.close)").all_inner_texts() == [
            *{1: ["打开“手写”"], 2: [], 3: ["打开“手写”"]}.get(number, ["填入这些设置"]),
            said["lesson_back"],
            said["lesson_end" if number == 5 else "lesson_next"],
        ]
        if number in (1, 3):
            act.click()
            expect(page.locator("canvas.pad")).to_be_visible()
        elif number > 3:
            act.click()
            expect(page.locator("#set-augmentation")).to_have_value("none" if number == 4 else "handwriting")
        following.click()
    expect(panel).to_be_hidden()
    lessons(page).first.click()
    following.click()
    page.locator("#title select").select_option("en")  # in the middle of it
    expect(panel.locator("header b")).to_have_text("Why preprocessing matters · 2/5")
    panel.get_by_role("button", name="Back").click()
    expect(panel.locator("p")).to_have_text(texts.ENGLISH["lesson_preprocessing_1"])
