"""Requests that no page sends: each gets a sentence, none a look into the server, and nobody else notices."""

from __future__ import annotations

import base64
import codecs
import contextlib
import functools
import io
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from lenet.ui.shared.bodies import TOO_LONG
from lenet.ui.shared.requests import NOT_UNDERSTOOD
from lenet.ui.train.queue import MAX_RUNS_PER_OWNER
from lenet.ui.train.settings import of
from tests.integration.test_files import META, SHIP, App
from tests.serving import serve

HALF = "\ud800"
VISITOR = "a" * 32
SETTINGS = {"recipe": "digits-demo"} | of(RECIPES["digits-demo"])
# Words that only Python, pydantic or a traceback say, and paths of this machine.
INSIDE = re.compile(
    r"Traceback|Error\b|pydantic|site-packages|NoneType|object has no|input_value|/work/|/root/|/tmp/|/usr/"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("page")
    uploads = folder / "uploads"
    with serve(folder / "app.log", GRADIO_TEMP_DIR=str(uploads)) as url:
        app = App(url, uploads)
        yield app
        app.http.close()


def log_of(app: App) -> str:
    return (app.uploads.parent / "app.log").read_text()


def component(app: App, name: str) -> int:
    """The component that has this function."""
    return next(part["id"] for part in app.config["components"] if name in (part["props"].get("server_fns") or []))


def ask(app: App, name: str, question: Any, **more: Any) -> httpx.Response:
    """What a script asks of the component that has this function."""
    body = {"component_id": component(app, name), "fn_name": name, "session_hash": "s", "data": question} | more
    return app.http.post(
        "/gradio_api/component_server", content=json.dumps(body), headers={"content-type": "application/json"}
    )


def test_the_page_is_alive(app: App) -> None:
    """Without this, the tests below could pass on a server that refuses all."""
    assert ask(app, "look", {"visitor": VISITOR, "known": {}}).json() == {"runs": []}
    path = app.upload(SHIP.read_bytes(), "ship.jpg")
    assert app.run("classify_photo", {"path": path, "meta": META}, "photos")[1]["label"] == "ship"


MALFORMED: list[tuple[str, Any]] = [
    ("component_server", b"{"),
    ("component_server", b"[" * 5000),
    ("component_server", b'{"data": ' + b"[" * 500 + b"]" * 500 + b"}"),
    ("component_server", b"\xff\xfe"),
    ("component_server", []),
    ("component_server", {}),
    ("component_server", {"component_id": 10**9, "fn_name": "look", "session_hash": "a", "data": {}}),
    ("component_server", {"component_id": "x", "fn_name": "look", "session_hash": "a", "data": {}}),
    ("component_server", {"component_id": 1, "fn_name": "__class__", "session_hash": "a", "data": {}}),
    ("component_server", {"component_id": None, "fn_name": None, "session_hash": None, "data": None}),
    ("run/classify_digit", {"data": []}),
    ("run/classify_digit", {"data": [None]}),
    ("run/classify_digit", {"data": [1, 2, 3]}),
    ("run/classify_digit", {"data": {"a": 1}}),
    ("run/classify_digit", {"data": "text"}),
    ("run/classify_digit", b"null"),
    ("run/classify_photo", {"data": [None, {"a": [1]}]}),
    ("run/classify_photo", {"data": [None, None, None, None]}),
    ("run/nothing", {"data": []}),
    ("run/predict", {"data": [], "fn_index": 10**6}),
    ("run/predict", {"data": [], "fn_index": "x"}),
    ("run/train", {"data": ["digits-demo", "digits", 1, 64, 0.1, 0]}),
    ("call/nothing", {"data": []}),
    ("call/v2/nothing", {"image": 1}),
    ("queue/join", {"data": [], "fn_index": 10**6, "session_hash": "x"}),
    ("queue/join", {"data": []}),
    ("queue/join", b""),
    ("reset", {"event_id": 7}),
    ("cancel", {"session_hash": 1}),
    ("upload", {"no": "form"}),
    ("no/such/route", {}),
]


@pytest.mark.parametrize(("route", "body"), MALFORMED)
def test_a_malformed_call_gets_a_sentence_and_a_4xx(app: App, route: str, body: Any) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = app.http.post(f"/gradio_api/{route}", content=content, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500, answer.text
    said = answer.json()
    sentence = said.get("detail") or said["error"]
    assert re.fullmatch(r"[A-Z].*\.", sentence), said
    assert not INSIDE.search(sentence)


@pytest.mark.parametrize("values", [[-1, -1], ["digits", "modern"]], ids=["no choice", "a choice"])
def test_what_the_page_does_by_itself_is_no_way_in(app: App, values: list[Any]) -> None:
    choices = {part["id"] for part in app.config["components"] if part["type"] in ("dropdown", "radio")}
    events = [event for event in app.config["dependencies"] if choices & {*event["inputs"]}]
    assert events
    for event in events:
        body = {"data": values[: len(event["inputs"])], "fn_index": event["id"], "session_hash": "choices"}
        answer = app.http.post("/gradio_api/run/predict", json=body)
        assert 400 <= answer.status_code < 500
        said = answer.json()
        assert re.fullmatch(r"[A-Z].*\.", said.get("detail") or said["error"]), said


@pytest.mark.parametrize("event", range(20))
def test_every_event_of_the_page_answers_nonsense_with_a_sentence(app: App, event: int) -> None:
    known = {dependency["id"] for dependency in app.config["dependencies"]}
    if event not in known:
        pytest.skip("the page has fewer events")
    foreign = {"file": {"path": "/etc/passwd", "meta": META}}
    for data, event_data in (([], None), ([1] * 9, {"language": HALF, "run": 7}), ([{"a": []}], []), ([None], foreign)):
        body: dict[str, Any] = {
            "data": data,
            "fn_index": event,
            "session_hash": f"nonsense-{event}",
            "event_data": event_data,
        }
        joined = app.http.post("/gradio_api/queue/join", content=json.dumps(body).encode())
        if joined.status_code != 200:
            assert 400 <= joined.status_code < 500
            assert not INSIDE.search(joined.text)
            continue
        with app.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": body["session_hash"]}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    assert not INSIDE.search(json.dumps(message["output"].get("error") or "")), line
                    break


def test_no_event_passes_the_queue_by(app: App) -> None:
    event = app.event("uploadbutton")
    path = app.upload((WEIGHTS / "digits.safetensors").read_bytes(), "mine.safetensors")
    data = [{"path": path, "meta": META} if part == event["inputs"][-1] else None for part in event["inputs"]]
    answer = app.http.post("/gradio_api/run/predict", json={"data": data, "fn_index": event["id"]})
    assert answer.status_code == 404


@pytest.mark.parametrize("value", [None, 7, -1.5, True, [], [None], {}, {"path": None}, "", "x"], ids=repr)
@pytest.mark.parametrize("name", ["classify_digit", "classify_photo", "report"])
def test_endpoints_answer_any_value_with_a_sentence(app: App, name: str, value: Any) -> None:
    for count in range(4):
        answer = app.http.post(f"/gradio_api/run/{name}", json={"data": [value] * count})
        said = answer.json()
        assert 400 <= answer.status_code < 500, said
        sentence = said.get("detail") or said["error"]
        assert re.fullmatch(r"[A-Z].*\.", sentence), said
        assert not INSIDE.search(sentence)


@pytest.mark.parametrize("value", [None, 7, [], {}, "x"], ids=repr)
def test_training_answers_any_value_with_a_sentence(app: App, value: Any) -> None:
    _, said = app.call("train", *[value] * 6)
    assert re.fullmatch(r"[A-Z].*[^.]|[A-Z].*\.", said)
    assert not INSIDE.search(said)


@pytest.mark.parametrize("address", ["queue/data?session_hash=nobodys", "call/report/nobodys"])
def test_a_stream_of_nobody_has_a_sentence(app: App, address: str) -> None:
    answer = app.http.get(f"/gradio_api/{address}")
    assert "404: Not Found" not in answer.text
    assert "There is nothing at this address." in answer.text


def test_a_link_is_measured_in_what_a_code_holds(app: App) -> None:
    assert ask(app, "share", {"link": "http://x/" + "数" * 400}).json()["code"]
    said = ask(app, "share", {"link": "http://x/" + "数" * 1400}).json()["problem"]["en"]
    assert said == ask(app, "share", {"link": "http://x/" + "a" * 1600}).json()["problem"]["en"]


def test_a_picture_with_too_much_text_has_a_sentence_of_ours(app: App) -> None:
    words, picture = PngInfo(), io.BytesIO()
    words.add_text("a", "a" * 2_000_000, zip=True)
    Image.new("L", (9, 9)).save(picture, "PNG", pnginfo=words)
    path = app.upload(picture.getvalue(), "wordy.png")
    status, said = app.run("classify_photo", {"path": path, "meta": META}, "photos")
    assert (status, said) == (422, "wordy.png holds more text than a picture needs: save it again and retry.")


# --------------------------------------------------------------------------------------------------
# Half a letter


def test_half_a_letter_gets_a_sentence_wherever_it_stands(app: App) -> None:
    settings = {"recipe": "digits-demo"} | of(RECIPES["digits-demo"])
    for field in settings:
        answer = ask(app, "begin", {"visitor": VISITOR, "settings": settings | {field: HALF}})
        assert answer.status_code == 200, field
        assert field in answer.json()["problems"], field
    run = ask(app, "begin", {"visitor": VISITOR, "settings": settings}).json()["run"]
    told = {"visitor": VISITOR, "run": run, "order": "rename", "value": f"half {HALF}"}
    assert "half a letter" in ask(app, "tell", told).json()["problem"]["en"]
    assert ask(app, "look", {"visitor": VISITOR, "known": {}}).json()["runs"][0]["name"] == ""
    ask(app, "tell", told | {"order": "remove"})
    status, said = app.run("classify_digit", None, HALF, HALF)
    assert (status, "There is no picture" in said or "no network called" in said) == (422, True)
    assert ask(app, "read_drawing", {"picture": HALF, "network": HALF, "pipeline": HALF}).json()["problem"]


def test_half_a_letter_is_no_class(app: App) -> None:
    classes = [{"name": name, "examples": [base64.b64encode(bytes(784)).decode()] * 5} for name in (f"a{HALF}", "b")]
    answer = ask(app, "begin_teaching", {"visitor": VISITOR, "kind": "drawings", "classes": classes}).json()
    assert "half a letter" in answer["problem"]["en"]


def test_half_a_letter_in_an_upload_gets_a_sentence(app: App) -> None:
    whole = (WEIGHTS / "digits.safetensors").read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])
    inner = json.loads(header["__metadata__"]["lenet"])
    inner["recipe"]["about"] = HALF
    inner.pop("sha256", None)
    header["__metadata__"]["lenet"] = json.dumps(inner)
    changed = json.dumps(header).encode()
    path = app.upload(len(changed).to_bytes(8, "little") + changed + whole[8 + size :], "half.safetensors")
    status, said = app.give("uploadbutton", {"path": path, "meta": META})
    assert status == 200
    assert "half.safetensors is not a weights file of this project" in said
    assert "half a letter" in said


