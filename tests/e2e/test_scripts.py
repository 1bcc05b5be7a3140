"""The scripts' pure functions, each imported as a module into a page with nothing else on it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as BrowserError
from scipy import ndimage

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.errors import Text
from lenet.inference.classifier import UNSURE_BELOW
from lenet.inference.digits import DigitPrediction, FoundDigit
from lenet.preprocessing.images import is_plain
from lenet.preprocessing.printed import printed_box
from lenet.preprocessing.stages import Preprocessed
from lenet.ui import messages
from lenet.ui.shared import assets, facts, pictures, texts
from lenet.ui.shared.messages import Digit


class Scripts:
    """A page from which modules are imported."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, module: str, code: str, given: Any = None) -> Any:
        """What the function body `code` returns, with the module's exports in `m` and `given` in `given`."""
        return self.page.evaluate(
            f"async (given) => {{ const m = await import('./{module}'); {code} }}",
            given,
        )


@pytest.fixture(scope="module")
def scripts(browser: Browser, url: str) -> Iterator[Scripts]:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{url}/scripts/{assets.scripts().version}/texts.js")  # a text; what is imported has its origin
    page.evaluate("document.body.replaceChildren()")
    page.add_style_tag(content=(assets.HERE / "shared/style.css").read_text(encoding="utf-8"))
    yield Scripts(page)
    context.close()


# --- charts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (90, 100, 5, [90, 92, 94, 96, 98, 100]),
        (0, 2.5, 5, [0, 0.5, 1, 1.5, 2, 2.5]),
        (0, 1, 2, [0, 0.5, 1]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (3, 12, 3, [5, 10]),
    ],
)
def test_ticks_are_round_numbers(scripts: Scripts, low: float, high: float, count: int, expected: list[float]) -> None:
    found = scripts.run("shared/charts.js", "return m.ticks(...given)", [low, high, count])
    assert found == pytest.approx(expected)


def test_ticks_have_no_negative_zero(scripts: Scripts) -> None:
    assert scripts.run("shared/charts.js", "return m.ticks(-1, 1, 4).some((tick) => Object.is(tick, -0))") is False


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.4, 2.5), (2.5, 2.5), (2.6, 3), (0.07, 0.08), (9.1, 10), (10, 10), (11, 15), (1e-3, 1e-3)],
)
def test_a_roof_is_the_next_round_number_above(scripts: Scripts, value: float, expected: float) -> None:
    assert scripts.run("shared/charts.js", "return m.roof(given)", value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("high", "said"),
    [
        (2.5, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
        (8000, ["0.0", "2000.0", "4000.0", "6000.0", "8000.0"]),
        (50_000, ["0", "10k", "20k", "30k", "40k", "50k"]),
        (2.5e6, ["0", "500k", "1.00M", "1.50M", "2.00M", "2.50M"]),
        (4e20, ["0", "1e20", "2e20", "3e20", "4e20"]),
    ],
)
def test_numbers_at_an_axis_are_short(scripts: Scripts, high: float, said: list[str]) -> None:
    code = "return m.ticks(0, given, 5).map((value) => m.tickIn(value, given, () => 1))"
    assert scripts.run("shared/charts.js", code, high) == said


def test_a_chart_scales_its_numbers_to_its_canvas(scripts: Scripts) -> None:
    code = """
        const frame = m.frameOf({ clientWidth: 464, clientHeight: 250 }, { low: 0, high: 100, epochs: 8 });
        return [frame.x(0), frame.x(8), frame.x(2), frame.y(0), frame.y(100), frame.y(50), frame.y(120)];
    """
    assert scripts.run("shared/charts.js", code) == [50, 450, 150, 212, 12, 112, 12]  # what is above the top is cut off


def test_the_nearest_point_is_found(scripts: Scripts) -> None:
    points = [[0.5, 1], [1, 2], [2.1, 3]]
    assert scripts.run("shared/charts.js", "return [0, 0.8, 1.5, 9].map((at) => m.nearest(given, at))", points) == [
        points[0],
        points[1],
        points[1],
        points[2],
    ]
    assert scripts.run("shared/charts.js", "return m.nearest([], 1)") is None


def test_a_dot_at_the_end_of_a_line_is_whole(scripts: Scripts) -> None:
    code = """
      const canvas = document.createElement("canvas");
      canvas.style.cssText = "width: 400px; height: 200px";
      document.body.append(canvas);
      const line = { colour: "#ff0000", raw: [], train: [], val: [[1, 1], [2, 10]], best: null, chosen: true };
      const axes = { low: 0, high: 10, epochs: 2, xName: "", yName: "", decimals: String };
      const frame = m.drawChart(canvas, [line], axes, null);
      const dots = canvas.width / frame.wide;
      const pen = canvas.getContext("2d");
      const red = (x, y) => pen.getImageData(Math.round(x * dots), Math.round(y * dots), 1, 1).data[0] > 200;
      canvas.remove();
      return [red(frame.right + 2, frame.top), red(frame.right, frame.top - 3)];
    """
    assert scripts.run("shared/charts.js", code) == [True, True]


def test_a_line_grows_by_what_is_new_or_begins_anew_when_the_server_thinned_it(scripts: Scripts) -> None:
    code = "return m.joinLine(given.old, given.fresh)"
    old = {"merged": 1, "points": [[1, 0.5], [2, 0.4], [3, 0.3]]}
    grown = {"merged": 1, "first": 2, "points": [[3, 0.31], [4, 0.2]]}
    assert scripts.run("shared/charts.js", code, {"old": old, "fresh": grown}) == {
        "merged": 1,
        "points": [[1, 0.5], [2, 0.4], [3, 0.31], [4, 0.2]],
    }
    thinned = {"merged": 2, "first": 0, "points": [[1.5, 0.45], [3.5, 0.25]]}
    assert scripts.run("shared/charts.js", code, {"old": old, "fresh": thinned}) == {
        "merged": 2,
        "points": thinned["points"],
    }
    assert scripts.run("shared/charts.js", code, {"old": None, "fresh": thinned})["points"] == thinned["points"]


# --- numbers and texts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("m.percent(0.98765)", "98.8%"),
        ("m.percent(0.98765, 2)", "98.77%"),
        ("m.percent(1, 0)", "100%"),
        ("m.number(1234567.8)", "1,234,568"),
        ("m.rate(0.0125)", "0.013"),
        ("m.rate(0.1)", "0.1"),
        ("m.rate(0.00002)", "2e-5"),
        ("m.lossOf(2.30258)", "2.303"),
        ("m.lossOf(0.01234)", "0.012"),
        ("m.time(59.4)", "59 s"),
        ("m.time(59.6)", "1 min 0 s"),
        ("m.time(754)", "12 min 34 s"),
        ("m.time(7384)", "2 h 3 min"),
    ],
)
def test_numbers_are_written_as_people_read_them(scripts: Scripts, code: str, expected: str) -> None:
    assert scripts.run("shared/format.js", f"return {code}") == expected


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (61_706, "62k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (1_972_490, "1.97M"),
        (21_800_000, "21.8M"),
        (302_000_000, "302M"),
        (4_200_000_000, "4.20G"),
    ],
)
def test_large_numbers_are_short(scripts: Scripts, count: int, said: str) -> None:
    assert scripts.run("shared/format.js", "return m.short(given)", count) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(43.2, "43 s"), (89, "89 s"), (1214, "20 min"), (5400, "1 h 30 min"), (None, "unknown")]
)
def test_durations(scripts: Scripts, seconds: float | None, said: str) -> None:
    assert scripts.run("shared/format.js", "return m.duration(given)", seconds) == said


def test_sizes_of_files(scripts: Scripts) -> None:
    assert scripts.run("shared/format.js", "return given.map(m.size)", [999, 283_712, 999_499, 999_500, 9_316_000]) == [
        "1 kB",
        "284 kB",
        "999 kB",
        "1.0 MB",
        "9.3 MB",
    ]


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        ("a name", "a name", "a name"),
        ({"en": "a cat", "zh": "猫"}, "a cat", "猫"),
        ({"en": "only this"}, "only this", "only this"),
        ({"template": "a cat", "values": {}}, "a cat", "a cat"),
        ({"key": "seconds", "values": {"seconds": 3}}, "3 s", "3 秒"),
        ({"key": "article_a", "values": {"name": {"key": "tab_zoo", "values": {}}}}, "a Zoo", "模型库"),
        ([{"en": "a", "zh": "甲"}, "b"], "a, b", "甲，b"),
        (None, "", ""),
    ],
)
def test_the_servers_words_are_told_in_the_visitors_language(
    scripts: Scripts, words: Any, english: str, chinese: str
) -> None:
    code = """
        const before = m.spoken(given);
        m.chooseLanguage("zh");
        const after = m.spoken(given);
        m.chooseLanguage("en");
        return [before, after];
    """
    assert scripts.run("shared/language.js", code, words) == [english, chinese]


