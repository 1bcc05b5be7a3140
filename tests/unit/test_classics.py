"""The benchmark of the published systems: what its table says, and that it goes on where it was."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from benchmarks import classics
from lenet.data.datasets import CIFAR10_CLASSES, DATASETS
from lenet.data.datasets import load as load_dataset
from lenet.errors import LeNetError
from lenet.inference.pretrained import Checkpoint, load
from lenet.models import MODELS
from lenet.models.network import count_parameters
from lenet.training.loop import EpochEnd, fit, start
from lenet.training.recipes import RECIPES
from lenet.training.resume import save_state

# the table of classics.md; resnet-mini's is counted, as that table asks
PARAMETERS = {
    "cifar10-lenet5-sgd": 62_006,
    "mnist-lenet5-sigmoid": 44_426,
    "cifar10-lenet5-linear": 62_006,
    "cifar10-resnet-mini": 347_498,
    "cifar10-lenet5-adam": 62_006,
    "cifar10-lenet-wide": 122_570,
    "keras-lenet": 62_006,
    "keras-lenet-wide": 122_570,
    "mnist-lenet5-bn": 61_750,
    "mnist-lenet5-1998": 156 + 12 + 1516 + 32 + 48120 + 10164,
}


def test_every_published_system_is_a_recipe_with_its_parameters():
    assert set(PARAMETERS) == set(classics.CLAIMS)
    assert set(PARAMETERS) | {"fashion-lenet5-bn"} == set(classics.CLASSICS) <= set(RECIPES)
    for name, expected in PARAMETERS.items():
        source = DATASETS[RECIPES[name].dataset]
        network = MODELS[RECIPES[name].model].build(source.channels, len(source.classes))
        assert count_parameters(network) == expected, name


@pytest.mark.parametrize("name", classics.CLAIMS)
def test_claims_as_numbers_are_what_their_sources_report(name):
    (said,) = re.findall(r"[\d.]+(?=%|-odd%)", RECIPES[name].claims)
    claim = classics.CLAIMS[name]
    assert (1 - claim if "error" in RECIPES[name].claims else claim) == pytest.approx(float(said) / 100)


def test_a_mean_within_a_point_of_the_claim_or_better_reproduces_it():
    assert classics.verdict(0.6, [0.58, 0.60, 0.59]) == "yes"
    assert classics.verdict(0.6, [0.9]) == "yes"
    assert classics.verdict(0.6, [0.59, 0.58]) == "no, 1.5 points short"
    assert classics.verdict(None, [0.1]) == "-"


def run_of(name: str, seed: int, accuracy: float, device: str = "cpu, 1 thread") -> Checkpoint:
    recipe = RECIPES[name].with_changes(seed=seed)
    metrics = {
        "test_accuracy": accuracy,
        "test_accuracy_first_1000": accuracy + 0.01,
        "train_accuracy": accuracy + 0.1,
        "train_seconds": 60.0 + seed,
    }
    network = MODELS[recipe.model].build(3, 10)
    return Checkpoint(network, recipe, CIFAR10_CLASSES, metrics, {"torch": "2.8", "device": device})


def test_a_row_is_the_mean_of_its_runs():
    name = "cifar10-lenet5-sgd"
    runs = [run_of(name, 0, 0.58), run_of(name, 1, 0.60), run_of(name, 2, 0.59)]
    cells = [cell.strip() for cell in classics.table_row(name, runs).strip("|").split("|")]
    assert cells == [
        *("`cifar10-lenet5-sgd`", "59.31% test", "3", "60.00%", "59.00%", "58.00% to 60.00%", "69.00%"),
        *("62,006", "61", "cpu, 1 thread", "yes"),
    ]
    assert len(cells) == classics.HEAD.splitlines()[0].count("|") - 1 == classics.HEAD.splitlines()[1].count("|") - 1
    assert "no, 4.3 points short" in classics.table_row(name, [run_of(name, 0, 0.55)])
    assert "| cpu, 1 thread; cuda |" in classics.table_row(name, [*runs, run_of(name, 3, 0.6, "cuda")])
    in_keras = replace(runs[0], versions={**runs[0].versions, "keras": "3.15.1 on torch 2.8"})
    assert "| cpu, 1 thread, Keras 3.15.1 on torch 2.8 |" in classics.table_row(name, [in_keras])


TINY = RECIPES["digits-demo"].with_changes(epochs=3, seed=1)


def test_a_benchmark_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as here: sums depend on the number of threads
    state = start(TINY, "cpu")
    for event in fit(state, load_dataset("digits")):
        if isinstance(event, EpochEnd):
            break  # interrupted after its first epoch
    resume = tmp_path / "digits-demo-seed-1.resume.safetensors"
    save_state(resume, state)
    (tmp_path / "digits-demo-seed-1.safetensors").write_bytes(b"torn")

    ((recipe, found),) = classics.measured([TINY], tmp_path, "cpu", jobs=1)
    assert isinstance(found, Checkpoint)
    assert not resume.exists()
    assert recipe == found.recipe == TINY
    assert found.metrics["test_accuracy"] > 0.8
    assert found.metrics["train_accuracy"] > 0.8
    assert "cpu" in found.versions["device"]

    # the same bits as without a break; begun anew, it would have had the recipe's own 12 epochs
    for _ in fit(state, load_dataset("digits")):
        pass
    again = load(tmp_path / "digits-demo-seed-1.safetensors")
    for name, tensor in state.network.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name

    # what is done is only read
    before = (tmp_path / "digits-demo-seed-1.safetensors").stat().st_mtime_ns
    ((_, read),) = classics.measured([TINY], tmp_path, "cpu", jobs=1)
    assert isinstance(read, Checkpoint)
    assert read.metrics == found.metrics
    assert (tmp_path / "digits-demo-seed-1.safetensors").stat().st_mtime_ns == before


def test_what_cannot_be_trained_is_a_sentence(tmp_path, monkeypatch):
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    for key, value in nowhere.items():
        monkeypatch.setenv(key, value)
    fashion = RECIPES["fashion-lenet5-bn"]
    ((recipe, found),) = classics.measured([fashion], tmp_path, "cpu", jobs=2, data=str(tmp_path / "data"))
    assert recipe == fashion
    assert isinstance(found, str)
    assert found.startswith("FashionMNIST is not in")


def test_a_network_of_a_recipe_that_has_changed_is_not_taken_for_this_ones(tmp_path):
    state = start(TINY, "cpu")
    path = tmp_path / "some.safetensors"
    save_state(path, state)
    assert classics._is_of(path, TINY)
    assert not classics._is_of(path, replace(TINY, lr=1e-3))
    assert not classics._is_of(tmp_path / "none.safetensors", TINY)
    with pytest.raises(LeNetError):
        load(tmp_path / "none.safetensors")