# --------------------------------------------------------------------------------------------------
# Sizes


def test_a_body_that_is_too_large_is_not_read(app: App) -> None:
    answer = app.http.post("/gradio_api/component_server", content=b'{"data": "' + b"a" * 29_000_000 + b'"}')
    assert (answer.status_code, answer.json()["detail"][:17]) == (413, "This is too large")
    files = [("files", (f"{n}.jpg", bytes(1_000_000))) for n in range(40)]
    assert app.http.post("/gradio_api/upload", files=files).status_code == 413


# What Python's reader takes a second a million for, while nobody else is answered.
ENDLESS: dict[str, Callable[[], bytes]] = {
    "lists": lambda: b"[" + b"[]," * 9_000_000 + b"1]",
    "objects": lambda: b"[" + b"{}," * 9_000_000 + b"1]",
    "numbers": lambda: b"[" + b"1," * 13_000_000 + b"1]",
    "keys": lambda: b"{" + b",".join(b'"%d":1' % number for number in range(2_000_000)) + b"}",
    "strings": lambda: b'["' + b'","' * 9_000_000 + b'"]',
    "letters": lambda: b'"' + b"\\u0041" * 4_500_000 + b'"',
    "long numbers": lambda: b"[" + b",".join([b"1" * 4200] * 6400) + b"]",
}


