"""What several tests need: the real data sets, a browser, and when their absence is a failure.

LENET_REQUIRE lists what must be there ("browser data" in CI).  What is not listed may be missing, and
then its tests are skipped with a sentence that names it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest
import torch

from lenet.data.datasets import data_root
from lenet.data.strokes import PEN_FILE

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The sums of a step must not depend on how many cores the machine happens to have."""
    torch.set_num_threads(1)


def require_or_skip(what: str, reason: str) -> NoReturn:
    """Fail if LENET_REQUIRE lists `what` ("browser" or "data"), else skip."""
    if what in os.environ.get("LENET_REQUIRE", "").split():
        pytest.fail(f"LENET_REQUIRE lists {what}, but {reason}")
    pytest.skip(reason)


def _root_with(*names: str) -> Path:
    root = data_root()
    missing = [name for name in names if not (root / name).exists()]
    if missing:
        require_or_skip("data", f"{root} has no {', '.join(missing)}: set LENET_DATA to a folder that has")
    return root


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """The data root, with the real MNIST in it."""
    parts = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    return _root_with(*(f"MNIST/raw/{part}" for part in parts))


@pytest.fixture(scope="session")
def cifar_root() -> Path:
    """The data root, with the real CIFAR-10 in it."""
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    return _root_with(*(f"cifar-10-batches-bin/{name}" for name in names))


@pytest.fixture(scope="session")
def pen_file() -> Path:
    """The file of real pen strokes."""
    return _root_with(PEN_FILE) / PEN_FILE


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that the end-to-end tests drive: LENET_CHROMIUM, or the first one on the PATH."""
    named = os.environ.get("LENET_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        where = f"at LENET_CHROMIUM={named}" if named else f"on the PATH (looked for {', '.join(CHROMIUMS)})"
        require_or_skip("browser", f"there is no Chromium {where}")
    return found


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where tests leave what a person may want to look at: LENET_ARTIFACTS, else test-artifacts/."""
    folder = Path(os.environ.get("LENET_ARTIFACTS") or "test-artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
