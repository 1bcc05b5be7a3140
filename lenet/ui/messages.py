"""What the scripts ask the server and what it answers, and how a failure is told.

    @answering
    def list_networks(server: Server, question: ListNetworks) -> NetworkList:
        ...                                     # a LeNetError, or a bug

A question arrives as a dict that anybody may have written.  `answering` reads it once, with the `read` of the
class that the function names: only `read` may say that the question is wrong.  After that the function calls the
modules, and `answering` turns what they raise into the "problem" of an answer: a `LeNetError` says what is wrong,
and anything else is a bug, which is logged with its traceback and told as a fault of ours.

An answer is a dataclass of facts, without markup: the tab's script makes the page of them, in any language.
What a fact says in words is a `Told`.  Each tab's questions and answers are in its folder's messages.py, and what
several tabs share in shared/messages.py.
"""

from __future__ import annotations

import base64
import binascii
import functools
import inspect
import logging
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, NewType, get_type_hints

import gradio as gr

from lenet.errors import LeNetError, Text
from lenet.inference.untrusted import MAX_BYTES
from lenet.ui.shared import texts, threads

if TYPE_CHECKING:
    from typing_extensions import Self  # typing has it from Python 3.11 on

Question = dict[str, Any]
Answer = dict[str, Any]
VisitorKey = NewType("VisitorKey", str)  # by which a browser is known: 32 hex digits
# Words for shared/language.js's `spoken`: a text of the page as {"key", "values"}, what a module says as a `Sentence`,
# or as {language: words}, several of these as a list, or what is the same in each language as a string.
Told = dict[str, Any] | list[Any] | str

MAX_COUNT = 1_000_000  # of test pictures, or of pages of them: no data set here has as many

GARBLED = "The page asked something that the server does not understand. Reload the page and try again."
OURS = Text("Something failed on the server. The fault is ours, and it was logged. Try again, or reload the page.")


class QuestionError(LeNetError):
    """A question that no script of this page asks."""


# --------------------------------------------------------------------------------------------------
# Reading a question


def garbled() -> QuestionError:
    return QuestionError(GARBLED)


def field(question: Question, name: str) -> Any:
    """What the question says of `name`; all of these raise QuestionError where it is not what it must be."""
    if name not in question:
        raise garbled()
    return question[name]


def text(question: Question, name: str) -> str:
    value = field(question, name)
    if not isinstance(value, str):
        raise garbled()
    return value


def flag(question: Question, name: str) -> bool:
    """Whether `name` is true; one that is missing is not."""
    return bool(question.get(name))


def listed(question: Question, name: str) -> list[Any]:
    value = field(question, name)
    if not isinstance(value, (list, tuple)):
        raise garbled()
    return list(value)


def named(question: Question, name: str) -> dict[str, Any]:
    value = field(question, name)
    if not isinstance(value, dict):
        raise garbled()
    return dict(value)


def dicts(question: Question, name: str, most: int) -> list[Question]:
    """A list of no more than `most` dicts."""
    found = listed(question, name)
    if len(found) > most or not all(isinstance(one, dict) for one in found):
        raise garbled()
    return found


