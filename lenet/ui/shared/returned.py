"""Networks that came of a visitor's own drawings: their browser keeps them, and hands back what the server forgot."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path

from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint
from lenet.inference.untrusted import MAX_BYTES, load_untrusted, too_large
from lenet.ui import environment, messages
from lenet.ui.report import exports
from lenet.ui.server import Server
from lenet.ui.shared import texts
from lenet.ui.shared.messages import ExportOwn, OwnFile, OwnNetwork
from lenet.ui.tab import Owner

Title = Callable[[Path, Checkpoint], "str | texts.Said"]


def encoded(path: Path) -> str:
    """The file in base64."""
    return base64.b64encode(path.read_bytes()).decode()


def restored(server: Server, own: OwnNetwork, owner: Owner, title: Title) -> str:
    """The key of the network that a browser has; where the server has forgotten it, it is uploaded anew.

    Args:
        title: what to call the network of that file; CheckpointError where it is none that the tab makes.

    Raises:
        CheckpointError: the browser's file is none of that kind, or this server takes in no files.
        QuestionError: there is no file.
    """
    try:
        server.networks.kept(own.network)
        return own.network
    except CheckpointError:
        if own.file is None:
            raise messages.garbled() from None
    if not environment.UPLOADS:
        raise CheckpointError("This server takes in no networks.")
    if len(own.file) > MAX_BYTES:
        raise too_large("network.safetensors", len(own.file))
    with tempfile.TemporaryDirectory(dir=server.folder) as folder:
        path = Path(folder) / "network.safetensors"
        path.write_bytes(own.file)
        checkpoint = load_untrusted(path)
    called = title(path, checkpoint)
    key, _ = server.networks.keep(checkpoint, name=str(called), owner=owner, uploaded=True)
    server.networks.call(key, called)
    return key


def export(server: Server, question: ExportOwn, address: str, title: Title) -> OwnFile:
    """A file of such a network.

    Args:
        address: that the question comes from.

    Raises:
        CheckpointError, QuestionError: see `restored`.
    """
    key = restored(server, question.own, (address, question.visitor), title)
    path = exports.write(server, key, question.kind, None)
    return OwnFile(key, path.name, encoded(path))
