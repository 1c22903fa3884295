"""A log in Kafka."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from threading import Lock
from typing import NamedTuple

from wireroom.check import Check, failed
from wireroom.config import Security
from wireroom.errors import Red, RetryAfter, WireroomError
from wireroom.log import DEAD_LETTERS, DOCUMENTS, Commit, Message, Partition, Position, Record
from wireroom.log.kafka.admin import Admin
from wireroom.log.kafka.appends import Appends, Sender
from wireroom.log.kafka.examination import BROKERS, Examination
from wireroom.log.kafka.group import GroupClient
from wireroom.log.kafka.library import Place
from wireroom.log.kafka.member import KafkaMember, record, recreated, unpack
from wireroom.log.kafka.reading import Reader, SliceClient
from wireroom.log.kafka.security import connection as connect
from wireroom.log.kafka.skips import SKIPPED, Skip, Skips, extent, readable_at
from wireroom.log.kafka.topics import MEND, check_keeps
from wireroom.log.partitioner import partition_number

MARKS = 500  # dead letters that are looked through at once
FRESH = 10.0  # seconds for which what is known of a topic is not asked again: partitions may be added at any time


class Topic(NamedTuple):
    """What is known of a topic, and until when it is not asked again."""

    id: str
    partitions: int
    fresh_until: float


class KafkaLog:
    """A `Log` whose topics and groups are those of Kafka, their names with a prefix. Clients are made when needed."""

    def __init__(self, brokers: Sequence[str], prefix: str = "wireroom.", security: Security | None = None) -> None:
        self._prefix = prefix
        self._connection = connection = connect(brokers, security or Security())
        self._topics: dict[str, Topic] = {}
        self._lock = Lock()
        self._admin_client: Admin | None = None
        self._appends = Appends(lambda: Sender(connection))
        self._skips = Skips(self._marks, lambda name: self.topic_id(name.removeprefix(prefix)))
        self._reader = Reader(lambda: SliceClient(connection), self._bound, self._skips)

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        """See `Log`."""
        partitions = [self.partition_of(topic, message.key) for message in messages]
        numbered = [(partition.number, message) for partition, message in zip(partitions, messages, strict=True)]
        offsets = self._appends.append(self.name(topic), numbered)
        return [Position(partition, offset) for partition, offset in zip(partitions, offsets, strict=True)]

    def topic_id(self, topic: str) -> str:
        """See `Log`."""
        return self._topic(topic).id

    def partitions(self, topic: str) -> Sequence[Partition]:
        """See `Log`."""
        return [Partition(topic, number) for number in range(self._topic(topic).partitions)]

    def partition_of(self, topic: str, key: str) -> Partition:
        """See `Log`."""
        return Partition(topic, partition_number(key, self._topic(topic).partitions))

    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        """See `Log`."""
        return [record(partition, found) for found in self._reader.read(self._place(partition), offset, limit)]

    def end(self, partition: Partition) -> int:
        """See `Log`."""
        return self._bound(self._place(partition), False)

    def committed(self, group: str, partition: Partition) -> Commit | None:
        """See `Log`."""
        return self._committed(group, [partition]).get(partition)

    def join(self, group: str, topics: Sequence[str]) -> KafkaMember:
        """See `Log`. Raises Red for a topic that is missing or would lose events."""
        self._verify(topics)
        names = [self.name(topic) for topic in topics]
        return KafkaMember(GroupClient(self._connection, self._prefix + group, names, self._skips), group, topics, self)

    def _verify(self, topics: Sequence[str]) -> None:
        counts = {topic: self._topic(topic).partitions for topic in (*topics, DOCUMENTS, DEAD_LETTERS)}
        if len({counts[topic] for topic in topics}) > 1:
            told = ", ".join(f"{self.name(topic)} has {counts[topic]}" for topic in topics)
            raise Red(f"these topics must have equally many partitions: {told}", MEND)
        keeping = [self.name(topic) for topic in topics if topic != DOCUMENTS]  # announcements go after a week
        for name, settings in (self._admin().settings(keeping) if keeping else {}).items():
            check_keeps(name, settings)

    def interrupt(self) -> None:
        """See `Log`."""
        self._appends.interrupt()
        self._connection.interrupt()

    def close(self) -> None:
        """See `Log`."""
        with self._lock:
            admin, self._admin_client = self._admin_client, None
        for close in (self._appends.close, self._reader.close, *([admin.close] if admin else [])):
            with suppress(RetryAfter):  # of brokers that are away nobody takes leave
                close()

    # ---- damage ------------------------------------------------------------------------------------------------

    def damage(self, partition: Partition, offset: int) -> Skip | None:
        """The damage around `offset`; None when reading can begin there. Raises RetryAfter, Red."""
        with closing(self._fresh_reader()) as reader:
            place = self._place(partition)
            can_read = readable_at(lambda at: reader.read(place, at, 1))
            if can_read(offset):
                return None
            found = extent(can_read, offset, self._bound(place, True), self._bound(place, False))
            return Skip(self.topic_id(partition.topic), partition.number, *found)

    def _marks(self) -> Iterator[bytes]:
        """Of the batches that were given up, oldest first."""
        with closing(self._fresh_reader()) as reader:
            for partition in self.partitions(DEAD_LETTERS):
                offset = 0
                while found := reader.read(self._place(partition), offset, MARKS):
                    yield from (mark for each in found for name, mark in each.headers if name == SKIPPED and mark)
                    offset = found[-1].offset + 1

    def _fresh_reader(self) -> Reader:
        """One that passes over nothing."""
        return Reader(lambda: SliceClient(self._connection), self._bound)

    def examine(self, groups: Sequence[str], needs: Mapping[str, frozenset[str]]) -> Iterator[Check]:
        """See `Examined`."""
        try:
            admin = self._admin()
        except WireroomError as error:
            yield failed("brokers", error, BROKERS)
        else:
            yield from Examination(admin, self._prefix).checks(groups, needs)

    # ---- what members ask --------------------------------------------------------------------------------------

    def name(self, topic: str) -> str:
        """How the brokers call a topic."""
        return self._prefix + topic

    def look_again(self, topics: Iterable[str]) -> None:
        """Ask the brokers afresh. Raises Red for a topic that was made anew."""
        for topic in topics:
            self._ask(topic)

    def standing(self, group: str, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[Commit, int, int]]:
        """What a group has committed of each, its first offset, and the one that its next record will get."""
        places = [self._place(partition) for partition in partitions]
        committed = self._committed(group, partitions)
        first = self._admin().ends(places, earliest=True)
        end = self._admin().ends(places)
        return {
            partition: (committed.get(partition, Commit(0)), first[place], end[place])
            for partition, place in zip(partitions, places, strict=True)
        }

    def _committed(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, Commit]:
        places = {self._place(partition): partition for partition in partitions}
        found = self._admin().committed(self._prefix + group, places)
        return {
            places[place]: unpack(place[0], self.topic_id(places[place].topic), offset, metadata)
            for place, (offset, metadata) in found.items()
        }

    # ---- topics ------------------------------------------------------------------------------------------------

    def _topic(self, topic: str) -> Topic:
        known = self._topics.get(topic)
        if known is None or known.fresh_until < time.monotonic():
            return self._ask(topic)
        return known

    def _ask(self, topic: str) -> Topic:
        name, known = self.name(topic), self._topics.get(topic)
        found = self._admin().topics([name]).get(name)
        if found is None:
            raise Red(f"there is no topic {name}", MEND)
        if known is not None and known.id != found.id:
            raise recreated(name)
        self._topics[topic] = Topic(found.id, found.partitions, time.monotonic() + FRESH)
        return self._topics[topic]

    def _place(self, partition: Partition) -> Place:
        return self.name(partition.topic), partition.number

    def _bound(self, place: Place, earliest: bool) -> int:
        return self._admin().ends([place], earliest)[place]

    def _admin(self) -> Admin:
        with self._lock:
            if self._admin_client is None:
                self._admin_client = Admin(self._connection)
            return self._admin_client
