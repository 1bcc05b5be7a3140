"""What is said of a network without asking it: its layers by the paper's numbers, and the tab's HTML."""

from __future__ import annotations

import copy
import re
from dataclasses import fields, replace
from html import unescape
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
from lenet.ui.report import figures as report_figures
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.shared import about_figures, texts
from lenet.ui.zoo import figures as zoo_figures
from lenet.ui.zoo import tab as zoo
from lenet.ui.zoo import uploads as own

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


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("name", NAMES)
def test_every_network_in_weights_has_its_page(server: Server, name: str) -> None:
    about = report.choose(server, {"network": name})["about"]
    network = Classifier.from_pretrained(name)
    assert text_of(about).count(f"{network.parameters:,}") >= 1
    for layer, _ in network.model.named_children():
        assert f'<th scope="row">{layer}</th>' in about
    assert f"{network.metrics['test_accuracy']:.2%}" in about
    assert f"python train.py {network.recipe.name}" in about
    assert about.count("<section") == about.count("</section>") == 7


@pytest.mark.parametrize(
    ("seconds", "said"), [(43.2, "43 s"), (89, "89 s"), (1214, "20 min"), (5430, "1 h 30 min"), (None, "unknown")]
)
def test_durations(seconds: float | None, said: str) -> None:
    assert about_figures.duration(seconds) == said


def test_a_recipe_tells_every_setting_that_differs() -> None:
    shown = shown_of("digits")
    said = text_of(about_figures.recipe_words(shown))
    recipe = shown.network.recipe
    for part in ("AdamW, learning rate 0.005", "weight decay 0.05", "one-cycle", "handwriting", "bfloat16", "0.931"):
        assert part in said, part
    assert f"{recipe.epochs} epochs in batches of {recipe.batch_size}" in said
    assert "of mnist's test pictures right" in said


def test_a_learning_rate_that_was_changed_by_hand_is_told() -> None:
    shown = shown_of("digits")
    network = copy.copy(shown.network)
    network.lr_changes = (LrChange(epoch=3, step=40, lr=0.0005),)
    said = text_of(about_figures.recipe_words(replace(shown, network=network)))
    assert "learning rate 0.005, changed by hand to 0.0005 in epoch 3, weight decay" in said
    with texts.speaking("zh"):
        said = text_of(about_figures.recipe_words(replace(shown, network=network)))
    assert "学习率 0.005，在第 3 轮手动改为 0.0005，权重衰减" in said


def test_names_in_the_figure_do_not_lie_on_each_other() -> None:
    first = shown_of("digits")
    same = [replace(first, name=f"copy-{number}") for number in range(5)]
    html = zoo_figures.families({"Digits": same}, "digits")
    tops = [int(top) for top in re.findall(r'<b style="top:(-?\d+)px"', html)]
    assert tops == [zoo_figures.LINE * number for number in range(5)]


def test_a_network_that_nobody_measured_says_so_and_comes_last() -> None:
    measured = [shown_of(name) for name in ("mnist-lenet5-sigmoid", "digits")]
    unmeasured = shown_of("digits")
    unmeasured.network.metrics = {}
    unmeasured = replace(unmeasured, name="unmeasured")
    ranked = zoo_figures.ranked([measured[0], unmeasured, measured[1]])
    assert ranked[-1] is unmeasured
    first, second = (zoo_figures.accuracy(one) for one in ranked[:2])
    assert first is not None
    assert second is not None
    assert first > second
    html = zoo_figures.families({"Digits": ranked}, "digits")
    assert html.count("not measured") == 1
    assert html.count('class="dot') == 2
    assert "nan" not in text_of(html)


def test_texts_from_a_file_are_escaped() -> None:
    digits = Classifier.from_pretrained("digits")
    odd = "<script>alert(1)</script>"
    digits.recipe = digits.recipe.with_changes(about=odd, source=odd, claims=odd, name=odd)
    shown = replace(shown_of("digits"), network=digits, name=odd, key=odd)
    listed = zoo_figures.families({odd: [shown, shown]}, odd) + zoo_figures.own([shown], odd)
    about = about_figures.about(shown, report_figures.frame(digits, [(odd, odd, odd)]))
    assert "<script" not in about + listed


# --------------------------------------------------------------------------------------------------
# In Chinese

