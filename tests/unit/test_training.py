"""The loop: it learns, it repeats itself bit for bit, and it can be stopped anywhere."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

import lenet.training.loop
from lenet.data.datasets import Dataset, Split
from lenet.errors import DivergedError, RecipeError
from lenet.preprocessing.normalization import to_input
from lenet.training.loop import (
    EpochEnd,
    LrChange,
    Step,
    TrainingState,
    Validation,
    change_lr,
    evaluate,
    fit,
    in_bfloat16,
    lr_in_words,
    pick_device,
    start,
)
from lenet.training.metrics import accuracy, cross_entropy
from lenet.training.optim import LOSSES, RUBBISH_PENALTY
from lenet.training.recipes import RECIPES, Recipe
from lenet.training.resume import load_state, save_state


@pytest.fixture(autouse=True)
def every_step_is_an_event(monkeypatch):
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 0)


def synthetic(channels: int = 1, side: int = 28, train: int = 100) -> Dataset:
    """Ten classes that are ten bright bars under noise: easy, and not trivial."""
    generator = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        labels = torch.randint(0, 10, (count,), generator=generator)
        images = torch.randint(0, 120, (count, channels, side, side), generator=generator, dtype=torch.uint8)
        for image, label in zip(images, labels.tolist(), strict=True):
            image[:, :, 2 * label + 3 : 2 * label + 6] = 250
        return Split(images, labels)

    return Dataset("synthetic", tuple("0123456789"), split(train), split(30), split(30))


GREY = RECIPES["digits-demo"].with_changes(epochs=3, batch_size=32)
COLOUR = RECIPES["cifar10-lenet5-sgd"].with_changes(epochs=3, batch_size=32, lr=0.02)
PHOTOS = RECIPES["photos-medium"].with_changes(
    model="convnet-small", epochs=3, batch_size=32, lr=0.1, augmentation="none", label_smoothing=0.0
)
RUNS: dict[str, tuple[Recipe, Dataset]] = {
    "sgd, plateau": (COLOUR, synthetic(3, 32)),
    "adam": (RECIPES["mnist-lenet5-sigmoid"].with_changes(epochs=3, batch_size=32), synthetic()),
    "adamw, average, augmented": (GREY.with_changes(ema=0.9, weight_decay=0.01), synthetic()),
    "cosine, paper": (RECIPES["mnist-lenet5-1998"].with_changes(epochs=3, batch_size=32), synthetic()),
    "muon, whitened": (PHOTOS.with_changes(ema=0.9), synthetic(3, 32)),
}


def run(recipe: Recipe, data: Dataset) -> tuple[TrainingState, list]:
    state = start(recipe, "cpu")
    return state, list(fit(state, data))


def weights(state: TrainingState) -> dict[str, torch.Tensor]:
    networks = {"model": state.model, "network": state.network, "outcome": state.outcome}
    return {f"{kind}.{name}": t for kind, network in networks.items() for name, t in network.state_dict().items()}


def assert_same_bits(a: TrainingState, b: TrainingState) -> None:
    one, other = weights(a), weights(b)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def without_times(events: Iterable) -> list[tuple]:
    """Everything about events but how long they took."""
    return [
        (e.epoch, e.step, e.total_steps, e.lr) if isinstance(e, Step)
        else (e.epoch, e.images) if isinstance(e, Validation)
        else (e.epoch, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy)
        for e in events
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------
# It learns


@pytest.mark.parametrize("name", RUNS)
def test_it_learns(name):
    recipe, data = RUNS[name]
    lr, epochs = {
        "sgd, plateau": (0.02, 25),
        "adam": (5e-3, 100),  # sigmoids take their time
        "adamw, average, augmented": (4e-3, 25),
        "cosine, paper": (2e-3, 60),
        "muon, whitened": (0.1, 15),
    }[name]
    state, events = run(recipe.with_changes(epochs=epochs, lr=lr), data)
    ends = [e for e in events if isinstance(e, EpochEnd)]
    assert state.done
    assert ends[-1].train_loss < 0.6 * ends[0].train_loss
    assert ends[-1].val_accuracy > 0.5  # chance is 0.1
    assert state.history == ends


def test_events_say_what_happened():
    recipe, data = RUNS["sgd, plateau"]
    _, events = run(recipe, data)
    kinds = [type(e).__name__ for e in events]
    assert kinds == (["Step"] * 4 + ["EpochEnd"]) * 3  # 100 pictures in batches of 32, the last of 4
    steps = [e for e in events if isinstance(e, Step)]
    assert [(e.epoch, e.step) for e in steps] == [(epoch, step) for epoch in (1, 2, 3) for step in (1, 2, 3, 4)]
    assert all(e.total_steps == 4 and e.lr == recipe.lr and e.images_per_second > 0 for e in steps)
    assert all(0 <= e.accuracy <= 1 and 0 < e.loss < 20 for e in steps)
    for number, end in enumerate((e for e in events if isinstance(e, EpochEnd)), start=1):
        assert end.epoch == number
        assert end.seconds > 0
        own = [e for e in steps if e.epoch == number]
        sizes = [32, 32, 32, 4]
        # the ragged last batch counts for the 4 pictures that it has
        assert end.train_loss == pytest.approx(sum(n * e.loss for n, e in zip(sizes, own, strict=True)) / 100, rel=1e-4)
        assert round(100 * end.train_accuracy) == sum(round(n * e.accuracy) for n, e in zip(sizes, own, strict=True))


def test_an_epochs_loss_and_accuracy_are_those_of_its_pictures():
    recipe, data = RUNS["sgd, plateau"]
    state, events = run(recipe.with_changes(lr=1e-12, epochs=1), data)  # so that the weights stay
    logits = evaluate(state.network, data.train.images, recipe.input)
    assert events[-1].train_loss == pytest.approx(cross_entropy(logits, data.train.labels), rel=1e-5)
    assert events[-1].train_accuracy == pytest.approx(accuracy(logits, data.train.labels), abs=1e-6)
    last = events[-2]  # the 4 pictures that are left over
    assert last.accuracy in (0, 0.25, 0.5, 0.75, 1)
    assert 2 < last.loss < 2.6, "an untrained network's loss is about log(10) in every batch"


def test_every_step_augments_anew_and_every_epoch_has_its_own_order(monkeypatch):
    seen: list[torch.Tensor] = []
    seeds: list[int] = []

    def watch(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        seen.append(images)
        seeds.append(generator.initial_seed())
        return images

    monkeypatch.setitem(lenet.training.loop.AUGMENTATIONS, "none", watch)
    recipe, data = RUNS["sgd, plateau"]
    run(recipe, data)
    assert len(set(seeds)) == len(seeds) == 3 * 4
    epochs = [torch.cat(seen[4 * i : 4 * i + 4]) for i in range(3)]
    assert not torch.equal(epochs[0], epochs[1])
    everyone = sorted(image.numpy().tobytes() for image in data.train.images)
    for epoch in epochs:
        assert sorted(image.numpy().tobytes() for image in epoch) == everyone, "somebody was left out, or came twice"


def test_steps_are_not_shown_more_often_than_they_can_be_drawn(monkeypatch):
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 1e9)
    _, events = run(*RUNS["sgd, plateau"])
    assert [type(e).__name__ for e in events] == ["Step", "EpochEnd"] * 3
    assert all(e.step == e.total_steps for e in events if isinstance(e, Step))


def test_validation_is_of_the_network_that_is_kept():
    recipe, data = RUNS["adamw, average, augmented"]
    state, events = run(recipe, data)
    assert state.average is not None
    logits = evaluate(state.network, data.val.images, recipe.input)
    assert events[-1].val_accuracy == (logits.argmax(1) == data.val.labels).double().mean().item()
    assert not torch.equal(logits, evaluate(state.model, data.val.images, recipe.input))


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_best_network_is_kept_where_the_recipe_says_so(ema):
    recipe, data = RUNS["sgd, plateau"]
    recipe = recipe.with_changes(lr=0.2, epochs=6, keep="best", ema=ema)  # so high that it jumps
    state = start(recipe, "cpu")
    events, networks = [], []
    assert state.outcome is state.network
    for event in fit(state, data):
        if isinstance(event, EpochEnd):
            events.append(event)
            networks.append(copy.deepcopy(state.network.state_dict()))
    lowest = min(range(6), key=lambda epoch: events[epoch].val_loss)
    assert lowest < 5, "or this would not tell the best from the last"
    kept = state.outcome.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in networks[lowest].items())
    last, _ = run(recipe.with_changes(keep="last"), data)
    assert last.outcome is last.network
    assert all(torch.equal(tensor, networks[5][name]) for name, tensor in last.outcome.state_dict().items())


def test_evaluation_is_in_eval_mode_in_order_and_exact_for_ragged_batches():
    recipe, data = RUNS["adamw, average, augmented"]
    network = start(recipe, "cpu").network.train()
    whole = evaluate(network, data.train.images, recipe.input)
    pieces = evaluate(network, data.train.images, recipe.input, batch_size=7)
    assert whole.shape == (100, 10)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(network.eval()(to_input(data.train.images, recipe.input)), whole)


# --------------------------------------------------------------------------------------------------
# It repeats itself


@pytest.mark.parametrize("name", RUNS)
def test_the_same_recipe_gives_the_same_bits(name):
    recipe, data = RUNS[name]
    a, events = run(recipe, data)
    torch.rand(1000)  # whatever else happens in the process
    b, again = run(recipe, data)
    assert_same_bits(a, b)
    assert without_times(events) == without_times(again)
    c, _ = run(recipe.with_changes(seed=1), data)
    assert any(not torch.equal(one, other) for one, other in zip(weights(a).values(), weights(c).values(), strict=True))


RUN_EACH = """
import sys
from lenet.training.resume import save_state
from tests.unit.test_training import RUNS, run
for number, (recipe, data) in enumerate(RUNS.values()):
    save_state(f"{sys.argv[1]}/{number}", run(recipe, data)[0])
