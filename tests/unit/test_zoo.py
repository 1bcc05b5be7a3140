"""What is said of a network without asking it: its layers by the paper's numbers, and the tab's HTML."""

from __future__ import annotations

import copy
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet.data.augmentation import AUGMENTATIONS
from lenet.inference.classifier import Classifier
from lenet.inference.pretrained import load
from lenet.inference.summary import Exhibit, exhibit, layer_table
from lenet.models import MODELS
from lenet.models.network import count_parameters
from lenet.training.loop import LrChange
from lenet.training.optim import LOSSES, SCHEDULES
from lenet.training.recipes import PRECISIONS, Recipe
from lenet.training.stored import WEIGHTS
from lenet.ui import messages
from lenet.ui.home import page as home
from lenet.ui.report import about
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import texts
from lenet.ui.shared.networks import TITLES
from lenet.ui.zoo import tab as zoo
from lenet.ui.zoo import uploads
from lenet.ui.zoo.messages import NetworkRow

NAMES = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def table_of(name: str):
    model = MODELS[name]
    network = model.build(model.channels, 10)
    return network, layer_table(network, (model.channels, model.size, model.size))


# --------------------------------------------------------------------------------------------------
# Layers


def test_lenet5_has_the_papers_layers() -> None:
    """LeCun et al. 1998, section II.B; connections without biases are the multiply-adds.

    C3 has 150,000 of them in the paper.  Ours spreads the table's kernels into a dense one, and so
    multiplies with zeros too: 16 maps of 10x10, of six maps' 5x5 each.
    """
    _, table = table_of("lenet5-1998")
    found = {row.path[0]: (row.shape, row.parameters, row.multiply_adds) for row in table}
    assert found["c1"] == ((6, 28, 28), 156, 6 * 28 * 28 * 25)
    assert found["s2"] == ((6, 14, 14), 12, 0)
    assert found["c3"] == ((16, 10, 10), 1516, 16 * 100 * 6 * 25)
    assert found["c5"] == ((120, 1, 1), 48120, 48000)
    assert found["f6"] == ((84,), 10164, 10080)
    assert found["rbf"] == ((10,), 0, 0)


@pytest.mark.parametrize("name", MODELS)
def test_a_table_has_every_layer_and_its_sums_are_the_networks(name: str) -> None:
    network, table = table_of(name)
    layers = [row for row in table if len(row.path) == 1]
    assert [row.path[0] for row in layers] == [layer for layer, _ in network.named_children()]
    assert sum(row.parameters for row in layers) == count_parameters(network)
    assert layers[-1].shape == (10,)
    # by hand: each number of a layer's output needs its kernel once
    expected = 0
    for row in table:
        part = network.get_submodule(".".join(row.path))
        if isinstance(part, torch.nn.Conv2d | torch.nn.Linear):
            expected += part.weight[0].numel() * int(np.prod(row.shape))
            assert row.multiply_adds == part.weight[0].numel() * int(np.prod(row.shape)), row
    if name != "lenet5-1998":  # whose C3 is neither
        assert sum(row.multiply_adds for row in layers) == expected


def test_a_block_is_followed_by_its_parts_and_is_their_sum() -> None:
    _, table = table_of("resnet-mini")
    block = next(row for row in table if row.path == ("block2",))
    parts = [row for row in table if len(row.path) > 1 and row.path[0] == "block2"]
    assert table[table.index(block) + 1] == parts[0]
    assert parts[0].kind == "Conv2d 3x3"
    assert sum(row.parameters for row in parts) == block.parameters == 14_624
    assert sum(row.multiply_adds for row in parts) == block.multiply_adds


def test_counting_leaves_the_network_as_it_was() -> None:
    network = Classifier.from_pretrained("digits").model
    layer_table(network, (1, 28, 28))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


# --------------------------------------------------------------------------------------------------
# The tab


def shown_of(name: str) -> Exhibit:
    return exhibit(name, Classifier.from_pretrained(name), (WEIGHTS / f"{name}.safetensors").stat().st_size)


