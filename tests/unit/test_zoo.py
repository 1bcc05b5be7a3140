"""What is said of a network: its layers by the paper's numbers, its answers by their counts, and the tab's HTML."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch

from lenet.classifier import WEIGHTS, Classifier
from lenet.datasets import Split, load_test
from lenet.errors import DataError
from lenet.metrics import confusion
from lenet.models import MODELS, count_parameters
from lenet.ui import tested, zoo, zoo_figures
from lenet.zoo import BATCH, Answers, answer_all, exhibit, layer_table

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
# Answers


def some_answers() -> Answers:
    return Answers(
        np.array([3, 5, 3, 3, 3]), np.array([3, 3, 5, 5, 5]), np.array([0.9, 0.8, 0.5, 0.7, 0.6], np.float32)
    )


def test_a_cells_pictures_come_most_confident_first() -> None:
    answers = some_answers()
    assert answers.cell(3, 5).tolist() == [3, 4, 2]
    assert answers.cell(5, 3).tolist() == [1]
    assert answers.cell(0, 0).tolist() == []
    counts = answers.confusion(10)
    assert (counts[3][5], counts[5][3], counts[3][3], sum(map(sum, counts))) == (3, 1, 1, 5)


def test_a_seed_gives_the_same_pictures_and_another_gives_others() -> None:
    answers = replace(some_answers(), labels=np.arange(1000))
    first = answers.sample(0, 25)
    assert first.tolist() == answers.sample(0, 25).tolist()
    assert len(set(first.tolist())) == 25
    assert first.tolist() != answers.sample(1, 25).tolist()
    assert sorted(some_answers().sample(0, 25).tolist()) == [0, 1, 2, 3, 4]


def test_answers_are_the_classifiers_and_come_bit_by_bit() -> None:
    digits = Classifier.from_pretrained("digits")
    images = torch.randint(0, 256, (2 * BATCH + 7, 1, 28, 28), dtype=torch.uint8)
    test = Split(images, torch.arange(len(images)) % 10)
    steps = list(answer_all(digits, test))
    assert [len(step) for step in steps] == [BATCH, 2 * BATCH, 2 * BATCH + 7]
    with torch.no_grad():
        x = (images[:5].float() / 255 - digits.recipe.input.mean[0]) / digits.recipe.input.std[0]
        probs = (digits.model(x) / digits.recipe.temperature).softmax(dim=1)[:, :10]
    assert steps[-1].given[:5].tolist() == probs.argmax(dim=1).tolist()
    assert steps[-1].confidences[:5] == pytest.approx(probs.max(dim=1).values.numpy(), abs=1e-5)


@pytest.mark.data
def test_the_counts_are_those_of_the_metrics(mnist_root: Path) -> None:
    network = Classifier.from_pretrained("mnist-lenet5-sigmoid")
    test = load_test("mnist")
    *_, answers = answer_all(network, test)
    logits = torch.nn.functional.one_hot(torch.from_numpy(answers.given), 10).float()
    assert answers.confusion(10) == tuple(tuple(row) for row in confusion(logits, test.labels).tolist())
    right = (answers.given == answers.labels).mean()
    assert right == pytest.approx(network.metrics["test_accuracy"], abs=5e-4)


# --------------------------------------------------------------------------------------------------
# The tab


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("name", NAMES)
def test_every_network_in_weights_has_its_page(name: str) -> None:
    about = zoo.choose({"network": name})["about"]
    network = Classifier.from_pretrained(name)
    assert text_of(about).count(f"{network.parameters:,}") >= 1
    for layer, _ in network.model.named_children():
        assert f'<th scope="row">{layer}</th>' in about
    assert f"{network.metrics['test_accuracy']:.2%}" in about
    assert f"python train.py {network.recipe.name}" in about
    assert about.count("<section") == about.count("</section>") == 4


@pytest.mark.parametrize(
    "question", [{}, {"network": "run-guessed"}, {"network": "../README"}, {"network": None}, None]
)
def test_what_is_no_network_gets_a_sentence(question) -> None:
    assert "problem" in zoo.choose(question)["problem"]
    assert "problem" in zoo.show_pictures(question)["problem"]


@pytest.mark.parametrize(
    "changes",
    [
        {"cell": [99, 0]},
        {"cell": [10**400, 0]},
        {"cell": "ab"},
        {"cell": [1]},
        {"cell": ["a", "b"]},
        {"cell": 7},
        {"page": None},
        {"page": -1},
        {"page": float("inf")},
    ],
)
def test_what_are_no_pictures_gets_a_sentence(changes, monkeypatch) -> None:
    answers = Answers(np.zeros(50, np.int64), np.zeros(50, np.int64), np.ones(50, np.float32))
    monkeypatch.setattr(tested, "ask", lambda key, again: tested.Asking(50, 50, answers))
    monkeypatch.setattr(tested, "pictures", lambda key, positions: np.zeros((len(positions), 28, 28), np.uint8))
    question = {"network": "digits", "cell": None, "page": 0}
    assert zoo.show_pictures(question)["pictures"].count("<img") == 25
    assert zoo.show_pictures({**question, "cell": [0, 0], "page": 1})["more"] is False
    assert "problem" in zoo.show_pictures({**question, **changes})["problem"]


def test_without_data_there_is_a_sentence_and_the_next_click_tries_again(monkeypatch) -> None:
    tries = []

    def refuse(name):
        tries.append(name)
        raise DataError("MNIST is not here.")

    monkeypatch.setattr(tested, "_splits", refuse)
    tested._askings.clear()
    question = {"network": "digits", "cell": None, "page": 0}
    for _ in range(2):
        zoo.show_pictures({**question, "again": True})
        until = time.monotonic() + 10
        while "waiting" in (reply := zoo.show_pictures(question)) and time.monotonic() < until:
            time.sleep(0.01)
        assert "MNIST is not here." in reply["problem"]
        assert "needs no data" in reply["problem"]
    assert tries == ["mnist", "mnist"]  # whose pictures the readers of drawings are tested on


def test_an_accident_while_asking_gets_a_sentence_and_a_note(monkeypatch, caplog) -> None:
    monkeypatch.setattr(tested, "_splits", lambda name: 1 / 0)
    asking = tested.Asking()
    tested._work(asking, Classifier.from_pretrained("digits"))
    assert "Try it again" in asking.problem
    assert "ZeroDivisionError" in caplog.text


def test_the_process_ends_while_networks_are_asked() -> None:
    script = """