"""


def test_another_process_gives_the_same_bits(tmp_path):
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # how sums are split among them shows in the last bits
    command = [sys.executable, "-c", RUN_EACH, str(tmp_path)]
    subprocess.run(command, cwd=Path(__file__).parents[2], env={**os.environ, **threads}, check=True, timeout=120)
    for number, (recipe, data) in enumerate(RUNS.values()):
        assert_same_bits(run(recipe, data)[0], load_state(tmp_path / str(number), "cpu"))


def test_nobody_elses_randomness_is_touched():
    before = torch.get_rng_state()
    recipe, data = RUNS["adamw, average, augmented"]
    run(recipe, data)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 7, 11, 14])  # an epoch is 4 Steps and an EpochEnd
@pytest.mark.parametrize("name", RUNS)
def test_a_stopped_run_goes_on_as_if_it_had_not_been(name, stop_after, tmp_path):
    recipe, data = RUNS[name]
    whole, events = run(recipe, data)

    stopped = start(recipe, "cpu")
    first = list(islice(fit(stopped, data), stop_after))
    path = tmp_path / "run.resume.safetensors"
    save_state(path, stopped)
    resumed = load_state(path, "cpu")
    assert_same_bits(stopped, resumed)
    assert (resumed.epoch, resumed.step, resumed.history) == (stopped.epoch, stopped.step, stopped.history)
    rest = list(fit(resumed, data))

    assert_same_bits(whole, resumed)
    assert without_times(first + rest) == without_times(events)
    assert without_times(resumed.history) == without_times(whole.history)


def test_a_plateau_is_remembered_across_a_stop(tmp_path):
    recipe, data = RUNS["sgd, plateau"]
    recipe = recipe.with_changes(epochs=14, lr=1e-5)  # so slow that "lower by 1e-4" fails
    whole, events = run(recipe, data)
    rates = [e.lr for e in events if isinstance(e, Step)]
    assert min(rates) < max(rates), "the plateau was never reached, so this test shows nothing"
    state = start(recipe, "cpu")
    list(islice(fit(state, data), 5 * 4))  # four epochs: inside the plateau's patience
    save_state(tmp_path / "run", state)
    resumed = load_state(tmp_path / "run", "cpu")
    rest = [e.lr for e in fit(resumed, data) if isinstance(e, Step)]
    assert rest == rates[4 * 4 :]
    assert_same_bits(whole, resumed)


def test_closing_the_generator_leaves_a_whole_state():
    recipe, data = RUNS["adam"]
    whole, _ = run(recipe, data)
    state = start(recipe, "cpu")
    events = fit(state, data)
    for _ in range(6):
        next(events)
    events.close()  # type: ignore[attr-defined]  # a generator, though it says only Iterator
    assert (state.epoch, state.step) == (1, 1)
    assert torch.isfinite(evaluate(state.network, data.val.images, recipe.input)).all()
    list(fit(state, data))
    assert_same_bits(whole, state)
    assert list(fit(state, data)) == []


# --------------------------------------------------------------------------------------------------
# Loss, learning rate, refusals


def test_equation_9():
    generator = torch.Generator().manual_seed(0)
    penalties = torch.rand(6, 10, generator=generator) * 20
    labels = torch.randint(0, 10, (6,), generator=generator)
    total = 0.0
    for y, d in zip(penalties.tolist(), labels.tolist(), strict=True):
        total += y[d] + math.log(math.exp(-RUBBISH_PENALTY) + sum(math.exp(-value) for value in y))
    assert LOSSES["discriminative-map"](-penalties, labels, 0.0).item() == pytest.approx(total / 6, rel=1e-5)


def test_cross_entropy():
    logits, labels = torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([0])
    log_probs = [v - math.log(sum(map(math.exp, (2, 0, -1)))) for v in (2, 0, -1)]
    assert LOSSES["cross-entropy"](logits, labels, 0.0).item() == pytest.approx(-log_probs[0], rel=1e-5)
    smoothed = -(0.9 * log_probs[0] + 0.1 * sum(log_probs) / 3)
    assert LOSSES["cross-entropy"](logits, labels, 0.1).item() == pytest.approx(smoothed, rel=1e-5)


@pytest.mark.parametrize("name", ["sgd, plateau", "muon, whitened"])
def test_a_run_stopped_while_it_validates_goes_on_as_if_it_had_not_been(name, tmp_path):
    recipe, data = RUNS[name]
    data = replace(data, val=Split(*(torch.cat([part] * 9) for part in (data.val.images, data.val.labels))))
    whole, expected = run(recipe, data)
    found = [e for e in expected if isinstance(e, Validation)]
    assert found == [Validation(epoch, images, 270) for epoch in (1, 2, 3) for images in (100, 200)]
    half = in_bfloat16(recipe, whole.device)  # as the run validates, where the processor has it
    logits = evaluate(whole.network, data.val.images, recipe.input, batch_size=270, bfloat16=half)
    assert whole.history[-1].val_loss == pytest.approx(cross_entropy(logits, data.val.labels), rel=1e-5)

    state, events = start(recipe, "cpu"), []
    for event in fit(state, data):
        events.append(event)
        if event == found[1]:
            break
    save_state(tmp_path / "run", state)
    for going_on in (state, load_state(tmp_path / "run", "cpu")):
        rest = list(fit(going_on, data))
        assert rest[:2] == found[:2], "it validates from the beginning"
        assert without_times([*events, *rest[2:]]) == without_times(expected)
        assert_same_bits(going_on, whole)


def test_an_evaluation_ends_when_it_is_told_to():
    network, images = start(GREY, "cpu").network, synthetic(train=50).train.images
    asked = []

    def enough():
        asked.append(True)
        if len(asked) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        evaluate(network, images, GREY.input, batch_size=10, before_each=enough)
    assert len(asked) == 3


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
def test_schedules(schedule):
    recipe = GREY.with_changes(schedule=schedule, epochs=10, lr=0.01, augmentation="none")
    _, events = run(recipe, synthetic())
    rates = [e.lr for e in events if isinstance(e, Step)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.01, rel=0.02)
    if schedule == "constant":
        assert set(rates) == {0.01}
    else:
        assert peak == {"cosine": 0, "one-cycle": 8}[schedule]
        assert rates[: peak + 1] == sorted(rates[: peak + 1])
        assert rates[peak:] == sorted(rates[peak:], reverse=True)
        assert 0 < rates[-1] < 0.04 * 0.01
        assert rates[0] > 0


def test_a_loss_that_explodes_is_a_sentence():
    recipe, data = RUNS["sgd, plateau"]
    with pytest.raises(DivergedError, match=r"epoch \d, at step \d\. The learning rate, 100, .*try a tenth"):
        run(recipe.with_changes(lr=100.0, weight_decay=1.0, epochs=20), data)


@pytest.mark.parametrize("step", [1, 3, 4])
def test_the_step_is_named_also_where_events_are_rare(step, monkeypatch):
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 1e9)
    recipe, data = RUNS["sgd, plateau"]
    order = torch.randperm(100, generator=lenet.training.loop._generator(recipe.seed, 0))
    soft = torch.full((100, 10), 0.1)
    soft[order[recipe.batch_size * (step - 1)]] = math.nan
    with pytest.raises(DivergedError, match=f"The loss stopped .* in epoch 1, at step {step}\\. The learning rate"):
        run(recipe, replace(data, train=replace(data.train, soft=soft)))


def test_no_event_leaves_a_state_that_is_lost(tmp_path):
    """A step may spoil the weights though its own loss was finite: what is saved after it would be lost too."""
    recipe, data = RUNS["adam"]
    state = start(recipe, "cpu")
    events = fit(state, data)
    next(events)
    save_state(tmp_path / "run", state)
    real = state.optimizer.step

    def too_far(*args, **kwargs):
        real(*args, **kwargs)
        next(state.model.parameters()).data[0] = math.inf

    state.optimizer.step = too_far  # type: ignore[method-assign]
    with pytest.raises(DivergedError, match="The weights stopped being finite numbers in epoch 1, at step 2"):
        next(events)
    list(fit(load_state(tmp_path / "run", "cpu"), data))


@pytest.mark.parametrize("name", ["sgd, plateau", "muon, whitened", "adamw, average, augmented"])
def test_a_run_goes_on_with_another_learning_rate(name, tmp_path):
    recipe, data = RUNS[name]
    state, steps = some_steps(name, "cpu", 7)
    before = [group["lr"] for group in state.optimizer.param_groups]
    change_lr(state, recipe.lr / 10)
    assert [group["lr"] for group in state.optimizer.param_groups] == pytest.approx([lr / 10 for lr in before])
    save_state(tmp_path / "run", state)
    state = load_state(tmp_path / "run", "cpu")
    assert (state.recipe, state.lr) == (recipe, recipe.lr / 10)
    rates = [event.lr for event in fit(state, data) if isinstance(event, Step)]
    expected = [event.lr / 10 for event in run(recipe, data)[1] if isinstance(event, Step)]
    assert rates == pytest.approx(expected[len(steps) :])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "lenet7"}, "no model called 'lenet7'"),
        ({"dataset": "svhn"}, "no data set called 'svhn'"),
        ({"augmentation": "cutout"}, "no augmentation called 'cutout'"),
        ({"dataset": "cifar10"}, "channels"),
        ({"model": "lenet5-sigmoid"}, "reads 28 pixels"),
        ({"model": "lenet5-1998", "dataset": "cifar10"}, "1 channel"),
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_trained_is_a_sentence(change, sentence):
    with pytest.raises(RecipeError, match=sentence):
        start(RECIPES["digits-demo"].with_changes(**change), "cpu")


def test_devices():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(RecipeError, match="no device called 'tpu': choose"):
        pick_device("tpu")
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not there:
            with pytest.raises(RecipeError, match=f"no {name} device"):
                pick_device(name)


def test_the_gpu_that_a_space_pretends_is_not_picked(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto").type != "cuda"
    with pytest.raises(RecipeError, match="no cuda device"):
        pick_device("cuda")
    monkeypatch.setenv("SPACES_ZERO_GPU", "")
    assert pick_device("auto").type == "cuda"


@pytest.mark.parametrize("name", ["sgd, plateau", "adam", "cosine, paper", "muon, whitened"])
def test_a_learning_rate_changed_by_hand_is_kept_across_a_stop(name, tmp_path):
    recipe, data = RUNS[name]
    plain = [event.lr for event in run(recipe, data)[1] if isinstance(event, Step)]
    state = start(recipe, "cpu")
    list(islice(fit(state, data), 3))
    change_lr(state, recipe.lr)
    assert state.lr_changes == [], "it is what it was"
    change_lr(state, 2.0 * recipe.lr)
    change_lr(state, 0.5 * recipe.lr)
    assert state.lr_changes == [LrChange(1, 3, 0.5 * recipe.lr)], "nothing was learned with the first"
    save_state(tmp_path / "run.resume.safetensors", state)
    resumed = load_state(tmp_path / "run.resume.safetensors", "cpu")
    for going_on in (state, resumed):
        rates = [event.lr for event in fit(going_on, data) if isinstance(event, Step)]
        assert rates == pytest.approx([0.5 * rate for rate in plain[3:]])
    assert all(torch.equal(a, b) for a, b in zip(weights(state).values(), weights(resumed).values(), strict=True))
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(RecipeError, match="learning rate must be above 0"):
            change_lr(state, wrong)
    told = list(state.lr_changes)
    change_lr(state, recipe.lr)
    assert state.lr_changes == told, "nothing is learned any more"


def test_changes_of_the_learning_rate_are_told_in_a_phrase():
    first, second = LrChange(1, 3, 0.02), LrChange(4, 0, 0.001)
    assert str(lr_in_words(0.01, [])) == "0.01"
    assert str(lr_in_words(0.01, [first])) == "0.01, changed by hand to 0.02 in epoch 1"
    assert str(lr_in_words(0.01, [first, second])) == "0.01, changed by hand 2 times, last to 0.001 in epoch 4"


# --------------------------------------------------------------------------------------------------
# On a GPU, which few machines have


cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
ON_CUDA = ["sgd, plateau", "adam", "adamw, average, augmented", "muon, whitened"]


def some_steps(name: str, device: str, steps: int) -> tuple[TrainingState, list[Step]]:
    recipe, data = RUNS[name]
    state = start(recipe, device)
    return state, [event for event in islice(fit(state, data), steps) if isinstance(event, Step)]


@cuda
@pytest.mark.parametrize("name", ON_CUDA)
def test_cuda_learns_what_the_cpu_does(name):
    """Nearly: its convolutions round to 10 bits (TF32), and Muon's iteration blows up what is rounded."""
    state, there = some_steps(name, "cuda", 4)
    _, here = some_steps(name, "cpu", 4)
    assert {tensor.device.type for tensor in state.model.state_dict().values()} == {"cuda"}
    assert [e.step for e in there] == [1, 2, 3, 4]
    assert there[0].loss == pytest.approx(here[0].loss, rel=2e-3)  # of the same weights, of the same pictures
    for ours, theirs in zip(there, here, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=0.1)
        assert ours.lr == theirs.lr


