"""From any file, bytes or array to an upright 8-bit image; what would take too much memory or time is refused first.

A few hundred bytes can hold a picture of a hundred megapixels, and a JPEG can ask to be decoded four thousand times
over.  So a file's own headers are read before anything is decoded: its format, its size, its scans.  Small PNG and JPEG
files that hold nothing but a picture are decoded here.  All others are decoded in processes of their own, whose memory
and time are bounded, a few at a time; whoever finds too many waiting is told so at once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from lenet.errors import ImageError, LeNetError, Text
from lenet.paths import expanded
from lenet.preprocessing import decoding
from lenet.preprocessing.arrays import to_image, white_of_floats, white_of_whole
from lenet.preprocessing.decoding import shrunk

Picture = Image.Image | np.ndarray | Tensor | Sequence[Any] | bytes | BinaryIO | str | os.PathLike[str]

MAX_PIXELS = 50_000_000  # of a JPEG: as many as a phone's camera has; it is decoded at a half, quarter or eighth
MAX_PIXELS_WHOLE = 25_000_000  # of other formats, which are decoded whole: 100 MB
MAX_BYTES = 200_000_000  # of a file: four times a 50-megapixel photo without compression
MAX_NAME = 300  # letters of a path in a sentence
# A progressive JPEG has about 10 scans.  libjpeg-turbo's documentation warns of files with thousands, each of which
# visits the whole picture again.
MAX_SCANS = 100
MAX_MARKERS = 10_000  # of a JPEG: a camera's file has about 20; to count millions would take seconds
# What may be decoded in this process: a pad's drawings above all, in a few ms, and without waiting for anything.
PLAIN_PIXELS = 1_000_000
PLAIN_BYTES = 1_000_000
PLAIN_CHUNKS = 10_000  # of a PNG: one of 1 MB has about 120
PLAIN_EXIF = 200  # bytes: Safari puts 68 into each picture of a canvas, which say its size
PLAIN_SCANS = 4  # as many as a sequential JPEG has colours; progressive ones go over the picture ten times
# The bounds of a process that decodes anything else.
APART_MEMORY = 400 * 2**20  # bytes, Python's own 50 MB included
APART_SECONDS = 5  # of computing; a PNG of 25 megapixels takes 0.5
PATIENCE = 15.0  # seconds for all of it: it waits where others compute

_PICTURE = Text("The picture")
_TOO_LARGE = "The picture has more than {count} megapixels: make it smaller and try again."
_TOO_COSTLY = (
    "{name} takes too much memory or time to read: make it smaller, or save it again as JPEG or PNG, and retry."
)
_UNKNOWN = "{name} is not a picture in a format that can be read: try PNG or JPEG."
_DAMAGED = "{name} is damaged and cannot be read ({error}): save it again and retry."
_WORDY = "{name} holds more text than a picture needs: save it again and retry."
_BUSY = "Many large pictures are being read just now: try again in a few seconds."


def open_picture(source: Picture) -> Image.Image:
    """`source` as an upright 8-bit "L", "RGB" or "RGBA" image, the first frame of an animation.

    Args:
        source: a PIL image of any mode; a path; a file's bytes, or an open one; or an array, a tensor or lists of
            numbers, see `lenet.preprocessing.arrays.to_image`.

    Raises:
        ImageError: no picture, not a readable one, too large, too slow to decode, or too many at once.
    """
    if source is None:
        raise ImageError("There is no picture: give one.")
    if isinstance(source, Image.Image):
        if 0 in source.size:
            raise ImageError("The picture has no pixels: give one that has some.")
        return _readable(_PICTURE, lambda: _8_bit(shrunk(source.copy())))
    if isinstance(source, (bytes, bytearray, memoryview)) or hasattr(source, "read"):
        content = _content(source)
        return _readable(_PICTURE, lambda: _decode(content, _PICTURE))
    if not isinstance(source, (str, os.PathLike)):
        return _from_numbers(source)
    path = _file(source)
    return _readable(path.name, lambda: _decode(path.read_bytes(), path.name))


def _file(source: str | os.PathLike[str]) -> Path:
    """The file of that name, which is there and not too large."""
    try:
        path = expanded(source)
        there = path.is_file()
        size = path.stat().st_size if there else 0
    except OSError as error:  # too long a name, or a folder that may not be looked into
        raise ImageError(
            "{path} cannot be read ({error}): check the path.", path=_short(source), error=error.strerror
        ) from error
    except LeNetError as error:
        raise ImageError("{why}", why=error) from error
    if not there:
        raise ImageError("There is no picture at {path}. Check the path.", path=_short(path))
    if size > MAX_BYTES:
        raise ImageError("{name} has over {count} MB: make it smaller.", name=path.name, count=MAX_BYTES // 1_000_000)
    return path


def _short(path: str | os.PathLike[str]) -> Path:
    """`path` for a sentence: whoever gives a picture's base64 as one need not read all of it."""
    name = os.fsdecode(path)
    return Path(name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}...")


