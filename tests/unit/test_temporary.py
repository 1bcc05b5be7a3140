"""Folders that end with their process, also one that is killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lenet.ui import temporary
from lenet.ui.server import FOLDER, Server
from lenet.ui.temporary import MARK, LockedFolder, sweep

if temporary.fcntl is None:
    pytest.skip("this system has no locks", allow_module_level=True)

LEAVES = """
import os
import sys
import tempfile
from lenet.ui.temporary import LockedFolder

tempfile.tempdir = sys.argv[1]
folder = LockedFolder("lenet-page-")
(folder.path / "networks").mkdir()
print(folder.path, flush=True)
if sys.argv[2] == "dies":
    os._exit(1)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def process(folder: Path, how: str) -> tuple[subprocess.Popen[str], Path]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = subprocess.Popen([sys.executable, "-c", LEAVES, str(folder), how], **pipes)  # type: ignore[call-overload]
    return started, Path(started.stdout.readline().strip())


def test_a_server_sweeps_the_folders_of_dead_ones(folder: Path) -> None:
    killed, left = process(folder, "dies")
    killed.communicate()
    living, held = process(folder, "lives")
    assert (left / "networks").is_dir()
    server = Server()
    try:
        assert not left.exists()
        assert held.is_dir(), "its process lives"
        sweep(FOLDER)
        assert server.folder.is_dir(), "ours"
    finally:
        server.close()
        living.communicate("")
    assert list(folder.iterdir()) == []


def test_what_may_be_another_s_stays(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / MARK).touch()
    (folder / "lenet-page-link").symlink_to(folder / "elsewhere")
    (folder / "lenet-page-older").mkdir()  # of a version without locks, which may live
    (folder / "lenet-page-file").touch()
    there = set(folder.rglob("*"))
    sweep(FOLDER)
    assert set(folder.rglob("*")) == there


def test_a_folder_ends_with_close_though_a_cleaner_has_taken_it(folder: Path) -> None:
    made = LockedFolder(FOLDER)
    (made.path / MARK).unlink()
    made.path.rmdir()
    made.path.mkdir()
    made.close()
    made.close()
    assert list(folder.iterdir()) == []
