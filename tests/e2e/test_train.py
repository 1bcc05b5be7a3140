"""The Train tab: a real run, seen from the browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lenet.checkpoint import load
from tests.e2e.conftest import draw, settled
from tests.e2e.test_draw import SEVEN
from tests.e2e.test_photo import EXAMPLES
from tests.serving import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def train_tab(page: Page) -> Page:
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#start")).to_be_enabled()
    return page


def set_epochs(page: Page, count: int) -> None:
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Epochs").fill(str(count))
    page.get_by_label("Epochs").blur()


def points(page: Page, chart: str) -> int:
    """How many points the chart's two lines have together."""
    lines = page.locator(f"#{chart} .mark-line path").all()
    return sum((line.get_attribute("d") or "").count("L") for line in lines)


def status(page: Page) -> str:
    return page.locator("#status .status").get_attribute("data-state") or ""


def test_a_run_streams_grows_its_charts_stops_and_answers(train_tab: Page, snap: Callable[[Page, str], None]) -> None:
    page = train_tab
    set_epochs(page, 500)
    page.locator("#start").click()
    expect(page.locator("#stop")).to_be_enabled(timeout=2_000)
    expect(page.locator("#status")).to_contain_text("images/s", timeout=20_000)
    expect(page.locator("#status")).to_contain_text("left")
    seen = set()
    began = time.monotonic()
    while time.monotonic() - began < 4:
        seen.add(page.locator("#status").inner_text())
        page.wait_for_timeout(50)
    assert len(seen) >= 8  # twice a second for four seconds
    early = {chart: points(page, chart) for chart in ("loss-chart", "accuracy-chart")}
    page.wait_for_timeout(2_000)
    assert all(points(page, chart) > count > 0 for chart, count in early.items())
    snap(page, "train-running-1280")

    page.locator("#stop").click()
    expect(page.locator("#status .status")).to_have_attribute(
        "data-state", re.compile("measuring|stopped"), timeout=1_000
    )
    expect(page.locator("#status")).to_contain_text("test images right")
    assert status(page) == "stopped"
    expect(page.locator("#start")).to_be_enabled()

    page.locator("#use").click()
    expect(page.locator("canvas.pad")).to_be_visible()
    expect(page.get_by_label("Network").first).to_have_value(re.compile("^Yours: digits-demo"))
    draw(page, SEVEN, side=280)
    expect(settled(page)).not_to_have_attribute("data-label", "")
    snap(page, "draw-by-the-trained")


@pytest.mark.data
def test_a_network_trained_on_photographs_names_one(train_tab: Page, cifar_root: Path) -> None:
    page = train_tab
    page.get_by_label("Recipe").click()
    page.get_by_role("option", name="cifar10-lenet5-sgd").click()
    expect(page.get_by_label("Data set")).to_have_value(re.compile("^cifar10"))
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("images/s", timeout=30_000)
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("test images right", timeout=30_000)
    page.locator("#use").click()
    card = page.locator("#studio .card[aria-pressed=true]")
    expect(card).to_contain_text("Yours: cifar10-lenet5-sgd")
    page.locator("#studio input.file").set_input_files(EXAMPLES / "ship.jpg")
    expect(page.locator("#studio .seen img")).to_be_visible()
    expect(card.locator(".took")).to_have_text(re.compile("ms$"))


def test_a_failed_start_keeps_the_network_before_it(train_tab: Page) -> None:
    page = train_tab
    set_epochs(page, 1)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("test images right", timeout=60_000)
    page.get_by_label("Learning rate").fill("1000")
    page.get_by_label("Learning rate").blur()
    page.locator("#start").click()
    expect(page.locator("#status .problem")).to_be_visible()
    expect(page.locator("#use")).to_be_enabled()
    expect(page.locator("#download")).to_be_enabled()


def test_a_second_visitor_waits_is_told_so_and_can_stop(open_page: Callable[..., Page]) -> None:
    first, second = open_page(), open_page()
    for page in (first, second):
        page.get_by_role("tab", name="Train").click()
        set_epochs(page, 500)
        page.locator("#start").click()
        page.wait_for_timeout(500)
    expect(first.locator("#status")).to_contain_text("images/s", timeout=20_000)
    expect(second.locator("#status")).to_contain_text("another visitor")
    second.locator("#stop").click()
    expect(second.locator("#stop")).to_have_text("Stopping")
    first.close()  # a closed page frees the place
    expect(second.locator("#status .status")).to_have_attribute("data-state", "stopped", timeout=20_000)


def test_a_finished_run_can_be_downloaded(train_tab: Page, tmp_path: Path, snap: Callable[[Page, str], None]) -> None:
    page = train_tab
    set_epochs(page, 2)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("2 epochs", timeout=60_000)
    assert status(page) == "done"
    expect(page.locator("#download")).to_be_enabled()
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "network.safetensors")
    checkpoint = load(tmp_path / "network.safetensors")
    assert (checkpoint.recipe.model, checkpoint.recipe.epochs) == ("lenet5-bn", 2)
    assert f"{checkpoint.metrics['test_accuracy']:.2%}" in page.locator("#status").inner_text()
    expect(page.locator("#report .numbers")).to_contain_text(f"{checkpoint.metrics['test_accuracy']:.2%}")
    expect(page.locator("#report .report")).to_have_attribute("aria-busy", "false")
    with page.expect_download() as download:
        page.locator('#report [data-keep="csv"]').click()
    download.value.save_as(tmp_path / "curves.csv")
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 2
    snap(page, "train-done-1280")


def test_a_wrong_setting_gets_a_sentence_and_the_next_run_works(train_tab: Page) -> None:
    page = train_tab
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Learning rate").fill("1000")
    page.get_by_label("Learning rate").blur()
    page.locator("#start").click()
    expect(page.locator("#status .problem")).to_contain_text("learning rate must be above 0 and at most 100")
    expect(page.locator("#start")).to_be_enabled()
    page.get_by_label("Learning rate").fill("0.003")
    page.get_by_label("Epochs").fill("1")
    page.get_by_label("Epochs").blur()
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("test images right", timeout=60_000)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 390), ("dark", 390)])
def test_it_fits(open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.get_by_role("tab", name="Train").click()
    set_epochs(page, 2)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("test images right", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"train-{scheme}-{width}")


def test_without_data_and_network_the_builtin_digits_are_offered(
    open_page: Callable[..., Page], tmp_path: Path, snap: Callable[[Page, str], None]
) -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port: refused at once
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    here = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    with serve(tmp_path / "app.log", LENET_DATA=str(tmp_path / "empty"), **offline, **here) as url:
        page = open_page(url)
        page.get_by_role("tab", name="Train").click()
        page.get_by_label("Recipe").click()
        page.get_by_role("option", name="mnist-demo").click()
        expect(page.get_by_label("Data set")).to_have_value("mnist: 70,000 handwritten digits of 28x28 pixels (12 MB)")
        page.locator("#start").click()
        expect(page.locator("#status")).to_contain_text("could not be downloaded", timeout=30_000)
        expect(page.locator("#status")).to_contain_text("built-in")
        snap(page, "train-without-data")
        page.locator("#take-digits").click()
        expect(page.locator("#status")).to_contain_text("test images right", timeout=90_000)
        page.close()  # before its server goes
