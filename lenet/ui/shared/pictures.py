"""Pictures on their way from a browser, and those that stay here for a while so that they travel only once.

A kept one is known by a key that nobody can guess, so each visitor sees only their own.
"""

from __future__ import annotations

import base64
import io
import secrets
import threading

from PIL import Image

from lenet.errors import FetchError, ImageError
from lenet.preprocessing import images
from lenet.preprocessing.fetch import fetch
from lenet.preprocessing.images import PLAIN_BYTES, Picture
from lenet.preprocessing.photos import upright
from lenet.ui import environment
from lenet.ui.shared.cache import BoundedCache

MAX_BYTES = 20_000_000  # of a picture, encoded; the pad itself sends about a thousand
SIDE = 1024  # pixels of what is kept and shown, many times what a network sees
MAX_PICTURES = 48  # pictures of at most three megabytes each; the least recently used go first
HEADER = 40  # characters before the content of a data: address, such as "data:image/jpeg;base64,"
FETCHES = 4  # at once: each may take seconds of the forty threads that serve the whole page
SECONDS = 3600.0  # after which one goes although there is room


def decode(address: str) -> bytes:
    """The file in a data: address.

    Raises:
        ImageError: it is too large, or no such address.
    """
    header, _, content = address.partition(",")
    if not header.startswith("data:") or not header.endswith(";base64"):
        raise ImageError("No picture in base64 arrived: send it again, or reload the page.")
    if len(content) > MAX_BYTES * 4 / 3:
        raise ImageError(
            "This picture has over {count} MB: make it smaller and try again.", count=MAX_BYTES // 1_000_000
        )
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        raise ImageError("No picture in base64 arrived: send it again, or reload the page.") from None


def is_quick(address: object) -> bool:
    """Whether the picture in a data: address needs no process of its own, see `lenet.preprocessing.images.is_quick`.

    What is no such address is refused as quickly.
    """
    if not isinstance(address, str):
        return True
    if len(address) > PLAIN_BYTES * 4 / 3 + HEADER:
        return False
    try:
        return images.is_quick(decode(address))
    except ImageError:
        return True


def address(picture: Image.Image) -> str:
    """A data: address at which a browser finds `picture`."""
    buffer = io.BytesIO()
    kind = "PNG" if max(picture.size) <= 128 else "JPEG"  # where each pixel will be seen, each as it is
    picture.save(buffer, kind, quality=85)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


class Pictures:
    """The pictures that one page keeps for its visitors.

    Args:
        most: MAX_PICTURES.
    """

    def __init__(self, most: int = MAX_PICTURES) -> None:
        self._kept: BoundedCache[str, Image.Image] = BoundedCache(most, SECONDS)
        self._fetching = threading.BoundedSemaphore(FETCHES)

    def fetch(self, url: str) -> bytes:
        """The file at that address.

        Raises:
            FetchError: see `lenet.preprocessing.fetch`; or as many as may be are fetched just now.
        """
        if not environment.FETCHING:
            raise FetchError("This server fetches no pictures: save the picture and open it as a file instead.")
        if not self._fetching.acquire(blocking=False):  # to wait would hold a thread too
            raise FetchError("The server is fetching other pictures right now: try again in a few seconds.")
        try:
            return fetch(url)
        finally:
            self._fetching.release()

    def keep(self, source: Picture) -> tuple[str, Image.Image]:
        """A key, and the picture that it is for: upright, "RGB", no side over `SIDE`.

        Raises:
            ImageError: see `open_picture`.
        """
        picture = upright(source)
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture.info.clear()  # it stands upright: nothing may turn it once more
        key = secrets.token_urlsafe(12)
        self._kept.put(key, picture)
        return key, picture

    def get(self, key: str) -> Image.Image | None:
        """The picture kept under `key`; None where it is no longer, or never was."""
        return self._kept.get(key)