def test_an_element_has_properties_attributes_and_children_that_are_text(scripts: Scripts) -> None:
    code = """
        const made = m.make("b", { className: "a", "data-key": given, title: given }, given, null, false, m.make("i"));
        const picture = m.makeSvg("svg", { viewBox: "0 0 1 1" }, m.makeSvg("text", {}, given));
        return [made.className, made.dataset.key, made.title, made.textContent, made.children.length,
            picture.viewBox.baseVal.width, picture.textContent, picture.children.length];
    """
    hostile = "<img src=x onerror=alert(1)>"
    assert scripts.run("shared/elements.js", code, hostile) == ["a", *[hostile] * 3, 1, 1, hostile, 1]


def test_what_follows_an_answer_keeps_its_elements(scripts: Scripts) -> None:
    code = """
      const said = (about, word) => m.make("p", about, m.make("b", { textContent: word }));
      const place = m.make("div", {}, said({ title: "old" }, "one"), "more");
      const [first, word] = [place.firstChild, place.querySelector("b")];
      word.style.translate = "-4px"; // back into the window
      m.follow(place, [said({}, "two")]);
      return [place.firstChild === first, place.querySelector("b") === word, place.innerHTML];
    """
    found = scripts.run("shared/elements.js", code)
    assert found == [True, True, '<p><b style="translate: -4px;">two</b></p>']


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ([None, "zh-Hans-CN", "en"], "zh"),
        (["en", "zh-CN"], "en"),
        ([None, "de-AT", "fr"], "en"),
        (["tlh", "de", "zh"], "zh"),
        ([], "en"),
        (["constructor"], "en"),
    ],
)
def test_the_first_known_language_is_preferred(scripts: Scripts, wishes: list[str | None], expected: str) -> None:
    assert scripts.run("shared/language.js", "return m.preferred(given, ['en', 'zh'])", wishes) == expected


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{a} of {b}", {"a": 1, "b": 2}, "1 of 2"),
        ("{a} and {a}", {"a": "x"}, "x and x"),
        ("{a} stays", {}, "{a} stays"),
        ("{a}", {"a": "{b}", "b": "no"}, "{b}"),  # a visitor may have written it
        ("{toString} {constructor}", {}, "{toString} {constructor}"),
        ("{a}", {"a": "$& $1"}, "$& $1"),
        ("{a}", {"a": 0}, "0"),
        ("{ a } {}", {"a": 1}, "{ a } {}"),
    ],
)
def test_words_in_braces_are_filled_in(scripts: Scripts, text: str, values: dict[str, Any], expected: str) -> None:
    assert scripts.run("shared/language.js", "return m.fill(...given)", [text, values]) == expected


def test_all_scripts_hear_of_another_language_and_texts_follow(scripts: Scripts) -> None:
    code = """
        const part = document.createElement("div");
        part.innerHTML = `<b data-say="seconds" data-said='{"seconds": 3}'></b><i data-say-title="language"></i>
            <u data-say-label="tab_draw"></u><s data-say-each='{"en": "one", "zh": "一"}'></s><p></p>`;
        const seen = [];
        const told = () => [part.lang, ...[...part.children].map((place) => place.textContent), part.children[1].title,
            part.children[2].getAttribute("aria-label")].filter(Boolean);
        m.onLanguage(part, () => seen.push(m.language));
        m.sayAll(part);
        m.sayIn(part.querySelector("p"), "tab_zoo");
        const before = told();
        m.chooseLanguage("zh");
        const after = told();
        const stored = localStorage.getItem("lenet-language");
        const { time } = await import("./shared/format.js");
        const seconds = time(3); // another module shares the language
        m.chooseLanguage("en");
        return { before, after, seen, stored, seconds, again: told() };
    """
    told = scripts.run("shared/language.js", code)
    assert told["before"] == told["again"] == ["en", "3 s", "one", "Zoo", "Language", "Draw"]
    assert told["after"] == ["zh-Hans", "3 秒", "一", "模型库", "语言", "手写"]
    assert (told["seen"], told["stored"], told["seconds"]) == (["zh", "en"], "zh", "3 秒")


def test_what_is_said_in_each_language_takes_the_place_of_a_text(scripts: Scripts) -> None:
    code = """
        const place = document.createElement("p");
        const said = () => { m.sayAll(document.createElement("div")); return place.textContent; };
        m.sayIn(place, "minutes", { minutes: 1, seconds: 2 });
        const first = said();
        m.sayIn(place, { en: "of the server", zh: "服务器的" });
        const second = said();
        m.sayIn(place, "");
        return [first, second, said(), place.dataset.sayEach];
    """
    assert scripts.run("shared/language.js", code) == ["1 min 2 s", "of the server", "", ""]


def test_a_text_without_a_place_is_its_key(scripts: Scripts) -> None:
    assert scripts.run("shared/language.js", "return m.say('no_such_text')") == "no_such_text"


def test_a_store_that_is_denied_remembers_nothing(scripts: Scripts) -> None:
    code = """
        const known = Object.getOwnPropertyDescriptor(window, "localStorage");
        Object.defineProperty(window, "localStorage", { configurable: true, get() { throw new Error("denied"); } });
        const read = m.stored("localStorage", "kept", "x");
        Object.defineProperty(window, "localStorage", known);
        return [read, m.stored("localStorage", "kept"), m.stored("sessionStorage", "kept", "y")];
    """
    assert scripts.run("shared/storage.js", code) == [None, None, "y"]


# --- colours and packed maps -------------------------------------------------------------------------------


def test_bytes_come_out_as_they_were_packed(scripts: Scripts) -> None:
    sent = base64.b64encode(bytes(range(256))).decode()
    assert scripts.run("shared/colours.js", "return [...m.unpack(given)]", sent) == list(range(256))
    assert scripts.run("shared/colours.js", "return [...m.unpack('')]") == []


def test_colours_are_read(scripts: Scripts) -> None:
    assert scripts.run("shared/colours.js", "return [' #0a0BfF', '#ffffff'].map(m.rgb)") == [
        [10, 11, 255],
        [255, 255, 255],
    ]


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "rgb(1 2 3)"])
def test_what_is_no_colour_is_refused(scripts: Scripts, text: str) -> None:
    with pytest.raises(BrowserError, match="is not a colour of the form #rrggbb"):
        scripts.run("shared/colours.js", "return m.rgb(given)", text)


def test_ramps_go_from_stop_to_stop(scripts: Scripts) -> None:
    code = "return [0, 0.25, 0.5, 1].map((part) => m.along([[0, 0, 0], [100, 50, 0], [100, 250, 0]], part))"
    assert scripts.run("shared/colours.js", code) == [[0, 0, 0], [50, 25, 0], [100, 50, 0], [100, 250, 0]]


def test_maps_are_painted_by_tables(scripts: Scripts) -> None:
    code = """
        const [zero, plus, minus] = [[9, 9, 9], [[1, 2, 3], [255, 0, 0]], [[4, 5, 6], [0, 0, 255]]];
        const { signed, unsigned } = m.tables({ zero, plus, minus });
        const bytes = (colour) => [...new Uint8Array(Int32Array.of(colour).buffer)];
        return [signed[1], signed[128], signed[255], unsigned[0], unsigned[255], signed[0]].map(bytes);
    """
    blue, zero, red = [0, 0, 255, 255], [9, 9, 9, 255], [255, 0, 0, 255]
    assert scripts.run("shared/colours.js", code) == [blue, zero, red, zero, red, blue]


def test_light_and_dark_have_ramps_of_their_own(scripts: Scripts) -> None:
    code = """
        const light = m.theme();
        document.body.classList.add("dark");
        const dark = m.theme();
        document.body.classList.remove("dark");
        const some = ({ zero, plus, strong }) => [zero, plus[2], strong.minus];
        return { light: some(light), dark: some(dark), same: m.theme() === light };
    """
    assert scripts.run("shared/colours.js", code) == {
        "light": [[246, 247, 249], [214, 92, 36], [28, 98, 180]],
        "dark": [[30, 36, 48], [242, 140, 70], [92, 164, 255]],
        "same": True,
    }


