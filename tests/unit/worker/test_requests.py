"""What the worker asks of the store: each request costs money and time."""

from collections.abc import Iterator

import pytest

from tests.unit.newsroom import FJORDPOSTEN, HOUR, NOON, published, withdrawn
from tests.unit.store.counting import Counting
from wireroom import codec
from wireroom.clock import ManualClock, micros
from wireroom.config import FeedSettings, Settings
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES
from wireroom.log.memory import MemoryLog
from wireroom.sink import load_sink
from wireroom.store.memory import MemoryStore
from wireroom.worker.loop import Worker
from wireroom.worker.session import Session

SETTINGS = Settings(
    publications=(FJORDPOSTEN,),
    feeds=(
        FeedSettings(id="latest", publication="fjordposten"),
        FeedSettings(id="summary", publication="fjordposten", formats=("rss",), content="summary"),
    ),
    flush_interval=0,
)


class Desk:
    """A worker at work, whose requests are counted from the first article on."""

    def __init__(self, sink: str) -> None:
        clock = ManualClock(micros(NOON + HOUR))
        self.log = MemoryLog(1, clock)
        self.store = Counting(MemoryStore(clock))
        self.session: Session = Worker(load_sink(sink, SETTINGS), self.log, self.store, SETTINGS, clock).join()
        self.take(published("first"))
        self.store.requests.clear()

    def take(self, *events: ArticleEvent) -> None:
        self.log.append(ARTICLES, [codec.encode(event) for event in events])
        for _ in range(100):
            if self.session.step(wait=False):
                return
        raise AssertionError("it finds no rest")


def days_work() -> Iterator[ArticleEvent]:
    for number in range(5):
        at = NOON + number * HOUR / 10
        yield published(f"a{number}", at=at)
        yield published(f"a{number}", revision=2, at=at, title="Fergen er løs igjen")
    yield withdrawn("a0", revision=3)
    yield published("a1", revision=1, at=NOON + HOUR / 10)  # late: it changes nothing


@pytest.mark.parametrize("sink", ["feeds", "sitemaps", "articles"])
def test_a_worker_at_work_reads_nothing_and_writes_only_what_changes(sink: str) -> None:
    desk = Desk(sink)
    for event in days_work():
        desk.take(event)
    assert desk.store.count(f"PUT {sink}/") >= 11
    assert [request for request in desk.store.requests if not request.startswith("PUT")] == []
    assert desk.store.needless == []


def test_one_article_costs_each_feed_its_edition_and_its_documents() -> None:
    desk = Desk("feeds")
    desk.take(published("new"))
    wanted = ["editions/feeds/fjordposten/latest.json", "editions/feeds/fjordposten/summary.json"]
    wanted += [f"feeds/fjordposten/latest.{form}" for form in ("atom", "json", "rss")]
    wanted += ["feeds/fjordposten/summary.rss"]
    assert sorted(r for r in desk.store.requests if "_seen" not in r) == [f"PUT {key}" for key in wanted]
    assert desk.store.count("PUT editions/feeds/fjordposten/_seen/") == 1


def test_what_no_feed_shows_is_only_remembered() -> None:
    desk = Desk("feeds")
    desk.take(published("hidden", exclude=["feeds"]))
    assert len(desk.store.requests) == desk.store.count("PUT editions/feeds/fjordposten/_seen/") == 1


@pytest.mark.parametrize("sink", ["feeds", "sitemaps", "articles"])
def test_a_worker_without_work_asks_for_nothing(sink: str) -> None:
    desk = Desk(sink)
    for _ in range(50):
        desk.session.step(wait=False)
    assert desk.store.requests == []
