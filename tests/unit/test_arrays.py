"""What programs hand to `predict`: read as it is meant, or refused with what to give instead."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lenet.data.strokes import render
from lenet.errors import ImageError
from lenet.inference.digits import DigitClassifier
from lenet.inference.photos import PhotoClassifier
from lenet.preprocessing.images import open_picture

SEVEN = np.asarray(render([[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]], 30))
COLOUR = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def png() -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(SEVEN).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def just_saved() -> io.BytesIO:
    """Its end is where whoever writes it leaves it."""
    buffer = png()
    buffer.seek(0, io.SEEK_END)
    return buffer


def closed() -> io.BytesIO:
    buffer = png()
    buffer.close()
    return buffer


def released() -> memoryview:
    view = memoryview(png().getvalue())
    view.release()
    return view


class Lost:
    def read(self, size: int = -1) -> bytes:
        raise OSError("the server is gone")


class Views(Lost):
    """Whose `read` gives what is no bytes, as some libraries' do."""

    def read(self, size: int = -1) -> Any:
        return memoryview(png().getvalue())


class Named:
    """A path that is bytes, as those of os.scandir(b".") are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self.path)


SAME: dict[str, Any] = {
    "uint8": SEVEN,
    "bool": SEVEN > 127,
    "mask of 0 and 1": (SEVEN > 127).astype(np.uint8),
    "int64": SEVEN.astype(np.int64),
    "uint16 in 0 to 65535": SEVEN.astype(np.uint16) * 257,
    "uint16 in 0 to 255": SEVEN.astype(np.uint16),
    "int32 in 0 to 65535": SEVEN.astype(np.int32) * 257,
    "float in 0 to 1": SEVEN / 255,
    "float16 in 0 to 1": (SEVEN / 255).astype(np.float16),
    "float in 0 to 255": SEVEN.astype(np.float32),
    "float that overshoots": SEVEN / 255 * 1.06 - 0.03,
    "float in 0 to 255 that overshoots": SEVEN * 1.06 - 8.0,
    "big-endian": SEVEN.astype(">u2"),
    **{f"uint16 of {bits} bits": (SEVEN / 255 * (2**bits - 1)).astype(np.uint16) for bits in (10, 12, 14, 16)},
    "int64 of 12 bits": SEVEN.astype(np.int64) * 4095 // 255,
    "list of 12 bits": (SEVEN.astype(np.int64) * 4095 // 255).tolist(),
    "float of 12 bits": (SEVEN.astype(np.int64) * 4095 // 255).astype(np.float32),
    "tensor of 10 bits": torch.from_numpy(SEVEN.astype(np.int64))[None] * 1023 // 255,
    "whole numbers that overshoot": (SEVEN * 1.06 - 8).astype(np.int16),
    "F in 0 to 1 that overshoots": Image.fromarray((SEVEN / 255 * 1.06 - 0.03).astype(np.float32)),
    "F of 12 bits, resized": Image.fromarray((SEVEN / 255 * 4095 - 0.3).astype(np.float32)),
    "channels last": SEVEN[:, :, None],
    "channels first": SEVEN[None],
    "batch of one": SEVEN[None, None],
    "batch of one, colour": np.repeat(SEVEN[None, :, :, None], 3, 3),
    "colour, channels first": np.repeat(SEVEN[None], 3, 0),
    "with alpha": np.dstack([SEVEN, SEVEN, SEVEN, np.full_like(SEVEN, 255)]),
    "grey and alpha": np.dstack([SEVEN, np.full_like(SEVEN, 255)]),
    "tensor": torch.from_numpy(SEVEN.copy()),
    "tensor in 0 to 1": torch.from_numpy(SEVEN / 255)[None, None],
    "tensor with a gradient": torch.from_numpy(SEVEN / 255).float().requires_grad_(),
    "bfloat16": torch.from_numpy(SEVEN / 255).bfloat16(),
    "tensor of few rows, channels first": torch.from_numpy(np.repeat(SEVEN[None], 3, 0)),
    "lists": SEVEN.tolist(),
    "tuple of lists": tuple((SEVEN / 255).tolist()),
    "read-only": np.frombuffer(SEVEN.tobytes(), np.uint8).reshape(SEVEN.shape),
    "transposed twice": np.asfortranarray(SEVEN),
    "BytesIO": png(),
    "BytesIO, just saved": just_saved(),
    "file that gives a memoryview": Views(),
    "bytes": png().getvalue(),
    "bytearray": bytearray(png().getvalue()),
    "memoryview": memoryview(png().getvalue()),
    **{mode: Image.fromarray(SEVEN).convert(mode) for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV")},
    **{mode: Image.fromarray(SEVEN).convert(mode) for mode in ("I", "F", "LA", "RGBX")},
    "RGBa": Image.fromarray(SEVEN).convert("RGBA").convert("RGBa"),
    "La": Image.fromarray(SEVEN).convert("LA").convert("La"),
    "PA": Image.fromarray(SEVEN).convert("PA"),
    "I;16": Image.fromarray(SEVEN.astype(np.uint16) * 257),
}


@pytest.fixture(scope="module")
def reader() -> DigitClassifier:
    return DigitClassifier.from_pretrained("digits")


@pytest.mark.parametrize("name", SAME)
def test_a_seven_is_a_seven_however_it_comes(name: str, reader: DigitClassifier) -> None:
    prediction = reader.predict(SAME[name])
    assert (prediction.label, prediction.verdict) == ("7", "sure")


@pytest.mark.parametrize(
    ("array", "same"),
    [
        (COLOUR.transpose(2, 0, 1), COLOUR),
        (torch.from_numpy(COLOUR).permute(2, 0, 1)[None] / 255, COLOUR),
        (COLOUR.astype(np.float64), COLOUR),
        (COLOUR.tolist(), COLOUR),
        (COLOUR[:, :3], COLOUR[:, :3]),  # (6, 3, 3): the last axis, as NumPy has it
        (torch.from_numpy(COLOUR[:3]).permute(2, 0, 1), COLOUR[:3]),  # (3, 3, 9): the first, as PyTorch does
    ],
)
def test_colours_keep_their_places(array: Any, same: np.ndarray) -> None:
    assert np.array_equal(np.asarray(open_picture(array)), same)


@pytest.mark.parametrize(
    ("numbers", "same"),
    [
        (np.array([[0, 100, 255]], np.uint8), [0, 100, 255]),
        (np.array([[0, 8, 16]], np.uint8), [0, 8, 16]),  # a dark picture: a byte is a byte
        (np.array([[False, True, True]]), [0, 255, 255]),
        (np.array([[0, 0, 0]]), [0, 0, 0]),
        (np.array([[0, 512, 1023]], np.uint16), [0, 128, 255]),
        (np.array([[0, 2048, 4095]], np.uint16), [0, 128, 255]),
        (np.array([[0, 2048, 4000]], np.uint16), [0, 128, 249]),
        (np.array([[0, 8192, 16383]], np.int32), [0, 128, 255]),
        (np.array([[0, 32768, 65535]], np.int64), [0, 128, 255]),
        (np.array([[0, 100, 281]], np.uint16), [0, 50, 140]),  # of 9 bits, as in an image "I;16"
        (np.array([[-20, 100, 281]], np.int16), [0, 100, 255]),  # no sensor gives that
        (np.array([[0.0, 0.4, 1.0]]), [0, 102, 255]),
        (np.array([[-0.1, 0.4, 1.25]]), [0, 102, 255]),
        (np.array([[0.0, 0.2, 0.4]], np.float16), [0, 51, 102]),
        (np.array([[0.0, 102.0, 255.0]]), [0, 102, 255]),
        (np.array([[-25.5, 102.4, 255.0]]), [0, 102, 255]),
        (np.array([[255.0, 254.6, 281.0]], np.float32), [255, 255, 255]),
        (np.array([[255.0, 254.0, 281.0]], np.float32), [255, 254, 255]),
        (np.array([[0.0, 17.0, 17.0]]), [0, 17, 17]),
        (np.array([[0.0, 512.0, 1023.0]]), [0, 128, 255]),
        (torch.tensor([[0.0, 512.0, 1023.0]]), [0, 128, 255]),
        (torch.tensor([[0, 2048, 4095]], dtype=torch.int32), [0, 128, 255]),
        (torch.tensor([[0.0, 0.5, 1.125]], dtype=torch.bfloat16), [0, 128, 255]),
        (torch.tensor([[False, True, True]]), [0, 255, 255]),
        (Image.fromarray(np.array([[0, 2048, 4095]], np.uint16)), [0, 128, 255]),
        (Image.fromarray(np.array([[-0.05, 0.4, 1.06]], np.float32)), [0, 102, 255]),
        (Image.fromarray(np.array([[-9, 102, 281]], np.float32)), [0, 102, 255]),
        (Image.fromarray(np.array([[0, 2048, 4000.5]], np.float32)), [0, 128, 249]),
    ],
)
def test_each_range_has_its_white(numbers: Any, same: list[int]) -> None:
    assert np.asarray(open_picture(numbers)).tolist() == [same]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros((2, 28, 28, 1)), r"\(2, 28, 28, 1\) are 2 pictures: give one, or all of them to predict_batch"),
        (torch.zeros(3, 3, 32, 32), "are 3 pictures"),
        (np.zeros((5, 28, 28)), r"\(5, 28, 28\) are not a picture: give \(H, W\)"),
        (np.zeros(784), "are not a picture"),
        (np.float64(3), "are not a picture"),
        (np.zeros((0, 5)), "are not a picture"),
        (np.zeros((1, 1, 1, 28, 28)), "are not a picture"),
        ([[1, 2], [3]], "no array of numbers"),
        ([["a"]], "no array of numbers"),
        ({"image": 3}, "no array of numbers"),
        (np.zeros((4, 4), complex), "no array of numbers"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.array([[0.0, np.inf]]), "not finite"),
        (torch.full((4, 4), float("nan")), "not finite"),
        ((SEVEN / 255 - 0.5) / 0.5, "from -1 to 1: give 0 to 255, or fractions from 0 to 1, before any normalisation"),
        ((1 - SEVEN / 255 - 0.1307) / 0.3081, "before any normalisation"),
        (SEVEN.astype(np.int16) - 128, "from -128 to 127"),
        (np.array([[0, 200_000]]), "from 0 to 200000"),
        (np.array([[0.0, 16.0]]), "from 0 to 16: give 0 to 255, or fractions from 0 to 1"),  # scikit-learn's digits
        (np.array([[0.0, 1.5]]), "from 0 to 1.5"),
        (np.array([[0.0, 1023.4]]), "from 0 to 1023.4"),  # resized: of 10 bits or of 11
        (np.array([[-40.0, 255.0]]), "from -40 to 255"),
        (np.array([[-1, 16]]), "from -1 to 16"),
        (torch.tensor([[0.0, 2.8]]), "from 0 to 2.8"),
        (Image.fromarray(np.array([[0, 16]], np.float32)), "from 0 to 16"),
        (np.broadcast_to(np.uint8(0), (6000, 5000)), "megapixels"),
        (io.StringIO("text"), "open it with mode 'rb'"),
        (io.BytesIO(), "not a picture in a format"),
        (b"", "not a picture in a format"),
        (SEVEN.tobytes(), "not a picture in a format"),
        (memoryview(SEVEN.tobytes()), "not a picture in a format"),
        (closed(), r"cannot be read \(I/O operation on closed file.\): give it open, with mode 'rb'"),
        (released(), "cannot be read"),
        (Lost(), r"cannot be read \(the server is gone\)"),
        (Image.new("L", (0, 5)), "has no pixels"),
        (Image.new("F", (9000, 0)), "has no pixels"),
        ("a" * 5000, "a{300}... cannot be read .*: check the path|no picture at a{300}..."),
        ("there/" * 1000 + "b.png", "cannot be read .*: check the path|no picture at there/"),
        ("$NO_SUCH_FOLDER/a.png", "NO_SUCH_FOLDER, which is not set"),
        (Named(Path("nothing.png")), "There is no picture at nothing.png"),
    ],
)
def test_what_is_no_picture_says_what_to_give(source: Any, says: str, reader: DigitClassifier) -> None:
    for ask in (open_picture, reader.predict, reader.read, lambda given: reader.predict_batch([SEVEN, given])):
        with pytest.raises(ImageError, match=says):
            ask(source)


def test_a_file_is_read_again_once_it_is_at_its_end(reader: DigitClassifier) -> None:
    file = png()
    assert [answer.label for answer in reader.predict_batch([file, file])] == ["7", "7"]


def test_a_file_open_for_writing_is_said(tmp_path: Path) -> None:
    with open(tmp_path / "a.png", "wb") as file, pytest.raises(ImageError, match="give it open, with mode 'rb'"):
        open_picture(file)


def test_a_path_may_be_bytes(tmp_path: Path, reader: DigitClassifier) -> None:
    (tmp_path / "sieben é.png").write_bytes(png().getvalue())
    assert reader.predict(Named(tmp_path / "sieben é.png")).label == "7"  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 2])
def test_a_batch_may_be_one_array(count: int, reader: DigitClassifier) -> None:
    namer = PhotoClassifier.from_pretrained("photos")
    assert len(namer.predict_batch(np.zeros((count, 32, 32, 3), np.uint8))) == count  # type: ignore[arg-type]
    assert len(reader.predict_batch(np.zeros((count, 28, 28), np.uint8))) == count  # type: ignore[arg-type]
