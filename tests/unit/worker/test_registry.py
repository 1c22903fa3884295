"""Events of another producer: a registry that is away, and a schema unlike ours, hold their partition alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest.mock import ANY

import pytest

from tests.unit.events import put
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.worker.newsroom import NEWS, SPORT, Newsroom
from wireroom import codec
from wireroom.clock import SECOND
from wireroom.errors import RetryAfter
from wireroom.event import ArticleEvent
from wireroom.health import state_of
from wireroom.log import ARTICLES, DEAD_LETTERS, Commit, Message, Partition
from wireroom.worker.reader import RECHECK
from wireroom.worker.session import PART, Session


@dataclass
class Shelf:
    """A registry. `away`: it does not answer."""

    away: bool = False
    schemas: dict[int, Avro] = field(default_factory=lambda: {7: EVENT_SCHEMA})

    def schema(self, number: int) -> object | None:
        if self.away:
            raise RetryAfter("the registry is away", 2)
        return self.schemas.get(number)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with codec.reading(shelf := Shelf()):
        yield shelf


def home(room: Newsroom) -> Partition:
    return room.log.partition_of(ARTICLES, "daily")


def framed(event: ArticleEvent, number: int = 7) -> Message:
    message = codec.encode(event)
    return message._replace(value=b"\0" + number.to_bytes(4) + message.value[10:])


def steps(session: Session, count: int = 5) -> None:
    for _ in range(count):
        session.step(wait=False)


def test_a_registry_that_is_away_holds_what_needs_it_and_no_more(shelf: Shelf) -> None:
    """What stands before it in its partition is shown, what stands behind waits, and other partitions go on."""
    room, shelf.away = Newsroom(partitions=3), True
    session = room.worker().join()
    steps(session)
    elsewhere = next(f"k{n}" for n in range(9) if room.log.partition_of(ARTICLES, f"k{n}") != home(room))
    room.publish(put("a"))
    room.log.append(ARTICLES, [framed(put("z"))])
    room.publish(*(put(f"c{n:03}") for n in range(PART + 9)))
    room.log.append(ARTICLES, [codec.encode(put("d"))._replace(key=elsewhere)])
    steps(session)
    assert room.shown().keys() == {"a", "d"}
    assert session.reader.red is None
    room.log.append(ARTICLES, [codec.encode(put("e"))._replace(key=elsewhere)])
    room.clock.time += 3 * SECOND
    steps(session)
    assert room.shown().keys() == {"a", "d", "e"}
    assert room.log.committed("toy", home(room)) == Commit(1, ANY)
    shelf.away = False
    room.clock.time += 3 * SECOND
    steps(session)
    assert room.log.committed("toy", home(room)) == Commit(room.log.end(home(room)), ANY)
    assert room.shown()["z"] == 1
    session.close()


def test_a_build_waits_for_the_registry_and_live_editions_do_not(shelf: Shelf) -> None:
    room = Newsroom()
    room.log.append(ARTICLES, [framed(put("a"))])
    session = room.worker(NEWS).join()
    steps(session)
    assert room.shown() == {"a": 1}
    session.close()
    shelf.away = True
    codec._EVENTS.foreign.clear()  # as after a restart
    session = room.worker(NEWS, SPORT).join()
    room.publish(put("b"))
    steps(session)
    assert room.shown() == {"a": 1, "b": 1}
    assert session.assignment.behind
    assert session._timeout() > 0, "it does not spin meanwhile"
    shelf.away = False
    room.clock.time += 3 * SECOND
    steps(session)
    assert not session.assignment.behind
    session.close()


def test_a_build_waits_for_a_schema_and_live_editions_do_not(shelf: Shelf) -> None:
    """A new feed is filled from all partitions: what one of them holds back stops no other edition, and no worker."""
    room = Newsroom(partitions=3)
    elsewhere = next(f"k{n}" for n in range(9) if room.log.partition_of(ARTICLES, f"k{n}") != home(room))
    room.publish(put("a"))
    session = room.worker(NEWS).join()
    steps(session)
    session.close()
    room.log.append(ARTICLES, [framed(put("b"), 8)._replace(key=elsewhere)])
    session = room.worker(NEWS, SPORT).join()
    steps(session)
    room.publish(put("c"))
    steps(session)
    assert room.shown() == {"a": 1, "c": 1}
    assert session.assignment.behind
    assert session._timeout() > 0, "it does not spin meanwhile"
    assert state_of(room.store, "toy").name == "red"
    assert "what is behind waits: there is no schema 8" in (session.second.red or "")
    shelf.schemas[8] = EVENT_SCHEMA
    room.clock.time += round(RECHECK * SECOND)
    steps(session, 8)
    assert not session.assignment.behind
    assert room.shown() == {"a": 1, "b": 1, "c": 1}
    assert state_of(room.store, "toy").name == "green"
    session.close()


def test_a_schema_that_is_registered_at_last(shelf: Shelf) -> None:
    """The partition goes on by itself, and the worker is green again."""
    room = Newsroom()
    room.log.append(ARTICLES, [framed(put("b"), 8)])
    session = room.worker().join()
    steps(session)
    assert state_of(room.store, "toy").name == "red"
    shelf.schemas[8] = EVENT_SCHEMA
    steps(session)
    assert room.shown() == {}
    room.clock.time += round(RECHECK * SECOND)
    steps(session)
    assert room.shown() == {"b": 1}
    assert state_of(room.store, "toy").name == "green"
    session.close()


@pytest.mark.parametrize("schema", [None, "string"])
def test_an_unknown_schema_stops_its_partition_and_nothing_is_skipped(shelf: Shelf, schema: Avro) -> None:
    room = Newsroom()
    room.publish(put("a"))
    room.log.append(ARTICLES, [framed(put("b"), 8)])
    room.publish(put("c"))
    shelf.schemas[8] = schema
    session = room.worker().join()
    for _ in range(5):
        session.step(wait=False)
    assert room.shown() == {"a": 1}
    assert "paused at offset 1" in (session.reader.red or "")
    assert "schema 8 of the registry" in (session.reader.red or "")
    session.close()
    shelf.schemas[8] = EVENT_SCHEMA
    session = room.worker().join()
    for _ in range(5):
        session.step(wait=False)
    assert room.shown() == {"a": 1, "b": 1, "c": 1}
    assert room.log.end(room.log.partitions(DEAD_LETTERS)[0]) == 0
    session.close()
