"""What is refused before Gradio looks at it."""

from __future__ import annotations

import json
import random
import re
import sys
from typing import Any

import pytest

import lenet.ui.page  # noqa: F401 - and with it every module of the page
from lenet.ui.shared.bodies import MAX_DEPTH, RefusedError, refuse_unusual


def nested(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {"a": value} if depth % 2 else [value]
    return value


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


def is_usual(body: bytes) -> bool:
    try:
        refuse_unusual(body)
    except RefusedError:
        return False
    return True


def test_depth_is_that_of_lists_and_objects_and_not_of_what_strings_hold() -> None:
    chance = random.Random(1)
    signs = ["[", "]", "{", "}", '"', "\\", "a", "数"]
    for _ in range(2000):
        words = ["".join(chance.choices(signs, k=chance.randrange(12))) for _ in range(40)]
        depth = chance.choice([1, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 5])
        question = {word: nested(depth, word) for word in words[:3]} | {"more": words}
        assert is_usual(json.dumps(question).encode()) == (depth_of(question) <= MAX_DEPTH), question


@pytest.mark.parametrize("body", [b"[" * 99, b'{"a":' * 99, b'"\\"' + b"[" * 99, b'["' + b"\\" * 4 + b'",' + b"[" * 99])
def test_what_is_no_json_is_counted_as_far_as_it_goes(body: bytes) -> None:
    assert not is_usual(body)


def test_patterns_are_of_the_oldest_python() -> None:
    """Python 3.10 knows neither possessive repeats nor atomic groups, and cannot import a module that has one."""
    parser = pytest.importorskip("re._parser", reason="Python 3.10 refuses them itself")
    newer = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}
    patterns = [
        (name, value.pattern)
        for name, module in list(sys.modules.items())
        if name.split(".")[0] == "lenet"
        for value in list(vars(module).values())
        if isinstance(value, re.Pattern)
    ]
    assert len(patterns) >= 5
    for name, pattern in patterns:
        text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        assert not any(word in str(parser.parse(text).data) for word in newer), (name, pattern)
