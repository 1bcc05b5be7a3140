"""From any file, bytes or array to an upright 8-bit image; what would take too much memory or time is refused first.

A few hundred bytes can hold a picture of a hundred megapixels, and a JPEG can ask to be decoded four thousand times
over.  So a file's own headers are read before anything is decoded: its format, its size, its scans.  Large pictures are
decoded a few at a time, for the whole process, and whoever finds too many waiting is told so at once.
"""

from __future__ import annotations

import io
import os
import re
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from lenet.errors import ImageError, Text

Picture = Image.Image | np.ndarray | bytes | str | os.PathLike[str]

MAX_PIXELS = 50_000_000  # of a JPEG: as many as a phone's camera has; it is decoded at a half, quarter or eighth
MAX_PIXELS_WHOLE = 25_000_000  # of other formats, which are decoded whole: 100 MB
MAX_BYTES = 200_000_000  # of a file: four times a 50-megapixel photo without compression
# A progressive JPEG has about 10 scans.  libjpeg-turbo's documentation warns of files with thousands, each of which
# visits the whole picture again.
MAX_SCANS = 100
DECODED_SIDE = 2048  # pixels: no network here looks at a thousandth of it

# What people have.  Not what Pillow also knows: EPS, which it hands to another program; ICO and ICNS, which hold
# pictures larger than they say; PPM and TGA, which nobody sends.
_COMMON = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_JPEGS = ("JPEG", "MPO")
Image.init()
FORMATS = tuple(name for name in _COMMON if name in Image.OPEN)  # a build of Pillow may lack some

_TOO_LARGE = "The picture has more than {count} megapixels: make it smaller and try again."
_BUSY = "Many large pictures are being read just now: try again in a few seconds."


