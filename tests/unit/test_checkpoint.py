"""Weights files: they describe themselves, keep their bytes, and refuse what is not theirs."""

from __future__ import annotations

import json
import pickle
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import lenet.checkpoint
from lenet.checkpoint import MAX_BYTES, save_somewhere
from lenet.data.datasets import DATASETS, Dataset, Split
from lenet.data.datasets import load as load_dataset
from lenet.errors import CheckpointError
from lenet.inference.calibration import Calibration
from lenet.inference.evaluation import calibrated, finish, measured
from lenet.inference.ood import KNOWN_SHARE, MEDIAN_SCORE, ScoreScale
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.models import MODELS
from lenet.preprocessing.normalization import to_input
from lenet.training.loop import LrChange, TrainingState, change_lr, evaluate, fit, start
from lenet.training.metrics import Bin
from lenet.training.recipes import RECIPES
from lenet.training.resume import load_state, save_state
from lenet.training.stored import load_network

ROOT = Path(__file__).parents[2]
RECIPE = RECIPES["digits-demo"].with_changes(ema=0.9, seed=3)
DIGITS = tuple("0123456789")


def a_checkpoint(model: str = "lenet5-bn") -> Checkpoint:
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == model)
    torch.manual_seed(0)
    network = MODELS[model].build(len(recipe.input.mean), 10)
    return Checkpoint(network.eval(), recipe, DIGITS, {"test_accuracy": 0.875, "val_accuracy": 1 / 3})


def a_state(steps: int = 6) -> tuple[TrainingState, Dataset]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 1, 28, 28), generator=generator, dtype=torch.uint8)
    split = Split(images, torch.randint(0, 10, (200,), generator=generator))
    data = Dataset("digits", DIGITS, split, split, split)
    state = start(RECIPE, "cpu")
    list(islice(fit(state, data), steps))
    return state, data


def header_of(path: Path) -> tuple[str, dict]:
    with safe_open(path, framework="pt") as file:
        text = file.metadata()["lenet"]
    return text, json.loads(text)


