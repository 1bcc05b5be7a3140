"""Several processes, started by PyTorch's own launcher, train as one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from lenet.data.datasets import load as load_dataset
from lenet.inference.pretrained import load
from lenet.training.loop import TrainingState, start
from lenet.training.resume import load_state
from tests import ranks

ROOT = Path(__file__).parents[2]
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}

pytestmark = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()), reason="PyTorch without gloo"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The runs of tests/ranks.py, of two processes and of one."""
    place = tmp_path_factory.mktemp("ranks")
    data = load_dataset("digits")
    for name, recipe in ranks.RUNS.items():
        ranks.train(start(recipe, "cpu"), data, place / f"{name}.whole-by-one")
        ranks.train(start(recipe, "cpu"), data, place / f"{name}.begun-by-one", ranks.STOPS_AT)
    command = [*LAUNCH, str(ROOT / "tests" / "ranks.py"), str(place)]
    done = subprocess.run(command, env=ONE_THREAD, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return place


def furthest(one: TrainingState, other: TrainingState) -> float:
    """The largest difference between two runs' weights, averages included."""
    pairs = [
        (a.float(), b.float())
        for ours, theirs in ((one.model, other.model), (one.network, other.network))
        for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True)
    ]
    return max(float((a - b).abs().max()) for a, b in pairs)


@pytest.mark.parametrize("way", ["whole", "gone-on-with"])
def test_two_processes_come_to_what_one_does(way, folder):
    one, two = (load_state(folder / f"sgd.{which}", "cpu") for which in ("whole-by-one", way))
    fresh = start(one.recipe, "cpu")
    assert furthest(one, fresh) > 1e-2, "nothing was learned, so this test shows nothing"
    assert furthest(one, two) < 2e-5
    for ours, theirs in zip(one.history, two.history, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-5)
        assert ours.train_accuracy == pytest.approx(theirs.train_accuracy, abs=1e-3)
        assert (ours.val_loss, ours.val_accuracy) == pytest.approx((theirs.val_loss, theirs.val_accuracy), rel=1e-4)


def test_one_process_goes_on_where_two_were_stopped(folder, tmp_path):
    begun = load_state(folder / "sgd.begun", "cpu")
    assert begun.epoch == 0
    assert ranks.STOPS_AT <= begun.step < 17
    assert begun.sums[2] == begun.step * 81, "not all processes' pictures were counted"
    ranks.train(begun, load_dataset("digits"), tmp_path / "run")
    assert furthest(begun, load_state(folder / "sgd.whole-by-one", "cpu")) < 2e-5


@pytest.mark.parametrize("name", ["muon", "batch-norm"])
def test_two_processes_learn_as_well_where_rounding_grows(name, folder):
    """Muon blows up the directions in which a gradient is only rounding.  BatchNorm's gradients are right to
    float32's rounding, as ranks.py asserts, but PyTorch's own kernel, which one process uses, sums less exactly."""
    ways = "whole-by-one", "whole", "gone-on-with"
    histories = [load_state(folder / f"{name}.{way}", "cpu").history for way in ways]
    for one, other in pairwise(histories):
        for ours, theirs in zip(one, other, strict=True):
            assert ours.train_loss == pytest.approx(theirs.train_loss, rel=0.02)
            assert ours.val_loss == pytest.approx(theirs.val_loss, rel=0.05)
    assert histories[1][1].train_loss < histories[1][0].train_loss


def test_ctrl_c_ends_all_processes_and_one_goes_on(tmp_path):
    out, resume = tmp_path / "net.safetensors", tmp_path / "net.resume.safetensors"
    script = [str(ROOT / "train.py"), "--device", "cpu", "--out", str(out)]
    with subprocess.Popen(
        [*LAUNCH, *script, "digits-demo", "--epochs", "8"],
        env=ONE_THREAD,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith("epoch   2"):
                process.send_signal(signal.SIGINT)
                break
        rest, errors = process.communicate(timeout=120)
    printed += rest.splitlines()
    assert process.returncode != 0
    assert any("2 processes" in line for line in printed)
    epochs = [line.split()[1] for line in printed if line.startswith("epoch")]
    assert epochs[:2] == ["1", "2"], "more than one process prints"
    assert epochs == sorted(set(epochs), key=int)
    assert errors.count(f"error: Stopped. `python train.py --resume {resume} --out {out}` continues the run.") == 1
    assert 2 <= load_state(resume, "cpu").epoch < 8

    short = load_state(resume, "cpu")
    command = [sys.executable, *script, "--resume", str(resume)]
    done = subprocess.run(command, env=ONE_THREAD, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"epoch {short.epoch:3} " not in done.stdout
    assert "epoch   8 " in done.stdout
    assert load(out).metrics["test_accuracy"] > 0.8
    assert not resume.exists()
