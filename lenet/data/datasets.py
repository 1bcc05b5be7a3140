"""`load(name)` -> a whole data set as tensors: it is small enough to be two of them a split.

MNIST, FashionMNIST and CIFAR-10 are downloaded into `data_root()`, see `lenet.data.download`; scikit-learn's digits
come with scikit-learn; the pen strokes are read from a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import struct
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lenet.data.download import fetch
from lenet.data.drawn_digits import apart, digit, dotted
from lenet.data.formats import CIFAR10_FILES, CIFAR10_FOLDER, CIFAR10_RECORD, CIFAR10_RECORDS, IDX_FILES, read_idx
from lenet.data.non_digits import non_digit
from lenet.data.strokes import (
    CANVAS,
    FOLDS,
    PEN_FILE,
    PEN_TABLET,
    Drawing,
    Strokes,
    bent,
    fitted,
    read_drawings,
    render,
    writer_fold,
    writer_split,
)
from lenet.errors import DataError
from lenet.paths import expanded
from lenet.preprocessing.digits import digit_image

DIGITS = tuple("0123456789")
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


@dataclass(frozen=True)
class Split:
    """Images and what they show.

    Attributes:
        images: uint8 (N, C, H, W).
        labels: int64 (N,).
        soft: float32 (N, classes), summing to 1: what to learn in place of the labels, if anything.
    """

    images: Tensor
    labels: Tensor
    soft: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index: Tensor | slice) -> Split:
        if isinstance(index, slice):
            return Split(self.images[index], self.labels[index], None if self.soft is None else self.soft[index])
        # index_select copies whole images, in a tenth of the time that self.images[index] takes on a processor
        soft = None if self.soft is None else self.soft.index_select(0, index)
        return Split(self.images.index_select(0, index), self.labels.index_select(0, index), soft)

    def to(self, device: torch.device) -> Split:
        return Split(
            self.images.to(device), self.labels.to(device), None if self.soft is None else self.soft.to(device)
        )


@dataclass(frozen=True)
class Dataset:
    """Learn from `train`, choose by `val`, read `test` once, to report.

    Attributes:
        teacher: the SHA-256 of the weights file whose opinions are `train`'s labels, or "".
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    val: Split
    test: Split
    teacher: str = ""


def answer_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that are an answer: all but NOT_A_DIGIT."""
    return tuple(name for name in classes if name != NOT_A_DIGIT)


def data_root() -> Path:
    """Where data sets live: LENET_DATA if set, else a `lenet` folder in the platform's cache."""
    if (named := os.environ.get("LENET_DATA", "")).strip():
        return expanded(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("lenet", appauthor=False))


def load(name: str, root: str | os.PathLike[str] | None = None) -> Dataset:
    """The data set called `name` in DATASETS; downloaded to `root` (`data_root()`) if it is not there.

    Raises:
        DataError: an unknown name; or a file that is missing and cannot be downloaded, or is damaged.
    """
    if name not in DATASETS:
        raise DataError(
            "There is no data set called {name!r}. Choose one of: {there}.", name=name, there=tuple(DATASETS)
        )
    return DATASETS[name].read(expanded(root) if root is not None else data_root())


def load_test(name: str, root: str | os.PathLike[str] | None = None) -> Split:
    """The test split of the data set called `name`, without making what only training needs.

    Raises:
        DataError: as `load`.
    """
    known = DATASETS.get(name)
    if known and known.read_test:
        return known.read_test(expanded(root) if root is not None else data_root())
    return load(known.test_of if known and known.test_of else name, root).test


def is_downloaded(name: str, root: str | os.PathLike[str] | None = None) -> bool:
    """Whether `load_test(name)` finds all of its files and downloads none."""
    files = DATASETS[DATASETS[name].test_of or name].files
    place = expanded(root) if root is not None else data_root()
    return all((place / file).exists() for file in files)


def _hold_out(data: Split, count: int) -> tuple[Split, Split]:
    """`data` without `count` random examples, and those: the same ones every time."""
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    return data.subset(order[count:]), data.subset(order[:count])


# --------------------------------------------------------------------------------------------------
# MNIST and FashionMNIST


FOLDERS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}


