"""Does the server keep up with a crowd?  Milliseconds of answers, memory, and the start.

    python -m benchmarks load                      10, 50 and 200 visitors, memory after much use, the start
    python -m benchmarks load --visitors 50 --seconds 20 --strokes 100000

A visitor draws pen strokes of half a second whose points arrive 60 times a second, and rests for two seconds. While
the pen moves, two questions at most are under way, as often as the server allows ("rest"), and of states that come
meanwhile only the newest: as draw/view.js does. Timed is the answer after the pen is lifted. Visitors begin one after
the other and are processes of their own, which share the cores with the server. Then photos are named while a crowd
draws. Loopback only. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from lenet.data.strokes import render
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from lenet.ui.train import settings
from tests.serving import ROOT, serve

POINTS, FRAME, PAUSE = 30, 1 / 60, 2.0  # points of a stroke, seconds between them, and between two strokes
CLIENTS = 2  # processes that all visitors share
GOALS = {50: 150, 200: 500}
SHIP = ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg"
PHOTO_NETWORKS = (
    *("photos", "photos-medium", "photos-small", "photos-lenet-wide", "photos-lenet5"),
    *("cifar10-lenet5-sgd", "cifar10-lenet5-linear"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--visitors", type=int, nargs="*", default=[10, 50, 200])
    parser.add_argument("--seconds", type=float, default=12.0, help="of each crowd (default: %(default)s)")
    parser.add_argument("--training", type=int, nargs="*", default=[50], help="crowds while a network trains")
    parser.add_argument("--beside-photos", type=int, nargs="*", default=[200], help="crowds while photos are named")
    parser.add_argument("--strokes", type=int, default=2000, help="drawings for the memory; an hour has 100,000")
    parser.add_argument("--photos", type=int, default=20, help="by 7 networks each; an hour has 300")
    parser.add_argument("--reports", type=int, default=5, help="an hour has 50")
    parser.add_argument("--uploads", type=int, default=6, help="an hour has 30")


def run(options: argparse.Namespace) -> None:
    with TemporaryDirectory() as folder:
        print(f"Load of the machine: {machine_load()}\n")
        began = time.monotonic()
        with served(Path(folder)) as (url, process):
            page = Server(url)
            page.ask("read_drawing", page.drawing(picture(0)))
            print(f"First drawing answered {time.monotonic() - began:.1f} s after the start.")
            time.sleep(10)
            print(f"Idle: {resident(process):,.0f} MB, {threads(process)} threads.\n")
            print("| visitors | training | strokes | questions a second | p50, ms | p95, ms | goal | machine's load |")
            print("|---:|---|---:|---:|---:|---:|---:|---|")
            for visitors in options.visitors:
                print(crowd(url, visitors, options.seconds, False), flush=True)
            for visitors in options.training:
                with training(page):
                    print(crowd(url, visitors, options.seconds, True), flush=True)
            print("\n| visitors who draw | photos named meanwhile | p50, ms | p95, ms | goal |")
            print("|---:|---:|---:|---:|---:|")
            for visitors in options.beside_photos:
                print(photos_beside(page, url, visitors, options.seconds), flush=True)
            memory(page, process, options)


def machine_load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    with serve(folder / "app.log", LENET_RUNS_DIR=str(folder / "runs")) as url:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        yield url, next(int(child) for child in children if b"app.py" in Path(f"/proc/{child}/cmdline").read_bytes())


def resident(process: int) -> float:
    """Megabytes of memory that a process has."""
    return _status(process, "VmRSS") * 1024 / 1e6


def threads(process: int) -> int:
    return _status(process, "Threads")


def _status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


class Server:
    """The page as its scripts ask it."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self.config = self.http.get("/config").json()
        self.components = {
            name: part["id"]
            for part in reversed(self.config["components"])
            for name in part["props"].get("server_fns") or []
        }

    def body(self, name: str, question: Any) -> dict[str, Any]:
        return {"component_id": self.components[name], "fn_name": name, "session_hash": "load", "data": question}

    def ask(self, name: str, question: Any) -> Any:
        answer = self.http.post("/gradio_api/component_server", json=self.body(name, question))
        return answer.raise_for_status().json()

    @staticmethod
    def drawing(address: str, **more: Any) -> dict[str, Any]:
        return {"picture": address, "network": "digits", "pipeline": "modern", "language": "en", "focus": None} | more