@pytest.mark.parametrize("route", ["component_server", "run/classify_digit", "reset"])
@pytest.mark.parametrize("kind", ENDLESS)
def test_json_of_millions_of_parts_is_not_read(app: App, route: str, kind: str) -> None:
    body = b'{"component_id":1,"fn_name":"look","data":' + endless(kind) + b"}"
    answer = app.http.post(f"/gradio_api/{route}", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (413, TOO_LONG)


@functools.lru_cache(maxsize=1)  # for the tests of a kind follow one another
def endless(kind: str) -> bytes:
    return ENDLESS[kind]()


def unfinished(app: App, route: str, kind: str, sent: bytes) -> socket.socket:
    """A body that says it has 28 MB, and stops after `sent`."""
    host, port = app.url.removeprefix("http://").split(":")
    one = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST /gradio_api/{route} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 28000000\r\n\r\n"
    one.sendall(head.encode() + sent)
    return one


def test_bodies_that_never_end_keep_nobody_out(app: App) -> None:
    sizes = [27_999_000] * 4 + [8_003_950]
    held = [unfinished(app, "component_server", "application/json", bytes(size)) for size in sizes]
    for _ in range(5):
        assert ask(app, "look", {"visitor": VISITOR, "known": {}}).json() == {"runs": []}
    large = "data:image/png;base64," + base64.b64encode(bytes(15_000_000)).decode()
    assert ask(app, "open_photo", {"picture": large}).json()["problem"]["en"].startswith("The picture is not")
    for one in held:
        one.close()


def test_a_form_is_taken_as_an_upload_only(app: App) -> None:
    one = unfinished(app, "queue/join", "multipart/x", bytes(1_000_000))
    assert one.recv(100).startswith(b"HTTP/1.1 400")
    one.close()


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_json_is_in_utf_8(app: App, code: str) -> None:
    run = ask(app, "begin", {"visitor": VISITOR, "settings": SETTINGS}).json()["run"]
    told = {"visitor": VISITOR, "run": run, "order": "rename", "value": f"{HALF}x"}
    body = json.dumps({"component_id": component(app, "tell"), "fn_name": "tell", "data": told}).encode(code)
    answer = app.http.post("/gradio_api/component_server", content=body)
    assert 400 <= answer.status_code < 500
    assert re.fullmatch(r"[A-Z].*\.", answer.json()["detail"])
    assert ask(app, "look", {"visitor": VISITOR, "known": {}}).json()["runs"][0]["name"] == ""
    ask(app, "tell", told | {"order": "remove", "value": None})


def test_json_may_begin_with_a_mark_of_its_code(app: App) -> None:
    body = codecs.BOM_UTF8 + json.dumps({"data": [None, "digits", "modern"]}).encode()
    answer = app.http.post("/gradio_api/run/classify_digit", content=body, headers={"content-type": "application/json"})
    assert "There is no picture" in answer.json()["error"]


def test_uploads_take_a_bounded_part_of_the_disk(tmp_path: Path) -> None:
    program = "\n".join(
        [
            "from lenet.ui.shared import uploaded",
            "uploaded.BYTES = 5_000_000",
            "uploaded.Uploads.__init__.__defaults__ = (5_000_000,)",
            "from lenet.ui.page import build, launch_options",
            "page = build()",
            "page.launch(**launch_options(page))",
        ]
    )
    uploads = tmp_path / "uploads"
    with serve(tmp_path / "app.log", "-c", program, GRADIO_TEMP_DIR=str(uploads)) as url:
        app = App(url, uploads)
        for number in range(12):
            app.upload(bytes([number]) * 1_000_000, f"{number}.jpg")
        assert 4_000_000 <= taken(uploads) <= 5_000_000
        head = PART % (b"files", b'; filename="a.jpg"')
        begun = []
        for number in range(6):  # what is still arriving counts too
            begun.append(unfinished(app, "upload", "multipart/form-data; boundary=e", head + bytes(2_000_000)))
            assert becomes(lambda: taken(uploads) <= 6_000_000, True), number
        assert app.upload(bytes([99]) * 1_000_000, "99.jpg")
        for one in begun:
            one.close()
        assert becomes(lambda: taken(uploads) <= 5_000_000, True)
        app.http.close()


def test_gradio_is_given_short_texts_only(app: App) -> None:
    """It keeps what an event was last given, for each session that anybody names."""
    large, image = "x" * 5_000_000, f"data:image/png;base64,{'x' * 5_000_000}"
    for value in (large, image, [large], {large: 1}, {"url": large}):
        assert app.run("report", value) == (422, TOO_LONG)
        assert app.call("report", value) == (422, TOO_LONG)
    assert app.run("classify_photo", {"url": image}, image) == (422, TOO_LONG)
    assert "is not a picture" in app.run("classify_photo", {"url": image}, "photos")[1]
    body = {"data": ["digits"], "session_hash": large}
    assert app.http.post("/gradio_api/run/report", json=body).status_code == 400


PART = b'--e\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'


def taken(uploads: Path) -> int:
    total = 0
    for folder, _, names in os.walk(uploads):  # it skips folders that vanish meanwhile
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += (Path(folder) / name).stat().st_size
    return total


def becomes(count: Callable[[], int], wanted: int) -> bool:
    """Whether the count is that within some seconds."""
    deadline = time.monotonic() + 60
    while (found := count()) != wanted and time.monotonic() < deadline:  # a second count may differ
        time.sleep(0.1)
    return found == wanted


def test_an_upload_that_breaks_off_leaves_nothing(app: App) -> None:
    before = taken(app.uploads)
    parts = [PART % (b"files", b'; filename="%d.jpg"' % number) + bytes(3_000_000) + b"\r\n" for number in range(4)]
    begun = [unfinished(app, "upload", "multipart/form-data; boundary=e", b"".join(parts)) for _ in range(3)]
    assert becomes(lambda: taken(app.uploads) - before >= 30_000_000, True)
    for one in begun:
        one.close()
    assert becomes(lambda: taken(app.uploads), before)


@pytest.mark.parametrize(("name", "file"), [(b"files", b""), (b"other", b""), (b"other", b'; filename="a.jpg"')])
def test_an_upload_is_of_files_only(app: App, name: bytes, file: bytes) -> None:
    before = taken(app.uploads)
    head = PART % (b"files", b'; filename="b.jpg"') + bytes(1_000_000) + b"\r\n" + PART % (name, file)
    one = unfinished(app, "upload", "multipart/form-data; boundary=e", head)
    assert one.recv(100).startswith(b"HTTP/1.1 400")
    one.close()
    assert becomes(lambda: taken(app.uploads), before)


def test_an_upload_with_a_name_that_is_none_leaves_nothing(app: App) -> None:
    before = taken(app.uploads)
    answer = app.http.post("/gradio_api/upload", files={"files": ("..", bytes(1_000_000))})
    assert (answer.status_code, answer.json()["detail"]) == (400, NOT_UNDERSTOOD)
    assert taken(app.uploads) == before


def test_nobody_fills_the_disk_with_links_to_a_session(app: App) -> None:
    session = {"data": ["digits"], "session_hash": "linked"}
    assert app.http.post("/gradio_api/run/report", json=session).status_code == 200
    before = taken(app.uploads)
    for path in ("deep_link", "deep_link/"):
        answer = app.http.get(f"/gradio_api/{path}", params={"session_hash": "linked"})
        assert (answer.status_code, answer.text) == (403, "This page does not offer that.")
    assert taken(app.uploads) == before


def test_a_picture_in_an_address_stays_no_longer_than_its_question(app: App) -> None:
    before = taken(app.uploads)
    for content in (SHIP.read_bytes(), bytes(3_000_000)):
        address = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        app.run("classify_photo", {"url": address}, "photos-lenet5")
        app.call("classify_photo", {"path": address}, "no network")
    assert taken(app.uploads) == before


# --------------------------------------------------------------------------------------------------
# Headers and logs


def test_headers(app: App) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/theme.css"):
        headers = app.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self' https://huggingface.co" in policy
        assert "x-frame-options" not in headers  # which would forbid Spaces their frame


def test_monitoring_is_off_and_not_logged(app: App) -> None:
    for path in ("/monitoring", "/monitoring/summary", "/monitoring/x"):
        assert app.http.get(path).status_code == 403
    assert "onitoring" not in log_of(app)


def test_a_refused_picture_is_one_line_without_its_name(app: App) -> None:
    path = app.upload(b"no picture", "secret-name.jpg")
    before = log_of(app)
    status, said = app.run("classify_photo", {"path": path, "meta": META}, "photos")
    assert (status, "secret-name.jpg" in said) == (422, True)
    new = log_of(app)[len(before) :]
    assert len(new.splitlines()) == 1
    assert "secret-name" not in new
    assert "classifying a picture was refused" in new


# --------------------------------------------------------------------------------------------------
# Runs


def test_a_run_heeds_its_own_visitor_only(app: App) -> None:
    run = ask(app, "begin", {"visitor": VISITOR, "settings": SETTINGS | {"epochs": 500}}).json()["run"]
    other = {"visitor": "b" * 32, "run": run}
    for order in ("pause", "resume", "step", "stop", "remove", "rename"):
        assert "problem" in ask(app, "tell", other | {"order": order, "value": "mine"}).json(), order
    assert "problem" in ask(app, "draw", other | {"picture": None}).json()
    assert "problem" in ask(app, "download", other).json()
    assert ask(app, "look", {"visitor": other["visitor"], "known": {}}).json() == {"runs": []}
    found = ask(app, "look", {"visitor": VISITOR, "known": {}}).json()["runs"]
    assert [(one["id"], one["name"]) for one in found] == [(run, "")]
    ask(app, "tell", {"visitor": VISITOR, "run": run, "order": "remove", "value": None})


def test_fifty_runs_at_once_are_eight(app: App) -> None:
    visitor = "c" * 32

    def begin(seed: int) -> dict[str, Any]:
        return ask(app, "begin", {"visitor": visitor, "settings": SETTINGS | {"epochs": 500, "seed": seed}}).json()

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(begin, range(50)))
    begun = [answer["run"] for answer in answers if "run" in answer]
    assert len(begun) == MAX_RUNS_PER_OWNER
    assert sum("problem" in answer for answer in answers) == 50 - len(begun)
    for run in begun:
        ask(app, "tell", {"visitor": visitor, "run": run, "order": "remove", "value": None})


