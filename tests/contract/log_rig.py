"""What the checks of a log are given, and what they share."""

from collections.abc import Callable, Sequence
from typing import Protocol

from wireroom.log import ARTICLES, Commit, Consumer, Log, Message, Partition, Record

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

    def on_its_way(self, member: Consumer) -> bool:
        """Whether records wait for this member that a poll has not delivered only because the servers are slow."""
        ...


Check = Callable[[Rig], None]


def into(checks: list[Check]) -> Callable[[Check], Check]:
    """The decorator that adds a check to these."""

    def check(function: Check) -> Check:
        checks.append(function)
        return function

    return check


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
    while (records := consumer.poll(rig.patience, limit)) or rig.on_its_way(consumer):
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
