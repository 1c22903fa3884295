"""A log in a real Kafka broker, with topics of its own."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Event
from typing import cast

from kafka.admin import KafkaAdminClient, MemberToRemove

from tests.servers.kafka import Broker
from wireroom.connect import KAFKA
from wireroom.log import ARTICLES, BACKFILL, Consumer, Log, Record
from wireroom.log.kafka.admin import Admin
from wireroom.log.kafka.group import GroupClient
from wireroom.log.kafka.library import Connection
from wireroom.log.kafka.log import KafkaLog
from wireroom.log.kafka.member import KafkaMember
from wireroom.log.kafka.topics import wanted

PATIENCE = 60.0  # seconds until a test gives up
_names = count()


def brokers(broker: Broker) -> list[str]:
    return [broker.url.removeprefix(KAFKA)]


class Door(KafkaLog):
    """A log that lets go of all its members when it is closed."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        super().__init__(brokers(broker), prefix)
        self._members: list[KafkaMember] = []

    def join(self, group: str, topics: Sequence[str]) -> KafkaMember:
        self._members.append(super().join(group, topics))
        return self._members[-1]

    def close(self) -> None:
        for member in self._members:
            member.close()
        super().close()


def make_topics(broker: Broker, partitions: int = 3) -> str:
    """The prefix of topics that nobody else uses."""
    prefix, admin = f"t{next(_names)}.", Admin(Connection(brokers(broker), {}))
    for name, topic in wanted(prefix, partitions, 1).items():
        admin.create(name, *topic)
    admin.close()
    return prefix


def evict(broker: Broker, member: Consumer) -> None:
    """Throw a member out of its group, as the broker does when its session times out."""
    seat = client_of(member)._consumer.group_metadata()
    admin = KafkaAdminClient(bootstrap_servers=brokers(broker))
    admin.remove_group_members(seat.group_id, [MemberToRemove(seat.member_id)])
    admin.close()


def client_of(member: Consumer) -> GroupClient:
    return cast(KafkaMember, member)._client


def settled(log: Log, members: Sequence[Consumer]) -> bool:
    """Whether the members, all that there are, share the partitions for good."""
    topics = {topic for member in members for topic in cast(KafkaMember, member)._topics.values()}
    owned = [partition for member in members for partition in member.assignment()]
    sizes = [len(member.assignment()) for member in members]
    wanted = [partition for topic in topics for partition in log.partitions(topic)]
    joining = any(client_of(member).joining for member in members)
    return not joining and sorted(owned) == sorted(wanted) and max(sizes) - min(sizes) <= len(topics)


@dataclass
class Brokered:
    """A `Rig`."""

    broker: Broker
    log: Log
    other: Log
    patience: float = 0.2

    def now(self) -> int:
        return time.time_ns() // 1000

    def settle(self, *members: Consumer) -> None:
        everything = [*self.log.partitions(ARTICLES), *self.log.partitions(BACKFILL)]
        for member in members:
            member.pause(everything)
        done = Event()

        def poll(member: Consumer) -> list[Record]:
            return [record for _ in iter(done.is_set, True) for record in member.poll(0.1, 1)]

        with ThreadPoolExecutor(len(members)) as threads:
            polling = [threads.submit(poll, member) for member in members]
            deadline = time.monotonic() + PATIENCE
            while not settled(self.log, members) and time.monotonic() < deadline and not any(p.done() for p in polling):
                time.sleep(0.05)
            done.set()
            assert [each.result() for each in polling] == [[]] * len(members)
        assert settled(self.log, members)
        for member in members:
            member.pause([])

    def lapse(self, *stalled: Consumer) -> None:
        for member in stalled:
            evict(self.broker, member)

    def pass_time(self, *members: Consumer) -> None:
        time.sleep(0.6)

    def on_its_way(self, member: Consumer) -> bool:
        """A position may be before the end for ever: the marks of transactions take offsets."""
        positions, paused = cast(KafkaMember, member)._positions, cast(KafkaMember, member)._paused
        waiting = [p for p in positions.keys() - paused if positions[p] < self.log.end(p)]
        return any(self.log.read(partition, positions[partition], 1) for partition in waiting)


@contextmanager
def two_doors(broker: Broker) -> Iterator[Brokered]:
    """A log with topics of its own, opened twice."""
    prefix = make_topics(broker)
    with closing(Door(broker, prefix)) as log, closing(Door(broker, prefix)) as other:
        yield Brokered(broker, log, other)
