"""Files on their way into the server: what an event is given is an upload, or is refused before anything opens it."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from lenet.ui.shared.files import MAX_BYTES, NOT_UPLOADED
from tests.serving import ROOT, serve

SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"
META = {"_type": "gradio.FileData"}
NOT_PUBLIC = "not on the public internet"

Answer = tuple[int, Any]  # the status, and what the event returns, or its sentence


class Web:
    """Another web server, on this machine, which counts what it is asked for and what it sends."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sent = 0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                body, pause = {
                    "/ship.jpg": ([SHIP.read_bytes()], 0.0),
                    "/large.jpg": ([bytes(2**20)] * 400, 0.0),
                    "/slow.jpg": ([b"x"] * 400, 0.1),
                }.get(self.path, ([], 0.0))
                self.send_response(200)
                self.send_header("Content-Type", "image/jpeg")
                self.end_headers()
                try:
                    for part in body:
                        self.wfile.write(part)
                        web.sent += len(part)
                        time.sleep(pause)
                except OSError:  # the client has left, as it should
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


def words_of(value: Any) -> str:
    """What an output says: a string, or a remark's template with its values."""
    if isinstance(value, dict) and isinstance(value.get("said"), dict):
        return render(value["said"])
    return value if isinstance(value, str) else ""


def render(told: Any) -> str:
    if isinstance(told, list):
        return ", ".join(map(render, told))
    if not isinstance(told, dict):
        return str(told)
    return str(told["template"]).format(**{name: render(value) for name, value in told["values"].items()})


class App:
    """A served page as a stranger sees it, and the folder of its uploads."""

    def __init__(self, url: str, uploads: Path) -> None:
        self.url, self.uploads = url, uploads
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.config = self.http.get("/config").json()

    def event(self, kind: str) -> dict[str, Any]:
        """The event that the first component of this kind is an input of."""
        found = next(part["id"] for part in self.config["components"] if part["type"] == kind)
        return next(event for event in self.config["dependencies"] if found in event["inputs"])

    def upload(self, content: bytes, name: str) -> str:
        answer = self.http.post("/gradio_api/upload", files={"files": (name, content)})
        return answer.raise_for_status().json()[0]

    def run(self, name: str, *data: Any) -> Answer:
        content = json.dumps({"data": data}).encode()  # httpx itself refuses halves of letters
        headers = {"content-type": "application/json"}
        answer = self.http.post(f"/gradio_api/run/{name}", content=content, headers=headers)
        said = answer.json()
        assert "data" in said or "error" in said, (answer.status_code, said)
        return answer.status_code, said["data"][0] if "data" in said else said["error"]

    def call(self, name: str, *data: Any) -> Answer:
        event = self.http.post(f"/gradio_api/call/{name}", json={"data": data}).raise_for_status().json()["event_id"]
        lines = self.http.get(f"/gradio_api/call/{name}/{event}").text.splitlines()
        said = json.loads(next(line for line in lines if line.startswith("data: "))[6:])
        return (422, said["error"]) if "event: error" in lines else (200, said[0])

    def give(self, kind: str, value: Any) -> Answer:
        """What the event of that kind of component answers to this value of the component."""
        found = next(part["id"] for part in self.config["components"] if part["type"] == kind)
        event = self.event(kind)
        return self.join(event["id"], *(value if number == found else None for number in event["inputs"]))

    def join(self, index: int, *data: Any) -> Answer:
        body: dict[str, Any] = {"data": data, "fn_index": index, "session_hash": uuid4().hex}
        self.http.post("/gradio_api/queue/join", json=body).raise_for_status()
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": body["session_hash"]}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    output = message["output"]
                    said = next((told for told in map(words_of, output.get("data", [])) if told), None)
                    return (200, said) if message["success"] else (422, output["error"])
        raise AssertionError("the queue never told how it ended")


# The page as it is, but for the one other server that it may fetch from, and in a second.
PAGE = """
import sys
from lenet.preprocessing import fetch
public = fetch._may_connect
fetch.fetch.__kwdefaults__.update(
    _seconds=1.0, _may_connect=lambda address, port: port == int(sys.argv[1]) or public(address, port)
)
from lenet.ui.page import build, launch_options
page = build()
page.launch(**launch_options(page))
"""


