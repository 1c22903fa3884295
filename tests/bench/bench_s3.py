"""What a PUT to S3 costs, by boto3 at its best and by our own way; and what a worker asks of the store for one article.

The null endpoint answers at once and does nothing, so that only the client is measured; it runs on the other core.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

import boto3
from botocore.config import Config
from botocore.handlers import add_expect_header

from tests.bench import Row
from tests.bench.corpus import Corpus
from tests.servers import answers, free_port
from tests.servers.s3 import BUCKET, CREDENTIALS, good
from tests.unit.store.counting import Counting
from wireroom import codec
from wireroom.clock import ManualClock, micros
from wireroom.config import FeedSettings, Publication, Settings
from wireroom.connect import open_store
from wireroom.log import ARTICLES
from wireroom.log.memory import MemoryLog
from wireroom.sink import load_sink
from wireroom.store import Metadata, Store
from wireroom.store.memory import MemoryStore
from wireroom.worker.loop import Worker

BODY = Random(6).randbytes(6_000)
METADATA = Metadata("application/json", "public, max-age=60", "id", {"generation": "7", "worker": "feeds"})
PUTS, TURNS = 400, 5
THREADS = (1, 8)
FEEDS, EVENTS = 5, 200
NULL = """
import asyncio, sys
ANSWER = b'HTTP/1.1 200 OK\\r\\nDate: Tue, 24 Nov 2026 08:30:00 GMT\\r\\nETag: "0"\\r\\nContent-Length: 0\\r\\n\\r\\n'
class Null(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.received = transport, b""
    def data_received(self, data):
        self.received += data
        head, found, rest = self.received.partition(b"\\r\\n\\r\\n")
        if found and len(rest) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\\r")[0]):
            self.received = b""
            self.transport.write(ANSWER)
async def main():
    server = await asyncio.get_running_loop().create_server(Null, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""
Put = Callable[[int], object]


def run() -> Iterator[Row]:
    """The client alone, then a real server, then the requests of a worker at work."""
    os.environ.update(CREDENTIALS)
    with null_endpoint() as port:
        url = f"s3://{BUCKET}/bench?endpoint=http://127.0.0.1:{port}"
        yield from compared(by_boto3(port), by_store(open_store(url)))
    with TemporaryDirectory(dir="build") as folder, good(Path(folder) / "s3") as server:
        for threads in THREADS:
            speed = median(per_second(by_store(open_store(server.url())), threads)[0] for _ in range(3))
            yield _row(f"s3: PUT to a real server, {threads} threads", speed, "puts/s")
    for sink in ("feeds", "sitemaps", "articles"):
        yield from requests(sink)


def compared(boto: Put, ours: Put) -> Iterator[Row]:
    """In turns, because the speed of a shared machine changes by the second."""
    for threads in THREADS:
        turns = [(*per_second(boto, threads), *per_second(ours, threads)) for _ in range(TURNS)]
        slow, dear, fast, cheap = (median(column) for column in zip(*turns, strict=True))
        name = f"s3: PUT to nowhere, {threads} threads"
        yield _row(f"{name}, boto3 at its best", slow, "puts/s")
        yield _row(f"{name}, signed by botocore, sent by urllib3", fast, "puts/s")
        yield _row(f"{name}, CPU of the first over the second", dear / cheap, "x", goal=1.5)


def per_second(put: Put, threads: int) -> tuple[float, float]:
    """Puts a second, and milliseconds of CPU each."""
    start, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(put, range(PUTS)))
    return PUTS / (time.perf_counter() - start), (time.process_time() - used) / PUTS * 1e3


def by_boto3(port: int) -> Put:
    """One shared client, with everything switched off that costs time and is not needed."""
    config = Config(
        user_agent="bench",
        max_pool_connections=32,
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        parameter_validation=False,
        s3={"addressing_style": "path"},
    )
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}", config=config)
    client.meta.events.unregister("before-call.s3", add_expect_header)

    def put(number: int) -> None:
        client.put_object(
            Bucket=BUCKET,
            Key=f"articles/kabar-harian/{number}.json",
            Body=BODY,
            IfNoneMatch="*",
            ContentType=METADATA.media_type,
            CacheControl=METADATA.cache_control,
            ContentLanguage=METADATA.language,
            Metadata=dict(METADATA.user),
        )

    return put


def by_store(store: Store) -> Put:
    """As a worker does it."""

    def put(number: int) -> None:
        store.put(f"articles/kabar-harian/{number}.json", BODY, None, METADATA)

    return put


@contextmanager
def null_endpoint() -> Iterator[int]:
    """Its port."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", NULL, str(port)]) as process:
        while not answers(port):
            time.sleep(0.05)
        yield port
        process.terminate()


def requests(sink: str) -> Iterator[Row]:
    """Articles one at a time, each published by itself, once the worker has started."""
    corpus, now = Corpus(), datetime.now(UTC)
    publication = Publication(id=corpus.publication, name="Kabar Harian", language="id", url=corpus.site)
    feeds = tuple(FeedSettings(id=f"feed-{number}", publication=corpus.publication) for number in range(FEEDS))
    settings = Settings(publications=(publication,), feeds=feeds, flush_interval=0)
    clock = ManualClock(micros(now))
    log, store = MemoryLog(1, clock), Counting(MemoryStore(clock))
    session = Worker(load_sink(sink, settings), log, store, settings, clock).join()
    first, *events = corpus.events(EVENTS + 1, now, over=timedelta(hours=40))
    for event in (first, *events):
        if event is events[0]:
            store.requests.clear()
        log.append(ARTICLES, [codec.encode(event)])
        while not session.step(wait=False):
            pass
    times = FEEDS if sink == "feeds" else 1
    name = f"s3: {sink}, {'an article in a feed' if sink == 'feeds' else 'an article'}"
    yield _row(f"{name}, GETs", store.count("GET") / EVENTS / times, "requests", goal=0)
    yield _row(f"{name}, PUTs", store.count("PUT") / EVENTS / times, "requests")
    yield _row(f"{name}, PUTs that change nothing", float(len(store.needless)), "requests", goal=0)


def _row(name: str, value: float, unit: str, goal: float | None = None) -> Row:
    return {"name": name, "value": value, "unit": unit, "limit": None, "goal": goal}
