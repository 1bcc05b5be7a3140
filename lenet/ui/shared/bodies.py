"""The bodies of requests: how fast they must arrive, how much is held of all of them, and what may stand in them.

    bodies = Bodies()
    with bodies.arriving(receive, "192.0.2.1") as arrival:
        body = await bodies.whole(arrival)
    refuse_unusual(body)

A body that stops half-way would keep its place for ever, so each must go on arriving.  Where there is no room for all,
the one that goes is the largest of the network address that holds the most: a drawing finds room beside any number of
pictures that never end.

Python's reader of JSON takes a second for ten million brackets, and answers nobody else meanwhile.  What our page sends
is large only where it holds pictures or files in base64, which cost next to nothing, so all the rest of it is bounded
before anything reads it.
"""

from __future__ import annotations

import asyncio
import re
import string
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MAX_BODY = 28_000_000  # bytes of a question: a picture of 20 MB in base64, and what stands round it
MAX_HELD = 120_000_000  # of all that are held at once
SMALL = 200_000  # a drawing has a thousand
ROOM_FOR_SMALL = 40_000_000  # beside MAX_HELD, where all of that is being worked at
WINDOW, MIN_BYTES = 30.0, 300_000  # in so many seconds so many bytes arrive, or all that are left

# Bytes of what is no picture or file: the page's own have some hundreds, three hundred examples 10 kB.
MAX_WORDS = 200_000
MAX_QUOTES = 40_000
MAX_DEPTH = 60  # lists and objects within each other; ours have 5

TOO_LONG = "The request holds more than any page of ours sends. Reload the page and try again."

_BASE64 = f"{string.ascii_letters}{string.digits}+/=".encode()
_SHORTEST = 100  # characters of base64: a shorter string counts as words
_HEADER = re.compile(rb"data:[\w.+-]{1,80}/[\w.+-]{1,80};base64,")
_BRACKETS = re.compile(rb"[\[\]{}]")


class RefusedError(Exception):
    """A request that is answered with that status, and a sentence; without one, with what is always said of it."""

    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


# --------------------------------------------------------------------------------------------------
# How they arrive


class Arrival:
    """One body on its way.

    Attributes:
        address: the network address that it comes from.
        size: bytes of it that are here.
        whole: all of it has arrived.
    """

    def __init__(self, receive: Receive, address: str) -> None:
        self.address, self.size, self.whole = address, 0, False
        self.parts: list[bytes] = []
        self._receive = receive
        self._next: asyncio.Future[Message] | None = None
        self._stopped = False
        self._deadline, self._due = _now() + WINDOW, MIN_BYTES

    async def next(self) -> Message:
        """What arrives next.

        Raises:
            RefusedError: it takes too long, or was stopped.
        """
        if self.whole:
            return await self._receive()  # whether the client is still there
        message = await self._in_time()
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.size >= self._due:
            self._deadline, self._due = _now() + WINDOW, self.size + MIN_BYTES
        return message

    def stop(self) -> None:
        """Refuse the rest of it."""
        self._stopped = True
        self.parts.clear()
        if self._next is not None:
            self._next.cancel()

    async def _in_time(self) -> Message:
        if self._stopped:
            raise RefusedError(503)
        self._next = asyncio.ensure_future(self._receive())
        try:
            # A second at least: a busy server may be late itself.
            await asyncio.wait({self._next}, timeout=max(1.0, self._deadline - _now()))
        finally:
            arrived = self._next.done()
            self._next.cancel()
        if self._stopped:
            raise RefusedError(503)
        if not arrived:
            raise RefusedError(408)
        return self._next.result()


class Bodies:
    """The bodies that one page holds: those that arrive, and those that are being worked at."""

    def __init__(self) -> None:
        self._all: list[Arrival] = []

    @contextmanager
    def arriving(self, receive: Receive, address: str) -> Iterator[Arrival]:
        """A body, which is held until the end of the block."""
        arrival = Arrival(receive, address)
        self._all.append(arrival)
        try:
            yield arrival
        finally:
            if arrival in self._all:
                self._all.remove(arrival)

    async def whole(self, arrival: Arrival) -> bytes:
        """All of it.

        Raises:
            RefusedError: it is too large or too slow, there is no room for it, or the client has left.
        """
        while not arrival.whole:
            message = await arrival.next()
            if message["type"] != "http.request":
                raise RefusedError(400)
            arrival.parts.append(message.get("body", b""))
            if arrival.size > MAX_BODY:
                raise RefusedError(413)
            self._make_room(arrival)
        body = b"".join(arrival.parts)
        arrival.parts.clear()
        return body

    def _make_room(self, new: Arrival) -> None:
        while (held := sum(arrival.size for arrival in self._all)) > MAX_HELD:
            arriving = [arrival for arrival in self._all if not arrival.whole or arrival is new]
            large = [arrival for arrival in arriving if arrival.size > SMALL]
            if not large and held <= MAX_HELD + ROOM_FOR_SMALL:
                return
            found = self._heaviest(large or arriving)
            if found is new:
                raise RefusedError(503)
            found.stop()
            self._all.remove(found)

    def _heaviest(self, arrivals: list[Arrival]) -> Arrival:
        """The largest one, of the address that holds the most."""
        held: Counter[str] = Counter()
        for arrival in self._all:
            held[arrival.address] += arrival.size
        return max(arrivals, key=lambda arrival: (held[arrival.address], arrival.size))


def _now() -> float:
    return asyncio.get_running_loop().time()


# --------------------------------------------------------------------------------------------------
# What stands in them


def refuse_unusual(body: bytes) -> None:
    """Look at a body as JSON, without reading it.

    Raises:
        RefusedError: reading it would take too long, or overrun what looks through it.
    """
    if len(body) > MAX_WORDS and body.count(b'"') > MAX_QUOTES:
        raise RefusedError(413, TOO_LONG)
    structure, strings = _split(body)
    if len(structure) + sum(len(one) for one in strings if not _is_data(one)) > MAX_WORDS:
        raise RefusedError(413, TOO_LONG)
    if not _is_shallow(structure):
        raise RefusedError(400)


def _split(body: bytes) -> tuple[bytes, list[bytes]]:
    """What stands outside of strings, and the strings; one that never ends counts as no string."""
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"").replace(rb"\/", b"/")
    pieces = body.split(b'"')  # each quote left begins or ends a string
    open_ended = pieces.pop() if len(pieces) % 2 == 0 else b""
    return b"".join(pieces[::2]) + open_ended, pieces[1::2]


def _is_data(piece: bytes) -> bool:
    """Whether this is a file in base64, or the data: address of one."""
    header = _HEADER.match(piece)
    content = piece[header.end() :] if header else piece
    return len(content) >= _SHORTEST and not content.translate(None, _BASE64)


def _is_shallow(structure: bytes) -> bool:
    """Whether lists and objects stand at most MAX_DEPTH deep: deeper ones overrun what looks through them."""
    depth = 0
    for found in _BRACKETS.finditer(structure):
        depth += 1 if found[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            return False
    return True
