"""Decodes one picture: `shrunk` for a picture at hand, and a process of its own for a file that may be hostile.

A file may hold more than its header says: an AVIF of 100x100 a frame of 7000x7000, a TIFF of one pixel a tile of
gigabytes, 600 kB of Exif 65,000 entries that each mean all of it.  Some decoders hold Python's lock meanwhile (WebP's;
AVIF's where it scales), and some work is quadratic (a GIF's comment).  So whatever is large or odd is decoded by

    python -I decoding.py MEMORY SECONDS MAX_PIXELS MAX_PIXELS_WHOLE FOLDER < file

in which the system bounds memory and computing (RLIMIT_AS on Linux; RLIMIT_CPU, but not on Windows), and all else on
the machine goes first (nice).  FOLDER is where PIL is.  The answer is a line of JSON, {"mode", "size"}, and then the
pixels, or {"refused": one of "pixels", "memory", "format", "slow" and "damaged", "why"}.

This file imports Pillow and the standard library only, so that the process starts in a tenth of a second.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import warnings

if __name__ == "__main__":
    sys.path.append(sys.argv[5])

from PIL import Image, ImageOps, UnidentifiedImageError

DECODED_SIDE = 2048  # pixels: no network here looks at a thousandth of it
# What people have: JPEG (MPO is a camera's, with a second picture behind the first), PNG, WebP, AVIF and GIF from
# phones and the web, BMP from Paint, TIFF from scanners.  Not what Pillow also knows: EPS, which it hands to another
# program; ICO and ICNS, which hold pictures larger than they say; PPM and TGA, which nobody sends.
_COMMON = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_JPEGS = ("JPEG", "MPO")
# The plugins beyond those that Pillow always loads, by the first bytes of their files: all of them take 0.1 s.
_PLUGINS = {b"RIFF": "WebP", b"II*\x00": "Tiff", b"MM\x00*": "Tiff"}


def shrunk(image: Image.Image) -> Image.Image:
    """`image` decoded, upright, without a palette, no side twice as long as `DECODED_SIDE`; of any mode otherwise."""
    image.load()
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    # Before anything that takes more than a byte a pixel.
    factor = max(image.size) // DECODED_SIDE
    if factor > 1 and image.mode != "1":
        exif = image.getexif()
        small = max(1, image.width // factor), max(1, image.height // factor)
        # Pillow has no averaging for 16 bits: take every so many pixels.
        image = image.resize(small, Image.Resampling.NEAREST) if image.mode.startswith("I;16") else image.reduce(factor)
        image.info["exif"] = exif.tobytes()
    return ImageOps.exif_transpose(image)


class _RefusedError(Exception):
    def __init__(self, kind: str, why: str = "") -> None:
        super().__init__(kind)
        self.kind, self.why = kind, why


def _main(memory: int, seconds: int, most: int, most_whole: int) -> None:
    _bound(memory, seconds)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # `_decoded` judges
    out = sys.stdout.buffer
    try:
        image = _decoded(sys.stdin.buffer.read(), most, most_whole)
        out.write(json.dumps({"mode": image.mode, "size": image.size}).encode() + b"\n")
        out.write(image.tobytes())
    except _RefusedError as refused:
        out.write(json.dumps({"refused": refused.kind, "why": refused.why}).encode() + b"\n")


def _bound(memory: int, seconds: int) -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    try:
        import resource
    except ImportError:  # Windows: the parent's patience alone holds
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform.startswith("linux"):  # macOS takes the number, and does not heed it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _decoded(content: bytes, most: int, most_whole: int) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content), formats=_formats(content))
        pixels = most if image.format in _JPEGS else most_whole
        if image.width * image.height > pixels:
            raise _RefusedError("pixels", str(pixels))
        if any(tile[0] in Image.DECODERS for tile in getattr(image, "tile", [])):  # what Pillow has in Python alone
            raise _RefusedError("slow")
        image.draft("RGB", (DECODED_SIDE, DECODED_SIDE))  # a large JPEG comes at a half, quarter or eighth
        return shrunk(image)
    except _RefusedError:
        raise
    except MemoryError:
        raise _RefusedError("memory") from None
    except UnidentifiedImageError:
        raise _RefusedError("format") from None
    except Exception as error:  # Pillow's decoders raise nearly everything: OSError, struct.error, SyntaxError, ...
        raise _RefusedError("damaged", str(error)[:200]) from None


def _formats(content: bytes) -> list[str]:
    """Those that `content` may be in; Pillow knows each."""
    Image.preinit()
    plugins = [plugin for start, plugin in _PLUGINS.items() if content.startswith(start)]
    for plugin in plugins + ["Avif"] * (content[4:8] == b"ftyp"):
        module = importlib.import_module(f"PIL.{plugin}ImagePlugin")
        if plugin == "Avif":
            module.DEFAULT_MAX_THREADS = 1  # type: ignore[attr-defined]
    return [name for name in _COMMON if name in Image.OPEN]  # a build of Pillow may lack some


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:5]))
