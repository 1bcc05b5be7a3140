"""Every text in every language, and every template that a module may say."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict
from pathlib import Path
from string import Formatter

import pytest

from lenet.data.datasets import DATASETS
from lenet.errors import DataError, ImageError, LeNetError, Text
from lenet.models import MODELS
from lenet.training.recipes import RECIPES
from lenet.ui import messages
from lenet.ui.shared import texts
from lenet.ui.train import settings

PAGE = Path(__file__).parents[2] / "lenet" / "ui"
BLANK = re.compile(r"{\w+}")
FIELD = re.compile(r"{[^{}]*}")


def blanks(template: str) -> set[str]:
    """The names in its braces."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_no_text_has_two_places() -> None:
    keys = [key for part in texts.PARTS for key in part.ENGLISH]
    assert len(keys) == len(set(keys))


def test_every_language_says_everything_with_the_same_blanks() -> None:
    for language, said in texts.LANGUAGES.items():
        assert set(said) == set(texts.ENGLISH), language
        for key, text in said.items():
            assert set(BLANK.findall(text)) == set(BLANK.findall(texts.ENGLISH[key])), (language, key)
    for language, known in texts.SENTENCES.items():
        for english, text in known.items():
            assert blanks(text) == blanks(english), (language, english)


def test_what_the_page_says_is_in_the_texts() -> None:
    page = "".join(
        path.read_text(encoding="utf-8") for path in PAGE.rglob("*.*") if path.suffix in (".py", ".js", ".html")
    )
    asked = re.findall(r'\bsay\(\s*"(\w+)"', page) + re.findall(r'data-say(?:-\w+)?="(\w+)"', page)
    assert len(asked) > 80
    assert set(asked) <= set(texts.ENGLISH)


# --------------------------------------------------------------------------------------------------
# What the modules say: templates of errors and texts, read from the source


def errors(root: type[LeNetError] = LeNetError) -> set[str]:
    """The names of all errors, those of the page among them."""
    return {root.__name__}.union(*(errors(kind) for kind in root.__subclasses__()))


assert messages.QuestionError.__name__ in errors()
SAYING = errors() | {"Text"}
# What only the terminal runs.
NOT_ON_THE_PAGE = {
    "lenet/inference/onnx.py",
    "lenet/training/tensorboard.py",
    "lenet/training/keras_backend.py",
    "lenet/training/distributed.py",
    "lenet/cli.py",
    "lenet/run.py",
    "train.py",
}
HOME = PAGE.parents[1]
SOURCES = sorted({*PAGE.parent.rglob("*.py"), HOME / "train.py"} - {PAGE.parent / "errors.py"})


def templates(source: str) -> list[str]:
    """The templates that a module says; AssertionError for one that is neither a literal nor a constant."""
    tree, found = ast.parse(source), []
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] not in SAYING:
            continue
        where = f"line {node.lineno}: {ast.unparse(node)}"
        assert node.args, f"{where} says nothing"
        first = node.args[0]
        text = constants.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
        assert isinstance(text, str), f"{where}: the template is no literal"
        filled = {keyword.arg for keyword in node.keywords}
        assert None in filled or blanks(text) == filled, f"{where}: other values than the template's"
        found.append(text)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(HOME).as_posix())
def test_every_template_is_known_in_every_language(path: Path) -> None:
    said = templates(path.read_text(encoding="utf-8"))
    if path.relative_to(HOME).as_posix() in NOT_ON_THE_PAGE:
        return
    told = {text for text in said if re.search("[A-Za-z0-9]", FIELD.sub("", text))}
    for language, known in texts.SENTENCES.items():
        assert told <= set(known), language


def test_every_translation_is_of_something_that_is_said() -> None:
    said = {text for path in SOURCES for text in templates(path.read_text(encoding="utf-8"))}
    for known in texts.SENTENCES.values():
        assert {english for english in known if blanks(english)} <= said


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('raise ImageError(f"{path} is gone.")', "no literal"),
        ("raise ImageError(sentence)", "no literal"),
        ('raise errors.ImageError("a" + path)', "no literal"),
        ("raise ImageError()", "says nothing"),
        ('Text("{path} is gone.")', "other values"),
        ('raise QuestionError("It is gone.", path=path)', "other values"),
    ],
)
def test_what_could_not_be_translated_is_found(source: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        templates(source)


def test_templates_are_found() -> None:
    said = [text for path in SOURCES for text in templates(path.read_text(encoding="utf-8"))]
    assert len(said) > 150
    assert "There is no weights file at {path}. Check the name." in said
    assert "The picture has more than {count} megapixels: make it smaller and try again." in said  # by its constant
    assert templates('SAID = "{n:,} left"\nraise LeNetError(SAID, n=3)') == ["{n:,} left"]


def test_what_recipes_models_and_data_sets_are_is_known_in_every_language() -> None:
    listed = [RECIPES[name] for name in settings.listed()]
    told = {text for recipe in listed for text in (recipe.about, recipe.source, recipe.claims) if text}
    told |= {model.about for model in MODELS.values()} | {DATASETS[name].about for name in settings.LISTED}
    told |= {name for dataset in settings.LISTED.values() for name in dataset.classes if not name.isdigit()}
    told -= {RECIPES["mnist-lenet5-1998"].source}  # names and a journal
    for known in texts.translations(told).values():
        assert [sentence for sentence, text in known.items() if sentence == text] == []


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"There is no {name}.": "没有{name}。", "a cat": "猫", "It has {count:,} MB": "共 {count:,} MB"}
    monkeypatch.setitem(texts.SENTENCES, "zh", known)


def test_the_visitors_language_is_spoken(chinese: None) -> None:
    assert texts.say("language") == "Language"
    with texts.speaking("zh"):
        assert texts.say("language") == "语言"
        assert texts.say("seconds", seconds=3) == "3 秒"
        assert texts.translated("a cat") == "猫"
        assert texts.translated(Text("There is no {name}.", name=Text("a cat"))) == "没有猫。"
        assert texts.translated(ImageError("There is no {name}.", name="one\nhere")) == "没有one\nhere。"
        assert texts.translated(Text("It has {count:,} MB", count=2000)) == "共 2,000 MB"
        assert texts.translated("Nobody knows this.") == "Nobody knows this."
        assert texts.translated("There is no a cat.") == "There is no a cat."  # nothing is read out of English
    assert texts.translated("a cat") == "a cat"
    assert texts.translated(Text("There is no {name}.", name=Text("a cat"))) == "There is no a cat."


def test_braces_that_a_visitor_wrote_stay() -> None:
    assert texts.say("upload_done", name="{tab}", tab="Draw").startswith("{tab} is yours")


def test_the_page_names_a_path_by_its_end_and_the_server_in_full() -> None:
    inner = Text("it is not in {folder}", folder=Path("/srv/secret/mnist"))
    error = DataError("{path} is damaged: {why}, {others}.", path=Path("/srv/secret/raw"), why=inner, others=[inner])
    assert str(error).count("/srv/secret") == 3
    expected = "raw is damaged: it is not in mnist, it is not in mnist."
    assert texts.translated(error) == expected
    assert "secret" not in json.dumps(texts.told(error))
    assert "secret" not in json.dumps(asdict(messages.Sentence.of(error.text)))


def test_something_is_made_in_each_language() -> None:
    assert texts.in_each(lambda: texts.say("language")) == {"en": "Language", "zh": "语言"}
