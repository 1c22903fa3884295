"""A log in memory, for tests: of this project and of publishing systems."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from threading import RLock
from uuid import uuid4

from wireroom.clock import Clock, SystemClock
from wireroom.errors import Fenced
from wireroom.log import Assigned, Commit, Message, Partition, Position, Record
from wireroom.log.changes import Changes
from wireroom.log.member import LEASE, Member, check_not_lost
from wireroom.log.partitioner import partition_number


class MemoryLog:
    """A `Log` whose topics have any number of partitions and whose groups share them evenly.

    A member gives up what is no longer its share at its next poll, and counts as gone when it has not polled for the
    length of a lease (by `clock`).
    """

    def __init__(self, partitions: int = 1, clock: Clock | None = None) -> None:
        self.lock = RLock()
        self.changes = Changes()
        self.clock = clock or SystemClock()
        self._numbers = range(partitions)
        self._topic_ids: dict[str, str] = defaultdict(lambda: str(uuid4()))
        self._records: dict[Partition, list[Record]] = defaultdict(list)
        self._groups: dict[str, Group] = defaultdict(Group)

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        """See `Log`."""
        with self.lock:
            now = self.clock.now()
            positions = [self._append(self.partition_of(topic, message.key), message, now) for message in messages]
        self.changes.announce()
        return positions

    def _append(self, partition: Partition, message: Message, now: int) -> Position:
        offset = self.end(partition)
        record = Record(partition, offset, message.key, message.value, dict(message.headers), now)
        self._records[partition].append(record)
        return Position(partition, offset)

    def topic_id(self, topic: str) -> str:
        """See `Log`."""
        with self.lock:
            return self._topic_ids[topic]

    def partitions(self, topic: str) -> Sequence[Partition]:
        """See `Log`."""
        return [Partition(topic, number) for number in self._numbers]

    def partition_of(self, topic: str, key: str) -> Partition:
        """See `Log`."""
        return Partition(topic, partition_number(key, len(self._numbers)))

    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        """See `Log`."""
        with self.lock:
            records = self._records[partition]
            start = bisect_left(records, offset, key=lambda record: record.offset)
            return records[start : start + limit]

    def end(self, partition: Partition) -> int:
        """See `Log`."""
        with self.lock:
            records = self._records[partition]
            return records[-1].offset + 1 if records else 0

    def committed(self, group: str, partition: Partition) -> Commit | None:
        """See `Log`."""
        with self.lock:
            return self._groups[group].commits.get(partition)

    def join(self, group: str, topics: Sequence[str]) -> "Member[Seat]":
        """See `Log`."""
        with self.lock:
            seat = Seat(self, self._groups[group], topics)
        return Member(self, seat, self.changes)

    def grow(self, partitions: int) -> None:
        """Give every topic so many partitions; what is in them stays there, and keys go elsewhere from now on."""
        with self.lock:
            self._numbers = range(partitions)
        self.changes.announce()

    def move(self, partition: Partition, member: "Member[Seat]") -> None:
        """Give a partition to another member at its next poll. Whoever owned it is a zombie until its own next poll."""
        with self.lock:
            group = member.membership.group
            group.moved[partition] = member.membership
            group.owners.pop(partition, None)
        self.changes.announce()

    def interrupt(self) -> None:
        """See `Log`; there are no servers."""

    def close(self) -> None:
        """See `Log`; what was appended stays readable."""


class Group:
    """The members of a group in the order in which they joined, what each owns, and what was committed."""

    def __init__(self) -> None:
        self.seats: list[Seat] = []
        self.owners: dict[Partition, Seat] = {}
        self.moved: dict[Partition, Seat] = {}
        self.commits: dict[Partition, Commit] = {}
        self.terms = count(1)

    def target(self, partition: Partition, now: int) -> "Seat | None":
        """Who should own a partition."""
        present = [seat for seat in self.seats if partition.topic in seat.topics and seat.until >= now]
        if self.moved.get(partition) in present:
            return self.moved[partition]
        return present[partition.number % len(present)] if present else None

    def free(self, partition: Partition, now: int) -> bool:
        """Whether nobody owns it, or nobody who is still there."""
        owner = self.owners.get(partition)
        return owner is None or owner.until < now


@dataclass(eq=False)
class Seat:
    """A `Membership`."""

    log: MemoryLog
    group: Group
    topics: Sequence[str]

    def __post_init__(self) -> None:
        self.until = self.log.clock.now() + LEASE
        self.owned: dict[Partition, Assigned] = {}
        self.group.seats.append(self)

    def renew(self) -> Mapping[Partition, Assigned]:
        """See `Membership`."""
        with self.log.lock:
            now = self.log.clock.now()
            self.until = now + LEASE
            everything = [each for topic in self.topics for each in self.log.partitions(topic)]
            mine = {each for each in everything if self.group.target(each, now) is self}
            self._give_up([each for each in self.owned if each not in mine or self.group.owners.get(each) is not self])
            self._take([each for each in mine - self.owned.keys() if self.group.free(each, now)])
            return dict(self.owned)

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Membership`."""
        with self.log.lock:
            for partition in offsets:
                if self.group.owners.get(partition) is not self:
                    raise Fenced(f"another member owns {partition.topic}/{partition.number}")
            self.group.commits.update(offsets)
            self.until = self.log.clock.now() + LEASE

    def leave(self) -> None:
        """See `Membership`."""
        with self.log.lock:
            self._give_up(list(self.owned))
            if self in self.group.seats:
                self.group.seats.remove(self)
        self.log.changes.announce()

    def _take(self, partitions: Sequence[Partition]) -> None:
        for partition in sorted(partitions):
            commit = self.group.commits.get(partition, Commit(0))
            check_not_lost(partition, commit, self.log.end(partition))
            self.group.owners[partition] = self
            self.owned[partition] = Assigned(commit, next(self.group.terms))

    def _give_up(self, partitions: Sequence[Partition]) -> None:
        for partition in partitions:
            del self.owned[partition]
            if self.group.owners.get(partition) is self:
                del self.group.owners[partition]
        if partitions:
            self.log.changes.announce()
