"""What every log promises, as checks that any implementation can be put through.

Each check gets a `Rig`: a log, another door to the same log (another process would use such a one), and how on this
log time passes. A check asks for no more than the protocol says, so that the same suite runs on a real server.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from threading import Thread
from typing import Protocol

import pytest

from wireroom.errors import Fenced, Red, WireroomError
from wireroom.log import ARTICLES, BACKFILL, Assigned, Commit, Consumer, Log, Message, Partition, Position, Record

GROUP = "feeds"


class Rig(Protocol):
    """An implementation on trial."""

    log: Log
    other: Log
    patience: float  # seconds after which nothing more comes

    def now(self) -> int:
        """The time by which records are stamped, in microseconds since the epoch."""
        ...

    def settle(self, *members: Consumer) -> None:
        """Poll, paused, until these members, all that there are, share the partitions for good."""
        ...

    def lapse(self, *stalled: Consumer) -> None:
        """Let the leases of these members run out, as if they were suspended; those of others as well, or not."""
        ...

    def pass_time(self, *members: Consumer) -> None:
        """Let a good part of a lease go by."""
        ...


Check = Callable[[Rig], None]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def messages(count: int, start: int = 0) -> list[Message]:
    return [Message("kabar", f"{number}".encode(), {"ce_id": b"%d" % number}) for number in range(start, start + count)]


def everything(log: Log, topic: str = ARTICLES) -> list[Record]:
    return [record for partition in log.partitions(topic) for record in log.read(partition, 0, 10_000)]


def join(rig: Rig, log: Log, *topics: str, group: str = GROUP) -> Consumer:
    """The only member of a group, with its partitions."""
    member = log.join(group, topics or [ARTICLES])
    rig.settle(member)
    return member


def drain(rig: Rig, consumer: Consumer, limit: int = 7) -> list[Record]:
    found: list[Record] = []
    while records := consumer.poll(rig.patience, limit):
        assert len(records) <= limit
        found += records
    return found


def home(log: Log, topic: str = ARTICLES) -> Partition:
    return log.partition_of(topic, "kabar")


def two_members(rig: Rig, *topics: str) -> tuple[Consumer, Consumer]:
    """Two members of a group that have settled: the owner of `home` and another."""
    members = [log.join(GROUP, topics or [ARTICLES]) for log in (rig.log, rig.other)]
    rig.settle(*members)
    first, second = sorted(members, key=lambda member: home(rig.log) not in member.assignment())
    return first, second


def commit_of(consumer: Consumer, partition: Partition) -> Commit:
    return consumer.assignment()[partition].commit


def values(records: Sequence[Record]) -> list[bytes]:
    return [record.value for record in records]


# -- appending and reading -------------------------------------------------------------------------------------------


@check
def offsets_rise_in_order(rig: Rig) -> None:
    positions = [
        *rig.log.append(ARTICLES, messages(3)),
        *rig.other.append(ARTICLES, messages(2, 3)),
        *rig.log.append(ARTICLES, messages(1, 5)),
    ]
    offsets = [position.offset for position in positions]
    assert {position.partition for position in positions} == {home(rig.log)}
    assert offsets == sorted(set(offsets))
    found = rig.other.read(home(rig.log), 0, 99)
    assert [(each.offset, each.value) for each in found] == [(o, b"%d" % n) for n, o in enumerate(offsets)]
    assert rig.log.end(home(rig.log)) == rig.other.end(home(rig.log)) > offsets[-1]


@check
def records_come_back_whole(rig: Rig) -> None:
    message = Message(
        "صحيفة-新闻-🗞", bytes(range(256)), {"ce_subject": "日本".encode(), "raw": bytes(range(256)), "": b""}
    )
    before = rig.now() // 1000 * 1000
    (position,) = rig.log.append(ARTICLES, [message])
    (record,) = rig.other.read(position.partition, position.offset, 1)
    assert record == Record(position.partition, position.offset, *message, record.timestamp)
    assert before <= record.timestamp <= rig.now()


@check
def nothing_appended_is_nothing(rig: Rig) -> None:
    assert list(rig.log.append(ARTICLES, [])) == []
    assert everything(rig.log) == []


@check
def reading_is_bounded(rig: Rig) -> None:
    offsets = [position.offset for position in rig.log.append(ARTICLES, messages(10))]
    assert [each.offset for each in rig.log.read(home(rig.log), offsets[4], 3)] == offsets[4:7]
    assert [each.offset for each in rig.log.read(home(rig.log), offsets[7] + 1, 5)] == offsets[8:]
    assert list(rig.log.read(home(rig.log), offsets[9] + 1, 5)) == []
    assert list(rig.log.read(home(rig.log), rig.log.end(home(rig.log)), 5)) == []


@check
def reading_goes_on_to_the_end(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(10))
    found: list[Record] = []
    offset = 0
    while records := rig.other.read(home(rig.log), offset, 3):
        found += records
        offset = records[-1].offset + 1
    assert values(found) == [b"%d" % number for number in range(10)]


@check
def topics_are_apart(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(2))
    rig.log.append(BACKFILL, messages(1, 9))
    assert values(everything(rig.other, BACKFILL)) == [b"9"]
    assert rig.log.topic_id(ARTICLES) == rig.other.topic_id(ARTICLES) != rig.log.topic_id(BACKFILL)


@check
def a_key_has_one_partition(rig: Rig) -> None:
    for number in range(20):
        (position,) = rig.log.append(ARTICLES, [Message(f"k{number}", b"0")])
        assert position.partition == rig.other.partition_of(ARTICLES, f"k{number}")
        assert position.partition in rig.log.partitions(ARTICLES)


@check
def threads_append_side_by_side(rig: Rig) -> None:
    positions: dict[bytes, Position] = {}

    def write(door: Log, writer: int) -> None:
        for round_ in range(15):
            batch = [Message(f"{writer}", b"%d/%d" % (writer, 2 * round_ + half)) for half in (0, 1)]
            positions.update(zip((each.value for each in batch), door.append(ARTICLES, batch), strict=True))

    doors = (rig.log, rig.log, rig.log, rig.other)
    threads = [Thread(target=write, args=(door, number)) for number, door in enumerate(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = everything(rig.log)
    assert {record.value: Position(record.partition, record.offset) for record in records} == positions
    assert len(records) == len(positions) == 4 * 30
    for writer in range(4):
        mine = [record.value for record in records if record.key == f"{writer}"]
        assert mine == [b"%d/%d" % (writer, number) for number in range(30)]


# -- a group's offsets -----------------------------------------------------------------------------------------------


@check
def a_member_gets_everything_once_in_order(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(20))
    consumer = join(rig, rig.other)
    assert values(drain(rig, consumer)) == [b"%d" % number for number in range(20)]
    rig.log.append(ARTICLES, messages(5, 20))
    assert values(drain(rig, consumer)) == [b"%d" % number for number in range(20, 25)]


@check
def a_group_starts_where_it_committed(rig: Rig) -> None:
    offset = rig.log.append(ARTICLES, messages(10))[4].offset
    assert rig.log.committed(GROUP, home(rig.log)) is None
    first = join(rig, rig.log)
    drain(rig, first)
    assert commit_of(first, home(rig.log)) == Commit(0)
    first.commit({home(rig.log): Commit(offset, "roster")})
    assert commit_of(first, home(rig.log)) == Commit(0), "as it was when the partition was gained"
    first.close()
    assert rig.other.committed(GROUP, home(rig.log)) == Commit(offset, "roster")
    second = join(rig, rig.other)
    assert commit_of(second, home(rig.log)) == Commit(offset, "roster")
    assert values(drain(rig, second)) == [b"%d" % number for number in range(4, 10)]


@check
def groups_are_apart(rig: Rig) -> None:
    end = rig.log.append(ARTICLES, messages(3))[-1].offset + 1
    feeds, sitemaps = join(rig, rig.log), join(rig, rig.other, group="sitemaps")
    assert values(drain(rig, feeds)) == values(drain(rig, sitemaps)) == [b"0", b"1", b"2"]
    feeds.commit({home(rig.log): Commit(end)})
    assert rig.log.committed("sitemaps", home(rig.log)) is None


@check
def committing_nothing_is_nothing(rig: Rig) -> None:
    rig.log.join(GROUP, [ARTICLES]).commit({})
    assert rig.log.committed(GROUP, home(rig.log)) is None


@check
def a_stranger_commits_nothing(rig: Rig) -> None:
    join(rig, rig.log)
    with pytest.raises(Fenced):
        rig.other.join(GROUP, [ARTICLES]).commit({home(rig.log): Commit(1)})
    assert rig.log.committed(GROUP, home(rig.log)) is None


@check
def a_commit_is_whole_or_nothing(rig: Rig) -> None:
    member = join(rig, rig.log)
    mine, foreign = home(rig.log), home(rig.log, BACKFILL)
    with pytest.raises(Fenced):
        member.commit({mine: Commit(1), foreign: Commit(1)})
    assert rig.log.committed(GROUP, mine) is None
    member.commit({mine: Commit(1)})
    assert rig.log.committed(GROUP, mine) == Commit(1)


# -- members come and go ---------------------------------------------------------------------------------------------


@check
def a_zombie_is_fenced(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(4))
    zombie, heir = two_members(rig)
    rig.lapse(zombie)
    rig.settle(heir)
    heir.commit({home(rig.log): Commit(2, "heir")})
    with pytest.raises(Fenced):
        zombie.commit({home(rig.log): Commit(4, "zombie")})
    assert rig.log.committed(GROUP, home(rig.log)) == Commit(2, "heir")


@check
def polls_keep_the_lease(rig: Rig) -> None:
    member, waiting = two_members(rig)
    for _ in range(12):
        rig.pass_time(member, waiting)
        member.poll(0, 1)
        waiting.poll(0, 1)
        assert home(rig.log) in member.assignment()
        assert home(rig.log) not in waiting.assignment()
    member.commit({home(rig.log): Commit(0)})


@check
def what_is_regained_has_another_term(rig: Rig) -> None:
    stalled, heir = two_members(rig)
    before = stalled.assignment()[home(rig.log)]
    rig.lapse(stalled)
    rig.settle(heir)
    heir.commit({home(rig.log): Commit(0, "heir")})
    assert heir.assignment()[home(rig.log)].term != before.term
    heir.close()
    rig.settle(stalled)
    after = stalled.assignment()[home(rig.log)]
    assert after == Assigned(Commit(0, "heir"), after.term)
    assert after.term != before.term


@check
def what_is_retained_goes_on(rig: Rig) -> None:
    """Another member comes and goes: what stays keeps its term and its position."""
    rig.log.append(ARTICLES, messages(6))
    member = join(rig, rig.log)
    before, read = member.assignment(), drain(rig, member)
    late = rig.other.join(GROUP, [ARTICLES])
    rig.settle(member, late)
    for partition in member.assignment().keys() & before.keys():
        assert member.assignment()[partition] == before[partition]
    if home(rig.log) in member.assignment():
        rig.log.append(ARTICLES, messages(1, 6))
        assert (values(read), values(drain(rig, member))) == ([b"%d" % number for number in range(6)], [b"6"])


@check
def a_member_that_leaves_is_replaced_at_once(rig: Rig) -> None:
    leaving, heir = two_members(rig)
    assert home(rig.log) not in heir.assignment()
    leaving.close()
    assert leaving.assignment() == {}
    rig.settle(heir)
    assert set(heir.assignment()) == set(rig.log.partitions(ARTICLES))
    with pytest.raises(Fenced):
        leaving.commit({home(rig.log): Commit(0)})


@check
def nothing_has_two_owners(rig: Rig) -> None:
    members = [door.join(GROUP, [ARTICLES, BACKFILL]) for door in (rig.log, rig.other, rig.log)]
    rig.settle(*members)
    owned = list(chain.from_iterable(each.assignment() for each in members))
    assert len(owned) == len(set(owned))
    assert set(owned) == {*rig.log.partitions(ARTICLES), *rig.log.partitions(BACKFILL)}


@check
def equal_numbers_have_one_owner(rig: Rig) -> None:
    members = two_members(rig, ARTICLES, BACKFILL)
    members[0].commit({home(rig.log): Commit(0)})  # of the one topic only
    for again in (False, True):
        for member in members:
            numbers = [{p.number for p in member.assignment() if p.topic == topic} for topic in (ARTICLES, BACKFILL)]
            assert numbers[0] == numbers[1]
        if not again:
            rig.lapse(members[0])
            rig.settle(members[1])


@check
def a_poll_in_which_partitions_come_does_not_wait(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(3))
    member = rig.log.join(GROUP, [ARTICLES])
    while not member.assignment():
        assert list(member.poll(3600, 1)) == [], "nor does it deliver"
    assert set(member.assignment()) == set(rig.log.partitions(ARTICLES))


# -- positions -------------------------------------------------------------------------------------------------------


@check
def what_is_paused_is_not_delivered(rig: Rig) -> None:
    for topic in (ARTICLES, BACKFILL):
        rig.log.append(topic, messages(3))
    member = join(rig, rig.log, ARTICLES, BACKFILL)
    member.pause([home(rig.log)])
    assert {record.partition for record in drain(rig, member)} == {home(rig.log, BACKFILL)}
    assert home(rig.log) in member.assignment()
    member.pause([home(rig.log, BACKFILL), Partition("documents", 0)])
    rig.log.append(BACKFILL, messages(1, 3))
    assert [record.partition for record in drain(rig, member)] == [home(rig.log)] * 3
    member.pause([])
    assert values(drain(rig, member)) == [b"3"]


@check
def seeking_reads_again(rig: Rig) -> None:
    offset = rig.log.append(ARTICLES, messages(5))[3].offset
    member = join(rig, rig.log)
    drain(rig, member)
    member.seek(home(rig.log), offset)
    member.seek(home(rig.log, BACKFILL), 0)
    assert values(drain(rig, member)) == [b"3", b"4"]
    assert home(rig.log, BACKFILL) not in member.assignment()


@check
def lag_counts_what_waits(rig: Rig) -> None:
    member = join(rig, rig.log)
    assert member.lag(home(rig.log, BACKFILL)) == 0
    end = rig.log.append(ARTICLES, messages(9))[-1].offset + 1
    found = member.poll(rig.patience, 4)
    while len(found) < 4:
        found = [*found, *member.poll(rig.patience, 4 - len(found))]
    assert 5 <= member.lag(home(rig.log)) <= rig.log.end(home(rig.log)) - found[-1].offset - 1
    drain(rig, member)
    assert member.lag(home(rig.log)) == rig.log.end(home(rig.log)) - end


@check
def no_topic_starves_another(rig: Rig) -> None:
    rig.log.append(ARTICLES, messages(50))
    rig.log.append(BACKFILL, messages(50))
    member = join(rig, rig.log, ARTICLES, BACKFILL)
    found = [record.partition.topic for _ in range(4) for record in member.poll(rig.patience, 5)]
    assert set(found) == {ARTICLES, BACKFILL}


@check
def a_waiting_member_is_woken(rig: Rig) -> None:
    member = join(rig, rig.log)
    drain(rig, member)
    found: list[Record] = []
    waiting = Thread(target=lambda: found.extend(member.poll(60, 5)))
    waiting.start()
    rig.other.append(ARTICLES, messages(1))
    waiting.join()
    assert values(found) == [b"0"]


@check
def a_log_that_lost_records_stops_its_readers(rig: Rig) -> None:
    end = rig.log.append(ARTICLES, messages(2))[-1].offset + 1
    member = join(rig, rig.log)
    drain(rig, member)
    member.commit({home(rig.log): Commit(end + 100)})
    member.close()
    for _ in range(2):
        reader = rig.other.join(GROUP, [ARTICLES])
        with pytest.raises(Red, match="lost records"):
            rig.settle(reader)
        reader.close()


def failures(make: Callable[[], Rig]) -> Iterator[str]:
    """The names of the checks that an implementation fails."""
    for each in CHECKS:
        try:
            each(make())
        except (AssertionError, LookupError, pytest.fail.Exception, WireroomError):
            yield each.__name__
