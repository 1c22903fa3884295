"""The Log seam: where events live. Implementations: `sqlite.py`, `memory.py`.

A log has topics, a topic has partitions, a partition is a sequence of records with rising offsets; there may be gaps.
Consumers of one group share the partitions; a commit is accepted only from the member that owns the partition.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

ARTICLES = "articles"
BACKFILL = "articles.backfill"
DOCUMENTS = "documents"
DEAD_LETTERS = "dead-letters"
SPOOL = "spool"  # no topic: what waits in a publisher's folder, in no log yet


class Partition(NamedTuple):
    """One partition of one topic. `topic` is the short name; the prefix belongs to the implementation."""

    topic: str
    number: int


class Message(NamedTuple):
    """What a producer hands in."""

    key: str
    value: bytes
    headers: Mapping[str, bytes] = {}


class Record(NamedTuple):
    """A message at its place in the log. `timestamp`: microseconds since the epoch, when it was appended.

    One without key or value (another producer may write such) has an empty one; of equal header names the last counts.
    """

    partition: Partition
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, bytes]
    timestamp: int


class Position(NamedTuple):
    """Where a message went."""

    partition: Partition
    offset: int

    @property
    def spooled(self) -> bool:
        """Whether it waits in a publisher's folder: partition and offset are then a file's number and a place in it."""
        return self.partition.topic == SPOOL


class Commit(NamedTuple):
    """What a group has committed for a partition: the next offset to read, and the hash of the roster."""

    offset: int
    metadata: str = ""


class Assigned(NamedTuple):
    """A partition as it was gained: what was committed then, and the term.

    `term` is another number each time that the partition is gained: whatever was known under another term is void.
    """

    commit: Commit
    term: int


class Consumer(Protocol):
    """A member of a consumer group. One thread owns it."""

    def poll(self, timeout: float, limit: int) -> Sequence[Record]:
        """At most `limit` records of owned, unpaused partitions, waiting up to `timeout` seconds for the first.

        Partitions come and go only in here, and a poll in which they do returns at once, without records; renews the
        lease. A newly assigned partition starts at the group's committed offset, or at the beginning. Fewer records
        than asked for do not mean that no more wait: `lag` tells.
        Raises RetryAfter while the log is unwell, Red when it lost data, Fenced when only a new membership can help.
        """
        ...

    def assignment(self) -> Mapping[Partition, Assigned]:
        """The partitions owned since the last poll. One that was lost and regained in it has another term."""
        ...

    def lag(self, partition: Partition) -> int:
        """How many records are known to wait behind the position of an owned partition, as of the last poll.

        Asks no server; 0 for a partition that is not owned.
        """
        ...

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit durably, all or nothing.

        Raises Fenced unless this member is a member still and owns every one of them, RetryAfter when it cannot be
        done now: the group is being shared out anew, or the log is away. After RetryAfter it may be done all the same.
        """
        ...

    def pause(self, partitions: Sequence[Partition]) -> None:
        """Deliver nothing of exactly these partitions; resumes all others and ignores what is not owned.

        Leases are kept.
        """
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """Read an owned partition from `offset` on; what is not owned is ignored."""
        ...

    def close(self) -> None:
        """Leave the group at once, so that another member can take over."""
        ...


class Log(Protocol):
    """A log. Safe to use from several threads."""

    def append(self, topic: str, messages: Sequence[Message]) -> Sequence[Position]:
        """Append in order and return when durable.

        Raises RetryAfter when that cannot be said now: some may be there, and sending all again does no harm.
        """
        ...

    def topic_id(self, topic: str) -> str:
        """An id minted when the topic was created, so that a recreated topic is told from the old one."""
        ...

    def partitions(self, topic: str) -> Sequence[Partition]:
        """All partitions of a topic."""
        ...

    def partition_of(self, topic: str, key: str) -> Partition:
        """The partition that a key goes to."""
        ...

    def read(self, partition: Partition, offset: int, limit: int) -> Sequence[Record]:
        """At most `limit` records from `offset` on, outside any group, by rising offset.

        Empty only when the partition ends there: callers then go on from the end. Raises RetryAfter when it cannot
        be read.
        """
        ...

    def end(self, partition: Partition) -> int:
        """The offset that the next record will get, at least."""
        ...

    def committed(self, group: str, partition: Partition) -> Commit | None:
        """What a group has committed; None when it never has."""
        ...

    def join(self, group: str, topics: Sequence[str]) -> Consumer:
        """A new member of a group. Partitions come with the first polls.

        Equal numbers of all `topics`, which have equally many partitions, have one owner, if all members name the same.
        """
        ...

    def interrupt(self) -> None:
        """Let nobody wait for servers any longer: who does, in any thread, gets RetryAfter, now and from here on.

        For a process that is about to end. What was not acknowledged by then may be there all the same.
        """
        ...

    def close(self) -> None:
        """Let go of files, threads and connections."""
        ...
