"""Paths as people write them, in every place that takes one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lenet
from lenet.cli import main, train_main
from lenet.data.datasets import data_root, is_downloaded
from lenet.errors import LeNetError
from lenet.paths import expanded
from lenet.training.stored import WEIGHTS, weights_file

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a space and letters that are not ASCII, and a current folder that is another."""
    home, elsewhere = tmp_path / "Ada Łovelace 数据", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(elsewhere)
    return home


@pytest.mark.parametrize("written", ["~/data", "$HOME/data", "${HOME}/data"])
def test_home_is_found_however_it_is_written(written: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert expanded(written) == home / "data"
    monkeypatch.setenv("LENET_DATA", written)
    assert data_root() == home / "data"


def test_plain_paths_stay_as_they_are() -> None:
    for path in ("data", "my data", "/tmp/数据", ".", "a/../b", "x~y"):
        assert expanded(path) == Path(path)


def test_a_name_that_really_holds_a_dollar_is_kept() -> None:
    Path("$5").write_text("five")
    assert expanded("$5") == Path("$5")


def test_a_folder_called_tilde_is_never_meant(home: Path) -> None:
    Path("~").mkdir()
    assert expanded("~") == home


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("$NO_SUCH_NAME/x", "holds \\$NO_SUCH_NAME, which is not set"),
        ("${NO_SUCH_NAME}", "which is not set"),
        ("~no_such_user/x", "does not know"),
    ],
)
def test_what_cannot_be_expanded_is_said(written: str, says: str) -> None:
    with pytest.raises(LeNetError, match=says):
        expanded(written)


@pytest.mark.skipif(os.name == "nt", reason="these are paths there")
@pytest.mark.parametrize("written", ["C:\\Users\\Ada\\data", "d:/data", "\\\\server\\data"])
def test_a_windows_path_makes_no_folder_of_that_name(written: str) -> None:
    with pytest.raises(LeNetError, match="is a Windows path"):
        expanded(written)


def test_the_library_takes_them(home: Path) -> None:
    (home / "mine.safetensors").write_bytes((WEIGHTS / "digits.safetensors").read_bytes())
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(home / "empty.png")
    assert weights_file("~/mine.safetensors") == home / "mine.safetensors"
    reader = lenet.DigitClassifier.from_pretrained("$HOME/mine.safetensors")
    assert reader.predict("~/empty.png").verdict == "blank"
    assert not is_downloaded("mnist", "~/data")
    lenet.load_dataset("digits", "~/data")
    with pytest.raises(LeNetError, match="which is not set"):
        lenet.load_dataset("digits", "$NO_SUCH_NAME")


def test_the_command_line_takes_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "mine.safetensors").write_bytes((WEIGHTS / "digits.safetensors").read_bytes())
    assert main(["export", "onnx", "~/mine.safetensors", "--out", "~/out 数.onnx"]) == 0
    assert train_main("", ["digits-demo", "--epochs", "1", "--out", "$HOME/mine/net.safetensors", "--data", "~/d"]) == 0
    assert train_main("", ["--evaluate", "~/mine/net.safetensors", "--data", "$HOME/d"]) == 0
    assert train_main("", ["--export", "onnx", "~/mine.safetensors"]) == 0
    assert {path.name for path in home.rglob("*.*")} >= {"out 数.onnx", "mine.onnx", "net.safetensors", "net.png"}
    assert list(Path().iterdir()) == []
    capsys.readouterr()
    assert train_main("", ["digits-demo", "--out", "C:\\net.safetensors"]) == 1
    assert "is a Windows path" in capsys.readouterr().err


def test_gradios_upload_folder_may_be_named_as_a_shell_would(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "GRADIO_TEMP_DIR": "~/my uploads"}
    script = "import lenet.ui, os; print(os.environ['GRADIO_TEMP_DIR'])"
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path / "my uploads"), done.stderr
    assert (tmp_path / "my uploads").is_dir()
