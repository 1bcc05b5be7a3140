"""A process that is told to end."""

from __future__ import annotations

import signal
import threading

import pytest

from lenet.signals import told_to_end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with told_to_end() as told:
        assert not told()
        signal.raise_signal(number)
        assert told()
        assert signal.getsignal(number) == before  # the second one ends the program
    assert signal.getsignal(number) == before


def test_on_another_thread_nothing_is_heard() -> None:
    before, found = signal.getsignal(signal.SIGINT), []

    def listen() -> None:
        with told_to_end() as told:
            found.append((told(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [(False, before)]
