"""From an SQLite log of 20,000 articles into a directory store, one process a worker; what limits it is beside it."""

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench import Row
from tests.bench.corpus import Corpus
from wireroom import codec
from wireroom.cli._running import WRITERS
from wireroom.config import Settings
from wireroom.log import ARTICLES, Log, Partition
from wireroom.log.sqlite import SQLiteLog
from wireroom.sink import load_sink
from wireroom.store.directory import DirectoryStore
from wireroom.worker import Worker

EVENTS = 20_000
GOALS = {"feeds": 2_000, "sitemaps": 8_000, "articles": 1_000}  # events/s


class Measured(NamedTuple):
    """What one worker process did."""

    rate: float  # events a second
    memory: float  # MB, the peak
    cpu: float  # milliseconds of processor for each event
    merging: float = 0.0  # the same, without the start of the process, and until the last batch, which it publishes


def run() -> list[Row]:
    """Each worker alone, in a process of its own."""
    with TemporaryDirectory(dir="build") as name:
        folder = Path(name)
        fill(folder, EVENTS)
        decoding = in_process(_decode, folder)
        rows: list[Row] = [
            _row("decode and validate alone", decoding.rate, None),
            _row(f"durable writes of 5 KB alone, {WRITERS} threads", in_process(_write, folder).rate, None),
        ]
        limits = {"feeds": rows[0]["value"], "sitemaps": rows[0]["value"], "articles": rows[1]["value"]}
        for sink, goal in GOALS.items():
            found = in_process(_work, folder, sink)
            rows.append(_row(f"{sink}, backfill", found.rate, goal, limits[sink]))
            if sink != "articles":
                rows.append(_merging(sink, found, decoding))
            rows.append(
                {"name": f"{sink}, peak memory", "value": found.memory, "unit": "MB", "limit": None, "goal": 130}
            )
        return rows


def _row(name: str, rate: float, goal: float | None, limit: float | None = None) -> Row:
    return {"name": name, "value": rate, "unit": "events/s", "limit": limit, "goal": goal}


def _merging(sink: str, found: Measured, decoding: Measured) -> Row:
    name = f"{sink}, processor until the flush"
    limit = decoding.merging
    return {"name": name, "value": found.merging, "unit": "ms an event", "limit": limit, "goal": limit / 0.6}


def fill(folder: Path, count: int, small: bool = False) -> None:
    """A log with so many events of one publication, the two feeds of which take each of them."""
    log = SQLiteLog(folder / "wireroom.db")
    batch = []
    for event in Corpus(small=small).events(count, datetime.now(UTC)):
        batch.append(codec.encode(event))
        if len(batch) == 500:
            log.append(ARTICLES, batch)
            batch.clear()
    if batch:
        log.append(ARTICLES, batch)
    log.close()


def in_process(function: Callable[..., Measured], *arguments: object) -> Measured:
    """Run in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def settings() -> Settings:
    """One publication with two feeds that take every article."""
    publication = {
        "id": "kabar-harian",
        "name": "Kabar Harian",
        "language": "id",
        "url": "https://kabar-harian.example/",
    }
    feeds = [{"id": name, "publication": "kabar-harian"} for name in ("latest", "everything")]
    return Settings.model_validate({"publications": [publication], "feeds": feeds})


def _work(folder: Path, name: str) -> Measured:
    log, store = SQLiteLog(folder / "wireroom.db"), DirectoryStore(folder / name)
    count = log.end(Partition(ARTICLES, 0))
    with ThreadPoolExecutor(WRITERS) as writers:
        worker = Worker(load_sink(name, settings()), log, store, settings(), executor=writers)
        start, begun, merged = time.perf_counter(), time.process_time(), [(0, 0.0)]

        def progress(events: int) -> None:
            if events:
                merged.append((merged[-1][0] + events, time.process_time() - begun))

        worker.run(lambda: False, drain=True, progress=progress)
        events, seconds = merged[-2]
        return measured(count, start)._replace(merging=seconds / events * 1e3)


def _decode(folder: Path) -> Measured:
    log: Log = SQLiteLog(folder / "wireroom.db")
    partition = Partition(ARTICLES, 0)
    start, begun, offset, end = time.perf_counter(), time.process_time(), 0, log.end(partition)
    while offset < end:
        for record in log.read(partition, offset, 500):
            codec.decode(record.value)
            offset = record.offset + 1
    return measured(end, start)._replace(merging=(time.process_time() - begun) / end * 1e3)


def _write(folder: Path) -> Measured:
    body, target = b"x" * 5_000, folder / "bare"
    target.mkdir()
    start = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(lambda number: _write_one(target, number, body), range(4_000)))
    return measured(4_000, start)


def _write_one(folder: Path, number: int, body: bytes) -> None:
    """What any durable, atomic write costs: file and folder synced."""
    name = folder / f"{number}.new"
    with name.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    name.rename(folder / str(number))
    directory = os.open(folder, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def measured(count: int, start: float) -> Measured:
    """So many things were done since `start`, by this process."""
    rate = count / (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return Measured(rate, peak, time.process_time() / count * 1e3)