@pytest.mark.parametrize("shape", [[6, 24, 24], [16, 8, 8], [32, 5, 7], [120], [10]])
@pytest.mark.parametrize("width", [320, 700])
@pytest.mark.parametrize("dots", [1, 2.625])
def test_cells_of_a_layer_lie_side_by_side(scripts: Scripts, shape: list[int], width: int, dots: float) -> None:
    code = """
        const grid = m.arrange({ shape: given.shape }, given.width, given.dots);
        return { ...grid, places: Array.from({ length: grid.count }, (_, cell) => m.placeOf(grid, cell)) };
    """
    grid = scripts.run("shared/layers.js", code, {"shape": shape, "width": width, "dots": dots})
    assert len(grid["places"]) == shape[0]
    rows: dict[float, list[list[float]]] = {}
    for place in grid["places"]:
        rows.setdefault(place[1], []).append(place)
    for row in rows.values():
        assert len(row) <= grid["columns"]
        for (left, _, wide, high), (following, *_) in itertools.pairwise(row):
            assert wide > 0
            assert high > 0
            assert left + wide + grid["gap"] == following
        assert row[-1][0] + row[-1][2] <= width * dots + 1
    tops = sorted(rows)
    assert all(low - high == pytest.approx(grid["high"]) for high, low in itertools.pairwise(tops))


# --- boxes, links, squares, and what one script tells another ------------------------------------------------

PHOTO = {"width": 400, "height": 200}


@pytest.mark.parametrize(
    ("square", "expected"),
    [
        ({"x": 10, "y": 20, "side": 50}, {"x": 10, "y": 20, "side": 50}),
        ({"x": -10, "y": 190, "side": 50}, {"x": 0, "y": 150, "side": 50}),
        ({"x": 390, "y": 0, "side": 900}, {"x": 200, "y": 0, "side": 200}),
        ({"x": 5, "y": 5, "side": 1}, {"x": 5, "y": 5, "side": 16}),
    ],
)
def test_a_box_fits_into_its_photo(scripts: Scripts, square: dict[str, float], expected: dict[str, float]) -> None:
    assert scripts.run("photo/box.js", "return m.fitting(...given)", [square, PHOTO]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("corner", "by", "expected"),
    [
        ("se", {"x": 20, "y": 20}, {"x": 100, "y": 50, "side": 70}),
        ("nw", {"x": -20, "y": -20}, {"x": 80, "y": 30, "side": 70}),
        ("ne", {"x": 10, "y": -10}, {"x": 100, "y": 40, "side": 60}),
        ("sw", {"x": 500, "y": -500}, {"x": 134, "y": 50, "side": 16}),
        ("nw", {"x": -900, "y": -900}, {"x": 50, "y": 0, "side": 100}),
    ],
)
def test_the_opposite_corner_stays(
    scripts: Scripts, corner: str, by: dict[str, float], expected: dict[str, float]
) -> None:
    square = {"x": 100, "y": 50, "side": 50}
    found = scripts.run("photo/box.js", "return m.stretched(...given)", [square, corner, by, PHOTO])
    assert found == pytest.approx(expected)


def test_a_box_is_told_in_parts_of_its_photo(scripts: Scripts) -> None:
    square = {"x": 100, "y": 50, "side": 100}
    assert scripts.run("photo/box.js", "return m.fractions(...given)", [square, PHOTO]) == [0.25, 0.25, 0.5, 0.75]
    assert scripts.run("photo/box.js", "return m.squareIn([0.25, 0.25, 0.5, 0.75], given)", PHOTO) == square
    middle = {"x": 100, "y": 0, "side": 200}
    assert scripts.run("photo/box.js", "return m.squareIn([0, 0, 1, 1], given)", PHOTO) == middle
    assert scripts.run("photo/box.js", "return m.centred(given, 50)", square) == {"x": 125, "y": 75, "side": 50}


def test_a_link_holds_all_settings(scripts: Scripts) -> None:
    settings = {"recipe": "mnist-demo", "lr": "0.01", "seed": "7 & 8", "augment": "a=b+c"}
    address = "https://example.org/under/path/?recipe=other&old=1#there"
    link = scripts.run("train/settings.js", "return m.linkTo(...given)", [address, settings])
    assert link.startswith("https://example.org/under/path/?recipe=mnist-demo&lr=0.01&")
    assert "#" not in link
    assert "old" not in link
    assert scripts.run("train/settings.js", "return m.settingsIn(new URL(given).search)", link) == settings
    assert scripts.run("train/settings.js", "return m.settingsIn('')") == {}


def network(name: Any, parameters: int, accuracy: float | None) -> dict[str, Any]:
    """A NetworkRow of messages.py."""
    return {
        **{"key": name, "name": name, "model": "lenet5", "dataset": "mnist", "parameters": parameters},
        **{"accuracy": accuracy, "multiply_adds": 1000, "train_seconds": None, "on_gpu": True, "file_bytes": 1000},
    }


def test_dots_stand_at_their_numbers(scripts: Scripts) -> None:
    found = scripts.run(
        "zoo/scatter.js", "return m.layout(given)", [network("a", 10_000, 0.6), network("b", 1_000_000, 0.8)]
    )
    better, worse = found["dots"]
    assert (better["network"]["name"], better["side"], worse["side"]) == ("b", "west", "east")
    assert (worse["part"], better["part"]) == pytest.approx((0.12 / 1.24, 1.12 / 1.24))
    assert (worse["up"], better["up"]) == pytest.approx((190 * 0.12 / 1.24, 190 * 1.12 / 1.24))
    assert [level["text"] for level in found["levels"]] == ["60%", "70%", "80%"]
    assert [tick["text"] for tick in found["ticks"]] == ["10k", "20k", "50k", "100k", "200k", "500k", "1M"]
    assert found["ticks"][0]["part"] == pytest.approx(worse["part"])


def test_names_in_the_figure_do_not_lie_on_each_other(scripts: Scripts) -> None:
    code = "return [m.layout(given).dots.map(({ drop }) => drop), m.LINE]"
    drops, line = scripts.run("zoo/scatter.js", code, [network(str(i), 60_000, 0.99) for i in range(5)])
    assert drops == pytest.approx([line * i for i in range(5)])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(9e3, 6e4, [10_000, 20_000, 50_000]), (6.1e4, 9.2e4, [70_000, 80_000, 90_000])],
)
def test_ticks_of_parameters(scripts: Scripts, low: float, high: float, expected: list[int]) -> None:
    assert scripts.run("zoo/scatter.js", "return m.ticks(...given)", [low, high]) == expected


def test_a_family_is_listed_and_what_it_is_called_is_text(scripts: Scripts) -> None:
    hostile = "<img src=x onerror=window.hacked=1>"
    rows = [network(hostile, 61_706, 0.99), network("b", 4_000_000, None), network("c", 10_000, 0.98)]
    code = """
        const shown = m.family({ name: given.name, networks: given.rows });
        const texts = (selector) => [...shown.querySelectorAll(selector)].map((place) => place.textContent);
        return { names: texts(".entry b"), tests: texts(".test"), facts: texts(".facts"), dots: texts(".dot"),
            images: shown.querySelectorAll("img").length, said: shown.querySelector(".scatter")?.ariaLabel };
    """
    shown = scripts.run("zoo/list.js", code, {"name": "digits", "rows": rows})
    assert shown["names"] == [hostile, "b", "c"]
    assert shown["tests"] == ["99.00%", "not measured", "98.00%"]
    assert shown["facts"][0] == "61,706 parameters1k multiply-addsunknown, GPU1 kB"
    assert shown["dots"] == [hostile, "c"]
    assert shown["images"] == 0
    assert shown["said"].endswith(f"{hostile} 99.00% with 61,706, c 98.00% with 10,000")
    assert scripts.run("zoo/list.js", code, {"name": "yours", "rows": rows}).get("said") is None
    assert scripts.run("zoo/list.js", code, {"name": "photos", "rows": [rows[1]] * 2}).get("said") is None


# --- a report ------------------------------------------------------------------------------------------------


