"""A consumer of a log that keeps its own positions; who owns which partition is decided by its membership."""

import time
from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from wireroom.clock import SECOND
from wireroom.errors import Red
from wireroom.log import Assigned, Commit, Log, Partition, Record
from wireroom.log.changes import Changes

LEASE = 10 * SECOND
LOOK = 1.0  # seconds after which a waiting member looks at the leases again


class Membership(Protocol):
    """A place in a consumer group."""

    def renew(self) -> Mapping[Partition, Assigned]:
        """Stay a member; what is owned now. What was lost and regained has another term."""
        ...

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """Commit all or, with Fenced, nothing."""
        ...

    def leave(self) -> None:
        """Give up everything."""
        ...


Place = TypeVar("Place", bound=Membership)


class Member(Generic[Place]):
    """A `Consumer`. A poll that gains or loses a partition returns at once, so that its caller can act on it."""

    def __init__(self, log: Log, membership: Place, changes: Changes) -> None:
        self.membership = membership
        self._log = log
        self._changes = changes
        self._assignment: Mapping[Partition, Assigned] = {}
        self._positions: dict[Partition, int] = {}  # the first ones are read first
        self._paused: frozenset[Partition] = frozenset()

    def poll(self, timeout: float, limit: int) -> Sequence[Record]:
        """See `Consumer`."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._changes.count
            if self._follow(self.membership.renew()):
                return []
            records = self._read(limit)
            left = deadline - time.monotonic()
            if records or left <= 0:
                return records
            self._changes.wait(seen, min(left, LOOK))

    def assignment(self) -> Mapping[Partition, Assigned]:
        """See `Consumer`."""
        return self._assignment

    def lag(self, partition: Partition) -> int:
        """See `Consumer`."""
        position = self._positions.get(partition)
        return 0 if position is None else max(0, self._log.end(partition) - position)

    def commit(self, offsets: Mapping[Partition, Commit]) -> None:
        """See `Consumer`."""
        if offsets:
            self.membership.commit(offsets)

    def pause(self, partitions: Sequence[Partition]) -> None:
        """See `Consumer`."""
        self._paused = frozenset(partitions)

    def seek(self, partition: Partition, offset: int) -> None:
        """See `Consumer`."""
        if partition in self._positions:
            self._positions[partition] = offset

    def close(self) -> None:
        """See `Consumer`."""
        self._follow({})
        self.membership.leave()

    def _follow(self, owned: Mapping[Partition, Assigned]) -> bool:
        """Whether anything came or went; what stays is read on where it was."""
        before, self._assignment = self._assignment, dict(owned)
        kept = {each: offset for each, offset in self._positions.items() if before[each] == owned.get(each)}
        self._positions = kept | {each: new.commit.offset for each, new in owned.items() if each not in kept}
        return before != self._assignment

    def _read(self, limit: int) -> Sequence[Record]:
        records: list[Record] = []
        for partition in [each for each in self._positions if each not in self._paused]:
            found = self._log.read(partition, self._positions[partition], limit - len(records))
            if found:
                records += found
                del self._positions[partition]  # to the back, so that no partition starves the others
                self._positions[partition] = found[-1].offset + 1
            if len(records) >= limit:
                break
        return records


def check_not_lost(partition: Partition, commit: Commit, end: int) -> None:
    """Raises Red when a group has read what the log no longer has."""
    if commit.offset > end:
        raise Red(
            f"the log lost records of {partition.topic}/{partition.number}: {commit.offset} were read, {end} are there",
            "put back the newest copy of the log, or rebuild every output from what is left",
        )