import time
from lenet.ui import tested

def slowly(network, test):
    for done in range(10_000):
        time.sleep(0.05)
        yield test[:done]

tested.answer_all, tested._splits = slowly, lambda name: range(10_000)
first = tested.ask("digits", False)
tested.ask("mnist-lenet5-bn", False)
while not first.done:
    time.sleep(0.01)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_matrix_holds_every_count_at_its_place() -> None:
    counts = [[10 * i + j for j in range(10)] for i in range(10)]
    html = zoo_figures.measured(list("0123456789"), counts)
    for i in range(10):
        for j in range(10):
            cell = re.search(rf'<td [^>]*data-cell="{i},{j}"[^>]*>(\d*)</td>', html)
            assert cell is not None
            assert cell.group(1) == (str(10 * i + j) if i + j else "")  # nothing in place of a zero
    assert html.count('tabindex="0"') == 1
    assert "Accuracy by class: 0 0.0%, 1 7.6%" in html  # 11 of 145


def test_a_class_without_pictures_has_no_accuracy() -> None:
    html = zoo_figures.measured(["a", "b"], [[3, 1], [0, 0]])
    assert html.count('class="bar"') == 1
    assert "75.0%" in html


def test_a_card_says_predicted_and_true() -> None:
    html = zoo_figures.pictures(np.zeros((2, 28, 28), np.uint8), some_answers(), np.array([0, 3]), list("0123456789"))
    right, wrong = html.split("<figure")[1:]
    assert 'class="card right"' in right
    assert "3 (3), right" in right
    assert text_of(f"<{right}").split() == [zoo_figures.RIGHT, "3", "(3)", "90%"]
    assert 'class="card wrong"' in wrong
    assert zoo_figures.WRONG in wrong
    assert "5 (3), wrong" in wrong


@pytest.mark.parametrize(
    ("seconds", "said"), [(43.2, "43 s"), (89, "89 s"), (1214, "20 min"), (5430, "1 h 30 min"), (None, "unknown")]
)
def test_durations(seconds: float | None, said: str) -> None:
    assert zoo_figures.duration(seconds) == said


def test_a_recipe_tells_every_setting_that_differs() -> None:
    shown = exhibit("digits", Classifier.from_pretrained("digits"))
    said = text_of(zoo_figures.recipe_words(shown))
    recipe = shown.network.recipe
    for part in ("AdamW, learning rate 0.005", "weight decay 0.05", "one-cycle", "handwriting", "bfloat16", "0.931"):
        assert part in said, part
    assert f"{recipe.epochs} epochs in batches of {recipe.batch_size}" in said
    assert "of mnist's test pictures right" in said


def test_names_in_the_figure_do_not_lie_on_each_other() -> None:
    first = exhibit("digits", Classifier.from_pretrained("digits"))
    same = [replace(first, name=f"copy-{number}") for number in range(5)]
    html = zoo_figures.families({"Digits": same}, same[0])
    tops = [int(top) for top in re.findall(r'<b style="top:(-?\d+)px"', html)]
    assert tops == [zoo_figures.LINE * number for number in range(5)]


def test_a_network_that_nobody_measured_says_so_and_comes_last() -> None:
    measured = [exhibit(name, Classifier.from_pretrained(name)) for name in ("mnist-lenet5-sigmoid", "digits")]
    unmeasured = exhibit("digits", Classifier.from_pretrained("digits"))
    unmeasured.network.metrics = {}
    unmeasured = replace(unmeasured, name="unmeasured")
    ranked = zoo_figures.ranked([measured[0], unmeasured, measured[1]])
    assert ranked[-1] is unmeasured
    assert zoo_figures.accuracy(ranked[0]) > zoo_figures.accuracy(ranked[1])
    html = zoo_figures.families({"Digits": ranked}, ranked[0])
    assert html.count("not measured") == 1
    assert html.count('class="dot') == 2
    assert "nan" not in text_of(html)


def test_texts_from_a_file_are_escaped() -> None:
    digits = Classifier.from_pretrained("digits")
    odd = "<script>alert(1)</script>"
    digits.recipe = digits.recipe.with_changes(about=odd, source=odd, claims=odd, name=odd)
    shown = replace(exhibit("digits", digits), name=odd)
    assert "<script" not in zoo_figures.about(shown) + zoo_figures.families({odd: [shown, shown]}, shown)
    assert "<script" not in zoo_figures.measured([odd, "b"], [[1, 2], [3, 4]])
    assert "<script" not in zoo_figures.in_cell(odd, odd, 0, 0, 0)
