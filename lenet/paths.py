"""A path as people write it: with ~, with $NAME, with spaces, in any language.

    expanded("~/my data")          # /home/ada/my data
    expanded("$DATA/mnist")        # the folder that DATA names

A shell expands these only where they stand bare, not in a quoted argument, a .env file, a compose file or a Space's
settings.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from lenet.errors import LeNetError

_VARIABLE = re.compile(r"\$(?:\w+|\{[^}]*\})")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def expanded(path: str | os.PathLike[str] | os.PathLike[bytes]) -> Path:
    """`path` with its ~ and its $NAME or ${NAME} replaced; on Windows %NAME% too.

    A file or folder whose name really holds a $ is taken as it is.

    Raises:
        LeNetError: a variable or a user that there is not, or a path of Windows on another system.
    """
    text = os.fsdecode(path)  # what some objects call themselves is bytes, such as what os.scandir(b".") gives
    if os.name != "nt" and _WINDOWS.match(text):
        raise LeNetError(
            "{path} is a Windows path, and this system is none: give the path as this system has it, "
            "such as /mnt/c/... under WSL.",
            path=text,
        )
    if not text.startswith("~") and os.path.exists(text):
        return Path(text)
    full = os.path.expandvars(os.path.expanduser(text))
    if unknown := _VARIABLE.search(full):
        raise LeNetError(
            "{path} holds {variable}, which is not set: set it, or write the path out.", path=text, variable=unknown[0]
        )
    if full.startswith("~"):
        raise LeNetError("{path} begins with a user's name that this system does not know.", path=text)
    return Path(full)
