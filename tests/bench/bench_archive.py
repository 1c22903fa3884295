"""What a flush costs when a million articles lie in the log, beside one when a thousand do."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
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
    """The feeds worker, from a log with few articles and from one with many, as many a day in both, by turns."""
    with _newsroom(FEW) as few, _newsroom(MANY) as many:
        turns = [(_one(*few, number), _one(*many, number)) for number in range(FLUSHES)]
    small, large = (median(times) * 1e3 for times in zip(*turns, strict=True))
    return [
        {"name": f"flush with {FEW:,} articles in the log", "value": small, "unit": "ms", "limit": None, "goal": None},
        {
            "name": f"flush with {MANY:,} articles in the log",
            "value": large,
            "unit": "ms",
            "limit": small,
            "goal": small * 1.1,
        },
    ]


@contextmanager
def _newsroom(count: int) -> Iterator[tuple[SQLiteLog, Session]]:
    """A log with so many articles, and a session that has published them all."""
    at_once: Settings = settings().model_copy(update={"flush_interval": 0.0})
    with TemporaryDirectory(dir="build") as name, closing(SQLiteLog(Path(name) / "wireroom.db")) as log:
        events = Corpus(small=True).events(count, datetime.now(UTC), timedelta(days=count / A_DAY))
        while batch := [codec.encode(event) for event in islice(events, 2_000)]:
            log.append(ARTICLES, batch)
        worker = Worker(load_sink("feeds", at_once), log, DirectoryStore(Path(name) / "store"), at_once)
        worker.run(lambda: False, drain=True)
        with closing(worker.join()) as session:
            while not session.step(wait=False):
                pass
            yield log, session


def _one(log: SQLiteLog, session: Session, number: int) -> float:
    now = datetime.now(UTC)
    event = next(iter(Corpus(seed=number, small=True).events(1, now, timedelta(seconds=1))))
    fresh = event.model_copy(update={"article_id": f"fresh-{number}", "event_id": f"fresh-{number}"})
    log.append(ARTICLES, [codec.encode(fresh)])
    start = time.perf_counter()
    while session.step(wait=False):
        pass  # until the event has come
    return time.perf_counter() - start
