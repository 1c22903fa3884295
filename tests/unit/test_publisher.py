import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.ingest import KEY, Ingest, address, serving
from tests.unit.events import NOW, put
from wireroom import ConfigurationError, InvalidEvent, Kind, Publisher, Refused, Reject, RetryAfter
from wireroom.batches import BATCH_EVENTS
from wireroom.clock import moment
from wireroom.codec import decode
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL, Log, Partition, Position
from wireroom.log.memory import MemoryLog


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def events_in(log: Log, topic: str = ARTICLES) -> list[ArticleEvent]:
    return [decode(record.value) for part in log.partitions(topic) for record in log.read(part, 0, 10_000)]


def test_one_event(log: MemoryLog) -> None:
    event = put("a")
    with Publisher(log) as publisher:
        assert publisher.publish(event) == Position(Partition(ARTICLES, 0), 0)
        assert publisher.publish(event) == Position(Partition(ARTICLES, 0), 1)
    assert events_in(log) == [event, event]


def test_many_events_keep_their_order_and_tell_where_each_one_is(log: MemoryLog) -> None:
    events = [put(chr(97 + at % 26), at + 1) for at in range(2 * BATCH_EVENTS + 3)]
    positions = Publisher(log).publish(event for event in events)
    assert [position.offset for position in positions] == list(range(len(events)))
    assert events_in(log) == events


def test_an_archive_goes_to_its_own_topic(log: MemoryLog) -> None:
    Publisher(log).publish([put("a")], backfill=True)
    assert (len(events_in(log, BACKFILL)), len(events_in(log))) == (1, 0)


def test_a_withdrawal(log: MemoryLog) -> None:
    Publisher(log).withdraw("daily", "a", revision=2, published_at=moment(NOW), note="feil", guid="g-1")
    (event,) = events_in(log)
    assert (event.kind, event.revision, event.published_at, event.note, event.guid) == (
        Kind.WITHDRAWN,
        2,
        moment(NOW),
        "feil",
        "g-1",
    )
    with pytest.raises(InvalidEvent):
        Publisher(log).withdraw("daily", "a", revision=0, published_at=moment(NOW))
    assert len(events_in(log)) == 1


def test_a_publication_that_is_split_is_keyed_by_its_shards(log: MemoryLog) -> None:
    publisher = Publisher(log, shards={"daily": 4})
    publisher.publish([put(chr(97 + at)) for at in range(20)])
    publisher.publish(put("a", publication="weekly"))
    keys = {record.key for record in log.read(Partition(ARTICLES, 0), 0, 100)}
    assert keys <= {"daily/0", "daily/1", "daily/2", "daily/3", "weekly"}
    assert len(keys) > 2


def test_what_is_too_large_is_refused_and_what_came_before_its_batch_stays(log: MemoryLog) -> None:
    large = put("z", title="x" * 900_001)
    with pytest.raises(Reject, match="too-large"):
        Publisher(log).publish([*(put("a", at + 1) for at in range(BATCH_EVENTS)), put("b"), large])
    assert len(events_in(log)) == BATCH_EVENTS


def test_threads_may_share_one(tmp_path: Path) -> None:
    with Publisher(f"sqlite:///{tmp_path}/log.db") as publisher, ThreadPoolExecutor(8) as threads:
        positions = list(threads.map(lambda at: publisher.publish(put("a", at + 1)), range(64)))
    assert sorted(position.offset for position in positions) == list(range(64))


def test_a_log_that_was_given_stays_open_and_one_of_its_own_does_not(tmp_path: Path) -> None:
    class Watched(MemoryLog):
        closed = False

        def close(self) -> None:
            self.closed = True

    given = Watched()
    with Publisher(given):
        pass
    assert not given.closed
    with Publisher(f"sqlite:///{tmp_path}/log.db") as own:
        own.publish(put("a"))
    with pytest.raises(Exception, match=r"(?i)clos"):
        own.publish(put("b"))


@pytest.fixture
def ingest() -> Iterator[tuple[Ingest, str]]:
    ingest = Ingest()
    with serving(ingest) as server:
        yield ingest, address(server)


def test_a_service_takes_the_same_calls(ingest: tuple[Ingest, str]) -> None:
    there, url = ingest
    with Publisher(url, key=KEY) as publisher:
        assert publisher.publish(put("a")) == Position(Partition(ARTICLES, 0), 0)
        assert [each.offset for each in publisher.publish(put("b", at) for at in range(1, 702))] == [*range(1, 702)]
        publisher.publish([put("c")], backfill=True)
        publisher.withdraw("daily", "a", revision=2, published_at=moment(NOW))
        publisher.flush()
    assert [each["kind"] for each in there.taken[ARTICLES][::702]] == ["PUBLISHED", "WITHDRAWN"]
    assert len(there.taken[BACKFILL]) == 1


def test_a_service_tells_every_event_that_it_refuses_of_all_batches(ingest: tuple[Ingest, str]) -> None:
    there, url = ingest
    there.refuse = lambda event: {"status": 403, "type": "x/forbidden"} if event["revision"] in (3, 650) else None
    with pytest.raises(Refused) as caught:
        Publisher(url, key=KEY).publish([put("b", at) for at in range(1, 701)])
    assert [(each.index, each.event_id) for each in caught.value.refusals] == [(2, "daily-b-3"), (649, "daily-b-650")]
    assert [at for at, position in enumerate(caught.value.positions) if position is None] == [2, 649]
    assert len(there.ids) == 698


def test_a_service_that_is_away(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    with pytest.raises(RetryAfter):
        Publisher(nobody, key=KEY, timeout=0.1).publish(put("a"))
    with Publisher(nobody, key=KEY, timeout=0.1, spool=tmp_path / "spool") as publisher:
        assert publisher.publish(put("a")).spooled
        with pytest.raises(RetryAfter):
            publisher.flush()


def test_what_only_a_service_has_is_refused_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Publisher(f"sqlite:///{tmp_path}/log.db", key=KEY, spool="spool")
    assert [fault.path for fault in caught.value.faults] == ["key", "spool"]
    assert KEY not in str(caught.value)


def test_a_service_needs_a_key_and_a_way_that_nobody_reads(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Publisher("HTTP://ingest.example")
    assert [fault.path for fault in caught.value.faults] == ["url", "key"]
    Publisher("http://ingest.example", key=KEY, allow_http=True).close()


def test_what_a_publishing_system_imports_is_light() -> None:
    code = (
        "import sys; from wireroom import Publisher, ArticleEvent, Article;"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'feedgen', 'lxml', 'boto3', 'kafka', 'apsw', 'click', 'rich', 'ruamel', 'nh3', 'uvicorn', 'urllib3'})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