def about_network(**changes: Any) -> dict[str, Any]:
    """An AboutNetwork of messages.py, all of whose texts are a stranger's."""
    template = {"template": HOSTILE, "values": {}}
    return {
        **{"title": HOSTILE, "about": template, "classes": [HOSTILE, "cat"], "accuracy": 0.75},
        **{"confusion": [[3, 1], [0, 0]], "parameters": 12_000, "multiply_adds": 34_000},
        "bins": [{"count": 0, "confidence": 0.0, "accuracy": 0.0}, {"count": 4, "confidence": 0.7, "accuracy": 0.75}],
        "calibration_error": 0.05,
        "layers": [
            {
                "name": HOSTILE,
                "part": False,
                "kind": HOSTILE,
                "shape": [6, 28, 28],
                "parameters": 9,
                "multiply_adds": 0,
            },
            {"name": "0", "part": True, "kind": "ReLU", "shape": [84], "parameters": 0, "multiply_adds": 1200},
        ],
        "recipe": [{"key": "fact_source", "said": template}],
        "command": f"python train.py {HOSTILE}",
        "files": [{"kind": "weights", "suffix": ".safetensors", "bytes": 283_712}],
        **{"sample": 25, "mistakes": 15, "few": 20},
        **changes,
    }


def test_what_is_known_of_a_network_is_shown_and_all_of_it_is_text(scripts: Scripts) -> None:
    code = f"""
        const shown = m.about(given);
        {SHOWN}
        return {{ title: texts("h2"), lead: texts(".lead"), numbers: texts(".numbers dd"),
            layers: texts(".layers tbody td"), sums: texts("tfoot td"), recipe: texts(".recipe dd"),
            files: texts("[data-keep]"),
            gaps: texts(".gap").length,
            squares: texts(".matrix td[data-cell]"), classes: texts(".bars .bar"), images: texts("img").length,
            stop: texts('[tabindex="0"]:not(.term)').length, inside: texts(".over label").length }};
    """
    shown = scripts.run("report/figures.js", code, about_network())
    assert shown["title"] == [HOSTILE]
    assert shown["lead"] == [f"{HOSTILE}."]
    assert shown["numbers"] == ["75.00%", "1 of 4", "5.0%"]
    assert shown["layers"] == [HOSTILE, "6×28×28", "9", "·", "ReLU", "84", "·", "1,200"]
    assert shown["sums"] == ["12,000", "34,000"]
    assert shown["recipe"] == [HOSTILE, f"python train.py {HOSTILE}"]
    assert shown["files"] == ["Weights .safetensors, 284 kB"]
    assert shown["squares"] == ["3", "1", "", ""]  # nothing in place of a zero
    assert shown["classes"] == [f"{HOSTILE}75.0%"]  # a class without pictures has no accuracy
    assert (shown["gaps"], shown["images"], shown["inside"]) == (25 + 15, 0, 1)
    assert shown["stop"] == 2  # one square, and the table that scrolls
    marked = about_network(about={"template": "what `photos` begins with.", "values": {}})
    assert scripts.run("report/figures.js", code, marked)["lead"] == ["What photos begins with."]
    nothing = about_network(confusion=[], accuracy=None, bins=[], calibration_error=None)
    unmeasured = scripts.run("report/figures.js", code, nothing)
    assert unmeasured["numbers"] == ["–"] * 3
    assert unmeasured["squares"] == []


def test_squares_are_shaded_by_the_row_and_errors_by_the_commonest(scripts: Scripts) -> None:
    assert scripts.run("report/figures.js", "return m.shades(given)", [[3, 1], [4, 0]]) == [[0.75, 0.5], [1, 0]]
    assert scripts.run("report/figures.js", "return m.shades(given)", [[0, 0], [0, 0]]) == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("names", "room"), [(["0", "9"], False), (["cat"], True), (["猫"], False), (["汽车"], True)])
def test_long_names_get_room(scripts: Scripts, names: list[str], room: bool) -> None:
    assert scripts.run("report/figures.js", "return m.needRoom(given)", names) is room


def answered(answer: int, confidence: float = 0.9) -> dict[str, Any]:
    """An AnsweredPicture of messages.py that shows class 0."""
    image = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    return {"position": 7, "label": 0, "answer": answer, "confidence": confidence, "image": image}


def test_a_picture_says_predicted_and_true(scripts: Scripts) -> None:
    code = f"""
        const shown = m.cards(given, ["{HOSTILE}", "cat"], 5);
        {SHOWN}
        return [texts(".card"), [...line.querySelectorAll(".card img")].map(({{ alt }}) => alt), texts(".gap").length,
            texts(".right, .wrong").length, line.querySelectorAll("img").length];
    """
    said, alts, gaps, kinds, images = scripts.run("report/figures.js", code, [answered(0), answered(1, 0.5)])
    assert said == [f"✓ {HOSTILE} ({HOSTILE})90%", f"✗ cat ({HOSTILE})50%"]
    assert alts == [f"Test picture 7: {HOSTILE} ({HOSTILE}), right", f"Test picture 7: cat ({HOSTILE}), wrong"]
    assert (gaps, kinds, images) == (3, 2, 2)


@pytest.mark.parametrize(
    ("cell", "found", "first", "shown", "said"),
    [
        (None, 10_000, 0, 25, "Some of the 10,000 test pictures, drawn at random (seed 3)."),
        ([0, 1], 137, 25, 25, "<i> called cat: 26 to 50 of 137, the most confident answer first."),
        ([0, 1], 7, 0, 7, "<i> called cat: 7, the most confident answer first."),
        ([0, 1], 0, 0, 0, "<i> called cat: no test picture here."),
    ],
)
def test_which_pictures_they_are_is_said(
    scripts: Scripts, cell: list[int] | None, found: int, first: int, shown: int, said: str
) -> None:
    pictures = {"found": found, "first": first, "pictures": [answered(1)] * shown}
    code = "return m.whichPictures(given.pictures, ['<i>', 'cat'], given.cell, 3).textContent"
    assert scripts.run("report/figures.js", code, {"pictures": pictures, "cell": cell}).startswith(said)


def test_the_calibration_plot_has_bars_to_scale_axis_names_and_words(scripts: Scripts) -> None:
    code = f"""
        const shown = m.calibration(given, 20);
        {SHOWN}
        const heights = [...line.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute("height")));
        return {{ heights, kinds: [...line.querySelectorAll(".bin")].map((bin) => bin.getAttribute("class")),
            said: line.querySelector("svg").ariaLabel, titles: texts("title"), names: texts(".axis") }};
    """
    bins = [(0, 0.0, 0.0), (40, 0.75, 0.5), (3, 0.9, 1.0)]
    given = [{"count": count, "confidence": sure, "accuracy": right} for count, sure, right in bins]
    plot = scripts.run("report/figures.js", code, given)
    assert plot["heights"] == pytest.approx([0.5 * 228, 0.25 * 228, 0.9 * 228, 0.1 * 228], abs=0.06)
    assert plot["kinds"] == ["bin", "bin few"]
    assert plot["titles"] == ["75% sure: 50% right of 40 pictures", "90% sure: 100% right of 3 pictures"]
    assert plot["said"] == f"Calibration plot. {'; '.join(plot['titles'])}"
    assert plot["names"] == ["how sure the network is", "how often it is right"]
    assert "still without answers" in scripts.run("report/figures.js", code, [])["said"]


def test_a_square_of_the_matrix_names_its_row_and_column(scripts: Scripts) -> None:
    assert scripts.run("report/view.js", "return m.cellOf({ dataset: { cell: '3,10' } })") == [3, 10]


HOSTILE = "<img src=x onerror=window.hacked=1>"