@pytest.mark.parametrize("name", NAMES)
def test_every_network_in_weights_has_its_page(server: Server, name: str) -> None:
    found = report.choose(server, {"network": name})
    network = Classifier.from_pretrained(name)
    assert found["title"] == {"template": TITLES[name], "values": {}}
    assert found["parameters"] == network.parameters
    assert found["accuracy"] == network.metrics["test_accuracy"]
    assert [row["name"] for row in found["layers"] if not row["part"]] == [
        layer for layer, _ in network.model.named_children()
    ]
    assert sum(row["multiply_adds"] for row in found["layers"] if not row["part"]) == found["multiply_adds"]
    assert found["command"] == f"python train.py {network.recipe.name}"
    assert found["confusion"] == network.confusion
    assert sum(one["count"] for one in found["bins"]) == sum(map(sum, network.confusion))
    right = sum(one["count"] * one["accuracy"] for one in found["bins"])
    assert right == pytest.approx(sum(row[i] for i, row in enumerate(network.confusion)))
    assert 0 < found["calibration_error"] < 0.12
    offered = [offer["kind"] for offer in found["files"]]
    assert [kind for kind in offered if kind != "web"] == ["weights", "onnx", "report"]
    assert ("web" in offered) == home.fits(len(network.recipe.input.mean), network.parameters)
    assert found["files"][0]["bytes"] == (WEIGHTS / f"{name}.safetensors").stat().st_size


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (43.2, "43 s", "43 秒"),
        (89, "89 s", "89 秒"),
        (1214, "20 min", "20 分钟"),
        (5400, "1 h 30 min", "1 小时 30 分"),
        (None, "unknown", "未知"),
    ],
)
def test_durations(seconds: float | None, english: str, chinese: str) -> None:
    said = about.duration(seconds)
    assert str(said) == english
    with texts.speaking("zh"):
        assert str(said) == chinese


def recipe_of(shown: Exhibit) -> str:
    return "\n".join(f"{texts.say(key)} {texts.spoken(said)}" for key, said in about.recipe_rows(shown))


def test_a_recipe_tells_every_setting_that_differs() -> None:
    shown = shown_of("digits")
    said = recipe_of(shown)
    recipe = shown.network.recipe
    for part in ("AdamW, learning rate 0.005", "weight decay 0.05", "one-cycle", "handwriting", "bfloat16", "0.931"):
        assert part in said, part
    assert f"{recipe.epochs} epochs in batches of {recipe.batch_size}" in said
    assert "of mnist's test pictures right" in said


def test_a_learning_rate_that_was_changed_by_hand_is_told() -> None:
    shown = shown_of("digits")
    network = copy.copy(shown.network)
    network.lr_changes = (LrChange(epoch=3, step=40, lr=0.0005),)
    changed = replace(shown, network=network)
    assert "learning rate 0.005, changed by hand to 0.0005 in epoch 3, weight decay" in recipe_of(changed)
    with texts.speaking("zh"):
        assert "学习率 0.005，在第 3 轮手动改为 0.0005，权重衰减" in recipe_of(changed)


def test_a_network_that_nobody_measured_comes_last() -> None:
    def row(name: str, accuracy: float | None) -> NetworkRow:
        return NetworkRow(name, name, "lenet5", "mnist", 1, 1, accuracy, None, False, 1)

    ranked = zoo.ranked([row("worse", 0.5), row("unmeasured", None), row("better", 0.9)])
    assert [one.name for one in ranked] == ["better", "worse", "unmeasured"]


# --------------------------------------------------------------------------------------------------
# In Chinese


@pytest.mark.parametrize("name", NAMES)
def test_a_networks_page_is_chinese_throughout(server: Server, name: str) -> None:
    names = {"LeCun, Bottou, Bengio, Haffner, Proc", "GB HBM"}  # of people, and of a GPU

    def english_in() -> set[str]:
        said = f"{texts.spoken(texts.English(shown_of(name).network.recipe.about))}\n{recipe_of(shown_of(name))}"
        return set(re.findall(r"[A-Za-z]{2,}(?:[ ,:]+[A-Za-z]{2,})+", said)) - names

    assert english_in()
    with texts.speaking("zh"):
        assert english_in() == set()