def _idx_dataset(name: str, classes: tuple[str, ...], root: Path) -> Dataset:
    folder = root / FOLDERS[name] / "raw"
    _refuse_torn_idx(folder)
    fetch(name, root, lambda: all((folder / file).exists() for file in IDX_FILES))
    train, test = (_idx_split(folder, part) for part in ("train", "t10k"))
    train, val = _hold_out(train, 5_000)
    return Dataset(name, classes, train, val, test)


def _idx_split(folder: Path, part: str) -> Split:
    files = (folder / name for name in IDX_FILES if name.startswith(part))
    images, labels = (torch.from_numpy(read_idx(file.read_bytes()).copy()) for file in files)
    return Split(images[:, None], labels.long())


def _refuse_torn_idx(folder: Path) -> None:
    """What we download is whole; what somebody put here may not be."""
    for path in sorted(folder.glob("*-ubyte")):
        with path.open("rb") as file:
            head = file.read(16)
        dimensions = head[3] if len(head) == 16 else 0
        # http://yann.lecun.com/exdb/mnist: two zeros, type 8 (ubyte), dimensions, then their sizes
        sizes = struct.unpack(f">{dimensions}I", head[4 : 4 + 4 * dimensions]) if dimensions in (1, 3) else ()
        expected = 4 + 4 * dimensions + int(np.prod(sizes)) if sizes else -1
        if path.stat().st_size != expected:
            raise DataError("{path} is incomplete or damaged: delete it, and start again to download it.", path=path)


# --------------------------------------------------------------------------------------------------
# CIFAR-10


def _cifar10(root: Path) -> Dataset:
    folder = _cifar10_folder(root)
    *batches, test = CIFAR10_FILES
    # What `_hold_out` would give, without a second copy of 150 MB: each file's records go to where it puts them.
    count = CIFAR10_RECORDS * len(batches)
    places = torch.randperm(count, generator=torch.Generator().manual_seed(0)).argsort()
    images, labels = torch.empty(count, 3, 32, 32, dtype=torch.uint8), torch.empty(count, dtype=torch.int64)
    for name, place in zip(batches, places.split(CIFAR10_RECORDS), strict=True):
        batch = _cifar10_file(folder / name)
        images[place], labels[place] = batch.images, batch.labels
    everything, held_out = Split(images, labels), 5_000
    train, val = everything.subset(slice(held_out, None)), everything.subset(slice(held_out))
    return Dataset("cifar10", CIFAR10_CLASSES, train, val, _cifar10_file(folder / test))


def _cifar10_half(half: int, root: Path) -> Dataset:
    """The classes of every second label, from 0 or from 1 on, which become 0 to 4."""
    whole = _cifar10(root)

    def part(split: Split) -> Split:
        index = (split.labels % 2 == half - 1).nonzero()[:, 0]
        return Split(split.images.index_select(0, index), split.labels[index] // 2)

    classes = CIFAR10_CLASSES[half - 1 :: 2]
    return Dataset(f"cifar10-half-{half}", classes, part(whole.train), part(whole.val), part(whole.test))


def _cifar10_test(root: Path) -> Split:
    return _cifar10_file(_cifar10_folder(root) / CIFAR10_FILES[-1])


def _cifar10_folder(root: Path) -> Path:
    """Where its files are, downloaded if need be."""
    folder = root / CIFAR10_FOLDER
    fetch("cifar10", root, lambda: all((folder / name).exists() for name in CIFAR10_FILES))
    return folder


def _cifar10_file(path: Path) -> Split:
    size = path.stat().st_size
    if size != CIFAR10_RECORDS * CIFAR10_RECORD:
        raise DataError(
            "{path} has {size:,} bytes instead of {wanted:,}: delete it, and start again to download it.",
            path=path,
            size=size,
            wanted=CIFAR10_RECORDS * CIFAR10_RECORD,
        )
    records = torch.from_numpy(np.fromfile(path, np.uint8).reshape(CIFAR10_RECORDS, CIFAR10_RECORD))
    if int(records[:, 0].max()) > 9:
        raise DataError(
            "{path} has labels over 9, so it is not CIFAR-10's binary version: "
            "delete it, and start again to download it.",
            path=path,
        )
    return Split(records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].long())


# --------------------------------------------------------------------------------------------------
# scikit-learn's digits: always there


def _builtin_digits(root: Path) -> Dataset:
    rest, test = _hold_out(_prepared_digits(), 300)  # copies, so that whoever loads them may change them
    train, val = _hold_out(rest, 200)
    return Dataset("digits", DIGITS, train, val, test)