def with_header(path: Path, **changes) -> None:
    """The file again, with these entries of its header changed; None takes one out."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
        header = json.loads(file.metadata()["lenet"])
    # nor a checksum, without which what is inside has to be looked at
    header = {key: value for key, value in {**header, "sha256": None, **changes}.items() if value is not None}
    save_file(tensors, path, metadata={"lenet": json.dumps(header)})


# --------------------------------------------------------------------------------------------------
# There and back


@pytest.mark.parametrize("model", MODELS)
def test_every_network_comes_back(model, tmp_path):
    saved = a_checkpoint(model)
    save(tmp_path / "net.safetensors", saved)
    loaded = load(tmp_path / "net.safetensors")
    assert (loaded.recipe, loaded.classes, loaded.metrics) == (saved.recipe, saved.classes, saved.metrics)
    assert loaded.versions["torch"] == torch.__version__.split("+")[0]
    assert not loaded.model.training
    x = torch.randn(2, len(saved.recipe.input.mean), MODELS[model].size, MODELS[model].size)
    with torch.no_grad():
        assert torch.equal(loaded.model(x), saved.model(x))


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path):
    first, second, third = (tmp_path / name for name in "abc")
    save(first, a_checkpoint())
    save(second, a_checkpoint())
    save(third, load(first))
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_the_header_is_one_key_of_sorted_json(tmp_path):
    save(tmp_path / "net", a_checkpoint())
    with safe_open(tmp_path / "net", framework="pt") as file:
        assert list(file.metadata()) == ["lenet"]
    text, header = header_of(tmp_path / "net")
    assert text == json.dumps(header, sort_keys=True)
    assert sorted(header) == ["classes", "format", "metrics", "model", "recipe", "sha256", "versions"]
    assert header["recipe"]["seed"] == 0
    assert header["metrics"]["test_accuracy"] == 0.875


def test_the_reliability_comes_back_and_old_files_have_none(tmp_path):
    path, bins = tmp_path / "network.safetensors", (Bin(3, 0.25, 1 / 3), Bin(0, 0.0, 0.0))
    save(path, replace(a_checkpoint(), bins=bins))
    assert load(path).bins == bins
    with_header(path, reliability=None)  # as files were written before it
    assert load(path).bins == ()


def test_the_confusion_matrix_comes_back_and_old_files_have_none(tmp_path):
    path = tmp_path / "net.safetensors"
    counts = tuple(tuple(10 * row + column for column in range(10)) for row in range(10))
    save(path, replace(a_checkpoint(), confusion=counts))
    assert load(path).confusion == counts
    with_header(path, confusion=None)  # as files were written before it
    assert load(path).confusion == ()


def test_a_learning_rate_changed_by_hand_is_told_and_older_files_tell_none(tmp_path):
    state, data = a_state()
    change_lr(state, 0.005)
    expected = LrChange(state.epoch + 1, state.step, 0.005)
    list(fit(state, data))
    save(tmp_path / "net", finish(state, data))
    found = load(tmp_path / "net")
    assert found.recipe == state.recipe
    assert found.lr_changes == (expected,)
    with_header(tmp_path / "net", lr_changes=None)
    assert load(tmp_path / "net").lr_changes == ()
    save_state(tmp_path / "run", state)
    assert load_state(tmp_path / "run", "cpu").lr_changes == [expected]
    assert load(tmp_path / "run").lr_changes == (expected,)
    with_header(tmp_path / "run", lr_changes=None)
    assert load_state(tmp_path / "run", "cpu").lr == RECIPE.lr


def test_a_calibration_travels_in_the_header_and_older_files_have_none(tmp_path):
    plain = a_checkpoint("lenet5")
    save(tmp_path / "plain", plain)
    assert load(tmp_path / "plain").calibration is None
    assert plain.temperature == plain.recipe.temperature == 1
    known = calibrated(plain, photos())
    save(tmp_path / "known", known)
    assert load(tmp_path / "known").calibration == known.calibration
    assert load(tmp_path / "known").temperature == known.temperature != 1


def gauges(values: dict) -> dict:
    """A calibration as older headers have it."""
    ood = values["ood"]
    old = {
        name: {"middle": ood[new]["median"], "limit": ood[new]["limit"]}
        for name, new in (("energy", "energy"), ("looks", "distance"))
    }
    return {"temperature": values["temperature"], **old, "mean": ood["mean"], "precision": ood["precision"]}


def test_a_calibration_of_an_older_file_is_the_same(tmp_path):
    known = calibrated(a_checkpoint("lenet5"), photos())
    save(tmp_path / "net", known)
    _, header = header_of(tmp_path / "net")
    with_header(tmp_path / "net", calibration=gauges(header["calibration"]))
    assert load(tmp_path / "net").calibration == known.calibration
    assert load_network(tmp_path / "net").temperature == known.temperature


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize(
    "change",
    [
        lambda values, ood, old: 5,
        lambda values, ood, old: {},
        lambda values, ood, old: values.update(temperature=0.0),
        lambda values, ood, old: values.update(temperature="1"),
        lambda values, ood, old: ood.update(energy={old("median"): -4.0}),
        lambda values, ood, old: ood.update(energy={old("median"): -2.0, "limit": -4.0}),
        lambda values, ood, old: ood.update({old("distance"): {old("median"): float("nan"), "limit": 1.0}}),
        lambda values, ood, old: ood.update(mean=ood["mean"][:-1]),
        lambda values, ood, old: ood.update(precision=[row[:-1] for row in ood["precision"]]),
        lambda values, ood, old: ood.update(precision=3),
        lambda values, ood, old: ood.update(more=1),
    ],
)
def test_a_damaged_calibration(change, old, tmp_path):
    save(tmp_path / "net", calibrated(a_checkpoint("lenet5"), photos()))
    _, header = header_of(tmp_path / "net")
    values = gauges(header["calibration"]) if old else header["calibration"]
    words = {"median": "middle", "distance": "looks"} if old else {}
    changed = change(values, values if old else values["ood"], lambda word: words.get(word, word))
    with_header(tmp_path / "net", calibration=values if changed is None else changed)
    with pytest.raises(CheckpointError, match="is not a weights file of this project"):
        load(tmp_path / "net")


def test_a_stopped_run_can_be_used_as_a_network(tmp_path):
    state, _ = a_state()
    save_state(tmp_path / "run", state)
    loaded = load(tmp_path / "run")
    assert state.average is not None
    for name, tensor in state.average.module.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor), name
    assert loaded.recipe == RECIPE


def test_folders_are_made_and_old_files_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "net.safetensors"
    save(path, a_checkpoint())
    save(path, a_checkpoint("lenet5"))
    assert load(path).recipe.model == "lenet5"
    assert [p.name for p in path.parent.iterdir()] == ["net.safetensors"]


# --------------------------------------------------------------------------------------------------
# Writing that fails


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_in_the_middle_leaves_the_old_file(step, tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    save(path, a_checkpoint())
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    owner = lenet.checkpoint.os if step == "fsync" else Path
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, full)
        with pytest.raises(CheckpointError, match=r"cannot be written \(No space left on device\)"):
            save(path, a_checkpoint("lenet5"))
    assert path.read_bytes() == before
    save(path, a_checkpoint("lenet5"))
    assert load(path).recipe.model == "lenet5"


def test_half_a_file_does_not_stay_on_a_full_disk(tmp_path):
    """A limit on the size of files stands for the disk: what was written before it was met is there."""
    path = tmp_path / "net.safetensors"
    save(path, a_checkpoint("lenet-modern"))
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(CheckpointError, match=r"net.safetensors cannot be written \(File too large\)"):
            save(path, a_checkpoint("lenet-wide"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_what_cannot_be_written_where_it_should_goes_to_the_temporary_folder(tmp_path, monkeypatch):
    checkpoint = a_checkpoint()
    assert save_somewhere(tmp_path / "a" / "net", lambda path: save(path, checkpoint)) == tmp_path / "a" / "net"
    (tmp_path / "file").write_text("")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    blocked = tmp_path / "file" / "net"
    written = save_somewhere(blocked, lambda path: save(path, checkpoint))
    assert written.name == "net"
    assert written.parent.parent == tmp_path / "temporary"
    assert load(written).metrics == checkpoint.metrics
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointError, match=r"file/net cannot be written .* temporary folder cannot be"):
        save_somewhere(blocked, lambda path: save(path, checkpoint))


WRITE_FOR_EVER = """
import sys
from lenet.training.resume import load_state, save_state
first, second, target = sys.argv[1:]
states = [load_state(first, "cpu"), load_state(second, "cpu")]
print("ready", flush=True)
while True:
    for state in states:
        save_state(target, state)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    whole = [tmp_path / name for name in ("first", "second")]
    for path, steps in zip(whole, (1, 6), strict=True):
        save_state(path, a_state(steps)[0])
    target = tmp_path / "run.resume.safetensors"
    delays = random.Random(0)
    for _ in range(2):
        command = [sys.executable, "-c", WRITE_FOR_EVER, *map(str, (*whole, target))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            # stopped and looked at in many moments, since starting one takes seconds, and killed in the last
            for _ in range(50):
                time.sleep(delays.uniform(0, 0.01))
                process.send_signal(signal.SIGSTOP)
                if target.exists():
                    assert target.read_bytes() in [path.read_bytes() for path in whole]
                process.send_signal(signal.SIGCONT)
            process.kill()
        load_state(target, "cpu")
        assert target.read_bytes() in [path.read_bytes() for path in whole]
    state, data = a_state()
    save_state(target, state)  # whatever the killed one left beside it is no obstacle, and goes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "run.resume.safetensors", "second"]
    list(fit(load_state(target, "cpu"), data))


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot be written .*free some space, or choose another place"):
        save(tmp_path / "file" / "net.safetensors", a_checkpoint())
    (tmp_path / "folder").mkdir()
    with pytest.raises(CheckpointError, match="cannot be written"):
        save(tmp_path / "folder", a_checkpoint())


# --------------------------------------------------------------------------------------------------
# What is not a weights file


def test_a_missing_file(tmp_path):
    for read in (load, load_state):
        with pytest.raises(CheckpointError, match=r"There is no weights file at .*nowhere"):
            read(tmp_path / "nowhere")


def test_a_file_cut_off_anywhere(tmp_path):
    path = tmp_path / "net.safetensors"
    save(path, a_checkpoint())
    whole = path.read_bytes()
    for keep in (0, 1, 7, 8, 100, 2000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:keep])
        with pytest.raises(CheckpointError, match=r"net\.safetensors is incomplete or not a .safetensors file"):
            load(path)


