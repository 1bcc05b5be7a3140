"""ONNX files say what the network says, and how to ask it."""

from __future__ import annotations

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from lenet.errors import CheckpointError
from lenet.inference.onnx import to_onnx, write_onnx
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.training.recipes import RECIPES


def a_checkpoint(model: str) -> Checkpoint:
    """Weights whose logits are about as large as a trained network's, and running statistics of their own."""
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == model)
    torch.manual_seed(0)
    channels, size = len(recipe.input.mean), MODELS[model].size
    network = MODELS[model].build(channels, 10)
    network.train()
    for _ in range(5):
        network(torch.randn(16, channels, size, size))
    if model == "lenet5-1998":
        network.f6.weight.data *= 20  # or all ten answers would be alike, before any training
    return Checkpoint(network.eval(), recipe, tuple("0123456789"), {"test_accuracy": 0.5})


@functools.cache
def exported(model: str) -> bytes:
    return to_onnx(a_checkpoint(model))


@pytest.mark.parametrize("model", MODELS)
def test_onnxruntime_finds_the_same_logits(model):
    checkpoint = a_checkpoint(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported(model), options, providers=["CPUExecutionProvider"])
    for count in (1, 2, 7):
        x = torch.randn(count, len(checkpoint.recipe.input.mean), MODELS[model].size, MODELS[model].size)
        with torch.no_grad():
            expected = checkpoint.model(x).numpy()
        (logits,) = session.run(["logits"], {"x": x.numpy()})
        assert logits.shape == (count, 10)
        assert logits.std(axis=1).min() > 0.01
        np.testing.assert_allclose(logits, expected, atol=1e-5, rtol=1e-5)


def test_the_file_says_how_to_ask_it():
    checkpoint = a_checkpoint("convnet-small")
    session = onnxruntime.InferenceSession(exported("convnet-small"), providers=["CPUExecutionProvider"])
    said = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    assert said["classes"] == list("0123456789")
    form = checkpoint.recipe.input
    assert said["input"] == {"size": 32, "mean": list(form.mean), "std": list(form.std), "scaling": form.scaling}
    assert said["temperature"] == checkpoint.temperature
    assert said["metrics"] == {"test_accuracy": 0.5}
    assert said["recipe"]["model"] == "convnet-small"
    (x,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (x.name, logits.name) == ("x", "logits")
    assert isinstance(x.shape[0], str), "its batch has one size only"
    assert x.shape[1:] == [3, 32, 32]


def test_the_file_says_nothing_of_the_machine_it_was_made_on():
    assert str(Path(__file__).parents[2]).encode() not in exported("lenet5")


def test_the_network_stays_as_it_is(tmp_path):
    checkpoint = a_checkpoint("lenet5-bn")
    before = {name: tensor.clone() for name, tensor in checkpoint.model.state_dict().items()}
    checkpoint.model.to(memory_format=torch.channels_last)  # as a run leaves it
    assert to_onnx(checkpoint) == exported("lenet5-bn")
    assert all(torch.equal(before[name], tensor) for name, tensor in checkpoint.model.state_dict().items())
    write_onnx(tmp_path / "new" / "net.onnx", checkpoint)
    assert (tmp_path / "new" / "net.onnx").read_bytes() == exported("lenet5-bn")
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_onnx(tmp_path / "new" / "net.onnx" / "below", checkpoint)


def test_two_visitors_may_export_at_once():
    checkpoint = a_checkpoint("lenet5")
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(to_onnx, [checkpoint, checkpoint])
    assert first == second == exported("lenet5")
