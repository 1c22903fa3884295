"""Events over HTTP, the client in a process of its own: one by one over 64 connections, and in batches over two.

Beside them the server that only reads and answers, and, for batches, the same work without HTTP: what it takes to
parse, validate and encode, and a bare append. Client, server and broker share this machine.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.bench import Row
from tests.bench.bench_live import WIREROOM
from tests.bench.corpus import Corpus
from tests.servers.kafka import Broker
from wireroom import event_json
from wireroom.codec import encode
from wireroom.connect import open_log
from wireroom.log import ARTICLES

SINGLES, BATCHES, LINES = 15_000, 30, 500
CONNECTIONS, STREAMS = 64, 2  # for single events, for batches
GOALS = {"SQLite": 1_500, "Kafka": 2_500}  # single events a second
LONG = {"batches of 1,000": (1_000_000, 1_000), "single ones": (300_000, 1)}  # events, and how many in a request
STEP, FLAT = 100_000, 10  # events, and MB by which memory may grow from the second step to the last
OF_BARE = 0.6  # of batches: the share of the speed without HTTP
EMPTY = """
import asyncio
from wireroom.web import WebServer
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
server = WebServer(app, port=0)
print(server.address, flush=True)
server.run()
"""


def run() -> Iterator[Row]:
    """The empty server, then SQLite, then Kafka; then memory over a million events."""
    Path("build").mkdir(exist_ok=True)
    singles = [json.dumps(event, ensure_ascii=False).encode() for event in events(SINGLES)]
    with TemporaryDirectory(dir="build") as name, serving([sys.executable, "-c", EMPTY], Path(name)) as (url, _):
        empty = apart(send, url, "", "/v1/events", "application/json", singles, CONNECTIONS)
        yield _row("the empty server", empty, "requests/s")
    with TemporaryDirectory(dir="build") as name, Broker(Path(name) / "kafka") as broker:
        for kind, log in (("SQLite", "sqlite:///wireroom.db"), ("Kafka", broker.url)):
            folder = Path(name) / kind
            folder.mkdir()
            yield from measured(kind, log, folder, singles, empty)
    for kind, (count, together) in LONG.items():
        with TemporaryDirectory(dir="build") as name:
            yield from remembered(kind, Path(name), singles, count, together)


def remembered(name: str, folder: Path, events: Sequence[bytes], count: int, together: int) -> Iterator[Row]:
    """The memory of an ingest on SQLite at each step of many events: it must not grow with them."""
    media, path = ("application/x-ndjson", "/v1/events:batch") if together > 1 else ("application/json", "/v1/events")
    parts = [b"\n".join(events[at : at + together]) for at in range(0, len(events), together)]
    requests = (parts * (STEP // len(events) + 1))[: STEP // together]
    create = [*WIREROOM, "keys", "create", "--all-publications", "--rate", "1000000", "--burst", "10000000"]
    key = subprocess.run(create, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    with serving([*WIREROOM, "ingest", "--port", "0"], folder) as (url, process):
        memory = []
        for done in range(STEP, count + 1, STEP):
            apart(send, url, key, path, media, requests, CONNECTIONS if together == 1 else STREAMS)
            memory.append(resident(process))
            yield _row(f"memory after {done:,} events, {name}", memory[-1], "MB")
    yield _row(f"memory gained after the first {STEP:,} events, {name}", memory[-1] - memory[0], "MB", goal=FLAT)


def events(count: int) -> Iterator[dict[str, object]]:
    """As a publishing system sends them, without what it does not know: 6 to 7 KB each."""
    for event in Corpus().events(count, datetime.now(UTC)):
        yield event.model_dump(mode="json", exclude_defaults=True)


def measured(kind: str, log: str, folder: Path, singles: Sequence[bytes], empty: float) -> Iterator[Row]:
    """One log."""
    os.environ["WIREROOM_LOG__URL"] = log
    try:
        if kind == "Kafka":
            subprocess.run([*WIREROOM, "topics", "apply"], cwd=folder, check=True, capture_output=True)
        create = [*WIREROOM, "keys", "create", "--all-publications", "--rate", "1000000", "--burst", "10000000"]
        key = subprocess.run(create, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
        command = [*WIREROOM, "ingest", "--port", "0"]
        with serving(command, folder) as (url, process):
            memory = [resident(process)]
            for _ in range(2):
                rate = apart(send, url, key, "/v1/events", "application/json", singles, CONNECTIONS)
                memory.append(resident(process))
            yield _row(f"single events, {kind}", rate, "events/s", empty, GOALS[kind])
            if kind == "Kafka":
                with serving(command, folder) as (second, _):
                    rate = apart(send, f"{url} {second}", key, "/v1/events", "application/json", singles, CONNECTIONS)
                yield _row(f"single events, {kind}, two processes", rate, "events/s", goal=GOALS[kind])
            lines = [b"\n".join(singles[at : at + LINES]) for at in range(0, len(singles), LINES)]
            batches = (lines * (BATCHES // len(lines) + 1))[:BATCHES]
            rate = LINES * apart(send, url, key, "/v1/events:batch", "application/x-ndjson", batches, STREAMS)
            memory.append(resident(process))
        bare = apart(without_http, log, folder, batches)
        yield _row(f"batches of {LINES}, {kind}; limit: without HTTP", rate, "events/s", bare, OF_BARE * bare)
        count = f"{SINGLES:,}"
        for when, value in zip(
            ("at the start", f"after {count} events", f"after twice {count}", "after the batches"), memory, strict=True
        ):
            yield _row(f"memory {when}, {kind}", value, "MB", goal=250)
    finally:
        del os.environ["WIREROOM_LOG__URL"]


def without_http(log: str, folder: Path, batches: Sequence[bytes]) -> float:
    """Events a second: parsed, validated, encoded and appended, one batch after the other."""
    os.chdir(folder)
    opened = open_log(log)
    start = time.perf_counter()
    for batch in batches:
        parsed = [event_json.event(event_json.one(line)) for line in batch.split(b"\n")]
        opened.append(ARTICLES, [encode(event) for event in parsed])
    rate = LINES * len(batches) / (time.perf_counter() - start)
    opened.close()
    return rate


def apart(work: Callable[..., float], *given: object) -> float:
    """What `work` finds in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *given).result()


