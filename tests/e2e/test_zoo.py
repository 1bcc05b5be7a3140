"""The Zoo tab: every network, its layers and its report; uploading one; files to keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from lenet.data.datasets import DATASETS
from lenet.inference.classifier import Classifier
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.models import MODELS
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from lenet.ui.shared.networks import TITLES
from tests.serving import serve

pytestmark = pytest.mark.browser

LOADED = 120_000  # milliseconds: ten thousand pictures, on a machine that may be busy


def open_zoo(page: Page, network: str = "") -> None:
    page.get_by_role("tab", name="Zoo").click()
    expect(page.locator("#zoo .about h2")).to_be_visible()
    if network:
        entry(page, network).click()
        expect(page.locator("#zoo .about h2")).to_have_text(TITLES[network])
        expect(page.locator("#zoo .about")).to_have_attribute("aria-busy", "false")


def entry(page: Page, network: str) -> Locator:
    return page.locator(f'#zoo button[data-network="{network}"]')


def cell(page: Page, label: int, answer: int) -> Locator:
    return page.locator(f'#zoo .matrix td[data-cell="{label},{answer}"]')


def random_pictures(page: Page) -> None:
    expect(page.locator("#zoo .pictures :is(.waiting, .card)").first).to_be_visible()
    expect(page.locator("#zoo .pictures .card")).to_have_count(25, timeout=LOADED)


def whole_report(page: Page) -> None:
    expect(page.locator("#zoo .report")).to_have_attribute("aria-busy", "false", timeout=LOADED)
    expect(page.locator("#zoo .mistakes .card").first).to_be_visible()


def upload(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#upload").click()
    chooser.value.set_files(files)


def test_every_network_is_there_and_shows_its_layers(page: Page) -> None:
    open_zoo(page)
    names = sorted(path.stem for path in WEIGHTS.glob("*.safetensors") if "resume" not in path.name)
    shown = page.locator("#zoo button[data-network]")
    expect(shown).to_have_count(len(names))
    assert sorted(str(each.get_attribute("data-network")) for each in shown.all()) == names
    for name in ("mnist-lenet5-1998", "photos"):
        entry(page, name).click()
        expect(page.locator("#zoo .about h2")).to_have_text(TITLES[name])
        expect(entry(page, name)).to_have_attribute("aria-pressed", "true")
        expect(page.locator('#zoo button[aria-pressed="true"]')).to_have_count(1)
        expect(page.locator("#zoo .entry.chosen")).to_have_count(1)
        network = Classifier.from_pretrained(name)
        rows = page.locator("#zoo .layers tbody tr:not(.part)")
        expect(rows).to_have_count(len(list(network.model.named_children())))
        expect(page.locator("#zoo .layers tfoot")).to_contain_text(f"{network.parameters:,}")
        expect(page.locator("#zoo .recipe")).to_contain_text(f"python train.py {network.recipe.name}")
    page.locator('#zoo .dot[data-network="digits"]').click()
    for place in (".about h2", ".dot.chosen b", ".entry.chosen .who b"):
        expect(page.locator(f"#zoo {place}")).to_have_text("LeNet, modern")


@pytest.mark.data
def test_pictures_and_a_cell_of_the_matrix(page: Page, cifar_root: Path, snap: Callable[[Page, str], None]) -> None:
    open_zoo(page, "photos-lenet5")  # the quickest to answer ten thousand pictures
    random_pictures(page)
    cards = page.locator("#zoo .pictures .card")
    widths = cards.evaluate_all("(cards) => cards.map((card) => card.offsetWidth)")
    assert max(widths) - 1 <= min(widths) > 80, "five by five, and not in another tab's columns"
    captions = cards.all_inner_texts()
    for card, said in zip(cards.all(), captions, strict=True):
        found = re.match(r"([✓✗])\s+(\w+)\s+\((\w+)\)\s+\d+%", said)
        assert found is not None, said
        assert (found[1] == "✓") == (found[2] == found[3]), said
        assert ("right" in str(card.get_attribute("class"))) == (found[2] == found[3])
    page.get_by_role("button", name="Another 25").click()
    expect(page.locator("#zoo .pictures")).to_contain_text("seed 1")
    assert cards.all_inner_texts() != captions

    assert sum(int(text or 0) for text in page.locator("#zoo .matrix td[data-cell]").all_inner_texts()) == 10_000
    cell(page, 3, 5).click()
    expect(page.locator("#zoo .pictures .hint").first).to_contain_text("cat called dog")
    expect(cell(page, 3, 5)).to_have_attribute("aria-selected", "true")
    told = cards.all_inner_texts()
    assert len(told) == 25
    assert all(re.match(r"✗\s+dog\s+\(cat\)", text) for text in told)
    confidences = [int(re.findall(r"(\d+)%", text)[0]) for text in told]
    assert confidences == sorted(confidences, reverse=True)
    page.get_by_role("button", name="More of these").click()
    expect(page.locator("#zoo .pictures")).to_contain_text("26 to 50 of")
    assert max(int(re.findall(r"(\d+)%", text)[0]) for text in cards.all_inner_texts()) <= confidences[-1]
    snap(page, "zoo-light-1280")


@pytest.mark.data
def test_the_keyboard_is_enough(page: Page, mnist_root: Path) -> None:
    open_zoo(page)
    entry(page, "mnist-lenet5-sigmoid").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#zoo .about h2")).to_have_text(TITLES["mnist-lenet5-sigmoid"])
    random_pictures(page)
    expect(page.locator('#zoo .matrix td[tabindex="0"]')).to_have_count(1)  # one stop of the Tab key
    cell(page, 0, 0).focus()
    for key in ["ArrowUp", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"]:
        page.keyboard.press(key)
    expect(cell(page, 2, 1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#zoo .pictures .hint").first).to_contain_text("2 called 2: 1 to 25 of")
    expect(cell(page, 2, 2)).to_be_focused()
    expect(page.locator("#zoo .pictures .card.right")).to_have_count(25)


@pytest.mark.data
def test_a_pad_is_answered_while_a_network_reads_its_pictures(page: Page, mnist_root: Path) -> None:
    open_zoo(page, "digits")
    page.get_by_role("tab", name="Draw").click()
    page.get_by_role("button", name="Draw a crossed seven").click()
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", "7", timeout=5_000)
    page.get_by_role("tab", name="Zoo").click()
    whole_report(page)


@pytest.mark.data
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390), ("light", 800)]
)
def test_it_fits(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int, cifar_root: Path
) -> None:
    # A page that scrolls smoothly might still do so when the square is pressed.
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce")
    open_zoo(page, "photos-lenet5")
    random_pictures(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    whole_report(page)
    assert page.evaluate("document.documentElement.scrollHeight") == height, "nothing jumps"
    cell(page, 5, 3).click()
    first = page.locator("#zoo .pictures .card").first
    expect(first).to_contain_text("cat")
    expect(first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Every count stands inside its square.
    crowded = page.locator("#zoo .matrix td[data-cell]").evaluate_all(
        "cells => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => cell.title)"
    )
    assert crowded == []
    snap(page, f"zoo-{scheme}-{width}")


def test_without_data_all_but_the_pictures_is_there(open_page: Callable[..., Page], tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"  # the discard port: refused at once
    offline = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    here = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    with serve(tmp_path / "app.log", LENET_DATA=str(tmp_path / "empty"), **offline, **here) as url:
        page = open_page(url)
        open_zoo(page, "photos")
        for _ in range(2):  # also a second time
            page.get_by_role("button", name="Show 25 test pictures").click()
            expect(page.locator("#zoo .pictures")).to_have_attribute("aria-busy", "false", timeout=240_000)
            expect(page.locator("#zoo .pictures .problem")).to_contain_text("could not be downloaded")
        expect(page.locator("#zoo .calibration svg")).to_have_attribute("aria-label", re.compile("% sure: .* right of"))
        expect(page.locator("#zoo .numbers div", has_text="Calibration error").locator("dd")).to_have_text(
            re.compile(r"\d\.\d%")
        )
        expect(page.locator("#zoo .layers tbody tr").first).to_be_visible()
        page.close()  # before its server goes


@pytest.mark.data
def test_a_report_is_whole_and_its_files_can_be_kept(page: Page, mnist_root: Path, tmp_path: Path) -> None:
    open_zoo(page, "mnist-lenet5-sigmoid")
    whole_report(page)
    accuracy = Classifier.from_pretrained("mnist-lenet5-sigmoid").metrics["test_accuracy"]
    expect(page.locator("#zoo .numbers")).to_contain_text(f"{accuracy:.2%}")
    expect(page.locator("#zoo .calibration svg")).to_have_attribute("aria-label", re.compile("% sure: .* right of"))
    said = page.locator("#zoo .mistakes .card").all_inner_texts()
    assert len(said) == 15
    assert all(text.startswith("\N{BALLOT X}") for text in said)
    for kind, suffix in (("weights", "safetensors"), ("onnx", "onnx"), ("web", "web.html"), ("report", "html")):
        name = f"mnist-lenet5-sigmoid.{suffix}"
        with page.expect_download() as download:
            page.locator(f'#zoo [data-keep="{kind}"]').click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
    assert Classifier.from_pretrained(tmp_path / "mnist-lenet5-sigmoid.safetensors").parameters == 44_426
    requests: list[str] = []
    alone = page.context.new_page()
    alone.on("request", lambda request: requests.append(request.url))
    alone.goto((tmp_path / "mnist-lenet5-sigmoid.html").as_uri())
    expect(alone.get_by_role("heading", level=1)).to_have_text("mnist-lenet5-sigmoid")
    assert alone.locator("img").evaluate_all("(all) => all.every((image) => image.naturalWidth > 0)")
    assert [url for url in requests if not url.startswith("data:")] == [alone.url]


def test_an_uploaded_network_is_its_visitors_and_answers(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page, stranger = open_page(), open_page()
    open_zoo(page)
    content = (WEIGHTS / "mnist-lenet5-bn.safetensors").read_bytes()
    torn, whole = tmp_path / "torn.safetensors", tmp_path / "my own.safetensors"
    torn.write_bytes(content[:100_000])
    whole.write_bytes(content)
    upload(page, torn)
    expect(page.locator(".upload .problem")).to_contain_text("torn.safetensors is incomplete")
    large = tmp_path / "large.safetensors"
    large.write_bytes(bytes(21_000_000))
    upload(page, large)
    expect(page.locator(".upload .problem")).to_contain_text("large.safetensors has 21.0 MB, and this page takes")
    expect(page.locator(".toast-body")).to_have_count(0)
    upload(page, whole)
    expect(page.locator("#zoo .yours .entry.chosen")).to_contain_text("my-own")
    expect(page.locator("#zoo .about h2")).to_have_text("my-own")
    expect(page.locator("#zoo .matrix")).to_be_visible()
    page.get_by_role("tab", name="Draw").click()
    expect(page.get_by_label("Network").first).to_have_value("my-own (99.1%)")
    page.get_by_role("button", name="Draw a crossed seven").click()
    expect(page.locator("#pad .answer")).to_have_attribute("data-label", re.compile("[0-9]"))
    open_zoo(stranger)
    expect(stranger.locator("#zoo .yours .entry")).to_have_count(0)
    stranger.get_by_role("tab", name="Draw").click()
    stranger.get_by_label("Network").first.click()
    assert "my-own" not in " ".join(stranger.get_by_role("option").all_inner_texts())


HOSTILE = "<img src=x onerror=window.hacked=1>"


def test_what_a_strangers_file_says_is_text(page: Page, tmp_path: Path) -> None:
    checkpoint = load(WEIGHTS / "mnist-lenet5-bn.safetensors")
    said = dict.fromkeys(("name", "about", "source", "claims"), HOSTILE)
    path = tmp_path / "guest.safetensors"
    versions = checkpoint.versions | {"device": HOSTILE}
    save(path, replace(checkpoint, recipe=checkpoint.recipe.with_changes(**said), versions=versions))
    large = tmp_path / f"{HOSTILE}.safetensors"
    large.write_bytes(bytes(21_000_000))
    open_zoo(page)
    upload(page, path)
    expect(page.locator("#zoo .about h2")).to_have_text("guest")
    expect(page.locator("#zoo .lead")).to_have_text(f"{HOSTILE}.")
    expect(page.locator("#zoo .recipe")).to_contain_text(f"on {HOSTILE}, seed")
    upload(page, large)
    expect(page.locator(".upload .problem")).to_contain_text(f"{HOSTILE}.safetensors has 21.0 MB")
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("window.hacked") is None


# --------------------------------------------------------------------------------------------------
# In two languages

# Runs of English words in what is read or read out: names of networks, layers and files, and code, stay.
ENGLISH = """(place) => {
  const copy = place.cloneNode(true);
  copy.querySelectorAll("h2, b, code, th, td, small").forEach((name) => name.remove());
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  const said = [];
  while (walker.nextNode()) said.push(walker.currentNode.data);
  for (const name of ["aria-label", "title", "alt"])
    copy.querySelectorAll(`[${name}]`).forEach((one) => said.push(one.getAttribute(name)));
  return said.flatMap((text) => text.match(/[A-Za-z]{2,}([ ,:]+[A-Za-z]{2,})+/g) ?? []);
}"""


@pytest.mark.parametrize(
    ("locale", "tab", "word", "meaning"),
    [("en-GB", "Zoo", "learning rate", "each step"), ("zh-CN", "模型库", "学习率", "每一步")],
)
def test_technical_words_of_a_report_have_their_sentences(
    open_page: Callable[..., Page], locale: str, tab: str, word: str, meaning: str
) -> None:
    page = open_page(locale=locale, viewport={"width": 390, "height": 844})
    page.get_by_role("tab", name=tab).click()
    term = page.locator("#zoo .recipe .term").filter(has_text=re.compile(f"^{word}")).first
    sentence = term.get_by_role("tooltip")
    expect(sentence).to_be_hidden()
    term.hover()
    expect(sentence).to_contain_text(meaning)
    box = sentence.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def english(page: Page) -> list[str]:
    found: list[str] = page.locator("#zoo").evaluate(ENGLISH)
    return found


def speak(page: Page, language: str) -> None:
    page.locator("#title select").select_option(language)


@pytest.mark.data
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_chinese_browser_sees_the_tab_in_chinese(
    open_page: Callable[..., Page], snap: Callable[[Page, str], None], scheme: str, width: int, cifar_root: Path
) -> None:
    page = open_page(viewport={"width": width, "height": 844}, color_scheme=scheme, locale="zh-CN")
    page.get_by_role("tab", name="模型库").click()
    entry(page, "photos-lenet5").click()
    expect(page.locator("#zoo .about h2")).to_have_text("LeNet-5：我们的训练")
    random_pictures(page)
    height = page.evaluate("document.documentElement.scrollHeight")
    whole_report(page)
    assert page.evaluate("document.documentElement.scrollHeight") == height, "nothing jumps"
    expect(page.locator("#zoo")).to_contain_text("混淆矩阵")
    expect(page.locator(".upload")).to_contain_text("上传网络")
    expect(page.locator(".upload")).to_contain_text("在这里训练并下载的网络")
    assert english(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    snap(page, f"zoo-chinese-{scheme}-{width}")


@pytest.mark.data
def test_a_change_of_language_keeps_what_is_shown(page: Page, mnist_root: Path) -> None:
    open_zoo(page, "mnist-lenet5-sigmoid")
    random_pictures(page)
    cell(page, 7, 7).click()
    page.get_by_role("button", name="More of these").click()
    expect(page.locator("#zoo .pictures .said")).to_contain_text("7 called 7: 26 to 50 of")
    whole_report(page)
    cards = page.locator("#zoo .pictures .card").all_inner_texts()
    for language, said in (("zh", "第 26 到 50 张"), ("en", "26 to 50 of")):
        speak(page, language)
        expect(page.locator("#zoo .pictures .said")).to_contain_text(said)
        whole_report(page)
        expect(page.locator("#zoo .about h2")).to_contain_text("LeNet-5")
        expect(entry(page, "mnist-lenet5-sigmoid")).to_have_attribute("aria-pressed", "true")
        expect(cell(page, 7, 7)).to_have_attribute("aria-selected", "true")
        assert page.locator("#zoo .pictures .card").all_inner_texts() == cards
        assert bool(english(page)) == (language == "en")
    speak(page, "zh")
    with page.expect_download() as download:
        page.get_by_role("button", name="报告 .html").click()
    assert '<html lang="zh-Hans">' in download.value.path().read_text(encoding="utf-8")


def test_an_uploaded_network_stays_in_the_list_in_another_language(page: Page, tmp_path: Path) -> None:
    blocks = RECIPES["cifar10-resnet-mini"]
    path = tmp_path / "blocks.safetensors"
    save(path, Checkpoint(MODELS[blocks.model].build(3, 10), blocks, DATASETS[blocks.dataset].classes, {}))
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(path.read_bytes()[:100_000])
    open_zoo(page)
    upload(page, path)
    expect(page.locator(".upload")).to_contain_text("blocks is yours on this page")
    expect(page.locator("#zoo .about h2")).to_have_text("blocks")
    page.get_by_label("Inside the blocks").check()
    speak(page, "zh")
    expect(page.locator(".upload")).to_contain_text("blocks 已加入您的网络")
    expect(page.locator("#zoo .yours")).to_contain_text("您的网络")
    expect(page.locator("#zoo .yours .entry.chosen")).to_contain_text("未评估")
    expect(page.get_by_label("展开各块")).to_be_checked()
    keras = tmp_path / "network.h5"
    keras.write_bytes(b"\x89HDF\r\n")
    upload(page, keras)
    expect(page.locator(".upload .problem")).to_contain_text("network.h5 不是 .safetensors 文件")
    upload(page, torn)
    expect(page.locator(".upload .problem")).to_contain_text("torn.safetensors 不完整")
    speak(page, "en")
    expect(page.locator(".upload .problem")).to_contain_text("torn.safetensors is incomplete")
    page.get_by_role("tab", name="Photo").click()  # which was told of both files, and not open before
    expect(page.locator("#photo .card[aria-pressed=true]")).to_contain_text("blocks")
    expect(page.get_by_role("button", name="Camera")).to_be_visible()
