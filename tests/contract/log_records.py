"""What every log promises about records: appended, read, delivered from a position."""

from threading import Thread

import pytest

from tests.contract.log_rig import GROUP, Check, Rig, drain, everything, home, into, join, messages, values
from wireroom.errors import Red
from wireroom.log import ARTICLES, BACKFILL, Commit, Log, Message, Partition, Position, Record

CHECKS: list[Check] = []
check = into(CHECKS)


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
