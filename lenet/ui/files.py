"""Which files a question may name: those that its sender has uploaded to this server, and no others.

Gradio hands a component whatever path or address a request holds.  A picture without the key "meta" is opened from
anywhere on the disk, and one at a web address is fetched whole, however large or slow.  So every input of every event
and endpoint passes here before Gradio looks at it, and what was not uploaded gets one and the same answer, whether
there is such a file or not.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

MAX_BYTES = 20_000_000  # of one file; `launch(max_file_size=...)` refuses larger uploads
MAX_PARTS = 100_000  # lists, objects and values in one input; the page's own have a few hundred
NOT_UPLOADED = "This file was not uploaded here. Upload it first, with at most 20 MB, and then name what came back."
TOO_LONG = "The request holds more than any page of ours sends. Reload the page and try again."


def use_own_upload_folder() -> None:
    """Give this process an upload folder of its own, which ends with it.

    Gradio's default is one folder for all Gradio servers of the machine: another program's files would count as
    uploaded here, and where another user owns it, no upload works.
    """
    if not os.environ.get("GRADIO_TEMP_DIR"):
        folder = tempfile.TemporaryDirectory(prefix="lenet-uploads-", ignore_cleanup_errors=True)
        os.environ["GRADIO_TEMP_DIR"] = folder.name
        atexit.register(folder.cleanup)


class UploadsOnly(gr.Blocks):
    """A page whose inputs may name uploaded files only."""

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        if not explicit_call:  # by a function of this process, not by a request
            refuse_foreign_files(inputs)
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)


def refuse_foreign_files(inputs: Any) -> None:
    """Look through the JSON of a request for what Gradio takes for a file.

    Raises:
        gr.Error: a file is not one that was uploaded here, or there is more in it than can be looked through.
    """
    waiting, looked_at = [inputs], 0
    while waiting:
        value = waiting.pop()
        looked_at += 1
        if looked_at > MAX_PARTS:
            raise gr.Error(TOO_LONG, print_exception=False)
        if isinstance(value, dict):
            if _is_file(value) and not is_uploaded(value.get("path")):
                raise gr.Error(NOT_UPLOADED, print_exception=False)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _is_file(value: dict[str, Any]) -> bool:
    """Whether Gradio may take it for a file: it has a path, an address, or says that it is one."""
    meta = value.get("meta")
    said = isinstance(meta, dict) and meta.get("_type") == "gradio.FileData"
    return said or isinstance(value.get("path"), str)


def is_uploaded(path: object) -> bool:
    """Whether this names a file in the upload folder, of at most MAX_BYTES; links are followed before it is judged."""
    if not isinstance(path, str):
        return False
    try:
        real = Path(path).resolve(strict=True)
        return (
            real.is_relative_to(Path(get_upload_folder()).resolve())
            and real.is_file()
            and real.stat().st_size <= MAX_BYTES
        )
    except (OSError, ValueError, RuntimeError):  # no such file, a zero byte in its name, links in a circle
        return False
