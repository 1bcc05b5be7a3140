"""Many runs asked for at once, over raw HTTP: who reads trains, and nobody stops the others."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from lenet.data.strokes import render
from lenet.training.recipes import RECIPES
from lenet.ui.train import settings
from lenet.ui.train import tab as train
from lenet.ui.train.queue import MAX_RUNS_PER_OWNER
from tests.integration.test_endpoints import SEVEN
from tests.serving import serve

PATIENCE = 120  # seconds, of a machine that has other work
API = "/gradio_api"
LONG, SHORT = 10_000, 3  # epochs
SEEDS = itertools.count(1_000)
TOO_MANY = "As many programs train here as may: wait until one of their runs ends."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("queue") / "app.log") as address:
        yield address


class Visitor:
    """A page's visitor and programs of the same address, who ask over HTTP what the scripts ask."""

    def __init__(self, client: httpx.AsyncClient, config: dict[str, Any], key: str) -> None:
        self.client, self.key = client, key
        by_id = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        self.training = by_id["training"]
        self.events = {event["api_name"]: event["id"] for event in config["dependencies"]}
        button = next(part["id"] for part in config["components"] if part["type"] == "uploadbutton")
        self.taking = next(event for event in config["dependencies"] if button in event["inputs"])

    async def ask(self, function: str, **question: Any) -> Any:
        body = {
            "data": {"visitor": self.key, **question},
            "component_id": self.training,
            "session_hash": self.key,
            "fn_name": function,
        }
        return (await self.client.post(f"{API}/component_server", json=body)).json()

    async def begin(self, epochs: int) -> str:
        """A run of its own: one that was trained before, with the same seed, would only be shown again."""
        own = {"recipe": "digits-demo", "epochs": epochs, "seed": next(SEEDS)}
        chosen = settings.of(RECIPES["digits-demo"]) | own
        return (await self.ask("begin", settings=chosen))["run"]

    async def status(self, run: str, *wanted: str, within: float) -> float:
        """Look as the page does until the run is so; the seconds that it took."""
        began = time.monotonic()
        while True:
            facts = next(facts for facts in (await self.ask("look", known={}))["runs"] if facts["id"] == run)
            if facts["status"] in wanted:
                return time.monotonic() - began
            assert time.monotonic() - began < within, f"still {facts['status']} after {within} seconds"
            await asyncio.sleep(0.1)

    async def call(self, epochs: int) -> str:
        """A program's call of the endpoint, for a run of its own: the event's id."""
        data = ["digits-demo", "digits", epochs, 64, 0.004, next(SEEDS)]
        reply = await self.client.post(f"{API}/call/train", json={"data": data})
        assert reply.status_code == 200, reply.text
        return reply.json()["event_id"]

    async def frames(self, event: str) -> AsyncIterator[list[Any]]:
        async with self.client.stream("GET", f"{API}/call/train/{event}") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: ") and (frame := json.loads(line.removeprefix("data: "))):
                    yield frame

    async def said(self, event: str) -> list[str]:
        return [frame[0] async for frame in self.frames(event)]

    async def upload(self) -> int:
        """The status of the event that takes a visitor's network, which waits in Gradio's queue."""
        nothing = [None] * len(self.taking["inputs"])
        body = {"data": nothing, "fn_index": self.taking["id"], "session_hash": self.key}
        return (await self.client.post(f"{API}/queue/join", json=body)).status_code

    async def digit(self) -> str:
        """What is read in a drawing that is sent."""
        png = io.BytesIO()
        render(SEVEN, 20).save(png, "PNG")
        reply = await self.client.post(f"{API}/upload", files={"files": ("seven.png", png.getvalue())})
        picture = {"path": reply.json()[0], "meta": {"_type": "gradio.FileData"}}
        reply = await self.client.post(f"{API}/run/classify_digit", json={"data": [picture, "digits", "modern"]})
        return reply.json()["data"][0]["label"]


class Program:
    """A program that calls the endpoint and reads what it answers."""

    def __init__(self, visitor: Visitor) -> None:
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self._read(visitor))

    async def answer(self) -> str:
        """What it is told after "Starting": a place in the queue, how far the run is, or why there is none."""
        return await asyncio.wait_for(asyncio.shield(self._answer), PATIENCE)

    async def _read(self, visitor: Visitor) -> None:
        said = 0
        async for frame in visitor.frames(await visitor.call(LONG)):
            said += 1
            if said == 2:
                self._answer.set_result(frame[0])


