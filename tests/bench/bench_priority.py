"""An archive of 100,000 articles arrives while live news goes on: how long a withdrawal takes, and what it costs."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import Row
from tests.bench.bench_live import WIREROOM, up
from tests.bench.corpus import Corpus
from wireroom import Publisher
from wireroom.event import ArticleEvent, Kind
from wireroom.log import BACKFILL, Commit, Partition
from wireroom.log.sqlite import SQLiteLog

ARCHIVE = 100_000
PAUSE = 2.0  # seconds between two withdrawals
PATIENCE = 60.0
SINKS = ("feeds", "sitemaps", "articles")


def run() -> list[Row]:
    """`up` at work, an archive published beside it, a withdrawal every few seconds until all is read."""
    with TemporaryDirectory(dir="build") as name, up(Path(name), "1"):
        folder = Path(name)
        _write_archive(folder / "archive.ndjson")
        with Publisher(f"sqlite:///{folder}/data/wireroom.db") as publisher:
            live = live_articles(publisher)
            _until(folder, next(live), shown=True)
            before = _generation(folder)
            waits = _withdrawals(folder, live, publisher)
        flushes = _generation(folder) - before - 2 * len(waits)
    return [
        _row(f"withdrawal beside an archive of {ARCHIVE:,}, the slowest of {len(waits)}", max(waits), "s", 2),
        _row(f"flushes of a feed for an archive of {ARCHIVE:,}, beside those of live news", flushes, "flushes", None),
    ]


def _row(name: str, value: float, unit: str, goal: float | None) -> Row:
    return {"name": name, "value": value, "unit": unit, "limit": None, "goal": goal}


def _write_archive(path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=60)
    with path.open("w") as file:
        for event in Corpus(seed=7, small=True).events(ARCHIVE, old, timedelta(days=3650)):
            file.write(event.model_dump_json(exclude_defaults=True) + "\n")


def _withdrawals(folder: Path, live: Iterator[ArticleEvent], publisher: Publisher) -> list[float]:
    """Publish the archive; seconds that each withdrawal took to show until all of it was read."""
    waits = []
    command = [*WIREROOM, "publish", "--backfill", "--json", "archive.ndjson"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as publishing:
        while publishing.poll() is None or not _is_read(folder):
            event = next(live)
            _until(folder, event, shown=True)
            publisher.publish(withdrawal(event))
            waits.append(_until(folder, event, shown=False))
            time.sleep(PAUSE)
    assert publishing.returncode == 0
    return waits


def withdrawal(event: ArticleEvent) -> ArticleEvent:
    """What takes an article back."""
    gone = {"kind": Kind.WITHDRAWN, "revision": 9, "event_id": f"{event.event_id}-gone", "article": None}
    return event.model_copy(update=gone)


def live_articles(publisher: Publisher) -> Iterator[ArticleEvent]:
    """Articles of this moment, published as they are asked for."""
    like = next(event for event in Corpus(small=True).events(100, datetime.now(UTC)) if event.kind is Kind.PUBLISHED)
    for number in count():
        now, name = datetime.now(UTC), f"live-{number}"
        fresh = {
            "article_id": name,
            "event_id": name,
            "published_at": now,
            "occurred_at": now,
            "url": f"{like.url}/{name}",
        }
        event = like.model_copy(update=fresh)
        publisher.publish(event)
        yield event


def _until(folder: Path, event: ArticleEvent, *, shown: bool) -> float:
    """Seconds until the feed shows the article, or no longer does."""
    begin = time.perf_counter()
    while any(item["url"] == event.url for item in _feed(folder).get("items", ())) is not shown:
        assert time.perf_counter() < begin + PATIENCE, f"waited in vain for {event.article_id}"
        time.sleep(0.01)
    return time.perf_counter() - begin


def _feed(folder: Path) -> dict[str, list[dict[str, str]]]:
    path = folder / "data/store/feeds/kabar-harian/latest.json"
    found: dict[str, list[dict[str, str]]] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def _generation(folder: Path) -> int:
    edition = json.loads((folder / "data/store/editions/feeds/kabar-harian/latest.json").read_bytes())
    return int(edition["generation"])


def _is_read(folder: Path) -> bool:
    archive = Partition(BACKFILL, 0)
    with closing(SQLiteLog(folder / "data/wireroom.db")) as log:
        return all((log.committed(sink, archive) or Commit(0)).offset >= log.end(archive) for sink in SINKS)