def open_picture(source: Picture) -> Image.Image:
    """`source` as an upright 8-bit "L", "RGB" or "RGBA" image, the first frame of an animation.

    Args:
        source: a PIL image, a path, a file's bytes, or an array (H, W), (H, W, 3) or (H, W, 4): uint8
            in 0 to 255, float in 0 to 1, or bool.

    Raises:
        ImageError: no picture, not a readable one, too large, too slow to decode, or too many at once.
    """
    if source is None:
        raise ImageError("There is no picture: give one.")
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if isinstance(source, Image.Image):
        return _readable(Text("The picture"), lambda: _upright_8_bit(source.copy()))
    if isinstance(source, bytes):
        return _readable(Text("The picture"), lambda: _decode(source))
    path = Path(source)
    if not path.is_file():
        raise ImageError("There is no picture at {path}. Check the path.", path=path)
    if path.stat().st_size > MAX_BYTES:
        raise ImageError("{name} has over {count} MB: make it smaller.", name=path.name, count=MAX_BYTES // 1_000_000)
    return _readable(path.name, lambda: _decode(path.read_bytes()))


def _readable(name: str | Text, read: Callable[[], Image.Image]) -> Image.Image:
    """What `read` returns; whatever Pillow raises for a damaged file becomes one sentence."""
    try:
        return read()
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("{name} is not a picture in a format that can be read: try PNG or JPEG.", name=name) from None
    except Image.DecompressionBombError:
        raise ImageError(_TOO_LARGE, count=MAX_PIXELS // 1_000_000) from None
    except Exception as error:  # Pillow's decoders raise nearly everything: OSError, struct.error, SyntaxError, ...
        raise ImageError(
            "{name} is damaged and cannot be read ({error}): save it again and retry.", name=name, error=error
        ) from error


def _decode(content: bytes) -> Image.Image:
    """Upright and in 8 bits, from a file's bytes; judged by its headers first."""
    if size := _webp_size(content):  # Pillow's reader takes the memory of two whole frames as it opens one
        _refuse_large(*size, MAX_PIXELS_WHOLE)
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        jpeg = image.format in _JPEGS
        pixels = _refuse_large(image.width, image.height, MAX_PIXELS if jpeg else MAX_PIXELS_WHOLE)
        if jpeg and count_scans(content, MAX_SCANS + 1) > MAX_SCANS:
            raise ImageError(
                "The picture is a JPEG of more than {count} scans, which takes too long: save it again and retry.",
                count=MAX_SCANS,
            )
        if any(tile[0] in Image.DECODERS for tile in image.tile):  # those that Pillow has in Python alone
            raise ImageError("The picture is compressed in a way that takes too long: save it as PNG and retry.")
        image.draft("RGB", (DECODED_SIDE, DECODED_SIDE))  # a large JPEG comes at a half, quarter or eighth
        with _decodes.place(pixels):
            return _upright_8_bit(image)


def _refuse_large(width: int, height: int, most: int) -> int:
    """How many pixels there are; ImageError where they are more than `most`."""
    if width * height > most:
        raise ImageError(_TOO_LARGE, count=most // 1_000_000)
    return width * height


# --------------------------------------------------------------------------------------------------
# Headers


def _webp_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP file's canvas (RFC 9649); None for other files, and for those that are cut short."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return None
    kind, body = content[12:16], content[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # but stuffed zeros and restarts, which stand within a scan
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_ALONE = (0x01, 0xD8)  # markers without a segment behind them


def count_scans(content: bytes, most: int) -> int:
    """How often a JPEG file's picture is gone through (ISO/IEC 10918-1, annex B), counted up to `most`."""
    at, scans = 0, 0
    while scans < most and (found := _MARKER.search(content, at)):
        marker, at = found[0][1], found.end()
        if marker == _END_OF_IMAGE:
            break
        if marker == _START_OF_SCAN:
            scans += 1
        if marker not in _ALONE:
            at += int.from_bytes(content[at : at + 2], "big")
    return scans


# --------------------------------------------------------------------------------------------------
# How many are decoded at once


class Decodes:
    """Places for decoding large pictures, so that many at once take neither all memory nor all threads.

    Args:
        places: pictures at once.
        pixels: of all of them together; a larger one is decoded alone.
        waiting: pictures that may wait for a place.
        seconds: how long.
        small: pictures of at most so many pixels, such as drawings, need no place.
    """

    def __init__(
        self,
        places: int = 4,
        pixels: int = MAX_PIXELS,
        waiting: int = 8,
        seconds: float = 10.0,
        small: int = 1_000_000,
    ) -> None:
        self._places, self._pixels, self._most_waiting, self._seconds = places, pixels, waiting, seconds
        self._small = small
        self._changed = threading.Condition()
        self._taken, self._decoding, self._waiting = 0, 0, 0

    @contextmanager
    def place(self, pixels: int) -> Iterator[None]:
        """Within it there is one.

        Raises:
            ImageError: too many wait, or none was free in time.
        """
        if pixels <= self._small:
            yield
            return
        with self._changed:
            if self._waiting >= self._most_waiting:
                raise ImageError(_BUSY)
            self._waiting += 1
            try:
                free = self._changed.wait_for(lambda: self._free(pixels), self._seconds)
            finally:
                self._waiting -= 1
            if not free:
                raise ImageError(_BUSY)
            self._taken, self._decoding = self._taken + pixels, self._decoding + 1
        try:
            yield
        finally:
            with self._changed:
                self._taken, self._decoding = self._taken - pixels, self._decoding - 1
                self._changed.notify_all()

    def _free(self, pixels: int) -> bool:
        return self._decoding < self._places and (not self._taken or self._taken + pixels <= self._pixels)


_decodes = Decodes()  # of this process, whose memory it is about


# --------------------------------------------------------------------------------------------------
# Pixels


def _upright_8_bit(image: Image.Image) -> Image.Image:
    image.load()
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    # Before anything that takes more than a byte a pixel: no network here looks at a thousandth of it.
    factor = max(image.size) // DECODED_SIDE
    if factor > 1 and image.mode != "1":
        exif = image.getexif()
        small = image.width // factor, image.height // factor
        # Pillow has no averaging for 16 bits: take every so many pixels.
        image = image.resize(small, Image.Resampling.NEAREST) if image.mode.startswith("I;16") else image.reduce(factor)
        image.info["exif"] = exif.tobytes()
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _from_deep_grey(image)
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode in ("LA", "PA", "RGBa"):
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys to 8 bit; Pillow's own convert clips them at 255 instead."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    top = values.max(initial=0.0)
    full = 1.0 if image.mode == "F" and top <= 1 else 255.0 if top <= 255 else 65535.0 if top <= 65535 else top
    return Image.fromarray((values.clip(0) * (255 / full)).round().astype(np.uint8))


def _from_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or 0 in array.shape or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(
            "An array of shape {shape} is not a picture: give (H, W), (H, W, 3) or (H, W, 4).", shape=str(array.shape)
        )
    if array.dtype == bool or np.issubdtype(array.dtype, np.floating):
        array = (np.nan_to_num(array.astype(np.float64)).clip(0, 1) * 255).round()
    pixels = array.clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