@cache
def _prepared_digits() -> Split:
    """1,797 real digits of 8x8 pixels (UCI "Optical Recognition of Handwritten Digits", 1998).

    Prepared as a drawing is, so that a network trained on them can read one; once, for that takes most of a second.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # 17 levels of grey, white ink on black; the black border tells digit_image where the paper is
    canvases = np.pad((bunch.images * (255 / 16)).round().astype(np.uint8), ((0, 0), (2, 2), (2, 2)))
    images = torch.from_numpy(np.stack([digit_image(canvas) for canvas in canvases]))[:, None]
    return Split(images, torch.from_numpy(bunch.target).long())


# --------------------------------------------------------------------------------------------------
# Pen strokes, and what is none of them


COPIES = 10  # of each drawing, each as another hand and another brush might have made it
NON_DIGITS, NON_DIGITS_HELD_OUT = 30_000, 2_000
BY_RULE, BY_RULE_HELD_OUT = 20_000, 1_000  # digits that are drawn by rule
# Brush widths in pixels of 400.  The page's is 29, for a digit that may fill the pad; most of these are
# a third as high as the pad, so that 56 makes a stroke as wide as 40% of the digit's height.
BRUSHES = (4, 56)
NOT_A_DIGIT = "not a digit"  # always the last class: the classifier answers with the likeliest of the others


def _brush(rng: np.random.Generator) -> float:
    """Half of them spread evenly in the logarithm, half evenly: the thick ones are the hard ones."""
    thin, thick = BRUSHES
    if rng.random() < 0.5:
        return rng.uniform(thin, thick)
    return math.exp(rng.uniform(math.log(thin), math.log(thick)))


def _render_drawing(drawing: Drawing, number: int) -> np.ndarray:
    """(COPIES, 28, 28): the first as it was drawn, the others bent; all at brush widths of their own.

    The last two are written with a worse pen.
    """
    rng = np.random.default_rng((number, 0))
    plain = [np.array(stroke) for stroke in drawing.strokes]
    copies = [plain, *(fitted(bent(plain, rng), rng.uniform(0.9, 1.2)) for _ in range(COPIES - 1))]
    pictures = [render(strokes, _brush(rng)) for strokes in copies[:-2]]
    pictures += [_worse_pen(strokes, rng) for strokes in copies[-2:]]
    return np.stack([digit_image(picture) for picture in pictures])


def _worse_pen(strokes: Strokes, rng: np.random.Generator, widest: float = math.inf) -> Image.Image:
    """Rendered with gaps, as dots, or with ink that fades towards one side."""
    brush, which = min(_brush(rng), widest), rng.random()
    if which < 0.5:
        return render(apart(strokes, rng), brush)
    if which < 0.7:
        thin = min(brush, 16.0)  # a row of thicker dots hides a digit's holes
        return render(dotted(strokes, rng.uniform(1.1, 2.0) * thin * PEN_TABLET / CANVAS), thin)
    ink = 255 - np.asarray(render(strokes, brush), np.float32)
    ramp = np.broadcast_to(np.linspace(1, rng.uniform(0.3, 0.9), CANVAS, dtype=np.float32), ink.shape)
    return Image.fromarray((255 - ink * np.rot90(ramp, int(rng.integers(4)))).astype(np.uint8))


def _render_digit(number: int) -> np.ndarray:
    """(28, 28): a digit drawn by rule, one in six with a worse pen."""
    _, strokes, rng = _digit(number)
    side = float(np.ptp(np.concatenate(strokes), axis=0).max()) * CANVAS / PEN_TABLET
    widest = max(BRUSHES[0], side / 3)  # a wider brush fills a zero's hole
    if rng.random() < 1 / 6:
        return digit_image(_worse_pen(strokes, rng, widest))
    return digit_image(render(strokes, min(_brush(rng), widest)))


def _digit(number: int) -> tuple[int, Strokes, np.random.Generator]:
    """The label and the strokes of digit `number`, and the random numbers that go on from there."""
    rng = np.random.default_rng((number, 2))
    return *digit(rng), rng


def _render_non_digit(digits: list[Drawing], number: int) -> np.ndarray:
    rng = np.random.default_rng((number, 1))
    strokes, widest = non_digit(rng, digits)
    return digit_image(render(strokes, min(_brush(rng), max(BRUSHES[0], widest * CANVAS / PEN_TABLET))))


def _cached(path: Path, fingerprint: str, count: int, make: Callable[[int], np.ndarray]) -> Tensor:
    """The images make(0) to make(count - 1), uint8, from the file at `path` where it holds just these.

    Rendering takes minutes and reading a blink.

    Args:
        fingerprint: of what decides the images; a file with another one is made anew.
    """
    try:
        with safe_open(path, framework="pt") as file:
            images: Tensor = file.get_tensor("images")
            if len(images) == count and (file.metadata() or {}).get("fingerprint") == fingerprint:
                return images
    except (OSError, SafetensorError):
        pass
    images = torch.from_numpy(np.stack([make(i) for i in range(count)]))
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file({"images": images}, part, metadata={"fingerprint": fingerprint})
        part.replace(path)
    except (OSError, SafetensorError):  # a full disk or a read-only folder: then anew next time
        with contextlib.suppress(OSError):
            part.unlink()
    return images


@lru_cache
def _fingerprint(pen_file: Path) -> str:
    """Of all that decides a rendering: the strokes, the code that bends and draws them, and Pillow."""
    home = Path(__file__).parent
    code = [home / f"{name}.py" for name in ("datasets", "drawn_digits", "non_digits", "strokes")]
    code += sorted((home.parent / "preprocessing").glob("*.py"))
    content = b"".join(path.read_bytes() for path in (*code, pen_file))
    return hashlib.sha256(content + PIL.__version__.encode()).hexdigest()


def _pen_split(drawings: list[Drawing], images: Tensor, writers: set[int]) -> Split:
    """All copies of these writers' drawings, from images (N, COPIES, 28, 28)."""
    index = torch.tensor([i for i, drawing in enumerate(drawings) if drawing.writer in writers], dtype=torch.int64)
    labels = torch.tensor([drawing.label for drawing in drawings])[index].repeat_interleave(COPIES)
    return Split(images[index].reshape(-1, 1, 28, 28), labels)


