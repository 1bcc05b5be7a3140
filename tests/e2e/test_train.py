"""The Train tab: real runs, seen from the browser."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.inference.pretrained import load
from lenet.ui.shared import texts
from tests.e2e.conftest import draw, no_table, settled
from tests.e2e.pad import SEVEN
from tests.e2e.test_photo import EXAMPLES
from tests.serving import serve

pytestmark = pytest.mark.browser

Snap = Callable[[Page, str], None]


@pytest.fixture
def train_tab(page: Page) -> Page:
    return opened(page)


def opened(page: Page) -> Page:
    page.get_by_role("tab", name="Train").click()
    expect(page.locator(".starts button").last).to_be_visible()
    return page


SEEDS = count(1)  # a seed of its own, lest a page be shown another test's run that still trains


def begin(page: Page, **settings: object) -> None:
    """Fill in the settings of these names, and start."""
    for name, value in settings.items():
        field = page.locator(f"#set-{name.replace('_', '-')}")
        if name in ("recipe", "model", "dataset", "optimizer", "schedule", "augmentation"):
            field.select_option(str(value))
        else:
            field.fill(str(value))
    page.locator("#start").click()


def status(page: Page, state: str, timeout: float = 60_000) -> None:
    expect(page.locator(".run")).to_have_attribute("data-status", state, timeout=timeout)


def told(page: Page) -> Locator:
    return page.locator(".run > .told")


def learning(page: Page) -> None:
    """The run has taken some steps."""
    expect(page.locator("[data-figure=speed]")).to_have_text(re.compile(r"\d"), timeout=60_000)


def painted(page: Page, chart: str) -> int:
    """How many pixels of a chart have a run's colour, not the axes' grey."""
    return page.evaluate(
        """chart => {
          const canvas = document.querySelector(`[data-chart=${chart}] canvas`);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4)
            count += data[i + 3] > 60 && Math.max(...data.slice(i, i + 3)) - Math.min(...data.slice(i, i + 3)) > 60;
          return count;
        }""",
        chart,
    )


def placed(page: Page) -> list[float]:
    """Where the chart of the loss stands on the page, however far that is scrolled, and its size."""
    return page.evaluate(
        """() => {
          const { x, y, width, height } = document.querySelector("[data-chart=loss] canvas").getBoundingClientRect();
          return [x, y + scrollY, width, height];
        }"""
    )


OWN_SEVEN = [(25, 20), (70, 20), (45, 80)]
OWN_ONE = [(48, 15), (48, 80)]


def draw_own(page: Page, stroke: list[tuple[int, int]]) -> None:
    """Draw one stroke on the small pad, in pixels of the page."""
    page.locator(".own-pad").hover()  # once it stands still
    box = page.locator(".own-pad").bounding_box()
    assert box is not None
    for number, (x, y) in enumerate(stroke):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        if not number:
            page.mouse.down()
    page.mouse.up()


def rate(page: Page) -> float:
    return float(page.locator("[data-figure=lr]").inner_text())


# --------------------------------------------------------------------------------------------------


def test_a_card_starts_a_run_that_ends_in_the_draw_tab(train_tab: Page, snap: Snap) -> None:
    page = train_tab
    snap(page, "train-idle-1280")
    page.get_by_role("button", name="Built-in digits, at once").click()
    status(page, "done", timeout=240_000)
    expect(told(page)).to_contain_text("of 300 test images right, after 12 epochs")
    expect(page.locator("#set-recipe")).to_have_value("digits-demo")
    expect(page.locator(".answers li.right")).to_have_count(10)
    expect(page.locator(".runs tbody tr")).to_have_count(1)
    snap(page, "train-done-1280")

    page.locator("#use").click()
    expect(page.locator("canvas.pad")).to_be_visible()
    expect(page.get_by_label("Network").first).to_have_value(re.compile(r"^Run 1, digits-demo \(\d"))
    draw(page, SEVEN, side=280)
    expect(settled(page)).not_to_have_attribute("data-label", "")
    expect(page.locator("#pad .beside")).to_have_attribute("data-label", "7")  # the shipped one, of the same drawing
    snap(page, "draw-by-the-trained")
    page.get_by_role("tab", name="Zoo").click()  # which was not open before
    expect(page.locator("#zoo .yours .entry")).to_contain_text(["Run 1, digits-demo"])
    expect(page.locator("#zoo .about h2")).not_to_be_empty()

    page.locator('#zoo button[data-network="cifar10-lenet5-sgd"]').click()
    page.get_by_role("tab", name="Train").click()
    begin(page, epochs=1)
    expect(page.locator(".run .name")).to_have_text("Run 2")
    status(page, "done", timeout=240_000)
    page.locator("#use").click()
    expect(page.locator("canvas.pad")).to_be_visible()
    page.get_by_role("tab", name="Zoo").click()  # which was open before
    expect(page.locator("#zoo .yours .entry")).to_contain_text(["Run 2, digits-demo", "Run 1, digits-demo"])
    expect(page.locator("#zoo .about h2")).to_have_text("Tutorial: LeNet-5, SGD")
    page.get_by_role("tab", name="Photo").click()  # which was told of each, and not open before
    expect(page.locator("#photo .card").first).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Camera")).to_be_visible()


def test_the_charts_grow_and_hold_still(train_tab: Page, snap: Snap) -> None:
    page = train_tab
    begin(page, epochs=1_000, seed=next(SEEDS))  # the time that is left is told from a hundredth on
    learning(page)
    expect(page.locator("[data-figure=time]")).to_have_text(re.compile(r"\d (s|min)"))
    said: set[str] = set()
    before = {chart: painted(page, chart) for chart in ("loss", "accuracy")}
    box = placed(page)
    deadline = time.monotonic() + 30
    while len(said) < 6 or not all(painted(page, chart) > count for chart, count in before.items()):
        assert time.monotonic() < deadline, f"after 30 s it had said {said}"
        said.add(page.locator(".run").inner_text())
        page.wait_for_timeout(50)
    assert placed(page) == box
    expect(page.locator("[data-chart=loss] canvas")).to_have_attribute("aria-label", re.compile("^Loss of Run 1"))
    snap(page, "train-running-1280")


def test_pause_step_change_the_rate_resume_stop(train_tab: Page, snap: Snap) -> None:
    page = train_tab
    begin(page, epochs=300, schedule="constant")
    learning(page)
    page.locator("#pause").click()
    status(page, "paused")
    expect(page.locator("#pause")).to_have_text("Resume")
    snap(page, "train-paused-1280")
    epoch = int(re.findall(r"\d+", page.locator(".run .state").inner_text())[0])
    page.locator("#step").click()
    expect(page.locator(".run .state")).to_have_text(f"Paused after {epoch + 1} of 300 epochs")
    before = rate(page)
    page.get_by_role("button", name="Halve the learning rate").click()
    expect(page.locator("[data-figure=lr]")).to_have_text(f"{before / 2:g}")  # at once, though it rests
    page.locator("#pause").click()
    learning(page)
    expect(page.locator("[data-figure=lr]")).to_have_text(f"{before / 2:g}")
    expect(page.locator(".runs tbody .of-settings")).to_contain_text("learning rate changed by hand")
    page.locator("#stop").click()
    status(page, "stopped")
    expect(told(page)).to_contain_text("test images right")


def test_a_reloaded_page_goes_on_with_its_run(train_tab: Page) -> None:
    page = train_tab
    begin(page, epochs=10_000, seed=next(SEEDS))
    learning(page)
    page.reload()
    expect(page.locator("#start")).to_be_visible(timeout=60_000)  # the tab is open again
    status(page, "running")
    learning(page)
    assert painted(page, "loss") > 0
    page.get_by_role("button", name="Remove Run 1").click()
    expect(page.locator(".runs tbody tr")).to_have_count(0)
    status(page, "idle")
    expect(page.locator("#start")).to_be_focused()
    page.reload()
    page.wait_for_timeout(1_000)
    expect(page.locator(".runs tbody tr")).to_have_count(0)


def test_two_visitors_one_waits_and_a_closed_tab_frees_the_place(open_page: Callable[..., Page], snap: Snap) -> None:
    first, second = opened(open_page()), opened(open_page())
    begin(first, epochs=10_000, seed=next(SEEDS))
    learning(first)
    begin(second, epochs=400)
    status(second, "waiting")
    expect(told(second)).to_contain_text("You are next")
    expect(told(second)).to_contain_text("Likely wait")
    expect(told(second)).to_contain_text("you watch it learn")
    expect(second.locator(".training .legend .of-run")).to_have_count(2)
    expect(second.locator(".training .legend")).to_contain_text("of another visitor")
    expect(second.locator(".runs tbody tr")).to_have_count(1)  # only their own
    snap(second, "train-waiting-1280")
    first.close()
    began = time.monotonic()
    status(second, "running")
    expect(second.locator(".training .legend .of-run")).to_have_count(1)
    print(f"the place was free after {time.monotonic() - began:.1f} s")
    third = opened(open_page())
    begin(third)
    third.close()  # within its first second
    second.locator("#stop").click()
    status(second, "stopped")
    fourth = opened(open_page())
    begin(fourth, epochs=1)
    status(fourth, "done")


def test_runs_are_compared(train_tab: Page, snap: Snap) -> None:
    page = train_tab
    begin(page, epochs=3)
    status(page, "done")
    alone = painted(page, "accuracy")
    begin(page, epochs=3, optimizer="sgd", lr=0.05, momentum=0.9)
    expect(page.locator(".run .name")).to_have_text("Run 2")
    status(page, "done")
    both = painted(page, "accuracy")
    assert both > alone
    rows = page.locator(".runs tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("optimiser sgd, learning rate 0.05, momentum 0.9, epochs 3")
    colours = rows.evaluate_all("rows => rows.map(row => row.style.getPropertyValue('--colour'))")
    assert len(set(colours)) == 2
    snap(page, "train-compared-1280")
    page.get_by_label("Show Run 1 in the charts").uncheck()
    page.wait_for_timeout(200)
    assert painted(page, "accuracy") < both

    loss = page.locator("[data-chart=loss] canvas")
    plain = loss.evaluate("canvas => canvas.toDataURL()")
    slider = page.get_by_label("Smoothing")
    slider.fill("0.9")
    page.wait_for_function("([canvas, plain]) => canvas.toDataURL() !== plain", arg=[loss.element_handle(), plain])
    slider.fill("0")
    page.wait_for_function("([canvas, plain]) => canvas.toDataURL() === plain", arg=[loss.element_handle(), plain])

    page.get_by_role("button", name="Rename Run 1").click()
    page.get_by_label("Name of this run").and_(page.locator(":focus")).fill("by Adam")
    page.keyboard.press("Enter")
    expect(rows.last).to_contain_text("by Adam")
    expect(page.locator("#report h2")).to_have_text("Run 2, digits-demo")
    page.get_by_role("button", name="Look at by Adam").click()
    expect(page.locator(".run .name")).to_have_text("by Adam")
    expect(page.locator("#report h2")).to_have_text("by Adam, digits-demo")
    page.get_by_role("button", name="Rename by Adam").click()
    page.get_by_label("Name of this run").and_(page.locator(":focus")).fill("by Adam")
    page.keyboard.type("W")
    page.keyboard.press("Enter")
    expect(page.locator("#report h2")).to_have_text("by AdamW, digits-demo")
    page.locator(".epochs summary").click()
    expect(page.locator(".epochs tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Reuse the settings of by AdamW").click()
    expect(page.locator("#set-optimizer")).to_have_value("adamw")


def test_a_link_restores_all_settings(open_page: Callable[..., Page], url: str) -> None:
    page = opened(open_page())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name, value in (("lr", "0.02"), ("epochs", "7"), ("seed", "3")):
        page.locator(f"#set-{name}").fill(value)
    page.locator("#set-augmentation").select_option("none")
    page.get_by_role("button", name="Copy link", exact=True).click()
    expect(page.locator(".sent")).to_contain_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(url)
    other = open_page()
    other.goto(link)
    expect(other.locator("#start")).to_be_visible()  # in the tab at once
    for name in ("recipe", "model", "dataset", "optimizer", "lr", "schedule", "augmentation", "epochs", "seed"):
        expect(other.locator(f"#set-{name}")).to_have_value(page.locator(f"#set-{name}").input_value())
    other.goto(f"{url}?recipe=digits-demo&lr=fast&model=nothing")
    expect(other.locator("#set-lr-wrong")).to_have_text("This must be a number.")
    expect(other.locator("#set-model")).to_have_value("lenet5-bn")


def test_a_wrong_setting_gets_a_sentence_at_its_field_and_the_next_run_works(train_tab: Page) -> None:
    page = train_tab
    begin(page, lr=1000, epochs=1)
    expect(page.locator("#set-lr-wrong")).to_have_text("This must be above 0 and at most 100.")
    expect(page.locator("#set-lr")).to_be_focused()
    expect(page.locator(".runs tbody tr")).to_have_count(0)
    page.locator("#set-lr").fill("0.003")
    page.locator("#set-lr").blur()
    expect(page.locator("#set-lr-wrong")).to_be_empty()
    page.locator("#start").click()
    status(page, "done")


def test_a_slow_press_of_start_is_not_lost_when_a_sentence_moves_it(train_tab: Page) -> None:
    page = train_tab
    # The press ends the typing, and the server's sentence comes before the release.
    page.locator("#set-lr").fill("1000")
    page.locator("#start").hover()
    with page.expect_response(lambda reply: '"fn_name":"check"' in (reply.request.post_data or "")):
        page.mouse.down()
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page.locator("#set-lr")).to_be_focused()


def test_filters_change_as_it_learns(train_tab: Page) -> None:
    page = train_tab
    begin(page, epochs=300, schedule="constant")
    learning(page)
    filters = "[...document.querySelectorAll('.filters canvas')].map((canvas) => canvas.toDataURL()).join()"
    before = page.evaluate(f"() => {filters}")
    assert before.count("data:image") == 6  # of LeNet-5's first layer
    page.wait_for_function(f"before => {filters} !== before", arg=before)
    page.locator("#stop").click()
    status(page, "stopped")


def test_a_silent_server_is_waited_for(train_tab: Page) -> None:
    page = train_tab
    begin(page, recipe="digits-demo", epochs=2)
    status(page, "done", timeout=240_000)
    page.route("**/component_server**", lambda route: route.fulfill(status=200, body="no answer"))
    page.locator(".runs .remove").click()
    expect(page.locator(".trouble")).to_contain_text("The server does not answer.")
    expect(page.locator(".trouble")).to_contain_text("keeps trying")
    page.unroute("**/component_server**")
    expect(page.locator(".trouble")).to_be_empty()
    expect(page.locator(".runs tbody tr")).to_have_count(1)  # nothing was removed
    page.locator(".runs .remove").click()
    expect(page.locator(".runs tbody tr")).to_have_count(0)


def test_a_name_that_is_left_as_it_is_follows_the_language(train_tab: Page) -> None:
    page = train_tab
    begin(page, recipe="digits-demo", epochs=1)
    status(page, "done", timeout=240_000)
    page.locator(".runs .rename").click()
    page.keyboard.press("Enter")
    page.locator("#title select").select_option("zh")
    expect(page.locator(".runs .open")).to_have_text(texts.LANGUAGES["zh"]["run_name"].format(number=1))


def test_only_the_top_of_the_accuracy_shows_what_is_there(train_tab: Page) -> None:
    page = train_tab
    begin(page, recipe="digits-demo", epochs=1, lr=1e-6)  # learns next to nothing
    status(page, "done", timeout=240_000)
    assert painted(page, "accuracy") > 20
    page.get_by_label("Only above 90%").check()
    page.wait_for_timeout(300)
    assert painted(page, "accuracy") == 0


def test_a_finished_run_can_be_downloaded(train_tab: Page, tmp_path: Path) -> None:
    page = train_tab
    begin(page, epochs=2)
    status(page, "done")
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "network.safetensors")
    checkpoint = load(tmp_path / "network.safetensors")
    assert (checkpoint.recipe.model, checkpoint.recipe.epochs) == ("lenet5-bn", 2)
    assert f"{checkpoint.metrics['test_accuracy']:.2%}" in told(page).inner_text()
    expect(page.locator("#report .numbers")).to_contain_text(f"{checkpoint.metrics['test_accuracy']:.2%}")
    expect(page.locator("#report .report")).to_have_attribute("aria-busy", "false")
    with page.expect_download() as download:
        page.locator('#report [data-keep="csv"]').click()
    download.value.save_as(tmp_path / "curves.csv")
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 2
    with page.expect_download() as download:
        page.locator('#report [data-keep="web"]').click()
    download.value.save_as(tmp_path / "network.html")
    home = page.context.new_page()
    home.goto((tmp_path / "network.html").as_uri())
    expect(home.locator(".about")).to_contain_text("lenet5-bn")
    home.locator("canvas.pad").scroll_into_view_if_needed()
    draw(home, [[(250.0, 80.0), (250.0, 420.0)]], 500)
    expect(home.locator(".answer")).not_to_have_class(re.compile("blank"))
    home.close()
    page.locator("#title select").select_option("zh")  # and the report is of the same run in another language
    expect(page.locator("#report")).to_contain_text("混淆矩阵")
    expect(page.locator("#report .mistakes .card").first).to_be_visible()


@pytest.mark.data
def test_a_network_trained_on_photographs_names_one(train_tab: Page, cifar_root: Path) -> None:
    page = train_tab
    begin(page, recipe="cifar10-lenet5-sgd")
    expect(page.locator("#set-dataset")).to_have_value("cifar10")
    learning(page)
    page.locator("#stop").click()
    status(page, "stopped")
    expect(told(page)).to_contain_text("of 10,000 test images right")
    chinese = [texts.SENTENCES["zh"][name] for name in CIFAR10_CLASSES]
    for language, filters, classes in (("zh", "第一层", chinese), ("en", "first layer", CIFAR10_CLASSES)):
        page.locator("#title select").select_option(language)
        expect(page.locator(".answers b").first).to_have_text(re.compile(f"^({'|'.join(classes)})$"))
        expect(page.locator(".filters-why")).to_contain_text(filters)
    page.locator("#use").click()
    card = page.locator("#photo .card[aria-pressed=true]")
    expect(card).to_contain_text("Run 1, cifar10-lenet5-sgd")
    page.locator("#photo input.file").set_input_files(EXAMPLES / "ship.jpg")
    expect(page.locator("#photo .seen img")).to_be_visible()
    expect(card.locator(".took")).to_have_text(re.compile("ms$"))


def test_by_keyboard_alone(train_tab: Page) -> None:
    page = train_tab
    page.locator("#set-epochs").fill("500")  # or it is done before the next key
    page.locator("#start").focus()
    page.keyboard.press("Enter")
    learning(page)
    page.locator("#pause").focus()
    page.keyboard.press("Space")
    status(page, "paused")
    expect(page.locator("#pause")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#step")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    status(page, "stopped")
    expect(page.locator("#stop")).to_be_focused()
    expect(page.locator("p.said")).to_have_text(re.compile("^Run 1: Stopped. .* test images right"))


@pytest.mark.parametrize(
    ("locale", "rate", "share"),
    [("en-GB", "How far each step", "The share of"), ("zh-CN", "每一步把权重", "所占的比例")],
)
def test_technical_words_have_their_sentence(
    open_page: Callable[..., Page], locale: str, rate: str, share: str
) -> None:
    page = open_page(locale=locale)
    page.get_by_role("tab", name=re.compile("Train|训练")).click()
    for place in (".accuracy-name", ".loss-name", ".rate dt", "[data-chart=loss] b", "[data-chart=accuracy] b"):
        expect(page.locator(f"{place} .term").first).to_be_visible()
    expect(page.locator(".filters-part h3 .term")).to_be_visible()
    for name in ("optimizer", "lr", "schedule", "momentum", "weight_decay", "batch_size", "augmentation", "epochs"):
        expect(page.locator(f".of-{name} label")).to_have_attribute("title", re.compile(r".{8}"))
    begin(page, epochs=10_000, seed=next(SEEDS))
    learning(page)
    for place, meaning in ((".rate dt", rate), (".accuracy-name", share)):
        term = page.locator(f"{place} .term")
        term.hover()
        page.wait_for_timeout(1_000)  # in which the figures change
        expect(term.get_by_role("tooltip")).to_be_visible()
        expect(term.get_by_role("tooltip")).to_contain_text(meaning)
    expect(page.locator(".of-lr label")).to_have_attribute("title", re.compile(rate))
    page.locator("#title select").select_option("zh" if locale == "en-GB" else "en")
    expect(page.locator(".of-lr label")).to_contain_text("学习率" if locale == "en-GB" else "Learning rate")


def background(place: Locator) -> str:
    return str(place.evaluate("(one) => getComputedStyle(one).backgroundColor"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_vanishes_in_forced_colours(open_page: Callable[..., Page], snap: Snap, scheme: str) -> None:
    page = opened(open_page(forced_colors="active", color_scheme=scheme))
    body = page.locator("body")
    begin(page, epochs=6, seed=next(SEEDS))
    expect(page.locator(".own-part")).to_be_visible()
    draw_own(page, OWN_SEVEN)
    status(page, "done", timeout=240_000)
    bar = page.locator(".own-bars .likeliest .bar")
    drawn = Image.open(io.BytesIO(bar.screenshot())).convert("HSV").resize((20, 1))
    assert np.asarray(drawn)[..., 1].max() > 60, "its length is its probability"
    expect(bar).to_have_css("outline-style", "solid")
    assert background(page.locator(".training .confusion td.right").first) != background(body)
    expect(page.locator("#report .matrix td.right").first).to_be_visible()
    assert background(page.locator("#report .matrix td.right").first) != background(body)
    assert page.locator("#pause").evaluate("(one) => getComputedStyle(one).color") != page.locator(
        "#download"
    ).evaluate("(one) => getComputedStyle(one).color"), "one of them cannot be pressed"
    snap(page, f"train-forced-{scheme}")
    page.get_by_role("tab", name="Zoo").click()
    expect(page.locator("#zoo .matrix td.right").first).to_be_visible()
    assert background(page.locator("#zoo .matrix td.right").first) != background(body)
    snap(page, f"zoo-forced-{scheme}")
    page.get_by_role("tab", name="Photo").click()
    page.locator("#photo [data-example=horse]").click()
    best = page.locator("#photo .bar.best .fill").first
    expect(best).to_be_visible()
    assert background(best) != background(body)
    snap(page, f"photo-forced-{scheme}")


@pytest.mark.parametrize(("locale", "width"), [("en-GB", 1366), ("zh-CN", 1366), ("en-GB", 1920), ("en-GB", 390)])
def test_the_charts_stay_where_they_are(open_page: Callable[..., Page], snap: Snap, locale: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 768}, locale=locale)
    page.get_by_role("tab", name=re.compile("Train|训练")).click()
    expect(page.locator(".starts button").last).to_be_visible()
    page.locator(".settings").evaluate("(form) => (form.open = true)")
    seed = next(SEEDS)
    begin(page, epochs=20, seed=seed, schedule="constant", lr=1e-6 if width > 700 else 0.004)  # with a verdict
    learning(page)
    before = placed(page)
    draw_own(page, OWN_SEVEN)
    expect(page.locator(".own-bars .likeliest")).to_have_count(1)
    assert placed(page) == before
    status(page, "done", timeout=240_000)
    assert placed(page)[2:] == before[2:]
    accuracy, label = page.locator("[data-figure=accuracy]"), page.locator(".accuracy-name")
    for value in ("4.33%", "100.00%"):
        accuracy.evaluate("(figure, value) => (figure.textContent = value)", value)
        assert placed(page) == before, value
        figure, name, loss = (place.bounding_box() for place in (accuracy, label, page.locator(".loss-name")))
        assert figure is not None
        assert name is not None
        assert loss is not None
        assert name["height"] < 24, "in one line"
        wide = accuracy.evaluate(
            "(figure) => { const text = document.createRange(); text.selectNodeContents(figure);"
            " return text.getBoundingClientRect().width; }"
        )
        assert width < 700 or figure["x"] + wide <= loss["x"]
    for selector in (".confusion tbody td:not(:empty)", ".own-bars b", ".confusion th"):
        small = page.locator(selector).evaluate_all(
            "places => places.filter((place) => parseFloat(getComputedStyle(place).fontSize) < 11).length"
        )
        assert small == 0, selector
    page.locator(".confusion td.right").first.evaluate("(cell) => (cell.textContent = '578')")
    assert page.locator(".confusion td.right").first.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth")

    page.locator("#start").click()  # the same again
    expect(page.locator(".run .name")).to_have_text(re.compile("2"))
    status(page, "running")
    began = placed(page)
    page.get_by_role("button", name=re.compile("Clear|清除")).last.click()
    page.wait_for_timeout(300)
    assert placed(page) == began
    page.locator("#pause").click()  # for a replay goes at the run's own speed and may be over before all this is
    status(page, "paused")
    resting = placed(page)  # on a phone a line lower: what is said of a run that rests is longer
    draw_own(page, OWN_SEVEN)
    expect(page.locator(".own-told")).to_have_text(re.compile("replay ends|重现结束"))
    assert placed(page) == resting
    assert resting[2:] == began[2:]
    snap(page, f"train-replay-{width}")
    page.locator("#pause").click()
    status(page, "running")
    assert placed(page) == began
    page.locator("#stop").click()
    status(page, "done")
    expect(page.locator(".own-bars .likeliest")).to_have_count(1)
    assert placed(page) == began
    assert began == before


def charted(page: Page, chart: str) -> int:
    """How many pixels between a chart's axes are drawn over, where the grid is faint."""
    return page.evaluate(
        """chart => {
          const canvas = document.querySelector(`[data-chart=${chart}] canvas`);
          const dots = canvas.width / canvas.clientWidth;
          const [x, y] = [54 * dots, 8 * dots];
          const [wide, tall] = [canvas.width - 64 * dots, canvas.height - 48 * dots];
          const { data } = canvas.getContext("2d").getImageData(x, y, wide, tall);
          return data.filter((value, i) => i % 4 === 3 && value > 60).length;
        }""",
        chart,
    )


