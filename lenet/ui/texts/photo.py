"""The Photo tab's texts."""

ENGLISH: dict[str, str] = {}

CHINESE: dict[str, str] = {}
