"""What whoever runs the page may set, by environment variables; docs/hosting.md has the same table.

A wrong value is one sentence at the start, and not a surprise later.
"""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

from lenet import http_settings
from lenet.data.datasets import data_root
from lenet.data.published import hub_site
from lenet.errors import LeNetError

_ON, _OFF = ("1", "on", "true", "yes"), ("0", "off", "false", "no")


def switch(name: str, default: bool) -> bool:
    """Whether the variable is on.

    Raises:
        LeNetError: it is neither on nor off.
    """
    said = os.environ.get(name, "").strip().lower()
    if said and said not in _ON + _OFF:
        raise LeNetError("{name} is {said!r}: set it to on or off.", name=name, said=said)
    return said in _ON if said else default


def whole(name: str, default: int, low: int, high: int) -> int:
    """The whole number that the variable is.

    Raises:
        LeNetError: it is none, or not from `low` to `high`.
    """
    said = os.environ.get(name, "").strip()
    try:
        number = int(said) if said else default
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise LeNetError(
            "{name} is {said!r}: set it to a whole number from {low:,} to {high:,}.",
            name=name,
            said=said,
            low=low,
            high=high,
        )
    return number


TRAINING = switch("LENET_TRAINING", True)
FETCHING = switch("LENET_FETCH", True)
UPLOADS = switch("LENET_UPLOADS", True)
MCP = switch("LENET_MCP", False)
TRAIN_MINUTES = whole("LENET_TRAIN_MINUTES", 45, 1, 7 * 24 * 60)
RUNS = whole("LENET_MAX_RUNS", 200, 2, 200)  # fewer than networks.MAX_NETWORKS; a class behind one address has 3 each


def check() -> None:
    """Look at what others than this module read themselves; before Gradio is imported, which raises over a wrong port.

    Raises:
        LeNetError: they could not work with it.
    """
    data_root()
    whole("GRADIO_SERVER_PORT", 7860, 1, 65_535)
    whole("GRADIO_NUM_PORTS", 100, 1, 65_535)
    if (host := os.environ.get("GRADIO_SERVER_NAME")) and not _can_listen(host):
        raise LeNetError(
            "GRADIO_SERVER_NAME is {host!r}, where this machine cannot listen: set it to its name or one of its IPv4 "
            "addresses, or to 0.0.0.0 for all of them.",
            host=host,
        )
    path = os.environ.get("GRADIO_ROOT_PATH", "").strip()
    if path and not (path.startswith("/") or _is_web_address(path)):  # else every answer of the page is an error
        raise LeNetError(
            "GRADIO_ROOT_PATH is {path!r}: set it to a path that begins with /, such as /lenet.", path=path
        )
    if names := http_settings.unusable():
        raise LeNetError(
            "{names} cannot be used: set it to a proxy's address, such as http://proxy.example:3128, or unset it.",
            names=names,
        )
    if not _is_web_address(hub_site()):
        raise LeNetError(
            "HF_ENDPOINT is {site!r}: set it to a web address, such as https://hf-mirror.com, or unset it.",
            site=hub_site(),
        )


def _can_listen(host: str) -> bool:
    """As Gradio tries it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except (OSError, UnicodeError):  # of a name that no host can have
            return False
    return True


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