def test_a_run_cut_off_anywhere(tmp_path):
    path = tmp_path / "run"
    save_state(path, a_state()[0])
    whole = path.read_bytes()
    for keep in (*range(0, len(whole), len(whole) // 50), len(whole) - 1):
        path.write_bytes(whole[:keep])
        for read in (load, load_state):
            with pytest.raises(CheckpointError, match=r"run is incomplete or not a .safetensors file"):
                read(path)


@pytest.mark.parametrize("place", ["length", "names", "our header", "numbers"])
def test_a_flipped_bit_never_passes_for_another_network(place, tmp_path):
    path = tmp_path / "run"
    save_state(path, a_state()[0])
    whole = path.read_bytes()
    start_of_numbers = 8 + struct.unpack("<Q", whole[:8])[0]
    ours = whole.index(b'"lenet"'), whole.index(b'"},', whole.index(b'"lenet"'))
    low, high = {
        "length": (0, 8),
        "names": (ours[1], start_of_numbers),
        "our header": ours,
        "numbers": (start_of_numbers, len(whole)),
    }[place]
    generator = random.Random(place)
    noticed = 0
    for _ in range(80):
        flipped = bytearray(whole)
        flipped[generator.randrange(low, high)] ^= 1 << generator.randrange(8)
        path.write_bytes(flipped)
        try:
            state = load_state(path, "cpu")
        except CheckpointError:
            noticed += 1
        else:  # a space at the header's end, or the name of the checksum: all that the file is for is as it was
            save_state(path, state)
            assert path.read_bytes() == whole
    assert noticed > 70


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("kind", ["pickle", "torch", "text", "folder", "header that claims gigabytes"])
def test_foreign_files(kind, tmp_path):
    path = tmp_path / "x.safetensors"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "torch":
        torch.save({"weight": torch.zeros(3), "bomb": Bomb()}, path)
    elif kind == "text":
        path.write_text("<html>404</html>")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(struct.pack("<Q", 2**40) + b"{}")
    for read in (load, load_state):
        with pytest.raises(CheckpointError, match=r"incomplete or not a .safetensors file"):
            read(path)


def test_a_huge_file_is_not_even_opened(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse
    with pytest.raises(CheckpointError, match="huge has 200 MB"):
        load(tmp_path / "huge")


def test_somebody_elses_safetensors(tmp_path):
    path = tmp_path / "other.safetensors"
    for metadata in (None, {"format": "pt"}, {"lenet": "{"}, {"lenet": "[1]"}, {"lenet": "{}"}):
        save_file({"weight": torch.zeros(3)}, path, metadata=metadata)
        with pytest.raises(CheckpointError, match=r"other.safetensors is (not a weights file|incomplete)"):
            load(path)


RECIPE_DICT = RECIPES["digits-demo"].to_dict()


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 99},
        {"classes": None},
        {"classes": 5},
        {"classes": ["a", "b"]},
        {"metrics": None},
        {"metrics": 5},
        {"versions": "x"},
        {"recipe": None},
        {"recipe": []},
        {"recipe": "lenet5"},
        {"recipe": {**RECIPE_DICT, "model": "lenet5-sigmoid"}},
        {"recipe": {**RECIPE_DICT, "model": "lenet7"}},
        {"recipe": {**RECIPE_DICT, "dataset": "svhn"}},
        {"recipe": {**RECIPE_DICT, "model": "lenet5-1998"}},
        {"recipe": {**RECIPE_DICT, "input": {**RECIPE_DICT["input"], "size": 28}}},
        {"recipe": {**RECIPE_DICT, "input": {**RECIPE_DICT["input"], "mean": [0.5] * 3, "std": [0.5] * 3}}},
        {"recipe": {**RECIPE_DICT, "epochs": -1}},
        {"recipe": {**RECIPE_DICT, "surprise": 1}},
        {"reliability": 5},
        {"reliability": [[1, 0.5]]},
        {"reliability": [[-1, 0.5, 0.5]]},
        {"reliability": [[1.5, 0.5, 0.5]]},
        {"reliability": [[1, 0.5, 1.5]]},
        {"reliability": [[1, float("nan"), 0.5]]},
        {"confusion": 5},
        {"confusion": [[1] * 10] * 9},
        {"confusion": [[1] * 11] * 10},
        {"confusion": [[1] * 9 + [-1]] * 10},
        {"confusion": [[1] * 9 + [0.5]] * 10},
        {"confusion": [[1] * 9 + [True]] * 10},
        {"confusion": ["0123456789"] * 10},
        {"lr_changes": 5},
        {"lr_changes": [{"epoch": 1, "step": 2}]},
        {"lr_changes": [{"epoch": 1, "step": 2, "lr": "fast"}]},
        {"lr_changes": [{"epoch": 0, "step": 2, "lr": 0.1}]},
        {"lr_changes": [{"epoch": 10**500, "step": 2, "lr": 0.1}]},
        {"lr_changes": [{"epoch": 1, "step": 2, "lr": 10**500}]},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_header_that_does_not_fit(changes, tmp_path):
    path = tmp_path / "net.safetensors"
    save(path, a_checkpoint())
    load(path)
    with_header(path, **changes)
    with pytest.raises(CheckpointError, match=r"^net.safetensors is not a weights file of this project"):
        load(path)


def test_wrong_shapes_name_the_layers(tmp_path):
    path = tmp_path / "net.safetensors"
    good = a_checkpoint()
    save(path, good)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
        metadata = {"lenet": json.dumps({**json.loads(file.metadata()["lenet"]), "sha256": None})}
    for wrong in (
        {**tensors, "fc3.weight": torch.zeros(10, 85)},
        {name: tensor for name, tensor in tensors.items() if name != "fc3.weight"},
        {**tensors, "fc3.weight_scale": torch.zeros(1)},
    ):
        save_file(wrong, path, metadata=metadata)
        with pytest.raises(CheckpointError, match=r"its layers do not fit: fc3.weight"):
            load(path)


# --------------------------------------------------------------------------------------------------
# Runs to go on with (that they go on exactly is in test_training.py)


def test_a_finished_network_is_not_a_run(tmp_path):
    save(tmp_path / "net", a_checkpoint())
    with pytest.raises(CheckpointError, match="holds a finished network, not a run to resume"):
        load_state(tmp_path / "net")


def test_saving_a_run_does_not_disturb_it(tmp_path):
    state, _ = a_state()
    save_state(tmp_path / "a", state)
    save_state(tmp_path / "b", state)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    save_state(tmp_path / "c", load_state(tmp_path / "a", "cpu"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"resume": 5},
        {"resume": {}},
        {"epoch": "x"},
        {"epoch": -1},
        {"step": 1.5},
        {"step": None},
        {"seconds": "x"},
        {"sums": [1.0]},
        {"sums": "x"},
        {"history": [{"epoch": 1}]},
        {"history": 3},
        {"param_groups": []},
        {"param_groups": [{}]},
        {"averaged": "many"},
    ],
    ids=str,
)
def test_a_damaged_run(changes, tmp_path):
    path = tmp_path / "run.resume.safetensors"
    state, _ = a_state()
    save_state(path, state)
    _, header = header_of(path)
    with_header(path, resume=changes["resume"] if "resume" in changes else {**header["resume"], **changes})
    with pytest.raises(CheckpointError, match=r"^run.resume.safetensors is not a weights file of this project"):
        load_state(path, "cpu")


def test_a_run_without_its_moments(tmp_path):
    path = tmp_path / "run.resume.safetensors"
    state, _ = a_state()
    save_state(path, state)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a dict
        metadata = {"lenet": json.dumps({**json.loads(file.metadata()["lenet"]), "sha256": None})}
    for lost in ("resume/optimizer.0.exp_avg", "resume/optimizer.3.step", "resume/model.fc1.weight", "fc1.weight"):
        save_file({n: t for n, t in tensors.items() if n != lost}, path, metadata=metadata)
        with pytest.raises(CheckpointError, match="is not a weights file of this project"):
            load_state(path, "cpu")
    short = {**tensors, "resume/optimizer.0.exp_avg": torch.zeros(3)}
    save_file(short, path, metadata=metadata)
    with pytest.raises(CheckpointError, match="is not a weights file of this project"):
        load_state(path, "cpu")


def test_the_test_accuracy_is_that_of_the_classifiers_answers():
    """Which is never "not a digit": a digit that the network doubts still gets its likeliest name."""
    state = start(RECIPES["digits"], "cpu")
    last = state.network.fc1
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([0.0] * 7 + [1.0, 0.0, 0.0, 9.0])  # a 7, were it not no digit
    images = torch.zeros(4, 1, 28, 28, dtype=torch.uint8)
    split = Split(images, torch.tensor([7, 7, 7, 1]))
    classes = DATASETS["drawings"].classes
    checkpoint = finish(state, Dataset("drawings", classes, split, split, split))
    assert checkpoint.metrics["test_accuracy"] == 0.75
    assert [len(row) for row in checkpoint.confusion] == [10] * 10  # and nothing is taken for "not a digit"
    assert (checkpoint.confusion[7][7], checkpoint.confusion[1][7]) == (3, 1)
    assert sum(map(sum, checkpoint.confusion)) == 4
    assert sum(one.count for one in checkpoint.bins) == 4


def test_the_first_thousand_are_measured_apart_where_there_are_more():
    checkpoint = a_checkpoint("lenet5")
    images = torch.zeros(1200, 3, 32, 32, dtype=torch.uint8)  # one picture, and so one answer
    answer = int(evaluate(checkpoint.model, images[:1], checkpoint.recipe.input).argmax())
    labels = torch.full((1200,), answer)
    labels[900:] = (answer + 1) % 10
    again = measured(checkpoint, Split(images, labels))
    assert again.metrics["test_accuracy"] == 0.75
    assert again.metrics["test_accuracy_first_1000"] == 0.9
    assert again.metrics["val_accuracy"] == checkpoint.metrics["val_accuracy"]
    assert again.confusion[answer][answer] == 900
    assert "test_accuracy_first_1000" not in measured(checkpoint, Split(images[:1000], labels[:1000])).metrics


# --------------------------------------------------------------------------------------------------
# Calibration


def photos(count: int = 200) -> Split:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return Split(images, torch.randint(0, 10, (count,), generator=generator))


def calibration_of(checkpoint: Checkpoint, val: Split) -> Calibration:
    calibration = calibrated(checkpoint, val).calibration
    assert calibration is not None
    return calibration


def ood_score(calibration: Calibration, logits: torch.Tensor, images: torch.Tensor) -> float:
    return calibration.ood.score(logits, images, calibration.temperature)


def test_the_validation_split_decides_what_is_out_of_distribution():
    checkpoint, val = a_checkpoint("lenet5"), photos()
    calibration = calibration_of(checkpoint, val)
    with torch.no_grad():
        logits = checkpoint.model(to_input(val.images, checkpoint.recipe.input))
    pairs = list(zip(logits.split(1), val.images.split(1), strict=True))
    scores = torch.tensor([ood_score(calibration, row, image) for row, image in pairs])
    assert KNOWN_SHARE <= (scores <= 0.5).double().mean().item() < 1
    assert MEDIAN_SCORE <= scores.median().item() < 0.2
    # what looks like none of them, though the network says the same; and the other way round
    assert ood_score(calibration, logits[:1], torch.full((1, 3, 32, 32), 99, dtype=torch.uint8)) > 0.99
    assert ood_score(calibration, logits[:1] * 0 - 99, val.images[:1]) > 0.99


def test_a_photo_is_as_odd_as_its_least_odd_crop():
    checkpoint, val = a_checkpoint("lenet5"), photos()
    calibration = calibration_of(checkpoint, val)
    flat = torch.full((1, 3, 32, 32), 99, dtype=torch.uint8)
    one = ood_score(calibration, torch.ones(1, 10), val.images[:1])
    assert ood_score(calibration, torch.ones(2, 10), torch.cat([flat, val.images[:1]])) == pytest.approx(one)
    assert one < ood_score(calibration, torch.ones(1, 10), flat)


def test_a_score_scale_rises_from_0_to_1():
    scale = ScoreScale(median=-10.0, limit=-5.0)
    values = scale(torch.tensor([-1e4, -10.0, -7.0, -5.0, 1e4], dtype=torch.float64)).tolist()
    assert values == sorted(values)
    assert values[0] == pytest.approx(0)
    assert values[1] == pytest.approx(MEDIAN_SCORE)
    assert values[3:] == pytest.approx([0.5, 1])


def test_a_network_that_answers_always_the_same_can_be_calibrated():
    checkpoint = a_checkpoint("lenet5")
    for parameter in checkpoint.model.parameters():
        torch.nn.init.zeros_(parameter)
    same = Split(torch.zeros(20, 3, 32, 32, dtype=torch.uint8), torch.arange(20) % 10)
    assert ood_score(calibration_of(checkpoint, same), torch.zeros(1, 10), same.images[:1]) == pytest.approx(0.5)


def test_a_finished_run_is_calibrated_if_it_names_photos():
    split = photos(40)
    colour = start(RECIPES["cifar10-lenet5-sgd"], "cpu")
    assert finish(colour, Dataset("cifar10", DIGITS, split, split, split)).calibration is not None
    grey, data = a_state(1)
    assert finish(grey, data).calibration is None


def test_a_large_network_is_measured_and_kept_in_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr("lenet.inference.evaluation.MAX_FLOAT32_PARAMETERS", 1000)
    state = start(RECIPES["digits-demo"], "cpu")
    checkpoint = finish(state, load_dataset("digits"))
    path = tmp_path / "net.safetensors"
    save(path, checkpoint)
    kept = {name: tensor for name, tensor in load_file(path).items() if tensor.is_floating_point()}
    assert {tensor.dtype for tensor in kept.values()} == {torch.float16}
    for name, tensor in load(path).model.state_dict().items():
        assert torch.equal(tensor, checkpoint.model.state_dict()[name]), "the file is not the network that was measured"
    assert not torch.equal(checkpoint.model.fc1.weight, state.network.fc1.weight), "the run's own weights were rounded"
    save(path, Checkpoint(state.network, checkpoint.recipe, checkpoint.classes, {}))
    assert {tensor.dtype for tensor in load_file(path).values() if tensor.is_floating_point()} == {torch.float32}
