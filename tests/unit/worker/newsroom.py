"""A newsroom in memory: log, store, clock, workers driven step by step, and an oracle that watches every document."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.unit.events import NOW
from tests.unit.worker.toy import Section, ToySink
from wireroom import codec
from wireroom.clock import Clock, ManualClock
from wireroom.config import Publication, Settings
from wireroom.document import generation_of
from wireroom.errors import Conflict, Fenced, OutcomeUnknown
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, Commit, Message, Partition, Position, Record
from wireroom.log.member import Member
from wireroom.log.memory import MemoryLog, Seat
from wireroom.sink import Sink
from wireroom.store import Metadata, Stored
from wireroom.store.memory import MemoryStore
from wireroom.worker.loop import Worker
from wireroom.worker.session import Session

SETTINGS = Settings(
    publications=(Publication(id="daily", name="Daily", language="en", url="https://daily.example/"),),
    flush_interval=0,
)
NEWS, SPORT = Section("daily", "news"), Section("daily", "sport")


T = TypeVar("T")


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Faults:
    """What happens at the n-th access to the outside: `die`, `lost` (done, but the reply is lost), `fail`, `stop`."""

    at: int = -1
    kind: str = "die"
    count: int = 0
    stop: Callable[[], None] = lambda: None
    trace: list[str] = field(default_factory=list)

    def access(self, what: str, act: Callable[[], T], write: bool = False) -> T:
        self.count += 1
        self.trace.append(what)
        if self.count != self.at:
            return act()
        if self.kind == "die":
            raise Killed(what)
        if self.kind == "stop":
            self.stop()
        elif write and self.kind == "lost":
            act()
            raise OutcomeUnknown(what, seconds=0)
        elif write and self.kind == "fail":
            raise OutcomeUnknown(what, seconds=0)
        return act()

    def look(self, what: str, act: Callable[[], T]) -> T:
        """An access that changes nothing outside and that no fault is made at."""
        return act()


class Oracle:
    """Sees every document that is published; remembers which articles a reader has seen withdrawn."""

    def __init__(self, newsroom: "Newsroom") -> None:
        self.newsroom = newsroom
        self.generations: dict[str, int] = {}
        self.gone: dict[str, dict[str, int]] = {}

    def published(self, key: str, body: bytes) -> None:
        if not key.startswith("toy/"):
            return
        generation = generation_of(body)
        assert generation >= self.generations.get(key, 0), f"generation of {key} falls to {generation}"
        self.generations[key] = generation
        if not key.endswith(".json"):
            return
        at: dict[str, int] = json.loads(body)["shown"]
        gone = self.gone.setdefault(key, {})
        for ident, revision in at.items():
            assert gone.get(ident, 0) < revision, f"withdrawn article {ident} is visible again in {key}"
            due = self.newsroom.visible_from.get((ident, revision), 0)
            assert due <= self.newsroom.clock.now(), f"{ident} is visible before its embargo ends"
        for ident, revision in self.newsroom.withdrawn.items():
            if ident not in at and (self.newsroom.settled(key) or self.newsroom.told(key, ident)):
                gone[ident] = revision

    def check_formats(self) -> None:
        """`ids` and `json` of an edition list the same articles."""
        for key, stored in self.newsroom.documents().items():
            if key.endswith(".json"):
                ids = self.newsroom.documents()[key.removesuffix("json") + "ids"]
                assert sorted(json.loads(stored.body)["shown"]) == json.loads(ids.body)["shown"]


class Newsroom:
    """The world outside the workers."""

    def __init__(self, partitions: int = 1, shards: int = 1) -> None:
        self.shards = shards
        self.clock = ManualClock(NOW)
        self.log = MemoryLog(partitions, self.clock)
        self.store = MemoryStore(self.clock)
        self.oracle = Oracle(self)
        self.withdrawn: dict[str, int] = {}
        self.visible_from: dict[tuple[str, int], int] = {}

    def publish(self, *events: ArticleEvent, topic: str = ARTICLES) -> None:
        self.log.append(topic, [codec.encode(event, shards=self.shards) for event in events])
        for event in events:
            if event.article is None:
                self.withdrawn[event.id] = event.revision
            else:
                revision = event.id, event.revision
                self.visible_from[revision] = min(
                    event.visible_from, self.visible_from.get(revision, event.visible_from)
                )

    def archive(self, *events: ArticleEvent) -> None:
        self.publish(*events, topic=BACKFILL)

    def settled(self, key: str) -> bool:
        """Whether the edition behind a document has taken the whole log, so that what is not shown is gone."""
        name = key.removeprefix("toy/").rpartition(".")[0]
        stored = self.store.get(f"editions/toy/{name}.json")
        applied = json.loads(stored.body)["applied"] if stored else {}
        ends = {
            f"{self.log.topic_id(ARTICLES)}/{partition.number}": self.log.end(partition)
            for partition in self.log.partitions(ARTICLES)
        }
        return all(applied.get(source, 0) >= end for source, end in ends.items())

    def told(self, key: str, ident: str) -> bool:
        """Whether the page of an archive behind a document knows that an article went."""
        stored = self.store.get(f"editions/{key.removesuffix('.json')}.json") if key.count("/") > 2 else None
        return stored is not None and ident in json.loads(stored.body).get("gone", {})

    def documents(self) -> dict[str, Stored]:
        return {key: stored for key in self.store.keys("toy/") if (stored := self.store.get(key))}

    def shown(self, name: str = "news", publication: str = "daily") -> dict[str, int]:
        stored = self.store.get(f"toy/{publication}/{name}.json")
        found: dict[str, int] = json.loads(stored.body)["shown"] if stored else {}
        return {ident.partition("/")[2]: revision for ident, revision in found.items()}

    def contents(self) -> dict[str, object]:
        """What every document shows, generations apart."""
        return {key: json.loads(stored.body)["shown"] for key, stored in self.documents().items()}

    def worker(
        self,
        *sections: Section,
        faults: Faults | None = None,
        settings: Settings = SETTINGS,
        clock: Clock | None = None,
    ) -> Worker:
        return self.with_sink(ToySink(sections or (NEWS,)), faults, settings, clock)

    def with_sink(
        self, sink: Sink, faults: Faults | None = None, settings: Settings = SETTINGS, clock: Clock | None = None
    ) -> Worker:
        faults = faults or Faults()
        return Worker(sink, WatchedLog(self, faults), WatchedStore(self, faults), settings, clock or self.clock)


class WatchedStore:
    """The store as one worker reaches it."""

    def __init__(self, newsroom: Newsroom, faults: Faults) -> None:
        self._newsroom = newsroom
        self._store = newsroom.store
        self._faults = faults

    def get(self, key: str) -> Stored | None:
        return self._faults.access(f"GET {key}", lambda: self._store.get(key))

    def put(self, key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        def act() -> str:
            etag = self._store.put(key, body, if_match, metadata)
            self._newsroom.oracle.published(key, body)
            return etag

        return self._faults.access(f"PUT {key}", act, write=True)

    def delete(self, key: str, if_match: str) -> None:
        self._faults.access(f"DELETE {key}", lambda: self._store.delete(key, if_match))

    def keys(self, prefix: str) -> Iterator[str]:
        return self._store.keys(prefix)

    def now(self) -> int:
        return self._store.now()


class WatchedLog:
    """The log as one worker reaches it."""

    def __init__(self, newsroom: Newsroom, faults: Faults) -> None:
        log = newsroom.log
        self._log, self._faults = log, faults
        self.topic_id, self.partitions, self.partition_of = log.topic_id, log.partitions, log.partition_of
        self.read, self.committed, self.close = log.read, log.committed, log.close
        self.interrupt = log.interrupt

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        return self._faults.access(f"append {topic}", lambda: self._log.append(topic, messages), write=True)

    def end(self, partition: Partition) -> int:
        return self._faults.look(f"end of {partition.topic}", lambda: self._log.end(partition))

    def join(self, group: str, topics: Sequence[str]) -> "WatchedConsumer":
        return WatchedConsumer(self._log.join(group, topics), self._faults)


class WatchedConsumer:
    """The consumer as one worker has it."""

    def __init__(self, consumer: Member[Seat], faults: Faults) -> None:
        self.inner = consumer
        self._faults = faults
        self.assignment, self.pause = consumer.assignment, consumer.pause
        self.lag = consumer.lag
        self.seek, self.close = consumer.seek, consumer.close

    def poll(self, timeout: float, limit: int) -> Sequence[Record]:
        return self._faults.look("poll", lambda: self.inner.poll(timeout, limit))

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        self._faults.access("commit", lambda: self.inner.commit(offsets), write=True)


def member(session: Session) -> Member[Seat]:
    """The membership behind a session, to move partitions to."""
    assert isinstance(session.consumer, WatchedConsumer)
    return session.consumer.inner


def settle(session: Session, limit: int = 300) -> None:
    """Step until nothing is left to do."""
    idle = 0
    for _ in range(limit):
        idle = idle + 1 if session.step(wait=False) else 0
        if idle == 3:
            session.finish()
            return
    raise AssertionError("the worker does not come to rest")


def run_to_rest(worker: Worker) -> None:
    """A whole life of a worker: join, work until nothing is left, leave."""
    session = worker.join()
    settle(session)
    session.quarantine.close()
    session.close()


def settle_together(*sessions: Session, limit: int = 200) -> None:
    """Step one after the other until nothing is left to do for any."""
    idle = 0
    for _ in range(limit):
        idle = idle + 1 if all([session.step(wait=False) for session in sessions]) else 0
        if idle == 4:
            for session in sessions:
                session.finish()
            return
    raise AssertionError("the workers do not come to rest")


def live_through(worker: Worker) -> bool:
    """Run a worker that may be killed or fenced; whether it came to rest."""
    session = worker.join()
    try:
        settle(session)
    except (Killed, Fenced):
        return False
    except Conflict as conflict:  # pragma: no cover -- a conflict must never escape
        raise AssertionError("a conflict escaped") from conflict
    finally:
        session.close()
    return True