def picture(number: int) -> str:
    """A data address of a pad with a stroke, another for each number."""
    generator = np.random.default_rng(number)
    points = 60 + generator.uniform(0, 160, (2, 2)).cumsum(0) % 160
    buffer = io.BytesIO()
    render([[(float(x), float(y)) for x, y in points]], 20, 280).convert("RGB").save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


# --------------------------------------------------------------------------------------------------
# Crowds


def crowd(url: str, visitors: int, seconds: float, trains: bool) -> str:
    """A row of the table."""
    with ThreadPoolExecutor(CLIENTS) as pool, get_context("spawn").Pool(CLIENTS) as processes:
        shares = [visitors // CLIENTS + (number < visitors % CLIENTS) for number in range(CLIENTS)]
        jobs = [pool.submit(processes.apply, _visit, (url, share, seconds)) for share in shares if share]
        found = [job.result() for job in jobs]
    times = [one for times, _ in found for one in times]
    questions = sum(count for _, count in found) / seconds
    p50, p95 = np.percentile(times, [50, 95])
    goal = 400 if trains else GOALS.get(visitors, "")
    cells = (
        visitors,
        "yes" if trains else "no",
        len(times),
        f"{questions:.0f}",
        f"{p50:.0f}",
        f"{p95:.0f}",
        goal,
        machine_load(),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _visit(url: str, visitors: int, seconds: float) -> tuple[list[float], int]:
    return asyncio.run(_crowd(url, visitors, seconds))


async def _crowd(url: str, visitors: int, seconds: float) -> tuple[list[float], int]:
    server = Server(url)
    pictures = [picture(number) for number in range(40)]
    # The server ends connections that rest for five seconds.
    limits = httpx.Limits(max_connections=2 * visitors, keepalive_expiry=3)
    times: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=120, trust_env=False, limits=limits) as http:
        people = [_Visitor(server, http, pictures, number) for number in range(visitors)]
        until = time.monotonic() + seconds
        for found in await asyncio.gather(*(person.draw(until) for person in people)):
            times += found
    return times, sum(person.asked for person in people)


class _Visitor:
    def __init__(self, server: Server, http: httpx.AsyncClient, pictures: list[str], number: int) -> None:
        self.server, self.http, self.pictures = server, http, pictures
        self.pad = os.urandom(8).hex()
        self.wait = np.random.default_rng(number).uniform(0, PAUSE + POINTS * FRAME)
        self.asked, self.rest, self.left, self.answered = 0, 0.0, 0.0, False
        self.free = asyncio.Semaphore(1)  # as in the script: one question until the first answer, two from then on

    async def draw(self, until: float) -> list[float]:
        """Milliseconds of the last answer of each stroke."""
        times = []
        await asyncio.sleep(self.wait)
        while time.monotonic() < until:
            live = []
            for _ in range(POINTS):
                if not self.free.locked() and time.monotonic() - self.left >= self.rest:
                    live.append(asyncio.ensure_future(self._ask(True)))
                await asyncio.sleep(FRAME)
            began = time.monotonic()
            await self._ask(False)
            times.append(1000 * (time.monotonic() - began))
            await asyncio.gather(*live)
            await asyncio.sleep(PAUSE)
        return times

    async def _ask(self, live: bool) -> None:
        async with self.free:
            await self._answer(live)

    async def _answer(self, live: bool) -> None:
        self.asked, self.left = self.asked + 1, time.monotonic()
        question = Server.drawing(self.pictures[self.asked % len(self.pictures)], pad=self.pad, live=live)
        answer = await self.http.post("/gradio_api/component_server", json=self.server.body("read_drawing", question))
        reply = answer.raise_for_status().json()
        assert "problem" not in reply, reply
        self.rest = reply.get("rest", 0) / 1000
        if not self.answered:
            self.answered = True
            self.free.release()


def photos_beside(page: Server, url: str, visitors: int, seconds: float) -> str:
    """A row of the table: one visitor opens photos and has them named by `photos`, while a crowd draws."""
    times = []
    with ThreadPoolExecutor(1) as pool:
        drawing = pool.submit(crowd, url, visitors, seconds, False)
        while not drawing.done():
            began = time.monotonic()
            photo = page.ask("open_photo", {"picture": ship()})["photo"]
            page.ask("name_photo", {"photo": photo, "network": "photos", "box": None})
            times.append(1000 * (time.monotonic() - began))
            time.sleep(0.2)
        drawing.result()
    p50, p95 = np.percentile(times, [50, 95])
    return f"| {visitors} | {len(times)} | {p50:.0f} | {p95:.0f} | 1000 |"


def ship() -> str:
    return "data:image/jpeg;base64," + base64.b64encode(SHIP.read_bytes()).decode()


@contextmanager
def training(page: Server) -> Iterator[None]:
    """A network trains meanwhile, watched as by a page."""
    visitor = os.urandom(16).hex()
    wanted = {"recipe": "digits-demo"} | settings.of(RECIPES["digits-demo"]) | {"epochs": 10_000}
    run = page.ask("begin", {"visitor": visitor, "settings": wanted})["run"]
    ends = False

    def watch() -> None:
        mine = Server(str(page.http.base_url))
        while not ends:
            mine.ask("look", {"visitor": visitor, "known": {}, "wait": True})

    with ThreadPoolExecutor(1) as pool:
        pool.submit(watch)
        time.sleep(5)
        try:
            yield
        finally:
            page.ask("tell", {"visitor": visitor, "run": run, "order": "remove"})
            ends = True


# --------------------------------------------------------------------------------------------------
# Memory


def memory(page: Server, process: int, options: argparse.Namespace) -> None:
    print("\n| after | resident, MB | threads |\n|---|---:|---:|")

    def row(name: str) -> None:
        print(f"| {name} | {resident(process):,.0f} | {threads(process)} |", flush=True)

    row("the crowds")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: page.ask("read_drawing", page.drawing(picture(n))), range(options.strokes)))
    row(f"{options.strokes:,} drawings")
    for _ in range(options.photos):
        photo = page.ask("open_photo", {"picture": ship()})["photo"]
        with ThreadPoolExecutor(4) as pool:
            asked = [{"photo": photo, "network": network, "box": None} for network in PHOTO_NETWORKS]
            list(pool.map(lambda question: page.ask("name_photo", question), asked))
    row(f"{options.photos} photos by {len(PHOTO_NETWORKS)} networks")
    names = ["digits", "mnist-lenet5-bn", "mnist-lenet5-sigmoid", "mnist-lenet5-1998"]
    for number in range(options.reports):
        name = names[number % len(names)]
        while "waiting" in page.ask("measure", {"network": name, "again": True}):
            time.sleep(0.2)
        page.ask("keep", {"network": name, "kind": "report"})
    row(f"{options.reports} reports")
    for number in range(options.uploads):
        upload(page, WEIGHTS / "digits.safetensors", f"session-{number}")
    row(f"{options.uploads} uploads")
    time.sleep(40)
    row("40 s of rest")


def upload(page: Server, file: Path, session: str) -> None:
    """As the Zoo tab does, and as a browser that then leaves."""
    path = page.http.post("/gradio_api/upload", files={"files": (file.name, file.read_bytes())}).json()[0]
    button = next(part["id"] for part in page.config["components"] if part["type"] == "uploadbutton")
    event = next(
        event
        for event in page.config["dependencies"]
        if button in event["inputs"] and event["targets"][0][1] == "upload"
    )
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = [given if number == button else None for number in event["inputs"]]
    page.http.post(
        "/gradio_api/queue/join", json={"data": data, "fn_index": event["id"], "session_hash": session}
    ).raise_for_status()
    address = f"{page.http.base_url}/gradio_api/queue/data?session_hash={session}"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60) as stream:
        for line in stream:
            if line.startswith(b"data: ") and json.loads(line[6:]).get("msg") == "process_completed":
                return
