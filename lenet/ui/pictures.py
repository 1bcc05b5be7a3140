"""Pictures on their way from a browser."""

from __future__ import annotations

import base64

from lenet.errors import ImageError

MAX_BYTES = 20_000_000  # of a picture, encoded; the pad itself sends about a thousand


def decode(address: str) -> bytes:
    """The file in a data: address.

    Raises:
        ImageError: it is too large, or no such address.
    """
    header, _, content = address.partition(",")
    if not header.startswith("data:") or not header.endswith(";base64"):
        raise ImageError("The page sent no picture. Reload it and try again.")
    if len(content) > MAX_BYTES * 4 / 3:
        raise ImageError("This picture has over 20 MB: make it smaller and try again.")
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        raise ImageError("The page sent no picture. Reload it and try again.") from None