@cuda
@pytest.mark.parametrize("name", ON_CUDA)
def test_a_stopped_run_on_cuda_goes_on_with_the_same_bits(name, tmp_path):
    recipe, data = RUNS[name]
    whole, again = start(recipe, "cuda"), start(recipe, "cuda")
    events = list(fit(whole, data))
    assert without_times(fit(again, data)) == without_times(events)
    assert_same_bits(whole, again)
    for stop_after in (3, 7):  # within the first epoch and the second
        stopped = start(recipe, "cuda")
        list(islice(fit(stopped, data), stop_after))
        save_state(tmp_path / "run", stopped)
        resumed = load_state(tmp_path / "run", "cuda")
        list(fit(resumed, data))
        assert_same_bits(whole, resumed)


@cuda
@pytest.mark.parametrize("name", ON_CUDA)
@pytest.mark.parametrize(("before", "after"), [("cuda", "cpu"), ("cpu", "cuda")])
def test_a_run_moves_to_another_device(name, before, after, tmp_path):
    """Weights, moments and all: where it is saved again there, the file is the same."""
    state, _ = some_steps(name, before, 6)
    save_state(tmp_path / "before", state)
    moved = load_state(tmp_path / "before", after)
    assert moved.device.type == after
    assert {p.device.type for p in moved.model.parameters()} == {after}
    save_state(tmp_path / "after", moved)
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    rest = list(fit(moved, RUNS[name][1]))
    assert moved.done
    assert all(math.isfinite(event.val_loss) for event in rest if isinstance(event, EpochEnd))


@cuda
def test_bfloat16_on_cuda_learns(tmp_path):
    recipe, data = RUNS["muon, whitened"]
    state = start(recipe.with_changes(precision="bfloat16", epochs=15), "cuda")
    list(fit(state, data))
    assert {p.dtype for p in state.model.parameters()} == {torch.float32}
    assert state.history[-1].val_accuracy > 0.5


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot flush denormal numbers")
def test_numbers_too_small_to_count_fast_are_zero_while_it_learns():
    smallest = torch.full((1000,), 1e-39)
    try:
        for _ in fit(start(GREY, "cpu"), synthetic()):
            assert not (smallest * 0.5).any()
    finally:
        torch.set_flush_denormal(False)