def photo_answer(verdict: str, crops: int = 0, **probs: float) -> dict[str, Any]:
    """A PhotoAnswer of messages.py."""
    label = max(probs, key=probs.__getitem__)
    crop = {"box": [0.25, 0, 0.75, 1], "label": label, "confidence": 0.8, "weight": 0.3}
    shown = [crop | {"mirrored": False, "padded": False}, crop | {"mirrored": True, "padded": True}] * (crops // 2)
    return {
        "label": label,
        "confidence": probs[label],
        "verdict": verdict,
        "probs": probs,
        "ood_score": 0.1,
        "crops": shown,
    }


@pytest.mark.parametrize(
    ("answer", "english", "chinese"),
    [
        (photo_answer("sure", cat=0.97, dog=0.03), "I think this is a cat: 97% sure", "我认为这是猫"),
        (photo_answer("sure", automobile=0.999, dog=0.001), "I think this is an automobile: over 99% sure", "汽车"),
        (photo_answer("unsure", dog=0.35, airplane=0.2, cat=0.45), "A cat or a dog?", "猫"),
        (photo_answer("unknown", cat=0.41, dog=0.2), "None of my ten classes, I think. Closest: cat (41%)", "猫"),
    ],
)
def test_what_a_network_would_say_of_a_photo(
    scripts: Scripts, answer: dict[str, Any], english: str, chinese: str
) -> None:
    code = """
        const { chooseLanguage } = await import("./shared/language.js");
        const [answer, known] = given;
        const before = m.sentence(answer, known);
        chooseLanguage("zh");
        const after = m.sentence(answer, known);
        chooseLanguage("en");
        return [before, after];
    """
    said, translated = scripts.run("photo/figures.js", code, [answer, CIFAR10_CLASSES])
    assert said == english
    assert chinese in translated
    assert not [name for name in answer["probs"] if name in translated]


def test_what_a_visitor_has_named_stands_as_they_wrote_it(scripts: Scripts) -> None:
    code = """
        const known = ["cat"];
        const card = (answer) => m.cardSaid({ answer, milliseconds: 1 }, known)[0].textContent;
        return given.flatMap((answer) => [m.sentence(answer, known), card(answer)]);
    """
    given = [photo_answer("sure", Ann=0.97, Bo=0.03), photo_answer("unknown", Ann=0.4, Bo=0.2)]
    assert scripts.run("photo/figures.js", code, given) == [
        "I think this is Ann: 97% sure",
        "Ann 97%",
        "None of my classes, I think. Closest: Ann (40%)",
        "none of these",
    ]


SHOWN = """
    const line = document.createElement("div");
    line.append(...[shown].flat());
    const texts = (selector) => [...line.querySelectorAll(selector)].map((place) => place.textContent);
"""


def test_a_card_says_the_answer_and_the_likeliest(scripts: Scripts) -> None:
    code = f"""
        const shown = m.cardSaid({{ answer: given, milliseconds: 3.14159 }}, {[*CIFAR10_CLASSES]});
        {SHOWN}
        return [texts(".named"), texts(".took"), texts(".bar .name"), texts(".bar.best .percent")];
    """
    sure = photo_answer("sure", frog=0.05, cat=0.9, dog=0.03, ship=0.02)
    assert scripts.run("photo/figures.js", code, sure) == [["cat 90%"], ["3.1 ms"], ["cat", "frog", "dog"], ["90%"]]
    unsure = photo_answer("unsure", cat=0.5, dog=0.3, ship=0.2)
    assert scripts.run("photo/figures.js", code, unsure)[0] == ["cat? 50%"]
    unknown = photo_answer("unknown", cat=0.41, dog=0.2, ship=0.1)
    assert scripts.run("photo/figures.js", code, unknown)[::3] == [["none of the ten"], []]


def test_a_large_answer_names_none_of_the_classes_where_it_is_none(scripts: Scripts) -> None:
    code = """
        const { dataset, firstChild, lastChild } = m.large(given, undefined, ["cat", "dog"]);
        return [dataset.label, firstChild.textContent, lastChild.ariaLabel];
    """
    sure = scripts.run("photo/figures.js", code, photo_answer("sure", cat=0.9, dog=0.1))
    assert sure[:2] == ["cat", "cat"]
    assert sure[2].endswith("cat 90%, dog 10%")
    assert scripts.run("photo/figures.js", code, photo_answer("unknown", cat=0.4, dog=0.2))[:2] == ["", "?"]


def test_a_networks_card_says_what_it_costs(scripts: Scripts) -> None:
    code = f"const shown = m.card(given); {SHOWN} return [texts('.title'), texts('.facts'), line.querySelector('img')]"
    card = {"key": HOSTILE, "caption": HOSTILE, "parameters": 62_006}
    assert scripts.run("photo/figures.js", code, card | {"accuracy": 0.756}) == [
        [HOSTILE],
        ["62k parameters, test 75.6%"],
        None,
    ]
    assert scripts.run("photo/figures.js", code, card | {"accuracy": None})[1] == ["62k parameters"]


def test_crops_say_where_and_how_much(scripts: Scripts) -> None:
    code = f"""
        const shown = m.crops(given.crops, {{ width: 800, height: 400 }});
        {SHOWN}
        const cuts = [...line.querySelectorAll("i")];
        return {{ hint: texts(".hint"), shown: texts("figcaption"), said: cuts.map((cut) => cut.ariaLabel),
            mirrored: line.querySelectorAll(".mirrored").length, size: cuts[0]?.style.backgroundSize }};
    """
    found = scripts.run("photo/figures.js", code, photo_answer("unsure", 2, cat=0.6, dog=0.4))
    assert found["hint"][0].startswith("2 views averaged, because one look did not settle it.")
    assert found["shown"] == ["cat 80%counts 30%"] * 2
    assert found["said"] == ["cat 80%", "whole, mirrored, cat 80%"]
    assert (found["mirrored"], found["size"]) == (1, "200% 100%")
    one = scripts.run("photo/figures.js", code, photo_answer("sure", cat=1.0))
    assert one["hint"][0].startswith("One look was enough")
    assert one["shown"] == []
    cut = "return m.cut([0.25, 0, 0.75, 1], { width: 800, height: 400 })"
    assert scripts.run("photo/figures.js", cut) == {
        "aspectRatio": "400/400",
        "backgroundSize": "200.00% 100.00%",
        "backgroundPosition": "50.00% 0.00%",
    }


def test_a_class_is_text_wherever_a_photo_is_named(scripts: Scripts) -> None:
    code = f"""
        const network = {{ key: "own-1", caption: "x", accuracy: null, classes: [given.label] }};
        const card = m.cardSaid({{ answer: given, milliseconds: 20 }}, []);
        const shown = [m.large(given, network, []), ...card, m.empty(network),
            ...m.crops(given.crops, {{ width: 8, height: 4 }})];
        {SHOWN}
        const named = texts("b, .name, .label, .sentence").filter((text) => text.includes("<img"));
        return [line.querySelectorAll("img").length, named.length];
    """
    images, named = scripts.run("photo/figures.js", code, photo_answer("sure", 2, **{HOSTILE: 1.0}))
    assert images == 0
    assert named == 8  # large, sentence, bars of three panels, card, two crops


def test_who_comes_late_hears_of_the_newest_answer(scripts: Scripts) -> None:
    code = """
        const [early, late] = [[], []];
        m.onAnswer((question) => early.push(question));
        m.answered({ photo: 1 });
        m.answered({ photo: 2 });
        m.onAnswer((question) => late.push(question.photo));
        m.answered({ photo: 3 });
        return [early.map(({ photo }) => photo), late];
    """
    assert scripts.run("photo/answer.js", code) == [[1, 2, 3], [2, 3]]


# --- the pixels of strokes -----------------------------------------------------------------------------------

# [width, points]: a hook, a dot, two lines that cross, and a line that leaves the pad.
LINES = [
    [20, [[80, 62], [205, 58], [172.5, 120.25], [132, 232]]],
    [20, [[105, 140], [195, 128]]],
    [7, [[30.5, 30.25]]],
    [4, [[40, 60], [60, 40.5], [40, 20]]],
    [40, [[260, 250], [300, 300]]],
    [12, [[90, 80], [200, 150]], True],
    [5, [[150, 100], [160, 200]]],
]
STROKES = "given.map(([width, points, erases]) => ({ width, erases, points: points.map(([x, y]) => ({ x, y })) }))"


def test_strokes_become_the_pixels_that_a_canvas_shows(scripts: Scripts) -> None:
    code = f"""
        const strokes = {STROKES};
        const canvas = Object.assign(document.createElement("canvas"), {{ width: 280, height: 280 }});
        const pen = canvas.getContext("2d", {{ alpha: false, willReadFrequently: true }});
        pen.fillStyle = "white";
        pen.fillRect(0, 0, 280, 280);
        for (const {{ width, points, erases }} of strokes) {{
            [pen.lineWidth, pen.lineCap, pen.lineJoin] = [width, "round", "round"];
            pen.strokeStyle = erases ? "white" : "black";
            pen.beginPath();
            if (points.length === 1) pen.arc(points[0].x, points[0].y, 0.001, 0, 7);
            pen.moveTo(points[0].x, points[0].y);
            points.forEach(({{ x, y }}) => pen.lineTo(x, y));
            pen.stroke();
        }}
        const shown = [...pen.getImageData(0, 0, 280, 280).data].filter((_, i) => i % 4 === 0);
        return [shown, [...m.raster(280, 280)(strokes)]];
    """
    shown, ours = (np.array(pixels, int) for pixels in scripts.run("draw/raster.js", code, LINES))
    assert (ours < 128).sum() > 8000
    difference = abs(shown - ours)  # on edges alone: a canvas rounds their place, and its round ends have corners
    assert difference.max() <= 96
    assert difference.mean() < 0.3


def test_what_hangs_together_in_a_mask_is_what_scipy_says(scripts: Scripts) -> None:
    """Also by corners, and never from the end of a row to the start of the next."""
    rng = np.random.default_rng(3)
    sizes = [(1, 1), (1, 9), (9, 1), (2, 2), (12, 7), (40, 33)]
    masks = [(rng.random(size) < ink).astype(int) for size in sizes for ink in (0.0, 0.2, 0.45, 0.7, 1.0)]
    spiral = np.zeros((9, 9), int)
    spiral[0], spiral[:, 8], spiral[8, 2:], spiral[2:, 2], spiral[2, 2:7], spiral[4:7, 6], spiral[6, 4:7] = (1,) * 7
    masks.append(spiral)
    code = """
        return given.map(([width, height, cells]) => {
            const { labels, boxes, areas } = m.labelled({ width, height, data: Uint8Array.from(cells) });
            return [[...labels], boxes, areas];
        });
    """
    found = scripts.run(
        "shared/mask.js", code, [[mask.shape[1], mask.shape[0], mask.ravel().tolist()] for mask in masks]
    )
    for mask, (labels, boxes, areas) in zip(masks, found, strict=True):
        expected, count = ndimage.label(mask, np.ones((3, 3)))
        assert labels == expected.ravel().tolist()
        assert areas == np.bincount(expected.ravel(), minlength=count + 1)[1:].tolist()
        places = [
            (columns.start, rows.start, columns.stop, rows.stop) for rows, columns in ndimage.find_objects(expected)
        ]
        assert [tuple(box) for box in boxes] == places


def test_strokes_are_the_same_pixels_however_they_came(scripts: Scripts) -> None:
    """Point by point, after an undo, and at once."""
    code = f"""
        const strokes = {STROKES};
        const at_once = m.raster(280, 280)(strokes).join();
        const pad = m.raster(280, 280);
        const drawn = [];
        for (const {{ width, points, erases }} of strokes) {{
            drawn.push({{ width, erases, points: [] }});
            for (const point of points) {{
                drawn.at(-1).points.push(point);
                pad(drawn);
            }}
        }}
        const grown = pad(drawn).join();
        pad(strokes.slice(0, 2));
        const undone = pad(strokes.slice(0, 1)).join() === m.raster(280, 280)(strokes.slice(0, 1)).join();
        const cleared = pad([]).every((pixel) => pixel === 255);
        return [at_once === grown, undone, cleared, pad(strokes).join() === at_once];
    """
    assert scripts.run("draw/raster.js", code, LINES) == [True, True, True, True]


@pytest.mark.parametrize("compression", ["deflate", "none"])
def test_a_picture_is_encoded_without_a_canvas(scripts: Scripts, compression: str) -> None:
    code = """
        if (given === "none") window.CompressionStream = undefined;
        const pixels = Uint8Array.from({ length: 300 * 280 }, (_, i) => (i * i) % 251);
        return m.greyAddress(pixels, 300, 280);
    """
    address = scripts.run("draw/png.js", code, compression)
    picture = Image.open(io.BytesIO(pictures.decode(address)))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (300, 280))
    expected = (np.arange(300 * 280, dtype=np.int64) ** 2 % 251).reshape(280, 300)
    np.testing.assert_array_equal(np.asarray(picture), expected)


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_a_pixel_on_an_edge_is_covered_by_as_much_as_lies_behind_it(scripts: Scripts, degrees: int) -> None:
    x, y = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    places = (np.arange(200) + 0.5) / 200 - 0.5
    edges = [edge / 10 for edge in range(-8, 9)]
    found = scripts.run("draw/raster.js", "return given.map((edge) => m.covered(...edge))", [[e, x, y] for e in edges])
    behind = places[:, None] * x + places * y
    np.testing.assert_allclose(found, [(behind < edge).mean() for edge in edges], atol=0.005)


