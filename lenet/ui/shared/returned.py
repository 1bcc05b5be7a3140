"""Networks that came of a visitor's own drawings: their browser keeps them, and hands back what the server forgot."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint
from lenet.inference.untrusted import BYTES_AT_MOST, load_untrusted, too_large
from lenet.ui import environment, messages
from lenet.ui.report import exports
from lenet.ui.server import Server
from lenet.ui.shared import texts
from lenet.ui.tab import Owner

FILES = ("weights", "onnx", "web")  # that can be downloaded of them

Title = Callable[[Path, Checkpoint], "str | texts.Said"]


def decoded(text: Any) -> bytes:
    """What stands there in base64.

    Raises:
        QuestionError: it is not that, or too long for any file.
    """
    if not isinstance(text, str) or len(text) > BYTES_AT_MOST * 4 // 3 + 4:
        raise messages.garbled()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise messages.garbled() from None


def encoded(path: Path) -> str:
    """The file in base64."""
    return base64.b64encode(path.read_bytes()).decode()


def restored(server: Server, question: dict[str, Any], owner: Owner, title: Title) -> str:
    """The key of the network that a browser has; where the server has forgotten it, it is uploaded anew.

    Args:
        question: {"network": its key, "file": its weights in base64}.
        title: what to call the network of that file; CheckpointError where it is none that the tab makes.

    Raises:
        CheckpointError: the browser's file is none of that kind, or this server takes in no files.
        QuestionError: no script of this page asks that.
    """
    key = messages.text(question, "network")
    try:
        server.networks.kept(key)
        return key
    except CheckpointError:
        content = decoded(messages.field(question, "file"))
    if not environment.UPLOADS:
        raise CheckpointError("This server takes in no networks.")
    if len(content) > BYTES_AT_MOST:
        raise too_large("network.safetensors", len(content))
    with tempfile.TemporaryDirectory(dir=server.folder) as folder:
        path = Path(folder) / "network.safetensors"
        path.write_bytes(content)
        checkpoint = load_untrusted(path)
    called = title(path, checkpoint)
    key, _ = server.networks.keep(checkpoint, name=str(called), owner=owner, uploaded=True)
    server.networks.call(key, called)
    return key


def export(server: Server, question: dict[str, Any], owner: Owner, title: Title) -> dict[str, Any]:
    """A file of such a network: {"name", "file": in base64}, and {"network": its key}.

    Args:
        question: as for `restored`, and "kind", one of FILES.

    Raises:
        CheckpointError, QuestionError: see `restored`.
    """
    kind = messages.text(question, "kind")
    if kind not in FILES:
        raise messages.garbled()
    key = restored(server, question, owner, title)
    path = exports.write(server, key, kind, None)
    return {"network": key, "name": path.name, "file": encoded(path)}
