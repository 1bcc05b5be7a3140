"""The real app, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def serve(log: Path, *program: str, **environment: str) -> Iterator[str]:
    """`python app.py`, or Python with the arguments `program`, on a free port; yields the page's address."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *(program or ["app.py"])],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "GRADIO_SERVER_PORT": str(port),
                "GRADIO_ANALYTICS_ENABLED": "False",
                "LENET_RUNS_DIR": str(log.parent / "runs"),
                **environment,
            },
        )
        try:
            url = f"http://{environment.get('GRADIO_SERVER_NAME') or '127.0.0.1'}:{port}"
            _wait_for(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            finally:
                process.kill()  # nothing, where it has ended


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, f"app.py ended early:\n{log.read_text()}"
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"app.py did not answer in two minutes:\n{log.read_text()}")