def number(value: Any) -> float:
    """A number, of any size; not finite where it is too large."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise garbled()
    try:
        return float(value)
    except OverflowError:  # of hundreds of digits
        return math.inf
    except ValueError:
        raise garbled() from None


def whole(value: Any, most: int) -> int:
    """A whole number from 0 to `most`."""
    found = number(value)
    if not (0 <= found <= most and found == int(found)):
        raise garbled()
    return int(found)


def content(value: Any) -> bytes:
    """What stands there in base64, of no more bytes than a file may have."""
    if not isinstance(value, str) or len(value) > MAX_BYTES * 4 // 3 + 4:
        raise garbled()
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise garbled() from None


def visitor(question: Question) -> VisitorKey:
    """The key by which a browser is known.

    Raises:
        QuestionError: it is not 32 hex digits.
    """
    key = text(question, "visitor")
    if not re.fullmatch("[0-9a-f]{32}", key):
        raise garbled()
    return VisitorKey(key)


def sent(event: gr.EventData) -> Question:
    """What a script has given to `trigger`."""
    data = getattr(event, "_data", None)
    if not isinstance(data, dict):
        raise garbled()
    return data


def language(question: Any) -> str:
    """The language that the question names; English where it names none."""
    return str(question.get("language")) if isinstance(question, dict) else texts.DEFAULT


# --------------------------------------------------------------------------------------------------
# Questions and answers


@dataclass(frozen=True)
class Parsed:
    """A question that `answering` has read; each kind has the fields that it needs."""

    @classmethod
    def read(cls, question: Question) -> Self:
        """Reads each field by its type: a text, a flag, a visitor's key, or a part that is such a class itself.

        A class with other fields has a `read` of its own.

        Raises:
            QuestionError: the question is not what it must be.
        """
        types = get_type_hints(cls)
        return cls(**{one.name: _read(types[one.name], question, one.name) for one in fields(cls)})


def _read(kind: Any, question: Question, name: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, Parsed):
        return kind.read(question)
    if kind is VisitorKey:
        return visitor(question)
    return {str: text, bool: flag}[kind](question, name)


@dataclass(frozen=True)
class Problem:
    """What went wrong, where an answer has more to say of it than an error."""

    problem: Told


@dataclass(frozen=True)
class OfVisitor(Parsed):
    """Something that only says whose it is."""

    visitor: VisitorKey


@dataclass(frozen=True)
class Done:
    """What was asked for is done."""


@dataclass(frozen=True)
class Sentence:
    """What a module says in English, and in other languages in `lenet.ui.shared.sentences`: see `lenet.errors.Text`.

    Attributes:
        template: English, with names in braces, as "from {low:.2f} to {high:.2f}".
        values: what is filled in: numbers, strings, sentences, or lists of these.
    """

    template: str
    values: dict[str, Any]

    @classmethod
    def of(cls, said: Text | str) -> Sentence:
        """From a module's; a value that is an error becomes its sentence."""
        if isinstance(said, str):
            return cls(said, {})
        return cls(said.template, {name: texts.told(value) for name, value in said.values.items()})


# --------------------------------------------------------------------------------------------------
# Answering a question


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a server function answer in its question's language, on one core, also where it fails.

    The question is read by the class that the function's second argument is annotated with.  A failure is
    {"problem": {language: sentence}}, for what stays on the page when the language changes.  An answer that is a
    dataclass becomes a dict.  What Gradio adds to the question, such as the request, is handed on.
    """
    _, second, *_ = inspect.signature(function).parameters
    kind: type[Parsed] = get_type_hints(function)[second]

    def failure(error: Exception) -> Answer:
        return {"problem": texts.words(told(function.__name__, error))}

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer_later(server: Any, question: Question, *context: Any) -> Any:
            with texts.speaking(language(question)):
                try:
                    return _plain(await function(server, kind.read(_dict(question)), *context))
                except Exception as error:
                    return failure(error)

        return answer_later

    @functools.wraps(function)
    def answer(server: Any, question: Question, *context: Any) -> Any:
        threads.one()
        with texts.speaking(language(question)):
            try:
                return _plain(function(server, kind.read(_dict(question)), *context))
            except Exception as error:
                return failure(error)

    return answer


def _plain(answer: Any) -> Any:
    return asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer


def _dict(question: Any) -> Question:
    if not isinstance(question, dict):
        raise garbled()
    return question


@contextmanager
def endpoint(name: str) -> Iterator[None]:
    """For what Gradio itself calls: a failure within becomes an error of Gradio's, in the language that is spoken."""
    try:
        yield
    except Exception as error:
        if isinstance(error, LeNetError):
            logging.warning("%s was refused: %s", name, error.template)  # without its values: names of visitors' files
        raise gr.Error(texts.translated(told(name, error)), print_exception=False) from None


def told(name: str, error: Exception) -> Text:
    """What to tell of an error that ended `name`; one that nobody raised on purpose is logged with its traceback."""
    if isinstance(error, LeNetError):
        return error.text
    logging.error("%s failed", name, exc_info=error)
    return OURS
