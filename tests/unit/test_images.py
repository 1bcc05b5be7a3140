"""Pictures that are small to send, and large or slow to decode: refused by their headers, decoded few at a time."""

from __future__ import annotations

import io
import struct
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, features

import lenet.preprocessing.images
from lenet.errors import ImageError
from lenet.preprocessing.images import (
    MAX_PIXELS_WHOLE,
    MAX_SCANS,
    Decodes,
    count_scans,
    is_plain,
    is_quick,
    open_picture,
)

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
# Files that hold more than they say, or take longer: decoded by a process of their own


COSTLY = "takes too much memory or time to read: make it smaller, or save it again"


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoding process may take less than usual, so that the tests need not make much."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux bounds the memory of a process")
    monkeypatch.setattr(lenet.preprocessing.images, "APART_MEMORY", 160 * 2**20)
    monkeypatch.setattr(lenet.preprocessing.images, "APART_SECONDS", 1)


def png_with(name: bytes, body: bytes) -> bytes:
    """A PNG file with one chunk more behind its header."""
    content = saved("PNG")
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return content[:33] + chunk + content[33:]


def jpeg_with(marker: int, body: bytes) -> bytes:
    """A JPEG file with one segment more behind its first marker."""
    content = saved("JPEG")
    return content[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + content[2:]


def tiff_of(entries: list[tuple[int, int, int, int]], body: bytes = b"") -> bytes:
    """A TIFF file: `body` at 8, and then its entries of tag, type, count and value."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(entries)) + packed + bytes(4)


def growing(size: int = 60_000) -> bytes:
    """Exif of 60 kB: a twelfth of that are entries, and each of them means all of it."""
    return tiff_of([(0x8000 + i, 7, size - 8, 8) for i in range(size // 13)]).ljust(size, b"\0")


def gif_with(size: tuple[int, int], note: bytes = b"") -> bytes:
    """A GIF file of one pixel with a frame of this size, and a note before it."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + note + b"," + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\x02\x02\x4c\x01\x00;"


@pytest.mark.parametrize(
    "content", [jpeg_with(0xE1, b"Exif\0\0" + growing()), png_with(b"eXIf", growing())], ids=["jpeg", "png"]
)
def test_exif_that_grows_when_it_is_read(content, tight):
    with pytest.raises(ImageError, match=COSTLY):
        open_picture(content)


def test_usual_exif_is_read_under_the_same_bounds(tight):
    assert open_picture(jpeg_with(0xE1, b"Exif\0\0" + tiff_of([(0x0112, 3, 1, 6)]))).size == (64, 48)  # turned
    assert open_picture(png_with(b"eXIf", tiff_of([(0x0112, 3, 1, 6)]))).size == (64, 48)


def test_a_gif_that_is_mostly_a_note(tight):
    with pytest.raises(ImageError, match=COSTLY):
        open_picture(gif_with((1, 1), b"!\xfe" + (b"\xff" + b"a" * 255) * 70_000 + b"\0"))


def test_a_gif_whose_frame_is_larger_than_itself():
    with pytest.raises(ImageError, match="more than 25 megapixels"):
        open_picture(gif_with((60_000, 60_000)))


def test_a_tiff_whose_tile_is_larger_than_itself(tight):
    body = zlib.compress(bytes(16_000 * 16_000), 1)
    sizes = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1)]
    tile = [(322, 4, 1, 16_000), (323, 4, 1, 16_000), (324, 4, 1, 8), (325, 4, 1, len(body))]
    with pytest.raises(ImageError, match=f"{COSTLY}|is damaged"):
        open_picture(tiff_of([*sizes, *tile], body))


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_an_avif_whose_frame_is_larger_than_itself(tight, monkeypatch):
    monkeypatch.setattr(lenet.preprocessing.images, "APART_MEMORY", 72 * 2**20)  # an honest one is read in 60
    content = saved("AVIF", Image.new("RGB", (4000, 4000)), speed=10, subsampling="4:4:4")
    at = content.index(b"ispe") + 8
    with pytest.raises(ImageError, match=f"Failed to decode|{COSTLY}"):
        open_picture(content[:at] + struct.pack(">II", 100, 100) + content[at + 8 :])


def test_a_decode_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr(lenet.preprocessing.images, "PATIENCE", 0.01)
    with pytest.raises(ImageError, match=COSTLY):
        open_picture(saved("GIF"))


def test_a_jpeg_of_millions_of_markers_is_not_counted_to_its_end():
    content = saved("JPEG")
    for many in (b"\xff\x01", b"\xff\xfe\0\2"):
        began = time.thread_time()
        assert not is_plain(content[:2] + many * 200_000 + content[2:])
        assert count_scans(content[:2] + many * 4_000_000 + content[2:], 1000) == 0
        assert time.thread_time() - began < 0.2


def test_a_png_of_many_chunks_is_not_looked_through_to_its_end():
    content = saved("PNG")
    empty = struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    assert is_plain(content[:-12] + empty * 100 + content[-12:])
    assert not is_plain(content[:-12] + empty * 20_000 + content[-12:])


