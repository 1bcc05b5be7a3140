"""Proxies and certificates as environments name them: httpx must be able to start whatever they say."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.request import proxy_bypass

import httpx
import pytest

from lenet import http_settings
from lenet.data.datasets import load
from lenet.errors import DataError
from lenet.ui import surroundings

DEAD = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    files = http_settings.CERTIFICATES, http_settings.KEY_LOG
    for name in [*http_settings.PROXIES, *http_settings.NO_PROXY, *files, "GRADIO_SERVER_NAME"]:
        monkeypatch.setenv(name, "")  # so that what the code sets is taken back
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", http_settings.PROXIES)
@pytest.mark.parametrize("scheme", ["socks", "SOCKS", "socks4", "socks4a", "socks5", "socks5h"])
def test_every_spelling_of_socks_is_taken(name: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f" {scheme}://{DEAD}/ ")
    http_settings.mend()
    httpx.Client().close()
    assert os.environ[name] == f"{'socks5h' if scheme == 'socks5h' else 'socks5'}://{DEAD}/"
    assert http_settings.unusable() == []


def test_what_httpx_takes_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"http_proxy": f"http://socks://{DEAD}", "HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": "intranet.example"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    http_settings.mend()
    assert {name: os.environ[name] for name in said} == said


UNREADABLE = ["fe80::/10", "[::1]", "[::1]:80", "host:abc", "bücher.example", "a:1:2"]
READABLE = ["10.0.0.0/8", "::1", "*.example.com", ".example.com", "a_b", "host:8080", "http://intranet", "<local>"]


@pytest.mark.parametrize("name", http_settings.NO_PROXY)
def test_hosts_that_httpx_cannot_read_are_left_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{DEAD}")
    monkeypatch.setenv(name, " , ".join([*UNREADABLE, *READABLE, ""]))
    assert http_settings.unusable() == [name]
    http_settings.mend()
    httpx.Client().close()
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == ",".join(READABLE)


def test_both_spellings_of_no_proxy_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "a.example,localhost")
    monkeypatch.setenv("NO_PROXY", "b.example,a.example")
    surroundings.never_proxy_the_page()
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "a.example,localhost,b.example,127.0.0.1,::1"


def test_no_proxy_for_anything_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    surroundings.never_proxy_the_page()
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "*"
    assert proxy_bypass("anywhere.example")


@pytest.mark.parametrize(("named", "host"), [("server.example", "server.example"), ("[::1]", "::1"), ("", "localhost")])
def test_the_page_is_asked_by_the_name_it_listens_at(named: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", named)
    surroundings.never_proxy_the_page()
    hosts = os.environ["no_proxy"].split(",")
    assert host in hosts
    assert "" not in hosts


def test_nothing_is_set_where_nothing_was() -> None:
    http_settings.mend()
    assert not {*http_settings.PROXIES, *http_settings.NO_PROXY} & os.environ.keys()


@pytest.mark.parametrize("exists", [False, True], ids=["missing", "no-certificates"])
def test_certificates_that_cannot_be_read_do_not_count(
    exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ca.pem"
    if exists:
        path.write_text("none")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    http_settings.mend()
    httpx.Client().close()
    assert "which is no file of certificates" in caplog.text


def test_a_log_of_keys_that_cannot_be_written_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    http_settings.mend()
    assert os.environ["SSLKEYLOGFILE"] == str(tmp_path / "keys.log")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "nowhere" / "keys.log"))
    http_settings.mend()
    httpx.Client().close()
    assert "which cannot be written: no keys are logged" in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", f"socks://{DEAD}"),
        ("https_proxy", "http://secret:pa/ss@proxy.example:1"),
        ("HTTP_PROXY", "ftp://proxy.example"),
        ("no_proxy", "fe80::/10"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
        ("SSLKEYLOGFILE", "/nonexistent/keys.log"),
    ],
)
def test_a_download_in_a_program_names_the_setting(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: None
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DataError) as caught:
        load("cifar10", tmp_path)
    assert f"could not be downloaded ({name} cannot be used: correct it, or unset it, " in str(caught.value)
    assert "secret" not in str(caught.value)
