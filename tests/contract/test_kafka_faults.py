"""What happens to a log in Kafka, and what it says then."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.coordinator.base import MemberState
from kafka.structs import OffsetAndMetadata

from tests.contract.brokered import PATIENCE, Brokered, Door, brokers, client_of, evict, two_doors
from tests.contract.log_rig import drain, everything, home, join, messages, values
from tests.servers.kafka import Broker
from wireroom.errors import Fenced, Red, RetryAfter
from wireroom.log import ARTICLES, BACKFILL, Commit, Consumer, Message, Partition, Record
from wireroom.log.kafka import appends, group, library, log, topics
from wireroom.log.kafka import member as member_module
from wireroom.log.kafka.admin import Admin
from wireroom.log.kafka.library import Connection

GROUP = "feeds"


@pytest.fixture
def rig(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brokered]:
    monkeypatch.setattr(group, "HEARTBEAT", 200)
    with two_doors(broker) as rig:
        yield rig


def name(rig: Brokered, topic: str = ARTICLES) -> str:
    assert isinstance(rig.log, Door)
    return rig.log.name(topic)


def place(rig: Brokered) -> TopicPartition:
    return TopicPartition(name(rig), home(rig.log).number)


@pytest.fixture
def admin(broker: Broker) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=brokers(broker))
    yield client
    client.close()


# -- appending -------------------------------------------------------------------------------------------------------


def test_a_broker_that_hangs_is_told(rig: Brokered, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appends, "LATEST", 2.0)
    rig.log.append(ARTICLES, messages(1))
    broker.send(signal.SIGSTOP)
    try:
        with pytest.raises(RetryAfter):
            rig.log.append(ARTICLES, messages(1, 1))
    finally:
        broker.send(signal.SIGCONT)
    rig.log.append(ARTICLES, messages(1, 2))
    assert {b"0", b"2"} <= set(values(everything(rig.log)))


def test_a_broker_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "BOOTSTRAP", 500)
    nowhere = log.KafkaLog(["127.0.0.1:1"])
    for _ in range(2):
        with pytest.raises(RetryAfter):
            nowhere.append(ARTICLES, messages(1))
    nowhere.close()


@pytest.mark.parametrize("ask", ["append", "end", "read", "commit"])
def test_who_waits_for_a_broker_that_hangs_can_be_sent_away(
    rig: Brokered, broker: Broker, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    for module, patience in ((appends, "LATEST"), (library, "DELIVERY"), (library, "REQUEST"), (group, "REQUEST")):
        monkeypatch.setattr(module, patience, 300_000)
    hurried = log.KafkaLog(brokers(broker), name(rig, ""))
    (position,) = hurried.append(ARTICLES, messages(1))
    hurried.read(home(hurried), 0, 1)
    member = hurried.join(GROUP, [ARTICLES])
    while not member.assignment():
        member.poll(0.1, 1)
    asks: dict[str, Callable[[], object]] = {
        "append": lambda: hurried.append(ARTICLES, messages(1, 1)),
        "end": lambda: hurried.end(home(hurried)),
        "read": lambda: hurried.read(home(hurried), 1, 1),
        "commit": lambda: member.commit({home(hurried): Commit(position.offset + 1)}),
    }
    broker.send(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(asks[ask])
            time.sleep(0.5)
            hurried.interrupt()
            with pytest.raises(RetryAfter):
                waiting.result(PATIENCE)
        for each in asks.values():
            with pytest.raises(RetryAfter, match="ending"):
                each()
        hurried.close()
    finally:
        broker.send(signal.SIGCONT)
    assert values(everything(rig.log))[:1] == [b"0"]


def test_what_was_acknowledged_survives_the_broker(rig: Brokered, broker: Broker) -> None:
    acknowledged: list[bytes] = []
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            try:
                rig.log.append(ARTICLES, messages(1, number))
            except RetryAfter:
                continue
            acknowledged.append(b"%d" % number)
            number += 1

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        while len(acknowledged) < 100:
            time.sleep(0.01)
        broker.kill()
        broker.start()
        since = len(acknowledged)
        while len(acknowledged) < since + 20:
            time.sleep(0.01)
        stop.set()
        writing.result()
    found = values(everything(rig.other))
    assert list(dict.fromkeys(found)) == acknowledged


# -- members ---------------------------------------------------------------------------------------------------------


def test_records_are_handed_over(rig: Brokered) -> None:
    """Members come and go while records arrive: each is read, and nothing is committed that was not."""
    stop = Event()
    read: set[bytes] = set()

    def work(door: Door, until: Event) -> None:
        member = door.join(GROUP, [ARTICLES, BACKFILL])
        while not until.is_set():
            records = member.poll(0.2, 50)
            read.update(values(records))
            commits = {record.partition: Commit(record.offset + 1) for record in records}
            with suppress(RetryAfter):  # the next commit says it too, or the heir reads it again
                member.commit({p: c for p, c in commits.items() if p in member.assignment()})
        member.close()

    assert isinstance(rig.log, Door)
    assert isinstance(rig.other, Door)
    leave = Event()
    with ThreadPoolExecutor(2) as threads:
        working = [threads.submit(work, rig.log, stop), threads.submit(work, rig.other, leave)]
        for number in range(300):
            rig.log.append(ARTICLES, [Message(f"k{number % 7}", b"%d" % number)])
            if number == 200:
                leave.set()
        deadline = time.monotonic() + 60
        while len(read) < 300 and time.monotonic() < deadline:
            time.sleep(0.1)
        stop.set()
        for each in working:
            each.result()
    assert read == {b"%d" % number for number in range(300)}


def test_a_commit_while_the_group_is_shared_out_anew(rig: Brokered) -> None:
    """It is made or refused for now; a member is not told that it is none."""
    rig.log.append(ARTICLES, messages(3))
    member = join(rig, rig.log)
    late = rig.other.join(GROUP, [ARTICLES])
    with ThreadPoolExecutor(1) as thread:
        joining = thread.submit(late.poll, 2.0, 1)
        made = 0
        while not joining.done():
            try:
                member.commit({home(rig.log): Commit(2)})
            except RetryAfter:
                continue
            made += 1
    assert made
    assert rig.log.committed(GROUP, home(rig.log)) == Commit(2)
    rig.settle(member, late)


def test_a_leader_that_forgot_that_it_joins(rig: Brokered) -> None:
    member = join(rig, rig.log)
    coordinator = client_of(member)._consumer._coordinator
    coordinator.state = MemberState.REBALANCING
    coordinator._disable_heartbeat()
    rig.settle(member)
    member.commit({home(rig.log): Commit(0)})


def test_work_between_two_polls_does_not_keep_a_member_out(rig: Brokered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "SLICE", 0.005)
    member = rig.log.join(GROUP, [ARTICLES])
    for _ in range(20):
        if member.assignment():
            break
        member.poll(0.005, 1)
        time.sleep(0.3)
    assert member.assignment()


def test_a_member_thrown_out_gains_all_anew(rig: Brokered, broker: Broker) -> None:
    offset = rig.log.append(ARTICLES, messages(6))[3].offset
    member = join(rig, rig.log)
    before = dict(member.assignment())
    drain(rig, member)
    member.commit({home(rig.log): Commit(offset)})
    evict(broker, member)
    with pytest.raises(Fenced):
        member.commit({home(rig.log): Commit(offset + 1)})
    rig.settle(member)
    assert {each.term for each in member.assignment().values()}.isdisjoint(each.term for each in before.values())
    assert values(drain(rig, member)) == [b"3", b"4", b"5"]


def test_a_member_goes_on_after_the_broker_was_away(rig: Brokered, broker: Broker) -> None:
    rig.log.append(ARTICLES, messages(3))
    member = join(rig, rig.log)
    drain(rig, member)
    broker.kill()
    with pytest.raises(RetryAfter):
        member.commit({home(rig.log): Commit(3)})
    with pytest.raises(RetryAfter, match="do not answer"):
        next_records(member)
    broker.start()
    wait_until_settled(rig, member)
    rig.log.append(ARTICLES, messages(1, 3))
    assert values(next_records(member)) == [b"3"]
    member.commit({home(rig.log): Commit(4)})


# -- what cannot be mended by waiting --------------------------------------------------------------------------------


def test_a_topic_made_anew_under_a_running_member(rig: Brokered, admin: KafkaAdminClient) -> None:
    rig.log.append(ARTICLES, messages(3))
    member = join(rig, rig.log)
    drain(rig, member)
    make_anew(rig, admin)
    with pytest.raises(Red, match="made anew"):
        drain_until_red(member)


def test_a_topic_made_anew_while_nobody_looked(
    rig: Brokered, admin: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FRESH", -1.0)
    rig.log.append(ARTICLES, messages(3))
    make_anew(rig, admin)
    with pytest.raises(Red, match="made anew"):
        rig.log.append(ARTICLES, messages(1))


def make_anew(rig: Brokered, admin: KafkaAdminClient) -> None:
    admin.delete_topics([name(rig)])
    while name(rig) in admin.list_topics():
        time.sleep(0.05)
    own = Admin(Connection(brokers(rig.broker), {}))
    own.create(name(rig), *topics.wanted("", 3, 1)[ARTICLES])
    own.close()


def drain_until_red(member: Consumer) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        member.poll(0.2, 10)


def wait_until_settled(rig: Brokered, member: Consumer) -> None:
    while True:
        try:
            return rig.settle(member)
        except RetryAfter:
            continue


def next_records(member: Consumer) -> Sequence[Record]:
    deadline = time.monotonic() + PATIENCE
    while not (records := member.poll(0.2, 10)):
        assert time.monotonic() < deadline
    return records


def test_records_that_are_gone_before_they_were_read(rig: Brokered, admin: KafkaAdminClient) -> None:
    rig.log.append(ARTICLES, messages(10))
    member = join(rig, rig.log)
    member.commit({home(rig.log): Commit(2)})
    member.close()
    admin.delete_records({place(rig): 5})
    late = rig.log.join(GROUP, [ARTICLES])
    with pytest.raises(Red, match="set the group's offset to what is left"):
        drain_until_red(late)
    late.close()
    move_on(rig, admin, 5)
    assert values(drain(rig, join(rig, rig.other))) == [b"%d" % number for number in range(5, 10)]


def move_on(rig: Brokered, admin: KafkaAdminClient, offset: int) -> None:
    """As `kafka-consumer-groups --reset-offsets` does."""
    group = f"{name(rig).removesuffix(ARTICLES)}{GROUP}"
    moved = admin.alter_group_offsets(group, {place(rig): OffsetAndMetadata(offset, "", -1)})
    assert [error.errno for error in moved.values()] == [0]


def test_records_that_go_while_they_are_read(rig: Brokered, admin: KafkaAdminClient) -> None:
    rig.log.append(ARTICLES, messages(10))
    member = join(rig, rig.log)
    member.seek(home(rig.log), 1)
    admin.delete_records({place(rig): 5})
    with pytest.raises(Red, match="lost records"):
        drain_until_red(member)


def test_reading_begins_at_what_is_left(rig: Brokered, admin: KafkaAdminClient) -> None:
    rig.log.append(ARTICLES, messages(10))
    admin.delete_records({place(rig): 5})
    assert [record.offset for record in rig.log.read(home(rig.log), 0, 3)] == [5, 6, 7]
    member = join(rig, rig.log)
    assert values(drain(rig, member)) == [b"%d" % number for number in range(5, 10)]


def test_a_topic_that_would_lose_events(rig: Brokered) -> None:
    own = Admin(Connection(brokers(rig.broker), {}))
    own.change(name(rig), {"retention.ms": "604800000"})
    own.close()
    with pytest.raises(Red, match=r"retention.ms is 604800000.*wireroom topics apply"):
        rig.log.join(GROUP, [ARTICLES])


def test_a_topic_that_is_not_there(broker: Broker) -> None:
    nothing = log.KafkaLog(brokers(broker), "nobody.")
    with pytest.raises(Red, match="wireroom topics apply"):
        nothing.append(ARTICLES, messages(1))
    nothing.close()


# -- what others write -----------------------------------------------------------------------------------------------


def test_records_of_other_producers(rig: Brokered) -> None:
    producer = KafkaProducer(bootstrap_servers=brokers(rig.broker))
    number = home(rig.log).number
    sent = [
        producer.send(name(rig), key=None, value=b"v", partition=number),
        producer.send(name(rig), key=b"k\xff", value=None, partition=number),
        producer.send(name(rig), key=b"k", value=b"v", headers=[("h", b"1"), ("h", b"2")], partition=number),
    ]
    for each in sent:
        each.get(10)
    producer.close()
    for found in (rig.log.read(home(rig.log), 0, 9), drain(rig, join(rig, rig.other))):
        assert [(record.key, record.value, record.headers) for record in found] == [
            ("", b"v", {}),
            ("k\ufffd", b"", {}),
            ("k", b"v", {"h": b"2"}),
        ]


def test_partitions_are_added(rig: Brokered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "FRESH", -1.0)
    own = Admin(Connection(brokers(rig.broker), {}))
    for topic in (ARTICLES, BACKFILL):
        own.grow(name(rig, topic), 5)
    own.close()
    assert rig.log.partitions(ARTICLES)[-1] == Partition(ARTICLES, 4)
    member = join(rig, rig.other, ARTICLES, BACKFILL)
    keys = [f"k{number}" for number in range(40)]
    rig.log.append(ARTICLES, [Message(key, key.encode()) for key in keys])
    assert sorted(values(drain(rig, member))) == sorted(key.encode() for key in keys)
