"""What every request and every answer passes: limits, malformed calls, and the headers that a browser heeds.

    Middleware(Guard, uploads=...)      of Gradio's application, see `page.launch_options`

Gradio parses what it is sent in a dozen places, and answers what it cannot parse with Python's or pydantic's words,
a 500, or a path of this machine.  So a body that is too large or no JSON gets its sentence here, and whatever else
Gradio says of an error goes out as a sentence of ours.  What our own handlers say passes: see `Said`.
"""

from __future__ import annotations

import errno
import json
import logging
import re
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.middleware.gzip import GZipMiddleware

from lenet.ui.shared.address import customer
from lenet.ui.shared.bodies import (
    MAX_BODY,
    MAX_WORDS,
    TOO_LONG,
    Arrival,
    Bodies,
    Message,
    Receive,
    RefusedError,
    refuse_unusual,
)
from lenet.ui.shared.uploaded import Uploads, temporary_files

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COUNTED = 500_000  # bytes of an upload between two looks at what all take
MAX_NAME = 100  # characters of a session's name; Gradio's and our programs' have 32 at most
NOT_UNDERSTOOD = "The server does not understand this request. Reload the page and try again."
NOT_UTF_8 = "The server understands JSON in UTF-8 only: write the request so, and send it again."
SENTENCES = {
    400: NOT_UNDERSTOOD,
    401: "This page asks for no names and passwords.",
    403: "This page does not offer that.",
    404: "There is nothing at this address.",
    405: "Nothing at this address answers requests of this kind.",
    408: "The request took too long to arrive: try again.",
    413: "This is too large: a picture or a network may have 20 MB.",
    429: "There are too many requests at once: try again in a minute.",
    500: "Something failed on the server. The fault is ours, and it was logged. Try again, or reload the page.",
    503: "The server has much to do right now: try again in a minute.",
    507: "The server's disk is full: try again later.",
}

# Gradio's page has scripts in its HTML, and gr.HTML makes functions of text.  Spaces show the page in a frame.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    ]
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]

# What Gradio says within a stream of events that nobody has begun, or that is over.
_NOT_FOUND = b'"404: Not Found"'
_EVENTS = re.compile(r"/queue/data$|/call/[^/]+/[^/]+$")

_SURROGATE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def whole_letters(body: bytes) -> bytes:
    """JSON in which halves of letters, which no answer could be encoded with, are U+FFFD."""
    if rb"\u" not in body:
        return body
    return _SURROGATE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def mark_said(scope: Scope) -> None:
    """The answer to this request is a sentence of ours, and passes."""
    scope["lenet.said"] = True


class Guard:
    """See the module.

    Args:
        uploads: where the files that arrive are counted.
    """

    def __init__(self, app: Application, uploads: Uploads) -> None:
        self.app, self.uploads, self.bodies = app, uploads, Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        answer = _Answer(scope, send, self._arrived)
        try:
            await self._pass_on(scope, receive, answer.send)
            await answer.end()
        except RefusedError as refused:
            await answer.refuse(refused.status, refused.sentence or SENTENCES[refused.status])
        except Exception as error:
            await answer.refuse(*_failure(scope, error))

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_form(scope) and _is_upload(scope):
            _refuse_large(scope)
            await self._upload(scope, receive, send)
        elif _is_form(scope):  # nothing here reads it
            await self.app(scope, _replayed(b"", receive), send)
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
        else:
            with self.bodies.arriving(receive, _address(scope)) as arrival:
                body = _checked(scope, await self.bodies.whole(arrival))
                await self.app(scope, _replayed(body, receive), send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrival = Arrival(receive, _address(scope))
        with temporary_files(), self.uploads.arriving(arrival.address, arrival.stop) as grown:
            told = 0

            async def counted() -> Message:
                nonlocal told
                message = await arrival.next()
                if arrival.size - told > COUNTED:
                    told = arrival.size
                    grown(told)
                return message

            await self.app(scope, counted, send)

    def _arrived(self, scope: Scope, content: bytes) -> None:
        """Count the files that an upload has brought."""
        self.uploads.take(json.loads(content), _address(scope))


class Compressed:
    """ASGI middleware that compresses the page and what its scripts are answered.

    Gradio compresses files by the ending of their names, and these have none.  The page has 170 kB instead of 440.
    """

    _PATHS = re.compile(r"^$|/component_server$")

    def __init__(self, app: Application) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, minimum_size=1400, compresslevel=5)  # less is one packet anyway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self.app
        if scope["type"] == "http" and self._PATHS.search(_path(scope).removeprefix(scope.get("root_path", ""))):
            application = self.compressing
        await application(scope, receive, send)