# --- what the server's modules say ---------------------------------------------------------------------------

SAID = [
    Text("Colour says nothing about which digit it is."),
    Text(
        "Pixels become numbers from {low:.2f} (black) to {high:.2f} (white), the range that the network learned with.",
        low=-0.4242,
        high=2.8215,
    ),
    Text("pooling, the strongest of {side}x{side}", side=2),
    Text("There is no pipeline called {name!r}: choose one of {known}.", name="{x}", known=["modern", "classic"]),
    Text("{braces} without values"),
    Text("{count:,} of {part:.1%}: {kind}", count=1_234_567, part=0.12345, kind=Text("residual block")),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("said", SAID, ids=lambda said: said.template[:20])
def test_a_sentence_is_the_same_from_browser_and_server(scripts: Scripts, said: Text, language: str) -> None:
    code = """
        m.chooseLanguage(given.language);
        const found = m.translated(given.sentence);
        m.chooseLanguage("en");
        return found;
    """
    sentence = asdict(messages.Sentence.of(said))
    with texts.speaking(language):
        expected = texts.translated(said).replace("'", "")  # Python's own quotes
    assert scripts.run("shared/language.js", code, {"sentence": sentence, "language": language}) == expected


def test_a_text_with_elements_in_it_comes_in_pieces(scripts: Scripts) -> None:
    code = """
        const name = Object.assign(document.createElement("b"), { textContent: "<8>" });
        const line = document.createElement("p");
        line.append(...m.pieces("draw_change_reached", { other: m.withArticle("8", name), percent: "71%" }));
        return [line.innerHTML, m.withArticle("cat", "cat").join("")];
    """
    assert scripts.run("shared/language.js", code) == ["So changed, it reads an <b>&lt;8&gt;</b> (71%).", "a cat"]


def test_steps_are_shown_whoever_made_them(scripts: Scripts) -> None:
    code = """
        const stage = { name: { template: "Grey", values: {} }, why: { template: "<i>", values: {} }, shape: [2, 3] };
        const own = { shape: [2, 3], cells: Uint8Array.of(0, 255, 7, 8, 9, 10) };
        const made = m.stagesOf([{ ...stage, image: "data:image/png;base64,AAAA" }, { ...stage, image: own }]);
        const pen = made.querySelector("canvas").getContext("2d");
        const sizes = made.querySelectorAll("i").length;
        return [made.textContent, [...pen.getImageData(1, 0, 1, 1).data], made.querySelector("img").alt, sizes];
    """
    assert scripts.run("shared/stages.js", code) == [
        "1. Grey 3×2<i>2. Grey 3×2<i>",
        [255, 255, 255, 255],
        "Grey, 3x2 pixels",
        2,
    ]


# --- what the network reads on the pad -------------------------------------------------------------------------


def digit(label: str, confidence: float, verdict: str = "sure", **more: Any) -> dict[str, Any]:
    """A fact made by hand: the rest of the probability goes to another class, or to none."""
    probs = dict.fromkeys("0123456789", 0.0)
    probs[label] = confidence
    p_not_digit = 1 - confidence if verdict == "not_digit" else 0.0
    probs["5" if label != "5" else "6"] += 1 - confidence - p_not_digit
    box = [0.1, 0.3, 0.4, 0.7]
    return (
        asdict(Digit(label, confidence, probs, p_not_digit, verdict, box, touching=False, among_letters=False)) | more
    )


def reading(digits: list[dict[str, Any]], *marks: dict[str, Any]) -> dict[str, Any]:
    return {"digits": digits, "marks": [*marks]}


TWENTY = [digit("2", 0.98), digit("0", 0.55, "unsure", box=[0.6, 0.05, 0.9, 0.7])]
TWO_ROWS = [
    digit(label, 0.98, box=box)
    for label, box in zip(
        "2047", ([0.1, 0.1, 0.2, 0.3], [0.4, 0.2, 0.5, 0.4], [0.15, 0.6, 0.25, 0.8], [0.4, 0.5, 0.5, 0.7]), strict=True
    )
]
SCRIBBLE = digit("5", 0.12, "not_digit")
PERHAPS_NONE = digit("2", 0.6, "unsure", probs=dict.fromkeys("0123456789", 0.0) | {"2": 0.6}, p_not_digit=0.4)
ANSWER = """
    const made = m.answerOf(...given);
    const all = (selector) => [...made.querySelectorAll(selector)];
    return {
        label: made.dataset.label, text: made.textContent, sentence: made.querySelector(".sentence").textContent,
        large: made.querySelector(".label").textContent, kind: made.className,
        names: all(".name").map((name) => name.textContent), best: all(".best .name").map((name) => name.textContent),
        rows: all(".row").map((row) => row.textContent), crowded: made.querySelector(".crowded") !== null,
        pressed: all("[aria-pressed=true]").map((button) => button.textContent),
        spoken: made.querySelector(".bars").ariaLabel,
        fill: all(".fill").map(({ style }) => style.transform),
    };
"""


def test_one_digit_is_shown_with_every_class_in_order(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading([digit("2", 0.98)]), 0])
    assert (shown["label"], shown["large"], shown["kind"]) == ("2", "2", "answer sure")
    assert shown["sentence"] == "98.0% sure"
    assert shown["names"] == [*"0123456789", "none"]
    assert shown["best"] == ["2"]
    assert shown["spoken"].startswith("Probabilities: 0 0%, 1 0%, 2 98%")
    assert shown["fill"][2] == "scaleX(0.98)"
    without = scripts.run("draw/reading.js", ANSWER, [reading([digit("2", 0.98, p_not_digit=None)]), 0])
    assert without["names"] == [*"0123456789"]


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (digit("2", 0.9996), "over 99.9% sure"),
        (digit("2", 0.6, "unsure"), "Unsure: 2 or 5?"),
        (PERHAPS_NONE, "Unsure: 2, or not a digit?"),
        (digit("A", 0.6, "unsure", probs={"A": 0.6, "B": 0.1}, p_not_digit=0.3), "Unsure: A, or none of these?"),
        (digit("A", 0.6, "unsure", probs={"A": 0.6, "B": 0.3}, p_not_digit=0.1), "Unsure: A or B?"),
        (SCRIBBLE, "Not a digit, I think. Most like 5."),
        (digit("2", 0.9, "unsure", touching=True), "These may be two digits that touch: leave a gap."),
        (
            digit("0", 1.0, "unsure", among_letters=True),
            "Most like 0, but what stands beside it is no digit: this may be a letter.",
        ),
        (
            SCRIBBLE | {"touching": True},
            "Not one digit, I think. Most like 5. If these are two that touch, leave a gap.",
        ),
        (digit("2", 0.0, "blank"), "Nothing to read here yet: draw something."),
    ],
)
def test_an_answer_is_told_in_words(scripts: Scripts, one: dict[str, Any], sentence: str) -> None:
    assert scripts.run("draw/reading.js", "return m.sentenceOf(given)", one) == sentence


