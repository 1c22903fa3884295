"""What every log promises, as checks that any implementation can be put through.

Each check gets a log, another door to the same log (another process would use such a one) and the clock of both.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from threading import Thread

import pytest

from wireroom.clock import ManualClock
from wireroom.errors import Fenced, Red, WireroomError
from wireroom.log import ARTICLES, BACKFILL, Commit, Consumer, Log, Message, Partition, Position, Record
from wireroom.log.member import LEASE

Check = Callable[[Log, Log, ManualClock], None]
CHECKS: list[Check] = []
GROUP = "feeds"


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def messages(count: int, start: int = 0) -> list[Message]:
    return [Message("kabar", f"{number}".encode(), {"ce_id": b"%d" % number}) for number in range(start, start + count)]


def everything(log: Log, topic: str = ARTICLES) -> list[Record]:
    return [record for partition in log.partitions(topic) for record in log.read(partition, 0, 10_000)]


def drain(consumer: Consumer, limit: int = 7) -> list[Record]:
    found: list[Record] = []
    while records := consumer.poll(0, limit):
        found += records
    return found


def home(log: Log, topic: str = ARTICLES) -> Partition:
    return log.partition_of(topic, "kabar")


def two_members(log: Log, other: Log) -> tuple[Consumer, Consumer]:
    """Two members of a group that have settled: the owner of `home` and another."""
    members = [log.join(GROUP, [ARTICLES]), other.join(GROUP, [ARTICLES])]
    for member in members * 3:
        member.poll(0, 1)
    first, second = sorted(members, key=lambda member: home(log) not in member.assignment())
    first.seek(home(log), 0)
    return first, second


def values(records: Sequence[Record]) -> list[bytes]:
    return [record.value for record in records]


@check
def offsets_are_dense_and_in_order(log: Log, other: Log, clock: ManualClock) -> None:
    positions = [
        *log.append(ARTICLES, messages(3)),
        *other.append(ARTICLES, messages(2, 3)),
        *log.append(ARTICLES, messages(1, 5)),
    ]
    assert positions == [Position(home(log), offset) for offset in range(6)]
    assert [(each.offset, each.value) for each in other.read(home(log), 0, 99)] == [(n, b"%d" % n) for n in range(6)]
    assert log.end(home(log)) == other.end(home(log)) == 6


@check
def records_come_back_whole(log: Log, other: Log, clock: ManualClock) -> None:
    clock.time = 1_790_000_000_123_456
    message = Message(
        "صحيفة-新闻-🗞", bytes(range(256)), {"ce_subject": "日本".encode(), "raw": bytes(range(256)), "": b""}
    )
    (position,) = log.append(ARTICLES, [message])
    (record,) = other.read(position.partition, position.offset, 1)
    assert record == Record(position.partition, position.offset, *message, clock.time)


@check
def nothing_appended_is_nothing(log: Log, other: Log, clock: ManualClock) -> None:
    assert list(log.append(ARTICLES, [])) == []
    assert everything(log) == []


@check
def reading_is_bounded(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(10))
    assert [each.offset for each in log.read(home(log), 4, 3)] == [4, 5, 6]
    assert [each.offset for each in log.read(home(log), 8, 5)] == [8, 9]
    assert list(log.read(home(log), 10, 5)) == []


@check
def topics_are_apart(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(2))
    log.append(BACKFILL, messages(1, 9))
    assert values(everything(other, BACKFILL)) == [b"9"]
    assert log.topic_id(ARTICLES) == other.topic_id(ARTICLES) != log.topic_id(BACKFILL)


@check
def a_key_has_one_partition(log: Log, other: Log, clock: ManualClock) -> None:
    for number in range(20):
        (position,) = log.append(ARTICLES, [Message(f"k{number}", b"")])
        assert position.partition == other.partition_of(ARTICLES, f"k{number}")
        assert position.partition in log.partitions(ARTICLES)


@check
def threads_append_side_by_side(log: Log, other: Log, clock: ManualClock) -> None:
    positions: dict[bytes, Position] = {}

    def write(door: Log, writer: int) -> None:
        for round_ in range(15):
            batch = [Message(f"{writer}", b"%d/%d" % (writer, 2 * round_ + half)) for half in (0, 1)]
            positions.update(zip((each.value for each in batch), door.append(ARTICLES, batch), strict=True))

    threads = [Thread(target=write, args=(door, number)) for number, door in enumerate((log, log, log, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = everything(log)
    assert {record.value: Position(record.partition, record.offset) for record in records} == positions
    assert len(records) == len(positions) == 4 * 30
    for writer in range(4):
        mine = [record.value for record in records if record.key == f"{writer}"]
        assert mine == [b"%d/%d" % (writer, number) for number in range(30)]
    for partition in log.partitions(ARTICLES):
        assert [each.offset for each in log.read(partition, 0, 999)] == list(range(log.end(partition)))


@check
def a_member_gets_everything_once_in_order(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(20))
    consumer = other.join(GROUP, [ARTICLES])
    assert len(consumer.poll(0, 7)) == 7
    consumer.seek(home(log), 0)
    assert values(drain(consumer)) == [b"%d" % number for number in range(20)]
    log.append(ARTICLES, messages(5, 20))
    assert values(drain(consumer)) == [b"%d" % number for number in range(20, 25)]


@check
def a_group_starts_where_it_committed(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(10))
    assert log.committed(GROUP, home(log)) is None
    first = log.join(GROUP, [ARTICLES])
    drain(first)
    assert first.assignment().get(home(log)) == Commit(0)
    first.commit({home(log): Commit(4, "roster")})
    first.close()
    assert other.committed(GROUP, home(log)) == Commit(4, "roster")
    second = other.join(GROUP, [ARTICLES])
    assert values(drain(second)) == [b"%d" % number for number in range(4, 10)]
    assert second.assignment().get(home(log)) == Commit(4, "roster")


@check
def groups_are_apart(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(3))
    feeds, sitemaps = log.join(GROUP, [ARTICLES]), other.join("sitemaps", [ARTICLES])
    assert values(drain(feeds)) == values(drain(sitemaps)) == [b"0", b"1", b"2"]
    feeds.commit({home(log): Commit(3)})
    assert log.committed("sitemaps", home(log)) is None


@check
def committing_nothing_is_nothing(log: Log, other: Log, clock: ManualClock) -> None:
    log.join(GROUP, [ARTICLES]).commit({})
    assert log.committed(GROUP, home(log)) is None


@check
def a_stranger_commits_nothing(log: Log, other: Log, clock: ManualClock) -> None:
    owner = log.join(GROUP, [ARTICLES, BACKFILL])
    stranger = other.join(GROUP, [ARTICLES])
    owner.poll(0, 1)
    with pytest.raises(Fenced):
        stranger.commit({home(log): Commit(1)})
    assert log.committed(GROUP, home(log)) is None


@check
def a_commit_is_whole_or_nothing(log: Log, other: Log, clock: ManualClock) -> None:
    member = log.join(GROUP, [ARTICLES])
    member.poll(0, 1)
    mine, foreign = home(log), home(log, BACKFILL)
    with pytest.raises(Fenced):
        member.commit({mine: Commit(1), foreign: Commit(1)})
    assert log.committed(GROUP, mine) is None
    member.commit({mine: Commit(1)})
    assert log.committed(GROUP, mine) == Commit(1)


@check
def a_zombie_is_fenced(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(4))
    zombie, heir = two_members(log, other)
    assert values(drain(zombie)) == values(everything(log))
    clock.time += LEASE + 1
    assert values(drain(heir)) == values(everything(log))
    heir.commit({home(log): Commit(2, "heir")})
    with pytest.raises(Fenced):
        zombie.commit({home(log): Commit(4, "zombie")})
    assert log.committed(GROUP, home(log)) == Commit(2, "heir")
    zombie.poll(0, 1)
    assert home(log) not in zombie.assignment()


@check
def a_stalled_member_that_nobody_replaced_goes_on(log: Log, other: Log, clock: ManualClock) -> None:
    member, waiting = two_members(log, other)
    clock.time += LEASE + 1
    member.commit({home(log): Commit(0, "late")})
    waiting.poll(0, 1)
    assert home(log) not in waiting.assignment()
    assert log.committed(GROUP, home(log)) == Commit(0, "late")


@check
def polls_keep_the_lease(log: Log, other: Log, clock: ManualClock) -> None:
    member, waiting = two_members(log, other)
    for _ in range(12):
        clock.time += LEASE * 2 // 5
        member.poll(0, 1)
        waiting.poll(0, 1)
        assert home(log) in member.assignment()
        assert home(log) not in waiting.assignment()
    member.commit({home(log): Commit(0)})


@check
def a_loss_shows_before_what_was_lost_comes_back(log: Log, other: Log, clock: ManualClock) -> None:
    stalled, heir = two_members(log, other)
    clock.time += LEASE + 1
    heir.poll(0, 1)
    heir.commit({home(log): Commit(0, "heir")})
    heir.close()
    stalled.poll(0, 1)
    assert home(log) not in stalled.assignment()
    stalled.poll(0, 1)
    assert stalled.assignment().get(home(log)) == Commit(0, "heir")


@check
def a_member_that_leaves_is_replaced_at_once(log: Log, other: Log, clock: ManualClock) -> None:
    leaving, heir = two_members(log, other)
    assert home(log) not in heir.assignment()
    leaving.close()
    assert leaving.assignment() == {}
    heir.poll(0, 1)
    assert set(heir.assignment()) == set(log.partitions(ARTICLES))
    with pytest.raises(Fenced):
        leaving.commit({home(log): Commit(0)})


@check
def nothing_has_two_owners(log: Log, other: Log, clock: ManualClock) -> None:
    members = [door.join(GROUP, [ARTICLES, BACKFILL]) for door in (log, other, log)]
    for _ in range(3):
        for member in members:
            member.poll(0, 1)
            owned = list(chain.from_iterable(each.assignment() for each in members))
            assert len(owned) == len(set(owned))
    assert set(owned) == {*log.partitions(ARTICLES), *log.partitions(BACKFILL)}


@check
def only_what_is_free_is_taken(log: Log, other: Log, clock: ManualClock) -> None:
    owner, late = log.join(GROUP, [ARTICLES]), other.join(GROUP, [ARTICLES, BACKFILL])
    owner.poll(0, 1)
    late.poll(0, 1)
    for partition in owner.assignment():
        assert partition not in late.assignment()
        owner.commit({partition: Commit(0)})


@check
def a_poll_that_gains_a_partition_does_not_wait(log: Log, other: Log, clock: ManualClock) -> None:
    member = log.join(GROUP, [ARTICLES])
    assert list(member.poll(3600, 1)) == []
    assert set(member.assignment()) == set(log.partitions(ARTICLES))


@check
def what_is_paused_is_not_delivered(log: Log, other: Log, clock: ManualClock) -> None:
    for topic in (ARTICLES, BACKFILL):
        log.append(topic, messages(3))
    member = log.join(GROUP, [ARTICLES, BACKFILL])
    member.pause([home(log)])
    assert {record.partition for record in drain(member)} == {home(log, BACKFILL)}
    assert home(log) in member.assignment()
    member.pause([home(log, BACKFILL)])
    log.append(BACKFILL, messages(1, 3))
    assert [record.partition for record in drain(member)] == [home(log)] * 3
    member.pause([])
    assert values(drain(member)) == [b"3"]


@check
def seeking_reads_again(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(5))
    member = log.join(GROUP, [ARTICLES])
    drain(member)
    member.seek(home(log), 3)
    assert values(drain(member)) == [b"3", b"4"]
    with pytest.raises(ValueError, match="not assigned"):
        member.seek(home(log, BACKFILL), 0)


@check
def no_topic_starves_another(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(50))
    log.append(BACKFILL, messages(50))
    member = log.join(GROUP, [ARTICLES, BACKFILL])
    found = [record.partition.topic for _ in range(4) for record in member.poll(0, 5)]
    assert set(found) == {ARTICLES, BACKFILL}


@check
def a_waiting_member_is_woken(log: Log, other: Log, clock: ManualClock) -> None:
    member = log.join(GROUP, [ARTICLES])
    drain(member)
    found: list[Record] = []
    waiting = Thread(target=lambda: found.extend(member.poll(60, 5)))
    waiting.start()
    other.append(ARTICLES, messages(1))
    waiting.join()
    assert values(found) == [b"0"]


@check
def a_log_that_lost_records_stops_its_readers(log: Log, other: Log, clock: ManualClock) -> None:
    log.append(ARTICLES, messages(2))
    member = log.join(GROUP, [ARTICLES])
    drain(member)
    member.commit({home(log): Commit(3)})
    member.close()
    for _ in range(2):
        reader = other.join(GROUP, [ARTICLES])
        with pytest.raises(Red, match="lost records"):
            reader.poll(0, 1)
        reader.close()


def failures(make: Callable[[ManualClock], Log]) -> Iterator[str]:
    """The names of the checks that an implementation fails."""
    for each in CHECKS:
        clock = ManualClock(1_790_000_000_000_000)
        log = make(clock)
        try:
            each(log, log, clock)
        except (AssertionError, pytest.fail.Exception, WireroomError):
            yield each.__name__
