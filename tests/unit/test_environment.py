"""What the environment says of the machine around the page."""

from __future__ import annotations

import os

import pytest

from lenet.ui import surroundings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", *surroundings.EMPTY_IS_UNSET):
        monkeypatch.setenv(name, "")  # so that what the code sets is taken back
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", surroundings.EMPTY_IS_UNSET)
def test_an_empty_variable_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for empty in ("", " "):
        monkeypatch.setenv(name, empty)
        surroundings.forget_empty_settings()
        assert name not in os.environ
    monkeypatch.setenv(name, "1")
    surroundings.forget_empty_settings()
    assert os.environ[name] == "1"