def _damaged(name: str | Text, why: str) -> ImageError:
    """Of a file that Pillow cannot decode; its words for a PNG's limits on text are the names of its constants."""
    return ImageError(_WORDY, name=name) if "MAX_TEXT" in why else ImageError(_DAMAGED, name=name, error=why)


def _content(source: Any) -> bytes:
    """The bytes of a file, as they are or still to be read: those from where it stands, or all where it is at its end.

    A picture that was just saved into a file leaves it at its end.
    """
    try:
        content = source.read(MAX_BYTES + 1) if hasattr(source, "read") else bytes(source)
        if not content and hasattr(source, "seek"):
            with contextlib.suppress(OSError):  # a pipe
                source.seek(0)
                content = source.read(MAX_BYTES + 1)
    except Exception as error:  # closed, open for writing, or whatever the object's own `read` raises
        raise ImageError("This file cannot be read ({error}): give it open, with mode 'rb'.", error=error) from error
    if isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if not isinstance(content, bytes):
        raise ImageError("This file is open as text: open it with mode 'rb'.")
    if len(content) > MAX_BYTES:
        raise ImageError("{name} has over {count} MB: make it smaller.", name=_PICTURE, count=MAX_BYTES // 1_000_000)
    return content


def _from_numbers(source: Any) -> Image.Image:
    return _8_bit(to_image(source, MAX_PIXELS_WHOLE))


def _readable(name: str | Text, read: Callable[[], Image.Image]) -> Image.Image:
    """What `read` returns; whatever Pillow raises for a damaged file becomes one sentence."""
    try:
        return read()
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(_UNKNOWN, name=name) from None
    except Image.DecompressionBombError:
        raise ImageError(_TOO_LARGE, count=MAX_PIXELS // 1_000_000) from None
    except Exception as error:  # Pillow's decoders raise nearly everything: OSError, struct.error, SyntaxError, ...
        raise _damaged(name, str(error)) from error


def _decode(content: bytes, name: str | Text) -> Image.Image:
    """Upright and in 8 bits, from a file's bytes; judged by its headers first."""
    if size := _webp_size(content):  # Pillow's reader takes the memory of two whole frames as it opens one
        _refuse_large(*size, MAX_PIXELS_WHOLE)
    if content.startswith(_JPEG) and count_scans(content, MAX_SCANS + 1) > MAX_SCANS:
        raise ImageError(
            "The picture is a JPEG of more than {count} scans, which takes too long: save it again and retry.",
            count=MAX_SCANS,
        )
    if is_plain(content):
        with _open_plain(content) as image:
            pixels = _refuse_large(
                image.width, image.height, MAX_PIXELS if image.format == "JPEG" else MAX_PIXELS_WHOLE
            )
            if pixels <= PLAIN_PIXELS:
                return _8_bit(shrunk(image))
    else:
        pixels = MAX_PIXELS_WHOLE
    with _decodes.place(pixels):
        return _8_bit(_decode_apart(content, name))


def _decode_apart(content: bytes, name: str | Text) -> Image.Image:
    """`shrunk` of a file, by a process of its own, see `lenet.preprocessing.decoding`."""
    bounds = (APART_MEMORY, APART_SECONDS, MAX_PIXELS, MAX_PIXELS_WHOLE, Path(Image.__file__).parents[1])
    try:
        done = subprocess.run(
            [sys.executable, "-I", decoding.__file__, *map(str, bounds)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise ImageError(_TOO_COSTLY, name=name) from None
    line, _, pixels = done.stdout.partition(b"\n")
    reply = json.loads(line or b'{"refused": "memory"}')  # it said nothing: the system ended it
    refused = reply.get("refused")
    if refused == "pixels":
        raise ImageError(_TOO_LARGE, count=int(reply["why"]) // 1_000_000)
    if refused == "slow":
        raise ImageError("The picture is compressed in a way that takes too long: save it as PNG and retry.")
    if refused == "memory":
        raise ImageError(_TOO_COSTLY, name=name)
    if refused == "format":
        raise ImageError(_UNKNOWN, name=name)
    if refused:
        raise _damaged(name, reply["why"])
    return Image.frombytes(reply["mode"], tuple(reply["size"]), pixels)


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


_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# What is read in constant memory.  Not: a long eXIf, iCCP, zTXt, iTXt, acTL and whatever else there is.
_PLAIN_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"pHYs", b"gAMA", b"sRGB", b"cHRM", b"sBIT", b"bKGD"}
# SOF0 to SOF2, DHT, SOS, DQT, DRI, and the APP0 and APP14 of JFIF and Adobe; not Exif's, nor a profile's.
_PLAIN_SEGMENTS = {0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE}


def is_plain(content: bytes) -> bool:
    """Whether this is a small PNG or JPEG file that holds nothing but its picture, with few scans."""
    if len(content) > PLAIN_BYTES:
        return False
    if content.startswith(_JPEG):
        markers = _markers(content)
        return {*markers} <= _PLAIN_SEGMENTS and markers.count(_START_OF_SCAN) <= PLAIN_SCANS
    at = len(_PNG) if content.startswith(_PNG) else len(content)
    for _ in range(PLAIN_CHUNKS):
        kind, size = content[at + 4 : at + 8], int.from_bytes(content[at : at + 4], "big")
        if at + 12 > len(content) or not (kind in _PLAIN_CHUNKS or (kind == b"eXIf" and size <= PLAIN_EXIF)):
            return False
        if kind == b"IEND":
            return True
        at += 12 + size
    return False


def is_quick(content: bytes) -> bool:
    """Whether this file is decoded by this process, in a few milliseconds, or refused as quickly."""
    if not is_plain(content):
        return False
    try:
        with _open_plain(content) as image:
            return image.width * image.height <= PLAIN_PIXELS
    except Exception:  # it is damaged
        return True


def _open_plain(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=["PNG", "JPEG"])


_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # but stuffed zeros and restarts, which stand within a scan
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_ALONE = (0x01, 0xD8)  # markers without a segment behind them


def count_scans(content: bytes, most: int) -> int:
    """How often a JPEG file's picture is gone through (ISO/IEC 10918-1, annex B), counted up to `most`."""
    return _markers(content, most).count(_START_OF_SCAN)


def _markers(content: bytes, most_scans: int = MAX_SCANS) -> list[int]:
    """The markers of a JPEG file up to the one that ends the picture, or the last of `most_scans` scans.

    A file of more than `MAX_MARKERS` ends with 0 here: its decoding has other bounds.
    """
    at, scans = 0, 0
    markers: list[int] = []
    for _ in range(MAX_MARKERS):
        found = _MARKER.search(content, at)
        if not found or scans >= most_scans or found[0][1] == _END_OF_IMAGE:
            return markers
        marker, at = found[0][1], found.end()
        if marker not in _ALONE:
            markers.append(marker)
            scans += marker == _START_OF_SCAN
            at += int.from_bytes(content[at : at + 2], "big")
    return [*markers, 0]


# --------------------------------------------------------------------------------------------------
# How many are decoded at once


class Decodes:
    """Places for decoding large pictures, so that many at once take neither all memory nor all threads.

    Args:
        places: pictures at once.
        pixels: of all of them together; a larger one is decoded alone.
        waiting: pictures that may wait for a place.
        seconds: how long.
    """

    def __init__(
        self,
        places: int = 4,
        pixels: int = MAX_PIXELS,
        waiting: int = 8,
        seconds: float = 10.0,
    ) -> None:
        self._places, self._pixels, self._most_waiting, self._seconds = places, pixels, waiting, seconds
        self._changed = threading.Condition()
        self._taken, self._decoding, self._waiting = 0, 0, 0

    @contextmanager
    def place(self, pixels: int) -> Iterator[None]:
        """Within it there is one.

        Raises:
            ImageError: too many wait, or none was free in time.
        """
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


def _8_bit(image: Image.Image) -> Image.Image:
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
    """16-bit, 32-bit and float greys to 8 bit; Pillow's own convert clips them at 255 instead.

    White is as in arrays of such numbers.  A file's may be of any size, though: resized ones too have as many bits as
    they take.

    Raises:
        ImageError: floats may be in 0 to 1 or in 0 to 255.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    white = (white_of_floats(values) if image.mode == "F" else None) or white_of_whole(float(values.max(initial=0.0)))
    return Image.fromarray((values.clip(0, white) * (255 / white)).round().astype(np.uint8))