@contextmanager
def serving(command: Sequence[str], folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own, and its address, which it prints first."""
    with (folder / "server.log").open("wb") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith("http://")), process
    finally:
        process.terminate()
        process.wait(10)


def resident(process: subprocess.Popen[str]) -> float:
    """MB of memory that a process has now."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


# ---- the client -------------------------------------------------------------------------------------------------


def send(urls: str, key: str, path: str, media_type: str, bodies: Sequence[bytes], connections: int) -> float:
    """Requests a second, each connection sending the next when it has the answer to the last.

    `urls`: of the servers, with spaces between; they share the connections.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: {media_type}\r\n"
    requests = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
    return asyncio.run(_send([urlsplit(url).port or 0 for url in urls.split()], requests, connections))


async def _send(ports: Sequence[int], requests: list[bytes], connections: int) -> float:
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    left = iter(requests)
    start = time.perf_counter()
    clients = [_Client(left, done) for _ in range(connections)]
    for client, port in zip(clients, cycle(ports), strict=False):
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    while any(not client.ended for client in clients):
        await done.wait()
        done.clear()
    return len(requests) / (time.perf_counter() - start)


class _Client(asyncio.Protocol):
    def __init__(self, left: Iterator[bytes], done: asyncio.Event) -> None:
        self._left, self._done = left, done
        self._answer = b""
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._answer = b""
            if head.startswith(b"HTTP/1.1 503"):
                self._transport.write(self._request)  # again, as a publishing system would
            else:
                assert head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200")), head
                assert b'"status": 4' not in body, body
                self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self._done.set()

    def _next(self) -> None:
        if (request := next(self._left, None)) is not None:
            self._request = request
            self._transport.write(request)
        else:
            self._transport.close()


def _row(name: str, value: float, unit: str, limit: float | None = None, goal: float | None = None) -> Row:
    return {"name": f"ingest: {name}", "value": value, "unit": unit, "limit": limit, "goal": goal}
