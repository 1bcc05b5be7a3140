"""Files of a network to keep: its weights, its curves, its report.

Each is made when it is asked for, in the network's own folder, which Gradio may serve to who knows the
network's key, and which goes when the network does.
"""

from __future__ import annotations

import contextlib
import csv
import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path

from lenet.errors import CheckpointError
from lenet.inference.onnx import to_onnx
from lenet.inference.report import Report
from lenet.training.loop import EpochEnd
from lenet.ui.home import page as home
from lenet.ui.report.document import document
from lenet.ui.report.messages import FileOffer
from lenet.ui.server import Server
from lenet.ui.shared import figures, networks, texts

KINDS = {
    "weights": ".safetensors",
    "onnx": ".onnx",
    "web": ".web.html",
    "csv": ".csv",
    "png": ".png",
    "report": ".html",
}


def offered(server: Server, key: str) -> tuple[FileOffer, ...]:
    """The files that can be made for that network.

    Raises:
        CheckpointError: see `networks.kept`.
    """
    kept = server.networks.kept(key)
    without = set() if kept.curves else {"csv", "png"}
    if not home.fits(len(kept.classifier.recipe.input.mean), kept.classifier.parameters):
        without.add("web")
    sizes = {"weights": kept.file_bytes}
    return tuple(FileOffer(kind, suffix, sizes.get(kind)) for kind, suffix in KINDS.items() if kind not in without)


def write(server: Server, key: str, kind: str, found: Report | None) -> Path:
    """The file of that kind: the same one under the same title, and the report in each language, so it is made once.

    Args:
        found: what the kind "report" is made of.

    Raises:
        CheckpointError: see `networks.kept`; or the network has no such file; or there is no room for it.
    """
    if kind not in [offer.kind for offer in offered(server, key)]:
        raise CheckpointError("This network has no such file. Reload the page and try again.")
    kept = server.networks.kept(key)
    path = server.networks.folder(key) / f"{networks.plain(str(kept.title))}{_language(kind)}{KINDS[kind]}"
    if not path.exists():
        server.exports.pop(path)  # of a network that was kept once
    return server.exports.get_or_make(path, lambda: _made(server, path, key, kind, found))


def _made(server: Server, path: Path, key: str, kind: str, found: Report | None) -> Path:
    """`path`, where the file of that kind now is, whole."""
    part = path.with_name(f"{secrets.token_hex(4)}.part")
    try:
        _write(server, part, key, kind, found)
        part.replace(path)
    except OSError as error:
        logging.warning("a file to download was not made: %s", error.strerror)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)  # half a file would keep a full disk full
        raise networks.no_room() from None
    return path


def _language(kind: str) -> str:
    """What a file's name says of the language that it is in: nothing where that is English."""
    spoken = texts.say("report_language")
    return f".{spoken}" if kind == "report" and spoken != texts.DEFAULT else ""


def _write(server: Server, path: Path, key: str, kind: str, found: Report | None) -> None:
    kept = server.networks.kept(key)
    if kind == "weights":
        path.write_bytes(server.networks.content(key))
    elif kind == "onnx":
        path.write_bytes(to_onnx(server.networks.checkpoint(key)))
    elif kind == "web":
        path.write_text(home.document(server.networks.checkpoint(key), str(kept.title), date.today()), encoding="utf-8")
    elif kind == "csv":
        _write_curves(path, kept.curves)
    elif kind == "png":
        with texts.speaking(texts.DEFAULT):  # whose letters matplotlib has
            title = str(kept.title)
        figures.curves(kept.curves, title).savefig(path, format="png")
    else:
        assert found is not None
        positions = sorted({one.position for one in (*found.mistakes, *found.sample)})
        images = dict(zip(positions, server.evaluations.pictures(key, positions), strict=True))
        path.write_text(document(str(kept.title), found, images, server.networks.exhibit(key)), encoding="utf-8")


def _write_curves(path: Path, curves: Sequence[EpochEnd]) -> None:
    """A row an epoch, under the names of EpochEnd's fields."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(EpochEnd)])
        writer.writeheader()
        writer.writerows(asdict(event) for event in curves)
