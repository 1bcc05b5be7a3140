"""Runs on disk: what a server that dies leaves, and what the next one makes of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

import lenet.training.loop
from lenet.errors import CheckpointError
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.pictures import Pictures
from lenet.ui.train import queue, storage
from lenet.ui.train.run import Run
from lenet.ui.train.runs import Runs
from lenet.ui.train.saved import SavedRuns, home
from tests.unit.test_runs import ANNE, BEN, DATA, LONG, RECIPE, facts_of, until


@pytest.fixture(autouse=True)
def every_step_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lenet.training.loop, "SECONDS_BETWEEN_STEPS", 0)
    monkeypatch.setattr(storage, "SECONDS_BETWEEN_SAVES", 0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Runs]:
    made = opened(tmp_path, "first")
    yield made
    made.close()


def opened(folder: Path, name: str) -> Runs:
    networks = Networks(folder / name, Pictures())
    networks.place.mkdir()
    made = Runs(networks, patience=1000, load=lambda *_: DATA, turn=1000, saved=SavedRuns(folder / "runs"))
    made.restore()
    return made


def dies(made: Runs) -> None:
    """As by kill -9: nothing more is written, and the system takes the lock back."""
    assert made._storage._saved is not None
    saved, made._storage._saved = made._storage._saved, None
    saved._lock.close()
    made.close()


def test_a_run_that_a_dead_server_has_left_goes_on_where_it_was_saved(server: Runs, tmp_path: Path) -> None:
    run = server.begin(ANNE, RECIPE.with_changes(epochs=120), address="192.0.2.1")
    server.rename(ANNE, run.id, "mine")
    until(lambda: run.saved)
    until(lambda: any(json.loads(file.read_text())["last"] for file in tmp_path.glob(f"runs/**/{run.id}.json")))
    dies(server)
    after = opened(tmp_path, "second")
    facts = facts_of(after, ANNE)
    assert (facts.status, facts.restored, facts.name) == ("paused", True, "mine")
    assert facts.done > 0
    assert facts.train.points
    assert after.look(BEN, {}) == ()
    after.resume(ANNE, run.id)
    until(lambda: after.run(ANNE, run.id).status == "done")
    kept = after.run(ANNE, run.id)
    whole = opened(tmp_path, "third")
    other = whole.begin(ANNE, RECIPE.with_changes(epochs=120))
    until(lambda: other.status == "done")
    mine, theirs = (r.networks.get(one.key).model.state_dict() for r, one in ((after, kept), (whole, other)))
    assert all(torch.equal(mine[name], theirs[name]) for name in mine), "it is not the run that it was"
    whole.close()
    after.close()


def test_a_run_that_had_not_come_far_begins_anew(server: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SECONDS_BETWEEN_SAVES", 1000.0)
    run = server.begin(ANNE, LONG)
    until(lambda: run.epoch >= 1)
    dies(server)
    after = opened(tmp_path, "second")
    facts = facts_of(after, ANNE)
    assert (facts.status, facts.epoch, facts.done, facts.train.points) == ("paused", 0, 0, [])
    after.close()


def test_a_finished_network_is_there_again(server: Runs, tmp_path: Path) -> None:
    run = server.begin(ANNE, RECIPE)
    until(lambda: run.status == "done")
    metrics = run.metrics
    saved = server._storage._saved
    assert saved is not None
    until(lambda: server._queue.training is None)  # all is written
    assert saved.network(run.id).exists()
    dies(server)
    after = opened(tmp_path, "second")
    facts = facts_of(after, ANNE)
    assert (facts.status, facts.metrics) == ("done", metrics)
    kept = after.networks.kept(facts.network)
    assert kept.path.exists()
    assert len(kept.curves) == RECIPE.epochs
    after.close()


def test_two_servers_leave_each_other_alone(server: Runs, tmp_path: Path) -> None:
    run = server.begin(ANNE, LONG)
    until(lambda: run.epoch >= 1)
    other = opened(tmp_path, "second")
    assert other.look(ANNE, {}) == ()
    other.close()
    assert run.status == "running"


def test_a_removed_run_leaves_nothing(server: Runs, tmp_path: Path) -> None:
    run = server.begin(ANNE, LONG)
    until(lambda: run.saved)
    server.remove(ANNE, run.id)
    until(lambda: server._queue.training is None)
    assert not list((tmp_path / "runs").glob("*/*.json"))


@pytest.mark.parametrize("days", [-400, 400])
def test_a_clock_that_jumps_loses_no_run_under_way(server: Runs, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    run = server.begin(ANNE, RECIPE.with_changes(epochs=6))
    until(lambda: run.epoch >= 1)
    monkeypatch.setattr(time, "time", lambda: now() + days * 86400)
    until(lambda: run.status == "done")
    assert run.metrics["test_accuracy"] >= 0


def test_a_disk_that_fills_in_mid_run_loses_nothing(server: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    run = server.begin(ANNE, RECIPE.with_changes(epochs=6))
    until(lambda: run.epoch >= 1)
    assert server._storage._saved is not None
    monkeypatch.setattr(server._storage._saved, "_folder", Path("/dev/full"))  # where nothing can be written
    monkeypatch.setattr(server.networks, "place", Path("/dev/full"))
    until(lambda: run.status in ("done", "failed"))
    assert run.status == "done"
    assert server.networks.get(run.key)
    with pytest.raises(CheckpointError, match="disk is full"):
        server.networks.file(run.key)


def test_damaged_and_old_records_are_left_out(server: Runs, tmp_path: Path) -> None:
    run = server.begin(ANNE, LONG)
    until(lambda: run.saved)
    assert server._storage._saved is not None
    folder = server._storage._saved._folder
    dies(server)
    (folder / "x.json").write_text("{")
    (folder / "y.json").write_text('{"id": "y"}')
    old = folder / f"{run.id}.json"
    os.utime(old, (0, 0))
    after = opened(tmp_path, "second")
    assert after.look(ANNE, {}) == ()
    after.close()


def test_the_folder_may_be_named_as_a_shell_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LENET_RUNS_DIR", "~/my runs")
    assert home() == tmp_path / "my runs"
    monkeypatch.setenv("LENET_RUNS_DIR", " ")
    assert home().is_absolute()


def has_reached(run: Run, epoch: int) -> bool:
    return run.epoch >= epoch


def has_paused(run: Run) -> bool:
    return run.status == "paused"


def test_paused_runs_wait_on_disk_where_there_are_many(server: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_STATES", 2)
    made = []
    for visitor in (ANNE, BEN, "c" * 32, "d" * 32):
        run = server.begin(visitor, LONG)
        until(partial(has_reached, run, 1))
        server.pause(visitor, run.id)
        until(partial(has_paused, run))
        made.append(run)
    until(lambda: sum(run.training is not None for run in made) <= 2)
    assert all(run.id in server._queue.runs for run in made)
    for run in made:
        epoch = run.epoch
        server.resume(run.visitor, run.id)
        until(partial(has_reached, run, epoch + 1))
        server.pause(run.visitor, run.id)