def test_what_is_known_of_a_network_is_in_no_language(server: Server) -> None:
    found = report.choose(server, {"network": "digits"})
    assert found == report.choose(server, {"network": "digits", "language": "zh"})
    assert found["about"] == {"template": Classifier.from_pretrained("digits").recipe.about, "values": {}}
    data = next(row["said"] for row in found["recipe"] if row["key"] == "fact_data")
    assert data["key"] == "name_and_why"
    assert data["values"]["why"]["template"] in texts.SENTENCES["zh"]


def test_the_list_has_every_network_and_above_them_a_visitors_own(server: Server) -> None:
    mine, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"), name="holiday <b>")
    server.networks.call(mine, texts.Said("run_name", {"number": 3}))
    answer = zoo.list_networks(server, {"yours": [mine, mine, "own-gone"]})
    assert answer["gone"] == 1
    found = answer["families"]
    assert [family["name"] for family in found] == ["yours", "photos", "digits"]
    yours, *shipped = [[network["key"] for network in family["networks"]] for family in found]
    assert yours == [mine]
    assert sorted(key for family in shipped for key in family) == NAMES
    (network,) = found[0]["networks"]
    assert network["name"] == {"key": "run_name", "values": {"number": 3}}  # in no language yet
    bn = Classifier.from_pretrained("mnist-lenet5-bn")
    assert (network["model"], network["dataset"], network["parameters"]) == ("lenet5-bn", "mnist", bn.parameters)
    assert (network["accuracy"], network["on_gpu"]) == (bn.metrics["test_accuracy"], False)
    server.networks.forget(mine)
    assert [family["name"] for family in zoo.list_networks(server, {"yours": [mine]})["families"]] == [
        "photos",
        "digits",
    ]


@pytest.mark.parametrize("question", [{}, {"network": "digits"}, {"yours": 7}, None])
def test_what_is_no_question_for_the_list_gets_a_sentence(server: Server, question) -> None:
    problem = zoo.list_networks(server, question)["problem"]
    assert problem["en"] == messages.GARBLED
    assert problem["zh"] != messages.GARBLED


def test_every_setting_that_a_recipe_can_have_is_told_in_words() -> None:
    told = {f"fact_loss_{name}" for name in LOSSES} | {f"fact_precision_{name}" for name in PRECISIONS}
    told |= {f"schedule_{name}" for name in SCHEDULES} | {f"augmentation_{name}" for name in AUGMENTATIONS}
    told |= {f"fact_{field.name}" for field in fields(Recipe) if field.name not in about.TOLD}
    assert told <= set(texts.ENGLISH)


# --------------------------------------------------------------------------------------------------
# The upload


def test_what_is_said_of_an_upload_is_said_in_each_language(server: Server, tmp_path: Path) -> None:
    content = (WEIGHTS / "mnist-lenet5-bn.safetensors").read_bytes()
    torn, whole = tmp_path / "torn.safetensors", tmp_path / "holiday.safetensors"
    torn.write_bytes(content[:100_000])
    whole.write_bytes(content)
    for path, english, chinese in (
        (str(torn), "torn.safetensors is incomplete", "torn.safetensors 不完整"),
        (None, "No file has arrived.", "没有收到文件。"),
    ):
        assert uploads.upload(server, path, ("", ""))[0] == ""
        said = uploads.upload(server, path, ("", ""))[1]
        remark = uploads.remark(said)
        assert remark["problem"]
        assert set(remark["said"]) == {"template", "values"}  # in no language yet
        assert english in texts.spoken(said)
        with texts.speaking("zh"):
            assert chinese in texts.spoken(said)
    key, said = uploads.upload(server, str(whole), ("", ""))
    assert server.networks.kept(key).name == "holiday"
    tab = {"key": "tab_draw", "values": {}}
    assert uploads.remark(said) == {
        "said": {"key": "upload_done", "values": {"name": "holiday", "tab": tab}},
        "problem": False,
    }
    with texts.speaking("zh"):
        assert "手写" in str(said)
