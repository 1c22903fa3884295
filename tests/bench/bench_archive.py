"""What a flush costs when a million articles lie in the log, beside one when a thousand do."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench import Row
from tests.bench.bench_backfill import settings
from tests.bench.corpus import Corpus
from wireroom import codec
from wireroom.config import Settings
from wireroom.log import ARTICLES
from wireroom.log.sqlite import SQLiteLog
from wireroom.sink import load_sink
from wireroom.store.directory import DirectoryStore
from wireroom.worker import Worker
from wireroom.worker.session import Session

MANY, FEW = 1_000_000, 1_000
A_DAY = 300  # articles
FLUSHES = 60


def run() -> list[Row]:
    """The feeds worker, from a log with few articles and from one with many, as many a day in both."""
    few, many = (_flush(count) for count in (FEW, MANY))
    return [
        {"name": f"flush with {FEW:,} articles in the log", "value": few, "unit": "ms", "limit": None, "goal": None},
        {
            "name": f"flush with {MANY:,} articles in the log",
            "value": many,
            "unit": "ms",
            "limit": None,
            "goal": few * 1.1,
        },
    ]


def _flush(count: int) -> float:
    """Median milliseconds from an appended event to its commit."""
    with TemporaryDirectory(dir="build") as name:
        log, store = SQLiteLog(Path(name) / "wireroom.db"), DirectoryStore(Path(name) / "store")
        now = datetime.now(UTC)
        batch = []
        for event in Corpus(small=True).events(count, now, timedelta(days=count / A_DAY)):
            batch.append(codec.encode(event))
            if len(batch) == 2_000:
                log.append(ARTICLES, batch)
                batch.clear()
        log.append(ARTICLES, batch)
        at_once: Settings = settings().model_copy(update={"flush_interval": 0.0})
        Worker(load_sink("feeds", at_once), log, store, at_once).run(lambda: False, drain=True)
        session = Worker(load_sink("feeds", at_once), log, store, at_once).join()
        while not session.step(wait=False):
            pass
        return median(_one(log, session, number) for number in range(FLUSHES)) * 1e3


def _one(log: SQLiteLog, session: Session, number: int) -> float:
    now = datetime.now(UTC)
    event = next(iter(Corpus(seed=number, small=True).events(1, now, timedelta(seconds=1))))
    fresh = event.model_copy(update={"article_id": f"fresh-{number}", "event_id": f"fresh-{number}"})
    log.append(ARTICLES, [codec.encode(fresh)])
    start = time.perf_counter()
    while session.step(wait=False):
        pass  # until the event has come
    return time.perf_counter() - start
