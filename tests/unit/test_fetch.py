"""Pictures behind URLs: what is refused, and that nothing takes for ever.  The servers are real, and local."""

from __future__ import annotations

import io
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lenet.errors import FetchError
from lenet.preprocessing import fetch as module
from lenet.preprocessing.fetch import MAX_BYTES, REDIRECTS, fetch, is_public
from lenet.preprocessing.images import open_picture

PNG = io.BytesIO()
Image.new("RGB", (40, 30), "teal").save(PNG, "PNG")
PICTURE = PNG.getvalue()

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server on this machine whose GET is `answer`; its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            with suppress(OSError):  # the client has left, as it should
                answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that the client ends
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def reply(body: bytes = PICTURE, status: int = 200, **headers: Any) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def only(url: str) -> Callable[[str, int], bool]:
    """The real check, and this one server beside."""
    own = int(url.rsplit(":", 1)[1])
    return lambda address, port: port == own or module._may_connect(address, port)


def fetched(answer: Answer, path: str = "/cat.png", **more: Any) -> bytes:
    with served(answer) as url:
        return fetch(url + path, _may_connect=only(url), **more)


# --------------------------------------------------------------------------------------------------
# what may be connected to

REFUSED = """
127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254
100.64.0.1 100.127.255.255 100.100.100.200 192.0.0.8 192.0.0.192 192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 fe80::1 fe80::1%lo fec0::1 fc00::1 fd00:ec2::254 ff02::1 ff0e::1 100::1 2001:db8::1 3fff::1 5f00::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::8.8.8.8
2002:7f00:1:: 2002:a00:1:: 2002:c0a8:1:: 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808
2001:0:4136:e378:8000:63bf:3fff:fdd2 example.org 1.1.1 01.1.1.1
"""
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 172.32.0.1 100.128.0.1 2606:4700:4700::1111 2a00:1450:4001:82a::200e
::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_not_refused(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1/a.png", "not on the public internet"),
        ("http://localhost/a.png", "not on the public internet"),
        ("http://2130706433/a.png", "not on the public internet"),  # 127.0.0.1 as one number
        ("http://0x7f.1/a.png", "not on the public internet"),
        ("http://127.1/a.png", "not on the public internet"),
        ("https://[::1]/a.png", "not on the public internet"),
        ("http://[::ffff:10.0.0.1]/a.png", "not on the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "not on the public internet"),
        ("http://1.1.1.1:22/", "80 and 443"),
        ("http://127.0.0.1:6379/", "80 and 443"),
        ("file:///etc/passwd", "begin with http"),
        ("ftp://example.org/a.png", "begin with http"),
        ("gopher://example.org/", "begin with http"),
        ("data:image/png;base64,AAAA", "begin with http"),
        ("cat.jpg", "begin with http"),
        ("", "begin with http"),
        ("http://", "names no host"),
        ("http:///a.png", "names no host"),
        ("http://me:secret@example.org/a.png", "password"),
        ("http://me@example.org/a.png", "password"),
        ("http://example.org:port/", "not a web address"),
        ("http://example.org:99999/", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://a..b/", "not a web address"),
        ("http://example.org/\ud83d.png", "not a web address"),  # half of a pair of surrogates
        (f"http://{'a' * 64}.org/", "not a web address"),
    ],
)
def test_each_refusal_has_its_sentence(url: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetch(url)


def test_a_name_is_refused_if_one_of_its_addresses_is(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(FetchError, match="not on the public internet"):
        fetch("http://two-faced.example/a.png")


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the second look-up would say something else."""
    asked, connected = [], []
    real = socket.create_connection

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    def connect(address: tuple[str, int], **options: Any) -> socket.socket:
        connected.append(address)
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return real(address, **options)

    hosts: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        hosts.append(request.headers["Host"])
        reply()(request)

    resolve = socket.getaddrinfo
    with served(answer) as url:
        port = int(url.rsplit(":", 1)[1])
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        monkeypatch.setattr(socket, "create_connection", connect)
        assert fetch(f"http://cats.example:{port}/a.png", _may_connect=only(url)) == PICTURE
    assert (asked, connected, hosts) == (["cats.example"], [("127.0.0.1", port)], [f"cats.example:{port}"])


# --------------------------------------------------------------------------------------------------
# what comes back


@pytest.mark.parametrize("kind", ["image/png", "image/png; charset=binary", "application/octet-stream", None])
def test_a_picture_arrives_whole(kind: str | None) -> None:
    content = fetched(reply(Content_Type=kind) if kind else reply())
    assert open_picture(content).size == (40, 30)


def test_a_picture_in_chunks_or_until_the_end_arrives_whole() -> None:
    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"".join(b"1\r\n%c\r\n" % byte for byte in PICTURE) + b"0\r\n\r\n")

    def until_the_end(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(PICTURE)

    assert fetched(chunked) == fetched(until_the_end) == PICTURE


def test_letters_of_all_alphabets_are_sent_as_http_knows_them() -> None:
    paths: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        paths.append(request.path)
        reply()(request)

    fetched(answer, "/käse 1/%C3%A9.png?q=ü&x=a%20b#top")
    assert paths == ["/k%C3%A4se%201/%C3%A9.png?q=%C3%BC&x=a%20b"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply(b"<html>", Content_Type="text/html; charset=utf-8"), "leads to text/html and not to a picture"),
        (reply(b"{}", Content_Type="application/json"), "leads to application/json and not to a picture"),
        (reply(b"gone", 404), "answers 404 Not Found"),
        (reply(b"", 500), "answers 500"),
        (reply(b"", 599), "answers 599: open"),  # of which nobody knows the reason
        (reply(Content_Encoding="gzip"), "second compression"),
        (reply(Content_Length=str(MAX_BYTES + 1)), "over 20 MB"),
        (reply(Content_Length=str(len(PICTURE) + 10)), "broke off"),
        (reply(Content_Length="0" * 70_000), "broke off"),
    ],
)
def test_what_is_no_whole_picture_gets_a_sentence(answer: Answer, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetched(answer)


def test_an_endless_body_stops() -> None:
    sent = 0

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.end_headers()
        while True:
            sent += request.wfile.write(bytes(1 << 20))

    with pytest.raises(FetchError, match="over 20 MB"):
        fetched(endless)
    assert sent < 3 * MAX_BYTES  # what the system's buffers hold comes on top


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x")
        time.sleep(0.05)


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-")
    while True:
        request.wfile.write(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [drip, drip_headers, lambda request: time.sleep(2)])
def test_a_slow_drip_stops(answer: Answer) -> None:
    began = time.monotonic()
    with pytest.raises(FetchError, match="took longer"):
        fetched(answer, _seconds=0.5)
    assert time.monotonic() - began < 3  # the server's own end included


def test_a_handshake_that_never_ends_stops() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(FetchError, match="took longer"):
            fetch(f"https://127.0.0.1:{port}/a.png", _may_connect=lambda *_: True, _seconds=0.5)
    assert time.monotonic() - began < 1.5


def test_a_look_up_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(5))
    with pytest.raises(FetchError, match="took longer"):
        fetch("http://slow.example/a.png", _seconds=0.2)
    ended.set()


def test_a_host_that_speaks_no_tls_gets_a_sentence() -> None:
    with served(reply()) as url, pytest.raises(FetchError, match="broke off, or does not speak HTTP"):
        fetch(url.replace("http:", "https:"), _may_connect=only(url))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a certificate with")
def test_a_certificate_that_anyone_could_make_is_refused(tmp_path: Path) -> None:
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with served(reply(), tls) as url, pytest.raises(FetchError, match="certificate is not valid"):
        fetch(url.replace("http:", "https:"), _may_connect=only(url))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "may have no network"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "no host called cats.example"),
    ],
)
def test_no_network_is_said(monkeypatch: pytest.MonkeyPatch, error: OSError, says: str) -> None:
    def lookup(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(FetchError, match=says):
        fetch("https://cats.example/a.png")


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(FetchError, match="refuses the connection"):
        fetch(f"http://127.0.0.1:{port}/", _may_connect=lambda *_: True)

    def unreachable(*_: Any, **__: Any) -> Any:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(FetchError, match="may have no network"):
        fetch("http://1.1.1.1/a.png")


# --------------------------------------------------------------------------------------------------
# redirects


def redirect(to: str) -> Answer:
    return reply(b"", 302, Location=to)


def test_a_redirect_is_followed() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        (reply() if request.path == "/there.png" else redirect("/there.png"))(request)

    assert fetched(answer) == PICTURE


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("http://127.0.0.1/secret", "not on the public internet"),
        ("//127.0.0.1/secret", "not on the public internet"),
        ("http://[::1]/secret", "not on the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "not on the public internet"),
        ("http://127.0.0.1:1/secret", "80 and 443"),
        ("file:///etc/passwd", "begin with http"),
        ("http://me:secret@1.1.1.1/", "password"),
        ("/again", f"more than {REDIRECTS} times"),
    ],
)
def test_each_redirect_is_judged(to: str, says: str) -> None:
    with pytest.raises(FetchError, match=says):
        fetched(redirect(to))


def test_proxies_of_the_environment_are_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert fetched(reply()) == PICTURE
