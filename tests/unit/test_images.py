"""Pictures that are small to send, and large or slow to decode: refused by their headers, decoded few at a time."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, features

import lenet.preprocessing.images
from lenet.errors import ImageError
from lenet.preprocessing.images import MAX_PIXELS_WHOLE, MAX_SCANS, Decodes, count_scans, open_picture

NOISE = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)


def saved(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (picture or Image.fromarray(NOISE)).save(buffer, kind, **options)
    return buffer.getvalue()


def png_of(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    """An extended WebP file whose canvas has this size, and whose picture is small."""
    small = saved("WEBP", lossless=True)[12:]
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides + small
    return b"RIFF" + struct.pack("<I", len(body)) + body


def avif_of(width: int, height: int) -> bytes:
    """An AVIF file that says that its picture has this size."""
    content = saved("AVIF")
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


def gif_of(width: int, height: int) -> bytes:
    content = saved("GIF")
    return content[:6] + struct.pack("<HH", width, height) + content[10:]


def bmp_of(width: int, height: int) -> bytes:
    content = saved("BMP")
    return content[:18] + struct.pack("<ii", width, height) + content[26:]


def jpeg_of(width: int, height: int) -> bytes:
    content = saved("JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


@pytest.mark.parametrize("make", [png_of, webp_of, avif_of, gif_of, bmp_of, jpeg_of])
def test_a_file_that_says_that_it_is_too_large_is_not_decoded(make, monkeypatch):
    if make is avif_of and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    content = make(9000, 9000)
    assert len(content) < 20_000
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="megapixels: make it smaller"):
        open_picture(content)


def test_a_webp_file_is_refused_before_pillow_opens_it(monkeypatch):
    monkeypatch.setattr(lenet.preprocessing.images.Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ImageError, match="25 megapixels"):
        open_picture(webp_of(6000, 5000))


@pytest.mark.parametrize("options", [{"lossless": True}, {}, {"lossless": True, "exif": b"Exif\0\0"}])
def test_the_size_of_each_kind_of_webp_is_read(options):
    assert lenet.preprocessing.images._webp_size(saved("WEBP", **options)) == (48, 64)


@pytest.mark.parametrize("kind", ["ICO", "ICNS", "PPM", "TGA", "PCX"])
def test_formats_that_nobody_sends_are_not_read(kind):
    with pytest.raises(ImageError, match="try PNG or JPEG"):
        open_picture(saved(kind, Image.new("RGB", (64, 64))))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_what_people_send_is_read(kind):
    assert open_picture(saved(kind)).size == (48, 64)


def test_a_large_jpeg_is_read_at_a_fraction():
    content = saved("JPEG", Image.new("L", (8000, 6000), 200))
    assert MAX_PIXELS_WHOLE < 6000 * 8000
    assert max(open_picture(content).size) <= 4000


# --------------------------------------------------------------------------------------------------
# Scans


def of_many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan stands there `count` times more."""
    content = saved("JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * count + content[-2:]


def test_scans_are_counted():
    assert count_scans(saved("JPEG"), 1000) == 1
    assert count_scans(saved("JPEG", progressive=True), 1000) == 10  # libjpeg's own script for colour
    assert count_scans(of_many_scans(300), 1000) == 310
    assert count_scans(of_many_scans(300), 50) == 50


def test_what_looks_like_a_scan_within_a_segment_is_none():
    content = saved("JPEG")
    thumbnail = b"Exif\0\0" + saved("JPEG", progressive=True) * 20
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    assert count_scans(content[:2] + segment + content[2:], 1000) == 1


def test_restart_markers_and_stuffed_zeros_are_no_scans():
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8))
    assert count_scans(saved("JPEG", picture, quality=95, restart_marker_blocks=1), 1000) == 1


def test_a_jpeg_of_many_scans_is_refused_and_not_decoded(monkeypatch):
    content = of_many_scans(4000)
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=f"more than {MAX_SCANS} scans"):
        open_picture(content)


def test_a_usual_progressive_jpeg_is_read():
    assert open_picture(saved("JPEG", progressive=True)).size == (48, 64)


def test_what_only_slow_python_decodes_is_refused():
    rows = b"".join(bytes([48, 7, 0, 0]) for _ in range(64)) + bytes([0, 1])  # BMP's run lengths
    palette = bytes(1024)
    header = struct.pack("<IiiHHIIiiII", 40, 48, 64, 1, 8, 1, len(rows), 0, 0, 256, 0)
    content = b"BM" + struct.pack("<IHHI", 14 + 40 + 1024 + len(rows), 0, 0, 14 + 40 + 1024) + header + palette + rows
    assert Image.open(io.BytesIO(content)).tile[0][0] == "bmp_rle"
    with pytest.raises(ImageError, match="takes too long: save it as PNG"):
        open_picture(content)


# --------------------------------------------------------------------------------------------------
# Places


def test_few_are_decoded_at_once_and_all_get_their_turn():
    decodes, lock = Decodes(places=3, pixels=10, waiting=20, small=0), threading.Lock()
    now, most = [0, 0], [0, 0]

    def decode(pixels: int) -> None:
        with decodes.place(pixels):
            with lock:
                now[0], now[1] = now[0] + 1, now[1] + pixels
                most[0], most[1] = max(most[0], now[0]), max(most[1], now[1])
            time.sleep(0.01)
            with lock:
                now[0], now[1] = now[0] - 1, now[1] - pixels

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(decode, [2, 2, 2, 2, 9, 9, 2, 2, 2, 2, 2, 2]))
    assert most[0] == 3
    assert most[1] <= 10


def test_one_that_is_larger_than_all_places_is_decoded_alone():
    decodes = Decodes(pixels=10, small=0)
    with ThreadPoolExecutor(1) as pool, decodes.place(100):
        waits = pool.submit(lambda: decodes.place(1).__enter__())
        time.sleep(0.05)
        assert not waits.done()
    waits.result(5)


def test_who_finds_too_many_waiting_or_waits_too_long_is_told():
    decodes = Decodes(places=1, waiting=1, seconds=0.3, small=5)
    with decodes.place(10), ThreadPoolExecutor(1) as pool:

        def wait() -> str:
            with pytest.raises(ImageError, match="being read just now") as caught, decodes.place(10):
                pass
            return str(caught.value)

        waits = pool.submit(wait)
        time.sleep(0.1)
        began = time.monotonic()
        with pytest.raises(ImageError, match="being read just now"), decodes.place(10):
            pass
        assert time.monotonic() - began < 0.2
        with decodes.place(5):  # a drawing waits for nobody
            pass
        assert waits.result(5)
    with decodes.place(10):  # all is free again
        pass


def test_a_decode_that_fails_gives_its_place_back():
    decodes = Decodes(places=1, waiting=1, seconds=0.1, small=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), decodes.place(1):
            raise ZeroDivisionError
