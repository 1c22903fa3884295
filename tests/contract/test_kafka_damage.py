"""Batches of a real broker that nobody can read."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from tests.contract.brokered import Brokered, Door, brokers, two_doors
from tests.contract.log_rig import drain, everything, home, join, messages, values
from tests.servers.kafka import Broker
from wireroom.cli._program import program
from wireroom.errors import Red
from wireroom.log import ARTICLES, BACKFILL, Commit, Consumer, Message, Record

GROUP = "feeds"


@pytest.fixture
def rig(broker: Broker) -> Iterator[Brokered]:
    with two_doors(broker) as rig:
        yield rig


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=brokers(broker))
    yield client
    client.close()


def name(rig: Brokered) -> str:
    assert isinstance(rig.log, Door)
    return rig.log.name(ARTICLES)


def skip(rig: Brokered, offset: int) -> tuple[int, str]:
    """Exit code and output of the command."""
    prefix = name(rig).removesuffix(ARTICLES)
    environment = {"WIREROOM_LOG__URL": rig.broker.url, "WIREROOM_LOG__PREFIX": prefix}
    place = f"{ARTICLES}/{home(rig.log).number}"
    result = CliRunner().invoke(program, ["skip", place, str(offset), "--yes"], env=environment, standalone_mode=False)
    assert result.exception is None
    return int(result.return_value), result.output


def test_a_batch_that_is_damaged(rig: Brokered, broker: Broker, admin: KafkaAdminClient) -> None:
    rig.log.append(ARTICLES, [Message("kabar", b"x" * 1000)])
    rig.log.append(ARTICLES, messages(1))
    rig.log.append(BACKFILL, messages(1))
    broker.stop()
    damage(rig)
    broker.start()
    member = rig.log.join(GROUP, [ARTICLES])
    for _ in range(2):
        with pytest.raises(Red, match="sound replica"):
            poll_for_ever(member, [])
    with pytest.raises(Red, match="sound replica"):
        rig.log.read(home(rig.log), 0, 10)
    assert values(rig.log.read(home(rig.log), 1, 10)) == [b"0"]
    assert values(everything(rig.log, BACKFILL)) == [b"0"]
    member.close()
    admin.delete_records({TopicPartition(name(rig), home(rig.log).number): 1})
    assert values(rig.log.read(home(rig.log), 0, 10)) == [b"0"]
    assert values(drain(rig, join(rig, rig.other))) == [b"0"]


def test_a_batch_that_a_person_gave_up_is_passed_over(rig: Brokered, broker: Broker) -> None:
    """By every reader; what stands before and behind it is read."""
    number = home(rig.log).number
    for first in (0, 10, 20):
        rig.log.append(ARTICLES, messages(10, first))
    broker.stop()
    first, beyond = damage(rig, 15)
    broker.start()
    assert skip(rig, 0) == (1, f"{ARTICLES}/{number} can be read at 0: nothing is to be skipped.\n")
    stopped, before = rig.log.join(GROUP, [ARTICLES]), list[Record]()
    with pytest.raises(Red, match="wireroom skip"):
        poll_for_ever(stopped, before)
    stopped.close()
    assert values(before) == [b"%d" % number for number in range(first)]
    code, told = skip(rig, 15)
    assert (code, told.partition(";")[0]) == (
        0, f"{ARTICLES}/{number}: {beyond - first} records from offset {first} on are passed over from now on",
    )  # fmt: skip
    sound = [b"%d" % number for number in range(30) if not first <= number < beyond]
    found = rig.other.read(home(rig.log), 0, 100)
    assert values([*found, *rig.other.read(home(rig.log), beyond, 100)]) == sound
    assert rig.other.read(home(rig.log), first, 3)[0].offset == beyond
    member = join(rig, rig.other)
    assert values(drain(rig, member)) == sound
    member.commit({home(rig.log): Commit(30)})


def damage(rig: Brokered, offset: int = 0) -> tuple[int, int]:
    """Flip a bit in the batch with this offset; its first offset, and the one behind it."""
    (segment,) = (rig.broker.data / f"{name(rig)}-{home(rig.log).number}").glob("*.log")
    body = bytearray(segment.read_bytes())
    start = 0
    while True:
        first, last = (int.from_bytes(body[start + at : start + at + size]) for at, size in ((0, 8), (23, 4)))
        if first + last >= offset:
            break
        start += 12 + int.from_bytes(body[start + 8 : start + 12])
    body[start + 64] ^= 1
    segment.write_bytes(body)
    return first, first + last + 1


def poll_for_ever(member: Consumer, found: list[Record]) -> None:
    while True:
        found += member.poll(0.2, 3)
