"""A million small articles come on `articles.backfill`, from Kafka into S3, while live news goes on.

How long a live withdrawal takes to leave all three outputs: while the archive is read, while a new feed is filled from
the log, while a replay rebuilds the feeds. Takes half an hour, most of which is the archive's way through two cores.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import Row
from tests.bench.bench_kafka import SINKS, topics, worker
from tests.bench.bench_live import WIREROOM
from tests.bench.bench_priority import live_articles, withdrawal
from tests.bench.corpus import Corpus
from tests.servers.kafka import Broker
from tests.servers.s3 import CREDENTIALS, good
from wireroom import Publisher
from wireroom.connect import open_log, open_store
from wireroom.event import ArticleEvent
from wireroom.log import BACKFILL, Commit, Log
from wireroom.store import Store

ARCHIVE = int(os.environ.get("ARCHIVE", "1000000"))  # a smaller one shows the same sooner
PREFIX = "million."
PAUSE = 3.0  # seconds between two withdrawals
PATIENCE = 120.0
FEED = "feeds/kabar-harian/{}.json"
CONFIG = """\
publications: [{id: kabar-harian, name: Kabar Harian, language: id, url: "https://kabar-harian.example/"}]
feeds: [%s]
"""


def run() -> Iterator[Row]:
    """The archive, then a new feed, then a replay; the articles worker, which puts a million objects, works on."""
    os.environ.update(CREDENTIALS)
    Path("build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir="build") as name, Broker(Path(name) / "kafka") as broker, good(Path(name) / "s3") as s3:
        newsroom = Newsroom(Path(name), broker.url, s3.url())
        with newsroom:
            yield from newsroom.measured()


class Newsroom:
    """Three workers, each a process, and what is published to them."""

    def __init__(self, folder: Path, url: str, bucket: str) -> None:
        self._folder = folder
        self._told = {"WIREROOM_LOG__URL": url, "WIREROOM_LOG__PREFIX": PREFIX, "WIREROOM_STORE__URL": bucket}
        self._log: Log = open_log(url, PREFIX)
        self._store: Store = open_store(bucket)
        self._publisher = Publisher(url, prefix=PREFIX)
        self._live = live_articles(self._publisher)
        self._workers = ExitStack()
        self._others = ExitStack()
        topics(url, PREFIX)

    def __enter__(self) -> None:
        self._configure("latest")
        self._start("feeds", self._workers)
        for sink in SINKS[1:]:
            self._start(sink, self._others)

    def __exit__(self, *_: object) -> None:
        self._workers.close()
        self._others.close()
        self._publisher.close()
        self._log.close()

    def _configure(self, *feeds: str) -> None:
        declared = ", ".join(f"{{id: {feed}, publication: kabar-harian}}" for feed in feeds)
        (self._folder / "wireroom.yaml").write_text(CONFIG % declared)

    def _start(self, sink: str, stack: ExitStack) -> None:
        stack.enter_context(worker(self._folder, self._told, sink))

    def measured(self) -> Iterator[Row]:
        """All rows, in the order of what happens."""
        yield from self._archive()
        yield from self._new_feed()
        yield from self._replay()
        read = self._position("articles")
        yield _row(f"articles of {ARCHIVE:,} written by the end", read, "events")

    def _archive(self) -> Iterator[Row]:
        _write_archive(self._folder / "archive.ndjson")
        publish = [*WIREROOM, "publish", "--backfill", "--json", "archive.ndjson"]
        start = time.perf_counter()
        with self._run(publish) as publishing:
            waits = self._withdrawals(lambda: publishing.poll() is None or not self._is_read())
        assert publishing.returncode == 0
        yield _row(f"feeds and sitemaps read {ARCHIVE:,} archived events in", time.perf_counter() - start, "s")
        yield from _slowest("while they are read", waits)

    def _new_feed(self) -> Iterator[Row]:
        self._workers.close()
        self._configure("latest", "everything")
        start = time.perf_counter()
        self._start("feeds", self._workers)
        waits = self._withdrawals(lambda: self._store.get(FEED.format("everything")) is None)
        yield _row("a new feed is filled from the log in", time.perf_counter() - start, "s")
        yield from _slowest("while a new feed is filled", waits)

    def _replay(self) -> Iterator[Row]:
        start = time.perf_counter()
        with self._run([*WIREROOM, "replay", "feeds", "--yes"]) as replaying:
            waits = self._withdrawals(lambda: replaying.poll() is None)
        assert replaying.returncode == 0
        yield _row("a replay of the feeds takes", time.perf_counter() - start, "s")
        yield from _slowest("while the feeds are replayed", waits)
        with self._run([*WIREROOM, "replay", "feeds", "--dry-run", "--json"]) as compared:
            output, _ = compared.communicate()
        yield _row("documents that a replay gives otherwise", len(json.loads(output)["differences"]), "documents", 0)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=self._folder, env=os.environ | self._told, stdout=subprocess.PIPE)

    def _position(self, sink: str) -> int:
        parts = self._log.partitions(BACKFILL)
        return sum((self._log.committed(sink, part) or Commit(0)).offset for part in parts)

    def _is_read(self) -> bool:
        end = sum(self._log.end(part) for part in self._log.partitions(BACKFILL))
        return all(self._position(sink) >= end for sink in ("feeds", "sitemaps"))

    def _withdrawals(self, goes_on: Callable[[], bool]) -> list[float]:
        """Seconds that each withdrawal took to leave every output, for as long as something goes on."""
        waits: list[float] = []
        while goes_on() or not waits:
            event = next(self._live)
            self._until(event, {"feeds", "sitemaps", "articles"})
            self._publisher.publish(withdrawal(event))
            waits.append(self._until(event, set()))
            time.sleep(PAUSE)
        return waits

    def _until(self, event: ArticleEvent, wanted: set[str]) -> float:
        begin = time.perf_counter()
        while (found := shown(self._store, event)) != wanted:
            assert time.perf_counter() < begin + PATIENCE, f"{event.article_id} is in {found}, not in {wanted}"
            time.sleep(0.01)
        return time.perf_counter() - begin


def shown(store: Store, event: ArticleEvent) -> set[str]:
    """The outputs in which a reader finds the article."""
    address = str(event.url).encode()
    document = store.get(f"articles/{event.publication}/{event.article_id}.json")
    texts = {
        "feeds": _text(store, FEED.format("latest")),
        "sitemaps": _text(store, f"sitemaps/{event.publication}/news-1.xml"),
        "articles": document.body if document and b'"canceled"' not in document.body else b"",
    }
    return {sink for sink, text in texts.items() if address in text}


def _text(store: Store, key: str) -> bytes:
    found = store.get(key)
    return found.body if found else b""


def _write_archive(path: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=60)
    with path.open("w") as file:
        for event in Corpus(seed=7, small=True).events(ARCHIVE, old, timedelta(days=3650)):
            file.write(event.model_dump_json(exclude_defaults=True) + "\n")


def _slowest(when: str, waits: list[float]) -> Iterator[Row]:
    yield _row(f"withdrawal {when}, the slowest of {len(waits)}", max(waits), "s", 2)


def _row(name: str, value: float, unit: str, goal: float | None = None) -> Row:
    return {"name": f"million: {name}", "value": value, "unit": unit, "limit": None, "goal": goal}
