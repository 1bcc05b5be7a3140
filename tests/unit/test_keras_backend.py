"""The same networks in Keras, on the backend that KERAS_BACKEND names, else PyTorch; on TensorFlow apart."""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
import torch

import lenet
import lenet.cli
import lenet.run
import train as terminal
from lenet.data.datasets import CIFAR10_CLASSES, Dataset, Split
from lenet.errors import RecipeError, TrainingError
from lenet.inference.pretrained import load
from lenet.models import MODELS
from lenet.preprocessing.normalization import InputFormat, to_input
from lenet.training import keras_backend
from lenet.training.loop import EpochEnd, Step, evaluate, start
from lenet.training.loop import fit as fit_in_pytorch
from lenet.training.recipes import RECIPES, UNIT_COLOUR

ROOT = Path(__file__).parents[2]
os.environ.setdefault("KERAS_BACKEND", "torch")  # before the first import: TensorFlow would stay for the whole session
BACKEND = os.environ["KERAS_BACKEND"]
# Keras 3.15 on PyTorch reads its own weights in a way that NumPy 2 speaks against.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


needs_keras = pytest.mark.skipif(not has("keras"), reason="keras is not installed: pip install keras")


def squares(count: int, seed: int) -> Split:
    """Ten classes, told apart by how bright a picture is: learnt in a few steps."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 10
    noise = torch.randint(0, 16, (count, 3, 32, 32), generator=generator)
    return Split((noise + 24 * labels.view(-1, 1, 1, 1)).to(torch.uint8), labels)


DATA = Dataset("cifar10", CIFAR10_CLASSES, squares(410, 0), squares(50, 1), squares(60, 2))
TINY = RECIPES["keras-lenet"].with_changes(epochs=3, lr=3e-3)


@needs_keras
@pytest.mark.parametrize("model", ["lenet5", "lenet5-linear", "lenet5-bn", "lenet-wide"])
def test_a_converted_network_gives_the_same_logits(model):
    network = MODELS[model].build(3, 10)
    keras_model = keras_backend.build_keras_model(network, 32, 3)
    generator = torch.Generator().manual_seed(0)
    for variable in keras_model.trainable_weights:  # of biases too, which Keras starts at zero
        variable.assign(torch.empty(tuple(variable.shape)).normal_(0, 0.1, generator=generator).numpy())
    for variable in keras_model.non_trainable_weights:  # of what BatchNorm has seen
        variable.assign(torch.empty(tuple(variable.shape)).uniform_(0.5, 1.5, generator=generator).numpy())
    keras_backend.copy_weights(keras_model, network)
    images = torch.randint(0, 256, (7, 3, 32, 32), dtype=torch.uint8, generator=generator)
    x = to_input(images, UNIT_COLOUR)
    logits = torch.tensor(keras_model.predict(x.permute(0, 2, 3, 1).numpy(), verbose=0))
    assert logits.std() > 0.1
    torch.testing.assert_close(evaluate(network, images, UNIT_COLOUR), logits, rtol=0, atol=1e-5)


@needs_keras
def test_what_keras_lacks_is_a_sentence():
    with pytest.raises(RecipeError, match="There is no Keras layer for sigmoid1"):
        keras_backend.build_keras_model(MODELS["lenet5-sigmoid"].build(1, 10), 28, 1)
    with pytest.raises(RecipeError, match="no Keras layer for conv1"):
        keras_backend.build_keras_model(MODELS["resnet-mini"].build(3, 10), 32, 3)


@needs_keras
def test_its_events_are_those_of_the_loop():
    state = start(TINY, "cpu")
    events = list(keras_backend.fit(state, DATA))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert state.history == ends
    assert [event.epoch for event in ends] == [1, 2, 3]
    assert state.done
    steps = [event for event in events if isinstance(event, Step)]
    for number, end in enumerate(ends, start=1):
        own = [event for event in steps if event.epoch == number]
        assert own[-1].step == own[-1].total_steps == math.ceil(410 / 32)
        assert all(event.lr == pytest.approx(TINY.lr) for event in own)
        # their means, weighed by the images they are of, are the epoch's
        seen = [0, *(min(410, 32 * event.step) for event in own)]
        weights = [after - before for before, after in pairwise(seen)]
        for name in ("loss", "accuracy"):
            mean = sum(w * getattr(event, name) for w, event in zip(weights, own, strict=True)) / 410
            assert mean == pytest.approx(getattr(end, f"train_{name}"), abs=1e-4)
    assert ends[-1].train_loss < ends[0].train_loss
    assert ends[-1].val_loss < 2.2
    assert 0 < ends[-1].seconds < 60

    again = start(TINY, "cpu")
    for _ in keras_backend.fit(again, DATA):
        pass
    assert [event.train_loss for event in again.history] == [event.train_loss for event in ends]
    assert list(keras_backend.fit(again, DATA)) == []  # nothing is left to train
    again.epoch -= 1
    with pytest.raises(TrainingError, match="start a new run"):
        next(keras_backend.fit(again, DATA))


@needs_keras
def test_a_run_that_nobody_reads_on_ends():
    state = start(TINY.with_changes(epochs=1000), "cpu")
    events = keras_backend.fit(state, DATA)
    next(event for event in events if isinstance(event, EpochEnd))
    assert [thread.name for thread in threading.enumerate()].count("keras") == 1
    events.close()  # type: ignore[attr-defined]  # a generator, though it says only Iterator
    assert "keras" not in [thread.name for thread in threading.enumerate()]
    assert state.epoch == len(state.history) == 1


@needs_keras
def test_what_goes_wrong_in_keras_is_heard_here():
    torn = Dataset("cifar10", CIFAR10_CLASSES, Split(DATA.train.images, DATA.train.labels[:3]), DATA.val, DATA.test)
    with pytest.raises(ValueError):
        list(keras_backend.fit(start(TINY, "cpu"), torn))
    overflowing = InputFormat(32, (0.0,) * 3, (1e-38,) * 3)
    with pytest.raises(TrainingError, match=r"finite number in epoch 1\. The learning rate, 0\.003,"):
        list(keras_backend.fit(start(TINY.with_changes(input=overflowing), "cpu"), DATA))


@needs_keras
def test_the_terminal_trains_saves_and_measures_it_like_any_other(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lenet.run, "load_with_soft_labels", lambda *_: DATA)
    monkeypatch.setattr(lenet.cli, "load_test", lambda *_: DATA.test)
    out = tmp_path / "net.safetensors"
    assert terminal.main(["keras-lenet", "--epochs", "3", "--lr", "0.003", "--device", "cpu", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "lenet5 in Keras, 62,006 parameters" in printed.out
    assert "epoch   3  train loss" in printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.png", "net.safetensors"]

    checkpoint = load(out)
    assert checkpoint.recipe.framework == "keras"
    assert f" on {BACKEND} " in checkpoint.versions["keras"]
    assert checkpoint.calibration is not None
    prediction = lenet.Classifier.from_pretrained(str(out)).predict(DATA.test.images[0].permute(1, 2, 0).numpy())
    assert set(prediction.probs) == set(CIFAR10_CLASSES)

    assert terminal.main(["--evaluate", str(out)]) == 0
    assert f"{checkpoint.metrics['test_accuracy']:.2%}" in capsys.readouterr().out


@needs_keras
def test_ctrl_c_at_the_terminal_leaves_nothing_to_go_on_with(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lenet.run, "load_with_soft_labels", lambda *_: DATA)
    out = tmp_path / "net.safetensors"

    def interrupted(state, dataset):
        for event in keras_fit(state, dataset):
            signal.raise_signal(signal.SIGINT)
            yield event

    keras_fit = keras_backend.fit
    monkeypatch.setattr(keras_backend, "fit", interrupted)
    assert terminal.main(["keras-lenet", "--device", "cpu", "--out", str(out)]) == 1
    assert "error: Stopped. A run in Keras cannot be resumed: start a new run." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert "keras" not in [thread.name for thread in threading.enumerate()]


@needs_keras
def test_ctrl_c_while_it_is_measured_loses_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lenet.run, "load_with_soft_labels", lambda *_: DATA)
    out, resume = tmp_path / "net.safetensors", tmp_path / "net.resume.safetensors"
    measure = lenet.run.finish
    monkeypatch.setattr(lenet.run, "finish", lambda *_: signal.raise_signal(signal.SIGINT))
    assert terminal.main(["keras-lenet", "--epochs", "1", "--device", "cpu", "--out", str(out)]) == 1
    assert f"--resume {resume} --out {out}` continues the run" in capsys.readouterr().err
    monkeypatch.setattr(lenet.run, "finish", measure)
    assert terminal.main(["--resume", str(resume), "--out", str(out), "--device", "cpu"]) == 0
    assert load(out).recipe.framework == "keras"
    assert not resume.exists()


def test_without_keras_a_sentence_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "keras", None)
    monkeypatch.setenv("KERAS_BACKEND", BACKEND)
    assert terminal.main(["keras-lenet", "--device", "cpu", "--out", str(tmp_path / "net.safetensors")]) == 1
    error = capsys.readouterr().err
    assert "error: This recipe trains in Keras, which is not installed here" in error
    assert "`pip install -r requirements-keras.txt`" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("named", "backend"), [("", "torch"), ("jax", "jax")])
def test_an_empty_backend_is_none(named, backend, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", named)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(importlib, "import_module", lambda name: None)
    keras_backend.load_keras()
    assert os.environ["KERAS_BACKEND"] == backend


def test_the_loop_of_pytorch_does_not_pass_for_keras():
    with pytest.raises(RecipeError, match=r"keras-lenet trains in keras: run `python train\.py keras-lenet`"):
        next(fit_in_pytorch(start(RECIPES["keras-lenet"], "cpu"), DATA))


@pytest.mark.skipif(BACKEND == "tensorflow", reason="this is TensorFlow already")
@pytest.mark.skipif(
    not (has("keras") and has("tensorflow")), reason="TensorFlow is not installed: requirements-keras.txt"
)
def test_all_of_this_on_tensorflow():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    env = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "13 passed, 1 skipped" in done.stdout
