"""Every text in every language, and every sentence that a module may say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lenet.datasets import DATASETS
from lenet.models import MODELS
from lenet.recipes import RECIPES
from lenet.ui import settings, texts

PAGE = Path(__file__).parents[2] / "lenet" / "ui"
BLANK = re.compile(r"{\w+}")


def test_no_text_has_two_places() -> None:
    keys = [key for part in texts.PARTS.values() for key in part.ENGLISH]
    assert len(keys) == len(set(keys))


def test_every_language_says_everything_with_the_same_blanks() -> None:
    for language, said in texts.LANGUAGES.items():
        assert set(said) == set(texts.ENGLISH), language
        for key, text in said.items():
            assert set(BLANK.findall(text)) == set(BLANK.findall(texts.ENGLISH[key])), (language, key)
    for language, sentences in texts.SENTENCES.items():
        for english, text in sentences.items():
            assert set(BLANK.findall(text)) == set(BLANK.findall(english)), (language, english)


def test_what_the_page_says_is_in_the_texts() -> None:
    page = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.*"))
    asked = re.findall(r'\bsay\(\s*"(\w+)"', page) + re.findall(r'data-say(?:-\w+)?="(\w+)"', page)
    assert len(asked) > 80
    assert set(asked) <= set(texts.ENGLISH)


def test_a_script_has_the_texts_that_it_asks_for() -> None:
    for script, parts in SCRIPTS.items():
        source = (PAGE / script).read_text(encoding="utf-8")
        asked = set(re.findall(r'\bsay\(\s*"(\w+)"', source))
        assert asked <= set(texts.of(*parts)["en"]), script


# What lenet/ui gives each script as props.languages.
SCRIPTS = {
    "head.js": (),
    "inside.js": ("draw",),
    "layers.js": (),
    "pad.js": ("draw",),
    "photo.js": ("photo",),
    "report.js": ("report",),
    "report_place.js": ("report",),
    "train.js": ("train",),
    "why.js": ("photo",),
    "zoo.js": ("zoo", "report"),
}


def sentences(path: Path) -> set[str]:
    """What the errors of a module say, "{}" for what is filled in."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and re.search(r"(Error|foreign|_refusal)$", ast.unparse(node.func)):
            found |= {text for argument in node.args if (text := template(argument)) and " " in text}
    return found


def template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        return "".join(parts)
    return None


# What only the terminal runs, or what is caught below the page.
NOT_ON_THE_PAGE = {"export.py", "logbook.py", "keras_twins.py", "parallel.py"}
CAUGHT = {
    "a temperature of {}",
    "a score scale from {} to {}",
    "statistics that are not of finite numbers",
    "other than {} statistics",
    "the confusion matrix",
    "epoch {}, step {}",
    "{} epochs of {}, {} seconds",
    "the optimizer's moments are not all there",
    "a change of the learning rate to {} at {}, {}",
    "images of {} pixels do not fit a network of {} pixels by padding",
    "a run without its data",
    "a visitor's key",
    "{}: {}",  # settings.py, of texts
}


@pytest.mark.parametrize("path", sorted(PAGE.parent.rglob("*.py")), ids=lambda path: path.name)
def test_every_errors_sentence_is_known_in_every_language(path: Path) -> None:
    if path.name in NOT_ON_THE_PAGE:
        pytest.skip("only the terminal runs it")
    for language, known in texts.SENTENCES.items():
        assert sentences(path) - CAUGHT <= {BLANK.sub("{}", english) for english in known}, language


def test_no_sentence_is_taken_for_another() -> None:
    for language, known in texts.SENTENCES.items():
        with texts.speaking(language):
            for english, text in known.items():
                said, wanted = (BLANK.sub(lambda blank: f"<{blank[0].strip('{}')}>", form) for form in (english, text))
                assert texts.translated(said) == wanted


def test_errors_are_found() -> None:
    assert "There is no weights file at {}. Check the name." in sentences(PAGE.parent / "checkpoint.py")


def test_what_recipes_models_and_data_sets_are_is_known_in_every_language() -> None:
    listed = [RECIPES[name] for name in settings.listed()]
    told = {text for recipe in listed for text in (recipe.about, recipe.source, recipe.claims) if text}
    told |= {model.about for model in MODELS.values()} | {DATASETS[name].about for name in settings.LISTED}
    told |= {name for dataset in settings.LISTED.values() for name in dataset.classes if not name.isdigit()}
    told -= {RECIPES["mnist-lenet5-1998"].source}  # names and a journal
    for known in texts.translations(told).values():
        assert [sentence for sentence, text in known.items() if sentence == text] == []


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(
        texts.SENTENCES,
        "zh",
        {"There is no {name}.": "没有{name}。", "a cat": "猫", "It has {count} MB": "共 {count} MB"},
    )
    texts._patterns.cache_clear()
    yield
    texts._patterns.cache_clear()


def test_the_visitors_language_is_spoken(chinese: None) -> None:
    assert texts.say("language") == "Language"
    with texts.speaking("zh"):
        assert texts.say("language") == "语言"
        assert texts.say("seconds", seconds=3) == "3 秒"
        assert texts.translated("a cat") == "猫"
        assert texts.translated("There is no a cat.") == "没有猫。"
        assert texts.translated("There is no one\nhere.") == "没有one\nhere。"
        assert texts.translated("It has 20 MB") == "共 20 MB"
        assert texts.translated("Nobody knows this.") == "Nobody knows this."
    assert texts.translated("a cat") == "a cat"


def test_braces_that_a_visitor_wrote_stay() -> None:
    assert texts.say("upload_done", name="{tab}", tab="Draw").startswith("{tab} is yours")


def test_something_is_made_in_each_language() -> None:
    assert texts.in_each(lambda: texts.say("language")) == {"en": "Language", "zh": "语言"}


def test_a_server_function_answers_in_its_questions_language(chinese: None) -> None:
    @texts.answering
    def answer(question: object) -> dict[str, str]:
        return {"said": texts.say("language"), "problem": "a cat"}

    assert answer({"language": "zh"}) == {"said": "语言", "problem": "猫"}
    assert answer({"language": "tlh"}) == answer({}) == answer([]) == {"said": "Language", "problem": "a cat"}
    assert texts.say("language") == "Language"
