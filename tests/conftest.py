"""What several tests need: the real data sets, a browser, and when their absence is a failure.

LENET_REQUIRE lists what must be there ("browser data" in CI).  What is not listed may be missing, and
then its tests are skipped with a sentence that names it.
"""

from __future__ import annotations

import errno
import gc
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

import lenet.data.datasets
from lenet.data.strokes import PEN_FILE

LOOPBACK = (None, "localhost", "127.0.0.1", "::1")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The sums of a step must not depend on how many cores the machine happens to have."""
    torch.set_num_threads(1)


# Files of tests whose outcome may depend on the data or the network: .ci/run runs them once more without either.
_REACHING_OUT: set[str] = set()


def _note(reached: bool) -> None:
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    if reached and test:
        _REACHING_OUT.add(test.split("::")[0])


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _note(True)
    elif event == "socket.getaddrinfo":
        _note(arguments[0] not in LOOPBACK)
    elif event == "socket.connect":
        _note(isinstance(arguments[1], tuple) and arguments[1][0] not in LOOPBACK)


def pytest_configure() -> None:
    gc.disable()  # all that is imported stays: see lenet.ui.surroundings.nothing_collected
    if not os.environ.get("LENET_REACHING_OUT"):
        return
    find = lenet.data.datasets.data_root

    def found() -> Path:
        _note(True)
        return find()

    lenet.data.datasets.data_root = found
    sys.addaudithook(_audit)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    fixtures = set(getattr(item, "fixturenames", ()))
    if fixtures & {"mnist_root", "cifar_root", "pen_file"}:
        _REACHING_OUT.add(item.nodeid.split("::")[0])


def pytest_sessionfinish() -> None:
    if place := os.environ.get("LENET_REACHING_OUT"):
        with Path(place).open("a", encoding="utf-8") as file:  # each process of pytest-xdist adds its own
            file.write("".join(f"{name}\n" for name in sorted(_REACHING_OUT)))


def require_or_skip(what: str, reason: str) -> NoReturn:
    """Fail if LENET_REQUIRE lists `what` ("browser" or "data"), else skip."""
    if what in os.environ.get("LENET_REQUIRE", "").split():
        pytest.fail(f"LENET_REQUIRE lists {what}, but {reason}")
    pytest.skip(reason)


def _root_with(*names: str) -> Path:
    root = lenet.data.datasets.data_root()
    missing = [name for name in names if not (root / name).exists()]
    if missing:
        require_or_skip("data", f"{root} has no {', '.join(missing)}: set LENET_DATA to a folder that has")
    return root


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network but this machine's own: names are not found, and other addresses not reached."""
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def look_up_here(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOOPBACK:
            raise socket.gaierror(socket.EAI_AGAIN, "no network in this test")
        return look_up(host, *args, **kwargs)

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise OSError(errno.ENETUNREACH, "no network in this test")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    monkeypatch.setattr(socket.socket, "connect", connect_here)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


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
