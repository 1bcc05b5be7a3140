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
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.middleware.gzip import GZipMiddleware

from lenet.ui.shared.address import customer
from lenet.ui.shared.uploaded import Uploads

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 28_000_000  # bytes of a question: a picture of 20 MB in base64, and what stands round it
MAX_BODIES = 120_000_000  # of all that are held at once
MAX_DEPTH = 60  # lists and objects within each other; ours have 5
NOT_UNDERSTOOD = "The server does not understand this request. Reload the page and try again."
SENTENCES = {
    401: "This page asks for no names and passwords.",
    403: "This page does not offer that.",
    404: "There is nothing at this address.",
    405: "Nothing at this address answers requests of this kind.",
    413: "This is too large: a picture or a network may have 20 MB.",
    429: "That are too many requests at once: try again in a minute.",
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


class _RefusedError(Exception):
    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence or SENTENCES[status]


class Guard:
    """See the module.

    Args:
        uploads: where the files that arrive are counted.
    """

    def __init__(self, app: Application, uploads: Uploads) -> None:
        self.app, self.uploads = app, uploads
        self._held = 0  # bytes of bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        answer = _Answer(scope, send, self._arrived)
        held = 0
        try:
            if _is_form(scope):
                _refuse_large(scope)
            elif scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                body = await self._body(receive)
                held = len(body)
                receive = _replayed(_checked(scope, whole_letters(body)), receive)
            await self.app(scope, receive, answer.send)
            await answer.end()
        except _RefusedError as refused:
            await answer.refuse(refused.status, refused.sentence)
        except Exception as error:
            await answer.refuse(*_failure(scope, error))
        finally:
            self._held -= held

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        try:
            while more:
                message = await receive()
                if message["type"] != "http.request":  # the client has left
                    raise _RefusedError(400, NOT_UNDERSTOOD)
                part = message.get("body", b"")
                size, self._held = size + len(part), self._held + len(part)
                if size > MAX_BODY:
                    raise _RefusedError(413)
                if self._held > MAX_BODIES:
                    raise _RefusedError(503)
                parts.append(part)
                more = message.get("more_body", False)
        except BaseException:
            self._held -= size
            raise
        return b"".join(parts)

    def _arrived(self, scope: Scope, content: bytes) -> None:
        """Count the files that an upload has brought."""
        client = scope.get("client") or ("",)
        self.uploads.take(json.loads(content), customer(client[0]))


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
        return status >= 400 or (self._scope["method"] == "POST" and _path(self._scope).endswith("/upload"))


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


def _is_form(scope: Scope) -> bool:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return any(kind.strip().lower().startswith(b"multipart/") for kind in kinds)


def _refuse_large(scope: Scope) -> None:
    """Gradio would write up to a thousand files of any kind to the disk before it looks at their sizes."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or int(lengths[0]) > MAX_BODY:
        raise _RefusedError(413)


def _checked(scope: Scope, body: bytes) -> bytes:
    """`body`, if it is JSON that Gradio can look through, or nothing."""
    if not _is_shallow(body):
        raise _RefusedError(400, NOT_UNDERSTOOD)
    try:
        question = json.loads(body or b"null")
    except (ValueError, RecursionError):
        raise _RefusedError(400, NOT_UNDERSTOOD) from None
    if not _path(scope).endswith("/component_server"):
        return body
    if not isinstance(question, dict):
        raise _RefusedError(400, NOT_UNDERSTOOD)
    # Gradio keeps 100 kB for each session that anybody names; what the scripts ask needs none.
    return json.dumps(question | {"session_hash": "page"}).encode()


_BRACKETS = re.compile(rb'"[^"]*"|[\[\]{}]')


def _is_shallow(body: bytes) -> bool:
    """Whether lists and objects stand at most MAX_DEPTH deep: deeper ones overrun what looks through them."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return True
    depth = 0
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")  # each quote left begins or ends a string
    for found in _BRACKETS.finditer(unescaped):
        bracket = found[0]
        depth += (bracket in b"[{") - (bracket in b"]}")
        if depth > MAX_DEPTH:
            return False
    return True


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
