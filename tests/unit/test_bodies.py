"""How bodies arrive, what is held of them, and what is refused unread."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lenet.ui.shared import bodies
from lenet.ui.shared.bodies import Arrival, Bodies, Message, Receive, RefusedError, refuse_unusual


def client(*parts: bytes, ends: bool = True) -> Receive:
    """One that sends these parts, and then nothing."""
    waiting = list(parts)

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or not ends}

    return receive


def status(read: Callable[[], Awaitable[Any]]) -> int:
    """How that is refused; 200 where it is not."""
    try:
        asyncio.run(asyncio.wait_for(read(), 20))
    except RefusedError as refused:
        return refused.status
    return 200


def take(*parts: bytes, ends: bool = True) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        held = Bodies()
        with held.arriving(client(*parts, ends=ends), "") as arrival:
            return await held.whole(arrival)

    return read


def test_a_body_has_a_size_and_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WINDOW", 0.1)
    assert status(take(b"a" * 1000, b"b")) == 200
    assert status(take(bytes(14_000_000), bytes(14_000_001))) == 413
    assert status(take(bytes(27_000_000), ends=False)) == 408


def test_who_sends_enough_in_each_window_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MIN_BYTES", 1000)

    async def read() -> list[float]:
        arrival, deadlines = Arrival(client(*[bytes(400)] * 9), ""), []
        while not arrival.whole:
            await arrival.next()
            deadlines.append(arrival._deadline)
        return deadlines

    deadlines = asyncio.run(read())
    assert len(set(deadlines)) == 4  # anew after 1200, 2400 and 3600 bytes
    assert deadlines == sorted(deadlines)


async def held(sizes: list[int], addresses: list[str]) -> tuple[Bodies, list[asyncio.Task[bytes]]]:
    """Bodies that stop after so many bytes."""
    bodies, tasks = Bodies(), []

    async def read(size: int, address: str) -> bytes:
        with bodies.arriving(client(bytes(size), ends=False), address) as arrival:
            return await bodies.whole(arrival)

    for size, address in zip(sizes, addresses, strict=True):
        tasks.append(asyncio.create_task(read(size, address)))
        await asyncio.sleep(0.01)
    return bodies, tasks


async def ends(bodies: Bodies, size: int, address: str) -> bool:
    with bodies.arriving(client(bytes(size)), address) as arrival:
        return len(await bodies.whole(arrival)) == size


def test_the_largest_of_the_heaviest_address_makes_room() -> None:
    async def play() -> list[bool]:
        found, tasks = await held([25_000_000, 27_000_000, 26_000_000, 20_000_000], ["a", "a", "a", "b"])
        assert await ends(found, 24_000_000, "c")
        await asyncio.sleep(0.01)
        gone = [task.done() for task in tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not found._all
        return gone

    assert asyncio.run(play()) == [False, True, False, False]


def test_small_ones_find_room_also_beside_those_of_their_own_address() -> None:
    async def play() -> list[bool]:
        found, tasks = await held([27_999_000] * 4 + [8_003_950], ["a"] * 5)
        answers = [await ends(found, 1000, "a") for _ in range(30)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return answers

    assert all(asyncio.run(play()))


def test_small_ones_find_room_where_all_is_worked_at() -> None:
    async def play() -> tuple[int, bool]:
        found = Bodies()
        with found.arriving(client(bytes(27_000_000)), "a") as arrival:
            await found.whole(arrival)
            found._all += [arrival] * 4  # 135 MB that nobody can take back
            try:
                await ends(found, 1_000_000, "b")
            except RefusedError as refused:
                return refused.status, await ends(found, 1000, "b")
        return 200, False

    assert asyncio.run(play()) == (503, True)


# --------------------------------------------------------------------------------------------------
# What stands in them


def coded(size: int) -> str:
    return base64.b64encode(random.Random(size).randbytes(size)).decode()


LARGE: dict[str, Any] = {
    "a picture": {"picture": f"data:image/png;base64,{coded(20_000_000)}"},
    "ten classes of drawings": [{"name": "数字", "examples": [coded(784) for _ in range(30)]} for _ in range(10)],
    "ten classes of photos": [{"name": "a", "examples": [coded(20_000) for _ in range(30)]} for _ in range(10)],
    "corrections": [{"picture": coded(784), "truth": "not a digit"} for _ in range(1000)],
    "a network": {"network": "own-1", "file": coded(15_000_000)},
    "a link": {"link": "http://127.0.0.1:7860/?" + "recipe=digits&" * 100},
}


@pytest.mark.parametrize("kind", LARGE)
def test_what_the_page_sends_passes(kind: str) -> None:
    body = json.dumps({"component_id": 1, "data": LARGE[kind]})
    refuse_unusual(body.encode())
    refuse_unusual(body.replace("/", r"\/").encode())  # as other writers of JSON do


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 100_000 + b"1]",
        b'["' + b'","' * 100_000 + b'"]',
        b'["' + b'\\"' * 200_000 + b'"]',
        b'"' + b"a " * 200_000 + b'"',
        b'"data:' + b"a," * 200_000 + b'"',
        b"1" * 300_000,
        b'"' + b"a" * 300_000,
    ],
)
def test_words_are_bounded(body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        refuse_unusual(body)
    assert refused.value.status == 413
