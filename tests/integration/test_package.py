"""`pip install .`: the wheel has all that the library and the `lenet` command need, from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tests.serving import serve

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, built and installed into a folder of its own, without its dependencies."""
    try:
        found = version("setuptools")
    except PackageNotFoundError:
        pytest.skip("setuptools is not installed, so no wheel can be built without a network")
    if int(found.split(".")[0]) < 77:
        pytest.skip(f"setuptools {found} is older than the 77 that pyproject.toml asks for")
    place = tmp_path_factory.mktemp("installed")
    # From a copy of what git would give: setuptools builds in the source folder.
    source = tmp_path_factory.mktemp("source")
    names = ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "lenet", "weights")
    subprocess.run(["cp", "-r", *(str(ROOT / name) for name in names), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*pip, "--no-build-isolation", "--no-index", "--target", str(place), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place


def run(installed: Path, folder: Path, *command: str) -> str:
    """What the command prints in `folder`, where only the installed package can be found."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_library_reads_a_drawing_and_knows_every_shipped_network(installed: Path, tmp_path: Path) -> None:
    program = (
        "import numpy, lenet; from lenet.training.stored import WEIGHTS; print(lenet.__file__);"
        "picture = numpy.full((280, 280), 255, 'uint8'); picture[60:220, 130:150] = 0;"
        "print(lenet.Classifier.from_pretrained('digits').predict(picture).label);"
        "print(*sorted(path.name for path in WEIGHTS.glob('*.safetensors')))"
    )
    file, label, names = run(installed, tmp_path, "-c", program).splitlines()
    assert Path(file).is_relative_to(installed)
    assert label == "1"
    assert names.split() == sorted(path.name for path in (ROOT / "weights").glob("*.safetensors"))


def test_the_command_trains_evaluates_and_exports_from_any_folder(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "bin" / "lenet")
    trained = run(installed, tmp_path, command, "train", "digits-demo", "--epochs", "1", "--device", "cpu")
    assert "wrote runs/digits-demo.safetensors and runs/digits-demo.png" in trained
    assert (tmp_path / "runs" / "digits-demo.safetensors").exists()
    measured = run(installed, tmp_path, command, "evaluate", "runs/digits-demo.safetensors")
    assert "digits test accuracy" in measured
    assert "wrote mnist-lenet5-bn.onnx" in run(installed, tmp_path, command, "export", "onnx", "mnist-lenet5-bn")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mnist-lenet5-bn.onnx", "runs"]


def test_the_installed_page_answers(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "bin" / "lenet")
    with serve(tmp_path / "app.log", command, "app", PYTHONPATH=str(installed)) as url:
        assert url.startswith("http://127.0.0.1:")


def test_everything_beside_the_code_is_in_the_package(installed: Path) -> None:
    """Scripts, styles, templates, example pictures: what a page reads from files."""
    kinds = {".html", ".jinja", ".js", ".css", ".jpg", ".json", ".py"}
    here = {path.relative_to(ROOT) for path in (ROOT / "lenet").rglob("*") if path.suffix in kinds}
    there = {path.relative_to(installed) for path in (installed / "lenet").rglob("*") if path.suffix in kinds}
    assert here - there == set()
