"""`python train.py` as a person at a terminal meets it: a subprocess, its output and its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from lenet.inference.pretrained import load
from lenet.training.recipes import RECIPES
from train import main

ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def environment(tmp_path: Path) -> dict[str, str]:
    """No data and no network: downloads meet a proxy that is not there."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    kept = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"}
    return {**kept, **nowhere, "LENET_DATA": str(tmp_path / "data"), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def train(tmp_path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "train.py"), *map(str, arguments)]
    return subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`train` without a process of its own, which takes seconds to start."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)

    def said(*arguments: str) -> Said:
        try:
            status = main(arguments)
        except SystemExit as end:  # argparse's
            status = int(end.code or 0)
        return Said(status, *capsys.readouterr())

    return said


def assert_one_sentence(done: Said | subprocess.CompletedProcess[str], *parts: str) -> None:
    """Exit status 1 and one line for a person, not a traceback."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines[-1].startswith("error: ")
    for part in parts:
        assert part in lines[-1]


def test_list_shows_every_recipe_and_nothing_else_happens(tmp_path, here):
    done = here("--list")
    assert done.returncode == 0, done.stderr
    named = [line.split()[0] for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert named == list(RECIPES)
    assert "59.31% test" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_it_would_do_and_does_not(tmp_path, here):
    done = here("cifar10-lenet5-sgd", "--dry-run", "--lr", "0.05", "--seed", "4", "--batch-size", "64")
    assert done.returncode == 0, done.stderr
    for part in ("62,006 parameters", "20 epochs of batches of 64", "lr 0.05", "seed 4", "cifar10-lenet5-sgd"):
        assert part in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_train_then_evaluate(tmp_path, here):
    out = tmp_path / "new folder" / "net.safetensors"
    done = train(tmp_path, "digits-demo", "--epochs", "2", "--seed", "5", "--device", "cpu", "--out", out)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("epoch")] == [
        ["epoch", "1"],
        ["epoch", "2"],
    ]
    assert sorted(path.name for path in out.parent.iterdir()) == ["net.png", "net.safetensors"]
    with Image.open(out.with_suffix(".png")) as picture:
        assert min(picture.size) > 300
    checkpoint = load(out)
    assert (checkpoint.recipe.name, checkpoint.recipe.epochs, checkpoint.recipe.seed) == ("digits-demo", 2, 5)
    accuracy = checkpoint.metrics["test_accuracy"]
    assert accuracy > 0.5
    assert f"test accuracy {accuracy:.2%}" in done.stdout

    done = here("--evaluate", str(out))
    assert done.returncode == 0, done.stderr
    assert f"test accuracy {accuracy:.2%} of 300" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()[-10:]] == list("0123456789")

    # its weights are no run to go on with
    assert_one_sentence(here("--resume", str(out)), "finished network", ".resume.safetensors")


@pytest.mark.data
def test_the_shipped_reader_of_drawings_is_evaluated_with_mnist_alone(tmp_path, mnist_root, here):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "MNIST").symlink_to(mnist_root / "MNIST")
    weights = ROOT / "weights" / "digits.safetensors"
    done = here("--evaluate", str(weights))
    assert done.returncode == 0, done.stderr
    assert f"test accuracy {load(weights).metrics['test_accuracy']:.2%} of 10,000" in done.stdout


def test_ctrl_c_then_resume_gives_the_bits_of_an_uninterrupted_run(tmp_path, here):
    run = ["digits-demo", "--epochs", "6", "--device", "cpu"]
    whole, stopped = tmp_path / "whole.safetensors", tmp_path / "stopped.safetensors"
    done = here(*run, "--out", str(whole))
    assert done.returncode == 0, done.stderr

    with subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *run, "--out", str(stopped)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch   2"):
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in errors
    resume = tmp_path / "stopped.resume.safetensors"
    assert f"error: Stopped. `python train.py --resume {resume} --out {stopped}` continues the run." in errors
    assert not stopped.exists()
    assert load(resume).recipe.name == "digits-demo"

    done = train(tmp_path, "--resume", resume, "--out", stopped, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "epoch   1 " not in done.stdout
    assert "epoch   6 " in done.stdout
    assert not resume.exists()
    expected, got = load_file(whole), load_file(stopped)
    assert expected.keys() == got.keys()
    assert [name for name in expected if not torch.equal(expected[name], got[name])] == []
    assert load(whole).metrics["test_accuracy"] == load(stopped).metrics["test_accuracy"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["digits-dmeo"], ["no recipe called 'digits-dmeo'", "--list"]),
        (["digits-demo", "--epochs", "0"], ["epochs must be a whole number from 1"]),
        (["digits-demo", "--lr", "nan"], ["learning rate"]),
        (["mnist-demo", "--epochs", "1"], ["MNIST is not in", "could not be downloaded", "'digits'"]),
        (["cifar10-lenet5-sgd"], ["CIFAR-10 is not in", "could not be downloaded", "LENET_DATA"]),
        (["--evaluate", "nowhere.safetensors"], ["There is no weights file at nowhere.safetensors"]),
        (["--resume", "x", "--epochs", "3"], ["--resume continues the run as it was"]),
    ],
    ids=str,
)
def test_what_goes_wrong_is_one_sentence(arguments, parts, here):
    assert_one_sentence(here(*arguments), *parts)


def test_a_place_that_cannot_be_written_to_is_refused_before_training(here):
    done = here("digits-demo", "--epochs", "1", "--out", "/dev/null/x.safetensors")
    assert_one_sentence(done, "cannot be written", "choose another place")
    assert "epoch   1" not in done.stdout


def test_words_that_argparse_does_not_know_exit_2(here):
    for arguments in (["digits-demo", "--epochs", "many"], ["digits-demo", "--device", "tpu"]):
        done = here(*arguments)
        assert done.returncode == 2
        assert "usage:" in done.stderr
        assert "Traceback" not in done.stderr
