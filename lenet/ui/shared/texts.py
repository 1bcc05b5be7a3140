"""Every text of the page, by language: English, and Simplified Chinese.

What the page's own code says has a key, and each part of the page a file here with its texts.  The server says
them with `say`; the scripts have all of them, and say them too (shared/language.js).  What the modules
below the page say - errors, the steps of preprocessing, what networks and recipes are - they say in English,
as a template with values (`lenet.errors.Text`) or as a plain name.  `translated` says it in the visitor's
language: `sentences` has every template.

The browser names the visitor's language with whatever it asks; `messages.answering` answers in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, TypeVar

from lenet.errors import LeNetError, Text
from lenet.ui.draw import texts as draw_texts
from lenet.ui.home import texts as home_texts
from lenet.ui.photo import texts as photo_texts
from lenet.ui.report import texts as report_texts
from lenet.ui.shared import frame_texts, glossary_texts, sentences
from lenet.ui.teach import texts as teach_texts
from lenet.ui.train import texts as train_texts
from lenet.ui.zoo import texts as zoo_texts

DEFAULT = "en"
PARTS = (
    *(frame_texts, glossary_texts, draw_texts, photo_texts, zoo_texts, report_texts),
    *(train_texts, teach_texts, home_texts),
)
ENGLISH = {key: text for part in PARTS for key, text in part.ENGLISH.items()}
CHINESE = {key: text for part in PARTS for key, text in part.CHINESE.items()}
LANGUAGES: dict[str, dict[str, str]] = {"en": ENGLISH, "zh": CHINESE}
SENTENCES: dict[str, dict[str, str]] = {"zh": sentences.CHINESE}

Made = TypeVar("Made")

_spoken: ContextVar[str] = ContextVar("language", default=DEFAULT)


@dataclass(frozen=True)
class Said:
    """A sentence that is still to be put into a language: its key, and what is filled in."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.key, **{name: spoken(value) for name, value in self.values.items()})


class English(str):
    """What a module says in English without values, such as what a recipe is; or what a stranger wrote there."""


def spoken(said: Any) -> str:
    """What is still to be put into a language, in the one that is spoken: a text of these kinds, or a list of them."""
    if isinstance(said, (list, tuple)):
        return say("list_comma").join(map(spoken, said))
    return translated(said) if isinstance(said, (Text, English)) else str(said)


def told(said: Any) -> Any:
    """The same for shared/language.js's `spoken`, which puts it into any language: see `messages.Told`."""
    if isinstance(said, Said):
        return {"key": said.key, "values": {name: told(value) for name, value in said.values.items()}}
    if isinstance(said, Text):
        return {"template": said.template, "values": {name: told(value) for name, value in said.values.items()}}
    if isinstance(said, PurePath):
        return said.name
    if isinstance(said, English):
        return {"template": str(said), "values": {}}
    if isinstance(said, (list, tuple)):
        return [told(one) for one in said]
    return told(said.text) if isinstance(said, LeNetError) else said


def words(said: str | Text | LeNetError) -> dict[str, str]:
    """What a module says in English, in each language."""
    return in_each(lambda: translated(said))


def say(key: str, **values: Any) -> str:
    """The text called `key` in the language that is spoken, its words in braces filled in."""
    return _filled(LANGUAGES[_spoken.get()][key], values)


def translated(said: str | Text | LeNetError) -> str:
    """What a module says in English, in the language that is spoken; as it is where that has no words for it."""
    known = SENTENCES.get(_spoken.get(), {})
    return known.get(said, said) if isinstance(said, str) else _named(said).render(known)


def _named(said: Any) -> Any:
    """The same with a path's last name in place of a path: where a server has its files is not a visitor's to know."""
    if isinstance(said, LeNetError):
        said = said.text
    if isinstance(said, Text):
        return said.with_values(_named)
    if isinstance(said, tuple):
        return tuple(map(_named, said))
    return said.name if isinstance(said, PurePath) else said


def translations(sentences: Iterable[str]) -> dict[str, dict[str, str]]:
    """What modules say in English in each other language, for a script's `translated`."""
    found = {}
    for language in SENTENCES:
        with speaking(language):
            found[language] = {sentence: translated(sentence) for sentence in sentences}
    return found


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """`say` and `translated` speak this language meanwhile; English where there is no such language here."""
    token = _spoken.set(language if language in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _spoken.reset(token)


def in_each(make: Callable[[], Made]) -> dict[str, Made]:
    """What `make` makes while each language is spoken: for what the page is to have in all of them."""
    made = {}
    for language in LANGUAGES:
        with speaking(language):
            made[language] = make()
    return made


def _filled(text: str, values: dict[str, Any]) -> str:
    # In one go: what is filled in may hold braces too, for a visitor may have written it.
    return re.sub(r"\{(\w+)\}", lambda blank: str(values.get(blank[1], blank[0])), text)
