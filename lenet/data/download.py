"""Brings a data set's files from the nearest place that has them, whatever happens on the way.

    with following(print):
        fetch("cifar10", root, is_there)

Mirrors are asked in turn, see `published`.  Whatever one sends, what counts is the decoded pixels and labels: these are
compared with checksums of ours before anything is written, in the layout of the data set's own site.  A transfer that
breaks goes on where it was, also after a restart, see `transfer`.  One process downloads; others wait for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from lenet.data.checksums import Expected, verified
from lenet.data.formats import Decoded
from lenet.data.published import PUBLISHED, Mirror, Published
from lenet.data.transfer import UselessError, host_of, transfer
from lenet.errors import DataError, Text

BETWEEN_WORDS = 0.2  # seconds between two words on how far it is
SPEED_OVER = 10.0  # seconds: the time that is left is judged by the last ones
WAIT = 0.5  # seconds between two looks at what another process has brought


# --------------------------------------------------------------------------------------------------
# How far it is


@dataclass(frozen=True)
class Progress:
    """How far a download is.

    Attributes:
        title: of the data set.
        host: where it comes from; "" while another process brings it.
        bytes, total: of all its files.
        seconds_left: None where it is not known yet.
    """

    title: str
    host: str
    bytes: int
    total: int
    seconds_left: float | None


_follower: ContextVar[Callable[[Progress], None] | None] = ContextVar("follower", default=None)


@contextlib.contextmanager
def following(tell: Callable[[Progress], None]) -> Iterator[None]:
    """Within it, `tell` hears a few times a second how far the downloads of this thread are."""
    token = _follower.set(tell)
    try:
        yield
    finally:
        _follower.reset(token)


class _Pace:
    """From bytes so far to words on how far it is, not too many of them."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._marks = title, total, list[tuple[float, int]]()
        self._tell, self._told = _follower.get(), 0.0

    def at(self, done: int, host: str) -> None:
        now = time.monotonic()
        if self._tell is None or now - self._told < BETWEEN_WORDS:
            return
        self._told = now
        self._marks = [mark for mark in self._marks if now - mark[0] <= SPEED_OVER and mark[1] <= done] + [(now, done)]
        (began, before), left = self._marks[0], None
        if done > before and now > began:
            left = max(0, self._total - done) * (now - began) / (done - before)
        self._tell(Progress(self._title, host, min(done, self._total), self._total, left))


# --------------------------------------------------------------------------------------------------
# One process brings it


def fetch(name: str, root: Path, is_there: Callable[[], bool]) -> None:
    """Have the files of PUBLISHED[name] below `root`; waits where another process brings them.

    Args:
        is_there: whether all of them are there now.

    Raises:
        DataError: no mirror has it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout  # which torch needs too

    published = PUBLISHED[name]
    place = root / f".{name}.download"
    pace = _Pace(published.title, published.mirrors()[0].bytes)
    try:
        if is_there():  # then the folder may be read-only
            return
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / "lock")
        while not is_there():
            try:
                with lock.acquire(timeout=0):
                    if not is_there():
                        _bring(published, place, root)
            except Timeout:
                pace.at(_size(place), "")
                time.sleep(WAIT)
    except OSError as error:
        raise DataError(
            "{title} is not in {folder}, which cannot be written ({error}): free some space, "
            "or set LENET_DATA to a folder that has it, or that can be written.",
            title=published.title,
            folder=root,
            error=error.strerror or error,
        ) from error


def _size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.glob("*.part"))


def _bring(published: Published, place: Path, root: Path) -> None:
    """From the first mirror that has it."""
    reasons = []
    for mirror in published.mirrors():
        try:
            decoded = _from(mirror, published, place)
        except UselessError as useless:
            reasons.append(useless.why)
            continue
        published.write(root, decoded)
        _clear(place)
        return
    raise DataError(
        "{title} is not in {folder} and could not be downloaded ({reason}). "
        "Go online once, set LENET_DATA to a folder that has it, or use the built-in data set 'digits'.",
        title=published.title,
        folder=root,
        reason=reasons,
    )


# --------------------------------------------------------------------------------------------------
# From one mirror


class _OtherDataError(UselessError):
    """What it has is not the data set."""


def _from(mirror: Mirror, published: Published, place: Path) -> Decoded:
    """What the mirror has.  What an earlier try left half may no longer fit the other half: then all of it anew."""
    begun = any(_part(url, place).exists() for url in mirror.urls)
    try:
        return _decoded(mirror, _files(mirror, place, published.title), published.expected)
    except _OtherDataError:
        if not begun:
            raise
        return _decoded(mirror, _files(mirror, place, published.title), published.expected)


def _decoded(mirror: Mirror, files: Sequence[Path], expected: Mapping[str, Expected]) -> Decoded:
    try:
        for path, md5 in zip(files, mirror.md5, strict=bool(mirror.md5)):
            if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != md5:
                raise ValueError(md5)
        return verified(mirror.decode(files), expected)
    except ImportError as error:
        raise UselessError(Text("reading its files needs {package}", package=error.name or "arro3")) from error
    except BaseException as error:  # gzip, tarfile and PNG raise nearly everything over what is not theirs
        # ... and Parquet's reader what is no Exception.
        foreign = isinstance(error, Exception) or type(error).__name__ == "PanicException"
        if not foreign or isinstance(error, MemoryError):
            raise
        for path in files:
            if path.suffix == ".part":  # begin anew next time
                path.unlink(missing_ok=True)
                path.with_suffix(".whole").unlink(missing_ok=True)
        raise _OtherDataError(
            Text("{host} sends other data than was published", host=host_of(mirror.urls[0]))
        ) from error


def _files(mirror: Mirror, place: Path, title: str) -> list[Path]:
    """The mirror's files, brought here where they are not yet."""
    pace, before, files = _Pace(title, mirror.bytes), 0, []
    for url in mirror.urls:
        path = mirror.at_hand(url)
        if path is None:
            path = _part(url, place)
            for size in transfer(url, path, limit=2 * mirror.bytes):
                pace.at(before + size, host_of(url))
        before += path.stat().st_size
        files.append(path)
    return files


def _part(url: str, place: Path) -> Path:
    """Where what has arrived from there is kept."""
    return place / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"


def _clear(place: Path) -> None:
    for path in (*place.glob("*.part"), *place.glob("*.whole")):
        path.unlink()
