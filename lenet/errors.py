"""Every error that this package raises on purpose, and the sentences that it says.

    LeNetError
    ├── ImageError        a picture that cannot be read, or is too large
    ├── FetchError        a picture's web address that is refused, or has no picture
    ├── DataError         a data set that is missing, incomplete or not reachable
    ├── RecipeError       a recipe, or an override of one, that cannot be trained
    ├── TrainingError     a run that cannot go on
    │   └── DivergedError     its loss is no longer finite
    ├── CheckpointError   a weights file that is damaged, foreign or does not fit, or that cannot be written
    └── PackageError      an optional package that is not installed

Each error is one or two sentences for the person at the page or the terminal: what is wrong, where,
and what to do about it.  It is raised as a template and its values,

    raise ImageError("There is no picture at {path}. Check the path.", path=path)

so that the page can say it in every language: the template is looked up, the values are filled in.
The template is a literal, or a constant of the module; a test reads the source and demands a translation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

LIST_SEPARATOR = ", "  # between the items of a value that is a list; a language may have its own

_ENGLISH: Mapping[str, str] = {}


@dataclass(frozen=True, init=False)
class Text:
    """A sentence or a phrase: an English template, and the values for the names in its braces.

    `str(text)` is the English text.  A value may be a number (`{size:,}` formats it), a string, another
    `Text` or a `LeNetError`, which are said in the language of the whole, a path, or a list of these.
    Anything else is turned into a string at once, so a text can always be copied and pickled.
    """

    template: str
    values: Mapping[str, Any]

    def __init__(self, template: str, /, **values: Any) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", {name: _plain(value) for name, value in values.items()})

    def __hash__(self) -> int:
        return hash((self.template, tuple(self.values.items())))

    def __str__(self) -> str:
        return self.render(_ENGLISH)

    def with_values(self, change: Callable[[Any], Any]) -> Text:
        """The same words around other values: what `change` makes of each."""
        return Text(self.template, **{name: change(value) for name, value in self.values.items()})

    def render(self, translations: Mapping[str, str]) -> str:
        """The text in another language.

        Args:
            translations: by English template; a template that is missing stays English.
        """
        template = translations.get(self.template, self.template)
        if not self.values:
            return template  # as it is: it may hold braces
        try:
            return template.format(**{name: _said(value, translations) for name, value in self.values.items()})
        except (LookupError, ValueError, AttributeError, TypeError):  # a wrong template must not hide the error
            return template


class LeNetError(Exception):
    """The root: `except LeNetError` catches everything that has a sentence for the user.

    Attributes:
        text: what is wrong; `str(error)` is the same in English.
    """

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template)  # `args`, of which a copy is made; the values follow in __dict__
        self.text = Text(template, **values)

    @property
    def template(self) -> str:
        return self.text.template

    @property
    def values(self) -> Mapping[str, Any]:
        return self.text.values

    def __str__(self) -> str:
        return str(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def render(self, translations: Mapping[str, str]) -> str:
        """What is wrong in another language, see `Text.render`."""
        return self.text.render(translations)


def _plain(value: Any) -> Any:
    if isinstance(value, LeNetError):
        return value.text
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    return value if isinstance(value, (str, int, float, Text, PurePath)) else str(value)


def _said(value: Any, translations: Mapping[str, str]) -> Any:
    if isinstance(value, Text):
        return value.render(translations)
    if isinstance(value, tuple):
        separator = translations.get(LIST_SEPARATOR, LIST_SEPARATOR)
        return separator.join(str(_said(item, translations)) for item in value)
    return value


class ImageError(LeNetError):
    pass


class FetchError(LeNetError):
    pass


class DataError(LeNetError):
    pass


class RecipeError(LeNetError):
    pass


class TrainingError(LeNetError):
    pass


class DivergedError(TrainingError):
    pass


class CheckpointError(LeNetError):
    pass


class PackageError(LeNetError):
    pass
