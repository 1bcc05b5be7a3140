"""What a bounded cache forgets, and when."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lenet.ui.shared.cache import BoundedCache


def test_the_least_recently_used_goes() -> None:
    gone: list[tuple[str, int]] = []
    cache: BoundedCache[str, int] = BoundedCache(2, on_evict=lambda key, value: gone.append((key, value)))
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert cache.values() == [3, 1]
    assert cache.get("b") is None
    assert gone == [("b", 2)]
    assert len(cache) == 2


def test_to_ask_whether_there_is_one_is_no_use_of_it() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert "a" in cache
    assert cache.values() == [2, 1]
    cache.put("c", 3)
    assert "a" not in cache


def test_what_nobody_uses_goes_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    gone: list[str] = []
    cache: BoundedCache[str, int] = BoundedCache(9, seconds=10, on_evict=lambda key, _: gone.append(key))
    cache.put("a", 1)
    cache.put("b", 2)
    now = 108.0
    assert cache.get("a") == 1
    now = 111.0
    assert "b" not in cache
    assert cache.values() == [1]
    assert gone == ["b"]
    now = 119.0
    assert cache.get("a") is None
    assert (len(cache), gone) == (0, ["b", "a"])


def test_what_is_too_heavy_together_goes_but_the_newest_stays() -> None:
    cache: BoundedCache[str, float] = BoundedCache(9, weigh=lambda value: value, heaviest=10)
    for key, weight in (("a", 4.0), ("b", 4.0), ("c", 3.0)):
        cache.put(key, weight)
    assert cache.values() == [3, 4]
    cache.put("d", 99)
    assert cache.values() == [99]


def test_a_replaced_value_is_not_told_and_a_popped_one_is() -> None:
    gone: list[int] = []
    cache: BoundedCache[str, int] = BoundedCache(2, on_evict=lambda _, value: gone.append(value))
    cache.put("a", 1)
    cache.put("a", 2)
    cache.change("a", lambda value: value + 1)
    cache.change("none", lambda value: value + 1)
    assert (cache.values(), gone) == ([3], [])
    cache.pop("a")
    cache.pop("none")
    assert (cache.values(), gone) == ([], [3])


def test_who_is_told_may_use_the_cache() -> None:
    cache: BoundedCache[str, int] = BoundedCache(1, on_evict=lambda key, _: seen.append((key, cache.values())))
    seen: list[tuple[str, list[int]]] = []
    cache.put("a", 1)
    cache.put("b", 2)
    assert seen == [("a", [2])]


def test_a_value_is_made_once_and_other_keys_do_not_wait_for_it() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    go, made = threading.Event(), []

    def slow() -> int:
        assert go.wait(10)
        made.append("a")
        return 1

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get_or_make, "a", slow)
        assert cache.get_or_make("b", lambda: 2) == 2
        go.set()
        assert first.result() == 1
    assert cache.get_or_make("a", slow) == 1
    assert made == ["a"]


def test_who_asks_while_a_value_is_made_waits_for_it() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    made = []

    def slow() -> int:
        time.sleep(0.1)
        made.append("a")
        return 1

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lambda _: cache.get_or_make("a", slow), range(20))) == [1] * 20
    assert made == ["a"]


def test_who_holds_the_most_loses_first() -> None:
    gone: list[str] = []
    cache: BoundedCache[str, tuple[str, str]] = BoundedCache(
        6, owner=lambda value: value, on_evict=lambda key, _: gone.append(key)
    )
    for visitor in ("anne", "bob"):
        cache.put(f"school {visitor}", ("school", visitor))
    for number in range(9):
        cache.put(f"far {number}", ("far", str(number)))
    assert gone == [f"far {number}" for number in range(5)]
    cache.put("school anne again", ("school", "anne"))  # 3 to 4
    assert gone[5:] == ["far 5"]
    cache.put("school bob again", ("school", "bob"))  # 4 to 3: now the school's own, and the older of a visitor's two
    assert gone[6:] == ["school bob"] or gone[6:] == ["school anne"]


def test_a_value_that_cannot_be_made_is_tried_again() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", lambda: 1 // 0)
    assert cache.get_or_make("a", lambda: 1) == 1


def test_many_threads_keep_the_bounds() -> None:
    gone: list[int] = []
    cache: BoundedCache[int, int] = BoundedCache(10, on_evict=lambda _, value: gone.append(value))

    def put(start: int) -> None:
        for value in range(start, start + 500):
            cache.put(value, value)
            cache.get(value - 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(0, 2000, 500)))
    assert len(cache) == 10
    assert sorted(gone + cache.values()) == list(range(2000))
