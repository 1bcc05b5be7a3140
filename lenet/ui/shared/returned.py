"""Networks that came of a visitor's own drawings: their browser keeps them, and hands back what the server forgot."""

from __future__ import annotations

import base64
import hashlib
import logging
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


FULL = "The server's disk is full, so it cannot take in this network now: try again later."


def encoded(content: bytes) -> str:
    """A file in base64."""
    return base64.b64encode(content).decode()


def restored(server: Server, own: OwnNetwork, owner: Owner, title: Title) -> str:
    """The key of the network that a browser has; where the server has forgotten it, it is uploaded anew.

    Whoever has the same file is given the same network, which counts as an upload of the first of them.

    Args:
        title: what to call the network of that file; CheckpointError where it is none that the tab makes.

    Raises:
        CheckpointError: the browser's file is none of that kind, or there is no room for it, or this server takes in
            no files, or no more of this visitor.
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
    name, file = (title.__module__, hashlib.sha256(own.file).hexdigest()), own.file
    known = server.restored.get(name)
    if known is not None and server.networks.kind(known) is None:
        server.restored.pop(name)
    return server.restored.get_or_make(name, lambda: _uploaded(server, file, owner, title))


def _uploaded(server: Server, file: bytes, owner: Owner, title: Title) -> str:
    with server.uploads.one_more(owner[1]):
        path, checkpoint = _read(server, file)
        called = title(path, checkpoint)
        key, _ = server.networks.keep(checkpoint, name=str(called), owner=owner, uploaded=True)
        server.networks.call(key, called)
        return key


def _read(server: Server, file: bytes) -> tuple[Path, Checkpoint]:
    """Where the file was for a moment, and its network."""
    try:
        server.folder.mkdir(0o700, parents=True, exist_ok=True)  # a cleaner of temporary files may have taken it
        with tempfile.TemporaryDirectory(dir=server.folder, ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "network.safetensors"
            path.write_bytes(file)
            return path, load_untrusted(path)
    except OSError as error:
        logging.warning("a visitor's network was not taken in: %s", error.strerror)
        raise CheckpointError(FULL) from None


def export(server: Server, question: ExportOwn, address: str, title: Title) -> OwnFile:
    """A file of such a network.

    Args:
        address: that the question comes from.

    Raises:
        CheckpointError, QuestionError: see `restored`.
    """
    key = restored(server, question.own, (address, question.visitor), title)
    path = exports.write(server, key, question.kind, None)
    return OwnFile(key, path.name, encoded(path.read_bytes()))
