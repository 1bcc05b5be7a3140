"""What the scripts ask the server: how a question is read, and how a failure is told.

    @answering
    def read_drawing(server: Server, question: Question) -> Answer:
        network = text(question, "network")     # QuestionError unless it is a string
        ...                                     # a LeNetError, or a bug

A server function gets a dict that anybody may have written.  It reads the fields that it needs first,
with the functions below: only they may say that the question is wrong.  After that it calls the modules,
and `answering` turns what they raise into the "problem" of an answer: a `LeNetError` says what is wrong,
and anything else is a bug, which is logged with its traceback and told as a fault of ours.
"""

from __future__ import annotations

import functools
import inspect
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import gradio as gr

from lenet.errors import LeNetError, Text
from lenet.ui.shared import texts

Question = dict[str, Any]
Answer = dict[str, Any]
ServerFunction = TypeVar("ServerFunction", bound=Callable[..., Any])

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
# Answering it


def answering(function: ServerFunction) -> ServerFunction:
    """Make a server function answer in its question's language, also where it fails: {"problem": a sentence}.

    What Gradio adds to the question, such as the request, is handed on.
    """
    return _answering(function, texts.translated)


def answering_in_each(function: ServerFunction) -> ServerFunction:
    """The same with {"problem": {language: sentence}}, for what stays on the page when the language changes."""
    return _answering(function, lambda problem: texts.in_each(lambda: texts.translated(problem)))


def _answering(function: ServerFunction, said: Callable[[Text], Any]) -> ServerFunction:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def answer_later(server: Any, question: Question, *context: Any) -> Any:
            with texts.speaking(language(question)):
                try:
                    return await function(server, _dict(question), *context)
                except Exception as error:
                    return {"problem": said(told(function.__name__, error))}

        return answer_later  # type: ignore[return-value]  # of the same signature

    @functools.wraps(function)
    def answer(server: Any, question: Question, *context: Any) -> Any:
        with texts.speaking(language(question)):
            try:
                return function(server, _dict(question), *context)
            except Exception as error:
                return {"problem": said(told(function.__name__, error))}

    return answer  # type: ignore[return-value]  # of the same signature


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
