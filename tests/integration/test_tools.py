"""The MCP server, as the client of a language model uses it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from PIL import Image

from lenet.data.strokes import render
from lenet.ui.shared.files import NOT_UPLOADED
from tests.integration.test_endpoints import SEVEN
from tests.integration.test_programs import program
from tests.serving import ROOT, serve

pytest.importorskip("mcp", reason="mcp is not installed: pip install 'gradio[mcp]'")

from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"
Said = TypeVar("Said")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("tools") / "app.log", LENET_MCP="on") as address:
        yield address


def http(url: str) -> AbstractAsyncContextManager[Any]:
    return streamable_http_client(f"{url}/gradio_api/mcp/")


def sse(url: str) -> AbstractAsyncContextManager[Any]:
    return sse_client(f"{url}/gradio_api/mcp/sse")


def within(transport: AbstractAsyncContextManager[Any], work: Callable[[ClientSession], Awaitable[Said]]) -> Said:
    """What `work` comes to, in a session of its own."""

    async def run() -> Said:
        async with transport as (read, write, *_), ClientSession(read, write) as session:
            await session.initialize()
            return await work(session)

    return asyncio.run(run())


async def call(session: ClientSession, name: str, **given: object) -> tuple[bool, list[str]]:
    """Whether it went well, and what was said."""
    reply = await session.call_tool(name, given)
    return not reply.isError, [getattr(part, "text", "") for part in reply.content]


async def facts(session: ClientSession, name: str, **given: object) -> Any:
    well, (said,) = await call(session, name, **given)
    assert well, said
    return json.loads(said)


def data(picture: Image.Image | bytes) -> str:
    if isinstance(picture, Image.Image):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", compress_level=0)
        picture = buffer.getvalue()
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def uploaded(url: str, name: str, picture: bytes) -> str:
    """The path that the server gives an uploaded file."""
    reply = httpx.post(f"{url}/gradio_api/upload", files={"files": (name, picture)}, trust_env=False)
    path: str = reply.raise_for_status().json()[0]
    return path


@pytest.mark.parametrize("transport", [http, sse])
def test_a_model_is_told_of_the_endpoints_and_of_nothing_else(
    url: str, transport: Callable[[str], AbstractAsyncContextManager[Any]]
) -> None:
    async def look(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {"classify_digit", "classify_photo", "train", "networks", "report"}
        assert "Read the digit in a picture" in (tools["classify_digit"].description or "")
        for tool in tools.values():
            for name, told in tool.inputSchema["properties"].items():
                assert told["type"] in ("string", "number")
                assert told["description"]
                assert ("default" in told) is (name != "image")
        assert "public web address" in tools["classify_photo"].inputSchema["properties"]["image"]["description"]

    within(transport(url), look)


@pytest.mark.parametrize("transport", [http, sse])
def test_a_model_reads_pictures_and_lists_networks(
    url: str, transport: Callable[[str], AbstractAsyncContextManager[Any]]
) -> None:
    buffer = io.BytesIO()
    render(SEVEN, 20).save(buffer, "PNG")
    path, ship = uploaded(url, "seven 7.png", buffer.getvalue()), Image.open(SHIP)
    large = data(ship.resize((1600, 1200)))
    assert len(large) > 7_000_000  # mcp's own limit is 4 MiB

    async def read(session: ClientSession) -> None:
        for image in (path, f"{url}/gradio_api/file={path.replace(' ', '%20')}", data(buffer.getvalue())):
            digit = await facts(session, "classify_digit", image=image)
            assert (digit["label"], digit["verdict"]) == ("7", "sure")
        for image in (uploaded(url, "ship.jpg", SHIP.read_bytes()), large):
            photo = await facts(session, "classify_photo", image=image, network="photos-small")
            assert photo["label"] == "ship"
        assert "mnist-lenet5-bn" in [network["name"] for network in await facts(session, "networks")]
        assert len((await facts(session, "report", network="digits"))["confusion"]) == 10

    within(transport(url), read)


def test_what_is_no_picture_of_ones_own_gets_a_sentence_and_is_not_read(url: str, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "secret.png")
    there = str(tmp_path / "secret.png")
    refused = {
        **dict.fromkeys([there, f"file://{there}", "/etc/passwd", "file:///etc/passwd", "seven", ""], NOT_UPLOADED),
        f"{url}/gradio_api/file={there}": "opens only the ports of the web",
        f"{url}/": "opens only the ports of the web",
        "http://127.0.0.1/": "is not on the public internet",
        "http://169.254.169.254/": "is not on the public internet",
        "data:image/png;base64,@": "No picture in base64 arrived",
        "data:image/png": "No picture in base64 arrived",
        data(b"hello"): "This file is not a picture",
        data(bytes(20_500_000)): "over 20 MB",
    }

    async def ask(session: ClientSession) -> None:
        for image, says in refused.items():
            for tool in ("classify_digit", "classify_photo"):
                well, (said,) = await call(session, tool, image=image)
                assert not well
                assert says in said
                assert said[0] not in "'\""
        for given in ({"image": {"path": there}}, {"image": None}, {}, {"image": data(b"x"), "path": there}):
            assert not (await call(session, "classify_digit", **given))[0]
        well, (said,) = await call(session, "classify_digit", image=data(render(SEVEN, 20)), network="nobody")
        assert not well
        assert said.startswith("There is no network called nobody here: choose one of digits")
        assert await call(session, "nothing") == (False, ["There is no tool called nothing here."])

    within(http(url), ask)


def test_a_model_trains_and_waits(url: str) -> None:
    told: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async def train(session: ClientSession) -> None:
        given = {"recipe": "digits-demo", "dataset": "digits", "epochs": 2}
        reply = await session.call_tool("train", given, progress_callback=note)
        assert not reply.isError
        said, curves, network = (getattr(part, "text", "") for part in reply.content)
        assert said == told[-1]
        assert "test images right, after 2 epochs" in said
        assert told[0] == "Starting: digits-demo on digits"
        assert json.loads(curves)["loss"]["validation"]
        assert httpx.get(network, trust_env=False).raise_for_status().content[8:9] == b"{"  # as .safetensors begins
        _, (said, *_) = await call(session, "train", recipe="nothing")
        assert "There is no recipe called 'nothing'" in said

    within(http(url), train)


@pytest.mark.parametrize("transport", [http, sse])
def test_a_run_ends_when_the_model_leaves(
    url: str, transport: Callable[[str], AbstractAsyncContextManager[Any]]
) -> None:
    async def leave(session: ClientSession) -> None:
        begun = asyncio.Event()

        async def note(progress: float, total: float | None, message: str | None) -> None:
            if "done" in (message or ""):
                begun.set()

        calling = asyncio.create_task(session.call_tool("train", {"epochs": 5000}, progress_callback=note))
        await asyncio.wait_for(begun.wait(), 60)
        calling.cancel()

    told: list[str] = []

    async def follow(session: ClientSession) -> None:
        async def note(progress: float, total: float | None, message: str | None) -> None:
            told.append(message or "")

        await asyncio.sleep(1)
        await session.call_tool("train", {"epochs": 1}, progress_callback=note)

    within(transport(url), leave)
    within(transport(url), follow)
    assert not [line for line in told if "in the queue" in line]


def test_the_documented_client_does_what_it_says(url: str, tmp_path: Path) -> None:
    render(SEVEN, 20).save(tmp_path / "seven.png")
    text = program("python", "mcp").replace("http://127.0.0.1:7860", url)
    done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "'classify_digit'" in done.stdout
    assert '"label": "7"' in done.stdout


def test_gradios_uploader_brings_a_file_of_ones_own_machine(url: str, tmp_path: Path) -> None:
    (tmp_path / "ship.jpg").write_bytes(SHIP.read_bytes())
    start = ["-c", "from gradio.cli.cli import cli; cli()", "upload-mcp", url, str(tmp_path)]

    async def upload(session: ClientSession) -> str:
        well, (said,) = await call(session, "upload_file_to_gradio", file=str(tmp_path / "ship.jpg"))
        assert well, said
        return said

    address = within(stdio_client(StdioServerParameters(command=sys.executable, args=start)), upload)

    async def read(session: ClientSession) -> None:
        assert (await facts(session, "classify_photo", image=address))["label"] == "ship"

    within(http(url), read)
