"""Events that lie in another partition than their key says, by another key or because partitions were added since."""

from collections.abc import Sequence

import pytest

from tests.unit.events import put, wd
from tests.unit.worker.newsroom import (
    NEWS,
    SETTINGS,
    SPORT,
    Faults,
    Killed,
    Newsroom,
    member,
    run_to_rest,
    settle,
    settle_together,
)
from tests.unit.worker.toy import Section, ToySink
from wireroom import codec
from wireroom.edition import Window
from wireroom.event import ArticleEvent
from wireroom.log import ARTICLES, BACKFILL
from wireroom.worker.replay import Replay
from wireroom.worker.session import Session

OTHER = ("other",)
BIG = Section("daily", "news", Window(entries=20, reserve=5))


def home(room: Newsroom) -> int:
    return room.log.partition_of(ARTICLES, "daily").number


def foreign_key(room: Newsroom) -> str:
    """A key of another partition than the publication's own."""
    return next(f"k{n}" for n in range(99) if room.log.partition_of(ARTICLES, f"k{n}").number != home(room))


def misroute(room: Newsroom, *events: ArticleEvent) -> None:
    key = foreign_key(room)
    room.log.append(ARTICLES, [codec.encode(event)._replace(key=key) for event in events])


def two(room: Newsroom, *sections: Section, faults: Sequence[Faults | None] = (None, None)) -> tuple[Session, Session]:
    """Two members that have settled: the one to whom the publication belongs, and the other."""
    sessions = [room.worker(*sections, faults=each).join() for each in faults]
    numbers = [room.log.partitions(topic)[0]._replace(number=n) for topic in (ARTICLES, BACKFILL) for n in range(2)]
    for partition in numbers:
        room.log.move(partition, member(sessions[partition.number != home(room)]))
    settle_together(*sessions)
    assert [{p.number for p in session.assignment.owned} for session in sessions] == [{home(room)}, {1 - home(room)}]
    return sessions[0], sessions[1]


def test_one_worker_takes_them() -> None:
    room = Newsroom(partitions=3)
    room.publish(put("a"))
    session = room.worker().join()
    misroute(room, put("b"))
    settle(session)
    assert room.shown() == {"b": 1, "a": 1}
    misroute(room, wd("a", 2), put("c"))
    settle(session)
    assert room.shown() == {"c": 1, "b": 1}
    assert session.assignment.behind == set()


def test_an_article_stays_while_whoever_has_seen_its_next_revision_has_not_written_it() -> None:
    """Its other writer dies, at whatever it does last, and the owner goes on."""
    for at in range(1, 100):
        room, faults = Newsroom(partitions=2), Faults()
        room.publish(put("a"))
        owner, other = two(room, BIG, faults=[None, faults])
        misroute(room, put("b"))
        settle_together(owner, other)
        misroute(room, put("a", 2), put("c"))
        faults.at = faults.count + at
        try:
            settle(other)
        except Killed:
            for event in (put("d"), put("e")):  # the second is written over the owner's own state
                room.publish(event)
                settle(owner)
            assert room.shown().keys() >= {"a", "b", "d", "e"}, faults.trace[-1]
        else:
            break
    assert at > 5


def test_two_members_write_the_edition_and_what_stands_behind_them() -> None:
    room = Newsroom(partitions=2)
    room.publish(put("a"))
    owner, other = two(room)
    misroute(room, put("b"))
    settle_together(owner, other)
    assert room.shown() == {"b": 1, "a": 1}
    room.publish(put("c"))
    misroute(room, wd("a", 2))
    settle_together(owner, other)
    assert room.shown() == {"c": 1, "b": 1}
    assert owner.assignment.shared == other.assignment.shared == {"editions/toy/daily/news.json"}
    other.close()
    room.publish(wd("b", 2))
    settle(owner)
    assert room.shown() == {"c": 1}
    run_to_rest(room.worker())
    assert room.shown() == {"c": 1}


def test_who_follows_feeds_the_edition_from_there_too() -> None:
    room = Newsroom(partitions=2)
    room.publish(put("a"))
    misroute(room, put("b"))
    run_to_rest(room.worker())
    misroute(room, put("c"), wd("a", 2))
    owner, other = two(room)
    assert room.shown() == {"c": 1, "b": 1}
    assert owner.assignment.behind == other.assignment.behind == set()


def test_a_publication_that_only_ever_came_by_another_partition() -> None:
    room = Newsroom(partitions=2)
    misroute(room, put("a"), put("b"), wd("a", 2))
    two(room)
    assert room.shown() == {"b": 1}


def test_a_new_feed_is_filled_from_everywhere() -> None:
    room = Newsroom(partitions=2)
    misroute(room, put("a", sections=("sport",)), put("b", sections=("sport",)))
    room.publish(wd("a", 2), put("c"))
    run_to_rest(room.worker(NEWS))
    two(room, NEWS, SPORT)
    assert room.shown("sport") == {"b": 1}


@pytest.mark.parametrize("running", [False, True], ids=["between two workers", "while two members run"])
def test_partitions_are_added(running: bool) -> None:
    room = Newsroom(partitions=2)
    room.publish(*[put(i) for i in "abcd"])
    sessions = two(room, BIG) if running else ()
    if not running:
        run_to_rest(room.worker(BIG))
    before = home(room)
    size = next(n for n in range(3, 40) if Newsroom(n).log.partition_of(ARTICLES, "daily").number >= 2)
    room.log.grow(size)
    assert home(room) != before
    room.publish(wd("a", 2), put("e"))
    room.archive(put("f"), put("a"))
    settle_together(*sessions) if running else run_to_rest(room.worker(BIG))
    assert room.shown() == dict.fromkeys("fedcb", 1)
    for session in sessions:
        session.close()
    room.publish(put("b", 2, sections=OTHER))
    run_to_rest(room.worker(BIG, SPORT))
    assert room.shown() == dict.fromkeys("fedc", 1)
    assert Replay(ToySink((BIG,)), room.log, room.store, SETTINGS, room.clock).find(lambda _: None) == []
