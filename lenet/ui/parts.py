"""Pieces of the page that have a file of their own, and are put together in Python."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def read(*names: str) -> str:
    """The files of those names beside this one, one behind the other."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
