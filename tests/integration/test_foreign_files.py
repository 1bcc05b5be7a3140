"""A request may name files that were uploaded here, and no others: over HTTP, as a stranger would send them."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lenet.ui.shared.files import MAX_PARTS, NOT_UPLOADED, TOO_LONG
from tests.serving import ROOT, serve

META = {"_type": "gradio.FileData"}
SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("foreign") / "app.log") as url:
        yield url


def ask(url: str, body: Any) -> tuple[int, str]:
    """The status and body of a POST."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def uploaded(page: str, picture: Path) -> str:
    """The path that the server gives an uploaded file."""
    edge = "----lenet"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{picture.name}"\r\n\r\n'
    body = head.encode() + picture.read_bytes() + f"\r\n--{edge}--\r\n".encode()
    request = urllib.request.Request(
        f"{page}/gradio_api/upload", body, {"Content-Type": f"multipart/form-data; boundary={edge}"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        path: str = json.loads(reply.read())[0]
        return path


ENDPOINTS = {"classify_photo": ["photos"], "classify_digit": ["digits", "modern"]}


def refusal(page: str, endpoint: str, file: Any) -> tuple[int, str]:
    return ask(f"{page}/gradio_api/run/{endpoint}", {"data": [file, *ENDPOINTS[endpoint]]})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_file_of_the_server_is_read_whether_it_is_there_or_not(page: str, endpoint: str, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "secret.png")
    folder = Path(uploaded(page, SHIP)).parent
    there, missing = str(tmp_path / "secret.png"), str(tmp_path / "nothing.png")
    files: list[Any] = [{"path": path} for path in (there, missing, "/etc/passwd", str(folder), "", "\0", "../" * 9)]
    files += [{"path": path, "meta": META} for path in (there, missing, "app.py", f"file://{there}")]
    files += [
        {"path": f"{folder}/../../../../../../..{there}"},
        {"path": there, "url": "/gradio_api/file=x", "is_stream": True, "meta": META},
        {"path": there, "orig_name": "ship.jpg", "meta": {"_type": "other"}},
        [{"path": there}],
        {"image": {"path": there, "meta": META}},
    ]
    answers = {refusal(page, endpoint, file) for file in files}
    assert len(answers) == 1
    ((_, body),) = answers
    assert NOT_UPLOADED in body
    assert str(tmp_path) not in body


def test_a_link_out_of_the_upload_folder_is_not_followed(page: str, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "secret.png")
    link = Path(uploaded(page, SHIP)).parent / "link.png"
    os.symlink(tmp_path / "secret.png", link)
    assert NOT_UPLOADED in refusal(page, "classify_photo", {"path": str(link), "meta": META})[1]


def test_what_was_uploaded_is_read(page: str) -> None:
    path = uploaded(page, SHIP)
    status, body = refusal(page, "classify_photo", {"path": path, "meta": META})
    assert (status, json.loads(body)["data"][0]["label"]) == (200, "ship")


def test_an_uploads_own_address_is_one_of_its_names(page: str) -> None:
    path = uploaded(page, SHIP)
    for address in (f"{page}/gradio_api/file={path}", f"https://elsewhere.example/lenet/gradio_api/file={path}"):
        status, body = refusal(page, "classify_photo", {"path": address, "meta": META})
        assert (status, json.loads(body)["data"][0]["label"]) == (200, "ship")
    for other in ("/etc/passwd", f"{path}/../ship.jpg"):
        address = f"{page}/gradio_api/file={other}"
        assert "opens only the ports of the web" in refusal(page, "classify_photo", {"path": address, "meta": META})[1]


@pytest.mark.parametrize("way", ["run", "call"])
def test_an_event_of_the_page_reads_no_file_either(page: str, way: str, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"secret")
    with urllib.request.urlopen(f"{page}/config", timeout=30) as reply:
        config = json.loads(reply.read())
    buttons = {part["id"] for part in config["components"] if part["type"] == "uploadbutton"}
    (event,) = [one for one in config["dependencies"] if buttons & {target[0] for target in one["targets"]}]
    file = {"path": str(tmp_path / "x.safetensors"), "meta": META}
    data = [file if number in buttons else None for number in event["inputs"]]
    body = {"data": data, "fn_index": event["id"], "session_hash": "stranger"}
    if way == "run":
        assert ask(f"{page}/gradio_api/run/predict", body)[0] == 404  # it is not by the queue
        return
    status, _ = ask(f"{page}/gradio_api/queue/join", body)
    assert status == 200
    with urllib.request.urlopen(f"{page}/gradio_api/queue/data?session_hash=stranger", timeout=30) as stream:
        said = next(line for line in map(bytes.decode, stream) if "process_completed" in line)
    assert NOT_UPLOADED in json.loads(said.removeprefix("data: "))["output"]["error"]


class Endless(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        time.sleep(5)

    do_HEAD = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_this_machine_is_not_fetched_from_for_a_stranger(page: str, endpoint: str) -> None:
    server = HTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/slow.jpg"
        Endless.asked = 0
        for file in ({"path": address, "meta": META}, {"path": address}, {"url": address}):
            assert "opens only the ports of the web" in refusal(page, endpoint, file)[1]
        assert NOT_UPLOADED in refusal(page, endpoint, {"path": "x", "url": address, "meta": META})[1]
        assert Endless.asked == 0
    finally:
        server.shutdown()
        server.server_close()


def test_a_request_of_endless_parts_is_not_looked_through(page: str) -> None:
    assert TOO_LONG in refusal(page, "classify_photo", [0] * (MAX_PARTS + 1))[1]
