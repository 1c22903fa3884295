"""A member of a Kafka consumer group, as a `Consumer`."""

import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from wireroom.errors import Fenced, Red
from wireroom.log import DOCUMENTS, Assigned, Commit, Partition, Record
from wireroom.log.kafka.group import GroupClient
from wireroom.log.kafka.library import RESTORE, Damaged, Found, Place
from wireroom.log.member import check_not_lost

JOINING = 3.0  # seconds that a poll goes on, at least, while the group is joined: a join between two polls is lost,
# and while one is under way no heartbeat is sent
SLICE = 0.25  # seconds of one look meanwhile
MOST = 500  # records of one look: more than a caller wants, so that no partition waits behind another
LOOK = 1.0  # seconds of any other
PACE = 0.025  # seconds between two looks that found little: each costs over a millisecond of CPU


class Surroundings(Protocol):
    """What a member asks about partitions that it gained."""

    def name(self, topic: str) -> str:
        """How the brokers call a topic."""
        ...

    def topic_id(self, topic: str) -> str:
        """See `Log`."""
        ...

    def look_again(self, topics: Iterable[str]) -> None:
        """Ask the brokers afresh. Raises Red for a topic that was made anew."""
        ...

    def standing(self, group: str, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[Commit, int, int]]:
        """What the group has committed of each, its first offset, and the one that its next record will get."""
        ...


