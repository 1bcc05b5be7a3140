"""The page starts and answers behind proxies, and where temporary files have no place."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.serving import ROOT, free_port, serve

DEAD = "127.0.0.1:9"  # the port of "discard": nobody answers there
EMPTY = {"GRADIO_SERVER_NAME": "", "GRADIO_NUM_PORTS": "", "HF_ENDPOINT": "", "FORWARDED_ALLOW_IPS": ""}
NO_PROXIES = {name: "" for name in os.environ if name.lower().endswith("_proxy")}

ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="its loopback has one address elsewhere")


@pytest.mark.parametrize(
    "settings",
    [
        {"http_proxy": f"http://{DEAD}", "HTTPS_PROXY": f"http://{DEAD}", "NO_PROXY": "intranet.example"} | EMPTY,
        {"ALL_PROXY": f"socks5://{DEAD}", "HTTP_PROXY": f"http://{DEAD}", "no_proxy": "10.0.0.0/8,fe80::/10"},
        {"ALL_PROXY": f"socks://{DEAD}/", "HTTPS_PROXY": f"socks4://{DEAD}"}  # as a desktop's settings are exported
        | {"SSL_CERT_FILE": "/nonexistent/ca.pem"},
        pytest.param({"http_proxy": f"http://{DEAD}", "GRADIO_SERVER_NAME": "127.0.0.2"}, marks=ONLY_LINUX),
    ],
    ids=["http", "socks5", "socks", "named"],
)
def test_it_starts_whatever_the_environment_says(settings: dict[str, str], tmp_path: Path) -> None:
    with serve(tmp_path / "app.log", **{**NO_PROXIES, **settings}) as url:
        assert b"LeNet" in urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).read()
    assert "Traceback" not in (tmp_path / "app.log").read_text()


COMMAND = "import sys; from lenet.cli import main; sys.exit(main(['app']))"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT is 'abc': set it to a whole number from 1 to 65,535."),
        ({"GRADIO_SERVER_NAME": "a..b"}, "GRADIO_SERVER_NAME is 'a..b', where this machine cannot listen"),
        ({"GRADIO_SERVER_NAME": "192.0.2.1"}, "GRADIO_SERVER_NAME is '192.0.2.1', where this machine cannot listen"),
        ({"HTTPS_PROXY": "ftp://proxy"}, "HTTPS_PROXY cannot be used: set it to a proxy's address, such as http://"),
        ({"HF_ENDPOINT": "http://[mirror"}, "HF_ENDPOINT is 'http://[mirror': set it to a web address"),
        ({"LENET_DATA": "$NO_SUCH/data"}, "$NO_SUCH/data holds $NO_SUCH, which is not set"),
        ({"GRADIO_ROOT_PATH": "lenet"}, "GRADIO_ROOT_PATH is 'lenet': set it to a path that begins with /"),
    ],
    ids=["port", "name", "address", "proxy", "mirror", "data", "root"],
)
def test_a_wrong_value_is_one_sentence(settings: dict[str, str], says: str) -> None:
    assert told_at_its_end(["app.py"], settings).startswith(f"error: {says}")


def test_the_command_says_it_too() -> None:
    said = told_at_its_end(["-c", COMMAND], {"GRADIO_SERVER_PORT": "abc"})
    assert said.startswith("error: GRADIO_SERVER_PORT is 'abc'")


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {"GRADIO_SERVER_PORT": port, "GRADIO_NUM_PORTS": "1"}
        assert told_at_its_end(["app.py"], settings).startswith(
            f"error: The page finds no port to listen at, from {port}"
        )


def told_at_its_end(program: list[str], settings: dict[str, str]) -> str:
    """What a page says that does not start."""
    environment = {**os.environ, **NO_PROXIES, "GRADIO_ANALYTICS_ENABLED": "False", **settings}
    done = subprocess.run(
        [sys.executable, *program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


BUSY = """
import runpy
import httpx

def head(*args, **options):
    raise httpx.ReadTimeout("Gradio waits three seconds for its own page")