def sizes(page: Page) -> list[list[float]]:
    """Of the charts and what stands beside them."""
    return page.locator(".charts, .chart canvas, .confusion").evaluate_all(
        "parts => parts.map((part) => [part.getBoundingClientRect().width, part.getBoundingClientRect().height])"
    )


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("en-GB", "light", 390), ("zh-CN", "dark", 820), ("zh-CN", "light", 1366), ("en-GB", "dark", 1920)],
)
def test_without_a_run_the_charts_show_an_example(
    open_page: Callable[..., Page], snap: Snap, locale: str, scheme: str, width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)
    page.get_by_role("tab", name=re.compile("Train|训练")).click()
    told, canvas = page.locator("[data-chart=loss] .example-told"), page.locator("[data-chart=loss] canvas")
    expect(told).to_have_text(re.compile("(An example: how|示例：) ?digits-demo"))
    expect(told).to_be_visible()
    expect(canvas).to_have_attribute("aria-label", re.compile("digits-demo"))
    expect(page.locator(".legend .of-run")).to_have_text(re.compile("digits-demo"))
    expect(page.locator(".confusion td.right").first).to_have_text(re.compile(r"^\d+$"))
    page.wait_for_function("document.querySelector('[data-chart=loss] canvas').width > 200")
    assert charted(page, "loss") > 300
    assert charted(page, "accuracy") > 300
    assert painted(page, "loss") == 0, "in grey: it is nobody's run"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".answers").evaluate("(row) => row.getBoundingClientRect().width") > 300
    snap(page, f"train-example-{scheme}-{width}")
    before = sizes(page)
    page.locator(".settings").evaluate("(form) => (form.open = true)")
    begin(page, epochs=10_000, seed=next(SEEDS))
    learning(page)
    expect(told).to_be_hidden()
    expect(page.locator(".legend .of-run")).not_to_have_text(re.compile("digits-demo"))
    expect(canvas).not_to_have_attribute("aria-label", re.compile("digits-demo"))
    assert sizes(page) == before
    page.locator(".runs .remove").click()
    expect(told).to_be_visible()
    assert sizes(page) == before