def visiting(url: str, test: Callable[[Visitor], Awaitable[None]], key: str = "ab" * 16) -> None:
    async def visit() -> None:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
            await test(Visitor(client, (await client.get("/config")).json(), key))

    with ThreadPoolExecutor(1) as pool:  # Playwright leaves a running event loop in this thread
        pool.submit(asyncio.run, visit()).result()


async def unread_calls(visitor: Visitor, count: int) -> list[str]:
    return list(await asyncio.gather(*(visitor.call(LONG) for _ in range(count))))


async def unread_sessions(visitor: Visitor, count: int) -> list[str]:
    """The same by the way that the page's own events take."""
    body = {"fn_index": visitor.events["train"]}
    data = ["digits-demo", "digits", LONG, 64, 0.004]
    asked = (
        visitor.client.post(
            f"{API}/queue/join", json=body | {"data": [*data, next(SEEDS)], "session_hash": f"nobody-{number}"}
        )
        for number in range(count)
    )
    replies = await asyncio.gather(*asked)
    assert {reply.status_code for reply in replies} == {200}
    return [reply.json()["event_id"] for reply in replies]


@pytest.mark.parametrize("flood", [unread_calls, unread_sessions])
def test_runs_that_nobody_reads_stop_nobody(url: str, flood: Callable[[Visitor, int], Awaitable[list[str]]]) -> None:
    async def test(visitor: Visitor) -> None:
        events = await flood(visitor, 28)
        assert await visitor.upload() == 200
        assert await visitor.digit() == "7"
        run = await visitor.begin(SHORT)
        took = await visitor.status(run, "done", within=PATIENCE)
        print(f"the page's run was done after {took:.1f} s")
        await asyncio.sleep(3)
        assert (await visitor.client.get(f"{API}/queue/status")).json()["queue_size"] == 0
        if flood is unread_calls:  # who comes too late hears why
            said = {(await visitor.said(event))[-1] for event in events}
            assert train.UNREAD in said
            assert said <= {train.UNREAD, TOO_MANY}

    visiting(url, test)


def test_a_program_that_reads_gets_its_run_to_the_end_beside_a_long_one(url: str) -> None:
    async def test(visitor: Visitor) -> None:
        long = await visitor.begin(LONG)
        looking = asyncio.create_task(visitor.status(long, "done", within=1000))  # a page that stays
        try:
            said = await asyncio.wait_for(visitor.said(await visitor.call(SHORT)), PATIENCE)
        finally:
            looking.cancel()
        assert "test images right" in said[-1]
        assert any("place 1 in the queue" in line for line in said)
        await visitor.ask("tell", run=long, order="remove")

    visiting(url, test, "cd" * 16)


def test_a_program_that_vanishes_gives_way(url: str) -> None:
    async def test(visitor: Visitor) -> None:
        event = await visitor.call(LONG)
        async for frame in visitor.frames(event):
            if "% done" in frame[0]:
                break
        run = await visitor.begin(SHORT)
        took = await visitor.status(run, "running", "measuring", "done", within=PATIENCE)
        print(f"the place was free after {took:.1f} s")

    visiting(url, test, "ef" * 16)


def test_programs_of_one_address_are_one_visitor(url: str) -> None:
    async def test(visitor: Visitor) -> None:
        going: list[asyncio.Task[None]] = []
        deadline = time.monotonic() + PATIENCE
        while len(going) < MAX_RUNS_PER_OWNER and time.monotonic() < deadline:
            # Not always all at the first attempt: the call that vanished in another test counts for two seconds.
            programs = [Program(visitor) for _ in range(len(going), MAX_RUNS_PER_OWNER)]
            answers = await asyncio.gather(*(program.answer() for program in programs))
            going += [p.reading for p, answer in zip(programs, answers, strict=True) if answer != TOO_MANY]
        assert len(going) == MAX_RUNS_PER_OWNER
        more = [Program(visitor) for _ in range(4)]
        assert {await program.answer() for program in more} == {TOO_MANY}
        assert not any(task.done() for task in going)
        assert await visitor.upload() == 200
        run = await visitor.begin(SHORT)
        await visitor.status(run, "done", within=PATIENCE)  # the rest of their one turn, and its own
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    visiting(url, test, "01" * 16)