class KafkaMember:
    """A `Consumer`. What was fetched of a paused partition is kept until it is asked for.

    kafka-python has one fetch under way for each broker: were paused partitions left out of it, it would hold up those
    that are not.
    """

    def __init__(self, client: GroupClient, group: str, topics: Sequence[str], around: Surroundings) -> None:
        self._client = client
        self._group = group
        self._topics = {around.name(topic): topic for topic in topics}
        self._ids = {around.name(topic): around.topic_id(topic) for topic in topics}
        self._around = around
        self._assigned: dict[Partition, Assigned] = {}
        self._positions: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._held: dict[Partition, deque[Record]] = {}  # the first ones are delivered first
        self._paused: frozenset[Partition] = frozenset()
        self._next_look = 0.0

    # ---- polling -----------------------------------------------------------------------------------------------

    def poll(self, timeout: float, limit: int) -> Sequence[Record]:
        """See `Consumer`."""
        deadline = time.monotonic() + timeout
        patience = time.monotonic() + max(timeout, JOINING)
        changed = False
        while True:
            changed |= self._look(self._wait(deadline))
            now = time.monotonic()
            if self._client.joining and now < patience:
                continue
            records = [] if changed else self._take(limit)
            if changed or records or now >= deadline:
                return records

    def _wait(self, deadline: float) -> float:
        """How long to look: not at all when something is there, in slices while joining."""
        if self._client.joining:
            return SLICE
        if self._ready():
            return 0
        time.sleep(max(0.0, min(self._next_look, deadline) - time.monotonic()))
        return min(max(0.0, deadline - time.monotonic()), LOOK)

    def _look(self, wait: float) -> bool:
        """Fetch; whether partitions came or went."""
        full = [p for p, held in self._held.items() if held and (p in self._paused or len(held) >= MOST)]
        self._client.pause([self._place(partition) for partition in full])
        try:
            found = self._client.poll(wait, MOST)
        except Red as red:
            self._around.look_again(self._topics.values())  # that a position is not in the log may be a topic made anew
            if isinstance(red, Damaged) and self._ready():
                return False  # what is sound before it goes first
            raise
        self._check_topics()
        lost = self._lose()
        count = self._hold(found)  # before anything can fail: it is not delivered again
        self._next_look = time.monotonic() + (0 if count >= MOST else PACE)
        gained = self._gain()
        for partition in self._assigned:
            self._ends[partition] = max(self._ends[partition], self._client.end(self._place(partition)))
        return lost or gained

    def _hold(self, found: Mapping[Place, Sequence[Found]]) -> int:
        """Keep what was fetched of partitions whose position is known; how much that was."""
        count = 0
        for place, records in found.items():
            partition = Partition(self._topics[place[0]], place[1])
            if partition in self._assigned:
                self._held[partition].extend(record(partition, each) for each in records)
                count += len(records)
        return count

    def _ready(self) -> list[Partition]:
        return [partition for partition, held in self._held.items() if held and partition not in self._paused]

    def _take(self, limit: int) -> list[Record]:
        records: list[Record] = []
        for partition in self._ready():
            held = self._held.pop(partition)
            records += [held.popleft() for _ in range(min(limit - len(records), len(held)))]
            self._held[partition] = held  # to the back, so that no partition starves the others
            self._positions[partition] = records[-1].offset + 1
            if len(records) >= limit:
                break
        return records

    # ---- partitions come and go --------------------------------------------------------------------------------

    def _terms(self) -> Mapping[Partition, int]:
        return {Partition(self._topics[topic], number): term for (topic, number), term in self._client.terms.items()}

    def _lose(self) -> bool:
        """Whether anything was lost since the last look."""
        terms = self._terms()
        lost = {p for p, assigned in self._assigned.items() if terms.get(p) != assigned.term}
        for partition in lost:
            for part in (self._assigned, self._positions, self._ends, self._held):
                part.pop(partition)
        return bool(lost)

    def _gain(self) -> bool:
        """Whether anything was gained. Raises RetryAfter, and changes nothing, when it is not known where it begins."""
        terms = self._terms()
        gained = {partition: terms[partition] for partition in sorted(terms.keys() - self._assigned.keys())}
        if gained:
            self._begin(gained)
        return bool(gained)

    def _begin(self, gained: Mapping[Partition, int]) -> None:
        standing = self._around.standing(self._group, list(gained))
        for partition, term in gained.items():
            commit, first, end = standing[partition]
            check_not_lost(partition, commit, end)
            if partition.topic != DOCUMENTS:  # of which a week is kept
                check_not_cut(partition, commit, first)
            position = max(commit.offset, first)
            self._client.seek(self._place(partition), position)
            self._assigned[partition] = Assigned(commit, term)
            self._positions[partition], self._ends[partition] = position, end
            self._held[partition] = deque()

    def _check_topics(self) -> None:
        for name, known in self._ids.items():
            if self._client.topic_id(name) not in ("", known):
                raise recreated(name)

    def _place(self, partition: Partition) -> Place:
        return self._around.name(partition.topic), partition.number

    # ---- the rest of a consumer --------------------------------------------------------------------------------

    def assignment(self) -> Mapping[Partition, Assigned]:
        """See `Consumer`."""
        return dict(self._assigned)

    def lag(self, partition: Partition) -> int:
        """See `Consumer`."""
        return max(0, self._ends.get(partition, 0) - self._positions.get(partition, 0))

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Consumer`."""
        if strangers := offsets.keys() - self._assigned.keys():
            raise Fenced(f"another member owns {', '.join(f'{p.topic}/{p.number}' for p in sorted(strangers))}")
        if offsets:
            self._client.commit({self._place(p): (c.offset, self._metadata(p, c)) for p, c in offsets.items()})

    def _metadata(self, partition: Partition, commit: Commit) -> str:
        return pack(self._ids[self._around.name(partition.topic)], commit)

    def pause(self, partitions: Sequence[Partition]) -> None:
        """See `Consumer`."""
        self._paused = frozenset(partitions)

    def seek(self, partition: Partition, offset: int) -> None:
        """See `Consumer`."""
        if partition in self._assigned and offset != self._positions[partition]:
            self._client.seek(self._place(partition), offset)
            self._positions[partition] = offset
            self._held[partition].clear()

    def close(self) -> None:
        """See `Consumer`."""
        for part in (self._assigned, self._positions, self._ends, self._held):
            part.clear()
        self._client.close()


def record(partition: Partition, found: Found) -> Record:
    """A record as the seam has it. Kafka's time is in milliseconds."""
    headers = {name: value or b"" for name, value in found.headers}
    key = (found.key or b"").decode("utf-8", "replace")
    return Record(partition, found.offset, key, found.value or b"", headers, found.timestamp * 1000)


def pack(topic_id: str, commit: Commit) -> str:
    """What is committed with an offset: an offset means nothing in a topic that was made anew under the same name."""
    return f"{topic_id} {commit.metadata}"


def unpack(topic: str, topic_id: str, offset: int, metadata: str) -> Commit:
    """A commit as the seam has it. One without a topic's id was made by a person with another tool. Raises Red."""
    known, _, rest = metadata.partition(" ")
    if known and known != topic_id:
        raise recreated(topic)
    return Commit(offset, rest)


def recreated(topic: str) -> Red:
    """The topic is not the one that was read."""
    return Red(
        f"the log was replaced: the topic {topic} was deleted and made anew",
        "bring back the log that belongs to this store, or empty the store's editions/ and delete the group's offsets",
    )


def check_not_cut(partition: Partition, commit: Commit, first: int) -> None:
    """Raises Red when records that a group has not read yet are gone."""
    if 0 < commit.offset < first:
        raise Red(
            f"the log lost records: {partition.topic}/{partition.number} begins at {first}, {commit.offset} comes next",
            RESTORE,
        )