def test_a_paused_run_answers_the_small_pad(train_tab: Page, snap: Snap) -> None:
    page = train_tab
    begin(page, epochs=10_000, seed=next(SEEDS))
    learning(page)
    page.locator("#pause").click()
    status(page, "paused")
    for stroke in (OWN_SEVEN, OWN_ONE):
        draw_own(page, stroke)
        expect(page.locator(".own-told")).to_have_text(re.compile(r"^\d, \d+%$"))
        expect(page.locator(".own-bars .likeliest")).to_have_count(1)
        status(page, "paused")
        snap(page, "train-paused-own")
        page.locator(".own-clear").click()
        expect(page.locator(".own-bars .likeliest")).to_have_count(0)
    page.locator(".runs .remove").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(open_page: Callable[..., Page], snap: Snap, scheme: str) -> None:
    page = opened(open_page(viewport={"width": 1280, "height": 844}, color_scheme=scheme))
    begin(page, epochs=3)
    status(page, "done", timeout=240_000)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        snap(page, f"train-{scheme}-{width}")


def test_without_data_and_network_the_builtin_digits_are_offered(
    open_page: Callable[..., Page], tmp_path: Path, snap: Snap
) -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port: refused at once
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    here = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    with serve(tmp_path / "app.log", LENET_DATA=str(tmp_path / "empty"), **offline, **here) as url:
        page = opened(open_page(url))
        begin(page, recipe="mnist-demo")
        status(page, "failed")
        expect(told(page)).to_contain_text("could not be downloaded")
        snap(page, "train-without-data")
        page.locator("#take-digits").click()
        status(page, "done", timeout=240_000)
        page.close()  # before its server goes