# --------------------------------------------------------------------------------------------------
# The page's own files

TORN = """
import sys
from pathlib import Path
from lenet.training import stored
from lenet.ui.shared import networks
networks.WEIGHTS = stored.WEIGHTS = Path(sys.argv[1])
from lenet.ui.page import build, launch_options
page = build()
page.launch(**launch_options(page))
"""


def test_the_page_starts_without_one_of_its_networks(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(WEIGHTS, weights)
    torn = weights / "photos-small.safetensors"
    torn.write_bytes(torn.read_bytes()[:1000])
    (weights / "mnist-lenet5-bn.safetensors").unlink()
    with serve(tmp_path / "app.log", "-c", TORN, str(weights), GRADIO_TEMP_DIR=str(tmp_path / "uploads")) as url:
        app = App(url, tmp_path / "uploads")
        names = {network["name"] for network in app.run("networks")[1]}
        path = app.upload(SHIP.read_bytes(), "ship.jpg")
        assert app.run("classify_photo", {"path": path, "meta": META}, "photos")[1]["label"] == "ship"
        status, said = app.run("report", "photos-small")
        app.http.close()
    assert names == {path.stem for path in WEIGHTS.glob("*.safetensors")} - {"photos-small", "mnist-lenet5-bn"}
    assert (status, "no network called photos-small" in said) == (422, True)
    assert "photos-small.safetensors" in (tmp_path / "app.log").read_text()


# --------------------------------------------------------------------------------------------------
# One file, many at once


def test_a_file_is_made_once_for_all_who_ask(app: App) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(app, "keep", {"network": "digits", "kind": "onnx"}).json(), range(20)))
    assert {answer.get("path") for answer in answers} == {answers[0]["path"]}
    assert app.http.get(f"/gradio_api/file={answers[0]['path']}").status_code == 200