@pytest.fixture(scope="module")
def app(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("page")
    uploads = folder / "uploads"
    with serve(folder / "app.log", "-c", PAGE, str(web.port), GRADIO_TEMP_DIR=str(uploads)) as url:
        app = App(url, uploads)
        yield app
        app.http.close()


@pytest.fixture
def ship(app: App) -> str:
    """The path of an uploaded photo."""
    return app.upload(SHIP.read_bytes(), "ship.jpg")


# --------------------------------------------------------------------------------------------------
# paths


def strangers(app: App, folder: Path) -> dict[str, Any]:
    """What somebody may give instead of an upload."""
    uploaded = Path(app.upload(SHIP.read_bytes(), "ship.jpg"))
    beside = app.uploads / "beside" / "ship.jpg"  # in the folder of uploads, but not uploaded
    link = app.uploads / "link" / "ship.jpg"
    for path in (beside, link):
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
    beside.write_bytes(SHIP.read_bytes())
    link.symlink_to(SHIP)
    (folder / "endless.jpg").symlink_to("/dev/zero")
    gone = Path(app.upload(SHIP.read_bytes() + b"gone", "gone.jpg"))
    gone.unlink()
    turned = Path(app.upload(SHIP.read_bytes() + b"turned", "turned.jpg"))
    turned.unlink()
    turned.symlink_to(SHIP)
    paths = {
        "there": SHIP,
        "not there": SHIP.with_name("none.jpg"),
        "no picture": "/etc/passwd",
        "for root": "/etc/shadow",
        "a folder": "/etc",
        "without end": "/dev/zero",
        "a link without end": folder / "endless.jpg",
        "relative": SHIP.relative_to(ROOT),
        "beside the uploads": beside,
        "a link beside the uploads": link,
        "out of the uploads": f"{uploaded.parent}/../../../../../..{SHIP}",
        "round about": f"{uploaded.parent}/./../{uploaded.parent.name}/{uploaded.name}",
        "within an upload": f"{uploaded}/",
        "deleted": gone,
        "now a link": turned,
        "a file: address": f"file://{SHIP}",
        "a file: address of an upload": f"file://{uploaded}",
        "another scheme": "ftp://127.0.0.1/ship.jpg",
        "a served address": f"{app.url}/gradio_api/file={uploaded}".replace("http", "HTTP"),
        "a served path": f"/gradio_api/file={uploaded}",
        "a zero byte": f"{uploaded}\0.jpg",
        "nothing": "",
    }
    said: dict[str, Any] = {name: {"path": str(path)} for name, path in paths.items()}
    there = {"path": str(SHIP)}
    return said | {
        "a stream": there | {"is_stream": True, "meta": META},
        "a name": there | {"orig_name": "ship.svg", "meta": META},
        "a size": there | {"size": 7, "meta": META},
        "an upload's address": there | {"url": f"{app.url}/gradio_api/file={uploaded}", "meta": META},
        "a path as address": {"url": str(SHIP)},
        "a path as address, and no path": {"path": None, "url": str(SHIP), "meta": META},
        "half a meta": there | {"meta": {}},
        "no meta": there | {"meta": None},
        "a path in a path": {"path": there | {"meta": META}},
        "a list": [there | {"meta": META}],
        "a text": str(SHIP),
        "a number": 7,
        "no file": {},
    }


def test_what_is_no_upload_gets_one_answer(app: App, tmp_path: Path) -> None:
    app.event("uploadbutton")["id"]
    refused = (422, NOT_UPLOADED)
    for name, file in strangers(app, tmp_path).items():
        with_meta = file | {"meta": META} if isinstance(file, dict) and "meta" not in file else file
        assert app.run("classify_photo", file, "photos") == refused, name
        assert app.run("classify_photo", with_meta, "photos") == refused, name
        assert app.run("classify_digit", file, "digits", "modern") == refused, name
        assert app.give("uploadbutton", with_meta) == refused, name


@pytest.mark.parametrize("path", [SHIP, SHIP.with_name("none.jpg")])
def test_every_route_to_an_event_passes_the_gate(app: App, path: Path) -> None:
    refused = (422, NOT_UPLOADED)
    file = {"path": str(path)}
    assert app.call("classify_photo", file, "photos") == refused
    assert app.call("classify_digit", file | {"meta": META}, "digits", "modern") == refused
    assert app.join(app.event("image")["id"], file, "digits", "modern") == refused
    named = app.http.post("/gradio_api/call/v2/classify_photo", json={"image": file | {"meta": META}}).json()
    assert NOT_UPLOADED in app.http.get(f"/gradio_api/call/v2/classify_photo/{named['event_id']}").text
    # also where no file belongs: Gradio would copy it to its uploads, and serve it from there
    assert app.call("train", file | {"meta": META}, "digits", 1, 64, 0.1, 0) == refused


def test_the_log_has_no_traceback_of_a_refusal(app: App) -> None:
    app.run("classify_photo", {"path": str(SHIP)}, "photos")
    assert "Traceback" not in (app.uploads.parent / "app.log").read_text()


def test_an_uploads_size_is_judged_before_it_is_read(app: App) -> None:
    path = app.upload(SHIP.read_bytes() + b"grown", "grown.jpg")
    with open(path, "r+b") as file:
        file.truncate(MAX_BYTES)
    assert app.run("classify_photo", {"path": path}, "photos")[1]["label"] == "ship"
    with open(path, "r+b") as file:
        file.truncate(100 * MAX_BYTES)  # has holes: to read it would take two gigabytes
    assert app.run("classify_photo", {"path": path}, "photos") == (422, NOT_UPLOADED)


@pytest.mark.parametrize(
    "more", [{}, {"meta": META}, {"meta": META, "is_stream": True, "orig_name": "a.svg", "size": 1}]
)
def test_an_upload_is_taken(app: App, ship: str, more: dict[str, Any]) -> None:
    status, said = app.run("classify_photo", {"path": ship, **more}, "photos")
    assert (status, said["label"]) == (200, "ship")
    assert app.call("classify_photo", {"path": ship, **more}, "photos")[1]["label"] == "ship"


def test_only_the_path_of_an_upload_counts(app: App, web: Web, ship: str) -> None:
    before = list(web.asked)
    file = {"path": ship, "url": web.url("/large.jpg"), "meta": META}
    assert app.run("classify_photo", file, "photos")[1]["label"] == "ship"
    assert web.asked == before


def test_the_zoo_takes_an_uploaded_network(app: App) -> None:
    path = app.upload(SHIP.read_bytes(), "ship.safetensors")
    status, said = app.give("uploadbutton", {"path": path, "meta": META})
    assert status == 200
    assert "ship.safetensors is incomplete or not a .safetensors file" in said


# --------------------------------------------------------------------------------------------------
# addresses


def test_a_picture_behind_an_address_is_fetched(app: App, web: Web) -> None:
    for file in ({"path": web.url("/ship.jpg"), "meta": META}, {"url": web.url("/ship.jpg")}):
        assert app.run("classify_photo", file, "photos")[1]["label"] == "ship"
    client = Client(app.url, verbose=False)
    try:
        answer = client.predict(handle_file(web.url("/ship.jpg")), "photos", api_name="/classify_photo")
    finally:
        client.close()
    assert answer["label"] == "ship"


def test_a_fetch_has_its_limits(app: App, web: Web) -> None:
    before, start = web.sent, time.monotonic()
    large = app.run("classify_photo", {"path": web.url("/large.jpg"), "meta": META}, "photos")
    assert large == (422, "This picture has over 20 MB: choose a smaller one.")
    assert web.sent - before < 40_000_000  # what the system buffers counts as sent
    status, slow = app.run("classify_photo", {"path": web.url("/slow.jpg"), "meta": META}, "photos")
    assert (status, "took longer" in slow) == (422, True)
    assert time.monotonic() - start < 10


def test_what_is_not_public_is_not_fetched(app: App, web: Web) -> None:
    port = app.url.rsplit(":", 1)[1]
    before = list(web.asked)
    for host in (f"127.0.0.1:{port}", "127.0.0.1"):
        for file in ({"path": f"http://{host}/ship.jpg", "meta": META}, {"url": f"http://{host}/ship.jpg"}):
            status, said = app.run("classify_digit", file, "digits", "modern")
            assert status == 422
            assert NOT_PUBLIC in said or "opens only the ports of the web" in said
    assert web.asked == before


def test_nothing_but_pictures_is_fetched(app: App, web: Web) -> None:
    before, file = list(web.asked), {"path": web.url("/ship.jpg"), "meta": META}
    assert app.give("uploadbutton", file) == (422, NOT_UPLOADED)
    assert app.run("classify_photo", {"path": web.url("/ship.jpg")}, file) == (422, NOT_UPLOADED)
    assert app.call("train", file, "digits", 1, 64, 0.1, 0) == (422, NOT_UPLOADED)
    assert set(web.asked[len(before) :]) <= {"/ship.jpg"}
    assert len(web.asked) - len(before) <= 1  # the photo beside the refused file


def test_a_picture_in_a_data_address_is_taken_within_the_limit(app: App) -> None:
    def sent(content: bytes) -> Answer:
        return app.run(
            "classify_photo", {"url": f"data:image/png;base64,{base64.b64encode(content).decode()}"}, "photos"
        )

    buffer = io.BytesIO()
    Image.open(SHIP).save(buffer, "PNG")
    assert sent(buffer.getvalue())[1]["label"] == "ship"
    assert sent(bytes(20_100_000)) == (422, "This picture has over 20 MB: make it smaller and try again.")
    status, said = app.run("classify_photo", {"url": "data:text/plain,ship"}, "photos")
    assert (status, "No picture" in said) == (422, True)


# --------------------------------------------------------------------------------------------------
# routes without an event


def test_other_routes_take_no_file(app: App, web: Web) -> None:
    before = list(web.asked)
    picture = {"files": ("ship.jpg", SHIP.read_bytes())}
    video = {"video": ("a.mp4", b"video")}
    component = {"component_id": "1", "session_hash": "a", "fn_name": "open_photo"}
    answers = [
        app.http.get(f"/gradio_api/file={web.url('/ship.jpg')}"),
        app.http.head(f"/gradio_api/file={web.url('/ship.jpg')}"),
        app.http.get(f"/gradio_api/file/{web.url('/ship.jpg')}"),
        app.http.get(f"/gradio_api/file=%68ttps%3A//127.0.0.1:{web.port}/ship.jpg"),
        app.http.post("/gradio_api/process_recording", files=video),
        app.http.post("/gradio_api/component_server", files=picture, data=component),
        app.http.post("/gradio_api/component_server/", files=picture, data=component),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    assert {answer.text for answer in answers} == {"", "This page does not offer that."}
    assert app.http.get(f"/gradio_api/proxy={web.url('/ship.jpg')}").status_code == 400
    assert app.http.get(f"/gradio_api/file={SHIP}").status_code == 403
    assert app.http.get("/gradio_api/runs").status_code == 404  # it would keep what events are given
    assert web.asked == before


def test_an_upload_is_still_served(app: App, ship: str) -> None:
    assert app.http.get(f"/gradio_api/file={ship}").content == SHIP.read_bytes()


# --------------------------------------------------------------------------------------------------
# Gradio's own components

GRADIOS = """
import sys
import gradio as gr
from lenet.preprocessing.fetch import fetch
from lenet.ui.shared import files
from lenet.ui.shared.requests import Guard
from lenet.ui.shared.uploaded import Uploads
from starlette.middleware import Middleware

class Page(files.UploadsOnly):
    def fetch(self, url):
        return fetch(url)

with Page() as demo:
    for kind in sys.argv[1:]:
        block = {
            "pil": lambda: gr.Image(type="pil"),
            "path": lambda: gr.Image(type="filepath"),
            "array": lambda: gr.Image(type="numpy"),
            "file": lambda: gr.File(),
            "bytes": lambda: gr.File(type="binary"),
            "files": lambda: gr.File(file_count="multiple"),
            "button": lambda: gr.UploadButton(),
            "gallery": lambda: gr.Gallery(),
            "json": lambda: gr.JSON(),
            "html": lambda: gr.HTML(),
            "text": lambda: gr.MultimodalTextbox(),
        }[kind]()
        gr.Button().click(lambda value: str(type(value)), block, gr.Text(), api_name=kind, queue=False)
demo.launch(app_kwargs={"middleware": [Middleware(Guard, uploads=Uploads())]})
"""
KINDS = ["pil", "path", "array", "file", "bytes", "files", "button", "gallery", "json", "html", "text"]
SHAPES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "files": lambda file: [file],
    "gallery": lambda file: [{"image": file, "caption": None}],
    "json": lambda file: {"deep": [file]},
    "html": lambda file: {"deep": [file]},
    "text": lambda file: {"text": "", "files": [file]},
}


@pytest.fixture(scope="module")
def gradios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("gradio")
    uploads = folder / "uploads"
    with serve(folder / "app.log", "-c", GRADIOS, *KINDS, GRADIO_TEMP_DIR=str(uploads)) as url:
        app = App(url, uploads)
        yield app
        app.http.close()


@pytest.mark.parametrize("kind", KINDS)
def test_gradios_own_components_are_behind_the_gate(gradios: App, web: Web, kind: str) -> None:
    shape, before = SHAPES.get(kind, lambda file: file), list(web.asked)
    for more in ({}, {"meta": META}):
        for path in (SHIP, SHIP.with_name("none.jpg"), "/etc/passwd"):
            assert gradios.run(kind, shape({"path": str(path), **more})) == (422, NOT_UPLOADED)
    status, said = gradios.run(kind, shape({"path": web.url("/ship.jpg"), "meta": META}))
    assert status == 422
    assert said == NOT_UPLOADED or "opens only the ports of the web" in said
    assert web.asked == before
    path = gradios.upload(SHIP.read_bytes(), "ship.jpg")
    assert gradios.run(kind, shape({"path": path, "meta": META}))[0] == 200
