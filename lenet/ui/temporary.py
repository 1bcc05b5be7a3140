"""A folder for one process, which goes when the process ends, also where it is killed.

    folder = LockedFolder("lenet-page-")
    sweep("lenet-page-")                        removes what processes have left that are dead

The folder is locked for as long as its process lives, and a file in it says that it is: so that of a folder without
that file nobody knows, and it stays.  A system's cleaner of temporary files passes locked folders by too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

fcntl: Any = None  # Windows has none: there nothing is swept
with contextlib.suppress(ImportError):
    import fcntl  # type: ignore[no-redef]

MARK = "locked"


class LockedFolder:
    """See the module.

    Attributes:
        path: of the folder, which nobody but this user may look into.
    """

    def __init__(self, prefix: str) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
        self.path = Path(self._temporary.name)
        self._lock = _locked(self.path)
        if self._lock is not None:
            with contextlib.suppress(OSError):  # the disk is full: the folder is not swept
                (self.path / MARK).touch()

    def close(self) -> None:
        """Remove the folder."""
        self._temporary.cleanup()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep(prefix: str) -> None:
    """Remove this user's folders of that name whose processes are dead."""
    for path in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            if _is_ours(path) and (lock := _locked(path)) is not None:
                try:
                    if _is_ours(path):  # nobody has removed it meanwhile
                        shutil.rmtree(path, ignore_errors=True)
                finally:
                    os.close(lock)


def _is_ours(path: Path) -> bool:
    return not path.is_symlink() and (path / MARK).is_file() and path.stat().st_uid == os.getuid()


def _locked(path: Path) -> int | None:
    """What holds a folder's lock, until it is closed; None where another process does, or the system has no locks."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    except OSError:
        os.close(handle)
        return None
