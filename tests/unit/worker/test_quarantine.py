"""Marks: who died, and who only let go."""

from tests.unit.events import put
from tests.unit.worker.newsroom import Newsroom, member, settle, settle_together
from wireroom.log import ARTICLES, BACKFILL, Partition

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
    assert successor.reader.careful, "the sleeper may have died"
    (mark,) = room.store.keys(MARKS)
    sleeper.quarantine.close()
    assert list(room.store.keys(MARKS)) == [mark]