httpx.head = head
runpy.run_path("app.py", run_name="__main__")
"""


def test_a_busy_machine_starts_it_too(tmp_path: Path) -> None:
    with serve(tmp_path / "app.log", "-c", BUSY, **NO_PROXIES) as url:
        assert b"LeNet" in urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).read()
        time.sleep(1)
        assert b"LeNet" in urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url).read()
    assert "Traceback" not in (tmp_path / "app.log").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is killed")
def test_a_server_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    with serve(tmp_path / "app.log", TMPDIR=str(tmp_path / "temporary"), **NO_PROXIES):
        left = {path.name[:11] for path in (tmp_path / "temporary").iterdir()}
        assert "lenet-page-" in left
    assert [path.name for path in (tmp_path / "temporary").iterdir() if path.name.startswith("lenet-")] == []
    assert "Traceback" not in (tmp_path / "app.log").read_text()


# What tells it to end where an exception is lost: in a destructor, while it starts.
IN_A_DESTRUCTOR = """
import httpx, runpy, signal, sys
from lenet import cli

class Told:
    def __del__(self):
        signal.raise_signal(signal.{signal})

def get(*args, before=httpx.get, **options):
    Told()
    return before(*args, **options)

httpx.get = get
{start}
"""
START = {"app.py": 'runpy.run_path("app.py", run_name="__main__")', "lenet app": 'sys.exit(cli.main(["app"]))'}


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is killed")
@pytest.mark.parametrize(("name", "signal"), [("app.py", "SIGTERM"), ("lenet app", "SIGINT")])
def test_a_server_is_told_to_end_at_any_moment(name: str, signal: str, tmp_path: Path) -> None:
    port = str(free_port())
    told = subprocess.run(
        [sys.executable, "-c", IN_A_DESTRUCTOR.replace("{signal}", signal).replace("{start}", START[name])],
        cwd=ROOT,
        env={**os.environ, **NO_PROXIES, "LENET_RUNS_DIR": str(tmp_path), "GRADIO_SERVER_PORT": port},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (told.returncode, told.stderr) == (0, "")


# What the package `spaces` does, of which a Space on ZeroGPU brings its own: it notes which functions are marked.
SPACES = """
marked = []

def GPU(function=None, duration=60):
    marked.append(function)
    return function
"""


@pytest.mark.parametrize("said", ["", "true"], ids=["elsewhere", "zero-gpu"])
def test_a_space_on_zero_gpu_finds_a_function_that_is_marked_for_it(tmp_path: Path, said: str) -> None:
    (tmp_path / "spaces.py").write_text(SPACES)
    code = "import lenet.ui, spaces; print(len(spaces.marked))"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "SPACES_ZERO_GPU": said},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == ("1" if said else "0")


# A file system in memory over each usual place: read-only, or full.  Python and the project may lie below one of them.
COVER = """
set -e
mount -t tmpfs none /mnt
mkdir /mnt/python /mnt/project
mount --bind "$PYTHON" /mnt/python
mount --bind "$PROJECT" /mnt/project
for folder in /tmp /var/tmp /usr/tmp; do
    [ -d $folder ] || continue
    mount -t tmpfs -o $OPTIONS none $folder
    [ $OPTIONS = ro ] || dd if=/dev/zero of=$folder/fill bs=1k count=64 2>/dev/null || true
done
cd /proc
PYTHONPATH=/mnt/project exec /mnt/python/bin/python -c "$1"
"""
BUILD = """
import os, tempfile
from lenet.ui.page import build
page = build()
for folder in (tempfile.gettempdir(), os.environ["GRADIO_TEMP_DIR"]):
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(500_000))
print(tempfile.gettempdir())
page.close()
"""


def can_mount() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    mount = [unshare, "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux") or not can_mount(), reason="needs unshare, and to be root")
@pytest.mark.parametrize(
    ("options", "named"), [("ro", ""), ("size=16k", ""), ("ro", "/tmp/mine")], ids=["read-only", "full", "named"]
)
def test_there_is_a_place_for_temporary_files(options: str, named: str) -> None:
    places = {"PYTHON": sys.prefix, "PROJECT": str(ROOT), "OPTIONS": options, "GRADIO_TEMP_DIR": named}
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", COVER, "sh", BUILD], env=os.environ | places, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() not in ("/tmp", "/var/tmp", "/usr/tmp")
    assert ("GRADIO_TEMP_DIR is /tmp/mine, which cannot be written" in done.stderr) == bool(named)