def test_a_ninth_run_is_refused_in_the_language_of_the_page(train_tab: Page) -> None:
    page = train_tab
    begin(page, epochs=10_000, seed=next(SEEDS))
    for number in range(2, 10):
        expect(page.locator(".runs .open")).to_have_count(number - 1)
        page.locator("#start").click()
    sent = page.locator(".sent")
    expect(sent).to_have_text("You have 8 unfinished runs: remove one first.")
    page.locator("#title select").select_option("zh")
    expect(sent).to_have_text("您有 8 次尚未结束的训练：请先删除一次。")
    page.locator("#title select").select_option("en")
    expect(sent).to_have_text("You have 8 unfinished runs: remove one first.")


# When the pad's questions left, in milliseconds of the page's clock.
LISTEN = """() => {
  window.left = [];
  const send = window.fetch;
  window.fetch = (address, options) => {
    if (String(options?.body).includes("read_drawing")) window.left.push(performance.now());
    return send(address, options);
  };
}"""


def test_the_pad_asks_less_often_while_a_network_trains(train_tab: Page) -> None:
    page = train_tab
    page.route("**/component_server/**", no_table)  # of the network that is chosen below
    begin(page, epochs=10_000, seed=next(SEEDS))
    learning(page)
    page.get_by_role("tab", name="Draw").click()
    page.get_by_label("Network").first.click()
    page.get_by_role("option", name=re.compile("Tutorial: LeNet-5, BatchNorm")).click()
    draw(page, SEVEN, side=280)  # its answer says that a network trains
    expect(settled(page)).to_have_attribute("data-label", "7")
    page.get_by_role("button", name="Clear").click()
    settled(page)
    page.evaluate(LISTEN)
    box = page.locator("canvas.pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    deadline = time.monotonic() + 30
    while len(left := page.evaluate("window.left")) < 5:
        assert time.monotonic() < deadline, left
        for step in (*range(12), *range(12, 0, -1)):
            page.mouse.move(box["x"] + 100, box["y"] + 50 + 15 * step)
            page.wait_for_timeout(10)
    assert min(later - sooner for sooner, later in pairwise(left)) > 60  # unasked to spare, every 16 to 35
    page.mouse.up()
    expect(settled(page)).not_to_have_attribute("data-label", "")
    page.get_by_role("tab", name="Train").click()
    page.locator("#stop").click()
    status(page, "stopped")
