"""The scripts' pure functions: numbers, texts and languages, and what one script tells another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from lenet.errors import Text
from lenet.ui import messages
from lenet.ui.shared import texts
from tests.e2e.conftest import Scripts

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