class _Answer:
    """What goes back to the client, as it should be."""

    def __init__(self, scope: Scope, send: Send, arrived: Callable[[Scope, bytes], None]) -> None:
        self._scope, self._send, self._arrived = scope, send, arrived
        self._start: Message | None = None  # held back until it is known what follows
        self._parts: list[bytes] = []
        self._begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_missing(message)]
            if self._is_checked(message["status"]):
                self._start = message
                return
            self._begun = True
        elif self._start is not None:
            self._parts.append(message.get("body", b""))
            return
        elif _NOT_FOUND in message.get("body", b"") and _EVENTS.search(_path(self._scope)):
            message["body"] = message["body"].replace(_NOT_FOUND, json.dumps(SENTENCES[404]).encode())
        await self._send(message)

    async def end(self) -> None:
        """Send what was held back."""
        if self._start is None:
            return
        start, self._start, content = self._start, None, b"".join(self._parts)
        status = start["status"]
        if status < 400:
            self._arrived(self._scope, content)
        elif self._scope.get("lenet.said"):
            pass
        elif (refused := _refusal(content)) is not None:
            status = refused
        else:
            status = 400 if status == 422 else status
            return await self.refuse(status, SENTENCES.get(status, NOT_UNDERSTOOD))
        self._begun = True
        await self._send({**start, "status": status})
        await self._send({"type": "http.response.body", "body": content})

    async def refuse(self, status: int, sentence: str) -> None:
        if self._begun:  # what is left of it cannot be had
            await self._send({"type": "http.response.body", "body": b""})
            return
        self._start, self._begun = None, True
        content = json.dumps({"detail": sentence}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *HEADERS]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})

    def _is_checked(self, status: int) -> bool:
        return status >= 400 or _is_upload(self._scope)


def _missing(message: Message) -> list[tuple[bytes, bytes]]:
    there = {name.lower() for name, _ in message.get("headers", ())}
    return [(name, value) for name, value in HEADERS if name not in there]


def _refusal(content: bytes) -> int | None:
    """The status of an event's answer that tells of an error; None for what is no such answer.

    `UploadsOnly.process_api` sees to it that its sentence is ours; Gradio gives all of them the status 500.
    """
    try:
        said = json.loads(content)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("error"), str) or "visible" not in said:
        return None
    return 500 if said["error"] == SENTENCES[500] else 422


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.rstrip("/")


def _address(scope: Scope) -> str:
    client = scope.get("client") or ("",)
    return customer(client[0])


def _is_form(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(kind.strip().lower().startswith(b"multipart/") for kind in kinds)


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and _path(scope).endswith("/upload")


def _refuse_large(scope: Scope) -> None:
    """Gradio would write up to a thousand files of any kind to the disk before it looks at their sizes."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or int(lengths[0]) > MAX_BODY:
        raise RefusedError(413)


# The routes that take pictures and files in base64; all others take words.
_LARGE = re.compile(r"/(component_server|queue/join|mcp(/.*)?|(run|api|call|call/v2|stream)/[^/]+)$")


def _checked(scope: Scope, body: bytes) -> bytes:
    """`body`, if it is JSON that Gradio can look through, or nothing."""
    if len(body) > MAX_WORDS and not _LARGE.search(_path(scope)):
        raise RefusedError(413, TOO_LONG)
    refuse_unusual(body)
    question, body = _json(body.removeprefix(BOM_UTF8))
    if not _path(scope).endswith("/component_server"):
        if isinstance(question, dict) and len(str(question.get("session_hash"))) > MAX_NAME:
            raise RefusedError(400)  # Gradio keeps the names of sessions
        return body
    if not isinstance(question, dict):
        raise RefusedError(400)
    # Gradio keeps 100 kB for each session that anybody names; what the scripts ask needs none.
    return json.dumps(question | {"session_hash": "page"}).encode()


def _json(body: bytes) -> tuple[Any, bytes]:
    """What `body` says, and `body` with whole letters; Python's reader guesses UTF-16 and UTF-32, which hide halves."""
    try:
        whole = whole_letters(body).decode()
    except UnicodeDecodeError:
        raise RefusedError(415, NOT_UTF_8) from None
    try:
        return json.loads(whole or "null"), whole.encode()
    except (ValueError, RecursionError):
        raise RefusedError(400) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()  # whether the client is still there
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _failure(scope: Scope, error: Exception) -> tuple[int, str]:
    """What to say where Gradio itself fails.  Our own handlers let no error out, so the call is malformed."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        logging.error("the disk is full")
        return 507, SENTENCES[507]
    logging.warning("a call that is none of the page's: %s at %s", type(error).__name__, _route(scope))
    return 400, NOT_UNDERSTOOD


def _route(scope: Scope) -> str:
    """Which of Gradio's routes a request is for, without what anybody wrote into its address."""
    found = re.match(r".*/gradio_api/([a-z_]+)", _path(scope))
    return found[1] if found else "the page"
