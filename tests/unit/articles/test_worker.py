"""Article documents as the worker writes them: what waits gets its document when its time comes, and no earlier."""

import json
from typing import Any

import pytest

from tests.unit.newsroom import FJORDPOSTEN, HOUR, NOON, published, withdrawn
from wireroom import codec
from wireroom.articles import ArticlesSink
from wireroom.clock import ManualClock, micros
from wireroom.config import Settings
from wireroom.errors import Fenced
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, DOCUMENTS, Partition
from wireroom.log.memory import MemoryLog
from wireroom.store.memory import MemoryStore
from wireroom.worker.loop import Worker
from wireroom.worker.replay import Replay
from wireroom.worker.session import Session

SETTINGS = Settings(publications=(FJORDPOSTEN,), flush_interval=0)
LATER = NOON + HOUR


class World:
    """A log, a store and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(micros(NOON))
        self.log = MemoryLog(1, self.clock)
        self.store = MemoryStore(self.clock)

    def publish(self, *events: ArticleEvent, topic: str = ARTICLES) -> None:
        self.log.append(topic, [codec.encode(event) for event in events])

    def announced(self) -> list[tuple[str, int]]:
        """Id and generation of each article's own document that was announced."""
        changes = (codec.decode_change(record.value) for record in self.log.read(Partition(DOCUMENTS, 0), 0, 1000))
        own = (change for change in changes if change.key.startswith("articles/fjordposten/"))
        return [(change.key.split("/")[2].removesuffix(".json"), change.generation) for change in own]

    def worker(self) -> Session:
        return Worker(ArticlesSink(SETTINGS), self.log, self.store, SETTINGS, self.clock).join()

    def status(self, article_id: str) -> str | None:
        stored = self.store.get(f"articles/fjordposten/{article_id}.json")
        return json.loads(stored.body)["pubStatus"] if stored else None


@pytest.fixture
def world() -> World:
    return World()


def settle(session: Session) -> None:
    for _ in range(100):
        if session.step(wait=False):
            return
    raise AssertionError("it finds no rest")


def test_the_clock_alone_lifts_and_expires(world: World) -> None:
    session = world.worker()
    world.publish(published("embargoed", embargoed_until=LATER), published("expiring", expires_at=LATER))
    settle(session)
    assert (world.status("embargoed"), world.status("expiring")) == (None, "usable")
    world.clock.time = micros(LATER) - 1
    settle(session)
    assert (world.status("embargoed"), world.status("expiring")) == (None, "usable")
    world.clock.time = micros(LATER)
    settle(session)
    assert (world.status("embargoed"), world.status("expiring")) == ("usable", "canceled")


@pytest.mark.parametrize("steps", range(1, 6))
def test_a_worker_that_died_at_any_step_and_slept_past_the_time_loses_nothing(world: World, steps: int) -> None:
    world.publish(published("embargoed", embargoed_until=LATER), published("expiring", expires_at=LATER))
    session = world.worker()
    for _ in range(steps):
        session.step(wait=False)
    session.close()
    world.clock.time = micros(LATER)
    settle(world.worker())
    assert (world.status("embargoed"), world.status("expiring")) == ("usable", "canceled")


def test_nothing_in_public_names_what_is_under_embargo(world: World) -> None:
    world.publish(published("hemmelig", title="Hemmelig", embargoed_until=LATER), published("open"))
    settle(world.worker())
    for key in world.store.keys(""):
        stored = world.store.get(key)
        if stored is not None and not key.startswith("editions/"):
            assert "hemmelig" not in (key + stored.body.decode()).lower()


def test_a_withdrawal_takes_an_article_out_of_the_waiting_room(world: World) -> None:
    session = world.worker()
    world.publish(published("a", embargoed_until=LATER), withdrawn("a"))
    settle(session)
    world.clock.time = micros(LATER)
    settle(session)
    assert world.status("a") == "canceled"


def test_a_replay_tells_what_is_missing_before_it_writes_it(world: World) -> None:
    world.publish(published("17"), published("18", embargoed_until=LATER))
    settle(world.worker())
    key = "articles/fjordposten/17.json"
    stored = world.store.get(key)
    assert stored
    world.store.delete(key, stored.etag)
    replay = Replay(ArticlesSink(SETTINGS), world.log, world.store, SETTINGS, world.clock)
    assert replay.find(lambda _: None) == []
    assert [(found.key, found.was) for found in replay.find_direct(lambda _: None)] == [(key, "missing")]
    assert world.status("17") is None
    replay.publish(lambda _: None)
    assert (world.status("17"), world.status("18")) == ("usable", None)


@pytest.mark.parametrize("hidden", [{"embargoed_until": NOON + HOUR}, {"exclude": ("articles",)}])
@pytest.mark.parametrize("late", [True, False])
def test_a_replay_shows_no_older_revision_of_what_is_hidden(world: World, hidden: dict[str, Any], late: bool) -> None:
    events = [published("17"), published("17", revision=2, **hidden)]
    world.publish(*(reversed(events) if late else events))
    world.worker().step()
    assert world.status("17") is None
    replay = Replay(ArticlesSink(SETTINGS), world.log, world.store, SETTINGS, world.clock)
    assert replay.find_direct(lambda _: None) == []
    replay.publish(lambda _: None)
    assert world.status("17") is None


def test_what_an_archive_brings_is_no_news_but_what_it_changes_and_takes_back_is(world: World) -> None:
    session = world.worker()
    world.publish(published("live"))
    settle(session)
    archive = [published(f"old-{number}", published_at=NOON - 9000 * HOUR) for number in range(3)]
    world.publish(*archive, published("live", revision=2), withdrawn("never-public"), topic=BACKFILL)
    settle(session)
    assert [world.status(f"old-{number}") for number in range(3)] == ["usable"] * 3
    assert sorted(world.announced()) == [("live", 1), ("live", 2), ("never-public", 1)]
    world.publish(published("old-1", revision=2), withdrawn("old-2", revision=2))
    settle(session)
    assert sorted(world.announced())[-2:] == [("old-1", 2), ("old-2", 2)]


def test_a_worker_that_takes_over_an_archive_announces_no_more_of_it(world: World) -> None:
    world.publish(published("old"), topic=BACKFILL)
    first = world.worker()
    first.consumer.commit = lambda *_: (_ for _ in ()).throw(Fenced("another took over"))  # type: ignore[method-assign]
    with pytest.raises(Fenced):
        settle(first)
    first.consumer.close()
    settle(world.worker())
    assert (world.status("old"), world.announced()) == ("usable", [])