@pytest.mark.parametrize(
    ("one", "asked"),
    [
        (SCRIBBLE, True),
        (PERHAPS_NONE, True),
        (digit("2", 0.6, "unsure"), False),
        (digit("2", 0.9, p_not_digit=0.09), False),
        (digit("A", 0.2, "not_digit", probs={"A": 0.2, "B": 0.1}, p_not_digit=0.7), False),
    ],
)
def test_a_person_may_say_that_a_doubted_digit_is_one(scripts: Scripts, one: dict[str, Any], asked: bool) -> None:
    assert scripts.run("draw/reading.js", "return m.doubted(given)", one) == asked


def test_rows_stand_under_one_another(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWO_ROWS), 2])
    assert (shown["label"], shown["rows"], shown["crowded"]) == ("2047", ["298%098%", "498%798%"], True)
    column = [digit(label, 0.98, box=[0.4, top, 0.5, top + 0.2]) for label, top in (("8", 0.1), ("6", 0.4), ("5", 0.7))]
    assert scripts.run("draw/reading.js", ANSWER, [reading(column), 0])["rows"] == ["898%", "698%", "598%"]
    downhill = [digit(label, 0.98, box=[x, x, x + 0.1, x + 0.1]) for label, x in (("8", 0.1), ("6", 0.4), ("5", 0.7))]
    assert scripts.run("draw/reading.js", ANSWER, [reading(downhill), 0])["rows"] == ["898%698%598%"]


@pytest.mark.parametrize(("count", "crowded"), [(8, False), (9, True)])
def test_beside_many_digits_how_sure_each_is_finds_no_place(scripts: Scripts, count: int, crowded: bool) -> None:
    row = [digit("2", 0.98, box=[0.1 * i, 0.4, 0.1 * i + 0.05, 0.5]) for i in range(count)]
    assert scripts.run("draw/reading.js", ANSWER, [reading(row), 0])["crowded"] == crowded


@pytest.mark.parametrize(
    ("corners", "crowded"),
    [
        ([(0.1, 0.4), (0.3, 0.4), (0.5, 0.4)], False),
        ([(0.1, 0.4), (0.3, 0.4), (0.47, 0.4)], True),  # the tag of the second would cover the third's
        ([(0.1, 0.2), (0.12, 0.4), (0.5, 0.4)], False),
        ([(0.1, 0.2), (0.12, 0.25)], True),
        ([(0.1 + 0.2 * (i % 4), 0.1 + 0.2 * (i // 4)) for i in range(16)], False),
    ],
)
def test_tags_lose_their_percents_where_they_would_cover_one_another(
    scripts: Scripts, corners: list[tuple[float, float]], crowded: bool
) -> None:
    found = reading([digit("2", 0.98, box=[x, y, x + 0.05, y + 0.1]) for x, y in corners])
    code = "return m.boxesOf(given, 0, false).map(({ className }) => className.includes('crowded'))"
    assert scripts.run("draw/reading.js", code, found) == [crowded] * len(corners)


def test_a_number_is_read_from_left_to_right(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY), 1])
    assert (shown["label"], shown["large"]) == ("20", "298%055%")
    assert shown["pressed"] == ["055%"]
    assert shown["sentence"] == "Digit 2 of 2: unsure: 0 or 5?"
    assert shown["best"] == ["0"]
    touching = reading([TWENTY[0] | {"touching": True}, TWENTY[1]])
    assert "leave a gap" in scripts.run("draw/reading.js", ANSWER, [touching, 0])["sentence"]
    assert "leave a gap" not in scripts.run("draw/reading.js", ANSWER, [touching, 1])["sentence"]


def test_no_digit_has_no_name_but_a_closest_one(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading([SCRIBBLE]), 0, {"certain": False}])
    assert (shown["label"], shown["large"], shown["best"]) == ("", "?", ["none"])
    assert shown["sentence"] == "Not a digit, I think. Most like 5. It is a digit"
    assert "none 88%" in shown["spoken"]
    assert scripts.run("draw/reading.js", ANSWER, [reading([SCRIBBLE]), 0, {"certain": True}])["pressed"] == [
        "It is a digit"
    ]


@pytest.mark.parametrize("one", [SCRIBBLE, digit("2", 0.6, "unsure"), digit("2", 0.9, "unsure", touching=True)])
def test_doubts_wait_for_the_pen_to_go_up(scripts: Scripts, one: dict[str, Any]) -> None:
    drawing = {"certain": False, "drawing": True}
    shown = scripts.run("draw/reading.js", ANSWER, [reading([one]), 0, drawing])
    assert (shown["sentence"], shown["pressed"]) == ("Drawing…", [])
    sure = [reading([digit("2", 0.98)]), 0, {"drawing": True}]
    assert scripts.run("draw/reading.js", ANSWER, sure)["sentence"] == "98.0% sure"
    assert scripts.run("draw/reading.js", "return m.boxesOf(...given).length", [reading([one, one]), 0, True]) == 0


@pytest.mark.parametrize("touching", [False, True])
@pytest.mark.parametrize(
    "one", [SCRIBBLE, digit("5", 0.47, "not_digit"), TWENTY[0], digit("3", 0.0, "blank", probs={"3": 0.0})]
)
def test_a_doubt_is_left_out_as_the_server_leaves_it_out(scripts: Scripts, one: dict[str, Any], touching: bool) -> None:
    if touching and one["verdict"] == "sure":
        one = one | {"verdict": "unsure"}  # as digits that touch are
    nothing = Preprocessed((), torch.empty(0))
    prediction = DigitPrediction(
        one["label"], one["confidence"], one["probs"], one["verdict"], nothing, {}, one["p_not_digit"]
    )
    found = FoundDigit((0.0, 0.0, 1.0, 1.0), prediction, touching).without_doubt()
    expected = asdict(facts.digit(found, True)) | {"box": one["box"]}
    code = "return m.withoutDoubt(...given)"
    assert scripts.run("draw/reading.js", code, [one | {"touching": touching}, UNSURE_BELOW]) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [(None, 0), ([0.7, 0.5], 1), ([0.2, 0.9], 0), ([0.51, 0.5], 1), ([1, 1], 1), ([0.25, 0.5], 0)],
)
def test_the_digit_under_the_pen_is_meant(scripts: Scripts, place: list[float] | None, expected: int) -> None:
    assert scripts.run("draw/reading.js", "return m.nearest(...given)", [TWENTY, place]) == expected


