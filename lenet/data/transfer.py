"""Brings one file over HTTP, from where an earlier try broke off, whatever the server does.

A server may break off, fall silent, drip, lie about what it sends, or send without end; a network may put its own page
in place of the file.  `transfer` yields how much is here, and raises UselessError with a sentence that says why no more
will come.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lenet import http_settings
from lenet.errors import Text

if TYPE_CHECKING:
    import httpx

SILENCE = 20.0  # seconds without a byte, after which a connection is given up
DRIP_SECONDS, DRIP_BYTES = 60.0, 60_000  # as good as silent: CIFAR-10's own site gives 70,000 a second on a bad day
TRIES = 4  # connections in a row that bring nothing
PAUSE = 0.3  # seconds between two connections; doubled for each that brings nothing


class UselessError(Exception):
    """A mirror does not have it, now."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


class _BrokenError(Exception):
    """A connection ended early; another one may go on."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:  # HF_ENDPOINT may be anything
        return url


def transfer(url: str, path: Path, limit: int) -> Iterator[int]:
    """Bring what is at `url` to `path`, from where it broke off; yields its size so far.

    Raises:
        UselessError: it cannot be had.
    """
    whole = path.with_suffix(".whole")
    if whole.exists() and path.exists():
        yield path.stat().st_size
        return
    fruitless = 0
    while True:
        size = path.stat().st_size if path.exists() else 0
        try:
            yield from _connection(url, path, size, limit)
            whole.touch()
            return
        except _BrokenError as broken:
            grown = (path.stat().st_size if path.exists() else 0) > size
            fruitless = 0 if grown else fruitless + 1
            if fruitless >= TRIES:
                raise UselessError(broken.why) from broken
            time.sleep(PAUSE * 2**fruitless)


def _connection(url: str, path: Path, have: int, limit: int) -> Iterator[int]:
    import httpx  # here, for `import lenet` must not load it

    headers = {"Accept-Encoding": "identity", "User-Agent": "lenet-playground"}
    if have:
        headers["Range"] = f"bytes={have}-"
    client = _client(host_of(url))
    try:
        with client, client.stream("GET", url, headers=headers) as reply:
            if reply.status_code == 416:  # what is here is longer than what is there: begin anew
                path.unlink()
                raise _BrokenError(Text("{host} sends something else each time", host=host_of(url)))
            _refuse_status(host_of(url), reply.status_code)
            if "html" in reply.headers.get("content-type", ""):
                raise UselessError(
                    Text("{host} sends a web page in its place: does this network want a sign-in?", host=host_of(url))
                )
            resumed = reply.status_code == 206 and reply.headers.get("content-range", "").startswith(f"bytes {have}-")
            yield from _received(reply, path, have if resumed else 0, limit, host_of(url))
    except (httpx.HTTPError, httpx.InvalidURL, ImportError, ssl.SSLError) as error:
        raise _reason(host_of(url), error) from error


def _client(host: str) -> httpx.Client:
    """What asks `host`, by the proxy and with the certificates that the environment names."""
    import httpx

    try:
        return httpx.Client(timeout=SILENCE, follow_redirects=True)
    except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
        if names := http_settings.unusable():
            raise UselessError(Text("{names} cannot be used: correct it, or unset it", names=names)) from error
        raise _reason(host, error) from error


def _received(reply: Any, path: Path, have: int, limit: int, host: str) -> Iterator[int]:
    size, mark, at_mark = have, time.monotonic(), have
    length = reply.headers.get("content-length", "")
    total = have + int(length) if length.isdigit() else None
    if (total or 0) > limit:
        raise UselessError(Text("{host} sends more than was published", host=host))
    with path.open("r+b" if have else "wb") as file:
        file.seek(have)
        for block in reply.iter_raw():
            file.write(block)
            size += len(block)
            if size > limit:
                raise UselessError(Text("{host} sends more than was published", host=host))
            yield size
            now = time.monotonic()
            if now - mark > DRIP_SECONDS:
                if size - at_mark < DRIP_BYTES:
                    raise UselessError(Text("{host} sends next to nothing", host=host))
                mark, at_mark = now, size
    if total is not None and size < total:
        raise _BrokenError(Text("{host} breaks off again and again", host=host))


def _refuse_status(host: str, status: int) -> None:
    if status in (200, 206):
        return
    if status in (401, 403, 407, 451):
        raise UselessError(Text("{host} refuses it ({status})", host=host, status=status))
    if status in (404, 410):
        raise UselessError(Text("{host} no longer has it ({status})", host=host, status=status))
    if status == 429 or status >= 500:
        raise _BrokenError(Text("{host} is overloaded or out of order ({status})", host=host, status=status))
    raise UselessError(Text("{host} answers {status}", host=host, status=status))


def _reason(host: str, error: Exception) -> Exception:
    """What to raise for what went wrong below HTTP."""
    import httpx

    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return UselessError(
            Text("{host} cannot prove that it is {host}: does a proxy of this network stand between?", host=host)
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return UselessError(Text("{host} cannot be looked up: is this machine online?", host=host))
    if isinstance(error, httpx.ProxyError):
        return UselessError(Text("this network's proxy does not reach {host}", host=host))
    if isinstance(error, httpx.TimeoutException):
        return _BrokenError(Text("{host} says nothing for {seconds:.0f} s", host=host, seconds=SILENCE))
    if isinstance(error, httpx.ConnectError):
        return UselessError(Text("{host} cannot be reached", host=host))
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return _BrokenError(Text("{host} breaks off again and again", host=host))
    return UselessError(Text("{host}: {error}", host=host, error=error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