def _pen_images(root: Path) -> tuple[list[Drawing], Tensor]:
    drawings = read_drawings(root / PEN_FILE)
    path = root / "pen_digits_30_writers.rendered.safetensors"
    return drawings, _cached(
        path, _fingerprint(root / PEN_FILE), len(drawings), lambda i: _render_drawing(drawings[i], i)
    )


def _pen(root: Path) -> Dataset:
    drawings, images = _pen_images(root)
    train, val, test = writer_split(d.writer for d in drawings)
    return Dataset(
        "pen",
        DIGITS,
        _pen_split(drawings, images, train),
        _pen_split(drawings, images, val),
        _pen_split(drawings, images, test),
    )


def drawings(root: str | os.PathLike[str] | None = None, leave_out: Container[int] = ()) -> Dataset:
    """All that a reader of drawings learns from: MNIST, pen strokes, digits drawn by rule, and non-digits.

    The non-digits are an 11th class.

    The test split is MNIST's own, which others report on.

    Args:
        leave_out: writers of pen strokes that go to the validation split, not to the training split.

    Raises:
        DataError: as `load`.
    """
    root = expanded(root) if root is not None else data_root()
    mnist = load("mnist", root)
    pen, images = _pen_images(root)
    held = {d.writer for d in pen if d.writer in leave_out}
    learned = {d.writer for d in pen} - held
    known = [d for d in pen if d.writer in learned]
    name = "non-digits" + "".join(f"-{writer}" for writer in sorted(held))
    odd = _cached(
        root / f"{name}.rendered.safetensors",
        _fingerprint(root / PEN_FILE),
        NON_DIGITS + NON_DIGITS_HELD_OUT,
        lambda i: _render_non_digit(known, i),
    )
    odd_split = Split(odd[:, None], torch.full((len(odd),), len(DIGITS)))
    by_rule = _by_rule(root)
    return Dataset(
        "drawings",
        (*DIGITS, NOT_A_DIGIT),
        _joined(
            mnist.train,
            _pen_split(pen, images, learned),
            by_rule.subset(slice(BY_RULE)),
            odd_split.subset(slice(NON_DIGITS)),
        ),
        _joined(
            mnist.val,
            _pen_split(pen, images, held),
            by_rule.subset(slice(BY_RULE, None)),
            odd_split.subset(slice(NON_DIGITS, None)),
        ),
        mnist.test,
    )