def test_what_is_quick_needs_no_process_of_its_own(monkeypatch):
    def apart(content, name):
        raise AssertionError("decoded apart")

    monkeypatch.setattr(lenet.preprocessing.images, "_decode_apart", apart)
    large = saved("PNG", Image.new("L", (4000, 4000)))
    assert is_plain(large)
    for content in (saved("PNG"), saved("JPEG")):
        assert is_quick(content)
        open_picture(content)
    damaged = saved("PNG")[:16] + bytes(8) + saved("PNG")[24:]
    assert is_quick(damaged)
    with pytest.raises(ImageError):
        open_picture(damaged)
    for content in (large, saved("GIF"), saved("TIFF"), b"no picture"):
        assert not is_quick(content)
        with pytest.raises(ImageError, match="decoded apart"):
            open_picture(content)


def test_only_small_files_that_hold_nothing_but_a_picture_are_decoded_here():
    drawing = Image.fromarray(NOISE)
    assert is_plain(saved("PNG"))
    assert is_plain(saved("PNG", drawing.convert("P"), transparency=0))
    assert is_plain(saved("JPEG"))
    assert is_plain(png_with(b"eXIf", tiff_of([]).ljust(68, b"\0"))), "as Safari writes what a canvas shows"
    for other in (
        png_with(b"eXIf", tiff_of([]).ljust(201, b"\0")),
        png_with(b"zTXt", b"a\0\0" + zlib.compress(bytes(1000))),
        png_with(b"iCCP", b"a\0\0" + zlib.compress(bytes(1000))),
        saved("PNG", save_all=True, append_images=[Image.new("RGB", drawing.size)]),
        png_with(b"tEXt", bytes(1_000_000)),
        saved("PNG")[:-12],
        jpeg_with(0xE1, b"Exif\0\0" + tiff_of([])),
        jpeg_with(0xE2, b"ICC_PROFILE\0\1\1"),
        saved("JPEG", progressive=True),
        saved("MPO", save_all=True, append_images=[drawing]),
        *(saved(kind) for kind in ("WEBP", "GIF", "BMP", "TIFF")),
        b"",
    ):
        assert not is_plain(other)


@pytest.mark.parametrize(
    ("kind", "picture"),
    [
        ("JPEG", Image.fromarray(NOISE)),
        ("JPEG", Image.fromarray(NOISE).convert("CMYK")),
        ("PNG", Image.fromarray(NOISE).convert("P")),
        ("PNG", Image.fromarray(NOISE).convert("LA")),
        ("PNG", Image.fromarray(NOISE).convert("1")),
        ("PNG", Image.fromarray(NOISE[:, :, 0].astype(np.uint16) * 257)),
    ],
)
def test_a_process_of_its_own_makes_no_difference(kind, picture, monkeypatch):
    content = saved(kind, picture)
    here = open_picture(content)
    monkeypatch.setattr(lenet.preprocessing.images, "PLAIN_BYTES", 0)
    apart = open_picture(content)
    assert (apart.mode, apart.size, apart.tobytes()) == (here.mode, here.size, here.tobytes())


def test_drawings_are_read_while_many_other_files_wait(monkeypatch):
    begun, end = threading.Semaphore(0), threading.Event()

    def decode(*_: object) -> Image.Image:
        begun.release()
        assert end.wait(120)
        return Image.new("L", (3, 3))

    monkeypatch.setattr(lenet.preprocessing.images, "_decode_apart", decode)
    monkeypatch.setattr(lenet.preprocessing.images, "_decodes", Decodes())
    other = saved("GIF")
    with ThreadPoolExecutor(40) as pool:
        try:
            asked = [pool.submit(open_picture, other) for _ in range(40)]
            assert begun.acquire(timeout=60)
            assert begun.acquire(timeout=60)
            assert pool.submit(open_picture, saved("PNG")).result(60).size == (48, 64)  # 10 threads are held, 30 free
            assert not begun.acquire(timeout=0.05)  # two at once: any of them may be as large as the limit
        finally:
            end.set()
    refused = [error for one in asked if (error := one.exception())]
    assert len(refused) == 30
    assert all("being read just now" in str(error) for error in refused)


# --------------------------------------------------------------------------------------------------
# Places


def test_few_are_decoded_at_once_and_all_get_their_turn():
    decodes, lock = Decodes(places=3, pixels=10, waiting=20), threading.Lock()
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
    decodes = Decodes(pixels=10)
    with ThreadPoolExecutor(1) as pool, decodes.place(100):
        waits = pool.submit(lambda: decodes.place(1).__enter__())
        time.sleep(0.05)
        assert not waits.done()
    waits.result(5)


def test_who_finds_too_many_waiting_or_waits_too_long_is_told():
    decodes = Decodes(places=1, waiting=1, seconds=0.3)
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
        assert waits.result(5)
    with decodes.place(10):  # all is free again
        pass


def test_a_decode_that_fails_gives_its_place_back():
    decodes = Decodes(places=1, waiting=1, seconds=0.1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), decodes.place(1):
            raise ZeroDivisionError