def test_boxes_lie_where_the_digits_are(scripts: Scripts) -> None:
    code = """
        return m.boxesOf(...given).map(({ className, textContent, style }) =>
            [className, textContent, style.left, style.top, style.width, style.height]);
    """
    assert scripts.run("draw/reading.js", code, [reading(TWENTY), 0]) == [
        ["box sure chosen", "2 98%", "10%", "30%", "30%", "40%"],
        ["box unsure high", "0 55%", "60%", "5%", "30%", "65%"],
    ]
    assert scripts.run("draw/reading.js", code, [reading(TWENTY[:1]), 0]) == []
    ((kind, told, *_),) = scripts.run("draw/reading.js", code, [reading([SCRIBBLE | {"touching": True}]), 0])
    assert (kind, told) == ("box not_digit chosen touching", "? none")


def test_signs_stand_among_the_digits_and_what_is_printed_is_left_out(scripts: Scripts) -> None:
    lines = [{"kind": "line", "before": 2, "box": [0.1, 0.8, 0.9, 0.82]}] * 2
    minus = {"kind": "minus", "before": 0, "box": [0.0, 0.5, 0.05, 0.55]}
    point = {"kind": "point", "before": 1, "box": [0.45, 0.65, 0.5, 0.7]}
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY, minus, point, *lines), 0])
    assert (shown["label"], shown["large"]) == ("−2.0", "−298%.055%")
    assert shown["sentence"] == "Digit 1 of 2: 98.0% sure. Left out: lines."
    alone = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY[:1], lines[0] | {"kind": "box"}), 0])
    assert (alone["label"], alone["large"]) == ("2", "2")
    assert alone["sentence"] == "98.0% sure. Left out: a box."
    signed = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY[:1], minus), 0])
    assert (signed["label"], signed["large"]) == ("−2", "−298%")
    code = "return m.boxesOf(...given).map(({ className }) => className)"
    assert scripts.run("draw/reading.js", code, [reading(TWENTY[:1], point), 0]) == ["box mark point"]


@pytest.mark.parametrize("lean", [-0.1, -0.03, 0, 0.02, 0.07])  # rows to a column
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 3), (2, 5)])
def test_printed_boxes_are_the_servers(scripts: Scripts, lean: float, rows: int, columns: int) -> None:
    upright = np.zeros((rows * 40 + 2, columns * 40 + 2), bool)
    for i in range(2):
        upright[i::40], upright[:, i::40] = True, True
    for top, left in itertools.product(range(rows), range(columns)):
        upright[40 * top + 8 : 40 * top + 33, 40 * left + 18 : 40 * left + 22] = True
    y, x = np.nonzero(upright)
    y, x = y + np.rint(lean * x).astype(int), x - np.rint(lean * y).astype(int)
    mask = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), bool)
    mask[y - y.min(), x - x.min()] = True
    expected = printed_box(mask, mask)
    code = """
        const mask = { ...given, data: Uint8Array.from(given.data) };
        return Array.from(m.printedBox(mask, mask)?.data ?? []);
    """
    shape = {"width": mask.shape[1], "height": mask.shape[0]}
    found = scripts.run("shared/printed.js", code, shape | {"data": mask.ravel().astype(int).tolist()})
    assert expected is not None
    assert found == expected.ravel().astype(int).tolist()


def test_an_empty_pad_has_the_bars_that_answers_will_have(scripts: Scripts) -> None:
    code = """
        const made = m.emptyAnswer(...given);
        const count = (selector) => made.querySelectorAll(selector).length;
        return [made.dataset.label, made.textContent, count(".bar"), count("b")];
    """
    label, told, bars, markup = scripts.run("draw/reading.js", code, [["<b>", "2"], True])
    assert (label, bars, markup) == ("", 3, 0)
    assert "Draw something" in told
    assert scripts.run("draw/reading.js", code, [["1", "2"], False])[2] == 2


def test_what_another_network_reads_is_told_in_small(scripts: Scripts) -> None:
    code = "const made = m.besideOf(given); return [made.dataset.label, made.textContent]"
    beside = {"caption": {"template": "LeNet, modern", "values": {}}, "accuracy": 0.9951, **reading(TWENTY)}
    assert scripts.run("draw/reading.js", code, beside) == [
        "20",
        "20LeNet, modern: 99.5% of its test pictures right98%, 55%",
    ]
    unmeasured = beside | {"accuracy": None, "digits": TWENTY[:1]}
    assert scripts.run("draw/reading.js", code, unmeasured) == ["2", "2LeNet, modern98.0% sure"]


# --- a visitor's photos --------------------------------------------------------------------------------------


def test_a_jpeg_loses_what_stands_beside_its_picture(scripts: Scripts) -> None:
    picture = Image.radial_gradient("L").resize((160, 90)).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "a person's name"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif, icc_profile=bytes(3000), comment="a place")
    assert not is_plain(buffer.getvalue())
    found = bytes(scripts.run("teach/pictures.js", "return [...m.bare(new Uint8Array(given))]", [*buffer.getvalue()]))
    assert is_plain(found)
    with Image.open(io.BytesIO(found)) as bare, Image.open(buffer) as whole:
        assert np.array_equal(np.asarray(bare), np.asarray(whole))


def test_classes_of_a_file_are_refused_where_they_hold_anything_else(scripts: Scripts) -> None:
    code = """
        const limits = { classes: 10, examples: 30, name: 20, photo_bytes: 40000 };
        return m.soundClasses(given.kind, given.classes, limits);
    """

    def sound(kind: str, classes: Any) -> Any:
        return scripts.run("teach/store.js", code, {"kind": kind, "classes": classes})

    photo = base64.b64encode(b"\xff\xd8\xff" + bytes(9)).decode()
    drawing = base64.b64encode(bytes(784)).decode()
    of_drawings, of_photos = [{"name": "A", "examples": [drawing]}], [{"name": "B", "examples": [photo]}]
    assert sound("drawings", [of_drawings[0] | {"more": 1}]) == of_drawings
    assert sound("photos", of_photos) == of_photos
    assert sound("drawings", of_photos) is None
    for bad in (of_drawings, [{"name": "B", "examples": ["<svg>"]}], of_photos * 11, "B", [None]):
        assert sound("photos", bad) is None


def test_one_file_holds_what_all_parts_hold(scripts: Scripts) -> None:
    code = """
        const taken = {};
        const part = (name) => ({
            held: () => [name],
            sound: (value) => (Array.isArray(value) ? value : null),
            take: (value) => (taken[name] = value),
            clear: () => (taken[name] = "cleared"),
            restore: () => (taken[name] = "restored"),
        });
        for (const name of ["drawings", "photos", "corrections"]) await m.join(name, part(name));
        return { content: JSON.parse(await m.content()), opened: await m.open(new Blob([given])), taken };
    """
    whole: dict[str, Any] = {"kind": "lenet-own", "format": 1}
    whole |= {name: [name] for name in ("drawings", "photos", "corrections")}
    found = scripts.run("shared/own.js", code, json.dumps(whole | {"drawings": [1], "photos": []}))
    assert (found["content"], found["opened"]) == (whole, True)
    assert found["taken"] == {"drawings": [1], "corrections": ["corrections"]}  # of what the file lacks nothing changes
    others: list[Any] = [whole | {"photos": 7}, whole | {"kind": "x"}, whole | {"format": 2}, [], None]
    for bad in others:
        found = scripts.run("shared/own.js", code, json.dumps(bad))
        assert (found["opened"], found["taken"]) == (False, {})
