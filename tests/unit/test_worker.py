"""A thread behind the page: what it does first, and how it ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from lenet.ui.shared import worker as worker_module
from lenet.ui.shared.worker import Work, Worker

SECONDS = 10


class Desk:
    """Work by urgency, for a worker to take; each piece of it is noted when it begins."""

    def __init__(self, tick: float | None = None) -> None:
        self.waiting: dict[str, Work] = {}
        self.begun: list[str] = []
        self.worker = Worker("desk", self._most_urgent, tick)

    def _most_urgent(self) -> Work | None:
        if not self.waiting:
            return None
        name = min(self.waiting)
        work = self.waiting.pop(name)

        def noted() -> None:
            self.begun.append(name)
            work()

        return noted

    def lay_down(self, name: str, work: Work) -> None:
        with self.worker.changed:
            self.waiting[name] = work
            self.worker.wake()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "desk"]


def test_the_most_urgent_comes_first_and_one_at_a_time() -> None:
    desk, go, done = Desk(), threading.Event(), threading.Event()
    began = threading.Event()
    desk.lay_down("5", lambda: (began.set(), go.wait(SECONDS), None)[-1])
    assert began.wait(SECONDS)
    desk.lay_down("9", done.set)
    desk.lay_down("1", lambda: None)
    desk.lay_down("3", lambda: None)
    assert len(threads()) == 1
    assert desk.begun == ["5"]
    go.set()
    assert done.wait(SECONDS)
    desk.worker.close()
    assert desk.begun == ["5", "1", "3", "9"]
    assert threads() == []


def test_no_thread_before_there_is_work_and_none_after_the_end() -> None:
    desk = Desk()
    assert threads() == []
    desk.worker.close()
    desk.lay_down("1", lambda: None)
    assert threads() == []
    desk.worker.close()


def test_it_ends_between_two_pieces_of_work() -> None:
    desk, began = Desk(), threading.Event()
    ended: list[object] = []

    def long() -> None:
        began.set()
        deadline = time.monotonic() + SECONDS
        while not desk.worker.ending and time.monotonic() < deadline:
            time.sleep(0.001)
        ended.append(desk.worker.ending)

    desk.lay_down("1", long)
    desk.lay_down("2", lambda: ended.append("the next"))
    assert began.wait(SECONDS)
    desk.worker.close()
    assert ended == [True], "what was under way ended in its own time, and nothing came after it"
    assert threads() == []


def test_an_end_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "PATIENCE", 0.05)
    desk, began, go = Desk(), threading.Event(), threading.Event()
    desk.lay_down("1", lambda: (began.set(), go.wait(SECONDS), None)[-1])
    assert began.wait(SECONDS)
    desk.worker.close()
    assert len(threads()) == 1
    go.set()
    threads()[0].join(SECONDS)
    assert threads() == []


def test_an_accident_is_logged_and_the_next_work_is_done(caplog: pytest.LogCaptureFixture) -> None:
    desk, done = Desk(), threading.Event()
    desk.lay_down("1", lambda: print(1 // 0))
    desk.lay_down("2", done.set)
    assert done.wait(SECONDS)
    desk.worker.close()
    assert "ZeroDivisionError" in caplog.text


def test_work_can_end_its_own_worker() -> None:
    desk, done = Desk(), threading.Event()

    def end() -> None:
        desk.worker.close()
        done.set()

    desk.lay_down("1", end)
    assert done.wait(SECONDS)
    for thread in threads():
        thread.join(SECONDS)
    assert threads() == []


def test_with_a_tick_it_looks_by_itself() -> None:
    desk, done, first = Desk(tick=0.01), threading.Event(), threading.Event()
    desk.lay_down("1", first.set)
    assert first.wait(SECONDS)
    desk.waiting["2"] = done.set  # and nobody says so
    assert done.wait(SECONDS)
    desk.worker.close()


ENDS = """
import atexit, threading, time, torch
from lenet.ui.shared.worker import Worker
began = threading.Event()
def work():
    began.set()
    torch.randn(400, 400) @ torch.randn(400, 400)
worker = Worker("busy", lambda: work)
atexit.register(worker.close)
worker.wake()
began.wait()
print("ends")
"""


def test_a_process_ends_well_while_its_worker_is_in_pytorch() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ends\n", "")
