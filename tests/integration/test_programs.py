"""The programs in docs/hosting.md, as they stand there, and what whoever hosts the page may set."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from lenet.data.strokes import render
from lenet.inference.pretrained import load
from lenet.training.stored import WEIGHTS
from tests.integration.test_endpoints import SEVEN
from tests.serving import ROOT, serve

HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"


def program(language: str, imports: str = "") -> str:
    """The only program of that language in the document, of Python the one that imports that package."""
    found = re.findall(rf"```{language}\n(.*?)```", HOSTING, re.DOTALL)
    (one,) = [text for text in found if f"from {imports} import" in text or not imports]
    return str(one)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the two pictures that the programs name."""
    folder = tmp_path_factory.mktemp("programs")
    render(SEVEN, 20).save(folder / "seven.png")
    shutil.copy(SHIP, folder / "ship.jpg")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serve(folder / "app.log") as address:
        yield address


@pytest.mark.parametrize(
    ("language", "start"),
    [
        ("python", [sys.executable, "-c"]),
        ("javascript", ["node", "--input-type=module", "-e"]),
        ("bash", ["bash", "-c"]),
    ],
)
def test_a_documented_program_does_what_it_says(language: str, start: list[str], url: str, folder: Path) -> None:
    if shutil.which(start[0]) is None or (language == "bash" and shutil.which("curl") is None):
        pytest.skip(f"there is no {start[0]}, or no curl, to run it with")
    text = program(language, "gradio_client" if language == "python" else "").replace("http://127.0.0.1:7860", url)
    done = subprocess.run([*start, text], cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "mnist-lenet5-bn" in said
    assert str(load(WEIGHTS / "digits.safetensors").metrics["test_accuracy"])[:6] in said
    assert re.search(r'^7$|"label": ?"7"', said, re.MULTILINE)
    assert re.search(r'^ship$|"label": ?"ship"', said, re.MULTILINE)
    assert "test images right, after 2 epochs" in said


def test_a_report_is_what_the_file_says(url: str) -> None:
    client = Client(url, verbose=False)
    reply = client.predict("photos-lenet5", api_name="/report")
    checkpoint = load(WEIGHTS / "photos-lenet5.safetensors")
    assert reply["confusion"] == [list(row) for row in checkpoint.confusion]
    assert list(reply["accuracies"]) == list(checkpoint.classes)
    assert sum(reply["accuracies"].values()) / 10 == pytest.approx(reply["test_accuracy"])
    with pytest.raises(AppError, match=r"There is no network called \.\./digits"):
        client.predict("../digits", api_name="/report")
    client.close()


# --------------------------------------------------------------------------------------------------
# The environment


def test_what_is_off_is_off(tmp_path: Path, folder: Path) -> None:
    off = {"LENET_TRAINING": "off", "LENET_FETCH": "0", "LENET_UPLOADS": "no", "LENET_TRAIN_MINUTES": "1"}
    with serve(tmp_path / "app.log", **off) as url:
        client = Client(url, verbose=False)
        endpoints = client.view_api(return_format="dict")["named_endpoints"]
        assert {"/classify_digit", "/classify_photo", "/networks", "/report"} <= set(endpoints)
        assert "/train" not in endpoints
        parts = [part["props"] for part in client.config["components"]]
        assert [part["visible"] for part in parts if "upload" in (part.get("elem_classes") or [])] == [False]
        with pytest.raises(AppError, match="fetches no pictures"):
            client.predict(handle_file("http://example.org/cat.jpg"), "photos", api_name="/classify_photo")
        picture = handle_file(folder / "seven.png")
        assert client.predict(picture, "digits", "modern", api_name="/classify_digit")["label"] == "7"
        client.close()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LENET_TRAINING", "maybe", "LENET_TRAINING is 'maybe': set it to on or off."),
        ("LENET_TRAIN_MINUTES", "0", "LENET_TRAIN_MINUTES is '0': set it to a whole number from 1 to 10,080."),
        ("LENET_MAX_RUNS", "many", "LENET_MAX_RUNS is 'many': set it to a whole number from 2 to 200."),
    ],
)
def test_a_wrong_value_ends_it_with_a_sentence(name: str, value: str, says: str) -> None:
    script = "import lenet.ui.environment"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, name: value}, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert says in done.stderr


def test_the_table_has_every_variable() -> None:
    sources = [*(ROOT / "lenet").rglob("*.py"), ROOT / "app.py"]
    known = {name for path in sources for name in re.findall(r'"(LENET_\w+)"', path.read_text(encoding="utf-8"))}
    table = HOSTING.split("## Environment")[1].split("## Programs")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert {name for name in listed if name.startswith("LENET_")} == known
    assert {"GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH", "GRADIO_TEMP_DIR"} <= listed
    assert {"FORWARDED_ALLOW_IPS", "HF_ENDPOINT"} <= listed
