"""The networks that the page can ask: those in weights/, and those that visitors have just trained.

A trained one is known by a key that nobody can guess, so each visitor sees only their own.
"""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from lenet.checkpoint import Checkpoint, save
from lenet.classifier import WEIGHTS, Classifier
from lenet.errors import CheckpointError

KEPT = 64  # trained networks, of a quarter to one and a half megabytes each; the oldest go first

_lock = threading.Lock()
_trained: OrderedDict[str, Classifier] = OrderedDict()
_folder = tempfile.TemporaryDirectory(prefix="lenet-trained-")

_shipped = lru_cache(maxsize=None)(Classifier.from_pretrained)


def shipped(road: str) -> list[tuple[str, str]]:
    """(title, key) of every network in weights/ whose pictures take `road`, the default one first."""
    names = [path.stem for path in sorted(WEIGHTS.glob("*.safetensors"))]
    names.sort(key=lambda name: name not in ("digits", "photos"))
    return [(title(_shipped(name), name), name) for name in names if _shipped(name).road == road]


def title(classifier: Classifier, name: str) -> str:
    return f"{name} ({classifier.recipe.model}, {classifier.metrics['test_accuracy']:.1%})"


def get(key: str) -> Classifier:
    """The network that `key` names.

    Raises:
        CheckpointError: it is no longer kept, or never was.
    """
    with _lock:
        if key in _trained:
            return _trained[key]
    if not (WEIGHTS / f"{key}.safetensors").exists() or "/" in key:
        raise CheckpointError("This network is no longer kept here: choose another, or train it again.")
    return _shipped(key)


def keep(checkpoint: Checkpoint) -> tuple[str, Path]:
    """Keep a trained network for the page; its key, and the file to download."""
    key = f"run-{secrets.token_urlsafe(9)}"
    # A folder each, so that the download has a plain name.
    path = Path(_folder.name) / key / f"{checkpoint.recipe.name}.safetensors"
    save(path, checkpoint)
    with _lock:
        _trained[key] = Classifier(checkpoint)
        while len(_trained) > KEPT:
            oldest, gone = _trained.popitem(last=False)
            (Path(_folder.name) / oldest / f"{gone.recipe.name}.safetensors").unlink(missing_ok=True)
    return key, path
