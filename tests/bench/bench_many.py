"""The memory of a feeds worker that reads an archive into a thousand feeds of summaries, each a part of the news."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import Row
from tests.bench.bench_backfill import Measured, fill, in_process, measured, settings
from tests.bench.words import WORDS
from wireroom.cli._running import WRITERS
from wireroom.config import Settings
from wireroom.log.sqlite import SQLiteLog
from wireroom.sink import load_sink
from wireroom.store.directory import DirectoryStore
from wireroom.worker import Worker

EVENTS, FEEDS = 2_000, 1_000
TAGS = 5  # that each feed takes; most feeds are full then


def run() -> list[Row]:
    """From nothing, then once more by a worker that finds everything done."""
    with TemporaryDirectory(dir="build") as name:
        fill(Path(name), EVENTS)
        return [
            _row("an archive", in_process(_work, Path(name)).memory, 130),
            _row("started again", in_process(_work, Path(name)).memory, None),
        ]


def _row(when: str, memory: float, goal: float | None) -> Row:
    name = f"feeds, {FEEDS:,} of summaries, {when}, peak memory"
    return {"name": name, "value": memory, "unit": "MB", "limit": None, "goal": goal}


def _settings() -> Settings:
    tags = list(dict.fromkeys(tag for words in WORDS.values() for tag in words))
    taken = [[tags[(number + 7 * step) % len(tags)] for step in range(TAGS)] for number in range(FEEDS)]
    feeds = [
        {"id": f"tags-{number}", "publication": "kabar-harian", "content": "summary", "include": {"tags": each}}
        for number, each in enumerate(taken)
    ]
    publications = [each.model_dump() for each in settings().publications]
    return Settings.model_validate({"publications": publications, "feeds": feeds})


def _work(folder: Path) -> Measured:
    log, store = SQLiteLog(folder / "wireroom.db"), DirectoryStore(folder / "store")
    with ThreadPoolExecutor(WRITERS) as writers:
        worker = Worker(load_sink("feeds", _settings()), log, store, _settings(), executor=writers)
        start = time.perf_counter()
        worker.run(lambda: False, drain=True)
        return measured(EVENTS, start)
