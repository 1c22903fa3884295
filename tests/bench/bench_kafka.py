"""From Kafka into a real S3 server, one process a worker; what limits it is beside it.

Broker, bucket and workers share this machine: on machines of their own each has more.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread

from tests.bench import Row
from tests.bench.bench_backfill import Measured, in_process, measured, settings
from tests.bench.bench_live import RATE, WIREROOM, fresh_events, idle
from tests.bench.bench_s3 import BODY, METADATA, requests
from tests.bench.corpus import Corpus
from tests.servers.kafka import Broker
from tests.servers.s3 import CREDENTIALS, good
from wireroom import Publisher, codec
from wireroom.cli._running import WRITERS
from wireroom.connect import open_log, open_store
from wireroom.log import ARTICLES
from wireroom.sink import load_sink
from wireroom.store import Store
from wireroom.worker import Worker

EVENTS, PUTS = 10_000, 4_000
SINKS = ("feeds", "sitemaps", "articles")
CONFIG = """\
publications: [{id: kabar-harian, name: Kabar Harian, language: id, url: "https://kabar-harian.example/"}]
feeds: [{id: latest, publication: kabar-harian, entries: %d}]
"""


def run() -> Iterator[Row]:
    """The limits, each worker alone with an archive, then live; the requests of a worker are the same with any log."""
    os.environ.update(CREDENTIALS)
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir="build") as name, Broker(Path(name) / "kafka") as broker, good(Path(name) / "s3") as s3:
        yield from backfill(broker.url, s3.url)
        for interval in (0, 1):
            yield from live(Path(name) / f"live-{interval}", broker.url, s3.url(), interval)
    yield from requests("feeds")


def topics(url: str, prefix: str) -> None:
    """Topics of their own."""
    told = os.environ | {"WIREROOM_LOG__URL": url, "WIREROOM_LOG__PREFIX": prefix}
    subprocess.run([*WIREROOM, "topics", "apply"], env=told, check=True, capture_output=True)


# ---- an archive -------------------------------------------------------------------------------------------------


def backfill(url: str, bucket: Callable[[], str]) -> Iterator[Row]:
    """Each worker in a process of its own."""
    topics(url, "backfill.")
    with Publisher(url, prefix="backfill.") as publisher:
        publisher.publish(Corpus().events(EVENTS, datetime.now(UTC)))
    decoding, putting = in_process(_decode, url), in_process(_put, bucket())
    yield _row("consume, decode and validate alone", decoding.rate, "events/s")
    yield _row(f"PUT of 6 KB alone, {WRITERS} threads", putting.rate, "puts/s")
    for sink in SINKS:
        found = in_process(_work, url, bucket(), sink)
        yield _row(f"{sink}, backfill", found.rate, "events/s", putting.rate if sink == "articles" else decoding.rate)
        yield _row(f"{sink}, processor", found.cpu, "ms an event", putting.cpu if sink == "articles" else decoding.cpu)
        yield _row(f"{sink}, peak memory", found.memory, "MB")


def _decode(url: str) -> Measured:
    log = open_log(url, "backfill.")
    consumer = log.join("bench", [ARTICLES])
    while not consumer.poll(1, 1):
        pass
    start, count = time.perf_counter(), 1
    while count < EVENTS:
        for record in consumer.poll(1, 500):
            codec.decode(record.value)
            count += 1
    found = measured(count, start)
    consumer.close()
    log.close()
    return found


def _put(bucket: str) -> Measured:
    store = open_store(bucket)
    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(lambda number: store.put(f"articles/p/{number}.json", BODY, None, METADATA), range(PUTS)))
    return measured(PUTS, start)


def _work(url: str, bucket: str, name: str) -> Measured:
    """From its start, which joins the group, to the commit of the last event."""
    log, store = open_log(url, "backfill."), open_store(bucket)
    with ThreadPoolExecutor(WRITERS) as writers:
        worker = Worker(load_sink(name, settings()), log, store, settings(), executor=writers)
        start = time.perf_counter()
        worker.run(lambda: False, drain=True)
        found = measured(EVENTS, start)
    log.close()
    return found


# ---- live -------------------------------------------------------------------------------------------------------


def live(folder: Path, url: str, bucket: str, interval: int) -> Iterator[Row]:
    """One worker of the feeds: what a reader of the bucket sees, and what it costs when idle."""
    folder.mkdir()
    prefix = f"live-{interval}."
    topics(url, prefix)
    (folder / "wireroom.yaml").write_text(CONFIG % (50 if interval == 0 else 4 * RATE))
    told = {"LOG__URL": url, "LOG__PREFIX": prefix, "STORE__URL": bucket, "FLUSH_INTERVAL": str(interval)}
    with worker(folder, {f"WIREROOM_{name}": value for name, value in told.items()}) as process:
        delays = quantiles(latencies(url, prefix, open_store(bucket)), n=100)
        yield _row(f"publish → S3, p50, flush interval {interval} s", delays[49], "ms")
        yield _row(f"publish → S3, p99, flush interval {interval} s", delays[98], "ms")
        if interval:
            yield _row("idle worker", idle(process), "% of a core")


@contextmanager
def worker(folder: Path, environment: Mapping[str, str], sink: str = "feeds") -> Iterator[subprocess.Popen[bytes]]:
    """`wireroom worker SINK`."""
    with (folder / f"{sink}.log").open("ab") as output:
        command = [*WIREROOM, "worker", sink]
        process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def latencies(url: str, prefix: str, store: Store) -> list[float]:
    """Milliseconds from before `publish` until the document in the bucket has the article."""
    first, *events = fresh_events()
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    with Publisher(url, prefix=prefix) as publisher:
        publisher.publish(first)
        while not _shown(store):
            time.sleep(0.1)
        reader = Thread(target=_read, args=(store, len(events), sent, seen), daemon=True)
        reader.start()
        start = time.perf_counter()
        for number, event in enumerate(events):
            time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            sent[str(event.url)] = time.perf_counter()
            publisher.publish(event)
    reader.join(30)
    assert len(seen) >= 0.98 * len(sent), f"{len(sent) - len(seen)} of {len(sent)} were never seen"
    return [(seen[address] - sent[address]) * 1e3 for address in seen]


def _shown(store: Store) -> list[str]:
    held = store.get("feeds/kabar-harian/latest.json")
    return [item["url"] for item in json.loads(held.body)["items"]] if held else []


def _read(store: Store, count: int, sent: Mapping[str, float], seen: dict[str, float]) -> None:
    deadline = time.perf_counter() + count / RATE + 10
    while time.perf_counter() < deadline and len(seen) < count:
        addresses, now = _shown(store), time.perf_counter()
        for address in addresses:
            if address in sent:
                seen.setdefault(address, now)
        time.sleep(0.01)


def _row(name: str, value: float, unit: str, limit: float | None = None) -> Row:
    return {"name": f"kafka: {name}", "value": value, "unit": unit, "limit": limit, "goal": None}