# Names of networks, data sets, layers, settings and files, which stay.
NAMES_STAY = re.compile(r"<h2>.*?</h2>|<(b|code|th scope=\"row\")>.*?</\1>|<td>[A-Za-z]\w+( \dx\d)?</td>")


def english_in(html: str) -> list[str]:
    """Runs of English words in what is read or read out."""
    said = [
        *re.findall(r'(?:aria-label|title|alt)="([^"]*)"', html),
        re.sub(r"<[^>]+>", "\n", NAMES_STAY.sub("", html)),
    ]
    return [run for text in said for run in re.findall(r"[A-Za-z]{2,}(?:[ ,:]+[A-Za-z]{2,})+", text)]


@pytest.mark.parametrize("name", NAMES)
def test_a_networks_page_is_chinese_throughout(server: Server, name: str) -> None:
    assert english_in(report.choose(server, {"network": name})["about"])
    about = report.choose(server, {"network": name, "language": "zh"})["about"]
    names = {"LeCun, Bottou, Bengio, Haffner, Proc", "GB HBM"}  # of people, and of a GPU
    assert set(english_in(about)) <= names
    assert "混淆矩阵" in about
    assert "校准误差" in about


def test_the_list_is_in_the_questions_language_with_a_visitors_own(server: Server) -> None:
    mine, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"), name="holiday")
    question = {"network": mine, "own": [mine, mine, "own-gone"]}
    english = zoo.list_networks(server, question)["families"]
    chinese = zoo.list_networks(server, question | {"language": "zh"})["families"]
    listed = re.compile('<button [^>]*data-network="([^"]+)"').findall
    assert listed(english) == listed(chinese)
    assert listed(chinese)[0] == mine
    assert sorted(listed(chinese)[1:]) == NAMES
    assert chinese.count('class="entry chosen"') == 1
    assert "Your own" in english
    assert "您的网络" in chinese
    assert english_in(chinese) == []
    server.networks.forget(mine)


@pytest.mark.parametrize("question", [{}, {"network": "digits"}, {"network": "digits", "own": 7}, None])
def test_what_is_no_question_for_the_list_gets_a_sentence(server: Server, question) -> None:
    assert zoo.list_networks(server, question)["problem"] == messages.GARBLED


def test_every_setting_that_a_recipe_can_have_is_told_in_words() -> None:
    told = {f"fact_loss_{name}" for name in LOSSES} | {f"fact_precision_{name}" for name in PRECISIONS}
    told |= {f"schedule_{name}" for name in SCHEDULES} | {f"augmentation_{name}" for name in AUGMENTATIONS}
    told |= {f"fact_{field.name}" for field in fields(Recipe) if field.name not in about_figures.TOLD}
    assert told <= set(texts.ENGLISH)


@pytest.mark.parametrize(
    ("seconds", "said"), [(43.2, "43 秒"), (1214, "20 分钟"), (5430, "1 小时 30 分"), (None, "未知")]
)
def test_durations_in_chinese(seconds: float | None, said: str) -> None:
    with texts.speaking("zh"):
        assert about_figures.duration(seconds) == said


# --------------------------------------------------------------------------------------------------
# The upload


def test_what_is_said_of_an_upload_follows_the_language(server: Server, tmp_path: Path) -> None:
    content = (WEIGHTS / "mnist-lenet5-bn.safetensors").read_bytes()
    torn, whole = tmp_path / "torn.safetensors", tmp_path / "holiday.safetensors"
    torn.write_bytes(content[:100_000])
    whole.write_bytes(content)
    for path, english, chinese in (
        (str(torn), "torn.safetensors is incomplete", "torn.safetensors 不完整"),
        (str(whole), "holiday is yours on this page: it answers in the Draw tab", "holiday 已加入您的网络"),
        (None, "No file has arrived.", "没有收到文件。"),
    ):
        key, said = own.upload(server, path, ("", ""))
        assert bool(key) == (path == str(whole))
        assert english in own.remark(said)
        with texts.speaking("zh"):
            assert chinese in own.remark(said)
            assert own.labels(said)[1] == own.remark(said)
    _, said = own.upload(server, str(whole), ("", ""))
    with texts.speaking("zh"):
        assert "手写" in own.remark(said)
