"""Pictures on their way from a browser, and those that stay here for a while so that they travel only once.

A kept one is known by a key that nobody can guess, so each visitor sees only their own.
"""

from __future__ import annotations

import base64
import io
import secrets
import threading
import time
from collections import OrderedDict

from PIL import Image

from lenet.crops import upright
from lenet.errors import ImageError
from lenet.images import Picture

MAX_BYTES = 20_000_000  # of a picture, encoded; the pad itself sends about a thousand
SIDE = 1024  # pixels of what is kept and shown, many times what a network sees
KEPT = 48  # pictures of at most three megabytes each; the oldest go first
SECONDS = 3600.0  # after which one goes although there is room

_lock = threading.Lock()
_kept: OrderedDict[str, tuple[float, Image.Image]] = OrderedDict()  # when last used, and the picture


def decode(address: str) -> bytes:
    """The file in a data: address.

    Raises:
        ImageError: it is too large, or no such address.
    """
    header, _, content = address.partition(",")
    if not header.startswith("data:") or not header.endswith(";base64"):
        raise ImageError("The page sent no picture. Reload the page and try again.")
    if len(content) > MAX_BYTES * 4 / 3:
        raise ImageError(
            "This picture has over {count} MB: make it smaller and try again.", count=MAX_BYTES // 1_000_000
        )
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        raise ImageError("The page sent no picture. Reload the page and try again.") from None


def keep(source: Picture) -> tuple[str, Image.Image]:
    """A key, and the picture that it is for: upright, "RGB", no side over `SIDE`.

    Raises:
        ImageError: see `open_picture`.
    """
    picture = upright(source)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture.info.clear()  # it stands upright: nothing may turn it once more
    key = secrets.token_urlsafe(12)
    with _lock:
        _kept[key] = (time.monotonic(), picture)
        _forget()
    return key, picture


def get(key: str) -> Image.Image | None:
    """The picture kept under `key`; None where it is no longer, or never was."""
    with _lock:
        _forget()
        if key not in _kept:
            return None
        picture = _kept[key][1]
        _kept[key] = (time.monotonic(), picture)
        _kept.move_to_end(key)
        return picture


def _forget() -> None:
    while _kept and (len(_kept) > KEPT or next(iter(_kept.values()))[0] < time.monotonic() - SECONDS):
        _kept.popitem(last=False)


def address(picture: Image.Image) -> str:
    """A data: address at which a browser finds `picture`."""
    buffer = io.BytesIO()
    kind = "PNG" if max(picture.size) <= 128 else "JPEG"  # where each pixel will be seen, each as it is
    picture.save(buffer, kind, quality=85)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
