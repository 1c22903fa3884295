"""The SQLite log: appending, reading, waking up, and what waiting costs."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

from tests.bench import Row
from wireroom.log import ARTICLES, Message, Partition
from wireroom.log.sqlite import SQLiteLog

ROOT = Path(__file__).parents[2]
HOME = Partition(ARTICLES, 0)
SIZE, BATCH = 6_200, 100
VALUE = Random(6).randbytes(SIZE)
HEADERS = {f"ce_{name}": b"kabar-harian-0123456" for name in ("id", "type", "source", "subject", "time", "revision")}
WAKER = """
import sys, time
from wireroom.log import ARTICLES, Message
from wireroom.log.sqlite import SQLiteLog
log = SQLiteLog(sys.argv[1])
for number in range(60):
    time.sleep(0.05 + 0.001 * (number * 7 % 40))
    log.append(ARTICLES, [Message("k", repr(time.time()).encode())])
"""


def run() -> list[Row]:
    """Each in its own file under `build`, on the disk of the checkout."""
    (ROOT / "build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / "build") as folder:
        return [*appending(Path(folder)), reading(Path(folder)), *waking(Path(folder)), idle(Path(folder))]


def per_second(work: Callable[[int], object], calls: int, size: int) -> float:
    """How many things are done a second when `work` does `size` of them at each call."""
    start = time.perf_counter()
    for _ in range(calls):
        work(size)
    return calls * size / (time.perf_counter() - start)


def appending(folder: Path) -> Iterator[Row]:
    """In turns with a bare loop of write and fdatasync, because the speed of a disk changes by the second."""
    log = SQLiteLog(folder / "log.db")
    message = Message("kabar-harian", VALUE, HEADERS)

    def append(size: int) -> None:
        log.append(ARTICLES, [message] * size)

    with (folder / "bare").open("ab", buffering=0) as file:

        def bare(size: int) -> None:
            file.write(VALUE * size)
            os.fdatasync(file.fileno())

        for name, size, calls in (("one by one", 1, 500), (f"batches of {BATCH}", BATCH, 50)):
            turns = [(per_second(bare, calls, size), per_second(append, calls, size)) for _ in range(6)]
            limit, value = (sum(speeds) / len(turns) for speeds in zip(*turns, strict=True))
            goal = 2_500 if size == 1 else 25_000
            yield Row(name=f"log: append, {name}", value=value, unit="events/s", limit=limit, goal=goal)
    log.close()


def reading(folder: Path) -> Row:
    """From the first to the last record, as a worker that rebuilds does."""
    log = SQLiteLog(folder / "log.db")
    end, offset = log.end(HOME), 0
    start = time.perf_counter()
    while records := log.read(HOME, offset, 500):
        offset = records[-1].offset + 1
    value = end / (time.perf_counter() - start)
    log.close()
    return Row(name="log: read", value=value, unit="events/s", limit=None, goal=None)


def waking(folder: Path) -> Iterator[Row]:
    """From the clock of a writing process to the records in the hands of a waiting one; includes the append."""
    log = SQLiteLog(folder / "wake.db")
    reader = log.join("bench", [ARTICLES])
    reader.poll(0, 1)
    delays: list[float] = []
    with subprocess.Popen([sys.executable, "-c", WAKER, str(folder / "wake.db")]):
        while len(delays) < 60:
            delays += [1000 * (time.time() - float(record.value)) for record in reader.poll(60, 1)]
    log.close()
    percentiles = quantiles(delays, n=100)
    yield Row(name="log: wake-up by another process, p50", value=percentiles[49], unit="ms", limit=None, goal=25)
    yield Row(name="log: wake-up by another process, p99", value=percentiles[98], unit="ms", limit=None, goal=100)


def idle(folder: Path) -> Row:
    """What a process spends while its one consumer waits."""
    log = SQLiteLog(folder / "idle.db")
    reader = log.join("bench", [ARTICLES])
    reader.poll(0, 1)
    used, start = time.process_time(), time.perf_counter()
    reader.poll(10, 1)
    share = (time.process_time() - used) / (time.perf_counter() - start)
    log.close()
    return Row(name="log: waiting consumer", value=100 * share, unit="% of a core", limit=None, goal=0.5)
