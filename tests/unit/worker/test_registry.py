"""Events of another producer: a registry that is away is waited for, one unlike ours stops its partition."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.unit.events import put
from tests.unit.schema_files import EVENT_SCHEMA, Avro
from tests.unit.worker.newsroom import Newsroom
from wireroom import codec
from wireroom.clock import SECOND
from wireroom.errors import RetryAfter
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, DEAD_LETTERS, Message


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


def framed(event: ArticleEvent, number: int = 7) -> Message:
    message = codec.encode(event)
    return message._replace(value=b"\0" + number.to_bytes(4) + message.value[10:])


def test_a_registry_that_is_away_is_waited_for(shelf: Shelf) -> None:
    room, shelf.away = Newsroom(), True
    room.publish(put("a"))
    room.log.append(ARTICLES, [framed(put("b"))])
    session = room.worker().join()
    session.step(wait=False)
    assert room.shown() == {}
    room.clock.time += 3 * SECOND
    session.step(wait=False)
    assert room.shown() == {}
    shelf.away = False
    room.clock.time += 3 * SECOND
    session.step(wait=False)
    session.step(wait=False)
    assert room.shown() == {"a": 1, "b": 1}
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
