"""Publish → readable over HTTP in `up` at 50 events a second; what `up` costs when idle; how fast a worker starts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.parse import urlsplit

from tests.bench import Row
from tests.bench.corpus import Corpus
from wireroom import Publisher
from wireroom.event import ArticleEvent, Kind

RATE, SECONDS = 50, 20
IDLE = 15  # seconds
ADDRESS = re.compile(rb'"url":"([^"]*)"')
LIFTS, APART = 12, 0.73  # embargoes, and the seconds between two
CONFIG = """\
publications: [{id: kabar-harian, name: Kabar Harian, language: id, url: "https://kabar-harian.example/"}]
feeds: [{id: latest, publication: kabar-harian, entries: %d}]
"""
WIREROOM = [str(Path(sys.executable).with_name("wireroom"))]


def run() -> list[Row]:
    """Both flush intervals, then the idle process, then the start."""
    rows: list[Row] = []
    for interval, p50, p99 in (("0", 50, 300), ("1", None, 1300)):
        with TemporaryDirectory(dir="build") as name, up(Path(name), interval) as (address, _):
            delays = quantiles(latencies(Path(name), address), n=100)
        rows.append(_row(f"publish → HTTP, p50, flush interval {interval} s", delays[49], p50))
        rows.append(_row(f"publish → HTTP, p99, flush interval {interval} s", delays[98], p99))
    with TemporaryDirectory(dir="build") as name, up(Path(name), "1") as (address, _):
        rows.append(
            _row(f"{LIFTS} embargoes lift, the latest after its time", max(lateness(Path(name), address)), 1, "s")
        )
    with TemporaryDirectory(dir="build") as name, up(Path(name), "1") as (_, process):
        rows.append(_row("idle up", idle(process), 2, "% of a core"))
    with TemporaryDirectory(dir="build") as name:
        rows.append(_row("worker starts, finds nothing, ends", start(Path(name)), 1, "s"))
    return rows


def _row(name: str, value: float, goal: float | None, unit: str = "ms") -> Row:
    return {"name": name, "value": value, "unit": unit, "limit": None, "goal": goal}


@contextmanager
def up(folder: Path, interval: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`wireroom up` in a folder; its address. The feed shows at least what is published between two flushes."""
    (folder / "wireroom.yaml").write_text(CONFIG % (50 if interval == "0" else 4 * RATE))
    output = folder / "up.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*WIREROOM, "up", "--port", "0"],
            cwd=folder,
            env=os.environ | {"WIREROOM_FLUSH_INTERVAL": interval},
            stdout=log,
            stderr=log,
        )
    try:
        while not (found := re.search(r"http://\S+", output.read_text())):
            assert process.poll() is None, output.read_text()
            time.sleep(0.05)
        yield found.group(), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def latencies(folder: Path, address: str) -> list[float]:
    """Milliseconds from before `publish` until a reader of the feed sees the article, for each event."""
    events = fresh_events()
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    reader = Thread(target=_read, args=(address, sent, seen), daemon=True)
    with Publisher(f"sqlite:///{folder}/data/wireroom.db") as publisher:
        reader.start()
        start = time.perf_counter()
        for number, event in enumerate(events):
            time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            sent[str(event.url)] = time.perf_counter()
            publisher.publish(event)
    reader.join(10)
    assert len(seen) >= 0.98 * len(sent), f"{len(sent) - len(seen)} of {len(sent)} were never seen"
    return [(seen[url] - sent[url]) * 1e3 for url in seen]


def lateness(folder: Path, address: str) -> list[float]:
    """Seconds from the end of each embargo until a reader of the feed sees the article."""
    begin = datetime.now(UTC)
    dues = [begin + timedelta(seconds=3 + number * APART) for number in range(LIFTS)]
    late: dict[str, float] = {}
    with Publisher(f"sqlite:///{folder}/data/wireroom.db") as publisher:
        for event, due in zip(fresh_events(), dues, strict=False):
            assert event.article is not None
            publisher.publish(
                event.model_copy(update={"article": event.article.model_copy(update={"embargoed_until": due})})
            )
            late[str(event.url)] = due.timestamp()
    waiting = dict(late)
    while waiting and time.time() < dues[-1].timestamp() + 30:
        for item in _items(address):
            if due_at := waiting.pop(item["url"], None):
                late[item["url"]] = time.time() - due_at
        time.sleep(0.005)
    assert not waiting, f"{len(waiting)} never came"
    return list(late.values())


def _items(address: str) -> list[dict[str, str]]:
    try:
        with urllib.request.urlopen(f"{address}feeds/kabar-harian/latest.json", timeout=5) as answer:
            items: list[dict[str, str]] = json.loads(answer.read())["items"]
            return items
    except urllib.error.HTTPError:
        return []  # not there yet


def fresh_events() -> list[ArticleEvent]:
    """Events of articles that are published now, one after the other: `SECONDS` at `RATE`."""
    published = (
        event for event in Corpus().events(2 * RATE * SECONDS, datetime.now(UTC)) if event.kind is Kind.PUBLISHED
    )
    fresh = []
    for number, event in enumerate(islice(published, RATE * SECONDS)):
        assert event.article is not None
        moment = datetime.now(UTC).replace(microsecond=number * 900)
        article = event.article.model_copy(update={"modified_at": moment, "updated_at": None})
        fresh.append(event.model_copy(update={"published_at": moment, "occurred_at": moment, "article": article}))
    return fresh


def _read(address: str, sent: dict[str, float], seen: dict[str, float]) -> None:
    """Ask again and again over one connection, at little cost: what this takes is taken from what is measured."""
    reader = HTTPConnection(urlsplit(address).netloc, timeout=5)
    deadline, etag = time.perf_counter() + SECONDS + 8, ""
    while time.perf_counter() < deadline and (len(seen) < len(sent) or len(sent) < RATE * SECONDS):
        reader.request("GET", "/feeds/kabar-harian/latest.json", headers={"If-None-Match": etag})
        answer = reader.getresponse()
        body, now = answer.read(), time.perf_counter()
        if answer.status == 200:
            etag = answer.headers["ETag"]
            for url in ADDRESS.findall(body):
                if (shown := url.decode()) in sent:
                    seen.setdefault(shown, now)
        else:
            time.sleep(0.002)  # not changed, or not there yet
    reader.close()


def idle(process: subprocess.Popen[bytes]) -> float:
    """Percent of a core that it uses while nothing happens."""
    time.sleep(3)
    before = processor(process.pid)
    time.sleep(IDLE)
    return (processor(process.pid) - before) / IDLE * 100


def processor(pid: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(folder: Path) -> float:
    """Seconds for a whole `wireroom worker feeds --drain` on an empty log."""
    subprocess.run([*WIREROOM, "worker", "feeds", "--drain"], cwd=folder, check=True, capture_output=True)
    begin = time.perf_counter()
    subprocess.run([*WIREROOM, "worker", "feeds", "--drain"], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin
