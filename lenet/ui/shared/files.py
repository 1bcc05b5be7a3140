"""How a file arrives from outside: which files a question may name, and by which routes one comes in at all.

Gradio hands a component whatever path or address a request holds.  A picture without the key "meta" is opened from
anywhere on the disk, and one at a web address is fetched whole, however large or slow.  So every input of every event
and endpoint passes here before Gradio looks at it.  What passes is

- the path of a file that was uploaded to this server, exactly as the upload answered it,
- for a picture also a web address, which `lenet.preprocessing.fetch` fetches within its limits, and a data: address;
  nothing is fetched where the web address is that of an upload here, as Gradio's uploader for language models gives it.

Anything else gets one and the same answer, whether there is such a file or not.  Of a file that passes, Gradio gets
the path alone: it heeds other fields too, such as "url" and "is_stream".

`ClosedRoutes` closes the routes by which Gradio takes or fetches files without an event.  The page uses none of them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import stat
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
import gradio as gr
from gradio.data_classes import FileData, ImageData, ListFiles
from gradio.exceptions import AppError
from gradio.utils import get_upload_folder

from lenet.errors import ImageError, LeNetError
from lenet.ui.shared import pictures, texts
from lenet.ui.shared.bodies import TOO_LONG
from lenet.ui.shared.requests import NOT_UNDERSTOOD, SENTENCES, mark_said

MAX_BYTES = 20_000_000  # of one file; the upload itself refuses larger ones
MAX_PARTS = 100_000  # lists, objects and values in one input; the page's own have a few hundred
MAX_LETTERS = 10_000  # of all texts in a question's inputs: Gradio keeps them as long as a session lasts
NOT_UPLOADED = "This file was not uploaded here. Upload it first, with at most 20 MB, and then name what came back."

META = {"_type": "gradio.FileData"}
_WEB = ("http://", "https://")


class UploadsOnly(gr.Blocks):
    """A page whose inputs may name uploaded files only, whichever components and routes its events have."""

    def fetch(self, url: str) -> bytes:
        """The picture behind a web address that a program gave.

        Raises:
            LeNetError: it cannot be had.
        """
        raise NotImplementedError

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        # /run, /call, /queue/join and /stream all pass here, and Gradio has not touched a file yet.
        if explicit_call:  # by a function of this process, not by a request
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        if block_fn.fn is None:  # what a script of the page does by itself
            raise _refusal(SENTENCES[403])
        inputs = await self._admit(block_fn.inputs, inputs)
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except Exception:  # of inputs that no page sends: too few, of the wrong kind, or none of the choices
            raise _refusal(NOT_UNDERSTOOD) from None

    async def process_api(self, *args: Any, **options: Any) -> dict[str, Any]:
        brought: list[str] = []
        before = _brought.set(brought)
        try:
            return await super().process_api(*args, **options)
        except AppError as error:
            if error.print_exception:  # none of ours: of files that an event's data names
                raise _refusal(NOT_UNDERSTOOD) from None
            raise
        except Exception:
            logging.exception("an event failed")
            raise _refusal(SENTENCES[500]) from None
        finally:
            _brought.reset(before)
            for path in brought:  # nobody counts them, and nobody asks for them again
                _remove(path)

    async def _admit(self, blocks: list[Any], inputs: list[Any]) -> list[Any]:
        """`inputs` as Gradio may have them; nothing is fetched before all of them have been looked through."""
        admitted, addresses = list(inputs), {}
        for place, value in enumerate(inputs):
            model = getattr(blocks[place], "data_model", None) if place < len(blocks) else None
            if model is ImageData and (address := _address(value)):
                path = _path_in(address)
                if path in self.upload_file_set:
                    admitted[place] = self._upload({"path": path})
                else:
                    addresses[place] = address
            elif model is ListFiles and value is not None:
                admitted[place] = [self._upload(file) for file in (value if isinstance(value, list) else [value])]
            elif model in (FileData, ImageData) and value is not None:
                admitted[place] = self._upload(value)
            else:
                refuse_foreign_files(value, self.upload_file_set)
        _refuse_endless([value for place, value in enumerate(inputs) if place not in addresses])
        for place, address in addresses.items():
            path = await anyio.to_thread.run_sync(_bring, address, self.fetch, limiter=self.limiter)
            _brought.get().append(path)
            admitted[place] = {"path": path, "meta": META}
        return admitted

    def _upload(self, file: Any) -> dict[str, Any]:
        if not isinstance(file, dict) or not is_upload(file.get("path"), self.upload_file_set):
            raise _refusal(NOT_UPLOADED)
        return {"path": file["path"], "meta": META}


def _refuse_endless(inputs: Any) -> None:
    waiting, parts, letters = [inputs], 0, 0
    while waiting:
        value = waiting.pop()
        parts, letters = parts + 1, letters + (len(value) if isinstance(value, str) else 0)
        if parts > MAX_PARTS or letters > MAX_LETTERS:
            raise _refusal(TOO_LONG)
        waiting.extend(
            [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
        )


def refuse_foreign_files(value: Any, uploads: Collection[str]) -> None:
    """Look through an input for what Gradio takes for a file: it copies, and then serves, those of any component.

    Raises:
        gr.Error: a file is not one of `uploads`.
    """
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if _is_file(value) and not is_upload(value.get("path"), uploads):
                raise _refusal(NOT_UPLOADED)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _is_file(value: dict[str, Any]) -> bool:
    """Whether Gradio may take it for a file: it has a path, or says that it is one."""
    meta = value.get("meta")
    said = isinstance(meta, dict) and meta.get("_type") == "gradio.FileData"
    return said or isinstance(value.get("path"), str)


def is_upload(path: object, uploads: Collection[str]) -> bool:
    """Whether this is one of `uploads`, written as it is there, and still a file of at most `MAX_BYTES`."""
    if not isinstance(path, str) or path not in uploads:
        return False
    try:
        found = os.lstat(path)
    except OSError:  # uploads are deleted after a day
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES


def _refusal(sentence: str) -> gr.Error:
    return gr.Error(sentence, print_exception=False)


# --------------------------------------------------------------------------------------------------
# Pictures behind addresses


def _address(value: Any) -> str | None:
    """The web or data: address at which a program says that its picture is."""
    source = (value.get("path") or value.get("url")) if isinstance(value, dict) else None
    return source if isinstance(source, str) and source.startswith((*_WEB, "data:")) else None


def _path_in(address: str) -> str:
    """The path that an address of this server would name, whatever server it is of."""
    return unquote(address.partition("/gradio_api/file=")[2])


# The pictures of the event that is under way.
_brought: ContextVar[list[str]] = ContextVar("brought")


def _bring(address: str, fetch: Callable[[str], bytes]) -> str:
    """The path of a new file that holds the picture behind a web or data: address.

    In a file, for Gradio keeps in memory, for as long as a session lasts, what an event was last given.
    """
    path = Path(get_upload_folder()) / secrets.token_hex(32) / "This file"  # as sentences call it
    try:
        content = fetch(address) if address.startswith(_WEB) else pictures.decode(address)
        _write(path, content)
    except LeNetError as error:
        raise _refusal(texts.translated(error.text)) from None
    return str(path)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise ImageError("The server has no room for the picture: try again later.") from None


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
        Path(path).parent.rmdir()  # each has a folder of its own


# --------------------------------------------------------------------------------------------------
# Routes

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class ClosedRoutes:
    """ASGI middleware that answers 403 where Gradio would take or fetch a file without an event.

    - /file=http://...: Gradio fetches whatever is there, for as long as it takes, and hands it on.
    - /process_recording: Gradio runs ffmpeg on what is sent.
    - /deep_link: Gradio writes what a session has, hundreds of kilobytes, to the disk, as often as it is asked.
    - /component_server with multipart/form-data: Gradio reads up to a thousand files into memory.
    """

    _ROUTES = re.compile(r"/file[=/]https?:|/(process_recording|deep_link)/?$")

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._is_closed(scope):
            mark_said(scope)
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"This page does not offer that."})
        else:
            await self.app(scope, receive, send)

    def _is_closed(self, scope: Scope) -> bool:
        path = scope["path"]
        if path.rstrip("/").endswith("/component_server"):
            kinds = [value for name, value in scope["headers"] if name == b"content-type"]
            return any(kind.strip().lower().startswith(b"multipart/") for kind in kinds)
        return self._ROUTES.search(path) is not None
