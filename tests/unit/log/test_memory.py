"""What the memory log does beyond the contract: it shares partitions evenly, and makes zombies to order."""

import pytest

from wireroom.clock import ManualClock
from wireroom.errors import Fenced
from wireroom.log import ARTICLES, BACKFILL, Commit, Message, Partition
from wireroom.log.member import LEASE, Member
from wireroom.log.memory import MemoryLog, Seat

FIRST = Partition(ARTICLES, 0)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog(partitions=4, clock=ManualClock(1))


def members(log: MemoryLog, count: int) -> list[Member[Seat]]:
    return [log.join("feeds", [ARTICLES]) for _ in range(count)]


def settle(*group: Member[Seat]) -> list[int]:
    """How many partitions each has, after as many polls as any hand-over needs."""
    for member in group * 2:
        member.poll(0, 1)
    return [len(member.assignment()) for member in group]


def test_partitions_are_shared_evenly_as_members_come_and_go(log: MemoryLog) -> None:
    a, b, c = members(log, 3)
    assert settle(a, b, c) == [2, 1, 1]
    b.close()
    assert settle(a, c) == [2, 2]
    assert settle(a, c, *members(log, 3)) == [1, 1, 1, 1, 0]


def test_a_member_keeps_what_it_has_until_its_own_poll(log: MemoryLog) -> None:
    (first,) = members(log, 1)
    assert settle(first) == [4]
    (second,) = members(log, 1)
    second.poll(0, 1)
    assert second.assignment() == {}
    first.commit({Partition(ARTICLES, number): Commit(0) for number in range(4)})
    first.poll(0, 1)
    second.poll(0, 1)
    assert (len(first.assignment()), len(second.assignment())) == (2, 2)


def test_a_member_that_vanished_is_replaced_when_its_lease_is_over(log: MemoryLog) -> None:
    clock = log.clock
    assert isinstance(clock, ManualClock)
    gone, there = members(log, 2)
    assert settle(gone, there) == [2, 2]
    clock.time += LEASE
    assert settle(there) == [2]
    clock.time += 1
    assert settle(there) == [4]
    assert settle(gone, there) == [2, 2]


def test_move_makes_a_zombie(log: MemoryLog) -> None:
    zombie, heir = members(log, 2)
    settle(zombie, heir)
    log.append(ARTICLES, [Message(f"k{number}", b"") for number in range(40)])
    assert FIRST in zombie.assignment()
    log.move(FIRST, heir)
    assert FIRST in zombie.assignment()
    with pytest.raises(Fenced):
        zombie.commit({FIRST: Commit(1)})
    heir.poll(0, 1)
    heir.commit({FIRST: Commit(2)})
    assert settle(zombie, heir) == [1, 3]
    assert log.committed("feeds", FIRST) == Commit(2)
    heir.close()
    assert settle(zombie) == [4]


def test_a_group_may_read_several_topics(log: MemoryLog) -> None:
    a, b = (log.join("feeds", [ARTICLES, BACKFILL]) for _ in range(2))
    assert settle(a, b) == [4, 4]
    assert {partition.number for partition in a.assignment()} == {0, 2}


def test_topics_grow(log: MemoryLog) -> None:
    a, b = members(log, 2)
    settle(a, b)
    log.append(ARTICLES, [Message("k7", b"before")])
    old = log.partition_of(ARTICLES, "k7")
    log.grow(9)
    assert settle(a, b) == [5, 4]
    assert [record.value for record in log.read(old, 0, 9)] == [b"before"]
    assert log.partition_of(ARTICLES, "k7") != old


def test_keys_spread_over_the_partitions(log: MemoryLog) -> None:
    log.append(ARTICLES, [Message(f"penerbit-{number}", b"") for number in range(100)])
    assert all(log.end(partition) > 10 for partition in log.partitions(ARTICLES))
