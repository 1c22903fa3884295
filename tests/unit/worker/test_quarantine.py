"""Marks: who died, and who only let go."""

import pytest

from tests.unit.events import NOW, put
from tests.unit.worker.newsroom import Newsroom, member, run_to_rest, settle, settle_together
from wireroom.clock import ManualClock
from wireroom.errors import Fenced, Red
from wireroom.log import ARTICLES, BACKFILL, DEAD_LETTERS, Partition, Record
from wireroom.store import Metadata
from wireroom.store.memory import MemoryStore
from wireroom.worker.quarantine import GivenUp

LIVE = Partition(ARTICLES, 0)
MARKS = "editions/toy/_marks/articles-0/"


def test_a_partition_that_went_to_another_member_is_not_a_death() -> None:
    room = Newsroom()
    first, second = room.worker().join(), room.worker().join()
    settle_together(first, second)
    room.log.move(LIVE, member(second))
    first.step(wait=False)
    assert list(room.store.keys(MARKS)) == [], "it let go in order"
    settle_together(first, second)
    room.publish(put("a"))
    assert not second.reader.careful


def test_who_lost_a_partition_leaves_the_mark_of_its_successor_alone() -> None:
    room = Newsroom()
    sleeper, successor = room.worker().join(), room.worker().join()
    settle(sleeper)
    for topic in (ARTICLES, BACKFILL):
        room.log.move(Partition(topic, 0), member(successor))
    settle(successor)
    assert successor.quarantine.warned, "the sleeper may have died"
    (mark,) = room.store.keys(MARKS)
    sleeper.quarantine.close()
    assert list(room.store.keys(MARKS)) == [mark]


def test_what_came_after_a_death_is_not_suspected() -> None:
    room = Newsroom()
    room.publish(put("a"))
    dead = room.worker().join()
    settle(dead)
    room.publish(put("b"))
    dead.close()
    session = room.worker().join()
    session.step(wait=False)
    assert session.reader.careful, "of what lay there one may be the cause"
    settle(session)
    assert room.shown() == {"a": 1, "b": 1}
    room.publish(put("c"))
    assert not session.reader.careful, "neither of this one, nor of the archive, where nothing lies"


def fenced(*_: object) -> None:
    raise Fenced("another member owns it")


def lose_its_place(room: Newsroom) -> None:
    """A worker reads what is there, and its commit is refused."""
    session = room.worker().join()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.consumer, "commit", fenced)
        with pytest.raises(Fenced):
            session.run(lambda: False, drain=False, progress=lambda _: None)
    session.close()


def test_who_stopped_with_a_reason_did_not_die(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom()
    session = room.worker().join()
    monkeypatch.setattr(session, "_publish", lambda: red("the store forbids it"))
    with pytest.raises(Red):
        session.run(lambda: False, drain=False, progress=lambda _: None)
    session.close()
    assert list(room.store.keys(MARKS)) == []


def red(reason: str) -> None:
    raise Red(reason, "mend it")


def test_who_lost_its_place_did_not_die() -> None:
    room = Newsroom()
    run_to_rest(room.worker())
    room.publish(put("a"))
    lose_its_place(room)
    assert list(room.store.keys(MARKS)) == []


def test_a_record_is_not_blamed_for_places_that_were_lost() -> None:
    room = Newsroom()
    dead = room.worker().join()
    settle(dead)
    dead.close()
    room.publish(put("a"))
    for _ in range(4):
        lose_its_place(room)
    assert list(room.store.keys(MARKS)), "somebody did die"
    run_to_rest(room.worker())
    assert room.shown() == {"a": 1}
    assert room.log.end(Partition(DEAD_LETTERS, 0)) == 0


def test_two_who_give_records_up_at_once_keep_both(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(ManualClock(NOW))
    one, two = GivenUp(store, "toy"), GivenUp(store, "toy")
    real = store.put
    meanwhile = iter([record(5)])

    def put(key: str, body: bytes, if_match: str | None, metadata: Metadata) -> str:
        if (other := next(meanwhile, None)) is not None:
            two.add(other)
        return real(key, body, if_match, metadata)

    monkeypatch.setattr(store, "put", put)
    one.add(record(3))
    assert record(3) in GivenUp(store, "toy")
    assert record(5) in GivenUp(store, "toy")


def record(offset: int) -> Record:
    return Record(LIVE, offset, "daily", b"", {}, NOW)
