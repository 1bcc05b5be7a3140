"""A network as JSON for the page's scripts; what they compute of it is tested in a browser."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lenet.inference.pretrained import Checkpoint, load
from lenet.inference.web import to_table
from lenet.models.lenet_1998 import TABLE_I
from lenet.models.network import Network
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS

TODAY = date(2026, 1, 2)
TYPES = {"f16": "<f2", "f32": "<f4", "f64": "<f8"}


def shipped(name: str) -> dict[str, Any]:
    return to_table(load(WEIGHTS / f"{name}.safetensors"), name, TODAY)


def values(tensor: dict[str, Any]) -> np.ndarray:
    (kind,) = tensor.keys() - {"shape"}
    return np.frombuffer(base64.b64decode(tensor[kind]), TYPES[kind]).reshape(tensor["shape"])


def row(table: dict[str, Any], name: str) -> dict[str, Any]:
    return next(layer for layer in table["layers"] if layer["name"] == name)


@pytest.mark.parametrize("name", ["digits", "mnist-lenet5-1998", "mnist-lenet5-sigmoid", "mnist-lenet5-bn"])
def test_a_network_that_reads_digits_fits_into_a_few_hundred_kilobytes_of_json(name: str) -> None:
    text = json.dumps(shipped(name), allow_nan=False)
    assert len(text) < 350_000
    assert "unknown" not in {layer["op"] for layer in json.loads(text)["layers"]}


def test_a_table_says_what_the_network_is() -> None:
    table = shipped("digits")
    assert table["made"] == "2026-01-02"
    assert (table["name"], table["model"], table["parameters"]) == ("digits", "lenet-modern", 51_435)
    measured = load(WEIGHTS / "digits.safetensors").metrics
    assert table["accuracy"] == measured["test_accuracy"]
    assert table["classes"] == list("0123456789")
    assert table["outputs"] == 11  # and one for what is no digit
    assert table["input"]["shape"] == [1, 28, 28]
    assert row(table, "conv1")["kind"] == {"template": "convolution", "values": {}}
    assert "kind" not in row(table, "flatten")
    assert [layer["name"] for layer in table["layers"] if layer.get("telling")][-1] == "fc1"


def test_a_table_says_why_each_step_of_the_preprocessing_is_done() -> None:
    stages = shipped("digits")["stages"]
    names = {way: [stage["name"] for stage in some] for way, some in stages.items()}
    modern = ["Grey", "Ink", "Cropped", "Fitted", "Centred", "Normalised"]
    assert names == {"inverted": modern, "straight": modern, "classic": ["Grey", "Resized", "Inverted", "Normalised"]}
    inverted, straight = (stages[way][1]["why"]["template"] for way in ("inverted", "straight"))
    assert "paper is light" in inverted
    assert "dark already" in straight
    assert set(stages["classic"][-1]["why"]["values"]) == {"low", "high"}


def test_batch_norm_is_one_factor_and_one_summand_a_map() -> None:
    network = load(WEIGHTS / "mnist-lenet5-bn.safetensors").model
    found = row(shipped("mnist-lenet5-bn"), "bn1")
    x = torch.randn(1, 6, 4, 4)
    factor, summand = (torch.tensor(values(found[part])).view(6, 1, 1) for part in ("factor", "summand"))
    with torch.inference_mode():
        torch.testing.assert_close(x * factor + summand, network.get_submodule("bn1")(x))


def test_the_table_of_1998_becomes_a_dense_kernel() -> None:
    dense = values(row(shipped("mnist-lenet5-1998"), "c3")["weight"])
    assert dense.shape == (16, 6, 5, 5)
    seen = [tuple(np.flatnonzero(np.abs(kernels).sum(axis=(1, 2)))) for kernels in dense]
    assert seen == list(TABLE_I)


def one(**layers: nn.Module) -> Checkpoint:
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == "lenet-modern")
    return Checkpoint(Network(**layers).eval(), recipe, tuple("0123456789"), {})


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sin()


def test_a_layer_that_no_script_computes_is_named() -> None:
    table = to_table(one(wave=Sine(), flatten=nn.Flatten(), fc=nn.Linear(784, 10)), "one", TODAY)
    assert row(table, "wave") == {
        "name": "wave",
        "op": "unknown",
        "type": "Sine",
        "kind": {"template": "{name}", "values": {"name": "sine"}},
        "telling": True,
    }


def test_weights_are_halved_only_where_no_answer_changes() -> None:
    torch.manual_seed(0)
    calm = one(flatten=nn.Flatten(), fc=nn.Linear(784, 10).half().float())
    assert "f16" in row(to_table(calm, "calm", TODAY), "fc")["weight"]
    wild = nn.Linear(784, 10)
    wild.weight.data += 50  # of which a half holds steps of 0.03 only
    assert "f32" in row(to_table(one(flatten=nn.Flatten(), fc=wild), "wild", TODAY), "fc")["weight"]
    huge = nn.Linear(784, 10)
    huge.weight.data[0, 0] = 1e6  # more than a half holds
    assert "f32" in row(to_table(one(flatten=nn.Flatten(), fc=huge), "huge", TODAY), "fc")["weight"]


def test_a_network_that_names_photos_brings_what_it_knows_of_them() -> None:
    table = shipped("photos-lenet5")
    assert "stages" not in table
    assert values(table["ood"]["precision"]).shape == (40, 40)
    assert table["ood"]["energy"]["limit"] - table["ood"]["energy"]["median"] > 0
    older = replace(load(WEIGHTS / "photos-lenet5.safetensors"), calibration=None)
    assert "ood" not in to_table(older, "older", TODAY)
