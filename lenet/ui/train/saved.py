"""The page's runs on disk, so that they outlive the server's death.

    saved = SavedRuns(home)             a folder of its own in `home`, locked while this process lives
    saved.write(record)                 facts of a run; `saved.state(id)` and `saved.network(id)` are its files
    for record in saved.adopt(seconds): ...    what servers have left that are dead

Who reads the folder sees the keys by which visitors are known, so nobody else may.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lenet.checkpoint import write_file
from lenet.errors import CheckpointError
from lenet.paths import expanded
from lenet.run import RESUMABLE

fcntl: Any = None  # Windows has none, but there a file that is open cannot be deleted: that is lock enough
with contextlib.suppress(ImportError):
    import fcntl  # type: ignore[no-redef]

_PREFIX = "server-"


def home() -> Path:
    """Where the page saves runs: in LENET_RUNS_DIR, else in a `lenet` folder in the platform's place for state.

    Raises:
        LeNetError: LENET_RUNS_DIR is no path, see `lenet.paths.expanded`.
    """
    if (named := os.environ.get("LENET_RUNS_DIR", "")).strip():
        return expanded(named)
    import platformdirs

    return Path(platformdirs.user_state_dir("lenet", appauthor=False)) / "runs"


class SavedRuns:
    """See the module.

    Raises:
        OSError: `home` cannot be written to.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home = home
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))  # for this user alone
        self._lock = (self._folder / "lock").open("wb")
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def state(self, id: str) -> Path:
        """Where a run's state is saved, for `lenet.training.resume`."""
        return self._folder / f"{id}{RESUMABLE}"

    def network(self, id: str) -> Path:
        """Where a run's trained network is saved."""
        return self._folder / f"{id}.safetensors"

    def write(self, record: dict[str, Any]) -> None:
        """Save the facts of the run that `record["id"]` names; where that fails, the older ones stay."""
        try:
            write_file(self._folder / f"{record['id']}.json", json.dumps(record).encode())
        except CheckpointError as error:
            logging.warning("a run was not saved: %s", error.template)

    def remove(self, id: str) -> None:
        """Nobody needs that run any more."""
        for path in (self.state(id), self.network(id), self._folder / f"{id}.json"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def adopt(self, seconds: float) -> Iterator[dict[str, Any]]:
        """The runs that dead servers have left, and saved within the last `seconds`; they are this server's now."""
        for folder in sorted(self._home.glob(f"{_PREFIX}*")):
            if folder == self._folder or _is_held(folder / "lock"):
                continue
            records = [record for path in folder.glob("*.json") if (record := _read(path, seconds)) is not None]
            for record in records:
                for path in folder.glob(f"{record['id']}.*"):
                    with contextlib.suppress(OSError):
                        path.replace(self._folder / path.name)
            shutil.rmtree(folder, ignore_errors=True)
            yield from records

    def close(self, keep: bool) -> None:
        """Give up the folder; with `keep` the next server finds what is in it."""
        self._lock.close()
        if not keep:
            shutil.rmtree(self._folder, ignore_errors=True)


def _read(path: Path, seconds: float) -> dict[str, Any] | None:
    try:
        age = abs(time.time() - path.stat().st_mtime)  # also of a clock that was set back
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if age <= seconds and isinstance(record, dict) and record.get("id") == path.stem else None


def _is_held(lock: Path) -> bool:
    """Whether the process that made it lives."""
    try:
        if fcntl is None:
            lock.unlink(missing_ok=True)
        else:
            with lock.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:  # another server adopts it just now
        return True
    except OSError:
        return True
    return False
