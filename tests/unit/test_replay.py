"""Runs with the same settings as another: shown that one's events, with a network of their own."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from lenet.errors import RecipeError
from lenet.training.loop import evaluate, fit, start
from lenet.training.recipes import RECIPES
from lenet.ui.shared.networks import Networks
from lenet.ui.train import replay
from lenet.ui.train.messages import Replayed, RunFacts
from lenet.ui.train.run import ENDED, Run
from lenet.ui.train.runs import Runs
from tests.unit.test_runs import ANNE, BEN, DATA, LONG, RECIPE, has_learned, networks, runs, status, until

__all__ = ["networks", "runs"]  # fixtures

CLARA = "c" * 32
DIVERGES = RECIPE.with_changes(model="lenet-wide", optimizer="sgd", lr=100.0, momentum=0.9)


@pytest.fixture(autouse=True)
def every_step_is_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.training.loop.SECONDS_BETWEEN_STEPS", 0)


def watch(runs: Runs, run: Run, *wanted: str) -> None:
    """Look, as a page does, until the run is so."""
    until(lambda: bool(runs.look(run.visitor, {})) and run.status in wanted)


def facts(runs: Runs, run: Run) -> RunFacts:
    found = next(facts for facts in runs.look(run.visitor, {}, run.id) if facts.id == run.id)
    assert isinstance(found, RunFacts)
    return found


def view(runs: Runs, run: Run) -> dict[str, Any]:
    seen = facts(runs, run).snapshot
    assert seen is not None
    return seen.view


def bits(networks: Networks, run: Run) -> dict[str, bytes]:
    weights = networks.checkpoint(run.key).model.state_dict()
    return {name: tensor.numpy().tobytes() for name, tensor in weights.items()}


def test_a_second_visitor_is_shown_the_same_run_and_gets_a_network_of_their_own(runs: Runs) -> None:
    first = runs.begin(ANNE, RECIPE)
    status(first, "done")
    second = runs.begin(BEN, RECIPE)
    replay = facts(runs, second).replay
    assert replay
    assert not replay.live
    watch(runs, second, "done")
    assert runs._queue.training is None, "nothing was trained for it"
    assert second.key != first.key
    assert second.path != first.path
    assert bits(runs.networks, second) == bits(runs.networks, first)
    assert (second.train, second.val, second.best) == (first.train, first.val, first.best)
    assert (second.metrics, second.tested, second.worked) == (first.metrics, first.tested, first.worked)
    assert view(runs, second) == first.view
    runs.remove(ANNE, first.id)
    assert runs.networks.file(second.key).exists()


def test_a_replay_that_is_removed_while_its_network_is_kept_leaves_none(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = runs.begin(ANNE, RECIPE)
    status(first, "done")
    second, keep, kept = runs.begin(BEN, RECIPE), runs.networks.keep, []

    def keep_and_remove(*what: Any) -> tuple[str, Path]:
        kept.append(keep(*what))
        runs.remove(BEN, second.id)
        return kept[-1]

    monkeypatch.setattr(runs.networks, "keep", keep_and_remove)
    runs.stop(BEN, second.id)
    until(lambda: len(kept) == 1 and second.status == "done")
    (path,) = (path for _, path in kept)
    until(lambda: not path.exists())


def test_it_is_shown_at_its_own_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(replay.time, "monotonic", lambda: now[0])
    recording = replay.Recording(RECIPE)
    views = [{"number": number} for number in range(3)]
    for seconds, view in zip((0.5, 1.0, 4.0), views, strict=True):
        recording.add(seconds, view)
    playback = replay.Playback(recording)
    assert playback.due() is None, "it has not begun"
    playback.play()
    now[0] += 1
    assert [playback.due(), playback.due(), playback.due()] == [(0.5, views[0]), (1.0, views[1]), None]
    playback.pause()
    now[0] += 60
    playback.play()
    assert playback.due() is None
    playback.skip()
    assert playback.due() == (4.0, views[2])
    assert playback.at_end


def test_who_waits_for_the_same_run_watches_it(runs: Runs) -> None:
    other = runs.begin(CLARA, LONG)
    until(lambda: has_learned(other))
    first, second = runs.begin(ANNE, RECIPE), runs.begin(BEN, RECIPE)
    until(lambda: first.status == second.status == "waiting")
    runs.remove(CLARA, other.id)
    until(lambda: first.recording is not None)
    assert facts(runs, second).replay is not None
    watch(runs, second, "done")
    assert first.status == "done"
    assert bits(runs.networks, first) == bits(runs.networks, second)


def test_a_run_that_is_watched_goes_on_without_its_visitor(runs: Runs) -> None:
    first = runs.begin(ANNE, LONG)
    until(lambda: has_learned(first))
    second = runs.begin(BEN, LONG)
    assert facts(runs, second).replay == Replayed(live=True, ago=0.0)
    runs._queue.heard[ANNE] = time.monotonic() - 1001
    seen = first.last
    until(lambda: first.last != seen)
    assert first.status == "running"
    runs._queue.heard[BEN] = time.monotonic() - 1001
    status(first, "away")


@pytest.mark.parametrize("change", ["pause", "stop", "scale", "remove"])
def test_who_watches_a_run_that_is_changed_trains_from_the_beginning(runs: Runs, change: str) -> None:
    first = runs.begin(ANNE, LONG)
    until(lambda: has_learned(first))
    second = runs.begin(BEN, LONG)
    until(lambda: facts(runs, second).step is not None)
    runs.scale(ANNE, first.id, 0.5) if change == "scale" else getattr(runs, change)(ANNE, first.id)
    if change == "scale":
        runs.pause(ANNE, first.id)
    until(lambda: facts(runs, second).replay is None)
    until(lambda: runs._queue.training is second and has_learned(second))
    runs.remove(BEN, second.id)


def test_a_replay_is_paused_skipped_and_not_changed(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    first = runs.begin(ANNE, RECIPE)
    status(first, "done")
    second = runs.begin(BEN, RECIPE)
    runs.pause(BEN, second.id)
    assert second.status == "paused"
    with pytest.raises(RecipeError, match="another seed"):
        runs.scale(BEN, second.id, 2)
    runs.resume(BEN, second.id, epochs=1)
    watch(runs, second, "paused")
    assert second.epoch == 1
    runs.stop(BEN, second.id)
    status(second, "done")
    assert second.epoch == RECIPE.epochs


def test_a_run_that_others_watch_live_cannot_be_stopped_by_them(runs: Runs) -> None:
    first = runs.begin(ANNE, LONG)
    until(lambda: has_learned(first))
    second = runs.begin(BEN, LONG)
    with pytest.raises(RecipeError, match="another seed"):
        runs.stop(BEN, second.id)
    runs.remove(BEN, second.id)
    runs.remove(ANNE, first.id)


def test_a_divergence_is_replayed(runs: Runs) -> None:
    first = runs.begin(ANNE, DIVERGES)
    status(first, "failed")
    second = runs.begin(BEN, DIVERGES)
    watch(runs, second, *ENDED)
    assert (second.status, second.problem) == ("failed", first.problem)
    assert second.train == first.train


def test_another_seed_or_a_changed_rate_is_another_run(runs: Runs) -> None:
    first = runs.begin(ANNE, LONG)
    until(lambda: has_learned(first))
    runs.scale(ANNE, first.id, 0.5)
    second = runs.begin(BEN, LONG)
    assert second.playback is None
    assert runs.begin(BEN, RECIPES["mnist-demo"]).playback is None


def test_recordings_are_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAX_VIEWS", 2)
    recordings = replay.Recordings()
    recording = recordings.begin(RECIPE)
    for second in range(5):
        recording.add(second, {"pictures": [{}] * 10, "filters": {"bytes": "x" * 100}})
    assert (len(recording.facts), recording.bytes) == (2, 2 * 3100)
    recording.status, recording.bytes = "done", replay.RECORDING_BYTES
    recordings.end(recording)
    assert recordings.find(RECIPE) is recording
    newer = recordings.begin(LONG)
    newer.status, newer.bytes = "done", 1
    recordings.end(newer)
    assert (recordings.find(RECIPE), recordings.find(LONG)) == (None, newer)


def test_a_run_of_few_epochs_is_validated_within_them_and_learns_the_same(runs: Runs) -> None:
    short = RECIPE.with_changes(epochs=1, batch_size=2)
    plain = start(short, "cpu")
    list(fit(plain, DATA))
    first = runs.begin(ANNE, short)
    status(first, "done")
    assert [point[0] for point in first.val.points] == pytest.approx([eighth / 8 for eighth in range(1, 9)], abs=0.03)
    trained = runs.networks.get(first.key).model.state_dict()
    assert all(torch.equal(trained[name], tensor) for name, tensor in plain.network.state_dict().items())
    counts = view(runs, first)["confusion"]
    assert sum(map(sum, counts)) == len(DATA.val)
    second = runs.begin(BEN, short)
    watch(runs, second, "done")
    assert second.val == first.val


def test_what_visitors_draw_is_asked_at_each_look(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.ui.train.training.BETWEEN_FIRST_SNAPSHOTS", 0)
    first = runs.begin(ANNE, LONG)
    until(lambda: has_learned(first))
    second = runs.begin(BEN, LONG)
    images = DATA.val.images[:2, 0].numpy()
    runs.draw(ANNE, first.id, images[0])
    runs.draw(BEN, second.id, images[1])
    until(lambda: first.drawn is not None and second.drawn is not None)
    assert facts(runs, second).drawn == second.drawn
    assert first.drawn is not None
    assert second.drawn is not None
    assert first.drawn.probs != second.drawn.probs
    assert sum(first.drawn.probs) == pytest.approx(1, abs=0.01)
    before = first.drawn
    until(lambda: first.drawn != before)
    runs.draw(ANNE, first.id, None)
    assert facts(runs, first).drawn is None
    runs.remove(BEN, second.id)
    runs.remove(ANNE, first.id)


def test_a_run_that_rests_answers_from_its_network_as_it_is(runs: Runs) -> None:
    short = RECIPE.with_changes(epochs=2)
    plain = start(short, "cpu")
    list(fit(plain, DATA))
    run = runs.begin(ANNE, short)
    runs.pause(ANNE, run.id)
    early = runs.draw(ANNE, run.id, DATA.val.images[0, 0].numpy())
    assert early
    runs.resume(ANNE, run.id, epochs=1)
    until(lambda: run.status == "paused" and run.epoch == 1)
    assert run.drawn is not None
    assert run.drawn.drawing == early
    assert run.training is not None
    network = copy.deepcopy(run.training.state.network)
    for away in (False, True):
        with runs._lock:
            run.status = "away" if away else "paused"
        for place in (1, 2):
            name = runs.draw(ANNE, run.id, DATA.val.images[place, 0].numpy())
            assert run.drawn is not None
            assert run.drawn.drawing == name
            (logits,) = evaluate(network, DATA.val.images[place : place + 1], short.input)
            assert run.drawn.probs == pytest.approx(logits.softmax(dim=0).tolist(), abs=1e-4)
    assert facts(runs, run).drawn == run.drawn
    status(run, "done")
    trained = runs.networks.get(run.key).model.state_dict()
    assert all(torch.equal(trained[name], tensor) for name, tensor in plain.network.state_dict().items())


def test_a_run_that_rests_on_disk_is_not_read_for_a_drawing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.ui.train.storage.load_state", lambda *_: pytest.fail("read for a drawing"))
    run = runs.begin(ANNE, LONG)
    until(lambda: has_learned(run))
    runs.pause(ANNE, run.id)
    status(run, "paused")
    training, run.training = run.training, None  # as `Queue.tidy` does
    runs.draw(ANNE, run.id, DATA.val.images[0, 0].numpy())
    assert facts(runs, run).drawn is None
    run.training = training
    runs.resume(ANNE, run.id)
    until(lambda: run.drawn is not None)
    runs.remove(ANNE, run.id)


def test_a_run_that_has_ended_answers_from_its_network(runs: Runs) -> None:
    images = DATA.val.images[:2, 0].numpy()
    first = runs.begin(ANNE, RECIPE)
    runs.draw(ANNE, first.id, images[0])
    status(first, "done")
    until(lambda: first.drawn is not None)
    runs.draw(ANNE, first.id, None)
    assert facts(runs, first).drawn is None

    second = runs.begin(BEN, RECIPE)  # shown the other again
    waiting = runs.draw(BEN, second.id, images[0])
    assert waiting
    watch(runs, second, "done")
    until(lambda: second.drawn is not None)
    for run, visitor in ((first, ANNE), (second, BEN)):
        name = runs.draw(visitor, run.id, images[1])
        drawn = facts(runs, run).drawn
        assert drawn is not None
        assert drawn.drawing == name != waiting
        reader = runs.networks.digit_reader(run.key)
        (logits,) = evaluate(reader.model, DATA.val.images[1:2], reader.recipe.input)
        assert drawn.probs == pytest.approx((logits / reader.temperature).softmax(dim=0).tolist(), abs=1e-4)
    runs.networks.forget(first.key)
    runs.draw(ANNE, first.id, images[0])
    assert facts(runs, first).drawn is None
