"""pyproject.toml names the packages and the requirements that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has none to read pyproject.toml with")

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def required(name: str) -> list[str]:
    """The lines of a requirements file that name a package."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and line != "-r requirements.txt"]


def test_every_package_is_named() -> None:
    folders = {path.parent for path in (ROOT / "lenet").rglob("__init__.py")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages | {"lenet.weights"}


@pytest.mark.parametrize("extra", ["keras", "dev"])
def test_an_extra_asks_for_what_its_requirements_file_does(extra: str) -> None:
    assert sorted(PROJECT["project"]["optional-dependencies"][extra]) == sorted(required(f"requirements-{extra}.txt"))


def test_the_lock_has_one_version_of_each_requirement_and_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|@", text)
    locked = dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", text, re.MULTILINE))
    for line in required("requirements.txt"):
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[requirement.name]), line


def test_the_image_is_made_of_what_is_locked() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "-r requirements.txt -c requirements.lock" in dockerfile
    assert re.search(r"^USER lenet$", dockerfile, re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile
    assert "whl/cpu" in dockerfile


def test_the_package_depends_on_what_the_hosts_install() -> None:
    assert PROJECT["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}
    assert "dependencies" in PROJECT["project"]["dynamic"]
    assert "torch>=2.8" in required("requirements.txt")
