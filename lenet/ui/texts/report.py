"""The networks' reports' texts."""

ENGLISH: dict[str, str] = {}

CHINESE: dict[str, str] = {}