def _by_rule(root: Path) -> Split:
    count = BY_RULE + BY_RULE_HELD_OUT
    fingerprint = _fingerprint(root / PEN_FILE)
    images = _cached(root / "digits-by-rule.rendered.safetensors", fingerprint, count, _render_digit)
    return Split(images[:, None], torch.tensor([_digit(number)[0] for number in range(count)]))


def _drawings_fold(fold: int, root: Path) -> Dataset:
    writers = {d.writer for d in read_drawings(root / PEN_FILE)}
    return replace(drawings(root, writer_fold(writers, fold)), name=f"drawings-fold-{fold}")


def _joined(*splits: Split) -> Split:
    return Split(torch.cat([s.images for s in splits]), torch.cat([s.labels for s in splits]))


def _taught(root: Path) -> Dataset:
    raise DataError("These examples stayed with the person who made them, so no data set has them.")


# --------------------------------------------------------------------------------------------------
# The registry

TAUGHT = "taught"  # what networks of `lenet.training.teaching` learned from
TAUGHT_PHOTOS = "taught-photos"  # and those of `lenet.training.photo_teaching`


@dataclass(frozen=True)
class Source:
    """What is known of a data set before it is loaded.

    Attributes:
        read: root -> Dataset.
        classes: names, in label order; () where each network has classes of its own.
        channels: 1 for grey, 3 for colour.
        about: one sentence for a list.
        benchmark_only: only the benchmarks want it; the page does not list it.
        test_of: the data set whose test split is this one's too; "" where it has its own.
        files: what it is read from, below the root.
        read_test: root -> its test split, where that is quicker than the whole.
    """

    read: Callable[[Path], Dataset]
    classes: tuple[str, ...]
    channels: int
    about: str
    benchmark_only: bool = False
    test_of: str = ""
    files: tuple[str, ...] = ()
    read_test: Callable[[Path], Split] | None = None


def _idx_files(folder: str) -> tuple[str, ...]:
    return tuple(f"{folder}/raw/{name}" for name in IDX_FILES)


DATASETS: dict[str, Source] = {
    "digits": Source(_builtin_digits, DIGITS, 1, "1,797 digits of 8x8 pixels that come with scikit-learn"),
    "mnist": Source(
        partial(_idx_dataset, "mnist", DIGITS),
        DIGITS,
        1,
        "70,000 handwritten digits of 28x28 pixels (12 MB)",
        files=_idx_files("MNIST"),
    ),
    "fashion-mnist": Source(
        partial(_idx_dataset, "fashion-mnist", FASHION_CLASSES),
        FASHION_CLASSES,
        1,
        "70,000 pieces of clothing of 28x28 pixels (31 MB)",
        files=_idx_files("FashionMNIST"),
    ),
    "cifar10": Source(
        _cifar10,
        CIFAR10_CLASSES,
        3,
        "60,000 photographs of 32x32 pixels (170 MB)",
        files=tuple(f"{CIFAR10_FOLDER}/{name}" for name in CIFAR10_FILES),
        read_test=_cifar10_test,
    ),
    **{
        f"cifar10-half-{half}": Source(
            partial(_cifar10_half, half),
            CIFAR10_CLASSES[half - 1 :: 2],
            3,
            f"every second class of cifar10, number {half}: the others measure how classes are taught",
            benchmark_only=True,
            files=tuple(f"{CIFAR10_FOLDER}/{name}" for name in CIFAR10_FILES),
        )
        for half in (1, 2)
    },
    "pen": Source(_pen, DIGITS, 1, f"7,494 digits drawn on a tablet by 30 people ({PEN_FILE})", files=(PEN_FILE,)),
    "drawings": Source(
        drawings,
        (*DIGITS, NOT_A_DIGIT),
        1,
        "MNIST, the tablet's digits, and letters and scribbles as an 11th class",
        test_of="mnist",
    ),
    **{
        f"drawings-fold-{fold}": Source(
            partial(_drawings_fold, fold),
            (*DIGITS, NOT_A_DIGIT),
            1,
            f"drawings without a fifth of the tablet's writers, number {fold}, who measure it",
            benchmark_only=True,
            test_of="mnist",
        )
        for fold in range(1, FOLDS + 1)
    },
    TAUGHT: Source(_taught, (), 1, "a few drawings of classes that a person named", benchmark_only=True),
    TAUGHT_PHOTOS: Source(_taught, (), 3, "a few photos of classes that a person named", benchmark_only=True),
}
