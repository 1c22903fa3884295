"""A record that kills the process: found by what a dead worker left unfinished, isolated, given up after three tries.

A worker leaves a mark of its own when it takes a partition and removes it when it lets go. One that finds another's
mark knows that the last one died: it goes one record at a time where the killer may be, and says before each which one
it is. What a rebuild reads it also renders, each slice by itself: so a killer is found that kills only there.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from pydantic_core import from_json, to_json

from wireroom.errors import Conflict, OutcomeUnknown, RetryAfter
from wireroom.log import Partition, Record
from wireroom.store import STATE, Store
from wireroom.worker.owned import Owned

ATTEMPTS = 20
TRIES = 3
CAREFUL = 100  # records after the committed offset that are taken one at a time after a death


@dataclass(slots=True)
class Mark:
    """What was being worked on: a batch of offsets, or one `suspect` that `deaths` workers in a row died of."""

    first: int = 0
    last: int = -1
    suspect: int | None = None
    deaths: int = 0


class GivenUp:
    """The records that killed often enough: nobody reads them again, a rebuild neither."""

    def __init__(self, store: Store, worker: str) -> None:
        self._store = store
        self._worker = worker
        self._offsets: dict[Partition, set[int]] = {}

    def __contains__(self, record: Record) -> bool:
        partition = record.partition
        if partition not in self._offsets:
            stored = self._store.get(self._key(partition))
            self._offsets[partition] = set(from_json(stored.body)) if stored else set()
        return record.offset in self._offsets[partition]

    def add(self, record: Record) -> None:
        """Give a record up, durably."""
        key = self._key(record.partition)
        for _ in range(ATTEMPTS):
            stored = self._store.get(key)
            offsets = {record.offset, *(from_json(stored.body) if stored else ())}
            with suppress(Conflict, OutcomeUnknown):  # another writer, or perhaps done: read again
                self._store.put(key, to_json(sorted(offsets)), stored.etag if stored else None, STATE)
                self._offsets[record.partition] = offsets
                return
        raise RetryAfter(f"too many writers at {key}")

    def _key(self, partition: Partition) -> str:
        return f"editions/{self._worker}/_quarantine/{partition.topic}-{partition.number}.json"


class Quarantine:
    """Watches over the partitions of one session, `member`."""

    def __init__(self, store: Store, worker: str, member: str) -> None:
        self._store = store
        self._worker = worker
        self._member = member
        self._watched: dict[Partition, Owned] = {}
        self._found: dict[Partition, Mark | None] = {}  # what the last owner left; None: it stopped in order
        self._written: dict[Partition, Mark] = {}
        self._etags: dict[Partition, str] = {}  # of the marks that were written

    @property
    def warned(self) -> bool:
        """Whether the last owner of any partition died."""
        return any(found is not None for found in self._found.values())

    def follow(self, owned: Collection[Owned]) -> None:
        """Watch exactly these partitions. What it cannot finish, because the store is unwell, the next call does."""
        for partition in [each for each, watched in self._watched.items() if watched not in owned]:
            self._leave(partition)
        for each in owned:
            if each.partition not in self._watched:
                self._take(each)

    def _take(self, owned: Owned) -> None:
        partition, mine = owned.partition, self._key(owned.partition)
        left = {key: stored for key in self._store.keys(self._marks(partition)) if (stored := self._store.get(key))}
        marks = [Mark(**from_json(stored.body)) for key, stored in left.items() if key != mine]
        found = max(marks, key=lambda mark: (mark.deaths, mark.last), default=None)
        self._found[partition] = found
        self._write(partition, found or Mark())
        for key, stored in left.items():
            if key != mine:
                self._remove(key, stored.etag)
        self._watched[partition] = owned

    def _leave(self, partition: Partition) -> None:
        if stored := self._store.get(self._key(partition)):
            self._remove(self._key(partition), stored.etag)
        self._etags.pop(partition, None)
        self._written.pop(partition, None)
        del self._watched[partition], self._found[partition]

    def _remove(self, key: str, etag: str) -> None:
        with suppress(Conflict):  # who wrote it still is at work, or removed it
            self._store.delete(key, etag)

    def careful(self, partition: Partition, position: int) -> bool:
        """Whether the record at `position` must be taken alone; what came since the death is not its cause."""
        if self._found.get(partition) is None or partition not in self._watched:
            return False
        owned = self._watched[partition]
        return position < min(owned.assigned.commit.offset + CAREFUL, owned.end) or self.died_in(partition, position)

    def died_in(self, partition: Partition, position: int) -> bool:
        """Whether the last owner died while it worked on a batch with this record in it."""
        mark = self._found.get(partition)
        return mark is not None and (mark.first <= position <= mark.last or mark.suspect == position)

    def suspect(self, partition: Partition) -> int | None:
        """The offset of the one record of which the last owner seems to have died."""
        mark = self._found.get(partition)
        return mark.suspect if mark is not None else None

    def begin(self, records: Sequence[Record]) -> None:
        """Say what is about to be worked on, if the last owner died."""
        for partition in {record.partition for record in records}:
            if (found := self._found.get(partition)) is not None:
                offsets = [record.offset for record in records if record.partition == partition]
                self._write(partition, self._mark(found, offsets))

    def suspect_nobody(self) -> None:
        """What is done next is not about one record: a death there must not be blamed on the last one."""
        for partition in [each for each, mark in self._written.items() if mark.suspect is not None]:
            if (found := self._found.get(partition)) is not None:
                self._write(partition, Mark(found.first, found.last))

    @staticmethod
    def _mark(found: Mark, offsets: Sequence[int]) -> Mark:
        if len(offsets) > 1:
            return Mark(first=min(offsets), last=max(offsets))
        deaths = found.deaths if found.suspect == offsets[0] else 0
        return Mark(found.first, found.last, suspect=offsets[0], deaths=deaths + 1)

    def condemned(self, record: Record) -> bool:
        """Whether this record has killed often enough. The death that left no suspect counts as the first."""
        mark = self._found.get(record.partition)
        return mark is not None and mark.suspect == record.offset and mark.deaths >= TRIES - 1

    def close(self) -> None:
        """This worker stops in order."""
        self.follow(())

    def survive(self) -> None:
        """This worker lost its place, and lives: nothing that it had in hand killed it. What it found is as it was."""
        for partition, found in list(self._found.items()):
            if found is None:
                self._leave(partition)
            elif self._store.get(self._key(partition)) is not None:  # else the next owner knows it already
                self._write(partition, found)

    def _write(self, partition: Partition, mark: Mark) -> None:
        key, etag = self._key(partition), self._etags.pop(partition, None)
        if etag is None and (stored := self._store.get(key)):
            etag = stored.etag
        with suppress(Conflict):  # another member took the partition over and watches it now
            self._etags[partition] = self._store.put(key, to_json(asdict(mark)), etag, STATE)
            self._written[partition] = mark

    def _marks(self, partition: Partition) -> str:
        return f"editions/{self._worker}/_marks/{partition.topic}-{partition.number}/"

    def _key(self, partition: Partition) -> str:
        return f"{self._marks(partition)}{self._member}.json"
