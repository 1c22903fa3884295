"""Who owns a partition of an SQLite log: a lease in the file, with an epoch that rises when another takes over."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from socket import gethostname
from typing import NamedTuple, Protocol
from uuid import uuid4

from wireroom.clock import Clock
from wireroom.errors import Fenced
from wireroom.log import Commit, Partition
from wireroom.log.changes import Changes
from wireroom.log.member import LEASE, check_not_lost
from wireroom.log.tables import Query, Topic, Value, end


class Database(Protocol):
    """What a lease needs of the file."""

    def reading(self) -> AbstractContextManager[Query]:
        """To read."""
        ...

    def writing(self) -> AbstractContextManager[Query]:
        """A durable transaction; undone when the block raises."""
        ...


class Owned(NamedTuple):
    """What was committed when a partition was taken, and the epoch of its lease."""

    commit: Commit
    epoch: int


class Leases:
    """A `Membership`. Leases are written again when half of their time is over, so that most polls write nothing."""

    def __init__(
        self, group: str, topics: Mapping[Partition, Topic], database: Database, changes: Changes, clock: Clock
    ) -> None:
        self._group = group
        self._topics = topics
        self._database = database
        self._changes = changes
        self._clock = clock
        self._member = f"{_machine()}/{os.getpid()}/{uuid4()}"
        self._owned: dict[Partition, Owned] = {}
        self._renew_at = 0

    def renew(self) -> Mapping[Partition, Commit]:
        """See `Membership`."""
        now = self._clock.now()
        if (self._owned and now >= self._renew_at) or self._something_is_free(now):
            with self._database.writing() as query:
                kept, taken = self._keep(query, now), self._take(query, now)
            self._owned = kept | taken
            self._renew_at = now + LEASE // 2
        return {partition: owned.commit for partition, owned in self._owned.items()}

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Membership`. A lease that ran out and that nobody took is as good as before."""
        until = self._clock.now() + LEASE
        with self._database.writing() as query:
            for partition, commit in offsets.items():
                if not self._update(query, partition, "committed = ?, metadata = ?, until = ?", (*commit, until)):
                    self._renew_at = 0  # the next poll finds out what is left
                    raise Fenced(f"another member owns {partition.topic}/{partition.number}")

    def leave(self) -> None:
        """See `Membership`."""
        if self._owned:
            with self._database.writing() as query:
                for partition in self._owned:
                    self._update(query, partition, "owner = NULL", ())
        self._owned = {}
        self._changes.announce()

    def _something_is_free(self, now: int) -> bool:
        missing = [topic for partition, topic in self._topics.items() if partition not in self._owned]
        if not missing:
            return False
        with self._database.reading() as query:
            return not all(self._taken(query, topic, now) for topic in missing)

    def _taken(self, query: Query, topic: Topic, now: int) -> bool:
        return (owner := self._owner(query, topic, now)) is not None and not _has_died(owner)

    def _owner(self, query: Query, topic: Topic, now: int) -> str | None:
        lease = "team = ? AND topic = ? AND owner IS NOT NULL AND until >= ?"
        rows = query(f"SELECT owner FROM leases WHERE {lease}", (self._group, topic.number, now))
        return str(rows[0][0]) if rows else None

    def _keep(self, query: Query, now: int) -> dict[Partition, Owned]:
        until = (now + LEASE,)
        return {each: owned for each, owned in self._owned.items() if self._update(query, each, "until = ?", until)}

    def _take(self, query: Query, now: int) -> dict[Partition, Owned]:
        taken = {each: self._take_one(query, each, now) for each in self._topics if each not in self._owned}
        return {partition: owned for partition, owned in taken.items() if owned}

    def _take_one(self, query: Query, partition: Partition, now: int) -> Owned | None:
        topic = self._topics[partition]
        query("INSERT OR IGNORE INTO leases (team, topic) VALUES (?, ?)", (self._group, topic.number))
        owner = self._owner(query, topic, now)
        dead = owner if owner and _has_died(owner) else ""
        rows = query(
            "UPDATE leases SET owner = ?, epoch = epoch + 1, until = ? WHERE team = ? AND topic = ?"
            " AND (owner IS NULL OR until < ? OR owner = ?) RETURNING coalesce(committed, 0), metadata, epoch",
            (self._member, now + LEASE, self._group, topic.number, now, dead),
        )
        if not rows:
            return None
        offset, metadata, epoch = rows[0]
        check_not_lost(partition, Commit(offset, metadata), end(query, topic))
        return Owned(Commit(offset, metadata), epoch)

    def _update(self, query: Query, partition: Partition, change: str, values: Sequence[Value]) -> bool:
        if partition not in self._owned:
            return False
        mine = (self._group, self._topics[partition].number, self._member, self._owned[partition].epoch)
        lease = "team = ? AND topic = ? AND owner = ? AND epoch = ?"
        return bool(query(f"UPDATE leases SET {change} WHERE {lease} RETURNING 1", (*values, *mine)))


def _machine() -> str:
    """Where process ids mean the same: containers may share a host's name but not its processes."""
    processes = Path("/proc/self/ns/pid")
    return f"{gethostname()}:{processes.stat().st_ino if processes.exists() else 0}"


def _has_died(member: str) -> bool:
    """Whether a member was a process of this machine that is no more; its lease need not run out first."""
    machine, pid, _ = member.split("/")
    if machine != _machine():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
