"""Who owns a partition of an SQLite log: a lease in the file, with an epoch that rises when another takes over."""

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from socket import gethostname
from typing import Protocol
from uuid import uuid4

from wireroom.clock import Clock
from wireroom.errors import Fenced
from wireroom.log import Assigned, Commit, Partition
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


class Leases:
    """A `Membership`. Leases are written again when half of their time is over, so that most polls write nothing.

    A member takes and keeps the partitions of all its topics together; a lease's epoch is the term.
    """

    def __init__(
        self, group: str, topics: Mapping[Partition, Topic], database: Database, changes: Changes, clock: Clock
    ) -> None:
        self._group = group
        self._topics = topics
        self._database = database
        self._changes = changes
        self._clock = clock
        self._member = f"{_machine()}/{os.getpid()}/{uuid4()}"
        self._owned: dict[Partition, Assigned] = {}
        self._renew_at = 0

    def renew(self) -> Mapping[Partition, Assigned]:
        """See `Membership`."""
        now = self._clock.now()
        if (self._owned and now >= self._renew_at) or self._something_is_free(now):
            with self._database.writing() as query:
                kept = self._keep(query, now)
                owned = kept | self._take(query, now, [each for each in self._topics if each not in kept])
            self._owned, self._renew_at = owned, now + LEASE // 2
        return self._owned

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Membership`. A lease that ran out and that nobody took is as good as before."""
        until = self._clock.now() + LEASE
        with self._database.writing() as query:
            for partition, commit in offsets.items():
                if not self._update(query, partition, "committed = ?, metadata = ?", commit):
                    self._renew_at = 0  # the next poll finds out what is left
                    raise Fenced(f"another member owns {partition.topic}/{partition.number}")
            for partition in self._owned:
                self._update(query, partition, "until = ?", (until,))

    def leave(self) -> None:
        """See `Membership`."""
        if self._owned:
            with self._database.writing() as query:
                for partition in self._owned:
                    self._update(query, partition, "owner = NULL", ())
        self._owned = {}
        self._changes.announce()

    def _something_is_free(self, now: int) -> bool:
        missing = [partition for partition in self._topics if partition not in self._owned]
        if not missing:
            return False
        with self._database.reading() as query:
            return self._free(query, missing, now)

    def _free(self, query: Query, partitions: Sequence[Partition], now: int) -> bool:
        """Whether nobody who lives has any of them."""
        owners = [self._owner(query, self._topics[partition], now) for partition in partitions]
        return all(owner is None or _has_died(owner) for owner in owners)

    def _owner(self, query: Query, topic: Topic, now: int) -> str | None:
        lease = "team = ? AND topic = ? AND owner IS NOT NULL AND until >= ?"
        rows = query(f"SELECT owner FROM leases WHERE {lease}", (self._group, topic.number, now))
        return str(rows[0][0]) if rows else None

    def _keep(self, query: Query, now: int) -> dict[Partition, Assigned]:
        until = (now + LEASE,)
        return {each: owned for each, owned in self._owned.items() if self._update(query, each, "until = ?", until)}

    def _take(self, query: Query, now: int, missing: Sequence[Partition]) -> dict[Partition, Assigned]:
        if not self._free(query, missing, now):
            return {}
        return {partition: self._take_one(query, partition, now) for partition in missing}

    def _take_one(self, query: Query, partition: Partition, now: int) -> Assigned:
        topic = self._topics[partition]
        query("INSERT OR IGNORE INTO leases (team, topic) VALUES (?, ?)", (self._group, topic.number))
        ((offset, metadata, epoch),) = query(
            "UPDATE leases SET owner = ?, epoch = epoch + 1, until = ? WHERE team = ? AND topic = ?"
            " RETURNING coalesce(committed, 0), metadata, epoch",
            (self._member, now + LEASE, self._group, topic.number),
        )
        commit = Commit(offset, metadata)
        check_not_lost(partition, commit, end(query, topic))
        return Assigned(commit, epoch)

    def _update(self, query: Query, partition: Partition, change: str, values: Sequence[Value]) -> bool:
        if partition not in self._owned:
            return False
        mine = (self._group, self._topics[partition].number, self._member, self._owned[partition].term)
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
