"""Which question is answered next, and which not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lenet.errors import LeNetError
from lenet.ui.shared import lanes
from lenet.ui.shared.lanes import Lane


@pytest.fixture
def lane() -> Iterator[Lane]:
    made = Lane("test")
    yield made
    made.close()


def live(pad: str, picture: int) -> dict[str, Any]:
    return {"pad": pad, "picture": picture, "live": True}


def final(pad: str, picture: int) -> dict[str, Any]:
    return {"pad": pad, "picture": picture, "live": False}


class Busy:
    """Answers a first question until it is let go, and notes what is answered after it."""

    def __init__(self, lane: Lane) -> None:
        self.lane, self.go, self.began = lane, threading.Event(), threading.Event()
        self.order: list[int] = []

    def read(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["picture"] == 0:
            self.began.set()
            assert self.go.wait(10)
        self.order.append(question["picture"])
        return {"picture": question["picture"]}

    def replies(self, *questions: dict[str, Any]) -> list[dict[str, Any]]:
        """Each question comes from the address that it names under "from"."""

        async def ask() -> list[dict[str, Any]]:
            asked = [asyncio.ensure_future(self.lane.answer(final("first", 0), self.read))]
            await asyncio.to_thread(self.began.wait)
            for question in questions:
                asked.append(asyncio.ensure_future(self.lane.answer(question, self.read, question.get("from", ""))))
                await asyncio.sleep(0)
            self.go.set()
            return list(await asyncio.gather(*asked))

        return asyncio.run(ask())


def test_final_answers_come_before_live_ones(lane: Lane) -> None:
    busy = Busy(lane)
    busy.replies(live("a", 1), live("b", 2), final("c", 3), final("d", 4))
    assert busy.order == [0, 3, 4, 1, 2]


def test_the_newest_question_of_a_pad_replaces_its_older_one_in_its_place(lane: Lane) -> None:
    busy = Busy(lane)
    replies = busy.replies(live("a", 1), live("b", 2), live("a", 3), live("a", 4), final("b", 5))
    assert busy.order == [0, 5, 4]
    superseded = [reply.get("superseded", False) for reply in replies]
    assert superseded == [False, True, True, True, False, False]
    assert [reply.get("picture") for reply in replies] == [0, None, None, None, 4, 5]


def test_questions_without_a_pad_are_all_answered(lane: Lane) -> None:
    busy = Busy(lane)
    replies = busy.replies({"picture": 1}, {"picture": 2}, {"picture": 3, "live": True})
    assert busy.order == [0, 1, 2, 3]
    assert all("rest" not in reply for reply in replies[1:])


def test_the_more_pads_the_longer_each_rests(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    rests = []
    for pads in (1, 20, 80, 80):
        busy = Busy(lane)
        busy.replies(*(live(f"pad {number}", number + 1) for number in range(pads)))
        lane._seconds, lane._way = 0.003, 0.004
        lane._urgent.clear()
        rests.append(lane.rest())
    assert rests[0] < rests[1] < rests[2] == rests[3] <= lanes.LONG
    lane._training = lambda: True
    assert lane.rest() > rests[3]
    monkeypatch.setattr(lanes, "SEEN_SECONDS", -1.0)
    lane._see("last")
    assert lane.rest() == lanes.TRAINING_REST


def test_answers_that_are_waited_for_leave_less_for_those_under_a_moving_pen(lane: Lane) -> None:
    rests = []
    for finals in (0, 20, 200):
        Busy(lane).replies(live("pad", 1), *(final("another", number + 2) for number in range(finals)))
        lane._seconds, lane._way = 0.003, 0.007
        rests.append(lane.rest())
        lane._urgent.clear()
    assert rests[0] < rests[1] < rests[2] < lanes.LONG


def test_a_full_line_refuses_with_a_sentence(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MAX_WAITING", 2)
    busy = Busy(lane)
    replies = busy.replies(final("a", 1), final("b", 2), final("c", 3), live("d", 4) | {"language": "zh"})
    assert busy.order == [0, 1, 2]
    assert replies[3]["problem"]["en"] == str(lanes.BUSY)
    assert "服务器现在很忙" in replies[4]["problem"]["zh"]


def test_turns_go_round_by_address(lane: Lane) -> None:
    busy = Busy(lane)
    many = [final(f"pad {number}", number) | {"from": "many"} for number in range(1, 6)]
    busy.replies(*many, final("a", 10) | {"from": "one"}, final("b", 20) | {"from": "other"}, final("a", 11))
    assert busy.order == [0, 1, 10, 20, 11, 2, 3, 4, 5]


def test_one_address_alone_does_not_keep_another_s_pen_waiting(lane: Lane) -> None:
    busy = Busy(lane)
    many = [final(f"pad {number}", number) | {"from": "many"} for number in range(1, 5)]
    busy.replies(*many, live("a", 10) | {"from": "one"}, live("b", 20) | {"from": "one"}, live("c", 30))
    assert busy.order == [0, 1, 10, 2, 30, 3, 20, 4]


def test_a_full_line_refuses_the_address_that_fills_it(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MAX_WAITING", 3)
    busy = Busy(lane)
    many = [final(f"pad {number}", number) | {"from": "many", "language": "zh"} for number in range(1, 4)]
    replies = busy.replies(*many, final("a", 10) | {"from": "one"}, final("a", 4) | {"from": "many"})
    assert busy.order == [0, 1, 10, 2]
    assert "服务器现在很忙" in replies[3]["problem"]["zh"], "the newest of those that fill it"
    assert replies[5]["problem"]["en"] == str(lanes.BUSY)


def test_a_pad_of_another_address_replaces_no_question(lane: Lane) -> None:
    busy = Busy(lane)
    busy.replies(live("a", 1) | {"from": "one"}, live("a", 2) | {"from": "other"})
    assert busy.order == [0, 1, 2]


def test_a_failure_is_told_and_the_next_question_is_answered(lane: Lane) -> None:
    def fails(question: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError

    async def ask() -> list[Any]:
        return [await lane.answer({}, fails), await lane.answer({}, lambda question: {"fine": True})]

    failed, fine = asyncio.run(ask())
    assert "The fault is ours" in failed["problem"]["en"]
    assert fine == {"fine": True}


def test_work_returns_raises_and_is_refused(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(lane.work(lambda: {"problem": "of a program"})) == {"problem": "of a program"}
    with pytest.raises(ZeroDivisionError):
        asyncio.run(lane.work(lambda: 1 // 0))
    monkeypatch.setattr(lanes, "MAX_WAITING", 0)
    with pytest.raises(LeNetError, match="much to do"):
        asyncio.run(lane.work(lambda: 1))


def test_one_address_has_half_of_the_threads() -> None:
    lane, go = Lane("test", threads=4), threading.Event()

    async def ask() -> bool:
        slow = [asyncio.ensure_future(lane.work(lambda: go.wait(60), "192.0.2.1")) for _ in range(8)]
        await asyncio.sleep(0.1)
        quick = [asyncio.ensure_future(lane.work(lambda: None, f"192.0.2.{host}")) for host in range(2, 12)]
        answered, _ = await asyncio.wait(quick, timeout=30)
        go.set()
        assert all(await asyncio.gather(*slow))  # the others have their turns later
        return len(answered) == len(quick)

    try:
        assert asyncio.run(ask())
    finally:
        lane.close()