# --------------------------------------------------------------------------------------------------
# Time


def test_clients_that_never_read_and_half_open_ones_hold_up_nobody(app: App) -> None:
    host, port = app.url.removeprefix("http://").split(":")
    half_open = []
    for _ in range(100):
        one = socket.create_connection((host, int(port)))
        one.sendall(b"POST /gradio_api/component_server HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        half_open.append(one)
    for number in range(30):
        one = socket.create_connection((host, int(port)))
        one.sendall(f"GET /gradio_api/queue/data?session_hash=never{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        half_open.append(one)
    assert ask(app, "look", {"visitor": VISITOR, "known": {}}).json() == {"runs": []}
    path = app.upload(SHIP.read_bytes(), "ship.jpg")
    assert app.run("classify_photo", {"path": path, "meta": META}, "photos")[1]["label"] == "ship"
    for one in half_open:
        one.close()


def test_files_that_take_long_to_decode_hold_up_nobody_else(app: App) -> None:
    note = b"!\xfe" + (b"\xff" + b"a" * 255) * 50_000 + b"\0"  # Pillow reads it in quadratic time
    slow = b"GIF89a\x09\0\x09\0\x80\0\0\0\0\0\xff\xff\xff" + note + b",\0\0\0\0\x09\0\x09\0\0\x02\x02D\x01\0;"
    asked = {"picture": f"data:image/gif;base64,{base64.b64encode(slow).decode()}"}
    other = App(app.url, app.uploads)
    other.http.close()
    other.http = httpx.Client(
        base_url=app.url, timeout=60, trust_env=False, transport=httpx.HTTPTransport(local_address="127.0.0.2")
    )
    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(ask, app, "open_photo", asked) for _ in range(4)]
        time.sleep(0.5)
        photo = ask(other, "open_photo", {"example": "ship"}).json()["photo"]
        named = ask(other, "name_photo", {"photo": photo, "network": "photos-lenet5", "box": None}).json()
        assert not any(one.done() for one in held)
        assert "problem" in held[0].result().json()
    assert named["answer"]["label"]
    other.http.close()


def test_the_log_has_no_traceback(app: App) -> None:
    time.sleep(0.5)
    assert "Traceback" not in log_of(app)
