"""Who trains when, and what stays of it, without a server."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest
import torch

import lenet.training.loop
from lenet.data import download
from lenet.data.datasets import DATASETS, Dataset, Split
from lenet.errors import CheckpointError, DataError, RecipeError
from lenet.inference.pretrained import Checkpoint
from lenet.training.loop import EpochEnd, TrainingState, fit, start
from lenet.training.recipes import RECIPES, Recipe
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.pictures import Pictures
from lenet.ui.train import queue, replay, training
from lenet.ui.train.loading import LOADERS
from lenet.ui.train.messages import Downloading, Known, RunFacts, SameRun
from lenet.ui.train.queue import MAX_RUNS_PER_OWNER
from lenet.ui.train.run import ENDED, MAX_POINTS, Run, Series
from lenet.ui.train.runs import Runs

ANNE, BEN = "a" * 32, "b" * 32
RECIPE = RECIPES["digits-demo"].with_changes(epochs=3, batch_size=32)
LONG = RECIPE.with_changes(epochs=5000)


def small() -> Dataset:
    generator = torch.Generator().manual_seed(0)

    def split(count: int) -> Split:
        labels = torch.arange(count) % 10
        images = torch.randint(0, 255, (count, 1, 28, 28), generator=generator, dtype=torch.uint8)
        return Split(images, labels)

    return Dataset("digits", DATASETS["digits"].classes, split(96), split(20), split(20))


DATA = small()
MANY = Split(*(torch.cat([part] * 25) for part in (DATA.val.images, DATA.val.labels)))


@pytest.fixture(autouse=True)
def every_step_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 0)


@pytest.fixture(autouse=True)
def nobody_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """These runs have few recipes and are about who trains when; tests/unit/test_replay.py is about who follows."""
    monkeypatch.setattr(replay.Recordings, "find", lambda self, recipe: None)


@pytest.fixture
def networks(tmp_path: Path) -> Networks:
    return Networks(tmp_path, Pictures())


@pytest.fixture
def runs(networks: Networks) -> Iterator[Runs]:
    """Where a page is given up only when a test says so."""
    made = Runs(networks, patience=1000, load=lambda dataset, teacher: DATA, turn=1000)
    yield made
    made.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.005)


def has_learned(run: Run) -> bool:
    return run.last is not None


def status(run: Run, *wanted: str) -> None:
    until(lambda: run.status in wanted)


def facts_of(runs: Runs, visitor: str, watched: str = "") -> RunFacts:
    """All of the visitor's only run."""
    (found,) = runs.look(visitor, {}, watched)
    assert isinstance(found, RunFacts)
    return found


def gone(runs: Runs, visitor: str) -> None:
    """As if nothing had been heard of the visitor for too long."""
    runs._queue.heard[visitor] = time.monotonic() - 1001


# --------------------------------------------------------------------------------------------------


def test_a_run_learns_is_measured_and_kept(runs: Runs) -> None:
    run = runs.begin(ANNE, RECIPE)
    status(run, *ENDED)
    assert (run.status, run.epoch, run.problem) == ("done", 3, None)
    assert runs.networks.get(run.key).recipe == RECIPE
    assert run.path is not None
    assert run.path.exists()
    assert (run.training, run.dataset) == (None, None)  # what goes on no more needs no memory
    facts = facts_of(runs, ANNE, run.id)
    assert facts.metrics["test_accuracy"] == run.metrics["test_accuracy"]
    assert [point[0] for point in facts.val.points] == [1, 2, 3]
    assert facts.best is not None
    assert facts.best[1] == min(point[1] for point in run.val.points)
    assert facts.snapshot is not None
    assert len(facts.snapshot.view["pictures"]) == 10
    assert facts.snapshot.view["filters"]["shape"] == [6, 5, 5, 1]


class Gate:
    """Lets work through when it is open, and tells that somebody came."""

    def __init__(self) -> None:
        self.opened, self.reached = threading.Event(), 0

    def __call__(self) -> None:
        self.reached += 1
        assert self.opened.wait(30)


