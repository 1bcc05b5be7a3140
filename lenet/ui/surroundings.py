"""What the machine around the page may be like: behind a proxy, a Space, its temporary folder full or read-only.

`settle()` runs when `lenet.ui` is imported, for Gradio reads its environment when it is.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib.abc
import importlib.machinery
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from lenet import http_settings
from lenet.data.datasets import data_root
from lenet.errors import LeNetError
from lenet.paths import expanded

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SPACE_PROXIES = "127.0.0.1,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10"  # private networks
EMPTY_IS_UNSET = (
    "FORWARDED_ALLOW_IPS",
    "GRADIO_DEBUG",
    "GRADIO_NUM_PORTS",
    "GRADIO_NUM_WORKERS",
    "GRADIO_ROOT_PATH",
    "GRADIO_SERVER_NAME",
    "GRADIO_SERVER_PORT",
    "HF_ENDPOINT",
)
ROOM = 1_000_000  # bytes that a temporary folder must take: a few uploads, or the page fails at the first of them


def settle() -> None:
    """Make this process fit for the page, wherever it runs.

    Where no folder at all can be written nothing is said yet, for a terminal imports this to plot curves: `build` does.
    """
    forget_empty_settings()
    http_settings.mend()
    never_proxy_the_page()
    believe_a_spaces_proxies()
    with contextlib.suppress(LeNetError):
        tempfile.tempdir = str(temporary_folder())
    use_own_upload_folder()
    sys.meta_path.insert(0, LighterGradio())
    if os.environ.get("SPACES_ZERO_GPU"):
        mark_a_function_for_zero_gpu()


@contextlib.contextmanager
def nothing_collected() -> Iterator[None]:
    """For a start, whose modules stay: to look through them for garbage, again and again, takes a sixth of its time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class LighterGradio(importlib.abc.MetaPathFinder):
    """Imports two of Gradio's modules without what the page does not need, which takes time and memory."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in LIGHTER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(LIGHTER[name], spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _without_stubs(run: Callable[[ModuleType], None], module: ModuleType) -> None:
    """Components, without writing a type stub for each: stubs are for editors, and took a fifth of the page's start."""
    run(module)
    vars(module)["create_or_modify_pyi"] = lambda *component: None


def _without_pandas(run: Callable[[ModuleType], None], module: ModuleType) -> None:
    """`gr.cache`, without the 30 MB of pandas: it only asks whether a value is a table of pandas, and none is."""
    if "pandas" in sys.modules:
        return run(module)
    sys.modules["pandas"] = none = ModuleType("pandas")
    vars(none).update(DataFrame=(), Series=())
    try:
        run(module)
    finally:
        del sys.modules["pandas"]


LIGHTER = {"gradio.component_meta": _without_stubs, "gradio.caching": _without_pandas}


def mark_a_function_for_zero_gpu() -> None:
    """A Hugging Face Space on ZeroGPU starts only a program that marks a function for its GPU.

    The runs stay on its processor all the same: a GPU is lent to one call in a process of its own, for a minute and
    from the visitor's daily share, and a run here is watched, paused and resumed in this process.
    """
    import spaces

    spaces.GPU(lambda: None)


def forget_empty_settings() -> None:
    """A compose file or a Space's settings leave a variable empty that has its default.

    Gradio takes an empty port as a wrong number, and an empty address as all that this machine has.
    """
    for name in EMPTY_IS_UNSET:
        if not os.environ.get(name, "").strip():
            os.environ.pop(name, None)


def never_proxy_the_page() -> None:
    """At its start Gradio asks its own page, which a company's proxy does not know."""
    named = os.environ.get("GRADIO_SERVER_NAME", "").strip("[] ")
    http_settings.bypass(*LOOPBACK, *([named] if named else []))


def believe_a_spaces_proxies() -> None:
    """On a Hugging Face Space take a visitor's address from the proxies of its private network, or all share theirs.

    Not "*", which believes the first address of X-Forwarded-For, and that the visitor may have written: of these
    networks uvicorn takes the last address that is none of theirs, which a proxy added.
    """
    if os.environ.get("SPACE_ID"):
        os.environ.setdefault("FORWARDED_ALLOW_IPS", SPACE_PROXIES)  # uvicorn reads it when the page is launched


def temporary_folder() -> Path:
    """The system's temporary folder, or where that is read-only or full another one.

    Raises:
        LeNetError: there is none.
    """
    for folder in _candidates():
        if has_room(folder):
            return folder
    raise LeNetError(
        "No folder for temporary files can be written, not even {last}: "
        "free some space, or name another folder in TMPDIR.",
        last=folder,
    )


def _candidates() -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield Path(tempfile.gettempdir())  # TMPDIR, /tmp, /var/tmp, the current folder: whichever takes a few bytes
    yield Path("/dev/shm")
    yield data_root()


def has_room(folder: Path) -> bool:
    """Whether a file of `ROOM` bytes can be made in `folder`."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()
        return True
    except OSError:
        return False


def use_own_upload_folder() -> None:
    """Give this process an upload folder of its own, which ends with it, unless GRADIO_TEMP_DIR names one that works.

    Gradio's default is one folder for all Gradio servers of the machine: another program's files would count as
    uploaded here, and where another user owns it, no upload works.
    """
    named = os.environ.get("GRADIO_TEMP_DIR", "")
    if named.strip():
        with contextlib.suppress(LeNetError):
            if _made(folder := expanded(named)):
                os.environ["GRADIO_TEMP_DIR"] = str(folder)  # which Gradio takes as it is
                return
        logging.warning("GRADIO_TEMP_DIR is %s, which cannot be written: uploads go to another folder.", named)
    own = tempfile.TemporaryDirectory(prefix="lenet-uploads-", ignore_cleanup_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = own.name
    atexit.register(own.cleanup)


def _made(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return has_room(folder)
