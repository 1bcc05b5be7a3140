"""A dictionary that forgets: by number, by age, and by weight."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Values by key, of which the least recently used go when there are too many.  Any thread may use it.

    Args:
        entries: how many there are at most.
        seconds: how long a value stays after it was last used; None for any time.
        weigh, heaviest: what a value weighs, and what all may weigh together.  The newest value always stays.
        owner: who a value counts for, such as (network address, visitor).  Then of too many not simply the least
            recently used goes, but that of the address, and within it of the visitor, that holds the most: so nobody
            pushes out what belongs to others who hold less.
        on_evict: gets the key and the value of each that goes, by itself or by `pop`, but for a replaced one.
            It is called after the lock is released, so it may take its time.
    """

    def __init__(
        self,
        entries: int,
        seconds: float | None = None,
        weigh: Callable[[Value], float] | None = None,
        heaviest: float = float("inf"),
        on_evict: Callable[[Key, Value], None] | None = None,
        owner: Callable[[Value], tuple[str, ...]] | None = None,
    ) -> None:
        self._entries, self._seconds, self._owner = entries, seconds, owner
        self._weigh, self._heaviest, self._on_evict = weigh, heaviest, on_evict
        self._lock = threading.Lock()
        self._making: dict[Key, threading.Event] = {}
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()  # when it was last used, and the value

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now; None where there is none, or no longer."""
        with self._lock:
            gone = self._forget()
            found = self._use(key)
        self._tell(gone)
        return found

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (time.monotonic(), value)
            gone = self._forget()
        self._tell(gone)

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value; where there is none, what `make` gives.

        Who asks for it while it is made waits, so that it is made once.  Where making it fails, one of those who
        wait tries again.
        """
        while (found := self.get(key)) is None:
            with self._lock:
                making = self._making.get(key)
                if making is None and key not in self._kept:
                    made = self._making[key] = threading.Event()
                    break
            if making is not None:
                making.wait()
        else:
            return found
        try:
            found = make()
            self.put(key, found)
            return found
        finally:
            with self._lock:
                del self._making[key]
            made.set()

    def change(self, key: Key, change: Callable[[Value], Value]) -> None:
        """Put what `change` makes of the value in its place, if there is one."""
        with self._lock:
            if key in self._kept:
                used, value = self._kept[key]
                self._kept[key] = (used, change(value))

    def pop(self, key: Key) -> None:
        """Forget the value, if there is one."""
        with self._lock:
            gone = [(key, self._kept.pop(key)[1])] if key in self._kept else []
        self._tell(gone)

    def values(self) -> list[Value]:
        """The last used one first; none counts as used by this."""
        with self._lock:
            gone = self._forget()
            found = [value for _, value in reversed(self._kept.values())]
        self._tell(gone)
        return found

    def __contains__(self, key: Key) -> bool:
        with self._lock:
            return key in self._kept and not self._old(self._kept[key][0])

    def __len__(self) -> int:
        return len(self.values())

    # --- under the lock ---

    def _use(self, key: Key) -> Value | None:
        if key not in self._kept:
            return None
        value = self._kept[key][1]
        self._kept[key] = (time.monotonic(), value)
        self._kept.move_to_end(key)
        return value

    def _forget(self) -> list[tuple[Key, Value]]:
        """Take out what must go; the least recently used comes first."""
        gone = []
        while self._kept and self._old(next(iter(self._kept.values()))[0]):
            key, (_, value) = self._kept.popitem(last=False)
            gone.append((key, value))
        while len(self._kept) > self._entries:
            gone.append(self._push_out(lambda value: 1.0))
        while self._weigh is not None and len(self._kept) > 1 and self._weight() > self._heaviest:
            gone.append(self._push_out(self._weigh))
        return gone

    def _weight(self) -> float:
        return sum(self._weigh(value) for _, value in self._kept.values()) if self._weigh is not None else 0.0

    def _push_out(self, weigh: Callable[[Value], float]) -> tuple[Key, Value]:
        """Take out one value: of the owner that holds the most, the least recently used."""
        values = {key: value for key, (_, value) in self._kept.items()}
        candidates = list(values)[:-1] or list(values)  # the newest stays
        if self._owner is not None:
            owners = {key: self._owner(value) for key, value in values.items()}
            for level in range(1, 1 + max(map(len, owners.values()))):
                held: Counter[tuple[str, ...]] = Counter()
                for key, value in values.items():
                    held[owners[key][:level]] += weigh(value)  # type: ignore[assignment]  # weights are no counts
                most = max((owners[key][:level] for key in candidates), key=held.__getitem__)
                candidates = [key for key in candidates if owners[key][:level] == most]
        return candidates[0], self._kept.pop(candidates[0])[1]

    def _old(self, used: float) -> bool:
        return self._seconds is not None and used < time.monotonic() - self._seconds

    def _tell(self, gone: list[tuple[Key, Value]]) -> None:
        if self._on_evict is not None:
            for key, value in gone:
                self._on_evict(key, value)
