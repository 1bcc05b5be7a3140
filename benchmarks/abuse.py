"""Does the server bear those who mean harm?  Counts of what must not happen, and memory before, after and at rest.

    python -m benchmarks abuse                     10,000 hostile requests over every way in
    python -m benchmarks abuse --requests 30000 --seed 1

Malformed calls of every event and endpoint, foreign paths, halves of letters, odd pictures, deep and large JSON,
invented sessions and keys, half-open sockets, uploads that lie. Eight clients at once, all on loopback, from a fixed
seed. A ninth draws meanwhile, as a visitor does. Exits with 1 unless all counts are 0. Linux only.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock
from typing import Any

import httpx
import numpy as np

from benchmarks.load import SHIP, Server, machine_load, picture, resident, served, threads
from lenet.training.stored import WEIGHTS

CLIENTS = 8
SLOW = 5.0  # seconds
SECRET = "the content of a file of the server"
SENTENCE = re.compile(r'"(?:error|detail)":\s*"[^"]*[.。]"')
PLAIN = re.compile(r"[A-Z][^<>{}]*\.")
TRACEBACK = re.compile(r"Traceback|\bFile \"|site-packages|pydantic|NoneType|object has no attribute")
TRACED = re.compile(r"^Traceback[^\n]*\n(?:[ ][^\n]*\n)*([^\n]*)", re.MULTILINE)  # the error of one in a log
HALF = "\ud800"
META = {"_type": "gradio.FileData"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rest", type=float, default=40.0, help="seconds before the last row (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    with TemporaryDirectory() as folder, served(Path(folder)) as (url, process):
        (Path(folder) / "secret.txt").write_text(SECRET)
        abuse = Abuse(url, Path(folder), options.seed)
        rows = [row("before", process)]
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            ended = Event()
            visitor = pool.submit(abuse.visit, ended)
            list(pool.map(lambda _: abuse.attack(), range(options.requests)))
            rows.append(row("after", process))
            ended.set()
            drawings = visitor.result()
        time.sleep(options.rest)
        rows.append(row(f"after {options.rest:.0f} s of rest", process))
        log = (Path(folder) / "app.log").read_text()
    print(f"{options.requests:,} requests, load of the machine {machine_load()}\n")
    print("| what | count |\n|---|---:|")
    found = abuse.found
    found["tracebacks in the log"] = log.count("Traceback")
    for name in COUNTS:
        print(f"| {name} | {found[name]} |")
    for example in (*abuse.examples[:10], *dict.fromkeys(TRACED.findall(log))):
        print(f"  {example[:300]}")
    print("\n| | resident, MB | threads |\n|---|---:|---:|\n" + "\n".join(rows))
    print(
        f"\nA visitor's {len(drawings)} drawings meanwhile: "
        f"p50 {np.median(drawings):.0f} ms, most {max(drawings):.0f} ms."
    )
    print("Answers by status: " + ", ".join(f"{status}: {count}" for status, count in sorted(abuse.statuses.items())))
    return 1 if any(found[name] for name in COUNTS) else 0


COUNTS = (
    "5xx without a sentence",
    "5xx of ours",
    "refusals without a sentence",
    "tracebacks in answers",
    "tracebacks in the log",
    "paths of the server in answers",
    "files outside read",
    "answers slower than 5 s",
    "connections that broke",
)


def row(name: str, process: int) -> str:
    return f"| {name} | {resident(process):,.0f} | {threads(process)} |"


class Abuse:
    """Hostile requests, and what came of them."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.server, self.folder, self.random = Server(url), folder, random.Random(seed)
        self.paths = re.compile(rf"{re.escape(str(folder))}|/root/|/home/|/usr/lib|/proc/|{re.escape(str(Path.cwd()))}")
        self.found: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.examples: list[str] = []
        self.lock = Lock()
        cheap = [self.server_function, self.endpoint, self.event, self.raw_json, self.file_route, self.invented]
        # what is written to the disk or decoded takes a hundred times as long
        self.ways: list[Callable[[random.Random], httpx.Response]] = [*cheap * 4, self.upload, self.odd_picture]

    def visit(self, ended: Event) -> list[float]:
        """Milliseconds of a visitor's drawings."""
        times: list[float] = []
        server = Server(str(self.server.http.base_url))
        while not ended.is_set():
            began = time.monotonic()
            server.ask("read_drawing", server.drawing(picture(len(times) % 50), pad="visitor", live=False))
            times.append(1000 * (time.monotonic() - began))
            time.sleep(0.2)
        return times

    def attack(self) -> None:
        with self.lock:
            chance = random.Random(self.random.random())
        way, began = chance.choice(self.ways), time.monotonic()
        try:
            answer = way(chance)
        except httpx.HTTPError as error:
            return self._count("connections that broke", f"{way.__name__}: {type(error).__name__}")
        self._judge(way.__name__, answer, time.monotonic() - began)

    def _judge(self, way: str, answer: httpx.Response, seconds: float) -> None:
        text, status = answer.text, answer.status_code
        with self.lock:
            self.statuses[status] += 1
        said = SENTENCE.search(text) is not None or PLAIN.fullmatch(text) is not None
        example = f"{way}: {status} {text[:150]!r}"
        if status >= 500:
            self._count("5xx of ours" if said else "5xx without a sentence", example)
        elif status >= 400 and not said:
            self._count("refusals without a sentence", example)
        if TRACEBACK.search(text):
            self._count("tracebacks in answers", example)
        if self.paths.search(re.sub(rf"{re.escape(str(self.folder))}/uploads/[^\"]*", "", text)):
            self._count("paths of the server in answers", example)
        if SECRET in text or "root:" in text:
            self._count("files outside read", example)
        if seconds > SLOW:
            self._count("answers slower than 5 s", f"{way}: {seconds:.1f} s")

    def _count(self, name: str, example: str) -> None:
        with self.lock:
            self.found[name] += 1
            self.examples.append(f"{name}: {example}")

    # --- ways in ---

    def post(self, route: str, body: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        return self.server.http.post(f"/gradio_api/{route}", content=content, headers=headers)

    def nonsense(self, chance: random.Random, depth: int = 0) -> Any:
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: chance.choice([0, -1, 1e308, 10**400, True, 0.1]),
            lambda: chance.choice(
                ["", HALF, "own-0123456789ab", "../../etc/passwd", "a" * 3000, "digits", "\0", "{x}"]
            ),
            lambda: {"path": chance.choice(["/etc/passwd", str(self.folder / "secret.txt"), "http://127.0.0.1/"])},
            lambda: {"path": str(self.folder / "secret.txt"), "meta": META},
            lambda: "data:image/png;base64," + chance.choice(["", "AAAA", "!", "A" * 5000]),
        ]
        if depth < 3:
            kinds.append(lambda: [self.nonsense(chance, depth + 1) for _ in range(chance.randrange(4))])
            kinds.append(lambda: {str(self.nonsense(chance, 3))[:20]: self.nonsense(chance, depth + 1)})
        return chance.choice(kinds)()

    def server_function(self, chance: random.Random) -> httpx.Response:
        names = (
            *("visitor", "run", "order", "value", "network", "picture", "photo", "box", "focus", "kind", "cell"),
            *("page", "settings", "known", "pipeline", "language", "own", "example", "pad", "live", "again"),
        )
        question = {name: self.nonsense(chance) for name in names if chance.random() < 0.5}
        if chance.random() < 0.3:
            question["visitor"] = "a" * 32
        name = chance.choice(sorted(set(self.server.components) - {"begin"}))
        return self.post("component_server", self.server.body(name, chance.choice([question, self.nonsense(chance)])))

    def endpoint(self, chance: random.Random) -> httpx.Response:
        name = chance.choice(
            [
                "classify_digit",
                "classify_photo",
                "train",
                "nothing",
                "predict",
                HALF.encode("utf-8", "replace").decode(),
            ]
        )
        body = {"data": [self.nonsense(chance) for _ in range(chance.randrange(5))]}
        if chance.random() < 0.3:
            body["fn_index"] = self.nonsense(chance)  # type: ignore[assignment]
        return self.post(f"{chance.choice(['run', 'call', 'call/v2'])}/{name}", body)

    def event(self, chance: random.Random) -> httpx.Response:
        body = {
            "data": [self.nonsense(chance) for _ in range(chance.randrange(6))],
            "fn_index": chance.choice([chance.randrange(14), self.nonsense(chance)]),
            "session_hash": chance.choice(["one", "two", self.nonsense(chance)]),
            "event_data": self.nonsense(chance),
            "trigger_id": self.nonsense(chance),
        }
        return self.post("queue/join", body)

    def raw_json(self, chance: random.Random) -> httpx.Response:
        body = chance.choice(
            [
                b"",
                b"{",
                b"null",
                b"[" * 2000,
                b'{"a":' * 500,
                b"\xff\xfe",
                b"[" + b"1," * 20_000 + b"1]",
                b'"\\ud800"',
                b"NaN",
            ]
        )
        return self.post(
            chance.choice(["component_server", "queue/join", "run/classify_digit", "cancel", "reset"]), body
        )

    def file_route(self, chance: random.Random) -> httpx.Response:
        target = chance.choice(
            [
                "/etc/passwd",
                str(self.folder / "secret.txt"),
                "..%2f..%2fetc%2fpasswd",
                "http://127.0.0.1/",
                str(WEIGHTS),
                "\0",
                "C:\\",
            ]
        )
        route = chance.choice(
            ["/gradio_api/file=", "/file=", "/gradio_api/proxy=", "/static/", "/assets/", "/scripts/x/"]
        )
        return self.server.http.get(route + target.replace("\0", "%00"))

    def upload(self, chance: random.Random) -> httpx.Response:
        name = chance.choice(["../../x.jpg", "a.safetensors", "x" * 300, "a\nb.png", "con", ".."])
        return self.server.http.post("/gradio_api/upload", files={"files": (name, bytes(chance.randrange(100_000)))})

    def odd_picture(self, chance: random.Random) -> httpx.Response:
        content = bytearray(SHIP.read_bytes())
        for _ in range(chance.randrange(1, 40)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        answer = self.server.http.post("/gradio_api/upload", files={"files": ("odd.jpg", bytes(content))})
        return self.post("run/classify_photo", {"data": [{"path": answer.json()[0], "meta": META}, "photos-lenet5"]})

    def invented(self, chance: random.Random) -> httpx.Response:
        session = f"invented-{chance.random()}"
        return self.post("run/classify_digit", {"data": [None, "digits", "modern"], "session_hash": session})
