"""What can go wrong while `train.py` trains: one sentence each, and nothing lost."""

from __future__ import annotations

import math
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest
import torch

import lenet.cli
import lenet.run
import train
from lenet.data.datasets import load as load_dataset
from lenet.inference.pretrained import load
from lenet.training.loop import EpochEnd, Step, Validation, change_lr, start
from lenet.training.recipes import RECIPES
from lenet.training.resume import load_state, save_state

RUN = ["digits-demo", "--epochs", "2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def limited() -> Iterator[Callable[[int], None]]:
    """Files may have so many bytes from then on: a full disk for those who are not root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of what a failed run says."""
    return [line for line in capsys.readouterr().err.splitlines() if line.strip()][-1]


def test_a_run_that_diverges_keeps_its_last_good_state(capsys, monkeypatch):
    monkeypatch.setattr(lenet.run, "SECONDS_BETWEEN_SAVES", 0)
    monkeypatch.setattr("lenet.training.loop.SECONDS_BETWEEN_STEPS", 0)
    recipe = RECIPES["digits-demo"].with_changes(
        optimizer="sgd", momentum=0.9, lr=100.0, epochs=3, weight_decay=0.01, schedule="one-cycle"
    )
    save_state("bold.safetensors", start(recipe, "cpu"))
    assert train.main(["--resume", "bold.safetensors", "--out", "net.safetensors", "--device", "cpu"]) == 1
    said = sentence(capsys)
    match = re.search(
        r"in epoch (\d), at step (\d+).*as it was in epoch (\d) after step (\d+) is in (\S+): `(.*)`", said
    )
    assert match, said
    epoch, step, saved_epoch, saved_step, path, command = match.groups()
    state = load_state(path, "cpu")
    assert (state.epoch + 1, state.step) == (int(saved_epoch), int(saved_step))
    assert (int(saved_epoch), int(saved_step)) < (int(epoch), int(step))
    assert all(parameter.abs().max() < 1e3 for parameter in state.model.parameters()), "it was on its way already"
    assert not Path("net.safetensors").exists()

    words = shlex.split(command)
    assert words[:2] == ["python", "train.py"]
    assert words[-2:] == ["--lr", "10"]
    assert train.main([*words[2:-1], "1e-6", "--device", "cpu"]) == 0
    network = load("net.safetensors")
    assert network.recipe.lr == 100
    assert [(change.epoch, change.step, change.lr) for change in network.lr_changes] == [
        (int(saved_epoch), int(saved_step), 1e-6)
    ]
    capsys.readouterr()
    assert train.main(["--evaluate", "net.safetensors"]) == 0
    assert f"lr 100, changed by hand to 1e-06 in epoch {saved_epoch}\n" in capsys.readouterr().out


def test_a_save_that_fails_meanwhile_does_not_end_the_run(capsys, monkeypatch, limited):
    monkeypatch.setattr(lenet.run, "SECONDS_BETWEEN_SAVES", 0)
    limited(700_000)  # enough for what a run begins with, and for the network, but not for Adam's moments too
    assert train.main([*RUN, "--out", "net.safetensors"]) == 0
    printed = capsys.readouterr().out
    assert "warning: net.resume.safetensors cannot be written (File too large)" in printed
    assert "The run goes on" in printed
    assert sorted(path.name for path in Path().glob("net*")) == ["net.png", "net.safetensors"]


def test_a_folder_that_is_lost_meanwhile_costs_no_network(capsys, monkeypatch, tmp_path):
    real = lenet.run.finish

    def finish(*args):
        shutil.rmtree("runs")
        Path("runs").write_text("not a folder any more")
        return real(*args)

    monkeypatch.setattr(lenet.run, "finish", finish)
    assert train.main(RUN) == 1
    captured = capsys.readouterr()
    match = re.search(r"error: runs/digits-demo.safetensors could not .* is in (\S+) instead\.", captured.err)
    assert match, captured.err
    written = Path(match[1])
    assert written.parent.parent == tmp_path / "temporary"
    assert load(written).metrics["test_accuracy"] > 0.3
    assert f"wrote {written} and {written.with_suffix('.png')}" in captured.out


def test_a_full_disk_costs_no_network(capsys, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        # room for what a run begins with, and not for the network beside it
        assert train.main([*RUN, "--out", str(disk / "net.safetensors")]) == 1
        match = re.search(r"net.safetensors could not .* is in (\S+) instead\.", sentence(capsys))
        assert match
        assert load(match[1]).metrics["test_accuracy"] > 0.3
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_stopped_run_is_saved_elsewhere_if_need_be(capsys, monkeypatch, tmp_path):
    def stop(*args):
        shutil.rmtree("runs", ignore_errors=True)
        Path("runs").write_text("not a folder any more")
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(lenet.cli, "show", stop)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert train.main(RUN) == 1
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    match = re.search(r"error: Stopped. `python train.py --resume (\S+) ", sentence(capsys))
    assert match
    assert Path(match[1]).parent.parent == tmp_path / "temporary"
    assert load_state(match[1], "cpu").step > 0


def test_a_run_stopped_while_its_network_is_measured_is_measured_later(capsys, monkeypatch):
    def press_ctrl_c(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(lenet.run, "finish", press_ctrl_c)
        assert train.main([*RUN, "--out", "net.safetensors"]) == 1
    match = re.search(r"error: Stopped. `python train.py (.*)` continues the run", sentence(capsys))
    assert match
    assert train.main([*shlex.split(match[1]), "--device", "cpu"]) == 0
    assert train.main([*RUN, "--out", "whole.safetensors"]) == 0
    nets = [load(f"{name}.safetensors").model.state_dict() for name in ("net", "whole")]
    assert all(torch.equal(nets[0][name], tensor) for name, tensor in nets[1].items())


def test_ctrl_c_is_heard_within_a_validation(capsys, monkeypatch):
    monkeypatch.setattr("lenet.training.loop.SECONDS_BETWEEN_STEPS", 0)
    shown = []

    def stop(event, bar):
        shown.append(event)
        if isinstance(event, Validation):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(lenet.cli, "show", stop)
    assert train.main([*RUN, "--out", "net.safetensors"]) == 1
    assert isinstance(shown[-1], Validation)
    assert load_state("net.resume.safetensors", "cpu").epoch == 0


def test_an_interrupted_run_is_not_written_over(capsys):
    save_state("net.resume.safetensors", start(RECIPES["digits-demo"].with_changes(seed=1, epochs=2), "cpu"))
    kept = Path("net.resume.safetensors").read_bytes()
    assert train.main([*RUN, "--out", "net.safetensors"]) == 1
    assert "net.resume.safetensors holds an interrupted run: continue it with --resume" in sentence(capsys)
    assert train.main([*RUN, "--seed", "1", "--out", "net.safetensors"]) == 1, "it may be under way elsewhere"
    assert "net.resume.safetensors holds an interrupted run: continue it with --resume" in sentence(capsys)
    save_state("other.resume.safetensors", start(RECIPES["digits-demo"], "cpu"))
    assert train.main(["--resume", "other.resume.safetensors", "--out", "net.safetensors"]) == 1
    assert "net.resume.safetensors holds an interrupted run: continue it with --resume" in sentence(capsys)
    assert Path("net.resume.safetensors").read_bytes() == kept


def test_the_same_run_with_another_learning_rate_is_another_run(capsys):
    state = start(RECIPES["digits-demo"], "cpu")
    save_state("begun.resume.safetensors", state)
    change_lr(state, 0.5)
    save_state("net.resume.safetensors", state)
    kept = Path("net.resume.safetensors").read_bytes()
    assert train.main(["--resume", "begun.resume.safetensors", "--out", "net.safetensors"]) == 1
    assert "net.resume.safetensors holds an interrupted run: continue it with --resume" in sentence(capsys)
    assert Path("net.resume.safetensors").read_bytes() == kept


def test_an_older_state_of_the_same_run_and_one_in_keras_are(capsys):
    recipe = RECIPES["digits-demo"].with_changes(epochs=1)
    save_state("elsewhere.resume.safetensors", start(recipe, "cpu"))
    save_state("net.resume.safetensors", start(recipe, "cpu"))
    assert train.main(["--resume", "elsewhere.resume.safetensors", "--out", "net.safetensors"]) == 0
    save_state("net.resume.safetensors", start(RECIPES["keras-lenet"], "cpu"))
    assert train.main([*RUN, "--out", "net.safetensors"]) == 0


def test_a_resumed_run_ends_where_it_was_to_end(capsys):
    Path("mine").mkdir()
    save_state("mine/second.resume.safetensors", start(RECIPES["digits-demo"].with_changes(epochs=1), "cpu"))
    assert train.main(["--resume", "mine/second.resume.safetensors", "--device", "cpu"]) == 0
    assert sorted(path.name for path in Path("mine").iterdir()) == ["second.png", "second.safetensors"]
    assert not Path("runs").exists(), "another run's place"


def test_a_loss_that_rises_a_little_after_a_good_epoch_is_still_kept(monkeypatch):
    monkeypatch.setattr(lenet.run, "SECONDS_BETWEEN_SAVES", -1)
    state = start(RECIPES["digits-demo"], "cpu")
    state.history.append(EpochEnd(1, train_loss=2.0, train_accuracy=0.3, val_loss=1.0, val_accuracy=0.7, seconds=1.0))
    path = Path("run.resume.safetensors")
    steps: list[Step] = []
    monkeypatch.setattr(lenet.run, "fit", lambda *_: iter(steps))
    run = lenet.run.Run(state, path, "cpu")
    for loss, kept in ((0.02, True), (0.1, True), (7.0, False)):
        path.unlink(missing_ok=True)
        steps = [Step(2, 1, 9, loss=loss, accuracy=0.9, lr=0.1, images_per_second=1.0)]
        assert list(run.events(load_dataset("digits"))) == steps
        assert path.exists() == kept


def test_a_read_only_folder_is_refused_before_training(capsys):
    Path("runs").mkdir(mode=0o500)
    if os.access("runs", os.W_OK):
        pytest.skip("root may write anywhere")
    assert train.main(RUN) == 1
    assert "cannot be written (Permission denied)" in sentence(capsys)


@pytest.mark.parametrize("out", ["folder.safetensors", "net.pt"])
def test_an_output_that_is_no_place_for_a_network(out, capsys):
    Path("folder.safetensors").mkdir()
    assert train.main([*RUN, "--out", out]) == 1
    assert f"--out {out} must be a file ending in .safetensors" in sentence(capsys)


# --------------------------------------------------------------------------------------------------
# What can be asked for beside


def test_a_log_for_tensorboard(capsys, monkeypatch):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    monkeypatch.setattr("lenet.training.loop.SECONDS_BETWEEN_STEPS", 0)
    assert train.main([*RUN, "--log", "tensorboard:figures", "--out", "net.safetensors"]) == 0
    found = accumulator.EventAccumulator("figures").Reload()
    losses = found.Scalars("loss/train")
    assert [event.step for event in losses] == list(range(1, 2 * 21 + 1))  # 1,297 pictures in batches of 64
    assert [event.step for event in found.Scalars("accuracy/validation")] == [21, 42]
    final = load("net.safetensors").metrics["val_accuracy"]
    assert found.Scalars("accuracy/validation")[-1].value == pytest.approx(final)
    assert all(math.isfinite(event.value) for event in losses)
    assert {"learning rate", "images per second", "accuracy/train"} <= set(found.Tags()["scalars"])


def test_no_log_without_the_flag_and_none_of_a_program_that_is_not_known(capsys):
    assert train.main([*RUN, "--epochs", "1"]) == 0
    assert sorted(path.name for path in Path("runs").iterdir()) == ["digits-demo.png", "digits-demo.safetensors"]
    assert train.main([*RUN, "--log", "wandb"]) == 1
    assert "no log called 'wandb': choose tensorboard" in sentence(capsys)
    assert len(list(Path("runs").iterdir())) == 2, "the next start would find a run of before"


def test_a_package_that_is_missing_is_a_sentence(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    assert train.main([*RUN, "--log", "tensorboard"]) == 1
    assert "--log tensorboard needs tensorboard: `pip install tensorboard`" in sentence(capsys)
    assert not Path("runs").exists(), "that could have been known before training"


def test_export_beside_the_weights_and_of_weights_that_are_there(capsys):
    assert train.main([*RUN, "--export", "onnx", "--out", "net.safetensors"]) == 0
    assert "net.safetensors and net.png and net.onnx" in capsys.readouterr().out
    whole = Path("net.onnx").read_bytes()
    onnx.checker.check_model(onnx.load_from_string(whole))
    assert train.main(["--export", "onnx", "net.safetensors", "--out", "again.onnx"]) == 0
    assert Path("again.onnx").read_bytes() == whole
    assert train.main(["--export", "onnx", "net.safetensors", "--out", "again.txt"]) == 1
    assert "--out again.txt must be a file ending in .onnx" in sentence(capsys)


def test_a_page_to_take_home_is_written_beside_the_weights_and_of_weights_that_are_there(capsys):
    assert train.main([*RUN, "--export", "web", "--out", "net.safetensors"]) == 0
    assert "net.safetensors and net.png and net.html" in capsys.readouterr().out
    assert "<title>net - LeNet Playground</title>" in Path("net.html").read_text(encoding="utf-8")
    assert train.main(["--export", "web", "net.safetensors", "--out", "again.html"]) == 0
    assert Path("again.html").exists()
    assert train.main(["--export", "web", "net.safetensors", "--out", "again.onnx"]) == 1
    assert "--out again.onnx must be a file ending in .html" in sentence(capsys)
    assert train.main(["--export", "onnx", "nowhere.safetensors"]) == 1
    assert "There is no weights file at nowhere.safetensors" in sentence(capsys)