def test_a_run_stops_within_a_validation(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = Gate(), lenet.training.loop.evaluate
    monkeypatch.setattr(lenet.training.loop, "evaluate", partial(real, before_each=gate))
    runs._loading._load = lambda dataset, teacher: replace(DATA, val=MANY)
    run = runs.begin(ANNE, RECIPE)
    until(lambda: gate.reached == 1)
    runs.stop(ANNE, run.id)
    gate.opened.set()
    status(run, "stopped")
    assert (run.epoch, gate.reached) == (0, 1), "the first of five batches was the last one"
    assert runs.networks.get(run.key)


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Before each batch of a measurement."""
    gate, real = Gate(), training.finish

    def finish(state: TrainingState, data: Dataset, before_each: Callable[[], None]) -> Checkpoint:
        return real(state, data, lambda: gate() or before_each())

    monkeypatch.setattr(training, "finish", finish)
    return gate


@pytest.mark.parametrize(("recipe", "end"), [(RECIPE, "done"), (LONG, "stopped")], ids=["at its end", "stopped"])
def test_measuring_gives_way_and_is_done_when_the_page_is_back(
    recipe: Recipe, end: str, runs: Runs, measuring: Gate
) -> None:
    run = runs.begin(ANNE, recipe)
    if end == "stopped":
        until(lambda: run.last is not None)
        runs.stop(ANNE, run.id)
    until(lambda: measuring.reached == 1)
    assert run.status == "measuring"
    gone(runs, ANNE)
    measuring.opened.set()
    status(run, "away")
    last = run.last
    assert (run.key, measuring.reached) == ("", 1)
    runs.heard(ANNE)
    status(run, *ENDED)
    assert (run.status, run.last) == (end, last), "it learned no more"
    assert runs.networks.get(run.key)


def test_a_run_removed_while_it_is_measured_frees_its_place(runs: Runs, measuring: Gate) -> None:
    run = runs.begin(ANNE, RECIPE)
    until(lambda: measuring.reached == 1)
    runs.remove(ANNE, run.id)
    measuring.opened.set()
    until(lambda: runs._queue.training is None)
    assert measuring.reached == 1
    status(runs.begin(BEN, RECIPE), "done")


def test_one_trains_and_the_others_wait_in_order(runs: Runs) -> None:
    first, second, third = runs.begin(ANNE, LONG), runs.begin(BEN, LONG), runs.begin(ANNE, LONG)
    status(first, "running")
    status(second, "waiting")
    status(third, "waiting")
    facts = facts_of(runs, BEN)
    assert facts.waiting is not None
    assert facts.waiting.place == 1
    other = runs.facts(ANNE, third.id).waiting
    assert other is not None
    assert other.place == 2
    until(lambda: first.progress > 0.01 and first.worked > 0.5)
    facts = facts_of(runs, BEN)
    assert facts.waiting is not None
    assert facts.waiting.known
    assert facts.waiting.seconds == pytest.approx(first.worked / first.progress, rel=0.5)
    runs.stop(ANNE, first.id)
    status(second, "running")
    assert first.status == "stopped"
    assert third.status == "waiting"


def test_everybody_sees_only_their_own(runs: Runs) -> None:
    mine = runs.begin(ANNE, LONG)
    assert runs.look(BEN, {}) == ()
    for order in (runs.pause, runs.stop, runs.remove, runs.resume, runs.run):
        with pytest.raises(CheckpointError, match="no longer keeps"):
            order(BEN, mine.id)
    status(mine, "running")


def test_a_pause_and_steps_change_nothing_of_what_is_learned(runs: Runs) -> None:
    plain = start(RECIPE, "cpu")
    events = list(fit(plain, DATA))
    run = runs.begin(ANNE, RECIPE)
    runs.pause(ANNE, run.id)
    status(run, "paused")
    for epoch in (1, 2, 3):
        runs.resume(ANNE, run.id, epochs=1)
        status(run, "paused", *ENDED)
        assert run.epoch >= epoch
    status(run, "done")
    assert [point[1] for point in run.val.points] == [e.val_loss for e in events if isinstance(e, EpochEnd)]
    trained = runs.networks.get(run.key).model.state_dict()
    assert all(torch.equal(trained[name], tensor) for name, tensor in plain.network.state_dict().items())


def test_a_step_is_one_epoch(runs: Runs) -> None:
    run = runs.begin(ANNE, LONG)
    until(lambda: run.last is not None)
    runs.pause(ANNE, run.id)
    status(run, "paused")
    before = run.epoch
    runs.resume(ANNE, run.id, epochs=1)
    until(lambda: run.epoch > before)
    status(run, "paused")
    assert run.last is not None
    assert (run.epoch, run.last.step) == (before + 1, run.last.total_steps)


def test_a_page_that_is_gone_gives_way_and_is_reattached(runs: Runs) -> None:
    mine = runs.begin(ANNE, LONG)
    theirs = runs.begin(BEN, LONG)
    status(mine, "running")
    until(lambda: mine.last is not None)
    gone(runs, ANNE)
    status(theirs, "running")
    assert mine.status == "away"
    assert mine.training is not None
    runs.heard(ANNE)  # as a reloaded page does
    status(mine, "waiting")
    gone(runs, BEN)
    status(mine, "running")


def test_a_page_closed_at_once_never_trains(runs: Runs) -> None:
    first = runs.begin(ANNE, LONG)
    status(first, "running")
    second = runs.begin(BEN, LONG)
    gone(runs, BEN)
    runs.remove(ANNE, first.id)
    status(second, "away")
    assert second.last is None


def test_silence_is_noticed_by_the_clock(networks: Networks) -> None:
    runs = Runs(networks, patience=0.05, load=lambda dataset, teacher: DATA)
    run = runs.begin(ANNE, LONG)
    status(run, "away")
    for _ in range(3):
        runs.look(ANNE, {})
    status(run, "running", "away")
    runs.close()


def test_a_rate_changed_by_hand_holds_from_the_next_moment_on(runs: Runs) -> None:
    run = runs.begin(ANNE, LONG.with_changes(schedule="constant"))
    until(lambda: run.last is not None)
    runs.scale(ANNE, run.id, 0.25)
    until(lambda: run.last is not None and run.last.lr == pytest.approx(run.recipe.lr / 4))
    for wrong in (0, 1e9):
        with pytest.raises(RecipeError, match="above 0 and at most 100"):
            runs.scale(ANNE, run.id, wrong)
    runs.stop(ANNE, run.id)
    status(run, "stopped")
    kept = runs.networks.get(run.key)
    assert kept.recipe == run.recipe
    assert [change.lr for change in kept.lr_changes] == [run.recipe.lr / 4]


def test_what_cannot_be_trained_gets_a_sentence(runs: Runs) -> None:
    def nowhere(dataset: str, teacher: str) -> Dataset:
        raise DataError("There is no such data here.")

    runs._loading._load = nowhere
    run = runs.begin(ANNE, RECIPE)
    status(run, "failed")
    assert (str(run.problem), run.without_data) == ("There is no such data here.", True)
    runs._loading._load = lambda dataset, teacher: DATA
    wild = runs.begin(ANNE, RECIPE.with_changes(optimizer="sgd", lr=100.0, epochs=50))
    status(wild, *ENDED)
    assert "stopped being" in str(wild.problem)
    assert not wild.without_data
    after = runs.begin(ANNE, RECIPE)
    status(after, "done")


def test_data_lost_in_mid_run_cost_nothing_that_was_learned(runs: Runs, tmp_path: Path) -> None:
    def lost(dataset: str, teacher: str) -> Dataset:
        raise DataError("{path} is incomplete or damaged.", path=tmp_path / "secret")

    run = runs.begin(ANNE, LONG)
    until(lambda: has_learned(run))
    runs._loading._load = lost  # a run that is under way has its data
    epoch = run.epoch
    until(lambda: run.epoch > epoch + 1)
    runs.pause(ANNE, run.id)
    status(run, "paused")
    epoch, step, best = run.epoch, run.last, run.best
    for again in (runs.resume, runs.stop):  # to measure it needs the data too
        again(ANNE, run.id)
        until(lambda: run.status == "paused" and run.without_data)
        facts = facts_of(runs, ANNE)
        assert (facts.status, facts.without_data) == ("paused", True)
        assert "damaged" in facts.problem
        assert str(tmp_path) not in facts.problem
        assert (run.epoch, run.last, run.best) == (epoch, step, best)
    runs._loading._load = lambda dataset, teacher: DATA
    runs.resume(ANNE, run.id)
    until(lambda: run.epoch > epoch)
    assert facts_of(runs, ANNE).problem == ""
    runs.stop(ANNE, run.id)
    status(run, "stopped")
    assert run.key


def test_loading_holds_up_nobody(runs: Runs) -> None:
    slow = threading.Event()

    def load(dataset: str, teacher: str) -> Dataset:
        if dataset == "mnist":
            slow.wait(30)
        return DATA

    runs._loading._load = load
    away = [runs.begin(ANNE, RECIPE.with_changes(dataset="mnist", teacher=str(i))) for i in range(LOADERS - 1)]
    second = runs.begin(BEN, RECIPE)
    status(second, "done")
    assert {run.status for run in away} == {"loading"}
    runs.stop(ANNE, away[0].id)
    assert (away[0].status, away[0].key) == ("stopped", "")
    slow.set()


def test_runs_on_the_same_data_wait_for_one_load(runs: Runs) -> None:
    slow, asked = threading.Event(), []

    def load(dataset: str, teacher: str) -> Dataset:
        asked.append(dataset)
        slow.wait(30)
        return DATA

    runs._loading._load = load
    both = [runs.begin(visitor, RECIPE.with_changes(epochs=1)) for visitor in (ANNE, BEN)]
    until(lambda: bool(asked))
    slow.set()
    for run in both:
        status(run, "done")
    assert asked == ["digits"]


def test_the_registry_keeps_no_loaded_data(runs: Runs) -> None:
    loaded: list[weakref.ref[Dataset]] = []

    def load(dataset: str, teacher: str) -> Dataset:
        made = small()
        loaded.append(weakref.ref(made))
        return made

    runs._loading._load = load
    status(runs.begin(ANNE, RECIPE.with_changes(epochs=1)), "done")
    runs.remove(ANNE, runs._queue.of(ANNE)[0].id)

    def freed() -> bool:
        gc.collect()
        return loaded[0]() is None

    until(freed)


def test_of_many_runs_the_oldest_ended_one_goes_with_its_network(runs: Runs) -> None:
    made = [runs.begin(ANNE, RECIPE.with_changes(epochs=1)) for _ in range(MAX_RUNS_PER_OWNER)]
    for run in made:
        status(run, "done")
    assert len({run.colour for run in made}) == MAX_RUNS_PER_OWNER
    newest = runs.begin(ANNE, LONG)
    assert [run.id for run in runs._queue.of(ANNE)] == [*(run.id for run in made[1:]), newest.id]
    assert newest.colour == made[0].colour
    assert newest.number == MAX_RUNS_PER_OWNER + 1
    with pytest.raises(CheckpointError):
        runs.networks.get(made[0].key)
    runs.remove(ANNE, made[1].id)
    assert runs.networks.get(made[2].key)


def test_nobody_has_more_runs_under_way_than_colours(runs: Runs) -> None:
    for _ in range(MAX_RUNS_PER_OWNER):
        runs.begin(ANNE, LONG)
    with pytest.raises(RecipeError, match="remove one first"):
        runs.begin(ANNE, LONG)


def test_runs_expire_by_age_and_by_number(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    old = runs.begin(ANNE, RECIPE)
    status(old, "done")
    runs._queue.heard[ANNE] -= queue.KEPT_SECONDS + 1
    new = runs.begin(BEN, RECIPE)
    assert list(runs._queue.runs) == [new.id]
    status(new, "done")
    monkeypatch.setattr(queue, "MAX_RUNS", 2)
    others = [runs.begin(f"{number:032x}", RECIPE) for number in range(2)]
    assert list(runs._queue.runs) == [other.id for other in others]


def test_too_many_paused_runs_are_not_all_remembered(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_STATES", 2)
    made = []
    for number in range(4):
        run = runs.begin(f"{number:032x}", LONG)
        status(run, "running")
        until(partial(has_learned, run))
        runs.pause(run.visitor, run.id)
        status(run, "paused")
        made.append(run)
    runs.look(made[-1].visitor, {})
    assert list(runs._queue.runs) == [run.id for run in made[2:]]


def test_only_what_is_new_travels(runs: Runs) -> None:
    run = runs.begin(ANNE, RECIPE)
    status(run, "done")
    facts = facts_of(runs, ANNE, run.id)
    assert facts.snapshot is not None
    train, val = ((line.merged, len(line.points)) for line in (facts.train, facts.val))
    known = Known(facts.version, train, val, facts.snapshot.number)
    assert runs.look(ANNE, {run.id: known}, run.id) == (SameRun(run.id),)
    runs.rename(ANNE, run.id, "  mine  ")
    (again,) = runs.look(ANNE, {run.id: known}, run.id)
    assert isinstance(again, RunFacts)
    assert (again.name, again.train.points, again.val.points) == ("mine", [], [])
    assert again.snapshot is None


@pytest.mark.parametrize("garbled", ["x", [1], None, 7, [0, "a", None, 0], [0, [1, 10**6], [7, 7], 0], [9e999] * 4])
def test_to_a_page_that_knows_nothing_all_is_told(runs: Runs, garbled: object) -> None:
    run = runs.begin(ANNE, RECIPE)
    status(run, "done")
    (whole,) = runs.look(ANNE, {run.id: Known.of(garbled)}, run.id)
    assert isinstance(whole, RunFacts)
    assert len(whole.val.points) == 3


def test_who_stops_and_pauses_stops(runs: Runs) -> None:
    other, run = runs.begin(BEN, LONG), runs.begin(ANNE, LONG)
    status(other, "running")
    runs.pause(BEN, other.id)
    status(run, "running")
    until(lambda: run.last is not None)
    runs.pause(ANNE, run.id)
    status(run, "paused")
    runs.resume(BEN, other.id)
    status(other, "running")
    runs.stop(ANNE, run.id)  # it waits for its turn to be measured
    runs.pause(ANNE, run.id)
    runs.remove(BEN, other.id)
    status(run, "stopped")
    assert run.key


def test_a_removed_run_stops(runs: Runs) -> None:
    run = runs.begin(ANNE, LONG)
    until(lambda: run.last is not None)
    runs.remove(ANNE, run.id)
    assert runs.look(ANNE, {}) == ()
    other = runs.begin(BEN, RECIPE)
    status(other, "done")


def test_a_run_ends_by_the_clock(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MAX_TRAIN_SECONDS", 0.2)
    run = runs.begin(ANNE, LONG)
    status(run, "stopped")
    assert run.late
    assert runs.networks.get(run.key)


# --------------------------------------------------------------------------------------------------
# Turns and shares

CAROL = "c" * 32


@pytest.fixture
def taking_turns(networks: Networks) -> Iterator[Runs]:
    made = Runs(networks, patience=1000, load=lambda dataset, teacher: DATA, turn=0.05)
    yield made
    made.close()


def logged(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The run of each turn from now on."""
    turns: list[Run] = []
    real = runs._training._train
    monkeypatch.setattr(runs._training, "_train", lambda run: turns.append(run) or real(run))
    return turns


def test_turns_go_round_by_owner(taking_turns: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = logged(taking_turns, monkeypatch)
    first, second = (taking_turns.begin(ANNE, LONG) for _ in range(2))
    programs = [taking_turns.begin(f"{number:032x}", LONG, owner="programs") for number in range(3)]
    third = taking_turns.begin(CAROL, LONG)
    until(lambda: {run.owner for run in turns[-3:]} == {ANNE, "programs", CAROL})
    since = len(turns)
    until(lambda: len(turns) >= since + 9)
    later = [run.owner for run in turns[since:][:9]]
    assert later == later[:3] * 3
    assert set(later) == {ANNE, "programs", CAROL}
    assert {run.id for run in turns} == {first.id, programs[0].id, third.id}, "of an owner one run after the other"
    assert second.last is None


def test_turns_go_round_by_address_and_then_by_owner(taking_turns: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = logged(taking_turns, monkeypatch)
    invented = [f"{number:032x}" for number in range(7)]
    for visitor in invented:
        taking_turns.begin(visitor, LONG, address="192.0.2.1")
    pupil = taking_turns.begin(ANNE, LONG, address="192.0.2.2")
    status(pupil, "running")
    since = len(turns)
    until(lambda: len(turns) >= since + 14)
    later = turns[since:][:14]
    assert [run.address for run in later] in (["192.0.2.1", "192.0.2.2"] * 7, ["192.0.2.2", "192.0.2.1"] * 7)
    assert {run.visitor for run in later} == {ANNE, *invented}, "within an address turns go round by visitor"


def test_a_short_run_overtakes_long_ones(taking_turns: Runs) -> None:
    long = [taking_turns.begin(ANNE, LONG) for _ in range(MAX_RUNS_PER_OWNER)]
    status(long[0], "running")
    status(taking_turns.begin(BEN, RECIPE), "done")
    assert {run.status for run in long} <= {"running", "waiting"}


def test_turns_change_nothing_of_what_is_learned(taking_turns: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_turns._queue.turns, "_seconds", 0.0)  # one step each
    turns = logged(taking_turns, monkeypatch)
    plain = start(RECIPE, "cpu")
    list(fit(plain, DATA))
    other, run = taking_turns.begin(ANNE, LONG), taking_turns.begin(BEN, RECIPE)
    status(run, "done")
    assert sum(turn is run for turn in turns) > 5
    trained = taking_turns.networks.get(run.key).model.state_dict()
    assert all(torch.equal(trained[name], tensor) for name, tensor in plain.network.state_dict().items())
    assert other.status in ("running", "waiting")


def test_a_run_alone_keeps_its_place(taking_turns: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = logged(taking_turns, monkeypatch)
    run = taking_turns.begin(ANNE, LONG)
    taking_turns.begin(ANNE, LONG)
    until(lambda: run.worked > 0.5)
    assert turns == [run]


def test_a_run_that_gives_way_can_be_paused_and_stopped(taking_turns: Runs) -> None:
    mine, theirs = taking_turns.begin(ANNE, LONG), taking_turns.begin(BEN, LONG)
    until(lambda: theirs.last is not None)
    taking_turns.pause(ANNE, mine.id)
    status(mine, "paused")
    taking_turns.resume(ANNE, mine.id)
    status(mine, "running")
    taking_turns.stop(ANNE, mine.id)
    status(mine, "stopped")
    assert mine.key


def test_the_wait_is_that_of_turns(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs._queue.turns, "_seconds", 15.0)
    monkeypatch.setattr(runs._queue.turns, "left", lambda run: 2.0 if run.recipe == RECIPE else 100.0)
    training = runs.begin(ANNE, LONG)
    status(training, "running")
    runs_of = {BEN: runs.begin(BEN, LONG), ANNE: runs.begin(ANNE, LONG), CAROL: runs.begin(CAROL, RECIPE)}
    for run in runs_of.values():
        status(run, "waiting")
    facts = {visitor: runs.facts(visitor, run.id) for visitor, run in runs_of.items()}
    waits = {visitor: known.waiting for visitor, known in facts.items() if known.waiting is not None}
    assert {visitor: (wait.place, wait.known) for visitor, wait in waits.items()} == {
        BEN: (1, True),
        CAROL: (2, True),
        ANNE: (3, True),
    }
    assert waits[BEN].seconds == pytest.approx(15, abs=5)  # the rest of Anne's turn
    assert waits[CAROL].seconds == pytest.approx(30, abs=5)  # and a turn of Ben's
    assert waits[ANNE].seconds == pytest.approx(100 + 100 + 2)  # seven turns of hers and theirs


def test_the_wait_behind_an_address_of_many_visitors_is_that_of_its_turns(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs._queue.turns, "_seconds", 15.0)
    monkeypatch.setattr(runs._queue.turns, "left", lambda run: 2.0 if run.recipe == RECIPE else 100.0)
    invented = [runs.begin(f"{number:032x}", LONG, address="192.0.2.1") for number in range(10)]
    status(invented[0], "running")
    pupils = [(ANNE, "192.0.2.2", LONG), (BEN, "192.0.2.2", RECIPE), (CAROL, "192.0.2.3", RECIPE)]
    made = [runs.begin(visitor, recipe, address=address) for visitor, address, recipe in pupils]
    for run in (*invented[1:], *made):
        status(run, "waiting")
    turns, line, trains = runs._queue.turns, runs._queue.waiting(), runs._queue.training
    # Anne, Carol, one of those behind the first address, Ben, the second of these, ...
    waits = [turns.wait(run, line, trains) for run in (made[0], made[2], invented[1], made[1])]
    assert [wait.place for wait in waits] == [1, 2, 3, 4]
    assert [wait.seconds for wait in waits] == pytest.approx([15, 30, 32, 47], abs=5)
    third = turns.wait(invented[2], line, trains)
    assert third.place == 5
    assert third.seconds == pytest.approx(49, abs=5)  # a turn of Anne's, Carol's run, a turn of the second, Ben's run


def test_who_waits_watches_the_run_that_trains(runs: Runs) -> None:
    training = runs.begin(ANNE, LONG, name="Anne's own")
    until(lambda: training.last is not None and training.epoch >= 2)
    theirs, hers = runs.begin(BEN, RECIPE), runs.begin(ANNE, RECIPE)
    for run in (theirs, hers):
        status(run, "waiting")
    (seen,) = runs.look(BEN, {}, watched=theirs.id)
    assert isinstance(seen, RunFacts)
    assert seen.ahead is not None
    assert (seen.ahead.recipe, seen.ahead.epochs) == (LONG.name, LONG.epochs)
    assert 0 < seen.ahead.done < 1
    assert seen.ahead.val[0] == pytest.approx(training.val.points[0][:3], rel=1e-3)
    assert 2 <= len(seen.ahead.train) <= 120
    assert "Anne" not in json.dumps(asdict(seen)), "whose it is, and what she calls it, is hers"
    others = [*runs.look(BEN, {}), *runs.look(ANNE, {}, watched=hers.id)]  # not looked at; her own trains
    assert all(isinstance(one, RunFacts) and one.ahead is None for one in others)


def test_a_class_behind_one_address_has_room(runs: Runs) -> None:
    loading = threading.Event()

    def load(dataset: str, teacher: str) -> Dataset:
        loading.wait(30)
        return DATA

    runs._loading._load = load
    pupils = [f"{number:032x}" for number in range(30)]
    made = [runs.begin(pupil, RECIPE, address="192.0.2.1") for pupil in pupils for _ in range(3)]
    assert [len(runs.look(pupil, {})) for pupil in pupils] == [3] * 30
    for run in made:
        runs.remove(run.visitor, run.id)
    loading.set()


def test_an_address_has_half_of_all_places(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_RUNS", 6)
    short = runs.begin(ANNE, RECIPE, address="192.0.2.1")
    status(short, "done")
    long = [runs.begin(f"{number:032x}", LONG, address="192.0.2.1") for number in range(3)]
    until(lambda: any(run.status == "running" for run in long))
    assert short.id not in runs._queue.runs, "of the address what had ended went first"
    with pytest.raises(RecipeError, match="Your network address"):
        runs.begin(CAROL, LONG, address="192.0.2.1")
    status(runs.begin(BEN, RECIPE, address="192.0.2.2"), "waiting")


def test_nobody_who_is_there_is_pushed_out(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_RUNS", 2)
    first, second = runs.begin(ANNE, LONG), runs.begin(BEN, LONG)
    with pytest.raises(RecipeError, match="try again in a minute"):
        runs.begin(CAROL, LONG)
    gone(runs, BEN)
    third = runs.begin(CAROL, LONG)
    assert set(runs._queue.runs) == {first.id, third.id}
    assert second.id not in runs._queue.runs


def test_runs_that_have_begun_are_no_more_than_memory_holds(
    taking_turns: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_STATES", 4)
    there = [taking_turns.begin(f"{number:032x}", LONG, address="192.0.2.1") for number in range(3)]
    elsewhere = taking_turns.begin(ANNE, LONG, address="192.0.2.2")
    until(lambda: elsewhere.last is not None and there[1].last is not None)
    turned = elsewhere.worked
    until(lambda: elsewhere.worked > turned)
    assert [run.training is not None for run in there] == [True, True, False], "half of it for an address"
    assert there[2].status == "waiting"
    taking_turns.remove(there[0].visitor, there[0].id)
    until(lambda: there[2].last is not None)


def test_an_address_has_as_many_calls_as_a_visitor_has_runs(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.ui.train.runs.MAX_PROGRAM_CALLS", MAX_RUNS_PER_OWNER + 1)
    with ExitStack() as calls:
        for _ in range(MAX_RUNS_PER_OWNER):
            calls.enter_context(runs.program("192.0.2.1"))
        with pytest.raises(RecipeError, match="As many programs"):
            calls.enter_context(runs.program("192.0.2.1"))
        calls.enter_context(runs.program("192.0.2.2"))
        with pytest.raises(RecipeError, match="As many programs"):
            calls.enter_context(runs.program("192.0.2.3"))
    assert not runs._programs


# --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [True, False])
def test_a_long_line_stays_short_and_true(mean: bool) -> None:
    line = Series(mean)
    for i in range(10_000):
        line.add(i, i % 2)
    assert MAX_POINTS / 2 <= len(line.points) <= MAX_POINTS
    assert line.points == sorted(line.points)
    assert line.merged * len(line.points) <= 10_000
    values = {y for _, y in line.points}
    assert values == ({0.5} if mean else {1})
    if not mean:
        assert all((x + 1) % line.merged == 0 for x, _ in line.points)


def test_a_line_tells_from_where_on_it_is_new() -> None:
    line = Series(mean=False)
    for i in range(MAX_POINTS - 1):
        line.add(i, 1 / 3)
    assert line.since((1, 5)).first == 5
    assert line.since((1, 5)).points[0] == [5, 0.33333]
    line.add(MAX_POINTS - 1, 0.0)  # now two become one
    told = line.since((1, MAX_POINTS - 1))
    assert (told.merged, told.first, len(told.points)) == (2, 0, MAX_POINTS // 2)


def test_how_far_a_download_is_stands_in_the_facts(networks: Networks) -> None:
    arrived = threading.Event()

    def load(dataset: str, teacher: str) -> Dataset:
        pace = download._Pace("MNIST", 20_000_000)
        pace.at(5_000_000, "example.org")
        assert arrived.wait(30)
        return DATA

    runs = Runs(networks, patience=1000, load=load)
    run = runs.begin(ANNE, RECIPE)
    until(lambda: facts_of(runs, ANNE).download is not None)
    assert facts_of(runs, ANNE).download == Downloading(5_000_000, 20_000_000, None)
    arrived.set()
    status(run, *ENDED)
    assert facts_of(runs, ANNE).download is None
    runs.close()


def test_a_run_that_learned_nothing_says_so_in_the_facts(runs: Runs) -> None:
    run = runs.begin(ANNE, RECIPE.with_changes(lr=50.0))
    status(run, *ENDED)
    assert "too high: try 0.004" in facts_of(runs, ANNE).verdict
